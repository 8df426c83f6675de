"""The force table of Cortex, and plates in columns of other tables."""

import numpy as np
import pytest

from kinechain.core.errors import FileError
from kinechain.recording.plate_tables import plates_from_table
from kinechain.recording.read import read_recording
from kinechain.recording.readers.forces import looks_like_forces, read_forces
from kinechain.recording.recording import Series

HEADING = "#Sample\tFX1\tFY1\tFZ1\tX1\tY1\tZ1\tMZ1\tFX2\tFY2\tFZ2\tX2\tY2\tZ2\tMZ2"


def table(rows=4, rate="450.000000", heading=HEADING, sign=1.0, millimetres=True, stated=None):
    scale = 1.0 if millimetres else 1e-3
    lines = [
        "[Force Data]",
        "NumberOfForcePlates=2",
        f"SampleRate={rate}",
        f"NumberOfSamples={stated or rows}",
        heading,
    ]
    for i in range(rows):
        one = [sign * (10.0 + i), sign * 700.0, -20.0 * sign, 300 * scale, 0.0, (200 + i) * scale, sign * 4000]
        two = [0.0, 0.0, 0.0, 900 * scale, 0.0, 200 * scale, 0.0]
        lines.append("\t".join([str(i + 1), *(f"{v:.3f}" for v in (*one, *two))]))
    return "\r\n".join(lines) + "\r\n"


def test_force_and_place_of_every_plate():
    assert looks_like_forces(table())
    content = read_forces(table(), "walk1.forces")
    one, two = content.plates
    assert (one.rate_hz, one.start_s) == (450.0, 0.0)
    np.testing.assert_allclose(one.force[1], [11, 700, -20])
    np.testing.assert_allclose(one.centre_of_pressure[1], [0.3, 0.0, 0.201])
    np.testing.assert_allclose(one.free_moment[1], [0, 4.0, 0])
    assert np.isnan(two.centre_of_pressure).all()
    assert {n.code for n in content.notes} == {"plates.vertical", "plates.unit_of_length", "plates.moment_unit"}


def test_metres_stay_metres_and_the_force_on_the_plate_is_turned():
    content = read_forces(table(sign=-1.0, millimetres=False), "a.forces")
    np.testing.assert_allclose(content.plates[0].force[0], [10, 700, -20])
    np.testing.assert_allclose(content.plates[0].centre_of_pressure[0], [0.3, 0.0, 0.2])
    assert "plates.sign" in {n.code for n in content.notes}


def test_a_force_file_is_told_by_its_content(tmp_path):
    path = tmp_path / "walk.txt"
    path.write_text(table())
    recording = read_recording(path)
    assert (recording.format, len(recording.plates), recording.markers) == ("FORCES", 2, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (table(rate="0"), "states no sample rate"),
        (table(rate="many"), "states no sample rate"),
        (table(heading="#Sample\tFX1\tFY1"), "line 5: no plate has all of"),
        (table(heading="Sample FX1"), "names no columns"),
        (table(rows=1), "holds 1 rows"),
        (table().replace("\t11.000", "\tx"), "line 7: 15 numbers are needed"),
        (table().replace("\t11.000", "\tnan"), "line 7: a value is not a finite number"),
    ],
)
def test_damage_gets_one_sentence(text, said):
    with pytest.raises(FileError, match=said) as caught:
        read_forces(text, "walk1.forces")
    assert str(caught.value).startswith("walk1.forces")


def test_a_last_line_that_breaks_off_is_left_out_and_said():
    text = table(5).rstrip()
    content = read_forces(text[: len(text) - 20], "a.forces")
    assert len(content.plates[0].force) == 4
    assert [n.place for n in content.notes if n.code == "file.rows"] == ["line 10", "header"]


def test_fewer_rows_than_stated_are_said():
    content = read_forces(table(3, stated=9), "a.forces")
    assert any("says NumberOfSamples=9 and the file holds 3" in n.text for n in content.notes)


def flat(point, moment):
    labels = tuple(f"{q}1_{i}" for q in "fpm" for i in (1, 2, 3))
    force = np.tile([30.0, -20.0, 700.0], (5, 1))
    values = np.column_stack([force, point, moment])
    return Series(labels, values, ("",) * 9, np.arange(5) / 100)


def test_opensims_columns_about_the_origin_come_to_a_centre_of_pressure():
    # The moment about (1, 2, 0) of that force at (1.1, 2.05, 0) with 4 N m of twist, by hand: r x F with r = (.1, .05).
    moment = np.tile([0.05 * 700, -0.1 * 700, 0.1 * -20 - 0.05 * 30 + 4.0], (5, 1))
    notes = []
    (plate,) = plates_from_table(flat(np.tile([1.0, 2.0, 0.0], (5, 1)), moment), notes)
    np.testing.assert_allclose(plate.centre_of_pressure[2], [1.1, 2.05, 0.0])
    np.testing.assert_allclose(plate.free_moment[2], [0, 0, 4.0], atol=1e-12)
    assert notes == []


def test_a_large_moment_about_one_point_of_a_treadmill_stays_in_newton_metres():
    moment = np.tile([0.8 * 700, 0.0, -0.8 * 30.0], (5, 1))  # r x F by hand, with r = (0, 0.8)
    notes = []
    (plate,) = plates_from_table(flat(np.tile([1.0, 2.0, 0.0], (5, 1)), moment), notes)
    np.testing.assert_allclose(plate.centre_of_pressure[2], [1.0, 2.8, 0.0])
    np.testing.assert_allclose(plate.free_moment[2], 0.0, atol=1e-9)
    assert notes == []


def test_opensims_columns_at_the_centre_of_pressure_in_millimetres():
    point = np.column_stack([1100.0 + np.arange(5), np.full(5, 2050.0), np.zeros(5)])
    notes = []
    (plate,) = plates_from_table(flat(point, np.tile([0, 0, 4000.0], (5, 1))), notes)
    np.testing.assert_allclose(plate.centre_of_pressure[2], [1.102, 2.05, 0.0])
    np.testing.assert_allclose(plate.free_moment[2], [0, 0, 4.0])
    assert [n.code for n in notes] == ["plates.unit_of_length", "plates.moment_unit"]


def test_two_plates_never_share_a_name():
    labels = tuple(f"{p}ground_force_{q}{a}" for p in ("", "1_") for q in "vp" for a in "xyz")
    values = np.tile([0.0, 500, 0, 1, 0, 1] * 2, (4, 1))
    plates = plates_from_table(Series(labels, values, ("",) * 12, np.arange(4) / 10))
    assert len({p.name for p in plates}) == 2


@pytest.mark.parametrize("rate", ["1e-320", "0.5", "nan", "-450"])
def test_a_rate_that_shows_no_step_is_refused(rate):
    with pytest.raises(FileError, match="sample rate"):
        read_forces(table(rate=rate), "walk1.forces")


def test_rows_too_far_apart_for_a_step_are_no_forces():
    labels = tuple(f"ground_force_1_{kind}{axis}" for kind in "vpm" for axis in "xyz")
    notes = []
    series = Series(labels, np.full((50, 9), 300.0), ("",) * 9, np.arange(50) * 1e9)
    assert plates_from_table(series, notes) == ()
    (note,) = notes
    assert (note.kind, note.code) == ("defect", "plates.rate")
