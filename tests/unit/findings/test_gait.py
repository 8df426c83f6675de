"""Measures of walking from strides whose curves are stated."""

import math

import numpy as np
import pytest
from walks import like, walk

from kinechain.evidence.library import find_fact
from kinechain.findings.accuracy import (
    MethodError,
    angle_error,
    drift_half_width,
    interval_of_strides,
    leg_length_error,
    level_error,
    propagate,
    spatiotemporal_error,
)
from kinechain.findings.gait import GAIT_MEASURES, Pace, find_angle_measures
from kinechain.findings.norms import curve_norms
from kinechain.motion.signs import ANGLES
from kinechain.motion.spatiotemporal import MEASURES

ADULT = curve_norms(40.0)


def pace(curves: dict, is_usual: bool | None = True, strides: int = 3) -> Pace:
    return Pace((walk(curves, strides),), 1.3, (), is_usual)


def found(curves: dict, norms: dict = ADULT, is_usual: bool | None = True) -> dict:
    findings, _ = find_angle_measures(pace(curves, is_usual), norms, {})
    return {(f.id, f.side): f for f in findings}


def test_a_walk_like_the_norm_lies_within_it() -> None:
    walker = found(like(ADULT))
    assert walker["knee.flexion_peak_swing", "left"].verdict == "within"
    assert walker["knee.flexion_peak_swing", "left"].estimate.value == pytest.approx(64.8, abs=0.2)
    assert all(f.verdict != "outside" for f in walker.values())


def test_a_stiff_knee_lies_outside_on_its_side_only() -> None:
    walker = found(like(ADULT, {"knee_flexion_left": -35.0}))
    assert walker["knee.flexion_peak_swing", "left"].verdict == "outside"
    assert walker["knee.flexion_peak_swing", "right"].verdict == "within"
    difference = walker["knee.flexion_peak_swing_difference", "both"]
    assert difference.estimate.value == pytest.approx(-35.0)
    assert difference.norm is None and difference.verdict == "unknown"


def test_extension_and_plantarflexion_are_named_with_their_own_sign() -> None:
    walker = found(like(ADULT))
    assert walker["hip.extension_peak_stance", "left"].estimate.value == pytest.approx(
        -np.degrees(ADULT["hip_flexion"].mean[:61].min())
    )
    assert walker["ankle.plantarflexion_push_off", "left"].estimate.value > 5
    norm = walker["ankle.plantarflexion_push_off", "left"].norm
    assert norm is not None and norm.low < norm.mean < norm.high  # type: ignore[operator]


def test_nobody_is_judged_without_an_age_or_against_children() -> None:
    stiff = like(ADULT, {"knee_flexion": -40.0})
    for norms in (curve_norms(None), curve_norms(40.0, "children_free")):
        assert {f.verdict for f in found(stiff, norms).values()} == {"unknown"}
    assert "age not known" in found(stiff, curve_norms(None))["knee.flexion_peak_swing", "left"].method


def test_a_walk_at_an_unusual_speed_is_not_judged() -> None:
    slow = found(like(ADULT, {"knee_flexion": -40.0}), is_usual=False)
    assert {f.verdict for f in slow.values()} == {"unknown"}
    assert "unusual speed" in slow["knee.flexion_peak_swing", "left"].method


def test_angles_of_a_body_that_misses_its_markers_are_not_judged() -> None:
    stiff = Pace((walk(like(ADULT, {"knee_flexion": -40.0})),), 1.3, (), True, 35.0)
    findings, _ = find_angle_measures(stiff, ADULT, {})
    assert {f.verdict for f in findings} == {"unknown"}
    assert "misses the markers by 35 mm" in next(f for f in findings if f.norm is not None).method


def test_levels_that_depend_on_the_model_are_not_judged() -> None:
    walker = found(like(ADULT, {"hip_rotation": 60.0}))
    assert walker["hip.rotation_mean_stance", "left"].verdict == "unknown"


def test_ranges_have_no_norm_and_say_so() -> None:
    finding = found(like(ADULT))["knee.flexion_range", "left"]
    assert finding.norm is None and "not published" in finding.method
    assert finding.estimate.value == pytest.approx(math.degrees(np.ptp(ADULT["knee_flexion"].mean)))


def test_a_small_difference_says_that_it_is_below_its_error() -> None:
    walker = found(like(ADULT, {"knee_flexion_left": 2.0}))
    assert "smaller than the method can tell (5.0 deg)" in walker["knee.flexion_peak_swing_difference", "both"].method


