#include "fibres.hpp"

#include <algorithm>
#include <cmath>

namespace kinechain {

namespace {

// As kinechain.body.hill has them.
constexpr double kLongest = 2.0, kFastest = 1.0, kLeastCosine = 0.1, kLeastLength = 0.01;

}  // namespace

inline double CurveTable::at(Index curve, double x) const {
  const Index piece = std::min(static_cast<Index>(x), pieces - 1);
  const double* c = coefficients + 4 * (curve * pieces + piece);
  const double s = x - static_cast<double>(piece);
  if (s <= 1.0) return c[0] + s * (c[1] + s * (c[2] + s * c[3]));
  return c[0] + c[1] + c[2] + c[3] + (c[1] + 2.0 * c[2] + 3.0 * c[3]) * (s - 1.0);
}

FibreScales::FibreScales(const Fibres& f) {
  const double least_slope = kLeastCosine / std::sqrt(1.0 - kLeastCosine * kLeastCosine);
  for (Index m = 0; m < f.count; ++m) {
    shortest.push_back(std::max(f.height[m] * least_slope, kLeastLength * f.length[m]));
    pieces_per_metre.push_back(static_cast<double>(f.active.pieces) / kLongest / f.length[m]);
    per_speed.push_back(1.0 / f.speed[m]);
  }
}

void fibre_forces(const Fibres& f, const FibreScales& scales, const double* lengths, const double* speeds,
                  double* active, double* passive) {
  const double speed_scale = static_cast<double>(f.velocity.pieces) / (2.0 * kFastest);
  const double last_length = static_cast<double>(f.active.pieces);
  for (Index m = 0; m < f.count; ++m) {
    const double along = lengths[m] - f.slack[m];
    // Written so that a length that is no number gives a force that is none, and never an index.
    if (!(along >= scales.shortest[m]) || !std::isfinite(along) || !std::isfinite(speeds[m])) {
      const bool is_slack = along < scales.shortest[m] && std::isfinite(speeds[m]);
      active[m] = passive[m] = is_slack ? 0.0 : std::nan("");
      continue;
    }
    const double square = along * along + f.height[m] * f.height[m];
    const double per_fibre = 1.0 / std::sqrt(square), cosine = along * per_fibre;
    // Far beyond every table a fibre is torn; the bound only keeps the index an index.
    const double stretch = std::min(square * per_fibre * scales.pieces_per_metre[m], 1e9);
    const double quick = std::clamp(speeds[m] * cosine * scales.per_speed[m], -kFastest, kFastest);
    const double along_tendon = f.force[m] * cosine;
    active[m] = along_tendon * f.active.at(f.curve[m], std::min(stretch, last_length)) *
                f.velocity.at(f.curve[m], (quick + kFastest) * speed_scale);
    passive[m] = f.has_passive[m] != 0.0 ? along_tendon * f.passive.at(f.curve[m], stretch) : 0.0;
  }
}

}  // namespace kinechain
