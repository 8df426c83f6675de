"""Our own whole body held still: net forces against free bodies cut out by hand, and mirror symmetry in motion."""

import numpy as np
import pytest

from kinechain.body.pose import segment_poses
from kinechain.body.skeleton import generic_body
from kinechain.loads.joint_reactions import reaction_plan, solve_reactions
from kinechain.loads.newton_euler import dynamics_of, solve_forces

G = 9.80665
LEG = ("femur", "tibia", "talus", "calcaneus", "midfoot", "forefoot_medial", "forefoot_lateral", "toes")
ABOVE_L5_S1 = ("lumbar", "thorax", "head", "humerus", "forearm", "hand")
MIDLINE_TURNED = ("pelvis_ty", "pelvis_rotation", "pelvis_obliquity", "lumbar_bending", "lumbar_rotation")
MIDLINE_TURNED += ("neck_bending", "neck_rotation")


def posed(**angles: float):
    body = generic_body()
    dynamics = dynamics_of(body)
    values = np.array(dynamics.tree.default)
    for name, value in angles.items():
        values[dynamics.tree.coordinates.index(name)] = value
    z = values[dynamics.tree.inputs][None]
    poses = segment_poses(body, values[None])[0]
    centres = {s.name: (poses[i] @ np.append(s.centre_of_mass, 1.0))[:3] for i, s in enumerate(body.segments)}
    masses = {s.name: s.mass_kg for s in body.segments}
    joints = {j.name: (poses[i] @ j.child_from_joint[:, 3])[:3] for i, j in enumerate(body.joints)}
    return body, dynamics, z, centres, masses, joints


def weight_moment(parts, centres, masses, about):
    """Moment of the weights of some parts about a point, N m."""
    return sum(np.cross(centres[p] - about, [0, 0, -masses[p] * G]) for p in parts)


@pytest.mark.parametrize("bend", [0.0, 0.3, 0.6])
def test_a_bent_trunk_asks_of_l5_s1_what_its_weight_and_lever_do(bend):
    body, dynamics, z, centres, masses, joints = posed(pelvis_tilt=bend / 2, lumbar_flexion=bend / 2)
    zero = np.zeros_like(z)
    forces = solve_forces(dynamics, z, zero, zero)
    place = [s.name for s in body.segments].index("lumbar5")
    parts = [p for p in centres if p.startswith(ABOVE_L5_S1)]
    assert len(parts) == 5 + 1 + 1 + 6
    needed = -weight_moment(parts, centres, masses, joints["l5_s1"])
    assert forces.joint_wrench[0, place, 3:] == pytest.approx(needed, abs=1e-9)
    assert forces.joint_wrench[0, place, 2] == pytest.approx(sum(masses[p] for p in parts) * G)
    # Bent forwards the net moment extends: about the axis to the left it is negative.
    assert bend == 0 or needed[1] < -20


def test_a_trunk_bent_by_thirty_degrees_asks_of_both_hips_what_winters_table_says():
    # Winter 2009 (anthropometry_segments.csv, winter2009): head, arms and trunk weigh 0.678 of the body, their centre
    # stands 0.626 of the way from the hips to the shoulders.  Our masses come from de Leva 1996, who gives more of the
    # body to the thighs (0.14 each against 0.10).
    bend = np.deg2rad(30)
    body, dynamics, z, centres, masses, joints = posed(pelvis_tilt=bend, hip_flexion_r=bend, hip_flexion_l=bend)
    whole = sum(centres[p] * masses[p] for p in centres) / body.mass_kg
    external = np.zeros((1, len(body.segments), 6))
    push = np.array([0, 0, body.mass_kg * G / 2])
    for side in "rl":
        foot = [s.name for s in body.segments].index(f"calcaneus_{side}")
        external[0, foot] = [*push, *np.cross([whole[0], joints[f"hip_{side}"][1], 0], push)]
    forces = solve_forces(dynamics, z, np.zeros_like(z), np.zeros_like(z), external)
    both = sum(forces.inputs[0, dynamics.inputs.index(f"hip_flexion_{side}")] for side in "rl")
    forwards = joints["shoulder_r"][0] - joints["hip_r"][0]
    expected = -0.678 * body.mass_kg * G * 0.626 * forwards
    # Below each hip the leg stands straight under it, and the push passes in front: what it adds is known.
    legs = sum(np.cross([whole[0] - joints[f"hip_{s}"][0], 0, 0], push)[1] for s in "rl")
    hanging = sum(weight_moment([f"{p}_{s}" for p in LEG], centres, masses, joints[f"hip_{s}"])[1] for s in "rl")
    assert both == pytest.approx(legs + hanging, abs=1e-6)
    assert both == pytest.approx(expected, rel=0.15)


