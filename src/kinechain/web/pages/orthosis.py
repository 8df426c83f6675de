"""The sheet of an orthosis: for the clinic alone."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get

from kinechain.core.errors import InputError, LockedError
from kinechain.report.plan_page import letter_fragment
from kinechain.web.access import rule, visitor_of
from kinechain.web.pages.documents import download
from kinechain.web.pages.plan import locked_page
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.case import read_case
from kinechain.workspace.documents import letter_file, orthosis_letter

__all__ = ["ROUTES"]


@get("/patients/{patient_id:str}/orthosis", name="orthosis sheet", opt=rule("case", "read orthosis sheet"))
@in_thread
def orthosis_page(request: Request[Any, Any, Any], patient_id: str) -> Response[str]:
    """Show the sheet."""
    place = request.app.state.place
    try:
        case, letter, is_agreed = orthosis_letter(place, visitor_of(request).actor, patient_id)
    except LockedError:
        with place.database.reading() as connection:
            return locked_page(request, read_case(connection, patient_id), "plan", "orthosis sheet")
    return page(
        request,
        "letter.html.j2" if letter else "orthosis_none.html.j2",
        title=f"Orthosis sheet · {case.patient.name}",
        case=case,
        tab="plan",
        screen=case.screened(),
        letter=letter_fragment(letter) if letter else "",
        pdf=f"/patients/{patient_id}/orthosis/pdf",
        back=f"/patients/{patient_id}/plan",
        note="Never shown to the patient." if is_agreed else "Never shown to the patient. The plan is not agreed yet.",
    )


@get(
    "/patients/{patient_id:str}/orthosis/pdf",
    name="orthosis as PDF",
    opt=rule("case", "download orthosis sheet", limit="print"),
)
@in_thread
def orthosis_download(request: Request[Any, Any, Any], patient_id: str) -> Response[bytes]:
    """Return the sheet as tagged PDF."""
    case, letter, _ = orthosis_letter(request.app.state.place, visitor_of(request).actor, patient_id)
    if letter is None:
        raise InputError("this plan has no orthosis, so there is no sheet to print")
    return download(letter_file(case, letter, "orthosis"))


ROUTES = (orthosis_page, orthosis_download)
