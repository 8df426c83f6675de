// Surfaces around which paths bend: the length of the bent piece between two points, and its gradient.
// Twin: src/kinechain/body/path_surfaces.py, which also says by which rules.
#pragma once

#include "tree.hpp"

namespace kinechain {

enum SurfaceKind : Index { kCylinder = 0, kSphere = 1, kEllipsoid = 2 };
enum Bend : int { kStraight = 0, kInside = 1, kMayBend = 2, kMustBend = 3 };
// Which curve on a cylinder: the one OpenSim takes where a path bends once, or the shortest.
enum Curve : int { kBisected = 0, kShortest = 1 };

// The method that is not OpenSim's; the others are the ellipsoid's matter.
constexpr Index kShortestMethod = 3;

// Borrowed; the axis of a cylinder is z. axis < 0: paths may touch it everywhere.
struct Surface {
  Index kind;
  const double* radii;
  double half_length;
  Index axis;
  double sign;
  Index method;
  bool needs_gradient;  // else the dear part of it may be left out
};

// A bent piece from p to q in the surface's frame.
struct BentPiece {
  double length;                  // whole, with both straight ends
  double gradient_p[3], gradient_q[3];
  double first[3], last[3], arc;  // where it touches and leaves, and how long it lies on the surface
};

// Always OpenSim's way.
Bend bend_ellipsoid(const Surface& surface, const double* p, const double* q, BentPiece& piece);

Bend bend(const Surface& surface, const double* p, const double* q, Curve curve, BentPiece& piece);

}  // namespace kinechain
