"""Signing in and out: sessions of browsers, tokens of the API, invitations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from kinechain.core.errors import InputError
from kinechain.store.accounts import Account, account_by_id, change_account, find_account
from kinechain.store.audit import Actor, record
from kinechain.store.clock import now
from kinechain.store.database import Database
from kinechain.store.limits import add_attempt, attempt_key, forget_attempts, hold_attempts, wait_for
from kinechain.store.sessions import (
    Session,
    add_session,
    end_session,
    end_sessions,
    find_session,
    sessions_of,
    token_digest,
)
from kinechain.workspace.passwords import check_password, hash_again, hash_password, is_outdated

__all__ = [
    "DEVICE_DAYS",
    "MOST_DEVICES",
    "SignedIn",
    "WaitError",
    "accept_invitation",
    "change_password",
    "end_own",
    "end_own_all",
    "invited",
    "make_token",
    "own_sessions",
    "sign_in",
    "sign_out",
]

#: Wrong passwords of one account from one address, or from one browser it signed in from before, until those must wait;
#: within `store.limits.WINDOW`.
ACCOUNT_TRIES = 5
#: From one address, and of one account from everywhere, until all must wait but the browsers it signed in from before:
#: so nobody shuts somebody out of their own browser by guessing (choices).
ADDRESS_TRIES, EVERYWHERE_TRIES = 20, 25
#: So long a browser counts as one that was used before.
DEVICE_DAYS = timedelta(days=180)
#: So many people of a clinic may share one browser.
MOST_DEVICES = 8
#: How long a token of the API may last, days, and how many one account may have.
TOKEN_DAYS, MOST_TOKENS = range(1, 366), 20

WRONG = "this address and password do not go together; try again, or ask who manages your clinic's accounts"
CLOSED = "this invitation was used, has ended, or never was one; ask who manages your clinic's accounts for another"


class WaitError(InputError):
    """There were too many tries; ``seconds`` tells when the next one is heard."""

    def __init__(self, wait: timedelta) -> None:
        self.seconds = max(1, math.ceil(wait.total_seconds()))
        minutes = math.ceil(self.seconds / 60)
        super().__init__(
            f"too many tries with this address or from this place; wait {minutes} minute{'s' * (minutes != 1)} "
            "and try again"
        )


@dataclass(frozen=True)
class SignedIn:
    """A session that has begun; ``token`` goes into the cookie and is kept nowhere.

    ``device`` is what the browser shows at the next sign-in; it opens nothing, and '' where the browser has one.
    """

    token: str
    session: Session
    account: Account
    device: str = ""


def sign_in(
    database: Database, email: str, password: str, address: str = "", before: str = "", devices: Sequence[str] = ()
) -> SignedIn:
    """Begin a session of an account.

    Parameters
    ----------
    database : Database
    email, password : str
    address : str
        Where the try comes from; wrong ones are counted against a digest of it.
    before : str
        Token of the session the browser had, which ends.
    devices : sequence of str
        `SignedIn.device` of earlier sign-ins from this browser.

    Raises
    ------
    InputError
        If there is no such account, or the password is another one: which of the two is not said.
    WaitError
        If there were too many tries, whether there is such an account or not.
    """
    email = email.strip().casefold()
    by_address = attempt_key("address", address)
    with database.writing() as connection:
        hold_attempts(connection, attempt_key("account", email))
        found = find_account(connection, email)
        counted = _counted(email, address, _device(connection, found, devices))
        _check_tries(connection, counted, by_address)
        # Counted before it is looked at: of many tries at once, no more than the limit are looked at.
        add_attempt(connection, *counted.tries)
    is_right = check_password(found.password_hash if found else "", password)
    renewed = hash_again(password) if is_right and found and is_outdated(found.password_hash) else ""
    with database.writing() as connection:
        # Asked again: it may have been disabled while the password was looked at.
        known = account_by_id(connection, found.id) if found else None
        if known is None or not is_right or known.disabled_at or known.password_hash != (found and found.password_hash):
            if not counted.is_known:
                add_attempt(connection, by_address)
            record(connection, _actor(known), "refused sign in")
            signed = None
        else:
            for key in counted.tries:
                forget_attempts(connection, key)
            if renewed:
                change_account(connection, known.id, password_hash=renewed)
            if before:
                end_session(connection, token_digest(before))
            token, session = add_session(connection, account_id=known.id)
            device = "" if counted.is_known else _add_device(connection, known)
            record(connection, _actor(known), "sign in")
            signed = SignedIn(token, session, known, device)
    if signed is None:
        raise InputError(WRONG)
    return signed


@dataclass(frozen=True)
class _Counted:
    """How many tries each key may have that a try is counted by; ``is_known`` if from a browser used before."""

    tries: Mapping[str, int]
    is_known: bool


def _counted(email: str, address: str, device: str) -> _Counted:
    if device:
        return _Counted({attempt_key("device", device): ACCOUNT_TRIES}, True)
    pair = attempt_key("account from", f"{email} {address}")
    return _Counted({pair: ACCOUNT_TRIES, attempt_key("account", email): EVERYWHERE_TRIES}, False)


def _check_tries(connection: Connection, counted: _Counted, by_address: str) -> None:
    limits = counted.tries if counted.is_known else {**counted.tries, by_address: ADDRESS_TRIES}
    waits = [wait for key, most in limits.items() if (wait := wait_for(connection, key, most))]
    if waits:
        raise WaitError(max(waits))


def _device(connection: Connection, account: Account | None, devices: Sequence[str]) -> str:
    """Return the digest of the browser if the account signed in from it before, else ''."""
    for token in devices[:MOST_DEVICES]:
        found = find_session(connection, token, "device")
        if account and found and found.actor.id == account.id:
            return found.session.digest
    return ""


def _add_device(connection: Connection, account: Account) -> str:
    end = now() + DEVICE_DAYS
    return add_session(connection, account_id=account.id, kind="device", expires_at=end)[0]


def _actor(found: Account | None) -> Actor:
    """Return whom the audit trail names for a try to sign in."""
    if found is None:
        return Actor("command", "sign-in")
    return Actor("admin" if found.role == "admin" else "clinician", found.id, found.name, found.clinic_id)


def sign_out(database: Database, actor: Actor, session: Session) -> None:
    """End the session of a browser.

    Parameters
    ----------
    database : Database
    actor : Actor
    session : Session
    """
    with database.writing() as connection:
        end_session(connection, session.digest)
        record(connection, actor, "sign out")


def own_sessions(database: Database, actor: Actor) -> tuple[Session, ...]:
    """Return the sessions and tokens of whoever asks.

    Parameters
    ----------
    database : Database
    actor : Actor
        Of the staff.
    """
    with database.reading() as connection:
        return sessions_of(connection, actor.id)


def end_own(database: Database, actor: Actor, code: str) -> None:
    """End one of the own sessions or tokens.

    Parameters
    ----------
    database : Database
    actor : Actor
    code : str
        `Session.code`.

    Raises
    ------
    InputError
        If nothing of one's own is called so.
    """
    with database.writing() as connection:
        (found,) = [item for item in sessions_of(connection, actor.id) if item.code == code] or (None,)
        if found is None:
            raise InputError("this is no session or token of yours, or it has ended; load the page again")
        end_session(connection, found.digest)
        record(connection, actor, "end session" if found.kind == "browser" else "revoke token", detail={"code": code})


def end_own_all(database: Database, actor: Actor, session: Session) -> None:
    """End every own session of a browser but the present one; tokens go on.

    Parameters
    ----------
    database : Database
    actor : Actor
    session : Session
    """
    with database.writing() as connection:
        end_sessions(connection, account_id=actor.id, kinds=("browser",), but=session.digest)
        record(connection, actor, "sign out everywhere")


def make_token(database: Database, actor: Actor, name: str, days: int) -> str:
    """Make a token for the API and return it; it is shown once and kept nowhere.

    Parameters
    ----------
    database : Database
    actor : Actor
        Of the staff; the token may do what they may, save managing accounts and tokens.
    name : str
        What it is for.
    days : int

    Raises
    ------
    InputError
        If name or days are impossible, or there are too many.
    """
    name = " ".join(name.split())
    if not 1 <= len(name) <= 60 or not name.isprintable():
        raise InputError("a token needs a name of 1 to 60 characters that says what it is for")
    if days not in TOKEN_DAYS:
        raise InputError(f"a token lasts {TOKEN_DAYS.start} to {TOKEN_DAYS.stop - 1} days; choose another number")
    with database.writing() as connection:
        if sum(item.kind == "token" for item in sessions_of(connection, actor.id)) >= MOST_TOKENS:
            raise InputError(f"one account has at most {MOST_TOKENS} tokens; revoke one that is not needed")
        end = now() + timedelta(days=days)
        token, made = add_session(connection, account_id=actor.id, kind="token", name=name, expires_at=end)
        record(connection, actor, "make token", detail={"code": made.code, "days": days})
    return token


def change_password(database: Database, actor: Actor, session: Session, old: str, new: str, address: str = "") -> None:
    """Change the own password; every other session ends, and so does every token.

    Parameters
    ----------
    database : Database
    actor : Actor
    session : Session
        The present one, which goes on.
    old, new : str
    address : str

    Raises
    ------
    InputError
        If the old password is another one.
    SettingError
        If the new one is too simple.
    """
    by_account = attempt_key("password", actor.id)
    with database.writing() as connection:
        hold_attempts(connection, by_account)
        if wait := wait_for(connection, by_account, ACCOUNT_TRIES):
            raise WaitError(wait)
        add_attempt(connection, by_account)
        found = account_by_id(connection, actor.id)
    if found is None or not check_password(found.password_hash, old):
        raise InputError("the present password is another one; try again")
    hashed = hash_password(new, found.email)
    with database.writing() as connection:
        forget_attempts(connection, by_account)
        _set_password(connection, found, hashed, but=session.digest)
        record(connection, actor, "change password")


def _set_password(connection: Connection, found: Account, hashed: str, but: str = "") -> None:
    change_account(connection, found.id, password_hash=hashed)
    forget_attempts(connection, attempt_key("account", found.email))
    end_sessions(connection, account_id=found.id, but=but)


def invited(database: Database, token: str) -> Account:
    """Return whom an invitation invites.

    Parameters
    ----------
    database : Database
    token : str

    Raises
    ------
    InputError
        If it invites nobody, or was used.
    """
    with database.reading() as connection:
        return _invited(connection, token)[0]


def _invited(connection: Connection, token: str) -> tuple[Account, Session]:
    found = find_session(connection, token, "invite")
    account = account_by_id(connection, found.actor.id) if found else None
    if found is None or account is None:
        raise InputError(CLOSED)
    return account, found.session


def accept_invitation(database: Database, token: str, fields: Mapping[str, str]) -> SignedIn:
    """Choose the password of an account one was invited to, once, and begin a session.

    Parameters
    ----------
    database : Database
    token : str
    fields : mapping
        ``password``, and ``again`` the same.

    Raises
    ------
    InputError
        If the invitation was used or has ended, or the two differ.
    SettingError
        If the password is too simple.
    """
    account = invited(database, token)
    if fields.get("password", "") != fields.get("again", ""):
        raise InputError("the two passwords differ; type the same one twice")
    hashed = hash_password(fields.get("password", ""), account.email)
    with database.writing() as connection:
        account, invitation = _invited(connection, token)
        # The statement that ends it decides who was first.
        if not end_session(connection, invitation.digest):
            raise InputError(CLOSED)
        _set_password(connection, account, hashed)
        begun, session = add_session(connection, account_id=account.id)
        device = _add_device(connection, account)
        record(connection, _actor(account), "choose password")
    return SignedIn(begun, session, account, device)
