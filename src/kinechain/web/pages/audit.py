"""The audit trail: of one patient, and of the whole clinic for whoever manages it."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get

from kinechain.core.errors import InputError
from kinechain.store.clock import now
from kinechain.web.access import rule, visitor_of
from kinechain.web.pages.documents import download
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.case import read_case
from kinechain.workspace.documents import Download
from kinechain.workspace.trail import Filters, known_actors, read_trail, trail_csv

__all__ = ["ROUTES"]


@get("/patients/{patient_id:str}/audit", name="audit trail", opt=rule("case", "read trail"))
@in_thread
def case_page(request: Request[Any, Any, Any], patient_id: str) -> Response[str]:
    """Show the trail of one patient."""
    with request.app.state.database.reading() as connection:
        case = read_case(connection, patient_id)
    values = _values(request, _filters(request, patient_id), f"/patients/{patient_id}/audit")
    title = f"Trail · {case.patient.name}"
    return page(request, "case_audit.html.j2", title=title, case=case, tab="audit", screen=case.screened(), **values)


@get("/patients/{patient_id:str}/audit/csv", name="audit trail as CSV", opt=rule("case", "download trail"))
@in_thread
def case_csv(request: Request[Any, Any, Any], patient_id: str) -> Response[bytes]:
    """Return the trail of one patient as a table."""
    with request.app.state.database.reading() as connection:
        code = read_case(connection, patient_id).patient.pseudonym
    return _csv(request, _filters(request, patient_id), code)


@get("/audit", name="clinic's audit trail", opt=rule("admin", "read clinic trail"))
@in_thread
def clinic_page(request: Request[Any, Any, Any]) -> Response[str]:
    """Show the trail of the clinic."""
    return page(request, "audit.html.j2", title="Trail of the clinic", **_values(request, _filters(request), "/audit"))


@get("/audit/csv", name="clinic's audit trail as CSV", opt=rule("admin", "download clinic trail"))
@in_thread
def clinic_csv(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Return the trail of the clinic as a table."""
    return _csv(request, _filters(request), "clinic")


def _filters(request: Request[Any, Any, Any], patient_id: str = "") -> Filters:
    asked = request.query_params
    return Filters(
        patient_id,
        asked.get("who", "")[:80],
        asked.get("what", "")[:80],
        _day(asked.get("first")),
        _day(asked.get("last")),
    )


def _day(given: str | None) -> date | None:
    if not given:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise InputError("a day is written as year-month-day, such as 2026-03-01") from error


def _values(request: Request[Any, Any, Any], filters: Filters, where: str) -> dict[str, Any]:
    database, actor = request.app.state.database, visitor_of(request).actor
    before = request.query_params.get("before", "")[:120]
    found = read_trail(database, actor, filters, before)
    with database.reading() as connection:
        actors = known_actors(connection, actor.clinic_id)
    kept = {
        "who": filters.who,
        "what": filters.what,
        "first": filters.first.isoformat() if filters.first else "",
        "last": filters.last.isoformat() if filters.last else "",
    }
    asked = urlencode({key: value for key, value in kept.items() if value})
    older = (
        f"{where}?{urlencode({**{k: v for k, v in kept.items() if v}, 'before': found.older})}" if found.older else ""
    )
    return {
        "lines": found.lines,
        "older": older,
        "is_newest": not before,
        "actors": actors,
        "filters": kept,
        "where": where,
        "csv": f"{where}/csv?{asked}" if asked else f"{where}/csv",
    }


def _csv(request: Request[Any, Any, Any], filters: Filters, code: str) -> Response[bytes]:
    content = trail_csv(request.app.state.database, visitor_of(request).actor, filters)
    name = f"{code}_trail_{now().astimezone().date().isoformat()}.csv"
    return download(Download(name, "text/csv; charset=utf-8", content))


ROUTES = (case_page, case_csv, clinic_page, clinic_csv)
