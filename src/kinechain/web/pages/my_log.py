"""Entries of patients: from forms, one at a time, and from phones, many at once after a time without a connection."""

from __future__ import annotations

import json
from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.response import Redirect

from kinechain.care.follow_up.alerts import ADVERSE_EVENTS
from kinechain.care.follow_up.days import own_day
from kinechain.care.follow_up.diary import DIARY_DAYS
from kinechain.care.follow_up.events import StandingDay
from kinechain.care.person.history_keys import read_keys
from kinechain.core.errors import InputError
from kinechain.evidence.wording import say
from kinechain.web.access import rule, visitor_of
from kinechain.web.forms import read_form
from kinechain.web.pages.my_common import gate, local_now, my_case, show, stop_of, today_of
from kinechain.web.pages.my_today import pain_thresholds
from kinechain.web.threads import in_thread
from kinechain.workspace.logging import Logged, log_plain
from kinechain.workspace.plans import current_plan

__all__ = ["ROUTES"]

#: Of a form, not of an entry.
FORM_FIELDS = ("csrf", "next")


@post("/my/events", name="log entries", opt=rule("patient", "", limit="log"), status_code=200)
async def sending(request: Request[Any, Any, Any]) -> Response[Any]:
    """Keep entries a phone sends, and answer for each of them."""
    try:
        entries = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise InputError("entries are sent as a JSON list") from error
    if not isinstance(entries, list):
        raise InputError("entries are sent as a JSON list")
    place, actor = request.app.state.place, visitor_of(request).actor
    logged = await to_thread.run_sync(log_plain, place, actor, entries)
    return Response(_answer(request, logged))


def _answer(request: Request[Any, Any, Any], logged: Logged) -> dict[str, Any]:
    stop = stop_of(request.app.state.place.settings, logged.case.screened())
    return {
        "accepted": logged.accepted,
        "refused": [{"id": refused.id, "why": refused.why} for refused in logged.refused],
        "told": _told(logged),
        "stop": stop.level if stop else "",
    }


def _told(logged: Logged) -> list[dict[str, Any]]:
    return [
        {
            "verdict": told.verdict,
            "title": say(f"web.say_{told.verdict.replace(' ', '_')}").text,
            "exercise": told.exercise,
            "words": [sentence.text for sentence in told.sentences],
        }
        for told in logged.told
    ]


@post("/my/log", name="log an entry", opt=rule("patient", "", limit="log"), status_code=200)
async def logging(request: Request[Any, Any, Any]) -> Response[Any]:
    """Keep the one entry of a form, and show what follows from it; for phones that run no scripts."""
    fields = await read_form(request)
    entry = {key: value for key, value in fields.items() if key not in FORM_FIELDS}
    place, actor, stamp = request.app.state.place, visitor_of(request).actor, local_now(request).replace(microsecond=0)
    logged = await to_thread.run_sync(log_plain, place, actor, [entry], stamp)
    return await to_thread.run_sync(_after, request, logged)


def _after(request: Request[Any, Any, Any], logged: Logged) -> Response[Any]:
    """Show what to read first, or what was said."""
    if logged.refused:
        raise InputError(logged.refused[0].why)
    if stop_of(request.app.state.place.settings, logged.case.screened()):
        return Redirect("/my/stop")
    return show(request, "my_logged.html.j2", logged.case, tab="today", title="Kept", told=_told(logged))


@get("/my/event", name="my event", opt=rule("patient", "read event form"))
@in_thread
def event_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Ask what went wrong."""
    case = my_case(request)
    if first := gate(request, case):
        return first
    plan = current_plan(case)
    exercises = tuple((part.exercise, part.title.text) for part in plan.exercises) if plan else ()
    return show(
        request,
        "my_event.html.j2",
        case,
        tab="today",
        title="Something went wrong",
        kinds=tuple((key, kind.urgency) for key, kind in ADVERSE_EVENTS.items()),
        exercises=tuple(dict(exercises).items()),
        rules=pain_thresholds(),
    )


@get("/my/more", name="my more", opt=rule("patient", "read other entries"))
@in_thread
def more_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Offer the diary of standing, shoes, steps and a break."""
    case = my_case(request)
    if first := gate(request, case):
        return first
    today = today_of(request)
    days = {own_day(event): event for event in case.events if isinstance(event, StandingDay)}
    recent = tuple(day for day in sorted(days, reverse=True) if (today - day).days < DIARY_DAYS)
    return show(
        request,
        "my_more.html.j2",
        case,
        tab="more",
        title="More entries",
        today=today,
        diary=tuple((day, days[day]) for day in recent),
        diary_days=DIARY_DAYS,
        shoes=read_keys("history")["footwear"].words,
        rules=pain_thresholds(),
    )


ROUTES = (sending, logging, event_page, more_page)
