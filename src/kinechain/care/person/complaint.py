"""What decides the kind of plan: where it hurts, how much, and whether the feet feel."""

from __future__ import annotations

import math

from kinechain.care.person.exam import current_exam
from kinechain.care.person.examined import insensate_sides
from kinechain.care.person.person import ExamItem, Person, PersonSide
from kinechain.care.person.symptom_map import base_region, in_group, side_of
from kinechain.core.errors import PersonError

__all__ = [
    "both_or",
    "exam_values",
    "has_back_pain",
    "has_foot_pain",
    "has_heel_pain",
    "has_pain",
    "heel_sides",
    "is_insensate",
    "pain_level",
    "pain_places",
]


def pain_places(person: Person) -> tuple[str, ...]:
    """Return the codes of every place that hurts, from the history and the symptom map, sorted.

    Parameters
    ----------
    person : Person
    """
    return tuple(sorted({*person.history.pain_regions, *(s.region for s in person.symptoms if s.kind == "pain")}))


def pain_level(person: Person) -> float | None:
    """Return the average pain, 0 to 10: of the history, else of the score; None if not told.

    Parameters
    ----------
    person : Person
    """
    if person.history.pain_average is not None:
        return person.history.pain_average
    return next((s.total for s in person.questionnaires if s.id == "nprs" and s.total is not None), None)


def has_pain(person: Person) -> bool:
    """Return whether any place hurts, or any pain above 0 is told.

    Parameters
    ----------
    person : Person
    """
    told = (
        pain_level(person),
        person.history.pain_worst,
        person.history.first_step_pain,
        person.history.pain_after_standing,
    )
    return bool(pain_places(person)) or any(value is not None and value > 0 for value in told)


def has_back_pain(person: Person) -> bool:
    """Return whether the low back or the base of the spine hurts.

    Parameters
    ----------
    person : Person
    """
    return any(base_region(code).id in ("low_back", "sacrum") for code in pain_places(person))


def heel_sides(person: Person) -> frozenset[str]:
    """Return the sides on which the heel hurts: of 'left', 'right' and '' (no side named).

    Parameters
    ----------
    person : Person
    """
    return frozenset(side_of(code) for code in pain_places(person) if base_region(code).id == "heel")


def has_heel_pain(person: Person) -> bool:
    """Return whether a heel hurts.

    Parameters
    ----------
    person : Person
    """
    return bool(heel_sides(person))


def has_foot_pain(person: Person) -> bool:
    """Return whether any place of a foot hurts.

    Parameters
    ----------
    person : Person
    """
    return any(in_group(code, "foot") for code in pain_places(person))


def exam_values(person: Person, item: str, unit: str | None = None) -> tuple[ExamItem, ...]:
    """Return what the examination says now of one item, sorted by side.

    Parameters
    ----------
    person : Person
    item : str
    unit : str, optional
        Only those written in it.

    Raises
    ------
    PersonError
        If a value is not a finite number.
    """
    settled, _ = current_exam(person)
    found = [e for e in settled if e.id == item and (unit is None or e.unit == unit)]
    if any(not math.isfinite(e.value) for e in found):
        raise PersonError(f"the examination item '{item}' is not a finite number; leave it out if it was not measured")
    return tuple(sorted(found, key=lambda e: (e.side, str(e.measured_on), e.examiner, e.part, e.value)))


def is_insensate(person: Person) -> bool:
    """Return whether a foot may not feel (rule R3.4): a site of the monofilament or a touch was missed, or it is known.

    Parameters
    ----------
    person : Person

    Notes
    -----
    Neuropathy, numb feet and not being able to feel count too, and while unknown they count as present (choice).  So
    does a risk group of 1 or more: those feet feel less, or get less blood (choice).
    """
    if insensate_sides(person) or (person.iwgdf_risk or 0) >= 1:
        return True
    told = [person.conditions.get(key) for key in ("neuropathy", "cannot_feel_or_report")]
    return any(answer in ("yes", "unknown", "skipped") for answer in (*told, person.screen.get("both_feet_numb")))


def both_or(sides: frozenset[str]) -> PersonSide:
    """Return 'left' or 'right' if only that side is meant, else 'both'.

    Parameters
    ----------
    sides : frozenset of str
        Of 'left', 'right', 'both' and ''.
    """
    if sides == frozenset({"left"}):
        return "left"
    return "right" if sides == frozenset({"right"}) else "both"
