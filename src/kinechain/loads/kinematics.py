"""Values, velocities and accelerations of a body's inputs, from a motion.

The recipe that agrees with OpenSim's inverse dynamics: uniform time, Butterworth filter of third order forwards and
backwards over data reflected in their ends, and a natural quintic spline whose derivatives are taken analytically.
Differentiating twice amplifies whatever the filter leaves, so the filter is stated with every result.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from kinechain.body.tree import KERNELS, Tree, kernels
from kinechain.core.arrays import FloatArray, Immutable, frozen, runs_of
from kinechain.core.errors import RecordingError, SettingError, suggest
from kinechain.motion.motion import Motion
from kinechain.motion.smooth import ORDER, low_pass, reflected

__all__ = ["Kinematics", "differentiate", "kinematics_of", "motion_kinematics"]

#: Samples a quintic spline needs.
LEAST = 6


@dataclass(frozen=True, eq=False)
class Kinematics(Immutable):
    """How the inputs of a tree move.

    Attributes
    ----------
    inputs : tuple of str
        Coordinates that move by themselves, in the tree's order.
    values : (time, input) array, rad or m
    velocities : (time, input) array, rad/s or m/s
    accelerations : (time, input) array, rad/s^2 or m/s^2
    rate_hz, start_s : float
    notes : tuple of str
        Filter, and what could not be computed, in sentences.
    """

    inputs: tuple[str, ...]
    values: FloatArray
    velocities: FloatArray
    accelerations: FloatArray
    rate_hz: float
    start_s: float
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape: tuple[int | None, ...] = (None, len(self.inputs))
        for name in ("values", "velocities", "accelerations"):
            object.__setattr__(self, name, frozen(getattr(self, name), shape, name))
            shape = self.values.shape

    @property
    def times_s(self) -> FloatArray:
        """Time of each frame, (time,) array, s."""
        return self.start_s + np.arange(len(self.values)) / self.rate_hz

    def cut(self, first: int, last: int) -> Kinematics:
        """Return the frames from ``first`` up to, without, ``last``."""
        rows = slice(first, last)
        return Kinematics(
            self.inputs,
            self.values[rows],
            self.velocities[rows],
            self.accelerations[rows],
            self.rate_hz,
            self.start_s + first / self.rate_hz,
            self.notes,
        )


def motion_kinematics(tree: Tree, motion: Motion, cutoff_hz: float | None = None) -> Kinematics:
    """Return the kinematics of a tree's inputs during a motion.

    Parameters
    ----------
    tree : Tree
    motion : Motion
        Of the same body.
    cutoff_hz : float, optional
        None where the motion was filtered before (`kinechain.motion.smooth.smooth`).

    Raises
    ------
    RecordingError
        If the motion lacks an input of the tree, or no stretch of frames is long enough.
    SettingError
        If the cut-off cannot be used at this rate.
    """
    names = tuple(tree.coordinates[c] for c in tree.inputs)
    absent = next((name for name in names if name not in motion.coordinates), None)
    if absent is not None:
        raise RecordingError(f"the motion holds no coordinate '{absent}'. {suggest(absent, motion.coordinates)}")
    columns = [motion.coordinates.index(name) for name in names]
    return kinematics_of(names, motion.values[:, columns], motion.rate_hz, motion.start_s, cutoff_hz)


def kinematics_of(
    inputs: Collection[str],
    values: FloatArray,
    rate_hz: float,
    start_s: float = 0.0,
    cutoff_hz: float | None = None,
) -> Kinematics:
    """Return filtered values with their rates.

    Parameters
    ----------
    inputs : collection of str
    values : (time, input) array, rad or m
        At a uniform rate; NaN parts them into pieces that are treated one by one.
    rate_hz, start_s : float
    cutoff_hz : float, optional
        Low-pass cut-off; None filters nothing.

    Returns
    -------
    Kinematics
        NaN at frames that hold a NaN, or lie in a piece of fewer than six frames.

    Raises
    ------
    RecordingError
        If no piece has six frames.
    SettingError
        If the cut-off is not between 0 and half the rate.

    Notes
    -----
    With a cut-off each piece is padded by half its length on either side, reflected in its end points, then filtered
    and splined with the padding, as OpenSim's ``InverseDynamicsTool`` does; so the ends of the piece are no ends of
    the spline.
    """
    values = np.array(values, dtype=float)
    if cutoff_hz is not None and not 0.0 < cutoff_hz < rate_hz / 2:
        raise SettingError(
            f"a cut-off of {cutoff_hz:g} Hz cannot be used on {rate_hz:g} frames per second; "
            f"choose one between 0 and {rate_hz / 2:g} Hz"
        )
    whole = np.asarray(np.isfinite(values).all(axis=1))
    values[~whole] = np.nan
    first, second = np.full_like(values, np.nan), np.full_like(values, np.nan)
    pieces = [(a, b) for a, b in runs_of(whole) if b - a >= LEAST]
    if not pieces:
        longest = max((b - a for a, b in runs_of(whole)), default=0)
        raise RecordingError(
            f"the longest stretch of frames with a pose is {longest}, and accelerations need {LEAST}; record longer"
        )
    for a, b in pieces:
        values[a:b], first[a:b], second[a:b] = _piece(values[a:b], rate_hz, cutoff_hz)
    left = int(whole.sum()) - sum(b - a for a, b in pieces)
    return Kinematics(tuple(inputs), values, first, second, rate_hz, start_s, _notes(cutoff_hz, left))


def _piece(values: FloatArray, rate_hz: float, cutoff_hz: float | None) -> tuple[FloatArray, FloatArray, FloatArray]:
    if cutoff_hz is None:
        return values, *differentiate(values, rate_hz)
    padding = len(values) // 2
    padded = low_pass(reflected(values, padding), cutoff_hz, rate_hz, 0)
    inner = slice(padding, padding + len(values))
    first, second = differentiate(padded, rate_hz)
    return padded[inner], first[inner], second[inner]


def _notes(cutoff_hz: float | None, left_out: int) -> tuple[str, ...]:
    spline = "velocities and accelerations are those of a quintic spline through the samples"
    if cutoff_hz is None:
        said = f"{spline[0].upper()}{spline[1:]}."
    else:
        said = (
            f"Coordinates low-pass filtered at {cutoff_hz:g} Hz (Butterworth, order {ORDER}, forwards and backwards, "
            f"padded by half the trial); {spline}."
        )
    more = f"{left_out} frames stand in stretches too short for accelerations and were left out."
    return (said, more) if left_out else (said,)


def differentiate(values: FloatArray, rate_hz: float) -> tuple[FloatArray, FloatArray]:
    """Return first and second derivative of the natural quintic spline through values.

    Parameters
    ----------
    values : (time, column) array
        At least six samples, without NaN.
    rate_hz : float

    Returns
    -------
    first, second : (time, column) arrays, per s and per s^2

    Notes
    -----
    Natural: the third and fourth derivative vanish at both ends, as OpenSim's ``GCVSpline`` of degree 5 with no
    smoothing has it, so accelerations at the ends are free.
    """
    if len(values) < LEAST:
        raise RecordingError(f"a quintic spline needs {LEAST} samples, got {len(values)}; record longer")
    values = np.ascontiguousarray(values, dtype=float)
    first, second = kernels().quintic_rates(values) if KERNELS == "compiled" else _quintic_rates(values)
    return first * rate_hz, second * rate_hz**2


# The Python twin of the kernel.


def _quintic_rates(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return first and second derivative per step, from the weights of quintic B-splines at the samples."""
    count = len(values)
    matrix = np.zeros((count, count + 4))
    for row in range(count):
        matrix[row, row : row + 5] = np.array([1, 26, 66, 26, 1]) / 120
    weights = np.empty((count + 4, values.shape[1]))
    outer = _parabola(count)
    weights[2:-2] = np.linalg.solve(matrix @ outer, values)
    weights = outer @ weights[2:-2]
    a, b, c, d, e = (weights[i : i + count] for i in range(5))
    return (e + 10 * d - 10 * b - a) / 24, (e + 2 * d - 6 * c + 2 * b + a) / 6


def _parabola(count: int) -> FloatArray:
    """Return the map (count + 4, count) from inner weights to all: outside a natural spline is a parabola."""
    out = np.zeros((count + 4, count))
    out[2:-2] = np.eye(count)
    for step in (1, 0):
        out[step] = 3 * out[step + 1] - 3 * out[step + 2] + out[step + 3]
        out[-1 - step] = 3 * out[-2 - step] - 3 * out[-3 - step] + out[-4 - step]
    return out
