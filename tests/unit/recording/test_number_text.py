"""Numbers as text: the kernel writes what Python's formatting does."""

import numpy as np
import pytest

from kinechain.recording.writers import mot

compiled = pytest.mark.skipif(mot._write_numbers is None, reason="the extension was not built here")


@compiled
def test_kernel_writes_what_python_does(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(300, 7)) * 10.0 ** rng.integers(-12, 12, (300, 7))
    rows[0] = [0.0, -0.0, 0.5e-8, 1.5e-8, np.inf, -np.inf, 1e300]
    rows[1, 2] = np.nan
    rows[2] = np.round(rows[2], 8)
    found = mot._text_of(rows)
    monkeypatch.setattr(mot, "_write_numbers", None)
    assert found == mot._text_of(rows)


@compiled
def test_rows_of_one_column_and_of_none() -> None:
    assert mot._text_of(np.array([[1.0], [2.5]])) == b"1.00000000\n2.50000000\n"
    assert mot._text_of(np.empty((0, 3))) == b""
