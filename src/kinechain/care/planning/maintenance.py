"""After week 8: keep walking and one or two exercises, look after the feet, and look again if pain comes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kinechain.care.person.complaint import has_pain
from kinechain.care.person.person import Person
from kinechain.care.planning.advice import safety, skin, walking
from kinechain.care.planning.contraindications import is_kept_away
from kinechain.care.planning.doses import week_reached
from kinechain.care.planning.exercise_choice import exercise_part
from kinechain.care.planning.footwear import footwear
from kinechain.care.planning.plan import Advice, Exercise, Part, Plan
from kinechain.care.planning.reasons import because_rule
from kinechain.care.planning.referral import referrals
from kinechain.care.planning.situation import Situation, look_at
from kinechain.care.planning.stimulation import stimulation
from kinechain.care.screening.lock import Unlocked
from kinechain.core.errors import LockedError, SettingError
from kinechain.evidence.wording import say

__all__ = [
    "FIRST_DAY",
    "MAINTENANCE_REVIEWS",
    "MAINTENANCE_WEEKS",
    "MOST_KEPT",
    "RELAPSE_POINTS",
    "RELAPSE_WEEKS",
    "has_relapsed",
    "keeps_up",
    "maintain",
]

#: Days after which a plan may turn into keeping it up (rule R7: week 8).
FIRST_DAY = 56

#: The walking programme was built up over six months (walkback2024).
MAINTENANCE_WEEKS = 26

#: At most so many exercises are kept (a choice).
MOST_KEPT = 2

#: Monthly looks at pain (a choice).
MAINTENANCE_REVIEWS = tuple(f"month {month}" for month in range(1, 7))

#: A rise of pain that people notice, points (ostelo2008, read for a drop; for a rise it is a choice) ...
RELAPSE_POINTS = 2.0

#: ... that lasts so many weeks (a choice).
RELAPSE_WEEKS = 2.0

#: The part by which such a plan is known.
KEEP = "maintenance.keep"


def maintain(person: Person, unlocked: Unlocked, *, previous: Plan, reason: str, today: date, version: str) -> Plan:
    """Return the plan that keeps up what was reached, in place of one that has run its eight weeks.

    Parameters
    ----------
    person : Person
    unlocked : Unlocked
        Made for exactly this person's answers.
    previous : Plan
    reason : str
    today : date
    version : str
        Of kinechain.

    Raises
    ------
    LockedError
        If the proof was made for other answers.
    SettingError
        Before week 8.
    """
    days = (today - previous.made_on).days
    if days < FIRST_DAY:
        raise SettingError(
            f"a plan turns into keeping it up from day {FIRST_DAY} on; this is day {days}: make a new plan instead"
        )
    if not unlocked.belongs_to(person):
        raise LockedError("the danger signs were cleared for other answers; screen this person again")
    situation = look_at(person, unlocked.screen, today)
    return Plan(
        unlocked=unlocked,
        mode="care" if has_pain(person) else "screen only",
        made_on=today,
        weeks=MAINTENANCE_WEEKS,
        parts=_parts(situation, _kept(situation, previous, days / 7.0)),
        hypotheses=(),
        reviews=MAINTENANCE_REVIEWS,
        version=version,
        replaces=previous.id,
        reason=reason,
    )


def keeps_up(plan: Plan) -> bool:
    """Return whether a plan keeps up what was reached.

    Parameters
    ----------
    plan : Plan
    """
    return any(part.id == KEEP for part in plan.parts)


def _kept(situation: Situation, previous: Plan, week: float) -> tuple[Exercise, ...]:
    """Return the first exercises of the plan before that nothing speaks against now."""
    allowed = [e for e in previous.exercises if not is_kept_away(e.exercise, situation.known)][:MOST_KEPT]
    reason = (because_rule("R7"),)
    return tuple(
        exercise_part(e.exercise, e.side or "both", reason, situation.known, week_reached(e.exercise, e.dose) + week)
        for e in allowed
    )


def _parts(situation: Situation, kept: tuple[Exercise, ...]) -> tuple[Part, ...]:
    reason = (because_rule("R7"),)
    return (
        *safety(situation),
        Advice(
            id=KEEP,
            title=say("plan.title_maintenance"),
            because=reason,
            sentences=(say("plan.keep_walking"), say("plan.keep_exercise"), say("plan.keep_feet")),
            topic="activity",
        ),
        *kept,
        *walking(situation),
        *footwear(situation),
        *skin(situation),
        *referrals(situation, ()),
        Advice(
            id="maintenance.relapse",
            title=say("plan.title_relapse"),
            because=reason,
            sentences=(say("plan.relapse_check"), say("plan.relapse_do")),
            topic="safety",
        ),
        stimulation(situation.known),
    )


def has_relapsed(lowest: float, since: Sequence[tuple[date, float]]) -> bool:
    """Return whether pain rose above the best value by 2 points or more for two weeks.

    Parameters
    ----------
    lowest : float
        Best pain reached, 0 to 10.
    since : sequence of (date, float)
        Later ratings of pain, in any order.

    Notes
    -----
    One high rating between low ones is no relapse; two that enclose at least two weeks with none below are.
    """
    begun: date | None = None
    for day, pain in sorted(since):
        if pain - lowest < RELAPSE_POINTS:
            begun = None
            continue
        begun = day if begun is None else begun
        if (day - begun).days >= 7 * RELAPSE_WEEKS:
            return True
    return False
