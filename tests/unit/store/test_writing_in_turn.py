"""Writers of one process: each gets its turn, and one that waits in vain is told so."""

import stat
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from kinechain.core.errors import InputError
from kinechain.store import database as databases
from kinechain.store.database import open_database, sqlite_url


@pytest.fixture
def database(tmp_path: Path):  # type: ignore[no-untyped-def]
    made = open_database(sqlite_url(tmp_path / "x.sqlite"))
    with made.writing() as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER)"))
    yield made
    made.close()


def test_nobody_waits_behind_one_who_writes_all_the_time(database: databases.Database) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with database.writing() as connection:
                connection.execute(text("INSERT INTO t VALUES (1)"))
                time.sleep(0.01)

    busy = [threading.Thread(target=write) for _ in range(3)]
    for thread in busy:
        thread.start()
    try:
        waited = []
        for _ in range(10):
            begun = time.monotonic()
            with database.writing() as connection:
                connection.execute(text("INSERT INTO t VALUES (2)"))
            waited.append(time.monotonic() - begun)
    finally:
        stop.set()
        for thread in busy:
            thread.join()
    # Three others of a hundredth of a second or so are before each; SQLite's own waiting takes up to a second.
    assert sorted(waited)[5] < 0.5
    assert max(waited) < 5


def test_who_waits_in_vain_is_told_and_the_next_one_gets_in(
    database: databases.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "BUSY_MS", 50)
    with database.writing(), pytest.raises(InputError, match="busy with other changes"), database.writing():
        pass
    with database.writing() as connection:
        connection.execute(text("INSERT INTO t VALUES (3)"))
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        connection.execute(text("INSERT INTO t VALUES (4)"))
        raise ZeroDivisionError
    with database.reading() as connection:
        assert connection.execute(text("SELECT n FROM t")).scalars().all() == [3]


def test_the_file_is_for_its_owner_alone(database: databases.Database, tmp_path: Path) -> None:
    for path in tmp_path.glob("x.sqlite*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
