"""Sway and load shares against paths and loads whose measures are known beforehand."""

import math

import numpy as np
import pytest

from kinechain.core.errors import RecordingError, SettingError
from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.loads.quiet_standing import (
    FootLoads,
    combined_path,
    ellipse_area,
    foot_loads,
    left_share,
    left_share_of_scales,
    mean_frequency,
    measure_standing,
    measure_sway,
    rear_share,
)
from kinechain.loads.zero_phase import zero_phase
from kinechain.motion.foot_paths import FootPaths
from kinechain.recording.recording import ForcePlate, Recording

RATE = 100.0


def circle(radius=0.01, hertz=0.25, seconds=60.0, rate=RATE):
    phase = 2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate
    return np.stack([radius * np.cos(phase), radius * np.sin(phase)], axis=1)


def plate(name, load, point, rate=RATE):
    n = len(load)
    force = np.zeros((n, 3))
    force[:, 2] = load
    where = np.broadcast_to(point, (n, 2))
    return ForcePlate(
        name, np.full((4, 3), np.nan), force, np.column_stack([where, np.zeros(n)]), np.zeros((n, 3)), rate
    )


def feet(n, heel_x=0.0, ball_x=0.2, rate=RATE):
    """Two feet of which the left stands 10 cm to the left of the middle; heel and ball 20 cm apart."""

    def path(x, shift=0.0):
        return {
            side: np.tile([x, (0.1 + shift) * sign, 0.0], (n, 1)) for side, sign in (("left", 1.0), ("right", -1.0))
        }

    return FootPaths(
        path(heel_x), path(ball_x), path(ball_x + 0.06), path(ball_x, -0.04), path(ball_x, 0.04),
        np.zeros((n, 3)), np.ones(n, dtype=bool), rate, 0.0,
    )  # fmt: skip


def test_a_circle_has_its_length_speed_and_ranges() -> None:
    sway = measure_sway(circle(), RATE)
    assert sway.path_m == pytest.approx(2 * np.pi * 0.01 * 15, rel=1e-3)
    assert sway.velocity_m_s == pytest.approx(2 * np.pi * 0.01 * 0.25, rel=1e-3)
    assert sway.range_forward_m == pytest.approx(0.02, rel=1e-6)
    assert sway.range_sideways_m == pytest.approx(0.02, rel=1e-6)
    assert sway.frequency_hz == pytest.approx(0.25, abs=0.01)


def test_the_ellipse_of_a_lissajous_path_follows_from_its_variances() -> None:
    time = np.arange(6000) / RATE
    points = np.stack([0.02 * np.sin(2 * np.pi * 0.1 * time), 0.01 * np.sin(2 * np.pi * 0.15 * time)], axis=1)
    # Each sine over whole periods has half its squared amplitude as variance; both are uncorrelated.
    expected = math.pi * -2 * math.log(0.05) * math.sqrt(0.02**2 / 2 * 0.01**2 / 2)
    assert ellipse_area(points) == pytest.approx(expected, rel=2e-3)


def test_the_ellipse_holds_95_percent_of_new_points() -> None:
    rng = np.random.default_rng(4)
    spread = np.array([[0.004, 0.0], [0.003, 0.002]])
    points = rng.standard_normal((20_000, 2)) @ spread.T
    new = rng.standard_normal((20_000, 2)) @ spread.T
    inverse = np.linalg.inv(np.cov(points, rowvar=False))
    area = ellipse_area(points)
    stretch = area / (math.pi * math.sqrt(np.linalg.det(np.cov(points, rowvar=False))))
    inside = np.einsum("ti,ij,tj->t", new, inverse, new) < stretch
    assert inside.mean() == pytest.approx(0.95, abs=0.005)


def test_the_quantile_of_few_points_is_that_of_scipy() -> None:
    from scipy.stats import f

    points = np.random.default_rng(1).standard_normal((12, 2))
    stretch = f.ppf(0.95, 2, 10) * 11 * 2 * 13 / 12 / 10
    expected = math.pi * stretch * math.sqrt(np.linalg.det(np.cov(points, rowvar=False)))
    assert ellipse_area(points) == pytest.approx(expected, rel=1e-12)


