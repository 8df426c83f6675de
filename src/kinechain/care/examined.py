"""What an examination says about danger signs and about feeling in the feet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from kinechain.care.person import Person

__all__ = ["ROOTS", "examined_value", "insensate_sides", "raised_by_examination"]

ROOTS = ("L2", "L3", "L4", "L5", "S1", "S2")

#: Strength at or below this grade of 5 is a finding (rule R1.7; the root screen in ``measures.toml``).
WEAK_GRADE = 3.0

#: Sites per foot of the monofilament test (``measures.toml``); one that is not felt is a loss of protective sensation.
MONOFILAMENT_SITES = 3.0

Side = Literal["left", "right"]
SIDES: tuple[Side, ...] = ("left", "right")


def examined_value(person: Person, item: str, side: Side, part: str = "") -> float | None:
    """Return the value of one examination item of one side, None if it was not examined.

    Parameters
    ----------
    person : Person
    item, part : str
    side : 'left' or 'right'
        An item of 'both' sides counts for each.
    """
    for entry in person.exam:
        if (entry.id, entry.part) == (item, part) and entry.side in (side, "both"):
            return entry.value
    return None


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
    weak = [
        (root, side)
        for root in ROOTS
        for side in SIDES
        if (grade := examined_value(person, "root_screen_l2_s2", side, f"{root} strength")) is not None
        and grade <= WEAK_GRADE
    ]
    named = {pair: f"{pair[0]} strength {pair[1]}" for pair in weak}
    if drop := tuple(name for (root, _), name in named.items() if root == "L4"):
        found["foot_drop"] = drop
    if other := tuple(name for (root, _), name in named.items() if root != "L4"):
        found["stable_neuro_deficit"] = other
    if {side for _, side in weak} == set(SIDES):
        found["ces_bilateral_leg"] = tuple(named.values())
    squeezed = tuple(f"calf squeeze {side}" for side in SIDES if examined_value(person, "calf_squeeze", side) == 1.0)
    if squeezed:
        found["achilles_rupture"] = squeezed
    return found


def insensate_sides(person: Person) -> tuple[str, ...]:
    """Return the sides whose foot lacks protective sensation: any site not felt (rule R3.4).

    Parameters
    ----------
    person : Person
    """
    found = []
    for side in SIDES:
        felt = examined_value(person, "monofilament", side)
        missed = examined_value(person, "ipswich_touch", side)
        if (felt is not None and felt < MONOFILAMENT_SITES) or (missed is not None and missed > 0):
            found.append(side)
    return tuple(found)
