"""The pain-monitoring rule (R6.1): what pain during an exercise and the morning after say about going on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Literal

from kinechain.care.follow_up.change import is_beyond, read_thresholds
from kinechain.care.follow_up.course_tables import course_table
from kinechain.care.follow_up.days import own_day
from kinechain.care.follow_up.events import Event, NextMorning, Session
from kinechain.evidence.wording import Sentence, say

__all__ = ["PainRule", "are_worse_two_in_a_row", "judge_pain", "pain_events", "usual_pain", "worse_mornings"]

PainVerdict = Literal["go on", "acceptable", "regress", "stop", "not enough known"]

#: Readings older than this say nothing about today (choice).
STALE_DAYS = 14

#: A morning so much above the usual one, the smallest step of the scale, is not back to usual (choice).
WORSE = 1.0

#: Sessions each of two weeks needs before their means are compared (choice).
SESSIONS_PER_WEEK = 2


@dataclass(frozen=True)
class PainRule:
    """What the pain rule says of one exercise today.

    Attributes
    ----------
    verdict : 'go on', 'acceptable', 'regress', 'stop' or 'not enough known'
        Only 'go on' lets a dose grow.
    during : float or None
        Worst own pain during the last session; None if it was not told.
    above_usual : float or None
        How far the last morning was above the usual one; None if either is not known.
    is_rising : bool or None
        Whether pain during the exercise rose from last week to this; None if too few sessions tell.
    sentences : tuple of Sentence
    """

    verdict: PainVerdict
    during: float | None
    above_usual: float | None
    is_rising: bool | None
    sentences: tuple[Sentence, ...]


def judge_pain(
    sessions: Sequence[Session], mornings: Sequence[NextMorning], today: date, usual: float | None = None
) -> PainRule:
    """Return what the pain rule says.

    Parameters
    ----------
    sessions : sequence of Session
        Of one exercise.
    mornings : sequence of NextMorning
    today : date
    usual : float or None
        Usual pain in the morning, where a morning does not tell it.
    """
    recent = [s for s in sessions if 0 <= (today - own_day(s)).days <= STALE_DAYS]
    days = sorted({own_day(s) for s in recent})
    during = _worst_on(recent, days[-1]) if days else None
    worse = worse_mornings(mornings, today, usual)
    above = worse[-1][1] if worse else None
    after = next((rise for day, rise in worse if days and day == days[-1] + timedelta(days=1)), None)
    rising = _is_rising(recent, today)
    verdict, keys = _verdict(recent, days, during, after, worse, rising)
    return PainRule(verdict, during, above, rising, tuple(say(f"follow_up.{key}") for key in keys))


def usual_pain(mornings: Sequence[NextMorning], day: date, usual: float | None = None) -> float | None:
    """Return what morning pain usually is: the median of what was told in the last seven days.

    Parameters
    ----------
    mornings : sequence of NextMorning
    day : date
        The seventh day.
    usual : float or None
        What stands where none of them tells it.
    """
    told = [m.usual_pain for m in mornings if m.usual_pain is not None and 0 <= (day - own_day(m)).days < 7]
    return median(told) if told else usual


def worse_mornings(
    mornings: Sequence[NextMorning], today: date, usual: float | None = None
) -> tuple[tuple[date, float], ...]:
    """Return the mornings of the last days, and by how much each was above the usual one.

    Parameters
    ----------
    mornings : sequence of NextMorning
    today : date
    usual : float or None
        As in `judge_pain`.

    Notes
    -----
    Where two entries tell of the same morning the worse one stands.
    """
    pains: dict[date, float] = {}
    for morning in mornings:
        day = own_day(morning)
        if morning.pain is not None and 0 <= (today - day).days <= STALE_DAYS:
            pains[day] = max(pains.get(day, 0.0), morning.pain)
    ordinary = {day: usual_pain(mornings, day, usual) for day in pains}
    return tuple((day, pains[day] - level) for day in sorted(pains) if (level := ordinary[day]) is not None)


def are_worse_two_in_a_row(worse: Sequence[tuple[date, float]], by: float) -> bool:
    """Return whether the last two mornings followed one another and were both so much above the usual one.

    Parameters
    ----------
    worse : sequence of (date, float)
        Of `worse_mornings`.
    by : float
        At least this.
    """
    if len(worse) < 2:
        return False
    (first, rise), (second, last_rise) = worse[-2:]
    return (second - first).days == 1 and is_beyond(min(rise, last_rise), by)


def _verdict(
    recent: Sequence[Session],
    days: Sequence[date],
    during: float | None,
    after: float | None,
    worse: Sequence[tuple[date, float]],
    rising: bool | None,
) -> tuple[PainVerdict, tuple[str, ...]]:
    band = course_table("pain_band")["pain"]
    if are_worse_two_in_a_row(worse, read_thresholds()["nprs"].error):
        return "stop", ("pain_worse_two_mornings",)
    if are_worse_two_in_a_row(worse, WORSE):
        return "regress", ("pain_a_little_worse_two_mornings",)
    if during is None:
        return "not enough known", ("pain_not_logged",)
    if during > band["acceptable"]:
        before = _worst_on(recent, days[-2]) if len(days) > 1 else None
        is_again = before is not None and before > band["acceptable"]
        return ("stop", ("pain_above_twice",)) if is_again else ("regress", ("pain_above",))
    if during > band["go_on"]:
        if after is None:
            return "not enough known", ("pain_middle_morning_unknown",)
        if is_beyond(after, WORSE):
            return "regress", ("pain_middle_not_settled",)
        return ("regress", ("pain_middle_rising",)) if rising else ("acceptable", ("pain_middle_settled",))
    is_worse = after is not None and is_beyond(after, WORSE)
    return ("acceptable", ("pain_low_morning_worse",)) if is_worse else ("go on", ("pain_low",))


def _worst_on(sessions: Sequence[Session], day: date) -> float | None:
    told = [s.pain_during for s in sessions if own_day(s) == day]
    return max((pain for pain in told if pain is not None), default=None)


def _is_rising(sessions: Sequence[Session], today: date) -> bool | None:
    weeks: tuple[list[float], list[float]] = ([], [])
    for session in sessions:
        age = (today - own_day(session)).days
        if age < 14 and session.pain_during is not None:
            weeks[age // 7].append(session.pain_during)
    this, last = weeks
    if min(len(this), len(last)) < SESSIONS_PER_WEEK:
        return None
    rise = sum(this) / len(this) - sum(last) / len(last)
    return bool(rise >= course_table("pain_band")["pain"]["rising"])


def pain_events(events: Sequence[Event]) -> tuple[tuple[Session, ...], tuple[NextMorning, ...]]:
    """Return the sessions and the mornings among events.

    Parameters
    ----------
    events : sequence of Event
    """
    sessions = tuple(event for event in events if isinstance(event, Session))
    return sessions, tuple(event for event in events if isinstance(event, NextMorning))
