"""Tables of every layout, with our writers and as the programs of three makers export them."""

import numpy as np
import pytest

from kinechain.core.errors import FileError, InputError
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Markers
from kinechain.recording.writers.csv import write_markers_csv, write_series_csv
from kinechain.recording.writers.parquet import write_markers_parquet, write_parquet


def markers():
    positions = np.random.default_rng(2).uniform(0.1, 1.7, (30, 3, 3))
    positions[5:9, 1] = np.nan
    return Markers(("LASI", "R.Knee", "C7 (top)"), positions, 59.94, 1.25)


def read(tmp_path, content, name="walk.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_recording(path)


def same(back, want):
    assert back.labels == want.labels
    assert back.rate_hz == pytest.approx(want.rate_hz, rel=1e-4)
    assert back.start_s == pytest.approx(want.start_s, abs=1e-5)
    np.testing.assert_allclose(back.positions, want.positions, atol=1e-8)


@pytest.mark.parametrize("layout", ["long", "wide"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_markers_read_back_the_same(tmp_path, layout, kind):
    path = tmp_path / f"walk.{kind}"
    if kind == "csv":
        write_markers_csv(markers(), path, layout)
    else:
        write_markers_parquet(markers(), path, "as recorded", layout)
    recording = read_recording(path)
    assert recording.format.lower() == kind
    same(recording.markers, markers())


@pytest.mark.parametrize("layout", ["long", "wide"])
def test_angles_read_back_the_same(tmp_path, layout):
    values = np.random.default_rng(3).uniform(-60, 60, (20, 2))
    values[3, 0] = np.nan
    names, units, times = ("knee_flexion_left", "hip_rotation_right"), ("deg", "deg"), np.arange(20) / 50
    write_series_csv(names, units, values, times, tmp_path / "angles.csv", layout)
    back = read_recording(tmp_path / "angles.csv")
    assert back.markers is None
    assert back.series.labels == names and back.series.units == units
    np.testing.assert_allclose(back.series.values, values, atol=1e-6)
    write_parquet(names, units, values, times, tmp_path / "angles.parquet")
    back = read_recording(tmp_path / "angles.parquet")
    assert back.series.labels == names and back.series.units == units
    np.testing.assert_allclose(back.series.values, values)


ROWS = [(0.00, (0, 0, 1700, 500, 0, 10)), (0.01, (1, 2, 1703, 504, 5, 6)), (0.02, (1, 2, 1703, 504, 5, 6))]


def table(head, mark=",", decimal=".", scale=1.0, lead=lambda i, t: [t]):
    lines = [mark.join(head)]
    for i, (time, values) in enumerate(ROWS):
        cells = [*lead(i, time), *(v * scale for v in values)]
        lines.append(mark.join(str(c).replace(".", decimal) for c in cells))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "pattern", ["{}_{}", "{}.{}", "{}:{}", "{} {}", "{}-{}", "{}{}", "{}_{} [mm]", "{} {} (mm)", "{}.Pos{}"]
)
@pytest.mark.parametrize("axes", ["xyz", "XYZ"])
@pytest.mark.parametrize("time", ["time", "Time", "time_s", "Time [s]", "Time (s)", "t"])
def test_wide_tables_however_columns_are_called(tmp_path, pattern, axes, time):
    head = [time, *(pattern.format(label, axis) for label in ("LASI", "RHEE") for axis in axes)]
    back = read(tmp_path, table(head)).markers
    assert back.labels == ("LASI", "RHEE")
    np.testing.assert_allclose(back.position("LASI")[1], [0.001, 0.002, 1.703])
    assert back.rate_hz == pytest.approx(100)


@pytest.mark.parametrize(("mark", "decimal"), [(",", "."), (";", ","), (";", "."), ("\t", "."), ("\t", ",")])
def test_separators_and_decimals(tmp_path, mark, decimal):
    head = ["time", *(f"{label}_{axis}" for label in ("LASI", "RHEE") for axis in "xyz")]
    back = read(tmp_path, table(head, mark, decimal)).markers
    np.testing.assert_allclose(back.position("RHEE")[1], [0.504, 0.005, 0.006])
    assert back.rate_hz == pytest.approx(100)


def test_two_lines_of_names(tmp_path):
    head = "Frame,Time,LASI,,,RHEE,,\n" + table(["", "", *"XYZXYZ"], lead=lambda i, t: [i + 1, t])
    with pytest.raises(FileError, match="no times"):
        read(tmp_path, ",LASI,LASI,LASI\n,x,y,z\n0,1,2,3\n1,1,2,3\n")
    lines = head.split("\n")
    back = read(
        tmp_path, "\n".join([lines[0].replace("Frame,Time", ","), "Frame,Time,X,Y,Z,X,Y,Z", *lines[2:]])
    ).markers
    np.testing.assert_allclose(back.position("RHEE")[1], [0.504, 0.005, 0.006])


def test_forces_in_a_table_are_no_markers(tmp_path):
    head = ["time", *(f"ground_force_{q}{a}" for q in "vp" for a in "xyz")]
    recording = read(tmp_path, table(head))
    assert recording.markers is None
    assert recording.series.labels[0] == "ground_force_vx"


NEXUS = """Events
100
Subject,Context,Name,Time (s),Description
Anna,Left,Foot Strike,1.02,x
Anna,Right,Foot Off,1.01,x

Devices
1000
,,Kistler #1 - Force,,,Kistler #1 - Moment,,,Kistler #1 - CoP,,
Frame,Sub Frame,Fx,Fy,Fz,Mx,My,Mz,Cx,Cy,Cz
,,N,N,N,N.mm,N.mm,N.mm,mm,mm,mm
101,0,-1,2,-700,0,0,0,100,200,0
101,1,-1,2,-700,0,0,0,100,200,0
101,2,-1,2,-5,0,0,0,100,200,0

Model Outputs
100
,,Anna:LKneeAngles,,
Frame,Sub Frame,X,Y,Z
,,deg,deg,deg
101,0,10,2,3
102,0,11,2,3

Trajectories
100
,,Anna:LASI,,,Anna:RHEE,,,Anna:*5,,
Frame,Sub Frame,X,Y,Z,X,Y,Z,X,Y,Z
,,mm,mm,mm,mm,mm,mm,mm,mm,mm
101,0,1,2,1703,504,5,6,1,1,1
102,0,,,,504,5,6
103,0,1,2,1703,504,5,6,,,
"""


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_section_of_nexus(tmp_path, ending):
    recording = read(tmp_path, NEXUS.replace("\n", ending))
    assert recording.markers.labels == ("LASI", "RHEE")
    assert recording.markers.start_s == pytest.approx(1.0)
    np.testing.assert_allclose(recording.markers.position("LASI")[[0, 2]], [[0.001, 0.002, 1.703]] * 2)
    assert np.isnan(recording.markers.position("LASI")[1]).all()
    (plate,) = recording.plates
    np.testing.assert_allclose(plate.force[0], [1, -2, 700])
    np.testing.assert_allclose(plate.centre_of_pressure[0], [0.1, 0.2, 0.0])
    assert np.isnan(plate.centre_of_pressure[2]).all()
    assert plate.rate_hz == 1000 and plate.start_s == pytest.approx(1.0)
    assert [(e.kind, e.side, e.time_s) for e in recording.events] == [
        ("foot_off", "right", 1.01),
        ("foot_strike", "left", 1.02),
    ]
    np.testing.assert_allclose(recording.outputs.column("LKneeAngles.x"), [10, 11])
    assert "Anna" not in repr(recording)


def test_nexus_without_anything_that_can_be_read_is_refused(tmp_path):
    with pytest.raises(FileError, match="without trajectories"):
        read(tmp_path, "Joints\n100\n,,A,,\nFrame,Sub Frame,RX,RY,RZ\n,,deg,deg,deg\n1,0,1,2,3\n")
    with pytest.raises(FileError, match="come a rate"):
        read(tmp_path, "Trajectories\n100\nnothing\n")


QUALISYS = """NO_OF_FRAMES\t3
NO_OF_CAMERAS\t12
NO_OF_MARKERS\t2
FREQUENCY\t100
NO_OF_ANALOG\t0
ANALOG_FREQUENCY\t0
DESCRIPTION\t--
TIME_STAMP\t2024-01-01, 10:00:00.000\t1.5
DATA_INCLUDED\t3D
EVENT\tLeft Foot Strike\t2\t0.01
MARKER_NAMES\tLASI\tRHEE
"""


@pytest.mark.parametrize("extra", [0, 2])
@pytest.mark.parametrize("head", [True, False])
def test_qualisys_with_and_without_times(tmp_path, extra, head):
    names = ["Frame", "Time"][:extra] + [f"{m} {a}" for m in ("LASI", "RHEE") for a in "XYZ"]
    rows = [[i + 1, t][:extra] + list(v) for i, (t, v) in enumerate(ROWS)]
    text = QUALISYS + ("\t".join(names) + "\n" if head else "")
    text += "".join("\t".join(map(str, row)) + "\n" for row in rows)
    recording = read(
        tmp_path, text.replace("DATA_INCLUDED", "TRAJECTORY_TYPES\tMeasured\tMeasured\nDATA_INCLUDED"), "a.tsv"
    )
    assert recording.format == "TSV"
    np.testing.assert_allclose(recording.markers.position("LASI")[1], [0.001, 0.002, 1.703])
    assert recording.markers.rate_hz == 100
    assert [(e.kind, e.side) for e in recording.events] == [("foot_strike", "left")]


MOTIVE = """Format Version,1.25,Take Name,Anna 1955,Export Frame Rate,100.000000,Length Units,{unit}

,Type,Rigid Body,Rigid Body,Rigid Body,Marker,Marker,Marker,Marker,Marker,Marker,Marker,Marker,Marker
,Name,Box,Box,Box,Anna:LASI,Anna:LASI,Anna:LASI,Anna:RHEE,Anna:RHEE,Anna:RHEE,Unlabeled 12,Unlabeled 12,Unlabeled 12
,ID,1,1,1,2,2,2,3,3,3,4,4,4
,Parent,,,,,,,,,,,,
,,Rotation,Rotation,Rotation,Position,Position,Position,Position,Position,Position,Position,Position,Position
Frame,Time (Seconds),X,Y,Z,X,Y,Z,X,Y,Z,X,Y,Z
0,0.000000,9,9,9,1,2,1703,504,5,6,1,1,1
1,0.010000,9,9,9,,,,504,5,6,,,
2,0.020000,9,9,9,1,2,1703,504,5,6,,,
"""


@pytest.mark.parametrize(("unit", "scale"), [("Millimeters", 1.0), ("Meters", 1e3), ("Centimeters", 10.0)])
def test_motive(tmp_path, unit, scale):
    recording = read(tmp_path, MOTIVE.replace("{unit}", unit))
    assert recording.markers.labels == ("LASI", "RHEE")
    np.testing.assert_allclose(recording.markers.position("LASI")[0] / scale, [0.001, 0.002, 1.703])
    assert np.isnan(recording.markers.position("LASI")[1]).all()
    assert "1955" not in repr(recording) and "Anna" not in repr(recording)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("subject,sex,age\n1,M,31\n2,F,30\n", "column 'time'"),
        ("time,acc_x,acc_y,acc_z,gyr_x,gyr_y,gyr_z\n0,1,2,3,4,5,6\n", "inertial sensors"),
        ("LASI_x,LASI_y,LASI_z,RASI_x\n1,2,3,4\n", "column 'time'"),
        ("time,LASI_x,LASI_y,LASI_z\n", "no rows"),
        ("time,LASI_x,LASI_y,LASI_z\n0,1,2,x\n", "line 2 holds 'x'"),
        ("time,marker,x,y,z\n0,A,1,2\n", "line 2 does not hold the 5 values"),
        ("time,marker,x,y,z,unit\n0,A,1,2,3,mm\n0,B,1,2,3,m\n", "several units"),
        ("time,A.PosX,A.PosY,B.PosX,B.PosY\n0,1,2,3,4\n", "holds no markers"),
        ("hello world", "text of unknown layout"),
        ("1,2,3\n4,5,6\n", "without names of columns"),
    ],
)
def test_other_tables_are_refused_with_what_they_need(tmp_path, content, said):
    with pytest.raises(InputError, match=said) as caught:
        recording = read(tmp_path, content)
        recording.require_markers()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("unit", ["mm", "[mm]", "Millimeters"])
