"""Orthosis sheets, heel lifts, stimulation, contraindications and referral, worked out by hand from the rules."""

from dataclasses import replace
from datetime import timedelta

import pytest

from care_people import CALM, TODAY, adult, item, plan_of, with_pain
from kinechain.care.person.person import Person, Symptom, Treatment
from kinechain.care.planning.contraindications import (
    against,
    contraindications,
    is_kept_away,
    parse_contraindications,
    what_is_known,
)
from kinechain.care.planning.exercise_choice import exercise_part
from kinechain.care.planning.heel_lift import leg_difference
from kinechain.care.planning.maintenance import has_relapsed, maintain
from kinechain.care.planning.orthosis import CUSTOM, PREFABRICATED, sheet
from kinechain.care.planning.plan import HeelLift, NotOffered, Orthosis, OrthosisParameters, Plan, Referral
from kinechain.care.planning.planner import make_plan
from kinechain.care.planning.reasons import because_rule
from kinechain.care.planning.referral import referral_for
from kinechain.care.planning.stimulation import stimulation, stimulation_blocks
from kinechain.care.screening.lock import unlock
from kinechain.care.screening.red_flags import screen_person
from kinechain.core.errors import EvidenceError, SettingError
from kinechain.core.estimate import Estimate
from kinechain.evidence.clinical import exercises

PRONATED = (item("fpi6", "left", 7.0, "points"),)
EXERCISED = Treatment("exercise", "back", 8.0, "same")
STRETCHED = Treatment("stretching", "foot", 8.0, "worse")
SOME = (("pelvic tilt", Estimate(-0.8, -1.5, -0.1, "deg", "what-if")),)


def told(parameters: OrthosisParameters, side: str) -> tuple[tuple[str, Estimate], ...]:
    """Predict the same of any insole; nobody asks of one that changes nothing."""
    assert parameters.rearfoot_posting_deg and side in ("left", "right")
    return SOME


def sheets(plan: Plan) -> list[Orthosis]:
    return [part for part in plan.parts if isinstance(part, Orthosis)]


def lifts(plan: Plan) -> list[HeelLift]:
    return [part for part in plan.parts if isinstance(part, HeelLift)]


def referred(plan: Plan) -> set[tuple[str, str]]:
    return {(part.to, part.urgency) for part in plan.parts if isinstance(part, Referral)}


# ---------------------------------------------------------------- orthoses (R5.7)


def test_back_pain_with_pronated_feet_and_failed_care_may_try_a_custom_insole_for_four_weeks() -> None:
    person = with_pain("low_back", pain_weeks=30.0, treatments=(EXERCISED,), exam=PRONATED)
    (made,) = sheets(plan_of(person, predict=told))
    assert (made.side, made.rearfoot_posting_deg, made.trial_weeks) == ("left", CUSTOM.rearfoot_posting_deg, 4)
    assert made.stop_on == TODAY + timedelta(weeks=4)
    assert made.predicted == SOME
    assert made.audience == "clinician"
    assert any("-0.8 (-1.5 to -0.1) deg" in s.text for s in made.sentences)


@pytest.mark.parametrize(
    "person",
    [
        with_pain("low_back", pain_weeks=30.0, treatments=(EXERCISED,)),
        with_pain("low_back", pain_weeks=30.0, treatments=(EXERCISED,), exam=(item("fpi6", "left", 5.0, "points"),)),
        with_pain("low_back", pain_weeks=30.0, exam=PRONATED),
        with_pain("low_back", pain_weeks=30.0, exam=PRONATED, treatments=(replace(EXERCISED, response="better"),)),
        with_pain("low_back", pain_weeks=30.0, exam=PRONATED, treatments=(replace(EXERCISED, weeks=5.0),)),
        with_pain(
            "low_back", pain_weeks=30.0, exam=PRONATED, treatments=(EXERCISED, replace(EXERCISED, response="better"))
        ),
        with_pain("low_back", pain_weeks=30.0, exam=PRONATED, treatments=(replace(EXERCISED, region="foot"),)),
        with_pain("low_back", pain_weeks=4.0, exam=PRONATED, treatments=(EXERCISED,)),
        with_pain(
            "low_back",
            pain_weeks=30.0,
            treatments=(EXERCISED,),
            exam=(*PRONATED, item("leg_length_block", "left", 8.0, "mm")),
        ),
        with_pain("knee_left", pain_weeks=30.0, treatments=(EXERCISED,), exam=PRONATED),
        with_pain("heel_left", pain_weeks=30.0, treatments=(EXERCISED,), exam=PRONATED),
        with_pain(
            "low_back", pain_weeks=30.0, treatments=(EXERCISED,), exam=PRONATED, conditions={"neuropathy": "unknown"}
        ),
        adult(exam=PRONATED),
    ],
)
def test_no_sheet_unless_every_condition_holds(person: Person) -> None:
    assert not sheets(plan_of(person, predict=told))


