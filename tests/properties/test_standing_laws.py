"""Laws of sway, landings and EMG: what turning, moving, scaling and nonsense may and may not change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinechain.care.person.person import Person
from kinechain.core.errors import RecordingError
from kinechain.findings.balance import Stance, find_balance
from kinechain.loads.impact import attenuation, find_attenuation, measure_landing
from kinechain.loads.muscle_activity import envelopes
from kinechain.loads.quiet_standing import measure_sway
from kinechain.recording.recording import ForcePlate, Recording, Series


def wander(seed: int, n: int = 5000) -> np.ndarray:
    """A path that wanders about its middle, (n, 2) m."""
    rng = np.random.default_rng(seed)
    out = np.zeros((n, 2))
    for k in range(1, n):
        out[k] = 0.99 * out[k - 1] + 3e-4 * rng.standard_normal(2)
    return out


@given(st.integers(0, 50), st.floats(-np.pi, np.pi), st.floats(0.2, 5.0), st.floats(-3.0, 3.0))
@settings(max_examples=15, deadline=None)
def test_sway_does_not_care_where_and_which_way_somebody_stands(seed, angle, scale, place) -> None:
    path = wander(seed)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    one, other = measure_sway(path, 100.0), measure_sway(scale * path @ turn.T + place, 100.0)
    assert other.path_m == pytest.approx(scale * one.path_m, rel=1e-6)
    assert other.area_m2 == pytest.approx(scale**2 * one.area_m2, rel=1e-6)
    assert one.frequency_hz is not None and other.frequency_hz == pytest.approx(one.frequency_hz, rel=0.2)


@given(st.integers(0, 50), st.floats(0.1, 10.0))
@settings(max_examples=15, deadline=None)
def test_a_gain_of_both_sensors_changes_no_attenuation(seed, gain) -> None:
    rng = np.random.default_rng(seed)
    time = np.arange(2000) / 500.0
    below = 0.1 * rng.standard_normal(2000) + sum(20.0 * np.exp(-(((time - t) / 0.01) ** 2)) for t in (1.0, 2.0, 3.0))
    above = np.convolve(below, np.ones(20) / 20, "same")
    one, other = attenuation(below, above, 500.0), attenuation(gain * below, gain * above, 500.0)
    assert other.gain_db == pytest.approx(one.gain_db, abs=1e-6)
    assert attenuation(below, 0.5 * above, 500.0).gain_db == pytest.approx(one.gain_db - 6.0206, abs=1e-3)


def nonsense(rng: np.random.Generator, n: int) -> np.ndarray:
    return [
        np.zeros(n),
        np.full(n, 700.0),
        1e3 * rng.standard_normal(n),
        np.full(n, np.nan),
        np.where(rng.random(n) < 0.01, np.nan, 700.0),
        700.0 + 5.0 * rng.standard_normal(n),
        np.full(n, -500.0),
        np.full(n, 1e12),
    ][rng.integers(8)]


def plate(rng: np.random.Generator, n: int, rate: float) -> ForcePlate:
    force, centre = np.zeros((n, 3)), np.zeros((n, 3))
    force[:, 2] = nonsense(rng, n)
    centre[:, :2] = np.stack([nonsense(rng, n), nonsense(rng, n)], axis=1) * 1e-4
    return ForcePlate("plate", np.full((4, 3), np.nan), force, centre, np.zeros((n, 3)), rate)


@given(st.integers(0, 10**6), st.sampled_from([0, 1, 3, 8, 50, 500, 6000]), st.sampled_from([1.0, 50.0, 100.0, 1000.0]))
@settings(max_examples=120, deadline=None)
def test_nonsense_is_answered_with_a_sentence(seed, n, rate) -> None:
    rng = np.random.default_rng(seed)
    plates = tuple(plate(rng, m, rate) for m in (n, n // 2)[: rng.integers(3)])
    standing = Recording("stand.c3d", "0" * 64, "C3D", plates=plates, is_world=True)
    findings, unmeasured = find_balance(Person(age_years=30.0), standing, Stance(is_stated=True))
    assert findings or all(len(u.answer.reason) > 10 for u in unmeasured)
    labels = ("R_soleus", "L_soleus", "Sacrum acc", "shank acc")
    values = np.column_stack([nonsense(rng, n) for _ in labels]).reshape(n, 4)
    walk = Recording(
        "walk.c3d", "0" * 64, "C3D", series=Series(labels, values, ("V", "V", "g", "g"), np.arange(n) / rate)
    )
    envelopes(walk)
    find_attenuation(walk)
    try:
        measure_landing(nonsense(rng, max(n, 1)), rate, "left")
    except RecordingError as error:
        assert len(str(error)) > 10