def test_a_line_of_units_below_the_names(tmp_path, unit):
    head = ["Time", *(f"{label}_{axis}" for label in ("LASI", "RHEE") for axis in "xyz")]
    lines = table(head).split("\n")
    recording = read(tmp_path, "\n".join([lines[0], ",".join(["s", *[unit] * 6]), *lines[1:]]))
    np.testing.assert_allclose(recording.markers.position("LASI")[1], [0.001, 0.002, 1.703])
    assert not any(note.code == "file.unit" for note in recording.notes)


@pytest.mark.parametrize("word", ["marker", "Label", "point", "Landmark", "name"])
def test_however_the_column_of_markers_is_called(tmp_path, word):
    rows = [f"{t},{m},1,2,1{i}00" for t in (0.0, 0.01, 0.02) for i, m in enumerate(("LASI", "RHEE"))]
    back = read(tmp_path, f"time,{word},X,Y,Z\n" + "\n".join(rows) + "\n").markers
    assert back.labels == ("LASI", "RHEE")


def test_a_trajectory_of_qualisys_without_a_name_keeps_its_columns(tmp_path):
    text = QUALISYS.replace("NO_OF_MARKERS\t2", "NO_OF_MARKERS\t3").replace("LASI\tRHEE", "LASI\t\tRHEE")
    rows = "".join(f"1\t2\t1703\t9\t9\t9\t504\t5\t{i}\n" for i in (6, 7, 8))
    back = read(tmp_path, text + rows, "a.tsv").markers
    assert back.labels == ("LASI", "RHEE")
    np.testing.assert_allclose(back.position("RHEE")[0], [0.504, 0.005, 0.006])


