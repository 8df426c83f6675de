"""The bytes of a C3D: encodings, sizes that lie, numbers that overflow."""

import numpy as np
import pytest
from c3d_bytes import C3dBytes, Entry

from kinechain.core.errors import FileError
from kinechain.recording.readers.c3d_format import is_c3d, parse_c3d

ENCODINGS = ("Intel", "DEC", "MIPS")


def cloud(frames=20, count=5):
    """Positions that every encoding holds without loss: multiples of 0.5."""
    return np.arange(frames * count * 3, dtype=float).reshape(frames, count, 3) * 0.5 - 40.0


def codes(c3d):
    return {n.code for n in c3d.notes}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("is_real", [True, False])
def test_every_encoding_gives_the_same_numbers(encoding, is_real):
    analogs = np.arange(80.0).reshape(40, 2) - 30
    status = np.zeros((20, 5))
    status[3, 2] = -1
    entries = [
        Entry("ANALOG", "SCALE", np.array([0.5, -2.0])),
        Entry("ANALOG", "OFFSET", np.array([3, -4])),
        Entry("ANALOG", "GEN_SCALE", 0.25, "real"),
    ]
    data = C3dBytes(cloud(), encoding, is_real, 0.5, 120.0, 7, status, analogs, entries).build()
    c3d = parse_c3d(data, "a.c3d")
    assert (c3d.encoding, c3d.is_real, c3d.rate_hz, c3d.first_frame) == (encoding, is_real, 120.0, 7)
    np.testing.assert_array_equal(c3d.points * c3d.scale, cloud())
    np.testing.assert_array_equal(c3d.status, status)
    np.testing.assert_array_equal(c3d.analogs, (analogs - [3, -4]) * [0.5, -2.0] * 0.25)
    assert c3d.analog_rate_hz == 240.0
    assert c3d.notes == ()


def test_any_finite_real_survives_the_vax():
    rng = np.random.default_rng(3)
    values = (rng.standard_normal((10, 4, 3)) * 10.0 ** rng.integers(-6, 6, (10, 4, 3))).astype(np.float32)
    read = [parse_c3d(C3dBytes(values, e).build(), "a.c3d").points for e in ENCODINGS]
    for points in read:
        np.testing.assert_array_equal(points, values)


def test_text_of_several_dimensions_and_code_pages():
    entries = [
        Entry("EVENT", "CONTEXTS", ["Left", "Right", "Left", "Right"], shape=(8, 2, 2)),
        Entry("MANUFACTURER", "COMPANY", ["One"], shape=(3,)),
        Entry("POINT", "LABELS", ["Fuß", "malléole", "C7", "épaule".encode("cp1252"), "колено"]),
        Entry("X", "LETTER", ["Q"], shape=(1,)),
        Entry("X", "EMPTY", [""], "text", shape=(0, 5)),
    ]
    p = parse_c3d(C3dBytes(cloud(), entries=entries).build(), "a.c3d").parameters
    assert p.texts("EVENT", "CONTEXTS") == ["Left", "Right", "Left", "Right"]
    assert p.texts("MANUFACTURER", "COMPANY") == ["One"]
    assert p.texts("POINT", "LABELS") == ["Fuß", "malléole", "C7", "épaule", "колено"]
    assert p.texts("X", "LETTER") == ["Q"]
    assert p.texts("X", "EMPTY") == []


def test_lists_go_on_in_a_second_parameter():
    entries = [
        Entry("POINT", "LABELS", [f"A{k}" for k in range(255)]),
        Entry("POINT", "LABELS2", [f"B{k}" for k in range(45)]),
        Entry("ANALOG", "SCALE", np.ones(2)),
        Entry("ANALOG", "SCALE2", np.full(1, 3.0)),
    ]
    c3d = parse_c3d(C3dBytes(cloud(2, 300), analogs=np.ones((2, 4)), entries=entries).build(), "a.c3d")
    labels = c3d.parameters.numbered("POINT", "LABELS")
    assert (len(labels), labels[254], labels[255]) == (300, "A254", "B0")
    np.testing.assert_array_equal(c3d.analogs[0], [1, 1, 3, 1])


