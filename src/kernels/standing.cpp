#include "standing.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

namespace kinechain {

namespace {

// The reasons for these values stand beside their twins in rest.py.
constexpr double kGravity = 9.80665, kSmoothness = 0.0002, kJointTolerance = 1e-8, kRootTolerance = 1e-8;
constexpr double kFirstRadius = 0.1, kLargestRadius = 0.3, kSmallestRadius = 1e-10, kLargestFall = 0.7853981633974483;
constexpr double kTie = 1e-9, kEnough = 1e-4, kDifference = 1e-6, kFeeler = 1e-3;
constexpr double kShortestWay = 1.0 / 64.0;
constexpr int kStepsOnTheWay = 20, kJointSteps = 200, kRootSteps = 60, kShifts = 60;
constexpr int kBalanceSteps = 30, kBalanceCuts = 20;
constexpr double kBalancedResidual = 1e-6;
constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

void cross(const double* a, const double* b, double* out) {
  out[0] = a[1] * b[2] - a[2] * b[1];
  out[1] = a[2] * b[0] - a[0] * b[2];
  out[2] = a[0] * b[1] - a[1] * b[0];
}

double dot(const double* a, const double* b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

double largest(const double* values, Index count) {
  double out = 0.0;
  for (Index i = 0; i < count; ++i) {
    if (std::isnan(values[i])) return kNoNumber;
    out = std::max(out, std::fabs(values[i]));
  }
  return out;
}

bool all_finite(const double* values, Index count) {
  return std::all_of(values, values + count, [](double x) { return std::isfinite(x); });
}

// A square matrix, definite or not, made ready to be solved by elimination with pivots.
class Elimination {
 public:
  // False where the matrix is singular.
  bool take(const double* matrix, Index n) {
    n_ = n;
    factor_.assign(matrix, matrix + n * n);
    pivot_.resize(n);
    for (Index k = 0; k < n; ++k) {
      Index pivot = k;
      for (Index i = k + 1; i < n; ++i)
        if (std::fabs(factor_[i * n + k]) > std::fabs(factor_[pivot * n + k])) pivot = i;
      pivot_[k] = pivot;
      if (pivot != k) std::swap_ranges(&factor_[k * n], &factor_[k * n] + n, &factor_[pivot * n]);
      const double head = factor_[k * n + k];
      if (head == 0.0 || !std::isfinite(head)) return false;
      for (Index i = k + 1; i < n; ++i) {
        const double by = factor_[i * n + k] /= head;
        for (Index j = k + 1; j < n; ++j) factor_[i * n + j] -= by * factor_[k * n + j];
      }
    }
    return true;
  }

  void solve(double* x) const {
    for (Index k = 0; k < n_; ++k) std::swap(x[k], x[pivot_[k]]);
    for (Index i = 0; i < n_; ++i)
      for (Index k = 0; k < i; ++k) x[i] -= factor_[i * n_ + k] * x[k];
    for (Index i = n_ - 1; i >= 0; --i) {
      for (Index k = i + 1; k < n_; ++k) x[i] -= factor_[i * n_ + k] * x[k];
      x[i] /= factor_[i * n_ + i];
    }
  }

 private:
  Index n_ = 0;
  std::vector<double> factor_;
  std::vector<Index> pivot_;
};

double square_sum(const double* values, Index count) {
  double out = 0.0;
  for (Index i = 0; i < count; ++i) out += values[i] * values[i];
  return out;
}

void require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(std::string("standing: ") + what);
}

// Area under one cubic piece from its knot to d beyond.
double piece_area(const double* c, double d) {
  return d * (c[0] + d * (c[1] / 2 + d * (c[2] / 3 + d * c[3] / 4)));
}

// G a - trace(G) a: the sum of (a x p) x g, where G is the sum of p g^T.
void turned_pull(const double* moment, const double* a, double* out) {
  const double trace = moment[0] + moment[4] + moment[8];
  for (int i = 0; i < 3; ++i)
    out[i] = moment[3 * i] * a[0] + moment[3 * i + 1] * a[1] + moment[3 * i + 2] * a[2] - trace * a[i];
}

// a . sum of p x g, where G is the sum of p g^T.
double turned_moment(const double* moment, const double* a) {
  return a[0] * (moment[5] - moment[7]) + a[1] * (moment[6] - moment[2]) + a[2] * (moment[1] - moment[3]);
}

// The next radius after a step of some length that kept a share of its promise.
double widened(double radius, double length, double kept) {
  return kept > 0.5 && length > 0.1 * radius ? std::min(2.0 * radius, kLargestRadius) : radius;
}

// The slope of the ramp.
double step_of(double depth) {
  const double decay = std::exp(-std::fabs(depth) / kSmoothness);
  return (depth >= 0.0 ? 1.0 : decay) / (1.0 + decay);
}

// What a pad answers at a place: energy, its gradient and Hessian by the place.
double pad_energy(const StandingCase& one, Index p, const double* place, double* gradient, double* hessian) {
  const double* n = one.pad_normal + 3 * p;
  double off[3], drift[3];
  for (int i = 0; i < 3; ++i) off[i] = place[i] - one.pad_anchor[3 * p + i];
  const double height = dot(n, off), depth = one.pad_level[p] - height;
  for (int i = 0; i < 3; ++i) drift[i] = off[i] - height * n[i];
  const double step = step_of(depth), k = one.pad_stiffness[p], h = one.pad_shear[p] * step_of(one.pad_level[p]);
  const double ramp = std::max(depth, 0.0) + kSmoothness * std::log1p(std::exp(-std::fabs(depth) / kSmoothness));
  const double press = k * ramp * step;
  const double along = k * (step * step + ramp * step * (1.0 - step) / kSmoothness) - h;
  for (int i = 0; i < 3; ++i) {
    gradient[i] = -press * n[i] + h * drift[i];
    for (int j = 0; j < 3; ++j) hessian[3 * i + j] = along * n[i] * n[j] + (i == j ? h : 0.0);
  }
  return 0.5 * (k * ramp * ramp + h * dot(drift, drift));
}

// Adds what a point p with gradient g and Hessian H gives to the sums over pads.
void add_point(const double* p, const double* g, const double* h, double* pull, double* moment, double* stiff) {
  double ph[9];  // [p]x H
  for (int j = 0; j < 3; ++j) {
    ph[j] = p[1] * h[6 + j] - p[2] * h[3 + j];
    ph[3 + j] = p[2] * h[j] - p[0] * h[6 + j];
    ph[6 + j] = p[0] * h[3 + j] - p[1] * h[j];
  }
  for (int i = 0; i < 3; ++i) {
    pull[i] += g[i];
    const double* row = ph + 3 * i;
    double* to = stiff + 6 * i;
    // - [p]x H [p]x: each row of [p]x H crossed with p from the left.
    to[0] += p[1] * row[2] - p[2] * row[1];
    to[1] += p[2] * row[0] - p[0] * row[2];
    to[2] += p[0] * row[1] - p[1] * row[0];
    for (int j = 0; j < 3; ++j) {
      moment[3 * i + j] += p[i] * g[j];
      to[3 + j] += row[j];
      stiff[6 * (3 + j) + i] += row[j];
      stiff[6 * (3 + i) + 3 + j] += h[3 * i + j];
    }
  }
}

void times_six(const double* matrix, const double* turn, const double* slide, double* out) {
  for (int i = 0; i < 6; ++i) {
    const double* row = matrix + 6 * i;
    out[i] = row[0] * turn[0] + row[1] * turn[1] + row[2] * turn[2] + row[3] * slide[0] + row[4] * slide[1] +
             row[5] * slide[2];
  }
}

void resize(StandingTerms& terms, const StandingBody& body) {
  const std::size_t n = body.free_count(), pads = body.pad_count(), directions = body.direction_count();
  terms.gradient.assign(n, 0.0);
  terms.hessian.assign(n * n, 0.0);
  terms.control_gradient.assign(n, 0.0);
  terms.control_hessian.assign(n * n, 0.0);
  terms.centre_jacobian.assign(3 * n, 0.0);
  terms.pad_position.resize(3 * pads);
  terms.pad_force.resize(3 * pads);
  terms.directions.resize(3 * directions);
  terms.direction_jacobian.assign(3 * directions * n, 0.0);
}

}  // namespace

void StandingBody::check() {
  check_functions(springs);
  const Index nodes = tree.node_count(), inputs = tree.input_count(), n = free_count();
  require(n >= kRoot && static_cast<Index>(spring.size()) == n, "every free coordinate needs a spring or -1");
  require(static_cast<Index>(pad_position.size()) == 3 * pad_count(), "every pad needs a position");
  require(static_cast<Index>(direction_vector.size()) == 3 * direction_count(), "every direction needs a vector");
  std::vector<Index> place(inputs, -1);
  for (Index i = 0; i < n; ++i) {
    require(free[i] >= 0 && free[i] < inputs && place[free[i]] < 0, "free must name inputs, each once");
    require(spring[i] >= -1 && spring[i] + 1 < static_cast<Index>(springs.start.size()),
            "spring points outside its table");
    place[free[i]] = i;
  }
  std::vector<Index> owner(nodes);
  for (Index k = 0; k < nodes; ++k) {
    const Index follows = place[tree.coordinate_input[tree.node_coordinate[k]]];
    const Index above = tree.node_parent[k] < 0 ? -1 : owner[tree.node_parent[k]];
    owner[k] = above;
    if (follows < 0) continue;
    owner[k] = static_cast<Index>(moving.size());
    moving.push_back(k);
    moving_parent.push_back(above);
    moving_free.push_back(follows);
  }
  require(static_cast<Index>(moving.size()) >= kRoot, "the root needs six nodes");
  for (Index m = 0; m < static_cast<Index>(moving.size()); ++m) {
    const Index before = m == 0 ? -1 : moving[m - 1];
    if (m < kRoot)
      require(tree.node_parent[moving[m]] == before && moving_free[m] < kRoot &&
                  tree.coordinate_driver[tree.node_coordinate[moving[m]]] < 0,
              "six nodes of the root must carry each other from the ground up");
    else
      require(moving_free[m] >= kRoot && moving_parent[m] >= kRoot - 1, "the root must carry every joint");
  }
  const auto owned = [&](const std::vector<Index>& on, std::vector<Index>& out) {
    for (Index k : on) {
      require(k >= 0 && k < nodes && owner[k] >= kRoot - 1, "the root must carry every segment, pad and direction");
      out.push_back(owner[k]);
    }
  };
  owned(pad_node, pad_owner);
  owned(direction_node, direction_owner);
  owned(tree.segment_node, segment_owner);
  areas.assign(springs.knots.size(), 0.0);
  for (std::size_t f = 0; f + 1 < springs.start.size(); ++f)
    for (Index k = springs.start[f]; k + 1 < springs.start[f + 1]; ++k)
      areas[k + 1] =
          areas[k] + piece_area(&springs.coefficients[4 * k], springs.knots[k + f + 1] - springs.knots[k + f]);
}

double StandingBody::area(Index function, double z) const {
  const Index first = springs.start[function], pieces = springs.start[function + 1] - first;
  const double* knot = springs.knots.data() + first + function;
  const Index above = std::upper_bound(knot, knot + pieces + 1, z) - knot;
  const Index piece = std::clamp<Index>(above - 1, 0, pieces - 1);
  const bool clips = springs.is_linear_outside[function] != 0;
  const double inside = clips ? std::clamp(z, knot[0], knot[pieces]) : z;
  const double* c = springs.coefficients.data() + 4 * (first + piece);
  const double d = inside - knot[piece], beyond = z - inside;
  const double edge = c[0] + d * (c[1] + d * (c[2] + d * c[3])), slope = c[1] + d * (2 * c[2] + d * 3 * c[3]);
  return areas[first + piece] + piece_area(c, d) + beyond * (edge + beyond * slope / 2);
}

void StandingSolver::Sums::add(const Sums& other) {
  double* to = &share;
  const double* from = &other.share;
  for (std::size_t i = 0; i < sizeof(Sums) / sizeof(double); ++i) to[i] += from[i];
}

StandingSolver::StandingSolver(const StandingBody& body)
    : body_(body), free_(body.free_count()), joints_(body.free_count() - kRoot) {
  const Tree& tree = body.tree;
  local_.resize(3 * tree.segment_count());
  share_.resize(tree.segment_count());
  inputs_.resize(tree.input_count());
  q_.resize(tree.coordinate_count());
  node_.resize(tree.node_count());
  frames_.resize(tree.node_count());
  motions_.resize(body.moving.size());
  sums_.resize(body.moving.size());
  by_centre_.resize(3 * body.moving.size());
  held_pads_.resize(3 * body.pad_count());
  factor_.resize(free_ * free_);
  held_.resize(free_);
}

bool StandingSolver::take(const StandingCase& one) {
  const Tree& tree = body_.tree;
  const Index segments = tree.segment_count(), pads = body_.pad_count(), directions = body_.direction_count();
  const std::pair<const double*, Index> arrays[] = {
      {one.reference, tree.input_count()}, {one.mass, segments}, {one.centre, 3 * segments},
      {one.stiffness, free_ * free_}, {one.spring_scale, free_}, {one.spring_shift, free_}, {one.tonic, free_},
      {one.pad_stiffness, pads}, {one.pad_shear, pads}, {one.pad_level, pads}, {one.pad_anchor, 3 * pads},
      {one.pad_normal, 3 * pads}, {one.centre_gain, 1}, {one.centre_target, 2}, {one.direction_gain, directions},
      {one.direction_target, 3 * directions}};
  bool holds = true;
  for (const auto& [values, count] : arrays) holds = holds && all_finite(values, count);
  mass_ = 0.0;
  for (Index s = 0; s < segments; ++s) mass_ += one.mass[s];
  for (Index s = 0; s < segments; ++s) {
    share_[s] = mass_ > 0.0 ? one.mass[s] / mass_ : kNoNumber;
    const double *r = &tree.segment_rotation[9 * s], *c = one.centre + 3 * s;
    for (int i = 0; i < 3; ++i) local_[3 * s + i] = dot(r + 3 * i, c) + tree.segment_translation[3 * s + i];
  }
  return holds && mass_ > 0.0;
}

void StandingSolver::place(const StandingCase& one, const double* values) {
  const Tree& tree = body_.tree;
  std::copy_n(one.reference, tree.input_count(), inputs_.begin());
  for (Index i = 0; i < free_; ++i) inputs_[body_.free[i]] = values[i];
  tree.coordinates(inputs_.data(), q_.data());
  for (Index n = 0; n < tree.node_count(); ++n) {
    const Index parent = tree.node_parent[n];
    node_[n] = tree.functions.evaluate(tree.node_function[n], q_[tree.node_coordinate[n]].value);
    place_node(parent < 0 ? kGround : frames_[parent], &tree.node_rotation[9 * n], &tree.node_translation[3 * n],
               tree.node_is_rotation[n] != 0, node_[n].value, frames_[n]);
  }
}

// Energy, gradient and Hessian of all that acts on coordinates; these are overwritten.
double StandingSolver::springs(const StandingCase& one, const double* values, double* gradient, double* hessian) {
  const Index n = free_;
  double energy = 0.0;
  for (Index i = 0; i < n; ++i) held_[i] = values[i] - one.reference[body_.free[i]];
  std::copy_n(one.stiffness, n * n, hessian);
  for (Index i = 0; i < n; ++i) {
    double bound = 0.0;
    for (Index j = 0; j < n; ++j) bound += one.stiffness[i * n + j] * held_[j];
    const double holds = one.tonic[i] + (one.force == nullptr ? 0.0 : one.force[i]);
    gradient[i] = bound - holds;
    energy += held_[i] * (0.5 * bound - holds);
    if (body_.spring[i] < 0) continue;
    const double at = values[i] - one.spring_shift[i];
    const Jet moment = body_.springs.evaluate(body_.spring[i], at);
    energy -= one.spring_scale[i] * (body_.area(body_.spring[i], at) - body_.area(body_.spring[i], at - held_[i]));
    gradient[i] -= one.spring_scale[i] * moment.value;
    hessian[i * n + i] -= one.spring_scale[i] * moment.first;
  }
  return energy;
}

double StandingSolver::add_pads(const StandingCase& one, StandingTerms& out) {
  double energy = 0.0;
  for (Index p = 0; p < body_.pad_count(); ++p) {
    double* at = &out.pad_position[3 * p];
    double gradient[3], hessian[9];
    point_in_world(frames_[body_.pad_node[p]], &body_.pad_position[3 * p], at);
    energy += pad_energy(one, p, at, gradient, hessian);
    Sums& sums = sums_[body_.pad_owner[p]];
    add_point(at, gradient, hessian, sums.pull, sums.moment, sums.stiff);
    for (int i = 0; i < 3; ++i) out.pad_force[3 * p + i] = -gradient[i];
  }
  return energy;
}

void StandingSolver::evaluate(const StandingCase& one, const double* values, bool with_control, StandingTerms& out) {
  const Tree& tree = body_.tree;
  const Index count = static_cast<Index>(body_.moving.size());
  resize(out, body_);
  place(one, values);
  for (Index m = 0; m < count; ++m) {
    const Index n = body_.moving[m];
    const Frame& frame = frames_[n];
    Motion& motion = motions_[m];
    const double axis[3] = {frame.rotation[2], frame.rotation[5], frame.rotation[8]};
    const bool turns = tree.node_is_rotation[n] != 0;
    for (int i = 0; i < 3; ++i) motion.turn[i] = turns ? axis[i] : 0.0;
    if (turns)
      cross(frame.origin, axis, motion.slide);
    else
      std::copy_n(axis, 3, motion.slide);
    const Jet &q = q_[tree.node_coordinate[n]], &f = node_[n];
    motion.slope = f.first * q.first;
    motion.curvature = f.second * q.first * q.first + f.first * q.second;
    sums_[m] = Sums();
  }
  std::fill_n(out.centre, 3, 0.0);
  for (Index s = 0; s < tree.segment_count(); ++s) {
    double at[3];
    point_in_world(frames_[tree.segment_node[s]], &local_[3 * s], at);
    Sums& sums = sums_[body_.segment_owner[s]];
    sums.share += share_[s];
    for (int i = 0; i < 3; ++i) {
      sums.first[i] += share_[s] * at[i];
      out.centre[i] += share_[s] * at[i];
    }
  }
  out.energy = springs(one, values, out.gradient.data(), out.hessian.data());
  out.energy += add_pads(one, out) + mass_ * kGravity * out.centre[2];
  const double pull[3] = {*one.centre_gain * (out.centre[0] - one.centre_target[0]),
                          *one.centre_gain * (out.centre[1] - one.centre_target[1]), 0.0};
  for (Index d = 0; d < body_.direction_count(); ++d) {
    const Frame& frame = frames_[body_.direction_node[d]];
    double* u = &out.directions[3 * d];
    for (int i = 0; i < 3; ++i) u[i] = dot(frame.rotation + 3 * i, &body_.direction_vector[3 * d]);
    double* lean = sums_[body_.direction_owner[d]].lean;
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j)
        lean[3 * i + j] += u[i] * one.direction_gain[d] * (u[j] - one.direction_target[3 * d + j]);
  }
  for (Index m = count - 1; m > 0; --m)
    if (body_.moving_parent[m] >= 0) sums_[body_.moving_parent[m]].add(sums_[m]);
  add_pairs(mass_ * kGravity, pull, with_control, out);
  if (with_control) add_control(one, out);
}

