"""Moments, activations and joint forces of one walk, in OpenSim and here, on the same model and trial."""

import importlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.opensim
opensim = pytest.importorskip("opensim", reason="the extra 'opensim' is not installed")


@pytest.fixture(scope="module")
def benchmark():
    sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
    yield importlib.import_module("opensim_loads")
    sys.path.pop(0)


@pytest.fixture(scope="module", params=["gait2392", "rajagopal"])
def measured(request, benchmark, shared: Path, tmp_path_factory):
    """The accuracy part of the benchmark: OpenSim's tools once, on its own motion with even time stamps."""
    folder = tmp_path_factory.mktemp("loads")
    opensim.Logger.setLevelString("Off")
    case = benchmark.make_case(opensim, shared, request.param, folder)
    tools = benchmark.opensim_tools
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        tools.run_ik(opensim, case)
        even = replace(case, motion=str(case.files / "even.mot"))
        benchmark.write_even(case, Path(even.motion))
        for step in ("id", "so", "jr"):
            tools.STEPS[step](opensim, even)
    return benchmark.accuracy(even)


def test_moments_agree(measured, benchmark) -> None:
    assert measured["id"]["rms_nm"] <= benchmark.TARGET_ID


def test_activations_agree_for_the_same_strengths(measured, benchmark) -> None:
    assert measured["same"]["balanced"] == measured["frames"]
    assert measured["same"]["activation_rms"] <= benchmark.TARGET_ACTIVATION
    assert measured["same"]["reserve_max"] < 0.5


def test_joint_forces_agree_for_the_same_strengths(measured, benchmark) -> None:
    judged = {j: r for j, r in measured["same"]["reactions"].items() if r["peak_n"] >= benchmark.SMALL_N}
    assert {"hip_r", "hip_l", "back", "ankle_r"} <= set(judged)
    off = {joint: r["rms_share"] for joint, r in judged.items() if r["rms_share"] > benchmark.TARGET_REACTION}
    assert not off


def test_own_rigid_tendons_differ_by_no_more_than_tendons_explain(measured) -> None:
    assert measured["own"]["activation_rms"] < 0.02


def test_where_moments_differ_newton_is_with_us(shared: Path) -> None:
    """A knee of the Rajagopal model that only turns, fast: what carries the pelvis forward is the body's own inertia.

    The knee's other rotations and its slides follow splines.  The second difference of OpenSim's own centre of mass
    gives the force; OpenSim's inverse dynamics misses it by 0.1 N, and its moments at hip and pelvis likewise.
    """
    from kinechain.body.osim import read_osim
    from kinechain.loads.newton_euler import dynamics_of, solve_forces

    opensim.Logger.setLevelString("Off")
    path = shared / "models/rajagopal/Rajagopal2016.osim"
    angle, speed, step = 0.9, 8.0, 1e-3
    model = opensim.Model(str(path))
    for force in model.getForceSet():
        force.set_appliesForce(False)
    state = model.initSystem()
    coordinates = model.getCoordinateSet()
    names = [""] * coordinates.getSize()
    for coordinate in coordinates:
        coordinate.setLocked(state, False)
        coordinate.setSpeedValue(state, 1.5)
        names[next(i for i in range(len(names)) if state.getU().get(i) == 1.5)] = coordinate.getName()
        coordinate.setSpeedValue(state, 0.0)

    def pose(knee: float) -> None:
        for coordinate in coordinates:
            coordinate.setValue(state, knee if coordinate.getName() == "knee_angle_l" else 0.0, False)

    def centre(knee: float) -> float:
        pose(knee)
        model.realizePosition(state)
        return model.calcMassCenterPosition(state).get(0)

    second = (centre(angle + step) - 2.0 * centre(angle) + centre(angle - step)) / step**2
    wanted = model.getTotalMass(state) * second * speed**2
    pose(angle)
    coordinates.get("knee_angle_l").setSpeedValue(state, speed)
    model.realizeVelocity(state)
    theirs = opensim.InverseDynamicsSolver(model).solve(state, opensim.Vector(len(names), 0.0))
    body = read_osim(path)
    free = replace(body, coordinates=tuple(replace(c, driver=None, coupling=None) for c in body.coordinates))
    dynamics = dynamics_of(free, locks=False)
    values, rates = (np.array([[x if n == "knee_angle_l" else 0.0 for n in dynamics.inputs]]) for x in (angle, speed))
    ours = solve_forces(dynamics, values, rates, np.zeros_like(values)).inputs[0, dynamics.inputs.index("pelvis_tx")]
    assert ours == pytest.approx(wanted, abs=2e-3)
    assert abs(theirs.get(names.index("pelvis_tx")) - wanted) > 0.05
