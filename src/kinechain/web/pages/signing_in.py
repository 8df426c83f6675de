"""Signing in and out, and choosing the password of an account one was invited to."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.exceptions import TooManyRequestsException
from litestar.response import Redirect

from kinechain.core.errors import InputError
from kinechain.web.access import (
    COOKIE,
    PATIENT_COOKIE,
    address_of,
    cookie_name,
    rule,
    session_cookie,
    visitor_of,
)
from kinechain.web.forms import read_form
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.accounts import is_new
from kinechain.workspace.signing_in import (
    DEVICE_DAYS,
    MOST_DEVICES,
    SignedIn,
    WaitError,
    accept_invitation,
    invited,
    sign_in,
    sign_out,
)

__all__ = ["ROUTES", "hashing", "signed_cookies"]

Answer = TypeVar("Answer")

HOME = "/patients"
#: Says who signed in from a browser before; it opens nothing.
DEVICE_COOKIE = "kinechain_device"
#: A page of this workspace: browsers drop blanks and control characters, and take '\\' for '/'.
OWN_PAGE = re.compile(r"/(?![/\\])[!-\[\]-~]*")
#: So many people may wait for their password to be looked at.
MOST_WAITING = 100


async def hashing(request: Request[Any, Any, Any], work: Callable[[], Answer]) -> Answer:
    """Do work that hashes a password: in a thread, few at a time, so that the others go on.

    Parameters
    ----------
    request : Request
    work : callable

    Raises
    ------
    TooManyRequestsException
        If too many wait already.
    """
    limiter: CapacityLimiter = request.app.state.hashing
    if limiter.statistics().tasks_waiting >= MOST_WAITING:
        raise TooManyRequestsException("many people sign in at once; try again", headers={"Retry-After": "5"})
    return await to_thread.run_sync(work, limiter=limiter)


def devices_of(request: Request[Any, Any, Any]) -> list[str]:
    """Return what a browser shows of earlier sign-ins, of each person who signed in from it.

    Parameters
    ----------
    request : Request
    """
    held = request.cookies.get(cookie_name(DEVICE_COOKIE, request.app.state.place), "")
    return held.split(".")[:MOST_DEVICES] if held else []


def signed_cookies(request: Request[Any, Any, Any], signed: SignedIn) -> list[Cookie]:
    """Return the cookies of whoever has just signed in.

    Parameters
    ----------
    request : Request
    signed : SignedIn
    """
    place = request.app.state.place
    cookies = [session_cookie(COOKIE, place, signed.token)]
    if signed.device:
        held = ".".join([signed.device, *devices_of(request)][:MOST_DEVICES])
        cookies.append(session_cookie(DEVICE_COOKIE, place, held, int(DEVICE_DAYS.total_seconds())))
    return cookies


def _next(target: str) -> str:
    """Return where to go after signing in: a page of this workspace, never another site."""
    return target if OWN_PAGE.fullmatch(target) else HOME


@get("/", name="home", opt=rule("public"), sync_to_thread=False)
def home(request: Request[Any, Any, Any]) -> Redirect:
    """Send patients to their day, and staff to their patients."""
    held = {name: cookie_name(name, request.app.state.place) in request.cookies for name in (COOKIE, PATIENT_COOKIE)}
    return Redirect("/my" if held[PATIENT_COOKIE] and not held[COOKIE] else HOME)


@get("/sign-in", name="sign in", opt=rule("public"))
@in_thread
def sign_in_page(request: Request[Any, Any, Any], next: str = HOME) -> Response[str]:
    """Show the form."""
    return _form(request, 200, _next(next))


def _form(request: Request[Any, Any, Any], status: int, target: str, email: str = "", fault: str = "") -> Response[str]:
    return page(
        request,
        "sign_in.html.j2",
        status,
        title="Sign in",
        next=target,
        email=email,
        fault=fault,
        is_new=is_new(request.app.state.database),
    )


@post("/sign-in", name="signing in", opt=rule("public"), status_code=200)
async def signing_in(request: Request[Any, Any, Any]) -> Response[Any]:
    """Begin a session, or say that it did not."""
    fields, place = await read_form(request), request.app.state.place
    email, password = fields.get("email", "")[:300], fields.get("password", "")
    target, before = _next(fields.get("next", "")), request.cookies.get(cookie_name(COOKIE, place), "")
    where = (address_of(request), before, devices_of(request))
    try:
        signed = await hashing(request, lambda: sign_in(place.database, email, password, *where))
    except WaitError as error:
        sentence, seconds = str(error), str(error.seconds)
        answer = await to_thread.run_sync(_form, request, 429, target, email, sentence)
        answer.headers["Retry-After"] = seconds
        return answer
    except InputError as error:
        return await to_thread.run_sync(_form, request, 401, target, email, str(error))
    return Redirect(target, cookies=signed_cookies(request, signed))


@post("/sign-out", name="sign out", opt=rule("staff", browser=True), status_code=200)
@in_thread
def signing_out(request: Request[Any, Any, Any]) -> Redirect:
    """End the session."""
    place, visitor = request.app.state.place, visitor_of(request)
    sign_out(place.database, visitor.actor, visitor.session)
    return Redirect("/sign-in", cookies=[session_cookie(COOKIE, place, "", max_age=0)])


@get("/invitation/{token:str}", name="invitation", opt=rule("public", limit="guess"))
@in_thread
def invitation_page(request: Request[Any, Any, Any], token: str) -> Response[str]:
    """Ask somebody who was invited for a password."""
    account = invited(request.app.state.database, token)
    return page(request, "invitation.html.j2", title="Choose a password", account=account, fault="")


@post("/invitation/{token:str}", name="accept invitation", opt=rule("public", limit="guess"), status_code=200)
async def accepting(request: Request[Any, Any, Any], token: str) -> Response[Any]:
    """Keep the password and begin a session."""
    fields, place = await read_form(request), request.app.state.place
    account = await to_thread.run_sync(invited, place.database, token)
    try:
        signed = await hashing(request, lambda: accept_invitation(place.database, token, fields))
    except InputError as error:
        return page(request, "invitation.html.j2", 400, title="Choose a password", account=account, fault=str(error))
    return Redirect(HOME, cookies=signed_cookies(request, signed))


ROUTES = (home, sign_in_page, signing_in, signing_out, invitation_page, accepting)
