"""A patient's own data: a copy, who read it, what was agreed to, and deleting it."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.response import Redirect

from kinechain.care.records.consent import SCOPES
from kinechain.evidence.wording import say
from kinechain.web.access import rule, visitor_of
from kinechain.web.forms import read_form
from kinechain.web.pages.my_common import my_case, show, today_of
from kinechain.web.pages.my_opening import gone_cookies
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.own_data import consents, delete_everything, export, who_read
from kinechain.workspace.patient_intake import take_back

__all__ = ["ROUTES"]

#: Lines of the trail on the page; the copy holds all.
LINES = 40


@get("/my/data", name="my data", opt=rule("patient", "read own data"))
@in_thread
def data_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Show what is kept, who read it, and what was agreed to."""
    case = my_case(request)
    with request.app.state.database.reading() as connection:
        lines = who_read(connection, case.patient.id, LINES)
    return show(
        request,
        "my_data.html.j2",
        case,
        tab="data",
        title="My data",
        states=tuple(
            (state, say(f"records.consent_{state.scope}").text) for state in consents(case, today_of(request))
        ),
        lines=lines,
        answers=case.number,
        entries=len(case.events),
    )


@get("/my/data/copy", name="copy my data", opt=rule("patient", ""))
@in_thread
def copy(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Return everything as a file."""
    content = export(request.app.state.place, visitor_of(request).actor)
    headers = {"Content-Disposition": 'attachment; filename="my_data.json"'}
    return Response(content.encode(), media_type="application/json", headers=headers)


@post("/my/data/withdraw", name="withdraw my consent", opt=rule("patient", ""), status_code=200)
async def withdrawing(request: Request[Any, Any, Any]) -> Redirect:
    """Write down what the patient takes back."""
    fields = await read_form(request)
    scope = fields.get("scope", "")
    if scope in SCOPES:
        await to_thread.run_sync(take_back, request.app.state.place, visitor_of(request).actor, scope)
    return Redirect("/my/data")


@get("/my/data/delete", name="before deleting my data", opt=rule("patient", "read before deletion"))
@in_thread
def delete_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Say what deleting takes away, and ask for the word."""
    return show(request, "my_delete.html.j2", my_case(request), tab="data", title="Delete my data")


@post("/my/data/delete", name="delete my data", opt=rule("patient", "delete own data"), status_code=200)
async def deleting(request: Request[Any, Any, Any]) -> Response[Any]:
    """Take everything away, and say goodbye."""
    fields = await read_form(request)
    place = request.app.state.place
    await to_thread.run_sync(delete_everything, place, visitor_of(request).actor, fields.get("word", ""))
    answer = page(request, "my_gone.html.j2", title="Your data are deleted", is_deleted=True)
    answer.cookies.extend(gone_cookies(place))
    return answer


ROUTES = (data_page, copy, withdrawing, delete_page, deleting)
