"""A case: one patient as the database holds them, with everything that lets a plan be or holds it back."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from kinechain.care.follow_up.events import Cleared, Event
from kinechain.care.follow_up.standing import lasting, told_since
from kinechain.care.person.person import Person
from kinechain.care.person.person_file import parse_person
from kinechain.care.person.person_writer import updated_text
from kinechain.care.screening.clearance import TrustedClearance
from kinechain.care.screening.keyring import trusted
from kinechain.care.screening.lock import Unlocked, unlock
from kinechain.care.screening.red_flags import screen_person
from kinechain.care.screening.screen import Flag, Screen
from kinechain.core.errors import InputError
from kinechain.store.audit import Actor, record
from kinechain.store.memory import memory_of
from kinechain.store.people import (
    Patient,
    Version,
    add_events,
    add_version,
    find_patient,
    hold,
    newest_version,
    read_events,
)
from kinechain.workspace.summaries import keep_summary

__all__ = ["Case", "ConflictError", "change_person", "read_case", "write_events"]

Value = TypeVar("Value")

#: Of `Case.once`, what follows from answers, clearances and told signs alone.
SCREENING = ("screened", "unlocked")

#: How messages about a person's answers begin.
NAME = "the answers"


class ConflictError(InputError):
    """Somebody else changed the same answers in between."""


@dataclass(frozen=True)
class Case:
    """One patient, their answers and their journal.

    Attributes
    ----------
    patient : Patient
    version : Version or None
        The person file as it stands; None before the first answer.
    person : Person
        With the patient's pseudonym; without recordings, which are files of the database.
    events : tuple of Event
    clearances : tuple of TrustedClearance
        Those that a key of this installation confirms and that no later event ended.
    told : tuple of Flag
        What the journal holds against a plan beside the answers.

    Notes
    -----
    A case never changes, so that what follows from one is computed once; see `once`.
    """

    patient: Patient
    version: Version | None
    person: Person
    events: tuple[Event, ...] = ()
    clearances: tuple[TrustedClearance, ...] = ()
    told: tuple[Flag, ...] = ()
    _computed: dict[str, tuple[Hashable, Any]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def number(self) -> int:
        """Of the version; 0 before the first."""
        return self.version.number if self.version else 0

    def screened(self) -> Screen:
        """Return the outcome of the danger signs, of answers and journal together."""
        return self.once("screened", None, lambda: screen_person(self.person, self.clearances, self.told))

    def unlocked(self) -> Unlocked:
        """Return the proof that there may be a plan; LockedError if not."""
        return self.once("unlocked", None, lambda: unlock(self.person, self.clearances, self.told))

    def take_over(self, before: Case) -> None:
        """Take over what was computed of a case of the same answers, clearances and told signs: its danger signs.

        Parameters
        ----------
        before : Case
        """
        if before.person is self.person and (before.clearances, before.told) == (self.clearances, self.told):
            self._computed.update({name: before._computed[name] for name in SCREENING if name in before._computed})

    def once(self, name: str, question: Hashable, compute: Callable[[], Value]) -> Value:
        """Return what follows from this case, computed at the first time.

        Parameters
        ----------
        name : str
            Of what is computed.
        question : hashable
            What it depends on beside the case, such as the day; of each name the last answer is held.
        compute : callable
            Its answer is never changed from then on.
        """
        known = self._computed.get(name)
        if known is None or known[0] != question:
            # Two at the same time compute the same.
            known = self._computed[name] = (question, compute())
        answer: Value = known[1]
        return answer


def read_case(connection: Connection, patient_id: str) -> Case:
    """Return a case as it stands.

    Parameters
    ----------
    connection : Connection
    patient_id : str

    Raises
    ------
    InputError
        If there is no such patient, or their data were erased.
    JournalError
        If the journal is damaged.
    """
    memory = memory_of(connection)
    patient = find_patient(connection, patient_id)
    if patient is None or patient.erased_at is not None:
        if patient is not None:
            memory.forget(patient_id)
        raise InputError("there is no such patient, or their data were erased")
    version = newest_version(connection, patient_id)
    events = read_events(connection, patient)
    before: Case | None = memory.find(patient_id, "case")
    if before is not None and before.version == version and before.patient.pseudonym == patient.pseudonym:
        person = before.person
    else:
        person = parse_person(version.text, NAME, Path()) if version else Person(pseudonym=patient.pseudonym)
    signed = [item.clearance for item in events if isinstance(item, Cleared)]
    clearances = lasting(trusted(signed), events)
    if before is not None and _is_same(before, patient, person, events, clearances):
        return before
    case = Case(patient, version, person, events, clearances, told_since(events, person, clearances))
    if before is not None:
        case.take_over(before)
    memory.keep(patient_id, "case", case, len(version.text) if version else 0)
    return case


def _is_same(
    before: Case, patient: Patient, person: Person, events: tuple[Event, ...], clearances: tuple[TrustedClearance, ...]
) -> bool:
    """Return whether a case that was read before is what the database holds now."""
    same = [proof.clearance for proof in before.clearances] == [proof.clearance for proof in clearances]
    return same and before.patient == patient and before.person is person and before.events is events


def change_person(
    connection: Connection,
    actor: Actor,
    patient_id: str,
    change: Callable[[Person], Person],
    action: str,
    base: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> Case:
    """Change the answers of a patient, as a new version, in the transaction of the connection.

    Parameters
    ----------
    connection : Connection
        Writing.
    actor : Actor
    patient_id : str
    change : callable
        From the person as they stand to the person as they should be; applied to the newest version, so that two
        people who change different answers both keep theirs.
    action : str
        For the audit trail.
    base : int, optional
        Refuse if the newest version is another one than this; for changes that only make sense on what was seen.
    detail : mapping, optional
        For the audit trail: ids and counts, no answers.

    Raises
    ------
    ConflictError
        If the newest version is not ``base``.
    PersonError
        If the person would be impossible.
    """
    # Held before the look, or of two changes at the same time the later one would go out from what the first replaced.
    hold(connection, patient_id)
    before = read_case(connection, patient_id)
    if base is not None and base != before.number:
        raise ConflictError("somebody else changed these answers in between; load the page again and repeat the change")
    person = replace(change(before.person), pseudonym=before.patient.pseudonym, static=None, recordings=())
    text = updated_text(person, before.version.text if before.version else "", NAME)
    version = add_version(connection, patient_id, text, actor.code)
    record(connection, actor, action, patient_id, {"version": version.number, **(detail or {})})
    case = read_case(connection, patient_id)
    keep_summary(connection, case)
    return case


def write_events(connection: Connection, actor: Actor, patient_id: str, events: Sequence[Event], action: str) -> Case:
    """Append events to the journal of a patient, in the transaction of the connection; known ones are not doubled.

    Parameters
    ----------
    connection : Connection
        Writing.
    actor : Actor
    patient_id : str
    events : sequence of Event
    action : str
        For the audit trail.

    Raises
    ------
    JournalError
        If an event is impossible, or its id stands for another one.
    """
    # Held before the look, or an erasure in between would be followed by what it should have taken.
    hold(connection, patient_id)
    patient = find_patient(connection, patient_id)
    if patient is None or patient.erased_at is not None:
        raise InputError("there is no such patient, or their data were erased")
    new = add_events(connection, patient, events)
    record(connection, actor, action, patient_id, {"new": len(new), "known": len(events) - len(new)})
    case = read_case(connection, patient_id)
    if new:
        keep_summary(connection, case)
    return case
