"""What a part of a plan says beside its sentences: dose, parameters, targets, as labels with values."""

from __future__ import annotations

from datetime import date
from typing import Literal

from kinechain.care.planning.plan import Advice, Dose, Exercise, Goal, HeelLift, NotOffered, Orthosis, Part, Referral
from kinechain.core.estimate import Estimate
from kinechain.evidence.wording import Sentence, say
from kinechain.report.words import clinical, interval_words, plain, value_words

__all__ = ["dose_lines", "estimate_words", "label", "pair_words", "part_lines", "said_beside_lines", "side_label"]

Line = tuple[Sentence, str]
#: Sentences that only say what a line of `part_lines` says, in figures that are not rounded for a clinic.
SAID_BY_LINES = ("plan.orthosis_predicted",)


def label(name: str) -> Sentence:
    """Return one label of the ledger, ``letters.label_<name>``."""
    return say(f"letters.label_{name}")


def side_label(side: str) -> str:
    """Return the side as printed on a sheet; '' for none."""
    return say(f"letters.side_{side}").text if side else ""


def pair_words(pair: tuple[float, float]) -> str:
    """Return '3', or '8 to 12' as the ledger joins them."""
    least, most = (f"{value:g}" for value in pair)
    return least if least == most else say("letters.range", least=least, most=most).text


def estimate_words(estimate: Estimate) -> str:
    """Return a value with its unit and its interval: '9 mm (7 to 11)'."""
    printed = clinical(estimate)
    if printed.low == printed.high:
        return value_words(printed)
    return f"{value_words(printed)} ({interval_words(printed)})"


def dose_lines(dose: Dose) -> tuple[Line, ...]:
    """Return a dose as labels with values.

    Parameters
    ----------
    dose : Dose
    """
    lines = [
        (label("sets"), pair_words(dose.sets)),
        (label("repetitions"), pair_words(dose.repetitions)),
        (label("days_per_week"), pair_words(dose.days_per_week)),
    ]
    if dose.times_per_day != (1, 1):
        lines.append((label("times_per_day"), pair_words(dose.times_per_day)))
    if dose.hold_s:
        lines.append((label("hold"), say("letters.seconds", seconds=pair_words(dose.hold_s)).text))
    if dose.load:
        lines.append((label("load"), dose.load))
    return tuple(lines)


def part_lines(part: Part) -> tuple[Line, ...]:
    """Return what a part of a plan says in numbers.

    Parameters
    ----------
    part : Part
    """
    if isinstance(part, Exercise):
        return dose_lines(part.dose)
    if isinstance(part, Goal):
        return _goal(part)
    if isinstance(part, Orthosis):
        return _orthosis(part)
    if isinstance(part, HeelLift):
        return (
            (label("leg_difference"), estimate_words(part.difference)),
            (label("basis"), part.basis),
            (label("first_step"), _amount(part.first_step_mm, "mm")),
            (label("lift"), _amount(part.lift_mm, "mm")),
        )
    if isinstance(part, Referral):
        return ((label("to"), part.to), (label("urgency"), say(f"letters.urgency_{part.urgency}").text))
    if isinstance(part, NotOffered) and part.blocked_by:
        return (
            (
                label("blocked_by"),
                ", ".join(key.removeprefix("conditions.").replace("_", " ") for key in part.blocked_by),
            ),
        )
    return ((label("topic"), part.topic),) if isinstance(part, Advice) else ()


def said_beside_lines(part: Part, reader: Literal["patient", "clinician"] = "clinician") -> tuple[Sentence, ...]:
    """Return the sentences that one reader sees, less those whose content `part_lines` tells.

    Parameters
    ----------
    part : Part
    reader : 'patient' or 'clinician'
    """
    return tuple(sentence for sentence in part.said_to(reader) if sentence.key not in SAID_BY_LINES)


def _goal(goal: Goal) -> tuple[Line, ...]:
    lines = [(label("by_week"), str(goal.by_week))]
    if goal.target is not None:
        lines.insert(0, (label("target"), _amount(goal.target, goal.unit)))
    if goal.baseline is not None:
        lines.insert(0, (label("now"), _amount(goal.baseline, goal.unit)))
    return tuple(lines)


def _orthosis(sheet: Orthosis) -> tuple[Line, ...]:
    stop = sheet.stop_on.isoformat() if isinstance(sheet.stop_on, date) else ""
    return (
        (label("rearfoot_posting"), _posting(sheet.rearfoot_posting_deg)),
        (label("forefoot_posting"), _posting(sheet.forefoot_posting_deg)),
        (label("arch"), _amount(sheet.arch_mm, "mm")),
        (label("heel_lift"), _amount(sheet.heel_lift_mm, "mm")),
        (label("material"), sheet.material),
        (label("trial"), say("letters.weeks", weeks=sheet.trial_weeks).text),
        *(((label("stop_on"), stop),) if stop else ()),
        *((say("letters.predicted", what=name), estimate_words(estimate)) for name, estimate in sheet.predicted),
    )


def _posting(degrees: float) -> str:
    """Return a wedge with the edge it raises; none is none."""
    if degrees == 0:
        return say("letters.none").text
    edge = "inner" if degrees > 0 else "outer"
    return say(f"letters.raised_{edge}", amount=f"{abs(degrees):g}°").text


def _amount(value: float, unit: str) -> str:
    places = 0 if float(value).is_integer() else 1
    return f"{plain(value, places)} {unit}".rstrip()
