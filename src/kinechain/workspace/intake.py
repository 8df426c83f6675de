"""The intake as the clinic reviews it: every answer in its section, corrected one by one, and marked as seen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, insert, select, update

from kinechain.care.intake.intake import answer
from kinechain.care.intake.intake_list import Question, intake_questions
from kinechain.care.person.person import Person, Score, Treatment
from kinechain.care.person.person_page import ABSENT
from kinechain.care.person.person_paths import put, value_at
from kinechain.care.person.questionnaires import Questionnaire, find_questionnaire, read_questionnaires
from kinechain.care.screening.wells import WellsScore, wells_score
from kinechain.core.errors import InputError, PersonError
from kinechain.store.audit import Actor, record
from kinechain.store.clock import now
from kinechain.store.database import Database
from kinechain.store.people import hold
from kinechain.store.tables import audit, task
from kinechain.workspace.case import Case, ConflictError, change_person, read_case
from kinechain.workspace.exam import parse_number
from kinechain.workspace.overview import people_names
from kinechain.workspace.tasks import keep_urgency

__all__ = [
    "Answered",
    "Intake",
    "Section",
    "mark_reviewed",
    "note_answers",
    "read_intake",
    "write_answers",
    "write_score",
]

#: Boxes for treatments and activities beyond those that are there.
SPARE = 2
ACTIVITIES = 5
#: Sections whose questions stand elsewhere: the examination has its own sheet.
ELSEWHERE = ("exam",)

REVIEW = "review intake"
TASK_SOURCE = "intake"
#: Levels of the danger signs that a task of new answers takes over.
URGENT = ("emergency", "same_day", "next_working_day")
#: What a task of new answers says.
CAME_IN = "Answers came in: please review the intake."
WITH_SIGN = "Answers came in, with a danger sign: review the intake now."
TAKEN_BACK = "A danger sign was answered and taken back: ask the patient, and review the intake."


@dataclass(frozen=True)
class Answered:
    """One question with its answer.

    Attributes
    ----------
    question : Question
    index : int
        Among all questions; names its fields.
    value : object
        As `value_at`.
    was : str
        The answer as two writers compare it.
    is_asked : bool
        Whether the other answers let it be asked.
    """

    question: Question
    index: int
    value: Any
    was: str
    is_asked: bool

    @property
    def state(self) -> str:
        """'missing', 'skipped', 'unknown' or 'value'."""
        if self.value is None:
            return "missing"
        return self.value if isinstance(self.value, str) and self.value in ABSENT else "value"

    @property
    def chosen(self) -> tuple[str, ...]:
        """The words of a choice or a list."""
        if self.state != "value":
            return ()
        return tuple(self.value) if isinstance(self.value, tuple) else (str(self.value),)

    @property
    def number(self) -> str:
        """A number as typed."""
        return f"{self.value:.10g}" if isinstance(self.value, int | float) else ""

    @property
    def treatments(self) -> tuple[Treatment | None, ...]:
        """Treatments, and empty rows behind them."""
        there = self.value if isinstance(self.value, tuple) else ()
        return (*there, *(None for _ in range(SPARE)))

    @property
    def activities(self) -> tuple[tuple[str, str], ...]:
        """Activities with their scores of the last time, and empty rows behind them."""
        scores = [s for s in self.value if isinstance(s, Score)] if isinstance(self.value, tuple) else []
        last = scores[-1] if scores else None
        told = [(what, f"{last.parts[str(n)]:g}") for n, what in enumerate(last.activities, 1)] if last else []
        return (*told, *(("", "") for _ in range(ACTIVITIES - len(told))))


@dataclass(frozen=True)
class Section:
    """Questions under one heading."""

    id: str
    title: str
    answers: tuple[Answered, ...]

    @property
    def asked(self) -> tuple[Answered, ...]:
        """Those that the other answers let be asked, or that have an answer."""
        return tuple(a for a in self.answers if a.is_asked or a.state != "missing")

    def count(self, state: str) -> int:
        """Return how many of the asked ones are 'missing', 'skipped' or 'unknown'."""
        return sum(a.state == state for a in self.asked)


@dataclass(frozen=True)
class Review:
    """When the intake was last marked as seen."""

    at: datetime
    by: str
    version: int


@dataclass(frozen=True)
class Intake:
    """Everything the review shows."""

    case: Case
    sections: tuple[Section, ...]
    questionnaires: tuple[Questionnaire, ...]
    wells: WellsScore | None
    review: Review | None

    def count(self, state: str) -> int:
        """Return how many asked questions are 'missing', 'skipped' or 'unknown'."""
        return sum(section.count(state) for section in self.sections)

    @property
    def total(self) -> int:
        """How many questions are asked of this person."""
        return sum(len(section.asked) for section in self.sections)

    def place_of(self, flag: str) -> str:
        """Return where on the page a danger sign stands; '' if nowhere."""
        wanted = f"screen.{flag}"
        return next((f"q{a.index}" for s in self.sections for a in s.asked if a.question.path == wanted), "")


def read_intake(database: Database, actor: Actor, patient_id: str) -> Intake:
    """Return the intake of a patient.

    Parameters
    ----------
    database : Database
    actor : Actor
    patient_id : str
    """
    with database.reading() as connection:
        case = read_case(connection, patient_id)
        review = _review(connection, actor, patient_id)
    grouped: dict[str, list[Answered]] = {}
    for index, question in enumerate(intake_questions()):
        if question.section not in ELSEWHERE:
            grouped.setdefault(question.section, []).append(_answered(case.person, question, index))
    sections = tuple(Section(key, found[0].question.section_title, tuple(found)) for key, found in grouped.items())
    return Intake(case, sections, tuple(read_questionnaires().values()), _wells(case.person), review)


def _answered(person: Person, question: Question, index: int) -> Answered:
    value = value_at(person, question.path)
    is_asked = all(gate.holds(person) for gate in question.only_if)
    return Answered(question, index, value, as_text(value), is_asked)


def _wells(person: Person) -> WellsScore | None:
    try:
        return wells_score(person)
    except PersonError:
        return None


def _review(connection: Connection, actor: Actor, patient_id: str) -> Review | None:
    asked = select(audit.c.at, audit.c.actor, audit.c.detail)
    asked = asked.where(audit.c.patient_id == patient_id, audit.c.action == REVIEW, audit.c.detail != "")
    row = connection.execute(asked.order_by(audit.c.at.desc()).limit(1)).first()
    if row is None:
        return None
    by = people_names(connection, actor.clinic_id, [row.actor])[row.actor]
    return Review(row.at, by, int(json.loads(row.detail).get("version", 0)))


def as_text(value: Any) -> str:
    """Return an answer as two writers compare it; '' for none.

    Parameters
    ----------
    value : object
        As `value_at`.
    """
    return "" if value is None or value == () or value == [] else json.dumps(_plain(value), sort_keys=True, default=str)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and value == int(value):
        return int(value)
    if hasattr(value, "__dataclass_fields__"):
        return {key: _plain(told) for key, told in vars(value).items() if told not in (None, "", ())}
    return dict(value) if isinstance(value, Mapping) else value


# ---- correcting


def write_answers(
    database: Database, actor: Actor, patient_id: str, fields: Mapping[str, str], examiner: str = ""
) -> tuple[Case, int]:
    """Keep the answers of a form that differ from what it was made from.

    Parameters
    ----------
    database : Database
    actor : Actor
    patient_id : str
    fields : mapping of str to str
        ``wasN`` of each question N it shows, and the answer.
    examiner : str
        Code of whoever scores the Wells items, where none is named yet.

    Returns
    -------
    Case, how many answers changed

    Raises
    ------
    ConflictError
        If somebody else answered one of the changed questions in between.
    InputError
        If an answer is impossible.
    """
    changed: dict[int, Any] = {}
    for index, question in enumerate(intake_questions()):
        if f"was{index}" in fields and question.section not in ELSEWHERE:
            value = _given(question, index, fields)
            if value is not None and as_text(value) != _comparable(question, fields[f"was{index}"]):
                changed[index] = value

    def change(person: Person) -> Person:
        for index, value in changed.items():
            person = _put(person, intake_questions()[index], value, fields[f"was{index}"])
        if person.wells and not person.wells_examiner and examiner:
            person = put(person, "wells.examiner", examiner, today=date.today())
        return person

    with database.writing() as connection:
        if not changed:
            return read_case(connection, patient_id), 0
        detail = {"questions": len(changed)}
        case = change_person(connection, actor, patient_id, change, "write intake", detail=detail)
        return case, len(changed)


def _put(person: Person, question: Question, value: Any, was: str) -> Person:
    there = as_text(value_at(person, question.path))
    made = answer(person, question, value)
    if there != was and there != as_text(value_at(made, question.path)):
        raise ConflictError(
            f"somebody else answered '{question.text[:80]}' in between; load the page again and look at their answer"
        )
    return made


def _comparable(question: Question, was: str) -> str:
    """Return what a form sends again where nothing was changed."""
    if question.kind == "activities" and was and was[0] == "[":
        last = json.loads(was)[-1]
        parts = last.get("parts", {})
        return as_text([(what, parts[str(n)]) for n, what in enumerate(last.get("activities", ()), 1)])
    return was


def _given(question: Question, index: int, fields: Mapping[str, str]) -> Any:
    """Return the answer of one question, None where there is none or it is left as it is."""
    absent, typed = fields.get(f"x{index}", ""), fields.get(f"a{index}", "").strip()
    if absent in ABSENT:
        return absent
    if question.kind in ("several", "regions"):
        return [word for word in typed.split(",") if word] if f"n{index}" in fields or typed else None
    if question.kind == "treatments":
        return _treatments(index, fields)
    if question.kind == "activities":
        return _activities(index, fields)
    if question.kind == "symptoms" or not typed:
        if not typed and fields[f"was{index}"].lstrip("-").replace(".", "").isdigit():
            raise InputError(f"'{question.text[:80]}' was emptied; choose 'skipped' or 'not known' beside it instead")
        return None
    if question.kind == "number":
        number = parse_number(typed)
        return int(number) if number == int(number) else number
    return typed


def _treatments(index: int, fields: Mapping[str, str]) -> list[dict[str, Any]] | None:
    found = []
    for row in range(40):
        told = {key: fields.get(f"t{index}.{row}.{key}", "").strip() for key in ("kind", "region", "weeks", "response")}
        if not told["kind"]:
            continue
        entry: dict[str, Any] = {"kind": told["kind"], "region": told["region"] or "back"}
        if told["weeks"]:
            entry["weeks"] = parse_number(told["weeks"])
        if told["response"]:
            entry["response"] = told["response"]
        found.append(entry)
    return found if found or fields[f"was{index}"].startswith("[") else None


def _activities(index: int, fields: Mapping[str, str]) -> list[tuple[str, float]] | None:
    found = []
    for row in range(ACTIVITIES):
        what, score = (fields.get(f"{key}{index}.{row}", "").strip() for key in ("w", "s"))
        if what and not score:
            raise InputError(f"'{what[:60]}' has no score; write 0 to 10 beside it, or empty the line")
        if what:
            found.append((what, parse_number(score)))
    return found or None


# ---- scores of questionnaires


def write_score(database: Database, actor: Actor, patient_id: str, fields: Mapping[str, str]) -> Case:
    """Keep the score of a questionnaire; one of the same day is replaced.

    Parameters
    ----------
    database : Database
    actor : Actor
    patient_id : str
    fields : mapping of str to str
        ``id``, ``on``, and ``total``, ``part.NAME``, ``ticks`` (numbers joined by commas), or ``absent``.

    Raises
    ------
    InputError
        If the score is impossible.
    """
    questionnaire = find_questionnaire(fields.get("id", ""))
    entry = _score(questionnaire, fields)
    with database.writing() as connection:
        return change_person(
            connection,
            actor,
            patient_id,
            lambda person: put(person, f"questionnaires.{questionnaire.id}", entry, today=date.today()),
            "write score",
            detail={"questionnaire": questionnaire.id},
        )


def _score(questionnaire: Questionnaire, fields: Mapping[str, str]) -> Any:
    if fields.get("absent", "") in ABSENT:
        return fields["absent"]
    entry: dict[str, Any] = {"on": fields.get("on", "") or date.today()}
    if total := fields.get("total", "").strip():
        number = parse_number(total)
        entry["total"] = int(number) if number == int(number) else number
    parts = {part: fields.get(f"part.{part}", "").strip() for part in questionnaire.parts}
    if given := {part: parse_number(text) for part, text in parts.items() if text}:
        entry["parts"] = given
    if fields.get("ticks"):
        entry["ticks"] = [int(tick) for tick in fields["ticks"].split(",") if tick.isascii() and tick.isdigit()]
        entry.pop("total", None)
    told = [(fields.get(f"what.{n}", "").strip(), fields.get(f"score.{n}", "").strip()) for n in range(ACTIVITIES)]
    if lines := [{"what": what, "score": parse_number(score)} for what, score in told if what]:
        entry["activities"] = lines
        entry.pop("total", None)
    return entry


# ---- seen


def mark_reviewed(database: Database, actor: Actor, patient_id: str, number: int) -> None:
    """Write down that a clinician looked at the intake, and close the task of it.

    Parameters
    ----------
    database : Database
    actor : Actor
        Of the staff.
    patient_id : str
    number : int
        Of the version that was looked at.

    Raises
    ------
    ConflictError
        If there is a newer version by now.
    """
    with database.writing() as connection:
        # Held before the look, or answers that come in at this moment would be closed with those that were seen.
        hold(connection, patient_id)
        case = read_case(connection, patient_id)
        if case.number != number:
            raise ConflictError("new answers came in while you looked; load the page again and look at them too")
        record(connection, actor, REVIEW, patient_id, {"version": number})
        where = (task.c.patient_id == patient_id, task.c.source == TASK_SOURCE, task.c.done_at.is_(None))
        connection.execute(update(task).where(*where).values(done_at=now(), done_by=actor.code))
        keep_urgency(connection, patient_id)


def note_answers(connection: Connection, case: Case) -> None:
    """Tell the clinic that a patient answered: one open task, as urgent as their danger signs.

    Parameters
    ----------
    connection : Connection
        Writing, in the transaction of the answers.
    case : Case

    Notes
    -----
    A sign that was taken back before anybody looked stays as urgent as it was: it may have been no slip of a finger.
    """
    where = (task.c.patient_id == case.patient.id, task.c.source == TASK_SOURCE)
    before = connection.execute(select(task.c.urgency, task.c.done_at).where(*where)).first()
    urgency, text = case.screened().level, WITH_SIGN
    if urgency not in URGENT:
        is_taken_back = before is not None and before.done_at is None and before.urgency in URGENT
        urgency, text = (before.urgency, TAKEN_BACK) if before is not None and is_taken_back else ("soon", CAME_IN)
    values = {"urgency": urgency, "text": text, "created_at": now(), "done_at": None, "done_by": None}
    if before is not None:
        connection.execute(update(task).where(*where).values(**values))
    else:
        of = {"id": str(uuid4()), "clinic_id": case.patient.clinic_id, "patient_id": case.patient.id}
        connection.execute(insert(task).values(**of, kind="intake", source=TASK_SOURCE, **values))
    keep_urgency(connection, case.patient.id)
