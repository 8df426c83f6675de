"""Speed, lengths and times of a walker that was built with them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kinechain.motion.cycles import Cycle, find_cycles
from kinechain.motion.spatiotemporal import MEASURES, stride_values
from kinechain.recording.recording import Event
from walker import STANCE, strikes, walk

STRIDE_S, LENGTH_M = 1.1, 1.3


def true_events(lasts_s: float) -> list[Event]:
    out = []
    for side in ("left", "right"):
        for strike in strikes(side, STRIDE_S, lasts_s):
            out += [Event("foot_strike", side, float(strike), "file")]
            out += [Event("foot_off", side, float(strike + STANCE * STRIDE_S), "file")]
    return out


def by_side(paths, cycles) -> dict[str, list[dict[str, float]]]:
    return {side: [stride_values(paths, c) for c in cycles if c.side == side] for side in ("left", "right")}


def test_every_measure_has_the_value_that_was_put_in() -> None:
    paths = walk(STRIDE_S, LENGTH_M, 7.0)
    found = by_side(paths, find_cycles(true_events(6.8)))
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
    for strides in found.values():
        for key, value in expected.items():
            seen = [stride[key] for stride in strides if key in stride]
            assert len(seen) >= 4, key
            assert seen == pytest.approx([value] * len(seen), abs=2e-3), key


def test_a_short_step_shows_on_the_side_that_makes_it() -> None:
    paths = walk(STRIDE_S, LENGTH_M, 7.0)
    ahead = {**paths.heel, "right": paths.heel["right"] + [0.1, 0, 0]}  # the right foot lands 0.1 m farther
    found = by_side(replace(paths, heel=ahead), find_cycles(true_events(6.8)))
    for side, length in (("right", 0.75), ("left", 0.55)):
        assert [s["step_length"] for s in found[side]] == pytest.approx([length] * len(found[side]), abs=2e-3)


def test_crossing_feet_have_a_negative_step_width() -> None:
    paths = walk(STRIDE_S, LENGTH_M, 4.0)
    crossed = {"left": paths.heel["right"] * [1, 1, 1], "right": paths.heel["left"]}
    cycle = Cycle("right", 0.1, 0.1 + STRIDE_S, 0.1 + STANCE * STRIDE_S, 0.2, 0.1 + STRIDE_S / 2, "file")
    assert stride_values(replace(paths, heel=crossed), cycle)["step_width"] == pytest.approx(-0.2, abs=1e-6)


def test_without_events_of_the_other_foot_only_the_own_stride_is_measured() -> None:
    paths = walk(STRIDE_S, LENGTH_M, 4.0)
    cycle = Cycle("left", 0.1, 1.2, 0.8, None, None, "file")
    found = set(stride_values(paths, cycle))
    assert found == {"walking_speed", "cadence", "stride_length", "stride_time", "stance_fraction", "swing_fraction"}
