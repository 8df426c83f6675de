"""The plan of a patient: the one that is agreed."""

from __future__ import annotations

from kinechain.care.follow_up.events import PlanMade
from kinechain.care.planning.plan import Plan
from kinechain.care.records.plan_values import plan_from_plain
from kinechain.core.errors import InputError, LockedError
from kinechain.workspace.case import Case

__all__ = ["current_plan", "last_agreed"]


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
        return plan_from_plain(made.plan, case.unlocked())
    except (InputError, LockedError):
        return None
