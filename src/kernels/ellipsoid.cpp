// A piece of a path bent around an ellipsoid.
//
// OpenSim cuts the ellipsoid by a plane through both ends and a third point c on the surface; the path is the taut
// string in that plane. Stretched to a unit sphere the cut is a circle, so its tangents have closed forms; the arc is a
// smooth integral. c follows from both ends in a chain of small steps; its derivative is taken backwards through the
// same chain. Twin: src/kinechain/body/path_ellipsoid.py.
#include <algorithm>
#include <cmath>

#include "surfaces.hpp"

namespace kinechain {

namespace {

constexpr double kTurn = 6.283185307179586476925286766559;
// OpenSim's numbers (WrapEllipsoid.cpp): where the choice of the plane fades from one rule into the other, how near to
// the ends of the chord it fades, and of its fan of 300 samples the part that it sums, as an integral.
constexpr double kFanOnly = 0.7073, kAxisOnly = 0.9, kEdge = 0.3;
constexpr double kFanFirst = 0.5 / 300.0, kFanLast = 298.5 / 300.0;

// Gauss-Legendre points and weights on [0, 1]; those of the arc in pairs.
constexpr int kFanPoints = 4, kArcPoints = 12;
constexpr int kMostSteps = 40;
// Roots are found to the first; the next step would be its square, so that many at once stop at the second. Points as
// near to a plane of symmetry as the third are put beside it.
constexpr double kRoot = 1e-10, kNearRoot = 1e-6, kOnPlane = 1e-12;
struct Rule {
  double at[kArcPoints], weight[kArcPoints];
};

Rule gauss(int n) {
  Rule rule{};
  for (int i = 0; i < n; ++i) {
    double x = std::cos(kTurn / 2 * (i + 0.75) / (n + 0.5)), slope = 1.0;
    for (int step = 0; step < 100; ++step) {
      double before = 1.0, now = x;
      for (int k = 2; k <= n; ++k) {
        const double next = ((2 * k - 1) * x * now - (k - 1) * before) / k;
        before = now;
        now = next;
      }
      slope = n * (x * now - before) / (x * x - 1.0);
      const double change = now / slope;
      x -= change;
      if (std::abs(change) < 1e-16) break;
    }
    rule.at[i] = 0.5 - 0.5 * x;
    rule.weight[i] = 1.0 / ((1.0 - x * x) * slope * slope);
  }
  return rule;
}

const Rule kFanRule = gauss(kFanPoints), kArcRule = gauss(kArcPoints);

struct Vector {
  double x[3];
  double& operator[](int i) { return x[i]; }
  double operator[](int i) const { return x[i]; }
};
Vector operator+(const Vector& a, const Vector& b) { return {{a[0] + b[0], a[1] + b[1], a[2] + b[2]}}; }
Vector operator-(const Vector& a, const Vector& b) { return {{a[0] - b[0], a[1] - b[1], a[2] - b[2]}}; }
Vector operator*(double s, const Vector& a) { return {{s * a[0], s * a[1], s * a[2]}}; }
Vector times(const Vector& a, const Vector& b) { return {{a[0] * b[0], a[1] * b[1], a[2] * b[2]}}; }
Vector over(const Vector& a, const Vector& b) { return {{a[0] / b[0], a[1] / b[1], a[2] / b[2]}}; }
double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
double norm(const Vector& a) { return std::sqrt(dot(a, a)); }
Vector cross(const Vector& a, const Vector& b) {
  return {{a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}};
}
Vector unit(const Vector& a) { return (1.0 / norm(a)) * a; }

// The point of the ellipsoid nearest to x; with flat >= 0 in the plane through x across that axis.
struct Nearest {
  double t;
  Vector point, along, share;  // along: half the gradient of the condition on t; share: a^2 / (t + a^2)
  double bend;                 // derivative of the condition by t

