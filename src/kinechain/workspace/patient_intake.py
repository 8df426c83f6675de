"""The intake as a patient answers it: which question stands where, what a form's fields mean, and each answer kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from kinechain.care.follow_up.events import ConsentGiven, ConsentWithdrawn
from kinechain.care.intake.intake import answer, find_question, intake_questions, open_questions, value_at
from kinechain.care.intake.intake_list import Question
from kinechain.care.person.person import Person, Treatment
from kinechain.care.person.symptom_map import in_group
from kinechain.care.records.consent import SCOPES, consent_state, consent_text, may, text_digest
from kinechain.core.errors import SettingError, suggest
from kinechain.core.text import printable
from kinechain.evidence.wording import Sentence
from kinechain.store.audit import Actor
from kinechain.store.clock import now
from kinechain.workspace.case import Case, change_person, read_case, write_events
from kinechain.workspace.intake import note_answers
from kinechain.workspace.logging import NoConsentError
from kinechain.workspace.marks import mark_text, read_marks
from kinechain.workspace.place import Place

__all__ = [
    "ACTIVITIES",
    "UNITS",
    "Asked",
    "agree",
    "ask",
    "consent_words",
    "give_answer",
    "has_agreed",
    "marks_of",
    "open_now",
    "shown_number",
    "take_back",
    "units_of",
]

#: Boxes for things that are hard to do.
ACTIVITIES = 5
MAP, REGIONS = "symptoms", "history.pain_regions"

#: Units a patient may choose, by the unit of the question: code, label, factor to it; the usual one first.
UNITS: Mapping[str, tuple[tuple[str, str, float], ...]] = {
    "metres": (("cm", "cm", 0.01), ("inch", "inches", 0.0254)),
    "kilograms": (("kg", "kg", 1.0), ("lb", "pounds", 0.45359237)),
    "mm": (("mm", "mm", 1.0), ("inch", "inches", 25.4)),
    "weeks": (("weeks", "weeks", 1.0), ("days", "days", 1 / 7), ("months", "months", 365.25 / 84),
              ("years", "years", 365.25 / 7)),
    "months": (("months", "months", 1.0), ("years", "years", 12.0)),
    "minutes": (("minutes", "minutes", 1.0), ("hours", "hours", 60.0)),
}  # fmt: skip
#: Of height alone: two fields.
FEET = ("ft", "feet and inches", 0.3048)
INCHES_IN_FOOT = 12.0


@dataclass(frozen=True)
class Asked:
    """One question where it stands in the intake of one patient.

    Attributes
    ----------
    question : Question
    index : int
        Among all questions; what pages call it by.
    number, total : int
        Its place among those that are asked of this patient.
    value : object
        What was answered before, None if nothing was.
    back : int or None
        Index of the question before it.
    """

    question: Question
    index: int
    number: int
    total: int
    value: Any
    back: int | None


# ---- consent


def has_agreed(case: Case, today: date | None = None) -> bool:
    """Return whether a patient agreed that their answers, plan and log are kept.

    Parameters
    ----------
    case : Case
    today : date, optional
    """
    return may(case.events, "care", today or now().astimezone().date())


def consent_words(scopes: Sequence[str] = SCOPES) -> tuple[Sentence, ...]:
    """Return the text a patient agrees to.

    Parameters
    ----------
    scopes : sequence of str
    """
    return consent_text(scopes, None)


def agree(place: Place, actor: Actor, scopes: Sequence[str]) -> Case:
    """Write down what a patient agrees to, with the digest of the text that was shown.

    Parameters
    ----------
    place : Place
    actor : Actor
        The patient.
    scopes : sequence of str
        Of `SCOPES`; 'care' is among them.
    """
    for scope in scopes:
        if scope not in SCOPES:
            raise SettingError(f"there is no consent to '{printable(scope)[:40]}'. {suggest(scope, SCOPES)}")
    if "care" not in scopes:
        raise SettingError("without an agreement to care nothing can be kept, and there is no plan; choose it")
    agreed = tuple(name for name in SCOPES if name in scopes)
    given = ConsentGiven(
        id=str(uuid4()), at=_here(), by="patient", scope=agreed, wording=text_digest(consent_words(agreed))
    )
    with place.database.writing() as connection:
        return write_events(connection, actor, actor.patient_id, (given,), "give consent")


def take_back(place: Place, actor: Actor, scope: str) -> Case:
    """Write down what a patient no longer agrees to; nothing is deleted by it.

    Parameters
    ----------
    place : Place
    actor : Actor
        The patient.
    scope : str
    """
    with place.database.writing() as connection:
        case = read_case(connection, actor.patient_id)
        if consent_state(case.events, scope, now().astimezone().date()).state != "given":
            return case
        withdrawn = ConsentWithdrawn(id=str(uuid4()), at=_here(), by="patient", scope=(scope,))
        return write_events(connection, actor, actor.patient_id, (withdrawn,), "withdraw consent")


def _here() -> datetime:
    return now().astimezone().replace(microsecond=0)


# ---- which question


def ask(case: Case, at: int | None = None, after: int = -1) -> Asked | None:
    """Return the question to show; None if there is none left.

    Parameters
    ----------
    case : Case
    at : int, optional
        Index of a question the patient goes back to.
    after : int
        Index of the one that was just answered or skipped: what was skipped up to there waits for the next sitting.
    """
    everything = intake_questions()
    index_of = {question.path: number for number, question in enumerate(everything)}
    still_open = open_now(case)
    passed = [q for q in everything if _is_passed(case, q) and q not in still_open]
    if at is not None:
        if not 0 <= at < len(everything) or everything[at] not in (*still_open, *passed):
            raise SettingError("this question is not asked of you; go on with the next one")
        question = everything[at]
    else:
        left = [q for q in still_open if value_at(case.person, q.path) is None or index_of[q.path] > after]
        if not left:
            return None
        question = left[0]
    index = index_of[question.path]
    before = [q for q in (*passed, *still_open) if _was_answered(case, q) and index_of[q.path] < index]
    back = max((index_of[q.path] for q in before), default=None)
    total = len(passed) + len(still_open)
    number = len({q.path for q in (*before, question)})
    return Asked(question, index, number, total, value_at(case.person, question.path), back)


def open_now(case: Case) -> tuple[Question, ...]:
    """Return the questions a patient has still to answer, skipped danger signs among them.

    Parameters
    ----------
    case : Case
    """
    return open_questions(case.person, "patient", clearances=case.clearances)


def _is_passed(case: Case, question: Question) -> bool:
    return question.who == "patient" and _was_answered(case, question)


def _was_answered(case: Case, question: Question) -> bool:
    return value_at(case.person, question.path) is not None and all(g.holds(case.person) for g in question.only_if)


# ---- one answer


def give_answer(place: Place, actor: Actor, index: int, fields: Mapping[str, str]) -> Case:
    """Keep one answer, as a new version of the answers.

    Parameters
    ----------
    place : Place
    actor : Actor
        The patient.
    index : int
        Of the question.
    fields : mapping of str to str
        Of the form: ``answer``, and what else its kind of question has.

    Raises
    ------
    NoConsentError
        If the patient did not agree to care.
    InputError
        If it is no answer to this question.
    """
    questions = intake_questions()
    if not 0 <= index < len(questions) or questions[index].who != "patient":
        raise SettingError("there is no such question; go on with the next one")
    question = questions[index]
    today = now().astimezone().date()
    with place.database.writing() as connection:
        case = read_case(connection, actor.patient_id)
        if not has_agreed(case, today):
            raise NoConsentError(
                "nothing is stored before you agree to it; open your page and read what is asked there"
            )
        changed = change_person(
            connection,
            actor,
            actor.patient_id,
            lambda person: _answered(person, question, fields, today),
            "write intake",
            detail={"question": index},
        )
        note_answers(connection, changed)
        return changed


def _answered(person: Person, question: Question, fields: Mapping[str, str], today: date) -> Person:
    # A button for "I do not know" stands beside what may be typed or ticked already, and counts.
    given = fields.get("answer", "").rpartition(",")[2]
    is_absent = given in ("unknown", "skipped")
    if question.path in (MAP, REGIONS):
        return _mapped(person, question, given if is_absent else "", fields.get("mark", ""), today)
    value = given if is_absent else _read(person, question, fields)
    return answer(person, question, value, today=today)


def _mapped(person: Person, question: Question, absence: str, written: str, today: date) -> Person:
    """Put the body map: its marks, and the places that hurt, which are asked once."""
    if absence:
        person = answer(person, find_question(MAP), absence, today=today)
        return answer(person, find_question(REGIONS), absence, today=today) if question.path == REGIONS else person
    marks = read_marks(written)
    places = list(dict.fromkeys(mark["region"] for mark in marks if mark["kind"] == "pain"))
    if question.path == REGIONS and not places:
        raise SettingError("mark at least one place where it hurts, or say that you do not know")
    if not marks:
        raise SettingError("mark at least one place, or say that you do not know")
    person = answer(person, find_question(MAP), list(marks), today=today)
    return answer(person, find_question(REGIONS), places, today=today) if places else person


def _read(person: Person, question: Question, fields: Mapping[str, str]) -> Any:
    given = fields.get("answer", "").strip()
    if question.kind == "number":
        return _number(question, given, fields)
    if question.kind in ("yes_no", "choice"):
        if given not in {choice.value for choice in question.choices}:
            raise SettingError("choose one of the answers")
        return given
    if question.kind == "several":
        chosen = [word for word in given.split(",") if word and word != "none"]
        if not given or ("none" in given.split(",") and chosen):
            raise SettingError("choose what fits, or none of these, not both")
        return chosen
    if question.kind == "treatments":
        return _treatments(person, question, fields)
    return _activities(question, fields)


def units_of(question: Question) -> tuple[tuple[str, str, float], ...]:
    """Return the units a patient may choose for a number.

    Parameters
    ----------
    question : Question
    """
    units = UNITS.get(question.unit, ())
    return (units[0], FEET) if question.path == "person.height_m" else units


def shown_number(question: Question, value: float, unit: str) -> tuple[str, str]:
    """Return a number as its field shows it in a unit, and inches where the unit is feet.

    Parameters
    ----------
    question : Question
    value : float
        In the unit of the question.
    unit : str
    """
    factor = next((factor for code, _, factor in units_of(question) if code == unit), 1.0)
    if unit == FEET[0]:
        inches = round(value / factor * INCHES_IN_FOOT, 1)
        return f"{inches // INCHES_IN_FOOT:g}", f"{inches % INCHES_IN_FOOT:.3g}"
    return f"{value / factor:.4g}", ""


def _number(question: Question, given: str, fields: Mapping[str, str]) -> float:
    units = units_of(question)
    unit = fields.get("unit", "")
    factor = next((factor for code, _, factor in units if code == unit), 1.0)
    number = _as_number(given, question)
    if unit == FEET[0] and fields.get("inches", "").strip():
        number += _as_number(fields["inches"], question) / INCHES_IN_FOOT
    found = float(f"{number * factor:.6g}")
    if not question.low <= found <= question.high:
        least, most = (shown_number(question, limit, unit)[0] for limit in (question.low, question.high))
        told = next((label for code, label, _ in units if code == unit), question.unit)
        raise SettingError(f"{printable(given)[:20]} cannot be right here: it lies between {least} and {most} {told}")
    if question.is_whole and found != round(found):
        raise SettingError("write a whole number here")
    return found


def _as_number(text: str, question: Question) -> float:
    if not re.fullmatch(r"[-+]?\d{1,9}([.,]\d{1,9})?", text.strip()):
        shown = f"'{printable(text)[:20]}' is no number" if text.strip() else "there is no number yet"
        raise SettingError(f"{shown}; write one in digits, or choose one of the answers below")
    return float(text.strip().replace(",", "."))


def _treatments(person: Person, question: Question, fields: Mapping[str, str]) -> list[Treatment]:
    found = []
    for choice in question.choices:
        told = fields.get(f"response.{choice.value}", "")
        if told not in ("", "better", "same", "worse"):
            raise SettingError("choose how it went: better, same or worse")
        if told:
            found.append(Treatment(choice.value, fields.get("region") or _site(person), response=told))  # type: ignore[arg-type]
    return found


def _site(person: Person) -> str:
    """Return where earlier treatment was for, by what hurts."""
    places = person.history.pain_regions
    return "foot" if places and all(in_group(code, "foot") for code in places) else "back"


def _activities(question: Question, fields: Mapping[str, str]) -> list[tuple[str, float]]:
    found = []
    for number in range(1, ACTIVITIES + 1):
        what, score = fields.get(f"what.{number}", "").strip(), fields.get(f"score.{number}", "").strip()
        if what and not score:
            raise SettingError(
                f"say how well you can do '{printable(what)[:40]}', from {question.low:g} to {question.high:g}"
            )
        if what:
            found.append((what[:200], _as_number(score, question)))
    if not found:
        raise SettingError("write at least one thing, or choose one of the answers below")
    return found


def marks_of(case: Case) -> tuple[str, ...]:
    """Return the marks of the body map as fields of a form.

    Parameters
    ----------
    case : Case
    """
    return tuple(mark_text(mark) for mark in case.person.symptoms)
