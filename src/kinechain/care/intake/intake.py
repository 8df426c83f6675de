"""What is asked, of whom, and when: one list for the terminal, the forms that are exchanged, and every page.

::

    intake_questions()  ──►  open_questions(person, who)  ──►  answer(person, question, value)  ──►  person

Emergency signs come first, then age and sex, the other danger signs, the history, and the examination for clinicians;
what is known is never asked.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from kinechain.care.intake.intake_list import Choice, Gate, Question, QuestionKind, Who, find_question, intake_questions
from kinechain.care.person.contradictions import find_contradictions
from kinechain.care.person.person import Person
from kinechain.care.person.person_paths import put, value_at
from kinechain.care.screening.answers import effective_answers
from kinechain.care.screening.clearance import TrustedClearance
from kinechain.care.screening.red_flags import screen_person

__all__ = [
    "Choice",
    "Gate",
    "Question",
    "QuestionKind",
    "Who",
    "answer",
    "find_question",
    "intake_questions",
    "next_question",
    "open_questions",
    "value_at",
]


def open_questions(
    person: Person, who: Who, asked: Collection[str] = (), clearances: Sequence[TrustedClearance] = ()
) -> tuple[Question, ...]:
    """Return the questions that have no answer yet, in order.

    Parameters
    ----------
    person : Person
    who : 'patient' or 'clinician'
        A clinician is asked everything, a patient what patients can tell.
    asked : collection of str
        Paths of questions that were put already in this sitting.
    clearances : sequence of TrustedClearance
        Verified ones: a cleared emergency stops nothing.

    Notes
    -----
    A danger sign that was skipped, or whose 'no' another answer contradicts, is asked again; anything else that was
    skipped is left alone.  Once a sign of an emergency is answered with yes, nothing more is asked of a patient.
    """
    if who == "patient" and screen_person(person, clearances).level == "emergency":
        return ()
    again = {f"screen.{key}" for found in find_contradictions(person) for key in found.reopens}
    settled = {f"screen.{key}" for key, given in effective_answers(person).items() if not given.is_open}
    return tuple(
        question
        for question in intake_questions()
        if question.path not in asked
        and (who == "clinician" or question.who == "patient")
        and not _is_known(person, question, settled - again, again)
        and all(gate.holds(person) for gate in question.only_if)
    )


def _is_known(person: Person, question: Question, settled: Collection[str], again: Collection[str]) -> bool:
    if question.path in again:
        return False
    value = value_at(person, question.path)
    if question.is_danger_sign:
        return question.path in settled or value not in (None, "skipped")
    return value is not None


def next_question(person: Person, asked: Collection[str] = (), who: Who = "patient") -> Question | None:
    """Return the question to put next, None if there is none.

    Parameters
    ----------
    person : Person
    asked : collection of str
        Paths of questions that were put already in this sitting.
    who : 'patient' or 'clinician'
    """
    return next(iter(open_questions(person, who, asked)), None)


def answer(
    person: Person, question: Question, value: Any, *, today: date | None = None, examiner: str = "", method: str = ""
) -> Person:
    """Return the person with a question answered; the person that was given stays as they are.

    Parameters
    ----------
    person : Person
    question : Question
    value : object
        A word of the choices, a number, a tuple of words, 'yes' or 'no', treatments, marks, activities as
        (what, score), or 'skipped' and 'unknown'.
    today : date or None
        Of an examination item or a questionnaire; None means the date of this machine.
    examiner, method : str
        Of an examination item.

    Raises
    ------
    PersonError
        If it is no answer to this question.
    """
    how = method or "entered in the intake"
    return put(person, question.path, value, today=today or date.today(), examiner=examiner, method=how)
