"""A body as a MuJoCo model: the independent cross-check of our kernels, and later contact and muscles."""

from __future__ import annotations

import copy
from functools import lru_cache

import mujoco
import numpy as np

from kinechain.body.body import GROUND, Body, BodyKey, Joint, Mobility
from kinechain.body.tree import flatten
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import BodyError
from kinechain.core.gravity import GRAVITY_M_S2

__all__ = ["compile_mujoco", "mujoco_positions"]

# MuJoCo refuses moving bodies without mass; OpenSim models hold massless helper bodies.
_LEAST_MASS_KG = 1e-6
_LEAST_INERTIA_KG_M2 = 1e-9
# The screw-home turn of the knee and its free turn share one axis: as plain joints they leave the mass matrix singular.
# Joints that only follow others get this much inertia of their own, kg m^2 or kg.
_LEAST_ARMATURE = 1e-5


def compile_mujoco(body: Body) -> mujoco.MjModel:
    """Return the body as a MuJoCo model of its own.

    Every mobility becomes one hinge or slide joint named ``<joint>:<number>``; coordinates that
    follow others are plain joints too, so there are no equality constraints: `mujoco_positions`
    gives the joint values.  Landmarks and skin markers become sites.

    Parameters
    ----------
    body : Body

    Returns
    -------
    mujoco.MjModel
        A copy; compiled bodies are kept by content.

    Raises
    ------
    BodyError
        If MuJoCo refuses the body.
    """
    return copy.copy(_compiled(BodyKey(body)))


@lru_cache(maxsize=8)
def _compiled(key: BodyKey) -> mujoco.MjModel:
    body = key.body
    spec = mujoco.MjSpec()
    spec.modelname = body.name
    spec.option.gravity = [0.0, 0.0, -GRAVITY_M_S2] if body.up == "z" else [0.0, -GRAVITY_M_S2, 0.0]
    spec.compiler.degree = False
    spec.compiler.autolimits = False
    spec.compiler.boundmass = _LEAST_MASS_KG
    spec.compiler.boundinertia = _LEAST_INERTIA_KG_M2
    # Published models hold inertia that no rigid body has, which MuJoCo refuses; their import names those segments.
    spec.compiler.balanceinertia = body.up == "y"
    made = {GROUND: spec.worldbody}
    for segment, joint in zip(body.segments, body.joints, strict=True):
        made[segment.name] = _add_segment(made[joint.parent], body, joint)
    for point in (*body.landmarks, *body.markers):
        kind = "landmark" if point in body.landmarks else "marker"
        made[point.segment].add_site(name=f"{kind}:{point.name}", pos=point.position)
    try:
        return spec.compile()
    except ValueError as error:
        raise BodyError(f"MuJoCo refuses the body '{body.name}': {error}") from error


def _add_segment(parent: mujoco.MjsBody, body: Body, joint: Joint) -> mujoco.MjsBody:
    segment = body.segment(joint.child)
    # The joints of MuJoCo act in the frame of the child: body frame = parent_from_joint @ joint_from_child at zero.
    child_from_joint = joint.child_from_joint
    parent_from_child = joint.parent_from_joint @ np.linalg.inv(child_from_joint)
    tensor = segment.inertia
    added = parent.add_body(
        name=segment.name,
        pos=parent_from_child[:3, 3],
        quat=_quaternion(parent_from_child[:3, :3]),
        mass=segment.mass_kg,
        ipos=segment.centre_of_mass,
        fullinertia=[tensor[0, 0], tensor[1, 1], tensor[2, 2], tensor[0, 1], tensor[0, 2], tensor[1, 2]],
        explicitinertial=True,
    )
    for number, mobility in enumerate(joint.mobilities):
        added.add_joint(
            name=f"{joint.name}:{number}",
            type=mujoco.mjtJoint.mjJNT_HINGE if mobility.kind == "rotation" else mujoco.mjtJoint.mjJNT_SLIDE,
            axis=child_from_joint[:3, :3] @ mobility.axis,
            pos=child_from_joint[:3, 3],
            armature=0.0 if _moves_alone(body, mobility) else _LEAST_ARMATURE,
        )
    return added


def _moves_alone(body: Body, mobility: Mobility) -> bool:
    """Tell whether a mobility is a free coordinate itself, not one that follows or stands still."""
    if mobility.coordinate is None or not body.coordinate(mobility.coordinate).is_free:
        return False
    return mobility.function.is_linear and abs(mobility.function.coefficients[0, 1]) == 1.0


def _quaternion(rotation: FloatArray) -> FloatArray:
    out = np.empty(4)
    mujoco.mju_mat2Quat(out, np.ascontiguousarray(rotation).ravel())
    return out


def mujoco_positions(body: Body, model: mujoco.MjModel, values: FloatArray) -> FloatArray:
    """Return the joint values of the compiled model for coordinate values.

    Parameters
    ----------
    body : Body
    model : mujoco.MjModel
        From `compile_mujoco`; it orders joints by depth, so they are found by name.
    values : (time, coordinate) array, rad or m
        In the body's order; coordinates with a driver are computed from it.

    Returns
    -------
    qpos : (time, joint) array, rad or m
    """
    values = np.array(values, dtype=float)
    column = {c.name: i for i, c in enumerate(body.coordinates)}
    for i in flatten(body, locks=False).coordinate_order:
        coordinate = body.coordinates[i]
        if coordinate.driver is not None and coordinate.coupling is not None:
            values[:, i] = coordinate.coupling.evaluate(values[:, column[coordinate.driver]])[0]
    out = np.zeros((len(values), model.nq))
    for joint in body.joints:
        for number, mobility in enumerate(joint.mobilities):
            name = f"{joint.name}:{number}"
            address = model.joint(name).qposadr[0]
            given = values[:, column[mobility.coordinate]] if mobility.coordinate is not None else np.zeros(len(values))
            out[:, address] = mobility.function.evaluate(given)[0]
    return out
