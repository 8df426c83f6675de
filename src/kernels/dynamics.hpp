// Inverse dynamics on the tree of mobilities: recursive Newton-Euler in world axes.
// Twin: src/kinechain/loads/newton_euler.py, which also says what every array holds.
#pragma once

#include <vector>

#include "tree.hpp"

namespace kinechain {

// Mass of every segment and how the segments hang together; lengths in the frame of the node that carries the segment.
struct Masses {
  std::vector<Index> segment_parent, node_segment;
  std::vector<double> mass, centre, inertia, joint_centre;
  double gravity[3];

  // Throws std::invalid_argument unless all arrays belong to the tree and every index lies inside its table.
  void check(const Tree& tree) const;
};

// One frame of motion in, forces out.
struct InverseDynamics {
  const double *values, *velocities, *accelerations;  // (time, input)
  const double* external;                             // (time, segment, 6) or null: on the segment, about the origin
  double *node_force, *slopes;                        // (time, node)
  double *input_force;                                // (time, input)
  double *coordinate_force;                           // (time, coordinate)
  double* joint_wrench;                               // (time, segment, 6): parent on child at the joint centre
};

void inverse_dynamics(const Tree& tree, const Masses& masses, Index times, const InverseDynamics& arrays);

// What a point force and moment at the centre of each reported joint is expressed in.
struct ReactionPlan {
  std::vector<Index> segment;        // child of the joint
  std::vector<double> sign;          // 1: parent on child, -1: child on parent
  std::vector<Index> axes_segment;   // segment in whose axes it is told, -1 ground
  std::vector<double> axes;          // (joint, 3, 3) in the frame of that segment's node; columns are the axes
  std::vector<Index> point_segment;  // segment that carries the point
  std::vector<double> point;         // (joint, 3) in the frame of that segment's node

  void check(const Tree& tree) const;
};

// Tensions of paths, and what a unit tension of each does to segments.
struct PathLoads {
  Index paths, entries;
  const Index *path, *segment;   // (entry,)
  const double *tension, *unit;  // (time, path), (time, entry, 6)
};

// Reactions (time, joint, 6) at every reported joint after paths have taken their share.
void joint_reactions(const Tree& tree, const Masses& masses, const ReactionPlan& plan, Index times,
                     const double* values, const double* joint_wrench, const PathLoads& loads, double* out);

}  // namespace kinechain
