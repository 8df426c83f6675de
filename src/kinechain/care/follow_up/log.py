"""Writing an entry: made where the person is, checked before it is kept."""

from __future__ import annotations

import re
import tomllib
import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, TypeVar, get_args

from kinechain.care.follow_up.alerts import ADVERSE_EVENTS
from kinechain.care.follow_up.days import own_day
from kinechain.care.follow_up.events import (
    AdverseEvent,
    Event,
    FootwearWorn,
    NotDone,
    Paused,
    Reviewed,
    Session,
    StandingDay,
    StepsTaken,
)
from kinechain.care.follow_up.review import CHECKPOINTS
from kinechain.care.person.person import PersonSide
from kinechain.core.errors import JournalError, suggest

__all__ = ["CLOCK_SKEW", "LIMITS", "check_event", "exercise_ids", "write_entry"]

E = TypeVar("E", bound=Event)

#: A clock may run ahead by so much before an entry counts as from the future (choice).
CLOCK_SKEW = timedelta(minutes=15)

#: Least and most of each number (choices that catch slips of the pen; ends of the scale for pain, soreness, effort).
LIMITS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "sets": (1, 20),
        "repetitions": (1, 300),
        "load_kg": (0, 300),
        "hold_s": (0, 7200),
        "effort": (0, 10),
        "pain_before": (0, 10),
        "pain_during": (0, 10),
        "repetitions_in_reserve": (0, 50),
        "pain": (0, 10),
        "usual_pain": (0, 10),
        "soreness": (0, 10),
        "soreness_days": (0, 60),
        "back_pain": (0, 10),
        "foot_pain": (0, 10),
        "worst_pain": (0, 10),
        "first_step_pain": (0, 10),
        "minutes_walked": (0, 1440),
        "prompts": (0, 200),
        "noticed": (0, 200),
        "hours": (0, 24),
        "steps": (0, 100000),
    }
)

WEIGHT_ON = ("left", "right", "both", "not noticed")
SEVERITIES = ("mild", "moderate", "severe")
PAUSES = ("sick", "holiday", "other")
ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


def write_entry(
    kind: type[E],
    *,
    at: datetime,
    now: datetime | None = None,
    by: str = "patient",
    began: date | None = None,
    **values: Any,
) -> E:
    """Return a new entry with an id of its own, checked.

    Parameters
    ----------
    kind : type of Event
        E.g. `Session`.
    at : datetime
        When it happened, aware.
    now : datetime or None
        When it is written, aware; None: as ``at``.
    by : str
        'patient', or the code of a clinician.
    began : date or None
        First day of the plan the entry belongs to.
    **values
        Fields of the kind.

    Raises
    ------
    JournalError
        If a value is impossible; it says which.
    """
    entry = kind(id=str(uuid.uuid4()), at=at, by=by, **values)
    check_event(entry, now=now or at, began=began)
    return entry


def check_event(event: Event, *, now: datetime, began: date | None = None) -> None:
    """Refuse an entry that cannot be true.

    Parameters
    ----------
    event : Event
    now : datetime
        Aware.
    began : date or None
        First day of the plan the entry belongs to.

    Raises
    ------
    JournalError
        If a number lies outside its limits, a name is not known, or the time cannot be.
    """
    _check_time(event, now, began)
    for name, (least, most) in LIMITS.items():
        value = getattr(event, name, None)
        if value is not None and not least <= value <= most:
            shown = name.replace("_", " ")
            raise JournalError(f"{shown} of {value:g} cannot be: enter {least:g} to {most:g}")
    _check_names(event)
    if isinstance(event, StandingDay) and event.noticed > event.prompts:
        raise JournalError(f"noticed {event.noticed} of {event.prompts} prompts cannot be: enter at most the prompts")
    if isinstance(event, Paused) and event.last < event.first:
        raise JournalError("a pause ends before it begins; exchange the two days")


def _check_time(event: Event, now: datetime, began: date | None) -> None:
    if event.at.tzinfo is None:
        raise JournalError("the time of an entry has no time zone; add the offset from UTC, e.g. +01:00")
    if not ID.fullmatch(event.id):
        raise JournalError("the id of an entry has 8 to 64 letters, digits, '-' or '_'")
    if event.at > now + CLOCK_SKEW:
        raise JournalError(f"an entry of {event.at:%Y-%m-%d %H:%M} lies in the future; check the date and the clock")
    if isinstance(event, StepsTaken) and event.day > own_day(event):
        raise JournalError(f"steps of {event.day} were counted on {own_day(event)}, before that day; check the date")
    if began is not None and own_day(event) < began:
        raise JournalError(f"an entry of {own_day(event)} is before the plan, which began on {began}; check the date")


def _check_names(event: Event) -> None:
    match event:
        case Session() | NotDone() | AdverseEvent():
            if event.exercise or isinstance(event, Session):
                _known("exercise", event.exercise, exercise_ids())
            if not isinstance(event, AdverseEvent):
                _known("side", event.side, get_args(PersonSide))
            else:
                _known("adverse event", event.what, ADVERSE_EVENTS)
                _known("severity", event.severity, SEVERITIES)
        case StandingDay():
            _known("weight on", event.weight_on, WEIGHT_ON)
        case Paused():
            _known("reason", event.reason, PAUSES)
        case Reviewed():
            _known("checkpoint", event.checkpoint, CHECKPOINTS)
        case FootwearWorn():
            if not event.kind.strip():
                raise JournalError("the kind of shoe is empty; name it, e.g. 'trainer' or 'barefoot'")


@cache
def exercise_ids() -> tuple[str, ...]:
    """Return the id of every exercise of ``exercises.toml``."""
    path = files("kinechain.evidence") / "data" / "clinical" / "exercises.toml"
    return tuple(row["id"] for row in tomllib.loads(path.read_text(encoding="utf-8"))["exercise"])


def _known(what: str, name: str, known: Iterable[str]) -> None:
    names = tuple(known)
    if name not in names:
        raise JournalError(f"there is no {what} '{name}'. {suggest(name, names)}")
