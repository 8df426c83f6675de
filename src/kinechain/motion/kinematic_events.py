"""Foot strike and foot off from the movement of the feet, by two published methods.

Definitions as tabulated by Bonci et al. 2022 (doi 10.3389/fbioe.2022.868928, table 1, methods M1
and M7; the table was read, the papers as abstracts: source keys bonci2022, zeni2008), on the
heel, the second metatarsal head and the sacrum of the fitted body.

bonci2022
    Strike: the speed of the heel falls below 0.5 of the walking speed; off: that of the forefoot
    rises above 0.8 of it (after Ghoussayni et al. 2004 and Bruening and Ridge 2014).
zeni2008
    Strike: the heel is farthest in front of the sacrum; off: the forefoot is farthest behind
    it (Zeni et al. 2008, doi 10.1016/j.gaitpost.2007.07.007).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray
from kinechain.motion.cycles import LONGEST_STRIDE_S, SHORTEST_STRIDE_S
from kinechain.motion.foot_paths import SIDES, SLOWEST_WALK_M_S, FootPaths
from kinechain.motion.heading import walking_heading
from kinechain.recording.recording import Event, Side

__all__ = ["Kind", "Walk", "find_bonci_events", "find_walk", "find_zeni_events", "stride_time_s"]

Kind = Literal["foot_strike", "foot_off"]

#: Heel below, and forefoot above, this fraction of the walking speed (Bonci et al. 2022, table 1, M7).
STRIKE_SPEED_FRACTION, OFF_SPEED_FRACTION = 0.5, 0.8
#: A turning point counts if it stands out by this fraction of the whole range.  Assumption.
PROMINENCE_FRACTION = 0.3
#: First window over which direction and speed are judged, s; then it is the stride that was found.  Assumption.
WINDOW_S = 1.5
#: Steady walking: at least this fraction of the median speed, and a direction that turns less than this. Assumption.
STEADY_FRACTION, STEADY_TURN = 0.5, np.radians(30.0)


@dataclass(frozen=True)
class Walk:
    """How a person walks at every frame.

    Attributes
    ----------
    heading : (time,) array, rad
        Direction from x of the world, counter-clockwise from above.
    speed : (time,) array, m/s
        Of the pelvis over the ground.
    is_steady : (time,) array of bool
        Straight, neither starting nor stopping, and seen.
    """

    heading: FloatArray
    speed: FloatArray
    is_steady: NDArray[np.bool_]

    def along(self, path: FloatArray) -> FloatArray:
        """Return how far a path (time, 3) goes along the direction of walking, (time,) array, m."""
        return np.asarray(path[:, 0] * np.cos(self.heading) + path[:, 1] * np.sin(self.heading))


def find_walk(paths: FootPaths) -> Walk | None:
    """Judge the walk of the pelvis over one stride around each frame; None if nobody walks."""
    first = _walk_over(paths, WINDOW_S)
    stride = stride_time_s(_zeni(paths, first)) if first else None
    if stride is None or not SHORTEST_STRIDE_S <= stride <= LONGEST_STRIDE_S:
        return first
    return _walk_over(paths, stride)


def _walk_over(paths: FootPaths, window_s: float) -> Walk | None:
    frames = len(paths.pelvis)
    if frames < 3 or not paths.is_seen.any():
        return None
    ground = np.where(paths.is_seen[:, None], paths.pelvis[:, :2], np.nan)
    heading = walking_heading(ground, paths.rate_hz, window_s)
    window = min(frames - 1, round(window_s * paths.rate_hz))
    time = np.arange(frames)
    seen = np.flatnonzero(paths.is_seen)
    ground = np.stack([np.interp(time, seen, column[seen]) for column in ground.T], axis=1)
    step = np.linalg.norm(ground[window:] - ground[:-window], axis=1) * paths.rate_hz / window
    speed = np.interp(time, np.arange(len(step)) + window / 2, step)
    walking = speed > SLOWEST_WALK_M_S
    if not walking.any():
        return None
    slow = speed < STEADY_FRACTION * np.median(speed[walking])
    half = max(1, window // 2)
    around = sliding_window_view(np.pad(heading, half, mode="edge"), 2 * half + 1)
    turn = around.max(axis=1) - around.min(axis=1)
    return Walk(heading, speed, walking & ~slow & (turn < STEADY_TURN) & paths.is_seen)


def stride_time_s(events: Sequence[Event]) -> float | None:
    """Return the median time between like events of one foot, None if no event repeats."""
    gaps: list[float] = []
    for side in ("left", "right"):
        for kind in ("foot_strike", "foot_off"):
            times = sorted(e.time_s for e in events if e.side == side and e.kind == kind)
            gaps += list(np.diff(times))
    return float(np.median(gaps)) if gaps else None


def find_zeni_events(paths: FootPaths) -> tuple[Event, ...]:
    """Return the events by the coordinate method of Zeni et al. 2008; none outside steady, straight walking."""
    walk = find_walk(paths)
    return _zeni(paths, walk) if walk else ()


def _zeni(paths: FootPaths, walk: Walk) -> tuple[Event, ...]:
    events = []
    for side in SIDES:
        strikes = _peaks(walk.along(paths.heel[side] - paths.pelvis))
        offs = _peaks(-walk.along(paths.forefoot[side] - paths.pelvis))
        events += _steady(paths, walk, "foot_strike", side, strikes, "zeni2008")
        events += _steady(paths, walk, "foot_off", side, offs, "zeni2008")
    return tuple(sorted(events, key=lambda e: e.time_s))


def find_bonci_events(paths: FootPaths) -> tuple[Event, ...]:
    """Return the events by the speed of heel and forefoot, Bonci et al. 2022; none outside steady, straight walking."""
    walk = find_walk(paths)
    if walk is None:
        return ()
    events = []
    for side in SIDES:
        heel, forefoot = (_speed(p[side], paths.rate_hz) for p in (paths.heel, paths.forefoot))
        swings = np.rint(_peaks(forefoot)).astype(int)
        strikes, offs = [], []
        for swing in swings:
            below = np.flatnonzero(heel[swing:] < STRIKE_SPEED_FRACTION * walk.speed[swing:])
            if len(below) and below[0] > 0:
                strikes.append(_crossing(heel - STRIKE_SPEED_FRACTION * walk.speed, swing + below[0] - 1))
            below = np.flatnonzero(forefoot[:swing] < OFF_SPEED_FRACTION * walk.speed[:swing])
            # A foot that only shuffles never rises above the threshold, and so never leaves the ground.
            if len(below) and forefoot[below[-1] + 1] >= OFF_SPEED_FRACTION * walk.speed[below[-1] + 1]:
                offs.append(_crossing(forefoot - OFF_SPEED_FRACTION * walk.speed, below[-1]))
        events += _steady(paths, walk, "foot_strike", side, np.array(strikes), "bonci2022")
        events += _steady(paths, walk, "foot_off", side, np.array(offs), "bonci2022")
    return tuple(sorted(events, key=lambda e: e.time_s))


def _steady(paths: FootPaths, walk: Walk, kind: Kind, side: Side, frames: FloatArray, source: str) -> list[Event]:
    return [
        Event(kind, side, paths.start_s + float(frame) / paths.rate_hz, source)
        for frame in frames
        if walk.is_steady[round(float(frame))]
    ]


def _speed(path: FloatArray, rate_hz: float) -> FloatArray:
    return np.asarray(np.linalg.norm(np.gradient(path, axis=0), axis=1) * rate_hz)


def _crossing(signal: FloatArray, before: int) -> float:
    """Return the frame, to a fraction, at which a signal crosses zero between ``before`` and the next frame."""
    low, high = signal[before], signal[before + 1]
    return float(before + (low / (low - high) if low != high else 0.0))


def _peaks(signal: FloatArray) -> FloatArray:
    """Return the frames, to a fraction, of maxima that stand out on both sides, or on one side and meet the edge."""
    least = PROMINENCE_FRACTION * np.ptp(signal)
    out = []
    for i in np.flatnonzero((signal[1:-1] > signal[:-2]) & (signal[1:-1] >= signal[2:])) + 1:
        drops, edges = [], []
        for side in (signal[:i][::-1], signal[i + 1 :]):
            higher = np.flatnonzero(side > signal[i])
            reach = side[: higher[0]] if len(higher) else side
            drops.append(signal[i] - reach.min() if len(reach) else 0.0)
            edges.append(not len(higher))
        if max(drops) >= least and all(d >= least or at_edge for d, at_edge in zip(drops, edges, strict=True)):
            before, here, after = signal[i - 1 : i + 2]
            bend = before - 2 * here + after
            out.append(i + (0.5 * (before - after) / bend if bend < 0 else 0.0))
    return np.array(out)
