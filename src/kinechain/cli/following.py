"""The plan that was in force on a day, and how it went until then, read from the records of a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

from kinechain.care.follow_up.alerts import Alert, standing_dangers
from kinechain.care.follow_up.events import PlanMade, VisitMade
from kinechain.care.follow_up.follow_up import Progress, follow_up
from kinechain.care.planning.plan import Plan
from kinechain.care.records.plan_values import plan_from_plain
from kinechain.care.screening.lock import unlock
from kinechain.care.screening.red_flags import screen_person
from kinechain.cli.person_files import Records
from kinechain.core.errors import SettingError
from kinechain.core.estimate import Estimate

__all__ = ["follow", "has_plan", "key_measures", "present_alerts"]


def has_plan(records: Records) -> bool:
    """Return whether a plan was ever made.

    Parameters
    ----------
    records : Records
    """
    return any(isinstance(event, PlanMade) for event in records.events)


def follow(records: Records, today: date) -> tuple[Plan, Progress]:
    """Return the plan that was in force on a day, and how it went until then.

    Parameters
    ----------
    records : Records
        With a plan, and no danger sign that holds one back.
    today : date

    Raises
    ------
    SettingError
        If the day lies before the plan.
    """
    unlocked = unlock(records.person, records.clearances)
    plans = [event for event in records.events if isinstance(event, PlanMade)]
    made = [event for event in plans if date.fromisoformat(str(event.plan["made_on"])) <= today] or plans[:1]
    plan = plan_from_plain(made[-1].plan, unlocked, is_past=True)
    if today < plan.made_on:
        raise SettingError(f"--on is {today}, and the plan began on {plan.made_on}; choose a day from then on")
    first = _first_visit(records, plan.made_on)
    history = records.person.history
    found = follow_up(
        records.events,
        plan,
        today,
        baseline=first.scores if first else (),
        measures=key_measures(first.assessment) if first else {},
        clearances=[proof.clearance for proof in records.clearances],
        site=_site(history.pain_regions),
        onset_weeks=history.pain_weeks,
    )
    return plan, found


def present_alerts(records: Records, today: date) -> tuple[Alert, ...]:
    """Return what the clinician is told on a day; without a plan, or while it is locked, the dangers that stand.

    Parameters
    ----------
    records : Records
    today : date

    Raises
    ------
    SettingError
        If the day lies before the plan.
    """
    if has_plan(records) and not screen_person(records.person, records.clearances).plan_locked:
        return follow(records, today)[1].alerts
    return standing_dangers(records.events, today, [proof.clearance for proof in records.clearances])


def _first_visit(records: Records, made_on: date) -> VisitMade | None:
    """Return the visit a plan was made at: the last one up to its first day."""
    visits = [event for event in records.events if isinstance(event, VisitMade) and not event.rerun_of]
    before = [visit for visit in visits if visit.at.date() <= made_on]
    return before[-1] if before else None


def _site(regions: Sequence[str]) -> Literal["back", "foot"]:
    return "back" if not regions or any("back" in region or "buttock" in region for region in regions) else "foot"


def key_measures(assessment: Mapping[str, Any]) -> dict[str, Estimate]:
    """Return the measures of an assessment as hypotheses name them: item and side.

    Parameters
    ----------
    assessment : mapping
        Of the schema ``kinechain/assessment/1``.
    """
    found = {}
    for row in assessment.get("measures", ()):
        name = str(row["id"]).partition(".")[2] or str(row["id"])
        key = name if row["side"] in ("both", "") else f"{name} {row['side']}"
        source = str(row.get("source") or row.get("method") or "not stated")
        found[key] = Estimate(row["value"], row["low"], row["high"], row["unit"], source)
    return found
