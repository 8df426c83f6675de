"""From the channels of a force plate to force, centre of pressure and free moment on the person.

Conventions are those of the C3D format's FORCE_PLATFORM group: corner 1 stands in the +x +y
quadrant of the plate, corners run 1, 2, 3, 4 through -x +y, -x -y and +x -y, the plate's z axis
follows from them and points down into the floor, and ORIGIN is the vector from the
transducer's origin to the middle of the working surface, so that its z component is negative.
Written in these axes the channels are the reaction on the person.  The tests hold this to the
reference output of OpenSim's reader and to one walk described as type 2 and as type 4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.frames import nearest_rotation
from kinechain.recording.recording import ForcePlate, Note, Series

__all__ = ["PlateSettings", "PlateSource", "compute_plate", "plates_from_table"]

#: Channels each type of plate occupies (FORCE_PLATFORM:TYPE).
CHANNELS = {1: 6, 2: 6, 3: 8, 4: 6}


@dataclass(frozen=True)
class PlateSettings:
    """How plate channels are turned into forces; assumptions of this project unless a source is named.

    Attributes
    ----------
    threshold_n : float
        Vertical force below which a centre of pressure means nothing (the reference output shipped
        with OpenSim shows it wandering by a metre below this).
    remove_baseline : bool
        Subtract what the plate reads while nobody stands on it.
    baseline_limit_n : float
        A reading above this is a load, not an offset.
    baseline_window_s, baseline_spread_n : float
        A window counts as unloaded when its vertical force spreads less than this.
    largest_force_n : float
        A plate that reads more is scaled wrongly and refused: ten times the weight of a 200 kg person.
    """

    threshold_n: float = 20.0
    remove_baseline: bool = True
    baseline_limit_n: float = 60.0
    baseline_window_s: float = 0.1
    baseline_spread_n: float = 5.0
    largest_force_n: float = 20000.0


@dataclass(frozen=True, eq=False)
class PlateSource:
    """One plate as a C3D describes it, in SI units.

    Attributes
    ----------
    name : str
    type : int
        1 (force and centre of pressure), 2 (six components), 3 (Kistler, eight channels), 4 (2 with calibration).
    channels : (time, 6 or 8) array
        N and N m (type 1: N, m and N m).
    corners : (4, 3) array, m, lab frame
    origin : (3,) array, m, plate frame
        For type 3 the half distances a and b of the sensors and the depth az0.
    rate_hz, start_s : float
    """

    name: str
    type: int
    channels: FloatArray
    corners: FloatArray
    origin: FloatArray
    rate_hz: float
    start_s: float


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
    settings = settings or PlateSettings()
    fault = _corner_fault(source.corners)
    if fault:
        return None, [Note("defect", f"{source.name}: not used, {fault}.")]
    lab_from_plate, middle = _plate_frame(source.corners)
    force, moment = _wrench_at_surface(source)
    notes: list[Note] = []
    if not np.isfinite(force).all() or np.abs(force).max(initial=0.0) > settings.largest_force_n:
        largest = np.nanmax(np.abs(force)) if force.size else np.nan
        return None, [
            Note("defect", f"{source.name}: not used, it reads up to {largest:.0f} N, which no person can load.")
        ]
    if settings.remove_baseline and source.type != 1:
        force, moment, note = _without_baseline(source, force, moment, settings)
        notes += note
    up = -force[:, 2]
    if up.min(initial=0.0) < -200.0 and -up.min() > up.max():
        text = (
            f"{source.name}: not used, its vertical force is negative (down to {up.min():.0f} N), "
            "as if it pulled the person down."
        )
        return None, [*notes, Note("defect", text)]
    loaded = up >= settings.threshold_n
    vertical = np.where(loaded, force[:, 2], np.nan)
    x, y = -moment[:, 1] / vertical, moment[:, 0] / vertical
    # Axis by axis, so that a missing x does not spread through a product.
    centre = middle + x[:, None] * lab_from_plate[:, 0] + y[:, None] * lab_from_plate[:, 1]
    free = np.where(loaded, moment[:, 2] - x * force[:, 1] + y * force[:, 0], 0.0)[:, None] * lab_from_plate[:, 2]
    plate = ForcePlate(
        name=source.name,
        corners=source.corners,
        force=force @ lab_from_plate.T,
        centre_of_pressure=centre,
        free_moment=free,
        rate_hz=source.rate_hz,
        start_s=source.start_s,
    )
    return plate, notes


def _corner_fault(corners: FloatArray) -> str:
    """Say what makes four corners impossible, '' if nothing does."""
    if not np.isfinite(corners).all():
        return "the file states no corners for it"
    sides = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    if not (np.abs(corners).max() < 100.0 and sides.max() < 5.0):
        return "its corners are impossible (further away than a laboratory is wide)"
    if sides.min() < 0.1:
        return "its corners are impossible (less than 10 cm apart)"
    diagonals = np.linalg.norm(corners[[0, 1]] - corners[[2, 3]], axis=1)
    if abs(diagonals[0] - diagonals[1]) > 0.05 * diagonals.max():
        return "its corners do not form a rectangle"
    return ""


def _plate_frame(corners: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return lab_from_plate (3, 3) and the middle of the surface (3,), m."""
    x = corners[0] + corners[3] - corners[1] - corners[2]
    y = corners[0] + corners[1] - corners[2] - corners[3]
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    return nearest_rotation(np.stack([x, y, np.cross(x, y)], axis=1)), corners.mean(axis=0)


