"""Change beyond its error and its threshold; reviews; the average course."""

from datetime import timedelta
from typing import Any

import pytest

from followed import START, at, check, plan
from kinechain.care.follow_up.change import judge_change, read_thresholds
from kinechain.care.follow_up.course import compare_course, expected_pain
from kinechain.care.follow_up.events import Reviewed, VisitMade
from kinechain.care.follow_up.pain_series import Baseline, baselines, measured, pain_series
from kinechain.care.follow_up.review import CHECKPOINTS, Review, Signs, reviews
from kinechain.care.person.person import Score
from kinechain.core.errors import SettingError

FINE = Signs(danger=False, nerve=False, pain_above=False, under_half=False)


@pytest.mark.parametrize(
    ("measure", "baseline", "now", "verdict"),
    [
        ("nprs", 6, 4, "better"),
        ("nprs", 6, 4.3, "no clear change"),
        ("nprs", 8, 6.2, "improving"),
        ("nprs", 6, 4.2, "better"),
        ("nprs", 3, 2, "no clear change"),
        ("nprs", 4, 6, "worse"),
        ("nprs", 4, 5.9, "no clear change"),
        ("nprs", 6, None, "not enough known"),
        ("nprs", None, 2, "not enough known"),
        ("rmdq24", 12, 7, "better"),
        ("rmdq24", 12, 8, "better"),
        ("rmdq24", 20, 16, "improving"),
        ("rmdq24", 12, 9, "no clear change"),
        ("rmdq24", 3, 0, "not judged"),
        ("odi", 40, 30, "better"),
        ("odi", 20, 14, "better"),
        ("odi", 40, 31, "improving"),
        ("lefs", 50, 59, "better"),
        ("lefs", 50, 58, "no clear change"),
        ("lefs", 50, 40, "worse"),
        ("faam adl", 60, 68, "better"),
        ("faam adl", 60, 66, "improving"),
        ("faam sport", 40, 52, "no clear change"),
        ("faam sport", 40, 53, "better"),
        ("fhsq pain", 40, 53, "better"),
        ("fhsq function", 40, 46, "improving"),
        ("mskhq", 30, 38, "better"),
        ("psfs 2", 3, 9, "not judged"),
    ],
)
def test_a_change_is_judged_by_error_first_and_threshold_then(
    measure: str, baseline: Any, now: Any, verdict: str
) -> None:
    assert judge_change(measure, baseline, now).verdict == verdict


def test_the_parts_of_a_questionnaire_are_not_its_total() -> None:
    with pytest.raises(SettingError, match="no threshold"):
        judge_change("rmdq24 7", 1, 0)


def test_recovered_is_no_pain_and_at_most_two_of_the_roland_morris() -> None:
    assert judge_change("nprs", 5, 0).is_recovered is True and judge_change("nprs", 5, 1).is_recovered is False
    assert judge_change("rmdq24", 12, 2).is_recovered is True and judge_change("rmdq24", 12, 3).is_recovered is False
    assert judge_change("lefs", 12, 80).is_recovered is None


def test_a_low_first_roland_morris_says_to_look_at_own_activities() -> None:
    sentence = judge_change("rmdq24", 3, 8).sentence
    assert sentence.rule == "R7.3" and "own activities" in sentence.text


def test_every_threshold_has_sources_and_says_where_its_error_is_a_choice() -> None:
    assert all(t.sources and t.error > 0 for t in read_thresholds().values())
    assert {t.id for t in read_thresholds().values() if t.error_basis == "source"} == {
        "nprs", "rmdq24", "lefs", "faam adl", "faam sport",
    }  # fmt: skip


def visit(day: int, **scores: float) -> VisitMade:
    told = tuple(Score(key, value) for key, value in scores.items())
    return VisitMade(id=f"visit-{day:04d}", at=at(day), by="clinician-1", visit="a", version="test", scores=told)


def review(name: str, day: int, log: Any, began: dict[str, float], signs: Signs = FINE) -> Review:
    start = {key: Baseline(key, value, value, value, 1) for key, value in began.items()}
    every = reviews(log, plan(), START + timedelta(days=day), start, dict.fromkeys(CHECKPOINTS, signs))
    return next(r for r in every if r.checkpoint == name)


