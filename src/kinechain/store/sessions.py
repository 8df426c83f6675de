"""Sessions of accounts and of patients' links: made, found, ended; only digests of tokens are kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, or_, select, update

from kinechain.store.audit import Actor
from kinechain.store.clock import now
from kinechain.store.tables import account, link, patient, session

__all__ = ["Found", "Session", "add_session", "end_session", "end_sessions", "find_session", "token_digest"]

#: A browser's session of a clinician ends after this without a request, and after this in any case.
IDLE, LONGEST = timedelta(hours=2), timedelta(hours=12)
#: A patient's session lasts as long as their link, at most this.
PATIENT_LONGEST = timedelta(days=90)
#: Bytes of a token.
TOKEN_BYTES = 32


@dataclass(frozen=True)
class Session:
    """One session; ``digest`` is what the database knows its token by."""

    digest: str
    kind: str
    csrf: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Found:
    """A session that holds, and whose it is."""

    session: Session
    actor: Actor


def token_digest(token: str) -> str:
    """Return what the database keeps of a token.

    Parameters
    ----------
    token : str
    """
    return hashlib.sha256(token.encode()).hexdigest()


def add_session(
    connection: Connection,
    *,
    account_id: str | None = None,
    link_id: str | None = None,
    kind: str = "browser",
    name: str = "",
    expires_at: datetime | None = None,
) -> tuple[str, Session]:
    """Make a session and return its token, which is kept nowhere, and its row.

    Parameters
    ----------
    connection : Connection
        Writing.
    account_id, link_id : str, optional
        Whose; one of the two.
    kind : 'browser' or 'token'
    name : str
        What a token for the API is called by its owner.
    expires_at : datetime, optional
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    moment = now()
    end = expires_at or moment + (PATIENT_LONGEST if link_id else LONGEST)
    made = Session(token_digest(token), kind, secrets.token_urlsafe(TOKEN_BYTES), moment, end)
    connection.execute(
        insert(session).values(
            token_digest=made.digest,
            account_id=account_id,
            link_id=link_id,
            kind=kind,
            name=name,
            csrf=made.csrf,
            created_at=moment,
            seen_at=moment,
            expires_at=end,
        )
    )
    return token, made


def find_session(connection: Connection, token: str) -> Found | None:
    """Return the session of a token; None if it has ended, was idle too long, or its account or link is closed.

    Parameters
    ----------
    connection : Connection
    token : str
    """
    moment = now()
    row = connection.execute(
        select(
            session,
            account.c.id.label("account"),
            account.c.name.label("who"),
            account.c.role,
            account.c.clinic_id,
            link.c.patient_id,
            patient.c.clinic_id.label("patient_clinic"),
        )
        .outerjoin(account, account.c.id == session.c.account_id)
        .outerjoin(link, link.c.id == session.c.link_id)
        .outerjoin(patient, patient.c.id == link.c.patient_id)
        .where(
            session.c.token_digest == token_digest(token),
            session.c.ended_at.is_(None),
            session.c.expires_at > moment,
            account.c.disabled_at.is_(None),
            link.c.revoked_at.is_(None),
            or_(link.c.expires_at.is_(None), link.c.expires_at > moment),
            patient.c.erased_at.is_(None),
        )
    ).first()
    if row is None:
        return None
    if row.account and row.kind == "browser" and row.seen_at < moment - IDLE:
        return None
    kept = Session(row.token_digest, row.kind, row.csrf, row.created_at, row.expires_at)
    if row.account:
        return Found(kept, Actor("admin" if row.role == "admin" else "clinician", row.account, row.who, row.clinic_id))
    return Found(kept, Actor("patient", row.link_id, "", row.patient_clinic, row.patient_id))


def touch_session(connection: Connection, digest: str) -> None:
    """Write down that a session was used.

    Parameters
    ----------
    connection : Connection
    digest : str
    """
    connection.execute(update(session).where(session.c.token_digest == digest).values(seen_at=now()))


def end_session(connection: Connection, digest: str) -> None:
    """End one session.

    Parameters
    ----------
    connection : Connection
    digest : str
    """
    connection.execute(update(session).where(session.c.token_digest == digest).values(ended_at=now()))


def end_sessions(connection: Connection, *, account_id: str = "", link_id: str = "") -> None:
    """End every session of an account or of a link.

    Parameters
    ----------
    connection : Connection
    account_id, link_id : str
    """
    where = session.c.account_id == account_id if account_id else session.c.link_id == link_id
    connection.execute(update(session).where(where, session.c.ended_at.is_(None)).values(ended_at=now()))
