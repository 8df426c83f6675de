"""Entries of a diary from a table or from options: every row one event, a row given twice counted once."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kinechain.care.follow_up.events import (
    AdverseEvent,
    CheckIn,
    Event,
    FootwearWorn,
    NextMorning,
    NotDone,
    Paused,
    Session,
    StandingDay,
    StepsTaken,
)
from kinechain.care.follow_up.log import check_event
from kinechain.care.person.red_flag_text import asked_again
from kinechain.care.records.plain_values import EVENT_KINDS, from_plain
from kinechain.cli.person_files import now
from kinechain.core.errors import FileError, InputError, SettingError, suggest
from kinechain.core.text import printable

__all__ = ["Row", "entry", "read_entries"]

#: What a person may write down; visits, plans and clearances are written by their own verbs.
KINDS: Mapping[str, type[Event]] = {
    word: kind
    for word, kind in EVENT_KINDS.items()
    if kind in (Session, NextMorning, CheckIn, StandingDay, FootwearWorn, StepsTaken, AdverseEvent, NotDone, Paused)
}
MAX_BYTES = 4_000_000
MAX_ROWS = 20_000


@dataclass(frozen=True)
class Row:
    """One row of a table.

    Attributes
    ----------
    where : str
        As a message begins: file and line.
    values : mapping of field to value
        ``event`` names the kind, 'session' if it is missing.
    """

    where: str
    values: Mapping[str, Any]


def read_entries(path: Path) -> tuple[Event, ...]:
    """Return the events of a diary file.

    Parameters
    ----------
    path : path
        CSV with a header, or JSON lines; the columns are the fields of the events, see ``docs/commands.md``.

    Raises
    ------
    FileError
        If it cannot be read.
    SettingError
        If a row is impossible; file and line are named, and nothing of the file is used.
    """
    if not path.is_file():
        raise FileError(f"there is no file {path}")
    if path.stat().st_size > MAX_BYTES:
        raise FileError(f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB, which no diary is")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"{path.name} is not UTF-8 text; save it as UTF-8") from error
    is_lines = path.suffix.lower() in (".jsonl", ".json", ".ndjson")
    rows = _json_rows(path.name, text) if is_lines else _csv_rows(path.name, text)
    if not rows:
        raise FileError(f"{path.name} holds no entry; a CSV has a header and one row per entry")
    return tuple(entry(row) for row in rows)


def entry(row: Row) -> Event:
    """Return the event of a row; its id is made of what it says, so that the same row is the same event.

    Parameters
    ----------
    row : Row

    Raises
    ------
    SettingError
        If a field is missing, not known or impossible.
    """
    values = {key: value for key, value in row.values.items() if value is not None and value != ""}
    word = str(values.pop("event", "session"))
    if word not in KINDS:
        raise SettingError(f"{row.where}: there is no entry '{printable(word)[:40]}'. {suggest(word, KINDS)}")
    if word == "check_in" and "danger" in values:
        values["screen"] = _danger(row.where, str(values.pop("danger")))
    _check_fields(row.where, word, values)
    moment = _moment(row.where, values.pop("at", None))
    plain = {"event": word, "by": "patient", "why": "", **values, "at": moment.isoformat()}
    plain = {**_defaults(KINDS[word]), **plain}
    plain.setdefault("id", _content_id(plain))
    try:
        event: Event = from_plain(plain, Event)
        check_event(event, now=now())
    except InputError as error:
        raise SettingError(f"{row.where}: {error}") from error
    return event


def _check_fields(where: str, word: str, values: Mapping[str, Any]) -> None:
    known = [field.name for field in dataclasses.fields(KINDS[word])]
    for key in values:
        if key not in known:
            raise SettingError(
                f"{where}: an entry '{word}' has no '{printable(str(key))[:40]}'. {suggest(key, known, 20)}"
            )
    needed = [f for f in dataclasses.fields(KINDS[word]) if f.default is f.default_factory is dataclasses.MISSING]
    for key in (field.name for field in needed):
        if key not in values and key not in ("id", "at", "by"):
            raise SettingError(
                f"{where}: an entry '{word}' needs '{key}'; it has {', '.join(sorted(values)) or 'nothing'}"
            )


def _defaults(kind: type[Event]) -> dict[str, Any]:
    """Return the plain values of the fields that may be left out."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        if field.default is not dataclasses.MISSING:
            found[field.name] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            found[field.name] = dict(field.default_factory())
    return found


