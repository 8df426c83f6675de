"""Whose day it is: an event belongs to the date of its own clock, wherever the person was then."""

from __future__ import annotations

from datetime import date

from kinechain.care.follow_up.events import Event

__all__ = ["own_day", "plan_day", "plan_week"]


def own_day(event: Event) -> date:
    """Return the person's own date of an event: never converted to another time zone.

    Parameters
    ----------
    event : Event
    """
    return event.at.date()


def plan_day(day: date, start: date) -> int:
    """Return how many days after its start a plan is; the first day is 0.

    Parameters
    ----------
    day, start : date
    """
    return (day - start).days


def plan_week(day: date, start: date) -> int:
    """Return which week of a plan a day lies in; the first is 1.

    Parameters
    ----------
    day, start : date
    """
    return plan_day(day, start) // 7 + 1
