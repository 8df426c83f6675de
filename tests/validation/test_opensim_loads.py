"""Moments, activations and joint forces of one walk, in OpenSim and here, on the same model and trial."""

import importlib
import sys
from pathlib import Path

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
    from dataclasses import replace

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
