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


@pytest.mark.parametrize("seed", range(150))
def test_whatever_a_file_says_of_its_plates_ends_in_plates_or_sentences(seed):
    rng = np.random.default_rng(seed)
    sources = []
    for k in range(rng.integers(1, 4)):
        kind = int(rng.integers(1, 8))
        made, _ = source(kind, seed)
        channels = made.channels.copy()[: int(rng.choice([0, 1, 2, 7, 600]))]
        what = rng.integers(0, 9)
        if what == 1 and channels.size:
            channels[rng.integers(len(channels)), rng.integers(channels.shape[1])] = rng.choice([np.nan, np.inf, 1e300])
        elif what == 2:
            channels = np.zeros_like(channels)
        elif what == 3:
            channels = channels * 10.0 ** rng.uniform(-6, 6)
        elif what == 4:
            channels = rng.normal(0, 10.0 ** rng.uniform(-3, 5), channels.shape)
        elif what == 5:
            channels = np.round(channels / 50) * 50
        corners = made.corners * 10.0 ** float(rng.choice([0, 0, 0, 3, -3, 30]))
        if rng.random() < 0.2:
            corners = rng.permutation(corners)
        zero = (0, len(channels) - 1) if rng.random() < 0.3 and len(channels) > 1 else None
        rate = float(rng.choice([1.0, 50.0, 1000.0, 20000.0]))
        origin = made.origin * rng.choice([-1.0, 0.0, 1.0, 1e3])
        sources.append(
            replace(
                made,
                name=f"plate {k + 1}",
                channels=channels,
                corners=corners,
                origin=origin,
                zero=zero,
                rate_hz=rate,
                uncalibrated=channels[:, :6] * rng.uniform(0, 2) if kind == 4 else None,
            )
        )
    plates, notes = compute_plates(sources)
    named = {plate.name for plate in plates}
    for plate in plates:
        assert np.isfinite(plate.force).all()
        assert np.isfinite(plate.free_moment).all()
    for made in sources:
        gone = [n for n in notes if n.place == made.name and (n.kind == "defect" or n.code == "plates.twice")]
        assert (made.name in named) != bool(gone), "a plate is there, or a sentence says why not"
    assert all(n.effect and n.cure and n.code and n.text.endswith(".") for n in notes)
