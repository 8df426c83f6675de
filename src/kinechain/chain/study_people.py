"""People like those of a study: bodies of its sexes, and what is not known of each of them drawn.

A few bodies of each sex stand for the sizes (stature and mass of ANSUR II); on each stand many people who differ in
everything else that is drawn.  What a source measured between people differs between people; what is an assumption of
the model (tone, gains of posture control, laws of few specimens) is drawn once per *world*, the same for everybody in
it: the means of worlds tell how far the answer hangs on what nobody knows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np

from kinechain.body.musculature import person_muscles
from kinechain.body.scale import BodySize, size_body
from kinechain.body.skeleton import template_body
from kinechain.chain.situation import ChainModel
from kinechain.chain.standing_model import chain_model
from kinechain.chain.unknowns import Unknowns, draw_unknowns, read_unknowns
from kinechain.core.arrays import FloatArray, Immutable
from kinechain.evidence.library import find_fact

__all__ = ["BODIES", "Group", "body_sizes", "draw_people", "draw_worlds", "model_unknowns", "study_model"]

Sex = Literal["female", "male"]

#: Bodies of each sex; their statures and masses spread over the population's.
BODIES = 4
#: Not 'assumption' as a source, and yet the best value is one: how stiff muscle is for slow sway (see its note).
_ALSO_MODEL = ("tone_sagittal",)


@dataclass(frozen=True, eq=False)
class Group(Immutable):
    """People on one body.

    Attributes
    ----------
    model : ChainModel
    unknowns : Unknowns
        One case per person.
    world : (case,) array
        Which world each lives in; of people of one world zeros.
    """

    model: ChainModel
    unknowns: Unknowns
    world: FloatArray


def model_unknowns() -> frozenset[str]:
    """Return what the model does not know, against what differs between people: ids of the unknowns."""
    return frozenset(u.id for u in read_unknowns().values() if u.source == "assumption" or u.id in _ALSO_MODEL)


@cache
def body_sizes(sex: Sex) -> tuple[BodySize, ...]:
    """Return the sizes of the bodies of one sex: even quantiles of stature, of mass for stature in another order.

    Mass for the square of stature is taken to be independent of stature (assumption; their relation was not tabulated).
    """
    stature, mass = (
        find_fact("anthropometry_ansur2", measure=m, sex=sex, statistic="mean") for m in ("stature", "body mass")
    )
    middle, apart = stature.number() / 1000.0, stature.number("sd") / 1000.0
    of_mass = mass.number("sd") / mass.number()
    index_apart = math.sqrt(max(of_mass**2 - (2.0 * apart / middle) ** 2, 0.0))
    steps = _quantiles(BODIES)
    heights = middle + apart * steps
    # Every second stature is heavy for its size, so that stature and index are as good as unrelated.
    index = mass.number() / middle**2 * np.exp(index_apart * steps[_mixed(BODIES)])
    return tuple(
        BodySize(mass_kg=float(i * h**2), height_m=float(h), sex=sex) for h, i in zip(heights, index, strict=True)
    )


@cache
def study_model(sex: Sex, which: int) -> ChainModel:
    """Return one of the bodies of a sex made ready to stand, with muscles."""
    body = size_body(template_body(), body_sizes(sex)[which])
    return chain_model(body, person_muscles(body))


def draw_people(women: int, men: int, seed: int) -> tuple[Group, ...]:
    """Return women and men drawn from everything that is not known, spread over the bodies.

    Parameters
    ----------
    women, men : int
    seed : int
    """
    out = []
    for sex, count in (("female", women), ("male", men)):
        for which in range(min(BODIES, count)):
            of_body = len(range(which, count, BODIES))
            drawn = draw_unknowns(of_body, _seed(seed, sex, which))
            out.append(Group(study_model(sex, which), drawn, np.zeros(of_body)))
    return tuple(out)


def draw_worlds(sexes: Sequence[Sex], worlds: int, seed: int) -> tuple[Group, ...]:
    """Return the same people in many worlds, one per body: what the model does not know drawn once per world.

    Parameters
    ----------
    sexes : sequence of 'female' or 'male'
    worlds : int
    seed : int
    """
    shared = draw_unknowns(worlds, seed + 1)
    model = model_unknowns()
    columns = np.array([name in model or name[:-2] in model for name in shared.names])
    out = []
    for sex in sexes:
        for which in range(BODIES):
            own = draw_unknowns(1, _seed(seed, sex, which)).values
            values = np.where(columns, shared.values, own)
            out.append(Group(study_model(sex, which), replace(shared, values=values), np.arange(float(worlds))))
    return tuple(out)


def _seed(seed: int, sex: str, which: int) -> int:
    return 1000 * seed + 10 * which + (sex == "male")


def _quantiles(count: int) -> FloatArray:
    """Return the middles of so many equal parts of a standard normal distribution, (count,) array."""
    from scipy.special import ndtri

    return np.asarray(ndtri((np.arange(count) + 0.5) / count))


def _mixed(count: int) -> list[int]:
    """Return the places 0 to count - 1 in an order that hardly goes with their size."""
    half = (count + 1) // 2
    return [i // 2 + (half if i % 2 == 0 else 0) if i // 2 + half < count or i % 2 else i // 2 for i in range(count)]
