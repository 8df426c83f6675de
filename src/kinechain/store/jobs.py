"""The queue of work: who asked for what, who works on it until when, and what came of it.

A worker *leases* a job for some seconds and renews the lease while it works. Where a worker dies the lease ends and
the job goes to another one. Only the worker that holds the lease can finish it, so nothing is finished twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from kinechain.store.clock import now
from kinechain.store.database import Database
from kinechain.store.tables import job, output

__all__ = [
    "Job",
    "Kept",
    "Output",
    "add_job",
    "ask_cancel",
    "cancel",
    "fail",
    "find_job",
    "finish",
    "give_back",
    "jobs_of",
    "lease",
    "let_go",
    "outputs_of",
    "renew",
    "standing_job",
    "tell_step",
    "wanted",
]

#: A job whose work died so often is not tried again. Where the whole worker died the job is hardly to blame, for its
#: work is done in a process of its own: such a one is tried so often that restarts of a machine never end it.
MOST_DEATHS, MOST_ENDED_LEASES = 3, 100
CRASHED = "the work ended without a word several times, most likely for want of memory; check the file and ask again"
STANDING = ("queued", "running", "done")
LONGEST_STEP, LONGEST_FAULT = 200, 1000

State = Literal["queued", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class Job:
    """One piece of work; fields as in the table, ``input`` decoded."""

    id: str
    clinic_id: str
    patient_id: str
    kind: str
    key: str
    state: State
    created_at: datetime
    created_by: str
    input: Mapping[str, Any] = field(default_factory=dict)
    step: str = ""
    attempts: int = 0
    worker: str = ""
    leased_until: datetime | None = None
    is_cancel_asked: bool = False
    started_at: datetime | None = None
    finished_at: datetime | None = None
    fault: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("queued", "running")


@dataclass(frozen=True)
class Output:
    """What the work made: a name, a media type, the content."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Kept:
    """An output whose content lies in the store of files."""

    name: str
    media_type: str
    digest: str
    size: int


def _job(row: Row[Any]) -> Job:
    values = dict(row._mapping)
    values.update(input=json.loads(values["input"]), worker=values["worker"] or "", fault=values["fault"] or "")
    return Job(**values)


def add_job(
    connection: Connection, *, clinic_id: str, patient_id: str, kind: str, key: str, input: Mapping[str, Any], by: str
) -> Job:
    """Queue a job, unless one with the same key waits, runs or is done: then that one is returned.

    Parameters
    ----------
    connection : Connection
        Writing.
    clinic_id, patient_id, kind : str
    key : str
        Digest of everything the result depends on.
    input : mapping
        As JSON; ids and digests, no names of people.
    by : str
        `Actor.code`.
    """
    made = {
        "id": str(uuid4()),
        "clinic_id": clinic_id,
        "patient_id": patient_id,
        "kind": kind,
        "key": key,
        "input": json.dumps(input, sort_keys=True),
        "state": "queued",
        "created_at": now(),
        "created_by": by,
    }
    insert_on = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    # One statement, not a look and then a row: two who ask at the same time get the same job.
    asked = insert_on(job).on_conflict_do_nothing(
        index_elements=["patient_id", "key"], index_where=text("state in ('queued', 'running', 'done')")
    )
    connection.execute(asked, made)
    found = standing_job(connection, patient_id, key)
    assert found is not None
    return found


def standing_job(connection: Connection, patient_id: str, key: str) -> Job | None:
    """Return the job of a key that waits, runs or is done; None if there is none.

    Parameters
    ----------
    connection : Connection
    patient_id, key : str
    """
    where = (job.c.patient_id == patient_id, job.c.key == key, job.c.state.in_(STANDING))
    row = connection.execute(select(job).where(*where)).first()
    return _job(row) if row else None


def find_job(connection: Connection, job_id: str) -> Job | None:
    """Return a job by its id; None if there is none.

    Parameters
    ----------
    connection : Connection
    job_id : str
    """
    row = connection.execute(select(job).where(job.c.id == job_id)).first()
    return _job(row) if row else None


