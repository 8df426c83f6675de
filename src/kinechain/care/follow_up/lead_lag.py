"""Whether foot pain comes before back pain or after it, from day to day: an order in time, and no more than that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinechain.care.follow_up.pain_series import DayPain
from kinechain.core.arrays import FloatArray
from kinechain.core.estimate import NotMeasured
from kinechain.evidence.wording import Sentence, say

__all__ = ["MAX_LAG_DAYS", "MIN_DAYS", "LeadLag", "lead_lag"]

#: Fewer days with both pains say nothing (choice).
MIN_DAYS = 28

#: Lags that are looked at, days (choice).
MAX_LAG_DAYS = 3

#: Share of the shifted series whose largest correlation must be exceeded; set so that pains without any order are
#: called ordered in about 5 of 100 people (docs/follow_up.md).
LEVEL = 0.98


@dataclass(frozen=True)
class LeadLag:
    """The order in time of foot and back pain.

    Attributes
    ----------
    order : 'foot first', 'back first', 'same day' or 'no clear order'
    lag_days : int
        Of the largest correlation; positive: the foot comes first.
    correlation : float
        Of day-to-day changes at that lag.
    limit : float
        98 % of the largest correlations of the same series, shifted out of step, stay below it.
    days : int
        Pairs of neighbouring days that were used.
    sentences : tuple of Sentence
    """

    order: Literal["foot first", "back first", "same day", "no clear order"]
    lag_days: int
    correlation: float
    limit: float
    days: int
    sentences: tuple[Sentence, ...]


def lead_lag(series: Sequence[DayPain]) -> LeadLag | NotMeasured:
    """Return which pain comes first, judged by day-to-day changes.

    Parameters
    ----------
    series : sequence of DayPain

    Notes
    -----
    The largest correlation is compared with those of the foot series shifted out of step in a circle, forwards and
    backwards in time: shifting keeps how each series hangs together with itself, which shuffling would not.
    """
    told = {d.day.toordinal(): (d.foot, d.back) for d in series if d.foot is not None and d.back is not None}
    if len(told) < MIN_DAYS:
        short = say("follow_up.lead_lag_too_few", have=len(told), need=MIN_DAYS)
        return NotMeasured(short.text, say("follow_up.lead_lag_next").text)
    first, last = min(told), max(told)
    values = np.array([told.get(day, (np.nan, np.nan)) for day in range(first, last + 1)], dtype=float)
    foot, back = _standard(np.diff(values[:, 0])), _standard(np.diff(values[:, 1]))
    used = int(np.sum(foot != 0.0))
    if not (foot.any() and back.any()) or np.sum(np.isfinite(np.diff(values[:, 0]))) < MIN_DAYS // 2:
        return NotMeasured(say("follow_up.lead_lag_flat").text, say("follow_up.lead_lag_next").text)
    observed = _correlations(foot[None, :], back)[0]
    best = int(np.argmax(observed))
    limit = float(np.quantile(_correlations(_out_of_step(foot), back).max(axis=1), LEVEL, method="higher"))
    lag = best - MAX_LAG_DAYS
    order = _order(lag) if observed[best] > limit else "no clear order"
    sentences = (say(f"follow_up.lead_lag_{order.replace(' ', '_')}", days=used), say("follow_up.lead_lag_no_proof"))
    return LeadLag(order, lag, float(observed[best]), limit, used, sentences)


def _order(lag: int) -> Literal["foot first", "back first", "same day"]:
    return "same day" if lag == 0 else "foot first" if lag > 0 else "back first"


def _standard(changes: FloatArray) -> FloatArray:
    """Return changes in their own standard deviations; unknown ones, and those of a flat series, as 0."""
    known = np.isfinite(changes)
    spread = float(np.std(changes[known])) if known.any() else 0.0
    if not spread > 0.0:
        return np.zeros_like(changes)
    return np.where(known, (changes - np.mean(changes[known])) / spread, 0.0)


def _out_of_step(foot: FloatArray) -> FloatArray:
    """Return the series shifted in a circle by more than the lags that are looked at, and turned round in time."""
    apart = range(2 * MAX_LAG_DAYS + 1, len(foot) - 2 * MAX_LAG_DAYS)
    shifted = [np.roll(foot, step) for step in apart]
    turned = [np.roll(foot[::-1], step) for step in range(len(foot))]
    return np.array(shifted + turned)


def _correlations(foot: FloatArray, back: FloatArray) -> FloatArray:
    """Return the correlation of each row of the foot with the back so many days later, one column per lag."""
    found = []
    for lag in range(-MAX_LAG_DAYS, MAX_LAG_DAYS + 1):
        a, b = (foot[:, : foot.shape[1] - lag], back[lag:]) if lag >= 0 else (foot[:, -lag:], back[:lag])
        pairs = np.maximum(np.sum((a != 0.0) & (b != 0.0), axis=1), 1)
        found.append(a @ b / pairs)
    return np.column_stack(found)
