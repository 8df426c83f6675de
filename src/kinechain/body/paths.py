"""Paths of muscles and tissues over a body: lengths, moment arms and the wrenches of a tension.

A body and its musculature become flat arrays once (`flatten_paths`); then every frame gives

- the length ``L`` of every path,
- its derivative by the value of every node of the tree that changes it (``arms``, exact, not by differences), and
- the wrench that a tension of 1 N exerts on every segment a path touches (``loads``).

The derivatives are those of the length that is computed, so tension times lengthening is work: the loads, projected on
the motion of the nodes, are the arms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import Any, Literal

import numpy as np

from kinechain.body.body import GROUND, Body, Function
from kinechain.body.muscle import Musculature, Path, PathPoint, Surface, Wrap
from kinechain.body.tree import KERNELS, FunctionTable, Index, Tree, flatten, kernels, table_functions
from kinechain.core.arrays import FloatArray, Immutable, content_hash, frozen
from kinechain.core.errors import BodyError
from kinechain.core.frames import transform

__all__ = [
    "Paths",
    "column_slopes",
    "flatten_paths",
    "input_arms",
    "lengthening_speeds",
    "measure_paths",
    "moment_arms",
    "moving_parts",
    "path_lengths",
]

Pull = Literal["length", "tension"]

_KINDS = ("cylinder", "sphere", "ellipsoid")
_PULLS = ("length", "tension")
_STILL = [-1, -1, -1]
_METHODS = ("hybrid", "midpoint", "axial", "shortest")


@dataclass(frozen=True, eq=False)
class Paths(Immutable):
    """The paths of a body as flat arrays.

    Rows of one path stand together; ``*_start (path + 1,)`` says where each path's begin.

    Attributes
    ----------
    names : tuple of str
        Muscles, then tissues.
    tree : Tree
    point_start : (path + 1,) array of int
    point_load, point_segment, point_node : (point,) array of int
        Row of ``load_*``, segment and node that a point stands on; segment and node -1 for the ground.
    point_position : (point, 3) array, m, node frame
    point_condition : (point,) array of int
        Coordinate within whose range the point counts; -1 always.
    point_range : (point, 2) array, rad or m
    motion_coordinate, motion_function : (point, 3) array of int
        What gives the position, m, segment frame, of a point that moves in its segment; -1 for others.
    motion_entry : (point, 3) array of int
        Row of ``entry_*`` for the derivative by that coordinate; -1 for none.
    function_start, function_is_linear_outside : (function + 1,) and (function,) arrays of int
    knots : (piece + function,) array
    coefficients : (piece, 4) array
        As in `Tree`, of the moving points.
    surface_kind : (surface,) array of int
        0 cylinder, 1 sphere, 2 ellipsoid.
    surface_node, surface_segment : (surface,) array of int
    surface_rotation : (surface, 3, 3) array
    surface_translation : (surface, 3) array, m
        Of the surface in its node's frame.
    surface_radii : (surface, 3) array, m
    surface_half_length : (surface,) array, m
    surface_axis : (surface,) array of int
        Axis that parts the half that may be touched from the other; -1 if all may.
    surface_sign : (surface,) array
    wrap_start : (path + 1,) array of int
    wrap_surface, wrap_load : (wrap,) array of int
    wrap_first, wrap_last : (wrap,) array of int
        Points, as rows, between which it may bend.
    wrap_method : (wrap,) array of int
        0 hybrid, 1 midpoint, 2 axial, 3 shortest.
    wrap_pull : (wrap,) array of int
        0 for arms and loads of the length, 1 for those of a tension along the straight ends.
    load_start : (path + 1,) array of int
    load_path, load_segment : (load,) array of int
        The segments that each path touches; -1 is the ground.
    load_entry : (load,) array of int
        Entry of the node that carries the segment; -1 where its motion changes no length.
    entry_start : (path + 1,) array of int
    entry_path, entry_column : (entry,) array of int
        What a derivative is of and by: columns below the number of nodes are values of nodes; the others coordinates,
        by which points move in their segments.
    entry_parent : (entry,) array of int
        Entry of the nearest node above, -1 for none.
    """

    names: tuple[str, ...]
    tree: Tree
    point_start: Index
    point_load: Index
    point_segment: Index
    point_node: Index
    point_position: FloatArray
    point_condition: Index
    point_range: FloatArray
    motion_coordinate: Index
    motion_function: Index
    motion_entry: Index
    function_start: Index
    function_is_linear_outside: Index
    knots: FloatArray
    coefficients: FloatArray
    surface_kind: Index
    surface_node: Index
    surface_segment: Index
    surface_rotation: FloatArray
    surface_translation: FloatArray
    surface_radii: FloatArray
    surface_half_length: FloatArray
    surface_axis: Index
    surface_sign: FloatArray
    wrap_start: Index
    wrap_surface: Index
    wrap_load: Index
    wrap_first: Index
    wrap_last: Index
    wrap_method: Index
    wrap_pull: Index
    load_start: Index
    load_path: Index
    load_segment: Index
    load_entry: Index
    entry_start: Index
    entry_path: Index
    entry_column: Index
    entry_parent: Index

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                if value.dtype.kind == "i":
                    copy = np.array(value, dtype=np.int64, order="C")
                    copy.setflags(write=False)
                    object.__setattr__(self, name, copy)
                else:
                    object.__setattr__(self, name, frozen(value))

    @property
    def node_count(self) -> int:
        """Number of nodes; columns from here on are coordinates."""
        return len(self.tree.node_parent)

    @cached_property
    def column_input(self) -> Index:
        """(column,) array: the input that the value of each node, then each coordinate, follows; -1 if constant."""
        by_node = self.tree.coordinate_input[self.tree.node_coordinate]
        return np.concatenate([by_node, self.tree.coordinate_input]).astype(np.int64)

    @cached_property
    def entry_input(self) -> Index:
        """(entry,) array: the input that each entry's column follows; -1 if constant."""
        return np.asarray(self.column_input[self.entry_column])

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """The functions of the moving points, as the body states them."""
        return table_functions(self.function_start, self.function_is_linear_outside, self.knots, self.coefficients)

    @cached_property
    def compiled(self) -> Any:
        """The same paths inside the compiled extension."""
        arrays = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("names", "tree")}
        return kernels().Paths(self.tree.compiled, arrays)


