"""Body mass by plates: standing still, and by the law of impulse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from walker import WEIGHT_N, plate, strikes, walk

from kinechain.motion.weight import GRAVITY_M_S2, body_weight_from_plates, mass_from_plates
from kinechain.recording.recording import ForcePlate, Recording


def recording(plates, task="") -> Recording:
    return Recording("file.c3d", "0" * 64, "C3D", plates=tuple(plates), is_world=True, task=task)


def steady(force_n: float, noise_n: float = 1.0) -> ForcePlate:
    count = 1000
    force = np.zeros((count, 3))
    force[:, 2] = force_n + noise_n * np.random.default_rng(0).normal(size=count)
    return ForcePlate("plate", np.zeros((4, 3)), force, np.zeros((count, 3)), np.zeros((count, 3)), 1000.0)


def test_a_person_standing_on_two_plates_is_weighed() -> None:
    mass = mass_from_plates(recording([steady(300.0), steady(400.0), steady(0.0)], "standing"))
    assert mass == pytest.approx(700.0 / GRAVITY_M_S2, rel=1e-3)


def test_nobody_is_weighed_while_walking_or_without_load() -> None:
    assert mass_from_plates(recording([steady(700.0)], "walking")) is None
    assert mass_from_plates(recording([steady(2.0)])) is None
    assert mass_from_plates(recording([steady(300.0, noise_n=200.0)])) is None
    assert mass_from_plates(recording([])) is None


def test_left_and_right_impulse_over_the_stride_time_is_the_weight() -> None:
    paths = walk()
    left, right = strikes("left", 1.1, 4.0)[1], strikes("right", 1.1, 4.0)[1]
    plates = [plate(paths, "left", left, left + 0.68), plate(paths, "right", right, right + 0.68)]
    weight = body_weight_from_plates(recording(plates), paths)
    assert weight is not None
    one_stance = WEIGHT_N * 0.68 * 2 / np.pi
    assert weight.left_impulse_ns == pytest.approx(one_stance, rel=2e-3)
    assert weight.stride_s == pytest.approx(1.1, rel=2e-3)
    assert weight.mass_kg == pytest.approx(2 * one_stance / (GRAVITY_M_S2 * 1.1), rel=4e-3)
    assert weight.ratio(weight.mass_kg) == 1.0


def test_a_plate_that_begins_loaded_weighs_nobody() -> None:
    paths = walk()
    left, right = strikes("left", 1.1, 4.0)[1], strikes("right", 1.1, 4.0)[1]
    plates = [plate(paths, "left", left, left + 0.68), plate(paths, "right", right, right + 0.68)]
    start = round((right + 0.1) * 1000)
    late = replace(
        plates[1],
        force=plates[1].force[start:],
        centre_of_pressure=plates[1].centre_of_pressure[start:],
        free_moment=plates[1].free_moment[start:],
        start_s=start / 1000,
    )
    assert body_weight_from_plates(recording([plates[0], late]), paths) is None
