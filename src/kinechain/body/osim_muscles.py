"""The muscles of an OpenSim 4 model as a ``Musculature``: paths, wrap objects and architecture.

Paths follow OpenSim's rules, so lengths can be laid beside OpenSim's own; where they cannot agree is said in
``Musculature.notes``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Literal
from xml.etree.ElementTree import Element

import numpy as np

from kinechain.body.body import Body, Function
from kinechain.body.hill import CURVE_VALUES
from kinechain.body.muscle import Muscle, Musculature, Path, PathPoint, Surface, Wrap
from kinechain.body.osim import read_osim
from kinechain.body.osim_frames import Frames, collect_frames, turned
from kinechain.body.osim_functions import find_function, read_function
from kinechain.body.osim_xml import (
    Content,
    children,
    describe,
    document_bytes,
    floats,
    naming,
    number,
    numbers,
    parse_document,
    require_unique,
    text,
    truth,
)
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import FileError, suggest
from kinechain.core.frames import transform

__all__ = ["read_osim_muscles"]

Curves = Literal["thelen2003", "millard2012", "degroote2016"]

#: Muscle types, the family of their curves, where the tendon's strain stands, and its default there.
_TYPES: dict[str, tuple[Curves, str, float]] = {
    # Defaults as in the constructors of opensim-core, commit 0435b081d.
    "Thelen2003Muscle": ("thelen2003", "FmaxTendonStrain", 0.04),
    "Millard2012EquilibriumMuscle": ("millard2012", "TendonForceLengthCurve/strain_at_one_norm_force", 0.049),
    "DeGrooteFregly2016Muscle": ("degroote2016", "tendon_strain_at_one_norm_force", 0.049),
}
#: Where a file states what shapes the curves of its muscles, by the names of `kinechain.body.hill.CURVE_VALUES`.
_CURVE_TAGS = {
    "thelen2003": {
        "active_width": "KshapeActive",
        "concentric_shape": "Af",
        "eccentric_plateau": "Flen",
        "passive_strain": "FmaxMuscleStrain",
        "passive_shape": "KshapePassive",
    },
    "millard2012": {
        "shortest_active": "ActiveForceLengthCurve/min_norm_active_fiber_length",
        "ascending_corner": "ActiveForceLengthCurve/transition_norm_fiber_length",
        "longest_active": "ActiveForceLengthCurve/max_norm_active_fiber_length",
        "shallow_slope": "ActiveForceLengthCurve/shallow_ascending_slope",
        "least_active": "ActiveForceLengthCurve/minimum_value",
        "eccentric_plateau": "ForceVelocityCurve/max_eccentric_velocity_force_multiplier",
        "passive_strain": "FiberForceLengthCurve/strain_at_one_norm_force",
    },
    "degroote2016": {
        "active_width_scale": "active_force_width_scale",
        "passive_strain": "passive_fiber_strain_at_one_norm_force",
    },
}
_DEFAULT_MAX_CONTRACTION_VELOCITY = 10.0
#: OpenSim keeps a conditional point this much beyond its range, in the coordinate's unit (ConditionalPathPoint.cpp).
_RANGE_MARGIN = 1e-5
#: Farther than this from the origin of its body lies no point of a muscle, m (assumption: twice the farthest seen).
FARTHEST_POINT_M = 1.0
_SURFACES: dict[str, Literal["cylinder", "sphere", "ellipsoid"]] = {
    "WrapCylinder": "cylinder",
    "WrapSphere": "sphere",
    "WrapEllipsoid": "ellipsoid",
}
_METHODS = ("hybrid", "midpoint", "axial")


def read_osim_muscles(path: str | FilePath, body: Body | None = None) -> Musculature:
    """Return the muscles of an OpenSim 4 model.

    Parameters
    ----------
    path : str or Path
        An ``.osim`` file written by OpenSim 4.0 or later.
    body : Body, optional
        From `read_osim` of the same file, if it was read already.

    Returns
    -------
    Musculature
        In the file's order. Muscles that apply no force are left out; ``group`` holds the names of all object groups
        that list the muscle, separated by commas.

    Raises
    ------
    FileError
        If the file is no OpenSim 4 model or is damaged, or a muscle or wrap object is of a type that is not supported.

    Notes
    -----
    To compare forces with OpenSim's own, flatten with ``pull='tension'`` (`kinechain.body.paths.flatten_paths`).
    """
    path = FilePath(path)
    body = read_osim(path) if body is None else body
    with naming(path, "OpenSim 4 model"):
        return _read(Content(path.name, document_bytes(path)), body)


# Kept as the body is: a laboratory reads the same model for every trial.
@lru_cache(maxsize=4)
def _read(content: Content, body: Body) -> Musculature:
    root = parse_document(content.data)
    model = root.find("Model")
    if model is None:
        raise FileError("it holds no <Model>")
    musculature = _Reader(root, model, body, content.name).musculature()
    musculature.check(body)
    return musculature


@dataclass(frozen=True)
class _Reader:
    root: Element
    model: Element
    body: Body
    source: str

    def musculature(self) -> Musculature:
        frames = collect_frames(self.model)
        surfaces, resting, notes = _surfaces(self.model, frames)
        elements = [e for e in children(self.model, "ForceSet") if "Muscle" in e.tag]
        groups = self._groups()
        known = {s.name for s in surfaces}
        kept, idle = [], []
        for element in elements:
            if element.tag not in _TYPES:
                raise FileError(f"{describe(element)} is not supported; supported are {', '.join(_TYPES)}")
            if truth(element, "appliesForce", True):
                kept.append(self._muscle(element, frames, known, resting, groups))
            else:
                idle.append(element.get("name", ""))
        require_unique([m.name for m in kept], "muscle")
        if idle:
            notes.append(f"applies no force in the file and is left out: {', '.join(idle)}")
        used = {w.surface for m in kept for w in m.path.wraps}
        return Musculature(
            muscles=tuple(kept),
            surfaces=tuple(s for s in surfaces if s.name in used),
            notes=(*notes, *_notes(kept, surfaces), *_left_out(self.model)),
        )

    def _groups(self) -> dict[str, list[str]]:
        """Return the groups that list each member."""
        out: dict[str, list[str]] = {}
        for group in self.model.findall("ForceSet/groups/ObjectGroup"):
            for member in text(group, "members").split():
                out.setdefault(member, []).append(group.get("name", ""))
        return out

    def _muscle(
        self, element: Element, frames: Frames, known: set[str], resting: set[str], groups: dict[str, list[str]]
    ) -> Muscle:
        curves, strain_tag, strain = _TYPES[element.tag]
        name = element.get("name", "")
        muscle = Muscle(
            name=name,
            path=self._path(element, frames, known, resting),
            max_isometric_force_n=self._number(element, "max_isometric_force"),
            optimal_fibre_length_m=self._number(element, "optimal_fiber_length"),
            tendon_slack_length_m=self._number(element, "tendon_slack_length"),
            pennation_rad=self._number(element, "pennation_angle_at_optimal", 0.0),
            max_contraction_velocity=self._number(
                element, "max_contraction_velocity", _DEFAULT_MAX_CONTRACTION_VELOCITY
            ),
            curves=curves,
            curve_values=self._curve_values(element, curves),
            tendon_strain=self._number(element, strain_tag, strain),
            is_tendon_rigid=truth(element, "ignore_tendon_compliance"),
            has_passive_force=not truth(element, "ignore_passive_fiber_force"),
            group=", ".join(groups.get(name, [])),
            source=self.source,
            grade="imported",
        )
        _require_possible(element, muscle)
        return muscle

    def _curve_values(self, element: Element, curves: Curves) -> tuple[tuple[str, float], ...]:
        """Return what the file states of the curves, where it differs from the family's own values."""
        own = CURVE_VALUES[curves]
        stated = {name: self._number(element, tag, own[name]) for name, tag in _CURVE_TAGS[curves].items()}
        return tuple((name, value) for name, value in stated.items() if value != own[name])

    def _number(self, element: Element, tag: str, default: float | None = None) -> float:
        """Return a number of a muscle, of the file's default for its type, or OpenSim's own."""
        above, _, last = tag.rpartition("/")
        own = element.find(above) if above else element
        if own is not None and own.find(last) is not None:
            return number(own, last)
        shared = self.root.find("/".join(["defaults", element.tag, *([above] if above else [])]))
        if shared is not None and shared.find(last) is not None:
            return number(shared, last)
        if default is None:
            raise FileError(f"{describe(element)} has no <{tag}>")
        return default

    def _path(self, element: Element, frames: Frames, known: set[str], resting: set[str]) -> Path:
        geometry = element.find("GeometryPath")
        if geometry is None:
            geometry = element.find("path/GeometryPath")
        if geometry is None:
            raise FileError(f"{describe(element)} has no <GeometryPath>")
        owner = ("forceset", element.get("name", ""), "geometrypath", "pathpointset")
        points = tuple(self._point(p, frames, owner) for p in children(geometry, "PathPointSet"))
        if len(points) < 2:
            raise FileError(f"{describe(element)} runs through {len(points)} points; a path needs two")
        wraps = []
        for wrap in children(geometry, "PathWrapSet"):
            surface = text(wrap, "wrap_object")
            if surface not in known and surface not in resting:
                raise FileError(f"{describe(element)} wraps around '{surface}'. {suggest(surface, known)}")
            # A wrap object that is switched off still counts as one of the path's, so the path is not wrapped once.
            if surface in known:
                wraps.append(_wrap(wrap, surface, len(points), describe(element)))
        return Path(points, tuple(wraps))

    def _point(self, element: Element, frames: Frames, owner: tuple[str, ...]) -> PathPoint:
        socket = text(element, "socket_parent_frame")
        frame = frames.known(socket)
        if frame is None:
            frame = frames.resolve(socket, (*owner, element.get("name", "")), describe(element))
        if element.tag == "MovingPathPoint":
            return self._moving(element, frame.body, frame.body_from_frame)
        place = frame.place(floats(element, "location", 3))
        farthest = max(map(abs, place.tolist()))
        if not farthest < FARTHEST_POINT_M:
            raise FileError(
                f"{describe(element)} lies {farthest:.3g} m from its body; no muscle reaches so far: check "
                "the number and its unit"
            )
        if element.tag == "PathPoint":
            return PathPoint(frame.body, place)
        if element.tag == "ConditionalPathPoint":
            low, high = map(np.float64, floats(element, "range", 2))
            if low > high:
                raise FileError(f"the range of {describe(element)} runs from {low:g} down to {high:g}")
            coordinate = self._coordinate(element, "socket_coordinate")
            return PathPoint(frame.body, place, (coordinate, low - _RANGE_MARGIN, high + _RANGE_MARGIN))
        raise FileError(
            f"{describe(element)} is of type {element.tag}; supported are PathPoint, ConditionalPathPoint and "
            "MovingPathPoint"
        )

    def _coordinate(self, element: Element, tag: str) -> str:
        name = text(element, tag).split("/")[-1]
        if all(c.name != name for c in self.body.coordinates):
            names = [c.name for c in self.body.coordinates]
            raise FileError(f"{describe(element)} follows the coordinate '{name}'. {suggest(name, names)}")
        return name

    def _moving(self, element: Element, segment: str, segment_from_frame: FloatArray) -> PathPoint:
        if not np.array_equal(segment_from_frame, np.eye(4)):
            raise FileError(f"{describe(element)} moves in an offset frame; it must stand on a body itself")
        motion: list[tuple[str, Function]] = []
        for axis in "xyz":
            coordinate = self._coordinate(element, f"socket_{axis}_coordinate")
            reach = self.body.coordinate(coordinate)
            function, note = read_function(find_function(element.find(f"{axis}_location")), (reach.low, reach.high))
            if note:
                raise FileError(f"{describe(element)}: {note}; that is not accurate enough for a path")
            motion.append((coordinate, function))
        at = [f.value(self.body.coordinate(c).default) for c, f in motion]
        return PathPoint(segment, np.array(at), None, (motion[0], motion[1], motion[2]))


