"""Landings become measures per foot; what plates and sensors lack is said once."""

from dataclasses import replace

import numpy as np
import pytest
from walks import walk

from kinechain.findings.impact import find_impact
from kinechain.loads.impact import Landing
from kinechain.recording.recording import Series


class _Body:
    mass_kg = 70.0


def landing(side, rate):
    return Landing(side, 0.0, 700.0, 0.1, False, rate, 1.5 * rate, 800.0, 350.0)


def test_landings_are_averaged_per_foot_and_over_the_weight(monkeypatch) -> None:
    import kinechain.findings.impact as module

    seen = (landing("left", 5000.0), landing("left", 7000.0), landing("right", 9000.0))
    monkeypatch.setattr(module, "landings", lambda plates, contacts: seen)
    findings, _ = find_impact(_Body(), [walk({})])
    by_id = {(f.id, f.side): f for f in findings}
    weight = 70.0 * 9.80665
    left, right = by_id["foot.landing_rate", "left"], by_id["foot.landing_rate", "right"]
    assert left.estimate.value == pytest.approx(6000.0 / weight)
    assert left.estimate.high - left.estimate.value > 1.96 * 0.1 * left.estimate.value
    assert "one landing" in right.estimate.source and right.estimate.low < right.estimate.value
    assert "0 of 2 landings with an impact transient" in left.method
    assert all(f.verdict == "unknown" and f.norm is None for f in findings)


def test_without_plates_and_sensors_both_are_named() -> None:
    findings, unmeasured = find_impact(_Body(), [walk({}), walk({})])
    assert not findings
    assert {u.id: u.side for u in unmeasured} == {"foot.landing_rate": "both", "foot.shock_to_sacrum": "both"}
    assert all(u.answer.reason and u.answer.next_test for u in unmeasured)


def test_sensors_in_the_channels_show_the_shock() -> None:
    trial = walk({})
    time = np.arange(3000) / 1000.0
    shock = sum(30.0 * np.exp(-(((time - t) / 0.006) ** 2)) for t in (0.5, 1.5, 2.5))
    labels = ("shank acc", "sacrum acc")
    series = Series(labels, np.column_stack([shock, 0.25 * shock]), ("m/s2", "m/s2"), time)
    trial = replace(trial, recording=replace(trial.recording, series=series))
    findings, _ = find_impact(_Body(), [trial])
    (found,) = findings
    assert found.id == "foot.shock_to_sacrum"
    assert found.estimate.value == pytest.approx(20 * np.log10(4.0), abs=1e-6)
