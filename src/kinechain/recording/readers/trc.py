"""TRC: marker positions in a tab-separated text file.

The layout is that of Motion Analysis' "Track Row Column" files as OpenSim documents it (OpenSim
documentation, "Marker (.trc) Files"): a line of file type, a line of keys, a line of their values,
the marker names with three columns each after ``Frame#`` and ``Time``, a line ``X1 Y1 Z1 ...``, an
empty line, and the rows.  What laboratories' programs write differs from it in every line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from kinechain.core.errors import FileError
from kinechain.core.text import printable
from kinechain.recording.readers.content import make_markers
from kinechain.recording.readers.even_rows import even_rows
from kinechain.recording.readers.lengths import length_from_size, length_of
from kinechain.recording.readers.text import parse_rows, split_cells, split_lines, to_number
from kinechain.recording.recording import Markers, Note

__all__ = ["TrcContent", "looks_like_trc", "read_trc"]

_FRAME = re.compile(r"^[\s\"']*frame(\s*(#|no\.?|nr\.?|num\w*))?[\s\"']*(\t|\s{2,}|\s(?=time)|$)", re.IGNORECASE)
_TIME = re.compile(r"^(times?|sec(onds)?|t)\b\W*(\(?\[?(s|sec|seconds|ms)\)?\]?)?$", re.IGNORECASE)
_AXIS = re.compile(r"^[xyz]\d*$", re.IGNORECASE)
#: The header ends within this many lines.
HEADER_LINES = 30


@dataclass(frozen=True, eq=False)
class TrcContent:
    """Markers of a TRC, m, lab frame."""

    markers: Markers
    notes: tuple[Note, ...]


def looks_like_trc(text: str) -> bool:
    """Return whether a text begins as a TRC does."""
    head = text[:20000].lstrip("\ufeff\"' \t\r\n").lower()
    # Some programs leave the first line out.
    return head.startswith("pathfiletype") or (head.startswith("datarate") and "frame" in head)


def read_trc(text: str, name: str) -> TrcContent:
    """Read a TRC from its text.

    Parameters
    ----------
    text : str
        The whole file.
    name : str
        File name for messages.

    Raises
    ------
    FileError
        With the line at which it stops being a TRC.

    Notes
    -----
    Blank cells, words such as ``nan`` and points with three zeros are missing markers.  Numbers of the header are
    found by their place when its two lines have as many cells or words, else by what they look like.
    """
    lines = _with_tabs(split_lines(text))
    notes: list[Note] = []
    label_line = next((i for i, line in enumerate(lines[:HEADER_LINES]) if _FRAME.match(line)), None)
    if label_line is None:
        raise FileError(f"{name} is not a valid TRC: it ends or breaks off before the line of marker names (Frame#)")
    stated = _header(lines[:label_line], notes)
    first = next((i for i in range(label_line + 1, len(lines)) if _is_row(lines[i])), None)
    cells = [printable(cell) for cell in split_cells(lines[label_line])]
    has_time = len(named := [c for c in cells if c]) > 1 and bool(_TIME.match(named[1]))
    lead = 2 if has_time else 1
    if len(named) <= lead:
        raise FileError(
            f"{name} is not a usable TRC: line {label_line + 1} names no markers; name them and export again"
        )
    if first is None:
        raise FileError(f"{name} is not a valid TRC: it names {len(named) - lead} markers but holds no frames")
    _say_strange(lines, label_line + 1, first, notes)
    labels = _labels(cells, lead, lines[label_line + 1 : first], lines[first])
    table = parse_rows(lines[first:], first + 1, lead + 3 * len(labels), name, "TRC", notes)
    _compare_with_header(stated, len(labels), len(table), notes)
    rate = stated.get("datarate")
    if not has_time:
        notes.append(_note("assumed", "The table has no column of times; the stated rate gives them.", "file.time"))
    if isinstance(rate, str) or (rate is not None and not (np.isfinite(rate) and rate > 0)):
        notes.append(
            _note("repaired", f"Line 3 gives '{_short(rate)}' for the frame rate, which is none.", "file.rate")
        )
        rate = None
    values, rate_hz, start = even_rows(
        table[:, lead:],
        table[:, 1] if has_time else None,
        table[:, 0],
        rate,
        f"line {first + 1}",
        name,
        "TRC",
        notes,
    )
    positions = values.reshape(len(values), len(labels), 3)
    unit = str(stated.get("units", ""))
    metres = length_of(unit)
    if metres is None:
        seen = np.where((positions == 0.0).all(axis=2, keepdims=True), np.nan, positions)
        metres = length_from_size(seen, printable(unit), "line 3", notes)
    return TrcContent(make_markers(labels, positions * metres, rate_hz, start, name, "TRC", notes), tuple(notes))


def _with_tabs(lines: list[str]) -> list[str]:
    """Put tabs where a spreadsheet put commas or semicolons between the cells."""
    names = next((line for line in lines[:HEADER_LINES] if line.lstrip("\"' ").lower().startswith("frame")), "")
    mark = max(",;", key=names.count)
    if "\t" in names or names.count(mark) < 4:
        return lines
    return [line.replace(mark, "\t") for line in lines]


def _note(kind: str, text: str, code: str) -> Note:
    return Note(
        "assumed" if kind == "assumed" else "repaired",
        text,
        code,
        "the header",
        "All durations and speeds rest on it.",
        "Check the frame rate, or export again with times.",
    )


def _is_row(line: str) -> bool:
    """Tell a row of numbers from a line of names."""
    return re.match(r"^[\s\"']*[+-]?\d", line) is not None


def _say_strange(lines: list[str], start: int, end: int, notes: list[Note]) -> None:
    """Say which lines between the names and the rows are neither empty nor names of axes."""
    strange = [i + 1 for i in range(start, end) if any(c and not _AXIS.match(c) for c in split_cells(lines[i]))]
    if strange:
        notes.append(
            Note(
                "defect",
                f"{len(strange)} lines before the first row are neither names of axes nor numbers (the first is line "
                f"{strange[0]}); they were passed over.",
                "file.lines",
                f"line {strange[0]}",
                "Frames may be missing at the beginning.",
                "Look at that line, or export again.",
            )
        )


def _labels(cells: list[str], lead: int, between: list[str], row: str) -> list[str]:
    """Return one label for every three columns of the rows; '' where the file gives none."""
    named = [i for i, c in enumerate(cells) if c]
    labels = [cells[i] for i in named[lead:]]
    axes = max((sum(bool(_AXIS.match(c)) for c in split_cells(line) if c) for line in between), default=0)
    held = len(row.rstrip("\r\n").split("\t")) if "\t" in row else len(row.split())
    count = axes // 3 if axes and axes % 3 == 0 else (held - lead) // 3
    if count <= len(labels):
        return labels
    # More columns than names: a marker without one keeps its three columns if the names stand above theirs.
    places = [(i - named[lead]) / 3 for i in named[lead:]]
    if any(p != int(p) or p >= count for p in places):
        return labels
    out = [""] * count
    for place, label in zip(places, labels, strict=True):
        out[int(place)] = label
    return out


def _header(lines: list[str], notes: list[Note]) -> dict[str, float | str]:
    """Return the header's entries by lower-case name; extra tabs and blanks between them do not matter."""
    at = next((i for i, line in enumerate(lines) if "datarate" in line.lower().split()), None)
    if at is None or at + 1 >= len(lines) or not lines[at + 1].strip():
        text = "The header states neither frame rate nor unit; both were told from the rows."
        notes.append(_note("assumed", text, "file.header"))
        return {}
    keys = [key.lower() for key in split_cells(lines[at])]
    values = split_cells(lines[at + 1])
    while keys and not keys[-1]:
        keys.pop()
    while values and not values[-1]:
        values.pop()
    if "" in keys or len(values) != len(keys):
        keys, values = lines[at].lower().split(), lines[at + 1].split()
    if len(values) != len(keys):
        return _by_looks(values)
    return {key: _number_or_word(value) for key, value in zip(keys, values, strict=True) if value}


