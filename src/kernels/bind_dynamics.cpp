// Inverse dynamics and joint reactions for Python.
#include <nanobind/nanobind.h>

#include "arrays.hpp"
#include "bind.hpp"
#include "dynamics.hpp"
#include "tree.hpp"

namespace kinechain {

namespace {

// A tree with masses; it keeps a copy, so neither outlives the other.
struct Dynamics {
  Tree tree;
  Masses masses;
};

void make_dynamics(Dynamics* self, const Tree& tree, const Integers& segment_parent, const Integers& node_segment,
                   const Numbers& mass, const Numbers& centre, const Numbers& inertia, const Numbers& joint_centre,
                   const Numbers& gravity) {
  Masses masses;
  masses.segment_parent = copied<Index>(segment_parent, {-1}, "segment_parent");
  masses.node_segment = copied<Index>(node_segment, {-1}, "node_segment");
  masses.mass = copied<double>(mass, {-1}, "mass");
  masses.centre = copied<double>(centre, {-1, 3}, "centre");
  masses.inertia = copied<double>(inertia, {-1, 3, 3}, "inertia");
  masses.joint_centre = copied<double>(joint_centre, {-1, 3}, "joint_centre");
  shaped(gravity, {3}, "gravity");
  for (int i = 0; i < 3; ++i) masses.gravity[i] = gravity.data()[i];
  masses.check(tree);
  new (self) Dynamics{tree, std::move(masses)};
}

nb::tuple solve_inverse(const Dynamics& dynamics, const Numbers& values, const Numbers& velocities,
                        const Numbers& accelerations, const Numbers& external) {
  const Tree& tree = dynamics.tree;
  const Index inputs = tree.input_count(), segments = tree.segment_count();
  shaped(values, {-1, inputs}, "values");
  const Index times = static_cast<Index>(values.shape(0));
  shaped(velocities, {times, inputs}, "velocities");
  shaped(accelerations, {times, inputs}, "accelerations");
  shaped(external, {-1, segments, 6}, "external");
  const bool pushed = external.shape(0) != 0 || times == 0;
  if (pushed) shaped(external, {times, segments, 6}, "external");
  const std::size_t rows = times, nodes = tree.node_count(), coordinates = tree.coordinate_count();
  std::vector<double> node_force(rows * nodes), slopes(rows * nodes), input_force(rows * inputs),
      coordinate_force(rows * coordinates), joint_wrench(rows * segments * 6);
  {
    nb::gil_scoped_release unlocked;
    inverse_dynamics(tree, dynamics.masses, times,
                     {values.data(), velocities.data(), accelerations.data(), pushed ? external.data() : nullptr,
                      node_force.data(), slopes.data(), input_force.data(), coordinate_force.data(),
                      joint_wrench.data()});
  }
  const std::size_t input_n = inputs, segment_n = segments;
  return nb::make_tuple(
      handed_over(std::move(node_force), {rows, nodes}), handed_over(std::move(slopes), {rows, nodes}),
      handed_over(std::move(input_force), {rows, input_n}),
      handed_over(std::move(coordinate_force), {rows, coordinates}),
      handed_over(std::move(joint_wrench), {rows, segment_n, 6}));
}

Array solve_reactions(const Dynamics& dynamics, const Numbers& values, const Numbers& joint_wrench,
                      const Numbers& tensions, const Integers& load_path, const Integers& load_segment,
                      const Numbers& unit_loads, const Integers& joint_segment, const Numbers& sign,
                      const Integers& axes_segment, const Numbers& axes, const Integers& point_segment,
                      const Numbers& point) {
  const Tree& tree = dynamics.tree;
  const Index segments = tree.segment_count();
  shaped(values, {-1, tree.input_count()}, "values");
  const Index times = static_cast<Index>(values.shape(0));
  shaped(joint_wrench, {times, segments, 6}, "joint_wrench");
  shaped(tensions, {times, -1}, "tensions");
  shaped(load_path, {-1}, "load_path");
  const Index paths = static_cast<Index>(tensions.shape(1)), entries = static_cast<Index>(load_path.shape(0));
  shaped(load_segment, {entries}, "load_segment");
  shaped(unit_loads, {times, entries, 6}, "unit_loads");
  for (Index e = 0; e < entries; ++e) {
    if (load_path.data()[e] < 0 || load_path.data()[e] >= paths)
      throw std::invalid_argument("load_path points outside the tensions");
    if (load_segment.data()[e] < -1 || load_segment.data()[e] >= segments)
      throw std::invalid_argument("load_segment points outside the segments");
  }
  ReactionPlan plan;
  plan.segment = copied<Index>(joint_segment, {-1}, "joint_segment");
  plan.sign = copied<double>(sign, {-1}, "sign");
  plan.axes_segment = copied<Index>(axes_segment, {-1}, "axes_segment");
  plan.axes = copied<double>(axes, {-1, 3, 3}, "axes");
  plan.point_segment = copied<Index>(point_segment, {-1}, "point_segment");
  plan.point = copied<double>(point, {-1, 3}, "point");
  plan.check(tree);
  const std::size_t rows = times, joints = plan.segment.size();
  std::vector<double> out(rows * joints * 6);
  {
    nb::gil_scoped_release unlocked;
    joint_reactions(tree, dynamics.masses, plan, times, values.data(), joint_wrench.data(),
                    {paths, entries, load_path.data(), load_segment.data(), tensions.data(), unit_loads.data()},
                    out.data());
  }
  return handed_over(std::move(out), {rows, joints, 6});
}

}  // namespace

void bind_dynamics(nb::module_& m) {
  nb::class_<Dynamics>(m, "Dynamics", "A tree with masses; what each array holds is said in loads/newton_euler.py.")
      .def("__init__", &make_dynamics)
      .def("inverse", &solve_inverse, nb::arg("values"), nb::arg("velocities"), nb::arg("accelerations"),
           nb::arg("external"))
      .def("reactions", &solve_reactions, nb::arg("values"), nb::arg("joint_wrench"), nb::arg("tensions"),
           nb::arg("load_path"), nb::arg("load_segment"), nb::arg("unit_loads"), nb::arg("joint_segment"),
           nb::arg("sign"), nb::arg("axes_segment"), nb::arg("axes"), nb::arg("point_segment"), nb::arg("point"));
}

}  // namespace kinechain
