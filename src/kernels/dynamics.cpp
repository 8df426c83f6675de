#include "dynamics.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace kinechain {

namespace {

struct Vector {
  double x, y, z;
};

Vector operator+(Vector a, Vector b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
Vector operator-(Vector a, Vector b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
Vector operator*(double s, Vector a) { return {s * a.x, s * a.y, s * a.z}; }
double dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
Vector cross(Vector a, Vector b) { return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x}; }
Vector at(const double* p) { return {p[0], p[1], p[2]}; }

Vector times(const double* m, Vector v) {
  return {m[0] * v.x + m[1] * v.y + m[2] * v.z, m[3] * v.x + m[4] * v.y + m[5] * v.z,
          m[6] * v.x + m[7] * v.y + m[8] * v.z};
}

Vector transposed_times(const double* m, Vector v) {
  return {m[0] * v.x + m[3] * v.y + m[6] * v.z, m[1] * v.x + m[4] * v.y + m[7] * v.z,
          m[2] * v.x + m[5] * v.y + m[8] * v.z};
}

// Angular velocity, angular acceleration, and acceleration of the origin less gravity.
struct Rates {
  Vector turn, turn_rate, acceleration;
};

struct Wrench {
  Vector force{0, 0, 0}, moment{0, 0, 0};
};

const Frame& frame_of(const std::vector<Frame>& frames, Index node) { return node < 0 ? kGround : frames[node]; }

Vector place(const Frame& frame, const double* local) { return at(frame.origin) + times(frame.rotation, at(local)); }

// One frame of one motion; the arrays live as long as the trial.
class Step {
 public:
  Step(const Tree& tree, const Masses& masses)
      : tree_(tree), masses_(masses), q_(tree.coordinate_count()), frames_(tree.node_count()),
        value_(tree.node_count()), rates_(tree.node_count()), total_(tree.segment_count()) {
    ground_ = {{0, 0, 0}, {0, 0, 0}, -1.0 * at(masses.gravity)};
  }

  void move(const double* z, const double* dz, const double* ddz, double* slopes) {
    tree_.coordinates(z, q_.data());
    for (Index n = 0; n < tree_.node_count(); ++n) {
      const Index c = tree_.node_coordinate[n], input = tree_.coordinate_input[c];
      const Jet f = tree_.functions.evaluate(tree_.node_function[n], q_[c].value);
      const double slope = f.first * q_[c].first;
      const double bend = f.second * q_[c].first * q_[c].first + f.first * q_[c].second;
      value_[n] = f.first;
      slopes[n] = slope;
      step(n, f.value, slope * dz[input], slope * ddz[input] + bend * dz[input] * dz[input]);
    }
  }

  // Wrench that each segment and all it carries need, about the world origin.
  void gather(const double* external) {
    for (Index s = 0; s < tree_.segment_count(); ++s) {
      total_[s] = needed(s);
      if (external != nullptr) {
        total_[s].force = total_[s].force - at(external + 6 * s);
        total_[s].moment = total_[s].moment - at(external + 6 * s + 3);
      }
    }
    for (Index s = tree_.segment_count() - 1; s >= 0; --s) {
      const Index parent = masses_.segment_parent[s];
      if (parent < 0) continue;
      total_[parent].force = total_[parent].force + total_[s].force;
      total_[parent].moment = total_[parent].moment + total_[s].moment;
    }
  }

  void tell(const double* slopes, double* node_force, double* input_force, double* coordinate_force,
            double* joint_wrench) const {
    std::fill(input_force, input_force + tree_.input_count(), 0.0);
    std::fill(coordinate_force, coordinate_force + tree_.coordinate_count(), 0.0);
    for (Index n = 0; n < tree_.node_count(); ++n) {
      const Frame& frame = frames_[n];
      const Wrench& load = total_[masses_.node_segment[n]];
      const Vector axis = {frame.rotation[2], frame.rotation[5], frame.rotation[8]};
      node_force[n] = tree_.node_is_rotation[n] ? dot(axis, load.moment - cross(at(frame.origin), load.force))
                                                : dot(axis, load.force);
      const Index c = tree_.node_coordinate[n];
      input_force[tree_.coordinate_input[c]] += slopes[n] * node_force[n];
      coordinate_force[c] += value_[n] * node_force[n];
    }
    for (Index s = 0; s < tree_.segment_count(); ++s) {
      const Vector point = place(frame_of(frames_, tree_.segment_node[s]), &masses_.joint_centre[3 * s]);
      const Vector moment = total_[s].moment - cross(point, total_[s].force);
      double* out = joint_wrench + 6 * s;
      out[0] = total_[s].force.x, out[1] = total_[s].force.y, out[2] = total_[s].force.z;
      out[3] = moment.x, out[4] = moment.y, out[5] = moment.z;
    }
  }

 private:
  void step(Index n, double value, double rate, double rate_rate) {
    const Index parent = tree_.node_parent[n];
    const bool turns = tree_.node_is_rotation[n] != 0;
    Frame& frame = frames_[n];
    place_node(parent < 0 ? kGround : frames_[parent], &tree_.node_rotation[9 * n], &tree_.node_translation[3 * n],
               turns, value, frame);
    const Rates& below = parent < 0 ? ground_ : rates_[parent];
    const Vector axis = {frame.rotation[2], frame.rotation[5], frame.rotation[8]};
    const Vector arm = at(frame.origin) - (parent < 0 ? Vector{0, 0, 0} : at(frames_[parent].origin));
    Rates& mine = rates_[n];
    mine = below;
    mine.acceleration =
        mine.acceleration + cross(below.turn_rate, arm) + cross(below.turn, cross(below.turn, arm));
    if (turns) {
      mine.turn = below.turn + rate * axis;
      mine.turn_rate = below.turn_rate + rate_rate * axis + rate * cross(below.turn, axis);
    } else {
      mine.acceleration = mine.acceleration + rate_rate * axis + (2 * rate) * cross(below.turn, axis);
    }
  }

  Wrench needed(Index s) const {
    const Index n = tree_.segment_node[s];
    const Frame& frame = frame_of(frames_, n);
    const Rates& rates = n < 0 ? ground_ : rates_[n];
    const double* inertia = &masses_.inertia[9 * s];
    const Vector arm = times(frame.rotation, at(&masses_.centre[3 * s]));
    const Vector acceleration =
        rates.acceleration + cross(rates.turn_rate, arm) + cross(rates.turn, cross(rates.turn, arm));
    const Vector turn = transposed_times(frame.rotation, rates.turn);
    const Vector turn_rate = transposed_times(frame.rotation, rates.turn_rate);
    Wrench wrench;
    wrench.force = masses_.mass[s] * acceleration;
    wrench.moment = times(frame.rotation, times(inertia, turn_rate) + cross(turn, times(inertia, turn))) +
                    cross(at(frame.origin) + arm, wrench.force);
    return wrench;
  }

  const Tree& tree_;
  const Masses& masses_;
  std::vector<Jet> q_;
  std::vector<Frame> frames_;
  std::vector<double> value_;  // d(node value) / d(the coordinate it follows)
  std::vector<Rates> rates_;
  std::vector<Wrench> total_;
  Rates ground_;
};

void require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(std::string("dynamics: ") + what);
}

void require_all_finite(const std::vector<double>& values, const char* what) {
  for (double v : values) require(std::isfinite(v), what);
}

}  // namespace

