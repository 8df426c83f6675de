"""Measures as rows of tables and items of lists, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kinechain.care.finding import Finding
from kinechain.report.verdict import LINKS, link_of
from kinechain.report.words import (
    STATE_SYMBOLS,
    clinical,
    clinical_norm,
    interval_words,
    norm_words,
    state_of,
    value_words,
)

__all__ = [
    "Cell",
    "Item",
    "Row",
    "Table",
    "is_posture",
    "is_spatiotemporal",
    "link_tables",
    "list_items",
    "measure_table",
    "short_names",
]


@dataclass(frozen=True)
class Cell:
    """One value of one side as printed."""

    value: str
    interval: str
    state: str
    symbol: str


@dataclass(frozen=True)
class Row:
    """One measure as printed in a table: both sides and their difference beside one range.

    Attributes
    ----------
    name : str
    left, right, middle, difference : Cell or None
        ``middle`` is the value of a measure that has no side.
    norm, cohort, grade : str
        The usual range, whose it is, and how deep its source was read.
    method, source : str
    """

    name: str
    left: Cell | None
    right: Cell | None
    middle: Cell | None
    difference: Cell | None
    norm: str
    cohort: str
    grade: str
    method: str
    source: str


@dataclass(frozen=True)
class Item:
    """One measure as printed in a list of page one.

    Attributes
    ----------
    name : str
    values : tuple of (str, str)
        Side and value; both sides stand in one item if both belong to the list.
    norm, state, symbol : str
    """

    name: str
    values: tuple[tuple[str, str], ...]
    norm: str
    state: str
    symbol: str


@dataclass(frozen=True)
class Table:
    """Measures under one heading.

    Attributes
    ----------
    name : str
    note : str
        What the methods of all rows share; each row then says only what is its own.
    rows : tuple of Row
    """

    name: str
    note: str
    rows: tuple[Row, ...]


#: Measures that belong to no link.
OTHER_GROUPS = {"gait_profile": "Gait profile", "quality": "Quality of the recording"}


def is_posture(finding: Finding) -> bool:
    """True for measures of the standing trial."""
    return finding.id.endswith(("_standing", "_standing_difference")) or finding.id.startswith("leg.")


def is_spatiotemporal(finding: Finding) -> bool:
    """True for speed, cadence, times and lengths of steps."""
    return finding.id.startswith("gait.")


def short_names(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return the names of measures, those of both sides once."""
    sides: dict[str, list[str]] = {}
    for finding in findings:
        sides.setdefault(finding.name, []).append(finding.side)
    return tuple(name if found == ["both"] else f"{name} ({', '.join(found)})" for name, found in sides.items())


def list_items(findings: Iterable[Finding]) -> tuple[Item, ...]:
    """Return measures as printed in a list of page one, both sides of one measure together."""
    grouped: dict[str, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.id, []).append(finding)
    return tuple(_item(found) for found in grouped.values())


def _item(findings: list[Finding]) -> Item:
    first = findings[0]
    norm = clinical_norm(first.norm, first.estimate.unit) if first.norm else None
    state = state_of(first)
    values = sorted((f.side, value_words(clinical(f.estimate))) for f in findings)
    return Item(
        first.name,
        tuple(values),
        norm_words(norm, clinical(first.estimate)) if norm else "",
        state,
        STATE_SYMBOLS[state],
    )


def measure_table(name: str, findings: Iterable[Finding]) -> Table:
    """Return one row per measure, its sides and their difference together."""
    grouped: dict[str, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.id.removesuffix("_difference"), []).append(finding)
    pieces = [_pieces(found) for found in grouped.values()]
    shared = [p for p in pieces[0] if all(p in other for other in pieces)] if len(pieces) > 1 else []
    rows = tuple(
        _row(found, [p for p in own if p not in shared]) for found, own in zip(grouped.values(), pieces, strict=True)
    )
    return Table(name, "; ".join(shared), rows)


def _pieces(findings: list[Finding]) -> list[str]:
    """Return what the methods of several sides say, once each."""
    return list(dict.fromkeys(piece.strip() for finding in findings for piece in finding.method.split(";")))


def _row(findings: list[Finding], method: list[str]) -> Row:
    cells: dict[str, Cell] = {}
    for finding in findings:
        place = "difference" if finding.id.endswith("_difference") else finding.side
        cells[place] = _cell(finding)
    first = findings[0]
    judged = next((f for f in findings if f.norm is not None), None)
    norm = clinical_norm(judged.norm, judged.estimate.unit) if judged is not None and judged.norm else None
    cohort = "" if norm is None else norm.cohort
    if norm is not None and not norm.is_adult and "child" not in cohort.lower():
        cohort = f"not known to be adults: {cohort}"
    if judged is not None and judged.id.endswith("_difference"):
        cohort = f"of the difference; {cohort}"
    spoken = {re.sub(r"\d+ (stride|frame)", r"\1", f.estimate.source): f.estimate.source for f in findings}
    behind = [*([f"range: {norm.source}"] if norm else []), *(f"interval: {s}" for s in spoken.values())]
    return Row(
        name=first.name.removesuffix(", left minus right"),
        left=cells.get("left"),
        right=cells.get("right"),
        middle=cells.get("both"),
        difference=cells.get("difference"),
        norm="" if norm is None or judged is None else norm_words(norm, clinical(judged.estimate)),
        cohort=cohort,
        grade="" if norm is None else norm.grade,
        method="; ".join(method),
        source="; ".join(behind),
    )


def _cell(finding: Finding) -> Cell:
    estimate, state = clinical(finding.estimate), state_of(finding)
    return Cell(value_words(estimate), interval_words(estimate), state, STATE_SYMBOLS[state])


def link_tables(findings: tuple[Finding, ...]) -> tuple[Table, ...]:
    """Return every measure that stands in no table of its own, link by link."""
    names: dict[str, list[Finding]] = {}
    for finding in findings:
        if not is_posture(finding) and not is_spatiotemporal(finding):
            region = finding.id.split(".", 1)[0]
            names.setdefault(link_of(finding.id) or OTHER_GROUPS.get(region, "Whole body"), []).append(finding)
    order = [name for name, _ in LINKS]
    ranked = sorted(names, key=lambda n: order.index(n) if n in order else len(order))
    return tuple(measure_table(name, names[name]) for name in ranked)
