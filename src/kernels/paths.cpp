#include "paths.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace kinechain {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// Paths over several surfaces are settled when no touching point moves further than this, m.
constexpr double kSettled = 1e-12, kNear = 0.01;
constexpr int kMostRounds = 200;

// What the arms and loads of a bent path are: those of its length, or of a tension along its straight ends.
enum Pull : Index { kOfLength = 0, kAlongEnds = 1 };

// A point of the path as it runs in this pose; wrap >= 0: where it touches or leaves a surface.
struct Stop {
  double at[3];
  double force[3];
  Index load, point, wrap;
  double arc;  // on the surface, up to this stop
};

void point_in_surface(const Frame& frame, const double* world, double* local) {
  const double d[3] = {world[0] - frame.origin[0], world[1] - frame.origin[1], world[2] - frame.origin[2]};
  for (int i = 0; i < 3; ++i)
    local[i] = frame.rotation[i] * d[0] + frame.rotation[3 + i] * d[1] + frame.rotation[6 + i] * d[2];
}

void turned(const Frame& frame, const double* local, double* world) {
  for (int i = 0; i < 3; ++i)
    world[i] = frame.rotation[3 * i] * local[0] + frame.rotation[3 * i + 1] * local[1] +
               frame.rotation[3 * i + 2] * local[2];
}

// Adds a force at a point of the world to a wrench about the world's origin.
void add_force(double* wrench, const double* at, const double* force, double sign) {
  const double f[3] = {sign * force[0], sign * force[1], sign * force[2]};
  wrench[0] += f[0];
  wrench[1] += f[1];
  wrench[2] += f[2];
  wrench[3] += at[1] * f[2] - at[2] * f[1];
  wrench[4] += at[2] * f[0] - at[0] * f[2];
  wrench[5] += at[0] * f[1] - at[1] * f[0];
}

const Frame& frame_of(const PathRoom& room, Index node) { return node < 0 ? kGround : room.frames[node]; }

class Run {
 public:
  Run(const Paths& paths, PathRoom& room, bool needs_gradient)
      : paths_(paths), room_(room), needs_gradient_(needs_gradient) {}

  // Length of one path; wrenches are added to room.loads. NaN where a condition cannot be told.
  double measure(Index path) {
    if (!gather(path)) return kNaN;
    const Index first = paths_.wrap_start[path], last = paths_.wrap_start[path + 1];
    if (last - first == 1) return bent_once(first);
    if (last > first) settle(first, last);
    double length = 0.0;
    for (std::size_t i = 1; i < count_; ++i) length += piece(stops_[i - 1], stops_[i]);
    return length;
  }

  // Derivatives by the coordinates that move points in their segments.
  void add_motion(double* arms) const {
    for (std::size_t i = 0; i < count_; ++i) {
      const Stop& stop = stops_[i];
      if (stop.wrap >= 0 || paths_.motion_coordinate[3 * stop.point] < 0) continue;
      const Index p = stop.point, segment = paths_.point_segment[p];
      const Frame& on = frame_of(room_, paths_.point_node[p]);
      for (int axis = 0; axis < 3; ++axis) {
        const Index c = paths_.motion_coordinate[3 * p + axis], entry = paths_.motion_entry[3 * p + axis];
        if (entry < 0) continue;
        const double slope = paths_.functions.evaluate(paths_.motion_function[3 * p + axis], room_.q[c].value).first;
        double node[3] = {0, 0, 0}, world[3];
        for (int j = 0; j < 3; ++j)
          node[j] = segment < 0 ? (j == axis) : paths_.tree.segment_rotation[9 * segment + 3 * j + axis];
        turned(on, node, world);
        arms[entry] -= slope * (world[0] * stop.force[0] + world[1] * stop.force[1] + world[2] * stop.force[2]);
      }
    }
  }

