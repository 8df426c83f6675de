// Filter, splines and rows of numbers for Python.
#include <nanobind/nanobind.h>

#include "arrays.hpp"
#include "bind.hpp"
#include "numbers.hpp"
#include "signals.hpp"

namespace kinechain {

namespace {

Array filtered(const Numbers& values, double frequency, Index padding) {
  shaped(values, {-1, -1}, "values");
  const std::size_t times = values.shape(0), columns = values.shape(1);
  if (!(frequency > 0 && frequency < 0.5)) throw std::invalid_argument("frequency must lie between 0 and 1/2");
  if (padding < 0 || static_cast<std::size_t>(padding) >= times)
    throw std::invalid_argument("padding must be shorter than the values");
  std::vector<double> out(times * columns);
  {
    nb::gil_scoped_release unlocked;
    low_pass(values.data(), times, columns, frequency, padding, out.data());
  }
  return handed_over(std::move(out), {times, columns});
}

nb::tuple rates(const Numbers& values) {
  shaped(values, {-1, -1}, "values");
  const std::size_t times = values.shape(0), columns = values.shape(1);
  if (times < 6) throw std::invalid_argument("a quintic spline needs 6 samples");
  std::vector<double> first(times * columns), second(times * columns);
  {
    nb::gil_scoped_release unlocked;
    quintic_rates(values.data(), times, columns, first.data(), second.data());
  }
  return nb::make_tuple(handed_over(std::move(first), {times, columns}),
                        handed_over(std::move(second), {times, columns}));
}

Array interpolated(const Numbers& at, const Numbers& values, const Numbers& wanted) {
  shaped(at, {-1}, "at");
  const std::size_t times = at.shape(0);
  shaped(values, {static_cast<Index>(times), -1}, "values");
  shaped(wanted, {-1}, "wanted");
  if (times < 2) throw std::invalid_argument("a spline needs 2 samples");
  require_finite(at, "at");
  for (std::size_t i = 1; i < times; ++i)
    if (!(at.data()[i] > at.data()[i - 1])) throw std::invalid_argument("at must ascend");
  const std::size_t columns = values.shape(1), wishes = wanted.shape(0);
  std::vector<double> out(wishes * columns);
  {
    nb::gil_scoped_release unlocked;
    cubic_spline(at.data(), times, values.data(), columns, wanted.data(), wishes, out.data());
  }
  return handed_over(std::move(out), {wishes, columns});
}

// The numbers of a text, None where it holds anything but numbers.
nb::object numbers_in(nb::str text, Index columns, nb::str delimiter) {
  Py_ssize_t size = 0, width = 0;
  const char* begin = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
  const char* between = begin == nullptr ? nullptr : PyUnicode_AsUTF8AndSize(delimiter.ptr(), &width);
  if (begin == nullptr || between == nullptr) {
    PyErr_Clear();
    return nb::none();
  }
  if (columns < 1 || width != 1 || *between == ' ' || *between == '\n')
    throw std::invalid_argument("numbers need a column and a delimiter of one letter");
  std::vector<double> out;
  bool whole = false;
  {
    nb::gil_scoped_release unlocked;
    whole = read_numbers(begin, size, columns, *between, out);
  }
  if (!whole) return nb::none();
  const std::size_t rows = out.size() / columns, width_n = columns;
  return nb::cast(handed_over(std::move(out), {rows, width_n}));
}

nb::bytes text_of(const Numbers& values) {
  shaped(values, {-1, -1}, "values");
  std::string out;
  {
    nb::gil_scoped_release unlocked;
    write_numbers(values.data(), values.shape(0), values.shape(1), out);
  }
  return nb::bytes(out.data(), out.size());
}

}  // namespace

void bind_signals(nb::module_& m) {
  m.def("low_pass", &filtered, nb::arg("values"), nb::arg("frequency"), nb::arg("padding"));
  m.def("cubic_spline", &interpolated, nb::arg("at"), nb::arg("values"), nb::arg("wanted"));
  m.def("read_numbers", &numbers_in, nb::arg("text"), nb::arg("columns"), nb::arg("delimiter"));
  m.def("write_numbers", &text_of, nb::arg("values"));
  m.def("quintic_rates", &rates, nb::arg("values"));
}

}  // namespace kinechain
