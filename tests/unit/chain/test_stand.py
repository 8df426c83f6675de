"""A reference posture is an exact rest of its situation; what the ground and the joints hold is checked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from kinechain.body.body import Body
from kinechain.body.pose import segment_poses
from kinechain.body.skeleton import FOOT, generic_body
from kinechain.chain.alter import alter
from kinechain.chain.bearing import joint_demand, pad_levels, pad_loads, posed, toppling
from kinechain.chain.change import parse_change
from kinechain.chain.equilibrium import evaluate
from kinechain.chain.situation import ROOT, ChainModel, Situation
from kinechain.chain.stand import one_leg, scaled, settled, stand, standing_situation
from kinechain.chain.standing_model import chain_model, pad_places, prior_shares
from kinechain.chain.unknowns import best_unknowns, draw_unknowns
from kinechain.core.errors import SettingError, SolveError
from kinechain.core.gravity import GRAVITY_M_S2


@pytest.fixture(scope="module")
def body() -> Body:
    return generic_body("female")


@pytest.fixture(scope="module")
def model(body: Body) -> ChainModel:
    return chain_model(body)


@pytest.fixture(scope="module")
def situation(model: ChainModel) -> Situation:
    return standing_situation(model)


def _free_values(model: ChainModel, situation: Situation) -> np.ndarray:
    return situation.reference[:, [model.input_index(n) for n in model.free]]


def test_49_coordinates_are_solved_for_the_root_first(model: ChainModel) -> None:
    assert model.free[:6] == ROOT
    assert len(model.free) == 49
    assert len(model.pads) == 20


def test_feet_are_flat_and_the_load_lies_where_people_have_it(model: ChainModel, situation: Situation) -> None:
    assert np.ptp(pad_places(model, situation.reference)[0, :, 2]) < 1e-3
    load = pad_loads(situation.pad_level, situation.pad_stiffness)[0]
    heels = [i for i, p in enumerate(model.pads) if p.region == "heel"]
    assert load[heels].sum() / load.sum() == pytest.approx(0.546, abs=1e-6)
    assert load[model.pads_of("right")].sum() / load.sum() == pytest.approx(0.5, abs=1e-9)
    assert load.sum() == pytest.approx(67.8 * GRAVITY_M_S2, rel=1e-9)


def test_the_reference_is_at_rest_for_everybody(model: ChainModel) -> None:
    many = standing_situation(model, draw_unknowns(40, 5))
    there = evaluate(model, many, _free_values(model, many))
    assert np.abs(there.gradient).max() < 1e-8
    assert np.abs(there.control_gradient).max() < 1e-9
    equilibrium = stand(model, many)
    np.testing.assert_array_equal(equilibrium.inputs, many.reference)
    assert equilibrium.smallest_eigenvalue.min() > 0


def test_whoever_stands_has_the_tone_it_takes(model: ChainModel) -> None:
    weak = best_unknowns(2)
    for name in ("tone_sagittal", "tone_frontal", "tone_lumbar", "co_contraction"):
        weak = weak.with_values(name, np.array([0.3, 1.0]) * best_unknowns().of(name)[0])
    weak = weak.with_values("thorax_gain", 0.05).with_values("head_gain", 0.5)
    people = standing_situation(model, weak, mass_kg=np.array([140.0, 67.8]))
    equilibrium = stand(model, people)
    assert equilibrium.smallest_eigenvalue.min() >= 1.0
    # The turn of a level carries nothing that topples: the same draws give it the same stiffness at any mass.
    turn = model.free_index("l5_s1_rotation")
    light = standing_situation(model, weak, mass_kg=np.array([45.0, 67.8]))
    assert people.stiffness[0, turn, turn] > 1.2 * light.stiffness[0, turn, turn]
    alone = standing_situation(model, best_unknowns(1).with_values("thorax_gain", 0.05).with_values("head_gain", 0.5))
    np.testing.assert_allclose(people.stiffness[1], alone.stiffness[0], atol=1e-9)


def test_the_centre_of_pressure_lies_below_the_centre_of_mass(model: ChainModel) -> None:
    many = standing_situation(model, draw_unknowns(20, 1))
    load = pad_loads(many.pad_level, many.pad_stiffness)
    pressure = np.einsum("cp,cpi->ci", load, many.pad_anchor[..., :2]) / load.sum(axis=1)[:, None]
    np.testing.assert_allclose(pressure, many.centre_target, atol=1e-9)


def test_demand_of_the_ankle_by_hand(model: ChainModel, situation: Situation) -> None:
    """The moment about the ankle axis is that of the pads of the foot and of its weight, by lever arms alone."""
    at = posed(model, situation.reference, situation.mass, situation.centre)
    force = np.zeros((1, len(model.pads), 3))
    force[..., 2] = pad_loads(situation.pad_level, situation.pad_stiffness)
    demand = joint_demand(at, force)[0, model.free_index("ankle_dorsiflexion_r")]
    joint = model.body.joint_of("talus_r")
    values = np.zeros((1, len(model.body.coordinates)))
    values[:, model.tree.inputs] = situation.reference
    names = [s.name for s in model.body.segments]
    tibia = segment_poses(model.body, values)[0, names.index("tibia_r")] @ joint.parent_from_joint
    axis = tibia[:3, :3] @ next(m.axis for m in joint.mobilities if m.coordinate == "ankle_dorsiflexion_r")
    moment = np.zeros(3)
    for i in model.pads_of("right"):
        moment += np.cross(at.pads[0, i] - tibia[:3, 3], force[0, i])
    for i, name in enumerate(names):
        if name.endswith("_r") and name[:-2] in FOOT:
            weight = np.array([0.0, 0.0, -situation.mass[0, i] * GRAVITY_M_S2])
            moment += np.cross(at.centres[0, i] - tibia[:3, 3], weight)
    assert demand == pytest.approx(-float(axis @ moment), abs=1e-9)
    assert demand < -5.0  # the calf holds: weight dorsiflexes


def test_toppling_of_the_lowest_level_by_hand(model: ChainModel, situation: Situation) -> None:
    at = posed(model, situation.reference, situation.mass, situation.centre)
    names = [s.name for s in model.body.segments]
    legs = ("femur", "tibia", "talus", "calcaneus", "midfoot", "forefoot", "toes", "pelvis", "sacrum")
    above = [i for i, n in enumerate(names) if not n.startswith(legs)]
    values = np.zeros((1, len(model.body.coordinates)))
    values[:, model.tree.inputs] = situation.reference
    base = segment_poses(model.body, values)[0, names.index("lumbar5"), 2, 3]
    expected = sum(situation.mass[0, i] * GRAVITY_M_S2 * (at.centres[0, i, 2] - base) for i in above)
    need = toppling(at)
    i = model.free_index("l5_s1_flexion")
    assert need.whole[0, i] == pytest.approx(expected, rel=1e-9)
    assert need.sagittal[0, i] == pytest.approx(expected, rel=1e-2)
    assert need.frontal[0, i] == pytest.approx(0.0, abs=1e-9)
    assert not need.whole[0, :6].any()


def test_levels_bear_what_they_should() -> None:
    force = np.array([[0.0, 1e-6, 0.1, 5.0, 400.0]])
    stiffness = np.full((1, 5), 4e4)
    levels = pad_levels(force, stiffness)
    np.testing.assert_allclose(pad_loads(levels, stiffness)[0, 1:], force[0, 1:], rtol=1e-12)
    assert pad_loads(levels, stiffness)[0, 0] < 1e-15
    assert levels[0, 4] == pytest.approx(0.01, rel=1e-6)


def test_nobody_stands_with_the_centre_of_mass_beyond_the_feet(model: ChainModel) -> None:
    leaning = model.tree.default[model.tree.inputs].copy()
    leaning[model.input_index("hip_flexion_r")] += 1.0
    leaning[model.input_index("hip_flexion_l")] += 1.0
    leaning[model.input_index("pelvis_tilt")] += 1.0
    with pytest.raises(SolveError, match="mm beyond what its feet can bear"):
        standing_situation(model, posture=leaning)


def test_a_posture_of_another_shape_is_refused(model: ChainModel) -> None:
    with pytest.raises(SettingError, match="shape"):
        standing_situation(model, posture=np.zeros(3))


def test_a_measured_posture_is_kept(body: Body) -> None:
    names = [c.name for c in body.coordinates]
    posture = np.zeros(len(names))
    posture[names.index("lumbar_flexion")] = -0.2
    posture[names.index("pelvis_tilt")] = 0.1
    measured = chain_model(body, posture=posture)
    reference = dict(zip(measured.inputs, standing_situation(measured).reference[0], strict=True))
    assert reference["pelvis_tilt"] == pytest.approx(0.1)
    assert sum(v for n, v in reference.items() if n.endswith("_flexion") and n[0] in "lt") == pytest.approx(-0.2)


def test_measured_shares_are_kept_as_far_as_balance_lets_them(model: ChainModel) -> None:
    prior = prior_shares(model.pads, 0.546)
    prior[model.pads_of("right", "toes")] *= 3.0
    load = pad_loads(*(getattr(standing_situation(model, shares=prior), n) for n in ("pad_level", "pad_stiffness")))[0]
    usual = pad_loads(*(getattr(standing_situation(model), n) for n in ("pad_level", "pad_stiffness")))[0]
    assert load[model.pads_of("right", "toes")].sum() > 1.5 * usual[model.pads_of("right", "toes")].sum()


def test_what_does_not_stand_is_an_error_or_a_reason(model: ChainModel, situation: Situation) -> None:
    lost = replace(situation, pad_stiffness=situation.pad_stiffness * 1e-3)
    with pytest.raises(SolveError, match="do not stand"):
        stand(model, lost)
    assert stand(model, lost, allow_failed=True).reason[0]


def test_a_larger_person_of_the_same_mass_leans_on_the_ground_alike(model: ChainModel, situation: Situation) -> None:
    taller = scaled(model, situation, 1.1)
    there = evaluate(model, taller, _free_values(model, taller))
    assert np.abs(there.gradient).max() < 1e-8
    # Forces are true forces times the factor, for lengths are those of the model.
    assert there.pad_force[0, :, 2].sum() == pytest.approx(1.1 * 67.8 * GRAVITY_M_S2, rel=1e-9)
    # The rounding of the moment of contact does not grow with the person.
    bears = situation.pad_level > 0.0
    np.testing.assert_allclose(taller.pad_level[bears] * 1.1, situation.pad_level[bears], rtol=1e-2)


def test_uniform_size_is_the_same_as_a_larger_body(body: Body) -> None:
    """A body built 1.1 times as large, stance by stance, answers a lift like the scaled situation."""
    from kinechain.body.scale import scale_body

    factors = {s.name: 1.1 for s in body.segments}
    large = scale_body(body, factors)
    small_model, large_model = chain_model(body, muscles=False), chain_model(large, muscles=False)
    unknowns = best_unknowns()
    inputs = small_model.tree.default[small_model.tree.inputs]
    grown = inputs.copy()
    for name in ROOT[:3]:
        grown[small_model.input_index(name)] *= 1.1
    own = standing_situation(large_model, unknowns, posture=grown)
    scaled_one = scaled(small_model, standing_situation(small_model, unknowns), 1.1)
    # Tone goes with height in the larger body; the scaled one is told so.
    scaled_one = replace(scaled_one, stiffness=own.stiffness, direction_gain=own.direction_gain)
    scaled_one = replace(scaled_one, centre_gain=own.centre_gain * 1.1**2)

    def lifted(situation: Situation, model: ChainModel, height: float) -> Situation:
        anchor = situation.pad_anchor.copy()
        anchor[:, model.pads_of("right"), 2] += height
        return replace(situation, pad_anchor=anchor)

    one = stand(large_model, lifted(own, large_model, 0.011))
    two = stand(small_model, lifted(scaled_one, small_model, 0.010))
    angles = [i for i, n in enumerate(small_model.inputs) if n not in ROOT[:3]]
    np.testing.assert_allclose(
        (one.inputs - own.reference)[:, angles], (two.inputs - scaled_one.reference)[:, angles], atol=2e-4
    )


def test_on_one_leg_one_foot_bears_all(model: ChainModel, situation: Situation) -> None:
    right = one_leg(model, situation, "right")
    equilibrium = stand(model, right)
    np.testing.assert_array_equal(equilibrium.inputs, right.reference)
    assert equilibrium.pad_force[0, model.pads_of("left")].max() < 1e-12
    weight = GRAVITY_M_S2 * situation.mass.sum()
    assert equilibrium.pad_force[0, model.pads_of("right"), 2].sum() == pytest.approx(weight, rel=1e-9)
    assert equilibrium.centre_of_mass[0, 1] < -0.05


def test_one_leg_is_the_mirror_image_of_the_other(model: ChainModel, situation: Situation) -> None:
    right, left = (one_leg(model, situation, side).reference[0] for side in ("right", "left"))
    for base in ("hip_adduction", "subtalar_eversion", "knee_flexion"):
        one, other = right[model.input_index(f"{base}_r")], left[model.input_index(f"{base}_l")]
        assert one == pytest.approx(other, abs=1e-5)
    assert right[model.input_index("pelvis_obliquity")] == pytest.approx(
        -left[model.input_index("pelvis_obliquity")], abs=1e-5
    )


@pytest.mark.parametrize("raised", ["lateral", "medial"])
def test_people_stand_on_one_leg_on_a_wedge(model: ChainModel, raised: str) -> None:
    # As those of tateuchi2011 did.
    people = standing_situation(model, draw_unknowns(20, 5))
    wedge = [parse_change(f"wedge left {angle} raise={raised}") for angle in (5, 10)]
    free = [model.input_index(n) for n in model.free]
    unheld = 0
    for change in wedge:
        situation = alter(model, one_leg(model, people, "left"), change)
        rest = stand(model, situation)
        press = (rest.pad_force * situation.pad_normal).sum(axis=-1)
        assert press.min() > -1e-9
        weight = GRAVITY_M_S2 * situation.mass.sum(axis=1)
        np.testing.assert_allclose(rest.pad_force.sum(axis=1), weight[:, None] * [0.0, 0.0, 1.0], atol=1e-6)
        there = evaluate(model, situation, rest.inputs[:, free])
        lever = there.pad_position - rest.centre_of_mass[:, None]
        assert np.abs(np.cross(lever, rest.pad_force).sum(axis=1)).max() < 1e-6
        unheld += int((np.linalg.eigvalsh(there.hessian[:, :6, :6])[:, 0] < 0.0).sum())
    assert (unheld > 5) == (raised == "lateral")


def test_settling_anew_in_the_reference_changes_nothing(model: ChainModel, situation: Situation) -> None:
    load = pad_loads(situation.pad_level, situation.pad_stiffness)
    again = settled(model, situation, situation.reference, load / load.sum())
    np.testing.assert_allclose(again.tonic, situation.tonic, atol=1e-9)
    np.testing.assert_allclose(again.pad_level, situation.pad_level, atol=1e-12)
