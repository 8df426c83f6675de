"""CSV as Vicon Nexus exports it ("Export ASCII").

The file is a stack of sections.  Each begins with its name alone on a line (``Devices``, ``Trajectories``,
``Model Outputs``, ``Joints``, ``Segments``, ``Events``), its rate in Hz on the next, a line of names (``Subject:LASI``
above the first of its columns), ``Frame,Sub Frame,X,Y,Z,...``, a line of units, and one row a frame, ending with an
empty line.

Sources: Vicon Nexus User Guide, "Export data to an ASCII file"; the layout as described line by line by public
readers of it (``loadViconCSV``: section, rate, names, axes, units, rows; ``nmwk_cleanup_vicon_csv``: devices before
trajectories).  Not read from Vicon's own file specification, of which there is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from kinechain.core.arrays import FloatArray, Immutable
from kinechain.core.errors import FileError
from kinechain.core.text import printable
from kinechain.recording.events import StoredEvents, find_file_events
from kinechain.recording.plates import PlateSettings
from kinechain.recording.readers.content import TableFile, make_markers, plain_label
from kinechain.recording.readers.even_rows import even_rows
from kinechain.recording.readers.lengths import length_from_size, length_of
from kinechain.recording.readers.text import delimiter_of, different, parse_rows, split_cells, split_lines, to_number
from kinechain.recording.recording import Event, ForcePlate, Markers, Note, Series

__all__ = ["looks_like_nexus", "read_nexus"]

SECTIONS = ("trajectories", "devices", "model outputs", "joints", "segments", "events")
_PLATE_PART = re.compile(r"^(?P<plate>.*?)[ _-]*\b(?P<what>force|moment|cop)s?$", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Section(Immutable):
    """One section.

    Attributes
    ----------
    rate_hz : float
    names : tuple of str
        One per column, the name that stands above it or left of it.
    axes, units : tuple of str
        One per column.
    values : (row, column) array
    frames : (row,) array
        Numbers of the camera frames.
    sub_frames : (row,) array
    """

    rate_hz: float
    names: tuple[str, ...]
    axes: tuple[str, ...]
    units: tuple[str, ...]
    values: FloatArray
    frames: FloatArray
    sub_frames: FloatArray


def looks_like_nexus(text: str) -> bool:
    """Return whether a text begins with a section of Nexus and its rate."""
    lines = [line for line in split_lines(text[:2000]) if line.strip(" ,;\t\"'")][:2]
    if len(lines) < 2 or _first(lines[0]).lower() not in SECTIONS:
        return False
    return to_number(_first(lines[1]) or "x") is not None


def _first(line: str) -> str:
    return re.split(r"[,;\t]", line, maxsplit=1)[0].strip().strip("\"'").strip()


def read_nexus(text: str, name: str) -> TableFile:
    """Read a Nexus CSV from its text.

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
    starts = [i for i, line in enumerate(lines) if _first(line).lower() in SECTIONS and _is_alone(line)]
    if not starts:
        raise FileError(f"{name} is not a valid CSV of Vicon Nexus: no section stands alone on a line; export it again")
    found: dict[str, Section] = {}
    events: list[list[str]] = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        word = _first(lines[start]).lower()
        if word == "events":
            events = [split_cells(line, delimiter_of(line)) for line in lines[start + 3 : end] if line.strip(" ,")]
        elif word in ("trajectories", "devices", "model outputs") and word not in found:
            section = _section(lines, start, end, name, notes)
            if section is not None:
                found[word] = section
    points = found.get("trajectories")
    markers = _trajectories(points, name, notes) if points else None
    point_rate = points.rate_hz if points else None
    devices = found.get("devices")
    outputs = found.get("model outputs")
    if markers is None and devices is None and outputs is None:
        raise FileError(
            f"{name} is a CSV of Vicon Nexus without trajectories, devices or model outputs; "
            "export it again with trajectories"
        )
    start_s = markers.start_s if markers else 0.0
    span = (start_s, float(markers.times_s[-1])) if markers else (0.0, np.inf)
    return TableFile(
        "CSV",
        markers,
        _plates(devices, point_rate, notes) if devices else (),
        _events(events, span, notes),
        _series(outputs, outputs.rate_hz, "Output") if outputs else None,
        _series(devices, point_rate, "Device") if devices else None,
        tuple(notes),
    )


def _is_alone(line: str) -> bool:
    return not line.strip().strip("\"'")[len(_first(line)) :].strip(" ,;\t\"'")


def _section(lines: list[str], start: int, end: int, name: str, notes: list[Note]) -> Section | None:
    """Read the section that begins at a line; None if it holds no rows."""
    rate = to_number(_first(lines[start + 1])) if start + 1 < end else None
    at = next((i for i in range(start + 2, min(start + 6, end)) if _first(lines[i]).lower() == "frame"), None)
    if rate is None or not 1e-3 < rate < 1e5 or at is None:
        raise FileError(
            f"{name} is not a valid CSV of Vicon Nexus: after '{_first(lines[start])}' (line {start + 1}) come a rate "
            "in Hz, a line of names and a line that begins with 'Frame,Sub Frame'"
        )
    mark = delimiter_of(lines[at])
    axes = split_cells(lines[at], mark)
    while axes and not axes[-1]:
        axes.pop()
    names = [printable(c) for c in split_cells(lines[at - 1], mark)]
    names += [""] * (len(axes) - len(names))
    for i in range(1, len(names)):
        names[i] = names[i] or names[i - 1]
    has_units = at + 1 < end and to_number(_first(lines[at + 1]) or "x") is None
    units = split_cells(lines[at + 1], mark) if has_units else []
    units += [""] * (len(axes) - len(units))
    first = at + 2 if has_units else at + 1
    last = next((i for i in range(first, end) if not lines[i].strip(" ,;\t")), end)
    if last <= first:
        return None
    table = parse_rows(lines[first:last], first + 1, len(axes), name, "CSV of Vicon Nexus", notes, mark)
    return Section(
        float(rate),
        tuple(names[2 : len(axes)]),
        tuple(axes[2:]),
        tuple(units[2 : len(axes)]),
        table[:, 2:],
        table[:, 0],
        table[:, 1],
    )


