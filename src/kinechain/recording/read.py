"""One way in: a file becomes a Recording, whatever its format."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from kinechain.core.errors import FileError
from kinechain.core.text import printable
from kinechain.recording.plates import PlateSettings, plates_from_table
from kinechain.recording.readers.c3d import C3dLimits, read_c3d
from kinechain.recording.readers.mot import looks_like_table, read_table
from kinechain.recording.readers.text import decode_text
from kinechain.recording.readers.trc import looks_like_trc, read_trc
from kinechain.recording.recording import Markers, Note, Recording

__all__ = ["ReadSettings", "read_recording"]

#: No laboratory is that large, and no wrong unit of length makes it so.
FARTHEST_M = 1e6


@dataclass(frozen=True)
class ReadSettings:
    """How files are read.

    Attributes
    ----------
    limits : C3dLimits
        What the child process that opens a C3D may use.
    plates : PlateSettings
        How plate channels become forces.
    largest_bytes : int
        A larger file is refused before it is opened.
    """

    limits: C3dLimits = field(default_factory=C3dLimits)
    plates: PlateSettings = field(default_factory=PlateSettings)
    largest_bytes: int = 1 << 30


def read_recording(path: Path | str, settings: ReadSettings | None = None) -> Recording:
    """Read a C3D, TRC, MOT or STO; the format is told from the content, not from the name.

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
    settings, path = settings or ReadSettings(), Path(path)
    name = printable(path.name)
    data = _bytes(path, name, settings.largest_bytes)
    digest = hashlib.sha256(data).hexdigest()
    if is_c3d(data):
        first = _check_c3d_length(data, name)
        c3d = read_c3d(path, settings.limits, settings.plates)
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
            notes=(*first, *c3d.notes, *far),
        )
    text = decode_text(data)
    if text is not None and looks_like_trc(text):
        trc = read_trc(text, name)
        markers, far = _without_far_points(trc.markers)
        return Recording(name, digest, "TRC", markers=markers, notes=(*trc.notes, *far))
    if text is not None and looks_like_table(text):
        kind = "STO" if path.suffix.lower() == ".sto" else "MOT"
        table = read_table(text, name, kind)
        said = {True: "degrees", False: "radians", None: "no unit of angle"}[table.is_degrees]
        notes = (*table.notes, Note("found", f"The header states {said} for rotations."))
        return Recording(name, digest, kind, plates=plates_from_table(table.series), series=table.series, notes=notes)
    raise FileError(_unknown(path, name, text))


def _without_far_points(markers: Markers | None) -> tuple[Markers | None, tuple[Note, ...]]:
    """Take positions at the end of the number range as missing, and say so."""
    if markers is None:
        return None, ()
    is_far = np.asarray((np.abs(markers.positions) > FARTHEST_M).any(axis=2))
    if not is_far.any():
        return markers, ()
    positions = np.where(is_far[:, :, None], np.nan, markers.positions)
    text = f"{int(is_far.sum())} positions lie more than {FARTHEST_M / 1e3:g} km away; they were taken as missing."
    return replace(markers, positions=positions), (Note("repaired", text),)


def is_c3d(data: bytes) -> bool:
    """Return whether a file begins with C3D's pointer to its parameters and its key byte 0x50."""
    return len(data) >= 2 and data[1] == 0x50 and data[0] >= 2


def _bytes(path: Path, name: str, largest: int) -> bytes:
    if not path.exists():
        raise FileError(f"there is no file {name}; check the name and the folder")
    if path.is_dir():
        raise FileError(f"{name} is a folder; give one recording (C3D, TRC, MOT or STO) in it")
    if not path.is_file():
        # A pipe or a device has no end that could be waited for.
        raise FileError(f"{name} is a pipe or a device; give a file on a disk (C3D, TRC, MOT or STO)")
    try:
        if path.stat().st_size > largest:
            raise FileError(f"{name} is larger than {largest / 2**20:.0f} MB, more than any one trial; cut it")
        data = path.read_bytes()
    except OSError as error:
        raise FileError(f"{name} cannot be read ({error.strerror or 'input error'})") from None
    if not data:
        raise FileError(f"{name} is empty (0 bytes); copy or export it again")
    return data


def _unknown(path: Path, name: str, text: str | None) -> str:
    suffix = path.suffix.lower()
    known = {".c3d": "C3D", ".trc": "TRC", ".mot": "MOT", ".sto": "STO"}
    if suffix in known:
        why = {
            ".c3d": "its first bytes are not those of a C3D",
            ".trc": "line 1 does not begin with 'PathFileType'",
        }.get(suffix, "it has no line 'endheader'")
        return f"{name} is not a valid {known[suffix]}: {why}; export it again"
    what = "a text of unknown layout" if text is not None else "not a text and not a C3D"
    return f"{name} is of no format that can be read here ({what}); give a C3D, TRC, MOT or STO"


def _check_c3d_length(data: bytes, name: str) -> tuple[Note, ...]:
    """Refuse a C3D that breaks off within a frame; note one that ends early but after a whole frame."""
    if len(data) < (data[0] - 1) * 512 + 4:
        raise FileError(
            f"{name} is not a valid C3D: it ends after {len(data)} bytes, before its parameters; export it again"
        )
    stated, stored, left = _c3d_frames(data)
    if stored >= stated:
        return ()
    if stored and left < 512 and not any(data[len(data) - left :]):
        return (
            Note("defect", f"The file states {stated} frames and ends after {stored} whole ones; those were read."),
        )
    raise FileError(f"{name} is truncated: it states {stated} frames and holds {stored}; copy or export it again")


def _c3d_frames(data: bytes) -> tuple[int, int, int]:
    """Return (frames stated, whole frames stored, bytes left over); zeros where the header cannot be trusted."""
    parameters = (data[0] - 1) * 512
    order: Literal["big", "little"] = "big" if data[parameters + 3] == 86 else "little"

    def word(number: int) -> int:
        return int.from_bytes(data[2 * number - 2 : 2 * number], order)

    points, analogs, first, last, block = word(2), word(3), word(4), word(5), word(9)
    if not 1 <= block < 1 << 15 or last < first or last == 65535:
        return 0, 0, 0
    # The sign of the scale factor tells real from integer data; DEC and big-endian files keep it in another byte.
    is_real = bool(data[12 if order == "big" else 13 if data[parameters + 3] == 85 else 15] & 0x80)
    frame = (points * 4 + analogs) * (4 if is_real else 2)
    if not frame:
        return 0, 0, 0
    stated = min(last - first + 1, _stated_frames(data[parameters : parameters + 512 * 64], order) or 1 << 30)
    stored, left = divmod(max(len(data) - (block - 1) * 512, 0), frame)
    return stated, stored, left


def _stated_frames(section: bytes, order: Literal["big", "little"]) -> int | None:
    """Return POINT:FRAMES from a parameter section, without trusting anything else in it."""
    at = section.upper().find(b"FRAMES")
    if at < 0 or len(section) < at + 13:
        return None
    kind, dimensions = section[at + 8], section[at + 9]
    value = section[at + 10 + dimensions :]
    return int.from_bytes(value[:2], order) if kind == 2 and dimensions <= 1 else None
