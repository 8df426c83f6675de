"""How a plan goes, from the database; computed once for a journal and a day."""

from __future__ import annotations

from datetime import date

from kinechain.care.follow_up.alerts import Alert, standing_dangers
from kinechain.care.follow_up.follow_up import Progress
from kinechain.care.records.following import follow, has_plan
from kinechain.care.records.plan_values import PastPlan
from kinechain.core.errors import InputError, LockedError
from kinechain.workspace.case import Case

__all__ = ["followed", "present_alerts", "progress_of"]


def followed(case: Case, today: date) -> tuple[PastPlan, Progress] | None:
    """Return the plan in force on a day and how it went until then.

    Parameters
    ----------
    case : Case
    today : date
        The patient's own.

    Returns
    -------
    tuple of PastPlan, Progress, or None
        None without a plan, before its first day, or while a danger sign holds it back.
    """
    return case.once("followed", today, lambda: _followed(case, today))


def _followed(case: Case, today: date) -> tuple[PastPlan, Progress] | None:
    if not has_plan(case):
        return None
    try:
        return follow(case, today)
    except (InputError, LockedError):
        return None


def progress_of(case: Case, today: date) -> Progress | None:
    """Return how the plan of a patient goes.

    Parameters
    ----------
    case : Case
    today : date
        The patient's own.

    Returns
    -------
    Progress or None
        As `followed`.
    """
    found = followed(case, today)
    return found[1] if found else None


def present_alerts(case: Case, today: date) -> tuple[Alert, ...]:
    """Return what the clinician is told; without a plan, or while it is locked, the dangers that stand.

    Parameters
    ----------
    case : Case
    today : date
    """
    progress = progress_of(case, today)
    if progress is not None:
        return progress.alerts
    return standing_dangers(case.events, today, [proof.clearance for proof in case.clearances])
