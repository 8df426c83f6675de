"""How the ground bears a posture: what lies on every pad, what every joint then has to hold, how hard toppling pulls.

All cases at once, by the forces themselves (virtual work of weights and pads on the nodes of the tree); the energy of
`kinechain.chain.rest` has these as its gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinechain.body.pose import node_frames
from kinechain.body.tree import Index
from kinechain.chain.rest import SMOOTHNESS_M
from kinechain.chain.situation import ChainModel
from kinechain.core.arrays import FloatArray, Immutable, cross
from kinechain.core.errors import SolveError
from kinechain.core.gravity import GRAVITY_M_S2

__all__ = ["Toppling", "balanced_shares", "joint_demand", "pad_levels", "pad_loads", "posed", "toppling"]

#: The search for the shares ends when the centre of pressure is met within this, m; after this many steps the centre of
#: mass is not over the base.
_MET_M, _STEPS = 1e-13, 200
#: The longest step of that search, 1/m, and the share below which a foot counts as not borne on at all.
_LONGEST = 50.0
#: A pad that carries nothing is this far above its surface, in widths of the ramp: its force is below 1e-20 of a pad's.
_CLEAR = 50.0


@dataclass(frozen=True, eq=False)
class Posed(Immutable):
    """A model at postures: frames of its nodes, and where masses and pads are.

    Attributes
    ----------
    model : ChainModel
    inputs : (case, input) array, rad or m
    rotation : (case, 1 + node, 3, 3) array
    origin : (case, 1 + node, 3) array, m, world
        The ground first.
    mass : (case, segment) array, kg
    centres : (case, segment, 3) array, m, world
    pads : (case, pad, 3) array, m, world
    """

    model: ChainModel
    inputs: FloatArray
    rotation: FloatArray
    origin: FloatArray
    mass: FloatArray
    centres: FloatArray
    pads: FloatArray

    @property
    def centre_of_mass(self) -> FloatArray:
        """(case, 3) array, m, world."""
        return np.asarray(np.einsum("cs,csi->ci", self.mass, self.centres) / self.mass.sum(axis=1)[:, None])

    @cached_property
    def pad_node(self) -> Index:
        """(pad,) array: node that carries each pad."""
        names = self.model.tree.segments
        return np.asarray(self.model.tree.segment_node[[names.index(p.segment) for p in self.model.pads]])


def posed(model: ChainModel, inputs: FloatArray, mass: FloatArray, centre: FloatArray) -> Posed:
    """Return a model at postures.

    Parameters
    ----------
    model : ChainModel
    inputs : (case, input) array, rad or m
    mass : (case, segment) array, kg
    centre : (case, segment, 3) array, m, segment frame
    """
    tree = model.tree
    rotation, origin = node_frames(tree, inputs)
    on = tree.segment_node + 1
    turned = rotation[:, on] @ tree.segment_rotation
    at = origin[:, on] + np.einsum("csij,sj->csi", rotation[:, on], tree.segment_translation)
    place = [tree.segments.index(p.segment) for p in model.pads]
    local = np.array([p.position for p in model.pads])
    pads = at[:, place] + np.einsum("cpij,pj->cpi", turned[:, place], local)
    centres = at + np.einsum("csij,csj->csi", turned, centre)
    return Posed(model, inputs, rotation, origin, mass, centres, pads)


def balanced_shares(at: Posed, prior: FloatArray) -> FloatArray:
    """Return which part of the weight every pad bears, (case, pad) array, none negative.

    The centre of pressure lies exactly below the centre of mass; of all such shares, those are taken that change the
    prior least (least relative entropy: ``prior_i exp(a + b x_i + c y_i)``).

    Parameters
    ----------
    at : Posed
    prior : (case, pad) array
        0 where a pad bears nothing.

    Raises
    ------
    SolveError
        If the centre of mass is not over the pads that may bear.
    """
    about = at.pads[..., :2] - at.centre_of_mass[:, None, :2]
    with np.errstate(divide="ignore"):
        logarithm = np.log(prior)
    tilt = np.zeros((len(prior), 2))
    for _ in range(_STEPS):
        shares = _softmax(logarithm + np.einsum("cpi,ci->cp", about, tilt))
        mean = np.einsum("cp,cpi->ci", shares, about)
        if np.abs(mean).max() <= _MET_M:
            break
        apart = about - mean[:, None]
        spread = np.einsum("cp,cpi,cpj->cij", shares, apart, apart) + 1e-9 * np.eye(2)
        step = -np.linalg.solve(spread, mean[..., None])[..., 0]
        size = np.sqrt((step**2).sum(axis=1, keepdims=True))
        tilt = tilt + step * np.minimum(1.0, _LONGEST / np.maximum(size, 1e-300))
    missed = np.abs(mean).max(axis=1)
    if missed.max() > 1e-9:
        worst = int(missed.argmax())
        raise SolveError(
            f"the centre of mass of case {worst} lies {1000 * missed[worst]:.0f} mm beyond what its feet can bear, so "
            "it cannot stand in this posture; check the recording of the stance and the mass of its segments"
        )
    return shares


def _softmax(logarithm: FloatArray) -> FloatArray:
    out = np.exp(logarithm - logarithm.max(axis=1, keepdims=True))
    return np.asarray(out / out.sum(axis=1, keepdims=True))


def pad_levels(force: FloatArray, stiffness: FloatArray) -> FloatArray:
    """Return how far pads must be pressed in to bear a force, (case, pad) array, m.

    Parameters
    ----------
    force : (case, pad) array, N
    stiffness : (case, pad) array, N/m
    """
    width = SMOOTHNESS_M
    wanted = force / stiffness / width
    depth = np.where(wanted > 1.0, wanted, 0.5 * np.log(np.maximum(wanted, np.exp(-2 * _CLEAR))))
    for _ in range(60):
        ramp, slope = np.logaddexp(0.0, depth), 1.0 / (1.0 + np.exp(-depth))
        # In logarithms the force of a lightly pressed pad is nearly straight over its depth.
        off = np.log(ramp * slope / np.maximum(wanted, np.exp(-2 * _CLEAR)))
        step = off / (slope / ramp + 1.0 - slope)
        depth = depth - np.clip(step, -20.0, 20.0)
        if np.abs(step).max() < 1e-15 * max(1.0, float(np.abs(depth).max())):
            break
    return np.asarray(np.where(force > 0.0, depth, -_CLEAR) * width)


def pad_loads(level: FloatArray, stiffness: FloatArray) -> FloatArray:
    """Return what pads bear that are pressed in so far, (case, pad) array, N; the inverse of `pad_levels`.

    Parameters
    ----------
    level : (case, pad) array, m
    stiffness : (case, pad) array, N/m
    """
    depth = level / SMOOTHNESS_M
    decay = np.exp(-np.abs(depth))
    step = np.where(depth >= 0.0, 1.0, decay) / (1.0 + decay)
    return np.asarray(stiffness * SMOOTHNESS_M * np.logaddexp(0.0, depth) * step)


def joint_demand(at: Posed, pad_force: FloatArray) -> FloatArray:
    """Return what weight and ground ask every free coordinate to hold, (case, free) array, N m or N.

    The slope of their potential energy; of the root it is 0 where the ground bears the body.

    Parameters
    ----------
    at : Posed
    pad_force : (case, pad, 3) array, N, world
        Of the ground on the body.
    """
    tree = at.model.tree
    weight = np.zeros_like(at.centres)
    weight[..., 2] = -GRAVITY_M_S2 * at.mass
    points = np.concatenate([at.centres, at.pads], axis=1)
    forces = np.concatenate([weight, pad_force], axis=1)
    carried = np.hstack([tree.node_path[:, [*tree.segment_node]], tree.node_path[:, at.pad_node]]).astype(float)
    # About a place within the body, so that little is lost in rounding.
    middle = at.centre_of_mass
    moment = np.einsum("np,cpi->cni", carried, cross(points - middle[:, None], forces))
    force = np.einsum("np,cpi->cni", carried, forces)
    axis, origin = at.rotation[:, 1:, :, 2], at.origin[:, 1:]
    turning = np.einsum("cni,cni->cn", axis, moment - cross(origin - middle[:, None], force))
    sliding = np.einsum("cni,cni->cn", axis, force)
    by_node = np.where(tree.node_is_rotation == 1, turning, sliding) * _slopes(at)
    follows = tree.coordinate_input[tree.node_coordinate]
    out = np.zeros((len(at.inputs), len(at.model.free)))
    for i, name in enumerate(at.model.free):
        out[:, i] = -by_node[:, follows == at.model.input_index(name)].sum(axis=1)
    return out


def _slopes(at: Posed) -> FloatArray:
    """Return how much every mobility moves with its input, (case, node) array."""
    tree = at.model.tree
    out = np.empty((len(at.inputs), len(tree.node_parent)))
    for node, (coordinate, function) in enumerate(zip(tree.node_coordinate, tree.node_function, strict=True)):
        values = at.inputs[:, tree.coordinate_input[coordinate]]
        out[:, node] = tree.functions[function].evaluate(values)[1]
    return out


@dataclass(frozen=True, eq=False)
class Toppling(Immutable):
    """How stiff joints must be at least, so that what they carry does not topple.

    Attributes
    ----------
    sagittal, frontal : (case, free) array, N m/rad
        By the part of the axis that turns in that plane; both legs share what is above them, and in the frontal plane
        hip and foot share it again, for the legs lean as the sides of a parallelogram.
    whole : (case, free) array, N m/rad
        Weight by height of what is carried, whatever the axis, not shared.
    """

    sagittal: FloatArray
    frontal: FloatArray
    whole: FloatArray


def toppling(at: Posed) -> Toppling:
    """Return how hard toppling pulls on every joint coordinate of postures; 0 for the root."""
    tree, model = at.model.tree, at.model
    out = np.zeros((3, len(at.inputs), len(model.free)))
    for i, name in enumerate(model.free):
        follows = np.flatnonzero(tree.coordinate_input[tree.node_coordinate] == model.input_index(name))
        node = next(int(n) for n in follows if tree.node_is_rotation[n] == 1 or i < 6)
        if i < 6:
            continue
        is_leg = name.endswith(("_r", "_l"))
        carried = tree.node_path[node][tree.segment_node]
        above = at.mass * (~carried if is_leg else carried)
        height = np.einsum("cs,cs->c", above, at.centres[..., 2]) - above.sum(axis=1) * at.origin[:, node + 1, 2]
        whole = np.maximum(GRAVITY_M_S2 * height, 0.0)
        axis = at.rotation[:, node + 1, :, 2]
        shared = (0.5, 0.25) if is_leg else (1.0, 1.0)
        out[:, :, i] = shared[0] * whole * axis[:, 1] ** 2, shared[1] * whole * axis[:, 0] ** 2, whole
    return Toppling(*out)
