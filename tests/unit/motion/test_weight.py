"""Body mass by plates: standing still, and by the law of impulse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.motion.contacts import Contact
from kinechain.motion.weight import (
    body_weight_from_plates,
    mass_from_plates,
    mass_mismatch,
    peak_notes,
    standing_weight,
)
from kinechain.recording.recording import ForcePlate, Markers, Note, Recording
from walker import WEIGHT_N, plate, strikes, walk


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


def placed(force_n: float, middle: tuple[float, float], name: str = "plate", noise_n: float = 1.0) -> ForcePlate:
    """A plate of 0.4 by 0.4 m in the floor that carries a steady force in its middle."""
    x, y = middle
    corners = np.array([[x + 0.2, y - 0.2, 0], [x - 0.2, y - 0.2, 0], [x - 0.2, y + 0.2, 0], [x + 0.2, y + 0.2, 0]])
    one = steady(force_n, noise_n)
    point = np.tile([x, y, 0.0], (len(one.force), 1))
    return replace(one, name=name, corners=corners, centre_of_pressure=point)


def stood(plates: list[ForcePlate], mass_kg: float | None = None, notes: tuple[Note, ...] = ()) -> Recording:
    """A person whose heels stand at (0, 0.1) and (0, -0.1), recorded with plates."""
    points = {
        f"{name}_{side[0]}": (x, y * (1 if side == "left" else -1), z)
        for side in ("left", "right")
        for name, (x, y, z) in {
            "heel": (0.0, 0.1, 0.03),
            "metatarsal_1_head": (0.17, 0.06, 0.03),
            "metatarsal_2_head": (0.18, 0.1, 0.03),
            "metatarsal_5_head": (0.15, 0.14, 0.03),
            "hallux_tip": (0.22, 0.08, 0.03),
            "psis": (-0.1, 0.05, 1.0),
            "asis": (0.1, 0.12, 1.0),
        }.items()
    }
    positions = np.tile(np.array(list(points.values())), (100, 1, 1))
    return Recording(
        "stand.c3d",
        "0" * 64,
        "C3D",
        Markers(tuple(points), positions, 100.0),
        tuple(plates),
        mass_kg=mass_kg,
        is_world=True,
        landmarks=tuple((name, name) for name in points),
        notes=notes,
        task="standing",
    )


def test_two_feet_on_two_plates_are_weighed_without_doubt() -> None:
    weight = standing_weight(stood([placed(300.0, (0.1, 0.2)), placed(400.0, (0.1, -0.2))]))
    assert weight is not None
    assert weight.force_n == pytest.approx(700.0, rel=1e-3)
    assert (weight.is_whole, weight.doubts) == (True, ())
    assert mass_mismatch(71.0, weight) is None


def test_a_foot_beside_every_plate_makes_the_weight_too_small_and_is_said() -> None:
    recording = stood([placed(400.0, (0.1, -0.22))])
    weight = standing_weight(recording)
    assert weight is not None
    assert not weight.is_whole
    assert weight.doubts == ("the left foot stands beside the plates",)
    assert mass_from_plates(recording) is None


def test_a_mass_that_the_plates_contradict_comes_with_both_reasons() -> None:
    unseen = Note("found", "x", "plates.zero_unseen", "plates 1, 2")
    weight = standing_weight(stood([placed(300.0, (-0.02, 0.2)), placed(383.8, (-0.02, -0.2))], notes=(unseen,)))
    assert weight is not None
    note = mass_mismatch(81.0, weight)
    assert note is not None
    assert "81.0 kg" in note.text and "69.7 kg" in note.text and "14 % less" in note.text
    assert "either the stated mass is wrong" in note.text
    assert "beside the plates" in note.text
    assert "overhangs the edge by 40 mm" in note.text
    assert "the zero of plates 1, 2 could not be checked" in note.text
    assert (note.code, note.kind) == ("person.mass", "defect")
    assert note.effect and note.cure


def test_a_foot_that_straddles_the_gap_between_two_plates_stands_on_both() -> None:
    plates = [placed(250.0, (-0.1, 0.0)), placed(450.0, (0.302, 0.0))]
    weight = standing_weight(stood(plates))
    assert weight is not None
    assert (weight.is_whole, weight.doubts) == (True, ())


def test_only_the_steady_part_is_weighed() -> None:
    one = placed(700.0, (0.1, 0.0))
    force = one.force.copy()
    force[:400, 2] = np.linspace(0, 700, 400)  # stepping on
    force[900:, 2] = 0.0
    assert mass_from_plates(stood([replace(one, force=force)])) == pytest.approx(700 / GRAVITY_M_S2, rel=2e-3)


def test_plates_on_different_clocks_are_added_up_in_time() -> None:
    slow = placed(300.0, (0.1, 0.2))
    slow = replace(
        slow,
        force=slow.force[::2],
        centre_of_pressure=slow.centre_of_pressure[::2],
        free_moment=slow.free_moment[::2],
        rate_hz=500.0,
    )
    assert mass_from_plates(stood([placed(400.0, (0.1, -0.2)), slow])) == pytest.approx(700 / GRAVITY_M_S2, rel=2e-3)


def stepped(*peaks_n: float) -> tuple[Recording, tuple[Contact, ...]]:
    """Plates that carry one half sine each, and their clean contacts."""
    plates, contacts = [], []
    for k, peak in enumerate(peaks_n):
        one = steady(0.0, 0.0)
        force = one.force.copy()
        force[100:800, 2] = peak * np.sin(np.pi * np.arange(700) / 700)
        plates.append(replace(one, name=f"plate {k + 1}", force=force))
        contacts.append(Contact(k, 0.1, 0.8, True, True, True, "left", True, ""))
    return recording(plates, "walking"), tuple(contacts)


@pytest.mark.parametrize(("peak_n", "is_odd"), [(750.0, False), (1000.0, False), (1400.0, True), (450.0, True)])
def test_peaks_of_walking_are_held_against_body_weight(peak_n: float, is_odd: bool) -> None:
    notes = peak_notes(*stepped(peak_n), 70.0)
    assert [n.code for n in notes] == (["plates.peak"] if is_odd else [])
    assert all(f"{peak_n:.0f} N" in n.text and n.place == "plate 1" for n in notes)


def test_without_a_mass_the_plates_are_held_against_each_other() -> None:
    assert peak_notes(*stepped(800.0, 850.0, 780.0), None) == ()
    (note,) = peak_notes(*stepped(800.0, 850.0, 1900.0), None)
    assert note.place == "plate 3"
    (note,) = peak_notes(*stepped(1900.0, 800.0), None)
    assert note.place == "plate 2, plate 1", "of two plates nobody knows which is wrong"
    assert peak_notes(*stepped(800.0, 1200.0), None) == ()


def test_a_hit_that_is_not_whole_says_nothing_of_peaks() -> None:
    walked, contacts = stepped(1400.0)
    assert peak_notes(walked, (replace(contacts[0], is_whole=False),), 70.0) == ()
    assert peak_notes(walked, (replace(contacts[0], is_clean=False),), 70.0) == ()
