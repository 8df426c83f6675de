"""Samples that a force plate lacks: short gaps are bridged, a plate with longer ones under load is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kinechain.core.arrays import FloatArray, runs_of
from kinechain.recording.plate_notes import refusal
from kinechain.recording.recording import ForcePlate, Note

__all__ = ["without_gaps"]

#: Longest gap that is bridged by straight lines, s.  Assumption: a force filtered at 6 Hz hardly changes meanwhile.
LONGEST_GAP_S = 0.02
#: A plate carries something from this force on, N; as where the centre of pressure begins to mean something.
LOADED_N = 20.0
#: What to do about missing samples.
EXPORT = "Export the trial again with every sample of its plates."


def without_gaps(plates: Sequence[ForcePlate], notes: list[Note]) -> tuple[ForcePlate, ...]:
    """Return plates whose force is a number at every sample.

    Parameters
    ----------
    plates : sequence of ForcePlate
        NaN in force or free moment where a sample is missing.
    notes : list of Note
        Appended to: one for each plate that lacked samples.

    Returns
    -------
    tuple of ForcePlate
        Without those that lack more than 20 ms under load.  A gap while nothing stands on the plate is no force.
    """
    return tuple(whole for plate in plates if (whole := _without_gaps(plate, notes)) is not None)


def _without_gaps(plate: ForcePlate, notes: list[Note]) -> ForcePlate | None:
    missing = np.isnan(np.column_stack([plate.force, plate.free_moment]).sum(axis=1))
    if not missing.any():
        return plate
    gaps = runs_of(missing)
    if missing.all():
        notes.append(refusal(plate.name, "plates.gaps", "not one sample of its force is a number", EXPORT))
        return None
    carried = [gap for gap in gaps if _is_loaded(plate, gap)]
    longest = max(((b - a) / plate.rate_hz for a, b in carried), default=0.0)
    first = plate.start_s + gaps[0][0] / plate.rate_hz
    lacks = (
        f"{np.count_nonzero(missing)} of {len(missing)} samples of its force are missing, the first at {first:.2f} s"
    )
    if longest > LONGEST_GAP_S:
        why = f"{lacks}, up to {longest * 1e3:.0f} ms together while it carries a foot"
        notes.append(refusal(plate.name, "plates.gaps", why, EXPORT))
        return None
    force, point, free = (np.array(a) for a in (plate.force, plate.centre_of_pressure, plate.free_moment))
    for gap in gaps:
        for values in (force, point, free):
            _bridge(values, gap, gap in carried)
    text = f"{plate.name}: {lacks}; they were bridged, and taken as no force where nothing stands on the plate."
    effect = "Force and centre of pressure there are drawn, not measured."
    notes.append(Note("repaired", text, "plates.gaps", plate.name, effect, EXPORT))
    return replace(plate, force=force, centre_of_pressure=point, free_moment=free)


def _is_loaded(plate: ForcePlate, gap: tuple[int, int]) -> bool:
    ends = [k for k in (gap[0] - 1, gap[1]) if 0 <= k < len(plate.force)]
    return bool((np.linalg.norm(plate.force[ends], axis=1) > LOADED_N).any())


def _bridge(values: FloatArray, gap: tuple[int, int], is_loaded: bool) -> None:
    """Fill the rows of a gap in place: straight between both ends if the plate is loaded, else with nothing."""
    first, last = gap
    if not is_loaded:
        values[first:last] = 0.0
        return
    ends = [k for k in (first - 1, last) if 0 <= k < len(values)]
    for column in values.T:
        column[first:last] = np.interp(np.arange(first, last), ends, column[ends])
