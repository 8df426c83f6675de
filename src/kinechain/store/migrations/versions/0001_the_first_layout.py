"""The first layout"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

#: Rows that only an erasure of the patient may take away, and none may change.
KEPT = ("person_version", "event")


def _guard() -> None:
    """Let nothing change what is only ever added to."""
    if op.get_bind().dialect.name == "sqlite":
        for table in (*KEPT, "audit"):
            _sqlite_guard(table, "UPDATE", "1")
        for table in KEPT:
            _sqlite_guard(table, "DELETE", "NOT EXISTS (SELECT 1 FROM erasure WHERE patient_id = OLD.patient_id)")
        _sqlite_guard("audit", "DELETE", "1")
        return
    op.execute(
        """
        CREATE FUNCTION keep_row() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'DELETE' AND TG_TABLE_NAME <> 'audit' THEN
            IF EXISTS (SELECT 1 FROM erasure WHERE patient_id = OLD.patient_id) THEN RETURN OLD; END IF;
          END IF;
          RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME;
        END $$
        """
    )
    for table in (*KEPT, "audit"):
        op.execute(
            f"CREATE TRIGGER keep_{table} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION keep_row()"
        )
        op.execute(
            f"CREATE TRIGGER keep_all_{table} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION keep_row()"
        )


def _sqlite_guard(table: str, verb: str, when: str) -> None:
    op.execute(
        f"CREATE TRIGGER keep_{table}_{verb.lower()} BEFORE {verb} ON {table} WHEN {when} "
        f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only added'); END"
    )


def upgrade() -> None:
    """Go to this layout."""
    _make_attempt()
    _make_audit()
    _make_clinic()
    _make_account()
    _make_patient()
    _make_draft()
    _make_erasure()
    _make_event()
    _make_file()
    _make_job()
    _make_link()
    _make_person_version()
    _make_summary()
    _make_task()
    _make_output()
    _make_session()
    _guard()


def _make_attempt() -> None:
    """Make the table of: tries to sign in or to open a link."""
    op.create_table(
        "attempt",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index("ix_attempt_key_at", ["key", "at"], unique=False)


def _make_audit() -> None:
    """Make the table of: who read or wrote what."""
    op.create_table(
        "audit",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clinic_id", sa.String(length=36), nullable=True),
        sa.Column("patient_id", sa.String(length=36), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=80), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("request", sa.String(length=36), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_clinic_id"), ["clinic_id"], unique=False)
        batch_op.create_index("ix_audit_clinic_id_at", ["clinic_id", "at"], unique=False)
        batch_op.create_index("ix_audit_patient_id_at", ["patient_id", "at"], unique=False)


def _make_clinic() -> None:
    """Make the table of: clinics."""
    op.create_table(
        "clinic",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinic")),
    )


def _make_account() -> None:
    """Make the table of: accounts of the staff."""
    op.create_table(
        "account",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_account_clinic_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_clinic_id"), ["clinic_id"], unique=False)


def _make_patient() -> None:
    """Make the table of: patients."""
    op.create_table(
        "patient",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("pseudonym", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), server_default="", nullable=False),
        sa.Column("search", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_patient_clinic_id")),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("fk_patient_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient")),
        sa.UniqueConstraint("clinic_id", "pseudonym", name=op.f("uq_patient_clinic_id_pseudonym")),
    )
    with op.batch_alter_table("patient", schema=None) as batch_op:
        batch_op.create_index("ix_patient_clinic_id_created_at", ["clinic_id", "created_at"], unique=False)
        batch_op.create_index("ix_patient_clinic_id_search", ["clinic_id", "search"], unique=False)


def _make_draft() -> None:
    """Make the table of: plans in progress."""
    op.create_table(
        "draft",
        sa.Column("patient_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_draft_patient_id")),
        sa.PrimaryKeyConstraint("patient_id", "kind", name=op.f("pk_draft")),
    )


def _make_erasure() -> None:
    """Make the table of: patients whose data were erased."""
    op.create_table(
        "erasure",
        sa.Column("patient_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_erasure_patient_id")),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_erasure")),
    )


def _make_event() -> None:
    """Make the table of: journals."""
    op.create_table(
        "event",
        sa.Column("patient_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_event_patient_id")),
        sa.PrimaryKeyConstraint("patient_id", "id", name=op.f("pk_event")),
        sa.UniqueConstraint("patient_id", "number", name=op.f("uq_event_patient_id_number")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("ix_event_patient_id_kind", ["patient_id", "kind"], unique=False)


def _make_file() -> None:
    """Make the table of: uploaded files."""
    op.create_table(
        "file",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("patient_id", sa.String(length=36), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("use", sa.String(length=20), nullable=False),
        sa.Column("inspected", sa.Text(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.String(length=80), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_file_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file")),
    )
    with op.batch_alter_table("file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_file_digest"), ["digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_file_patient_id"), ["patient_id"], unique=False)


def _make_job() -> None:
    """Make the table of: work for the workers."""
    op.create_table(
        "job",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("patient_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("input", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("step", sa.String(length=200), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("worker", sa.String(length=80), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_cancel_asked", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.String(length=1000), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_job_clinic_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_job_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_clinic_id"), ["clinic_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index("ix_job_state_created_at", ["state", "created_at"], unique=False)
        batch_op.create_index(
            "uq_job_patient_id_key_standing",
            ["patient_id", "key"],
            unique=True,
            sqlite_where=sa.text("state in ('queued', 'running', 'done')"),
            postgresql_where=sa.text("state in ('queued', 'running', 'done')"),
        )


def _make_link() -> None:
    """Make the table of: ways in for patients."""
    op.create_table(
        "link",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("patient_id", sa.String(length=36), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"], name=op.f("fk_link_created_by")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_link_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_link_token_digest")),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_patient_id"), ["patient_id"], unique=False)


def _make_person_version() -> None:
    """Make the table of: answers, version by version."""
    op.create_table(
        "person_version",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("patient_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_person_version_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_version")),
        sa.UniqueConstraint("patient_id", "number", name=op.f("uq_person_version_patient_id_number")),
    )


def _make_summary() -> None:
    """Make the table of: what lists show of a patient."""
    op.create_table(
        "summary",
        sa.Column("patient_id", sa.String(length=36), nullable=False),
        sa.Column("screen", sa.String(length=20), server_default="not_screened", nullable=False),
        sa.Column("is_locked", sa.Boolean(), server_default=sa.text("(true)"), nullable=False),
        sa.Column("plan_made_on", sa.String(length=10), nullable=True),
        sa.Column("last_event_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pain", sa.Float(), nullable=True),
        sa.Column("visits", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("urgency", sa.String(length=20), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_summary_patient_id")),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_summary")),
    )


def _make_task() -> None:
    """Make the table of: what somebody of the clinic should look at."""
    op.create_table(
        "task",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("clinic_id", sa.String(length=36), nullable=False),
        sa.Column("patient_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("urgency", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(length=600), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_task_clinic_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_task_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("patient_id", "source", name=op.f("uq_task_patient_id_source")),
    )
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.create_index("ix_task_clinic_id_done_at", ["clinic_id", "done_at", "created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_task_patient_id"), ["patient_id"], unique=False)


def _make_output() -> None:
    """Make the table of: what a job made."""
    op.create_table(
        "output",
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_output_job_id")),
        sa.PrimaryKeyConstraint("job_id", "name", name=op.f("pk_output")),
    )
    with op.batch_alter_table("output", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_output_digest"), ["digest"], unique=False)


def _make_session() -> None:
    """Make the table of: sessions of browsers, tokens and invitations."""
    op.create_table(
        "session",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=36), nullable=True),
        sa.Column("link_id", sa.String(length=36), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=60), server_default="", nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_session_account_id")),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_session_link_id")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_session")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_session_link_id"), ["link_id"], unique=False)


#: Those that name others first.
TABLES = (
    "session",
    "output",
    "task",
    "summary",
    "person_version",
    "link",
    "job",
    "file",
    "event",
    "erasure",
    "draft",
    "patient",
    "account",
    "clinic",
    "audit",
    "attempt",
)


def downgrade() -> None:
    """Go back to the layout before."""
    if op.get_bind().dialect.name == "postgresql":
        for table in (*KEPT, "audit"):
            op.execute(f"DROP TRIGGER keep_{table} ON {table}")
            op.execute(f"DROP TRIGGER keep_all_{table} ON {table}")
        op.execute("DROP FUNCTION keep_row")
    for table in TABLES:
        # Its indexes and triggers go with it.
        op.drop_table(table)
