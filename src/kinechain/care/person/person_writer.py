"""A person back into a person file: TOML that keeps its comments and order, or JSON; the old file is never lost."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, InlineTable

from kinechain.care.person.person import ExamItem, History, NotExamined, Person, Score, Symptom, Treatment
from kinechain.care.person.person_file import parse_person
from kinechain.care.person.person_text import TABLES, parse_tables, read_text
from kinechain.core.errors import FileError, PersonError, suggest

__all__ = ["person_tables", "update_person", "update_person_file", "updated_text", "write_person"]

#: Longest line of a list that is written on one line (choice).
MAX_LINE = 110

#: Tables whose entries are read in the order they stand.
ORDERED = ("exam", "questionnaires")


def person_tables(person: Person, folder: Path | str = ".") -> dict[str, Any]:
    """Return the tables of a person file, ready to be written as TOML or JSON.

    Parameters
    ----------
    person : Person
    folder : path
        Where the file will stand; recordings inside it are named from there, others by their whole path.
    """
    tables: dict[str, Any] = {
        "person": _about(person),
        "history": _history(person.history),
        "conditions": dict(person.conditions)
        | ({} if person.iwgdf_risk is None else {"iwgdf_risk": person.iwgdf_risk}),
        "screen": dict(person.screen),
        "wells": {**_given("examiner", person.wells_examiner or None), **person.wells},
        "exam": _exam(person),
        "questionnaires": _scores(person),
        "symptoms": [_symptom(symptom) for symptom in person.symptoms],
        "recordings": _recordings(person, Path(folder)),
    }
    return {name: table for name, table in tables.items() if table or name == "person"}


def write_person(person: Person, path: Path | str) -> None:
    """Write a person file anew, in the place of any there is.

    Parameters
    ----------
    person : Person
    path : path
        Written as JSON where it ends in ``.json``, else as TOML.

    Raises
    ------
    FileError
        If it cannot be written; what stood there is left as it is.
    PersonError
        If the person could not be read back exactly.
    """
    path = Path(path)
    _replace(path, updated_text(person, "", path.name, path.parent))


def update_person(person: Person, path: Path | str) -> None:
    """Bring a person file up to date: what differs is changed, its comments and their order stay.

    Parameters
    ----------
    person : Person
    path : path
        If it does not exist it is made.

    Raises
    ------
    FileError
        If it cannot be read or written; it is left as it is.
    PersonError
        If what stands there is no person file, or the person could not be read back exactly; it is left as it is.
    """
    path = Path(path)
    if not path.is_file():
        return write_person(person, path)
    text = read_text(path)
    new = updated_text(person, text, path.name, path.parent)
    if new != text:
        _replace(path, new)
    return None


def updated_text(person: Person, text: str, name: str = "person.toml", folder: Path | str = ".") -> str:
    """Return the text of a person file brought up to date: what differs is changed, comments and order stay.

    Parameters
    ----------
    person : Person
    text : str
        As it stands; '' for a new one.
    name : str
        File name, as messages begin; one that ends in ``.json`` is read as JSON.
    folder : path
        Where paths of recordings start.

    Raises
    ------
    FileError, PersonError
        As `update_person`.
    """
    folder, new = Path(folder), person_tables(person, folder)
    if text:
        old = person_tables(parse_person(text, name, folder, date.max), folder)
        for table in ORDERED:
            if table in old and _is_reordered(old[table], new.get(table, {})):
                text = _changed_text(name, text, {table: dict.fromkeys(old.pop(table))})
        changes = {key: _difference(old.get(key), new.get(key)) for key in TABLES if old.get(key) != new.get(key)}
    else:
        changes = new
    if not changes:
        return text
    text = _changed_text(name, text, changes)
    _check_text(person, text, name, folder)
    return text


def _is_reordered(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Tell whether changing keys in place would leave them in another order than they are wanted in."""
    return [*(k for k in old if k in new), *(k for k in new if k not in old)] != list(new)


def _check_text(person: Person, text: str, name: str, folder: Path) -> None:
    """Refuse a text that would not be read back as exactly this person."""
    if parse_person(text, name, folder, date.max) != person:
        raise PersonError(
            f"{name} was not written: the person could not be read back exactly as they are; entries of one "
            "measure must stand together, and every value be one a person file can hold"
        )


