"""The ``[exam]`` table of a person file: per measure one entry, or a list of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from kinechain.care.person.exam import ExamDefinition, Scale, read_exam_definitions
from kinechain.care.person.person import ExamItem, NotExamined
from kinechain.care.person.person_page import ABSENT, Page
from kinechain.core.errors import PersonError

__all__ = ["ENTRY_KEYS", "read_exam"]

ENTRY_KEYS = ("value", "side", "method", "unit", "part", "examiner", "measured_on", "reliability")
SIDES = ("left", "right", "both")

#: What a value in one unit is multiplied by in another, for the sentence that refuses it.
FACTORS = {("cm", "mm"): 10.0, ("m", "mm"): 1000.0, ("mm", "cm"): 0.1, ("m", "cm"): 100.0, ("min", "s"): 60.0}


def read_exam(page: Page, table: Mapping[str, Any]) -> tuple[tuple[ExamItem, ...], tuple[NotExamined, ...]]:
    """Return the entries of ``[exam]``, those with a value and those without.

    Parameters
    ----------
    page : Page
    table : mapping of str to object

    Raises
    ------
    PersonError
        If a measure or a key is not known, a value is impossible, or one entry stands twice.
    """
    definitions = read_exam_definitions()
    page.check_keys("exam", table, definitions)
    items: list[ExamItem] = []
    without_value: list[NotExamined] = []
    seen: set[tuple[object, ...]] = set()
    for key, entries in table.items():
        for entry in entries if isinstance(entries, list) else [entries]:
            told = page.table(f"[exam] {key}", entry, '{ side = "left", value = 1, method = "..." }')
            item = _read_entry(page, definitions[key], told)
            _refuse_twice(page, item, seen)
            (items if isinstance(item, ExamItem) else without_value).append(item)  # type: ignore[arg-type]
    return tuple(items), tuple(without_value)


def _refuse_twice(page: Page, item: ExamItem | NotExamined, seen: set[tuple[object, ...]]) -> None:
    unit = item.unit if isinstance(item, ExamItem) else ""
    for side in ("left", "right") if item.side == "both" else (item.side,):
        entry = (item.id, item.part, side, unit, item.measured_on)
        if entry in seen:
            part = f" ({item.part})" if item.part else ""
            when = f" on {item.measured_on}" if item.measured_on else ""
            page.refuse(
                f"[exam] {item.id}{part} stands twice for the {side} side{when}; give one value per side, or tell "
                'repeats apart by measured_on or by part = "repeat 2"'
            )
        seen.add(entry)


def _read_entry(page: Page, definition: ExamDefinition, entry: Mapping[str, Any]) -> ExamItem | NotExamined:
    table = f"exam.{definition.id}"
    page.check_keys(table, entry, ENTRY_KEYS)
    for key in ("value", "side"):
        if key not in entry:
            page.refuse(f"[{table}] lacks '{key}'; each item has a value, a side (left, right or both) and a method")
    side = cast(Any, page.choice(table, "side", entry["side"], SIDES))
    method = page.text(table, "method", entry.get("method", "not stated"), "how it was measured")
    part = page.text(table, "part", entry.get("part", ""), "which value of the test it is", most=40)
    examiner = page.code(table, "examiner", entry["examiner"]) if "examiner" in entry else ""
    day = page.day(table, "measured_on", entry["measured_on"]) if "measured_on" in entry else None
    reliability = page.text(table, "reliability", entry.get("reliability", ""), "how far values scatter")
    value = entry["value"]
    if state := page.absence(value):
        if part:
            _scale(page, definition, part)
        if reliability:
            page.refuse(f"[{table}] has no value, and so no reliability; write it in the method")
        return NotExamined(definition.id, side, state, method, part, examiner, day)
    if definition.table:
        page.refuse(f'[{table}] is entered as [[{definition.table}]]; here it can only be "skipped" or "unknown"')
    number, unit = _read_value(page, table, _scale(page, definition, part), entry)
    return ExamItem(definition.id, side, number, unit, method, part, examiner, day, reliability)


def _scale(page: Page, definition: ExamDefinition, part: str) -> Scale:
    try:
        return definition.scale(part)
    except PersonError as error:
        page.refuse(f"[exam] {error}")


def _read_value(page: Page, table: str, scale: Scale, entry: Mapping[str, Any]) -> tuple[float, str]:
    """Return the value as a number, and its unit; the answers themselves are the unit of a word."""
    value = entry["value"]
    if scale.words and (isinstance(value, str) or not scale.units):
        word = page.choice(table, "value", value, scale.words, also=ABSENT)
        words = " / ".join(scale.words)
        if entry.get("unit", words) != words:
            page.refuse(f"[{table}] value is a word, and has no unit; leave the unit out")
        return float(scale.words.index(word)), words
    written = entry.get("unit", scale.usual_unit)
    if isinstance(written, str) and isinstance(value, int | float) and not isinstance(value, bool):
        for unit in scale.units:
            if (written, unit) in FACTORS:
                told = f"{value:g} {written} is {value * FACTORS[written, unit]:g} {unit}"
                page.refuse(f"[{table}] unit is '{written}'; write \"{unit}\": {told}")
    unit = page.choice(table, "unit", written, tuple(scale.units))
    return page.number(table, "value", value, (*scale.units[unit], unit)), unit
