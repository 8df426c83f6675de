"""The danger signs as an interview: emergencies first, nothing that is known, an end at the first emergency."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import cast

from kinechain.care.clearance import TrustedClearance
from kinechain.care.person import Answer, Person, Sex
from kinechain.care.person_file import PERSON_NUMBERS, check_person_number
from kinechain.care.red_flag_text import RedFlag, questions, read_sub_questions
from kinechain.care.red_flags import ASK, screen_person
from kinechain.cli.answers import SKIPPED, UNKNOWN, Choice, Question, Value
from kinechain.cli.questions import Script
from kinechain.evidence.wording import say

__all__ = ["open_danger_signs", "screen_script"]

AGE = "age_years"
SEX = "sex"
#: Answered by the age, which is asked instead.
BY_AGE = "under_18"


def open_danger_signs(person: Person, clearances: Sequence[TrustedClearance] = ()) -> list[Question]:
    """Return the questions that have no answer yet, in the order they are asked.

    Parameters
    ----------
    person : Person
    clearances : sequence of TrustedClearance

    Notes
    -----
    Emergencies come first (rule R0.2), each behind the question that opens it; then age and sex, which other signs are
    read beside, then the rest.  What was skipped is asked again; "I do not know" is an answer, and is not.
    """
    outcome = screen_person(person, clearances)
    ids = {flag.id for flag in outcome.flags if flag.rule == ASK and flag.answer != UNKNOWN} | set(outcome.not_asked)
    asked = _gates_first([flag for flag in questions() if flag.id in ids and flag.id != BY_AGE])
    last = max((i for i, flag in enumerate(asked) if flag.urgency == "emergency"), default=-1) + 1
    urgent, other = (say(f"terminal.section_{name}").text for name in ("emergency", "other"))
    first = [Question(flag.id, flag.question, why=flag.why, section=urgent) for flag in asked[:last]]
    rest = [Question(flag.id, flag.question, why=flag.why, section=other) for flag in asked[last:]]
    return [*first, *_about(person), *rest, *_features(person, other)]


def screen_script(save: Callable[[Person], None], clearances: Sequence[TrustedClearance] = ()) -> Script[Person]:
    """Return the interview of the danger signs.

    Parameters
    ----------
    save : callable
        Keeps the person after each answer.
    clearances : sequence of TrustedClearance
    """
    return Script(
        lambda person: open_danger_signs(person, clearances),
        _put,
        save,
        stops=lambda person: screen_person(person, clearances).level == "emergency",
        notes=lambda before, after: [
            sentence
            for sentence in screen_person(after, clearances).contradictions
            if sentence not in screen_person(before, clearances).contradictions
        ],
    )


def _gates_first(asked: Sequence[RedFlag]) -> list[RedFlag]:
    """Return questions in their order, each behind those it is asked only after."""
    by_id = {flag.id: flag for flag in asked}
    ordered: dict[str, RedFlag] = {}
    for flag in asked:
        for gate in (*flag.asked_unless_no, flag.id):
            if gate in by_id:
                ordered.setdefault(gate, by_id[gate])
    return list(ordered.values())


def _about(person: Person) -> list[Question]:
    """Return age and sex, where they are missing."""
    section = say("terminal.section_person").text
    low, high, _ = PERSON_NUMBERS[AGE]
    age = Question(
        AGE,
        say("terminal.question_age").text,
        "number",
        say("terminal.why_age").text,
        section,
        say("terminal.years").text,
        (low, high),
    )
    sexes = tuple(Choice(sex, say(f"terminal.choice_{sex}").text) for sex in ("female", "male"))
    sex = Question(
        SEX, say("terminal.question_sex").text, "choice", say("terminal.why_sex").text, section, choices=sexes
    )
    given = {AGE: person.age_years, SEX: person.sex}
    return [q for q in (age, sex) if given[q.id] is None and q.id not in person.unknown]


def _features(person: Person, section: str) -> list[Question]:
    """Return the questions that belong to a danger sign which is not answered with no."""
    return [
        Question(sub.id, sub.question, section=section)
        for sub in read_sub_questions()
        if person.screen.get(sub.of) in ("yes", UNKNOWN) and person.screen.get(sub.id, SKIPPED) == SKIPPED
    ]


def _put(person: Person, question: Question, value: Value) -> Person:
    if question.id not in (AGE, SEX):
        return replace(person, screen=MappingProxyType({**person.screen, question.id: cast(Answer, value)}))
    skipped, unknown = person.skipped - {question.id}, person.unknown - {question.id}
    if value in (SKIPPED, UNKNOWN):
        skipped |= {question.id} if value == SKIPPED else set()
        unknown |= {question.id} if value == UNKNOWN else set()
        return replace(person, skipped=skipped, unknown=unknown)
    if question.id == SEX:
        return replace(person, sex=cast(Sex, value), skipped=skipped, unknown=unknown)
    age = check_person_number(AGE, cast(float, value), question.text)
    return replace(person, age_years=age, skipped=skipped, unknown=unknown)
