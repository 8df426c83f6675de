"""The one representation of a body: our own tables and ``.osim`` files alike become this.

A body is a tree of segments.  Each joint carries its child segment by a sequence of
elementary mobilities (a rotation about, or a translation along, one axis), each driven
by at most one coordinate through a function.  Dependent motion (knee splines, coupled
patella, lumbar rhythm) stays in the tree as ordinary mobilities; generalised forces and
Jacobians fold back to the free coordinates by the chain rule, never by a constraint
solver.

``world_from_child = world_from_parent @ parent_from_joint @ M1 @ M2 ... @ inverse(child_from_joint)``
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Literal, TypeVar

import numpy as np

from kinechain.core.arrays import FloatArray, Immutable, content_hash, frozen, handed_over
from kinechain.core.errors import BodyError, suggest

__all__ = ["GROUND", "Body", "BodyKey", "Coordinate", "Function", "Joint", "Marker", "Mobility", "Segment"]

#: Name of the root of every tree; it is no segment.
GROUND = "ground"


@dataclass(frozen=True, eq=False)
class Function(Immutable):
    """A scalar function of one coordinate, piecewise cubic, with its first two derivatives.

    ``f(z) = c0 + c1 d + c2 d^2 + c3 d^3`` on the piece that holds ``z``, with
    ``d = z - knots[piece]``.  Below the first and above the last knot the first and the
    last piece are extended as straight lines when ``is_linear_outside`` (OpenSim's
    SimmSpline), as polynomials otherwise.  A constant and a straight line have one piece.

    Attributes
    ----------
    knots : (piece + 1,) array
        Ascending.
    coefficients : (piece, 4) array
        c0 to c3.
    is_linear_outside : bool
    """

    knots: FloatArray
    coefficients: FloatArray
    is_linear_outside: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "knots", frozen(self.knots, (None,), "knots"))
        object.__setattr__(self, "coefficients", frozen(self.coefficients, (len(self.knots) - 1, 4), "coefficients"))

    @staticmethod
    @lru_cache(maxsize=256)
    def linear(slope: float, intercept: float = 0.0) -> Function:
        """Return ``intercept + slope z``."""
        return Function(np.array([0.0, 1.0]), np.array([[intercept, slope, 0.0, 0.0]]))

    @staticmethod
    def constant(value: float) -> Function:
        """Return the function that is ``value`` everywhere."""
        return Function.linear(0.0, value)

    @cached_property
    def is_linear(self) -> bool:
        """True for constants and straight lines."""
        return len(self.coefficients) == 1 and self.coefficients[0].tolist()[2:] == [0.0, 0.0]

    @cached_property
    def is_constant(self) -> bool:
        """True if the value never changes."""
        return len(self.coefficients) == 1 and self.coefficients[0].tolist()[1:] == [0.0, 0.0, 0.0]

    def value(self, z: float) -> float:
        """Return f at one number; `evaluate` spends its time on shapes."""
        knots = self.knots
        piece = min(max(int(knots.searchsorted(z, side="right")) - 1, 0), len(self.coefficients) - 1)
        inside = min(max(z, float(knots[0])), float(knots[-1])) if self.is_linear_outside else z
        c0, c1, c2, c3 = self.coefficients[piece].tolist()
        d = inside - float(knots[piece])
        slope = c1 + d * (2 * c2 + d * 3 * c3)
        return float(c0 + d * (c1 + d * (c2 + d * c3)) + slope * (z - inside))

    def evaluate(self, z: float | FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return f, f' and f'' at ``z``, each of the shape of ``z``."""
        z = np.asarray(z, dtype=float)
        piece = np.searchsorted(self.knots, z, side="right") - 1
        piece = np.minimum(np.maximum(piece, 0), len(self.coefficients) - 1)
        inside = np.clip(z, self.knots[0], self.knots[-1]) if self.is_linear_outside else z
        c = self.coefficients[piece]
        c0, c1, c2, c3 = c[..., 0], c[..., 1], c[..., 2], c[..., 3]
        d = inside - self.knots[piece]
        slope = c1 + d * (2 * c2 + d * 3 * c3)
        value = c0 + d * (c1 + d * (c2 + d * c3)) + slope * (z - inside)
        curvature = np.where(z == inside, 2 * c2 + 6 * c3 * d, 0.0)
        return np.asarray(value), np.asarray(slope), np.asarray(curvature)


