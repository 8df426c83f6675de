"""What ails a database or a disk, in one sentence: a full disk, a damaged file, a server that is away."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from kinechain.core.errors import InputError

__all__ = ["told", "trouble"]

FULL = "the disk is full and nothing of this was kept; make room on it and try again"
DAMAGED = "the database is damaged; keep its file as it is, and restore a backup into a new folder: kinechain restore"
SHUT = "the database cannot be written; check the rights of its file and folder, or of its user"
UNREAD = "the disk that holds the database fails or is full, and nothing of this was kept; check it and try again"
BUSY = "the database is busy with other changes; try again in a moment"
AWAY = "the database does not answer and nothing of this was kept; start it again"

#: By the beginning of SQLite's name of a fault.
OF_SQLITE = {
    "SQLITE_FULL": FULL,
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_NOTADB": DAMAGED,
    "SQLITE_READONLY": SHUT,
    "SQLITE_CANTOPEN": SHUT,
    "SQLITE_IOERR": UNREAD,
    "SQLITE_BUSY": BUSY,
    "SQLITE_LOCKED": BUSY,
}
#: By the beginning of PostgreSQL's code of a fault: a full disk, damage, rights, too many at once, being away.
OF_POSTGRESQL = {
    "53100": FULL,
    "XX001": DAMAGED,
    "XX002": DAMAGED,
    "25006": SHUT,
    "42501": SHUT,
    "58030": UNREAD,
    "53300": BUSY,
    "55P03": BUSY,
    "40": BUSY,
    "08": AWAY,
    "57P": AWAY,
}


def trouble(error: BaseException) -> str:
    """Return what ails a database or a disk and what to try; '' for a fault that is neither's.

    Parameters
    ----------
    error : BaseException
    """
    if isinstance(error, DBAPIError):
        return _of_database(error)
    return FULL if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT) else ""


def _of_database(error: DBAPIError) -> str:
    if isinstance(error.orig, sqlite3.Error):
        name, table = getattr(error.orig, "sqlite_errorname", ""), OF_SQLITE
    else:
        name, table = getattr(error.orig, "sqlstate", None) or "", OF_POSTGRESQL
    if not name and error.connection_invalidated:
        # A connection that broke has no code of the server.
        return AWAY
    return next((sentence for begin, sentence in table.items() if name.startswith(begin)), "")


@contextmanager
def told() -> Iterator[None]:
    """Refuse in one sentence where a database or a disk is in trouble."""
    try:
        yield
    except (DBAPIError, OSError) as error:
        if sentence := trouble(error):
            raise InputError(sentence) from error
        raise
