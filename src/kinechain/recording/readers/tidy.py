"""Tables of markers and of angles: one header line, or two, and a column of times.

Four layouts are read, from text (comma, semicolon or tab) and from Parquet:

long markers
    ``time, marker, x, y, z`` and perhaps ``unit``: one row for a marker at a time (Wickham 2014, "Tidy Data",
    doi 10.18637/jss.v059.i10).
long values
    ``time, name, value`` and perhaps ``unit``.
wide
    ``time`` and three columns a marker (``LASI_x``, ``LASI.x``, ``LASI:X``, ``LASI x [mm]``); other columns become a
    series.
two headers
    a line of marker names above a line ``X, Y, Z, ...``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import FileError
from kinechain.core.text import printable
from kinechain.recording.plates import plates_from_table
from kinechain.recording.readers.content import TableFile, make_markers
from kinechain.recording.readers.even_rows import even_rows
from kinechain.recording.readers.lengths import length_from_size, length_of
from kinechain.recording.readers.text import delimiter_of, different, parse_rows, split_cells, split_lines, to_number
from kinechain.recording.recording import Note, Series

__all__ = ["NEEDED", "looks_like_columns", "read_columns", "read_parquet"]

#: What a table must have, for messages.
NEEDED = (
    "a table needs a column 'time' in s and, for every marker, columns such as LASI_x, LASI_y, LASI_z, "
    "or the columns time, marker, x, y, z"
)
_TIME = re.compile(r"^(times?|t)(\b|_)[\s_.]*[\(\[]?(s|sec|seconds|ms)?[\)\]]?$", re.IGNORECASE)
_MILLISECONDS = re.compile(r"ms[\)\]]?$", re.IGNORECASE)
_FRAME = re.compile(r"^(frame|sample|index)s?\W*(no|number)?\.?$|^$", re.IGNORECASE)
_UNIT = re.compile(r"^(?P<name>.*?)[\s_]*[\(\[](?P<unit>[^\(\)\[\]]*)[\)\]]$")
_AXIS = re.compile(r"^(?P<name>.*?)(?P<mark>[\s_.:-]*)(pos)?(?P<axis>[xyz])$", re.IGNORECASE)
#: Words for the column that names markers, and for the one that names values.
_MARKER = ("marker", "label", "point", "landmark", "keypoint", "name")
_NAME = ("name", "variable", "angle")
#: Triples of columns that are no place of a marker.
_OTHER = re.compile(
    r"force|moment|torque|^ground_|(^|[ _.])(cop|grf)([ _.\d]|$)|^(f|m|v|p|t|a|g|w)\d*$"
    r"|^(fp|grf|plate|platform|f)[ _]?(\d+|r|l|right|left)[ _.]*(v|f|p|m|t|cop)$"
    r"|(^|[ _.])(acc(el\w*)?|gyro?\w*|mag(n\w*)?|vel(ocity)?|rot(ation)?|quat\w*|euler\w*|angles?)([ _.\d]|$)",
    re.IGNORECASE,
)
_ANGLE_UNITS = ("deg", "degree", "degrees", "°", "rad")


def looks_like_columns(text: str) -> bool:
    """Return whether a text begins with one or two lines of column names, a time among them, and a row of numbers."""
    return _header_line(split_lines(text[:200000])) is not None


def _header_line(lines: Sequence[str]) -> int | None:
    """Return the line of names that stands above the first row of numbers; None if there is no such line."""
    for i, line in enumerate(lines[:40]):
        cells = split_cells(line, delimiter_of(line)) if line.strip() else []
        if len(cells) > 2 and any(_TIME.match(cell) for cell in cells[:3]):
            return i
        if len(cells) > 2 and cells and _FRAME.match(cells[0]) and _are_axes(cells):
            return i
    return None


def _are_axes(cells: Sequence[str]) -> bool:
    words = [cell.lower() for cell in cells if cell]
    if set(words) & set(_MARKER):
        return False
    return sum(word in ("x", "y", "z") for word in words) >= max(3, len(words) - 2)


def read_columns(text: str, name: str) -> TableFile:
    """Read a table of markers or other columns from its text.

    Parameters
    ----------
    text : str
    name : str
        File name for messages.

    Raises
    ------
    FileError
        If columns are missing, or with the line at which numbers end.
    """
    lines = split_lines(text)
    at = _header_line(lines)
    if at is None:
        raise FileError(f"{name} names no columns that can be read here; {NEEDED}")
    mark = delimiter_of(lines[at])
    notes: list[Note] = []
    names = split_cells(lines[at], mark)
    while names and not names[-1]:
        names.pop()
    if _are_axes(names):
        names = _joined(split_cells(lines[at - 1], mark) if at else [], names)
    kind = "TSV" if mark == "\t" else "CSV"
    rows = lines[at + 1 :]
    rows, names = _with_units(rows, names, mark)
    words = [i for i, n in enumerate(names) if _bare(n)[0].lower() in (*_MARKER, *_NAME, "unit")]
    if words:
        columns, texts = _with_words(rows, at + 2, names, words, name, kind, mark)
        return _content(names, columns, texts, name, kind, notes, f"line {at + 2}")
    table = parse_rows(rows, at + 2, len(names), name, kind, notes, mark)
    if not len(table):
        raise FileError(f"{name} names {len(names)} columns but holds no rows; export it again")
    return _content(names, lambda i: table[:, i], {}, name, kind, notes, f"line {at + 2}")


def _with_units(rows: list[str], names: list[str], mark: str) -> tuple[list[str], list[str]]:
    """Put the units of a line below the names behind them."""
    first = split_cells(rows[0], mark) if rows else []
    seen = [cell for cell in first if cell]
    if not seen or not any(length_of(c) or c.strip("[]()").lower() in ("s", "n", "nm", *_ANGLE_UNITS) for c in seen):
        return rows, names
    if any(to_number(cell) is not None for cell in seen):
        return rows, names
    units = [cell.strip("[]()") for cell in first]
    told = [_with_unit(n, u) for n, u in zip(names, units, strict=False)]
    return ["", *rows[1:]], told + names[len(told) :]


def _with_unit(name: str, unit: str) -> str:
    """Put a unit behind the name of a column that has none; of times only one that can be theirs."""
    whole = f"{name} [{unit}]"
    return whole if unit and not _bare(name)[1] and (_TIME.match(whole) or not _TIME.match(name)) else name


def _joined(above: Sequence[str], axes: Sequence[str]) -> list[str]:
    """Put the names of the line above before the axes; a name holds until the next."""
    out, last = [], ""
    for i, axis in enumerate(axes):
        last = (above[i] if i < len(above) else "") or last
        is_axis = axis.lower() in ("x", "y", "z")
        out.append(f"{last}_{axis}" if is_axis else axis or (above[i] if i < len(above) else ""))
    return out


def _with_words(
    rows: list[str], first: int, names: Sequence[str], words: Sequence[int], name: str, kind: str, mark: str
) -> tuple[Callable[[int], FloatArray], dict[int, NDArray[np.str_]]]:
    """Split rows that hold words in some columns."""
    has_quotes = any('"' in row for row in rows)
    cells = [
        (i, split_cells(row, mark) if has_quotes else row.split(mark)) for i, row in enumerate(rows) if row.strip()
    ]
    bad = next((i for i, row in cells if len(row) != len(names)), None)
    if bad is not None:
        raise FileError(
            f"{name} is not a valid {kind}: line {first + bad} does not hold the {len(names)} values that line "
            f"{first - 1} names"
        )
    if not cells:
        raise FileError(f"{name} names {len(names)} columns but holds no rows; export it again")
    texts = {i: np.array([row[i].strip() for _, row in cells], dtype=str) for i in words}

    def numbers(i: int) -> FloatArray:
        try:
            plain = np.array([row[i].strip() or "nan" for _, row in cells]).astype(float)
            return np.asarray(np.where(np.isfinite(plain), plain, np.nan))
        except ValueError:
            pass  # a word, a decimal comma or a fault: look row by row
        values = [to_number(row[i]) for _, row in cells]
        if None in values:
            line, row = cells[values.index(None)]
            raise FileError(
                f"{name} is not a valid {kind}: line {first + line} holds '{printable(row[i][:20])}' "
                "where a number is expected"
            )
        return np.array(values, dtype=float)

    return numbers, texts


def read_parquet(path: Path, name: str) -> TableFile:
    """Read a table of markers or other columns from Parquet.

    Parameters
    ----------
    path : path
    name : str
        File name for messages.

    Raises
    ------
    FileError
        If the file is damaged, too large for one trial, or columns are missing.
    """
    # A tenth of a second that only readers of Parquet should pay.
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            parquet = pq.ParquetFile(file)
            held = parquet.metadata.num_rows * max(parquet.metadata.num_columns, 1)
            if held > 1 << 28:
                raise FileError(f"{name} holds {held} values, more than any one trial; cut it")
            table = parquet.read()
            # What a damaged file states of itself is checked before it is used.
            table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError):
        raise FileError(f"{name} is not a valid Parquet file: it cannot be opened; export it again") from None
    schema = table.schema
    names, texts = [], {}
    for i, field in enumerate(schema):
        unit = (field.metadata or {}).get(b"unit", b"").decode("utf-8", "replace")
        names.append(_with_unit(field.name, unit))
        is_text = pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
        if is_text or pa.types.is_dictionary(field.type):
            texts[i] = _words(table.column(i))
        elif not (pa.types.is_integer(field.type) or pa.types.is_floating(field.type)):
            raise FileError(f"{name} has a column of the type {field.type}; {NEEDED}")

    def numbers(i: int) -> FloatArray:
        if i in texts:
            raise FileError(f"{name} holds words in column {i + 1} where numbers are expected; {NEEDED}")
        # Whole numbers beyond 2^53 are no measurements; they are read as near as can be.
        values = table.column(i).cast(pa.float64(), safe=False).to_numpy()
        return np.where(np.isfinite(values), values, np.nan)

    notes: list[Note] = []
    frame = _frame_of(schema.metadata)
    if frame:
        notes.append(Note("found", f"The file states its axes: {frame}."))
    if not table.num_rows:
        raise FileError(f"{name} names {len(names)} columns but holds no rows; export it again")
    return _content(names, numbers, texts, name, "Parquet", notes, "row 1")


def _words(column: Any) -> NDArray[np.str_]:
    """Return a column of words; of a dictionary its few words are spread by their numbers."""
    whole = column.combine_chunks()
    if not hasattr(whole, "dictionary"):
        return np.array([str(value) for value in whole.to_pylist()], dtype=str)
    few = np.array([*(str(value) for value in whole.dictionary.to_pylist()), "None"], dtype=str)
    return np.asarray(few[whole.indices.fill_null(len(few) - 1).to_numpy()])


def _frame_of(metadata: dict[bytes, bytes] | None) -> str:
    try:
        about = json.loads((metadata or {}).get(b"kinechain", b"{}"))
    except (ValueError, UnicodeDecodeError):
        return ""
    frame = about.get("frame") if isinstance(about, dict) else None
    return printable(frame[:80]) if isinstance(frame, str) else ""


def _bare(column: str) -> tuple[str, str]:
    """Split a column's name from the unit in brackets behind it."""
    match = _UNIT.match(column.strip())
    return (match["name"].strip(), match["unit"].strip()) if match and match["name"] else (column.strip(), "")


