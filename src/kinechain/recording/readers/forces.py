"""The ``.forces`` table of Motion Analysis Cortex: force and centre of pressure of each plate, beside a TRC."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import FileError
from kinechain.core.text import printable
from kinechain.recording.plate_tables import LEAST_RATE_HZ, TabledPlate, plates_from_columns
from kinechain.recording.recording import ForcePlate, Note

__all__ = ["ForcesContent", "looks_like_forces", "read_forces"]

_HEADING = re.compile(r"^\s*\[force data\]", re.IGNORECASE)
_VALUE = re.compile(r"^\s*(?P<name>[A-Za-z ]+?)\s*=\s*(?P<value>\S+)")
_COLUMN = re.compile(r"^(?P<what>F?[XYZ]|MZ)(?P<plate>\d+)$", re.IGNORECASE)
#: Columns of each plate, in the order of the format.
_OF_A_PLATE = ("FX", "FY", "FZ", "X", "Y", "Z", "MZ")


@dataclass(frozen=True, eq=False)
class ForcesContent:
    """What a ``.forces`` file holds, in SI units and the axes of the laboratory."""

    plates: tuple[ForcePlate, ...]
    notes: tuple[Note, ...]


def looks_like_forces(text: str) -> bool:
    """Return whether a text begins as Cortex writes its forces."""
    return bool(_HEADING.match(text[:200].lstrip("\ufeff")))


def read_forces(text: str, name: str) -> ForcesContent:
    """Read force and centre of pressure of every plate.

    Parameters
    ----------
    text : str
        Of the whole file.
    name : str
        For messages.

    Raises
    ------
    FileError
        If rate, columns or rows are missing or damaged; the message names the line.
    """
    lines = text.splitlines()
    header: dict[str, str] = {}
    at = 1
    while at < len(lines) and not lines[at].lstrip().startswith("#"):
        match = _VALUE.match(lines[at])
        if match:
            header[match["name"].replace(" ", "").lower()] = match["value"]
        at += 1
    if at >= len(lines):
        raise FileError(f"{name} names no columns: a line '#Sample FX1 FY1 FZ1 ...' is needed; export it again")
    rate = _rate(header, name)
    columns = lines[at].lstrip("# \t").split()
    places = _places(columns, name, at + 1)
    notes: list[Note] = []
    values = _rows(lines, at + 1, len(columns), name, notes)
    stated = header.get("numberofsamples", "")
    if stated.isdigit() and int(stated) != len(values):
        wanted, effect = f"NumberOfSamples={stated}", "The end of the trial may be missing."
        text = f"The header says {wanted} and the file holds {len(values)} rows; those were read."
        notes.append(Note("defect", text, "file.rows", "header", effect, "Export the forces again."))
    tables = []
    for plate, found in sorted(places.items()):
        force, point = (values[:, [found[x] for x in names]] for names in (_OF_A_PLATE[:3], _OF_A_PLATE[3:6]))
        free = values[:, found["MZ"]] if "MZ" in found else np.zeros(len(values))
        tables.append(TabledPlate(f"plate {plate}", force, point, np.repeat(free[:, None], 3, axis=1)))
    vertical = int(np.argmax(sum(np.abs(t.force).sum(axis=0) for t in tables)))
    along = np.eye(3)[vertical]
    tables = [TabledPlate(t.name, t.force, t.point, t.moment * along) for t in tables]
    notes.append(
        Note(
            "assumed",
            f"The format states no axes: the forces point along {'XYZ'[vertical]}, which was taken as the vertical, "
            "and MZ as the free moment about it.",
            "plates.vertical",
            "columns",
            "The free moment rests on it; force and centre of pressure do not.",
            "Nothing, if the markers stand in the same axes.",
        )
    )
    plates = plates_from_columns(tables, rate, 0.0, notes)
    return ForcesContent(plates, tuple(notes))


def _rate(header: dict[str, str], name: str) -> float:
    try:
        rate = float(header.get("samplerate", "nan").replace(",", "."))
    except ValueError:
        rate = float("nan")
    if not (np.isfinite(rate) and rate >= LEAST_RATE_HZ):
        raise FileError(f"{name} states no sample rate: a line such as 'SampleRate=450' is needed; export it again")
    return rate


def _places(columns: list[str], name: str, line: int) -> dict[int, dict[str, int]]:
    """Return the column of each quantity of each plate."""
    found: dict[int, dict[str, int]] = {}
    for i, column in enumerate(columns):
        match = _COLUMN.match(column)
        if match:
            found.setdefault(int(match["plate"]), {})[match["what"].upper()] = i
    whole = {k: v for k, v in found.items() if set(_OF_A_PLATE[:6]) <= set(v)}
    if not whole:
        said = printable(" ".join(columns))[:60]
        raise FileError(
            f"{name}, line {line}: no plate has all of FX, FY, FZ, X, Y and Z among '{said}'; export forces with their "
            "centres of pressure"
        )
    return whole


def _rows(lines: list[str], first: int, width: int, name: str, notes: list[Note]) -> FloatArray:
    """Return the numbers below the heading, (time, column); a last row that breaks off is left out."""
    body = [i for i in range(first, len(lines)) if lines[i].strip()]
    quick = _all_numbers([lines[i] for i in body], width)
    if quick is not None:
        return quick
    rows: list[list[float]] = []
    for i in body:
        cells = lines[i].replace(",", ".").split()
        try:
            row = [float(cell) for cell in cells]
        except ValueError:
            row = []
        if len(row) != width:
            if i == body[-1] and len(rows) > 1:
                text, effect = f"Line {i + 1} breaks off and was left out.", "The last sample is missing."
                notes.append(Note("defect", text, "file.rows", f"line {i + 1}", effect, "Export the forces again."))
                break
            said = printable(lines[i])[:40]
            raise FileError(f"{name}, line {i + 1}: {width} numbers are needed, '{said}' was found; export it again")
        rows.append(row)
    if len(rows) < 2:
        raise FileError(f"{name} holds {len(rows)} rows of forces; at least 2 are needed; export it again")
    values = np.array(rows)
    if not np.isfinite(values).all():
        bad = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        raise FileError(f"{name}, line {body[bad] + 1}: a value is not a finite number; export it again")
    return values


def _all_numbers(lines: list[str], width: int) -> FloatArray | None:
    """Return the numbers of whole rows at once, None where any row needs a second look."""
    cells = " ".join(lines).split()
    if len(lines) < 2 or len(cells) != width * len(lines):
        return None
    try:
        values = np.array(cells, dtype=float).reshape(len(lines), width)
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None
