"""OpenSim 4 models as a ``Body``: the skeleton, its joints, coordinates, markers and inertia.

OpenSim's names, frames and axes are kept (y up), so what is computed here can be laid beside
OpenSim's own answer.  Whatever is left out or approximated is said in ``Body.notes``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import Element

import numpy as np

from kinechain.body.body import GROUND, Body, Coordinate, Function, Marker, Segment
from kinechain.body.osim_frames import Frames, collect_frames
from kinechain.body.osim_functions import compose, find_function, multiply, read_function
from kinechain.body.osim_joints import OsimJoint, read_joint
from kinechain.body.osim_setup import (
    CoordinateTask,
    IkSetup,
    coordinate_targets,
    read_ik_setup,
    read_marker_set,
    with_ik_weights,
)
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
    words,
)
from kinechain.core.errors import FileError, suggest
from kinechain.core.gravity import GRAVITY_M_S2

__all__ = [
    "CoordinateTask",
    "IkSetup",
    "coordinate_targets",
    "is_in_degrees",
    "read_ik_setup",
    "read_marker_set",
    "read_osim",
    "with_ik_weights",
]

_FIRST_VERSION = 40000


def read_osim(path: str | Path) -> Body:
    """Return the skeleton of an OpenSim 4 model.

    Parameters
    ----------
    path : str or Path
        An ``.osim`` file written by OpenSim 4.0 or later.

    Returns
    -------
    Body
        Segments and joints parents first, else in the file's order; names and frames as in the file; ``up`` is the
        axis that the model's gravity points away from (y in OpenSim's convention).

    Raises
    ------
    FileError
        If the file is no OpenSim 4 model, is damaged, or holds something without which the skeleton would be wrong
        (an unsupported joint or function, a dangling path, a number that is not finite).

    Notes
    -----
    A joint's translations act along axes fixed in its parent frame; its rotations follow as a body-fixed sequence.
    Ball and free joints, quaternions inside OpenSim, are body-fixed x-y-z rotations here: the same poses, with a
    singularity where the second angle is 90 degrees.  Muscles, contact, wrap objects and actuators are counted only.
    """
    path = Path(path)
    with naming(path, "OpenSim 4 model"):
        return _read(Content(path.name, document_bytes(path)))


@lru_cache(maxsize=4)
def _read(content: Content) -> Body:
    """Read a model once: a laboratory reads the same one for every trial."""
    return _body(_model_element(parse_document(content.data)), content.name)


def _model_element(root: Element) -> Element:
    if root.tag != "OpenSimDocument":
        raise FileError(f"its root is <{root.tag}>, not <OpenSimDocument>")
    version = root.get("Version", "")
    if not version.isdigit():
        raise FileError(f"it states the document version '{version}', which is no number")
    model = root.find("Model")
    if model is None:
        inside = ", ".join(f"<{child.tag}>" for child in root) or "nothing"
        raise FileError(f"it holds {inside} and no <Model>")
    if int(version) < _FIRST_VERSION:
        raise FileError(
            f"it was written in document version {version}, before OpenSim 4; open it in OpenSim 4 and save it again"
        )
    return model


def _body(model: Element, source: str) -> Body:
    frames = collect_frames(model)
    segments = _read_segments(model, source)
    read = [read_joint(element, frames, source) for element in children(model, "JointSet")]
    require_unique([j.joint.name for j in read], "joint")
    ordered, notes = _ordered(read, segments)
    coordinates = tuple(c for j in ordered for c in j.coordinates)
    require_unique([c.name for c in coordinates], "coordinate")
    coordinates, coupling_notes = _coupled(coordinates, children(model, "ConstraintSet"))
    odd = _impossible_inertia(segments.values())
    notes = [*(note for j in ordered for note in j.notes), *notes, *coupling_notes, odd, *_omissions(model)]
    up, gravity_note = _up(model)
    markers, marker_note = _read_markers(model, frames, source)
    return Body(
        name=model.get("name", ""),
        segments=tuple(segments[j.joint.child] for j in ordered),
        joints=tuple(j.joint for j in ordered),
        coordinates=coordinates,
        markers=markers,
        up=up,
        notes=tuple(note for note in (*notes, gravity_note, marker_note) if note),
    )


def _read_segments(model: Element, source: str) -> dict[str, Segment]:
    elements = children(model, "BodySet")
    require_unique([e.get("name", "") for e in elements], "body")
    if not elements:
        raise FileError("it holds no bodies")
    return {s.name: s for s in (_read_segment(e, source) for e in elements)}


def _read_segment(element: Element, source: str) -> Segment:
    mass = number(element, "mass", 0.0)
    xx, yy, zz, xy, xz, yz = floats(element, "inertia", 6, (0.0,) * 6)
    if mass < 0 or min(xx, yy, zz) < 0:
        raise FileError(f"{describe(element)} has a negative mass or moment of inertia")
    return Segment(
        name=element.get("name", ""),
        mass_kg=mass,
        centre_of_mass=numbers(element, "mass_center", 3, (0.0,) * 3),
        inertia=np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]),
        source=source,
    )


def _impossible_inertia(segments: Iterable[Segment]) -> str:
    """Name the bodies whose moments of inertia no rigid body can have: one exceeds the sum of the other two."""
    segments = list(segments)
    principal = np.linalg.eigvalsh(np.array([s.inertia for s in segments])).tolist()
    names = [
        segment.name
        for segment, (low, middle, high) in zip(segments, principal, strict=True)
        if low < -1e-12 or high > (low + middle) * (1 + 1e-6) + 1e-12
    ]
    return f"kept as in the file, though no rigid body has such inertia: {', '.join(names)}" if names else ""


def _ordered(read: list[OsimJoint], segments: dict[str, Segment]) -> tuple[list[OsimJoint], list[str]]:
    """Return one joint per body, parents first and else in the file's order, and notes on the joints left out."""
    for j in read:
        for body in (j.joint.parent, j.joint.child):
            if body not in segments and body != GROUND:
                raise FileError(f"joint '{j.joint.name}' names the body '{body}'. {suggest(body, segments)}")
    placed: dict[str, OsimJoint] = {}
    waiting = list(read)
    notes = []
    while waiting:
        ready = [j for j in waiting if j.joint.parent in placed or j.joint.parent == GROUND]
        if not ready:
            break
        for j in ready:
            waiting.remove(j)
            if j.joint.child == GROUND or j.joint.child in placed:
                notes.append(f"joint '{j.joint.name}' closes a loop and is left out; its two ends may drift apart")
            else:
                placed[j.joint.child] = j
    loose = [name for name in segments if name not in placed]
    if loose:
        raise FileError(
            f"no chain of joints leads from ground to {', '.join(loose[:8])}; "
            "let each body be the child of one joint whose parent hangs on ground"
        )
    return list(placed.values()), notes


