"""Signing in and out, and the accounts of a clinic."""

from __future__ import annotations

from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from kinechain.core.errors import InputError, SettingError
from kinechain.store.accounts import Account, add_account, add_clinic, count_accounts, find_account
from kinechain.store.audit import Actor, record
from kinechain.store.database import Database
from kinechain.store.sessions import Session, add_session

__all__ = ["SignedIn", "check_password", "hash_password", "make_clinic", "sign_in"]

SHORTEST_PASSWORD = 10
HASHER = PasswordHasher()
#: Checked where there is no such account, so that the time of the answer does not tell.
NOBODY = HASHER.hash("nobody's password")


@dataclass(frozen=True)
class SignedIn:
    """A session that has begun; ``token`` goes into the cookie and is kept nowhere."""

    token: str
    session: Session
    account: Account


def hash_password(password: str) -> str:
    """Return the argon2 hash of a password.

    Parameters
    ----------
    password : str

    Raises
    ------
    SettingError
        If it is too short.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise SettingError(
            f"a password has at least {SHORTEST_PASSWORD} characters; a few words in a row are easy to keep"
        )
    return HASHER.hash(password)


def check_password(hashed: str, password: str) -> bool:
    """Tell whether a password is the one that was hashed.

    Parameters
    ----------
    hashed, password : str
    """
    try:
        return HASHER.verify(hashed, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def sign_in(database: Database, email: str, password: str) -> SignedIn:
    """Begin a session of an account.

    Parameters
    ----------
    database : Database
    email, password : str

    Raises
    ------
    InputError
        If there is no such account, or the password is another one: which of the two is not said.
    """
    with database.reading() as connection:
        found = find_account(connection, email)
    is_right = check_password(found.password_hash if found else NOBODY, password)
    if found is None or not is_right or found.disabled_at is not None:
        raise InputError("this address and password do not go together; try again")
    with database.writing() as connection:
        token, session = add_session(connection, account_id=found.id)
        record(connection, Actor("clinician", found.id, found.name, found.clinic_id), "sign in")
    return SignedIn(token, session, found)


def make_clinic(database: Database, clinic: str, email: str, name: str, password: str) -> Account:
    """Make a clinic and the account that manages it.

    Parameters
    ----------
    database : Database
    clinic, email, name, password : str
    """
    hashed = hash_password(password)
    with database.writing() as connection:
        made = add_account(connection, add_clinic(connection, clinic), email, name, "admin", hashed)
        record(connection, Actor("command", "serve"), "make clinic", clinic_id=made.clinic_id)
    return made


def is_new(database: Database) -> bool:
    """Tell whether nobody has an account yet.

    Parameters
    ----------
    database : Database
    """
    with database.reading() as connection:
        return count_accounts(connection) == 0
