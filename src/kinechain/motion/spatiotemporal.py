"""Speed, cadence, lengths and times of one stride; `findings.gait` puts the strides together, with intervals.

Definitions, for a stride of one side (strike A, opposite strike O, next strike B):

- stride length: heel at A to heel at B over the ground; step length: along that line, from the
  opposite heel at O to the own heel at B (a step belongs to the foot that ends it);
- step width: distance of the opposite heel at O from the line of the own heel at A and B;
- double support: both double-support phases of the stride; single support: opposite off to O.
"""

from __future__ import annotations

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.motion.cycles import Cycle
from kinechain.motion.foot_paths import FootPaths
from kinechain.recording.recording import Side

__all__ = ["EVENT_SD_S", "MEASURES", "stride_values"]

#: Scatter of one event, s: the standard deviation of kinematic events against plates (16 +- 15 ms for strikes,
#: 9 +- 15 ms for offs) in the abstract of O'Connor et al. 2007, doi 10.1016/j.gaitpost.2006.05.016.
EVENT_SD_S = 0.015

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