def test_the_mean_frequency_is_that_of_scipys_spectrum() -> None:
    from scipy.signal import welch

    points = np.cumsum(np.random.default_rng(2).standard_normal((6000, 2)), axis=0) * 1e-4
    means, powers = [], []
    for axis in (0, 1):
        f, p = welch(points[:, axis], RATE, "hann", 3000, 1500, 3000, "constant")
        means.append(np.trapezoid(f * p, f) / np.trapezoid(p, f))
        powers.append(p.sum())
    assert mean_frequency(points, RATE) == pytest.approx(np.dot(means, powers) / np.sum(powers), rel=1e-9)


def test_a_random_walk_is_as_long_as_its_steps() -> None:
    steps = np.random.default_rng(3).standard_normal((6000, 2)) * 1e-4
    sway = measure_sway(np.cumsum(steps, axis=0), RATE)
    assert sway.path_m == pytest.approx(np.linalg.norm(steps[1:], axis=1).sum(), rel=1e-12)
    assert sway.path_m == pytest.approx(6000 * 1e-4 * math.sqrt(math.pi / 2), rel=0.02)


def test_a_fast_plate_gives_the_same_sway_as_a_slow_one() -> None:
    slow = measure_sway(circle(rate=100.0), 100.0)
    noise = np.random.default_rng(5).standard_normal((60_000, 2)) * 2e-4
    fast = measure_sway(circle(rate=1000.0) + noise, 1000.0)
    assert fast.rate_hz == 100.0
    # Looked at 1000 times a second the noise alone would be 15 m long.
    assert fast.velocity_m_s == pytest.approx(slow.velocity_m_s, rel=0.05)
    assert fast.area_m2 == pytest.approx(slow.area_m2, rel=0.01)


def test_the_filter_is_a_butterworth_forwards_and_backwards() -> None:
    from scipy.signal import butter, sosfiltfilt

    signal = np.random.default_rng(6).standard_normal((5000, 2))
    ours = zero_phase(signal, 1000.0, above_hz=20.0, below_hz=100.0)
    sections = np.concatenate(
        [butter(2, 20.0, "high", fs=1000.0, output="sos"), butter(2, 100.0, fs=1000.0, output="sos")]
    )
    theirs = sosfiltfilt(sections, signal, axis=0)
    np.testing.assert_allclose(ours[500:-500], theirs[500:-500], atol=1e-6)
    with pytest.raises(SettingError, match="between 0 and 500"):
        zero_phase(signal, 1000.0, below_hz=600.0)


def test_two_plates_carry_the_whole_person_between_them() -> None:
    n = 6000
    left, right = np.full(n, 300.0), np.full(n, 500.0)
    path = combined_path([plate("1", left, [0.1, 0.1]), plate("2", right, [0.06, -0.1])])
    np.testing.assert_allclose(path.points, np.tile([0.075, -0.025], (n, 1)), atol=1e-12)
    np.testing.assert_allclose(path.load_n, 800.0)
    assert path.duration_s == 60.0


def test_known_loads_give_an_exact_share() -> None:
    n = 6000
    plates = [plate("1", np.full(n, 300.0), [0.1, 0.1]), plate("2", np.full(n, 500.0), [0.1, -0.1])]
    loads = foot_loads(plates, feet(n))
    assert isinstance(loads, FootLoads)
    share = left_share(loads)
    assert share.value == pytest.approx(37.5, abs=1e-12)
    assert share.low < 37.5 < share.high and share.unit == "%"


def test_two_scales_give_the_same_share() -> None:
    share = left_share_of_scales([30.0, 31.0, 29.0], [50.0, 49.0, 51.0])
    assert share.value == pytest.approx(37.5)
    with pytest.raises(RecordingError, match="as many readings"):
        left_share_of_scales([30.0], [50.0, 1.0])
    with pytest.raises(RecordingError, match="weights in kg"):
        left_share_of_scales([-30.0], [50.0])