 private:
  bool gather(Index path) {
    count_ = 0;
    const Index first = paths_.point_start[path], last = paths_.point_start[path + 1];
    const std::size_t most = last - first + 2 * (paths_.wrap_start[path + 1] - paths_.wrap_start[path]);
    if (stops_.size() < most) stops_.resize(most);
    for (Index p = first; p < last; ++p) {
      const Index condition = paths_.point_condition[p];
      if (condition >= 0) {
        const double value = room_.q[condition].value;
        if (std::isnan(value)) return false;
        if (value < paths_.point_range[2 * p] || value > paths_.point_range[2 * p + 1]) continue;
      }
      Stop& stop = stops_[count_++];
      stop.load = paths_.point_load[p];
      stop.point = p;
      stop.wrap = -1;
      stop.arc = 0.0;
      stop.force[0] = stop.force[1] = stop.force[2] = 0.0;
      if (paths_.motion_coordinate[3 * p] < 0)
        point_in_world(frame_of(room_, paths_.point_node[p]), &paths_.point_position[3 * p], stop.at);
      else
        place_moving(p, stop.at);
    }
    return true;
  }

  void place_moving(Index p, double* world) const {
    double local[3], node[3];
    for (int axis = 0; axis < 3; ++axis) {
      const double value = room_.q[paths_.motion_coordinate[3 * p + axis]].value;
      local[axis] = paths_.functions.evaluate(paths_.motion_function[3 * p + axis], value).value;
    }
    const Index segment = paths_.point_segment[p];
    for (int i = 0; i < 3; ++i) {
      const double* r = segment < 0 ? kGround.rotation : &paths_.tree.segment_rotation[9 * segment];
      const double shift = segment < 0 ? 0.0 : paths_.tree.segment_translation[3 * segment + i];
      node[i] = shift + r[3 * i] * local[0] + r[3 * i + 1] * local[1] + r[3 * i + 2] * local[2];
    }
    point_in_world(frame_of(room_, paths_.point_node[p]), node, world);
  }

  // A straight piece, or the piece on a surface between where it is touched and left.
  double piece(Stop& from, Stop& to) {
    if (from.wrap >= 0 && from.wrap == to.wrap) return to.arc;
    double u[3] = {to.at[0] - from.at[0], to.at[1] - from.at[1], to.at[2] - from.at[2]};
    const double length = std::sqrt(u[0] * u[0] + u[1] * u[1] + u[2] * u[2]);
    if (length == 0.0) return length;
    for (int i = 0; i < 3; ++i) {
      u[i] /= length;
      from.force[i] += u[i];
      to.force[i] -= u[i];
    }
    if (from.load == to.load) return length;
    double* a = &room_.loads[6 * from.load];
    double* b = &room_.loads[6 * to.load];
    const double m[3] = {from.at[1] * u[2] - from.at[2] * u[1], from.at[2] * u[0] - from.at[0] * u[2],
                         from.at[0] * u[1] - from.at[1] * u[0]};
    for (int i = 0; i < 3; ++i) {
      a[i] += u[i];
      a[3 + i] += m[i];
      b[i] -= u[i];
      b[3 + i] -= m[i];
    }
    return length;
  }

  double bent(Stop& from, Stop& to, Index wrap, const Frame& frame, const BentPiece& found) {
    const Index load = paths_.wrap_load[wrap];
    if (paths_.wrap_pull[wrap] == kAlongEnds) {
      Stop first{}, last{};
      point_in_world(frame, found.first, first.at);
      point_in_world(frame, found.last, last.at);
      first.load = last.load = load;
      first.wrap = last.wrap = -1;
      return piece(from, first) + found.arc + piece(last, to);
    }
    double p[3], q[3];
    turned(frame, found.gradient_p, p);
    turned(frame, found.gradient_q, q);
    for (int i = 0; i < 3; ++i) {
      from.force[i] -= p[i];
      to.force[i] -= q[i];
    }
    add_force(&room_.loads[6 * from.load], from.at, p, -1.0);
    add_force(&room_.loads[6 * to.load], to.at, q, -1.0);
    add_force(&room_.loads[6 * load], from.at, p, 1.0);
    add_force(&room_.loads[6 * load], to.at, q, 1.0);
    return found.length;
  }

