"""When an exercise gets harder, stays, gets easier or stops."""

from datetime import timedelta
from typing import Any

import pytest

from followed import START, exercise, morning, session
from kinechain.care.follow_up.progression import Decision, decide, dose_in_week
from kinechain.care.follow_up.soreness import judge_soreness


def judged(part: Any, log: Any, day: int, mornings: Any = (), **more: Any) -> Decision:
    today = START + timedelta(days=day)
    return decide(part, log, mornings, judge_soreness(mornings, today), START, today, **more)


def test_two_sessions_in_a_row_over_target_add_two_to_ten_percent() -> None:
    decision = judged(exercise(), [session(0, 13), session(2, 13)], 2)
    assert (decision.action, decision.load_percent) == ("progress", (2.0, 10.0))
    assert decision.rules[0] == "R6.2" and "acsm2009" in decision.sentences[0].sources


@pytest.mark.parametrize(
    "log",
    [
        [session(2, 13)],
        [session(0, 13), session(2, 12)],
        [session(0, 13), session(2, 13, sets=2)],
        [session(0, 13), session(2, 13, side="right")],
        [session(0, 13), session(1, 11), session(2, 13)],
        [session(0, 13), session(2, 13, pain_during=4.0)],
        [session(0, 13), session(2, 13, pain_during=None)],
    ],
)
def test_anything_less_does_not(log: Any) -> None:
    assert judged(exercise(), log, 2).action in ("keep", "not enough known")


def test_sets_written_one_by_one_are_one_session_and_reserve_counts() -> None:
    sets = [session(d, 12, sets=1, id=f"set-{d}-{i}", repetitions_in_reserve=1) for d in (0, 2) for i in range(3)]
    assert judged(exercise(), sets, 2).action == "progress"


def test_both_sides_must_be_over_target() -> None:
    left = [session(0, 13), session(2, 13)]
    right = [session(0, 13, side="right"), session(2, 12, side="right")]
    assert judged(exercise(side="both"), [*left, *right], 2).action == "keep"
    right[1] = session(2, 13, side="right")
    assert judged(exercise(side="both"), [*left, *right], 2).action == "progress"


def test_pain_above_five_makes_it_easier_and_says_how() -> None:
    decision = judged(exercise(), [session(0, 13), session(2, 13, pain_during=6.0)], 2)
    assert decision.action == "regress" and decision.load_percent is None
    assert decision.dose is not None and (decision.dose.sets, decision.dose.repetitions) == ((2, 2), (8, 8))
    assert decision.sentences[-1].key == "test.regression"


def test_long_soreness_makes_it_easier_although_pain_is_low() -> None:
    sore = [morning(3, soreness=3.0, soreness_days=9.0)]
    assert judged(exercise(), [session(0, 13), session(2, 13)], 3, sore).action == "regress"


def test_two_worse_mornings_stop_it() -> None:
    decision = judged(exercise(), [session(0, 13)], 2, [morning(1, 3.0, 1.0), morning(2, 3.0, 1.0)])
    assert (decision.action, decision.dose) == ("stop", None)


def test_a_plan_that_rests_stops_everything() -> None:
    assert judged(exercise(), [session(0, 13), session(2, 13)], 2, is_suspended=True).action == "stop"


def test_a_stretch_has_no_load_to_add() -> None:
    stretch = exercise("hip_flexor_stretch", repetitions=(2, 4), hold_s=(10.0, 30.0))
    log = [session(d, 6, exercise="hip_flexor_stretch", hold_s=60.0) for d in (0, 2)]
    assert judged(stretch, log, 2).action == "keep"


HEEL = exercise("heel_raise_towel", "left", sets=(3, 5), repetitions=(8, 12), days=(3, 4))


@pytest.mark.parametrize(
    ("week", "sets", "repetitions"), [(1, 3, 12), (2, 3, 12), (3, 4, 10), (4, 4, 10), (5, 5, 8), (8, 5, 8), (12, 5, 8)]
)
def test_the_heel_raise_programme_goes_by_weeks(week: int, sets: int, repetitions: int) -> None:
    dose = dose_in_week(HEEL, week)
    assert (dose.sets, dose.repetitions) == ((sets, sets), (repetitions, repetitions))


def test_a_stage_of_the_heel_raise_programme_is_never_skipped_and_waits_for_the_pain_rule() -> None:
    def heel(day: int, sets: int, pain: float = 1.0) -> Any:
        return session(day, 12, exercise="heel_raise_towel", sets=sets, pain_during=pain)

    late = judged(HEEL, [heel(26, 3)], 28)
    assert late.dose is not None and late.dose.sets == (4, 4)
    ready = judged(HEEL, [heel(26, 4)], 28)
    assert ready.dose is not None and ready.dose.sets == (5, 5)
    painful = judged(HEEL, [heel(26, 4, pain=6.0)], 28)
    assert painful.action == "regress" and painful.dose is not None and painful.dose.sets[1] <= 4
    unknown = judged(HEEL, [heel(12, 3)], 30)
    assert unknown.action == "not enough known"
    assert unknown.dose is not None and unknown.dose.sets == (3, 3)
    assert judged(HEEL, [], 30).dose == dose_in_week(HEEL, 1)


def test_an_exercise_nobody_did_yet_has_the_dose_of_its_week() -> None:
    decision = judged(exercise(), [], 0)
    assert decision.action == "not enough known" and decision.dose == exercise().dose


def test_small_muscles_of_the_foot_are_given_their_weeks() -> None:
    foot = exercise("short_foot", "left")
    assert [s.key for s in judged(foot, [], 41).sentences][-1] == "follow_up.patience"
    assert "R6.7" not in judged(foot, [], 42).rules and "R6.7" not in judged(exercise(), [], 0).rules
