"""A plan changed by clinician and patient: what may be changed, what is refused, and that the rules of plans hold."""

import json
import math
import random
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from care_people import TODAY, adult, item, plan_of, with_pain
from kinechain.care.person.person import Person, PersonSide, Treatment
from kinechain.care.planning.contraindications import is_kept_away, what_is_known
from kinechain.care.planning.edit import (
    ORTHOSIS_LIMITS,
    AddedExercise,
    DoseEdit,
    Edits,
    GoalEdit,
    Note,
    OwnGoal,
    carried_on,
    dose_limits,
    edited,
    is_droppable,
    may_be_added,
)
from kinechain.care.planning.plan import Advice, Exercise, Goal, Orthosis, OrthosisParameters, Plan
from kinechain.care.planning.planner import make_plan
from kinechain.care.records.plain_values import from_plain, to_plain
from kinechain.care.records.plan_values import plan_from_plain, plan_plain
from kinechain.care.screening.lock import unlock
from kinechain.chain.change import find_kind
from kinechain.core.errors import LockedError, SettingError
from kinechain.core.estimate import Estimate
from random_people import draw

BACK = with_pain("low_back")
WITH_SHEET = with_pain(
    "low_back",
    pain_weeks=30.0,
    treatments=(Treatment("exercise", "back", 8.0, "same"),),
    exam=(item("fpi6", "left", 7.0, "points"),),
)
EASY = DoseEdit((1, 2), (5, 8), (2, 2), (1, 1), None, "no band")


def change(person: Person = BACK, **fields: object) -> Plan:
    return edited(plan_of(person), Edits(**fields), person, "Dr Ono")  # type: ignore[arg-type]


def predicted(parameters: OrthosisParameters, side: PersonSide) -> tuple[tuple[str, Estimate], ...]:
    return (("pelvic tilt", Estimate(-0.8, -1.5, -0.1, "deg", "what-if")),)


def first_exercise(plan: Plan) -> Exercise:
    return next(part for part in plan.exercises if part.dose.hold_s is None)


def test_nothing_changed_is_the_same_plan() -> None:
    assert change().id == plan_of(BACK).id


def test_a_dropped_part_is_gone_and_written_down_for_clinicians() -> None:
    before = plan_of(BACK)
    part = before.exercises[0]
    after = change(dropped={part.id: "does not like lying down"})
    assert part.id not in {p.id for p in after.parts}
    record = next(p for p in after.parts if p.id == f"dropped.{part.id}")
    assert "does not like lying down" in record.because[0].sentence.text
    assert record not in after.for_patient()
    assert after.id != before.id
    assert all(part.id not in h.parts for h in after.hypotheses)


def test_what_protects_cannot_be_dropped() -> None:
    for part in plan_of(BACK).parts:
        if not is_droppable(part):
            with pytest.raises(SettingError, match="protects the patient"):
                change(dropped={part.id: "no room for it"})
    assert not any(is_droppable(p) for p in plan_of(BACK).parts if isinstance(p, Advice) and p.topic == "safety")


def test_an_easier_dose_is_a_choice_and_a_published_one_keeps_its_source() -> None:
    part = first_exercise(plan_of(BACK))
    easier = next(p for p in change(doses={part.id: EASY}).exercises if p.id == part.id)
    assert (easier.dose.sets, easier.dose.load, easier.dose.basis, easier.dose.sources) == (
        (1, 2),
        "no band",
        "choice",
        (),
    )
    same = DoseEdit(part.dose.sets, part.dose.repetitions, part.dose.days_per_week)
    assert next(p for p in change(doses={part.id: same}).exercises if p.id == part.id).dose == part.dose


@pytest.mark.parametrize(
    "more", [{"sets": (3, 9)}, {"days_per_week": (2, 8)}, {"repetitions": (0, 5)}, {"sets": (3, 2)}]
)
def test_a_dose_beyond_what_was_published_is_refused(more: dict[str, tuple[int, int]]) -> None:
    part = first_exercise(plan_of(BACK))
    with pytest.raises(SettingError, match="the least first"):
        change(doses={part.id: replace(EASY, **more)})  # type: ignore[arg-type]


def test_seconds_only_where_an_exercise_is_held() -> None:
    part = first_exercise(plan_of(BACK))
    with pytest.raises(SettingError, match="is not held"):
        change(doses={part.id: replace(EASY, hold_s=(5.0, 10.0))})


def test_an_added_exercise_has_its_reason_and_the_limits_of_the_person() -> None:
    after = change(added=(AddedExercise("clamshell", "left", "hips tire when walking"),))
    part = next(p for p in after.exercises if p.exercise == "clamshell")
    assert part.because[0].kind == "clinician"
    assert "hips tire" in part.because[0].sentence.text
    assert part.stop_rules


