// Columns at a uniform rate: low-pass filter and quintic spline.
// Twins: src/kinechain/motion/smooth.py and src/kinechain/loads/kinematics.py,
// src/kinechain/loads/external_loads.py.
#pragma once

#include <cstddef>
#include <vector>

namespace kinechain {

// Third-order Butterworth forwards and backwards over (time, column); padded by reflection in the end points.
// frequency in cycles per sample, 0 < frequency < 1/2; padding < times.
void low_pass(const double* values, std::size_t times, std::size_t columns, double frequency, std::size_t padding,
              double* out);

// Natural quintic spline through (time, column) at unit steps: first and second derivative per step at the samples.
// times >= 6.
void quintic_rates(const double* values, std::size_t times, std::size_t columns, double* first, double* second);

// Natural cubic spline through (time, column) at ascending times, at other times; NaN outside. times >= 2.
void cubic_spline(const double* at, std::size_t times, const double* values, std::size_t columns, const double* wanted,
                  std::size_t wishes, double* out);

}  // namespace kinechain
