"""Muscles and passive tissues of a body: where they run, and how strong and how stiff they are.

They stand beside a `Body`, not in it, so that inverse kinematics and dynamics never pay for them.
A path is a chain of points on segments, bent around surfaces where it would run through bone; its length ``L`` changes
with the pose, and a tension ``F`` along it does the work ``-F dL``: the moment arm about a coordinate is ``-dL/dq``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from kinechain.body.body import GROUND, Body, Function
from kinechain.core.arrays import FloatArray, Immutable, content_hash, frozen
from kinechain.core.errors import BodyError, suggest

__all__ = ["Curves", "Muscle", "Musculature", "Path", "PathPoint", "Surface", "Tissue", "Wrap"]

Curves = Literal["thelen2003", "millard2012", "degroote2016"]


@dataclass(frozen=True, eq=False)
class PathPoint(Immutable):
    """A point through which a path runs.

    Attributes
    ----------
    segment : str
    position : (3,) array, m, segment frame
    condition : (str, float, float) or None
        Coordinate and its range, rad or m, both ends included; outside it the point is left out.  None: always there.
    motion : tuple of 3 (str, Function) or None
        For a point that moves in its segment: for each axis the coordinate and the function that gives the position,
        m; ``position`` is then its place at the default pose.
    """

    segment: str
    position: FloatArray
    condition: tuple[str, float, float] | None = None
    motion: tuple[tuple[str, Function], tuple[str, Function], tuple[str, Function]] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "position", frozen(self.position, (3,), "position"))


@dataclass(frozen=True, eq=False)
class Surface(Immutable):
    """A surface around which paths bend.

    Attributes
    ----------
    name, segment : str
    kind : 'cylinder', 'sphere', 'ellipsoid' or 'torus'
    segment_from_surface : (4, 4) array, m
        The axis of a cylinder and of a torus is z.
    radii : (3,) array, m
        Of a cylinder and a sphere the first counts; of a torus inner and outer; of an ellipsoid all three.
    length_m : float
        Of a cylinder, half on either side of its origin.
    quadrant : str
        '' for all, else the half that paths may touch: '+x', '-x', '+y', '-y', '+z' or '-z'.
    """

    name: str
    segment: str
    kind: Literal["cylinder", "sphere", "ellipsoid", "torus"]
    segment_from_surface: FloatArray
    radii: FloatArray
    length_m: float = np.inf
    quadrant: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "segment_from_surface", frozen(self.segment_from_surface, (4, 4), "segment_from_surface")
        )
        object.__setattr__(self, "radii", frozen(self.radii, (3,), "radii"))


@dataclass(frozen=True)
class Wrap:
    """One path on one surface.

    Attributes
    ----------
    surface : str
    first, last : int or None
        Points of the path between which it may bend, counted from 0; None: from the first, to the last.
    method : str
        'shortest': the shortest way, on cylinders and spheres. Else OpenSim's curve, with its word for the side of an
        ellipsoid: 'hybrid', 'midpoint' or 'axial'. A path with several wraps takes the shortest way on cylinders.
    """

    surface: str
    first: int | None = None
    last: int | None = None
    method: str = "hybrid"


@dataclass(frozen=True)
class Path:
    """The way of a muscle or tissue, from its first point to its last.

    Attributes
    ----------
    points : tuple of PathPoint
        At least two.
    wraps : tuple of Wrap
    """

    points: tuple[PathPoint, ...]
    wraps: tuple[Wrap, ...] = ()


@dataclass(frozen=True)
class Muscle:
    """A muscle, or one fascicle of it.

    Attributes
    ----------
    name : str
        Ends in ``_r`` or ``_l``.
    path : Path
    max_isometric_force_n : float
    optimal_fibre_length_m, tendon_slack_length_m : float
    pennation_rad : float
        At the optimal fibre length.
    max_contraction_velocity : float
        Optimal fibre lengths per second.
    curves : str
        Family of force-length-velocity curves (`kinechain.body.hill`).
    curve_values : tuple of (str, float)
        What differs from the family's `kinechain.body.hill.CURVE_VALUES`.
    tendon_strain : float
        Strain of the tendon at the maximal isometric force.
    is_tendon_rigid : bool
    has_passive_force : bool
    group : str
        Anatomical group, e.g. 'gluteus_medius', 'erector_spinae', 'foot_intrinsic'; weakness is told by it.
    roots : tuple of str
        Nerve roots, e.g. ('L5', 'S1').
    source, grade : str
        Source keys of path and architecture, and how deep they were read ('assumption' for declared geometry).
    """

    name: str
    path: Path
    max_isometric_force_n: float
    optimal_fibre_length_m: float
    tendon_slack_length_m: float
    pennation_rad: float = 0.0
    max_contraction_velocity: float = 10.0
    curves: Curves = "degroote2016"
    curve_values: tuple[tuple[str, float], ...] = ()
    tendon_strain: float = 0.049
    is_tendon_rigid: bool = True
    has_passive_force: bool = True
    group: str = ""
    roots: tuple[str, ...] = ()
    source: str = ""
    grade: str = ""


@dataclass(frozen=True)
class Tissue:
    """A passive path: fascia, ligament, tendon or nerve.

    Attributes
    ----------
    name : str
    path : Path
    kind : 'fascia', 'ligament', 'tendon' or 'nerve'
        The length of a nerve is computed, never a force.
    slack_length_m : float
        Below it there is no tension.
    tension : Function or None
        Tension, N, against strain (length over slack length less 1); None carries no force.
    source, grade : str
    """

    name: str
    path: Path
    kind: Literal["fascia", "ligament", "tendon", "nerve"]
    slack_length_m: float
    tension: Function | None = None
    source: str = ""
    grade: str = ""


@dataclass(frozen=True, eq=False)
class Musculature(Immutable):
    """The muscles and tissues of one body.

    Attributes
    ----------
    muscles : tuple of Muscle
    tissues : tuple of Tissue
    surfaces : tuple of Surface
    notes : tuple of str
        Every approximation made, in sentences.
    """

    muscles: tuple[Muscle, ...]
    tissues: tuple[Tissue, ...] = ()
    surfaces: tuple[Surface, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        names = list(self.names)
        if len(set(names)) != len(names):
            raise BodyError(
                f"muscles must differ in name; more than once: {sorted({n for n in names if names.count(n) > 1})}"
            )
        surfaces = {s.name for s in self.surfaces}
        for item in self._items:
            if len(item.path.points) < 2:
                raise BodyError(f"'{item.name}' runs through {len(item.path.points)} points; a path needs two")
            for wrap in item.path.wraps:
                if wrap.surface not in surfaces:
                    raise BodyError(f"'{item.name}' bends around '{wrap.surface}'. {suggest(wrap.surface, surfaces)}")

    @property
    def _items(self) -> tuple[Muscle | Tissue, ...]:
        return (*self.muscles, *self.tissues)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The paths of all muscles, then of all tissues; the order of every array of paths."""
        return tuple(item.path for item in self._items)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all muscles, then of all tissues."""
        return tuple(item.name for item in self._items)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of everything it holds; the key of every cache."""
        return content_hash(self)

    def muscle(self, name: str) -> Muscle:
        """Return a muscle by name."""
        for muscle in self.muscles:
            if muscle.name == name:
                return muscle
        raise BodyError(f"no muscle named '{name}'. {suggest(name, (m.name for m in self.muscles))}")

    def check(self, body: Body) -> None:
        """Raise BodyError unless every point and surface lies on a segment of a body and follows its coordinates."""
        segments = {GROUND, *(s.name for s in body.segments)}
        coordinates = {c.name for c in body.coordinates}
        for surface in self.surfaces:
            if surface.segment not in segments:
                raise BodyError(
                    f"surface '{surface.name}' sits on '{surface.segment}'. {suggest(surface.segment, segments)}"
                )
        for name, path in zip(self.names, self.paths, strict=True):
            for point in path.points:
                if point.segment not in segments:
                    raise BodyError(f"'{name}' is attached to '{point.segment}'. {suggest(point.segment, segments)}")
                followed = [point.condition[0]] if point.condition else []
                followed += [c for c, _ in point.motion or ()]
                for coordinate in followed:
                    if coordinate not in coordinates:
                        raise BodyError(
                            f"a point of '{name}' follows '{coordinate}'. {suggest(coordinate, coordinates)}"
                        )
