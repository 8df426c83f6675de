"""TRC files, with the habits of real laboratories."""

import numpy as np
import pytest

from kinechain.core.errors import FileError
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Markers
from kinechain.recording.writers.trc import write_trc

HEAD = "PathFileType\t4\t(X/Y/Z)\twalk.trc"
KEYS = "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames"


def text(values="100\t100\t2\t2\tmm\t100\t1\t2", labels="Frame#\tTime\tA\t\t\tB\t\t", rows=None, axes=True):
    rows = rows or ["1\t0.00\t1\t2\t3\t4\t5\t6", "2\t0.01\t7\t8\t9\t10\t11\t12"]
    lines = [HEAD, KEYS, values, labels]
    if axes:
        lines.append("\t\tX1\tY1\tZ1\tX2\tY2\tZ2")
    return "\n".join([*lines, "", *rows]) + "\n"


def read(tmp_path, content):
    path = tmp_path / "walk.trc"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_recording(path)


def test_millimetres_become_metres(tmp_path):
    recording = read(tmp_path, text())
    assert recording.format == "TRC"
    assert recording.markers.labels == ("A", "B")
    assert recording.markers.rate_hz == 100
    np.testing.assert_allclose(recording.markers.position("B"), [[0.004, 0.005, 0.006], [0.010, 0.011, 0.012]])


def test_metres_stay_metres(tmp_path):
    recording = read(tmp_path, text(values="100\t100\t2\t2\tm\t100\t1\t2"))
    np.testing.assert_allclose(recording.markers.position("A")[0], [1, 2, 3])


def test_header_values_set_apart_by_blanks_and_double_tabs(tmp_path):
    recording = read(tmp_path, text(values="  100.0\t\t  100.0\t\t    2\t\t     2\t\t mm\t  100.0\t      1\t    2"))
    np.testing.assert_allclose(recording.markers.position("A")[0], [0.001, 0.002, 0.003])


def test_blank_cells_are_missing_and_shift_nothing(tmp_path):
    recording = read(tmp_path, text(rows=["1\t0.00\t\t\t\t4\t5\t6", "2\t0.01\t7\t8\t9"]))
    assert np.isnan(recording.markers.position("A")[0]).all()
    np.testing.assert_allclose(recording.markers.position("B")[0], [0.004, 0.005, 0.006])
    assert np.isnan(recording.markers.position("B")[1]).all()


def test_three_zeros_are_missing_and_one_zero_is_not(tmp_path):
    recording = read(tmp_path, text(rows=["1\t0.00\t0\t0\t0\t4\t0\t6", "2\t0.01\tNaN\tnan\t NaN\t10\t11\t12"]))
    assert np.isnan(recording.markers.position("A")).all()
    np.testing.assert_allclose(recording.markers.position("B")[0], [0.004, 0.0, 0.006])


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("axes", [True, False])
def test_line_endings_and_a_missing_line_of_axes(tmp_path, ending, axes):
    recording = read(tmp_path, text(axes=axes).replace("\n", ending))
    assert recording.markers.positions.shape == (2, 2, 3)


def test_rows_set_apart_by_blanks(tmp_path):
    recording = read(tmp_path, text(rows=["1 0.00 1 2 3 4 5 6", "2 0.01 7 8 9 10 11 12"]))
    np.testing.assert_allclose(recording.markers.position("B")[1], [0.010, 0.011, 0.012])


def test_time_column_beats_a_wrong_rate_and_says_so(tmp_path):
    rows = [f"{i + 1}\t{i * 0.04:.2f}\t1\t2\t3\t4\t5\t6" for i in range(10)]
    recording = read(tmp_path, text(rows=rows))
    assert recording.markers.rate_hz == pytest.approx(25)
    assert any("time column" in n.text for n in recording.notes)


