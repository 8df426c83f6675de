"""What the list of patients shows of a case, kept beside it whenever the case changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, insert, update

from kinechain.care.follow_up.events import CheckIn, PlanMade, Session, VisitMade
from kinechain.store.clock import now
from kinechain.store.tables import summary

if TYPE_CHECKING:
    from kinechain.workspace.case import Case

__all__ = ["keep_summary"]

UPDATE = update(summary).where(summary.c.patient_id == bindparam("of"))


def keep_summary(connection: Connection, case: Case) -> None:
    """Write the summary of a case anew.

    Parameters
    ----------
    connection : Connection
        Writing, in the transaction of what changed.
    case : Case
    """
    screen = case.screened()
    plans = [event for event in case.events if isinstance(event, PlanMade)]
    logged = [event for event in case.events if isinstance(event, CheckIn | Session)]
    values = {
        "screen": screen.level,
        "is_locked": screen.plan_locked,
        "plan_made_on": str(plans[-1].plan.get("made_on", ""))[:10] if plans else None,
        "last_event_at": max((event.at for event in logged), default=None),
        "pain": _pain(case),
        "visits": sum(isinstance(event, VisitMade) for event in case.events),
        "at": now(),
    }
    if not connection.execute(UPDATE, {"of": case.patient.id, **values}).rowcount:
        connection.execute(insert(summary).values(patient_id=case.patient.id, **values))


def _pain(case: Case) -> float | None:
    """Return the worst of the pains last told."""
    told = [
        [p for p in (event.back_pain, event.foot_pain, event.worst_pain) if p is not None]
        for event in sorted((e for e in case.events if isinstance(e, CheckIn)), key=lambda event: event.at)
    ]
    return next((max(pains) for pains in reversed(told) if pains), None)
