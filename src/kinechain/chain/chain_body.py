"""A personal body made ready for the chain: every lumbar level free, personal parameters as coordinates.

Inverse kinematics ties the lumbar levels by a rhythm, for markers cannot tell them apart; a standing body is free to
share a bend among them as their stiffness has it.  What differs between people and no marker shows (the axis of the
subtalar joint, the length of a thigh) becomes a coordinate too, 0 where the body is as it was measured, so that a
thousand sampled people are a thousand rows of coordinates of one body.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from kinechain.body.body import Body, Coordinate, Function, Joint, Mobility
from kinechain.body.skeleton import SIDES
from kinechain.core.arrays import FloatArray, cross
from kinechain.core.errors import BodyError
from kinechain.core.frames import inverse

__all__ = ["ANKLE_PLAY", "FOOT_COORDINATES", "LEVELS", "PARAMETERS", "PLANES", "chain_body", "posture_of"]

#: The lumbar joints from below, and the planes of each in the order of their mobilities.
LEVELS = ("l5_s1", "l4_l5", "l3_l4", "l2_l3", "l1_l2", "t12_l1")
PLANES = ("flexion", "bending", "rotation")

#: What the foot may do on the ground, named without side.
FOOT_COORDINATES = ("midtarsal_dorsiflexion", "forefoot_eversion", "mtp_dorsiflexion")

#: The play of the mortise about the long axis of the tibia, named without side; positive: the foot inward.  Driven from
#: above, a shank loses its turn in it, and driven from below hardly: a hinge would pass on both alike.
ANKLE_PLAY = "ankle_rotation"

#: Personal parameters as coordinates, named without side: the subtalar axis further up and further medial (rad), the
#: thigh and the shank longer (m).
PARAMETERS = ("subtalar_inclination", "subtalar_deviation", "thigh_length", "shank_length")

#: Range of that play, rad; nothing is held to it (assumption).
_PLAY = math.radians(20.0)

_IDENTITY, _BACK = Function.linear(1.0), Function.linear(-1.0)
_UP = np.array([0.0, 0.0, 1.0])


def chain_body(body: Body, posture: FloatArray | None = None) -> Body:
    """Return a body of the chain: the same skeleton with free lumbar levels, free feet and personal parameters.

    Parameters
    ----------
    body : Body
        Of our tables, sized or personal.
    posture : (coordinate,) array or None, rad or m
        Values of all coordinates of ``body``, in its order, that become the defaults; None: the defaults it has.

    Raises
    ------
    BodyError
        If the body lacks a joint of our tables, or the posture does not belong to it.
    """
    lacking = [n for n in (*LEVELS, "subtalar_r", "knee_r", "ankle_r") if n not in {j.name for j in body.joints}]
    if lacking:
        raise BodyError(
            f"body '{body.name}' has no joint '{lacking[0]}', and cannot stand as a chain; use a body of our own tables"
        )
    joints = tuple(_chain_joint(joint) for joint in body.joints)
    coordinates = tuple(_chain_coordinates(body))
    chain = replace(body, name=f"{body.name}, free levels", joints=joints, coordinates=coordinates)
    values = np.array([c.default for c in body.coordinates]) if posture is None else np.asarray(posture, dtype=float)
    defaults = posture_of(chain, body, np.atleast_2d(values))[0]
    settled = tuple(replace(c, default=float(v)) for c, v in zip(coordinates, defaults, strict=True))
    return replace(chain, coordinates=settled)


def posture_of(chain: Body, body: Body, values: FloatArray) -> FloatArray:
    """Return poses of a personal body as coordinates of its chain body, (time, coordinate) array, rad or m.

    The lumbar angles are shared among the levels by the rhythm of the personal body; parameters are 0.

    Parameters
    ----------
    chain : Body
        From `chain_body` of the other one.
    body : Body
    values : (time, coordinate) array, rad or m
        All coordinates of ``body``, in its order.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 2 or values.shape[1] != len(body.coordinates):
        raise BodyError(
            f"body '{body.name}' has {len(body.coordinates)} coordinates, got values of shape {values.shape}; give one "
            "row per instant and one column per coordinate"
        )
    own = {c.name: values[:, i] for i, c in enumerate(body.coordinates)}
    for joint in body.joints:
        if joint.name in LEVELS:
            for plane, mobility in zip(PLANES, joint.mobilities, strict=True):
                driver = np.zeros(len(values)) if mobility.coordinate is None else own[mobility.coordinate]
                own[f"{joint.name}_{plane}"] = mobility.function.evaluate(driver)[0]
    nothing = np.zeros(len(values))
    return np.stack([own.get(c.name, nothing) for c in chain.coordinates], axis=1)


