"""When an exercise gets harder, stays, gets easier or stops (rules R6.1, R6.2, R6.4, R6.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from kinechain.care.follow_up.course_tables import course_table
from kinechain.care.follow_up.days import own_day, plan_week
from kinechain.care.follow_up.events import NextMorning, Session
from kinechain.care.follow_up.pain_rule import PainRule, judge_pain
from kinechain.care.follow_up.soreness import Soreness
from kinechain.care.planning.plan import Dose, Exercise
from kinechain.evidence.wording import Sentence, say

__all__ = ["Decision", "decide", "dose_in_week"]

Action = Literal["progress", "keep", "regress", "stop", "not enough known"]


@dataclass(frozen=True)
class Decision:
    """What to do with one exercise from now on.

    Attributes
    ----------
    part : str
        Id of the part of the plan.
    exercise, side : str
        Of that part.
    action : 'progress', 'keep', 'regress', 'stop' or 'not enough known'
    dose : Dose or None
        From now on, never more than the plan's; None while it is stopped.
    load_percent : tuple of float or None
        By how much the load grows, least and most; None unless it progresses.
    pain : PainRule
    sentences : tuple of Sentence
        What to do, then why.
    """

    part: str
    exercise: str
    side: str
    action: Action
    dose: Dose | None
    load_percent: tuple[float, float] | None
    pain: PainRule
    sentences: tuple[Sentence, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """Ids of the rules it follows."""
        return tuple(dict.fromkeys(s.rule for s in self.sentences if s.rule))


def dose_in_week(part: Exercise, week: int) -> Dose:
    """Return the dose of an exercise in a week of the plan.

    Parameters
    ----------
    part : Exercise
    week : int
        The first is 1.

    Notes
    -----
    Only the heel-raise programme has stages (rule R6.4); they are taken within the plan's own limits.
    """
    stages = course_table("stage").get(part.exercise)
    if stages is None:
        return part.dose
    return _stage_dose(part.dose, stages["sets"], stages["repetitions"], _stage_due(part.exercise, week))


def decide(
    part: Exercise,
    sessions: Sequence[Session],
    mornings: Sequence[NextMorning],
    soreness: Soreness,
    start: date,
    today: date,
    usual: float | None = None,
    is_suspended: bool = False,
) -> Decision:
    """Return what to do with one exercise.

    Parameters
    ----------
    part : Exercise
    sessions : sequence of Session
        Of any exercise; those of this one and its side are used.
    mornings : sequence of NextMorning
    soreness : Soreness
    start, today : date
        The first day of the plan, and now.
    usual : float or None
        Usual pain in the morning, where a morning does not tell it.
    is_suspended : bool
        Whether the plan rests: then everything stops.
    """
    own = [s for s in sessions if s.exercise == part.exercise and _sides_meet(part.side, s.side)]
    pain = judge_pain(own, mornings, today, usual)
    dose = dose_in_week(part, plan_week(today, start))
    action: Action = "stop" if is_suspended else _gate(pain, soreness)
    reasons = pain.sentences
    if soreness.verdict in ("too long", "own pain"):
        reasons += soreness.sentences
    patience = course_table("patience").get(part.exercise)
    if patience is not None and (today - start).days < 7 * patience["weeks"][1]:
        reasons += (say("follow_up.patience"),)
    load: tuple[float, float] | None = None
    if part.exercise in course_table("stage"):
        dose = _stage_reached(part, own, dose, 1 if action == "keep" and pain.verdict == "go on" else 0)
    elif action == "keep" and pain.verdict == "go on" and soreness.verdict in ("none", "expected", "not enough known"):
        load = _load_step(part, own, dose)
        action = "progress" if load else "keep"
    return Decision(
        part=part.id,
        exercise=part.exercise,
        side=part.side,
        action=action,
        dose=None if action == "stop" else _easier(part, dose) if action == "regress" else dose,
        load_percent=load,
        pain=pain,
        sentences=(_what_to_do(action, load), *reasons, *(part.regressions[:1] if action == "regress" else ())),
    )


def _gate(pain: PainRule, soreness: Soreness) -> Action:
    if pain.verdict == "stop":
        return "stop"
    if pain.verdict == "regress" or soreness.verdict in ("too long", "own pain"):
        return "regress"
    return "not enough known" if pain.verdict == "not enough known" else "keep"


def _what_to_do(action: Action, load: tuple[float, float] | None) -> Sentence:
    if load:
        return say("follow_up.do_progress", least=f"{load[0]:g}", most=f"{load[1]:g}")
    return say(f"follow_up.do_{action.replace(' ', '_')}")


def _load_step(part: Exercise, sessions: Sequence[Session], dose: Dose) -> tuple[float, float] | None:
    """Return the step of load, if the last sessions on every side of the part were over target."""
    step = course_table("load_step")["strength"]
    if dose.hold_s is not None or dose.basis != "ACSM":
        return None
    for side in ("left", "right") if part.side == "both" else (part.side,):
        days: dict[date, list[Session]] = {}
        for session in sessions:
            if _sides_meet(side, session.side):
                days.setdefault(own_day(session), []).append(session)
        last = sorted(days)[-step["sessions_in_a_row"] :]
        if len(last) < step["sessions_in_a_row"] or not all(_is_over(days[d], dose, step["over"]) for d in last):
            return None
    least, most = step["percent"]
    return float(least), float(most)


def _is_over(sessions: Sequence[Session], dose: Dose, over: int) -> bool:
    possible = min(s.repetitions + (s.repetitions_in_reserve or 0) for s in sessions)
    return sum(s.sets for s in sessions) >= dose.sets[0] and possible >= dose.repetitions[1] + over


def _easier(part: Exercise, dose: Dose) -> Dose:
    """Return one set less and the fewest repetitions of the plan, never less than one set."""
    sets = (max(1, dose.sets[0] - 1), max(1, dose.sets[1] - 1))
    fewest = min(part.dose.repetitions[0], dose.repetitions[0])
    return replace(dose, sets=sets, repetitions=(fewest, fewest))


def _stage_due(exercise: str, week: int) -> int:
    return len([after for after in course_table("stage")[exercise]["after_weeks"] if week - 1 >= after]) - 1


def _stage_reached(part: Exercise, sessions: Sequence[Session], due: Dose, step: int) -> Dose:
    """Return the stage due by the calendar, but at most so many steps above the last that was done in full."""
    stages = course_table("stage")[part.exercise]
    done = -1
    if sessions:
        day = max(own_day(s) for s in sessions)
        last = [s for s in sessions if own_day(s) == day]
        sets = max(sum(s.sets for s in last if s.side in (side, "both")) for side in ("left", "right"))
        done = max((i for i, needed in enumerate(stages["sets"]) if sets >= needed), default=-1)
    reached = _stage_dose(part.dose, stages["sets"], stages["repetitions"], done + step)
    return min(due, reached, key=lambda dose: dose.sets)


def _stage_dose(plan: Dose, sets: Sequence[int], repetitions: Sequence[int], stage: int) -> Dose:
    i = min(max(stage, 0), len(sets) - 1)
    least, most = plan.sets
    count = min(max(sets[i], least), most)
    fewest, highest = plan.repetitions
    number = min(max(repetitions[i], fewest), highest)
    return replace(plan, sets=(count, count), repetitions=(number, number))


def _sides_meet(planned: str, done: str) -> bool:
    return planned in ("", "both") or done in ("both", planned)