def test_heel_pain_starts_with_a_prefabricated_shell_that_predicts_nothing() -> None:
    person = with_pain("heel_left", treatments=(STRETCHED,), exam=PRONATED)
    (made,) = sheets(plan_of(person, predict=told))
    assert made.material == PREFABRICATED.material
    assert made.predicted == ()
    again = Treatment("insoles_prefabricated", "foot", 6.0, "same")
    (next_one,) = sheets(plan_of(replace(person, history=replace(person.history, treatments=(STRETCHED, again)))))
    assert next_one.rearfoot_posting_deg == CUSTOM.rearfoot_posting_deg


def test_zero_parameters_give_zero_effect() -> None:
    made = sheet(OrthosisParameters(), "left", (because_rule("R5.7"),), TODAY, SOME)
    assert made.predicted == ()
    assert "plan.orthosis_zero" in {s.key for s in made.sentences}
    with pytest.raises(SettingError, match="zero"):
        replace(made, predicted=SOME)
    posted = sheet(OrthosisParameters(arch_mm=1.0), "left", (because_rule("R5.7"),), TODAY, SOME)
    assert posted.predicted == SOME


def test_a_sheet_is_for_the_clinician_alone() -> None:
    made = sheet(CUSTOM, "left", (because_rule("R5.7"),), TODAY)
    with pytest.raises(SettingError, match="clinician"):
        replace(made, audience="both")


# ---------------------------------------------------------------- heel lifts (R5.8)


def blocks(*values: tuple[str, float]) -> tuple:
    return tuple(
        item("leg_length_block", side, value, "mm", part=f"repeat {place}")
        for place, (side, value) in enumerate(values, 1)
    )


@pytest.mark.parametrize(
    ("exam", "side", "value"),
    [
        ((item("leg_length_imaging", "right", 12.0, "mm"),), "right", 12.0),
        (blocks(("left", 8.0), ("left", 10.0)), "left", 9.0),
        (blocks(("left", 5.0), ("left", 5.0)), "left", 5.0),
    ],
)
def test_imaging_or_agreeing_blocks_allow_a_lift(exam, side: str, value: float) -> None:
    (made,) = lifts(plan_of(with_pain("low_back", exam=exam)))
    assert made.side == side and made.audience == "clinician"
    assert made.difference.value == pytest.approx(value)
    assert made.lift_mm == pytest.approx(0.7 * value, abs=0.25)
    assert 0 < made.first_step_mm <= min(3.0, made.lift_mm)
    assert made.difference.low <= value <= made.difference.high


@pytest.mark.parametrize(
    "exam",
    [
        blocks(("left", 10.0)),
        blocks(("left", 10.0), ("right", 10.0)),
        blocks(("left", 4.0), ("left", 5.0)),
        blocks(("left", 5.0), ("left", 30.0)),
        (item("leg_length_imaging", "right", 4.9, "mm"),),
        (
            item("leg_length_imaging", "right", 12.0, "mm"),
            item("leg_length_imaging", "left", 12.0, "mm", part="repeat 2"),
        ),
        (item("leg_length_tape", "left", 800.0, "mm"), item("leg_length_tape", "right", 830.0, "mm")),
    ],
)
def test_one_block_test_disagreement_tape_or_little_gives_no_lift(exam) -> None:
    person = with_pain("low_back", exam=exam)
    assert leg_difference(person) is None
    assert not lifts(plan_of(person))


def test_a_lift_needs_matching_symptoms() -> None:
    exam = (item("leg_length_imaging", "right", 12.0, "mm"),)
    assert not lifts(plan_of(with_pain("heel_left", exam=exam)))
    assert not lifts(plan_of(adult(exam=exam)))