def _require_possible(element: Element, muscle: Muscle) -> None:
    for what, value, may_be_zero in (
        ("max_isometric_force", muscle.max_isometric_force_n, False),
        ("optimal_fiber_length", muscle.optimal_fibre_length_m, False),
        ("tendon_slack_length", muscle.tendon_slack_length_m, True),
        ("pennation_angle_at_optimal", muscle.pennation_rad, True),
        ("max_contraction_velocity", muscle.max_contraction_velocity, False),
        ("tendon strain", muscle.tendon_strain, False),
    ):
        if value < 0 or (value == 0 and not may_be_zero):
            bound = "not be below" if may_be_zero else "be above"
            raise FileError(f"{describe(element)} has a {what} of {value:g}; it must {bound} 0")
    if muscle.pennation_rad >= np.pi / 2:
        raise FileError(f"{describe(element)} has a pennation of {muscle.pennation_rad:g} rad; it must be below 1.57")


def _wrap(element: Element, surface: str, points: int, owner: str) -> Wrap:
    method = text(element, "method", "hybrid").lower()
    if method not in _METHODS:
        raise FileError(f"a wrap of {owner} has the method '{method}'; there are {', '.join(_METHODS)}")
    first, last = floats(element, "range", 2, (-1.0, -1.0))
    if first != int(first) or last != int(last) or max(first, last) > points:
        raise FileError(f"a wrap of {owner} has the range {first:g} {last:g}; its path has {points} points")
    # OpenSim counts from 1; below that means from the first, or to the last.
    start, end = (None if n < 1 else int(n) - 1 for n in (first, last))
    if (0 if start is None else start) >= (points - 1 if end is None else end):
        raise FileError(f"a wrap of {owner} has the range {first:g} {last:g}, which holds no piece of its path")
    return Wrap(surface, start, end, method)