def test_on_one_leg_the_hip_holds_the_pelvis_with_the_lever_of_all_that_it_carries():
    body, dynamics, z, centres, masses, joints = posed()
    standing = [f"{part}_r" for part in LEG]
    carried = [p for p in centres if p not in standing]
    whole = sum(centres[p] * masses[p] for p in centres) / body.mass_kg
    external = np.zeros((1, len(body.segments), 6))
    push = np.array([0, 0, body.mass_kg * G])
    foot = [s.name for s in body.segments].index("calcaneus_r")
    external[0, foot] = [*push, *np.cross([whole[0], whole[1], 0], push)]
    forces = solve_forces(dynamics, z, np.zeros_like(z), np.zeros_like(z), external)
    assert forces.inputs[0, dynamics.tree.is_root == 1] == pytest.approx(np.zeros(6), abs=1e-9)
    plan = reaction_plan(body, dynamics, ["hip_r"])
    (hip,) = solve_reactions(dynamics, plan, z, forces.joint_wrench)[0]
    # The pelvis presses on the femur with the weight of all but the standing leg, and turns it by that weight's lever.
    load = sum(masses[p] for p in carried) * G
    assert hip[:3] == pytest.approx([0, 0, -load], abs=1e-9)
    assert hip[3:] == pytest.approx(weight_moment(carried, centres, masses, joints["hip_r"]), abs=1e-9)
    lever = np.average([centres[p][1] for p in carried], weights=[masses[p] for p in carried]) - joints["hip_r"][1]
    # Half the distance of the hips, and more, as the other leg hangs beyond the middle: about 0.10 m.
    assert 0.08 < lever < 0.14
    # The abductors hold it: the net moment adducts no further, it abducts (negative), with load times lever.
    column = dynamics.inputs.index("hip_adduction_r")
    assert forces.inputs[0, column] == pytest.approx(-load * lever, rel=0.02)


def test_the_mirrored_motion_takes_the_mirrored_moments():
    body = generic_body()
    dynamics = dynamics_of(body)
    generator = np.random.default_rng(3)
    base = dynamics.tree.default[dynamics.tree.inputs]
    z = base + 0.2 * generator.normal(size=(6, len(base)))
    dz, ddz = generator.normal(size=z.shape), 5 * generator.normal(size=z.shape)
    partner = []
    sign = np.ones(len(base))
    for i, name in enumerate(dynamics.inputs):
        other = f"{name[:-1]}{'l' if name[-1] == 'r' else 'r'}" if name.endswith(("_r", "_l")) else name
        partner.append(dynamics.inputs.index(other))
        if name in MIDLINE_TURNED:
            sign[i] = -1.0
    assert set(MIDLINE_TURNED) < set(dynamics.inputs)
    external = 50 * generator.normal(size=(6, len(body.segments), 6))
    names = [s.name for s in body.segments]
    opposite = [
        names.index(f"{n[:-1]}{'l' if n[-1] == 'r' else 'r'}") if n[-2:] in ("_r", "_l") else i
        for i, n in enumerate(names)
    ]
    # A force mirrors as a vector, a moment as a turn.
    mirrored = external[:, opposite] * np.array([1, -1, 1, -1, 1, -1])
    ours = solve_forces(dynamics, z, dz, ddz, external).inputs
    theirs = solve_forces(
        dynamics, sign * z[:, partner], sign * dz[:, partner], sign * ddz[:, partner], mirrored
    ).inputs
    assert theirs == pytest.approx(sign * ours[:, partner], abs=1e-9 * np.abs(ours).max())
