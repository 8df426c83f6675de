"""The person file: TOML (or the same tables as JSON), every key and every value checked."""

from __future__ import annotations

import json
import math
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn, cast

from kinechain.care.exam import ExamDefinition, read_exam_definitions
from kinechain.care.person import Answer, ExamItem, History, NotExamined, Person, Sex
from kinechain.care.red_flags import read_red_flags
from kinechain.core.errors import FileError, PersonError, suggest
from kinechain.core.text import printable

__all__ = ["HISTORY_KEYS", "PERSON_NUMBERS", "check_person_number", "read_person"]

TABLES = ("person", "history", "screen", "exam", "recordings")
MAX_BYTES = 200_000

#: A longer line of TOML is no line of a person file; dotted keys take memory by the square of their length.
MAX_LINE = 2000

#: Numbers of ``[person]``: lowest, highest, unit in words.  The limits lie beyond anything recorded; they
#: catch slips of the pen and wrong units, and mean nothing clinically (assumption).
PERSON_NUMBERS: Mapping[str, tuple[float, float, str]] = {
    "age_years": (0.0, 125.0, "years"),
    "height_m": (0.4, 2.8, "metres"),
    "mass_kg": (2.0, 650.0, "kilograms"),
    "foot_length_m": (0.05, 0.5, "metres"),
}
PERSON_KEYS = ("pseudonym", "sex", *PERSON_NUMBERS)

#: Keys of ``[history]``, each with what it holds.
HISTORY_KEYS: Mapping[str, str] = {
    "pain_regions": "list of body regions",
    "pain_weeks": "how long, in weeks",
    "pain_average": "average pain, 0 to 10",
    "pain_worst": "worst pain, 0 to 10",
    "dominant_leg": "'left' or 'right'",
}
HISTORY_NUMBERS: Mapping[str, tuple[float, float, str]] = {
    "pain_weeks": (0.0, 5200.0, "weeks"),
    "pain_average": (0.0, 10.0, "points"),
    "pain_worst": (0.0, 10.0, "points"),
}
REGIONS = (
    *("low_back", "upper_back", "buttock", "groin", "hip", "thigh", "knee"),
    *("shin", "calf", "ankle", "heel", "arch", "forefoot", "toes"),
)
SIDES = ("left", "right", "both")

#: A key that asks who somebody is, in the words people use for it.
IDENTIFYING = re.compile(
    r"(^|_)(name|surname|firstname|lastname|forename|birth\w*|dob|born|address|street|email|mail|phone|mobile|ssn|nhs|"
    r"insurance|patient_id|mrn)($|_)"
)
PSEUDONYM = re.compile(r"[\w.-]{1,40}")


def read_person(path: Path | str) -> Person:
    """Return the person of a person file.

    Parameters
    ----------
    path : path
        A TOML file, or a ``.json`` file with the same tables.

    Returns
    -------
    Person
        Recordings as paths resolved against the file's own folder.

    Raises
    ------
    FileError
        If the file cannot be read or is not valid TOML or JSON; the line is named.
    PersonError
        If a table or key is unknown, a value is impossible, or a named recording does not exist.
    """
    path = Path(path)
    tables = _read_tables(path)
    page = _Page(path.name)
    for name, table in tables.items():
        if name not in TABLES:
            page.refuse_key("", name, TABLES)
        if not isinstance(table, dict):
            page.refuse(f"[{name}] must be a table with keys, not {table!r}")
    exam, not_examined = _read_exam(page, tables.get("exam", {}))
    person = tables.get("person", {})
    static, trials = _read_recordings(page, tables.get("recordings", {}), path.parent)
    page.check_keys("person", person, PERSON_KEYS)
    numbers = {key: page.number("person", key, person[key], limits) for key, limits in _present(person, PERSON_NUMBERS)}
    return Person(
        pseudonym=_read_pseudonym(page, person),
        sex=cast(Sex, page.choice("person", "sex", person["sex"], ("female", "male"))) if "sex" in person else None,
        **cast(Any, numbers),
        history=_read_history(page, tables.get("history", {})),
        screen=_read_screen(page, tables.get("screen", {})),
        exam=exam,
        not_examined=not_examined,
        static=static,
        recordings=trials,
    )


def check_person_number(key: str, value: float, where: str) -> float:
    """Return a number of ``[person]`` if it is possible.

    Parameters
    ----------
    key : str
        Of :data:`PERSON_NUMBERS`.
    value : float
    where : str
        What the message starts with, e.g. ``--mass``.

    Raises
    ------
    PersonError
        If it is not a finite number inside the limits.
    """
    return _possible(where, value, PERSON_NUMBERS[key])


