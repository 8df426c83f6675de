"""What patients write down day by day: read, checked one by one, kept once, and answered with what follows from it."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import Connection

from kinechain.care.follow_up.events import (
    AdverseEvent,
    CheckIn,
    Event,
    NextMorning,
    Session,
)
from kinechain.care.follow_up.log import CLOCK_SKEW, check_event
from kinechain.care.follow_up.merge import merge
from kinechain.care.follow_up.pain_rule import judge_pain, pain_events
from kinechain.care.follow_up.soreness import judge_soreness
from kinechain.care.person.person import Answer, Person
from kinechain.care.records.consent import may
from kinechain.care.records.diary_entry import (
    DIARY_KINDS,
    check_fields,
    danger_answers,
    default_fields,
    field_value,
)
from kinechain.care.records.plain_values import from_plain
from kinechain.care.screening.red_flags import LOCKING
from kinechain.core.errors import InputError, JournalError, SettingError
from kinechain.core.text import printable
from kinechain.evidence.wording import Sentence
from kinechain.store.audit import Actor
from kinechain.store.clock import now
from kinechain.store.people import hold, known_events
from kinechain.workspace.case import Case, change_person, read_case, write_events
from kinechain.workspace.following import progress_of
from kinechain.workspace.place import Place
from kinechain.workspace.tasks import keep_tasks

__all__ = [
    "MOST_ENTRIES",
    "Logged",
    "NoConsentError",
    "Refused",
    "Told",
    "log_events",
    "log_plain",
    "read_entry",
]

#: Entries of one request, and characters of one text (choices).
MOST_ENTRIES, LONGEST_TEXT = 500, 500
#: Fields that need not be whole numbers, by kind of entry.
WITH_PARTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        word: frozenset(field.name for field in dataclasses.fields(kind) if str(field.type).startswith("float"))
        for word, kind in DIARY_KINDS.items()
    }
)
#: Half of a character in two halves: it could be kept, and never be shown again.
HALF = re.compile("[\ud800-\udfff]")
#: Days before the registration that an entry may still tell of (choice).
BEFORE = timedelta(days=365)


class NoConsentError(InputError):
    """Nothing is stored of somebody who did not agree to it."""


@dataclass(frozen=True)
class Refused:
    """An entry that was not kept, and why."""

    id: str
    why: str


@dataclass(frozen=True)
class Told:
    """What the pain rule and the rule of soreness say about what was just written.

    Attributes
    ----------
    verdict : 'carry on', 'ease off', 'stop' or 'wait'
        'wait': the next morning tells.
    exercise : str
        '' for a morning.
    sentences : tuple of Sentence
    """

    verdict: Literal["carry on", "ease off", "stop", "wait"]
    exercise: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True)
class Logged:
    """What became of entries.

    Attributes
    ----------
    accepted : tuple of str
        Ids that stand in the journal now, whether they did before or not.
    refused : tuple of Refused
    told : tuple of Told
    case : Case
        As it stands afterwards.
    """

    accepted: tuple[str, ...]
    refused: tuple[Refused, ...]
    told: tuple[Told, ...]
    case: Case

    @property
    def is_held(self) -> bool:
        """Whether somebody must look before the exercises go on."""
        return self.case.screened().level in LOCKING


VERDICTS: Mapping[str, Literal["carry on", "ease off", "stop", "wait"]] = MappingProxyType(
    {"go on": "carry on", "acceptable": "carry on", "regress": "ease off", "stop": "stop", "not enough known": "wait"}
)


def log_plain(place: Place, actor: Actor, entries: Sequence[Any], stamp: datetime | None = None) -> Logged:
    """Keep entries as a phone sends them; one that is impossible is named, and the others are kept all the same.

    Parameters
    ----------
    place : Place
    actor : Actor
        The patient.
    entries : sequence
        Mappings; see `read_entry`.
    stamp : datetime, optional
        Of those that tell no time, as forms do not; sent again, they keep the time they were kept with.

    Raises
    ------
    InputError
        If there are too many.
    NoConsentError
        If the patient did not agree to care.
    """
    if len(entries) > MOST_ENTRIES:
        raise InputError(f"{len(entries)} entries at once are too many; send at most {MOST_ENTRIES}")
    events: list[Event] = []
    refused: list[Refused] = []
    stamped: set[str] = set()
    for entry in entries:
        is_stamped = stamp is not None and isinstance(entry, Mapping) and not entry.get("at")
        try:
            events.append(read_entry({**entry, "at": stamp.isoformat()} if stamp and is_stamped else entry))
            stamped |= {events[-1].id} if is_stamped else set()
        except InputError as error:
            given = entry.get("id") if isinstance(entry, Mapping) else None
            refused.append(Refused(printable(str(given or ""))[:64], str(error)))
    found = log_events(place, actor, events, stamped)
    return replace(found, refused=(*refused, *found.refused))


def log_events(place: Place, actor: Actor, events: Sequence[Event], stamped: Collection[str] = ()) -> Logged:
    """Keep entries of a patient, each once, and tell what follows.

    Parameters
    ----------
    place : Place
    actor : Actor
        With the id of the patient.
    events : sequence of Event
    stamped : collection of str
        Ids of those whose time is that of their arrival.

    Notes
    -----
    A danger sign that is named, or not known, is written into the answers too, so that the plan locks.  A phone whose
    clock is wrong is heard all the same when it tells of a danger: the entry is kept as of now.  The same entries again
    give the same answer.
    """
    moment = now()
    with place.database.writing() as connection:
        # Held before the look, or the same entries sent twice at once would both count as new.
        hold(connection, actor.patient_id)
        case = _consenting(connection, actor, moment)
        first = (case.patient.created_at - BEFORE).date()
        known = known_events(connection, case.patient.id, [event.id for event in events])
        kept: dict[str, Event] = {}
        refused = []
        for sent in events:
            there = known.get(sent.id)
            is_again = there is not None and sent.id in stamped and replace(there, at=sent.at) == sent
            event = there if there is not None and is_again else _in_time(sent, there, first, moment)
            try:
                check_event(event, now=moment, began=first)
                if any(held.get(event.id, event) != event for held in (known, kept)):
                    raise JournalError("this entry was sent before and said something else; write a new one")
                kept[event.id] = event
            except InputError as error:
                refused.append(Refused(event.id, str(error)))
        if any(key not in known for key in kept):
            case = write_events(connection, actor, case.patient.id, tuple(kept.values()), "write log")
            case = _with_dangers(connection, actor, case, [event for key, event in kept.items() if key not in known])
            keep_tasks(connection, case, progress_of(case, _today(case, moment)))
    accepted = tuple(event.id for event in kept.values())
    return Logged(accepted, tuple(refused), _told(case, tuple(kept.values()), moment), case)


def _consenting(connection: Connection, actor: Actor, moment: datetime) -> Case:
    case = read_case(connection, actor.patient_id)
    if actor.kind == "patient" and not may(case.events, "care", moment.astimezone().date()):
        raise NoConsentError("nothing is stored before you agree to it; open your page and read what is asked there")
    return case


def _in_time(event: Event, known: Event | None, first: date, moment: datetime) -> Event:
    """Return an entry that tells of a danger with a time that can be; others as they are."""
    is_danger = isinstance(event, AdverseEvent) or (isinstance(event, CheckIn) and bool(_dangers((event,))))
    is_possible = event.at.date() > first and event.at <= moment + CLOCK_SKEW
    if not is_danger or is_possible:
        return event
    # Sent again, it is the entry that was kept.
    kept = known is not None and replace(known, at=event.at) == event
    return replace(event, at=known.at if known is not None and kept else moment.astimezone(event.at.tzinfo))


def _dangers(events: Sequence[Event]) -> dict[str, Answer]:
    """Return the danger signs that check-ins name or do not know; what one of them names stands."""
    pairs = [pair for event in events if isinstance(event, CheckIn) for pair in event.screen.items()]
    told = [pair for pair in pairs if pair[1] in ("yes", "unknown")]
    return dict(sorted(told, key=lambda pair: pair[1] == "yes"))


def _with_dangers(connection: Connection, actor: Actor, case: Case, events: Sequence[Event]) -> Case:
    """Write danger signs that were named, or not known, into the answers."""
    # That somebody does not know today takes nothing back that they said before.
    told = {k: a for k, a in _dangers(events).items() if a == "yes" or case.person.screen.get(k) != "yes"}
    if not told:
        return case

    def with_told(person: Person) -> Person:
        return replace(person, screen=MappingProxyType({**person.screen, **told}))

    return change_person(
        connection, actor, case.patient.id, with_told, "write danger signs", detail={"signs": len(told)}
    )


def _today(case: Case, moment: datetime) -> date:
    """Return the day it is for the patient, by the clock of the phone that wrote last."""
    zone = case.events[-1].at.tzinfo if case.events else UTC
    return moment.astimezone(zone).date()


def _told(case: Case, new: Sequence[Event], moment: datetime) -> tuple[Told, ...]:
    """Return what is said about exercises and mornings that were just written."""
    if not any(isinstance(event, Session | NextMorning) for event in new):
        return ()
    counted, today = merge(case.events).counted, _today(case, moment)
    sessions, mornings = pain_events(counted)
    usual = case.person.history.pain_average
    found = []
    for exercise in dict.fromkeys(event.exercise for event in new if isinstance(event, Session)):
        rule = judge_pain([s for s in sessions if s.exercise == exercise], mornings, today, usual)
        found.append(Told(VERDICTS[rule.verdict], exercise, rule.sentences))
    if any(isinstance(event, NextMorning) for event in new):
        sore = judge_soreness(mornings, today, usual)
        verdict: Literal["ease off", "carry on"] = (
            "ease off" if sore.verdict in ("too long", "own pain") else "carry on"
        )
        found.append(Told(verdict, "", sore.sentences))
    return tuple(found)


# ---- one entry as it is sent


def read_entry(plain: Any) -> Event:
    """Return the event of an entry as a form or a phone sends it.

    Parameters
    ----------
    plain : mapping
        ``event`` names the kind, ``id`` and ``at`` (with its offset) stand in every one, the rest are the fields of
        the kind as text or numbers; '' is left out.  A check-in may say ``danger``: 'none', 'unknown', 'skipped', or
        ids joined by commas.

    Raises
    ------
    InputError
        If a field is missing, not known or impossible.
    """
    if not isinstance(plain, Mapping):
        raise SettingError("an entry is an object with the names of its fields")
    if HALF.search(json.dumps(plain, ensure_ascii=False, default=str)):
        raise SettingError("an entry holds half a character, which is no text; write it again without")
    values = {str(key): value for key, value in plain.items() if value is not None and value != ""}
    word = str(values.pop("event", ""))
    if word == "check_in" and "danger" in values:
        values["screen"] = danger_answers([key for key in str(values.pop("danger")).split(",") if key])
    check_fields(word, values, ("by",))
    typed = {name: _typed(word, name, value) for name, value in values.items()}
    event: Event = from_plain({**default_fields(DIARY_KINDS[word]), **typed, "event": word, "by": "patient"}, Event)
    if event.at.utcoffset() is None:
        raise SettingError("the time of an entry has no offset from UTC; write it such as 2026-03-01T18:30+01:00")
    return event


def _typed(word: str, name: str, value: Any) -> Any:
    """Return a field as its kind of entry holds it."""
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT or "\0" in value:
            raise SettingError(f"{name} is longer than {LONGEST_TEXT} characters; shorten it")
        return field_value(word, name, value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if is_number and name in WITH_PARTS[word] else value
