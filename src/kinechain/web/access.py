"""Who may call a route, decided in one place before its handler runs, and written into the audit trail there."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from anyio import to_thread
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.exceptions import (
    NotAuthorizedException,
    NotFoundException,
    PermissionDeniedException,
    TooManyRequestsException,
)
from litestar.handlers.base import BaseRouteHandler

from kinechain.store.audit import Actor, record
from kinechain.store.database import Database
from kinechain.store.sessions import Found, Session, find_session, touch_session
from kinechain.web.limits import Kind, Limits
from kinechain.workspace.place import Place

__all__ = [
    "COOKIE",
    "PATIENT_COOKIE",
    "Access",
    "Visitor",
    "address_of",
    "check_access",
    "cookie_name",
    "rule",
    "session_cookie",
    "visitor_of",
]

#: Cookies of the two kinds of session; a browser may hold one of each.
COOKIE, PATIENT_COOKIE = "kinechain_session", "kinechain_patient"
#: Of a number in a path.
LARGEST_NUMBER = 2**31 - 1
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

#: 'public': everybody. 'staff': whoever signed in. 'admin': who manages the clinic's accounts. 'case': staff of the
#: clinic of the patient named in the path. 'patient': whoever came in by a link, for themself alone.
Access = Literal["public", "staff", "admin", "case", "patient"]


@dataclass(frozen=True)
class Visitor:
    """Who sent a request.

    Attributes
    ----------
    actor : Actor
    session : Session
    """

    actor: Actor
    session: Session

    @property
    def csrf(self) -> str:
        """What every form and every unsafe request of this session carries."""
        return self.session.csrf


@dataclass(frozen=True)
class Asked:
    """What a request asks for, as far as rights go."""

    access: Access
    action: str
    token: str
    is_bearer: bool
    #: None where none is needed.
    csrf: str | None
    patient_id: str


def rule(access: Access, action: str = "", *, limit: Kind | None = None, browser: bool = False) -> dict[str, Any]:
    """Return the ``opt`` of a route; a route without one is refused, and fails a test.

    Parameters
    ----------
    access : Access
    action : str
        What the audit trail calls it, such as 'read plan'; '' only where no health data is read or written.
    limit : Kind, optional
        Of a route that costs much, or where secrets could be guessed.
    browser : bool
        Refuse tokens of the API; so is every route of 'admin'.
    """
    return {"access": access, "action": action, "limit": limit, "browser": browser or access == "admin"}


def visitor_of(request: Request[Any, Any, Any]) -> Visitor:
    """Return who sent a request to a route that is not public.

    Parameters
    ----------
    request : Request
    """
    visitor: Visitor = request.scope["state"]["visitor"]
    return visitor


def address_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Return the address a request came from, as the server saw it; headers that claim another are not believed here.

    Parameters
    ----------
    connection : ASGIConnection
    """
    return connection.client.host if connection.client else ""


def cookie_name(name: str, place: Place) -> str:
    """Return what a cookie is called: by https, so that no other host of the domain can set it.

    Parameters
    ----------
    name : COOKIE or PATIENT_COOKIE
    place : Place
    """
    return f"__Host-{name}" if place.is_secure else name


def session_cookie(name: str, place: Place, token: str, max_age: int | None = None) -> Cookie:
    """Return the cookie of a session; scripts cannot read it, and other sites' requests do not carry it.

    Parameters
    ----------
    name : COOKIE or PATIENT_COOKIE
    place : Place
    token : str
        '' with ``max_age=0`` takes it away.
    max_age : int, optional
        Seconds; without, until the browser is closed.
    """
    return Cookie(
        key=cookie_name(name, place),
        value=token,
        path="/",
        httponly=True,
        samesite="lax",
        secure=place.is_secure,
        max_age=max_age,
    )


