"""The unit of length, told from the body."""

from dataclasses import replace

import numpy as np
import pytest
from people import labels, recording, standing, walking

from kinechain.core.errors import RecordingError
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.recording import ForcePlate

LEG = [i for i, x in enumerate(labels()) if x[2:] in ("IAS", "FLE", "FME", "FAL", "TAM", "FCC", "FM1", "FM2", "FM5")]
FACTORS = [1e3, 1e2, 10.0, 1e-3, 1e-2, 0.1, 1 / 0.0254, 1 / 25.4]


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("figure", [walking(), standing(1)], ids=["walk", "one frame"])
def test_a_wrong_unit_is_repaired_and_said(factor, figure):
    ready = prepare_recording(recording(figure * factor))
    np.testing.assert_allclose(ready.markers.positions, figure, rtol=1e-5, atol=1e-6)
    said = [n for n in ready.notes if n.code == "axes.unit"]
    assert [n.kind for n in said] == ["repaired"]
    assert said[0].effect
    assert said[0].cure


@pytest.mark.parametrize("size", [0.39, 0.47, 0.53, 1.0, 1.25])
def test_children_and_tall_people_keep_their_size(size):
    ready = prepare_recording(recording(standing() * size))
    assert not [n for n in ready.notes if n.code == "axes.unit"]
    np.testing.assert_allclose(ready.markers.positions, standing() * size, atol=1e-6)


def test_legs_alone_tell_the_unit():
    names = tuple(labels()[i] for i in LEG)
    ready = prepare_recording(recording(walking()[:, LEG] * 1e3, names=names), profile=None)
    np.testing.assert_allclose(ready.markers.positions, walking()[:, LEG], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("factor", [1e3, 1e-3, 1 / 0.0254])
def test_plates_are_rescaled_with_the_markers_unless_they_fit_as_they_are(factor):
    corners = np.array([[0.6, 0.4, 0], [0.6, -0.1, 0], [0.0, -0.1, 0], [0.0, 0.4, 0]])
    plate = ForcePlate("plate 1", corners, np.zeros((50, 3)), np.full((50, 3), 0.1), np.full((50, 3), 2.0), 1000.0)
    wrong = replace(
        plate,
        corners=plate.corners * factor,
        centre_of_pressure=plate.centre_of_pressure * factor,
        free_moment=plate.free_moment * factor,
    )
    for given in (plate, wrong):
        ready = prepare_recording(recording(walking() * factor, plates=(given,)))
        np.testing.assert_allclose(ready.plates[0].corners, corners, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(ready.plates[0].free_moment[:, 2], 2.0, rtol=1e-5)


def test_no_unit_fits():
    with pytest.raises(RecordingError, match=r"not the size of a person, nor would it be in any other unit"):
        prepare_recording(recording(standing() * 4))