def _moment(where: str, value: Any) -> datetime:
    if value is None:
        raise SettingError(f"{where}: 'at' is missing; write when it was, such as 2026-03-01T18:30")
    try:
        moment = datetime.fromisoformat(str(value))
        return moment if moment.tzinfo else moment.astimezone()
    except (ValueError, OverflowError) as error:
        told = printable(str(value))[:40]
        raise SettingError(f"{where}: at is '{told}'; write a day such as 2026-03-01, or 2026-03-01T18:30") from error


def _danger(where: str, told: str) -> dict[str, str]:
    """Return what a cell says of the danger signs that are asked again: 'none', 'unknown', 'skipped', or their ids."""
    asked = asked_again()
    if told in ("unknown", "skipped"):
        return dict.fromkeys(asked, told)
    named = [] if told == "none" else told.split()
    for key in named:
        if key not in asked:
            raise SettingError(f"{where}: there is no danger sign '{printable(key)[:40]}'. {suggest(key, asked)}")
    return {key: "yes" if key in named else "no" for key in asked}


def _content_id(plain: Mapping[str, Any]) -> str:
    return "e-" + hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()[:24]


def _json_rows(name: str, text: str) -> list[Row]:
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise FileError(f"{name} line {number} is not JSON; write one entry a line, each in braces") from error
        if not isinstance(values, dict):
            raise FileError(f"{name} line {number} is no entry; write it in braces, with the names of its fields")
        rows.append(Row(f"{name} line {number}", values))
    return _few(name, rows)


def _csv_rows(name: str, text: str) -> list[Row]:
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=separator, restkey="", strict=True)
    rows = []
    try:
        for values in reader:
            where = f"{name} line {reader.line_num}"
            if values.get("") not in (None, "", []):
                raise FileError(f"{where} has more cells than the header has columns")
            cells = {(k or "").strip(): (v or "").strip() for k, v in values.items() if k and isinstance(v, str | None)}
            if any(cells.values()):
                rows.append(Row(where, _typed(where, cells)))
    except csv.Error as error:
        raise FileError(f"{name} is not a CSV table: line {reader.line_num}: {error}") from error
    return _few(name, rows)


def _few(name: str, rows: list[Row]) -> list[Row]:
    if len(rows) > MAX_ROWS:
        raise FileError(f"{name} holds more than {MAX_ROWS} entries; cut it in parts")
    return rows


def _typed(where: str, cells: Mapping[str, str]) -> dict[str, Any]:
    """Return cells as the values their fields hold."""
    word = cells.get("event") or "session"
    fields = {f.name: str(f.type) for f in dataclasses.fields(KINDS[word])} if word in KINDS else {}
    return {key: _cell(where, key, text, fields.get(key, "str")) for key, text in cells.items() if text}


def _cell(where: str, key: str, text: str, kind: str) -> Any:
    if kind.startswith("bool"):
        if text.lower() not in ("yes", "no", "true", "false"):
            raise SettingError(f"{where}: {key} is '{printable(text)[:40]}'; write yes or no")
        return text.lower() in ("yes", "true")
    if not kind.startswith(("int", "float")):
        return text
    try:
        number = float(text.replace(",", "."))
    except ValueError as error:
        raise SettingError(f"{where}: {key} is '{printable(text)[:40]}'; write a number") from error
    if kind.startswith("int") and number != round(number, 0):
        raise SettingError(f"{where}: {key} is {text}; write a whole number")
    return int(number) if kind.startswith("int") and abs(number) < 1e12 else number
