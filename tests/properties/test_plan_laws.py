"""Laws of every plan, over ten thousand people drawn from seeds and over people that hypothesis looks for."""

from __future__ import annotations

import random
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from care_people import CALM, TODAY, adult
from kinechain.care.finding import Finding
from kinechain.care.person.complaint import has_pain
from kinechain.care.person.person import Person
from kinechain.care.planning.plan import Exercise, HeelLift, NotOffered, Orthosis, Plan
from kinechain.care.planning.planner import make_plan
from kinechain.care.planning.referral import referral_for
from kinechain.care.screening.answers import effective_answers
from kinechain.care.screening.lock import Unlocked, unlock
from kinechain.care.screening.red_flags import screen_person
from kinechain.core.errors import LockedError
from kinechain.evidence.ledger import library_sentences
from kinechain.evidence.wording import Sentence, wording
from random_people import SIDES, Case, draw, mirror_text, mirrored

#: How many people each batch holds; ten batches are ten thousand.
BATCH = 1000

#: A patient reads it in ten minutes at 150 words a minute, a slow reader's pace (both are choices).
MOST_WORDS = 1500
MOST_SENTENCES = 130

CLINICAL = files("kinechain.evidence") / "data" / "clinical"


@cache
def table(name: str) -> dict[str, Any]:
    return tomllib.loads((CLINICAL / name).read_text(encoding="utf-8"))


@cache
def cases(batch: int) -> tuple[tuple[Case, Plan | None], ...]:
    """Return a batch of people, each with the plan or None where it is locked."""
    found = []
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        case = draw(seed)
        try:
            found.append((case, case.plan()))
        except LockedError:
            found.append((case, None))
    return tuple(found)


BATCHES = pytest.mark.parametrize("batch", range(10))


def test_the_people_are_of_every_kind() -> None:
    """Without locked people, sheets, lifts, drivers and findings among them the laws below would say little."""
    made = [plan for batch in range(3) for _, plan in cases(batch)]
    plans = [plan for plan in made if plan]
    assert len(plans) > 0.3 * len(made) and len(made) - len(plans) > 0.1 * len(made)
    kinds = Counter(part.kind for plan in plans for part in plan.parts)
    assert min(kinds[kind] for kind in ("orthosis", "heel lift", "exercise", "referral", "not offered", "goal")) >= 5
    reasons = Counter(b.kind for plan in plans for part in plan.parts for b in part.because)
    assert min(reasons[kind] for kind in ("finding", "driver", "rule", "history", "exam")) >= 30
    assert {plan.mode for plan in plans} == {"care", "screen only"}
    assert len({e.exercise for plan in plans for e in plan.exercises}) >= 8


# ---------------------------------------------------------------- the lock


@BATCHES
def test_no_plan_while_locked(batch: int) -> None:
    for case, plan in cases(batch):
        screen = screen_person(case.person)
        assert (plan is None) == screen.plan_locked
        if plan is None:
            with pytest.raises(LockedError):
                make_plan(case.person, unlock(adult()), today=TODAY, version="1")
        else:
            assert all(case.person.screen[key] == "no" for key in ("ces_bladder", "charcot"))
            age = case.person.age_years
            assert age is None or age >= 18


def test_a_raised_danger_sign_always_has_somebody_to_go_to() -> None:
    for case, plan in (pair for batch in range(3) for pair in cases(batch)):
        screen = screen_person(case.person)
        urgent = {f.urgency for f in screen.flags if not f.is_open} - {"none", "routine"}
        parts = referral_for(case.person, screen)
        assert urgent <= {part.urgency for part in parts}
        if plan is not None:
            assert set(parts) <= set(plan.parts)


def test_no_plan_without_a_real_proof() -> None:
    class Forged:
        answers = ""

        def belongs_to(self, person: Person) -> bool:
            return True

    with pytest.raises(LockedError):
        make_plan(adult(), Forged(), today=TODAY, version="1")  # type: ignore[arg-type]
    assert not isinstance(Forged(), Unlocked)


# ---------------------------------------------------------------- every part traces to something that is there


