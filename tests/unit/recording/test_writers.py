"""What is written reads back the same, with our readers and with those of others."""

from dataclasses import replace

import ezc3d
import numpy as np
import pytest
from people import labels, walking

from kinechain.core.errors import RecordingError
from kinechain.motion.signs import ANGLES
from kinechain.motion.signs import labels as angle_labels
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Event, ForcePlate, Markers, Recording, Series
from kinechain.recording.writers.c3d import JOINTS, OUR_OUTPUT, write_c3d

FRAMES, RATE = 120, 100.0


def plate(name="plate 1", turn=0.0, corners_known=True):
    """A loaded stance on a plate that stands turned in the laboratory."""
    samples = FRAMES * 10
    time = np.arange(samples) / (RATE * 10)
    load = np.where((time > 0.3) & (time < 0.9), 700 * np.sin(np.pi * (time - 0.3) / 0.6), 0.0)
    force = np.stack([0.1 * load * np.cos(5 * time), 0.05 * load, load], axis=1)
    centre = np.stack([0.2 + 0.3 * time, 0.1 + 0.02 * time, np.zeros(samples)], axis=1)
    centre[load < 20.0] = np.nan
    free = np.zeros((samples, 3))
    free[:, 2] = np.where(load >= 20.0, 3.0 * np.sin(4 * time), 0.0)
    c, s = np.cos(turn), np.sin(turn)
    x, y = np.array([c, s, 0.0]), np.array([s, -c, 0.0])
    middle = np.array([0.4, 0.1, 0.0])
    corners = np.stack([middle + a * 0.3 * x + b * 0.2 * y for a, b in ((1, 1), (-1, 1), (-1, -1), (1, -1))])
    return ForcePlate(name, corners if corners_known else np.full((4, 3), np.nan), force, centre, free, RATE * 10)


def recording(**changes):
    positions = walking(FRAMES, RATE)
    positions[20:30, 3] = np.nan
    emg = Series(
        ("EMG1", "EMG2"),
        np.random.default_rng(0).normal(size=(FRAMES * 10, 2)),
        ("V", "V"),
        np.arange(FRAMES * 10) / 1e3,
    )
    base = Recording(
        "walk.c3d",
        "0" * 64,
        "C3D",
        Markers(labels(), positions, RATE),
        (plate(),),
        (Event("foot_strike", "left", 0.25, "file"), Event("foot_off", "right", 65.5 / 60, "plates")),
        series=emg,
    )
    return replace(base, **changes)


def angles():
    values = np.random.default_rng(1).uniform(-60, 60, (FRAMES, len(angle_labels())))
    values[50:60] = np.nan
    return Series(angle_labels(), values, ("deg",) * values.shape[1], np.arange(FRAMES) / RATE)


@pytest.mark.parametrize("turn", [0.0, 0.4, np.pi / 2, 3.0])
def test_a_c3d_reads_back_the_same(tmp_path, turn):
    made = recording(plates=(plate(), plate("plate 2", turn)))
    said = write_c3d(made, tmp_path / "out.c3d", angles=angles())
    assert said == ()
    back = read_recording(tmp_path / "out.c3d")
    assert back.markers.labels == made.markers.labels
    np.testing.assert_allclose(back.markers.positions, made.markers.positions, atol=2e-7)
    assert [(e.kind, e.side) for e in back.events] == [(e.kind, e.side) for e in made.events]
    np.testing.assert_allclose([e.time_s for e in back.events], [e.time_s for e in made.events], atol=1e-5)
    np.testing.assert_allclose(back.series.column("EMG2"), made.series.column("EMG2"), atol=1e-6)


@pytest.mark.parametrize("turn", [0.0, 0.4, np.pi / 2, 3.0])
def test_plates_read_back_the_same(tmp_path, turn):
    made = recording(plates=(plate("plate 1", turn),))
    write_c3d(made, tmp_path / "out.c3d")
    (back,), (want,) = read_recording(tmp_path / "out.c3d").plates, made.plates
    np.testing.assert_allclose(back.corners, want.corners, atol=1e-6)
    np.testing.assert_allclose(back.force, want.force, atol=1e-3)
    np.testing.assert_array_equal(np.isnan(back.centre_of_pressure), np.isnan(want.centre_of_pressure))
    np.testing.assert_allclose(back.centre_of_pressure, want.centre_of_pressure, atol=1e-5)
    np.testing.assert_allclose(back.free_moment, want.free_moment, atol=1e-3)


