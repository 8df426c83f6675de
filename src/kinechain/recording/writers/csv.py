"""Write markers and series as tidy or wide tables of text."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import RecordingError
from kinechain.recording.recording import Markers

__all__ = ["Layout", "write_markers_csv", "write_series_csv"]

Layout = Literal["long", "wide"]


def write_markers_csv(markers: Markers, path: Path | str, layout: Layout = "long") -> None:
    """Write markers in metres, in the axes they have; missing positions become empty cells.

    Parameters
    ----------
    markers : Markers
    path : path
    layout : 'long' or 'wide'
        ``time,marker,x,y,z,unit`` with a row for a marker at a time, or ``time [s],LASI_x [m],...`` with a row a frame.

    Raises
    ------
    RecordingError
        If there are no markers.
    """
    path = Path(path)
    if not markers.labels:
        raise RecordingError(f"there are no markers to write to {path.name}")
    if layout == "wide":
        names = [f"{label}_{axis}" for label in markers.labels for axis in "xyz"]
        flat = markers.positions.reshape(len(markers.positions), -1)
        write_series_csv(names, ["m"] * len(names), flat, markers.times_s, path)
        return
    cells = _texts(markers.positions)
    times = _times(markers.times_s)
    rows = ((times[i], label, *cells[i, k], "m") for i in range(len(times)) for k, label in enumerate(markers.labels))
    _write(path, ("time", "marker", "x", "y", "z", "unit"), rows)


def write_series_csv(
    names: Sequence[str],
    units: Sequence[str],
    values: FloatArray,
    times_s: FloatArray,
    path: Path | str,
    layout: Layout = "wide",
) -> None:
    """Write columns against time, each with its unit; missing values become empty cells.

    Parameters
    ----------
    names, units : sequence of str
        One per column.
    values : (time, column) array
    times_s : (time,) array, s
    path : path
    layout : 'long' or 'wide'
        ``time,name,value,unit`` with a row for a value at a time, or ``time [s],knee_flexion_left [deg],...``.

    Raises
    ------
    RecordingError
        If names, units and values do not belong together.
    """
    path, table, times = Path(path), np.asarray(values, dtype=float), np.asarray(times_s, dtype=float)
    if table.shape != (len(times), len(names)) or len(units) != len(names) or len(set(names)) != len(names):
        raise RecordingError(
            f"{path.name} cannot be written: {len(names)} names (which must differ) and {len(units)} units for values "
            f"of {table.shape} and {len(times)} times"
        )
    cells, at = _texts(table), _times(times)
    if layout == "long":
        long = ((at[i], n, cells[i, k], units[k]) for i in range(len(at)) for k, n in enumerate(names))
        _write(path, ("time", "name", "value", "unit"), long)
        return
    head = ["time [s]", *(f"{n} [{u}]" if u else n for n, u in zip(names, units, strict=True))]
    _write(path, head, ((at[i], *cells[i]) for i in range(len(at))))


def _times(times: FloatArray) -> list[str]:
    return [f"{time:.6f}" for time in times]


def _texts(values: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.str_]]:
    """Return numbers as text, '' where missing, of the same shape."""
    return np.where(np.isnan(values), "", np.char.mod("%.9g", values))


def _write(path: Path, head: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)