def is_beyond_its_error(one: Finding) -> bool:
    """Judge a finding anew: its whole interval beyond the norm, by more than the smallest change that can be seen."""
    norm = one.norm
    if norm is None or not norm.is_adult or one.verdict != "outside":
        return False
    beyond = max(norm.low - one.estimate.value, one.estimate.value - norm.high)
    apart = one.estimate.high < norm.low or one.estimate.low > norm.high
    if one.minimal_detectable_change is None:
        return apart and one.estimate.high > one.estimate.low
    return apart and beyond > one.minimal_detectable_change


def known_refs(case: Case) -> dict[str, set[str]]:
    """Return, by kind, everything a reason may name."""
    person = case.person
    history = {f"history.{f.name}" for f in fields(person.history) if getattr(person.history, f.name) not in (None, ())}
    told = history | {f"conditions.{key}" for key in person.conditions} | {f"screen.{key}" for key in person.screen}
    told |= {f"questionnaires.{score.id}" for score in person.questionnaires}
    told |= {"symptoms"} if person.symptoms else set()
    told |= {"conditions.iwgdf_risk"} if person.iwgdf_risk is not None else set()
    if not has_pain(person):
        told |= {"history.pain_regions"}  # that it is empty is what a person without pain told
    found = {f"screen.{key}" for key, given in effective_answers(person).items() if given.answer == "examination"}
    players = set() if case.drivers is None else {p.key for p in case.drivers.players}
    whole = set() if case.drivers is None else {"undetermined", "none supported", "direction"}
    return {
        "finding": {f"{f.id} {f.side}" for f in case.findings if is_beyond_its_error(f)},
        "driver": players | whole,
        "rule": {row["id"] for row in table("rules.toml")["rule"]},
        "history": told,
        "exam": found | {f"{e.id} {e.side}" for e in person.exam},
    }


@BATCHES
def test_every_part_traces_to_what_is_there(batch: int) -> None:
    for case, plan in cases(batch):
        if plan is None:
            continue
        refs = known_refs(case)
        for part in plan.parts:
            assert part.because
            for reason in part.because:
                assert reason.ref in refs[reason.kind], (part.id, reason)


@BATCHES
def test_a_driver_is_named_only_if_it_leads_and_the_set_is_determined(batch: int) -> None:
    for case, plan in cases(batch):
        if plan is None or case.drivers is None:
            continue
        leading = set() if case.drivers.undetermined else set(case.drivers.sets[0].drivers)
        own = [p for p in plan.parts if p.id.startswith(("exercise.", "goal.", "education."))]
        named = {b.ref for p in own for b in p.because if b.kind == "driver"}
        assert named - {"undetermined", "none supported"} <= leading
        assert leading <= {h.player for h in plan.hypotheses} or plan.mode == "screen only"
        if not leading:
            assert not plan.hypotheses
            assert not [b for p in plan.exercises for b in p.because if b.kind in ("driver", "finding", "exam")]


@BATCHES
def test_every_exercise_with_a_measured_reason_can_fall(batch: int) -> None:
    for _, plan in cases(batch):
        for exercise in plan.exercises if plan else ():
            measured = [b for b in exercise.because if b.kind in ("driver", "finding")]
            standing = [h for h in plan.hypotheses if exercise.id in h.parts] if plan else []
            assert len(standing) >= bool(measured), exercise.id


# ---------------------------------------------------------------- exercises


def counts(row: dict[str, Any], person: Person) -> bool:
    """Read one row of contraindications.toml anew."""
    if row["kind"] == "condition":
        return person.conditions.get(row["key"], "missing") in row["counts"]
    if row["kind"] == "danger_sign":
        given = effective_answers(person)[row["key"]].answer
        given = {"not asked": "missing", "examination": "yes"}.get(given, given)
        return given in row["counts"]
    if row["kind"] == "sensation":
        feels_less = [e for e in person.exam if e.id == "monofilament" and e.value < 3]
        feels_less += [e for e in person.exam if e.id == "ipswich_touch" and e.value > 0]
        told = (person.conditions.get("neuropathy"), person.conditions.get("cannot_feel_or_report"))
        return (
            bool(feels_less)
            or (person.iwgdf_risk or 0) >= 1
            or bool({"yes", "unknown", "skipped"} & {*told, person.screen.get("both_feet_numb")})
        )
    if row["kind"] == "exam":
        values = [e.value for e in person.exam if e.id == row["key"]]
        return any(v < row.get("below", -1e9) or v > row.get("above", 1e9) for v in values)
    return True


