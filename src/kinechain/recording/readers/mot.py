"""MOT and STO: OpenSim's tables of named columns against time."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from kinechain.core.errors import FileError
from kinechain.recording.readers.text import parse_rows
from kinechain.recording.recording import Note, Series

__all__ = ["TableContent", "looks_like_table", "read_table"]

_HEADER_KEY = re.compile(r"^\s*(\w+)\s*[=\s]\s*(.*?)\s*$")


@dataclass(frozen=True, eq=False)
class TableContent:
    """A MOT or STO.

    Attributes
    ----------
    series : Series
        As written.
    is_degrees : bool or None
        What the header says of rotations; None if it says nothing.
    notes : tuple of Note
    """

    series: Series
    is_degrees: bool | None
    notes: tuple[Note, ...]


def looks_like_table(text: str) -> bool:
    """Return whether a text has OpenSim's 'endheader' line near its beginning."""
    return any(line.strip().lower() == "endheader" for line in text[:20000].splitlines())


def read_table(text: str, name: str, kind: str) -> TableContent:
    """Read a MOT or STO from its text.

    Parameters
    ----------
    text : str
        The whole file.
    name : str
        File name for messages.
    kind : 'MOT' or 'STO'
        For messages.

    Raises
    ------
    FileError
        With the line at which it stops being one.
    """
    lines = text.lstrip("\ufeff").splitlines()
    end = next((i for i, line in enumerate(lines) if line.strip().lower() == "endheader"), None)
    if end is None:
        raise FileError(f"{name} is not a valid {kind}: it has no line 'endheader'")
    header = {}
    for line in lines[:end]:
        if match := _HEADER_KEY.match(line):
            header[match[1].lower()] = match[2].strip().lower()
    if header.get("datatype", "double") not in ("double", "float", ""):
        raise FileError(
            f"{name} holds vectors or rotations in its cells (DataType), which are not "
            "read; export it with DataType=double"
        )
    at = next((i for i in range(end + 1, len(lines)) if lines[i].strip()), None)
    if at is None:
        raise FileError(f"{name} is not a valid {kind}: nothing follows 'endheader'")
    notes: list[Note] = []
    labels = _labels(lines[at])
    if not labels or labels[0].lower() != "time":
        raise FileError(f"{name} is not a valid {kind}: line {at + 1} should name the columns and begin with 'time'")
    labels = _different(labels, notes)
    rows = lines[at + 1 :]
    if not any(line.strip() for line in rows):
        raise FileError(f"{name} is not a valid {kind}: it names {len(labels)} columns but holds no rows")
    table = parse_rows(rows, at + 2, len(labels), name, kind)
    times = table[:, 0]
    if not np.isfinite(times).all() or (np.diff(times) < 0).any():
        bad = int(np.argmax(~np.isfinite(times) | (np.diff(times, prepend=times[0]) < 0)))
        raise FileError(f"{name} is not a valid {kind}: time is missing or runs backwards at row {bad + 1}")
    stated = header.get("nrows") or header.get("datarows") or ""
    if stated.isdigit() and int(stated) != len(table):
        notes.append(Note("found", f"The header states {stated} rows, the file holds {len(table)}."))
    degrees = {"yes": True, "true": True, "no": False, "false": False}.get(header.get("indegrees", ""))
    series = Series(tuple(labels[1:]), table[:, 1:], ("",) * (len(labels) - 1), times)
    return TableContent(series, degrees, tuple(notes))


def _labels(line: str) -> list[str]:
    cells = [c.strip() for c in line.split("\t")] if "\t" in line else line.split()
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _different(labels: list[str], notes: list[Note]) -> list[str]:
    """Give columns of one name a number each."""
    out: list[str] = []
    for i, label in enumerate(labels):
        plain = label or f"column {i + 1}"
        out.append(plain if plain not in out else f"{plain} ({i + 1})")
    if out != labels:
        notes.append(Note("repaired", "Some columns have no name or share one; they were numbered."))
    return out
