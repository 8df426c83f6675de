"""Rigid transforms and rotations, written so that products read.

``world_from_foot @ foot_from_heel`` gives ``world_from_heel``.  Transforms are plain
(4, 4) arrays; the name of the variable carries both frames.  World frame: x forward,
y left, z up, right-handed, metres.
"""

from __future__ import annotations

import numpy as np

from kinechain.core.arrays import FloatArray

__all__ = ["OURS_FROM_OPENSIM", "about_axis", "inverse", "nearest_rotation", "transform", "transform_points"]

#: Rotation from OpenSim's axes (x forward, y up, z right) to ours (x forward, y left, z up).
OURS_FROM_OPENSIM: FloatArray = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
OURS_FROM_OPENSIM.setflags(write=False)


def transform(rotation: FloatArray | None = None, translation: FloatArray | None = None) -> FloatArray:
    """Return a (4, 4) rigid transform from a (3, 3) rotation and a (3,) translation, m."""
    out = np.eye(4)
    if rotation is not None:
        out[:3, :3] = rotation
    if translation is not None:
        out[:3, 3] = translation
    return out


def inverse(a_from_b: FloatArray) -> FloatArray:
    """Return ``b_from_a`` for rigid transforms of shape (..., 4, 4)."""
    out = np.zeros_like(a_from_b)
    rotation = np.swapaxes(a_from_b[..., :3, :3], -1, -2)
    out[..., :3, :3] = rotation
    out[..., :3, 3] = -np.einsum("...ij,...j->...i", rotation, a_from_b[..., :3, 3])
    out[..., 3, 3] = 1.0
    return out


def transform_points(a_from_b: FloatArray, points: FloatArray) -> FloatArray:
    """Return points (..., 3) given in frame b, in frame a."""
    turned: FloatArray = np.einsum("...ij,...j->...i", a_from_b[..., :3, :3], points)
    return turned + a_from_b[..., :3, 3]


def about_axis(axis: FloatArray, angle: float | FloatArray) -> FloatArray:
    """Return the rotation (..., 3, 3) by ``angle`` (rad) about a unit ``axis`` (3,), right-handed (Rodrigues)."""
    x, y, z = np.asarray(axis, dtype=float)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    angle = np.asarray(angle, dtype=float)[..., None, None]
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross))


def nearest_rotation(matrix: FloatArray) -> FloatArray:
    """Return the proper rotation nearest to ``matrix`` (3, 3) in the least-squares sense (SVD)."""
    u, _, vt = np.linalg.svd(matrix)
    fix = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    return np.asarray(u @ fix @ vt)
