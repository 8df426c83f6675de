"""Done, not done and unknown are three things."""

from datetime import date, timedelta
from typing import Any

import pytest

from followed import START, at, check, exercise, plan, session
from kinechain.care.follow_up.adherence import judge_adherence
from kinechain.care.follow_up.events import NotDone, Paused


def judged(log: Any, day: int, **more: Any):  # type: ignore[no-untyped-def]
    return judge_adherence(log, plan(exercise(**more)), START + timedelta(days=day))


def test_a_week_without_an_entry_is_unknown_not_missed() -> None:
    found = judged([], 7)
    week = found.weeks[0]
    assert (week.planned, week.done, week.not_done, week.unknown) == (3, 0.0, 0, 3)
    assert found.share([1]) == (0.0, 1.0) and found.is_under_half([1]) is None


def test_a_week_with_an_entry_every_day_is_known() -> None:
    log = [check(day) for day in range(7)] + [session(0)]
    found = judged(log, 7)
    assert (found.weeks[0].not_done, found.weeks[0].unknown) == (2, 0)
    assert found.share([1]) == (pytest.approx(1 / 3), pytest.approx(1 / 3)) and found.is_under_half([1]) is True


def test_three_sessions_are_all_of_it_whatever_the_other_days_were() -> None:
    found = judged([session(0), session(2), session(4)], 7)
    assert found.share([1]) == (1.0, 1.0) and found.is_under_half([1]) is False


def test_one_session_and_one_open_day_may_still_be_half() -> None:
    log = [check(day) for day in range(6)] + [session(0)]
    assert judged(log, 7).is_under_half([1]) is None


def test_a_day_that_was_said_to_be_missed_is_known() -> None:
    log = [NotDone(id=f"missed-{d}", at=at(d), by="patient") for d in range(7)]
    assert judged(log, 7).weeks[0].not_done == 3


def test_a_partial_session_counts_in_part() -> None:
    week = judged([session(0, 8, sets=1)], 7).weeks[0]
    assert week.done == pytest.approx(1 / 3) and week.partial == 1


def test_more_than_planned_does_not_fill_another_week() -> None:
    log = [session(day) for day in range(7)] + [check(day) for day in range(7, 14)]
    assert judged(log, 14).share([1, 2]) == (0.5, 0.5)


def test_sides_are_counted_apart() -> None:
    found = judged([session(0), session(2), session(4, side="both")], 7, side="both")
    assert [(week.side, week.done) for week in found.weeks if week.week == 1] == [("left", 3.0), ("right", 1.0)]


def test_days_of_illness_are_taken_off_the_plan_and_named() -> None:
    ill = Paused(id="paused-1", at=at(0), by="patient", first=START, last=START + timedelta(days=5), reason="sick")
    found = judged([ill], 7)
    assert found.weeks[0].planned == 1
    assert [(g.first, g.last, g.reason) for g in found.gaps] == [(date(2026, 3, 2), date(2026, 3, 7), "sick")]


def test_days_without_any_entry_are_a_gap_of_which_nobody_knows() -> None:
    found = judged([session(0), session(5)], 7)
    assert [(g.first.day, g.last.day, g.reason) for g in found.gaps] == [(3, 6, "no entry")]


def test_the_day_is_the_persons_own_wherever_they_are() -> None:
    late = session(6, at=at(6, 23, 30, offset_h=-8))
    found = judged([late], 13)
    assert [week.done for week in found.weeks] == [1.0, 0.0]


def test_what_is_not_done_today_may_still_be_done() -> None:
    assert judged([check(day) for day in range(7)], 6).weeks[0].unknown == 1
