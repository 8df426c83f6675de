"""Pain day by day, and the values a plan began with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import fmean, median

from kinechain.care.follow_up.change import FIRST_STEP, threshold_id
from kinechain.care.follow_up.days import own_day
from kinechain.care.follow_up.events import CheckIn, Event, VisitMade
from kinechain.care.person.person import Score
from kinechain.care.planning.plan import Goal, Plan

__all__ = ["Baseline", "DayPain", "baselines", "mean_pain", "measured", "pain_series", "score_values"]

#: Days from which a mean is taken, and how many of them must hold a value (choices).
MEAN_DAYS = 7
MEAN_VALUES = 3

#: Check-ins up to so many days into a plan still tell how it began (choice).
BASELINE_DAYS = 2


@dataclass(frozen=True)
class DayPain:
    """Pain of one of the person's own days; where two entries tell of one day the worse one stands.

    Attributes
    ----------
    day : date
    back, foot, worst, first_step : float or None
        0 to 10.
    """

    day: date
    back: float | None
    foot: float | None
    worst: float | None
    first_step: float | None

    @property
    def main(self) -> float | None:
        """The pain a plan is followed by: the greater of back and foot; the worst where neither was told."""
        told = [value for value in (self.back, self.foot) if value is not None]
        return max(told) if told else self.worst


@dataclass(frozen=True)
class Baseline:
    """The value a measure began with.

    Attributes
    ----------
    measure : str
    value : float
        The median, where it was told several times.
    least, most : float
        Of the values it was told with.
    count : int
    """

    measure: str
    value: float
    least: float
    most: float
    count: int


def pain_series(events: Sequence[Event], today: date) -> tuple[DayPain, ...]:
    """Return the pain of each day with a check-in, in order.

    Parameters
    ----------
    events : sequence of Event
    today : date
    """
    days: dict[date, list[CheckIn]] = {}
    for event in events:
        if isinstance(event, CheckIn) and own_day(event) <= today:
            days.setdefault(own_day(event), []).append(event)
    return tuple(
        DayPain(
            day,
            _most(c.back_pain for c in days[day]),
            _most(c.foot_pain for c in days[day]),
            _most(c.worst_pain for c in days[day]),
            _most(c.first_step_pain for c in days[day]),
        )
        for day in sorted(days)
    )


def mean_pain(series: Sequence[DayPain], last: date, least_values: int = MEAN_VALUES) -> float | None:
    """Return the mean of the pain of seven days, None if too few tell.

    Parameters
    ----------
    series : sequence of DayPain
    last : date
        The seventh day.
    least_values : int
    """
    told = [d.main for d in series if 0 <= (last - d.day).days < MEAN_DAYS and d.main is not None]
    return fmean(told) if len(told) >= least_values else None


def baselines(events: Sequence[Event], plan: Plan, given: Sequence[Score] = ()) -> Mapping[str, Baseline]:
    """Return what each measure began with.

    Parameters
    ----------
    events : sequence of Event
    plan : Plan
    given : sequence of Score
        Stand before anything else.

    Notes
    -----
    First what is given, then the goals of the plan, then visits before it or on its first days, then check-ins of the
    week around its first day.
    """
    found: dict[str, list[float]] = {}
    last = plan.made_on + timedelta(days=BASELINE_DAYS)
    visits = [e for e in events if isinstance(e, VisitMade) and own_day(e) <= last and not e.rerun_of]
    told = (
        score_values(given),
        [
            (part.measure, part.baseline)
            for part in plan.parts
            if isinstance(part, Goal) and part.baseline is not None and threshold_id(part.measure)
        ],
        [pair for visit in visits for pair in score_values(visit.scores)],
    )
    for pairs in told:
        values: dict[str, list[float]] = {}
        for measure, value in pairs:
            values.setdefault(measure, []).append(value)
        found = {**values, **found}
    series = [d.main for d in pain_series(events, last) if (last - d.day).days < MEAN_DAYS + BASELINE_DAYS]
    if "nprs" not in found and (pains := [pain for pain in series if pain is not None]):
        found["nprs"] = pains
    return {key: Baseline(key, median(v), min(v), max(v), len(v)) for key, v in found.items() if v}


def measured(events: Sequence[Event], first: date, last: date) -> Mapping[str, float]:
    """Return the last score of each measure between two days; for pain, else the mean of the week before the last.

    Parameters
    ----------
    events : sequence of Event
    first, last : date
        Both included.
    """
    found: dict[str, float] = {}
    for event in sorted((e for e in events if isinstance(e, VisitMade)), key=lambda e: e.at):
        if first <= own_day(event) <= last and not event.rerun_of:
            found |= dict(score_values(event.scores))
    if "nprs" not in found:
        pain = mean_pain(pain_series(events, last), last)
        if pain is not None:
            found["nprs"] = pain
    if FIRST_STEP not in found:
        steps = [d.first_step for d in pain_series(events, last) if 0 <= (last - d.day).days < MEAN_DAYS]
        told = [step for step in steps if step is not None]
        if len(told) >= MEAN_VALUES:
            found[FIRST_STEP] = fmean(told)
    return found


def score_values(scores: Sequence[Score]) -> list[tuple[str, float]]:
    """Return the values of scores by measure, parts that have a threshold of their own included.

    Parameters
    ----------
    scores : sequence of Score
    """
    pairs: list[tuple[str, float | None]] = []
    for score in scores:
        is_pain = score.id == "nprs" and score.total is None
        pairs.append((score.id, score.parts.get("average") if is_pain else score.total))
        pairs += [(f"{score.id} {part.replace('_', ' ')}", value) for part, value in score.parts.items()]
    return [(measure, value) for measure, value in pairs if value is not None and threshold_id(measure)]


def _most(values: Iterable[float | None]) -> float | None:
    told = [value for value in values if value is not None]
    return max(told) if told else None
