"""Faults of marker tracking, found and repaired before anything is told from the markers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.recording.exchanges import exchange_back, exchange_by_place
from kinechain.recording.fallen import without_fallen
from kinechain.recording.gaps import find_gaps
from kinechain.recording.held import without_held_samples
from kinechain.recording.jolts import Jolts, find_jolts, stretch
from kinechain.recording.jumps import note_noise, note_shifts, without_jumps, without_strays
from kinechain.recording.recording import Note

__all__ = ["without_tracking_faults"]

#: Fewer frames have no path to judge by.
_LEAST_FRAMES = 8
#: When this share of at least so many markers jolts in one step, it is not the markers (assumption).
COMMON_SHARE, COMMON_MARKERS = 0.6, 6


def without_tracking_faults(
    positions: FloatArray, labels: Sequence[str], segments: Mapping[int, str], rate_hz: float, notes: list[Note]
) -> FloatArray:
    """Return positions without samples that were not measured or belong to something else.

    Parameters
    ----------
    positions : (time, marker, 3) array, m
        In any frame; NaN where missing.
    labels : sequence of str
    segments : mapping of marker index to segment name
        The markers that have a meaning; no others are looked at.
    rate_hz : float
    notes : list of Note
        Grows by one for everything that was changed or found.

    Returns
    -------
    positions : (time, marker, 3) array, m
        Wrong samples are NaN, exchanged ones exchanged back; the same array if nothing was wrong.

    Notes
    -----
    In this order: zeros, repeated frames, held positions and markers that rest beside the body; labels that change
    over; runs off their path; pieces elsewhere than the rest; markers far from their segment.  Markers that shake,
    shift and steps of the whole body are only noted.
    """
    columns = np.array(sorted(segments), dtype=int)
    if len(positions) < _LEAST_FRAMES or not len(columns):
        return positions
    own = tuple(labels[c] for c in columns)
    segment = {i: segments[c] for i, c in enumerate(columns.tolist()) if segments[c]}
    before = positions if len(columns) == positions.shape[1] else np.take(positions, columns, axis=1)
    now = without_held_samples(before, own, rate_hz, notes)
    jolts = find_jolts(now, rate_hz)
    note_noise(jolts, own, rate_hz, notes)
    if jolts.is_jolt.any() or len(find_gaps(np.isfinite(now[:, :, 0]))):
        now = _mended(now, own, segment, jolts, rate_hz, notes)
    else:
        now = without_fallen(now, own, segment, rate_hz, notes)
    if now is before:
        return positions
    if before is positions:
        return now
    out = positions.copy()
    out[:, columns] = now
    return out


def _mended(
    positions: FloatArray,
    labels: Sequence[str],
    segments: Mapping[int, str],
    jolts: Jolts,
    rate_hz: float,
    notes: list[Note],
) -> FloatArray:
    """Return positions whose paths break or jolt with the faults that do it undone."""
    # Labels first: where left and right change over, most markers leap at once.
    now, jolts = exchange_back(positions, labels, jolts, rate_hz, notes)
    jolts = _without_common_jolts(now, jolts, rate_hz, notes)
    now, jolts = exchange_by_place(now, labels, segments, jolts, rate_hz, notes)
    now, shifts = without_jumps(now, labels, segments, jolts, rate_hz, notes)
    now = without_fallen(now, labels, segments, rate_hz, notes)
    now = without_strays(now, labels, segments, jolts, shifts, rate_hz, notes)
    note_shifts(now, labels, shifts, rate_hz, notes)
    return now


def _without_common_jolts(positions: FloatArray, jolts: Jolts, rate_hz: float, notes: list[Note]) -> Jolts:
    """Note steps in which the whole body leaps, and take them out of the jolts of single markers."""
    shown = np.isfinite(positions[1:-1, :, 0]) & np.isfinite(positions[2:, :, 0])[: len(positions) - 2]
    count = shown[: len(jolts.is_jolt)].sum(axis=1)
    common = (count >= COMMON_MARKERS) & (jolts.is_jolt.sum(axis=1) > COMMON_SHARE * count)
    if not common.any():
        return jolts
    size = np.where(common, jolts.sizes.sum(axis=1), 0.0)
    beside = np.maximum(np.append(size[1:], 0.0), np.append(0.0, size[:-1]))
    leaps = np.flatnonzero(common & (size >= beside)) + 2
    place = ", ".join(stretch(int(f), int(f) + 1, rate_hz) for f in leaps[:4])
    more = f" and {len(leaps) - 4} more" if len(leaps) > 4 else ""
    text = f"Most markers leap at once at {place}{more}: frames are missing there, or the trial was put together."
    effect = "Times after it are wrong, and speeds and events at it."
    cure = "Use the part before or after it, or export the trial again without dropped frames."
    notes.append(Note("defect", text, "markers.lost_frames", place + more, effect, cure))
    return replace(jolts, is_jolt=jolts.is_jolt & ~common[:, None])
