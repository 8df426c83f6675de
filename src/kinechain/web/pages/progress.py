"""How a plan goes, as a clinician follows it; alerts, reviews, and entries for the patient."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from statistics import fmean
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.response import Redirect

from kinechain.care.follow_up.adherence import Adherence
from kinechain.care.follow_up.change import read_thresholds
from kinechain.care.follow_up.days import own_day
from kinechain.care.follow_up.events import AdverseEvent, CheckIn, Event, Session
from kinechain.care.follow_up.follow_up import Progress
from kinechain.care.follow_up.pain_series import pain_series
from kinechain.care.person.red_flag_text import asked_again, read_red_flags
from kinechain.care.planning.plan import Plan
from kinechain.core.errors import InputError
from kinechain.report.letter import backed
from kinechain.report.plan_lines import dose_lines
from kinechain.report.progress_figures import pain_by_day, repetitions_by_week
from kinechain.store.clock import now
from kinechain.web.access import rule, visitor_of
from kinechain.web.forms import read_form
from kinechain.web.pages.plan import locked_values
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.case import Case, read_case
from kinechain.workspace.clearing import names_of_accounts
from kinechain.workspace.following import followed, present_alerts
from kinechain.workspace.logging import log_events
from kinechain.workspace.plans import current_plan, last_agreed
from kinechain.workspace.reviewing import DECISIONS, acknowledge, write_review
from kinechain.workspace.tasks import tasks_of

__all__ = ["ROUTES"]


@dataclass(frozen=True)
class WeekCell:
    """One exercise in one week: how many sessions of how many."""

    done: float
    planned: int
    not_done: int
    unknown: float

    @property
    def state(self) -> str:
        """In one word: what a colour would say."""
        if not self.planned:
            return "paused"
        if self.done >= self.planned:
            return "done"
        if self.unknown >= self.planned - self.done:
            return "not told"
        return "partly" if self.done else "not done"


@get("/patients/{patient_id:str}/progress", name="progress", opt=rule("case", "read progress"))
@in_thread
def progress_page(request: Request[Any, Any, Any], patient_id: str) -> Response[str]:
    """Show how the plan goes."""
    return _page(request, patient_id)


@post("/patients/{patient_id:str}/progress/acknowledge", name="acknowledge alert", opt=rule("case"), status_code=200)
async def acknowledging(request: Request[Any, Any, Any], patient_id: str) -> Response[Any]:
    """Write down that an alert was looked at."""
    fields, actor = await read_form(request), visitor_of(request).actor
    alert, why = fields.get("alert", ""), fields.get("why", "")
    await to_thread.run_sync(acknowledge, request.app.state.database, actor, patient_id, alert, why)
    return Redirect(f"/patients/{patient_id}/progress")


@post("/patients/{patient_id:str}/progress/review", name="write review", opt=rule("case"), status_code=200)
async def reviewing(request: Request[Any, Any, Any], patient_id: str) -> Response[Any]:
    """Write down a review."""
    fields, actor = await read_form(request), visitor_of(request).actor
    told = (fields.get("checkpoint", ""), fields.get("decision", ""), fields.get("why", ""))
    await to_thread.run_sync(write_review, request.app.state.database, actor, patient_id, *told)
    return Redirect(f"/patients/{patient_id}/progress")


@post("/patients/{patient_id:str}/progress/log", name="log for patient", opt=rule("case"), status_code=200)
async def logging_for(request: Request[Any, Any, Any], patient_id: str) -> Response[Any]:
    """Write an entry that the patient told."""
    fields, actor = await read_form(request), visitor_of(request).actor
    event = _entry(fields, actor.code)
    logged = await to_thread.run_sync(log_events, request.app.state.place, actor, (event,))
    if logged.refused:
        raise InputError(logged.refused[0].why)
    return Redirect(f"/patients/{patient_id}/progress")


def _page(request: Request[Any, Any, Any], patient_id: str) -> Response[str]:
    with request.app.state.database.reading() as connection:
        case = read_case(connection, patient_id)
        names = names_of_accounts(connection, case.patient.clinic_id)
        tasks = tasks_of(connection, patient_id)
    today = now().astimezone().date()
    found = followed(case, today)
    shown = _shown(*found, case) if found else _without(case, today)
    plan, again = found[0].plan if found else None, frozenset(asked_again())
    return page(
        request,
        "progress.html.j2",
        title=f"Progress · {case.patient.name}",
        tab="progress",
        names=names,
        tasks=tasks,
        today=today,
        alerts=present_alerts(case, today),
        adverse=[event for event in reversed(case.events) if isinstance(event, AdverseEvent)],
        progress=found[1] if found else None,
        plan=plan,
        has_plan=last_agreed(case) is not None,
        is_in_force=current_plan(case) is not None,
        decisions=DECISIONS,
        asked=[flag for flag in read_red_flags() if flag.id in again],
        backed=backed,
        dose_lines=dose_lines,
        measure_name=_measure_name,
        **shown,
        **locked_values(case),
    )


def _shown(past: Any, progress: Progress, case: Case) -> dict[str, Any]:
    plan: Plan = past.plan
    titles = {part.exercise: part.title.text.rstrip(".") for part in plan.exercises}
    began = next((b.value for b in progress.baselines if b.measure == "nprs"), None)
    weeks = max(plan.weeks, progress.week)
    rows = progress.repetitions.rows
    return {
        "titles": titles,
        "chart": pain_by_day(
            progress.pain, plan.made_on, progress.today, weeks, began, read_thresholds()["nprs"].error
        ),
        "ledger": [(row, repetitions_by_week(row, weeks, _name(row.exercise, titles))) for row in rows],
        "done": _done(progress.adherence),
        "weeks": _weeks(progress, plan),
        "share": progress.adherence.share(),
    }


def _without(case: Case, today: date) -> dict[str, Any]:
    """Return what there is without a plan, or while one is held back: the pain that was told."""
    made = last_agreed(case)
    start = own_day(made) if made else min((own_day(event) for event in case.events), default=today)
    chart = pain_by_day(pain_series(case.events, today), start, today, 8, None, None)
    return {"titles": {}, "chart": chart, "ledger": [], "done": [], "weeks": [], "share": None}


def _name(exercise: str, titles: dict[str, str]) -> str:
    return titles.get(exercise, exercise.replace("_", " "))


def _measure_name(measure: str) -> str:
    """Return a measure as a heading names it."""
    id_, _, part = measure.partition(" ")
    known = {"nprs": "Pain", "rmdq24": "Back score (RMDQ)", "psfs": "Activity", "odi": "Back score (ODI)"}
    return f"{known.get(id_, id_.replace('_', ' '))} {part}".strip()


def _done(adherence: Adherence) -> list[tuple[tuple[str, str], list[WeekCell]]]:
    """Return the weeks of each exercise and side."""
    found: dict[tuple[str, str], list[WeekCell]] = {}
    for row in adherence.weeks:
        cell = WeekCell(row.done, row.planned, row.not_done, row.unknown)
        found.setdefault((row.exercise, row.side), []).append(cell)
    return list(found.items())


def _weeks(progress: Progress, plan: Plan) -> list[tuple[int, float | None, int]]:
    """Return week, mean pain and on how many days it was told."""
    found = []
    for week in range(1, progress.week + 1):
        told = [d.main for d in progress.pain if (d.day - plan.made_on).days // 7 + 1 == week and d.main is not None]
        found.append((week, fmean(told) if told else None, len(told)))
    return found


def _entry(fields: dict[str, str], by: str) -> Event:
    """Return what a form says the patient told."""
    head: dict[str, Any] = {"id": str(uuid4()), "at": _moment(fields), "by": by, "why": "told to the clinic"}
    if fields.get("kind") == "check-in":
        answers = {key: fields[f"sign_{key}"] for key in asked_again() if fields.get(f"sign_{key}")}
        screen: Any = MappingProxyType(answers)
        pains: dict[str, Any] = {
            name: _number(fields, name) for name in ("back_pain", "foot_pain", "worst_pain", "first_step_pain")
        }
        if not answers and all(value is None for value in pains.values()):
            raise InputError("a check-in tells a pain or answers a danger sign; fill in one of them")
        return CheckIn(**head, screen=screen, **pains)
    if fields.get("kind") == "session":
        exercise, _, side = fields.get("exercise", "").partition(" ")
        counts = {name: _whole(fields, name) for name in ("sets", "repetitions")}
        pain = _number(fields, "pain_during")
        return Session(**head, exercise=exercise, side=side or "both", pain_during=pain, **counts)  # type: ignore[arg-type]
    raise InputError("choose what the patient told: a check-in, or an exercise that was done")


def _moment(fields: dict[str, str]) -> datetime:
    """Return the day of an entry at noon, or now if it is today; days are those of the clinic's clock."""
    moment = now().astimezone()
    given = fields.get("day", "")
    try:
        day = date.fromisoformat(given) if given else moment.date()
    except ValueError as error:
        raise InputError("the day is written as year-month-day, such as 2026-03-01") from error
    if day >= moment.date():
        return moment
    return moment.replace(year=day.year, month=day.month, day=day.day, hour=12, minute=0, second=0, microsecond=0)


def _number(fields: dict[str, str], name: str) -> float | None:
    given = fields.get(name, "").strip().replace(",", ".")
    if not given:
        return None
    try:
        return float(given)
    except ValueError as error:
        raise InputError(f"{name.replace('_', ' ')} is a number from 0 to 10") from error


def _whole(fields: dict[str, str], name: str) -> int:
    given = fields.get(name, "").strip()
    if not (given.isascii() and given.isdigit() and len(given) < 5):
        raise InputError(f"{name} is a whole number")
    return int(given)


ROUTES = (progress_page, acknowledging, reviewing, logging_for)
