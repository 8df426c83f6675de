"""The audit trail: who read or wrote what of whom, only ever added to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import uuid4

from sqlalchemy import Connection, and_, insert, or_, select

from kinechain.store.clock import now
from kinechain.store.tables import audit

__all__ = ["Actor", "Entry", "entries", "record"]

#: Made once: every read and write of health data runs it.
INSERT = insert(audit)


@dataclass(frozen=True)
class Actor:
    """Whoever does something, as far as rights and the audit trail go.

    Attributes
    ----------
    kind : 'clinician', 'admin', 'patient', 'worker' or 'command'
    id : str
        Of the account, the link, the worker or the command.
    name : str
        As shown to colleagues; '' for patients.
    clinic_id : str
        '' for workers and commands, which belong to no clinic.
    patient_id : str
        Of a patient: themself; else ''.
    request : str
        Binds the entries of one request.
    """

    kind: Literal["clinician", "admin", "patient", "worker", "command"]
    id: str
    name: str = ""
    clinic_id: str = ""
    patient_id: str = ""
    request: str = ""

    @property
    def is_staff(self) -> bool:
        """Whether this is somebody of a clinic who signed in."""
        return self.kind in ("clinician", "admin")

    @property
    def code(self) -> str:
        """How the audit trail, versions and jobs name them."""
        kinds = {"clinician": "account", "admin": "account", "patient": "link"}
        return f"{kinds.get(self.kind, self.kind)}:{self.id}"


@dataclass(frozen=True)
class Entry:
    """One line of the audit trail; fields as in the table."""

    id: str
    at: datetime
    actor: str
    action: str
    patient_id: str
    detail: str
    request: str


def record(
    connection: Connection,
    actor: Actor,
    action: str,
    patient_id: str = "",
    detail: Mapping[str, object] | None = None,
    clinic_id: str = "",
) -> None:
    """Add an entry, in the transaction of what it tells.

    Parameters
    ----------
    connection : Connection
    actor : Actor
    action : str
        Such as 'read plan', 'write exam'.
    patient_id : str
        '' where no patient is concerned.
    detail : mapping, optional
        Ids, counts and states; never a name or an answer.
    clinic_id : str
        Where the actor has none.
    """
    connection.execute(
        INSERT,
        {
            "id": str(uuid4()),
            "at": now(),
            "clinic_id": actor.clinic_id or clinic_id or None,
            "patient_id": patient_id or None,
            "actor": actor.code,
            "action": action,
            "detail": json.dumps(detail, sort_keys=True) if detail else "",
            "request": actor.request,
        },
    )


def entries(
    connection: Connection,
    *,
    clinic_id: str,
    patient_id: str = "",
    before: tuple[datetime, str] | None = None,
    limit: int = 100,
) -> tuple[Entry, ...]:
    """Return entries of a clinic, or of one of its patients, the newest first.

    Parameters
    ----------
    connection : Connection
    clinic_id : str
    patient_id : str
        '' for all.
    before : (moment, id), optional
        Of the last entry of the page before.
    limit : int
    """
    asked = select(audit).where(audit.c.clinic_id == clinic_id)
    if patient_id:
        asked = asked.where(audit.c.patient_id == patient_id)
    if before:
        asked = asked.where(or_(audit.c.at < before[0], and_(audit.c.at == before[0], audit.c.id < before[1])))
    rows = connection.execute(asked.order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit)).mappings()
    return tuple(
        Entry(r["id"], r["at"], r["actor"], r["action"], r["patient_id"] or "", r["detail"], r["request"]) for r in rows
    )