def _up(model: Element) -> tuple[Literal["y", "z"], str]:
    gravity = numbers(model, "gravity", 3, np.array([0.0, -GRAVITY_M_S2, 0.0]))
    if gravity[2] < 0 and abs(gravity[2]) >= 100 * np.abs(gravity[:2]).max():
        return "z", ""
    if gravity[1] < 0 and abs(gravity[1]) >= 100 * np.abs(gravity[[0, 2]]).max():
        return "y", ""
    return "y", f"gravity is ({gravity[0]:g}, {gravity[1]:g}, {gravity[2]:g}), along no axis; y is taken as up"


@dataclass(frozen=True)
class _Coupler:
    name: str
    driver: str
    function: Function


def _coupled(
    coordinates: tuple[Coordinate, ...], constraints: list[Element]
) -> tuple[tuple[Coordinate, ...], list[str]]:
    """Return the coordinates with their couplings, and notes on the constraints left out."""
    known = {c.name: c for c in coordinates}
    couplers: dict[str, _Coupler] = {}
    notes = []
    for element in constraints:
        if not truth(element, "isEnforced", True):
            notes.append(f"{describe(element)} is not enforced in the file and is left out")
        elif element.tag != "CoordinateCouplerConstraint":
            notes.append(f"{describe(element)} is not supported and is left out; the coordinates it ties are free")
        else:
            dependent, coupler, note = _read_coupler(element, known)
            if dependent in couplers:
                raise FileError(f"coordinate '{dependent}' is driven by two constraints")
            couplers[dependent] = coupler
            notes.append(note)
    for name in couplers:
        driver, function = _root(name, couplers)
        notes.extend(_couple(known, known[name], known[driver], function))
    return tuple(known[c.name] for c in coordinates), [note for note in notes if note]


def _read_coupler(element: Element, known: dict[str, Coordinate]) -> tuple[str, _Coupler, str]:
    drivers, dependent = words(element, "independent_coordinate_names"), text(element, "dependent_coordinate_name")
    for name in (*drivers, dependent):
        if name not in known:
            raise FileError(f"{describe(element)} names the coordinate '{name}'. {suggest(name, known)}")
    if len(drivers) != 1:
        raise FileError(f"{describe(element)} is driven by {len(drivers)} coordinates; one is supported")
    driver = known[drivers[0]]
    holder = find_function(element.find("coupled_coordinates_function"))
    function, note = read_function(holder, (driver.low, driver.high))
    function = multiply(function, number(element, "scale_factor", 1.0))
    return dependent, _Coupler(describe(element), driver.name, function), note and f"{describe(element)}: {note}"


