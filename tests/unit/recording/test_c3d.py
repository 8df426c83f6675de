"""C3D files, written here with known content."""

import numpy as np
import pytest
from c3d_bytes import C3dBytes, Entry
from people import labels, standing, write_c3d

from kinechain.core.errors import FileError
from kinechain.recording.read import read_recording


@pytest.mark.parametrize("unit", ["mm", "cm", "m", "mete"])
def test_positions_are_metres_whatever_the_unit(tmp_path, unit):
    write_c3d(tmp_path / "a.c3d", labels(), standing(3), unit=unit)
    markers = read_recording(tmp_path / "a.c3d").markers
    np.testing.assert_allclose(markers.positions, standing(3), atol=1e-5)


def test_missing_points_are_missing(tmp_path):
    positions = standing(10)
    positions[3:5, 0] = np.nan
    markers = read_recording(write_c3d(tmp_path / "a.c3d", labels(), positions)).markers
    np.testing.assert_array_equal(np.isnan(markers.positions), np.isnan(positions))


def test_names_of_the_subject_reach_neither_the_recording_nor_an_error(tmp_path):
    secret = "Zerubabel"
    names = [f"{secret}:{x}" for x in labels()]
    parameters = [
        ("SUBJECTS", "NAMES", [secret]),
        ("SUBJECTS", "LABEL_PREFIXES", [f"{secret}:"]),
        ("SUBJECT", "NAME", [secret]),
        ("SUBJECT", "BIRTHDAY", ["1955-05-05"]),
        ("PROCESSING", "Bodymass", [71.5]),
        ("PROCESSING", "Height", [1705.0]),
    ]
    path = write_c3d(tmp_path / "a.c3d", names, standing(5), parameters=parameters)
    recording = read_recording(path)
    assert recording.markers.labels == labels()
    assert recording.mass_kg == pytest.approx(71.5)
    assert recording.height_m == pytest.approx(1.705)
    whole = repr(recording) + "".join(n.text for n in recording.notes)
    assert secret not in whole
    assert "1955" not in whole
    path.write_bytes(path.read_bytes()[:-700])
    with pytest.raises(FileError) as caught:
        read_recording(path)
    assert secret not in str(caught.value)


@pytest.mark.parametrize(("stated", "height"), [(1.8, 1.8), (180.0, 1.8), (1800.0, 1.8), (1.0e5, None), (0.0, None)])
def test_height_is_told_by_its_size(tmp_path, stated, height):
    path = write_c3d(tmp_path / "a.c3d", labels(), standing(2), parameters=[("PROCESSING", "Height", [stated])])
    assert read_recording(path).height_m == (None if height is None else pytest.approx(height))


def test_model_outputs_and_unlabelled_points_are_no_markers(tmp_path):
    names = ("LASI", "*12", "LKneeAngles", "LFEP", "RKneeMomentV", "C7")
    positions = np.ones((4, 6, 3)) * np.arange(1, 7)[None, :, None] / 1e3
    recording = read_recording(write_c3d(tmp_path / "a.c3d", names, positions))
    assert recording.markers.labels == ("LASI", "C7")
    np.testing.assert_allclose(recording.outputs.column("LKneeAngles.y"), 3.0)
    assert recording.outputs.units[recording.outputs.labels.index("LKneeAngles.y")] == "deg"
    assert {x.split(".")[0] for x in recording.outputs.labels} == {"LKneeAngles", "LFEP", "RKneeMomentV"}
    assert any("unlabelled" in n.text for n in recording.notes)


def test_events_of_every_wording(tmp_path):
    events = [
        (0.01, "Right", "Foot Strike"),
        (0.02, "Left", "Foot Strike1"),
        (0.03, "Left", "Foot Off"),
        (0.04, "", "RTO"),
        (0.05, "General", "Event"),
    ]
    path = write_c3d(tmp_path / "a.c3d", labels(), standing(10), events=events)
    recording = read_recording(path)
    found = [(e.kind, e.side, round(e.time_s, 2), e.source) for e in recording.events]
    assert found == [
        ("foot_strike", "right", 0.01, "file"),
        ("foot_strike", "left", 0.02, "file"),
        ("foot_off", "left", 0.03, "file"),
        ("foot_off", "right", 0.04, "file"),
    ]
    assert any("1 stored events are not" in n.text for n in recording.notes)


