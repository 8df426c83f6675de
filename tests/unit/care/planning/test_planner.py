"""Plans of people whose plan was worked out by hand from the rules."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from care_people import TODAY, adult, drivers, finding, item, plan_of, player, treatment, with_pain
from kinechain.care.person.person import Person, Score, Symptom, Treatment
from kinechain.care.planning.goals import noticed_drop
from kinechain.care.planning.plan import Goal, Plan
from kinechain.care.planning.planner import make_plan
from kinechain.care.screening.lock import unlock
from kinechain.core.errors import LockedError, SettingError

STRETCHED = Treatment("stretching", "foot", 8.0, "same")


def exercises(plan: Plan) -> list[str]:
    return [part.id.removeprefix("exercise.") for part in plan.exercises]


def part_ids(plan: Plan, start: str = "") -> list[str]:
    return [part.id for part in plan.parts if part.id.startswith(start)]


def goal(plan: Plan, measure: str) -> Goal:
    return next(part for part in plan.parts if isinstance(part, Goal) and part.measure == measure)


def said(plan: Plan) -> set[str]:
    return {s.key.removeprefix("plan.") for part in plan.parts for s in part.sentences}


# ---------------------------------------------------------------- the four plans of the first milestone


def test_low_back_pain_from_the_examination_sheet_alone() -> None:
    lunge = (item("lunge_test", "left", 8.0, "cm"), item("lunge_test", "right", 10.0, "cm"))
    plan = plan_of(with_pain("low_back", pain_average=6.0, exam=lunge))
    assert plan.mode == "care"
    assert exercises(plan) == ["bridge.both", "ankle_dorsiflexion_stretch.left", "bird_dog.both"]
    assert [h.player for h in plan.hypotheses] == ["lunge_test left"]
    assert (goal(plan, "lunge_test left").baseline, goal(plan, "lunge_test left").target) == (8.0, 9.0)
    assert {"edu_active", "edu_course_back", "walk_start", "no_imaging", "no_belts", "no_tens"} <= said(plan)


@pytest.mark.parametrize(("difference", "is_a_reason"), [(1.4, False), (1.5, False), (1.6, True)])
def test_a_lunge_difference_counts_only_above_its_error(difference: float, is_a_reason: bool) -> None:
    lunge = (item("lunge_test", "left", 10.0, "cm"), item("lunge_test", "right", 10.0 + difference, "cm"))
    plan = plan_of(with_pain("low_back", exam=lunge))
    assert ("ankle_dorsiflexion_stretch.left" in exercises(plan)) == is_a_reason


def test_plantar_heel_pain_starts_with_the_stretch_and_taping() -> None:
    plan = plan_of(with_pain("heel_left", pain_average=5.0, first_step_pain=7.0))
    assert exercises(plan) == ["plantar_fascia_stretch.left"]
    assert (goal(plan, "nprs").target, goal(plan, "nprs first step").target) == (3.5, 5.0)
    taping = next(part for part in plan.parts if part.id == "taping.low_dye")
    assert taping.audience == "clinician" and taping not in plan.for_patient()
    assert "footwear.fit" in part_ids(plan)
    assert "edu_course_heel" in said(plan) and "edu_course_back" not in said(plan)


def test_loading_comes_only_after_the_stretch_was_tried_for_six_weeks() -> None:
    assert exercises(plan_of(with_pain("heel", treatments=(STRETCHED,)))) == [
        "plantar_fascia_stretch.both",
        "heel_raise_towel.both",
    ]
    for short in (replace(STRETCHED, weeks=5.0), replace(STRETCHED, response="better"), replace(STRETCHED, weeks=None)):
        assert exercises(plan_of(with_pain("heel", treatments=(short,)))) == ["plantar_fascia_stretch.both"]


def test_a_stiff_calf_as_driver_is_stretched_on_its_side_and_tested_again() -> None:
    plan = plan_of(with_pain("low_back"), drivers=drivers(player("calf_tightness", "left")))
    assert exercises(plan) == ["bridge.both", "ankle_dorsiflexion_stretch.left", "bird_dog.both"]
    (hypothesis,) = plan.hypotheses
    assert (hypothesis.player, hypothesis.measure, hypothesis.p_relevant) == (
        "calf_tightness left",
        "lunge_test left",
        0.8,
    )
    assert hypothesis.parts == ("exercise.ankle_dorsiflexion_stretch.left", "goal.calf_tightness.left")
    stretch = next(e for e in plan.exercises if e.exercise == "ankle_dorsiflexion_stretch")
    assert [(b.kind, b.ref) for b in stretch.because] == [("driver", "calf_tightness left")]
    assert "80 %" in stretch.because[0].sentence.text
    assert goal(plan, "lunge_test left").target == pytest.approx(8.0 + 1.9)


def test_somebody_without_pain_gets_prevention_and_no_sheet() -> None:
    exam = (item("fpi6", "left", 9.0, "points"), item("leg_length_imaging", "left", 12.0, "mm"))
    plan = plan_of(adult(exam=exam), drivers=drivers(player("calf_tightness", "left")))
    assert plan.mode == "screen only"
    assert exercises(plan) == ["bridge.both", "bird_dog.both"]
    assert {part.kind for part in plan.parts} <= {"advice", "exercise", "referral", "not offered"}
    assert "edu_prevention" in said(plan) and not plan.hypotheses


@pytest.mark.parametrize(
    ("person", "mode"),
    [
        (adult(), "screen only"),
        (with_pain(pain_average=0.0, pain_worst=0.0), "screen only"),
        (with_pain(pain_average=1.0), "care"),
        (with_pain(first_step_pain=2.0), "care"),
        (with_pain("toes_left"), "care"),
        (adult(symptoms=(Symptom("pain", "knee_left"),)), "care"),
        (adult(symptoms=(Symptom("tingling", "knee_left"),)), "screen only"),
        (adult(questionnaires=(Score("nprs", 3.0),)), "care"),
    ],
)
def test_pain_decides_the_mode(person: Person, mode: str) -> None:
    assert plan_of(person).mode == mode


# ---------------------------------------------------------------- lock, replacement, identity


def test_a_proof_of_other_answers_is_refused() -> None:
    proof = unlock(adult())
    with pytest.raises(LockedError, match="other answers"):
        make_plan(with_pain("low_back"), proof, today=TODAY, version="1")
    with pytest.raises(LockedError, match="other answers"):
        make_plan(adult(), object(), today=TODAY, version="1")  # type: ignore[arg-type]


def test_a_new_plan_replaces_and_says_why() -> None:
    first = plan_of(with_pain("low_back"))
    person = with_pain("low_back", pain_average=4.0)
    later = TODAY + timedelta(days=42)
    second = make_plan(person, unlock(person), today=later, version="0.1.0", previous=first, reason="week 6 review")
    assert (second.replaces, second.reason) == (first.id, "week 6 review")
    with pytest.raises(SettingError, match="reason"):
        plan_of(person, previous=first)
    with pytest.raises(SettingError, match="reason"):
        plan_of(person, reason="because")
    with pytest.raises(SettingError, match="later"):
        make_plan(person, unlock(person), today=date(2026, 1, 1), version="1", previous=first, reason="x")


def test_heel_loading_follows_the_stages_of_its_trial() -> None:
    person = with_pain("heel", treatments=(STRETCHED,))
    plan = plan_of(person)
    doses = []
    for weeks in (0, 2, 4):
        later = TODAY + timedelta(weeks=weeks)
        new = make_plan(person, unlock(person), today=later, version="1", previous=plan, reason="next stage")
        doses.append(next((e.dose.sets, e.dose.repetitions) for e in new.exercises if e.exercise == "heel_raise_towel"))
    assert doses == [((3, 3), (12, 12)), ((4, 4), (10, 10)), ((5, 5), (8, 8))]


def test_a_stage_is_kept_over_plans_that_replace_each_other() -> None:
    person = with_pain("heel", treatments=(STRETCHED,))
    plan, sets = plan_of(person), []
    for weeks in (2, 4, 6):
        later = TODAY + timedelta(weeks=weeks)
        plan = make_plan(person, unlock(person), today=later, version="1", previous=plan, reason="two weeks on")
        sets.append(next(e.dose.sets for e in plan.exercises if e.exercise == "heel_raise_towel"))
    assert sets == [(4, 4), (5, 5), (5, 5)]


def test_the_same_input_gives_the_same_id_and_any_change_another() -> None:
    person = with_pain("low_back", pain_average=6.0)
    plan = plan_of(person)
    assert plan.id == plan_of(with_pain("low_back", pain_average=6.0)).id
    assert replace(plan, version="0.1.1").id != plan.id
    assert replace(plan, reviews=plan.reviews[:2]).id != plan.id
    assert replace(plan, not_asked=()).id != plan.id
    assert replace(plan, parts=plan.parts[::-1]).id != plan.id
    whole = [replace(p, baseline=6) if isinstance(p, Goal) and p.measure == "nprs" else p for p in plan.parts]
    assert replace(plan, parts=tuple(whole)).id == plan.id


# ---------------------------------------------------------------- findings and drivers


def test_only_a_finding_beyond_its_own_error_becomes_a_reason() -> None:
    weak = finding("hip.abduction_strength", "left", 70.0, 5.0, 10.0)
    person = with_pain("low_back")
    assert "clamshell.left" in exercises(plan_of(person, findings=[weak]))
    doubtful = [
        replace(weak, verdict="unknown"),
        replace(weak, verdict="within"),
        finding("hip.abduction_strength", "left", 82.0, 5.0, 10.0),  # 8 below the edge, the error is 10
        finding("hip.abduction_strength", "left", 85.0, 5.0, 1.0),  # the interval touches the edge
        finding("hip.abduction_strength", "left", 70.0, 0.0, None),  # its error is not known
        replace(weak, norm=None),
        replace(weak, norm=replace(weak.norm, is_adult=False)),
        finding("hip.abduction_strength", "left", 130.0, 5.0, 10.0),  # stronger than usual
    ]
    for one in doubtful:
        assert "clamshell.left" not in exercises(plan_of(person, findings=[one])), one


def test_a_reason_says_what_was_found_and_what_is_usual() -> None:
    weak = finding("hip.abduction_strength", "left", 70.0, 5.0, 10.0)
    open_ended = replace(weak, norm=replace(weak.norm, high=float("inf")))
    for one, usual in ((weak, "90 to 110"), (open_ended, "at least 90")):
        clamshell = plan_of(with_pain("low_back"), findings=[one]).exercises[1]
        (reason,) = clamshell.because
        assert (reason.kind, reason.ref) == ("finding", "hip.abduction_strength left")
        usual_text = f"outside what is usual in adults of a test ({usual}), by more than the test errs."
        assert reason.sentence.text == f"hip.abduction_strength (left): 70 cm, {usual_text}"
    slump = item("slump", "left", 1.0, "negative / positive")
    plan = plan_of(with_pain("low_back", exam=(slump,)))
    texts = [b.sentence.text for part in plan.parts for b in part.because if b.ref == "slump left"]
    assert texts == ["Examination: Slump test (left): positive."]


def test_findings_of_both_sides_are_one_exercise() -> None:
    both = [finding("hip.abduction_strength", side, 70.0, 5.0, 10.0) for side in ("left", "right")]
    plan = plan_of(with_pain("low_back"), findings=both)
    assert "clamshell.both" in exercises(plan)
    assert {h.player for h in plan.hypotheses} == {"hip_abduction_strength left", "hip_abduction_strength right"}


@pytest.mark.parametrize(
    "item_id", ["navicular_drop", "arch_index", "trendelenburg", "sorensen", "prone_plank", "y_balance"]
)
def test_measures_that_only_describe_choose_no_exercise(item_id: str) -> None:
    unit = {"navicular_drop": "mm", "arch_index": "ratio", "sorensen": "s", "prone_plank": "s"}.get(item_id, "")
    plain = plan_of(with_pain("low_back"))
    with_item = plan_of(with_pain("low_back", exam=(item(item_id, "left", 1.0, unit),)))
    assert exercises(with_item) == exercises(plain)


@pytest.mark.parametrize(
    ("answer", "sentence", "ref"),
    [
        ({"undetermined": True}, "edu_undetermined", "undetermined"),
        ({"leading": ()}, "edu_nothing_in_chain", "none supported"),
    ],
)
def test_where_the_chain_supports_nothing_the_plan_says_so_and_stands_on_rules(answer, sentence, ref) -> None:
    made = drivers(player("calf_tightness", "left"), player("hip_abductor_weakness", "right"), **answer)
    weak = finding("hip.abduction_strength", "right", 70.0, 5.0, 10.0)
    plan = plan_of(with_pain("low_back"), drivers=made, findings=[weak])
    assert exercises(plan) == ["bridge.both", "bird_dog.both"]
    assert not plan.hypotheses
    chain = next(part for part in plan.parts if part.id == "education.chain")
    assert [s.key for s in chain.sentences] == [f"plan.{sentence}"]
    assert [(b.kind, b.ref) for b in chain.because] == [("driver", ref)]


def test_a_player_outside_the_leading_set_is_no_reason_even_if_it_is_a_finding() -> None:
    made = drivers(
        player("calf_tightness", "left"), player("hip_abductor_weakness", "right"), leading=("calf_tightness left",)
    )
    weak = finding("hip.abduction_strength", "right", 70.0, 5.0, 10.0)
    plan = plan_of(with_pain("low_back"), drivers=made, findings=[weak])
    assert exercises(plan) == ["bridge.both", "ankle_dorsiflexion_stretch.left", "bird_dog.both"]


def test_a_plan_has_at_most_three_exercises_however_much_is_found() -> None:
    many = drivers(
        player("calf_tightness", "left"), player("hip_abductor_weakness", "right"), player("arch_drop", "left")
    )
    plan = plan_of(with_pain("low_back", "heel_right"), drivers=many)
    assert exercises(plan) == ["plantar_fascia_stretch.right", "bridge.both", "short_foot.left"]


def test_a_driver_that_no_exercise_answers_is_kept_in_view() -> None:
    plan = plan_of(with_pain("low_back"), drivers=drivers(player("leg_length", "middle")))
    note = next(part for part in plan.parts if part.id == "education.driver.leg_length")
    assert note.audience == "clinician"
    assert "plan.edu_leg_length_first" in {s.key for s in note.sentences}
    assert [(h.player, h.measure) for h in plan.hypotheses] == [("leg_length", "leg_length_block")]
    assert not part_ids(plan, "heel_lift")


def test_a_driver_whose_exercise_is_kept_away_is_tested_again_all_the_same() -> None:
    stiff = drivers(player("calf_tightness", "left"))
    plan = plan_of(with_pain("low_back", conditions={"recent_surgery_or_fracture": "yes"}), drivers=stiff)
    assert not plan.exercises
    assert [(h.player, h.measure) for h in plan.hypotheses] == [("calf_tightness left", "lunge_test left")]
    note = next(part for part in plan.parts if part.id == "education.driver.calf_tightness.left")
    assert [s.key for s in note.sentences] == ["plan.edu_not_answered"]


def test_options_name_their_interval_and_what_cannot_be_told() -> None:
    one = treatment("calf_tightness left", low=-20.0, high=-5.0)
    two = treatment("calf_tightness left", "leg_length", low=-30.0, high=4.0)
    made = drivers(player("calf_tightness", "left"), player("leg_length", "middle"), treatments=(one, two))
    part = next(p for p in plan_of(with_pain("low_back"), drivers=made).parts if p.id == "options.chain")
    texts = [s.text for s in part.sentences]
    assert part.audience == "clinician"
    assert any("-12.5 (-20 to -5) N" in text for text in texts)
    assert any("-30 to +4 N" in text and "not identifiable" in text for text in texts)
    assert "not identifiable" in texts[-1]
    assert not part_ids(plan_of(with_pain("low_back"), drivers=drivers(player("leg_length", "middle"))), "options")


# ---------------------------------------------------------------- goals


@pytest.mark.parametrize(
    ("start", "points", "target"), [(10, 2, 8), (6, 2, 4.2), (2, 2, 1.4), (0, 2, 0), (20, 5, 15), (10, 5, 7)]
)
def test_a_drop_is_noticed_by_points_or_by_share(start: float, points: float, target: float) -> None:
    assert noticed_drop(start, points) == pytest.approx(target)


def test_goals_without_a_baseline_ask_to_measure_first() -> None:
    plan = plan_of(with_pain("low_back", "heel_left"))
    for measure in ("nprs", "nprs first step", "psfs", "rmdq24"):
        assert (goal(plan, measure).baseline, goal(plan, measure).target) == (None, None)
    assert "goal_measure_first" in said(plan)


def test_goals_of_questionnaires() -> None:
    scores = (
        Score("psfs", 4.0, {"1": 3.0, "2": 5.0}, ("climb the stairs", "lift my child")),
        Score("rmdq24", 12.0),
        Score("nprs", 5.0),
    )
    plan = plan_of(with_pain("low_back", questionnaires=scores))
    assert (goal(plan, "psfs 1").baseline, goal(plan, "psfs 1").target) == (3.0, None)
    assert "climb the stairs" in goal(plan, "psfs 1").title.text
    assert (goal(plan, "rmdq24").baseline, goal(plan, "rmdq24").target) == (12.0, pytest.approx(8.4))
    assert goal(plan, "nprs").target == 3.5
    low = plan_of(with_pain("low_back", questionnaires=(Score("rmdq24", 3.0),)))
    assert (goal(low, "rmdq24").baseline, goal(low, "rmdq24").target) == (3.0, None)


@pytest.mark.parametrize(
    ("score", "sentence"),
    [
        (Score("startback", 3.0), "edu_risk_low"),
        (Score("startback", 5.0, {"subscale": 3.0}), "edu_risk_medium"),
        (Score("startback", 7.0, {"subscale": 4.0}), "edu_risk_high"),
    ],
)
def test_the_startback_group_sorts_low_back_pain_only(score: Score, sentence: str) -> None:
    plan = plan_of(with_pain("low_back", questionnaires=(score,)))
    assert sentence in said(plan)
    assert ("refer_psychological" in said(plan)) == (sentence == "edu_risk_high")
    assert ("referral.physiotherapist" in " ".join(part_ids(plan))) == (sentence != "edu_risk_low")
    assert sentence not in said(plan_of(with_pain("heel", questionnaires=(score,))))


# ---------------------------------------------------------------- walking, doses, reading


def test_walking_starts_from_where_the_person_is() -> None:
    assert "walk_minutes" in said(plan_of(with_pain("low_back", activity_minutes=60.0)))
    assert "walk_steps" in said(plan_of(with_pain("low_back", steps_per_day=4000.0)))
    assert "walk_measure_first" in said(plan_of(with_pain("low_back")))


def test_older_adults_hold_a_stretch_longer() -> None:
    young, old = (
        plan_of(with_pain("low_back", age_years=a), drivers=drivers(player("calf_tightness", "left")))
        for a in (64.0, 65.0)
    )
    assert [e.dose.hold_s for e in young.exercises if e.dose.hold_s] == [(10.0, 30.0)]
    assert [e.dose.hold_s for e in old.exercises if e.dose.hold_s] == [(30.0, 60.0)]


def test_what_was_not_asked_is_named() -> None:
    texts = " ".join(s.text for s in plan_of(with_pain("low_back")).not_asked)
    assert "heart disease that limits effort" in texts and "STarT Back" in texts
    told = {key: "no" for key in ("heart_disease",)}
    assert "heart disease" not in " ".join(s.text for s in plan_of(with_pain("low_back", conditions=told)).not_asked)


def test_a_patient_reads_none_of_the_clinicians_sentences() -> None:
    plan = plan_of(with_pain("low_back"))
    education = next(part for part in plan.parts if part.id == "education.pain")
    assert "plan.edu_active_clinician" not in {s.key for s in education.said_to("patient")}
    assert "plan.edu_active" not in {s.key for s in education.said_to("clinician")}
