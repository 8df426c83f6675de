"""Links by which patients come in without an account: made, found, closed; only digests of tokens are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, Row, insert, select, update

from kinechain.core.errors import InputError
from kinechain.store.clock import now
from kinechain.store.sessions import end_sessions, token_digest
from kinechain.store.tables import link, patient

__all__ = ["Link", "add_link", "close_link", "find_link", "links_of", "touch_link"]


@dataclass(frozen=True)
class Link:
    """One way in for one patient.

    Attributes
    ----------
    id, patient_id : str
    created_at, expires_at : datetime
    revoked_at, last_used_at : datetime or None
    """

    id: str
    patient_id: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody can still come in by it."""
        return self.revoked_at is None and self.expires_at > now()


def add_link(connection: Connection, patient_id: str, token: str, by: str, expires_at: datetime) -> Link:
    """Add a link.

    Parameters
    ----------
    connection : Connection
        Writing.
    patient_id, token : str
    by : str
        Id of the account.
    expires_at : datetime
    """
    made = Link(str(uuid4()), patient_id, now(), expires_at)
    connection.execute(
        insert(link).values(
            id=made.id,
            patient_id=patient_id,
            token_digest=token_digest(token),
            created_at=made.created_at,
            created_by=by,
            expires_at=expires_at,
        )
    )
    return made


def find_link(connection: Connection, token: str) -> tuple[Link, str] | None:
    """Return the open link of a token, and the clinic of its patient; None if there is none, or no longer.

    Parameters
    ----------
    connection : Connection
    token : str
    """
    row = connection.execute(
        select(link, patient.c.clinic_id)
        .join(patient, patient.c.id == link.c.patient_id)
        .where(
            link.c.token_digest == token_digest(token),
            link.c.revoked_at.is_(None),
            link.c.expires_at > now(),
            patient.c.erased_at.is_(None),
        )
    ).first()
    return (_link(row), row.clinic_id) if row else None


def links_of(connection: Connection, patient_id: str) -> tuple[Link, ...]:
    """Return every link of a patient, the newest first.

    Parameters
    ----------
    connection : Connection
    patient_id : str
    """
    rows = connection.execute(select(link).where(link.c.patient_id == patient_id).order_by(link.c.created_at.desc()))
    return tuple(_link(row) for row in rows)


def close_link(connection: Connection, patient_id: str, link_id: str) -> Link:
    """Close a link for good, and end every session that came in by it.

    Parameters
    ----------
    connection : Connection
        Writing.
    patient_id, link_id : str

    Raises
    ------
    InputError
        If this patient has no such link.
    """
    row = connection.execute(select(link).where(link.c.id == link_id, link.c.patient_id == patient_id)).first()
    if row is None:
        raise InputError("this patient has no such link; load the page again")
    if row.revoked_at is None:
        connection.execute(update(link).where(link.c.id == link_id).values(revoked_at=now()))
    end_sessions(connection, link_id=link_id)
    return _link(row)


def touch_link(connection: Connection, link_id: str) -> None:
    """Write down that somebody came in by a link.

    Parameters
    ----------
    connection : Connection
        Writing.
    link_id : str
    """
    connection.execute(update(link).where(link.c.id == link_id).values(last_used_at=now()))


def _link(row: Row[tuple[object, ...]]) -> Link:
    return Link(row.id, row.patient_id, row.created_at, row.expires_at, row.revoked_at, row.last_used_at)
