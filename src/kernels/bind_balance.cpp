// Muscle forces for Python: the force of fibres, and how muscles share a demand.
#include <nanobind/nanobind.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "arrays.hpp"
#include "balance.hpp"
#include "bind.hpp"
#include "fibres.hpp"

namespace kinechain {

namespace {

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

CurveTable table(const Numbers& array, Index curves, const char* name) {
  shaped(array, {curves, -1, 4}, name);
  if (array.shape(1) == 0) throw std::invalid_argument(std::string(name) + " needs a piece");
  require_finite(array, name);
  return {array.data(), static_cast<Index>(array.shape(1))};
}

nb::tuple fibre_forces_of(const Numbers& force, const Numbers& length, const Numbers& slack, const Numbers& height,
                          const Numbers& speed, const Numbers& has_passive, const Integers& curve,
                          const Numbers& active, const Numbers& velocity, const Numbers& passive,
                          const Numbers& lengths, const Numbers& speeds) {
  const Index count = static_cast<Index>(shaped(force, {-1}, "force").shape(0));
  const Index curves = active.ndim() == 3 ? static_cast<Index>(active.shape(0)) : 0;
  const Numbers* each[] = {&length, &slack, &height, &speed, &has_passive};
  const char* names[] = {"length", "slack", "height", "speed", "has_passive"};
  for (int i = 0; i < 5; ++i) require_finite(shaped(*each[i], {count}, names[i]), names[i]);
  require_finite(force, "force");
  // Each divides a number that becomes an index.
  for (Index m = 0; m < count; ++m)
    if (!(length.data()[m] > 0.0 && speed.data()[m] > 0.0 && height.data()[m] >= 0.0))
      throw std::invalid_argument("length and speed must be positive, height not negative");
  shaped(curve, {count}, "curve");
  for (Index m = 0; m < count; ++m)
    if (curve.data()[m] < 0 || curve.data()[m] >= curves) throw std::invalid_argument("curve points outside the tables");
  const Fibres fibres{count,         force.data(),       length.data(), slack.data(),
                      height.data(), speed.data(),       has_passive.data(), curve.data(),
                      table(active, curves, "active"), table(velocity, curves, "velocity"),
                      table(passive, curves, "passive")};
  shaped(lengths, {-1, -1}, "lengths");
  const Index times = static_cast<Index>(lengths.shape(0)), paths = static_cast<Index>(lengths.shape(1));
  shaped(speeds, {times, paths}, "speeds");
  if (paths < count) throw std::invalid_argument("lengths has fewer paths than there are muscles");
  std::vector<double> out_active(times * count), out_passive(times * count);
  {
    nb::gil_scoped_release unlocked;
    const FibreScales scales(fibres);
    for (Index t = 0; t < times; ++t)
      fibre_forces(fibres, scales, lengths.data() + t * paths, speeds.data() + t * paths, out_active.data() + t * count,
                   out_passive.data() + t * count);
  }
  const std::size_t shape[] = {static_cast<std::size_t>(times), static_cast<std::size_t>(count)};
  return nb::make_tuple(handed_over(std::move(out_active), {shape[0], shape[1]}),
                        handed_over(std::move(out_passive), {shape[0], shape[1]}));
}

// Where each entry of the arms adds to the moments: muscles first, the rows of each ascending.
struct Pattern {
  std::vector<Index> start, rows, slot;
};

Pattern pattern_of(const Integers& entry_path, const Integers& entry_column, const Integers& column_row, Index muscles,
                   Index row_count) {
  const Index entries = static_cast<Index>(shaped(entry_path, {-1}, "entry_path").shape(0));
  const Index columns = static_cast<Index>(shaped(column_row, {-1}, "column_row").shape(0));
  shaped(entry_column, {entries}, "entry_column");
  for (Index c = 0; c < columns; ++c)
    if (column_row.data()[c] < -1 || column_row.data()[c] >= row_count)
      throw std::invalid_argument("column_row points outside the rows");
  std::vector<std::vector<Index>> of(muscles);
  for (Index e = 0; e < entries; ++e) {
    const Index path = entry_path.data()[e], column = entry_column.data()[e];
    if (path < 0 || column < 0 || column >= columns)
      throw std::invalid_argument("entry_path or entry_column points outside its range");
    if (path < muscles && column_row.data()[column] >= 0) of[path].push_back(column_row.data()[column]);
  }
  Pattern out;
  out.start.push_back(0);
  for (auto& rows : of) {
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    out.rows.insert(out.rows.end(), rows.begin(), rows.end());
    out.start.push_back(static_cast<Index>(out.rows.size()));
  }
  for (Index e = 0; e < entries; ++e) {
    const Index path = entry_path.data()[e];
    const Index row = path < muscles ? column_row.data()[entry_column.data()[e]] : -1;
    if (row < 0) {
      out.slot.push_back(-1);
      continue;
    }
    const auto first = out.rows.begin() + out.start[path], last = out.rows.begin() + out.start[path + 1];
    out.slot.push_back(static_cast<Index>(std::lower_bound(first, last, row) - out.rows.begin()));
  }
  return out;
}

// An entry of the arms that adds to a row.
struct Used {
  Index entry, path, column, row, slot;
};

bool all_finite(const double* values, Index count) {
  return std::all_of(values, values + count, [](double x) { return std::isfinite(x); });
}

nb::tuple balance(const Integers& entry_path, const Integers& entry_column, const Integers& column_row,
                  const Numbers& arms, const Numbers& slopes, const Numbers& strengths, const Numbers& passive,
                  const Numbers& demand, const Numbers& low, const Numbers& high, const Numbers& weight,
                  const Numbers& reserve_force, const Numbers& starts, double exponent, double tolerance,
                  Index max_iterations) {
  shaped(strengths, {-1, -1}, "strengths");
  shaped(demand, {-1, -1}, "demand");
  const Index times = static_cast<Index>(strengths.shape(0)), m = static_cast<Index>(strengths.shape(1));
  const Index n = static_cast<Index>(demand.shape(1));
  const Pattern pattern = pattern_of(entry_path, entry_column, column_row, m, n);
  const Index entries = static_cast<Index>(pattern.slot.size()), columns = static_cast<Index>(column_row.shape(0));
  shaped(demand, {times, n}, "demand");
  shaped(passive, {times, -1}, "passive");
  const bool has_starts = shaped(starts, {-1, n}, "starts").shape(0) != 0;
  if (has_starts) shaped(starts, {times, n}, "starts");
  const Index paths = static_cast<Index>(passive.shape(1));
  for (Index e = 0; e < entries; ++e)
    if (entry_path.data()[e] >= paths) throw std::invalid_argument("entry_path points beyond the paths of passive");
  shaped(arms, {times, entries}, "arms");
  shaped(slopes, {times, columns}, "slopes");
  for (const auto& [array, name] : {std::pair{&low, "low"}, {&high, "high"}, {&weight, "weight"}})
    require_finite(shaped(*array, {m}, name), name);
  require_finite(shaped(reserve_force, {n}, "reserve_force"), "reserve_force");
  for (Index i = 0; i < m; ++i)
    if (low.data()[i] < 0.0 || high.data()[i] < low.data()[i] || weight.data()[i] <= 0.0)
      throw std::invalid_argument("bounds must be ordered and not negative, weights positive");
  for (Index j = 0; j < n; ++j)
    if (reserve_force.data()[j] <= 0.0) throw std::invalid_argument("reserve_force must be positive");
  if (!(exponent >= 1.5 && exponent <= 5.0) || !(tolerance > 0.0) || max_iterations < 1)
    throw std::invalid_argument("exponent must lie between 1.5 and 5, tolerance and max_iterations be positive");
  std::vector<double> a(times * m, kNoNumber), reserves(times * n, kNoNumber), multipliers(times * n, kNoNumber);
  std::vector<double> residuals(times, kNoNumber);
  std::vector<Index> iterations(times, 0), status(times, kNotAsked);
  {
    nb::gil_scoped_release unlocked;
    Balance problem(pattern.start, pattern.rows, n);
    problem.low = low.data();
    problem.high = high.data();
    problem.weight = weight.data();
    problem.reserve_force = reserve_force.data();
    problem.exponent = exponent;
    problem.tolerance = tolerance;
    problem.max_iterations = max_iterations;
    std::vector<Used> of_muscles, of_tissues;
    for (Index e = 0; e < entries; ++e) {
      const Index path = entry_path.data()[e], column = entry_column.data()[e], row = column_row.data()[column];
      if (row >= 0) (path < m ? of_muscles : of_tissues).push_back({e, path, column, row, pattern.slot[e]});
    }
    std::vector<double> now(n, 0.0), wanted(n), activations(m);
    for (Index t = 0; t < times; ++t) {
      const double *strength = strengths.data() + t * m, *rest = passive.data() + t * paths;
      const double *arm = arms.data() + t * entries, *slope = slopes.data() + t * columns;
      std::copy_n(demand.data() + t * n, n, wanted.begin());
      std::fill(problem.moments.begin(), problem.moments.end(), 0.0);
      for (const Used& u : of_muscles) {
        const double moment_arm = -arm[u.entry] * slope[u.column];
        problem.moments[u.slot] += moment_arm * strength[u.path];
        wanted[u.row] -= moment_arm * rest[u.path];
      }
      for (const Used& u : of_tissues) wanted[u.row] += arm[u.entry] * slope[u.column] * rest[u.path];
      if (!all_finite(wanted.data(), n) || !all_finite(problem.moments.data(), problem.moments.size())) continue;
      if (has_starts && all_finite(starts.data() + t * n, n)) std::copy_n(starts.data() + t * n, n, now.begin());
      bool solved = problem.solve(wanted.data(), now.data(), activations.data(), residuals[t], iterations[t]);
      if (!solved) {
        // The frame before led astray: once more from nothing.
        std::fill(now.begin(), now.end(), 0.0);
        solved = problem.solve(wanted.data(), now.data(), activations.data(), residuals[t], iterations[t]);
      }
      status[t] = solved ? kBalanced : kNotBalanced;
      if (!solved) {
        std::fill(now.begin(), now.end(), 0.0);
        continue;
      }
      std::copy(activations.begin(), activations.end(), a.begin() + t * m);
      std::copy(now.begin(), now.end(), multipliers.begin() + t * n);
      for (Index j = 0; j < n; ++j)
        reserves[t * n + j] = 0.5 * reserve_force.data()[j] * reserve_force.data()[j] * now[j];
    }
  }
  const std::size_t T = times, M = m, N = n;
  return nb::make_tuple(handed_over(std::move(a), {T, M}), handed_over(std::move(reserves), {T, N}),
                        handed_over(std::move(multipliers), {T, N}), handed_over(std::move(residuals), {T}),
                        handed_over(std::move(iterations), {T}), handed_over(std::move(status), {T}));
}

// How fast paths lengthen, from the derivatives of their lengths and the rates of the inputs.
Array path_speeds(const Integers& entry_path, const Integers& entry_column, const Integers& column_input,
                  const Numbers& arms, const Numbers& slopes, const Numbers& rates, Index paths) {
  const Index entries = static_cast<Index>(shaped(entry_path, {-1}, "entry_path").shape(0));
  const Index columns = static_cast<Index>(shaped(column_input, {-1}, "column_input").shape(0));
  shaped(entry_column, {entries}, "entry_column");
  shaped(rates, {-1, -1}, "rates");
  const Index times = static_cast<Index>(rates.shape(0)), inputs = static_cast<Index>(rates.shape(1));
  shaped(arms, {times, entries}, "arms");
  shaped(slopes, {times, columns}, "slopes");
  if (paths < 0) throw std::invalid_argument("there cannot be fewer than no paths");
  for (Index e = 0; e < entries; ++e) {
    const Index path = entry_path.data()[e], column = entry_column.data()[e];
    if (path < 0 || path >= paths || column < 0 || column >= columns)
      throw std::invalid_argument("entry_path or entry_column points outside its range");
  }
  for (Index c = 0; c < columns; ++c)
    if (column_input.data()[c] < -1 || column_input.data()[c] >= inputs)
      throw std::invalid_argument("column_input points outside the inputs");
  std::vector<double> out(times * paths, 0.0), rate(columns);
  {
    nb::gil_scoped_release unlocked;
    for (Index t = 0; t < times; ++t) {
      for (Index c = 0; c < columns; ++c) {
        const Index input = column_input.data()[c];
        rate[c] = input < 0 ? 0.0 : slopes.data()[t * columns + c] * rates.data()[t * inputs + input];
      }
      const double* arm = arms.data() + t * entries;
      for (Index e = 0; e < entries; ++e)
        out[t * paths + entry_path.data()[e]] += arm[e] * rate[entry_column.data()[e]];
    }
  }
  return handed_over(std::move(out), {static_cast<std::size_t>(times), static_cast<std::size_t>(paths)});
}

}  // namespace

void bind_balance(nb::module_& m) {
  m.def("path_speeds", &path_speeds);
  m.def("fibre_forces", &fibre_forces_of);
  m.def("balance", &balance);
}

}  // namespace kinechain
