"""Quiet standing on plates or scales: how the centre of pressure wanders, and how the load is shared.

Every measure of sway is computed as the source of its norms computed it (santos_duarte2016: files, functions and
notebooks of the data set): 60 s at 100 Hz, low-passed at 10 Hz, nothing cut off, the mean taken off, no trend removed.
Plates that are sampled faster are filtered and brought to that rate first, because the length of a path grows with
the rate at which it is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinechain.core.arrays import FloatArray, Immutable, frozen, runs_of
from kinechain.core.errors import RecordingError
from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.loads.zero_phase import zero_phase
from kinechain.motion.contacts import find_contacts
from kinechain.motion.foot_paths import SIDES, FootPaths
from kinechain.motion.marker_paths import marker_paths
from kinechain.recording.recording import ForcePlate, Recording, Side

__all__ = [
    "NORM_DURATION_S",
    "NORM_RATE_HZ",
    "FootLoads",
    "PressurePath",
    "QuietStanding",
    "Sway",
    "combined_path",
    "ellipse_area",
    "foot_loads",
    "left_share",
    "left_share_of_scales",
    "mean_frequency",
    "measure_standing",
    "measure_sway",
    "rear_share",
]

#: How the norms were taken: seconds, samples per second, cut-off (santos_duarte2016).
NORM_DURATION_S, NORM_RATE_HZ, CUTOFF_HZ = 60.0, 100.0, 10.0
#: Share of new points that the ellipse holds.
ELLIPSE_SHARE = 0.95
#: Shorter stands show no sway, and shorter ones no frequency, s.  Assumptions: a body sways about once in 4 s
#: (median 0.21 to 0.36 Hz, santos_duarte2016), so that is one sway, and five in each half of the recording.
LEAST_SWAY_S, LEAST_FREQUENCY_S = 5.0, 40.0
#: A plate that carries less on average is not stood on, N.  Assumption, as in `motion.weight`.
UNLOADED_N = 10.0
#: What the plates carry may differ from the body weight by this part.  Assumption: clothes, shoes and calibration.
WEIGHT_TOLERANCE = 0.10
#: The load may differ from its median by this part, looked at in blocks of this length, s.  Assumption: quiet
#: standing stays within 2 %, a step does not.
LOAD_TOLERANCE, BLOCK_S = 0.15, 0.1
#: No quiet stand moves the centre of pressure faster, m/s.  Assumption: of 37 trials of santos_duarte2016 that were
#: looked at, 36 stay below 0.39 and one (75 y, foam, eyes closed) jumps by 0.91 in its last instant.
STEP_SPEED_M_S = 0.6
#: A foot that carries less than this share of the weight is lifted.  Assumption.
LIFTED_SHARE = 0.03
#: Where heel and forefoot press, as parts of the way from the back of the heel to the second metatarsal head, and how
#: far that is known (standard deviation).  Assumption: the middle of the heel pad, and just behind the heads.
HEEL_AT, BALL_AT, AT_SD = 0.20, 0.95, 0.05
#: Zero error of a plate or scale, N, standard deviation.  Assumption.
ZERO_SD_N = 2.0


@dataclass(frozen=True, eq=False)
class PressurePath(Immutable):
    """Where the ground carries a person.

    Attributes
    ----------
    points : (time, 2) array, m
        Forward and to the left.
    load_n : (time,) array, N
        Upward force.
    rate_hz, start_s : float
    """

    points: FloatArray
    load_n: FloatArray
    rate_hz: float
    start_s: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", frozen(self.points, (None, 2), "points"))
        object.__setattr__(self, "load_n", frozen(self.load_n, (len(self.points),), "load_n"))

    @property
    def duration_s(self) -> float:
        """Samples over rate, as the norms count it."""
        return len(self.points) / self.rate_hz


@dataclass(frozen=True)
class Sway:
    """How far and how fast a centre of pressure wanders.

    Attributes
    ----------
    path_m : float
        Length of the way.
    velocity_m_s : float
        That over the duration.
    area_m2 : float
        Of the ellipse in which a new point lies with 95 % probability.
    frequency_hz : float or None
        Mean of the power spectrum; None for a stand too short to show it.
    range_forward_m, range_sideways_m : float
    duration_s, rate_hz : float
        Of what was looked at.
    """

    path_m: float
    velocity_m_s: float
    area_m2: float
    frequency_hz: float | None
    range_forward_m: float
    range_sideways_m: float
    duration_s: float
    rate_hz: float


@dataclass(frozen=True, eq=False)
class FootLoads(Immutable):
    """What each foot carries, and where.

    Attributes
    ----------
    left_n, right_n : (time,) array, N
    left_point, right_point : (time, 2) array, m
        Centre of pressure of each foot, forward and to the left.
    rate_hz, start_s : float
    notes : tuple of str
    """

    left_n: FloatArray
    right_n: FloatArray
    left_point: FloatArray
    right_point: FloatArray
    rate_hz: float
    start_s: float = 0.0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for side in SIDES:
            object.__setattr__(self, f"{side}_n", frozen(getattr(self, f"{side}_n"), (len(self.left_n),), side))
            point = frozen(getattr(self, f"{side}_point"), (len(self.left_n), 2), f"{side}_point")
            object.__setattr__(self, f"{side}_point", point)

    def load(self, side: Side) -> FloatArray:
        """Load of one foot, (time,) array, N."""
        return self.left_n if side == "left" else self.right_n

    def point(self, side: Side) -> FloatArray:
        """Centre of pressure of one foot, (time, 2) array, m."""
        return self.left_point if side == "left" else self.right_point


@dataclass(frozen=True)
class QuietStanding:
    """What plates say of one stand.

    Attributes
    ----------
    sway : Sway or NotMeasured
    left : Estimate or NotMeasured
        Share of the load on the left foot, %.
    rear : tuple of (side, Estimate or NotMeasured)
        Share of each foot's load on the heel, %, as two points would carry it.
    notes : tuple of str
    """

    sway: Sway | NotMeasured
    left: Estimate | NotMeasured
    rear: tuple[tuple[Side, Estimate | NotMeasured], ...]
    notes: tuple[str, ...] = ()


_PLATES_TEST = "Stand still on force plates for 60 s, each foot on a plate of its own"
_SHARE_TEST = "Stand with each foot on a force plate or a bathroom scale of its own"
_REAR_TEST = "Pressure plate or insoles in standing"


def measure_standing(recording: Recording, mass_kg: float | None = None) -> QuietStanding:
    """Return the measures of the quiet stand in a recording; what the plates do not allow carries its reason.

    Parameters
    ----------
    recording : Recording
        Prepared; the still part of a standing trial.
    mass_kg : float, optional
        Of the person, to see whether the plates carry all of it.
    """
    feet = marker_paths(recording)
    try:
        path = combined_path(recording.plates, mass_kg)
        loads = foot_loads(recording.plates, feet)
        if isinstance(loads, FootLoads):
            _refuse_lifted(loads)
    except RecordingError as error:
        missing = NotMeasured(str(error), _PLATES_TEST)
        return QuietStanding(missing, missing, (("left", missing), ("right", missing)))
    if path.duration_s < LEAST_SWAY_S:
        reason = f"the stand lasts {path.duration_s:.1f} s; sway shows after {LEAST_SWAY_S:g} s at the earliest"
        sway: Sway | NotMeasured = NotMeasured(reason, _PLATES_TEST)
    elif path.rate_hz <= 2 * CUTOFF_HZ:
        reason = f"plates sampled at {path.rate_hz:g} Hz miss part of the sway; it needs more than {2 * CUTOFF_HZ:g} Hz"
        sway = NotMeasured(reason, _PLATES_TEST)
    else:
        sway = measure_sway(path.points, path.rate_hz)
    if isinstance(loads, NotMeasured):
        rear = NotMeasured(loads.reason, _REAR_TEST)
        return QuietStanding(sway, loads, (("left", rear), ("right", rear)))
    shares = tuple((side, rear_share(loads, feet, side)) for side in SIDES)
    return QuietStanding(sway, left_share(loads), shares, loads.notes)


# --- the path of the whole body ------------------------------------------------------------------


def combined_path(plates: Sequence[ForcePlate], mass_kg: float | None = None) -> PressurePath:
    """Return the centre of pressure of the whole body from all plates that carry it.

    Parameters
    ----------
    plates : sequence of ForcePlate
        In the world frame.
    mass_kg : float, optional
        Of the person.

    Raises
    ------
    RecordingError
        If no plate is loaded, the load is not this person's, or the person steps, jumps or leaves.

    Notes
    -----
    The mean of the plates' centres weighted by their vertical forces, on the clock of the first.
    """
    loaded = [plate for plate in plates if len(plate.force) and _mean(plate.force[:, 2]) > UNLOADED_N]
    if not loaded:
        there = "no force plate carries a load" if plates else "no force plate that can be used was recorded"
        raise RecordingError(f"{there} while the person stands")
    first = loaded[0]
    total = np.zeros(len(first.force))
    moment = np.zeros((len(first.force), 2))
    for plate in loaded:
        load = _on_clock(plate, plate.force[:, 2], first)
        point = np.stack([_on_clock(plate, plate.centre_of_pressure[:, axis], first) for axis in (0, 1)], axis=1)
        # A plate that carries next to nothing states no centre; it moves the whole one by nothing.
        light = ~np.isfinite(point).all(axis=1) & (load < UNLOADED_N)
        total += load
        moment += np.where(light[:, None], 0.0, point * load[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        path = PressurePath(moment / total[:, None], total, first.rate_hz, first.start_s)
    _refuse_unquiet(path, mass_kg)
    return path


def _on_clock(plate: ForcePlate, values: FloatArray, first: ForcePlate) -> FloatArray:
    """Return one channel of a plate at the times of another."""
    if plate.rate_hz == first.rate_hz and plate.start_s == first.start_s and len(values) == len(first.force):
        return values
    return np.asarray(np.interp(first.times_s, plate.times_s, values))


def _mean(values: FloatArray) -> float:
    seen = values[np.isfinite(values)]
    return float(seen.mean()) if len(seen) else 0.0


def _refuse_unquiet(path: PressurePath, mass_kg: float | None) -> None:
    """Refuse a load that is not that of one person who stands still with both feet on the plates."""
    block = max(round(BLOCK_S * path.rate_hz), 1)
    if not np.isfinite(path.load_n).all():
        raise RecordingError("the force plates hold values that are not numbers while the person stands")
    blocks = path.load_n[: len(path.load_n) // block * block].reshape(-1, block).mean(axis=1)
    level = float(np.median(blocks if len(blocks) else path.load_n))
    off = np.flatnonzero(np.abs(blocks - level) > LOAD_TOLERANCE * level)
    if len(off):
        when = path.start_s + off[0] * block / path.rate_hz
        raise RecordingError(
            f"this is no quiet standing: the load on the plates changes from {level:.0f} to {blocks[off[0]]:.0f} N "
            f"at {when:.1f} s (a step, a jump, a hand that holds, or a foot beside the plates)"
        )
    if mass_kg is not None and abs(level / (mass_kg * GRAVITY_M_S2) - 1.0) > WEIGHT_TOLERANCE:
        raise RecordingError(
            f"the plates carry {level / GRAVITY_M_S2:.1f} of {mass_kg:.1f} kg, so one foot may stand beside them, "
            "something may hold the person, or the mass is wrong"
        )
    if not np.isfinite(path.points).all():
        raise RecordingError("the plates do not say where the force acts all the while the person stands")
    if len(path.points) < 8 or path.rate_hz <= 2 * CUTOFF_HZ:
        return
    speed = np.linalg.norm(np.diff(zero_phase(path.points, path.rate_hz, below_hz=CUTOFF_HZ), axis=0), axis=1)
    fastest = int(np.argmax(speed))
    if speed[fastest] * path.rate_hz > STEP_SPEED_M_S:
        raise RecordingError(
            f"this is no quiet standing: the centre of pressure moves at {speed[fastest] * path.rate_hz:.1f} m/s at "
            f"{path.start_s + fastest / path.rate_hz:.1f} s, as in a step"
        )


def measure_sway(points: FloatArray, rate_hz: float) -> Sway:
    """Return the measures of sway of one path.

    Parameters
    ----------
    points : (time, 2) array, m
        Forward and to the left.
    rate_hz : float

    Raises
    ------
    RecordingError
        If a point is missing, or there are too few of them.

    Notes
    -----
    Sampled faster than 100 Hz, the path is low-passed at 10 Hz (Butterworth of second order, forwards and backwards;
    the order is an assumption) and brought to 100 Hz; slower ones are looked at as they are.
    """
    if not np.isfinite(points).all():
        raise RecordingError("a path of the centre of pressure with gaps shows no sway; give an unbroken stand")
    if len(points) < 8:
        raise RecordingError(f"{len(points)} samples of the centre of pressure show no sway; record 60 s")
    seconds = len(points) / rate_hz
    if rate_hz > NORM_RATE_HZ:
        smooth = zero_phase(points, rate_hz, below_hz=CUTOFF_HZ)
        old, new = np.arange(len(points)) / rate_hz, np.arange(round(seconds * NORM_RATE_HZ)) / NORM_RATE_HZ
        points = np.stack([np.interp(new, old, smooth[:, axis]) for axis in (0, 1)], axis=1)
        rate_hz = NORM_RATE_HZ
    length = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
    spread = np.ptp(points, axis=0)
    return Sway(
        path_m=length,
        velocity_m_s=length / seconds,
        area_m2=ellipse_area(points),
        frequency_hz=mean_frequency(points, rate_hz) if seconds >= LEAST_FREQUENCY_S else None,
        range_forward_m=float(spread[0]),
        range_sideways_m=float(spread[1]),
        duration_s=seconds,
        rate_hz=rate_hz,
    )


def ellipse_area(points: FloatArray, share: float = ELLIPSE_SHARE) -> float:
    """Return the area of the ellipse in which a new point lies with a given probability, m^2.

    Parameters
    ----------
    points : (time, 2) array, m
    share : float

    Notes
    -----
    ``pi q sqrt(det C)`` with the covariance C and ``q = 2 (n - 1) (n + 1) / (n (n - 2)) F(share; 2, n - 2)``, the
    prediction ellipse of the norms' own function; many points make q the chi-square quantile ``-2 ln(1 - share)``.
    With two degrees of freedom above, the quantile of F is ``m / 2 ((1 - share) ** (-2 / m) - 1)``, m those below.
    """
    n = len(points)
    below = n - 2
    quantile = below / 2 * math.expm1(-2.0 / below * math.log(1.0 - share))
    stretch = 2.0 * (n - 1) * (n + 1) / (n * below) * quantile
    (a, b), (_, d) = np.cov(points, rowvar=False).tolist()
    return math.pi * stretch * math.sqrt(max(a * d - b * b, 0.0))


def mean_frequency(points: FloatArray, rate_hz: float) -> float:
    """Return the mean frequency of both directions, weighted by their power, Hz.

    Parameters
    ----------
    points : (time, 2) array, m
    rate_hz : float

    Notes
    -----
    Welch's spectrum of the norms' notebook: three Hann windows of half the recording that overlap by half, the mean of
    each taken off; ``integral(f P) / integral(P)`` per direction.
    """
    half = len(points) // 2
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(half) / half)
    power = np.zeros((half // 2 + 1, 2))
    for start in range(0, len(points) - half + 1, half - half // 2):
        piece = points[start : start + half]
        power += np.abs(np.fft.rfft((piece - piece.mean(axis=0)) * window[:, None], axis=0)) ** 2
    # One-sided: all but the mean and the highest stand for two.
    power[1 : (half + 1) // 2] *= 2.0
    frequency = np.fft.rfftfreq(half, 1.0 / rate_hz)
    total = np.trapezoid(power, frequency, axis=0)
    if not total.all():
        return 0.0
    mean = np.trapezoid(power * frequency[:, None], frequency, axis=0) / total
    return float(mean @ power.sum(axis=0) / power.sum())


# --- who carries what ----------------------------------------------------------------------------


def foot_loads(plates: Sequence[ForcePlate], feet: FootPaths | None) -> FootLoads | NotMeasured:
    """Return what each foot carries, where every loaded plate belongs to one foot.

    Parameters
    ----------
    plates : sequence of ForcePlate
    feet : FootPaths or None
        Where the feet stand, in the same frame.
    """
    loaded = [k for k, plate in enumerate(plates) if len(plate.force) and _mean(plate.force[:, 2]) > UNLOADED_N]
    if not loaded:
        return NotMeasured("no force plate carries a load while the person stands", _SHARE_TEST)
    if feet is None:
        return NotMeasured("no markers tell which foot stands on which force plate", _SHARE_TEST)
    found = find_contacts(plates, feet)
    sides: dict[int, Side] = {}
    notes: list[str] = []
    for k in loaded:
        longest = max((c for c in found if c.plate == k), key=lambda c: c.end_s - c.start_s, default=None)
        if longest is None or longest.side is None:
            reason = longest.reason if longest else "its load changes too often"
            return NotMeasured(f"{plates[k].name} tells no foot of its own: {reason}", _SHARE_TEST)
        if "other foot stands" in longest.reason:
            return NotMeasured(f"{plates[k].name}: {longest.reason}", _SHARE_TEST)
        if longest.reason:
            notes.append(f"{plates[k].name}: {longest.reason}.")
        sides[k] = longest.side
    lone = {"left": "right", "right": "left"}.get(next(iter(sides.values()))) if len(set(sides.values())) == 1 else None
    if lone is not None:
        return NotMeasured(f"no loaded force plate stands under the {lone} foot", _SHARE_TEST)
    return _of_sides(plates, sides, tuple(notes))


def _of_sides(plates: Sequence[ForcePlate], sides: dict[int, Side], notes: tuple[str, ...]) -> FootLoads:
    """Add up the plates of each foot on the clock of the first."""
    first = plates[next(iter(sides))]
    loads, points = {}, {}
    for side in SIDES:
        load, moment = np.zeros(len(first.force)), np.zeros((len(first.force), 2))
        for k in (k for k, s in sides.items() if s == side):
            part = _on_clock(plates[k], plates[k].force[:, 2], first)
            load += part
            for axis in (0, 1):
                moment[:, axis] += part * _on_clock(plates[k], plates[k].centre_of_pressure[:, axis], first)
        with np.errstate(divide="ignore", invalid="ignore"):
            loads[side], points[side] = load, moment / load[:, None]
    return FootLoads(
        loads["left"], loads["right"], points["left"], points["right"], first.rate_hz, first.start_s, notes
    )


def _refuse_lifted(loads: FootLoads) -> None:
    """Refuse a stand in which a foot leaves the ground."""
    total = loads.left_n + loads.right_n
    for side in SIDES:
        lifted = [r for r in runs_of(loads.load(side) < LIFTED_SHARE * total) if r[1] - r[0] > BLOCK_S * loads.rate_hz]
        if lifted:
            when = loads.start_s + lifted[0][0] / loads.rate_hz
            raise RecordingError(f"this is no quiet standing on both feet: the {side} foot is lifted at {when:.1f} s")


def left_share(loads: FootLoads) -> Estimate:
    """Return the share of the load that the left foot carries, %.

    Parameters
    ----------
    loads : FootLoads

    Raises
    ------
    RecordingError
        If neither foot carries a load.

    Notes
    -----
    The interval joins how the share changes from second to second in this recording (1.96 standard deviations of its
    seconds: another look at the same person would fall among them) with the zero error of two plates.
    """
    total = loads.left_n + loads.right_n
    if not total.sum() > UNLOADED_N * len(total):
        raise RecordingError("neither foot carries a load, so there is no share of it")
    value = 100.0 * float(loads.left_n.sum() / total.sum())
    zero = 100.0 * math.sqrt(0.5) * ZERO_SD_N / float(total.mean())
    loaded = total > UNLOADED_N
    pieces = _seconds(100.0 * loads.left_n[loaded] / total[loaded], loads.rate_hz)
    return _share(value, pieces, zero, "zero of the plates (assumption)")


def left_share_of_scales(left_kg: Sequence[float], right_kg: Sequence[float]) -> Estimate:
    """Return the share of the weight on the left foot from readings of two scales, %.

    Parameters
    ----------
    left_kg, right_kg : sequence of float
        One pair of readings per look; three or more show how the share changes.

    Raises
    ------
    RecordingError
        If the readings are not pairs of weights.
    """
    left, right = np.asarray(left_kg, dtype=float), np.asarray(right_kg, dtype=float)
    if left.shape != right.shape or left.ndim != 1 or not len(left):
        raise RecordingError("give as many readings of the left scale as of the right one, at least one of each")
    total = left + right
    if not (np.isfinite(total).all() and (left >= 0).all() and (right >= 0).all() and (total > 0).all()):
        raise RecordingError("readings of two scales must be weights in kg, none below zero and not both zero")
    zero = 100.0 * math.sqrt(0.5) * ZERO_SD_N / GRAVITY_M_S2 / float(total.mean())
    return _share(
        100.0 * float(left.sum() / total.sum()), 100.0 * left / total, zero, "zero of the scales (assumption)"
    )


def rear_share(loads: FootLoads, feet: FootPaths | None, side: Side) -> Estimate | NotMeasured:
    """Return the share of a foot's load that its heel carries, %, as if heel and forefoot pressed at one point each.

    Parameters
    ----------
    loads : FootLoads
    feet : FootPaths or None
    side : 'left' or 'right'

    Notes
    -----
    The lever between the middle of the heel pad and the metatarsal heads; where these press is an assumption and
    carried in the interval.  A pressure plate counts the halves of the sole instead: the two are not the same measure.
    """
    if feet is None or not np.isfinite(feet.heel[side]).any() or not np.isfinite(feet.forefoot[side]).any():
        return NotMeasured(f"no markers show heel and forefoot of the {side} foot", _REAR_TEST)
    heel, ball = (np.nanmean(path[side][:, :2], axis=0) for path in (feet.heel, feet.forefoot))
    along = ball - heel
    heavy = loads.load(side) > UNLOADED_N
    points, weights = loads.point(side)[heavy], loads.load(side)[heavy]
    if not len(points) or not np.isfinite(points).all() or not np.linalg.norm(along) > 0.05:
        return NotMeasured(f"the plate does not say where the {side} foot presses", _REAR_TEST)
    place = (points - heel) @ along / float(along @ along)
    middle = float(place @ weights / weights.sum())
    span = BALL_AT - HEEL_AT
    share = np.clip(100.0 * (BALL_AT - place) / span, 0.0, 100.0)
    value = float(np.clip(100.0 * (BALL_AT - middle) / span, 0.0, 100.0))
    # d share / d ball = rear part, d share / d heel = fore part of the lever; 100 makes it %.
    lever = AT_SD / span * math.hypot(100.0 - value, value)
    return _share(value, _seconds(share, loads.rate_hz), lever, "where heel and forefoot press (assumption)")


def _seconds(values: FloatArray, rate_hz: float) -> FloatArray:
    """Return the means of the whole seconds of a recording; of its tenths where it holds fewer than three."""
    for length in (1.0, 0.1):
        block = max(round(length * rate_hz), 1)
        if len(values) >= 3 * block:
            return np.asarray(values[: len(values) // block * block].reshape(-1, block).mean(axis=1))
    return values


def _share(value: float, pieces: FloatArray, error_sd: float, what: str) -> Estimate:
    """Return a share with the spread of its pieces and an error of its method, %."""
    spread = float(pieces.std(ddof=1)) if len(pieces) > 1 else 0.0
    half = 1.96 * math.hypot(spread, error_sd)
    said = f"spread of {len(pieces)} pieces of this recording, {what}" if len(pieces) > 1 else f"one reading, {what}"
    return Estimate(value, max(value - half, 0.0), min(value + half, 100.0), "%", said)
