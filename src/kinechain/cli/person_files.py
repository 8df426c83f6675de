"""The person file and the journal beside it, as the verbs of care use them."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from kinechain.cli.inputs import is_person_file
from kinechain.core.errors import FileError, SettingError
from kinechain.core.text import printable

if TYPE_CHECKING:
    from kinechain.care.follow_up.events import Event
    from kinechain.care.person.person import Person, Score
    from kinechain.care.screening.clearance import TrustedClearance
    from kinechain.care.screening.lock import Unlocked
    from kinechain.care.screening.screen import Flag, Screen

__all__ = [
    "Records",
    "check_person_path",
    "moment_of",
    "new_id",
    "now",
    "passphrase",
    "read_day",
    "read_records",
    "read_time",
    "visit_scores",
    "write_events",
]

#: Holds the passphrase of a clinician's key for scripts.
PASSPHRASE = "KINECHAIN_PASSPHRASE"


#: Days before this are slips of the pen (assumption).
FIRST_DAY = date(1900, 1, 1)


@dataclass(frozen=True)
class Records:
    """One person, and everything written in the journal beside the person file.

    Attributes
    ----------
    path : Path
        The person file.
    person : Person
    events : tuple of Event
        Empty if there is no journal yet.
    clearances : tuple of TrustedClearance
        Those among the events whose signature a key of this installation confirms, and that no later event ended.
    told : tuple of Flag
        What the events hold against a plan beside the answers of the person file.
    """

    path: Path
    person: Person
    events: tuple[Event, ...] = ()
    clearances: tuple[TrustedClearance, ...] = ()
    told: tuple[Flag, ...] = ()

    def screened(self) -> Screen:
        """Return the outcome of the danger signs, of answers and journal together."""
        from kinechain.care.screening.red_flags import screen_person

        return screen_person(self.person, self.clearances, self.told)

    def unlocked(self) -> Unlocked:
        """Return the proof that there may be a plan; LockedError if not."""
        from kinechain.care.screening.lock import unlock

        return unlock(self.person, self.clearances, self.told)


def check_person_path(path: Path) -> Path:
    """Return a path that holds a person file.

    Parameters
    ----------
    path : path

    Raises
    ------
    FileError
        If there is none, or it is something else.
    """
    if not is_person_file(path):
        raise FileError(f"{path.name} is a recording; give the person file (TOML) first")
    return path


def read_records(path: Path) -> Records:
    """Return the person of a file, and what the journal beside it holds.

    Parameters
    ----------
    path : path

    Raises
    ------
    InputError
        If the file is no person file, or the journal is damaged or of somebody else.
    """
    from kinechain.care.person.person_file import read_person
    from kinechain.care.records.journal_place import journal_path

    person = read_person(check_person_path(path))
    where = journal_path(path)
    # A link that leads nowhere is no absent journal: what it holds may lock the plan.
    if not os.path.lexists(where):
        return Records(path, person)
    from kinechain.care.follow_up.events import Cleared
    from kinechain.care.follow_up.standing import lasting, told_since
    from kinechain.care.records.journal import read_journal
    from kinechain.care.screening.keyring import trusted

    journal = read_journal(where, person.pseudonym)
    signed = [event.clearance for event in journal.events if isinstance(event, Cleared)]
    clearances = lasting(trusted(signed), journal.events)
    return Records(path, person, journal.events, clearances, told_since(journal.events, person, clearances))


def visit_scores(records: Records, day: date) -> tuple[Score, ...]:
    """Return the scores that belong to a visit: those answered since the visit before; at the first, undated ones too.

    Parameters
    ----------
    records : Records
    day : date
        Of the visit.
    """
    from kinechain.care.follow_up.events import VisitMade

    before = [event.at.date() for event in records.events if isinstance(event, VisitMade) and event.at.date() < day]
    return tuple(
        score
        for score in records.person.questionnaires
        if (not before if score.answered_on is None else score.answered_on <= day)
        and (score.answered_on is None or not before or score.answered_on > max(before))
    )


def write_events(records: Records, events: Sequence[Event]) -> Path:
    """Append events to the journal of a person, and return where it lies.

    Parameters
    ----------
    records : Records
    events : sequence of Event

    Raises
    ------
    InputError
        If it cannot be written; then nothing was.
    """
    from kinechain.care.records.journal import append, journal_path

    where = journal_path(records.path)
    append(where, *events, person=records.person.pseudonym)
    return where


def new_id() -> str:
    """Return an id that no other event has."""
    return str(uuid.uuid4())


def now() -> datetime:
    """Return the present moment with the offset of this machine's clock."""
    return datetime.now().astimezone().replace(microsecond=0)


def read_time(text: str | None, option: str) -> datetime:
    """Return a moment as typed: a day, or a day and a time, with or without an offset; None: now.

    Parameters
    ----------
    text : str or None
    option : str
        What the message starts with, e.g. ``--at``.

    Raises
    ------
    SettingError
        If it is no date, or lies in the future.
    """
    if text is None:
        return now()
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.astimezone()
    except (ValueError, OverflowError) as error:
        raise SettingError(
            f"{option} is '{printable(text)[:40]}'; write a day such as 2026-03-01, or 2026-03-01T18:30"
        ) from error
    if moment > now():
        raise SettingError(f"{option} is {text}, which lies in the future; write down what has happened already")
    return moment


def read_day(text: str | None, option: str) -> date:
    """Return a day as typed, not after today; None: today.

    Parameters
    ----------
    text : str or None
    option : str
        What the message starts with, e.g. ``--on``.

    Raises
    ------
    SettingError
        If it is no day, or lies in the future.
    """
    try:
        day = date.fromisoformat(text) if text is not None else now().date()
    except ValueError as error:
        raise SettingError(f"{option} is '{printable(str(text))[:40]}'; write a day such as 2026-03-01") from error
    if day < FIRST_DAY:
        raise SettingError(f"{option} is {day}, which is not possible: it lies before {FIRST_DAY.year}")
    if day > now().date():
        raise SettingError(f"{option} is {day}, which lies in the future; today is {now().date()}")
    return day


def moment_of(day: date) -> datetime:
    """Return the moment something of a day is written down with: now for today, else noon of that day.

    Parameters
    ----------
    day : date
    """
    return now() if day == now().date() else datetime.combine(day, time(12)).astimezone()


def passphrase(prompt: str, *, twice: bool = False) -> str:
    """Return the passphrase of a clinician's key: from the environment, else typed without being shown.

    Parameters
    ----------
    prompt : str
    twice : bool
        Ask again to be sure.

    Raises
    ------
    SettingError
        If there is neither.
    """
    given = os.environ.get(PASSPHRASE)
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise SettingError(f"a passphrase is typed in a terminal; for a script set {PASSPHRASE}")
    typed: str = typer.prompt(prompt, hide_input=True, confirmation_prompt=twice, err=True)
    return typed
