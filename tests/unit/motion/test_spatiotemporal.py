"""Speed, lengths and times of a walker that was built with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from walker import STANCE, strikes, walk

from kinechain.motion.cycles import Cycle, find_cycles
from kinechain.motion.spatiotemporal import MEASURES, compute_spatiotemporal, stride_values
from kinechain.recording.recording import Event

STRIDE_S, LENGTH_M = 1.1, 1.3


def true_events(lasts_s: float) -> list[Event]:
    out = []
    for side in ("left", "right"):
        for strike in strikes(side, STRIDE_S, lasts_s):
            out += [Event("foot_strike", side, float(strike), "file")]
            out += [Event("foot_off", side, float(strike + STANCE * STRIDE_S), "file")]
    return out


def by_id(measures):
    return {(m.id, m.side): m for m in measures}


def test_every_measure_has_the_value_that_was_put_in() -> None:
    paths = walk(STRIDE_S, LENGTH_M, 7.0)
    found = by_id(compute_spatiotemporal(paths, find_cycles(true_events(6.8))))
    expected = {
        "walking_speed": LENGTH_M / STRIDE_S,
        "cadence": 2 / STRIDE_S,
        "stride_length": LENGTH_M,
        "step_length": LENGTH_M / 2,
        "step_width": 0.2,
        "stride_time": STRIDE_S,
        "step_time": STRIDE_S / 2,
        "stance_fraction": STANCE,
        "swing_fraction": 1 - STANCE,
        "double_support_fraction": 2 * STANCE - 1,
        "single_support_fraction": 1 - STANCE,
    }
    assert set(expected) == set(MEASURES)
    for key, value in expected.items():
        for side in ("left", "right", "both"):
            estimate = found[key, side].estimate
            assert estimate.value == pytest.approx(value, abs=2e-3), key
            assert estimate.low <= value <= estimate.high
        assert found[f"{key}_difference", "both"].estimate.value == pytest.approx(0.0, abs=3e-3)
        assert found[f"{key}_symmetry", "both"].estimate.unit == "1"


def test_one_stride_says_that_its_interval_is_the_event_error() -> None:
    paths = walk(STRIDE_S, LENGTH_M, 7.0)
    (one,) = [c for c in find_cycles(true_events(6.8)) if c.side == "left"][1:2]
    measure = by_id(compute_spatiotemporal(paths, [one]))["stride_time", "left"]
    assert (measure.count, measure.sd) == (1, None)
    assert "event error" in measure.estimate.source
    assert measure.estimate.high - measure.estimate.value == pytest.approx(1.96 * np.sqrt(2) * 0.015)


def test_many_uneven_strides_take_their_interval_from_the_spread() -> None:
    paths = walk(STRIDE_S, LENGTH_M, 7.0)
    cycles = [replace(c, end_s=c.end_s + d) for c, d in zip(find_cycles(true_events(6.8)), [0, 0.2] * 10, strict=False)]
    measure = by_id(compute_spatiotemporal(paths, cycles))["stride_time", "both"]
    assert measure.estimate.source.startswith("spread between")
    assert measure.sd == pytest.approx(0.1, rel=0.2)


def test_a_short_step_shows_on_the_side_that_makes_it() -> None:
    paths = walk(STRIDE_S, LENGTH_M, 7.0)
    ahead = {**paths.heel, "right": paths.heel["right"] + [0.1, 0, 0]}  # the right foot lands 0.1 m farther
    found = by_id(compute_spatiotemporal(replace(paths, heel=ahead), find_cycles(true_events(6.8))))
    assert found["step_length", "right"].estimate.value == pytest.approx(0.75, abs=2e-3)
    assert found["step_length", "left"].estimate.value == pytest.approx(0.55, abs=2e-3)
    assert found["step_length_difference", "both"].estimate.high < 0


def test_crossing_feet_have_a_negative_step_width() -> None:
    paths = walk(STRIDE_S, LENGTH_M, 4.0)
    crossed = {"left": paths.heel["right"] * [1, 1, 1], "right": paths.heel["left"]}
    cycle = Cycle("right", 0.1, 0.1 + STRIDE_S, 0.1 + STANCE * STRIDE_S, 0.2, 0.1 + STRIDE_S / 2, "file")
    assert stride_values(replace(paths, heel=crossed), cycle)["step_width"] == pytest.approx(-0.2, abs=1e-6)


def test_without_events_of_the_other_foot_only_the_own_stride_is_measured() -> None:
    paths = walk(STRIDE_S, LENGTH_M, 4.0)
    cycle = Cycle("left", 0.1, 1.2, 0.8, None, None, "file")
    found = {m.id for m in compute_spatiotemporal(paths, [cycle])}
    assert found == {"walking_speed", "cadence", "stride_length", "stride_time", "stance_fraction", "swing_fraction"}
