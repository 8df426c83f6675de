"""Sway beside its norms, shares of the load, and changes of sway, on stands made by hand."""

import json
import math

import numpy as np
import pytest

from kinechain.care.finding import Finding
from kinechain.care.person.person import Person
from kinechain.core.errors import SettingError
from kinechain.core.estimate import Estimate
from kinechain.evidence.library import read_facts
from kinechain.findings.balance import Stance, find_balance, sway_change, sway_norm
from kinechain.recording.recording import ForcePlate, Recording

RATE = 100.0
FIRM = Stance(is_stated=True)


def stand(speed_m_s: float, seconds: float = 60.0, hertz: float = 0.25) -> Recording:
    """Return a stand whose centre of pressure circles at a given speed."""
    n = round(seconds * RATE)
    phase = 2 * np.pi * hertz * np.arange(n) / RATE
    radius = speed_m_s / (2 * np.pi * hertz)
    point = np.column_stack([radius * np.cos(phase), radius * np.sin(phase), np.zeros(n)])
    force = np.tile([0.0, 0.0, 700.0], (n, 1))
    plate = ForcePlate("plate 1", np.full((4, 3), np.nan), force, point, np.zeros((n, 3)), RATE)
    return Recording("stand.c3d", "0" * 64, "C3D", plates=(plate,), is_world=True)


def finding(findings, name: str) -> Finding:
    return next(f for f in findings if f.id == name)


def velocity(recording: Recording, age: float | None, stance: Stance | None = FIRM) -> Finding:
    return finding(find_balance(Person(age_years=age), recording, stance)[0], "balance.sway_velocity")


def test_a_quiet_stand_is_within_and_a_restless_one_outside() -> None:
    quiet, restless = velocity(stand(0.007), 25.0), velocity(stand(0.03), 25.0)
    assert quiet.estimate.value == pytest.approx(0.7, rel=1e-3) and quiet.estimate.unit == "cm/s"
    assert (quiet.verdict, restless.verdict) == ("within", "outside")
    assert quiet.norm is not None and quiet.norm.low == 0.0 and quiet.norm.source == "santos_duarte2016"
    assert "median" in quiet.norm.cohort


def test_the_interval_is_that_of_repeated_trials() -> None:
    quiet = velocity(stand(0.007), 25.0)
    assert quiet.estimate.high / quiet.estimate.value == pytest.approx(math.exp(1.96 * 0.144))
    half_as_long = velocity(stand(0.007, 30.0), 25.0)
    assert half_as_long.estimate.high / half_as_long.estimate.value == pytest.approx(math.exp(1.96 * 0.144 * 2**0.5))


@pytest.mark.parametrize(
    ("recording", "age", "stance", "why"),
    [
        (stand(0.03, 30.0), 25.0, FIRM, "shorter than the 60 s"),
        (stand(0.03), None, FIRM, "age not known"),
        (stand(0.03), 12.0, FIRM, "adult norms"),
        (stand(0.03), 45.0, FIRM, "no norm at 45 y"),
        (stand(0.03), 55.0, FIRM, "no norm at 55 y"),
        (stand(0.03), 25.0, None, "eyes and surface not stated"),
    ],
)
def test_what_does_not_compare_is_computed_and_not_judged(recording, age, stance, why) -> None:
    found = velocity(recording, age, stance)
    assert found.verdict == "unknown"
    assert why in found.method and "not judged" in found.method


def test_eyes_and_floor_choose_the_norm() -> None:
    ages = (25.0, 35.0, 65.0, 80.0)
    for quantity in ("COPvelo", "COParea"):
        for age in ages:
            firm, foam = (sway_norm(quantity, age, Stance("open", s, True)) for s in ("firm", "foam"))
            assert firm is not None and foam is not None and firm.high < foam.high
    published = next(
        f for f in read_facts("normative_sway")
        if (f.columns["subset"], f.columns["sex"], f.columns["age_min"], f.columns["eyes"], f.columns["surface"],
            f.columns["quantity"]) == ("all", "all", "70", "Closed", "Foam", "COParea")
    )  # fmt: skip
    norm = sway_norm("COParea", 80.0, Stance("closed", "foam", True))
    assert norm is not None and norm.high == published.number("p95")
    assert "40 people" in norm.cohort


def test_no_plates_and_one_plate_say_what_is_missing() -> None:
    findings, unmeasured = find_balance(Person(), Recording("stand.trc", "0" * 64, "TRC"))
    assert not findings
    assert {u.id for u in unmeasured} == {"balance.sway", "balance.load_left", "balance.load_rear"}
    assert all("no force plate that can be used" in u.answer.reason and u.answer.next_test for u in unmeasured)
    findings, unmeasured = find_balance(Person(), stand(0.01))
    assert "balance.sway_velocity" in {f.id for f in findings}
    assert "balance.load_left" in {u.id for u in unmeasured}


def test_a_stand_on_too_little_weight_shows_nothing() -> None:
    findings, unmeasured = find_balance(Person(mass_kg=120.0), stand(0.01))
    assert not findings
    assert "71.4 of 120.0 kg" in unmeasured[0].answer.reason


def test_nothing_of_the_person_but_numbers_is_said() -> None:
    findings, unmeasured = find_balance(Person(pseudonym="Erika Muster", age_years=25.0), stand(0.01), FIRM)
    said = json.dumps([[f.name, f.method, f.norm.cohort if f.norm else ""] for f in findings])
    assert "Erika" not in said + json.dumps([u.answer.reason for u in unmeasured])


def test_a_known_change_is_found_and_a_small_one_is_not() -> None:
    eyes_open, eyes_closed, nearly = (velocity(stand(v), 25.0) for v in (0.007, 0.014, 0.0075))
    change = sway_change(eyes_open, eyes_closed)
    assert change.value == pytest.approx(2.0, rel=1e-6) and change.low > 1.0
    assert change.low == pytest.approx(2.0 * math.exp(-1.96 * 2**0.5 * 0.144))
    small = sway_change(eyes_open, nearly)
    assert isinstance(small, Estimate) and small.low < 1.0 < small.high
    other = finding(find_balance(Person(), stand(0.01))[0], "balance.sway_area")
    with pytest.raises(SettingError, match="compare a measure with itself"):
        sway_change(eyes_open, other)
