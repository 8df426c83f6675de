"""Signatures of clinicians: their key, danger signs they clear, clearances they take back."""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from litestar import Request, Response, get, post
from litestar.response import Redirect

from kinechain.care.screening.keyring import LEAST_PASSPHRASE
from kinechain.core.errors import InputError
from kinechain.store.audit import Actor
from kinechain.web.access import rule, visitor_of
from kinechain.web.forms import read_form
from kinechain.web.pages.plan import locked_values
from kinechain.web.render import page
from kinechain.web.threads import in_thread
from kinechain.workspace.case import read_case
from kinechain.workspace.clearing import (
    clear_flag,
    clearable,
    make_key,
    names_of_accounts,
    signatures,
    standing_key,
    withdraw_clearance,
)
from kinechain.workspace.place import Place

__all__ = ["ROUTES"]


@get("/patients/{patient_id:str}/sign-off", name="sign-off", opt=rule("case", "read sign-offs"))
@in_thread
def sign_off_page(request: Request[Any, Any, Any], patient_id: str) -> Response[str]:
    """Show the danger signs that can be cleared, and every clearance there was."""
    return _page(request, patient_id)


@post("/patients/{patient_id:str}/sign-off/clear", name="clear danger sign", opt=rule("case"), status_code=200)
async def clearing(request: Request[Any, Any, Any], patient_id: str) -> Response[Any]:
    """Sign that a danger sign was looked into."""
    fields, actor = await read_form(request), visitor_of(request).actor
    flag, reason, secret = (fields.get(name, "") for name in ("flag", "reason", "passphrase"))
    try:
        await to_thread.run_sync(clear_flag, request.app.state.database, actor, patient_id, flag, reason, secret)
    except InputError as error:
        return await to_thread.run_sync(_page, request, patient_id, str(error), flag, reason)
    return Redirect(f"/patients/{patient_id}/sign-off")


@post("/patients/{patient_id:str}/sign-off/withdraw", name="withdraw clearance", opt=rule("case"), status_code=200)
async def withdrawing(request: Request[Any, Any, Any], patient_id: str) -> Response[Any]:
    """Take a clearance back."""
    fields, actor = await read_form(request), visitor_of(request).actor
    signature, reason, secret = (fields.get(name, "") for name in ("signature", "reason", "passphrase"))
    database = request.app.state.database
    try:
        await to_thread.run_sync(withdraw_clearance, database, actor, patient_id, signature, reason, secret)
    except InputError as error:
        return await to_thread.run_sync(_page, request, patient_id, str(error), signature, reason)
    return Redirect(f"/patients/{patient_id}/sign-off")


@get("/signing-key", name="signing key", opt=rule("staff"))
@in_thread
def key_page(request: Request[Any, Any, Any], back: str = "") -> Response[str]:
    """Show the key of whoever is signed in, or how to make one."""
    return _key_page(request, back)


@post("/signing-key", name="make signing key", opt=rule("staff"), status_code=200)
async def making_key(request: Request[Any, Any, Any]) -> Response[Any]:
    """Make the key of whoever is signed in."""
    fields, actor = await read_form(request), visitor_of(request).actor
    secret, again, back = (fields.get(name, "") for name in ("passphrase", "again", "back"))
    try:
        await to_thread.run_sync(make_key, request.app.state.database, actor, secret, again)
    except InputError as error:
        return await to_thread.run_sync(_key_page, request, back, str(error))
    return Redirect(f"/patients/{back}/sign-off" if _is_id(back) else "/signing-key")


def _page(
    request: Request[Any, Any, Any], patient_id: str, fault: str = "", about: str = "", reason: str = ""
) -> Response[str]:
    place: Place = request.app.state.place
    with place.database.reading() as connection:
        case = read_case(connection, patient_id)
        names = names_of_accounts(connection, case.patient.clinic_id)
    key, no_key = _key(place, visitor_of(request).actor)
    return page(
        request,
        "sign_off.html.j2",
        400 if fault else 200,
        title=f"Sign-offs · {case.patient.name}",
        tab="plan",
        key=key,
        no_key=no_key,
        clearable=clearable(case),
        signed=signatures(case),
        names=names,
        fault=fault,
        about=about,
        reason=reason,
        **locked_values(case),
    )


def _key_page(request: Request[Any, Any, Any], back: str, fault: str = "") -> Response[str]:
    key, no_key = _key(request.app.state.place, visitor_of(request).actor)
    return page(
        request,
        "signing_key.html.j2",
        400 if fault else 200,
        title="Your signature",
        key=key,
        no_key=no_key,
        fault=fault,
        back=back if _is_id(back) else "",
        least=LEAST_PASSPHRASE,
    )


def _key(place: Place, actor: Actor) -> tuple[Any, str]:
    """Return the actor's key, and why they can have none."""
    try:
        return standing_key(place.database, actor), ""
    except InputError as error:
        return None, str(error)


def _is_id(text: str) -> bool:
    return len(text) == 36 and text.replace("-", "").isalnum()


ROUTES = (sign_off_page, clearing, withdrawing, key_page, making_key)