  // Derivative and its transpose are one symmetric matrix.
  Vector pull(const Vector& back) const { return times(share, back) + (2.0 * dot(along, back) / bend) * along; }
};

// Condition: F = sum of a^2 x^2 / (t + a^2)^2 = 1. Newton's method on 1 / sqrt(F), which is nearly a straight line,
// from the left of the root (Moré and Sorensen's for trust regions).
Nearest nearest(const Vector& a, Vector x, int flat) {
  double t = -INFINITY;
  for (int i = 0; i < 3; ++i) {
    if (i == flat) continue;
    if (std::abs(x[i]) < kOnPlane) x[i] = x[i] < 0 ? -kOnPlane : kOnPlane;
    t = std::max(t, a[i] * std::abs(x[i]) - a[i] * a[i]);
  }
  const double least = t;
  Nearest out;
  for (int step = 0; step < kMostSteps; ++step) {
    double sum = 0.0;
    out.bend = 0.0;
    for (int i = 0; i < 3; ++i) {
      if (i == flat) {
        out.along[i] = 0.0;
        out.share[i] = 1.0;
        continue;
      }
      const double square = a[i] * a[i], reach = 1.0 / (t + square);
      out.share[i] = square * reach;
      out.along[i] = square * x[i] * reach * reach;
      sum += out.along[i] * x[i];
      out.bend -= 2.0 * out.along[i] * x[i] * reach;
    }
    const double change = 2.0 * sum * (1.0 - std::sqrt(sum)) / out.bend;
    if (!(std::abs(change) > kRoot)) break;
    t = std::max(least, t + change);
  }
  out.t = t;
  out.point = times(out.share, x);
  return out;
}

// The same condition for many points inside at once: only t.
template <int N>
void nearest_roots(const Vector& a, const double (&x)[3][N], double (&t)[N]) {
  double square[3], least[N], size[3][N];
  for (int i = 0; i < 3; ++i) square[i] = a[i] * a[i];
  for (int k = 0; k < N; ++k) {
    least[k] = -INFINITY;
    for (int i = 0; i < 3; ++i) {
      size[i][k] = square[i] * x[i][k] * x[i][k];
      least[k] = std::max(least[k], a[i] * std::abs(x[i][k]) - square[i]);
    }
    t[k] = least[k];
  }
  for (int step = 0; step < kMostSteps; ++step) {
    double change[N];
    for (int k = 0; k < N; ++k) {
      const double u = t[k] + square[0], v = t[k] + square[1], w = t[k] + square[2], one = 1.0 / (u * v * w);
      const double ru = v * w * one, rv = u * w * one, rw = u * v * one;
      const double su = size[0][k] * ru * ru, sv = size[1][k] * rv * rv, sw = size[2][k] * rw * rw;
      const double sum = su + sv + sw;
      // sqrt(sum) - 1, but for the third order in sum - 1; never more, so that no step overshoots
      const double excess = 2.0 * (sum - 1.0) / (sum + 3.0);
      change[k] = sum * excess / (su * ru + sv * rv + sw * rw);
      const double next = t[k] + change[k];
      t[k] = next > least[k] ? next : least[k];
    }
    double most = 0.0;
    for (int k = 0; k < N; ++k) most = std::max(most, std::abs(change[k]));
    if (!(most > kNearRoot)) break;  // the step just taken left its square
  }
}

// What the derivative of the third point is gathered in: by p, by q, and by places on the chord q + l (p - q).
struct Backward {
  Vector by_q{{0, 0, 0}}, by_chord{{0, 0, 0}};

  void place(const Vector& back, double l) {
    by_q = by_q + back;
    by_chord = by_chord + l * back;
  }
  // A place whose l is where the chord meets the surface.
  void meets(double back, double l, const Vector& normal, const Vector& chord) {
    place((-back / dot(normal, chord)) * normal, l);
  }
  // A place whose l is where the chord crosses the plane across an axis.
  void crosses(double back, double l, int axis, const Vector& chord) {
    Vector e{{0, 0, 0}};
    e[axis] = -back / chord[axis];
    place(e, l);
  }
};

// The third point of the plane, and its derivative backwards.
class ThirdPoint {
 public:
  ThirdPoint(const Vector& a, const Vector& q, const Vector& chord, double enter, double leave, Index method)
      : a_(a), q_(q), chord_(chord), enter_(enter), leave_(leave), method_(method) {}

