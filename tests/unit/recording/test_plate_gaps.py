"""Missing samples of a plate: bridged where short, else the plate is left out and named."""

from dataclasses import replace

import numpy as np
import pytest

from kinechain.recording.plate_gaps import without_gaps
from kinechain.recording.recording import ForcePlate

RATE = 500.0


def plate(*gaps: tuple[int, int]) -> ForcePlate:
    """A foot from 0.2 to 0.8 s, with the samples of some gaps missing."""
    times = np.arange(500) / RATE
    on = (times > 0.2) & (times < 0.8)
    force = np.where(on[:, None], [10.0, 0.0, 600.0] + times[:, None] * [0.0, 5.0, 100.0], 0.0)
    point = np.where(on[:, None], [0.1, 0.2, 0.0] + times[:, None] * [0.2, 0.0, 0.0], np.nan)
    free = np.where(on[:, None], [0.0, 0.0, 3.0], 0.0)
    for first, last in gaps:
        force[first:last, 2] = np.nan
    return ForcePlate("plate 1", np.full((4, 3), np.nan), force, point, free, RATE, 0.0)


def test_a_whole_plate_stays_as_it_is() -> None:
    notes: list = []
    whole = plate()
    assert without_gaps([whole], notes) == (whole,) and not notes


def test_a_short_gap_is_bridged_and_said() -> None:
    notes: list = []
    (mended,) = without_gaps([plate((200, 206))], notes)
    np.testing.assert_allclose(mended.force, plate().force, atol=1e-9)
    np.testing.assert_allclose(mended.centre_of_pressure, plate().centre_of_pressure, atol=1e-12)
    assert [(n.kind, n.code) for n in notes] == [("repaired", "plates.gaps")]
    assert "6 of 500 samples" in notes[0].text and "0.40 s" in notes[0].text


def test_a_gap_while_nobody_stands_there_is_no_force() -> None:
    notes: list = []
    (mended,) = without_gaps([plate((0, 60), (450, 500))], notes)
    np.testing.assert_array_equal(mended.force[:60], 0.0)
    np.testing.assert_array_equal(mended.force[450:], 0.0)
    assert len(notes) == 1


@pytest.mark.parametrize("gap", [(200, 215), (90, 300), (0, 500)])
def test_a_plate_that_misses_part_of_a_stance_is_left_out_by_name(gap: tuple[int, int]) -> None:
    notes: list = []
    other = replace(plate(), name="plate 2")
    assert without_gaps([plate(gap), other], notes) == (other,)
    assert [(n.kind, n.code, n.place) for n in notes] == [("defect", "plates.gaps", "plate 1")]
    assert "plate 1: not used" in notes[0].text
