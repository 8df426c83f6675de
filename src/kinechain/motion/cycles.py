"""Strides: from one foot strike to the next strike of the same foot."""

from __future__ import annotations

from dataclasses import dataclass

from kinechain.recording.recording import Side

__all__ = ["PERCENT_POINTS", "Cycle"]

#: Points per time-normalised cycle, 0 to 100 %.
PERCENT_POINTS = 101


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
