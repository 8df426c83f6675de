"""What must hold of every body that stands, whatever the numbers in it: symmetry, proportion, levers, attenuation."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from kinechain.body.skeleton import generic_body
from kinechain.chain.alter import alter
from kinechain.chain.bearing import joint_demand, posed
from kinechain.chain.change import parse_change
from kinechain.chain.equilibrium import evaluate
from kinechain.chain.links import LINKS, compute_links, link_index
from kinechain.chain.situation import ROOT, ChainModel, Equilibrium, Situation
from kinechain.chain.stand import stand, standing_situation
from kinechain.chain.standing_model import chain_model
from kinechain.chain.unknowns import Unknowns, best_unknowns, draw_unknowns
from kinechain.core.arrays import FloatArray
from kinechain.core.gravity import GRAVITY_M_S2

WEDGES = "wedge both 10 raise=lateral"


@pytest.fixture(scope="module")
def model() -> ChainModel:
    return chain_model(generic_body("female"))


@pytest.fixture(scope="module")
def situation(model: ChainModel) -> Situation:
    return standing_situation(model)


def _changed(model: ChainModel, situation: Situation, *changes: str) -> Situation:
    return alter(model, situation, [parse_change(c) for c in changes])


def _response(model: ChainModel, situation: Situation, *changes: str) -> FloatArray:
    """Return how all inputs answer to changes, (case, input)."""
    return np.asarray(stand(model, _changed(model, situation, *changes)).inputs - situation.reference)


def _links(model: ChainModel, situation: Situation, equilibrium: Equilibrium) -> FloatArray:
    return np.asarray(compute_links(model, equilibrium.inputs) - compute_links(model, situation.reference))


def _mirrored(model: ChainModel, inputs: FloatArray) -> FloatArray:
    """Return the inputs of the mirror image."""
    out = np.empty_like(inputs)
    for i, name in enumerate(model.inputs):
        if name.endswith(("_r", "_l")):
            out[:, model.input_index(f"{name[:-1]}{'l' if name[-1] == 'r' else 'r'}")] = inputs[:, i]
        else:
            turns = name == "pelvis_ty" or name.endswith(("_bending", "_rotation", "_obliquity"))
            out[:, i] = -inputs[:, i] if turns else inputs[:, i]
    return out


def _mirrored_unknowns(unknowns: Unknowns) -> Unknowns:
    columns = [
        unknowns.names.index(f"{n[:-1]}{'l' if n[-1] == 'r' else 'r'}") if n.endswith(("_r", "_l")) else i
        for i, n in enumerate(unknowns.names)
    ]
    return replace(unknowns, values=unknowns.values[:, columns])


@pytest.mark.parametrize("kind", ["wedge right {} raise=lateral", "lift right {}", "heel_height both {}"])
def test_no_change_gives_no_response_at_all(model: ChainModel, kind: str) -> None:
    people = standing_situation(model, draw_unknowns(10, 1))
    assert not _response(model, people, kind.format(0)).any()


@pytest.mark.parametrize("change", ["wedge {} 8 raise=lateral", "lift {} 12", "leg_length {} 10"])
def test_the_mirrored_change_in_the_mirrored_person_gives_the_mirrored_response(model: ChainModel, change: str) -> None:
    unknowns = draw_unknowns(12, 7)
    people, mirrored = standing_situation(model, unknowns), standing_situation(model, _mirrored_unknowns(unknowns))
    right = _response(model, people, change.format("right"))
    left = _response(model, mirrored, change.format("left"))
    assert np.abs(right).max() > np.radians(0.5)
    np.testing.assert_allclose(_mirrored(model, right), left, atol=2e-6)


@pytest.mark.parametrize("change", ["wedge right {} raise=lateral", "lift right {}", "wedge both {} raise=medial"])
def test_a_hundredth_of_a_small_change_gives_a_hundredth_of_the_response(
    model: ChainModel, situation: Situation, change: str
) -> None:
    whole = _response(model, situation, change.format(0.5))
    part = _response(model, situation, change.format(0.005))
    assert np.abs(100.0 * part - whole).max() < 0.01 * np.abs(whole).max()


def test_small_changes_add_up_and_large_ones_do_so_within_a_fifth(model: ChainModel, situation: Situation) -> None:
    for factor, bound in ((0.05, 0.01), (1.0, 0.2)):
        changes = [f"wedge both {10 * factor} raise=lateral", f"lift right {15 * factor}"]
        together = _response(model, situation, *changes)
        apart = sum(_response(model, situation, c) for c in changes)
        error = np.abs(together - apart).max() / np.abs(together).max()
        assert error < bound, f"superposition fails by {100 * error:.1f} %"


def _stiff(situation: Situation, joints: float, pads: float, model: ChainModel) -> Situation:
    """Return a situation with joints that hardly move on soles that hardly give, and no aims beside."""
    firm = joints * np.eye(situation.stiffness.shape[1])
    firm[: len(ROOT)] = 0.0
    grown = pads / situation.pad_stiffness
    return replace(
        situation,
        stiffness=situation.stiffness + firm,
        pad_stiffness=situation.pad_stiffness * grown,
        pad_shear=situation.pad_shear * grown,
        pad_level=situation.pad_level / grown,
    )


def test_a_rigid_body_tilts_by_the_lift_over_the_distance_of_its_feet(model: ChainModel, situation: Situation) -> None:
    """With every joint locked the body turns as one about the foot that stays down."""
    unknowns = best_unknowns().with_values("pad_stiffness", 3e7).with_values("centre_gain", 1e-6)
    hard = standing_situation(model, unknowns)
    rigid = replace(hard, stiffness=hard.stiffness + _locked(model, 1e6))
    height = 5.0
    obliquity = _response(model, rigid, f"lift right {height}")[0, model.input_index("pelvis_obliquity")]
    load = np.where([p.region == "heel" for p in model.pads], 1.0, 0.0)
    right, left = (load * [p.side == s for p in model.pads] for s in ("right", "left"))
    feet = abs((right / right.sum() - left / left.sum()) @ hard.pad_anchor[0, :, 1])
    assert obliquity == pytest.approx(np.arctan(height / 1000.0 / feet), rel=0.15)


def _locked(model: ChainModel, stiffness: float, *but: str) -> FloatArray:
    """Return a stiffness (free, free) that locks all joints but some."""
    own = [0.0 if name in ROOT or name.startswith(but or ("none",)) else stiffness for name in model.free]
    return np.diag(own)


def test_with_loose_hips_and_feet_the_pelvis_tilts_by_the_lift_over_the_distance_of_the_hips(
    model: ChainModel, situation: Situation
) -> None:
    """Legs stay upright as the sides of a parallelogram; the centre of mass is held by joints."""
    unknowns = best_unknowns().with_values("pad_stiffness", 3e7)
    hard = standing_situation(model, unknowns)
    loose = replace(hard, stiffness=hard.stiffness + _locked(model, 1e5, "hip_adduction", "subtalar", "forefoot"))
    height = 5.0
    obliquity = _response(model, loose, f"lift right {height}")[0, model.input_index("pelvis_obliquity")]
    hips = 2.0 * abs(model.body.joint_of("femur_r").parent_from_joint[1, 3])
    assert obliquity == pytest.approx(np.arcsin(height / 1000.0 / hips), rel=0.08)


def test_a_wedge_lifts_a_pad_by_its_distance_from_the_thin_edge(model: ChainModel, situation: Situation) -> None:
    wedged = _changed(model, situation, "wedge right 6 raise=lateral")
    risen = (wedged.pad_anchor - situation.pad_anchor)[0]
    pads = model.pads_of("right")
    outward = -situation.pad_anchor[0, pads, 1]
    slope = np.polyfit(outward, risen[pads, 2], 1)[0]
    # The foot points some degrees away from the line across which the wedge rises.
    assert slope == pytest.approx(np.tan(np.radians(6.0)), rel=0.05)
    assert risen[pads, 2].min() > -2e-3
    assert not risen[model.pads_of("left")].any()


def test_a_loose_foot_on_hard_soles_takes_the_slope_of_the_wedge(model: ChainModel) -> None:
    unknowns = best_unknowns().with_values("pad_stiffness", 3e6).with_values("tone_frontal", 1e-3)
    for name in ("passive_foot_r", "passive_foot_l", "co_contraction"):
        unknowns = unknowns.with_values(name, 1e-3)
    loose = standing_situation(model, unknowns)
    there = stand(model, _changed(model, loose, "wedge both 4 raise=lateral"))
    eversion = _links(model, loose, there)[0, link_index("calcaneus_eversion_right")]
    assert np.degrees(eversion) == pytest.approx(4.0, abs=0.6)


@pytest.mark.parametrize("changes", [("lift right 15",), ("carry right 10",), (WEDGES, "lift left 8")])
def test_the_ground_bears_weight_and_moments_exactly(
    model: ChainModel, situation: Situation, changes: tuple[str, ...]
) -> None:
    changed = _changed(model, situation, *changes)
    there = stand(model, changed)
    weight = GRAVITY_M_S2 * changed.mass.sum()
    at = posed(model, there.inputs, changed.mass, changed.centre)
    force, centre = there.pad_force[0], there.centre_of_mass[0]
    np.testing.assert_allclose(force.sum(axis=0), [0.0, 0.0, weight], atol=1e-5)
    np.testing.assert_allclose(np.cross(at.pads[0] - centre, force).sum(axis=0), 0.0, atol=1e-5)


def test_a_weight_in_one_hand_goes_to_the_feet_by_the_lever_rule(model: ChainModel, situation: Situation) -> None:
    """W y = F_right y_right + F_left y_left, with the height of the pads times their shear beside."""
    changed = _changed(model, situation, "carry right 10")
    there = stand(model, changed)
    at = posed(model, there.inputs, changed.mass, changed.centre)
    force, load = there.pad_force[0], {}
    place = {}
    for side in ("right", "left"):
        pads = model.pads_of(side)
        load[side] = force[pads, 2].sum()
        place[side] = force[pads, 2] @ at.pads[0, pads, 1] / load[side]
    weight = GRAVITY_M_S2 * changed.mass.sum()
    right = weight * (there.centre_of_mass[0, 1] - place["left"]) / (place["right"] - place["left"])
    assert load["right"] == pytest.approx(right, rel=2e-3)
    assert load["right"] > 0.5 * weight


def test_moments_by_lever_arms_are_the_slope_of_the_energy(model: ChainModel) -> None:
    """Two ways to the same moments, one by forces on nodes, one by the solver's derivatives, in changed postures."""
    people = standing_situation(model, draw_unknowns(4, 2))
    changed = _changed(model, people, WEDGES, "lift right 10")
    there = stand(model, changed)
    free = [model.input_index(n) for n in model.free]
    off = (there.inputs - changed.reference)[:, free]
    energy = evaluate(model, changed, there.inputs[:, free])
    spring = np.zeros_like(off)
    for i, law in enumerate(model.springs):
        if law is not None:
            spring[:, i] = law.evaluate(there.inputs[:, free[i]] - changed.spring_shift[:, i])[0]
    at = posed(model, there.inputs, changed.mass, changed.centre)
    held = changed.tonic + changed.spring_scale * spring - np.einsum("cij,cj->ci", changed.stiffness, off)
    by_levers = joint_demand(at, energy.pad_force) - held
    np.testing.assert_allclose(by_levers, energy.gradient, atol=1e-8)


