// Force of muscle fibres from tabulated Hill-type curves, tendons rigid.
#pragma once

#include <vector>

#include "tree.hpp"

namespace kinechain {

// Cubic pieces of equal width, in powers of the share of the piece; straight beyond the last.
struct CurveTable {
  const double* coefficients;
  Index pieces;
  double at(Index curve, double x) const;
};

struct Fibres {
  Index count;
  const double *force, *length, *slack, *height, *speed, *has_passive;
  const Index* curve;
  CurveTable active, velocity, passive;
};

// What no frame changes: the shortest length along the tendon, and scales of the tables.
struct FibreScales {
  explicit FibreScales(const Fibres& fibres);
  std::vector<double> shortest, pieces_per_metre, per_speed;
};

// One frame: force along the tendon at full activation, and passive force, of every muscle.
void fibre_forces(const Fibres& fibres, const FibreScales& scales, const double* lengths, const double* speeds,
                  double* active, double* passive);

}  // namespace kinechain
