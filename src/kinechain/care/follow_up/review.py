"""Reviews at day 3 to 7 and in weeks 2, 6 and 8: when they are due, what is checked, and what follows (section 7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal

from kinechain.care.follow_up.change import Change, judge_change
from kinechain.care.follow_up.course_tables import course_table
from kinechain.care.follow_up.days import own_day
from kinechain.care.follow_up.events import Event, Reviewed
from kinechain.care.follow_up.pain_series import Baseline, measured
from kinechain.care.planning.plan import Plan
from kinechain.evidence.wording import Sentence, say

__all__ = ["CHECKPOINTS", "Checkpoint", "Outcome", "Review", "Signs", "reviews"]

ReviewDecision = Literal["continue", "change", "refer", "not enough known"]


@dataclass(frozen=True)
class Checkpoint:
    """When a review is due; days are counted from the first day of the plan.

    Attributes
    ----------
    name : str
    due, first, last : int
        The day, and the window in which its data count (windows are choices).
    checks : tuple of str
        Keys of the sentences that say what to check.
    """

    name: str
    due: int
    first: int
    last: int
    checks: tuple[str, ...]


CHECKPOINTS: Mapping[str, Checkpoint] = MappingProxyType(
    {
        point.name: point
        for point in (
            Checkpoint("day 3-7", 3, 3, 7, ("check_danger", "check_soreness", "check_understanding")),
            Checkpoint("week 2", 14, 11, 20, ("check_danger", "check_pain", "check_adherence")),
            Checkpoint("week 6", 42, 38, 49, ("check_danger", "check_pain", "check_function", "check_measure")),
            Checkpoint("week 8", 56, 52, 66, ("check_danger", "check_pain", "check_function", "check_measure")),
        )
    }
)


@dataclass(frozen=True)
class Signs:
    """What else a review needs to know.

    Attributes
    ----------
    danger : bool
        Whether a danger sign stands that no clinician has cleared.
    nerve : bool
        Whether a new nerve sign was told.
    pain_above : bool or None
        Whether pain at the last session of any exercise was above the band of the pain rule; None if never told.
    under_half : bool or None
        Whether less than half was done; None where the log does not tell.
    """

    danger: bool
    nerve: bool
    pain_above: bool | None
    under_half: bool | None


@dataclass(frozen=True)
class Outcome:
    """What a review comes to.

    Attributes
    ----------
    decision : 'continue', 'change', 'refer' or 'not enough known'
    changes : tuple of Change
    sentences : tuple of Sentence
        What to do, then why.
    """

    decision: ReviewDecision
    changes: tuple[Change, ...]
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True)
class Review:
    """One review of a plan.

    Attributes
    ----------
    checkpoint : str
    due_on, first, last : date
    state : 'not yet', 'due', 'overdue' or 'done'
    timing : 'on time', 'early', 'late' or ''
        Of a review that was done.
    checks : tuple of Sentence
    outcome : Outcome or None
        None before its window.
    recorded : str
        The decision a clinician wrote down, '' if none.
    """

    checkpoint: str
    due_on: date
    first: date
    last: date
    state: Literal["not yet", "due", "overdue", "done"]
    timing: Literal["on time", "early", "late", ""]
    checks: tuple[Sentence, ...]
    outcome: Outcome | None
    recorded: str = ""


def reviews(
    events: Sequence[Event], plan: Plan, today: date, began: Mapping[str, Baseline], signs: Mapping[str, Signs]
) -> tuple[Review, ...]:
    """Return every review of a plan, and what each comes to.

    Parameters
    ----------
    events : sequence of Event
    plan : Plan
    today : date
    began : mapping of measure to Baseline
    signs : mapping of checkpoint to Signs
        As they stood at the end of its window, or stand today.
    """
    names = [name for name in CHECKPOINTS if not plan.reviews or name in plan.reviews]
    return tuple(_review(CHECKPOINTS[name], events, plan, today, began, signs[name]) for name in names)


def _review(
    point: Checkpoint, events: Sequence[Event], plan: Plan, today: date, began: Mapping[str, Baseline], signs: Signs
) -> Review:
    due, first, last = (plan.made_on + timedelta(days=days) for days in (point.due, point.first, point.last))
    done = [
        event
        for event in events
        if isinstance(event, Reviewed) and event.checkpoint == point.name and plan.made_on <= own_day(event) <= today
    ]
    latest = max(done, key=lambda event: event.at) if done else None
    outcome = _outcome(point, measured(events, first, min(today, last)), began, signs) if today >= first else None
    state: Literal["not yet", "due", "overdue", "done"] = (
        "done" if latest else "not yet" if today < due else "due" if today <= last else "overdue"
    )
    on = own_day(latest) if latest else None
    timing: Literal["on time", "early", "late", ""] = (
        "" if on is None else "early" if on < first else "late" if on > last else "on time"
    )
    checks = tuple(say(f"follow_up.{key}") for key in point.checks)
    return Review(point.name, due, first, last, state, timing, checks, outcome, latest.decision if latest else "")


def _outcome(point: Checkpoint, now: Mapping[str, float], began: Mapping[str, Baseline], signs: Signs) -> Outcome:
    wanted = sorted(set(began) | set(now) | {"nprs"})
    changes = tuple(judge_change(m, began[m].value if m in began else None, now.get(m)) for m in wanted)
    if signs.danger:
        return Outcome("refer", changes, (say("follow_up.review_danger"),))
    if signs.nerve:
        return Outcome("refer", changes, (say("follow_up.review_nerve"),))
    if point.name == "day 3-7":
        decision, key = _first_days(signs)
    elif point.name == "week 2":
        decision, key = _week_two(_of(changes, "nprs"), signs)
    else:
        decision, key = _later(point.name, changes)
    return Outcome(decision, changes, (say(f"follow_up.{key}"), *(c.sentence for c in changes)))


def _first_days(signs: Signs) -> tuple[ReviewDecision, str]:
    if signs.pain_above is None:
        return "not enough known", "review_not_enough_known"
    return ("change", "review_easier") if signs.pain_above else ("continue", "review_continue")


def _week_two(pain: Change, signs: Signs) -> tuple[ReviewDecision, str]:
    if pain.verdict == "worse":
        return "change", "review_pain_rose"
    if signs.under_half:
        return "change", "review_under_half"
    if pain.verdict == "not enough known" or signs.under_half is None:
        return "not enough known", "review_not_enough_known"
    return "continue", "review_continue"


def _later(name: str, changes: Sequence[Change]) -> tuple[ReviewDecision, str]:
    judged = [c for c in changes if c.verdict not in ("not judged", "not enough known")]
    verdicts = {change.verdict for change in judged}
    if "worse" in verdicts:
        return "refer", "review_worse"
    if not judged:
        return "not enough known", "review_not_enough_known"
    if "better" in verdicts:
        return "continue", "review_maintain" if name == "week 8" else "review_continue"
    if name == "week 8":
        return ("change", "review_more_weeks") if "improving" in verdicts else ("refer", "review_re_examine")
    if "improving" not in verdicts and _is_disability_high(changes):
        return "refer", "review_clinician"
    return "change", "review_swap_one"


def _is_disability_high(changes: Sequence[Change]) -> bool:
    """Return whether disability is high; where no questionnaire tells, pain above the band stands for it (choice)."""
    function = [c for c in changes if c.measure in ("rmdq24", "odi") and c.now is not None]
    if function:
        return any(change.is_high for change in function)
    pain = _of(changes, "nprs").now
    return pain is not None and pain > float(course_table("pain_band")["pain"]["acceptable"])


def _of(changes: Sequence[Change], measure: str) -> Change:
    return next(change for change in changes if change.measure == measure)
