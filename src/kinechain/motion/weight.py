"""Body mass as the force plates see it: standing still, and over one stride of walking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, runs_of
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.motion.contacts import Contact, beyond_plates, find_contacts
from kinechain.motion.cycles import LONGEST_STRIDE_S, SHORTEST_STRIDE_S
from kinechain.motion.foot_paths import SIDES, FootPaths
from kinechain.motion.kinematic_events import find_zeni_events, stride_time_s
from kinechain.motion.marker_paths import marker_paths
from kinechain.recording.recording import ForcePlate, Note, Recording

__all__ = [
    "STRIDE_TOLERANCE",
    "StandingWeight",
    "StrideWeight",
    "body_weight_from_plates",
    "mass_from_plates",
    "mass_mismatch",
    "peak_notes",
    "standing_weight",
]

#: A plate that carries less than this on average while somebody stands is not stood on, N.  Assumption.
UNLOADED_N = 10.0
#: The least that a person weighs whom plates can weigh, N.  Assumption: 10 kg, a child that has begun to stand.
LEAST_WEIGHT_N = 100.0
#: The load is looked at in blocks of this length, s.  Assumption.
BLOCK_S = 0.1
#: A stated mass and one weighed in standing may differ by this part.  Assumption: clothes, shoes and the calibration of
#: plates.
STANDING_TOLERANCE = 0.05
#: A stated mass and one weighed over a stride may differ by this part.  Assumption: beyond the 6 % within which one
#: clean stance of each foot stays in our validation recordings.
STRIDE_TOLERANCE = 0.10
#: A foot of which three of its four outermost landmarks lie further outside than this stands beside the plates; with
#: one it overhangs, m.  Assumption, as for contacts.
OUTSIDE_M = 0.02
#: Largest vertical force of a walking step, body weights, from slow to fast.  Assumption, wide of the 1.01 to 1.58 of
#: the shared walks (0.26 to 2.2 m/s).
PEAKS_OF_WALKING = (0.9, 1.6)
#: Codes of plates that were left out while somebody may have stood on them.
_LOST_PLATE = ("plates.not_under_feet", "plates.clipped", "plates.stuck", "plates.negative_weight", "plates.volts")
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


@dataclass(frozen=True)
class StandingWeight:
    """What the plates weigh while somebody stands still, and what speaks against taking that for the whole body.

    Attributes
    ----------
    mass_kg : float
    force_n : float
        Sum of the vertical forces of all plates.
    steady_s : float
        How long they carried it steadily.
    is_whole : bool
        False where a foot stands beside every loaded plate: then the mass is too small.
    doubts : tuple of str
        What may make it wrong, each a clause: 'the right foot overhangs the edge of plate 3 by 32 mm'.
    """

    mass_kg: float
    force_n: float
    steady_s: float
    is_whole: bool
    doubts: tuple[str, ...]


def mass_from_plates(recording: Recording) -> float | None:
    """Return body mass from a standing trial, kg; None if nobody stands still, with both feet, on plates in it.

    See :func:`standing_weight` for what speaks for and against it.
    """
    weight = standing_weight(recording)
    return weight.mass_kg if weight is not None and weight.is_whole else None


def standing_weight(recording: Recording) -> StandingWeight | None:
    """Weigh a person who stands still on plates; None if nobody does.

    The summed vertical force of all plates must stay within 5 % for 0.3 s.  Where markers show the feet, these must
    stand on the plates.

    Parameters
    ----------
    recording : Recording
        Prepared.
    """
    if recording.task == "walking" or not recording.plates:
        return None
    loads = _summed(recording.plates)
    if loads is None:
        return None
    times, total = loads
    steady = _steadiest(total, max(round(BLOCK_S * len(times) / max(times[-1] - times[0], 1e-9)), 1))
    if steady is None:
        return None
    duration = float(steady.sum()) * float(times[1] - times[0])
    force = float(total[steady].mean())
    window = (float(times[steady][0]), float(times[steady][-1]))
    loaded = [plate for plate in recording.plates if _mean_load(plate, window) > UNLOADED_N]
    is_whole, doubts = _feet_on(recording, loaded, window)
    doubts += [
        f"the zero of {note.place or 'a plate'} could not be checked"
        for note in recording.notes
        if note.code == "plates.zero_unseen"
    ]
    lost = [n.place for n in recording.notes if n.kind == "defect" and n.code in _LOST_PLATE]
    doubts += [f"{place} could not be used, whatever it carried" for place in lost]
    return StandingWeight(force / GRAVITY_M_S2, force, duration, is_whole, tuple(doubts))


def mass_mismatch(stated_kg: float | None, weight: StandingWeight | None) -> Note | None:
    """Return what to say where the stated mass and the plates contradict each other, None where they do not.

    Parameters
    ----------
    stated_kg : float or None
    weight : StandingWeight or None

    Notes
    -----
    Within 5 % both agree: clothes, shoes, a meal and the calibration of plates lie within that (assumption).
    """
    if stated_kg is None or weight is None or abs(weight.mass_kg - stated_kg) <= STANDING_TOLERANCE * stated_kg:
        return None
    apart = abs(weight.mass_kg / stated_kg - 1.0)
    which = "less" if weight.mass_kg < stated_kg else "more"
    about = f" ({'; '.join(weight.doubts)})" if weight.doubts else ""
    other = (
        "part of the weight rests beside the plates" if which == "less" else "the plates are scaled wrongly or loaded"
    )
    return Note(
        "defect",
        f"{stated_kg:.1f} kg is stated and the plates weigh {weight.mass_kg:.1f} kg while the person stands, "
        f"{apart * 100:.0f} % {which}: either the stated mass is wrong, or {other}{about}.",
        "person.mass",
        "body mass",
        "Forces and moments per kilogram would be wrong by as much.",
        "Weigh the person, and see that both feet stand whole on plates.",
    )


def peak_notes(recording: Recording, contacts: Sequence[Contact], mass_kg: float | None) -> tuple[Note, ...]:
    """Return a note for every plate whose peaks over whole steps are not those of this person's walking.

    With a known mass the peaks are held against body weight; without one, plates against each other.

    Parameters
    ----------
    recording : Recording
        Prepared, of level walking (not running).
    contacts : sequence of Contact
        Of its plates.
    mass_kg : float or None
    """
    peaks: dict[int, float] = {}
    for contact in contacts:
        if contact.is_clean and contact.is_whole:
            plate = recording.plates[contact.plate]
            inside = (plate.times_s >= contact.start_s) & (plate.times_s <= contact.end_s)
            peaks[contact.plate] = max(peaks.get(contact.plate, 0.0), float(plate.force[inside, 2].max(initial=0.0)))
    least, most = PEAKS_OF_WALKING
    out = [] if mass_kg is not None or len(peaks) != 2 else _uneven_pair(recording.plates, peaks)
    for index, peak in peaks.items():
        name = recording.plates[index].name
        if mass_kg is not None:
            ratio = peak / (mass_kg * GRAVITY_M_S2)
            is_odd, beside = not least <= ratio <= most, f"{ratio:.2f} times the weight of {mass_kg:.1f} kg"
        else:
            others = [other for k, other in peaks.items() if k != index]
            is_odd = len(others) > 1 and not least / most <= peak / float(np.median(others)) <= most / least
            beside = f"the other plates peak at {float(np.median(others)):.0f} N" if others else ""
        if is_odd:
            text = f"{name}: walking peaks at {peak:.0f} N, {beside}; walking makes {least:g} to {most:g} body weights."
            effect = "Every force and moment of this plate may be wrong by that part."
            cure = "Check the mass, the gain and the calibration of the plate: stand on it alone and compare."
            out.append(Note("defect", text, "plates.peak", name, effect, cure))
    return tuple(out)


def _uneven_pair(plates: Sequence[ForcePlate], peaks: Mapping[int, float]) -> list[Note]:
    """Return a note on two plates whose peaks no one person's walking makes on both."""
    (low, less), (high, more) = sorted(peaks.items(), key=lambda pair: pair[1])
    least, most = PEAKS_OF_WALKING
    if more * least <= less * most:
        return []
    names = plates[low].name, plates[high].name
    text = (
        f"Walking peaks at {less:.0f} N on {names[0]} and at {more:.0f} N on {names[1]}; the steps of one person "
        "differ less, unless a stick or a rail carries part of the weight."
    )
    effect = "Every force and moment of one of the two plates may be wrong by that part."
    cure = "State the body mass (--mass), which tells which; check the gain of both plates by standing on each."
    return [Note("defect", text, "plates.peak", ", ".join(names), effect, cure)]


