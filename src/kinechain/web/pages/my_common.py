"""What every page of a patient needs: their case, their day, what stands against their exercises, the frame."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from litestar import Request, Response
from litestar.response import Redirect

from kinechain.care.screening.red_flags import LOCKING
from kinechain.care.screening.screen import Flag, Screen
from kinechain.care.screening.settings import Settings, emergency_screen
from kinechain.evidence.wording import say
from kinechain.store.clock import now
from kinechain.web.access import visitor_of
from kinechain.web.render import page
from kinechain.workspace.case import Case, read_case
from kinechain.workspace.patient_intake import has_agreed

__all__ = ["READ_COOKIE", "Stop", "gate", "local_now", "my_case", "owner_code", "show", "stop_of", "today_of"]

#: Says which danger signs were read; gone with the browser, and after half an hour.
READ_COOKIE = "kinechain_read"
OFFSET_COOKIE = "kinechain_offset"
#: Furthest a clock can be from UTC, minutes.
FURTHEST = 14 * 60


@dataclass(frozen=True)
class Stop:
    """What stands against going on, as a patient reads it.

    Attributes
    ----------
    level : str
    title : str
    call, call_words : str
        Number to dial ('' where none was set), and the sentence about it.
    lines : tuple of str
    reasons : tuple of (str, str)
        What was asked and answered with yes, and what to do about it.
    crisis, crisis_number : str
        Of the crisis line; '' where it is not about that.
    digest : str
        Of the danger signs, so that a new one is shown again.
    """

    level: str
    title: str
    call: str
    call_words: str
    lines: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    crisis: str
    crisis_number: str
    digest: str


def my_case(request: Request[Any, Any, Any]) -> Case:
    """Return the case of the patient who asks.

    Parameters
    ----------
    request : Request
    """
    with request.app.state.database.reading() as connection:
        return read_case(connection, visitor_of(request).actor.patient_id)


def owner_code(request: Request[Any, Any, Any]) -> str:
    """Return what a phone knows the patient by, so that entries that wait on it are never sent as somebody else's.

    Parameters
    ----------
    request : Request
    """
    return hashlib.sha256(f"outbox:{visitor_of(request).actor.patient_id}".encode()).hexdigest()[:20]


def local_now(request: Request[Any, Any, Any]) -> datetime:
    """Return the moment by the clock of the phone, which tells its offset; else by that of the server.

    Parameters
    ----------
    request : Request
    """
    told = request.cookies.get(OFFSET_COOKIE, "")
    if re.fullmatch(r"-?\d{1,3}", told) and abs(int(told)) <= FURTHEST:
        return now().astimezone(timezone(timedelta(minutes=int(told))))
    return now().astimezone()


def today_of(request: Request[Any, Any, Any]) -> date:
    """Return the day it is where the patient is.

    Parameters
    ----------
    request : Request
    """
    return local_now(request).date()


def gate(request: Request[Any, Any, Any], case: Case) -> Redirect | None:
    """Return where a patient has to go first: to the agreement, or to what must be read before anything else.

    Parameters
    ----------
    request : Request
    case : Case
    """
    if not has_agreed(case, today_of(request)):
        return Redirect("/my/consent")
    stop = stop_of(request.app.state.place.settings, case.screened())
    if stop and request.cookies.get(READ_COOKIE) != stop.digest:
        return Redirect("/my/stop")
    return None


def show(request: Request[Any, Any, Any], template: str, case: Case, *, tab: str = "", **values: Any) -> Response[str]:
    """Return a page of a patient.

    Parameters
    ----------
    request : Request
    template : str
    case : Case
    tab : str
        Which of the main pages it belongs to.
    **values
    """
    level = case.screened().level
    has_given = has_agreed(case, today_of(request))
    return page(
        request,
        template,
        owner=owner_code(request),
        tab=tab,
        stands=level if level in LOCKING and has_given else "",
        has_agreed=has_given,
        clinic=request.app.state.place.settings.clinic,
        call=_dialled(request.app.state.place.settings.emergency_number),
        **values,
    )


def stop_of(settings: Settings, screen: Screen) -> Stop | None:
    """Return what a patient has to read before anything else; None if nothing stands against going on.

    Parameters
    ----------
    settings : Settings
    screen : Screen
    """
    raised = [flag for flag in screen.flags if flag.urgency in LOCKING and not flag.is_open]
    if screen.level not in LOCKING or not raised:
        return None
    reasons = tuple((flag.question, flag.advice or say(f"screen.advice_{flag.urgency}").text) for flag in raised)
    digest = hashlib.sha256(",".join(sorted(f"{f.id}:{f.answer}" for f in raised)).encode()).hexdigest()[:20]
    clinic = (say("letters.plan_clinic", clinic=settings.clinic).text,) if settings.clinic else ()
    if screen.level != "emergency":
        lines = (say("web.stop_until").text, *clinic, say("screen.nobody_watches").text)
        return Stop(screen.level, say(f"web.stop_{screen.level}").text, "", "", lines, reasons, "", "", digest)
    return _emergency(settings, screen, raised, reasons, digest)


def _emergency(
    settings: Settings, screen: Screen, raised: list[Flag], reasons: tuple[tuple[str, str], ...], digest: str
) -> Stop:
    said = {sentence.key: sentence.text for sentence in emergency_screen(settings, screen)}
    crisis = said.get("screen.crisis_line") or said.get("screen.crisis_line_local", "")
    rest = ("not_alone", "nobody_watches", "emergency_no_plan", "clinic")
    return Stop(
        level="emergency",
        title=said["screen.emergency_title"],
        call=_dialled(settings.emergency_number),
        call_words=said.get("screen.emergency_call") or said["screen.emergency_call_local"],
        lines=tuple(said[f"screen.{key}"] for key in rest if f"screen.{key}" in said),
        reasons=tuple(pair for pair, flag in zip(reasons, raised, strict=True) if flag.urgency == "emergency"),
        crisis=crisis,
        crisis_number=_dialled(settings.crisis_line) if crisis else "",
        digest=digest,
    )


def _dialled(number: str) -> str:
    """Return a number as a phone dials it; '' where there are no digits."""
    found = re.sub(r"[^\d+*#]", "", number)
    return found if any(character.isdigit() for character in found) else ""
