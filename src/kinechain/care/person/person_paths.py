"""Where an answer stands in a person file: what is there, and a person with another answer in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

from kinechain.care.person.exam_items import read_exam
from kinechain.care.person.history_keys import read_keys
from kinechain.care.person.person import ExamItem, NotExamined, Person, Score, Treatment
from kinechain.care.person.person_file import read_symptoms, read_value
from kinechain.care.person.person_page import ABSENT, Page
from kinechain.care.person.questionnaires import read_scores
from kinechain.core.errors import PersonError

__all__ = ["put", "value_at"]


def value_at(person: Person, path: str) -> Any:
    """Return what stands at a path of the person file: 'skipped', 'unknown', None if it is missing, or the value.

    Parameters
    ----------
    person : Person
    path : str
        As `Question.path`.

    Raises
    ------
    PersonError
        If the person file has no such path.
    """
    table, _, name = path.partition(".")
    if table == "person" and name in read_keys("person"):
        return _value_or_absence(person, name)
    if table == "history" and name in read_keys("history"):
        return _value_or_absence(person.history, name)
    if table == "conditions":
        return (
            person.iwgdf_risk if name == "iwgdf_risk" and person.iwgdf_risk is not None else person.conditions.get(name)
        )
    if table == "screen":
        return person.screen.get(name)
    if table == "wells":
        return (person.wells_examiner or None) if name == "examiner" else person.wells.get(name)
    if table == "symptoms":
        states = [absent.state for absent in person.not_examined if absent.id == "symptom_map"]
        return person.symptoms or next(iter(states), None)
    if table == "questionnaires":
        scores = tuple(score for score in person.questionnaires if score.id == name)
        return scores or person.not_answered.get(name)
    if table == "exam":
        return _examined(person, name)
    raise PersonError(f"the person file has nothing at '{path}'")


def _value_or_absence(holder: Any, name: str) -> Any:
    for state in ABSENT:
        if name in getattr(holder, state):
            return state
    value = getattr(holder, name)
    return None if value == () else value


def _examined(person: Person, name: str) -> Any:
    """Return the latest value of an item, side and part; an entry for both sides answers each."""
    item, side, part = (*name.split(".", 2), "", "")[:3]
    values = [e.value for e in person.exam if e.id == item and e.side in (side, "both") and e.part == part]
    states = [e.state for e in person.not_examined if e.id == item and e.side in (side, "both") and e.part == part]
    return values[-1] if values else next(iter(states), None)


# ---- an answer in its place


def put(
    person: Person, path: str, value: Any, *, today: date, examiner: str = "", method: str = "entered in the intake"
) -> Person:
    """Return the person with an answer in its place.

    Parameters
    ----------
    person : Person
    path : str
        As in `value_at`.
    value : object
        As the person file has it: a word, a number, a list of words, treatments or marks as tables, activities as
        (what, score), or 'skipped' and 'unknown'.
    today : date
        Of an examination item or a questionnaire.
    examiner, method : str
        Of an examination item.

    Raises
    ------
    PersonError
        If the value is impossible there.
    """
    page = Page(path, today)
    table, _, name = path.partition(".")
    if table in ("person", "history"):
        return _put_plain(page, person, table, name, value)
    if table == "conditions":
        return _put_condition(page, person, name, value)
    if table == "screen":
        return replace(person, screen=MappingProxyType({**person.screen, name: page.answer(table, name, value)}))
    if table == "wells":
        if name == "examiner":
            return replace(person, wells_examiner=page.code(table, name, value))
        return replace(person, wells=MappingProxyType({**person.wells, name: page.answer(table, name, value)}))
    if table == "symptoms":
        return _put_symptoms(page, person, value)
    if table == "questionnaires":
        return _put_score(page, person, name, value, today)
    if table == "exam":
        return _put_examined(page, person, name, value, examiner, method)
    raise PersonError(f"the person file has nothing at '{path}'")


def _put_plain(page: Page, person: Person, table: str, name: str, value: Any) -> Person:
    keys = read_keys(table)
    page.check_keys(table, {name: value}, keys)
    holder: Any = person if table == "person" else person.history
    state = page.absence(value)
    told = {key: getattr(holder, key) - {name} | ({name} if key == state else set()) for key in ABSENT}
    empty: Any = () if isinstance(getattr(holder, name), tuple) else None
    told[name] = empty if state else read_value(page, table, keys[name], _plain(value))
    return replace(person, **told) if table == "person" else replace(person, history=replace(person.history, **told))


def _plain(value: Any) -> Any:
    """Return tuples as the lists, and treatments as the tables, that a file would hold."""
    if isinstance(value, Treatment):
        return {key: told for key, told in vars(value).items() if told is not None}
    return [_plain(entry) for entry in value] if isinstance(value, tuple | list) else value


def _put_condition(page: Page, person: Person, name: str, value: Any) -> Person:
    keys = read_keys("conditions")
    page.check_keys("conditions", {name: value}, keys)
    rest = {key: answer for key, answer in person.conditions.items() if key != name}
    if keys[name].kind == "number" and not page.absence(value):
        risk = page.whole("conditions", name, value, keys[name].limits)
        return replace(person, conditions=MappingProxyType(rest), iwgdf_risk=risk)
    rest[name] = page.answer("conditions", name, value)
    risk_left = None if name == "iwgdf_risk" else person.iwgdf_risk
    return replace(person, conditions=MappingProxyType(rest), iwgdf_risk=risk_left)


def _put_symptoms(page: Page, person: Person, value: Any) -> Person:
    others = tuple(absent for absent in person.not_examined if absent.id != "symptom_map")
    if state := page.absence(value):
        absent = NotExamined("symptom_map", "both", state, "asked")
        return replace(person, symptoms=(), not_examined=(*others, absent))
    marks = [mark if isinstance(mark, dict) else _mark(mark) for mark in value]
    return replace(person, symptoms=read_symptoms(page, marks), not_examined=others)


def _mark(symptom: Any) -> dict[str, Any]:
    return {key: told for key, told in vars(symptom).items() if told not in ("", None)}


def _put_score(page: Page, person: Person, name: str, value: Any, today: date) -> Person:
    others = {key: state for key, state in person.not_answered.items() if key != name}
    entry = value
    if not page.absence(value) and not isinstance(value, dict):
        entry = {"total": value, "on": today}
        if isinstance(value, Sequence) and not isinstance(value, str):
            activities = [{"what": what, "score": score} for what, score in value]
            entry = {"activities": activities, "on": today}
    scores, absent = read_scores(page, {name: entry})
    kept: tuple[Score, ...] = person.questionnaires
    if scores:
        kept = tuple(s for s in kept if (s.id, s.answered_on) != (name, scores[0].answered_on))
    return replace(person, questionnaires=(*kept, *scores), not_answered=MappingProxyType({**others, **absent}))


def _put_examined(page: Page, person: Person, name: str, value: Any, examiner: str, method: str) -> Person:
    """Put a value beside those of other days, in the place of one of this day."""
    item, side, part = (*name.split(".", 2), "")[:3]
    entry: dict[str, Any] = {"value": value, "side": side, "method": method, "measured_on": page.today}
    entry |= ({"part": part} if part else {}) | ({"examiner": examiner} if examiner else {})
    with_value, without = read_exam(page, {item: entry})
    place = (item, side, part, page.today)

    def is_other(e: ExamItem | NotExamined) -> bool:
        return (e.id, e.side, e.part, e.measured_on) != place

    return replace(
        person,
        exam=_beside(tuple(filter(is_other, person.exam)), with_value),
        not_examined=_beside(tuple(filter(is_other, person.not_examined)), without),
    )


def _beside(old: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return entries with new ones after the last of the same measure: those of one measure stand together."""
    if not new:
        return old
    last = max((n for n, entry in enumerate(old, 1) if entry.id == new[0].id), default=len(old))
    return (*old[:last], *new, *old[last:])
