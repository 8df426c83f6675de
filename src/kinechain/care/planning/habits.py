"""Small habits: a week of noticing how one stands, variation at the desk, a list of shoes; weight only if asked."""

from __future__ import annotations

from collections.abc import Iterable

from kinechain.care.person.complaint import has_foot_pain
from kinechain.care.planning.contraindications import is_kept_away
from kinechain.care.planning.plan import Advice
from kinechain.care.planning.reasons import because_history, because_pain, because_rule
from kinechain.care.planning.situation import Situation
from kinechain.evidence.wording import say

__all__ = ["habits"]


def habits(situation: Situation) -> tuple[Advice, ...]:
    """Return the habits that fit a person's days.

    Parameters
    ----------
    situation : Situation
    """
    parts = [
        Advice(
            id="habit.standing_week",
            title=say("plan.title_standing_week"),
            because=(because_rule("R5.10"),),
            sentences=(say("plan.stand_week"), say("plan.stand_no_trial")),
            topic="habit",
        )
    ]
    hours = situation.person.history.sitting_hours
    if hours:
        told = because_history("history.sitting_hours", f"{hours:g} hours of sitting")
        parts.append(
            Advice(
                id="habit.desk",
                title=say("plan.title_desk"),
                because=(because_rule("R5.10"), told),
                sentences=(say("plan.desk_vary"),),
                topic="habit",
            )
        )
    if has_foot_pain(situation.person):
        parts.append(
            Advice(
                id="habit.shoe_log",
                title=say("plan.title_shoe_log"),
                because=(because_rule("R5.6"), because_pain(situation.person)),
                sentences=(say("plan.shoe_log"),),
                topic="habit",
            )
        )
    return (*parts, *_weight(situation))


def _weight(situation: Situation) -> Iterable[Advice]:
    """Yield what to say if the person asks about weight or food, unless something speaks against even that."""
    if is_kept_away("weight_loss", situation.known) or is_kept_away("anti_inflammatory_diet", situation.known):
        return
    yield Advice(
        id="weight.neutral",
        title=say("plan.title_weight"),
        because=(because_rule("R5.9"),),
        sentences=(say("plan.weight_neutral"), say("plan.diet_neutral")),
        audience="clinician",
        topic="weight",
    )
