#include "signals.hpp"

#include <algorithm>
#include <cmath>

namespace kinechain {

namespace {

struct Butterworth {
  double gain, pole, b, a1, a2;

  explicit Butterworth(double frequency) {
    const double k = std::tan(3.14159265358979323846 * frequency), scale = 1 / (1 + k + k * k);
    gain = k / (k + 1), pole = (k - 1) / (k + 1);
    b = k * k * scale, a1 = 2 * (k * k - 1) * scale, a2 = (1 - k + k * k) * scale;
  }
};

// One pass in place over the rows in the order given, from the state that the first row would leave if held forever.
void pass(std::vector<double>& rows, std::size_t times, std::size_t columns, const Butterworth& f, bool backwards) {
  std::vector<double> state(3 * columns);
  const double* begin = rows.data() + (backwards ? (times - 1) * columns : 0);
  for (std::size_t c = 0; c < columns; ++c) {
    state[3 * c] = (1 - f.gain) * begin[c];
    state[3 * c + 1] = (1 - f.b) * begin[c];
    state[3 * c + 2] = (f.b - f.a2) * begin[c];
  }
  for (std::size_t i = 0; i < times; ++i) {
    double* row = rows.data() + (backwards ? times - 1 - i : i) * columns;
    for (std::size_t c = 0; c < columns; ++c) {
      double* s = &state[3 * c];
      const double x = row[c], middle = f.gain * x + s[0], y = f.b * middle + s[1];
      s[0] = f.gain * x - f.pole * middle;
      s[1] = 2 * f.b * middle - f.a1 * y + s[2];
      s[2] = f.b * middle - f.a2 * y;
      row[c] = y;
    }
  }
}

}  // namespace

void low_pass(const double* values, std::size_t times, std::size_t columns, double frequency, std::size_t padding,
              double* out) {
  const std::size_t rows = times + 2 * padding;
  std::vector<double> padded(rows * columns);
  const double *head = values, *tail = values + (times - 1) * columns;
  for (std::size_t i = 0; i < padding; ++i)
    for (std::size_t c = 0; c < columns; ++c) {
      padded[i * columns + c] = 2 * head[c] - values[(padding - i) * columns + c];
      padded[(padding + times + i) * columns + c] = 2 * tail[c] - values[(times - 2 - i) * columns + c];
    }
  std::copy(values, values + times * columns, padded.begin() + padding * columns);
  const Butterworth filter(frequency);
  pass(padded, rows, columns, filter, false);
  pass(padded, rows, columns, filter, true);
  std::copy_n(padded.begin() + padding * columns, times * columns, out);
}

void quintic_rates(const double* values, std::size_t times, std::size_t columns, double* first, double* second) {
  // Weights c of the quintic B-splines, two more on either side than there are samples. Outside a natural spline is a
  // parabola, so the outer weights follow from three inner ones; what is left has five diagonals.
  const std::size_t n = times, m = columns;
  std::vector<double> band(5 * n);
  for (std::size_t i = 0; i < n; ++i) {
    const double inner[5] = {1, 26, 66, 26, 1};
    std::copy(inner, inner + 5, &band[5 * i]);
  }
  const double edge[3] = {150, -60, 30}, next[4] = {29, 63, 27, 1};
  std::copy(edge, edge + 3, &band[2]);
  std::copy(next, next + 4, &band[5 + 1]);
  std::reverse_copy(edge, edge + 3, &band[5 * (n - 1)]);
  std::reverse_copy(next, next + 4, &band[5 * (n - 2)]);
  std::vector<double> c((n + 4) * m);
  double* x = c.data() + 2 * m;
  for (std::size_t i = 0; i < n * m; ++i) x[i] = 120 * values[i];
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t below = 1; below <= 2 && i + below < n; ++below) {
      double* row = &band[5 * (i + below)];
      const double factor = row[2 - below] / band[5 * i + 2];
      for (std::size_t k = 1; k <= 2; ++k) row[2 - below + k] -= factor * band[5 * i + 2 + k];
      for (std::size_t j = 0; j < m; ++j) x[(i + below) * m + j] -= factor * x[i * m + j];
    }
  for (std::size_t i = n; i-- > 0;)
    for (std::size_t j = 0; j < m; ++j) {
      double sum = x[i * m + j];
      for (std::size_t k = 1; k <= 2 && i + k < n; ++k) sum -= band[5 * i + 2 + k] * x[(i + k) * m + j];
      x[i * m + j] = sum / band[5 * i + 2];
    }
  for (std::size_t j = 0; j < m; ++j) {
    const auto at = [&](std::size_t i) -> double& { return c[i * m + j]; };
    at(1) = 3 * at(2) - 3 * at(3) + at(4);
    at(0) = 3 * at(1) - 3 * at(2) + at(3);
    at(n + 2) = 3 * at(n + 1) - 3 * at(n) + at(n - 1);
    at(n + 3) = 3 * at(n + 2) - 3 * at(n + 1) + at(n);
  }
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < m; ++j) {
      const double* w = &c[i * m + j];
      first[i * m + j] = (w[4 * m] + 10 * w[3 * m] - 10 * w[m] - w[0]) / 24;
      second[i * m + j] = (w[4 * m] + 2 * w[3 * m] - 6 * w[2 * m] + 2 * w[m] + w[0]) / 6;
    }
}

void cubic_spline(const double* at, std::size_t times, const double* values, std::size_t columns, const double* wanted,
                  std::size_t wishes, double* out) {
  const std::size_t n = times, m = columns;
  std::vector<double> bend(n * m, 0.0), factor(n, 0.0);  // second derivatives; zero at both ends
  for (std::size_t i = 1; i + 1 < n; ++i) {
    const double before = at[i] - at[i - 1], after = at[i + 1] - at[i];
    const double pivot = 2 * (before + after) - before * factor[i - 1];
    factor[i] = after / pivot;
    for (std::size_t c = 0; c < m; ++c) {
      const double* y = values + i * m + c;
      const double turn = 6 * ((y[m] - y[0]) / after - (y[0] - *(y - m)) / before);
      bend[i * m + c] = (turn - before * bend[(i - 1) * m + c]) / pivot;
    }
  }
  for (std::size_t i = n - 1; i-- > 1;)
    for (std::size_t c = 0; c < m; ++c) bend[i * m + c] -= factor[i] * bend[(i + 1) * m + c];
  for (std::size_t k = 0; k < wishes; ++k) {
    double* row = out + k * m;
    const double t = wanted[k];
    if (!(t >= at[0] && t <= at[n - 1])) {
      std::fill(row, row + m, std::nan(""));
      continue;
    }
    const std::size_t above = std::upper_bound(at, at + n, t) - at;
    const std::size_t i = std::min(above, n - 1) - 1;
    const double h = at[i + 1] - at[i], b = (t - at[i]) / h, a = 1 - b;
    for (std::size_t c = 0; c < m; ++c)
      row[c] = a * values[i * m + c] + b * values[(i + 1) * m + c] +
               h * h / 6 * ((a * a * a - a) * bend[i * m + c] + (b * b * b - b) * bend[(i + 1) * m + c]);
  }
}

}  // namespace kinechain
