"""Shoes: length and width first, never by the shape of the arch."""

from __future__ import annotations

from kinechain.care.person.complaint import exam_values
from kinechain.care.person.person import ExamItem
from kinechain.care.planning.plan import Advice
from kinechain.care.planning.reasons import because_exam, because_rule, side_in_words
from kinechain.care.planning.situation import Situation
from kinechain.evidence.wording import say

__all__ = ["footwear"]


#: Parts of the footwear assessment that say whether a shoe fits.
FITTED = ("length", "width", "depth")


def footwear(situation: Situation) -> tuple[Advice, ...]:
    """Return the advice about shoes; a fit that was measured is named, and judged by nobody: no cut-off in mm was read.

    Parameters
    ----------
    situation : Situation
    """
    fits = exam_values(situation.person, "footwear_fit", "mm")
    told = [say("plan.shoe_measured", value=f"{e.value:g}", side=side_in_words(e.side)) for e in fits]
    judged = [e for e in exam_values(situation.person, "footwear_assessment_tool") if e.part in FITTED and e.value]
    told += [say("plan.shoe_judged", fit=_in_words(e), side=side_in_words(e.side)) for e in judged]
    return (
        Advice(
            id="footwear.fit",
            title=say("plan.title_footwear"),
            because=(because_rule("R5.6"), *dict.fromkeys(because_exam(e, "shoe fit") for e in (*fits, *judged))),
            sentences=(say("plan.shoe_fit"), *told, say("plan.shoe_arch"), say("plan.shoe_no_cure")),
            topic="footwear",
        ),
    )


def _in_words(item: ExamItem) -> str:
    """Return an answer in words, e.g. 'too short'."""
    return item.unit.split(" / ")[int(item.value)]