def _chain_joint(joint: Joint) -> Joint:
    base, _, side = joint.name.rpartition("_")
    if joint.name in LEVELS:
        return replace(joint, mobilities=_free_level(joint))
    if base == "subtalar":
        return replace(joint, mobilities=_turned_axis(joint, side))
    if base == "knee":
        return replace(joint, mobilities=(_longer(joint, side), *joint.mobilities))
    if base == "ankle":
        inward = Mobility("rotation", _UP if side == "r" else -_UP, f"{ANKLE_PLAY}_{side}", _IDENTITY)
        return replace(joint, mobilities=(_longer(joint, side), inward, *joint.mobilities))
    return joint


def _free_level(joint: Joint) -> tuple[Mobility, ...]:
    planes = zip(PLANES, joint.mobilities, strict=True)
    return tuple(replace(m, coordinate=f"{joint.name}_{plane}", function=_IDENTITY) for plane, m in planes)


def _turned_axis(joint: Joint, side: str) -> tuple[Mobility, ...]:
    """Put the turn of the subtalar joint between a turn of its axis and the same turn back."""
    (own,) = joint.mobilities
    # The axis points backward, down and lateral; the level line across it is what it is raised about.
    across = cross(own.axis, _UP)
    medial = _UP if side == "r" else -_UP
    deviation, inclination = f"subtalar_deviation_{side}", f"subtalar_inclination_{side}"
    raised = across if _raises(across, own.axis) else -across
    return (
        Mobility("rotation", medial, deviation, _IDENTITY),
        Mobility("rotation", raised, inclination, _IDENTITY),
        own,
        Mobility("rotation", raised, inclination, _BACK),
        Mobility("rotation", medial, deviation, _BACK),
    )


def _raises(turn: FloatArray, axis: FloatArray) -> bool:
    """Tell whether a small turn lifts the forward end of an axis."""
    forward = axis if axis[0] > 0 else -axis
    return float(cross(turn, forward)[2]) > 0


def _longer(joint: Joint, side: str) -> Mobility:
    """Return a shift along the bone above a joint: from the origin of its parent, the joint above, to its centre."""
    centre = (joint.parent_from_joint @ inverse(joint.child_from_joint))[:3, 3]
    along = joint.parent_from_joint[:3, :3].T @ centre
    bone = "thigh" if joint.name.startswith("knee") else "shank"
    return Mobility("translation", along, f"{bone}_length_{side}", _IDENTITY)


def _chain_coordinates(body: Body) -> list[Coordinate]:
    """Return the coordinates, those of the lumbar levels in the place of the three that tied them, parameters last."""
    tied = [f"lumbar_{plane}" for plane in PLANES]
    out: list[Coordinate] = []
    for coordinate in body.coordinates:
        base = coordinate.name[:-2]
        if coordinate.name == tied[0]:
            out += [_level_coordinate(body, level, plane) for level in LEVELS for plane in PLANES]
        elif coordinate.name not in tied:
            out.append(replace(coordinate, is_locked=coordinate.is_locked and base not in FOOT_COORDINATES))
    play = [Coordinate(f"{ANKLE_PLAY}_{side}", "rotation", -_PLAY, _PLAY) for side in SIDES]
    return out + play + [_parameter(name, side) for side in SIDES for name in PARAMETERS]


def _level_coordinate(body: Body, level: str, plane: str) -> Coordinate:
    whole = body.coordinate(f"lumbar_{plane}")
    return Coordinate(f"{level}_{plane}", "rotation", whole.low, whole.high)


def _parameter(name: str, side: str) -> Coordinate:
    if name.endswith("_length"):
        return Coordinate(f"{name}_{side}", "translation", is_locked=True)
    return Coordinate(f"{name}_{side}", "rotation", low=-math.pi / 2, high=math.pi / 2, is_locked=True)