def test_an_angle_that_was_not_measured_says_why() -> None:
    curves = {k: v for k, v in like(ADULT).items() if not k.startswith("hallux")}
    reasons = {f"hallux_dorsiflexion_{s}": "it needs markers on the toes" for s in ("left", "right")}
    _, unmeasured = find_angle_measures(pace(curves), ADULT, reasons)
    hallux = next(u for u in unmeasured if u.id == "hallux.dorsiflexion_peak_stance")
    assert hallux.answer.reason == "it needs markers on the toes" and hallux.answer.next_test


def test_one_side_missing_leaves_the_other() -> None:
    curves = {k: v for k, v in like(ADULT).items() if k != "knee_flexion_left"}
    findings, unmeasured = find_angle_measures(pace(curves), ADULT, {})
    assert {f.side for f in findings if f.id == "knee.flexion_peak_swing"} == {"right"}
    assert {u.side for u in unmeasured if u.id == "knee.flexion_peak_swing"} == {"left"}


def test_measures_take_the_phase_they_name() -> None:
    percent = np.arange(101.0)
    curves = {f"knee_flexion_{s}": np.radians(percent) for s in ("left", "right")}
    walker = found(curves)
    assert walker["knee.flexion_contact", "left"].estimate.value == pytest.approx(0.0, abs=1e-9)
    assert walker["knee.flexion_loading", "left"].estimate.value == pytest.approx(24.0)  # 40 % of a stance of 60 %
    assert walker["knee.flexion_minimum_stance", "left"].estimate.value == pytest.approx(15.0)
    assert walker["knee.flexion_peak_swing", "left"].estimate.value == pytest.approx(100.0)


def test_every_measure_is_of_an_angle_we_have_and_has_its_own_id() -> None:
    ours = {a.id for a in ANGLES}
    assert all(m.angle in ours for m in GAIT_MEASURES)
    assert len({m.id for m in GAIT_MEASURES}) == len(GAIT_MEASURES)


# ---- errors ----


def test_errors_are_those_of_their_sources() -> None:
    assert angle_error("knee_flexion").minimal_detectable_change == pytest.approx(5.0)
    assert angle_error("hindfoot_eversion").sem == 4.86
    assert angle_error("hindfoot_eversion", is_range=True).sem == 2.45
    assert angle_error("hip_rotation").sem == pytest.approx(7.59 / 2)
    assert angle_error("lumbar_bending").sem == 2.1
    assert level_error("foot_progression").sem == 2.1 and level_error("knee_flexion").sem == 1.7
    assert [leg_length_error(m).sem for m in ("joint_centres", "markers", "tape")] == [6.2, 11.5, 7.0]
    assert spatiotemporal_error("walking_speed").sem == 0.03
    assert spatiotemporal_error("cadence").unit == "steps/min" and spatiotemporal_error("cadence").sem == 2.48


def test_every_angle_and_every_step_measure_has_an_error() -> None:
    for angle in ANGLES:
        for is_range in (False, True):
            assert 0 < angle_error(angle.id, is_range).sem < 10
        assert level_error(angle.id).sem > 0
    for key in MEASURES:
        assert spatiotemporal_error(key).sem > 0


def test_the_interval_joins_strides_and_method() -> None:
    error = MethodError(2.0, "deg", "paper")
    values = [9.0, 10.0, 11.0]
    estimate = interval_of_strides(values, (error,), "deg", "strides")
    half = math.hypot(4.302652729911275 * 1.0 / math.sqrt(3.0), 1.96 * 2.0)  # t of two degrees of freedom
    assert estimate.value == 10.0 and estimate.high - 10.0 == pytest.approx(half)
    assert "3 strides" in estimate.source and "paper" in estimate.source


def test_one_stride_says_that_its_spread_is_not_known() -> None:
    estimate = interval_of_strides([10.0], (MethodError(1.0, "deg", "paper"),), "deg", "strides")
    assert estimate.high == pytest.approx(11.96) and "not known" in estimate.source


def test_errors_of_points_add_up_by_squares() -> None:
    points = {"a": np.zeros(3), "b": np.array([0.0, 0.0, 1.0])}
    sd = propagate(lambda p: float(p["b"][2] - p["a"][2]), points)
    landmark = find_fact("accuracy", source="kinechain_choice", item="Skin marker on a bony landmark").number() / 1000
    assert sd == pytest.approx(landmark * math.sqrt(2.0), rel=1e-6)


def test_drift_fades_with_the_length_of_the_recording() -> None:
    assert drift_half_width(0.0) == 3.0
    assert 0.0 < drift_half_width(30.0) < 3.0
    assert drift_half_width(60.0) == drift_half_width(600.0) == 0.0
