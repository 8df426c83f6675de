"""The recordings of a patient: handing them in, what is wrong with them before anybody waits, what each is used for."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import unquote

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.enums import MediaType
from litestar.response import Redirect

from kinechain.core.errors import FileError
from kinechain.web.access import rule, visitor_of
from kinechain.web.bodies import take_in
from kinechain.web.forms import read_form
from kinechain.web.render import fragment, page
from kinechain.web.threads import in_thread
from kinechain.workspace.assessing import assessments_of, ready
from kinechain.workspace.case import read_case
from kinechain.workspace.recordings import (
    check_size,
    choose_use,
    hand_in,
    largest_upload,
    recordings_of,
    remove_recording,
)

__all__ = ["ROUTES"]

TEMPLATE = "recordings.html.j2"


def _values(request: Request[Any, Any, Any], patient_id: str) -> dict[str, Any]:
    """Return what the page and its list are given."""
    with request.app.state.database.reading() as connection:
        case = read_case(connection, patient_id)
        files = recordings_of(connection, patient_id)
        jobs = assessments_of(connection, patient_id)
    return {
        "title": f"Recordings of {case.patient.name}",
        "case": case,
        "tab": "recordings",
        "files": files,
        "ready": ready(case, files),
        "open_job": next((job for job in jobs if job.is_open), None),
        "largest_mb": largest_upload() // 1_000_000,
        "largest": largest_upload(),
    }


@get("/patients/{patient_id:str}/recordings", name="recordings", opt=rule("case", "read recordings"))
@in_thread
def recordings_page(request: Request[Any, Any, Any], patient_id: str) -> Response[str]:
    """Show the recordings, and what each holds."""
    return page(request, TEMPLATE, **_values(request, patient_id))


@get("/patients/{patient_id:str}/recordings/list", name="list of recordings", opt=rule("case", "read recordings"))
@in_thread
def recordings_list(request: Request[Any, Any, Any], patient_id: str) -> Response[str]:
    """Return the list alone, to be put in the place of an older one."""
    return fragment(request, TEMPLATE, "list", **_values(request, patient_id))


@post(
    "/patients/{patient_id:str}/recordings",
    name="hand in recording",
    opt=rule("case", "hand in recording", limit="upload"),
    status_code=200,
    request_max_body_size=None,
)
async def handing_in(request: Request[Any, Any, Any], patient_id: str) -> Response[Any]:
    """Take one file in: its bytes are the body, its name stands in the header ``X-File-Name``."""
    if request.headers.get("content-type", "").startswith(("multipart/", "application/x-www-form-urlencoded")):
        raise FileError("a recording is sent as it is, with its name in the header X-File-Name, and not as a form")
    length = request.headers.get("content-length", "")
    check_size(int(length) if length.isascii() and length.isdigit() else 0)
    name = unquote(request.headers.get("x-file-name", ""))[:400]
    row = await take_in(request, partial(hand_in, request.app.state.place, visitor_of(request).actor, patient_id, name))
    answer = {"id": row.id, "name": row.name, "kind": row.kind, "size": row.size, "is_new": row.is_new}
    return Response(answer, media_type=MediaType.JSON)


@post(
    "/patients/{patient_id:str}/recordings/{file_id:str}/use",
    name="choose use",
    opt=rule("case", "choose use of recording"),
    status_code=200,
)
async def choosing_use(request: Request[Any, Any, Any], patient_id: str, file_id: str) -> Response[Any]:
    """Say what a recording is used for."""
    fields = await read_form(request)
    place, actor = request.app.state.place, visitor_of(request).actor
    await to_thread.run_sync(choose_use, place, actor, patient_id, file_id, fields.get("use", ""))
    return await _list_or_page(request, patient_id)


@post(
    "/patients/{patient_id:str}/recordings/{file_id:str}/remove",
    name="remove recording",
    opt=rule("case", "remove recording"),
    status_code=200,
)
async def removing(request: Request[Any, Any, Any], patient_id: str, file_id: str) -> Response[Any]:
    """Take a recording away."""
    place, actor = request.app.state.place, visitor_of(request).actor
    await to_thread.run_sync(remove_recording, place, actor, patient_id, file_id)
    return await _list_or_page(request, patient_id)


async def _list_or_page(request: Request[Any, Any, Any], patient_id: str) -> Response[Any]:
    if request.headers.get("hx-request"):
        values = await to_thread.run_sync(_values, request, patient_id)
        return fragment(request, TEMPLATE, "list", **values)
    return Redirect(f"/patients/{patient_id}/recordings")


ROUTES = (recordings_page, recordings_list, handing_in, choosing_use, removing)
