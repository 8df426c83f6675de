"""Tries that are counted against a limit: by digests of who tried, kept only as long as they count."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import Connection, delete, insert, select, text

from kinechain.store.clock import now
from kinechain.store.tables import attempt

__all__ = [
    "WINDOW",
    "add_attempt",
    "attempt_key",
    "forget_attempts",
    "hold_attempts",
    "take_back_attempt",
    "wait_for",
]

#: Tries older than this count no more, and are removed.
WINDOW = timedelta(minutes=15)


def attempt_key(kind: str, who: str) -> str:
    """Return what tries of somebody are counted by; whoever reads the table does not learn who.

    Parameters
    ----------
    kind : str
        Such as 'account' or 'address'.
    who : str
    """
    return f"{kind}:{hashlib.sha256(f'{kind}:{who}'.encode()).hexdigest()[:48]}"


def wait_for(connection: Connection, key: str, most: int) -> timedelta | None:
    """Return how long somebody must wait before the next try; None if they need not.

    Parameters
    ----------
    connection : Connection
    key : str
    most : int
        So many tries within the window are let through.
    """
    since = now() - WINDOW
    tries = select(attempt.c.at).where(attempt.c.key == key, attempt.c.at > since)
    # The oldest of the newest ``most``: when it leaves the window, there is room for one more.
    oldest: datetime | None = connection.execute(
        tries.order_by(attempt.c.at.desc()).offset(most - 1).limit(1)
    ).scalar_one_or_none()
    return None if oldest is None else oldest - since


def add_attempt(connection: Connection, *keys: str) -> tuple[str, ...]:
    """Count a try of somebody, under every key they are known by, and let go of those that count no more.

    Parameters
    ----------
    connection : Connection
        Writing.
    *keys : str

    Returns
    -------
    tuple of str
        Ids of what was counted, in the order of the keys.
    """
    moment = now()
    connection.execute(delete(attempt).where(attempt.c.at < moment - WINDOW))
    rows = [{"id": str(uuid4()), "key": key, "at": moment} for key in keys]
    connection.execute(insert(attempt), rows)
    return tuple(str(row["id"]) for row in rows)


def take_back_attempt(connection: Connection, attempt_id: str) -> None:
    """Let one try not count that turned out to be none.

    Parameters
    ----------
    connection : Connection
        Writing.
    attempt_id : str
        As `add_attempt` returned it.
    """
    connection.execute(delete(attempt).where(attempt.c.id == attempt_id))


def forget_attempts(connection: Connection, key: str) -> None:
    """Forget the tries of somebody who got in.

    Parameters
    ----------
    connection : Connection
        Writing.
    key : str
    """
    connection.execute(delete(attempt).where(attempt.c.key == key))


def hold_attempts(connection: Connection, key: str) -> None:
    """Let nobody else count tries of the same key until the transaction ends, so that many at once do not slip by.

    Parameters
    ----------
    connection : Connection
        Writing.
    key : str
    """
    # SQLite has one writer at a time anyway.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
