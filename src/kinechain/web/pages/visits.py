"""Two visits side by side: measures with their change, curves one over the other, the verdicts of both."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.enums import MediaType

from kinechain.web.access import rule
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.assessing import why_no_drivers
from kinechain.workspace.case import read_case
from kinechain.workspace.visits import pair_of, visit_curves, visits_of

__all__ = ["ROUTES"]


@get("/patients/{patient_id:str}/visits", name="visits", opt=rule("case", "compare visits"))
@in_thread
def visits_page(request: Request[Any, Any, Any], patient_id: str, before: str = "", after: str = "") -> Response[str]:
    """Show two visits of a patient, the first and the last unless others are named."""
    with request.app.state.database.reading() as connection:
        case = read_case(connection, patient_id)
    return page(
        request,
        "visits.html.j2",
        title=f"Visits of {case.patient.name}",
        case=case,
        tab="verdict",
        visits=visits_of(case),
        pair=pair_of(case, before[:64], after[:64]),
        held_back=why_no_drivers(case),
    )


@get("/patients/{patient_id:str}/visits/curves", name="curves of visits", opt=rule("case", "read curves"))
@in_thread
def curves_of_visits(
    request: Request[Any, Any, Any], patient_id: str, before: str = "", after: str = ""
) -> Response[dict[str, Any]]:
    """Return the curves of two visits."""
    place = request.app.state.place
    with place.database.reading() as connection:
        case = read_case(connection, patient_id)
        found = {
            name: visit_curves(place, connection, case, id[:64]) for name, id in (("before", before), ("after", after))
        }
    return Response(found, media_type=MediaType.JSON)


ROUTES = (visits_page, curves_of_visits)