  Vector find(Index axis, double sign) {
    point_ = method_ == 1 ? nearest_to(middle_, at(0.5 * (enter_ + leave_))) : by_rules();
    flips_ = axis >= 0 && (point_[axis] >= 0.0) != (sign > 0.0);
    if (!flips_) return point_;
    axis_ = axis;
    before_flip_ = point_[axis];
    point_[axis] = -(1.0 - fan_) * before_flip_;
    if (fan_ > 0.0) {
      flipped_ = nearest(a_, point_, fan_ == 1.0 ? static_cast<int>(axis) : -1);
      point_ = flipped_.point;
    }
    return point_;
  }

  Backward pull(Vector back) const {
    Backward out;
    double by_fan = 0.0;
    if (flips_) {
      if (fan_ > 0.0) back = flipped_.pull(back);
      by_fan = back[axis_] * before_flip_;
      back[axis_] *= -(1.0 - fan_);
    }
    if (method_ == 1) {
      pull_middle(middle_.pull(back), out);
      return out;
    }
    if (fan_ > 0.0 && fan_ < 1.0) {
      back = blended_.pull(back);
      by_fan += dot(back, fanned_.point - on_axis_.point);
      pull_weight(by_fan, out);
    }
    if (fan_ < 1.0) pull_axis((1.0 - fan_) * back, out);
    if (fan_ > 0.0) pull_fan(fan_ * back, out);
    return out;
  }

 private:
  Vector at(double l) const { return q_ + l * chord_; }
  Vector normal(double l) const { return over(over(at(l), a_), a_); }

  Vector nearest_to(Nearest& kept, const Vector& x) {
    kept = nearest(a_, x, -1);
    return kept.point;
  }

  Vector by_rules() {
    best_ = 0;
    for (int i = 1; i < 3; ++i)
      if (std::abs(chord_[i]) > std::abs(chord_[best_])) best_ = i;
    const double along = std::abs(chord_[best_]) / norm(chord_);
    crossing_ = -q_[best_] / chord_[best_];
    part_ = (crossing_ - enter_) / (leave_ - enter_);
    fade_ = 1.0;
    if (method_ == 2) {
      fan_ = 0.0;
    } else if (along <= kFanOnly) {
      fan_ = 1.0;
    } else {
      fade_ = std::clamp(std::min(part_, 1.0 - part_) / kEdge, 0.0, 1.0);
      fan_ = std::clamp(1.0 - fade_ * (along - kFanOnly) / (kAxisOnly - kFanOnly), 0.0, 1.0);
    }
    if (fan_ < 1.0) on_axis_ = nearest(a_, at(crossing_), best_);
    if (fan_ == 0.0) return on_axis_.point;
    find_fan();
    if (fan_ == 1.0) return fanned_.point;
    blended_ = nearest(a_, (1.0 - fan_) * on_axis_.point + fan_ * fanned_.point, -1);
    return blended_.point;
  }

