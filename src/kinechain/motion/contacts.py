"""Contacts of force plates: whose foot, whether a clean hit, and when it came and went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.motion.foot_paths import SIDES, FootPaths
from kinechain.recording.recording import ForcePlate, Side

__all__ = ["Contact", "find_contacts"]

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


def find_contacts(plates: Sequence[ForcePlate], paths: FootPaths) -> tuple[Contact, ...]:
    """Return every contact of every plate, assigned to a foot where the centre of pressure stays under one.

    Parameters
    ----------
    plates : sequence of ForcePlate
    paths : FootPaths
        Of the same recording, in the same frame.

    Returns
    -------
    tuple of Contact
    """
    spans = [_loaded_spans(plate) for plate in plates]
    out = []
    for index, plate in enumerate(plates):
        for first, last in spans[index]:
            side, reason = _foot_on(plate, first, last, paths)
            if side is not None:
                reason = _why_unclean(plates, spans, index, (first, last), side, paths)
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
    """Return first and last sample of each contact, by hysteresis, without the ones too short for a step."""
    force = np.nan_to_num(plate.force[:, 2])
    spans, start = [], None
    on, off = force > CONTACT_ON_N, force < CONTACT_OFF_N
    changes = np.flatnonzero(on | off)
    for i in changes:
        if on[i] and start is None:
            start = int(i)
        elif off[i] and start is not None:
            spans.append((start, int(i)))
            start = None
    if start is not None:
        spans.append((start, len(force) - 1))
    return [(a, b) for a, b in spans if (b - a) / plate.rate_hz >= SHORTEST_CONTACT_S]


def _inside_foot(plate: ForcePlate, first: int, last: int, paths: FootPaths, side: Side) -> float:
    """Return the fraction of loaded samples whose centre of pressure lies under a foot."""
    loaded = np.arange(first, last + 1)
    force = plate.force[loaded, 2]
    point = plate.centre_of_pressure[loaded]
    keep = (force > 0.1 * force.max()) & np.isfinite(point[:, :2]).all(axis=1)
    times = plate.times_s[loaded][keep]
    inside = (times >= paths.times_s[0]) & (times <= paths.times_s[-1])
    if inside.sum() < 3:
        return 0.0
    point, times = point[keep][inside, :2], times[inside]
    point = point + np.outer(paths.belt_m_s * (times - paths.start_s), [1.0, 0.0])

    def at(path: FloatArray) -> FloatArray:
        return np.stack([np.interp(times, paths.times_s, column) for column in path[:, :2].T], axis=1)

    heel, tip, inner, outer = (at(p[side]) for p in (paths.heel, paths.hallux, paths.inner, paths.outer))
    axis = (inner + outer) / 2 - heel
    axis = axis / np.linalg.norm(axis, axis=1, keepdims=True)
    across = np.stack([-axis[:, 1], axis[:, 0]], axis=1)

    def local(p: FloatArray) -> tuple[FloatArray, FloatArray]:
        return np.einsum("ti,ti->t", p - heel, axis), np.einsum("ti,ti->t", p - heel, across)

    (x, y), (length, _), (_, y1), (_, y2) = local(point), local(tip), local(inner), local(outer)
    margin = OUTLINE_MARGIN_M
    under = (x > -margin) & (x < length + margin)
    under &= (y > np.minimum(y1, y2) - margin) & (y < np.maximum(y1, y2) + margin)
    return float(under.mean())


def _foot_on(plate: ForcePlate, first: int, last: int, paths: FootPaths) -> tuple[Side | None, str]:
    shares = {side: _inside_foot(plate, first, last, paths, side) for side in SIDES}
    side: Side = "left" if shares["left"] >= shares["right"] else "right"
    if shares[side] < 0.9:
        return None, "the centre of pressure does not stay under one foot"
    return side, ""


def _why_unclean(
    plates: Sequence[ForcePlate],
    spans: Sequence[Sequence[tuple[int, int]]],
    index: int,
    span: tuple[int, int],
    side: Side,
    paths: FootPaths,
) -> str:
    """Return why a contact that belongs to one foot is no clean hit, '' if it is one."""
    plate = plates[index]
    start, end = plate.times_s[span[0]], plate.times_s[span[1]]
    for other_index, other in enumerate(plates):
        for a, b in spans[other_index]:
            overlaps = min(end, other.times_s[b]) - max(start, other.times_s[a]) > SHORTEST_CONTACT_S
            if other_index != index and overlaps and _inside_foot(other, a, b, paths, side) > 0.3:
                return "the same foot stands on two plates"
    if np.isfinite(plate.corners).all() and paths.belt_m_s == 0.0:
        middle = int(np.argmin(np.abs(paths.times_s - (start + 0.4 * (end - start)))))
        points = [p[side][middle, :2] for p in (paths.heel, paths.inner, paths.outer, paths.hallux)]
        if not all(_is_on_plate(point, plate.corners[:, :2]) for point in points):
            return "the foot overhangs the edge of the plate"
    return ""


def _is_on_plate(point: FloatArray, corners: FloatArray) -> bool:
    """Return whether a point lies in the convex quadrilateral of the corners, or within the margin outside it."""
    edges = np.roll(corners, -1, axis=0) - corners
    lengths = np.linalg.norm(edges, axis=1)
    if not lengths.all():
        return True
    apart = point - corners
    cross = (edges[:, 0] * apart[:, 1] - edges[:, 1] * apart[:, 0]) / lengths
    turn = np.sign(edges[0, 0] * edges[1, 1] - edges[0, 1] * edges[1, 0])
    return bool((turn * cross > -EDGE_MARGIN_M).all())
