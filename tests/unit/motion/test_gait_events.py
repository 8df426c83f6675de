"""Gait events of a walker whose events are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kinechain.motion.contacts import find_contacts
from kinechain.motion.cycles import find_cycles
from kinechain.motion.events import choose_events, compare_events, find_plate_events
from kinechain.motion.foot_paths import belt_speed, on_the_belt
from kinechain.motion.kinematic_events import find_bonci_events, find_zeni_events
from kinechain.recording.recording import Event, ForcePlate, Recording
from walker import STANCE, plate, strikes, walk

SLOW, USUAL, FAST = (3.9, 1.0), (1.1, 1.3), (0.77, 1.7)


def recording(paths, plates=(), events=()) -> Recording:
    return Recording("walk.c3d", "0" * 64, "C3D", plates=tuple(plates), events=tuple(events), is_world=True)


@pytest.mark.parametrize(("stride_s", "length_m"), [SLOW, USUAL, FAST])
@pytest.mark.parametrize("find", [find_zeni_events, find_bonci_events])
def test_both_kinematic_methods_find_every_event_of_slow_and_fast_walking_and_no_other(
    find, stride_s, length_m
) -> None:
    lasts = 3.2 * stride_s
    found = find(walk(stride_s, length_m, lasts))
    for side in ("left", "right"):
        true = strikes(side, stride_s, lasts)
        true = np.concatenate([[true[0] - stride_s], true])
        for kind, expected in (("foot_strike", true), ("foot_off", true + STANCE * stride_s)):
            times = np.array([e.time_s for e in found if e.side == side and e.kind == kind])
            inner = expected[(expected > 0.2 * stride_s) & (expected < lasts - 0.2 * stride_s)]
            assert all(np.abs(times - time).min() < 0.1 * stride_s for time in inner), (side, kind)
            assert all(np.abs(expected - time).min() < 0.1 * stride_s for time in times), (side, kind)


def test_a_standing_person_has_no_events() -> None:
    paths = walk()
    still = {name: {s: np.repeat(p[:1], len(p), axis=0) for s, p in getattr(paths, name).items()}
             for name in ("heel", "forefoot", "hallux", "inner", "outer")}  # fmt: skip
    sway = 0.01 * np.random.default_rng(0).normal(size=paths.pelvis.shape)
    standing = replace(paths, **still, pelvis=paths.pelvis[:1] + sway)
    chosen = choose_events(recording(standing), standing)
    assert chosen.events == ()
    assert [n.code for n in chosen.notes] == ["events.no_walk"]


def test_starting_and_turning_give_no_events() -> None:
    paths = walk(lasts_s=6.0)
    stops = 300
    frozen = {}
    for name in ("heel", "forefoot", "hallux", "inner", "outer"):
        frozen[name] = {s: np.vstack([p[:stops], np.repeat(p[stops : stops + 1], len(p) - stops, axis=0)])
                        for s, p in getattr(paths, name).items()}  # fmt: skip
    pelvis = np.vstack([paths.pelvis[:stops], np.repeat(paths.pelvis[stops : stops + 1], 300, axis=0)])
    found = find_zeni_events(replace(paths, **frozen, pelvis=pelvis))
    assert found
    assert max(e.time_s for e in found) < stops / 100 + 0.6


def test_walking_in_any_direction_gives_the_same_events() -> None:
    paths = walk()
    turn = np.array([[np.cos(2.5), -np.sin(2.5), 0], [np.sin(2.5), np.cos(2.5), 0], [0, 0, 1]])
    moved = {name: {s: p @ turn.T for s, p in getattr(paths, name).items()}
             for name in ("heel", "forefoot", "hallux", "inner", "outer")}  # fmt: skip
    other = replace(paths, **moved, pelvis=paths.pelvis @ turn.T)
    for find in (find_zeni_events, find_bonci_events):
        first, second = find(paths), find(other)
        assert [(e.kind, e.side) for e in first] == [(e.kind, e.side) for e in second]
        np.testing.assert_allclose([e.time_s for e in first], [e.time_s for e in second], atol=1e-6)


def test_a_clean_plate_gives_strike_and_off_within_three_milliseconds() -> None:
    paths = walk()
    strike = strikes("left", 1.1, 4.0)[1]
    found = find_plate_events([plate(paths, "left", strike, strike + 0.68)], paths)
    assert [(e.kind, e.side, e.source) for e in found] == [
        ("foot_strike", "left", "plates"),
        ("foot_off", "left", "plates"),
    ]
    assert found[0].time_s == pytest.approx(strike, abs=0.003)
    assert found[1].time_s == pytest.approx(strike + 0.68, abs=0.003)


def with_force(one: ForcePlate, force: np.ndarray) -> ForcePlate:
    return replace(one, force=force)


def test_a_plate_whose_small_forces_were_zeroed_gives_no_event_where_the_force_creeps() -> None:
    paths = walk(3.9, 1.0, 12.0)
    strike = strikes("left", 3.9, 12.0)[1]
    whole = plate(paths, "left", strike, strike + 2.6)
    cut = np.where(whole.force[:, 2:] < 50.0, 0.0, whole.force)
    contact = find_contacts([with_force(whole, cut)], paths)[0]
    assert (contact.side, contact.is_whole, contact.has_start, contact.has_end) == ("left", True, False, False)


def test_a_foot_on_two_plates_or_over_the_edge_is_no_clean_hit() -> None:
    paths = walk()
    strike = strikes("left", 1.1, 4.0)[1]
    hit = plate(paths, "left", strike, strike + 0.68)
    both = find_contacts([hit, hit], paths)
    assert [c.is_clean for c in both] == [False, False]
    assert "two plates" in both[0].reason
    small = replace(hit, corners=hit.corners - [0.2, 0, 0])
    (edge,) = find_contacts([small], paths)
    assert not edge.is_clean
    assert "edge" in edge.reason


def test_a_pressure_point_outside_the_foot_belongs_to_nobody() -> None:
    paths = walk()
    strike = strikes("left", 1.1, 4.0)[1]
    (contact,) = find_contacts([plate(paths, "left", strike, strike + 0.68, shift_m=0.12)], paths)
    assert contact.side is None
    assert not contact.is_clean


def test_a_dead_noisy_plate_gives_no_events() -> None:
    paths = walk()
    count = 4000
    generator = np.random.default_rng(2)
    noise = generator.uniform(-130, 130, size=(count, 3))
    pressure = np.where(noise[:, 2:] > 20, generator.normal(0, 0.5, size=(count, 3)), np.nan)
    dead = ForcePlate("dead", np.full((4, 3), np.nan), noise, pressure, np.zeros((count, 3)), 1000.0)
    assert find_plate_events([dead], paths) == ()


def test_plates_go_before_the_file_and_the_file_before_kinematics() -> None:
    paths = walk()
    strike = strikes("left", 1.1, 4.0)[1]
    filed = [
        Event("foot_strike", "left", strike + 0.02, "file"),
        Event("foot_strike", "right", strikes("right", 1.1, 4.0)[1], "file"),
    ]
    chosen = choose_events(recording(paths, [plate(paths, "left", strike, strike + 0.68)], filed), paths)
    near = {e.side: e for e in chosen.events if e.kind == "foot_strike" and abs(e.time_s - strike) < 0.7}
    at_strike = [
        e for e in chosen.events if e.side == "left" and e.kind == "foot_strike" and abs(e.time_s - strike) < 0.2
    ]
    assert [e.source for e in at_strike] == ["plates"]
    assert near["right"].source == "file"
    assert {e.source for e in chosen.events} == {"plates", "file", "bonci2022"}


def test_kinematic_strikes_are_moved_onto_the_trusted_ones_so_strides_keep_their_length() -> None:
    paths = walk()
    true = strikes("left", 1.1, 4.0)
    chosen = choose_events(recording(paths, [plate(paths, "left", true[1], true[1] + 0.68)]), paths)
    left = [e.time_s for e in chosen.events if e.side == "left" and e.kind == "foot_strike"]
    np.testing.assert_allclose(np.diff(left), 1.1, atol=0.012)
    assert all(abs(c.duration_s - 1.1) < 0.012 for c in find_cycles(chosen.events))


def test_an_event_about_which_the_two_methods_disagree_bounds_no_stride_and_is_named() -> None:
    paths = walk(lasts_s=6.0)
    at = strikes("left", 1.1, 6.0)[2]
    lurch = 0.4 * np.exp(-0.5 * ((paths.times_s - at + 0.02) / 0.06) ** 2)
    lurching = replace(paths, pelvis=paths.pelvis + np.outer(lurch, [1.0, 0, 0]))
    chosen = choose_events(recording(lurching), lurching)
    (note,) = chosen.notes
    assert (note.kind, note.code) == ("defect", "events.methods_disagree")
    assert note.place.startswith("right foot off at 2.")
    offs = [e.time_s for e in chosen.events if (e.kind, e.side) == ("foot_off", "right")]
    assert [t for t in offs if abs(t - at) < 0.4] == []
    assert len(offs) >= 3
    cycles = find_cycles(chosen.events, chosen.stretches)
    assert not [c for c in cycles if c.side == "right" and c.start_s < at < c.end_s]
    assert [c for c in cycles if c.side == "right"]


def test_agreement_is_counted_per_kind_and_signed_second_minus_first() -> None:
    first = [Event("foot_strike", "left", t, "a") for t in (1.0, 2.0, 3.0)]
    second = [Event("foot_strike", "left", t + 0.03, "b") for t in (1.0, 2.0)]
    (agreement,) = compare_events(first, second, "a", "b")
    assert (agreement.count, agreement.kind) == (2, "foot_strike")
    assert agreement.median_ms == pytest.approx(30.0)


def on_a_treadmill(paths, belt_m_s: float):
    back = np.outer(-belt_m_s * (paths.times_s - paths.start_s), [1.0, 0, 0])
    feet = {name: {s: p + back for s, p in getattr(paths, name).items()}
            for name in ("heel", "forefoot", "hallux", "inner", "outer")}  # fmt: skip
    return replace(paths, **feet, pelvis=paths.pelvis + back)


def test_a_treadmill_is_told_by_the_standing_foot_and_has_the_events_of_the_ground() -> None:
    paths = walk()
    treading = on_a_treadmill(paths, 1.3 / 1.1)
    belt = belt_speed(treading)
    assert belt == pytest.approx(1.3 / 1.1, rel=0.03)
    carried = on_the_belt(treading, belt)
    for find in (find_zeni_events, find_bonci_events):
        there, ground = find(carried), find(paths)
        assert [(e.kind, e.side) for e in there] == [(e.kind, e.side) for e in ground]
        np.testing.assert_allclose([e.time_s for e in there], [e.time_s for e in ground], atol=0.02)
    assert [n.code for n in choose_events(recording(carried), carried).notes] == ["events.treadmill"]


def test_walking_over_ground_standing_and_squatting_have_no_belt() -> None:
    paths = walk()
    assert belt_speed(paths) == 0.0
    still = {name: {s: np.repeat(p[:1], len(p), axis=0) for s, p in getattr(paths, name).items()}
             for name in ("heel", "forefoot", "hallux", "inner", "outer")}  # fmt: skip
    assert belt_speed(replace(paths, **still, pelvis=np.repeat(paths.pelvis[:1], 400, axis=0))) == 0.0
    down = np.zeros((400, 3))
    down[:, 0] = -0.3 * np.sin(np.pi * np.arange(400) / 399)
    assert belt_speed(replace(paths, **still, pelvis=paths.pelvis[:1] + down)) == 0.0


@pytest.mark.parametrize("late_s", [0.06, -0.07])
def test_plates_on_another_clock_than_the_feet_give_no_events(late_s: float) -> None:
    paths = walk()
    one, two = strikes("left", 1.1, 4.0)[1], strikes("right", 1.1, 4.0)[1]
    # From and to where the movement itself says.
    plates = [plate(paths, side, at - 0.04, at + 0.745) for side, at in (("left", one), ("right", two))]
    late = [replace(p, start_s=p.start_s + late_s) for p in plates]
    chosen = choose_events(recording(paths, late), paths)
    (note,) = [n for n in chosen.notes if n.code == "plates.clock"]
    assert f"{abs(late_s):.2f} s {'later' if late_s > 0 else 'earlier'}" in note.text
    assert not any(c.is_clean for c in chosen.contacts)
    assert {e.source for e in chosen.events} <= {"bonci2022", "zeni2008"}
    assert not [n for n in choose_events(recording(paths, plates), paths).notes if n.code == "plates.clock"]


def test_a_rate_that_no_camera_has_gives_no_walk_and_no_fault() -> None:
    paths = walk()
    assert choose_events(recording(paths), replace(paths, rate_hz=1e20)).events == ()
