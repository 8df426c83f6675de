"""Which way is up: told from the body, the floor it walks on and the plates, or by the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from kinechain.core.arrays import FloatArray, cross, lengths, median
from kinechain.core.errors import RecordingError, SettingError
from kinechain.recording.recording import ForcePlate, Note
from kinechain.recording.snapshots import PELVIS, TRUNK, Snapshots

__all__ = ["Vertical", "axis_of", "find_vertical", "read_direction"]

#: The limits below are assumptions of this project.  The line from the feet to the trunk stood within 5 deg of the
#: vertical in 22 standing trials and within 8 deg in 60 walks and runs of 12 laboratories; the floor through the
#: resting feet within 2 deg in 55 walks.
LEAN_DEG = 10.0
FLOOR_DEG = 5.0
#: Beyond this, not even somebody who bends or sits explains the angle between body and laboratory.
BENT_DEG = 31.8
STRAIGHT_DEG = 15.0
#: A foot at rest, as a share of the walking speed, with what noise adds, m/s.
REST_SHARE, REST_SPEED = 0.15, 0.02
#: Spread of the points that tell the floor: along it, across it and out of it, m.
FLOOR_SPREAD = (0.15, 0.03, 0.015)
LEAST_RESTS = 12
LOADED_N = 50.0
#: Samples of a plate that are looked at.
PLATE_SAMPLES = 400


@dataclass(frozen=True, eq=False)
class Vertical:
    """The upward direction.

    Attributes
    ----------
    up : (3,) array, unit, lab frame
    method : str
        What it was told from.
    error_deg : float
        Within which it is known; 0 for an axis of the laboratory.
    """

    up: FloatArray
    method: str
    error_deg: float = 0.0


def read_direction(text: str) -> FloatArray:
    """Return the laboratory axis that a word such as '+y' or '-z' names, (3,) unit array.

    Raises
    ------
    SettingError
        If it names none.
    """
    word = text.strip().lower()
    sign = -1.0 if word.startswith("-") else 1.0
    letter = word.lstrip("+-")
    if len(word) > 2 or letter not in ("x", "y", "z"):
        raise SettingError(f"'{text}' is no axis of a laboratory; up is one of +x, -x, +y, -y, +z, -z")
    return np.asarray(sign * np.eye(3)["xyz".index(letter)])


def axis_of(direction: FloatArray) -> tuple[str, float]:
    """Return the laboratory axis nearest to a direction, such as '+Z', and the angle between them, deg.

    Parameters
    ----------
    direction : (3,) unit array
    """
    axis = int(np.argmax(np.abs(direction)))
    off = float(np.degrees(np.arccos(np.clip(abs(direction[axis]), 0.0, 1.0))))
    return f"{'+' if direction[axis] > 0 else '-'}{'XYZ'[axis]}", off


def find_vertical(
    name: str, shots: Snapshots, plates: Sequence[ForcePlate], asked: FloatArray | None, notes: list[Note]
) -> Vertical:
    """Return the direction that points up.

    Parameters
    ----------
    name : str
        Of the recording, for messages.
    shots : Snapshots
        Lab frame.
    plates : sequence of ForcePlate
    asked : (3,) unit array, optional
        Up as the user says, lab frame; else the evidence decides.
    notes : list of Note
        Appended to.

    Raises
    ------
    RecordingError
        If nothing tells.

    Notes
    -----
    An axis of the laboratory is taken when the body stands along it.  Else the floor through the resting feet of a
    walk or the surface of the plates tells, and last the long axis of a person who stands straight: nobody can stand
    straight and lean further than that.
    """
    body = _body_axis(shots)
    if asked is not None:
        if body is not None and body @ asked < 0.0:
            text = "Up as asked for runs from the trunk to the feet."
            notes.append(_doubt(text, "Everything stands upside down if up is wrong.", "Leave out --up, or turn it."))
        vertical = Vertical(asked, "what the user says")
    elif body is None:
        raise _no_vertical(name, "its markers show no feet below a trunk")
    else:
        vertical = _from_evidence(name, shots, plates, body, notes)
    _check_plates(plates, vertical.up, notes)
    return vertical


def _from_evidence(
    name: str, shots: Snapshots, plates: Sequence[ForcePlate], body: FloatArray, notes: list[Note]
) -> Vertical:
    axis = _nearest_axis(body)
    lean = _angle(axis, body)
    floor = _floor_normal(shots, body)
    if lean <= LEAN_DEG:
        slope = _angle(floor, axis) if floor is not None else 0.0
        if floor is None or slope <= FLOOR_DEG:
            return Vertical(axis, "the line from the feet to the trunk")
        if _angle(floor, body) + 1.0 > lean:
            notes.append(_slope_note(slope))
            return Vertical(axis, "the line from the feet to the trunk")
    for normal, method, error in (
        (floor, "the floor through the resting feet", 2.0),
        (_surface_normal(plates, body), "the surface of the plates", 1.0),
    ):
        if normal is None or _angle(normal, body) > BENT_DEG + LEAN_DEG:
            continue
        near = _nearest_axis(normal)
        if _angle(normal, near) <= FLOOR_DEG:
            return Vertical(near, method)
        notes.append(_tilt_note(_angle(normal, near), method, error))
        return Vertical(normal, method, error)
    if lean > STRAIGHT_DEG and _stands_straight(shots):
        notes.append(_tilt_note(lean, "the line from the feet to the trunk of a person who stands straight", 5.0))
        return Vertical(body, "the line from the feet to the trunk", 5.0)
    if lean <= BENT_DEG:
        notes.append(_lean_note(lean))
        return Vertical(axis, "the line from the feet to the trunk, which leans")
    raise _no_vertical(
        name, f"the body lies {lean:.0f} deg away from every laboratory axis and no floor or plate tells"
    )


def _no_vertical(name: str, why: str) -> RecordingError:
    return RecordingError(
        f"in {name} the vertical cannot be told: {why}; say which axis points up (--up +z), or export the trial in "
        "axes of which one is vertical"
    )


def _tilt_note(tilt: float, method: str, error: float) -> Note:
    return Note(
        "repaired",
        f"No laboratory axis is vertical (the nearest is {tilt:.0f} deg away): everything was turned upright by "
        f"{method}, within {error:.0f} deg.",
        "axes.tilted",
        "all markers and plates",
        f"Tilt and lean of pelvis and trunk carry up to {error:.0f} deg more error.",
        "Level the axes at the next calibration of the cameras.",
    )


def _slope_note(slope: float) -> Note:
    return Note(
        "defect",
        f"The floor under the feet slopes by {slope:.0f} deg against the laboratory: the person walks on a ramp, or "
        "the axes are not level.",
        "axes.slope",
        "floor",
        "Norms are of level walking; if the axes are not level, tilt of pelvis and trunk is wrong by as much.",
        "Check the calibration of the cameras if the floor is level.",
    )


def _lean_note(lean: float) -> Note:
    return Note(
        "assumed",
        f"The line from the feet to the trunk leans by {lean:.0f} deg against the laboratory; its nearest axis was "
        "taken as vertical.",
        "axes.lean",
        "all markers and plates",
        "If the person stands upright, the axes are tilted, and tilt of pelvis and trunk is wrong by as much.",
        "Say which axis points up (--up), or give a walk of the same visit, whose floor tells.",
    )


def _doubt(text: str, effect: str, cure: str) -> Note:
    return Note("defect", text, "axes.up", "all markers and plates", effect, cure)


def _body_axis(shots: Snapshots) -> FloatArray | None:
    """Median direction from the feet (else the knees) to the trunk (else the pelvis), (3,) unit array."""
    pelvis, trunk = shots.pelvis, shots.centre((*TRUNK, *PELVIS))
    knees = ("lateral_femoral_epicondyle", "knee_centre", "segment:tibia")
    for low in (shots.feet, shots.centre(knees)):
        best = None
        for top in (trunk, pelvis):
            line = _median(top - low) if top is not None and low is not None else None
            # Of a person who bends forward the pelvis tells more than the trunk.
            if line is not None and (best is None or np.abs(line).max() > np.abs(best).max() + 0.02):
                best = line
        if best is not None:
            return best
    return None


def _median(vectors: FloatArray) -> FloatArray | None:
    """Median over the instants, as a unit vector; None if never seen."""
    seen = vectors[np.isfinite(vectors[:, 0])]
    if not len(seen):
        return None
    ordered = np.sort(seen, axis=0)
    middle = (ordered[(len(seen) - 1) // 2] + ordered[len(seen) // 2]) / 2.0
    size = np.linalg.norm(middle)
    return np.asarray(middle / size) if size > 1e-6 else None


def _nearest_axis(direction: FloatArray) -> FloatArray:
    k = int(np.argmax(np.abs(direction)))
    return np.asarray(np.eye(3)[k] * np.sign(direction[k]))


def _angle(a: FloatArray, b: FloatArray) -> float:
    """Angle between two unit vectors, deg."""
    return float(np.degrees(np.arccos(np.clip(a @ b, -1.0, 1.0))))


def _floor_normal(shots: Snapshots, body: FloatArray) -> FloatArray | None:
    """Normal of the plane in which the feet rest during a walk, (3,) unit array; None if nobody walks far enough.

    Each kind of marker has its own height above the floor, so every kind is centred on its own.
    """
    speed = _travel_speed(shots)
    if speed < 0.2 or shots.points.shape[1] < 5:
        return None
    rows = shots.rows(("heel", "lateral_malleolus", "metatarsal", "hallux", "toe_2"))
    tracks = shots.points[rows]
    moved = lengths(tracks[:, 2:] - tracks[:, :-2]) / (2 * shots.times_s[1])
    rests = (moved < REST_SHARE * speed + REST_SPEED) & np.isfinite(tracks[:, 1:-1, 0])
    kinds = [shots.names[row][:-2] for row in rows]
    points = []
    for kind in dict.fromkeys(kinds):
        same = [k for k, other in enumerate(kinds) if other == kind]
        resting = tracks[same, 1:-1][rests[same]]
        if len(resting) >= 4:
            points.append(resting - resting.mean(axis=0))
    if not points:
        return None
    cloud = np.concatenate(points)
    for _ in range(3):
        if len(cloud) < LEAST_RESTS:
            return None
        spread, axes = np.linalg.eigh(cloud.T @ cloud / len(cloud))
        out_of = np.abs(cloud @ axes[:, 0])
        cloud = cloud[out_of <= max(2.5 * median(out_of), 0.004)]
    spread = np.sqrt(np.maximum(spread, 0.0))
    if spread[2] < FLOOR_SPREAD[0] or spread[1] < FLOOR_SPREAD[1] or spread[0] > FLOOR_SPREAD[2]:
        return None
    return np.asarray(axes[:, 0] * np.sign(axes[:, 0] @ body))


def _travel_speed(shots: Snapshots) -> float:
    pelvis = shots.pelvis
    seen = np.flatnonzero(np.isfinite(pelvis[:, 0])) if pelvis is not None else np.zeros(0, int)
    if pelvis is None or len(seen) < 2:
        return 0.0
    return float(
        np.linalg.norm(pelvis[seen[-1]] - pelvis[seen[0]]) / (shots.times_s[seen[-1]] - shots.times_s[seen[0]])
    )


def _surface_normal(plates: Sequence[ForcePlate], body: FloatArray) -> FloatArray | None:
    """Mean normal of the plates whose four corners are known, turned to the body's upper end, (3,) unit array."""
    normals = [n for p in plates if (n := plate_normal(p)) is not None]
    if not normals:
        return None
    turned = [n * np.sign(n @ body) for n in normals]
    total = np.sum(turned, axis=0)
    size = np.linalg.norm(total)
    # Plates that face different ways (a wall, stairs on their side) tell nothing.
    return np.asarray(total / size) if size > 0.98 * len(turned) else None


