"""The examination, written one value at a time, so that two people at one sheet both keep what they wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from kinechain.care.person.exam import ExamDefinition, Scale, read_exam_definitions
from kinechain.care.person.exam_items import read_exam
from kinechain.care.person.person import ExamItem, NotExamined, Person, PersonSide
from kinechain.care.person.person_page import ABSENT, Page
from kinechain.care.person.person_paths import put
from kinechain.core.errors import PersonError, SettingError, suggest
from kinechain.store.audit import Actor
from kinechain.store.database import Database
from kinechain.workspace.case import Case, ConflictError, change_person
from kinechain.workspace.exam_sheet import USUAL_METHOD, Entry, FieldKind, entry_units, field_kinds, is_at, value_text
from kinechain.workspace.marks import mark_text, read_marks

__all__ = ["Change", "ChangedValueError", "marks_text", "parse_number", "put_value", "write_marks", "write_value"]

Same = TypeVar("Same", ExamItem, NotExamined)

NUMBER = re.compile(r"[+-]?(\d{1,7}([.,]\d{0,6})?|[.,]\d{1,6})")


class ChangedValueError(ConflictError):
    """A field that holds something else than it did when it was shown; ``there`` is what it holds now."""

    def __init__(self, there: str) -> None:
        shown = f"'{there}'" if there else "nothing"
        super().__init__(
            f"somebody else changed this value in between: it is now {shown}; keep that, or write yours again"
        )
        self.there = there


@dataclass(frozen=True)
class Change:
    """What is written into one field.

    Attributes
    ----------
    item, part, side, kind : str
        Of the field.
    answer : str
        A number as typed, a word, 'skipped', 'unknown', or '' to empty it.
    day : date
    unit : str
        Of a number, as typed; '' for the usual one.
    method, examiner : str
    before : str
        `value_text` of the field when it was shown.
    """

    item: str
    part: str
    side: str
    kind: str
    answer: str
    day: date
    unit: str = ""
    method: str = ""
    examiner: str = ""
    before: str = ""


def parse_number(text: str) -> float:
    """Return a number as people type it: a comma or a point before the decimals, a sign before it.

    Parameters
    ----------
    text : str

    Raises
    ------
    PersonError
        If it is none.
    """
    plain = "".join(text.split()).replace("\N{MINUS SIGN}", "-")
    if not NUMBER.fullmatch(plain):
        raise PersonError(f"'{text.strip()[:20]}' is no number; write it like 7 or 7.5")
    return float(plain.replace(",", "."))


def write_value(database: Database, actor: Actor, patient_id: str, change: Change) -> Case:
    """Write one value of the examination, and return the case as it then stands.

    Parameters
    ----------
    database : Database
    actor : Actor
    patient_id : str
    change : Change

    Raises
    ------
    ChangedValueError
        If the field holds something else than it did when it was shown.
    PersonError
        If the value is impossible there.
    """
    where = {"item": change.item, "side": change.side, **({"part": change.part} if change.part else {})}
    with database.writing() as connection:
        return change_person(
            connection, actor, patient_id, lambda person: put_value(person, change), "write exam", detail=where
        )


def put_value(person: Person, change: Change) -> Person:
    """Return the person with one value of the examination in its place.

    Parameters
    ----------
    person : Person
    change : Change

    Raises
    ------
    ChangedValueError, PersonError
        As `write_value`.
    """
    definition = read_exam_definitions().get(change.item)
    if definition is None:
        raise PersonError(f"no examination item '{change.item[:40]}'. {suggest(change.item, read_exam_definitions())}")
    if change.side not in ("left", "right", "both"):
        raise SettingError(f"no side '{change.side[:20]}'; write left, right or both")
    side: PersonSide = change.side  # type: ignore[assignment]
    scale = definition.scale(change.part)
    kind = next((k for k in field_kinds(scale) if k == change.kind), None)
    if kind is None:
        raise SettingError(
            f"{definition.name} has no field for '{change.kind[:20]}'; it has {' and '.join(field_kinds(scale))}"
        )
    if change.answer.strip() in ABSENT and kind != field_kinds(scale)[0]:
        raise PersonError(f"{definition.name}: write '{change.answer.strip()}' beside the number; it holds for both")
    entries: tuple[Entry, ...] = (*person.exam, *person.not_examined)
    mine = [
        e
        for e in entries
        if e.id == change.item and e.measured_on == change.day and is_at(e, change.part, side, kind, scale)
    ]
    there = value_text(mine[0] if mine else None)
    made = _entry(definition, scale, kind, change)
    if there != change.before and there != value_text(made):
        raise ChangedValueError(there)
    halves = _other_sides(mine, side)
    exam = _beside([e for e in person.exam if e not in mine], [e for e in (*halves, made) if isinstance(e, ExamItem)])
    absent = _beside(
        [e for e in person.not_examined if e not in mine], [e for e in (*halves, made) if isinstance(e, NotExamined)]
    )
    return replace(person, exam=tuple(exam), not_examined=tuple(absent))


def _entry(definition: ExamDefinition, scale: Scale, kind: FieldKind, change: Change) -> Entry | None:
    """Return the entry of a change, checked as a person file is; None if the field is emptied."""
    answer = change.answer.strip()
    if not answer:
        return None
    told: dict[str, Any] = {"side": change.side, "measured_on": change.day}
    told["method"] = change.method.strip() or USUAL_METHOD
    told |= {"part": change.part} if change.part else {}
    told |= {"examiner": change.examiner.strip()} if change.examiner.strip() else {}
    if answer in ABSENT:
        told["value"] = answer
    elif kind == "words":
        told["value"] = answer
    else:
        told |= dict(zip(("value", "unit"), _kept(definition, scale, answer, change.unit), strict=True))
    with_value, without = read_exam(Page(definition.name, date.today()), {definition.id: told})
    entries: tuple[Entry, ...] = (*with_value, *without)
    return entries[0]


def _kept(definition: ExamDefinition, scale: Scale, answer: str, unit: str) -> tuple[float, str]:
    """Return a typed number in the unit it is kept in."""
    units = {u.name: u for u in entry_units(scale)}
    chosen = units.get(unit or next(iter(units)))
    if chosen is None:
        raise PersonError(f"{definition.name} is not written in '{unit[:20]}'. {suggest(unit, units)}")
    value = parse_number(answer)
    if not chosen.low <= value <= chosen.high:
        raise PersonError(
            f"{value:g} {chosen.name} is not possible here: write {chosen.low:g} to {chosen.high:g} {chosen.name}"
        )
    return round(value * chosen.factor, 6), chosen.kept


def _other_sides(mine: Sequence[Entry], side: PersonSide) -> list[Entry]:
    """Return what stays of entries for both sides when one side is written anew."""
    if side == "both":
        return []
    rest: PersonSide = "right" if side == "left" else "left"
    return [replace(e, side=rest) for e in mine if e.side == "both"]


def _beside(old: Sequence[Same], new: Sequence[Same]) -> list[Same]:
    """Return entries with new ones after the last of the same item: those of one item stand together."""
    found = list(old)
    for entry in new:
        last = max((n for n, other in enumerate(found, 1) if other.id == entry.id), default=len(found))
        found.insert(last, entry)
    return found


# ---- the body map


def write_marks(database: Database, actor: Actor, patient_id: str, marks: str, before: str) -> Case:
    """Write the symptom map anew.

    Parameters
    ----------
    database : Database
    actor : Actor
    patient_id : str
    marks : str
        As a form sends them (`kinechain.workspace.marks`), or 'skipped' or 'unknown'.
    before : str
        What the form was made from, in the same way.

    Raises
    ------
    ChangedValueError
        If somebody else marked something in between.
    """

    def change(person: Person) -> Person:
        there = marks_text(person)
        value: Any = marks if marks in ABSENT else read_marks(marks)
        made = put(person, "symptoms", value, today=date.today())
        if there != before and there != marks_text(made):
            raise ChangedValueError(f"{len(person.symptoms)} marks")
        return made

    with database.writing() as connection:
        return change_person(connection, actor, patient_id, change, "write body map")


def marks_text(person: Person) -> str:
    """Return the symptom map as two writers compare it.

    Parameters
    ----------
    person : Person
    """
    absent = [e.state for e in person.not_examined if e.id == "symptom_map"]
    return ",".join(sorted(map(mark_text, person.symptoms))) or "".join(absent)
