"""Laws of the log: nothing lost, nothing doubled, nothing grown while pain forbids it."""

import dataclasses
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from followed import START, at, check, exercise, morning, plan, session
from kinechain.care.follow_up.adherence import judge_adherence
from kinechain.care.follow_up.alerts import find_alerts
from kinechain.care.follow_up.change import read_thresholds
from kinechain.care.follow_up.events import Event, Session
from kinechain.care.follow_up.follow_up import follow_up
from kinechain.care.follow_up.merge import content_digest, merge
from kinechain.care.follow_up.pain_series import pain_series
from kinechain.care.follow_up.progression import decide
from kinechain.care.follow_up.repetitions import repetition_ledger
from kinechain.care.follow_up.soreness import judge_soreness

OFFSETS = st.sampled_from([-10.0, -8.0, -3.5, 0.0, 1.0, 2.0, 5.75, 9.0, 14.0])
SIDES = st.sampled_from(["left", "right", "both"])
PAIN = st.none() | st.floats(0, 10).map(lambda value: round(value, 1))

#: Few ids and few seconds, so that conflicts and double taps happen.
sessions = st.builds(
    lambda day, minute, offset, side, repetitions, name, pain: session(
        day, repetitions, side=side, id=name, at=at(day, 9, minute, offset), pain_during=pain
    ),
    st.integers(0, 6),
    st.integers(0, 3),
    OFFSETS,
    SIDES,
    st.integers(8, 10),
    st.sampled_from([f"entry-{i:04d}" for i in range(12)]),
    PAIN,
)
checks = st.builds(
    lambda day, pain, name, offset: check(day, pain, id=name, at=at(day, 21, 0, offset)),
    st.integers(0, 6),
    PAIN,
    st.sampled_from([f"check-{i:04d}" for i in range(6)]),
    OFFSETS,
)
logs = st.lists(sessions | checks, max_size=14)
POINTS = read_thresholds()["nprs"]


@given(logs, logs)
def test_merging_does_not_depend_on_the_order_of_the_logs(a: list[Event], b: list[Event]) -> None:
    assert merge(a, b) == merge(b, a)


@given(logs, logs, logs)
def test_merging_does_not_depend_on_which_logs_meet_first(a: list[Event], b: list[Event], c: list[Event]) -> None:
    whole = merge(a, b, c)
    assert merge(merge(a, b).events, c) == whole
    assert merge(a, merge(b, c).events) == whole


@given(logs, logs)
def test_merging_again_changes_nothing(a: list[Event], b: list[Event]) -> None:
    once = merge(a, b)
    assert merge(once.events) == once
    assert merge(once.events, a, b, once.events) == once


@given(logs, st.randoms())
def test_entries_may_arrive_in_any_order(a: list[Event], random: Any) -> None:
    shuffled = [*a]
    random.shuffle(shuffled)
    assert merge(shuffled) == merge(a)


@given(logs, logs)
def test_nothing_is_lost_and_every_id_is_there_once(a: list[Event], b: list[Event]) -> None:
    merged = merge(a, b)
    ids = [event.id for event in merged.events]
    assert len(ids) == len(set(ids))
    written = {(event.id, content_digest(event)) for event in [*a, *b]}
    assert {digest for _, digest in written} == {content_digest(event) for event in merged.events}
    assert len(merged.events) == len(written)
    assert {event.id for event in [*a, *b]} <= set(ids)


@given(logs)
def test_what_is_not_counted_is_named(a: list[Event]) -> None:
    merged = merge(a)
    left_out = {event.id for event in merged.events} - {event.id for event in merged.counted}
    named = {i for d in merged.duplicates for i in d.not_counted} | {i for c in merged.conflicts for i in c.kept_as[1:]}
    assert left_out == named


@given(logs)
def test_the_same_log_twice_counts_the_same_repetitions(a: list[Event]) -> None:
    of, today = plan(exercise(side="both")), START + timedelta(days=7)
    once = repetition_ledger(merge(a).counted, of, today)
    assert repetition_ledger(merge(a, a, reversed(a)).counted, of, today) == once