@cache
def rows_of(target: str) -> tuple[dict[str, Any], ...]:
    groups = table("contraindications.toml")["group"]
    rows = table("contraindications.toml")["contraindication"]
    return tuple(row for row in rows if any(target in groups.get(of, [of]) for of in row["of"]))


@BATCHES
def test_contraindications_are_never_violated(batch: int) -> None:
    for case, plan in cases(batch):
        if plan is None:
            continue
        for exercise in plan.exercises:
            for row in rows_of(exercise.exercise):
                if counts(row, case.person):
                    assert row["effect"] == "restrict", (exercise.id, row["id"])
                    assert row["say"] in {s.key for s in exercise.sentences}
        walking = next(part for part in plan.parts if part.id == "walking.programme")
        keeps_off = [r for r in rows_of("walking_programme") if r["effect"] != "restrict" and counts(r, case.person)]
        assert bool(keeps_off) == ("plan.walk_clinician" in {s.key for s in walking.sentences})
        if any(part.id == "taping.low_dye" for part in plan.parts):
            assert not [r for r in rows_of("low_dye_taping") if counts(r, case.person)]


@BATCHES
def test_at_most_three_exercises_within_their_doses(batch: int) -> None:
    library = {row["id"]: row["dosage"] for row in table("exercises.toml")["exercise"]}
    for _, plan in cases(batch):
        if plan is None:
            continue
        assert len(plan.exercises) <= 3
        assert len({e.exercise for e in plan.exercises}) == len(plan.exercises)
        for exercise in plan.exercises:
            stated, dose = library[exercise.exercise], exercise.dose
            for key in ("sets", "repetitions", "days_per_week"):
                low, high = getattr(dose, key)
                assert stated[key][0] <= low <= high <= stated[key][1], (exercise.id, key)
            assert list(dose.times_per_day) == stated.get("times_per_day", [1, 1])
            holds = [stated[key] for key in ("hold_s", "hold_older_s") if key in stated]
            assert (list(dose.hold_s) in holds) if dose.hold_s else not holds
            assert exercise.stop_rules and exercise.regressions and exercise.progressions


# ---------------------------------------------------------------- what is never offered


def known_difference(person: Person, side: str) -> bool:
    """Tell anew whether imaging, or two block tests and more, say of one leg that it is shorter by 5 mm and more."""
    for key, least in (("leg_length_imaging", 1), ("leg_length_block", 2)):
        values = [(e.side, e.value) for e in person.exam if e.id == key]
        if (values and key == "leg_length_imaging") or len(values) >= least:
            shorter = {one for one, _ in values} == {side}
            return shorter and sum(value for _, value in values) / len(values) >= 5.0
    return False


@BATCHES
def test_no_sheet_is_seen_by_the_patient_and_stimulation_is_never_offered(batch: int) -> None:
    for case, plan in cases(batch):
        if plan is None:
            continue
        assert not [p for p in plan.for_patient() if isinstance(p, Orthosis | HeelLift)]
        sheets = [p for p in plan.parts if isinstance(p, Orthosis)]
        lifts = [p for p in plan.parts if isinstance(p, HeelLift)]
        assert not (plan.mode == "screen only" and (sheets or lifts))
        assert not sheets or max((e.value for e in case.person.exam if e.id == "fpi6"), default=0) >= 6
        assert not sheets or any(t.response in ("same", "worse") for t in case.person.history.treatments)
        assert len(lifts) <= 1 and all(known_difference(case.person, lift.side) for lift in lifts)
        for sheet in sheets:
            amounts = (sheet.rearfoot_posting_deg, sheet.forefoot_posting_deg, sheet.arch_mm, sheet.heel_lift_mm)
            assert any(amounts) or not sheet.predicted
        about = [p for p in plan.parts if "stimulation" in p.id]
        assert [type(p) for p in about] == [NotOffered]
        others = [s for p in plan.parts if p not in about for s in p.sentences if "stimulat" in s.text.lower()]
        assert not others


# ---------------------------------------------------------------- sentences


def sentences_of(value: object) -> Iterator[Sentence]:
    if isinstance(value, Sentence):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from sentences_of(one)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            if field.name != "unlocked":
                yield from sentences_of(getattr(value, field.name))


