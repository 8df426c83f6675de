"""Logs that were kept apart become one."""

import dataclasses

from followed import at, check, morning, session
from kinechain.care.follow_up.merge import merge


def test_the_same_log_from_two_devices_is_one_log() -> None:
    log = [session(0), session(2), morning(1)]
    merged = merge(log, reversed(log))
    assert merged.events == (session(0), morning(1), session(2))
    assert merged.counted == merged.events and not merged.conflicts and not merged.duplicates


def test_different_content_under_one_id_is_kept_twice_named_and_counted_once() -> None:
    ten, twelve = session(0, 10), session(0, 12)
    merged = merge([ten], [twelve])
    assert sorted(e.repetitions for e in merged.events) == [10, 12]  # type: ignore[attr-defined]
    (conflict,) = merged.conflicts
    assert conflict.id == ten.id and conflict.kept_as[0] == ten.id and conflict.kept_as[1].startswith(f"{ten.id}-")
    assert len(merged.counted) == 1


def test_a_conflict_stays_the_same_conflict_when_it_is_merged_again_with_what_it_came_from() -> None:
    versions = [session(0, repetitions) for repetitions in (8, 10, 12)]
    once = merge(*([v] for v in versions))
    assert merge(once.events, [versions[1]]) == once
    assert merge([versions[2]], merge([versions[0]], [versions[1]]).events) == once


def test_a_double_tap_is_kept_and_counted_once() -> None:
    first = session(0)
    second = dataclasses.replace(first, id="another-id", at=at(0, 10).replace(second=7))
    later = dataclasses.replace(first, id="a-third-id", at=at(0, 10).replace(second=40))
    merged = merge([second, later, first])
    assert len(merged.events) == 3
    assert [(d.counted, d.not_counted) for d in merged.duplicates] == [(first.id, ("another-id",))]
    assert [e.id for e in merged.counted] == [first.id, "a-third-id"]


def test_two_sides_or_two_people_within_seconds_are_no_double_tap() -> None:
    left = session(0)
    right = dataclasses.replace(left, id="right-side", side="right")
    other = dataclasses.replace(left, id="other-hand", by="clinician-1")
    assert not merge([left, right, other]).duplicates


def test_the_same_instant_written_in_two_zones_is_ordered_by_the_instant() -> None:
    early = session(0, id="in-tokyo-1", at=at(0, 18, offset_h=9))
    late = session(0, id="in-london", at=at(0, 10, offset_h=0))
    assert [e.id for e in merge([late], [early]).events] == ["in-tokyo-1", "in-london"]


def test_a_number_read_back_as_a_float_is_the_same_content() -> None:
    assert not merge([check(0, 4)], [check(0, 4.0)]).conflicts


def test_the_hour_that_comes_twice_when_summer_time_ends_is_two_hours() -> None:
    first = session(0, id="summer-time", at=at(0, 1, 30, offset_h=2))
    second = session(0, id="winter-time", at=at(0, 1, 30, offset_h=1))
    merged = merge([second, first])
    assert [e.id for e in merged.counted] == ["summer-time", "winter-time"]
