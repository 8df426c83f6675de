"""How hard a foot lands, and how much of it reaches the sacrum.

Landing is read from force plates fast enough to show it, the way up from inertial sensors; positions of markers are
filtered far below the frequencies of an impact and are never used for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.core.errors import RecordingError
from kinechain.core.estimate import NotMeasured
from kinechain.loads.zero_phase import zero_phase
from kinechain.motion.contacts import Contact
from kinechain.recording.recording import ForcePlate, Recording, Series, Side

__all__ = [
    "LEAST_PLATE_HZ",
    "SHOCK_BAND_HZ",
    "Attenuation",
    "Landing",
    "attenuation",
    "find_attenuation",
    "landings",
    "measure_landing",
]

#: Below this rate a plate does not show a landing: a heel-strike transient comes 11 to 16 ms after contact
#: (heelstrike_transient_methods), six samples at 500 Hz.
LEAST_PLATE_HZ = 500.0
#: Forces are low-passed here, the filter that found transients best (heelstrike_transient_methods).
CUTOFF_HZ = 75.0
#: Part of the time to the first peak over which the loading rate is taken (method B of loading_rate_methods).
RATE_PART = (0.2, 0.8)
#: A transient peaks within this time of contact, s, and drops by this part of the stance's peak behind it.
#: Assumptions, wide of the 11 to 16 ms of walking (heelstrike_transient_methods).
TRANSIENT_S, TRANSIENT_DROP = 0.05, 0.02
#: Contact begins and ends here, N.  Assumption, as for contacts.
ON_N = 20.0
#: Shock between tibia and sacrum is compared in this band (ryu_downhill_shock).
SHOCK_BAND_HZ = (9.0, 20.0)
#: Around each impact this much is looked at, s.  Assumption: the shock of one step, before the next.
BEFORE_S, AFTER_S = 0.05, 0.35
#: Impacts are this far apart at least, s, and this large a part of the largest.  Assumptions.
APART_S, LEAST_PART = 0.4, 0.4
#: Slowest sensor that shows the band; its highest frequency is seen five times per period.  Assumption.
LEAST_SENSOR_HZ = 5 * SHOCK_BAND_HZ[1]

_PLATE_TEST = "Walk barefoot over a force plate that is sampled at 1000 Hz"
_SENSOR_TEST = "Walk with an inertial sensor on heel or shank and one on the sacrum, sampled at 500 Hz or more"


@dataclass(frozen=True)
class Landing:
    """How one foot meets the ground.

    Attributes
    ----------
    side : 'left' or 'right'
    start_s : float
    first_peak_n : float
        Of the impact transient, or of the first peak of the stance where there is none.
    time_to_peak_s : float
    has_transient : bool
    average_rate_n_s : float
        Slope between 20 and 80 % of the time to the first peak.
    highest_rate_n_s : float
        Largest slope between two samples in that part.
    stance_peak_n : float
    impulse_ns : float
        Upward, over the stance.
    """

    side: Side
    start_s: float
    first_peak_n: float
    time_to_peak_s: float
    has_transient: bool
    average_rate_n_s: float
    highest_rate_n_s: float
    stance_peak_n: float
    impulse_ns: float


@dataclass(frozen=True, eq=False)
class Attenuation(Immutable):
    """How much of a shock is lost on the way up.

    Attributes
    ----------
    peak_ratio : float
        Peak above over peak below, mean of the impacts.
    gain_db : float
        Mean over the band of ten times the logarithm of the ratio of power above to power below; negative where shock
        is lost.
    band_hz : (float, float)
    frequency_hz, gain : (frequency,) arrays
        The whole curve, Hz and dB.
    impacts : int
    """

    peak_ratio: float
    gain_db: float
    band_hz: tuple[float, float]
    frequency_hz: FloatArray
    gain: FloatArray
    impacts: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "frequency_hz", frozen(self.frequency_hz, (None,), "frequency_hz"))
        object.__setattr__(self, "gain", frozen(self.gain, (len(self.frequency_hz),), "gain"))


# --- landing on a plate --------------------------------------------------------------------------


def landings(plates: Sequence[ForcePlate], contacts: Sequence[Contact]) -> tuple[Landing, ...] | NotMeasured:
    """Return the landing of every foot that came down alone and whole on one plate.

    Parameters
    ----------
    plates : sequence of ForcePlate
    contacts : sequence of Contact
        Of these plates.

    Returns
    -------
    tuple of Landing, or NotMeasured
        With the reason if no contact shows a landing.
    """
    if not plates:
        return NotMeasured("no force plate that can be used was recorded", _PLATE_TEST)
    fast = [plate.rate_hz >= LEAST_PLATE_HZ for plate in plates]
    if not any(fast):
        rate = max(plate.rate_hz for plate in plates)
        reason = f"the plates were sampled at {rate:g} Hz; a landing shows from {LEAST_PLATE_HZ:g} Hz on"
        return NotMeasured(reason, _PLATE_TEST)
    out: list[Landing] = []
    reasons = []
    for contact in contacts:
        if not (fast[contact.plate] and contact.is_clean and contact.is_whole and contact.side is not None):
            continue
        plate = plates[contact.plate]
        reach = 0.02
        inside = (plate.times_s >= contact.start_s - reach) & (plate.times_s <= contact.end_s + reach)
        try:
            start = float(plate.times_s[inside][0])
            out.append(measure_landing(plate.force[inside, 2], plate.rate_hz, contact.side, start))
        except RecordingError as error:
            reasons.append(str(error))
    if not out:
        return NotMeasured(reasons[0] if reasons else "no foot came down alone and whole on one plate", _PLATE_TEST)
    return tuple(out)


def measure_landing(force_n: FloatArray, rate_hz: float, side: Side, start_s: float = 0.0) -> Landing:
    """Return how a foot lands, from the upward force of one stance.

    Parameters
    ----------
    force_n : (time,) array, N
        From before contact to after it.
    rate_hz : float
    side : 'left' or 'right'
    start_s : float
        Time of the first sample.

    Raises
    ------
    RecordingError
        If the plate is too slow, or contact does not begin and end within the samples.

    Notes
    -----
    The force is low-passed at 75 Hz.  The first peak is that of a transient: the first maximum within 50 ms of contact
    behind which the force drops; else the first maximum of the stance behind which it drops, else the highest force.
    The loading rate is the slope of the line between 20 and 80 % of the time from contact to that peak, the highest
    rate the steepest step between two samples there.
    """
    if rate_hz < LEAST_PLATE_HZ:
        raise RecordingError(
            f"a plate sampled at {rate_hz:g} Hz shows no landing; record at {LEAST_PLATE_HZ:g} Hz or more"
        )
    if not np.isfinite(force_n).all():
        raise RecordingError("the force of this stance has gaps; a landing needs every sample")
    above = np.flatnonzero(force_n > ON_N)
    if not len(above) or above[0] == 0 or above[-1] == len(force_n) - 1:
        raise RecordingError("the force does not rise from zero and fall back to it; give a whole stance on one plate")
    smooth = zero_phase(force_n, rate_hz, below_hz=CUTOFF_HZ)
    first, last = int(above[0]), int(above[-1])
    peak, is_transient = _first_peak(smooth, first, last, rate_hz)
    a, b = (first + part * (peak - first) for part in RATE_PART)
    samples = np.arange(len(smooth), dtype=float)
    low, high = np.interp([a, b], samples, smooth)
    steps = np.diff(smooth[math.floor(a) : math.ceil(b) + 1])
    return Landing(
        side=side,
        start_s=start_s + first / rate_hz,
        first_peak_n=float(smooth[peak]),
        time_to_peak_s=(peak - first) / rate_hz,
        has_transient=is_transient,
        average_rate_n_s=float(high - low) / (b - a) * rate_hz,
        highest_rate_n_s=float(steps.max()) * rate_hz,
        stance_peak_n=float(smooth[first : last + 1].max()),
        impulse_ns=float(force_n[first : last + 1].sum()) / rate_hz,
    )


def _first_peak(force: FloatArray, first: int, last: int, rate_hz: float) -> tuple[int, bool]:
    """Return the sample of the first peak of a stance, and whether it is that of a transient."""
    stance = force[first : last + 1]
    drop = TRANSIENT_DROP * float(stance.max())
    inner = np.flatnonzero((stance[1:-1] > stance[:-2]) & (stance[1:-1] >= stance[2:])) + 1
    for k in inner:
        higher = np.flatnonzero(stance[k:] > stance[k])
        behind = stance[k : k + int(higher[0])] if len(higher) else stance[k:]
        if stance[k] - behind.min() >= drop and stance[k] > ON_N:
            return first + int(k), bool(k <= TRANSIENT_S * rate_hz)
    return first + int(np.argmax(stance)), False


# --- the way up ----------------------------------------------------------------------------------


def attenuation(
    below: FloatArray, above: FloatArray, rate_hz: float, band_hz: tuple[float, float] = SHOCK_BAND_HZ
) -> Attenuation:
    """Return how much of the shock that one sensor sees reaches another one.

    Parameters
    ----------
    below, above : (time,) arrays, m/s^2
        Acceleration along the leg, or its size, at heel or shank and at the sacrum, on one clock; gravity and offsets
        do not matter.
    rate_hz : float
    band_hz : (float, float)

    Raises
    ------
    RecordingError
        If the sensors are too slow, stand still, have gaps, or show no impact.

    Notes
    -----
    Around every impact of the lower sensor (50 ms before to 350 ms after, the ends faded in and out) the spectrum of
    the signal less its median is computed at every hertz; the gain is ``10 log10`` of the summed power above over the
    summed power below, averaged over the band (ryu_downhill_shock).
    """
    if below.shape != above.shape or below.ndim != 1:
        raise RecordingError("the two accelerations must have as many samples; bring them to one clock first")
    if len(below) < 2:
        raise RecordingError("the accelerations hold less than two samples; record at least one step")
    if rate_hz < LEAST_SENSOR_HZ:
        raise RecordingError(
            f"sensors sampled at {rate_hz:g} Hz do not show a shock of {band_hz[1]:g} Hz; record at "
            f"{LEAST_SENSOR_HZ:g} Hz or more"
        )
    for name, values in (("lower", below), ("upper", above)):
        if not np.isfinite(values).all():
            raise RecordingError(f"the acceleration of the {name} sensor has gaps; fill or cut them first")
        if not np.ptp(values) > 0.0:
            raise RecordingError(f"the {name} sensor stands still, as if it were not connected")
    impacts = _impacts(below - np.median(below), rate_hz)
    before, after = round(BEFORE_S * rate_hz), round(AFTER_S * rate_hz)
    impacts = impacts[(impacts >= before) & (impacts + after <= len(below))]
    if not len(impacts):
        raise RecordingError("the lower sensor shows no whole impact; record at least one step")
    pieces = [np.stack([x[k - before : k + after] for k in impacts]) - np.median(x) for x in (below, above)]
    samples = max(round(rate_hz), before + after)
    taper = _taper(before, after)
    power = [np.sum(np.abs(np.fft.rfft(p * taper, samples, axis=1)) ** 2, axis=0) for p in pieces]
    frequency = np.asarray(np.fft.rfftfreq(samples, 1.0 / rate_hz), dtype=np.float64)
    seen = (frequency > 0.0) & (frequency <= 100.0)
    gain = 10.0 * np.log10(np.maximum(power[1], 1e-30) / np.maximum(power[0], 1e-30))
    inside = (frequency >= band_hz[0]) & (frequency <= band_hz[1])
    peaks = [np.abs(p).max(axis=1) for p in pieces]
    return Attenuation(
        peak_ratio=float(np.mean(peaks[1] / peaks[0])),
        gain_db=float(gain[inside].mean()),
        band_hz=band_hz,
        frequency_hz=frequency[seen],
        gain=gain[seen],
        impacts=len(impacts),
    )


def _taper(before: int, after: int) -> FloatArray:
    """Return a window that is 1 around an impact and fades to 0 at both ends, the late one slowly."""
    out = np.ones(before + after)
    for ends, part in ((slice(0, before // 2), before // 2), (slice(len(out) - after // 2, None), after // 2)):
        rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(part) + 0.5) / max(part, 1))
        out[ends] = rise if ends.start == 0 else rise[::-1]
    return out


def _impacts(values: FloatArray, rate_hz: float) -> NDArray[np.intp]:
    """Return the samples of the largest excursions that lie apart, in order."""
    size = np.abs(values)
    left = size.copy()
    reach = round(APART_S * rate_hz)
    found: list[int] = []
    while True:
        k = int(np.argmax(left))
        if left[k] <= LEAST_PART * size.max() or left[k] <= 0.0:
            return np.array(sorted(found), dtype=np.intp)
        found.append(k)
        left[max(k - reach, 0) : k + reach + 1] = 0.0


#: Words in the labels of channels: an acceleration, low on the leg, and at the sacrum.
_ACCELERATION = ("acc",)
_BELOW = ("heel", "calcan", "shank", "tib", "ankle")
_ABOVE = ("sacr", "pelvis", "s1", "l5", "lowback", "lumbar")
_UNITS = {"g": 9.80665, "m/s2": 1.0, "m/s^2": 1.0, "m/s²": 1.0, "mm/s2": 1e-3, "mm/s^2": 1e-3, "mm/s²": 1e-3}


def find_attenuation(recording: Recording) -> Attenuation | NotMeasured:
    """Return how much shock is lost up to the sacrum, where the channels of a recording show it.

    Parameters
    ----------
    recording : Recording
        Its channels may hold accelerations named by place: 'acc_shank_x', 'Sacrum ACC Z' and the like, in g or m/s^2.
    """
    series = recording.series
    places = _placed(series) if series is not None else {}
    if series is None or len(places) < 2:
        which = {"below": "heel or shank", "above": "sacrum"}
        lacking = " and ".join(words for name, words in which.items() if name not in places)
        return NotMeasured(f"no inertial sensor at the {lacking} was recorded", _SENSOR_TEST)
    sizes = {name: np.sqrt(sum(channel**2 for channel in channels)) for name, channels in places.items()}
    lasts = float(series.times_s[-1] - series.times_s[0]) if len(series.times_s) else 0.0
    rate = (len(series.times_s) - 1) / lasts if lasts > 0.0 else 0.0
    try:
        return attenuation(sizes["below"], sizes["above"], rate)
    except RecordingError as error:
        return NotMeasured(str(error), _SENSOR_TEST)


def _placed(series: Series) -> Mapping[str, list[FloatArray]]:
    """Return the accelerations at heel or shank and at the sacrum, m/s^2."""
    out: dict[str, list[FloatArray]] = {}
    for label, unit in zip(series.labels, series.units, strict=True):
        words = label.lower()
        factor = _UNITS.get(unit.strip().lower())
        if factor is None or not any(word in words for word in _ACCELERATION):
            continue
        for place, names in (("below", _BELOW), ("above", _ABOVE)):
            if any(name in words for name in names):
                out.setdefault(place, []).append(factor * series.column(label))
                break
    return out
