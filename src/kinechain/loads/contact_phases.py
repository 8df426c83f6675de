"""When each foot is on the ground, by the movement alone, and how the weight passes from one to the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, median, runs_of
from kinechain.motion.foot_paths import SIDES
from kinechain.recording.recording import Event, Side

__all__ = ["Stance", "find_stances", "on_ground", "trailing_share"]

#: Stretches shorter than this are no stance and no swing, s.  Assumption.
SHORTEST_S = 0.08
#: A double support whose strike or foot off the recording does not show lasts this long, s, if it shows no other.
#: Assumption: typical of walking at a usual speed.
USUAL_DOUBLE_S = 0.14
#: Share of the vertical force that the trailing foot still carries at 0, 10 ... 100 % of double support: median of the
#: double supports of 2014001 and 2014004 (schreiber_moissenet), events by movement
#: (`python benchmarks/ground_table.py --calibrate`); all and nothing at its ends.
TRAILING_SHARE = (1.0, 0.86, 0.78, 0.69, 0.61, 0.53, 0.40, 0.29, 0.18, 0.07, 0.0)


@dataclass(frozen=True)
class Stance:
    """One foot on the ground.

    Attributes
    ----------
    side : 'left' or 'right'
    start_s, end_s : float
    has_start, has_end : bool
        False where a strike or foot off was not seen as an event: the recording begins or ends, or the foot is told by
        its height and speed alone.
    """

    side: Side
    start_s: float
    end_s: float
    has_start: bool
    has_end: bool


def find_stances(
    events: Iterable[Event], is_down: Mapping[Side, NDArray[np.bool_]], times_s: FloatArray
) -> tuple[Stance, ...]:
    """Return every stance: between events where there are events, by height and speed of the sole elsewhere.

    Parameters
    ----------
    events : iterable of Event
        Of both feet.
    is_down : mapping of side to (time,) array of bool
        Whether a point of the sole is low and slow.
    times_s : (time,) array, s
    """
    out: list[Stance] = []
    ordered = sorted(events, key=lambda e: e.time_s)
    for side in SIDES:
        out += _of_side(side, [e for e in ordered if e.side == side], is_down[side], times_s)
    return tuple(sorted(out, key=lambda s: s.start_s))


def _of_side(side: Side, events: Sequence[Event], is_down: NDArray[np.bool_], times_s: FloatArray) -> list[Stance]:
    frame = float(times_s[1] - times_s[0]) if len(times_s) > 1 else 1.0
    down = is_down.copy()
    for before, after in pairwise(events):
        if before.kind != after.kind:
            inside = (times_s >= before.time_s) & (times_s < after.time_s)
            down[inside] = before.kind == "foot_strike"
    if events:
        down = _around(events, down, times_s)
    out = []
    for begin, end in runs_of(_without_short(down, round(SHORTEST_S / frame))):
        start, stop = float(times_s[begin]), float(times_s[end - 1]) + frame
        strike = _nearest(events, "foot_strike", start, frame)
        off = _nearest(events, "foot_off", stop, frame)
        out.append(
            Stance(
                side,
                start if strike is None else strike,
                stop if off is None else off,
                strike is not None,
                off is not None,
            )
        )
    return out


def _around(events: Sequence[Event], down: NDArray[np.bool_], times_s: FloatArray) -> NDArray[np.bool_]:
    """Return the contact, the state before the first and after the last event kept until the sole shows another."""
    out = down.copy()
    first, last = events[0], events[-1]
    was_down, is_now = first.kind == "foot_off", last.kind == "foot_strike"
    before, after = np.flatnonzero(times_s < first.time_s), np.flatnonzero(times_s >= last.time_s)
    differs = before[down[before] != was_down]
    settled = differs[differs < before[-1] - 5] if len(before) else differs
    out[(settled[-1] + 1 if len(settled) else 0) : len(before)] = was_down
    later = after[down[after] != is_now]
    later = later[later > after[0] + 5] if len(after) else later
    out[len(times_s) - len(after) : (later[0] if len(later) else len(times_s))] = is_now
    return out


def _nearest(events: Sequence[Event], kind: str, time_s: float, frame_s: float) -> float | None:
    near = [e.time_s for e in events if e.kind == kind and abs(e.time_s - time_s) <= 1.5 * frame_s]
    return min(near, key=lambda t: abs(t - time_s)) if near else None


def _without_short(mask: NDArray[np.bool_], least: int) -> NDArray[np.bool_]:
    out = mask.copy()
    for value in (False, True):
        for begin, end in runs_of(out == value):
            if end - begin < least and begin > 0 and end < len(out):
                out[begin:end] = not value
    return out


def on_ground(stances: Iterable[Stance], side: Side, times_s: FloatArray) -> NDArray[np.bool_]:
    """Return in which frames a foot is on the ground, (time,) array."""
    out = np.zeros(len(times_s), dtype=bool)
    for stance in stances:
        if stance.side == side:
            out |= (times_s >= stance.start_s) & (times_s < stance.end_s)
    return out


def trailing_share(stances: Sequence[Stance], times_s: FloatArray) -> FloatArray:
    """Return the share of the weight on the right foot by how walking passes it on, (time,) array.

    1 or 0 while one foot is on the ground alone; NaN where none is, and where both are and neither
    comes or goes (standing).
    """
    right, left = (on_ground(stances, side, times_s) for side in ("right", "left"))
    out = np.full(len(times_s), np.nan)
    out[right & ~left], out[left & ~right] = 1.0, 0.0
    usual = _usual_double_s(stances)
    for lead in stances:
        for trail in stances:
            if trail.side == lead.side or not trail.start_s < lead.start_s < trail.end_s < lead.end_s:
                continue
            if not (lead.has_start or trail.has_end):
                continue
            start = lead.start_s if lead.has_start else trail.end_s - usual
            end = trail.end_s if trail.has_end else lead.start_s + usual
            inside = (times_s >= lead.start_s) & (times_s < trail.end_s)
            part = np.clip((times_s[inside] - start) / max(end - start, 1e-6), 0.0, 1.0)
            share = np.interp(part, np.linspace(0.0, 1.0, len(TRAILING_SHARE)), TRAILING_SHARE)
            out[inside] = share if trail.side == "right" else 1.0 - share
    return out


def _usual_double_s(stances: Sequence[Stance]) -> float:
    known = [
        trail.end_s - lead.start_s
        for lead in stances
        for trail in stances
        if trail.side != lead.side
        and lead.has_start
        and trail.has_end
        and trail.start_s < lead.start_s < trail.end_s < lead.end_s
    ]
    return median(known) if known else USUAL_DOUBLE_S