PLATE = [
    ("FORCE_PLATFORM", "USED", [1]),
    ("FORCE_PLATFORM", "TYPE", [2]),
    ("FORCE_PLATFORM", "CHANNEL", np.arange(1.0, 7.0)[:, None]),
    ("FORCE_PLATFORM", "ORIGIN", np.array([[0.0], [0.0], [-40.0]])),
]
CORNERS = np.array([[600, 400, 0], [0, 400, 0], [0, 0, 0], [600, 0, 0]], dtype=float)


def plate_channels(force, point, torque):
    """Channels of a type-2 plate whose z axis points down, for a force on the person at a point of its surface (mm)."""
    # plate frame: x to -x of the laboratory, y along +y, z down: the frame of corners listed clockwise from above.
    lab_from_plate = np.array([[-1.0, 0, 0], [0, 1, 0], [0, 0, -1]])
    f = lab_from_plate.T @ force
    arm = lab_from_plate.T @ (np.array(point) - [300, 200, 0]) - [0, 0, 40.0]
    moment = np.cross(np.array([arm[0], arm[1], -40.0]), f) + lab_from_plate.T @ [0, 0, torque]
    return np.concatenate([f, moment])


def test_force_point_and_free_moment_of_a_plate(tmp_path):
    corners = CORNERS[[1, 0, 3, 2]]
    channels = plate_channels(np.array([30.0, -20.0, 700.0]), [350.0, 120.0, 0.0], 4000.0)
    analogs = np.tile(channels[:, None], (1, 40))
    parameters = [*PLATE, ("FORCE_PLATFORM", "CORNERS", corners.T[:, :, None])]
    recording = read_recording(
        write_c3d(tmp_path / "a.c3d", labels(), standing(10), analogs=analogs, parameters=parameters)
    )
    (plate,) = recording.plates
    np.testing.assert_allclose(plate.force[5], [30, -20, 700], rtol=1e-5)
    np.testing.assert_allclose(plate.centre_of_pressure[5], [0.35, 0.12, 0], atol=1e-6)
    np.testing.assert_allclose(plate.free_moment[5], [0, 0, 4.0], atol=1e-4)
    assert plate.rate_hz == pytest.approx(400)


def test_a_plate_without_an_origin_is_read_at_its_surface_and_said(tmp_path):
    channels = np.array([0.0, 0.0, -700.0, -700.0 * 80.0, 700.0 * 50.0, 0.0])
    corners = CORNERS[[1, 0, 3, 2]]
    parameters = [*PLATE[:3], ("FORCE_PLATFORM", "CORNERS", corners.T[:, :, None])]
    analogs = np.tile(channels[:, None], (1, 40))
    recording = read_recording(
        write_c3d(tmp_path / "a.c3d", labels(), standing(10), analogs=analogs, parameters=parameters)
    )
    assert recording.plates[0].force[5] == pytest.approx([0.0, 0.0, 700.0])
    assert [(n.kind, n.place) for n in recording.notes if n.code == "plates.no_origin"] == [("assumed", "plate 1")]


def test_an_offset_is_removed_and_said(tmp_path):
    corners = CORNERS[[1, 0, 3, 2]]
    loaded = plate_channels(np.array([0.0, 0.0, 700.0]), [350.0, 120.0, 0.0], 0.0)
    offset = plate_channels(np.array([1.0, 2.0, -15.0]), [300.0, 200.0, 0.0], 0.0)
    analogs = np.tile(offset[:, None], (1, 400))
    analogs[:, 200:300] += loaded[:, None]
    parameters = [*PLATE, ("FORCE_PLATFORM", "CORNERS", corners.T[:, :, None])]
    path = write_c3d(tmp_path / "a.c3d", labels(), standing(100), analogs=analogs, parameters=parameters)
    recording = read_recording(path)
    (plate,) = recording.plates
    np.testing.assert_allclose(plate.force[250], [0, 0, 700], atol=1e-3)
    np.testing.assert_allclose(plate.centre_of_pressure[250], [0.35, 0.12, 0], atol=1e-5)
    assert np.isnan(plate.centre_of_pressure[10]).all()
    assert any("-15.0 N while nobody stands on it" in n.text for n in recording.notes)


