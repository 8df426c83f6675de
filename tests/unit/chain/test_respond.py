"""What a change does to a standing person: laws of mechanics, sums, and what a response owns up to."""

from __future__ import annotations

import copy
import math
import pickle
from dataclasses import replace

import numpy as np
import pytest

import kinechain.chain.respond as module
from kinechain.body.musculature import person_muscles
from kinechain.body.skeleton import generic_body
from kinechain.chain.change import parse_change
from kinechain.chain.equilibrium import solve_equilibrium
from kinechain.chain.links import LINKS, link_index
from kinechain.chain.posture_noise import draw_postures
from kinechain.chain.respond import Response, draw_slopes, respond, tightness
from kinechain.chain.situation import ChainModel, Situation
from kinechain.chain.stand import standing_situation
from kinechain.chain.standing_model import chain_model
from kinechain.chain.targets import TARGETS, compute_targets, target_index
from kinechain.chain.unknowns import best_unknowns, draw_unknowns
from kinechain.core.errors import SettingError, SolveError
from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.core.gravity import GRAVITY_M_S2

DRAWS = 6


@pytest.fixture(scope="module")
def model() -> ChainModel:
    body = generic_body()
    return chain_model(body, person_muscles(body))


@pytest.fixture(scope="module")
def people(model: ChainModel) -> Situation:
    return standing_situation(model, draw_unknowns(DRAWS, 3))


@pytest.fixture(scope="module")
def one(model: ChainModel) -> Situation:
    return standing_situation(model, best_unknowns())


@pytest.fixture(scope="module")
def everted(model: ChainModel, people: Situation) -> Response:
    return respond(model, people, [parse_change("wedge both 10 raise=lateral")], workers=1)


def told(response: Response, text: str = "") -> dict[str, float]:
    """Return the changes of all links and loads that were told, by id."""
    both = {**response.links, **response.targets}
    return {name: e.value for name, e in both.items() if isinstance(e, Estimate) and text in name}


def test_no_change_does_nothing_at_all(model: ChainModel, people: Situation) -> None:
    changes = [parse_change("wedge both 0 raise=lateral"), parse_change("lift left 0"), parse_change("pack 0")]
    response = respond(model, people, changes, workers=1)
    assert not response.link_changes.any()
    known = np.isfinite(response.target_changes)
    assert known[:, [k for k, t in enumerate(TARGETS) if t.site != "l5_s1"]].all()
    assert not response.target_changes[known].any()
    assert response.gains == ()
    assert any("alters nothing" in note for note in response.notes)


def test_a_response_holds_every_link_and_every_load_with_an_interval(everted: Response) -> None:
    assert list(everted.links) == [link.id for link in LINKS]
    assert list(everted.targets) == [target.id for target in TARGETS] == list(everted.before)
    assert all(e.low <= e.value <= e.high for e in everted.links.values())
    widths = [e.high - e.low for e in everted.targets.values() if isinstance(e, Estimate)]
    assert min(widths) > 0.0
    assert isinstance(everted.targets["l5_s1_facet_share"], NotMeasured)
    assert "behaviour" in everted.adaptation.reason
    assert any("behaviour" in note for note in everted.notes)


def test_the_same_draws_give_the_same_response(model: ChainModel, everted: Response) -> None:
    again = respond(
        model, standing_situation(model, draw_unknowns(DRAWS, 3)), [parse_change("wedge both 10 raise=lateral")]
    )
    assert np.array_equal(again.link_changes, everted.link_changes)
    assert np.array_equal(again.target_changes, everted.target_changes, equal_nan=True)


def test_an_everting_wedge_turns_the_shank_inward_more_than_the_thigh_and_hardly_the_trunk(everted: Response) -> None:
    size = {
        name: abs(everted.links[name].value)
        for name in ("shank_rotation_left", "thigh_rotation_left", "pelvis_rotation_left", "thorax_rotation_left")
    }
    assert everted.links["shank_rotation_left"].low > 0.0
    assert everted.links["calcaneus_eversion_left"].value > 0.0
    ordered = list(size.values())
    assert ordered == sorted(ordered, reverse=True)


def test_gains_start_at_the_heel_of_each_side_and_are_ratios_of_the_changes(everted: Response) -> None:
    gains = {g.end: g for g in everted.gains}
    assert {g.start for g in everted.gains if g.side != "middle"} == {
        gains["shank_rotation_left"].start,
        gains["shank_rotation_right"].start,
    }
    shank = gains["shank_rotation_left"]
    start, end = (everted.link_changes[:, link_index(name)] for name in (shank.start, shank.end))
    assert shank.gain.value == pytest.approx(float(np.median(end / start)))
    assert shank.side == "left"
    assert shank.sources