def test_locked_parameters_and_small_letters_are_found():
    entries = [Entry("POINT", "UNITS", ["m"], is_locked=True), Entry("Point2", "Thing", 5)]
    p = parse_c3d(C3dBytes(cloud(), entries=entries).build(), "a.c3d").parameters
    assert p.texts("POINT", "UNITS") == ["m"]
    assert p.words("POINT2", "THING") == [5]


@pytest.mark.parametrize("error", [-2, -1, 1, 2, 5000])
def test_a_wrong_offset_is_got_over_and_said(error):
    entries = [
        Entry("POINT", "UNITS", ["mm"], offset_error=error, has_description=error != -1),
        Entry("POINT", "X_SCREEN", ["+X"]),
        Entry("SUBJECTS", "USED", 1),
    ]
    c3d = parse_c3d(C3dBytes(cloud(), entries=entries).build(), "a.c3d")
    np.testing.assert_array_equal(c3d.points, cloud())
    assert c3d.parameters.texts("POINT", "UNITS") == ["mm"]
    assert c3d.parameters.texts("POINT", "X_SCREEN") == ["+X"]
    assert c3d.parameters.words("SUBJECTS", "USED") == [1]
    if error != -1:
        assert "file.parameters" in codes(c3d)
        assert c3d.notes[0].place.startswith("byte ")


def test_a_section_that_breaks_off_before_the_labels_is_refused_with_its_byte():
    data = bytearray(C3dBytes(cloud()).build())
    at = data.index(b"RATE")
    data[at - 2 : at + 40] = b"\x07\x01\x02" * 14
    with pytest.raises(FileError, match=r"a.c3d is not a valid C3D: its parameter section is damaged at byte \d+"):
        parse_c3d(bytes(data), "a.c3d")


def test_more_frames_than_sixteen_bits_count():
    points = np.ones((70000, 1, 3))
    entries = [
        Entry("TRIAL", "ACTUAL_START_FIELD", np.array([1, 0])),
        Entry("TRIAL", "ACTUAL_END_FIELD", np.array([70000 & 0xFFFF, 70000 >> 16])),
    ]
    assert len(parse_c3d(C3dBytes(points, entries=entries).build(), "a.c3d").points) == 70000
    long = [Entry("POINT", "LONG_FRAMES", 70000.0, "real"), Entry("POINT", "FRAMES", 65535)]
    assert len(parse_c3d(C3dBytes(points, entries=long).build(), "a.c3d").points) == 70000


def test_a_first_frame_beyond_sixteen_bits():
    entries = [
        Entry("TRIAL", "ACTUAL_START_FIELD", np.array([70001 & 0xFFFF, 1])),
        Entry("TRIAL", "ACTUAL_END_FIELD", np.array([70020 & 0xFFFF, 1])),
    ]
    c3d = parse_c3d(C3dBytes(cloud(), first=70001 & 0xFFFF, entries=entries).build(), "a.c3d")
    assert c3d.first_frame == 70001
    assert len(c3d.points) == 20


def test_a_cut_trial_keeps_the_frames_that_are_there():
    entries = [
        Entry("TRIAL", "ACTUAL_START_FIELD", np.array([1, 0])),
        Entry("TRIAL", "ACTUAL_END_FIELD", np.array([500, 0])),
    ]
    c3d = parse_c3d(C3dBytes(cloud(), first=101, entries=entries).build(), "a.c3d")
    assert (c3d.first_frame, len(c3d.points)) == (101, 20)


@pytest.mark.parametrize("changes", [{9: 0}, {9: 3000}, {9: 2}])
def test_the_place_of_the_data_is_found_when_the_header_lies(changes):
    c3d = parse_c3d(C3dBytes(cloud(), header=changes).build(), "a.c3d")
    np.testing.assert_array_equal(c3d.points, cloud())