  Surface surface_of(Index wrap) const {
    const Index s = paths_.wrap_surface[wrap];
    return {paths_.surface_kind[s], &paths_.surface_radii[3 * s], paths_.surface_half_length[s],
            paths_.surface_axis[s], paths_.surface_sign[s], paths_.wrap_method[wrap],
            needs_gradient_ && paths_.wrap_pull[wrap] == kOfLength};
  }

  // The stops between which a wrap may bend: the first and the last of its points that are there in this pose.
  bool reach(Index wrap, std::size_t& first, std::size_t& last) const {
    const Index low = paths_.wrap_first[wrap], high = paths_.wrap_last[wrap];
    bool found = false;
    for (std::size_t i = 0; i < count_; ++i) {
      if (stops_[i].wrap >= 0 || stops_[i].point < low || stops_[i].point > high) continue;
      if (!found) first = i;
      last = i;
      found = true;
    }
    return found && first < last;
  }

  // The piece that bends: the first that must, else the one that grows least; -1 if none.
  std::ptrdiff_t choose(Index wrap, Curve curve, BentPiece& best) const {
    std::size_t first = 0, last = 0;
    if (!reach(wrap, first, last)) return -1;
    const Surface surface = surface_of(wrap);
    const Frame& frame = room_.surfaces[paths_.wrap_surface[wrap]];
    std::ptrdiff_t chosen = -1;
    double least = std::numeric_limits<double>::infinity();
    double p[3], q[3];
    point_in_surface(frame, stops_[first].at, q);
    for (std::size_t i = first; i < last; ++i) {
      std::copy(q, q + 3, p);
      point_in_surface(frame, stops_[i + 1].at, q);
      if (stops_[i].wrap >= 0 && stops_[i + 1].wrap >= 0 &&
          paths_.wrap_surface[stops_[i].wrap] == paths_.wrap_surface[stops_[i + 1].wrap])
        continue;
      BentPiece piece;
      const Bend result = bend(surface, p, q, curve, piece);
      if (result < kMayBend) continue;
      const double d[3] = {q[0] - p[0], q[1] - p[1], q[2] - p[2]};
      const double growth = piece.length - std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
      if (result == kMustBend || growth < least) {
        chosen = static_cast<std::ptrdiff_t>(i);
        best = piece;
        least = growth;
      }
      if (result == kMustBend) break;
    }
    return chosen;
  }

  double bent_once(Index wrap) {
    BentPiece found;
    const std::ptrdiff_t at = choose(wrap, paths_.wrap_method[wrap] == kShortestMethod ? kShortest : kBisected, found);
    double length = 0.0;
    for (std::size_t i = 1; i < count_; ++i)
      length += static_cast<std::ptrdiff_t>(i) - 1 == at
                    ? bent(stops_[i - 1], stops_[i], wrap,
                           room_.surfaces[paths_.wrap_surface[wrap]], found)
                    : piece(stops_[i - 1], stops_[i]);
    return length;
  }

  // Several surfaces: one after the other, each between the touching points of the others, until nothing moves.
  void settle(Index first, Index last) {
    double step[6] = {0, 0, 0, 0, 0, 0}, place[6] = {0, 0, 0, 0, 0, 0};
    for (int round = 0; round < kMostRounds; ++round) {
      double moved = 0.0;
      for (Index wrap = first; wrap < last; ++wrap) moved = std::max(moved, renew(wrap));
      if (!(moved > kSettled)) return;
      if (moved < kNear) hasten(last - 1, round, place, step);
    }
  }

