"""Recordings, analyses and what-ifs as JSON."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from litestar import Request, delete, get, post, put
from litestar.exceptions import ClientException
from litestar.params import Parameter

from kinechain.web.access import rule, visitor_of
from kinechain.web.api.answers import (
    SHOWN,
    SHOWN_FILE,
    AnalysisState,
    RecordingRow,
    RecordingUse,
    WhatIfQuestion,
    analysis_state,
    recording_row,
)
from kinechain.web.bodies import take_in
from kinechain.web.threads import in_thread
from kinechain.workspace.assessing import ask_assessment, cancel_job, job_of
from kinechain.workspace.case import read_case
from kinechain.workspace.documents import assessment_file
from kinechain.workspace.recordings import check_size, choose_use, hand_in, recordings_of, remove_recording
from kinechain.workspace.what_if import SupersededError, ask_what_if

__all__ = ["ROUTES"]

CASE = "/api/patients/{patient_id:str}"


@get(
    f"{CASE}/recordings",
    name="api recordings",
    opt=rule("case", "read recordings"),
    **SHOWN,
)
@in_thread
def recordings(request: Request[Any, Any, Any], patient_id: str) -> tuple[RecordingRow, ...]:
    """Return the recordings, and what a look at each found."""
    with request.app.state.database.reading() as connection:
        return tuple(recording_row(row) for row in recordings_of(connection, patient_id))


@post(
    f"{CASE}/recordings",
    name="api hand in",
    opt=rule("case", "hand in recording", limit="upload"),
    **SHOWN_FILE,
    request_max_body_size=None,
)
async def handing_in(
    request: Request[Any, Any, Any], patient_id: str, name: Annotated[str, Parameter(max_length=400)] = ""
) -> RecordingRow:
    """Take one recording in: the body is the file as it is, ``name`` what it is called."""
    length = request.headers.get("content-length", "")
    check_size(int(length) if length.isascii() and length.isdigit() else 0)
    place, actor = request.app.state.place, visitor_of(request).actor
    return recording_row(await take_in(request, partial(hand_in, place, actor, patient_id, name)))


@put(
    f"{CASE}/recordings/{{file_id:str}}",
    name="api choose use",
    opt=rule("case", "choose use of recording"),
    **SHOWN,
)
@in_thread
def choosing_use(request: Request[Any, Any, Any], patient_id: str, file_id: str, data: RecordingUse) -> RecordingRow:
    """Say what a recording is used for."""
    place, actor = request.app.state.place, visitor_of(request).actor
    return recording_row(choose_use(place, actor, patient_id, file_id, data.use))


@delete(
    f"{CASE}/recordings/{{file_id:str}}",
    name="api remove recording",
    opt=rule("case", "remove recording"),
    **SHOWN,
)
@in_thread
def removing(request: Request[Any, Any, Any], patient_id: str, file_id: str) -> None:
    """Take a recording away."""
    remove_recording(request.app.state.place, visitor_of(request).actor, patient_id, file_id)


@post(
    f"{CASE}/assessments",
    name="api assess",
    opt=rule("case", "ask analysis", limit="analyse"),
    **SHOWN,
)
@in_thread
def asking(request: Request[Any, Any, Any], patient_id: str) -> AnalysisState:
    """Ask for an analysis of everything there is; the same material again gives the same analysis."""
    return analysis_state(ask_assessment(request.app.state.place, visitor_of(request).actor, patient_id))


@get(
    f"{CASE}/assessments/{{job_id:str}}",
    name="api analysis",
    opt=rule("case", "read analysis"),
    **SHOWN,
)
@in_thread
def analysis(request: Request[Any, Any, Any], patient_id: str, job_id: str) -> AnalysisState:
    """Return how far an analysis is."""
    with request.app.state.database.reading() as connection:
        return analysis_state(job_of(connection, patient_id, job_id))


@delete(
    f"{CASE}/assessments/{{job_id:str}}",
    name="api cancel analysis",
    opt=rule("case", "cancel analysis"),
    **SHOWN,
    status_code=200,
)
@in_thread
def cancelling(request: Request[Any, Any, Any], patient_id: str, job_id: str) -> AnalysisState:
    """Stop an analysis."""
    return analysis_state(cancel_job(request.app.state.place, visitor_of(request).actor, patient_id, job_id))


@get(
    f"{CASE}/assessment",
    name="api assessment",
    opt=rule("case", "read assessment"),
    **SHOWN,
)
@in_thread
def assessment(request: Request[Any, Any, Any], patient_id: str) -> dict[str, Any]:
    """Return the analysis of the case as it stands, else the newest; schema ``kinechain/assessment/1``."""
    with request.app.state.database.reading() as connection:
        case = read_case(connection, patient_id)
    document: dict[str, Any] = json.loads(assessment_file(request.app.state.place, case).content)
    return document


@post(
    f"{CASE}/whatif",
    name="api what if",
    opt=rule("case", "ask what-if", limit="what-if"),
    **SHOWN,
    status_code=200,
)
async def what_if(request: Request[Any, Any, Any], patient_id: str, data: WhatIfQuestion) -> dict[str, Any]:
    """Return what changes would do to every link and load, made together: schema ``kinechain/whatif/1``."""
    place, actor = request.app.state.place, visitor_of(request).actor
    ask = partial(ask_what_if, place, actor, patient_id, list(data.changes), data.draws, is_document=True)
    try:
        return await to_thread.run_sync(ask, abandon_on_cancel=True, limiter=request.app.state.what_ifs)
    except SupersededError as error:
        raise ClientException(str(error), status_code=409) from error


ROUTES = (
    recordings,
    handing_in,
    choosing_use,
    removing,
    asking,
    analysis,
    cancelling,
    assessment,
    what_if,
)
