"""A lift under the shorter leg: from imaging or agreeing repeated block tests, never from motion capture or tape."""

from __future__ import annotations

import math
from functools import cache

from kinechain.care.person.complaint import has_back_pain
from kinechain.care.person.exam import read_exam_definitions
from kinechain.care.person.person import ExamItem, Person
from kinechain.care.planning.plan import HeelLift
from kinechain.care.planning.reasons import because_exam, because_pain, because_rule
from kinechain.care.planning.situation import Situation
from kinechain.core.estimate import Estimate
from kinechain.evidence.library import read_facts
from kinechain.evidence.wording import say

__all__ = ["CORRECTED_SHARE", "LEAST_DIFFERENCE_MM", "heel_lift", "leg_difference"]

#: Smaller differences were not in the trials (rule R5.8).
LEAST_DIFFERENCE_MM = 5.0

#: Share of the difference that one trial corrected (rannisto2019).
CORRECTED_SHARE = 0.70

#: Height of one step, mm (a choice: raise in steps and review).
STEP_MM = 3.0

#: A lift is cut to this much, mm (a choice: what a foam layer can be cut to).
CUT_MM = 0.5


@cache
def _block_half_width() -> float:
    """Return half the 95 % interval of a block test, mm, as declared in ``accuracy.csv``."""
    item = "Examination item leg_length_block"
    return next(fact.number() for fact in read_facts("accuracy") if fact.columns.get("item") == item)


def leg_difference(person: Person) -> tuple[Estimate, str, tuple[ExamItem, ...]] | None:
    """Return the difference of the legs, mm, the shorter side and what says so; None unless rule R5.8 allows a lift.

    Parameters
    ----------
    person : Person

    Notes
    -----
    Imaging comes first. Block tests count from two on, all naming one leg and agreeing within the error of two tests.
    Tape and recordings are never read.
    """
    pictures = _values(person, "leg_length_imaging")
    if pictures:
        value = sum(e.value for e in pictures) / len(pictures)
        if len({e.side for e in pictures}) > 1 or value < LEAST_DIFFERENCE_MM:
            return None
        spread = max(abs(e.value - value) for e in pictures)
        estimate = Estimate(value, value - spread, value + spread, "mm", "imaging, as entered; its error was not read")
        return estimate, pictures[0].side, pictures
    blocks = _values(person, "leg_length_block")
    if len(blocks) < 2 or len({e.side for e in blocks}) > 1:
        return None
    values = [e.value for e in blocks]
    value, half = sum(values) / len(values), _block_half_width()
    if max(values) - min(values) > math.sqrt(2.0) * half or value < LEAST_DIFFERENCE_MM:
        return None
    half_of_mean = half / math.sqrt(len(values))
    low = max(value - half_of_mean, 0.0)
    return Estimate(value, low, value + half_of_mean, "mm", "repeated block tests"), blocks[0].side, blocks


def _values(person: Person, item: str) -> tuple[ExamItem, ...]:
    """Return every repeat of an item that names a leg, zero differences and both-sided entries left out."""
    found = [e for e in person.exam if e.id == item and e.unit == "mm" and e.side in ("left", "right") and e.value > 0]
    return tuple(sorted(found, key=lambda e: (e.value, e.side, str(e.measured_on), e.examiner, e.part)))


def heel_lift(situation: Situation) -> tuple[HeelLift, ...]:
    """Return the sheet of a heel lift for low back pain, if the difference of the legs is known well enough.

    Parameters
    ----------
    situation : Situation
    """
    known = leg_difference(situation.person) if has_back_pain(situation.person) else None
    if known is None:
        return ()
    difference, side, items = known
    lift = round(CORRECTED_SHARE * difference.value / CUT_MM) * CUT_MM
    first = min(lift, STEP_MM)
    is_imaging = items[0].id == "leg_length_imaging"
    told = {
        "value": f"{difference.value:.3g}",
        "low": f"{difference.low:.3g}",
        "high": f"{difference.high:.3g}",
        "side": side,
    }
    basis = (
        say("plan.lift_basis_imaging", **told)
        if is_imaging
        else say("plan.lift_basis_blocks", count=len(items), **told)
    )
    name = read_exam_definitions()[items[0].id].name
    return (
        HeelLift(
            id=f"heel_lift.{side}",
            title=say("plan.title_heel_lift"),
            because=(
                because_rule("R5.8"),
                *dict.fromkeys(because_exam(e, name) for e in items),
                because_pain(situation.person),
            ),
            sentences=(
                basis,
                say("plan.lift_amount", lift=f"{lift:g}"),
                say("plan.lift_steps", first=f"{first:g}"),
                say("plan.lift_common"),
            ),
            side="left" if side == "left" else "right",
            difference=difference,
            lift_mm=lift,
            first_step_mm=first,
            basis="imaging" if is_imaging else "repeated block test",
        ),
    )
