"""The verdict: danger signs first, then what carries load, what would change that, and what it all stands on."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from litestar import Request, Response, get
from litestar.enums import MediaType

from kinechain.core.errors import InputError, LockedError
from kinechain.store.jobs import Job
from kinechain.web.access import rule
from kinechain.web.chain_picture import chain_pictures
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.assessing import (
    assessments_of,
    is_current,
    read_output,
    ready,
    standing_assessment,
    why_no_drivers,
)
from kinechain.workspace.case import Case, read_case
from kinechain.workspace.recordings import recordings_of

__all__ = ["ROUTES"]

#: What can be taken along, with how it is called; the first two are for reading, the last for machines.
DOWNLOADS = {"report.html": "text/html", "report.pdf": "application/pdf", "assessment.json": "application/json"}


def verdict_values(place: Any, case: Case, outputs: Any) -> dict[str, Any]:
    """Return what a verdict shows now: without drivers, chain, plan and tests of drivers where they may not be shown.

    Parameters
    ----------
    place : Place
    case : Case
    outputs : tuple of Kept
    """
    found: dict[str, Any] = json.loads(read_output(place, outputs, "verdict.json"))
    held_back = why_no_drivers(case)
    found["held_back"] = held_back
    if held_back:
        found.update(found["held"], chain=None, drivers=held_back, plan="", gains=[], sources=[])
    return found


def _standing(request: Request[Any, Any, Any], patient_id: str) -> tuple[Case, Job, Any]:
    """Return a case with its newest result."""
    with request.app.state.database.reading() as connection:
        case = read_case(connection, patient_id)
        found = standing_assessment(connection, case)
    if found is None:
        raise InputError("there is no analysis of this patient yet; ask for one on the page of the verdict")
    return case, *found


@get("/patients/{patient_id:str}/verdict", name="verdict", opt=rule("case", "read verdict"))
@in_thread
def verdict_page(request: Request[Any, Any, Any], patient_id: str) -> Response[str]:
    """Show the newest verdict, or what there is to analyse."""
    place = request.app.state.place
    with place.database.reading() as connection:
        case = read_case(connection, patient_id)
        files = recordings_of(connection, patient_id)
        jobs = assessments_of(connection, patient_id)
        found = standing_assessment(connection, case)
    values: dict[str, Any] = {
        "title": f"Verdict of {case.patient.name}",
        "case": case,
        "tab": "verdict",
        "ready": ready(case, files),
        "open_job": next((job for job in jobs if job.is_open), None),
        "analyses": jobs[:20],
        "failed": jobs[0] if jobs and jobs[0].state in ("failed", "cancelled") else None,
    }
    if found is None:
        return page(request, "verdict_none.html.j2", **values)
    job, outputs = found
    verdict = verdict_values(place, case, outputs)
    return page(
        request,
        "verdict.html.j2",
        **values,
        job=job,
        verdict=verdict,
        pictures=chain_pictures(verdict["gains"]),
        has_replay=any(o.name == "replay.json" for o in outputs),
        is_current=is_current(case, files, job),
    )


@get("/patients/{patient_id:str}/verdict/curves", name="curves", opt=rule("case", "read curves"))
@in_thread
def curves(request: Request[Any, Any, Any], patient_id: str) -> Response[bytes]:
    """Return the curves of the newest verdict."""
    _, _, outputs = _standing(request, patient_id)
    found = json.loads(read_output(request.app.state.place, outputs, "verdict.json"))
    return _json({"curves": found["curves"]})


@get("/patients/{patient_id:str}/verdict/{name:str}", name="report", opt=rule("case", "read report"))
@in_thread
def report(request: Request[Any, Any, Any], patient_id: str, name: str, save: str = "") -> Response[bytes]:
    """Return the report as a page, as PDF, or the numbers behind it; `save` makes it a download."""
    if name not in DOWNLOADS:
        raise InputError(f"there is no such file; there are {', '.join(DOWNLOADS)}")
    case, job, outputs = _standing(request, patient_id)
    if held_back := why_no_drivers(case):
        raise LockedError(f"{held_back.rstrip('.')}; the report names drivers or a plan, so it is not given until then")
    content = read_output(request.app.state.place, outputs, name)
    file_name = f"kinechain-{case.patient.pseudonym}-{job.created_at.date().isoformat()}-{name}"
    headers = {"Content-Disposition": f'{"attachment" if save else "inline"}; filename="{_plain(file_name)}"'}
    if name == "report.html":
        headers["Content-Security-Policy"] = f"{_own_policy(content)}; sandbox allow-scripts allow-modals"
    return Response(content, media_type=DOWNLOADS[name], headers=headers)


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)


def _own_policy(content: bytes) -> str:
    """Return the policy of a report: its own styles and scripts by their digests, nothing else."""
    text = content.decode()
    kinds = {kind: re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL) for kind in ("style", "script")}
    said = {k: " ".join(_digest(part) for part in parts) or "'none'" for k, parts in kinds.items()}
    return (
        f"default-src 'none'; style-src {said['style']}; script-src {said['script']}; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(values: dict[str, Any]) -> Response[bytes]:
    return Response(json.dumps(values, separators=(",", ":")).encode(), media_type=MediaType.JSON)


ROUTES = (verdict_page, curves, report)
