"""The plan that was in force on a day, and how it went until then, read from the records of a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Literal, Protocol

from kinechain import __version__
from kinechain.care.follow_up.alerts import Alert, standing_dangers
from kinechain.care.follow_up.events import Event, PlanMade, VisitMade
from kinechain.care.follow_up.follow_up import Progress, follow_up
from kinechain.care.follow_up.pain_series import mean_pain
from kinechain.care.person.person import Person
from kinechain.care.planning.contraindications import is_kept_away, what_is_known
from kinechain.care.planning.maintenance import FIRST_DAY, has_relapsed, keeps_up
from kinechain.care.planning.plan import Plan
from kinechain.care.records.plan_values import PastPlan, past_plan
from kinechain.care.screening.clearance import TrustedClearance
from kinechain.care.screening.lock import Unlocked
from kinechain.care.screening.screen import Screen
from kinechain.core.errors import SettingError
from kinechain.core.estimate import Estimate

__all__ = ["Records", "could_keep_up", "follow", "has_come_back", "has_plan", "key_measures", "present_alerts"]


class Records(Protocol):
    """A person and their journal, wherever they are kept: in files, or in a database."""

    @property
    def person(self) -> Person:
        """As they answer now."""

    @property
    def events(self) -> tuple[Event, ...]:
        """Of the journal."""

    @property
    def clearances(self) -> tuple[TrustedClearance, ...]:
        """Those that a key of this installation confirms and that no later event ended."""

    def screened(self) -> Screen:
        """Return the outcome of the danger signs, of answers and journal together."""

    def unlocked(self) -> Unlocked:
        """Return the proof that there may be a plan; LockedError if not."""


def has_plan(records: Records) -> bool:
    """Return whether a plan was ever made.

    Parameters
    ----------
    records : Records
    """
    return any(isinstance(event, PlanMade) for event in records.events)


def follow(records: Records, today: date) -> tuple[PastPlan, Progress]:
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
    unlocked = records.unlocked()
    plans = [event for event in records.events if isinstance(event, PlanMade)]
    made = [event for event in plans if date.fromisoformat(str(event.plan["made_on"])) <= today] or plans[:1]
    past = past_plan(made[-1], unlocked, __version__)
    plan = past.plan
    if today < plan.made_on:
        raise SettingError(f"the day is {today}, and the plan began on {plan.made_on}; choose a day from then on")
    first = _first_visit(records, plan.made_on)
    history, known = records.person.history, what_is_known(records.person)
    found = follow_up(
        records.events,
        plan,
        today,
        baseline=first.scores if first else (),
        measures=key_measures(first.assessment) if first else {},
        drivers=_new_chances(records, plan.made_on, today),
        clearances=[proof.clearance for proof in records.clearances],
        site=_site(history.pain_regions),
        onset_weeks=history.pain_weeks,
        kept_away=tuple(part.exercise for part in plan.exercises if is_kept_away(part.exercise, known)),
    )
    return past, replace(found, plan=past.id)


def could_keep_up(plan: Plan, found: Progress) -> bool:
    """Return whether a plan may turn into keeping up what was reached: after week 8, unless somebody must look first.

    Parameters
    ----------
    plan : Plan
    found : Progress
    """
    if keeps_up(plan) or found.day < FIRST_DAY or found.suspended:
        return False
    last = next((review for review in found.reviews if review.checkpoint == "week 8"), None)
    decision = last and (last.recorded or (last.outcome.decision if last.outcome else ""))
    return decision != "refer" and not has_come_back(plan, found)


def has_come_back(plan: Plan, found: Progress) -> bool | None:
    """Return whether pain came back to stay after the best week, None before week 8 or where nothing tells.

    Parameters
    ----------
    plan : Plan
    found : Progress
    """
    end = plan.made_on if keeps_up(plan) else plan.made_on + timedelta(days=FIRST_DAY)
    weeks = [mean_pain(found.pain, day.day) for day in found.pain if day.day <= end]
    best = [week for week in weeks if week is not None]
    since = [(day.day, day.main) for day in found.pain if day.day > end and day.main is not None]
    return has_relapsed(min(best), since) if best and since else None


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
    if has_plan(records) and not records.screened().plan_locked:
        return follow(records, today)[1].alerts
    return standing_dangers(records.events, today, [proof.clearance for proof in records.clearances])


def _first_visit(records: Records, made_on: date) -> VisitMade | None:
    """Return the visit a plan was made at: the last one up to its first day."""
    visits = [event for event in records.events if isinstance(event, VisitMade) and not event.rerun_of]
    before = [visit for visit in visits if visit.at.date() <= made_on]
    return before[-1] if before else None


def _new_chances(records: Records, made_on: date, today: date) -> Mapping[str, float] | None:
    """Return what the last visit says of each player, None unless it and an older one computed drivers."""
    visits = [event for event in records.events if isinstance(event, VisitMade) and not event.rerun_of]
    until = sorted((visit for visit in visits if visit.at.date() <= today), key=lambda visit: visit.at)
    if not until or until[-1].at.date() <= made_on or not any(_chances(visit) for visit in until[:-1]):
        return None
    return _chances(until[-1]) or None


def _chances(visit: VisitMade) -> dict[str, float]:
    """Return how probable it was at a visit that each player is relevant; empty where no drivers were computed."""
    drivers: Any = visit.assessment.get("drivers") or {}
    rows = [*drivers.get("players", ()), *drivers.get("silent", ())]
    # As `Player.key` names it: without the side where it lies in the middle.
    return {f"{row['id']} {row['side']}".removesuffix(" middle"): float(row["p_relevant"]) for row in rows}


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
