"""Inverse dynamics of a tree: what forces a motion takes, by recursive Newton-Euler.

From the ground outwards, every node gets its angular velocity, angular acceleration and acceleration; from the ends
inwards, every segment hands the force and moment that it and all it carries need to its parent.  Dependent motion
(splines, couplings, rhythms) stands in the tree as ordinary nodes whose rates follow the chain rule,
``v = h' z'`` and ``a = h' z'' + h'' z'^2``; forces fold back by ``h'``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from kinechain.body.body import Body, BodyKey
from kinechain.body.pose import node_frames
from kinechain.body.tree import KERNELS, Index, Tree, flatten, kernels
from kinechain.core.arrays import FloatArray, Immutable, cross, frozen
from kinechain.core.errors import BodyError
from kinechain.core.gravity import GRAVITY_M_S2

__all__ = ["Dynamics", "Forces", "dynamics_of", "solve_forces"]


@dataclass(frozen=True, eq=False)
class Dynamics(Immutable):
    """A tree with masses; lengths stand in the frame of the node that carries the segment.

    Attributes
    ----------
    tree : Tree
    segment_parent : (segment,) array of int
        Segment that carries this one; -1 for the ground.
    node_segment : (node,) array of int
        Segment at the end of the joint that the node belongs to.
    mass_kg : (segment,) array
    centre : (segment, 3) array, m
        Centre of mass.
    inertia : (segment, 3, 3) array, kg m^2
        About the centre of mass, in the axes of the node.
    joint_centre : (segment, 3) array, m
        Origin of the joint's frame in the child.
    gravity : (3,) array, m/s^2
    """

    tree: Tree
    segment_parent: Index
    node_segment: Index
    mass_kg: FloatArray
    centre: FloatArray
    inertia: FloatArray
    joint_centre: FloatArray
    gravity: FloatArray

    def __post_init__(self) -> None:
        segments = len(self.tree.segments)
        shapes = {"mass_kg": (), "centre": (3,), "inertia": (3, 3), "joint_centre": (3,)}
        for name, shape in shapes.items():
            object.__setattr__(self, name, frozen(getattr(self, name), (segments, *shape), name))
        object.__setattr__(self, "gravity", frozen(self.gravity, (3,), "gravity"))

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Names of the coordinates that move by themselves, in the order of all (time, input) arrays."""
        return tuple(self.tree.coordinates[c] for c in self.tree.inputs)

    @cached_property
    def compiled(self) -> Any:
        """The same inside the compiled extension."""
        return kernels().Dynamics(
            self.tree.compiled,
            self.segment_parent,
            self.node_segment,
            self.mass_kg,
            self.centre,
            self.inertia,
            self.joint_centre,
            self.gravity,
        )


@dataclass(frozen=True, eq=False)
class Forces(Immutable):
    """What a motion takes, muscles and joints together.

    Attributes
    ----------
    nodes : (time, node) array, N m or N
        Moment about, or force along, the axis of each node.
    slopes : (time, node) array
        Derivative of the node's value by the input it follows.
    inputs : (time, input) array, N m or N
        Generalised force of every input, everything that follows it folded in.
    coordinates : (time, coordinate) array, N m or N
        The same by coordinate, each for itself: what follows a coordinate is not folded in.
    joint_wrench : (time, segment, 6) array, N and N m
        Force and moment that the parent exerts on the segment at the joint centre, world axes.
    """

    nodes: FloatArray
    slopes: FloatArray
    inputs: FloatArray
    coordinates: FloatArray
    joint_wrench: FloatArray


def dynamics_of(body: Body, *, locks: bool = True, held: tuple[str, ...] = ()) -> Dynamics:
    """Return the tree of a body with its masses and the gravity of its ground frame.

    Parameters
    ----------
    body : Body
    locks, held
        As for `kinechain.body.tree.flatten`: which coordinates stand still.

    Raises
    ------
    BodyError
        If a joint's mobilities do not lie between its segments.
    """
    return _dynamics(BodyKey(body), locks, held)