def update_person_file(path: Path | str, changes: Mapping[str, Any], today: date | None = None) -> Person:
    """Change some keys of a person file and return the person; everything else stays as it is written.

    Parameters
    ----------
    path : path
        If it does not exist it is made.
    changes : mapping of table to (mapping of key to value, or None)
        A value of None takes the key out, a table of None the whole table; ``symptoms`` is a list.
    today : date or None
        As in `kinechain.care.person.person_file.read_person`.

    Raises
    ------
    FileError
        If the file cannot be read or written; it is left as it is.
    PersonError
        If the changed file would be no person file; it is left as it is.
    """
    path = Path(path)
    for name in changes:
        if name not in TABLES:
            raise PersonError(f"{path.name} has no table [{name}]. {suggest(name, TABLES, limit=12)}")
    text = _changed_text(path.name, read_text(path) if path.is_file() else "", changes)
    person = parse_person(text, path.name, path.parent, today)
    _replace(path, text)
    return person


# ---- a person as tables


def _about(person: Person) -> dict[str, Any]:
    keys = ("sex", "age_years", "height_m", "mass_kg", "foot_length_m")
    told = {key: _number(getattr(person, key)) for key in keys if getattr(person, key) is not None}
    return {"pseudonym": person.pseudonym} | told | _absences(keys, person.skipped, person.unknown)


