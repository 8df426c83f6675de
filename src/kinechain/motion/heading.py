"""Which way somebody walks, told from the path of the pelvis."""

from __future__ import annotations

import numpy as np

from kinechain.core.arrays import FloatArray, lengths

__all__ = ["walking_heading"]

#: Below this travel of the pelvis (m) nobody is walking, and x of the world is forward.  Assumption.
STANDING_TRAVEL_M = 0.5


def walking_heading(path: FloatArray, rate_hz: float, stride_s: float | None = None) -> FloatArray:
    """Return the direction of walking at every frame.

    Parameters
    ----------
    path : (time, 2) array, m
        Horizontal path of the pelvis in the world; NaN where unknown.
    rate_hz : float
    stride_s : float, optional
        Length of the window over which the direction is taken; the sway within a stride cancels in it.

    Returns
    -------
    (time,) array, rad
        From x of the world, counter-clockwise from above.  Zero if nobody walks.
    """
    path = path if np.isfinite(path).all() else _fill(path)
    travel = path[-1] - path[0]
    frames = len(path)
    window = round(stride_s * rate_hz) if stride_s else 0
    if window < 2 or window >= frames:
        if not np.linalg.norm(travel) > STANDING_TRAVEL_M:
            return np.zeros(frames)
        slope = np.polyfit(np.arange(frames), path, 1)[0]
        return np.full(frames, np.arctan2(slope[1], slope[0]))
    step = path[window:] - path[:-window]
    moving = lengths(step) > STANDING_TRAVEL_M / 4
    if not moving.any():
        return np.zeros(frames)
    centres = np.flatnonzero(moving) + window // 2
    heading = np.unwrap(np.arctan2(step[moving, 1], step[moving, 0]))
    return np.asarray(np.interp(np.arange(frames), centres, heading))


def _fill(path: FloatArray) -> FloatArray:
    """Bridge missing frames by straight lines; all missing becomes standing still at the origin."""
    out = np.array(path, dtype=float)
    time = np.arange(len(out))
    for column in out.T:
        seen = np.isfinite(column)
        column[:] = np.interp(time, time[seen], column[seen]) if seen.any() else 0.0
    return out
