"""Starts, stops, turns, chairs, jumps and runs: where there are events, and where there must be none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import walker
from kinechain.motion.cycles import find_cycles
from kinechain.motion.events import choose_events
from kinechain.motion.foot_paths import FootPaths, belt_speed, on_the_belt
from kinechain.motion.kinematic_events import find_bonci_events, find_walk, find_zeni_events
from kinechain.recording.recording import Recording
from walker import STANCE, paced, remade, strikes, turned, walk

STRIDE = 1.1
METHODS = pytest.mark.parametrize("find", [find_zeni_events, find_bonci_events])


def recording() -> Recording:
    return Recording("walk.c3d", "0" * 64, "C3D", is_world=True)


def true_events(stride_s: float, lasts_s: float) -> list[tuple[str, str, float]]:
    """Return kind, side and time of every event, and of the ones just before and after the recording."""
    out = []
    for side in ("left", "right"):
        times = strikes(side, stride_s, lasts_s + stride_s)
        for time in [times[0] - stride_s, *times]:
            out += [("foot_strike", side, time), ("foot_off", side, time + STANCE * stride_s)]
    return out


def false_and_missed(found, true, stride_s: float, between: tuple[float, float]) -> tuple[list, list]:
    """Return events without a partner within a fifth of a stride, either way; missed ones only between two times."""

    def near(kind, side, time, others) -> bool:
        return any((k, s) == (kind, side) and abs(t - time) < 0.2 * stride_s for k, s, t in others)

    have = [(e.kind, e.side, e.time_s) for e in found]
    wrong = [e for e in have if not near(*e, true)]
    return wrong, [e for e in true if between[0] < e[2] < between[1] and not near(*e, have)]


@METHODS
@pytest.mark.parametrize(("stride_s", "length_m"), [(0.6, 0.45), (0.75, 0.8), (1.1, 1.3), (2.2, 0.8), (4.0, 1.0)])
def test_toddlers_and_the_very_slow_have_every_event_and_no_false_one(find, stride_s, length_m) -> None:
    lasts = 4.0 * stride_s
    paths = walk(stride_s, length_m, lasts)
    sway = np.zeros_like(paths.pelvis)
    sway[:, 1] = 0.06 * np.sin(2 * np.pi * paths.times_s / stride_s)
    paths = replace(paths, pelvis=paths.pelvis + sway)
    inner = (0.2 * stride_s, lasts - 0.2 * stride_s)
    assert false_and_missed(find(paths), true_events(stride_s, lasts), stride_s, inner) == ([], [])


@METHODS
def test_to_and_fro_has_the_events_of_both_ways_and_none_of_the_turn(find) -> None:
    out_s, turn_s = 6.05, 1.0
    paths = turned(walk(STRIDE, 1.3, 12.0), round(100 * out_s), round(100 * turn_s), np.pi)
    assert belt_speed(paths) == 0.0
    true = [(k, s, t if t < out_s else t + turn_s) for k, s, t in true_events(STRIDE, 12.0)]
    found = find(paths)
    wrong, _ = false_and_missed(found, true, STRIDE, (0.3, 0.3))
    assert wrong == []
    for way in ((0.3, out_s - STRIDE), (out_s + turn_s + STRIDE, 12.7)):
        assert false_and_missed(found, true, STRIDE, way)[1] == []
    assert not [e for e in found if out_s - 0.4 < e.time_s < out_s + turn_s + 0.4]
    cycles = find_cycles(choose_events(recording(), paths).events, choose_events(recording(), paths).stretches)
    assert (
        {c.side for c in cycles if c.end_s < out_s}
        == {"left", "right"}
        == {c.side for c in cycles if c.start_s > out_s + turn_s}
    )
    assert not [c for c in cycles if c.start_s < out_s < c.end_s]


@METHODS
def test_standing_inside_a_walk_costs_the_steps_next_to_it_and_gives_no_event(find) -> None:
    pace = np.ones(1400)
    stop, go = 500, 800
    pace[stop:go] = 0.0
    pace[stop - 30 : stop] = np.linspace(1, 0, 30)
    pace[go : go + 30] = np.linspace(0, 1, 30)
    found = find(paced(walk(STRIDE, 1.3, 12.0), pace))
    assert not [e for e in found if stop / 100 - 0.3 < e.time_s < go / 100 + 0.5]
    assert [e for e in found if e.time_s < stop / 100 - STRIDE]
    assert [e for e in found if e.time_s > go / 100 + STRIDE]


def test_no_stride_reaches_over_a_pause() -> None:
    pace = np.ones(1200)
    pace[500:700] = 0.0
    chosen = choose_events(recording(), paced(walk(STRIDE, 1.3, 12.0), pace))
    cycles = find_cycles(chosen.events, chosen.stretches)
    assert cycles
    assert not [c for c in cycles if c.start_s < 6.0 < c.end_s]


@METHODS
def test_a_belt_that_starts_under_a_standing_person_makes_no_event(find) -> None:
    pace = np.concatenate([np.zeros(400), np.linspace(0, 1, 100), np.ones(900)])
    paths = paced(walk(STRIDE, 1.3, 12.0), pace)
    back = np.zeros((len(pace), 3))
    back[:, 0] = -np.cumsum(pace) * 1.3 / STRIDE / 100
    treading = remade(paths, lambda p: p + back)
    belt = belt_speed(treading)
    assert belt == pytest.approx(1.3 / STRIDE, rel=0.05)
    found = find(on_the_belt(treading, belt))
    assert min(e.time_s for e in found) > 4.7
    later = [e for e in find(paths) if e.time_s > 6.0]
    assert [(e.kind, e.side) for e in found if e.time_s > 6.0] == [(e.kind, e.side) for e in later]


@pytest.mark.parametrize("turn_deg", [90.0, 180.0, -90.0])
def test_going_sideways_and_backwards_have_no_events(turn_deg) -> None:
    """Every point keeps its way, and the feet point elsewhere: mirrored about the ankle, or turned by a quarter."""
    paths = walk(lasts_s=6.0)
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    elsewhere = {side: paths.heel[side] + (paths.forefoot[side] - paths.heel[side]) @ turn.T for side in paths.heel}
    assert choose_events(recording(), paths).events
    chosen = choose_events(recording(), replace(paths, forefoot=elsewhere))
    assert chosen.events == ()
    assert [n.code for n in chosen.notes] == ["events.not_forwards"]


@pytest.mark.parametrize("turn_deg", [-40.0, 40.0])
def test_feet_that_both_point_far_in_or_out_still_walk(turn_deg) -> None:
    paths = walk(lasts_s=6.0)
    elsewhere = {}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        c, s = np.cos(np.radians(turn_deg)), sign * np.sin(np.radians(turn_deg))
        turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
        elsewhere[side] = paths.heel[side] + (paths.forefoot[side] - paths.heel[side]) @ turn.T
    assert len(choose_events(recording(), replace(paths, forefoot=elsewhere)).events) >= 18


def still_feet(pelvis: np.ndarray, rate_hz: float = 100.0) -> FootPaths:
    paths = walk(lasts_s=len(pelvis) / rate_hz, rate_hz=rate_hz)
    standing = remade(paths, lambda p: np.repeat(p[20:21], len(p), axis=0))
    return replace(standing, pelvis=standing.pelvis + pelvis)


def test_rising_from_a_chair_and_sitting_down_give_no_events() -> None:
    times = np.arange(1500) / 100
    up = 0.5 - 0.5 * np.cos(2 * np.pi * times / 3.0)
    paths = still_feet(np.stack([0.45 * up, 0.02 * np.sin(times), 0.4 * up], axis=1))
    assert choose_events(recording(), paths).events == ()


@pytest.mark.parametrize("length_m", [0.0, 0.5])
def test_jumps_with_both_feet_give_no_events(length_m) -> None:
    times = np.arange(600) / 100
    hop, part = np.floor(times), np.clip((times - np.floor(times)) / 0.4, 0, 1)
    way = np.zeros((600, 3))
    way[:, 0] = (hop + part**2 * (3 - 2 * part)) * length_m
    way[:, 2] = 0.3 * np.sin(np.pi * part) ** 2
    paths = remade(still_feet(np.zeros((600, 3))), lambda p: p + way)
    crouch = paths.pelvis + np.outer(np.sin(2 * np.pi * times), [0.1, 0, 0.1])
    assert choose_events(recording(), replace(paths, pelvis=crouch)).events == ()


def test_a_recording_of_12_frames_per_second_is_refused_in_a_sentence() -> None:
    chosen = choose_events(recording(), walk(rate_hz=12.0, lasts_s=8.0))
    assert chosen.events == ()
    assert [n.code for n in chosen.notes] == ["events.too_slow"]
    assert "12 Hz is too slow" in chosen.notes[0].text


def test_25_frames_per_second_are_enough() -> None:
    found = find_bonci_events(walk(rate_hz=25.0, lasts_s=6.0))
    assert false_and_missed(found, true_events(STRIDE, 6.0), STRIDE, (0.3, 5.7)) == ([], [])


def test_a_foot_that_lands_on_its_toes_strikes_when_the_toes_do() -> None:
    paths = walk()
    # The heel comes down 0.15 s after the toes.
    late = {s: np.vstack([np.repeat(p[:1], 15, axis=0), p[:-15]]) for s, p in paths.heel.items()}

    def strike_times(heel: dict[str, np.ndarray]) -> list[float]:
        events = find_bonci_events(replace(paths, heel=heel))
        return [e.time_s for e in events if e.kind == "foot_strike" and e.time_s > 0.3]

    on_toes = {s: p - [0.2, 0.0, 0.0] for s, p in paths.forefoot.items()}
    assert len(strike_times(late)) >= 4
    np.testing.assert_allclose(strike_times(late), strike_times(on_toes), atol=0.03)


def test_a_start_of_the_recording_within_a_swing_still_shows_the_strike() -> None:
    paths = walk()
    begins = round(100 * (strikes("left", STRIDE, 4.0)[1] - 0.06))
    cut = remade(paths, lambda p: p[begins:])
    first = min(e.time_s for e in find_bonci_events(cut) if (e.kind, e.side) == ("foot_strike", "left"))
    whole = [e.time_s - begins / 100 for e in find_bonci_events(paths) if (e.kind, e.side) == ("foot_strike", "left")]
    assert min(abs(first - t) for t in whole) < 0.02
    assert first < 0.1


def test_running_is_told_by_the_pelvis_and_its_feet_leave_before_they_have_speed(monkeypatch) -> None:
    monkeypatch.setattr(walker, "STANCE", 0.35)
    paths = walk(0.7, 2.1, 4.0)
    apart = np.abs((paths.heel["left"] - paths.heel["right"])[:, 0])
    bounce = np.outer(apart, [0, 0, 0.06])
    running, vaulting = (replace(paths, pelvis=paths.pelvis + sign * bounce) for sign in (1, -1))
    assert find_walk(running).is_running
    assert not find_walk(vaulting).is_running
    chosen = choose_events(recording(), running)
    assert "events.running" in [n.code for n in chosen.notes]
    cycles = find_cycles(chosen.events, chosen.stretches)
    assert cycles
    assert all(c.stance_fraction < 0.5 for c in cycles)
