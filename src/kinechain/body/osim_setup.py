"""OpenSim's inverse kinematics setups and marker sets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast
from xml.etree.ElementTree import Element

import numpy as np

from kinechain.body.body import Body, Marker
from kinechain.body.osim_xml import (
    children,
    describe,
    naming,
    number,
    numbers,
    read_document,
    require_unique,
    text,
    truth,
)
from kinechain.body.solve import CoordinateTarget
from kinechain.core.errors import FileError, suggest

__all__ = ["CoordinateTask", "IkSetup", "coordinate_targets", "read_ik_setup", "read_marker_set", "with_ik_weights"]

ValueType = Literal["default_value", "manual_value", "from_file"]


@dataclass(frozen=True)
class CoordinateTask:
    """A coordinate that inverse kinematics keeps near a value.

    Attributes
    ----------
    name : str
    weight : float
    value_type : 'default_value', 'manual_value' or 'from_file'
    value : float
        rad or m; only used by 'manual_value'.
    """

    name: str
    weight: float
    value_type: ValueType
    value: float


@dataclass(frozen=True)
class IkSetup:
    """What an OpenSim inverse kinematics setup asks for; tasks that are switched off are left out.

    Attributes
    ----------
    name : str
    marker_weights : tuple of (str, float)
    coordinate_tasks : tuple of CoordinateTask
    time_range : (float, float) or None
        s; None for the whole recording.
    accuracy : float
        OpenSim's own stopping tolerance, kept for comparison; our solver has its own.
    constraint_weight : float
        Infinite if constraints are met exactly, which ours always are.
    model_file, marker_file, coordinate_file : str
        As written in the setup, '' if unassigned.

    Notes
    -----
    OpenSim minimises, in each frame, ``sum_m w_m |x_m - y_m|^2 / (2 sum_m w_m) + sum_c w_c (q_c - t_c)^2 / 2`` over the
    markers ``m`` that the model, the recording and the setup all name and that are seen in this frame; both sums over
    ``m`` leave out a marker that is missing.  A marker without a task is not used.  So marker weights count only
    relative to each other, coordinate weights against the mean of the squared marker distances in m^2.

    References
    ----------
    Simbody ``AssemblyCondition_Markers.cpp`` (calcGoal), OpenSim ``MarkersReference.cpp`` and ``AssemblySolver.cpp``.
    """

    name: str
    marker_weights: tuple[tuple[str, float], ...]
    coordinate_tasks: tuple[CoordinateTask, ...]
    time_range: tuple[float, float] | None
    accuracy: float
    constraint_weight: float
    model_file: str = ""
    marker_file: str = ""
    coordinate_file: str = ""


def read_ik_setup(path: str | Path) -> IkSetup:
    """Return the weights, tasks and files of an OpenSim ``InverseKinematicsTool`` setup.

    Raises
    ------
    FileError
        If the file is no such setup, or holds an unusable weight, value or time.
    """
    path = Path(path)
    with naming(path, "OpenSim inverse kinematics setup"):
        tool = read_document(path).find("InverseKinematicsTool")
        if tool is None:
            raise FileError("it holds no <InverseKinematicsTool>")
        return _setup(tool)


def _setup(tool: Element) -> IkSetup:
    tasks = [e for e in children(tool, "IKTaskSet") if truth(e, "apply", True)]
    markers = [e for e in tasks if e.tag == "IKMarkerTask"]
    coordinates = [e for e in tasks if e.tag == "IKCoordinateTask"]
    require_unique([e.get("name", "") for e in markers], "marker task")
    require_unique([e.get("name", "") for e in coordinates], "coordinate task")
    return IkSetup(
        name=tool.get("name", ""),
        marker_weights=tuple((e.get("name", ""), _weight(e)) for e in markers),
        coordinate_tasks=tuple(_coordinate_task(e) for e in coordinates),
        time_range=_time_range(tool),
        accuracy=number(tool, "accuracy", 1e-5),
        constraint_weight=_maybe_infinite(tool, "constraint_weight"),
        model_file=_file(tool, "model_file"),
        marker_file=_file(tool, "marker_file"),
        coordinate_file=_file(tool, "coordinate_file"),
    )


def _weight(element: Element) -> float:
    weight = number(element, "weight", 1.0)
    if weight < 0:
        raise FileError(f"{describe(element)} has the weight {weight:g}; it must not be negative")
    return weight


def _coordinate_task(element: Element) -> CoordinateTask:
    kind = text(element, "value_type", "default_value")
    if kind not in ("default_value", "manual_value", "from_file"):
        raise FileError(
            f"{describe(element)} has the value type '{kind}'; it is default_value, manual_value or from_file"
        )
    return CoordinateTask(
        element.get("name", ""), _weight(element), cast(ValueType, kind), number(element, "value", 0.0)
    )


def _time_range(tool: Element) -> tuple[float, float] | None:
    parts = text(tool, "time_range").lower().replace("infinity", "inf").split()
    if not parts or any("inf" in part for part in parts):
        return None
    start, end = numbers(tool, "time_range", 2)
    if start > end:
        raise FileError(f"its time range runs from {start:g} s back to {end:g} s")
    return float(start), float(end)


def _maybe_infinite(tool: Element, tag: str) -> float:
    return np.inf if text(tool, tag, "Inf").lower().startswith("inf") else number(tool, tag)


def _file(tool: Element, tag: str) -> str:
    name = text(tool, tag)
    return "" if name == "Unassigned" else name


def with_ik_weights(body: Body, setup: IkSetup) -> Body:
    """Return a body that tracks the markers of a setup with its weights.

    A marker without a task gets weight 0, as OpenSim does not use it; tasks for markers that the body lacks are noted.
    """
    weights = dict(setup.marker_weights)
    markers = tuple(replace(m, weight=weights.get(m.name, 0.0)) for m in body.markers)
    known = {m.name for m in body.markers}
    absent = [name for name in weights if name not in known]
    notes = []
    if absent:
        notes.append(f"the setup tracks markers that the model lacks, which are left out: {', '.join(absent)}")
    if np.isfinite(setup.constraint_weight) and any(c.driver is not None for c in body.coordinates):
        notes.append(f"the setup weighs couplings with {setup.constraint_weight:g}; here they hold exactly")
    return replace(body, markers=markers, notes=(*body.notes, *notes))


def coordinate_targets(body: Body, setup: IkSetup) -> tuple[CoordinateTarget, ...]:
    """Return what ``solve_poses`` needs to keep coordinates near the fixed values that a setup states.

    Tasks for locked and coupled coordinates are left out: such a coordinate is no unknown.

    Raises
    ------
    FileError
        If a task names no coordinate of the body, or takes its values from a file.
    """
    known = {c.name: c for c in body.coordinates}
    targets = []
    for task in setup.coordinate_tasks:
        if task.name not in known:
            raise FileError(f"the setup keeps '{task.name}' near a value. {suggest(task.name, known)}")
        if task.value_type == "from_file":
            raise FileError(f"the setup takes the values of '{task.name}' from a file; state them as manual_value")
        coordinate = known[task.name]
        if coordinate.is_free:
            value = coordinate.default if task.value_type == "default_value" else task.value
            targets.append(CoordinateTarget(task.name, np.array([value]), task.weight))
    return tuple(targets)


def read_marker_set(path: str | Path) -> tuple[Marker, ...]:
    """Return the markers of an OpenSim marker set file, each named with the body it sits on.

    Files of OpenSim 2 and 3 (``<body>``) and of OpenSim 4 (``<socket_parent_frame>``) are read alike; a marker on an
    offset frame keeps that frame's name, which ``Body.with_markers`` refuses.

    Raises
    ------
    FileError
        If the file is no marker set, or a marker lacks its name, body or place.
    """
    path = Path(path)
    with naming(path, "OpenSim marker set"):
        root = read_document(path)
        if root.tag != "MarkerSet" and root.find("MarkerSet") is None:
            raise FileError("it holds no <MarkerSet>")
        holder = Element("OpenSimDocument")
        holder.append(root if root.tag == "MarkerSet" else cast(Element, root.find("MarkerSet")))
        elements = [e for e in children(holder, "MarkerSet") if e.tag == "Marker"]
        require_unique([e.get("name", "") for e in elements], "marker")
        return tuple(_marker(e, path.name) for e in elements)


def _marker(element: Element, source: str) -> Marker:
    places: Iterable[str] = ("socket_parent_frame", "socket_parent_frame_connectee_name", "body")
    socket = next((text(element, tag) for tag in places if text(element, tag)), "")
    if not socket:
        raise FileError(f"{describe(element)} does not say which body it sits on")
    return Marker(element.get("name", ""), socket.split("/")[-1], numbers(element, "location", 3), 1.0, source)