// Folds what nodes do, alone and in pairs along one path, into the free coordinates.
void StandingSolver::add_pairs(double weight, const double* pull, bool with_control, StandingTerms& out) {
  const Index n = free_;
  for (Index j = 0; j < static_cast<Index>(body_.moving.size()); ++j) {
    const Motion& motion = motions_[j];
    const Sums& sums = sums_[j];
    double* by_centre = &by_centre_[3 * j];
    cross(motion.turn, sums.first, by_centre);
    for (int i = 0; i < 3; ++i) by_centre[i] += sums.share * motion.slide[i];
    const double by_weight[3] = {by_centre[1] * weight, -by_centre[0] * weight, 0.0};
    double stiff[6], bend[3], by_pull[3], control_bend[3];
    times_six(sums.stiff, motion.turn, motion.slide, stiff);
    turned_pull(sums.moment, motion.turn, bend);
    cross(motion.slide, sums.pull, by_pull);
    for (int i = 0; i < 3; ++i) bend[i] += by_pull[i] + by_weight[i] + stiff[i];
    turned_pull(sums.lean, motion.turn, control_bend);
    cross(by_centre, pull, by_pull);
    for (int i = 0; i < 3; ++i) control_bend[i] += by_pull[i];

    const Index f = body_.moving_free[j];
    const double gradient =
        turned_moment(sums.moment, motion.turn) + dot(motion.slide, sums.pull) + weight * by_centre[2];
    const double control = turned_moment(sums.lean, motion.turn) + dot(by_centre, pull);
    out.gradient[f] += motion.slope * gradient;
    out.hessian[f * n + f] += motion.curvature * gradient;
    for (int i = 0; i < 3; ++i) out.centre_jacobian[i * n + f] += motion.slope * by_centre[i];
    if (with_control) {
      out.control_gradient[f] += motion.slope * control;
      out.control_hessian[f * n + f] += motion.curvature * control;
    }
    for (Index i = j; i >= 0; i = body_.moving_parent[i]) {
      const Motion& above = motions_[i];
      const Index g = body_.moving_free[i];
      const double slopes = motion.slope * above.slope;
      const double pair = slopes * (dot(above.turn, bend) + dot(above.slide, stiff + 3));
      out.hessian[g * n + f] += pair;
      if (i != j) out.hessian[f * n + g] += pair;
      if (!with_control) continue;
      const double wanted = slopes * dot(above.turn, control_bend);
      out.control_hessian[g * n + f] += wanted;
      if (i != j) out.control_hessian[f * n + g] += wanted;
    }
  }
}

