"""Everything that follows from a log, as seen on one day."""

import time
from datetime import timedelta
from typing import Any, get_args

import pytest

from followed import START, at, check, exercise, morning, plan, session
from kinechain.care.follow_up.alerts import URGENCIES
from kinechain.care.follow_up.change import ChangeVerdict
from kinechain.care.follow_up.events import Reviewed, VisitMade
from kinechain.care.follow_up.follow_up import OPEN_REVIEW, Progress, follow_up
from kinechain.care.follow_up.progression import Action
from kinechain.care.follow_up.retest import RetestVerdict
from kinechain.care.person.person import Score
from kinechain.care.planning.plan import Hypothesis, Plan
from kinechain.care.screening.clearance import Clearance
from kinechain.care.screening.red_flags import read_red_flags
from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.evidence.wording import Sentence, wording

NO = {flag.id: "no" for flag in read_red_flags() if flag.urgency == "emergency"}


def eight_weeks(first: float = 6.0, last: float = 2.0, **more: Any) -> list[Any]:
    log: list[Any] = []
    for day in range(57):
        log.append(check(day, first + (last - first) * day / 56, screen=NO))
        if day % 2 == 0:
            log += [session(day, **more), morning(day + 1)]
    return log


def progress(log: Any, day: int, of: Plan | None = None, **more: Any) -> Progress:
    return follow_up(log, of or plan(), START + timedelta(days=day), **more)


def said(value: Any) -> list[Sentence]:
    """Return every sentence of a progress, wherever it stands."""
    if isinstance(value, Sentence):
        return [value]
    if isinstance(value, tuple | list):
        return [s for item in value for s in said(item)]
    if hasattr(value, "__dataclass_fields__"):
        return [s for name in value.__dataclass_fields__ for s in said(getattr(value, name))]
    return []


def test_somebody_who_gets_better_goes_on_and_then_keeps_it_up() -> None:
    seen = progress(eight_weeks(), 56, onset_weeks=4.0)
    decided = {r.checkpoint: r.outcome.decision for r in seen.reviews if r.outcome}
    assert decided == {"day 3-7": "continue", "week 2": "continue", "week 6": "continue", "week 8": "continue"}
    assert (seen.day, seen.week, seen.suspended, seen.alerts) == (56, 9, False, ())
    assert seen.course.sentences[-1].key == "follow_up.course_no_proof"


def test_somebody_who_does_not_is_examined_again() -> None:
    seen = progress(eight_weeks(5.0, 5.0), 56)
    assert {r.checkpoint: r.outcome.decision for r in seen.reviews if r.outcome}["week 8"] == "refer"
    assert seen.alerts == ()


def test_somebody_who_gets_worse_is_told_to_the_clinician_once() -> None:
    seen = progress(eight_weeks(4.0, 9.0), 56, plan(baseline=4.0))
    assert [alert.id for alert in seen.alerts] == ["pain.worsening"]


def test_a_danger_sign_rests_the_plan_and_leaves_nothing_else_to_do() -> None:
    log = [*eight_weeks()[:20], check(9, screen={"ces_bladder": "yes"}, id="danger-0001")]
    seen = progress(log, 9)
    assert seen.suspended and {d.action for d in seen.decisions} == {"stop"}
    keys = [s.key for s in seen.next_steps]
    assert keys == ["follow_up.alert_danger_emergency", "follow_up.suspended", "follow_up.nobody_watches"]
    outcome = next(r.outcome for r in seen.reviews if r.checkpoint == "day 3-7")
    assert outcome is not None and outcome.decision == "continue"
    seen_later = progress(log, 14)
    week_2 = next(r.outcome for r in seen_later.reviews if r.checkpoint == "week 2")
    assert week_2 is not None and week_2.decision == "refer"
    clearance = Clearance("ces_bladder", "digest", "A clinician", "seen", at(10), "key", "signature")
    assert not progress(log, 10, clearances=[clearance]).suspended


def test_a_check_in_that_leaves_emergency_questions_out_names_them() -> None:
    some = {key: answer for key, answer in NO.items() if key != "ces_saddle"}
    (said,) = [s for s in progress([check(3, screen=some)], 3).next_steps if s.key == "follow_up.re_ask_missing"]
    assert "ces saddle" in said.text and "ces bladder" not in said.text
    rest = check(3, screen={"ces_saddle": "no"}, id="the-rest-0001")
    keys = [s.key for s in progress([check(3, screen=some), rest], 3).next_steps]
    assert "follow_up.re_ask_missing" not in keys and "follow_up.re_ask" not in keys