def _content(
    names: Sequence[str],
    column: Callable[[int], FloatArray],
    texts: dict[int, NDArray[np.str_]],
    name: str,
    kind: str,
    notes: list[Note],
    place: str,
) -> TableFile:
    """Tell long from wide, and read it."""
    plain = [_bare(n)[0].lower() for n in names]
    at = next((i for i, n in enumerate(names) if _TIME.match(n)), None)
    if at is None:
        raise FileError(f"{name} holds no times, so neither speed nor duration can be told; {NEEDED}")
    times = column(at) * (1e-3 if _MILLISECONDS.search(names[at]) else 1.0)
    if {"x", "y", "z"} <= set(plain) and set(plain) & set(_MARKER):
        return _long_markers(plain, times, column, texts, name, kind, notes, place)
    if {"value"} <= set(plain) and set(plain) & set(_NAME):
        return _long_values(plain, times, column, texts, name, kind, notes)
    frames = next((i for i, n in enumerate(plain) if i != at and _FRAME.match(n)), None)
    return _wide(names, at, times, frames, column, texts, name, kind, notes, place)


def _pivot(
    times: FloatArray, words: NDArray[np.str_], values: FloatArray, name: str
) -> tuple[FloatArray, list[str], FloatArray]:
    """Turn rows of (time, word, values) into an array (time, word, value)."""
    if not np.isfinite(times).all():
        row = int(np.argmin(np.isfinite(times))) + 1
        raise FileError(f"{name} is not a usable table: row {row} holds no time; write one in every row")
    steps, place = np.unique(times, return_inverse=True)
    labels, first, column = np.unique(words, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=int)
    rank[order] = np.arange(len(order))
    if len(steps) * len(labels) > 20 * len(times) + 1000:
        raise FileError(
            f"{name} is not a usable table: its {len(times)} rows are of {len(steps)} times and {len(labels)} names, "
            "so most would be missing; write one row for every name at every time"
        )
    out = np.full((len(steps), len(labels), values.shape[1]), np.nan)
    out[place, rank[column]] = values
    return steps, [str(labels[i]) for i in order], out