def test_a_wedge_moves_load_within_the_sole_and_adds_none(everted: Response) -> None:
    soles = [k for k, target in enumerate(TARGETS) if target.site == "sole"]
    assert everted.target_changes[:, soles].sum(axis=1) == pytest.approx(0.0, abs=1e-6)
    assert everted.targets["plantar_load_forefoot_lateral_left"].low > 0.0  # type: ignore[union-attr]


def test_a_pack_adds_its_weight_to_the_soles_and_to_the_lowest_disc(model: ChainModel, people: Situation) -> None:
    response = respond(model, people, [parse_change("pack 15%")], workers=1)
    soles = [k for k, target in enumerate(TARGETS) if target.site == "sole"]
    weight = 0.15 * GRAVITY_M_S2 * people.mass.sum(axis=1)
    assert response.target_changes[:, soles].sum(axis=1) == pytest.approx(weight, rel=1e-6)
    ratio = response.target_changes / response.target_before
    assert (ratio[:, target_index("l5_s1_compression")] > 0.05).all()
    assert (ratio[:, target_index("l5_s1_compression")] < 1.5).all()


def test_mirrored_changes_have_mirrored_responses(model: ChainModel, one: Situation) -> None:
    for text in ("wedge {} 5 raise=lateral", "lift {} 10", "weakness {} 0.3 group=gluteus_medius"):
        left, right = (told(respond(model, one, [parse_change(text.format(s))])) for s in ("left", "right"))
        for name, value in left.items():
            twin = name.replace("_left", "_side").replace("_right", "_left").replace("_side", "_right")
            assert value == pytest.approx(right[twin], rel=1e-3, abs=2e-3), f"{text}: {name}"


def test_small_changes_add_up_and_are_in_proportion(model: ChainModel, one: Situation) -> None:
    def links(*texts: str) -> np.ndarray:
        return respond(model, one, [parse_change(t) for t in texts]).link_changes[0]

    wedge, lift = links("wedge left 0.4 raise=lateral"), links("lift right 0.5")
    scale = np.abs(wedge).max()
    assert links("wedge left 0.2 raise=lateral") == pytest.approx(wedge / 2, abs=0.02 * scale)
    both = links("wedge left 0.4 raise=lateral", "lift right 0.5")
    assert both == pytest.approx(wedge + lift, abs=0.03 * scale)


def test_a_lift_raises_its_own_side_of_the_pelvis_by_less_than_a_rigid_one(
    model: ChainModel, people: Situation
) -> None:
    response = respond(model, people, [parse_change("lift left 15")], workers=1)
    obliquity = response.links["pelvis_obliquity_left"]
    hips = [model.body.joint_of(f"femur_{s}").parent_from_joint[1, 3] for s in "lr"]
    assert 0.0 < obliquity.low < obliquity.high < 1.2 * math.atan2(0.015, hips[0] - hips[1])
    assert response.links["hip_height_left"].value > 0.010


def test_tight_calves_give_what_no_muscle_is_asked_for(model: ChainModel, one: Situation) -> None:
    change = parse_change("tightness both 8 group=calf")
    given = tightness(model, one, [change], one.reference)
    ankle = model.free_index("ankle_dorsiflexion_r")
    assert given[0, ankle] < -0.5
    assert not tightness(model, one, [parse_change("lift left 5")], one.reference).any()
    response = respond(model, one, [change])
    assert response.links["ankle_dorsiflexion_left"].value < 0.0


def test_a_raised_leg_stretches_the_nerve_of_its_side_alone_and_moves_nothing(
    model: ChainModel, one: Situation
) -> None:
    response = respond(model, one, [parse_change("nerve left 60")])
    assert response.targets["nerve_strain_left"].value > 1.0  # type: ignore[union-attr]
    assert response.targets["nerve_strain_right"].value == pytest.approx(0.0, abs=1e-9)  # type: ignore[union-attr]
    assert not response.link_changes.any()
    assert any("posture that was asked for" in note for note in response.notes)


def test_a_shorter_stance_says_that_it_is_none_of_standing(model: ChainModel, one: Situation) -> None:
    spared, shorter = (
        respond(model, one, [parse_change(f"painful_region left 0.5 region=heel{more}")]) for more in ("", " stance=10")
    )
    assert np.array_equal(spared.link_changes, shorter.link_changes)
    assert any("in standing it does nothing" in note for note in shorter.notes)
    assert not any("in standing it does nothing" in note for note in spared.notes)
    assert spared.targets["plantar_load_heel_left"].value < 0.0  # type: ignore[union-attr]