def flatten_paths(body: Body, musculature: Musculature, *, locks: bool = True, pull: Pull = "length") -> Paths:
    """Return the paths of a body as flat arrays; kept for the next call with equal ones.

    Parameters
    ----------
    body : Body
    musculature : Musculature
    locks : bool
        As in `flatten`: True holds locked coordinates at their default, False makes inputs of them.
    pull : 'length' or 'tension'
        What the arms and loads of a path bent around one surface are. 'length': derivatives of its length. 'tension':
        the work and wrenches of a tension along its straight ends, as OpenSim computes both; where OpenSim's curve is
        not the shortest that is not the derivative of its length, and energy is not kept. A path over several surfaces
        has those of a tension; they are the derivative too unless one of the surfaces is an ellipsoid.

    Raises
    ------
    BodyError
        If a path or a surface lies on a segment, or follows a coordinate, that this body lacks; or for a torus.
    """
    return _flatten_paths(_Both(body, musculature), locks, pull)


class _Both:
    """A body and the paths of its musculature as a key of a cache: equal if the contents are."""

    def __init__(self, body: Body, musculature: Musculature) -> None:
        self.body, self.musculature = body, musculature

    def __hash__(self) -> int:
        # Hashing all a musculature holds takes longer than solving a trial; only a second one is compared by content.
        return hash((moving_parts(self.body), self.musculature.names))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Both)
            and moving_parts(self.body) == moving_parts(other.body)
            and _run_alike(self.musculature, other.musculature)
        )


