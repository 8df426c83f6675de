#include "balance.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace kinechain {

namespace {

// Below this activation a power above 2 is as flat as here: keeps the Newton matrix finite, not the answer.
constexpr double kFlat = 1e-6;
// A step ends where the slope along it has fallen to this share.
constexpr double kSlopeLeft = 0.5;

// Neighbouring numbers, so that the compiler takes several at once.
inline void add_scaled(double* __restrict to, double factor, const double* __restrict from, Index count) {
  for (Index k = 0; k < count; ++k) to[k] += factor * from[k];
}

}  // namespace

Balance::Balance(std::vector<Index> start, std::vector<Index> rows, Index row_count)
    : moments(rows.size(), 0.0), start_(std::move(start)), rows_(std::move(rows)), row_count_(row_count) {
  const std::size_t n = static_cast<std::size_t>(row_count_), m = start_.size() - 1;
  pull_.resize(m);
  pull_step_.resize(m);
  error_.resize(n);
  step_.resize(n);
  matrix_.resize(n * n);
  offset_.resize(n);
  run_start_.push_back(0);
  for (std::size_t i = 0; i < m; ++i) {
    for (Index k = start_[i]; k < start_[i + 1]; ++k) {
      if (k > start_[i] && rows_[k] == rows_[k - 1] + 1)
        ++runs_.back().count;
      else
        runs_.push_back({rows_[k], k, 1});
    }
    run_start_.push_back(static_cast<Index>(runs_.size()));
  }
}

double Balance::activation(Index i, double pull) const {
  if (pull <= 0.0) return low[i];
  const double x = pull / (exponent * weight[i]);
  const double a = exponent == 2.0 ? x : exponent == 3.0 ? std::sqrt(x) : std::pow(x, 1.0 / (exponent - 1.0));
  return std::clamp(a, low[i], high[i]);
}

double Balance::steepness(Index i, double a) const {
  if (a <= low[i] || a >= high[i]) return 0.0;
  if (exponent == 2.0) return 0.5 / weight[i];
  const double curvature = exponent * (exponent - 1.0) * weight[i];
  const double from = exponent > 2.0 ? std::max(a, kFlat) : a;
  return (exponent == 3.0 ? 1.0 / from : std::pow(from, 2.0 - exponent)) / curvature;
}

void Balance::pull_of(const double* multipliers, std::vector<double>& pull) const {
  const Index m = muscle_count();
  for (Index i = 0; i < m; ++i) {
    double sum = 0.0;
    for (Index r = run_start_[i]; r < run_start_[i + 1]; ++r) {
      const double *moment = &moments[runs_[r].first], *by = multipliers + runs_[r].row;
      for (Index k = 0; k < runs_[r].count; ++k) sum += moment[k] * by[k];
    }
    pull[i] = sum;
  }
}

double Balance::slope_along(double s) const {
  double sum = fixed_slope_ + s * fixed_growth_;
  const Index m = muscle_count();
  for (Index i = 0; i < m; ++i)
    if (pull_step_[i] != 0.0) sum += pull_step_[i] * activation(i, pull_[i] + s * pull_step_[i]);
  return sum;
}

// Adds what the muscles between their bounds give, above the diagonal.
void Balance::fill_matrix(const double* activations) {
  const Index n = row_count_, m = muscle_count();
  std::fill(matrix_.begin(), matrix_.end(), 0.0);
  for (Index j = 0; j < n; ++j) matrix_[j * n + j] = 0.5 * reserve_force[j] * reserve_force[j];
  for (Index i = 0; i < m; ++i) {
    const double steep = steepness(i, activations[i]);
    if (steep == 0.0) continue;
    for (Index r = run_start_[i]; r < run_start_[i + 1]; ++r) {
      const Run& run = runs_[r];
      for (Index k = 0; k < run.count; ++k) {
        const double* moment = &moments[run.first + k];
        const double scaled = steep * *moment;
        double* to = matrix_.data() + (run.row + k) * n;
        add_scaled(to + run.row + k, scaled, moment, run.count - k);
        for (Index s = r + 1; s < run_start_[i + 1]; ++s)
          add_scaled(to + runs_[s].row, scaled, &moments[runs_[s].first], runs_[s].count);
      }
    }
  }
}