@dataclass(frozen=True)
class _Page:
    """The file a message speaks of."""

    name: str

    def refuse(self, sentence: str) -> NoReturn:
        raise PersonError(f"{self.name}: {sentence}")

    def refuse_key(self, table: str, key: str, known: tuple[str, ...]) -> NoReturn:
        where = f"[{table}] has no key '{key}'" if table else f"there is no table [{key}]"
        if IDENTIFYING.search(key.lower()):
            self.refuse(
                f"{where}: names, birth dates and addresses are never kept; use a pseudonym (a code) and age_years"
            )
        if not table and key in PERSON_KEYS:
            self.refuse(f"'{key}' stands outside a table; write [person] on the line above it")
        self.refuse(f"{where}. {suggest(key, known, limit=30)}")

    def check_keys(self, table: str, values: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for key in values:
            if key not in known:
                self.refuse_key(table, key, known)

    def number(self, table: str, key: str, value: Any, limits: tuple[float, float, str]) -> float:
        return _possible(f"{self.name}: [{table}] {key}", value, limits)

    def choice(self, table: str, key: str, value: Any, known: tuple[str, ...]) -> str:
        if value not in known or not isinstance(value, str):
            options = " or ".join(f'"{word}"' for word in known)
            self.refuse(
                f"[{table}] {key} is {value!r}; write {options}" + (", in quotes" if value in (True, False) else "")
            )
        return value


def _possible(where: str, value: Any, limits: tuple[float, float, str]) -> float:
    low, high, unit = limits
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PersonError(f"{where} is {value!r}; write a number in {unit}, without quotes")
    if isinstance(value, int) and abs(value) > sys.float_info.max:
        raise PersonError(f"{where} has {len(str(abs(value)))} digits; it must lie between {low:g} and {high:g} {unit}")
    if not math.isfinite(value):
        raise PersonError(f"{where} is {value}; write a number in {unit}, or leave the key out if it is not known")
    if not low <= value <= high:
        raise PersonError(
            f"{where} is {value:g}, which is not possible: it must lie between {low:g} and {high:g} {unit}"
        )
    return float(value)


def _present(table: Mapping[str, Any], known: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(key, known[key]) for key in known if key in table]


def _read_tables(path: Path) -> dict[str, Any]:
    if path.is_dir():
        raise FileError(f"{path.name} is a folder; give the person file inside it (TOML)")
    if not path.is_file():
        raise FileError(f"there is no person file {path}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path.name} cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise FileError(f"{path.name} is larger than 200 kB; a person file is a short TOML text")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise FileError(f"{path.name} is not a person file: line {line} is not UTF-8 text") from error
    if not text.strip():
        raise FileError(f"{path.name} is empty; a person file needs at least a [person] or an [exam] table")
    tables = _parse_json(path, text) if path.suffix.lower() == ".json" else _parse_toml(path, text)
    if not isinstance(tables, dict):
        raise FileError(f"{path.name} is not a person file: it must hold the tables {', '.join(TABLES)}")
    return tables


def _parse_toml(path: Path, text: str) -> Any:
    long = next((i for i, line in enumerate(text.splitlines(), 1) if len(line) > MAX_LINE), None)
    if long is not None:
        raise FileError(f"{path.name} is not a person file: line {long} is longer than {MAX_LINE} characters")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error), re.DOTALL)
        line = (found[2] if found else None) or str(len(text.splitlines()))
        raise FileError(f"{path.name} is not valid TOML: line {line}: {found[1] if found else error}") from error
    except RecursionError as error:
        raise FileError(f"{path.name} is not a person file: its brackets are nested too deep") from error
    except ValueError as error:
        raise FileError(f"{path.name} is not valid TOML: a number in it has too many digits") from error


