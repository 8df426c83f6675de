"""Which pattern of pain and feeling the findings fit: a root, both feet's nerves, a nerve at the ankle, or the heel.

Counted features, each with where it was read; never a statement of what a person has (rules R3.1, R3.3).  Weights and
limits are choices of this project.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kinechain.care.person.examined import ROOTS, SIDES, Side, insensate_sides
from kinechain.care.person.person import Answer, Person
from kinechain.care.person.symptom_map import in_group, read_regions, side_of
from kinechain.care.screening.answers import effective_answers
from kinechain.care.screening.facts import Truth, any_of, back_pain, night_pain
from kinechain.care.screening.nerve import Sign, signs_of

__all__ = ["PATTERNS", "PatternFit", "best_patterns", "heel_needs_nerve_check", "pattern_fits"]

#: Where the features of a pattern were read.
PATTERNS: Mapping[str, tuple[str, ...]] = {
    **{f"{root} root": ("harrison_radic", "vanderwindt2010", "tawa2017", "iversen2013") for root in ROOTS},
    "nerves of both feet": ("monofilament_iwgdf_vpt", "monofilament_wang2017", "ipswich_dutra2020"),
    "nerve at the ankle": ("stanford_tarsal", "kinoshita2001"),
    "plantar heel pain": ("bmjbp_pf", "morrissey2021"),
}

#: Places of the symptom map within the area of a root (harrison_radic; codes of this project).
AREAS: Mapping[str, tuple[str, ...]] = {
    "L2": ("groin", "thigh"),
    "L3": ("thigh", "knee"),
    "L4": ("shin",),
    "L5": ("foot_top", "big_toe"),
    "S1": ("foot_outer", "arch", "heel", "calf"),
    "S2": ("thigh",),
}

SOLE = ("heel", "arch", "forefoot", "toes", "big_toe", "foot_outer")

#: Pain at the first steps from here on counts, 0 to 10; and what a pattern needs to fit.
FIRST_STEP_PAIN, LEAST_SUPPORT, LEAST_SCORE = 3.0, 2, 0.5


@dataclass(frozen=True)
class PatternFit:
    """How far the findings fit one pattern.

    Attributes
    ----------
    pattern : str
        Of `PATTERNS`.
    side : 'left', 'right' or 'both'
    supports, opposes, unknown : tuple of str
        Features, in words.
    score : float
        Supports less opposes over both; 0 where nothing is known.
    is_fit : bool
        Enough supports it, and little opposes it.
    """

    pattern: str
    side: str
    supports: tuple[str, ...]
    opposes: tuple[str, ...]
    unknown: tuple[str, ...]
    score: float
    is_fit: bool

    @property
    def sources(self) -> tuple[str, ...]:
        """Where its features were read."""
        return PATTERNS[self.pattern]


def pattern_fits(person: Person) -> tuple[PatternFit, ...]:
    """Return every pattern of both sides, the best fit first.

    Parameters
    ----------
    person : Person
    """
    found = [_fit("nerves of both feet", "both", _both_feet(person), "altered feeling in both feet")]
    for side in SIDES:
        found.append(_fit("nerve at the ankle", side, _ankle(person, side), "altered feeling of this sole"))
        found.append(_fit("plantar heel pain", side, _heel(person, side), "pain of this heel or arch"))
        found += [_fit(f"{root} root", side, _root(person, root, side), "a sign of this root") for root in ROOTS]
    return tuple(sorted(found, key=lambda fit: (not fit.is_fit, -fit.score, -len(fit.supports))))


def best_patterns(person: Person) -> tuple[PatternFit, ...]:
    """Return the pattern that fits best, or those that fit equally well; empty where none fits.

    Parameters
    ----------
    person : Person
    """
    fits = [fit for fit in pattern_fits(person) if fit.is_fit]
    return tuple(fit for fit in fits if (fit.score, len(fit.supports)) == (fits[0].score, len(fits[0].supports)))


def heel_needs_nerve_check(person: Person) -> bool:
    """Return whether heel or sole pain asks for the nerve screen before it is called plantar heel pain (rule R3.3).

    Parameters
    ----------
    person : Person

    Notes
    -----
    Altered feeling in a sole, the same in both feet, or back pain that moves with it: sitting, coughing or bending.
    """
    if not any(_hurts(person, side, ("heel", "arch")) == "yes" for side in SIDES):
        return False
    altered = any(_altered(person, side, SOLE) for side in SIDES)
    both = all(_hurts(person, side, ("heel", "arch")) == "yes" for side in SIDES)
    with_back = back_pain(person) == "yes" and bool(
        {"coughing", "bending", "sitting", "leaning_back"} & set(person.history.aggravating)
    )
    asked = effective_answers(person)
    burning = any(asked[key].truth == "yes" for key in ("heel_pain_not_improving", "both_feet_numb"))
    return altered or both or with_back or burning


def _fit(pattern: str, side: str, features: Mapping[str, Truth], needed: str) -> PatternFit:
    """Return how far features fit; without the one that is needed a pattern never fits."""
    supports = tuple(name for name, truth in features.items() if truth == "yes")
    opposes = tuple(name for name, truth in features.items() if truth == "no")
    unknown = tuple(name for name, truth in features.items() if truth in ("unknown", "missing"))
    known = len(supports) + len(opposes)
    score = (len(supports) - len(opposes)) / known if known else 0.0
    is_fit = needed in supports and len(supports) >= LEAST_SUPPORT and score >= LEAST_SCORE
    return PatternFit(pattern, side, supports, opposes, unknown, score, is_fit)


def _root(person: Person, root: str, side: Side) -> dict[str, Truth]:
    signs = signs_of(person, root, side)
    own = [s for s in signs if s.test in ("strength", "sensation", "reflex")]
    tension = [s for s in signs if s not in own]
    others = [s for r in ROOTS if r != root for s in signs_of(person, r, side) if s.test in ("strength", "sensation")]
    marked = [s for s in person.symptoms if side_of(s.region) == side]
    found: dict[str, Truth] = {"a sign of this root": _any_positive(own)}
    found |= {s.part: _truth(s.is_positive) for s in own}
    if tension:
        found["a tension test of this leg"] = _any_positive(tension)
    found["signs of no other root"] = _not(_any_positive(others))
    found["symptoms in its area"] = _truth(any(_base(s.region) in AREAS[root] for s in marked)) if marked else "missing"
    found["back pain"] = back_pain(person)
    found["feeling lost in one foot at most"] = _not(_both_insensate(person))
    return found


def _both_feet(person: Person) -> dict[str, Truth]:
    asked = effective_answers(person)["both_feet_numb"].truth
    marked = _truth(all(_altered(person, side, SOLE) for side in SIDES)) if person.symptoms else "missing"
    conditions = (person.conditions.get("diabetes"), person.conditions.get("neuropathy"))
    tension = [s for side in SIDES for s in signs_of(person, "S1", side) if s.test in ("straight_leg_raise", "slump")]
    return {
        "altered feeling in both feet": "yes" if "yes" in (asked, marked) else any_of((asked, marked)),
        "touch or monofilament missed in both feet": _both_insensate(person),
        "diabetes or a known neuropathy": any_of(_answer(c) for c in conditions),
        "no tension test": _not(_any_positive(tension)),
    }


def _ankle(person: Person, side: Side) -> dict[str, Truth]:
    """Altered feeling of one sole, worse on standing and walking or at night, nothing above the ankle."""
    other: Side = "right" if side == "left" else "left"
    above = any(
        s.kind != "pain" and in_group(s.region, "leg") and not in_group(s.region, "foot") for s in person.symptoms
    )
    strength = [s for root in ROOTS for s in signs_of(person, root, side) if s.test in ("strength", "reflex")]
    tension = [s for s in signs_of(person, "S1", side) if s.test in ("straight_leg_raise", "slump", "crossed")]
    loaded: Truth = "missing"
    if person.history.aggravating:
        loaded = _truth(bool({"standing", "walking", "running"} & set(person.history.aggravating)))
    asked = effective_answers(person)["both_feet_numb"].truth
    return {
        "altered feeling of this sole": _truth(_altered(person, side, SOLE)) if person.symptoms else "missing",
        "the other sole is spared": "no" if asked == "yes" else _not(_truth(_altered(person, other, SOLE))),
        "nothing altered above the ankle": _not(_truth(above)),
        "no weakness and equal reflexes": _not(_any_positive(strength)),
        "no tension test": _not(_any_positive(tension)),
        "worse on standing or walking, or at night": any_of((loaded, night_pain(person))),
    }


def _heel(person: Person, side: Side) -> dict[str, Truth]:
    history = person.history
    first: Truth = "missing"
    if history.first_step_pain is not None:
        first = _truth(history.first_step_pain >= FIRST_STEP_PAIN)
    elif history.aggravating:
        first = _truth("first_steps" in history.aggravating)
    signs = [s for root in ("L4", "L5", "S1") for s in signs_of(person, root, side)]
    return {
        "pain of this heel or arch": _hurts(person, side, ("heel", "arch")),
        "pain at the first steps": first,
        "feeling of the sole is not altered": _not(_truth(_altered(person, side, SOLE))),
        "touch is felt": _not(_truth(side in insensate_sides(person))) if _felt_was_tested(person) else "missing",
        "no sign of a root": _not(_any_positive(signs)),
    }


def _hurts(person: Person, side: Side, places: tuple[str, ...]) -> Truth:
    marked = [s.region for s in person.symptoms if s.kind == "pain"]
    regions = (*person.history.pain_regions, *marked)
    if not regions:
        return "missing"
    return _truth(any(_base(region) in places and side_of(region) in (side, "") for region in regions))


def _altered(person: Person, side: Side, places: tuple[str, ...]) -> bool:
    return any(
        s.kind in ("numbness", "tingling") and _base(s.region) in places and side_of(s.region) in (side, "")
        for s in person.symptoms
    )


def _both_insensate(person: Person) -> Truth:
    return _truth(len(insensate_sides(person)) == len(SIDES)) if _felt_was_tested(person) else "missing"


def _felt_was_tested(person: Person) -> bool:
    return any(item.id in ("monofilament", "ipswich_touch") for item in person.exam)


def _base(region: str) -> str:
    return region if region in read_regions() else region.rpartition("_")[0]


def _any_positive(signs: Sequence[Sign]) -> Truth:
    return _truth(any(s.is_positive for s in signs)) if signs else "missing"


def _truth(fact: bool) -> Truth:
    return "yes" if fact else "no"


def _answer(answer: Answer | None) -> Truth:
    if answer is None:
        return "missing"
    return "unknown" if answer == "skipped" else answer


def _not(truth: Truth) -> Truth:
    return "no" if truth == "yes" else "yes" if truth == "no" else truth
