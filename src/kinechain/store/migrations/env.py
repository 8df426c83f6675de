"""Run by Alembic: on the engine it is given, all steps in one transaction, so that one cut short leaves no trace."""

from alembic import context
from sqlalchemy import text

from kinechain.store.tables import METADATA

#: Any number no other program uses as a lock; two processes that start together migrate one after the other.
LOCK = 5_224_061_170

engine = context.config.attributes["engine"]
with engine.connect() as connection:
    is_sqlite = connection.dialect.name == "sqlite"
    try:
        if is_sqlite:
            # A table is rebuilt to be altered, and while it is away rows point nowhere; they are checked at the end.
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        context.configure(
            connection=connection, target_metadata=METADATA, render_as_batch=is_sqlite, transactional_ddl=True
        )
        with context.begin_transaction():
            context.run_migrations()
        if is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise RuntimeError("the migration would leave rows that point nowhere")
        connection.commit()
    finally:
        connection.rollback()
        if is_sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")
