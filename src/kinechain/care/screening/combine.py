"""Danger signs that are read beside other answers: one small function each, in three values.

'unknown' never reads as 'no': an unknown companion raises a sign as high as a yes would, but not to an emergency, which
needs a yes of its own (choice).  'missing' is apart from both: nobody has asked yet, so the question itself is open and
holds back the plan, and the sign keeps its own urgency until then.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kinechain.care.person.person import Person
from kinechain.care.person.red_flag_text import Level, read_sub_questions
from kinechain.care.person.symptom_map import in_group
from kinechain.care.screening.facts import Facts, Truth, any_of, back_pain_within, injury, night_pain

__all__ = [
    "COMBINATIONS",
    "NERVE_SIGNS",
    "OTTAWA",
    "SECOND_LOOKS",
    "Combined",
    "axspa_features",
    "fracture_count",
    "fracture_items",
]

#: Back pain that began at most this long ago is new (choice: the acute phase of the course studies is six weeks).
NEW_BACK_PAIN_WEEKS = 6.0

#: "New within days" (choice).
WITHIN_DAYS_WEEKS = 1.0

#: Rules R1.2 and R2.3.
OLD_AGE_YEARS, OTTAWA_DAYS = 70.0, 10.0

#: An injury is recent for so long (choice: the six weeks within which back pain is new).
RECENT_INJURY_DAYS = 42.0

#: Answers that speak of a nerve or of the cord.
NERVE_SIGNS = ("foot_drop", "progressive_weakness", "stable_neuro_deficit", "both_feet_numb", "cord_hands_gait")
CAUDA_EQUINA = ("ces_bladder", "ces_bowel", "ces_saddle", "ces_sexual", "ces_bilateral_leg")
OTTAWA = ("ottawa_weight_bearing", "ottawa_malleoli", "ottawa_midfoot")


@dataclass(frozen=True)
class Combined:
    """How urgent an answer is beside the others.

    Attributes
    ----------
    urgency : str
        'none' where the answer raises nothing.
    rule_id : str
    together_with : tuple of str
        What it was read beside.
    action : str
        Key of the sentence that says what to do; '' for the action of the question.
    """

    urgency: Level
    rule_id: str
    together_with: tuple[str, ...] = ()
    action: str = ""


def _beside(base: Level, higher: Level, company: Mapping[str, Truth], rule_id: str) -> Combined:
    """Return ``higher`` if any of the company is a yes, or unknown where ``higher`` is no emergency; else ``base``."""
    state = any_of(company.values())
    if state == "yes" or (state == "unknown" and higher != "emergency"):
        return Combined(higher, rule_id, tuple(key for key, truth in company.items() if truth == state))
    return Combined(base, rule_id)


# ---- the spine


def fracture_items(facts: Facts) -> dict[str, Truth]:
    """Return the four items of the fracture rule, each in three values (rule R1.2).

    Parameters
    ----------
    facts : Facts

    References
    ----------
    henschke2009; a contusion over the spine is taken as trauma (choice).  Sex or age not stated is unknown.
    """
    person, stated = facts.person, facts.of("spine_fragility_age", "spine_steroids")
    age = math.nan if person.age_years is None else person.age_years
    over: Truth = "yes" if age > OLD_AGE_YEARS or stated["spine_fragility_age"] == "yes" else "no"
    if over == "no" and math.isnan(age):
        over = "unknown"
    sex: Truth = "unknown" if person.sex is None else "yes" if person.sex == "female" else "no"
    return {
        "female": sex,
        "over_70": over,
        "trauma": any_of(facts.of("spine_major_trauma", "spine_contusion").values()),
        "steroids": stated["spine_steroids"],
    }


def fracture_count(facts: Facts) -> tuple[int, int]:
    """Return how many of the four items are a yes, and how many could be (rule R1.2).

    Parameters
    ----------
    facts : Facts
    """
    truths = list(fracture_items(facts).values())
    return truths.count("yes"), truths.count("yes") + truths.count("unknown")


def _fracture_item(facts: Facts) -> Combined:
    """Rule R1.2: two or more of the four, an unknown one counted, are for the same day; one alone is for soon."""
    _, most = fracture_count(facts)
    together = tuple(key for key, truth in fracture_items(facts).items() if truth in ("yes", "unknown"))
    return Combined("same_day", "R1.2", together) if most >= 2 else Combined("soon", "R1.2")


def fracture_without_a_yes(facts: Facts) -> Combined:
    """Rule R1.2: sex and age can make two of the four alone; with new back pain that is for the same day.

    Parameters
    ----------
    facts : Facts

    Notes
    -----
    Only where the back pain is known to be new: else every woman over 70 would be held back (rule R0.6).
    """
    least, _ = fracture_count(facts)
    if least >= 2 and back_pain_within(facts.person, NEW_BACK_PAIN_WEEKS) == "yes":
        return _fracture_item(facts)
    return Combined("none", "R1.2")


def spine_steroids(facts: Facts) -> Combined:
    """Rule R1.2, and the more urgent words of the question: steroids with new back pain, or of unknown age, today.

    Parameters
    ----------
    facts : Facts
    """
    new = back_pain_within(facts.person, NEW_BACK_PAIN_WEEKS)
    return _fracture_item(facts) if new == "no" else Combined("same_day", "R1.2", ("back pain that may be new",))


def cancer_history(facts: Facts) -> Combined:
    """Rule R1.3: cancer and back pain are for the same day; with any sign of a nerve or the cord, an emergency.

    Parameters
    ----------
    facts : Facts
    """
    return _beside("same_day", "emergency", facts.of(*NERVE_SIGNS, "mscc_neuro"), "R1.3")


def weight_loss(facts: Facts) -> Combined:
    """Rule R1.3: alone a review within days; with cancer, night pain or feeling ill the same day.

    Parameters
    ----------
    facts : Facts
    """
    company = {
        **facts.of("cancer_history", "mscc_pain", "spine_infection"),
        "night_pain": night_pain(facts.person),
        "infection_now": facts.condition("infection_now"),
    }
    return _beside("soon", "same_day", company, "R1.3")


def infection_risk(facts: Facts) -> Combined:
    """Rule R1.4: background alone is a review within days; with unremitting or night pain or feeling ill, the same day.

    Parameters
    ----------
    facts : Facts
    """
    easing: Truth = "yes" if "nothing" in facts.person.history.easing else "no"
    company = {
        **facts.of("spine_infection", "weight_loss", "mscc_pain"),
        "night_pain": night_pain(facts.person),
        "nothing eases it": easing,
        "infection_now": facts.condition("infection_now"),
    }
    return _beside("soon", "same_day", company, "R1.4")


def axspa_features(person: Person) -> tuple[int, int]:
    """Return how many of the nine features are a yes, and how many could be (rule R1.5).

    Parameters
    ----------
    person : Person
    """
    answers = [person.screen.get(sub.id) for sub in read_sub_questions()]
    return answers.count("yes"), len(answers) - answers.count("no")


def axspa_gate(facts: Facts) -> Combined:
    """Rule R1.5: four features, a referral; exactly three, a blood test; fewer for certain, nothing is raised.

    Parameters
    ----------
    facts : Facts
    """
    least, most = axspa_features(facts.person)
    counted = tuple(s.id for s in read_sub_questions() if facts.person.screen.get(s.id) == "yes")
    if least >= 4:
        return Combined("routine", "R1.5", counted, "screen.axspa_refer")
    if most < 3:
        return Combined("none", "R1.5", counted)
    if least == 3 and most == 3:
        return Combined("routine", "R1.5", counted, "screen.axspa_blood_test")
    return Combined("routine", "R1.5", counted, "screen.axspa_ask")


def cord_hands_gait(facts: Facts) -> Combined:
    """Signs of the cord are for the same day; with a cancer history an emergency (rule R1.3).

    Parameters
    ----------
    facts : Facts
    """
    return _beside("same_day", "emergency", facts.of("cancer_history"), "R1.3")


def anticoagulant_trauma(facts: Facts) -> Combined:
    """Blood thinners and an injury are for the same day; with any sign of a nerve an emergency (choice).

    Parameters
    ----------
    facts : Facts
    """
    return _beside("same_day", "emergency", facts.of(*NERVE_SIGNS, "mscc_neuro", *CAUDA_EQUINA), "")


def stable_neuro_deficit(facts: Facts) -> Combined:
    """Rule R3.1: a review within days; a worsening one answers another question, which is an emergency.

    Parameters
    ----------
    facts : Facts
    """
    return Combined("soon", "R3.1")


# ---- leg and foot


def both_feet_numb(facts: Facts) -> Combined:
    """Rule R3.4: a review within days; new with back pain, or with weakness, the same day.

    Parameters
    ----------
    facts : Facts
    """
    company = {
        "back pain new within days": back_pain_within(facts.person, WITHIN_DAYS_WEEKS),
        **facts.of("stable_neuro_deficit", "foot_drop", "progressive_weakness", "ces_bladder", "ces_bowel"),
    }
    return _beside("soon", "same_day", company, "R3.4")


def arch_collapse(facts: Facts) -> Combined:
    """Rule R2.5: a fallen, swollen arch is a review; with diabetes or numb feet it is seen on the next working day.

    Parameters
    ----------
    facts : Facts
    """
    company = {
        "diabetes": facts.condition("diabetes"),
        "neuropathy": facts.condition("neuropathy"),
        **facts.of("both_feet_numb"),
        "insensate foot": "yes" if facts.insensate else "no",
    }
    found = _beside("soon", "next_working_day", company, "R2.5")  # type: ignore[arg-type]
    return found if found.urgency != "soon" else Combined("soon", "")


def ottawa_bone(facts: Facts) -> Combined:
    """Rules R2.1 and R2.2: bone that is sore, or that nobody is sure of, is for the same day (R2.4).

    Parameters
    ----------
    facts : Facts
    """
    return Combined("same_day", "R2.4")


def ottawa_not_valid(facts: Facts) -> Combined:
    """Rule R2.3: where the rules do not hold, an injury or any answer but no to them is for the same day.

    Parameters
    ----------
    facts : Facts
    """
    company = {**facts.of(*OTTAWA), "injury": injury(facts.person)}
    return _beside("soon", "same_day", company, "R2.3")


def pressed_by_oneself(facts: Facts) -> Combined:
    """Rules R2.3, R2.4: after a recent injury of the foot one's own pressing closes nothing; a clinician presses.

    Parameters
    ----------
    facts : Facts
    """
    history = facts.person.history
    hurts = any(in_group(region, "foot") for region in history.pain_regions)
    days = history.injury_days if history.injury_days is not None else 7.0 * (history.pain_weeks or 0.0)
    if hurts and injury(facts.person) == "yes" and days <= RECENT_INJURY_DAYS:
        rule = "R2.4" if days <= OTTAWA_DAYS else "R2.3"
        return Combined("soon", rule, ("injury",), "screen.ottawa_press")
    return Combined("none", "R2.4")


def dvt_wells(facts: Facts) -> Combined:
    """Rule R-DVT: the same day by both routes, whatever the score.

    Parameters
    ----------
    facts : Facts
    """
    return Combined("same_day", "R-DVT")


# ---- the person


def pregnancy(facts: Facts) -> Combined:
    """Rule R-EMS: it alters what is offered, and holds back nothing.

    Parameters
    ----------
    facts : Facts
    """
    return Combined("routine", "R-EMS")


def psych_distress(facts: Facts) -> Combined:
    """The question that asked two things: an emergency, unless thoughts of self-harm were answered with no.

    Parameters
    ----------
    facts : Facts
    """
    denied = facts.of("self_harm")["self_harm"] == "no"
    return Combined("soon", "", ("self_harm",)) if denied else Combined("emergency", "")


#: How a yes to a question is read beside the other answers; a question that is not here keeps its own urgency.
COMBINATIONS: Mapping[str, Callable[[Facts], Combined]] = MappingProxyType(
    {
        "stable_neuro_deficit": stable_neuro_deficit,
        "spine_fragility_age": _fracture_item,
        "spine_steroids": spine_steroids,
        "cancer_history": cancer_history,
        "weight_loss": weight_loss,
        "infection_risk": infection_risk,
        "axspa_gate": axspa_gate,
        "ottawa_malleoli": ottawa_bone,
        "ottawa_midfoot": ottawa_bone,
        "ottawa_not_valid": ottawa_not_valid,
        "dvt_wells": dvt_wells,
        "pregnancy": pregnancy,
        "cord_hands_gait": cord_hands_gait,
        "anticoagulant_trauma": anticoagulant_trauma,
        "both_feet_numb": both_feet_numb,
        "arch_collapse": arch_collapse,
        "psych_distress": psych_distress,
    }
)

#: Questions whose 'no' is not the last word, and what the other facts make of it.
SECOND_LOOKS: Mapping[str, Callable[[Facts], Combined]] = MappingProxyType(
    {
        "spine_fragility_age": fracture_without_a_yes,
        "ottawa_malleoli": pressed_by_oneself,
        "ottawa_midfoot": pressed_by_oneself,
    }
)
