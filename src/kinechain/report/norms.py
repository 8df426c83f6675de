"""Norm bands and the gait profile, as the figures need them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinechain.care.finding import Finding
from kinechain.care.person import Person
from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.findings.gait_profile import PELVIS_VARIABLES, PROFILE_VARIABLES
from kinechain.findings.norms import curve_norms
from kinechain.findings.own_norms import OwnNorms
from kinechain.report.figures import Bar, Palette, bar_figure
from kinechain.report.svg import Figure

__all__ = ["NormBand", "find_bands", "profile_figure"]


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
