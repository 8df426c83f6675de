import numpy as np
import pytest
from scipy.signal import butter, filtfilt

from kinechain.core.errors import RecordingError, SettingError
from kinechain.motion.motion import Motion
from kinechain.motion.smooth import low_pass, smooth

RATE = 100.0


def motion(values, missing=()):
    values = np.array(values, dtype=float).reshape(len(values), -1)
    is_solved = np.ones(len(values))
    for frames in missing:
        values[frames], is_solved[frames] = np.nan, 0.0
    names = tuple(f"q{i}" for i in range(values.shape[1]))
    return Motion(names, values, RATE, 0.0, (), np.empty((len(values), 0)), is_solved, "", ("before",))


def wave(hertz, frames=400):
    return np.sin(2 * np.pi * hertz * np.arange(frames) / RATE + 0.3)


def test_slow_movement_passes_in_place():
    out = smooth(motion(wave(1.0)), 6.0).values[:, 0]
    assert out[50:-50] == pytest.approx(wave(1.0)[50:-50], abs=2e-4)


def test_fast_noise_is_gone():
    out = smooth(motion(wave(1.0) + wave(20.0)), 6.0).values[:, 0]
    assert out[50:-50] == pytest.approx(wave(1.0)[50:-50], abs=2e-3)


@pytest.mark.parametrize("cutoff", [3.0, 6.0, 12.0])
def test_both_passes_halve_the_amplitude_at_the_cut_off(cutoff):
    # |H|^2 of a Butterworth filter is 1/2 at its cut-off, whatever its order; two passes give |H|^2.
    out = smooth(motion(wave(cutoff, 2000)), cutoff).values[500:-500, 0]
    assert out == pytest.approx(0.5 * wave(cutoff, 2000)[500:-500], abs=1e-3)


@pytest.mark.parametrize("cutoff", [0.5, 6.0, 40.0])
def test_the_filter_is_the_one_scipy_knows(cutoff):
    values = np.random.default_rng(2).normal(size=(200, 3)).cumsum(axis=0)
    expected = filtfilt(*butter(3, cutoff, fs=RATE), values, axis=0, padtype="odd", padlen=60)
    assert low_pass(values, cutoff, RATE, 60) == pytest.approx(expected, abs=1e-9)


def test_a_straight_line_stays_straight_to_its_ends():
    line = np.column_stack([np.linspace(0, 3, 120), np.full(120, 0.7)])
    assert smooth(motion(line), 6.0).values == pytest.approx(line, abs=1e-6)


def test_time_reversed_motion_gives_time_reversed_output():
    values = wave(2.0) + 0.3 * wave(7.0) + np.linspace(0, 1, 400) ** 2
    forward = smooth(motion(values)).values[:, 0]
    assert smooth(motion(values[::-1])).values[::-1, 0] == pytest.approx(forward, abs=1e-4)


def test_a_short_gap_is_bridged_and_stays_marked():
    out = smooth(motion(wave(1.0), [slice(100, 105)]))
    assert out.values[90:115, 0] == pytest.approx(wave(1.0)[90:115], abs=5e-3)
    assert np.flatnonzero(out.is_solved == 0).tolist() == list(range(100, 105))
    assert "5 unsolved frames bridged" in out.notes[-1]


def test_a_long_gap_parts_the_motion():
    out = smooth(motion(wave(1.0), [slice(100, 130)]))
    assert np.isnan(out.values[100:130]).all()
    assert out.values[30:80, 0] == pytest.approx(wave(1.0)[30:80], abs=1e-3)
    assert out.values[160:, 0][:200] == pytest.approx(wave(1.0)[160:360], abs=1e-3)


def test_missing_ends_stay_missing():
    out = smooth(motion(wave(1.0), [slice(0, 3), slice(395, 400)]))
    assert np.isnan(out.values[:3]).all()
    assert np.isnan(out.values[395:]).all()
    assert np.isfinite(out.values[3:395]).all()


def test_a_piece_too_short_to_filter_becomes_unsolved_and_is_said():
    out = smooth(motion(wave(1.0), [slice(100, 130), slice(135, 160)]))
    assert np.all(out.is_solved[130:135] == 0)
    assert np.isnan(out.values[130:135]).all()
    assert "5 frames left out" in out.notes[-1]


def test_the_filter_is_in_the_notes_behind_what_was_there():
    out = smooth(motion(wave(1.0)), 7.5)
    assert out.notes[0] == "before"
    assert "7.5 Hz" in out.notes[1]


def test_a_trial_that_is_too_short_says_how_long_it_must_be():
    with pytest.raises(RecordingError, match=r"12 of 12 \(0\.12 s\), and filtering at 6 Hz needs 18"):
        smooth(motion(wave(1.0, 12)))
    with pytest.raises(RecordingError, match="0 of 50"):
        smooth(motion(wave(1.0, 50), [slice(0, 50)]))


@pytest.mark.parametrize("cutoff", [0.0, -1.0, 50.0, np.nan])
def test_an_impossible_cut_off_is_refused(cutoff):
    with pytest.raises(SettingError, match="between 0 and 50 Hz"):
        smooth(motion(wave(1.0)), cutoff)
