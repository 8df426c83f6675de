"""C3D: markers, plates, analog channels, events and stored model outputs.

The bytes are read by :mod:`kinechain.recording.readers.c3d_format`; here they get their meaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from kinechain.core.arrays import FloatArray, handed_over
from kinechain.core.errors import FileError
from kinechain.core.text import printable
from kinechain.recording.events import StoredEvents, find_file_events
from kinechain.recording.plates import PlateSettings
from kinechain.recording.readers.c3d_format import C3dFile, parse_c3d
from kinechain.recording.readers.c3d_parameters import Parameters
from kinechain.recording.readers.c3d_person import find_body_size
from kinechain.recording.readers.c3d_plates import plates_of_c3d
from kinechain.recording.readers.lengths import length_from_size, length_of
from kinechain.recording.readers.point_labels import (
    MODEL_POINT,
    described_labels,
    is_ghost,
    is_output,
    join_fragments,
    merge_duplicates,
    name_points,
    told_apart,
    without_ghosts,
)
from kinechain.recording.readers.text import different
from kinechain.recording.recording import Event, ForcePlate, Markers, Note, Series

__all__ = ["C3dContent", "read_c3d"]

#: No camera takes more frames in a second, Hz (assumption; as for a rate that is given by hand).
FASTEST_HZ = 1e5

#: Parameters of POINT that list labels of model outputs; a file may name more in POINT:TYPE_GROUPS.
OUTPUT_GROUPS = ("ANGLES", "FORCES", "MOMENTS", "POWERS", "SCALARS", "REACTIONS")
#: Of these, POINT:TYPE_GROUPS may list names too, but no outputs.
MEASURED_GROUPS = ("LABELS", "MARKERS", "DESCRIPTIONS", "TYPE_GROUPS", "TRACKED", "MODELED_MARKERS")
UNITS_OF_OUTPUT = (("angle", "deg"), ("progress", "deg"))


@dataclass(frozen=True, eq=False)
class C3dContent:
    """What one C3D holds, in SI units and the lab frame."""

    markers: Markers | None
    plates: tuple[ForcePlate, ...]
    events: tuple[Event, ...]
    outputs: Series | None
    analog: Series | None
    mass_kg: float | None
    height_m: float | None
    notes: tuple[Note, ...] = field(default=())


@dataclass(frozen=True, eq=False)
class _Points:
    """Points sorted by what they are, before they become markers and outputs."""

    labels: tuple[str, ...]
    descriptions: tuple[str, ...]
    positions: FloatArray
    outputs: tuple[int, ...]
    markers: tuple[int, ...]
    groups: dict[str, str]
    subject: int | None


def read_c3d(data: bytes, file: str, plate_settings: PlateSettings) -> C3dContent:
    """Read one C3D.

    Parameters
    ----------
    data : bytes
        The whole file.
    file : str
        Its name, for messages.
    plate_settings : PlateSettings

    Raises
    ------
    FileError
        If the bytes are no C3D that can be read, or it holds no frames or no frame rate.
    """
    c3d = parse_c3d(data, file)
    rate, frames = c3d.rate_hz, len(c3d.points)
    if not frames:
        raise FileError(f"{file} is not a usable C3D: it holds no frames; export the trial again")
    if not 0.0 < rate < FASTEST_HZ:
        raise FileError(
            f"{file} is not a usable C3D: it states a frame rate of {rate:g} Hz (POINT:RATE), so no time can be told; "
            "export it again with the rate of the cameras"
        )
    notes = list(c3d.notes)
    start = (c3d.first_frame - 1) / rate
    points = _sort_points(c3d, notes)
    unit = _length_unit(c3d.parameters, points, notes)
    markers = _markers(points, unit, rate, start, notes)
    outputs = _outputs(c3d.parameters, points, rate, start)
    analog = _analog(c3d, start) if c3d.analogs.size else None
    # Numbers at the end of the range overflow in a product; what is not finite is refused plate by plate.
    with np.errstate(all="ignore"):
        plates = plates_of_c3d(c3d, unit, start, plate_settings, notes)
    events = find_file_events(_stored_events(c3d, points.subject), (start, start + (frames - 1) / rate), notes)
    mass, height = find_body_size(c3d.parameters, points.subject, notes)
    if any(group == "ROTATION" for group, _ in c3d.parameters.entries) and not points.labels:
        text = "The file holds segment rotations of a markerless system; they are not read."
        effect, cure = "No joint angle can be told from it.", "Export marker trajectories, or joint centres as points."
        notes.append(Note("found", text, "file.rotations", "ROTATION", effect, cure))
    return C3dContent(markers, plates, events, outputs, analog, mass, height, tuple(notes))


def _sort_points(c3d: C3dFile, notes: list[Note]) -> _Points:
    """Separate what cameras saw of one subject from what a model computed and from unlabelled points."""
    positions = _positions(c3d, notes)
    count = positions.shape[1]
    parameters = c3d.parameters
    raw, descriptions = (
        [*map(printable, parameters.numbered("POINT", name)), *[""] * count][:count]
        for name in ("LABELS", "DESCRIPTIONS")
    )
    raw = described_labels(raw, descriptions, notes)
    subjects = [printable(x) for x in parameters.texts("SUBJECTS", "NAMES")]
    stated = [*subjects, *map(printable, parameters.texts("SUBJECTS", "LABEL_PREFIXES"))]
    seen = np.isfinite(positions[:, :, 0]).sum(axis=0) / max(len(positions), 1)
    named = name_points(raw, stated, seen, notes, subjects)
    whole = dict(zip(raw, named.labels, strict=True))
    groups = {
        whole.get(label, label.rpartition(":")[2].strip()): group
        for group in _output_groups(parameters)
        for label in map(printable, parameters.numbered("POINT", group))
        if label
    }
    labels = named.labels
    mine = [k for k in range(count) if named.keep[k]]
    outputs = tuple(k for k in mine if labels[k] in groups or is_output(labels[k]))
    computed = set(outputs)
    others = [k for k in mine if k not in computed]
    kept = without_ghosts([labels[k] for k in others], notes)
    if count and not outputs and all(is_ghost(label) for label in labels):
        text = f"The file names none of its {count} points."
        effect, cure = "No marker can be told from another.", "Label the trajectories and export the trial again."
        notes.append(Note("defect", text, "markers.unnamed", "POINT:LABELS", effect, cure))
    markers = tuple(others[k] for k in kept)
    return _Points(labels, tuple(descriptions), positions, outputs, markers, groups, named.subject)


def _positions(c3d: C3dFile, notes: list[Note]) -> FloatArray:
    """Return points (time, point, 3) in the file's unit, NaN where they were not seen."""
    with np.errstate(all="ignore"):
        positions = c3d.points.astype(np.float64)
        if c3d.scale != 1.0:
            positions *= c3d.scale
        # Zero where all three are zero, not finite where one is not.
        size = np.abs(positions[:, :, 0])
        size += np.abs(positions[:, :, 1])
        size += np.abs(positions[:, :, 2])
    unseen = ~((size > 0) & (size < np.inf))
    missing = unseen | (c3d.status < 0)
    if missing.size and missing.all() and not unseen.all():
        missing = unseen
        text = "Every point carries the mark 'invalid'; positions were read all the same where they are not zero."
        effect, cure = "Positions that the system distrusts are used.", "Reconstruct the trial and export it again."
        notes.append(Note("assumed", text, "markers.all_invalid", "all points", effect, cure))
    if missing.any():
        positions[missing] = np.nan
    return positions