def _long_markers(
    plain: list[str],
    times: FloatArray,
    column: Callable[[int], FloatArray],
    texts: dict[int, NDArray[np.str_]],
    name: str,
    kind: str,
    notes: list[Note],
    place: str,
) -> TableFile:
    points = np.stack([column(plain.index(axis)) for axis in "xyz"], axis=1)
    marker = next(plain.index(word) for word in _MARKER if word in plain)
    words = texts[marker] if marker in texts else column(marker).astype(str)
    stated = ""
    if "unit" in plain:
        units = sorted(set(texts[plain.index("unit")].tolist()) - {""}) if plain.index("unit") in texts else []
        if len(units) > 1:
            raise FileError(
                f"{name} gives positions in several units ({printable(', '.join(units[:4]))}); write them in one"
            )
        stated = units[0] if units else ""
    times, labels, positions = _pivot(times, words, points, name)
    values, rate, start = even_rows(positions.reshape(len(times), -1), times, None, None, place, name, kind, notes)
    positions = values.reshape(len(values), len(labels), 3)
    metres = length_of(stated)
    if metres is None:
        metres = length_from_size(positions, stated, "the column of units", notes)
    markers = make_markers(labels, positions * metres, rate, start, name, kind, notes)
    return TableFile(kind, markers, notes=tuple(notes))


