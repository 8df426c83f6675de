// Lengths of paths over a body, their derivatives and the wrenches of a unit tension.
// Twin: src/kinechain/body/path_geometry.py. What every array holds is said in src/kinechain/body/paths.py.
#pragma once

#include <vector>

#include "surfaces.hpp"
#include "tree.hpp"

namespace kinechain {

struct Paths {
  Tree tree;
  // points
  std::vector<Index> point_start, point_load, point_segment, point_node, point_condition, motion_coordinate,
      motion_function, motion_entry;
  std::vector<double> point_position, point_range;
  FunctionTable functions;
  // surfaces
  std::vector<Index> surface_kind, surface_node, surface_axis;
  std::vector<double> surface_rotation, surface_translation, surface_radii, surface_half_length, surface_sign;
  // bends of paths around surfaces
  std::vector<Index> wrap_start, wrap_surface, wrap_first, wrap_last, wrap_method, wrap_load, wrap_pull;
  // wrenches of a unit tension, and derivatives
  std::vector<Index> load_start, load_segment, load_entry;
  std::vector<Index> entry_start, entry_column, entry_parent;
  // derived by check(): the loads that a node moves, and whether points of a path move in their segments
  std::vector<Index> work_start, work_load;
  std::vector<char> has_motion;

  Index path_count() const { return static_cast<Index>(point_start.size()) - 1; }
  Index load_count() const { return static_cast<Index>(load_segment.size()); }
  Index entry_count() const { return static_cast<Index>(entry_column.size()); }

  // Throws std::invalid_argument unless every index lies inside its table and all numbers are finite.
  void check();

 private:
  void derive();
};

// Room that is used again for every frame.
struct PathRoom {
  std::vector<Jet> q;
  std::vector<Frame> frames, surfaces;
  std::vector<double> loads;   // (load, 6)
  std::vector<double> screws;  // (node, 6): work of a wrench on a unit of the node's motion
};

// All paths of one frame; arms may be null. Wrenches are left in room.loads where they are asked for.
void measure_paths(const Paths& paths, const double* z, PathRoom& room, double* lengths, double* arms,
                   bool with_loads);

// Derivative of the value of every node, then of every coordinate, by the input it follows.
void column_slopes(const Tree& tree, const double* z, std::vector<Jet>& q, double* slopes);

}  // namespace kinechain
