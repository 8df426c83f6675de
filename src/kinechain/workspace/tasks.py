"""What the clinic must look at: kept from the alerts of each journal, closed by whoever looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, RowMapping, case, insert, select, update

from kinechain.care.follow_up.alerts import URGENCIES
from kinechain.care.follow_up.follow_up import Progress
from kinechain.core.errors import InputError, KinechainError
from kinechain.evidence.wording import say
from kinechain.store.audit import Actor, record
from kinechain.store.clock import now
from kinechain.store.database import Database
from kinechain.store.people import hold
from kinechain.store.tables import patient, summary, task
from kinechain.workspace.case import Case, ConflictError, read_case
from kinechain.workspace.following import present_alerts, progress_of

__all__ = ["Task", "close_task", "keep_tasks", "look_again", "open_tasks", "tasks_of"]

#: Of alerts that ask nothing of the clinic before the next contact no task is made.
LEAST = URGENCIES.index("soon")

#: What stands as ``done_by`` where the reason itself ended.
SETTLED = "settled"

MAX_TEXT = 600


#: What this module writes and closes by itself; other kinds belong to who wrote them.
KEPT_KINDS = ("alert", "review")

#: So long after its first day a plan is still looked at every day: eight weeks, and the window of the last review.
FOLLOWED_DAYS = 70


#: How urgent a task is, as the database orders them.
RANK = case({word: place for place, word in enumerate(URGENCIES)}, value=task.c.urgency, else_=-1)


class _Told(NamedTuple):
    """What a task says."""

    kind: str
    urgency: str
    text: str


@dataclass(frozen=True)
class Task:
    """One thing to look at; ``patient`` and ``pseudonym`` are those of the list of the clinic."""

    id: str
    patient_id: str
    patient: str
    pseudonym: str
    kind: str
    urgency: str
    text: str
    source: str
    created_at: datetime
    done_at: datetime | None = None
    done_by: str = ""


def keep_tasks(connection: Connection, case: Case, progress: Progress | None) -> None:
    """Write a task for every alert somebody must look at, once; close those whose reason has ended or was seen.

    Parameters
    ----------
    connection : Connection
        Writing, in the transaction of what changed.
    case : Case
    progress : Progress or None
        Of the same case; None without a plan or while it is held back: then the dangers that stand count.
    """
    hold(connection, case.patient.id)
    wanted = _wanted(case, progress)
    rows = connection.execute(
        select(task.c.source, task.c.urgency, task.c.text, task.c.done_at, task.c.done_by).where(
            task.c.patient_id == case.patient.id, task.c.kind.in_(KEPT_KINDS)
        )
    ).all()
    known = {row.source: row for row in rows}
    for source, told in wanted.items():
        if source not in known:
            _add(connection, case, source, told)
        elif known[source].done_by == SETTLED or (known[source].urgency, known[source].text) != told[1:]:
            _change(connection, case, source, urgency=told.urgency, text=told.text, done_at=None, done_by=None)
    for source, row in known.items():
        if source not in wanted and row.done_at is None:
            _change(connection, case, source, done_at=now(), done_by=SETTLED)
    keep_urgency(connection, case.patient.id)


def _wanted(case: Case, progress: Progress | None) -> dict[str, _Told]:
    """Return what there is to look at, by where it comes from."""
    alerts = progress.alerts if progress else present_alerts(case, date.max)
    found = {
        f"alert:{alert.key}": _Told("alert", alert.urgency, alert.sentence.text[:MAX_TEXT])
        for alert in alerts
        if not alert.acknowledged and URGENCIES.index(alert.urgency) >= LEAST
    }
    if progress is None:
        return found
    # Of several that wait the last one is what there is to do: it looks at everything before it.
    for review in [review for review in progress.reviews if review.state in ("due", "overdue")][-1:]:
        said = say(f"follow_up.review_{review.state}", checkpoint=review.checkpoint).text
        found[f"review:{progress.plan}:{review.checkpoint}"] = _Told("review", "routine", said[:MAX_TEXT])
    return found


def _add(connection: Connection, case: Case, source: str, told: _Told) -> None:
    connection.execute(
        insert(task).values(
            id=str(uuid4()),
            clinic_id=case.patient.clinic_id,
            patient_id=case.patient.id,
            kind=told.kind,
            urgency=told.urgency,
            text=told.text,
            source=source,
            created_at=now(),
        )
    )


def _change(connection: Connection, case: Case, source: str, **values: object) -> None:
    where = (task.c.patient_id == case.patient.id, task.c.source == source)
    connection.execute(update(task).where(*where).values(**values))


def keep_urgency(connection: Connection, patient_id: str) -> None:
    """Write the greatest urgency of a patient's open tasks where the list of patients reads it.

    Parameters
    ----------
    connection : Connection
        Writing.
    patient_id : str
    """
    rows = connection.execute(
        select(task.c.urgency).where(task.c.patient_id == patient_id, task.c.done_at.is_(None))
    ).scalars()
    found = max((URGENCIES.index(word) for word in rows if word in URGENCIES), default=None)
    urgency = "" if found is None else URGENCIES[found]
    connection.execute(update(summary).where(summary.c.patient_id == patient_id).values(urgency=urgency))


def open_tasks(database: Database, actor: Actor, limit: int = 200) -> tuple[Task, ...]:
    """Return what the actor's clinic must look at, the most urgent first, then the oldest.

    Parameters
    ----------
    database : Database
    actor : Actor
        Of the staff.
    limit : int
    """
    asked = (
        select(task, patient.c.name.label("patient_name"), patient.c.pseudonym)
        .join(patient, patient.c.id == task.c.patient_id)
        .where(task.c.clinic_id == actor.clinic_id, task.c.done_at.is_(None), patient.c.erased_at.is_(None))
        .order_by(RANK.desc(), task.c.created_at, task.c.id)
        .limit(limit)
    )
    with database.reading() as connection:
        return tuple(_task(row) for row in connection.execute(asked).mappings())


def tasks_of(connection: Connection, patient_id: str) -> tuple[Task, ...]:
    """Return every task of a patient, the open ones first, the newest first.

    Parameters
    ----------
    connection : Connection
    patient_id : str
    """
    asked = (
        select(task, patient.c.name.label("patient_name"), patient.c.pseudonym)
        .join(patient, patient.c.id == task.c.patient_id)
        .where(task.c.patient_id == patient_id)
        .order_by(task.c.created_at.desc())
    )
    found = [_task(row) for row in connection.execute(asked).mappings()]
    return tuple(sorted(found, key=lambda t: t.done_at is not None))


def close_task(database: Database, actor: Actor, task_id: str, seen: str = "") -> Task:
    """Write down that somebody looked; an alert stays in the journal until it is acknowledged there.

    Parameters
    ----------
    database : Database
    actor : Actor
        Of the staff.
    task_id : str
    seen : str
        How urgent it was when it was looked at; '' closes it whatever it has become.

    Raises
    ------
    InputError
        If the actor's clinic has no such task.
    ConflictError
        If it has become more urgent than what was seen.
    """
    asked = (
        select(task, patient.c.name.label("patient_name"), patient.c.pseudonym)
        .join(patient, patient.c.id == task.c.patient_id)
        .where(task.c.id == task_id, task.c.clinic_id == actor.clinic_id)
    )
    with database.writing() as connection:
        row = connection.execute(asked).mappings().first()
        if row is None:
            raise InputError("there is no such task in this clinic")
        # What its patient writes at this moment may make it another task.
        hold(connection, str(row["patient_id"]))
        found = _task(connection.execute(asked).mappings().one())
        if seen and _rank(found.urgency) > _rank(seen):
            raise ConflictError("this has become more urgent since you looked; load the page again and read it first")
        if found.done_at is None:
            connection.execute(update(task).where(task.c.id == task_id).values(done_at=now(), done_by=actor.code))
            record(connection, actor, "close task", found.patient_id, {"task": task_id, "urgency": found.urgency})
            keep_urgency(connection, found.patient_id)
    return found


def look_again(database: Database, after: str = "") -> str:
    """Look at one patient whose plan runs: reviews become due and logs fall silent without anybody writing.

    Parameters
    ----------
    database : Database
    after : str
        Id of the patient that was looked at last; '' to begin.

    Returns
    -------
    str
        Id of the patient that was looked at; '' when all were.
    """
    today = now().astimezone().date()
    since = (today - timedelta(days=FOLLOWED_DAYS)).isoformat()
    asked = (
        select(summary.c.patient_id)
        .join(patient, patient.c.id == summary.c.patient_id)
        .where(summary.c.patient_id > after, summary.c.plan_made_on >= since)
        .where(patient.c.erased_at.is_(None), patient.c.archived_at.is_(None))
        .order_by(summary.c.patient_id)
        .limit(1)
    )
    with database.reading() as connection:
        found = connection.execute(asked).scalar()
    if found is None:
        return ""
    try:
        with database.writing() as connection:
            hold(connection, found)
            case = read_case(connection, found)
            keep_tasks(connection, case, progress_of(case, today))
    except KinechainError:
        # A damaged journal says so wherever it is opened; the others are looked at all the same.
        pass
    return str(found)


def _rank(urgency: str) -> int:
    return URGENCIES.index(urgency) if urgency in URGENCIES else -1


def _task(row: RowMapping) -> Task:
    return Task(
        id=str(row["id"]),
        patient_id=str(row["patient_id"]),
        patient=str(row["patient_name"]),
        pseudonym=str(row["pseudonym"]),
        kind=str(row["kind"]),
        urgency=str(row["urgency"]),
        text=str(row["text"]),
        source=str(row["source"]),
        created_at=row["created_at"],
        done_at=row["done_at"],
        done_by=str(row["done_by"] or ""),
    )
