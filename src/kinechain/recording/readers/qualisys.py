"""TSV as Qualisys Track Manager exports it.

Lines of a key and its values (``NO_OF_FRAMES``, ``NO_OF_CAMERAS``, ``NO_OF_MARKERS``, ``FREQUENCY``, ``NO_OF_ANALOG``,
``ANALOG_FREQUENCY``, ``DESCRIPTION``, ``TIME_STAMP``, ``DATA_INCLUDED``, ``EVENT``, ``MARKER_NAMES``,
``TRAJECTORY_TYPES``), perhaps a line that names the columns, then one row a frame: perhaps its number and
its time in s, and x, y, z in mm of each marker.

Sources: Qualisys Track Manager user manual, "TSV file formats, Motion data"; the package ``qualisys`` on the Python
package index, whose page shows the keys.  That QTM writes millimetres is from the manual's description of the export.
"""

from __future__ import annotations

import re

import numpy as np

from kinechain.core.errors import FileError
from kinechain.recording.events import StoredEvents, find_file_events
from kinechain.recording.readers.content import TableFile, make_markers
from kinechain.recording.readers.even_rows import even_rows
from kinechain.recording.readers.text import parse_rows, split_cells, split_lines, to_number
from kinechain.recording.recording import Event, Note

__all__ = ["looks_like_qualisys", "read_qualisys"]

_KEY = re.compile(r"^[A-Z][A-Z0-9_]+(\t|$)")
#: QTM writes positions in millimetres.
METRES = 1e-3


def looks_like_qualisys(text: str) -> bool:
    """Return whether a text begins with a key of Qualisys."""
    return re.match(r"\s*NO_OF_(FRAMES|CAMERAS|MARKERS|SAMPLES)\t", text[:200]) is not None


def read_qualisys(text: str, name: str) -> TableFile:
    """Read a TSV of Qualisys from its text.

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
    keys: dict[str, list[str]] = {}
    events: list[list[str]] = []
    at = 0
    for line in lines:
        if line.strip() and not _KEY.match(line):
            break
        at += 1
        if line.strip():
            key, *words = split_cells(line, "\t")
            if key == "EVENT":
                events.append(words)
            else:
                keys.setdefault(key, words)
    labels = _labels(keys)
    if not any(labels):
        raise FileError(
            f"{name} is a TSV of Qualisys without MARKER_NAMES; export 3D data of named trajectories, "
            "or give the C3D of the trial"
        )
    rate = to_number(next(iter(keys.get("FREQUENCY", [])), "") or "x")
    at = next((i for i in range(at, len(lines)) if re.match(r"^[\s\"]*[+-]?\.?\d", lines[i])), len(lines))
    held = len(lines[at].rstrip("\r\n\t").split("\t")) if at < len(lines) else 0
    lead = held - 3 * len(labels)
    if not 0 <= lead <= 2:
        lead = _named_lead(lines, at)
    table = parse_rows(lines[at:], at + 1, lead + 3 * len(labels), name, "TSV of Qualisys", notes, "\t")
    if not len(table):
        raise FileError(f"{name} is not a valid TSV of Qualisys: it names {len(labels)} markers but holds no rows")
    values, rate_hz, start = even_rows(
        table[:, lead:],
        table[:, 1] if lead == 2 else None,
        table[:, 0] if lead else None,
        rate,
        f"line {at + 1}",
        name,
        "TSV of Qualisys",
        notes,
    )
    positions = values.reshape(len(values), -1, 3) * METRES
    markers = make_markers(labels, positions, rate_hz, start, name, "TSV", notes)
    span = (start, float(markers.times_s[-1]))
    return TableFile("TSV", markers, events=_events(events, span, notes), notes=tuple(notes))


def _labels(keys: dict[str, list[str]]) -> list[str]:
    """Return as many names as there are markers; one without a name keeps its place."""
    names = keys.get("MARKER_NAMES", [])
    count = to_number(next(iter(keys.get("NO_OF_MARKERS", [])), "") or "x")
    while names and not names[-1]:
        names.pop()
    if count is not None and len(names) < count < 1000:
        names = [*names, *[""] * (int(count) - len(names))]
    return names


def _named_lead(lines: list[str], at: int) -> int:
    """Return how many columns stand before the markers by the line that names the columns, 0 without one."""
    cells = [cell.lower() for cell in split_cells(lines[at - 1], "\t")[:2]] if at else []
    return sum(cell.startswith(("frame", "time")) for cell in cells)


def _events(rows: list[list[str]], span: tuple[float, float], notes: list[Note]) -> tuple[Event, ...]:
    """Read rows 'label, frame, time'."""
    usable = [(row[0], to_number(row[2] or "x")) for row in rows if len(row) >= 3]
    usable = [(label, time) for label, time in usable if time is not None]
    if not usable:
        return ()
    times = np.array([[time for _, time in usable]], dtype=float)
    return find_file_events(StoredEvents(tuple(label for label, _ in usable), (), (times,)), span, notes)