@pytest.mark.parametrize(
    ("name", "day", "began", "now", "decision", "key"),
    [
        ("week 6", 42, {"nprs": 6}, {"nprs": 4}, "continue", "review_continue"),
        ("week 6", 42, {"nprs": 6, "rmdq24": 14}, {"nprs": 6, "rmdq24": 8}, "continue", "review_continue"),
        ("week 6", 42, {"nprs": 4, "rmdq24": 8}, {"nprs": 4, "rmdq24": 8}, "change", "review_swap_one"),
        ("week 6", 42, {"nprs": 8}, {"nprs": 6.2}, "change", "review_swap_one"),
        ("week 6", 42, {"nprs": 4, "rmdq24": 14}, {"nprs": 4, "rmdq24": 14}, "refer", "review_clinician"),
        ("week 6", 42, {"nprs": 7}, {"nprs": 7}, "refer", "review_clinician"),
        ("week 6", 42, {"nprs": 4}, {"nprs": 7}, "refer", "review_worse"),
        ("week 6", 42, {"nprs": 6}, {}, "not enough known", "review_not_enough_known"),
        ("week 6", 42, {}, {"nprs": 3}, "not enough known", "review_not_enough_known"),
        ("week 6", 42, {"rmdq24": 3}, {"rmdq24": 0}, "not enough known", "review_not_enough_known"),
        ("week 8", 56, {"nprs": 6}, {"nprs": 3}, "continue", "review_maintain"),
        ("week 8", 56, {"nprs": 8}, {"nprs": 6.2}, "change", "review_more_weeks"),
        ("week 8", 56, {"nprs": 5}, {"nprs": 5}, "refer", "review_re_examine"),
        ("week 2", 14, {"nprs": 5}, {"nprs": 5}, "continue", "review_continue"),
        ("week 2", 14, {"nprs": 5}, {"nprs": 7}, "change", "review_pain_rose"),
        ("week 2", 14, {"nprs": 5}, {}, "not enough known", "review_not_enough_known"),
    ],
)
def test_what_follows_at_a_review(name: str, day: int, began: Any, now: Any, decision: str, key: str) -> None:
    outcome = review(name, day, [visit(day, **now)] if now else [], began).outcome
    assert outcome is not None
    assert (outcome.decision, outcome.sentences[0].key) == (decision, f"follow_up.{key}")


@pytest.mark.parametrize(
    ("name", "day", "signs", "decision"),
    [
        ("day 3-7", 3, FINE, "continue"),
        ("day 3-7", 3, Signs(False, False, True, None), "change"),
        ("day 3-7", 3, Signs(False, False, None, None), "not enough known"),
        ("day 3-7", 3, Signs(True, False, False, None), "refer"),
        ("week 2", 14, Signs(False, False, False, True), "change"),
        ("week 2", 14, Signs(False, False, False, None), "not enough known"),
        ("week 2", 14, Signs(False, True, False, True), "refer"),
        ("week 8", 56, Signs(True, False, False, False), "refer"),
    ],
)
def test_signs_come_before_numbers(name: str, day: int, signs: Signs, decision: str) -> None:
    outcome = review(name, day, [visit(day, nprs=4.0)], {"nprs": 5.0}, signs).outcome
    assert outcome is not None and outcome.decision == decision


@pytest.mark.parametrize(("day", "state"), [(13, "not yet"), (14, "due"), (20, "due"), (21, "overdue")])
def test_a_review_is_due_from_its_day_to_the_end_of_its_window(day: int, state: str) -> None:
    assert review("week 2", day, [], {}).state == state


@pytest.mark.parametrize(("on", "timing"), [(9, "early"), (11, "on time"), (20, "on time"), (25, "late")])
def test_a_review_that_was_done_says_when(on: int, timing: str) -> None:
    done = Reviewed(id="review-0001", at=at(on), by="clinician-1", checkpoint="week 2", decision="continue")
    found = review("week 2", 30, [done], {})
    assert (found.state, found.timing, found.recorded) == ("done", timing, "continue")


def test_data_outside_the_window_of_a_review_do_not_count_for_it() -> None:
    outcome = review("week 6", 60, [visit(30, nprs=1.0), visit(55, nprs=1.0)], {"nprs": 6.0}).outcome
    assert outcome is not None and outcome.decision == "not enough known"


def test_the_word_that_only_a_clinician_may_use_is_not_used() -> None:
    outcome = review("week 8", 56, [visit(56, nprs=5.0)], {"nprs": 5.0}).outcome
    assert outcome is not None and "examine you again" in outcome.sentences[0].text