@lru_cache(maxsize=64)
def moving_parts(body: Body) -> str:
    """Return a hash of all of a body that paths see: its masses, markers and notes change none.

    Parameters
    ----------
    body : Body
    """
    return content_hash((tuple(s.name for s in body.segments), body.joints, body.coordinates))


def _run_alike(one: Musculature, other: Musculature) -> bool:
    """Tell whether two musculatures have the same paths, however strong their muscles are."""
    if one is other:
        return True
    if one.names != other.names or len(one.surfaces) != len(other.surfaces):
        return False
    pairs = zip((*one.surfaces, *one.paths), (*other.surfaces, *other.paths), strict=True)
    return all(a is b or content_hash(a) == content_hash(b) for a, b in pairs)


@lru_cache(maxsize=32)
def _flatten_paths(both: _Both, locks: bool, pull: Pull) -> Paths:
    body, musculature = both.body, both.musculature
    musculature.check(body)
    tree = flatten(body, locks=locks)
    flattener = _Flattener(tree, musculature, pull)
    for path in musculature.paths:
        flattener.add(path)
    return Paths(names=musculature.names, tree=tree, **flattener.functions.arrays(), **flattener.arrays())


class _Flattener:
    """Collects the rows of every path."""

    def __init__(self, tree: Tree, musculature: Musculature, pull: Pull) -> None:
        self.tree, self.pull = tree, pull
        self.surfaces = musculature.surfaces
        self.surface_index = {s.name: i for i, s in enumerate(musculature.surfaces)}
        self.segment_index = {name: i for i, name in enumerate(tree.segments)} | {GROUND: -1}
        self.coordinate_index = {name: i for i, name in enumerate(tree.coordinates)}
        self.functions = FunctionTable()
        self.rows: dict[str, list[Any]] = {
            name: []
            for name in (
                "point_load point_segment point_node point_position point_condition point_range motion_coordinate "
                "motion_function motion_entry wrap_surface wrap_load wrap_first wrap_last wrap_method wrap_pull "
                "load_path load_segment load_entry entry_path entry_column entry_parent"
            ).split()
        }
        self.starts: dict[str, list[int]] = {name: [0] for name in ("point", "wrap", "load", "entry")}
        # As lists: single elements of arrays take many times as long.
        self.nodes: list[int] = [*tree.segment_node.tolist(), -1]
        self.parents: list[int] = tree.node_parent.tolist()
        self.chains = [frozenset(self._chain(node)) for node in self.nodes]
        self.place = np.ones(4)
        self.frames = [
            *(transform(r, t) for r, t in zip(tree.segment_rotation, tree.segment_translation, strict=True)),
            np.eye(4),
        ]

    def node_of(self, segment: int) -> int:
        return self.nodes[segment]

    def add(self, path: Path) -> None:
        """Add the rows of one path."""
        number = len(self.starts["point"]) - 1
        touched = [self.segment_index[p.segment] for p in path.points]
        bent = [self.surface_index[w.surface] for w in path.wraps]
        touched += [self.segment_index[self.surfaces[s].segment] for s in bent]
        segments = sorted(set(touched))
        self._add_entries(number, path, segments)
        first_load, first_point = self.starts["load"][-1], self.starts["point"][-1]
        load_of = {segment: first_load + i for i, segment in enumerate(segments)}
        for point in path.points:
            self._add_point(point, load_of)
        for wrap, surface in zip(path.wraps, bent, strict=True):
            low, high = _reach(path, wrap.first, wrap.last)
            self.rows["wrap_surface"].append(surface)
            self.rows["wrap_load"].append(load_of[self.segment_index[self.surfaces[surface].segment]])
            self.rows["wrap_first"].append(first_point + low)
            self.rows["wrap_last"].append(first_point + high)
            self.rows["wrap_method"].append(_method(wrap, self.surfaces[surface]))
            self.rows["wrap_pull"].append(_PULLS.index(self.pull))
        for name, row in (("point", "point_load"), ("wrap", "wrap_load"), ("load", "load_path")):
            self.starts[name].append(len(self.rows[row]))
        self.starts["entry"].append(len(self.rows["entry_path"]))

    def _chain(self, node: int) -> Iterator[int]:
        while node >= 0:
            yield node
            node = self.parents[node]

    def _add_entries(self, number: int, path: Path, segments: list[int]) -> None:
        """Add the nodes that move some of the path's segments but not all, and the coordinates of moving points."""
        chains = [self.chains[s] for s in segments]
        nodes = sorted(chains[0].union(*chains[1:]) - chains[0].intersection(*chains[1:]))
        coordinates = sorted({self.coordinate_index[c] for p in path.points for c, _ in p.motion or ()})
        first = self.starts["entry"][-1]
        entry_of = {node: first + i for i, node in enumerate(nodes)}
        count = len(self.parents)
        self.rows["entry_path"] += [number] * (len(nodes) + len(coordinates))
        self.rows["entry_column"] += [*nodes, *(count + c for c in coordinates)]
        self.rows["entry_parent"] += [entry_of.get(self.parents[n], -1) for n in nodes]
        self.rows["entry_parent"] += [-1] * len(coordinates)
        self.moved_by = {c: first + len(nodes) + i for i, c in enumerate(coordinates)}
        self.rows["load_path"] += [number] * len(segments)
        self.rows["load_segment"] += segments
        self.rows["load_entry"] += [entry_of.get(self.node_of(s), -1) for s in segments]

    def _add_point(self, point: PathPoint, load_of: dict[int, int]) -> None:
        rows, segment = self.rows, self.segment_index[point.segment]
        condition, low, high = point.condition or (None, -np.inf, np.inf)
        motion = entries = functions = _STILL
        if point.motion:
            motion = [self.coordinate_index[c] for c, _ in point.motion]
            functions = [self.functions.add(f) for _, f in point.motion]
            entries = [self.moved_by[c] for c in motion]
        self.place[:3] = point.position
        rows["point_load"].append(load_of[segment])
        rows["point_segment"].append(segment)
        rows["point_node"].append(self.nodes[segment])
        rows["point_position"].append((self.frames[segment] @ self.place).tolist()[:3])
        rows["point_condition"].append(-1 if condition is None else self.coordinate_index[condition])
        rows["point_range"].append((low, high))
        rows["motion_coordinate"].append(motion)
        rows["motion_function"].append(functions)
        rows["motion_entry"].append(entries)

    def arrays(self) -> dict[str, Any]:
        """Return every array of `Paths` but the functions."""
        widths = {
            "point_position": 3,
            "point_range": 2,
            "motion_coordinate": 3,
            "motion_function": 3,
            "motion_entry": 3,
        }
        out: dict[str, Any] = {}
        for name, rows in self.rows.items():
            kind = np.float64 if name in ("point_position", "point_range") else np.int64
            out[name] = np.array(rows, dtype=kind).reshape((-1, widths[name]) if name in widths else (-1,))
        for name, starts in self.starts.items():
            out[f"{name}_start"] = np.array(starts, dtype=np.int64)
        return out | self._surface_arrays()

    def _surface_arrays(self) -> dict[str, Any]:
        for surface in self.surfaces:
            _check_surface(surface)
        segments = [self.segment_index[s.segment] for s in self.surfaces]
        frames = [self.frames[i] @ s.segment_from_surface for i, s in zip(segments, self.surfaces, strict=True)]
        poses = np.array(frames).reshape(-1, 4, 4)
        return {
            "surface_kind": np.array([_KINDS.index(s.kind) for s in self.surfaces], dtype=np.int64),
            "surface_segment": np.array(segments, dtype=np.int64),
            "surface_node": np.array([self.node_of(s) for s in segments], dtype=np.int64),
            "surface_rotation": poses[:, :3, :3],
            "surface_translation": poses[:, :3, 3],
            "surface_radii": np.array([s.radii for s in self.surfaces]).reshape(-1, 3),
            "surface_half_length": np.array([s.length_m / 2 for s in self.surfaces]).reshape(-1),
            "surface_axis": np.array(["xyz".index(s.quadrant[1]) if s.quadrant else -1 for s in self.surfaces], int),
            "surface_sign": np.array([-1.0 if s.quadrant.startswith("-") else 1.0 for s in self.surfaces]).reshape(-1),
        }


