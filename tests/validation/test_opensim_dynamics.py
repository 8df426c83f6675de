"""Inverse dynamics and joint reactions of OpenSim 4.6 on the same model, coordinates and forces.

The figures below were written by OpenSim's own tools:

    python tests/validation/test_opensim_dynamics.py SHARED

in an environment that holds the extra 'opensim'.  Tests marked ``opensim`` run the tools again.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kinechain.body.body import Body
from kinechain.body.osim import read_osim
from kinechain.body.osim_muscles import read_osim_muscles
from kinechain.body.paths import flatten_paths, measure_paths
from kinechain.loads.external_loads import ExternalLoads, read_external_loads, write_external_loads
from kinechain.loads.inverse_dynamics import InverseDynamics, moment_labels
from kinechain.loads.joint_reactions import PathLoads, opensim_plan, solve_reactions
from kinechain.loads.model_dynamics import model_inverse_dynamics, read_coordinates
from kinechain.loads.newton_euler import solve_forces
from kinechain.motion.motion import Motion
from kinechain.motion.motion_file import write_motion

MODELS = {
    "gait2392": ("gait2392/subject01_scaled.osim", "gait2392/subject01_walk1_grf.xml"),
    "rajagopal": ("rajagopal/Rajagopal2016.osim", "rajagopal/grf_walk.xml"),
    # Without forces on the feet: its own contact forces are left out.
    "pose2sim": ("pose2sim/full_body_318_muscles.osim", ""),
}
#: Moments and forces that OpenSim finds at 1.0, 1.3 and 1.6 s of `waves`, N m and N.
TIMES = (1.0, 1.3, 1.6)
FIGURES: dict[str, dict[str, tuple[float, float, float]]] = {
    "gait2392": {
        "pelvis_tilt_moment": (-445.522, -538.727, -321.515),
        "pelvis_list_moment": (76.934, 101.306, 64.430),
        "pelvis_rotation_moment": (37.551, 92.116, 100.143),
        "pelvis_tx_force": (58.100, -146.480, -1.807),
        "pelvis_ty_force": (53.128, -207.967, 144.370),
        "pelvis_tz_force": (-13.918, 63.878, 61.440),
        "hip_flexion_r_moment": (-371.973, -340.569, -13.606),
        "hip_adduction_r_moment": (-122.426, -56.318, -3.958),
        "hip_rotation_r_moment": (115.159, 101.544, -0.351),
        "lumbar_extension_moment": (-60.187, -10.537, 41.788),
        "lumbar_bending_moment": (22.857, 68.783, 62.567),
        "lumbar_rotation_moment": (4.833, 8.341, 3.883),
        "knee_angle_r_moment": (-320.963, -358.454, -0.794),
        "ankle_angle_r_moment": (-315.096, -365.024, 0.874),
        "subtalar_angle_r_moment": (-127.129, -12.893, -0.174),
    },
    "rajagopal": {
        "pelvis_tilt_moment": (-720.938, -792.948, -1273.246),
        "pelvis_list_moment": (-249.748, -156.399, -108.566),
        "pelvis_rotation_moment": (122.652, 242.606, 169.310),
        "pelvis_tx_force": (175.367, -66.380, 96.091),
        "pelvis_ty_force": (-239.862, -73.354, -179.309),
        "pelvis_tz_force": (-95.705, -28.456, 119.630),
        "hip_flexion_r_moment": (-17.805, -6.115, -1312.685),
        "hip_adduction_r_moment": (-34.381, -10.526, -140.762),
        "hip_rotation_r_moment": (6.691, 0.575, -74.673),
        "lumbar_extension_moment": (-50.333, -7.870, 39.244),
        "lumbar_bending_moment": (16.384, 54.495, 51.811),
        "lumbar_rotation_moment": (7.764, 7.426, 0.685),
        "knee_angle_r_moment": (11.538, 3.088, 1503.041),
        "arm_flex_r_moment": (5.408, 0.888, -3.502),
        "arm_add_r_moment": (-0.255, -3.274, -2.697),
        "ankle_angle_r_moment": (-7.009, 0.775, -1749.314),
        "elbow_flex_r_moment": (1.510, 0.139, -0.420),
        "subtalar_angle_r_moment": (-26.910, -0.249, 680.807),
    },
    "pose2sim": {
        "pelvis_tilt_moment": (-127.595, -159.721, -67.887),
        "pelvis_list_moment": (-82.934, 22.810, 10.861),
        "pelvis_rotation_moment": (-38.293, -8.328, 190.497),
        "pelvis_tx_force": (-86.406, 327.403, -341.499),
        "pelvis_ty_force": (826.068, 811.102, 757.215),
        "pelvis_tz_force": (-126.371, -31.114, 164.888),
        "hip_flexion_r_moment": (4.115, -6.566, -14.937),
        "hip_adduction_r_moment": (-3.760, -6.089, -2.285),
        "knee_angle_r_moment": (2.231, 2.623, 3.642),
        "L5_S1_Flex_Ext_moment": (-53.286, -66.048, 24.460),
        "L5_S1_Lat_Bending_moment": (-120.189, 8.929, 44.105),
        "L5_S1_axial_rotation_moment": (-38.168, -28.487, 153.087),
        "ankle_angle_r_moment": (1.008, 0.781, 0.850),
        "L4_L5_Flex_Ext_moment": (-52.798, -54.738, 30.403),
        "L4_L5_Lat_Bending_moment": (-121.282, -15.728, 76.846),
        "L4_L5_axial_rotation_moment": (-24.210, -29.174, 131.278),
        "L3_L4_Flex_Ext_moment": (-45.947, -29.350, 38.674),
        "L3_L4_Lat_Bending_moment": (-113.508, -30.417, 98.038),
        "L3_L4_axial_rotation_moment": (-23.781, -22.814, 86.509),
        "L2_L3_Flex_Ext_moment": (-34.650, -5.048, 57.989),
        "L2_L3_Lat_Bending_moment": (-101.913, -31.553, 107.618),
        "L2_L3_axial_rotation_moment": (-23.551, -13.429, 37.535),
        "L1_L2_Flex_Ext_moment": (-22.749, 9.288, 57.669),
        "L1_L2_Lat_Bending_moment": (-92.151, -25.442, 107.620),
        "L1_L2_axial_rotation_moment": (-18.743, -4.587, -0.197),
        "L1_T12_Flex_Ext_moment": (-14.804, 13.715, 37.375),
        "L1_T12_Lat_Bending_moment": (-84.039, -15.983, 99.960),
        "L1_T12_axial_rotation_moment": (-14.540, 1.367, -20.624),
        "neck_flexion_moment": (-1.312, -2.844, -1.218),
        "neck_bending_moment": (-1.729, -1.347, 3.024),
        "neck_rotation_moment": (0.781, 0.527, -1.572),
        "arm_flex_r_moment": (3.917, -2.074, -2.396),
        "arm_add_r_moment": (2.545, 31.052, 16.123),
        "arm_rot_r_moment": (0.026, 2.312, 0.114),
        "elbow_flex_r_moment": (1.712, 1.311, -0.913),
        "wrist_flex_r_moment": (0.051, 0.553, 0.191),
        "wrist_dev_r_moment": (-0.199, 0.841, 0.693),
    },
}


def waves(body: Body) -> Motion:
    """A motion by formula: every coordinate swings about its default, each at its own pace, within its range."""
    times = np.arange(230) / 100
    values = np.tile([c.default for c in body.coordinates], (len(times), 1))
    for i, coordinate in enumerate(body.coordinates):
        if not coordinate.is_free:
            continue
        reach = 0.05 if coordinate.kind == "translation" else 0.25
        low, high = max(coordinate.low, -1.0), min(coordinate.high, 1.0)
        middle = (
            np.clip(coordinate.default, low + reach, high - reach) if high - low > 2 * reach else coordinate.default
        )
        values[:, i] = middle + reach * np.sin(2 * np.pi * (0.4 + 0.03 * (i % 11)) * times + i)
    names = tuple(c.name for c in body.coordinates)
    for i, coordinate in enumerate(body.coordinates):
        if coordinate.driver is not None:
            values[:, i] = coordinate.coupling.evaluate(values[:, names.index(coordinate.driver)])[0]
    empty = np.empty((len(times), 0))
    return Motion(names, values, 100.0, 0.0, (), empty, np.ones(len(times)), body.hash)


def case(shared: Path, name: str) -> tuple[Body, Motion, ExternalLoads | None]:
    model, forces = MODELS[name]
    body = read_osim(shared / "models" / model)
    return body, waves(body), read_external_loads(shared / "models" / forces) if forces else None


def column(body: Body, result: InverseDynamics, label: str) -> np.ndarray:
    return result.forces.coordinates[:, moment_labels(body).index(label)]


@pytest.mark.parametrize("name", MODELS)
def test_moments_are_those_stored_from_opensim(shared, name):
    body, motion, loads = case(shared, name)
    result = model_inverse_dynamics(body, motion, loads)
    rows = [round(float(t) * 100) for t in TIMES]
    assert len(FIGURES[name]) > 8
    for label, expected in FIGURES[name].items():
        assert column(body, result, label)[rows] == pytest.approx(expected, abs=0.05), label


@pytest.fixture(scope="module")
def opensim() -> Iterator[object]:
    module = pytest.importorskip("opensim", reason="the extra 'opensim' is not installed")
    module.Logger.setLevelString("Off")
    yield module


def run_inverse_dynamics(
    opensim, model: Path, motion: Path, forces: Path | None, times, folder: Path
) -> dict[str, np.ndarray]:
    tool = opensim.InverseDynamicsTool()
    tool.setModelFileName(str(model))
    tool.setCoordinatesFileName(str(motion))
    tool.setLowpassCutoffFrequency(6.0)
    if forces:
        tool.setExternalLoadsFileName(str(forces))
    tool.setStartTime(times[0])
    tool.setEndTime(times[-1])
    excluded = opensim.ArrayStr()
    excluded.append("Muscles" if forces else "ALL")
    tool.setExcludedForces(excluded)
    tool.setResultsDir(str(folder))
    tool.setOutputGenForceFileName("id.sto")
    tool.run()
    return read_sto(folder / "id.sto")


def read_sto(path: Path) -> dict[str, np.ndarray]:
    lines = path.read_text().splitlines()
    header = next(i for i, line in enumerate(lines) if line.strip() == "endheader")
    table = np.array([line.split() for line in lines[header + 2 :] if line.strip()], dtype=float)
    return dict(zip(lines[header + 1].split(), table.T, strict=True))


def opensims_moments(opensim, shared: Path, name: str, folder: Path) -> dict[str, np.ndarray]:
    body, motion, loads = case(shared, name)
    write_motion(body, motion, folder / "waves.mot")
    forces = write_external_loads(loads, folder / "grf.xml")[0] if loads else None
    model = shared / "models" / MODELS[name][0]
    return run_inverse_dynamics(opensim, model, folder / "waves.mot", forces, motion.times_s, folder)


@pytest.mark.opensim
@pytest.mark.parametrize("name", MODELS)
def test_moments_are_opensims(opensim, shared, name, tmp_path):
    body, motion, loads = case(shared, name)
    result = model_inverse_dynamics(body, motion, loads)
    theirs = opensims_moments(opensim, shared, name, tmp_path)
    assert theirs["time"] == pytest.approx(motion.times_s, abs=1e-5)
    assert set(theirs) - {"time"} == set(moment_labels(body))
    difference = np.stack([column(body, result, label) - theirs[label] for label in moment_labels(body)], axis=1)
    assert np.sqrt((difference**2).mean()) < 0.02
    assert np.abs(difference).max() < 0.5


@pytest.mark.opensim
def test_moments_of_the_shipped_walk_are_opensims(opensim, shared, tmp_path):
    folder = shared / "models/gait2392"
    body = read_osim(folder / "subject01_scaled.osim")
    loads = read_external_loads(folder / "subject01_walk1_grf.xml")
    # The shipped coordinates carry stamps rounded to a millisecond; here they are told at 60 frames per second.
    motion = read_coordinates(folder / "reference_ik.mot", body)
    write_motion(body, motion, tmp_path / "walk.mot")
    forces = write_external_loads(loads, tmp_path / "grf.xml")[0]
    model = folder / "subject01_scaled.osim"
    rows = slice(0, 121)
    theirs = run_inverse_dynamics(opensim, model, tmp_path / "walk.mot", forces, motion.times_s[rows], tmp_path)
    ours = model_inverse_dynamics(body, read_coordinates(tmp_path / "walk.mot", body), loads)
    labels = moment_labels(body)
    difference = np.stack([column(body, ours, x)[rows][: len(theirs["time"])] - theirs[x] for x in labels], axis=1)
    assert np.sqrt(np.nanmean(difference**2)) < 0.01


@pytest.mark.opensim
def test_opensims_knee_of_three_coupled_rotations_makes_energy_and_ours_does_not(opensim, shared):
    """The whole difference of the Rajagopal model: OpenSim's velocity term of that joint is off.

    Only the knee moves, at a steady rate; the power of the generalised forces must be the change of the energy that
    OpenSim itself states.
    """
    path = shared / "models/rajagopal/Rajagopal2016.osim"
    body, model = read_osim(path), opensim.Model(str(path))
    state = model.initSystem()
    for i in range(model.getForceSet().getSize()):
        model.getForceSet().get(i).setAppliesForce(state, False)
    coordinates = model.getCoordinateSet()
    names = [c.name for c in body.coordinates]
    flexion, rate, step = 0.2, 5.0, 1e-4

    def energy(knee: float) -> float:
        for c in body.coordinates:
            found = coordinates.get(c.name)
            found.setClamped(state, False)
            found.setLocked(state, False)
        for c in body.coordinates:
            coordinates.get(c.name).setValue(state, knee if c.name == "knee_angle_r" else c.default, False)
            coordinates.get(c.name).setSpeedValue(state, rate if c.name == "knee_angle_r" else 0.0)
        model.realizeVelocity(state)
        height = model.calcMassCenterPosition(state).get(1)
        return model.calcKineticEnergy(state) + model.getTotalMass(state) * 9.80665 * height

    change = (energy(flexion + step * rate) - energy(flexion - step * rate)) / (2 * step)
    energy(flexion)
    taken = opensim.InverseDynamicsSolver(model).solve(state, opensim.Vector(state.getNU(), 0.0))
    speeds = [i for i in range(state.getNU()) if state.getU().get(i) == rate]
    theirs = rate * taken.get(speeds[0])

    # The patella is held, as OpenSim's solver holds it.
    held = Body(
        body.name,
        body.segments,
        body.joints,
        tuple(c if c.driver is None else type(c)(c.name, c.kind, default=c.default) for c in body.coordinates),
        up=body.up,
    )
    from kinechain.loads.newton_euler import dynamics_of

    dynamics = dynamics_of(held, locks=False)
    z = np.array([[flexion if n == "knee_angle_r" else held.coordinate(n).default for n in dynamics.inputs]])
    dz = np.array([[rate if n == "knee_angle_r" else 0.0 for n in dynamics.inputs]])
    forces = solve_forces(dynamics, z, dz, np.zeros_like(z))
    ours = rate * forces.coordinates[0, names.index("knee_angle_r")]
    assert ours == pytest.approx(change, abs=1e-4)
    assert abs(theirs - change) > 0.1


@pytest.mark.opensim
@pytest.mark.parametrize(("name", "share"), [("gait2392", 1e-5), ("rajagopal", 5e-3)])
def test_joint_reactions_are_opensims_for_its_own_muscle_forces(opensim, shared, name, share, tmp_path):
    """Rajagopal's differ by the way its muscles bend around cylinders, and by OpenSim's knee."""
    body, motion, loads = case(shared, name)
    write_motion(body, motion, tmp_path / "waves.mot")
    forces_file = write_external_loads(loads, tmp_path / "grf.xml")[0]
    model = shared / "models" / MODELS[name][0]
    span = (1.0, 1.03)
    write_actuators(body, tmp_path / "actuators.xml")
    optimise = opensim.StaticOptimization()
    optimise.setName("StaticOptimization")
    analyse(opensim, optimise, model, tmp_path, forces_file, span)
    reaction = opensim.JointReaction()
    reaction.setName("JointReaction")
    reaction.setForcesFileName(str(tmp_path / "x_StaticOptimization_force.sto"))
    for setter, word in (
        (reaction.setJointNames, "ALL"),
        (reaction.setOnBody, "child"),
        (reaction.setInFrame, "child"),
    ):
        words = opensim.ArrayStr()
        words.append(word)
        setter(words)
    analyse(opensim, reaction, model, tmp_path, forces_file, span)
    tensions = read_sto(tmp_path / "x_StaticOptimization_force.sto")
    theirs = read_sto(tmp_path / "x_JointReaction_ReactionLoads.sto")
    result = model_inverse_dynamics(body, motion, loads)
    rows = [round(float(t) * 100) for t in theirs["time"]]
    values = np.ascontiguousarray(result.kinematics.values[rows])
    muscles = read_osim_muscles(model, body)
    paths = flatten_paths(body, muscles, locks=False)
    unit = PathLoads(paths.load_path, paths.load_segment, measure_paths(paths, values, arms=False, loads=True)[2])
    joints = [j.name for j in body.joints]
    plan = opensim_plan(body, result.dynamics, joints, ["child"] * len(joints), ["child"] * len(joints))
    pulled = np.stack([tensions[m] for m in muscles.names], axis=1)
    ours = solve_reactions(result.dynamics, plan, values, result.forces.joint_wrench[rows], pulled, unit)
    for j, joint in enumerate(joints):
        found = [x for x in theirs if x.startswith(f"{joint}_on_")]
        expected = np.stack([theirs[next(x for x in found if x.endswith(e))] for e in ENDS], axis=1)
        difference = ours[:, j] - expected
        largest = 1.0 + np.linalg.norm(expected[:, :3], axis=1).max()
        assert np.sqrt((difference[:, :3] ** 2).mean()) < share * largest, joint
        assert np.sqrt((difference[:, 3:] ** 2).mean()) < share * largest * 0.1, joint


ENDS = ("_fx", "_fy", "_fz", "_mx", "_my", "_mz")


def write_actuators(body: Body, path: Path) -> None:
    free = [c.name for c in body.coordinates if c.is_free]
    items = "".join(
        f'<CoordinateActuator name="{n}_reserve"><min_control>-Inf</min_control><max_control>Inf</max_control>'
        f"<coordinate>{n}</coordinate><optimal_force>{100 if n.startswith('pelvis') else 10}</optimal_force>"
        "</CoordinateActuator>"
        for n in free
    )
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><OpenSimDocument Version="40000"><ForceSet name="reserves">'
        f"<objects>{items}</objects></ForceSet></OpenSimDocument>"
    )


def analyse(opensim, analysis, model: Path, folder: Path, forces: Path, span: tuple[float, float]) -> None:
    tool = opensim.AnalyzeTool()
    tool.setName("x")
    tool.setModelFilename(str(model))
    tool.setReplaceForceSet(False)
    sets = opensim.ArrayStr()
    sets.append(str(folder / "actuators.xml"))
    tool.setForceSetFiles(sets)
    tool.setCoordinatesFileName(str(folder / "waves.mot"))
    tool.setLowpassCutoffFrequency(6.0)
    tool.setExternalLoadsFileName(str(forces))
    tool.setInitialTime(span[0])
    tool.setFinalTime(span[1])
    tool.setSolveForEquilibrium(False)
    tool.setResultsDir(str(folder))
    tool.setOutputPrecision(16)
    analysis.setStartTime(span[0])
    analysis.setEndTime(span[1])
    analysis.setStepInterval(1)
    tool.updAnalysisSet().cloneAndAppend(analysis)
    setup = str(folder / f"{analysis.getName()}.xml")
    tool.printToXML(setup)
    # Only a tool read from a file loads its model and external loads.
    opensim.AnalyzeTool(setup).run()


if __name__ == "__main__":
    import tempfile

    import opensim as installed

    installed.Logger.setLevelString("Error")
    for key in MODELS:
        with tempfile.TemporaryDirectory() as made:
            found = opensims_moments(installed, Path(sys.argv[1]).resolve(), key, Path(made))
        at = [int(np.argmin(np.abs(found["time"] - t))) for t in TIMES]
        print(f'    "{key}": {{')
        for name, values in found.items():
            small = np.abs(values[at]).max() < 0.5 and "L5_S1" not in name
            if name != "time" and not name.endswith(("_l_moment", "_l_force")) and not small:
                print(f'        "{name}": ({", ".join(f"{x:.3f}" for x in values[at])}),')
        print("    },")
