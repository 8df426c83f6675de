"""Plates against feet: what is turned, left out or kept, and the sentence for it."""

from dataclasses import replace

import numpy as np
import pytest

from kinechain.recording.plate_feet import plates_under_feet
from kinechain.recording.plates import plate_axes
from kinechain.recording.recording import ForcePlate

RATE, PLATE_RATE = 100.0, 1000.0
FRAMES = 100
HALF = np.array([0.25, 0.4])


def feet(left=(0.1, 0.1), right=(0.6, -0.1)):
    """Tracks of two feet that stand, toes forward."""
    still = np.ones((FRAMES, 1))
    tracks = {}
    for side, (x, y) in (("l", left), ("r", right)):
        tracks[f"heel_{side}"] = still * [x, y, 0.03]
        tracks[f"metatarsal_2_head_{side}"] = still * [x + 0.18, y, 0.04]
    for side, y in (("l", 0.12), ("r", -0.12)):
        tracks[f"asis_{side}"] = still * [0.4, y, 0.95]
    return tracks


def plate(at=(0.1, 0.1), middle=(0.3, 0.33), turn=0.4, origin=(0.0, 0.0, -0.04)) -> ForcePlate:
    """A plate turned in the floor, on which a foot rolls from heel to toe."""
    n = 900
    x = np.array([np.cos(turn), np.sin(turn), 0.0])
    lab_from_plate = np.stack([x, np.cross([0, 0, -1.0], x), [0, 0, -1.0]], axis=1)
    signs = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    corners = [*middle, 0.0] + (signs * HALF) @ lab_from_plate[:, :2].T
    share = np.sin(np.pi * np.linspace(0, 1, n))[:, None]
    along = np.linspace(0, 1, n)[:, None]
    force = share * [0, 0, 700.0] + (along - 0.5) * share * [120.0, 0, 0] + share * [0, 30.0, 0]
    point = np.array([*at, 0.0]) + along * [0.18, 0.01, 0.0]
    point[force[:, 2] < 20] = np.nan
    return ForcePlate("plate 1", corners, force, point, share * [0, 0, 3.0], PLATE_RATE, 0.0, origin)


def checked(one, tracks=None):
    notes = []
    out = plates_under_feet([one], tracks or feet(), RATE, 0.0, notes)
    return (out[0] if out else None), notes


def described(one: ForcePlate, order, signs=(1, 1, 1)) -> ForcePlate:
    """What the channels of a plate come to when its corners are stated in another order and its origin wrongly."""
    right, middle = plate_axes(one.corners)
    corners = one.corners[list(order)]
    wrong, _ = plate_axes(corners)
    force = one.force @ right
    moved = np.array(one.origin) * (np.array(signs, dtype=float) - 1)
    point = (one.centre_of_pressure - middle) @ right[:, :2]
    with np.errstate(invalid="ignore", divide="ignore"):
        point = point - moved[:2] + force[:, :2] / force[:, 2:] * moved[2]
    return replace(
        one,
        corners=corners,
        force=force @ wrong.T,
        centre_of_pressure=middle + point @ wrong[:, :2].T,
        free_moment=(one.free_moment @ right) @ wrong.T,
        origin=tuple(float(v) for v in np.array(one.origin) * signs),
    )


def assert_same(a: ForcePlate, b: ForcePlate) -> None:
    np.testing.assert_allclose(a.force, b.force, atol=1e-9)
    np.testing.assert_allclose(a.centre_of_pressure, b.centre_of_pressure, atol=1e-9)
    np.testing.assert_allclose(a.free_moment, b.free_moment, atol=1e-9)


def test_a_plate_under_a_foot_stays_as_it_is():
    one = plate()
    out, notes = checked(one)
    assert out is one
    assert notes == []