// Cholesky factor, row by row of its upper half so that neighbours are worked on at once; then both substitutions.
bool Balance::newton_step(const double* activations) {
  const Index n = row_count_;
  fill_matrix(activations);
  for (Index j = 0; j < n; ++j) step_[j] = -error_[j];
  for (Index k = 0; k < n; ++k) {
    double* row = matrix_.data() + k * n;
    if (!(row[k] > 0.0)) return false;
    const double inverse = 1.0 / std::sqrt(row[k]);
    for (Index j = k + 1; j < n; ++j) row[j] *= inverse;
    row[k] = inverse;  // The diagonal holds its inverse.
    step_[k] *= inverse;
    for (Index i = k + 1; i < n; ++i) {
      if (row[i] == 0.0) continue;
      add_scaled(matrix_.data() + i * n + i, -row[i], row + i, n - i);
      step_[i] -= row[i] * step_[k];
    }
  }
  for (Index k = n - 1; k >= 0; --k) {
    const double* row = matrix_.data() + k * n;
    double sum = step_[k];
    for (Index j = k + 1; j < n; ++j) sum -= row[j] * step_[j];
    step_[k] = sum * row[k];
  }
  return true;
}

// The slope along a step only grows: find where it is near zero, the full step first.
double Balance::search(double slope) const {
  const double enough = kSlopeLeft * std::fabs(slope);
  double below = 0.0, slope_below = slope, s = 1.0, here = slope_along(s);
  for (int doublings = 0; here < -enough && doublings < 30; ++doublings) {
    below = s;
    slope_below = here;
    s *= 2.0;
    here = slope_along(s);
  }
  double above = s, slope_above = here;
  for (int cut = 0; std::fabs(here) > enough && cut < 60; ++cut) {
    // The secant's point, kept off the ends so that the bracket always shrinks.
    const double secant = below + (above - below) * slope_below / (slope_below - slope_above);
    const double margin = 0.1 * (above - below);
    s = std::clamp(secant, below + margin, above - margin);
    here = slope_along(s);
    if (here < 0.0) {
      below = s;
      slope_below = here;
    } else {
      above = s;
      slope_above = here;
    }
  }
  return s;
}

bool Balance::solve(const double* demand, double* multipliers, double* activations, double& residual,
                    Index& iterations) {
  const Index n = row_count_, m = muscle_count();
  double largest = 1.0;
  for (Index j = 0; j < n; ++j) largest = std::max(largest, std::fabs(demand[j]));
  pull_of(multipliers, pull_);
  for (iterations = 0;; ++iterations) {
    for (Index j = 0; j < n; ++j) error_[j] = 0.5 * reserve_force[j] * reserve_force[j] * multipliers[j] - demand[j];
    for (Index i = 0; i < m; ++i) {
      activations[i] = activation(i, pull_[i]);
      for (Index r = run_start_[i]; r < run_start_[i + 1]; ++r)
        add_scaled(&error_[runs_[r].row], activations[i], &moments[runs_[r].first], runs_[r].count);
    }
    residual = 0.0;
    for (Index j = 0; j < n; ++j) residual = std::max(residual, std::fabs(error_[j]));
    if (residual <= tolerance * largest) return true;
    if (iterations >= max_iterations || !std::isfinite(residual) || !newton_step(activations)) return false;
    pull_of(step_.data(), pull_step_);
    double slope = 0.0;
    fixed_slope_ = fixed_growth_ = 0.0;
    for (Index j = 0; j < n; ++j) {
      const double soft = 0.5 * reserve_force[j] * reserve_force[j];
      slope += step_[j] * error_[j];
      fixed_slope_ += step_[j] * (soft * multipliers[j] - demand[j]);
      fixed_growth_ += step_[j] * step_[j] * soft;
    }
    const double s = search(slope);
    for (Index j = 0; j < n; ++j) multipliers[j] += s * step_[j];
    for (Index i = 0; i < m; ++i) pull_[i] += s * pull_step_[i];
  }
}

}  // namespace kinechain
