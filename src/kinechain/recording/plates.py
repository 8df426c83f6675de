"""From the channels of a force plate to force, centre of pressure and free moment on the person.

Conventions are those of the C3D format's FORCE_PLATFORM group: corner 1 stands in the +x +y
quadrant of the plate, corners run 1, 2, 3, 4 through -x +y, -x -y and +x -y, the plate's z axis
follows from them and points down into the floor, and ORIGIN is the vector from the
transducer's origin to the middle of the working surface, so that its z component is negative.
Written in these axes the channels are the reaction on the person.  The tests hold this to the
reference output of OpenSim's reader and to one walk described as type 2 and as type 4.

What a plate says is believed only as far as it can be checked against itself: a plate that pulls the person down,
hums, stands at its limit, does not move or weighs what nobody weighs is repaired or refused with its reason.  Whether
the force acts under the feet is checked later, in :mod:`kinechain.recording.plate_feet`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from kinechain.core.arrays import FloatArray, cross, handed_over, lengths, median, runs_of
from kinechain.recording.plate_notes import DESCRIBE, ZERO, refusal
from kinechain.recording.plate_tables import plates_from_table
from kinechain.recording.plate_types import CHANNELS, PlateSettings, PlateSource, wrench_at_surface
from kinechain.recording.plate_zero import without_baseline
from kinechain.recording.recording import ForcePlate, Note

__all__ = [
    "CHANNELS",
    "PlateSettings",
    "PlateSource",
    "compute_plate",
    "compute_plates",
    "plate_axes",
    "plates_from_table",
]

#: By a wrong unit of moment the force acts this many half lengths of a plate away from its middle, at the least: a
#: thousandth of that is nearer to the middle than a foot that walks over a plate stays.  Assumption.
ABSURD = 50.0
#: No channel in N or N m (or N mm, wrongly named) holds more.
IMPOSSIBLE = 1e9


@dataclass(frozen=True, eq=False)
class _Reading:
    """What a plate measured, in its own axes, with what was said of it; ``is_zeroed`` where its zero could be seen."""

    source: PlateSource
    force: FloatArray
    moment: FloatArray
    is_zeroed: bool
    notes: list[Note] = field(default_factory=list)

    @cached_property
    def up(self) -> FloatArray:
        """Force that carries the person, N: the plate's z points down."""
        return np.asarray(-self.force[:, 2])


def compute_plate(source: PlateSource, settings: PlateSettings | None = None) -> tuple[ForcePlate | None, list[Note]]:
    """Return the ground reaction on the person in the lab frame, or None and the reason.

    Parameters
    ----------
    source : PlateSource
    settings : PlateSettings, optional

    Returns
    -------
    plate : ForcePlate or None
        None if the plate cannot be trusted; the last note says why.
    notes : list of Note

    Notes
    -----
    With the moment M about the middle of the surface, x = -My / Fz, y = Mx / Fz and
    Tz = Mz - x Fy + y Fx, as OpenSim's reader does it, against whose reference output this is tested.
    """
    plates, notes = compute_plates([source], settings)
    return (plates[0] if plates else None), notes


def compute_plates(
    sources: Sequence[PlateSource], settings: PlateSettings | None = None
) -> tuple[tuple[ForcePlate, ...], list[Note]]:
    """Return the ground reactions of all plates of one recording, without those that cannot be trusted.

    Parameters
    ----------
    sources : sequence of PlateSource
        Of one recording: the sign of a force is judged by all of them together.
    settings : PlateSettings, optional

    Returns
    -------
    plates : tuple of ForcePlate, lab frame
    notes : list of Note
        Every repair, and the reason for every plate left out.
    """
    settings = settings or PlateSettings()
    notes: list[Note] = []
    readings = [_read_plate(source, settings, notes) for source in sources]
    signed = _signed([r for r in readings if r is not None], settings, notes)
    return tuple(_plate(r, settings) for r in _without_twins(signed, settings, notes)), notes


