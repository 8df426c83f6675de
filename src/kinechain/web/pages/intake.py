"""The intake under review: danger signs, contradictions, every answer, scores."""

from __future__ import annotations

from datetime import date
from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.response import Redirect

from kinechain.care.person.bands import score_sentences
from kinechain.care.person.contradictions import find_contradictions
from kinechain.care.person.history_keys import read_keys
from kinechain.care.person.symptom_map import region_name
from kinechain.core.errors import KinechainError
from kinechain.evidence.wording import say
from kinechain.report.body_map import body_map
from kinechain.web.access import rule, visitor_of
from kinechain.web.forms import read_form
from kinechain.web.pages.exam import initials
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.case import ConflictError, read_case
from kinechain.workspace.exam import marks_text, write_marks
from kinechain.workspace.intake import mark_reviewed, read_intake, write_answers, write_score

__all__ = ["ROUTES"]

#: Pages the body map can be opened from.
BACK = ("exam", "intake")


@get("/patients/{patient_id:str}/intake", name="intake", opt=rule("case", "read intake"))
@in_thread
def intake_page(request: Request[Any, Any, Any], patient_id: str, saved: str = "") -> Response[str]:
    """Show every answer of a patient."""
    return _shown(request, patient_id, saved=saved)


def _shown(
    request: Request[Any, Any, Any], patient_id: str, status: int = 200, saved: str = "", fault: str = ""
) -> Response[str]:
    intake = read_intake(request.app.state.database, visitor_of(request).actor, patient_id)
    keys = read_keys("treatment")
    return page(
        request,
        "intake.html.j2",
        status,
        title="Intake",
        case=intake.case,
        screen=intake.case.screened(),
        tab="intake",
        intake=intake,
        contradictions=find_contradictions(intake.case.person),
        regions=body_map(),
        today=date.today(),
        saved=saved if saved.isdigit() else "",
        fault=fault,
        score_sentences=score_sentences,
        treatment_kinds=[(word, say(f"intake.word_{word}").text) for word in read_keys("history")["treatments"].words],
        treatment_regions=keys["region"].words,
        treatment_responses=keys["response"].words,
        region_name=region_name,
    )


@post("/patients/{patient_id:str}/intake", name="write intake", opt=rule("case", "write intake"), status_code=200)
async def writing(request: Request[Any, Any, Any], patient_id: str) -> Response[Any] | Redirect:
    """Keep the corrected answers of one section."""
    fields = await read_form(request)
    database, actor = request.app.state.database, visitor_of(request).actor
    try:
        _, count = await to_thread.run_sync(
            write_answers, database, actor, patient_id, fields, initials(actor.name) or "staff"
        )
    except KinechainError as error:
        return await to_thread.run_sync(_refused, request, patient_id, error)
    section = fields.get("section", "")
    where = section if section.isidentifier() else ""
    return Redirect(f"/patients/{patient_id}/intake?saved={count}#section-{where}")


def _refused(request: Request[Any, Any, Any], patient_id: str, error: KinechainError) -> Response[str]:
    return _shown(request, patient_id, 409 if isinstance(error, ConflictError) else 400, fault=str(error))


@post("/patients/{patient_id:str}/intake/score", name="write score", opt=rule("case", "write score"), status_code=200)
async def scoring(request: Request[Any, Any, Any], patient_id: str) -> Response[Any] | Redirect:
    """Keep the score of a questionnaire."""
    fields = await read_form(request)
    try:
        await to_thread.run_sync(write_score, request.app.state.database, visitor_of(request).actor, patient_id, fields)
    except KinechainError as error:
        return await to_thread.run_sync(_refused, request, patient_id, error)
    return Redirect(f"/patients/{patient_id}/intake?saved=1#scores")


@post("/patients/{patient_id:str}/intake/review", name="review", opt=rule("case", "review intake"), status_code=200)
async def reviewing(request: Request[Any, Any, Any], patient_id: str) -> Redirect:
    """Mark the intake as seen."""
    number = (await read_form(request)).get("version", "")
    database, actor = request.app.state.database, visitor_of(request).actor
    await to_thread.run_sync(
        mark_reviewed, database, actor, patient_id, int(number[:9]) if number.isascii() and number.isdigit() else -1
    )
    return Redirect(f"/patients/{patient_id}/intake")


# ---- the body map


@get("/patients/{patient_id:str}/body-map", name="body map", opt=rule("case", "read body map"))
@in_thread
def map_page(request: Request[Any, Any, Any], patient_id: str, back: str = "exam") -> Response[str]:
    """Show the body map, to be marked."""
    with request.app.state.database.reading() as connection:
        case = read_case(connection, patient_id)
    return page(
        request,
        "body_map_page.html.j2",
        title="Body map",
        case=case,
        tab=back if back in BACK else "exam",
        regions=body_map(),
        before=marks_text(case.person),
        back=back if back in BACK else "exam",
    )


@post("/patients/{patient_id:str}/body-map", name="write body map", opt=rule("case", "write body map"), status_code=200)
async def marking(request: Request[Any, Any, Any], patient_id: str) -> Redirect:
    """Keep the body map."""
    fields = await read_form(request)
    marks = fields.get("absent", "") or fields.get("mark", "")
    database, actor = request.app.state.database, visitor_of(request).actor
    await to_thread.run_sync(write_marks, database, actor, patient_id, marks, fields.get("before", ""))
    back = fields.get("back", "")
    return Redirect(f"/patients/{patient_id}/{back if back in BACK else 'exam'}#symptom_map")


ROUTES = (intake_page, writing, scoring, reviewing, map_page, marking)
