"""The pain rule and the soreness rule, worked by hand."""

from datetime import timedelta

import pytest

from followed import START, morning, session
from kinechain.care.follow_up.pain_rule import judge_pain, worse_mornings
from kinechain.care.follow_up.soreness import judge_soreness


def day(number: int):  # type: ignore[no-untyped-def]
    return START + timedelta(days=number)


@pytest.mark.parametrize(
    ("during", "morning_pain", "usual", "verdict"),
    [
        (0.0, None, None, "go on"),
        (3.0, 2.0, 2.0, "go on"),
        (3.0, 3.0, 2.0, "acceptable"),
        (3.1, 2.0, 2.0, "acceptable"),
        (5.0, 2.0, 2.0, "acceptable"),
        (5.0, 3.0, 2.0, "regress"),
        (4.0, None, None, "not enough known"),
        (5.1, 2.0, 2.0, "regress"),
        (None, 2.0, 2.0, "not enough known"),
    ],
)
def test_one_session_and_its_morning(during, morning_pain, usual, verdict) -> None:  # type: ignore[no-untyped-def]
    mornings = [] if morning_pain is None else [morning(1, morning_pain, usual)]
    assert judge_pain([session(0, pain_during=during)], mornings, day(1)).verdict == verdict


def test_two_worse_mornings_in_a_row_stop_and_one_between_does_not() -> None:
    log = [session(0, pain_during=1.0)]
    worse = [morning(1, 4.0, 2.0), morning(2, 4.0, 2.0)]
    assert judge_pain(log, worse, day(2)).verdict == "stop"
    assert judge_pain(log, [*worse, morning(3, 2.0, 2.0)], day(3)).verdict != "stop"
    assert judge_pain(log, [worse[0], morning(3, 4.0, 2.0)], day(3)).verdict != "stop"
    little = [morning(1, 3.0, 2.0), morning(2, 3.0, 2.0)]
    assert judge_pain(log, little, day(2)).verdict == "regress"


def test_what_is_usual_is_the_median_of_a_week_so_that_one_odd_rating_moves_nothing() -> None:
    mornings = [morning(d, 3.0, 3.0) for d in range(1, 5)] + [morning(5, 3.0, 0.0), morning(6, 3.0, 0.0)]
    assert worse_mornings(mornings, day(6)) == tuple((day(d), 0.0) for d in range(1, 7))


def test_above_five_twice_in_a_row_stops() -> None:
    log = [session(0, pain_during=6.0), session(2, pain_during=5.5)]
    assert judge_pain(log, [], day(2)).verdict == "stop"
    assert judge_pain([*log, session(4, pain_during=2.0)], [], day(4)).verdict == "go on"


def test_middle_pain_that_rises_week_on_week_is_made_easier() -> None:
    rising = [session(d, pain_during=p) for d, p in ((0, 3.5), (2, 3.5), (7, 4.5), (9, 4.6))]
    steady = [session(d, pain_during=4.2) for d in (0, 2, 7, 9)]
    mornings = [morning(10, 1.0, 1.0)]
    assert judge_pain(rising, mornings, day(10)).verdict == "regress"
    assert judge_pain(rising, mornings, day(10)).is_rising is True
    assert judge_pain(steady, mornings, day(10)).verdict == "acceptable"
    assert judge_pain(steady[2:], mornings, day(10)).is_rising is None


def test_old_entries_say_nothing_about_today() -> None:
    assert judge_pain([session(0, pain_during=1.0)], [], day(15)).verdict == "not enough known"


def test_the_usual_level_of_the_plan_stands_where_a_morning_does_not_tell_it() -> None:
    log, mornings = [session(0, pain_during=4.0)], [morning(1, 5.0, None)]
    assert judge_pain(log, mornings, day(1), usual=5.0).verdict == "acceptable"
    assert judge_pain(log, mornings, day(1), usual=4.0).verdict == "regress"
    assert judge_pain(log, mornings, day(1)).verdict == "not enough known"


def test_every_word_about_pain_names_its_rule() -> None:
    assert {s.rule for s in judge_pain([session(0)], [], day(0)).sentences} == {"R6.1"}


@pytest.mark.parametrize(
    ("mornings", "verdict"),
    [
        ([], "not enough known"),
        ([morning(1, soreness=0.0)], "none"),
        ([morning(1, soreness=4.0, soreness_days=3.0)], "expected"),
        ([morning(1, soreness=4.0, soreness_days=7.0)], "expected"),
        ([morning(1, soreness=4.0, soreness_days=7.5)], "too long"),
        ([morning(1, pain=4.0, usual=2.0, soreness=4.0)], "own pain"),
    ],
)
def test_soreness_is_told_from_own_pain(mornings, verdict) -> None:  # type: ignore[no-untyped-def]
    assert judge_soreness(mornings, day(1)).verdict == verdict


def test_eight_sore_mornings_in_a_row_are_too_long_and_a_free_one_begins_anew() -> None:
    eight = [morning(d, soreness=2.0) for d in range(1, 9)]
    assert judge_soreness(eight[1:], day(8)).verdict == "expected"
    assert judge_soreness(eight, day(8)).verdict == "too long"
    assert judge_soreness([m for m in eight if m != eight[3]], day(8)).days == 4.0


def test_soreness_of_three_days_ago_says_nothing_about_today() -> None:
    assert judge_soreness([morning(1, soreness=5.0)], day(4)).verdict == "not enough known"
