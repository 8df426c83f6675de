"""What a plan says, without the lock: what is exchanged with other systems, and compared when it comes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from kinechain.care.planning.plan import Exercise, Goal, NotOffered, Part, Plan, Referral
from kinechain.report.plan_lines import part_lines, said_beside_lines

__all__ = ["PlanPart", "PlanSummary", "plan_summary", "summarised"]


@dataclass(frozen=True)
class PlanPart:
    """One part of a plan, in words.

    Attributes
    ----------
    id, kind, title, side : str
        As of `kinechain.care.planning.plan.Part`.
    text : str
        Its values and sentences, one a line.
    days_per_week : (int, int) or None
        Of an exercise.
    is_not_offered : bool
    measure, unit : str
        Of a goal.
    baseline, target : float or None
        Of a goal.
    by_week : int
        Of a goal; 0 otherwise.
    to, urgency : str
        Of a referral.
    """

    id: str
    kind: str
    title: str
    side: str
    text: str
    days_per_week: tuple[int, int] | None = None
    is_not_offered: bool = False
    measure: str = ""
    unit: str = ""
    baseline: float | None = None
    target: float | None = None
    by_week: int = 0
    to: str = ""
    urgency: str = ""


@dataclass(frozen=True)
class PlanSummary:
    """A plan in words.

    Attributes
    ----------
    id, mode, version, replaces, reason : str
    made_on : date
    weeks : int
    parts : tuple of PlanPart
        Goals first, then what is done, then referrals.
    """

    id: str
    mode: str
    made_on: date
    weeks: int
    version: str
    parts: tuple[PlanPart, ...]
    replaces: str = ""
    reason: str = ""


def plan_summary(plan: Plan, audience: Literal["patient", "clinician"]) -> PlanSummary:
    """Return a plan in words; a patient's holds no orthosis sheet and no note for the clinician.

    Parameters
    ----------
    plan : Plan
    audience : 'patient' or 'clinician'
    """
    shown = plan.parts if audience == "clinician" else plan.for_patient()
    parts = sorted((summarised(part, audience) for part in shown), key=lambda part: _order(part.kind))
    return PlanSummary(
        plan.id, plan.mode, plan.made_on, plan.weeks, plan.version, tuple(parts), plan.replaces, plan.reason
    )


def summarised(part: Part, audience: Literal["patient", "clinician"]) -> PlanPart:
    """Return one part of a plan, or a referral that stands alone, in words.

    Parameters
    ----------
    part : Part
    audience : 'patient' or 'clinician'
    """
    said = [f"{label.text}: {value}" for label, value in part_lines(part)]
    said += [sentence.text for sentence in said_beside_lines(part, audience)]
    if isinstance(part, Exercise):
        said += [sentence.text for sentence in (*part.setup, *part.cues, *part.stop_rules)]
    goal = part if isinstance(part, Goal) else None
    referral = part if isinstance(part, Referral) else None
    return PlanPart(
        id=part.id,
        kind=part.kind,
        title=part.title.text,
        side=part.side,
        text="\n".join(said),
        days_per_week=part.dose.days_per_week if isinstance(part, Exercise) else None,
        is_not_offered=isinstance(part, NotOffered),
        measure=goal.measure if goal else "",
        unit=goal.unit if goal else "",
        baseline=goal.baseline if goal else None,
        target=goal.target if goal else None,
        by_week=goal.by_week if goal else 0,
        to=referral.to if referral else "",
        urgency=referral.urgency if referral else "",
    )


def _order(kind: str) -> int:
    return {"goal": 0, "referral": 2}.get(kind, 1)
