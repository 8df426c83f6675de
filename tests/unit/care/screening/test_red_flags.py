"""The danger-sign lock opens only on a clear answer to every emergency question."""

import tomllib
from dataclasses import replace
from datetime import date
from importlib.resources import files

import pytest

from kinechain.care.person.person import ExamItem, History, Person, Symptom
from kinechain.care.screening.red_flags import (
    LOCKING,
    URGENCIES,
    asked_again,
    questions,
    read_red_flags,
    screen_ids,
    screen_person,
)
from kinechain.core.errors import PersonError

ALL_NO = {flag.id: "no" for flag in read_red_flags()}


def adult(sex: str = "male", age: float | None = 40.0, **answers: str) -> Person:
    return Person(sex=sex, age_years=age, screen={**ALL_NO, **answers})  # type: ignore[arg-type]


def with_history(person: Person, **told: object) -> Person:
    return replace(person, history=History(**told))  # type: ignore[arg-type]


def test_every_question_answered_no_unlocks_an_adult() -> None:
    screen = screen_person(adult())
    assert (screen.level, screen.plan_locked, screen.flags, screen.reason) == ("none", False, (), "")


def test_a_recording_alone_is_not_screened() -> None:
    screen = screen_person(Person())
    assert (screen.level, screen.plan_locked) == ("not_screened", True)
    assert {flag.answer for flag in screen.flags} == {"not asked"}
    emergencies = {f.id for f in read_red_flags() if f.urgency == "emergency" and not f.replaced_by}
    open_flags = {flag.id for flag in screen.flags}
    assert emergencies <= open_flags
    assert not open_flags & {"pregnancy", "axspa_gate", "visceral_pain", "hopelessness", "psych_distress"}
    assert {"visceral_pain", "hopelessness", "pregnancy"} <= set(screen.not_asked)


def test_an_unknown_answer_is_told_from_one_that_was_not_asked() -> None:
    answers = {key: value for key, value in ALL_NO.items() if key != "ces_bowel"}
    screen = screen_person(Person(age_years=40, screen={**answers, "ces_sexual": "unknown"}))  # type: ignore[arg-type]
    assert {flag.id: flag.answer for flag in screen.flags} == {"ces_bowel": "not asked", "ces_sexual": "unknown"}
    assert (screen.level, screen.plan_locked) == ("not_screened", True)


@pytest.mark.parametrize("flag", [f for f in questions() if f.logic == "any"], ids=lambda f: f.id)
def test_one_yes_to_a_question_that_is_enough_alone_gives_its_urgency(flag: object) -> None:
    screen = screen_person(adult(**{flag.id: "yes"}))  # type: ignore[attr-defined]
    assert screen.level == flag.urgency  # type: ignore[attr-defined]
    assert screen.plan_locked == (flag.urgency in LOCKING)  # type: ignore[attr-defined]
    assert screen.flags[0].rule == flag.action  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("person", "level"),
    [
        (adult(spine_steroids="yes"), "same_day"),
        (with_history(adult(spine_steroids="yes"), pain_weeks=30), "soon"),
        (with_history(adult(sex="female", spine_steroids="yes"), pain_weeks=30), "same_day"),
        (adult(sex="female", spine_steroids="yes"), "same_day"),
        (adult(age=75, spine_steroids="yes"), "same_day"),
        (adult(spine_fragility_age="yes"), "soon"),
        (adult(spine_fragility_age="yes", spine_steroids="yes"), "same_day"),
        (adult(infection_risk="yes"), "soon"),
        (adult(infection_risk="yes", weight_loss="yes"), "same_day"),
        (adult(cancer_history="yes"), "same_day"),
        (adult(dvt_wells="yes"), "same_day"),
        (adult(pregnancy="yes"), "routine"),
        (adult(ottawa_not_valid="yes"), "soon"),
        (adult(ottawa_not_valid="yes", ottawa_midfoot="yes"), "same_day"),
        (adult(ottawa_malleoli="unknown"), "same_day"),
        (adult(ottawa_weight_bearing="yes", ces_bladder="yes"), "emergency"),
    ],
)
def test_combined_questions_are_read_with_their_company(person: Person, level: str) -> None:
    screen = screen_person(person)
    assert screen.level == level
    assert screen.plan_locked == (level in LOCKING)


def test_a_routine_yes_is_listed_and_does_not_lock() -> None:
    screen = screen_person(adult(heel_pain_not_improving="yes"))
    assert (screen.level, screen.plan_locked, len(screen.flags)) == ("routine", False, 1)


def test_an_urgent_yes_is_not_hidden_by_open_questions() -> None:
    screen = screen_person(Person(age_years=40, screen={"foot_drop": "yes"}))
    assert screen.level == "same_day"
    assert "no answer" in screen.reason
    assert screen.flags[0].id == "foot_drop"


@pytest.mark.parametrize(
    "person",
    [
        adult(age=17.99),
        adult(age=None, under_18="yes"),
        adult(age=None, under_18="unknown"),
        adult(age=40, under_18="yes"),
        adult(age=float("nan")),
    ],
)
def test_under_18_or_an_unknown_age_locks(person: Person) -> None:
    screen = screen_person(person)
    assert screen.plan_locked
    assert screen.reason


def test_a_stated_adult_without_an_age_is_unlocked() -> None:
    assert not screen_person(adult(age=None)).plan_locked


def test_an_answer_to_no_question_is_refused() -> None:
    with pytest.raises(PersonError, match="Did you mean 'ces_bladder'"):
        screen_person(Person(screen={"ces_blader": "no"}))


