// Columns at a uniform rate: low-pass filter and quintic spline.
// Twins: src/kinechain/motion/smooth.py and src/kinechain/loads/kinematics.py.
#pragma once

#include <vector>

namespace kinechain {

// Third-order Butterworth forwards and backwards over (time, column); padded by reflection in the end points.
// frequency in cycles per sample, 0 < frequency < 1/2; padding < times.
void low_pass(const double* values, std::size_t times, std::size_t columns, double frequency, std::size_t padding,
              double* out);

// Natural quintic spline through (time, column) at unit steps: first and second derivative per step at the samples.
// times >= 6.
void quintic_rates(const double* values, std::size_t times, std::size_t columns, double* first, double* second);

}  // namespace kinechain
