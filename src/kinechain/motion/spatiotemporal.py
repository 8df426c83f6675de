"""Speed, cadence, lengths and times of the strides, with intervals.

Definitions, for a stride of one side (strike A, opposite strike O, next strike B):

- stride length: heel at A to heel at B over the ground; step length: along that line, from the
  opposite heel at O to the own heel at B (a step belongs to the foot that ends it);
- step width: distance of the opposite heel at O from the line of the own heel at A and B;
- double support: both double-support phases of the stride; single support: opposite off to O.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.estimate import Estimate
from kinechain.motion.cycles import Cycle
from kinechain.motion.foot_paths import FootPaths
from kinechain.recording.recording import Side

__all__ = ["EVENT_SD_S", "MEASURES", "StrideMeasure", "compute_spatiotemporal", "stride_values"]

#: Scatter of one event, s: the standard deviation of kinematic events against plates (16 +- 15 ms for strikes,
#: 9 +- 15 ms for offs) in the abstract of O'Connor et al. 2007, doi 10.1016/j.gaitpost.2006.05.016.
EVENT_SD_S = 0.015
#: Scatter of one landmark on the ground, m.  Assumption.
POINT_SD_M = 0.005

#: Measure to name and unit, in the order of a report.
MEASURES: dict[str, tuple[str, str]] = {
    "walking_speed": ("Walking speed", "m/s"),
    "cadence": ("Cadence", "steps/s"),
    "stride_length": ("Stride length", "m"),
    "step_length": ("Step length", "m"),
    "step_width": ("Step width", "m"),
    "stride_time": ("Stride time", "s"),
    "step_time": ("Step time", "s"),
    "stance_fraction": ("Stance", "1"),
    "swing_fraction": ("Swing", "1"),
    "double_support_fraction": ("Double support", "1"),
    "single_support_fraction": ("Single support", "1"),
}


@dataclass(frozen=True)
class StrideMeasure:
    """One spatiotemporal measure.

    Attributes
    ----------
    id : str
        A key of ``MEASURES``; with ``_difference`` (left minus right) or ``_symmetry`` (that difference over the mean
        of both sides) appended for comparisons.
    name : str
    side : 'left', 'right' or 'both'
    estimate : Estimate
        Mean over the strides, and the interval of that mean.
    sd : float or None
        Standard deviation between strides; None for fewer than two.
    count : int
        Strides behind it.
    """

    id: str
    name: str
    side: Literal["left", "right", "both"]
    estimate: Estimate
    sd: float | None
    count: int


def compute_spatiotemporal(paths: FootPaths, cycles: Sequence[Cycle]) -> tuple[StrideMeasure, ...]:
    """Return every measure for both sides, for all strides together, and left against right.

    Parameters
    ----------
    paths : FootPaths
        Of the body that walked.
    cycles : sequence of Cycle

    Returns
    -------
    tuple of StrideMeasure
        Measures that no stride supports are absent.
    """
    values: dict[Side, list[dict[str, float]]] = {"left": [], "right": []}
    for cycle in cycles:
        values[cycle.side].append(stride_values(paths, cycle))
    out = []
    for key, (name, unit) in MEASURES.items():
        sides: dict[Side, FloatArray] = {
            side: np.array([v[key] for v in found if key in v]) for side, found in values.items()
        }
        error = _event_error(key, [v for found in values.values() for v in found])
        both = np.concatenate([sides["left"], sides["right"]])
        for label, numbers in (("left", sides["left"]), ("right", sides["right"]), ("both", both)):
            if len(numbers):
                out.append(_measure(key, name, label, numbers, unit, error))  # type: ignore[arg-type]
        if len(sides["left"]) and len(sides["right"]):
            out += _comparison(key, name, sides["left"], sides["right"], unit, error)
    return tuple(out)


def stride_values(paths: FootPaths, cycle: Cycle) -> dict[str, float]:
    """Return the measures of one stride, in the units of ``MEASURES``; what was not seen is absent.

    Parameters
    ----------
    paths : FootPaths
    cycle : Cycle
    """
    other: Side = "right" if cycle.side == "left" else "left"
    start, end = (_at(paths, paths.heel[cycle.side], t) for t in (cycle.start_s, cycle.end_s))
    stride, duration = end - start, cycle.duration_s
    length = float(np.hypot(*stride))
    out = {
        "walking_speed": length / duration,
        "cadence": 2.0 / duration,
        "stride_length": length,
        "stride_time": duration,
        "stance_fraction": cycle.stance_fraction,
        "swing_fraction": 1.0 - cycle.stance_fraction,
    }
    strike, off = cycle.opposite_foot_strike_s, cycle.opposite_foot_off_s
    if strike is not None and length > 0:
        ahead = stride / length
        opposite = _at(paths, paths.heel[other], strike)
        out["step_time"] = cycle.end_s - strike
        out["step_length"] = float((end - opposite) @ ahead)
        # Signed: negative where the feet cross over.
        outward = np.array([ahead[1], -ahead[0]]) * (1.0 if cycle.side == "left" else -1.0)
        out["step_width"] = float((opposite - start) @ outward)
    if strike is not None and off is not None and off < strike:
        out["double_support_fraction"] = (off - cycle.start_s + max(0.0, cycle.foot_off_s - strike)) / duration
        out["single_support_fraction"] = (strike - off) / duration
    return out


def _at(paths: FootPaths, path: FloatArray, time_s: float) -> FloatArray:
    return np.array([np.interp(time_s, paths.times_s, column) for column in path[:, :2].T])


def _event_error(key: str, strides: Iterable[dict[str, float]]) -> float:
    """Return the standard deviation of one stride's value by the errors of its events and points."""
    known = list(strides)
    if not known:
        return 0.0
    duration = float(np.mean([v["stride_time"] for v in known]))
    relative = np.sqrt(2.0) * EVENT_SD_S / duration
    return float(
        {
            "walking_speed": np.mean([v["walking_speed"] for v in known]) * relative,
            "cadence": 2.0 / duration * relative,
            "stride_length": np.sqrt(2.0) * POINT_SD_M,
            "step_length": np.sqrt(2.0) * POINT_SD_M,
            "step_width": np.sqrt(1.5) * POINT_SD_M,
            "stride_time": np.sqrt(2.0) * EVENT_SD_S,
            "step_time": np.sqrt(2.0) * EVENT_SD_S,
            "double_support_fraction": 2.0 * EVENT_SD_S / duration,
        }.get(key, relative)
    )


