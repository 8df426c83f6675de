"""A body and its markers as flat arrays: what the kernels and their Python twins run on.

Coordinates ``q`` follow from the inputs ``z`` (the coordinates that may move) through
the couplings; each node of the tree is one elementary mobility that turns about, or
slides along, the z axis of its own frame by ``f(q)``::

    world_from_node = world_from_parent_node @ parent_from_node @ motion(f(q))

Fixed mobilities and joint frames are merged into ``parent_from_node``, so a locked
coordinate costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinechain.body.body import GROUND, Body, BodyKey, Function, Marker
from kinechain.core.arrays import FloatArray, Immutable, cross, frozen
from kinechain.core.errors import BodyError, suggest
from kinechain.core.frames import about_axis, inverse, transform

__all__ = ["KERNELS", "FunctionTable", "Index", "Tree", "flatten", "kernels", "table_functions"]

_kernels: Any
try:
    _kernels = import_module("kinechain._kernels")
except ImportError:  # no compiler when this was installed: the Python twins do the work
    _kernels = None

#: 'compiled' where the extension was built, else 'Python'; every result's provenance states it.
KERNELS = "Python" if _kernels is None or not hasattr(_kernels, "Tree") else "compiled"

Index = NDArray[np.int64]


def kernels() -> Any:
    """Return the compiled extension; only where `KERNELS` is 'compiled'."""
    assert _kernels is not None
    return _kernels


@dataclass(frozen=True, eq=False)
class Tree(Immutable):
    """Flat arrays of a body; every frame is a rotation (3, 3) and a translation (3,) in m.

    Attributes
    ----------
    coordinates : tuple of str
        All coordinates, in the body's order.
    inputs : (input,) array of int
        Coordinates that move by themselves, as indices into ``coordinates``.
    coordinate_order : (coordinate,) array of int
        Drivers before what they drive.
    coordinate_input : (coordinate,) array of int
        Input a coordinate follows in the end; -1 if it is constant.
    coordinate_driver : (coordinate,) array of int
        Coordinate it follows directly; -1 for inputs and constants.
    coordinate_function : (coordinate,) array of int
        Coupling to the driver; -1 where there is no driver.
    constants : (coordinate,) array, rad or m
        Value of the coordinates that are constant, 0 elsewhere.
    node_parent : (node,) array of int
        Node that carries this one; -1 for the ground.
    node_is_rotation : (node,) array of int
        1 turns about its z axis, 0 slides along it.
    node_coordinate, node_function : (node,) array of int
    node_rotation : (node, 3, 3) array
    node_translation : (node, 3) array, m
        Of ``parent_from_node`` before the motion.
    function_start : (function + 1,) array of int
        First piece of each function; its knots start at ``function_start[f] + f``.
    function_is_linear_outside : (function,) array of int
    knots : (piece + function,) array
    coefficients : (piece, 4) array
    segments : tuple of str
    segment_node : (segment,) array of int
        Node that carries the segment; -1 for the ground.
    segment_rotation : (segment, 3, 3) array
    segment_translation : (segment, 3) array, m
    markers : tuple of str
    marker_node : (marker,) array of int
    marker_position : (marker, 3) array, m, node frame
    low, high : (input,) array, rad or m
        Bounds that are enforced; infinite where there are none.
    default : (coordinate,) array, rad or m
    is_root : (input,) array of int
        1 if the input drives a joint that hangs on the ground.
    is_angle : (input,) array of int
        1 for rotations.
    """

    coordinates: tuple[str, ...]
    inputs: Index
    coordinate_order: Index
    coordinate_input: Index
    coordinate_driver: Index
    coordinate_function: Index
    constants: FloatArray
    node_parent: Index
    node_is_rotation: Index
    node_coordinate: Index
    node_function: Index
    node_rotation: FloatArray
    node_translation: FloatArray
    function_start: Index
    function_is_linear_outside: Index
    knots: FloatArray
    coefficients: FloatArray
    segments: tuple[str, ...]
    segment_node: Index
    segment_rotation: FloatArray
    segment_translation: FloatArray
    markers: tuple[str, ...]
    marker_node: Index
    marker_position: FloatArray
    low: FloatArray
    high: FloatArray
    default: FloatArray
    is_root: Index
    is_angle: Index

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                if value.dtype.kind == "i":
                    copy = np.array(value, dtype=np.int64, order="C")
                    copy.setflags(write=False)
                    object.__setattr__(self, name, copy)
                else:
                    object.__setattr__(self, name, frozen(value))

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """The functions, as the body states them."""
        return table_functions(self.function_start, self.function_is_linear_outside, self.knots, self.coefficients)

    @cached_property
    def is_line(self) -> NDArray[np.bool_]:
        """(function,) array: True for constants and straight lines."""
        return np.array([f.is_linear for f in self.functions], dtype=bool)

    @cached_property
    def lines(self) -> FloatArray:
        """(function, 3) array: first knot, value there and slope; of use for straight lines."""
        return np.array([(f.knots[0], *f.coefficients[0, :2]) for f in self.functions]).reshape(-1, 3)

    @cached_property
    def node_path(self) -> NDArray[np.bool_]:
        """(node, node) array: entry [i, j] is True if node i carries node j (itself included)."""
        carries = np.eye(len(self.node_parent), dtype=bool)
        for node, parent in enumerate(self.node_parent):
            if parent >= 0:
                carries[:, node] |= carries[:, parent]
        return carries

    @cached_property
    def compiled(self) -> Any:
        """The same tree inside the compiled extension."""
        assert _kernels is not None
        return _kernels.Tree(
            self.inputs, self.is_angle, self.coordinate_order, self.coordinate_input, self.coordinate_driver,
            self.coordinate_function, self.constants, self.node_parent, self.node_is_rotation, self.node_coordinate,
            self.node_function, self.node_rotation, self.node_translation, self.function_start,
            self.function_is_linear_outside, self.knots, self.coefficients, self.segment_node, self.segment_rotation,
            self.segment_translation, self.marker_node, self.marker_position,
        )  # fmt: skip


def flatten(body: Body, markers: tuple[Marker, ...] = (), *, locks: bool = True, held: Collection[str] = ()) -> Tree:
    """Return a body and some points on it as flat arrays.

    Parameters
    ----------
    body : Body
    markers : tuple of Marker
        Points to carry: skin markers or landmarks, of this body.
    locks : bool
        True (inverse kinematics): locked coordinates are constants at their default.
        False (posing): every coordinate without a driver is an input.
    held : collection of str
        More coordinates to hold at their default.

    Raises
    ------
    BodyError
        If couplings form a circle, or a marker sits on a segment this body lacks.
    """
    key = tuple((m.name, m.segment, m.position.tobytes()) for m in markers)
    return _flatten(BodyKey(body), _Points(key, markers), locks, tuple(sorted(held)))


class _Points:
    """Markers as a key of a cache: equal if names, segments and positions are."""

    def __init__(self, key: tuple[Any, ...], markers: tuple[Marker, ...]) -> None:
        self.key, self.markers = key, markers

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Points) and other.key == self.key


@lru_cache(maxsize=64)
def _flatten(key: BodyKey, points: _Points, locks: bool, held: tuple[str, ...]) -> Tree:
    body, markers = key.body, points.markers
    for name in held:
        body.coordinate(name)
    functions = FunctionTable()
    coordinates = _coordinate_arrays(body, locks, held, functions)
    nodes, frame_of = _walk(body, coordinates, functions)
    input_coordinates = [body.coordinates[i] for i in coordinates["inputs"]]
    marker_nodes, marker_positions = [], []
    for marker in markers:
        if marker.segment not in frame_of:
            raise BodyError(f"marker '{marker.name}' sits on '{marker.segment}'. {suggest(marker.segment, frame_of)}")
        node, node_from_segment = frame_of[marker.segment]
        marker_nodes.append(node)
        marker_positions.append(node_from_segment[:3, :3] @ marker.position + node_from_segment[:3, 3])
    segment_frames = [frame_of[s.name] for s in body.segments]
    on_ground = {m.coordinate for j in body.joints if j.parent == GROUND for m in j.mobilities}
    return Tree(
        coordinates=tuple(c.name for c in body.coordinates),
        **coordinates,
        **nodes,
        **functions.arrays(),
        segments=tuple(s.name for s in body.segments),
        segment_node=_integers(node for node, _ in segment_frames),
        segment_rotation=np.array([f[:3, :3] for _, f in segment_frames]).reshape(-1, 3, 3),
        segment_translation=np.array([f[:3, 3] for _, f in segment_frames]).reshape(-1, 3),
        markers=tuple(m.name for m in markers),
        marker_node=_integers(marker_nodes),
        marker_position=np.array(marker_positions).reshape(-1, 3),
        low=np.array([c.low if c.is_clamped else -np.inf for c in input_coordinates]),
        high=np.array([c.high if c.is_clamped else np.inf for c in input_coordinates]),
        default=np.array([c.default for c in body.coordinates]),
        is_root=_integers(c.name in on_ground for c in input_coordinates),
        is_angle=_integers(c.kind == "rotation" for c in input_coordinates),
    )


class FunctionTable:
    """Collects functions into one table; the same object is stored once."""

    def __init__(self) -> None:
        self._items: list[Function] = []
        self._index: dict[int, int] = {}

    def add(self, function: Function) -> int:
        """Return the row of a function, and keep it."""
        if id(function) not in self._index:
            self._index[id(function)] = len(self._items)
            self._items.append(function)
        return self._index[id(function)]

    def arrays(self) -> dict[str, Any]:
        """Return the table as `Tree` and `Paths` hold it."""
        starts = np.cumsum([0, *(len(f.coefficients) for f in self._items)])
        return {
            "function_start": starts.astype(np.int64),
            "function_is_linear_outside": _integers(f.is_linear_outside for f in self._items),
            "knots": np.concatenate([np.empty(0), *(f.knots for f in self._items)]),
            "coefficients": np.concatenate([np.empty((0, 4)), *(f.coefficients for f in self._items)]),
        }


def table_functions(
    starts: Index, is_linear_outside: Index, knots: FloatArray, coefficients: FloatArray
) -> tuple[Function, ...]:
    """Return the functions that a `FunctionTable` laid out as arrays."""
    out = []
    for f, outside in enumerate(is_linear_outside):
        first, last = int(starts[f]), int(starts[f + 1])
        out.append(Function(knots[first + f : last + f + 1], coefficients[first:last], bool(outside)))
    return tuple(out)


def _integers(values: Any) -> Index:
    return np.array([int(v) for v in values], dtype=np.int64)


def _coordinate_arrays(body: Body, locks: bool, held: Collection[str], functions: FunctionTable) -> dict[str, Any]:
    """Order the coordinates, drivers first, and say which input or constant each follows."""
    index = {c.name: i for i, c in enumerate(body.coordinates)}
    order: list[int] = []
    inputs: list[int] = []
    count = len(body.coordinates)
    follows = np.full(count, -1)
    driver = np.full(count, -1)
    coupling = np.full(count, -1)
    constants = np.zeros(count)

    def visit(i: int, path: tuple[int, ...]) -> None:
        coordinate = body.coordinates[i]
        if i in order:
            return
        if i in path:
            raise BodyError(f"coordinate '{coordinate.name}' drives itself in a circle: give one of them no driver")
        if coordinate.name in held or (locks and coordinate.is_locked):
            constants[i] = coordinate.default
        elif coordinate.driver is None:
            follows[i] = i
        else:
            if coordinate.driver not in index:
                raise BodyError(
                    f"coordinate '{coordinate.name}' follows '{coordinate.driver}'. {suggest(coordinate.driver, index)}"
                )
            visit(index[coordinate.driver], (*path, i))
            function = coordinate.coupling or Function.linear(1.0)
            source = index[coordinate.driver]
            if follows[source] >= 0:
                follows[i], driver[i], coupling[i] = follows[source], source, functions.add(function)
            else:
                constants[i] = function.value(float(constants[source]))
        order.append(i)

    for i in range(count):
        visit(i, ())
    inputs = [i for i in range(count) if follows[i] == i]
    place = {c: n for n, c in enumerate(inputs)}
    return {
        "inputs": _integers(inputs),
        "coordinate_order": _integers(order),
        "coordinate_input": _integers(place.get(int(f), -1) for f in follows),
        "coordinate_driver": driver,
        "coordinate_function": coupling,
        "constants": constants,
    }


def _walk(
    body: Body, coordinates: dict[str, Any], functions: FunctionTable
) -> tuple[dict[str, Any], dict[str, tuple[int, FloatArray]]]:
    """Return the node arrays, and for each segment the node that carries it and its frame in that node."""
    index = {c.name: i for i, c in enumerate(body.coordinates)}
    frame_of: dict[str, tuple[int, FloatArray]] = {GROUND: (-1, np.eye(4))}
    rows: list[tuple[int, bool, int, int, FloatArray]] = []
    for joint in body.joints:
        node, frame = frame_of[joint.parent]
        frame = frame @ joint.parent_from_joint
        for mobility in joint.mobilities:
            is_rotation = mobility.kind == "rotation"
            coordinate = -1 if mobility.coordinate is None else index[mobility.coordinate]
            if coordinate < 0 or coordinates["coordinate_input"][coordinate] < 0 or mobility.function.is_constant:
                at = 0.0 if coordinate < 0 else coordinates["constants"][coordinate]
                value = mobility.function.value(float(at))
                turn = about_axis(mobility.axis, value) if is_rotation else None
                frame = frame @ transform(turn, None if is_rotation else value * mobility.axis)
                continue
            own = transform(_frame_along(mobility.axis))
            rows.append((node, is_rotation, coordinate, functions.add(mobility.function), frame @ own))
            node, frame = len(rows) - 1, own.T
        frame_of[joint.child] = (node, frame @ inverse(joint.child_from_joint))
    frames = np.array([r[4] for r in rows]).reshape(-1, 4, 4)
    nodes = {
        "node_parent": _integers(r[0] for r in rows),
        "node_is_rotation": _integers(r[1] for r in rows),
        "node_coordinate": _integers(r[2] for r in rows),
        "node_function": _integers(r[3] for r in rows),
        "node_rotation": frames[:, :3, :3],
        "node_translation": frames[:, :3, 3],
    }
    return nodes, frame_of


def _frame_along(axis: FloatArray) -> FloatArray:
    """Return a rotation (3, 3) whose third column is ``axis``; exact for the coordinate axes."""
    helper = np.eye(3)[(int(np.argmax(np.abs(axis))) + 1) % 3]
    x = helper - axis * (axis @ helper)
    x /= math.sqrt(x.dot(x))
    return np.array([x, cross(axis, x), axis]).T
