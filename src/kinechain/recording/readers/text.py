"""Text of any encoding and line ending, and rows of numbers in it, read in one go and, on a fault, told by line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import FileError
from kinechain.core.text import printable
from kinechain.recording.recording import Note

__all__ = [
    "MISSING",
    "decode_text",
    "delimiter_of",
    "different",
    "parse_rows",
    "split_cells",
    "split_lines",
    "to_number",
]

_read_numbers: Any
try:
    _read_numbers = getattr(import_module("kinechain._kernels"), "read_numbers", None)
except ImportError:  # no compiler when this was installed
    _read_numbers = None

#: Words that programs write where a number is missing.
MISSING = frozenset(
    "nan +nan -nan nan(ind) -nan(ind) 1.#qnan 1.#ind -1.#ind -1.#qnan 1.#inf -1.#inf "
    "n/a na null none missing - --".split()
)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|[+-]?(inf|infinity)", re.IGNORECASE)
_COMMA = re.compile(r"\d,\d")


def decode_text(data: bytes) -> str | None:
    """Return a file as text, or None if it is not one.

    Parameters
    ----------
    data : bytes
        UTF-8 or UTF-16, with a byte-order mark or without, or one byte a letter.
    """
    head = data[:4096]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\x00" in head:
        # Plain letters in UTF-16 have every second byte zero.
        even, odd = head[0::2].count(0), head[1::2].count(0)
        if max(even, odd) < 0.4 * len(head) / 2 or min(even, odd) > 0.05 * len(head) / 2:
            return None
        encodings = ["utf-16-le" if odd > even else "utf-16-be"]
    else:
        encodings = ["utf-8-sig", "latin-1"]
    for encoding in encodings:
        try:
            # Old programs end a text with the character of an end of file.
            return data.decode(encoding).lstrip("\ufeff").rstrip("\x1a")
        except UnicodeDecodeError:
            continue
    return None


def split_lines(text: str) -> list[str]:
    """Return the lines of a text that ends them in LF, CRLF or CR; no other character ends a line."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


def split_cells(line: str, delimiter: str | None = None) -> list[str]:
    """Return the cells of a line without blanks and quotes; tabs set them apart if there are any, else blanks.

    Parameters
    ----------
    line : str
    delimiter : str, optional
        What sets cells apart, if known.
    """
    delimiter = delimiter or ("\t" if "\t" in line else None)
    return [cell.strip().strip("\"'").strip() for cell in line.split(delimiter)]


def delimiter_of(line: str) -> str:
    """Return what sets the cells of a line apart: comma, semicolon or tab, whichever it holds most of."""
    return max((",", ";", "\t"), key=line.count)


def different(labels: Sequence[str], what: str) -> tuple[str, ...]:
    """Return one name for every column, no two alike: a number stands behind a name that another column has.

    Parameters
    ----------
    labels : sequence of str
        As written, '' for a column without a name.
    what : str
        What a column without a name is called: 'channel' makes it 'channel 3'.
    """
    out: dict[str, None] = {}
    for number, label in enumerate(labels, 1):
        name = label or f"{what} {number}"
        while name in out:
            name = f"{name} ({number})"
        out[name] = None
    return tuple(out)


def to_number(cell: str) -> float | None:
    """Return a number, NaN for a word that means 'missing' or an endless number, None for anything else."""
    cell = cell.strip().strip("\"'").strip()
    if not cell or cell.lower() in MISSING:
        return float("nan")
    if _NUMBER.fullmatch(cell) is None:
        comma = cell.replace(",", ".", 1)
        if cell.count(",") != 1 or "." in cell or _NUMBER.fullmatch(comma) is None:
            return None
        cell = comma
    value = float(cell)
    return value if abs(value) != float("inf") else float("nan")


def parse_rows(
    lines: list[str],
    first_line: int,
    columns: int,
    name: str,
    kind: str,
    notes: list[Note] | None = None,
    delimiter: str | None = None,
) -> FloatArray:
    """Return a (row, column) array from lines of numbers.

    Parameters
    ----------
    lines : list of str
        Empty ones are passed over.
    first_line : int
        Number of ``lines[0]`` in the file, for messages.
    columns : int
        Numbers expected in each row; blank cells are missing (NaN), missing cells at the end too when a row
        is tab-separated and holds at least two.
    name, kind : str
        File name and format for messages.
    notes : list of Note, optional
        What had to be repaired is appended to it.
    delimiter : str, optional
        What sets cells apart; tabs, or blanks in a line without tabs, if not given.

    Raises
    ------
    FileError
        Naming the first faulty line.
    """
    whole = _all_numbers("\n".join(lines).rstrip(), columns, delimiter or "\t")
    if whole is not None and len(whole) > 1:
        return whole
    numbered = [(first_line + i, line) for i, line in enumerate(lines) if line.strip(" \t,;")]
    said = [] if notes is None else notes
    numbered = _without_cut_end(numbered, columns, delimiter, said)
    rows = [line for _, line in numbered]
    usual = delimiter or "\t"
    table = _load([row.rstrip() for row in rows], columns, usual)
    if table is None:
        rows = _with_points(rows, usual, said)
        table = _load([_filled(row, columns, usual) for row in rows], columns, usual)
    if table is not None:
        _say_short(numbered, columns, usual, said)
        return table
    return np.array(
        [_row(row, number, columns, name, kind, delimiter) for (number, _), row in zip(numbered, rows, strict=True)],
        dtype=float,
    ).reshape(-1, columns)