def test_a_fourth_exercise_a_second_time_and_an_unknown_one_are_refused() -> None:
    three = tuple(AddedExercise(key, "both", "asked for it") for key in ("clamshell", "calf_raise"))
    with pytest.raises(SettingError, match="at most 3 exercises"):
        change(added=three)
    there = plan_of(BACK).exercises[0].exercise
    with pytest.raises(SettingError, match="stands in the plan already"):
        change(added=(AddedExercise(there, "both", "once more"),))
    with pytest.raises(SettingError, match="no exercise 'handstand'"):
        change(added=(AddedExercise("handstand", "both", "asked for it"),))


def test_an_exercise_that_something_speaks_against_is_refused_with_that_sentence() -> None:
    for seed in range(400):
        case = draw(seed)
        try:
            plan = case.plan()
        except LockedError:
            continue
        forbidden = {key: said for key, said in may_be_added(case.person).items() if said}
        there = {part.exercise for part in plan.exercises}
        for key, said in forbidden.items():
            if key in there:
                continue
            with pytest.raises(SettingError) as refusal:
                edited(plan, Edits(added=(AddedExercise(key, "both", "asked for it"),)), case.person, "Dr Ono")
            assert said[0].text in str(refusal.value)
            return
    raise AssertionError("nobody of these people has a contraindication")


def test_a_goal_gets_another_aim_on_its_side_of_today_only() -> None:
    person = with_pain("low_back", pain_average=6.0)
    after = change(person, goals={"goal.nprs": GoalEdit(2.0, 8)})
    goal = next(p for p in after.parts if p.id == "goal.nprs")
    assert isinstance(goal, Goal)
    assert (goal.target, goal.by_week, goal.because[-1].kind) == (2.0, 8, "clinician")
    for wrong in (7.0, 6.0, -1.0, float("nan")):
        with pytest.raises(SettingError, match="target"):
            change(person, goals={"goal.nprs": GoalEdit(wrong, 6)})
    with pytest.raises(SettingError, match="week 1 to 8"):
        change(person, goals={"goal.nprs": GoalEdit(2.0, 9)})
    with pytest.raises(SettingError, match="no value to begin with"):
        change(goals={"goal.nprs": GoalEdit(2.0, 6)})


def test_own_goals_and_notes_stand_in_the_words_they_were_said_in() -> None:
    after = change(own_goals=(OwnGoal("carry my grandchild", 6),), notes=(Note("footwear", "the blue shoes"),))
    texts = [s for p in after.for_patient() for s in (p.title.text, *(x.text for x in p.sentences))]
    assert any("carry my grandchild" in text for text in texts)
    assert "the blue shoes" in texts


@pytest.mark.parametrize("text", ["", "  ", "a" * 301, "your pelvis is misaligned", "bad\x00"])
def test_words_that_claim_too_much_or_cannot_be_shown_are_refused(text: str) -> None:
    with pytest.raises(SettingError, match="a note"):
        change(notes=(Note("habit", text),))


def test_a_change_of_what_is_gone_is_refused() -> None:
    part = plan_of(BACK).exercises[0]
    with pytest.raises(SettingError, match="no part of this plan any more"):
        change(dropped={part.id: "not wanted now"}, doses={part.id: EASY})
    with pytest.raises(SettingError, match="no part of this plan"):
        change(dropped={"exercise.none.left": "not wanted now"})


def test_an_orthosis_takes_the_values_of_the_clinician_and_loses_its_prediction() -> None:
    plan = plan_of(WITH_SHEET, predict=predicted)
    (proposed,) = (part for part in plan.parts if isinstance(part, Orthosis))
    assert proposed.predicted
    wanted = OrthosisParameters(2.0, -1.5, 3.0, 4.0, "cork")
    after = edited(plan, Edits(orthoses=MappingProxyType({proposed.id: wanted})), WITH_SHEET, "Dr Ono")
    (made,) = (part for part in after.parts if isinstance(part, Orthosis))
    assert (made.rearfoot_posting_deg, made.forefoot_posting_deg, made.arch_mm) == (2.0, -1.5, 3.0)
    assert (made.heel_lift_mm, made.material, made.stop_on) == (4.0, "cork", proposed.stop_on)
    assert made.predicted == ()
    said = " ".join(sentence.text for sentence in made.sentences)
    assert "chosen by the clinician: rearfoot 2 degrees, forefoot -1.5 degrees" in said
    assert "Starting values" not in said
    assert "Predicted by the model" not in said
    assert made.because[-1].ref == "Dr Ono"
    assert [s.key for s in made.sentences if s.key.startswith("plan.orthosis_trial")]
    assert not any(part.kind == "orthosis" for part in after.for_patient())


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        (OrthosisParameters(rearfoot_posting_deg=40.0), "rearfoot posting of an orthosis can be -15 to 15 deg"),
        (OrthosisParameters(arch_mm=math.nan), "arch of an orthosis can be 0 to 40 mm"),
        (OrthosisParameters(heel_lift_mm=-1.0), "heel lift of an orthosis can be 0 to 30 mm"),
        (OrthosisParameters(material="<b>"), "material of an orthosis is one of"),
        (OrthosisParameters(4.0, material="prefabricated shell"), "as it is sold"),
    ],
)
def test_an_orthosis_that_cannot_be_is_refused(wanted: OrthosisParameters, complaint: str) -> None:
    plan = plan_of(WITH_SHEET)
    key = next(part.id for part in plan.parts if isinstance(part, Orthosis))
    with pytest.raises(SettingError, match=complaint):
        edited(plan, Edits(orthoses=MappingProxyType({key: wanted})), WITH_SHEET, "Dr Ono")
    with pytest.raises(SettingError, match="no part of this plan"):
        change(orthoses={key: OrthosisParameters(2.0)})


