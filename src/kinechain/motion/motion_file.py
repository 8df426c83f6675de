"""A motion as a file that other programs read."""

from __future__ import annotations

from pathlib import Path

from kinechain.body.body import Body
from kinechain.body.osim import is_in_degrees
from kinechain.core.errors import SettingError
from kinechain.motion.motion import Motion
from kinechain.recording.writers.mot import write_mot
from kinechain.recording.writers.parquet import write_parquet

__all__ = ["SUFFIXES", "check_motion_path", "write_motion"]

SUFFIXES = (".mot", ".sto", ".parquet")


def check_motion_path(path: Path) -> Path:
    """Return a path whose ending says how to write it.

    Raises
    ------
    SettingError
        If the ending is none of :data:`SUFFIXES`, or the folder does not exist.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise SettingError(f"a motion cannot be written to {path.name}: the name must end in {', '.join(SUFFIXES)}")
    if not path.absolute().parent.is_dir():
        raise SettingError(f"a motion cannot be written to {path}: there is no folder {path.parent}")
    return path


def write_motion(body: Body, motion: Motion, path: Path) -> None:
    """Write every coordinate of a motion against time.

    Parameters
    ----------
    body : Body
        Whose motion it is; tells rotations from translations.
    motion : Motion
        Coordinates that no marker showed for long are written as NaN.
    path : path
        ``.mot`` and ``.sto`` hold degrees and metres, ``.parquet`` radians and metres; of an imported model those
        coordinates stay in rad that OpenSim calls coupled and does not convert either.
    """
    check_motion_path(path)
    kinds = [body.coordinate(name).kind for name in motion.coordinates]
    if path.suffix.lower() != ".parquet":
        written: list[str] = list(kinds)
        if body.up == "y":
            written = ["rotation" if is_in_degrees(body, name) else "as it is" for name in motion.coordinates]
        write_mot(motion.coordinates, written, motion.shown_values, motion.times_s, path)
        return
    units = ["rad" if kind == "rotation" else "m" for kind in kinds]
    frame = "world: x forward, y left, z up" if body.up == "z" else "OpenSim: x forward, y up, z right"
    write_parquet(motion.coordinates, units, motion.shown_values, motion.times_s, path, frame, {"body": body.hash})