def _root(name: str, couplers: dict[str, _Coupler]) -> tuple[str, Function]:
    """Follow a chain of couplings to the coordinate that is driven by none."""
    driver, function = couplers[name].driver, couplers[name].function
    seen = {name}
    while driver in couplers:
        if driver in seen:
            raise FileError(f"the coordinates {', '.join(sorted(seen))} drive each other in a circle")
        seen.add(driver)
        link = couplers[driver]
        composed = compose(function, link.function)
        if composed is None:
            raise FileError(
                f"'{name}' follows '{driver}', itself a curve of '{link.driver}'; one of the two must be a line"
            )
        driver, function = link.driver, composed
    return driver, function


def _couple(known: dict[str, Coordinate], dependent: Coordinate, driver: Coordinate, function: Function) -> list[str]:
    """Tie one coordinate to another in ``known``; return notes."""
    value = float(function.evaluate(driver.default)[0])
    if driver.is_locked or function.is_constant:
        known[dependent.name] = replace(dependent, default=value, is_locked=True)
        return []
    notes = []
    if dependent.is_locked:
        notes.append(f"'{dependent.name}' is locked and coupled to '{driver.name}' in the file; it is coupled here")
    tied = replace(dependent, default=value, is_locked=False, is_clamped=False, driver=driver.name, coupling=function)
    known[dependent.name] = tied
    if dependent.is_clamped:
        if function.is_linear:
            known[driver.name] = _narrowed(driver, dependent, function)
        else:
            notes.append(f"the range of '{dependent.name}' is not enforced; it follows '{driver.name}' along a curve")
    return notes


def _narrowed(driver: Coordinate, dependent: Coordinate, function: Function) -> Coordinate:
    """Return the driver, clamped to where a dependent coordinate on a line stays inside its own range."""
    slope = float(function.evaluate(0.0)[1])
    at_zero = float(function.evaluate(0.0)[0])
    low, high = sorted(((dependent.low - at_zero) / slope, (dependent.high - at_zero) / slope))
    if driver.is_clamped:
        low, high = max(low, driver.low), min(high, driver.high)
    if low > high:
        raise FileError(
            f"the ranges of '{driver.name}' and of '{dependent.name}', which follows it, exclude each other"
        )
    return replace(driver, low=low, high=high, is_clamped=True)


def _read_markers(model: Element, frames: Frames, source: str) -> tuple[tuple[Marker, ...], str]:
    holder = model.find("MarkerSet")
    note = ""
    if holder is not None and holder.get("file"):
        note = f"the markers stand in a file of their own, {holder.get('file')}; read it with read_marker_set"
    elements = [e for e in children(model, "MarkerSet") if e.tag == "Marker"]
    require_unique([e.get("name", "") for e in elements], "marker")
    markers = []
    for index, element in enumerate(elements):
        frame = frames.resolve(text(element, "socket_parent_frame"), ("markerset", f"{index}"), describe(element))
        place = frame.place(floats(element, "location", 3))
        markers.append(Marker(element.get("name", ""), frame.body, place, 1.0, source))
    return tuple(markers), note


def _omissions(model: Element) -> Iterable[str]:
    """Say how many muscles, contacts, wrap objects and actuators were passed over."""
    kinds: Counter[str] = Counter()
    for element in children(model, "ForceSet"):
        kinds["muscle" if "Muscle" in element.tag else f"force of type {element.tag}"] += 1
    for tag, what in (
        ("ControllerSet", "controller"),
        ("ContactGeometrySet", "contact geometry"),
        ("ProbeSet", "probe"),
    ):
        kinds[what] += len(children(model, tag))
    for holder in model.iter("WrapObjectSet"):
        kinds["wrap object"] += len(holder.findall("objects/*"))
    found = [f"{count} x {kind}" for kind, count in kinds.items() if count]
    if found:
        yield f"not read, as the skeleton does not need them: {', '.join(found)}"
    units = text(model, "length_units", "meters")
    if units not in ("meters", "m"):
        yield f"the file states lengths in '{units}'; OpenSim computes in metres, and so is it read"


def is_in_degrees(body: Body, name: str) -> bool:
    """Say whether OpenSim writes a coordinate of an imported model in degrees.

    Parameters
    ----------
    body : Body
        From ``read_osim``.
    name : str
        A coordinate.

    Notes
    -----
    OpenSim's ``MotionType``: rotational, and in degrees, if the last axis that the coordinate drives as a straight line
    of slope one is a rotation.  A coordinate that moves everything through curves, as a patella's, is "coupled" and
    stays in rad even in a file that says ``inDegrees=yes``.
    """
    plain = [
        m
        for kind in ("rotation", "translation")
        for joint in body.joints
        for m in joint.mobilities
        if m.kind == kind
        and m.coordinate == name
        and m.function.is_linear
        and abs(m.function.coefficients[0, 1]) == 1.0
    ]
    return bool(plain) and plain[-1].kind == "rotation"
