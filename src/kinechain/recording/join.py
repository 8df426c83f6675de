"""Bring together what a laboratory exported apart: markers in a TRC, plates in a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

import numpy as np

from kinechain.core.errors import RecordingError
from kinechain.recording.recording import ForcePlate, Markers, Note, Recording

__all__ = ["join_plates", "join_recordings", "trial_words"]

#: A centre of pressure further than this from every marker does not belong to the body (assumption: a shoe's length).
FURTHEST_M = 0.35
#: Words of a file name that say what a file holds, not which trial it is of.
_CONTENT_WORDS = frozenset(
    "force forces grf grfs grw grws kinetics plate plates forceplate forceplates fp analog analogue mot sto trc ground "
    "reaction reactions cop marker markers mocap motion capture kinematics data trajectories std filtered".split()
)


def join_recordings(recordings: Sequence[Recording]) -> tuple[Recording, ...]:
    """Attach every table of plates to the markers of the same trial.

    The names tell: ``walking1_grf.mot``, ``walking1_forces.mot`` and ``grf_walking1.sto`` belong to ``walking1.trc``
    or ``markers_walking1.trc``.  Where they do not, clock and place do: a table joins the one recording of markers that
    lasts as long and stands where its forces act.  A table without such a partner stays as it is.

    Parameters
    ----------
    recordings : sequence of Recording
        As read.

    Returns
    -------
    tuple of Recording
        In the order given, joined tables left out.

    Raises
    ------
    RecordingError
        If two files whose names belong together do not fit.
    """
    joined = {id(r): r for r in recordings}
    bare = [r for r in recordings if r.markers is not None and not r.plates]
    tables = [r for r in recordings if r.markers is None and r.plates]
    for find in (_partner_by_name, _partner_by_clock):
        for table in [t for t in tables if id(t) in joined]:
            partner = find(table, [r for r in bare if not joined[id(r)].plates], tables)
            if partner is not None:
                joined[id(partner)] = join_plates(joined[id(partner)], table)
                if find is _partner_by_clock:
                    joined[id(partner)] = _said_by_clock(joined[id(partner)], table)
                del joined[id(table)]
    return tuple(joined[id(r)] for r in recordings if id(r) in joined)


def _partner_by_name(table: Recording, bare: Sequence[Recording], tables: Sequence[Recording]) -> Recording | None:
    """Return the markers whose name says the same as that of a table, apart from the words for what they hold."""
    same = [r for r in bare if trial_words(r.name) == trial_words(table.name)]
    if len(same) == 1:
        return same[0]
    stem = PurePath(table.name).stem
    begun = [r for r in bare if stem.startswith(PurePath(r.name).stem)]
    return max(begun, key=lambda r: len(PurePath(r.name).stem)) if begun else None


def trial_words(name: str) -> tuple[str, ...]:
    """Return the words of a file name that name the trial: 'grf_walk2.mot' and 'Walk2 markers.trc' both say walk2."""
    words = re.split(r"[\s_.\-]+", PurePath(name).stem.lower())
    return tuple(word for word in words if word and word not in _CONTENT_WORDS)


def _partner_by_clock(table: Recording, bare: Sequence[Recording], tables: Sequence[Recording]) -> Recording | None:
    """Return the one recording of markers that fits a table in time and place, None if none does or several do."""
    fits = [r for r in bare if _fits(r, table)]
    if len(fits) != 1:
        return None
    rivals = [t for t in tables if t is not table and _fits(fits[0], t)]
    return None if rivals else fits[0]


def _fits(recording: Recording, table: Recording) -> bool:
    markers = recording.require_markers()
    plate = table.plates[0]
    ends = (markers.start_s - plate.start_s, float(markers.times_s[-1]) - float(plate.times_s[-1]))
    if max(abs(end) for end in ends) > 1.5 / markers.rate_hz + 1.0 / plate.rate_hz:
        return False
    away = [d for p in table.plates if (d := _distance(markers, p)) is not None]
    return bool(away) and max(away) <= FURTHEST_M


def _said_by_clock(recording: Recording, table: Recording) -> Recording:
    text = (
        f"{table.name} was taken as the forces of {recording.name}: the names do not say so, but both last equally "
        "long and the forces act at the feet."
    )
    effect, cure = "All forces of this trial rest on it.", "Name both files alike, such as walk1.trc and walk1_grf.mot."
    return replace(recording, notes=(*recording.notes, Note("assumed", text, "file.joined", table.name, effect, cure)))


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
