"""One database, SQLite or PostgreSQL: connections, transactions, and the settings both need to lose nothing."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from kinechain.core.errors import InputError, SettingError
from kinechain.store.memory import OPTION, Memory
from kinechain.store.troubles import trouble

__all__ = ["Database", "open_database", "sqlite_url"]

#: How long a writer waits for another before it gives up, ms.
BUSY_MS = 15_000
#: Connections kept to PostgreSQL, and how many more in a rush.
POOL, OVERFLOW = 10, 20


class _Turns:
    """Lets one thread after the other, in the order in which they came.

    SQLite itself lets whoever happens to look in the right moment, and others look only every tenth of a second.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for one's turn, and end it."""
        with self._guard:
            own = threading.Event()
            if self._is_taken:
                self._waiting.append(own)
            else:
                self._is_taken = True
                own.set()
        if not own.wait(BUSY_MS / 1000) and not self._left(own):
            raise InputError("the database is busy with other changes; try again in a moment")
        try:
            yield
        finally:
            with self._guard:
                if self._waiting:
                    self._waiting.popleft().set()
                else:
                    self._is_taken = False

    def _left(self, own: threading.Event) -> bool:
        """Give up waiting; True if the turn came at the last moment after all."""
        with self._guard:
            if own.is_set():
                return True
            self._waiting.remove(own)
            return False


class Database:
    """An engine, and the two ways to use it.

    Parameters
    ----------
    engine : Engine
        As `open_database` makes it.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        #: Holds nothing until a server asks for it: whoever reads a patient once has no use for it.
        self.memory = Memory()
        engine.update_execution_options(**{OPTION: self.memory})
        # Said as a transaction begins, so that it takes no way to the server of its own.
        told: dict[str, Any] = (
            {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        self._reading = engine.execution_options(**told)
        self._turns = _Turns()

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the file of one machine."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the database and changes nothing."""
        with self._reading.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            yield connection
            connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are kept together when the block ends, and not at all if it raises."""
        with self._turns.taken() if self.is_sqlite else nullcontext(), self.engine.connect() as connection:
            if self.is_sqlite:
                # Taking the write lock at once: a reader that turns writer would otherwise fail without waiting.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.commit()
            except BaseException:
                connection.rollback()
                raise

    def close(self) -> None:
        """Let go of every connection, and of what is held in memory."""
        self.memory.clear()
        self.engine.dispose()


def sqlite_url(path: Path) -> str:
    """Return the address of a SQLite file.

    Parameters
    ----------
    path : Path
    """
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def open_database(url: str) -> Database:
    """Return a database by its address; it is reached for the first time here.

    Parameters
    ----------
    url : str
        ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/NAME``.

    Raises
    ------
    SettingError
        If the address is of neither, or the driver for it is not installed.
    InputError
        If it cannot be reached.
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise SettingError("--database is no address; write sqlite:///FILE or postgresql://USER@HOST/NAME") from error
    backend = address.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise SettingError(f"--database names '{backend}'; kinechain keeps its data in SQLite or PostgreSQL")
    try:
        engine = _sqlite(address) if backend == "sqlite" else _postgresql(address)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise SettingError("PostgreSQL needs its driver: pip install 'psycopg[binary]'") from error
    try:
        with engine.connect():
            pass
    except DBAPIError as error:
        engine.dispose()
        where = address.render_as_string(hide_password=True)
        why = trouble(error) or str(error.orig).strip().splitlines()[0]
        raise InputError(f"the database {where} cannot be opened: {why}") from error
    return Database(engine)


def _postgresql(address: URL) -> Engine:
    return create_engine(
        address.set(drivername="postgresql+psycopg"),
        pool_size=POOL,
        max_overflow=OVERFLOW,
        pool_pre_ping=True,
        # A fault would otherwise repeat what was written: names, answers.
        hide_parameters=True,
        connect_args={"connect_timeout": 10},
    )


def _sqlite(address: URL) -> Engine:
    if address.database and address.database != ":memory:":
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        # SQLite would make it, and what it keeps beside it, as open as any file.
        Path(address.database).touch(mode=0o600)
    engine = create_engine(
        address.set(drivername="sqlite"),
        pool_size=POOL,
        max_overflow=OVERFLOW,
        hide_parameters=True,
        connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: Any) -> None:
        # Transactions begin where `Database` begins them, not where the driver guesses.
        connection.isolation_level = None
        # Without recursive triggers INSERT OR REPLACE would pass by those that keep rows.
        for pragma in (
            f"busy_timeout={BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",
            # What is erased shall not stay readable in the pages that become free.
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    return engine