def test_a_baseline_is_what_is_given_then_the_goal_then_the_first_visit_then_check_ins() -> None:
    log = [visit(0, nprs=4.0, rmdq24=11.0), visit(1, rmdq24=13.0), check(0, 2.0), check(20, 9.0)]
    assert baselines(log, plan(baseline=6.0), [Score("nprs", 7.0)])["nprs"].value == 7.0
    assert baselines(log, plan(baseline=6.0))["nprs"].value == 6.0
    assert baselines(log, plan(baseline=None))["nprs"].value == 4.0
    assert baselines(log[2:], plan(baseline=None))["nprs"].value == 2.0
    found = baselines(log, plan(baseline=None))["rmdq24"]
    assert (found.value, found.least, found.most, found.count) == (12.0, 11.0, 13.0, 2)


def test_pain_of_a_week_stands_for_a_missing_score_only_if_three_days_tell() -> None:
    log = [check(40, 2.0), check(41, 3.0), check(42, 4.0)]
    first, last = START + timedelta(days=38), START + timedelta(days=42)
    assert measured(log, first, last) == {"nprs": 3.0}
    assert measured(log[1:], first, last) == {}
    assert measured([*log, visit(39, nprs=7.0)], first, last) == {"nprs": 7.0}


@pytest.mark.parametrize(
    ("course", "week", "value"),
    [
        ("back_acute", 0, 5.2), ("back_acute", 6, 2.3), ("back_acute", 26, 1.2), ("back_acute", 52, 0.6),
        ("back_persistent", 0, 5.1), ("back_persistent", 6, 3.3), ("back_persistent", 26, 2.6),
        ("back_persistent", 52, 2.3), ("back_acute", 3, 3.75), ("back_acute", 16, 1.75),
    ],
)  # fmt: skip
def test_the_average_course_is_the_published_one(course: str, week: float, value: float) -> None:
    assert expected_pain(course, week).value == pytest.approx(value)


@pytest.mark.parametrize(
    ("onset", "now", "course", "verdict"),
    [
        (4.0, 2.3, "back_acute", "as expected"),
        (4.0, 5.0, "back_acute", "higher than expected"),
        (30.0, 5.0, "back_persistent", "as expected"),
        (30.0, 1.0, "back_persistent", "lower than expected"),
        (60.0, 1.0, "", "not enough known"),
        (None, 1.0, "", "not enough known"),
        (4.0, None, "back_acute", "not enough known"),
    ],
)
def test_a_person_beside_the_average_course(onset: Any, now: Any, course: str, verdict: str) -> None:
    found = compare_course("back", onset, 6.0, 5.2, now)
    assert (found.course, found.verdict) == (course, verdict)
    assert found.sentences[-1].key == "follow_up.course_no_proof"


def test_beyond_the_last_published_week_nothing_is_expected() -> None:
    assert compare_course("back", 4.0, 53.0, 5.2, 1.0).verdict == "not enough known"


def test_heel_pain_has_a_share_and_no_weekly_course() -> None:
    found = compare_course("foot", 4.0, 6.0, 5.2, 1.0)
    assert found.verdict == "not enough known" and "80 of 100" in found.sentences[0].text


def test_first_step_pain_is_a_pain_of_its_own() -> None:
    log = [check(40 + i, 5.0, first_step_pain=2.0) for i in range(3)]
    first, last = START + timedelta(days=38), START + timedelta(days=42)
    assert measured(log, first, last) == {"nprs": 5.0, "nprs first step": 2.0}
    assert judge_change("nprs first step", 6.0, 2.0).sentence.text.startswith("First-step pain: from 6 to 2.")
    given = Score("nprs", None, {"average": 4.0, "first_step": 7.0, "worst": 9.0})
    began = baselines([], plan(baseline=None), [given])
    assert {key: value.value for key, value in began.items()} == {"nprs": 4.0, "nprs first step": 7.0}


def test_the_last_word_of_a_clinician_stands() -> None:
    log = [
        Reviewed(id=f"review-{day:04d}", at=at(day), by="clinician-1", checkpoint="week 2", decision=decision)
        for day, decision in ((16, "change"), (14, "continue"))
    ]
    assert review("week 2", 30, log, {}).recorded == "change"


def test_the_pain_of_a_day_is_the_greater_of_foot_and_back_and_of_two_entries() -> None:
    log = [check(1, 3.0, foot_pain=5.0, worst_pain=9.0), check(2, None, worst_pain=8.0), check(3, 2.0)]
    log.append(check(3, 6.0, id="a-second-one"))
    assert [day.main for day in pain_series(log, START + timedelta(days=9))] == [5.0, 8.0, 6.0]