def test_a_plate_without_corners_gets_a_surface_and_says_so(tmp_path):
    said = write_c3d(recording(plates=(plate(corners_known=False),)), tmp_path / "out.c3d")
    assert "corners are not known" in said[0]
    (back,) = read_recording(tmp_path / "out.c3d").plates
    np.testing.assert_allclose(back.centre_of_pressure, plate().centre_of_pressure, atol=1e-5)


def test_a_plate_that_nobody_loaded_and_nothing_places_is_named_and_left_out(tmp_path):
    idle = plate("plate 1", corners_known=False)
    idle = replace(idle, force=np.zeros_like(idle.force), centre_of_pressure=np.full_like(idle.force, np.nan))
    said = write_c3d(recording(plates=(idle, plate("plate 2"))), tmp_path / "out.c3d")
    assert [sentence for sentence in said if sentence.startswith("plate ")] == [
        "plate 1: its corners are not known and nobody loaded it; it is not written."
    ]
    assert len(read_recording(tmp_path / "out.c3d").plates) == 1


def test_our_angles_read_back_as_outputs_beside_those_of_plug_in_gait(tmp_path):
    pig = Series(
        tuple(f"LKneeAngles.{a}" for a in "xyz"), np.ones((FRAMES, 3)) * 7.5, ("deg",) * 3, np.arange(FRAMES) / RATE
    )
    ours = angles()
    write_c3d(recording(outputs=pig), tmp_path / "out.c3d", angles=ours)
    back = read_recording(tmp_path / "out.c3d")
    np.testing.assert_allclose(back.outputs.column("LKneeAngles.x"), 7.5)
    assert back.markers.labels == labels()
    for joint, parts in JOINTS.items():
        for axis, part in zip("xyz", parts, strict=True):
            for letter, side in (("L", "left"), ("R", "right")):
                if part:
                    got = back.outputs.column(f"{letter}{joint}{OUR_OUTPUT}.{axis}")
                    np.testing.assert_allclose(got, ours.column(f"{part}_{side}"), atol=1e-4)
    assert back.outputs.units[back.outputs.labels.index(f"LHip{OUR_OUTPUT}.x")] == "deg"


def test_every_clinical_angle_has_a_place_in_a_c3d():
    assert sorted(part for parts in JOINTS.values() for part in parts if part) == sorted(a.id for a in ANGLES)


def test_another_reader_sees_the_same(tmp_path):
    made = recording()
    write_c3d(made, tmp_path / "out.c3d", angles=angles())
    file = ezc3d.c3d(str(tmp_path / "out.c3d"), extract_forceplat_data=True)
    points = file["data"]["points"][:3, : len(labels())].transpose(2, 1, 0) / 1e3
    np.testing.assert_allclose(points, made.markers.positions, atol=2e-7)
    assert file["parameters"]["EVENT"]["CONTEXTS"]["value"] == ["Left", "Right"]
    assert file["parameters"]["EVENT"]["USED"]["value"][0] == 2
    # ezc3d gives the load that the file states, in N, in laboratory axes.
    force = file["data"]["platform"][0]["force"].T
    np.testing.assert_allclose(np.abs(force[:, 2]), made.plates[0].force[:, 2], atol=1e-2)


def test_a_clock_that_starts_late_and_a_rate_that_is_no_whole_number(tmp_path):
    rate = 59.94
    start = 90 / rate
    made = recording(markers=Markers(labels(), walking(FRAMES, rate), rate, start), plates=(), events=(), series=None)
    write_c3d(made, tmp_path / "out.c3d")
    back = read_recording(tmp_path / "out.c3d").markers
    assert back.rate_hz == pytest.approx(rate, abs=1e-4)
    assert back.start_s == pytest.approx(start, abs=1e-4)


def test_nothing_personal_is_written_and_nothing_is_written_without_markers(tmp_path):
    write_c3d(recording(name="Anna Schmidt 1955.c3d"), tmp_path / "out.c3d")
    data = (tmp_path / "out.c3d").read_bytes()
    assert b"Schmidt" not in data and b"1955" not in data
    with pytest.raises(RecordingError, match="no markers"):
        write_c3d(recording(markers=None), tmp_path / "none.c3d")
    with pytest.raises(RecordingError, match="rows of angles"):
        write_c3d(recording(), tmp_path / "none.c3d", angles=Series(("a",), np.ones((3, 1)), ("deg",), np.arange(3.0)))
