"""Patients, their answers and their danger signs as JSON."""

from __future__ import annotations

import json
from typing import Annotated, Any

from anyio import to_thread
from litestar import Request, get, post, put
from litestar.params import Parameter

from kinechain.care.planning.referral import referral_for
from kinechain.report.plan_json import screen_json
from kinechain.web.access import rule, visitor_of
from kinechain.web.api.answers import (
    SHOWN,
    Answers,
    ChangedAnswers,
    NewPatient,
    PatientPage,
    PatientRow,
    Registered,
    WhoAmI,
    patient_row,
)
from kinechain.web.threads import in_thread
from kinechain.workspace.case import read_case
from kinechain.workspace.documents import fhir_file, replace_person
from kinechain.workspace.patients import cursor, list_patients, register

__all__ = ["ROUTES"]

PAGE = 100


@get("/api/me", name="api me", opt=rule("staff"), **SHOWN)
@in_thread
def me(request: Request[Any, Any, Any]) -> WhoAmI:
    """Return whose token this is."""
    actor = visitor_of(request).actor
    return WhoAmI(actor.name, actor.kind)


@get("/api/patients", name="api patients", opt=rule("staff", "list patients"), **SHOWN)
@in_thread
def patients(
    request: Request[Any, Any, Any],
    search: Annotated[str, Parameter(max_length=100)] = "",
    after: Annotated[str, Parameter(max_length=300)] = "",
) -> PatientPage:
    """Return patients of the clinic whose name or code holds every word of ``search``, in the order of names."""
    rows = list_patients(request.app.state.database, visitor_of(request).actor, search, after, PAGE)
    return PatientPage(tuple(patient_row(row) for row in rows), cursor(rows[-1]) if len(rows) == PAGE else "")


@post(
    "/api/patients",
    name="api register",
    opt=rule("staff", "register patient"),
    **SHOWN,
)
@in_thread
def registering(request: Request[Any, Any, Any], data: NewPatient) -> Registered:
    """Register a patient."""
    made = register(request.app.state.database, visitor_of(request).actor, data.name, data.code)
    return Registered(made.id, made.pseudonym)


@get(
    "/api/patients/{patient_id:str}",
    name="api patient",
    opt=rule("case", "read case"),
    **SHOWN,
)
@in_thread
def patient(request: Request[Any, Any, Any], patient_id: str) -> PatientRow:
    """Return one line about one patient."""
    database, actor = request.app.state.database, visitor_of(request).actor
    with database.reading() as connection:
        case = read_case(connection, patient_id)
    rows = [row for row in list_patients(database, actor, case.patient.pseudonym) if row.id == patient_id]
    rows += [r for r in list_patients(database, actor, case.patient.pseudonym, show="archived") if r.id == patient_id]
    return patient_row(rows[0])


@get(
    "/api/patients/{patient_id:str}/person",
    name="api person",
    opt=rule("case", "read answers"),
    **SHOWN,
)
@in_thread
def person(request: Request[Any, Any, Any], patient_id: str) -> Answers:
    """Return the person file as it stands."""
    with request.app.state.database.reading() as connection:
        case = read_case(connection, patient_id)
    return Answers(case.number, case.version.text if case.version else "")


@put(
    "/api/patients/{patient_id:str}/person",
    name="api replace person",
    opt=rule("case", "replace answers"),
    **SHOWN,
)
async def replacing(request: Request[Any, Any, Any], patient_id: str, data: ChangedAnswers) -> Answers:
    """Put a person file in the place of the version that was read."""
    place, actor = request.app.state.place, visitor_of(request).actor
    content = data.toml.encode("utf-8", "surrogatepass")
    case = await to_thread.run_sync(replace_person, place, actor, patient_id, content, data.version)
    return Answers(case.number, case.version.text if case.version else "")


@get(
    "/api/patients/{patient_id:str}/screen",
    name="api screen",
    opt=rule("case", "read screen"),
    **SHOWN,
)
@in_thread
def screen(request: Request[Any, Any, Any], patient_id: str) -> dict[str, Any]:
    """Return the outcome of the danger signs, schema ``kinechain/screen/1``."""
    with request.app.state.database.reading() as connection:
        case = read_case(connection, patient_id)
    found, settings = case.screened(), request.app.state.place.settings
    referral = next(iter(referral_for(case.person, found)), None)
    text = screen_json(case.person, found, settings.emergency_number, settings.crisis_line, referral)
    document: dict[str, Any] = json.loads(text)
    return document


@get(
    "/api/patients/{patient_id:str}/fhir",
    name="api fhir",
    opt=rule("case", "download fhir"),
    **SHOWN,
)
@in_thread
def fhir(request: Request[Any, Any, Any], patient_id: str) -> dict[str, Any]:
    """Return everything known as a FHIR R4 bundle."""
    with request.app.state.database.reading() as connection:
        case = read_case(connection, patient_id)
    bundle: dict[str, Any] = json.loads(fhir_file(case).content)
    return bundle


ROUTES = (me, patients, registering, patient, person, replacing, screen, fhir)