@pytest.mark.parametrize(
    ("corners", "said"),
    [
        (CORNERS * 1e20, "further away"),
        (CORNERS * 0, "less than 10 cm"),
        (np.array([[600, 400, 0], [0, 400, 0], [0, 0, 0], [900, 0, 0]], dtype=float), "rectangle"),
    ],
)
def test_a_plate_with_impossible_corners_is_refused(tmp_path, corners, said):
    parameters = [*PLATE, ("FORCE_PLATFORM", "CORNERS", corners.T[:, :, None])]
    path = write_c3d(tmp_path / "a.c3d", labels(), standing(10), analogs=np.ones((6, 40)), parameters=parameters)
    recording = read_recording(path)
    assert recording.plates == ()
    assert any(said in n.text and n.kind == "defect" for n in recording.notes)


def test_impossible_forces_are_refused_and_the_force_on_the_plate_is_turned(tmp_path):
    corners = CORNERS[[1, 0, 3, 2]]
    for force, said, carried in ((5e4, "no person can load", None), (-700.0, "signs were turned", 700.0)):
        analogs = np.tile(plate_channels(np.array([0, 0, force]), [300, 200, 0], 0.0)[:, None], (1, 40))
        parameters = [*PLATE, ("FORCE_PLATFORM", "CORNERS", corners.T[:, :, None])]
        path = write_c3d(tmp_path / "a.c3d", labels(), standing(10), analogs=analogs, parameters=parameters)
        recording = read_recording(path)
        assert [plate.force[5, 2] for plate in recording.plates] == (
            [] if carried is None else [pytest.approx(carried)]
        )
        assert any(said in n.text for n in recording.notes)


def test_a_truncated_file_is_told_with_its_frames(tmp_path):
    path = write_c3d(tmp_path / "a.c3d", labels(), standing(100))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2 + 7])
    with pytest.raises(FileError, match=r"a.c3d is truncated: it states 100 frames and holds \d+"):
        read_recording(path)


def test_garbage_behind_a_c3d_key_is_one_sentence(tmp_path):
    path = tmp_path / "a.c3d"
    path.write_bytes(b"\x02\x50" + bytes(range(256)) * 40)
    with pytest.raises(FileError, match=r"a.c3d is (not a (valid|usable) C3D|truncated)"):
        read_recording(path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.c3d", b"", "is empty"),
        ("a.c3d", b"PK\x03\x04 something", "packed file"),
        ("a.trc", b"hello", "PathFileType"),
        ("a.mot", b"hello", "endheader"),
        ("a.mp4", b"\x00\x00\x01\x02", "is a video"),
        ("a.csv", b"time,x\n0,1\n", "unknown layout"),
    ],
)
def test_what_is_no_recording_is_told_so(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileError, match=said):
        read_recording(tmp_path / name)


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(FileError, match=r"there is no file gone\.c3d"):
        read_recording(tmp_path / "gone.c3d")
    with pytest.raises(FileError, match="is a folder"):
        read_recording(tmp_path)


def test_the_format_is_told_by_the_content(tmp_path):
    path = write_c3d(tmp_path / "walk.c3d", labels(), standing(5)).rename(tmp_path / "walk.trc")
    assert read_recording(path).format == "C3D"


def two_people(tmp_path):
    """Two subjects in one file: the second is seen longer."""
    names = [f"{who}:{x}" for who in ("Zerubabel", "Ottokar") for x in (*labels(), "LKneeAngles")]
    one = np.concatenate([standing(20) * 1e3, np.full((20, 1, 3), 30.0)], axis=1)
    two = np.concatenate([standing(20) * 1e3 + 700.0, np.full((20, 1, 3), 60.0)], axis=1)
    one[12:] = 0.0
    entries = [
        Entry("POINT", "LABELS", names),
        Entry("POINT", "ANGLES", ["Zerubabel:LKneeAngles", "Ottokar:LKneeAngles"]),
        Entry("POINT", "ANGLE_UNITS", ["deg"]),
        Entry("SUBJECTS", "NAMES", ["Zerubabel", "Ottokar"]),
        Entry("PROCESSING", "Bodymass", np.array([60.0, 80.0])),
        Entry("EVENT", "USED", 2),
        Entry("EVENT", "LABELS", ["Foot Strike", "Foot Off"]),
        Entry("EVENT", "CONTEXTS", ["Left", "Right"]),
        Entry("EVENT", "SUBJECTS", ["Zerubabel", "Ottokar"]),
        Entry("EVENT", "TIMES", np.array([[0.0, 0.0], [0.05, 0.1]])),
    ]
    path = tmp_path / "two.c3d"
    path.write_bytes(C3dBytes(np.concatenate([one, two], axis=1), entries=entries).build())
    return read_recording(path)


