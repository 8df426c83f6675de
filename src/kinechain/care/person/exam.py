"""Which items an examination sheet may hold, in which unit, and within which limits; and what it says now."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from kinechain.care.person.person import ExamItem, NotExamined, Person, PersonSide
from kinechain.core.errors import EvidenceError, PersonError, suggest

__all__ = ["ExamDefinition", "Scale", "current_exam", "is_repeat", "read_exam_definitions"]

#: A value measured again with everything else the same.
REPEAT = re.compile(r"repeat [1-9]")


@dataclass(frozen=True)
class Scale:
    """In what one value is written.

    Attributes
    ----------
    units : mapping of unit to (lowest, highest)
        Units that may be written, the usual one first; empty for an answer in words.
    words : tuple of str
        The answers in words, the one worth 0 first; empty for a number.
    """

    units: Mapping[str, tuple[float, float]]
    words: tuple[str, ...]

    @property
    def usual_unit(self) -> str:
        """The unit of a value without one; the answers for words."""
        return next(iter(self.units), " / ".join(self.words))


@dataclass(frozen=True)
class ExamDefinition:
    """How one measure is written in the ``[exam]`` table.

    Attributes
    ----------
    id : str
        Key in ``measures.toml``.
    name : str
        As printed.
    units : mapping of unit to (lowest, highest)
        Units that may be written, the usual one first; empty for an answer in words.
    words : tuple of str
        The answers in words, the one worth 0 first; empty for a number.
    basis : str
        'definition' where the limits are the ends of the scale, 'assumption' where they only
        catch slips of the pen.
    parts : mapping of str to Scale
        Values of one test that are written apart.
    table : str
        Where its values stand if not in ``[exam]``; '' otherwise.
    sides : tuple of str
        Which are asked for.
    """

    id: str
    name: str
    units: Mapping[str, tuple[float, float]]
    words: tuple[str, ...]
    basis: str
    parts: Mapping[str, Scale] = field(default_factory=lambda: MappingProxyType({}))
    table: str = ""
    sides: tuple[PersonSide, ...] = ("left", "right")

    @property
    def has_whole(self) -> bool:
        """True if a value without a part may be written."""
        return bool(self.units or self.words)

    def scale(self, part: str) -> Scale:
        """Return in what a part is written; '' and a repeat are the whole item.

        Raises
        ------
        PersonError
            If there is no such part.
        """
        if self.has_whole and (not part or is_repeat(part)):
            return Scale(self.units, self.words)
        if part not in self.parts:
            known = (*self.parts, "repeat 2") if self.has_whole else tuple(self.parts)
            asked = f"{self.id} has no part '{part}'" if part else f"{self.id} needs a part"
            raise PersonError(f"{asked}. {suggest(part, known, limit=30)}")
        return self.parts[part]


def is_repeat(part: str) -> bool:
    """Tell whether a part only counts how often the same was measured on one day.

    Parameters
    ----------
    part : str
        E.g. 'repeat 2'.
    """
    return REPEAT.fullmatch(part) is not None


@cache
def read_exam_definitions() -> Mapping[str, ExamDefinition]:
    """Return every item an examination may hold, by id.

    Raises
    ------
    EvidenceError
        If an item is no measure of ``measures.toml``, or a measure is no item.
    """
    folder = files("kinechain.evidence") / "data" / "clinical"
    content = tomllib.loads((folder / "exam_items.toml").read_text(encoding="utf-8"))
    items, parts = content["item"], content["part"]
    measures = tomllib.loads((folder / "measures.toml").read_text(encoding="utf-8"))["measure"]
    names = {measure["id"]: measure["name"] for measure in measures}
    if dangling := sorted(set(items) ^ set(names)):
        raise EvidenceError(f"exam_items.toml and measures.toml do not both hold: {', '.join(dangling)}")
    return MappingProxyType({k: _definition(k, names[k], item, parts.get(k, {})) for k, item in items.items()})


def _definition(key: str, name: str, item: Mapping[str, Any], part_rows: Mapping[str, Any]) -> ExamDefinition:
    whole = _scale(item)
    parts = {part: _scale(entry) for part, entry in part_rows.items()}
    if not (whole.units or whole.words or parts or item.get("table")):
        raise EvidenceError(f"exam_items.toml: '{key}' says nothing about its value")
    return ExamDefinition(
        id=key,
        name=name,
        units=whole.units,
        words=whole.words,
        basis=item["basis"],
        parts=MappingProxyType(parts),
        table=item.get("table", ""),
        sides=tuple(item.get("sides", ("left", "right"))),
    )


def _scale(entry: Mapping[str, Any]) -> Scale:
    units = {unit: (float(low), float(high)) for unit, (low, high) in entry.get("units", {}).items()}
    return Scale(MappingProxyType(units), tuple(entry.get("words", ())))


def current_exam(person: Person) -> tuple[tuple[ExamItem, ...], tuple[NotExamined, ...]]:
    """Return what the examination says now: one value for each item, side, part and unit.

    Parameters
    ----------
    person : Person

    Returns
    -------
    items : tuple of ExamItem
        In the order of the sheet.
    not_examined : tuple of NotExamined
        What has no value, and answers in words that differ between repeats of one day: unknown.

    Notes
    -----
    The latest day counts; an entry without a date is older than any with one.  Repeats of one day are averaged.  A
    value for both sides and one for a single side are kept apart.
    """
    groups: dict[tuple[str, str, str, str], list[ExamItem]] = {}
    for item in person.exam:
        part = "" if is_repeat(item.part) else item.part
        groups.setdefault((item.id, part, item.side, item.unit), []).append(item)
    items: list[ExamItem] = []
    without_value = list(person.not_examined)
    for (_, part, _, _), entries in groups.items():
        settled = _settle(part, entries)
        if isinstance(settled, ExamItem):
            items.append(settled)
        else:
            without_value.append(settled)
    return tuple(items), tuple(without_value)


def _settle(part: str, entries: Sequence[ExamItem]) -> ExamItem | NotExamined:
    """Return one value of the latest day, or that its repeats do not agree."""
    latest = max((e.measured_on or date.min for e in entries), default=date.min)
    today = [e for e in entries if (e.measured_on or date.min) == latest]
    last = today[-1]
    method = last.method + (f"; mean of {len(today)} repeats" if len(today) > 1 else "")
    method += "; earlier ones kept apart" if len(today) < len(entries) else ""
    values = [e.value for e in today]
    if " / " in last.unit and len(set(values)) > 1:
        told = f"{last.method}; {len(today)} repeats of one day differ"
        return NotExamined(last.id, last.side, "unknown", told, part, last.examiner, last.measured_on)
    if len(entries) == 1 and part == last.part:
        return last
    return replace(last, value=sum(values) / len(values), part=part, method=method)
