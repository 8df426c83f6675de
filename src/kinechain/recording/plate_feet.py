"""Whether the forces of the plates act under the feet, and what to turn where they do not.

A file can state a plate's corners in the wrong order, give its origin with the wrong sign or describe another plate
than the one that was stepped on.  Nothing in the plate itself shows that, but the feet do: the centre of pressure of a
loaded plate lies under a foot, or between both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, lengths, median
from kinechain.recording.plate_notes import DESCRIBE, refusal
from kinechain.recording.plates import plate_axes
from kinechain.recording.recording import ForcePlate, Note
from kinechain.recording.snapshots import PELVIS

__all__ = ["plates_under_feet"]

#: The centre of pressure lies this near to the line from heel to toe while a foot presses, m.  Assumption: half the
#: breadth of a foot (51 mm, ansur2) and soft tissue, shoe and marker around it.
UNDER_FOOT_M = 0.08
#: The same where only one end of a foot bears markers, m.  Assumption: the length of a foot.
UNDER_ANKLE_M = 0.25
#: A force further than this from every foot is not the foot's, m.  Assumption.
FAR_M = 0.3
#: An offset of the origin along the plate that the feet can tell the sign of, m.  Assumption: twice of it moves the
#: centre of pressure by more than the breadth of half a foot.
LARGE_OFFSET_M = 0.03
#: Rise of the force along the foot through a stance that is a push-off, N/s.  Assumption: a tenth of what a slow adult
#: makes (from -50 to 50 N in half a second).
LEAST_PUSH = 20.0
#: Samples looked at per plate, and the least that can tell anything.
SAMPLES, LEAST = 150, 5
#: A plate is loaded above this, N.  Assumption, above the noise and offset of usual plates.
LOADED_N = 50.0
#: Another description of the plate must halve the distance to the feet, and be better than the next by as much.
BETTER = 0.6
_REAR = ("heel", "heel_proximal", "segment:calcaneus", "lateral_malleolus", "medial_malleolus")
_FRONT = ("hallux_tip", "toe_2_tip", "metatarsal_2_head", "segment:toes")
_BALL = ("metatarsal_1_head", "metatarsal_5_head")
#: Signs of the origin that files mix up: makers once gave the whole vector the other way, so that after its depth was
#: put below the surface its offset along the plate may stand wrong.
_ORIGIN_SIGNS = (("", np.ones(3)), ("offset of its origin along the plate", np.array([-1.0, -1.0, 1.0])))
#: Orders of corners, as stored and the other way round.
_CORNER_ORDERS = tuple((*order[k:], *order[:k]) for order in ((0, 1, 2, 3), (1, 0, 3, 2)) for k in range(4))


@dataclass(frozen=True, eq=False)
class _Feet:
    """Rear and front point of each foot that bears markers: (time, foot, 2) arrays, m; how near counts as under it."""

    rear: FloatArray
    front: FloatArray
    near_m: float
    pelvis: tuple[FloatArray, ...]


def plates_under_feet(
    plates: Sequence[ForcePlate],
    tracks: Mapping[str, FloatArray],
    rate_hz: float,
    start_s: float,
    notes: list[Note],
) -> tuple[ForcePlate, ...]:
    """Return the plates whose force acts under the feet, corrected where another description brings it there.

    Parameters
    ----------
    plates : sequence of ForcePlate
        In the world frame (z up).
    tracks : mapping of landmark to (time, 3) array, m, world frame
    rate_hz, start_s : float
        Of the tracks.
    notes : list of Note
        Appended to: one for each plate that was corrected, left out or lies beside the feet.

    Returns
    -------
    tuple of ForcePlate
        Plates that nobody loaded, or that were loaded while no foot was seen, stay as they are.
    """
    feet = _feet(tracks)
    if feet is None:
        return tuple(plates)
    out = []
    for plate in plates:
        rows, frames = _loaded(plate, feet, rate_hz, start_s)
        kept = plate if len(rows) < LEAST else _under_feet(plate, rows, frames, feet, notes)
        if kept is not None:
            out.append(kept)
    return tuple(out)


def _feet(tracks: Mapping[str, FloatArray]) -> _Feet | None:
    rear, front, near = [], [], UNDER_FOOT_M
    for letter in "lr":
        behind, ahead = _first(tracks, _REAR, letter), _first(tracks, _FRONT, letter)
        if ahead is None:
            ball = [found for name in _BALL if (found := _first(tracks, (name,), letter)) is not None]
            ahead = np.mean(ball, axis=0) if ball else None
        one = behind if behind is not None else ahead
        if one is None:
            continue
        if ahead is None or behind is None:
            near = UNDER_ANKLE_M
        rear.append(one)
        front.append(ahead if ahead is not None else one)
    if not rear:
        return None
    pelvis = tuple(t[:, :2] for n, t in tracks.items() if n.startswith(PELVIS))
    behind, ahead = (np.stack([track[:, :2] for track in ends], axis=1) for ends in (rear, front))
    return _Feet(behind, ahead, near, pelvis)


def _first(tracks: Mapping[str, FloatArray], names: Sequence[str], letter: str) -> FloatArray | None:
    """Return the first of some landmarks of one side that is on record."""
    for name in names:
        wanted = f"{name}_{letter}"
        found = [t for n, t in tracks.items() if n == wanted or n.startswith(f"{wanted}#")]
        if found:
            return np.asarray(found[0] if len(found) == 1 else np.mean(found, axis=0))
    return None


def _loaded(
    plate: ForcePlate, feet: _Feet, rate_hz: float, start_s: float
) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Return some samples in which a plate is loaded and a foot is seen, and the frames of the tracks beside them."""
    size = lengths(plate.force)
    loaded = np.isfinite(plate.centre_of_pressure[:, 0]) & (size > max(LOADED_N, 0.3 * float(size.max(initial=0.0))))
    rows = np.flatnonzero(loaded)
    rows = rows[:: max(len(rows) // SAMPLES, 1)]
    frames = np.round((plate.start_s + rows / plate.rate_hz - start_s) * rate_hz).astype(int)
    inside = (frames >= 0) & (frames < len(feet.rear))
    rows, frames = rows[inside], frames[inside]
    # Both feet must be seen: the one that is hidden may be the one that stands there.
    seen = np.isfinite(feet.rear[frames] + feet.front[frames]).all(axis=(1, 2))
    return rows[seen], frames[seen]


def _under_feet(
    plate: ForcePlate, rows: NDArray[np.int_], frames: NDArray[np.int_], feet: _Feet, notes: list[Note]
) -> ForcePlate | None:
    """Return one plate as it is, corrected, or None with the reason in a note."""
    push = np.array([median(component) for component in plate.force[rows].T])
    # Shear and slopes leave a foot's force within 60 degrees of the vertical.
    is_up = bool(push[2] > 0.5 * np.linalg.norm(push))
    away = _distance(plate.centre_of_pressure[rows, :2], frames, feet)
    if is_up and away < feet.near_m:
        return plate
    if is_up and _is_outlined(plate.corners) and _stands_between(plate, rows, frames, feet):
        return plate
    corrected = _corrected(plate, rows, frames, feet, away if is_up else np.inf, notes)
    if corrected is not None:
        return corrected
    if not is_up:
        if abs(push[2]) < 0.5 * np.linalg.norm(push):
            why = "its force points sideways: its corners are not stated in the axes of the markers"
        else:
            why = "its force points down on the person, and no order of its corners puts it right under the feet"
        notes.append(_left_out(plate.name, "plates.direction", why))
        return None
    if away > FAR_M and _is_under_pelvis(plate, rows, frames, feet):
        name = plate.name.capitalize()
        text = f"{name}: its force acts {away:.2f} m from the feet but under the pelvis, as on a seat."
        effect = "It counts as weight carried, not as a foot."
        notes.append(Note("found", text, "plates.seat", plate.name, effect, "Nothing, if there was a seat."))
        return plate
    if away > FAR_M + (feet.near_m - UNDER_FOOT_M):
        why = (
            f"its force acts {away:.2f} m from the nearest foot while it is loaded: it stands elsewhere than stated, "
            "is not connected, or a stick, a hand or somebody else presses on it"
        )
        notes.append(_left_out(plate.name, "plates.not_under_feet", why))
        return None
    text = f"{plate.name.capitalize()}: its force acts {away:.2f} m beside the nearest foot (median while loaded)."
    effect = "Its contacts are given to no foot, and joint moments from it would be wrong."
    notes.append(Note("defect", text, "plates.beside_foot", plate.name, effect, DESCRIBE))
    return plate


def _is_under_pelvis(plate: ForcePlate, rows: NDArray[np.int_], frames: NDArray[np.int_], feet: _Feet) -> bool:
    if not feet.pelvis:
        return False
    middle = np.mean([track[frames] for track in feet.pelvis], axis=0)
    apart = lengths(middle - plate.centre_of_pressure[rows, :2])
    return bool(median(apart) < FAR_M)


def _is_outlined(corners: FloatArray) -> bool:
    """Tell whether four corners span a surface."""
    along = corners[0] + corners[3] - corners[1] - corners[2]
    across = corners[0] + corners[1] - corners[2] - corners[3]
    return bool(np.isfinite(corners).all() and min(np.linalg.norm(along), np.linalg.norm(across)) > 0.1)


def _distance(points: FloatArray, frames: NDArray[np.int_], feet: _Feet) -> float:
    """Return the median distance of points (n, 2) from the line heel to toe of the nearer foot, m; inf if undefined."""
    rear, line = feet.rear[frames], feet.front[frames] - feet.rear[frames]
    length = np.maximum(np.vecdot(line, line), 1e-9)
    apart = points[:, None] - rear
    along = np.clip(np.vecdot(apart, line) / length, 0.0, 1.0)
    nearest = lengths(apart - along[:, :, None] * line).min(axis=1)
    return median(nearest) if np.isfinite(nearest).all() else np.inf


def _stands_between(plate: ForcePlate, rows: NDArray[np.int_], frames: NDArray[np.int_], feet: _Feet) -> bool:
    """Tell whether both feet stand on one plate and its force acts between them."""
    if feet.rear.shape[1] < 2:
        return False
    middles = (feet.rear[frames] + feet.front[frames]) / 2
    lab_from_plate, centre = plate_axes(plate.corners)
    half = np.abs((plate.corners - centre) @ lab_from_plate[:, :2]).mean(axis=0) + UNDER_FOOT_M
    inside = (np.abs((middles - centre[:2]) @ lab_from_plate[:2, :2]) < half).all(axis=(1, 2))
    if inside.mean() < 0.5:
        return False
    points = plate.centre_of_pressure[rows[inside], :2]
    left, right = middles[inside, 0], middles[inside, 1]
    line = right - left
    along = ((points - left) * line).sum(axis=1) / np.maximum((line**2).sum(axis=1), 1e-9)
    across = np.linalg.norm(points - left - np.clip(along, 0, 1)[:, None] * line, axis=1)
    return bool(median(across) < 2 * UNDER_FOOT_M)


def _corrected(
    plate: ForcePlate,
    rows: NDArray[np.int_],
    frames: NDArray[np.int_],
    feet: _Feet,
    away: float,
    notes: list[Note],
) -> ForcePlate | None:
    """Return the plate with its corners reordered or its origin turned, if that alone brings it under the feet."""
    if not _is_outlined(plate.corners):
        return None
    thin = _some(plate, rows)
    tried: list[tuple[float, str, tuple[int, ...], FloatArray]] = []
    for order in _CORNER_ORDERS:
        if plate_axes(plate.corners[list(order)])[0][2, 2] > -0.7:
            continue
        for word, signs in _origin_signs(plate):
            other = _redescribed(thin, order, signs)
            if median(other.force[:, 2]) > 0:
                place = _distance(other.centre_of_pressure[:, :2], frames, feet)
                tried.append((place, word, order, signs))
    tried.sort(key=lambda entry: (round(entry[0], 3), entry[2] != (0, 1, 2, 3), bool(entry[1])))
    if not tried or tried[0][0] > min(feet.near_m, BETTER * away):
        return None
    best, word, order, signs = tried[0]
    # A rival that puts the force elsewhere and fits as well leaves the matter open.
    rivals = [entry[0] for entry in tried[1:] if entry[0] > best + 1e-3]
    is_open = any(entry[0] <= best + 1e-3 and entry[2] != order for entry in tried[1:])
    if is_open or (rivals and best > BETTER * min(rivals)):
        return None
    if order != (0, 1, 2, 3) and np.isfinite(away):
        # Beside a foot the force of a stick or of a turned foot acts, too; its direction then shows an upright order.
        now, then = (_push_off(p, rows, frames, feet) for p in (thin, _redescribed(thin, order, signs)))
        if now > max(then, LEAST_PUSH):
            return None
    stated = f"{away:.2f} m from the nearest foot" if np.isfinite(away) else "downwards"
    what = [f"the sign of the {word}"] if word else []
    what += ["the order of its corners"] if order != (0, 1, 2, 3) else []
    text = (
        f"{plate.name.capitalize()}: as described its force acts {stated}; with {' and '.join(what)} corrected it acts "
        f"{best * 1e3:.0f} mm from the middle line of a foot, and that was taken."
    )
    effect = "Centre of pressure and direction of the force rest on that correction."
    code = "plates.origin_sign" if order == (0, 1, 2, 3) else "plates.corner_order"
    notes.append(Note("repaired", text, code, plate.name, effect, DESCRIBE))
    return _redescribed(plate, order, signs)


def _push_off(plate: ForcePlate, rows: NDArray[np.int_], frames: NDArray[np.int_], feet: _Feet) -> float:
    """Return how the force along the foot turns from braking to pushing, N/s: upward through every stance of walking.

    Parameters
    ----------
    plate : ForcePlate
        Its rows only.
    rows, frames
        Of these samples in the whole plate and in the tracks.
    """
    line = feet.front[frames] - feet.rear[frames]
    middles = feet.rear[frames] + 0.5 * line
    nearest = np.linalg.norm(plate.centre_of_pressure[:, None, :2] - middles, axis=2).argmin(axis=1)
    ahead = line[np.arange(len(rows)), nearest]
    along = (plate.force[:, :2] * ahead).sum(axis=1) / np.maximum(np.linalg.norm(ahead, axis=1), 1e-9)
    times = rows / plate.rate_hz
    contact = np.cumsum(np.diff(rows, prepend=rows[0]) > 3 * np.median(np.diff(rows)))
    count = np.bincount(contact)
    centred = times - (np.bincount(contact, times) / count)[contact]
    return float(centred @ along / max(float(centred @ centred), 1e-9))


def _origin_signs(plate: ForcePlate) -> tuple[tuple[str, FloatArray], ...]:
    """Return the signs of an origin that are worth telling apart: it must be larger than half a foot's breadth."""
    is_large = plate.origin is not None and max(abs(plate.origin[0]), abs(plate.origin[1])) > LARGE_OFFSET_M
    return _ORIGIN_SIGNS if is_large else _ORIGIN_SIGNS[:1]


def _some(plate: ForcePlate, rows: NDArray[np.int_]) -> ForcePlate:
    return replace(
        plate,
        force=plate.force[rows],
        centre_of_pressure=plate.centre_of_pressure[rows],
        free_moment=plate.free_moment[rows],
    )


def _redescribed(plate: ForcePlate, order: tuple[int, ...], signs: FloatArray) -> ForcePlate:
    """Return what the same channels mean with the corners in another order and the origin turned."""
    old, middle = plate_axes(plate.corners)
    corners = plate.corners[list(order)]
    new, _ = plate_axes(corners)
    force, free = plate.force @ old, plate.free_moment @ old[:, 2]
    point = (plate.centre_of_pressure - middle) @ old[:, :2]
    if plate.origin is not None:
        moved = np.asarray(plate.origin) * (signs - 1.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            # A new origin moves the line of action by the opposite way; it is cut with the surface again.
            point = point - moved[:2] + force[:, :2] / force[:, 2:] * moved[2]
    origin = plate.origin
    if origin is not None:
        origin = (float(origin[0] * signs[0]), float(origin[1] * signs[1]), float(origin[2] * signs[2]))
    return replace(
        plate,
        corners=corners,
        force=force @ new.T,
        centre_of_pressure=middle + point @ new[:, :2].T,
        free_moment=free[:, None] * new[:, 2],
        origin=origin,
    )


def _left_out(name: str, code: str, why: str) -> Note:
    """Return the note on a plate that is left out, as a sentence."""
    note = refusal(name, code, why)
    return replace(note, text=f"{note.text[:1].upper()}{note.text[1:]}")