def test_people_who_do_not_stand_are_left_out_and_named(model: ChainModel, people: Situation) -> None:
    before = solve_equilibrium(model, people, workers=1)
    reasons = ("not stable", *before.reason[1:])
    response = respond(model, people, [parse_change("lift left 5")], before=replace(before, reason=reasons), workers=1)
    assert len(response.link_changes) == DRAWS - 1
    assert any(f"1 of {DRAWS} drawn people do not stand even without" in note for note in response.notes)
    fallen = replace(before, reason=("falls",) * (DRAWS - 2) + ("", ""))
    with pytest.raises(SolveError, match="only 2 of 6 drawn people stand"):
        respond(model, people, [parse_change("lift left 5")], before=fallen, workers=1)


def test_a_change_that_many_do_not_bear_is_refused(model: ChainModel, people: Situation) -> None:
    with pytest.raises(SolveError, match="do not stand with 'lift left 120'"):
        respond(model, people.case(slice(2)), [parse_change("lift left 120")], workers=1)


def test_many_people_are_not_sought_when_the_first_of_them_fall(model: ChainModel, people: Situation) -> None:
    few = people.case(slice(1)).repeated(40)
    with pytest.raises(SolveError, match="12 of 12 drawn people do not stand with 'lift left 120'"):
        respond(model, few, [parse_change("lift left 120")], workers=1)


def test_what_is_known_before_the_change_is_not_computed_again(
    model: ChainModel, people: Situation, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, slopes = [parse_change("lift left 5")], draw_slopes(DRAWS, 1)
    plain = respond(model, people, changes, slopes=slopes, workers=1)
    before = solve_equilibrium(model, people, workers=1)
    loads = compute_targets(model, people, before, slopes=slopes)
    asked = []

    def counted(*given: object, **more: object) -> np.ndarray:
        asked.append(given)
        return compute_targets(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "compute_targets", counted)
    known = respond(model, people, changes, before=before, loads=loads, slopes=slopes, workers=1)
    assert len(asked) == 1
    assert np.array_equal(known.target_changes, plain.target_changes, equal_nan=True)
    assert np.array_equal(known.target_before, plain.target_before, equal_nan=True)
    assert np.array_equal(known.link_changes, plain.link_changes)


def test_without_muscles_links_answer_and_loads_say_why_not(model: ChainModel) -> None:
    bare = replace(model, musculature=None)
    response = respond(bare, standing_situation(bare, best_unknowns()), [parse_change("lift left 5")])
    assert response.links["pelvis_obliquity_left"].value > 0.0
    assert all(isinstance(e, NotMeasured) for e in response.targets.values())


def test_an_error_of_the_measured_posture_widens_the_interval(model: ChainModel) -> None:
    unknown = best_unknowns(DRAWS)
    postures = draw_postures(model, {"hip_flexion": 0.03, "knee_flexion": 0.03, "l5_s1_flexion": 0.02}, DRAWS, 1)
    assert np.array_equal(postures, draw_postures(
        model, {"hip_flexion": 0.03, "knee_flexion": 0.03, "l5_s1_flexion": 0.02}, DRAWS, 1))  # fmt: skip
    change = [parse_change("wedge left 5 raise=lateral")]
    sure = respond(model, standing_situation(model, unknown), change, workers=1)
    unsure = respond(model, standing_situation(model, unknown, postures), change, workers=1)
    assert sure.links["pelvis_tilt"].high - sure.links["pelvis_tilt"].low < 1e-9
    assert unsure.links["pelvis_tilt"].high - unsure.links["pelvis_tilt"].low > 1e-5
    with pytest.raises(SettingError, match="elbow"):
        draw_postures(model, {"elbow": 0.1}, 2, 0)


def test_the_slope_of_the_sacrum_that_is_not_known_widens_shear_alone(model: ChainModel) -> None:
    same = standing_situation(model, best_unknowns(DRAWS))
    change = [parse_change("pack 10")]
    slopes = draw_slopes(DRAWS, 4)
    assert np.array_equal(slopes, draw_slopes(DRAWS, 4))
    sure, unsure = (respond(model, same, change, slopes=s, workers=1) for s in (None, slopes))
    for name in ("l5_s1_anterior_shear", "l5_s1_compression"):
        narrow, wide = sure.targets[name], unsure.targets[name]
        assert narrow.high - narrow.low < 1e-6 < wide.high - wide.low  # type: ignore[union-attr]
    assert unsure.targets["knee_contact_left"] == sure.targets["knee_contact_left"]


def test_a_response_can_be_copied_and_sent(everted: Response) -> None:
    again = pickle.loads(pickle.dumps(everted))
    assert again.links == everted.links
    assert np.array_equal(copy.deepcopy(everted).link_changes, everted.link_changes)


def test_a_response_needs_a_change(model: ChainModel, one: Situation) -> None:
    with pytest.raises(SettingError, match="needs a change"):
        respond(model, one, [])
