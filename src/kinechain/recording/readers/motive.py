"""CSV as OptiTrack Motive exports it.

The first line holds pairs of a key and its value (``Format Version``, ``Take Name``, ``Capture Frame Rate``, ``Export
Frame Rate``, ``Length Units``, ``Coordinate Space``).  Then follow, column by column, what it is (``Marker``, ``Rigid
Body``, ``Rigid Body Marker``, ``Bone``, ...), its name (``Skeleton:LASI``), its identity, in later versions its parent,
whether it is a ``Position`` or a ``Rotation``, and the line ``Frame,Time (Seconds),X,Y,Z,...``.

Source: OptiTrack documentation, "Data Export: CSV" (docs.optitrack.com/motive/data-export/data-export-csv), and the
page of ``read_motive_csv`` (docs.ropensci.org/pathviewr).
"""

from __future__ import annotations

import csv

import numpy as np

from kinechain.core.errors import FileError
from kinechain.recording.readers.content import TableFile, make_markers
from kinechain.recording.readers.even_rows import even_rows
from kinechain.recording.readers.lengths import length_from_size, length_of
from kinechain.recording.readers.text import delimiter_of, parse_rows, split_lines, to_number
from kinechain.recording.recording import Note

__all__ = ["looks_like_motive", "read_motive"]

#: Kinds of columns that hold points, the best first: as reconstructed, then as the solver places them.
KINDS = ("marker", "bone marker", "rigid body marker", "marker set marker")


def looks_like_motive(text: str) -> bool:
    """Return whether a text begins with Motive's version of the format."""
    return text[:40].lstrip("\ufeff\"' ").lower().startswith("format version")


def read_motive(text: str, name: str) -> TableFile:
    """Read a CSV of OptiTrack Motive from its text.

    Parameters
    ----------
    text : str
    name : str
        File name for messages.

    Raises
    ------
    FileError
        With the line at which it stops being one.
    """
    lines = split_lines(text)
    notes: list[Note] = []
    mark = delimiter_of(lines[0])
    pairs = _cells(lines[0], mark)
    about = {key.strip().lower(): value.strip() for key, value in zip(pairs[::2], pairs[1::2], strict=False)}
    at = next((i for i, line in enumerate(lines[:20]) if line.lstrip("\"' ,").lower().startswith("frame")), None)
    if at is None:
        raise FileError(
            f"{name} is not a valid CSV of Motive: no line begins with 'Frame,Time (Seconds)'; export it again"
        )
    heads = [_cells(line, mark) for line in lines[1:at] if line.strip(" ,;\t")]
    axes = [cell.strip() for cell in _cells(lines[at], mark)]
    while axes and not axes[-1]:
        axes.pop()
    labels, columns = _points(heads, axes, name)
    rows = lines[at + 1 :]
    wanted = np.array(columns)
    table = parse_rows(rows, at + 2, len(axes), name, "CSV of Motive", notes, mark)
    if not len(table):
        raise FileError(f"{name} is not a valid CSV of Motive: it names {len(labels)} points but holds no rows")
    has_time = len(axes) > 1 and axes[1].lower().startswith("time")
    rate = next((to_number(about[key]) for key in ("export frame rate", "capture frame rate") if key in about), None)
    values, rate_hz, start = even_rows(
        table[:, wanted.ravel()],
        table[:, 1] if has_time else None,
        table[:, 0] + 1.0,
        rate,
        f"line {at + 2}",
        name,
        "CSV of Motive",
        notes,
    )
    positions = values.reshape(len(values), -1, 3)
    unit = about.get("length units", "")
    metres = length_of(unit)
    if metres is None:
        metres = length_from_size(positions, unit, "line 1", notes)
    markers = make_markers(labels, positions * metres, rate_hz, start, name, "CSV of Motive", notes)
    return TableFile("CSV", markers, notes=tuple(notes))


def _cells(line: str, mark: str) -> list[str]:
    return next(csv.reader([line.replace("\x00", "")], delimiter=mark), [])


def _points(heads: list[list[str]], axes: list[str], name: str) -> tuple[list[str], list[tuple[int, int, int]]]:
    """Return the names of the points and the three columns of each."""
    kinds = _row_with(heads, ("marker", "rigid body", "bone", "rigid body marker", "bone marker"))
    places = _row_with(heads, ("position", "rotation"))
    if kinds is None:
        raise FileError(f"{name} is not a usable CSV of Motive: no line says which columns are markers; export markers")
    names = heads[min(heads.index(kinds) + 1, len(heads) - 1)]
    starts = [
        i
        for i in range(2, len(axes) - 2)
        if [a.upper() for a in axes[i : i + 3]] == ["X", "Y", "Z"]
        and (places is None or _at(places, i).lower() == "position")
    ]
    for kind in KINDS:
        found = [i for i in starts if _at(kinds, i).lower() == kind]
        if found:
            return [_at(names, i) for i in found], [(i, i + 1, i + 2) for i in found]
    raise FileError(f"{name} is a CSV of Motive without positions of markers; export it again with markers switched on")


def _at(row: list[str], i: int) -> str:
    return row[i].strip() if i < len(row) else ""


def _row_with(heads: list[list[str]], words: tuple[str, ...]) -> list[str] | None:
    return next((row for row in heads if any(cell.strip().lower() in words for cell in row[1:])), None)
