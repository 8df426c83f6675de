"""The Movement Analysis Profile and the Gait Profile Score, by hand."""

import math

import numpy as np
import pytest
from walks import like, walk

from kinechain.findings.gait_profile import (
    PELVIS_VARIABLES,
    PROFILE_VARIABLES,
    compute_gait_profile,
    find_gait_profile,
    rms,
)
from kinechain.findings.norms import curve_norms

NORMS = curve_norms(40.0)


def test_a_walk_equal_to_the_norm_scores_zero() -> None:
    profile = compute_gait_profile([walk(like(NORMS))], NORMS)
    assert profile is not None
    assert profile.overall == pytest.approx(0.0, abs=1e-9)
    assert len(profile.scores) == 18


def test_a_constant_shift_is_its_own_distance() -> None:
    profile = compute_gait_profile([walk(like(NORMS, {"knee_flexion": 6.0}))], NORMS)
    assert profile is not None
    assert profile.scores["knee_flexion", "left"] == pytest.approx((6.0, 6.0, 6.0))
    # one of nine variables is 6 deg away: sqrt(36 / 9) = 2; over fifteen, two of them: sqrt(72 / 15)
    assert profile.left == pytest.approx((2.0, 2.0, 2.0))
    assert profile.overall == pytest.approx(math.sqrt(72.0 / 15.0))


def test_a_sine_is_its_amplitude_over_root_two() -> None:
    curves = like(NORMS)
    wave = np.radians(4.0) * np.sin(2 * np.pi * np.linspace(0, 1, 101))
    curves["hip_flexion_right"] = NORMS["hip_flexion"].mean + wave
    profile = compute_gait_profile([walk(curves)], NORMS)
    assert profile is not None
    # 51 points from 0 to 100 %: the two ends are zero, so 50 points hold the full sine
    assert profile.scores["hip_flexion", "right"][0] == pytest.approx(4.0 * math.sqrt(25.0 / 51.0), abs=1e-6)


def test_the_pelvis_counts_once_over_all_and_on_each_side() -> None:
    shift = {f"{a}_{s}": 3.0 for a in PELVIS_VARIABLES for s in ("left", "right")}
    profile = compute_gait_profile([walk(like(NORMS, shift))], NORMS)
    assert profile is not None
    assert profile.left[0] == pytest.approx(math.sqrt(3 * 9.0 / 9))
    assert profile.right[0] == pytest.approx(math.sqrt(3 * 9.0 / 9))
    assert profile.overall == pytest.approx(math.sqrt(3 * 9.0 / 15))


def test_rms_of_three_and_four() -> None:
    assert rms([3.0, 4.0]) == pytest.approx(math.sqrt(12.5))


def test_a_missing_variable_leaves_the_bars_and_refuses_the_score() -> None:
    curves = like(NORMS)
    del curves["hip_rotation_left"]
    findings, unmeasured = find_gait_profile([walk(curves)], NORMS)
    assert [u.id for u in unmeasured] == ["gait_profile.gps"]
    assert "hip rotation left" in unmeasured[0].answer.reason
    sides = {f.side for f in findings if f.id == "gait_profile.gps"}
    assert sides == {"right"}
    assert sum(f.id.startswith("gait_profile.map_") for f in findings) == 17


def test_scores_are_never_judged_and_say_what_they_hold() -> None:
    findings, _ = find_gait_profile([walk(like(NORMS, {"pelvis_tilt": 10.0}))], NORMS)
    scores = [f for f in findings if f.id == "gait_profile.gps"]
    assert {f.side for f in scores} == {"left", "right", "both"}
    for finding in findings:
        assert finding.verdict == "unknown" and finding.norm is None
        assert "one laboratory, adults" in finding.method and "offset" in finding.method
        assert 0.0 <= finding.estimate.low <= finding.estimate.value <= finding.estimate.high
    assert scores[0].minimal_detectable_change == 1.6


def test_the_score_never_leaves_the_range_of_its_variables() -> None:
    shift = {angle: float(k) for k, angle in enumerate(PROFILE_VARIABLES)}
    profile = compute_gait_profile([walk(like(NORMS, shift))], NORMS)
    assert profile is not None and profile.overall is not None
    assert 0.0 <= profile.left[0] <= 8.0 and 0.0 <= profile.overall <= 8.0
