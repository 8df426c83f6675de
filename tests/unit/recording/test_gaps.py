"""Filling gaps."""

import numpy as np
import pytest

from kinechain.core.frames import about_axis
from kinechain.recording.gaps import fill_gaps, find_gaps


def turning_body(frames=60):
    """Four points of one rigid body that turns and travels, and one loose point."""
    shape = np.array([[0.1, 0, 0], [0, 0.1, 0], [-0.1, 0, 0.02], [0.05, 0.05, 0.1]])
    time = np.linspace(0, 1, frames)
    turns = about_axis(np.array([0.0, 0, 1]), 3 * time) @ about_axis(np.array([1.0, 0, 0]), np.sin(4 * time))
    points = np.einsum("tij,mj->tmi", turns, shape) + np.stack([time, 0.1 * time**2, 1 + 0 * time], axis=1)[:, None]
    loose = np.stack([time, np.sin(3 * time), np.cos(3 * time)], axis=1)[:, None]
    return np.concatenate([points, loose], axis=1)


def test_gaps_are_inner_runs():
    assert find_gaps(np.array([0, 1, 0, 0, 1, 1, 0, 1, 0])) == [(2, 2), (6, 1)]
    assert find_gaps(np.array([0, 0, 1, 0])) == []
    assert find_gaps(np.array([0, 0])) == []


def test_a_rigid_neighbourhood_gives_the_marker_back_exactly():
    truth = turning_body()
    holes = truth.copy()
    holes[20:35, 3] = np.nan
    filled, (gap,) = fill_gaps(holes, dict.fromkeys(range(4), "femur_r"), 20)
    assert (gap.method, gap.first, gap.length) == ("rigid", 20, 15)
    np.testing.assert_allclose(filled, truth, atol=1e-12)


def test_without_neighbours_a_cubic_is_used():
    truth = turning_body()
    holes = truth.copy()
    holes[20:26, 4] = np.nan
    filled, (gap,) = fill_gaps(holes, {}, 20)
    assert gap.method == "cubic"
    assert np.linalg.norm(filled[20:26, 4] - truth[20:26, 4], axis=1).max() < 2e-3


@pytest.mark.parametrize("missing_too", [0, 1])
def test_a_neighbour_with_a_gap_of_its_own_does_not_help(missing_too):
    holes = turning_body()
    holes[20:25, [3, missing_too]] = np.nan
    _, gaps = fill_gaps(holes, dict.fromkeys(range(4), "femur_r"), 20)
    assert {g.method for g in gaps} == {"cubic"}


def test_neighbours_in_a_line_do_not_define_a_turn():
    holes = turning_body()
    holes[:, 1] = (holes[:, 0] + holes[:, 2]) / 2
    holes[20:25, 3] = np.nan
    _, (gap,) = fill_gaps(holes, dict.fromkeys(range(4), "femur_r"), 20)
    assert gap.method == "cubic"


def test_long_gaps_and_open_ends_stay_open():
    holes = turning_body()
    holes[20:45, 3] = np.nan
    holes[:5, 4] = np.nan
    filled, (gap,) = fill_gaps(holes, dict.fromkeys(range(4), "femur_r"), 20)
    assert gap.method == "open"
    np.testing.assert_array_equal(np.isnan(filled), np.isnan(holes))
