"""Norm curves of a user: GCD files of Vicon's Polygon, and a simple CSV.

A GCD ("gait cycle data") is text: a line ``#!DST-0.1 GCD Oxford Metrics`` (older: ``#!DST-0.GCD``), perhaps
``$PREFIXES`` with ``Left`` and ``Right``, and blocks of a line ``!HipFlexExt 3`` with 51 (or 101, or, for scalars, 1)
lines of mean and standard deviation.  Vicon publishes no specification; the layout is that of two public programs that
exchange files with Polygon: ``gaitutils`` (NCH Motion Laboratory, reader and a file of norms) and ``CreateGCD``
(K. Worster, Children's Hospital Colorado, writer "compatible with Polygon"), which agree on header, names and columns.
A file of single trials (one column) has the same layout; it holds no spread and is refused as a norm.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.core.errors import FileError
from kinechain.core.text import printable
from kinechain.recording.readers.text import delimiter_of, split_cells, split_lines, to_number

__all__ = ["GaitCurve", "looks_like_gcd", "read_curve_csv", "read_gcd"]

#: Points of a cycle in files of norms: every 2 % or every 1 %.
POINTS = (51, 101)
_SIDES = ("left", "right")


@dataclass(frozen=True, eq=False)
class GaitCurve(Immutable):
    """Mean and standard deviation of one variable over the gait cycle, as the file has them.

    Attributes
    ----------
    name : str
        Of the variable, without the side.
    side : 'left', 'right' or ''
    mean, sd : (point,) array
        At even steps from 0 to 100 % of the cycle, in the file's unit (deg for angles).
    """

    name: str
    side: str
    mean: FloatArray
    sd: FloatArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", frozen(self.mean, (None,), "mean"))
        object.__setattr__(self, "sd", frozen(self.sd, (len(self.mean),), "sd"))


def looks_like_gcd(text: str) -> bool:
    """Return whether a text begins as a GCD does."""
    return text.lstrip("\ufeff \t\r\n")[:6].lower() == "#!dst-"


def read_gcd(text: str, name: str) -> Mapping[str, GaitCurve]:
    """Read the curves of a GCD from its text.

    Parameters
    ----------
    text : str
    name : str
        File name for messages.

    Returns
    -------
    mapping of str to GaitCurve
        By variable, 'Left' or 'Right' before it where the file states sides; variables of one number are left out.

    Raises
    ------
    FileError
        If it is no GCD, holds no curve with a standard deviation, or numbers that cannot be.
    """
    if not looks_like_gcd(text):
        raise FileError(f"{name} is not a valid GCD: line 1 does not begin with '#!DST-'; export it again from Polygon")
    blocks: dict[str, list[tuple[int, list[str]]]] = {}
    current: list[tuple[int, list[str]]] | None = None
    for number, line in enumerate(split_lines(text), 1):
        cells = line.split()
        if line.startswith("!") and cells:
            current = blocks.setdefault(printable(cells[0][1:]), [])
            if current:
                raise FileError(f"{name} is not a valid GCD: line {number} names a variable a second time")
        elif cells and current is not None and not line.startswith(("#", "$")):
            current.append((number, cells))
    curves: dict[str, GaitCurve] = {}
    singles = 0
    for variable, rows in blocks.items():
        if len(rows) <= 1:
            continue
        table = _numbers(rows, name)
        if table.shape[1] < 2:
            singles += 1
            continue
        curves[variable] = _curve(variable, table[:, 0], table[:, 1], name)
    if not curves:
        why = (
            "its curves have no standard deviations, so they are of single trials" if singles else "it holds no curves"
        )
        raise FileError(f"{name} is not a usable GCD of norms: {why}; export mean and standard deviation from Polygon")
    return MappingProxyType(curves)


def _numbers(rows: list[tuple[int, list[str]]], name: str) -> FloatArray:
    width = len(rows[0][1])
    out = []
    for number, cells in rows:
        values = [to_number(cell) for cell in cells]
        if len(cells) != width or None in values or not all(np.isfinite(v) for v in values if v is not None):
            raise FileError(
                f"{name} is not a valid GCD: line {number} should hold {width} numbers, mean and standard deviation"
            )
        out.append(values)
    return np.array(out, dtype=float)


def _curve(variable: str, mean: FloatArray, sd: FloatArray, name: str) -> GaitCurve:
    if len(mean) not in POINTS:
        raise FileError(
            f"{name} is not usable as norms: '{variable[:40]}' has {len(mean)} points where 51 or 101 make a gait cycle"
        )
    if (sd < 0).any() or np.abs(mean).max() > 1e6:
        raise FileError(f"{name} is not usable as norms: '{variable[:40]}' has a negative or endless value")
    side = next((s for s in _SIDES if variable.lower().startswith(s)), "")
    return GaitCurve(variable[len(side) :] if side else variable, side, mean, sd)


def read_curve_csv(text: str, name: str) -> Mapping[str, GaitCurve]:
    """Read norm curves from a CSV with the columns variable, percent, mean, sd, in degrees.

    Parameters
    ----------
    text : str
    name : str
        File name for messages.

    Raises
    ------
    FileError
        If a column is missing, a row cannot be read, or a variable does not reach from 0 to 100 %.
    """
    lines = split_lines(text)
    mark = delimiter_of(lines[0])
    head = [cell.lower() for cell in split_cells(lines[0], mark)]
    if not {"variable", "percent", "mean", "sd"} <= set(head):
        raise FileError(
            f"{name} is neither a GCD nor a CSV of norms; a CSV needs the columns variable, percent, mean and sd (deg)"
        )
    places = [head.index(word) for word in ("variable", "percent", "mean", "sd")]
    rows: dict[str, list[tuple[float, float, float]]] = {}
    for number, line in enumerate(lines[1:], 2):
        if not line.strip(" ,;\t"):
            continue
        cells = split_cells(line, mark)
        values = [to_number(cells[i]) if i < len(cells) else None for i in places[1:]]
        if None in values or not all(np.isfinite(v) for v in values if v is not None):
            raise FileError(f"{name} is not valid as norms: line {number} should hold a variable and three numbers")
        percent, mean, sd = (float(v) for v in values if v is not None)
        rows.setdefault(printable(cells[places[0]]), []).append((percent, mean, sd))
    if not rows:
        raise FileError(f"{name} is not usable as norms: it holds no rows")
    return MappingProxyType({variable: _resampled(variable, points, name) for variable, points in rows.items()})


def _resampled(variable: str, points: list[tuple[float, float, float]], name: str) -> GaitCurve:
    table = np.array(sorted(points))
    percent = table[:, 0]
    if len(table) < 11 or percent[0] > 0.5 or not 99.5 <= percent[-1] <= 100.5 or (np.diff(percent) <= 0).any():
        raise FileError(
            f"{name} is not usable as norms: '{variable[:40]}' needs at least 11 rows from 0 to 100 %, none twice"
        )
    even = np.linspace(0.0, 100.0, POINTS[1])
    mean, sd = (np.interp(even, percent, table[:, k]) for k in (1, 2))
    return _curve(re.sub(r"\s+", " ", variable), mean, sd, name)
