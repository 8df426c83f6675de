"""The nerve screen: root by root from L2 to S2, from published accuracy, with every prior beside it.

It says which pattern the findings fit, never what a person has.  Single tests are weak (rule R3.1): the likelihood
ratios are bounded, dependence between tests is left open, and the prior is shown as a row, not hidden in the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kinechain.care.person.examined import ROOTS, SIDES, Side, examined_values, insensate_sides
from kinechain.care.person.person import Person
from kinechain.care.person.symptom_map import in_group
from kinechain.care.screening.answers import effective_answers
from kinechain.care.screening.nerve_accuracy import Ratio, combine_ratios, nerve_tests, posterior, priors, read_tables
from kinechain.care.screening.red_flags import screen_person
from kinechain.core.errors import PersonError
from kinechain.core.estimate import Estimate
from kinechain.evidence.wording import Sentence, say

__all__ = [
    "NEUROPATHIC_SCORES",
    "RootLikelihood",
    "Sign",
    "nerve_red_flags",
    "nerve_tests_due",
    "neuropathic_score",
    "restrictions",
    "root_likelihoods",
    "signs_of",
]

NEUROPATHIC_SCORES = ("paindetect", "dn4")

#: Tests of both legs' nerves that speak of the lower lumbar roots together, in the order of rule R3.1.
TENSION = (
    ("straight_leg_raise", "", "straight_leg_raise"),
    ("straight_leg_raise", "crossed", "crossed"),
    ("slump", "", "slump"),
)


@dataclass(frozen=True)
class Sign:
    """One result that speaks for or against a root.

    Attributes
    ----------
    test : str
        Of ``nerve_tests.toml``.
    part : str
        As on the examination sheet, e.g. 'L5 strength'.
    is_positive : bool
    """

    test: str
    part: str
    is_positive: bool


@dataclass(frozen=True)
class RootLikelihood:
    """How far the findings of one side speak for one root.

    Attributes
    ----------
    root : 'L2' to 'S2'
    side : 'left' or 'right'
    signs : tuple of Sign
        What was examined; empty: nothing, and the ratio is 1.
    ratio : Ratio
        Likelihood ratio of all of it together.
    probabilities : tuple of (str, Estimate)
        By prior, as `nerve_accuracy.priors`; the prior of any root is shared equally among the six (assumption).
    """

    root: str
    side: Side
    signs: tuple[Sign, ...]
    ratio: Ratio
    probabilities: tuple[tuple[str, Estimate], ...]


def root_likelihoods(person: Person) -> tuple[RootLikelihood, ...]:
    """Return every root of both sides, L2 to S2, the left first.

    Parameters
    ----------
    person : Person
    """
    return tuple(_likelihood(person, root, side) for side in SIDES for root in ROOTS)


def signs_of(person: Person, root: str, side: Side) -> tuple[Sign, ...]:
    """Return the examined signs of one root of one side.

    Parameters
    ----------
    person : Person
    root : 'L2' to 'S2'
    side : 'left' or 'right'
    """
    sheet = "root_screen_l2_s2"
    found = []
    for grade in examined_values(person, sheet, side, f"{root} strength")[:1]:
        found.append(Sign("strength", f"{root} strength", grade < 5.0))
    for felt in examined_values(person, sheet, side, f"{root} sensation")[:1]:
        found.append(Sign("sensation", f"{root} sensation", felt > 0.0))
    for reflex, roots in read_tables()["reflexes"].items():
        if root in roots and (is_reduced := _reduced_reflex(person, reflex, side)) is not None:
            found.append(Sign("reflex", reflex, is_reduced))
    if root in nerve_tests()["straight_leg_raise"].roots:
        found += _tension(person, side)
    return tuple(found)


def nerve_tests_due(person: Person) -> tuple[str, ...]:
    """Return which tests of the nerve screen are still to be done, in the order of rule R3.1; none where it is not due.

    Parameters
    ----------
    person : Person

    Notes
    -----
    Due with symptoms below the knee beside back pain, with numbness or tingling of a leg, or with an answer that speaks
    of a nerve.
    """
    answers = effective_answers(person)
    regions = (*person.history.pain_regions, *(s.region for s in person.symptoms))
    below = any(in_group(region, "below_knee") and not in_group(region, "foot") for region in regions)
    altered = any(s.kind != "pain" and in_group(s.region, "leg") for s in person.symptoms)
    asked = ("foot_drop", "progressive_weakness", "stable_neuro_deficit", "both_feet_numb", "ces_bilateral_leg")
    has_back = any(in_group(region, "back") for region in regions)
    if not (altered or (below and has_back) or any(answers[key].truth == "yes" for key in asked)):
        return ()
    parts = [
        *(("root_screen_l2_s2", f"{root} {what}") for what in ("strength", "sensation") for root in ROOTS),
        *(("root_screen_l2_s2", reflex) for reflex in read_tables()["reflexes"]),
        ("straight_leg_raise", ""),
        ("straight_leg_raise", "crossed"),
        ("slump", ""),
    ]
    return tuple(
        part or item for item, part in parts if not all(examined_values(person, item, side, part) for side in SIDES)
    )


def nerve_red_flags(person: Person) -> tuple[str, ...]:
    """Return the danger signs about nerves that are raised or open: they come before any pattern.

    Parameters
    ----------
    person : Person
    """
    of_nerves = {"foot_drop", "progressive_weakness", "stable_neuro_deficit", "both_feet_numb", "mscc_neuro"}
    flags = screen_person(person).flags
    return tuple(f.id for f in flags if f.id in of_nerves or f.id.startswith("ces_") or f.id == "cord_hands_gait")


def restrictions(person: Person) -> tuple[Sentence, ...]:
    """Return what a foot that does not feel rules out and asks for (rule R3.4); empty if both feet feel.

    Parameters
    ----------
    person : Person
    """
    if not insensate_sides(person):
        return ()
    keys = ("insensate_skin", "insensate_barefoot", "insensate_stimulation", "insensate_refer")
    return tuple(say(f"screen.{key}") for key in keys)


def neuropathic_score(person: Person, questionnaire: str) -> Literal["unlikely", "unclear", "likely"] | None:
    """Return what an entered neuropathic-pain score says by its published limits (rule R3.5); None if not entered.

    Parameters
    ----------
    person : Person
    questionnaire : 'paindetect' or 'dn4'

    Raises
    ------
    PersonError
        If it is no neuropathic-pain score.
    """
    if questionnaire not in NEUROPATHIC_SCORES:
        raise PersonError(f"'{questionnaire}' is no neuropathic-pain score; there is: {', '.join(NEUROPATHIC_SCORES)}")
    limits = read_tables()["scores"][questionnaire]
    totals = [s.total for s in person.questionnaires if s.id == questionnaire and s.total is not None]
    if not totals:
        return None
    if totals[-1] >= limits["likely_from"]:
        return "likely"
    return "unlikely" if totals[-1] <= limits.get("unlikely_to", limits["likely_from"] - 1) else "unclear"


def _likelihood(person: Person, root: str, side: Side) -> RootLikelihood:
    signs, tests = signs_of(person, root, side), nerve_tests()
    ratio = combine_ratios(
        [tests[s.test].positive for s in signs if s.is_positive],
        [tests[s.test].negative for s in signs if not s.is_positive],
    )
    return RootLikelihood(root, side, signs, ratio, tuple((p.id, _probability(p.probability, ratio)) for p in priors()))


def _probability(prior: float, ratio: Ratio) -> Estimate:
    value, low, high = (posterior(prior / len(ROOTS), r) for r in (ratio.value, ratio.low, ratio.high))
    return Estimate(value, low, high, "probability", "published accuracy, dependence of tests left open; prior shown")


def _tension(person: Person, side: Side) -> list[Sign]:
    """Return the tension tests that were entered as negative or positive; an angle is neither."""
    return [
        Sign(test, part or item, value > 0.0)
        for item, part, test in TENSION
        for value in examined_values(person, item, side, part, but_not="degrees")[:1]
    ]


def _reduced_reflex(person: Person, reflex: str, side: Side) -> bool | None:
    """Return whether a reflex is weaker than on the other side; None if either side was not examined.

    Reflexes that are equally weak on both sides are no sign of one root (choice).
    """
    other: Side = "right" if side == "left" else "left"
    own, beside = (examined_values(person, "root_screen_l2_s2", s, reflex) for s in (side, other))
    return own[0] < beside[0] if own and beside else None