@lru_cache(maxsize=16)
def _dynamics(key: BodyKey, locks: bool, held: tuple[str, ...]) -> Dynamics:
    body = key.body
    tree = flatten(body, locks=locks, held=held)
    place = {name: i for i, name in enumerate(tree.segments)}
    parent = np.array([place.get(joint.parent, -1) for joint in body.joints], dtype=np.int64)
    turn, shift = tree.segment_rotation, tree.segment_translation
    centre = np.array([s.centre_of_mass for s in body.segments]).reshape(-1, 3)
    joint = np.array([j.child_from_joint[:3, 3] for j in body.joints]).reshape(-1, 3)
    inertia = np.array([s.inertia for s in body.segments]).reshape(-1, 3, 3)
    up = np.array([0.0, 0.0, 1.0]) if body.up == "z" else np.array([0.0, 1.0, 0.0])
    return Dynamics(
        tree=tree,
        segment_parent=parent,
        node_segment=_node_segment(tree, parent),
        mass_kg=np.array([s.mass_kg for s in body.segments]),
        centre=shift + np.einsum("sij,sj->si", turn, centre),
        inertia=turn @ inertia @ np.swapaxes(turn, 1, 2),
        joint_centre=shift + np.einsum("sij,sj->si", turn, joint),
        gravity=-GRAVITY_M_S2 * up,
    )


def _node_segment(tree: Tree, segment_parent: Index) -> Index:
    """Say which segment's joint each node belongs to."""
    out = np.full(len(tree.node_parent), -1, dtype=np.int64)
    for segment, parent in enumerate(segment_parent):
        node, below = tree.segment_node[segment], tree.segment_node[parent] if parent >= 0 else -1
        while node not in (below, -1):
            out[node] = segment
            node = tree.node_parent[node]
    if (out < 0).any():
        raise BodyError("a mobility of this body lies between no two segments")
    return out


def solve_forces(
    dynamics: Dynamics,
    values: FloatArray,
    velocities: FloatArray,
    accelerations: FloatArray,
    external: FloatArray | None = None,
) -> Forces:
    """Return the forces that a motion takes.

    Parameters
    ----------
    dynamics : Dynamics
    values, velocities, accelerations : (time, input) arrays, rad or m, per s and per s^2
    external : (time, segment, 6) array, N and N m, optional
        What acts on the segments from outside beside gravity: force, and moment about the world origin, world axes.

    Returns
    -------
    Forces
        NaN at frames that hold a NaN.

    Raises
    ------
    ValueError
        If the arrays do not fit the tree.
    """
    inputs = len(dynamics.tree.inputs)
    values = frozen(values, (None, inputs), "values")
    velocities = frozen(velocities, (len(values), inputs), "velocities")
    accelerations = frozen(accelerations, (len(values), inputs), "accelerations")
    segments = len(dynamics.tree.segments)
    if external is not None:
        external = frozen(external, (len(values), segments, 6), "external")
    if KERNELS == "compiled":
        none = np.empty((0, segments, 6))
        return Forces(
            *dynamics.compiled.inverse(values, velocities, accelerations, none if external is None else external)
        )
    return _solve_forces(dynamics, values, velocities, accelerations, external)


# The Python twin of the kernel: the same walk, all instants at once.


@dataclass
class _Rates:
    """Angular velocity, angular acceleration and acceleration of the origin less gravity, each (time, 3), by node."""

    turn: list[FloatArray] = field(default_factory=list)
    turn_rate: list[FloatArray] = field(default_factory=list)
    acceleration: list[FloatArray] = field(default_factory=list)


def _solve_forces(
    dynamics: Dynamics, z: FloatArray, dz: FloatArray, ddz: FloatArray, external: FloatArray | None
) -> Forces:
    tree = dynamics.tree
    rotation, origin = node_frames(tree, z)
    slopes, bends, own = _node_slopes(tree, z)
    follows = tree.coordinate_input[tree.node_coordinate]
    rate, rate_rate = slopes * dz[:, follows], slopes * ddz[:, follows] + bends * dz[:, follows] ** 2
    rates = _node_rates(dynamics, rotation, origin, rate, rate_rate)
    force, moment = _needed(dynamics, rotation, origin, rates)
    if external is not None:
        force, moment = force - external[..., :3], moment - external[..., 3:]
    for segment in range(len(tree.segments) - 1, -1, -1):
        parent = dynamics.segment_parent[segment]
        if parent >= 0:
            force[:, parent] += force[:, segment]
            moment[:, parent] += moment[:, segment]
    on = dynamics.node_segment
    axis = rotation[:, 1:, :, 2]
    about = (axis * (moment[:, on] - cross(origin[:, 1:], force[:, on]))).sum(axis=-1)
    nodes = np.where(tree.node_is_rotation == 1, about, (axis * force[:, on]).sum(axis=-1))
    at = tree.segment_node + 1
    centres = origin[:, at] + np.einsum("tsij,sj->tsi", rotation[:, at], dynamics.joint_centre)
    wrench = np.concatenate([force, moment - cross(centres, force)], axis=-1)
    folded = np.zeros(z.shape)
    by_coordinate = np.zeros((len(z), len(tree.coordinates)))
    for node, coordinate in enumerate(tree.node_coordinate):
        folded[:, follows[node]] += slopes[:, node] * nodes[:, node]
        by_coordinate[:, coordinate] += own[:, node] * nodes[:, node]
    return Forces(nodes, slopes, folded, by_coordinate, wrench)


