#include "tissues.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace kinechain {

namespace {

// A give is found when it moves no further than this, rad: what the twin's halvings leave.
constexpr double kSettled = 1e-13;
constexpr int kMostSteps = 200;

// Moment that the tissues carry when the arch gives, and its growth.
void carry(const TissueLaws& laws, const double* lengths, const double* arms, double give, double& moment,
           double& growth) {
  moment = growth = 0.0;
  for (Index i = 0; i < laws.count(); ++i) {
    if (arms[i] == 0.0 || laws.function[i] < 0) continue;
    const Jet t = laws.tension(i, lengths[i] - arms[i] * give);
    moment -= t.value * arms[i];
    growth += t.first * arms[i] * arms[i];
  }
}

// Where the last tissue becomes slack.
double slack_give(const TissueLaws& laws, const double* lengths, const double* arms, double most) {
  double lowest = std::numeric_limits<double>::infinity();
  for (Index i = 0; i < laws.count(); ++i)
    if (arms[i] < 0.0 && laws.function[i] >= 0) lowest = std::min(lowest, (laws.slack[i] - lengths[i]) / -arms[i]);
  return std::isfinite(lowest) ? std::max(lowest, -most) : 0.0;
}

// Newton's steps, kept between what is too little and what is enough; halved where they do not get on.
double enough_give(const TissueLaws& laws, const double* lengths, const double* arms, double wanted, double most) {
  double low = -most, high = most, at = 0.0;
  for (int step = 0; step < kMostSteps && high - low > kSettled; ++step) {
    double moment, growth;
    carry(laws, lengths, arms, at, moment, growth);
    (moment >= wanted ? high : low) = at;
    const double next = at - (moment - wanted) / growth;
    if (std::fabs(next - at) <= kSettled) return next;
    at = step % 4 == 3 || !(next > low && next < high) ? 0.5 * (low + high) : next;
  }
  return high;
}

}  // namespace

Jet TissueLaws::tension(Index tissue, double length) const {
  const double strain = length / slack[tissue] - 1.0;
  if (function[tissue] < 0 || std::isnan(strain)) return {std::isnan(strain) ? strain : 0.0, 0.0, 0.0};
  if (strain < 0.0) return {0.0, 0.0, 0.0};
  const Jet t = functions.evaluate(function[tissue], strain);
  if (!(t.value > 0.0)) return {0.0, 0.0, 0.0};
  return {t.value, t.first / slack[tissue], 0.0};
}

ArchStatus solve_arch(const TissueLaws& laws, const double* lengths, const double* arms, double moment, double most,
                      double& give) {
  give = std::numeric_limits<double>::quiet_NaN();
  bool is_known = std::isfinite(moment);
  for (Index i = 0; i < laws.count(); ++i) is_known = is_known && std::isfinite(lengths[i]) && std::isfinite(arms[i]);
  if (!is_known) return kArchUnknown;
  double carried, growth;
  carry(laws, lengths, arms, most, carried, growth);
  if (carried < moment) return kArchTooMuch;
  give = moment > 0.0 ? enough_give(laws, lengths, arms, moment, most)
                      : std::min(slack_give(laws, lengths, arms, most), 0.0);
  return kArchSolved;
}

}  // namespace kinechain
