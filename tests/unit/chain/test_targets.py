"""What postures cost, against free bodies by hand: levers read off marker positions, weights, and sums."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from kinechain.body.body import Function
from kinechain.body.musculature import person_muscles
from kinechain.body.pose import coordinate_values, marker_positions, segment_poses
from kinechain.body.skeleton import generic_body
from kinechain.chain.joint_stiffness import passive_coupling
from kinechain.chain.situation import ChainModel, Equilibrium, Situation
from kinechain.chain.stand import standing_situation
from kinechain.chain.standing_model import chain_model, pad_places
from kinechain.chain.targets import TARGETS, Moving, compute_targets, target_index
from kinechain.chain.unknowns import best_unknowns
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import SettingError
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.loads.lumbar import disc_inclinations


@pytest.fixture(scope="module")
def model() -> ChainModel:
    body = generic_body()
    return chain_model(body, person_muscles(body))


@pytest.fixture(scope="module")
def standing(model: ChainModel) -> Situation:
    return standing_situation(model, best_unknowns())


def borne(model: ChainModel, situation: Situation, inputs: FloatArray | None = None) -> Equilibrium:
    """Return postures with the ground's forces put on the pads by hand: the balanced shares nearest to even ones."""
    inputs = situation.reference if inputs is None else inputs
    poses = segment_poses(model.body, coordinate_values(model.tree, inputs))
    centres = poses[..., :3, 3] + np.einsum("csij,csj->csi", poses[..., :3, :3], situation.centre)
    weight = GRAVITY_M_S2 * situation.mass
    centre = np.einsum("cs,csi->ci", weight, centres) / weight.sum(axis=1)[:, None]
    force = np.zeros((len(inputs), len(model.pads), 3))
    for case, at in enumerate(pad_places(model, inputs)):
        rows = np.stack([np.ones(len(at)), at[:, 0] - centre[case, 0], at[:, 1] - centre[case, 1]])
        even = np.full(len(at), weight[case].sum() / len(at))
        force[case, :, 2] = even + np.linalg.pinv(rows) @ (np.array([weight[case].sum(), 0.0, 0.0]) - rows @ even)
    nothing = np.zeros(len(inputs))
    return Equilibrium(inputs, force, centre, nothing, nothing + 1, nothing, nothing.astype(int), ("",) * len(inputs))


def of(found: FloatArray, name: str) -> FloatArray:
    return np.asarray(found[:, target_index(name)])


def moved(model: ChainModel, inputs: FloatArray, **by: float) -> FloatArray:
    out = inputs.copy()
    for name, value in by.items():
        out[:, model.input_index(name)] += value
    return out


def test_targets_are_named_once_and_found_by_name() -> None:
    names = [target.id for target in TARGETS]
    assert len(set(names)) == len(names)
    assert all(names.count(n.replace("_left", "_right")) == 1 for n in names)
    with pytest.raises(SettingError, match="knee_contact_left"):
        target_index("knee_contact_lefft")


def test_the_regions_of_both_feet_carry_body_weight(model: ChainModel, standing: Situation) -> None:
    found = compute_targets(model, standing, borne(model, standing))
    soles = [k for k, target in enumerate(TARGETS) if target.site == "sole"]
    assert found[0, soles].sum() == pytest.approx(GRAVITY_M_S2 * standing.mass.sum())


def test_upright_standing_lies_where_published_loads_lie(model: ChainModel, standing: Situation) -> None:
    found = compute_targets(model, standing, borne(model, standing))
    weight = GRAVITY_M_S2 * standing.mass.sum()
    # Instrumented knees carried about 1.07 body weights in two-legged stance; a compression of the lowest disc below
    # half or above one and a half body weights would be no standing.
    assert 0.7 < of(found, "knee_contact_left")[0] / weight < 1.4
    assert 0.5 < of(found, "hip_contact_left")[0] / weight < 1.2
    assert 0.5 < of(found, "l5_s1_compression")[0] / weight < 1.5
    assert 0.0 < of(found, "erector_spinae_activation_left")[0] < 0.1


def test_leaning_forward_pulls_on_the_achilles_tendon_as_the_lever_asks(model: ChainModel, standing: Situation) -> None:
    lean = math.radians(3.0)
    both = standing.repeated(2)
    inputs = both.reference.copy()
    inputs[1] = moved(model, inputs[1:], pelvis_tilt=lean, ankle_dorsiflexion_r=lean, ankle_dorsiflexion_l=lean)[0]
    stand = borne(model, both, inputs)
    found = compute_targets(model, both, stand)
    places = marker_positions(
        model.body,
        (model.body.landmark("ankle_centre_r"), model.body.landmark("heel_r")),
        coordinate_values(model.tree, inputs),
    )
    force = stand.pad_force[:, model.pads_of("right"), 2]
    at = pad_places(model, inputs)[:, model.pads_of("right"), 0] - places[:, :1, 0]
    moment = (force * at).sum(axis=1)
    more = np.diff(moment)[0]
    assert more > 5.0
    # Ankle springs give a little of it (they hold what a calf at rest holds); toes' flexors and others help.
    lever = 0.045
    gained = np.diff(of(found, "achilles_tension_right"))[0]
    assert 0.5 * more / lever < gained < 1.1 * more / lever


