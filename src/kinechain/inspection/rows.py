"""The rows of an inspection: markers with their gaps, plates with their contacts, axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, lengths, median
from kinechain.core.text import printable
from kinechain.inspection.inspection import Axes, ContactRow, ContactState, MarkerRow, PlateRow, Span
from kinechain.motion.contacts import Contact
from kinechain.recording.plate_zero import subtracted_offset
from kinechain.recording.recording import ForcePlate, Markers, Note, Recording
from kinechain.recording.vertical import axis_of

__all__ = ["axes_of", "marker_rows", "plate_rows"]

#: Of a marker that flickers only so many stretches are kept: a drawing shows no more.
MOST_SPANS = 60
#: Stretches into which the load of a plate is cut for drawing.
LOAD_STEPS = 240
#: No drawing shows more, and no number overflows below it, N.
MOST_LOAD_N = 1e6
#: Points from which the axes are told.
AXES_POINTS = 100

_STATES = ("seen", "filled", "missing", "removed")


def marker_rows(markers: Markers, ready: Markers | None, landmarks: Sequence[tuple[str, str]]) -> tuple[MarkerRow, ...]:
    """Return one row per labelled marker.

    Parameters
    ----------
    markers : Markers
        As read.
    ready : Markers, optional
        As prepared, with gaps filled.
    landmarks : sequence of (label, landmark)
    """
    seen = np.isfinite(markers.positions[:, :, 0])
    now = _there(markers, ready, seen)
    meaning = dict(landmarks)
    frames = max(len(seen), 1)
    seen_share = (seen.sum(axis=0) / frames).tolist()
    # Most markers of most recordings are seen throughout: only the others have stretches to look for.
    some = np.flatnonzero(~(seen & now).all(axis=0))
    state = _STATE[seen[:, some].astype(np.int8) + 2 * now[:, some].astype(np.int8)]
    filled_share = dict(zip(some.tolist(), ((state == 1).sum(axis=0) / frames).tolist(), strict=True))
    runs: dict[int, list[tuple[int, int, int]]] = {}
    for column, kind, first, end in _runs(state).tolist():
        runs.setdefault(int(some[column]), []).append((kind, first, end))
    rows = []
    for column, label in enumerate(markers.labels):
        own = runs.get(column)
        if own is None:
            rows.append(MarkerRow(printable(label), meaning.get(label, ""), seen_share[column], 0, 0.0, 0.0, ()))
            continue
        unseen = _unseen_stretches(own, len(seen))
        rows.append(
            MarkerRow(
                printable(label),
                meaning.get(label, ""),
                seen_share[column],
                len(unseen),
                max((end - start for start, end in unseen), default=0) / markers.rate_hz,
                filled_share.get(column, 0.0),
                _spans(own, markers),
            )
        )
    return tuple(rows)


#: State of a sample by whether it was seen (1) and is there once prepared (2): 0 seen, 1 filled, 2 missing, 3 removed.
_STATE = np.array([2, 3, 1, 0], dtype=np.int8)


def _there(markers: Markers, ready: Markers | None, seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which samples (time, marker) are there once prepared; as they were seen where nothing was prepared."""
    if ready is not None and ready.labels == markers.labels and len(ready.positions) == len(seen):
        return np.asarray(np.isfinite(ready.positions[:, :, 0]))
    now = seen.copy()
    if ready is not None and len(ready.positions) == len(markers.positions):
        place = {label: column for column, label in enumerate(ready.labels)}
        columns = [c for c, label in enumerate(markers.labels) if label in place]
        there = np.isfinite(ready.positions[:, :, 0])
        now[:, columns] = there[:, [place[markers.labels[c]] for c in columns]]
    return now


def _runs(state: NDArray[np.int8]) -> NDArray[np.int64]:
    """Return (run, 4): marker, state, first frame, frame after the last; by marker and time."""
    frames, count = state.shape
    if not frames or not count:
        return np.zeros((0, 4), dtype=np.int64)
    flat = state.T.ravel()
    new = np.ones(len(flat), dtype=bool)
    new[1:] = flat[1:] != flat[:-1]
    new[::frames] = True
    first = np.flatnonzero(new)
    end = np.append(first[1:], len(flat))
    marker = first // frames
    return np.stack([marker, flat[first].astype(np.int64), first - marker * frames, end - marker * frames], axis=1)


def _unseen_stretches(runs: Sequence[tuple[int, int, int]], frames: int) -> list[tuple[int, int]]:
    """Return (first, end) of every stretch that was not seen between two sightings; fills and rests are one stretch."""
    out: list[tuple[int, int]] = []
    for kind, first, end in runs:
        if kind in (0, 3):
            continue
        if out and out[-1][1] == first:
            out[-1] = (out[-1][0], end)
        else:
            out.append((first, end))
    return [(first, end) for first, end in out if first > 0 and end < frames]


def _spans(runs: Sequence[tuple[int, int, int]], markers: Markers) -> tuple[Span, ...]:
    some = [run for run in runs if run[0] != 0]
    if len(some) > MOST_SPANS:
        some = sorted(sorted(some, key=lambda r: r[1] - r[2])[:MOST_SPANS], key=lambda r: r[1])
    rate, start = markers.rate_hz, markers.start_s
    return tuple(
        Span(_STATES[kind], round(start + first / rate, 6), round(start + end / rate, 6))  # type: ignore[arg-type]
        for kind, first, end in some
    )