def _parse_json(path: Path, text: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise FileError(f"{path.name} is not a person file: '{printable(twice)}' stands twice in one table")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise FileError(f"{path.name} is not valid JSON: line {error.lineno}: {error.msg}") from error
    except RecursionError as error:
        raise FileError(f"{path.name} is not a person file: its brackets are nested too deep") from error
    except ValueError as error:
        raise FileError(f"{path.name} is not valid JSON: a number in it has too many digits") from error


def _read_pseudonym(page: _Page, table: Mapping[str, Any]) -> str:
    pseudonym = table.get("pseudonym", "person")
    if not isinstance(pseudonym, str) or not PSEUDONYM.fullmatch(pseudonym):
        page.refuse(
            f"[person] pseudonym is {pseudonym!r}; write a code of letters, digits, '.', '-' and '_' "
            "without spaces, at most 40, and never a name"
        )
    return pseudonym


def _read_history(page: _Page, table: Mapping[str, Any]) -> History:
    page.check_keys("history", table, tuple(HISTORY_KEYS))
    history: dict[str, Any] = dict(table)
    for key, limits in _present(table, HISTORY_NUMBERS):
        history[key] = page.number("history", key, table[key], limits)
    if "dominant_leg" in table:
        page.choice("history", "dominant_leg", table["dominant_leg"], ("left", "right"))
    if "pain_regions" in table:
        history["pain_regions"] = _read_regions(page, table["pain_regions"])
    return History(**history)


def _read_regions(page: _Page, regions: Any) -> tuple[str, ...]:
    known = (*REGIONS, *(f"{region}_{side}" for region in REGIONS for side in ("left", "right")))
    if not isinstance(regions, list):
        page.refuse(f'[history] pain_regions is {regions!r}; write a list, e.g. ["low_back", "heel_left"]')
    for region in regions:
        if region not in known:
            page.refuse(f"[history] pain_regions: no region {region!r}. {suggest(str(region), known, limit=45)}")
    return tuple(regions)


def _read_screen(page: _Page, table: Mapping[str, Any]) -> Mapping[str, Answer]:
    page.check_keys("screen", table, tuple(flag.id for flag in read_red_flags()))
    answers = {key: page.choice("screen", key, value, ("yes", "no", "unknown")) for key, value in table.items()}
    return MappingProxyType(cast(dict[str, Answer], answers))


def _read_exam(page: _Page, table: Mapping[str, Any]) -> tuple[tuple[ExamItem, ...], tuple[NotExamined, ...]]:
    """Read ``[exam]``: per measure one item, or a list of items (one per side)."""
    definitions = read_exam_definitions()
    page.check_keys("exam", table, tuple(definitions))
    items: list[ExamItem] = []
    without_value: list[NotExamined] = []
    seen: set[tuple[str, str, str]] = set()
    for key, entries in table.items():
        for entry in entries if isinstance(entries, list) else [entries]:
            if not isinstance(entry, dict):
                page.refuse(f'[exam] {key} is {entry!r}; write {{ side = "left", value = 1, method = "..." }}')
            item = _read_item(page, definitions[key], entry)
            unit = item.unit if isinstance(item, ExamItem) else ""
            for side in ("left", "right") if item.side == "both" else (item.side,):
                if (key, side, unit) in seen:
                    page.refuse(f"[exam] {key} stands twice for the {side} side; give one value per side")
                seen.add((key, side, unit))
            (items if isinstance(item, ExamItem) else without_value).append(item)  # type: ignore[arg-type]
    return tuple(items), tuple(without_value)


def _read_item(page: _Page, definition: ExamDefinition, entry: Mapping[str, Any]) -> ExamItem | NotExamined:
    table = f"exam.{definition.id}"
    page.check_keys(table, entry, ("value", "side", "method", "unit"))
    for key in ("value", "side"):
        if key not in entry:
            page.refuse(f"[{table}] lacks '{key}'; each item has a value, a side (left, right or both) and a method")
    side = cast(Any, page.choice(table, "side", entry["side"], SIDES))
    method = entry.get("method", "not stated")
    if not isinstance(method, str) or len(method) > 200 or not method.replace("\n", " ").isprintable():
        page.refuse(f"[{table}] method must be a short text, without control characters, that says how it was measured")
    value = entry["value"]
    if value in ("skipped", "unknown"):
        return NotExamined(definition.id, side, value, method)
    if isinstance(value, str) and definition.words:
        word = page.choice(table, "value", value, (*definition.words, "skipped", "unknown"))
        return ExamItem(definition.id, side, float(definition.words.index(word)), " / ".join(definition.words), method)
    if not definition.units:
        page.choice(table, "value", value, (*definition.words, "skipped", "unknown"))
    unit = page.choice(table, "unit", entry.get("unit", next(iter(definition.units), "")), tuple(definition.units))
    number = page.number(table, "value", value, (*definition.units[unit], unit))
    return ExamItem(definition.id, side, number, unit, method)


def _read_recordings(page: _Page, table: Mapping[str, Any], folder: Path) -> tuple[str | None, tuple[str, ...]]:
    page.check_keys("recordings", table, ("static", "trials"))
    trials = table.get("trials", [])
    if not isinstance(trials, list):
        page.refuse(f'[recordings] trials is {trials!r}; write a list, e.g. ["walk1.c3d", "walk2.c3d"]')
    static = table.get("static")
    return (
        None if static is None else _recording_path(page, "static", static, folder),
        tuple(_recording_path(page, "trials", trial, folder) for trial in trials),
    )


def _recording_path(page: _Page, key: str, written: Any, folder: Path) -> str:
    if not isinstance(written, str) or not written.strip() or "\0" in written:
        page.refuse(f"[recordings] {key}: {written!r} is no file name; write it in quotes")
    path = folder / written
    if not path.is_file():
        page.refuse(
            f"[recordings] {key} names '{written}', and there is no such file; paths start at the person file's folder"
        )
    return str(path)