def plate_normal(plate: ForcePlate) -> FloatArray | None:
    """Return the normal of a plate by the order of its corners, (3,) unit array; None without usable corners.

    Corners are numbered so that the normal points down, as the plate's own z axis does (c3d.org, FORCE_PLATFORM).
    """
    sides = np.diff(plate.corners[:3], axis=0)
    size_of = lengths(sides)
    if not (np.isfinite(size_of).all() and (size_of > 0.05).all() and (size_of < 10.0).all()):
        return None
    normal = cross(sides[0], sides[1])
    size = np.linalg.norm(normal)
    return np.asarray(normal / size) if size > 0.5 * size_of[0] * size_of[1] else None


def _stands_straight(shots: Snapshots) -> bool:
    """Whether the person stays in place with trunk and legs in one line."""
    pelvis = shots.pelvis
    if pelvis is None:
        return False
    seen = pelvis[np.isfinite(pelvis[:, 0])]
    if not len(seen) or np.ptp(seen, axis=0).max() > 0.2:
        return False
    parts = (shots.centre(TRUNK), pelvis, shots.centre("lateral_femoral_epicondyle"), shots.feet)
    chain = [part for part in parts if part is not None]
    lines = [line for a, b in pairwise(chain) if (line := _median(a - b)) is not None]
    return len(lines) >= 2 and all(_angle(lines[0], line) <= STRAIGHT_DEG for line in lines[1:])


def _check_plates(plates: Sequence[ForcePlate], up: FloatArray, notes: list[Note]) -> None:
    """Say which plates push elsewhere than up."""
    for plate in plates:
        force = plate.force[:: max(len(plate.force) // PLATE_SAMPLES, 1)]
        loaded = force[lengths(force) > LOADED_N]
        if len(loaded) < 3:
            continue
        push = loaded.mean(axis=0)
        if push @ up < 0.7 * np.linalg.norm(push):
            text = f"{plate.name} pushes away from the vertical of the body: its axes do not agree with the markers'."
            effect = "Its forces cannot be used with the markers."
            notes.append(
                Note("defect", text, "axes.plate", plate.name, effect, "Export forces and markers in the same axes.")
            )
