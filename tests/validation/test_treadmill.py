"""The walk that comes with gait2392 is on a treadmill: events, strides and angles must survive it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinechain.body.fit import BodySize, fit_body
from kinechain.motion.body_paths import foot_paths
from kinechain.motion.spatiotemporal import stride_values
from kinechain.motion.trial import GaitTrial, analyze_gait
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording


@pytest.fixture(scope="module")
def folder(shared: Path) -> Path:
    return shared / "models/gait2392"


@pytest.fixture(scope="module")
def trial(folder: Path) -> tuple[GaitTrial, dict[str, float]]:
    static, walk = (prepare_recording(read_recording(folder / f"subject01_{n}.trc")) for n in ("static", "walk1"))
    body = fit_body(BodySize(mass_kg=72.6), static=static, recording=walk)
    found = analyze_gait(body, walk)
    paths = foot_paths(body, found.motion)
    strides = [stride_values(paths, cycle) for cycle in found.cycles]
    return found, {key: float(np.mean([s[key] for s in strides if key in s])) for key in strides[0]}


def test_the_treadmill_is_told_and_its_strides_are_found(trial) -> None:
    found, values = trial
    assert any("treadmill" in note for note in found.notes)
    assert {c.side for c in found.cycles} == {"left", "right"}
    assert values["stride_time"] == pytest.approx(1.22, abs=0.03)
    assert values["walking_speed"] == pytest.approx(values["stride_length"] / values["stride_time"], rel=0.01)
    assert 1.0 < values["walking_speed"] < 1.2
    assert 0.58 < values["stance_fraction"] < 0.68


@pytest.mark.parametrize(
    ("theirs", "ours", "sign", "correlation"),
    [
        ("hip_flexion", "hip_flexion", 1, 0.98),
        ("knee_angle", "knee_flexion", -1, 0.98),
        ("ankle_angle", "ankle_dorsiflexion", 1, 0.9),  # the shipped reference leaves the subtalar joint loose
    ],
)
def test_sagittal_angles_have_the_shape_of_the_models_own_inverse_kinematics(
    trial, folder: Path, theirs: str, ours: str, sign: int, correlation: float
) -> None:
    table = read_recording(folder / "reference_ik.mot").series
    angles = trial[0].angles
    common = table.times_s <= angles.times_s[-1]
    for side in ("left", "right"):
        wanted = sign * table.column(f"{theirs}_{side[0]}")[common]
        got = np.degrees(np.interp(table.times_s[common], angles.times_s, angles.angle(f"{ours}_{side}")))
        assert np.corrcoef(got, wanted)[0, 1] > correlation
        assert np.std(got - wanted) < 6.0