def _start(section: Section, camera_hz: float | None) -> float:
    """Return the time of the first row: frame 1 is at 0 s."""
    rate = camera_hz or section.rate_hz
    first = section.frames[0] if np.isfinite(section.frames[0]) else 1.0
    sub = section.sub_frames[0] if np.isfinite(section.sub_frames[0]) else 0.0
    return float(max(first - 1.0, 0.0) / rate + sub / section.rate_hz)


def _trajectories(section: Section, name: str, notes: list[Note]) -> Markers:
    axes = [axis.upper() for axis in section.axes]
    starts = [i for i in range(len(axes) - 2) if axes[i : i + 3] == ["X", "Y", "Z"]]
    labels = [section.names[i] for i in starts]
    if not starts:
        raise FileError(
            f"{name} is not a valid CSV of Vicon Nexus: its trajectories have no columns X, Y, Z; export it again"
        )
    positions = np.stack([section.values[:, i : i + 3] for i in starts], axis=1)
    words = [section.units[i] for i in starts if section.units[i]]
    metres = length_of(words[0]) if words else None
    if metres is None:
        metres = length_from_size(positions, words[0] if words else "", "the line of units", notes)
    flat = positions.reshape(len(positions), -1)
    values, rate, start = even_rows(flat, None, section.frames, section.rate_hz, "row 1", name, "CSV", notes)
    positions = values.reshape(len(values), -1, 3) * metres
    return make_markers(labels, positions, rate, start, name, "CSV", notes)


def _series(section: Section, camera_hz: float | None, kind: str) -> Series:
    labels = [
        f"{plain_label(label)}.{axis.lower() if kind == 'Output' else axis}" if axis else plain_label(label)
        for label, axis in zip(section.names, section.axes, strict=True)
    ]
    times = _start(section, camera_hz) + np.arange(len(section.values)) / section.rate_hz
    return Series(different(labels, "column"), section.values, section.units, times)


def _plates(section: Section, camera_hz: float | None, notes: list[Note]) -> tuple[ForcePlate, ...]:
    """Return the plates among the devices: columns of force, moment and centre of pressure in laboratory axes."""
    parts: dict[str, dict[str, FloatArray]] = {}
    for i in range(len(section.axes) - 2):
        match = _PLATE_PART.match(plain_label(section.names[i]))
        axes = "".join(axis[-1:] for axis in section.axes[i : i + 3]).lower()
        if match and axes == "xyz" and len(set(section.names[i : i + 3])) == 1:
            unit = section.units[i].lower().replace(" ", "")
            scale = 1e-3 if "mm" in unit else 1e-2 if "cm" in unit else 1.0
            parts.setdefault(match["plate"].strip(" -_"), {})[match["what"].lower()] = (
                section.values[:, i : i + 3] * scale
            )
    plates = []
    for plate, found in parts.items():
        if "force" in found and "cop" in found:
            plates.append(_plate(plate, found["force"], found["cop"], section, camera_hz, notes))
    return tuple(plates)


def _plate(
    plate: str, force: FloatArray, centre: FloatArray, section: Section, camera_hz: float | None, notes: list[Note]
) -> ForcePlate:
    force = np.where(np.isfinite(force), force, 0.0)
    axis = int(np.argmax(np.abs(force).sum(axis=0)))
    # The vertical force of a plate that is written as the load on it is negative along the axis that points up.
    sign = -1.0 if force[:, axis].sum() < 0 else 1.0
    loaded = np.abs(force[:, axis]) >= PlateSettings().threshold_n
    said = "the load on the plate, so its sign was turned" if sign < 0 else "the reaction on the person"
    notes.append(
        Note(
            "assumed",
            f"{plate}: its force was taken for {said}; it states no corners and no free moment.",
            "plates.sign",
            plate,
            "The free moment counts as zero.",
            "Give the C3D of the trial, which describes its plates.",
        )
    )
    return ForcePlate(
        printable(plate) or "plate",
        np.full((4, 3), np.nan),
        sign * force,
        np.where(loaded[:, None], centre, np.nan),
        np.zeros_like(force),
        section.rate_hz,
        _start(section, camera_hz),
    )


def _events(rows: list[list[str]], span: tuple[float, float], notes: list[Note]) -> tuple[Event, ...]:
    """Read rows 'subject, context, name, time, description'; the subject is not looked at."""
    usable = [row for row in rows if len(row) >= 4 and to_number(row[3] or "x") is not None]
    if not usable:
        return ()
    times = np.array([[to_number(row[3]) for row in usable]], dtype=float)
    stored = StoredEvents(tuple(row[2] for row in usable), tuple(row[1] for row in usable), (times,))
    return find_file_events(stored, span, notes)
