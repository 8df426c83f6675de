"""Taking away everything of one patient, and the contents that nobody needs any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, union, update

from kinechain.store.audit import Actor, record
from kinechain.store.clock import now
from kinechain.store.database import Database
from kinechain.store.files import Files
from kinechain.store.people import find_patient, hold
from kinechain.store.tables import (
    draft,
    erasure,
    event,
    file,
    job,
    link,
    output,
    patient,
    person_version,
    session,
    summary,
    task,
)

__all__ = ["erase_patient", "sweep_files"]

#: A content that no row names is swept after this; a younger one may belong to a row that is about to be written.
GRACE = timedelta(hours=6)


def erase_patient(database: Database, files: Files, actor: Actor, patient_id: str) -> bool:
    """Take away all data of a patient; the row of the patient stays, without a name, and so does the audit trail.

    Parameters
    ----------
    database : Database
    files : Files
        Contents that nobody else needs go once the rows are gone; if that is cut short, `sweep_files` ends it.
    actor : Actor
    patient_id : str

    Returns
    -------
    bool
        False if there is no such patient, or they were erased before.
    """
    with database.writing() as connection:
        hold(connection, patient_id)
        found = find_patient(connection, patient_id)
        if found is None or found.erased_at is not None:
            return False
        contents = _contents(connection, patient_id)
        counts = _erase_rows(connection, actor, patient_id)
        # A code may tell who somebody is as well as a name does.
        values = {"name": "", "search": "", "pseudonym": f"erased-{patient_id[:32]}", "erased_at": now()}
        connection.execute(update(patient).where(patient.c.id == patient_id).values(**values))
        record(connection, actor, "erase patient", patient_id, counts, found.clinic_id)
    database.memory.forget(patient_id)
    _remove_unneeded(database, files, contents)
    return True


def _contents(connection: Connection, patient_id: str) -> dict[str, datetime]:
    """Return the digests of a patient's files and outputs, and when each was last put in for them."""
    handed_in = select(file.c.digest, file.c.uploaded_at).where(file.c.patient_id == patient_id)
    made = (
        select(output.c.digest, func.coalesce(job.c.finished_at, job.c.created_at))
        .join(job, job.c.id == output.c.job_id)
        .where(job.c.patient_id == patient_id)
    )
    found: dict[str, datetime] = {}
    for asked in (handed_in, made):
        for digest, moment in connection.execute(asked):
            found[digest] = max(moment, found.get(digest, moment))
    return found


def _erase_rows(connection: Connection, actor: Actor, patient_id: str) -> dict[str, object]:
    """Delete every row of a patient but their own, and return how many of each table."""
    connection.execute(insert(erasure).values(patient_id=patient_id, at=now(), by=actor.code))
    jobs = select(job.c.id).where(job.c.patient_id == patient_id)
    links = select(link.c.id).where(link.c.patient_id == patient_id)
    counts: dict[str, object] = {
        "output": connection.execute(delete(output).where(output.c.job_id.in_(jobs))).rowcount,
        "session": connection.execute(delete(session).where(session.c.link_id.in_(links))).rowcount,
    }
    for table in (event, person_version, file, job, draft, task, link, summary):
        counts[table.name] = connection.execute(delete(table).where(table.c.patient_id == patient_id)).rowcount
    # The triggers let rows go only while this one stands.
    connection.execute(delete(erasure).where(erasure.c.patient_id == patient_id))
    return counts


def _remove_unneeded(database: Database, files: Files, contents: Mapping[str, datetime]) -> int:
    """Remove the contents that no row names."""
    with database.reading() as connection:
        needed = _needed(connection)
    # A content has its file before its row has its moment: what was written later belongs to somebody else.
    return sum(files.remove(digest, moment) for digest, moment in contents.items() if digest not in needed)


def _needed(connection: Connection) -> set[str]:
    return {row.digest for row in connection.execute(union(select(file.c.digest), select(output.c.digest)))}


def sweep_files(database: Database, files: Files, grace: timedelta = GRACE) -> int:
    """Remove contents that no row names, and what was left half written; return how many contents.

    Parameters
    ----------
    database : Database
    files : Files
    grace : timedelta
        Younger contents stay: their row may be about to be written.
    """
    if not files.folder.exists():
        return 0
    files.tidy()
    before = now() - grace
    old = {digest: before for digest, path in files.digests() if path.stat().st_mtime < before.timestamp()}
    return _remove_unneeded(database, files, old)
