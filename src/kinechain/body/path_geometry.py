"""Paths over a body, one instant and one path at a time: the readable twin of ``src/kernels/paths.cpp``.

It is what runs where nothing was compiled, some hundred times slower, and what the kernel is tested against.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from kinechain.body.path_surfaces import FAIR, MAY_BEND, MUST_BEND, BentPiece, bend
from kinechain.body.paths import Paths
from kinechain.body.pose import coordinate_values, node_frames
from kinechain.body.tree import Tree
from kinechain.core.arrays import FloatArray, cross

__all__ = ["measure", "slopes"]

#: Paths over several surfaces are settled when no touching point moves further than this, m.
_SETTLED = 1e-12
_MOST_ROUNDS = 200


def measure(
    paths: Paths, inputs: FloatArray, with_arms: bool, with_loads: bool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return lengths (time, path), derivatives (time, entry) and wrenches (time, load, 6); see ``measure_paths``."""
    times = len(inputs)
    lengths = np.empty((times, len(paths.names)))
    arms = np.empty((times, len(paths.entry_path) if with_arms else 0))
    wrenches = np.empty((times, len(paths.load_path) if with_loads else 0, 6))
    q = coordinate_values(paths.tree, inputs)
    rotations, origins = node_frames(paths.tree, inputs)
    for t in range(times):
        instant = _Instant(paths, q[t], rotations[t], origins[t])
        for path in range(len(paths.names)):
            lengths[t, path] = instant.measure(path)
        if with_arms:
            arms[t] = instant.arms
        if with_loads:
            wrenches[t] = instant.loads
    return lengths, arms, wrenches


@dataclass(eq=False)
class _Stop:
    """A point of the path as it runs in this pose; wrap >= 0: where it touches or leaves a surface."""

    at: FloatArray
    load: int
    point: int = -1
    wrap: int = -1
    arc: float = 0.0
    force: FloatArray = field(default_factory=lambda: np.zeros(3))


