"""Eight simulated weeks: reviews, alerts and the re-test of the driver do what sections 6 and 7 of the rules say.

The bounds come from the rules and from the noise that is put in, not from what the code gave.  Noise: one rating
0.64 (haase2022_nrs), real swings 0.6 and rounding 0.29, so one day 0.92; a week of entries about 0.5, the first value
(a median of five days) about 0.6, their difference about 0.8.  A true change 3 points beyond a threshold is thus missed
by almost nobody, and of twelve people without any change one may seem to have changed.
"""

import random
from collections import Counter
from functools import cache

import numpy as np
import pytest

from kinechain.care.follow_up.change import read_thresholds
from kinechain.care.follow_up.follow_up import Progress, follow_up
from kinechain.care.person.person import History
from kinechain.care.planning.planner import make_plan
from kinechain.care.screening.lock import unlock
from made_plan import healthy
from simulated_people import KINDS, ONSET_WEEKS, START, Kind, Simulated, new_drivers, simulate

PEOPLE = 12
#: Of twelve people without change, so many may seem to have changed.
BY_CHANCE = 1
ABOUT_PAIN = "pain."
STEADY: tuple[Kind, ...] = ("responder", "expected course", "non-responder", "non-adherent")


@cache
def person(kind: Kind, seed: int, moves: bool = False, entry: float = 0.85) -> Simulated:
    return simulate(kind, 1000 + seed, measure_moves=moves, entry=entry)


@cache
def seen(kind: Kind, seed: int, day: int, moves: bool = False, entry: float = 0.85) -> Progress:
    who = person(kind, seed, moves, entry)
    drivers = new_drivers(who, np.random.default_rng(seed)) if day >= 42 else None
    given = {"measures": who.before, "drivers": drivers, "onset_weeks": ONSET_WEEKS}
    return follow_up(who.events, who.plan, who.day(day), **given)


def decision(progress: Progress, checkpoint: str) -> str:
    outcome = next(review for review in progress.reviews if review.checkpoint == checkpoint).outcome
    return outcome.decision if outcome else "none"


def verdict(progress: Progress, measure: str = "nprs") -> str:
    return next(change.verdict for change in progress.changes if change.measure == measure)


def test_a_danger_sign_at_a_check_in_rests_the_plan_on_that_day() -> None:
    for seed in range(PEOPLE):
        day = person("danger", seed).danger_on
        assert day is not None
        before, after = seen("danger", seed, day - 1), seen("danger", seed, day)
        assert not before.suspended
        assert after.suspended and after.alerts[0].urgency == "emergency"
        assert {d.action for d in after.decisions} == {"stop"} and all(d.dose is None for d in after.decisions)
        assert decision(seen("danger", seed, 56), "week 8") == "refer"


def test_nobody_without_a_danger_sign_is_stopped_or_sent_on_today() -> None:
    for kind in STEADY:
        for seed in range(PEOPLE):
            for day in (5, 14, 42, 56):
                progress = seen(kind, seed, day)
                assert not progress.suspended
                assert {alert.urgency for alert in progress.alerts} <= {"routine", "soon"}


def test_who_does_less_than_half_gets_fewer_or_easier_exercises_in_week_two() -> None:
    """With an entry on every day nothing is unknown; the share done is two in ten."""
    for seed in range(PEOPLE):
        progress = seen("non-adherent", seed, 14, entry=1.0)
        done = progress.adherence.share([1, 2])
        assert done is not None and done[0] == done[1]
        assert (decision(progress, "week 2") == "change") == (done[1] < 0.5 or verdict(progress) == "worse")
    assert Counter(decision(seen("non-adherent", s, 14, entry=1.0), "week 2") for s in range(PEOPLE))["change"] >= 10


