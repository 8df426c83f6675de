"""The pain-monitoring rule (R6.1): what pain during an exercise and the morning after say about going on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from kinechain.care.course_tables import course_table
from kinechain.care.days import own_day
from kinechain.care.events import Event, NextMorning, Session
from kinechain.evidence.wording import Sentence, say

__all__ = ["PainRule", "judge_pain", "worse_mornings"]

PainVerdict = Literal["go on", "acceptable", "regress", "stop", "not enough known"]

#: Readings older than this say nothing about today (choice).
STALE_DAYS = 14

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
    found: dict[date, float] = {}
    for morning in mornings:
        ordinary = usual if morning.usual_pain is None else morning.usual_pain
        day = own_day(morning)
        if morning.pain is not None and ordinary is not None and 0 <= (today - day).days <= STALE_DAYS:
            found[day] = max(found.get(day, -10.0), morning.pain - ordinary)
    return tuple(sorted(found.items()))


def are_worse_two_in_a_row(worse: Sequence[tuple[date, float]], by: float = 0.0) -> bool:
    """Return whether the last two mornings followed one another and were both above the usual one.

    Parameters
    ----------
    worse : sequence of (date, float)
        Of `worse_mornings`.
    by : float
        More than this; at least the smallest change that is more than error, for an alert.
    """
    if len(worse) < 2:
        return False
    (first, rise), (second, last_rise) = worse[-2:]
    return (second - first).days == 1 and min(rise, last_rise) > by


def _verdict(
    recent: Sequence[Session],
    days: Sequence[date],
    during: float | None,
    after: float | None,
    worse: Sequence[tuple[date, float]],
    rising: bool | None,
) -> tuple[PainVerdict, tuple[str, ...]]:
    band = course_table("pain_band")["pain"]
    if are_worse_two_in_a_row(worse):
        return "stop", ("pain_worse_two_mornings",)
    if during is None:
        return "not enough known", ("pain_not_logged",)
    if during > band["acceptable"]:
        before = _worst_on(recent, days[-2]) if len(days) > 1 else None
        is_again = before is not None and before > band["acceptable"]
        return ("stop", ("pain_above_twice",)) if is_again else ("regress", ("pain_above",))
    if during > band["go_on"]:
        if after is None:
            return "not enough known", ("pain_middle_morning_unknown",)
        if after > 0.0:
            return "regress", ("pain_middle_not_settled",)
        return ("regress", ("pain_middle_rising",)) if rising else ("acceptable", ("pain_middle_settled",))
    return ("acceptable", ("pain_low_morning_worse",)) if after and after > 0.0 else ("go on", ("pain_low",))


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