def test_a_header_that_puts_the_data_into_the_parameters_loses_none_of_them():
    entries = [Entry("POINT", "DESCRIPTIONS", ["x" * 200] * 5), Entry("TRIAL", "LAST", 7)]
    c3d = parse_c3d(C3dBytes(cloud(), header={9: 3}, entries=entries).build(), "a.c3d")
    np.testing.assert_array_equal(c3d.points, cloud())
    assert c3d.parameters.words("TRIAL", "LAST") == [7]


def test_the_place_of_the_data_is_found_when_both_lie():
    c3d = parse_c3d(C3dBytes(cloud(), header={9: 0}, entries=[Entry("POINT", "DATA_START", 0)]).build(), "a.c3d")
    np.testing.assert_array_equal(c3d.points, cloud())


def test_reals_are_told_by_the_size_where_scales_disagree():
    made = C3dBytes(cloud(), header={"scale": 0.1}, entries=[Entry("POINT", "SCALE", -1.0, "real")])
    c3d = parse_c3d(made.build(), "a.c3d")
    np.testing.assert_array_equal(c3d.points, cloud())
    assert "file.header" in codes(c3d)


def test_the_number_of_points_is_told_by_the_size():
    c3d = parse_c3d(C3dBytes(cloud(), header={2: 9}).build(), "a.c3d")
    assert c3d.points.shape == (20, 5, 3)
    assert "file.header" in codes(c3d)


def test_analog_values_may_be_stated_for_one_sample():
    analogs = np.arange(160.0).reshape(80, 2)
    c3d = parse_c3d(C3dBytes(cloud(), analogs=analogs, header={3: 2}).build(), "a.c3d")
    np.testing.assert_array_equal(c3d.analogs, analogs)


@pytest.mark.parametrize("stated", [["UNSIGNED"], None])
def test_unsigned_integers(stated):
    raw = np.array([[0.0, 65535.0], [32768.0, 40000.0]])
    entries = [Entry("ANALOG", "OFFSET", np.array([-32768, -32768])), Entry("ANALOG", "FORMAT", stated)]
    c3d = parse_c3d(C3dBytes(cloud(2), is_real=False, analogs=raw, entries=entries).build(), "a.c3d")
    np.testing.assert_array_equal(c3d.analogs, raw - 32768)


def test_a_small_negative_offset_stays_negative_in_unsigned_reals():
    entries = [Entry("ANALOG", "OFFSET", np.array([-5, -32752])), Entry("ANALOG", "FORMAT", ["UNSIGNED"])]
    c3d = parse_c3d(C3dBytes(cloud(2), analogs=np.full((2, 2), 32790.0), entries=entries).build(), "a.c3d")
    np.testing.assert_array_equal(c3d.analogs[0], [32795.0, 6.0])


def test_offsets_may_be_reals():
    entries = [Entry("ANALOG", "OFFSET", np.array([1.5, 2.5]))]
    c3d = parse_c3d(C3dBytes(cloud(2), analogs=np.ones((2, 2)), entries=entries).build(), "a.c3d")
    np.testing.assert_array_equal(c3d.analogs[0], [-0.5, -1.5])


def test_the_rate_that_the_analog_channels_confirm_is_taken():
    made = C3dBytes(cloud(), analogs=np.ones((200, 2)), header={"rate": 50.0})
    c3d = parse_c3d(made.build(), "a.c3d")
    assert c3d.rate_hz == 100.0
    assert codes(c3d) == {"file.rate"}
    entries = [Entry("ANALOG", "RATE", 500.0, "real")]
    c3d = parse_c3d(
        C3dBytes(cloud(), analogs=np.ones((200, 2)), header={"rate": 50.0}, entries=entries).build(), "a.c3d"
    )
    assert (c3d.rate_hz, c3d.analog_rate_hz) == (50.0, 500.0)


