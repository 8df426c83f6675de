"""Rows of numbers in a text file, read in one go and, on a fault, told by line."""

from __future__ import annotations

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import FileError

__all__ = ["parse_rows"]


def parse_rows(lines: list[str], first_line: int, columns: int, name: str, kind: str) -> FloatArray:
    """Return a (row, column) array from lines of tab- or blank-separated numbers.

    Parameters
    ----------
    lines : list of str
    first_line : int
        Number of ``lines[0]`` in the file, for messages.
    columns : int
        Numbers expected in each row; blank cells are missing (NaN), missing cells at the end too when a row
        is tab-separated and holds at least two.
    name, kind : str
        File name and format for messages.

    Raises
    ------
    FileError
        Naming the first faulty line.
    """
    numbered = [(first_line + i, line) for i, line in enumerate(lines) if line.strip()]
    try:
        table = np.loadtxt([line for _, line in numbered], dtype=float, delimiter="\t", ndmin=2, comments=None)
        if table.shape[1] == columns:
            return np.asarray(np.where(np.isinf(table), np.nan, table))
    except ValueError:
        pass  # blanks, missing cells or a fault: look row by row
    return np.array([_row(line, number, columns, name, kind) for number, line in numbered], dtype=float)


def _row(line: str, number: int, columns: int, name: str, kind: str) -> list[float]:
    cells = [c.strip() for c in line.rstrip("\r\n").split("\t")] if "\t" in line else line.split()
    while len(cells) > columns and not cells[-1]:
        cells.pop()
    if len(cells) > columns or len(cells) < 2 or ("\t" not in line and len(cells) < columns):
        raise FileError(
            f"{name} is not a valid {kind}: line {number} holds {len(cells)} values where {columns} are expected"
        )
    try:
        row = [float(c) if c else float("nan") for c in cells]
    except ValueError:
        bad = next(c for c in cells if c and not _is_number(c))
        raise FileError(
            f"{name} is not a valid {kind}: line {number} holds '{bad[:20]}' where a number is expected"
        ) from None
    row += [float("nan")] * (columns - len(row))
    return [x if abs(x) != float("inf") else float("nan") for x in row]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
