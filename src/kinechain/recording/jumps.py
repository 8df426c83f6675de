"""Samples far off their own path: spikes, leaps to another place and back, reflections, and markers that shifted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, IntArray, lengths
from kinechain.recording.fallen import FALLEN_M
from kinechain.recording.gaps import METHODS, Carriers, fill_alike, fill_gap, find_gaps
from kinechain.recording.jolts import Jolts, jolt_sizes, middle, stretch
from kinechain.recording.places import Place, pieces_of, too_fast
from kinechain.recording.recording import Note

__all__ = ["note_noise", "note_shifts", "without_jumps", "without_strays"]

#: A run is off when it lies further than this from where its neighbours and its own path put it, m, and so many
#: times further than the same estimate misses the same marker elsewhere in the recording (assumptions; soft tissue
#: is part of both).
OFF_M, OFF_TIMES = 0.008, 3.0
#: Places at which that estimate is tried.
_TRIES = 6
#: Two steps are a leap and its return when they are larger than this, m, and than so many limits, and when what is
#: left of them together is less than this part (assumptions); no carrier is needed to tell.
LEAP_M, LEAP_TIMES, LEAP_MATCH = 0.03, 3.0, 0.3
#: Least step without a return that is worth a note, m (assumption).
STEP_M = 0.015
#: Least snap, m, and longest drift that ends in one, s (assumptions: two markers merge for the cameras and part);
#: tried in so many frames.
SNAP_M, SNAP_S = 0.015, 0.05
SNAP_RUNS = (1, 2, 3, 4, 6, 9, 12)
#: Markers that lose no more samples than this share one note.
_FEW = 5
#: Most runs that are looked at for one marker, the shortest first; a path with more jolts is noise.
_MOST_RUNS = 100
#: Once the run is left out, the path is this much smoother (assumption).
SMOOTHER = 0.4
#: A piece of a trajectory is left out when its distances to the markers of its segment lie this far outside those
#: of the longest piece, m (assumption: above the 2 to 3 cm of soft tissue).
ELSEWHERE_M = 0.04
#: One frame beside a gap is left out from this on, m (assumption: markers of one segment are further apart).
EDGE_M = 0.02
#: A shift in the place on the segment that is worth a note, m, and so many times as much as the distances vary
#: (assumptions).
SHIFT_M, VARIES_TIMES = 0.012, 0.5
#: A piece between two gaps, or at an end, is short up to this, s (assumption).
SHORT_S = 0.2
#: White noise of one coordinate that is worth a note, m, and how many times that of the other markers (assumption).
NOISE_M, NOISE_TIMES = 0.0015, 5.0
#: Below this rate noise cannot be told from movement (assumption), Hz.
LEAST_RATE_HZ = 50.0
#: Median jolt of white noise with unit standard deviation per coordinate: sqrt(5) times the median of a chi
#: distribution with three degrees of freedom, 1.538.
_JOLT_OF_NOISE = 2.236 * 1.538


def without_jumps(
    positions: FloatArray,
    labels: Sequence[str],
    segments: Mapping[int, str],
    jolts: Jolts,
    rate_hz: float,
    notes: list[Note],
) -> tuple[FloatArray, dict[int, list[tuple[int, float]]]]:
    """Take short runs of samples that lie off the path of their marker as missing.

    Parameters
    ----------
    positions : (time, marker, 3) array, m
    labels : sequence of str
    segments : mapping of marker index to segment name
    jolts : Jolts
        Of these positions.
    rate_hz : float
    notes : list of Note
        Grows.

    Returns
    -------
    positions : (time, marker, 3) array, m
    shifts : dict of marker index to (frame, how far, m)
        Steps after which a marker does not come back.

    Notes
    -----
    Between two jolts of a marker, the shortest run is left out that the marker's own path and its neighbours (the
    methods of `gaps`) put elsewhere, far beyond what the same estimate misses elsewhere in the recording, and
    without which the path is smooth.
    """
    seen = np.isfinite(positions[:, :, 0])
    gaps = find_gaps(seen)
    suspects = np.flatnonzero(jolts.is_jolt.any(axis=0) | (np.bincount(gaps[:, 0], minlength=seen.shape[1]) > 1))
    if not len(suspects):
        return positions, {}
    out = positions.copy()
    judge, peaks = _Judge(positions, segments, jolts, rate_hz), jolts.is_peak
    found: dict[int, list[tuple[int, int, float]]] = {}
    shifts: dict[int, list[tuple[int, float]]] = {}
    for marker in suspects.tolist():
        starts = [np.flatnonzero(peaks[:, marker]) + 2]
        starts += [gaps[gaps[:, 0] == marker] @ np.array([[0, 0], [1, 1], [0, 1]])]
        runs = _runs_off(judge, marker, sorted({int(edge) for part in starts for edge in part.ravel()}))
        runs += _snaps(judge, marker, [int(p) for p in starts[0] if not any(f - 2 <= p <= e + 2 for f, e, _ in runs)])
        if runs:
            found[marker] = sorted(runs)
        for first, end, _ in runs:
            out[first:end, marker] = np.nan
        shifts[marker] = _shifts(judge, marker, [int(p) for p in starts[0]], runs)
    lost = {m: sum(int(seen[first:end, m].sum()) for first, end, _ in runs) for m, runs in found.items()}
    notes += [_jump_note(labels[m], lost[m], runs, rate_hz) for m, runs in found.items() if lost[m] > _FEW]
    few = {labels[m]: runs for m, runs in found.items() if lost[m] <= _FEW}
    if few:
        notes.append(_spikes_note(few, rate_hz))
    return (out if found else positions), shifts


def _runs_off(judge: _Judge, marker: int, edges: Sequence[int]) -> list[tuple[int, int, float]]:
    """Return (first, end, how far off, m) of runs between two of the edges, the shortest first."""
    longest = int(max(m.longest_s for m in METHODS.values()) * judge.rate_hz)
    pairs = [(q - p, p) for i, p in enumerate(edges) for q in edges[i + 1 : i + 6] if q - p <= longest]
    pairs = [(length, first) for length, first in pairs if judge.is_open(marker, first, length)]
    taken = np.zeros(len(judge.positions) + 4, dtype=bool)
    runs = []
    for length, first in sorted(pairs)[:_MOST_RUNS]:
        if taken[max(first - 2, 0) : first + length + 2].any():
            continue
        off = judge.off(marker, first, length) or judge.leap(marker, first, length)
        if off is not None:
            taken[first : first + length] = True
            runs.append((first, first + length, off))
    return runs


def _snaps(judge: _Judge, marker: int, peaks: list[int]) -> list[tuple[int, int, float]]:
    """Return runs that drift off and snap back, or leap off and drift back: only one of their ends is a jolt."""
    reach = max(2, round(SNAP_S * judge.rate_hz))
    runs: list[tuple[int, int, float]] = []
    for peak in peaks:
        if any(first - 2 <= peak <= end + 2 for first, end, _ in runs):
            continue
        size = judge.jolts.sizes[peak - 2, marker]
        if size < SNAP_M:
            continue
        some = np.array([n for n in SNAP_RUNS if n <= reach])
        # A step that stays is no drift: it would be bridged, not mended.
        ends_here = judge.steps(marker, peak - some - 1, np.full(len(some), peak)) > 0.5 * size
        starts_here = judge.steps(marker, np.full(len(some), peak - 1), peak + some) > 0.5 * size
        for length, stays in zip(some.tolist(), zip(ends_here, starts_here, strict=True), strict=True):
            sure = []
            for first, is_step in zip((peak - length, peak), stays, strict=True):
                if is_step:
                    continue
                off = judge.off(marker, first, length, drifts=True)
                if off is not None:
                    sure.append((first, first + length, off))
            if sure:
                runs.append(max(sure, key=lambda run: run[2]))
                break
    return runs


def _shifts(
    judge: _Judge, marker: int, peaks: list[int], runs: list[tuple[int, int, float]]
) -> list[tuple[int, float]]:
    """Return (frame, by how much, m) of the steps after which a marker does not come back."""
    out = []
    for peak in peaks:
        if any(first - 2 <= peak <= end + 2 for first, end, _ in runs):
            continue
        by = float(np.linalg.norm(judge.excess(marker, peak - 1, peak)))
        if by > max(STEP_M, LEAP_TIMES * judge.jolts.limits[marker]):
            out.append((peak, by))
    return out


class _Judge:
    """Tells whether a run of samples is off its path."""

    def __init__(self, positions: FloatArray, segments: Mapping[int, str], jolts: Jolts, rate_hz: float) -> None:
        self.positions, self.jolts, self.rate_hz = positions, jolts, rate_hz
        self.carriers = Carriers(positions, segments)
        self.known: dict[tuple[int, int, str], float] = {}
        shape = (len(positions) + 1, positions.shape[1])
        self.bad = np.zeros(shape, dtype=np.int32)
        unusable = ~np.isfinite(positions[:, :, 0])
        # A jolt spoils the frames on both sides of the step it belongs to.
        unusable[1:-2] |= jolts.is_jolt
        unusable[2:-1] |= jolts.is_jolt
        np.cumsum(unusable, axis=0, out=self.bad[1:])

    def off(self, marker: int, first: int, length: int, drifts: bool = False) -> float | None:
        """Return how far a run is off its path, m, at its farthest if it drifts, or None if it may well be on it."""
        track = self.positions[:, marker]
        before, after = first - 1, first + length
        if not self.is_open(marker, first, length):
            return None
        there = self.bad[before] == self.bad[after + 1]
        method, fill = fill_gap(self.positions, self.carriers, marker, first, length, there, self.rate_hz)
        if fill is None:
            return None
        miss = lengths(track[first:after] - fill)
        miss = miss[np.isfinite(miss)]
        allowed = METHODS[method].error_mm * 1e-3 * length / (METHODS[method].longest_s * self.rate_hz)
        off = float(np.max(miss, initial=0.0) if drifts else middle(miss)) if len(miss) else 0.0
        if not off > max(SNAP_M if drifts else OFF_M, 2.0 * allowed):
            return None
        low, high = max(first - 3, 0), after + 3
        window = track[low:high].copy()
        old = jolt_sizes(window).max(initial=0.0)
        window[first - low : after - low] = fill
        if jolt_sizes(window).max(initial=0.0) > max(self.jolts.limits[marker], SMOOTHER * old):
            return None
        usual = self._usual(marker, length, there, method)
        return off if off > OFF_TIMES * usual else None

    def is_open(self, marker: int, first: int, length: int) -> bool:
        """Return whether a run can be judged: it lies between two samples, and holds some."""
        track, after = self.positions[:, marker, 0], first + length
        if first < 1 or after >= len(track) or np.isnan(track[first - 1]) or np.isnan(track[after]):
            return False
        return not bool(np.isnan(track[first:after]).all())

    def leap(self, marker: int, first: int, length: int) -> float | None:
        """Return by how much a marker leaps away and back, m, or None if the two steps are no such pair."""
        end = first + length
        if first < 2 or end + 2 > len(self.positions) or length < 2:
            return None
        steps = [self.excess(marker, k - 1, k) for k in (first, end)]
        size = float(np.linalg.norm(steps[0] - steps[1])) / 2.0
        if not size > max(LEAP_M, LEAP_TIMES * self.jolts.limits[marker]):
            return None
        return size if float(np.linalg.norm(steps[0] + steps[1])) < LEAP_MATCH * size else None

    def steps(self, marker: int, before: IntArray, after: IntArray) -> FloatArray:
        """Return how far (pair,) a marker goes between pairs of frames beyond its speed before and after, m."""
        last = len(self.positions) - 1
        before, after = np.maximum(before, 0), np.minimum(after, last)
        frames = np.stack([np.maximum(before - 1, 0), before, after, np.minimum(after + 1, last)])
        far, near, there, beyond = self.positions[frames, marker]
        return lengths(there - near - (0.5 * (after - before))[:, None] * (near - far + beyond - there))

    def excess(self, marker: int, before: int, after: int) -> FloatArray:
        """Return how far (3,) a marker goes between two frames beyond its speed before and after, m."""
        frames = [max(before - 1, 0), before, after, min(after + 1, len(self.positions) - 1)]
        half = 0.5 * (after - before)
        return np.asarray(np.array([half, -1.0 - half, 1.0 + half, -half]) @ self.positions[frames, marker])

    def _usual(self, marker: int, length: int, there: NDArray[np.bool_], method: str) -> float:
        """Return by how much the same estimate misses the same marker where nothing is wrong, m."""
        if (known := self.known.get((marker, length, method))) is not None:
            return known
        starts = np.arange(1, len(self.positions) - length - 1)
        own = self.bad[starts - 1, marker] == self.bad[starts + length + 1, marker]
        starts = starts[own]
        starts = starts[:: max(len(starts) // _TRIES, 1)]
        usable = there & (self.bad[starts - 1] == self.bad[starts + length + 1])
        fills = fill_alike(self.positions, self.carriers, method, marker, starts.tolist(), length, usable)
        track = self.positions[:, marker]
        misses = [float(lengths(track[first : first + length] - fill).max()) for first, fill in fills]
        # Where nothing sound is left to try it on, the worst that is known of the method.
        usual = middle(misses, 0.8) if misses else 1e-3 * METHODS[method].error_mm
        self.known[marker, length, method] = usual
        return usual


def _jump_note(label: str, frames: int, runs: list[tuple[int, int, float]], rate_hz: float) -> Note:
    worst = max(runs, key=lambda run: run[2])
    where = stretch(worst[0], worst[1], rate_hz)
    more = f"{frames} samples in {len(runs)} runs" if len(runs) > 1 else f"{frames} samples"
    text = (
        f"{label} leaves its path by up to {1e3 * worst[2]:.0f} mm and comes back ({more}; the worst in {where}); "
        "these samples were taken as missing."
    )
    effect = "Short runs are filled from the neighbours; in longer ones the marker does not count."
    cure = f"Look at {label} there in the capture software: a reflection or another marker was taken for it."
    return Note("repaired", text, "markers.jump", f"{label}, {where}", effect, cure)


def _spikes_note(few: Mapping[str, list[tuple[int, int, float]]], rate_hz: float, limit: int = 12) -> Note:
    worst = sorted(((max(runs, key=lambda run: run[2]), label) for label, runs in few.items()), key=lambda x: -x[0][2])
    listed = [f"{label} {1e3 * off:.0f} mm ({stretch(first, end, rate_hz)})" for (first, end, off), label in worst]
    more = f" and {len(listed) - limit} more markers" if len(listed) > limit else ""
    text = f"Single samples off their path were taken as missing: {', '.join(listed[:limit])}{more}."
    place = ", ".join(label for _, label in worst[:limit]) + more
    effect = "They are filled from the neighbours; nothing else changes."
    cure = "None is needed; reflections beside the markers and too few cameras make such spikes."
    return Note("repaired", text, "markers.spikes", place, effect, cure)


def without_strays(
    positions: FloatArray,
    labels: Sequence[str],
    segments: Mapping[int, str],
    jolts: Jolts,
    shifts: Mapping[int, list[tuple[int, float]]],
    rate_hz: float,
    notes: list[Note],
) -> FloatArray:
    """Take pieces of a trajectory that lie elsewhere than the rest as missing, and note markers that shifted.

    Parameters
    ----------
    positions : (time, marker, 3) array, m
        Without jumps.
    labels : sequence of str
    segments : mapping of marker index to segment name
    jolts : Jolts
        Of the positions before jumps were left out.
    shifts : mapping of marker index to (frame, how far, m)
        Steps that have a note of their own.
    rate_hz : float
    notes : list of Note
        Grows.

    Notes
    -----
    Pieces end where samples are missing or the path jolts.  A piece is elsewhere when its distances to most
    markers of its segment differ from those in the longest piece by far more than they vary there.
    """
    broken = pieces_of(positions, segments, jolts)
    if not broken:
        return positions
    out = positions.copy()
    for marker, pieces in broken.items():
        mates = [k for k, s in segments.items() if k != marker and s == segments[marker]]
        main = max(pieces, key=lambda piece: piece[1] - piece[0])
        place = Place(positions, marker, mates, main)
        strays, here = [], [main]
        for piece in pieces:
            if piece == main:
                continue
            outside, ranges = place.outside(piece)
            off = too_fast(positions[:, marker], piece, main, rate_hz) if len(outside) < 2 else _most(outside, ranges)
            if off is not None:
                strays.append((*piece, off))
            if off is None or piece[1] - piece[0] <= _FEW:
                here.append(piece)
        wrong = _wrong_beside_gaps(place, here)
        if len(wrong):
            out[wrong, marker] = np.nan
            notes.append(_edge_note(labels[marker], wrong, rate_hz))
        for first, end, off in strays:
            is_late = end == pieces[-1][1] or first == pieces[0][0]
            if is_late and (end - first) > SHORT_S * rate_hz and off < FALLEN_M:
                if not any(abs(frame - edge) <= 1 for frame, _ in shifts.get(marker, []) for edge in (first, end)):
                    notes.append(_moved_note(labels[marker], first, end, off, rate_hz))
            elif off > ELSEWHERE_M:
                out[first:end, marker] = np.nan
                notes.append(_stray_note(labels[marker], first, end, off, rate_hz))
    return out


def _wrong_beside_gaps(place: Place, pieces: list[tuple[int, int]]) -> IntArray:
    """Return the frames beside the ends of pieces in which a marker sits in another place, as another one would."""
    if len(place.mates) < 2:
        return np.array([], dtype=int)
    hidden = ~np.isfinite(place.positions[:, place.marker, 0])
    beside: set[int] = set()
    for first, end in pieces:
        beside |= set(range(first, min(first + 2, end))) if first and hidden[first - 1] else set()
        beside |= set(range(max(end - 2, first), end)) if end < len(hidden) and hidden[end] else set()
    frames = np.array(sorted(beside), dtype=int)
    limit = max(EDGE_M, VARIES_TIMES * middle(place.high - place.low))
    return frames[place.each_outside(frames) > limit]


def _edge_note(label: str, frames: IntArray, rate_hz: float) -> Note:
    first = stretch(int(frames[0]), int(frames[0]) + 1, rate_hz)
    where = first if len(frames) == 1 else f"{len(frames)} frames, the first {first}"
    text = f"{label} has the place of another marker beside its gaps ({where}); these samples were taken as missing."
    effect = "They are filled with the gap, or the marker does not count there."
    cure = f"Label {label} anew around its gaps in the capture software."
    return Note("repaired", text, "markers.wrong_beside_gap", f"{label}, {where}", effect, cure)


def _most(outside: FloatArray, ranges: FloatArray) -> float | None:
    """Return how far most distances lie outside their ranges, m, or None if that may well be."""
    off = float(np.sort(outside)[::-1][len(outside) // 2])
    return off if off > max(SHIFT_M, VARIES_TIMES * middle(ranges)) else None


def _stray_note(label: str, first: int, end: int, off: float, rate_hz: float) -> Note:
    where = stretch(first, end, rate_hz)
    how = "further than a person moves" if np.isinf(off) else f"{1e3 * off:.0f} mm off its place on the segment"
    text = f"{label} lies elsewhere in {where}, {how}; these samples were taken as missing."
    effect = "The marker does not count there."
    cure = f"Look at {label} there in the capture software: a reflection or another marker was taken for it."
    return Note("repaired", text, "markers.stray", f"{label}, {where}", effect, cure)


def note_shifts(
    positions: FloatArray,
    labels: Sequence[str],
    shifts: Mapping[int, list[tuple[int, float]]],
    rate_hz: float,
    notes: list[Note],
) -> None:
    """Note the steps after which a marker does not come back, where its samples were left.

    Parameters
    ----------
    positions : (time, marker, 3) array, m
        When everything else has been mended.
    labels : sequence of str
    shifts : mapping of marker index to (frame, how far, m)
    rate_hz : float
    notes : list of Note
        Grows.
    """
    for marker, steps in shifts.items():
        left = [(f, by) for f, by in steps if jolt_sizes(positions[f - 2 : f + 2, marker]).max(initial=0.0) > 0.5 * by]
        if left:
            notes.append(_shift_note(labels[marker], left, rate_hz))


def _shift_note(label: str, shifts: list[tuple[int, float]], rate_hz: float) -> Note:
    frame, by = max(shifts, key=lambda shift: shift[1])
    where = stretch(frame, frame + 1, rate_hz)
    others = len(shifts) - 1
    more = f", and at {others} other {'frame' if others == 1 else 'frames'}," if others else ""
    text = f"{label} steps aside by {1e3 * by:.0f} mm at {where}{more} and does not come back; it was left as it is."
    effect = "Angles that rest on it differ before and after by the same step."
    cure = f"Use the frames on one side of it only, or leave {label} out: it may have come off, or changed its label."
    return Note("defect", text, "markers.shift", f"{label}, {where}", effect, cure)


def _moved_note(label: str, first: int, end: int, off: float, rate_hz: float) -> Note:
    where = stretch(first, end, rate_hz)
    text = (
        f"{label} sits {1e3 * off:.0f} mm further from or nearer to the markers of its segment in {where} than in the "
        "rest of the recording, as if it had come off or been moved; it was left as it is."
    )
    effect = "Angles that rest on it differ there."
    cure = f"Use the frames on one side of it only, or leave {label} out."
    return Note("defect", text, "markers.moved", f"{label}, {where}", effect, cure)


def note_noise(jolts: Jolts, labels: Sequence[str], rate_hz: float, notes: list[Note]) -> None:
    """Note markers whose positions shake far more than those of the others.

    Parameters
    ----------
    jolts : Jolts
    labels : sequence of str
    rate_hz : float
        Below 50 Hz movement looks like noise, and nothing is said.
    notes : list of Note
        Grows.
    """
    if rate_hz < LEAST_RATE_HZ:
        return
    noise = jolts.usual / _JOLT_OF_NOISE
    usual = middle(noise)
    loud = np.flatnonzero((noise > NOISE_M) & (noise > NOISE_TIMES * usual))
    if len(loud):
        listed = ", ".join(f"{labels[m]} {1e3 * noise[m]:.1f} mm" for m in loud[:8])
        text = f"Markers that shake far more than the others (those {1e3 * usual:.1f} mm): {listed}."
        names = ", ".join(labels[m] for m in loud[:8])
        effect = "Speeds and angles that rest on them are noisy."
        cure = "Check that the cameras see these markers well, and that nothing beside them reflects."
        notes.append(Note("defect", text, "markers.noise", names, effect, cure))
