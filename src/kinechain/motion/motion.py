"""How a body moved, and how well the markers say so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.core.errors import RecordingError, suggest

__all__ = ["Angles", "Motion"]


@dataclass(frozen=True, eq=False)
class Motion(Immutable):
    """Coordinates of a body against time.

    Attributes
    ----------
    coordinates : tuple of str
        Every coordinate of the body, dependent and locked ones included, in the body's order.
    values : (time, coordinate) array, rad or m
    rate_hz, start_s : float
    markers : tuple of str
        Markers that were tracked.
    marker_error : (time, marker) array, m
        Distance of model and measured marker; NaN where the marker was not seen.
    is_solved : (time,) array
        1 where the frame converged with enough markers, else 0.
    body_hash : str
    notes : tuple of str
        Method, filtering, convergence and frames that could not be solved, in sentences.
    is_shown : (time, coordinate) array or None
        0 where a coordinate was drawn straight across a long stretch in which no marker showed it, else 1; None when
        every one was shown.
    """

    coordinates: tuple[str, ...]
    values: FloatArray
    rate_hz: float
    start_s: float
    markers: tuple[str, ...]
    marker_error: FloatArray
    is_solved: FloatArray
    body_hash: str
    notes: tuple[str, ...] = ()
    is_shown: FloatArray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values, (None, len(self.coordinates)), "values"))
        frames = len(self.values)
        if self.is_shown is not None:
            shape = (frames, len(self.coordinates))
            object.__setattr__(self, "is_shown", frozen(self.is_shown, shape, "is_shown"))
        object.__setattr__(self, "marker_error", frozen(self.marker_error, (frames, len(self.markers)), "marker_error"))
        object.__setattr__(self, "is_solved", frozen(self.is_solved, (frames,), "is_solved"))

    @property
    def times_s(self) -> FloatArray:
        """Time of each frame, (time,) array, s."""
        return self.start_s + np.arange(len(self.values)) / self.rate_hz

    @property
    def shown_values(self) -> FloatArray:
        """The values with NaN where a coordinate was not shown, (time, coordinate) array, rad or m."""
        return self.values if self.is_shown is None else np.where(self.is_shown > 0, self.values, np.nan)

    def coordinate(self, name: str) -> FloatArray:
        """One coordinate, (time,) array, rad or m."""
        if name not in self.coordinates:
            raise RecordingError(f"no coordinate named '{name}'. {suggest(name, self.coordinates)}")
        return np.asarray(self.values[:, self.coordinates.index(name)])


@dataclass(frozen=True, eq=False)
class Angles(Immutable):
    """Clinical angles against time, with the signs of ``kinechain.motion.signs``.

    Attributes
    ----------
    labels : tuple of str
        ``<angle>_<left|right>``, e.g. ``knee_flexion_left``; every angle exists for both sides.
    values : (time, angle) array, rad
        NaN where a frame could not be solved.
    rate_hz, start_s : float
    """

    labels: tuple[str, ...]
    values: FloatArray
    rate_hz: float
    start_s: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values, (None, len(self.labels)), "values"))

    @property
    def times_s(self) -> FloatArray:
        """Time of each frame, (time,) array, s."""
        return self.start_s + np.arange(len(self.values)) / self.rate_hz

    def angle(self, label: str) -> FloatArray:
        """One angle, (time,) array, rad."""
        if label not in self.labels:
            raise RecordingError(f"no angle named '{label}'. {suggest(label, self.labels)}")
        return np.asarray(self.values[:, self.labels.index(label)])
