"""Patients: their rows, the versions of their person file, and their journal."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Row, Transaction, bindparam, func, insert, select, update

from kinechain.care.follow_up.events import Event
from kinechain.care.records.journal_lines import chained, check_event, digest, read_lines, read_more
from kinechain.core.errors import InputError, JournalError
from kinechain.store.clock import now
from kinechain.store.memory import memory_of
from kinechain.store.tables import event, patient, person_version

__all__ = [
    "Patient",
    "Version",
    "add_events",
    "add_patient",
    "add_version",
    "archive_patient",
    "find_patient",
    "list_versions",
    "hold",
    "known_events",
    "newest_version",
    "read_events",
    "search_text",
    "version",
]

#: Asked at nearly every request, and made once, for to make a statement takes longer than to run it.
ONE_PATIENT = select(patient).where(patient.c.id == bindparam("of"))
NEWEST_VERSION = (
    select(person_version)
    .where(person_version.c.patient_id == bindparam("of"))
    .order_by(person_version.c.number.desc())
    .limit(1)
)
HOLD = select(patient.c.id).where(patient.c.id == bindparam("of")).with_for_update()
LINES = select(event.c.line, event.c.digest).where(event.c.patient_id == bindparam("of")).order_by(event.c.number)

#: Who is held in which transaction: what is held stays so to its end, and is not asked for again.
_HELD: WeakKeyDictionary[Transaction, set[str]] = WeakKeyDictionary()

DAMAGED = "the journal of this patient is damaged: a line was altered or is missing; restore a backup"


@dataclass(frozen=True)
class Patient:
    """One patient's row.

    Attributes
    ----------
    id, clinic_id, pseudonym, name : str
        ``name`` never leaves the pages of the clinic: no report, letter, log or audit entry holds it.
    created_at : datetime
    archived_at, erased_at : datetime or None
    """

    id: str
    clinic_id: str
    pseudonym: str
    name: str
    created_at: datetime
    archived_at: datetime | None = None
    erased_at: datetime | None = None


@dataclass(frozen=True)
class Version:
    """The person file (TOML) as it stood after one change."""

    number: int
    text: str
    digest: str
    at: datetime
    by: str


def search_text(name: str, pseudonym: str) -> str:
    """Return what a search looks through: lower case, without accents.

    Parameters
    ----------
    name, pseudonym : str
    """
    plain = unicodedata.normalize("NFKD", f"{name} {pseudonym}".casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())[:200]


def add_patient(connection: Connection, clinic_id: str, pseudonym: str, name: str, by: str) -> Patient:
    """Add a patient.

    Parameters
    ----------
    connection : Connection
    clinic_id, pseudonym, name : str
    by : str
        Id of the account.

    Raises
    ------
    InputError
        If the clinic has this pseudonym already.
    """
    taken = select(patient.c.id).where(patient.c.clinic_id == clinic_id, patient.c.pseudonym == pseudonym)
    if connection.execute(taken).first():
        raise InputError(f"the code '{pseudonym}' is taken by another patient of this clinic; choose another")
    made = Patient(str(uuid4()), clinic_id, pseudonym, name, now())
    connection.execute(
        insert(patient).values(
            id=made.id,
            clinic_id=clinic_id,
            pseudonym=pseudonym,
            name=name,
            search=search_text(name, pseudonym),
            created_at=made.created_at,
            created_by=by,
        )
    )
    return made


def find_patient(connection: Connection, patient_id: str) -> Patient | None:
    """Return a patient by id; None if there is none.

    Parameters
    ----------
    connection : Connection
    patient_id : str
    """
    row = connection.execute(ONE_PATIENT, {"of": patient_id}).first()
    return _patient(row) if row else None


def _patient(row: Row[tuple[object, ...]]) -> Patient:
    return Patient(row.id, row.clinic_id, row.pseudonym, row.name, row.created_at, row.archived_at, row.erased_at)


def newest_version(connection: Connection, patient_id: str) -> Version | None:
    """Return the person file as it stands; None before the first.

    Parameters
    ----------
    connection : Connection
    patient_id : str
    """
    row = connection.execute(NEWEST_VERSION, {"of": patient_id}).first()
    return Version(row.number, row.text, row.digest, row.at, row.by) if row else None


def list_versions(connection: Connection, patient_id: str, limit: int = 50) -> tuple[tuple[int, datetime, str], ...]:
    """Return number, moment and author of the versions of a person file, the newest first.

    Parameters
    ----------
    connection : Connection
    patient_id : str
    limit : int
    """
    asked = select(person_version.c.number, person_version.c.at, person_version.c.by)
    asked = asked.where(person_version.c.patient_id == patient_id).order_by(person_version.c.number.desc())
    return tuple((row.number, row.at, row.by) for row in connection.execute(asked.limit(limit)))


def version(connection: Connection, patient_id: str, number: int) -> Version:
    """Return the person file of one version.

    Parameters
    ----------
    connection : Connection
    patient_id : str
    number : int

    Raises
    ------
    InputError
        If there is no such version.
    """
    rows = select(person_version).where(person_version.c.patient_id == patient_id, person_version.c.number == number)
    row = connection.execute(rows).first()
    if row is None:
        raise InputError(f"there is no version {number} of this person's answers")
    return Version(row.number, row.text, row.digest, row.at, row.by)


def add_version(connection: Connection, patient_id: str, text: str, by: str) -> Version:
    """Add a version of the person file after the newest; the same text again adds none.

    Parameters
    ----------
    connection : Connection
        Writing; holds the patient until the transaction ends.
    patient_id, text : str
    by : str
        `Actor.code`.
    """
    hold(connection, patient_id)
    last = newest_version(connection, patient_id)
    found = hashlib.sha256(text.encode()).hexdigest()
    if last and last.digest == found:
        return last
    made = Version((last.number if last else 0) + 1, text, found, now(), by)
    connection.execute(
        insert(person_version).values(
            id=str(uuid4()), patient_id=patient_id, number=made.number, text=text, digest=found, at=made.at, by=by
        )
    )
    return made


def hold(connection: Connection, patient_id: str) -> None:
    """Let nobody else write of this patient until the transaction ends.

    Parameters
    ----------
    connection : Connection
    patient_id : str
    """
    # On SQLite the whole database is held already.
    if connection.dialect.name == "sqlite":
        return
    transaction = connection.get_transaction()
    held = _HELD.setdefault(transaction, set()) if transaction is not None else set()
    if patient_id not in held:
        connection.execute(HOLD, {"of": patient_id})
        held.add(patient_id)


@dataclass(frozen=True)
class _Journal:
    """A journal as it was read: so many bytes with this digest, for this pseudonym, held these events."""

    pseudonym: str
    size: int
    content: str
    head: str
    events: tuple[Event, ...]

    def begins(self, pseudonym: str, content: bytes) -> bool:
        """Whether a content begins with exactly what was read."""
        return (
            pseudonym == self.pseudonym
            and len(content) >= self.size
            and hashlib.sha256(memoryview(content)[: self.size]).hexdigest() == self.content
        )


def read_events(connection: Connection, patient: Patient) -> tuple[Event, ...]:
    """Return the journal, every line checked against the one after it.

    Parameters
    ----------
    connection : Connection
    patient : Patient

    Raises
    ------
    JournalError
        If a line was altered or is missing.

    Notes
    -----
    Every line is fetched and hashed at every look.  Only what it says is not worked out again while the bytes are those
    that were read before.
    """
    rows = connection.execute(LINES, {"of": patient.id}).all()
    if not rows:
        return ()
    content = "".join([row.line for row in rows]).encode()
    memory = memory_of(connection)
    before: _Journal | None = memory.find(patient.id, "journal")
    found = _read_on(before, patient.pseudonym, content) or _read_whole(patient.pseudonym, content)
    if found.head != rows[-1].digest:
        raise JournalError(DAMAGED)
    if found is not before:
        memory.keep(patient.id, "journal", found, found.size)
    return found.events


def _read_on(before: _Journal | None, pseudonym: str, content: bytes) -> _Journal | None:
    """Return the journal that was read before with the lines that came to it; None if it must be read as a whole."""
    if before is None or not before.begins(pseudonym, content):
        return None
    if len(content) == before.size:
        return before
    more = read_more(before.events, before.head, content[before.size :])
    return None if more is None else _journal(pseudonym, content, more[1], more[0])


def _read_whole(pseudonym: str, content: bytes) -> _Journal:
    found = read_lines(b"".join([*chained(pseudonym, ()), content]))
    if found.damage or found.person != pseudonym:
        raise JournalError(DAMAGED)
    return _journal(pseudonym, content, found.head, found.events)


def _journal(pseudonym: str, content: bytes, head: str, events: tuple[Event, ...]) -> _Journal:
    return _Journal(pseudonym, len(content), hashlib.sha256(content).hexdigest(), head, events)


def add_events(connection: Connection, patient: Patient, events: Sequence[Event]) -> tuple[Event, ...]:
    """Add events to the journal; one that is there already is not added again.

    Parameters
    ----------
    connection : Connection
        Writing; holds the patient until the transaction ends.
    patient : Patient
    events : sequence of Event

    Returns
    -------
    tuple of Event
        Those that were new.

    Raises
    ------
    JournalError
        If an event is impossible, or its id is there and says something else.
    """
    hold(connection, patient.id)
    ids = [item.id for item in events]
    known = select(event.c.id, event.c.line).where(event.c.patient_id == patient.id, event.c.id.in_(ids))
    there = {row.id: row.line for row in connection.execute(known)}
    fresh: dict[str, Event] = {}
    for item in events:
        check_event(item)
        if item.id in there:
            _check_same(item, there[item.id])
        elif fresh.setdefault(item.id, item) != item:
            raise JournalError(f"two entries have the id '{item.id}' and say different things")
    if not fresh:
        return ()
    last = connection.execute(
        select(event.c.number, event.c.digest)
        .where(event.c.patient_id == patient.id)
        .order_by(event.c.number.desc())
        .limit(1)
    ).first()
    head = last.digest if last else digest(chained(patient.pseudonym, ())[0])
    number, moment = (last.number if last else 0), now()
    lines = chained(patient.pseudonym, fresh.values(), head)
    connection.execute(
        insert(event),
        [
            {
                "patient_id": patient.id,
                "id": item.id,
                "number": number + place,
                "kind": type(item).__name__,
                "at": item.at,
                "received_at": moment,
                "line": line.decode("ascii"),
                "digest": digest(line),
            }
            for place, (item, line) in enumerate(zip(fresh.values(), lines, strict=True), 1)
        ],
    )
    return tuple(fresh.values())


def known_events(connection: Connection, patient_id: str, ids: Sequence[str]) -> dict[str, Event]:
    """Return those events of a journal that have one of some ids, by id.

    Parameters
    ----------
    connection : Connection
    patient_id : str
    ids : sequence of str
    """
    known = select(event.c.id, event.c.line).where(event.c.patient_id == patient_id, event.c.id.in_(ids))
    start = chained("same", ())
    return {row.id: read_lines(b"".join([*start, row.line.encode()])).events[0] for row in connection.execute(known)}


def _check_same(item: Event, line: str) -> None:
    """Refuse another event under an id that is there."""
    start = chained("same", ())
    (there,) = read_lines(b"".join([*start, line.encode()])).events or (None,)
    if there != item:
        raise JournalError(f"the entry '{item.id}' is there already and says something else")


def count_events(connection: Connection, patient_id: str, kind: str) -> int:
    """Return how many events of a kind the journal holds.

    Parameters
    ----------
    connection : Connection
    patient_id, kind : str
        The name of the class of `kinechain.care.follow_up.events`.
    """
    asked = select(func.count()).where(event.c.patient_id == patient_id, event.c.kind == kind)
    return int(connection.execute(asked).scalar_one())


def rename_patient(connection: Connection, patient_id: str, pseudonym: str, name: str) -> None:
    """Change the name of a patient; the pseudonym stays, because the journal is bound to it.

    Parameters
    ----------
    connection : Connection
    patient_id, pseudonym, name : str
    """
    connection.execute(
        update(patient).where(patient.c.id == patient_id).values(name=name, search=search_text(name, pseudonym))
    )


def archive_patient(connection: Connection, patient_id: str, moment: datetime | None) -> None:
    """Take a patient out of the usual list, or back into it.

    Parameters
    ----------
    connection : Connection
    patient_id : str
    moment : datetime or None
        None takes them back.
    """
    connection.execute(update(patient).where(patient.c.id == patient_id).values(archived_at=moment))
