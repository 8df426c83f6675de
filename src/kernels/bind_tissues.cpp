// Fascia and ligaments for Python: tensions, and how far an arch gives.
#include <nanobind/nanobind.h>

#include <limits>

#include "arrays.hpp"
#include "bind.hpp"
#include "tissues.hpp"

namespace kinechain {

namespace {

void make_laws(TissueLaws* self, const Numbers& slack, const Integers& function, const Integers& start,
               const Integers& is_linear_outside, const Numbers& knots, const Numbers& coefficients) {
  TissueLaws laws;
  laws.slack = copied<double>(slack, {-1}, "slack");
  laws.function = copied<Index>(function, {laws.count()}, "function");
  laws.functions.start = copied<Index>(start, {-1}, "function_start");
  laws.functions.is_linear_outside = copied<Index>(is_linear_outside, {-1}, "function_is_linear_outside");
  laws.functions.knots = copied<double>(knots, {-1}, "knots");
  laws.functions.coefficients = copied<double>(coefficients, {-1, 4}, "coefficients");
  check_functions(laws.functions);
  for (Index f : laws.function)
    if (f < -1 || f + 1 >= static_cast<Index>(laws.functions.start.size()))
      throw std::invalid_argument("function points outside its table");
  for (double s : laws.slack)
    if (!(s > 0.0) || !std::isfinite(s)) throw std::invalid_argument("every tissue needs a slack length above 0");
  new (self) TissueLaws(std::move(laws));
}

Array tensions_of(const TissueLaws& laws, const Numbers& lengths) {
  const std::size_t count = laws.count();
  shaped(lengths, {-1, laws.count()}, "lengths");
  const std::size_t times = lengths.shape(0);
  std::vector<double> out(times * count);
  {
    nb::gil_scoped_release unlocked;
    for (std::size_t t = 0; t < times; ++t)
      for (std::size_t i = 0; i < count; ++i)
        out[t * count + i] = laws.tension(static_cast<Index>(i), lengths.data()[t * count + i]).value;
  }
  return handed_over(std::move(out), {times, count});
}

nb::tuple arch_of(const TissueLaws& laws, const Numbers& lengths, const Numbers& arms, const Numbers& moment,
                  double most) {
  const std::size_t count = laws.count();
  shaped(lengths, {-1, laws.count()}, "lengths");
  const std::size_t times = lengths.shape(0);
  shaped(arms, {static_cast<Index>(times), laws.count()}, "arms");
  shaped(moment, {static_cast<Index>(times)}, "moment");
  std::vector<double> give(times), tensions(times * count, std::numeric_limits<double>::quiet_NaN());
  std::vector<Index> status(times);
  {
    nb::gil_scoped_release unlocked;
    for (std::size_t t = 0; t < times; ++t) {
      const double *length = lengths.data() + t * count, *arm = arms.data() + t * count;
      status[t] = solve_arch(laws, length, arm, moment.data()[t], most, give[t]);
      if (status[t] != kArchSolved) continue;
      for (std::size_t i = 0; i < count; ++i)
        tensions[t * count + i] = laws.tension(static_cast<Index>(i), length[i] - arm[i] * give[t]).value;
    }
  }
  return nb::make_tuple(handed_over(std::move(give), {times}), handed_over(std::move(tensions), {times, count}),
                        handed_over(std::move(status), {times}));
}

}  // namespace

void bind_tissues(nb::module_& m) {
  nb::class_<TissueLaws>(m, "TissueLaws", "What tissues carry at which length; see loads/tissues.py.")
      .def("__init__", &make_laws)
      .def("tensions", &tensions_of, nb::arg("lengths"))
      .def("arch", &arch_of, nb::arg("lengths"), nb::arg("arms"), nb::arg("moment"), nb::arg("most"));
}

}  // namespace kinechain
