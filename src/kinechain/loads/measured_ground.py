"""The force of the plates under each foot, on the frames of a motion and filtered like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinechain.core.arrays import FloatArray, cross
from kinechain.loads.zero_phase import zero_phase
from kinechain.motion.contacts import Contact, beyond_plates
from kinechain.motion.foot_paths import FootPaths
from kinechain.motion.motion import Motion
from kinechain.motion.smooth import ORDER
from kinechain.recording.recording import ForcePlate, Side

__all__ = ["MeasuredFoot", "measured_foot", "usable_contacts"]

#: A filtered force below this is none, N: the filter rings around a contact.  As the threshold of a contact.
LEAST_N = 20.0
#: A straddling foot may stand out beyond both plates by this, m.  Assumption, as for one plate.
EDGE_M = 0.03


@dataclass(frozen=True, eq=False)
class MeasuredFoot:
    """What plates measured under one foot.

    Attributes
    ----------
    side : 'left' or 'right'
    force : (time, 3) array, N
        0 without contact.
    centre : (time, 3) array, m
        NaN without contact.
    free_moment : (time,) array, N m
    contacts : tuple of Contact
        Those it was made of.
    """

    side: Side
    force: FloatArray
    centre: FloatArray
    free_moment: FloatArray
    contacts: tuple[Contact, ...]


def usable_contacts(
    contacts: Sequence[Contact], plates: Sequence[ForcePlate], paths: FootPaths, side: Side
) -> tuple[Contact, ...]:
    """Return the contacts whose force is all of that of one foot: clean hits, and one foot alone across two plates.

    Parameters
    ----------
    contacts : sequence of Contact
        As ``find_contacts`` returns them.
    plates : sequence of ForcePlate
    paths : FootPaths
    side : 'left' or 'right'
    """
    mine = [c for c in contacts if c.side == side]
    return tuple(c for c in mine if c.is_clean or _is_straddled(c, mine, contacts, plates, paths))


def _is_straddled(
    contact: Contact,
    mine: Sequence[Contact],
    contacts: Sequence[Contact],
    plates: Sequence[ForcePlate],
    paths: FootPaths,
) -> bool:
    """Tell whether a foot across plates stands on nothing else, and nobody else on them."""
    if not contact.others or contact.side is None:
        return False
    on = (contact.plate, *contact.others)
    at_once = [c for c in contacts if c.plate in on and c.start_s < contact.end_s and c.end_s > contact.start_s]
    if any(c not in mine for c in at_once) or {c.plate for c in at_once} != set(on):
        return False
    middle = 0.5 * (contact.start_s + contact.end_s)
    beyond = beyond_plates([plates[k] for k in on], paths, contact.side, middle)
    return beyond is not None and bool(np.max(beyond) <= EDGE_M)


def measured_foot(
    side: Side, contacts: Sequence[Contact], plates: Sequence[ForcePlate], motion: Motion, cutoff_hz: float | None
) -> MeasuredFoot:
    """Return the force of some contacts of one foot on the frames of a motion.

    Parameters
    ----------
    side : 'left' or 'right'
    contacts : sequence of Contact
        Usable ones of this foot.
    plates : sequence of ForcePlate
    motion : Motion
    cutoff_hz : float or None
        Of the filter, the same as of the motion: Butterworth of third order both ways; None leaves the force as it is.

    Notes
    -----
    Force and moment about the origin of the world are filtered and the centre of pressure is taken from them, so that
    it stays where the force acted.  Where the filtered vertical force is below 20 N there is none.
    """
    times = motion.times_s
    total = np.zeros((len(times), 7))
    for contact in contacts:
        plate = plates[contact.plate]
        wrench = _wrench(plate, contact)
        if cutoff_hz is not None and cutoff_hz < plate.rate_hz / 2:
            wrench = zero_phase(wrench, plate.rate_hz, below_hz=cutoff_hz, order=ORDER)
        inside = (times >= plate.times_s[0]) & (times <= plate.times_s[-1])
        for column in range(7):
            total[inside, column] += np.interp(times[inside], plate.times_s, wrench[:, column])
    force, moment = total[:, :3], total[:, 3:6]
    is_on = force[:, 2] > LEAST_N
    up = np.where(is_on, force[:, 2], np.nan)
    z = total[:, 6] / up
    x = (z * force[:, 0] - moment[:, 1]) / up
    y = (moment[:, 0] + z * force[:, 1]) / up
    free = np.where(is_on, moment[:, 2] - x * force[:, 1] + y * force[:, 0], 0.0)
    return MeasuredFoot(side, np.where(is_on[:, None], force, 0.0), np.stack([x, y, z], axis=1), free, tuple(contacts))


def _wrench(plate: ForcePlate, contact: Contact) -> FloatArray:
    """Return force, moment about the origin, and height times vertical force, of a contact; 0 outside: (sample, 7)."""
    out = np.zeros((len(plate.force), 7))
    rows = np.flatnonzero((plate.times_s >= contact.start_s) & (plate.times_s <= contact.end_s))
    force, centre = plate.force[rows], _filled(plate.centre_of_pressure[rows])
    keep = np.isfinite(force).all(axis=1) & np.isfinite(centre).all(axis=1)
    rows, force, centre = rows[keep], force[keep], centre[keep]
    out[rows, :3] = force
    out[rows, 3:6] = cross(centre, force) + np.nan_to_num(plate.free_moment[rows])
    out[rows, 6] = centre[:, 2] * force[:, 2]
    return out


def _filled(points: FloatArray) -> FloatArray:
    """Return points (sample, 3) with what is missing taken from the nearest sample that has it."""
    seen = np.flatnonzero(np.isfinite(points).all(axis=1))
    if not len(seen) or len(seen) == len(points):
        return points
    at = np.searchsorted(seen, np.arange(len(points)))
    before, after = seen[np.maximum(at - 1, 0)], seen[np.minimum(at, len(seen) - 1)]
    sample = np.arange(len(points))
    return points[np.where(np.abs(sample - before) <= np.abs(after - sample), before, after)]
