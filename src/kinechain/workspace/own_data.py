"""What a patient does with their own data: a copy of everything, who read it, and taking it away for good."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from kinechain.care.follow_up.events import Acknowledged, Alerted, Cleared, Event, PlanMade, Reviewed, VisitMade
from kinechain.care.records.consent import SCOPES, ConsentState, consent_state
from kinechain.care.records.plain_values import to_plain
from kinechain.core.errors import SettingError
from kinechain.store.audit import Actor, record
from kinechain.store.clock import now
from kinechain.store.erasure import erase_patient
from kinechain.store.links import links_of
from kinechain.store.tables import account, audit, file, job, output, person_version
from kinechain.workspace.case import Case, read_case
from kinechain.workspace.place import Place
from kinechain.workspace.what_if import forget_people

__all__ = ["SCHEMA", "Reading", "consents", "delete_everything", "export", "who_read"]

SCHEMA = "kinechain/own_data/1"
#: Written by clinicians, with what is for them alone.
FOR_CLINICIANS = (VisitMade, Reviewed, Alerted, Acknowledged, Cleared)


@dataclass(frozen=True)
class Reading:
    """One line of the trail as the patient reads it."""

    at: datetime
    who: str
    what: str


def consents(case: Case, today: date) -> tuple[ConsentState, ...]:
    """Return how each point of the agreement stands.

    Parameters
    ----------
    case : Case
    today : date
    """
    return tuple(consent_state(case.events, scope, today) for scope in SCOPES)


def who_read(connection: Connection, patient_id: str, limit: int | None = None) -> tuple[Reading, ...]:
    """Return who read or wrote what of a patient, the newest first.

    Parameters
    ----------
    connection : Connection
    patient_id : str
    limit : int, optional
        Without one, all of them.
    """
    rows = connection.execute(
        select(audit.c.at, audit.c.actor, audit.c.action)
        .where(audit.c.patient_id == patient_id)
        .order_by(audit.c.at.desc(), audit.c.id.desc())
        .limit(limit)
    ).all()
    ids = {row.actor.partition(":")[2] for row in rows if row.actor.startswith("account:")}
    names = {
        row.id: row.name
        for row in connection.execute(select(account.c.id, account.c.name).where(account.c.id.in_(ids)))
    }
    return tuple(Reading(row.at, _who(row.actor, names), row.action) for row in rows)


def _who(code: str, names: Mapping[str, str]) -> str:
    kind, _, found = code.partition(":")
    return {"account": names.get(found, "clinic"), "link": "you"}.get(kind, "the software")


def export(place: Place, actor: Actor) -> str:
    """Return everything that is kept of a patient, as JSON; what is for clinicians alone is asked for at the clinic.

    Parameters
    ----------
    place : Place
    actor : Actor
        The patient.
    """
    with place.database.writing() as connection:
        case = read_case(connection, actor.patient_id)
        is_held = case.screened().plan_locked
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "made_at": now().isoformat(),
            "code": case.patient.pseudonym,
            "answers": _answers(case),
            "earlier_answers": _earlier(connection, case),
            "journal": [_told(event, is_held=is_held) for event in case.events],
            "consents": [to_plain(state) for state in consents(case, now().astimezone().date())],
            "files": _files(connection, actor.patient_id),
            "analyses": _analyses(connection, actor.patient_id),
            "links": _links(connection, actor.patient_id),
            "read_by": [
                {"at": line.at.isoformat(), "who": line.who, "what": line.what}
                for line in who_read(connection, actor.patient_id)
            ],
        }
        record(connection, actor, "export own data", actor.patient_id, {"entries": len(case.events)})
    return json.dumps(document, indent=1, ensure_ascii=False)


def _answers(case: Case) -> str:
    """Return the person file as it stands."""
    return case.version.text if case.version else ""


def _earlier(connection: Connection, case: Case) -> list[dict[str, Any]]:
    """Return the person file as it stood before each change."""
    rows = connection.execute(
        select(person_version.c.number, person_version.c.at, person_version.c.text)
        .where(person_version.c.patient_id == case.patient.id, person_version.c.number < case.number)
        .order_by(person_version.c.number)
    )
    return [{"number": row.number, "at": row.at.isoformat(), "text": row.text} for row in rows]


def _files(connection: Connection, patient_id: str) -> list[dict[str, Any]]:
    """Return the recordings that are kept, without their contents."""
    columns = (file.c.name, file.c.kind, file.c.size, file.c.digest, file.c.uploaded_at)
    rows = connection.execute(select(*columns).where(file.c.patient_id == patient_id, file.c.removed_at.is_(None)))
    return [{**row, "uploaded_at": row["uploaded_at"].isoformat()} for row in rows.mappings()]


def _analyses(connection: Connection, patient_id: str) -> list[dict[str, Any]]:
    """Return what was worked out of them, and what it is called; what it says is for clinicians to explain."""
    made: dict[str, list[str]] = {}
    names = select(output.c.job_id, output.c.name).join(job, job.c.id == output.c.job_id)
    for row in connection.execute(names.where(job.c.patient_id == patient_id)):
        made.setdefault(row.job_id, []).append(row.name)
    columns = (job.c.id, job.c.kind, job.c.state, job.c.created_at)
    rows = connection.execute(
        select(*columns).where(job.c.patient_id == patient_id).order_by(job.c.created_at, job.c.id)
    )
    return [
        {"kind": row.kind, "state": row.state, "at": row.created_at.isoformat(), "made": sorted(made.get(row.id, []))}
        for row in rows
    ]


def _links(connection: Connection, patient_id: str) -> list[dict[str, str]]:
    """Return the links that were made: never what opens them, which is kept nowhere."""
    return [
        {
            "made": found.created_at.isoformat(),
            "until": (found.revoked_at or found.expires_at).isoformat(),
            "last_used": found.last_used_at.isoformat() if found.last_used_at else "",
        }
        for found in links_of(connection, patient_id)
    ]


def _told(event: Event, *, is_held: bool) -> dict[str, Any]:
    """Return an entry as a patient gets it: of a plan the parts that are theirs, of a visit that it was.

    While a danger sign holds back the plan, what it says to do is left out of the copy too, and the copy says so.
    """
    if isinstance(event, FOR_CLINICIANS):
        return {"event": type(event).__name__, "at": event.at.isoformat(), "by": event.by}
    plain: dict[str, Any] = to_plain(event)
    if isinstance(event, PlanMade):
        parts: Any = plain["plan"].get("parts", [])
        theirs = [part for part in parts if part.get("audience") != "clinician"]
        kept = ("schema", "id", "made_on", "weeks", "mode", "reviews", "version", "reason")
        plan = {key: plain["plan"][key] for key in kept if key in plain["plan"]}
        plain["plan"] = plan | ({"held_back": True} if is_held else {"parts": [_for_patient(part) for part in theirs]})
    return plain


def _for_patient(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part of a plan without the sentences and reasons that speak to clinicians."""
    kept = {key: value for key, value in part.items() if key not in ("because", "audience")}
    kept["sentences"] = [s for s in part.get("sentences", ()) if s.get("audience") != "clinician"]
    return kept


def delete_everything(place: Place, actor: Actor, typed: str) -> None:
    """Take away everything that is kept of a patient, for good.

    Parameters
    ----------
    place : Place
    actor : Actor
        The patient.
    typed : str
        The word that is asked for, so that no slip of a finger deletes anything.

    Raises
    ------
    SettingError
        If another word was typed.
    """
    if typed.strip().lower() != "delete":
        raise SettingError("nothing was deleted: to go on, write the word delete into the box")
    try:
        erase_patient(place.database, place.files, actor, actor.patient_id)
    finally:
        # Also where taking the files away was cut short: the rows are gone by then.
        forget_people(place)
