"""Analyses while they run: asking for one, watching it, stopping it."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.enums import MediaType
from litestar.response import Redirect

from kinechain.store.clock import now
from kinechain.store.jobs import jobs_of
from kinechain.web.access import rule, visitor_of
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.assessing import ask_assessment, cancel_job, job_of
from kinechain.workspace.case import read_case

__all__ = ["ROUTES"]


@post(
    "/patients/{patient_id:str}/analysis",
    name="analyse",
    opt=rule("case", "ask for analysis", limit="analyse"),
    status_code=200,
)
@in_thread
def asking(request: Request[Any, Any, Any], patient_id: str) -> Redirect:
    """Ask for an analysis of the case as it stands."""
    made = ask_assessment(request.app.state.place, visitor_of(request).actor, patient_id)
    return Redirect(f"/patients/{patient_id}/analysis/{made.id}")


@get("/patients/{patient_id:str}/analysis/{job_id:str}", name="analysis", opt=rule("case", "read analysis"))
@in_thread
def analysis_page(request: Request[Any, Any, Any], patient_id: str, job_id: str) -> Response[Any]:
    """Show how far an analysis is, or why it failed; a done one is the verdict."""
    with request.app.state.database.reading() as connection:
        job = job_of(connection, patient_id, job_id)
        case = read_case(connection, patient_id)
    if job.state == "done" and job.kind == "assess":
        return Redirect(f"/patients/{patient_id}/verdict")
    waited = int((now() - job.created_at).total_seconds())
    return page(
        request, "analysis.html.j2", title=f"Analysis of {case.patient.name}", case=case, tab="verdict", job=job,
        waited=waited,
    )  # fmt: skip


# Asked for every second: says how far the work is and nothing of what it found, so it leaves no entry in the trail.
@get("/patients/{patient_id:str}/work", name="work", opt=rule("case"))
@in_thread
def work(request: Request[Any, Any, Any], patient_id: str) -> Response[dict[str, Any]]:
    """Return the newest jobs of a patient: kind, state, step."""
    with request.app.state.database.reading() as connection:
        jobs = jobs_of(connection, patient_id, limit=50)
    rows = [
        {"id": job.id, "kind": job.kind, "state": job.state, "step": job.step, "attempts": job.attempts} for job in jobs
    ]
    return Response({"jobs": rows, "open": sum(job.is_open for job in jobs)}, media_type=MediaType.JSON)


@post(
    "/patients/{patient_id:str}/analysis/{job_id:str}/cancel",
    name="cancel analysis",
    opt=rule("case", "cancel analysis"),
    status_code=200,
)
@in_thread
def cancelling(request: Request[Any, Any, Any], patient_id: str, job_id: str) -> Redirect:
    """Ask that an analysis be stopped."""
    cancel_job(request.app.state.place, visitor_of(request).actor, patient_id, job_id)
    return Redirect(f"/patients/{patient_id}/analysis/{job_id}")


ROUTES = (asking, analysis_page, work, cancelling)