def jobs_of(connection: Connection, patient_id: str, kind: str = "", limit: int = 200) -> tuple[Job, ...]:
    """Return the jobs of a patient, the newest first.

    Parameters
    ----------
    connection : Connection
    patient_id : str
    kind : str
        '' for all.
    limit : int
    """
    asked = select(job).where(job.c.patient_id == patient_id)
    if kind:
        asked = asked.where(job.c.kind == kind)
    rows = connection.execute(asked.order_by(job.c.created_at.desc(), job.c.id).limit(limit))
    return tuple(_job(row) for row in rows)


def outputs_of(connection: Connection, job_id: str) -> tuple[Kept, ...]:
    """Return what a job made, in the order of the names.

    Parameters
    ----------
    connection : Connection
    job_id : str
    """
    rows = connection.execute(select(output).where(output.c.job_id == job_id).order_by(output.c.name))
    return tuple(Kept(row.name, row.media_type, row.digest, row.size) for row in rows)


def lease(database: Database, worker: str, kinds: Sequence[str], seconds: float) -> Job | None:
    """Take the job that waits longest; None if none waits.

    Parameters
    ----------
    database : Database
    worker : str
        A name no other worker has.
    kinds : sequence of str
        That the worker can do.
    seconds : float
        After this the job goes to somebody else, unless the lease is renewed.
    """
    moment = now()
    waits = (job.c.state == "queued", job.c.kind.in_(kinds))
    ended = (job.c.state == "running", job.c.leased_until < moment)
    with database.reading() as connection:
        # Most looks find nothing, and this one takes no lock.
        if connection.execute(select(job.c.id).where(or_(_all(waits), _all(ended))).limit(1)).first() is None:
            return None
    with database.writing() as connection:
        _end_leases(connection, ended, moment)
        row = connection.execute(
            select(job.c.id)
            .where(*waits)
            .order_by(job.c.created_at, job.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if row is None:
            return None
        connection.execute(
            update(job)
            .where(job.c.id == row.id)
            .values(
                state="running",
                worker=worker,
                leased_until=moment + timedelta(seconds=seconds),
                attempts=job.c.attempts + 1,
                started_at=moment,
                step="",
            )
        )
        return find_job(connection, row.id)


def _all(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    first, *others = conditions
    for other in others:
        first = first & other
    return first


def _end_leases(connection: Connection, ended: Sequence[ColumnElement[bool]], moment: datetime) -> None:
    """Let go of the jobs whose worker has not renewed its lease."""
    rows = connection.execute(select(job).where(*ended).with_for_update(skip_locked=True)).all()
    for row in rows:
        _let_go(connection, row, moment, MOST_ENDED_LEASES)


def _let_go(connection: Connection, row: Row[Any], moment: datetime, most: int) -> None:
    values: dict[str, Any] = {"worker": None, "leased_until": None}
    if row.is_cancel_asked:
        values.update(state="cancelled", finished_at=moment)
    elif row.attempts >= most:
        values.update(state="failed", finished_at=moment, fault=CRASHED)
    else:
        values.update(state="queued", step="")
    connection.execute(update(job).where(job.c.id == row.id).values(**values))


def let_go(database: Database, work: Job) -> None:
    """Give up a job whose work ended without a word: it is tried again, unless that was the last attempt.

    Parameters
    ----------
    database : Database
    work : Job
        As `lease` returned it.
    """
    with database.writing() as connection:
        row = connection.execute(select(job).where(*_held(work)).with_for_update()).first()
        if row is not None:
            _let_go(connection, row, now(), MOST_DEATHS)


def _held(work: Job) -> tuple[ColumnElement[bool], ...]:
    """Return what is true as long as the lease of a job is this one."""
    # The attempt too: the same worker may have lost the job and leased it again.
    return (
        job.c.id == work.id,
        job.c.state == "running",
        job.c.worker == work.worker,
        job.c.attempts == work.attempts,
    )


def renew(database: Database, work: Job, seconds: float) -> Literal["held", "cancel", "lost"]:
    """Hold a job for longer, and learn whether it is still wanted.

    Parameters
    ----------
    database : Database
    work : Job
        As `lease` returned it.
    seconds : float
        From now.

    Returns
    -------
    'held', 'cancel' if somebody asked to stop, 'lost' if another worker has it or it is gone
    """
    with database.writing() as connection:
        until = now() + timedelta(seconds=seconds)
        if not connection.execute(update(job).where(*_held(work)).values(leased_until=until)).rowcount:
            return "lost"
        asked = connection.execute(select(job.c.is_cancel_asked).where(job.c.id == work.id)).scalar_one()
    return "cancel" if asked else "held"


def wanted(database: Database, work: Job) -> Literal["held", "cancel", "lost"]:
    """Tell whether a job is still this worker's and wanted; nothing is written.

    Parameters
    ----------
    database : Database
    work : Job
    """
    with database.reading() as connection:
        row = connection.execute(select(job.c.is_cancel_asked).where(*_held(work))).first()
    if row is None:
        return "lost"
    return "cancel" if row.is_cancel_asked else "held"


def tell_step(database: Database, job_id: str, worker: str, step: str) -> None:
    """Write down what a running job does now.

    Parameters
    ----------
    database : Database
    job_id, worker, step : str
    """
    where = (job.c.id == job_id, job.c.worker == worker, job.c.state == "running")
    with database.writing() as connection:
        connection.execute(update(job).where(*where).values(step=step[:LONGEST_STEP]))


def finish(
    database: Database,
    work: Job,
    outputs: Sequence[Kept],
    on_done: Callable[[Connection, Job], None] | None = None,
) -> bool:
    """Set a job to done with what it made, and let what follows from it be written in the same transaction.

    Parameters
    ----------
    database : Database
    work : Job
        As `lease` returned it.
    outputs : sequence of Kept
    on_done : callable, optional
        Gets the connection, after the outputs are written, and the job. If it raises, nothing of all this is written.

    Returns
    -------
    bool
        False, and nothing written, if the lease was lost.
    """
    with database.writing() as connection:
        done = {"state": "done", "finished_at": now(), "leased_until": None, "step": "", "fault": None}
        if not connection.execute(update(job).where(*_held(work)).values(**done)).rowcount:
            return False
        connection.execute(delete(output).where(output.c.job_id == work.id))
        if outputs:
            rows = [
                {"job_id": work.id, "name": o.name, "media_type": o.media_type, "digest": o.digest, "size": o.size}
                for o in outputs
            ]
            connection.execute(insert(output), rows)
        if on_done is not None:
            on_done(connection, work)
    return True


def fail(database: Database, work: Job, fault: str, on_failed: Callable[[Connection, Job], None] | None = None) -> bool:
    """Set a job to failed; return False if the lease was lost.

    Parameters
    ----------
    database : Database
    work : Job
    fault : str
        One sentence for the clinic, with nobody's data.
    on_failed : callable, optional
        Gets the connection and the job, in the same transaction.
    """
    with database.writing() as connection:
        if not _end(connection, work, "failed", fault[:LONGEST_FAULT]):
            return False
        if on_failed is not None:
            on_failed(connection, work)
    return True


def cancel(database: Database, work: Job) -> bool:
    """Set a job to cancelled, once its work was stopped; return False if the lease was lost.

    Parameters
    ----------
    database : Database
    work : Job
    """
    with database.writing() as connection:
        return _end(connection, work, "cancelled", None)


def _end(connection: Connection, work: Job, state: State, fault: str | None) -> bool:
    values = {"state": state, "finished_at": now(), "leased_until": None, "fault": fault}
    return bool(connection.execute(update(job).where(*_held(work)).values(**values)).rowcount)


def give_back(database: Database, work: Job) -> bool:
    """Put a job back into the queue because the worker ends in good order; it does not count as an attempt.

    Parameters
    ----------
    database : Database
    work : Job
    """
    values = {"state": "queued", "worker": None, "leased_until": None, "step": "", "attempts": job.c.attempts - 1}
    with database.writing() as connection:
        return bool(connection.execute(update(job).where(*_held(work)).values(**values)).rowcount)


def ask_cancel(connection: Connection, job_id: str) -> Job | None:
    """Ask that a job be stopped: at once if it waits, by its worker within a second or so if it runs.

    Parameters
    ----------
    connection : Connection
        Writing.
    job_id : str

    Returns
    -------
    Job or None
        As it stands now.
    """
    waits = (job.c.id == job_id, job.c.state == "queued")
    ended = {"state": "cancelled", "finished_at": now(), "is_cancel_asked": True}
    if not connection.execute(update(job).where(*waits).values(**ended)).rowcount:
        connection.execute(update(job).where(job.c.id == job_id, job.c.state == "running").values(is_cancel_asked=True))
    return find_job(connection, job_id)
