"""What a text or table file holds, whatever program wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinechain.core.arrays import FloatArray, Immutable
from kinechain.core.errors import FileError
from kinechain.core.text import printable
from kinechain.recording.readers.point_labels import merge_duplicates, name_points, without_ghosts
from kinechain.recording.recording import Event, ForcePlate, Markers, Note, Series

__all__ = ["TableFile", "make_markers", "plain_label"]


@dataclass(frozen=True, eq=False)
class TableFile(Immutable):
    """A file of columns, read.

    Attributes
    ----------
    format : str
        'CSV', 'TSV' or 'Parquet'.
    markers : Markers or None
        m, lab frame.
    plates : tuple of ForcePlate
    events : tuple of Event
    outputs : Series or None
        Angles and moments another program computed.
    series : Series or None
        Every other column against time.
    notes : tuple of Note
    """

    format: str
    markers: Markers | None = None
    plates: tuple[ForcePlate, ...] = ()
    events: tuple[Event, ...] = ()
    outputs: Series | None = None
    series: Series | None = None
    notes: tuple[Note, ...] = ()


def plain_label(label: str) -> str:
    """Return a label without quotes and without the subject, perhaps a person's name, that stands before a colon."""
    return printable(label.strip().strip("\"'").rsplit(":", 1)[-1].strip())


def make_markers(
    labels: Sequence[str],
    positions: FloatArray,
    rate_hz: float,
    start_s: float,
    name: str,
    kind: str,
    notes: list[Note],
) -> Markers:
    """Return the named markers of one person among some points; three zeros and halves of positions are missing.

    Parameters
    ----------
    labels : sequence of str
        As written, perhaps with the subject before a colon.
    positions : (time, point, 3) array, m
    rate_hz, start_s : float
    name, kind : str
        File name and format for messages.
    notes : list of Note
        Appended to.

    Raises
    ------
    FileError
        If no point has a name.
    """
    # A sum is missing or endless when a part of it is, which is told faster than part by part.
    x, y, z = positions[:, :, 0], positions[:, :, 1], positions[:, :, 2]
    gone = ~np.isfinite(x + y + z) | ((x == 0.0) & (y == 0.0) & (z == 0.0))
    if gone.any():
        positions = np.where(gone[:, :, None], np.nan, positions)
    raw = [printable(label.strip().strip("\"'").strip()) for label in labels]
    named = name_points(raw, (), np.asarray(1.0 - gone.mean(axis=0)), notes)
    bare = [label.rsplit(":", 1)[-1].strip() for label in named.labels]
    mine = [i for i in range(len(bare)) if named.keep[i]]
    kept = [mine[k] for k in without_ghosts([bare[i] for i in mine], notes)]
    if not kept:
        raise FileError(f"{name} is not a usable {kind}: none of its points has a name; name them and export again")
    plain, positions = merge_duplicates([bare[i] for i in kept], positions[:, kept], notes)
    return Markers(plain, positions, rate_hz, start_s)
