import mujoco
import numpy as np
import pytest

from kinechain.body import pose
from kinechain.body.pose import marker_positions, segment_poses
from kinechain.body.tree import KERNELS, flatten
from kinechain.core.errors import BodyError
from toy_bodies import arm, leg, leg_values, random_leg_values


def test_two_links_stand_where_trigonometry_puts_them():
    first, second = 0.4, 0.9
    points = marker_positions(arm(), arm().markers, np.array([[first, second]]))[0]
    elbow = np.array([np.sin(first), 0.0, np.cos(first)])
    hand = elbow + np.array([np.sin(first + second), 0.0, np.cos(first + second)])
    assert points[0] == pytest.approx(elbow, abs=1e-14)
    assert points[1] == pytest.approx(hand, abs=1e-14)
    assert points[2] == pytest.approx((elbow + hand) / 2 + [0, 0.1, 0], abs=1e-14)


def test_a_pose_is_a_rigid_transform_from_the_segment_to_the_world():
    poses = segment_poses(arm(), np.array([[np.pi / 2, 0.0]]))[0]
    assert poses[1] @ [0, 0, 1, 1] == pytest.approx([2, 0, 0, 1], abs=1e-14)
    assert poses[1][:3, :3] @ poses[1][:3, :3].T == pytest.approx(np.eye(3), abs=1e-14)


def test_splines_couplings_offsets_and_locked_joints_agree_with_mujoco():
    body = leg()
    values = random_leg_values(np.random.default_rng(3), 20)
    columns = {c.name: i for i, c in enumerate(body.coordinates)}
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    on = {"ground": spec.worldbody}
    driven = []
    for joint in body.joints:
        here = on[joint.parent].add_body(**placed(joint.parent_from_joint), mass=1, inertia=[1, 1, 1])
        for number, mobility in enumerate(joint.mobilities):
            kind = mujoco.mjtJoint.mjJNT_HINGE if mobility.kind == "rotation" else mujoco.mjtJoint.mjJNT_SLIDE
            name = f"{joint.name}{number}"
            # One body per mobility: MuJoCo turns later joints of one body first.
            here.add_joint(name=name, type=kind, axis=mobility.axis)
            driven.append((name, mobility))
            here = here.add_body(mass=1, inertia=[1, 1, 1])
        on[joint.child] = here.add_body(
            name=joint.child, **placed(np.linalg.inv(joint.child_from_joint)), mass=1, inertia=[1, 1, 1]
        )
    model = spec.compile()
    data = mujoco.MjData(model)
    ours = segment_poses(body, values)
    for row, poses in zip(values, ours, strict=True):
        for name, mobility in driven:
            at = 0.0 if mobility.coordinate is None else row[columns[mobility.coordinate]]
            data.joint(name).qpos[0] = mobility.function.evaluate(at)[0]
        mujoco.mj_kinematics(model, data)
        for name, pose_ in zip((s.name for s in body.segments), poses, strict=True):
            assert pose_[:3, 3] == pytest.approx(data.body(name).xpos, abs=1e-12)
            assert pose_[:3, :3].ravel() == pytest.approx(data.body(name).xmat, abs=1e-12)


def placed(frame):
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, frame[:3, :3].ravel())
    return {"pos": frame[:3, 3], "quat": quaternion}


def test_a_driven_coordinate_follows_its_driver_whatever_its_column_says():
    values = leg_values(1, knee=1.0)
    wrong = values.copy()
    wrong[0, [c.name for c in leg().coordinates].index("patella")] = 9.0
    assert np.array_equal(segment_poses(leg(), wrong), segment_poses(leg(), values))


def test_a_locked_coordinate_can_be_posed():
    bent, straight = leg_values(1, toe=0.8), leg_values(1)
    assert not np.allclose(segment_poses(leg(), bent)[0, 3], segment_poses(leg(), straight)[0, 3])


def test_a_missing_value_gives_a_missing_pose_and_no_other():
    values = leg_values(3, knee=0.5)
    values[1] = np.nan
    poses = segment_poses(leg(), values)
    assert np.isnan(poses[1, :, :3, :]).all()
    assert np.isfinite(poses[[0, 2]]).all()


def test_values_of_another_body_are_refused():
    with pytest.raises(BodyError, match="14 coordinates"):
        segment_poses(leg(), np.zeros((5, 3)))
    with pytest.raises(BodyError, match="one row per instant"):
        marker_positions(leg(), leg().markers, np.zeros(14))


@pytest.mark.skipif(KERNELS != "compiled", reason="the extension was not built here")
def test_the_compiled_kernel_gives_the_numbers_of_its_twin():
    body = leg()
    tree = flatten(body, body.markers, locks=False)
    inputs = np.ascontiguousarray(random_leg_values(np.random.default_rng(4), 50)[:, tree.inputs])
    assert tree.compiled.segment_poses(inputs) == pytest.approx(pose._segment_poses(tree, inputs), abs=1e-13)
    assert tree.compiled.marker_positions(inputs) == pytest.approx(pose._marker_positions(tree, inputs), abs=1e-13)
