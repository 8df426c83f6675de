"""The accounts of a clinic, managed by its administrators, or at the machine itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from kinechain.core.errors import InputError, SettingError
from kinechain.store.accounts import (
    Account,
    account_by_id,
    accounts_of,
    add_account,
    add_clinic,
    change_account,
    clinic_name,
    clinics_of,
    count_accounts,
    count_admins,
    find_account,
    hold_accounts,
)
from kinechain.store.audit import Actor, record
from kinechain.store.clock import now
from kinechain.store.database import Database
from kinechain.store.sessions import add_session, end_sessions
from kinechain.workspace.passwords import hash_password
from kinechain.workspace.place import Place

__all__ = [
    "Team",
    "add_at_machine",
    "disable_account",
    "enable_account",
    "invite",
    "invite_again",
    "is_new",
    "make_clinic",
    "name_of",
    "read_team",
    "set_password",
    "set_role",
]

ROLES = ("clinician", "admin")
#: How long an invitation can be used.
INVITED_FOR = timedelta(days=7)
EMAIL = re.compile(r"[^@\s<>\"'(),:;\\\[\]]{1,64}@[^@\s<>\"'(),:;\\\[\]]{1,189}")


@dataclass(frozen=True)
class Team:
    """A clinic and its accounts."""

    clinic: str
    accounts: tuple[Account, ...]


def name_of(given: str, what: str, longest: int = 60) -> str:
    """Return a name with its blanks put in order.

    Parameters
    ----------
    given : str
    what : str
        Whose it is, for the refusal.
    longest : int

    Raises
    ------
    InputError
        If it is empty, too long, or holds what cannot be printed.
    """
    name = " ".join(given.split())
    if not 1 <= len(name) <= longest or not name.isprintable():
        raise InputError(f"{what} needs a name of 1 to {longest} characters")
    return name


def _email_of(given: str) -> str:
    email = given.strip().casefold()
    if not EMAIL.fullmatch(email) or not email.isprintable():
        raise InputError("this is no e-mail address; one looks like ann@clinic.example")
    return email


def make_clinic(database: Database, clinic: str, email: str, name: str, password: str, by: str = "serve") -> Account:
    """Make a clinic and the account that manages it.

    Parameters
    ----------
    database : Database
    clinic, email, name, password : str
    by : str
        Command that makes it; 'start' makes the first one of all, and nothing where there is one.

    Raises
    ------
    InputError
        If a name or the address is impossible, or this would not be the first.
    SettingError
        If the password is too simple.
    """
    clinic, name, email = name_of(clinic, "a clinic", 120), name_of(name, "an account"), _email_of(email)
    hashed = hash_password(password, email)
    with database.writing() as connection:
        hold_accounts(connection)
        if by == "start" and count_accounts(connection):
            raise InputError("somebody has an account here already; ask them for an invitation")
        made = add_account(connection, add_clinic(connection, clinic), email, name, "admin", hashed)
        record(connection, Actor("command", by), "make clinic", clinic_id=made.clinic_id)
    return made


def add_at_machine(
    database: Database, email: str, new: tuple[str, str, str], ask: Callable[[], str], by: str = "account"
) -> Account:
    """Add an account at the machine itself, and its clinic where there is none of that name.

    Parameters
    ----------
    database : Database
    email : str
    new : (name, role, clinic)
        Without a role, the first account of a clinic manages it; without a clinic, it is the only one there is.
    ask : callable
        Returns the password; called once everything else is known to be possible.
    by : str
        Command.

    Raises
    ------
    InputError
        If the address is taken, or something is impossible.
    SettingError
        If the clinic is not known, or the password is too simple.
    """
    email, name = _email_of(email), name_of(new[0], "an account (--name)")
    if new[1]:
        _check_role(new[1])
    with database.reading() as connection:
        clinics = clinics_of(connection)
        if find_account(connection, email):
            raise InputError("there is an account with this address already")
    if not new[2] and len(clinics) != 1:
        known = ", ".join(f"'{given}'" for _, given in clinics) or "none yet"
        raise SettingError(f"of which clinic? name one with --clinic; there is: {known}")
    clinic = name_of(new[2] or clinics[0][1], "a clinic (--clinic)", 120)
    hashed = hash_password(ask(), email)
    with database.writing() as connection:
        hold_accounts(connection)
        there = [clinic_id for clinic_id, given in clinics_of(connection) if given.casefold() == clinic.casefold()]
        role = new[1] or ("clinician" if there else "admin")
        clinic_id = there[0] if there else add_clinic(connection, clinic)
        made = add_account(connection, clinic_id, email, name, role, hashed)
        record(connection, Actor("command", by), "add account", detail={"account": made.id}, clinic_id=clinic_id)
    return made


def is_new(database: Database) -> bool:
    """Tell whether nobody has an account yet.

    Parameters
    ----------
    database : Database
    """
    with database.reading() as connection:
        return count_accounts(connection) == 0


def read_team(database: Database, actor: Actor) -> Team:
    """Return the accounts of the actor's clinic.

    Parameters
    ----------
    database : Database
    actor : Actor
    """
    with database.reading() as connection:
        return Team(clinic_name(connection, actor.clinic_id), accounts_of(connection, actor.clinic_id))


def invite(place: Place, actor: Actor, email: str, name: str, role: str) -> tuple[Account, str]:
    """Add an account without a password, and return it with the address where its owner chooses one, once.

    Parameters
    ----------
    place : Place
    actor : Actor
        Administrator of the clinic.
    email, name : str
    role : 'clinician' or 'admin'

    Raises
    ------
    InputError
        If the address is taken or impossible.
    """
    name, email = name_of(name, "an account"), _email_of(email)
    _check_role(role)
    with place.database.writing() as connection:
        made = add_account(connection, actor.clinic_id, email, name, role, "")
        record(connection, actor, "invite account", detail={"account": made.id, "role": role})
        return made, _invitation(connection, place, made.id)


def invite_again(place: Place, actor: Actor, account_id: str) -> tuple[Account, str]:
    """Return an address where the owner of an account chooses a new password; earlier ones end, sessions go on.

    Parameters
    ----------
    place : Place
    actor : Actor
    account_id : str
    """
    with place.database.writing() as connection:
        found = _own(connection, actor, account_id)
        if found.disabled_at is not None:
            raise InputError("this account is disabled; enable it first")
        end_sessions(connection, account_id=account_id, kinds=("invite",))
        record(connection, actor, "invite again", detail={"account": account_id})
        return found, _invitation(connection, place, account_id)


def _invitation(connection: Connection, place: Place, account_id: str) -> str:
    token, _ = add_session(connection, account_id=account_id, kind="invite", expires_at=now() + INVITED_FOR)
    return f"{place.address}/invitation/{token}"


def disable_account(database: Database, actor: Actor, account_id: str) -> None:
    """Let somebody in no more; what they wrote stays theirs, their sessions and tokens end at once.

    Parameters
    ----------
    database : Database
    actor : Actor
    account_id : str

    Raises
    ------
    InputError
        If it is none of this clinic, or the last that manages it.
    """
    with database.writing() as connection:
        found = _own(connection, actor, account_id)
        change_account(connection, found.id, disabled_at=now())
        _check_managed(connection, found)
        end_sessions(connection, account_id=found.id)
        record(connection, actor, "disable account", detail={"account": found.id}, clinic_id=found.clinic_id)


def enable_account(database: Database, actor: Actor, account_id: str) -> None:
    """Let somebody in again who was disabled.

    Parameters
    ----------
    database : Database
    actor : Actor
    account_id : str
    """
    with database.writing() as connection:
        found = _own(connection, actor, account_id)
        change_account(connection, found.id, disabled_at=None)
        record(connection, actor, "enable account", detail={"account": found.id}, clinic_id=found.clinic_id)


def set_role(database: Database, actor: Actor, account_id: str, role: str) -> None:
    """Let somebody manage the accounts of the clinic, or no more.

    Parameters
    ----------
    database : Database
    actor : Actor
    account_id : str
    role : 'clinician' or 'admin'
    """
    _check_role(role)
    with database.writing() as connection:
        found = _own(connection, actor, account_id)
        change_account(connection, found.id, role=role)
        _check_managed(connection, found)
        named = {"account": found.id, "role": role}
        record(connection, actor, "change role", detail=named, clinic_id=found.clinic_id)


def set_password(database: Database, actor: Actor, account_id: str, password: str) -> None:
    """Set the password of somebody at the machine itself; their sessions and tokens end.

    Parameters
    ----------
    database : Database
    actor : Actor
        A command.
    account_id, password : str
    """
    with database.reading() as connection:
        found = _own(connection, actor, account_id, is_held=False)
    hashed = hash_password(password, found.email)
    with database.writing() as connection:
        change_account(connection, found.id, password_hash=hashed)
        end_sessions(connection, account_id=found.id)
        record(connection, actor, "set password", detail={"account": found.id}, clinic_id=found.clinic_id)


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise SettingError("a role is 'clinician' or 'admin'")


def _own(connection: Connection, actor: Actor, account_id: str, *, is_held: bool = True) -> Account:
    """Return an account the actor may change; commands at the machine may change every one."""
    if is_held and actor.clinic_id:
        hold_accounts(connection, actor.clinic_id)
    found = account_by_id(connection, account_id)
    if found is None or (actor.kind != "command" and found.clinic_id != actor.clinic_id):
        raise InputError("there is no such account in this clinic")
    return found


def _check_managed(connection: Connection, changed: Account) -> None:
    """Refuse, by undoing all of it, what would leave a clinic without anybody who manages it."""
    if changed.role == "admin" and not count_admins(connection, changed.clinic_id):
        raise InputError("this is the last account that manages the clinic; let somebody else manage it first")
