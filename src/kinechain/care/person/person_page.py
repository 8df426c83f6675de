"""The file a message speaks of: every value checked against what its key may hold, every refusal one sentence."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal, NoReturn, cast

from kinechain.care.person.person import Answer
from kinechain.core.errors import PersonError, suggest
from kinechain.core.text import printable

__all__ = ["ABSENT", "ANSWERS", "Page", "possible_number"]

#: The two absences that are written; the third is to write nothing.
ABSENT = ("skipped", "unknown")
ANSWERS = ("yes", "no", "unknown", "skipped")

#: So many names are listed where none is near; more are on the page of the person file (choice).
MOST_NAMED = 16

#: Dates before this are slips of the pen (assumption).
FIRST_DATE = date(1900, 1, 1)

#: A key that asks who somebody is, in the words people use for it.
IDENTIFYING = re.compile(
    r"(^|_)(name|surname|firstname|lastname|forename|birth\w*|dob|born|address|street|email|mail|phone|mobile|ssn|nhs|"
    r"insurance|patient_id|mrn)($|_)"
)
DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}")
#: A word with a capital letter first, alone or beside others; words of this file have none.
NAME_LIKE = re.compile(r"(^|[\s,.'-])[^\W\d_a-z][a-z\u00df-\u024f]{2,}")
CODE = re.compile(r"[\w.-]{1,40}")

#: By what a number was multiplied when it was written in another unit than the key asks for.
OTHER_UNITS: Mapping[str, tuple[tuple[float, str], ...]] = {
    "metres": ((0.01, "centimetres"), (0.001, "millimetres"), (0.1, "")),
    "kilograms": ((0.001, "grams"),),
    "years": ((0.1, ""),),
    "hours": ((1 / 60, "minutes"),),
    "cm": ((0.1, "millimetres"),),
    "mm": ((1000.0, "metres"), (10.0, "centimetres")),
    "s": ((0.001, "milliseconds"),),
    "m/s": ((1 / 3.6, "kilometres per hour"), (0.01, "centimetres per second")),
    "ratio": ((0.01, "per cent"),),
}


@dataclass(frozen=True)
class Page:
    """The file a message speaks of.

    Attributes
    ----------
    name : str
        As the message begins.
    today : date
        Nothing was measured or answered after it.
    """

    name: str
    today: date

    def refuse(self, sentence: str) -> NoReturn:
        """Raise the refusal of this file."""
        raise PersonError(f"{self.name}: {sentence}")

    def refuse_key(self, table: str, key: str, known: Iterable[str]) -> NoReturn:
        """Refuse a key, with the nearest one there is; a personal one without a word of its value."""
        shown = _shown(key)
        where = f"[{table}] has no key '{shown}'" if table else f"there is no table [{shown}]"
        if IDENTIFYING.search(key.lower()):
            self.refuse(
                f"{where}: names, birth dates and addresses are never kept; use a pseudonym (a code) and age_years"
            )
        self.refuse(f"{where}. {suggest(key, known, limit=MOST_NAMED)}")

    def check_keys(self, table: str, values: Mapping[str, Any], known: Iterable[str]) -> None:
        """Refuse the first key that is not known."""
        known = tuple(known)
        for key in values:
            if key not in known:
                self.refuse_key(table, key, known)

    def table(self, where: str, value: Any, example: str) -> dict[str, Any]:
        """Return a value that must be a table."""
        if not isinstance(value, dict):
            self.refuse(f"{where} is {_told(value)}; write {example}")
        return value

    def number(self, table: str, key: str, value: Any, limits: tuple[float, float, str]) -> float:
        """Return a value that must be a number within limits."""
        return possible_number(f"{self.name}: [{table}] {key}", value, limits)

    def whole(self, table: str, key: str, value: Any, limits: tuple[float, float, str]) -> int:
        """Return a value that must be a whole number within limits."""
        number = self.number(table, key, value, limits)
        if number != int(number):
            self.refuse(f"[{table}] {key} is {number:g}; write a whole number")
        return int(number)

    def choice(self, table: str, key: str, value: Any, known: Sequence[str], also: Sequence[str] = ()) -> str:
        """Return a value that must be one of some words; `also` holds those that are named last."""
        if not isinstance(value, str) or value not in (*known, *also):
            options = " or ".join(f'"{word}"' for word in known)
            rest = f" (or {' or '.join(also)})" if also else ""
            quotes = ", in quotes" if isinstance(value, bool) else ""
            self.refuse(f"[{table}] {key} is {_told(value)}; write {options}{quotes}{rest}{_near(value, known)}")
        return value

    def answer(self, table: str, key: str, value: Any) -> Answer:
        """Return a value that must be yes, no, unknown or skipped."""
        return cast(Answer, self.choice(table, key, value, ANSWERS[:3], also=ANSWERS[3:]))

    def absence(self, value: Any) -> Literal["skipped", "unknown", ""]:
        """Return which absence a value states, '' if it states something."""
        return cast(Any, value) if isinstance(value, str) and value in ABSENT else ""

    def several(self, table: str, key: str, value: Any, known: Sequence[str], example: str) -> tuple[str, ...]:
        """Return a value that must be a list of words, none twice."""
        if not isinstance(value, list):
            self.refuse(f"[{table}] {key} is {_told(value)}; write a list, e.g. {example}")
        for word in value:
            if not isinstance(word, str) or word not in known:
                self.refuse(
                    f"[{table}] {key}: there is no {_told(word)}. {suggest(str(word), known, limit=MOST_NAMED)}"
                )
            if value.count(word) > 1:
                self.refuse(f"[{table}] {key}: '{word}' stands twice; write it once")
        return tuple(value)

    def text(self, table: str, key: str, value: Any, what: str, most: int = 200) -> str:
        """Return a value that must be a short text."""
        if not isinstance(value, str) or len(value) > most or not value.replace("\n", " ").isprintable():
            self.refuse(f"[{table}] {key} must be a short text, without control characters, that says {what}")
        return value

    def code(self, table: str, key: str, value: Any) -> str:
        """Return a value that must be a code; what is written instead may be a name, and is not repeated."""
        if not isinstance(value, str) or not CODE.fullmatch(value) or DATE.fullmatch(value):
            self.refuse(
                f"[{table}] {key} is no code: write letters, digits, '.', '-' and '_' without spaces, at most 40, and "
                "never a name or a date"
            )
        return value

    def day(self, table: str, key: str, value: Any) -> date:
        """Return a value that must be a date, not after today."""
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value)
            except ValueError:
                self.refuse(f"[{table}] {key} is no date; write it as {self.today.isoformat()}")
        if isinstance(value, datetime) or not isinstance(value, date):
            self.refuse(f"[{table}] {key} is no date; write it as {self.today.isoformat()}, without a time")
        if value > self.today:
            self.refuse(f"[{table}] {key} is {value}, which lies in the future; today is {self.today}")
        if value < FIRST_DATE:
            self.refuse(f"[{table}] {key} is {value}, which is not possible: it lies before {FIRST_DATE.year}")
        return value


def possible_number(where: str, value: Any, limits: tuple[float, float, str]) -> float:
    """Return a number if it is possible.

    Parameters
    ----------
    where : str
        What the message starts with.
    value : object
    limits : (float, float, str)
        Lowest, highest, unit in words.

    Raises
    ------
    PersonError
        If it is no finite number inside the limits; what was probably meant is named.
    """
    low, high, unit = limits
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PersonError(f"{where} is {_told(value)}; write a number in {unit}, without quotes")
    if isinstance(value, int) and abs(value) > sys.float_info.max:
        raise PersonError(f"{where} has {len(str(abs(value)))} digits; it must lie between {low:g} and {high:g} {unit}")
    if not math.isfinite(value):
        raise PersonError(f"{where} is {value}; write a number in {unit}, or leave the key out if it is not known")
    if not low <= value <= high:
        raise PersonError(
            f"{where} is {value:g}, which is not possible: it must lie between {low:g} and {high:g} {unit}"
            + _meant(float(value), limits)
        )
    return float(value)


def _meant(value: float, limits: tuple[float, float, str]) -> str:
    """Return what was probably meant by a number outside its limits, '' if nothing fits."""
    low, high, unit = limits
    if high == 10.0 and 2.0 * high < value <= 100.0:
        return f"; on a scale of 0 to 100 that is {value / 10.0:g} of 10"
    if low <= -value <= high and value < 0.0:
        return f"; did you mean {-value:g}?"
    for factor, other in OTHER_UNITS.get(unit, ()):
        meant = value * factor
        if low < meant <= high:
            return f"; if it was written in {other}, it is {meant:.4g}" if other else f"; did you mean {meant:.4g}?"
    return ""


def _near(value: Any, known: Sequence[str]) -> str:
    """Return the nearest word, where there are many."""
    hint = suggest(value, known) if isinstance(value, str) else ""
    return f". {hint}" if hint.startswith("Did") else ""


def _told(value: Any) -> str:
    """Return a value as a message repeats it: short, on one line, and never a date or what may be a name."""
    if isinstance(value, date | time) or (isinstance(value, str) and DATE.search(value)):
        return "a date (birth dates are never kept)"
    if isinstance(value, str) and NAME_LIKE.search(value):
        return "a text with capital letters (names are never repeated)"
    try:
        told = repr(value)
    except ValueError:
        return "a number with too many digits"
    return _shown(told, 80)


def _shown(text: str, most: int = 40) -> str:
    text = printable(text)
    return text if len(text) <= most else f"{text[:most]}..."
