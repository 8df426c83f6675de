"""Pass rules by closed forms, statistics by hand, and a small real run from file to verdict."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from kinechain.chain.change import parse_change
from kinechain.chain.experiments import Experiment, Label, People, Published, Rule, read_packaged
from kinechain.chain.links import LINKS, link_index
from kinechain.chain.mechanisms import TERMS, switch_off
from kinechain.chain.outputs import output_unit, pick_output
from kinechain.chain.replay import Answers, Bench, draw_amounts, joined_answers, replay, statistic
from kinechain.chain.study_people import BODIES, body_sizes, draw_people, draw_worlds, model_unknowns
from kinechain.chain.targets import TARGETS
from kinechain.chain.unknowns import read_unknowns
from kinechain.chain.validate import Outcome, Settings, judge, select, share_passed, standard_error, validate
from kinechain.cli import app
from kinechain.core.errors import SettingError
from kinechain.report.validation import render_validation, validation_json

WEDGE = parse_change("wedge both 10 raise=lateral")
FEW = Settings(people=8, many=8, worlds=8)
FEWER = Settings(people=4, many=4, worlds=2)


def made(rule: Rule, *, label: Label = "predicted", **fields: object) -> Experiment:
    experiment = Experiment(
        key="mine",
        title="Pelvic tilt",
        study="Pinto2008",
        label=label,
        grade="A",
        published=Published("1.57", value=1.57, unit="deg", p=0.003),
        people=People(n=14),
        arms=((WEDGE,),),
        outputs=("pelvis_tilt",),
        rule=rule,
    )
    return replace(experiment, **fields)  # type: ignore[arg-type]


def answers(changes: list[list[list[float]]], before: list[list[float]] | None = None) -> Answers:
    table = np.array(changes)
    base = np.ones((len(table), table.shape[2])) if before is None else np.array(before)
    return Answers(base, table, np.zeros(len(table)), np.arange(float(len(table))), Counter())


# ---------------------------------------------------------------- pass rules


def test_a_standard_error_follows_from_p_and_n_as_of_a_paired_t_test() -> None:
    # Student's t with 13 degrees of freedom: 3.0123 at p = .01 and 2.1604 at p = .05 (tables of the distribution).
    for p, t in ((0.01, 3.0123), (0.05, 2.1604)):
        experiment = made(Rule("standard errors"), published=Published("x", value=-2.0, unit="deg", p=p))
        assert standard_error(experiment) == pytest.approx(2.0 / t, rel=1e-4)
    told = Published("x", value=2.0, unit="deg", standard_error=0.3, p=0.5, sd=4.0)
    assert standard_error(made(Rule("standard errors"), published=told)) == 0.3
    spread = Published("x", value=2.0, unit="deg", sd=4.0)
    assert standard_error(made(Rule("standard errors"), published=spread, people=People(n=16))) == 1.0
    with pytest.raises(SettingError, match="has no standard error"):
        standard_error(made(Rule("standard errors"), published=Published("x", value=2.0, unit="deg")))


def test_the_interval_of_pinto_is_that_of_the_list_of_benchmarks() -> None:
    """Derived there: about 0.6 to 2.5, 0.25 to 2.6 and 0.7 to 2.2 degrees, by t and not by 1.96."""
    wanted = {"bilateral_tilt": (0.6, 2.5), "unilateral_tilt": (0.25, 2.6), "unilateral_obliquity": (0.7, 2.2)}
    for key, (low, high) in wanted.items():
        experiment = read_packaged()[f"pinto2008_{key}"]
        half = 2.1604 * standard_error(experiment)
        assert experiment.published.value is not None
        assert experiment.published.value - half == pytest.approx(low, abs=0.06)
        assert experiment.published.value + half == pytest.approx(high, abs=0.06)


@pytest.mark.parametrize(
    ("rule", "value", "passed"),
    [
        (Rule("inside", low=1.0, high=2.0), 1.0, True),
        (Rule("inside", low=1.0, high=2.0), 2.01, False),
        (Rule("inside", low=1.0), 99.0, True),
        (Rule("inside", high=1.0), 1.5, False),
        (Rule("sign", direction="+"), 0.1, True),
        (Rule("sign", direction="+"), -0.1, False),
        (Rule("sign", direction="-"), -0.1, True),
        (Rule("sign", direction="-", least=0.5), -0.4, False),
        (Rule("sign", direction="+"), 0.0, False),
        (Rule("null", limit=0.5, partners=("x",)), -0.49, True),
        (Rule("null", limit=0.5, partners=("x",)), -0.5, False),
        (Rule("null", floor="lordosis", partners=("x",)), 2.9, True),
        (Rule("null", floor="lordosis", partners=("x",)), -3.1, False),
        (Rule("at most", limit=1.0), 1.0, True),
        (Rule("at most", limit=1.0), 1.1, False),
        (Rule("at least", limit=1.0), 0.9, False),
        (Rule("at least", limit=1.0), 1.0, True),
        (Rule("relative", tolerance=0.3), 1.57 * 1.29, True),
        (Rule("relative", tolerance=0.3), 1.57 * 0.69, False),
    ],
)
def test_rules_pass_what_they_say(rule: Rule, value: float, passed: bool) -> None:
    assert judge(made(rule), value, None, None)[0] is passed


def test_a_rule_without_limits_takes_what_was_published() -> None:
    for shown, inside, outside in (
        (Published("x", value=2.0, unit="1", sd=0.5), 1.51, 2.51),
        (Published("x", value=2.0, unit="1", low=1.0, high=9.0, sd=0.5), 8.9, 9.1),
    ):
        experiment = made(Rule("inside"), published=shown)
        assert judge(experiment, inside, None, None)[0] is True
        assert judge(experiment, outside, None, None)[0] is False


def test_standard_errors_are_counted_from_the_published_value() -> None:
    experiment = made(Rule("standard errors"), published=Published("x", value=1.5, unit="deg", standard_error=0.5))
    assert judge(experiment, 1.5 + 0.97, 1.0, 3.0)[0] is True
    assert judge(experiment, 1.5 + 0.99, 1.0, 3.0)[0] is False
    assert judge(experiment, -1.5, -2.0, -1.0)[0] is False
    sized = replace(experiment, rule=Rule("standard errors", size=True))
    assert judge(sized, -1.5, -2.0, 1.0)[0] is True


def test_a_monotone_row_goes_on_at_every_arm() -> None:
    rule = Rule("monotone", direction="+")
    assert judge(made(rule), 3.0, None, None, (1.0, 2.0, 3.0))[0] is True
    assert judge(made(rule), 2.0, None, None, (1.0, 2.5, 2.0))[0] is False
    assert judge(made(rule), 2.0, None, None, (-1.0, 1.0, 2.0))[0] is False
    assert judge(made(Rule("monotone", direction="-")), -3.0, None, None, (-1.0, -3.0))[0] is True


@pytest.mark.parametrize(
    "rule", [Rule("sign", direction="+"), Rule("monotone", direction="+"), Rule("standard errors")]
)
def test_a_sign_that_hangs_on_unknowns_is_undetermined_either_way(rule: Rule) -> None:
    for value in (1.57, -1.57):
        passed, reason = judge(made(rule), value, -0.1, 2.0, (0.5 * value, value))
        assert passed is None
        assert "hangs on what the model does not know" in reason
    assert judge(made(rule), 1.57, 0.1, 2.0, (0.5, 1.57))[0] is True


def test_what_is_no_number_is_undetermined() -> None:
    assert judge(made(Rule("sign", direction="+")), math.nan, None, None)[0] is None


# ---------------------------------------------------------------- statistics


def test_statistics_by_hand() -> None:
    two = answers([[[1.0], [2.0]], [[3.0], [6.0]]], before=[[2.0], [4.0]])
    of = made(Rule("inside", low=0.0, high=1.0), arms=((WEDGE,), (WEDGE,)), doses=(1.0, 2.0))
    assert statistic(of, two) == 4.0
    assert statistic(replace(of, measure="value"), two) == 7.0
    assert statistic(replace(of, measure="ratio"), two) == pytest.approx((2.0 + 2.5) / 2)
    assert statistic(replace(of, measure="percent change"), two) == pytest.approx(125.0)
    assert statistic(replace(of, measure="slope"), two) == pytest.approx(2.0)
    assert statistic(replace(of, measure="r squared"), two) == pytest.approx(1.0)
    assert statistic(replace(of, measure="fading"), two) == pytest.approx(2.0)
    bent = answers([[[0.0], [2.0]]])
    # Slope 4/5 through zero leaves (-0.8, 0.4) of (0, 2), whose mean is 1: 1 - 0.8 / 2.
    assert statistic(replace(of, measure="r squared"), bent) == pytest.approx(0.6)


def test_fading_looks_at_median_sizes_and_at_the_worst_step() -> None:
    of = made(
        Rule("at most", limit=1.05), outputs=("shank_rotation", "thigh_rotation", "pelvis_tilt"), measure="fading"
    )
    assert statistic(of, answers([[[4.0, -2.0, 1.9]], [[-4.0, 2.0, -1.9]], [[4.0, 2.0, 50.0]]])) == pytest.approx(0.95)
    assert statistic(of, answers([[[0.0, 1.0, 0.5]]])) == math.inf
    assert statistic(of, answers([[[1.0, 0.0, 0.0]]])) == 0.0


def test_a_correlation_is_that_of_drawn_amounts() -> None:
    of = made(Rule("at least", limit=0.5), drawn=(0.0, 5.0), measure="correlation")
    assert statistic(of, answers([[[2.0 * i]] for i in range(5)])) == pytest.approx(1.0)
    both = replace(of, outputs=("pelvis_tilt", "lordosis"))
    table = [[[float(i), float(i % 2)]] for i in range(4)]
    # Of 0 1 0 1 with 0 1 2 3: covariance 1/4 over sqrt(5/4 * 1/4).
    assert statistic(both, answers(table)) == pytest.approx(0.25 / math.sqrt(5 / 16))
    drawn = draw_amounts(of, 4000, 3)
    assert drawn.std() == pytest.approx(5.0, rel=0.05)
    assert np.abs(draw_amounts(replace(of, drawn=(0.0, 500.0)), 100, 3)).max() <= 35.0


def test_nobody_gives_no_number() -> None:
    nobody = answers([[[1.0]]])
    empty = Answers(nobody.before[:0], nobody.changes[:0], nobody.world[:0], nobody.amounts[:0], Counter({"falls": 2}))
    assert math.isnan(statistic(made(Rule("sign", direction="+")), empty))
    assert joined_answers([empty, empty]).failed == {"falls": 4}


def test_outputs_are_printed_units_of_one_side_of_both_or_turned_round() -> None:
    links = np.zeros((1, len(LINKS)))
    links[0, link_index("shank_rotation_left")], links[0, link_index("shank_rotation_right")] = 0.1, 0.3
    links[0, link_index("hip_height_left")] = 0.01
    assert pick_output("shank_rotation_left", links, None)[0] == pytest.approx(math.degrees(0.1))
    assert pick_output("shank_rotation", links, None)[0] == pytest.approx(math.degrees(0.2))
    assert pick_output("-shank_rotation", links, None)[0] == pytest.approx(-math.degrees(0.2))
    assert pick_output("hip_height_left", links, None)[0] == pytest.approx(10.0)
    targets = np.arange(float(len(TARGETS)))[None]
    assert pick_output("l5_s1_compression", links, targets)[0] == 0.0
    assert (output_unit("pelvis_tilt"), output_unit("l5_s1_compression")) == ("deg", "N")
    with pytest.raises(SettingError, match="is a load and needs muscles"):
        pick_output("l5_s1_compression", links, None)


# ---------------------------------------------------------------- people


def test_bodies_spread_as_the_survey_does() -> None:
    for sex, mean, mass in (("female", 1.6285, 67.8), ("male", 1.7562, 85.5)):
        sizes = body_sizes(sex)  # type: ignore[arg-type]
        assert np.mean([s.height_m for s in sizes]) == pytest.approx(mean, abs=2e-4)
        assert np.mean([s.mass_kg for s in sizes]) == pytest.approx(mass, rel=0.03)


def test_people_of_one_world_share_what_the_model_does_not_know() -> None:
    groups = draw_worlds(["female"], 3, 1)
    assert len(groups) == BODIES
    for name in groups[0].unknowns.names:
        bare = name.removesuffix("_r").removesuffix("_l")
        table = np.stack([g.unknowns.of(name) for g in groups])
        if bare in model_unknowns():
            np.testing.assert_array_equal(table, np.tile(table[0], (BODIES, 1)))
            assert len(set(table[0])) == 3
        else:
            np.testing.assert_array_equal(table, np.tile(table[:, :1], (1, 3)))
            assert len(set(table[:, 0])) == BODIES
    assert model_unknowns() < set(read_unknowns())


def test_so_many_women_and_men_are_drawn_as_asked() -> None:
    groups = draw_people(9, 2, 1)
    assert sum(len(g.unknowns) for g in groups) == 11
    assert len(groups) == BODIES + 2


# ---------------------------------------------------------------- runs


def test_nothing_altered_changes_nothing_and_mirror_images_mirror() -> None:
    bench = Bench.of(draw_people(1, 1, 2))
    still = made(Rule("sign", direction="+"), arms=((parse_change("lift left 0"),),))
    assert np.abs(replay(still, bench, 1).changes).max() == 0.0
    lift = replace(still, arms=((parse_change("lift left 10"),),), outputs=("pelvis_obliquity_left",))
    tilt = replay(lift, bench, 1).changes
    assert (tilt > 1.0).all()
    assert (replay(replace(lift, outputs=("pelvis_obliquity_right",)), bench, 1).changes == -tilt).all()
    assert len(bench.stood) == 2 * 3


def test_a_null_counts_only_with_a_non_null_that_passed() -> None:
    moves = made(Rule("sign", direction="+"), key="moves", arms=((parse_change("lift left 10"),),))
    moves = replace(moves, outputs=("pelvis_obliquity_left",))
    null = replace(moves, key="null", outputs=("lordosis",), rule=Rule("null", floor="lordosis", partners=("moves",)))
    found = validate({"moves": moves, "null": null}, FEWER)
    assert [o.passed for o in found] == [True, True]
    assert "counted with moves" in found[1].reason
    wrong = replace(moves, rule=Rule("sign", direction="-"))
    found = validate({"moves": wrong, "null": null}, FEWER)
    assert [o.passed for o in found] == [False, None]
    assert "not counted, as moves did not pass" in found[1].reason


def test_a_verdict_that_hangs_on_an_unread_input_is_none() -> None:
    """A lift of 10 mm tilts the pelvis, one of 5 mm half as far; what was published lies between the two."""
    arms = ((parse_change("lift left 10"),),)
    lift = made(Rule("inside", low=2.0, high=2.6), arms=arms, outputs=("pelvis_obliquity_left",))
    (plain,) = validate({"mine": lift}, FEWER)
    assert plain.passed is False
    (hedged,) = validate({"mine": replace(lift, unread=((parse_change("lift left 5"),),))}, FEWER)
    assert hedged.passed is None
    assert "hangs on what of the input was not read" in hedged.reason
    assert hedged.low is not None
    assert plain.simulated is not None
    assert hedged.low == pytest.approx(plain.simulated / 2, rel=0.05)
    (missed,) = validate({"mine": replace(lift, unread=((parse_change("lift left 11"),),))}, FEWER)
    assert missed.passed is False


def test_a_change_that_nobody_stands_through_is_said_and_not_judged() -> None:
    fallen = made(
        Rule("sign", direction="+"), arms=((parse_change("lift left 120"), parse_change("wedge both 35 raise=medial")),)
    )
    (outcome,) = validate({"mine": fallen}, FEWER)
    assert (outcome.simulated, outcome.passed, outcome.verdict) == (None, None, "-")
    assert "people cannot be computed" in outcome.reason


def test_walking_without_a_walk_is_said() -> None:
    (outcome,) = validate({"mine": made(Rule("sign", direction="+"), task="walking")}, FEW)
    assert (outcome.passed, outcome.reason) == (None, "no walk is at hand")


def test_every_quantity_is_computed() -> None:
    wanted = {k: e for k, e in read_packaged().items() if e.quantity}
    assert len(wanted) == 11
    for outcome in validate(wanted, replace(FEW, people=2)):
        assert outcome.simulated is not None, outcome.experiment.key
        assert math.isfinite(outcome.simulated)


def test_terms_can_be_switched_off_and_the_body_still_rests() -> None:
    terms = switch_off(made(Rule("sign", direction="+")))
    assert set(terms) == set(TERMS)
    assert terms["all terms"] != pytest.approx(terms["without muscles coupling joints"], abs=1e-3)
    assert np.isfinite([v for k, v in terms.items() if not k.startswith("geometry")]).all()
    still = switch_off(made(Rule("sign", direction="+"), arms=((parse_change("lift both 0"),),)))
    assert max(abs(v) for v in still.values()) < 1e-6
    with pytest.raises(SettingError, match="no term can be switched off"):
        switch_off(made(Rule("sign", direction="+"), task="walking"))


# ---------------------------------------------------------------- what is said


def test_keys_and_studies_select() -> None:
    known = read_packaged()
    assert list(select([], known)) == list(known)
    assert list(select(["Hinman2012"], known)) == ["hinman2012_peak", "hinman2012_impulse"]
    assert list(select(["boyd2009_symptoms"], known)) == ["boyd2009_symptoms"]
    with pytest.raises(SettingError, match="Did you mean 'Pinto2008'"):
        select(["Pinto2009"], known)


def test_shares_leave_out_what_is_not_counted() -> None:
    rule = Rule("sign", direction="+")
    rows = [
        Outcome(made(rule), 1.0, passed=True),
        Outcome(made(rule), 1.0, passed=False),
        Outcome(made(rule), 1.0, passed=None),
        Outcome(made(rule, is_counted=False), 1.0, passed=False),
        Outcome(made(rule, label="input check", reason="x"), 1.0, passed=True),
    ]
    assert share_passed(rows) == (1, 1, 3)
    text = render_validation(rows)
    assert "Of 3 predicted rows 1 pass (33 %), 1 are undetermined or could not be computed, 1 miss." in text.replace(
        "\n", " "
    )
    assert max(len(line) for line in text.splitlines()) <= 100


def test_json_holds_what_was_promised_and_no_nan() -> None:
    rows = (Outcome(made(Rule("sign", direction="+")), 1.0, 0.5, 1.5, 0.2, "deg", 14, True, "wanted +"),)
    (row,) = json.loads(validation_json(rows))["experiments"]
    wanted = {"key", "label", "grade", "published", "simulated", "low", "high", "unit", "passed", "reason"}
    assert wanted <= set(row)
    assert (row["key"], row["published"], row["simulated"], row["passed"]) == ("mine", 1.57, 1.0, True)
    endless = (Outcome(made(Rule("at most", limit=1.0)), math.inf, math.nan, 1.0, unit="1"),)
    (row,) = json.loads(validation_json(endless, {"mine": {"all terms": math.nan}}))["experiments"]
    assert (row["simulated"], row["low"], row["high"], row["mechanisms"]) == (None, None, 1.0, {"all terms": None})
    assert "inf" not in render_validation(endless)


def test_the_command_ends_with_what_it_found(tmp_path: Path) -> None:
    run = CliRunner().invoke
    nothing = run(app, ["validate", "smith2022_gait", "adamshutton1980_erect"])
    assert (nothing.exit_code, "how people with back pain walk" in nothing.stdout) == (0, True)
    path = tmp_path / "mine.toml"
    text = """
[[experiment]]
key = "mine"
title = "Share of the facet joints"
study = "AdamsHutton1980"
label = "input check"
reason = "taken from it"
grade = "A"
quantity = "facet_share_erect"
measure = "value"
published = { text = "16 %", value = 16.0, unit = "%" }
rule = { kind = "at least", limit = 50.0 }
"""
    path.write_text(text, encoding="utf-8")
    missed = run(app, ["validate", str(path), "--json"])
    assert missed.exit_code == 1
    assert json.loads(missed.stdout)["experiments"][0]["passed"] is False
