"""What a clinician writes down of how a plan goes: alerts that were looked at, reviews, entries for the patient."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any
from uuid import uuid4

from kinechain.care.follow_up.events import Acknowledged, Reviewed
from kinechain.care.records.following import key_measures
from kinechain.care.records.visits import made_visit
from kinechain.core.errors import InputError
from kinechain.store.audit import Actor
from kinechain.store.clock import now
from kinechain.store.database import Database
from kinechain.store.people import hold
from kinechain.workspace.case import Case, read_case, write_events
from kinechain.workspace.following import followed, present_alerts, progress_of
from kinechain.workspace.plans import check_consent, examined, visit_scores
from kinechain.workspace.tasks import keep_tasks

__all__ = ["DECISIONS", "acknowledge", "write_review"]

#: What a review can end with.
DECISIONS = ("continue", "change", "refer", "not enough known")

#: Characters of a reason.
MOST_WORDS = 500


def acknowledge(database: Database, actor: Actor, patient_id: str, alert: str, why: str) -> Case:
    """Write down that a clinician has looked at an alert; it lifts nothing.

    Parameters
    ----------
    database : Database
    actor : Actor
        Of the staff.
    patient_id : str
    alert : str
        `Alert.key`.
    why : str
        What was found.

    Raises
    ------
    InputError
        If there is no such alert, it was seen before, or nothing was found to say.
    """
    said, moment = _said(why, "what you found"), now()
    today = moment.astimezone().date()
    with database.writing() as connection:
        hold(connection, patient_id)
        case = read_case(connection, patient_id)
        found = next((a for a in present_alerts(case, today) if a.key == alert), None)
        if found is None:
            raise InputError("there is no such alert of this patient any more; load the page again")
        if not found.acknowledged:
            event = Acknowledged(id=str(uuid4()), at=moment.astimezone(), by=actor.code, why=said, alert=alert)
            case = write_events(connection, actor, patient_id, (event,), "acknowledge alert")
            keep_tasks(connection, case, progress_of(case, today))
        return case


def write_review(database: Database, actor: Actor, patient_id: str, checkpoint: str, decision: str, why: str) -> Case:
    """Write down what a clinician decides at a review, with the examination and scores as they are now.

    Parameters
    ----------
    database : Database
    actor : Actor
        Of the staff.
    patient_id, checkpoint : str
    decision : str
        Of `DECISIONS`.
    why : str

    Raises
    ------
    InputError
        If there is no such review or decision, no plan, or the consent to care was taken back.
    LockedError
        If a danger sign holds back the plan.
    """
    said, moment = _said(why, "why you decide so"), now()
    today = moment.astimezone().date()
    if decision not in DECISIONS:
        raise InputError(f"a review ends with one of: {', '.join(DECISIONS)}")
    with database.writing() as connection:
        hold(connection, patient_id)
        case = read_case(connection, patient_id)
        case.unlocked()
        check_consent(case, today)
        found = followed(case, today)
        if found is None or checkpoint not in {review.checkpoint for review in found[1].reviews}:
            raise InputError(f"the plan of this patient has no review '{checkpoint[:40]}'")
        head = {"at": moment.astimezone(), "by": actor.code, "why": f"review {checkpoint}: {said}"}
        assessment: dict[str, Any] = examined(case)
        scores = visit_scores(case, today)
        visit = made_visit(checkpoint, assessment, id=str(uuid4()), scores=scores, **head)  # type: ignore[arg-type]
        measures = MappingProxyType(key_measures(assessment))
        reviewed = Reviewed(id=str(uuid4()), checkpoint=checkpoint, decision=decision, measures=measures, **head)  # type: ignore[arg-type]
        case = write_events(connection, actor, patient_id, (visit, reviewed), "write review")
        keep_tasks(connection, case, progress_of(case, today))
        return case


def _said(text: str, what: str) -> str:
    said = " ".join(text.split())
    if not said or len(said) > MOST_WORDS or not said.isprintable():
        raise InputError(f"say {what}, in 1 to {MOST_WORDS} characters")
    return said
