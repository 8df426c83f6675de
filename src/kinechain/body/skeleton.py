"""The whole skeleton, from the tables in ``body/parts`` to a Body.

The tables hold the midline and the right side; the left side is the mirror image, and its
coordinates are mirrored too, so that the same motion has the same sign on both sides.
In the neutral upright posture (all coordinates zero) every segment frame stands as the
world: x forward, y left, z up.  A segment's origin is its proximal joint centre, that of the
pelvis the midpoint of the hip centres.  The pelvis frame is that of the source model, in which the line from
the posterior to the anterior superior iliac spines falls forward by `SPINE_TILT_RAD`: the clinical
pelvic tilt is the coordinate ``pelvis_tilt`` plus this constant.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Literal

import numpy as np

from kinechain.body.body import GROUND, Body, Coordinate, Function, Joint, Marker, Mobility, Segment
from kinechain.body.osim_functions import simm_spline
from kinechain.body.scale import BodySize, mean_mass, mean_stature, size_body
from kinechain.body.tables import Row, lookup, read_table
from kinechain.care.person.person import Sex
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import BodyError, suggest
from kinechain.core.frames import transform

__all__ = [
    "FOOT",
    "RHYTHMS",
    "SIDES",
    "SPINE_TILT_RAD",
    "generic_body",
    "template_body",
    "with_rhythm",
    "with_subtalar_axis",
]

SIDES = ("r", "l")
RHYTHMS = ("christophy2012", "lifting_full_body")

#: Parts of one foot, from the ankle on.
FOOT = ("talus", "calcaneus", "midfoot", "forefoot_medial", "forefoot_lateral", "toes")

_SIDED = {"femur", "tibia", *FOOT, "humerus", "forearm", "hand"}
_MIRROR = np.array([1.0, -1.0, 1.0])


def _spine_tilt() -> float:
    front = {k: lookup("landmarks", k, landmark="asis") for k in "xz"}
    back = {k: lookup("landmarks", k, landmark="psis") for k in "xz"}
    return math.atan2(back["z"] - front["z"], front["x"] - back["x"])


#: Forward fall of the line PSIS-ASIS in the pelvis frame, rad (rajagopal2016, markers RASI and RPSI).
SPINE_TILT_RAD = _spine_tilt()


def generic_body(sex: Sex | None = None, rhythm: str = "christophy2012") -> Body:
    """Return the skeleton of the average woman or man.

    Parameters
    ----------
    sex : 'female', 'male' or None
        Mean stature and mass of that sex in ANSUR II; None takes the mean of both.
    rhythm : str
        One of `RHYTHMS`.

    Returns
    -------
    Body
        With landmarks, without skin markers.

    Raises
    ------
    BodyError
        If there is no such rhythm.
    """
    size = BodySize(mass_kg=mean_mass(sex), height_m=mean_stature(sex), sex=sex)
    return replace(size_body(template_body(rhythm), size), name=f"generic {sex or 'person'}")


@cache
def template_body(rhythm: str = "christophy2012") -> Body:
    """Return the skeleton at the size of its tables, massless (see `generic_body`)."""
    if rhythm not in RHYTHMS:
        raise BodyError(f"no lumbar rhythm named '{rhythm}'. {suggest(rhythm, RHYTHMS)}")
    joints = tuple(_joint(row, side, rhythm) for row, side in _sided(read_table("joints"), "child"))
    coordinates = tuple(_coordinate(row, side) for row, side in _sided_coordinates())
    landmarks = tuple(_landmark(row, side) for row, side in _sided_landmarks())
    segments = tuple(Segment(j.child, 0.0, np.zeros(3), np.zeros((3, 3))) for j in joints)
    notes = (
        f"Lumbar rhythm '{rhythm}' spreads lumbar motion over L5/S1 to T12/L1; "
        "two published rhythms nearly reverse each other.",
        "Sacroiliac joint and the joints of the single rays are locked.",
    )
    return Body("template", segments, joints, coordinates, landmarks=landmarks, notes=notes)


def with_subtalar_axis(body: Body, side: Literal["r", "l"], inclination_rad: float, deviation_rad: float) -> Body:
    """Return this body with another subtalar axis, a personal parameter with a wide spread between people.

    Parameters
    ----------
    body : Body
    side : 'r' or 'l'
    inclination_rad : float
        Upward from the transverse plane.
    deviation_rad : float
        Medially from the sagittal plane.
    """
    flat = math.cos(inclination_rad)
    forward = np.array([flat * math.cos(deviation_rad), flat * math.sin(deviation_rad), math.sin(inclination_rad)])
    axis = -forward if side == "r" else _mirror_rotation(-forward)
    name = f"subtalar_{side}"

    def changed(joint: Joint) -> Joint:
        return replace(joint, mobilities=tuple(replace(m, axis=axis) for m in joint.mobilities))

    return replace(body, joints=tuple(changed(j) if j.name == name else j for j in body.joints))


def with_rhythm(body: Body, rhythm: str) -> Body:
    """Return this body with another lumbar rhythm: the same lumbar angles, otherwise shared among the levels.

    Parameters
    ----------
    body : Body
        Of these tables.
    rhythm : str
        One of `RHYTHMS`.

    Raises
    ------
    BodyError
        If there is no such rhythm.
    """
    theirs = {joint.name: joint for joint in template_body(rhythm).joints}
    levels = {row["joint"] for row in read_table("lumbar_rhythm")}

    def changed(joint: Joint) -> Joint:
        return replace(joint, mobilities=theirs[joint.name].mobilities) if joint.name in levels else joint

    said = f"Lumbar rhythm '{rhythm}'"
    notes = tuple(
        f"{said}{note[note.index(' spreads') :]}" if " spreads lumbar" in note else note for note in body.notes
    )
    return replace(body, joints=tuple(changed(j) for j in body.joints), notes=notes)


def _sided(rows: Iterable[Row], column: str) -> list[tuple[Row, str]]:
    """Pair each row with '' (midline) or both sides; the right side complete before the left one."""
    rows = list(rows)
    middle = [(row, "") for row in rows if row[column] not in _SIDED]
    return middle + [(row, side) for side in SIDES for row in rows if row[column] in _SIDED]


def _sided_coordinates() -> list[tuple[Row, str]]:
    joint_of = {row["coordinate"]: row["joint"] for row in read_table("mobilities")}
    sided = {row["joint"] for row in read_table("joints") if row["child"] in _SIDED}
    rows = read_table("coordinates")
    middle = [(row, "") for row in rows if joint_of[row["coordinate"]] not in sided]
    return middle + [(r, side) for side in SIDES for r in rows if joint_of[r["coordinate"]] in sided]


def _sided_landmarks() -> list[tuple[Row, str]]:
    rows = read_table("landmarks")
    middle = [row for row in rows if row["segment"] not in _SIDED and float(row["y"]) == 0.0]
    paired = [row for row in rows if row not in middle]
    return [(row, "") for row in middle] + [(row, side) for side in SIDES for row in paired]


def _name(base: str, side: str) -> str:
    return f"{base}_{side}" if side else base


def _segment_name(base: str, side: str) -> str:
    return _name(base, side) if base in _SIDED else base


def _mirror_rotation(axis: FloatArray) -> FloatArray:
    # A rotation axis is a pseudo-vector: its mirror image is minus the mirrored arrow.
    return np.asarray(-axis * _MIRROR)


def _vector(row: Row, *columns: str) -> FloatArray:
    return np.array([float(row[c]) for c in columns])


def _landmark(row: Row, side: str) -> Marker:
    position = _vector(row, "x", "y", "z") * (_MIRROR if side == "l" else 1.0)
    source = row["source"] if row["grade"] != "assumption" else "assumption"
    return Marker(_name(row["landmark"], side), _segment_name(row["segment"], side), position, source=source)


def _joint(row: Row, side: str, rhythm: str) -> Joint:
    mirror = _MIRROR if side == "l" else np.ones(3)
    centre = _vector(row, "x", "y", "z") * mirror
    axis_point = _vector(row, "axis_point_x", "axis_point_y", "axis_point_z") * mirror
    mobilities = tuple(_mobility(m, side, rhythm) for m in read_table("mobilities") if m["joint"] == row["joint"])
    return Joint(
        name=_name(row["joint"], side),
        parent=GROUND if row["parent"] == GROUND else _segment_name(row["parent"], side),
        child=_segment_name(row["child"], side),
        parent_from_joint=transform(translation=centre + axis_point),
        child_from_joint=transform(translation=axis_point),
        mobilities=mobilities,
        source=row["source"],
    )


def _mobility(row: Row, side: str, rhythm: str) -> Mobility:
    axis = _vector(row, "axis_x", "axis_y", "axis_z")
    kind: Literal["rotation", "translation"] = "rotation" if row["kind"] == "rotation" else "translation"
    if side == "l":
        axis = _mirror_rotation(axis) if kind == "rotation" else axis * _MIRROR
    coordinate = _name(row["coordinate"], side)
    return Mobility(kind, axis, coordinate, _function(row["function"], rhythm))


def _function(text: str, rhythm: str) -> Function:
    kind, *arguments = text.split(":")
    if kind == "rhythm":
        return Function.linear(_rhythm_share(rhythm, *arguments))
    if kind == "coupling":
        return _coupling(arguments[0])
    return Function.linear(1.0)


def _rhythm_share(rhythm: str, joint: str, plane: str) -> float:
    # The published fractions add up to 1 only within their rounding.
    shares = {
        r["joint"]: float(r["value"])
        for r in read_table("lumbar_rhythm")
        if r["rhythm"] == rhythm and r["plane"] == plane
    }
    return shares[joint] / sum(shares.values())


@cache
def _coupling(motion: str) -> Function:
    rows = [row for row in read_table("knee_coupling") if row["coupled_motion"] == motion]
    flexion = np.radians([float(row["knee_flexion_deg"]) for row in rows])
    return simm_spline(flexion, np.array([float(row["value"]) for row in rows]))


def _coordinate(row: Row, side: str) -> Coordinate:
    kind: Literal["rotation", "translation"] = "rotation" if row["kind"] == "rotation" else "translation"
    factor = math.pi / 180 if row["unit"] == "deg" else 1.0
    return Coordinate(
        name=_name(row["coordinate"], side),
        kind=kind,
        low=float(row["low"]) * factor if row["low"] else -math.inf,
        high=float(row["high"]) * factor if row["high"] else math.inf,
        is_locked=row["is_locked"] == "1",
        is_clamped=row["is_clamped"] == "1",
    )