  // The mean direction from the chord to the surface jumps where the chord crosses the plane across the shortest axis.
  void find_fan() {
    int shortest = 0;
    for (int i = 1; i < 3; ++i)
      if (a_[i] < a_[shortest]) shortest = i;
    shortest_ = shortest;
    split_at_ = -q_[shortest] / chord_[shortest];
    split_ = (split_at_ - enter_) / (leave_ - enter_);
    parts_ = split_ > kFanFirst && split_ < kFanLast ? 2 : 1;
    sum_ = {{0, 0, 0}};
    for (int part = 0; part < parts_; ++part) {
      const double from = part == 0 ? kFanFirst : split_, to = part == parts_ - 1 ? kFanLast : split_;
      double x[3][kFanPoints], t[kFanPoints];
      for (int k = 0; k < kFanPoints; ++k) {
        blades_[part][k].l = enter_ + (from + (to - from) * kFanRule.at[k]) * (leave_ - enter_);
        const Vector at_blade = at(blades_[part][k].l);
        for (int i = 0; i < 3; ++i)
          x[i][k] = std::abs(at_blade[i]) < kOnPlane ? std::copysign(kOnPlane, at_blade[i]) : at_blade[i];
      }
      nearest_roots<kFanPoints>(a_, x, t);
      for (int k = 0; k < kFanPoints; ++k) {
        Blade& blade = blades_[part][k];
        Vector y;
        blade.bend = 0.0;
        for (int i = 0; i < 3; ++i) {
          blade.reach[i] = 1.0 / (t[k] + a_[i] * a_[i]);
          y[i] = blade.reach[i] * x[i][k];
          blade.along[i] = a_[i] * a_[i] * y[i] * blade.reach[i];
          blade.bend -= 2.0 * a_[i] * a_[i] * y[i] * y[i] * blade.reach[i];
        }
        blade.size = norm(y);
        blade.direction = (1.0 / blade.size) * y;
        sum_ = sum_ + ((to - from) * kFanRule.weight[k]) * blade.direction;
      }
    }
    fanned_ = nearest(a_, at(0.5 * (enter_ + leave_)) + unit(sum_), -1);
  }

  void pull_middle(const Vector& back, Backward& out) const {
    const double l = 0.5 * (enter_ + leave_), by_l = 0.5 * dot(back, chord_);
    out.place(back, l);
    out.meets(by_l, enter_, normal(enter_), chord_);
    out.meets(by_l, leave_, normal(leave_), chord_);
  }

  void pull_axis(const Vector& back, Backward& out) const {
    Vector x = on_axis_.pull(back);
    x[best_] = 0.0;  // stays in the plane across the axis
    out.place(x, crossing_);
    out.crosses(dot(x, chord_), crossing_, best_, chord_);
  }

  // By the weight of the fan, which follows from how the chord runs along its main axis and where it crosses.
  void pull_weight(double back, Backward& out) const {
    const double length = norm(chord_), along = std::abs(chord_[best_]) / length, span = kAxisOnly - kFanOnly;
    const double by_along = -back * fade_ / span, by_fade = -back * (along - kFanOnly) / span;
    Vector slope = (-along / (length * length)) * chord_;
    slope[best_] += (chord_[best_] < 0 ? -1.0 : 1.0) / length;
    out.by_chord = out.by_chord + by_along * slope;
    if (fade_ <= 0.0 || fade_ >= 1.0) return;
    const double by_part = (part_ < 0.5 ? by_fade : -by_fade) / kEdge, width = leave_ - enter_;
    out.crosses(by_part / width, crossing_, best_, chord_);
    out.meets(-by_part * (1.0 - part_) / width, enter_, normal(enter_), chord_);
    out.meets(-by_part * part_ / width, leave_, normal(leave_), chord_);
  }

