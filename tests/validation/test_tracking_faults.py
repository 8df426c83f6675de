"""Gaps and tracking faults put into real trials: what is filled and undone, and what is left alone."""

from pathlib import Path

import numpy as np
import pytest
from tracking_tables import detections, gap_errors

from kinechain.recording.gaps import METHODS

#: Least share undone of each kind of fault; what stays below is soft tissue, or has no neighbour to tell it by.
LEAST = {
    "jump 10 1": 0.8,
    "jump 20 1": 0.9,
    "jump 50 1": 0.93,
    "jump 100 1": 0.93,
    "jump 20 5": 0.85,
    "jump 50 5": 0.9,
    "jump 100 5": 0.9,
    "jump 50 20": 0.85,
    "jump 100 20": 0.9,
    "held 5": 0.9,
    "held 20": 0.9,
    "reflection 3": 0.8,
    "exchanged 20": 0.93,
    "exchanged_any 20": 0.93,
    "exchanged_hidden 20": 0.93,
    "shift 50 30": 0.8,
    "shift 100 30": 0.9,
}
#: Trials whose own faults were looked at one by one: two markers that change places, and spikes of single frames.
KNOWN = {"markers.exchanged_part", "markers.spikes", "markers.jump", "markers.stray", "markers.wrong_beside_gap"}


@pytest.fixture(scope="module")
def found(shared: Path):
    return detections(shared, per_kind=1, seed=5)


def test_faults_are_undone(found):
    rows, _ = found
    shares = {kind: np.mean([d.is_found for d in rows if d.kind == kind]) for kind in LEAST}
    assert {kind: share for kind, share in shares.items() if share < LEAST[kind]} == {}


def test_few_sound_samples_are_lost(found):
    rows, _ = found
    assert np.mean([d.lost for d in rows]) < 3.0


def test_sound_trials_are_left_alone(found):
    _, as_they_are = found
    loud = {name: [n.code for n in notes] for name, notes in as_they_are if {n.code for n in notes} - KNOWN}
    assert set(loud) <= {"walking2.c3d"}
    quiet = [name for name, notes in as_they_are if not notes]
    assert {f"2014001_C{k}.c3d" for k in ("1_01", "3_01", "4_05", "5_01")} <= set(quiet)
    assert {"PiG_Motion3_FF.c3d", "STS1.trc", "gait_1_marker.trc", "CB_Dynamic0003.c3d"} <= set(quiet)


def test_two_markers_that_change_places_in_a_shared_trial_are_told(found):
    _, as_they_are = found
    notes = dict(as_they_are)["walk2.trc"]
    (note,) = [n for n in notes if n.code == "markers.exchanged_part"]
    assert "L.MT1" in note.place
    assert "L.MT2" in note.place


def test_gaps_are_filled_as_well_as_is_said(shared: Path):
    errors = gap_errors(shared, per_length=30, seed=5)
    for name, rule in METHODS.items():
        values = 1e3 * errors[name, round(1e3 * rule.longest_s)]
        assert len(values) > 300, name
        assert np.percentile(values, 95) < 1.25 * rule.error_mm, name
        assert rule.error_mm < 25.0