def test_a_weight_held_in_front_presses_the_lowest_disc_as_its_lever_asks(
    model: ChainModel, standing: Situation
) -> None:
    extra = 10.0
    thorax = model.tree.segments.index("thorax")
    both = standing.repeated(2)
    mass, centre = both.mass.copy(), both.centre.copy()
    ahead = np.array([0.35, 0.0, 0.1])
    centre[1, thorax] = (mass[1, thorax] * centre[1, thorax] + extra * ahead) / (mass[1, thorax] + extra)
    mass[1, thorax] += extra
    loaded = replace(both, mass=mass, centre=centre)
    found = compute_targets(model, loaded, borne(model, loaded))
    poses = segment_poses(model.body, coordinate_values(model.tree, both.reference[:1]))[0]
    disc = poses[model.tree.segments.index("lumbar5"), :3, 3]
    point = poses[thorax, :3, :3] @ ahead + poses[thorax, :3, 3]
    moment = extra * GRAVITY_M_S2 * (point[0] - disc[0])
    gained = np.diff(of(found, "l5_s1_compression"))[0] - extra * GRAVITY_M_S2 * math.cos(disc_inclinations()["l5_s1"])
    # Muscles of the back act 4 to 8 cm behind the disc; those of the belly at work in front let go.
    assert moment / 0.09 < gained < moment / 0.035
    assert (np.diff(of(found, "erector_spinae_activation_left")) > 0.01).all()


def test_the_external_knee_moment_is_that_of_the_ground_about_the_knee(model: ChainModel, standing: Situation) -> None:
    inputs = moved(model, standing.reference, hip_adduction_r=-0.15, hip_adduction_l=-0.15)
    stand = borne(model, standing, inputs)
    found = compute_targets(model, standing, stand)
    poses = segment_poses(model.body, coordinate_values(model.tree, inputs))[0]
    knee = poses[model.tree.segments.index("tibia_r"), :3, 3]
    below = [k for k, name in enumerate(model.tree.segments) if name.endswith("_r") and name.startswith(
        ("tibia", "talus", "calcaneus", "midfoot", "forefoot", "toes"))]  # fmt: skip
    centres = poses[:, :3, 3] + np.einsum("sij,sj->si", poses[:, :3, :3], standing.centre[0])
    forces = [(stand.pad_force[0, p], pad_places(model, inputs)[0, p]) for p in model.pads_of("right")]
    forces += [(np.array([0.0, 0.0, -GRAVITY_M_S2 * standing.mass[0, k]]), centres[k]) for k in below]
    moment = sum(np.cross(at - knee, force) for force, at in forces)
    forward = poses[model.tree.segments.index("tibia_r"), :3, 0]
    # About the forward axis a moment turns the right foot inward (adducts) where it is positive; the centre of the
    # joint lies a few millimetres from the origin of the shank.
    assert of(found, "knee_adduction_moment_right")[0] == pytest.approx(float(moment @ forward), abs=1.0)
    assert of(found, "knee_adduction_moment_right")[0] < -3.0


def test_what_a_spring_gives_is_not_asked_of_muscles(model: ChainModel, standing: Situation) -> None:
    level = model.free_index("l5_s1_flexion")
    given = np.zeros((1, len(model.free)))
    given[0, level] = -5.0
    stand = borne(model, standing)
    without = compute_targets(model, standing, stand)
    by_tissue = compute_targets(model, standing, stand, passive=given)
    extending = Function.constant(-5.0)
    springs = tuple(extending if i == level else s for i, s in enumerate(model.springs))
    none = tuple(Function.constant(0.0) if i == level else s for i, s in enumerate(model.springs))
    by_spring = compute_targets(replace(model, springs=springs), standing, stand)
    base = compute_targets(replace(model, springs=none), standing, stand)
    for least, most in ((by_tissue, without), (by_spring, base)):
        relief = of(most, "l5_s1_compression") - of(least, "l5_s1_compression")
        assert 5.0 / 0.09 < relief[0] < 5.0 / 0.03
        assert of(least, "multifidus_activation_left") < of(most, "multifidus_activation_left")