void Masses::check(const Tree& tree) const {
  const Index segments = tree.segment_count(), nodes = tree.node_count();
  const auto sized = [](const auto& v, Index n) { return static_cast<Index>(v.size()) == n; };
  require(sized(segment_parent, segments) && sized(mass, segments) && sized(centre, 3 * segments) &&
              sized(inertia, 9 * segments) && sized(joint_centre, 3 * segments),
          "every segment needs a parent, a mass, a centre, an inertia and a joint centre");
  require(sized(node_segment, nodes), "every node needs the segment it moves");
  for (Index s = 0; s < segments; ++s)
    require(segment_parent[s] >= -1 && segment_parent[s] < s, "parents must stand before their children");
  for (Index segment : node_segment) require(segment >= 0 && segment < segments, "node_segment points outside");
  require_all_finite(mass, "masses must be finite");
  require_all_finite(centre, "centres must be finite");
  require_all_finite(inertia, "inertias must be finite");
  require_all_finite(joint_centre, "joint centres must be finite");
  for (double g : gravity) require(std::isfinite(g), "gravity must be finite");
}

void ReactionPlan::check(const Tree& tree) const {
  const Index joints = static_cast<Index>(segment.size()), segments = tree.segment_count();
  const auto sized = [](const auto& v, Index n) { return static_cast<Index>(v.size()) == n; };
  require(sized(sign, joints) && sized(axes_segment, joints) && sized(axes, 9 * joints) &&
              sized(point_segment, joints) && sized(point, 3 * joints),
          "every reported joint needs a sign, axes and a point");
  for (Index j = 0; j < joints; ++j) {
    require(segment[j] >= 0 && segment[j] < segments, "a reported joint points outside the segments");
    require(axes_segment[j] >= -1 && axes_segment[j] < segments, "axes point outside the segments");
    require(point_segment[j] >= -1 && point_segment[j] < segments, "a point lies outside the segments");
  }
  require_all_finite(sign, "signs must be finite");
  require_all_finite(axes, "axes must be finite");
  require_all_finite(point, "points must be finite");
}

