"""Sessions of accounts and of patients' links: made, found, ended; only digests of tokens are kept.

Four kinds: 'browser' (in a cookie), 'token' (of the API, carried in a header), 'invite' (a one-time way to set the
password of an account) and 'device' (in a cookie that stays: an account signed in from this browser before; it opens
nothing).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, insert, or_, select, update

from kinechain.store.audit import Actor
from kinechain.store.clock import now
from kinechain.store.tables import Moment, account, link, patient, session

__all__ = [
    "Found",
    "Session",
    "add_session",
    "end_session",
    "end_sessions",
    "find_session",
    "sessions_of",
    "token_digest",
    "touch_session",
]

#: A browser's session of a clinician ends after this without a request, and after this in any case.
IDLE, LONGEST = timedelta(hours=2), timedelta(hours=12)
#: A patient's session lasts as long as their link, at most this.
PATIENT_LONGEST = timedelta(days=90)
#: That a session is used is written down at most this often.
TOUCHED_EVERY = timedelta(minutes=5)
#: Bytes of a token.
TOKEN_BYTES = 32
#: Longer than any token; what is longer is not even looked up.
LONGEST_TOKEN = 200


def _find() -> Select[Any]:
    """Return the statement that every request begins with: what does not hold is not found."""
    asked = patient.alias("asked")
    holder = select(asked.c.clinic_id).where(asked.c.id == bindparam("asked"), asked.c.erased_at.is_(None))
    moment = bindparam("moment", type_=Moment)
    return (
        select(
            session,
            holder.scalar_subquery().label("holder"),
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
            session.c.token_digest == bindparam("token_digest"),
            session.c.kind == bindparam("kind"),
            session.c.ended_at.is_(None),
            session.c.expires_at > moment,
            account.c.disabled_at.is_(None),
            link.c.revoked_at.is_(None),
            or_(link.c.expires_at.is_(None), link.c.expires_at > moment),
            patient.c.erased_at.is_(None),
            # Nobody would see what somebody logs whom the clinic no longer follows.
            patient.c.archived_at.is_(None),
        )
    )


FIND = _find()


@dataclass(frozen=True)
class Session:
    """One session; ``digest`` is what the database knows its token by, ``name`` what its owner calls it."""

    digest: str
    kind: str
    csrf: str
    created_at: datetime
    expires_at: datetime
    seen_at: datetime
    name: str = ""

    @property
    def code(self) -> str:
        """How pages and addresses name it; not enough to use it."""
        return self.digest[:16]

    @property
    def is_touch_due(self) -> bool:
        """Whether it is time to write down again that it is used."""
        return self.seen_at < now() - TOUCHED_EVERY


@dataclass(frozen=True)
class Found:
    """A session that holds, and whose it is.

    Attributes
    ----------
    session : Session
    actor : Actor
    holder : str
        Id of the clinic that holds the patient who was asked about; '' if there is no such patient.
    """

    session: Session
    actor: Actor
    holder: str = ""


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
    kind : 'browser', 'token', 'invite' or 'device'
    name : str
        What a token for the API is called by its owner.
    expires_at : datetime, optional
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    moment = now()
    end = expires_at or moment + (PATIENT_LONGEST if link_id else LONGEST)
    made = Session(token_digest(token), kind, secrets.token_urlsafe(TOKEN_BYTES), moment, end, moment, name)
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


def find_session(connection: Connection, token: str, kind: str = "browser", patient_id: str = "") -> Found | None:
    """Return the session of a token; None if it has ended, was idle too long, or its account or link is closed.

    Parameters
    ----------
    connection : Connection
    token : str
    kind : 'browser', 'token', 'invite' or 'device'
        A token of one kind is none of another.
    patient_id : str
        Whose clinic is looked up in the same statement.
    """
    if not token or len(token) > LONGEST_TOKEN:
        return None
    moment = now()
    given = {"token_digest": token_digest(token), "kind": kind, "moment": moment, "asked": patient_id}
    row = connection.execute(FIND, given).first()
    if row is None or (row.account and kind == "browser" and row.seen_at < moment - IDLE):
        return None
    if row.account:
        actor = Actor("admin" if row.role == "admin" else "clinician", row.account, row.who, row.clinic_id)
    else:
        actor = Actor("patient", row.link_id, "", row.patient_clinic, row.patient_id)
    return Found(_session(row), actor, row.holder or "")


def _session(row: Row[tuple[object, ...]]) -> Session:
    return Session(row.token_digest, row.kind, row.csrf, row.created_at, row.expires_at, row.seen_at, row.name)


def sessions_of(connection: Connection, account_id: str) -> tuple[Session, ...]:
    """Return the sessions and tokens of an account that hold, the newest first; no invitations.

    Parameters
    ----------
    connection : Connection
    account_id : str
    """
    moment = now()
    rows = connection.execute(
        select(session)
        .where(
            session.c.account_id == account_id,
            session.c.kind.in_(("browser", "token")),
            session.c.ended_at.is_(None),
            session.c.expires_at > moment,
            or_(session.c.kind == "token", session.c.seen_at >= moment - IDLE),
        )
        .order_by(session.c.created_at.desc(), session.c.token_digest)
    )
    return tuple(_session(row) for row in rows)


def touch_session(connection: Connection, digest: str) -> None:
    """Write down that a session was used.

    Parameters
    ----------
    connection : Connection
    digest : str
    """
    connection.execute(update(session).where(session.c.token_digest == digest).values(seen_at=now()))


def end_session(connection: Connection, digest: str) -> bool:
    """End one session; False if it had ended.

    Parameters
    ----------
    connection : Connection
    digest : str
    """
    ended = update(session).where(session.c.token_digest == digest, session.c.ended_at.is_(None)).values(ended_at=now())
    return connection.execute(ended).rowcount == 1


def end_sessions(
    connection: Connection, *, account_id: str = "", link_id: str = "", kinds: tuple[str, ...] = (), but: str = ""
) -> None:
    """End the sessions of an account or of a link.

    Parameters
    ----------
    connection : Connection
    account_id, link_id : str
    kinds : tuple of str
        Only these; all without.
    but : str
        Digest of one that goes on.
    """
    where = session.c.account_id == account_id if account_id else session.c.link_id == link_id
    asked = update(session).where(where, session.c.ended_at.is_(None), session.c.token_digest != but)
    if kinds:
        asked = asked.where(session.c.kind.in_(kinds))
    connection.execute(asked.values(ended_at=now()))
