"""MOT and STO: OpenSim's tables of named columns against time.

The layout is OpenSim's (OpenSim documentation, "Motion (.mot) Files" and "Storage (.sto) Files"):
a name, keys such as ``nRows=`` and ``inDegrees=``, a line ``endheader``, the names of the columns
beginning with ``time``, and the rows.  SIMM's older keys (``datacolumns``, ``datarows``, ``range``) are read too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import FileError
from kinechain.core.text import printable
from kinechain.recording.readers.text import different, parse_rows, split_cells, split_lines, to_number
from kinechain.recording.recording import Note, Series

__all__ = ["TableContent", "looks_like_table", "read_table"]

_HEADER_KEY = re.compile(r"^\s*(\w+)\s*[=:\s]\s*(.*?)\s*$")
_KNOWN_KEY = re.compile(
    r"^\s*(nrows|ncolumns|datacolumns|datarows|indegrees|opensimversion|datatype|version|range|otherdata)\b",
    re.IGNORECASE,
)
_TIME = re.compile(r"^(times?|t)\b\W*(\(?\[?(s|sec|seconds)\)?\]?)?$", re.IGNORECASE)
#: The header ends within this many characters.
HEADER = 20000
#: Words for yes and no behind ``inDegrees``.
DEGREES = {**dict.fromkeys(("yes", "true", "1", "y"), True), **dict.fromkeys(("no", "false", "0", "n"), False)}


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
    """Return whether a text has OpenSim's 'endheader' line near its beginning, or its keys and a line of columns."""
    lines = split_lines(text[:HEADER])
    if any(line.strip().lower() == "endheader" for line in lines):
        return True
    has_keys = sum(_KNOWN_KEY.match(line) is not None for line in lines[:20]) >= 2
    return has_keys and any(_is_names(line) for line in lines[:40])


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
    lines = split_lines(text)
    notes: list[Note] = []
    end = _end_of_header(lines, name, kind, notes)
    header: dict[str, str] = {}
    for line in lines[:end]:
        if match := _HEADER_KEY.match(line):
            header[match[1].lower()] = match[2].strip().lower()
    if header.get("datatype", "double") not in ("double", "float", ""):
        raise FileError(
            f"{name} holds vectors or rotations in its cells (DataType), which are not "
            "read; export it with DataType=double"
        )
    at = next((i for i in range(end, len(lines)) if lines[i].strip()), None)
    if at is None:
        raise FileError(f"{name} is not a valid {kind}: nothing follows 'endheader'")
    at, labels = _columns(lines, at, notes)
    if not labels or not _TIME.match(labels[0]):
        raise FileError(f"{name} is not a valid {kind}: line {at + 1} should name the columns and begin with 'time'")
    labels = _different(labels, notes)
    rows = _without_repeated_header(lines[at + 1 :], at + 2, lines[at], notes)
    if not any(line.strip() for line in rows):
        raise FileError(f"{name} is not a valid {kind}: it names {len(labels)} columns but holds no rows")
    table = _in_order(parse_rows(rows, at + 2, len(labels), name, kind, notes), name, kind, notes)
    _compare_with_header(header, table, notes)
    degrees = DEGREES.get(re.split(r"[\s,;]", header.get("indegrees", "") or " ")[0])
    series = Series(tuple(labels[1:]), table[:, 1:], ("",) * (len(labels) - 1), table[:, 0])
    return TableContent(series, degrees, tuple(notes))


def _end_of_header(lines: list[str], name: str, kind: str, notes: list[Note]) -> int:
    """Return the line after 'endheader', or the line of names where that word is missing."""
    end = next((i + 1 for i, line in enumerate(lines) if line.strip().lower() == "endheader"), None)
    if end is not None:
        return end
    at = next((i for i, line in enumerate(lines[:40]) if _is_names(line)), None)
    if at is None:
        raise FileError(f"{name} is not a valid {kind}: it has no line 'endheader' and none that begins with 'time'")
    notes.append(
        Note(
            "repaired",
            f"The header has no line 'endheader'; it was taken to end before line {at + 1}.",
            "file.header",
            f"line {at + 1}",
            "None.",
            "Export it again.",
        )
    )
    return at


