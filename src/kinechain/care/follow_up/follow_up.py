"""How a plan goes: everything that follows from what was written down, as seen on one day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from kinechain.care.drivers import Drivers
from kinechain.care.follow_up.adherence import Adherence, judge_adherence
from kinechain.care.follow_up.alerts import ADVERSE_EVENTS, Alert, find_alerts
from kinechain.care.follow_up.change import Change, is_beyond, judge_change, read_thresholds
from kinechain.care.follow_up.course import CourseComparison, compare_course
from kinechain.care.follow_up.course_tables import course_table
from kinechain.care.follow_up.days import own_day, plan_day, plan_week
from kinechain.care.follow_up.diary import Diary, summarise_diary
from kinechain.care.follow_up.events import AdverseEvent, CheckIn, Event, Reviewed, Session
from kinechain.care.follow_up.lead_lag import LeadLag, lead_lag
from kinechain.care.follow_up.merge import Merged, merge
from kinechain.care.follow_up.pain_rule import pain_events
from kinechain.care.follow_up.pain_series import Baseline, DayPain, baselines, mean_pain, measured, pain_series
from kinechain.care.follow_up.progression import Decision, decide
from kinechain.care.follow_up.repetitions import RepetitionLedger, repetition_ledger
from kinechain.care.follow_up.retest import PainState, Retest, pain_state, retest
from kinechain.care.follow_up.review import CHECKPOINTS, Review, Signs, reviews
from kinechain.care.follow_up.soreness import Soreness, judge_soreness
from kinechain.care.person.person import Score
from kinechain.care.person.red_flag_text import asked_again
from kinechain.care.planning.plan import Plan
from kinechain.care.screening.clearance import Clearance
from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.evidence.wording import Sentence, say

__all__ = ["Progress", "follow_up"]

#: How long a missing re-ask of the danger signs is no matter (choice).
RE_ASK_DAYS = 1

#: So long an alert whose spell is over stays among the next steps (choice).
RECENT_DAYS = 7


#: States of a review that wait for somebody.
OPEN_REVIEW = ("due", "overdue")


@dataclass(frozen=True)
class Progress:
    """How a plan goes.

    Attributes
    ----------
    plan : str
        `Plan.id`.
    today : date
    day, week : int
        Of the plan: the first day is 0, the first week 1.
    suspended : bool
        Whether the plan rests until a clinician has looked at it.
    next_steps : tuple of Sentence
        What to do now; while suspended nothing but that.
    alerts : tuple of Alert
        The most urgent first.
    decisions : tuple of Decision
        One for each exercise; all stopped while the plan is suspended.
    adherence : Adherence
    repetitions : RepetitionLedger
    pain : tuple of DayPain
    changes : tuple of Change
        Of every measure that has a threshold, from the first value to the present one.
    baselines : tuple of Baseline
    soreness : Soreness
    reviews : tuple of Review
    retests : tuple of Retest
    course : CourseComparison
    diary : Diary
    lead_lag : LeadLag or NotMeasured
    relapse : Sentence or None
        After the last review, if pain is back.
    merged : Merged
        The log, with what was written twice or in conflict.
    """

    plan: str
    today: date
    day: int
    week: int
    suspended: bool
    next_steps: tuple[Sentence, ...]
    alerts: tuple[Alert, ...]
    decisions: tuple[Decision, ...]
    adherence: Adherence
    repetitions: RepetitionLedger
    pain: tuple[DayPain, ...]
    changes: tuple[Change, ...]
    baselines: tuple[Baseline, ...]
    soreness: Soreness
    reviews: tuple[Review, ...]
    retests: tuple[Retest, ...]
    course: CourseComparison
    diary: Diary
    lead_lag: LeadLag | NotMeasured
    relapse: Sentence | None
    merged: Merged


def follow_up(
    events: Iterable[Event],
    plan: Plan,
    today: date,
    *,
    baseline: Sequence[Score] = (),
    measures: Mapping[str, Estimate] | None = None,
    drivers: Drivers | Mapping[str, float] | None = None,
    clearances: Sequence[Clearance] = (),
    site: Literal["back", "foot"] = "back",
    onset_weeks: float | None = None,
    kept_away: Sequence[str] = (),
) -> Progress:
    """Return how a plan goes.

    Parameters
    ----------
    events : iterable of Event
        In any order, also twice; what happened after ``today`` is left aside.
    plan : Plan
    today : date
        The person's own.
    baseline : sequence of Score
        Scores the plan began with, where the log does not hold them.
    measures : mapping of measure to Estimate
        Key measures the plan began with, e.g. 'lunge_test left'.
    drivers : Drivers, mapping of player to chance, or None
        Computed anew at the last visit; the chances alone where it is read again.
    clearances : sequence of Clearance
        Verified ones (`kinechain.care.screening.keyring.trusted`).
    site : 'back' or 'foot'
        Where the main pain is, for the expected course.
    onset_weeks : float or None
        How long ago it had begun when the plan was made.
    kept_away : sequence of str
        Exercises of the plan that the answers of today forbid; they stop.
    """
    merged = merge(event for event in events if own_day(event) <= today)
    counted, series = merged.counted, pain_series(merged.events, today)
    began = baselines(merged.events, plan, baseline)
    usual = began["nprs"].value if "nprs" in began else None
    alerts = find_alerts(merged.events, plan, today, series, usual, clearances)
    adherence = judge_adherence(counted, plan, today)
    changes = _changes(merged.events, plan, today, began)
    pain = next(change for change in changes if change.measure == "nprs")
    signs = {name: _signs(name, merged.events, alerts, adherence, plan, today) for name in CHECKPOINTS}
    due = reviews(merged.events, plan, today, began, signs)
    stopped = [part.exercise for part in plan.exercises] if any(alert.suspends for alert in alerts) else kept_away
    soreness, decisions = _decisions(counted, plan, today, usual, stopped)
    relapse = _relapse(series, plan, today)
    day = plan_day(today, plan.made_on)
    return Progress(
        plan=plan.id,
        today=today,
        day=day,
        week=plan_week(today, plan.made_on),
        suspended=any(alert.suspends for alert in alerts),
        next_steps=_with_kept_away(kept_away, _next_steps(alerts, due, merged, relapse, plan, today)),
        alerts=alerts,
        decisions=decisions,
        adherence=adherence,
        repetitions=repetition_ledger(counted, plan, today),
        pain=series,
        changes=changes,
        baselines=tuple(began[key] for key in sorted(began)),
        soreness=soreness,
        reviews=due,
        retests=_retests(merged.events, plan, measures or {}, pain_state(pain), drivers),
        course=compare_course(site, onset_weeks, day / 7.0, pain.baseline, pain.now),
        diary=summarise_diary(counted, today),
        lead_lag=lead_lag(series),
        relapse=relapse,
        merged=merged,
    )


def _changes(events: Sequence[Event], plan: Plan, today: date, began: Mapping[str, Baseline]) -> tuple[Change, ...]:
    now = measured(events, max(plan.made_on, today - timedelta(days=6)), today)
    wanted = sorted({*began, *now, "nprs"})
    return tuple(judge_change(m, began[m].value if m in began else None, now.get(m)) for m in wanted)


def _decisions(
    counted: Sequence[Event], plan: Plan, today: date, usual: float | None, stopped: Sequence[str]
) -> tuple[Soreness, tuple[Decision, ...]]:
    sessions, mornings = pain_events([event for event in counted if own_day(event) >= plan.made_on])
    soreness = judge_soreness(mornings, today, usual)
    return soreness, tuple(
        decide(part, sessions, mornings, soreness, plan.made_on, today, usual, part.exercise in stopped)
        for part in plan.exercises
    )


def _signs(
    name: str, events: Sequence[Event], alerts: Sequence[Alert], adherence: Adherence, plan: Plan, today: date
) -> Signs:
    """Return what a review needs to know, as it stood at the end of its window or stands today."""
    last = min(today, plan.made_on + timedelta(days=CHECKPOINTS[name].last))
    pains: dict[str, float] = {}
    for event in events:
        if isinstance(event, Session) and plan.made_on <= own_day(event) <= last and event.pain_during is not None:
            pains[event.exercise] = event.pain_during
    nerve = any(
        isinstance(event, AdverseEvent) and ADVERSE_EVENTS[event.what].is_nerve
        for event in events
        if plan.made_on <= own_day(event) <= last
    )
    weeks = range(1, plan_week(last, plan.made_on) + 1)
    full = [week for week in weeks if plan.made_on + timedelta(days=7 * week) <= last]
    band = course_table("pain_band")["pain"]["acceptable"]
    return Signs(
        danger=any(alert.suspends and alert.since <= last for alert in alerts),
        nerve=nerve,
        pain_above=max(pains.values()) > band if pains else None,
        under_half=adherence.is_under_half(full or [1]),
    )


def _retests(
    events: Sequence[Event],
    plan: Plan,
    given: Mapping[str, Estimate],
    pain: PainState,
    drivers: Drivers | Mapping[str, float] | None,
) -> tuple[Retest, ...]:
    """Return each hypothesis tested by the last visit, against what is given or was measured first."""
    visits = sorted((event for event in events if isinstance(event, Reviewed)), key=lambda event: event.at)
    first: dict[str, Estimate] = {}
    now: dict[str, Estimate] = {}
    for visit in visits:
        if own_day(visit) > plan.made_on:
            now |= visit.measures
        else:
            first |= visit.measures
    before = {**first, **given}
    return tuple(retest(hypothesis, before, now, pain, drivers) for hypothesis in plan.hypotheses)


def _relapse(series: Sequence[DayPain], plan: Plan, today: date) -> Sentence | None:
    """Return that pain is back after the last review: the week is above that of week 8 by what matters."""
    end = plan.made_on + timedelta(days=CHECKPOINTS["week 8"].due)
    then, now = mean_pain(series, end), mean_pain(series, today)
    limit = read_thresholds()["nprs"].points
    if (today - end).days < 7 or then is None or now is None or limit is None or not is_beyond(now - then, limit):
        return None
    return say("follow_up.relapse")


def _with_kept_away(kept_away: Sequence[str], steps: tuple[Sentence, ...]) -> tuple[Sentence, ...]:
    """Say first which exercises the answers of today forbid."""
    names = ", ".join(name.replace("_", " ") for name in kept_away)
    return (say("follow_up.kept_away", exercises=names), *steps) if kept_away else steps


def _re_ask(merged: Merged, plan: Plan, today: date) -> list[Sentence]:
    """Return that the danger signs are to be asked again, or which of them the last check left out (rule R0.5)."""
    checks = [e for e in merged.events if isinstance(e, CheckIn) and e.screen and own_day(e) >= plan.made_on]
    if not checks or (today - max(map(own_day, checks))).days > RE_ASK_DAYS:
        return [say("follow_up.re_ask")]
    last = max(map(own_day, checks))
    answered = {key for check in checks if own_day(check) == last for key in check.screen}
    left_out = [key.replace("_", " ") for key in asked_again() if key not in answered]
    return [say("follow_up.re_ask_missing", signs=", ".join(left_out))] if left_out else []


def _next_steps(
    alerts: Sequence[Alert], due: Sequence[Review], merged: Merged, relapse: Sentence | None, plan: Plan, today: date
) -> tuple[Sentence, ...]:
    resting = [alert.sentence for alert in alerts if alert.suspends]
    if resting:
        return (*dict.fromkeys(resting), say("follow_up.suspended"), say("follow_up.nobody_watches"))
    steps = [alert.sentence for alert in alerts if not alert.acknowledged and (today - alert.last).days <= RECENT_DAYS]
    steps += _re_ask(merged, plan, today)
    steps += [say(f"follow_up.review_{r.state}", checkpoint=r.checkpoint) for r in due if r.state in OPEN_REVIEW][-1:]
    if merged.conflicts:
        steps.append(say("follow_up.conflicts", count=len(merged.conflicts)))
    if merged.duplicates:
        steps.append(say("follow_up.duplicates", count=len(merged.duplicates)))
    return tuple(dict.fromkeys([*steps, relapse] if relapse else steps))
