"""The part of a recording in which a person stands still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, lengths, runs_of
from kinechain.core.errors import RecordingError
from kinechain.recording.prepare import landmark_tracks, turned_plate
from kinechain.recording.recording import ForcePlate, Markers, Note, Recording
from kinechain.recording.snapshots import take_snapshots
from kinechain.recording.walkway import UPRIGHT_COSINE, find_heading

__all__ = ["find_still_window", "keep_still_part"]

#: Upper limits of a still body, assumptions of this project: quiet sway of the pelvis stays well below them.
STILL_SPEED = 0.04
#: Over which speed is taken, s.
SPEED_S = 0.2
LEAST_S = 0.3


def find_still_window(recording: Recording) -> tuple[int, int] | None:
    """Return (first frame, frame after the last) of the longest stretch without movement, or None.

    A frame is still when the landmarks move less than 4 cm/s on average over 0.2 s, feet included, and the thighs
    stand upright.

    Parameters
    ----------
    recording : Recording
        Prepared.
    """
    markers = recording.require_markers()
    frames = len(markers.positions)
    named = [label for label, landmark in recording.landmarks if not landmark.startswith("segment:")]
    columns = [markers.labels.index(label) for label in named or [label for label, _ in recording.landmarks]]
    reach = max(round(SPEED_S / 2 * markers.rate_hz), 1)
    # The shortest window holds some of these frames: where none is still, as in most walks, no other needs a look.
    some = np.arange(0, frames, reach)
    if frames > 1 and not (_speed(markers.positions, columns, markers.rate_hz, some) < STILL_SPEED).any():
        return None
    upright = _is_upright(landmark_tracks(markers, recording.landmarks), frames)
    if frames < 2:
        return (0, frames) if upright.all() else None
    speed = _speed(markers.positions, columns, markers.rate_hz, np.arange(frames))
    is_still = (speed < STILL_SPEED) & upright
    runs = [r for r in runs_of(is_still) if (r[1] - r[0]) / markers.rate_hz >= LEAST_S or r == (0, len(speed))]
    return max(runs, key=lambda r: r[1] - r[0]) if runs else None


def keep_still_part(recording: Recording) -> Recording:
    """Return only the longest still stretch of a standing trial, with a note if anything was cut off.

    Parameters
    ----------
    recording : Recording
        Prepared.

    Raises
    ------
    RecordingError
        If the person never stands still.
    """
    window = find_still_window(recording)
    markers = recording.require_markers()
    if window is None:
        raise RecordingError(
            f"in {recording.name} the person never stands still for {LEAST_S:g} s; give a trial of quiet standing"
        )
    first, end = window
    if first == 0 and end == len(markers.positions):
        return recording
    start = markers.start_s + first / markers.rate_hz
    kept = Markers(markers.labels, markers.positions[first:end], markers.rate_hz, start)
    notes: list[Note] = []
    up = np.array([0.0, 0.0, 1.0])
    heading = find_heading(recording.name, take_snapshots(kept, recording.landmarks), up, notes)
    turn = np.stack([heading.forward, np.cross(up, heading.forward), up])
    kept = replace(kept, positions=kept.positions @ turn.T)
    duration = (end - first) / markers.rate_hz
    text = f"Only the {duration:.2f} s from {start:.2f} s on, in which the person stands still, were used."
    return replace(
        recording,
        markers=kept,
        plates=tuple(turned_plate(_cut(plate, start, start + duration), turn) for plate in recording.plates),
        series=None,
        outputs=None,
        events=(),
        task="standing",
        notes=(*recording.notes, Note("found", text)),
    )


def _is_upright(tracks: Mapping[str, FloatArray], frames: int) -> NDArray[np.bool_]:
    """Whether the line from the knees to the pelvis is within 37 deg of the vertical, (time,) bool; True if unknown."""
    knees = _middle(tracks, ("lateral_femoral_epicondyle", "knee_centre", "fibula_head", "tibial_tuberosity"))
    pelvis = _middle(tracks, ("asis", "hip_centre", "greater_trochanter", "sacrum"))
    if knees is None or pelvis is None:
        return np.ones(frames, dtype=bool)
    thigh = pelvis - knees
    with np.errstate(invalid="ignore"):
        return np.asarray(~(thigh[:, 2] < UPRIGHT_COSINE * lengths(thigh)))


def _middle(tracks: Mapping[str, FloatArray], kinds: tuple[str, ...]) -> FloatArray | None:
    """Mean (time, 3) of both sides of the first kind of landmark there is."""
    for kind in kinds:
        same = [track for name, track in tracks.items() if name.startswith(kind)]
        if same:
            return np.asarray(np.mean(same, axis=0))
    return None


def _speed(positions: FloatArray, columns: list[int], rate_hz: float, index: NDArray[np.intp]) -> FloatArray:
    """Mean speed of some markers over 0.2 s at some frames, (frame,) m/s; infinite where none of them is seen."""
    reach = max(round(SPEED_S / 2 * rate_hz), 1)
    before, after = np.maximum(index - reach, 0), np.minimum(index + reach, len(positions) - 1)
    way = positions[after[:, None], columns] - positions[before[:, None], columns]
    moved = lengths(way) / ((after - before) / rate_hz)[:, None]
    seen = np.isfinite(moved)
    total, count = np.where(seen, moved, 0.0).sum(axis=1), seen.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.inf)


def _cut(plate: ForcePlate, start: float, end: float) -> ForcePlate:
    keep = (plate.times_s >= start - 1e-9) & (plate.times_s < end - 1e-9)
    first = float(plate.times_s[keep][0]) if keep.any() else start
    return replace(
        plate,
        force=plate.force[keep],
        centre_of_pressure=plate.centre_of_pressure[keep],
        free_moment=plate.free_moment[keep],
        start_s=first,
    )