def _load(rows: list[str], columns: int, delimiter: str) -> FloatArray | None:
    """Return the numbers of rows that are all whole, else None."""
    if not rows:
        return np.empty((0, columns))
    quick = _all_numbers("\n".join(rows), columns, delimiter)
    if quick is not None:
        return quick
    try:
        table = np.loadtxt(rows, dtype=float, delimiter=delimiter, ndmin=2, comments=None)
    except ValueError:
        return None
    if table.shape[1] != columns:
        return None
    # One pass tells most tables from those with endless numbers.
    if table.size and max(np.fmax.reduce(table.ravel()), -np.fmin.reduce(table.ravel())) == np.inf:
        return np.asarray(np.where(np.isinf(table), np.nan, table))
    return np.asarray(table)


def _all_numbers(text: str, columns: int, delimiter: str) -> FloatArray | None:
    """Return the plain numbers of whole rows, None where anything else stands or no kernel is there."""
    if _read_numbers is None or columns < 1 or len(delimiter) != 1 or delimiter == " ":
        return None
    found = _read_numbers(text, columns, delimiter)
    return None if found is None else np.asarray(found)


def _without_cut_end(
    numbered: list[tuple[int, str]], columns: int, delimiter: str | None, notes: list[Note]
) -> list[tuple[int, str]]:
    """Leave out a last row that breaks off, whose last number may have lost digits."""
    counts = [len(line.rstrip().split(delimiter or ("\t" if "\t" in line else None))) for _, line in numbered[-3:]]
    if len(counts) < 3 or not (counts[-1] < columns and counts[-1] < min(counts[:-1])) or numbered[-1][1][-1] == "\t":
        return numbered
    text = f"The last row (line {numbered[-1][0]}) breaks off after {counts[-1]} of {columns} values; it was left out."
    notes.append(
        Note(
            "defect",
            text,
            "file.cut_end",
            f"line {numbered[-1][0]}",
            "The file may have lost its end.",
            "Copy or export it again.",
        )
    )
    return numbered[:-1]


def _with_points(rows: list[str], delimiter: str, notes: list[Note]) -> list[str]:
    """Write decimal commas as points where every number has them."""
    if delimiter == "," or not any(_COMMA.search(row) for row in rows[:50]) or any("." in row for row in rows):
        return rows
    notes.append(
        Note(
            "repaired",
            "Numbers are written with a decimal comma; they were read as such.",
            "file.decimal_comma",
            "all rows",
            "None, the numbers are the same.",
            "Export with decimal points to have no doubt.",
        )
    )
    return [row.replace(",", ".") for row in rows]


def _filled(row: str, columns: int, delimiter: str) -> str:
    """Return a row with NaN in its blank cells and at its end."""
    if " " in row:
        # Blanks around a number do no harm, a cell of blanks does.
        row = row.strip(" ")
        for width in (4096, 64, 8, 1):
            wide = delimiter + " " * width
            while wide in row:
                row = row.replace(wide, delimiter)
    while row.endswith(delimiter) and row.count(delimiter) >= columns:
        row = row[:-1]
    if 2 <= row.count(delimiter) + 1 <= columns:
        # Blank cells are common, so this way is the fast one.
        row += (delimiter + "nan") * (columns - 1 - row.count(delimiter))
        blank, missing = 2 * delimiter, f"{delimiter}nan{delimiter}"
        row = row.replace(blank, missing).replace(blank, missing)
        return ("nan" if row[0] == delimiter else "") + row + ("nan" if row[-1] == delimiter else "")
    cells = row.split(delimiter)
    if len(cells) == 1 and delimiter == "\t":
        return "\t".join(row.split())
    while len(cells) > columns and not cells[-1].strip():
        cells.pop()
    if 2 <= len(cells) < columns:
        cells += ["nan"] * (columns - len(cells))
    return delimiter.join("nan" if not cell or cell.isspace() else cell for cell in cells)


def _say_short(numbered: list[tuple[int, str]], columns: int, delimiter: str, notes: list[Note]) -> None:
    short = [number for number, line in numbered if 0 < line.count(delimiter) < columns - 1]
    if short and len(short) < len(numbered):
        notes.append(
            Note(
                "repaired",
                f"{len(short)} rows end early (the first is line {short[0]}); what they lack was taken as missing.",
                "file.short_rows",
                f"line {short[0]}",
                "The last columns have gaps there.",
                "Export again with a value or an empty cell in every column.",
            )
        )


def _row(line: str, number: int, columns: int, name: str, kind: str, delimiter: str | None) -> list[float]:
    cells = split_cells(line.rstrip("\r\n"), delimiter)
    while len(cells) > columns and not cells[-1]:
        cells.pop()
    if len(cells) != columns and delimiter is None and len(line.split()) == columns:
        cells = line.split()
    if len(cells) > columns or len(cells) < 2 or (delimiter is None and "\t" not in line and len(cells) < columns):
        raise FileError(
            f"{name} is not a valid {kind}: line {number} holds {len(cells)} values where {columns} are expected"
        )
    row = [to_number(cell) for cell in cells]
    if None in row:
        bad = cells[row.index(None)]
        raise FileError(
            f"{name} is not a valid {kind}: line {number} holds '{printable(bad[:20])}' where a number is expected; "
            "write missing values as empty cells"
        )
    return [x for x in row if x is not None] + [float("nan")] * (columns - len(row))
