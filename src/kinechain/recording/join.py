"""Bring together what a laboratory exported apart: markers in a TRC, plates in a table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations, product
from pathlib import PurePath

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import RecordingError
from kinechain.recording.prepare import turned_plate
from kinechain.recording.recording import ForcePlate, Markers, Note, Recording

__all__ = ["join_plates", "join_recordings", "trial_words"]

#: A centre of pressure further than this from every marker does not belong to the body (assumption: a shoe's length).
FURTHEST_M = 0.35
#: Rotated axes are believed when they bring the force this near to a marker, and half as near as any other rotation
#: does; the force must point to the middle of the body within 60 deg of it on average (assumptions).
SURE_M, LEAST_ALONG = 0.2, 0.5
#: Samples of a plate that are looked at.
LOOKED_AT = 100
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
    samples = [s for p in table.plates if (s := _loaded_samples(markers, p)) is not None]
    return bool(samples) and max(_stand(*s)[0] for s in samples) <= FURTHEST_M


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
    plates, notes = _in_the_axes_of(markers, table, recording.name)
    note = Note("found", f"Forces were taken from {table.name}.")
    return replace(recording, plates=plates, notes=(*recording.notes, *table.notes, note, *notes))


def _in_the_axes_of(markers: Markers, table: Recording, name: str) -> tuple[tuple[ForcePlate, ...], tuple[Note, ...]]:
    """Return the plates of a table in the axes of the markers, with a note if those of the table differ.

    The force acts at a foot and points to the body.  Where it does not, the one rotation of axes onto axes is looked
    for that brings it there.
    """
    samples = [s for plate in table.plates if (s := _loaded_samples(markers, plate)) is not None]
    if not samples:
        return table.plates, ()
    points, forces, clouds = (np.concatenate(parts) for parts in zip(*samples, strict=True))
    away, along = _stand(points, forces, clouds)
    if away <= FURTHEST_M and along >= LEAST_ALONG:
        return table.plates, ()
    fits = []
    for turn in _ROTATIONS:
        distance, direction = _stand(points @ turn.T, forces @ turn.T, clouds)
        if direction >= LEAST_ALONG:
            fits.append((distance, turn))
    fits.sort(key=lambda fit: fit[0])
    if not fits or fits[0][0] > SURE_M or (len(fits) > 1 and fits[1][0] < 2.0 * fits[0][0]):
        raise RecordingError(
            f"the forces of {table.name} act {away:.2f} m away from every marker of {name}, or not towards the body: "
            "the two files use different axes or do not belong together"
        )
    turn = fits[0][1]
    rows = ", ".join("-+"[int(row[np.abs(row).argmax()] > 0)] + "XYZ"[int(np.abs(row).argmax())] for row in turn)
    note = Note(
        "repaired",
        f"The forces of {table.name} stand in other axes than the markers: X, Y, Z of the markers are {rows} of the "
        "forces, which puts them under the feet.",
        "axes.forces",
        table.name,
        "Unrepaired, no force could be used with the markers.",
        "Export forces and markers in the same axes.",
    )
    return tuple(turned_plate(plate, turn) for plate in table.plates), (note,)


def _loaded_samples(markers: Markers, plate: ForcePlate) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Centre of pressure (n, 3), force (n, 3) and markers (n, marker, 3) while a plate is loaded; None if never."""
    frames = np.round((plate.times_s - markers.start_s) * markers.rate_hz).astype(int)
    use = np.isfinite(plate.centre_of_pressure[:, 0]) & (frames >= 0) & (frames < len(markers.positions))
    rows = np.flatnonzero(use)[:: max(int(use.sum()) // LOOKED_AT, 1)]
    clouds = markers.positions[frames[rows]]
    seen = np.isfinite(clouds[:, :, 0]).sum(axis=1) >= 4
    if not seen.any():
        return None
    return plate.centre_of_pressure[rows[seen]], plate.force[rows[seen]], clouds[seen]


def _stand(points: FloatArray, forces: FloatArray, clouds: FloatArray) -> tuple[float, float]:
    """Median distance of forces from the nearest marker, m, and cosine of their mean with the way to the body."""
    away = np.linalg.norm(clouds - points[:, None], axis=2)
    to_body = np.nanmedian(np.nanmean(clouds, axis=1) - points, axis=0)
    push = forces.mean(axis=0)
    size = float(np.linalg.norm(to_body) * np.linalg.norm(push))
    return float(np.median(np.nanmin(away, axis=1))), float(to_body @ push) / size if size > 0 else 0.0


def _axis_rotations() -> tuple[FloatArray, ...]:
    """The 24 rotations that carry axes onto axes."""
    out = []
    for order in permutations(range(3)):
        for signs in product((1.0, -1.0), repeat=3):
            turn = np.zeros((3, 3))
            turn[range(3), order] = signs
            if np.linalg.det(turn) > 0:
                out.append(turn)
    return tuple(out)


_ROTATIONS = _axis_rotations()
