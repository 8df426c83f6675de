"""Strides: from one foot strike to the next strike of the same foot."""

from __future__ import annotations

from collections.abc import Iterable
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


def find_cycles(events: Iterable[Event]) -> tuple[Cycle, ...]:
    """Return the complete strides that a set of events bounds.

    A stride runs between two strikes of one foot with exactly one foot off between them and at
    most one strike of the other foot, and lasts 0.4 to 4.5 s.  A missing event so drops the
    strides it would have bounded.

    Parameters
    ----------
    events : iterable of Event
        In any order.

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
        strikes = [e for e in own if e.kind == "foot_strike"]
        for start, end in pairwise(strikes):
            offs = [e for e in own if e.kind == "foot_off" and start.time_s < e.time_s < end.time_s]
            if len(offs) != 1 or not SHORTEST_STRIDE_S <= end.time_s - start.time_s <= LONGEST_STRIDE_S:
                continue
            strikes_inside, offs_inside = (
                [e.time_s for e in other if e.kind == kind and start.time_s < e.time_s < end.time_s]
                for kind in ("foot_strike", "foot_off")
            )
            if len(strikes_inside) > 1 or len(offs_inside) > 1:
                continue
            used = {start.source, end.source, offs[0].source}
            cycles.append(
                Cycle(
                    start.side,
                    start.time_s,
                    end.time_s,
                    offs[0].time_s,
                    offs_inside[0] if offs_inside else None,
                    strikes_inside[0] if strikes_inside else None,
                    " + ".join(sorted(used)),
                )
            )
    return tuple(sorted(cycles, key=lambda c: c.start_s))


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
