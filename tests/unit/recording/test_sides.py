"""Right and left: exchanged labels, mirrored axes, and what tells one from the other."""

from dataclasses import replace

import numpy as np
import pytest
from people import exchanged, labels, recording, standing, walking

from kinechain.core.errors import SidesError
from kinechain.recording.prepare import PrepareSettings, prepare_recording, turned_plate
from kinechain.recording.recording import ForcePlate

MIRROR = np.diag([1.0, -1.0, 1.0])
EVERY_PAIR = tuple((f"R_{x[2:]}", x) for x in labels() if x.startswith("L_"))
#: By the order of its corners this plate's normal points down, as the C3D format has it.
PLATE = ForcePlate(
    "plate 1",
    np.array([[0.6, 0.4, 0], [0.6, -0.4, 0], [-0.6, -0.4, 0], [-0.6, 0.4, 0]], dtype=float),
    np.tile([3.0, -5.0, 700.0], (400, 1)),
    np.tile([0.04, 0.01, 0.0], (400, 1)),
    np.tile([0.0, 0.0, 2.0], (400, 1)),
    200.0,
)
STANDING = standing(200)


def assert_walk(ready, truth=None):
    truth = walking() if truth is None else truth
    for i, label in enumerate(labels()):
        np.testing.assert_allclose(ready.markers.position(label), truth[:, i], atol=1e-6, err_msg=label)


@pytest.mark.parametrize(
    "pair",
    ["IAS", "IPS", "FTC", "FLE", "FME", "FAL", "TAM", "FCC", "FM1", "FM5", "SAE", "HLE"],
)
@pytest.mark.parametrize("figure", [walking, standing])
def test_one_pair_on_the_wrong_side_is_exchanged_back(pair, figure):
    ready = prepare_recording(recording(figure(), names=exchanged((f"R_{pair}", f"L_{pair}"))))
    assert_walk(ready, figure())
    said = [n for n in ready.notes if n.code == "markers.sides"]
    assert [(n.kind, n.place) for n in said] == [("repaired", f"R_{pair}, L_{pair}")]
    assert said[0].effect
    assert said[0].cure


def test_no_pair_of_a_sound_body_is_touched():
    for figure in (walking(), standing(), standing(1), walking(speed=-1.0)):
        ready = prepare_recording(recording(figure))
        assert not [n for n in ready.notes if n.code in ("markers.sides", "markers.swapped", "axes.mirrored")]


def test_half_a_body_on_the_wrong_side_is_refused():
    legs = ("FTC", "FLE", "FME", "FAX", "TTC", "FAL", "TAM", "FCC", "FM1", "FM2", "FM5")
    with pytest.raises(SidesError, match=r"right and left are exchanged at .* and right elsewhere"):
        prepare_recording(recording(walking(), names=exchanged(*((f"R_{x}", f"L_{x}") for x in legs))))


def test_feet_in_one_line_are_not_exchanged():
    figure = walking()
    for i, label in enumerate(labels()):
        if label[2:] in ("FAL", "TAM", "FCC", "FM1", "FM2", "FM5"):
            figure[:, i, 1] += 0.06 if label[0] == "R" else -0.06
    ready = prepare_recording(recording(figure))
    assert not [n for n in ready.notes if n.code == "markers.sides"]


@pytest.mark.parametrize("turned", ["mirrored", "exchanged"])
def test_a_body_turned_over_is_refused_until_the_user_says_why(turned):
    one = recording(walking() @ MIRROR) if turned == "mirrored" else recording(walking(), names=exchanged(*EVERY_PAIR))
    with pytest.raises(SidesError, match=r"--exchange-sides or --mirrored"):
        prepare_recording(one)
    ready = prepare_recording(one, settings=PrepareSettings(turned_over=turned))
    assert_walk(ready)
    assert [n.kind for n in ready.notes if n.code in ("axes.mirrored", "markers.sides")] == ["assumed"]


def test_the_order_of_a_plates_corners_tells_mirrored_axes_from_exchanged_labels():
    ready = prepare_recording(recording(STANDING @ MIRROR, plates=(turned_plate(PLATE, MIRROR),)))
    assert_walk(ready, STANDING)
    assert np.linalg.det(ready.world_from_lab) < 0
    assert any(n.code == "axes.mirrored" and n.kind == "repaired" for n in ready.notes)
    np.testing.assert_allclose(ready.plates[0].force, PLATE.force, atol=1e-9)
    np.testing.assert_allclose(ready.plates[0].free_moment, PLATE.free_moment, atol=1e-9)
    ready = prepare_recording(recording(STANDING, names=exchanged(*EVERY_PAIR), plates=(PLATE,)))
    assert_walk(ready, STANDING)
    assert any(n.code == "markers.sides" and "corners" in n.text for n in ready.notes)


def test_a_plate_that_was_read_in_mirrored_axes_pushes_up_again():
    mirrored = turned_plate(PLATE, MIRROR)
    as_read = replace(mirrored, force=mirrored.force * [1, 1, -1])
    ready = prepare_recording(recording(STANDING @ MIRROR, plates=(as_read,)))
    np.testing.assert_allclose(ready.plates[0].force, PLATE.force, atol=1e-9)


@pytest.mark.parametrize(("is_mirrored", "code"), [(True, "axes.mirrored"), (False, "markers.sides")])
def test_a_marker_that_is_only_ever_on_the_right_tells_too(is_mirrored, code):
    blade = walking()[:, [labels().index("CV7")]] + [0.02, -0.1, -0.1]
    figure = np.concatenate([walking(), blade], axis=1)
    names = (*(labels() if is_mirrored else exchanged(*EVERY_PAIR)), "R_SCAP")
    ready = prepare_recording(recording(figure @ MIRROR if is_mirrored else figure, names=names))
    assert_walk(ready)
    assert [n.code for n in ready.notes if n.code in ("axes.mirrored", "markers.sides")] == [code]
