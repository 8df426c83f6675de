"""The clock of a recording: whether a walk could have gone at the stated rate, and how to state another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from kinechain.core.arrays import FloatArray, median
from kinechain.core.errors import SettingError
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.recording.recording import Note, Recording
from kinechain.recording.snapshots import PELVIS

__all__ = ["check_clock", "too_slow_for_gait", "with_rate"]

#: Below this rate a foot strike is uncertain by more than 20 ms, a fifth of the shortest double support that measures
#: are judged on, and the 6 Hz low-pass has fewer than two samples per half period (assumption).
LEAST_GAIT_HZ = 24.0
#: Step length in leg lengths over step rate in the rate of a pendulum as long as the leg.  The two grow together at
#: every speed of a walk, and a clock that runs k times too slow multiplies it by k.  Assumption: a little beyond what
#: 60 walks and runs of 12 laboratories at 0.26 to 3.9 m/s gave (0.8 to 1.7, and 3.6 at 0.26 m/s).
WALK_RATIO = (0.45, 4.2)


def with_rate(recording: Recording, rate_hz: float | None) -> Recording:
    """Return a recording whose frames were taken at another rate than the file states; plates and events keep step.

    Parameters
    ----------
    recording : Recording
        As read.
    rate_hz : float or None
        True frame rate of the markers; None keeps the stated one.

    Raises
    ------
    SettingError
        If the rate is not above 0 Hz.
    """
    if rate_hz is None or recording.markers is None:
        return recording
    if not 0.0 < rate_hz < 1e5:
        raise SettingError(f"a frame rate of {rate_hz:g} Hz is impossible; give it in Hz, e.g. --rate 200")
    stated = recording.markers.rate_hz
    faster = rate_hz / stated
    note = Note(
        "assumed",
        f"The file states {stated:g} frames a second; {rate_hz:g} were taken, as asked for.",
        "file.rate",
        "frame rate",
        "Every time, speed and moment depends on it.",
        "Correct the rate in the file.",
    )
    return replace(
        recording,
        markers=replace(recording.markers, rate_hz=rate_hz, start_s=recording.markers.start_s / faster),
        plates=tuple(replace(p, rate_hz=p.rate_hz * faster, start_s=p.start_s / faster) for p in recording.plates),
        events=tuple(replace(e, time_s=e.time_s / faster) for e in recording.events),
        series=None
        if recording.series is None
        else replace(recording.series, times_s=recording.series.times_s / faster),
        outputs=None
        if recording.outputs is None
        else replace(recording.outputs, times_s=recording.outputs.times_s / faster),
        notes=(*recording.notes, note),
    )


def too_slow_for_gait(rate_hz: float) -> str:
    """Return the clause that says why gait cannot be timed at a rate, '' if it can; rates count in whole Hz.

    Parameters
    ----------
    rate_hz : float
    """
    if round(rate_hz) >= LEAST_GAIT_HZ:
        return ""
    return f"{rate_hz:g} Hz is too slow to time a step ({LEAST_GAIT_HZ:g} Hz at least)"


def check_clock(tracks: Mapping[str, FloatArray], rate_hz: float, task: str) -> list[Note]:
    """Say where the rate is too low for gait, or a walk too fast or too slow for steps as long as its.

    Parameters
    ----------
    tracks : mapping of landmark to (time, 3) array, m
        World frame.
    rate_hz : float
    task : str
        Only a walk is judged by its steps.
    """
    notes = []
    if why := too_slow_for_gait(rate_hz):
        text = f"{why}: no measure of gait is taken."
        effect, cure = "Postures can be used, gait cannot.", "Record at 50 Hz or more, or export every frame."
        notes.append(Note("defect", text, "file.slow_rate", "frame rate", effect, cure))
    steps = _steps(tracks, rate_hz) if task == "walking" else None
    if steps is not None and not WALK_RATIO[0] <= steps.ratio <= WALK_RATIO[1]:
        slow = "slow" if steps.ratio > WALK_RATIO[1] else "fast"
        text = (
            f"The clock looks wrong: at {rate_hz:g} Hz this person takes {60 * steps.rate_hz:.0f} steps a minute, too "
            f"{slow} for steps of {steps.length:.2f} m."
        )
        effect = "Every time and speed is wrong by the same factor, and moments by its square."
        cure = "Find the true frame rate and state it with --rate."
        notes.append(Note("defect", text, "file.clock", "frame rate", effect, cure))
    return notes


@dataclass(frozen=True)
class _Steps:
    """Steps of a walk: length, m, how many a second, and their walk ratio."""

    length: float
    rate_hz: float
    ratio: float


def _steps(tracks: Mapping[str, FloatArray], rate_hz: float) -> _Steps | None:
    """Steps by the feet passing each other; None below two passes."""
    part = next((p for p in ("heel", "lateral_malleolus") if f"{p}_r" in tracks and f"{p}_l" in tracks), None)
    pelvis = [t[:, 2] for n, t in tracks.items() if n.startswith(PELVIS)]
    if part is None or not pelvis:
        return None
    right, left = tracks[f"{part}_r"], tracks[f"{part}_l"]
    apart = (right - left)[:, 0]
    apart = apart[np.isfinite(apart)]
    height = np.concatenate([p[np.isfinite(p)] for p in pelvis])
    ground = right[np.isfinite(right[:, 2]), 2]
    if len(apart) < 3 or not len(height) or not len(ground):
        return None
    leg = float(median(height) - ground.min())
    apart = apart - 0.5 * (apart.max() + apart.min())
    side = np.where(np.abs(apart) > 0.3 * np.abs(apart).max(), np.sign(apart), 0.0)
    told = np.flatnonzero(side)
    passes = told[1:][np.diff(side[told]) != 0]
    if len(passes) < 2 or leg <= 0.0:
        return None
    often = float((len(passes) - 1) / ((passes[-1] - passes[0]) / rate_hz))
    length = 0.5 * float(np.ptp(apart))
    return _Steps(length, often, (length / leg) / (often * np.sqrt(leg / GRAVITY_M_S2)))
