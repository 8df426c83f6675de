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
        (text(values="nan\t100\t2\t2\tmm"), "frame rate"),
        (text(values="-100\t100\t2\t2\tmm"), "frame rate"),
        (text(values="fast\t100\t2\t2\tmm"), "line 3 gives 'fast' for datarate"),
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
