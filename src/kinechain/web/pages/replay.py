"""The motion of the fitted body, for the replay in three dimensions."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.enums import MediaType

from kinechain.core.errors import InputError
from kinechain.web.access import rule
from kinechain.web.threads import in_thread
from kinechain.workspace.assessing import read_output, standing_assessment
from kinechain.workspace.case import read_case

__all__ = ["ROUTES"]


@get("/patients/{patient_id:str}/replay", name="replay", opt=rule("case", "read replay"))
@in_thread
def replay(request: Request[Any, Any, Any], patient_id: str) -> Response[bytes]:
    """Return solids, poses, markers and forces of the newest verdict."""
    with request.app.state.database.reading() as connection:
        found = standing_assessment(connection, read_case(connection, patient_id))
    if found is None:
        raise InputError("there is no analysis of this patient yet")
    content = read_output(request.app.state.place, found[1], "replay.json")
    return Response(content, media_type=MediaType.JSON)


ROUTES = (replay,)
