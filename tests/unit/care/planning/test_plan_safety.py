"""What a plan says to do when something goes wrong is never less urgent than the rules."""

import itertools
from collections.abc import Sequence

import pytest

from care_people import item, plan_of, with_pain
from kinechain.care.follow_up.alerts import ADVERSE_EVENTS
from kinechain.care.planning.plan import Exercise, Plan
from kinechain.evidence.wording import say

NOW = ("go to an emergency department now", "call for an ambulance", "call for help now")

#: What each unwanted event reads like on the safety list.
WORDS = {
    "chest_pain": "Chest pain",
    "breathlessness": "trouble breathing",
    "fainting": "fainting",
    "hot_swollen_joint": "A joint or a foot that becomes hot and swollen",
    "hot_swollen_foot": "A joint or a foot that becomes hot and swollen",
    "calf_swelling": "swollen, warm calf",
    "sudden_snap": "a snap at the back of the ankle",
    "new_numbness": "new numbness or tingling",
    "new_tingling": "tingling",
    "new_weakness": "New weakness",
    "pain_further_down_leg": "further down the leg",
}


def texts(plan: Plan, part: str) -> tuple[str, ...]:
    (found,) = [p for p in plan.parts if p.id == part]
    return tuple(sentence.text for sentence in found.sentences)


@pytest.mark.parametrize("what", WORDS)
def test_the_safety_list_is_as_urgent_as_the_alert_of_the_same_event(what: str) -> None:
    (line,) = [text for text in texts(plan_of(with_pain("low_back")), "safety.stop") if WORDS[what] in text]
    urgency = ADVERSE_EVENTS[what].urgency
    assert any(word in line for word in NOW) == (urgency == "emergency")
    assert ("the same day" in line) == (urgency == "same_day")


@pytest.mark.parametrize("sign", ["bladder or bowel", "cold, pale or numb", "fever", "harming yourself"])
def test_the_emergencies_that_are_asked_again_stand_on_the_safety_list(sign: str) -> None:
    (line,) = [text for text in texts(plan_of(with_pain("low_back")), "safety.stop") if sign in text]
    assert any(word in line for word in NOW)


@pytest.mark.parametrize(("answer", "is_told"), [("yes", True), ("unknown", True), ("no", False)])
def test_blood_thinners_and_a_fall_are_for_the_same_day(answer: str, is_told: bool) -> None:
    plan = plan_of(with_pain("low_back", conditions={"anticoagulants": answer}))
    assert any("blood thinners" in text for text in texts(plan, "safety.stop")) == is_told
    assert texts(plan, "safety.stop")[-1] == say("plan.nobody_watches").text


def test_a_foot_that_feels_less_is_not_guided_by_pain_and_a_warm_one_goes_to_the_emergency_department() -> None:
    plan = plan_of(with_pain("heel_left", conditions={"neuropathy": "yes", "diabetes": "yes"}))
    assert any("not by pain" in text for text in texts(plan, "safety.pain_rule"))
    (warm,) = [text for text in texts(plan, "footwear.skin") if "warm" in text]
    days, now = warm.split(". ", 1)
    assert "one working day" in days and "warm" not in days
    assert "warm" in now and "do not stand on it" in now and NOW[0] in now


def test_a_foot_that_feels_is_guided_by_pain() -> None:
    plan = plan_of(with_pain("heel_left", conditions={"neuropathy": "no", "diabetes": "no"}))
    assert not any("not by pain" in sentence.text for part in plan.parts for sentence in part.sentences)


def sentences(text: str) -> list[str]:
    return [f"{part.rstrip('.')}." for part in text.split(". ") if len(part) > 12]


@pytest.mark.parametrize(
    "regions", [("heel_left",), ("heel_left", "heel_right", "low_back"), ("low_back",)], ids=lambda r: "+".join(r)
)
def test_no_part_of_a_plan_says_a_sentence_twice(regions: Sequence[str]) -> None:
    lunge = (item("lunge_test", "left", 8.0, "cm"), item("lunge_test", "right", 11.0, "cm"))
    plan = plan_of(with_pain(*regions, exam=lunge, age_years=82.0))
    assert any(isinstance(part, Exercise) for part in plan.parts)
    for part in plan.parts:
        said = list(itertools.chain(*(sentences(sentence.text) for sentence in part.sentences)))
        assert len(said) == len(set(said)), part.id
