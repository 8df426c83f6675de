"""The clock of a recording."""

from dataclasses import replace

import numpy as np
import pytest
from people import recording
from test_vertical import stepping

from kinechain.core.errors import SettingError
from kinechain.recording.clock import too_slow_for_gait, with_rate
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.recording import Event, ForcePlate, Series


def codes(ready):
    return [n.code for n in ready.notes if n.code in ("file.clock", "file.slow_rate")]


def test_a_sound_clock_is_left_alone():
    assert codes(prepare_recording(recording(stepping()))) == []


@pytest.mark.parametrize("rate", [22.0, 400.0])
def test_a_walk_at_an_impossible_rate_is_told(rate):
    ready = prepare_recording(recording(stepping(frames=500), rate=rate))
    assert "file.clock" in codes(ready)


def test_a_rate_too_slow_for_gait_is_told():
    ready = prepare_recording(recording(stepping(frames=60, rate=12.0), rate=12.0))
    assert codes(ready) == ["file.slow_rate"]


@pytest.mark.parametrize("rate", [24.0, 23.99993, 23.976])
def test_film_rate_is_just_fast_enough_however_it_is_written(rate):
    assert too_slow_for_gait(rate) == ""


def test_another_rate_moves_everything_that_has_a_time():
    plate = ForcePlate(
        "plate 1", np.full((4, 3), np.nan), np.zeros((100, 3)), np.zeros((100, 3)), np.zeros((100, 3)), 600.0, 1.2
    )
    slow = recording(
        stepping(frames=60),
        rate=60.0,
        plates=(plate,),
        events=(Event("foot_strike", "left", 0.6, "file"),),
        series=Series(("a",), np.zeros((2, 1)), ("",), np.array([0.0, 1.0])),
    )
    right = with_rate(replace(slow, markers=replace(slow.markers, start_s=1.2)), 200.0)
    assert right.markers.rate_hz == 200.0
    assert right.markers.start_s == pytest.approx(0.36)
    assert right.plates[0].rate_hz == pytest.approx(2000.0)
    assert right.plates[0].start_s == pytest.approx(0.36)
    assert right.events[0].time_s == pytest.approx(0.18)
    assert right.series.times_s[1] == pytest.approx(0.3)
    assert [(n.kind, n.code) for n in right.notes] == [("assumed", "file.rate")]
    assert with_rate(slow, None) is slow


@pytest.mark.parametrize("rate", [0.0, -5.0, float("nan"), float("inf")])
def test_an_impossible_rate_is_refused(rate):
    with pytest.raises(SettingError, match="impossible"):
        with_rate(recording(stepping(frames=9)), rate)
