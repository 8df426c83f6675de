"""Where a marker sits on its segment, and the pieces of its path that can be judged by it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, IntArray, lengths
from kinechain.recording.gaps import find_gaps
from kinechain.recording.jolts import Jolts

__all__ = ["Place", "body_part", "pieces_of", "too_fast"]

#: Segments that bend so little against each other that distances across them tell where a marker is.
_FOOT = ("calcaneus", "midfoot", "forefoot", "toes", "foot")
_PIECE_FRAMES, _LEAST_FRAMES = 50, 5
_SHARES = np.array([[0.02], [0.5], [0.98]])
#: Speed that no marker on a person reaches between two pieces, m/s (assumption: a sprinter's foot stays below 25).
TOO_FAST_M_S = 30.0


def body_part(segment: str) -> str:
    """Return the segment, or the whole foot for a segment of the foot ('foot_r')."""
    return f"foot{segment[-2:]}" if segment.startswith(_FOOT) else segment


def pieces_of(positions: FloatArray, segments: Mapping[int, str], jolts: Jolts) -> dict[int, list[tuple[int, int]]]:
    """Return (first, end) of the pieces of every path that gaps or jolts break, by marker.

    Parameters
    ----------
    positions : (time, marker, 3) array, m
    segments : mapping of marker index to segment name
    jolts : Jolts
    """
    seen = np.isfinite(positions[:, :, 0])
    joined = np.asarray(seen[1:] & seen[:-1])
    joined[1:-1] &= ~jolts.is_peak
    breaks = np.asarray(jolts.is_jolt.any(axis=0))
    breaks[find_gaps(seen)[:, 0]] = True
    found = {m: _pieces(seen[:, m], joined[:, m]) for m in np.flatnonzero(breaks).tolist() if m in segments}
    return {marker: pieces for marker, pieces in found.items() if len(pieces) > 1}


def _pieces(seen: NDArray[np.bool_], joined: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return (first, end) of the runs of seen frames that hang together."""
    frames = np.flatnonzero(seen)
    if not len(frames):
        return []
    cuts = np.flatnonzero(~joined[frames[:-1]] | (np.diff(frames) > 1))
    firsts = frames[np.concatenate([[0], cuts + 1])]
    ends = frames[np.concatenate([cuts, [len(frames) - 1]])] + 1
    return [(int(a), int(b)) for a, b in zip(firsts, ends, strict=True)]


class Place:
    """Where a marker sits among others, by the frames of its longest piece."""

    def __init__(self, positions: FloatArray, marker: int, mates: list[int], main: tuple[int, int]) -> None:
        self.positions, self.marker = positions, marker
        low, _, high, count = _spread_of(self._distances(marker, np.array(mates, dtype=int), main))
        known = count >= _LEAST_FRAMES
        self.mates, self.low, self.high = np.array(mates, dtype=int)[known], low[known], high[known]

    def outside(
        self, piece: tuple[int, int], of: int | None = None, without: int | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Return how far outside their usual range the distances of a piece lie, and those ranges, m.

        Parameters
        ----------
        piece : (int, int)
        of : int, optional
            The marker whose samples are tried in this place, its own if absent.
        without : int, optional
            A mate that does not count.

        Returns
        -------
        outside, ranges : (mate,) arrays, m
        """
        if not len(self.mates):
            return self.low, self.high
        of = self.marker if of is None else of
        _, middle, _, count = _spread_of(self._distances(of, self.mates, piece))
        known = (count > 0) & (self.mates != of) & (self.mates != (-1 if without is None else without))
        low, high = self.low[known], self.high[known]
        return np.maximum(np.maximum(middle[known] - high, low - middle[known]), 0.0), high - low

    def each_outside(self, frames: IntArray) -> FloatArray:
        """Return how far outside their usual range most distances of single frames lie, (frame,) m; 0 if unknown."""
        some = self.positions[frames]
        apart = some[:, self.mates] - some[:, self.marker, None]
        distance = lengths(apart)
        known = np.isfinite(distance)
        outside = np.where(known, np.maximum(np.maximum(distance - self.high, self.low - distance), 0.0), np.inf)
        count = known.sum(axis=1)
        most = np.sort(outside, axis=1)[np.arange(len(frames)), np.maximum(count - 1, 0) // 2] if len(frames) else count
        return np.where(count >= 2, most, 0.0)

    def _distances(self, marker: int, mates: IntArray, piece: tuple[int, int]) -> FloatArray:
        """Return the distances (frame, mate) in about fifty frames of a piece, m."""
        some = self.positions[piece[0] : piece[1] : max((piece[1] - piece[0]) // _PIECE_FRAMES, 1)]
        apart = some[:, mates] - some[:, marker, None]
        return lengths(apart)


def _spread_of(values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    """Return what 2, 50 and 98 of 100 finite values of each column lie below, and how many there are."""
    ordered = np.sort(values, axis=0)
    count = np.isfinite(values).sum(axis=0)
    columns = np.arange(values.shape[1])
    places = np.maximum(_SHARES * (count - 1) + 0.5, 0).astype(int)
    low, middle, high = ordered[places, columns]
    return low, middle, high, count


def too_fast(track: FloatArray, piece: tuple[int, int], main: tuple[int, int], rate_hz: float) -> float | None:
    """Return infinity when no person could carry the marker from one piece to the other in time, else None."""
    a, b = (piece[1] - 1, main[0]) if piece[0] < main[0] else (main[1] - 1, piece[0])
    way = float(np.linalg.norm(track[b] - track[a]))
    return np.inf if way * rate_hz / max(b - a, 1) > TOO_FAST_M_S else None