def test_the_limits_of_a_sheet_are_those_of_the_insole_that_is_computed() -> None:
    options = find_kind("orthosis").options
    of_the_model = {name: (options[name].low, options[name].high) for name in ("posting", "arch", "lift")}
    assert ORTHOSIS_LIMITS["rearfoot_posting_deg"] == ORTHOSIS_LIMITS["forefoot_posting_deg"] == of_the_model["posting"]
    assert (ORTHOSIS_LIMITS["arch_mm"], ORTHOSIS_LIMITS["heel_lift_mm"]) == (of_the_model["arch"], of_the_model["lift"])


def test_a_plan_of_other_answers_is_not_changed() -> None:
    with pytest.raises(LockedError, match="answers have changed"):
        edited(plan_of(BACK), Edits(), adult(), "Dr Ono")


def test_edits_are_kept_as_plain_values() -> None:
    edits = Edits(
        dropped=MappingProxyType({"goal.psfs": "told otherwise"}),
        doses=MappingProxyType({"exercise.bridge.both": EASY}),
        added=(AddedExercise("clamshell", "left", "asked for it"),),
        goals=MappingProxyType({"goal.nprs": GoalEdit(None, 4)}),
        own_goals=(OwnGoal("walk to the lake", 6),),
        notes=(Note("habit", "stand up at noon"),),
        orthoses=MappingProxyType({"orthosis.left": OrthosisParameters(2.5, material="cork")}),
    )
    assert from_plain(json.loads(json.dumps(to_plain(edits))), Edits) == edits


def test_a_plan_carried_on_replaces_with_its_reason_and_begins_today() -> None:
    first, later = plan_of(BACK), TODAY + timedelta(days=42)
    second = carried_on(plan_of(BACK), first, "week 6: no change", later, 40.0)
    assert (second.replaces, second.reason, second.made_on) == (first.id, "week 6: no change", later)
    for previous, reason in ((None, "why"), (first, "")):
        with pytest.raises(SettingError, match="needs the plan and the reason"):
            carried_on(plan_of(BACK), previous, reason, later, 40.0)
    with pytest.raises(SettingError, match="made later"):
        carried_on(plan_of(BACK), first, "why not", TODAY - timedelta(days=1), 40.0)
    made = make_plan(BACK, unlock(BACK), today=later, version="0.1.0", previous=first, reason="week 6: no change")
    assert second.id == made.id


def random_edits(chance: random.Random, plan: Plan, person: Person) -> Edits:
    """Return changes as a hurried clinician might try them, good and bad."""
    dropped = {p.id: "not wanted now" for p in plan.parts if is_droppable(p) and chance.random() < 0.3}
    kept = [p for p in plan.exercises if p.id not in dropped]
    doses = {}
    for part in kept:
        if chance.random() < 0.5:
            limits = dose_limits(part.exercise)
            pairs = {}
            for name, (least, most) in limits.items():
                ends = sorted(chance.randint(int(least), int(most)) for _ in range(2))
                pairs[name] = (float(ends[0]), float(ends[1])) if name == "hold_s" else tuple(ends)
            doses[part.id] = DoseEdit(**pairs)  # type: ignore[arg-type]
    keys = chance.sample(sorted(may_be_added(person)), chance.choice((0, 0, 1, 2)))
    added = tuple(AddedExercise(key, chance.choice(("left", "right", "both")), "asked for it") for key in keys)
    notes = (Note("habit", "stand up at noon"),) if chance.random() < 0.3 else ()
    return Edits(MappingProxyType(dropped), MappingProxyType(doses), added, notes=notes)


def test_whatever_is_changed_the_rules_of_plans_hold() -> None:
    changed = refused = 0
    for seed in range(300):
        case, chance = draw(seed), random.Random(seed)
        try:
            plan = case.plan()
        except LockedError:
            continue
        edits = random_edits(chance, plan, case.person)
        try:
            after = edited(plan, edits, case.person, "Dr Ono")
        except SettingError:
            refused += 1
            continue
        changed += 1
        known = what_is_known(case.person)
        assert len(after.exercises) <= 3
        assert not any(is_kept_away(part.exercise, known) for part in after.exercises)
        assert all(part.stop_rules and part.because for part in after.exercises)
        assert {p for p in plan.parts if not is_droppable(p)} <= set(after.parts)
        assert (after.id == plan.id) == (not edits.count)
        assert after.unlocked is plan.unlocked
        plain = json.loads(json.dumps(plan_plain(after)))
        assert plan_from_plain(plain, unlock(case.person)).id == after.id
        assert not any(part.kind == "orthosis" for part in after.for_patient())
    assert changed > 50
    assert refused > 20
