"""Inverse kinematics on recordings of people: every frame, no jump, the same whichever way one walks."""

from dataclasses import replace

import numpy as np
import pytest

from kinechain.body.fit import BodySize, fit_body
from kinechain.motion.inverse_kinematics import solve_motion
from kinechain.motion.smooth import smooth
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording

TRIALS = (
    ("schreiber_moissenet/2014001/2014001_ST.c3d", "schreiber_moissenet/2014001/2014001_C5_01.c3d"),
    ("schreiber_moissenet/2014007/2014007_ST.c3d", "schreiber_moissenet/2014007/2014007_C4_04.c3d"),
    ("opencap_validation_s4/static1.trc", "opencap_validation_s4/walkingTO3.trc"),
    ("lab_FMC/MH0222_BP01.c3d", "lab_FMC/MH0222_BP06.c3d"),
    ("lab_RBWH/Cal_01.c3d", "lab_RBWH/bfnd_w1.c3d"),
    ("btk_pig_nantes/PiG_Calibration3_FF.c3d", "btk_pig_nantes/PiG_Motion3_FF.c3d"),
)
#: Faster than this no joint turns in walking, rad/s; a flip between two poses is far faster.
FASTEST = 15.0


@pytest.fixture(scope="module", params=TRIALS, ids=lambda t: t[1].split("/")[-1])
def walk(request, shared):
    static, trial = (prepare_recording(read_recording(shared / "data/dev" / p)) for p in request.param)
    size = BodySize(mass_kg=None, height_m=None, sex=None, age_years=None, foot_length_m=None)
    body = fit_body(size, static, trial)
    return body, trial, solve_motion(body, trial)


def test_every_frame_is_solved_near_its_markers(walk):
    _, _, motion = walk
    assert motion.is_solved.all()
    assert np.sqrt(np.nanmean(motion.marker_error**2)) < 0.03


def test_no_joint_turns_faster_than_joints_do(walk):
    _, _, motion = walk
    speed = np.abs(np.diff(motion.values[:, 3:], axis=0)).max(axis=0) * motion.rate_hz
    fastest = motion.coordinates[3 + int(np.argmax(speed))]
    assert speed.max() < FASTEST, f"{fastest} turns at {speed.max():.0f} rad/s"


def test_smoothing_takes_away_millimetres_not_movement(walk):
    _, _, motion = walk
    knee = motion.coordinate("knee_flexion_r")
    smoothed = smooth(motion).coordinate("knee_flexion_r")
    assert np.ptp(smoothed) > 0.95 * np.ptp(knee)
    assert np.sqrt(np.mean((smoothed - knee) ** 2)) < 0.03


@pytest.mark.parametrize("heading", [np.pi / 2, np.pi])
def test_joint_angles_are_the_same_whichever_way_one_walks(walk, heading):
    body, trial, motion = walk
    cosine, sine = np.cos(heading), np.sin(heading)
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    turned = replace(trial, markers=replace(trial.markers, positions=trial.markers.positions @ turn.T + [4.0, 1.0, 0]))
    other = solve_motion(body, turned)
    assert np.abs(other.values[:, 6:] - motion.values[:, 6:]).max() < 1e-5