def _is_names(line: str) -> bool:
    cells = _labels(line)
    return len(cells) > 1 and _TIME.match(cells[0]) is not None and to_number(cells[1]) is None


def _columns(lines: list[str], at: int, notes: list[Note]) -> tuple[int, list[str]]:
    """Return the line that names the columns, and the names; a stray line before it is passed over."""
    if not _is_names(lines[at]) and not re.match(r"^\s*[+-]?\.?\d", lines[at]):
        for i in range(at + 1, min(at + 4, len(lines))):
            if _is_names(lines[i]):
                notes.append(
                    Note(
                        "repaired",
                        f"Line {at + 1} stands between the header and the names of the columns; it was passed over.",
                        "file.header",
                        f"line {at + 1}",
                        "None.",
                        "Export it again.",
                    )
                )
                return i, _labels(lines[i])
    return at, _labels(lines[at])


def _labels(line: str) -> list[str]:
    cells = [printable(cell) for cell in split_cells(line)]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _different(labels: list[str], notes: list[Note]) -> list[str]:
    """Give columns of one name a number each."""
    out = list(different(labels, "column"))
    if out != labels:
        notes.append(
            Note(
                "repaired",
                "Some columns have no name or share one; they were numbered.",
                "file.columns",
                "the names of the columns",
                "A column may be taken for another.",
                "Name every column once.",
            )
        )
    return out


def _without_repeated_header(rows: list[str], first: int, names: str, notes: list[Note]) -> list[str]:
    """Blank lines that repeat the names of the columns."""
    plain = names.split()
    start = plain[0]
    again = [i for i, row in enumerate(rows) if row.lstrip().startswith(start) and row.split() == plain]
    if not again:
        return rows
    notes.append(
        Note(
            "repaired",
            f"The names of the columns are repeated (line {first + again[0]}); the repetition was passed over.",
            "file.header",
            f"line {first + again[0]}",
            "None.",
            "Export it again.",
        )
    )
    passed = set(again)
    return ["" if i in passed else row for i, row in enumerate(rows)]


def _in_order(table: FloatArray, name: str, kind: str, notes: list[Note]) -> FloatArray:
    """Turn a table that runs backwards throughout, keep the first of rows at one time, refuse any other disorder."""
    steps = np.diff(table[:, 0])
    if len(steps) > 1 and (steps <= 0).all() and (steps < 0).any():
        notes.append(_repair("The rows run backwards in time from first to last; they were turned round.", "order"))
        table = table[::-1]
        steps = np.diff(table[:, 0])
    times = table[:, 0]
    if not np.isfinite(times).all() or (steps < 0).any():
        bad = int(np.argmax(~np.isfinite(times) | (np.diff(times, prepend=times[0]) < 0)))
        raise FileError(f"{name} is not a valid {kind}: time is missing or runs backwards at row {bad + 1}")
    twice = np.concatenate([[False], steps == 0])
    if twice.any() and len(table) > 1 and not twice[1:].all():
        text = f"{int(twice.sum())} rows repeat the time of the row before; the first of each time was kept."
        notes.append(_repair(text, "repeated_rows", f"row {int(np.argmax(twice)) + 1}"))
        table = table[~twice]
    return table


def _repair(text: str, code: str, place: str = "all rows") -> Note:
    return Note("repaired", text, f"file.{code}", place, "None if the times are right.", "Export it again.")


def _compare_with_header(header: dict[str, str], table: FloatArray, notes: list[Note]) -> None:
    for keys, word, have in (
        (("nrows", "datarows"), "rows", len(table)),
        (("ncolumns", "datacolumns"), "columns", table.shape[1]),
    ):
        stated = next((header[key] for key in keys if header.get(key)), "")
        if stated.isdecimal() and len(stated) < 12 and int(stated) != have:
            notes.append(
                Note(
                    "found",
                    f"The header states {int(stated)} {word}, the file holds {have}.",
                    "file.count",
                    "the header",
                    "None if the file is whole; what is there was read.",
                    "Check that the export did not break off.",
                )
            )
