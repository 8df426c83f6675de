"""Imported models in MuJoCo, an independent engine: the same poses, couplings and splines folded in."""

import mujoco
import numpy as np
import pytest

from kinechain.body.compile import compile_mujoco, mujoco_positions
from kinechain.body.osim import read_osim
from kinechain.body.pose import segment_poses


@pytest.mark.parametrize(
    "name",
    [
        "gait2392/subject01_scaled.osim",
        "gait2392/gait2392_thelen2003muscle.osim",
        "rajagopal/Rajagopal2016.osim",
        "pose2sim/full_body_318_muscles.osim",
    ],
)
def test_segments_stand_where_mujoco_puts_them(shared, name):
    body = read_osim(shared / "models" / name)
    model = compile_mujoco(body)
    generator = np.random.default_rng(0)
    values = np.array(
        [[generator.uniform(-0.5, 0.5) if c.is_free else c.default for c in body.coordinates] for _ in range(5)]
    )
    ours = segment_poses(body, values)
    data = mujoco.MjData(model)
    for frame, positions in enumerate(mujoco_positions(body, model, values)):
        data.qpos[:] = positions
        mujoco.mj_kinematics(model, data)
        for index, segment in enumerate(body.segments):
            theirs = data.body(segment.name)
            assert np.abs(theirs.xpos - ours[frame, index, :3, 3]).max() < 1e-12, segment.name
            assert np.abs(theirs.xmat.reshape(3, 3) - ours[frame, index, :3, :3]).max() < 1e-12, segment.name


def test_the_mass_is_kept(shared):
    body = read_osim(shared / "models/rajagopal/Rajagopal2016.osim")
    assert compile_mujoco(body).body_mass.sum() == pytest.approx(body.mass_kg, rel=1e-6)


def test_inertia_that_no_rigid_body_has_is_named(shared):
    notes = " ".join(read_osim(shared / "models/pose2sim/full_body_318_muscles.osim").notes)
    assert "toes_r" in notes
    assert "inertia" in notes
    assert "inertia" not in " ".join(read_osim(shared / "models/gait2392/subject01_scaled.osim").notes)
