"""The error of one laboratory from one session to the next: what its own repeated measurements say.

::

    SEM = sqrt( sum over people of squares about each one's mean / degrees of freedom )
    smallest clear change = 1.96 sqrt(2) SEM

The squares follow a chi-square distribution, which gives the interval of both.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from kinechain.care.person.exam import is_repeat, read_exam_definitions
from kinechain.care.person.person import Person
from kinechain.care.person.person_page import Page
from kinechain.care.person.person_text import parse_tables, read_text
from kinechain.core.errors import PersonError, SettingError
from kinechain.core.estimate import Estimate
from kinechain.evidence.wording import Sentence, say

__all__ = [
    "LEAST_DEGREES",
    "LabError",
    "LabErrors",
    "chi_square_quantile",
    "collect_repeats",
    "lab_error",
    "read_lab_errors",
]

#: Fewer degrees of freedom are not used (choice: ten people measured twice have ten, and the upper limit of the error
#: is then less than twice the error itself).
LEAST_DEGREES = 10

#: Two-sided 95 % of the normal distribution, and of a difference of two measurements.
Z95 = 1.96
TAIL = 0.025

#: A measure of a recording, e.g. 'knee.flexion_range'.
FINDING = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")


@dataclass(frozen=True)
class LabError:
    """Error of one measure in one laboratory.

    Attributes
    ----------
    item, part, unit : str
        An examination item and its part, or a measure of a recording.
    sem : Estimate
        Standard error of one measurement.
    change : Estimate
        Smallest change between two sessions that is clear (95 %).
    shift : float
        Mean of the last session less the first, over people: learning or drift.
    people, repeats : int
        Measured at least twice; measurements beyond each one's first.
    """

    item: str
    part: str
    unit: str
    sem: Estimate
    change: Estimate
    shift: float
    people: int
    repeats: int

    @property
    def is_enough(self) -> bool:
        """True if there are enough repeats for it to be used."""
        return self.repeats >= LEAST_DEGREES

    @property
    def sentence(self) -> Sentence:
        """What it says, or that there is too little."""
        name = f"{self.item.replace('_', ' ')}, {self.part}" if self.part else self.item.replace("_", " ")
        if not self.is_enough:
            return say("exam.lab_too_few", item=name, people=self.people, least=LEAST_DEGREES)
        value, low, high = (f"{x:.2g}" for x in (self.change.value, self.change.low, self.change.high))
        return say(
            "exam.lab_error",
            item=name,
            change=value,
            low=low,
            high=high,
            unit=self.unit,
            people=self.people,
            repeats=self.repeats,
        )


@dataclass(frozen=True)
class LabErrors:
    """Errors of one laboratory.

    Attributes
    ----------
    code : str
        Of the laboratory, never a name.
    on : date
    errors : tuple of LabError
    """

    code: str
    on: date
    errors: tuple[LabError, ...]


def lab_error(
    item: str, unit: str, sessions: Sequence[Sequence[float]], *, part: str = "", lab: str = "lab"
) -> LabError:
    """Return the error from repeated measurements.

    Parameters
    ----------
    item, unit, part : str
    sessions : sequence of sequence of float
        For each person (or each of their sides) what was measured in one session after the other; a person with one
        measurement tells nothing and is left out.
    lab : str
        Code of the laboratory, as the source of the estimate.

    Raises
    ------
    SettingError
        If nobody was measured twice, a value is not finite, or all repeats agree exactly: no error can be told.
    """
    again = [list(values) for values in sessions if len(values) > 1]
    name = f"{item} {part}".strip()
    if not again:
        raise SettingError(f"nobody was measured twice for '{name}'; at least two sessions of one person are needed")
    if not all(math.isfinite(value) for values in again for value in values):
        raise SettingError(f"a repeated measurement of '{name}' is no number")
    degrees = sum(len(values) - 1 for values in again)
    squares = sum(sum((x - sum(values) / len(values)) ** 2 for x in values) for values in again)
    if squares <= 0.0:
        raise SettingError(f"all repeats of '{name}' agree exactly; they tell no error, or were copied")
    sem, low, high = (
        math.sqrt(squares / by)
        for by in (degrees, chi_square_quantile(1.0 - TAIL, degrees), chi_square_quantile(TAIL, degrees))
    )
    source, factor = f"{lab}: {len(again)} measured again, {degrees} repeats", Z95 * math.sqrt(2.0)
    return LabError(
        item=item,
        part=part,
        unit=unit,
        sem=Estimate(sem, low, high, unit, source),
        change=Estimate(factor * sem, factor * low, factor * high, unit, source),
        shift=sum(values[-1] - values[0] for values in again) / len(again),
        people=len(again),
        repeats=degrees,
    )


def collect_repeats(people: Sequence[Person]) -> Mapping[tuple[str, str, str], tuple[tuple[float, ...], ...]]:
    """Return what was measured more than once, by item, part and unit: one row for each person and side, by date.

    Parameters
    ----------
    people : sequence of Person

    Notes
    -----
    Answers in words are left out; so is an entry without a date beside entries with one.
    """
    found: dict[tuple[str, str, str], list[tuple[float, ...]]] = {}
    for person in people:
        rows: dict[tuple[str, str, str, str], list[tuple[date, str, float]]] = {}
        for item in person.exam:
            part = "" if is_repeat(item.part) else item.part
            if " / " not in item.unit:
                row = rows.setdefault((item.id, part, item.unit, item.side), [])
                row.append((item.measured_on or date.min, item.part, item.value))
        for (key, part, unit, _), row in rows.items():
            dated = [entry for entry in row if entry[0] != date.min] or row
            if len(dated) > 1:
                found.setdefault((key, part, unit), []).append(tuple(value for _, _, value in sorted(dated)))
    return {key: tuple(rows_of) for key, rows_of in found.items()}


# ---- the file of a laboratory


def read_lab_errors(path: Path | str, today: date | None = None) -> LabErrors:
    """Return the errors of a laboratory from a TOML or JSON file.

    Parameters
    ----------
    path : path
        ``[lab]`` code and on; for each measure ``[[error]]`` item, unit, part and repeats, a list of what each person
        measured in one session after the other.
    today : date or None
        Nothing lies after it; None means the date of this machine.

    Raises
    ------
    FileError
        If the file cannot be read.
    PersonError
        If a key is not known, a value is impossible, or a measure stands twice.
    """
    path = Path(path)
    tables = parse_tables(read_text(path), path.name)
    page = Page(path.name, today or date.today())
    page.check_keys("file", tables, ("lab", "error"))
    lab = page.table("[lab]", tables.get("lab"), 'code = "LAB-1" and on = 2026-01-31 below [lab]')
    page.check_keys("lab", lab, ("code", "on"))
    code = page.code("lab", "code", lab.get("code"))
    on = page.day("lab", "on", lab.get("on"))
    entries = tables.get("error", [])
    if not isinstance(entries, list):
        page.refuse("error must be a list of tables; write [[error]] above each measure")
    errors = tuple(_read_error(page, code, entry) for entry in entries)
    keys = [(error.item, error.part, error.unit) for error in errors]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        page.refuse(f"[[error]] '{twice[0]}' stands twice in {twice[2]}; put all repeats into one entry")
    return LabErrors(code, on, errors)


def _read_error(page: Page, lab: str, entry: Any) -> LabError:
    told = page.table("[[error]]", entry, 'item = "navicular_drop" below it')
    page.check_keys("error", told, ("item", "part", "unit", "repeats"))
    item = page.text("error", "item", told.get("item"), "which measure it is", most=80)
    part = page.text("error", "part", told.get("part", ""), "which value of the test it is", most=40)
    unit = page.text("error", "unit", told.get("unit"), "the unit", most=20)
    limits = _limits(page, item, part, unit)
    rows = told.get("repeats")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        page.refuse(f"[[error]] repeats of '{item}' must be lists, e.g. [[9.0, 8.5], [5.0, 6.0]]: one for each person")
    sessions = [[page.number(f"error {item}", "repeats", value, limits) for value in row] for row in rows]
    try:
        return lab_error(item, unit, sessions, part=part, lab=lab)
    except SettingError as error:
        page.refuse(str(error))


def _limits(page: Page, item: str, part: str, unit: str) -> tuple[float, float, str]:
    """Return what a value of a measure may be; of a measure of a recording any number."""
    definitions = read_exam_definitions()
    if item not in definitions:
        if FINDING.fullmatch(item):
            return -1e6, 1e6, unit
        page.refuse_key("error", item, definitions)
    try:
        scale = definitions[item].scale(part)
    except PersonError as error:
        page.refuse(f"[[error]] {error}")
    page.choice("error", "unit", unit, tuple(scale.units))
    return (*scale.units[unit], unit)


# ---- chi-square, without a library of statistics


def chi_square_quantile(probability: float, degrees: int) -> float:
    """Return the value a chi-square variable stays below with a probability.

    Parameters
    ----------
    probability : float
        Between 0 and 1.
    degrees : int
        At least 1.

    Raises
    ------
    SettingError
        If probability or degrees are impossible.

    Notes
    -----
    Bisection of the regularised lower incomplete gamma function, which is summed as its series
    x^a e^-x / Gamma(a + 1) (1 + x / (a + 1) + x^2 / ((a + 1) (a + 2)) + ...).
    """
    if not 0.0 < probability < 1.0 or degrees < 1:
        raise SettingError("a quantile needs a probability between 0 and 1 and at least one degree of freedom")
    low, high = 0.0, degrees + 10.0
    while _lower_gamma(degrees / 2.0, high / 2.0) < probability:
        high *= 2.0
    for _ in range(200):
        middle = (low + high) / 2.0
        if _lower_gamma(degrees / 2.0, middle / 2.0) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _lower_gamma(a: float, x: float) -> float:
    """Return the regularised lower incomplete gamma function."""
    if x <= 0.0:
        return 0.0
    term = total = 1.0
    n = 0
    while term > total * 1e-16:
        n += 1
        term *= x / (a + n)
        total += term
    return math.exp(a * math.log(x) - x - math.lgamma(a + 1.0) + math.log(total))
