"""Inverse kinematics of Gait2392 against a few numbers of OpenSim: a check that needs no OpenSim."""

import numpy as np
import pytest

from kinechain.body.osim import coordinate_targets, read_ik_setup, read_osim, with_ik_weights
from kinechain.body.solve import solve_poses
from kinechain.recording.read import read_recording

TIMES_S = (0.5, 1.5, 2.5)
#: Degrees and metres at TIMES_S, from OpenSim 4.6 (4.6-2026-06-22-85aaf64), InverseKinematicsTool at accuracy 1e-9 over
#: the whole of subject01_walk1.trc with subject01_Setup_IK.xml and subject01_scaled.osim.
OPENSIM = {
    "pelvis_tilt": (4.833815, 6.522430, 5.054147),
    "pelvis_tx": (0.589793, 0.600692, 0.589129),
    "hip_flexion_r": (19.250364, 5.200132, -22.107908),
    "hip_adduction_l": (3.661355, 2.389304, -5.312173),
    "hip_rotation_r": (-10.251246, -5.840978, 6.198544),
    "knee_angle_r": (-19.883760, -68.554482, -10.930121),
    "knee_angle_l": (-2.027459, -16.633615, -8.631110),
    "ankle_angle_l": (7.347078, 2.613527, -4.230980),
    "subtalar_angle_r": (-0.000004, -0.000007, 0.000001),
    "lumbar_extension": (-17.051127, -15.643933, -14.338883),
    "lumbar_bending": (-2.289021, -3.546278, 1.435602),
    "lumbar_rotation": (-5.938701, -2.343315, 3.640728),
}


def test_gait2392_has_the_angles_opensim_printed(shared):
    models = shared / "models/gait2392"
    setup = read_ik_setup(models / "subject01_Setup_IK.xml")
    body = with_ik_weights(read_osim(models / "subject01_scaled.osim"), setup)
    markers = read_recording(models / "subject01_walk1.trc").markers
    tracked = tuple(m for m in body.markers if m.weight > 0 and m.name in markers.labels)
    columns = [markers.labels.index(m.name) for m in tracked]
    frames = [int(np.argmin(np.abs(markers.times_s - t))) for t in TIMES_S]
    targets = markers.positions[frames][:, columns]
    solution = solve_poses(body, tracked, targets, coordinate_targets=coordinate_targets(body, setup))
    names = [c.name for c in body.coordinates]
    for name, expected in OPENSIM.items():
        found = solution.values[:, names.index(name)]
        if name != "pelvis_tx":
            found = np.rad2deg(found)
        assert found == pytest.approx(expected, abs=2e-4), name
