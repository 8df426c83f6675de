"""Whether the horizontal forces of a plate point the right way: towards the body, as every foot's do.

The force under a foot points roughly from its centre of pressure to the body's centre of mass: it brakes while the
foot is ahead, pushes while it is behind, and leans inward.  The share of the force that is horizontal therefore goes
with the way to the pelvis, in both directions.  One channel of the wrong sign, which leaves everything that is
vertical right, shows as the opposite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.recording.recording import ForcePlate, Note
from kinechain.recording.snapshots import PELVIS

__all__ = ["shear_notes"]

#: Cosine between the horizontal share of the force and the way to the pelvis from which the sign is wrong, along the
#: walkway and across.  Assumptions: in every clean stance of our validation recordings it is +0.46 or more along and
#: +0.1 or more across, in nine of ten +0.9 and +0.5.
REVERSED = (-0.7, -0.5)
#: Least horizontal share of the force, and least way to the pelvis, m (root mean squares), that can tell it, along
#: and across.  Assumptions: half of what slow walking shows.
LEAST_SHARE, LEAST_WAY_M = (0.05, 0.02), (0.06, 0.03)
#: A plate is looked at while its load is above the first part of its peak, if that lasts this long, s, and its peak
#: is above the second part of the highest of all plates: a hit of half a foot leans as it likes.  Assumptions.
LOADED, WHOLE = 0.3, 0.8
SHORTEST_S = 0.35
#: A plate is loaded by a person above this, N.  Assumption: the weight of a small child.
LEAST_PEAK_N = 100.0
#: Samples looked at per plate.
SAMPLES = 150
_WORDS = ("along the walkway", "across the walkway")


def shear_notes(
    plates: Sequence[ForcePlate], tracks: Mapping[str, FloatArray], rate_hz: float, start_s: float
) -> tuple[Note, ...]:
    """Return a defect for every plate whose horizontal force points away from the body.

    Parameters
    ----------
    plates : sequence of ForcePlate
        In the world frame (x forward, y left, z up).
    tracks : mapping of landmark to (time, 3) array, m, world frame
    rate_hz, start_s : float
        Of the tracks.
    """
    pelvis = [track[:, :2] for name, track in tracks.items() if name.startswith(PELVIS)]
    if not pelvis or not plates:
        return ()
    peaks = [float(plate.force[:, 2].max(initial=0.0)) for plate in plates]
    notes = []
    for plate, peak in zip(plates, peaks, strict=True):
        if peak < max(LEAST_PEAK_N, WHOLE * max(peaks)):
            continue
        wrong = _reversed(plate, peak, pelvis, rate_hz, start_s)
        if wrong:
            notes.append(_note(plate.name, wrong))
    return tuple(notes)


def _reversed(
    plate: ForcePlate, peak: float, pelvis: Sequence[FloatArray], rate_hz: float, start_s: float
) -> list[str]:
    """Return in which directions the force points away from the pelvis."""
    rows = np.flatnonzero((plate.force[:, 2] > LOADED * peak) & np.isfinite(plate.centre_of_pressure[:, 0]))
    if len(rows) < SHORTEST_S * plate.rate_hz:
        return []
    rows = rows[:: max(len(rows) // SAMPLES, 1)]
    frames = np.round((plate.start_s + rows / plate.rate_hz - start_s) * rate_hz).astype(int)
    inside = (frames >= 0) & (frames < len(pelvis[0]))
    rows, frames = rows[inside], frames[inside]
    middle = np.mean([track[frames] for track in pelvis], axis=0)
    seen = np.isfinite(middle[:, 0])
    rows, middle = rows[seen], middle[seen]
    if len(rows) < 5:
        return []
    way = middle - plate.centre_of_pressure[rows, :2]
    share = plate.force[rows, :2] / plate.force[rows, 2:]
    sizes = np.sqrt((way**2).mean(axis=0)), np.sqrt((share**2).mean(axis=0))
    cosine = (way * share).mean(axis=0) / np.maximum(sizes[0] * sizes[1], 1e-12)
    return [
        _WORDS[k]
        for k in (0, 1)
        if cosine[k] < REVERSED[k] and sizes[0][k] >= LEAST_WAY_M[k] and sizes[1][k] >= LEAST_SHARE[k]
    ]


def _note(name: str, wrong: Sequence[str]) -> Note:
    where = " and ".join(wrong)
    return Note(
        "defect",
        f"{name}: its horizontal force {where} points away from the body, as no foot pushes in walking: "
        "its sign is likely wrong.",
        "plates.shear_sign",
        name,
        "If so, its horizontal force is reversed there, and joint moments from this plate would be wrong.",
        "Check the sign of the channels and the axes of this plate in the recording software; export the trial again.",
    )