@given(logs, OFFSETS)
def test_the_persons_own_day_does_not_move_with_the_time_zone(a: list[Event], offset: float) -> None:
    """The same clock on the wall in another zone, as after a flight or a change of summer time, is the same day."""
    of, today = plan(exercise(side="both")), START + timedelta(days=7)
    moved = [dataclasses.replace(e, at=at((e.at.date() - START).days, e.at.hour, e.at.minute, offset)) for e in a]
    assert judge_adherence(moved, of, today).weeks == judge_adherence(a, of, today).weeks
    assert repetition_ledger(moved, of, today) == repetition_ledger(a, of, today)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 40), PAIN, SIDES, st.integers(1, 6)), max_size=14),
       st.lists(st.tuples(st.integers(0, 21), PAIN, PAIN, PAIN), max_size=8),
       st.sampled_from(["clamshell", "heel_raise_towel"]), SIDES)  # fmt: skip
def test_a_dose_stays_within_its_plan_and_never_grows_while_pain_forbids_it(
    done: list[Any], mornings: list[Any], name: str, side: Any
) -> None:
    sets = (3, 5) if name == "heel_raise_towel" else (2, 3)
    part = exercise(name, side, sets=sets)
    log = [
        session(day, count, exercise=name, side=where, sets=n, pain_during=pain, id=f"session-{i:04d}")
        for i, (day, count, pain, where, n) in enumerate(done)
    ]
    after = [dataclasses.replace(morning(d, pain, usual, soreness=sore), id=f"morning-{i}{d:04d}")
             for i, (d, pain, usual, sore) in enumerate(mornings)]  # fmt: skip
    today = START + timedelta(days=21)
    decision = decide(part, log, after, judge_soreness(after, today), START, today)
    if decision.load_percent is not None:
        assert decision.action == "progress" and decision.pain.verdict == "go on"
        assert 2.0 <= decision.load_percent[0] <= decision.load_percent[1] <= 10.0
        assert decision.pain.during is not None and decision.pain.during <= 3.0
    if decision.dose is not None:
        assert 1 <= decision.dose.sets[0] <= decision.dose.sets[1] <= part.dose.sets[1]
        assert part.dose.repetitions[0] <= decision.dose.repetitions[0]
        assert decision.dose.repetitions[1] <= part.dose.repetitions[1]
        assert decision.dose.days_per_week == part.dose.days_per_week
    assert (decision.dose is None) == (decision.action == "stop")


@given(st.floats(0, 8), st.data())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_no_alert_from_pain_within_its_error(baseline: float, data: Any) -> None:
    noise = st.floats(-POINTS.error + 1e-6, POINTS.error - 1e-6)
    days = range(14)
    log: list[Any] = []
    for day in days:
        log.append(check(day, min(10.0, max(0.0, baseline + data.draw(noise)))))
        log.append(morning(day, min(10.0, max(0.0, baseline + data.draw(noise))), baseline))
    today = START + timedelta(days=13)
    assert find_alerts(log, plan(), today, pain_series(log, today), baseline) == ()


@given(logs)
@settings(max_examples=30, deadline=None)
def test_following_up_the_same_log_twice_is_following_it_up_once(a: list[Event]) -> None:
    today = START + timedelta(days=7)
    assert follow_up([*a, *a], plan(), today) == follow_up(a, plan(), today)


@given(logs)
@settings(max_examples=30, deadline=None)
def test_progress_is_told_for_any_log(a: list[Event]) -> None:
    seen = follow_up(a, plan(exercise(side="both")), START + timedelta(days=7))
    done = sum(e.sets * e.repetitions * (2 if e.side == "both" else 1) for e in seen.merged.counted
               if isinstance(e, Session))  # fmt: skip
    assert sum(row.done for row in seen.repetitions.rows) == done
    for week in seen.adherence.weeks:
        assert week.done + week.unknown + week.not_done >= week.planned - 0.5 - 1e-9