def test_every_question_has_sources_that_exist() -> None:
    text = (files("kinechain.evidence") / "data" / "clinical" / "sources.toml").read_text(encoding="utf-8")
    known = {source["key"] for source in tomllib.loads(text)["source"]}
    for flag in read_red_flags():
        assert flag.urgency in URGENCIES
        assert set(flag.sources) <= known, flag.id


def test_the_question_that_asked_two_things_is_an_emergency_unless_self_harm_is_denied() -> None:
    old = {key: "no" for key in ALL_NO if key not in ("self_harm", "hopelessness")}

    def level(**answers: str) -> str:
        return screen_person(Person(age_years=40, screen={**old, **answers})).level  # type: ignore[arg-type]

    assert level() == "none"
    assert level(psych_distress="yes") == "emergency"
    assert level(psych_distress="yes", self_harm="no") == "soon"
    assert level(psych_distress="unknown") == "not_screened"
    assert level(psych_distress="unknown", self_harm="no", hopelessness="no") == "none"
    assert level(hopelessness="yes", self_harm="no") == "soon"
    assert level(self_harm="yes") == "emergency"


def examined(*items: tuple[str, str, float, str], day: date | None = None) -> Person:
    exam = tuple(ExamItem(i, side, value, "", "t", part, "C1", day) for i, side, value, part in items)  # type: ignore[arg-type]
    return replace(adult(), exam=exam)


@pytest.mark.parametrize(
    ("items", "flags", "level"),
    [
        ([("root_screen_l2_s2", "left", 3.0, "L4 strength")], ["foot_drop"], "same_day"),
        ([("root_screen_l2_s2", "left", 4.0, "L4 strength")], [], "none"),
        ([("root_screen_l2_s2", "right", 2.0, "S1 strength")], ["stable_neuro_deficit"], "soon"),
        (
            [("root_screen_l2_s2", "left", 2.0, "S1 strength"), ("root_screen_l2_s2", "right", 3.0, "L4 strength")],
            ["ces_bilateral_leg", "foot_drop", "stable_neuro_deficit"],
            "emergency",
        ),
        ([("calf_squeeze", "right", 1.0, "")], ["achilles_rupture"], "same_day"),
        ([("calf_squeeze", "right", 0.0, "")], [], "none"),
        ([("monofilament", "left", 0.0, "")], [], "none"),
        ([("ipswich_touch", "both", 4.0, "")], [], "none"),
        ([("single_leg_stance", "both", 2.0, "")], [], "none"),
    ],
)
def test_findings_raise_signs_although_the_answer_is_no(items: list, flags: list[str], level: str) -> None:
    screen = screen_person(examined(*items))
    assert [flag.id for flag in screen.flags] == flags
    assert {flag.answer for flag in screen.flags} <= {"examination"}
    assert (screen.level, screen.plan_locked) == (level, level != "none")


def test_the_latest_examination_counts() -> None:
    early = examined(("root_screen_l2_s2", "left", 2.0, "L4 strength"), day=date(2026, 1, 2))
    late = examined(("root_screen_l2_s2", "left", 5.0, "L4 strength"), day=date(2026, 2, 2))
    assert screen_person(early).plan_locked
    assert not screen_person(replace(early, exam=early.exam + late.exam)).plan_locked
    assert screen_person(replace(early, exam=late.exam + early.exam)).level == "none"


@pytest.mark.parametrize(
    ("symptoms", "flag"),
    [
        ([("numbness", "saddle")], "ces_saddle"),
        ([("tingling", "calf_left"), ("tingling", "thigh_right")], "ces_bilateral_leg"),
        ([("pain", "calf_left"), ("pain", "calf_right"), ("pain", "low_back")], "ces_bilateral_leg"),
        ([("tingling", "toes_left"), ("numbness", "heel_right")], "both_feet_numb"),
    ],
)
def test_a_mark_on_the_map_opens_the_question_it_contradicts(symptoms: list, flag: str) -> None:
    marked = replace(adult(), symptoms=tuple(Symptom(kind, region) for kind, region in symptoms))
    screen = screen_person(marked)
    assert (screen.level, screen.plan_locked) == ("not_screened", True)
    assert [f.id for f in screen.flags] == [flag]
    assert screen.contradictions[0] in screen.reason
    assert screen_person(replace(marked, screen={**marked.screen, flag: "yes"})).flags[0].answer == "yes"


def test_sore_heels_and_sore_legs_without_a_back_open_nothing() -> None:
    for regions in (("heel_left", "heel_right"), ("calf_left", "calf_right")):
        marked = replace(adult(), symptoms=tuple(Symptom("pain", region) for region in regions))
        assert screen_person(marked).level == "none"


def test_a_flag_says_to_the_person_what_to_do() -> None:
    def advice(**answers: str) -> str:
        return screen_person(adult(**answers)).flags[0].advice

    assert advice(aaa_rupture="yes").startswith("Call an ambulance")
    assert "not stand or walk" in advice(charcot="yes")
    assert "today" in advice(foot_drop="yes")
    assert "emergency department" in advice(cancer_history="yes", foot_drop="yes")
    for flag in questions():
        if flag.id not in ("axspa_gate",):
            assert advice(**{flag.id: "yes"}), flag.id


def test_the_questions_come_emergencies_first_and_are_asked_again() -> None:
    order = [URGENCIES.index(flag.urgency) for flag in questions()]
    assert order == sorted(order)
    assert set(asked_again()) == {f.id for f in questions() if f.urgency == "emergency"}
    assert "psych_distress" not in asked_again()
    assert set(screen_ids()) > {f.id for f in questions()} | {"psych_distress", "axspa_buttock"}
