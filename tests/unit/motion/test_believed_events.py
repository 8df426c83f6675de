"""Events that a file stores: believed, repaired or refused, each for itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from kinechain.motion.events import ChosenEvents, choose_events
from kinechain.motion.kinematic_events import find_bonci_events
from kinechain.recording.recording import Event, Recording
from walker import plate, strikes, walk

STRIDE, LASTS, START = 1.1, 6.0, 2.5
OTHER = {"left": "right", "right": "left"}


@cache
def stored() -> tuple[Event, ...]:
    """Return events marked by hand, of a walk whose clock starts at 2.5 s: near what the feet show, not the same."""
    generator = np.random.default_rng(4)
    shown = find_bonci_events(walk(STRIDE, 1.3, LASTS, start_s=START))
    bias = {"foot_strike": 0.01, "foot_off": -0.02}
    return tuple(
        Event(e.kind, e.side, e.time_s + bias[e.kind] + generator.normal(0.0, 0.01), "file")
        for e in shown
        if START + 0.3 < e.time_s < START + LASTS - 0.3
    )


def chosen(events: Sequence[Event], plates=()) -> ChosenEvents:
    paths = walk(STRIDE, 1.3, LASTS, start_s=START)
    recording = Recording("w.c3d", "0" * 64, "C3D", plates=tuple(plates), events=tuple(events), is_world=True)
    return choose_events(recording, paths)


def of_file(found: ChosenEvents) -> tuple[Event, ...]:
    return tuple(e for e in found.events if e.source == "file")


def codes(found: ChosenEvents) -> list[str]:
    return [n.code for n in found.notes]


def as_written(found: Sequence[Event], wanted: Sequence[Event], within_s: float) -> bool:
    return len(found) == len(wanted) and all(
        (a.kind, a.side) == (b.kind, b.side) and abs(a.time_s - b.time_s) <= within_s
        for a, b in zip(found, wanted, strict=True)
    )


def test_events_that_fit_are_used_as_they_are_and_nothing_is_said() -> None:
    found = chosen(stored())
    assert len(stored()) >= 16
    assert of_file(found) == stored()
    assert codes(found) == []


@pytest.mark.parametrize("fault", ["side", "kind", "time"])
def test_one_wrong_event_of_many_is_left_out_and_named_and_the_rest_is_used(fault: str) -> None:
    events = stored()
    wrong = {
        "side": replace(events[7], side=OTHER[events[7].side]),
        "kind": replace(events[7], kind="foot_strike" if events[7].kind == "foot_off" else "foot_off"),
        "time": replace(events[7], time_s=events[7].time_s + 0.2),
    }[fault]
    found = chosen([*events[:7], wrong, *events[8:]])
    assert of_file(found) == (*events[:7], *events[8:])
    (note,) = found.notes
    assert (note.kind, note.code) == ("defect", "events.stored_wrong")
    assert f"1 of {len(events)}" in note.text
    assert wrong.side in note.place
    assert note.effect
    assert note.cure
    # Its place is taken by the movement.
    near = [e for e in found.events if (e.kind, e.side) == (events[7].kind, events[7].side)]
    assert any(abs(e.time_s - events[7].time_s) < 0.1 and e.source != "file" for e in near)


@pytest.mark.parametrize("shift_s", [0.25, -0.25, 0.45, -START, START, 0.08, -0.08])
def test_a_constant_shift_of_all_is_taken_back_and_said(shift_s: float) -> None:
    found = chosen([replace(e, time_s=e.time_s + shift_s) for e in stored()])
    assert codes(found) == ["events.stored_shifted"]
    assert found.notes[0].kind == "repaired"
    said = float(re.search(r"(\d\.\d\d) s too", found.notes[0].text)[1])
    assert said == pytest.approx(abs(shift_s), abs=0.03)
    assert ("late" in found.notes[0].text) == (shift_s > 0)
    assert as_written(of_file(found), stored(), 0.06)


def test_exchanged_sides_of_all_are_exchanged_back() -> None:
    found = chosen([replace(e, side=OTHER[e.side]) for e in stored()])
    assert codes(found) == ["events.stored_sides"]
    assert of_file(found) == stored()


def test_exchanged_kinds_of_all_are_exchanged_back() -> None:
    found = chosen([replace(e, kind="foot_strike" if e.kind == "foot_off" else "foot_off") for e in stored()])
    assert codes(found) == ["events.stored_kinds"]
    assert of_file(found) == stored()


def test_a_clock_that_runs_at_another_rate_is_refused() -> None:
    found = chosen([replace(e, time_s=START + 1.2 * (e.time_s - START)) for e in stored()])
    assert of_file(found) == ()
    assert codes(found) == ["events.stored_refused"]


def test_an_event_of_a_resting_foot_is_refused_at_the_edge_of_a_recording_too() -> None:
    """At 0.06 s from the beginning no method shows an event, but the right foot rests there."""
    rests = strikes("right", STRIDE, LASTS)[0]
    early = Event("foot_strike", "right", START + 0.06, "file")
    assert rests > 0.4
    found = chosen([early, *stored()])
    assert early not in of_file(found)
    assert len(of_file(found)) == len(stored())
    assert codes(found) == ["events.stored_wrong"]


def test_events_that_no_single_fault_explains_are_refused_as_a_whole() -> None:
    generator = np.random.default_rng(1)
    at_random = [replace(e, time_s=START + generator.uniform(0.5, LASTS - 0.5)) for e in stored()]
    found = chosen(at_random)
    assert of_file(found) == ()
    assert codes(found) == ["events.stored_refused"]
    assert found.events


def test_two_events_that_both_contradict_the_feet_are_refused() -> None:
    found = chosen([replace(e, time_s=e.time_s + 0.2) for e in stored()[4:6]])
    assert of_file(found) == ()
    assert codes(found) == ["events.stored_refused"]


def test_an_event_stored_twice_is_used_once() -> None:
    events = stored()
    found = chosen([*events, replace(events[5], time_s=events[5].time_s + 0.09)])
    assert codes(found) == ["events.stored_twice"]
    assert len(of_file(found)) == len(events)


def test_plates_judge_the_file_before_the_movement_does() -> None:
    strike = float(strikes("left", STRIDE, LASTS)[1])
    paths = walk(STRIDE, 1.3, LASTS, start_s=START)
    shown = plate(paths, "left", START + strike, START + strike + 0.68)
    found = chosen(stored(), [shown])
    assert codes(found) == []
    at = [e for e in found.events if e.kind == "foot_strike" and abs(e.time_s - START - strike) < 0.3]
    assert [e.source for e in at if e.side == "left"] == ["plates"]
    apart = {(a.kind, a.first, a.second): a.median_ms for a in found.agreements}
    assert abs(apart["foot_strike", "plates", "file"]) < 30
    assert ("foot_off", "file", "zeni2008") in apart
    assert ("foot_strike", "zeni2008", "bonci2022") in apart
