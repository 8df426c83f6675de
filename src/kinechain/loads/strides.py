"""Any series of a trial, cut to one stride."""

from __future__ import annotations

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.motion.cycles import PERCENT_POINTS, Cycle

__all__ = ["StrideSeries", "cut_stride", "stride_curves"]

#: Frames of one stride and what was taken of them: percent of the cycle (frame,), values (frame, column).
StrideSeries = tuple[FloatArray, FloatArray]


def cut_stride(
    times_s: FloatArray, values: FloatArray, cycle: Cycle, part: tuple[float, float] = (0.0, 100.0)
) -> StrideSeries:
    """Return the frames of one stride as they were computed, not resampled.

    Parameters
    ----------
    times_s : (time,) array, s
    values : (time, column) array
    cycle : Cycle
    part : (float, float)
        First and last percent of the cycle.

    Returns
    -------
    percent : (frame,) array
        Of the cycle.
    values : (frame, column) array
        Empty if a frame of the part is missing, lies outside the series, or holds a value that is not finite.
    """
    nothing = np.empty(0), np.empty((0, values.shape[1]))
    if len(times_s) < 2:
        return nothing
    percent = 100.0 * (times_s - cycle.start_s) / cycle.duration_s
    frame = 100.0 * float(np.median(np.diff(times_s))) / cycle.duration_s
    inside = (percent > part[0] - frame / 2) & (percent < part[1] + frame / 2)
    cut = values[inside]
    whole = len(cut) >= (part[1] - part[0]) / frame - 0.5
    if not whole or not np.isfinite(cut).all():
        return nothing
    return np.clip(percent[inside], 0.0, 100.0), cut


def stride_curves(times_s: FloatArray, values: FloatArray, cycle: Cycle) -> FloatArray:
    """Return series over one stride, resampled to 0, 1 ... 100 %.

    Parameters
    ----------
    times_s : (time,) array, s
    values : (time, column) array
    cycle : Cycle

    Returns
    -------
    (101, column) array
        NaN throughout if a frame of the stride is missing; else only in the columns that lack a frame.
    """
    wanted = np.linspace(cycle.start_s, cycle.end_s, PERCENT_POINTS)
    out = np.full((PERCENT_POINTS, values.shape[1]), np.nan)
    if len(times_s) < 2:
        return out
    frame = float(np.median(np.diff(times_s)))
    if wanted[0] < times_s[0] - frame or wanted[-1] > times_s[-1] + frame:
        return out
    inside = (times_s > cycle.start_s - frame) & (times_s < cycle.end_s + frame)
    for column in np.flatnonzero(np.isfinite(values[inside]).all(axis=0)):
        out[:, column] = np.interp(wanted, times_s[inside], values[inside, column])
    return out
