"""Clinics and the people who sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, Row, func, insert, select, text, update

from kinechain.core.errors import InputError
from kinechain.store.clock import now
from kinechain.store.tables import account, clinic

__all__ = [
    "Account",
    "account_by_id",
    "accounts_of",
    "add_account",
    "add_clinic",
    "change_account",
    "clinic_name",
    "clinics_of",
    "count_accounts",
    "count_admins",
    "find_account",
    "hold_accounts",
]

#: Of the lock that lets one transaction at a time add the first account (an arbitrary number).
FIRST_ACCOUNT = 4_207_613


@dataclass(frozen=True)
class Account:
    """Somebody who signs in; ``role`` is 'clinician' or 'admin'; without a password they were invited only."""

    id: str
    clinic_id: str
    email: str
    name: str
    role: str
    password_hash: str
    created_at: datetime
    disabled_at: datetime | None = None

    @property
    def is_invited(self) -> bool:
        """Whether they have not chosen a password yet."""
        return not self.password_hash


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


def clinic_name(connection: Connection, clinic_id: str) -> str:
    """Return what a clinic is called; '' if there is none.

    Parameters
    ----------
    connection : Connection
    clinic_id : str
    """
    return connection.execute(select(clinic.c.name).where(clinic.c.id == clinic_id)).scalar_one_or_none() or ""


def clinics_of(connection: Connection) -> tuple[tuple[str, str], ...]:
    """Return id and name of every clinic, in the order of names.

    Parameters
    ----------
    connection : Connection
    """
    rows = connection.execute(select(clinic.c.id, clinic.c.name).order_by(clinic.c.name, clinic.c.id))
    return tuple((row.id, row.name) for row in rows)


def add_account(
    connection: Connection, clinic_id: str, email: str, name: str, role: str, password_hash: str
) -> Account:
    """Add an account.

    Parameters
    ----------
    connection : Connection
    clinic_id, email, name, role : str
    password_hash : str
        '' for somebody who is invited and will choose one.

    Raises
    ------
    InputError
        If the address is taken.
    """
    email = email.strip().casefold()
    if find_account(connection, email):
        raise InputError("there is an account with this address already")
    made = Account(str(uuid4()), clinic_id, email, name, role, password_hash, now())
    connection.execute(insert(account).values(**vars(made)))
    return made


def find_account(connection: Connection, email: str) -> Account | None:
    """Return the account of an address; None if there is none.

    Parameters
    ----------
    connection : Connection
    email : str
    """
    row = connection.execute(select(account).where(account.c.email == email.strip().casefold())).first()
    return _account(row) if row else None


def account_by_id(connection: Connection, account_id: str) -> Account | None:
    """Return an account; None if there is none.

    Parameters
    ----------
    connection : Connection
    account_id : str
    """
    row = connection.execute(select(account).where(account.c.id == account_id)).first()
    return _account(row) if row else None


def accounts_of(connection: Connection, clinic_id: str = "") -> tuple[Account, ...]:
    """Return the accounts of a clinic in the order of names; of every clinic without one.

    Parameters
    ----------
    connection : Connection
    clinic_id : str
    """
    asked = select(account).order_by(account.c.name, account.c.id)
    if clinic_id:
        asked = asked.where(account.c.clinic_id == clinic_id)
    return tuple(_account(row) for row in connection.execute(asked))


def _account(row: Row[tuple[object, ...]]) -> Account:
    return Account(**row._mapping)


def change_account(connection: Connection, account_id: str, **values: str | datetime | None) -> None:
    """Change columns of an account.

    Parameters
    ----------
    connection : Connection
        Writing.
    account_id : str
    **values
        ``name``, ``role``, ``password_hash`` or ``disabled_at``.
    """
    connection.execute(update(account).where(account.c.id == account_id).values(**values))


def count_accounts(connection: Connection) -> int:
    """Return how many accounts there are.

    Parameters
    ----------
    connection : Connection
    """
    return int(connection.execute(select(func.count()).select_from(account)).scalar_one())


def count_admins(connection: Connection, clinic_id: str) -> int:
    """Return how many people can manage the accounts of a clinic: not disabled, and with a password.

    Parameters
    ----------
    connection : Connection
    clinic_id : str
    """
    where = account.c.clinic_id == clinic_id, account.c.role == "admin", account.c.disabled_at.is_(None)
    asked = select(func.count()).select_from(account).where(*where, account.c.password_hash != "")
    return int(connection.execute(asked).scalar_one())


def hold_accounts(connection: Connection, clinic_id: str = "") -> None:
    """Let nobody else change accounts of a clinic, or add the first one, until the transaction ends.

    Parameters
    ----------
    connection : Connection
        Writing.
    clinic_id : str
        '' for the first account of all.
    """
    # On SQLite the whole database is held already.
    if connection.dialect.name != "postgresql":
        return
    if clinic_id:
        connection.execute(select(clinic.c.id).where(clinic.c.id == clinic_id).with_for_update())
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": FIRST_ACCOUNT})
