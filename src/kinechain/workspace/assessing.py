"""Analyses: asked for by a clinician, kept with everything they depend on, and what follows once one is done.

What a worker does for one stands in `kinechain.workspace.assess_work`, which loads numerics that a page does not need.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from sqlalchemy import Connection, insert, select

from kinechain import __version__
from kinechain.care.drivers import may_attribute
from kinechain.care.follow_up.events import VisitMade
from kinechain.care.records.visits import made_visit, rerun
from kinechain.core.errors import InputError
from kinechain.store.audit import Actor, record
from kinechain.store.clock import now
from kinechain.store.jobs import Job, Kept, add_job, ask_cancel, find_job, jobs_of, outputs_of, standing_job
from kinechain.store.tables import job as job_table
from kinechain.store.tables import task
from kinechain.workspace.case import Case, read_case, write_events
from kinechain.workspace.place import Place
from kinechain.workspace.recordings import FileRow, recordings_of

if TYPE_CHECKING:
    pass

__all__ = [
    "Ready",
    "ask_assessment",
    "assessments_of",
    "cancel_job",
    "is_current",
    "job_of",
    "assessment_done",
    "assessment_failed",
    "local_day",
    "newest_assessment",
    "read_output",
    "ready",
    "standing_assessment",
    "visit_id",
    "why_no_drivers",
]

KIND = "assess"
#: Change it when what a job makes changes, so that no result of an older layout is shown for a new one.
LAYOUT = "1"

Stored = tuple[Kept, ...]


@dataclass(frozen=True)
class Ready:
    """What there is to analyse.

    Attributes
    ----------
    has_exam : bool
    walking : tuple of FileRow
    standing : FileRow or None
    aside : tuple of FileRow
    waiting : int
        Recordings no worker has looked at yet.
    refused : str
        Why nothing can be analysed; '' if it can.
    """

    has_exam: bool
    walking: tuple[FileRow, ...]
    standing: FileRow | None
    aside: tuple[FileRow, ...]
    waiting: int
    refused: str = ""

    @property
    def used(self) -> tuple[FileRow, ...]:
        """The recordings that an analysis reads."""
        return (*((self.standing,) if self.standing else ()), *self.walking)


def ready(case: Case, files: Sequence[FileRow]) -> Ready:
    """Return what an analysis of a case would use.

    Parameters
    ----------
    case : Case
    files : sequence of FileRow
    """
    standing = [row for row in files if row.use == "standing"]
    refused = ""
    if case.version is None or (not case.person.exam and not standing and not any(r.use == "walking" for r in files)):
        refused = "There is nothing to analyse yet: enter the examination, hand in a recording, or both."
    if case.version is None and files:
        refused = "There are no answers yet: begin the intake or the examination; a recording is analysed with them."
    return Ready(
        has_exam=bool(case.person.exam),
        walking=tuple(row for row in files if row.use == "walking"),
        standing=standing[-1] if standing else None,
        aside=tuple(row for row in files if row.use == "aside"),
        waiting=sum(row.inspected is None for row in files),
        refused=refused,
    )


def _input(case: Case, found: Ready) -> dict[str, Any]:
    """Return what an analysis is made of: ids and digests, no names of people."""
    return {
        "version": case.number,
        "files": [
            {"file": row.id, "digest": row.digest, "name": row.name, "use": row.use}
            for row in sorted(found.used, key=lambda row: (row.use, row.name, row.id))
        ],
    }


def _key(case: Case, found: Ready) -> str:
    """Return the digest of everything the result depends on."""
    held = {
        "kind": KIND,
        "layout": LAYOUT,
        "kinechain": __version__,
        "person": case.version.digest if case.version else "",
        "files": [[f["digest"], f["name"], f["use"]] for f in _input(case, found)["files"]],
        "clearances": sorted(proof.clearance.signature for proof in case.clearances),
        "told": sorted([flag.id, flag.answer] for flag in case.told),
    }
    return hashlib.sha256(json.dumps(held, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def ask_assessment(place: Place, actor: Actor, patient_id: str) -> Job:
    """Ask for an analysis of a case as it stands; the same again is the same job.

    Parameters
    ----------
    place : Place
    actor : Actor
    patient_id : str

    Raises
    ------
    InputError
        If there is nothing to analyse.
    """
    with place.database.writing() as connection:
        case = read_case(connection, patient_id)
        found = ready(case, recordings_of(connection, patient_id))
        if found.refused:
            raise InputError(found.refused)
        made = add_job(
            connection,
            clinic_id=case.patient.clinic_id,
            patient_id=patient_id,
            kind=KIND,
            key=_key(case, found),
            input=_input(case, found),
            by=actor.code,
        )
        record(connection, actor, "ask for analysis", patient_id, {"job": made.id, "files": len(found.used)})
    return made


def is_current(case: Case, files: Sequence[FileRow], made: Job) -> bool:
    """Tell whether a result still belongs to the case as it stands.

    Parameters
    ----------
    case : Case
    files : sequence of FileRow
    made : Job
    """
    return made.key == _key(case, ready(case, files))


def job_of(connection: Connection, patient_id: str, job_id: str) -> Job:
    """Return a job of this patient; another patient's is none of theirs.

    Parameters
    ----------
    connection : Connection
    patient_id, job_id : str

    Raises
    ------
    InputError
        If there is no such job of this patient.
    """
    found = find_job(connection, job_id)
    if found is None or found.patient_id != patient_id:
        raise InputError("this patient has no such analysis; load the page again")
    return found


def cancel_job(place: Place, actor: Actor, patient_id: str, job_id: str) -> Job:
    """Ask that a job be stopped.

    Parameters
    ----------
    place : Place
    actor : Actor
    patient_id, job_id : str

    Raises
    ------
    InputError
        If there is no such job of this patient.
    """
    with place.database.writing() as connection:
        found = job_of(connection, patient_id, job_id)
        asked = ask_cancel(connection, found.id)
        record(connection, actor, "cancel analysis", patient_id, {"job": found.id})
    return asked or found


def assessments_of(connection: Connection, patient_id: str) -> tuple[Job, ...]:
    """Return the analyses of a patient, the newest first, whatever became of them.

    Parameters
    ----------
    connection : Connection
    patient_id : str
    """
    return jobs_of(connection, patient_id, KIND)


def newest_assessment(connection: Connection, patient_id: str) -> tuple[Job, Stored] | None:
    """Return the newest analysis that is done, with what it made; None if there is none.

    Parameters
    ----------
    connection : Connection
    patient_id : str
    """
    where = (job_table.c.patient_id == patient_id, job_table.c.kind == KIND, job_table.c.state == "done")
    row = connection.execute(
        select(job_table.c.id).where(*where).order_by(job_table.c.finished_at.desc(), job_table.c.id).limit(1)
    ).first()
    if row is None:
        return None
    found = find_job(connection, row.id)
    return None if found is None else (found, outputs_of(connection, row.id))


def standing_assessment(connection: Connection, case: Case) -> tuple[Job, Stored] | None:
    """Return the analysis of a case as it stands, where it is done; else the newest; None if there is none.

    Parameters
    ----------
    connection : Connection
    case : Case
    """
    key = _key(case, ready(case, recordings_of(connection, case.patient.id)))
    found = standing_job(connection, case.patient.id, key)
    if found is not None and found.state == "done":
        return found, outputs_of(connection, found.id)
    return newest_assessment(connection, case.patient.id)


def read_output(place: Place, outputs: Stored, name: str) -> bytes:
    """Return one output of an analysis.

    Parameters
    ----------
    place : Place
    outputs : tuple of Kept
    name : str

    Raises
    ------
    InputError
        If the analysis made no such output.
    """
    kept = next((o for o in outputs if o.name == name), None)
    if kept is None:
        raise InputError(f"this analysis made no {name}; ask for it again")
    return place.files.read(kept.digest)


def why_no_drivers(case: Case) -> str:
    """Return why drivers, plans and what-ifs of a case may not be shown now; '' if they may.

    Parameters
    ----------
    case : Case
    """
    return may_attribute(case.person, case.screened()).reason


def local_day(moment: datetime) -> date:
    """Return the day of a moment where the server stands.

    Parameters
    ----------
    moment : datetime
    """
    return moment.astimezone().date()


# What follows from it.


def assessment_done(place: Place, connection: Connection, job: Job) -> None:
    """Write the visit into the journal, in the transaction that ends the job.

    Parameters
    ----------
    place : Place
    connection : Connection
    job : Job
    """
    outputs = outputs_of(connection, job.id)
    assessment, verdict = (
        json.loads(read_output(place, outputs, f"{name}.json")) for name in ("assessment", "verdict")
    )
    case = read_case(connection, job.patient_id)
    id, at = visit_id(job.id), job.created_at
    if any(event.id == id for event in case.events):
        return
    by, why = job.created_by, "analysis in the workspace"
    made = [event for event in case.events if isinstance(event, VisitMade) and not event.rerun_of]
    kept, last = _kept(assessment, verdict), made[-1] if made else None
    inputs = dict(assessment["provenance"]["inputs"])
    if last is not None and dict(last.inputs) == inputs and (inputs or local_day(last.at) == local_day(at)):
        event = rerun(last, kept, id=id, at=at, by=by, why=why)
    else:
        name = "baseline" if last is None else f"week {(local_day(at) - local_day(made[0].at)).days // 7}"
        event = made_visit(name, kept, id=id, at=at, by=by, why=why, scores=_scores(case, made, local_day(at)))
    worker = Actor("worker", job.worker or "worker", clinic_id=job.clinic_id)
    write_events(connection, worker, job.patient_id, [event], "write visit")


def visit_id(job_id: str) -> str:
    """Return the id of the visit that an analysis is: the same for the same analysis, so that none is written twice.

    Parameters
    ----------
    job_id : str
    """
    return str(uuid5(NAMESPACE_URL, f"kinechain:visit:{job_id}"))


def _kept(assessment: Mapping[str, Any], verdict: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the journal keeps of an assessment: measures and drivers; all of it is an output of the job."""
    names = ("schema", "intended_purpose", "is_demonstration", "person", "recordings", "provenance")
    kept: dict[str, Any] = {name: assessment[name] for name in names}
    kept["screen"] = {"level": assessment["screen"].get("level", "")}
    row = ("id", "name", "side", "value", "low", "high", "unit", "source", "verdict")
    kept["measures"] = [{key: measure[key] for key in row} for measure in assessment["measures"]]
    kept["smallest_changes"] = verdict["smallest_changes"]
    kept["headline"] = verdict["headline"]
    drivers = assessment.get("drivers")
    if drivers:
        told = ("verdict", "sets", "none_supported", "undetermined", "players", "silent")
        kept["drivers"] = {key: drivers[key] for key in told}
    return kept


def _scores(case: Case, made: Sequence[VisitMade], day: date) -> tuple[Any, ...]:
    """Return the questionnaires that belong to a visit: those answered since the visit before."""
    before = [local_day(event.at) for event in made if local_day(event.at) < day]
    return tuple(
        score
        for score in case.person.questionnaires
        if (not before if score.answered_on is None else score.answered_on <= day)
        and (score.answered_on is None or not before or score.answered_on > max(before))
    )


def assessment_failed(place: Place, connection: Connection, job: Job) -> None:
    """Leave a task for the clinic, in the transaction that ends the job.

    Parameters
    ----------
    place : Place
    connection : Connection
    job : Job
    """
    source = f"job:{job.id}"
    known = select(task.c.id).where(task.c.patient_id == job.patient_id, task.c.source == source)
    if connection.execute(known).first():
        return
    connection.execute(
        insert(task).values(
            id=str(uuid4()),
            clinic_id=job.clinic_id,
            patient_id=job.patient_id,
            kind="analysis failed",
            urgency="none",
            text="An analysis failed; its page says why and what to try.",
            source=source,
            created_at=now(),
        )
    )
