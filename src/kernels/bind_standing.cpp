// Standing bodies for Python: their energy, and where they come to rest.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <limits>

#include "arrays.hpp"
#include "bind.hpp"
#include "standing.hpp"

namespace kinechain {

namespace {

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

void make_body(StandingBody* self, const Tree& tree, const Integers& free, const Integers& pad_node,
               const Numbers& pad_position, const Integers& direction_node, const Numbers& direction_vector,
               const Integers& spring, const Integers& start, const Integers& is_linear_outside, const Numbers& knots,
               const Numbers& coefficients) {
  StandingBody body;
  body.tree = tree;
  body.free = copied<Index>(free, {-1}, "free");
  body.pad_node = copied<Index>(pad_node, {-1}, "pad_node");
  body.pad_position = copied<double>(pad_position, {body.pad_count(), 3}, "pad_position");
  body.direction_node = copied<Index>(direction_node, {-1}, "direction_node");
  body.direction_vector = copied<double>(direction_vector, {body.direction_count(), 3}, "direction_vector");
  body.spring = copied<Index>(spring, {-1}, "spring");
  body.springs.start = copied<Index>(start, {-1}, "function_start");
  body.springs.is_linear_outside = copied<Index>(is_linear_outside, {-1}, "function_is_linear_outside");
  body.springs.knots = copied<double>(knots, {-1}, "knots");
  body.springs.coefficients = copied<double>(coefficients, {-1, 4}, "coefficients");
  body.check();
  new (self) StandingBody(std::move(body));
}

// The arrays of a situation, checked, and how to find one case in them.
class Cases {
 public:
  Cases(const StandingBody& body, const nb::dict& arrays) {
    const Index inputs = body.tree.input_count(), segments = body.tree.segment_count(), free = body.free_count();
    const Index pads = body.pad_count(), directions = body.direction_count();
    count_ = static_cast<Index>(nb::cast<Numbers>(arrays["reference"]).shape(0));
    add(arrays, "reference", {count_, inputs}, &StandingCase::reference);
    add(arrays, "mass", {count_, segments}, &StandingCase::mass);
    add(arrays, "centre", {count_, segments, 3}, &StandingCase::centre);
    add(arrays, "stiffness", {count_, free, free}, &StandingCase::stiffness);
    add(arrays, "spring_scale", {count_, free}, &StandingCase::spring_scale);
    add(arrays, "spring_shift", {count_, free}, &StandingCase::spring_shift);
    add(arrays, "tonic", {count_, free}, &StandingCase::tonic);
    add(arrays, "pad_stiffness", {count_, pads}, &StandingCase::pad_stiffness);
    add(arrays, "pad_shear", {count_, pads}, &StandingCase::pad_shear);
    add(arrays, "pad_level", {count_, pads}, &StandingCase::pad_level);
    add(arrays, "pad_anchor", {count_, pads, 3}, &StandingCase::pad_anchor);
    add(arrays, "pad_normal", {count_, pads, 3}, &StandingCase::pad_normal);
    add(arrays, "centre_gain", {count_}, &StandingCase::centre_gain);
    add(arrays, "centre_target", {count_, 2}, &StandingCase::centre_target);
    add(arrays, "direction_gain", {count_, directions}, &StandingCase::direction_gain);
    add(arrays, "direction_target", {count_, directions, 3}, &StandingCase::direction_target);
  }

  Index count() const { return count_; }

  StandingCase at(Index which) const {
    StandingCase out{};
    for (const Field& field : fields_) out.*field.member = field.array.data() + which * field.size;
    return out;
  }

 private:
  using Member = const double* StandingCase::*;

  struct Field {
    Numbers array;
    Index size;
    Member member;
  };

  void add(const nb::dict& arrays, const char* name, std::initializer_list<Index> shape, Member member) {
    Numbers array = nb::cast<Numbers>(arrays[name]);
    shaped(array, shape, name);
    fields_.push_back({array, count_ == 0 ? 0 : static_cast<Index>(array.size()) / count_, member});
  }

