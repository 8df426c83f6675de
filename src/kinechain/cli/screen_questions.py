"""The intake as an interview: emergencies first, nothing that is known, an end at the first emergency."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import cast

from kinechain.care.intake import intake
from kinechain.care.person.contradictions import find_contradictions
from kinechain.care.person.person import Person
from kinechain.care.screening.clearance import TrustedClearance
from kinechain.care.screening.red_flags import screen_person
from kinechain.cli.answers import SKIPPED, UNKNOWN, Question, Value
from kinechain.cli.questions import Script
from kinechain.core.errors import SettingError
from kinechain.evidence.wording import say

__all__ = ["open_intake", "screen_script"]

#: Kinds of question a terminal has no good way for; the person file and the pages take them.
NOT_HERE = ("treatments", "symptoms")
#: Answered by the age, which is asked instead.
BY_AGE = "screen.under_18"

#: 'climbing stairs 4', 'climbing stairs: 4', 'climbing stairs = 4'.
ACTIVITY = re.compile(r"\s*(.*?\S)\s*[:=]?\s+(\d+(?:[.,]\d+)?)\s*")


def open_intake(person: Person) -> list[Question]:
    """Return the questions that have no answer yet, in the order they are asked.

    Parameters
    ----------
    person : Person

    Notes
    -----
    Emergencies come first (rule R0.2), each behind the question that opens it.
    """
    asked = [q for q in intake.open_questions(person, "patient") if q.kind not in NOT_HERE and q.path != BY_AGE]
    return [_question(question) for question in _gates_first(asked)]


def screen_script(save: Callable[[Person], None], clearances: Sequence[TrustedClearance] = ()) -> Script[Person]:
    """Return the interview of the intake.

    Parameters
    ----------
    save : callable
        Keeps the person after each answer.
    clearances : sequence of TrustedClearance
    """
    return Script(
        open_intake,
        _put,
        save,
        stops=lambda person: screen_person(person, clearances).level == "emergency",
        notes=lambda before, after: [text for text in _in_doubt(after) if text not in _in_doubt(before)],
    )


def _in_doubt(person: Person) -> list[str]:
    """Return the contradictions that put a danger sign in doubt; others may be answered by a question still to come."""
    return [found.sentence.text for found in find_contradictions(person) if found.reopens]


def _gates_first(asked: Sequence[intake.Question]) -> list[intake.Question]:
    """Return questions in their order, each danger sign behind the open ones that can answer it with a no."""
    by_path = {question.path: question for question in asked}
    ordered: dict[str, intake.Question] = {}
    for question in asked:
        gates = [path for gate in question.only_if if question.is_danger_sign for path in gate.paths]
        for path in (*gates, question.path):
            if path in by_path and by_path[path].is_danger_sign == question.is_danger_sign:
                ordered.setdefault(path, by_path[path])
    return list(ordered.values())


def _question(asked: intake.Question) -> Question:
    """Return a question of the intake as the terminal asks it."""
    kinds = {"yes_no": "yes_no", "number": "number", "choice": "choice", "several": "several", "regions": "several"}
    is_number = asked.kind == "number"
    keys = ("yes", "no", UNKNOWN, SKIPPED)  # They have keys of their own.
    return Question(
        asked.path,
        asked.text,
        kinds.get(asked.kind, "text"),  # type: ignore[arg-type]
        asked.why,
        asked.section_title,
        asked.unit if is_number else "",
        (asked.low, asked.high) if is_number else (0.0, 0.0),
        tuple(choice for choice in asked.choices if choice.value not in keys),
    )


def _put(person: Person, question: Question, value: Value) -> Person:
    asked = intake.find_question(question.id)
    if asked.kind == "activities" and value not in (SKIPPED, UNKNOWN):
        return intake.answer(person, asked, _activities(cast(str, value)))
    return intake.answer(person, asked, list(value) if isinstance(value, tuple) else value)


def _activities(typed: str) -> list[tuple[str, float]]:
    """Return activities with their scores, from 'climbing stairs 4; standing at work 6'."""
    found = []
    for part in filter(str.strip, re.split(r"[;\n]", typed)):
        match = ACTIVITY.fullmatch(part)
        if match is None:
            raise SettingError(say("terminal.not_an_activity", given=part.strip()).text)
        found.append((match[1], float(match[2].replace(",", "."))))
    return found
