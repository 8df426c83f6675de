"""Who may call a route, decided in one place before its handler runs, and written into the audit trail there."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import uuid4

from anyio import to_thread
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, NotFoundException, PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler

from kinechain.store.audit import Actor, record
from kinechain.store.database import Database
from kinechain.store.people import find_patient
from kinechain.store.sessions import Session, find_session

__all__ = ["COOKIE", "PATIENT_COOKIE", "Access", "Visitor", "check_access", "rule", "visitor_of"]

#: Cookies of the two kinds of session; a browser may hold one of each.
COOKIE, PATIENT_COOKIE = "kinechain_session", "kinechain_patient"
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


def rule(access: Access, action: str = "") -> dict[str, Any]:
    """Return the ``opt`` of a route; a route without one is refused, and fails a test.

    Parameters
    ----------
    access : Access
    action : str
        What the audit trail calls it, such as 'read plan'; '' only where no health data is read or written.
    """
    return {"access": access, "action": action}


def visitor_of(request: Request[Any, Any, Any]) -> Visitor:
    """Return who sent a request to a route that is not public.

    Parameters
    ----------
    request : Request
    """
    visitor: Visitor = request.scope["state"]["visitor"]
    return visitor


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
    """
    access: Access | None = handler.opt.get("access")
    if access is None:
        raise PermissionDeniedException("this route has no rule of access")
    method = str(connection.scope.get("method", "GET"))
    is_safe = method in SAFE_METHODS
    if not is_safe:
        _check_origin(connection)
    if access == "public":
        return
    token, is_cookie = _token(connection, access)
    if not token:
        raise NotAuthorizedException("please sign in")
    patient_id = str(connection.path_params.get("patient_id", ""))
    visitor = await to_thread.run_sync(
        _admit, connection.app.state.database, token, access, patient_id, handler.opt.get("action", "")
    )
    connection.scope["state"]["visitor"] = visitor
    if is_cookie and not is_safe:
        await _check_csrf(connection, visitor.csrf)


def _token(connection: ASGIConnection[Any, Any, Any, Any], access: Access) -> tuple[str, bool]:
    """Return the token of the session, and whether a cookie brought it."""
    if access == "patient":
        return connection.cookies.get(PATIENT_COOKIE, ""), True
    header = connection.headers.get("authorization", "")
    if header.lower().startswith("bearer "):
        return header[7:].strip(), False
    return connection.cookies.get(COOKIE, ""), True


def _admit(database: Database, token: str, access: Access, patient_id: str, action: str) -> Visitor:
    """Find the session, check the right, and write both down, in one transaction."""
    with database.reading() as connection:
        found = find_session(connection, token)
        if found is None:
            raise NotAuthorizedException("please sign in")
        actor = replace(found.actor, request=str(uuid4()))
        subject = patient_id
        if access == "patient":
            if actor.kind != "patient":
                raise NotAuthorizedException("please open your link")
            subject = actor.patient_id
        elif not actor.is_staff or (access == "admin" and actor.kind != "admin"):
            raise PermissionDeniedException("this page is for other people of the clinic")
        elif access == "case":
            patient = find_patient(connection, patient_id)
            if patient is None or patient.clinic_id != actor.clinic_id or patient.erased_at is not None:
                raise NotFoundException("there is no such patient in this clinic")
            actor = replace(actor, patient_id=patient_id)
    if action:
        with database.writing() as connection:
            record(connection, actor, action, subject)
    return Visitor(actor, found.session)


def _check_origin(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Refuse what another site sent: browsers say so, by one header or the other."""
    site = connection.headers.get("sec-fetch-site")
    origin = connection.headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        raise PermissionDeniedException("this request came from another site")
    if origin is not None and urlsplit(origin).netloc != connection.headers.get("host", ""):
        raise PermissionDeniedException("this request came from another site")


async def _check_csrf(connection: ASGIConnection[Any, Any, Any, Any], wanted: str) -> None:
    given = connection.headers.get("x-csrf-token", "")
    content = connection.headers.get("content-type", "")
    if not given and content.startswith("application/x-www-form-urlencoded"):
        form = await Request[Any, Any, Any](connection.scope, connection.receive).form()
        given = str(form.get("csrf", ""))
    if not secrets.compare_digest(given.encode(), wanted.encode()):
        raise PermissionDeniedException("this form is from an earlier session; load the page again and repeat it")
