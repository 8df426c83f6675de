"""MOT and STO tables, and the plates some of them hold."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from kinechain.core.errors import FileError, RecordingError
from kinechain.recording.plates import plates_from_table
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Series
from kinechain.recording.writers.mot import write_mot
from kinechain.recording.writers.parquet import write_parquet

HEADER = "name\nversion=1\nnRows=2\nnColumns=3\ninDegrees=yes\nendheader\n"


def read(tmp_path, content, name="table.mot"):
    path = tmp_path / name
    path.write_text(content)
    return read_recording(path)


def test_a_table_is_read_as_written_and_its_unit_is_stated(tmp_path):
    recording = read(tmp_path, HEADER + "time\tknee_angle_r\tpelvis_tx\n0\t1\t2\n0.1\t3\t4\n")
    assert recording.format == "MOT"
    np.testing.assert_allclose(recording.series.column("knee_angle_r"), [1, 3])
    np.testing.assert_allclose(recording.series.times_s, [0, 0.1])
    assert any("degrees" in n.text for n in recording.notes)


@pytest.mark.parametrize(
    "header", ["name x\ndatacolumns 3\ndatarows 2\nrange 0 1\nendheader \n\n", HEADER.replace("\n", "\t\t\n")]
)
def test_old_and_tab_padded_headers(tmp_path, header):
    recording = read(tmp_path, header + "      time\t     a\t     b\t\n 0.0\t1\t2\t\n 0.1\t3\t4\t\n")
    assert recording.series.labels == ("a", "b")


def test_sto_is_told_by_its_ending(tmp_path):
    assert read(tmp_path, HEADER + "time\ta\tb\n0\t1\t2\n", "x.sto").format == "STO"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "nothing follows"),
        ("time\ta\tb\n", "holds no rows"),
        ("a\tb\tc\n0\t1\t2\n", "begin with 'time'"),
        ("time\ta\tb\n0\t1\t2\n0.1\tx\t3\n", "line 9 holds 'x'"),
        ("time\ta\tb\n0\t1\t2\t3\t4\n", "line 8 holds 5 values where 3 are expected"),
        ("time\ta\tb\n0\t1\t2\n-1\t1\t2\n", "runs backwards at row 2"),
        ("time\ta\tb\nnan\t1\t2\n", "time is missing"),
    ],
)
def test_a_fault_is_named(tmp_path, body, said):
    with pytest.raises(FileError, match=r"table\.mot is not a valid MOT") as caught:
        read(tmp_path, HEADER + body)
    assert said in str(caught.value)


def test_columns_of_one_name_are_numbered(tmp_path):
    assert read(tmp_path, HEADER + "time\ta\ta\n0\t1\t2\n").series.labels == ("a", "a (3)")


@pytest.mark.parametrize(
    "pattern",
    [
        "ground_force_{n}_v{a} ground_force_{n}_p{a} ground_force_{n}_m{a}",
        "ground_force_{s}_v{a} ground_force_{s}_p{a} ground_torque_{s}_{a}",
        "{n}_ground_force_v{a} {n}_ground_force_p{a} {n}_ground_torque_{a}",
        "{S}_ground_force_v{a} {S}_ground_force_p{a} {S}_ground_torque_{a}",
        "ground_force_{n}_v{a} ground_force_{n}_p{a} ground_moment_{n}_m{a}",
        "ground_force_v{a}_{n} ground_force_p{a}_{n} ground_torque_{a}_{n}",
        "FP{n}_v{a} FP{n}_p{a} FP{n}_m{a}",
        "FP{n}_F{a} FP{n}_COP{a} FP{n}_M{a}",
        "F{n}_v{a} F{n}_p{a} F{n}_m{a}",
        "GRF_{S}_v{a} GRF_{S}_p{a} GRF_{S}_m{a}",
        "plate{n}.v{a} plate{n}.p{a} plate{n}.m{a}",
    ],
)
def test_plates_of_a_table_whatever_the_columns_are_called(pattern):
    labels, values = [], []
    for plate, (n, s) in enumerate((("1", "r"), ("2", "l"))):
        for quantity, word in enumerate(pattern.split()):
            for i, axis in enumerate("xyz"):
                labels.append(word.format(n=n, s=s, S=s.upper(), a=axis))
                # Forces in N; points in m that move, and moments in N m.
                size = 1000.0 * (plate + 1) + 100 * quantity + i
                values.append(size * (1e-3 if quantity else 1.0) + 0.01 * quantity * np.arange(5))
    series = Series(tuple(labels), np.stack(values, axis=1), ("",) * len(labels), np.arange(5) / 100)
    plates = plates_from_table(series)
    assert len(plates) == 2
    np.testing.assert_allclose(plates[1].force[0], [2000, 2001, 2002])
    np.testing.assert_allclose(plates[1].centre_of_pressure[0], [2.100, 2.101, 2.102])
    np.testing.assert_allclose(plates[0].free_moment[0], [1.200, 1.201, 1.202])
    assert plates[0].rate_hz == pytest.approx(100)


def test_an_unloaded_plate_has_no_centre_of_pressure():
    labels = tuple(f"ground_force_{q}{a}" for q in "vp" for a in "xyz")
    values = np.tile([0.0, 5.0, 0.0, 1.0, 0.0, 1.0], (4, 1))
    plates = plates_from_table(Series(labels, values, ("",) * 6, np.arange(4) / 10))
    assert np.isnan(plates[0].centre_of_pressure).all()
    assert plates[0].force[0, 1] == 5.0


def test_angles_hold_no_plates(tmp_path):
    assert read(tmp_path, HEADER + "time\tknee_angle_r\tpelvis_tx\n0\t1\t2\n0.1\t3\t4\n").plates == ()


def test_written_coordinates_read_back_in_degrees(tmp_path):
    values = np.array([[0.5, 1.0], [0.25, 2.0]])
    write_mot(
        ("hip_flexion_r", "pelvis_tx"), ("rotation", "translation"), values, np.array([0, 0.01]), tmp_path / "m.mot"
    )
    series = read_recording(tmp_path / "m.mot").series
    np.testing.assert_allclose(series.column("hip_flexion_r"), np.degrees(values[:, 0]), atol=1e-7)
    np.testing.assert_allclose(series.column("pelvis_tx"), values[:, 1])
    with pytest.raises(RecordingError, match="cannot be written"):
        write_mot(("a",), ("rotation",), values, np.array([0, 0.01]), tmp_path / "n.mot")


def test_parquet_carries_units_and_frame(tmp_path):
    values = np.array([[0.5, np.nan], [0.25, 2.0]])
    write_parquet(
        ("a", "b"), ("rad", "m"), values, np.array([0, 0.01]), tmp_path / "m.parquet", metadata={"version": "1"}
    )
    table = pq.read_table(tmp_path / "m.parquet")
    about = json.loads(table.schema.metadata[b"kinechain"])
    assert about["schema"] == "kinechain/table/1"
    assert about["frame"].startswith("world")
    assert table.schema.field("a").metadata[b"unit"] == b"rad"
    np.testing.assert_allclose(table.column("b").to_numpy(), values[:, 1])
    np.testing.assert_allclose(table.column("time").to_numpy(), [0, 0.01])
    with pytest.raises(RecordingError, match="none may be 'time'"):
        write_parquet(("time",), ("s",), values[:, :1], np.array([0, 0.01]), tmp_path / "n.parquet")


BODY = "time\ta\tb\n0\t1\t2\n0.1\t3\t4\n0.2\t5\t6\n"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (HEADER.replace("nRows=2", "nRows=3") + BODY, None),
        (HEADER + BODY, "file.count"),
        (HEADER.replace("endheader\n", "") + BODY, "file.header"),
        (HEADER + "a stray line\n" + BODY, "file.header"),
        (HEADER + BODY.replace("0.1\t", "time\ta\tb\n0.1\t"), "file.header"),
        (HEADER + "time\ta\tb\n0.2\t5\t6\n0.1\t3\t4\n0\t1\t2\n", "file.order"),
        (HEADER + BODY.replace("0.1\t3\t4\n", "0.1\t3\t4\n0.1\t3\t4\n"), "file.repeated_rows"),
        (HEADER + BODY.replace(".", ","), "file.decimal_comma"),
        (HEADER + BODY.replace("0.2\t5\t6\n", "0.2\t5\t6\n0.3\t7"), "file.cut_end"),
        (HEADER + BODY.replace("\t", "   "), None),
        (HEADER + BODY.replace("time", "Time (s)"), None),
        ("\ufeff" + (HEADER + BODY).replace("\n", "\r\n"), None),
        ((HEADER + BODY).replace("\n", "\r"), None),
    ],
)
def test_habits_of_tables_are_read_and_said(tmp_path, content, code):
    path = tmp_path / "table.mot"
    path.write_bytes(content.encode())
    recording = read_recording(path)
    np.testing.assert_allclose(recording.series.column("b"), [2, 4, 6])
    np.testing.assert_allclose(recording.series.times_s, [0, 0.1, 0.2])
    said = {note.code: note for note in recording.notes if note.code}
    assert set(said) - {"file.count"} == ({code} - {"file.count"} if code else set())
    assert all(note.place and note.effect and note.cure for note in said.values())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("inDegrees=yes", "degrees"),
        ("inDegrees: YES", "degrees"),
        ("InDegrees = 1", "degrees"),
        ("indegrees\tno", "radians"),
    ],
)
def test_however_degrees_are_stated(tmp_path, line, said):
    recording = read(tmp_path, HEADER.replace("inDegrees=yes", line) + BODY)
    assert any(f"states {said}" in note.text for note in recording.notes)


def test_a_plate_whose_moment_is_missing_throughout_is_read():
    labels = tuple(f"ground_force_{q}{a}" for q in "vpm" for a in "xyz")
    values = np.tile([0.0, 700.0, 0.0, 0.1, 0.0, 0.2, np.nan, np.nan, np.nan], (5, 1))
    (plate,) = plates_from_table(Series(labels, values, ("",) * 9, np.arange(5) / 100))
    np.testing.assert_allclose(plate.centre_of_pressure[0], [0.1, 0.0, 0.2])


def test_joint_coordinates_are_no_marker(tmp_path):
    path = tmp_path / "motion.csv"
    path.write_text(
        "time,pelvis_tx,pelvis_ty,pelvis_tz,knee_angle_r\n0,0.1,0.9,0,0.2\n0.01,0.1,0.9,0,0.3\n0.02,0.1,0.9,0,0.4\n"
    )
    recording = read_recording(path)
    assert recording.markers is None
    assert "pelvis_tx" in recording.series.labels