  // Every other round, goes on from the last surface's touching points as far as steps that shrink alike would lead.
  void hasten(Index wrap, int round, double* place, double* step) {
    std::size_t at = 0;
    while (at < count_ && stops_[at].wrap != wrap) ++at;
    if (at == count_) return;
    double before = 0.0, common = 0.0;
    double now[6];
    for (int i = 0; i < 6; ++i) {
      const double x = stops_[at + i / 3].at[i % 3];
      now[i] = x - place[i];
      place[i] = x;
      before += step[i] * step[i];
      common += step[i] * now[i];
      step[i] = now[i];
    }
    const double shrinks = common / before;
    if (round % 3 != 2 || !(shrinks > -0.9 && shrinks < 0.9)) return;
    for (int i = 0; i < 6; ++i) {
      stops_[at + i / 3].at[i % 3] += shrinks / (1.0 - shrinks) * now[i];
      place[i] = stops_[at + i / 3].at[i % 3];
    }
  }

  // Bends one wrap anew and says how far its touching points moved.
  double renew(Index wrap) {
    double before[6] = {0, 0, 0, 0, 0, 0};
    bool was = false;
    for (std::size_t i = 0; i < count_; ++i) {
      if (stops_[i].wrap != wrap) continue;
      for (int k = 0; k < 3; ++k) {
        before[k] = stops_[i].at[k];
        before[3 + k] = stops_[i + 1].at[k];
      }
      for (std::size_t j = i; j + 2 < count_; ++j) stops_[j] = stops_[j + 2];
      count_ -= 2;
      was = true;
      break;
    }
    BentPiece found;
    const std::ptrdiff_t at = choose(wrap, kShortest, found);
    if (at < 0) return was ? 1.0 : 0.0;
    for (std::size_t j = count_; j-- > static_cast<std::size_t>(at) + 1;) stops_[j + 2] = stops_[j];
    count_ += 2;
    const Frame& frame = room_.surfaces[paths_.wrap_surface[wrap]];
    double moved = was ? 0.0 : 1.0;
    for (int k = 0; k < 2; ++k) {
      Stop& stop = stops_[at + 1 + k];
      point_in_world(frame, k == 0 ? found.first : found.last, stop.at);
      stop.force[0] = stop.force[1] = stop.force[2] = 0.0;
      stop.load = paths_.wrap_load[wrap];
      stop.point = -1;
      stop.wrap = wrap;
      stop.arc = k == 0 ? 0.0 : found.arc;
      for (int i = 0; i < 3; ++i) moved = std::max(moved, std::abs(stop.at[i] - before[3 * k + i]));
    }
    return moved;
  }

  const Paths& paths_;
  PathRoom& room_;
  const bool needs_gradient_;
  std::vector<Stop> stops_;
  std::size_t count_ = 0;
};

void place_screws(const Tree& tree, PathRoom& room) {
  room.screws.assign(6 * tree.node_count(), 0.0);
  for (Index n = 0; n < tree.node_count(); ++n) {
    const Frame& frame = room.frames[n];
    const double z[3] = {frame.rotation[2], frame.rotation[5], frame.rotation[8]};
    double* s = &room.screws[6 * n];
    if (tree.node_is_rotation[n]) {
      add_force(s, frame.origin, z, 1.0);
      for (int i = 0; i < 3; ++i) std::swap(s[i], s[3 + i]);
    } else {
      std::copy(z, z + 3, s);
    }
  }
}

// Work of the wrenches of one path on the motion of every node that moves it.
void fold_path(const Paths& paths, Index path, const PathRoom& room, double* arms) {
  const Index nodes = paths.tree.node_count();
  for (Index e = paths.entry_start[path]; e < paths.entry_start[path + 1]; ++e) {
    const Index node = paths.entry_column[e];
    if (node >= nodes) continue;
    const double* s = &room.screws[6 * node];
    double work = 0.0;
    for (Index i = paths.work_start[e]; i < paths.work_start[e + 1]; ++i) {
      const double* w = &room.loads[6 * paths.work_load[i]];
      work += s[0] * w[0] + s[1] * w[1] + s[2] * w[2] + s[3] * w[3] + s[4] * w[4] + s[5] * w[5];
    }
    arms[e] = -work;
  }
}

}  // namespace