def test_an_unknown_processor_is_told_by_the_rate():
    for encoding in ENCODINGS:
        c3d = parse_c3d(C3dBytes(cloud(), encoding, processor=0).build(), "a.c3d")
        assert c3d.encoding == encoding
        assert "file.processor" in codes(c3d)


def test_events_of_the_old_header_count_where_they_are_switched_on():
    events = [("RHS", 0.25, 0), ("RTO", 0.5, 1), ("LHS", 0.75, 0)]
    for encoding in ENCODINGS:
        c3d = parse_c3d(C3dBytes(cloud(), encoding, events=events).build(), "a.c3d")
        assert c3d.header_events == (("RHS", 0.25), ("LHS", 0.75))


def test_a_file_that_ends_inside_a_frame_is_refused_and_one_that_ends_behind_one_is_read():
    data = C3dBytes(cloud()).build()
    with pytest.raises(FileError, match=r"a\.c3d is truncated: it states 20 frames and holds 14"):
        parse_c3d(data[: -5 * 80 - 3], "a.c3d")
    c3d = parse_c3d(data[: -5 * 80], "a.c3d")
    assert len(c3d.points) == 15
    assert codes(c3d) == {"file.frames"}
    assert c3d.notes[0].kind == "defect"


def test_padding_behind_the_last_frame_is_no_frame():
    c3d = parse_c3d(C3dBytes(cloud(), padding=300).build(), "a.c3d")
    assert len(c3d.points) == 20
    assert c3d.notes == ()


def test_stated_sizes_cost_nothing():
    entries = [
        Entry("BOMB", "TEXT", [""], "text", shape=(0, 255, 255, 255, 255, 255, 255)),
        Entry("BOMB", "REALS", [1.0], "real", shape=(255, 255, 255, 255)),
        Entry("POINT", "LONG_FRAMES", 4e9, "real"),
    ]
    c3d = parse_c3d(C3dBytes(cloud(), entries=entries).build(), "a.c3d")
    assert c3d.parameters.texts("BOMB", "TEXT") == []
    assert c3d.parameters.numbers("BOMB", "REALS") is None
    assert len(c3d.points) == 20


def test_what_begins_like_a_c3d_but_is_text():
    assert not is_c3d(b"\tPathFileType\t4\t(X/Y/Z)\n")
    assert not is_c3d("PathFileType\t4".encode("utf-16-be"))
    assert is_c3d(C3dBytes(cloud()).build())


def test_of_two_scales_the_header_counts_and_it_is_said():
    c3d = parse_c3d(
        C3dBytes(cloud(), is_real=False, scale=0.5, entries=[Entry("POINT", "SCALE", 0.2, "real")]).build(), "a.c3d"
    )
    np.testing.assert_array_equal(c3d.points * c3d.scale, cloud())
    assert codes(c3d) == {"file.scale"}


def test_a_missing_frame_rate_follows_from_the_analog_rate():
    entries = [Entry("POINT", "RATE", 0.0, "real"), Entry("ANALOG", "RATE", 1000.0, "real")]
    made = C3dBytes(cloud(), analogs=np.ones((200, 2)), header={"rate": 0.0}, entries=entries)
    c3d = parse_c3d(made.build(), "a.c3d")
    assert (c3d.rate_hz, c3d.analog_rate_hz) == (100.0, 1000.0)
    assert codes(c3d) == {"file.rate"}


def test_a_misspelt_group_of_plates_is_known():
    p = parse_c3d(C3dBytes(cloud(), entries=[Entry("FORCE_PLATEFORM", "USED", 2)]).build(), "a.c3d").parameters
    assert p.words("FORCE_PLATFORM", "USED") == [2]


def test_a_general_scale_of_zero_does_not_silence_the_plates():
    made = C3dBytes(cloud(2), analogs=np.full((2, 2), 7.0), entries=[Entry("ANALOG", "GEN_SCALE", 0.0, "real")])
    c3d = parse_c3d(made.build(), "a.c3d")
    np.testing.assert_array_equal(c3d.analogs, 7.0)
    assert codes(c3d) == {"file.analog_scale"}