def test_one_label_twice_is_joined(tmp_path):
    rows = ["1\t0.00\t1\t2\t3\t\t\t", "2\t0.01\t\t\t\t10\t11\t12"]
    recording = read(tmp_path, text(labels="Frame#\tTime\tA\t\t\tA\t\t", rows=rows))
    np.testing.assert_allclose(recording.markers.position("A"), [[0.001, 0.002, 0.003], [0.010, 0.011, 0.012]])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEAD + "\n" + KEYS + "\n", "before the line of marker names"),
        (text(rows=["1\t0.00\t1\t2\t3\t4\t5\t6", "2\t0.01\t1\t2\tx\t4\t5\t6"]), "line 8 holds 'x'"),
        (text(rows=["1\t0.00\t1\t2\t3\t4\t5\t6\t7\t8"]), "line 7 holds 10 values where 8 are expected"),
        (text(values="nan\t100\t2\t2\tmm", rows=["1\t\t1\t2\t3\t4\t5\t6"]), "frame rate"),
        (text(labels="Frame#\tA\t\t\tB\t\t", values="", rows=["1\t1\t2\t3\t4\t5\t6"] * 2), "frame rate"),
        (text(labels="Frame#\tTime\t"), "line 4 names no markers"),
        (text(labels="Frame#\tTime\t*1\t\t\t*2\t\t"), "none of its points has a name"),
        ("\n".join(text().splitlines()[:5]), "holds no frames"),
    ],
)
def test_a_fault_is_named_by_line(tmp_path, content, said):
    with pytest.raises(FileError, match=r"walk\.trc is not a (valid|usable) TRC") as caught:
        read(tmp_path, content)
    assert said in str(caught.value)


def test_written_markers_read_back_the_same(tmp_path):
    random = np.random.default_rng(1)
    positions = random.normal(size=(20, 3, 3))
    positions[4:7, 1] = np.nan
    markers = Markers(("R.ASIS", "L.ASIS", "V.Sacral"), positions, 59.94, 1.25)
    write_trc(markers, tmp_path / "out.trc")
    back = read_recording(tmp_path / "out.trc").markers
    assert back.labels == markers.labels
    assert back.rate_hz == pytest.approx(59.94)
    assert back.start_s == pytest.approx(1.25)
    np.testing.assert_allclose(back.positions, positions, atol=1e-8)


def test_names_with_control_characters_are_shown_with_question_marks(tmp_path):
    path = tmp_path / "new\nline\x1b.trc"
    path.write_text(text(labels="Frame#\tTime\tA\x1b[31m\t\t\tB\t\t"))
    recording = read_recording(path)
    assert recording.name == "new?line?.trc"
    assert recording.markers.labels == ("A?[31m", "B")


def timed(times, rate=100):
    rows = [f"{i + 1}\t{t:.4f}\t{i}\t2\t3\t4\t5\t6" for i, t in enumerate(times)]
    return text(values=f"{rate}\t{rate}\t{len(rows)}\t2\tmm\t{rate}\t1\t{len(rows)}", rows=rows)


def test_rows_that_are_not_in_order_are_refused(tmp_path):
    with pytest.raises(FileError, match="time runs backwards at row 3"):
        read(tmp_path, timed([0.0, 0.02, 0.01, 0.03]))


def test_lost_rows_become_a_gap_at_their_time(tmp_path):
    recording = read(tmp_path, timed([i / 100 for i in range(47) if not 20 <= i < 27]))
    assert recording.markers.rate_hz == 100
    x = recording.markers.position("A")[:, 0]
    np.testing.assert_allclose(x * 1000, [*range(20), *[np.nan] * 7, *range(20, 40)])
    assert any("jumps over 7 frames" in note.text for note in recording.notes)


def test_a_time_that_stands_still_or_is_uneven_is_refused(tmp_path):
    with pytest.raises(FileError, match="jumps and stands still"):
        read(tmp_path, timed([0.0] * 20 + [i / 100 for i in range(40)]))
    with pytest.raises(FileError, match="uneven"):
        read(tmp_path, timed([i / 50 for i in range(30)] + [3.0 + i / 50 for i in range(30)]))
    with pytest.raises(FileError, match="leaps over"):
        read(tmp_path, timed([0.0, 0.01, 0.02, 1e7]))


def test_times_of_few_digits_lose_nothing(tmp_path):
    recording = read(tmp_path, timed([round(i / 240, 2) for i in range(100)], rate=240))
    assert len(recording.markers.positions) == 100


def test_the_subject_before_a_colon_is_no_part_of_a_label(tmp_path):
    recording = read(tmp_path, text(labels="Frame#\tTime\tAnna Schmidt:A\t\t\tAnna Schmidt:B\t\t"))
    assert recording.markers.labels == ("A", "B")


def test_a_position_beyond_all_bounds_is_missing(tmp_path):
    rows = ["1\t0.00\t1e308\t2\t3\t4\t5\t6", "2\t0.01\t7\t8\t9\t10\t11\t12"]
    recording = read(tmp_path, text(rows=rows))
    np.testing.assert_array_equal(np.isnan(recording.markers.position("A")), [[True] * 3, [False] * 3])
    assert any("taken as missing" in note.text for note in recording.notes)


