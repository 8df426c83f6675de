"""The list of patients, and registering one."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.response import Redirect

from kinechain.web.access import rule, visitor_of
from kinechain.web.forms import read_form
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.patients import list_patients, register

__all__ = ["ROUTES"]


@get("/patients", name="patients", opt=rule("staff", "list patients"))
@in_thread
def patients_page(request: Request[Any, Any, Any], search: str = "", after: str = "") -> Response[str]:
    """Show the patients of the clinic."""
    rows = list_patients(request.app.state.database, visitor_of(request).actor, search[:100], after[:200])
    return page(request, "patients.html.j2", title="Patients", rows=rows, search=search)


@post("/patients", name="register patient", opt=rule("staff", "register patient"), status_code=200)
async def registering(request: Request[Any, Any, Any]) -> Redirect:
    """Register a patient and go to their page."""
    fields = await read_form(request)
    made = await to_thread.run_sync(
        register, request.app.state.database, visitor_of(request).actor, fields.get("name", ""), fields.get("code", "")
    )
    return Redirect(f"/patients/{made.id}")


@get("/patients/{patient_id:str}", name="patient", opt=rule("case", "read case"))
@in_thread
def patient_page(request: Request[Any, Any, Any], patient_id: str) -> Response[str]:
    """Show one patient."""
    from kinechain.workspace.case import read_case

    with request.app.state.database.reading() as connection:
        case = read_case(connection, patient_id)
    return page(request, "patient.html.j2", title=case.patient.name, case=case, screen=case.screened(), tab="overview")


ROUTES = (patients_page, registering, patient_page)
