"""What the ground must do to the whole body for it to move as it does: Newton and Euler, summed over the segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinechain.body.body import Body
from kinechain.body.pose import segment_poses
from kinechain.core.arrays import FloatArray, cross
from kinechain.core.gravity import GRAVITY_M_S2
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

    @property
    def centre_of_pressure(self) -> FloatArray:
        """Where one upright force makes this moment, over the height of the origin, (time, 2) array, m."""
        about_origin = self.moment + cross(self.centre_of_mass, self.force)
        up = np.where(self.force[:, 2] > 0.05 * self.mass_kg * GRAVITY_M_S2, self.force[:, 2], np.nan)
        return np.stack([-about_origin[:, 1] / up, about_origin[:, 0] / up], axis=1)


def ground_demand(body: Body, motion: Motion) -> Demand:
    """Return what the ground must do to a body that moves like this.

    Parameters
    ----------
    body : Body
        z up.
    motion : Motion
        Filtered; NaN where it is not known.

    Returns
    -------
    Demand
        NaN where the motion, or a frame next to it, is not known.

    Notes
    -----
    Central differences: of the place of the centre of mass, twice, and of the angular momentum about it.
    """
    poses = segment_poses(body, motion.values)
    mass = np.array([s.mass_kg for s in body.segments])
    centre = np.array([s.centre_of_mass for s in body.segments])
    inertia = np.array([s.inertia for s in body.segments])
    turn = poses[..., :3, :3]
    place = np.einsum("tsij,sj->tsi", turn, centre) + poses[..., :3, 3]
    whole = np.einsum("s,tsi->ti", mass / mass.sum(), place)
    dt = 1.0 / motion.rate_hz
    velocity = _rate(place - whole[:, None], dt)
    spin = _spin(turn, dt)
    local = np.einsum("tsji,tsj->tsi", turn, spin)
    own = np.einsum("tsij,tsj->tsi", turn, np.einsum("sij,tsj->tsi", inertia, local))
    momentum = (own + cross(place - whole[:, None], mass[:, None] * velocity)).sum(axis=1)
    acceleration = np.empty_like(whole)
    acceleration[1:-1] = (whole[2:] - 2 * whole[1:-1] + whole[:-2]) / dt**2
    acceleration[0], acceleration[-1] = acceleration[1], acceleration[-2]
    acceleration[:, 2] += GRAVITY_M_S2
    return Demand(mass.sum() * acceleration, _rate(momentum, dt), whole, poses, float(mass.sum()))


def _rate(values: FloatArray, dt: float) -> FloatArray:
    """Return central differences (one-sided at both ends) of values (time, ...)."""
    out = np.empty_like(values)
    out[1:-1] = (values[2:] - values[:-2]) / (2 * dt)
    out[0], out[-1] = (values[1] - values[0]) / dt, (values[-1] - values[-2]) / dt
    return out


def _spin(turn: FloatArray, dt: float) -> FloatArray:
    """Return the angular velocity (time, segment, 3), rad/s, world, of rotations (time, segment, 3, 3)."""
    w = np.einsum("tsij,tskj->tsik", _rate(turn, dt), turn)
    return 0.5 * np.stack(
        [w[..., 2, 1] - w[..., 1, 2], w[..., 0, 2] - w[..., 2, 0], w[..., 1, 0] - w[..., 0, 1]], axis=-1
    )