def codes(recording):
    """Codes of what was assumed, repaired or found faulty; every such note says where, what it does and what helps."""
    for note in recording.notes:
        assert not note.code or (note.place and note.effect and note.cure), note
    return {note.code for note in recording.notes if note.code}


def same_as_plain(recording):
    np.testing.assert_allclose(recording.markers.position("A")[:2], [[0.001, 0.002, 0.003], [0.007, 0.008, 0.009]])
    np.testing.assert_allclose(recording.markers.position("B")[:2], [[0.004, 0.005, 0.006], [0.010, 0.011, 0.012]])
    assert recording.markers.rate_hz == pytest.approx(100)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_ending(tmp_path, encoding, ending):
    recording = read(tmp_path, text().replace("\n", ending).encode(encoding))
    same_as_plain(recording)
    assert recording.markers.labels == ("A", "B")
    assert not codes(recording)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace("Frame#", "Frame"),
        lambda t: t.replace("Frame#", "frame#"),
        lambda t: t.replace("Frame#", '"Frame#"').replace("Time", '"Time"').replace("\tA\t", '\t"A"\t'),
        lambda t: t.replace("Time", "Time (sec)"),
        lambda t: t.replace("Time", "time"),
        lambda t: t.replace("Time\tA\t\t\tB", "Times\t\tA\t\tB").replace("\t\tX1", "\t\t\tX1"),
        lambda t: t.replace("\n\n", "\n"),
        lambda t: t.replace("\tX1\tY1", "\tX1 \tY1").replace("\n\n", "\n\n\n\t\t\n"),
        lambda t: t + "\n\n\t\t\t\n",
        lambda t: t.replace("1\t0.00\t1\t2\t3", "1\t0.00\t1.0E+00\t 2e0\t +3.").replace("12\n", "12\t\t\n"),
        lambda t: t.replace("1\t0.00\t1\t2\t3", "1 0.00\t1 2 3"),
        lambda t: "\ufeff\n" + t,
        lambda t: t.split("\n", 1)[1],
        lambda t: t + "\x1a",
        lambda t: t.replace("\t", ","),
        lambda t: t.replace("\t", ";"),
    ],
)
def test_habits_that_change_nothing(tmp_path, change):
    recording = read(tmp_path, change(text()))
    same_as_plain(recording)
    assert not codes(recording)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda t: t.replace("100\t100\t2\t2\tmm", "100\t100\t5\t9\tmm"), "file.count"),
        (lambda t: t.replace("100\t100\t2", "fast\t100\t2"), "file.rate"),
        (lambda t: t.replace("100\t100\t2", "0\t0\t2"), "file.rate"),
        (lambda t: t.replace("0.00\t", "0,00\t").replace("0.01\t", "0,01\t"), "file.decimal_comma"),
        (lambda t: t.replace("0.00\t", "\t").replace("0.01\t", "\t"), "file.time"),
        (lambda t: t.replace("0.01\t", "0.00\t"), "file.time"),
        (lambda t: t.replace(".", ",").replace("\t", ";"), "file.decimal_comma"),
        (lambda t: t.replace("Time\t", "").replace("0.00\t", "").replace("0.01\t", ""), "file.time"),
        (lambda t: t.replace("0.00\t", "0\t").replace("0.01\t", "10\t"), "file.time_unit"),
    ],
)
def test_habits_that_are_repaired_and_said(tmp_path, change, code):
    recording = read(tmp_path, change(text()))
    same_as_plain(recording)
    assert code in codes(recording)


def test_a_header_without_its_values_is_made_good_from_the_rows(tmp_path):
    lines = text().split("\n")
    rows = [f"{i + 1}\t{i / 50:.2f}\t0\t0\t1700\t500\t0\t10" for i in range(20)]
    for header in (lines[:2], [lines[0]]):
        recording = read(tmp_path, "\n".join([*header, *lines[3:6], *rows]))
        assert recording.markers.rate_hz == pytest.approx(50)
        assert recording.markers.position("A")[0, 2] == pytest.approx(1.7)
        assert {"file.header", "file.unit"} <= codes(recording)


@pytest.mark.parametrize(
    ("unit", "scale"),
    [("mm", 1e3), ("m", 1), ("cm", 1e2), ("in", 1 / 0.0254), ("meters", 1), ("Millimeter", 1e3), ("[mm]", 1e3)],
)
def test_every_unit_of_length(tmp_path, unit, scale):
    rows = [f"{i + 1}\t{i / 100:.2f}\t0\t0\t{1.7 * scale}\t{0.5 * scale}\t0\t{0.1 * scale}" for i in range(3)]
    recording = read(tmp_path, text(values=f"100\t100\t3\t2\t{unit}\t100\t1\t3", rows=rows))
    np.testing.assert_allclose(recording.markers.position("A")[0], [0, 0, 1.7], atol=1e-9)


