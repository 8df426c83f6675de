"""The plan of a patient: proposed, changed in a draft, agreed, followed by the next; nothing is changed once agreed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import uuid4

from sqlalchemy import Connection, delete, insert, select, update

from kinechain import __version__
from kinechain.care.finding import Finding
from kinechain.care.follow_up.events import Event, PlanMade, VisitMade
from kinechain.care.person.person import Score
from kinechain.care.planning.edit import Edits, carried_on, edited
from kinechain.care.planning.maintenance import FIRST_DAY, keeps_up, maintain
from kinechain.care.planning.plan import Plan
from kinechain.care.planning.planner import make_plan
from kinechain.care.records.consent import consent_state
from kinechain.care.records.plain_values import from_plain, to_plain
from kinechain.care.records.plan_values import PastPlan, agreed_plan, past_plan, plan_from_plain, plan_plain
from kinechain.care.records.visits import made_visit
from kinechain.core.errors import InputError, KinechainError, LockedError
from kinechain.findings.exam import find_exam
from kinechain.store.audit import Actor, record
from kinechain.store.clock import now
from kinechain.store.people import hold
from kinechain.store.tables import draft as draft_table
from kinechain.workspace.assessing import is_current, local_day, read_output, standing_assessment
from kinechain.workspace.case import Case, ConflictError, read_case, write_events
from kinechain.workspace.following import progress_of
from kinechain.workspace.place import Place
from kinechain.workspace.recordings import recordings_of
from kinechain.workspace.tasks import keep_tasks

__all__ = [
    "Draft",
    "PlanView",
    "Proposal",
    "agree",
    "change_draft",
    "check_consent",
    "current_plan",
    "discard_draft",
    "examined",
    "last_agreed",
    "read_plan",
    "visit_scores",
]

KIND = "plan"


@dataclass(frozen=True)
class Draft:
    """A plan in progress.

    Attributes
    ----------
    edits : Edits
    reason : str
        Why the present plan is replaced; '' for a first plan.
    is_kept_up : bool
        Whether it keeps up what was reached, after week 8.
    number : int
        Grows with every change, so that two clinicians do not overwrite each other; 0 before the first.
    at : datetime or None
    by : str
        `Actor.code` of whoever changed it last.
    clinician : str
        Their name, as it stands under what they decided: whoever looks at the draft sees the same plan.
    """

    edits: Edits = field(default_factory=Edits)
    reason: str = ""
    is_kept_up: bool = False
    number: int = 0
    at: datetime | None = None
    by: str = ""
    clinician: str = ""


@dataclass(frozen=True)
class Proposal:
    """What the rules propose today, before anybody changes it.

    Attributes
    ----------
    plan : Plan
    is_analysed : bool
        Whether it rests on an analysis of exactly these answers.
    notes : tuple of str
        What a clinician should know of how it came about.
    """

    plan: Plan
    is_analysed: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlanView:
    """Everything the page of a plan shows.

    Attributes
    ----------
    case : Case
    made : PlanMade or None
        The newest agreed one, as it was written.
    agreed : PastPlan or None
        The same, read; None before the first, or while the lock is closed.
    is_in_force : bool
        Whether the agreed plan may be followed today.
    draft : Draft or None
    proposal : Proposal or None
        None while the lock is closed, or where the agreed plan is in force and nobody works on another.
    plan : Plan or None
        The proposal with the changes of the draft.
    fault : str
        Why the changes of the draft no longer fit the proposal; '' if they do.
    can_keep_up : bool
        Whether a plan that keeps up what was reached could stand in place of the agreed one.
    """

    case: Case
    made: PlanMade | None = None
    agreed: PastPlan | None = None
    is_in_force: bool = False
    draft: Draft | None = None
    proposal: Proposal | None = None
    plan: Plan | None = None
    fault: str = ""
    can_keep_up: bool = False


def last_agreed(case: Case) -> PlanMade | None:
    """Return the newest plan of a journal as it was written; None before the first.

    Parameters
    ----------
    case : Case
    """
    return next((event for event in reversed(case.events) if isinstance(event, PlanMade)), None)


def current_plan(case: Case) -> Plan | None:
    """Return the plan of today.

    Parameters
    ----------
    case : Case

    Returns
    -------
    Plan or None
        None while a danger sign holds it back, or if the answers changed since it was made, or another version made it
        and this one reads it otherwise.
    """
    made = last_agreed(case)
    if made is None:
        return None
    try:
        return agreed_plan(made, case.unlocked())
    except (InputError, LockedError):
        return None


def read_plan(place: Place, actor: Actor, patient_id: str) -> PlanView:
    """Return the plan of a patient, agreed and in progress.

    Parameters
    ----------
    place : Place
    actor : Actor
        Of the staff: a draft and an orthosis sheet are for the clinic alone.
    patient_id : str

    Raises
    ------
    InputError
        If the actor is not of the staff.
    """
    if not actor.is_staff:
        raise InputError("a plan in progress is for the clinic alone")
    with place.database.reading() as connection:
        case = read_case(connection, patient_id)
        return _view(place, connection, case, local_day(now()))


def _view(place: Place, connection: Connection, case: Case, today: date) -> PlanView:
    made, kept = last_agreed(case), _read_draft(connection, case.patient.id)
    if case.screened().plan_locked:
        return PlanView(case, made, draft=kept)
    agreed = past_plan(made, case.unlocked(), __version__) if made else None
    is_in_force = current_plan(case) is not None
    can_keep_up = agreed is not None and not keeps_up(agreed.plan) and (today - agreed.plan.made_on).days >= FIRST_DAY
    view = PlanView(case, made, agreed, is_in_force, kept, can_keep_up=can_keep_up)
    if kept is None and is_in_force:
        return view
    at_work = kept or Draft(reason=_usual_reason(made, is_in_force))
    try:
        proposal = _proposal(place, connection, case, agreed, at_work, today)
    except KinechainError as error:
        return replace(view, fault=str(error))
    try:
        plan, fault = edited(proposal.plan, at_work.edits, case.person, at_work.clinician), ""
    except KinechainError as error:
        plan, fault = proposal.plan, str(error)
    return replace(view, draft=kept, proposal=proposal, plan=plan, fault=fault)


def _usual_reason(made: PlanMade | None, is_in_force: bool) -> str:
    """Return the reason of a plan that has to be made anew because the answers changed; '' where somebody must say."""
    return "" if made is None or is_in_force else "the answers have changed"


def _proposal(
    place: Place, connection: Connection, case: Case, agreed: PastPlan | None, kept: Draft, today: date
) -> Proposal:
    unlocked, previous = case.unlocked(), agreed.plan if agreed else None
    reason = kept.reason if previous else ""
    if previous is not None and kept.is_kept_up:
        plan = maintain(case.person, unlocked, previous=previous, reason=reason, today=today, version=__version__)
        return Proposal(_replacing(plan, agreed), False)
    analysed, notes = _analysed(place, connection, case)
    if analysed is not None:
        plan = carried_on(analysed, previous, reason, today, case.person.age_years)
        return Proposal(_replacing(plan, agreed), True, notes)
    plan = make_plan(
        case.person,
        unlocked,
        findings=_findings(case),
        today=today,
        version=__version__,
        previous=previous,
        reason=reason,
    )
    return Proposal(_replacing(plan, agreed), False, notes)


def _replacing(plan: Plan, agreed: PastPlan | None) -> Plan:
    """Return a plan that names the one it replaces as that was made, also where another version reads it otherwise."""
    return plan if agreed is None or agreed.is_as_made else replace(plan, replaces=agreed.id)


def _findings(case: Case) -> tuple[Finding, ...]:
    return tuple(find_exam(case.person)[0])


def _analysed(place: Place, connection: Connection, case: Case) -> tuple[Plan | None, tuple[str, ...]]:
    """Return what the newest analysis proposes, if it was made for exactly these answers; else why not."""
    found = standing_assessment(connection, case)
    if found is None:
        return None, ("There is no analysis yet: this rests on the answers and the examination alone.",)
    job, outputs = found
    try:
        plan = plan_from_plain(json.loads(read_output(place, outputs, "plan.json")), case.unlocked())
    except KinechainError:
        return None, (
            "The answers have changed since the last analysis: this rests on the answers and the examination alone. "
            "Analyse again to let measured drivers in.",
        )
    if is_current(case, recordings_of(connection, case.patient.id), job):
        return plan, ()
    return plan, ("Recordings have changed since the last analysis; analyse again to let them in.",)


def _read_draft(connection: Connection, patient_id: str) -> Draft | None:
    where = (draft_table.c.patient_id == patient_id, draft_table.c.kind == KIND)
    row = connection.execute(select(draft_table).where(*where)).first()
    if row is None:
        return None
    content = json.loads(row.content)
    try:
        edits = from_plain(content["edits"], Edits)
    except (InputError, KeyError):
        # Of another version: what cannot be read is proposed again, and nothing agreed is touched.
        edits = Edits()
    clinician = str(content.get("clinician", ""))
    return Draft(edits, str(content["reason"]), bool(content["is_kept_up"]), row.number, row.at, row.by, clinician)


def change_draft(
    place: Place, actor: Actor, patient_id: str, number: int, change: Callable[[Draft, PlanView], Draft]
) -> PlanView:
    """Change the draft of a plan; the result must be a plan that the rules allow.

    Parameters
    ----------
    place : Place
    actor : Actor
        Of the staff.
    patient_id : str
    number : int
        Of the draft as it was seen; 0 where there was none.
    change : callable
        From the draft and what the page showed to the new draft.

    Raises
    ------
    ConflictError
        If somebody else changed the draft in between.
    LockedError
        If a danger sign holds back a plan.
    SettingError
        If the rules forbid the change; the sentence says why.
    """
    with place.database.writing() as connection:
        hold(connection, patient_id)
        case = read_case(connection, patient_id)
        case.unlocked()
        today = local_day(now())
        view = _view(place, connection, case, today)
        kept = view.draft or Draft(reason=_usual_reason(view.made, view.is_in_force))
        if kept.number != number:
            raise ConflictError(
                "somebody else changed this draft in between; load the page again and repeat the change"
            )
        wanted = change(kept, view)
        if view.made is not None and not wanted.reason.strip():
            raise InputError("a plan that replaces another needs the reason; say in a few words why it changes")
        proposal = _proposal(place, connection, case, view.agreed, wanted, today)
        edited(proposal.plan, wanted.edits, case.person, actor.name)
        _keep_draft(connection, actor, patient_id, wanted, number)
        detail = {"number": number + 1, "changes": wanted.edits.count}
        record(connection, actor, "write plan draft", patient_id, detail)
        return _view(place, connection, case, today)


def _keep_draft(connection: Connection, actor: Actor, patient_id: str, kept: Draft, number: int) -> None:
    plain = {"edits": to_plain(kept.edits), "reason": kept.reason, "is_kept_up": kept.is_kept_up}
    content = json.dumps(plain | {"clinician": actor.name})
    values = {"content": content, "number": number + 1, "at": now(), "by": actor.code}
    if number:
        where = (draft_table.c.patient_id == patient_id, draft_table.c.kind == KIND)
        connection.execute(update(draft_table).where(*where).values(**values))
    else:
        connection.execute(insert(draft_table).values(patient_id=patient_id, kind=KIND, **values))


def discard_draft(place: Place, actor: Actor, patient_id: str, number: int) -> None:
    """Forget the draft of a plan.

    Parameters
    ----------
    place : Place
    actor : Actor
    patient_id : str
    number : int
        As `change_draft`.
    """
    with place.database.writing() as connection:
        hold(connection, patient_id)
        kept = _read_draft(connection, patient_id)
        if kept is not None and kept.number != number:
            raise ConflictError("somebody else changed this draft in between; load the page again")
        connection.execute(
            delete(draft_table).where(draft_table.c.patient_id == patient_id, draft_table.c.kind == KIND)
        )
        record(connection, actor, "discard plan draft", patient_id, {"number": number})


def agree(place: Place, actor: Actor, patient_id: str, number: int, digest: str, is_agreed: bool) -> Plan:
    """Write the plan that clinician and patient agreed on into the journal; it is never changed afterwards.

    Parameters
    ----------
    place : Place
    actor : Actor
        Of the staff.
    patient_id : str
    number : int
        Of the draft as it was seen; 0 where nothing was changed.
    digest : str
        `Plan.id` of the plan as it was seen: no other one is agreed by mistake.
    is_agreed : bool
        Whether the clinician says that the patient agrees.

    Raises
    ------
    ConflictError
        If the plan is not the one that was seen any more.
    InputError
        If the patient did not agree, or took the consent to care back.
    LockedError
        If a danger sign holds back a plan.
    """
    if not is_agreed:
        raise InputError("a plan is agreed by two; tick that the patient agrees, or change it until they do")
    moment = now()
    today = local_day(moment)
    with place.database.writing() as connection:
        hold(connection, patient_id)
        case = read_case(connection, patient_id)
        case.unlocked()
        check_consent(case, today)
        view = _view(place, connection, case, today)
        seen = view.draft.number if view.draft else 0
        if view.plan is None or seen != number or view.plan.id != digest:
            raise ConflictError("this plan has changed since you looked at it; load the page again and read it first")
        if view.fault:
            raise InputError(view.fault)
        events = (*_visit(case, actor, moment, view.plan.reason), _made(view.plan, actor, moment))
        case = write_events(connection, actor, patient_id, events, "agree plan")
        connection.execute(
            delete(draft_table).where(draft_table.c.patient_id == patient_id, draft_table.c.kind == KIND)
        )
        keep_tasks(connection, case, progress_of(case, today))
        return view.plan


def _made(plan: Plan, actor: Actor, moment: datetime) -> PlanMade:
    plain = json.loads(json.dumps(plan_plain(plan)))
    at = moment.astimezone()
    return PlanMade(id=str(uuid4()), at=at, by=actor.code, why=plan.reason, plan=plain, replaces=plan.replaces)


def check_consent(case: Case, today: date) -> None:
    """Refuse to store anything new of somebody who took the consent to care back, or whose consent has ended.

    Parameters
    ----------
    case : Case
    today : date

    Raises
    ------
    InputError
    """
    care = consent_state(case.events, "care", today)
    if care.state in ("withdrawn", "ended"):
        ending = "was withdrawn" if care.state == "withdrawn" else "ended"
        raise InputError(
            f"the consent to care {ending} on {care.since}, so nothing new is stored; ask the patient first"
        )


def _visit(case: Case, actor: Actor, moment: datetime, reason: str) -> tuple[Event, ...]:
    """Return the visit a plan is made at, where no analysis of today has written one: later reviews compare with it."""
    day = local_day(moment)
    made = [event for event in case.events if isinstance(event, VisitMade) and not event.rerun_of]
    if made and local_day(made[-1].at) == day:
        return ()
    name = f"week {(day - local_day(made[0].at)).days // 7}" if made else "baseline"
    why = reason or "a plan was made"
    assessment = examined(case)
    at = moment.astimezone()
    return (
        made_visit(name, assessment, id=str(uuid4()), at=at, by=actor.code, why=why, scores=visit_scores(case, day)),
    )


def examined(case: Case) -> dict[str, object]:
    """Return the examination as an assessment, without recordings and drivers.

    Parameters
    ----------
    case : Case
    """
    rows = [
        {"id": f.id, "side": f.side, "value": f.estimate.value, "low": f.estimate.low, "high": f.estimate.high}
        | {"unit": f.estimate.unit, "source": f.estimate.source}
        for f in _findings(case)
    ]
    return {"provenance": {"version": __version__, "inputs": {}}, "measures": rows}


def visit_scores(case: Case, day: date) -> tuple[Score, ...]:
    """Return the scores that belong to a visit: those answered since the visit before; at the first, undated ones too.

    Parameters
    ----------
    case : Case
    day : date
        Of the visit.
    """
    before = [local_day(e.at) for e in case.events if isinstance(e, VisitMade) and local_day(e.at) < day]
    return tuple(
        score
        for score in case.person.questionnaires
        if (not before if score.answered_on is None else score.answered_on <= day)
        and (score.answered_on is None or not before or score.answered_on > max(before))
    )
