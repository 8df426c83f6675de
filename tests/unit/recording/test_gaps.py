"""Filling gaps."""

import numpy as np
import pytest

from kinechain.core.frames import about_axis
from kinechain.recording.gaps import METHODS, fill_gaps, find_gaps, gap_notes

RATE = 60.0
ALL = dict.fromkeys(range(4), "femur_r")


def turning_body(frames=60):
    """Four points of one rigid body that turns and travels, and one loose point."""
    shape = np.array([[0.1, 0, 0], [0, 0.1, 0], [-0.1, 0, 0.02], [0.05, 0.05, 0.1]])
    time = np.linspace(0, 1, frames)
    turns = about_axis(np.array([0.0, 0, 1]), 3 * time) @ about_axis(np.array([1.0, 0, 0]), np.sin(4 * time))
    points = np.einsum("tij,mj->tmi", turns, shape) + np.stack([time, 0.1 * time**2, 1 + 0 * time], axis=1)[:, None]
    loose = np.stack([time, np.sin(3 * time), np.cos(3 * time)], axis=1)[:, None]
    return np.concatenate([points, loose], axis=1)


def cut(marker, first, length, also=()):
    holes = turning_body()
    holes[first : first + length, [marker, *also]] = np.nan
    return holes


def worst(filled, marker):
    return np.linalg.norm(filled[:, marker] - turning_body()[:, marker], axis=1).max()


def test_gaps_are_inner_runs():
    seen = np.array([[0, 1, 0, 0, 1, 1, 0, 1, 0], [0, 0, 1, 0, 0, 0, 0, 0, 0], [0] * 9, [1] * 9], dtype=bool).T
    assert find_gaps(seen).tolist() == [[0, 2, 2], [0, 6, 1]]
    assert find_gaps(np.zeros((0, 3), dtype=bool)).tolist() == []


def test_a_rigid_neighbourhood_gives_the_marker_back_exactly():
    filled, (gap,) = fill_gaps(cut(3, 20, 15), ALL, RATE)
    assert (gap.method, gap.first, gap.length) == ("rigid", 20, 15)
    np.testing.assert_allclose(filled, turning_body(), atol=1e-12)


def test_a_mirrored_best_fit_is_not_taken_for_a_turn():
    holes = cut(3, 20, 5)
    holes[:, :3] += np.random.default_rng(1).normal(0, 1e-3, (60, 3, 3))
    filled, (gap,) = fill_gaps(holes, ALL, RATE)
    assert gap.method == "rigid"
    assert worst(filled, 3) < 0.01


def test_markers_that_keep_their_distance_carry_one_whose_segment_is_alone():
    segments = {0: "femur_r", 1: "femur_r", 2: "tibia_r", 3: "pelvis"}
    filled, (gap,) = fill_gaps(cut(3, 20, 10), segments, RATE)
    assert gap.method == "nearly_rigid"
    np.testing.assert_allclose(filled, turning_body(), atol=1e-12)


def test_two_markers_of_the_segment_turn_the_third():
    holes = cut(3, 20, 10)
    filled, (gap,) = fill_gaps(holes, {0: "femur_r", 1: "femur_r", 3: "femur_r"}, RATE)
    assert gap.method == "pair"
    assert worst(filled, 3) < 0.01


def test_one_marker_of_the_segment_carries_the_other():
    filled, (gap,) = fill_gaps(cut(3, 20, 6), {0: "femur_r", 3: "femur_r"}, RATE)
    assert gap.method == "one"
    assert worst(filled, 3) < 5e-3


def test_without_neighbours_a_cubic_is_used():
    filled, (gap,) = fill_gaps(cut(4, 20, 6), {4: "head"}, RATE)
    assert gap.method == "cubic"
    assert worst(filled, 4) < 2e-3


@pytest.mark.parametrize("missing_too", [0, 1])
def test_a_neighbour_with_a_gap_of_its_own_does_not_help(missing_too):
    _, gaps = fill_gaps(cut(3, 20, 5, also=(missing_too,)), ALL, RATE)
    assert {g.method for g in gaps} == {"pair"}


def test_neighbours_in_a_line_do_not_define_a_turn():
    holes = cut(3, 20, 5)
    holes[:, 1] = (holes[:, 0] + holes[:, 2]) / 2
    _, (gap,) = fill_gaps(holes, ALL, RATE)
    assert gap.method == "pair"


@pytest.mark.parametrize(
    ("segments", "method"),
    [(ALL, "rigid"), ({0: "femur_r", 3: "femur_r"}, "one"), ({3: "head"}, "cubic")],
)
def test_each_method_has_its_longest_gap(segments, method):
    longest = int(METHODS[method].longest_s * RATE)
    for length, wanted in ((longest, method), (longest + 1, "open")):
        holes = cut(3, 15, length)
        filled, (gap,) = fill_gaps(holes, segments, RATE)
        assert gap.method == wanted
        assert np.isnan(filled[15, 3, 0]) == (wanted == "open")


def test_the_ends_of_a_trajectory_are_never_extrapolated():
    holes = turning_body()
    holes[:5, 3], holes[-4:, 3] = np.nan, np.nan
    filled, gaps = fill_gaps(holes, ALL, RATE)
    assert gaps == ()
    np.testing.assert_array_equal(np.isnan(filled), np.isnan(holes))


def test_filling_touches_nothing_that_was_measured():
    holes = cut(3, 20, 5, also=(4,))
    filled, _ = fill_gaps(holes, ALL, RATE)
    seen = np.isfinite(holes)
    np.testing.assert_array_equal(filled[seen], holes[seen])


def test_the_notes_say_how_much_of_which_marker_was_filled():
    holes = cut(3, 20, 6)
    holes[5:50, 4] = np.nan
    _, gaps = fill_gaps(holes, ALL, RATE)
    repaired, left = gap_notes(gaps, tuple("abcde"), 60, RATE)
    assert repaired.kind == "repaired"
    assert repaired.code == "markers.gaps_filled"
    assert "d 10 % (longest 0.1 s)" in repaired.text
    assert repaired.place == "d"
    assert "17 mm" in repaired.effect
    assert left.code == "markers.gaps_open"
    assert "e 75 % (longest 0.75 s)" in left.text
    assert left.cure