@pytest.mark.parametrize("order", [(1, 2, 3, 0), (2, 3, 0, 1), (3, 0, 1, 2)])
def test_corners_that_begin_elsewhere_are_brought_into_order(order):
    right = plate()
    out, notes = checked(described(right, order))
    assert [n.code for n in notes] == ["plates.corner_order"]
    assert_same(out, right)
    assert "order of its corners" in notes[0].text


@pytest.mark.parametrize("order", [(1, 0, 3, 2), (3, 2, 1, 0), (0, 3, 2, 1), (2, 1, 0, 3)])
def test_corners_that_run_the_wrong_way_round_push_the_person_down_until_turned(order):
    right = plate()
    wrong = described(right, order)
    assert np.nanmedian(wrong.force[:, 2]) < 0
    out, notes = checked(wrong)
    assert [n.code for n in notes] == ["plates.corner_order"]
    assert "downwards" in notes[0].text
    assert_same(out, right)


@pytest.mark.parametrize("origin", [(0.2, 0.3, -0.15), (0.1, 0.0, -0.04), (-0.15, 0.1, 0.0)])
def test_an_origin_of_the_wrong_sign_is_turned(origin):
    right = plate(origin=origin)
    out, notes = checked(described(right, (0, 1, 2, 3), (-1, -1, 1)))
    assert [n.code for n in notes] == ["plates.origin_sign"]
    assert_same(out, right)


def test_a_force_far_from_both_feet_is_left_out():
    out, notes = checked(plate(at=(2.0, 1.0), middle=(2.1, 1.1)))
    assert out is None
    assert [n.code for n in notes] == ["plates.not_under_feet"]
    assert "m from the nearest foot" in notes[0].text
    assert notes[0].effect and notes[0].cure


def test_a_force_a_little_beside_the_feet_is_told():
    out, notes = checked(plate(at=(0.1, 0.3), middle=(0.15, 0.35), turn=0.0))
    assert out is not None
    assert [n.code for n in notes] == ["plates.beside_foot"]


def test_a_plate_in_other_axes_than_the_markers_is_left_out():
    one = plate()
    swap = [0, 2, 1]
    other = replace(
        one,
        corners=one.corners[:, swap],
        force=one.force[:, swap],
        centre_of_pressure=one.centre_of_pressure[:, swap],
        free_moment=one.free_moment[:, swap],
    )
    out, notes = checked(other)
    assert out is None
    assert [n.code for n in notes] == ["plates.direction"]
    assert "sideways" in notes[0].text


def test_a_force_that_points_down_and_fits_nowhere_is_left_out():
    one = plate(at=(2.0, 1.0), middle=(2.1, 1.1))
    out, notes = checked(replace(one, force=-one.force))
    assert out is None
    assert [n.code for n in notes] == ["plates.direction"]
    assert "points down" in notes[0].text


def test_a_seat_is_no_foot():
    tracks = feet(left=(1.0, 0.1), right=(1.0, -0.1))
    out, notes = checked(plate(at=(0.4, 0.0), middle=(0.4, 0.1)), tracks)
    assert out is not None
    assert [n.code for n in notes] == ["plates.seat"]


def test_both_feet_on_one_plate_are_fine():
    tracks = feet(left=(0.1, 0.35), right=(0.1, 0.05))
    out, notes = checked(plate(at=(0.1, 0.2), middle=(0.3, 0.2), turn=0.0), tracks)
    assert out is not None
    assert notes == []


def test_nothing_is_said_of_a_plate_that_nobody_loads_or_nobody_is_seen_on():
    light = replace(plate(at=(5, 5)), force=plate().force / 100)
    assert checked(light)[1] == []
    hidden = {name: np.full_like(track, np.nan) for name, track in feet().items()}
    out, notes = checked(plate(at=(5, 5)), hidden)
    assert out is not None
    assert notes == []


def test_without_feet_nothing_is_judged():
    one = plate(at=(5, 5))
    out, notes = checked(one, {"asis_l": np.zeros((FRAMES, 3))})
    assert out is one
    assert notes == []
