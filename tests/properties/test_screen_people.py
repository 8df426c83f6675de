"""What the danger signs may never do, over ten thousand random people, nonsense among them.

The rule they are judged by is written again here, from the decision rules and by hand, and knows nothing of the package
but its value types: an emergency "yes" is an emergency; an open emergency question locks; a known sign locks at no less
than its own urgency; a child is never unlocked.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from kinechain.care.person.person import ExamItem, History, Person, Symptom
from kinechain.care.screening.lock import unlock
from kinechain.care.screening.red_flags import screen_person
from kinechain.care.screening.screen import Screen
from kinechain.core.errors import KinechainError, LockedError
from vignette_people import ADDED, EMERGENCIES, ORIGINAL

PEOPLE = 10_000
RANK = {"none": 0, "routine": 1, "not_screened": 1.5, "soon": 2, "next_working_day": 3, "same_day": 4, "emergency": 5}
#: Emergencies whose "yes" nothing takes back; the old question of distress can be told apart by the two new ones.
PLAIN_EMERGENCIES = tuple(flag for flag in EMERGENCIES if flag != "psych_distress")
DEPENDENT = {"psych_distress": "self_harm", "self_harm": "psych_distress", "leg_swelling_breathless": "dvt_wells"}
#: Least urgency of a "yes" alone, of the signs whose "yes" is enough (`logic = "any"` in the guideline notes).
ALONE = {
    "foot_drop": "same_day",
    "spine_contusion": "same_day",
    "mscc_pain": "same_day",
    "ottawa_weight_bearing": "same_day",
    "achilles_rupture": "same_day",
    "dvt_wells": "same_day",
    "cancer_history": "same_day",
    "cord_hands_gait": "same_day",
    "visceral_pain": "same_day",
    "diabetic_active_other": "next_working_day",
    "stress_fracture": "soon",
    "arch_collapse": "soon",
    "stable_neuro_deficit": "soon",
    "both_feet_numb": "soon",
    "spine_steroids": "soon",
    "infection_risk": "soon",
    "weight_loss": "soon",
    "hopelessness": "soon",
    "under_18": "soon",
}
NONSENSE = ("maybe", "NO", "", "nein", "0", "yes ", "no ")


def an_answer(rng: random.Random, open_share: float) -> str | None:
    """Mostly no; `None` is missing."""
    if rng.random() > open_share:
        return "yes" if rng.random() < 0.03 else "no"
    return rng.choice(["yes", "unknown", "skipped", None])


def a_history(rng: random.Random) -> History:
    places = ("low_back", "upper_back", "heel_left", "ankle_right", "calf_left", "toes_right", "neck")
    weeks = rng.choice([None, 0.0, 0.3, 1.0, 6.0, 6.1, 52.0, 900.0])
    return History(
        pain_regions=tuple(rng.sample(places, rng.randrange(4))),
        pain_weeks=weeks,
        back_onset_weeks=rng.choice([None, weeks, 0.1, 300.0]),
        onset=rng.choice([None, "sudden", "gradual", "injury"]),
        injury_days=rng.choice([None, 0.0, 3.0, 10.0, 11.0]),
        course=rng.choice([None, "better", "same", "worse", "comes_and_goes"]),
        night_pain=rng.choice([None, "none", "on_turning", "wakes", "every_night"]),
        unknown=frozenset(rng.sample(["pain_weeks", "night_pain", "onset"], rng.randrange(3))),
    )


def an_exam(rng: random.Random) -> tuple[ExamItem, ...]:
    strength = ExamItem("root_screen_l2_s2", "left", rng.randrange(6), "grade", "by hand", part="L4 strength")
    squeeze = ExamItem("calf_squeeze", "right", rng.randrange(2), "", "prone")
    return tuple(item for item in (strength, squeeze) if rng.random() < 0.1)


def people(seed: int, count: int) -> Iterator[Person]:
    """Random people; one in three has almost only clear answers, so that some are unlocked."""
    rng = random.Random(seed)
    for _ in range(count):
        open_share = rng.choice([0.0, 0.02, 0.5])
        asked = ORIGINAL + ADDED if rng.random() < 0.8 else ORIGINAL
        answers = {flag: an_answer(rng, open_share) for flag in asked}
        kind, place = rng.choice(["pain", "numbness", "tingling"]), rng.choice(["saddle", "calf_left", "calf_right"])
        illnesses = [illness for illness in ("diabetes", "anticoagulants") if rng.random() < 0.5]
        yield Person(
            sex=rng.choice([None, "female", "male"]),
            age_years=rng.choice([None, 3.0, 17.99, 18.0, 44.0, 70.0, 71.0, 104.0]),
            history=a_history(rng),
            conditions={illness: rng.choice(["yes", "no", "unknown"]) for illness in illnesses},
            screen={flag: answer for flag, answer in answers.items() if answer is not None},
            symptoms=(Symptom(kind, place),) if rng.random() < 0.05 else (),
            exam=an_exam(rng),
        )


@pytest.fixture(scope="module")
def outcomes() -> list[tuple[Person, Screen]]:
    return [(person, screen_person(person)) for person in people(2026, PEOPLE)]


def told(person: Person, flag: str) -> str | None:
    return person.screen.get(flag)


def open_emergencies(person: Person) -> list[str]:
    """Emergency questions without a yes or no that nothing else answers."""
    found = [f for f in EMERGENCIES if f not in DEPENDENT and told(person, f) not in ("yes", "no")]
    distress = {told(person, "self_harm"), told(person, "psych_distress")}
    if told(person, "self_harm") not in ("yes", "no") and not distress & {"yes", "no"}:
        found.append("self_harm")
    if told(person, "leg_swelling_breathless") not in ("yes", "no") and told(person, "dvt_wells") != "no":
        found.append("leg_swelling_breathless")
    return found


def test_an_emergency_yes_is_an_emergency(outcomes: list[tuple[Person, Screen]]) -> None:
    hit = 0
    for person, screen in outcomes:
        plain = any(told(person, flag) == "yes" for flag in PLAIN_EMERGENCIES)
        untold = told(person, "psych_distress") == "yes" and told(person, "self_harm") not in ("yes", "no")
        if plain or untold:
            hit += 1
            assert screen.level == "emergency" and screen.plan_locked, person.screen
    assert hit > PEOPLE // 10


def test_an_open_emergency_question_locks(outcomes: list[tuple[Person, Screen]]) -> None:
    hit = 0
    for person, screen in outcomes:
        if missing := open_emergencies(person):
            hit += 1
            assert screen.plan_locked and screen.level not in ("none", "routine"), missing
            named = {flag.id for flag in screen.flags if flag.is_open}
            assert set(missing) - {"self_harm"} <= named
    assert hit > PEOPLE // 10


def test_a_sign_locks_at_no_less_than_its_own_urgency(outcomes: list[tuple[Person, Screen]]) -> None:
    for person, screen in outcomes:
        for flag, urgency in ALONE.items():
            if told(person, flag) == "yes":
                assert screen.plan_locked and RANK[screen.level] >= RANK[urgency], (flag, screen.level)


def test_a_child_or_an_unknown_age_is_never_unlocked(outcomes: list[tuple[Person, Screen]]) -> None:
    for person, screen in outcomes:
        if person.age_years is None and told(person, "under_18") != "no":
            assert screen.plan_locked
        if person.age_years is not None and person.age_years < 18:
            assert screen.plan_locked and screen.level not in ("none", "routine", "not_screened")


def test_the_lock_follows_from_the_level_and_says_why(outcomes: list[tuple[Person, Screen]]) -> None:
    unlocked = 0
    for person, screen in outcomes:
        assert screen.plan_locked == (screen.level not in ("none", "routine"))
        assert bool(screen.reason) == screen.plan_locked
        if screen.plan_locked:
            with pytest.raises(LockedError):
                unlock(person)
        else:
            unlocked += 1
            assert unlock(person).belongs_to(person)
    assert unlocked > 50


def test_an_examined_foot_drop_or_rupture_is_not_talked_away(outcomes: list[tuple[Person, Screen]]) -> None:
    found = 0
    for person, screen in outcomes:
        for item in person.exam:
            limit = (item.id == "root_screen_l2_s2" and item.value <= 3) or (
                item.id == "calf_squeeze" and item.value == 1
            )
            found += limit
            assert not limit or RANK[screen.level] >= RANK["same_day"]
    assert found > 100


def test_a_worse_answer_never_lowers_the_urgency_or_unlocks() -> None:
    rng = random.Random(7)
    for person in people(11, PEOPLE // 10):
        before = screen_person(person)
        noes = [flag for flag, answer in person.screen.items() if answer == "no"]
        if not noes:
            continue
        flag = rng.choice(noes)
        for answer in ("yes", "unknown", "skipped"):
            after = screen_person(replace(person, screen=MappingProxyType({**person.screen, flag: answer})))
            assert after.plan_locked >= before.plan_locked, (flag, answer)
            assert RANK[after.level] >= RANK[before.level], (flag, answer, before.level, after.level)


def test_nonsense_is_refused_or_locks_and_never_reads_as_no() -> None:
    rng = random.Random(3)
    for _ in range(PEOPLE // 10):
        answers: dict[str, Any] = dict.fromkeys(ORIGINAL + ADDED, "no")
        flag = rng.choice(PLAIN_EMERGENCIES)
        answers[flag] = rng.choice(NONSENSE)
        answers.pop("psych_distress")
        if flag == "leg_swelling_breathless":
            answers["dvt_wells"] = "unknown"
        try:
            assert screen_person(Person(age_years=40.0, screen=answers)).plan_locked, answers[flag]
        except KinechainError:
            continue


def test_the_order_of_the_answers_does_not_matter(outcomes: list[tuple[Person, Screen]]) -> None:
    for person, screen in outcomes[:500]:
        turned = replace(person, screen=MappingProxyType(dict(reversed(list(person.screen.items())))))
        assert screen_person(turned) == screen
