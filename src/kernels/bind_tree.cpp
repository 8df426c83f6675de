// The tree of mobilities for Python: forward kinematics and inverse kinematics.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <memory>

#include "arrays.hpp"
#include "bind.hpp"
#include "pose_solver.hpp"
#include "tree.hpp"

namespace kinechain {

namespace {

void make_tree(Tree* self, const Integers& inputs, const Integers& is_angle, const Integers& coordinate_order, const Integers& coordinate_input,
               const Integers& coordinate_driver, const Integers& coordinate_function, const Numbers& constants,
               const Integers& node_parent, const Integers& node_is_rotation, const Integers& node_coordinate,
               const Integers& node_function, const Numbers& node_rotation, const Numbers& node_translation,
               const Integers& function_start, const Integers& function_is_linear_outside, const Numbers& knots,
               const Numbers& coefficients, const Integers& segment_node, const Numbers& segment_rotation,
               const Numbers& segment_translation, const Integers& marker_node, const Numbers& marker_position) {
  Tree tree;
  tree.inputs = copied<Index>(inputs, {-1}, "inputs");
  tree.is_angle = copied<Index>(is_angle, {-1}, "is_angle");
  tree.coordinate_order = copied<Index>(coordinate_order, {-1}, "coordinate_order");
  tree.coordinate_input = copied<Index>(coordinate_input, {-1}, "coordinate_input");
  tree.coordinate_driver = copied<Index>(coordinate_driver, {-1}, "coordinate_driver");
  tree.coordinate_function = copied<Index>(coordinate_function, {-1}, "coordinate_function");
  tree.constants = copied<double>(constants, {-1}, "constants");
  tree.node_parent = copied<Index>(node_parent, {-1}, "node_parent");
  tree.node_is_rotation = copied<Index>(node_is_rotation, {-1}, "node_is_rotation");
  tree.node_coordinate = copied<Index>(node_coordinate, {-1}, "node_coordinate");
  tree.node_function = copied<Index>(node_function, {-1}, "node_function");
  tree.node_rotation = copied<double>(node_rotation, {-1, 3, 3}, "node_rotation");
  tree.node_translation = copied<double>(node_translation, {-1, 3}, "node_translation");
  tree.functions.start = copied<Index>(function_start, {-1}, "function_start");
  tree.functions.is_linear_outside = copied<Index>(function_is_linear_outside, {-1}, "function_is_linear_outside");
  tree.functions.knots = copied<double>(knots, {-1}, "knots");
  tree.functions.coefficients = copied<double>(coefficients, {-1, 4}, "coefficients");
  tree.segment_node = copied<Index>(segment_node, {-1}, "segment_node");
  tree.segment_rotation = copied<double>(segment_rotation, {-1, 3, 3}, "segment_rotation");
  tree.segment_translation = copied<double>(segment_translation, {-1, 3}, "segment_translation");
  tree.marker_node = copied<Index>(marker_node, {-1}, "marker_node");
  tree.marker_position = copied<double>(marker_position, {-1, 3}, "marker_position");
  tree.check();
  new (self) Tree(std::move(tree));
}

Array segment_poses(const Tree& tree, const Numbers& values) {
  shaped(values, {-1, tree.input_count()}, "values");
  const std::size_t times = values.shape(0), segments = tree.segment_node.size();
  const double* z = values.data();
  std::vector<double> poses(times * segments * 16, 0.0);
  {
    nb::gil_scoped_release unlocked;
    std::vector<Jet> q;
    std::vector<Frame> frames;
    for (std::size_t t = 0; t < times; ++t) {
      place_nodes(tree, z + t * tree.input_count(), q, frames);
      for (std::size_t s = 0; s < segments; ++s) {
        const Frame& on = tree.segment_node[s] < 0 ? kGround : frames[tree.segment_node[s]];
        Frame pose;
        place_node(on, &tree.segment_rotation[9 * s], &tree.segment_translation[3 * s], false, 0.0, pose);
        double* out = poses.data() + (t * segments + s) * 16;
        for (int i = 0; i < 3; ++i) {
          for (int j = 0; j < 3; ++j) out[4 * i + j] = pose.rotation[3 * i + j];
          out[4 * i + 3] = pose.origin[i];
        }
        out[15] = 1.0;
      }
    }
  }
  return handed_over(std::move(poses), {times, segments, 4, 4});
}

Array marker_positions(const Tree& tree, const Numbers& values) {
  shaped(values, {-1, tree.input_count()}, "values");
  const std::size_t times = values.shape(0), markers = tree.marker_node.size();
  const double* z = values.data();
  std::vector<double> points(times * markers * 3);
  {
    nb::gil_scoped_release unlocked;
    std::vector<Jet> q;
    std::vector<Frame> frames;
    for (std::size_t t = 0; t < times; ++t) {
      place_nodes(tree, z + t * tree.input_count(), q, frames);
      for (std::size_t m = 0; m < markers; ++m)
        point_in_world(tree.marker_node[m] < 0 ? kGround : frames[tree.marker_node[m]], &tree.marker_position[3 * m],
                       points.data() + (t * markers + m) * 3);
    }
  }
  return handed_over(std::move(points), {times, markers, 3});
}

// Checks every array of a problem against the tree and against each other.
Problem make_problem(const Tree& tree, const Numbers& low, const Numbers& high, const Numbers& targets,
                     const Numbers& weights, const Numbers& wanted, const Integers& wanted_coordinate,
                     const Numbers& wanted_weights, const Integers& is_held, const Integers& is_usable,
                     const Numbers& starts, bool is_chained, double tolerance, Index max_iterations) {
  const Index n = tree.input_count(), markers = tree.marker_count();
  shaped(targets, {-1, markers, 3}, "targets");
  const Index frames = static_cast<Index>(targets.shape(0));
  shaped(wanted_coordinate, {-1}, "wanted_coordinate");
  const Index wishes = static_cast<Index>(wanted_coordinate.shape(0));
  shaped(low, {n}, "low");
  shaped(high, {n}, "high");
  shaped(weights, {markers}, "weights");
  shaped(wanted, {frames, wishes}, "wanted");
  shaped(wanted_weights, {wishes}, "wanted_weights");
  shaped(is_held, {n}, "is_held");
  shaped(is_usable, {frames}, "is_usable");
  shaped(starts, {-1, n}, "starts");
  const Index rows = static_cast<Index>(starts.shape(0));
  if (rows < 1 || (rows != 1 && (is_chained || rows != frames)))
    throw std::invalid_argument("starts needs one row, or one per frame where frames are not chained");
  if (!(tolerance > 0) || max_iterations < 1)
    throw std::invalid_argument("tolerance must be above 0 and max_iterations at least 1");
  for (Index i = 0; i < n; ++i)
    if (!(low.data()[i] <= high.data()[i])) throw std::invalid_argument("low must not be above high");
  for (Index k = 0; k < wishes; ++k)
    if (wanted_coordinate.data()[k] < 0 || wanted_coordinate.data()[k] >= tree.coordinate_count())
      throw std::invalid_argument("wanted_coordinate points outside the coordinates");
  require_finite(weights, "weights");
  require_finite(wanted, "wanted");
  require_finite(wanted_weights, "wanted_weights");
  require_finite(starts, "starts");
  return {frames, wishes, rows, low.data(), high.data(), targets.data(), weights.data(), wanted.data(),
          wanted_coordinate.data(), wanted_weights.data(), is_held.data(), is_usable.data(), starts.data(),
          is_chained, tolerance, max_iterations};
}

nb::tuple solve(const Tree& tree, const Numbers& low, const Numbers& high, const Numbers& targets,
                const Numbers& weights, const Numbers& wanted, const Integers& wanted_coordinate,
                const Numbers& wanted_weights, const Integers& is_held, const Integers& is_usable,
                const Numbers& starts, bool is_chained, double tolerance, Index max_iterations) {
  const Problem problem = make_problem(tree, low, high, targets, weights, wanted, wanted_coordinate, wanted_weights,
                                       is_held, is_usable, starts, is_chained, tolerance, max_iterations);
  Track track;
  {
    nb::gil_scoped_release unlocked;
    track = solve_frames(tree, problem);
  }
  const std::size_t frames = problem.frames;
  return nb::make_tuple(
      handed_over(std::move(track.inputs), {frames, static_cast<std::size_t>(tree.input_count())}),
      handed_over(std::move(track.marker_error), {frames, static_cast<std::size_t>(tree.marker_count())}),
      handed_over(std::move(track.objective), {frames}), handed_over(std::move(track.iterations), {frames}),
      handed_over(std::move(track.status), {frames}));
}

nb::tuple evaluate(const Tree& tree, const Numbers& targets, const Numbers& weights, const Numbers& wanted,
                   const Integers& wanted_coordinate, const Numbers& wanted_weights, const Numbers& z) {
  const std::size_t n = tree.input_count();
  const std::vector<double> free(n, 0.0);
  const std::vector<Index> none(n, 0);
  const std::size_t shape[1] = {n};
  const Numbers bounds(free.data(), 1, shape);
  const Integers held(none.data(), 1, shape);
  const std::vector<Index> usable(1, 1);
  const std::size_t one[1] = {1};
  const std::size_t row[2] = {1, n};
  shaped(z, {static_cast<Index>(n)}, "z");
  const Problem problem = make_problem(tree, bounds, bounds, targets, weights, wanted, wanted_coordinate, wanted_weights,
                                       held, Integers(usable.data(), 1, one), Numbers(z.data(), 2, row), true, 1.0, 1);
  std::vector<double> gradient(n), gauss_newton(n * n), exact(n * n);
  const double objective =
      evaluate_objective(tree, problem, 0, z.data(), gradient.data(), gauss_newton.data(), exact.data());
  return nb::make_tuple(objective, handed_over(std::move(gradient), {n}), handed_over(std::move(gauss_newton), {n, n}),
                        handed_over(std::move(exact), {n, n}));
}

}  // namespace

void bind_tree(nb::module_& m) {
  nb::class_<Tree>(m, "Tree", "A body as flat arrays, checked once; what each array holds is said in body/tree.py.")
      .def("__init__", &make_tree)
      .def("segment_poses", &segment_poses, nb::arg("values"))
      .def("marker_positions", &marker_positions, nb::arg("values"))
      .def("solve", &solve, nb::arg("low"), nb::arg("high"), nb::arg("targets"), nb::arg("weights"), nb::arg("wanted"),
           nb::arg("wanted_coordinate"), nb::arg("wanted_weights"), nb::arg("is_held"), nb::arg("is_usable"),
           nb::arg("starts"), nb::arg("is_chained"), nb::arg("tolerance"), nb::arg("max_iterations"))
      .def("evaluate", &evaluate, nb::arg("targets"), nb::arg("weights"), nb::arg("wanted"),
           nb::arg("wanted_coordinate"), nb::arg("wanted_weights"), nb::arg("z"));
}

}  // namespace kinechain