// The objective of control, and the products of first derivatives in its Hessian.
void StandingSolver::add_control(const StandingCase& one, StandingTerms& out) {
  const Index n = free_;
  const auto add_product = [&](const double* row, double gain) {
    for (Index i = 0; i < n; ++i) {
      if (row[i] == 0.0) continue;
      const double scaled = gain * row[i];
      for (Index j = 0; j < n; ++j) out.control_hessian[i * n + j] += scaled * row[j];
    }
  };
  out.control = 0.0;
  for (int i = 0; i < 2; ++i) {
    const double off = out.centre[i] - one.centre_target[i];
    out.control += 0.5 * *one.centre_gain * off * off;
    if (*one.centre_gain != 0.0) add_product(&out.centre_jacobian[i * n], *one.centre_gain);
  }
  for (Index d = 0; d < body_.direction_count(); ++d) {
    double* jacobian = &out.direction_jacobian[3 * d * n];
    const double* u = &out.directions[3 * d];
    for (Index m = body_.direction_owner[d]; m >= 0; m = body_.moving_parent[m]) {
      double by[3];
      cross(motions_[m].turn, u, by);
      for (int i = 0; i < 3; ++i) jacobian[i * n + body_.moving_free[m]] += motions_[m].slope * by[i];
    }
    for (int i = 0; i < 3; ++i) {
      const double off = u[i] - one.direction_target[3 * d + i];
      out.control += 0.5 * one.direction_gain[d] * off * off;
      if (one.direction_gain[d] != 0.0) add_product(jacobian + i * n, one.direction_gain[d]);
    }
  }
}