def test_every_sentence_is_of_the_ledger() -> None:
    known, library = wording(), library_sentences()
    for _, plan in cases(0):
        for sentence in sentences_of(plan) if plan else ():
            assert sentence.key in known or library[sentence.key] == sentence
            if sentence.key in known:
                literal = re.split(r"\{\w+\}", known[sentence.key].text)
                assert all(piece in sentence.text for piece in literal)
            assert sentence.kind == "frame" or sentence.certainty or sentence.rule or sentence.sources


def patient_reads(plan: Plan) -> list[str]:
    """Return everything printed for the patient: titles, sentences, how each exercise is done."""
    texts: list[str] = []
    for part in plan.for_patient():
        said: Iterable[Sentence] = (part.title, *part.said_to("patient"))
        if isinstance(part, Exercise):
            said = (*said, *part.setup, *part.cues, *part.regressions, *part.progressions, *part.stop_rules)
        texts += [s.text for s in said]
    return texts


@BATCHES
def test_a_patient_reads_the_plan_in_ten_minutes(batch: int) -> None:
    for _, plan in cases(batch):
        if plan is not None:
            texts = patient_reads(plan)
            assert len(texts) <= MOST_SENTENCES
            assert sum(len(text.split()) for text in texts) <= MOST_WORDS


# ---------------------------------------------------------------- sameness and mirrors


def test_the_same_input_gives_the_same_plan_in_whatever_order_it_comes() -> None:
    for seed in range(1500):
        case, plan = cases(seed // BATCH)[seed % BATCH]
        if plan is None:
            continue
        shuffled = list(case.findings)
        random.Random(seed).shuffle(shuffled)
        again = replace(draw(seed), findings=tuple(shuffled))
        assert again.plan().id == plan.id


def image(value: object, *, swap: bool) -> object:
    """Return a plan's content as plain values without order, left and right exchanged if asked."""
    if isinstance(value, Sentence):
        is_own = value.key.startswith("plan.")
        return (value.key, mirror_text(value.text) if swap and is_own else value.text)
    if isinstance(value, str):
        return mirror_text(value) if swap else value
    if isinstance(value, tuple):
        return tuple(sorted((image(one, swap=swap) for one in value), key=repr))
    if is_dataclass(value) and not isinstance(value, type):
        told = [f for f in fields(value) if f.name not in ("unlocked", "answers")]
        return tuple((f.name, image(getattr(value, f.name), swap=swap)) for f in told)
    return value


@pytest.mark.parametrize("batch", range(2))
def test_the_mirror_image_of_a_person_gets_the_mirror_image_of_the_plan(batch: int) -> None:
    for case, plan in cases(batch):
        if plan is None:
            continue
        other = mirrored(case).plan()
        assert image(other, swap=False) == image(plan, swap=True)


def test_the_mirror_can_tell() -> None:
    plan = next(p for c, p in cases(0) if p and {e.side for e in p.exercises} & set(SIDES))
    assert image(plan, swap=False) != image(plan, swap=True)


# ---------------------------------------------------------------- people that hypothesis looks for

REGION = st.sampled_from(["low_back", "heel", "heel_left", "heel_right", "arch_left", "knee_right", "sacrum"])
ANSWER = st.sampled_from(["yes", "no", "unknown", "skipped"])
CONDITION = st.sampled_from(sorted(set(table("history.toml")["conditions"]) - {"iwgdf_risk"}))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(REGION, unique=True, max_size=3),
    st.dictionaries(CONDITION, ANSWER, max_size=5),
    st.dictionaries(st.sampled_from(sorted(CALM)), ANSWER, max_size=2),
    st.one_of(st.none(), st.floats(0, 120)),
)  # fmt: skip
def test_any_answers_give_a_safe_plan_or_none(regions, conditions, answers, age) -> None:
    case = draw(7)
    history = replace(case.person.history, pain_regions=tuple(regions))
    person = replace(case.person, history=history, conditions=conditions, screen={**CALM, **answers}, age_years=age)
    if screen_person(person).plan_locked:
        with pytest.raises(LockedError):
            unlock(person)
        return
    plan = replace(case, person=person).plan()
    refs = known_refs(replace(case, person=person))
    assert all(b.ref in refs[b.kind] for part in plan.parts for b in part.because)
    for exercise in plan.exercises:
        assert all(r["effect"] == "restrict" for r in rows_of(exercise.exercise) if counts(r, person))
