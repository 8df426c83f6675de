"""The agreement that comes before everything, and the page that says when to stop or call."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect

from kinechain.care.intake.intake_list import intake_questions
from kinechain.care.records.consent import SCOPES
from kinechain.web.access import rule, visitor_of
from kinechain.web.forms import read_form
from kinechain.web.pages.my_common import READ_COOKIE, my_case, show, stop_of
from kinechain.web.threads import in_thread
from kinechain.workspace.case import Case
from kinechain.workspace.patient_intake import agree, consent_words

__all__ = ["ROUTES"]

#: So long a page that was read is not put before every other one, seconds.
READ_FOR = 1800


@get("/my/consent", name="my consent", opt=rule("patient", "read consent"))
@in_thread
def consent_page(request: Request[Any, Any, Any]) -> Response[str]:
    """Show what a patient is asked to agree to."""
    case = my_case(request)
    first, *points, kept, back = consent_words()
    return show(
        request,
        "my_consent.html.j2",
        case,
        title="Your agreement",
        first=first,
        points=tuple(zip(SCOPES, points, strict=True)),
        last=(kept, back),
    )


@post("/my/consent", name="give my consent", opt=rule("patient", ""), status_code=200)
async def consenting(request: Request[Any, Any, Any]) -> Redirect:
    """Write down what the patient agreed to."""
    fields = await read_form(request)
    scopes = tuple(word for word in fields.get("scope", "").split(",") if word)
    await to_thread.run_sync(agree, request.app.state.place, visitor_of(request).actor, scopes)
    return Redirect("/my")


@get("/my/stop", name="my stop", opt=rule("patient", "read danger signs"))
@in_thread
def stop_page(request: Request[Any, Any, Any], next: str = "/my") -> Response[Any]:
    """Show what to do now, and why."""
    case = my_case(request)
    stop = stop_of(request.app.state.place.settings, case.screened())
    if stop is None:
        return Redirect("/my")
    return show(
        request, "my_stop.html.j2", case, title="Please read", stop=stop, next=_mine(next), tapped=_tapped(case)
    )


def _tapped(case: Case) -> int | None:
    """Return the question whose yes stands first among the reasons, where a slip of a finger is put right."""
    raised = [f"screen.{flag.id}" for flag in case.screened().flags if flag.answer == "yes"]
    return next((n for n, question in enumerate(intake_questions()) if question.path in raised), None)


@post("/my/stop", name="read my stop", opt=rule("patient", "has read danger signs"), status_code=200)
async def stop_read(request: Request[Any, Any, Any]) -> Redirect:
    """Go on after the page was read; it comes back at the next start while it stands."""
    fields = await read_form(request)
    read = Cookie(
        key=READ_COOKIE,
        value=fields.get("digest", "")[:20],
        path="/my",
        httponly=True,
        samesite="lax",
        secure=request.app.state.place.is_secure,
        max_age=READ_FOR,
    )
    return Redirect(_mine(fields.get("next", "")), cookies=[read])


def _mine(target: str) -> str:
    """Return a page of the patient to go on to, never one of another site."""
    is_mine = target == "/my" or target.startswith(("/my/", "/my?"))
    return target if is_mine and "\\" not in target and "\n" not in target and "\r" not in target else "/my"


ROUTES = (consent_page, consenting, stop_page, stop_read)