def axes_of(recording: Recording, ready: Recording) -> Axes | None:
    """Return how the axes of the file lie in the world.

    Parameters
    ----------
    recording : Recording
        As read.
    ready : Recording
        As prepared.
    """
    turn = ready.world_from_lab
    if turn is None:
        return None
    forward, off = axis_of(turn[0])
    return Axes(axis_of(turn[2])[0], forward, round(off, 1), bool(np.linalg.det(turn) < 0), _scale(recording, ready))


def _scale(recording: Recording, ready: Recording) -> float:
    """Return by which lengths were multiplied, told from the same points before and after."""
    lab, world = _same_points(recording.require_markers(), ready.require_markers())
    before = lengths(lab)
    ratio = lengths(world)[before > 0] / before[before > 0]
    return float(f"{median(ratio):.3g}") if len(ratio) else 1.0


def _same_points(markers: Markers, ready: Markers) -> tuple[FloatArray, FloatArray]:
    if len(markers.positions) != len(ready.positions):
        return np.zeros((0, 3)), np.zeros((0, 3))
    place = {label: column for column, label in enumerate(ready.labels)}
    pairs = [(c, place[label]) for c, label in enumerate(markers.labels) if label in place]
    frames = _spaced(0, len(markers.positions) - 1, max(2, AXES_POINTS // max(len(pairs), 1)))
    lab = markers.positions[frames][:, [c for c, _ in pairs]].reshape(-1, 3)
    world = ready.positions[frames][:, [c for _, c in pairs]].reshape(-1, 3)
    both = np.isfinite(lab).all(axis=1) & np.isfinite(world).all(axis=1)
    return lab[both], world[both]


@lru_cache(maxsize=256)
def _spaced(first: int, last: int, count: int) -> NDArray[np.int64]:
    """Return so many evenly spaced whole numbers, each once."""
    return np.unique(np.linspace(first, last, count).astype(np.int64))


def plate_rows(recording: Recording, ready: Recording | None, contacts: Sequence[Contact]) -> tuple[PlateRow, ...]:
    """Return one row per plate: those in use, those set aside while preparing, and those the reader refused.

    Parameters
    ----------
    recording : Recording
        As read.
    ready : Recording, optional
        As prepared.
    contacts : sequence of Contact
        Of the prepared plates.
    """
    used = ready.plates if ready else recording.plates
    notes = ready.notes if ready else recording.notes
    refusals = {n.place: n for n in notes if n.code.startswith("plates.") and n.kind == "defect" and n.place}
    raw = {plate.name: plate for plate in recording.plates}
    rows = []
    for index, plate in enumerate(used):
        own = [c for c in contacts if c.plate == index]
        row = _row(plate, raw.get(plate.name, plate), ready is not None, "", own)
        rows.append(replace(row, offset_n=subtracted_offset(notes, plate.name)))
    names = {plate.name for plate in used}
    for plate in recording.plates:
        if plate.name not in names:
            rows.append(_row(plate, plate, False, _why(refusals.get(plate.name), plate.name), []))
            names.add(plate.name)
    for place, note in refusals.items():
        if place not in names and " not used" in note.text:
            rows.append(PlateRow(place, None, None, 0.0, 0.0, 0.0, 0.0, False, note.text, (), ()))
    return tuple(rows)


def _why(note: Note | None, name: str) -> str:
    return note.text if note else f"{name}: set aside."


def _row(plate: ForcePlate, raw: ForcePlate, is_world: bool, reason: str, contacts: Sequence[Contact]) -> PlateRow:
    # Before the vertical is known, the largest component stands for it.
    vertical = plate.force[:, 2] if is_world else np.abs(plate.force).max(axis=1)
    vertical = np.nan_to_num(vertical)
    sides = lengths(raw.corners[[1, 2, 3, 0]] - raw.corners)
    is_known = bool(np.isfinite(raw.corners).all())
    x, y, z = raw.corners.mean(axis=0).tolist()
    return PlateRow(
        printable(plate.name),
        (round(x, 3), round(y, 3), round(z, 3)) if is_known else None,
        (round(float(sides[0]), 3), round(float(sides[1]), 3)) if is_known else None,
        plate.rate_hz,
        plate.start_s,
        plate.start_s + max(len(plate.force) - 1, 0) / plate.rate_hz,
        float(vertical.max(initial=0.0)),
        not reason,
        reason,
        tuple(ContactRow(c.side, c.start_s, c.end_s, _state(c), c.reason) for c in contacts),
        _load(vertical),
        plate.type,
    )


def _state(contact: Contact) -> ContactState:
    if contact.side is None:
        return "unclear"
    if not contact.is_clean:
        return "straddled"
    return "clean" if contact.is_whole else "partial"


def _load(force: FloatArray) -> tuple[float, ...]:
    """Return the largest force in each of at most ``LOAD_STEPS`` equal stretches, N."""
    if not len(force):
        return ()
    edges = _spaced(0, len(force), LOAD_STEPS + 1)
    edges = edges[edges < len(force)]
    return tuple(np.round(np.maximum.reduceat(np.minimum(force, MOST_LOAD_N), edges), 1).tolist())
