// How muscles share a demand: least weighted sum of powers of activation, frame by frame, solved in the multipliers.
#pragma once

#include <vector>

#include "tree.hpp"

namespace kinechain {

// How one frame ended.
enum BalanceStatus : Index { kBalanced = 1, kNotBalanced = 0, kNotAsked = 2 };

// minimise  sum_i weight_i a_i^exponent + sum_j (reserve_j / reserve_force_j)^2
// subject to  sum_i moment_ji a_i + reserve_j = demand_j,  low_i <= a_i <= high_i
//
// Its dual is convex and smooth in one multiplier per row; semismooth Newton with an exact search along each step.
class Balance {
 public:
  // pattern: for each muscle the rows it may turn, ascending; start has one more item than there are muscles.
  Balance(std::vector<Index> start, std::vector<Index> rows, Index row_count);

  Index muscle_count() const { return static_cast<Index>(start_.size()) - 1; }
  Index row_count() const { return row_count_; }

  const double *weight = nullptr, *low = nullptr, *high = nullptr, *reserve_force = nullptr;
  double exponent = 2.0, tolerance = 1e-8;
  Index max_iterations = 200;

  // Moments of the frame in the order of the pattern, to be filled before solve.
  std::vector<double> moments;

  // Solves from `multipliers`, which it moves; returns whether it converged, and how far the rows are from the demand.
  bool solve(const double* demand, double* multipliers, double* activations, double& residual, Index& iterations);

 private:
  double activation(Index muscle, double pull) const;
  double steepness(Index muscle, double a) const;
  void pull_of(const double* multipliers, std::vector<double>& pull) const;
  double slope_along(double step) const;
  void fill_matrix(const double* activations);
  bool newton_step(const double* activations);
  double search(double slope) const;

  // Neighbouring rows that one muscle turns: moments from `first` on belong to the rows from `row` on.
  struct Run {
    Index row, first, count;
  };

  std::vector<Index> start_, rows_;
  std::vector<Run> runs_;
  std::vector<Index> run_start_;
  Index row_count_;
  // Work space: one frame after another uses it again.
  std::vector<double> pull_, pull_step_, error_, step_, matrix_, offset_;
  mutable double fixed_slope_ = 0.0, fixed_growth_ = 0.0;
};

}  // namespace kinechain