void inverse_dynamics(const Tree& tree, const Masses& masses, Index times, const InverseDynamics& arrays) {
  const Index inputs = tree.input_count(), nodes = tree.node_count(), segments = tree.segment_count();
  Step step(tree, masses);
  for (Index t = 0; t < times; ++t) {
    double* slopes = arrays.slopes + t * nodes;
    step.move(arrays.values + t * inputs, arrays.velocities + t * inputs, arrays.accelerations + t * inputs, slopes);
    step.gather(arrays.external == nullptr ? nullptr : arrays.external + t * segments * 6);
    step.tell(slopes, arrays.node_force + t * nodes, arrays.input_force + t * inputs,
              arrays.coordinate_force + t * tree.coordinate_count(), arrays.joint_wrench + t * segments * 6);
  }
}

void joint_reactions(const Tree& tree, const Masses& masses, const ReactionPlan& plan, Index times_n,
                     const double* values, const double* joint_wrench, const PathLoads& loads, double* out) {
  const Index inputs = tree.input_count(), segments = tree.segment_count();
  const Index joints = static_cast<Index>(plan.segment.size());
  std::vector<Jet> q;
  std::vector<Frame> frames;
  std::vector<Wrench> pull(segments);
  for (Index t = 0; t < times_n; ++t) {
    place_nodes(tree, values + t * inputs, q, frames);
    std::fill(pull.begin(), pull.end(), Wrench{});
    const double* tension = loads.tension + t * loads.paths;
    const double* unit = loads.unit + t * loads.entries * 6;
    for (Index e = 0; e < loads.entries; ++e, unit += 6) {
      if (loads.segment[e] < 0) continue;
      Wrench& on = pull[loads.segment[e]];
      const double force = tension[loads.path[e]];
      on.force = on.force + force * at(unit);
      on.moment = on.moment + force * at(unit + 3);
    }
    for (Index s = segments - 1; s >= 0; --s) {
      const Index parent = masses.segment_parent[s];
      if (parent < 0) continue;
      pull[parent].force = pull[parent].force + pull[s].force;
      pull[parent].moment = pull[parent].moment + pull[s].moment;
    }
    for (Index j = 0; j < joints; ++j, out += 6) {
      const Index s = plan.segment[j];
      const double* needed = joint_wrench + (t * segments + s) * 6;
      const Vector centre = place(frame_of(frames, tree.segment_node[s]), &masses.joint_centre[3 * s]);
      const Index carrier = plan.point_segment[j];
      const Vector point =
          place(frame_of(frames, carrier < 0 ? -1 : tree.segment_node[carrier]), &plan.point[3 * j]);
      const Vector force = at(needed) - pull[s].force;
      Vector moment = at(needed + 3) - (pull[s].moment - cross(centre, pull[s].force));
      moment = moment + cross(centre - point, force);
      const Index seen_from = plan.axes_segment[j];
      const Frame& axes = frame_of(frames, seen_from < 0 ? -1 : tree.segment_node[seen_from]);
      const double* turn = &plan.axes[9 * j];
      const Vector f = plan.sign[j] * transposed_times(turn, transposed_times(axes.rotation, force));
      const Vector m = plan.sign[j] * transposed_times(turn, transposed_times(axes.rotation, moment));
      out[0] = f.x, out[1] = f.y, out[2] = f.z, out[3] = m.x, out[4] = m.y, out[5] = m.z;
    }
  }
}

}  // namespace kinechain
