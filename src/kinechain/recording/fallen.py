"""Markers that leave their segment without a jolt: they come off and slide, swing or fall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray
from kinechain.recording.jolts import stretch
from kinechain.recording.places import body_part
from kinechain.recording.recording import Note

__all__ = ["FALLEN_M", "without_fallen"]

#: A marker has left its segment when most distances to the others of it differ by this much from what they are for
#: most of the recording, m (assumption: three times what soft tissue and shoulder girdles do).
FALLEN_M = 0.15
#: Frames in which that is looked for first.
_FRAMES = 40


def without_fallen(
    positions: FloatArray, labels: Sequence[str], segments: Mapping[int, str], rate_hz: float, notes: list[Note]
) -> FloatArray:
    """Take the frames in which a marker is far from its segment as missing.

    Parameters
    ----------
    positions : (time, marker, 3) array, m
    labels : sequence of str
    segments : mapping of marker index to segment name
    rate_hz : float
    notes : list of Note
        Grows.
    """
    members: dict[str, list[int]] = {}
    for marker, segment in segments.items():
        members.setdefault(body_part(segment), []).append(marker)
    frames = np.arange(0, len(positions), max(len(positions) // _FRAMES, 1))
    groups = [group for group in members.values() if len(group) > 2]
    if not _any_far(positions[frames], groups):
        return positions
    out = positions
    for group in groups:
        apart = _distances(positions[frames][:, group])
        usual = _usual(apart)
        far = _is_far(apart, usual)
        for k in np.flatnonzero(far.any(axis=0)):
            away = _is_away(positions, group, int(k), usual[k])
            out = out.copy() if out is positions else out
            out[away, group[k]] = np.nan
            notes.append(_note(labels[group[k]], away, rate_hz))
    return out


def _any_far(positions: FloatArray, groups: Sequence[Sequence[int]]) -> bool:
    """Say whether any distance within a segment is ever far from its median: mostly none is, and that is quick."""
    pairs = np.array([(a, b) for group in groups for i, a in enumerate(group) for b in group[i + 1 :]], dtype=int)
    if not len(pairs):
        return False
    apart = positions[:, pairs[:, 0]] - positions[:, pairs[:, 1]]
    distances = np.sqrt(np.einsum("tpk,tpk->tp", apart, apart))
    return bool((np.abs(distances - _usual(distances)) > FALLEN_M).any())


def _distances(points: FloatArray) -> FloatArray:
    """Return the distances (time, point, point), m, of points (time, point, 3)."""
    apart = points[:, :, None] - points[:, None]
    return np.asarray(np.sqrt(np.einsum("tijk,tijk->tij", apart, apart)))


def _usual(distances: FloatArray) -> FloatArray:
    """Return what a third of the distances of each column (time, ...) crowd around most closely, m.

    A marker on the segment keeps its distances; one on the floor does not, however long it lies there.
    """
    ordered, count = np.sort(distances, axis=0), np.isfinite(distances).sum(axis=0)
    width = np.maximum(count // 3, 1)
    place = np.arange(len(ordered)).reshape(-1, *[1] * (ordered.ndim - 1))
    end = np.minimum(place + width, len(ordered) - 1)
    span = np.where(place + width < count, np.take_along_axis(ordered, end, axis=0) - ordered, np.inf)
    first = np.argmin(span, axis=0)[None]
    return np.asarray(np.take_along_axis(ordered, np.minimum(first + width // 2, len(ordered) - 1), axis=0)[0])


def _is_far(distances: FloatArray, usual: FloatArray) -> NDArray[np.bool_]:
    """Say where (time, point) most distances of a point are far from usual while the other points agree."""
    is_far = np.abs(distances - usual) > FALLEN_M
    known = np.isfinite(distances).sum(axis=2) - 1
    far = is_far.sum(axis=2)
    lost = (known >= 2) & (far > 0.5 * known)
    return np.asarray(lost & (lost.sum(axis=1, keepdims=True) * 2 < len(usual)))


def _is_away(positions: FloatArray, group: Sequence[int], k: int, usual: FloatArray) -> NDArray[np.bool_]:
    """Say in which frames (time) most distances of one marker of a group are far from usual."""
    apart = positions[:, group] - positions[:, group[k], None]
    distances = np.sqrt(np.einsum("tik,tik->ti", apart, apart))
    known = np.isfinite(distances).sum(axis=1) - 1
    return np.asarray((known >= 2) & ((np.abs(distances - usual) > FALLEN_M).sum(axis=1) > 0.5 * known))


def _note(label: str, away: NDArray[np.bool_], rate_hz: float) -> Note:
    frames = np.flatnonzero(away)
    where = stretch(int(frames[0]), int(frames[-1]) + 1, rate_hz) if len(frames) else "no frame"
    text = (
        f"{label} lies more than {1e3 * FALLEN_M:.0f} mm from its place on the segment in {len(frames)} frames "
        f"({where}); these samples were taken as missing."
    )
    effect = "The marker does not count there."
    cure = f"{label} may have come off, or another marker carries its label there; record again or label it anew."
    return Note("repaired", text, "markers.off_segment", f"{label}, {where}", effect, cure)
