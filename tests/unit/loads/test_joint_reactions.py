"""Joint reactions against free bodies worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from kinechain.body.body import Body, Coordinate, Joint, Segment
from kinechain.body.osim import read_osim
from kinechain.body.skeleton import generic_body
from kinechain.body.tree import KERNELS
from kinechain.core.errors import SettingError
from kinechain.loads import joint_reactions as module
from kinechain.loads.joint_reactions import (
    PathLoads,
    joint_reactions,
    opensim_plan,
    reaction_plan,
    rising_joints,
    solve_reactions,
)
from kinechain.loads.newton_euler import dynamics_of, solve_forces
from toy_bodies import IDENTITY, at, turn

G = 9.80665
compiled = pytest.mark.skipif(KERNELS != "compiled", reason="the extension was not built here")


def still(dynamics, values, external=None):
    values = np.atleast_2d(values)
    zero = np.zeros_like(values)
    return solve_forces(dynamics, values, zero, zero, external)


def one_leg_stance() -> Body:
    """Standing leg below, everything else above it; masses 14 and 56 kg, frontal plane, z up."""
    rod = 1e-3 * np.eye(3)
    segments = (
        Segment("thigh", 14.0, np.array([0, 0, 0.5]), rod),
        Segment("pelvis", 56.0, np.array([0, 0.11, 0.3]), rod),
    )
    joints = (
        Joint("floor", "ground", "thigh", IDENTITY, IDENTITY, (turn((1, 0, 0), "lean"),)),
        Joint("hip", "thigh", "pelvis", at(0, 0, 0.9), IDENTITY, (turn((1, 0, 0), "drop"),)),
    )
    return Body("stance", segments, joints, (Coordinate("lean", "rotation"), Coordinate("drop", "rotation")))


def pull(first, second, point, toward):
    """Unit wrenches of one straight muscle that pulls ``first`` at ``point`` towards ``toward`` on ``second``."""
    direction = (np.array(toward) - point) / np.linalg.norm(np.array(toward) - point)
    loads = np.array(
        [[[*direction, *np.cross(point, direction)], [*-direction, *np.cross(toward, -direction)]]], dtype=float
    )
    return PathLoads(np.array([0, 0]), np.array([first, second]), loads)


def test_the_hip_in_one_leg_stance_is_the_textbooks_lever():
    # The body above weighs 56 kg, 0.11 m medial of the hip; the abductors pull straight down, 0.05 m lateral of it.
    body = one_leg_stance()
    dynamics = dynamics_of(body)
    forces = still(dynamics, [0.0, 0.0])
    above = 56.0 * G
    assert forces.inputs[0, 1] == pytest.approx(above * 0.11, rel=1e-12)
    tension = above * 0.11 / 0.05
    muscle = pull(1, 0, np.array([0, -0.05, 0.95]), [0, -0.05, 0.6])
    (hip,) = joint_reactions(
        dynamics, reaction_plan(body, dynamics), np.zeros((1, 2)), forces, np.array([[tension]]), muscle
    )
    # Weight above and muscle both press down on the head of the femur: 56 g (1 + 0.11 / 0.05) = 1757 N.
    assert hip.joint == "hip"
    assert hip.force[0] == pytest.approx([0, 0, -(above + tension)], abs=1e-9)
    assert hip.compression_n[0] == pytest.approx(1757.4, abs=0.1)
    assert hip.moment[0] == pytest.approx(np.zeros(3), abs=1e-9)


def test_a_bent_trunk_loads_the_lowest_disc_as_a_free_body_says():
    # Trunk of 40 kg, centre 0.25 m above the disc, bent 30 degrees; extensors 0.05 m behind, along the trunk.
    bend = np.deg2rad(30.0)
    rod = 1e-3 * np.eye(3)
    body = Body(
        "bend",
        (Segment("sacrum", 10.0, np.zeros(3), rod), Segment("trunk", 40.0, np.array([0, 0, 0.25]), rod)),
        (
            Joint("floor", "ground", "sacrum", IDENTITY, IDENTITY, (turn((0, 1, 0), "tilt"),)),
            Joint("l5_s1", "sacrum", "trunk", at(0, 0, 0.1), IDENTITY, (turn((0, 1, 0), "flexion"),)),
        ),
        (Coordinate("tilt", "rotation"), Coordinate("flexion", "rotation")),
    )
    dynamics = dynamics_of(body)
    values = np.array([[0.0, bend]])
    forces = still(dynamics, values)
    weight, lever = 40.0 * G, 0.25 * np.sin(bend)
    # Flexion is positive: to hold the trunk the net moment extends.
    assert forces.inputs[0, 1] == pytest.approx(-weight * lever, rel=1e-12)
    assert weight * lever == pytest.approx(49.03, abs=0.01)
    tension = weight * lever / 0.05
    trunk_axis = np.array([np.sin(bend), 0, np.cos(bend)])
    behind = np.array([-np.cos(bend), 0, np.sin(bend)])
    insertion = np.array([0, 0, 0.1]) + 0.2 * trunk_axis + 0.05 * behind
    muscle = pull(1, 0, insertion, insertion - 0.2 * trunk_axis)
    tilt = np.array([[np.cos(bend), 0, np.sin(bend)], [0, 1, 0], [-np.sin(bend), 0, np.cos(bend)]])
    plan = reaction_plan(body, dynamics, rotations={"l5_s1": tilt})
    (disc,) = joint_reactions(dynamics, plan, values, forces, np.array([[tension]]), muscle)
    # In the plane of a disc that leans with the trunk: 40 g cos 30 + 981 = 1320 N press, 40 g sin 30 = 196 N shear.
    assert disc.compression_n[0] == pytest.approx(weight * np.cos(bend) + tension, rel=1e-12)
    assert disc.compression_n[0] == pytest.approx(1320.4, abs=0.1)
    assert disc.force[0, 0] == pytest.approx(weight * np.sin(bend), rel=1e-12)
    assert disc.moment[0] == pytest.approx(np.zeros(3), abs=1e-9)
    # Seen in the sacrum's own axes the same force is turned by the bend.
    (plain,) = joint_reactions(dynamics, reaction_plan(body, dynamics), values, forces, np.array([[tension]]), muscle)
    assert plain.force[0] == pytest.approx(tilt @ disc.force[0], abs=1e-9)


def test_standing_on_both_feet_every_joint_carries_the_weight_above_it():
    body = generic_body()
    dynamics = dynamics_of(body)
    values = dynamics.tree.default[dynamics.tree.inputs][None]
    heels = [body.segments.index(body.segment(f"calcaneus_{side}")) for side in "rl"]
    external = np.zeros((1, len(body.segments), 6))
    centre = whole_centre(body)
    for heel in heels:
        force = np.array([0, 0, body.mass_kg * G / 2])
        external[0, heel] = [*force, *np.cross([centre[0], 0, 0], force)]
    forces = still(dynamics, values, external)
    assert forces.inputs[0, dynamics.tree.is_root == 1] == pytest.approx(np.zeros(6), abs=1e-9)
    plan = reaction_plan(body, dynamics)
    found = dict(zip(plan.joints, solve_reactions(dynamics, plan, values, forces.joint_wrench)[0], strict=True))
    masses = {s.name: s.mass_kg for s in body.segments}
    leg = ("femur", "tibia", "talus", "calcaneus", "midfoot", "forefoot_medial", "forefoot_lateral", "toes")
    below = {"hip_r": leg, "knee_r": leg[1:], "ankle_r": leg[2:]}
    for joint, parts in below.items():
        hanging = sum(masses[f"{part}_r"] for part in parts)
        # The upper segment presses the lower one down with what the foot does not carry away.
        assert found[joint][2] == pytest.approx(-(body.mass_kg / 2 - hanging) * G, rel=1e-9)
    legs = sum(masses[f"{part}_{side}"] for part in leg for side in "rl")
    above = body.mass_kg - legs - masses["pelvis"] - masses["sacrum"]
    assert found["l5_s1"][2] == pytest.approx(-above * G, rel=1e-9)
    assert found["elbow_r"][2] > 0  # the forearm hangs: the upper arm pulls it up


def whole_centre(body):
    from kinechain.body.pose import segment_poses

    poses = segment_poses(body, np.array([[c.default for c in body.coordinates]]))[0]
    places = [poses[i, :3] @ np.append(s.centre_of_mass, 1.0) for i, s in enumerate(body.segments)]
    return np.average(places, axis=0, weights=[s.mass_kg for s in body.segments])


@pytest.mark.parametrize(
    ("name", "rising"),
    [
        ("gait2392/subject01_scaled.osim", ("back",)),
        ("rajagopal/Rajagopal2016.osim", ("back",)),
    ],
)
def test_upward_the_child_is_the_upper_segment(shared, name, rising):
    assert rising_joints(read_osim(shared / "models" / name)) == rising


def test_our_own_trunk_rises_from_the_sacrum_to_the_head():
    levels = ("sacroiliac", "l5_s1", "l4_l5", "l3_l4", "l2_l3", "l1_l2", "t12_l1", "neck")
    assert rising_joints(generic_body()) == levels


def test_action_is_reaction_and_the_point_only_moves_the_moment():
    body, dynamics, values, forces, tensions, paths = busy()
    names = [j.name for j in body.joints[1:]]
    n = len(names)
    child = solve_reactions(
        dynamics,
        opensim_plan(body, dynamics, names, ["child"] * n, ["ground"] * n),
        values,
        forces.joint_wrench,
        tensions,
        paths,
    )
    parent = solve_reactions(
        dynamics,
        opensim_plan(body, dynamics, names, ["parent"] * n, ["ground"] * n),
        values,
        forces.joint_wrench,
        tensions,
        paths,
    )
    assert parent[..., :3] == pytest.approx(-child[..., :3], abs=1e-9)
    from kinechain.body.pose import segment_poses

    full = np.zeros((len(values), len(body.coordinates))) + dynamics.tree.default
    full[:, dynamics.tree.inputs] = values
    poses = segment_poses(body, full)
    place = {s.name: i for i, s in enumerate(body.segments)}
    for j, joint in enumerate(body.joints[1:]):
        there = poses[:, place[joint.child]] @ joint.child_from_joint[:, 3]
        here = poses[:, place[joint.parent]] @ joint.parent_from_joint[:, 3]
        moved = -child[:, j, 3:] - np.cross(there[:, :3] - here[:, :3], child[:, j, :3])
        assert parent[:, j, 3:] == pytest.approx(moved, abs=1e-8)


def busy():
    """The heavy toy leg in motion, with external wrenches and nine crossing paths."""
    from test_newton_euler import heavy_leg, random_motion

    body = heavy_leg()
    dynamics, z, dz, ddz = random_motion(body, 6)
    generator = np.random.default_rng(8)
    forces = solve_forces(dynamics, z, dz, ddz, 50 * generator.normal(size=(6, 5, 6)))
    path = generator.integers(0, 9, 30)
    segment = generator.integers(-1, 5, 30)
    loads = generator.normal(size=(6, 30, 6))
    return body, dynamics, z, forces, 100 * generator.random((6, 9)), PathLoads(path, segment, loads)


@compiled
def test_kernel_and_twin_agree():
    body, dynamics, values, forces, tensions, paths = busy()
    turned = replace(reaction_plan(body, dynamics), axes=np.random.default_rng(1).normal(size=(4, 3, 3)))
    for plan in (
        turned,
        opensim_plan(body, dynamics, ["root", "knee"], ["parent", "child"], ["parent", "ground"]),
    ):
        ours = solve_reactions(dynamics, plan, values, forces.joint_wrench, tensions, paths)
        twin = module._solve_reactions(dynamics, plan, values, forces.joint_wrench, tensions, paths)
        assert ours == pytest.approx(twin, abs=1e-9)


def test_paths_between_two_segments_change_no_joint_below_or_above_them():
    body, dynamics, values, forces, _, _ = busy()
    names = [j.name for j in body.joints[1:]]
    plan = reaction_plan(body, dynamics)
    free = solve_reactions(dynamics, plan, values, forces.joint_wrench)
    muscle = pull(2, 1, np.array([0.1, 0, -0.5]), [0.05, 0, -0.2])
    paths = PathLoads(muscle.load_path, muscle.load_segment, np.repeat(muscle.loads, 6, axis=0))
    pulled = solve_reactions(dynamics, plan, values, forces.joint_wrench, np.full((6, 1), 300.0), paths)
    changed = {n for j, n in enumerate(names) if np.abs(pulled[:, j] - free[:, j]).max() > 1e-6}
    assert changed == {"knee"}
    assert np.linalg.norm(pulled[:, names.index("knee"), :3] - free[:, names.index("knee"), :3], axis=1) == (
        pytest.approx(np.full(6, 300.0))
    )


def test_joints_that_are_not_there_are_named():
    body, dynamics, values, forces, tensions, paths = busy()
    with pytest.raises(SettingError, match="Did you mean 'knee'"):
        reaction_plan(body, dynamics, ["kne"])
    with pytest.raises(SettingError, match="no joint named 'root'"):
        reaction_plan(body, dynamics, ["root"])
    with pytest.raises(SettingError, match="one body and one frame each"):
        opensim_plan(body, dynamics, ["knee"], ["child", "child"], ["ground"])
    with pytest.raises(ValueError, match="joint_wrench"):
        solve_reactions(dynamics, reaction_plan(body, dynamics), values, forces.joint_wrench[1:], tensions, paths)


@compiled
@pytest.mark.parametrize(("path", "segment"), [(9, 0), (-1, 0), (0, 5), (0, -2)])
def test_loads_that_point_outside_are_refused(path, segment):
    body, dynamics, values, forces, tensions, _ = busy()
    wrong = PathLoads(np.array([path]), np.array([segment]), np.zeros((6, 1, 6)))
    with pytest.raises(ValueError, match="points outside"):
        solve_reactions(dynamics, reaction_plan(body, dynamics), values, forces.joint_wrench, tensions, wrong)
