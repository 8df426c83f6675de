"""Who should see a person, how soon, and why; also for a person who gets no plan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from kinechain.care.person.complaint import exam_values, has_back_pain, has_heel_pain, heel_sides, is_insensate
from kinechain.care.person.exam import read_exam_definitions
from kinechain.care.person.person import Person
from kinechain.care.planning.advice import falls_reasons, risk
from kinechain.care.planning.heel_lift import leg_difference
from kinechain.care.planning.orthosis import failed_core_care
from kinechain.care.planning.plan import Because, NotOffered, Referral
from kinechain.care.planning.reasons import because_exam, because_flag, because_history, because_pain, because_rule
from kinechain.care.planning.situation import Situation
from kinechain.care.screening.combine import axspa_features
from kinechain.care.screening.red_flags import LOCKING, URGENCIES
from kinechain.care.screening.screen import Flag, Screen
from kinechain.evidence.wording import Sentence, say

__all__ = ["FOOT_CHECKS", "referral_for", "referrals"]

Who = Literal["podiatrist", "physiotherapist", "physician", "emergency", "rheumatologist", "foot protection service"]
When = Literal["routine", "soon", "next_working_day", "same_day", "emergency"]

#: How often feet at risk are checked, by IWGDF risk group (rule R2.6, iwgdf2023_prevention).
FOOT_CHECKS = ("once a year", "every 6 to 12 months", "every 3 to 6 months", "every 1 to 3 months")

#: With diabetes and no risk group the longest interval is the least that holds for every group.
UNKNOWN_RISK = "at least once a year"

#: Danger signs of a foot at risk: who looks after it while it is no emergency (rule R2.5).
FOOT_SIGNS = ("diabetic_active_other", "diabetic_no_screen", "diabetic_limb_threat", "charcot")

LEG_SYMPTOMS = ("shin", "calf", "ankle", "heel", "arch", "forefoot", "toes", "big_toe", "foot_top", "foot_outer")


def referral_for(person: Person, screen: Screen) -> tuple[Referral, ...]:
    """Return who should see a person because of the danger signs, the most urgent first; locked or not.

    Parameters
    ----------
    person : Person
    screen : Screen
        Of the same person.
    """
    raised = [flag for flag in screen.flags if not flag.is_open]
    groups: dict[tuple[Who, When], list[Flag]] = {}
    for flag in raised:
        if flag.urgency in URGENCIES and not _is_quiet(flag, person):
            groups.setdefault((_who(flag, person), flag.urgency), []).append(flag)  # type: ignore[arg-type]
    parts = [_for_flags(who, when, flags, person, screen) for (who, when), flags in groups.items()]
    parts.sort(key=lambda part: (URGENCIES.index(part.urgency), part.to))
    locking = any(flag.urgency in LOCKING for flag in raised)
    opened = [flag for flag in screen.flags if flag.answer in ("unknown", "skipped")]
    if screen.plan_locked and not locking and opened:
        parts.append(_for_open(opened))
    return tuple(parts)


def _is_quiet(flag: Flag, person: Person) -> bool:
    """Return whether a sign asks for nobody: pregnancy and inflammatory pain are referred by their own rules."""
    return flag.urgency == "routine" and flag.id == "axspa_gate" and axspa_features(person)[0] < 3


def _who(flag: Flag, person: Person) -> Who:
    if flag.urgency == "emergency":
        return "emergency"
    if flag.id in FOOT_SIGNS:
        return "foot protection service"
    if flag.id == "axspa_gate" and axspa_features(person)[0] >= 4:
        return "rheumatologist"
    return "physician"


def _for_flags(who: Who, when: When, flags: list[Flag], person: Person, screen: Screen) -> Referral:
    told: list[Sentence] = [say(f"plan.when_{when}")]
    for flag in flags:
        if flag.id == "axspa_gate":
            count = axspa_features(person)[0]
            told.append(say("plan.refer_axspa", count=count) if count >= 4 else say("plan.refer_axspa_three"))
        elif flag.id == "pregnancy":
            told.append(say("plan.refer_pregnancy"))
        else:
            told.append(say("plan.refer_flag", action=flag.advice or flag.rule))
    told += [say("plan.refer_emergency_number")] if who == "emergency" else []
    told += [say("plan.refer_locked")] if screen.plan_locked else []
    because = [because_flag(flag) for flag in flags]
    because += [because_rule("R1.5")] if any(flag.id == "axspa_gate" for flag in flags) else []
    return _referral(who, when, "danger", tuple(because), tuple(told))


def _for_open(opened: list[Flag]) -> Referral:
    told = (say("plan.when_soon"), say("plan.refer_not_screened"), say("plan.refer_locked"))
    return _referral("physician", "soon", "open", tuple(because_flag(flag) for flag in opened), told)


def _referral(who: Who, when: When, why: str, because: tuple[Because, ...], told: tuple[Sentence, ...]) -> Referral:
    slug = who.replace(" ", "_")
    return Referral(
        id=f"referral.{slug}.{when}.{why}",
        title=say("plan.title_referral", who=say(f"plan.who_{slug}").text),
        because=because,
        sentences=told,
        to=who,
        urgency=when,
    )


def referrals(
    situation: Situation, left_out: tuple[NotOffered, ...], has_exercise: bool = True
) -> tuple[Referral, ...]:
    """Return every referral of a plan, those of the danger signs first.

    Parameters
    ----------
    situation : Situation
    left_out : tuple of NotOffered
        Exercises that need a clinician.
    has_exercise : bool
        Whether the plan has any exercise.
    """
    return (
        *referral_for(situation.person, situation.screen),
        *_feet(situation),
        *_nerves(situation),
        *_together(situation, left_out, has_exercise),
        *_insoles_and_lifts(situation),
    )


def _feet(situation: Situation) -> Iterable[Referral]:
    person = situation.person
    risk_group = person.iwgdf_risk
    told: list[Sentence] = []
    because: list[Because] = []
    if is_insensate(person):
        because.append(because_rule("R3.4"))
        told.append(say("plan.refer_feet"))
    if risk_group is not None:
        because += [because_rule("R2.6"), because_history("conditions.iwgdf_risk", f"risk group {risk_group}")]
        told.append(say("plan.refer_interval", interval=FOOT_CHECKS[risk_group]))
    elif person.conditions.get("diabetes") == "yes":
        because += [because_rule("R2.6"), because_history("conditions.diabetes", "diabetes")]
        told.append(say("plan.refer_interval", interval=UNKNOWN_RISK))
    if because:
        when: When = "soon" if is_insensate(person) else "routine"
        told.insert(0, say(f"plan.when_{when}"))
        yield _referral("foot protection service", when, "feet", tuple(because), tuple(told))


def _nerves(situation: Situation) -> Iterable[Referral]:
    """Heel pain that may be of a nerve (rule R3.3), and leg symptoms below the knee (rule R3.1)."""
    person = situation.person
    altered = {s.region.removesuffix("_left").removesuffix("_right") for s in person.symptoms if s.kind != "pain"}
    if has_heel_pain(person) and altered & {"heel", "arch"}:
        told = (say("plan.when_soon"), say("plan.refer_nerve"))
        because = (because_rule("R3.3"), because_history("symptoms", "numbness or tingling of the heel or sole"))
        yield _referral("physician", "soon", "nerve", because, told)
    elif heel_sides(person) >= {"left", "right"}:
        told = (say("plan.when_routine"), say("plan.refer_nerve"))
        because = (because_rule("R3.3"), because_pain(situation.person))
        yield _referral("physician", "routine", "nerve", because, told)
    tense = [
        e
        for item in ("slump", "straight_leg_raise")
        for e in exam_values(person, item)
        if _is_positive(e.unit, e.value)
    ]
    marked = (
        (because_history("symptoms", "numbness or tingling below the knee"),) if altered & set(LEG_SYMPTOMS) else ()
    )
    if has_back_pain(person) and (marked or tense):
        told = (say("plan.when_soon"), say("plan.refer_nerve_leg"))
        found = tuple(dict.fromkeys(because_exam(e, read_exam_definitions()[e.id].name) for e in tense))
        yield _referral("physiotherapist", "soon", "nerve", (because_rule("R3.1"), *marked, *found), told)


def _is_positive(unit: str, value: float) -> bool:
    return " / " in unit and value == 1.0


def _together(situation: Situation, left_out: tuple[NotOffered, ...], has_exercise: bool) -> Iterable[Referral]:
    """Exercise with somebody beside: by the STarT Back group, for falls, or where the plan needs a clinician for it."""
    group = risk(situation)
    because: list[Because] = []
    told: list[Sentence] = []
    if group in ("medium", "high"):
        because += [because_rule("R4.1"), because_history("questionnaires.startback", f"STarT Back group {group}")]
        told.append(say("plan.refer_with_clinician"))
        told += [say("plan.refer_psychological")] if group == "high" else []
    if fell := falls_reasons(situation):
        because += fell
        told.append(say("plan.refer_falls"))
    if left_out:
        because += [b for part in left_out for b in part.because]
        told.append(say("plan.refer_exercise"))
    elif not has_exercise:
        because.append(because_pain(situation.person))
        told.append(say("plan.edu_no_exercise"))
    if because:
        when: When = "soon" if group == "high" else "routine"
        said = (say(f"plan.when_{when}"), *told)
        yield _referral("physiotherapist", when, "exercise", tuple(dict.fromkeys(because)), said)


def _insoles_and_lifts(situation: Situation) -> Iterable[Referral]:
    because: list[Because] = []
    told: list[Sentence] = []
    failed = failed_core_care(situation, "foot") if has_heel_pain(situation.person) else ()
    if failed:
        because += [because_rule("R5.7", "heel"), *failed]
        told.append(say("plan.refer_insole"))
    if has_back_pain(situation.person) and leg_difference(situation.person) is not None:
        because.append(because_rule("R5.8"))
        told.append(say("plan.refer_lift"))
    if because:
        yield _referral("podiatrist", "routine", "foot", tuple(because), (say("plan.when_routine"), *told))
