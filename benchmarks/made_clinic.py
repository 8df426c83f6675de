"""A clinic full of people who are nobody, for the benchmarks of the workspace."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from uuid import uuid4

from sqlalchemy import Connection, insert, select

from kinechain.care.follow_up.events import Event, Session, VisitMade
from kinechain.care.records.journal_lines import chained, digest
from kinechain.care.records.plain_values import to_plain
from kinechain.store.audit import Actor
from kinechain.store.clock import now
from kinechain.store.people import Patient, add_version, find_patient, search_text
from kinechain.store.sessions import add_session
from kinechain.store.tables import event, patient, summary
from kinechain.workspace.case import Case, read_case
from kinechain.workspace.example_clinic import make_example_clinic
from kinechain.workspace.links import make_link
from kinechain.workspace.place import Place
from kinechain.workspace.summaries import keep_summary

FIRST = ("Ada", "Ben", "Cora", "Dan", "Eve", "Finn", "Gia", "Hugo", "Ida", "Jon", "Kim", "Lea", "Max", "Nora", "Otto")
LAST = ("Abt", "Berg", "Conti", "Dahl", "Egli", "Frei", "Graf", "Huber", "Imhof", "Jost", "Keller", "Lang", "Meier")
#: Patients written in one transaction.
AT_ONCE = 250


@dataclass(frozen=True)
class MadeClinic:
    """Whom a benchmark acts for.

    Attributes
    ----------
    actor : Actor
        Of the clinic.
    patients : tuple of str
        Ids.
    """

    actor: Actor
    patients: tuple[str, ...]


def make_clinic_of(place: Place, patients: int, visits: int, diary: int) -> MadeClinic:
    """Fill an empty place with a clinic; every patient has an agreed plan.

    Parameters
    ----------
    place : Place
    patients : int
    visits : int
        Of each.
    diary : int
        Entries each has logged.
    """
    example = make_example_clinic(place)
    with place.database.reading() as connection:
        case = read_case(connection, example.followed)
    events = tuple(_journal(case, visits, diary))
    lines = [json.dumps(to_plain(item), ensure_ascii=True, separators=(",", ":")) for item in events]
    ids: list[str] = []
    for start in range(0, patients, AT_ONCE):
        with place.database.writing() as connection:
            for number in range(start, min(start + AT_ONCE, patients)):
                ids.append(_add(connection, case, number, events, lines))
            if start == 0:
                keep_summary(connection, read_case(connection, ids[0]))
            _copy_summary(connection, ids[0], ids[start:] if start else ids[1:])
    with place.database.reading() as connection:
        found = find_patient(connection, example.followed)
        owner = connection.execute(select(patient.c.created_by).where(patient.c.id == example.followed)).scalar_one()
    assert found is not None
    return MadeClinic(Actor("admin", owner, "Dr Example", found.clinic_id), tuple(ids))


def _journal(case: Case, visits: int, diary: int) -> Iterator[Event]:
    """Yield events like those of the example, so many visits and entries of each."""
    made = next(item for item in case.events if isinstance(item, VisitMade))
    others = [item for item in case.events if not isinstance(item, VisitMade)]
    kept = [item for item in others if not hasattr(item, "sets")]
    sessions = [item for item in others if isinstance(item, Session)]
    for number in range(visits):
        at = made.at - timedelta(days=70 * (visits - 1 - number))
        yield replace(made, id=str(uuid4()), visit=f"visit {number + 1}", at=at)
    yield from islice((*(e for e in kept if type(e).__name__ != "CheckIn"), *sessions, *kept), 0, max(diary, 6))


def name_of(number: int) -> str:
    """Return what a patient is called.

    Parameters
    ----------
    number : int
        Their place in `MadeClinic.patients`.
    """
    return f"{FIRST[number % len(FIRST)]} {LAST[number // len(FIRST) % len(LAST)]}"


def _add(connection: Connection, case: Case, number: int, events: Sequence[Event], lines: Sequence[str]) -> str:
    """Add one patient with a journal, without the checks that reading makes anyhow."""
    name, code = name_of(number), f"b-{number:05d}"
    made = Patient(str(uuid4()), case.patient.clinic_id, code, name, now())
    owner = select(patient.c.created_by).where(patient.c.id == case.patient.id).scalar_subquery()
    connection.execute(
        insert(patient).values(
            id=made.id,
            clinic_id=made.clinic_id,
            pseudonym=code,
            name=name,
            search=search_text(name, code),
            created_at=made.created_at,
            created_by=owner,
        )
    )
    assert case.version is not None
    add_version(connection, made.id, case.version.text.replace(case.patient.pseudonym, code), "benchmark")
    head, rows = digest(chained(code, ())[0]), []
    for place, (item, line) in enumerate(zip(events, lines, strict=True), 1):
        bound = f'{line[:-1]},"previous":"{head}"}}\n'
        head = digest(bound.encode())
        rows.append(
            {
                "patient_id": made.id,
                "id": item.id,
                "number": place,
                "kind": type(item).__name__,
                "at": item.at,
                "received_at": made.created_at,
                "line": bound,
                "digest": head,
            }
        )
    connection.execute(insert(event), rows)
    return made.id


def _copy_summary(connection: Connection, first: str, ids: Sequence[str]) -> None:
    row = connection.execute(select(summary).where(summary.c.patient_id == first)).mappings().one()
    if ids:
        connection.execute(insert(summary), [{**row, "patient_id": found} for found in ids])


def staff_session(place: Place, clinic: MadeClinic) -> tuple[str, str]:
    """Return token and CSRF token of a clinician who is signed in."""
    with place.database.writing() as connection:
        token, session = add_session(connection, account_id=clinic.actor.id)
    return token, session.csrf


def patient_session(place: Place, clinic: MadeClinic, patient_id: str) -> tuple[str, str]:
    """Return token and CSRF token of a patient who opened their link."""
    _, link = make_link(place, clinic.actor, patient_id)
    with place.database.writing() as connection:
        token, session = add_session(connection, link_id=link.id)
    return token, session.csrf


def summarised(place: Place) -> None:
    """Bring the statistics of the planner up to date, as a database that lives does by itself."""
    with place.database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
