"""The patients of a clinic: registering, listing, searching."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from kinechain.care.records.journal_lines import check_pseudonym
from kinechain.core.errors import InputError
from kinechain.store.audit import Actor, record
from kinechain.store.database import Database
from kinechain.store.people import Patient, add_patient, search_text
from kinechain.store.tables import patient, summary
from kinechain.workspace.case import read_case
from kinechain.workspace.summaries import keep_summary

__all__ = ["Row", "list_patients", "register"]

PAGE = 50


@dataclass(frozen=True)
class Row:
    """One line of the list of patients."""

    id: str
    name: str
    pseudonym: str
    created_at: datetime
    screen: str
    is_locked: bool
    plan_made_on: str | None
    last_event_at: datetime | None
    pain: float | None
    visits: int
    urgency: str


def register(database: Database, actor: Actor, name: str, pseudonym: str = "") -> Patient:
    """Register a patient with the clinic of the actor.

    Parameters
    ----------
    database : Database
    actor : Actor
        Of the staff.
    name : str
        Shown to the clinic alone.
    pseudonym : str
        Code that stands on reports; made up where none is given.

    Raises
    ------
    InputError
        If name or code is impossible, or the code is taken.
    """
    name = " ".join(name.split())
    if not name or len(name) > 120 or not name.isprintable():
        raise InputError("a patient needs a name of 1 to 120 characters; it is shown to your clinic alone")
    code = pseudonym.strip() or f"p-{secrets.token_hex(4)}"
    check_pseudonym(code)
    with database.writing() as connection:
        made = add_patient(connection, actor.clinic_id, code, name, actor.id)
        record(connection, actor, "register patient", made.id)
        keep_summary(connection, read_case(connection, made.id))
    return made


def list_patients(
    database: Database, actor: Actor, words: str = "", after: str = "", limit: int = PAGE
) -> tuple[Row, ...]:
    """Return patients of the actor's clinic whose name or code holds every word, in the order of names.

    Parameters
    ----------
    database : Database
    actor : Actor
    words : str
    after : str
        `store.people.search_text` of the last row of the page before.
    limit : int
    """
    asked = (
        select(patient, summary)
        .outerjoin(summary, summary.c.patient_id == patient.c.id)
        .where(patient.c.clinic_id == actor.clinic_id, patient.c.erased_at.is_(None), patient.c.archived_at.is_(None))
    )
    for word in search_text(words, "").split():
        asked = asked.where(patient.c.search.contains(word, autoescape=True))
    if after:
        asked = asked.where(patient.c.search > after)
    with database.reading() as connection:
        rows = connection.execute(asked.order_by(patient.c.search).limit(limit)).all()
    return tuple(
        Row(
            r.id,
            r.name,
            r.pseudonym,
            r.created_at,
            r.screen or "not_screened",
            bool(r.is_locked if r.is_locked is not None else True),
            r.plan_made_on,
            r.last_event_at,
            r.pain,
            r.visits or 0,
            r.urgency or "",
        )
        for r in rows
    )
