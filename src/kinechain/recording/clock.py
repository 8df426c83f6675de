"""The clock of a recording: whether a walk could have gone at the stated rate, and how to state another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import SettingError
from kinechain.recording.recording import Note, Recording
from kinechain.recording.snapshots import Snapshots

__all__ = ["LEAST_GAIT_HZ", "check_clock", "with_rate"]

#: Below this rate a foot strike is uncertain by more than 20 ms, a fifth of the shortest double support that measures
#: are judged on, and the 6 Hz low-pass has fewer than two samples per half period (assumption).
LEAST_GAIT_HZ = 24.0
#: Step length in leg lengths over step rate in the rate of a pendulum as long as the leg.  The two grow together at
#: every speed of a healthy walk, and a clock that runs k times too slow multiplies it by k.  Limits are assumptions,
#: twice beyond what 60 walks and runs of 12 laboratories at 0.26 to 3.9 m/s gave.
WALK_RATIO = (0.45, 6.0)
GRAVITY = 9.81


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


def check_clock(
    shots: Snapshots, tracks: FloatArray, up: FloatArray, forward: FloatArray, rate_hz: float
) -> list[Note]:
    """Say where a walk is too fast or too slow for its steps to have gone at the stated rate, or the rate too low.

    Parameters
    ----------
    shots : Snapshots
    tracks : (2, time, 3) array, m
        Right and left heel (or ankle) at every frame.
    up, forward : (3,) unit arrays
        In the frame of both.
    rate_hz : float
    """
    notes = []
    if rate_hz < LEAST_GAIT_HZ:
        notes.append(
            Note(
                "defect",
                f"The rate of {rate_hz:g} Hz is too low to time a step ({LEAST_GAIT_HZ:g} Hz at least): no measure of "
                "gait is taken.",
                "file.slow_rate",
                "frame rate",
                "Postures can be used, gait cannot.",
                "Record at 50 Hz or more, or export every frame.",
            )
        )
    ratio, steps = _walk_ratio(shots, tracks, up, forward, rate_hz)
    if ratio is not None and not WALK_RATIO[0] <= ratio <= WALK_RATIO[1]:
        slow = "slow" if ratio > WALK_RATIO[1] else "fast"
        notes.append(
            Note(
                "defect",
                f"The clock looks wrong: at {rate_hz:g} Hz this person takes {steps:.0f} steps a minute, too {slow} "
                "for steps as long as theirs.",
                "file.clock",
                "frame rate",
                "Every time and speed would be wrong by the same factor, and moments by its square.",
                "Find the true frame rate and state it with --rate.",
            )
        )
    return notes


def _walk_ratio(
    shots: Snapshots, tracks: FloatArray, up: FloatArray, forward: FloatArray, rate_hz: float
) -> tuple[float | None, float]:
    """Dimensionless walk ratio and steps per minute, from the heels passing each other; None below three passes."""
    apart = (tracks[0] - tracks[1]) @ forward
    apart = apart[np.isfinite(apart)]
    pelvis, feet = shots.pelvis, shots.centre(("heel", "lateral_malleolus"))
    if len(apart) < 3 or pelvis is None or feet is None:
        return None, 0.0
    leg = (pelvis - feet) @ up
    leg = leg[np.isfinite(leg)]
    apart = apart - 0.5 * (apart.max() + apart.min())
    side = np.where(np.abs(apart) > 0.3 * np.abs(apart).max(), np.sign(apart), 0.0)
    told = np.flatnonzero(side)
    passes = told[1:][np.diff(side[told]) != 0]
    if len(passes) < 3 or not len(leg):
        return None, 0.0
    step_hz = (len(passes) - 1) / ((passes[-1] - passes[0]) / rate_hz)
    long = 0.5 * float(np.ptp(apart))
    height = float(np.median(leg))
    return (long / height) / (step_hz * np.sqrt(height / GRAVITY)), 60.0 * step_hz