void measure_paths(const Paths& paths, const double* z, PathRoom& room, double* lengths, double* arms,
                   bool with_loads) {
  place_nodes(paths.tree, z, room.q, room.frames);
  const std::size_t surfaces = paths.surface_kind.size();
  room.surfaces.resize(surfaces);
  for (std::size_t s = 0; s < surfaces; ++s)
    place_node(frame_of(room, paths.surface_node[s]), &paths.surface_rotation[9 * s], &paths.surface_translation[3 * s],
               false, 0.0, room.surfaces[s]);
  room.loads.assign(6 * paths.load_count(), 0.0);
  if (arms) {
    place_screws(paths.tree, room);
    std::fill(arms, arms + paths.entry_count(), 0.0);
  }
  Run run(paths, room, arms != nullptr || with_loads);
  for (Index path = 0; path < paths.path_count(); ++path) {
    lengths[path] = run.measure(path);
    if (std::isnan(lengths[path])) {
      double* own = room.loads.data();
      std::fill(own + 6 * paths.load_start[path], own + 6 * paths.load_start[path + 1], kNaN);
      if (arms) std::fill(arms + paths.entry_start[path], arms + paths.entry_start[path + 1], kNaN);
      continue;
    }
    if (!arms) continue;
    fold_path(paths, path, room, arms);
    if (paths.has_motion[path]) run.add_motion(arms);
  }
}

void column_slopes(const Tree& tree, const double* z, std::vector<Jet>& q, double* slopes) {
  q.resize(tree.coordinate_count());
  tree.coordinates(z, q.data());
  const Index nodes = tree.node_count();
  for (Index n = 0; n < nodes; ++n) {
    const Jet& c = q[tree.node_coordinate[n]];
    slopes[n] = tree.functions.evaluate(tree.node_function[n], c.value).first * c.first;
  }
  for (Index c = 0; c < tree.coordinate_count(); ++c) slopes[nodes + c] = q[c].first;
}

namespace {

void require(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument("paths: " + what);
}

void require_inside(const std::vector<Index>& values, Index low, Index high, const std::string& name) {
  for (Index v : values) require(v >= low && v < high, name + " points outside its table");
}

void require_starts(const std::vector<Index>& starts, Index paths, Index count, const std::string& name) {
  require(static_cast<Index>(starts.size()) == paths + 1 && starts[0] == 0 && starts[paths] == count,
          name + " must run from 0 to the number of rows");
  for (Index i = 0; i < paths; ++i) require(starts[i] <= starts[i + 1], name + " must ascend");
}

// Every row that belongs to a path may point only to rows of the same path.
void require_own(const std::vector<Index>& starts, const std::vector<Index>& values, Index per_row,
                 const std::vector<Index>& table, bool may_be_none, const std::string& name) {
  for (std::size_t path = 0; path + 1 < starts.size(); ++path)
    for (Index i = starts[path] * per_row; i < starts[path + 1] * per_row; ++i)
      require((may_be_none && values[i] == -1) || (values[i] >= table[path] && values[i] < table[path + 1]),
              name + " points outside its path");
}

}  // namespace

