"""Body mass as the force plates see it: standing still, and over one stride of walking."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinechain.motion.contacts import Contact, find_contacts
from kinechain.motion.cycles import LONGEST_STRIDE_S, SHORTEST_STRIDE_S
from kinechain.motion.foot_paths import FootPaths
from kinechain.motion.kinematic_events import find_zeni_events, stride_time_s
from kinechain.recording.recording import ForcePlate, Recording

__all__ = ["GRAVITY_M_S2", "StrideWeight", "body_weight_from_plates", "mass_from_plates"]

#: Standard gravity (CGPM 1901).
GRAVITY_M_S2 = 9.80665
#: A plate that carries less than this on average while somebody stands is not stood on, N.  Assumption.
UNLOADED_N = 10.0
#: Quiet standing: the summed vertical force varies less than this fraction.  Assumption.
STILL_FRACTION = 0.05


@dataclass(frozen=True)
class StrideWeight:
    """Body mass by the law of impulse: left plus right stance impulse = mass * g * stride time.

    Attributes
    ----------
    mass_kg : float
    left_impulse_ns, right_impulse_ns : float
        Vertical impulse of one clean stance of each foot, N s.
    stride_s : float
        From kinematics.
    """

    mass_kg: float
    left_impulse_ns: float
    right_impulse_ns: float
    stride_s: float

    def ratio(self, mass_kg: float) -> float:
        """Return this mass over a stated one; 1 where plates, clock and scale agree."""
        return self.mass_kg / mass_kg


def mass_from_plates(recording: Recording) -> float | None:
    """Return body mass from a standing trial, kg; None if nobody stands still on plates in it.

    The middle half of the recording is used, and only plates that carry something.  A foot beside the plates makes the
    answer too small, which the plates cannot know.
    """
    if recording.task == "walking" or not recording.plates:
        return None
    total: float = 0.0
    spread: float = 0.0
    for plate in recording.plates:
        quarter = len(plate.force) // 4
        force = plate.force[quarter : len(plate.force) - quarter, 2]
        if len(force) and np.isfinite(force).all() and force.mean() > UNLOADED_N:
            total += float(force.mean())
            spread += float(force.std())
    if total < 100.0 or spread > 2 * STILL_FRACTION * total:
        return None
    return total / GRAVITY_M_S2


def body_weight_from_plates(recording: Recording, paths: FootPaths) -> StrideWeight | None:
    """Return body mass from one clean stance of each foot in a walking trial; None without both.

    Parameters
    ----------
    recording : Recording
        In the world frame.
    paths : FootPaths
        Of the fitted body in the same recording.
    """
    stride = stride_time_s(find_zeni_events(paths))
    if stride is None or not SHORTEST_STRIDE_S <= stride <= LONGEST_STRIDE_S:
        return None
    whole = [c for c in find_contacts(recording.plates, paths) if c.is_clean and c.is_whole]
    pairs = [(a, b) for a in whole for b in whole if a.side == "left" and b.side == "right"]
    pairs = [(a, b) for a, b in pairs if abs(a.start_s - b.start_s) < stride]
    if not pairs:
        return None
    left, right = min(pairs, key=lambda pair: abs(pair[0].start_s - pair[1].start_s))
    impulses = [_impulse(recording.plates[c.plate], c) for c in (left, right)]
    return StrideWeight(sum(impulses) / (GRAVITY_M_S2 * stride), impulses[0], impulses[1], stride)


def _impulse(plate: ForcePlate, contact: Contact) -> float:
    inside = (plate.times_s >= contact.start_s) & (plate.times_s <= contact.end_s)
    return float(np.nansum(plate.force[inside, 2]) / plate.rate_hz)
