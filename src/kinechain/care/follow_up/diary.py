"""The standing-awareness week, shoes and steps: plain summaries, without a score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean, median
from types import MappingProxyType

from kinechain.care.follow_up.days import own_day
from kinechain.care.follow_up.events import Event, FootwearWorn, StandingDay, StepsTaken
from kinechain.evidence.wording import Sentence, say

__all__ = ["DIARY_DAYS", "Diary", "summarise_diary"]

#: Length of the standing-awareness diary (choice).
DIARY_DAYS = 7


@dataclass(frozen=True)
class Diary:
    """What was written beside the exercises.

    Attributes
    ----------
    standing_days : int
        Days of the last standing-awareness week with an entry.
    prompts, noticed : int
        In that week.
    weight_on : mapping of str to int
        Days by where the weight mostly was.
    standing_hours : float or None
        Mean of the days that told it.
    footwear_hours : mapping of str to float
        Hours by kind of shoe, in the last seven days.
    orthosis_hours : float
        Of these.
    steps : float or None
        Median of the days of the last seven that have a count; None without one.
    step_days : int
    sentences : tuple of Sentence
    """

    standing_days: int
    prompts: int
    noticed: int
    weight_on: Mapping[str, int]
    standing_hours: float | None
    footwear_hours: Mapping[str, float]
    orthosis_hours: float
    steps: float | None
    step_days: int
    sentences: tuple[Sentence, ...]


def summarise_diary(events: Sequence[Event], today: date) -> Diary:
    """Return the summaries of the last seven days with entries of each kind.

    Parameters
    ----------
    events : sequence of Event
        Counted ones (`kinechain.care.follow_up.merge.Merged.counted`).
    today : date
    """
    standing = _standing_week(events, today)
    shoes = [e for e in events if isinstance(e, FootwearWorn) and 0 <= (today - own_day(e)).days < DIARY_DAYS]
    hours: Counter[str] = Counter()
    for shoe in shoes:
        hours[shoe.kind] += shoe.hours  # type: ignore[assignment]
    steps: dict[date, int] = {}
    for event in events:
        if isinstance(event, StepsTaken) and 0 <= (today - event.day).days < DIARY_DAYS:
            steps[event.day] = max(steps.get(event.day, 0), event.steps)
    prompts, noticed = sum(day.prompts for day in standing), sum(day.noticed for day in standing)
    stood = [day.hours for day in standing if day.hours is not None]
    said = [say("follow_up.diary_standing", days=len(standing), prompts=prompts, noticed=noticed)] if standing else []
    if steps:
        said.append(say("follow_up.diary_steps", steps=round(median(steps.values())), days=len(steps)))
    return Diary(
        standing_days=len(standing),
        prompts=prompts,
        noticed=noticed,
        weight_on=MappingProxyType(Counter(day.weight_on for day in standing)),
        standing_hours=fmean(stood) if stood else None,
        footwear_hours=MappingProxyType(dict(sorted(hours.items()))),
        orthosis_hours=sum(shoe.hours for shoe in shoes if shoe.orthosis),
        steps=float(median(steps.values())) if steps else None,
        step_days=len(steps),
        sentences=tuple(said),
    )


def _standing_week(events: Sequence[Event], today: date) -> list[StandingDay]:
    """Return the last entry of each day of the latest standing-awareness week."""
    days: dict[date, StandingDay] = {}
    for event in sorted((e for e in events if isinstance(e, StandingDay) and own_day(e) <= today), key=lambda e: e.at):
        days[own_day(event)] = event
    if not days:
        return []
    first = max(days) - timedelta(days=DIARY_DAYS - 1)
    return [days[day] for day in sorted(days) if day >= first]