def _driven_from_both_ends(model: ChainModel, situation: Situation) -> tuple[FloatArray, FloatArray]:
    """Return the links under a wedge, and those when muscles turn both shanks inward on level ground, (link,)."""
    below = _links(model, situation, stand(model, _changed(model, situation, WEDGES)))[0]
    turned = situation.tonic.copy()
    for side in "rl":
        turned[:, model.free_index(f"knee_rotation_{side}")] += 8.0
        turned[:, model.free_index(f"hip_rotation_{side}")] += 8.0
    above = _links(model, situation, stand(model, replace(situation, tonic=turned)))[0]
    return below, above


def test_the_calcaneus_turns_the_tibia_inward_as_far_as_the_laboratory_allows(
    model: ChainModel, situation: Situation
) -> None:
    """A free tibia turns 0.68 +- 0.15 degrees per degree of eversion (Fischer2018); standing, hip and knee hold it."""
    below, _ = _driven_from_both_ends(model, situation)
    ratio = below[link_index("shank_rotation_right")] / below[link_index("subtalar_eversion_right")]
    assert 0.25 <= ratio <= 0.84


def test_the_tibia_does_not_drive_the_calcaneus_as_the_calcaneus_drives_the_tibia(
    model: ChainModel, situation: Situation
) -> None:
    """A chain of hinges is reciprocal, the product 1; a real one loses the turn from above in the play of the ankle."""
    below, above = _driven_from_both_ends(model, situation)
    eversion, shank = link_index("subtalar_eversion_right"), link_index("shank_rotation_right")
    assert above[shank] > np.radians(2.0)
    assert (below[shank] / below[eversion]) * (above[eversion] / above[shank]) < 0.3