void Paths::check() {
  check_functions(functions);
  const auto sized = [](const auto& v, std::size_t n) { return v.size() == n; };
  const std::size_t points = point_load.size(), surfaces = surface_kind.size(), wraps = wrap_surface.size();
  const Index nodes = tree.node_count(), coordinates = tree.coordinate_count(), loads = load_count();
  const Index function_n = static_cast<Index>(functions.start.size()) - 1;
  require(!point_start.empty(), "point_start must begin with 0");
  require_starts(point_start, path_count(), static_cast<Index>(points), "point_start");
  require_starts(wrap_start, path_count(), static_cast<Index>(wraps), "wrap_start");
  require_starts(load_start, path_count(), loads, "load_start");
  require_starts(entry_start, path_count(), entry_count(), "entry_start");
  require(sized(point_segment, points) && sized(point_node, points) && sized(point_condition, points) &&
              sized(point_position, 3 * points) && sized(point_range, 2 * points) &&
              sized(motion_coordinate, 3 * points) && sized(motion_function, 3 * points) &&
              sized(motion_entry, 3 * points),
          "every point needs a place");
  require(sized(surface_node, surfaces) && sized(surface_axis, surfaces) && sized(surface_rotation, 9 * surfaces) &&
              sized(surface_translation, 3 * surfaces) && sized(surface_radii, 3 * surfaces) &&
              sized(surface_half_length, surfaces) && sized(surface_sign, surfaces),
          "every surface needs a frame and a size");
  require(sized(wrap_first, wraps) && sized(wrap_last, wraps) && sized(wrap_method, wraps) && sized(wrap_load, wraps) &&
              sized(wrap_pull, wraps),
          "every wrap needs a reach");
  require(sized(load_entry, loads) && sized(entry_parent, entry_count()), "every load and entry needs a place");
  require_inside(point_segment, -1, tree.segment_count(), "point_segment");
  require_inside(point_node, -1, nodes, "point_node");
  require_inside(point_condition, -1, coordinates, "point_condition");
  require_inside(motion_coordinate, -1, coordinates, "motion_coordinate");
  require_inside(motion_function, -1, function_n, "motion_function");
  for (std::size_t p = 0; p < points; ++p)
    for (std::size_t i = 3 * p; i < 3 * p + 3; ++i)
      require((motion_coordinate[i] < 0) == (motion_coordinate[3 * p] < 0) &&
                  (motion_coordinate[i] < 0 || motion_function[i] >= 0),
              "a moving point needs three coordinates and functions");
  require_inside(surface_kind, 0, 3, "surface_kind");
  require_inside(surface_node, -1, nodes, "surface_node");
  require_inside(surface_axis, -1, 3, "surface_axis");
  require_inside(wrap_surface, 0, static_cast<Index>(surfaces), "wrap_surface");
  require_inside(wrap_method, 0, 4, "wrap_method");
  require_inside(wrap_pull, 0, 2, "wrap_pull");
  require_inside(load_segment, -1, tree.segment_count(), "load_segment");
  require_inside(entry_column, 0, nodes + coordinates, "entry_column");
  require_own(point_start, point_load, 1, load_start, false, "point_load");
  require_own(point_start, motion_entry, 3, entry_start, true, "motion_entry");
  require_own(wrap_start, wrap_load, 1, load_start, false, "wrap_load");
  require_own(wrap_start, wrap_first, 1, point_start, false, "wrap_first");
  require_own(wrap_start, wrap_last, 1, point_start, false, "wrap_last");
  require_own(load_start, load_entry, 1, entry_start, true, "load_entry");
  require_own(entry_start, entry_parent, 1, entry_start, true, "entry_parent");
  for (Index e = 0; e < entry_count(); ++e) require(entry_parent[e] < e, "entries must stand after their parents");
  for (const auto* v : {&point_position, &surface_rotation, &surface_translation, &surface_radii, &surface_sign})
    for (double x : *v) require(std::isfinite(x), "an array holds a number that is not finite");
  for (double x : surface_half_length) require(x > 0.0, "a surface needs a length above 0");
  for (double x : surface_radii) require(x > 0.0, "a surface needs radii above 0");
  derive();
}

void Paths::derive() {
  std::vector<std::vector<Index>> moved(entry_count());
  for (Index k = 0; k < load_count(); ++k)
    for (Index e = load_entry[k]; e >= 0; e = entry_parent[e]) moved[e].push_back(k);
  work_start.assign(1, 0);
  work_load.clear();
  for (const auto& loads : moved) {
    work_load.insert(work_load.end(), loads.begin(), loads.end());
    work_start.push_back(static_cast<Index>(work_load.size()));
  }
  has_motion.assign(path_count(), 0);
  for (Index path = 0; path < path_count(); ++path)
    for (Index p = point_start[path]; p < point_start[path + 1]; ++p)
      if (motion_coordinate[3 * p] >= 0) has_motion[path] = 1;
}

}  // namespace kinechain
