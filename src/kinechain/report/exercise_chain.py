"""The jointed figure of the exercise pictures: frames that hang on each other, turned by joint angles in degrees.

A chain is drawn from beads (balls fixed on frames); the skin of a part is what a rubber sheet pulled around its beads
would show.  Lengths and thicknesses are drawing choices near those of an adult, not measures of anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import SettingError, suggest

__all__ = ["Bead", "Chain", "Frame", "Joint", "Part", "Pose", "between", "place_frames", "turned"]

#: Angles in degrees by joint and direction of movement, such as ``{"right_knee": {"flexion": 40.0}}``.
Pose = Mapping[str, Mapping[str, float]]
Point = tuple[float, float, float]


@dataclass(frozen=True)
class Frame:
    """A piece of the figure that moves as one.

    Attributes
    ----------
    name, parent : str
        The root has no parent ('').
    origin : tuple of float
        Where it hangs, m, in the frame of the parent.
    """

    name: str
    parent: str
    origin: Point


@dataclass(frozen=True)
class Joint:
    """What turns one or more frames; several share the angle equally (a spine).

    Attributes
    ----------
    name : str
    frames : tuple of str
    turns : tuple of (str, str, int)
        Direction of movement, axis ('x', 'y' or 'z') and sign, in the order in which they are turned.
    """

    name: str
    frames: tuple[str, ...]
    turns: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class Bead:
    """A ball fixed on a frame.

    Attributes
    ----------
    frame : str
    at : tuple of float
        Its centre, m, in the frame.
    radius : float
        In m.
    """

    frame: str
    at: Point
    radius: float


@dataclass(frozen=True)
class Part:
    """A skin around beads.

    Attributes
    ----------
    name : str
    group : str
        What is outlined together with it, such as 'right_leg'.
    tone : str
        'skin', 'shirt', 'shorts', 'hair' or 'nail'.
    beads : tuple of Bead
    """

    name: str
    group: str
    tone: str
    beads: tuple[Bead, ...]


@dataclass(frozen=True)
class Chain:
    """A whole figure.

    Attributes
    ----------
    frames : tuple of Frame
        Parents before children; the first is the root.
    joints : tuple of Joint
    parts : tuple of Part
    points : mapping of str to Bead
        Named places for arrows, bands and hands.
    muscles : mapping of str to tuple of Part
        Patches that show what works.
    """

    frames: tuple[Frame, ...]
    joints: tuple[Joint, ...]
    parts: tuple[Part, ...]
    points: Mapping[str, Bead]
    muscles: Mapping[str, tuple[Part, ...]]


def turned(axis: str, degrees: float) -> FloatArray:
    """Return the right-handed rotation about one axis.

    Parameters
    ----------
    axis : 'x', 'y' or 'z'
    degrees : float

    Returns
    -------
    (3, 3) array
    """
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    tables = {"x": [[1, 0, 0], [0, c, -s], [0, s, c]], "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]]}
    return np.array(tables.get(axis, [[c, -s, 0], [s, c, 0], [0, 0, 1]]), dtype=float)


def place_frames(chain: Chain, pose: Pose) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Return rotation (3, 3) and origin (3,) of every frame, the root at the origin.

    Parameters
    ----------
    chain : Chain
    pose : Pose
        Joints and directions that are not named stay at 0.

    Raises
    ------
    SettingError
        If the chain has no such joint, or the joint no such direction.
    """
    local = _turns(chain, pose)
    placed: dict[str, tuple[FloatArray, FloatArray]] = {}
    for frame in chain.frames:
        turn, origin = placed.get(frame.parent, (np.eye(3), np.zeros(3)))
        placed[frame.name] = (turn @ local.get(frame.name, np.eye(3)), origin + turn @ np.array(frame.origin))
    return placed


def _turns(chain: Chain, pose: Pose) -> dict[str, FloatArray]:
    joints = {joint.name: joint for joint in chain.joints}
    local: dict[str, FloatArray] = {}
    for name, angles in pose.items():
        if name not in joints:
            raise SettingError(f"the figure has no joint '{name}'. {suggest(name, joints)}")
        joint = joints[name]
        known = [direction for direction, _, _ in joint.turns]
        for direction in angles:
            if direction not in known:
                raise SettingError(f"the joint '{name}' has no '{direction}'. {suggest(direction, known)}")
        turn = np.eye(3)
        for direction, axis, sign in joint.turns:
            turn = turn @ turned(axis, sign * angles.get(direction, 0.0) / len(joint.frames))
        local |= dict.fromkeys(joint.frames, turn)
    return local


def between(start: Pose, end: Pose, share: float) -> dict[str, dict[str, float]]:
    """Return the pose part of the way from one to another.

    Parameters
    ----------
    start, end : Pose
    share : float
        0 is the start, 1 the end.
    """
    mixed: dict[str, dict[str, float]] = {}
    for joint in dict.fromkeys([*start, *end]):
        first, last = start.get(joint, {}), end.get(joint, {})
        mixed[joint] = {
            way: (1 - share) * first.get(way, 0.0) + share * last.get(way, 0.0)
            for way in dict.fromkeys([*first, *last])
        }
    return mixed