def test_a_log_with_gaps_is_not_read_as_not_done() -> None:
    """Where days have no entry, the least and the most that can have been done differ, and half is not claimed."""
    for seed in range(PEOPLE):
        progress = seen("non-adherent", seed, 14, entry=0.0)
        share = progress.adherence.share([1, 2])
        assert share is not None and share[0] <= share[1]
        if share[1] >= 0.5 > share[0]:
            assert progress.adherence.is_under_half([1, 2]) is None


def test_who_got_better_beyond_doubt_goes_on() -> None:
    """Threshold 2 points or 30 %; true falls of 3 points and more are beyond threshold and noise."""
    found = 0
    for seed in range(PEOPLE):
        truth = person("responder", seed).pain
        if truth[0] - truth[56] >= 3.0:
            found += 1
            assert decision(seen("responder", seed, 42), "week 6") == "continue"
            assert decision(seen("responder", seed, 56), "week 8") == "continue"
    assert found >= PEOPLE // 2


def test_who_does_not_change_is_not_kept_on_the_same_plan() -> None:
    """Week 6: swap one element, or the clinician if disability is high; week 8: re-diagnose.

    Either measure may seem better: pain in one of a hundred, disability (two scores, each with an error of 1.44, at a
    limit of 4) in five of a hundred; more than six of forty would be no chance.
    """
    people, by_chance = 40, 6
    week_6 = Counter(decision(seen("non-responder", seed, 42), "week 6") for seed in range(people))
    week_8 = Counter(decision(seen("non-responder", seed, 56), "week 8") for seed in range(people))
    assert week_6["continue"] <= by_chance and week_8["continue"] <= by_chance
    assert week_6["not enough known"] == week_8["not enough known"] == 0
    assert week_8["refer"] >= people - by_chance


def test_change_within_measurement_error_is_no_clear_change() -> None:
    error = read_thresholds()["nprs"].error
    assert error == pytest.approx(1.77)
    unclear = sum(verdict(seen("non-responder", seed, 42)) == "no clear change" for seed in range(PEOPLE))
    assert unclear >= PEOPLE - BY_CHANCE
    for kind in KINDS:
        for seed in range(PEOPLE):
            for change in seen(kind, seed, 42).changes:
                if change.measure == "nprs" and change.now is not None and change.baseline is not None:
                    assert abs(change.now - change.baseline) >= error or change.verdict == "no clear change"


def test_who_gets_worse_is_told_of_and_referred() -> None:
    """Pain of a week 2 points above the first: at a true rise of 3 points the alert may not be missing."""
    for seed in range(PEOPLE):
        truth = person("worsening", seed).pain
        far = np.flatnonzero(truth >= truth[0] + 3.0)
        assert len(far)
        week_after = min(int(far[0]) + 7, 63)
        progress = seen("worsening", seed, week_after)
        assert any(alert.id.startswith(ABOUT_PAIN) for alert in progress.alerts), seed
        assert decision(seen("worsening", seed, 56), "week 8") == "refer"


def test_one_spell_is_one_alert() -> None:
    for kind in KINDS:
        for seed in range(PEOPLE):
            keys = [alert.key for alert in seen(kind, seed, 63).alerts]
            assert len(keys) == len(set(keys))
            worsening = [alert for alert in seen(kind, seed, 63).alerts if alert.id == "pain.worsening"]
            assert kind != "worsening" or len(worsening) <= 2


def test_the_expected_course_is_named_and_improvement_is_no_proof() -> None:
    """Costa 2012: who improves as people do anyway is told so; who improves more is told the same."""
    as_expected = sum(seen("expected course", s, 42).course.verdict == "as expected" for s in range(PEOPLE))
    assert as_expected >= PEOPLE - BY_CHANCE
    for kind in ("expected course", "responder"):
        for seed in range(PEOPLE):
            progress = seen(kind, seed, 42)
            assert progress.course.course == "back_persistent"
            assert progress.course.sentences[-1].key == "follow_up.course_no_proof"
            assert "R7.1" in progress.course.sentences[-1].rule
            assert progress.retests[0].sentences[-1].key == "follow_up.retest_no_proof"


