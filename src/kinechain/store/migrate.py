"""The steps from one layout of the database to the next, up and down."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from kinechain.core.errors import InputError
from kinechain.store.database import Database

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
    """
    with database.engine.connect() as connection:
        now = MigrationContext.configure(connection).get_current_revision()
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
    with database.engine.connect() as connection:
        now = MigrationContext.configure(connection).get_current_revision()
    _check_known(now)
    if now is None:
        raise InputError("this database holds no workspace yet; kinechain serve makes one")
    if now != newest_layout():
        raise InputError(
            f"this database has the layout '{now}' of an older version; kinechain serve brings it up to date"
        )


def _check_known(layout: str | None) -> None:
    known = {step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()}
    if layout is not None and layout not in known:
        raise InputError(f"this database has the layout '{layout}', of a newer kinechain; install that one")
