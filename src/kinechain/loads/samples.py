"""Bodies drawn from what is not known of a person: an interval of every load over the model.

Each draw changes masses, muscle strength, the planes of the discs, the stiffness that the load of the day gives them,
the cross-section of the plantar fascia, the place of the centre of pressure and how muscles share, all at once and each
within what its source says; what no source says is declared here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from kinechain.body.body import Body
from kinechain.body.muscle import Musculature
from kinechain.body.musculature import person_muscles
from kinechain.body.skeleton import RHYTHMS, with_rhythm
from kinechain.body.tables import read_table
from kinechain.core.arrays import FloatArray
from kinechain.loads.loads import LoadSettings, Unknowns
from kinechain.loads.lumbar import LUMBAR_JOINTS, sample_disc_inclinations

__all__ = ["SPREADS", "Draw", "Spread", "draw_samples"]


@dataclass(frozen=True)
class Spread:
    """How far one thing may be from what the model takes.

    Attributes
    ----------
    name : str
        As printed.
    value : float
        Standard deviation; of a share, in the logarithm.
    unit : str
    source : str
        Source keys, or 'assumption'.
    """

    name: str
    value: float
    unit: str
    source: str


#: What is drawn beside the planes of the discs (``disc_planes.csv``), the preload of the discs
#: (``disc_load_effects.csv``), the two lumbar rhythms and the two ways to weigh muscles.
SPREADS = {
    "segment_mass": Spread("mass of each segment", 0.07, "1 (logarithm)", "assumption"),
    "strength": Spread("strength of all muscles", 0.2, "1 (logarithm)", "assumption"),
    "group_strength": Spread("strength of each muscle group", 0.15, "1 (logarithm)", "assumption"),
    "centre_of_pressure": Spread("place of the centre of pressure", 0.005, "m", "assumption"),
}
#: Cross-sections of the plantar fascia between which sources disagree, mm^2 (``passive_stiffness.csv``).
FASCIA_AREA_MM2 = (70.0, 290.0)


@dataclass(frozen=True)
class Draw:
    """One drawn body."""

    body: Body
    muscles: Musculature
    settings: LoadSettings
    unknowns: Unknowns


def draw_samples(body: Body, settings: LoadSettings) -> Iterator[Draw]:
    """Draw bodies.

    Parameters
    ----------
    body : Body
        Of our tables, at the size and mass of the person; each draw gets muscles of its own.
    settings : LoadSettings
        ``samples`` and ``seed`` are used; ``weighting`` and ``fascia_area_mm2`` are drawn, the rest is kept.

    Yields
    ------
    Draw
        The same for the same seed.
    """
    generator = np.random.default_rng(settings.seed)
    for _ in range(settings.samples):
        yield _draw(body, settings, generator)


def _draw(body: Body, settings: LoadSettings, generator: np.random.Generator) -> Draw:
    def factor(name: str) -> float:
        return float(np.exp(SPREADS[name].value * generator.standard_normal()))

    low, high = FASCIA_AREA_MM2
    area = float(generator.uniform(low, high))
    other = with_rhythm(body, RHYTHMS[int(generator.integers(len(RHYTHMS)))])
    drawn = _with_masses(other, np.array([factor("segment_mass") for _ in body.segments]))
    muscles = person_muscles(drawn, fascia_area_mm2=area)
    overall = factor("strength")
    groups = {g: overall * factor("group_strength") for g in sorted({m.group for m in muscles.muscles})}
    muscles = replace(
        muscles,
        muscles=tuple(
            replace(m, max_isometric_force_n=m.max_isometric_force_n * groups[m.group]) for m in muscles.muscles
        ),
    )
    shift = SPREADS["centre_of_pressure"].value * generator.standard_normal(2)
    weighting: Literal["activation", "volume"] = "activation" if generator.integers(2) else "volume"
    planes = sample_disc_inclinations(generator, 1)[0]
    stiff = next(r for r in read_table("disc_load_effects") if r["quantity"] == "preload_factor")
    unknowns = Unknowns(
        inclinations=dict(zip(LUMBAR_JOINTS, planes.tolist(), strict=True)),
        preload_factor=float(generator.uniform(float(stiff["low"]), float(stiff["high"]))),
        centre_shift_m=(float(shift[0]), float(shift[1])),
    )
    chosen = replace(settings, samples=0, fascia_area_mm2=area, weighting=weighting)
    return Draw(drawn, muscles, chosen, unknowns)


def _with_masses(body: Body, factors: FloatArray) -> Body:
    """Return the body with its segments' masses multiplied, right and left alike, and its whole mass kept."""
    by_name: dict[str, float] = {}
    for segment, factor in zip(body.segments, factors, strict=True):
        by_name.setdefault(segment.name.removesuffix("_r").removesuffix("_l"), float(factor))
    wanted = [by_name[s.name.removesuffix("_r").removesuffix("_l")] for s in body.segments]
    whole = sum(s.mass_kg * f for s, f in zip(body.segments, wanted, strict=True)) / body.mass_kg
    return replace(
        body,
        segments=tuple(
            replace(s, mass_kg=s.mass_kg * f / whole, inertia=s.inertia * f / whole)
            for s, f in zip(body.segments, wanted, strict=True)
        ),
    )