def _summed(plates: Sequence[ForcePlate]) -> tuple[FloatArray, FloatArray] | None:
    """Return times and the summed vertical force of all plates on the clock of the first, N."""
    first = plates[0]
    times = first.times_s
    if len(times) < 3 or not all(np.isfinite(p.force[:, 2]).all() and len(p.force) for p in plates):
        return None
    total = np.zeros(len(times))
    for plate in plates:
        same = plate.rate_hz == first.rate_hz and plate.start_s == first.start_s and len(plate.force) == len(times)
        total += plate.force[:, 2] if same else np.interp(times, plate.times_s, plate.force[:, 2])
    return times, total


def _steadiest(total: FloatArray, block: int) -> NDArray[np.bool_] | None:
    """Return the samples of the longest stretch in which a load stays within 5 % of its level, None without one."""
    means = total[: len(total) // block * block].reshape(-1, block)
    level = means.mean(axis=1)
    even = means.std(axis=1) < STILL_FRACTION * np.abs(level)
    if not even.any() or level[even].max() < LEAST_WEIGHT_N:
        return None
    # Standing with both feet is the heaviest load that lasts.
    heavy = level[even & (level > 0.6 * level[even].max())]
    middle = float(np.median(heavy))
    good = even & (np.abs(level - middle) < STILL_FRACTION * middle)
    runs = runs_of(good)
    if not runs or good.sum() < max(3, 0.25 * (level > 0.6 * middle).sum()):
        return None
    begin, end = max(runs, key=lambda run: run[1] - run[0])
    if end - begin < 3:
        return None
    out = np.zeros(len(total), dtype=bool)
    out[begin * block : end * block] = True
    return out


def _mean_load(plate: ForcePlate, window: tuple[float, float]) -> float:
    inside = (plate.times_s >= window[0]) & (plate.times_s <= window[1])
    return float(plate.force[inside, 2].mean()) if inside.any() else 0.0


def _feet_on(recording: Recording, loaded: Sequence[ForcePlate], window: tuple[float, float]) -> tuple[bool, list[str]]:
    """Tell from the markers whether both feet stand on loaded plates, and which overhang one."""
    paths = marker_paths(recording)
    if paths is None or not loaded or not all(np.isfinite(p.corners).all() for p in loaded):
        return True, []
    if any(np.ptp(p.corners, axis=0)[:2].min() < 0.1 for p in loaded):
        return True, []
    is_whole, doubts = True, []
    for side in SIDES:
        beyond = beyond_plates(loaded, paths, side, (window[0] + window[1]) / 2)
        if beyond is None:
            continue
        outside = beyond[beyond > OUTSIDE_M]
        if len(outside) >= 3:
            is_whole = False
            doubts.append(f"the {side} foot stands beside the plates")
        elif len(outside):
            doubts.append(f"the {side} foot overhangs the edge by {outside.max() * 1e3:.0f} mm")
    return is_whole, doubts


def body_weight_from_plates(
    recording: Recording, paths: FootPaths, contacts: Sequence[Contact] | None = None, stride_s: float | None = None
) -> StrideWeight | None:
    """Return body mass from one clean stance of each foot in a walking trial; None without both.

    Parameters
    ----------
    recording : Recording
        In the world frame.
    paths : FootPaths
        Of the fitted body in the same recording.
    contacts : sequence of Contact, optional
        Of its plates, where they were found before.
    stride_s : float, optional
        The typical stride, where it is known.
    """
    stride = stride_s or stride_time_s(find_zeni_events(paths))
    if stride is None or not SHORTEST_STRIDE_S <= stride <= LONGEST_STRIDE_S:
        return None
    contacts = find_contacts(recording.plates, paths) if contacts is None else contacts
    whole = [c for c in contacts if c.is_clean and c.is_whole]
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