def _reach(path: Path, first: int | None, last: int | None) -> tuple[int, int]:
    """Return the points, counted from 0, between which a wrap may bend."""
    end = len(path.points) - 1
    low, high = 0 if first is None else first, end if last is None else last
    if not 0 <= low < high <= end:
        raise BodyError(f"a path of {end + 1} points cannot bend between its points {low} and {high}; count from 0")
    return low, high


def _method(wrap: Wrap, surface: Surface) -> int:
    if wrap.method not in _METHODS:
        raise BodyError(
            f"a path bends around '{surface.name}' by the method '{wrap.method}'; say {', '.join(_METHODS)}"
        )
    if wrap.method == "shortest" and surface.kind == "ellipsoid":
        raise BodyError(f"the shortest way around the ellipsoid '{surface.name}' is not supported; say 'hybrid'")
    return _METHODS.index(wrap.method)


def _check_surface(surface: Surface) -> None:
    if surface.kind not in _KINDS:
        raise BodyError(f"surface '{surface.name}' is a {surface.kind}; paths bend around {', '.join(_KINDS)}")
    if surface.quadrant not in ("", "+x", "-x", "+y", "-y", "+z", "-z"):
        raise BodyError(f"surface '{surface.name}' has the quadrant '{surface.quadrant}'; say one such as '+x' or '-y'")
    if not (np.isfinite(surface.radii).all() and (surface.radii > 0).all() and surface.length_m > 0):
        raise BodyError(f"surface '{surface.name}' has the radii {surface.radii}; they and its length must be above 0")


