"""Pictures of how a plan goes: pain day by day, repetitions week by week; colours stand in the style of the page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from kinechain.care.follow_up.pain_series import DayPain, mean_pain
from kinechain.care.follow_up.repetitions import LedgerRow
from kinechain.evidence.wording import say
from kinechain.report.svg import Figure, circle, line, polyline, rect, svg, text

__all__ = ["pain_by_day", "repetitions_by_week"]

GREATEST = 10.0
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 640.0, 220.0, 28.0, 10.0, 26.0
BAR, GAP, TALL = 26.0, 8.0, 64.0


def pain_by_day(
    series: Sequence[DayPain], start: date, today: date, weeks: int, usual: float | None, error: float | None
) -> Figure | None:
    """Return pain day by day as points, its mean of seven days as a line, and what is within the error of a rating.

    Parameters
    ----------
    series : sequence of DayPain
    start, today : date
        First day of the plan, and the last to show.
    weeks : int
        Of the plan; longer where it was followed for longer.
    usual : float or None
        What it began with; without it no band is drawn.
    error : float or None
        Smallest real change of a rating.
    """
    told = [day for day in series if day.main is not None and start <= day.day <= today]
    if not told:
        return None
    days = max(7 * weeks, (today - start).days + 1)
    across, up = (WIDTH - LEFT - 6.0) / days, (HEIGHT - TOP - BOTTOM) / GREATEST

    def x(day: date) -> float:
        return LEFT + ((day - start).days + 0.5) * across

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - value * up

    parts = []
    if usual is not None and error is not None:
        high, low = min(GREATEST, usual + error), max(0.0, usual - error)
        parts.append(rect(LEFT, y(high), WIDTH - LEFT - 6.0, (high - low) * up, "error-band"))
        parts.append(line(LEFT, y(usual), WIDTH - 6.0, y(usual), "usual", stroke_dasharray="4 3"))
    for value in (0, 2, 4, 6, 8, 10):
        parts.append(line(LEFT, y(value), WIDTH - 6.0, y(value), "grid"))
        parts.append(text(LEFT - 6.0, y(value) + 4.0, str(value), "tick", text_anchor="end", font_size=11))
    for week in range(1, days // 7 + 1):
        parts.append(
            text(LEFT + (7 * week - 3.5) * across, HEIGHT - 8.0, str(week), "tick", text_anchor="middle", font_size=11)
        )
    parts += [circle(x(day.day), y(day.main), 2.6, "day") for day in told if day.main is not None]
    means = [(x(day.day), y(mean)) for day in told if (mean := mean_pain(series, day.day)) is not None]
    if len(means) > 1:
        parts.append(polyline(np.asarray(means), "mean"))
    title = say("letters.progress_chart").text
    last = told[-1].main
    alt = f"{title}. {told[0].day.isoformat()}: {told[0].main:g}; {told[-1].day.isoformat()}: {last:g}"
    return Figure(svg(WIDTH, HEIGHT, parts, alt, kind="pain-days"), title, alt)


def repetitions_by_week(row: LedgerRow, weeks: int, name: str) -> Figure:
    """Return repetitions done in each week as bars, beside what was planned as a frame.

    Parameters
    ----------
    row : LedgerRow
    weeks : int
        To show.
    name : str
        Of the exercise, for those who hear the picture.
    """
    count = max(weeks, len(row.done_by_week), len(row.planned_by_week), 1)
    most = max([1, *row.done_by_week, *(most for _, most in row.planned_by_week)])
    parts = []
    for week in range(count):
        x = week * (BAR + GAP)
        done = row.done_by_week[week] if week < len(row.done_by_week) else 0
        if week < len(row.planned_by_week):
            least, top = row.planned_by_week[week]
            tall = TALL * top / most
            parts.append(rect(x + 0.5, TALL - tall + 14.5, BAR - 1.0, max(tall - 1.0, 1.0), "planned", fill="none"))
            parts.append(
                line(x, TALL - TALL * least / most + 14.0, x + BAR, TALL - TALL * least / most + 14.0, "least")
            )
        if done:
            tall = max(TALL * done / most, 1.5)
            parts.append(rect(x + 3.0, TALL - tall + 14.0, BAR - 6.0, tall, "done"))
            parts.append(text(x + BAR / 2, TALL - tall + 11.0, str(done), "count", text_anchor="middle", font_size=10))
        parts.append(text(x + BAR / 2, TALL + 27.0, str(week + 1), "tick", text_anchor="middle", font_size=10))
    alt = f"{name}. {row.sentence.text}"
    return Figure(svg(count * (BAR + GAP), TALL + 32.0, parts, alt, kind="repetitions"), name, alt)
