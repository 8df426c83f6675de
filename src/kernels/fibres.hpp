// Force of muscle fibres from tabulated Hill-type curves, tendons rigid.
#pragma once

#include <cstddef>

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

// One frame: force along the tendon at full activation, and passive force, of every muscle.
void fibre_forces(const Fibres& fibres, const double* lengths, const double* speeds, double* active, double* passive);

}  // namespace kinechain
