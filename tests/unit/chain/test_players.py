import math
import tomllib
from dataclasses import replace
from importlib.resources import files
from statistics import NormalDist

import numpy as np
import pytest

from kinechain.care.finding import Finding
from kinechain.care.person.exam import read_exam_definitions
from kinechain.care.person.person import ExamItem, Person
from kinechain.chain import players
from kinechain.chain.players import (
    MOST_PLAYERS,
    choose_players,
    find_player_kind,
    read_player_kinds,
    survey_person,
    to_player,
    worst_grade,
)
from kinechain.core.errors import EvidenceError, SettingError
from kinechain.core.estimate import Estimate
from kinechain.evidence.library import source_keys

NORMAL = NormalDist()
TAPE, BLOCK, LUNGE, DROP = "leg_length_tape", "leg_length_block", "lunge_test", "navicular_drop"


def item(name, side, value, unit):
    return ExamItem(name, side, value, unit, "tester")


def man(*exam, **known):
    return Person(**{"sex": "male", "age_years": 30.0, "height_m": 1.8, **known}, exam=exam)


def tape(left, right):
    return item(TAPE, "left", left, "mm"), item(TAPE, "right", right, "mm")


def only(person, findings=()):
    measured = survey_person(person, findings).measured
    assert len(measured) == 1
    return measured[0]


def test_every_player_has_a_norm_and_an_error_that_were_read():
    for kind in read_player_kinds().values():
        for test in kind.tests:
            assert test.error.sem > 0
            assert test.error.source != "kinechain_choice"
            assert "assumption" not in test.error.grade
        for row in kind.norms:
            assert row.norm.sd > 0
            assert row.norm.mean is not None


def test_a_declared_error_makes_no_player():
    entry = {
        "kind": "value",
        "item": "fpi6",
        "unit": "points",
        "name": "FPI-6",
        "error": {
            "kind": "sem",
            "table": "accuracy",
            "source": "kinechain_choice",
            "item": "Examination item fpi6",
            "column": "value",
        },
    }
    with pytest.raises(EvidenceError, match="declared, not read"):
        players._test("fpi6", entry)


def test_every_source_of_the_file_is_used():
    used = {t.error.source for k in read_player_kinds().values() for t in k.tests}
    used |= {r.norm.source for k in read_player_kinds().values() for r in k.norms}
    used |= {k.amount["source"] for k in read_player_kinds().values()}
    text = (files("kinechain.evidence") / "data" / "chain" / "players.toml").read_text(encoding="utf-8")
    own = {entry["key"] for entry in tomllib.loads(text)["source"]}
    assert own and own <= used
    assert own <= set(source_keys())


def test_body_mass_is_never_a_player():
    assert "body_mass" not in read_player_kinds()
    assert "body_mass" in [r.id for r in survey_person(man()).refused]


def test_sizes_of_a_difference_become_a_norm_with_both_signs():
    norm = find_player_kind("leg_length").norms[0].norm
    assert norm.mean == 0.0
    assert norm.sd == pytest.approx(math.sqrt(5.2**2 + 4.1**2))


def test_two_measurements_of_one_parameter_combine_by_their_accuracy():
    both = only(man(*tape(920.0, 900.0), item(BLOCK, "right", 10.0, "mm")))
    weights = np.array([7.0**-2, 10.0**-2])
    assert both.value == pytest.approx(weights @ [20.0, 10.0] / weights.sum())
    assert both.sem == pytest.approx(weights.sum() ** -0.5)
    assert both.at(np.array([0.0, 1.0]), "flat") == pytest.approx([both.value, both.value + both.sem])


def test_blocks_stand_under_the_shorter_leg():
    assert only(man(item(BLOCK, "left", 12.0, "mm"))).value == -12.0
    assert only(man(item(BLOCK, "right", 12.0, "mm"))).value == 12.0


def test_a_recording_measures_leg_length_too():
    finding = Finding(
        "leg.length_joint_centres_difference", "", "both", Estimate(9.0, -3.0, 21.0, "mm", "lld_iga2023"), "markers"
    )
    assert only(man(), [finding]).value == 9.0


def test_one_side_of_a_tape_is_no_difference():
    assert not survey_person(man(tape(920.0, 900.0)[0])).measured


def test_a_population_prior_draws_towards_the_norm():
    parameter = only(man(*tape(930.0, 900.0)))
    middle, upper = parameter.at(np.array([0.0, 1.0]), "population")
    assert 0.0 < middle < 30.0
    assert upper - middle < min(parameter.sem, parameter.sd)


def test_a_mixture_is_the_norm_within_and_the_measurement_beyond():
    many = (np.arange(4000) + 0.5) / 4000
    normal = np.array([NORMAL.inv_cdf(p) for p in many])
    near = only(man(item(LUNGE, "left", 13.5, "cm")))
    within, alone = near.at(normal), near.at(normal, "population")
    assert within.mean() == pytest.approx(alone.mean(), abs=0.02)
    assert within.std() == pytest.approx(alone.std(), rel=0.05)
    far = only(man(item(LUNGE, "left", 3.0, "cm")))
    beyond, flat = far.at(normal), far.at(normal, "flat")
    assert beyond.mean() == pytest.approx(flat.mean(), abs=0.02)
    assert beyond.std() == pytest.approx(flat.std(), rel=0.05)


