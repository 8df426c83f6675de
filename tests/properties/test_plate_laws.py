"""A known force at a known point comes back from the channels of every type of plate, in every laboratory."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "recording"))

from plate_maker import LABS, source

from kinechain.recording.plates import compute_plate, compute_plates


@pytest.mark.parametrize("lab", LABS)
@pytest.mark.parametrize("kind", [1, 2, 3, 4, 5, 6, 7])
@pytest.mark.parametrize("seed", range(8))
def test_force_point_and_free_moment_come_back(kind, lab, seed):
    made, (force, point, free) = source(kind, seed, lab)
    plate, notes = compute_plate(made)
    assert not [n for n in notes if n.kind in ("defect", "repaired")]
    up = LABS[lab][2]
    loaded = force @ up > 25.0
    np.testing.assert_allclose(plate.force, force, atol=1e-9)
    np.testing.assert_allclose(plate.centre_of_pressure[loaded], point[loaded], atol=1e-9)
    np.testing.assert_allclose(plate.free_moment[loaded], free[loaded], atol=1e-8)
    assert np.isnan(plate.centre_of_pressure[force @ up < 15.0]).all()


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("seed", range(4))
def test_the_force_on_the_plate_gives_the_same_as_the_one_on_the_person(kind, seed):
    made, (force, point, free) = source(kind, seed)
    signs = np.array([-1.0, -1, -1, 1, 1, -1]) if kind == 1 else -1.0
    plate, notes = compute_plate(replace(made, channels=made.channels * signs))
    assert [n.code for n in notes] == ["plates.sign"]
    loaded = force[:, 2] > 25.0
    np.testing.assert_allclose(plate.force, force, atol=1e-9)
    np.testing.assert_allclose(plate.centre_of_pressure[loaded], point[loaded], atol=1e-9)
    np.testing.assert_allclose(plate.free_moment[loaded], free[loaded], atol=1e-8)


@pytest.mark.parametrize("seed", range(6))
def test_a_mirror_image_of_a_walk_gives_the_mirror_image_of_its_forces(seed):
    made, _ = source(2, seed)
    mirror = np.array([1.0, -1.0, 1.0])
    # A mirrored plate: y of its axes and of the laboratory are turned, so moments about x and z change sign.
    corners = (made.corners * mirror)[[3, 2, 1, 0]]
    channels = made.channels * np.array([1.0, -1, 1, -1, 1, -1])
    other = replace(made, corners=corners, channels=channels, origin=made.origin * mirror)
    one, two = compute_plates([made])[0][0], compute_plates([other])[0][0]
    np.testing.assert_allclose(two.force, one.force * mirror, atol=1e-9)
    np.testing.assert_allclose(two.centre_of_pressure, one.centre_of_pressure * mirror, atol=1e-9)
    np.testing.assert_allclose(two.free_moment, -one.free_moment * mirror, atol=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_what_a_plate_says_does_not_depend_on_its_neighbours(seed):
    sources = [source(kind, seed)[0] for kind in (2, 3, 4)]
    alone = [compute_plate(s)[0] for s in sources]
    together, notes = compute_plates(sources)
    assert not [n for n in notes if n.kind == "defect"]
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a.force, b.force)
        np.testing.assert_array_equal(a.centre_of_pressure, b.centre_of_pressure)