def test_what_the_mortise_of_the_ankle_takes_is_not_asked_of_muscles(model: ChainModel, standing: Situation) -> None:
    stand, given = borne(model, standing), np.zeros((1, len(model.free)))
    given[0, model.free_index("ankle_rotation_r")] = 5.0
    by_bone = compute_targets(model, standing, stand, passive=given)
    assert by_bone == pytest.approx(compute_targets(model, standing, stand), rel=1e-9, nan_ok=True)


def test_what_muscles_at_rest_pass_on_between_two_joints_is_not_asked_of_active_ones(
    model: ChainModel, standing: Situation
) -> None:
    bent = moved(model, standing.reference, knee_flexion_l=0.2, ankle_dorsiflexion_l=0.1, hip_flexion_l=0.1)
    stand = borne(model, standing, bent)
    rested_there = replace(standing, reference=bent)
    free = [model.input_index(name) for name in model.free]
    coupling = passive_coupling(model.free, standing.reference[0, free])
    given = -(bent - standing.reference)[:, free] @ coupling
    assert np.abs(given).max() > 1.0
    found = compute_targets(model, standing, stand)
    assert found == pytest.approx(compute_targets(model, rested_there, stand, passive=given), rel=1e-6, nan_ok=True)
    without = compute_targets(model, rested_there, stand)
    assert abs(of(found, "achilles_tension_left")[0] - of(without, "achilles_tension_left")[0]) > 20.0


def test_a_calf_at_rest_pulls_on_its_tendon_too(model: ChainModel, standing: Situation) -> None:
    given = np.zeros((1, len(model.free)))
    given[0, model.free_index("ankle_dorsiflexion_r")] = -4.0
    leaning = moved(model, standing.reference, pelvis_tilt=0.07, ankle_dorsiflexion_r=0.07, ankle_dorsiflexion_l=0.07)
    stand = borne(model, standing, leaning)
    before, after = compute_targets(model, standing, stand), compute_targets(model, standing, stand, passive=given)
    # The tendon has about the same moment to give, whoever pulls on it; muscles beside the calf let go a little.
    more = of(after, "achilles_tension_right") - of(before, "achilles_tension_right")
    assert abs(more[0]) < 0.3 * 4.0 / 0.05
    assert of(before, "achilles_tension_right") > 6.0 / 0.05
    assert of(after, "achilles_tension_left") == pytest.approx(of(before, "achilles_tension_left"), abs=0.5)


def test_muscles_of_a_guarded_trunk_press_on_its_discs(model: ChainModel, standing: Situation) -> None:
    stand = borne(model, standing)
    before, after = compute_targets(model, standing, stand), compute_targets(model, standing, stand, co_contraction=0.1)
    assert of(after, "l5_s1_compression") > 1.5 * of(before, "l5_s1_compression")
    assert of(after, "erector_spinae_activation_right") >= 0.1
    assert of(after, "knee_contact_left") == pytest.approx(of(before, "knee_contact_left"), rel=0.02)


def test_a_weak_muscle_works_harder_for_the_same(model: ChainModel, standing: Situation) -> None:
    assert model.musculature is not None
    strength = np.array(
        [0.5 if m.group in ("erector_spinae", "multifidus") else 1.0 for m in model.musculature.muscles]
    )
    weak = replace(standing, strength=standing.strength * strength)
    before = compute_targets(model, standing, borne(model, standing))
    after = compute_targets(model, weak, borne(model, weak))
    for side in ("left", "right"):
        assert of(after, f"erector_spinae_activation_{side}") > 1.2 * of(before, f"erector_spinae_activation_{side}")
    assert of(after, "plantar_load_heel_left") == pytest.approx(of(before, "plantar_load_heel_left"))


def test_a_stiffer_fascia_takes_more_of_the_arch(model: ChainModel, standing: Situation) -> None:
    assert model.musculature is not None
    names = [t.name for t in model.musculature.tissues]
    scale = np.array([3.0 if n.startswith("plantar_fascia") and n.endswith("_l") else 1.0 for n in names])
    stiff = replace(standing, tissue_scale=standing.tissue_scale * scale)
    before = compute_targets(model, standing, borne(model, standing))
    after = compute_targets(model, stiff, borne(model, stiff))
    assert of(after, "plantar_fascia_tension_left") > 1.2 * of(before, "plantar_fascia_tension_left")
    assert of(after, "plantar_fascia_tension_right") == pytest.approx(
        of(before, "plantar_fascia_tension_right"), rel=1e-3
    )


def test_the_nerve_lengthens_as_its_path_does_but_not_with_a_longer_bone(
    model: ChainModel, standing: Situation
) -> None:
    both = standing.repeated(3)
    inputs = both.reference.copy()
    inputs[1] = moved(model, inputs[1:2], hip_flexion_l=0.5)[0]
    inputs[2] = moved(model, inputs[2:3], thigh_length_l=0.02)[0]
    found = compute_targets(model, both, borne(model, both, inputs))
    strain = of(found, "nerve_strain_left")
    # Hip to sole is about a metre of nerve, and it passes the hip about 4 to 9 cm behind its centre.
    assert 100 * 0.03 * 0.5 < strain[1] - strain[0] < 100 * 0.1 * 0.5
    assert strain[2] == pytest.approx(strain[0], abs=0.02)


