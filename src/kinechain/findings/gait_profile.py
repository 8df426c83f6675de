"""Movement Analysis Profile and Gait Profile Score: how far a walk is from a stated norm.

Both are root mean square differences from the mean curve of the norm (Baker et al. 2009,
doi 10.1016/j.gaitpost.2009.05.020).  They contain every constant offset between the model
that walked and the model behind the norm, so they compare walks of one model, not models.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from kinechain.care.finding import Finding, Unmeasured
from kinechain.core.arrays import FloatArray
from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.evidence.library import find_fact
from kinechain.findings.accuracy import MethodError, angle_error, interval_of_strides
from kinechain.findings.norms import CurveNorm
from kinechain.motion.cycles import normalize
from kinechain.motion.signs import ANGLES
from kinechain.motion.trial import GaitTrial
from kinechain.recording.recording import Side

__all__ = ["PELVIS_VARIABLES", "PROFILE_VARIABLES", "GaitProfile", "compute_gait_profile", "find_gait_profile", "rms"]

PELVIS_VARIABLES = ("pelvis_tilt", "pelvis_obliquity", "pelvis_rotation")

#: The nine variables of one side (Baker 2009).
PROFILE_VARIABLES = (
    *PELVIS_VARIABLES,
    "hip_flexion",
    "hip_adduction",
    "hip_rotation",
    "knee_flexion",
    "ankle_dorsiflexion",
    "foot_progression",
)

#: Every second percent: 51 points, as the score was defined.
_POINTS = slice(None, None, 2)


@dataclass(frozen=True)
class GaitProfile:
    """The profile and the scores of one person, deg.

    Attributes
    ----------
    scores : mapping of (angle, side) to tuple of float
        Per stride, the root mean square difference of one variable from the norm.
    left, right : tuple of float
        Per stride, the Gait Profile Score of a side over its nine variables; empty if one is missing.
    overall : float or None
        Over fifteen variables: nine of the left side and six of the right, so that the pelvis counts once; from
        the means over strides.
    missing : tuple of str
        Labels of the variables that were not measured.
    cohort, source : str
        Of the norm.
    """

    scores: Mapping[tuple[str, Side], tuple[float, ...]]
    left: tuple[float, ...]
    right: tuple[float, ...]
    overall: float | None
    missing: tuple[str, ...]
    cohort: str
    source: str


def rms(values: Sequence[float] | FloatArray) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(np.square(np.asarray(values, dtype=float)))))


def compute_gait_profile(trials: Sequence[GaitTrial], norms: Mapping[str, CurveNorm]) -> GaitProfile | None:
    """Return the profile of some walking trials against a norm.

    Parameters
    ----------
    trials : sequence of GaitTrial
    norms : mapping of angle id to CurveNorm
        All nine variables of one cohort.

    Returns
    -------
    GaitProfile or None
        None if the norm lacks a variable.

    Notes
    -----
    For variable i of one stride, ``MAP_i = rms over 51 points of (x_i - mean_i)``; for a side
    ``GPS = rms over its nine MAP_i``; over all, ``GPS = rms over the fifteen MAP_i``.
    """
    if any(angle not in norms for angle in PROFILE_VARIABLES):
        return None
    strides = [(t, c) for t in trials for c in t.cycles]
    scores: dict[tuple[str, Side], tuple[float, ...]] = {}
    whole: dict[Side, tuple[float, ...]] = {}
    sides: tuple[Side, ...] = ("left", "right")
    for side in sides:
        rows = []
        for trial, cycle in strides:
            if cycle.side == side:
                rows.append(
                    [_score(normalize(trial.angles, f"{a}_{side}", cycle), norms[a]) for a in PROFILE_VARIABLES]
                )
        table = np.array(rows, dtype=float).reshape(-1, len(PROFILE_VARIABLES))
        for column, angle in enumerate(PROFILE_VARIABLES):
            seen = table[:, column][np.isfinite(table[:, column])]
            if len(seen):
                scores[angle, side] = tuple(float(v) for v in seen)
        complete = table[np.isfinite(table).all(axis=1)]
        whole[side] = tuple(rms(row) for row in complete)
    fifteen = [(a, "left") for a in PROFILE_VARIABLES] + [
        (a, "right") for a in PROFILE_VARIABLES if a not in PELVIS_VARIABLES
    ]
    missing = tuple(f"{a}_{s}" for s in sides for a in PROFILE_VARIABLES if (a, s) not in scores)
    means = [float(np.mean(scores[key])) for key in fifteen if key in scores]
    overall = rms(means) if len(means) == len(fifteen) else None
    cohort = norms[PROFILE_VARIABLES[0]].cohort
    return GaitProfile(
        MappingProxyType(scores), whole["left"], whole["right"], overall, missing, cohort.name, cohort.source
    )


def find_gait_profile(
    trials: Sequence[GaitTrial], norms: Mapping[str, CurveNorm]
) -> tuple[list[Finding], list[Unmeasured]]:
    """Return the bars of the profile and the three scores as findings.

    Parameters
    ----------
    trials : sequence of GaitTrial
    norms : mapping of angle id to CurveNorm

    Notes
    -----
    No normal value of the score was read, so none is judged; a change of 1.6 deg is the smallest that mattered
    clinically in children (baker2012).
    """
    profile = compute_gait_profile(trials, norms)
    if profile is None:
        reason = "the chosen norm lacks one of the nine variables"
        return [], [Unmeasured("gait_profile.gps", "Gait Profile Score", "both", NotMeasured(reason))]
    findings = [_bar(profile, angle, side) for angle, side in profile.scores]
    findings += _totals(profile)
    unmeasured = []
    if profile.overall is None:
        reason = "not measured in every stride: " + ", ".join(_spoken(label) for label in profile.missing)
        test = "Record walking with markers on pelvis, thighs, shanks and feet of both sides"
        unmeasured.append(Unmeasured("gait_profile.gps", "Gait Profile Score", "both", NotMeasured(reason, test)))
    return findings, unmeasured


def _score(curve: FloatArray, norm: CurveNorm) -> float:
    """Return the root mean square difference in degrees; NaN if the stride lacks the variable."""
    difference = curve[_POINTS] - norm.mean[_POINTS]
    return math.degrees(rms(difference)) if np.isfinite(difference).all() else math.nan


def _bar(profile: GaitProfile, angle: str, side: Side) -> Finding:
    name = next(a.name for a in ANGLES if a.id == angle)
    estimate = _above_zero(interval_of_strides(profile.scores[angle, side], (angle_error(angle),), "deg", "strides"))
    return Finding(f"gait_profile.map_{angle}", f"{name}, distance from the norm", side, estimate, _method(profile))


def _totals(profile: GaitProfile) -> list[Finding]:
    change = find_fact("normative_posture_foot", item="Gait Profile Score", subgroup="children").number()
    sides: tuple[tuple[Side, tuple[float, ...]], ...] = (("left", profile.left), ("right", profile.right))
    out: list[Finding] = []
    halves = []
    for side, values in sides:
        if values:
            error = _error(profile, [(angle, side) for angle in PROFILE_VARIABLES])
            estimate = _above_zero(interval_of_strides(values, (error,), "deg", "strides"))
            halves.append((estimate.high - estimate.value) / 2)
            out.append(_score_of(profile, side, estimate, change))
    if profile.overall is not None:
        half = math.hypot(*halves)
        estimate = Estimate(
            profile.overall, profile.overall - half, profile.overall + half, "deg", out[0].estimate.source
        )
        out.append(_score_of(profile, "both", _above_zero(estimate), change))
    return out


def _error(profile: GaitProfile, keys: Sequence[tuple[str, Side]]) -> MethodError:
    """Return the error of a score whose variables err independently: ``sqrt(sum (MAP_i SEM_i)^2) / (n GPS)``."""
    maps = [float(np.mean(profile.scores[key])) for key in keys]
    errors = [angle_error(angle) for angle, _ in keys]
    score = rms(maps)
    sem = (
        math.hypot(*(m * e.sem for m, e in zip(maps, errors, strict=True))) / (len(keys) * score) if score > 0 else 0.0
    )
    sources = dict.fromkeys(k for e in errors for k in e.source.split(", "))
    return MethodError(sem, "deg", ", ".join(sources))


def _score_of(
    profile: GaitProfile, side: Literal["left", "right", "both"], estimate: Estimate, change: float
) -> Finding:
    return Finding(
        "gait_profile.gps", "Gait Profile Score", side, estimate, _method(profile), minimal_detectable_change=change
    )


def _above_zero(estimate: Estimate) -> Estimate:
    return Estimate(estimate.value, max(0.0, estimate.low), estimate.high, estimate.unit, estimate.source)


def _method(profile: GaitProfile) -> str:
    return (
        f"root mean square difference from the mean curve of: {profile.cohort} ({profile.source}; baker2009); it also "
        "holds every constant offset between the two models"
    )


def _spoken(label: str) -> str:
    angle, _, side = label.rpartition("_")
    return f"{angle.replace('_', ' ')} {side}"
