#include "surfaces.hpp"

#include <algorithm>
#include <cmath>

namespace kinechain {

namespace {

constexpr double kTurn = 6.283185307179586476925286766559;
// Below this distance (m) a point counts as lying on the surface.
constexpr double kTouching = 1e-9;

double dot(const double* a, const double* b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

bool is_on_side(const Surface& s, const double* p) { return (p[s.axis] >= 0.0) == (s.sign > 0.0); }

// Whether a straight piece misses, may or must bend, and for a cylinder whether the half that may be touched matters.
Bend cylinder_need(const Surface& s, const double* p, const double* q) {
  const double dx = q[0] - p[0], dy = q[1] - p[1], square = dx * dx + dy * dy;
  const double t = -(p[0] * dx + p[1] * dy) / square;
  const double near[3] = {p[0] + t * dx, p[1] + t * dy, p[2] + t * (q[2] - p[2])};
  const bool meets = near[0] * near[0] + near[1] * near[1] < s.radii[0] * s.radii[0] && t > 0.0 && t < 1.0;
  if (s.axis < 0) return meets ? kMustBend : kStraight;
  const bool p_on = is_on_side(s, p), q_on = is_on_side(s, q);
  if (!p_on && !q_on) return kMayBend;
  if (meets) return kMustBend;
  return p_on != q_on && !is_on_side(s, near) ? kMayBend : kStraight;
}

// Whether a cylinder is passed counter-clockwise about z, seen from p to q.
bool turns_left(const Surface& s, const double* p, const double* q, double rho_p, double rho_q, double delta) {
  if (s.axis < 0) return delta >= 0.0;
  const double r = s.radii[0];
  // Where the four lines from p and q touch: a is turned to the left of the point, b to the right.
  double touch[4][3];
  const double* from[2] = {p, q};
  const double rho[2] = {rho_p, rho_q};
  for (int i = 0; i < 2; ++i) {
    const double cosine = r / rho[i], sine = std::sqrt(std::max(0.0, 1.0 - cosine * cosine));
    const double x = from[i][0] / rho[i], y = from[i][1] / rho[i];
    for (int side = 0; side < 2; ++side) {
      const double turn = side == 0 ? sine : -sine;
      touch[2 * i + side][0] = r * (cosine * x - turn * y);
      touch[2 * i + side][1] = r * (cosine * y + turn * x);
      touch[2 * i + side][2] = from[i][2];
    }
  }
  const bool pa = is_on_side(s, touch[0]), pb = is_on_side(s, touch[1]);
  const bool qa = is_on_side(s, touch[2]), qb = is_on_side(s, touch[3]);
  const auto flat = [&](int i, int j) { return touch[i][0] * touch[j][0] + touch[i][1] * touch[j][1]; };
  // OpenSim's rule prefers clockwise where it cannot tell, so that right and left legs may differ; the other is fair.
  if (s.method == kShortestMethod) return pa + qb != pb + qa ? pa + qb > pb + qa : flat(0, 3) > flat(1, 2);
  if (pa != pb) return pa;
  if (qa) return false;
  if (pa || qb) return true;
  return flat(0, 3) < flat(1, 2);
}

// A way along the axis, straight in z over a level stretch; adds its length and slopes.
double slanted(double level, double rise, double& by_level, double& by_rise) {
  const double length = std::sqrt(level * level + rise * rise);
  by_level = length > 0.0 ? level / length : 1.0;
  by_rise = length > 0.0 ? rise / length : 0.0;
  return length;
}

Bend bend_cylinder(const Surface& s, const double* p, const double* q, Curve curve, BentPiece& out) {
  const double r = s.radii[0];
  const double square_p = p[0] * p[0] + p[1] * p[1], square_q = q[0] * q[0] + q[1] * q[1];
  if (square_p < r * r || square_q < r * r) return kInside;
  const Bend need = cylinder_need(s, p, q);
  if (need == kStraight) return need;
  const double rho_p = std::sqrt(square_p), rho_q = std::sqrt(square_q);
  const double delta = std::atan2(p[0] * q[1] - p[1] * q[0], p[0] * q[0] + p[1] * q[1]);
  const double turn = turns_left(s, p, q, rho_p, rho_q, delta) ? 1.0 : -1.0;
  const double tangent_p = std::sqrt(std::max(rho_p * rho_p - r * r, kTouching * kTouching));
  const double tangent_q = std::sqrt(std::max(rho_q * rho_q - r * r, kTouching * kTouching));
  const double angle_p = std::atan2(tangent_p, r), angle_q = std::atan2(tangent_q, r);
  double theta = std::fmod(turn * delta - angle_p - angle_q, kTurn);
  if (theta < 0.0) theta += kTurn;
  const double rise = q[2] - p[2], arc = r * theta;

  // OpenSim slides the tangent points along the axis into a plane that holds both ends and the bisector.
  const double sum = rho_p + rho_q, half = delta / 2, sine = std::sin(half);
  const double cotangent = std::cos(half) / sine;
  double up_p = tangent_p * (tangent_p + turn * r * cotangent) / (rho_p * sum);
  double up_q = tangent_q * (tangent_q + turn * r * cotangent) / (rho_q * sum);
  const bool slides_p = up_p > 0.0 && up_p < 2.0, slides_q = up_q > 0.0 && up_q < 2.0;
  if (!slides_p) up_p = 0.0;
  if (!slides_q) up_q = 0.0;
  if (std::abs(p[2] + up_p * rise) > s.half_length && std::abs(q[2] - up_q * rise) > s.half_length) return kStraight;

  double by_rho_p, by_rho_q, by_delta, by_rise;
  if (curve == kShortest) {
    const double level = tangent_p + arc + tangent_q;
    double by_level;
    out.length = slanted(level, rise, by_level, by_rise);
    by_rho_p = by_level * tangent_p / rho_p;
    by_rho_q = by_level * tangent_q / rho_q;
    by_delta = by_level * turn * r;
    up_p = tangent_p / level;
    up_q = tangent_q / level;
    out.arc = out.length * arc / level;
  } else {
    double level_p, rise_p, level_a, rise_a, level_q, rise_q;
    const double between = 1.0 - up_p - up_q;
    out.arc = slanted(arc, between * rise, level_a, rise_a);
    out.length = slanted(tangent_p, up_p * rise, level_p, rise_p) + out.arc +
                 slanted(tangent_q, up_q * rise, level_q, rise_q);
    const double bend_p = (rise_p - rise_a) * rise, bend_q = (rise_q - rise_a) * rise;
    by_rise = up_p * rise_p + between * rise_a + up_q * rise_q;
    by_rho_p = level_p * rho_p / tangent_p - level_a * r * r / (rho_p * tangent_p);
    by_rho_q = level_q * rho_q / tangent_q - level_a * r * r / (rho_q * tangent_q);
    by_delta = level_a * turn * r;
    if (slides_p) {
      by_rho_p += bend_p * ((2 * tangent_p + turn * r * cotangent) / (tangent_p * sum) - up_p * (1 / rho_p + 1 / sum));
      by_rho_q -= bend_p * up_p / sum;
      by_delta -= bend_p * tangent_p * turn * r / (2 * sine * sine * rho_p * sum);
    }
    if (slides_q) {
      by_rho_q += bend_q * ((2 * tangent_q + turn * r * cotangent) / (tangent_q * sum) - up_q * (1 / rho_q + 1 / sum));
      by_rho_p -= bend_q * up_q / sum;
      by_delta -= bend_q * tangent_q * turn * r / (2 * sine * sine * rho_q * sum);
    }
  }
  const double px = p[0] / rho_p, py = p[1] / rho_p, qx = q[0] / rho_q, qy = q[1] / rho_q;
  out.gradient_p[0] = by_rho_p * px + by_delta / rho_p * py;
  out.gradient_p[1] = by_rho_p * py - by_delta / rho_p * px;
  out.gradient_p[2] = -by_rise;
  out.gradient_q[0] = by_rho_q * qx - by_delta / rho_q * qy;
  out.gradient_q[1] = by_rho_q * qy + by_delta / rho_q * qx;
  out.gradient_q[2] = by_rise;
  const double cosine_p = r / rho_p, sine_p = turn * tangent_p / rho_p;
  const double cosine_q = r / rho_q, sine_q = -turn * tangent_q / rho_q;
  out.first[0] = r * (cosine_p * px - sine_p * py);
  out.first[1] = r * (cosine_p * py + sine_p * px);
  out.first[2] = p[2] + up_p * rise;
  out.last[0] = r * (cosine_q * qx - sine_q * qy);
  out.last[1] = r * (cosine_q * qy + sine_q * qx);
  out.last[2] = q[2] - up_q * rise;
  return need;
}

Bend bend_sphere(const Surface& s, const double* p, const double* q, BentPiece& out) {
  const double r = s.radii[0];
  const double far_p = std::sqrt(dot(p, p)), far_q = std::sqrt(dot(q, q));
  if (far_p < r || far_q < r) return kInside;
  const double d[3] = {q[0] - p[0], q[1] - p[1], q[2] - p[2]};
  const double t = -dot(p, d) / dot(d, d);
  const double near[3] = {p[0] + t * d[0], p[1] + t * d[1], p[2] + t * d[2]};
  if (!(dot(near, near) < r * r && t > 0.0 && t < 1.0)) return kStraight;
  const double tangent_p = std::sqrt(std::max(far_p * far_p - r * r, kTouching * kTouching));
  const double tangent_q = std::sqrt(std::max(far_q * far_q - r * r, kTouching * kTouching));
  const double normal[3] = {p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]};
  const double size = std::sqrt(dot(normal, normal));
  // A line through the centre may bend to any side.
  if (!(size > 1e-12 * far_p * far_q)) return kStraight;
  double across_p[3], across_q[3];  // unit, in the plane, square to p and to q, from p to q
  for (int i = 0; i < 3; ++i) {
    const int j = (i + 1) % 3, k = (i + 2) % 3;
    across_p[i] = (normal[j] * p[k] - normal[k] * p[j]) / (size * far_p);
    across_q[i] = (normal[j] * q[k] - normal[k] * q[j]) / (size * far_q);
  }
  const auto touch = [&](double turn) {
    const double cp = r / far_p, sp = turn * tangent_p / far_p, cq = r / far_q, sq = -turn * tangent_q / far_q;
    for (int i = 0; i < 3; ++i) {
      out.first[i] = r * (cp * p[i] / far_p + sp * across_p[i]);
      out.last[i] = r * (cq * q[i] / far_q + sq * across_q[i]);
    }
  };
  double turn = 1.0;
  touch(turn);
  if (s.axis >= 0 && !(is_on_side(s, p) && is_on_side(s, q)) &&
      (out.first[s.axis] - p[s.axis] + out.last[s.axis] - q[s.axis]) * s.sign < 0.0) {
    turn = -1.0;
    touch(turn);
  }
  const double between = std::atan2(size, dot(p, q));
  const double angle = (turn > 0 ? between : kTurn - between) - std::atan2(tangent_p, r) - std::atan2(tangent_q, r);
  out.arc = r * angle;
  out.length = tangent_p + out.arc + tangent_q;
  for (int i = 0; i < 3; ++i) {
    out.gradient_p[i] = tangent_p / far_p * p[i] / far_p - turn * r / far_p * across_p[i];
    out.gradient_q[i] = tangent_q / far_q * q[i] / far_q + turn * r / far_q * across_q[i];
  }
  return kMustBend;
}

}  // namespace

Bend bend(const Surface& surface, const double* p, const double* q, Curve curve, BentPiece& piece) {
  switch (surface.kind) {
    case kCylinder:
      return bend_cylinder(surface, p, q, curve, piece);
    case kSphere:
      return bend_sphere(surface, p, q, piece);
    default:
      return bend_ellipsoid(surface, p, q, piece);
  }
}

}  // namespace kinechain
