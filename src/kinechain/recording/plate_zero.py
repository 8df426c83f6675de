"""The zero of a force plate: what it reads while nobody stands on it, level or drifting."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray
from kinechain.recording.plate_notes import ZERO
from kinechain.recording.plate_types import PlateSettings, PlateSource
from kinechain.recording.recording import Note

__all__ = ["subtracted_offset", "without_baseline"]


def without_baseline(
    source: PlateSource, force: FloatArray, moment: FloatArray, settings: PlateSettings, notes: list[Note]
) -> tuple[FloatArray, FloatArray, bool]:
    """Subtract what a plate reads while nobody stands on it; tell whether that was seen.

    Parameters
    ----------
    source : PlateSource
    force, moment : (time, 3) array, N and N m
        In the axes of the plate, z down.
    settings : PlateSettings
    notes : list of Note
        Appended to.

    Returns
    -------
    force, moment : (time, 3) array
    is_zeroed : bool
        False where the plate is loaded or noisy throughout.
    """
    n = max(round(settings.baseline_window_s * source.rate_hz), 2)
    if source.type == 1 or len(force) < n:
        return force, moment, source.type == 1
    up = -force[:, 2]
    if _is_zeroed_by_software(force, up, n, settings):
        return force, moment, True
    blocks = up[: len(up) // n * n].reshape(-1, n)
    means = blocks.mean(axis=1)
    quiet = (np.ptp(blocks, axis=1) < 2 * settings.baseline_spread_n) & (np.abs(means) < settings.baseline_limit_n)
    if not quiet.any():
        # A noisy plate is quiet where it scatters evenly about a level.
        quiet = (blocks.std(axis=1) < 3 * settings.baseline_spread_n) & (np.abs(means) < settings.baseline_limit_n)
    if not quiet.any():
        rows = _stated_zero(source, up, settings)
        if rows is None:
            text = f"{source.name}: loaded or noisy throughout, so the zero could not be checked."
            effect = "An offset, if there is one, stays in the force."
            notes.append(Note("found", text, "plates.zero_unseen", source.name, effect, ZERO))
            return force, moment, False
    else:
        drift = _drift(means, quiet, n, len(up), settings)
        if drift is not None:
            return *_without_drift(source, force, moment, quiet, n, drift, notes), True
        levels = means[quiet]
        level = levels[np.argmin(np.abs(levels - np.median(levels)))]
        quiet &= np.abs(means - level) < settings.baseline_spread_n
        rows = np.repeat(quiet, n).nonzero()[0]
    weights = np.zeros(len(up))
    weights[rows] = 1.0 / len(rows)
    offset_force, offset_moment = weights @ force, weights @ moment
    if abs(offset_force[2]) >= 1.0:
        text = (
            f"{source.name}: {-offset_force[2]:.1f} N while nobody stands on it; "
            f"that reading ({len(rows) / source.rate_hz:.2f} s of it) was subtracted from force and moment."
        )
        effect = "Force and centre of pressure are those above that reading."
        notes.append(Note("repaired", text, "plates.offset", source.name, effect, ZERO))
    return force - offset_force, moment - offset_moment, True


def subtracted_offset(notes: Sequence[Note], name: str) -> float | None:
    """Return what a plate read while nobody stood on it, N, by the note that `without_baseline` writes; None if none.

    Parameters
    ----------
    notes : sequence of Note
    name : str
        Of the plate.
    """
    said = next((n.text for n in notes if n.code == "plates.offset" and n.place == name), "")
    found = re.search(r"(-?[\d.]+) N while nobody", said)
    return float(found[1]) if found else None


def _is_zeroed_by_software(force: FloatArray, up: FloatArray, n: int, settings: PlateSettings) -> bool:
    """Tell whether the software set small forces to zero: most of what is small is exactly zero."""
    small = np.abs(up) < settings.baseline_limit_n
    count = int(np.count_nonzero(small & ~force.any(axis=1)))
    return not up.any() or 2 * count > max(int(small.sum()), n)


def _stated_zero(source: PlateSource, up: FloatArray, settings: PlateSettings) -> NDArray[np.int_] | None:
    """Return the samples that FORCE_PLATFORM:ZERO calls unloaded, None where the force contradicts it.

    Files state frames 1 to 10 whether or not somebody stood there, so they are believed only if the plate is lightest
    in them and clearly loaded elsewhere.
    """
    if source.zero is None:
        return None
    rows = np.arange(source.zero[0], source.zero[1] + 1)
    above = up - up[rows].mean()
    is_even = float(up[rows].std()) < 3 * settings.baseline_spread_n
    is_lowest = float(np.percentile(above, 1.0)) > -settings.threshold_n
    is_loaded = float(np.percentile(above, 95.0)) > 2 * settings.live_n
    return rows if is_even and is_lowest and is_loaded else None


def _drift(
    means: FloatArray, quiet: NDArray[np.bool_], n: int, samples: int, settings: PlateSettings
) -> FloatArray | None:
    """Return the line (slope per sample, level) of the unloaded windows, None unless they drift along one.

    They must span more than half of the recording, change by more than ``baseline_spread_n`` over it, and stay within
    half of that change from the line.
    """
    at = np.flatnonzero(quiet)
    if len(at) < 4 or (at[-1] - at[0] + 1) * n < 0.5 * samples:
        return None
    middle = np.asarray((at + 0.5) * n - 0.5, dtype=float)
    line = _line(middle, means[at])
    change = abs(float(line[0])) * (middle[-1] - middle[0])
    rest = float(np.std(means[at] - line[0] * middle - line[1]))
    return line if change > settings.baseline_spread_n and rest < 0.15 * change else None


def _line(at: FloatArray, values: FloatArray) -> FloatArray:
    """Return slope and level of the least-squares line through values (n,) or each column of (n, m): (2,) or (2, m)."""
    away = at - at.mean()
    slope = away @ values / float(away @ away)
    return np.asarray([slope, values.mean(axis=0) - slope * at.mean()])


def _without_drift(
    source: PlateSource,
    force: FloatArray,
    moment: FloatArray,
    quiet: NDArray[np.bool_],
    n: int,
    drift: FloatArray,
    notes: list[Note],
) -> tuple[FloatArray, FloatArray]:
    """Subtract a straight line through the unloaded windows from every component."""
    both = np.concatenate([force, moment], axis=1)
    blocks = both[: len(both) // n * n].reshape(-1, n, 6).mean(axis=1)[quiet]
    middle = np.asarray((np.flatnonzero(quiet) + 0.5) * n - 0.5, dtype=float)
    slope, level = _line(middle, blocks)
    both = both - (np.arange(len(both))[:, None] * slope + level)
    first, last = drift[1], drift[1] + drift[0] * (len(force) - 1)
    text = (
        f"{source.name}: what it reads while nobody stands on it drifts from {first:.1f} to {last:.1f} N; a straight "
        "line between was subtracted from force and moment."
    )
    effect = "Force during contact rests on the drift being even."
    notes.append(Note("repaired", text, "plates.drift", source.name, effect, "Let the plate warm up, then zero it."))
    return both[:, :3], both[:, 3:]
