"""Letters and files of a patient, and sheets to measure by."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect

from kinechain.care.person.protocol import protocols
from kinechain.core.errors import InputError
from kinechain.report.plan_page import letter_fragment
from kinechain.web.access import rule, visitor_of
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.assessing import newest_assessment
from kinechain.workspace.case import Case, read_case
from kinechain.workspace.documents import (
    MAX_PERSON_BYTES,
    Download,
    assessment_file,
    documents_of,
    fhir_file,
    journal_file,
    letter_file,
    letter_of,
    person_file,
    protocol_letter,
    replace_person,
    to_pdf,
)

__all__ = ["ROUTES", "download"]


def download(found: Download) -> Response[bytes]:
    """Return a file to be kept, under its own name.

    Parameters
    ----------
    found : Download
    """
    headers = {"Content-Disposition": found.disposition}
    return Response(found.content, media_type=found.media_type, headers=headers)


def _case(request: Request[Any, Any, Any], patient_id: str) -> Case:
    with request.app.state.database.reading() as connection:
        return read_case(connection, patient_id)


@get("/patients/{patient_id:str}/documents", name="documents", opt=rule("case", "list documents"))
@in_thread
def documents_page(request: Request[Any, Any, Any], patient_id: str) -> Response[str]:
    """Show what can be printed and downloaded."""
    with request.app.state.database.reading() as connection:
        case = read_case(connection, patient_id)
        has_analysis = newest_assessment(connection, patient_id) is not None
    return page(
        request,
        "documents.html.j2",
        has_analysis=has_analysis,
        title=f"Documents · {case.patient.name}",
        case=case,
        tab="documents",
        screen=case.screened(),
        documents=documents_of(case),
    )


@get("/patients/{patient_id:str}/documents/{kind:str}", name="letter", opt=rule("case", "read letter"))
@in_thread
def letter_page(request: Request[Any, Any, Any], patient_id: str, kind: str) -> Response[str]:
    """Show one letter as it will be printed."""
    case = _case(request, patient_id)
    letter = letter_of(request.app.state.place, case, kind)
    return page(
        request,
        "letter.html.j2",
        title=letter.title,
        case=case,
        tab="documents",
        screen=case.screened(),
        letter=letter_fragment(letter),
        pdf=f"/patients/{patient_id}/documents/{kind}/pdf",
        back=f"/patients/{patient_id}/documents",
        note="",
    )


@get(
    "/patients/{patient_id:str}/documents/{kind:str}/pdf",
    name="letter as PDF",
    opt=rule("case", "download letter", limit="print"),
)
@in_thread
def letter_download(request: Request[Any, Any, Any], patient_id: str, kind: str) -> Response[bytes]:
    """Return one letter as tagged PDF."""
    case = _case(request, patient_id)
    return download(letter_file(case, letter_of(request.app.state.place, case, kind), kind))


@get("/patients/{patient_id:str}/files/fhir", name="FHIR bundle", opt=rule("case", "download FHIR"))
@in_thread
def fhir_download(request: Request[Any, Any, Any], patient_id: str) -> Response[bytes]:
    """Return a FHIR R4 bundle for clinicians."""
    return download(fhir_file(_case(request, patient_id)))


@get("/patients/{patient_id:str}/files/assessment", name="analysis as JSON", opt=rule("case", "download analysis"))
@in_thread
def assessment_download(request: Request[Any, Any, Any], patient_id: str) -> Response[bytes]:
    """Return the newest analysis as JSON."""
    return download(assessment_file(request.app.state.place, _case(request, patient_id)))


@get("/patients/{patient_id:str}/files/person", name="person file", opt=rule("case", "download person file"))
@in_thread
def person_download(request: Request[Any, Any, Any], patient_id: str) -> Response[bytes]:
    """Return the answers as a person file."""
    return download(person_file(_case(request, patient_id)))


@get("/patients/{patient_id:str}/files/journal", name="journal file", opt=rule("case", "download journal"))
@in_thread
def journal_download(request: Request[Any, Any, Any], patient_id: str) -> Response[bytes]:
    """Return the journal as a file."""
    return download(journal_file(_case(request, patient_id)))


@post("/patients/{patient_id:str}/files/person", name="replace answers", opt=rule("case"), status_code=200)
async def person_upload(request: Request[Any, Any, Any], patient_id: str) -> Redirect:
    """Take the answers of a person file."""
    form = await request.form()
    given, base = form.get("file"), str(form.get("base", ""))
    if not isinstance(given, UploadFile) or not base.isdigit():
        raise InputError("choose a person file (TOML) to take the answers from")
    content = await given.read(MAX_PERSON_BYTES + 1)
    actor = visitor_of(request).actor
    await to_thread.run_sync(replace_person, request.app.state.place, actor, patient_id, content, int(base))
    return Redirect(f"/patients/{patient_id}/documents")


@get("/protocols", name="measuring sheets", opt=rule("staff"))
@in_thread
def protocols_page(request: Request[Any, Any, Any]) -> Response[str]:
    """Show the examination items, to print sheets of."""
    items = [(key, protocol.name) for key, protocol in protocols().items()]
    return page(request, "protocols.html.j2", title="Measuring sheets", items=items)


@get("/protocols/pdf", name="measuring sheets as PDF", opt=rule("staff", limit="print"))
@in_thread
def protocols_download(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Return sheets to measure by, as tagged PDF."""
    keys = tuple(dict.fromkeys(request.query_params.getall("item", [])))[:40]
    return download(to_pdf(protocol_letter(keys), "measuring_sheets"))


ROUTES = (
    documents_page,
    letter_page,
    letter_download,
    fhir_download,
    assessment_download,
    person_download,
    journal_download,
    person_upload,
    protocols_page,
    protocols_download,
)