# ---------------------------------------------------------------- electrical stimulation (R-EMS)

EMS = (
    *(
        "pacemaker_or_implant",
        "blood_clot_now_or_suspected",
        "bleeding_disorder",
        "infection_now",
        "cannot_feel_or_report",
    ),
    *("cancer_now", "skin_damaged_at_site", "peripheral_arterial_disease", "undiagnosed_pain", "epilepsy"),
    *("heart_rhythm_disorder", "irradiated_tissue", "recent_surgery_or_fracture", "osteoporosis", "neuropathy"),
)


def test_stimulation_is_never_recommended_even_if_nothing_blocks_it() -> None:
    person = adult(conditions=dict.fromkeys(EMS, "no"))
    assert stimulation_blocks(what_is_known(person)) == ()
    part = stimulation(what_is_known(person))
    assert isinstance(part, NotOffered)
    assert [s.key for s in part.sentences] == ["plan.stimulation_default", "plan.stimulation_evidence"]


@pytest.mark.parametrize("key", EMS)
@pytest.mark.parametrize("answer", ["yes", "unknown", "skipped", None])
def test_any_yes_or_unknown_blocks_stimulation(key: str, answer: str | None) -> None:
    told = {**dict.fromkeys(EMS, "no"), key: answer}
    person = adult(conditions={k: v for k, v in told.items() if v is not None})
    assert f"conditions.{key}" in stimulation_blocks(what_is_known(person))
    assert "plan.stimulation_blocked" in {s.key for s in stimulation(what_is_known(person)).sentences}


def test_pregnancy_and_missing_feeling_block_stimulation() -> None:
    calm = dict.fromkeys(EMS, "no")
    assert stimulation_blocks(what_is_known(adult({"pregnancy": "unknown"}, conditions=calm))) == ("screen.pregnancy",)
    numb = adult(conditions=calm, exam=(item("monofilament", "left", 2.0, "sites felt"),))
    assert stimulation_blocks(what_is_known(numb)) == ("insensate",)


# ---------------------------------------------------------------- contraindications


@pytest.mark.parametrize(
    ("person", "away", "given"),
    [
        (
            adult(conditions={"osteoporosis": "yes"}),
            ("curl_up", "swimmer_ball", "prone_hip_extension"),
            ("bridge", "bird_dog"),
        ),
        (adult(conditions={"osteoporosis": "unknown"}), ("curl_up", "swimmer_ball"), ("bridge",)),
        (adult(conditions={"hip_replacement": "skipped"}), ("clamshell", "hip_flexor_stretch"), ("calf_raise",)),
        (adult(conditions={"knee_replacement": "yes"}), ("bird_dog", "hip_flexor_stretch"), ("bridge",)),
        (adult(conditions={"falls_last_year": "yes"}), ("single_leg_balance", "swimmer_ball"), ("calf_raise",)),
        (adult(exam=(item("single_leg_stance", "left", 4.9, "s"),)), ("single_leg_balance",), ("calf_raise",)),
        (
            adult(exam=(item("monofilament", "left", 2.0, "sites felt"),)),
            ("short_foot", "heel_raise_towel"),
            ("calf_raise",),
        ),
        (adult(exam=(item("ipswich_touch", "left", 1.0, "sites not felt"),)), ("single_leg_balance",), ("bridge",)),
        (adult(conditions={"recent_surgery_or_fracture": "unknown"}), tuple(exercises()), ()),
        (adult({"pregnancy": "yes"}), tuple(exercises()), ()),
        (adult(conditions={"heart_disease": "yes"}), ("walking_programme", "heel_raise_towel"), ("bridge",)),
        (adult(conditions={"peripheral_arterial_disease": "yes"}), ("calf_raise", "walking_programme"), ("bridge",)),
        (adult(), ("sciatic_slider",), ("heel_raise_towel", "calf_raise", "walking_programme", "single_leg_balance")),
    ],
)
def test_what_is_kept_away(person: Person, away: tuple[str, ...], given: tuple[str, ...]) -> None:
    for key in away:
        assert is_kept_away(key, what_is_known(person)), key
    for key in given:
        assert not is_kept_away(key, what_is_known(person)), key


