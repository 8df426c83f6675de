"""One walking trial of one body, from prepared recording to strides."""

from __future__ import annotations

from dataclasses import dataclass

from kinechain.core.arrays import Immutable
from kinechain.motion.cycles import Cycle
from kinechain.motion.motion import Angles, Motion
from kinechain.recording.recording import Event, Recording

__all__ = ["GaitTrial"]


@dataclass(frozen=True, eq=False)
class GaitTrial(Immutable):
    """Everything computed from one walking recording.

    Attributes
    ----------
    recording : Recording
        Prepared: in the world frame, profile chosen, short gaps filled.
    motion : Motion
        Filtered.
    angles : Angles
    events : tuple of Event
        The events used, each with its source.
    cycles : tuple of Cycle
    notes : tuple of str
    """

    recording: Recording
    motion: Motion
    angles: Angles
    events: tuple[Event, ...]
    cycles: tuple[Cycle, ...]
    notes: tuple[str, ...] = ()