def measure_paths(
    paths: Paths, inputs: FloatArray, *, arms: bool = True, loads: bool = False
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return lengths, their derivatives and the wrenches of a unit tension at every instant.

    Parameters
    ----------
    paths : Paths
    inputs : (time, input) array, rad or m
        Of ``paths.tree``.
    arms, loads : bool
        Which are wanted; the others come back with no columns.

    Returns
    -------
    lengths : (time, path) array, m
    arms : (time, entry) array
        Derivative of the length of ``entry_path`` by the value of ``entry_column``, m/rad or m/m.
    loads : (time, load, 6) array
        Force, N/N, and moment about the origin of the world, Nm/N, world axes, that a tension of 1 N in
        ``load_path`` exerts on ``load_segment``.

    Notes
    -----
    NaN where an input on which the path depends is NaN.
    """
    inputs = np.ascontiguousarray(inputs, dtype=float)
    if inputs.ndim != 2 or inputs.shape[1] != len(paths.tree.inputs):
        raise BodyError(f"the paths need {len(paths.tree.inputs)} inputs per instant, got the shape {inputs.shape}")
    if KERNELS == "compiled":
        lengths, by_column, wrenches = paths.compiled.measure(inputs, arms, loads)
        return lengths, by_column, wrenches
    from kinechain.body.path_geometry import measure

    return measure(paths, inputs, arms, loads)


def column_slopes(paths: Paths, inputs: FloatArray) -> FloatArray:
    """Return the derivative (time, column) of the value of every node, then of every coordinate, by its input.

    Parameters
    ----------
    paths : Paths
    inputs : (time, input) array, rad or m
    """
    if KERNELS == "compiled":
        return np.asarray(kernels().column_slopes(paths.tree.compiled, np.ascontiguousarray(inputs, dtype=float)))
    from kinechain.body.path_geometry import slopes

    return slopes(paths.tree, np.asarray(inputs, dtype=float))


def input_arms(paths: Paths, inputs: FloatArray, arms: FloatArray) -> FloatArray:
    """Return the moment arms (time, path, input) that derivatives by columns amount to: minus dL by the inputs.

    Parameters
    ----------
    paths : Paths
    inputs : (time, input) array, rad or m
    arms : (time, entry) array
        From `measure_paths`.
    """
    folded = arms * column_slopes(paths, inputs)[:, paths.entry_column]
    count = len(paths.tree.inputs)
    dense = np.zeros((len(folded), len(paths.names) * count))
    moves = np.flatnonzero(paths.entry_input >= 0)
    if len(moves):
        # Entries of one path and input side by side are summed many times as fast as one by one.
        place = paths.entry_path[moves] * count + paths.entry_input[moves]
        order = np.argsort(place, kind="stable")
        to, first = np.unique(place[order], return_index=True)
        dense[:, to] = -np.add.reduceat(folded[:, moves[order]], first, axis=1)
    return dense.reshape(len(folded), len(paths.names), count)


def _posed(body: Body, musculature: Musculature, values: FloatArray) -> tuple[Paths, FloatArray]:
    paths = flatten_paths(body, musculature, locks=False)
    values = np.asarray(values, dtype=float)
    if values.ndim != 2 or values.shape[1] != len(body.coordinates):
        raise BodyError(
            f"body '{body.name}' has {len(body.coordinates)} coordinates, got values of shape {values.shape}; "
            "give one row per instant and one column per coordinate"
        )
    return paths, np.ascontiguousarray(values[:, paths.tree.inputs])


def path_lengths(body: Body, musculature: Musculature, values: FloatArray) -> FloatArray:
    """Return the length of every path at every instant.

    Parameters
    ----------
    body : Body
    musculature : Musculature
    values : (time, coordinate) array, rad or m
        All coordinates in the body's order; those with a driver are computed from it.

    Returns
    -------
    lengths : (time, path) array, m
        Muscles, then tissues; NaN where a coordinate it depends on is NaN.
    """
    paths, inputs = _posed(body, musculature, values)
    return measure_paths(paths, inputs, arms=False)[0]


def moment_arms(body: Body, musculature: Musculature, values: FloatArray) -> FloatArray:
    """Return the moment arm of every path about every coordinate that has no driver.

    Parameters
    ----------
    body : Body
    musculature : Musculature
    values : (time, coordinate) array, rad or m
        As for `path_lengths`.

    Returns
    -------
    arms : (time, path, coordinate) array, m/rad or m/m
        Minus the derivative of the length, with all that follows the coordinate moving along; 0 in the columns of
        coordinates with a driver.
    """
    paths, inputs = _posed(body, musculature, values)
    arms = input_arms(paths, inputs, measure_paths(paths, inputs)[1])
    dense = np.zeros((len(inputs), len(paths.names), len(body.coordinates)))
    dense[:, :, paths.tree.inputs] = arms
    return dense


def lengthening_speeds(body: Body, musculature: Musculature, values: FloatArray, velocities: FloatArray) -> FloatArray:
    """Return how fast every path lengthens.

    Parameters
    ----------
    body : Body
    musculature : Musculature
    values : (time, coordinate) array, rad or m
    velocities : (time, coordinate) array, rad/s or m/s
        Of the coordinates that have no driver; the columns of the others are not read.

    Returns
    -------
    speeds : (time, path) array, m/s
    """
    paths, inputs = _posed(body, musculature, values)
    velocities = np.asarray(velocities, dtype=float)
    if velocities.shape != np.shape(values):
        raise BodyError(
            f"velocities have the shape {velocities.shape}, values {np.shape(values)}; give as many of both"
        )
    arms = measure_paths(paths, inputs)[1]
    by_input = velocities[:, paths.tree.inputs]
    moves = paths.entry_input >= 0
    rates = (arms * column_slopes(paths, inputs)[:, paths.entry_column])[:, moves]
    rates = rates * by_input[:, paths.entry_input[moves]]
    speeds = np.zeros((len(inputs), len(paths.names)))
    np.add.at(speeds.T, paths.entry_path[moves], rates.T)
    return speeds
