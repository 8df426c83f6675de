"""MuJoCo, an independent engine, agrees with the body."""

import time

import mujoco
import numpy as np
import pytest

from kinechain.body.body import Body
from kinechain.body.compile import compile_mujoco, mujoco_positions
from kinechain.body.pose import segment_poses
from kinechain.body.scale import scale_body
from kinechain.body.skeleton import generic_body


@pytest.fixture(scope="module")
def body() -> Body:
    return generic_body("male", rhythm="lifting_full_body")


def test_compiling_takes_less_than_a_second_and_is_kept(body: Body) -> None:
    fresh = scale_body(body, {"head": 1.001})
    start = time.perf_counter()
    compile_mujoco(fresh)
    assert time.perf_counter() - start < 1.0
    start = time.perf_counter()
    compile_mujoco(fresh)
    assert time.perf_counter() - start < 0.1


def test_a_caller_cannot_spoil_the_kept_model(body: Body) -> None:
    compile_mujoco(body).body_mass[:] = 0.0
    assert compile_mujoco(body).body_mass.sum() == pytest.approx(body.mass_kg)


def test_masses_and_inertia_arrive(body: Body) -> None:
    model = compile_mujoco(body)
    assert model.body_mass.sum() == pytest.approx(body.mass_kg, abs=1e-9)
    for segment in body.segments:
        compiled = model.body(segment.name)
        np.testing.assert_allclose(compiled.ipos, segment.centre_of_mass, atol=1e-12)
        np.testing.assert_allclose(np.sort(compiled.inertia), np.linalg.eigvalsh(segment.inertia), atol=1e-12)


def test_every_segment_and_landmark_stands_where_the_body_says(body: Body) -> None:
    model = compile_mujoco(body)
    data = mujoco.MjData(model)
    rng = np.random.default_rng(3)
    values = rng.uniform(-0.6, 0.6, (6, len(body.coordinates)))
    positions = mujoco_positions(body, model, values)
    poses = segment_poses(body, values)
    for frame in range(len(values)):
        data.qpos[:] = positions[frame]
        mujoco.mj_kinematics(model, data)
        for i, segment in enumerate(body.segments):
            np.testing.assert_allclose(data.body(segment.name).xpos, poses[frame, i, :3, 3], atol=1e-9)
            np.testing.assert_allclose(data.body(segment.name).xmat.reshape(3, 3), poses[frame, i, :3, :3], atol=1e-9)
            for mark in body.landmarks:
                if mark.segment == segment.name:
                    world = poses[frame, i, :3, :3] @ mark.position + poses[frame, i, :3, 3]
                    np.testing.assert_allclose(data.site(f"landmark:{mark.name}").xpos, world, atol=1e-9)


def test_floating_free_it_keeps_its_momentum(body: Body) -> None:
    model = compile_mujoco(body)
    model.opt.gravity[:] = 0.0
    model.opt.timestep = 2e-4
    model.opt.integrator = mujoco.mjtIntegrator.mjINT_RK4
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONTACT
    data = mujoco.MjData(model)
    data.qvel[:] = np.random.default_rng(4).uniform(-0.5, 0.5, model.nv)

    def momentum() -> np.ndarray:
        mujoco.mj_forward(model, data)
        mujoco.mj_subtreeVel(model, data)
        root = 0
        linear = data.subtree_linvel[root] * model.body_subtreemass[root]
        return np.concatenate([linear, data.subtree_angmom[root]])

    before = momentum()
    for _ in range(50):
        mujoco.mj_step(model, data)
    np.testing.assert_allclose(momentum(), before, atol=1e-5)
