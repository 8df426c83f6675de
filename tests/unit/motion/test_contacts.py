"""Whose foot is on which plate, and the reason where that cannot be said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kinechain.motion.contacts import find_contacts
from kinechain.motion.foot_paths import FootPaths, on_the_belt
from kinechain.recording.recording import ForcePlate
from walker import plate, strikes, walk

LASTS = 0.68


def hit(paths: FootPaths, side: str = "left", number: int = 1, **more: float) -> ForcePlate:
    strike = strikes(side, 1.1, 4.0)[number]
    return plate(paths, side, strike, strike + LASTS, **more)


def only(plates: list[ForcePlate], paths: FootPaths):
    (contact,) = find_contacts(plates, paths)
    return contact


def test_a_whole_foot_on_one_plate_is_clean() -> None:
    paths = walk()
    for side in ("left", "right"):
        contact = only([hit(paths, side)], paths)
        assert (contact.side, contact.is_clean, contact.is_whole, contact.reason) == (side, True, True, "")


def test_a_plate_already_loaded_when_the_recording_starts_shows_no_strike() -> None:
    paths = walk()
    one = hit(paths)
    begin = round(one.rate_hz * (strikes("left", 1.1, 4.0)[1] + 0.2))
    cut = replace(
        one,
        force=one.force[begin:],
        centre_of_pressure=one.centre_of_pressure[begin:],
        free_moment=one.free_moment[begin:],
        start_s=begin / one.rate_hz,
    )
    contact = only([cut], paths)
    assert (contact.has_start, contact.has_end, contact.is_whole) == (False, True, False)


def test_a_foot_on_two_plates_names_the_other() -> None:
    paths = walk()
    one = hit(paths)
    share = np.linspace(0.2, 0.8, len(one.force))[:, None]
    plates = [
        replace(one, name="plate 3", force=one.force * share),
        replace(one, name="plate 4", force=one.force * (1 - share)),
    ]
    first, second = find_contacts(plates, paths)
    assert "two plates" in first.reason and "plate 4" in first.reason
    assert "plate 3" in second.reason
    assert (first.others, second.others) == ((1,), (0,))
    assert not first.is_clean and not second.is_clean


@pytest.mark.parametrize(("shift_m", "clean"), [(0.0, True), (0.1, True), (0.15, False), (0.2, False)])
def test_a_foot_over_the_edge_is_told_by_how_much(shift_m: float, clean: bool) -> None:
    # The heel stands 0.1 m inside the rear edge of the plate; the plate is moved forward under the foot.
    paths = walk()
    one = hit(paths)
    contact = only([replace(one, corners=one.corners + np.array([shift_m, 0, 0]))], paths)
    assert contact.is_clean is clean
    if not clean:
        assert "edge" in contact.reason
        assert f"{(shift_m - 0.1) * 1e3:.0f} mm" in contact.reason


def test_toes_that_stand_out_without_pressing_are_no_overhang() -> None:
    paths = walk()
    one = hit(paths)
    tip = paths.hallux["left"][round(paths.rate_hz * (strikes("left", 1.1, 4.0)[1] + 0.3)), 0]
    corners = one.corners.copy()
    corners[corners[:, 0] > tip, 0] = tip - 0.04
    back = np.minimum(one.centre_of_pressure, [tip - 0.1, np.inf, np.inf])
    assert only([replace(one, corners=corners, centre_of_pressure=back)], paths).is_clean
    pressed = np.minimum(one.centre_of_pressure, [tip - 0.05, np.inf, np.inf])
    assert not only([replace(one, corners=corners, centre_of_pressure=pressed)], paths).is_clean


def test_both_feet_on_one_plate_belong_to_neither() -> None:
    paths = walk()
    first = hit(paths, "left")
    second = hit(paths, "right")
    force = first.force + second.force
    weight = first.force[:, 2:] / np.maximum(force[:, 2:], 1.0)
    point = weight * np.nan_to_num(first.centre_of_pressure) + (1 - weight) * np.nan_to_num(second.centre_of_pressure)
    corners = np.array([[-5.0, -5, 0], [5, -5, 0], [5, 5, 0], [-5, 5, 0]])
    contact = only([replace(first, force=force, centre_of_pressure=point, corners=corners)], paths)
    assert contact.side is None
    assert "both feet" in contact.reason


def test_a_second_foot_that_rests_on_the_plate_is_told_though_the_force_acts_under_one() -> None:
    paths = walk()
    one = hit(paths)
    wide = np.array([[-5.0, -5, 0], [5, -5, 0], [5, 5, 0], [-5, 5, 0]])
    assert only([replace(one, corners=wide)], paths).is_clean, "a foot that swings over the plate carries nothing"
    frame = round(paths.rate_hz * (strikes("left", 1.1, 4.0)[1] + 0.3))

    def resting(path: dict) -> dict:
        beside = path["left"][frame] + [0, -0.25, 0]
        return {**path, "right": np.tile(beside, (len(paths.pelvis), 1))}

    stood = replace(paths, **{name: resting(getattr(paths, name)) for name in ("heel", "inner", "outer", "hallux")})
    contact = only([replace(one, corners=wide)], stood)
    assert not contact.is_clean
    assert "the other foot stands on the same plate" in contact.reason


def test_a_force_beside_the_feet_is_nobodys() -> None:
    paths = walk()
    contact = only([hit(paths, shift_m=0.2)], paths)
    assert contact.side is None
    assert "does not stay under one foot" in contact.reason


def test_a_hidden_foot_is_said() -> None:
    paths = walk()
    hidden = {**paths.heel, "left": np.full_like(paths.heel["left"], np.nan)}
    contact = only([hit(paths)], replace(paths, heel=hidden))
    assert contact.side is None
    assert "not seen" in contact.reason
    both = {side: np.full_like(path, np.nan) for side, path in paths.heel.items()}
    assert "no foot was seen" in only([hit(paths)], replace(paths, heel=both)).reason


def test_a_plate_that_does_not_say_where_its_force_acts() -> None:
    paths = walk()
    one = hit(paths)
    contact = only([replace(one, centre_of_pressure=np.full_like(one.centre_of_pressure, np.nan))], paths)
    assert contact.side is None
    assert "does not say where" in contact.reason


def test_a_split_belt_treadmill_gives_clean_hits_on_fixed_plates() -> None:
    paths = walk()
    speed = 1.3 / 1.1
    lab = on_the_belt(paths, -speed)
    belt = on_the_belt(replace(lab, belt_m_s=0.0), speed)
    assert belt.belt_m_s == pytest.approx(speed)
    plates = []
    for side, y in (("left", 0.1), ("right", -0.1)):
        one = hit(paths, side)
        point = one.centre_of_pressure - np.outer(speed * (one.times_s - paths.start_s), [1.0, 0, 0])
        corners = np.array([[-3.0, y - 0.09, 0], [3, y - 0.09, 0], [3, y + 0.09, 0], [-3, y + 0.09, 0]])
        plates.append(replace(one, centre_of_pressure=point, corners=corners))
    found = find_contacts(plates, belt)
    assert [(c.side, c.is_clean) for c in found] == [("left", True), ("right", True)]
    # A foot that treads across the gap between the belts is told.
    narrow = replace(plates[0], corners=plates[0].corners + np.array([0, 0.1, 0]))
    assert "edge" in only([narrow], belt).reason


def test_short_touches_and_small_offsets_are_no_contacts() -> None:
    paths = walk()
    one = hit(paths)
    touch = np.where((one.times_s > 1.0) & (one.times_s < 1.05), 100.0, 15.0)
    assert find_contacts([replace(one, force=touch[:, None] * [0, 0, 1.0])], paths) == ()


def test_a_force_that_falls_below_the_upper_threshold_only_is_one_contact() -> None:
    paths = walk()
    one = hit(paths)
    force = one.force.copy()
    middle = int(np.argmax(force[:, 2]))
    force[middle : middle + 30, 2] = 15.0
    assert len(find_contacts([replace(one, force=force)], paths)) == 1
    force[middle : middle + 30, 2] = 5.0
    assert len(find_contacts([replace(one, force=force)], paths)) == 2
