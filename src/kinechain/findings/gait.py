"""Measures of walking: peaks and ranges of joint angles, times and lengths of steps, quality of the recording.

Every value is the mean over the strides walked at one speed.  Its interval joins the
variation between strides with the error of the method; where an absolute angle is held
against another laboratory's norm, the difference between laboratories is added.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from kinechain.body.attach import ARM_SEGMENTS
from kinechain.body.body import Body
from kinechain.care.finding import Finding, Norm, Unmeasured
from kinechain.care.person.person import Person
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import KinechainError
from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.evidence.library import find_fact
from kinechain.findings.accuracy import (
    MethodError,
    angle_error,
    interval_of_strides,
    level_error,
    spatiotemporal_error,
)
from kinechain.findings.norms import CurveNorm, spatiotemporal_norm
from kinechain.findings.verdict import judge
from kinechain.motion.angles import angle_support
from kinechain.motion.body_paths import foot_paths
from kinechain.motion.cycles import PERCENT_POINTS, normalize
from kinechain.motion.signs import angle_of
from kinechain.motion.spatiotemporal import EVENT_SD_S, stride_values
from kinechain.motion.spatiotemporal import MEASURES as STRIDE_MEASURES
from kinechain.motion.trial import GaitTrial
from kinechain.motion.weight import body_weight_from_plates
from kinechain.recording.recording import Side

__all__ = [
    "GAIT_MEASURES",
    "GaitMeasure",
    "Pace",
    "choose_pace",
    "find_angle_measures",
    "find_gait",
    "marker_fit_mm",
    "marker_fit_norm",
]

Phase = Literal["stride", "contact", "loading", "mid_stance", "stance", "push_off", "swing"]
Reduce = Literal["maximum", "minimum", "mean", "range", "value"]


@dataclass(frozen=True)
class GaitMeasure:
    """One number taken from the curve of an angle.

    Attributes
    ----------
    id, name : str
    angle : str
        Id in ``motion.signs``.
    phase : str
        Part of the stride, see ``_window``.
    reduce : str
        What is taken of it.
    sign : +1 or -1
        -1 where the name speaks of the opposite motion (extension, plantarflexion).
    is_midline : bool
        One value for both sides, from the strides of both.
    compares_sides : bool
        The difference left minus right is a measure too.
    """

    id: str
    name: str
    angle: str
    phase: Phase
    reduce: Reduce
    sign: int = 1
    is_midline: bool = False
    compares_sides: bool = False


# fmt: off
#: From the thorax down.
GAIT_MEASURES: tuple[GaitMeasure, ...] = (
    GaitMeasure("thorax.tilt_mean", "Forward tilt of the thorax, mean", "thorax_tilt", "stride", "mean", 1, True),
    GaitMeasure("thorax.lean_range", "Side-to-side lean of the trunk, range", "trunk_lean", "stride", "range", 1, True),
    GaitMeasure("thorax.lean_peak", "Trunk lean over this leg in stance, peak", "trunk_lean", "stance", "maximum", 1,
                False, True),
    GaitMeasure("thorax.rotation_range", "Thorax rotation, range", "thorax_rotation", "stride", "range", 1, True),
    GaitMeasure("lumbar.flexion_mean", "Lumbar flexion (thorax against pelvis), mean", "lumbar_flexion", "stride",
                "mean", 1, True),
    GaitMeasure("lumbar.flexion_range", "Lumbar flexion, range", "lumbar_flexion", "stride", "range", 1, True),
    GaitMeasure("lumbar.bending_range", "Lumbar side bending, range", "lumbar_bending", "stride", "range", 1, True),
    GaitMeasure("lumbar.rotation_range", "Lumbar rotation, range", "lumbar_rotation", "stride", "range", 1, True),
    GaitMeasure("pelvis.tilt_mean", "Anterior pelvic tilt, mean", "pelvis_tilt", "stride", "mean", 1, True),
    GaitMeasure("pelvis.tilt_range", "Pelvic tilt, range", "pelvis_tilt", "stride", "range", 1, True),
    GaitMeasure("pelvis.obliquity_range", "Pelvic obliquity, range", "pelvis_obliquity", "stride", "range", 1, True),
    GaitMeasure("pelvis.drop_stance", "Drop of the other side of the pelvis in stance, peak", "pelvis_obliquity",
                "stance", "maximum", 1, False, True),
    GaitMeasure("pelvis.rotation_range", "Pelvic rotation, range", "pelvis_rotation", "stride", "range", 1, True),
    GaitMeasure("hip.flexion_contact", "Hip flexion at initial contact", "hip_flexion", "contact", "value"),
    GaitMeasure("hip.extension_peak_stance", "Hip extension in stance, peak", "hip_flexion", "stance", "minimum", -1,
                False, True),
    GaitMeasure("hip.flexion_range", "Hip flexion, range", "hip_flexion", "stride", "range", 1, False, True),
    GaitMeasure("hip.adduction_peak_stance", "Hip adduction in stance, peak", "hip_adduction", "stance", "maximum", 1,
                False, True),
    GaitMeasure("hip.rotation_mean_stance", "Hip internal rotation in stance, mean", "hip_rotation", "stance", "mean"),
    GaitMeasure("knee.flexion_contact", "Knee flexion at initial contact", "knee_flexion", "contact", "value"),
    GaitMeasure("knee.flexion_loading", "Knee flexion in loading response, peak", "knee_flexion", "loading", "maximum"),
    GaitMeasure("knee.flexion_minimum_stance", "Knee flexion in mid and late stance, least", "knee_flexion",
                "mid_stance", "minimum"),
    GaitMeasure("knee.flexion_peak_swing", "Knee flexion in swing, peak", "knee_flexion", "swing", "maximum", 1, False,
                True),
    GaitMeasure("knee.flexion_range", "Knee flexion, range", "knee_flexion", "stride", "range", 1, False, True),
    GaitMeasure("knee.rotation_range", "Knee rotation in stance, range", "knee_rotation", "stance", "range"),
    GaitMeasure("ankle.dorsiflexion_contact", "Ankle dorsiflexion at initial contact", "ankle_dorsiflexion", "contact",
                "value"),
    GaitMeasure("ankle.dorsiflexion_peak_stance", "Ankle dorsiflexion in stance, peak", "ankle_dorsiflexion", "stance",
                "maximum", 1, False, True),
    GaitMeasure("ankle.plantarflexion_push_off", "Ankle plantarflexion around foot off, peak", "ankle_dorsiflexion",
                "push_off", "minimum", -1, False, True),
    GaitMeasure("ankle.dorsiflexion_range", "Ankle dorsiflexion, range", "ankle_dorsiflexion", "stride", "range"),
    GaitMeasure("hindfoot.eversion_peak_stance", "Hindfoot eversion in stance, peak", "hindfoot_eversion", "stance",
                "maximum", 1, False, True),
    GaitMeasure("hindfoot.eversion_range_stance", "Hindfoot eversion in stance, range", "hindfoot_eversion", "stance",
                "range", 1, False, True),
    GaitMeasure("forefoot.dorsiflexion_range_stance", "Forefoot dorsiflexion on the hindfoot in stance, range",
                "forefoot_dorsiflexion", "stance", "range"),
    GaitMeasure("hallux.dorsiflexion_peak_stance", "Hallux dorsiflexion in stance, peak", "hallux_dorsiflexion",
                "stance", "maximum"),
    GaitMeasure("foot.progression_mean_stance", "Foot progression in mid-stance, mean (toe-in positive)",
                "foot_progression", "mid_stance", "mean", 1, False, True),
)
# fmt: on

#: What bounds the phases besides contact and foot off: fractions of stance (declared; see ``_window``).
_LOADING_END, _MID_START, _MID_END = 0.4, 0.25, 0.85


@dataclass(frozen=True)
class Pace:
    """The strides that are averaged, and the speed they were walked at.

    Attributes
    ----------
    trials : tuple of GaitTrial
        Of one speed.
    speed_m_s : float or None
        Their mean speed.
    left_out : tuple of str
        Names of the recordings at another speed.
    is_usual : bool or None
        Whether the speed lies in the usual range of that age and sex; None if that is not known.
    marker_fit_mm : float or None
        Root mean square distance of measured and modelled markers over these trials.
    """

    trials: tuple[GaitTrial, ...]
    speed_m_s: float | None
    left_out: tuple[str, ...]
    is_usual: bool | None
    marker_fit_mm: float | None = None

    @property
    def doubt(self) -> str:
        """Why no angle of these strides is judged, in words; '' if nothing stands against it."""
        if self.marker_fit_mm is not None and self.marker_fit_mm > marker_fit_norm().high:
            return f"the body misses the markers by {self.marker_fit_mm:.0f} mm, so not judged"
        return "walked at an unusual speed for this age, so not judged" if self.is_usual is False else ""

    @property
    def words(self) -> str:
        """The strides and their speed, for a method line."""
        count = sum(len(t.cycles) for t in self.trials)
        text = "1 stride" if count == 1 else f"{count} strides"
        if self.speed_m_s is not None:
            text += f" at {self.speed_m_s:.2f} m/s"
        return text + (f" (left out, at another speed: {', '.join(self.left_out)})" if self.left_out else "")


def choose_pace(body: Body, trials: Sequence[GaitTrial], person: Person) -> Pace:
    """Return the trials walked at one speed, the one nearest to the middle of all.

    Parameters
    ----------
    body : Body
    trials : sequence of GaitTrial
    person : Person

    Notes
    -----
    Two trials count as one speed while they differ by no more than the test-retest limits of agreement of walking
    speed (stp_retest2024: 0.11 m/s, the minimal detectable change of its SEM here).
    """
    timed = [(t, speed) for t in trials if (speed := _speed(body, t)) is not None]
    if not timed:
        return Pace(tuple(trials), None, (), None, marker_fit_mm(body, trials))
    median = float(np.median([speed for _, speed in timed]))
    middle = min((speed for _, speed in timed), key=lambda s: abs(s - median))
    width = spatiotemporal_error("walking_speed").minimal_detectable_change
    near = [(t, speed) for t, speed in timed if abs(speed - middle) <= width]
    kept = [t for t, _ in near]
    left_out = tuple(t.recording.name for t in trials if t not in kept)
    speed = float(np.mean([s for _, s in near]))
    norm = spatiotemporal_norm("walking_speed", person.age_years, person.sex)
    is_usual = None if norm is None else norm.low <= speed <= norm.high
    return Pace(tuple(kept), speed, left_out, is_usual, marker_fit_mm(body, kept))


def find_gait(
    person: Person, body: Body, pace: Pace, norms: Mapping[str, CurveNorm]
) -> tuple[list[Finding], list[Unmeasured]]:
    """Return every measure of walking, and those that this recording cannot give.

    Parameters
    ----------
    person : Person
    body : Body
    pace : Pace
    norms : mapping of angle id to CurveNorm
        See ``findings.norms.curve_norms``.

    Returns
    -------
    findings, unmeasured : list
    """
    reasons: dict[str, str] = {}
    for trial in pace.trials:
        reasons = {**reasons, **angle_support(body, trial.motion)}
    findings, unmeasured = find_angle_measures(pace, norms, reasons)
    findings = [_with_foot_limit(f, body) for f in findings]
    return findings + _find_steps(person, body, pace) + _find_quality(person, body, pace), unmeasured


def _with_foot_limit(finding: Finding, body: Body) -> Finding:
    """Say of a hindfoot measure what a foot followed as one piece cannot show."""
    if not finding.id.startswith("hindfoot."):
        return finding
    free = {c.name for c in body.coordinates if c.is_free}
    sides = _SIDES if finding.side == "both" else (finding.side,)
    if all(f"midtarsal_dorsiflexion_{side[0]}" in free for side in sides):
        return finding
    limit = "the foot is followed as one piece, so a heel that rolls over a planted forefoot is not seen"
    return replace(finding, method=f"{finding.method}; {limit}")


def find_angle_measures(
    pace: Pace, norms: Mapping[str, CurveNorm], reasons: Mapping[str, str]
) -> tuple[list[Finding], list[Unmeasured]]:
    """Return the measures of ``GAIT_MEASURES`` and those that were not measured.

    Parameters
    ----------
    pace : Pace
    norms : mapping of angle id to CurveNorm
    reasons : mapping of angle label to str
        Why an angle was not measured, see ``motion.angles.angle_support``.
    """
    found = [item for m in GAIT_MEASURES for item in _find_angle_measure(m, pace, norms, reasons)]
    return [f for f in found if isinstance(f, Finding)], [u for u in found if isinstance(u, Unmeasured)]


def _find_angle_measure(
    measure: GaitMeasure, pace: Pace, norms: Mapping[str, CurveNorm], reasons: Mapping[str, str]
) -> list[Finding | Unmeasured]:
    values = {side: _stride_values(measure, pace.trials, side) for side in _SIDES}
    if measure.is_midline:
        together = values["left"] + values["right"]
        if not together:
            return [_missing(measure, "both", reasons)]
        return [_angle_finding(measure, "both", together, pace, norms)]
    out: list[Finding | Unmeasured] = []
    out += [_angle_finding(measure, side, values[side], pace, norms) for side in _SIDES if values[side]]
    lacking = [side for side in _SIDES if not values[side]]
    if len(lacking) == 2:
        return [_missing(measure, "both", reasons)]
    out += [_missing(measure, side, reasons) for side in lacking]
    if measure.compares_sides and not lacking:
        out.append(_side_difference(measure, values["left"], values["right"], pace))
    return out


_SIDES: tuple[Side, ...] = ("left", "right")


def _stride_values(measure: GaitMeasure, trials: Iterable[GaitTrial], side: Side) -> list[float]:
    """Return the measure of every stride of a side, deg."""
    out = []
    for trial in trials:
        for cycle in trial.cycles:
            if cycle.side == side:
                curve = normalize(trial.angles, f"{measure.angle}_{side}", cycle)
                if np.isfinite(curve).all():
                    out.append(measure.sign * math.degrees(_reduced(curve, measure, 100.0 * cycle.stance_fraction)[0]))
    return out


def _reduced(curve: FloatArray, measure: GaitMeasure, foot_off_percent: float) -> tuple[float, float]:
    """Return what a measure takes of a curve (rad), and at which percent of the stride."""
    low, high = _window(measure.phase, foot_off_percent)
    part = curve[low : high + 1]
    pick: Mapping[Reduce, Callable[[FloatArray], int]] = MappingProxyType(
        {"maximum": lambda x: int(np.argmax(x)), "minimum": lambda x: int(np.argmin(x)), "value": lambda x: 0}
    )
    if measure.reduce in pick:
        where = pick[measure.reduce](part)
        return float(part[where]), float(low + where)
    if measure.reduce == "mean":
        return float(part.mean()), (low + high) / 2
    return float(part.max() - part.min()), math.nan


def _window(phase: Phase, foot_off_percent: float) -> tuple[int, int]:
    """Return the first and last percent of a phase.

    Loading: the first 40 % of stance; mid-stance: 25 to 85 % of stance; push-off: 10 % of the stride to either side of
    foot off.
    """
    off = round(min(max(foot_off_percent, 1.0), 99.0))
    last = PERCENT_POINTS - 1
    return {
        "stride": (0, last),
        "contact": (0, 0),
        "loading": (0, round(_LOADING_END * off)),
        "mid_stance": (round(_MID_START * off), round(_MID_END * off)),
        "stance": (0, off),
        "push_off": (max(0, off - 10), min(last, off + 10)),
        "swing": (off, last),
    }[phase]


def _angle_finding(
    measure: GaitMeasure,
    side: Literal["left", "right", "both"],
    values: list[float],
    pace: Pace,
    norms: Mapping[str, CurveNorm],
) -> Finding:
    error = angle_error(measure.angle, measure.reduce == "range")
    norm, is_comparable, remark = _norm_of(measure, norms, pace)
    errors: tuple[MethodError, ...] = (error,) if norm is None else (error, level_error(measure.angle))
    estimate = interval_of_strides(values, errors, "deg", "strides")
    if measure.reduce == "range":
        estimate = _above_zero(estimate)
    change = error.minimal_detectable_change
    return Finding(
        measure.id,
        measure.name,
        side,
        estimate,
        f"markers and inverse kinematics, {pace.words}{remark}",
        norm,
        judge(estimate, norm, change, is_comparable),
        change,
    )


def _norm_of(measure: GaitMeasure, norms: Mapping[str, CurveNorm], pace: Pace) -> tuple[Norm | None, bool, str]:
    """Return the norm of a measure, whether it may judge, and what to say about it."""
    curve = norms.get(measure.angle)
    if curve is None:
        return None, False, "; no norm curve was read"
    off = curve.cohort.foot_off_percent
    value, percent = _reduced(curve.mean, measure, off)
    if measure.reduce == "range":
        spans = f"{math.degrees(value):.0f} deg"
        return None, False, f"; the mean norm curve spans {spans}, its spread between people was not published"
    sd = math.degrees(float(np.interp(percent, np.arange(PERCENT_POINTS), curve.sd)))
    norm = curve.norm(measure.sign * math.degrees(value), sd)
    remark = f"; norm: the mean curve at {percent:.0f} %" + (f" ({curve.note})" if curve.note else "")
    if pace.doubt:
        return norm, False, f"{remark}; {pace.doubt}"
    return norm, curve.can_judge, remark


def _side_difference(measure: GaitMeasure, left: list[float], right: list[float], pace: Pace) -> Finding:
    """Return left minus right; without a norm it is never judged, and below its own error it says so."""
    error = angle_error(measure.angle, measure.reduce == "range")
    sides = [interval_of_strides(v, (error,), "deg", "strides") for v in (left, right)]
    apart = sides[0].value - sides[1].value
    half = math.hypot(*((e.high - e.low) / 2 for e in sides))
    change = error.minimal_detectable_change
    estimate = Estimate(apart, apart - half, apart + half, "deg", sides[0].source)
    return Finding(
        f"{measure.id}_difference",
        f"{measure.name}, left minus right",
        "both",
        estimate,
        f"markers and inverse kinematics, {pace.words}; {_size_words(apart, change, 'deg')}",
        minimal_detectable_change=change,
    )


def _size_words(value: float, change: float, unit: str) -> str:
    if abs(value) < change:
        return f"smaller than the method can tell ({change:.1f} {unit})"
    return f"larger than the method's own error ({change:.1f} {unit}); some difference is usual in everyone"


def _missing(measure: GaitMeasure, side: Literal["left", "right", "both"], reasons: Mapping[str, str]) -> Unmeasured:
    sides = _SIDES if side == "both" else (side,)
    reason = next((reasons[label] for s in sides if (label := f"{measure.angle}_{s}") in reasons), "")
    if reason:
        return Unmeasured(measure.id, measure.name, side, NotMeasured(reason, _next_test(measure.angle)))
    reason = "no complete stride in which the markers that define it were seen throughout"
    more = "Record more walking: three or more whole strides of each side, with every marker in view of the cameras"
    return Unmeasured(measure.id, measure.name, side, NotMeasured(reason, more))


def _next_test(angle: str) -> str:
    angle_of(f"{angle}_left")
    if angle.startswith(("hindfoot", "forefoot", "hallux")):
        return "Record barefoot walking with a foot marker set (heel, upper heel, navicular, metatarsals, hallux)"
    if angle.startswith(("lumbar", "thorax", "trunk")):
        return "Record walking with markers on C7, T10, both ends of the sternum and all four iliac spines"
    if angle.startswith("pelvis"):
        return "Record walking with markers on all four iliac spines"
    return "Record walking with markers on both femoral epicondyles, both malleoli, thigh, shank and foot"


def _find_steps(person: Person, body: Body, pace: Pace) -> list[Finding]:
    """Return the spatiotemporal measures, in the units of a clinic."""
    strides: list[tuple[Side, dict[str, float]]] = []
    for trial in pace.trials:
        try:
            paths = foot_paths(body, trial.motion)
        except KinechainError:
            continue
        strides += [(c.side, stride_values(paths, c)) for c in trial.cycles]
    out: list[Finding] = []
    for key, (name, _) in STRIDE_MEASURES.items():
        factor, unit = _CLINICAL.get(key, (1.0, "m"))
        values = {s: [factor * v[key] for side, v in strides if side == s and key in v] for s in _SIDES}
        timing = _timing_error(key, [v["stride_time"] for _, v in strides], pace)
        out += _step_findings(key, name, unit, values, person, pace, timing)
    return out


#: Events that a phase of the stride depends on, for what none of them averages out.
_EVENTS_OF_PHASE = MappingProxyType(
    {"stance_fraction": 2, "swing_fraction": 2, "single_support_fraction": 2, "double_support_fraction": 4}
)


def _timing_error(key: str, stride_times: Sequence[float], pace: Pace) -> tuple[MethodError, ...]:
    """Return what kinematic events add to the error of a phase, % of the stride; nothing where plates or file set them.

    Strikes and offs told from movement lie early or late by the same habit in every stride, so more strides do not
    help, and both double supports of a stride are moved alike.
    """
    count = _EVENTS_OF_PHASE.get(key, 0)
    is_set = any(e.source in ("plates", "file") for t in pace.trials for e in t.events)
    if not count or is_set or not stride_times:
        return ()
    share = 100.0 * EVENT_SD_S / float(np.mean(stride_times))
    return (MethodError(share * math.sqrt(2.0) * count / 2, "%", "oconnor2007"),)


#: Measure to the factor from the stride's unit to the printed one, and that unit.
_CLINICAL: Mapping[str, tuple[float, str]] = MappingProxyType(
    {
        "walking_speed": (1.0, "m/s"),
        "cadence": (60.0, "steps/min"),
        "stride_length": (1.0, "m"),
        "step_length": (1.0, "m"),
        "step_width": (1.0, "m"),
        "stride_time": (1.0, "s"),
        "step_time": (1.0, "s"),
        "stance_fraction": (100.0, "%"),
        "swing_fraction": (100.0, "%"),
        "double_support_fraction": (100.0, "%"),
        "single_support_fraction": (100.0, "%"),
    }
)
_ONE_FOR_BOTH = ("walking_speed", "cadence", "stride_length", "stride_time", "step_width", "double_support_fraction")


def _step_findings(
    key: str,
    name: str,
    unit: str,
    values: Mapping[Side, list[float]],
    person: Person,
    pace: Pace,
    timing: tuple[MethodError, ...],
) -> list[Finding]:
    error = spatiotemporal_error(key)
    change = error.minimal_detectable_change
    measure_id = f"gait.{key.removesuffix('_fraction')}"
    norm = spatiotemporal_norm(key, person.age_years, person.sex)
    is_judged = norm is not None and (pace.is_usual is not False or key == "walking_speed")
    remark = "" if is_judged or norm is None else "; walked at an unusual speed for this age, so not judged"
    method = f"foot events and heel positions, {pace.words}{remark}"
    groups: dict[Literal["left", "right", "both"], list[float]] = (
        {"both": values["left"] + values["right"]}
        if key in _ONE_FOR_BOTH
        else {"left": values["left"], "right": values["right"]}
    )
    out = []
    for side, numbers in groups.items():
        if numbers:
            estimate = interval_of_strides(numbers, (error, *timing), unit, "strides")
            verdict = judge(estimate, norm, change, is_judged)
            out.append(Finding(measure_id, name, side, estimate, method, norm, verdict, change))
    if key not in _ONE_FOR_BOTH and values["left"] and values["right"]:
        sides = [interval_of_strides(values[s], (error,), unit, "strides") for s in _SIDES]
        apart = sides[0].value - sides[1].value
        half = math.hypot(*((e.high - e.low) / 2 for e in sides))
        estimate = Estimate(apart, apart - half, apart + half, unit, sides[0].source)
        words = f"{method}; {_size_words(apart, change, unit)}" if change >= 0.05 else method
        out.append(
            Finding(
                f"{measure_id}_difference",
                f"{name}, left minus right",
                "both",
                estimate,
                words,
                minimal_detectable_change=change,
            )
        )
    return out


def _find_quality(person: Person, body: Body, pace: Pace) -> list[Finding]:
    """Return how well the model follows the markers, and whether the plates weigh this person."""
    out = []
    if pace.marker_fit_mm is not None:
        each = [fit for t in pace.trials if (fit := marker_fit_mm(body, [t])) is not None]
        low, high = min([pace.marker_fit_mm, *each]), max([pace.marker_fit_mm, *each])
        estimate = Estimate(pace.marker_fit_mm, low, high, "mm", "lowest and highest of the recordings")
        method = "distance of measured and modelled markers of trunk, pelvis and legs, root mean square over all frames"
        norm = marker_fit_norm()
        name = "Fit of the body to the markers"
        out.append(Finding("quality.marker_fit", name, "both", estimate, method, norm, judge(estimate, norm)))
    return out + _plate_mass(person, body, pace)


def marker_fit_norm() -> Norm:
    """Return the bound that published fits keep: 2 cm (addbio2023)."""
    fact = find_fact("accuracy", source="addbio2023", quantity="marker RMSE")
    limit = 10.0 * fact.number("high")
    return Norm(None, None, -math.inf, limit, "published multi-activity data", fact.source.key, fact.grade)


def marker_fit_mm(body: Body, trials: Sequence[GaitTrial]) -> float | None:
    """Return the misfit of the markers that the measures rest on, mm: the arms follow and are not judged."""
    segment = {marker.name: marker.segment for marker in body.markers}
    squares = [np.empty(0)]
    for trial in trials:
        judged = [not segment.get(name, "").startswith(ARM_SEGMENTS) for name in trial.motion.markers]
        squares.append(np.square(trial.motion.marker_error[trial.motion.is_solved > 0][:, judged]).ravel())
    together = np.concatenate(squares)
    together = together[np.isfinite(together)]
    return 1000.0 * math.sqrt(float(together.mean())) if len(together) else None


def _plate_mass(person: Person, body: Body, pace: Pace) -> list[Finding]:
    masses = []
    for trial in pace.trials:
        try:
            weight = body_weight_from_plates(trial.recording, foot_paths(body, trial.motion))
        except KinechainError:
            continue
        if weight is not None:
            masses.append(weight.mass_kg)
    if not masses:
        return []
    estimate = interval_of_strides(masses, (), "kg", "strides")
    stated = person.mass_kg if person.mass_kg is not None else body.mass_kg
    ratio = estimate.value / stated
    method = (
        f"vertical impulse of one clean stance of each foot over the stride time; {100 * (ratio - 1):+.1f} % against "
        f"{stated:.1f} kg {'stated' if person.mass_kg is not None else 'of the model'}"
    )
    return [Finding("quality.plate_mass", "Body mass as the plates weigh it in walking", "both", estimate, method)]


def _speed(body: Body, trial: GaitTrial) -> float | None:
    try:
        paths = foot_paths(body, trial.motion)
    except KinechainError:
        return None
    speeds = [stride_values(paths, c)["walking_speed"] for c in trial.cycles]
    seen = [s for s in speeds if math.isfinite(s)]
    return float(np.mean(seen)) if seen else None


def _above_zero(estimate: Estimate) -> Estimate:
    return Estimate(estimate.value, max(0.0, estimate.low), estimate.high, estimate.unit, estimate.source)
