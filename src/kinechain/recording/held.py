"""Samples that were not measured: repeated frames, held positions, zeros, and markers that lie on the floor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, runs_of
from kinechain.core.text import listed
from kinechain.recording.jolts import middle, stretch
from kinechain.recording.recording import Note

__all__ = ["without_held_samples"]

#: Two samples are the same when they differ by less than this, m; no camera measures that well (assumption).
SAME_M = 1e-7
#: Speed above which a person moves, m/s (assumption: quiet sway stays well below).
MOVING_M_S = 0.2
#: A held marker's neighbours travel at least this far meanwhile, m; twice as far for each of them where the file
#: rounds positions, as a foot on the floor then repeats itself (assumptions).
TRAVEL_M = 0.015
ROUNDED_TRAVEL_M = 0.05
#: Shortest run that counts as held in a file that rounds, s (assumption).
ROUNDED_RUN_S = 0.1
#: A file rounds when this share of the single coordinates does not change from frame to frame (assumption).
ROUNDED_SHARE = 0.02
#: A marker is not on the body when it stays within the first while its neighbours move by the second, m (assumption).
RESTING_M, MOVED_M = 0.01, 0.1
_NEAREST = 4


def without_held_samples(positions: FloatArray, labels: Sequence[str], rate_hz: float, notes: list[Note]) -> FloatArray:
    """Take repeated frames, held positions, zeros and markers that rest beside a moving body as missing.

    Parameters
    ----------
    positions : (time, marker, 3) array, m
    labels : sequence of str
    rate_hz : float
    notes : list of Note
        Grows.
    """
    drop = _zeros(positions, labels, notes)
    unchanged = np.abs(np.diff(positions[:, :, 0], axis=0)) < SAME_M
    if unchanged.any():
        still = unchanged.copy()
        frame, marker = np.nonzero(unchanged)
        apart = np.abs(positions[frame + 1, marker] - positions[frame, marker])
        still[frame, marker] = (apart < SAME_M).all(axis=1)
        repeated = _repeated_frames(positions, still, rate_hz, notes)
        drop[1:][repeated] = True
        seen = np.isfinite(positions[1:, :, 0])[~repeated]
        rounded = bool(unchanged[~repeated].sum() > ROUNDED_SHARE * seen.sum())
        still[repeated] = False
        _held(positions, labels, still, rounded, rate_hz, drop, notes)
    _resting(positions, labels, drop, notes)
    if not drop.any():
        return positions
    return np.where(drop[:, :, None], np.nan, positions)


def _zeros(positions: FloatArray, labels: Sequence[str], notes: list[Note]) -> NDArray[np.bool_]:
    """Say which samples are exactly at the origin of the laboratory, which some systems write for 'not seen'."""
    zero = positions[:, :, 0] == 0.0
    if not zero.any():
        return np.asarray(zero)
    zero &= (positions == 0.0).all(axis=2)
    if zero.any():
        names = listed([labels[m] for m in np.flatnonzero(zero.any(axis=0)).tolist()], 8)
        text = f"{int(zero.sum())} positions of {names} are exactly 0, 0, 0; they were taken as missing."
        effect = "The marker does not count in those frames."
        cure = "Let the capture software leave missing samples empty."
        notes.append(Note("repaired", text, "markers.zero", names, effect, cure))
    return np.asarray(zero)


def _repeated_frames(
    positions: FloatArray, still: NDArray[np.bool_], rate_hz: float, notes: list[Note]
) -> NDArray[np.bool_]:
    """Say which steps (time - 1) repeat the frame before although the person moves."""
    seen = np.isfinite(positions[1:, :, 0]) & np.isfinite(positions[:-1, :, 0])
    repeated = np.asarray((seen.sum(axis=1) >= 3) & (still.sum(axis=1) == seen.sum(axis=1)))
    if not repeated.any():
        return repeated
    # Of a person at rest, rounded positions may repeat by chance: the step that ends a repetition must be a move.
    for first, end in runs_of(repeated):
        around = [_travelled(positions[k], positions[k + 1]) for k in (first - 1, end) if 0 <= k < len(seen)]
        if not around or max(around) * rate_hz < MOVING_M_S:
            repeated[first:end] = False
    if repeated.any():
        runs = runs_of(repeated)
        longest = max(runs, key=lambda run: run[1] - run[0])
        place = stretch(longest[0] + 1, longest[1] + 1, rate_hz)
        text = (
            f"{int(repeated.sum())} of {len(positions)} frames repeat the frame before them exactly although the "
            f"person moves (longest: {place}); they were taken as missing."
        )
        effect = "Speeds and events would be wrong there; short stretches are filled between their neighbours."
        cure = "Export at the frame rate of the cameras, or look for frames that the capture software dropped."
        notes.append(Note("repaired", text, "markers.repeated_frames", place, effect, cure))
    return repeated


def _travelled(before: FloatArray, after: FloatArray) -> float:
    """Return how far the middle marker moved from one frame to the next, m."""
    moved = np.linalg.norm(after - before, axis=1)
    return middle(moved[np.isfinite(moved)])


def _held(
    positions: FloatArray,
    labels: Sequence[str],
    still: NDArray[np.bool_],
    rounded: bool,
    rate_hz: float,
    drop: NDArray[np.bool_],
    notes: list[Note],
) -> None:
    """Drop positions that one marker holds while its neighbours travel."""
    least = max(2, round(ROUNDED_RUN_S * rate_hz)) if rounded else 2
    for marker in np.flatnonzero(still.sum(axis=0) >= least).tolist():
        held = []
        for first, end in runs_of(still[:, marker]):
            if end - first < least or drop[first : end + 1, marker].all():
                continue
            travel = _travel(positions, marker, first, end)
            limit, rank = (ROUNDED_TRAVEL_M, 0) if rounded else (TRAVEL_M, 1)
            if len(travel) > rank and travel[rank] > limit:
                drop[first + 1 : end + 1, marker] = True
                held.append((first + 1, end + 1))
        if held:
            longest = max(held, key=lambda run: run[1] - run[0])
            frames = sum(end - first for first, end in held)
            place = f"{labels[marker]}, {stretch(*longest, rate_hz)}"
            text = (
                f"{labels[marker]} holds its position for {frames} frames while the markers around it move "
                f"({stretch(*longest, rate_hz)}); those frames were taken as missing."
            )
            effect = "The marker does not count there; short stretches are filled."
            cure = "Let the capture software leave missing samples empty instead of holding the last position."
            notes.append(Note("repaired", text, "markers.held", place, effect, cure))


def _travel(positions: FloatArray, marker: int, first: int, end: int) -> FloatArray:
    """Return how far the nearest markers travelled between two frames, m, the least first."""
    away = np.linalg.norm(positions[first] - positions[first, marker], axis=1)
    away[marker] = np.nan
    away[~np.isfinite(positions[end, :, 0])] = np.nan
    nearest = np.argsort(away)[: min(_NEAREST, int(np.isfinite(away).sum()))]
    return np.sort(np.linalg.norm(positions[end, nearest] - positions[first, nearest], axis=1))


def _resting(positions: FloatArray, labels: Sequence[str], drop: NDArray[np.bool_], notes: list[Note]) -> None:
    """Drop markers that lie beside the body for the whole recording."""
    some = positions[:: max(len(positions) // 100, 1)]
    seen = np.isfinite(some)
    extent = np.where(seen, some, -np.inf).max(axis=0) - np.where(seen, some, np.inf).min(axis=0)
    extent[~seen.any(axis=0)] = np.nan
    span = np.linalg.norm(extent, axis=1)
    if np.count_nonzero(span > MOVED_M) < 2:
        return
    for marker in np.flatnonzero(span < RESTING_M).tolist():
        frames = np.flatnonzero(seen[:, marker, 0])
        if len(frames) < 20:
            continue
        apart = np.linalg.norm(some[frames] - some[frames, marker, None], axis=2)
        both = np.isfinite(apart).sum(axis=0) >= len(frames) // 2
        both[marker] = False
        near = np.flatnonzero(both)[np.argsort(np.sort(apart[:, both], axis=0)[len(frames) // 2 - 1])][:_NEAREST]
        moved = np.sort([np.ptp(some[frames][np.isfinite(some[frames, k, 0]), k], axis=0).max() for k in near])
        if len(moved) > 1 and moved[1] > MOVED_M:
            drop[:, marker] = True
            text = f"{labels[marker]} rests in one place while the body moves; it was left out."
            effect = "The marker is not used."
            cure = f"Take {labels[marker]} off the floor or the frame, or give its label to the right marker."
            notes.append(Note("repaired", text, "markers.not_on_body", labels[marker], effect, cure))
