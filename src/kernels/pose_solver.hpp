// The poses whose markers lie nearest to their targets. Twin: src/kinechain/body/newton.py.
#pragma once

#include <vector>

#include "tree.hpp"

namespace kinechain {

enum Status : Index { kSkipped = 0, kConverged = 1, kStalled = 2 };

// Borrowed arrays; what each holds is said by Problem in newton.py.
struct Problem {
  Index frames, wishes, start_rows;
  const double *low, *high;           // (input)
  const double *targets, *weights;    // (time, marker, 3), (marker)
  const double* wanted;               // (time, wish)
  const Index* wanted_coordinate;     // (wish)
  const double* wanted_weights;       // (wish)
  const Index *is_held, *is_usable;   // (input), (time)
  const double* starts;               // (1 or time, input)
  bool is_chained;
  double tolerance;
  Index max_iterations;
};

struct Track {
  std::vector<double> inputs, marker_error, objective;  // (time, input), (time, marker), (time)
  std::vector<Index> iterations, status;                // (time)
};

Track solve_frames(const Tree& tree, const Problem& problem);

// Objective, gradient (input), Gauss-Newton and exact Hessian (input, input) of one frame at z.
double evaluate_objective(const Tree& tree, const Problem& problem, Index frame, const double* z, double* gradient,
                          double* gauss_newton, double* exact);

}  // namespace kinechain