@pytest.mark.parametrize(
    ("label", "is_marker"),
    [
        *((label, True) for label in ("NAVEL", "Acromion", "R_Trochanter")),
        *((label, False) for label in ("M1", "acc", "left_gyro", "FP1_v", "GRF_R_p", "pelvis_rot", "knee_angle")),
    ],
)
def test_what_may_be_a_marker(tmp_path, label, is_marker):
    head = ["time", *(f"{name}_{axis}" for name in ("LASI", label) for axis in "xyz")]
    assert (label in read(tmp_path, table(head)).markers.labels) == is_marker


@pytest.mark.parametrize("head", ["time [ms]", "time_ms", "Time (ms)"])
def test_times_in_milliseconds_are_read_as_such_however_short_the_trial(tmp_path, head):
    rows = [f"{10 * k},{900 + k},{k},{k},{k},{k},1700" for k in range(40)]
    back = read(tmp_path, "\n".join([f"{head},LASI_x,LASI_y,LASI_z,C7_x,C7_y,C7_z", *rows]))
    assert back.markers.rate_hz == pytest.approx(100.0)
    assert back.markers.times_s[-1] == pytest.approx(0.39)


def test_a_line_of_units_may_say_that_times_are_milliseconds(tmp_path):
    rows = [f"{10 * k},{900 + k},{k},{k},{k},{k},1700" for k in range(40)]
    back = read(tmp_path, "\n".join(["time,LASI_x,LASI_y,LASI_z,C7_x,C7_y,C7_z", "ms,mm,mm,mm,mm,mm,mm", *rows]))
    assert back.markers.rate_hz == pytest.approx(100.0)
    assert back.markers.positions[0, 0, 0] == pytest.approx(0.9)