def _output_groups(parameters: Parameters) -> tuple[str, ...]:
    more = [name.upper() for name in parameters.texts("POINT", "TYPE_GROUPS")]
    return tuple(dict.fromkeys(g for g in (*OUTPUT_GROUPS, *more) if g and g not in MEASURED_GROUPS))


def _length_unit(parameters: Parameters, points: _Points, notes: list[Note]) -> float:
    """Return metres per unit; told from the size of the cloud when the file states none that is known."""
    stated = next((u for u in parameters.texts("POINT", "UNITS") if u), "")
    metres = length_of(stated)
    if metres is not None:
        return metres
    positions = points.positions[:, points.markers]
    if not positions.size or not np.isfinite(positions).any():
        return 1e-3
    return length_from_size(positions, printable(stated), "POINT:UNITS", notes)


def _markers(points: _Points, unit: float, rate: float, start: float, notes: list[Note]) -> Markers | None:
    if not points.markers:
        return None
    is_all = len(points.markers) == len(points.labels)
    chosen = points.positions if is_all else np.take(points.positions, points.markers, axis=1)
    positions = chosen * unit
    said = [points.descriptions[k] for k in points.markers]
    names = told_apart([points.labels[k] for k in points.markers], said, positions, notes)
    labels, positions = merge_duplicates(names, positions, notes)
    labels, positions = join_fragments(labels, positions, notes)
    return Markers(labels, handed_over(positions), rate, start)