def test_a_mixture_says_how_many_lie_beyond_before_and_after():
    parameter = only(man(*tape(900.0, 900.0)))
    normal = np.array([NORMAL.inv_cdf(p) for p in (np.arange(4000) + 0.5) / 4000])
    assert parameter.is_beyond(parameter.before(normal)).mean() == pytest.approx(0.1, abs=0.002)
    assert parameter.p_beyond() < 0.1
    # Bayes by hand: slab density 0.05 / 3.04 per SD to each side, spike 0.9 of a normal cut at 1.96.
    s = parameter.sem / parameter.sd
    slab = 0.05 / 3.04 * 2.0 * s * math.sqrt(2.0 * math.pi) * (NORMAL.cdf(5.0 / s) - NORMAL.cdf(1.96 / s))
    width = s / math.hypot(1.0, s)
    spike = 0.9 / 0.95 * width * (1.0 - 2.0 * NORMAL.cdf(-1.96 / width))
    assert parameter.p_beyond() == pytest.approx(slab / (slab + spike), abs=0.002)


def test_probability_of_lying_beyond():
    parameter = only(man(*tape(900.0 + 1.96 * 6.6219, 900.0)))
    assert parameter.p_beyond("flat") == pytest.approx(0.5, abs=0.01)
    assert only(man(*tape(960.0, 900.0))).p_beyond("flat") == pytest.approx(1.0)


def test_within_the_norm_is_no_player():
    chosen, rest = choose_players(survey_person(man(*tape(905.0, 900.0))))
    assert not chosen
    assert "within what is usual" in next(r for r in rest if r.id == "leg_length").reason


def test_a_deviation_below_the_minimal_detectable_change_is_no_player():
    # 17 mm lie outside the norm (13 mm), and below what a tape can tell (19.4 mm).
    survey = survey_person(man(*tape(917.0, 900.0)))
    assert survey.measured[0].p_beyond("flat") >= 0.5
    chosen, rest = choose_players(survey, "flat")
    assert not chosen
    assert "less than the test can tell" in next(r for r in rest if r.id == "leg_length").reason


def test_a_large_deviation_is_a_player_and_the_largest_comes_first():
    person = man(*tape(925.0, 900.0), item(LUNGE, "left", 1.0, "cm"), item(LUNGE, "right", 5.0, "cm"))
    chosen, _ = choose_players(survey_person(person))
    assert [p.key for p in chosen] == ["calf_tightness left", "leg_length", "calf_tightness right"]


def test_at_most_six_are_players_and_the_others_are_named():
    person = man(
        *tape(940.0, 900.0),
        *(item(LUNGE, s, 0.5, "cm") for s in ("left", "right")),
        *(item(DROP, s, 22.0, "mm") for s in ("left", "right")),
        *(item("hip_abduction_strength", s, 0.2, "Nm/kg") for s in ("left", "right")),
        *(item("passive_knee_extension_90_90", s, 80.0, "degrees") for s in ("left", "right")),
    )
    chosen, rest = choose_players(survey_person(person))
    assert len(chosen) == MOST_PLAYERS
    named = [r for r in rest if "lie further out" in r.reason]
    assert len(named) == 3


@pytest.mark.parametrize(
    ("known", "word"),
    [
        ({"age_years": None}, "age is not known"),
        ({"age_years": 70.0}, "used from 18 to 59 years"),
        ({"sex": None}, "sex is not known"),
        ({"height_m": None}, "height is not known"),
    ],
)
def test_without_a_norm_for_this_person_there_is_no_player(known, word):
    survey = survey_person(man(item(LUNGE, "left", 1.0, "cm"), **known))
    assert not [p for p in survey.measured if p.kind.id == "calf_tightness"]
    assert word in next(r for r in survey.refused if r.id == "calf_tightness").reason


def test_what_fails_is_shown_with_its_reason():
    person = man(item("fpi6", "left", 9.0, "points"), item(LUNGE, "left", 30.0, "degrees"))
    refused = {r.id: r.reason for r in survey_person(person).refused}
    assert "no norm with a standard deviation in points" in refused["fpi6"]
    assert "in degrees" in refused["lunge_angle"]
    assert "trunk_endurance" not in refused


def test_every_item_of_the_examination_is_a_player_or_refused_with_a_reason():
    played = {t.item for k in read_player_kinds().values() for t in k.tests}
    for name, definition in read_exam_definitions().items():
        unit = next(iter(definition.units), "")
        refused = [r.id for r in survey_person(man(item(name, "left", 1.0, unit))).refused]
        assert (name in played) != (refused != ["body_mass"]), name


