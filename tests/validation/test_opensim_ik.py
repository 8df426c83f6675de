"""Inverse kinematics of the same model and trial in OpenSim, run at accuracy 1e-9, and here.

The same comparison over whole trials, with speed, is ``benchmarks/opensim_ik.py``.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from kinechain.body.osim import coordinate_targets, read_ik_setup, read_osim, with_ik_weights
from kinechain.body.solve import solve_poses
from kinechain.motion.inverse_kinematics import IkSettings, solve_motion
from kinechain.recording.read import read_recording

pytestmark = pytest.mark.opensim
opensim = pytest.importorskip("opensim", reason="the extra 'opensim' is not installed")

START, END = 0.5, 0.8


def solve_in_opensim(models: Path, trial: Path, folder: Path, setup: str = "subject01_Setup_IK.xml") -> dict:
    opensim.Logger.setLevelString("Off")
    tool = opensim.InverseKinematicsTool(str(models / setup))
    tool.set_model_file(str(models / "subject01_scaled.osim"))
    tool.setMarkerDataFileName(str(trial))
    tool.setOutputMotionFileName(str(folder / "out.mot"))
    tool.setResultsDir(str(folder))
    tool.setStartTime(START)
    tool.setEndTime(END)
    tool.set_accuracy(1e-9)
    tool.run()
    lines = (folder / "out.mot").read_text().splitlines()
    header = lines.index("endheader")
    rows = np.array([[float(cell) for cell in line.split("\t")] for line in lines[header + 2 :]])
    return dict(zip(lines[header + 1].split("\t"), rows.T, strict=True))


@pytest.fixture
def here(tmp_path: Path):
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)


def assert_same_angles(theirs: dict, ours: np.ndarray, body) -> None:
    for column, c in enumerate(body.coordinates):
        scale = np.rad2deg(1.0) if c.kind == "rotation" else 1e3
        # Degrees and millimetres: well under what the issue asks of the RMS, in every frame of every coordinate.
        difference = np.abs(ours[:, column] * scale - theirs[c.name] * (1.0 if c.kind == "rotation" else 1e3))
        assert difference.max() < 0.002, c.name


def test_gait2392_has_the_angles_of_opensim(shared, here):
    models = shared / "models/gait2392"
    trial = models / "subject01_walk1.trc"
    theirs = solve_in_opensim(models, trial, here)
    setup = read_ik_setup(models / "subject01_Setup_IK.xml")
    body = with_ik_weights(read_osim(models / "subject01_scaled.osim"), setup)
    settings = IkSettings(coordinate_targets=coordinate_targets(body, setup))
    motion = solve_motion(body, read_recording(trial), settings)
    kept = [int(np.argmin(np.abs(motion.times_s - t))) for t in theirs["time"]]
    assert_same_angles(theirs, motion.values[kept], body)


def blank(trial: Path, out: Path, markers: dict[str, range]) -> Path:
    """Write a copy of a TRC with some markers missing in some frames."""
    lines = trial.read_text().splitlines()
    labels = [label for label in lines[3].split("\t")[2:] if label.strip()]
    for marker, frames in markers.items():
        column = 2 + 3 * labels.index(marker)
        for frame in frames:
            number = next(i for i, line in enumerate(lines) if line.split("\t")[0].strip() == str(frame))
            cells = lines[number].split("\t")
            cells[column : column + 3] = ["", "", ""]
            lines[number] = "\t".join(cells)
    out.write_text("\n".join(lines) + "\n")
    return out


def test_a_missing_marker_leaves_both_sums_of_the_objective(shared, here):
    """Were the weights divided by those of all markers, the coordinate tasks would pull less in these frames."""
    models = shared / "models/gait2392"
    setup_text = (models / "subject01_Setup_IK.xml").read_text()
    # A pull of 0.05 on the subtalar joint competes with the markers; 1000 would decide alone.
    setup_file = here / "setup.xml"
    setup_file.write_text(setup_text.replace("<weight>1000</weight>", "<weight>0.05</weight>"))
    trial = blank(models / "subject01_walk1.trc", here / "gaps.trc", {"R.ASIS": range(35, 45), "R.Heel": range(38, 48)})
    original = read_recording(models / "subject01_walk1.trc").markers
    markers = read_recording(trial).markers
    assert np.isnan(markers.positions).sum() - np.isnan(original.positions).sum() == 3 * 20
    theirs = solve_in_opensim(models, trial, here, str(setup_file))
    setup = read_ik_setup(setup_file)
    body = with_ik_weights(read_osim(models / "subject01_scaled.osim"), setup)
    tracked = tuple(m for m in body.markers if m.weight > 0)
    targets = markers.positions[:, [markers.labels.index(m.name) for m in tracked]]
    kept = [int(np.argmin(np.abs(markers.times_s - t))) for t in theirs["time"]]
    assert any(np.isnan(targets[kept]).any(axis=(1, 2)))
    solution = solve_poses(body, tracked, targets[kept], coordinate_targets=coordinate_targets(body, setup))
    assert_same_angles(theirs, solution.values, body)