def _surfaces(model: Element, frames: Frames) -> tuple[list[Surface], set[str], list[str]]:
    """Return the wrap objects that are switched on, the names of those that are off, and notes."""
    found: dict[str, Surface] = {}
    resting: set[str] = set()
    notes = []
    for path, component in frames.elements.items():
        if component.tag not in ("Body", "Ground", "PhysicalOffsetFrame"):
            continue
        for element in children(component, "WrapObjectSet"):
            name = element.get("name", "")
            if not truth(element, "active", True):
                resting.add(name)
                continue
            if name in found:
                notes.append(f"the wrap object '{name}' stands on two bodies; that on '{found[name].segment}' is used")
                continue
            frame = frames.resolve("/" + "/".join(path), (), describe(element))
            found[name] = _surface(element, frame.body, frame.body_from_frame)
    require_unique(list(found), "wrap object")
    return list(found.values()), resting - set(found), notes


def _surface(element: Element, segment: str, segment_from_frame: FloatArray) -> Surface:
    if element.tag not in _SURFACES:
        raise FileError(f"{describe(element)} is of a type that is not supported; supported are {', '.join(_SURFACES)}")
    kind = _SURFACES[element.tag]
    rotation = turned(*floats(element, "xyz_body_rotation", 3, (0.0,) * 3))
    radii = numbers(element, "dimensions", 3) if kind == "ellipsoid" else np.full(3, number(element, "radius"))
    length = number(element, "length") if kind == "cylinder" else np.inf
    if not (radii > 0).all() or not length > 0:
        raise FileError(f"{describe(element)} has a radius or a length of 0 or less")
    return Surface(
        name=element.get("name", ""),
        segment=segment,
        kind=kind,
        segment_from_surface=segment_from_frame @ transform(rotation, numbers(element, "translation", 3, (0.0,) * 3)),
        radii=radii,
        length_m=length,
        quadrant=_quadrant(element),
    )