def plate_axes(corners: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return lab_from_plate (3, 3) and the middle of the surface (3,), m, of four corners (4, 3), m."""
    x = corners[0] + corners[3] - corners[1] - corners[2]
    y = corners[0] + corners[1] - corners[2] - corners[3]
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    # The rotation nearest to two unit vectors: each gives way by half of what they lack to be square.
    both, apart = x + y, x - y
    both, apart = both / max(np.linalg.norm(both), 1e-12), apart / max(np.linalg.norm(apart), 1e-12)
    x, y = (both + apart) / math.sqrt(2.0), (both - apart) / math.sqrt(2.0)
    return np.array([x, y, cross(x, y)]).T, corners.mean(axis=0)


def _read_plate(source: PlateSource, settings: PlateSettings, notes: list[Note]) -> _Reading | None:
    """Return force and moment at the middle of the surface with the zero taken off, None with the reason in a note."""
    source = _round_about(_in_metres(source, notes), notes)
    misplaced = _corner_fault(source.corners)
    if misplaced:
        notes.append(refusal(source.name, "plates.corners", misplaced))
        return None
    source = _origin_below(source, notes)
    fault = _channel_fault(source, settings)
    if fault is not None:
        notes.append(fault)
        return None
    source = _calibrated_once(source, settings, notes)
    source = _moments_in_unit(source, settings, notes)
    force, moment = wrench_at_surface(source)
    mine: list[Note] = []
    is_zeroed = False
    if settings.remove_baseline:
        force, moment, is_zeroed = without_baseline(source, force, moment, settings, mine)
    reading = _Reading(source, force, moment, is_zeroed, mine)
    fault = _force_fault(reading, settings)
    if fault is not None:
        notes.append(fault)
        return None
    return reading


def _plate(reading: _Reading, settings: PlateSettings) -> ForcePlate:
    """Return a reading in the axes of the laboratory."""
    source, force, moment = reading.source, reading.force, reading.moment
    lab_from_plate, middle = plate_axes(source.corners)
    loaded = reading.up >= settings.threshold_n
    vertical = np.where(loaded, force[:, 2], np.nan)
    x, y = -moment[:, 1] / vertical, moment[:, 0] / vertical
    if source.polynomial is not None:
        x, y = _corrected_by_kistler(x, y, source.polynomial)
    free = np.where(loaded, moment[:, 2] - x * force[:, 1] + y * force[:, 0], 0.0)
    # Axis by axis, so that a missing x does not spread through a product.
    centre = np.empty((len(x), 3))
    for axis in range(3):
        centre[:, axis] = middle[axis] + lab_from_plate[axis, 0] * x + lab_from_plate[axis, 1] * y
    return ForcePlate(
        name=source.name,
        corners=source.corners,
        force=handed_over(force @ lab_from_plate.T),
        centre_of_pressure=handed_over(centre),
        free_moment=handed_over(np.outer(free, lab_from_plate[:, 2])),
        rate_hz=source.rate_hz,
        start_s=source.start_s,
        type=source.type,
        origin=(float(source.origin[0]), float(source.origin[1]), float(source.origin[2])),
    )


def _corrected_by_kistler(x: FloatArray, y: FloatArray, polynomial: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Take off the error of the centre of pressure that Kistler gives as a polynomial, in mm (P1 to P6 for x and y)."""
    x_mm, y_mm = x * 1e3, y * 1e3
    out = []
    for (a, b, c, d, e, f), along, across in ((polynomial[:, 0], x_mm, y_mm), (polynomial[:, 1], y_mm, x_mm)):
        square = across * across
        error = (a * square**2 + b * square + c) * along**3 + (d * square**2 + e * square + f) * along
        # Beyond the surface the polynomial means nothing.
        out.append(np.where(np.abs(error) < 50.0, along - error, along) / 1e3)
    return out[0], out[1]


# --- where it stands -----------------------------------------------------------------------------


def _in_metres(source: PlateSource, notes: list[Note]) -> PlateSource:
    """Take corners and origin in millimetres for metres, or the reverse, where only that makes a plate of them."""
    for what in ("corners", "origin"):
        values = getattr(source, what)
        size = float(np.abs(values).max()) if np.isfinite(values).all() else np.nan
        factor = 1.0
        if what == "corners" and _corner_fault(values):
            factor = next((f for f in (1e-3, 1e3, 1e-2, 1e2) if not _corner_fault(values * f)), 1.0)
        elif what == "origin" and size > 2.0:
            factor = 1e-3
        if factor != 1.0:
            text = (
                f"{source.name}: its {what} are stated in another unit of length than the markers (by a factor of "
                f"{1 / factor:g}); they were scaled."
            )
            effect = "The centre of pressure rests on that."
            notes.append(Note("repaired", text, "plates.unit_of_length", source.name, effect, DESCRIBE))
            source = replace(source, **{what: values * factor})
    return source


def _round_about(source: PlateSource, notes: list[Note]) -> PlateSource:
    """Take corners that are stated crosswise in the order in which they follow each other round the plate."""
    if not _corner_fault(source.corners):
        return source
    for order in ([0, 2, 1, 3], [0, 1, 3, 2]):
        if not _corner_fault(source.corners[order]):
            text = f"{source.name}: its corners are stated crosswise; they were put in order round the plate."
            effect = "Which way its axes run is told by the feet, if it is told at all."
            notes.append(Note("repaired", text, "plates.corner_order", source.name, effect, DESCRIBE))
            return replace(source, corners=source.corners[order])
    return source


def _corner_fault(corners: FloatArray) -> str:
    """Say what makes four corners impossible, '' if nothing does."""
    a, b, c, d = points = corners.tolist()
    if not all(map(math.isfinite, (*a, *b, *c, *d))):
        return "the file states no corners"
    sides = [math.dist(*pair) for pair in ((a, b), (b, c), (c, d), (d, a))]
    if not (max(abs(x) for point in points for x in point) < 100.0 and max(sides) < 5.0):
        return "the corners are impossible (further away than a laboratory is wide)"
    if min(sides) < 0.1:
        return "the corners are impossible (less than 10 cm apart)"
    diagonals = math.dist(a, c), math.dist(b, d)
    if abs(diagonals[0] - diagonals[1]) > 0.05 * max(diagonals):
        return "the corners do not form a rectangle"
    if math.hypot(*(p + r - q - s for p, q, r, s in zip(a, b, c, d, strict=True))) / 2 > 0.03:
        return "the corners do not lie in one plane"
    return ""


def _origin_below(source: PlateSource, notes: list[Note]) -> PlateSource:
    """Turn an ORIGIN that lies above the surface: all of it for types 2, 4 and 5, its depth for corner sensors.

    The C3D manual (ORIGIN, TYPE-2) tells why: older calibration sheets of the makers give the vector the other way.
    """
    if source.type == 1 or not source.origin[2] > 0:
        return source
    text = f"{source.name}: the origin is stated above the surface, which cannot be; its sign was turned."
    effect = "Taken as stated, the centre of pressure would lie beside the foot."
    cure = "State FORCE_PLATFORM:ORIGIN with a negative z, as the C3D manual asks."
    notes.append(Note("repaired", text, "plates.origin_sign", source.name, effect, cure))
    turn = np.array([1.0, 1.0, -1.0]) if source.type in (3, 6, 7) else -np.ones(3)
    return replace(source, origin=source.origin * turn)


# --- what its channels say -----------------------------------------------------------------------


def _channel_fault(source: PlateSource, settings: PlateSettings) -> Note | None:
    """Return why channels cannot be used: they stand still, stand at their limit, hold volts, or lack a distance."""
    name, c = source.name, source.channels
    if not len(c):
        return refusal(name, "plates.no_channels", "its channels hold no samples")
    if not np.isfinite(c).all():
        return refusal(name, "plates.not_a_number", "its channels hold values that are not numbers")
    if max(float(c.max()), -float(c.min())) > IMPOSSIBLE:
        return refusal(name, "plates.implausible_force", "its channels hold numbers beyond all forces and moments")
    span = np.ptp(c, axis=0)
    if not span.any():
        largest = float(np.abs(c[:1]).max(initial=0.0))
        if largest > settings.live_n and len(c) > settings.stuck_s * source.rate_hz:
            why = f"every channel stands still (at up to {largest:.0f}), as if it were not connected"
            return refusal(name, "plates.stuck", why, "Check cable and amplifier of the plate.")
        return None
    vertical = {1: [2], 2: [2], 4: [2], 5: [2], 3: [4, 5, 6, 7], 7: [4, 5, 6, 7], 6: [2, 5, 8, 11]}[source.type]
    levers = {1: [3, 4], 2: [3, 4], 4: [3, 4], 5: [3, 4]}.get(source.type, vertical)
    force = c[:, vertical].sum(axis=1)
    if np.ptp(force) < settings.live_n:
        if source.units.lower().startswith("v") and np.abs(force).max() <= 12.0 and np.ptp(force) > 0.5:
            largest = float(np.abs(force).max())
            why = f"its channels are named volts and reach {largest:.1f}: nothing says how many newtons that is"
            return refusal(
                name, "plates.volts", why, "Export forces, or the calibration of the plate with its channels."
            )
        return None
    still = [i for i in levers if span[i] == 0.0]
    if still:
        what = "vertical sensors" if source.type in (3, 6, 7) else "moment channels"
        why = f"{len(still)} of its {what} stand still while its force changes, so it does not say where the force acts"
        return refusal(name, "plates.stuck", why, "Check cable and amplifier of the plate.")
    if source.type in (3, 6, 7) and not (source.origin[:2] != 0.0).all():
        why = (
            f"the file states no distances between its sensors (ORIGIN), without which a plate of type {source.type} "
            "does not say where the force acts"
        )
        return refusal(name, "plates.no_sensor_distances", why, "State the distances a and b in FORCE_PLATFORM:ORIGIN.")
    share = max(_clipped_share(c[:, i], settings.clipped_s * source.rate_hz) for i in {*vertical, *levers})
    if share > 0.0:
        why = f"a channel stands at its limit for {share * len(c) / source.rate_hz:.2f} s, so its peaks are cut off"
        return refusal(name, "plates.clipped", why, "Choose a wider range of the amplifier and record again.")
    return None


def _clipped_share(channel: FloatArray, samples: float) -> float:
    """Return the share of the samples in which a channel stands at an extreme that is not its rest, 0 if in none."""
    low, high = float(channel.min()), float(channel.max())
    at_limits = [np.count_nonzero(channel == extreme) for extreme in (low, high) if extreme != 0.0]
    if max(at_limits, default=0) < max(samples, 5):
        return 0.0
    rest = median(channel)
    clipped = np.zeros(len(channel), dtype=bool)
    for extreme in (low, high):
        # The extreme of lesser size is where a channel rests, unless it rests at neither.
        if (
            extreme == 0.0
            or abs(extreme) < 0.5 * max(-low, high)
            or (extreme == rest and abs(rest) < 0.5 * (high - low))
        ):
            continue
        for begin, end in runs_of(channel == extreme):
            if end - begin >= max(samples, 5):
                clipped[begin:end] = True
    # A channel that knows only a few values was made up, not measured.
    if not clipped.any() or len(np.unique(channel[~clipped])) < 10:
        return 0.0
    return float(clipped.mean())


def _calibrated_once(source: PlateSource, settings: PlateSettings, notes: list[Note]) -> PlateSource:
    """Take a type 4 whose channels were newtons already for what it is: its matrix makes several tonnes of a person."""
    if source.uncalibrated is None:
        return source
    twice, once = (np.abs(c[:, 2]) for c in (source.channels, source.uncalibrated))
    loaded = once > settings.live_n
    if loaded.mean() < 0.05:
        return source
    if not (np.median(twice[loaded]) > settings.heaviest_n and np.median(once[loaded]) < settings.heaviest_n):
        return source
    text = (
        f"{source.name}: after its calibration matrix it carries {np.median(twice[loaded]):.0f} N, before it "
        f"{np.median(once[loaded]):.0f} N: its channels were calibrated already, and the matrix was left out."
    )
    effect = "Force and centre of pressure are those of the channels as stored."
    notes.append(Note("repaired", text, "plates.calibrated_twice", source.name, effect, DESCRIBE))
    return replace(source, channels=source.uncalibrated)


def _moments_in_unit(source: PlateSource, settings: PlateSettings, notes: list[Note]) -> PlateSource:
    """Correct the unit of the moments where the stated one puts every centre of pressure absurdly far or in the middle.

    Only a factor of 1000 is considered (N mm and N m taken for one another), and only if it brings 95 % of the loaded
    samples onto the plate.
    """
    if source.type in (3, 6, 7):
        return source
    size = np.abs(source.channels[:, 2])
    rows = np.flatnonzero(size > max(2 * settings.live_n, 0.3 * float(size.max(initial=0.0))))
    rows = rows[:: max(len(rows) // 500, 1)]
    if len(rows) < 5:
        return source
    half = lengths(np.diff(source.corners[[1, 0, 3]], axis=0)) / 2
    some = source.channels[rows]
    # By the moments alone: what the depth of the origin adds is right in any case.
    levers = some[:, 3:5] if source.type == 1 else some[:, [4, 3]] / some[:, 2:3]
    is_far = median(np.abs(levers / half).max(axis=1)) > ABSURD
    span = float(np.linalg.norm(np.ptp(levers, axis=0)))
    is_middle = span < 1e-3 and span * 1e3 > 0.02
    factor = 1e-3 if is_far else 1e3
    if not (is_far or is_middle):
        return source
    force, moment = wrench_at_surface(_with_moment_factor(replace(source, channels=some, uncalibrated=None), factor))
    places = np.stack([-moment[:, 1], moment[:, 0]], axis=1) / force[:, 2:]
    if float((np.abs(places) < 1.2 * half).all(axis=1).mean()) < 0.95:
        return source
    what = "centres of pressure" if source.type == 1 else "moments"
    where = "metres away from the plate" if is_far else "in one point at its middle"
    text = (
        f"{source.name}: by the unit stated for its {what} every force acts {where}; they were scaled by {factor:g}, "
        "which puts the forces on the plate."
    )
    effect = "Centre of pressure and free moment rest on that."
    cure = "State the unit of the moment channels, and keep it with the unit of length of the markers."
    notes.append(Note("repaired", text, "plates.moment_unit", source.name, effect, cure))
    return _with_moment_factor(source, factor)


def _with_moment_factor(source: PlateSource, factor: float) -> PlateSource:
    channels = source.channels.copy()
    channels[:, 3 : 5 if source.type == 1 else 6] *= factor
    return replace(source, channels=channels)


# --- whether that can be a person ----------------------------------------------------------------


def _force_fault(reading: _Reading, settings: PlateSettings) -> Note | None:
    """Return why no person makes such a force: too large, too heavy for too long, or up and down without rest."""
    name, up = reading.source.name, reading.up
    largest = float(np.abs(reading.force).max(initial=0.0))
    if largest > settings.largest_force_n:
        return refusal(name, "plates.implausible_force", f"it reads up to {largest:.0f} N, which no person can load")
    size = np.abs(up)
    loaded = size > settings.live_n
    if loaded.sum() < 2:
        return None
    heavy = median(size[loaded])
    if heavy > settings.heaviest_n:
        why = f"it carries {heavy:.0f} N for half of its loaded time, which no person weighs"
        return refusal(name, "plates.implausible_force", why)
    pushed, pulled = float(up[up > settings.live_n].sum()), float(-up[up < -settings.live_n].sum())
    if min(pushed, pulled) > 0.2 * max(pushed, pulled):
        why = (
            f"it swings between {up.min():.0f} and {up.max():.0f} N as if it lifted and pulled the person by turns: "
            "that is noise of a plate that is not connected, or a fault of its sign"
        )
        return refusal(
            name, "plates.noise", why, "Check cable and amplifier of the plate, or leave it out of the recording."
        )
    return None


def _sign(reading: _Reading, settings: PlateSettings) -> int:
    """Return 1 for a plate that carries, -1 for one that pulls down, 0 for one that nobody loaded."""
    up = reading.up
    if np.abs(up).max(initial=0.0) < 2 * settings.live_n:
        return 0
    return 1 if up[np.abs(up) > settings.live_n].sum() > 0 else -1


def _signed(readings: list[_Reading], settings: PlateSettings, notes: list[Note]) -> list[_Reading]:
    """Turn plates that hold the force on the plate instead of on the person; refuse those whose sign nothing tells.

    A force and its counter-force differ in sign alone, so the centre of pressure is the same.  A plate that reads
    negative is turned if it returns to a zero that was seen, or if every loaded plate of the recording does the same.
    """
    signs = [_sign(r, settings) for r in readings]
    if -1 not in signs:
        for reading in readings:
            notes += reading.notes
        return readings
    all_negative = 1 not in signs
    out = []
    total = sum(float(r.up.mean()) for r in readings)
    for reading, sign in zip(readings, signs, strict=True):
        name, lowest = reading.source.name, float(reading.up.min())
        if sign < 0 and (reading.is_zeroed or all_negative):
            text = (
                f"{name}: its vertical force is negative (down to {lowest:.0f} N): the file holds the force on the "
                "plate instead of the one on the person, and all its signs were turned."
            )
            effect = "Force and free moment point the other way than stored; the centre of pressure stays."
            cure = "Export the reaction on the person, as the C3D manual asks."
            notes += [*reading.notes, Note("repaired", text, "plates.sign", name, effect, cure)]
            out.append(replace(reading, force=-reading.force, moment=-reading.moment))
        elif sign < 0:
            why = f"its vertical force is negative (down to {lowest:.0f} N), as if it pulled the person down"
            notes.append(refusal(name, "plates.negative_weight", why))
        elif sign > 0 and not reading.is_zeroed and total < 0:
            why = (
                f"it carries at least {reading.up.min():.0f} N throughout, and all plates together pull the person "
                "down: the zero or the sign of this recording's plates is wrong"
            )
            notes.append(refusal(name, "plates.negative_weight", why, ZERO))
        else:
            notes += reading.notes
            out.append(reading)
    return out


def _without_twins(readings: list[_Reading], settings: PlateSettings, notes: list[Note]) -> list[_Reading]:
    """Leave out a plate that is described twice: at the same place and with the same force."""
    out: list[_Reading] = []
    for reading in readings:
        twin = next((r for r in out if _is_twin(r, reading, settings)), None)
        if twin is None:
            out.append(reading)
            continue
        name = reading.source.name
        text = f"{name}: left out, it is {twin.source.name} described a second time."
        effect = "Counted twice it would double the weight."
        notes.append(Note("repaired", text, "plates.twice", name, effect, "Describe each plate once."))
    return out


def _is_twin(one: _Reading, two: _Reading, settings: PlateSettings) -> bool:
    a, b = one.source, two.source
    if a.rate_hz != b.rate_hz or len(a.channels) != len(b.channels):
        return False
    if np.abs(a.corners.mean(axis=0) - b.corners.mean(axis=0)).max() > 0.02:
        return False
    is_live = max(_sign(one, settings), _sign(two, settings)) > 0
    return is_live and float(np.abs(one.up - two.up).max()) < settings.baseline_spread_n
