"""Plates whose horizontal force has the wrong sign, told by the way to the pelvis."""

from dataclasses import replace

import numpy as np
import pytest

from kinechain.recording.plate_shear import shear_notes
from kinechain.recording.recording import ForcePlate

RATE, PLATE_RATE, HEIGHT = 100.0, 1000.0, 0.95


def step(side=1.0, peak=700.0, seconds=0.7, middle=0.6) -> ForcePlate:
    """A stance over which the pelvis passes; the force points to it."""
    time = np.arange(int(seconds * PLATE_RATE)) / PLATE_RATE
    force = np.zeros((len(time), 3))
    force[:, 2] = peak * np.sin(np.pi * time / seconds) ** 0.3
    point = np.stack([middle + 0.2 * (time / seconds - 0.5), np.full(len(time), 0.08 * side), 0 * time], axis=1)
    way = np.stack([1.0 * (time + 0.25), 0 * time], axis=1) - point[:, :2]
    force[:, :2] = way / HEIGHT * force[:, 2:]
    return ForcePlate("plate 1", np.full((4, 3), np.nan), force, point, 0 * force, PLATE_RATE, 0.25)


def tracks():
    x = np.arange(150) / RATE
    return {f"asis_{s}": np.stack([x, 0 * x + y, 0 * x + HEIGHT], axis=1) for s, y in (("l", 0.12), ("r", -0.12))}


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_force_towards_the_body_is_right(side):
    assert shear_notes([step(side)], tracks(), RATE, 0.0) == ()


@pytest.mark.parametrize(
    ("signs", "words"),
    [
        ((-1, 1, 1), "along the walkway"),
        ((1, -1, 1), "across the walkway"),
        ((-1, -1, 1), "along the walkway and across"),
    ],
)
def test_a_force_away_from_the_body_is_a_defect(signs, words):
    one = step()
    wrong = replace(one, force=one.force * np.array(signs))
    (note,) = shear_notes([wrong], tracks(), RATE, 0.0)
    assert (note.kind, note.code, note.place) == ("defect", "plates.shear_sign", "plate 1")
    assert words in note.text and note.effect and note.cure


def test_what_cannot_be_told_is_not_said():
    one = step()
    wrong = replace(one, force=one.force * np.array([-1, 1, 1]))
    assert shear_notes([wrong], {}, RATE, 0.0) == ()
    assert shear_notes([replace(wrong, start_s=50.0)], tracks(), RATE, 0.0) == ()
    # A light or short touch leans as it likes beside whole steps.
    light = replace(wrong, force=wrong.force * 0.5)
    assert shear_notes([one, light], tracks(), RATE, 0.0) == ()
    # Somebody who stands still hardly pushes.
    calm = replace(wrong, force=wrong.force * [0.05, 0.05, 1.0])
    assert shear_notes([calm], tracks(), RATE, 0.0) == ()