def test_a_driver_that_got_better_while_pain_did_not_falls() -> None:
    verdicts = Counter(seen("non-responder", seed, 56, moves=True).retests[0].verdict for seed in range(PEOPLE))
    assert verdicts["fallen"] + verdicts["weakened"] >= PEOPLE - BY_CHANCE
    rising = Counter(seen("worsening", seed, 56, moves=True).retests[0].verdict for seed in range(PEOPLE))
    assert rising["fallen"] + rising["weakened"] == PEOPLE


def test_a_driver_that_got_better_with_the_pain_stays() -> None:
    kept = [seen("responder", s, 56, moves=True).retests[0].verdict for s in range(PEOPLE) if _fell_far(s)]
    assert len(kept) >= PEOPLE // 2 and set(kept) == {"still supported"}


def test_a_driver_that_stayed_while_pain_fell_is_weakened() -> None:
    verdicts = [seen("responder", s, 56).retests[0].verdict for s in range(PEOPLE) if _fell_far(s)]
    assert verdicts.count("weakened") + verdicts.count("not needed") >= len(verdicts) - BY_CHANCE


def test_no_hypothesis_is_judged_before_a_visit() -> None:
    for kind in KINDS:
        for seed in range(PEOPLE):
            assert {retest.verdict for retest in seen(kind, seed, 14).retests} == {"not tested"}


def test_alerts_know_nothing_of_the_days_to_come() -> None:
    """An alert of the last day stood already on its own day."""
    for kind in ("worsening", "non-adherent"):
        for seed in range(3):
            who = person(kind, seed)
            for alert in seen(kind, seed, 63).alerts:
                day = (alert.since - who.day(0)).days
                then = follow_up(who.events, who.plan, alert.since, onset_weeks=ONSET_WEEKS)
                assert alert.key in {known.key for known in then.alerts}, (kind, seed, day)


def test_order_and_double_delivery_change_nothing() -> None:
    rng = random.Random(5)
    for kind in KINDS:
        who = person(kind, 0)
        shuffled = [*who.events, *who.events[::3]]
        rng.shuffle(shuffled)
        day = who.day(42)
        again = follow_up(shuffled, who.plan, day, measures=who.before, onset_weeks=ONSET_WEEKS)
        assert again == follow_up(who.events, who.plan, day, measures=who.before, onset_weeks=ONSET_WEEKS)


def test_a_journey_over_time_zones_moves_no_day() -> None:
    """In the fifth week the clock is five hours behind; every evening stays on its own day."""
    for seed in range(3):
        pain = seen("responder", seed, 63, entry=1.0).pain
        assert [entry.day for entry in pain] == sorted({entry.day for entry in pain})
        assert len(pain) == 63 + 3


def test_a_plan_made_from_an_examination_can_be_followed() -> None:
    """The plan of the planner, not one made for the test: every exercise is counted, a danger sign stops them all."""
    who = healthy(history=History(pain_regions=("low_back",), pain_weeks=20.0, pain_average=5.0))
    plan = make_plan(who, unlock(who), today=START, version="0")
    assert plan.exercises
    follower = simulate("responder", 3, entry=1.0, plan=plan)
    progress = follow_up(follower.events, plan, follower.day(42), onset_weeks=20.0)
    assert {row.exercise for row in progress.repetitions.rows} == {part.exercise for part in plan.exercises}
    assert all(row.done > 0 for row in progress.repetitions.rows)
    assert decision(progress, "week 6") == "continue"
    stopped = simulate("danger", 3, plan=plan)
    assert stopped.danger_on is not None
    rests = follow_up(stopped.events, plan, stopped.day(stopped.danger_on), onset_weeks=20.0)
    assert rests.suspended and {d.action for d in rests.decisions} == {"stop"}


def _fell_far(seed: int) -> bool:
    truth = person("responder", seed).pain
    return bool(truth[0] - truth[56] >= 3.0)
