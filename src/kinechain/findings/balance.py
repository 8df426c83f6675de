"""Measures of quiet standing on plates: sway against norms of the same age, eyes and floor, and who carries what.

An interval of sway is how three trials of one person in one session differ (pooled over the 163 people of the norms'
own data set, on the logarithm, because sway is skewed); days apart they differ more, so it is the least one.  A stand
shorter than the norms' is computed and not judged: a longer stand wanders farther.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from kinechain.care.finding import Finding, Norm, Unmeasured
from kinechain.care.person.person import Person
from kinechain.core.errors import SettingError
from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.evidence.library import Fact, find_fact, read_facts
from kinechain.findings.accuracy import Z95
from kinechain.findings.verdict import ADULT_YEARS, judge
from kinechain.loads.quiet_standing import (
    NORM_DURATION_S,
    NORM_RATE_HZ,
    QuietStanding,
    Sway,
    measure_standing,
)
from kinechain.recording.recording import Recording

__all__ = ["Stance", "find_balance", "sway_change", "sway_norm"]

#: Norms of fewer people are not used.  Assumption; it leaves out 40 to 59 years, of whom the source has 5 or fewer.
LEAST_PEOPLE = 10
#: People without illness or disability are taken where there are at least this many.  Assumption.
ENOUGH_HEALTHY = 20
#: A stand this much shorter than the norms' still counts as one of theirs.  Assumption.
LEAST_PART = 0.97


@dataclass(frozen=True)
class Stance:
    """How a person stood, which no recording says.

    Attributes
    ----------
    eyes : 'open' or 'closed'
    surface : 'firm' or 'foam'
    is_stated : bool
        False while it is assumed; then nothing is judged.
    """

    eyes: Literal["open", "closed"] = "open"
    surface: Literal["firm", "foam"] = "firm"
    is_stated: bool = False

    @property
    def words(self) -> str:
        """As printed."""
        floor = "firm surface" if self.surface == "firm" else "foam"
        return f"{floor}, eyes {self.eyes}"


@dataclass(frozen=True)
class _Measure:
    """One measure of sway: its id, name, unit, factor from SI, and what norms and repeated trials call it."""

    id: str
    name: str
    field: str
    unit: str
    factor: float
    norm: str
    spread: str
    power: float = 1.0


# The length of the way varies as its speed does; each range as the root of the area if both directions vary alike and
# on their own (assumption: the source gives no spread of the ranges).
_MEASURES = (
    _Measure("balance.sway_velocity", "Speed of the centre of pressure", "velocity_m_s", "cm/s", 1e2, "COPvelo",
             "velocity"),
    _Measure("balance.sway_area", "Area of sway (95 % ellipse)", "area_m2", "cm^2", 1e4, "COParea", "area"),
    _Measure("balance.sway_frequency", "Mean frequency of sway", "frequency_hz", "Hz", 1.0, "COPmfreq",
             "mean frequency"),
    _Measure("balance.sway_path", "Way of the centre of pressure", "path_m", "cm", 1e2, "", "velocity"),
    _Measure("balance.sway_range_forward", "Range of sway, forward and back", "range_forward_m", "cm", 1e2, "", "area",
             math.sqrt(0.5)),
    _Measure("balance.sway_range_sideways", "Range of sway, side to side", "range_sideways_m", "cm", 1e2, "", "area",
             math.sqrt(0.5)),
)  # fmt: skip

_SWAY = ("balance.sway", "Sway in quiet standing")
_LEFT = ("balance.load_left", "Share of the load on the left foot, standing")
_REAR = ("balance.load_rear", "Share of the foot's load on the heel, standing")


def find_balance(
    person: Person, recording: Recording, stance: Stance | None = None
) -> tuple[list[Finding], list[Unmeasured]]:
    """Return the measures of quiet standing, and those that the plates do not allow.

    Parameters
    ----------
    person : Person
    recording : Recording
        The still part of a standing trial, prepared.
    stance : Stance, optional
        By default eyes open on a firm surface, assumed: then nothing is judged.
    """
    stance = stance or Stance()
    measured = measure_standing(recording, person.mass_kg or recording.mass_kg)
    findings: list[Finding] = []
    unmeasured: list[Unmeasured] = []
    if isinstance(measured.sway, NotMeasured):
        unmeasured.append(Unmeasured(*_SWAY, "both", measured.sway))
    else:
        more, missing = _sway(person, measured.sway, stance)
        findings, unmeasured = findings + more, unmeasured + missing
    _add_shares(measured, findings, unmeasured)
    return findings, unmeasured


def _add_shares(measured: QuietStanding, findings: list[Finding], unmeasured: list[Unmeasured]) -> None:
    """Add the shares of the feet, of heels and forefeet."""
    doubts = "".join(f"; {note.rstrip('.')}" for note in measured.notes)
    if isinstance(measured.left, NotMeasured):
        unmeasured.append(Unmeasured(*_LEFT, "both", measured.left))
    else:
        usual = _published("left foot share")
        method = f"standing on force plates, vertical force of each foot{doubts}; {usual}, no range given"
        findings.append(Finding(*_LEFT, "both", measured.left, method))
    for side, share in measured.rear:
        if isinstance(share, NotMeasured):
            unmeasured.append(Unmeasured(*_REAR, side, share))
        else:
            usual = _published("rearfoot share, left foot")
            method = (
                f"standing on force plates, lever between heel and forefoot{doubts}; {usual} of the left foot by a "
                "pressure plate, no range given"
            )
            findings.append(Finding(*_REAR, side, share, method))


def _published(quantity: str) -> str:
    """Return the mean of a share in a large group, as printed."""
    fact = find_fact("normative_posture_foot", source="ohlendorf2020", quantity=quantity)
    return f"{fact.columns['subgroup']}: mean {fact.number():.1f} % (ohlendorf2020)"


def _sway(person: Person, sway: Sway, stance: Stance) -> tuple[list[Finding], list[Unmeasured]]:
    """Return the measures of sway beside their norms."""
    findings: list[Finding] = []
    unmeasured: list[Unmeasured] = []
    why_not = _why_not_judged(person, sway, stance)
    for measure in _MEASURES:
        value = getattr(sway, measure.field)
        if value is None:
            reason = f"the stand lasts {sway.duration_s:.1f} s, too short to show how often a body sways"
            answer = NotMeasured(reason, f"Stand still on force plates for {NORM_DURATION_S:g} s")
            unmeasured.append(Unmeasured(measure.id, measure.name, "both", answer))
            continue
        spread = _spread(measure, stance)
        estimate = _estimate(value * measure.factor, spread, sway.duration_s, measure.unit)
        norm = sway_norm(measure.norm, person.age_years, stance) if measure.norm else None
        method = f"standing on force plates, {sway.duration_s:.1f} s at {sway.rate_hz:g} Hz, {stance.words}"
        said = why_not if measure.norm else "no norm"
        method += "" if stance.is_stated else " (assumed)"
        method += f"; {said}, not judged" if said else ""
        verdict = judge(estimate, norm, None, not said)
        change = estimate.value * (math.exp(math.sqrt(2.0) * Z95 * spread) - 1.0)
        findings.append(Finding(measure.id, measure.name, "both", estimate, method, norm, verdict, change))
    return findings, unmeasured


def _why_not_judged(person: Person, sway: Sway, stance: Stance) -> str:
    """Return why nothing is judged, '' if it is."""
    if sway.duration_s < LEAST_PART * NORM_DURATION_S:
        return f"shorter than the {NORM_DURATION_S:g} s of the norms"
    if sway.rate_hz < NORM_RATE_HZ:
        return f"sampled at {sway.rate_hz:g} Hz, the norms at {NORM_RATE_HZ:g} Hz"
    if person.age_years is None:
        return "age not known"
    if person.age_years < ADULT_YEARS:
        return "adult norms"
    if not stance.is_stated:
        return "eyes and surface not stated"
    if sway_norm("COPvelo", person.age_years, stance) is None:
        return f"no norm at {math.floor(person.age_years)} y"
    return ""


def sway_norm(quantity: str, age_years: float | None, stance: Stance) -> Norm | None:
    """Return the reference range of one measure of sway for an age, eyes and floor (santos_duarte2016).

    Parameters
    ----------
    quantity : 'COPvelo', 'COParea' or 'COPmfreq'
    age_years : float or None
    stance : Stance

    Returns
    -------
    Norm or None
        cm/s, cm^2 or Hz.  Sway is skewed and little of it is no fault: velocity and area reach from 0 to the 95th
        percentile, the frequency from the 5th to the 95th; the median stands in the words.  None without an age, and
        where the source has fewer than ten people.
    """
    if age_years is None:
        return None
    rows = [
        fact
        for fact in read_facts("normative_sway")
        if fact.columns["quantity"] == quantity
        and fact.columns["sex"] == "all"
        and (fact.columns["eyes"], fact.columns["surface"]) == (stance.eyes.title(), stance.surface.title())
        and fact.number("age_min") <= math.floor(age_years) <= fact.number("age_max")
    ]
    row = _enough(rows, "no_illness_no_disability", ENOUGH_HEALTHY) or _enough(rows, "all", LEAST_PEOPLE)
    if row is None:
        return None
    who = "people without illness" if row.columns["subset"] != "all" else "people, some with an illness"
    ages = f"{row.columns['age_min']}-{row.columns['age_max']} y"
    cohort = f"{row.columns['n_subjects']} {who}, {ages}, {stance.words}; median {row.number('median'):.3g}"
    low = row.number("p05") if quantity == "COPmfreq" else 0.0
    return Norm(None, None, low, row.number("p95"), cohort, row.source.key, row.grade)


def _enough(rows: list[Fact], subset: str, least: int) -> Fact | None:
    """Return the row of a subset if it has enough people."""
    found = [f for f in rows if f.columns["subset"] == subset and f.number("n_subjects") >= least]
    return found[0] if found else None


def _spread(measure: _Measure, stance: Stance) -> float:
    """Return the standard deviation of the logarithm between trials of one person."""
    quantity = f"within-person SD of the logarithm of {measure.spread}"
    return measure.power * find_fact("accuracy", subgroup=stance.words, quantity=quantity).number()


def _estimate(value: float, spread: float, duration_s: float, unit: str) -> Estimate:
    """Return a value with how trials of one person differ, more so where they are shorter."""
    # Assumption: a stand is as good as its independent stretches are many.
    wider = math.sqrt(max(NORM_DURATION_S / duration_s, 1.0))
    factor = math.exp(Z95 * spread * wider)
    source = "spread between trials of one person in one session (santos_duarte2016)"
    if wider > 1.0:
        source += f", times {wider:.1f} for the shorter stand (assumption)"
    return Estimate(value, value / factor, value * factor, unit, source)


def sway_change(before: Finding, after: Finding) -> Estimate:
    """Return how many times larger a measure of sway became, with its interval.

    Parameters
    ----------
    before, after : Finding
        Of one id, as `find_balance` returns them: two visits, or eyes open and closed.

    Returns
    -------
    Estimate
        A ratio; a change is detected where its interval leaves out 1.

    Raises
    ------
    SettingError
        If the two are not the same measure of sway.
    """
    if before.id != after.id or not before.id.startswith("balance.sway"):
        raise SettingError(f"{before.id} and {after.id} are not one measure of sway; compare a measure with itself")
    halves = (math.log(f.estimate.high / f.estimate.value) for f in (before, after))
    ratio, factor = after.estimate.value / before.estimate.value, math.exp(math.hypot(*halves))
    source = f"both intervals ({before.estimate.source})"
    return Estimate(ratio, ratio / factor, ratio * factor, "1", source)
