"""Why a part of a plan stands there: from a finding, a driver, a rule, the history or an examination item."""

from __future__ import annotations

import math

from kinechain.care.drivers import Player, percent
from kinechain.care.finding import Finding, Norm
from kinechain.care.person.person import ExamItem, Person, PersonSide
from kinechain.care.planning.plan import Because
from kinechain.care.screening.screen import Flag
from kinechain.core.errors import SettingError
from kinechain.evidence.wording import say

__all__ = [
    "because_driver",
    "because_exam",
    "because_finding",
    "because_flag",
    "because_history",
    "because_no_pain",
    "because_pain",
    "because_rule",
    "because_unsettled",
    "side_in_words",
]


def because_rule(rule: str, variant: str = "") -> Because:
    """Return a rule as the reason.

    Parameters
    ----------
    rule : str
        Its id, e.g. 'R5.1'.
    variant : str
        Which of several sentences of the rule, e.g. 'heel'.
    """
    key = f"plan.because_{rule.replace('.', '_').replace('-', '_')}" + (f"_{variant}" if variant else "")
    return Because("rule", rule, say(key))


def because_finding(finding: Finding) -> Because:
    """Return a finding that lies beyond its norm by more than its own error as the reason.

    Parameters
    ----------
    finding : Finding

    Raises
    ------
    SettingError
        If it has no norm: then nothing says that it is unusual.
    """
    if finding.norm is None:
        raise SettingError(f"'{finding.id}' has no norm and can be no reason")
    sentence = say(
        "plan.because_finding",
        name=finding.name,
        side=side_in_words(finding.side),
        value=f"{finding.estimate.value:.3g}",
        unit=finding.estimate.unit,
        usual=_usual(finding.norm),
        cohort=finding.norm.cohort,
    )
    return Because("finding", f"{finding.id} {finding.side}", sentence)


def _usual(norm: Norm) -> str:
    """Return a range in words, one side of it open where it has no end."""
    if math.isinf(norm.low):
        return say("plan.usual_at_most", high=f"{norm.high:.3g}").text
    if math.isinf(norm.high):
        return say("plan.usual_at_least", low=f"{norm.low:.3g}").text
    return say("plan.usual_between", low=f"{norm.low:.3g}", high=f"{norm.high:.3g}").text


def because_driver(player: Player, probability: float) -> Because:
    """Return a driver as the reason, with how probable it is that it counts.

    Parameters
    ----------
    player : Player
    probability : float
        That it is relevant for any target.
    """
    side = "" if player.side == "middle" else side_in_words(player.side)
    return Because(
        "driver", player.key, say("plan.because_driver", name=player.name, side=side, probability=percent(probability))
    )


def because_unsettled(ref: str) -> Because:
    """Return the drivers as a whole as the reason, where they support or decide nothing.

    Parameters
    ----------
    ref : str
        'none supported', 'undetermined' or 'direction'.
    """
    return Because("driver", ref, say("plan.because_unsettled"))


def because_exam(item: ExamItem, name: str) -> Because:
    """Return an examination item as the reason.

    Parameters
    ----------
    item : ExamItem
    name : str
        As printed.
    """
    words = item.unit.split(" / ")
    value = words[int(item.value)] if len(words) > 1 else f"{item.value:g} {item.unit}"
    sentence = say("plan.because_exam", name=name, side=side_in_words(item.side), value=value)
    return Because("exam", f"{item.id} {item.side}", sentence)


def because_history(key: str, what: str) -> Because:
    """Return what the person told as the reason.

    Parameters
    ----------
    key : str
        E.g. 'history.sitting_hours', 'conditions.diabetes', 'questionnaires.psfs'.
    what : str
        In words.
    """
    return Because("history", key, say("plan.because_history", what=what))


def because_pain(person: Person) -> Because:
    """Return where it hurts as the reason: as told, else as marked on the symptom map, else that it hurts.

    Parameters
    ----------
    person : Person
    """
    if person.history.pain_regions:
        return Because("history", "history.pain_regions", say("plan.because_history_regions"))
    if any(symptom.kind == "pain" for symptom in person.symptoms):
        return Because("history", "symptoms", say("plan.because_history_regions"))
    history = person.history
    told = ("pain_average", "pain_worst", "first_step_pain", "pain_after_standing")
    key = next((f"history.{name}" for name in told if getattr(history, name)), "questionnaires.nprs")
    return because_history(key, "it hurts")


def because_no_pain() -> Because:
    """Return that no place was named that hurts as the reason."""
    return Because("history", "history.pain_regions", say("plan.because_history_none"))


def because_flag(flag: Flag) -> Because:
    """Return a danger sign as the reason.

    Parameters
    ----------
    flag : Flag
    """
    question = flag.question or flag.id.replace("_", " ")
    if flag.answer == "examination":
        return Because("exam", f"screen.{flag.id}", say("plan.because_screen_examined", question=question))
    return Because("history", f"screen.{flag.id}", say("plan.because_screen", question=question, answer=flag.answer))


def side_in_words(side: PersonSide | str) -> str:
    """Return ' (left)' or ' (right)', '' for anything else.

    Parameters
    ----------
    side : str
    """
    return f" ({side})" if side in ("left", "right") else ""
