"""What if: changes on sliders, and what they would do to every link and load of this person, standing."""

from __future__ import annotations

from functools import partial
from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.enums import MediaType
from litestar.exceptions import SerializationException

from kinechain.core.errors import SettingError
from kinechain.web.access import rule, visitor_of
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.assessing import why_no_drivers
from kinechain.workspace.case import read_case
from kinechain.workspace.what_if import DRAWS, SLIDERS, SupersededError, ask_what_if

__all__ = ["ROUTES"]


@get("/patients/{patient_id:str}/what-if", name="what if", opt=rule("case", "read what-if"))
@in_thread
def what_if_page(request: Request[Any, Any, Any], patient_id: str) -> Response[str]:
    """Show the sliders."""
    with request.app.state.database.reading() as connection:
        case = read_case(connection, patient_id)
    return page(
        request,
        "what_if.html.j2",
        title=f"What if, {case.patient.name}",
        case=case,
        tab="verdict",
        sliders=SLIDERS,
        draws=DRAWS,
        held_back=why_no_drivers(case),
    )


@post(
    "/patients/{patient_id:str}/what-if",
    name="ask what if",
    opt=rule("case", "ask what-if", limit="what-if"),
    status_code=200,
)
async def asking(request: Request[Any, Any, Any], patient_id: str) -> Response[dict[str, Any]]:
    """Answer one question; 409 if a newer one of the same person came before it was begun."""
    try:
        asked = await request.json()
    except SerializationException as error:
        raise SettingError("a what-if is asked as JSON, and this is none") from error
    changes, draws = (asked.get("changes"), asked.get("draws")) if isinstance(asked, dict) else (None, None)
    if not isinstance(changes, list) or not isinstance(draws, int) or isinstance(draws, bool):
        raise SettingError("a what-if is asked as JSON: changes, a list of lines, and draws, a number")
    place, actor = request.app.state.place, visitor_of(request).actor
    ask = partial(ask_what_if, place, actor, patient_id, changes, draws)
    try:
        found = await to_thread.run_sync(ask, abandon_on_cancel=True, limiter=request.app.state.what_ifs)
    except SupersededError as error:
        return Response({"error": str(error)}, status_code=409, media_type=MediaType.JSON)
    return Response(found, media_type=MediaType.JSON)


ROUTES = (what_if_page, asking)
