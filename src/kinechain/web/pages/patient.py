"""The page of one patient: danger signs, what comes next, links, tasks, versions of the answers."""

from __future__ import annotations

from datetime import date
from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.response import Redirect

from kinechain.core.errors import InputError
from kinechain.store.clock import now
from kinechain.web.access import rule, visitor_of
from kinechain.web.forms import read_form
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.links import DAYS, make_link, qr_code, revoke_link
from kinechain.workspace.overview import read_overview, read_version

__all__ = ["ROUTES"]

USUAL_DAYS = 30


@get("/patients/{patient_id:str}", name="patient", opt=rule("case", "read case"))
@in_thread
def patient_page(request: Request[Any, Any, Any], patient_id: str) -> Response[str]:
    """Show one patient."""
    return _shown(request, patient_id)


@get("/patients/{patient_id:str}/links", name="links", opt=rule("case"))
async def links_page(patient_id: str) -> Redirect:
    """Lead back whoever comes again to the address of a link that was shown once."""
    return Redirect(f"/patients/{patient_id}#links")


@post("/patients/{patient_id:str}/links", name="make link", opt=rule("case", "make link"), status_code=200)
async def making_link(request: Request[Any, Any, Any], patient_id: str) -> Response[str]:
    """Make a link, and show it this once."""
    fields = await read_form(request)
    if not fields.get("days", "").isascii() or not fields.get("days", "").isdigit():
        raise InputError(f"the days of a link are a whole number from {DAYS.start} to {DAYS.stop - 1}")
    place, actor = request.app.state.place, visitor_of(request).actor
    url, _ = await to_thread.run_sync(make_link, place, actor, patient_id, int(fields["days"][:4]))
    return await to_thread.run_sync(_shown, request, patient_id, url)


@post(
    "/patients/{patient_id:str}/links/{link_id:str}/revoke",
    name="revoke link",
    opt=rule("case", "revoke link"),
    status_code=200,
)
@in_thread
def revoking(request: Request[Any, Any, Any], patient_id: str, link_id: str) -> Redirect:
    """Close a link."""
    revoke_link(request.app.state.place, visitor_of(request).actor, patient_id, link_id)
    return Redirect(f"/patients/{patient_id}#links")


@get("/patients/{patient_id:str}/versions/{number:int}", name="version", opt=rule("case", "read version"))
@in_thread
def version_page(request: Request[Any, Any, Any], patient_id: str, number: int) -> Response[str]:
    """Show an older version of the answers, read-only."""
    case, shown, by, changed, since = read_version(request.app.state.place, patient_id, number)
    return page(
        request,
        "version.html.j2",
        title=f"Version {number}",
        case=case,
        tab="overview",
        shown=shown,
        by=by,
        changed=changed,
        since=since,
    )


def _shown(request: Request[Any, Any, Any], patient_id: str, url: str = "") -> Response[str]:
    found = read_overview(request.app.state.place, patient_id)
    return page(
        request,
        "patient.html.j2",
        title=found.case.patient.name or found.case.patient.pseudonym,
        case=found.case,
        screen=found.screen,
        tab="overview",
        overview=found,
        new_link=url,
        qr=qr_code(url) if url else "",
        usual_days=USUAL_DAYS,
        most_days=DAYS.stop - 1,
        now=now(),
        today=date.today(),
    )


ROUTES = (patient_page, links_page, making_link, revoking, version_page)