def _long_values(
    plain: list[str],
    times: FloatArray,
    column: Callable[[int], FloatArray],
    texts: dict[int, NDArray[np.str_]],
    name: str,
    kind: str,
    notes: list[Note],
) -> TableFile:
    word = next(i for i, n in enumerate(plain) if n in _NAME)
    if word not in texts:
        raise FileError(f"{name} holds numbers where the names of values are expected; {NEEDED}")
    times, labels, values = _pivot(times, texts[word], column(plain.index("value"))[:, None], name)
    units = [""] * len(labels)
    if "unit" in plain and plain.index("unit") in texts:
        of = dict(zip(texts[word].tolist(), texts[plain.index("unit")].tolist(), strict=True))
        units = [str(of.get(label, "")) for label in labels]
    series = Series(tuple(printable(x) for x in labels), values[:, :, 0], tuple(printable(u) for u in units), times)
    return TableFile(kind, series=series, plates=plates_from_table(series, notes), notes=tuple(notes))


def _wide(
    names: Sequence[str],
    at: int,
    times: FloatArray,
    frames: int | None,
    column: Callable[[int], FloatArray],
    texts: dict[int, NDArray[np.str_]],
    name: str,
    kind: str,
    notes: list[Note],
    place: str,
) -> TableFile:
    used = {at, *([frames] if frames is not None else []), *texts}
    triples = _triples(names, used)
    placed = used.union(*triples.values())
    rest = [i for i in range(len(names)) if i not in placed]
    markers = None
    if triples:
        flat = np.stack([column(i) for t in triples.values() for i in t], axis=1)
        number = column(frames) if frames is not None else None
        values, rate, start = even_rows(flat, times, number, None, place, name, kind, notes)
        positions = values.reshape(len(values), -1, 3)
        units = {_bare(names[t[0]])[1] for t in triples.values()} - {""}
        metres = length_of(units.pop()) if len(units) == 1 else None
        if metres is None:
            metres = length_from_size(positions, "", "the names of the columns", notes)
        markers = make_markers(list(triples), positions * metres, rate, start, name, kind, notes)
    series = _series(names, rest, times, column, name) if rest else None
    if markers is None and series is None:
        raise FileError(f"{name} holds no columns beside its times; {NEEDED}")
    plates = plates_from_table(series, notes) if series is not None else ()
    return TableFile(kind, markers, plates, series=series, notes=tuple(notes))


def _series(
    names: Sequence[str], rest: Sequence[int], times: FloatArray, column: Callable[[int], FloatArray], name: str
) -> Series:
    if not np.isfinite(times).all() or (np.diff(times) < 0).any():
        row = int(np.argmax(~np.isfinite(times) | (np.diff(times, prepend=times[0]) < 0))) + 1
        raise FileError(f"{name} is not a usable table: its time is missing or runs backwards at row {row}")
    labels = different([printable(_bare(names[i])[0]) for i in rest], "column")
    values = np.stack([column(i) for i in rest], axis=1)
    return Series(labels, values, tuple(printable(_bare(names[i])[1]) for i in rest), times)


def _triples(names: Sequence[str], used: set[int]) -> dict[str, tuple[int, int, int]]:
    """Return the columns x, y, z of every marker, in the order of the file."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for i, whole in enumerate(names):
        column, unit = _bare(whole)
        match = _AXIS.match(column) if i not in used else None
        if match is None or not match["name"].strip() or unit.lower() in _ANGLE_UNITS or _OTHER.search(match["name"]):
            continue
        # OpenSim's joint coordinates pelvis_tx, pelvis_ty and pelvis_tz are no marker.
        if not match["mark"] and match["name"].endswith("_t"):
            continue
        if unit and length_of(unit) is None:
            continue
        found.setdefault((match["name"].strip(), match["mark"]), {}).setdefault(match["axis"].lower(), i)
    whole_ones = {key: axes for key, axes in found.items() if len(axes) == 3}
    out: dict[str, tuple[int, int, int]] = {}
    for (label, _), axes in whole_ones.items():
        # Names such as KNEEx, KNEEy, KNEEz stand side by side; 'max', 'may', 'maz' would too, and are rare.
        out.setdefault(label, (axes["x"], axes["y"], axes["z"]))
    return out
