"""Done beside planned, and no number that has to be reached."""

from datetime import timedelta

import pytest

from followed import START, exercise, plan, session
from kinechain.care.follow_up.repetitions import planned_repetitions, repetition_ledger
from kinechain.care.planning.plan import Dose
from kinechain.evidence.wording import wording


@pytest.mark.parametrize(("weeks", "total"), [(6, 1890), (8, 2520)])
def test_three_times_fifteen_daily_is_what_the_rules_say(weeks: int, total: int) -> None:
    part = exercise(side="both", sets=(3, 3), repetitions=(15, 15), days=(7, 7))
    rows = repetition_ledger([], plan(part, weeks=weeks), START).rows
    assert [(row.side, row.planned) for row in rows] == [("left", (total, total)), ("right", (total, total))]


def test_a_week_of_a_dose_is_a_product() -> None:
    dose = Dose((2, 3), (8, 12), (2, 3), times_per_day=(1, 2), basis="choice")
    assert planned_repetitions(dose) == (32, 216)


def test_sides_and_weeks_are_counted_apart_and_both_counts_each_side_once() -> None:
    log = [session(0, 10), session(6, 5, side="both"), session(7, 4, side="right", sets=2), session(20, 1)]
    rows = repetition_ledger(log, plan(exercise(side="both")), START + timedelta(days=13)).rows
    assert [(row.side, row.done_by_week, row.done) for row in rows] == [
        ("left", (45, 0), 45),
        ("right", (15, 8), 23),
    ]


def test_what_is_not_in_the_plan_is_shown_without_a_plan() -> None:
    rows = repetition_ledger([session(0, 10, exercise="bridge", side="both")], plan(), START).rows
    assert [(row.exercise, row.side, row.done) for row in rows[1:]] == [("bridge", "left", 30), ("bridge", "right", 30)]
    assert rows[1].sentence.text == "30 repetitions done that are not in the plan."


def test_an_exercise_without_a_side_is_counted_once() -> None:
    rows = repetition_ledger([session(0, 10, side="both")], plan(exercise(side="")), START).rows
    assert [(row.side, row.done) for row in rows] == [("", 30)]


def test_the_heel_raise_programme_is_planned_by_its_stages() -> None:
    part = exercise("heel_raise_towel", "left", sets=(3, 5), repetitions=(8, 12), days=(3, 4))
    (row,) = repetition_ledger([], plan(part), START).rows
    assert [week for week, _ in row.planned_by_week] == [108, 108, 120, 120, 120, 120, 120, 120]
    assert row.planned_by_week[0] == (3 * 12 * 3, 3 * 12 * 4)


def test_no_sentence_of_follow_up_names_a_magic_number() -> None:
    texts = [entry.text for key, entry in wording().items() if key.startswith("follow_up.")]
    assert texts and not any("10,000" in text or "10000" in text for text in texts)


def test_sessions_before_the_plan_and_after_today_are_not_counted() -> None:
    log = [session(-1, 10), session(0, 10), session(3, 10)]
    assert repetition_ledger(log, plan(), START + timedelta(days=2)).rows[0].done == 30
