"""What the ground must do to the whole body for it to move as it does: Newton and Euler, summed over the segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinechain.body.body import GROUND, Body
from kinechain.body.pose import segment_poses
from kinechain.core.arrays import FloatArray, cross
from kinechain.core.errors import BodyError
from kinechain.loads.kinematics import motion_kinematics
from kinechain.loads.newton_euler import dynamics_of, solve_forces
from kinechain.motion.motion import Motion

__all__ = ["Demand", "ground_demand"]


@dataclass(frozen=True, eq=False)
class Demand:
    """The one force and moment from outside, besides gravity, that a motion needs.

    Attributes
    ----------
    force : (time, 3) array, N, world
        Mass times (acceleration of the centre of mass minus gravity).
    moment : (time, 3) array, N m, world
        About the centre of mass: rate of change of the angular momentum.
    centre_of_mass : (time, 3) array, m, world
    poses : (time, segment, 4, 4) array
        Of the segments.
    mass_kg : float
    """

    force: FloatArray
    moment: FloatArray
    centre_of_mass: FloatArray
    poses: FloatArray
    mass_kg: float


def ground_demand(body: Body, motion: Motion) -> Demand:
    """Return what the ground must do to a body that moves like this.

    Parameters
    ----------
    body : Body
        z up, with masses, hanging on the ground by one joint.
    motion : Motion
        Filtered; NaN where it is not known.

    Returns
    -------
    Demand
        NaN where the motion is not known.

    Raises
    ------
    BodyError
        If the body has no mass, stands on y, or hangs on the ground by several joints.

    Notes
    -----
    The same inverse dynamics as for the joints: what is left at the root without any force from outside.
    """
    roots = [i for i, joint in enumerate(body.joints) if joint.parent == GROUND]
    if not body.mass_kg > 0 or body.up != "z" or len(roots) != 1:
        raise BodyError(
            f"body '{body.name}' has {body.mass_kg:g} kg, {body.up} up and {len(roots)} joints to the ground; a ground "
            "reaction needs a mass, z up and one joint to the ground: fit a body of our own tables"
        )
    dynamics = dynamics_of(body)
    moving = motion_kinematics(dynamics.tree, motion)
    solved = solve_forces(dynamics, moving.values, moving.velocities, moving.accelerations)
    poses = segment_poses(body, motion.values)
    mass = np.array([s.mass_kg for s in body.segments])
    local = np.array([s.centre_of_mass for s in body.segments])
    places = np.einsum("tsij,sj->tsi", poses[..., :3, :3], local) + poses[..., :3, 3]
    centre = np.einsum("s,tsi->ti", mass / mass.sum(), places)
    root = roots[0]
    joint = poses[:, root] @ np.append(body.joints[root].child_from_joint[:3, 3], 1.0)
    force, moment = solved.joint_wrench[:, root, :3], solved.joint_wrench[:, root, 3:]
    return Demand(force, moment + cross(joint[:, :3] - centre, force), centre, poses, float(mass.sum()))
