"""Electrical stimulation: never recommended by default, and blocked by any yes or unknown of the makers' list."""

from __future__ import annotations

from kinechain.care.planning.contraindications import Known, against
from kinechain.care.planning.plan import NotOffered
from kinechain.care.planning.reasons import because_rule
from kinechain.evidence.wording import say

__all__ = ["stimulation", "stimulation_blocks"]

INTERVENTION = "electrical_stimulation_foot"


def stimulation_blocks(known: Known) -> tuple[str, ...]:
    """Return what rules electrical stimulation out: keys of answers that are yes, not known, passed over or missing.

    Parameters
    ----------
    known : Known
    """
    return tuple(dict.fromkeys(c.ref for c in against(INTERVENTION, known)))


def stimulation(known: Known) -> NotOffered:
    """Return that it is not offered, whether it is blocked, and the line of evidence.

    Parameters
    ----------
    known : Known
    """
    blocks = stimulation_blocks(known)
    blocked = (say("plan.stimulation_blocked"),) if blocks else ()
    return NotOffered(
        id=f"not_offered.{INTERVENTION}",
        title=say("plan.title_not_offered", what=say("plan.what_stimulation").text),
        because=(because_rule("R-EMS"),),
        sentences=(say("plan.stimulation_default"), *blocked, say("plan.stimulation_evidence")),
        intervention=INTERVENTION,
        blocked_by=blocks,
    )
