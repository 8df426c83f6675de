"""A laboratory's own errors in place of the published ones."""

import math
from dataclasses import replace
from datetime import date

import pytest

from kinechain.care.finding import Finding, Norm
from kinechain.care.person.person import ExamItem, Person
from kinechain.care.person.repeatability import LabErrors, lab_error
from kinechain.core.estimate import Estimate
from kinechain.findings.exam import find_exam
from kinechain.findings.own_errors import own_error, with_own_errors

ON = date(2026, 3, 1)
#: Repeats of ten people whose two sessions differ by 2 mm each: one measurement scatters by sqrt(2) mm.
APART = [(10.0 + person, 12.0 + person) for person in range(10)]
DROPS = LabErrors("LAB-7", ON, (lab_error("navicular_drop", "mm", APART, lab="LAB-7"),))
PERSON = Person(
    sex="female",
    age_years=30.0,
    exam=tuple(
        ExamItem("navicular_drop", side, value, "mm", "ruler") for side, value in (("left", 6.0), ("right", 11.0))
    ),
)


def knee(verdict="outside"):
    norm = Norm(1.0, 0.1, 0.8, 1.2, "adults", "kadaba1990", "table")
    estimate = Estimate(1.3, 1.25, 1.35, "rad", "published")
    return Finding("knee.flexion_peak", "Knee flexion", "left", estimate, "markers", norm, verdict, 0.05)


def test_the_interval_of_an_item_and_of_the_sides_is_the_laboratorys_own():
    found = {(f.id, f.side): f for f in find_exam(PERSON, DROPS)[0]}
    left = found["foot.navicular_drop", "left"]
    # Two sessions 2 mm apart, by hand: SEM = 2 / sqrt(2) mm, and a clear change is 1.96 sqrt(2) of it.
    assert left.estimate.high - left.estimate.value == pytest.approx(1.96 * math.sqrt(2.0), rel=1e-3)
    assert left.minimal_detectable_change == pytest.approx(1.96 * 2.0, rel=1e-3)
    assert "LAB-7" in left.estimate.source
    published = {(f.id, f.side): f for f in find_exam(PERSON)[0]}["foot.navicular_drop", "left"]
    assert "LAB-7" not in published.estimate.source and published.estimate.high != left.estimate.high


def test_too_few_repeats_and_other_units_change_nothing():
    few = LabErrors("LAB-7", ON, (lab_error("navicular_drop", "mm", APART[:4], lab="LAB-7"),))
    assert find_exam(PERSON, few) == find_exam(PERSON)
    assert own_error(DROPS, "navicular_drop", "", "cm") is None
    assert own_error(None, "navicular_drop", "", "mm") is None


def test_a_wide_error_takes_the_verdict_of_a_recording_back_and_a_small_one_makes_none():
    degrees = [(60.0 + person, 80.0 + person) for person in range(10)]
    wide = LabErrors("LAB-7", ON, (lab_error("knee.flexion_peak", "deg", degrees, lab="LAB-7"),))
    (widened,) = with_own_errors([knee()], wide)
    assert widened.estimate.unit == "rad"
    assert widened.estimate.high - widened.estimate.value == pytest.approx(
        1.96 * math.radians(10.0 * math.sqrt(2.0)), rel=1e-3
    )
    assert widened.verdict == "unknown"
    narrow = LabErrors("LAB-7", ON, (lab_error("knee.flexion_peak", "deg", [(60, 60.1)] * 10, lab="LAB-7"),))
    assert with_own_errors([knee()], narrow)[0].verdict == "outside"
    assert with_own_errors([knee("unknown")], narrow)[0].verdict == "unknown"
    other = replace(knee(), id="hip.flexion_peak")
    assert with_own_errors([other], wide) == (other,)
