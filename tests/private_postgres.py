"""A PostgreSQL of the tests' own, and an empty workspace database on it for each test."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from kinechain.store.database import open_database
from kinechain.store.migrate import migrate

#: Nothing here outlives the tests, so nothing waits for the disk; a killed server or worker loses nothing by it.
QUICK = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "shared_buffers=64MB")
TEMPLATE = "kinechain_template"
WHY_NOT = "there is no PostgreSQL: no initdb, no server at 127.0.0.1:5432 and no KINECHAIN_TEST_POSTGRES"


def _programs() -> Path | None:
    """Return the folder of initdb and pg_ctl."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _as_postgres(command: list[str]) -> list[str]:
    """Let the user postgres run a command where root would: the server refuses root."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]


def _run(command: list[str], where: Path) -> None:
    done = subprocess.run(
        _as_postgres(command), cwd=where, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), connect_args={"connect_timeout": 2})
        with engine.connect():
            pass
        engine.dispose()
    except DBAPIError:
        return False
    return True


@contextmanager
def private_postgres(*, is_quick: bool = True) -> Iterator[str | None]:
    """Give the address of a PostgreSQL where databases may be made; None if there is none.

    ``KINECHAIN_TEST_POSTGRES`` names one; else one is started here; else one that answers at 127.0.0.1:5432 is used.
    """
    given = os.environ.get("KINECHAIN_TEST_POSTGRES", "")
    programs = _programs()
    if given or programs is None:
        url = given or "postgresql://kinechain@127.0.0.1:5432/postgres"
        yield url if _answers(url) else None
        return
    # A short path, as sockets need, and outside the folder of the tests, which only their user reads.
    folder = Path(tempfile.mkdtemp(prefix="kc-pg-", dir="/tmp" if os.name == "posix" else None))
    folder.chmod(0o755)
    data = folder / "data"
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(data, "postgres", "postgres")
        shutil.chown(folder, "postgres", "postgres")
    port = _free_port()
    options = ["-h", "127.0.0.1", "-p", str(port), "-k", str(folder), "-c", "max_connections=200"]
    try:
        _run(
            [
                str(programs / "initdb"),
                "-D",
                str(data),
                "-U",
                "kinechain",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "-N",
            ],
            folder,
        )
        start = [
            "start",
            "-w",
            "-D",
            str(data),
            "-l",
            str(folder / "log"),
            "-o",
            " ".join([*options, *(QUICK * is_quick)]),
        ]
        _run([str(programs / "pg_ctl"), *start], folder)
        try:
            yield f"postgresql://kinechain@127.0.0.1:{port}/postgres"
        finally:
            _run([str(programs / "pg_ctl"), "stop", "-w", "-m", "immediate", "-D", str(data)], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_at(url: str, *statements: str) -> None:
    """Run statements that no transaction may hold, such as CREATE DATABASE."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def at_database(url: str, name: str) -> str:
    """Return the address of another database of the same server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def fresh_database(server: str, template: str = "") -> Iterator[str]:
    """Give the address of a new database, dropped afterwards."""
    name = f"kinechain_{secrets.token_hex(6)}"
    run_at(server, f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
    try:
        yield at_database(server, name)
    finally:
        run_at(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Give the address of the tests' PostgreSQL, which holds a database of the newest layout to copy from."""
    with private_postgres() as url:
        if url is None:
            if os.environ.get("CI"):
                pytest.fail(WHY_NOT)
            pytest.skip(WHY_NOT)
        name = f"{TEMPLATE}_{secrets.token_hex(4)}"
        run_at(url, f"CREATE DATABASE {name}")
        database = open_database(at_database(url, name))
        migrate(database)
        database.close()
        try:
            yield at_database(url, name)
        finally:
            run_at(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Give the address of a database of this test's own, empty and of the newest layout."""
    template = make_url(postgres_server).database or ""
    with fresh_database(at_database(postgres_server, "postgres"), template) as url:
        yield url
