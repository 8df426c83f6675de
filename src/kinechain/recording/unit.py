"""The unit of length, told from the size of the body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from kinechain.core.arrays import FloatArray, median
from kinechain.core.errors import RecordingError
from kinechain.recording.recording import ForcePlate, Markers, Note
from kinechain.recording.snapshots import Snapshots, median_apart

__all__ = ["SPAN_M", "cloud_span", "find_scale", "rescaled_markers", "rescaled_plates"]

#: Standing height that the legs of anybody whose gait is recorded fit, m (assumption: beyond the tallest adults, and
#: below a child of one year, whose legs are shorter by its height than an adult's).
STATURE_M = (0.60, 2.40)
#: Distance between two landmarks as a share of the standing height.  Knee to ankle and hip to knee: heights of the
#: lateral epicondyle, malleolus and trochanter in ansur2 (0.280, 0.0415 and 0.513 of men's stature); the rest are
#: assumptions from the same heights, wide enough to tell one unit from another and no more.
_SHARES = (
    (("lateral_femoral_epicondyle", "medial_femoral_epicondyle", "knee_centre"), ("lateral_malleolus",), 0.238),
    (("fibula_head", "tibial_tuberosity"), ("lateral_malleolus",), 0.225),
    (("greater_trochanter", "hip_centre"), ("lateral_femoral_epicondyle", "knee_centre"), 0.233),
    (("asis",), ("lateral_femoral_epicondyle",), 0.27),
    (("asis",), ("lateral_malleolus",), 0.51),
    (("lateral_malleolus",), ("metatarsal",), 0.10),
)
#: Units that exports hold, as metres, and those that they state without meaning it: nobody states inches by default.
_METRES = {"millimetres": 1e-3, "centimetres": 1e-2, "inches": 0.0254, "metres": 1.0}
_STATED = ("millimetres", "centimetres", "metres")
#: Extent of a cloud of markers on a person, m, where no landmark tells: from one leg to raised arms (assumption).
SPAN_M = (0.25, 2.6)
#: Sizes that another unit must give to be believed, m; an inch is 2.54 cm, so no two units can fit (assumption).
LIKELY_STATURE_M, LIKELY_SPAN_M = (0.85, 2.15), (0.85, 2.15)
#: Side of a force plate, m (assumption: from a plate for one foot to a treadmill's belt).
PLATE_M = (0.2, 3.5)
CLOUD_FRAMES = 60


def find_scale(name: str, markers: Markers, shots: Snapshots, notes: list[Note]) -> float:
    """Return what positions must be multiplied by to be metres; 1 where the stated unit fits a person.

    Parameters
    ----------
    name : str
        Of the recording, for messages.
    markers : Markers
    shots : Snapshots
    notes : list of Note
        Appended to.

    Raises
    ------
    RecordingError
        If no unit makes it the size of a person.
    """
    stature = _stature(shots)
    size = cloud_span(markers.positions) if stature is None else stature
    limits, likely = (SPAN_M, LIKELY_SPAN_M) if stature is None else (STATURE_M, LIKELY_STATURE_M)
    if limits[0] <= size <= limits[1]:
        return 1.0
    fitting = [
        (_METRES[true] / _METRES[stated], stated, true)
        for stated, true in product(_STATED, _METRES)
        # Centimetres that are inches make a child of one year of an adult, so they are not told apart.
        if stated != true
        and (stated, true) != ("centimetres", "inches")
        and likely[0] <= size * _METRES[true] / _METRES[stated] <= likely[1]
    ]
    if len(fitting) != 1:
        raise RecordingError(
            f"the markers of {name} span {cloud_span(markers.positions):.3g} m, which is not the size of a person, nor "
            "would it be in any other unit of length; check the unit in the file"
        )
    factor, stated, true = fitting[0]
    what = "they span" if stature is None else "their legs fit a standing height of"
    notes.append(
        Note(
            "repaired",
            f"The numbers are {true}, not {stated} as the file says: {what} {size:.3g} m by the file and "
            f"{size * factor:.2f} m in {true}; all lengths were multiplied by {factor:g}.",
            "axes.unit",
            "all markers",
            "Unrepaired, every length would be wrong; angles do not depend on it.",
            "Correct the unit of length in the export.",
        )
    )
    return factor


def rescaled_markers(markers: Markers, scale: float) -> Markers:
    """Return markers with all positions multiplied by a factor."""
    return markers if scale == 1.0 else replace(markers, positions=markers.positions * scale)


def rescaled_plates(plates: Sequence[ForcePlate], scale: float, shots: Snapshots) -> tuple[ForcePlate, ...]:
    """Return the plates with their lengths in the same unit as the markers.

    Corners, centre of pressure and free moment are scaled together; a plate that fits a plate's size, or lies under
    the markers, as it is, was stated in another unit than the markers and stays.

    Parameters
    ----------
    plates : sequence of ForcePlate
    scale : float
        From `find_scale`.
    shots : Snapshots
        In metres.
    """
    if scale == 1.0:
        return tuple(plates)
    return tuple(_rescaled(p, scale) if _wants(p, scale, shots) else p for p in plates)


def _rescaled(plate: ForcePlate, scale: float) -> ForcePlate:
    return replace(
        plate,
        corners=plate.corners * scale,
        centre_of_pressure=plate.centre_of_pressure * scale,
        free_moment=plate.free_moment * scale,
    )


def _wants(plate: ForcePlate, scale: float, shots: Snapshots) -> bool:
    """Whether a plate is in the same wrong unit as the markers."""
    side = float(np.linalg.norm(plate.corners[1] - plate.corners[0]))
    if np.isfinite(side) and side > 0:
        return not PLATE_M[0] <= side <= PLATE_M[1]
    point = plate.centre_of_pressure[np.isfinite(plate.centre_of_pressure[:, 0])]
    feet = shots.centre(("heel", "metatarsal", "lateral_malleolus"))
    if not len(point) or feet is None or not np.isfinite(feet).any():
        return True
    middle = np.median(feet[np.isfinite(feet[:, 0])], axis=0)
    under = np.median(point, axis=0)
    return bool(np.linalg.norm(under * scale - middle) < np.linalg.norm(under - middle))


def _stature(shots: Snapshots) -> float | None:
    """Standing height, m, that the legs fit: by the first kind of length seen, or by two where that fits nobody."""
    heights: list[float] = []
    kinds = 0
    for upper, lower, share in _SHARES:
        ends = [shots.centre(lower, side) for side in ("_r", "_l")]
        legs = []
        for start in (shots.centre(upper, side) for side in ("_r", "_l")):
            # The nearer of both ends: where labels of the sides were exchanged it is the other one.
            seen = [median_apart(start, end) for end in ends if start is not None and end is not None]
            nearest = min(seen, default=np.inf)
            legs += [nearest / share] if 0.0 < nearest < np.inf else []
        heights += legs
        kinds += bool(legs)
        if kinds == 2 or (legs and STATURE_M[0] <= median(legs) <= STATURE_M[1]):
            break
    return median(heights) if heights else None


def cloud_span(positions: FloatArray) -> float:
    """Return the median extent of the cloud of markers, in the unit of the positions; 0 if two were never seen.

    The outermost twentieth at each end is left out, so that one lost marker does not condemn a whole trial.

    Parameters
    ----------
    positions : (time, marker, 3) array
    """
    step = max(len(positions) // CLOUD_FRAMES, 1)
    spans = []
    for points in positions[::step]:
        cloud = points[np.isfinite(points).all(axis=1)]
        if len(cloud) > 1:
            ordered = np.sort(cloud, axis=0)
            cut = int(0.05 * len(cloud))
            spans.append(float((ordered[len(cloud) - 1 - cut] - ordered[cut]).max()))
    return median(spans) if spans else 0.0
