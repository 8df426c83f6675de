"""The first account of an installation."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Redirect

from kinechain.core.errors import InputError
from kinechain.web.access import address_of, rule
from kinechain.web.forms import read_form
from kinechain.web.pages.signing_in import hashing, signed_cookies
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.signing_in import SignedIn, sign_in
from kinechain.workspace.starting import is_start_token, start

__all__ = ["ROUTES"]

FIELDS = ("clinic", "name", "email")


@get("/start/{token:str}", name="start", opt=rule("public", limit="guess"))
@in_thread
def start_page(request: Request[Any, Any, Any], token: str) -> Response[str]:
    """Ask for the clinic and the account that manages it."""
    _check(request, token)
    return _form(request, 200, {})


def _check(request: Request[Any, Any, Any], token: str) -> None:
    if not is_start_token(request.app.state.place, token):
        raise NotFoundException("there is no such page; the first account is made once, where kinechain serve says")


def _form(request: Request[Any, Any, Any], status: int, fields: dict[str, str], fault: str = "") -> Response[str]:
    told = {name: fields.get(name, "") for name in FIELDS}
    return page(request, "start.html.j2", status, title="Make the first account", told=told, fault=fault)


@post("/start/{token:str}", name="starting", opt=rule("public", limit="guess"), status_code=200)
async def starting(request: Request[Any, Any, Any], token: str) -> Response[Any]:
    """Make the clinic and its first account, and begin a session."""
    fields, place = await read_form(request), request.app.state.place
    await to_thread.run_sync(_check, request, token)
    email, password = fields.get("email", ""), fields.get("password", "")

    def make() -> SignedIn:
        if password != fields.get("again", ""):
            raise InputError("the two passwords differ; type the same one twice")
        start(place, token, fields.get("clinic", ""), email, fields.get("name", ""), password)
        return sign_in(place.database, email, password, address_of(request))

    try:
        signed = await hashing(request, make)
    except InputError as error:
        return _form(request, 400, fields, str(error))
    return Redirect("/patients", cookies=signed_cookies(request, signed))


ROUTES = (start_page, starting)
