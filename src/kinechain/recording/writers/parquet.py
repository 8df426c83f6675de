"""Write a table of time series as Parquet, with units and frame in its metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import RecordingError
from kinechain.recording.recording import Markers
from kinechain.recording.writers.csv import Layout

__all__ = ["write_markers_parquet", "write_parquet"]

#: Name of the layout, stored under the metadata key 'kinechain'.
SCHEMA = "kinechain/table/1"


def write_parquet(
    names: Sequence[str],
    units: Sequence[str],
    values: FloatArray,
    times_s: FloatArray,
    path: Path | str,
    frame: str = "world: x forward, y left, z up",
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write columns against time, each with its unit.

    Parameters
    ----------
    names : sequence of str
    units : sequence of str
        One per column, as the values are ('rad', 'm', 'N', ...).
    values : (time, column) array
    times_s : (time,) array, s
    path : path
    frame : str
        Axes the values are given in.
    metadata : mapping of str to str, optional
        Further facts for the file (versions, settings).

    Raises
    ------
    RecordingError
        If names, units and values do not belong together.

    Notes
    -----
    The first column is ``time`` (s).  The file's metadata key ``kinechain`` holds JSON with ``schema``, ``frame``
    and what was given; each column's metadata holds ``unit``.
    """
    # Half a tenth of a second that only a writer should pay.
    import pyarrow as pa
    import pyarrow.parquet as pq

    path, table, times = Path(path), np.asarray(values, dtype=float), np.asarray(times_s, dtype=float)
    if table.shape != (len(times), len(names)) or len(units) != len(names):
        raise RecordingError(
            f"{path.name} cannot be written: {len(names)} names and {len(units)} units for values of {table.shape} "
            f"and {len(times)} times"
        )
    if len({"time", *names}) != len(names) + 1:
        raise RecordingError(f"{path.name} cannot be written: column names must differ, and none may be 'time'")
    fields = [pa.field("time", pa.float64(), metadata={"unit": "s"})]
    fields += [pa.field(n, pa.float64(), metadata={"unit": u}) for n, u in zip(names, units, strict=True)]
    about = json.dumps({"schema": SCHEMA, "frame": frame, **(metadata or {})}, sort_keys=True)
    schema = pa.schema(fields, metadata={"kinechain": about})
    columns = [pa.array(times), *(pa.array(table[:, i]) for i in range(len(names)))]
    # Opened here because the library takes only paths that are UTF-8.
    with path.open("wb") as file:
        pq.write_table(pa.Table.from_arrays(columns, schema=schema), file, compression="zstd")


def write_markers_parquet(
    markers: Markers, path: Path | str, frame: str, layout: Layout = "wide", metadata: Mapping[str, str] | None = None
) -> None:
    """Write markers in metres; missing positions are missing values.

    Parameters
    ----------
    markers : Markers
    path : path
    frame : str
        Axes the positions are given in.
    layout : 'wide' or 'long'
        Columns ``LASI_x``, ``LASI_y``, ``LASI_z`` with a row a frame, or ``time, marker, x, y, z, unit`` with a
        row for a marker at a time.
    metadata : mapping of str to str, optional
        Further facts for the file.

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
        write_parquet(names, ["m"] * len(names), flat, markers.times_s, path, frame, metadata)
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    frames, count = markers.positions.shape[:2]
    labels = pa.DictionaryArray.from_arrays(
        pa.array(np.tile(np.arange(count, dtype=np.int32), frames)), pa.array(list(markers.labels))
    )
    flat = markers.positions.reshape(-1, 3)
    columns = {
        "time": pa.array(np.repeat(markers.times_s, count)),
        "marker": labels,
        **{axis: pa.array(flat[:, k]) for k, axis in enumerate("xyz")},
        "unit": pa.DictionaryArray.from_arrays(pa.array(np.zeros(frames * count, dtype=np.int32)), pa.array(["m"])),
    }
    about = json.dumps({"schema": SCHEMA, "frame": frame, **(metadata or {})}, sort_keys=True)
    table = pa.table(columns).replace_schema_metadata({"kinechain": about})
    with path.open("wb") as file:
        pq.write_table(table, file, compression="zstd")
