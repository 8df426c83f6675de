"""Strides from events, and curves over strides."""

from __future__ import annotations

import numpy as np
import pytest

from kinechain.motion.cycles import Cycle, find_cycles, normalize
from kinechain.motion.motion import Angles
from kinechain.recording.recording import Event
from walker import STANCE, strikes


def events(stride_s: float = 1.0, lasts_s: float = 3.4) -> list[Event]:
    out = []
    for side in ("left", "right"):
        for strike in strikes(side, stride_s, lasts_s):
            out.append(Event("foot_strike", side, float(strike), "file"))
            if strike + STANCE * stride_s < lasts_s:
                out.append(Event("foot_off", side, float(strike + STANCE * stride_s), "zeni2008"))
    return out


def test_a_stride_holds_its_foot_off_and_the_events_of_the_other_foot() -> None:
    first = find_cycles(events())[0]
    assert first.side == "left"
    assert (first.start_s, first.end_s) == (pytest.approx(0.1), pytest.approx(1.1))
    assert first.stance_fraction == pytest.approx(STANCE)
    assert first.opposite_foot_strike_s == pytest.approx(0.6)
    assert first.opposite_foot_off_s is None  # the right foot has not struck before, so it has not left
    second = find_cycles(events())[1]
    assert second.opposite_foot_off_s == pytest.approx(0.72)
    assert second.source == "file + zeni2008"


def test_a_missing_strike_drops_the_strides_it_would_bound() -> None:
    whole = events()
    holed = [e for e in whole if not (e.side == "left" and e.kind == "foot_strike" and abs(e.time_s - 1.1) < 0.01)]
    left = [c for c in find_cycles(holed) if c.side == "left"]
    assert [c.start_s for c in left] == [pytest.approx(2.1)]


def test_a_missing_strike_and_off_do_not_make_one_stride_of_two() -> None:
    holed = [e for e in events() if not (e.side == "left" and 1.0 < e.time_s < 1.8)]
    assert [c.start_s for c in find_cycles(holed) if c.side == "left"] == [pytest.approx(2.1)]


def test_a_stride_twice_as_long_as_the_others_hides_events() -> None:
    left = [e for e in events(1.0, 6.4) if e.side == "left"]
    # One strike and the foot off after it were not found; no event of the other foot tells.
    found = find_cycles(e for e in left if not 2.9 < e.time_s < 3.9)
    assert len(found) >= 3
    assert all(c.duration_s == pytest.approx(1.0) for c in found)


def test_no_stride_reaches_from_one_stretch_of_steady_walking_into_another() -> None:
    whole = find_cycles(events(1.0, 6.4))
    parted = find_cycles(events(1.0, 6.4), [(0.0, 2.9), (3.0, 6.4)])
    assert {c.start_s for c in whole} - {c.start_s for c in parted} == {
        c.start_s for c in whole if c.start_s < 2.95 < c.end_s
    }
    assert find_cycles(events(), []) == ()


@pytest.mark.parametrize("stride_s", [0.3, 5.0])
def test_implausible_stride_times_are_no_strides(stride_s: float) -> None:
    assert find_cycles(events(stride_s, 4 * stride_s)) == ()


def test_the_slowest_known_walk_has_strides() -> None:
    assert find_cycles(events(3.85, 13.0))


def angles() -> Angles:
    times = np.arange(300) / 100
    values = np.stack([np.sin(2 * np.pi * (times - 0.1)), np.full(300, 1.0)], axis=1)
    return Angles(("knee_flexion_left", "knee_flexion_right"), values, 100.0, 0.0)


def cycle(start_s: float, end_s: float, side: str = "left") -> Cycle:
    return Cycle(side, start_s, end_s, start_s + 0.6 * (end_s - start_s), None, None, "file")


def test_a_curve_is_resampled_to_101_points_between_the_strikes() -> None:
    curve = normalize(angles(), "knee_flexion_left", cycle(0.1, 1.1))
    np.testing.assert_allclose(curve, np.sin(2 * np.pi * np.linspace(0, 1, 101)), atol=1e-3)


def test_a_stride_with_a_missing_frame_or_beyond_the_recording_is_no_curve() -> None:
    whole = angles()
    values = np.array(whole.values)
    values[50, 0] = np.nan
    holed = Angles(whole.labels, values, 100.0, 0.0)
    assert np.isnan(normalize(holed, "knee_flexion_left", cycle(0.1, 1.1))).all()
    assert np.isfinite(normalize(holed, "knee_flexion_left", cycle(1.1, 2.1))).all()
    assert np.isnan(normalize(whole, "knee_flexion_left", cycle(2.5, 3.5))).all()
