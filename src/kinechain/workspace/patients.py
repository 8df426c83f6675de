"""The patients of a clinic: registering, listing, searching, renaming, putting away."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select

from kinechain.care.records.journal_lines import check_pseudonym
from kinechain.core.errors import InputError, SettingError, suggest
from kinechain.store.audit import Actor, record
from kinechain.store.clock import now
from kinechain.store.database import Database
from kinechain.store.people import Patient, add_patient, archive_patient, find_patient, rename_patient, search_text
from kinechain.store.tables import Moment, patient, summary, task
from kinechain.workspace.case import read_case
from kinechain.workspace.summaries import keep_summary

__all__ = ["SHOWN", "SORTS", "Row", "archive", "count_patients", "cursor", "list_patients", "register", "rename"]

PAGE = 50

Sort = Literal["name", "active", "pain", "new"]

#: What the list can be narrowed to; '' are all that are not put away.
SHOWN = ("", "attention", "locked", "plan", "archived")

#: Levels that somebody must look at.
RAISED = ("emergency", "same_day", "next_working_day", "soon")

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


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
    search: str = ""
    open_tasks: int = 0
    archived_at: datetime | None = None

    def plan_week(self, today: date) -> int | None:
        """Return the week of the plan a day lies in, counted from 1; None without a plan."""
        return (today - date.fromisoformat(self.plan_made_on)).days // 7 + 1 if self.plan_made_on else None


#: What each order sorts by, whether the largest comes first, and how a row's place in it is written.
SORTS: MappingProxyType[str, tuple[ColumnElement[Any], bool, Callable[[Row], str], Callable[[str], Any]]] = (
    MappingProxyType(
        {
            "name": (patient.c.search, False, lambda row: row.search, str),
            "active": (
                func.coalesce(summary.c.last_event_at, literal(LONG_AGO, Moment())),
                True,
                lambda row: (row.last_event_at or LONG_AGO).isoformat(),
                lambda text: literal(datetime.fromisoformat(text), Moment()),
            ),
            "pain": (
                func.coalesce(summary.c.pain, -1.0),
                True,
                lambda row: repr(-1.0 if row.pain is None else float(row.pain)),
                float,
            ),
            "new": (
                patient.c.created_at,
                True,
                lambda row: row.created_at.isoformat(),
                lambda text: literal(datetime.fromisoformat(text), Moment()),
            ),
        }
    )
)


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
    name = _checked_name(name)
    code = pseudonym.strip() or f"p-{secrets.token_hex(4)}"
    check_pseudonym(code)
    with database.writing() as connection:
        made = add_patient(connection, actor.clinic_id, code, name, actor.id)
        record(connection, actor, "register patient", made.id)
        keep_summary(connection, read_case(connection, made.id))
    return made


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 120 or not name.isprintable():
        raise InputError("a patient needs a name of 1 to 120 characters; it is shown to your clinic alone")
    return name


def rename(database: Database, actor: Actor, patient_id: str, name: str) -> None:
    """Change the name of a patient; the code stays, because the journal is bound to it.

    Parameters
    ----------
    database : Database
    actor : Actor
    patient_id, name : str

    Raises
    ------
    InputError
        If the name is impossible.
    """
    name = _checked_name(name)
    with database.writing() as connection:
        found = read_case(connection, patient_id).patient
        rename_patient(connection, patient_id, found.pseudonym, name)
        record(connection, actor, "rename patient", patient_id)


def archive(database: Database, actor: Actor, patient_id: str, is_archived: bool) -> None:
    """Put a patient away, or take them back into the list; nothing is lost by it.

    Parameters
    ----------
    database : Database
    actor : Actor
    patient_id : str
    is_archived : bool
    """
    with database.writing() as connection:
        found = find_patient(connection, patient_id)
        if found is None or (found.archived_at is not None) == is_archived:
            return
        archive_patient(connection, patient_id, now() if is_archived else None)
        record(connection, actor, "archive patient" if is_archived else "unarchive patient", patient_id)


def list_patients(
    database: Database,
    actor: Actor,
    words: str = "",
    after: str = "",
    limit: int = PAGE,
    sort: str = "name",
    show: str = "",
) -> tuple[Row, ...]:
    """Return patients of the actor's clinic whose name or code holds every word.

    Parameters
    ----------
    database : Database
    actor : Actor
    words : str
    after : str
        `cursor` of the last row of the page before.
    limit : int
    sort : 'name', 'active', 'pain' or 'new'
        The last three begin with what is most recent, or most.
    show : str
        Of `SHOWN`.

    Raises
    ------
    SettingError
        If there is no such order or selection, or ``after`` is no cursor.
    """
    if sort not in SORTS:
        raise SettingError(f"no order '{sort}'. {suggest(sort, SORTS)}")
    column, is_falling, _, read = SORTS[sort]
    asked = _selected(select(patient, summary), actor, words, show)
    if after:
        place, _, last = after.rpartition("|")
        try:
            there = read(place)
        except ValueError as error:
            raise SettingError("this page of the list does not exist; begin at its start") from error
        beyond = column < there if is_falling else column > there
        asked = asked.where(or_(beyond, and_(column == there, patient.c.id > last)))
    order = column.desc() if is_falling else column
    with database.reading() as connection:
        rows = connection.execute(asked.order_by(order, patient.c.id).limit(limit)).all()
        counted = (
            select(task.c.patient_id, func.count())
            .where(task.c.patient_id.in_([row.id for row in rows]), task.c.done_at.is_(None))
            .group_by(task.c.patient_id)
        )
        tasks = {row[0]: row[1] for row in connection.execute(counted)}
    return tuple(_row(row, tasks.get(row.id, 0)) for row in rows)


def count_patients(database: Database, actor: Actor, words: str = "", show: str = "") -> int:
    """Return how many patients `list_patients` would list.

    Parameters
    ----------
    database : Database
    actor : Actor
    words, show : str
    """
    asked: Select[Any] = _selected(select(func.count()).select_from(patient), actor, words, show)
    with database.reading() as connection:
        return int(connection.execute(asked).scalar_one())


def cursor(row: Row, sort: str = "name") -> str:
    """Return where a row stands in an order, for ``after`` of `list_patients`.

    Parameters
    ----------
    row : Row
    sort : str
    """
    return f"{SORTS[sort][2](row)}|{row.id}"


def _selected(asked: Select[Any], actor: Actor, words: str, show: str) -> Select[Any]:
    if show not in SHOWN:
        raise SettingError(f"no selection '{show}'. {suggest(show, SHOWN[1:])}")
    asked = asked.outerjoin_from(patient, summary, summary.c.patient_id == patient.c.id)
    asked = asked.where(patient.c.clinic_id == actor.clinic_id, patient.c.erased_at.is_(None))
    is_away = patient.c.archived_at.is_not(None) if show == "archived" else patient.c.archived_at.is_(None)
    asked = asked.where(is_away)
    for word in search_text(words, "").split():
        asked = asked.where(patient.c.search.contains(word, autoescape=True))
    if show == "attention":
        asked = asked.where(or_(summary.c.urgency != "", summary.c.screen.in_(RAISED)))
    elif show == "locked":
        asked = asked.where(or_(summary.c.is_locked, summary.c.is_locked.is_(None)))
    elif show == "plan":
        asked = asked.where(summary.c.plan_made_on.is_not(None))
    return asked


def _row(row: Any, open_tasks: int) -> Row:
    return Row(
        row.id,
        row.name,
        row.pseudonym,
        row.created_at,
        row.screen or "not_screened",
        bool(row.is_locked if row.is_locked is not None else True),
        row.plan_made_on,
        row.last_event_at,
        row.pain,
        row.visits or 0,
        row.urgency or "",
        row.search,
        open_tasks,
        row.archived_at,
    )