@dataclass(frozen=True, eq=False)
class Mobility(Immutable):
    """One elementary motion of a joint.

    Attributes
    ----------
    kind : 'rotation' (rad) or 'translation' (m)
    axis : (3,) unit array
        In the frame left by the mobilities before it.
    coordinate : str or None
        The coordinate that drives it; None for a fixed value.
    function : Function
        From coordinate to mobility value; for None evaluated at 0.
    """

    kind: Literal["rotation", "translation"]
    axis: FloatArray
    coordinate: str | None
    function: Function

    def __post_init__(self) -> None:
        axis = np.asarray(self.axis, dtype=float)
        length = math.sqrt(axis.dot(axis)) if axis.shape == (3,) else math.nan
        if not math.isfinite(length) or length < 1e-9:
            raise BodyError(f"a mobility needs an axis of three numbers that is not zero, got {self.axis}")
        object.__setattr__(self, "axis", handed_over(axis / length))


@dataclass(frozen=True, eq=False)
class Segment(Immutable):
    """A rigid part.

    Attributes
    ----------
    name : str
    mass_kg : float
    centre_of_mass : (3,) array, m, segment frame
    inertia : (3, 3) array, kg m^2
        About the centre of mass, in the segment frame.
    source : str
        Source keys of the inertial numbers, comma-separated.
    scale : (3,) array
        Size along x, y and z against the segment of the tables; what is attached later is scaled by it.
    """

    name: str
    mass_kg: float
    centre_of_mass: FloatArray
    inertia: FloatArray
    source: str = ""
    scale: FloatArray = field(default_factory=lambda: np.ones(3))

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", frozen(self.scale, (3,), "scale"))
        object.__setattr__(self, "centre_of_mass", frozen(self.centre_of_mass, (3,), "centre_of_mass"))
        object.__setattr__(self, "inertia", frozen(self.inertia, (3, 3), "inertia"))
        if not self.mass_kg >= 0:
            raise BodyError(f"segment '{self.name}' has mass {self.mass_kg} kg; it must not be negative")


@dataclass(frozen=True, eq=False)
class Joint(Immutable):
    """The connection of a child segment to its parent.

    Attributes
    ----------
    name, parent, child : str
    parent_from_joint, child_from_joint : (4, 4) array, m
        Pose of the joint frame in either segment; both coincide while every mobility is zero.
    mobilities : tuple of Mobility
        In the order of the product.
    """

    name: str
    parent: str
    child: str
    parent_from_joint: FloatArray
    child_from_joint: FloatArray
    mobilities: tuple[Mobility, ...]
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parent_from_joint", frozen(self.parent_from_joint, (4, 4), "parent_from_joint"))
        object.__setattr__(self, "child_from_joint", frozen(self.child_from_joint, (4, 4), "child_from_joint"))


@dataclass(frozen=True, eq=False)
class Coordinate(Immutable):
    """A generalised coordinate.

    Attributes
    ----------
    name : str
    kind : 'rotation' (rad) or 'translation' (m)
    low, high : float
        Range; -inf and inf if unbounded.
    default : float
    is_locked : bool
        Held at its default.
    is_clamped : bool
        The range is enforced in inverse kinematics.
    driver : str or None
        The free coordinate this one follows.
    coupling : Function or None
        Value as a function of the driver.
    """

    name: str
    kind: Literal["rotation", "translation"]
    low: float = -np.inf
    high: float = np.inf
    default: float = 0.0
    is_locked: bool = False
    is_clamped: bool = False
    driver: str | None = None
    coupling: Function | None = None

    @property
    def is_free(self) -> bool:
        """True if inverse kinematics may move it."""
        return not self.is_locked and self.driver is None


