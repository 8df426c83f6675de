"""Clinics and the people who sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, func, insert, select

from kinechain.core.errors import InputError
from kinechain.store.clock import now
from kinechain.store.tables import account, clinic

__all__ = ["Account", "add_account", "add_clinic", "count_accounts", "find_account"]


@dataclass(frozen=True)
class Account:
    """Somebody who signs in; ``role`` is 'clinician' or 'admin'."""

    id: str
    clinic_id: str
    email: str
    name: str
    role: str
    password_hash: str
    disabled_at: datetime | None = None


def add_clinic(connection: Connection, name: str) -> str:
    """Add a clinic and return its id.

    Parameters
    ----------
    connection : Connection
    name : str
    """
    made = str(uuid4())
    connection.execute(insert(clinic).values(id=made, name=name, created_at=now()))
    return made


def add_account(
    connection: Connection, clinic_id: str, email: str, name: str, role: str, password_hash: str
) -> Account:
    """Add an account.

    Parameters
    ----------
    connection : Connection
    clinic_id, email, name, role, password_hash : str

    Raises
    ------
    InputError
        If the address is taken.
    """
    email = email.strip().casefold()
    if find_account(connection, email):
        raise InputError("there is an account with this address already")
    made = Account(str(uuid4()), clinic_id, email, name, role, password_hash)
    connection.execute(
        insert(account).values(
            id=made.id,
            clinic_id=clinic_id,
            email=email,
            name=name,
            role=role,
            password_hash=password_hash,
            created_at=now(),
        )
    )
    return made


def find_account(connection: Connection, email: str) -> Account | None:
    """Return the account of an address; None if there is none.

    Parameters
    ----------
    connection : Connection
    email : str
    """
    row = connection.execute(select(account).where(account.c.email == email.strip().casefold())).first()
    if row is None:
        return None
    return Account(row.id, row.clinic_id, row.email, row.name, row.role, row.password_hash, row.disabled_at)


def count_accounts(connection: Connection) -> int:
    """Return how many accounts there are.

    Parameters
    ----------
    connection : Connection
    """
    return int(connection.execute(select(func.count()).select_from(account)).scalar_one())