// Notes where pads and the centre of mass lie in the root while the joints are held.
void StandingSolver::hold(const StandingCase& one, const double* values) {
  const Tree& tree = body_.tree;
  place(one, values);
  const Frame& root = frames_[body_.moving[kRoot - 1]];
  const auto inside = [&](const double* world, double* local) {
    for (int i = 0; i < 3; ++i) {
      local[i] = 0.0;
      for (int j = 0; j < 3; ++j) local[i] += root.rotation[3 * j + i] * (world[j] - root.origin[j]);
    }
  };
  double at[3], centre[3] = {0, 0, 0};
  for (Index s = 0; s < tree.segment_count(); ++s) {
    point_in_world(frames_[tree.segment_node[s]], &local_[3 * s], at);
    for (int i = 0; i < 3; ++i) centre[i] += share_[s] * at[i];
  }
  inside(centre, held_centre_);
  for (Index p = 0; p < body_.pad_count(); ++p) {
    point_in_world(frames_[body_.pad_node[p]], &body_.pad_position[3 * p], at);
    inside(at, &held_pads_[3 * p]);
  }
  for (int i = 0; i < kRoot; ++i) {
    root_moment_[i] = -one.tonic[i] - (one.force == nullptr ? 0.0 : one.force[i]);
    for (Index j = kRoot; j < free_; ++j)
      root_moment_[i] += one.stiffness[i * free_ + j] * (values[j] - one.reference[body_.free[j]]);
  }
}