async def check_access(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let a request through to its handler, or refuse it.

    Parameters
    ----------
    connection : ASGIConnection
    handler : BaseRouteHandler

    Raises
    ------
    NotAuthorizedException
        If nobody is signed in, or the session has ended.
    PermissionDeniedException
        If the request came from another site, without the session's token, or from somebody without the right.
    NotFoundException
        If the patient is another clinic's: that they exist is not said.
    TooManyRequestsException
        If the same session or address asked too often.
    """
    access: Access | None = handler.opt.get("access")
    if access is None:
        raise PermissionDeniedException("this route has no rule of access")
    place: Place = connection.app.state.place
    is_safe = str(connection.scope.get("method", "GET")) in SAFE_METHODS
    if not is_safe:
        _check_origin(connection, place)
    limit: Kind | None = handler.opt.get("limit")
    if access == "public":
        if limit:
            _check_guesses(connection, limit)
        return
    token, is_bearer = _token(connection, access, place)
    if not token:
        raise NotAuthorizedException("please sign in")
    if is_bearer and handler.opt.get("browser"):
        raise PermissionDeniedException("this is done in a browser, not with a token")
    csrf = None if is_safe or is_bearer else await _given_csrf(connection)
    _check_numbers(connection)
    patient_id = str(connection.path_params.get("patient_id", ""))
    asked = Asked(access, handler.opt.get("action", ""), token, is_bearer, csrf, patient_id)
    visitor = await to_thread.run_sync(_admit, place.database, asked)
    connection.scope["state"]["visitor"] = visitor
    if limit:
        _refuse_haste(_limits(connection).take(limit, visitor.session.digest))


def _check_numbers(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Refuse numbers that no database can hold."""
    for value in connection.path_params.values():
        if isinstance(value, int) and not 0 <= value <= LARGEST_NUMBER:
            raise NotFoundException("there is nothing with this number")


def _token(connection: ASGIConnection[Any, Any, Any, Any], access: Access, place: Place) -> tuple[str, bool]:
    """Return the token of the session, and whether it is one of the API."""
    if access == "patient":
        return connection.cookies.get(cookie_name(PATIENT_COOKIE, place), ""), False
    header = connection.headers.get("authorization", "")
    if header.lower().startswith("bearer "):
        return header[7:].strip(), True
    return connection.cookies.get(cookie_name(COOKIE, place), ""), False


def _admit(database: Database, asked: Asked) -> Visitor:
    """Find the session and check the right in one statement; write both down before anything is answered."""
    with database.reading() as connection:
        found = find_session(connection, asked.token, "token" if asked.is_bearer else "browser", asked.patient_id)
    if found is None or found.actor.is_staff != (asked.access != "patient"):
        raise NotAuthorizedException("please open your link" if asked.access == "patient" else "please sign in")
    session = found.session
    if asked.csrf is not None and not secrets.compare_digest(asked.csrf.encode(), session.csrf.encode()):
        raise PermissionDeniedException("this form is from an earlier session; load the page again and repeat it")
    actor = replace(found.actor, request=str(uuid4()))
    if refusal := _refusal(found, asked.access):
        with database.writing() as connection:
            named = {"asked": _id(asked.patient_id)} if asked.patient_id else None
            record(connection, actor, f"refused {asked.action or 'page'}", detail=named)
        raise refusal
    if asked.access == "case":
        actor = replace(actor, patient_id=asked.patient_id)
    if asked.action or session.is_touch_due:
        with database.writing() as connection:
            if asked.action:
                record(connection, actor, asked.action, actor.patient_id)
            if session.is_touch_due:
                touch_session(connection, session.digest)
    return Visitor(actor, session)


def _refusal(found: Found, access: Access) -> PermissionDeniedException | NotFoundException | None:
    """Return why somebody who has a session may not do this; None if they may."""
    if access == "admin" and found.actor.kind != "admin":
        return PermissionDeniedException("this page is for who manages the accounts of the clinic")
    if access == "case" and found.holder != found.actor.clinic_id:
        return NotFoundException("there is no such patient in this clinic")
    return None


def _id(given: str) -> str:
    """Return an id as it was asked for; what is none may be anything, a name even, and is not kept."""
    try:
        return str(UUID(given))
    except ValueError:
        return ""


def _check_origin(connection: ASGIConnection[Any, Any, Any, Any], place: Place) -> None:
    """Refuse what another site sent: browsers say so, by one header or the other."""
    site = connection.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise PermissionDeniedException("this request came from another site")
    origin = connection.headers.get("origin")
    if origin is None or (origin == "null" and site == "same-origin"):
        return
    # A proxy may ask with a host of its own.
    if urlsplit(origin).netloc not in {connection.headers.get("host", ""), urlsplit(place.address).netloc}:
        raise PermissionDeniedException("this request came from another site")


async def _given_csrf(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Return the token of a request: of its header, else of its form, which is kept for the handler."""
    given = connection.headers.get("x-csrf-token", "")
    if given or not connection.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return given
    form = await Request[Any, Any, Any](connection.scope, connection.receive).form()
    return str(form.get("csrf", ""))


def _limits(connection: ASGIConnection[Any, Any, Any, Any]) -> Limits:
    limits: Limits = connection.app.state.limits
    return limits


def _check_guesses(connection: ASGIConnection[Any, Any, Any, Any], limit: Kind) -> None:
    """Refuse an address that guessed too often; whether this is another wrong one is seen from the answer."""
    key = address_of(connection)
    _refuse_haste(_limits(connection).wait(limit, key))
    connection.scope["state"]["guess"] = (limit, key)


def _refuse_haste(wait: int) -> None:
    if wait:
        raise TooManyRequestsException(
            f"too many requests; wait {wait} seconds and try again", headers={"Retry-After": str(wait)}
        )
