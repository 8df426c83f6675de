"""Fill short gaps in marker trajectories by stated methods; leave long ones and the ends open.

The longest gap of each method is the longest of 0.05, 0.1, 0.2, 0.3 and 0.5 s at which, in 95 of 100 gaps cut into
complete trajectories of the shared recordings, the worst frame lies within 25 mm of the truth (assumption: the size
of soft-tissue movement).  ``python benchmarks/validation_tables.py gaps`` measures it again.  Howarth and Callaghan
(2010, doi:10.1080/10255841003664701) found the same order: a curve is best below 0.2 s, the moving frame of the
segment above.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, IntArray, cross, lengths
from kinechain.core.text import listed
from kinechain.recording.recording import Note

__all__ = [
    "METHODS",
    "Carriers",
    "FilledGap",
    "GapMethod",
    "fill_alike",
    "fill_gap",
    "fill_gaps",
    "find_gaps",
    "gap_notes",
]


@dataclass(frozen=True)
class GapMethod:
    """One way to fill a gap.

    Attributes
    ----------
    words : str
        What it does, for notes.
    longest_s : float
        Longer gaps are not filled this way.
    error_mm : float
        Distance from the truth of the worst frame that 95 of 100 gaps of that length stay within.
    """

    words: str
    longest_s: float
    error_mm: float


#: In the order in which they are tried; errors from the table `gaps` of the benchmarks.
METHODS: Mapping[str, GapMethod] = {
    "rigid": GapMethod("carried by three or more markers of the same segment", 0.5, 17.0),
    "nearly_rigid": GapMethod("carried by markers that keep their distance in this recording", 0.2, 18.0),
    "pair": GapMethod("carried by two markers of the same segment", 0.2, 19.0),
    "one": GapMethod("moved along with the nearest marker of the same segment", 0.2, 20.0),
    "cubic": GapMethod("a cubic through the edges of the gap", 0.1, 9.0),
}
#: A marker keeps its distance when that varies by less than this (standard deviation), m, in so many sampled frames;
#: the errors of `nearly_rigid` were measured with it.
_RIGID_M, _RIGID_FRAMES, _RIGID_NEIGHBOURS = 0.015, 60, 4
_RIGID = ("rigid", "nearly_rigid")
#: Markers that span less than this across their longest direction, m, tell no turn about it (assumption).
_SPREAD_M = 0.01


@dataclass(frozen=True)
class FilledGap:
    """One gap and what became of it.

    Attributes
    ----------
    marker : int
    first, length : int
        Frames.
    method : str
        A key of `METHODS`, or 'open'.
    """

    marker: int
    first: int
    length: int
    method: str


def find_gaps(seen: NDArray[np.bool_]) -> IntArray:
    """Return (marker, first frame, length) of every inner run of missing frames, (gap, 3).

    Parameters
    ----------
    seen : (time, marker) array of bool

    Notes
    -----
    A marker that comes into view or leaves it has no gap there: nothing is extrapolated.
    """
    by_marker = np.ascontiguousarray(np.asarray(seen).T)
    changes = np.flatnonzero(by_marker[:, 1:] != by_marker[:, :-1])
    if not len(changes):
        return np.zeros((0, 3), dtype=np.int64)
    marker, frame = np.divmod(changes, by_marker.shape[1] - 1)
    falls = by_marker[marker, frame]
    is_gap = np.zeros(len(marker), dtype=bool)
    is_gap[:-1] = falls[:-1] & (marker[1:] == marker[:-1])
    start = np.flatnonzero(is_gap)
    return np.stack([marker[start], frame[start] + 1, frame[start + 1] - frame[start]], axis=1).astype(np.int64)


def fill_gaps(
    positions: FloatArray, segments: Mapping[int, str], rate_hz: float, methods: Mapping[str, GapMethod] = METHODS
) -> tuple[FloatArray, tuple[FilledGap, ...]]:
    """Fill inner gaps, each by the first of the methods that its neighbours and its length allow.

    Parameters
    ----------
    positions : (time, marker, 3) array, m
        NaN where missing.
    segments : mapping of marker index to segment name
        Markers of one segment move together.
    rate_hz : float
    methods : mapping of name to GapMethod

    Returns
    -------
    positions : (time, marker, 3) array, m
    gaps : tuple of FilledGap
        In order of marker and time, open ones included.

    Notes
    -----
    Neighbours must be seen at both edges and throughout.  `rigid` and `nearly_rigid` carry the marker along with the
    rigid motion of the neighbours (Kabsch 1976, doi:10.1107/S0567739476001873) and spread the mismatch of the two
    edges linearly; `pair` turns with the line between two markers and `one` only travels, and the path relative to
    them is a cubic, as is the whole path of `cubic`, through the edges with the velocities there (Hermite).
    """
    seen = np.isfinite(positions[:, :, 0])
    found = find_gaps(seen)
    if not len(found):
        return positions, ()
    filled = positions.copy()
    missing = np.zeros((len(seen) + 1, seen.shape[1]), dtype=np.int32)
    np.cumsum(~seen, axis=0, out=missing[1:])
    carriers = Carriers(positions, segments)
    out = []
    for marker, first, length in found.tolist():
        there = missing[first - 1] == missing[first + length + 1]
        method, values = fill_gap(positions, carriers, marker, first, length, there, rate_hz, methods)
        if values is not None:
            filled[first : first + length, marker] = values
        out.append(FilledGap(marker, first, length, method))
    return filled, tuple(out)


def fill_gap(
    positions: FloatArray,
    carriers: Carriers,
    marker: int,
    first: int,
    length: int,
    there: NDArray[np.bool_],
    rate_hz: float,
    methods: Mapping[str, GapMethod] = METHODS,
) -> tuple[str, FloatArray | None]:
    """Return the method and the positions (length, 3) for one gap, or ('open', None).

    Parameters
    ----------
    positions : (time, marker, 3) array, m
        The samples inside the gap are not looked at.
    carriers : Carriers
        Of these positions.
    marker, first, length : int
    there : (marker,) array of bool
        Markers that may be used.
    rate_hz : float
    methods : mapping of name to GapMethod
    """
    for name, rule in methods.items():
        if length <= rule.longest_s * rate_hz + 1e-9:
            chosen = carriers.of(name, marker, there, first)
            if chosen is not None:
                return name, _fill(positions, name, marker, first, length, chosen)
    return "open", None


class Carriers:
    """Which markers may carry another, found when first asked."""

    def __init__(self, positions: FloatArray, segments: Mapping[int, str]) -> None:
        self.positions = positions
        self.mates = {
            m: np.array([k for k, other in segments.items() if k != m and other == segment], dtype=int)
            for m, segment in segments.items()
            if segment
        }
        self.known = np.array(sorted(segments), dtype=int)
        self.steady: dict[int, IntArray] = {}

    def of(self, method: str, marker: int, there: NDArray[np.bool_], first: int) -> IntArray | None:
        """Return the markers that carry ``marker`` by a method, None if there are too few."""
        if method == "cubic":
            return np.array([], dtype=int)
        if method == "nearly_rigid":
            steady = self._steady(marker)
            steady = steady[there[steady]][:_RIGID_NEIGHBOURS]
            return steady if _spread(self.positions[first - 1, steady]) else None
        mates = self.mates.get(marker, np.array([], dtype=int))
        mates = mates[there[mates]]
        if method == "rigid":
            return mates if _spread(self.positions[first - 1, mates]) else None
        wanted = 2 if method == "pair" else 1
        if len(mates) < wanted:
            return None
        away = lengths(self.positions[first - 1, mates] - self.positions[first - 1, marker])
        return np.asarray(mates[np.argsort(away)[:wanted]])

    def _steady(self, marker: int) -> IntArray:
        """Return the markers whose distance hardly varies, the steadiest first."""
        if marker not in self.steady:
            seen = np.flatnonzero(np.isfinite(self.positions[:, marker, 0]))
            frames = seen[:: max(len(seen) // _RIGID_FRAMES, 1)]
            others = self.known[self.known != marker]
            apart = lengths(self.positions[frames][:, others] - self.positions[frames, marker, None])
            both = np.isfinite(apart)
            count = np.maximum(both.sum(axis=0), 1)
            mean = np.where(both, apart, 0.0).sum(axis=0) / count
            varies = np.sqrt(np.where(both, (apart - mean) ** 2, 0.0).sum(axis=0) / count)
            is_steady = (varies < _RIGID_M) & (count >= min(_RIGID_FRAMES, len(frames)) // 3)
            self.steady[marker] = others[is_steady][np.argsort(varies[is_steady])]
        return self.steady[marker]


def _spread(points: FloatArray) -> bool:
    """Whether points span a plane well enough to define a rotation."""
    if len(points) < 3:
        return False
    apart = points - np.add.reduce(points) / len(points)
    inertia = apart.T @ apart
    # Of squared singular values a >= b >= c: b >= (ab + ac + bc) / 3 (a + b + c), which mostly tells at once.
    total = float(np.vdot(apart, apart))
    if total**2 - float(np.vdot(inertia, inertia)) > 6.0 * _SPREAD_M**2 * total:
        return True
    return bool(np.linalg.eigvalsh(inertia)[1] > _SPREAD_M**2)


def _fill(positions: FloatArray, method: str, marker: int, first: int, length: int, carriers: IntArray) -> FloatArray:
    """Return the positions (length, 3) of one marker across its gap."""
    if method == "cubic":
        return _cubic(positions[:, marker], first, length)
    if method in _RIGID:
        return np.asarray(_carried(positions, marker, [first], length, carriers)[0])
    before, after = first - 1, first + length
    early, late = max(before - 4, 0), after + 5
    now = positions[early:late, carriers]
    middle = now.mean(axis=1)
    local = positions[early:late, marker] - middle
    inside = slice(first - early, after - early)
    if method == "one":
        return np.asarray(_cubic(local, first - early, length) + middle[inside])
    turns = _line_turns(now[:, 1] - now[:, 0], before - early)
    local = np.einsum("tji,tj->ti", turns, local)
    return np.asarray(np.einsum("tij,tj->ti", turns[inside], _cubic(local, first - early, length)) + middle[inside])


def _carried(positions: FloatArray, marker: int, firsts: Sequence[int], length: int, carriers: IntArray) -> FloatArray:
    """Return the positions (gap, length, 3) of one marker across gaps of one length, carried by others as by a body."""
    frames = np.array(firsts)[:, None] + np.arange(-1, length + 1)
    now = positions[frames[:, :, None], carriers]
    middle = np.add.reduce(now, axis=2) / len(carriers)
    turns = _turns_within(now - middle[:, :, None])
    edges = positions[frames[:, [0, -1]], marker] - middle[:, [0, -1]]
    start, end = edges[:, :1], edges[:, 1:] @ turns[:, -1]
    share = (np.arange(1, length + 1) / (length + 1))[:, None]
    local = (1 - share) * start + share * end
    return np.asarray((turns[:, :-1] @ local[..., None])[..., 0] + middle[:, 1:-1])


def fill_alike(
    positions: FloatArray,
    carriers: Carriers,
    method: str,
    marker: int,
    firsts: Sequence[int],
    length: int,
    there: NDArray[np.bool_],
) -> list[tuple[int, FloatArray]]:
    """Return (first, positions) of those of some gaps of one length that one method can fill, as `fill_gap` would.

    Parameters
    ----------
    positions : (time, marker, 3) array, m
    carriers : Carriers
        Of these positions.
    method : str
        A key of `METHODS`.
    marker : int
    firsts : sequence of int
    length : int
    there : (gap, marker) array of bool
        Markers that may be used, gap by gap.
    """
    groups: dict[bytes, tuple[IntArray, list[int]]] = {}
    for first, usable in zip(firsts, there, strict=True):
        chosen = carriers.of(method, marker, usable, first)
        if chosen is not None:
            groups.setdefault(chosen.tobytes(), (chosen, []))[1].append(first)
    out: list[tuple[int, FloatArray]] = []
    for chosen, same in groups.values():
        if method in _RIGID:
            out += zip(same, _carried(positions, marker, same, length, chosen), strict=True)
        else:
            out += [(first, _fill(positions, method, marker, first, length, chosen)) for first in same]
    return out


def _turns_within(points: FloatArray) -> FloatArray:
    """Return the rotations (..., time - 1, 3, 3) of centred points (..., time, point, 3) since the first time."""
    left, _, right = np.linalg.svd(np.swapaxes(points[..., 1:, :, :], -1, -2) @ points[..., :1, :, :])
    turns = left @ right
    mirrored = np.linalg.det(turns) < 0
    if mirrored.any():
        left[mirrored, :, 2] *= -1.0
        turns[mirrored] = left[mirrored] @ right[mirrored]
    return np.asarray(turns)


def _line_turns(lines: FloatArray, reference: int) -> FloatArray:
    """Return the smallest rotations (time, 3, 3) from a line (time, 3) at one frame to the line at every frame."""
    unit = lines / np.maximum(lengths(lines), 1e-9)[:, None]
    start = unit[reference]
    x, y, z = cross(start, unit).T
    skew = np.zeros((len(unit), 3, 3))
    skew[:, 2, 1], skew[:, 0, 2], skew[:, 1, 0] = x, y, z
    skew -= skew.swapaxes(1, 2).copy()
    return np.asarray(np.eye(3) + skew + skew @ skew / np.maximum(1.0 + unit @ start, 1e-9)[:, None, None])


def _cubic(track: FloatArray, first: int, length: int) -> FloatArray:
    before, after = first - 1, first + length
    start, end = track[before], track[after]
    span = float(after - before)
    v0, v1 = (_edge_velocity(track, e, step, (end - start) / span) * span for e, step in ((before, -1), (after, 1)))
    t = (np.arange(1, length + 1) / span)[:, None]
    return np.asarray(
        (2 * t**3 - 3 * t**2 + 1) * start
        + (t**3 - 2 * t**2 + t) * v0
        + (-2 * t**3 + 3 * t**2) * end
        + (t**3 - t**2) * v1
    )


def _slopes(count: int) -> FloatArray:
    """Weights that turn ``count`` samples from an edge on into the slope at the edge, by least squares."""
    steps = np.arange(count)[:, None]
    return np.asarray(np.linalg.pinv(steps ** np.arange(3 if count > 3 else 2))[1])


_SLOPES = {count: _slopes(count) for count in range(2, 6)}


def _edge_velocity(track: FloatArray, edge: int, step: int, chord: FloatArray) -> FloatArray:
    """Velocity (3,) per frame at an edge: slope of a parabola through up to five seen frames beyond it."""
    samples = track[edge : edge + 5] if step > 0 else track[max(edge - 4, 0) : edge + 1][::-1]
    hidden = np.flatnonzero(~np.isfinite(samples[:, 0]))
    count = int(hidden[0]) if len(hidden) else len(samples)
    return chord if count < 2 else np.asarray(step * (_SLOPES[count] @ samples[:count]))


def gap_notes(gaps: Iterable[FilledGap], labels: Sequence[str], frames: int, rate_hz: float) -> list[Note]:
    """Return what was filled and what stays open, by marker.

    Parameters
    ----------
    gaps : iterable of FilledGap
    labels : sequence of str
    frames : int
        Of the recording.
    rate_hz : float
    """
    gaps, notes = list(gaps), []
    filled = [g for g in gaps if g.method != "open"]
    if filled:
        used = [name for name in METHODS if any(g.method == name for g in filled)]
        how = "; ".join(f"{sum(g.method == name for g in filled)} {METHODS[name].words}" for name in used)
        worst = max(METHODS[name].error_mm for name in used)
        count = "1 gap was" if len(filled) == 1 else f"{len(filled)} gaps were"
        text = f"{count} filled: {_by_marker(filled, labels, frames, rate_hz)} (how: {how})."
        effect = f"Filled samples are estimates; in 95 of 100 gaps the worst frame lies within {worst:.0f} mm."
        cure = "Where a marker was filled for much of the trial, reconstruct it in the capture software."
        notes.append(Note("repaired", text, "markers.gaps_filled", _named(filled, labels), effect, cure))
    left = [g for g in gaps if g.method == "open"]
    if left:
        text = f"{len(left)} gaps are too long to fill and stay open: {_by_marker(left, labels, frames, rate_hz)}."
        effect = "These markers do not count in those frames."
        cure = "Label these stretches in the capture software, or record another trial."
        notes.append(Note("found", text, "markers.gaps_open", _named(left, labels), effect, cure))
    return notes


def _totals(gaps: Sequence[FilledGap]) -> list[tuple[int, int, int]]:
    """Return (marker, frames in all, longest) with the most frames first."""
    totals: dict[int, tuple[int, int]] = {}
    for gap in gaps:
        frames, longest = totals.get(gap.marker, (0, 0))
        totals[gap.marker] = (frames + gap.length, max(longest, gap.length))
    return sorted(((m, f, n) for m, (f, n) in totals.items()), key=lambda row: -row[1])


def _by_marker(gaps: Sequence[FilledGap], labels: Sequence[str], frames: int, rate_hz: float, limit: int = 8) -> str:
    rows = _totals(gaps)
    each = [f"{labels[m]} {100 * f / frames:.2g} % (longest {n / rate_hz:.2g} s)" for m, f, n in rows]
    return listed(each, limit)


def _named(gaps: Sequence[FilledGap], labels: Sequence[str], limit: int = 8) -> str:
    return listed([labels[m] for m, _, _ in _totals(gaps)], limit)
