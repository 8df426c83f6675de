"""The plan, what was done of it, and how it goes, as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from litestar import Request, get, post

from kinechain.care.planning.plan import Plan
from kinechain.core.errors import LockedError
from kinechain.report.plan_json import plan_json, screen_plain
from kinechain.report.progress_json import no_progress_json, progress_json
from kinechain.store.clock import now
from kinechain.web.access import rule, visitor_of
from kinechain.web.api.answers import SHOWN, Agreement, LogAnswer, LogEntries, PlanState
from kinechain.web.threads import in_thread
from kinechain.workspace.assessing import local_day
from kinechain.workspace.case import Case, read_case
from kinechain.workspace.following import progress_of
from kinechain.workspace.logging import log_plain
from kinechain.workspace.plans import PlanView, agree, read_plan

__all__ = ["ROUTES"]

CASE = "/api/patients/{patient_id:str}"


@get(f"{CASE}/plan", name="api plan", opt=rule("case", "read plan"), **SHOWN)
@in_thread
def plan(request: Request[Any, Any, Any], patient_id: str) -> PlanState:
    """Return the agreed plan and the proposed one."""
    return _state(read_plan(request.app.state.place, visitor_of(request).actor, patient_id))


def _state(view: PlanView) -> PlanState:
    agreed = _document(view.agreed.plan) if view.agreed and view.is_in_force else None
    proposed = _document(view.plan) if view.plan is not None else None
    return PlanState(_locked(view.case), agreed, proposed, view.draft.number if view.draft else 0, view.fault)


def _document(made: Plan) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(plan_json(made))
    return document


def _locked(case: Case) -> str:
    """Return why a plan is held back; '' if it is not."""
    try:
        case.unlocked()
    except LockedError as error:
        return str(error)
    return ""


@post(
    f"{CASE}/plan",
    name="api agree plan",
    opt=rule("case", "agree plan"),
    **SHOWN,
    status_code=200,
)
@in_thread
def agreeing(request: Request[Any, Any, Any], patient_id: str, data: Agreement) -> PlanState:
    """Write down that clinician and patient agreed on the proposed plan."""
    place, actor = request.app.state.place, visitor_of(request).actor
    agree(place, actor, patient_id, data.draft, data.plan, data.patient_agrees)
    return _state(read_plan(place, actor, patient_id))


@post(
    f"{CASE}/log",
    name="api log",
    opt=rule("case", "write log"),
    **SHOWN,
    status_code=200,
)
@in_thread
def logging(request: Request[Any, Any, Any], patient_id: str, data: LogEntries) -> LogAnswer:
    """Keep entries of the journal on behalf of the patient; the same entry again is kept once."""
    actor = replace(visitor_of(request).actor, patient_id=patient_id)
    found = log_plain(request.app.state.place, actor, data.entries)
    return LogAnswer(
        accepted=found.accepted,
        refused=tuple({"id": entry.id, "why": entry.why} for entry in found.refused),
        told=tuple(
            {"exercise": told.exercise, "verdict": told.verdict, "text": " ".join(s.text for s in told.sentences)}
            for told in found.told
        ),
        screen=screen_plain(found.case.screened()),
    )


@get(f"{CASE}/progress", name="api progress", opt=rule("case", "read progress"), **SHOWN)
@in_thread
def progress(request: Request[Any, Any, Any], patient_id: str) -> dict[str, Any]:
    """Return how the plan goes, schema ``kinechain/progress/1``."""
    with request.app.state.database.reading() as connection:
        case = read_case(connection, patient_id)
    found, name = progress_of(case, local_day(now())), case.patient.pseudonym
    told = progress_json(name, found) if found else no_progress_json(name, _locked(case))
    document: dict[str, Any] = json.loads(told)
    return document


ROUTES = (plan, agreeing, logging, progress)
