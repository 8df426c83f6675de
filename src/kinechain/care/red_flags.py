"""The minimal danger-sign lock: what is asked, and what an answer locks.

A recording never answers a danger sign, so a person without answers is *not screened*, and
*not screened* is locked.  The full combination rules (Wells score, nine features of axial
spondyloarthritis, clearing an item by a clinician, asking again at every visit) are not here yet.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files

from kinechain.care.person import Person
from kinechain.care.screen import Flag, Level, Screen
from kinechain.core.errors import EvidenceError, PersonError, suggest

__all__ = ["ASK", "URGENCIES", "RedFlag", "read_red_flags", "screen_person"]

#: From the most to the least urgent.
URGENCIES: tuple[Level, ...] = ("emergency", "same_day", "next_working_day", "soon", "routine")

#: Urgencies that withhold the plan until a clinician has cleared the item (rule R0.3).
LOCKING = frozenset(URGENCIES[:4])

#: Background flags whose own sentence asks for company: alone they mean a review within days (rule R0.6,
#: a cautious choice); beside one of the named answers they keep their own urgency.  The fracture items are
#: counted instead (rule R1.2).
COMPANY: Mapping[str, tuple[str, ...]] = {
    "infection_risk": ("spine_infection", "weight_loss", "cancer_history", "mscc_pain", "progressive_weakness"),
    "ottawa_not_valid": ("ottawa_weight_bearing", "ottawa_malleoli", "ottawa_midfoot"),
}

#: Counted together with female sex, age over 70 and trauma; two or more keep their urgency (rule R1.2).
FRACTURE_ITEMS = ("spine_fragility_age", "spine_steroids")

#: Bone tenderness pressed by oneself: unsure counts as yes (its action in red_flags.toml; rule R2.4).
UNSURE_COUNTS = frozenset({"ottawa_malleoli", "ottawa_midfoot"})

#: What to do about an emergency question without an answer: its action is for a yes, and would only alarm.
ASK = "Ask this question: until it is answered it counts as not cleared."

ADULT_YEARS = 18


@dataclass(frozen=True)
class RedFlag:
    """One danger-sign question.

    Attributes
    ----------
    id, region, question, action : str
    urgency : str
        One of :data:`URGENCIES`.
    basis : 'source' or 'choice'
        Whether a cited text states the timing, or this project chose it with caution.
    logic : 'any' or 'combine'
        'any': one yes is enough; 'combine': read beside the other answers.
    sources : tuple of str
        Source keys.
    """

    id: str
    region: str
    question: str
    urgency: Level
    basis: str
    logic: str
    action: str
    sources: tuple[str, ...]


@lru_cache(maxsize=1)
def read_red_flags() -> tuple[RedFlag, ...]:
    """Return every danger-sign question, in the order of ``red_flags.toml``.

    Raises
    ------
    EvidenceError
        If a question has no source, or an urgency that is not known.
    """
    text = (files("kinechain.evidence") / "data" / "clinical" / "red_flags.toml").read_text(encoding="utf-8")
    flags = tuple(
        RedFlag(
            id=row["id"],
            region=row["region"],
            question=row["question"],
            urgency=row["urgency"],
            basis=row["urgency_basis"],
            logic=row["logic"],
            action=row["action"],
            sources=tuple(row["sources"]),
        )
        for row in tomllib.loads(text)["red_flag"]
    )
    for flag in flags:
        if flag.urgency not in URGENCIES or not flag.sources:
            raise EvidenceError(f"red_flags.toml: '{flag.id}' has no known urgency, or no source")
    return flags


def screen_person(person: Person) -> Screen:
    """Return what the answers to the danger signs mean; recordings are not looked at.

    Parameters
    ----------
    person : Person
        ``screen`` holds 'yes', 'no' or 'unknown' by flag id; an absent id was not asked.

    Returns
    -------
    Screen
        Locked by any yes that is 'soon' or more urgent, by any emergency question without a
        yes or no, by an age under 18, and by an age that is not known.

    Raises
    ------
    PersonError
        If an answered id is no danger sign.

    Notes
    -----
    The level is the most urgent yes.  Without a yes that is 'soon' or more urgent, one open emergency
    question makes it 'not_screened': an open question is never read as a no (rule R0.4).
    """
    questions = read_red_flags()
    unknown = sorted(set(person.screen) - {flag.id for flag in questions})
    if unknown:
        raise PersonError(f"no danger sign '{unknown[0]}'. {suggest(unknown[0], (f.id for f in questions))}")
    answered_yes = {flag.id for flag in questions if _is_yes(person, flag)}
    raised = sorted(
        (_flag(flag, person, _urgency(flag, person, answered_yes)) for flag in questions if flag.id in answered_yes),
        key=lambda flag: URGENCIES.index(flag.urgency),
    )
    still_open = [
        flag for flag in questions if flag.urgency == "emergency" and person.screen.get(flag.id) not in ("yes", "no")
    ]
    worst: Level = raised[0].urgency if raised else "none"
    level: Level = "not_screened" if still_open and worst not in LOCKING else worst
    reasons = _reasons(person, raised, len(still_open))
    return Screen(
        level=level,
        flags=(*raised, *(replace(_flag(flag, person, flag.urgency), rule=ASK) for flag in still_open)),
        plan_locked=bool(reasons),
        reason=" ".join(reasons),
    )


def _is_yes(person: Person, flag: RedFlag) -> bool:
    """Return whether an answer raises its flag; the stated age answers for itself."""
    if flag.id == "under_18" and person.age_years is not None and person.age_years < ADULT_YEARS:
        return True
    answer = person.screen.get(flag.id)
    return answer == "yes" or (answer == "unknown" and flag.id in UNSURE_COUNTS)


def _urgency(flag: RedFlag, person: Person, answered_yes: set[str]) -> Level:
    """Return the urgency of a yes: a weak flag alone is no alarm."""
    is_alone = flag.id in COMPANY and not answered_yes.intersection(COMPANY[flag.id])
    if flag.id in FRACTURE_ITEMS:
        is_alone = _count_fracture_items(person, answered_yes) < 2
    return "soon" if is_alone else flag.urgency


def _count_fracture_items(person: Person, answered_yes: set[str]) -> int:
    """Return how many of female, over 70, significant trauma and prolonged steroids are stated.

    References
    ----------
    henschke2009, as in rule R1.2; a contusion over the spine is taken as trauma (choice).
    """
    return sum(
        (
            person.sex == "female",
            "spine_fragility_age" in answered_yes or (person.age_years or 0) > 70,
            bool(answered_yes.intersection(("spine_major_trauma", "spine_contusion"))),
            "spine_steroids" in answered_yes,
        )
    )


def _flag(flag: RedFlag, person: Person, urgency: Level) -> Flag:
    answer = person.screen.get(flag.id, "not asked")
    if flag.id == "under_18" and answer != "yes" and _is_yes(person, flag):
        answer = "yes"
    return Flag(id=flag.id, urgency=urgency, basis=flag.basis, answer=answer, rule=flag.action, question=flag.question)


def _reasons(person: Person, raised: list[Flag], still_open: int) -> list[str]:
    """Return every reason why the plan is locked, as sentences; none means unlocked."""
    reasons = [
        f"Answered yes: {flag.id} ({flag.urgency.replace('_', ' ')})." for flag in raised if flag.urgency in LOCKING
    ]
    if still_open:
        reasons.append(f"{still_open} emergency questions have no answer; an open question is never read as no.")
    if not any(flag.id == "under_18" for flag in raised) and not _is_adult(person):
        reasons.append("The age is not known, and there is no plan under 18.")
    return reasons


def _is_adult(person: Person) -> bool:
    if person.age_years is None:
        return person.screen.get("under_18") == "no"
    return person.age_years >= ADULT_YEARS
