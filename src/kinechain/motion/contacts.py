"""Contacts of force plates: whose foot, whether a clean hit, and when it came and went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinechain.core.arrays import FloatArray, lengths, runs_of
from kinechain.motion.foot_paths import SIDES, FootPaths
from kinechain.recording.recording import ForcePlate, Side

__all__ = ["Contact", "beyond_plates", "find_contacts"]

#: Contact begins above the first and ends below the second vertical force (hysteresis), N.  Assumption: above the
#: offset and noise of usual plates; Leitch et al. 2011 (doi 10.1016/j.gaitpost.2010.06.009) used 10 N for running.
CONTACT_ON_N, CONTACT_OFF_N = 20.0, 10.0
#: Shortest contact that can be a step, s.  Assumption.
SHORTEST_CONTACT_S = 0.1
#: The centre of pressure may leave the outline of heel, metatarsal heads and hallux by this much, m.  Assumption:
#: soft tissue and shoe around the landmarks.
OUTLINE_MARGIN_M = 0.04
#: A landmark may lie this far off its plate, m.  Assumption: heel and hallux stand out beyond the sole.
EDGE_MARGIN_M = 0.02
#: Beyond the first an overhang costs force in any case; up to it, only if the centre of pressure comes nearer to the
#: edge than the second, m.  Assumption: half the length of the toes; half the breadth of a heel.
CLEAR_OVERHANG_M, PRESSED_EDGE_M = 0.06, 0.03
#: The share of a contact's samples that must lie under one foot, and the one from which a second foot takes part.
#: Assumption: at strike and off the centre of pressure may leave the landmarks for a moment.
ONE_FOOT_SHARE, SECOND_FOOT_SHARE = 0.9, 0.15
#: The same foot stands on a second plate too, if this share of that plate's contact lies under it.  Assumption.
STRADDLE_SHARE = 0.3
#: A foot rests if it moves less than the second in twice the first, s and m: a swinging foot moves ten times as far.
RESTING_S, RESTING_M = 0.05, 0.02
#: A force acts between both feet if it lies this near to the line from one to the other, m.  Assumption: half a foot.
BETWEEN_FEET_M = 0.12
#: Parts of a contact at which the outline of the foot is held against the plate.
LOOKED_AT = (0.25, 0.4, 0.55)
#: A plate event is where the force, extrapolated by its slope, is zero; farther than this from the threshold it is
#: not known (some files set small forces to zero), s.  Assumption.
LONGEST_EXTRAPOLATION_S = 0.02


@dataclass(frozen=True)
class Contact:
    """One contact of one plate with whatever touched it.

    Attributes
    ----------
    plate : int
        Index of the plate.
    start_s, end_s : float
    has_start, has_end : bool
        False where the plate does not show the event: its recording begins or ends within the contact, or its small
        forces were set to zero.
    side : 'left', 'right' or None
        The foot, None if that cannot be said.
    is_whole : bool
        The plate was recorded before, during and after the contact.
    is_clean : bool
        One foot, alone, on this plate only.
    reason : str
        Why it is not clean, '' if it is.
    others : tuple of int
        Plates on which the same foot stands at the same time: a straddled hit.
    """

    plate: int
    start_s: float
    end_s: float
    has_start: bool
    has_end: bool
    is_whole: bool
    side: Side | None
    is_clean: bool
    reason: str
    others: tuple[int, ...] = ()


def find_contacts(plates: Sequence[ForcePlate], paths: FootPaths) -> tuple[Contact, ...]:
    """Return every contact of every plate, assigned to a foot where the centre of pressure stays under one.

    Parameters
    ----------
    plates : sequence of ForcePlate
    paths : FootPaths
        Of the same recording, in the same frame; from a fitted body or from the markers alone.

    Returns
    -------
    tuple of Contact
    """
    spans = [_loaded_spans(plate) for plate in plates]
    shares = [
        [_shares(plate, first, last, paths) for first, last in found]
        for plate, found in zip(plates, spans, strict=True)
    ]
    out = []
    for index, plate in enumerate(plates):
        for number, (first, last) in enumerate(spans[index]):
            side, reason = _foot_on(plate, first, last, shares[index][number], paths)
            others: tuple[int, ...] = ()
            if side is not None:
                others = _also_on(plates, spans, shares, index, (first, last), side)
                reason = _why_unclean(plates, index, (first, last), side, others, paths)
            start, end = _edge_s(plate, first, 1), _edge_s(plate, last, -1)
            times = plate.times_s
            out.append(
                Contact(
                    index,
                    float(times[first]) if start is None else start,
                    float(times[last]) if end is None else end,
                    start is not None,
                    end is not None,
                    first > 0 and last < len(times) - 1,
                    side,
                    not reason,
                    reason,
                    others,
                )
            )
    return tuple(out)


def _edge_s(plate: ForcePlate, sample: int, inward: Literal[1, -1]) -> float | None:
    """Return when the force of a contact left zero, by its slope just inside; None if that cannot be said."""
    reach = max(2, round(0.01 * plate.rate_hz))
    inner = sample + inward * reach
    if not 0 < sample < len(plate.force) - 1 or not 0 <= inner < len(plate.force):
        return None
    start = sample + inward  # the edge sample itself may lie outside the contact
    force = plate.force[:, 2]
    rise = (force[inner] - force[start]) / (reach - 1)
    samples = force[start] / rise if rise > 0 else np.inf
    if samples > LONGEST_EXTRAPOLATION_S * plate.rate_hz:
        return None
    return float(plate.times_s[start] - inward * samples / plate.rate_hz)


def _loaded_spans(plate: ForcePlate) -> list[tuple[int, int]]:
    """Return first and last sample of each contact, by hysteresis, without the ones too short for a step.

    A force between both thresholds keeps a contact for a moment only: for longer it is an offset.
    """
    force = np.nan_to_num(plate.force[:, 2])
    lull = max(round(SHORTEST_CONTACT_S * plate.rate_hz), 1)
    merged: list[list[int]] = []
    for begin, end in runs_of(force > CONTACT_ON_N):
        gap = force[merged[-1][1] : begin] if merged else force[:0]
        if merged and len(gap) <= lull and gap.min() >= CONTACT_OFF_N:
            merged[-1][1] = end
        else:
            merged.append([begin, end])
    spans = []
    for begin, end in merged:
        below = np.flatnonzero(force[end : end + lull] < CONTACT_OFF_N)
        last = min(end + int(below[0]) if len(below) else end, len(force) - 1)
        if (last - begin) / plate.rate_hz >= SHORTEST_CONTACT_S:
            spans.append((begin, last))
    return spans


def _shares(plate: ForcePlate, first: int, last: int, paths: FootPaths) -> dict[Side, float | None]:
    """Return the share of loaded samples whose centre of pressure lies under each foot; None for a foot not seen."""
    some = slice(first, last + 1, max((last + 1 - first) // 200, 1))
    force, point, times = plate.force[some, 2], plate.centre_of_pressure[some, :2], plate.times_s[some]
    keep = (force > 0.1 * force.max()) & np.isfinite(point).all(axis=1)
    keep &= (times >= paths.times_s[0]) & (times <= paths.times_s[-1])
    if np.count_nonzero(keep) < 3:
        return dict.fromkeys(SIDES)
    point, times = _on_ground(point[keep], times[keep], paths), times[keep]
    return {side: _share_under(point.T, times, paths, side) for side in SIDES}


def _share_under(point: FloatArray, times: FloatArray, paths: FootPaths, side: Side) -> float | None:
    """Return the share of the points (2, time) that lie under one foot, None if it was not seen for half of them."""
    feet = (paths.heel, paths.hallux, paths.inner, paths.outer)
    rows = np.array([np.interp(times, paths.times_s, foot[side][:, axis]) for foot in feet for axis in (0, 1)])
    seen = np.isfinite(rows).all(axis=0)
    if np.count_nonzero(seen) < max(3, 0.5 * len(times)):
        return None
    if not seen.all():
        rows, point = rows[:, seen], point[:, seen]
    heel, tip, inner, outer = rows.reshape(4, 2, -1)
    axis = (inner + outer) / 2 - heel
    axis = axis / np.maximum(np.hypot(axis[0], axis[1]), 1e-9)

    def local(p: FloatArray) -> tuple[FloatArray, FloatArray]:
        x, y = p - heel
        return x * axis[0] + y * axis[1], y * axis[0] - x * axis[1]

    (x, y), (length, _), (_, y1), (_, y2) = local(point), local(tip), local(inner), local(outer)
    margin = OUTLINE_MARGIN_M
    under = (x > -margin) & (x < length + margin)
    under &= (y > np.minimum(y1, y2) - margin) & (y < np.maximum(y1, y2) + margin)
    return float(under.mean())


def _on_ground(points: FloatArray, times_s: FloatArray, paths: FootPaths, sign: float = 1.0) -> FloatArray:
    """Carry points of the laboratory forward with the belt of a treadmill, as the paths are; backward for -1."""
    if not paths.belt_m_s:
        return points
    carried = np.zeros_like(points)
    carried[:, 0] = sign * paths.belt_m_s * (times_s - paths.start_s)
    return points + carried


def _foot_on(
    plate: ForcePlate, first: int, last: int, shares: Mapping[Side, float | None], paths: FootPaths
) -> tuple[Side | None, str]:
    """Return the foot that a contact belongs to, or None and why it belongs to neither."""
    known = {side: share for side, share in shares.items() if share is not None}
    if not known:
        if not np.isfinite(plate.centre_of_pressure[first : last + 1, 0]).any():
            return None, "the plate does not say where its force acts"
        return None, "no foot was seen while the plate was loaded, so nothing tells whose foot it was"
    side: Side = max(known, key=lambda s: known[s])
    if known[side] >= ONE_FOOT_SHARE:
        return side, ""
    if len(known) == 2 and min(known.values()) >= SECOND_FOOT_SHARE:
        return None, "both feet touch this plate during the contact, so its force belongs to neither alone"
    if len(known) == 1:
        return None, "one foot was not seen while the plate was loaded, and the force does not act under the other"
    if _both_on(plate, first, last, paths):
        return None, "both feet stand on this plate and the force acts between them"
    return None, "the centre of pressure does not stay under one foot: a foot half beside the plate, a stick or a hand"


def _both_on(plate: ForcePlate, first: int, last: int, paths: FootPaths) -> bool:
    """Tell whether, at the middle of a contact, a part of each foot is on the plate and the force between them."""
    if not np.isfinite(plate.corners).all():
        return False
    middle = (first + last) // 2
    feet = [_lab_points(paths, side, plate.times_s[[middle]])[0] for side in SIDES]
    if not all(_beyond_edge(foot, plate.corners[:, :2]).min() <= EDGE_MARGIN_M for foot in feet):
        return False
    one, two = (foot.mean(axis=0) for foot in feet)
    line = two - one
    point = plate.centre_of_pressure[middle, :2] - one
    along = np.clip(point @ line / max(float(line @ line), 1e-9), 0.0, 1.0)
    return bool(np.linalg.norm(point - along * line) < BETWEEN_FEET_M)


def _lab_points(paths: FootPaths, side: Side, times_s: FloatArray) -> FloatArray:
    """Return heel, inner, outer edge and hallux of a foot at some times in the laboratory, (time, 4, 2) array, m."""
    frames = np.abs(paths.times_s - times_s[:, None]).argmin(axis=1)
    points = np.empty((len(frames), 4, 2))
    for k, path in enumerate((paths.heel, paths.inner, paths.outer, paths.hallux)):
        points[:, k] = _on_ground(path[side][frames, :2], paths.times_s[frames], paths, -1.0)
    return points


def _also_on(
    plates: Sequence[ForcePlate],
    spans: Sequence[Sequence[tuple[int, int]]],
    shares: Sequence[Sequence[Mapping[Side, float | None]]],
    index: int,
    span: tuple[int, int],
    side: Side,
) -> tuple[int, ...]:
    """Return the other plates on which the same foot stands at the same time."""
    start, end = (plates[index].times_s[k] for k in span)
    found = []
    for other_index, other in enumerate(plates):
        if other_index == index:
            continue
        for (a, b), share in zip(spans[other_index], shares[other_index], strict=True):
            overlaps = min(end, other.times_s[b]) - max(start, other.times_s[a]) > SHORTEST_CONTACT_S
            if overlaps and (share[side] or 0.0) > STRADDLE_SHARE:
                found.append(other_index)
                break
    return tuple(found)


def _why_unclean(
    plates: Sequence[ForcePlate],
    index: int,
    span: tuple[int, int],
    side: Side,
    others: Sequence[int],
    paths: FootPaths,
) -> str:
    """Return why a contact that belongs to one foot is no clean hit, '' if it is one."""
    plate = plates[index]
    if others:
        names = " and ".join(plates[other].name for other in others)
        return f"the same foot stands on two plates: its force is shared with {names}"
    if _other_stands_too(plate, span, side, paths):
        return "the other foot stands on the same plate, so its force is not that of one foot alone"
    over = _overhang(plate, span, side, paths)
    if over > 0.0:
        return f"the foot overhangs the edge of the plate by {over * 1e3:.0f} mm, so part of its force is missing"
    return ""


def _other_stands_too(plate: ForcePlate, span: tuple[int, int], side: Side, paths: FootPaths) -> bool:
    """Tell whether the other foot rests on the same plate for most of a contact; one that swings over it does not."""
    if not np.isfinite(plate.corners).all():
        return False
    start, end = (float(plate.times_s[k]) for k in span)
    other: Side = "right" if side == "left" else "left"
    times = start + np.array(LOOKED_AT) * (end - start)
    points, later = (_lab_points(paths, other, times + shift) for shift in (-RESTING_S, RESTING_S))
    # What is hidden compares as False.
    moved = lengths(later - points).mean(axis=1) - abs(paths.belt_m_s) * 2 * RESTING_S
    on = _beyond_edge(points.reshape(-1, 2), plate.corners[:, :2]).reshape(-1, 4) <= 0.0
    return bool(np.count_nonzero((on.sum(axis=1) >= 3) & (np.abs(moved) < RESTING_M)) >= 2)


def _overhang(plate: ForcePlate, span: tuple[int, int], side: Side, paths: FootPaths) -> float:
    """Return by how much a foot stands beyond its plate, m; 0 where it does not, or where that costs no force.

    A toe may stand out a little without pressing there: then the centre of pressure stays away from the edge.
    """
    if not np.isfinite(plate.corners).all():
        return 0.0
    corners = plate.corners[:, :2]
    start, end = (float(plate.times_s[k]) for k in span)
    points = _lab_points(paths, side, start + np.array(LOOKED_AT) * (end - start)).reshape(-1, 2)
    over = float(np.max(_beyond_edge(points[np.isfinite(points).all(axis=1)], corners), initial=0.0))
    if over <= EDGE_MARGIN_M:
        return 0.0
    rows = np.arange(span[0], span[1] + 1)[:: max((span[1] - span[0]) // 100, 1)]
    force = plate.force[rows, 2]
    pressed = plate.centre_of_pressure[rows][force > 0.1 * force.max(), :2]
    pressed = pressed[np.isfinite(pressed).all(axis=1)]
    nearest = float(np.max(_beyond_edge(pressed, corners), initial=-np.inf))
    return over if over > CLEAR_OVERHANG_M or nearest > -PRESSED_EDGE_M else 0.0


def beyond_plates(plates: Sequence[ForcePlate], paths: FootPaths, side: Side, time_s: float) -> FloatArray | None:
    """Return how far heel, inner edge, outer edge and hallux lie outside all of some plates, (4,) m; None if unseen.

    Parameters
    ----------
    plates : sequence of ForcePlate
        With known corners.
    paths : FootPaths
    side : 'left' or 'right'
    time_s : float
    """
    points = _lab_points(paths, side, np.array([time_s]))[0]
    if not np.isfinite(points).all():
        return None
    return np.asarray(np.min([_beyond_edge(points, plate.corners[:, :2]) for plate in plates], axis=0))


def _beyond_edge(points: FloatArray, corners: FloatArray) -> FloatArray:
    """Return how far points (n, 2) lie outside the convex quadrilateral of the corners, (n,) m; 0 or less inside."""
    edges = corners[[1, 2, 3, 0]] - corners
    lengths = np.sqrt((edges**2).sum(axis=1))
    if not lengths.all():
        return np.zeros(len(points))
    apart = points[:, None] - corners
    cross = (edges[:, 0] * apart[:, :, 1] - edges[:, 1] * apart[:, :, 0]) / lengths
    turn = np.sign(edges[0, 0] * edges[1, 1] - edges[0, 1] * edges[1, 0])
    return np.asarray((-turn * cross).max(axis=1))
