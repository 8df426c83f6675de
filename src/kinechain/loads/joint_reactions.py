"""What every joint carries: net forces of the motion less what muscles and tissues take.

The force that a parent must exert on its child follows from inverse dynamics alone.  Whatever muscles and passive
tissues exert on the child, and on all it carries, the joint need not exert; the rest is the joint reaction.
A generalised force that no path makes (a reserve, the coupling that drives a patella) stays in the reaction, as in
OpenSim's ``JointReaction``: it acts between the same two segments.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinechain.body.body import GROUND, Body, Joint
from kinechain.body.pose import node_frames, segment_poses
from kinechain.body.tree import KERNELS, Index
from kinechain.core.arrays import FloatArray, Immutable, cross, frozen, handed_over
from kinechain.core.errors import SettingError, suggest
from kinechain.loads.loads import JointReaction
from kinechain.loads.newton_euler import Dynamics, Forces

__all__ = [
    "PathLoads",
    "ReactionPlan",
    "joint_reactions",
    "opensim_plan",
    "reaction_plan",
    "rising_joints",
    "solve_reactions",
]

Where = Literal["ground", "parent", "child"]


@dataclass(frozen=True, eq=False)
class PathLoads(Immutable):
    """What a unit tension in each path does to the segments.

    Attributes
    ----------
    load_path : (entry,) array of int
        Path that pulls.
    load_segment : (entry,) array of int
        Segment that it pulls on; -1 for the ground.
    loads : (time, entry, 6) array, 1 and m
        Force, and moment about the world origin, per newton of tension, world axes.  By far the largest array of a
        trial: it is taken over and made read-only, not copied.
    """

    load_path: Index
    load_segment: Index
    loads: FloatArray

    def __post_init__(self) -> None:
        loads = np.ascontiguousarray(self.loads, dtype=np.float64)
        if loads.ndim != 3 or loads.shape[1:] != (len(self.load_path), 6):
            raise ValueError(f"loads has shape {loads.shape}, expected (None, {len(self.load_path)}, 6)")
        object.__setattr__(self, "loads", handed_over(loads))


@dataclass(frozen=True, eq=False)
class ReactionPlan(Immutable):
    """Which joints are reported, at which point and in which axes.

    Attributes
    ----------
    joints : tuple of str
    segment : (joint,) array of int
        Child of each joint.
    sign : (joint,) array
        1: parent on child; -1: child on parent.
    axes_segment : (joint,) array of int
        Segment in whose frame `axes` stand; -1 for the ground.
    axes : (joint, 3, 3) array
        Axes of the report in the columns, in the frame of the node that carries `axes_segment`.
    point_segment : (joint,) array of int
    point : (joint, 3) array, m
        Where the moment is taken, in the frame of the node that carries `point_segment`.
    """

    joints: tuple[str, ...]
    segment: Index
    sign: FloatArray
    axes_segment: Index
    axes: FloatArray
    point_segment: Index
    point: FloatArray

    def __post_init__(self) -> None:
        count = len(self.joints)
        object.__setattr__(self, "sign", frozen(self.sign, (count,), "sign"))
        object.__setattr__(self, "axes", frozen(self.axes, (count, 3, 3), "axes"))
        object.__setattr__(self, "point", frozen(self.point, (count, 3), "point"))


def rising_joints(body: Body) -> tuple[str, ...]:
    """Return the joints whose child is the upper segment: those on the way from the root to the highest segment.

    Parameters
    ----------
    body : Body
        Highest by its centre of mass, while all coordinates are at their default.
    """
    poses = segment_poses(body, np.array([[c.default for c in body.coordinates]]))[0]
    height = {"z": 2, "y": 1}[body.up]
    heights = [poses[i, height] @ np.append(s.centre_of_mass, 1.0) for i, s in enumerate(body.segments)]
    joint_of = {j.child: j for j in body.joints}
    at = body.segments[int(np.argmax(heights))].name
    out: list[str] = []
    while at != GROUND:
        if joint_of[at].parent != GROUND:
            out.append(joint_of[at].name)
        at = joint_of[at].parent
    return tuple(reversed(out))


def reaction_plan(
    body: Body,
    dynamics: Dynamics,
    joints: Collection[str] | None = None,
    rotations: Mapping[str, FloatArray] | None = None,
) -> ReactionPlan:
    """Return the plan of anatomical reactions: upper on lower segment, in the lower one's axes, at the joint centre.

    Parameters
    ----------
    body : Body
    dynamics : Dynamics
        Of this body.
    joints : collection of str, optional
        None: every joint between two segments.
    rotations : mapping of joint to (3, 3) array, optional
        Axes of the report seen from the lower segment, in the columns, where they are not the segment's own: the
        plane of a disc.

    Raises
    ------
    SettingError
        If the body has no such joint between two segments.

    Notes
    -----
    Upward along the trunk the child is the upper segment (`rising_joints`), elsewhere the parent is.
    """
    rising = set(rising_joints(body))
    turned = dict(rotations or {})
    for name in turned:
        _joint(body, name)
    chosen = [_joint(body, n) for n in joints] if joints is not None else [j for j in body.joints if j.parent != GROUND]
    lower: dict[str, Where] = {j.name: "parent" if j.name in rising else "child" for j in chosen}
    rows = [
        _row(body, dynamics, j, lower[j.name], lower[j.name], "child", np.asarray(turned.get(j.name, np.eye(3))))
        for j in chosen
    ]
    return _plan(chosen, rows)


def opensim_plan(
    body: Body, dynamics: Dynamics, joints: Sequence[str], on: Sequence[Where], express_in: Sequence[Where]
) -> ReactionPlan:
    """Return a plan that reports as OpenSim's ``JointReaction`` does.

    Parameters
    ----------
    body : Body
    dynamics : Dynamics
    joints : sequence of str
    on : sequence of 'child' or 'parent'
        Body that the reaction acts on; the moment is taken at the joint's frame in that body.
    express_in : sequence of 'ground', 'parent' or 'child'
        Whose axes; ``parent`` and ``child`` mean the bodies, not the joint's frames.

    Raises
    ------
    SettingError
        If a joint is unknown, or the lists differ in length.
    """
    if not len(joints) == len(on) == len(express_in):
        raise SettingError(
            f"{len(joints)} joints need one body and one frame each, got {len(on)} bodies and {len(express_in)} frames"
        )
    chosen = [_joint(body, name, ground=True) for name in joints]
    rows = [
        _row(body, dynamics, joint, where, axes, where, np.eye(3))
        for joint, where, axes in zip(chosen, on, express_in, strict=True)
    ]
    return _plan(chosen, rows)


def _joint(body: Body, name: str, ground: bool = False) -> Joint:
    known = {j.name: j for j in body.joints if ground or j.parent != GROUND}
    if name not in known:
        raise SettingError(f"no joint named '{name}' between two segments of this body. {suggest(name, known)}")
    return known[name]


_Row = tuple[int, float, int, FloatArray, int, FloatArray]


def _row(
    body: Body, dynamics: Dynamics, joint: Joint, on: Where, axes: Where, point: Where, rotation: FloatArray
) -> _Row:
    """Return child, sign, axes and point of one joint; frames are turned from the segment's into the node's."""
    place = {s.name: i for i, s in enumerate(body.segments)}
    named = {"ground": -1, "parent": place.get(joint.parent, -1), "child": place[joint.child]}
    seen_from, carrier = named[axes], named[point]
    local = (joint.child_from_joint if point == "child" else joint.parent_from_joint)[:3, 3]
    turn, shift = _node_from_segment(dynamics, carrier)
    at = shift + turn @ local
    return (
        place[joint.child],
        1.0 if on == "child" else -1.0,
        seen_from,
        _node_from_segment(dynamics, seen_from)[0] @ rotation,
        carrier,
        at,
    )


def _node_from_segment(dynamics: Dynamics, segment: int) -> tuple[FloatArray, FloatArray]:
    if segment < 0:
        return np.eye(3), np.zeros(3)
    return dynamics.tree.segment_rotation[segment], dynamics.tree.segment_translation[segment]


def _plan(joints: Sequence[Joint], rows: Sequence[_Row]) -> ReactionPlan:
    segment, sign, axes_segment, axes, point_segment, point = ([r[i] for r in rows] for i in range(6))
    return ReactionPlan(
        joints=tuple(j.name for j in joints),
        segment=np.array(segment, dtype=np.int64),
        sign=np.array(sign, dtype=float),
        axes_segment=np.array(axes_segment, dtype=np.int64),
        axes=np.array(axes, dtype=float).reshape(-1, 3, 3),
        point_segment=np.array(point_segment, dtype=np.int64),
        point=np.array(point, dtype=float).reshape(-1, 3),
    )


def solve_reactions(
    dynamics: Dynamics,
    plan: ReactionPlan,
    values: FloatArray,
    joint_wrench: FloatArray,
    tensions: FloatArray | None = None,
    paths: PathLoads | None = None,
) -> FloatArray:
    """Return force and moment of every reported joint.

    Parameters
    ----------
    dynamics : Dynamics
    plan : ReactionPlan
    values : (time, input) array, rad or m
    joint_wrench : (time, segment, 6) array
        Of `kinechain.loads.newton_euler.solve_forces`, external loads included.
    tensions : (time, path) array, N, optional
        Of muscles and tissues; without any the net reactions are returned, without muscles.
    paths : PathLoads, optional
        Of the same paths at the same instants.

    Returns
    -------
    reactions : (time, joint, 6) array, N and N m

    Raises
    ------
    ValueError
        If the arrays do not fit each other.
    """
    times, segments = len(values), len(dynamics.tree.segments)
    if tensions is None or paths is None:
        none = np.empty(0, dtype=np.int64)
        tensions, paths = np.empty((times, 0)), PathLoads(none, none, np.empty((times, 0, 6)))
    values = frozen(values, (None, len(dynamics.tree.inputs)), "values")
    wrench = frozen(joint_wrench, (times, segments, 6), "joint_wrench")
    tensions = frozen(tensions, (times, None), "tensions")
    if KERNELS == "compiled":
        return np.asarray(
            dynamics.compiled.reactions(
                values,
                wrench,
                tensions,
                np.ascontiguousarray(paths.load_path, dtype=np.int64),
                np.ascontiguousarray(paths.load_segment, dtype=np.int64),
                paths.loads,
                plan.segment,
                plan.sign,
                plan.axes_segment,
                plan.axes,
                plan.point_segment,
                plan.point,
            )
        )
    return _solve_reactions(dynamics, plan, values, wrench, tensions, paths)


def joint_reactions(
    dynamics: Dynamics,
    plan: ReactionPlan,
    values: FloatArray,
    forces: Forces,
    tensions: FloatArray | None = None,
    paths: PathLoads | None = None,
) -> tuple[JointReaction, ...]:
    """Return the reactions as values, one per joint of the plan; arguments as for `solve_reactions`."""
    found = solve_reactions(dynamics, plan, values, forces.joint_wrench, tensions, paths)
    return tuple(JointReaction(name, found[:, j, :3], found[:, j, 3:]) for j, name in enumerate(plan.joints))


# The Python twin of the kernel: all instants at once.


def _solve_reactions(
    dynamics: Dynamics,
    plan: ReactionPlan,
    values: FloatArray,
    wrench: FloatArray,
    tensions: FloatArray,
    paths: PathLoads,
) -> FloatArray:
    rotation, origin = node_frames(dynamics.tree, values)
    node = np.append(dynamics.tree.segment_node, -1) + 1  # the last stands for the ground
    pull = np.zeros((len(values), len(dynamics.tree.segments), 6))
    for entry, (path, segment) in enumerate(zip(paths.load_path, paths.load_segment, strict=True)):
        if segment >= 0:
            pull[:, segment] += tensions[:, path, None] * paths.loads[:, entry]
    for segment in range(pull.shape[1] - 1, -1, -1):
        parent = dynamics.segment_parent[segment]
        if parent >= 0:
            pull[:, parent] += pull[:, segment]
    out = np.empty((len(values), len(plan.joints), 6))
    for j, segment in enumerate(plan.segment):
        centre = origin[:, node[segment]] + rotation[:, node[segment]] @ dynamics.joint_centre[segment]
        carrier = node[plan.point_segment[j]]
        point = origin[:, carrier] + rotation[:, carrier] @ plan.point[j]
        force = wrench[:, segment, :3] - pull[:, segment, :3]
        moment = wrench[:, segment, 3:] - (pull[:, segment, 3:] - cross(centre, pull[:, segment, :3]))
        moment = moment + cross(centre - point, force)
        world_from_axes = plan.sign[j] * rotation[:, node[plan.axes_segment[j]]] @ plan.axes[j]
        out[:, j, :3] = np.einsum("tij,ti->tj", world_from_axes, force)
        out[:, j, 3:] = np.einsum("tij,ti->tj", world_from_axes, moment)
    return out