@pytest.mark.parametrize(("rate", "digits"), [(24.0, 3), (60.0, 3), (120.0, 4), (30.0, 6)])
def test_times_that_were_rounded_tell_the_whole_rate_of_the_cameras(tmp_path, rate, digits):
    rows = [f"{k / rate:.{digits}f},{900 + k},{k},{k},{k},{k},1700" for k in range(50)]
    back = read(tmp_path, "\n".join(["time,LASI_x,LASI_y,LASI_z,C7_x,C7_y,C7_z", *rows]))
    assert back.markers.rate_hz == rate


def test_a_rate_that_is_not_whole_stays(tmp_path):
    rows = [f"{k / 59.94:.6f},{900 + k},{k},{k},{k},{k},1700" for k in range(200)]
    back = read(tmp_path, "\n".join(["time,LASI_x,LASI_y,LASI_z,C7_x,C7_y,C7_z", *rows]))
    assert back.markers.rate_hz == pytest.approx(59.94, abs=1e-3)


def test_whole_numbers_beyond_the_precision_of_a_float_are_no_fault_of_the_program(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = 20
    columns = {"time": [k / 100 for k in range(rows)]}
    columns |= {f"LASI_{axis}": [0.1 + k / 1000 for k in range(rows)] for axis in "xyz"}
    columns |= {f"RASI_{axis}": [2**62] * rows for axis in "xyz"}
    pq.write_table(pa.table(columns), tmp_path / "huge.parquet")
    read = read_recording(tmp_path / "huge.parquet")
    assert np.isnan(read.markers.position("RASI")).all()
