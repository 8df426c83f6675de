"""Write marker positions as TRC."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kinechain.core.errors import RecordingError
from kinechain.recording.recording import Markers

__all__ = ["write_trc"]


def write_trc(markers: Markers, path: Path | str) -> None:
    """Write markers in millimetres, in the axes they have; missing positions become blank cells.

    Parameters
    ----------
    markers : Markers
    path : path

    Raises
    ------
    RecordingError
        If there are no markers, or a label holds a tab or a line break.
    """
    path = Path(path)
    if not markers.labels:
        raise RecordingError(f"there are no markers to write to {path.name}")
    bad = next((x for x in markers.labels if not x.strip() or any(c in x for c in "\t\r\n")), None)
    if bad is not None:
        raise RecordingError(f"the marker label {bad!r} cannot stand in a TRC; rename it")
    frames, count = len(markers.positions), len(markers.labels)
    rate = f"{markers.rate_hz:.6f}".rstrip("0").rstrip(".")
    lines = [
        f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{rate}\t{rate}\t{frames}\t{count}\tmm\t{rate}\t1\t{frames}",
        "Frame#\tTime\t" + "\t\t\t".join(markers.labels) + "\t\t",
        "\t\t" + "\t".join(f"{axis}{i + 1}" for i in range(count) for axis in "XYZ"),
        "",
    ]
    flat = markers.positions.reshape(frames, -1) * 1e3
    missing = np.isnan(flat)
    for i, time in enumerate(markers.times_s):
        cells = ["" if gone else f"{value:.5f}" for value, gone in zip(flat[i], missing[i], strict=True)]
        lines.append(f"{i + 1}\t{time:.6f}\t" + "\t".join(cells))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
