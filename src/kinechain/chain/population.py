"""Thousands of people who stand: sizes and all that is not known drawn, on one body.

A person who is uniformly larger is the same body with other masses and gains (`kinechain.chain.stand.scaled`), so that
no body is built per person.  What of the shape differs beside size is the length of the legs; breadths go with it all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from kinechain.body.skeleton import generic_body
from kinechain.care.person import Sex
from kinechain.chain.situation import ChainModel, Situation
from kinechain.chain.stand import standing_situation
from kinechain.chain.standing_model import chain_model
from kinechain.chain.unknowns import Unknowns, draw_unknowns
from kinechain.core.arrays import FloatArray, Immutable
from kinechain.evidence.library import find_fact

__all__ = ["Population", "population_situation"]

#: Lengths and masses lie within this many standard deviations.
_LIMIT = 2.5


@dataclass(frozen=True, eq=False)
class Population(Immutable):
    """People who stand, one per case.

    Attributes
    ----------
    model : ChainModel
        The body they share.
    situation : Situation
        At rest.
    unknowns : Unknowns
    stature_m, mass_kg : (case,) array
    size : (case,) array
        How many times as large as the model; whoever adds a length to the situation divides it by this.
    is_woman : (case,) array
        1 or 0.
    """

    model: ChainModel
    situation: Situation
    unknowns: Unknowns
    stature_m: FloatArray
    mass_kg: FloatArray
    size: FloatArray
    is_woman: FloatArray


def population_situation(sex: Sex | None, count: int, seed: int, *, women: float = 0.5) -> Population:
    """Return people drawn from ANSUR II who stand upright.

    Stature is normal; mass for its square is lognormal and independent of it (assumption); how long thigh and shank are
    for the stature is normal.  All is cut off at 2.5 standard deviations.

    Parameters
    ----------
    sex : 'female', 'male' or None
        None: women and men on the body of the mean person.
    count : int
    seed : int
        The same seed gives the same people, the first of many those of few.
    women : float
        Part of women where ``sex`` is None.
    """
    model = _model(sex)
    drawn = np.random.default_rng([seed, 1]).random((count, 1))[:, 0]
    is_woman = {"female": np.ones(count), "male": np.zeros(count)}.get(sex or "", (drawn < women).astype(float))
    z = np.clip(np.random.default_rng([seed, 2]).standard_normal((count, 4)), -_LIMIT, _LIMIT)
    of_women, of_men = (_sizes("female", z), _sizes("male", z))
    stature, mass, thigh, shank = np.where(is_woman > 0, of_women, of_men)
    size = stature / _stature(sex)
    unknowns = draw_unknowns(count, seed)
    for name, longer in (("thigh_length", thigh), ("shank_length", shank)):
        for side in "rl":
            column = f"{name}_{side}"
            unknowns = unknowns.with_values(column, unknowns.of(column) + longer / size)
    situation = standing_situation(model, unknowns, mass_kg=mass, size=size)
    return Population(model, situation, unknowns, stature, mass, size, is_woman)


@lru_cache(maxsize=3)
def _model(sex: Sex | None) -> ChainModel:
    return chain_model(generic_body(sex))


def _stature(sex: Sex | None) -> float:
    sexes: tuple[Sex, ...] = ("female", "male") if sex is None else (sex,)
    return float(np.mean([_fact("stature", s)[0] for s in sexes])) / 1000.0


def _sizes(sex: Sex, z: FloatArray) -> FloatArray:
    """Return stature (m), mass (kg), and how much longer thigh and shank are for the stature (m), (4, case)."""
    (mean, sd), (mass, mass_sd) = _fact("stature", sex), _fact("body mass", sex)
    stature = (mean + sd * z[:, 0]) / 1000.0
    # Stature squared spreads twice as far as stature; the index has what of the mass is left.
    index = math.sqrt(max((mass_sd / mass) ** 2 - (2.0 * sd / mean) ** 2, 0.0))
    heavy = mass * (1000.0 * stature / mean) ** 2 * np.exp(index * z[:, 1] - 0.5 * index**2)
    hip, knee, ankle = (
        _fact(m, sex, "ratio_to_stature")[1]
        for m in ("trochanterion height", "lateral femoral epicondyle height", "lateral malleolus height")
    )
    # Heights add up from segments, whose lengths for the stature are taken to be independent.
    thigh, shank = (math.sqrt(max(upper**2 - lower**2, 0.0)) for upper, lower in ((hip, knee), (knee, ankle)))
    return np.stack([stature, heavy, stature * thigh * z[:, 2], stature * shank * z[:, 3]])


def _fact(measure: str, sex: Sex, statistic: str = "mean") -> tuple[float, float]:
    """Return value and standard deviation of a measure of ANSUR II."""
    fact = find_fact("anthropometry_ansur2", measure=measure, sex=sex, statistic=statistic)
    return fact.number(), fact.number("sd")
