"""The steps from one layout of the database to the next, up and down."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from kinechain.core.errors import InputError
from kinechain.store.database import Database
from kinechain.store.tables import METADATA

__all__ = ["check_layout", "migrate", "newest_layout"]


def _config(database: Database | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["engine"] = database.engine if database else None
    return config


def newest_layout() -> str:
    """Return the layout this version of kinechain works with."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def migrate(database: Database, to: str = "head") -> None:
    """Bring a database to a layout, up or down.

    Parameters
    ----------
    database : Database
    to : str
        A layout, 'head' for the newest, 'base' for an empty database.

    Raises
    ------
    InputError
        If the database is of a newer version, or of another program.
    """
    now = _layout(database)
    if to == "head" and now == newest_layout():
        return
    steps = ScriptDirectory.from_config(_config())
    _check_known(now)
    above = {step.revision for step in steps.iterate_revisions("head", to)} if to not in ("head", "base") else set()
    if to == "base" or now in above:
        command.downgrade(_config(database), to)
    else:
        command.upgrade(_config(database), to)


def check_layout(database: Database) -> None:
    """Refuse a database whose layout is not the newest.

    Parameters
    ----------
    database : Database

    Raises
    ------
    InputError
    """
    now = _layout(database)
    _check_known(now)
    if now is None:
        raise InputError("this database holds no workspace yet; kinechain serve makes one")
    if now != newest_layout():
        raise InputError(
            f"this database has the layout '{now}' of an older version; kinechain serve brings it up to date"
        )


def _layout(database: Database) -> str | None:
    """Return the layout of a database, None of an empty one."""
    with database.reading() as connection:
        layout = MigrationContext.configure(connection).get_current_revision()
        if layout is None and set(inspect(connection).get_table_names()) & set(METADATA.tables):
            raise InputError("this database holds tables of another program; name an empty one")
    return layout


def _check_known(layout: str | None) -> None:
    known = {step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()}
    if layout is not None and layout not in known:
        raise InputError(
            f"this database has the layout '{layout}', of a newer kinechain; install that one, nothing was changed"
        )
