"""What a worker does for one analysis: the case as it stood, its recordings, and all the pages show of the result."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from kinechain.analysis import Assessment, assess
from kinechain.care.follow_up.standing import lasting, told_since
from kinechain.care.person.person_file import parse_person
from kinechain.care.records.plan_values import plan_plain
from kinechain.care.screening.keyring import trusted
from kinechain.report.content import build_content
from kinechain.report.html import render_html
from kinechain.report.json import assessment_json
from kinechain.report.pdf import render_pdf
from kinechain.report.replay import replay_json
from kinechain.report.verdict_json import verdict_json
from kinechain.store.jobs import Job, Output
from kinechain.store.people import version
from kinechain.workspace.assessing import local_day
from kinechain.workspace.case import NAME, read_case
from kinechain.workspace.inspecting import safe_name
from kinechain.workspace.place import Place

__all__ = ["run_assessment"]


def run_assessment(place: Place, job: Job, say: Callable[[str], None]) -> Sequence[Output]:
    """Analyse one person: examination, recordings, or both.

    Parameters
    ----------
    place : Place
    job : Job
        Of kind 'assess'.
    say : callable
        Told each step.
    """
    say("Loading")
    with place.database.reading() as connection:
        case = read_case(connection, job.patient_id)
        text = version(connection, job.patient_id, int(job.input["version"])).text
    person = parse_person(text, NAME, Path())
    clearances = lasting(trusted(proof.clearance for proof in case.clearances), case.events)
    told = told_since(case.events, person, clearances)
    with place.files.work_folder() as folder:
        walking, standing = _written(place, job, folder)
        assessment = assess(
            person, walking, standing, progress=say, clearances=clearances, told=told, today=local_day(job.created_at)
        )
    say("Writing the report")
    return _outputs(assessment)


def _written(place: Place, job: Job, folder: Path) -> tuple[list[Path], Path | None]:
    """Write the recordings of a job where readers can open them; return the walking ones and the standing one."""
    walking: list[Path] = []
    standing: Path | None = None
    for row in job.input["files"]:
        path = folder / safe_name(str(row["name"]))
        place.files.copy(str(row["digest"]), path)
        if row["use"] == "standing":
            standing = path
        else:
            walking.append(path)
    return walking, standing


def _outputs(assessment: Assessment) -> Sequence[Output]:
    """Return everything the pages show of an assessment, rendered."""
    content = build_content(assessment)
    outputs = [
        Output("assessment.json", "application/json", assessment_json(assessment).encode()),
        Output("verdict.json", "application/json", verdict_json(assessment, content).encode()),
        Output("report.html", "text/html; charset=utf-8", render_html(assessment, None, content).encode()),
        Output("report.pdf", "application/pdf", render_pdf(assessment, None, content)),
    ]
    replay = replay_json(assessment)
    if replay is not None:
        outputs.append(Output("replay.json", "application/json", replay.encode()))
    if assessment.plan is not None:
        plan = json.dumps(plan_plain(assessment.plan), ensure_ascii=False, allow_nan=False)
        outputs.append(Output("plan.json", "application/json", plan.encode()))
    return outputs
