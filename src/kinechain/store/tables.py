"""Every table, for both databases; a change here needs a migration in ``migrations/versions``.

What is only ever added to (``person_version``, ``event``, ``audit``) is guarded by triggers: no statement changes or
removes a row of them, save the erasure of one patient (see ``erasure``).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

__all__ = [
    "METADATA",
    "Moment",
    "account",
    "attempt",
    "audit",
    "clinic",
    "draft",
    "erasure",
    "event",
    "file",
    "job",
    "link",
    "output",
    "patient",
    "person_version",
    "session",
    "summary",
    "task",
]

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """A moment with its offset in Python, in UTC in the database; a time without an offset is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Turn into UTC."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a moment needs the offset of its clock")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Say that it is UTC, which SQLite does not keep."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _id() -> Column[Any]:
    return Column("id", String(36), primary_key=True)


def _of(table: str, *, optional: bool = False, index: bool = False) -> Column[Any]:
    return Column(f"{table}_id", ForeignKey(f"{table}.id"), nullable=optional, index=index)


clinic = Table(
    "clinic",
    METADATA,
    _id(),
    Column("name", String(120), nullable=False),
    Column("created_at", Moment, nullable=False),
)

#: People who sign in. ``role`` is 'clinician' or 'admin' (a clinician who also manages the clinic's accounts).
account = Table(
    "account",
    METADATA,
    _id(),
    _of("clinic", index=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(60), nullable=False),
    Column("role", String(20), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("disabled_at", Moment),
)

#: ``search`` is name and pseudonym in lower case without accents.  ``erased_at``: all of it is gone but this row.
patient = Table(
    "patient",
    METADATA,
    _id(),
    _of("clinic"),
    Column("pseudonym", String(40), nullable=False),
    Column("name", String(120), nullable=False, server_default=""),
    Column("search", String(200), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", ForeignKey("account.id"), nullable=False),
    Column("archived_at", Moment),
    Column("erased_at", Moment),
    UniqueConstraint("clinic_id", "pseudonym"),
    Index("ix_patient_clinic_id_search", "clinic_id", "search"),
    Index("ix_patient_clinic_id_created_at", "clinic_id", "created_at"),
)

#: A way in for a patient without an account; only the digest of the token is kept.
link = Table(
    "link",
    METADATA,
    _id(),
    _of("patient", index=True),
    Column("token_digest", String(64), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("created_by", ForeignKey("account.id"), nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Column("last_used_at", Moment),
)

#: Of an account (with ``account_id``; ``kind`` 'browser' or 'token' for the API) or of a patient's link.
session = Table(
    "session",
    METADATA,
    Column("token_digest", String(64), primary_key=True),
    _of("account", optional=True, index=True),
    _of("link", optional=True, index=True),
    Column("kind", String(10), nullable=False),
    Column("name", String(60), nullable=False, server_default=""),
    Column("csrf", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("ended_at", Moment),
)

#: Tries that are counted against a limit: failed sign-ins, links that do not exist; ``key`` is a digest of who tried.
attempt = Table(
    "attempt",
    METADATA,
    _id(),
    Column("key", String(80), nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_attempt_key_at", "key", "at"),
)

#: The person file (TOML) as it stood after each change; never changed, only followed by the next number.
person_version = Table(
    "person_version",
    METADATA,
    _id(),
    _of("patient"),
    Column("number", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", String(80), nullable=False),
    UniqueConstraint("patient_id", "number"),
)

#: One line of the patient's journal, as `kinechain.care.records.journal_lines` writes it, bound to the line before.
event = Table(
    "event",
    METADATA,
    Column("patient_id", ForeignKey("patient.id"), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("at", Moment, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("line", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    UniqueConstraint("patient_id", "number"),
    Index("ix_event_patient_id_kind", "patient_id", "kind"),
)

#: An uploaded recording; its content lies in the store of files under its digest.  ``inspected`` is JSON of
#: `kinechain.inspection`, written by the job that looked; ``use`` is 'walking', 'standing' or 'aside'.
file = Table(
    "file",
    METADATA,
    _id(),
    _of("patient", index=True),
    Column("digest", String(64), nullable=False, index=True),
    Column("name", String(120), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("size", Integer, nullable=False),
    Column("use", String(20), nullable=False),
    Column("inspected", Text),
    Column("uploaded_at", Moment, nullable=False),
    Column("uploaded_by", String(80), nullable=False),
    Column("removed_at", Moment),
)

#: Work for the workers: 'queued', 'running', 'done', 'failed' or 'cancelled'. ``key`` is the digest of everything the
#: work depends on; among the open and the done ones of a patient there is one job per key, so nothing is done twice.
job = Table(
    "job",
    METADATA,
    _id(),
    _of("clinic", index=True),
    _of("patient", index=True),
    Column("kind", String(20), nullable=False),
    Column("key", String(64), nullable=False),
    Column("input", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("step", String(200), nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("worker", String(80)),
    Column("leased_until", Moment),
    Column("is_cancel_asked", Boolean, nullable=False, server_default=text("false")),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("fault", String(1000)),
    Index(
        "uq_job_patient_id_key_standing",
        "patient_id",
        "key",
        unique=True,
        sqlite_where=text("state in ('queued', 'running', 'done')"),
        postgresql_where=text("state in ('queued', 'running', 'done')"),
    ),
    Index("ix_job_state_created_at", "state", "created_at"),
)

#: What a job made: name, type, and the digest its content lies under in the store of files.
output = Table(
    "output",
    METADATA,
    Column("job_id", ForeignKey("job.id"), primary_key=True),
    Column("name", String(60), primary_key=True),
    Column("media_type", String(80), nullable=False),
    Column("digest", String(64), nullable=False, index=True),
    Column("size", Integer, nullable=False),
)

#: Work in progress of a clinician (a plan being edited, a letter): JSON, replaced in place, one per patient and kind.
draft = Table(
    "draft",
    METADATA,
    Column("patient_id", ForeignKey("patient.id"), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("content", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", String(80), nullable=False),
)

#: What the clinic must look at: an alert of the journal, an intake handed in, a failed analysis.
task = Table(
    "task",
    METADATA,
    _id(),
    _of("clinic"),
    _of("patient", index=True),
    Column("kind", String(40), nullable=False),
    Column("urgency", String(20), nullable=False),
    Column("text", String(600), nullable=False),
    Column("source", String(80), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("done_at", Moment),
    Column("done_by", String(80)),
    UniqueConstraint("patient_id", "source"),
    Index("ix_task_clinic_id_done_at", "clinic_id", "done_at", "created_at"),
)

#: What the list of patients shows, kept beside the journal so that no list reads journals; see `workspace.summaries`.
summary = Table(
    "summary",
    METADATA,
    Column("patient_id", ForeignKey("patient.id"), primary_key=True),
    Column("screen", String(20), nullable=False, server_default="not_screened"),
    Column("is_locked", Boolean, nullable=False, server_default=text("true")),
    Column("plan_made_on", String(10)),
    Column("last_event_at", Moment),
    Column("pain", Float),
    Column("visits", Integer, nullable=False, server_default=text("0")),
    Column("urgency", String(20), nullable=False, server_default=""),
    Column("at", Moment, nullable=False),
)

#: Every read and write of health data. ``actor`` is 'account:ID', 'link:ID', 'worker:NAME' or 'command:NAME'.
audit = Table(
    "audit",
    METADATA,
    _id(),
    Column("at", Moment, nullable=False),
    Column("clinic_id", String(36), index=True),
    Column("patient_id", String(36)),
    Column("actor", String(80), nullable=False),
    Column("action", String(80), nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("request", String(36), nullable=False, server_default=""),
    Index("ix_audit_patient_id_at", "patient_id", "at"),
    Index("ix_audit_clinic_id_at", "clinic_id", "at"),
)

#: A patient whose data is being erased: while a row stands here, the triggers let rows of that patient go.
erasure = Table(
    "erasure",
    METADATA,
    Column("patient_id", ForeignKey("patient.id"), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("by", String(80), nullable=False),
)
