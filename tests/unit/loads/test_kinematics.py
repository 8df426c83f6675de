"""Velocities and accelerations: against analytic motions, SciPy's spline and filter, and OpenSim's recipe."""

import numpy as np
import pytest
from scipy.interpolate import make_interp_spline
from scipy.signal import butter, filtfilt

from kinechain.body.tree import KERNELS
from kinechain.core.errors import RecordingError, SettingError
from kinechain.loads import kinematics
from kinechain.loads.kinematics import differentiate, kinematics_of, motion_kinematics
from kinechain.loads.newton_euler import dynamics_of
from kinechain.motion import smooth
from kinechain.motion.motion import Motion
from toy_bodies import arm

compiled = pytest.mark.skipif(KERNELS != "compiled", reason="the extension was not built here")
RATE = 60.0


def walk(frames: int = 90) -> np.ndarray:
    return np.cumsum(np.random.default_rng(0).normal(size=(frames, 3)), axis=0)


@pytest.mark.parametrize("kernels", [pytest.param("compiled", marks=compiled), "Python"])
@pytest.mark.parametrize("frames", [6, 7, 90])
def test_the_spline_is_scipys_natural_quintic(kernels, frames, monkeypatch):
    monkeypatch.setattr(kinematics, "KERNELS", kernels)
    values, times = walk(frames), np.arange(frames) / RATE
    free = [(3, np.zeros(3)), (4, np.zeros(3))]
    spline = make_interp_spline(times, values, k=5, bc_type=(free, free))
    first, second = differentiate(values, RATE)
    assert first == pytest.approx(spline(times, 1), rel=1e-9, abs=1e-8)
    assert second == pytest.approx(spline(times, 2), rel=1e-9, abs=1e-6)


def test_a_parabola_is_differentiated_exactly_to_its_ends():
    times = np.arange(30) / RATE
    first, second = differentiate((0.3 + 2 * times - 4 * times**2)[:, None], RATE)
    assert first[:, 0] == pytest.approx(2 - 8 * times, abs=1e-10)
    assert second[:, 0] == pytest.approx(np.full(30, -8.0), abs=1e-8)


def test_a_swing_of_one_hertz_keeps_its_acceleration():
    times = np.arange(240) / RATE
    found = kinematics_of(("swing",), np.sin(2 * np.pi * times)[:, None], RATE, cutoff_hz=6.0)
    # Both passes of the filter leave 1 / (1 + (1/6)^6) of a swing of 1 Hz.
    wanted = -((2 * np.pi) ** 2) * np.sin(2 * np.pi * times) / (1 + (1 / 6) ** 6)
    assert found.accelerations[60:-60, 0] == pytest.approx(wanted[60:-60], abs=2e-3)


def test_the_filter_is_scipys_over_half_a_trial_of_padding():
    values = walk(90)
    found = kinematics_of(("a", "b", "c"), values, RATE, cutoff_hz=6.0)
    expected = filtfilt(*butter(3, 6.0, fs=RATE), values, axis=0, padtype="odd", padlen=45)
    assert found.values == pytest.approx(expected, abs=1e-10)
    assert any("6 Hz" in note and "quintic" in note for note in found.notes)


@compiled
def test_filter_kernel_and_twin_agree(monkeypatch):
    ours = smooth.low_pass(walk(), 6.0, RATE, 40)
    monkeypatch.setattr(smooth, "KERNELS", "Python")
    assert ours == pytest.approx(smooth.low_pass(walk(), 6.0, RATE, 40), abs=1e-12)


def test_missing_frames_part_a_motion_into_pieces():
    values = walk(80)
    values[30:33, 1] = np.nan
    values[36:38, 0] = np.nan
    found = kinematics_of(("a", "b", "c"), values, RATE, cutoff_hz=6.0)
    alone = kinematics_of(("a", "b", "c"), values[38:], RATE, cutoff_hz=6.0)
    assert found.accelerations[38:] == pytest.approx(alone.accelerations, abs=0)
    assert np.isnan(found.accelerations[30:38]).all()
    assert np.isfinite(found.accelerations[:30]).all()
    assert any("3 frames" in note for note in found.notes)
    assert found.cut(38, 80).start_s == pytest.approx(38 / RATE)


def test_what_cannot_be_differentiated_is_refused():
    with pytest.raises(RecordingError, match="longest stretch"):
        kinematics_of(("a",), np.zeros((5, 1)), RATE)
    with pytest.raises(SettingError, match="cut-off"):
        kinematics_of(("a",), np.zeros((50, 1)), RATE, cutoff_hz=30.0)


def test_a_motion_gives_its_inputs_by_name():
    body = arm()
    tree = dynamics_of(body).tree
    motion = Motion(("elbow", "shoulder"), walk(20)[:, :2], RATE, 0.5, (), np.empty((20, 0)), np.ones(20), "")
    found = motion_kinematics(tree, motion)
    assert found.inputs == ("shoulder", "elbow")
    assert found.values[:, 0] == pytest.approx(motion.coordinate("shoulder"))
    assert found.times_s[0] == 0.5
    lacking = Motion(("elbow",), walk(20)[:, :1], RATE, 0.5, (), np.empty((20, 0)), np.ones(20), "")
    with pytest.raises(RecordingError, match="no coordinate 'shoulder'"):
        motion_kinematics(tree, lacking)