// Energy over the root alone, but for a constant, after `hold`.
void StandingSolver::evaluate_root(const StandingCase& one, const double* root, RootTerms& out) {
  const Tree& tree = body_.tree;
  Frame frames[kRoot];
  Motion motions[kRoot];
  for (int m = 0; m < kRoot; ++m) {
    const Index n = body_.moving[m];
    const Jet f = tree.functions.evaluate(tree.node_function[n], root[body_.moving_free[m]]);
    place_node(m == 0 ? kGround : frames[m - 1], &tree.node_rotation[9 * n], &tree.node_translation[3 * n],
               tree.node_is_rotation[n] != 0, f.value, frames[m]);
    const double axis[3] = {frames[m].rotation[2], frames[m].rotation[5], frames[m].rotation[8]};
    const bool turns = tree.node_is_rotation[n] != 0;
    for (int i = 0; i < 3; ++i) motions[m].turn[i] = turns ? axis[i] : 0.0;
    if (turns)
      cross(frames[m].origin, axis, motions[m].slide);
    else
      std::copy_n(axis, 3, motions[m].slide);
    motions[m].slope = f.first;
    motions[m].curvature = f.second;
  }
  Sums sums = Sums();
  double centre[3];
  point_in_world(frames[kRoot - 1], held_centre_, centre);
  out.energy = mass_ * kGravity * centre[2];
  for (Index p = 0; p < body_.pad_count(); ++p) {
    double at[3], gradient[3], hessian[9];
    point_in_world(frames[kRoot - 1], &held_pads_[3 * p], at);
    out.energy += pad_energy(one, p, at, gradient, hessian);
    add_point(at, gradient, hessian, sums.pull, sums.moment, sums.stiff);
  }
  // Weight is one more point, whose gradient is constant.
  const double weight[3] = {0.0, 0.0, mass_ * kGravity}, nothing[9] = {0};
  add_point(centre, weight, nothing, sums.pull, sums.moment, sums.stiff);
  for (int i = 0; i < kRoot; ++i) {
    const double off = root[i] - one.reference[body_.free[i]];
    double bound = 0.0;
    for (int j = 0; j < kRoot; ++j) {
      out.hessian[i * kRoot + j] = one.stiffness[i * free_ + j];
      bound += one.stiffness[i * free_ + j] * (root[j] - one.reference[body_.free[j]]);
    }
    out.gradient[i] = bound + root_moment_[i];
    out.energy += off * (0.5 * bound + root_moment_[i]);
    if (body_.spring[i] < 0) continue;
    const double at = root[i] - one.spring_shift[i];
    const Jet moment = body_.springs.evaluate(body_.spring[i], at);
    out.energy -= one.spring_scale[i] * (body_.area(body_.spring[i], at) - body_.area(body_.spring[i], at - off));
    out.gradient[i] -= one.spring_scale[i] * moment.value;
    out.hessian[i * kRoot + i] -= one.spring_scale[i] * moment.first;
  }
  for (int j = 0; j < kRoot; ++j) {
    const Motion& motion = motions[j];
    double stiff[6], bend[3], by_pull[3];
    times_six(sums.stiff, motion.turn, motion.slide, stiff);
    turned_pull(sums.moment, motion.turn, bend);
    cross(motion.slide, sums.pull, by_pull);
    for (int i = 0; i < 3; ++i) bend[i] += by_pull[i] + stiff[i];
    const Index f = body_.moving_free[j];
    const double gradient = turned_moment(sums.moment, motion.turn) + dot(motion.slide, sums.pull);
    out.gradient[f] += motion.slope * gradient;
    out.hessian[f * kRoot + f] += motion.curvature * gradient;
    for (int i = j; i >= 0; --i) {
      const Index g = body_.moving_free[i];
      const double pair =
          motion.slope * motions[i].slope * (dot(motions[i].turn, bend) + dot(motions[i].slide, stiff + 3));
      out.hessian[g * kRoot + f] += pair;
      if (i != j) out.hessian[f * kRoot + g] += pair;
    }
  }
}

// Brings the root to where the ground bears the body, its joints held; false if it falls.
bool StandingSolver::bear(const StandingCase& one, double* values) {
  hold(one, values);
  double start[kRoot], step[kRoot], trial[kRoot], radius = kFirstRadius;
  for (int i = 0; i < kRoot; ++i) start[i] = one.reference[body_.free[i]];
  RootTerms now, there;
  evaluate_root(one, values, now);
  for (int iteration = 0; iteration < kRootSteps; ++iteration) {
    const double size = largest(now.gradient, kRoot);
    if (size <= 0.01 * kRootTolerance) break;
    if (!trusted_step(now.hessian, now.gradient, kRoot, radius, step)) return false;
    double promised = 0.0;
    for (int i = 0; i < kRoot; ++i) {
      trial[i] = values[i] + step[i];
      if (!(std::fabs(trial[i] - start[i]) <= kLargestFall)) return false;
      double curved = 0.0;
      for (int j = 0; j < kRoot; ++j) curved += now.hessian[i * kRoot + j] * step[j];
      promised -= step[i] * (now.gradient[i] + 0.5 * curved);
    }
    evaluate_root(one, trial, there);
    const double gain = now.energy - there.energy, length = largest(step, kRoot);
    if (promised < kTie ? largest(there.gradient, kRoot) < size : gain >= kEnough * promised) {
      std::copy_n(trial, kRoot, values);
      now = there;
      radius = widened(radius, length, gain / promised);
    } else {
      radius = 0.25 * length;
      if (radius < kSmallestRadius) break;
    }
  }
  return largest(now.gradient, kRoot) <= kRootTolerance && factorize(now.hessian, kRoot, 0.0);
}

// Cholesky factor of a matrix plus a multiple of one, row by row of its upper half; the diagonal holds its inverse.
bool StandingSolver::factorize(const double* matrix, Index n, double shift) {
  double* factor = factor_.data();
  std::copy_n(matrix, n * n, factor);
  for (Index i = 0; i < n; ++i) factor[i * n + i] += shift;
  for (Index k = 0; k < n; ++k) {
    double* row = factor + k * n;
    if (!(row[k] > 0.0) || !std::isfinite(row[k])) return false;
    const double inverse = 1.0 / std::sqrt(row[k]);
    for (Index j = k + 1; j < n; ++j) row[j] *= inverse;
    row[k] = inverse;
    for (Index i = k + 1; i < n; ++i) {
      const double by = row[i];
      if (by == 0.0) continue;
      double* to = factor + i * n;
      for (Index j = i; j < n; ++j) to[j] -= by * row[j];
    }
  }
  return true;
}

void StandingSolver::substitute(Index n, double* x) const {
  const double* factor = factor_.data();
  for (Index k = 0; k < n; ++k) {
    x[k] *= factor[k * n + k];
    for (Index i = k + 1; i < n; ++i) x[i] -= factor[k * n + i] * x[k];
  }
  for (Index k = n - 1; k >= 0; --k) {
    double sum = x[k];
    for (Index j = k + 1; j < n; ++j) sum -= factor[k * n + j] * x[j];
    x[k] = sum * factor[k * n + k];
  }
}

bool StandingSolver::trusted_step(const double* hessian, const double* gradient, Index n, double radius, double* step) {
  if (!all_finite(hessian, n * n) || !all_finite(gradient, n)) return false;
  double shift = 0.0, size = largest(gradient, n) / radius;
  for (Index i = 0; i < n; ++i) size = std::max(size, std::fabs(hessian[i * n + i]));
  for (int tries = 0; tries < kShifts; ++tries) {
    if (factorize(hessian, n, shift)) {
      for (Index i = 0; i < n; ++i) step[i] = -gradient[i];
      substitute(n, step);
      if (largest(step, n) <= radius) return true;
    }
    shift = std::max(4.0 * shift, 1e-6 * size);
  }
  return false;
}

