"""Muscle soreness after exercise, told apart from the person's own pain (rule R6.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kinechain.care.follow_up.change import is_beyond, read_thresholds
from kinechain.care.follow_up.course_tables import course_table
from kinechain.care.follow_up.days import own_day
from kinechain.care.follow_up.events import NextMorning
from kinechain.care.follow_up.pain_rule import usual_pain
from kinechain.evidence.wording import Sentence, say

__all__ = ["Soreness", "judge_soreness"]

#: An entry older than this says nothing about today (choice).
STALE_DAYS = 2


@dataclass(frozen=True)
class Soreness:
    """What the mornings after say.

    Attributes
    ----------
    verdict : 'none', 'expected', 'too long', 'own pain' or 'not enough known'
        'too long' and 'own pain' make an exercise easier.
    days : float or None
        For how long it has been sore.
    sentences : tuple of Sentence
    """

    verdict: Literal["none", "expected", "too long", "own pain", "not enough known"]
    days: float | None
    sentences: tuple[Sentence, ...]


def judge_soreness(mornings: Sequence[NextMorning], today: date, usual: float | None = None) -> Soreness:
    """Return whether soreness is what is expected, lasts too long, or is the person's own pain.

    Parameters
    ----------
    mornings : sequence of NextMorning
    today : date
    usual : float or None
        Usual pain in the morning, where a morning does not tell it.
    """
    told = sorted((m for m in mornings if m.soreness is not None and own_day(m) <= today), key=lambda m: m.at)
    if not told or (today - own_day(told[-1])).days > STALE_DAYS:
        return Soreness("not enough known", None, (say("follow_up.soreness_not_logged"),))
    last = told[-1]
    ordinary, error = usual_pain(told, own_day(last), usual), read_thresholds()["nprs"].error
    if last.pain is not None and ordinary is not None and is_beyond(last.pain - ordinary, error):
        return Soreness("own pain", None, (say("follow_up.soreness_own_pain"),))
    if not last.soreness:
        return Soreness("none", 0.0, ())
    days = max(_spell_days(told), last.soreness_days or 0.0)
    if days > course_table("soreness")["muscle"]["gone_days"][1]:
        return Soreness("too long", days, (say("follow_up.soreness_too_long"),))
    return Soreness("expected", days, (say("follow_up.soreness_expected"),))


def _spell_days(told: Sequence[NextMorning]) -> float:
    """Return on how many mornings in a row it was sore."""
    last = first = own_day(told[-1])
    for morning in reversed(told):
        day = own_day(morning)
        if not morning.soreness or (first - day).days > 1:
            break
        first = day
    return float((last - first).days + 1)
