"""Write a table of time series as Parquet, with units and frame in its metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import RecordingError

__all__ = ["write_parquet"]

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
