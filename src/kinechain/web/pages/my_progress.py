"""How it goes, in a patient's words, and the sheet to print."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get

from kinechain.care.follow_up.pain_series import pain_series
from kinechain.core.errors import InputError
from kinechain.report.letter_pdf import letter_pdf
from kinechain.report.plan_letter import patient_plan
from kinechain.report.plan_page import pain_figure
from kinechain.report.progress_letter import progress_sections
from kinechain.web.access import rule
from kinechain.web.pages.my_common import gate, my_case, show, today_of
from kinechain.web.threads import in_thread
from kinechain.workspace.following import followed
from kinechain.workspace.plans import current_plan, last_agreed

__all__ = ["ROUTES"]

#: Blocks that only make sense on paper.
ON_PAPER = ("ticks", "blanks")


@get("/my/progress", name="my progress", opt=rule("patient", "read progress"))
@in_thread
def progress_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Show how it goes."""
    case = my_case(request)
    if first := gate(request, case):
        return first
    today = today_of(request)
    found = followed(case, today)
    made = last_agreed(case)
    sections = progress_sections(found[1], found[0].plan, for_clinician=False) if found else ()
    figure = pain_figure(pain_series(case.events, today), made.at.date(), today) if made else None
    return show(
        request,
        "my_progress.html.j2",
        case,
        tab="progress",
        title="How it goes",
        sections=tuple((s.heading, tuple(b for b in s.blocks if b.kind not in ON_PAPER)) for s in sections),
        figure=figure,
        has_plan=current_plan(case) is not None,
        week=found[1].week if found else 0,
    )


@get("/my/plan.pdf", name="my plan sheet", opt=rule("patient", "print own plan", limit="print"))
@in_thread
def plan_sheet(request: Request[Any, Any, Any]) -> Response[Any]:
    """Return the plan to print: what stands in it for patients, and nothing else."""
    case = my_case(request)
    if first := gate(request, case):
        return first
    plan = current_plan(case)
    if plan is None:
        raise InputError("there is no plan to print at the moment; your page says what happens next")
    content = letter_pdf(patient_plan(plan, case.patient.pseudonym, request.app.state.place.settings))
    headers = {"Content-Disposition": 'inline; filename="my_plan.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


ROUTES = (progress_page, plan_sheet)
