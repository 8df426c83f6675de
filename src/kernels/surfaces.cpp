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

// A piece around a cylinder, seen along its axis; index 0 is p's end and 1 is q's.
struct Around {
  double r, turn, delta, arc, rise;
  double rho[2], tangent[2];  // distances from the axis, and along the tangents
  double up[2];               // share of the rise by which a touching point is nearer to the other end
  bool slides[2];
};

// Slopes of a length by both distances from the axis, by the angle between the ends, and by the rise.
struct Slopes {
  double by_rho[2], by_delta, by_rise;
};

Around look_along_axis(const double* p, const double* q, double r, double turn, double delta, const double* rho) {
  Around a{r, turn, delta, 0.0, q[2] - p[2], {rho[0], rho[1]}, {}, {}, {}};
  double theta = turn * delta;
  for (int i = 0; i < 2; ++i) {
    a.tangent[i] = std::sqrt(std::max(rho[i] * rho[i] - r * r, kTouching * kTouching));
    theta -= std::atan2(a.tangent[i], r);
  }
  theta = std::fmod(theta, kTurn);
  a.arc = r * (theta < 0.0 ? theta + kTurn : theta);
  // OpenSim slides the touching points along the axis into a plane through both ends that is level along the bisector.
  const double cotangent = 1.0 / std::tan(delta / 2);
  for (int i = 0; i < 2; ++i) {
    a.up[i] = a.tangent[i] * (a.tangent[i] + turn * r * cotangent) / (rho[i] * (rho[0] + rho[1]));
    a.slides[i] = a.up[i] > 0.0 && a.up[i] < 2.0;
    if (!a.slides[i]) a.up[i] = 0.0;
  }
  return a;
}

Slopes take_shortest(Around& a, BentPiece& out) {
  const double level = a.tangent[0] + a.arc + a.tangent[1];
  Slopes slopes;
  double by_level;
  out.length = slanted(level, a.rise, by_level, slopes.by_rise);
  out.arc = out.length * a.arc / level;
  slopes.by_delta = by_level * a.turn * a.r;
  for (int i = 0; i < 2; ++i) {
    slopes.by_rho[i] = by_level * a.tangent[i] / a.rho[i];
    a.up[i] = a.tangent[i] / level;
  }
  return slopes;
}

Slopes take_bisected(const Around& a, BentPiece& out) {
  const double between = 1.0 - a.up[0] - a.up[1], sum = a.rho[0] + a.rho[1];
  double level_arc, climb_arc, level[2], climb[2];
  out.length = out.arc = slanted(a.arc, between * a.rise, level_arc, climb_arc);
  Slopes slopes{{}, level_arc * a.turn * a.r, between * climb_arc};
  for (int i = 0; i < 2; ++i) {
    out.length += slanted(a.tangent[i], a.up[i] * a.rise, level[i], climb[i]);
    slopes.by_rise += a.up[i] * climb[i];
    slopes.by_rho[i] = (level[i] * a.rho[i] - level_arc * a.r * a.r / a.rho[i]) / a.tangent[i];
  }
  for (int i = 0; i < 2; ++i) {
    if (!a.slides[i]) continue;
    const double by_up = (climb[i] - climb_arc) * a.rise, sine = std::sin(a.delta / 2);
    const double sideways = a.turn * a.r / std::tan(a.delta / 2);
    slopes.by_rho[i] += by_up * ((2 * a.tangent[i] + sideways) / (a.tangent[i] * sum) -
                                 a.up[i] * (1 / a.rho[i] + 1 / sum));
    slopes.by_rho[1 - i] -= by_up * a.up[i] / sum;
    slopes.by_delta -= by_up * a.tangent[i] * a.turn * a.r / (2 * sine * sine * a.rho[i] * sum);
  }
  return slopes;
}

Bend bend_cylinder(const Surface& s, const double* p, const double* q, Curve curve, BentPiece& out) {
  const double r = s.radii[0];
  const double square_p = p[0] * p[0] + p[1] * p[1], square_q = q[0] * q[0] + q[1] * q[1];
  if (square_p < r * r || square_q < r * r) return kInside;
  const Bend need = cylinder_need(s, p, q);
  if (need == kStraight) return need;
  const double rho[2] = {std::sqrt(square_p), std::sqrt(square_q)};
  const double delta = std::atan2(p[0] * q[1] - p[1] * q[0], p[0] * q[0] + p[1] * q[1]);
  const double turn = turns_left(s, p, q, rho[0], rho[1], delta) ? 1.0 : -1.0;
  Around a = look_along_axis(p, q, r, turn, delta, rho);
  if (std::abs(p[2] + a.up[0] * a.rise) > s.half_length && std::abs(q[2] - a.up[1] * a.rise) > s.half_length)
    return kStraight;
  const Slopes slopes = curve == kShortest ? take_shortest(a, out) : take_bisected(a, out);
  const double* ends[2] = {p, q};
  double* gradients[2] = {out.gradient_p, out.gradient_q};
  double* touches[2] = {out.first, out.last};
  for (int i = 0; i < 2; ++i) {
    const double sign = i == 0 ? -1.0 : 1.0, x = ends[i][0] / rho[i], y = ends[i][1] / rho[i];
    const double around = sign * slopes.by_delta / rho[i];
    const double cosine = r / rho[i], sine = -sign * turn * a.tangent[i] / rho[i];
    gradients[i][0] = slopes.by_rho[i] * x - around * y;
    gradients[i][1] = slopes.by_rho[i] * y + around * x;
    gradients[i][2] = sign * slopes.by_rise;
    touches[i][0] = r * (cosine * x - sine * y);
    touches[i][1] = r * (cosine * y + sine * x);
    touches[i][2] = ends[i][2] - sign * a.up[i] * a.rise;
  }
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
