"""What the channels of each type of force plate mean: from channels to force and moment in the plate's own axes.

Types 1 to 4 are those of the C3D manual (https://www.c3d.org, FORCE_PLATFORM:TYPE).  Types 5, 6 and 7 are later
additions in which a calibration matrix stands before the channels; their meaning here is the one that Visual3D
(wiki.has-motion.com, FP Type 5, 6, 7) and BTK's reader document alike.  Types 11, 12 (Kistler split-belt treadmill)
and 21 (AMTI stairs) name plates whose channels no public document defines; they are not read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinechain.core.arrays import FloatArray

__all__ = ["CALIBRATED", "CHANNELS", "UNDEFINED", "PlateSettings", "PlateSource", "wrench_at_surface"]

#: Analog channels each type of plate occupies (FORCE_PLATFORM:TYPE).
CHANNELS = {1: 6, 2: 6, 3: 8, 4: 6, 5: 8, 6: 12, 7: 8}
#: Rows and columns of the calibration matrix of the types that have one.  For other types a stored matrix must be
#: left alone (C3D manual, FORCE_PLATFORM:CAL_MATRIX): their channels are scaled already.
CALIBRATED = {4: (6, 6), 5: (6, 8), 6: (12, 12), 7: (8, 8)}
#: Types that exist but whose channels are not publicly defined.
UNDEFINED = {11: "a Kistler split-belt treadmill", 12: "a Kistler split-belt treadmill", 21: "instrumented AMTI stairs"}


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
    live_n : float
        A plate that never reads more than this, up or down, was not stepped on.
    heaviest_n : float
        A plate that carries more than this for half of its loaded time is scaled wrongly: 250 kg.
    clipped_s : float
        A channel that stands at its extreme for so long was cut off: a force that turns round smoothly leaves its
        peak sooner.
    stuck_s : float
        A plate whose every channel keeps one value for so long is not connected: a standing person sways.
    """

    threshold_n: float = 20.0
    remove_baseline: bool = True
    baseline_limit_n: float = 60.0
    baseline_window_s: float = 0.1
    baseline_spread_n: float = 5.0
    largest_force_n: float = 20000.0
    live_n: float = 50.0
    heaviest_n: float = 2450.0
    clipped_s: float = 0.03
    stuck_s: float = 0.5


@dataclass(frozen=True, eq=False)
class PlateSource:
    """One plate as a C3D describes it, in SI units.

    Attributes
    ----------
    name : str
    type : int
        1 (force and centre of pressure), 2 (six components), 3 (Kistler, eight channels), 4 (2 with calibration),
        5 (eight channels calibrated to six components), 6 (three components at each corner), 7 (3 with calibration).
    channels : (time, 6, 8 or 12) array
        Calibrated, N and N m (type 1: N, m and N m).  Type 5: the six components.
    corners : (4, 3) array, m, lab frame
    origin : (3,) array, m, plate frame
        For types 3, 6 and 7 the half distances a and b of the sensors and the depth az0.
    rate_hz, start_s : float
    zero : (int, int) or None
        First and last sample (included) in which the file says that nothing stands on the plate.
    polynomial : (6, 2) array or None
        Coefficients by which a Kistler plate corrects its centre of pressure (FPCOPPOLY), for mm.
    uncalibrated : (time, 6) array or None
        Channels of a type 4 before its matrix, to tell when they had been scaled already.
    units : str
        What the file calls the unit of the first force channel, '' if nothing.
    """

    name: str
    type: int
    channels: FloatArray
    corners: FloatArray
    origin: FloatArray
    rate_hz: float
    start_s: float
    zero: tuple[int, int] | None = None
    polynomial: FloatArray | None = None
    uncalibrated: FloatArray | None = None
    units: str = ""


def wrench_at_surface(source: PlateSource) -> tuple[FloatArray, FloatArray]:
    """Return force (time, 3) N and moment (time, 3) N m about the middle of the surface, plate frame.

    Parameters
    ----------
    source : PlateSource

    Notes
    -----
    ORIGIN is the vector from the transducer's origin to the middle of the surface, hence M_surface = M + F x ORIGIN.
    """
    c, origin = source.channels, source.origin
    if source.type == 1:
        force, x, y = c[:, :3], c[:, 3], c[:, 4]
        moment = np.stack([y * force[:, 2], -x * force[:, 2], c[:, 5] + x * force[:, 1] - y * force[:, 0]], axis=1)
        return force, moment
    if source.type in (3, 7):
        fx12, fx34, fy14, fy23, fz1, fz2, fz3, fz4 = c.T
        return _from_corners(fx12 + fx34, fy14 + fy23, (fz1, fz2, fz3, fz4), fx34 - fx12, fy14 - fy23, origin)
    if source.type == 6:
        fx, fy, fz = (tuple(c[:, axis::3].T) for axis in range(3))
        return _from_corners(
            fx[0] + fx[1] + fx[2] + fx[3],
            fy[0] + fy[1] + fy[2] + fy[3],
            fz,
            fx[2] + fx[3] - fx[0] - fx[1],
            fy[0] + fy[3] - fy[1] - fy[2],
            origin,
        )
    force = c[:, :3]
    return force, c[:, 3:6] + _cross(force, origin)


def _from_corners(
    fx: FloatArray,
    fy: FloatArray,
    fz: tuple[FloatArray, ...],
    turn_x: FloatArray,
    turn_y: FloatArray,
    origin: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Add up four sensors at (a, b), (-a, b), (-a, -b), (a, -b) and depth az0."""
    a, b, depth = origin
    force = np.stack([fx, fy, fz[0] + fz[1] + fz[2] + fz[3]], axis=1)
    moment = np.stack(
        [b * (fz[0] + fz[1] - fz[2] - fz[3]), a * (-fz[0] + fz[1] + fz[2] - fz[3]), b * turn_x + a * turn_y], axis=1
    )
    return force, moment + _cross(force, np.array([0.0, 0.0, depth]))


def _cross(force: FloatArray, arm: FloatArray) -> FloatArray:
    """Return ``force x arm`` for (time, 3) and (3,); several times faster than numpy.cross."""
    x, y, z = force.T
    return np.stack([y * arm[2] - z * arm[1], z * arm[0] - x * arm[2], x * arm[1] - y * arm[0]], axis=1)
