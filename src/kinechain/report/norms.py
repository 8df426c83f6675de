"""Norm bands and the gait profile, as the figures need them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from kinechain.care.finding import Finding
from kinechain.care.person.person import Person
from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.evidence.curves import read_curves
from kinechain.findings.gait_profile import PELVIS_VARIABLES, PROFILE_VARIABLES
from kinechain.findings.norms import COHORTS, curve_norms
from kinechain.findings.own_norms import OwnNorms
from kinechain.findings.verdict import ADULT_YEARS
from kinechain.motion.cycles import PERCENT_POINTS
from kinechain.report.figures import Bar, Palette, bar_figure
from kinechain.report.svg import Figure

__all__ = ["NormBand", "find_bands", "kinetic_bands", "profile_figure"]


@dataclass(frozen=True, eq=False)
class NormBand(Immutable):
    """A norm over the cycle, as drawn.

    Attributes
    ----------
    mean, sd : (101,) array, deg
    cohort : str
        Who was measured, as printed.
    note : str
        What to know before comparing; '' if nothing.
    is_adult : bool
    can_judge : bool
        False if it is drawn for its shape only.
    """

    mean: FloatArray
    sd: FloatArray
    cohort: str
    note: str
    is_adult: bool
    can_judge: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", frozen(self.mean, (101,), "mean"))
        object.__setattr__(self, "sd", frozen(self.sd, (101,), "sd"))


def find_bands(person: Person, own: OwnNorms | None = None) -> dict[str, NormBand]:
    """Return the norm band of every angle that has one for this person.

    Parameters
    ----------
    person : Person
    own : OwnNorms, optional
        Curves that stand in place of the published ones, for the angles they hold.
    """
    published = {
        angle: NormBand(
            np.degrees(norm.mean),
            np.degrees(norm.sd),
            norm.cohort.name,
            norm.note,
            norm.is_adult,
            norm.can_judge,
        )
        for angle, norm in curve_norms(person.age_years).items()
    }
    if own is None:
        return published
    note = "shown, not judged"
    return published | {c.angle: NormBand(c.mean, c.sd, own.cohort, note, False, False) for c in own.curves}


#: Panel of the kinetics page to the published variable of adults and of children, its sign there as here.
KINETIC_CURVES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "hip_extension": ("Moments/HipMoment extensor+", "Joint Moments/Hip Ext/Flexion"),
        "hip_abduction": ("Moments/HipMoment abductor+", "Joint Moments/Hip Ab/Adduction"),
        "hip_power": ("Powers/HipPower", "Joint Power/Hip"),
        "knee_extension": ("Moments/KneeMoment extensor+", "Joint Moments/Knee Ext/Flexion"),
        "knee_abduction": ("Moments/KneeMoment abductor+", "Joint Moments/Knee Ab/Adduction"),
        "knee_power": ("Powers/KneePower", "Joint Power/Knee"),
        "ankle_plantarflexion": ("Moments/AnkleMoment plantarflexor+", "Joint Moments/Ankle Dorsi/Plantarflexion"),
        "ankle_power": ("Powers/AnklePower", "Joint Power/Ankle"),
    }
)


def kinetic_bands(person: Person) -> dict[str, NormBand]:
    """Return the published moments and powers to draw for a person; they are drawn, and judge nobody.

    Parameters
    ----------
    person : Person
        Below 18 the curves of children at free speed; without an age those of adults.
    """
    is_child = person.age_years is not None and person.age_years < ADULT_YEARS
    cohort = COHORTS["children_free" if is_child else "adults"]
    curves = read_curves(cohort.source, cohort.group)
    published, ours = np.linspace(0.0, 100.0, 51), np.linspace(0.0, 100.0, PERCENT_POINTS)
    bands = {}
    for panel, names in KINETIC_CURVES.items():
        curve = curves[names[1 if is_child else 0]]
        mean, sd = (np.interp(ours, published, values) for values in (curve.mean, curve.sd))
        bands[panel] = NormBand(mean, sd, cohort.name, "shown, not judged", not is_child, False)
    return bands


def profile_figure(findings: tuple[Finding, ...], palette: Palette) -> Figure | None:
    """Return the bars of the movement analysis profile and the gait profile score, or None without them.

    The pelvis is one bar, on the left cycle, as in the overall score (Baker et al. 2009,
    doi 10.1016/j.gaitpost.2009.05.020).

    Parameters
    ----------
    findings : tuple of Finding
    palette : Palette
    """
    found: dict[tuple[str, str], float] = {
        (f.id.removeprefix("gait_profile."), f.side): f.estimate.value
        for f in findings
        if f.id.startswith("gait_profile.")
    }
    if not found:
        return None
    bars = []
    for angle in PROFILE_VARIABLES:
        drawn = (("both", "left"),) if angle in PELVIS_VARIABLES else (("left", "left"), ("right", "right"))
        values = {place: found[f"map_{angle}", side] for place, side in drawn if (f"map_{angle}", side) in found}
        bars.append(Bar(_short(angle), values))
    bars.append(Bar("Score\n(GPS)", {side: value for (name, side), value in found.items() if name == "gps"}))
    return bar_figure(tuple(bars), "Gait profile: distance from the norm", palette=palette)


def _short(angle: str) -> str:
    part, _, motion = angle.partition("_")
    return f"{part.capitalize()}\n{motion}"