// Adds factor T^T matrix T, where T holds how all coordinates follow the joints.
void StandingSolver::add_reduced(const double* matrix, const double* root_by_joint, double factor, double* out) {
  const Index n = free_, joints = joints_;
  beside_.assign(kRoot * joints, 0.0);  // M_rs + M_rr D / 2
  for (int r = 0; r < kRoot; ++r) {
    double* row = &beside_[r * joints];
    for (Index j = 0; j < joints; ++j) row[j] = matrix[r * n + kRoot + j];
    for (int t = 0; t < kRoot; ++t) {
      const double by = 0.5 * matrix[r * n + t];
      for (Index j = 0; j < joints; ++j) row[j] += by * root_by_joint[t * joints + j];
    }
  }
  for (Index i = 0; i < joints; ++i) {
    double* to = out + i * joints;
    for (Index j = 0; j < joints; ++j) to[j] += factor * matrix[(kRoot + i) * n + kRoot + j];
    for (int r = 0; r < kRoot; ++r) {
      const double by = factor * root_by_joint[r * joints + i], other = factor * beside_[r * joints + i];
      const double *row = &beside_[r * joints], *root = root_by_joint + r * joints;
      for (Index j = 0; j < joints; ++j) to[j] += by * row[j] + other * root[j];
    }
  }
}

bool StandingSolver::reduce(const StandingTerms& terms, Reduced& out, bool is_held) {
  const Index n = free_, joints = joints_;
  double root[kRoot * kRoot], column[kRoot];
  for (int i = 0; i < kRoot; ++i) std::copy_n(&terms.hessian[i * n], kRoot, root + i * kRoot);
  Elimination unheld;
  if (is_held ? !factorize(root, kRoot, 0.0) : !unheld.take(root, kRoot)) return false;
  const auto solve = [&](double* x) { is_held ? substitute(kRoot, x) : unheld.solve(x); };
  out.root_by_joint.resize(kRoot * joints);
  out.residual.resize(joints);
  for (Index j = 0; j < joints; ++j) {
    for (int i = 0; i < kRoot; ++i) column[i] = -terms.hessian[i * n + kRoot + j];
    solve(column);
    out.residual[j] = terms.gradient[kRoot + j] + terms.control_gradient[kRoot + j];
    for (int i = 0; i < kRoot; ++i) {
      out.root_by_joint[i * joints + j] = column[i];
      out.residual[j] += column[i] * terms.control_gradient[i];
    }
  }
  std::copy_n(terms.control_gradient.data(), kRoot, out.control_root);
  solve(out.control_root);
  out.hessian.assign(joints * joints, 0.0);
  add_reduced(terms.hessian.data(), out.root_by_joint.data(), 1.0, out.hessian.data());
  add_reduced(terms.control_hessian.data(), out.root_by_joint.data(), 1.0, out.hessian.data());
  return true;
}

void StandingSolver::add_bend_of_root(const StandingCase& one, const double* values, Reduced& reduced) {
  const double length = largest(reduced.control_root, kRoot);
  if (length == 0.0) return;
  shifted_.assign(values, values + free_);
  for (int i = 0; i < kRoot; ++i) shifted_[i] = values[i] + reduced.control_root[i] * (kDifference / length);
  evaluate(one, shifted_.data(), false, ahead_);
  for (int i = 0; i < kRoot; ++i) shifted_[i] = values[i] - reduced.control_root[i] * (kDifference / length);
  evaluate(one, shifted_.data(), false, behind_);
  for (Index i = 0; i < free_ * free_; ++i) ahead_.hessian[i] -= behind_.hessian[i];
  add_reduced(ahead_.hessian.data(), reduced.root_by_joint.data(), -length / (2.0 * kDifference), reduced.hessian.data());
}

bool StandingSolver::is_rest(const StandingTerms& terms, const Reduced& reduced) const {
  return largest(terms.gradient.data(), kRoot) <= kRootTolerance &&
         largest(reduced.residual.data(), joints_) <= kJointTolerance;
}

void StandingSolver::end(const StandingCase& one, const double* values, const StandingTerms& terms, Reduced& reduced,
                         Index iterations, StandingRest& rest) {
  rest.values.assign(values, values + free_);
  rest.residual = std::max(largest(terms.gradient.data(), kRoot), largest(reduced.residual.data(), joints_));
  add_bend_of_root(one, values, reduced);
  rest.smallest_eigenvalue = smallest_eigenvalue(reduced.hessian, joints_);
  rest.iterations = iterations;
  rest.status = kAtRest;
}

// Newton's steps down Phi inside a trust region, the root borne by the ground at each.
void StandingSolver::descend(const StandingCase& one, const double* start, int most, StandingRest& rest,
                             StandingTerms& terms) {
  const Index n = free_, joints = joints_;
  std::vector<double> values(start, start + n), trial(n), step(joints);
  double radius = kFirstRadius;
  bool hits_ground = true;
  rest.iterations = 0;
  rest.status = kFalls;
  if (!bear(one, values.data())) return;
  evaluate(one, values.data(), true, terms);
  for (int iteration = 1; iteration <= most; ++iteration) {
    rest.iterations = iteration;
    rest.status = kFalls;
    if (!reduce(terms, reduced_)) return;
    if (is_rest(terms, reduced_)) return end(one, values.data(), terms, reduced_, iteration - 1, rest);
    // Where the root's bend turns the model upside down it holds for less than a step: better none.
    straight_ = reduced_.hessian;
    add_bend_of_root(one, values.data(), reduced_);
    if (!factorize(reduced_.hessian.data(), joints, 0.0)) reduced_.hessian = straight_;
    rest.status = kLost;
    if (!trusted_step(reduced_.hessian.data(), reduced_.residual.data(), joints, radius, step.data())) return;
    double promised = 0.0;
    trial = values;
    for (Index i = 0; i < joints; ++i) {
      double curved = 0.0;
      for (Index j = 0; j < joints; ++j) curved += reduced_.hessian[i * joints + j] * step[j];
      promised -= step[i] * (reduced_.residual[i] + 0.5 * curved);
      trial[kRoot + i] += step[i];
      for (int r = 0; r < kRoot; ++r) trial[r] += reduced_.root_by_joint[r * joints + i] * step[i];
    }
    const double length = largest(step.data(), joints);
    hits_ground = bear(one, trial.data());
    if (hits_ground) {
      evaluate(one, trial.data(), true, there_);
      const double gain = terms.energy + terms.control - there_.energy - there_.control;
      const double before = largest(reduced_.residual.data(), joints);
      const bool is_better = promised < kTie ? reduce(there_, after_) && largest(after_.residual.data(), joints) < before
                                             : gain >= kEnough * promised;
      if (is_better) {
        values.swap(trial);
        std::swap(terms, there_);
        radius = widened(radius, length, gain / promised);
        continue;
      }
    }
    radius = 0.25 * length;
    if (radius < kSmallestRadius) break;
  }
  rest.status = hits_ground ? kLost : kFalls;
}

