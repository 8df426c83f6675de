"""What an examination says about danger signs and about feeling in the feet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from kinechain.care.person.exam import is_repeat
from kinechain.care.person.person import Person

__all__ = ["ROOTS", "SIDES", "Side", "examined_values", "insensate_sides", "raised_by_examination"]

Side = Literal["left", "right"]
SIDES: tuple[Side, ...] = ("left", "right")
ROOTS = ("L2", "L3", "L4", "L5", "S1", "S2")

#: Strength at or below this grade of 5 is a finding (rule R1.7; the root screen in ``measures.toml``).
WEAK_GRADE = 3.0

#: All sites felt: the three of the guideline (``measures.toml``), or the ten of the older test (choice).
ALL_FELT = (3.0, 10.0)

MONOFILAMENT_SITES = ("site 1", "site 2", "site 3")
TOES = ("first toe", "third toe", "fifth toe", "top of the big toe")


def examined_values(person: Person, item: str, side: Side, part: str = "", but_not: str = "") -> tuple[float, ...]:
    """Return the values of one examination item on the latest day it was examined, empty if it never was.

    Parameters
    ----------
    person : Person
    item, part : str
    side : 'left' or 'right'
        An item of 'both' sides counts for each.
    but_not : str
        Unit whose entries are left out.
    """
    entries = [
        (entry.measured_on or date.min, entry.value)
        for entry in person.exam
        if entry.id == item
        and ("" if is_repeat(entry.part) else entry.part) == part
        and entry.side in (side, "both")
        and (not but_not or entry.unit != but_not)
    ]
    latest = max((day for day, _ in entries), default=None)
    return tuple(value for day, value in entries if day == latest)


def raised_by_examination(person: Person) -> Mapping[str, tuple[str, ...]]:
    """Return the danger signs that a clinician's findings raise, each with the findings (rules R1.1, R1.7, R2.8).

    Parameters
    ----------
    person : Person

    Notes
    -----
    Weak ankle lifting is foot drop; any other root as weak is a nerve deficit a clinician should follow; weakness of
    both legs is a sign in both legs, an emergency until a clinician clears it (choices).
    A foot that does not feel restricts what is offered and locks nothing; so does a short one-leg stance.
    """
    found: dict[str, tuple[str, ...]] = {}
    weak = {
        (root, side): f"{root} strength {side}"
        for root in ROOTS
        for side in SIDES
        if any(grade <= WEAK_GRADE for grade in examined_values(person, "root_screen_l2_s2", side, f"{root} strength"))
    }
    if drop := tuple(name for (root, _), name in weak.items() if root == "L4"):
        found["foot_drop"] = drop
    if other := tuple(name for (root, _), name in weak.items() if root != "L4"):
        found["stable_neuro_deficit"] = other
    if {side for _, side in weak} == set(SIDES):
        found["ces_bilateral_leg"] = tuple(weak.values())
    squeezed = tuple(f"calf squeeze {side}" for side in SIDES if 1.0 in examined_values(person, "calf_squeeze", side))
    if squeezed:
        found["achilles_rupture"] = squeezed
    return found


def insensate_sides(person: Person) -> tuple[Side, ...]:
    """Return the sides whose foot lacks protective sensation: any site or toe not felt (rule R3.4).

    Parameters
    ----------
    person : Person
    """
    return tuple(side for side in SIDES if _is_insensate(person, side))


def _is_insensate(person: Person, side: Side) -> bool:
    sites = [v for part in MONOFILAMENT_SITES for v in examined_values(person, "monofilament", side, part)]
    toes = [v for part in TOES for v in examined_values(person, "ipswich_touch", side, part)]
    felt = examined_values(person, "monofilament", side)
    missed = examined_values(person, "ipswich_touch", side)
    return 1.0 in (*sites, *toes) or any(v not in ALL_FELT for v in felt) or any(v > 0 for v in missed)