def _number(value: Any) -> Any:
    """Return a whole number without its '.0', as a person writes it; anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def _given(key: str, value: object) -> dict[str, Any]:
    return {} if value is None else {key: value}


def _absences(keys: Iterable[str], skipped: frozenset[str], unknown: frozenset[str]) -> dict[str, str]:
    states = {"skipped": skipped, "unknown": unknown}
    return {key: state for key in keys for state, members in states.items() if key in members}


def _history(history: History) -> dict[str, Any]:
    keys = [f.name for f in fields(history) if f.name not in ("skipped", "unknown")]
    table: dict[str, Any] = {}
    for key in keys:
        value = getattr(history, key)
        if key == "treatments":
            value = [_treatment(treatment) for treatment in value]
        if value is not None and value != () and value != []:
            table[key] = list(value) if isinstance(value, tuple) else _number(value)
    return table | _absences(keys, history.skipped, history.unknown)


def _treatment(treatment: Treatment) -> dict[str, Any]:
    return {key: _number(value) for key, value in vars(treatment).items() if value is not None}


def _exam(person: Person) -> dict[str, Any]:
    """Return the entries by measure, in an order that reads back as both lists stand."""
    table: dict[str, Any] = {key: [] for key in _measure_order(person)}
    for item in person.exam:
        table[item.id].append(_entry(item, _value(item)))
    for absent in person.not_examined:
        table[absent.id].append(_entry(absent, {"value": absent.state}))
    return table


def _measure_order(person: Person) -> list[str]:
    with_value, without = (list(dict.fromkeys(i.id for i in items)) for items in (person.exam, person.not_examined))
    order: dict[str, None] = {}
    for key in with_value:
        if key in without:
            order |= dict.fromkeys(without[: without.index(key)])
        order[key] = None
    return list(order | dict.fromkeys(without))


def _value(item: ExamItem) -> dict[str, Any]:
    words = item.unit.split(" / ")
    if len(words) > 1 and item.value.is_integer() and 0 <= item.value < len(words):
        return {"value": words[int(item.value)]}
    return {"value": _number(item.value)} | ({"unit": item.unit} if item.unit else {})


def _entry(item: ExamItem | NotExamined, value: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"side": item.side, "part": item.part, **value, "method": item.method}
    told |= {"examiner": item.examiner, "measured_on": item.measured_on}
    if isinstance(item, ExamItem):
        told["reliability"] = item.reliability
    return {key: v for key, v in told.items() if v not in ("", None) or key == "method"}


def _scores(person: Person) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for score in person.questionnaires:
        table.setdefault(score.id, []).append(_score(score))
    single = {key: entries[0] if len(entries) == 1 else entries for key, entries in table.items()}
    return single | dict(person.not_answered)


def _score(score: Score) -> dict[str, Any]:
    told: dict[str, Any] = {} if score.total is None else {"total": _number(score.total)}
    if score.answered_on:
        told["on"] = score.answered_on
    if score.activities:
        told["activities"] = [
            {"what": what, "score": _number(score.parts[str(number)])}
            for number, what in enumerate(score.activities, 1)
        ]
    elif score.parts and all(part.isdigit() for part in score.parts):
        told["ticks"] = sorted(int(part) for part in score.parts)
    elif score.parts:
        told["parts"] = {part: _number(value) for part, value in score.parts.items()}
    return told


def _symptom(symptom: Symptom) -> dict[str, Any]:
    return {key: value for key, value in vars(symptom).items() if value not in ("", None)}


def _recordings(person: Person, folder: Path) -> dict[str, Any]:
    table: dict[str, Any] = {} if person.static is None else {"static": _from_folder(person.static, folder)}
    return table | ({"trials": [_from_folder(p, folder) for p in person.recordings]} if person.recordings else {})


def _from_folder(recording: str, folder: Path) -> str:
    path = Path(recording)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path.absolute())


# ---- tables into text


def _difference(old: Any, new: Any) -> Any:
    """Return what `update_person_file` would be told to make one table the other."""
    if new is None or not isinstance(old, dict):
        return new
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    return changed | {key: None for key in old if key not in new}


def _changed_text(name: str, text: str, changes: Mapping[str, Any]) -> str:
    if name.lower().endswith(".json"):
        return _changed_json(name, text, changes)
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise FileError(f"{name} is not valid TOML, and was left as it is: {error}") from error
    for table, change in changes.items():
        _change_table(document, table, change)
    return document.as_string().lstrip("\n")


def _change_table(document: tomlkit.TOMLDocument, name: str, change: Any) -> None:
    """Change one table of a TOML document in place."""
    if change is None:
        if name in document:
            document.remove(name)
        return
    if name == "symptoms":
        if name in document:
            document.remove(name)
        document.append(name, _marks(change))
        return
    if name not in document:
        document.append(name, tomlkit.table())
    table: Any = document[name]
    for key, value in change.items():
        if value is None:
            if key in table:
                table.remove(key)
        else:
            table[key] = _item(value)


def _marks(marks: Iterable[Mapping[str, Any]]) -> AoT:
    """Return the marks of the symptom map as an array of tables."""
    array = tomlkit.aot()
    for mark in marks:
        row = tomlkit.table()
        for key, value in mark.items():
            row.add(key, value)
        array.append(row)
    return array


def _item(value: Any) -> Any:
    """Return a value as TOML writes it: tables in braces, a long list with one entry per line."""
    if isinstance(value, Mapping):
        return _inline(value)
    if not isinstance(value, list):
        return value
    if len(value) == 1 and isinstance(value[0], Mapping) and "side" in value[0]:
        return _inline(value[0])
    array = tomlkit.array()
    for entry in value:
        array.append(_item(entry))
    return array.multiline(len(array.as_string()) > MAX_LINE)


def _inline(value: Mapping[str, Any]) -> InlineTable:
    table = tomlkit.inline_table()
    for key, entry in value.items():
        table.append(key, _item(entry))
    return table


def _changed_json(name: str, text: str, changes: Mapping[str, Any]) -> str:
    tables = parse_tables(text, name) if text.strip() else {}
    for table, change in changes.items():
        if change is None:
            tables.pop(table, None)
        elif isinstance(change, list):
            tables[table] = change
        else:
            merged = tables.get(table, {}) | change
            tables[table] = {key: value for key, value in merged.items() if value is not None}
    return json.dumps(tables, indent=2, ensure_ascii=False, default=lambda day: day.isoformat()) + "\n"


def _replace(path: Path, text: str) -> None:
    """Put a text in the place of a file in one step, so that there is always a whole one."""
    target = path.resolve()
    temporary: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(
            "wb", dir=target.parent, prefix=f".{target.name}.", suffix=".new", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, temporary)
        temporary.replace(target)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise FileError(f"{path.name} cannot be written: {error.strerror}; the old one is as it was") from error
