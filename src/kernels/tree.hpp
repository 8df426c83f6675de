// The tree of elementary mobilities on flat arrays, and its forward kinematics.
// Twin: src/kinechain/body/pose.py. What every array holds is said in src/kinechain/body/tree.py.
#pragma once

#include <cstdint>
#include <vector>

namespace kinechain {

using Index = std::int64_t;

// A function's value with its first and second derivative.
struct Jet {
  double value, first, second;
};

// Piecewise cubic functions of one coordinate, in one table.
struct FunctionTable {
  std::vector<Index> start, is_linear_outside;
  std::vector<double> knots, coefficients;
  std::vector<char> is_linear;

  Jet evaluate(Index function, double z) const;
};

// Throws std::invalid_argument unless the table can be evaluated everywhere; notes which functions are straight lines.
void check_functions(FunctionTable& table);

struct Tree {
  // coordinates
  std::vector<Index> inputs, is_angle, coordinate_order, coordinate_input, coordinate_driver, coordinate_function;
  std::vector<double> constants;
  // nodes
  std::vector<Index> node_parent, node_is_rotation, node_coordinate, node_function;
  std::vector<double> node_rotation, node_translation;
  FunctionTable functions;
  // what the nodes carry
  std::vector<Index> segment_node;
  std::vector<double> segment_rotation, segment_translation;
  std::vector<Index> marker_node;
  std::vector<double> marker_position;

  Index input_count() const { return static_cast<Index>(inputs.size()); }
  Index coordinate_count() const { return static_cast<Index>(constants.size()); }
  Index node_count() const { return static_cast<Index>(node_parent.size()); }
  Index segment_count() const { return static_cast<Index>(segment_node.size()); }
  Index marker_count() const { return static_cast<Index>(marker_node.size()); }

  // Throws std::invalid_argument unless every index lies inside its table, parents stand before children and all
  // numbers are finite; after that no array is read out of its bounds.
  void check();

  // All coordinates, with first and second derivative by the input each follows.
  void coordinates(const double* z, Jet* q) const;
};

// Where one node stands: rotation (3, 3) row by row, origin (3).
struct Frame {
  double rotation[9];
  double origin[3];
};

// Frame of a child: parent frame times a fixed rotation and translation, then a turn about, or a slide along, z.
void place_node(const Frame& parent, const double* rotation, const double* translation, bool is_rotation, double value,
                Frame& out);

// Frames of all nodes for the inputs z.
void place_nodes(const Tree& tree, const double* z, std::vector<Jet>& q, std::vector<Frame>& frames);

extern const Frame kGround;

inline void point_in_world(const Frame& frame, const double* local, double* world) {
  for (int i = 0; i < 3; ++i)
    world[i] = frame.origin[i] + frame.rotation[3 * i] * local[0] + frame.rotation[3 * i + 1] * local[1] +
               frame.rotation[3 * i + 2] * local[2];
}

}  // namespace kinechain
