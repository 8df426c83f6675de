"""One way in: a file becomes a Recording, whatever its format."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kinechain.core.errors import FileError
from kinechain.core.text import printable
from kinechain.recording.clock import with_rate
from kinechain.recording.plates import PlateSettings, plates_from_table
from kinechain.recording.readers.c3d_format import is_c3d
from kinechain.recording.readers.forces import looks_like_forces, read_forces
from kinechain.recording.readers.mot import looks_like_table, read_table
from kinechain.recording.readers.recognise import READABLE
from kinechain.recording.readers.text import decode_text
from kinechain.recording.readers.trc import looks_like_trc, read_trc
from kinechain.recording.recording import Markers, Note, Recording

if TYPE_CHECKING:
    from kinechain.recording.readers.c3d import C3dContent

__all__ = ["ReadSettings", "read_recording"]

#: No laboratory is that large, and no wrong unit of length makes it so.
FARTHEST_M = 1e6


@dataclass(frozen=True)
class ReadSettings:
    """How files are read.

    Attributes
    ----------
    plates : PlateSettings
        How plate channels become forces.
    largest_bytes : int
        A larger file is refused before it is opened.
    rate_hz : float or None
        True frame rate of the markers where the file states a wrong one.
    """

    plates: PlateSettings = field(default_factory=PlateSettings)
    largest_bytes: int = 1 << 30
    rate_hz: float | None = None


def read_recording(path: Path | str, settings: ReadSettings | None = None) -> Recording:
    """Read a C3D, TRC, MOT, STO, CSV, TSV or Parquet; the format is told from the content, not from the name.

    Parameters
    ----------
    path : path
    settings : ReadSettings, optional

    Returns
    -------
    Recording
        In SI units and the file's own lab frame; every repair is a note.  Names, birth dates and free text
        of the file never enter it.

    Raises
    ------
    FileError
        If the file is missing, a folder, empty, truncated, damaged or of an unknown format.
    """
    settings = settings or ReadSettings()
    return with_rate(_read(Path(path), settings), settings.rate_hz)


def _read(path: Path, settings: ReadSettings) -> Recording:
    """Read a file by what it holds."""
    name = printable(path.name)
    data = _bytes(path, name, settings.largest_bytes)
    digest = hashlib.sha256(data).hexdigest()
    if is_c3d(data):
        # Loading a reader takes as long as reading: each is loaded for its own files.
        from kinechain.recording.readers.c3d import read_c3d

        return _of_c3d(read_c3d(data, name, settings.plates), name, digest)
    text = decode_text(data)
    if text is not None and looks_like_trc(text):
        trc = read_trc(text, name)
        markers, far = _without_far_points(trc.markers)
        return Recording(name, digest, "TRC", markers=markers, notes=(*trc.notes, *far))
    if text is not None and looks_like_table(text):
        kind = "STO" if path.suffix.lower() == ".sto" else "MOT"
        table = read_table(text, name, kind)
        said = {True: "degrees", False: "radians", None: "no unit of angle"}[table.is_degrees]
        found = [*table.notes, Note("found", f"The header states {said} for rotations.")]
        plates = plates_from_table(table.series, found)
        return Recording(name, digest, kind, plates=plates, series=table.series, notes=tuple(found))
    if text is not None and looks_like_forces(text):
        forces = read_forces(text, name)
        return Recording(name, digest, "FORCES", plates=forces.plates, notes=forces.notes)
    from kinechain.recording.readers.tables import read_any_table

    columns = read_any_table(path, data, text, name)
    markers, far = _without_far_points(columns.markers)
    return Recording(
        name,
        digest,
        columns.format,
        markers,
        columns.plates,
        columns.events,
        columns.outputs,
        columns.series,
        notes=(*columns.notes, *far),
    )


def _of_c3d(c3d: C3dContent, name: str, digest: str) -> Recording:
    markers, far = _without_far_points(c3d.markers)
    return Recording(
        name=name,
        sha256=digest,
        format="C3D",
        markers=markers,
        plates=c3d.plates,
        events=c3d.events,
        outputs=c3d.outputs,
        series=c3d.analog,
        mass_kg=c3d.mass_kg,
        height_m=c3d.height_m,
        notes=(*c3d.notes, *far),
    )


def _without_far_points(markers: Markers | None) -> tuple[Markers | None, tuple[Note, ...]]:
    """Take positions at the end of the number range as missing, and say so."""
    if markers is None:
        return None, ()
    flat = markers.positions.ravel()
    if not ((flat > FARTHEST_M) | (flat < -FARTHEST_M)).any():
        return markers, ()
    is_far = np.asarray((np.abs(markers.positions) > FARTHEST_M).any(axis=2))
    positions = np.where(is_far[:, :, None], np.nan, markers.positions)
    text = f"{int(is_far.sum())} positions lie more than {FARTHEST_M / 1e3:g} km away; they were taken as missing."
    effect, cure = "Gaps where they were.", "Look at these frames in the recording software."
    note = Note("repaired", text, "markers.far", f"{int(is_far.any(axis=0).sum())} markers", effect, cure)
    return replace(markers, positions=positions), (note,)


def _bytes(path: Path, name: str, largest: int) -> bytes:
    if not path.exists():
        raise FileError(f"there is no file {name}; check the name and the folder")
    if path.is_dir():
        raise FileError(f"{name} is a folder; give one recording ({READABLE}) in it")
    if not path.is_file():
        # A pipe or a device has no end that could be waited for.
        raise FileError(f"{name} is a pipe or a device; give a file on a disk ({READABLE})")
    try:
        if path.stat().st_size > largest:
            raise FileError(f"{name} is larger than {largest / 2**20:.0f} MB, more than any one trial; cut it")
        data = path.read_bytes()
    except OSError as error:
        raise FileError(f"{name} cannot be read ({error.strerror or 'input error'})") from None
    if not data:
        raise FileError(f"{name} is empty (0 bytes); copy or export it again")
    return data