def _half_width(numbers: FloatArray, error: float) -> tuple[float, str]:
    """Return half the 95 % interval of the mean, and where it comes from."""
    count = len(numbers)
    between = float(np.std(numbers, ddof=1)) if count > 1 else 0.0
    if count < 3 or between < error:
        why = f"event error of {1000 * EVENT_SD_S:.0f} ms and {1000 * POINT_SD_M:.0f} mm, {_strides(count)}"
        return 1.96 * max(error, between) / np.sqrt(count), why
    from scipy.special import stdtrit  # only here, to keep the start fast

    return float(stdtrit(count - 1, 0.975)) * between / np.sqrt(count), f"spread between {_strides(count)}"


def _strides(count: int) -> str:
    return "one stride" if count == 1 else f"{count} strides"


def _measure(
    key: str, name: str, side: Literal["left", "right", "both"], numbers: FloatArray, unit: str, error: float
) -> StrideMeasure:
    half, why = _half_width(numbers, error)
    mean = float(numbers.mean())
    sd = float(np.std(numbers, ddof=1)) if len(numbers) > 1 else None
    return StrideMeasure(key, name, side, Estimate(mean, mean - half, mean + half, unit, why), sd, len(numbers))


def _comparison(
    key: str, name: str, left: FloatArray, right: FloatArray, unit: str, error: float
) -> tuple[StrideMeasure, StrideMeasure]:
    apart = float(left.mean() - right.mean())
    (half_left, why_left), (half_right, why_right) = _half_width(left, error), _half_width(right, error)
    half = float(np.hypot(half_left, half_right))
    why = why_left if why_left == why_right else f"left: {why_left}; right: {why_right}"
    scale = abs(float(left.mean() + right.mean())) / 2
    count = min(len(left), len(right))
    difference = Estimate(apart, apart - half, apart + half, unit, why)
    relative = (0.0, 0.0, 0.0) if scale == 0 else (apart / scale, (apart - half) / scale, (apart + half) / scale)
    return (
        StrideMeasure(f"{key}_difference", f"{name}, left minus right", "both", difference, None, count),
        StrideMeasure(
            f"{key}_symmetry", f"{name}, left minus right over mean", "both", Estimate(*relative, "1", why), None, count
        ),
    )