@pytest.mark.parametrize("key", ["achilles_rupture", "stress_fracture"])
@pytest.mark.parametrize("answer", ["yes", "unknown", "skipped", None])
def test_heels_are_never_raised_while_a_tear_or_a_cracked_bone_is_possible(key: str, answer: str | None) -> None:
    told = {**CALM, key: answer}
    person = Person(age_years=40.0, screen={k: v for k, v in told.items() if v is not None})  # type: ignore[misc]
    assert is_kept_away("heel_raise_towel", what_is_known(person)) and is_kept_away("calf_raise", what_is_known(person))
    with pytest.raises(SettingError, match="not for this person"):
        exercise_part("calf_raise", "both", (because_rule("R5.2"),), what_is_known(person), 0.0)


def test_a_positive_squeeze_of_the_calf_speaks_against_loading_it() -> None:
    person = adult(exam=(item("calf_squeeze", "left", 1.0, "negative / positive"),))
    assert {c.id for c in against("calf_raise", what_is_known(person))} == {"achilles_rupture", "calf_squeeze"}


def test_a_no_that_follows_from_another_answer_counts() -> None:
    unsure = {**CALM, "stress_fracture_high_risk_site": "unknown"}
    calm = Person(age_years=40.0, screen=unsure)  # type: ignore[arg-type]
    sore = replace(calm, screen={**unsure, "stress_fracture": "yes"})
    assert not against("calf_raise", what_is_known(calm))
    assert {c.id for c in against("calf_raise", what_is_known(sore))} == {
        "stress_fracture",
        "stress_fracture_high_risk_site",
    }


def test_tape_is_kept_off_skin_that_may_not_bear_it() -> None:
    for told in ({}, {"tape_allergy": "no"}):
        assert "taping.low_dye" in {p.id for p in plan_of(with_pain("heel", conditions=told)).parts}
    for key in ("tape_allergy", "skin_damaged_at_site", "peripheral_arterial_disease", "neuropathy"):
        for answer in ("yes", "unknown", "skipped"):
            plan = plan_of(with_pain("heel", conditions={key: answer}))
            assert "taping.low_dye" not in {p.id for p in plan.parts}


def test_a_risk_group_of_the_diabetic_foot_counts_as_a_foot_that_may_not_feel() -> None:
    assert not is_kept_away("short_foot", what_is_known(adult(iwgdf_risk=0)))
    assert is_kept_away("short_foot", what_is_known(adult(iwgdf_risk=1)))


def test_a_shoe_that_does_not_fit_is_named() -> None:
    judged = item("footwear_assessment_tool", "left", 1.0, "fits / too short / too long", part="length")
    good = item("footwear_assessment_tool", "left", 0.0, "fits / too narrow / too wide", part="width")
    plan = plan_of(with_pain("toes_left", exam=(judged, good)))
    texts = [s.text for p in plan.parts if p.id == "footwear.fit" for s in p.sentences]
    assert "Your shoe was found too short (left)." in texts
    assert not any("narrow" in text or "found fits" in text for text in texts)


def test_what_restricts_an_exercise_is_said_with_it() -> None:
    person = with_pain("heel", exam=(item("monofilament", "left", 2.0, "sites felt"),))
    (stretch,) = plan_of(person).exercises
    assert "plan.only_in_shoes" in {s.key for s in stretch.sentences}


def test_pregnancy_sends_exercise_and_walking_through_a_clinician() -> None:
    person = with_pain("low_back", screen={"pregnancy": "yes"})
    plan = plan_of(person)
    assert not plan.exercises
    assert {"screen.pregnancy"} <= set(next(p for p in plan.parts if p.id == "not_offered.bridge").blocked_by)
    walking = next(p for p in plan.parts if p.id == "walking.programme")
    assert "plan.walk_clinician" in {s.key for s in walking.sentences}
    assert ("physician", "routine") in referred(plan)


def test_something_else_is_taken_where_the_first_choice_is_kept_away() -> None:
    person = with_pain("low_back", conditions={"knee_replacement": "yes"})
    assert [e.exercise for e in plan_of(person).exercises] == ["bridge", "side_bridge"]


