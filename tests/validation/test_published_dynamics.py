"""Inverse dynamics that others computed and published with their recordings."""

from pathlib import Path

import numpy as np
import pytest
from leg_in_a_plane import AS_PUBLISHED, CUTOFF_HZ, SEGMENTS, moments_and_forces, read

from kinechain.body.osim import read_osim
from kinechain.care.person.person import Person
from kinechain.loads.inverse_dynamics import InverseDynamics, moment_labels
from kinechain.loads.loads import LoadSettings
from kinechain.loads.model_dynamics import model_inverse_dynamics, read_coordinates, read_ground_forces
from kinechain.loads.person_dynamics import person_inverse_dynamics
from kinechain.recording.read import read_recording


@pytest.fixture
def plane(shared: Path) -> Path:
    return shared / "data/dev/csu_2d_inverse_dynamics"


@pytest.fixture
def published(plane: Path) -> np.ndarray:
    from scipy.io import loadmat

    return loadmat(plane / "refresults.mat")["refresults"]


def share_of_range(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Root mean square difference as a share of the range, by column; the ends, where filters start, left out."""
    difference = (found - expected)[5:-5]
    return np.sqrt((difference**2).mean(axis=0)) / np.ptp(expected, axis=0)


def test_a_leg_in_a_plane_moves_and_is_loaded_as_published(plane, published):
    assert CUTOFF_HZ == 6.0
    assert read(plane)[0][0] == 7.0
    angles, moments, forces = moments_and_forces(plane, AS_PUBLISHED)
    assert share_of_range(angles, published[:, :3]).max() < 0.015
    assert share_of_range(moments, published[:, 6:9]).max() < 0.04
    assert share_of_range(forces, published[:, 9:]).max() < 0.02


def test_the_published_leg_has_the_mass_of_the_foot_in_every_segment(plane, published):
    # On average over a stride nothing falls: each segment adds its weight to the force above it.
    added = published[:, [10, 12]].mean(axis=0) - published[:, [12, 14]].mean(axis=0)
    assert added == pytest.approx(0.0145 * 9.81, rel=0.03)
    moments = moments_and_forces(plane, SEGMENTS)[1]
    # With Winter's masses the ankle stays, knee and hip differ by the swing of leg and thigh.
    assert share_of_range(moments, published[:, 6:9])[2] < 0.02
    assert share_of_range(moments, published[:, 6:9])[0] > 0.05


def runner(shared: Path, trial: str) -> tuple[InverseDynamics, dict[str, np.ndarray], tuple[str, ...]]:
    folder = shared / "data/dev/rezaie_qtm_running"
    body = read_osim(folder / "scaled.osim")
    motion = read_coordinates(folder / f"{trial}_inverse_kinematics.mot", body)
    loads = read_ground_forces(folder / f"{trial}_force.mot", body, motion)
    # The published moments were filtered at 20 Hz: at that cut-off the lumbar ones, which no plate reaches, agree.
    result = model_inverse_dynamics(body, motion, loads, 20.0)
    lines = (folder / f"{trial}_inverse_dynamics.sto").read_text().splitlines()
    header = next(i for i, line in enumerate(lines) if line.strip() == "endheader")
    table = np.array([line.split() for line in lines[header + 2 :] if line.strip()], dtype=float)
    return result, dict(zip(lines[header + 1].split(), table.T, strict=True)), moment_labels(body)


@pytest.mark.parametrize("trial", ["gait_1", "gait_2"])
def test_a_runners_moments_are_those_published(shared, trial):
    result, published, labels = runner(shared, trial)
    times = published["time"]
    assert result.kinematics.times_s == pytest.approx(times, abs=1e-6)
    inside = (times > times[0] + 0.075) & (times < times[-1] - 0.075)
    for label in labels:
        if label not in published or label.startswith("pelvis"):
            continue
        ours = result.forces.coordinates[:, labels.index(label)]
        error = np.sqrt(((ours - published[label])[inside] ** 2).mean())
        # Plates are cleaned before they are applied, so the leg that stands differs a little.
        limit = 0.05 if label.startswith(("lumbar", "arm", "elbow")) else 0.03 * np.abs(published[label]).max() + 0.1
        assert error < limit, label


def test_a_foot_that_stands_beside_the_plate_is_named(shared):
    result, _, _ = runner(shared, "gait_1")
    (said,) = [note for note in result.notes if note.startswith("Not to be trusted")]
    # The other foot stands in the first third of a second; the plate carries the right foot from 0.40 to 0.69 s.
    assert "from 0.00 to 0.3" in said
    assert "% of body weight" in said


def test_a_walk_wholly_on_plates_is_trusted(shared):
    folder = shared / "models/gait2392"
    body = read_osim(folder / "subject01_scaled.osim")
    motion = read_coordinates(folder / "reference_ik.mot", body)
    result = model_inverse_dynamics(body, motion, read_ground_forces(folder / "subject01_walk1_grf.xml", body, motion))
    assert not any("Not to be trusted" in note for note in result.notes)


def test_a_walkers_moments_go_with_those_of_plug_in_gait(shared):
    """Another model, other masses and joint centres: the same course, about the same size, the opposite signs.

    Plug-in Gait counts moments of extension and plantarflexion positive.  Its file holds one marker at each ankle, so
    the left ankle's centre lies 2 cm further back here, and its peak is a quarter larger.
    """
    folder = shared / "data/dev/btk_pig_nantes"
    walk = folder / "PiG_Motion3_noFF.c3d"
    outputs = read_recording(walk).outputs
    person = Person(mass_kg=74.0, height_m=1.76)
    settings = LoadSettings(ground="measured")
    still = folder / "PiG_Calibration3_noFF.c3d"
    _, result = person_inverse_dynamics(person, walk, still, None, settings, lambda _: None)
    least = {"Ankle": 0.97, "Knee": 0.88, "Hip": 0.9}
    names = {"Ankle": "ankle_dorsiflexion", "Knee": "knee_flexion", "Hip": "hip_flexion"}
    for side in "RL":
        for joint, correlation in least.items():
            ours = result.moments.column(f"{names[joint]}_{side.lower()}") / 74.0
            theirs = outputs.column(f"{side}{joint}Moment.x") / 1000.0
            theirs = np.interp(result.kinematics.times_s, outputs.times_s, theirs)
            known = np.isfinite(ours) & np.isfinite(theirs) & (theirs != 0.0)
            assert known.sum() > 100
            assert -np.corrcoef(ours[known], theirs[known])[0, 1] > correlation, (side, joint)
            slope = -np.polyfit(theirs[known], ours[known], 1)[0]
            assert 0.7 < slope < 1.25, (side, joint)