  void pull_fan(Vector back, Backward& out) const {
    back = fanned_.pull(back);
    pull_middle(back, out);
    const double size = norm(sum_);
    const Vector mean = (1.0 / size) * sum_;
    const Vector by_sum = (1.0 / size) * (back - dot(mean, back) * mean);
    double by_enter = 0.0, by_leave = 0.0, by_split = 0.0;
    for (int part = 0; part < parts_; ++part) {
      const double from = part == 0 ? kFanFirst : split_, to = part == parts_ - 1 ? kFanLast : split_;
      for (int k = 0; k < kFanPoints; ++k) {
        const Blade& blade = blades_[part][k];
        const double weight = (to - from) * kFanRule.weight[k];
        const Vector by_y =
            (weight / blade.size) * (by_sum - dot(blade.direction, by_sum) * blade.direction);
        const Vector x = at(blade.l);
        const Vector slope = times(times(blade.reach, blade.reach), x);
        const Vector by_x = times(blade.reach, by_y) + (2.0 * dot(slope, by_y) / blade.bend) * blade.along;
        const double by_l = dot(by_x, chord_), u = from + (to - from) * kFanRule.at[k];
        out.place(by_x, blade.l);
        by_enter += by_l * (1.0 - u);
        by_leave += by_l * u;
        if (parts_ == 1) continue;
        const double by_u = by_l * (leave_ - enter_), by_width = kFanRule.weight[k] * dot(blade.direction, by_sum);
        by_split += part == 0 ? by_u * kFanRule.at[k] + by_width : by_u * (1.0 - kFanRule.at[k]) - by_width;
      }
    }
    if (parts_ == 2) {
      const double width = leave_ - enter_;
      out.crosses(by_split / width, split_at_, shortest_, chord_);
      by_enter -= by_split * (1.0 - split_) / width;
      by_leave -= by_split * split_ / width;
    }
    out.meets(by_enter, enter_, normal(enter_), chord_);
    out.meets(by_leave, leave_, normal(leave_), chord_);
  }

  struct Blade {
    double l, size, bend;
    Vector reach, direction, along;
  };
  const Vector a_, q_, chord_;
  const double enter_, leave_;
  const Index method_;
  int best_ = 0, shortest_ = 0, parts_ = 1;
  Index axis_ = -1;
  bool flips_ = false;
  double crossing_ = 0, part_ = 0, fade_ = 1, fan_ = 0, split_at_ = 0, split_ = 0, before_flip_ = 0;
  Vector point_, sum_;
  Nearest middle_, on_axis_, fanned_, blended_, flipped_;
  Blade blades_[2][kFanPoints];
};

// The taut string in the plane with normal n through p, q and c: its length and its derivatives.
struct Section {
  double length, arc;
  Vector first, last;
  Vector pull_p, pull_q;         // directions of the straight ends, from the surface
  double lift_p, lift_q, lift_c;  // by shifts of p, q and c out of the plane

  Section(const Vector& a, const Vector& p, const Vector& q, const Vector& c, const Vector& n) {
    const Vector sp = over(p, a), sq = over(q, a), sc = over(c, a), m = unit(times(n, a));
    const Vector centre = dot(m, sc) * m;
    const double r = std::sqrt(std::max(0.0, 1.0 - dot(centre, centre)));
    const double side = dot(cross(sq - sp, sc - sp), m) < 0.0 ? -1.0 : 1.0;
    const Vector e = unit(sp - centre), h = -side * cross(m, e), to_q = sq - centre;
    const double touch_p = std::acos(std::min(1.0, r / norm(sp - centre)));
    const double touch_q = std::acos(std::min(1.0, r / norm(to_q)));
    double between = std::atan2(dot(to_q, h), dot(to_q, e));
    double angle = std::fmod(between - touch_p - touch_q, kTurn);
    if (angle < 0.0) angle += kTurn;
    const Vector A = r * times(a, e), B = r * times(a, h), middle = times(a, centre);
    const auto on = [&](double x) { return middle + std::cos(x) * A + std::sin(x) * B; };
    first = on(touch_p);
    last = on(touch_p + angle);
    integrate(a, p, q, c, n, A, B, middle, touch_p, angle);
    const auto ending = [&](const Vector& end, const Vector& touch, double x, double sign, Vector& direction) {
      const Vector d = end - touch;
      const double size = norm(d);
      direction = size > 1e-9 ? (1.0 / size) * d : (sign) * unit(std::cos(x) * B - std::sin(x) * A);
      return size;
    };
    length = arc + ending(p, first, touch_p, -1.0, pull_p) + ending(q, last, touch_p + angle, 1.0, pull_q);
  }