def test_the_table_refuses_what_is_not_there() -> None:
    row = (
        '[[contraindication]]\nid = "x"\nof = ["bridge"]\nkind = "condition"\nkey = "osteoporosis"\ncounts = ["yes"]\n'
        'effect = "exclude"\nsay = "plan.not_heart"\nbasis = "choice"\nsources = []\n'
    )
    assert len(parse_contraindications(row)) == 1
    for fault, word in (
        (row.replace('"bridge"', '"bridges"'), "bridges"),
        (row.replace('basis = "choice"', 'basis = "source"'), "cite a source"),
        (row.replace("sources = []", 'sources = ["nobody2020"]'), "no source"),
        (row.replace('"exclude"', '"perhaps"'), "perhaps"),
        (row.replace('counts = ["yes"]', 'counts = ["maybe"]'), "counts"),
        (row + row, "twice"),
    ):
        with pytest.raises(EvidenceError, match=word):
            parse_contraindications(fault)


def test_no_exercise_of_the_library_turns_the_low_back_far() -> None:
    """E03: an exercise that asks for large rotation must be listed, and is then only with a clinician."""
    rotation = next(c for c in contraindications() if c.id == "large_trunk_rotation")
    words = ("twist", "rotate the trunk", "rotation of the trunk", "turn the trunk", "turn your trunk")
    asking = {
        key
        for key, one in exercises().items()
        if any(w in text.lower() for text in (one.setup, *one.cues, *one.progression) for w in words)
    }
    assert asking == set(rotation.of)


# ---------------------------------------------------------------- referral


def test_a_locked_person_gets_a_referral_and_no_plan() -> None:
    person = adult({"ces_bladder": "yes", "foot_drop": "yes"})
    parts = referral_for(person, screen_person(person))
    assert [(p.to, p.urgency) for p in parts] == [("emergency", "emergency"), ("physician", "same_day")]
    assert {"plan.when_emergency", "plan.refer_locked", "plan.refer_emergency_number"} <= {
        s.key for s in parts[0].sentences
    }
    assert [b.ref for b in parts[0].because] == ["screen.ces_bladder"]


@pytest.mark.parametrize(
    ("told", "who", "when"),
    [
        ({"charcot": "yes"}, "emergency", "emergency"),
        ({"diabetic_active_other": "yes"}, "foot protection service", "next_working_day"),
        ({"achilles_rupture": "yes"}, "physician", "same_day"),
        ({"stress_fracture": "yes"}, "physician", "soon"),
        ({"heel_pain_not_improving": "yes"}, "physician", "routine"),
    ],
)
def test_who_sees_which_danger_sign(told: dict[str, str], who: str, when: str) -> None:
    person = adult(told)
    assert (who, when) in {(p.to, p.urgency) for p in referral_for(person, screen_person(person))}


def test_an_open_question_is_gone_through_with_a_clinician() -> None:
    person = adult({"ces_saddle": "unknown"})
    (part,) = referral_for(person, screen_person(person))
    assert (part.to, part.urgency) == ("physician", "soon")
    assert "plan.refer_not_screened" in {s.key for s in part.sentences}
    nothing_asked = Person(age_years=40.0)
    assert referral_for(nothing_asked, screen_person(nothing_asked)) == ()


@pytest.mark.parametrize(("count", "who"), [(2, None), (3, "physician"), (4, "rheumatologist"), (6, "rheumatologist")])
def test_signs_of_inflammatory_back_pain_are_counted(count: int, who: str | None) -> None:
    keys = (
        "before_35",
        "wakes_second_half",
        "buttock",
        "better_moving",
        "nsaid_48h",
        "relative",
        "arthritis",
        "enthesitis",
        "psoriasis",
    )
    told = {f"axspa_{key}": "yes" if place < count else "no" for place, key in enumerate(keys)}
    person = with_pain("low_back", screen={"axspa_gate": "yes", **told})
    found = {p.to for p in referral_for(person, screen_person(person))}
    assert found == ({who} if who else set())


def test_feet_that_feel_less_are_checked_and_kept_in_shoes() -> None:
    person = with_pain("low_back", exam=(item("monofilament", "left", 2.0, "sites felt"),), iwgdf_risk=2)
    plan = plan_of(person)
    assert ("foot protection service", "soon") in referred(plan)
    texts = " ".join(s.text for p in plan.parts for s in p.sentences)
    assert "every 3 to 6 months" in texts and "Never walk barefoot" in texts


