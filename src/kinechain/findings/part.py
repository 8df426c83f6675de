"""What a walk of less than one stride still tells: the foot while it rests, and how far the trunk leans."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinechain.body.body import Body
from kinechain.care.finding import Finding
from kinechain.core.arrays import FloatArray
from kinechain.core.estimate import Estimate
from kinechain.findings.accuracy import Z95, angle_error
from kinechain.motion.body_paths import foot_paths
from kinechain.motion.foot_paths import FootPaths
from kinechain.motion.trial import GaitTrial
from kinechain.recording.recording import Side

__all__ = ["FOOT_FLAT_M_S", "find_part", "is_foot_flat"]

#: The whole foot rests while heel and forefoot are slower than this, m/s (assumption).
FOOT_FLAT_M_S = 0.15
#: Fewest frames of rest that make a mean, s (assumption).
LEAST_REST_S = 0.05


def is_foot_flat(paths: FootPaths, side: Side) -> NDArray[np.bool_]:
    """Return where the whole foot rests, (time,) bool: heel and forefoot both slower than `FOOT_FLAT_M_S`."""
    speeds = [
        np.linalg.norm(np.gradient(points[side], axis=0), axis=1) * paths.rate_hz
        for points in (paths.heel, paths.forefoot)
    ]
    return np.asarray((speeds[0] < FOOT_FLAT_M_S) & (speeds[1] < FOOT_FLAT_M_S))


def find_part(body: Body, parts: Sequence[GaitTrial]) -> list[Finding]:
    """Return the measures that need no full stride, one set per recording of less than one.

    Foot progression is the mean while the foot rests flat; the lean of the trunk is its whole
    range in the recording, so a part of a stride may show less than a stride would.

    Parameters
    ----------
    body : Body
    parts : sequence of GaitTrial
        Without strides.
    """
    out: list[Finding] = []
    for trial in parts:
        paths = foot_paths(body, trial.motion)
        method = f"markers and inverse kinematics, part of a stride in {trial.recording.name}"
        for side in ("left", "right"):
            rest = trial.angles.angle(f"foot_progression_{side}")[is_foot_flat(paths, side)]
            rest = rest[np.isfinite(rest)]
            if len(rest) >= LEAST_REST_S * paths.rate_hz:
                out.append(_finding("foot.progression_flat", "Foot progression with the foot flat (toe-in positive)",
                                    side, float(rest.mean()), "foot_progression", False, method))  # fmt: skip
        lean = _seen(trial.angles.angle("trunk_lean_left"))
        if len(lean):
            out.append(_finding("thorax.lean_range_part", "Side-to-side lean of the trunk, range in part of a stride",
                                "both", float(np.ptp(lean)), "trunk_lean", True, method))  # fmt: skip
    return out


def _seen(values: FloatArray) -> FloatArray:
    return values[np.isfinite(values)]


def _finding(
    name: str,
    title: str,
    side: Literal["left", "right", "both"],
    value_rad: float,
    angle: str,
    is_range: bool,
    method: str,
) -> Finding:
    error = angle_error(angle, is_range)
    value, half = math.degrees(value_rad), Z95 * error.sem
    low = max(0.0, value - half) if is_range else value - half
    estimate = Estimate(value, low, value + half, error.unit, f"part of a stride, method error ({error.source})")
    return Finding(name, title, side, estimate, method, minimal_detectable_change=error.minimal_detectable_change)
