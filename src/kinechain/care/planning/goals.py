"""What is aimed at, by which measure, by when; without a baseline there is a goal and no number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kinechain.care.person.choices import choices
from kinechain.care.person.complaint import exam_values, has_back_pain, has_heel_pain, pain_level
from kinechain.care.person.exam import read_exam_definitions
from kinechain.care.planning.plan import Because, Goal, Hypothesis
from kinechain.care.planning.reasons import because_history, because_rule, side_in_words
from kinechain.care.planning.situation import Situation
from kinechain.evidence.wording import Sentence, say

__all__ = ["GOAL_WEEK", "goals", "noticed_drop"]

#: Review at which the goals are looked at (rule R7: week 6).
GOAL_WEEK = 6

#: Smallest drops that people notice: points, or a share of the start, whichever comes first (ostelo2008).
NOTICED: Mapping[str, float] = {"nprs": 2.0, "rmdq24": 5.0}
NOTICED_SHARE = 0.30

#: Below this many points RMDQ shows change poorly (rule R7.3, rmdq_scientificspine).
RMDQ_FLOOR = 4.0


def noticed_drop(baseline: float, points: float) -> float:
    """Return the value at which a drop is noticed: by so many points or by 30 %, whichever comes first.

    Parameters
    ----------
    baseline, points : float
    """
    return round(max(baseline - points, (1.0 - NOTICED_SHARE) * baseline), 2)


def goals(situation: Situation, hypotheses: tuple[Hypothesis, ...], reasons: Mapping[str, Because]) -> tuple[Goal, ...]:
    """Return the goals: pain, what the person wants to do again, and the key measure of each hypothesis.

    Parameters
    ----------
    situation : Situation
    hypotheses : tuple of Hypothesis
    reasons : mapping of hypothesis to Because
        Why each hypothesis is one.
    """
    return (
        _pain(situation),
        *_first_step(situation),
        *_activities(situation),
        *_back(situation),
        *(_key_measure(situation, h, reasons[h.player]) for h in hypotheses),
    )


def _pain(situation: Situation) -> Goal:
    level = pain_level(situation.person)
    told = "history.pain_average" if situation.person.history.pain_average is not None else "questionnaires.nprs"
    because = because_rule("R4.2") if level is None else because_history(told, f"average pain {level:g} of 10")
    return Goal(
        id="goal.nprs",
        title=say("plan.title_goal_pain"),
        because=(because,),
        sentences=(say("plan.goal_measure_first" if level is None else "plan.goal_pain"),),
        measure="nprs",
        baseline=level,
        target=None if level is None else noticed_drop(level, NOTICED["nprs"]),
        unit="points",
        by_week=GOAL_WEEK,
    )


def _first_step(situation: Situation) -> Iterable[Goal]:
    level = situation.person.history.first_step_pain
    if not has_heel_pain(situation.person):
        return
    told = "history.first_step_pain"
    because = because_rule("R4.2") if level is None else because_history(told, f"first-step pain {level:g} of 10")
    yield Goal(
        id="goal.nprs_first_step",
        title=say("plan.title_goal_first_step"),
        because=(because,),
        sentences=(say("plan.goal_measure_first" if level is None else "plan.goal_pain"),),
        measure="nprs first step",
        baseline=level,
        target=None if level is None else noticed_drop(level, NOTICED["nprs"]),
        unit="points",
        by_week=GOAL_WEEK,
    )


def _activities(situation: Situation) -> Iterable[Goal]:
    """Yield one goal per activity the person named; no size of change was read for them, so none is set."""
    score = next((s for s in situation.person.questionnaires if s.id == "psfs" and s.activities), None)
    if score is None:
        yield Goal(
            id="goal.psfs",
            title=say("plan.title_goal_activities"),
            because=(because_rule("R4.2"),),
            sentences=(say("plan.goal_activities_first"),),
            measure="psfs",
            baseline=None,
            target=None,
            unit="points",
            by_week=GOAL_WEEK,
        )
        return
    for place, activity in enumerate(score.activities, start=1):
        yield Goal(
            id=f"goal.psfs_{place}",
            title=say("plan.title_goal_activity", activity=activity),
            because=(because_history("questionnaires.psfs", "the activities that matter to you"),),
            sentences=(say("plan.goal_activity"),) if place == 1 else (),
            measure=f"psfs {place}",
            baseline=score.parts.get(str(place)),
            target=None,
            unit="points",
            by_week=GOAL_WEEK,
        )


def _back(situation: Situation) -> Iterable[Goal]:
    if not has_back_pain(situation.person):
        return
    total = next((s.total for s in situation.person.questionnaires if s.id == "rmdq24"), None)
    usable = total is not None and total >= RMDQ_FLOOR
    sentence = "plan.goal_measure_first" if total is None else "plan.goal_rmdq" if usable else "plan.goal_no_rmdq"
    because = (
        because_rule("R4.2")
        if total is None
        else because_history("questionnaires.rmdq24", f"back score {total:g} of 24")
    )
    yield Goal(
        id="goal.rmdq24",
        title=say("plan.title_goal_back"),
        because=(because,),
        sentences=(say(sentence),),
        measure="rmdq24",
        baseline=total,
        target=noticed_drop(total, NOTICED["rmdq24"]) if total is not None and usable else None,
        unit="points",
        by_week=GOAL_WEEK,
    )


def _key_measure(situation: Situation, hypothesis: Hypothesis, reason: Because) -> Goal:
    """Return the goal of a hypothesis: a change of its measure that is larger than the test errs."""
    item, _, side = hypothesis.measure.partition(" ")
    now, change, unit = _measured(situation, hypothesis)
    aim = None if now is None or change is None else round(now + change, 2)
    definition = read_exam_definitions().get(item)
    name = definition.name if definition else item.replace("_", " ")
    return Goal(
        id=f"goal.{hypothesis.player.replace(' ', '.')}",
        title=say("plan.title_goal_measure", measure=f"{name}{side_in_words(side)}"),
        because=(reason,),
        sentences=(_aim_sentence(now, aim, unit), say("plan.goal_retest")),
        side=side if side in ("left", "right") else "both",  # type: ignore[arg-type]
        measure=hypothesis.measure,
        baseline=now,
        target=aim,
        unit=unit,
        by_week=GOAL_WEEK,
    )


def _aim_sentence(now: float | None, aim: float | None, unit: str) -> Sentence:
    if now is None:
        return say("plan.goal_measure_first")
    if aim is None:
        return say("plan.goal_measure_open")
    return say("plan.goal_measure", baseline=f"{now:.3g}", target=f"{aim:.3g}", unit=unit)


def _measured(situation: Situation, hypothesis: Hypothesis) -> tuple[float | None, float | None, str]:
    """Return the baseline, the signed change to aim at and the unit, as far as they are known."""
    for player in situation.players:
        if player.key == hypothesis.player:
            toward = 1.0 if player.deviation_sd < 0 else -1.0
            return player.value.value, toward * player.minimal_detectable_change, player.value.unit
    item, _, side = hypothesis.measure.partition(" ")
    for choice in choices():
        if choice.measure != item:
            continue
        for finding in situation.findings:
            if finding.id in choice.findings and (finding.side == side or not side) and finding.norm is not None:
                change = finding.minimal_detectable_change
                toward = 1.0 if finding.estimate.value < finding.norm.low else -1.0
                return finding.estimate.value, None if change is None else toward * change, finding.estimate.unit
        if choice.exam_difference is not None:
            rule = choice.exam_difference
            values = [v for v in exam_values(situation.person, rule.item, rule.unit) if v.side == side]
            if values:
                return values[0].value, rule.change, rule.unit
    return None, None, ""
