// Paths for Python: lengths, derivatives and wrenches of a unit tension.
#include <nanobind/nanobind.h>

#include "arrays.hpp"
#include "bind.hpp"
#include "paths.hpp"

namespace kinechain {

namespace {

void make_paths(Paths* self, const Tree& tree, nb::dict arrays) {
  Paths p;
  p.tree = tree;
  const auto integers = [&](const char* name, std::vector<Index>& to) {
    const Integers array = nb::cast<Integers>(arrays[name]);
    to.assign(array.data(), array.data() + array.size());
  };
  const auto numbers = [&](const char* name, std::vector<double>& to) {
    const Numbers array = nb::cast<Numbers>(arrays[name]);
    to.assign(array.data(), array.data() + array.size());
  };
  integers("point_start", p.point_start);
  integers("point_load", p.point_load);
  integers("point_segment", p.point_segment);
  integers("point_node", p.point_node);
  integers("point_condition", p.point_condition);
  integers("motion_coordinate", p.motion_coordinate);
  integers("motion_function", p.motion_function);
  integers("motion_entry", p.motion_entry);
  numbers("point_position", p.point_position);
  numbers("point_range", p.point_range);
  integers("function_start", p.functions.start);
  integers("function_is_linear_outside", p.functions.is_linear_outside);
  numbers("knots", p.functions.knots);
  numbers("coefficients", p.functions.coefficients);
  integers("surface_kind", p.surface_kind);
  integers("surface_node", p.surface_node);
  integers("surface_axis", p.surface_axis);
  numbers("surface_rotation", p.surface_rotation);
  numbers("surface_translation", p.surface_translation);
  numbers("surface_radii", p.surface_radii);
  numbers("surface_half_length", p.surface_half_length);
  numbers("surface_sign", p.surface_sign);
  integers("wrap_start", p.wrap_start);
  integers("wrap_surface", p.wrap_surface);
  integers("wrap_first", p.wrap_first);
  integers("wrap_last", p.wrap_last);
  integers("wrap_method", p.wrap_method);
  integers("wrap_load", p.wrap_load);
  integers("wrap_pull", p.wrap_pull);
  integers("load_start", p.load_start);
  integers("load_segment", p.load_segment);
  integers("load_entry", p.load_entry);
  integers("entry_start", p.entry_start);
  integers("entry_column", p.entry_column);
  integers("entry_parent", p.entry_parent);
  p.check();
  new (self) Paths(std::move(p));
}

nb::tuple measure(const Paths& paths, const Numbers& values, bool with_arms, bool with_loads) {
  const Index inputs = paths.tree.input_count();
  shaped(values, {-1, inputs}, "values");
  const std::size_t times = values.shape(0), count = paths.path_count();
  const std::size_t entries = with_arms ? paths.entry_count() : 0, loads = with_loads ? paths.load_count() : 0;
  std::vector<double> lengths(times * count), arms(times * entries), wrenches(times * loads * 6);
  const double* z = values.data();
  {
    nb::gil_scoped_release unlocked;
    PathRoom room;
    for (std::size_t t = 0; t < times; ++t) {
      measure_paths(paths, z + t * inputs, room, lengths.data() + t * count,
                    with_arms ? arms.data() + t * entries : nullptr, with_loads);
      if (with_loads) std::copy(room.loads.begin(), room.loads.end(), wrenches.begin() + t * loads * 6);
    }
  }
  return nb::make_tuple(handed_over(std::move(lengths), {times, count}), handed_over(std::move(arms), {times, entries}),
                        handed_over(std::move(wrenches), {times, loads, 6}));
}

Array slopes(const Tree& tree, const Numbers& values) {
  const Index inputs = tree.input_count();
  shaped(values, {-1, inputs}, "values");
  const std::size_t times = values.shape(0), columns = tree.node_count() + tree.coordinate_count();
  std::vector<double> out(times * columns);
  const double* z = values.data();
  {
    nb::gil_scoped_release unlocked;
    std::vector<Jet> q;
    for (std::size_t t = 0; t < times; ++t) column_slopes(tree, z + t * inputs, q, out.data() + t * columns);
  }
  return handed_over(std::move(out), {times, columns});
}

}  // namespace

void bind_paths(nb::module_& m) {
  nb::class_<Paths>(m, "Paths", "Paths over a body as flat arrays; what each array holds is said in body/paths.py.")
      .def("__init__", &make_paths, nb::arg("tree"), nb::arg("arrays"))
      .def("measure", &measure, nb::arg("values"), nb::arg("with_arms"), nb::arg("with_loads"));
  m.def("column_slopes", &slopes, nb::arg("tree"), nb::arg("values"));
}

}  // namespace kinechain