def test_diabetes_alone_has_the_feet_checked_once_a_year() -> None:
    plan = plan_of(with_pain("low_back", conditions={"diabetes": "yes"}))
    assert ("foot protection service", "routine") in referred(plan)
    assert "once a year" in " ".join(s.text for p in plan.parts for s in p.sentences)


@pytest.mark.parametrize(
    ("symptoms", "regions", "who"),
    [
        ((Symptom("numbness", "heel_left"),), ("heel_left",), ("physician", "soon")),
        ((), ("heel_left", "heel_right"), ("physician", "routine")),
        ((Symptom("tingling", "calf_left"),), ("low_back",), ("physiotherapist", "soon")),
    ],
)
def test_nerves_are_looked_at_first(symptoms, regions: tuple[str, ...], who: tuple[str, str]) -> None:
    assert who in referred(plan_of(with_pain(*regions, symptoms=symptoms)))


def test_pain_that_no_rule_has_an_exercise_for_is_sent_to_somebody_who_has() -> None:
    plan = plan_of(with_pain("knee_left"))
    assert not plan.exercises
    assert ("physiotherapist", "routine") in referred(plan)
    assert ("physiotherapist", "routine") not in referred(plan_of(with_pain("low_back")))


def test_a_short_one_leg_stance_asks_for_supervised_balance() -> None:
    plan = plan_of(with_pain("low_back", exam=(item("single_leg_stance", "left", 4.0, "s"),)))
    assert "safety.falls" in {p.id for p in plan.parts}
    assert ("physiotherapist", "routine") in referred(plan)


# ---------------------------------------------------------------- weight, maintenance


def test_weight_is_only_for_the_clinician_to_answer_and_only_if_nothing_speaks_against_it() -> None:
    assert not [p for p in plan_of(with_pain("low_back")).parts if p.id == "weight.neutral"]
    told = {"eating_disorder": "no"}
    (part,) = [p for p in plan_of(with_pain("low_back", conditions=told)).parts if p.id == "weight.neutral"]
    assert part.audience == "clinician"
    for answer in ("yes", "unknown", "skipped"):
        blocked = plan_of(with_pain("low_back", conditions={"eating_disorder": answer}))
        assert not [p for p in blocked.parts if p.id == "weight.neutral"]


def test_maintenance_begins_at_week_eight_and_keeps_two_exercises() -> None:
    person = with_pain("low_back")
    plan = plan_of(person)
    proof = unlock(person)
    with pytest.raises(SettingError, match="day 55"):
        maintain(person, proof, previous=plan, reason="x", today=TODAY + timedelta(days=55), version="1")
    kept = maintain(person, proof, previous=plan, reason="recovered", today=TODAY + timedelta(days=56), version="1")
    assert (kept.replaces, kept.weeks) == (plan.id, 26)
    assert [e.exercise for e in kept.exercises] == ["bridge", "bird_dog"]
    assert {"maintenance.keep", "maintenance.relapse", "walking.programme"} <= {p.id for p in kept.parts}
    assert kept.reviews[0] == "month 1"


@pytest.mark.parametrize(
    ("ratings", "is_relapse"),
    [
        ([], False),
        ([(0, 4.0)], False),
        ([(0, 4.0), (13, 4.0)], False),
        ([(0, 4.0), (14, 4.0)], True),
        ([(14, 4.0), (0, 4.0)], True),
        ([(0, 4.0), (7, 1.0), (14, 4.0)], False),
        ([(0, 2.9), (20, 2.9)], False),
    ],
)
def test_a_relapse_is_a_rise_that_lasts(ratings, is_relapse: bool) -> None:
    assert has_relapsed(1.0, [(TODAY + timedelta(days=day), pain) for day, pain in ratings]) == is_relapse


def test_a_plan_is_made_quickly(benchmark) -> None:
    person = with_pain("low_back", "heel_left", pain_average=5.0, conditions={"diabetes": "yes"}, exam=PRONATED)
    proof = unlock(person)
    benchmark.pedantic(lambda: make_plan(person, proof, today=TODAY, version="1"), rounds=5, warmup_rounds=1)
    assert benchmark.stats["median"] < 0.02
