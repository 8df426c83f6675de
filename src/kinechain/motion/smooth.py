"""Low-pass filtering of a motion without shifting it in time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kinechain.body.tree import KERNELS, kernels
from kinechain.core.arrays import FloatArray, runs_of
from kinechain.core.errors import RecordingError, SettingError
from kinechain.motion.motion import Motion

__all__ = ["MAXIMUM_GAP_S", "low_pass", "reflected", "smooth"]

#: Order of one pass; the filter runs forwards and backwards (source: BASELINE, the recipe that agrees with
#: OpenSim's inverse dynamics: Butterworth(3) both ways, odd padding).
ORDER = 3
#: Cut-off periods added at both ends, as far as the trial reaches; by then the filter has settled.
PADDING_PERIODS = 4
#: Unsolved stretches up to this long are bridged by straight lines before filtering; an assumption.
MAXIMUM_GAP_S = 0.1


def smooth(motion: Motion, cutoff_hz: float = 6.0) -> Motion:
    """Return a motion without what is faster than a cut-off frequency.

    Parameters
    ----------
    motion : Motion
        Coordinates must be continuous (no jumps by whole turns), as ``solve_motion`` leaves them.
    cutoff_hz : float
        Of one pass; both passes together halve the amplitude there.

    Returns
    -------
    Motion
        With the filter in its notes.  Unsolved stretches of at most 0.1 s are bridged (``is_solved`` stays 0); longer
        ones stay NaN and part the motion into pieces, filtered one by one.  A piece too short to filter is unsolved.

    Raises
    ------
    SettingError
        If the cut-off is not between 0 and half the frame rate.
    RecordingError
        If no stretch of solved frames is long enough.

    Notes
    -----
    Butterworth filter of third order, forwards and backwards (zero phase), ends padded by point reflection.
    Coordinates that follow others are filtered like these; poses are computed from the drivers.
    """
    if not 0.0 < cutoff_hz < motion.rate_hz / 2:
        raise SettingError(
            f"a cut-off of {cutoff_hz:g} Hz cannot be used on {motion.rate_hz:g} frames per second; "
            f"choose one between 0 and {motion.rate_hz / 2:g} Hz"
        )
    shortest = max(3 * (ORDER + 1), int(np.ceil(motion.rate_hz / cutoff_hz))) + 1
    values, bridged = _bridged(motion)
    is_solved = np.array(motion.is_solved)
    pieces = runs_of(np.asarray(np.isfinite(values).all(axis=1)))
    if not any(end - start >= shortest for start, end in pieces):
        longest = max((end - start for start, end in pieces), default=0)
        raise RecordingError(
            f"the longest stretch of solved frames is {longest} of {len(values)} ({longest / motion.rate_hz:.2f} s), "
            f"and filtering at {cutoff_hz:g} Hz needs {shortest}; record longer, or check the markers of this trial"
        )
    dropped = 0
    for start, end in pieces:
        if end - start >= shortest:
            padding = min(end - start - 1, PADDING_PERIODS * shortest)
            values[start:end] = low_pass(values[start:end], cutoff_hz, motion.rate_hz, padding)
        else:
            values[start:end], is_solved[start:end] = np.nan, 0.0
            dropped += end - start
    note = f"Coordinates low-pass filtered at {cutoff_hz:g} Hz (Butterworth, order {ORDER}, forwards and backwards)"
    note += f"; {bridged} unsolved frames bridged" if bridged else ""
    note += f"; {dropped} frames left out, in stretches too short to filter" if dropped else ""
    return replace(motion, values=values, is_solved=is_solved, notes=(*motion.notes, note + "."))


def low_pass(values: FloatArray, cutoff_hz: float, rate_hz: float, padding: int) -> FloatArray:
    """Return values (time, column) through a third-order Butterworth filter, forwards and backwards.

    Parameters
    ----------
    values : (time, column) array
    cutoff_hz, rate_hz : float
    padding : int
        Samples added at both ends by reflection in the end point; fewer than there are samples.

    Notes
    -----
    The prototype ``1 / ((s + 1) (s^2 + s + 1))``, bilinear transform with ``s = (1 - 1/z) / (1 + 1/z) / k`` and
    ``k = tan(pi cutoff / rate)``, in one section of first and one of second order.  Each pass starts as if its first
    sample had been there forever.  Written out because loading SciPy's signal package takes longer than an analysis.
    """
    if KERNELS == "compiled":
        return np.asarray(kernels().low_pass(np.ascontiguousarray(values), cutoff_hz / rate_hz, padding))
    padded = reflected(values, padding)
    forward = _butterworth(padded, cutoff_hz / rate_hz)
    return _butterworth(forward[::-1], cutoff_hz / rate_hz)[::-1][padding : padding + len(values)]


def reflected(values: FloatArray, padding: int) -> FloatArray:
    """Return values (time, column) with ``padding`` samples more at both ends, reflected in the end points."""
    before = 2 * values[0] - values[padding:0:-1]
    after = 2 * values[-1] - values[-2 : -padding - 2 : -1] if padding else values[:0]
    return np.concatenate([before, values, after])


def _butterworth(x: FloatArray, frequency: float) -> FloatArray:
    """One pass over x (time, column); ``frequency`` in cycles per sample."""
    k = np.tan(np.pi * frequency)
    gain, pole = k / (k + 1), (k - 1) / (k + 1)
    scale = 1 / (1 + k + k * k)
    b, a1, a2 = k * k * scale, 2 * (k * k - 1) * scale, (1 - k + k * k) * scale
    out = np.empty_like(x)
    first, second, third = (1 - gain) * x[0], (1 - b) * x[0], (b - a2) * x[0]
    for t, sample in enumerate(x):
        middle = gain * sample + first
        first = gain * sample - pole * middle
        out[t] = b * middle + second
        second = 2 * b * middle - a1 * out[t] + third
        third = b * middle - a2 * out[t]
    return out


def _bridged(motion: Motion) -> tuple[FloatArray, int]:
    """Return the values with short unsolved stretches between solved frames filled by straight lines, and how many."""
    values = np.array(motion.values)
    values[motion.is_solved == 0] = np.nan
    missing = np.asarray(~np.isfinite(values).all(axis=1))
    filled = 0
    for start, end in runs_of(missing):
        if start == 0 or end == len(values) or (end - start) / motion.rate_hz > MAXIMUM_GAP_S:
            continue
        part = ((np.arange(start, end) - (start - 1)) / (end - start + 1))[:, None]
        values[start:end] = (1 - part) * values[start - 1] + part * values[end]
        filled += end - start
    return values, filled
