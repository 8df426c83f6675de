"""Moments, activations and joint forces of the shipped gait2392 walk, as OpenSim 4.6 computed them.

The numbers come from OpenSim's InverseDynamicsTool, StaticOptimization and JointReaction on ``reference_ik.mot`` with
even time stamps (60 frames/s), 6 Hz, ``subject01_walk1_grf.xml`` and one actuator for each free coordinate (1 N m at
control 1, 100 for the pelvis), by the functions of ``benchmarks/opensim_tools.py``.
"""

from pathlib import Path

import numpy as np
import pytest

from kinechain.body.osim import read_osim
from kinechain.body.osim_muscles import read_osim_muscles
from kinechain.core.errors import RecordingError
from kinechain.loads.external_loads import read_external_loads
from kinechain.loads.model_dynamics import model_inverse_dynamics, read_coordinates
from kinechain.loads.model_muscles import ModelLoads, model_muscles
from kinechain.loads.muscle_forces import MuscleSettings

#: Seconds, and frames of the motion, at which the numbers were taken.
TIMES = (0.7, 1.0, 1.3, 1.6)
FRAMES = [12, 30, 48, 66]
ACTIVATIONS = {
    "glut_med1_r": (0.04705, 0.41282, 0.34564, 0.02405),
    "psoas_r": (0.01002, 0.04746, 0.77954, 0.16589),
    "rect_fem_r": (0.01001, 0.01006, 0.01001, 0.08885),
    "vas_lat_r": (0.04661, 0.01001, 0.01000, 0.03331),
    "bifemlh_r": (0.15646, 0.01005, 0.01002, 0.01001),
    "soleus_r": (0.01000, 0.16419, 0.75712, 0.01000),
    "med_gas_r": (0.01001, 0.36719, 0.70502, 0.01001),
    "tib_ant_r": (0.34644, 0.14686, 0.08602, 0.12486),
    "glut_max2_l": (0.01000, 0.01004, 0.07096, 0.01005),
    "iliacus_l": (0.85166, 0.14568, 0.01004, 0.10217),
    "soleus_l": (0.62599, 0.01000, 0.01000, 0.08509),
    "ercspn_r": (0.11337, 0.01936, 0.08503, 0.11590),
    "extobl_l": (0.01004, 0.01013, 0.01004, 0.01005),
}
#: N, on the child and in its axes.
REACTIONS = {
    "hip_r": (
        (-33.22, -956.47, 221.19),
        (-124.55, -1238.11, 432.53),
        (-574.87, -1970.37, 371.18),
        (-203.14, -404.18, 259.45),
    ),
    "knee_r": ((124.55, -707.13, -50.88), (98.32, -1646.19, 90.84), (263.55, -1503.01, 67.46), (98.61, -64.24, -0.09)),
    "ankle_r": (
        (180.02, -776.03, -18.44),
        (-247.40, -2790.97, 74.25),
        (-779.22, -3547.54, -8.27),
        (67.35, -249.74, 5.70),
    ),
    "hip_l": (
        (-692.02, -2090.65, -350.42),
        (-234.12, -450.08, -281.66),
        (-25.15, -692.99, -189.74),
        (-365.80, -1617.97, -489.44),
    ),
    "knee_l": ((233.98, -1015.38, -42.96), (58.35, -50.58, -7.68), (31.63, -468.52, 33.54), (88.81, -1220.33, -76.07)),
    "back": ((-182.89, 963.33, -12.80), (-125.53, 656.83, -5.22), (-151.53, 888.15, 10.06), (-100.63, 628.54, 10.66)),
}
#: N m.
MOMENTS = {
    "hip_flexion_r": (-36.7274, -13.6235, 36.3167, 2.9801),
    "knee_angle_r": (7.1889, -25.4913, -21.2716, 0.4731),
    "ankle_angle_r": (11.3264, -76.2769, -109.3154, 1.1064),
    "hip_adduction_l": (-22.3610, -9.2163, 17.3718, -45.6941),
    "lumbar_extension": (16.8757, 10.8062, 13.2487, 3.9453),
}


@pytest.fixture(scope="module")
def walk(shared: Path):
    folder = shared / "models/gait2392"
    body = read_osim(folder / "subject01_scaled.osim")
    muscles = read_osim_muscles(folder / "subject01_scaled.osim", body)
    motion = read_coordinates(folder / "reference_ik.mot", body)
    return body, muscles, motion, read_external_loads(folder / "subject01_walk1_grf.xml")


@pytest.fixture(scope="module")
def found(walk) -> ModelLoads:
    body, muscles, motion, loads = walk
    return model_muscles(body, muscles, motion, loads, MuscleSettings(is_passive=False, reserve_nm=1.0))


def test_frames_are_those_of_the_numbers(found: ModelLoads) -> None:
    np.testing.assert_allclose(found.kinematics.times_s[FRAMES], TIMES, atol=1e-9)
    assert (found.muscles.status[:76] == 1).all()
    assert np.abs(found.muscles.reserves.values[:76]).max() < 0.2


def test_times_without_a_frame_are_refused(walk) -> None:
    body, muscles, motion, loads = walk
    with pytest.raises(RecordingError, match="no frame lies between 90 and 91 s"):
        model_muscles(body, muscles, motion, loads, times_s=(90.0, 91.0))


@pytest.mark.parametrize("muscle", ACTIVATIONS)
def test_activations_are_opensims(found: ModelLoads, muscle: str) -> None:
    np.testing.assert_allclose(found.muscles.activations.column(muscle)[FRAMES], ACTIVATIONS[muscle], atol=6e-3)


@pytest.mark.parametrize("joint", REACTIONS)
def test_joint_forces_are_opensims(found: ModelLoads, joint: str) -> None:
    force = next(r.force for r in found.reactions if r.joint == joint)[FRAMES]
    peak = max(np.linalg.norm(f) for f in REACTIONS[joint])
    assert np.abs(force - REACTIONS[joint]).max() < 0.005 * peak


@pytest.mark.parametrize("coordinate", MOMENTS)
def test_moments_are_opensims(walk, coordinate: str) -> None:
    body, _, motion, loads = walk
    result = model_inverse_dynamics(body, motion, loads)
    np.testing.assert_allclose(result.moments.column(coordinate)[FRAMES], MOMENTS[coordinate], atol=0.01)
