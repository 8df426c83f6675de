"""What was published of a load, beside what was computed of it: a comparison, never a norm.

Most of it was measured in a few people with an implant, or computed by another model.  So a load is said to lie inside
or outside a published range, never within or outside of what is usual, and a miss is shown like a hit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.evidence.library import Fact, read_facts
from kinechain.loads.loads import Load

__all__ = ["PUBLISHED", "Place", "PublishedLoad", "load_sources", "published_beside"]

Place = Literal["below", "inside", "above", "one value"]

#: Half-width, in standard deviations, of the range around a published mean that has one: 95 % of a normal distribution.
RANGE_SD = 1.96

#: Load (site, quantity) to the rows of ``params/loads.csv`` that speak of the same thing in walking: item and quantity,
#: the item alone where it is measured in the very same way.
PUBLISHED: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        ("l3_l4", "compression_peak"): (("level walking", "L3-L4 compression, maximum"),),
        ("l3_l4", "compression_least"): (("level walking", "L3-L4 compression, minimum"),),
        ("hip", "resultant_peak"): (
            ("level walking ~4 km/h", "hip contact force peak"),
            ("walking 1 km/h", "hip contact force median peak"),
            ("walking 5 km/h", "hip contact force median peak"),
        ),
        ("knee", "resultant_peak"): (("level walking", "knee contact force peak resultant (average)"),),
        ("achilles", "tension_peak"): (
            ("walking 1.34 m/s", "Achilles tendon force peak"),
            ("walking 1.4 m/s to running 3.5 m/s", "Achilles tendon force maximum"),
            ("walking", "Achilles tendon force"),
        ),
        ("plantar_fascia", "tension_peak"): (
            ("simulated walking stance, late stance", "plantar aponeurosis tension, maximum"),
            ("barefoot walking", "plantar aponeurosis tension, mean maximum"),
        ),
    }
)
#: The same for standing on both legs.
PUBLISHED_STANDING: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = MappingProxyType(
    {("knee", "resultant_mean"): (("two-legged stance", "knee contact force peak resultant (average)"),)}
)


@dataclass(frozen=True)
class PublishedLoad:
    """One published figure beside one computed load, both in the unit it was published in.

    Attributes
    ----------
    item, quantity, cohort : str
        As in the table: what was done, what was measured, in whom.
    n : int or None
        People; None if not stated in what was read.
    value, low, high : float or None
        The mean, and the range: as printed, else the mean -+ 1.96 SD where an SD was printed.
    unit : str
    note, source, grade : str
        What to know before comparing, the source key, and how deep it was read.
    computed : float
        The load of this person.
    place : 'below', 'inside', 'above' or 'one value'
        Of the computed load against the range; 'one value' where no range was published.
    """

    item: str
    quantity: str
    cohort: str
    n: int | None
    value: float | None
    low: float | None
    high: float | None
    unit: str
    note: str
    source: str
    grade: str
    computed: float
    place: Place


def published_beside(load: Load, mass_kg: float) -> tuple[PublishedLoad, ...]:
    """Return what was published of the same load.

    Parameters
    ----------
    load : Load
        Of walking, or of quiet standing (``phase`` says so).
    mass_kg : float

    Returns
    -------
    tuple of PublishedLoad
        Empty where nothing was read.
    """
    wanted = (PUBLISHED_STANDING if load.phase == "quiet standing" else PUBLISHED).get((load.site, load.quantity), ())
    return tuple(_beside(fact, load.estimate.value, mass_kg) for pair in wanted for fact in _facts(*pair))


def load_sources(loads: tuple[Load, ...], mass_kg: float) -> tuple[str, ...]:
    """Return the keys of everything published beside some loads, once each."""
    return tuple(dict.fromkeys(p.source for load in loads for p in published_beside(load, mass_kg)))


@cache
def _facts(item: str, quantity: str) -> tuple[Fact, ...]:
    return tuple(f for f in read_facts("loads") if f.text("item") == item and f.text("quantity") == quantity)


def _beside(fact: Fact, value_n: float, mass_kg: float) -> PublishedLoad:
    value, low, high = (fact.number(c) if fact.has_number(c) else None for c in ("value", "low", "high"))
    if low is None and value is not None and fact.has_number("sd"):
        low, high = value - RANGE_SD * fact.number("sd"), value + RANGE_SD * fact.number("sd")
    computed = value_n / _newtons(fact.unit, mass_kg)
    place: Place = "one value"
    if low is not None and high is not None:
        place = "below" if computed < low else "above" if computed > high else "inside"
    people = fact.text("n")
    return PublishedLoad(
        item=fact.text("item"),
        quantity=fact.text("quantity"),
        cohort=fact.text("subgroup"),
        n=int(people) if people else None,
        value=value,
        low=low,
        high=high,
        unit=fact.unit,
        note=fact.text("note"),
        source=fact.source.key,
        grade=fact.grade,
        computed=computed,
        place=place,
    )


def _newtons(unit: str, mass_kg: float) -> float:
    """Return how many newtons one unit of a published force is for a person of this mass."""
    weight = mass_kg * GRAVITY_M_S2
    return {"BW": weight, "%BW": weight / 100.0, "N/kg": mass_kg, "kN": 1000.0, "N": 1.0}[unit]