def test_the_danger_questions_are_asked_again_at_each_check_in() -> None:
    log = [check(0, screen=NO), check(3)]
    assert "follow_up.re_ask" in [s.key for s in progress(log, 3).next_steps]
    assert "follow_up.re_ask" not in [s.key for s in progress([*log, check(4, screen=NO)], 4).next_steps]


def test_what_happens_later_is_not_known_today() -> None:
    log = eight_weeks()
    assert progress(log, 20) == progress([e for e in log if e.at.date() <= START + timedelta(days=20)], 20)


def test_an_empty_log_knows_nothing_and_says_so() -> None:
    seen = progress([], 42)
    assert {r.outcome.decision for r in seen.reviews if r.outcome} == {"not enough known"}
    assert [c.verdict for c in seen.changes] == ["not enough known"]
    assert isinstance(seen.lead_lag, NotMeasured) and [a.id for a in seen.alerts] == ["log.silent"]
    assert all(d.action == "not enough known" for d in seen.decisions)


def test_a_hypothesis_is_tested_with_the_measures_of_the_visit() -> None:
    def cm(value: float) -> Estimate:
        return Estimate(value, value - 1, value + 1, "cm", "test")

    of = plan(hypotheses=(Hypothesis("calf_tightness left", "lunge_test left", (), 0.8),))
    visit = Reviewed(
        id="review-0001",
        at=at(42),
        by="c",
        checkpoint="week 6",
        decision="change",
        measures={"lunge_test left": cm(12)},
    )
    same = eight_weeks(6.0, 6.0)
    (found,) = progress([*same, visit], 44, of, measures={"lunge_test left": cm(8)}).retests
    assert (found.driver, found.pain, found.verdict) == ("better", "unchanged", "weakened")
    (found,) = progress([*eight_weeks(), visit], 56, of, measures={"lunge_test left": cm(8)}).retests
    assert found.verdict == "still supported"
    (found,) = progress(same, 44, of, measures={"lunge_test left": cm(8)}).retests
    assert found.verdict == "not tested"


def test_pain_that_comes_back_after_week_eight_is_named() -> None:
    log = eight_weeks(6.0, 1.0) + [check(day, 4.0, screen=NO) for day in range(58, 71)]
    seen = progress(log, 70)
    assert seen.relapse is not None and seen.relapse in seen.next_steps
    assert progress(log, 58).relapse is None
    sudden = [e for e in log if (e.at.date() - START).days < 57] + [check(day, 9.0, screen=NO) for day in (57, 58)]
    assert progress(sudden, 58).relapse is None


def test_scores_of_visits_are_judged_beside_pain() -> None:
    visits = [
        VisitMade(id=f"visit-{d:04d}", at=at(d), by="c", visit="v", version="t", scores=(Score("rmdq24", total),))
        for d, total in ((0, 14.0), (42, 6.0))
    ]
    seen = progress([*eight_weeks(5.0, 5.0), *visits], 44)
    assert {c.measure: c.verdict for c in seen.changes} == {"nprs": "no clear change", "rmdq24": "better"}


def test_every_statement_comes_from_the_ledger() -> None:
    log = [*eight_weeks(), check(30, 9.0, id="another-check-in", screen={"charcot": "yes"})]
    found = said(progress(log, 56, onset_weeks=20.0))
    assert len(found) > 20
    assert {s.key for s in found} - {"test.regression", "test.sentence"} <= set(wording())


@pytest.mark.parametrize("count", [1, 3])
def test_eight_weeks_are_judged_in_an_instant(count: int) -> None:
    names = ("clamshell", "bridge", "calf_raise")[:count]
    of = plan(*(exercise(name, "both") for name in names))
    log = [e for name in names for e in eight_weeks(exercise=name, side="both")]
    log = list({e.id: e for e in log}.values())
    progress(log, 56, of)
    took = []
    for _ in range(5):
        began = time.process_time()
        progress(log, 56, of)
        took.append(time.process_time() - began)
    assert min(took) < 0.030


@pytest.mark.parametrize(
    ("stem", "endings"),
    [
        ("do", get_args(Action)),
        ("change", get_args(ChangeVerdict)),
        ("retest", get_args(RetestVerdict)),
        ("alert_danger", URGENCIES),
        ("review", OPEN_REVIEW),
        ("gap", ("sick", "holiday", "other", "no entry")),
        ("course", ("as expected", "lower than expected", "higher than expected", "not enough known")),
        ("lead_lag", ("foot first", "back first", "same day", "no clear order")),
    ],
)
def test_whatever_may_come_out_has_its_sentence(stem: str, endings: tuple[str, ...]) -> None:
    assert {f"follow_up.{stem}_{ending.replace(' ', '_')}" for ending in endings} <= set(wording())
