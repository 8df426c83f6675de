"""Plates that arrive computed: force, centre of pressure and moment as columns of a table."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray
from kinechain.recording.plate_notes import NO_FORCE
from kinechain.recording.plate_types import PlateSettings
from kinechain.recording.recording import ForcePlate, Note, Series

__all__ = ["LEAST_RATE_HZ", "TabledPlate", "plates_from_columns", "plates_from_table"]

#: Vertical force below which a centre of pressure means nothing, N; as for the plates of a C3D.
THRESHOLD_N = PlateSettings().threshold_n
#: Rows farther apart than of this rate show no contact of a foot, Hz.  Assumption: a stance lasts less than a second.
LEAST_RATE_HZ = 1.0
#: Coordinates of a centre of pressure beyond this are millimetres: no laboratory is so long in metres.  Assumption.
LONGEST_M = 20.0
#: Free moments beyond this are newton millimetres, N m: a foot turns on the floor with far less.  Moments about a fixed
#: point are so beyond the second: a person jumping at the end of a treadmill stays below it.  Assumptions.
LARGEST_FREE_NM, LARGEST_ABOUT_A_POINT_NM = 300.0, 5000.0

_GROUND = re.compile(
    r"^(?P<before>.*?)_?ground_(?P<what>force|torque|moment)_?(?P<after>.*?)_?(?P<kind>[vpm]?)(?P<axis>[xyz])"
    r"(_(?P<tail>\d+|r|l|right|left))?$",
    re.IGNORECASE,
)
#: Columns that begin with a number or side of their plate: FP1_vx, FP1_force_vx, GRF_R_px, plate2.Mz, Force_1_COPx.
_NAMED = re.compile(
    r"^(?P<before>(fp|grf|force[ _]?plate|force|plate|platform|f)[ _]?(\d+|r|l|right|left))[ _.]*"
    r"((force|moment|torque)[ _.]+)?(?P<kind>v|f|p|cop|m|t|force|moment|torque)[ _.]*(?P<axis>[xyz])$",
    re.IGNORECASE,
)
#: Columns of OpenSim's own C3D reader: f1_1 f1_2 f1_3 p1_1 ... m1_3.
_FLAT = re.compile(r"^(?P<kind>[fpm])(?P<after>\d+)_(?P<axis>[123])$")
_QUANTITY = {
    **dict.fromkeys(("v", "f", "force"), "force"),
    **dict.fromkeys(("p", "cop"), "point"),
    **dict.fromkeys(("m", "t", "moment", "torque"), "moment"),
}


@dataclass(frozen=True, eq=False)
class TabledPlate:
    """Columns of one plate, in the table's own axes, units and sign.

    Attributes
    ----------
    name : str
    force, point, moment : (time, 3) array
        Force, where it acts, and the free moment or the moment about one fixed point.
    """

    name: str
    force: FloatArray
    point: FloatArray
    moment: FloatArray


def plates_from_table(series: Series, notes: list[Note] | None = None) -> tuple[ForcePlate, ...]:
    """Return the plates written in a ground-reaction table of OpenSim, in the axes of the table.

    Columns named ``ground_force_1_vx``, ``1_ground_force_vx``, ``ground_force_r_px``,
    ``ground_torque_r_x``, ``ground_moment_1_mx``, ``ground_force_vx_1``, ``f1_1``, ``p1_1``, ``m1_1``, ``FP1_vx``,
    ``GRF_R_px``, ``plate2.Mz`` and their like are recognised.
    A table without them gives ().

    Parameters
    ----------
    series : Series
        As read from a MOT/STO.
    notes : list of Note, optional
        Appended to: units and signs that were taken otherwise than SI.

    Returns
    -------
    tuple of ForcePlate
        Corners unknown (NaN); the centre of pressure is NaN where the vertical force is below 20 N.
    """
    found: dict[str, dict[str, dict[str, FloatArray]]] = {}
    for label in series.labels:
        match = _GROUND.match(label) or _FLAT.match(label) or _NAMED.match(label)
        if match is None:
            continue
        parts = match.groupdict()
        what, kind = (parts.get("what") or "").lower(), parts["kind"].lower()
        quantity = "moment" if what in ("torque", "moment") else _QUANTITY.get(kind, "")
        if quantity:
            key = parts.get("before") or parts.get("after") or parts.get("tail") or ""
            axis = {"1": "x", "2": "y", "3": "z"}.get(parts["axis"], parts["axis"].lower())
            found.setdefault(key, {}).setdefault(quantity, {})[axis] = series.column(label)
    times = series.times_s
    if not found or len(times) < 2 or not times[-1] > times[0]:
        return ()
    rate = round((len(times) - 1) / float(times[-1] - times[0]), 6)
    if rate < LEAST_RATE_HZ:
        apart = f"{1.0 / rate:.3g}" if rate > 0 else "more than 1e6"
        text = f"The rows with forces lie {apart} s apart, so no contact of a foot can be told; they were left out."
        if notes is not None:
            notes.append(Note("defect", text, "plates.rate", "time", NO_FORCE, "Export the times in seconds."))
        return ()
    tables: list[TabledPlate] = []
    nothing = np.zeros(len(times))
    for key, quantities in found.items():
        if any(len(quantities.get(q, {})) != 3 for q in ("force", "point")):
            continue
        columns = {
            q: np.stack([quantities.get(q, {}).get(a, nothing) for a in "xyz"], axis=1)
            for q in ("force", "point", "moment")
        }
        name = f"plate {key}" if key else f"plate {len(tables) + 1}"
        if name in [table.name for table in tables]:
            name = f"plate {len(tables) + 1}"
        tables.append(TabledPlate(name, columns["force"], columns["point"], columns["moment"]))
    return plates_from_columns(tables, rate, float(times[0]), notes if notes is not None else [])


def plates_from_columns(
    tables: list[TabledPlate], rate_hz: float, start_s: float, notes: list[Note]
) -> tuple[ForcePlate, ...]:
    """Return plates in SI with the force on the person, the vertical being where the forces point.

    Parameters
    ----------
    tables : list of TabledPlate
        Of one file, so that unit and sign are judged together.
    rate_hz, start_s : float
    notes : list of Note
        Appended to.
    """
    if not tables:
        return ()
    pushed = np.nansum([np.nansum(np.abs(t.force), axis=0) for t in tables], axis=0)
    axis = int(np.argmax(pushed)) if pushed.any() else 1
    sign = -1.0 if np.nansum([np.nansum(t.force[:, axis]) for t in tables]) < 0 else 1.0
    if sign < 0:
        text = (
            "The vertical forces are negative: the table holds the force on the plate, and all its signs were turned."
        )
        effect, cure = "Forces and free moments point the other way than stored.", "Export the reaction on the person."
        notes.append(Note("repaired", text, "plates.sign", "forces", effect, cure))
    metres, newton_metres = _units(tables, axis, notes)
    return tuple(_plate(table, axis, sign, metres, newton_metres, rate_hz, start_s) for table in tables)


def _units(tables: list[TabledPlate], axis: int, notes: list[Note]) -> tuple[float, float]:
    """Return metres in the unit of the points and newton metres in that of the moments; note what is not SI."""
    metres = newton_metres = 1.0
    for table in tables:
        on = np.abs(table.force[:, axis]) >= THRESHOLD_N
        limit = LARGEST_ABOUT_A_POINT_NM if _is_about_a_point(table, on, axis) else LARGEST_FREE_NM
        metres = 1e-3 if np.nanmax(np.abs(table.point[on]), initial=0.0) > LONGEST_M else metres
        newton_metres = 1e-3 if np.nanmax(np.abs(table.moment[on]), initial=0.0) > limit else newton_metres
    if metres < 1.0:
        text = "The centres of pressure were taken as millimetres, because as metres they would lie outside any room."
        effect = "Where the forces act rests on it."
        cure = "Write centres of pressure in metres."
        notes.append(Note("assumed", text, "plates.unit_of_length", "centre of pressure", effect, cure))
    if newton_metres < 1.0:
        text = "The moments were taken as newton millimetres, because no person makes as many newton metres."
        effect = "Free moments rest on it."
        cure = "Write moments in newton metres."
        notes.append(Note("assumed", text, "plates.moment_unit", "moments", effect, cure))
    return metres, newton_metres


def _is_about_a_point(table: TabledPlate, loaded: NDArray[np.bool_], axis: int) -> bool:
    """Tell a moment about a fixed point from a free one, which turns about the vertical alone."""
    across = [k for k in range(3) if k != axis]
    is_tilting = bool(np.nan_to_num(table.moment[loaded][:, across]).any())
    return is_tilting and int(loaded.sum()) > 2 and not np.ptp(table.point[loaded], axis=0).any()


def _plate(
    table: TabledPlate, axis: int, sign: float, metres: float, newton_metres: float, rate_hz: float, start_s: float
) -> ForcePlate:
    force, point = sign * table.force, table.point * metres
    # A moment that is not there turns nothing.
    moment = np.nan_to_num(sign * table.moment * newton_metres)
    loaded = force[:, axis] >= THRESHOLD_N
    if _is_about_a_point(table, loaded, axis):
        point, moment = _at_the_surface(force, point, moment, axis)
    return ForcePlate(
        table.name,
        np.full((4, 3), np.nan),
        force,
        np.where(loaded[:, None], point, np.nan),
        np.where(loaded[:, None], moment, 0.0),
        rate_hz,
        start_s,
    )


def _at_the_surface(
    force: FloatArray, point: FloatArray, moment: FloatArray, axis: int
) -> tuple[FloatArray, FloatArray]:
    """Return centre of pressure and free moment where a table gives the moment about one fixed point of the plate."""
    up = np.eye(3)[axis]
    vertical = force[:, axis : axis + 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        arm = np.cross(up, moment) / vertical
    free = moment - np.cross(np.where(np.isfinite(arm), arm, 0.0), force)
    return point + arm, np.outer(free[:, axis], up)
