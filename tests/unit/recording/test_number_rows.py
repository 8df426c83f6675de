"""Rows of plain numbers: the kernel reads what NumPy reads, and leaves everything else to the slower reader."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinechain.body.tree import KERNELS, kernels
from kinechain.recording.readers.text import parse_rows

pytestmark = pytest.mark.skipif(KERNELS != "compiled", reason="the extension was not built here")

CELLS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["1", "+2", "-0", ".5", "3.", " 4 ", "1e-3", "1E+05", "007", "1e999", "1e-400"]),
    st.sampled_from(["", "nan", "inf", "-", "+-1", "1,5", "1e", "0x1", "1 2", "1_0", ".", "e5", "é", "--1", "1.2.3"]),
)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=5))
def test_what_the_kernel_reads_numpy_reads_alike(rows):
    found = kernels().read_numbers("\n".join("\t".join(row) for row in rows), 3, "\t")
    try:
        expected = np.array([[float(cell) for cell in row] for row in rows])
    except ValueError:
        assert found is None
        return
    if found is not None:
        assert np.array_equal(found, expected)
        assert np.isfinite(found).all()


@given(st.lists(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4), min_size=2, max_size=20))
def test_plain_tables_take_the_quick_way(rows):
    found = kernels().read_numbers("\n".join("\t".join(f"{x:.8f}" for x in row) for row in rows), 4, "\t")
    assert found is not None
    assert found == pytest.approx(np.array(rows), abs=5.1e-9)


@pytest.mark.parametrize("text", ["1\t2\n3", "1\t2\t3\n4\t5", "1\t2\n\n3\t4", "1\t2\n3\t4\t", "1;2", "1\t2\r\n3\t4"])
def test_rows_of_other_shape_are_left_to_the_slow_reader(text):
    assert kernels().read_numbers(text, 2, "\t") is None


def test_a_last_row_that_breaks_off_is_still_left_out():
    notes: list = []
    table = parse_rows(["1\t2", "3\t4", "5\t6", "7"], 1, 2, "walk.mot", "MOT", notes)
    assert table.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert len(notes) == 1


def test_a_delimiter_of_two_letters_is_refused():
    for columns, delimiter in ((2, "ab"), (2, " "), (0, "\t"), (-1, "\t")):
        with pytest.raises(ValueError, match="delimiter"):
            kernels().read_numbers("1\t2", columns, delimiter)
