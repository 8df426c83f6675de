"""Landings and shocks whose size, slope and damping are known beforehand."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.signal import lsim

from kinechain.core.errors import RecordingError
from kinechain.core.estimate import NotMeasured
from kinechain.loads.impact import attenuation, find_attenuation, landings, measure_landing
from kinechain.motion.contacts import Contact
from kinechain.recording.recording import ForcePlate, Recording, Series

RATE = 1000.0


def stance(transient=200.0, rise_s=0.12, rate=RATE):
    """A walking stance: two humps, and a transient 20 ms after contact if asked for."""
    time = np.arange(round(0.9 * rate)) / rate - 0.1
    share = np.clip(time / 0.7, 0.0, 1.0)
    body = 900.0 * np.sin(np.pi * share) ** 0.8 * (1.0 - 0.28 * np.exp(-(((share - 0.5) / 0.16) ** 2)))
    ramp = np.clip(time / rise_s, 0.0, 1.0)
    force = np.where((time > 0) & (time < 0.7), np.minimum(body, 1e4) * ramp**0.5, 0.0)
    return force + transient * np.exp(-(((time - 0.02) / 0.006) ** 2)) * (time > 0)


def test_a_straight_rise_has_its_slope() -> None:
    # 0 to 1000 N within 100 ms, then a plateau that sinks and ends: 10 kN/s.
    force = np.concatenate([np.zeros(200), np.linspace(0.0, 1000.0, 101), np.linspace(1000.0, 600.0, 300),
                            np.linspace(600.0, 0.0, 100), np.zeros(200)])  # fmt: skip
    landing = measure_landing(force, RATE, "left")
    assert not landing.has_transient
    assert landing.average_rate_n_s == pytest.approx(10_000.0, rel=0.01)
    assert landing.highest_rate_n_s == pytest.approx(10_000.0, rel=0.03)
    assert landing.first_peak_n == pytest.approx(1000.0, rel=0.02)
    assert landing.time_to_peak_s == pytest.approx(0.098, abs=0.004)
    assert landing.impulse_ns == pytest.approx(force.sum() / RATE, rel=1e-3)


def test_a_transient_is_told_from_the_first_peak() -> None:
    hard, soft = measure_landing(stance(300.0), RATE, "right"), measure_landing(stance(0.0), RATE, "right")
    assert hard.has_transient and not soft.has_transient
    assert 0.008 < hard.time_to_peak_s < 0.024
    assert soft.time_to_peak_s > 0.08
    assert hard.average_rate_n_s > soft.average_rate_n_s
    assert hard.side == "right" and hard.stance_peak_n >= hard.first_peak_n


def drop(stiffness, damping):
    """Force under a mass of 5 kg that arrives at 0.5 m/s on a sole, beside a body that loads up slowly."""

    def move(time, state):
        x, v = state
        force = max(-stiffness * x - damping * v, 0.0) if x < 0 else 0.0
        return [v, force / 5.0 - 9.81]

    times = np.arange(0, 0.3, 1 / RATE)
    state = solve_ivp(move, (0, 0.3), [0.0, -0.5], t_eval=times, max_step=1e-4).y
    sole = np.where(state[0] < 0, np.maximum(-stiffness * state[0] - damping * state[1], 0.0), 0.0)
    body = 600.0 * np.sin(np.pi * np.clip(times / 0.3, 0, 1)) ** 2
    return np.concatenate([np.zeros(100), sole + body, np.zeros(100)])


def test_a_hard_sole_loads_faster_than_a_soft_one() -> None:
    rates = [measure_landing(drop(k, 60.0), RATE, "left").average_rate_n_s for k in (20e3, 50e3, 120e3)]
    assert rates == sorted(rates)
    assert rates[-1] > 1.3 * rates[0]


def shock(hertz, ratio, rate=RATE, pulses=(0.5, 1.5, 2.5)):
    """Acceleration of a base that is hit, and of a mass on it with a known natural frequency and damping ratio."""
    time = np.arange(round(3.5 * rate)) / rate
    below = sum(50.0 * np.exp(-(((time - t) / 0.004) ** 2)) for t in pulses)
    omega = 2 * np.pi * hertz
    system = ([2 * ratio * omega, omega**2], [1, 2 * ratio * omega, omega**2])
    _, above, _ = lsim(system, below, time)
    return np.asarray(below), np.asarray(above)


@pytest.mark.parametrize(("hertz", "ratio"), [(6.0, 0.3), (9.0, 0.4), (4.0, 0.25), (12.0, 0.5)])
def test_a_known_mass_on_a_known_spring_is_recovered(hertz: float, ratio: float) -> None:
    below, above = shock(hertz, ratio)
    found = attenuation(below, above, RATE)
    r = np.arange(9.0, 21.0) / hertz
    passed = np.abs((1 + 2j * ratio * r) / (1 - r**2 + 2j * ratio * r))
    assert found.impacts == 3
    assert found.gain_db == pytest.approx(np.mean(20 * np.log10(passed)), abs=0.3)
    assert found.peak_ratio == pytest.approx(np.abs(above).max() / below.max(), rel=0.03)


def test_a_softer_leg_lets_less_through() -> None:
    gains = [attenuation(*shock(hertz, 0.3), RATE) for hertz in (4.0, 6.0, 9.0)]
    assert [g.gain_db for g in gains] == sorted(g.gain_db for g in gains)
    assert [g.peak_ratio for g in gains] == sorted(g.peak_ratio for g in gains)


def test_offset_and_gravity_do_not_matter() -> None:
    below, above = shock(6.0, 0.3)
    plain, tilted = attenuation(below, above, RATE), attenuation(below + 9.81, above - 9.6, RATE)
    assert tilted.gain_db == pytest.approx(plain.gain_db, abs=1e-9)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda b, a: (b[::20], a[::20], RATE / 20), "do not show a shock"),
        (lambda b, a: (np.zeros_like(b), a, RATE), "lower sensor stands still"),
        (lambda b, a: (b, np.where(np.arange(len(a)) == 5, np.nan, a), RATE), "upper sensor has gaps"),
        (lambda b, a: (b[:-1], a, RATE), "as many samples"),
        (lambda b, a: (b[480:700], a[480:700], RATE), "no whole impact"),
    ],
)
def test_bad_sensors_are_named(change, said) -> None:
    with pytest.raises(RecordingError, match=said):
        attenuation(*change(*shock(6.0, 0.3)))


def test_sensors_in_the_channels_of_a_file_are_found_by_name() -> None:
    below, above = shock(6.0, 0.3)
    labels = ("Fz1", "Shank_ACC_Z", "Sacrum_ACC_Z")
    values = np.column_stack([np.zeros_like(below), below / 9.80665 + 1.0, above / 9.80665 + 1.0])
    series = Series(labels, values, ("N", "g", "g"), np.arange(len(below)) / RATE)
    found = find_attenuation(Recording("run.c3d", "0" * 64, "C3D", series=series))
    assert not isinstance(found, NotMeasured)
    assert found.impacts == 3 and found.gain_db < -3.0
    lone = Series(labels[:2], values[:, :2], ("N", "g"), series.times_s)
    missing = find_attenuation(Recording("run.c3d", "0" * 64, "C3D", series=lone))
    assert isinstance(missing, NotMeasured) and "at the sacrum" in missing.reason and "sacrum" in missing.next_test
    nothing = find_attenuation(Recording("run.c3d", "0" * 64, "C3D"))
    assert isinstance(nothing, NotMeasured) and "heel or shank and sacrum" in nothing.reason


def plate_of(force, rate=RATE):
    n = len(force)
    whole = np.zeros((n, 3))
    whole[:, 2] = force
    return ForcePlate("plate 1", np.full((4, 3), np.nan), whole, np.zeros((n, 3)), np.zeros((n, 3)), rate)


def test_a_clean_contact_shows_a_landing_and_others_do_not() -> None:
    contact = Contact(0, 0.1, 0.8, True, True, True, "left", True, "")
    (landing,) = landings([plate_of(stance())], [contact])
    assert landing.side == "left" and landing.start_s == pytest.approx(0.1, abs=0.01)
    slow = landings([plate_of(stance(rate=100.0), 100.0)], [contact])
    assert isinstance(slow, NotMeasured) and "sampled at 100 Hz" in slow.reason
    unclean = landings([plate_of(stance())], [Contact(0, 0.1, 0.8, True, True, True, "left", False, "overhangs")])
    assert isinstance(unclean, NotMeasured) and "alone and whole" in unclean.reason
    assert isinstance(landings([], []), NotMeasured)
    with pytest.raises(RecordingError, match="rise from zero"):
        measure_landing(np.full(500, 700.0), RATE, "left")