@pytest.mark.parametrize(
    "change", [WEDGES, "wedge right 10 raise=lateral", "lift right 15", "wedge both 10 raise=medial"]
)
def test_people_stay_on_their_feet_converged_stable_and_near(model: ChainModel, change: str) -> None:
    people = standing_situation(model, draw_unknowns(60, 11))
    there = stand(model, _changed(model, people, change), allow_failed=True)
    solved = there.is_solved
    assert solved.mean() >= 0.97, there.reason
    assert there.residual[solved].max() <= 1e-6
    assert there.smallest_eigenvalue[solved].min() > 0
    assert np.degrees(there.distance[solved].max()) < 20.0


def test_effects_of_wedges_fade_as_they_climb(model: ChainModel) -> None:
    """Foot, shank, thigh, pelvis, lordosis: in the middle of people each moves less than the one below."""
    people = standing_situation(model, draw_unknowns(200, 13))
    there = stand(model, _changed(model, people, WEDGES), allow_failed=True)
    solved = there.is_solved
    moved = np.abs(_links(model, people, there))[solved]
    chain = ["subtalar_eversion_right", "shank_rotation_right", "thigh_rotation_right", "pelvis_tilt", "lordosis"]
    middle = [float(np.degrees(np.median(moved[:, link_index(name)]))) for name in chain]
    assert all(low > high for low, high in pairwise(middle)), dict(zip(chain, middle, strict=True))
    # Less than the one-minute sway of the lordosis (3 degrees, Pan2021).
    assert np.degrees(np.quantile(moved[:, link_index("lordosis")], 0.95)) < 3.0


def test_every_link_answers_with_a_number(model: ChainModel, situation: Situation) -> None:
    there = stand(model, _changed(model, situation, WEDGES))
    assert np.isfinite(_links(model, situation, there)).all()
    assert len(LINKS) == _links(model, situation, there).shape[1]