def test_what_was_recorded_is_not_mixed_with_what_was_examined():
    estimate = Estimate(1.0, 0.5, 1.5, "deg", "wilken2012")
    recorded = Finding("hip.flexion_range", "", "left", estimate, "markers, walking")
    examined = Finding("hip.abduction_strength", "", "left", estimate, "examination: tester")
    assert "walking_angles" in [r.id for r in survey_person(man(), [recorded]).refused]
    assert "walking_angles" not in [r.id for r in survey_person(man(), [examined]).refused]


def test_not_measured_names_the_test():
    _, rest = choose_players(survey_person(man()))
    missing = [r for r in rest if r.reason == "not measured in this person"]
    assert {r.id for r in missing} == set(read_player_kinds())
    assert all(r.next_test for r in missing)


def every_parameter(height=1.8):
    survey = survey_person(man(height_m=height))
    return survey.unmeasured


def test_a_typical_value_alters_nothing():
    for parameter in every_parameter():
        amount = parameter.amounts(np.array([parameter.mean]))[0]
        assert parameter.change(float(amount)).is_neutral


def test_amounts_have_the_sign_of_the_change():
    def amount(kind, value, side):
        parameter = next(p for p in every_parameter() if p.kind.id == kind and p.side == side)
        return parameter.amounts(np.array([value]))[0]

    assert amount("leg_length", 12.0, "middle") == 12.0
    assert amount("calf_tightness", 4.0, "left") > 0
    assert amount("calf_tightness", 20.0, "left") < 0
    assert amount("hamstring_tightness", 37.1, "left") == pytest.approx(20.0)
    assert amount("hip_abductor_weakness", 0.81, "left") == pytest.approx(0.5)
    assert amount("hip_abductor_weakness", 3.0, "left") == 0.0
    assert amount("arch_drop", 12.2, "left") == pytest.approx(0.5)
    assert amount("arch_drop", -1.0, "left") == 4.0
    assert amount("arch_drop", 100.0, "left") == 0.25


def test_a_lunge_turns_into_degrees_by_the_shank():
    short, tall = (next(p for p in every_parameter(h) if p.kind.id == "calf_tightness") for h in (1.5, 2.0))
    value = np.array([short.mean - 1.0])
    expected = math.degrees(0.01 / (0.2493 * 2.0 * math.cos(math.radians(39.0))))
    assert tall.amounts(value)[0] == pytest.approx(expected)
    assert short.amounts(value)[0] == pytest.approx(expected * 2.0 / 1.5)


def test_a_player_says_everything_about_itself():
    parameter = only(man(*tape(925.0, 900.0)))
    player = to_player(parameter, "flat")
    assert player.change == "leg_length left 25"
    assert player.value.low == pytest.approx(25.0 - 1.96 * 7.0)
    assert player.sources == ("knutson2005", "lld_iga2023")
    assert player.deviation_sd == pytest.approx(25.0 / parameter.sd)
    assert player.prior.startswith("flat")


def test_the_worst_grade_counts():
    assert worst_grade(["table", "abstract"]) == "abstract"
    assert worst_grade(["abstract", "assumption", "table"]) == "assumption"
    assert worst_grade(["definition", "hearsay"]) == "hearsay"
    parameter = next(p for p in every_parameter() if p.kind.id == "arch_drop")
    assert parameter.grade == "assumption"


def test_unknown_players_are_refused():
    with pytest.raises(SettingError, match="leg_length"):
        find_player_kind("leg_lenght")


def test_a_mirrored_person_has_mirrored_parameters():
    exam = (*tape(925.0, 900.0), item(LUNGE, "left", 3.0, "cm"), item(DROP, "right", 17.0, "mm"))
    swap = {"left": "right", "right": "left"}
    mirrored = tuple(replace(i, side=swap[i.side]) for i in exam)
    one = {p.key: p for p in survey_person(man(*exam)).measured}
    other = {p.key: p for p in survey_person(man(*mirrored)).measured}
    assert other["leg_length"].value == -one["leg_length"].value
    assert other["calf_tightness right"].at(np.ones(1)) == one["calf_tightness left"].at(np.ones(1))
    assert other["calf_tightness right"].mean == one["calf_tightness left"].mean
    assert other["arch_drop left"].value == one["arch_drop right"].value


@pytest.mark.parametrize("prior", ["mixture", "flat", "population"])
def test_no_draw_of_a_strength_lies_below_none(prior):
    weak = man(item("hip_abduction_strength", "right", 0.05, "Nm/kg"))
    (parameter,) = (p for p in survey_person(weak).measured if p.side == "right")
    values = parameter.at(np.linspace(-4.0, 4.0, 401), prior)
    assert values.min() >= 0.0
    assert (np.diff(values) >= 0.0).all() and values[200] > 0.0
    strong = man(item("hip_abduction_strength", "right", 1.6, "Nm/kg"))
    (parameter,) = (p for p in survey_person(strong).measured if p.side == "right")
    np.testing.assert_allclose(parameter.at(_Z, prior), parameter._unbounded(_Z, prior))


_Z = np.array([-1.96, 0.0, 1.96])
