"""Laws of gait events: they depend on how feet and pelvis move, not on clock, room, side names, size or floor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinechain.motion.cycles import find_cycles
from kinechain.motion.events import choose_events, compare_events, merge_events
from kinechain.motion.foot_paths import FootPaths, belt_speed, on_the_belt
from kinechain.motion.kinematic_events import find_bonci_events, find_zeni_events
from kinechain.recording.recording import Event, Recording
from walker import remade, strikes, walk

LAWS = settings(max_examples=25, deadline=None)
METHODS = pytest.mark.parametrize("find", [find_zeni_events, find_bonci_events])
walks = st.builds(
    walk,
    stride_s=st.floats(0.7, 2.5),
    length_m=st.floats(0.6, 1.6),
    lasts_s=st.just(6.0),
    rate_hz=st.sampled_from([60.0, 100.0, 250.0]),
)


def told(events, exchanged: bool = False, later_s: float = 0.0) -> list[tuple[str, str, float]]:
    other = {"left": "right", "right": "left"}
    named = [(e.kind, other[e.side] if exchanged else e.side, round(e.time_s + later_s, 4)) for e in events]
    return sorted(named, key=lambda e: (e[0], e[1], e[2]))


def same(first: list, second: list, within_s: float = 0.002) -> bool:
    return [e[:2] for e in first] == [e[:2] for e in second] and all(
        abs(a[2] - b[2]) <= within_s for a, b in zip(first, second, strict=True)
    )


@METHODS
@LAWS
@given(paths=walks, angle=st.floats(-3.1, 3.1), east=st.floats(-50, 50))
def test_events_are_the_same_wherever_and_whichever_way_one_walks(find, paths: FootPaths, angle, east) -> None:
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    assert same(told(find(paths)), told(find(remade(paths, lambda p: p @ turn + [east, -2 * east, 0.3]))))


@METHODS
@LAWS
@given(paths=walks, start_s=st.floats(-5, 500))
def test_events_follow_the_clock(find, paths: FootPaths, start_s: float) -> None:
    later = replace(paths, start_s=paths.start_s + start_s)
    assert same(told(find(paths), later_s=start_s), told(find(later)))


@METHODS
@LAWS
@given(paths=walks)
def test_a_mirrored_walk_has_the_events_of_the_other_side(find, paths: FootPaths) -> None:
    mirrored = remade(paths, lambda p: p * [1.0, -1.0, 1.0])
    names = ("heel", "forefoot", "hallux", "inner", "outer")
    feet = {n: {"left": getattr(mirrored, n)["right"], "right": getattr(mirrored, n)["left"]} for n in names}
    assert same(told(find(paths), exchanged=True), told(find(replace(mirrored, **feet))))


@METHODS
@LAWS
@given(paths=walks, size=st.floats(0.6, 1.3))
def test_a_larger_person_who_walks_in_proportion_has_the_same_events(find, paths: FootPaths, size: float) -> None:
    assert same(told(find(paths)), told(find(remade(paths, lambda p: p * size))))


@METHODS
@LAWS
@given(paths=walks)
def test_a_belt_moves_no_event_by_a_frame(find, paths: FootPaths) -> None:
    speed = float(np.linalg.norm(paths.pelvis[-1, :2] - paths.pelvis[0, :2])) / (len(paths.pelvis) - 1) * paths.rate_hz
    back = np.outer(-speed * (paths.times_s - paths.start_s), [1.0, 0, 0])
    treading = remade(paths, lambda p: p + back)
    belt = belt_speed(treading)
    assert belt == pytest.approx(speed, rel=0.05)
    assert same(told(find(paths)), told(find(on_the_belt(treading, belt))), 0.02)


@LAWS
@given(
    paths=walks,
    shift_s=st.floats(-0.03, 0.03),
    drop=st.sets(st.integers(0, 20), max_size=6),
)
def test_what_is_used_is_ordered_single_and_bounds_whole_strides(paths: FootPaths, shift_s: float, drop) -> None:
    stored = [e for i, e in enumerate(find_bonci_events(paths)) if i not in drop]
    events = tuple(replace(e, time_s=e.time_s + shift_s, source="file") for e in stored)
    recording = Recording("w.c3d", "0" * 64, "C3D", events=events, is_world=True)
    chosen = choose_events(recording, paths)
    times = [e.time_s for e in chosen.events]
    assert times == sorted(times)
    assert {e.source for e in chosen.events} <= {"file", "bonci2022", "zeni2008"}
    truth = np.diff(strikes("left", 1.0, 2.0))[0]
    for cycle in find_cycles(chosen.events, chosen.stretches):
        assert cycle.start_s < cycle.foot_off_s < cycle.end_s
        assert cycle.duration_s == pytest.approx(_stride(paths), abs=0.07 * truth)
        assert any(a <= cycle.start_s and cycle.end_s <= b for a, b in chosen.stretches)


def _stride(paths: FootPaths) -> float:
    left = [e.time_s for e in find_zeni_events(paths) if (e.kind, e.side) == ("foot_strike", "left")]
    return float(np.median(np.diff(left)))


@LAWS
@given(times=st.lists(st.floats(0, 100), unique=True, max_size=30), shift_ms=st.floats(-40, 40))
def test_agreement_is_the_shift_that_was_put_in_and_merging_keeps_the_first(times, shift_ms: float) -> None:
    apart = [t for i, t in enumerate(sorted(times)) if not i or t - sorted(times)[i - 1] > 1.0]
    first = [Event("foot_strike", "left", t, "file") for t in apart]
    second = [replace(e, time_s=e.time_s + shift_ms / 1000, source="zeni2008") for e in first]
    for agreement in compare_events(first, second, "file", "zeni2008"):
        assert agreement.median_ms == pytest.approx(shift_ms, abs=0.01)
        assert agreement.count == len(first)
    assert merge_events(first, second) == tuple(first)
