"""The landmarks at a few instants of a recording: enough to tell its unit, its axes and its sides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from kinechain.core.arrays import FloatArray, lengths, median
from kinechain.recording.recording import Markers

__all__ = ["FEET", "PELVIS", "TRUNK", "Snapshots", "median_apart", "take_snapshots"]

#: Landmarks of the pelvis, the feet and the trunk; sets of clusters only have markers that track.
PELVIS = ("asis", "psis", "sacrum")
FEET = ("heel", "lateral_malleolus", "metatarsal", "segment:toes")
TRUNK = ("c7", "acromion", "suprasternal_notch", "head")
_PELVIS_CLUSTER = ("segment:pelvis", "segment:sacrum", "iliac_crest", "hip_centre", "greater_trochanter")
_FEET_CLUSTER = ("segment:calcaneus", "segment:midfoot", "segment:forefoot", "hallux", "toe_2", "ankle_centre")

#: Instants looked at; more tell nothing new of a body and cost time.
INSTANTS = 120
#: Of a long recording, at least so many a second, so that steps and turns are seen.
LEAST_HZ = 8.0


@dataclass(frozen=True, eq=False)
class Snapshots:
    """Landmarks at evenly spaced instants.

    Attributes
    ----------
    labels : tuple of str
        Marker label of each landmark.
    names : tuple of str
        Landmark names; a marker that only tracks is called 'segment:<segment>#<label>'.
    points : (landmark, time, 3) array, m
        In the frame of the recording; NaN where not seen.
    times_s : (time,) array, s
        Since the first frame.
    """

    labels: tuple[str, ...]
    names: tuple[str, ...]
    points: FloatArray
    times_s: FloatArray

    def rows(self, beginnings: str | Iterable[str], ending: str = "") -> list[int]:
        """Return which landmarks begin so, and end so before any '#'."""
        return list(_rows(self.names, (beginnings,) if isinstance(beginnings, str) else tuple(beginnings), ending))

    def track(self, name: str) -> FloatArray | None:
        """Return one landmark, (time, 3), or None if the marker set lacks it."""
        return self.points[self.names.index(name)] if name in self.names else None

    def exchanged(self, pairs: Sequence[tuple[str, str]]) -> Snapshots:
        """Return the same with the points of each pair of labels exchanged, one after another."""
        if not pairs:
            return self
        order = list(range(len(self.labels)))
        for a, b in pairs:
            i, j = self.labels.index(a), self.labels.index(b)
            order[i], order[j] = order[j], order[i]
        return replace(self, points=self.points[order])

    def turned(self, turn: FloatArray) -> Snapshots:
        """Return the same with every point multiplied by a (3, 3) matrix."""
        return self if (turn == np.eye(3)).all() else replace(self, points=self.points @ turn.T)

    @cached_property
    def pelvis(self) -> FloatArray | None:
        """Middle of the pelvis, (time, 3), m, by its bones, else by whatever tracks it."""
        bones = self.centre(PELVIS)
        return self.centre(_PELVIS_CLUSTER) if bones is None else bones

    @cached_property
    def feet(self) -> FloatArray | None:
        """Middle of both feet, (time, 3), m, by their bones, else by whatever tracks them."""
        bones = self.centre(FEET)
        return self.centre(_FEET_CLUSTER) if bones is None else bones

    def centre(self, beginnings: str | Iterable[str], ending: str = "") -> FloatArray | None:
        """Return the mean of the landmarks that begin so, (time, 3), or None if there are none.

        NaN in an instant in which one of them is hidden; if they are never seen all at once, the mean of those seen.
        """
        rows = tuple(self.rows(beginnings, ending))
        if rows not in self._centres:
            self._centres[rows] = self._centre(rows)
        return self._centres[rows]

    @cached_property
    def _centres(self) -> dict[tuple[int, ...], FloatArray | None]:
        return {}

    def _centre(self, rows: tuple[int, ...]) -> FloatArray | None:
        if not rows:
            return None
        points = self.points[list(rows)]
        together = np.add.reduce(points) / len(rows)
        if np.isfinite(together[:, 0]).any():
            return np.asarray(together)
        seen = np.isfinite(points)
        count = seen.sum(axis=0)
        total = np.where(seen, points, 0.0).sum(axis=0)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def take_snapshots(
    markers: Markers, landmarks: Sequence[tuple[str, str]], positions: FloatArray | None = None
) -> Snapshots:
    """Return the landmarks at about 120 evenly spaced instants, at least 8 a second.

    Parameters
    ----------
    markers : Markers
    landmarks : sequence of (label, landmark)
    positions : (time, marker, 3) array, m, optional
        Used in place of those of ``markers``.
    """
    positions = markers.positions if positions is None else positions
    step = max(min(len(positions) // INSTANTS, int(markers.rate_hz / LEAST_HZ)), 1)
    place = {label: column for column, label in enumerate(markers.labels)}
    columns = [place[label] for label, _ in landmarks]
    names = tuple(f"{name}#{label}" if name.startswith("segment:") else name for label, name in landmarks)
    points = np.ascontiguousarray(np.take(positions[::step], columns, axis=1).transpose(1, 0, 2))
    times = np.arange(points.shape[1], dtype=np.float64) * (step / markers.rate_hz)
    return Snapshots(tuple(label for label, _ in landmarks), names, points, times)


def median_apart(a: FloatArray, b: FloatArray) -> float:
    """Return the median distance of two paths (time, 3), m; infinite if they are never seen together."""
    apart = lengths(a - b)
    apart = apart[np.isfinite(apart)]
    return median(apart) if len(apart) else float("inf")


@lru_cache(maxsize=1024)
def _rows(names: tuple[str, ...], beginnings: tuple[str, ...], ending: str) -> tuple[int, ...]:
    # The trials of a visit share their names, so this is asked again and again.
    return tuple(
        i for i, name in enumerate(names) if name.startswith(beginnings) and name.split("#")[0].endswith(ending)
    )
