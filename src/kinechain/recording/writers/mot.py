"""Write coordinates as OpenSim's MOT or STO."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import RecordingError

__all__ = ["write_mot"]

_write_numbers: Callable[[FloatArray], bytes] | None
try:
    _write_numbers = getattr(import_module("kinechain._kernels"), "write_numbers", None)
except ImportError:  # no compiler when this was installed: Python writes the numbers
    _write_numbers = None


def write_mot(
    names: Sequence[str],
    kinds: Sequence[str],
    values: FloatArray,
    times_s: FloatArray,
    path: Path | str,
    remarks: Sequence[str] = (),
) -> None:
    """Write a table with rotations in degrees and everything else as given.

    Parameters
    ----------
    names : sequence of str
        One per column.
    kinds : sequence of str
        'rotation' (rad, written in degrees) or anything else (written as it is).
    values : (time, column) array
    times_s : (time,) array, s
    path : path
        The header says ``inDegrees=yes`` where there are rotations; OpenSim reads both endings alike.
    remarks : sequence of str
        Lines for people, written into the header; OpenSim passes over them.

    Raises
    ------
    RecordingError
        If names, kinds and values do not belong together.
    """
    path, table, times = Path(path), np.asarray(values, dtype=float), np.asarray(times_s, dtype=float)
    if table.shape != (len(times), len(names)) or len(kinds) != len(names):
        raise RecordingError(
            f"{path.name} cannot be written: {len(names)} names and {len(kinds)} kinds for values of {table.shape} "
            f"and {len(times)} times"
        )
    if len(set(names)) != len(names) or any(not n.strip() or any(c in n for c in "\t\r\n") for n in names):
        raise RecordingError(f"{path.name} cannot be written: column names must differ and hold no tab")
    scale = np.where(np.array(list(kinds), dtype=object) == "rotation", 180.0 / np.pi, 1.0).astype(float)
    lines = [
        path.stem,
        "version=1",
        f"nRows={len(times)}",
        f"nColumns={len(names) + 1}",
        f"inDegrees={'yes' if 'rotation' in kinds else 'no'}",
        *(" ".join(remark.replace("=", ":").split()) for remark in remarks),
        "endheader",
        "time\t" + "\t".join(names),
    ]
    full = np.column_stack([times, table * scale]) if len(names) else times[:, None]
    path.write_bytes(("\n".join(lines) + "\n").encode() + _text_of(full))


def _text_of(rows: FloatArray) -> bytes:
    """Return rows of numbers with eight decimals, tabs between."""
    if _write_numbers is not None:
        return bytes(_write_numbers(np.ascontiguousarray(rows)))
    cells = "\t".join(["%.8f"] * rows.shape[1])
    return "".join(cells % tuple(row) + "\n" for row in rows.tolist()).encode()
