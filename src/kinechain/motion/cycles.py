"""Strides: from one foot strike to the next strike of the same foot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.motion.motion import Angles
from kinechain.recording.recording import Event, Side

__all__ = ["LONGEST_STRIDE_S", "PERCENT_POINTS", "SHORTEST_STRIDE_S", "Cycle", "find_cycles", "normalize"]

#: Points per time-normalised cycle, 0 to 100 %.
PERCENT_POINTS = 101
#: Plausible stride times, s: fast walking to 0.25 m/s (3.9 s in schreiber_moissenet).  Assumption.
SHORTEST_STRIDE_S, LONGEST_STRIDE_S = 0.4, 4.5
#: A stride that lasts this many times the typical one of its recording hides events nobody found: with a strike and a
#: foot off missing it would last two.  Assumption.
LONGEST_RATIO = 1.6


@dataclass(frozen=True)
class Cycle:
    """One stride of one side.

    Attributes
    ----------
    side : 'left' or 'right'
    start_s, end_s : float
        Foot strike and next foot strike of the same side.
    foot_off_s : float
        Of the same side.
    opposite_foot_off_s, opposite_foot_strike_s : float or None
        Of the other side, inside this stride; None if not seen.
    source : str
        Where the events came from ('plates', 'file', or the kinematic method).
    """

    side: Side
    start_s: float
    end_s: float
    foot_off_s: float
    opposite_foot_off_s: float | None
    opposite_foot_strike_s: float | None
    source: str

    @property
    def duration_s(self) -> float:
        """Stride time."""
        return self.end_s - self.start_s

    @property
    def stance_fraction(self) -> float:
        """Stance time over stride time."""
        return (self.foot_off_s - self.start_s) / self.duration_s


def find_cycles(events: Iterable[Event], stretches: Sequence[tuple[float, float]] | None = None) -> tuple[Cycle, ...]:
    """Return the complete strides that a set of events bounds.

    A stride runs between two strikes of one foot with exactly one foot off between them and at
    most one strike of the other foot, lasts 0.4 to 4.5 s and less than 1.6 times the typical stride
    of the recording.  A missing event so drops the strides it would have bounded.

    Parameters
    ----------
    events : iterable of Event
        In any order.
    stretches : sequence of (first, last) time, s, optional
        Of steady walking; no stride reaches from one into another, as over a turn.

    Returns
    -------
    tuple of Cycle
        By start time.
    """
    ordered = sorted(events, key=lambda e: e.time_s)
    cycles = []
    for side in ("left", "right"):
        own = [e for e in ordered if e.side == side]
        other = [e for e in ordered if e.side != side]
        for start, end in pairwise(e for e in own if e.kind == "foot_strike"):
            if stretches is None or any(a <= start.time_s and end.time_s <= b for a, b in stretches):
                cycles += _cycle(start, end, own, other)
    if not cycles:
        return ()
    typical = float(np.quantile([c.duration_s for c in cycles], 0.5, method="lower"))
    whole = [c for c in cycles if c.duration_s < LONGEST_RATIO * typical]
    return tuple(sorted(whole, key=lambda c: c.start_s))


def _cycle(start: Event, end: Event, own: Sequence[Event], other: Sequence[Event]) -> list[Cycle]:
    """Return the stride between two strikes of one foot, if its events are complete."""

    def inside(events: Sequence[Event], kind: str) -> list[Event]:
        return [e for e in events if e.kind == kind and start.time_s < e.time_s < end.time_s]

    offs, opposite_offs, opposite_strikes = (
        inside(own, "foot_off"),
        inside(other, "foot_off"),
        inside(other, "foot_strike"),
    )
    if len(offs) != 1 or not SHORTEST_STRIDE_S <= end.time_s - start.time_s <= LONGEST_STRIDE_S:
        return []
    if len(opposite_strikes) > 1 or len(opposite_offs) > 1:
        return []
    return [
        Cycle(
            start.side,
            start.time_s,
            end.time_s,
            offs[0].time_s,
            opposite_offs[0].time_s if opposite_offs else None,
            opposite_strikes[0].time_s if opposite_strikes else None,
            " + ".join(sorted({start.source, end.source, offs[0].source})),
        )
    ]


def normalize(angles: Angles, label: str, cycle: Cycle) -> FloatArray:
    """Return one angle over one stride, resampled to 0, 1 ... 100 %.

    Parameters
    ----------
    angles : Angles
    label : str
        A column, e.g. ``knee_flexion_left``.
    cycle : Cycle

    Returns
    -------
    (101,) array, rad
        NaN everywhere if any frame of the stride is missing or outside the recording.
    """
    times, values = angles.times_s, angles.angle(label)
    wanted = np.linspace(cycle.start_s, cycle.end_s, PERCENT_POINTS)
    frame = 1.0 / angles.rate_hz
    inside = (times > cycle.start_s - frame) & (times < cycle.end_s + frame)
    if wanted[0] < times[0] - frame or wanted[-1] > times[-1] + frame or not np.isfinite(values[inside]).all():
        return np.full(PERCENT_POINTS, np.nan)
    return np.asarray(np.interp(wanted, times[inside], values[inside]))