@pytest.mark.parametrize("scale", [1e3, 1, 1e2])
def test_a_unit_that_is_no_unit_is_told_from_the_body(tmp_path, scale):
    rows = [f"{i + 1}\t{i / 100:.2f}\t0\t0\t{1.7 * scale}\t{0.5 * scale}\t0\t{0.1 * scale}" for i in range(3)]
    recording = read(tmp_path, text(values="100\t100\t3\t2\t460\t100\t1\t3", rows=rows))
    np.testing.assert_allclose(recording.markers.position("A")[0], [0, 0, 1.7], atol=1e-9)
    assert "file.unit" in codes(recording)


def test_a_marker_without_a_name_keeps_its_columns(tmp_path):
    rows = ["1\t0.00\t1\t2\t3\t4\t5\t6\t7\t8\t9", "2\t0.01\t1\t2\t3\t4\t5\t6\t7\t8\t9"]
    recording = read(tmp_path, text(labels="Frame#\tTime\tA\t\t\t\t\t\tB\t\t", rows=rows, axes=False))
    np.testing.assert_allclose(recording.markers.position("B")[0], [0.007, 0.008, 0.009])
    assert recording.markers.labels == ("A", "B")


def test_a_row_that_breaks_off_is_left_out(tmp_path):
    content = timed([i / 100 for i in range(10)])
    recording = read(tmp_path, content[: content.rindex("5") - 1])
    assert len(recording.markers.positions) == 9
    assert "file.cut_end" in codes(recording)


def test_rows_that_run_backwards_throughout_are_turned_round(tmp_path):
    recording = read(tmp_path, timed([0.03, 0.02, 0.01, 0.0]))
    np.testing.assert_allclose(recording.markers.position("A")[:, 0] * 1e3, [3, 2, 1, 0])
    assert "file.order" in codes(recording)


def test_an_uneven_clock_is_brought_to_even_times(tmp_path):
    draw = np.random.default_rng(3)
    times = np.cumsum(draw.uniform(0.02, 0.045, 200))
    rows = [f"{i + 1}\t{t:.6f}\t{1000 * t}\t2\t3\t4\t5\t6" for i, t in enumerate(times)]
    recording = read(tmp_path, text(values="30\t30\t200\t2\tmm", rows=rows))
    np.testing.assert_allclose(recording.markers.position("A")[:, 0], recording.markers.times_s, atol=1e-3)
    assert "file.uneven_clock" in codes(recording)


def test_a_clock_that_starts_late_starts_late(tmp_path):
    assert read(tmp_path, timed([2.5 + i / 100 for i in range(5)])).markers.start_s == pytest.approx(2.5)
    rows = [f"{i}\t\t1\t2\t3\t4\t5\t6" for i in (101, 102, 105)]
    recording = read(tmp_path, text(rows=rows))
    assert recording.markers.start_s == pytest.approx(1.0)
    np.testing.assert_array_equal(np.isnan(recording.markers.position("A")[:, 0]), [False, False, True, True, False])


def test_a_separator_of_lines_inside_a_label_is_no_line_break(tmp_path):
    recording = read(tmp_path, text(labels="Frame#\tTime\tA\u2028x\t\t\tB (left) [1]\t\t"))
    assert recording.markers.labels == ("A?x", "B (left) [1]")


def test_words_for_missing(tmp_path):
    rows = ["1\t0.00\t1.#QNAN\t-1.#IND\tnan(ind)\t4\t5\t6", "2\t0.01\tN/A\tnull\t--\tinf\t-inf\t1e400"]
    recording = read(tmp_path, text(rows=rows))
    assert np.isnan(recording.markers.position("A")).all()
    assert np.isnan(recording.markers.position("B")[1]).all()


def test_a_row_that_is_no_row_is_named(tmp_path):
    assert "file.lines" in codes(read(tmp_path, text().replace("1\t0.00\t", "@\t0.00\t")))


def test_a_single_frame_needs_no_rate(tmp_path):
    recording = read(tmp_path, text(values="-100\t100\t1\t2\tmm", rows=["1\t0\t1\t2\t3\t4\t5\t6"]))
    assert len(recording.markers.positions) == 1
    assert "file.rate" in codes(recording)