@dataclass(frozen=True, eq=False)
class Marker(Immutable):
    """A point fixed on a segment: a skin marker or a bony landmark.

    Attributes
    ----------
    name : str
    segment : str
    position : (3,) array, m, segment frame
    weight : float
        In inverse kinematics; 0 means it is carried but not tracked.
    source : str
    """

    name: str
    segment: str
    position: FloatArray
    weight: float = 1.0
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "position", frozen(self.position, (3,), "position"))


@dataclass(frozen=True, eq=False)
class Body(Immutable):
    """A skeleton: segments, joints, coordinates, skin markers and bony landmarks.

    Attributes
    ----------
    name : str
    segments : tuple of Segment
        Parents before children.
    joints : tuple of Joint
        One per segment, in the same order.
    coordinates : tuple of Coordinate
    markers : tuple of Marker
        Named as in the recording.
    landmarks : tuple of Marker
        Named as in ``body/parts/landmarks.csv`` (``asis_r``, ``heel_l`` ...).
    up : 'z' or 'y'
        Vertical axis of the ground frame: 'z' for our bodies, 'y' for imported OpenSim models.
    notes : tuple of str
        Every approximation made when this body was built, in sentences.
    """

    name: str
    segments: tuple[Segment, ...]
    joints: tuple[Joint, ...]
    coordinates: tuple[Coordinate, ...]
    markers: tuple[Marker, ...] = ()
    landmarks: tuple[Marker, ...] = ()
    up: Literal["z", "y"] = "z"
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        known = {GROUND}
        names = {c.name for c in self.coordinates}
        if [j.child for j in self.joints] != [s.name for s in self.segments]:
            raise BodyError(
                f"body '{self.name}': joints and segments must stand in the same order, one joint per segment"
            )
        for joint in self.joints:
            if joint.parent not in known:
                raise BodyError(f"joint '{joint.name}' hangs on '{joint.parent}'. {suggest(joint.parent, known)}")
            known.add(joint.child)
            for mobility in joint.mobilities:
                if mobility.coordinate is not None and mobility.coordinate not in names:
                    raise BodyError(
                        f"joint '{joint.name}' is driven by '{mobility.coordinate}'. "
                        f"{suggest(mobility.coordinate, names)}"
                    )
        for marker in (*self.markers, *self.landmarks):
            if marker.segment not in known:
                raise BodyError(f"marker '{marker.name}' sits on '{marker.segment}'. {suggest(marker.segment, known)}")

    @cached_property
    def hash(self) -> str:
        """SHA-256 of everything the body holds; the key of every cache."""
        return content_hash(self)

    @property
    def mass_kg(self) -> float:
        """Total mass."""
        return sum(s.mass_kg for s in self.segments)

    def segment(self, name: str) -> Segment:
        """Return a segment by name."""
        return _by_name(self.segments, name, "segment")

    def coordinate(self, name: str) -> Coordinate:
        """Return a coordinate by name."""
        return _by_name(self.coordinates, name, "coordinate")

    def joint_of(self, segment: str) -> Joint:
        """Return the joint that carries a segment."""
        self.segment(segment)
        return next(j for j in self.joints if j.child == segment)

    def landmark(self, name: str) -> Marker:
        """Return a bony landmark by name."""
        return _by_name(self.landmarks, name, "landmark")

    def with_markers(self, markers: tuple[Marker, ...]) -> Body:
        """Return this body with other skin markers."""
        return replace(self, markers=markers)


_T = TypeVar("_T", Segment, Coordinate, Marker)


class BodyKey:
    """A body as a key of a cache: equal if the contents are."""

    def __init__(self, body: Body) -> None:
        self.body = body

    def __hash__(self) -> int:
        return hash(self.body.hash)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BodyKey) and other.body.hash == self.body.hash


def _by_name(items: tuple[_T, ...], name: str, what: str) -> _T:
    for item in items:
        if item.name == name:
            return item
    raise BodyError(f"no {what} named '{name}' in this body. {suggest(name, (i.name for i in items))}")