def test_mirrored_postures_cost_the_same_on_the_other_side(model: ChainModel, standing: Situation) -> None:
    both = standing.repeated(2)
    inputs = both.reference.copy()
    inputs[0] = moved(model, inputs[:1], hip_adduction_r=0.05, l5_s1_bending=0.03, subtalar_eversion_r=0.04)[0]
    inputs[1] = moved(model, inputs[1:], hip_adduction_l=0.05, l5_s1_bending=-0.03, subtalar_eversion_l=0.04)[0]
    first, second = compute_targets(model, both, borne(model, both, inputs))
    for k, target in enumerate(TARGETS):
        opposite = {"left": "right", "right": "left"}.get(target.side)
        twin = k if opposite is None else target_index(target.id.replace(f"_{target.side}", f"_{opposite}"))
        assert first[k] == pytest.approx(second[twin], rel=1e-4, abs=1e-4, nan_ok=True), target.id


def test_a_body_that_is_lifted_faster_weighs_as_much_more(model: ChainModel, standing: Situation) -> None:
    thorax = model.tree.segments.index("thorax")
    mass = standing.mass.copy()
    mass[0, thorax] += 8.0
    packed = replace(standing, mass=mass)
    stand = borne(model, packed)
    more = 0.3
    accelerations = np.zeros_like(stand.inputs)
    accelerations[:, model.input_index("pelvis_tz")] = more * GRAVITY_M_S2
    nothing = np.zeros((1, len(model.tree.segments), 6))
    pushed = replace(stand, pad_force=(1.0 + more) * stand.pad_force)
    lifted = compute_targets(model, packed, pushed, Moving(np.zeros_like(accelerations), accelerations, nothing))
    heavy = compute_targets(model, replace(packed, mass=(1.0 + more) * mass), pushed)
    assert lifted[0] == pytest.approx(heavy[0], rel=1e-4, abs=1e-4)
    assert of(lifted, "l5_s1_compression") > 1.2 * of(compute_targets(model, packed, stand), "l5_s1_compression")


def test_no_posture_costs_nothing_known_and_others_are_not_touched(model: ChainModel, standing: Situation) -> None:
    both = standing.repeated(2)
    stand = borne(model, both)
    fallen = replace(stand, reason=("falls", ""), inputs=np.where([[True], [False]], np.nan, stand.inputs))
    found = compute_targets(model, both, fallen)
    assert np.isnan(found[0]).all()
    assert found[1] == pytest.approx(compute_targets(model, standing, borne(model, standing))[0])


def test_the_facets_share_is_told_only_where_it_was_measured(model: ChainModel, standing: Situation) -> None:
    both = standing.repeated(2)
    inputs = both.reference.copy()
    inputs[1] = moved(model, inputs[1:], l5_s1_flexion=math.radians(6.0), l3_l4_flexion=math.radians(6.0))[0]
    found = of(compute_targets(model, both, borne(model, both, inputs)), "l5_s1_facet_share")
    assert found[0] == pytest.approx(0.16)
    assert math.isnan(found[1])


def test_a_steeper_sacrum_turns_compression_into_shear_and_keeps_the_force(
    model: ChainModel, standing: Situation
) -> None:
    stand = borne(model, standing)
    level, steep = (compute_targets(model, standing, stand, slopes=np.array([s])) for s in (0.0, 0.2))
    assert of(steep, "l5_s1_compression") < of(level, "l5_s1_compression")
    assert of(steep, "l5_s1_anterior_shear") > of(level, "l5_s1_anterior_shear")
    size = [np.hypot(of(t, "l5_s1_compression"), of(t, "l5_s1_anterior_shear")) for t in (level, steep)]
    assert size[0] == pytest.approx(size[1])
    # A plate so steep that the whole force runs along it carries no compression.
    along = math.atan2(of(level, "l5_s1_compression")[0], of(level, "l5_s1_anterior_shear")[0])
    assert of(compute_targets(model, standing, stand, slopes=np.array([along])), "l5_s1_compression") == pytest.approx(
        0.0, abs=1e-6
    )


def test_targets_need_muscles_and_as_many_postures_as_situations(model: ChainModel, standing: Situation) -> None:
    with pytest.raises(SettingError, match="musculature"):
        compute_targets(replace(model, musculature=None), standing, borne(model, standing))
    with pytest.raises(SettingError, match="2 situations do not belong to 1"):
        compute_targets(model, standing.repeated(2), borne(model, standing))
