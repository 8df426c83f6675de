"""Bring together what a laboratory exported apart: markers in a TRC, plates in a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

import numpy as np

from kinechain.core.errors import RecordingError
from kinechain.recording.recording import ForcePlate, Markers, Note, Recording

__all__ = ["join_plates", "join_recordings"]

#: A centre of pressure further than this from every marker does not belong to the body (assumption: a shoe's length).
FURTHEST_M = 0.35


def join_recordings(recordings: Sequence[Recording]) -> tuple[Recording, ...]:
    """Attach every table of plates to the markers of the same trial, told by the beginning of the file name.

    ``walking1_grf.mot`` belongs to ``walking1.trc``.  A table without such a partner stays as it is.

    Parameters
    ----------
    recordings : sequence of Recording
        As read.

    Returns
    -------
    tuple of Recording
        In the order given, joined tables left out.
    """
    joined = {id(r): r for r in recordings}
    for table in recordings:
        if table.markers is not None or not table.plates:
            continue
        stem = PurePath(table.name).stem
        partners = [
            r for r in recordings if r.markers is not None and not r.plates and stem.startswith(PurePath(r.name).stem)
        ]
        if partners:
            partner = max(partners, key=lambda r: len(PurePath(r.name).stem))
            joined[id(partner)] = join_plates(joined[id(partner)], table)
            del joined[id(table)]
    return tuple(joined[id(r)] for r in recordings if id(r) in joined)


def join_plates(recording: Recording, table: Recording) -> Recording:
    """Return a recording of markers with the plates of a table, in the same laboratory axes and on the same clock.

    Parameters
    ----------
    recording : Recording
        With markers, as read.
    table : Recording
        With plates.

    Raises
    ------
    RecordingError
        If the two do not overlap in time, or the force acts nowhere near the body.
    """
    markers = recording.require_markers()
    if recording.is_world or not table.plates:
        raise RecordingError(
            f"{table.name} cannot be joined to {recording.name}: join plates to markers as read, before preparing them"
        )
    start, end = markers.start_s, float(markers.times_s[-1])
    for plate in table.plates:
        if plate.start_s > end or float(plate.times_s[-1]) < start:
            raise RecordingError(
                f"{table.name} ({plate.start_s:.2f} to {plate.times_s[-1]:.2f} s) and {recording.name} ({start:.2f} to "
                f"{end:.2f} s) do not overlap in time"
            )
    away = [d for plate in table.plates if (d := _distance(markers, plate)) is not None]
    if away and min(away) > FURTHEST_M:
        raise RecordingError(
            f"the forces of {table.name} act {min(away):.2f} m away from every marker of {recording.name}: "
            "the two files use different axes or do not belong together"
        )
    note = Note("found", f"Forces were taken from {table.name}.")
    return replace(recording, plates=table.plates, notes=(*recording.notes, *table.notes, note))


def _distance(markers: Markers, plate: ForcePlate) -> float | None:
    """Median distance from the centre of pressure to the nearest marker, m; None if the plate is never loaded."""
    frames = np.round((plate.times_s - markers.start_s) * markers.rate_hz).astype(int)
    use = np.isfinite(plate.centre_of_pressure[:, 0]) & (frames >= 0) & (frames < len(markers.positions))
    rows = np.flatnonzero(use)[:: max(int(use.sum()) // 200, 1)]
    apart = np.linalg.norm(markers.positions[frames[rows]] - plate.centre_of_pressure[rows][:, None], axis=2)
    seen = np.isfinite(apart).any(axis=1)
    return float(np.median(np.nanmin(apart[seen], axis=1))) if seen.any() else None