def _node_slopes(tree: Tree, z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return first and second derivative of every node by its input, and first by its coordinate, (time, node)."""
    count = len(tree.coordinates)
    q = np.tile(tree.constants, (len(z), 1))
    q[:, tree.inputs] = z
    first, second = np.zeros((len(z), count)), np.zeros((len(z), count))
    first[:, tree.inputs] = 1.0
    for c in tree.coordinate_order:
        driver = tree.coordinate_driver[c]
        if driver >= 0:
            q[:, c], slope, bend = tree.functions[tree.coordinate_function[c]].evaluate(q[:, driver])
            first[:, c] = slope * first[:, driver]
            second[:, c] = bend * first[:, driver] ** 2 + slope * second[:, driver]
    shape = (len(z), len(tree.node_parent))
    slopes, bends, own = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for node, (c, f) in enumerate(zip(tree.node_coordinate, tree.node_function, strict=True)):
        _, slope, bend = tree.functions[f].evaluate(q[:, c])
        own[:, node] = slope
        slopes[:, node] = slope * first[:, c]
        bends[:, node] = bend * first[:, c] ** 2 + slope * second[:, c]
    return slopes, bends, own


def _node_rates(
    dynamics: Dynamics, rotation: FloatArray, origin: FloatArray, rate: FloatArray, rate_rate: FloatArray
) -> _Rates:
    """Return how the ground and every node (one place later) turn and accelerate."""
    tree = dynamics.tree
    still = np.zeros((len(rate), 3))
    out = _Rates([still], [still], [still - dynamics.gravity])
    for node, parent in enumerate(tree.node_parent + 1):
        axis = rotation[:, node + 1, :, 2]
        speed, gain = rate[:, node, None], rate_rate[:, node, None]
        turn, turn_rate, acceleration = out.turn[parent], out.turn_rate[parent], out.acceleration[parent]
        acceleration = acceleration + _swung(turn, turn_rate, origin[:, node + 1] - origin[:, parent])
        if tree.node_is_rotation[node]:
            turn_rate = turn_rate + gain * axis + speed * cross(turn, axis)
            turn = turn + speed * axis
        else:
            acceleration = acceleration + gain * axis + 2 * speed * cross(turn, axis)
        out.turn.append(turn)
        out.turn_rate.append(turn_rate)
        out.acceleration.append(acceleration)
    return out


def _swung(turn: FloatArray, turn_rate: FloatArray, arm: FloatArray) -> FloatArray:
    """Return how much faster than its foot the end of an arm accelerates."""
    return cross(turn_rate, arm) + cross(turn, cross(turn, arm))


def _needed(
    dynamics: Dynamics, rotation: FloatArray, origin: FloatArray, rates: _Rates
) -> tuple[FloatArray, FloatArray]:
    """Return force and moment about the world origin that each segment itself needs, (time, segment, 3) each."""
    shape = (len(origin), len(dynamics.tree.segments), 3)
    force, moment = np.empty(shape), np.empty(shape)
    for segment, node in enumerate(dynamics.tree.segment_node + 1):
        turned = rotation[:, node]
        turn, turn_rate = rates.turn[node], rates.turn_rate[node]
        arm = turned @ dynamics.centre[segment]
        inertia = turned @ dynamics.inertia[segment] @ np.swapaxes(turned, 1, 2)
        force[:, segment] = dynamics.mass_kg[segment] * (rates.acceleration[node] + _swung(turn, turn_rate, arm))
        spin = np.einsum("tij,tj->ti", inertia, turn)
        moment[:, segment] = (
            np.einsum("tij,tj->ti", inertia, turn_rate)
            + cross(turn, spin)
            + cross(origin[:, node] + arm, force[:, segment])
        )
    return force, moment
