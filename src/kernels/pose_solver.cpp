#include "pose_solver.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace kinechain {

namespace {

// The reasons for these values stand beside their twins in newton.py.
constexpr double kBoundStep = 0.1, kLongestTurn = 1.0, kExactStep = 0.5, kLinearFactor = 0.05, kUnseen = 1e-12, kPivot = 1e-12;
constexpr double kDampingStart = 1e-3, kDampingEnd = 1e-5, kDampingStop = 1e8, kAtBound = 1e-13, kRegularity = 1e-12, kRounding = 1e-14, kTie = 1e-12, kTieFloor = 1e-28;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

void cross(const double* a, const double* b, double* out) {
  out[0] = a[1] * b[2] - a[2] * b[1];
  out[1] = a[2] * b[0] - a[0] * b[2];
  out[2] = a[0] * b[1] - a[1] * b[0];
}

double dot(const double* a, const double* b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

// Sums over the markers a node carries, w their weight, p their place and r their distance to the target.
// They are to the Hessian what mass, first moment and inertia are to a mass matrix: J^T W J is the
// joint-space inertia of a body that carries its markers as point masses.
struct Sums {
  double mass;         // sum w
  double first[3];     // sum w p
  double second[6];    // sum w p p^T: xx xy xz yy yz zz
  double pull[3];      // sum w r
  double moment[9];    // sum w p r^T

  void add(const Sums& other) {
    double* to = &mass;
    const double* from = &other.mass;
    for (int i = 0; i < 22; ++i) to[i] += from[i];
  }
};
static_assert(sizeof(Sums) == 22 * sizeof(double), "Sums is added as one array");

struct System {
  double objective = 0.0;
  std::vector<double> gradient, gauss_newton, exact;  // lower triangles, (input, input)
};

// How a node moves a point p it carries, per unit of its value: turn x p + slide.
struct Motion {
  double turn[3], slide[3], slope, curvature;
};

class Solver {
 public:
  Solver(const Tree& tree, const Problem& problem) : tree_(tree), problem_(problem), inputs_(tree.input_count()) {
    keep_useful_nodes();
    q_.resize(tree.coordinate_count());
    frames_.resize(node_.size());
    motions_.resize(node_.size());
    sums_.resize(node_.size());
    carries_.resize(node_.size());
    is_seen_.resize(inputs_);
    for (System* s : {&now_, &there_}) {
      s->gradient.resize(inputs_);
      s->gauss_newton.resize(inputs_ * inputs_);
      s->exact.resize(inputs_ * inputs_);
    }
    factor_.resize(inputs_ * inputs_);
    damped_.resize(inputs_ * inputs_);
    for (auto* v : {&diagonal_, &step_, &trial_, &right_, &best_}) v->resize(inputs_);
    is_fixed_.resize(inputs_);
    is_out_.resize(inputs_);
  }

  Track run();
  void look_at(Index frame);
  void evaluate(const double* z, System& out);

 private:
  const Tree& tree_;
  const Problem& problem_;
  const Index inputs_;

  // nodes that carry a tracked marker, and the markers that are tracked
  std::vector<Index> node_, parent_, input_, marker_, marker_on_;
  std::vector<char> carries_, is_seen_;

  // the frame looked at
  const double *target_ = nullptr, *wanted_ = nullptr;
  std::vector<Index> seen_, seen_on_;
  std::vector<double> seen_weight_;
  double centre_[3] = {0, 0, 0};

  std::vector<Jet> q_;
  std::vector<Frame> frames_;
  std::vector<Motion> motions_;
  std::vector<Sums> sums_;
  System now_, there_;
  std::vector<double> factor_, damped_, diagonal_, step_, trial_, right_, best_;
  std::vector<char> is_fixed_, is_out_;

  void keep_useful_nodes();
  void place(const double* z);
  double wishes(System* out) const;
  double objective(const double* z);
  double sum_markers();
  void assemble(System& out);
  bool bounded_step(const std::vector<double>& matrix, const std::vector<double>& gradient, const double* z);
  bool factorize();
  void substitute();
  Status solve_frame(bool is_warm, double& objective_out, Index& iterations);
};

void Solver::keep_useful_nodes() {
  std::vector<char> is_useful(tree_.node_count(), 0);
  for (Index m = 0; m < tree_.marker_count(); ++m) {
    if (!(problem_.weights[m] > 0)) continue;
    marker_.push_back(m);
    for (Index n = tree_.marker_node[m]; n >= 0 && !is_useful[n]; n = tree_.node_parent[n]) is_useful[n] = 1;
  }
  std::vector<Index> place(tree_.node_count(), -1);
  for (Index n = 0; n < tree_.node_count(); ++n) {
    if (!is_useful[n]) continue;
    place[n] = static_cast<Index>(node_.size());
    node_.push_back(n);
    parent_.push_back(tree_.node_parent[n] < 0 ? -1 : place[tree_.node_parent[n]]);
    input_.push_back(tree_.coordinate_input[tree_.node_coordinate[n]]);
  }
  for (Index m : marker_) marker_on_.push_back(tree_.marker_node[m] < 0 ? -1 : place[tree_.marker_node[m]]);
}

void Solver::look_at(Index frame) {
  target_ = problem_.targets + frame * 3 * tree_.marker_count();
  wanted_ = problem_.wanted + frame * problem_.wishes;
  seen_.clear();
  seen_on_.clear();
  seen_weight_.clear();
  double total = 0.0;
  std::fill(std::begin(centre_), std::end(centre_), 0.0);
  std::fill(carries_.begin(), carries_.end(), 0);
  for (std::size_t k = 0; k < marker_.size(); ++k) {
    const double* t = target_ + 3 * marker_[k];
    if (!std::isfinite(t[0]) || !std::isfinite(t[1]) || !std::isfinite(t[2])) continue;
    seen_.push_back(marker_[k]);
    seen_on_.push_back(marker_on_[k]);
    seen_weight_.push_back(problem_.weights[marker_[k]]);
    total += seen_weight_.back();
    if (marker_on_[k] >= 0) carries_[marker_on_[k]] = 1;
    for (int i = 0; i < 3; ++i) centre_[i] += t[i];
  }
  for (double& w : seen_weight_) w /= total;
  if (!seen_.empty())
    for (double& c : centre_) c /= static_cast<double>(seen_.size());
  std::fill(is_seen_.begin(), is_seen_.end(), 0);
  for (Index u = static_cast<Index>(node_.size()) - 1; u >= 0; --u) {
    if (!carries_[u]) continue;
    is_seen_[input_[u]] = 1;
    if (parent_[u] >= 0) carries_[parent_[u]] = 1;
  }
  for (Index k = 0; k < problem_.wishes; ++k) {
    const Index input = tree_.coordinate_input[problem_.wanted_coordinate[k]];
    if (input >= 0 && problem_.wanted_weights[k] > 0) is_seen_[input] = 1;
  }
}

void Solver::place(const double* z) {
  tree_.coordinates(z, q_.data());
  for (std::size_t u = 0; u < node_.size(); ++u) {
    const Index n = node_[u];
    const Jet& q = q_[tree_.node_coordinate[n]];
    const Jet f = tree_.functions.evaluate(tree_.node_function[n], q.value);
    motions_[u].slope = f.first * q.first;
    motions_[u].curvature = f.second * q.first * q.first + f.first * q.second;
    place_node(parent_[u] < 0 ? kGround : frames_[parent_[u]], &tree_.node_rotation[9 * n],
               &tree_.node_translation[3 * n], tree_.node_is_rotation[n] != 0, f.value, frames_[u]);
  }
}

double Solver::wishes(System* out) const {
  double sum = 0.0;
  for (Index k = 0; k < problem_.wishes; ++k) {
    const Jet& q = q_[problem_.wanted_coordinate[k]];
    const Index input = tree_.coordinate_input[problem_.wanted_coordinate[k]];
    const double weight = problem_.wanted_weights[k], off = q.value - wanted_[k];
    sum += weight * off * off;
    if (out == nullptr || input < 0) continue;
    out->gradient[input] += weight * off * q.first;
    out->gauss_newton[input * inputs_ + input] += weight * q.first * q.first;
    out->exact[input * inputs_ + input] += weight * (q.first * q.first + off * q.second);
  }
  return sum;
}

double Solver::objective(const double* z) {
  place(z);
  double sum = 0.0;
  for (std::size_t k = 0; k < seen_.size(); ++k) {
    double p[3];
    point_in_world(seen_on_[k] < 0 ? kGround : frames_[seen_on_[k]], &tree_.marker_position[3 * seen_[k]], p);
    const double* t = target_ + 3 * seen_[k];
    const double r[3] = {p[0] - t[0], p[1] - t[1], p[2] - t[2]};
    sum += seen_weight_[k] * dot(r, r);
  }
  return 0.5 * (sum + wishes(nullptr));
}

// Fills sums_ with what each node carries and returns sum w r^2; places count from the middle of the targets, so that nothing is lost to
// rounding far from the origin.
double Solver::sum_markers() {
  double sum = 0.0;
  std::fill(sums_.begin(), sums_.end(), Sums{});
  for (std::size_t k = 0; k < seen_.size(); ++k) {
    const Index u = seen_on_[k];
    double p[3];
    point_in_world(u < 0 ? kGround : frames_[u], &tree_.marker_position[3 * seen_[k]], p);
    const double* t = target_ + 3 * seen_[k];
    const double r[3] = {p[0] - t[0], p[1] - t[1], p[2] - t[2]};
    const double w = seen_weight_[k];
    sum += w * dot(r, r);
    if (u < 0) continue;
    Sums& s = sums_[u];
    const double c[3] = {p[0] - centre_[0], p[1] - centre_[1], p[2] - centre_[2]};
    const double wp[3] = {w * c[0], w * c[1], w * c[2]};
    s.mass += w;
    for (int i = 0; i < 3; ++i) {
      s.first[i] += wp[i];
      s.pull[i] += w * r[i];
      for (int j = 0; j < 3; ++j) s.moment[3 * i + j] += wp[i] * r[j];
    }
    s.second[0] += wp[0] * c[0];
    s.second[1] += wp[0] * c[1];
    s.second[2] += wp[0] * c[2];
    s.second[3] += wp[1] * c[1];
    s.second[4] += wp[1] * c[2];
    s.second[5] += wp[2] * c[2];
  }
  for (Index u = static_cast<Index>(node_.size()) - 1; u >= 0; --u)
    if (parent_[u] >= 0) sums_[parent_[u]].add(sums_[u]);
  return sum;
}

void Solver::assemble(System& out) {
  for (std::size_t u = 0; u < node_.size(); ++u) {
    const Frame& frame = frames_[u];
    Motion& motion = motions_[u];
    const double axis[3] = {frame.rotation[2], frame.rotation[5], frame.rotation[8]};
    if (tree_.node_is_rotation[node_[u]]) {
      const double at[3] = {frame.origin[0] - centre_[0], frame.origin[1] - centre_[1], frame.origin[2] - centre_[2]};
      std::copy(axis, axis + 3, motion.turn);
      cross(at, axis, motion.slide);
    } else {
      std::fill(motion.turn, motion.turn + 3, 0.0);
      std::copy(axis, axis + 3, motion.slide);
    }
    const Sums& s = sums_[u];
    const double* K = s.moment;
    const double twist[3] = {K[5] - K[7], K[6] - K[2], K[1] - K[3]};  // sum w p x r
    const double slope_of = dot(motion.turn, twist) + dot(motion.slide, s.pull);
    out.gradient[input_[u]] += motion.slope * slope_of;
    out.exact[input_[u] * inputs_ + input_[u]] += motion.curvature * slope_of;
    for (int i = 0; i < 3; ++i) {  // from here on per unit of the input
      motion.turn[i] *= motion.slope;
      motion.slide[i] *= motion.slope;
    }
    // f = sum w m and n = sum w p x m, with m = turn x p + slide; b = sum w m x r holds the second derivatives.
    const double *A = motion.turn, *B = motion.slide, *S = s.second;
    double f[3], n[3], b[3], extra[3];
    cross(A, s.first, f);
    for (int i = 0; i < 3; ++i) f[i] += s.mass * B[i];
    const double trace = S[0] + S[3] + S[5], pull = K[0] + K[4] + K[8];
    const double SA[3] = {S[0] * A[0] + S[1] * A[1] + S[2] * A[2], S[1] * A[0] + S[3] * A[1] + S[4] * A[2],
                          S[2] * A[0] + S[4] * A[1] + S[5] * A[2]};
    cross(s.first, B, n);
    cross(B, s.pull, extra);
    for (int i = 0; i < 3; ++i) {
      n[i] += trace * A[i] - SA[i];
      b[i] = K[3 * i] * A[0] + K[3 * i + 1] * A[1] + K[3 * i + 2] * A[2] - pull * A[i] + extra[i];
    }
    const Index column = input_[u];
    for (Index v = static_cast<Index>(u); v >= 0; v = parent_[v]) {
      const Motion& above = motions_[v];
      const double product = dot(above.turn, n) + dot(above.slide, f), bend = product + dot(above.turn, b);
      const Index row = input_[v];
      const Index at = row > column ? row * inputs_ + column : column * inputs_ + row;
      const double times = row == column && v != static_cast<Index>(u) ? 2.0 : 1.0;
      out.gauss_newton[at] += times * product;
      out.exact[at] += times * bend;
    }
  }
}

void Solver::evaluate(const double* z, System& out) {
  std::fill(out.gradient.begin(), out.gradient.end(), 0.0);
  std::fill(out.gauss_newton.begin(), out.gauss_newton.end(), 0.0);
  std::fill(out.exact.begin(), out.exact.end(), 0.0);
  place(z);
  const double sum = sum_markers();
  assemble(out);
  out.objective = 0.5 * (sum + wishes(&out));
}

// Turns the lower triangle in factor_ into L with matrix = L^T L, from the last row up: on a tree whose parents stand
// first this fills in no zeros, so zero entries are skipped. False if the matrix is not positive definite.
bool Solver::factorize() {
  const Index n = inputs_;
  double* L = factor_.data();
  for (Index k = n - 1; k >= 0; --k) {
    double* row = L + k * n;
    if (!(row[k] > kPivot * diagonal_[k])) return false;
    const double pivot = std::sqrt(row[k]), inverse = 1.0 / pivot;
    row[k] = pivot;
    for (Index i = 0; i < k; ++i) row[i] *= inverse;
    for (Index i = 0; i < k; ++i) {
      const double l = row[i];
      if (l == 0.0) continue;
      double* below = L + i * n;
      for (Index j = 0; j <= i; ++j) below[j] -= l * row[j];
    }
  }
  return true;
}

// Solves L^T L x = right_ in place.
void Solver::substitute() {
  const Index n = inputs_;
  const double* L = factor_.data();
  double* x = right_.data();
  for (Index k = n - 1; k >= 0; --k) {
    x[k] /= L[k * n + k];
    for (Index i = 0; i < k; ++i) x[i] -= L[k * n + i] * x[k];
  }
  for (Index k = 0; k < n; ++k) {
    for (Index i = 0; i < k; ++i) x[k] -= L[k * n + i] * x[i];
    x[k] /= L[k * n + k];
  }
}

// Puts the minimum of the quadratic model inside the bounds into step_; false if it has none. is_fixed_ names the
// inputs that stay.
bool Solver::bounded_step(const std::vector<double>& matrix, const std::vector<double>& gradient, const double* z) {
  const Index n = inputs_;
  is_out_ = is_fixed_;
  std::fill(step_.begin(), step_.end(), 0.0);
  while (true) {
    bool any_free = false;
    for (Index i = 0; i < n; ++i) {
      right_[i] = 0.0;
      for (Index j = 0; j <= i; ++j)
        factor_[i * n + j] = is_out_[i] || is_out_[j] ? 0.0 : matrix[i * n + j];
      if (is_out_[i]) {
        factor_[i * n + i] = 1.0;
      } else {
        any_free = true;
        right_[i] = -gradient[i];
        for (Index j = 0; j < n; ++j)
          if (is_out_[j] && step_[j] != 0.0) right_[i] -= (i > j ? matrix[i * n + j] : matrix[j * n + i]) * step_[j];
      }
      diagonal_[i] = factor_[i * n + i];
    }
    if (!any_free) return true;
    if (!factorize()) return false;
    substitute();
    double longest = 0.0;
    bool any_outside = false;
    for (Index i = 0; i < n; ++i) {
      if (!is_out_[i]) step_[i] = right_[i];
      longest = std::max(longest, std::fabs(step_[i]));
      any_outside |= !is_out_[i] && (z[i] + step_[i] < problem_.low[i] || z[i] + step_[i] > problem_.high[i]);
    }
    if (!any_outside) return true;
    const bool cuts = longest >= kBoundStep;
    for (Index i = 0; i < n; ++i) {
      if (is_out_[i]) continue;
      const double there = z[i] + step_[i];
      if (there >= problem_.low[i] && there <= problem_.high[i]) continue;
      step_[i] = std::clamp(there, problem_.low[i], problem_.high[i]) - z[i];
      is_out_[i] = 1;
    }
    if (cuts) return true;
  }
}

// Moves best_ to the nearest minimum of the frame looked at.
Status Solver::solve_frame(bool is_warm, double& objective_out, Index& iterations) {
  const Index n = inputs_;
  double* z = best_.data();
  evaluate(z, now_);
  double damping = 0.0, length = is_warm ? 0.0 : kInfinity;
  for (iterations = 1; iterations <= problem_.max_iterations; ++iterations) {
    objective_out = now_.objective;
    for (Index i = 0; i < n; ++i) {
      const double g = now_.gradient[i];
      is_fixed_[i] = problem_.is_held[i] || now_.gauss_newton[i * n + i] <= kUnseen ||
                     (z[i] <= problem_.low[i] + kAtBound && g > 0) || (z[i] >= problem_.high[i] - kAtBound && g < 0);
    }
    bool is_exact = damping == 0.0 && length < kExactStep;
    bool has_step = is_exact && bounded_step(now_.exact, now_.gradient, z);
    if (!has_step) {
      is_exact = false;
      while (!has_step && damping < kDampingStop) {
        damped_ = now_.gauss_newton;
        for (Index i = 0; i < n; ++i) damped_[i * n + i] += (damping + kRegularity) * now_.gauss_newton[i * n + i];
        has_step = bounded_step(damped_, now_.gradient, z);
        if (!has_step) damping = std::max(10 * damping, kDampingStart);
      }
      if (!has_step) return kStalled;
    }
    double longest = 0.0, turn = 0.0;
    for (Index i = 0; i < n; ++i) {
      longest = std::max(longest, std::fabs(step_[i]));
      if (tree_.is_angle[i]) turn = std::max(turn, std::fabs(step_[i]));
    }
    const double scale = turn > kLongestTurn ? kLongestTurn / turn : 1.0;
    longest *= scale;
    for (Index i = 0; i < n; ++i) trial_[i] = std::clamp(z[i] + scale * step_[i], problem_.low[i], problem_.high[i]);
    double gain = 0.0;  // what the quadratic model promises, twice
    for (Index i = 0; i < n; ++i) gain -= now_.gradient[i] * step_[i];
    const bool is_short = longest < (is_exact ? 1.0 : kLinearFactor) * problem_.tolerance;
    if (damping <= kDampingStart && (is_short || gain <= kRounding * now_.objective)) {
      const double there = objective(trial_.data());
      if (there <= (1 + kTie) * now_.objective + kTieFloor) {
        best_ = trial_;
        objective_out = there;
      }
      return kConverged;
    }
    evaluate(trial_.data(), there_);
    if (there_.objective <= (1 + kTie) * now_.objective + kTieFloor) {
      std::swap(now_, there_);
      best_ = trial_;
      z = best_.data();
      length = longest;
      damping = damping > kDampingEnd ? damping / 10 : 0.0;
    } else {
      damping = std::max(10 * damping, kDampingStart);
      length = kInfinity;
      if (damping > kDampingStop) return kStalled;
    }
  }
  iterations = problem_.max_iterations;
  objective_out = now_.objective;
  return kStalled;
}

Track Solver::run() {
  const Index n = inputs_, frames = problem_.frames, markers = tree_.marker_count();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Track track{std::vector<double>(frames * n), std::vector<double>(frames * markers, nan),
              std::vector<double>(frames, nan), std::vector<Index>(frames, 0), std::vector<Index>(frames, kSkipped)};
  const auto clip = [&](Index i, double v) { return std::clamp(v, problem_.low[i], problem_.high[i]); };
  std::vector<double> last(n), before(n, 0.0);
  for (Index i = 0; i < n; ++i) last[i] = clip(i, problem_.starts[i]);
  std::vector<Frame> all;
  Index in_a_row = 0;
  bool is_warm = false;
  for (Index t = 0; t < frames; ++t) {
    double* out = track.inputs.data() + t * n;
    if (!problem_.is_usable[t]) {
      std::copy(last.begin(), last.end(), out);
      in_a_row = 0;
      continue;
    }
    look_at(t);
    const double* given = problem_.starts + (problem_.start_rows > 1 ? t * n : 0);
    for (Index i = 0; i < n; ++i) {
      const double start = !problem_.is_chained ? given[i]
                           : in_a_row > 1 && is_seen_[i] ? 2 * last[i] - before[i]
                                                         : last[i];
      best_[i] = clip(i, start);
    }
    const Status status = solve_frame(problem_.is_chained && is_warm, track.objective[t], track.iterations[t]);
    track.status[t] = status;
    std::copy(best_.begin(), best_.end(), out);
    if (status == kConverged) {
      before.swap(last);
      last = best_;
      ++in_a_row;
      is_warm = true;
    } else {
      in_a_row = 0;
    }
    place_nodes(tree_, out, q_, all);
    for (Index m = 0; m < markers; ++m) {
      const double* target = problem_.targets + 3 * (t * markers + m);
      double p[3];
      point_in_world(tree_.marker_node[m] < 0 ? kGround : all[tree_.marker_node[m]], &tree_.marker_position[3 * m], p);
      for (int i = 0; i < 3; ++i) p[i] -= target[i];
      track.marker_error[t * markers + m] = std::sqrt(dot(p, p));
    }
  }
  return track;
}

}  // namespace

Track solve_frames(const Tree& tree, const Problem& problem) { return Solver(tree, problem).run(); }

double evaluate_objective(const Tree& tree, const Problem& problem, Index frame, const double* z, double* gradient,
                          double* gauss_newton, double* exact) {
  const Index n = tree.input_count();
  Solver solver(tree, problem);
  System system{0.0, std::vector<double>(n), std::vector<double>(n * n), std::vector<double>(n * n)};
  solver.look_at(frame);
  solver.evaluate(z, system);
  std::copy(system.gradient.begin(), system.gradient.end(), gradient);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) {
      const Index at = i > j ? i * n + j : j * n + i;
      gauss_newton[i * n + j] = system.gauss_newton[at];
      exact[i * n + j] = system.exact[at];
    }
  return system.objective;
}

}  // namespace kinechain
