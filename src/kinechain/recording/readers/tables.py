"""A table of whatever layout: which program wrote it, and what it holds."""

from __future__ import annotations

from pathlib import Path

from kinechain.core.errors import FileError
from kinechain.recording.readers.content import TableFile
from kinechain.recording.readers.motive import looks_like_motive, read_motive
from kinechain.recording.readers.nexus import looks_like_nexus, read_nexus
from kinechain.recording.readers.qualisys import looks_like_qualisys, read_qualisys
from kinechain.recording.readers.recognise import describe_unreadable, looks_inertial
from kinechain.recording.readers.tidy import looks_like_columns, read_columns, read_parquet

__all__ = ["read_any_table"]

_READERS = (
    (looks_like_nexus, read_nexus),
    (looks_like_motive, read_motive),
    (looks_like_qualisys, read_qualisys),
    (looks_like_columns, read_columns),
)


def read_any_table(path: Path, data: bytes, text: str | None, name: str) -> TableFile:
    """Read an export of Nexus, Motive or Qualisys, a tidy or wide table, or a Parquet file.

    Parameters
    ----------
    path : path
    data : bytes
        The whole file.
    text : str or None
        The file as text, if it is one.
    name : str
        File name for messages.

    Raises
    ------
    FileError
        If it is none of these, with what it looks like and what to give instead.
    """
    if data[:4] == b"PAR1" and data[-4:] == b"PAR1":
        return read_parquet(path, name)
    if text is not None:
        for is_it, read in _READERS:
            if is_it(text):
                found = read(text, name)
                if found.markers is None and not found.plates and looks_inertial(text):
                    break
                return found
    raise FileError(describe_unreadable(data, text, name))
