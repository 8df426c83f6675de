"""Measures of standing: pelvis, trunk, knees, feet, leg lengths.

Each is geometry on the mean positions of the landmarks.  Intervals carry the placement of
the markers (every landmark is uncertain on its own, see ``accuracy.propagate``), the
variation between frames, and, for angles, the drift of a standing person, which a
recording of one frame shows nothing of.  Leg-length differences carry the error that
was found against radiographs.

Nothing here is guessed from few points: without the landmarks a measure is not measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from kinechain.body.body import Body
from kinechain.care.finding import Finding, Norm, Unmeasured
from kinechain.care.person.person import Person
from kinechain.core.arrays import FloatArray
from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.evidence.library import find_fact
from kinechain.findings.accuracy import Z95, MethodError, angle_error, drift_half_width, leg_length_error, propagate
from kinechain.findings.landmarks import CENTRES, Landmarks, read_landmarks
from kinechain.findings.norms import fact_norm
from kinechain.findings.verdict import ADULT_YEARS, judge
from kinechain.motion.angles import angle_support, compute_angles
from kinechain.motion.motion import Motion
from kinechain.recording.recording import Recording, Side

__all__ = [
    "arch_height_ratio",
    "find_posture",
    "foot_progression_deg",
    "frontal_knee_angle_deg",
    "hindfoot_eversion_deg",
    "pelvic_obliquity_deg",
    "pelvic_tilt_deg",
]

Points = Mapping[str, FloatArray]
_SIDES: tuple[Side, ...] = ("left", "right")
_PELVIS_TEST = "Stand with markers on all four iliac spines, or measure with an inclinometer on ASIS and PSIS"
_KNEE_TEST = "Stand with markers on both femoral epicondyles and both malleoli of each leg"
_ARCH_TEST = "Navicular drop and Foot Posture Index (FPI-6)"
_HEEL_TEST = "Resting calcaneal stance position, or two markers on the back of the heel"
_LEG_TEST = "Blocks under the shorter leg until the pelvis is level"
_PALPATION = "Palpate the landmarks of both legs and record the standing trial again"


def pelvic_tilt_deg(p: Points) -> float:
    """Return how far the line from PSIS to ASIS dips forward, deg; points ``asis_r``, ``asis_l``, ``sacrum``."""
    line = (p["asis_r"] + p["asis_l"]) / 2 - p["sacrum"]
    return math.degrees(math.atan2(-line[2], math.hypot(line[0], line[1])))


def pelvic_obliquity_deg(p: Points) -> float:
    """Return the slope of the line between the ASIS, right side up positive, deg; points ``asis_r``, ``asis_l``."""
    line = p["asis_r"] - p["asis_l"]
    return math.degrees(math.atan2(line[2], math.hypot(line[0], line[1])))


def frontal_knee_angle_deg(p: Points, side: Side) -> float:
    """Return the hip-knee-ankle angle in the frontal plane of the knee, varus positive, deg.

    Parameters
    ----------
    p : mapping
        ``hip``, ``knee``, ``ankle``, ``lateral`` and ``medial`` (epicondyles), (3,) arrays, m.
    side : 'left' or 'right'

    Notes
    -----
    The plane holds the line from hip to ankle and the epicondyles, as a radiograph with the patella forward does.
    """
    up = _unit(p["hip"] - p["ankle"])
    out = p["lateral"] - p["medial"]
    out = _unit(out - (out @ up) * up)
    thigh, shank = p["hip"] - p["knee"], p["knee"] - p["ankle"]
    lean = [math.atan2(float(v @ out), float(v @ up)) for v in (thigh, shank)]
    # In varus the knee stands lateral of the line: the thigh leans inward from the knee, the shank outward.
    return math.degrees(lean[1] - lean[0])


def sagittal_knee_angle_deg(p: Points, side: Side) -> float:
    """Return the angle of the knee seen from the side, flexion positive, deg; points as ``frontal_knee_angle_deg``."""
    up = _unit(p["hip"] - p["ankle"])
    out = p["lateral"] - p["medial"]
    out = _unit(out - (out @ up) * up)
    forward = np.cross(up, out) if side == "right" else np.cross(out, up)
    # right: up x (rightward) = forward in a frame of x forward, y left, z up
    thigh, shank = p["hip"] - p["knee"], p["knee"] - p["ankle"]
    lean = [math.atan2(float(v @ forward), float(v @ up)) for v in (thigh, shank)]
    return math.degrees(lean[1] - lean[0])


def hindfoot_eversion_deg(p: Points, side: Side) -> float:
    """Return the slope of the back of the heel against the vertical, eversion positive, deg.

    Parameters
    ----------
    p : mapping
        ``heel`` (low), ``heel_proximal`` (high), ``toe`` (second metatarsal head), (3,) arrays, m.
    side : 'left' or 'right'

    Notes
    -----
    Seen along the foot.  Everted: the low point stands lateral of the high one.
    """
    ahead = p["toe"] - p["heel"]
    ahead = _unit(np.array([ahead[0], ahead[1], 0.0]))
    lateral = np.array([ahead[1], -ahead[0], 0.0]) * (1.0 if side == "right" else -1.0)
    line = p["heel"] - p["heel_proximal"]
    return math.degrees(math.atan2(float(line @ lateral), -float(line[2])))


def foot_progression_deg(p: Points, side: Side) -> float:
    """Return how far a foot turns against the pelvis, toe-in positive, deg.

    Parameters
    ----------
    p : mapping
        ``heel``, ``toe`` (second metatarsal head), ``asis_r``, ``asis_l``, (3,) arrays, m.
    side : 'left' or 'right'
    """
    left = p["asis_l"] - p["asis_r"]
    left = _unit(np.array([left[0], left[1], 0.0]))
    forward = np.array([left[1], -left[0], 0.0])
    foot = p["toe"] - p["heel"]
    turn = math.atan2(float(foot @ left), float(foot @ forward))
    return math.degrees(turn if side == "right" else -turn)


def arch_height_ratio(p: Points) -> float:
    """Return the height of the navicular above the lowest foot marker over the length of the truncated foot.

    Parameters
    ----------
    p : mapping
        ``navicular``, ``heel``, ``first`` (first metatarsal head), (3,) arrays, m.
    """
    floor = min(float(p["heel"][2]), float(p["first"][2]))
    length = math.hypot(*(p["first"] - p["heel"])[:2])
    return (float(p["navicular"][2]) - floor) / length


def find_posture(
    person: Person, body: Body | None, recording: Recording, motion: Motion | None
) -> tuple[list[Finding], list[Unmeasured]]:
    """Return every measure of standing, and those that the markers do not allow.

    Parameters
    ----------
    person : Person
    body : Body or None
    recording : Recording
        The standing trial, prepared.
    motion : Motion or None
        Solved from it.
    """
    marks = read_landmarks(recording, body, motion)
    view = _View(person, marks, [], [])
    _find_trunk(view, body, motion)
    _find_pelvis(view)
    for side in _SIDES:
        _find_knee(view, side)
        _find_foot(view, side)
    _find_leg_lengths(view)
    return view.findings, view.unmeasured


@dataclass(frozen=True)
class _View:
    """What the measures of one standing trial look at and add to."""

    person: Person
    marks: Landmarks
    findings: list[Finding]
    unmeasured: list[Unmeasured]

    @property
    def frames_words(self) -> str:
        count = self.marks.frames
        return "one frame" if count == 1 else f"{count} frames over {self.marks.duration_s:.1f} s"

    def miss(
        self, measure: str, name: str, side: Literal["left", "right", "both"], lacking: tuple[str, ...] | str, test: str
    ) -> None:
        """Add a measure that the landmarks do not allow."""
        if not isinstance(lacking, str):
            lacking = f"no marker on {_list([_spoken(n) for n in lacking])}"
        self.unmeasured.append(Unmeasured(measure, name, side, NotMeasured(lacking, test)))

    def add(
        self,
        measure: str,
        name: str,
        side: Literal["left", "right", "both"],
        estimate: Estimate,
        method: str,
        norm: Norm | None = None,
        change: float | None = None,
    ) -> None:
        """Add a measure, judged against an adult norm if the person is known to be an adult."""
        is_adult = self.person.age_years is not None and self.person.age_years >= ADULT_YEARS
        verdict = judge(estimate, norm, change, is_adult and norm is not None and norm.is_adult)
        text = f"standing, {self.frames_words}; {method}"
        if norm is not None and not is_adult:
            text += "; age not known, not judged" if self.person.age_years is None else "; adult norm, not judged"
        self.findings.append(Finding(measure, name, side, estimate, text, norm, verdict, change))

    def angle(self, compute: Callable[[Points], float], names: Mapping[str, str]) -> tuple[Estimate, float]:
        """Return an angle with its interval, and its minimal detectable change, deg."""
        mean = self.marks.means(*names.values())
        points = {key: mean[name] for key, name in names.items()}
        value = compute(points)
        placement = Z95 * propagate(compute, points)
        frames = self.marks.frames_of(*names.values())
        values = np.array([compute({key: f[name] for key, name in names.items()}) for f in frames])
        sway = Z95 * float(values.std(ddof=1)) if len(values) > 1 else 0.0
        drift = drift_half_width(self.marks.duration_s)
        half = math.hypot(placement, sway, drift)
        source = "marker placement (kinechain_choice), frames of this recording, drift of standing (pan2021)"
        if any(name.startswith("hip_centre") for name in names.values()):
            source += ", hip centre (mantovani2016)"
        return Estimate(value, value - half, value + half, "deg", source), math.sqrt(2.0) * math.hypot(placement, drift)


def _find_pelvis(view: _View) -> None:
    marks = view.marks
    tilt = ("asis_r", "asis_l", "sacrum")
    if marks.has(*tilt):
        estimate, change = view.angle(pelvic_tilt_deg, {n: n for n in tilt})
        norm = _by_sex(view.person, "pelvic angle ASIS-PSIS, standing, inclinometer")
        view.add(
            "pelvis.tilt_standing", "Anterior pelvic tilt", "both", estimate, "line from PSIS to ASIS", norm, change
        )
    else:
        view.miss("pelvis.tilt_standing", "Anterior pelvic tilt", "both", marks.lacking(*tilt), _PELVIS_TEST)
    level = ("asis_r", "asis_l")
    name = "Pelvic obliquity, right side up"
    if marks.has(*level):
        estimate, change = view.angle(pelvic_obliquity_deg, {n: n for n in level})
        view.add("pelvis.obliquity_standing", name, "both", estimate, "line between the ASIS", None, change)
    else:
        view.miss("pelvis.obliquity_standing", name, "both", marks.lacking(*level), _PELVIS_TEST)


def _find_trunk(view: _View, body: Body | None, motion: Motion | None) -> None:
    """Add thorax against pelvis from the fitted body; lordosis itself needs markers along the lumbar spine."""
    view.miss(
        "lumbar.lordosis_standing",
        "Lumbar lordosis",
        "both",
        "the curve between two skin markers cannot be told: C7, T10 and the iliac spines do not show it",
        "Flexible ruler or inclinometers at T12 and S1, markers along the lumbar spine, or a standing radiograph",
    )
    wanted = (
        ("lumbar.flexion_standing", "Lumbar flexion (thorax against pelvis)", "lumbar_flexion"),
        ("lumbar.bending_standing", "Lumbar side bending, to the right", "lumbar_bending"),
        ("thorax.tilt_standing", "Forward tilt of the thorax", "thorax_tilt"),
        ("thorax.lean_standing", "Trunk lean, to the right", "trunk_lean"),
    )
    test = "Stand with markers on C7, T10, both ends of the sternum and all four iliac spines"
    if body is None or motion is None:
        for measure, name, _ in wanted:
            view.miss(measure, name, "both", "no body was fitted to the standing trial", test)
        return
    angles = compute_angles(body, motion)
    reasons = angle_support(body, motion)
    for measure, name, angle in wanted:
        label = f"{angle}_right"
        values = np.degrees(angles.angle(label))
        values = values[np.isfinite(values)]
        if len(values):
            estimate, change = _of_model(values, angle, view.marks.duration_s)
            view.add(
                measure, name, "both", estimate, "fitted body; its zero is the body's neutral posture", None, change
            )
        else:
            view.miss(
                measure, name, "both", reasons.get(label, "the frames of the standing trial were not solved"), test
            )


def _of_model(values: FloatArray, angle: str, duration_s: float) -> tuple[Estimate, float]:
    error = angle_error(angle)
    sway = Z95 * float(values.std(ddof=1)) if len(values) > 1 else 0.0
    drift = drift_half_width(duration_s)
    half = math.hypot(Z95 * error.sem, sway, drift)
    value = float(values.mean())
    source = f"method error ({error.source}), frames of this recording, drift of standing (pan2021)"
    return Estimate(value, value - half, value + half, "deg", source), math.hypot(
        error.minimal_detectable_change, math.sqrt(2.0) * drift
    )


def _find_knee(view: _View, side: Side) -> None:
    marks = view.marks
    s = side[0]
    names = {
        "hip": f"hip_centre_{s}",
        "knee": f"knee_centre_{s}",
        "ankle": f"ankle_centre_{s}",
        "lateral": f"lateral_femoral_epicondyle_{s}",
        "medial": f"medial_femoral_epicondyle_{s}",
    }
    frontal, sagittal = "Knee alignment in the frontal plane, varus positive", "Knee flexion in standing"
    if not marks.has(*names.values()):
        lacking = _bounding(marks, names.values())
        view.miss("knee.alignment_standing", frontal, side, lacking, _KNEE_TEST)
        view.miss("knee.flexion_standing", sagittal, side, lacking, _KNEE_TEST)
        return
    # The centre of the knee is the middle of its markers, so their errors must not be counted twice.
    free = {k: v for k, v in names.items() if k != "knee"}

    def with_centre(p: Points) -> Points:
        return {**p, "knee": (p["lateral"] + p["medial"]) / 2}

    estimate, change = view.angle(lambda p: frontal_knee_angle_deg(with_centre(p), side), free)
    norm = _by_sex(view.person, "hip-knee-ankle angle, standing radiograph")
    method = "hip, knee and ankle centres in the plane of the epicondyles"
    view.add("knee.alignment_standing", frontal, side, estimate, method, norm, change)
    estimate, change = view.angle(lambda p: sagittal_knee_angle_deg(with_centre(p), side), free)
    view.add("knee.flexion_standing", sagittal, side, estimate, f"{method}, seen from the side", None, change)


def _find_foot(view: _View, side: Side) -> None:
    marks, s = view.marks, side[0]
    heel = {"heel": f"heel_{s}", "heel_proximal": f"heel_proximal_{s}", "toe": f"metatarsal_2_head_{s}"}
    name = "Hindfoot alignment, eversion positive"
    if marks.has(*heel.values()):
        estimate, change = view.angle(lambda p: hindfoot_eversion_deg(p, side), heel)
        view.add("hindfoot.alignment_standing", name, side, estimate, "back of the heel against vertical", None, change)
    else:
        view.miss("hindfoot.alignment_standing", name, side, marks.lacking(*heel.values()), _HEEL_TEST)
    turn = {"heel": f"heel_{s}", "toe": f"metatarsal_2_head_{s}", "asis_r": "asis_r", "asis_l": "asis_l"}
    name = "Foot progression, toe-in positive"
    if marks.has(*turn.values()):
        estimate, change = view.angle(lambda p: foot_progression_deg(p, side), turn)
        view.add("foot.progression_standing", name, side, estimate, "heel to toe line against the pelvis", None, change)
    else:
        test = "Stand with markers on heel and second metatarsal head, or trace the feet on paper"
        view.miss("foot.progression_standing", name, side, marks.lacking(*turn.values()), test)
    _find_arch(view, side)


def _find_arch(view: _View, side: Side) -> None:
    marks, s = view.marks, side[0]
    names = {"navicular": f"navicular_{s}", "heel": f"heel_{s}", "first": f"metatarsal_1_head_{s}"}
    name = "Arch height over truncated foot length"
    if not marks.has(*names.values()):
        view.miss("foot.arch_height_standing", name, side, marks.lacking(*names.values()), _ARCH_TEST)
        return
    mean = marks.means(*names.values())
    points = {key: mean[n] for key, n in names.items()}
    value = arch_height_ratio(points)
    half = Z95 * propagate(arch_height_ratio, points)
    estimate = Estimate(value, value - half, value + half, "ratio", "marker placement (kinechain_choice)")
    change = math.sqrt(2.0) * half
    view.add("foot.arch_height_standing", name, side, estimate, "navicular above the lowest foot marker", None, change)


@dataclass(frozen=True)
class _Length:
    """One way to measure a leg: the landmarks in a row, and the error of a left-right difference."""

    id: str
    name: str
    stems: tuple[str, ...]
    error: str
    how: str


_LENGTHS = (
    _Length(
        "leg.length_markers",
        "Leg length, trochanter to outer ankle",
        ("greater_trochanter", "lateral_femoral_epicondyle", "lateral_malleolus"),
        "markers",
        "trochanter to lateral epicondyle to lateral malleolus",
    ),
    _Length(
        "leg.length_joint_centres",
        "Leg length, hip to ankle centre",
        ("hip_centre", "knee_centre", "ankle_centre"),
        "joint_centres",
        "hip to knee to ankle centre",
    ),
    _Length(
        "leg.length_asis",
        "Leg length, ASIS to inner ankle",
        ("asis", "medial_femoral_epicondyle", "medial_malleolus"),
        "markers",
        "ASIS to medial epicondyle to medial malleolus",
    ),
)


def _find_leg_lengths(view: _View) -> None:
    centres = next(length for length in _LENGTHS if length.error == "joint_centres")
    told = _side_difference(view.marks, centres)
    for length in _LENGTHS:
        values = {side: _leg_length(view.marks, length, side) for side in _SIDES}
        error = leg_length_error(length.error)
        for side, value in values.items():
            if value is None:
                lacking = _bounding(view.marks, [f"{stem}_{side[0]}" for stem in length.stems])
                view.miss(length.id, length.name, side, lacking, _LEG_TEST)
            else:
                # One leg carries half the variance of a difference of two.
                half = Z95 * error.sem / math.sqrt(2.0)
                estimate = Estimate(value, value - half, value + half, "mm", f"{error.source}, one leg of two")
                view.add(length.id, length.name, side, estimate, length.how)
        difference = _side_difference(view.marks, length)
        if difference is None:
            continue
        if told is not None and abs(difference - told) > _contradiction_mm(length, centres):
            text = (
                f"the markers differ by {difference:.0f} mm between the sides and the joint centres by {told:.0f} mm, "
                "which no leg can do: a marker does not sit where its name says"
            ).replace("-", "\N{MINUS SIGN}")
            view.miss(f"{length.id}_difference", f"{length.name}, left minus right", "both", text, _PALPATION)
        else:
            _add_difference(view, length.id, length.name, difference, error, length.how)
    _find_functional(view)


def _side_difference(marks: Landmarks, length: _Length) -> float | None:
    """Return left minus right, mm; None where a side is not known."""
    left, right = (_leg_length(marks, length, side) for side in _SIDES)
    return None if left is None or right is None else left - right


def _contradiction_mm(length: _Length, other: _Length) -> float:
    """Return how far the left-right differences of two definitions lie apart beyond both their errors, mm."""
    return Z95 * math.hypot(leg_length_error(length.error).sem, leg_length_error(other.error).sem)


def _leg_length(marks: Landmarks, length: _Length, side: Side) -> float | None:
    names = [f"{stem}_{side[0]}" for stem in length.stems]
    if not marks.has(*names):
        return None
    mean = marks.means(*names)
    if not mean:
        return None
    return 1000.0 * sum(float(np.linalg.norm(mean[a] - mean[b])) for a, b in pairwise(names))


def _find_functional(view: _View) -> None:
    """Add the difference in height of the hips over a level floor, which posture and arches shape as well as bones."""
    names = ("hip_centre_l", "hip_centre_r")
    title = "Functional leg length"
    if not view.marks.has(*names):
        lacking = _bounding(view.marks, names)
        view.miss("leg.length_functional_difference", f"{title}, left minus right", "both", lacking, _LEG_TEST)
        return
    mean = view.marks.means(*names)
    error = leg_length_error("joint_centres")
    how = "height of the hip centres over a level floor, as the person stands"
    heights = [1000.0 * float(mean[f"hip_centre_{s}"][2]) for s in ("l", "r")]
    _add_difference(view, "leg.length_functional", title, heights[0] - heights[1], error, how, is_functional=True)


def _add_difference(
    view: _View, measure: str, name: str, value: float, error: MethodError, how: str, is_functional: bool = False
) -> None:
    half = Z95 * error.sem
    if is_functional:
        drift = math.tan(math.radians(drift_half_width(view.marks.duration_s))) * _hip_width_mm(view.marks)
        half = math.hypot(half, drift)
    estimate = Estimate(value, value - half, value + half, "mm", f"{error.source}, against radiographs of children")
    norm = None if is_functional else _leg_length_norm()
    change = error.minimal_detectable_change
    words = "smaller than the method can tell" if abs(value) < half else "larger than the method's own error"
    view.add(
        f"{measure}_difference",
        f"{name}, left minus right",
        "both",
        estimate,
        f"{how}; {words} (95 % ± {half:.0f} mm)",
        norm,
        change,
    )


def _hip_width_mm(marks: Landmarks) -> float:
    mean = marks.means("hip_centre_l", "hip_centre_r")
    return 1000.0 * float(np.linalg.norm(mean["hip_centre_l"] - mean["hip_centre_r"]))


def _leg_length_norm() -> Norm:
    """Return the usual difference: mean 5.2 (SD 4.1) mm on radiographs, either leg longer (knutson2005)."""
    fact = find_fact("normative_posture_foot", item="leg length inequality", quantity="mean magnitude")
    limit = fact.number() + Z95 * fact.number("sd")
    return Norm(0.0, None, -limit, limit, "radiographic studies of the general population", fact.source.key, fact.grade)


def _by_sex(person: Person, item: str) -> Norm | None:
    """Return the norm of a sex; of both, from the lower to the upper limit, if the sex is not known."""
    groups = {"female": ("women",), "male": ("men",), None: ("women", "men")}[person.sex]
    found = [
        n for g in groups if (n := fact_norm(find_fact("normative_posture_foot", item=item, subgroup=g))) is not None
    ]
    if len(found) < 2:
        return found[0] if found else None
    low, high = min(n.low for n in found), max(n.high for n in found)
    cohort = " or ".join(n.cohort for n in found)
    return Norm(None, None, low, high, cohort, found[0].source, found[0].grade)


def _bounding(marks: Landmarks, names: Iterable[str]) -> tuple[str, ...]:
    """Return the skin landmarks that are missing; a joint centre is named by the markers that bound it."""
    out: list[str] = []
    for name in names:
        stem, _, s = name.rpartition("_")
        if marks.has(name):
            continue
        if stem == "hip_centre":
            out += marks.lacking("asis_r", "asis_l", "sacrum")
        elif stem in CENTRES:
            out += marks.lacking(*(f"{p}_{s}" for p in CENTRES[stem]))
        else:
            out.append(name)
    return tuple(dict.fromkeys(out))


def _spoken(name: str) -> str:
    stem, _, s = name.rpartition("_")
    if s in ("r", "l"):
        return f"the {'right' if s == 'r' else 'left'} {stem.replace('_', ' ')}"
    return f"the {name.replace('_', ' ')}"


def _list(words: list[str]) -> str:
    return ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else (words[0] if words else "a landmark")


def _unit(vector: FloatArray) -> FloatArray:
    return np.asarray(vector / np.linalg.norm(vector))