  Index count_;
  std::vector<Field> fields_;
};

nb::dict evaluate(const StandingBody& body, const nb::dict& arrays, const Numbers& values) {
  const Cases cases(body, arrays);
  const std::size_t count = cases.count(), n = body.free_count(), pads = body.pad_count();
  const std::size_t directions = body.direction_count();
  shaped(values, {cases.count(), body.free_count()}, "values");
  std::vector<double> energy(count), control(count), centre;
  std::vector<double> gradient, hessian, control_gradient, control_hessian, jacobian, place, force, lies, turns;
  {
    nb::gil_scoped_release unlocked;
    StandingSolver solver(body);
    StandingTerms terms;
    const auto append = [](std::vector<double>& to, const std::vector<double>& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    for (std::size_t c = 0; c < count; ++c) {
      const StandingCase one = cases.at(static_cast<Index>(c));
      solver.take(one);
      solver.evaluate(one, values.data() + c * n, true, terms);
      energy[c] = terms.energy;
      control[c] = terms.control;
      centre.insert(centre.end(), terms.centre, terms.centre + 3);
      append(gradient, terms.gradient);
      append(hessian, terms.hessian);
      append(control_gradient, terms.control_gradient);
      append(control_hessian, terms.control_hessian);
      append(jacobian, terms.centre_jacobian);
      append(place, terms.pad_position);
      append(force, terms.pad_force);
      append(lies, terms.directions);
      append(turns, terms.direction_jacobian);
    }
  }
  nb::dict out;
  out["energy"] = handed_over(std::move(energy), {count});
  out["gradient"] = handed_over(std::move(gradient), {count, n});
  out["hessian"] = handed_over(std::move(hessian), {count, n, n});
  out["control"] = handed_over(std::move(control), {count});
  out["control_gradient"] = handed_over(std::move(control_gradient), {count, n});
  out["control_hessian"] = handed_over(std::move(control_hessian), {count, n, n});
  out["centre_of_mass"] = handed_over(std::move(centre), {count, 3});
  out["centre_jacobian"] = handed_over(std::move(jacobian), {count, 3, n});
  out["pad_position"] = handed_over(std::move(place), {count, pads, 3});
  out["pad_force"] = handed_over(std::move(force), {count, pads, 3});
  out["directions"] = handed_over(std::move(lies), {count, directions, 3});
  out["direction_jacobian"] = handed_over(std::move(turns), {count, directions, 3, n});
  return out;
}

nb::tuple solve(const StandingBody& body, const nb::dict& arrays, const Numbers& starts, Index first, Index last) {
  const Cases cases(body, arrays);
  const bool has_starts = shaped(starts, {-1, body.free_count()}, "starts").shape(0) != 0;
  if (has_starts) shaped(starts, {cases.count(), body.free_count()}, "starts");
  if (first < 0 || last < first || last > cases.count()) throw std::invalid_argument("there are no such cases");
  const std::size_t count = last - first, n = body.free_count(), pads = body.pad_count();
  std::vector<double> values, force(count * pads * 3, kNoNumber), centre(count * 3, kNoNumber), residual(count);
  std::vector<double> smallest(count);
  std::vector<Index> iterations(count), status(count);
  {
    nb::gil_scoped_release unlocked;
    StandingSolver solver(body);
    StandingRest rest;
    StandingTerms terms;
    for (std::size_t c = 0; c < count; ++c) {
      const Index which = first + static_cast<Index>(c);
      solver.find(cases.at(which), has_starts ? starts.data() + which * n : nullptr, rest, terms);
      values.insert(values.end(), rest.values.begin(), rest.values.end());
      residual[c] = rest.residual;
      smallest[c] = rest.smallest_eigenvalue;
      iterations[c] = rest.iterations;
      status[c] = rest.status;
      if (rest.status != kAtRest && rest.status != kBalanced) continue;
      std::copy(terms.pad_force.begin(), terms.pad_force.end(), force.begin() + c * pads * 3);
      std::copy_n(terms.centre, 3, centre.begin() + c * 3);
    }
  }
  return nb::make_tuple(handed_over(std::move(values), {count, n}), handed_over(std::move(force), {count, pads, 3}),
                        handed_over(std::move(centre), {count, 3}), handed_over(std::move(residual), {count}),
                        handed_over(std::move(smallest), {count}), handed_over(std::move(iterations), {count}),
                        handed_over(std::move(status), {count}));
}

}  // namespace

void bind_standing(nb::module_& m) {
  nb::class_<StandingBody>(m, "Standing", "A body that stands on pads; see chain/rest.py.")
      .def("__init__", &make_body)
      .def("evaluate", &evaluate, nb::arg("arrays"), nb::arg("values"))
      .def("solve", &solve, nb::arg("arrays"), nb::arg("starts"), nb::arg("first"), nb::arg("last"));
}

}  // namespace kinechain