def _wrench_at_surface(source: PlateSource) -> tuple[FloatArray, FloatArray]:
    """Return force (time, 3) N and moment (time, 3) N m about the middle of the surface, plate frame."""
    c, origin = source.channels, source.origin
    if source.type == 1:
        force = c[:, :3]
        x, y = c[:, 3], c[:, 4]
        moment = np.stack([y * force[:, 2], -x * force[:, 2], c[:, 5] + x * force[:, 1] - y * force[:, 0]], axis=1)
        return force, moment
    if source.type == 3:
        a, b, depth = origin
        fx12, fx34, fy14, fy23, fz1, fz2, fz3, fz4 = c.T
        force = np.stack([fx12 + fx34, fy14 + fy23, fz1 + fz2 + fz3 + fz4], axis=1)
        moment = np.stack(
            [
                b * (fz1 + fz2 - fz3 - fz4),
                a * (-fz1 + fz2 + fz3 - fz4),
                b * (-fx12 + fx34) + a * (fy14 - fy23),
            ],
            axis=1,
        )
        return force, moment + np.cross(force, [0.0, 0.0, depth])
    force = c[:, :3]
    return force, c[:, 3:6] + np.cross(force, origin)


def _without_baseline(
    source: PlateSource, force: FloatArray, moment: FloatArray, settings: PlateSettings
) -> tuple[FloatArray, FloatArray, list[Note]]:
    """Subtract the mean reading of the windows in which nobody stands on the plate."""
    n = max(round(settings.baseline_window_s * source.rate_hz), 2)
    if len(force) < n:
        return force, moment, []
    blocks = force[: len(force) // n * n, 2].reshape(-1, n)
    quiet = (np.ptp(blocks, axis=1) < 2 * settings.baseline_spread_n) & (
        np.abs(blocks.mean(axis=1)) < settings.baseline_limit_n
    )
    if not quiet.any():
        text = f"{source.name}: loaded or noisy throughout, so its zero could not be checked."
        return force, moment, [Note("found", text)]
    level = np.median(blocks[quiet].mean(axis=1))
    quiet &= np.abs(blocks.mean(axis=1) - level) < settings.baseline_spread_n
    rows = np.repeat(quiet, n).nonzero()[0]
    offset_force, offset_moment = force[rows].mean(axis=0), moment[rows].mean(axis=0)
    notes = []
    if abs(offset_force[2]) >= 1.0:
        text = (
            f"{source.name}: {-offset_force[2]:.1f} N while nobody stands on it; "
            f"that reading ({len(rows) / source.rate_hz:.2f} s of it) was subtracted from force and moment."
        )
        notes.append(Note("repaired", text))
    return force - offset_force, moment - offset_moment, notes


_COLUMN = re.compile(
    r"^(?P<before>.*?)_?ground_(?P<what>force|torque|moment)_?(?P<after>.*?)_?(?P<kind>[vpm]?)(?P<axis>[xyz])$",
    re.IGNORECASE,
)


def plates_from_table(series: Series) -> tuple[ForcePlate, ...]:
    """Return the plates written in an OpenSim ground-reaction table, in OpenSim's axes.

    Columns named ``ground_force_1_vx``, ``1_ground_force_vx``, ``ground_force_r_px``,
    ``ground_torque_r_x``, ``ground_moment_1_mx`` and their like are recognised.  A table without them gives ().

    Parameters
    ----------
    series : Series
        As read from a MOT/STO, in N, m and N m.

    Returns
    -------
    tuple of ForcePlate
        Axes x forward, y up, z right; corners unknown (NaN); the centre of pressure is NaN where the
        vertical force is below 20 N.
    """
    found: dict[str, dict[str, dict[str, FloatArray]]] = {}
    for label in series.labels:
        match = _COLUMN.match(label)
        if match is None:
            continue
        what, kind = match["what"].lower(), match["kind"].lower()
        quantity = (
            "moment" if what in ("torque", "moment") or kind == "m" else {"v": "force", "p": "point"}.get(kind, "")
        )
        if quantity:
            key = match["before"] or match["after"] or ""
            found.setdefault(key, {}).setdefault(quantity, {})[match["axis"].lower()] = series.column(label)
    times = series.times_s
    if not found or len(times) < 2 or not times[-1] > times[0]:
        return ()
    rate = round((len(times) - 1) / float(times[-1] - times[0]), 6)
    plates: list[ForcePlate] = []
    for key, quantities in found.items():
        if any(len(quantities.get(q, {})) != 3 for q in ("force", "point")):
            continue
        force, point = (np.stack([quantities[q][a] for a in "xyz"], axis=1) for q in ("force", "point"))
        free = quantities.get("moment", {})
        moment = np.stack([free.get(a, np.zeros(len(times))) for a in "xyz"], axis=1)
        point = np.where(force[:, 1:2] < PlateSettings().threshold_n, np.nan, point)
        name = f"plate {key}" if key else f"plate {len(plates) + 1}"
        plates.append(ForcePlate(name, np.full((4, 3), np.nan), force, point, moment, rate, float(times[0])))
    return tuple(plates)
