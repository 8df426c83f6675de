"""The intake of a patient: one question on a screen, every answer saved at once."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.response import Redirect

from kinechain.care.intake.intake_list import Question, intake_questions
from kinechain.care.screening.red_flags import LOCKING
from kinechain.core.errors import InputError
from kinechain.report.body_map import body_map
from kinechain.web.access import rule, visitor_of
from kinechain.web.forms import read_form
from kinechain.web.pages.my_common import gate, my_case, show
from kinechain.web.threads import in_thread
from kinechain.workspace.case import Case
from kinechain.workspace.patient_intake import (
    ACTIVITIES,
    Asked,
    ask,
    give_answer,
    has_agreed,
    open_now,
    shown_number,
    units_of,
)

__all__ = ["ROUTES"]


@get("/my/intake", name="my intake", opt=rule("patient", "read intake"))
@in_thread
def intake_page(
    request: Request[Any, Any, Any], at: int | None = None, after: int = -1, unit: str = ""
) -> Response[Any]:
    """Show the next question, or one the patient goes back to."""
    case = my_case(request)
    if not has_agreed(case):
        return Redirect("/my/consent")
    if at is None and (first := gate(request, case)):
        return first
    asked = ask(case, at, after)
    if asked is None and case.screened().level == "emergency":
        return Redirect("/my")
    if asked is None:
        return show(request, "my_intake_done.html.j2", case, title="Your answers", still_open=_left(case))
    return _asked(request, case, asked, unit=unit)


@post("/my/intake/{index:int}", name="answer my intake", opt=rule("patient", "", limit="log"), status_code=200)
async def answering(request: Request[Any, Any, Any], index: int) -> Response[Any]:
    """Keep one answer, and go on: to what must be read first, or to the next question."""
    fields = await read_form(request)
    try:
        case = await to_thread.run_sync(give_answer, request.app.state.place, visitor_of(request).actor, index, fields)
    except InputError as error:
        return await to_thread.run_sync(_again, request, index, fields, str(error))
    forward = f"/my/intake?after={index}"
    if case.screened().level in LOCKING and fields.get("answer") == "yes":
        return Redirect(f"/my/stop?next=/my/intake%3Fafter={index}")
    return Redirect(forward)


def _again(request: Request[Any, Any, Any], index: int, fields: dict[str, str], fault: str) -> Response[Any]:
    """Show a question again with what is wrong, and with what was typed."""
    case = my_case(request)
    if not has_agreed(case):
        return Redirect("/my/consent")
    asked = ask(case, index)
    if asked is None:
        return Redirect("/my/intake")
    return _asked(request, case, asked, fault=fault, typed=fields, unit=fields.get("unit", ""))


def _asked(
    request: Request[Any, Any, Any],
    case: Case,
    asked: Asked,
    *,
    fault: str = "",
    typed: dict[str, str] | None = None,
    unit: str = "",
) -> Response[str]:
    question = asked.question
    units = units_of(question)
    unit = unit if unit in {code for code, _, _ in units} else (units[0][0] if units else "")
    number = shown_number(question, asked.value, unit) if isinstance(asked.value, float) else ("", "")
    return show(
        request,
        "my_intake.html.j2",
        case,
        title=question.section_title,
        asked=asked,
        question=question,
        is_map=question.kind in ("regions", "symptoms"),
        is_scale=_is_scale(question),
        regions=body_map() if question.kind in ("regions", "symptoms") else None,
        marks=case.person.symptoms,
        units=units,
        unit=unit,
        number=(typed.get("answer", ""), typed.get("inches", "")) if typed else number,
        value=asked.value,
        typed=typed or {},
        activities=ACTIVITIES,
        fault=fault,
    )


def _is_scale(question: Question) -> bool:
    """Return whether a number is one of eleven buttons."""
    return question.kind == "number" and (question.low, question.high, question.unit) == (0.0, 10.0, "points")


def _left(case: Case) -> tuple[tuple[int, Question], ...]:
    left = open_now(case)
    return tuple((index, question) for index, question in enumerate(intake_questions()) if question in left)


ROUTES = (intake_page, answering)