def _quadrant(element: Element) -> str:
    said = text(element, "quadrant", "all").lower()
    if said in ("all", "unassigned"):
        return ""
    side = said if said[0] in "+-" else "+" + said
    if side not in ("+x", "-x", "+y", "-y", "+z", "-z"):
        raise FileError(f"{describe(element)} has the quadrant '{said}'; there are all, x, y, z, -x, -y and -z")
    return side


def _notes(muscles: list[Muscle], surfaces: list[Surface]) -> list[str]:
    """Say where a path, or its moment arms, cannot agree with OpenSim's, and by how much where that was measured."""
    kinds = {s.name: s.kind for s in surfaces}
    # Measured with benchmarks/opensim_paths.py on the public models of Rajagopal and of pose2sim.
    said = {
        "cylinder": "bent around one cylinder with OpenSim's length to rounding; the curve is not the shortest, so "
        "that the derivative of the length differs from OpenSim's arms (up to 6 mm) unless tensions are asked for",
        "ellipsoid": "around ellipsoids OpenSim's plane is taken, its 300 samples as an integral (lengths within 0.8 "
        "mm, mostly 0.05 mm); the derivative of the length is far from OpenSim's arms (up to 5 cm) unless tensions are "
        "asked for",
        "sphere": "on spheres that may be touched on one half only the far side is taken with its true length, which "
        "OpenSim counts as negative",
        "several": "over several surfaces the shortest way is taken; OpenSim adds up straight pieces and arcs of "
        "different rounds and is up to 6 mm off",
    }
    names: dict[str, list[str]] = {what: [] for what in said}
    for muscle in muscles:
        bent = {str(kinds[w.surface]) for w in muscle.path.wraps}
        if len(muscle.path.wraps) > 1:
            bent = {"several"} | (bent & {"ellipsoid"})
        for what in bent:
            names[what].append(muscle.name)
    return [f"{sentence}: {', '.join(names[what])}" for what, sentence in said.items() if names[what]]


def _left_out(model: Element) -> list[str]:
    kinds = Counter(e.tag for e in children(model, "ForceSet") if "Muscle" not in e.tag)
    if not kinds:
        return []
    return ["no muscles, not read: " + ", ".join(f"{count} x {kind}" for kind, count in kinds.items())]
