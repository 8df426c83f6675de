"""Fill short gaps in marker trajectories by stated methods; leave long ones open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.frames import nearest_rotation

__all__ = ["FilledGap", "fill_gaps", "find_gaps"]


@dataclass(frozen=True)
class FilledGap:
    """One gap and what became of it.

    Attributes
    ----------
    marker : int
    first, length : int
        Frames.
    method : 'rigid', 'cubic' or 'open'
    """

    marker: int
    first: int
    length: int
    method: str


def find_gaps(seen: FloatArray) -> list[tuple[int, int]]:
    """Return (first frame, length) of every inner run of missing frames; the ends of a recording are no gaps."""
    seen = np.asarray(seen, dtype=bool)
    where = np.flatnonzero(seen)
    if len(where) < 2:
        return []
    steps = np.diff(where)
    return [(int(where[i]) + 1, int(steps[i]) - 1) for i in np.flatnonzero(steps > 1)]


def fill_gaps(
    positions: FloatArray, segments: Mapping[int, str], longest: int
) -> tuple[FloatArray, tuple[FilledGap, ...]]:
    """Fill inner gaps of at most ``longest`` frames.

    Parameters
    ----------
    positions : (time, marker, 3) array, m
        NaN where missing.
    segments : mapping of marker index to segment name
        Markers of one segment move together.
    longest : int
        Frames.

    Returns
    -------
    positions : (time, marker, 3) array, m
    gaps : tuple of FilledGap
        In order of marker and time, open ones included.

    Notes
    -----
    First choice: with three or more neighbours on the same segment seen at both edges and throughout, the marker
    is carried along by the rigid motion that maps the neighbours from the edge frames (Kabsch), and the mismatch
    left at each edge is spread linearly.  Else: a cubic through the edges with the edge velocities (Hermite).
    """
    filled = positions.copy()
    seen = np.isfinite(positions[:, :, 0])
    out = []
    for marker in range(positions.shape[1]):
        for first, length in find_gaps(seen[:, marker]):
            method = "open"
            if length <= longest:
                neighbours = [
                    m
                    for m in range(positions.shape[1])
                    if m != marker
                    and segments.get(m)
                    and segments.get(m) == segments.get(marker)
                    and seen[first - 1 : first + length + 1, m].all()
                ]
                method = "rigid" if _spread(positions[first - 1, neighbours]) else "cubic"
                fill = _rigid if method == "rigid" else _cubic
                filled[first : first + length, marker] = fill(positions, marker, first, length, neighbours)
            out.append(FilledGap(marker, first, length, method))
    return filled, tuple(out)


def _spread(points: FloatArray) -> bool:
    """Whether points span a plane well enough (second singular value above 1 cm) to define a rotation."""
    if len(points) < 3:
        return False
    return bool(np.linalg.svd(points - points.mean(axis=0), compute_uv=False)[1] > 0.01)


def _rigid(positions: FloatArray, marker: int, first: int, length: int, neighbours: list[int]) -> FloatArray:
    before, after = first - 1, first + length
    out = np.zeros((2, length, 3))
    miss = np.zeros((2, 3))
    for k, (edge, other) in enumerate(((before, after), (after, before))):
        base = positions[edge, neighbours]
        arm = positions[edge, marker] - base.mean(axis=0)
        carried = {}
        for frame in (*range(first, first + length), other):
            now = positions[frame, neighbours]
            turn = nearest_rotation((now - now.mean(axis=0)).T @ (base - base.mean(axis=0)))
            carried[frame] = now.mean(axis=0) + turn @ arm
        out[k] = [carried[f] for f in range(first, first + length)]
        miss[k] = carried[other] - positions[other, marker]
    share = (np.arange(1, length + 1) / (length + 1))[:, None]
    forward, backward = out[0] - share * miss[0], out[1] - (1 - share) * miss[1]
    return np.asarray((1 - share) * forward + share * backward)


def _cubic(positions: FloatArray, marker: int, first: int, length: int, _: list[int]) -> FloatArray:
    before, after = first - 1, first + length
    track = positions[:, marker]
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


def _edge_velocity(track: FloatArray, edge: int, step: int, chord: FloatArray) -> FloatArray:
    """Velocity (3,) per frame at an edge: slope of a parabola through up to five seen frames beyond it."""
    frames = [edge]
    while len(frames) < 5 and 0 <= frames[-1] + step < len(track) and np.isfinite(track[frames[-1] + step, 0]):
        frames.append(frames[-1] + step)
    if len(frames) == 1:
        return chord
    degree = 2 if len(frames) > 3 else 1
    return np.asarray(np.polyfit(np.array(frames) - edge, track[frames], degree)[-2])
