"""Whether what plates measured agrees with how the body moved; each disagreement by plate, frames and size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, lengths, median, runs_of
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.loads.measured_ground import measured_foot
from kinechain.loads.predicted_ground import Prediction
from kinechain.motion.contacts import Contact
from kinechain.motion.motion import Motion
from kinechain.recording.recording import Recording, Side

__all__ = ["PlateFault", "find_plate_faults", "plate_lag"]

#: A plate that carries the person alone may differ in the mean vertical force by this part of body weight, m (g - a)
#: against the plate.  Assumption: the trials of schreiber_moissenet lie within 0.026.
WEIGHT_SHARE = 0.05
#: From this part on the plate is no measurement of this person.  Assumption.
WRONG_WEIGHT_SHARE = 0.1
#: The same for the root mean square of the vertical force, which also shows a force that comes too late.  Assumption:
#: the fastest trial of schreiber_moissenet lies at 0.16.
SHAPE_SHARE = 0.2
#: Fore and aft force of a stance follows that of the whole body (correlation at least this), where it varies by more
#: than the second, part of body weight.  Assumption: 0.9 and more in every shared walk.
LEAST_AGREEMENT, LEAST_SHEAR = 0.3, 0.03
#: Force to the side has its sign exchanged if it lies this far from mass times acceleration, part of body weight, and
#: the other sign fits better by the second.  Assumption: 0.47 and more of it in every shared walk.
LEAST_ASIDE, OTHER_SIGN = 0.04, 0.4
#: The free moment of a foot is at most this long an arm of body weight, m.  Assumption: five times the largest of the
#: shared walks, and two fifths of what friction of 0.8 could give at heel and toes of a long foot.
TWIST_M = 0.05
#: The centre of pressure may lie this far from where the movement puts it, m, median over single support.  Assumption:
#: three times the median error of the prediction.
CENTRE_M = 0.06
#: A force that fits better by this much when it is shifted is late, if the shift differs by more than the third
#: from what is usual, part and s.  The movement runs ahead of the forces by 0.004 to 0.024 s in all but the two slowest
#: of the shared walks (benchmarks/ground_table.py).
BETTER, USUAL_LATE_S, LATE_S = 0.7, 0.014, 0.03
#: A shift is looked for over the middle of a contact of at least this, s: as long as the force has two peaks.
LEAST_LATE_S = 0.25
#: Lags that are tried, s, and from which one is told, s (assumption: motion filtered at 6 Hz places the acceleration of
#: the body within 5 ms in the four laboratories whose clocks agree).
FINE_SHIFTS_S, TOLD_LAG_S = np.arange(-0.04, 0.0401, 0.002), 0.008
#: Fewest frames that can say anything, and the shifts that are tried, s.
FEWEST, SHIFTS_S = 8, np.arange(-0.15, 0.1501, 0.005)


@dataclass(frozen=True)
class PlateFault:
    """One plate that disagrees with the motion.

    Attributes
    ----------
    plate : int
        Index of the plate.
    kind : 'weight', 'shape', 'shear', 'aside', 'twist', 'centre' or 'late'
    first, last : int
        Frames of the motion, counted from 1, in which it carried the person alone.
    residual : float
        N; N m for 'twist', m for 'centre', s for 'late'.
    is_gross : bool
        The plate must not be used as a measurement.
    sentence : str
    """

    plate: int
    kind: str
    first: int
    last: int
    residual: float
    is_gross: bool
    sentence: str


def find_plate_faults(
    recording: Recording, motion: Motion, contacts: Sequence[Contact], prediction: Prediction
) -> tuple[PlateFault, ...]:
    """Return where a plate that carries one foot alone says something else than mass times acceleration.

    Parameters
    ----------
    recording : Recording
        With its plates.
    motion : Motion
        Filtered.
    contacts : sequence of Contact
        Of the plates; the forces of plates that one foot stands on at once are added.
    prediction : Prediction
        Of the same motion: what the ground must do, and which foot is on it alone.

    Returns
    -------
    tuple of PlateFault
        The most telling one of each contact.
    """
    out = []
    for contact in contacts:
        together = _together(contact, contacts)
        if contact.side is None or any(c.plate < contact.plate for c in together):
            continue
        alone = _alone(contact, motion, prediction)
        if np.count_nonzero(alone) >= FEWEST:
            fault = _fault(recording, motion, together, prediction, alone)
            if fault is not None:
                out.append(fault)
    return tuple(out)


def _together(contact: Contact, contacts: Sequence[Contact]) -> tuple[Contact, ...]:
    """Return a contact and those of the same foot on other plates at the same time."""
    with_it = [
        c
        for c in contacts
        if c.plate in contact.others
        and c.side == contact.side
        and c.start_s < contact.end_s
        and c.end_s > contact.start_s
    ]
    return (contact, *with_it)


def _alone(contact: Contact, motion: Motion, prediction: Prediction) -> NDArray[np.bool_]:
    """Tell the frames in which the foot of a contact carries the person alone, (time,) array."""
    assert contact.side is not None
    other: Side = "left" if contact.side == "right" else "right"
    alone = prediction.feet[contact.side].is_down & ~prediction.feet[other].is_down
    return np.asarray(alone & (motion.times_s > contact.start_s) & (motion.times_s < contact.end_s))


def plate_lag(
    recording: Recording, motion: Motion, contacts: Sequence[Contact], prediction: Prediction
) -> tuple[float, str] | None:
    """Return by how much later plates are than the motion, s, and a sentence; None where nothing shows or all agree.

    Parameters
    ----------
    recording, motion, contacts, prediction
        As for `find_plate_faults`.

    Notes
    -----
    The shift with which the vertical force of a foot that carries the person alone follows mass times acceleration
    best, apart from a constant.  A lag of 20 ms changes the hip's flexion moment at push-off by a quarter.
    """
    times, demand = motion.times_s, prediction.demand.force[:, 2]
    errors: list[list[FloatArray]] = [[] for _ in FINE_SHIFTS_S]
    for contact in contacts:
        if contact.side is None or not contact.is_clean:
            continue
        alone = _alone(contact, motion, prediction)
        if np.count_nonzero(alone) < LEAST_LATE_S * motion.rate_hz:
            continue
        force = measured_foot(contact.side, [contact], recording.plates, motion, None).force[alone, 2]
        for shift, error in zip(FINE_SHIFTS_S, errors, strict=True):
            apart = force - np.interp(times[alone] - shift, times, np.nan_to_num(demand))
            error.append(apart - apart.mean())
    if not errors[0]:
        return None
    size = [float(np.sqrt(np.mean(np.concatenate(e) ** 2))) for e in errors]
    best = int(np.argmin(size))
    lag, now = float(FINE_SHIFTS_S[best]), size[int(np.abs(FINE_SHIFTS_S).argmin())]
    if abs(lag) < TOLD_LAG_S or not 0 < best < len(size) - 1:
        return None
    return lag, (
        f"The plates come {abs(lag) * 1e3:.0f} ms {'later' if lag > 0 else 'earlier'} than the acceleration of the "
        f"body says; shifted by that, their vertical force differs from it by {size[best]:.0f} N instead of {now:.0f} "
        "N (root mean square). Moments and loads around push-off depend on it: check whether plates and cameras start "
        "together."
    )


def _fault(
    recording: Recording, motion: Motion, together: Sequence[Contact], prediction: Prediction, alone: NDArray[np.bool_]
) -> PlateFault | None:
    contact = together[0]
    assert contact.side is not None
    name = " and ".join(recording.plates[c.plate].name for c in together)
    foot = measured_foot(contact.side, together, recording.plates, motion, None)
    weight = prediction.demand.mass_kg * GRAVITY_M_S2
    apart = foot.force - prediction.demand.force
    mean, shape = float(apart[alone, 2].mean()), float(np.sqrt((apart[alone, 2] ** 2).mean()))
    first, last = (int(k) + 1 for k in max(runs_of(alone), key=lambda run: run[1] - run[0]))
    where = (
        f"{name[:1].upper()}{name[1:]} in frames {first} to {last - 1}, "
        f"where the {contact.side} foot carries the person alone"
    )

    def fault(kind: str, residual: float, text: str) -> PlateFault:
        is_gross = kind != "weight" or abs(residual) > WRONG_WEIGHT_SHARE * weight
        return PlateFault(contact.plate, kind, first, last - 1, residual, is_gross, text)

    off = lengths((foot.centre - prediction.feet[contact.side].centre)[alone])
    off = off[np.isfinite(off)]
    late = _late_s(foot.force[:, 2], prediction.demand.force[:, 2], motion, contact)
    if late is not None:
        return fault(
            "late",
            late,
            f"{where}: its force fits the motion {abs(late):.2f} s {'earlier' if late > 0 else 'later'}; as it is, it "
            f"differs from mass times acceleration by {shape:.0f} N (root mean square). Check the clocks.",
        )
    if _shear_disagrees(foot.force, prediction.demand.force, alone, weight):
        size = float(np.sqrt((apart[alone, :2] ** 2).sum(axis=1).mean()))
        return fault(
            "shear",
            size,
            f"{where}: its horizontal force runs against the motion ({size:.0f} N root mean square apart), as of a "
            "plate turned by 180 degrees or with a sign exchanged. Check its corners and channels.",
        )
    if (sideways := _aside_n(apart[alone, 1], foot.force[alone, 1], weight)) is not None:
        return fault(
            "aside",
            sideways[0],
            f"{where}: its force to the side runs against the motion ({sideways[0]:.0f} N root mean square apart; "
            f"{sideways[1]:.0f} N with the other sign). Check its corners and channels.",
        )
    twist = float(np.sqrt((foot.free_moment[alone] ** 2).mean()))
    if twist > TWIST_M * weight:
        return fault(
            "twist",
            twist,
            f"{where}: its free moment is {twist:.0f} N m (root mean square), more than a foot on the ground can "
            "give. Check its unit and channels.",
        )
    if abs(mean) > WEIGHT_SHARE * weight:
        return fault(
            "weight",
            mean,
            f"{where}: it measures {abs(mean):.0f} N ({abs(mean) / weight:.0%} of body weight) "
            f"{'more' if mean > 0 else 'less'} than {prediction.demand.mass_kg:.1f} kg times its acceleration. Check "
            "the mass of the person and the gain of the plate.",
        )
    if shape > SHAPE_SHARE * weight:
        return fault(
            "shape",
            shape,
            f"{where}: its force differs from mass times acceleration by {shape:.0f} N (root mean square, "
            f"{shape / weight:.0%} of body weight). Check that plate and markers are of one trial.",
        )
    if len(off) and median(off) > CENTRE_M:
        return fault(
            "centre",
            median(off),
            f"{where}: its force acts {median(off) * 1e3:.0f} mm from where the foot and the motion put it. Check the "
            "place of the plate.",
        )
    return None


def _late_s(force: FloatArray, demand: FloatArray, motion: Motion, contact: Contact) -> float | None:
    """Return by how much later the plate is than the motion, s, where a shift explains the difference; else None."""
    times = motion.times_s
    third = 0.2 * (contact.end_s - contact.start_s)
    inside = (times > contact.start_s + third) & (times < contact.end_s - third) & np.isfinite(demand)
    if np.count_nonzero(inside) < LEAST_LATE_S * motion.rate_hz:
        return None
    errors = []
    for shift in SHIFTS_S:
        late = np.interp(times[inside] - shift, times, np.nan_to_num(demand))
        apart = force[inside] - late
        errors.append(float(np.sqrt(((apart - apart.mean()) ** 2).mean())))
    best = int(np.argmin(errors))
    now = errors[int(np.abs(SHIFTS_S).argmin())]
    is_late = abs(SHIFTS_S[best] - USUAL_LATE_S) > LATE_S and 0 < best < len(errors) - 1 and errors[best] < BETTER * now
    return float(SHIFTS_S[best]) if is_late and now > 0.02 * force.max() else None


def _shear_disagrees(force: FloatArray, demand: FloatArray, alone: NDArray[np.bool_], weight: float) -> bool:
    one, two = force[alone, 0], demand[alone, 0]
    if min(one.std(), two.std()) < LEAST_SHEAR * weight:
        return False
    return bool(np.corrcoef(one, two)[0, 1] < LEAST_AGREEMENT)


def _aside_n(apart: FloatArray, force: FloatArray, weight: float) -> tuple[float, float] | None:
    """Return how far a force to the side is from the motion, and with the other sign, N, if that tells of one."""
    now, other = (float(np.sqrt((x**2).mean())) for x in (apart, apart - 2.0 * force))
    return (now, other) if now > LEAST_ASIDE * weight and other < OTHER_SIGN * now else None
