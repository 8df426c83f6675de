"""From a person, what was found and what carries load to a plan; the parts stand in the order they are shown.

::

    findings ──► beyond their error ─┐
    drivers  ──► supported players  ─┼─► Situation ──► parts ──► Plan
    person, unlocked ────────────────┘
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from kinechain.care.drivers import Drivers
from kinechain.care.finding import Finding
from kinechain.care.person.choices import retests
from kinechain.care.person.complaint import has_back_pain, has_pain
from kinechain.care.person.history_keys import read_keys
from kinechain.care.person.person import Person
from kinechain.care.planning.advice import (
    chain_advice,
    education,
    prevention,
    risk_group,
    safety,
    skin,
    taping,
    walking,
)
from kinechain.care.planning.chain_options import chain_options
from kinechain.care.planning.contraindications import unasked
from kinechain.care.planning.exercise_choice import exercise_parts
from kinechain.care.planning.footwear import footwear
from kinechain.care.planning.goals import goals
from kinechain.care.planning.habits import habits
from kinechain.care.planning.heel_lift import heel_lift
from kinechain.care.planning.orthosis import orthoses
from kinechain.care.planning.plan import Advice, Because, Exercise, Goal, Hypothesis, NotOffered, Part, Plan, Predict
from kinechain.care.planning.reasons import because_rule
from kinechain.care.planning.referral import referrals
from kinechain.care.planning.situation import Situation, look_at
from kinechain.care.planning.stimulation import stimulation
from kinechain.care.screening.lock import Unlocked
from kinechain.core.errors import LockedError, SettingError
from kinechain.evidence.wording import Sentence, say

__all__ = ["PLAN_WEEKS", "REVIEWS", "make_plan"]

#: Weeks a plan runs (rule R7: the last review is at week 8).
PLAN_WEEKS = 8

#: Checkpoints of rule R7.
REVIEWS = ("day 3-7", "week 2", "week 6", "week 8")


def make_plan(
    person: Person,
    unlocked: Unlocked,
    *,
    findings: Sequence[Finding] = (),
    drivers: Drivers | None = None,
    today: date,
    version: str,
    previous: Plan | None = None,
    reason: str = "",
    predict: Predict | None = None,
) -> Plan:
    """Return the plan of one person.

    Parameters
    ----------
    person : Person
    unlocked : Unlocked
        Made for exactly this person's answers.
    findings : sequence of Finding
        Measures beside their norms; only those beyond their own error become reasons.
    drivers : Drivers, optional
        What carries load; where it supports nothing, the plan says so and stands on rules alone.
    today : date
    version : str
        Of kinechain.
    previous : Plan, optional
        The plan this one replaces.
    reason : str
        Why it is replaced.
    predict : callable, optional
        What an orthosis of given parameters would change on one side; never asked of zero parameters.

    Raises
    ------
    LockedError
        If the proof was made for other answers.
    SettingError
        If a replacement lacks its reason, or a reason its plan.
    """
    if not isinstance(unlocked, Unlocked) or not unlocked.belongs_to(person):
        raise LockedError("the danger signs were cleared for other answers; screen this person again")
    if (previous is None) == bool(reason):
        raise SettingError("a plan that replaces another needs the plan and the reason, and a first plan neither")
    if previous is not None and today < previous.made_on:
        raise SettingError("a plan cannot replace one that was made later; check the date")
    situation = look_at(person, unlocked.screen, today, findings, drivers, previous, predict)
    parts, hypotheses = _care(situation) if has_pain(person) else _prevention(situation)
    return Plan(
        unlocked=unlocked,
        mode="care" if has_pain(person) else "screen only",
        made_on=today,
        weeks=PLAN_WEEKS,
        parts=parts,
        hypotheses=hypotheses,
        reviews=REVIEWS,
        version=version,
        not_asked=_not_asked(situation, parts),
        replaces="" if previous is None else previous.id,
        reason=reason,
    )


def _care(situation: Situation) -> tuple[tuple[Part, ...], tuple[Hypothesis, ...]]:
    """Return the parts for a person in pain, and the hypotheses with every part that stands on them."""
    exercises, left_out, hypotheses = exercise_parts(situation)
    chain = chain_advice(situation, frozenset(h.player for h in hypotheses))
    aims = goals(situation, hypotheses, _reasons(hypotheses, exercises))
    parts: tuple[Part, ...] = (
        *safety(situation),
        *aims,
        *education(situation),
        *chain,
        *risk_group(situation),
        *exercises,
        *walking(situation),
        *footwear(situation),
        *skin(situation),
        *taping(situation),
        *orthoses(situation),
        *heel_lift(situation),
        *chain_options(situation.drivers),
        *referrals(situation, left_out, bool(exercises)),
        *habits(situation),
        *left_out,
        *_never(situation),
    )
    return parts, _with_unanswered(situation, tuple(_with_goal(h, aims) for h in hypotheses), chain)


def _prevention(situation: Situation) -> tuple[tuple[Part, ...], tuple[Hypothesis, ...]]:
    """Return the parts for a person without pain: exercise and education, no insoles, no lifts."""
    exercises, left_out, _ = exercise_parts(situation)
    parts = (
        *safety(situation),
        *prevention(situation),
        *exercises,
        *walking(situation),
        *skin(situation),
        *referrals(situation, left_out),
        *left_out,
        *_never(situation),
    )
    return parts, ()


def _reasons(hypotheses: tuple[Hypothesis, ...], parts: Iterable[Exercise]) -> dict[str, Because]:
    """Return the reason of the first part that stands on each hypothesis."""
    by_id = {part.id: part for part in parts}
    found = {}
    for hypothesis in hypotheses:
        reasons = by_id[hypothesis.parts[0]].because
        matching = [b for b in reasons if b.ref == hypothesis.player]
        other = [b for b in reasons if b.kind in ("finding", "exam")]
        found[hypothesis.player] = (*matching, *other, *reasons)[0]
    return found


def _with_unanswered(
    situation: Situation, hypotheses: tuple[Hypothesis, ...], chain: tuple[Advice, ...]
) -> tuple[Hypothesis, ...]:
    """Add the drivers that no exercise answers: they too are tested again and can fall."""
    notes = {part.id for part in chain}
    known = {h.player for h in hypotheses}
    drivers = situation.drivers
    shares = {} if drivers is None else dict(zip((p.key for p in drivers.players), drivers.p_relevant, strict=True))
    more = []
    for player in situation.players:
        note = f"education.driver.{player.key.replace(' ', '.')}"
        if player.key not in known and note in notes:
            side = f" {player.side}" if player.side in ("left", "right") else ""
            measure = f"{retests().get(player.id, player.id)}{side}"
            more.append(Hypothesis(player.key, measure, (note,), shares[player.key]))
    return (*hypotheses, *more)


def _with_goal(hypothesis: Hypothesis, aims: tuple[Goal, ...]) -> Hypothesis:
    goal = f"goal.{hypothesis.player.replace(' ', '.')}"
    extra = (goal,) if any(aim.id == goal for aim in aims) else ()
    return Hypothesis(hypothesis.player, hypothesis.measure, (*hypothesis.parts, *extra), hypothesis.p_relevant)


def _never(situation: Situation) -> Iterable[NotOffered]:
    """Return what is offered to nobody, and why."""
    rows = (
        ("routine_imaging", "imaging", "R1.8", ""),
        ("lumbar_belt_traction", "belts", "R5.1", ""),
        ("tens_lbp", "tens", "R-EMS", ""),
        ("lbp_orthotics_prevention", "insoles", "R5.7", "prevention"),
    )
    show = rows if has_back_pain(situation.person) or not has_pain(situation.person) else rows[-1:]
    for intervention, what, rule, variant in show:
        yield NotOffered(
            id=f"not_offered.{intervention}",
            title=say("plan.title_not_offered", what=say(f"plan.what_{what}").text),
            because=(because_rule(rule, variant),),
            sentences=(say(f"plan.no_{what}"),),
            intervention=intervention,
        )
    yield stimulation(situation.known)


def _not_asked(situation: Situation, parts: tuple[Part, ...]) -> tuple[Sentence, ...]:
    """Return what was never asked and could change this plan."""
    person = situation.person
    done = [p.exercise for p in parts if isinstance(p, Exercise)]
    keys = dict.fromkeys(c.key for e in (*done, "walking_programme") for c in unasked(e, situation.known))
    conditions = read_keys("conditions")
    listed = "; ".join(conditions[key].meaning if key in conditions else key.replace("_", " ") for key in keys)
    said = [say("plan.unasked", what=listed)] if listed else []
    if not person.history.pain_regions and {"pain_regions"} & (person.history.skipped | person.history.unknown):
        said.append(say("plan.unasked_pain"))
    if has_back_pain(person) and not any(s.id == "startback" for s in person.questionnaires):
        said.append(say("plan.unasked_startback"))
    return tuple(said)