// Newton's steps of root and joints together, from a rest near by; `left` holds what is left of the slope of E + C
// among borne postures, and of E_r.
void StandingSolver::balance(const StandingCase& one, double* values, double* multipliers, StandingRest& rest,
                             StandingTerms& terms) {
  const Index n = free_, all = n + kRoot;
  const auto remains = [&](const StandingTerms& at, const double* push, std::vector<double>& left) {
    left.resize(all);
    for (Index i = 0; i < n; ++i) {
      left[i] = at.gradient[i] + at.control_gradient[i];
      for (int r = 0; r < kRoot; ++r) left[i] -= at.hessian[i * n + r] * push[r];
    }
    std::copy_n(at.gradient.data(), kRoot, left.data() + n);
  };
  std::vector<double> left, then, step(all), trial(n), pushed(kRoot);
  evaluate(one, values, true, terms);
  remains(terms, multipliers, left);
  rest.status = kFalls;
  for (int iteration = 0; iteration < kBalanceSteps; ++iteration) {
    rest.iterations = iteration;
    if (largest(left.data(), all) <= std::min(kRootTolerance, kJointTolerance)) {
      if (reduce(terms, reduced_, false)) end(one, values, terms, reduced_, iteration, rest);
      if (!(rest.status == kAtRest && rest.residual <= kBalancedResidual)) rest.status = kFalls;
      return;
    }
    if (!balancing_step(one, values, terms, multipliers, left, step)) return;
    const double before = square_sum(left.data(), all);
    bool is_nearer = false;
    for (int cut = 0; cut < kBalanceCuts && !is_nearer; ++cut) {
      for (Index i = 0; i < n; ++i) trial[i] = values[i] + step[i];
      for (int r = 0; r < kRoot; ++r) {
        pushed[r] = multipliers[r] + step[n + r];
        if (!(std::fabs(trial[r] - one.reference[body_.free[r]]) <= kLargestFall)) return;
      }
      evaluate(one, trial.data(), true, there_);
      remains(there_, pushed.data(), then);
      is_nearer = square_sum(then.data(), all) < before;
      for (double& s : step) s *= 0.5;
    }
    if (!is_nearer) return;
    std::copy_n(trial.data(), n, values);
    std::copy_n(pushed.data(), kRoot, multipliers);
    std::swap(terms, there_);
    left.swap(then);
  }
}

bool StandingSolver::balancing_step(const StandingCase& one, const double* values, const StandingTerms& terms,
                                    const double* multipliers, const std::vector<double>& left,
                                    std::vector<double>& step) {
  const Index n = free_, all = n + kRoot;
  std::vector<double> conditions(all * all, 0.0);
  const double length = largest(multipliers, kRoot);
  for (const double sign : {1.0, -1.0}) {
    if (!(length > 0.0)) break;
    shifted_.assign(values, values + n);
    for (int r = 0; r < kRoot; ++r) shifted_[r] += sign * multipliers[r] * (kDifference / length);
    evaluate(one, shifted_.data(), false, ahead_);
    const double factor = -sign * length / (2.0 * kDifference);
    for (Index i = 0; i < n; ++i)
      for (Index j = 0; j < n; ++j) conditions[i * all + j] += factor * ahead_.hessian[i * n + j];
  }
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j)
      conditions[i * all + j] += terms.hessian[i * n + j] + terms.control_hessian[i * n + j];
    for (int r = 0; r < kRoot; ++r) {
      conditions[i * all + n + r] = -terms.hessian[i * n + r];
      conditions[(n + r) * all + i] = terms.hessian[r * n + i];
    }
  }
  Elimination elimination;
  if (!elimination.take(conditions.data(), all)) return false;
  for (Index i = 0; i < all; ++i) step[i] = -left[i];
  elimination.solve(step.data());
  const double scale = std::min(1.0, kFirstRadius / largest(step.data(), n));
  for (double& s : step) s *= scale;
  return true;
}

// Brings the support from below the reference posture to where it is wanted, a rest at every step.
void StandingSolver::follow(const StandingCase& one, bool is_balanced, StandingRest& rest, StandingTerms& terms) {
  const Index n = free_, pads = body_.pad_count();
  // What is brought along the way: anchors, normals, targets, and the force that fades.
  struct Way {
    std::vector<double> anchor, normal, centre, direction, force;
    StandingCase on(const StandingCase& one) const {
      StandingCase out = one;
      out.pad_anchor = anchor.data();
      out.pad_normal = normal.data();
      out.centre_target = centre.data();
      out.direction_target = direction.data();
      out.force = force.data();
      return out;
    }
  };
  std::vector<double> values(n);
  for (Index i = 0; i < n; ++i) values[i] = one.reference[body_.free[i]];
  evaluate(one, values.data(), false, terms);
  Way below{terms.pad_position, std::vector<double>(3 * pads, 0.0), {terms.centre[0], terms.centre[1]},
            terms.directions, std::vector<double>(n, 0.0)};
  for (Index p = 0; p < pads; ++p) below.normal[3 * p + 2] = 1.0;
  evaluate(below.on(one), values.data(), true, terms);
  rest.iterations = 0;
  rest.status = kFalls;
  if (!reduce(terms, reduced_)) return;
  rest.status = kLost;
  if (!factorize(reduced_.hessian.data(), joints_, 0.0)) return;
  std::vector<double> lacking(n);
  for (Index i = 0; i < n; ++i) lacking[i] = i < kRoot ? terms.gradient[i] : reduced_.residual[i - kRoot];
  const auto bring = [&](double share, Way& to) {
    const auto mix = [share](const std::vector<double>& from, const double* wanted, std::vector<double>& out) {
      for (std::size_t i = 0; i < from.size(); ++i) out[i] = from[i] + share * (wanted[i] - from[i]);
    };
    mix(below.anchor, one.pad_anchor, to.anchor);
    mix(below.normal, one.pad_normal, to.normal);
    mix(below.centre, one.centre_target, to.centre);
    mix(below.direction, one.direction_target, to.direction);
    for (Index p = 0; p < pads; ++p) {
      double* normal = &to.normal[3 * p];
      const double length = std::sqrt(dot(normal, normal));
      for (int i = 0; i < 3; ++i) normal[i] /= length > 0.0 ? length : 1.0;
    }
    for (Index i = 0; i < n; ++i) to.force[i] = (1.0 - share) * lacking[i];
  };
  Way here = below, feeler = below;
  const StandingCase moved = here.on(one), felt = feeler.on(one);
  Index spent = 0;
  double share = 0.0, step = 1.0;
  std::vector<double> multipliers(kRoot, 0.0);
  while (true) {
    bring(share, here);
    bring(share + kFeeler * step, feeler);
    const bool is_shortest = step <= kShortestWay;
    std::vector<double> predicted(values);
    const bool has_begin = !is_balanced && ahead(moved, felt, predicted.data());
    std::vector<double> pushed(multipliers);
    bring(share + step, here);
    const StandingCase& now = share + step == 1.0 ? one : moved;
    // Where a pad is about to let go the tangent leads astray: the shortest step is tried without it as well.
    for (int attempt = 0; attempt < (is_shortest && !is_balanced ? 2 : 1); ++attempt) {
      rest.status = kFalls;
      rest.iterations = 0;
      const std::vector<double>& begin = attempt == 0 ? predicted : values;
      const int most = is_shortest ? kJointSteps : kStepsOnTheWay;
      if (is_balanced)
        balance(now, predicted.data(), pushed.data(), rest, terms);
      else if (attempt == 1 || has_begin)
        descend(now, begin.data(), most, rest, terms);
      spent += rest.iterations + 1;
      if (rest.status == kAtRest) break;
    }
    rest.iterations = spent;
    if (rest.status == kAtRest) {
      values = rest.values;
      multipliers.swap(pushed);
      share += step;
      if (share == 1.0) return;
      step = std::min(2.0 * step, 1.0 - share);
    } else if (is_shortest) {
      return;
    } else {
      step *= 0.5;
    }
  }
}

