#include "tree.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace kinechain {

const Frame kGround = {{1, 0, 0, 0, 1, 0, 0, 0, 1}, {0, 0, 0}};

Jet FunctionTable::evaluate(Index function, double z) const {
  const Index first = start[function], pieces = start[function + 1] - first;
  const double* knot = knots.data() + first + function;
  const double* c = coefficients.data() + 4 * first;
  if (is_linear[function]) return {c[0] + c[1] * (z - knot[0]), c[1], 0.0};
  const Index above = std::upper_bound(knot, knot + pieces + 1, z) - knot;
  const Index piece = std::clamp<Index>(above - 1, 0, pieces - 1);
  const bool clips = is_linear_outside[function] != 0;
  const double inside = clips && z < knot[0] ? knot[0] : clips && z > knot[pieces] ? knot[pieces] : z;
  c += 4 * piece;
  const double d = inside - knot[piece];
  const double slope = c[1] + d * (2 * c[2] + d * 3 * c[3]);
  const double value = c[0] + d * (c[1] + d * (c[2] + d * c[3])) + slope * (z - inside);
  return {value, slope, z == inside ? 2 * c[2] + 6 * c[3] * d : 0.0};
}

void Tree::coordinates(const double* z, Jet* q) const {
  for (Index c : coordinate_order) {
    const Index driver = coordinate_driver[c];
    if (driver >= 0) {
      const Jet& d = q[driver];
      const Jet f = functions.evaluate(coordinate_function[c], d.value);
      q[c] = {f.value, f.first * d.first, f.second * d.first * d.first + f.first * d.second};
    } else if (coordinate_input[c] >= 0) {
      q[c] = {z[coordinate_input[c]], 1.0, 0.0};
    } else {
      q[c] = {constants[c], 0.0, 0.0};
    }
  }
}

void place_node(const Frame& parent, const double* rotation, const double* translation, bool is_rotation, double value,
                Frame& out) {
  const double* p = parent.rotation;
  double* r = out.rotation;
  double x[3], y[3], z[3];
  for (int i = 0; i < 3; ++i) {
    const double a = p[3 * i], b = p[3 * i + 1], c = p[3 * i + 2];
    x[i] = a * rotation[0] + b * rotation[3] + c * rotation[6];
    y[i] = a * rotation[1] + b * rotation[4] + c * rotation[7];
    z[i] = a * rotation[2] + b * rotation[5] + c * rotation[8];
    out.origin[i] = parent.origin[i] + a * translation[0] + b * translation[1] + c * translation[2];
  }
  if (is_rotation) {
    const double cosine = std::cos(value), sine = std::sin(value);
    for (int i = 0; i < 3; ++i) {
      r[3 * i] = cosine * x[i] + sine * y[i];
      r[3 * i + 1] = cosine * y[i] - sine * x[i];
      r[3 * i + 2] = z[i];
    }
  } else {
    for (int i = 0; i < 3; ++i) {
      r[3 * i] = x[i];
      r[3 * i + 1] = y[i];
      r[3 * i + 2] = z[i];
      out.origin[i] += z[i] * value;
    }
  }
}

void place_nodes(const Tree& tree, const double* z, std::vector<Jet>& q, std::vector<Frame>& frames) {
  q.resize(tree.coordinate_count());
  frames.resize(tree.node_count());
  tree.coordinates(z, q.data());
  for (Index n = 0; n < tree.node_count(); ++n) {
    const Index parent = tree.node_parent[n];
    const double value = tree.functions.evaluate(tree.node_function[n], q[tree.node_coordinate[n]].value).value;
    place_node(parent < 0 ? kGround : frames[parent], &tree.node_rotation[9 * n], &tree.node_translation[3 * n],
               tree.node_is_rotation[n] != 0, value, frames[n]);
  }
}

namespace {

void require(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument("tree: " + what);
}

void require_inside(const std::vector<Index>& values, Index low, Index high, const std::string& name) {
  for (Index v : values) require(v >= low && v < high, name + " points outside its table");
}

void require_finite(const std::vector<double>& values, const std::string& name) {
  for (double v : values) require(std::isfinite(v), name + " holds a number that is not finite");
}

}  // namespace