def _by_looks(values: list[str]) -> dict[str, float | str]:
    """Return what header values say that are not as many as their keys: rates and counts in order, the unit a word."""
    found = [_number_or_word(value) for value in values]
    out: dict[str, float | str] = {}
    unit = next((value for value in found if isinstance(value, str) and length_of(value) is not None), None)
    if unit is not None:
        out["units"] = unit
        found = found[: found.index(unit)]
    numbers = [value for value in found if not isinstance(value, str)]
    out.update(zip(("datarate", "camerarate", "numframes", "nummarkers"), numbers[:4], strict=False))
    return out


def _number_or_word(value: str) -> float | str:
    number = to_number(value)
    return value if number is None else number


def _short(value: object) -> str:
    return printable(str(value)[:20])


def _compare_with_header(stated: dict[str, float | str], markers: int, frames: int, notes: list[Note]) -> None:
    for key, word, have in (("nummarkers", "markers", markers), ("numframes", "frames", frames)):
        want = stated.get(key)
        if isinstance(want, float) and np.isfinite(want) and int(want) != have:
            notes.append(
                Note(
                    "found",
                    f"The header states {int(want)} {word}, the file holds {have}.",
                    "file.count",
                    "line 3",
                    "None if the file is whole; what is there was read.",
                    "Check that the export did not break off.",
                )
            )
