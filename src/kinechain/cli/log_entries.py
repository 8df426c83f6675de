"""Entries of a diary from a table or from options: every row one event, a row given twice counted once."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kinechain.care.follow_up.events import Event
from kinechain.care.follow_up.log import check_event
from kinechain.care.records.diary_entry import (
    DIARY_KINDS,
    check_fields,
    danger_answers,
    default_fields,
    field_value,
)
from kinechain.care.records.plain_values import from_plain
from kinechain.cli.person_files import now
from kinechain.core.errors import FileError, InputError, SettingError
from kinechain.core.text import printable

__all__ = ["Row", "entry", "read_entries"]

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
    try:
        if word == "check_in" and "danger" in values:
            values["screen"] = danger_answers(str(values.pop("danger")).split())
        check_fields(word, values, ("id", "at", "by"))
    except SettingError as error:
        raise SettingError(f"{row.where}: {error}") from error
    moment = _moment(row.where, values.pop("at", None))
    plain = {"event": word, "by": "patient", "why": "", **values, "at": moment.isoformat()}
    plain = {**default_fields(DIARY_KINDS[word]), **plain}
    plain.setdefault("id", _content_id(plain))
    try:
        event: Event = from_plain(plain, Event)
        check_event(event, now=now())
    except InputError as error:
        raise SettingError(f"{row.where}: {error}") from error
    return event


def _moment(where: str, value: Any) -> datetime:
    if value is None:
        raise SettingError(f"{where}: 'at' is missing; write when it was, such as 2026-03-01T18:30")
    try:
        moment = datetime.fromisoformat(str(value))
        return moment if moment.tzinfo else moment.astimezone()
    except (ValueError, OverflowError) as error:
        told = printable(str(value))[:40]
        raise SettingError(f"{where}: at is '{told}'; write a day such as 2026-03-01, or 2026-03-01T18:30") from error


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
    told = {key: text for key, text in cells.items() if text}
    if word not in DIARY_KINDS:
        return told
    try:
        return {key: field_value(word, key, text) for key, text in told.items()}
    except SettingError as error:
        raise SettingError(f"{where}: {error}") from error