def test_the_rear_share_is_a_lever() -> None:
    n = 6000
    # Half-way between where heel (0.2) and forefoot (0.95) press: 0.575 of 20 cm.
    plates = [plate("1", np.full(n, 400.0), [0.115, 0.1]), plate("2", np.full(n, 400.0), [0.04, -0.1])]
    loads = foot_loads(plates, feet(n))
    assert isinstance(loads, FootLoads)
    half, all_heel = rear_share(loads, feet(n), "left"), rear_share(loads, feet(n), "right")
    assert isinstance(half, Estimate) and half.value == pytest.approx(50.0)
    assert isinstance(all_heel, Estimate) and all_heel.value == pytest.approx(100.0)


def test_one_plate_under_both_feet_tells_no_share() -> None:
    n = 1000
    corners = np.array([[0.5, 0.3, 0], [-0.3, 0.3, 0], [-0.3, -0.3, 0], [0.5, -0.3, 0]])
    one = plate("plate 1", np.full(n, 800.0), [0.1, 0.0])
    one = ForcePlate(one.name, corners, one.force, one.centre_of_pressure, one.free_moment, RATE)
    answer = foot_loads([one], feet(n))
    assert isinstance(answer, NotMeasured)
    assert "both feet" in answer.reason and "scale" in answer.next_test


def test_a_foot_beside_the_plates_is_named() -> None:
    n = 1000
    answer = foot_loads([plate("plate 1", np.full(n, 400.0), [0.1, -0.1])], feet(n))
    assert isinstance(answer, NotMeasured) and "under the left foot" in answer.reason
    with pytest.raises(RecordingError, match=r"40\.8 of 80\.0 kg"):
        combined_path([plate("plate 1", np.full(n, 400.0), [0.1, -0.1])], 80.0)


def stand(load, path=None):
    path = circle(seconds=len(load) / RATE) if path is None else path
    return Recording("stand.c3d", "0" * 64, "C3D", plates=(plate("plate 1", load, path),))


def test_what_is_no_quiet_standing_is_refused_with_its_time() -> None:
    load = np.full(6000, 700.0)
    jump = load.copy()
    jump[3000:3040] = 1200.0
    answer = measure_standing(stand(jump)).sway
    assert isinstance(answer, NotMeasured) and "no quiet standing" in answer.reason and "30.0 s" in answer.reason
    step = circle()
    step[2000:] += [0.0, 0.2]
    answer = measure_standing(stand(load, step)).sway
    assert isinstance(answer, NotMeasured) and "as in a step" in answer.reason
    answer = measure_standing(stand(np.full(6000, 0.5))).sway
    assert isinstance(answer, NotMeasured) and "no force plate carries a load" in answer.reason
    lost = circle()
    lost[10:20] = np.nan
    answer = measure_standing(stand(load, lost)).sway
    assert isinstance(answer, NotMeasured) and "where the force acts" in answer.reason
    answer = measure_standing(Recording("stand.c3d", "0" * 64, "C3D")).sway
    assert isinstance(answer, NotMeasured) and "no force plate that can be used" in answer.reason


def test_a_lifted_foot_is_named() -> None:
    n = 6000
    left, right = np.full(n, 400.0), np.full(n, 400.0)
    left[2000:2100], right[2000:2100] = 0.0, 800.0
    from kinechain.loads.quiet_standing import _refuse_lifted

    loads = FootLoads(left, right, np.zeros((n, 2)), np.zeros((n, 2)), RATE)
    with pytest.raises(RecordingError, match=r"left foot is lifted at 20\.0 s"):
        _refuse_lifted(loads)


def test_a_stand_of_one_second_shows_no_sway_and_half_a_minute_no_frequency() -> None:
    answer = measure_standing(stand(np.full(100, 700.0))).sway
    assert isinstance(answer, NotMeasured) and "lasts 1.0 s" in answer.reason
    answer = measure_standing(stand(np.full(2000, 700.0))).sway
    assert not isinstance(answer, NotMeasured)
    assert answer.frequency_hz is None and answer.velocity_m_s > 0