  void integrate(const Vector& a, const Vector& p, const Vector& q, const Vector& c, const Vector& n, const Vector& A,
                 const Vector& B, const Vector& middle, double start, double angle) {
    const double size = norm(p - q), turn = norm(cross(A, B));
    const Vector x = (1.0 / size) * (p - q), y = cross(n, x);
    const Vector over_squares = over({{1, 1, 1}}, times(a, a));
    const double cx = dot(c - q, x), cy = dot(c - q, y);
    arc = lift_p = lift_q = lift_c = 0.0;
    const int panels = angle > 1.2 ? 2 : 1;
    const double width = angle / panels;
    double cosines[kArcPoints / 2], sines[kArcPoints / 2];
    for (int k = 0; k < kArcPoints / 2; ++k) {
      const double u = width * (0.5 - kArcRule.at[k]);
      cosines[k] = std::cos(u);
      sines[k] = std::sin(u);
    }
    for (int panel = 0; panel < panels; ++panel) {
      const double u = start + width * (panel + 0.5), cosine = std::cos(u), sine = std::sin(u);
      const Vector C = cosine * A + sine * B, S = cosine * B - sine * A;
      for (int k = 0; k < kArcPoints; ++k) {
        const int half = k % (kArcPoints / 2);
        const double down = k < kArcPoints / 2 ? -sines[half] : sines[half], weight = width * kArcRule.weight[half];
        const Vector r = middle + cosines[half] * C + down * S, slope = cosines[half] * S - down * C;
        const double fast = dot(slope, slope);
        arc += weight * std::sqrt(fast);
        const Vector normal = times(over_squares, r);
        const double out = dot(normal, n), in = std::sqrt(std::max(1e-300, dot(normal, normal) - out * out));
        const double lift = -weight * turn * out / (fast * in);
        const double part_c = dot(r - q, y) / cy, part_p = (dot(r - q, x) - part_c * cx) / size;
        lift_c += lift * part_c;
        lift_p += lift * part_p;
        lift_q += lift * (1.0 - part_c - part_p);
      }
    }
  }
};

}  // namespace

Bend bend_ellipsoid(const Surface& s, const double* p_m, const double* q_m, BentPiece& out) {
  // OpenSim's tolerances are for radii near 1.
  const double scale = 3.0 / (s.radii[0] + s.radii[1] + s.radii[2]);
  Vector a, p, q;
  for (int i = 0; i < 3; ++i) {
    a[i] = s.radii[i] * scale;
    p[i] = p_m[i] * scale;
    q[i] = q_m[i] * scale;
  }
  const Vector chord = p - q, f = over(chord, a), g = over(q, a), o = over(p, a);
  if (dot(o, o) < 1.0 - 1e-4 || dot(g, g) < 1.0 - 1e-4) return kInside;
  if (std::abs(dot(unit(p), unit(q)) - 1.0) < 1e-4) return kStraight;
  const double square = dot(f, f), half = dot(f, g), left = half * half - square * (dot(g, g) - 1.0);
  if (!(left >= 0.0)) return kStraight;
  const double enter = (-half + std::sqrt(left)) / square, leave = (-half - std::sqrt(left)) / square;
  if (!(enter > 0.0 && enter < 1.0 && leave > 0.0 && leave < 1.0)) return kStraight;
  ThirdPoint third(a, q, chord, enter, leave, s.method);
  const Vector c = third.find(s.axis, s.sign);
  const Vector n = unit(cross(chord, p - c));
  const Section section(a, p, q, c, n);
  const Backward back = s.needs_gradient ? third.pull(section.lift_c * n) : Backward{};
  const Vector by_p = section.pull_p + section.lift_p * n + back.by_chord;
  const Vector by_q = section.pull_q + section.lift_q * n + back.by_q - back.by_chord;
  out.length = section.length / scale;
  out.arc = section.arc / scale;
  for (int i = 0; i < 3; ++i) {
    out.gradient_p[i] = by_p[i];
    out.gradient_q[i] = by_q[i];
    out.first[i] = section.first[i] / scale;
    out.last[i] = section.last[i] / scale;
  }
  return kMustBend;
}

}  // namespace kinechain
