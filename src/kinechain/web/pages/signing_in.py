"""Signing in and out."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect

from kinechain.core.errors import InputError
from kinechain.store.sessions import end_session
from kinechain.web.access import COOKIE, rule, visitor_of
from kinechain.web.forms import read_form
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.accounts import sign_in
from kinechain.workspace.place import Place

__all__ = ["ROUTES"]


def _next(target: str) -> str:
    """Return where to go after signing in: a page of this workspace, never another site."""
    return target if target.startswith("/") and not target.startswith("//") and "\\" not in target else "/patients"


@get("/", name="home", opt=rule("public"), sync_to_thread=False)
def home() -> Redirect:
    """Send staff to their patients."""
    return Redirect("/patients")


@get("/sign-in", name="sign in", opt=rule("public"))
@in_thread
def sign_in_page(request: Request[Any, Any, Any], next: str = "/patients") -> Response[str]:
    """Show the form."""
    return page(request, "sign_in.html.j2", title="Sign in", next=_next(next), fault="", email="")


@post("/sign-in", name="signing in", opt=rule("public"), status_code=200)
async def signing_in(request: Request[Any, Any, Any]) -> Response[Any]:
    """Begin a session, or say that it did not."""
    fields, place = await read_form(request), request.app.state.place
    email, password = fields.get("email", ""), fields.get("password", "")
    target = _next(fields.get("next", ""))
    try:
        signed = await to_thread.run_sync(sign_in, place.database, email, password)
    except InputError as error:
        return page(request, "sign_in.html.j2", 401, title="Sign in", next=target, fault=str(error), email=email)
    return Redirect(target, cookies=[_cookie(place, signed.token)])


@post("/sign-out", name="sign out", opt=rule("staff"), status_code=200)
@in_thread
def sign_out(request: Request[Any, Any, Any]) -> Redirect:
    """End the session."""
    place = request.app.state.place
    with place.database.writing() as connection:
        end_session(connection, visitor_of(request).session.digest)
    return Redirect("/sign-in", cookies=[_cookie(place, "", max_age=0)])


def _cookie(place: Place, token: str, max_age: int | None = None) -> Cookie:
    return Cookie(
        key=COOKIE, value=token, path="/", httponly=True, samesite="lax", secure=place.is_secure, max_age=max_age
    )


ROUTES = (home, sign_in_page, signing_in, sign_out)