def test_of_two_people_only_one_is_read(tmp_path):
    recording = two_people(tmp_path)
    assert recording.markers.labels == labels()
    np.testing.assert_allclose(recording.markers.positions, standing(20) + 0.7, atol=1e-4)
    np.testing.assert_array_equal(recording.outputs.column("LKneeAngles.x"), 60.0)
    assert recording.outputs.units[0] == "deg"
    assert recording.mass_kg == 80.0
    assert [(e.kind, e.side) for e in recording.events] == [("foot_off", "right")]
    (note,) = (n for n in recording.notes if n.code == "person.several")
    assert note.kind == "assumed"
    assert "Zerubabel" not in repr(recording.notes) and "Ottokar" not in repr(recording.notes)


@pytest.mark.parametrize(
    ("unit", "metres"),
    [
        (" mm", 1e-3),
        ("MM", 1e-3),
        ("millimeters", 1e-3),
        ("Meters", 1.0),
        ("cm", 1e-2),
        ("inches", 0.0254),
        ("ft", 0.3048),
    ],
)
def test_spellings_of_the_unit_of_length(tmp_path, unit, metres):
    path = tmp_path / "a.c3d"
    entries = [Entry("POINT", "LABELS", list(labels())), Entry("POINT", "UNITS", [unit])]
    path.write_bytes(C3dBytes(standing(3) / metres, entries=entries).build())
    recording = read_recording(path)
    np.testing.assert_allclose(recording.markers.positions, standing(3), atol=1e-5)
    assert not any(n.code == "file.unit" for n in recording.notes)


@pytest.mark.parametrize(("unit", "metres"), [("furlong", 1.0), ("", 1e-3)])
def test_an_unknown_unit_is_told_from_the_body_and_said(tmp_path, unit, metres):
    path = tmp_path / "a.c3d"
    entries = [Entry("POINT", "LABELS", list(labels())), Entry("POINT", "UNITS", [unit])]
    path.write_bytes(C3dBytes(standing(3) / metres, entries=entries).build())
    recording = read_recording(path)
    np.testing.assert_allclose(recording.markers.positions, standing(3), atol=1e-5)
    assert any(n.code == "file.unit" for n in recording.notes)


def test_a_file_of_nameless_points_says_so(tmp_path):
    path = tmp_path / "a.c3d"
    path.write_bytes(C3dBytes(standing(3), entries=[Entry("POINT", "LABELS", None)]).build())
    recording = read_recording(path)
    assert recording.markers is None
    assert any(n.code == "markers.unnamed" and n.kind == "defect" for n in recording.notes)


def test_segment_rotations_alone_are_said(tmp_path):
    path = tmp_path / "a.c3d"
    entries = [Entry("ROTATION", "USED", 3), Entry("POINT", "LABELS", None)]
    path.write_bytes(C3dBytes(np.zeros((5, 0, 3)), entries=entries).build())
    recording = read_recording(path)
    assert recording.markers is None
    assert any(n.code == "file.rotations" for n in recording.notes)


def test_points_marked_invalid_are_missing_unless_all_are(tmp_path):
    path = tmp_path / "a.c3d"
    entries = [Entry("POINT", "LABELS", list(labels()))]
    status = np.zeros((3, len(labels())))
    status[1, 0] = -1
    path.write_bytes(C3dBytes(standing(3) * 1e3, status=status, entries=entries).build())
    assert np.isnan(read_recording(path).markers.positions[1, 0]).all()
    path.write_bytes(C3dBytes(standing(3) * 1e3, status=status * 0 - 1, entries=entries).build())
    recording = read_recording(path)
    assert np.isfinite(recording.markers.positions).all()
    assert any(n.code == "markers.all_invalid" for n in recording.notes)