class _Instant:
    """One pose: where everything stands, and what has been found so far."""

    def __init__(self, paths: Paths, q: FloatArray, rotations: FloatArray, origins: FloatArray) -> None:
        self.paths, self.q, self.rotations, self.origins = paths, q, rotations, origins
        self.arms = np.zeros(len(paths.entry_path))
        self.loads = np.zeros((len(paths.load_path), 6))
        node = paths.surface_node + 1
        self.surface_rotation = rotations[node] @ paths.surface_rotation
        moved = np.einsum("sij,sj->si", rotations[node], paths.surface_translation)
        self.surface_origin = origins[node] + moved

    def measure(self, path: int) -> float:
        """Return the length of a path and fill in its arms and loads; NaN where a condition cannot be told."""
        paths = self.paths
        stops = self._gather(path)
        if stops is None:
            length = float("nan")
        else:
            wraps = range(paths.wrap_start[path], paths.wrap_start[path + 1])
            length = self._bent_once(stops, wraps[0]) if len(wraps) == 1 else self._settled(stops, wraps)
        if np.isnan(length):
            self.loads[paths.load_start[path] : paths.load_start[path + 1]] = np.nan
            self.arms[paths.entry_start[path] : paths.entry_start[path + 1]] = np.nan
            return length
        self._fold(path)
        self._add_motion(stops or [])
        return length

    def _gather(self, path: int) -> list[_Stop] | None:
        paths = self.paths
        stops = []
        for p in range(paths.point_start[path], paths.point_start[path + 1]):
            condition = paths.point_condition[p]
            if condition >= 0:
                value = self.q[condition]
                if np.isnan(value):
                    return None
                if not paths.point_range[p, 0] <= value <= paths.point_range[p, 1]:
                    continue
            node = paths.point_node[p] + 1
            at = self.origins[node] + self.rotations[node] @ self._in_node(p)
            stops.append(_Stop(at, int(paths.point_load[p]), p))
        return stops

    def _in_node(self, p: int) -> FloatArray:
        paths, tree = self.paths, self.paths.tree
        if paths.motion_coordinate[p, 0] < 0:
            return np.asarray(paths.point_position[p])
        functions = [paths.functions[f] for f in paths.motion_function[p]]
        along = zip(functions, paths.motion_coordinate[p], strict=True)
        local = np.array([float(f.evaluate(self.q[c])[0]) for f, c in along])
        segment = paths.point_segment[p]
        if segment < 0:
            return local
        return np.asarray(tree.segment_translation[segment] + tree.segment_rotation[segment] @ local)

    def _pull(self, load: int, at: FloatArray, force: FloatArray) -> None:
        self.loads[load] += np.concatenate([force, cross(at, force)])

    def _piece(self, start: _Stop, end: _Stop) -> float:
        """Return the length of a straight piece, or of one on a surface, and add its pulls."""
        if start.wrap >= 0 and start.wrap == end.wrap:
            return end.arc
        d = end.at - start.at
        length = float(np.linalg.norm(d))
        if length == 0.0:
            return length
        start.force += d / length
        end.force -= d / length
        if start.load != end.load:
            self._pull(start.load, start.at, d / length)
            self._pull(end.load, start.at, -d / length)
        return length

    def _bent_once(self, stops: list[_Stop], wrap: int) -> float:
        at, found = self._choose(stops, wrap, is_shortest=self.paths.wrap_method[wrap] == FAIR)
        length = 0.0
        for i, (start, end) in enumerate(pairwise(stops)):
            if i != at or found is None:
                length += self._piece(start, end)
                continue
            if self.paths.wrap_pull[wrap] == 1:
                first, last = self._touching(wrap, found)
                length += self._piece(start, first) + found.arc + self._piece(last, end)
                continue
            turn = self.surface_rotation[self.paths.wrap_surface[wrap]]
            by_start, by_end = turn @ found.gradient_p, turn @ found.gradient_q
            load = int(self.paths.wrap_load[wrap])
            for stop, by in ((start, by_start), (end, by_end)):
                stop.force -= by
                self._pull(stop.load, stop.at, -by)
                self._pull(load, stop.at, by)
            length += found.length
        return length

    def _choose(self, stops: list[_Stop], wrap: int, is_shortest: bool) -> tuple[int, BentPiece | None]:
        """Return the piece that bends, and how: the first that must, else the one that grows least; -1 if none."""
        paths = self.paths
        low, high = paths.wrap_first[wrap], paths.wrap_last[wrap]
        inside = [i for i, s in enumerate(stops) if s.wrap < 0 and low <= s.point <= high]
        if len(inside) < 2:
            return -1, None
        s = int(paths.wrap_surface[wrap])
        local = [(x.at - self.surface_origin[s]) @ self.surface_rotation[s] for x in stops]
        best: tuple[int, BentPiece | None] = (-1, None)
        least = np.inf
        for i in range(inside[0], inside[-1]):
            on = [paths.wrap_surface[x.wrap] if x.wrap >= 0 else -1 for x in stops[i : i + 2]]
            if on[0] >= 0 and on[0] == on[1]:
                continue
            need, piece = bend(
                int(paths.surface_kind[s]),
                paths.surface_radii[s],
                float(paths.surface_half_length[s]),
                (int(paths.surface_axis[s]), float(paths.surface_sign[s])),
                int(paths.wrap_method[wrap]),
                local[i],
                local[i + 1],
                is_shortest,
            )
            if piece is None or need < MAY_BEND:
                continue
            growth = piece.length - float(np.linalg.norm(local[i + 1] - local[i]))
            if need == MUST_BEND or growth < least:
                best, least = (i, piece), growth
            if need == MUST_BEND:
                break
        return best

    def _settled(self, stops: list[_Stop], wraps: range) -> float:
        """Bend around several surfaces, one after the other, until no touching point moves; return the length."""
        for _ in range(_MOST_ROUNDS if wraps else 0):
            if not max(self._renew(stops, wrap) for wrap in wraps) > _SETTLED:
                break
        return sum(self._piece(start, end) for start, end in pairwise(stops))

    def _renew(self, stops: list[_Stop], wrap: int) -> float:
        """Bend around one surface anew, and say how far the touching points moved."""
        before = [s for s in stops if s.wrap == wrap]
        stops[:] = [s for s in stops if s.wrap != wrap]
        at, found = self._choose(stops, wrap, is_shortest=True)
        if found is None:
            return 1.0 if before else 0.0
        new = self._touching(wrap, found)
        stops[at + 1 : at + 1] = new
        if not before:
            return 1.0
        return max(float(np.abs(a.at - b.at).max()) for a, b in zip(before, new, strict=True))

    def _touching(self, wrap: int, found: BentPiece) -> list[_Stop]:
        """Return where a bent piece touches its surface and leaves it."""
        s, load = int(self.paths.wrap_surface[wrap]), int(self.paths.wrap_load[wrap])
        places = [self.surface_origin[s] + self.surface_rotation[s] @ local for local in (found.first, found.last)]
        return [_Stop(places[0], load, -1, wrap), _Stop(places[1], load, -1, wrap, found.arc)]

    def _fold(self, path: int) -> None:
        """Turn the wrenches into work on the motion of every node."""
        paths = self.paths
        entries = range(paths.entry_start[path], paths.entry_start[path + 1])
        carried = {e: np.zeros(6) for e in entries}
        for k in range(paths.load_start[path], paths.load_start[path + 1]):
            if paths.load_entry[k] >= 0:
                carried[paths.load_entry[k]] += self.loads[k]
        for e in reversed(entries):
            node = paths.entry_column[e]
            if node >= paths.node_count:
                continue
            force, moment = carried[e][:3], carried[e][3:]
            axis, origin = self.rotations[node + 1][:, 2], self.origins[node + 1]
            is_rotation = paths.tree.node_is_rotation[node]
            self.arms[e] = -axis @ (moment - cross(origin, force)) if is_rotation else -axis @ force
            if paths.entry_parent[e] >= 0:
                carried[paths.entry_parent[e]] += carried[e]

    def _add_motion(self, stops: list[_Stop]) -> None:
        """Add the derivatives by the coordinates that move points in their segments."""
        paths = self.paths
        for stop in stops:
            if stop.wrap >= 0 or paths.motion_coordinate[stop.point, 0] < 0:
                continue
            p = stop.point
            segment = paths.point_segment[p]
            turn = self.rotations[paths.point_node[p] + 1]
            turn = turn if segment < 0 else turn @ paths.tree.segment_rotation[segment]
            for axis in range(3):
                function = paths.functions[paths.motion_function[p, axis]]
                slope = float(function.evaluate(self.q[paths.motion_coordinate[p, axis]])[1])
                self.arms[paths.motion_entry[p, axis]] -= slope * float(turn[:, axis] @ stop.force)


def slopes(tree: Tree, inputs: FloatArray) -> FloatArray:
    """Return the derivative (time, column) of every node's value, then of every coordinate, by its input."""
    q = coordinate_values(tree, inputs)
    by_coordinate = np.zeros_like(q)
    by_coordinate[:, tree.inputs] = 1.0
    for c in tree.coordinate_order:
        driver = tree.coordinate_driver[c]
        if driver >= 0:
            slope = tree.functions[tree.coordinate_function[c]].evaluate(q[:, driver])[1]
            by_coordinate[:, c] = slope * by_coordinate[:, driver]
    by_node = [
        tree.functions[f].evaluate(q[:, c])[1] * by_coordinate[:, c]
        for c, f in zip(tree.node_coordinate, tree.node_function, strict=True)
    ]
    return np.concatenate([np.stack(by_node, axis=1) if by_node else np.empty((len(q), 0)), by_coordinate], axis=1)