void check_functions(FunctionTable& table) {
  require(!table.start.empty() && table.start[0] == 0, "function_start must begin with 0");
  const Index count = static_cast<Index>(table.start.size()) - 1;
  for (Index f = 0; f < count; ++f)
    require(table.start[f + 1] > table.start[f] && table.start[f + 1] < (Index{1} << 40), "every function needs a piece");
  const Index pieces = table.start[count];
  require(static_cast<Index>(table.is_linear_outside.size()) == count, "is_linear_outside needs one entry per function");
  require(static_cast<Index>(table.knots.size()) == pieces + count, "knots need one entry more than pieces");
  require(static_cast<Index>(table.coefficients.size()) == 4 * pieces, "coefficients need four entries per piece");
  require_finite(table.knots, "knots");
  require_finite(table.coefficients, "coefficients");
  table.is_linear.assign(count, 0);
  for (Index f = 0; f < count; ++f) {
    const double* knot = table.knots.data() + table.start[f] + f;
    const double* c = table.coefficients.data() + 4 * table.start[f];
    for (Index k = 0; k < table.start[f + 1] - table.start[f]; ++k) require(knot[k] < knot[k + 1], "knots must ascend");
    table.is_linear[f] = table.start[f + 1] - table.start[f] == 1 && c[2] == 0.0 && c[3] == 0.0;
  }
}

void Tree::check() {
  check_functions(functions);
  const Index inputs_n = input_count(), coords = coordinate_count(), nodes = node_count();
  const Index function_n = static_cast<Index>(functions.start.size()) - 1;
  const auto sized = [](const auto& v, Index n) { return static_cast<Index>(v.size()) == n; };
  require(sized(is_angle, inputs_n), "every input needs a kind");
  require(sized(coordinate_order, coords) && sized(coordinate_input, coords) && sized(coordinate_driver, coords) &&
              sized(coordinate_function, coords),
          "every coordinate needs an order, an input, a driver and a function");
  require(sized(node_is_rotation, nodes) && sized(node_coordinate, nodes) && sized(node_function, nodes) &&
              sized(node_rotation, 9 * nodes) && sized(node_translation, 3 * nodes),
          "every node needs a kind, a coordinate, a function and a frame");
  require(sized(segment_rotation, 9 * segment_count()) && sized(segment_translation, 3 * segment_count()),
          "every segment needs a frame");
  require(sized(marker_position, 3 * marker_count()), "every marker needs a position");
  require_inside(inputs, 0, coords, "inputs");
  require_inside(coordinate_order, 0, coords, "coordinate_order");
  require_inside(coordinate_input, -1, inputs_n, "coordinate_input");
  require_inside(coordinate_driver, -1, coords, "coordinate_driver");
  require_inside(coordinate_function, -1, function_n, "coordinate_function");
  require_inside(node_coordinate, 0, coords, "node_coordinate");
  require_inside(node_function, 0, function_n, "node_function");
  require_inside(segment_node, -1, nodes, "segment_node");
  require_inside(marker_node, -1, nodes, "marker_node");
  for (Index n = 0; n < nodes; ++n) {
    require(node_parent[n] >= -1 && node_parent[n] < n, "parents must stand before their children");
    require(coordinate_input[node_coordinate[n]] >= 0, "a node must follow an input");
  }
  std::vector<char> done(coords, 0);
  for (Index c : coordinate_order) {
    const Index driver = coordinate_driver[c];
    require(!done[c], "coordinate_order must name every coordinate once");
    require(driver < 0 || (done[driver] && coordinate_function[c] >= 0), "drivers must stand before what they drive");
    done[c] = 1;
  }
  for (const auto* v : {&constants, &node_rotation, &node_translation, &segment_rotation, &segment_translation,
                        &marker_position})
    require_finite(*v, "an array");
}

}  // namespace kinechain
