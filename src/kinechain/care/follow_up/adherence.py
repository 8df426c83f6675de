"""How much of the plan was done, how much was not, and how much nobody knows: a day without an entry is not a "no"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from kinechain.care.follow_up.days import own_day
from kinechain.care.follow_up.events import CheckIn, Event, NextMorning, NotDone, Paused, Session
from kinechain.care.follow_up.progression import dose_in_week
from kinechain.care.planning.plan import Exercise, Plan
from kinechain.evidence.wording import Sentence, say

__all__ = ["HALF", "Adherence", "Gap", "WeekDone", "judge_adherence"]

PauseReason = Literal["sick", "holiday", "other"]

#: Below this share a plan gets fewer or easier exercises (rule R-reviews of week 2, choice).
HALF = 0.5

#: So many days in a row without any entry are named as a gap (choice).
GAP_DAYS = 3


@dataclass(frozen=True)
class Gap:
    """Days in a row without exercise, and why.

    Attributes
    ----------
    first, last : date
        Both included.
    reason : 'sick', 'holiday', 'other' or 'no entry'
    sentence : Sentence
    """

    first: date
    last: date
    reason: Literal["sick", "holiday", "other", "no entry"]
    sentence: Sentence


@dataclass(frozen=True)
class WeekDone:
    """One exercise on one side in one week.

    Attributes
    ----------
    part, exercise, side : str
        Of the plan.
    week : int
        The first is 1.
    planned : int
        Sessions the plan asks for at least; days of a pause are taken off.
    done : float
        Sessions done, a partial one as the share of its repetitions.
    partial : int
        How many of them were partial.
    not_done : int
        Sessions that are known not to have been done and cannot be made up in this week.
    unknown : float
        What is left.
    """

    part: str
    exercise: str
    side: str
    week: int
    planned: int
    done: float
    partial: int
    not_done: int
    unknown: float


@dataclass(frozen=True)
class Adherence:
    """Everything about it.

    Attributes
    ----------
    weeks : tuple of WeekDone
        Of the weeks that have begun.
    gaps : tuple of Gap
    sentences : tuple of Sentence
    """

    weeks: tuple[WeekDone, ...]
    gaps: tuple[Gap, ...]
    sentences: tuple[Sentence, ...]

    def share(self, weeks: Iterable[int] | None = None) -> tuple[float, float] | None:
        """Return the least and the most share of the planned sessions that can have been done.

        Parameters
        ----------
        weeks : iterable of int or None
            These alone; None for all.

        Returns
        -------
        tuple of float or None
            None where nothing was planned. The two are equal where everything is known.
        """
        wanted = None if weeks is None else set(weeks)
        rows = [row for row in self.weeks if wanted is None or row.week in wanted]
        planned = sum(row.planned for row in rows)
        if not planned:
            return None
        done = sum(min(row.done, row.planned) for row in rows)
        return done / planned, (done + sum(row.unknown for row in rows)) / planned

    def is_under_half(self, weeks: Iterable[int] | None = None) -> bool | None:
        """Return whether less than half was done; None where the log does not tell.

        Parameters
        ----------
        weeks : iterable of int or None
            As in `share`.
        """
        share = self.share(weeks)
        if share is None:
            return None
        least, most = share
        if most < HALF:
            return True
        return False if least >= HALF else None


def judge_adherence(events: Sequence[Event], plan: Plan, today: date) -> Adherence:
    """Return how much of the plan was done.

    Parameters
    ----------
    events : sequence of Event
        Counted ones (`kinechain.care.follow_up.merge.Merged.counted`).
    plan : Plan
    today : date
        Its sessions count where they were done; what was not done today may still be.
    """
    told = [event for event in events if plan.made_on <= own_day(event) <= today]
    known = {own_day(e) for e in told if isinstance(e, Session | CheckIn | NotDone) and own_day(e) < today}
    pauses = [event for event in events if isinstance(event, Paused) and own_day(event) <= today]
    paused = {day: pause.reason for pause in pauses for day in _days(pause.first, pause.last)}
    begun = range(1, min(plan.weeks, (today - plan.made_on).days // 7 + 1) + 1)
    weeks = tuple(
        _week(part, side, week, told, known, set(paused), plan.made_on)
        for part in plan.exercises
        for side in (("left", "right") if part.side == "both" else (part.side,))
        for week in begun
    )
    last_day = min(today, plan.made_on + timedelta(days=7 * plan.weeks))
    entries = {own_day(e) for e in told if isinstance(e, Session | CheckIn | NotDone | NextMorning)}
    gaps = _gaps(plan.made_on, last_day, entries, paused)
    found = Adherence(weeks, gaps, ())
    return Adherence(weeks, gaps, (_sentence(found), *(gap.sentence for gap in gaps)))


def _week(
    part: Exercise, side: str, week: int, told: Sequence[Event], known: set[date], paused: set[date], start: date
) -> WeekDone:
    dose = dose_in_week(part, week)
    days = set(_days(start + timedelta(days=7 * (week - 1)), start + timedelta(days=7 * week - 1)))
    free = days - paused
    planned = min(dose.days_per_week[0], len(free)) * dose.times_per_day[0]
    by_day: dict[date, int] = {}
    for event in told:
        if isinstance(event, Session) and event.exercise == part.exercise and own_day(event) in days:
            if not side or event.side in (side, "both"):
                by_day[own_day(event)] = by_day.get(own_day(event), 0) + event.sets * event.repetitions
    whole = dose.sets[0] * dose.repetitions[0]
    shares = [min(count / whole, float(dose.times_per_day[1])) for count in by_day.values()]
    done = sum(shares)
    open_days = {day for day in free - set(by_day) if day not in known}
    unknown = min(max(planned - done, 0.0), len(open_days) * dose.times_per_day[0])
    not_done = max(0, round(planned - done - unknown))
    return WeekDone(
        part.id, part.exercise, side, week, planned, done, sum(share < 1.0 for share in shares), not_done, unknown
    )


def _gaps(first: date, last: date, entries: set[date], paused: dict[date, PauseReason]) -> tuple[Gap, ...]:
    runs: list[tuple[str, list[date]]] = []
    for day in _days(first, last - timedelta(days=1)):
        if day in entries:
            runs.append(("", [day]))
            continue
        reason = paused.get(day, "no entry")
        if runs and runs[-1][0] == reason:
            runs[-1][1].append(day)
        else:
            runs.append((reason, [day]))
    found = []
    for reason, days in runs:
        if reason in ("sick", "holiday", "other") or (reason == "no entry" and len(days) >= GAP_DAYS):
            key = f"follow_up.gap_{reason.replace(' ', '_')}"
            sentence = say(key, first=days[0].isoformat(), last=days[-1].isoformat(), days=len(days))
            found.append(Gap(days[0], days[-1], reason, sentence))  # type: ignore[arg-type]
    return tuple(found)


def _sentence(found: Adherence) -> Sentence:
    share = found.share()
    if share is None:
        return say("follow_up.adherence_nothing_planned")
    least, most = (min(100, round(100 * value)) for value in share)
    if least == most:
        return say("follow_up.adherence_known", percent=least)
    return say("follow_up.adherence_between", least=least, most=most)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]
