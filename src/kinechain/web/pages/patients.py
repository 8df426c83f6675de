"""The list of patients: searching, ordering, registering, renaming, putting away."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.response import Redirect

from kinechain.web.access import rule, visitor_of
from kinechain.web.forms import read_form
from kinechain.web.render import fragment, page
from kinechain.web.threads import in_thread
from kinechain.workspace.patients import PAGE, archive, count_patients, cursor, list_patients, register, rename
from kinechain.workspace.tasks import open_tasks

__all__ = ["ROUTES"]

#: Selections and orders as the page names them.
SHOWN = {
    "": "All",
    "attention": "Needs attention",
    "locked": "Plan locked",
    "plan": "Plan running",
    "archived": "Put away",
}
SORTS = {"name": "Name", "active": "Last activity", "pain": "Most pain", "new": "Newest"}
#: Open tasks on the list of patients; the rest stand on their own page.
TASKS = 5


@get("/patients", name="patients", opt=rule("staff", "list patients"))
@in_thread
def patients_page(
    request: Request[Any, Any, Any], search: str = "", after: str = "", sort: str = "name", show: str = ""
) -> Response[str]:
    """Show the patients of the clinic; to a search as one types, the list alone."""
    database, actor = request.app.state.database, visitor_of(request).actor
    search = search[:100]
    found = list_patients(database, actor, search, after[:300], PAGE + 1, sort, show)
    rows = found[:PAGE]
    values = {
        "rows": rows,
        "next": cursor(rows[-1], sort) if len(found) > PAGE else "",
        "total": count_patients(database, actor, search, show),
        "search": search,
        "sort": sort,
        "show": show,
        "after": after,
        "sorts": SORTS,
        "shown": SHOWN,
        "today": date.today(),
        "address": _address(search, sort, show),
    }
    if request.headers.get("hx-request"):
        return fragment(request, "patients.html.j2", "list", **values)
    tasks = open_tasks(database, actor, TASKS + 1)
    return page(
        request, "patients.html.j2", title="Patients", tasks=tasks[:TASKS], has_more=len(tasks) > TASKS, **values
    )


def _address(search: str, sort: str, show: str) -> Any:
    """Return a function that makes the address of this list with something else in place."""

    def address(**other: str) -> str:
        asked = {"search": search, "sort": sort, "show": show} | other
        told = {key: value for key, value in asked.items() if value and (key, value) != ("sort", "name")}
        return "/patients" + (f"?{urlencode(told)}" if told else "")

    return address


@post("/patients", name="register patient", opt=rule("staff", "register patient"), status_code=200)
async def registering(request: Request[Any, Any, Any]) -> Redirect:
    """Register a patient and go to their page."""
    fields = await read_form(request)
    made = await to_thread.run_sync(
        register, request.app.state.database, visitor_of(request).actor, fields.get("name", ""), fields.get("code", "")
    )
    return Redirect(f"/patients/{made.id}")


@post("/patients/{patient_id:str}/name", name="rename patient", opt=rule("case", "rename patient"), status_code=200)
async def renaming(request: Request[Any, Any, Any], patient_id: str) -> Redirect:
    """Change the name of a patient."""
    name = (await read_form(request)).get("name", "")
    await to_thread.run_sync(rename, request.app.state.database, visitor_of(request).actor, patient_id, name)
    return Redirect(f"/patients/{patient_id}")


@post(
    "/patients/{patient_id:str}/archive", name="archive patient", opt=rule("case", "archive patient"), status_code=200
)
async def archiving(request: Request[Any, Any, Any], patient_id: str) -> Redirect:
    """Put a patient away, or take them back."""
    is_archived = (await read_form(request)).get("archived", "") == "yes"
    await to_thread.run_sync(archive, request.app.state.database, visitor_of(request).actor, patient_id, is_archived)
    return Redirect(f"/patients/{patient_id}")


ROUTES = (patients_page, registering, renaming, archiving)
