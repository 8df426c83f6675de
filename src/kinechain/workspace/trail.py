"""The audit trail as people read it: who did what with whose data, and when."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, or_, select

from kinechain.core.errors import InputError
from kinechain.store.audit import Actor
from kinechain.store.database import Database
from kinechain.store.tables import account, audit, link, patient

__all__ = ["Filters", "Line", "Page", "known_actors", "read_trail", "trail_csv"]

PAGE = 100
#: Lines of one file (choice); more are asked for day by day.
MOST_LINES = 50_000


@dataclass(frozen=True)
class Filters:
    """What is looked for; '' and None are everything.

    Attributes
    ----------
    patient_id : str
    who : str
        `Actor.code`.
    what : str
        Words of the action.
    first, last : date or None
        Days, both included, where the server stands.
    """

    patient_id: str = ""
    who: str = ""
    what: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Line:
    """One entry in words.

    Attributes
    ----------
    id : str
    at : datetime
    who : str
        Name of the account, or what acted.
    what : str
    patient_id, pseudonym : str
        '' where no patient is concerned.
    detail : str
        Counts and states, such as 'version 3'.
    """

    id: str
    at: datetime
    who: str
    what: str
    patient_id: str
    pseudonym: str
    detail: str


@dataclass(frozen=True)
class Page:
    """Some lines, the newest first, and where the older ones begin ('' for none)."""

    lines: tuple[Line, ...]
    older: str


def read_trail(database: Database, actor: Actor, filters: Filters, before: str = "", limit: int = PAGE) -> Page:
    """Return a page of the trail of the actor's clinic.

    Parameters
    ----------
    database : Database
    actor : Actor
        Of the staff.
    filters : Filters
    before : str
        `Page.older` of the page before.
    limit : int
    """
    with database.reading() as connection:
        lines = list(_lines(connection, actor, filters, before, limit + 1))
    shown = lines[:limit]
    older = f"{shown[-1].at.isoformat()}|{shown[-1].id}" if len(lines) > limit else ""
    return Page(tuple(shown), older)


def trail_csv(database: Database, actor: Actor, filters: Filters) -> bytes:
    """Return the trail as a table for a spreadsheet.

    Parameters
    ----------
    database : Database
    actor : Actor
        Of the staff.
    filters : Filters

    Raises
    ------
    InputError
        If there are too many lines for one file.
    """
    told = io.StringIO(newline="")
    table = csv.writer(told)
    table.writerow(("at", "who", "what", "patient", "detail"))
    with database.reading() as connection:
        for count, line in enumerate(_lines(connection, actor, filters, "", MOST_LINES + 1)):
            if count == MOST_LINES:
                raise InputError(f"these are more than {MOST_LINES} lines; choose fewer days and download again")
            row = (line.at.isoformat(), line.who, line.what, line.pseudonym, line.detail)
            table.writerow([_harmless(cell) for cell in row])
    return told.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def known_actors(connection: Connection, clinic_id: str) -> dict[str, str]:
    """Return the accounts of a clinic by their code, to choose from.

    Parameters
    ----------
    connection : Connection
    clinic_id : str
    """
    rows = connection.execute(
        select(account.c.id, account.c.name).where(account.c.clinic_id == clinic_id).order_by(account.c.name)
    )
    return {f"account:{row.id}": row.name for row in rows}


def _lines(connection: Connection, actor: Actor, filters: Filters, before: str, limit: int) -> Iterator[Line]:
    asked = select(audit).where(audit.c.clinic_id == actor.clinic_id)
    rows = connection.execute(_filtered(asked, filters, before).limit(limit)).mappings().all()
    names = known_actors(connection, actor.clinic_id)
    codes = {
        row.id: row.pseudonym
        for row in connection.execute(
            select(patient.c.id, patient.c.pseudonym).where(
                patient.c.clinic_id == actor.clinic_id, patient.c.id.in_({r["patient_id"] for r in rows[:2000]})
            )
        )
    }
    if len(rows) > 2000:
        every = select(patient.c.id, patient.c.pseudonym).where(patient.c.clinic_id == actor.clinic_id)
        codes = {row.id: row.pseudonym for row in connection.execute(every)}
    own = _links(connection, actor.clinic_id, {r["actor"] for r in rows})
    for row in rows:
        id_ = row["patient_id"] or ""
        yield Line(
            row["id"], row["at"], _who(row["actor"], names, own), row["action"], id_, codes.get(id_, ""), _detail(row)
        )


def _links(connection: Connection, clinic_id: str, codes: set[str]) -> dict[str, str]:
    """Return the pseudonym of whoever came in by each link."""
    ids = [code.partition(":")[2] for code in codes if code.startswith("link:")]
    if not ids:
        return {}
    rows = connection.execute(
        select(link.c.id, patient.c.pseudonym)
        .join(patient, patient.c.id == link.c.patient_id)
        .where(patient.c.clinic_id == clinic_id, link.c.id.in_(ids))
    )
    return {f"link:{row.id}": row.pseudonym for row in rows}


def _who(code: str, names: dict[str, str], links: dict[str, str]) -> str:
    if code in names:
        return names[code]
    kind, _, id_ = code.partition(":")
    if kind == "link":
        return f"the patient {links.get(code, '')}".strip()
    return {"account": "a former account", "worker": "worker", "command": "command line"}.get(kind, kind) + (
        f" {id_}" if kind in ("worker", "command") else ""
    )


def _detail(row: Any) -> str:
    if not row["detail"]:
        return ""
    try:
        plain = json.loads(row["detail"])
    except ValueError:
        return str(row["detail"])
    return ", ".join(f"{key} {value}" for key, value in plain.items()) if isinstance(plain, dict) else str(plain)


def _filtered(asked: Select[Any], filters: Filters, before: str) -> Select[Any]:
    if filters.patient_id:
        asked = asked.where(audit.c.patient_id == filters.patient_id)
    if filters.who:
        asked = asked.where(audit.c.actor == filters.who)
    for word in filters.what.split():
        asked = asked.where(audit.c.action.contains(word, autoescape=True))
    if filters.first:
        asked = asked.where(audit.c.at >= _start(filters.first))
    if filters.last:
        asked = asked.where(audit.c.at < _start(filters.last + timedelta(days=1)))
    if before:
        at, id_ = _place(before)
        asked = asked.where(or_(audit.c.at < at, and_(audit.c.at == at, audit.c.id < id_)))
    return asked.order_by(audit.c.at.desc(), audit.c.id.desc())


def _start(day: date) -> datetime:
    return datetime.combine(day, time()).astimezone()


def _place(before: str) -> tuple[datetime, str]:
    written, _, id_ = before.partition("|")
    try:
        at = datetime.fromisoformat(written)
        if at.utcoffset() is None:
            raise ValueError(written)
    except ValueError as error:
        raise InputError("this address of a page of the trail cannot be read; begin at the newest again") from error
    return at, id_[:36]
