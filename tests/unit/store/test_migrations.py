"""The layout of the database: up and down on both, and rows that nothing changes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from kinechain.core.errors import InputError
from kinechain.store.database import Database, open_database, sqlite_url
from kinechain.store.migrate import check_layout, migrate
from kinechain.store.tables import METADATA


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        made = open_database(sqlite_url(tmp_path / "x.sqlite"))
    else:
        made = open_database(request.getfixturevalue("postgres_url"))
        migrate(made, "base")
    yield made
    made.close()


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


def test_up_down_and_up_again(database: Database) -> None:
    migrate(database)
    check_layout(database)
    assert tables(database) == set(METADATA.tables)
    migrate(database)
    migrate(database, "base")
    assert tables(database) == set()
    migrate(database)
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_a_migration_that_fails_leaves_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(statement: str) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(op, "execute", broken)
        with pytest.raises(RuntimeError, match="power"):
            migrate(database)
    assert tables(database) == set()
    migrate(database)
    assert tables(database) == set(METADATA.tables)


def test_another_layout_is_told_in_one_sentence(database: Database) -> None:
    with pytest.raises(InputError, match="holds no workspace yet"):
        check_layout(database)
    migrate(database)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for ask in (check_layout, migrate):
        with pytest.raises(InputError, match="the layout '9999', of a newer kinechain"):
            ask(database)


def add_rows(database: Database) -> None:
    moment = "'2026-01-01 10:00:00'"
    with database.writing() as connection:
        for statement in (
            f"INSERT INTO clinic (id, name, created_at) VALUES ('c', 'C', {moment})",
            "INSERT INTO account (id, clinic_id, email, name, role, password_hash, created_at) "
            f"VALUES ('a', 'c', 'a@b.example', 'A', 'admin', 'h', {moment})",
            "INSERT INTO patient (id, clinic_id, pseudonym, search, created_at, created_by) "
            f"VALUES ('p', 'c', 'p-1', 'p-1', {moment}, 'a')",
            "INSERT INTO person_version (id, patient_id, number, text, digest, at, by) "
            f"VALUES ('v', 'p', 1, 't', 'd', {moment}, 'x')",
            "INSERT INTO event (patient_id, id, number, kind, at, received_at, line, digest) "
            f"VALUES ('p', 'e', 1, 'CheckIn', {moment}, {moment}, 'l', 'd')",
            f"INSERT INTO audit (id, at, patient_id, actor, action) VALUES ('u', {moment}, 'p', 'x', 'read plan')",
        ):
            connection.execute(text(statement))


def statements(dialect: str) -> Iterator[str]:
    for table in ("person_version", "event", "audit"):
        column = {"person_version": "text", "event": "line", "audit": "action"}[table]
        yield f"UPDATE {table} SET {column} = 'another'"
        yield f"DELETE FROM {table}"
        if dialect == "postgresql":
            yield f"TRUNCATE {table}"
            yield f"TRUNCATE {table} CASCADE"
    if dialect == "sqlite":
        yield (
            "INSERT OR REPLACE INTO event (patient_id, id, number, kind, at, received_at, line, digest) "
            "SELECT patient_id, id, number, kind, at, received_at, 'another', digest FROM event"
        )
        yield "UPDATE OR REPLACE event SET line = 'another'"
    else:
        yield ("INSERT INTO event SELECT * FROM event ON CONFLICT (patient_id, id) DO UPDATE SET line = 'another'")
        yield "TRUNCATE patient CASCADE"


def test_nothing_changes_or_removes_what_is_only_added(database: Database) -> None:
    migrate(database)
    add_rows(database)
    for statement in statements(database.engine.dialect.name):
        with pytest.raises(DBAPIError, match="are only added"), database.writing() as connection:
            connection.execute(text(statement))
    with database.reading() as connection:
        kept = connection.execute(text("SELECT line, text, action FROM event, person_version, audit")).one()
    assert tuple(kept) == ("l", "t", "read plan")


def test_an_erasure_lets_the_rows_of_its_patient_go_and_none_of_the_trail(database: Database) -> None:
    migrate(database)
    add_rows(database)
    with database.writing() as connection:
        connection.execute(text("INSERT INTO erasure (patient_id, at, by) VALUES ('p', '2026-01-01 10:00:00', 'x')"))
        for table in ("event", "person_version"):
            assert connection.execute(text(f"DELETE FROM {table} WHERE patient_id = 'p'")).rowcount == 1
    for statement in ("DELETE FROM audit", "UPDATE audit SET action = 'x'"):
        with pytest.raises(DBAPIError, match="are only added"), database.writing() as connection:
            connection.execute(text(statement))