// Moves the coordinates to where the next rest lies along the tangent of the way.
bool StandingSolver::ahead(const StandingCase& before, const StandingCase& felt, double* values) {
  const Index n = free_, joints = joints_;
  evaluate(before, values, true, there_);
  const bool stands = reduce(there_, reduced_);
  std::vector<double> borne(values, values + n), slope(joints), step(joints);
  if (!stands || !bear(felt, borne.data())) return false;
  evaluate(felt, borne.data(), true, there_);
  if (!reduce(there_, after_)) return false;
  for (Index i = 0; i < joints; ++i) slope[i] = (after_.residual[i] - reduced_.residual[i]) / kFeeler;
  if (!trusted_step(reduced_.hessian.data(), slope.data(), joints, kLargestRadius, step.data())) return false;
  for (Index i = 0; i < n; ++i) borne[i] = (borne[i] - values[i]) / kFeeler;
  const double longest = largest(borne.data(), n);
  const double scale = longest > kLargestRadius ? kLargestRadius / longest : 1.0;
  for (Index i = 0; i < n; ++i) values[i] += scale * borne[i];
  for (Index j = 0; j < joints; ++j) {
    values[kRoot + j] += step[j];
    for (int r = 0; r < kRoot; ++r) values[r] += reduced_.root_by_joint[r * joints + j] * step[j];
  }
  return true;
}

void StandingSolver::find(const StandingCase& one, const double* start, StandingRest& rest, StandingTerms& terms) {
  const Index n = free_;
  rest.values.assign(n, kNoNumber);
  rest.residual = rest.smallest_eigenvalue = kNoNumber;
  rest.iterations = 0;
  rest.status = kLost;
  if (!take(one) || (start != nullptr && !all_finite(start, n))) return;
  std::vector<double> reference(n);
  for (Index i = 0; i < n; ++i) reference[i] = one.reference[body_.free[i]];
  const double* begin = start == nullptr ? reference.data() : start;
  evaluate(one, begin, true, terms);
  if (reduce(terms, reduced_) && is_rest(terms, reduced_)) return end(one, begin, terms, reduced_, 0, rest);
  Index spent = 0;
  const auto is_found = [&]() {
    spent += rest.iterations;
    rest.iterations = spent;
    return rest.status == kAtRest;
  };
  if (start != nullptr) {
    descend(one, start, kStepsOnTheWay, rest, terms);
    if (is_found()) return;
  }
  follow(one, false, rest, terms);
  if (is_found()) return;
  descend(one, reference.data(), kJointSteps, rest, terms);
  if (is_found()) return;
  if (*one.centre_gain > 0.0) {
    const Index status = rest.status;
    follow(one, true, rest, terms);
    if (is_found()) {
      rest.status = kBalanced;
      return;
    }
    rest.status = status;
  }
  rest.values.assign(n, kNoNumber);
  rest.residual = rest.smallest_eigenvalue = kNoNumber;
}

// Householder's reflections to a tridiagonal matrix, then bisection by the signs of its pivots; overwrites the matrix.
double StandingSolver::smallest_eigenvalue(std::vector<double>& matrix, Index n) {
  if (n == 0) return std::numeric_limits<double>::infinity();
  if (!all_finite(matrix.data(), n * n)) return kNoNumber;
  std::vector<double>&diagonal = diagonal_, &beside = beside_;
  std::vector<double> along(n), product(n);
  diagonal.assign(n, 0.0);
  beside.assign(n, 0.0);
  for (Index k = 0; k + 2 < n; ++k) {
    double norm = 0.0;
    for (Index i = k + 1; i < n; ++i) norm += matrix[i * n + k] * matrix[i * n + k];
    norm = std::sqrt(norm);
    const double head = matrix[(k + 1) * n + k], to = head > 0.0 ? -norm : norm;
    beside[k] = to;
    if (norm == 0.0) continue;
    for (Index i = k + 1; i < n; ++i) along[i] = matrix[i * n + k];
    along[k + 1] -= to;
    const double square = 2.0 * (norm * norm - head * to);  // |along|^2
    if (square == 0.0) continue;
    double inner = 0.0;
    for (Index i = k + 1; i < n; ++i) {
      double sum = 0.0;
      for (Index j = k + 1; j < n; ++j) sum += matrix[i * n + j] * along[j];
      product[i] = 2.0 * sum / square;
      inner += product[i] * along[i];
    }
    for (Index i = k + 1; i < n; ++i) product[i] -= inner / square * along[i];
    for (Index i = k + 1; i < n; ++i)
      for (Index j = k + 1; j < n; ++j) matrix[i * n + j] -= along[i] * product[j] + product[i] * along[j];
  }
  for (Index i = 0; i < n; ++i) diagonal[i] = matrix[i * n + i];
  if (n > 1) beside[n - 2] = matrix[(n - 1) * n + n - 2];
  double low = diagonal[0], high = diagonal[0];
  for (Index i = 0; i < n; ++i) {
    const double reach = (i > 0 ? std::fabs(beside[i - 1]) : 0.0) + (i + 1 < n ? std::fabs(beside[i]) : 0.0);
    low = std::min(low, diagonal[i] - reach);
    high = std::min(high, diagonal[i]);  // no diagonal entry is below the smallest eigenvalue
  }
  for (int cut = 0; cut < 200; ++cut) {
    const double middle = 0.5 * (low + high);
    if (middle <= low || middle >= high) break;
    bool is_below = true;  // middle lies below every eigenvalue
    double pivot = 1.0;
    for (Index i = 0; i < n && is_below; ++i) {
      pivot = diagonal[i] - middle - (i > 0 ? beside[i - 1] * beside[i - 1] / pivot : 0.0);
      is_below = pivot > 0.0;
    }
    (is_below ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

}  // namespace kinechain
