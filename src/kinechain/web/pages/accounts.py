"""The own account (password, sessions, tokens), and for administrators the accounts of the clinic."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.response import Redirect

from kinechain.core.errors import InputError
from kinechain.web.access import rule, visitor_of
from kinechain.web.forms import read_form
from kinechain.web.pages.signing_in import hashing
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.accounts import disable_account, enable_account, invite, invite_again, read_team, set_role
from kinechain.workspace.signing_in import change_password, end_own, end_own_all, make_token, own_sessions

__all__ = ["ROUTES"]

DAYS = 90


@get("/account", name="account", opt=rule("staff", browser=True))
@in_thread
def account_page(request: Request[Any, Any, Any]) -> Response[str]:
    """Show the own sessions and tokens."""
    return _account(request)


def _account(
    request: Request[Any, Any, Any], status: int = 200, *, fault: str = "", token: str = "", said: str = ""
) -> Response[str]:
    visitor = visitor_of(request)
    held = own_sessions(request.app.state.database, visitor.actor)
    return page(
        request,
        "account.html.j2",
        status,
        title="Account",
        sessions=[item for item in held if item.kind == "browser"],
        tokens=[item for item in held if item.kind == "token"],
        days=DAYS,
        fault=fault,
        token=token,
        said=said,
    )


@post("/account/password", name="change password", opt=rule("staff", browser=True), status_code=200)
async def changing_password(request: Request[Any, Any, Any]) -> Response[str]:
    """Change the own password."""
    fields, visitor = await read_form(request), visitor_of(request)

    def change() -> Response[str]:
        try:
            if fields.get("new", "") != fields.get("again", ""):
                raise InputError("the two new passwords differ; type the same one twice")
            database, old, new = request.app.state.database, fields.get("old", ""), fields.get("new", "")
            change_password(database, visitor.actor, visitor.session, old, new)
        except InputError as error:
            return _account(request, 400, fault=str(error))
        return _account(request, said="The password was changed. Every other session and every token has ended.")

    return await hashing(request, change)


@post("/account/sessions/end-others", name="sign out everywhere", opt=rule("staff", browser=True), status_code=200)
@in_thread
def ending_others(request: Request[Any, Any, Any]) -> Redirect:
    """End every other own session."""
    visitor = visitor_of(request)
    end_own_all(request.app.state.database, visitor.actor, visitor.session)
    return Redirect("/account")


@post("/account/sessions/{session_code:str}/end", name="end session", opt=rule("staff", browser=True), status_code=200)
@in_thread
def ending(request: Request[Any, Any, Any], session_code: str) -> Redirect:
    """End one of the own sessions, or revoke a token."""
    end_own(request.app.state.database, visitor_of(request).actor, session_code)
    return Redirect("/account")


@post("/account/tokens", name="make token", opt=rule("staff", browser=True), status_code=200)
async def making_token(request: Request[Any, Any, Any]) -> Response[str]:
    """Make a token for the API, and show it once."""
    fields = await read_form(request)

    def make() -> Response[str]:
        days = fields.get("days", "")
        try:
            if not (days.isascii() and days.isdigit() and len(days) < 5):
                raise InputError("for how many days? a whole number, such as 90")
            actor = visitor_of(request).actor
            token = make_token(request.app.state.database, actor, fields.get("name", ""), int(days))
        except InputError as error:
            return _account(request, 400, fault=str(error))
        return _account(request, token=token)

    return await to_thread.run_sync(make)


@get("/clinic", name="clinic", opt=rule("admin"))
@in_thread
def clinic_page(request: Request[Any, Any, Any]) -> Response[str]:
    """Show the accounts of the clinic."""
    return _clinic(request)


def _clinic(
    request: Request[Any, Any, Any], status: int = 200, *, fault: str = "", url: str = "", name: str = ""
) -> Response[str]:
    team = read_team(request.app.state.database, visitor_of(request).actor)
    return page(request, "clinic.html.j2", status, title="Clinic", team=team, fault=fault, url=url, name=name)


@post("/clinic/accounts", name="invite", opt=rule("admin"), status_code=200)
async def inviting(request: Request[Any, Any, Any]) -> Response[str]:
    """Add an account, and show the address where its owner chooses a password, once."""
    fields = await read_form(request)

    def add() -> Response[str]:
        place, actor = request.app.state.place, visitor_of(request).actor
        try:
            named = fields.get("email", ""), fields.get("name", ""), fields.get("role", "")
            made, url = invite(place, actor, *named)
        except InputError as error:
            return _clinic(request, 400, fault=str(error))
        return _clinic(request, url=url, name=made.name)

    return await to_thread.run_sync(add)


@post("/clinic/accounts/{account_id:str}/invite", name="invite again", opt=rule("admin"), status_code=200)
@in_thread
def inviting_again(request: Request[Any, Any, Any], account_id: str) -> Response[str]:
    """Show an address where the owner of an account chooses a new password."""
    found, url = invite_again(request.app.state.place, visitor_of(request).actor, account_id)
    return _clinic(request, url=url, name=found.name)


@post("/clinic/accounts/{account_id:str}/disable", name="disable account", opt=rule("admin"), status_code=200)
@in_thread
def disabling(request: Request[Any, Any, Any], account_id: str) -> Redirect:
    """Let somebody in no more."""
    disable_account(request.app.state.database, visitor_of(request).actor, account_id)
    return Redirect("/clinic")


@post("/clinic/accounts/{account_id:str}/enable", name="enable account", opt=rule("admin"), status_code=200)
@in_thread
def enabling(request: Request[Any, Any, Any], account_id: str) -> Redirect:
    """Let somebody in again."""
    enable_account(request.app.state.database, visitor_of(request).actor, account_id)
    return Redirect("/clinic")


@post("/clinic/accounts/{account_id:str}/role", name="change role", opt=rule("admin"), status_code=200)
async def changing_role(request: Request[Any, Any, Any], account_id: str) -> Redirect:
    """Let somebody manage the accounts of the clinic, or no more."""
    fields, actor = await read_form(request), visitor_of(request).actor
    await to_thread.run_sync(set_role, request.app.state.database, actor, account_id, fields.get("role", ""))
    return Redirect("/clinic")


ROUTES = (
    *(account_page, changing_password, ending_others, ending, making_token),
    *(clinic_page, inviting, inviting_again, disabling, enabling, changing_role),
)