def _outputs(parameters: Parameters, points: _Points, rate: float, start: float) -> Series | None:
    """Return stored model outputs, three columns each (label.x, label.y, label.z), in the file's own unit."""
    values, labels = points.positions, points.labels
    is_stored = np.asarray(np.isfinite(values[:, points.outputs, 0]).any(axis=0)).tolist()
    # Of points of one name the first counts.
    first = {labels[k]: k for k, is_there in reversed(list(zip(points.outputs, is_stored, strict=True))) if is_there}
    stored = list(first.values())[::-1]
    if not stored:
        return None
    length = printable(next((u for u in parameters.texts("POINT", "UNITS") if u), ""))
    of_group = {
        group: printable((parameters.texts("POINT", f"{group.removesuffix('S')}_UNITS") or [""])[0])
        for group in set(points.groups.values())
    }
    columns = tuple(f"{labels[k]}.{axis}" for k in stored for axis in "xyz")
    each = [_output_unit(labels[k], of_group.get(points.groups.get(labels[k], ""), ""), length) for k in stored]
    flat = np.take(values, stored, axis=1).reshape(len(values), -1)
    units = tuple(unit for unit in each for _ in "xyz")
    return Series(columns, flat, units, start + np.arange(len(values)) / rate)


def _output_unit(label: str, stated: str, length: str) -> str:
    if stated:
        return stated
    if MODEL_POINT.match(label):
        return length
    return next((unit for word, unit in UNITS_OF_OUTPUT if word in label.lower()), "")


def _analog(c3d: C3dFile, start: float) -> Series:
    """Return all analog channels, in the file's units."""
    values = handed_over(c3d.analogs)
    count = values.shape[1]
    given = [*map(printable, c3d.parameters.numbered("ANALOG", "LABELS")), *[""] * count][:count]
    units = [*map(printable, c3d.parameters.numbered("ANALOG", "UNITS")), *[""] * count][:count]
    return Series(
        different(given, "channel"), values, tuple(units), start + np.arange(len(values)) / c3d.analog_rate_hz
    )


def _stored_events(c3d: C3dFile, subject: int | None) -> StoredEvents:
    """Return the EVENT group with its continuations, or the events of the old header."""
    parameters = c3d.parameters
    pieces = sorted(int(n[5:] or 1) for n in parameters.names("EVENT") if re.fullmatch(r"TIMES\d{0,3}", n))
    tables = [parameters.numbers("EVENT", f"TIMES{k}" if k > 1 else "TIMES") for k in pieces]
    used = parameters.words("EVENT", "USED")
    names = parameters.texts("SUBJECTS", "NAMES")
    mine = names[subject] if subject is not None and len(names) > 1 else None
    return StoredEvents(
        is_mine=tuple(mine is None or s in ("", mine) for s in parameters.numbered("EVENT", "SUBJECTS")),
        labels=tuple(parameters.numbered("EVENT", "LABELS")),
        contexts=tuple(parameters.numbered("EVENT", "CONTEXTS")),
        times=tuple(t for t in tables if t is not None),
        used=used[0] if used else None,
        header=c3d.header_events,
    )
