"""Walking trials made by hand: every stride is a curve this file states."""

from collections.abc import Mapping

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.findings.norms import CurveNorm
from kinechain.motion.cycles import Cycle
from kinechain.motion.motion import Angles, Motion
from kinechain.motion.signs import labels
from kinechain.motion.trial import GaitTrial
from kinechain.recording.recording import Recording

RATE_HZ = 100.0


def walk(
    curves: Mapping[str, FloatArray], strides: int = 3, foot_off: float = 0.6, name: str = "walk.c3d"
) -> GaitTrial:
    """Return a trial whose strides of 1 s, one every 2 s, repeat the given curves.

    ``curves`` holds (101,) arrays in rad by column label; the others are not measured (NaN).
    """
    frames = 200 * strides
    values = np.full((frames, len(labels())), np.nan)
    for label, curve in curves.items():
        values[:, labels().index(label)] = np.tile(np.r_[curve, np.linspace(curve[-1], curve[0], 99)], strides)
    cycles = [
        Cycle(side, 2.0 * k, 2.0 * k + 1, 2.0 * k + foot_off, None, None, "made")  # type: ignore[arg-type]
        for side in ("left", "right")
        for k in range(strides)
    ]
    motion = Motion(
        ("x",), np.zeros((frames, 1)), RATE_HZ, 0.0, ("m",), np.full((frames, 1), 0.01), np.ones(frames), "none"
    )
    return GaitTrial(
        Recording(name, "0" * 64, "C3D"), motion, Angles(labels(), values, RATE_HZ, 0.0), (), tuple(cycles)
    )


def like(norms: Mapping[str, CurveNorm], shift_deg: Mapping[str, float] | None = None) -> dict[str, FloatArray]:
    """Return the mean curves of a norm for both sides, some of them shifted."""
    shift = shift_deg or {}
    return {
        f"{angle}_{side}": norm.mean + np.radians(shift.get(f"{angle}_{side}", shift.get(angle, 0.0)))
        for angle, norm in norms.items()
        for side in ("left", "right")
    }
