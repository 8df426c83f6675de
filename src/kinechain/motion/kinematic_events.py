"""Foot strike and foot off from the movement of the feet, by two published methods.

Definitions as tabulated by Bonci et al. 2022 (doi 10.3389/fbioe.2022.868928, table 1, methods M1
and M7; the table was read, the papers as abstracts: source keys bonci2022, zeni2008), on the
heel, the second metatarsal head and the sacrum.

bonci2022
    Strike: the speed of the heel, or of the forefoot where that lands first, falls below 0.5 of the
    walking speed; off: that of the forefoot rises above 0.8 of it (after Ghoussayni et al. 2004 and
    Bruening and Ridge 2014).  That the part of the foot which lands first tells the strike follows
    Gomez-Perez et al. 2021 (children with cerebral palsy, doi 10.1016/j.clinbiomech.2021.105492, abstract).
zeni2008
    Strike: the heel is farthest in front of the sacrum; off: the forefoot is farthest behind
    it (Zeni et al. 2008, doi 10.1016/j.gaitpost.2007.07.007).

No event is given where somebody starts, stops, turns, stands, rises from a chair or jumps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median as middle
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, lengths, median, runs_of
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.motion.cycles import LONGEST_STRIDE_S, SHORTEST_STRIDE_S
from kinechain.motion.foot_paths import SIDES, SLOWEST_WALK_M_S, FootPaths
from kinechain.motion.heading import walking_heading
from kinechain.recording.clock import too_slow_for_gait
from kinechain.recording.recording import Event, Side

__all__ = [
    "Kind",
    "Walk",
    "find_bonci_events",
    "find_running_offs",
    "find_walk",
    "find_zeni_events",
    "steady_stretches",
    "stride_time_s",
    "walks_elsewhere",
]

Kind = Literal["foot_strike", "foot_off"]

#: Heel below, and forefoot above, this fraction of the walking speed (Bonci et al. 2022, table 1, M7).
STRIKE_SPEED_FRACTION, OFF_SPEED_FRACTION = 0.5, 0.8
#: How long before the plates' events each method finds its own, s: medians on schreiber_moissenet (18 to 27 events of
#: the paths of markers), added to what is found.  On the recordings of the other laboratories, which had no say in it,
#: the medians that are left lie below 0.01 s (benchmarks/event_tables.py).
EARLY_S: dict[tuple[str, Kind], float] = {
    ("zeni2008", "foot_strike"): 0.036,
    ("zeni2008", "foot_off"): 0.007,
    ("bonci2022", "foot_strike"): 0.011,
    ("bonci2022", "foot_off"): 0.020,
}
#: A turning point counts if it stands out by this fraction of the whole range.  Assumption.
PROMINENCE_FRACTION = 0.3
#: First window over which direction and speed are judged, s; then it is the stride that was found.  Assumption.
WINDOW_S = 1.5
#: Steady walking: at least this fraction of the median speed, and a direction that turns less than this. Assumption.
STEADY_FRACTION, STEADY_TURN = 0.5, np.radians(30.0)
#: Next to standing, this fraction of a stride is no steady walking: the first step and the last.  Assumption, after
#: an abstract on children who begin to walk (Breniere, Bril and Fontaine 1989): adults have their speed at the end of
#: the first step, beginners after two to four.
START_FRACTION = 0.5
#: The feet point where the walk goes, within this.  Assumption: far beyond any toeing in or out of both feet; going
#: sideways or backwards, heel and forefoot do not land and leave in the order that the methods look for.
FARTHEST_OFF = np.radians(60.0)
#: Within half a stride on either side the distance between the feet changes by this part of what is usual.  Assumption:
#: at the ends of a recording, where only one side is seen, it changes by half.
TREAD_FRACTION = 0.3
#: Next to a gap as long as this, s, for this time no event is found: a foot that comes out of a bridge has no speed of
#: its own.  Assumption: a shorter gap hides no swing; the time is the reach of the filters.
LONG_GAP_S, GAP_MARGIN_S = 0.1, 0.05
#: In running the pelvis is highest while the feet are farthest apart, in walking lowest (correlation above this, of
#: height and distance); nobody runs below this speed squared over gravity and height of the pelvis.  Assumptions: the
#: correlation is 0.87 in two trials of running, below -0.3 in every walk known to us.
RUNNING_CORRELATION, RUNNING_FROUDE = 0.3, 0.25
#: Least time from a strike to the next one of the same foot, and to its foot off, parts of a stride.  Assumption: in
#: the fastest running known to us a foot stands for 0.3 of a stride.
SHORTEST_REPEAT, SHORTEST_STANCE = 0.4, 0.15
#: The foot leaves the ground this part of a stride, at most, before its forefoot has speed.  Assumption.
RUNNING_OFF_FRACTION = 0.15
#: Walking carries one foot past the other: at least one foot moves this fraction of the way of the pelvis, and in half
#: a stride or more the two move against each other (correlation below this).  Assumption.
FOOT_TRAVEL_FRACTION, ALTERNATION = 0.5, 0.0


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
    stride_s : float or None
        Median time of a stride; None if no event repeats.
    is_running : bool
        There is a time at which no foot is on the ground.
    """

    heading: FloatArray
    speed: FloatArray
    is_steady: NDArray[np.bool_]
    stride_s: float | None = None
    is_running: bool = False

    def along(self, path: FloatArray) -> FloatArray:
        """Return how far a path (time, 3) goes along the direction of walking, (time,) array, m."""
        ahead = path[:, 0] * self._direction[0]
        ahead += path[:, 1] * self._direction[1]
        return np.asarray(ahead)

    @cached_property
    def _direction(self) -> tuple[FloatArray, FloatArray]:
        return np.cos(self.heading), np.sin(self.heading)


def find_walk(paths: FootPaths) -> Walk | None:
    """Judge the walk of the pelvis over one stride around each frame; None if nobody walks, or too few frames show it.

    Parameters
    ----------
    paths : FootPaths
    """
    if too_slow_for_gait(paths.rate_hz):
        return None
    first = _walk_over(paths, WINDOW_S)
    if first is None:
        return None
    stride = stride_time_s(_zeni(paths, first))
    if stride is not None and not SHORTEST_STRIDE_S <= stride <= LONGEST_STRIDE_S:
        stride = None
    walk = _walk_over(paths, stride or WINDOW_S)
    if walk is None:
        return None
    # Turns are judged now: within a stride a slow walker sways from side to side by more than a turn.
    half = max(1, round((stride or WINDOW_S) * paths.rate_hz / 2))
    straight = _sliding(walk.heading, half, np.maximum) - _sliding(walk.heading, half, np.minimum) < STEADY_TURN
    reach = max(1, round(START_FRACTION * (stride or WINDOW_S) * paths.rate_hz))
    under_way = _sliding((walk.is_steady & _treads(paths, walk, half)).astype(float), reach, np.minimum) > 0
    judged = replace(walk, is_steady=straight & under_way, stride_s=stride)
    alternating = np.zeros(len(straight), dtype=bool)
    for begin, end in runs_of(judged.is_steady):
        shown = begin + np.flatnonzero(paths.is_seen[begin:end])
        alternating[begin:end] = len(shown) > 1 and _feet_alternate(paths, judged, shown, len(shown) >= half)
    is_steady = judged.is_steady & alternating & _well_seen(paths)
    if not is_steady.any():
        return None
    return replace(judged, is_steady=is_steady, is_running=_is_running(paths, replace(judged, is_steady=is_steady)))


def _walk_over(paths: FootPaths, window_s: float) -> Walk | None:
    """Judge speed and direction over a window; steady is what is neither much slower than the rest nor unseen."""
    seen = np.flatnonzero(paths.is_seen)
    if len(seen) < 3:
        return None
    time = np.arange(seen[0], seen[-1] + 1)
    ground = paths.pelvis[time, :2]
    if len(time) > len(seen):
        ground = np.stack([np.interp(time, seen, column[seen]) for column in paths.pelvis.T[:2]], axis=1)
    window = min(len(time) - 1, round(window_s * paths.rate_hz))
    step = lengths(ground[window:] - ground[:-window]) * paths.rate_hz / window
    speed = np.interp(time - seen[0], np.arange(len(step)) + window / 2, step)
    walking = speed > SLOWEST_WALK_M_S
    if not walking.any():
        return None
    walking &= speed >= STEADY_FRACTION * median(speed[walking])
    around = (int(seen[0]), len(paths.pelvis) - 1 - int(seen[-1]))
    heading = walking_heading(ground, paths.rate_hz, window_s)
    return Walk(_padded(heading, *around), _padded(speed, *around), _padded(walking, *around))


def _padded(signal: NDArray[Any], before: int, after: int) -> NDArray[Any]:
    """Return a signal that stays at its first and last value for so many frames more (as ``numpy.pad``, but quick)."""
    if not before and not after:
        return signal
    return np.concatenate([np.full(before, signal[0]), signal, np.full(after, signal[-1])])


def _treads(paths: FootPaths, walk: Walk, half: int) -> NDArray[np.bool_]:
    """Tell where, within half a stride, the feet change places; on a belt that stands still a pelvis has speed too."""
    ahead = walk.along(paths.heel["left"] - paths.heel["right"])
    if not np.isfinite(ahead).all():
        return np.ones(len(ahead), dtype=bool)
    change = _sliding(ahead, half, np.maximum) - _sliding(ahead, half, np.minimum)
    return np.asarray(change >= TREAD_FRACTION * median(change[walk.is_steady]))


def _feet_alternate(paths: FootPaths, walk: Walk, run: NDArray[np.intp], is_long: bool) -> bool:
    """Tell walking from rising, sitting down, jumping and going backwards: feet move ahead, and not both at once."""
    pelvis = walk.along(paths.pelvis)[run]
    feet = [walk.along(paths.heel[side])[run] for side in SIDES if np.isfinite(paths.heel[side][run]).all()]
    if max(float(np.ptp(foot)) for foot in feet) < FOOT_TRAVEL_FRACTION * float(np.ptp(pelvis)):
        return False
    if not _goes_ahead(paths, walk, run):
        return False
    if not is_long or len(feet) < 2:
        return True
    left, right = (foot - pelvis - (foot - pelvis).mean() for foot in feet)
    return bool((left * right).sum() < ALTERNATION * np.sqrt((left**2).sum() * (right**2).sum()))


def _goes_ahead(paths: FootPaths, walk: Walk, frames: NDArray[np.intp]) -> bool:
    """Tell whether the feet point where the walk goes."""
    soles = np.nansum([(paths.forefoot[side] - paths.heel[side])[frames].sum(axis=0) for side in SIDES], axis=0)
    heading = median(walk.heading[frames])
    along = float(soles[0] * np.cos(heading) + soles[1] * np.sin(heading))
    return bool(along >= np.cos(FARTHEST_OFF) * float(np.hypot(soles[0], soles[1])))


def walks_elsewhere(paths: FootPaths) -> bool:
    """Tell whether somebody walks, but backwards or sideways.

    Parameters
    ----------
    paths : FootPaths
    """
    walk = _walk_over(paths, WINDOW_S)
    frames = np.flatnonzero(walk.is_steady & paths.is_seen) if walk else np.array([], dtype=np.intp)
    return walk is not None and len(frames) > 1 and not _goes_ahead(paths, walk, frames)


def _well_seen(paths: FootPaths) -> NDArray[np.bool_]:
    """Return the seen frames, without those next to a long gap, where a path comes out of the line that bridges it."""
    well = paths.is_seen.copy()
    margin = max(1, round(GAP_MARGIN_S * paths.rate_hz))
    for begin, end in runs_of(~paths.is_seen):
        if end - begin >= LONG_GAP_S * paths.rate_hz:
            well[max(0, begin - margin) : end + margin] = False
    return well


def _is_running(paths: FootPaths, walk: Walk) -> bool:
    """Tell running by the pelvis, which rises where walking lowers it."""
    height, speed = paths.pelvis[walk.is_steady, 2], walk.speed[walk.is_steady]
    froude = median(speed) ** 2 / (GRAVITY_M_S2 * max(median(height), 0.1))
    if froude < RUNNING_FROUDE or len(height) < 4:
        return False
    time = np.arange(len(height))
    rise = height - np.polyval(np.polyfit(time, height, 1), time)
    apart = np.abs(walk.along(paths.heel["left"] - paths.heel["right"]))[walk.is_steady]
    apart = apart - apart.mean()
    return bool((rise * apart).sum() > RUNNING_CORRELATION * np.sqrt((rise**2).sum() * (apart**2).sum()))


def _sliding(signal: FloatArray, half: int, better: np.ufunc) -> FloatArray:
    """Return the extreme of a signal within ``half`` frames on either side, by windows that double."""
    # A window beyond the recording, at an absurd rate, holds no more than the whole of it.
    half = min(half, len(signal))
    out, reach = _padded(signal, half, half), 1
    while reach < 2 * half + 1:
        further = min(reach, 2 * half + 1 - reach)
        out = better(out[:-further], out[further:])
        reach += further
    return np.asarray(out)


def steady_stretches(paths: FootPaths, walk: Walk) -> tuple[tuple[float, float], ...]:
    """Return the (first, last) time, s, of every stretch of steady walking; hidden frames do not end one.

    Parameters
    ----------
    paths : FootPaths
    walk : Walk
    """
    frame = 1.0 / paths.rate_hz
    runs = runs_of(walk.is_steady | ~paths.is_seen)
    return tuple((paths.start_s + (a - 1) * frame, paths.start_s + b * frame) for a, b in runs)


def stride_time_s(events: Sequence[Event]) -> float | None:
    """Return the median time between like events of one foot, None if no event repeats."""
    last: dict[tuple[str, str], float] = {}
    gaps: list[float] = []
    for event in sorted(events, key=lambda e: e.time_s):
        foot = (event.kind, event.side)
        if foot in last:
            gaps.append(event.time_s - last[foot])
        last[foot] = event.time_s
    return middle(gaps) if gaps else None


def find_zeni_events(paths: FootPaths, walk: Walk | None = None) -> tuple[Event, ...]:
    """Return the events by the coordinate method of Zeni et al. 2008; none outside steady, straight walking.

    Parameters
    ----------
    paths : FootPaths
    walk : Walk, optional
        As found by ``find_walk``.
    """
    walk = walk or find_walk(paths)
    return _zeni(paths, walk) if walk else ()


def _zeni(paths: FootPaths, walk: Walk) -> tuple[Event, ...]:
    events = []
    pelvis = walk.along(paths.pelvis)
    for side in SIDES:
        ahead, behind = (walk.along(p[side]) - pelvis for p in (paths.heel, paths.forefoot))
        strikes, offs = (_peaks(signal, _range(signal, walk)).tolist() for signal in (ahead, -behind))
        events += _steady(paths, walk, "foot_strike", side, strikes, "zeni2008")
        events += _steady(paths, walk, "foot_off", side, offs, "zeni2008")
    return tuple(sorted(events, key=lambda e: e.time_s))


def find_bonci_events(paths: FootPaths, walk: Walk | None = None) -> tuple[Event, ...]:
    """Return the events by the speed of heel and forefoot, Bonci et al. 2022; none outside steady, straight walking.

    Parameters
    ----------
    paths : FootPaths
    walk : Walk, optional
        As found by ``find_walk``.
    """
    walk = walk or find_walk(paths)
    if walk is None:
        return ()
    events = []
    for side in SIDES:
        heel, forefoot = (_speed(p[side], paths.rate_hz) for p in (paths.heel, paths.forefoot))
        landing = np.minimum(heel, forefoot) - STRIKE_SPEED_FRACTION * walk.speed
        leaving = forefoot - OFF_SPEED_FRACTION * walk.speed
        standing, slow = np.flatnonzero(landing < 0), np.flatnonzero(leaving < 0)
        swings = [round(peak) for peak in _peaks(forefoot, _range(forefoot, walk)).tolist()]
        # A recording that begins or ends within a swing does not show its fastest moment.
        begins, ends = [0] * bool(landing[0] > 0), [len(leaving) - 1] * bool(min(leaving[-1], landing[-1]) > 0)
        strikes, offs = [], []
        for swing in begins + swings:
            after = int(np.searchsorted(standing, swing))
            if after < len(standing) and standing[after] > swing:
                strikes.append(_crossing(landing, int(standing[after]) - 1))
        for swing in swings + ends:
            before = int(np.searchsorted(slow, swing)) - 1
            # A foot that only shuffles never rises above the threshold, and so never leaves the ground.
            if before >= 0 and slow[before] + 1 < len(leaving) and leaving[slow[before] + 1] >= 0:
                offs.append(_crossing(leaving, int(slow[before])))
        strikes, offs = _possible(strikes, offs, walk, paths.rate_hz)
        events += _steady(paths, walk, "foot_strike", side, strikes, "bonci2022")
        events += _steady(paths, walk, "foot_off", side, offs, "bonci2022")
    return tuple(sorted(events, key=lambda e: e.time_s))


def _possible(
    strikes: Sequence[float], offs: Sequence[float], walk: Walk, rate_hz: float
) -> tuple[list[float], list[float]]:
    """Leave out what no foot can do: strike again at once, or leave the ground as soon as it has struck."""
    frames = (walk.stride_s or 1.0) * rate_hz
    ordered = sorted(set(strikes))
    lasting = [s for i, s in enumerate(ordered) if not i or s - ordered[i - 1] > SHORTEST_REPEAT * frames]
    left = [off for off in sorted(set(offs)) if not any(0 <= off - s < SHORTEST_STANCE * frames for s in ordered)]
    return lasting, left


def find_running_offs(paths: FootPaths, walk: Walk) -> tuple[Event, ...]:
    """Return when the feet leave the ground in running: where the forefoot gains most speed upwards.

    Leitch et al. 2011 (doi 10.1016/j.gaitpost.2010.06.009, abstract) found toe-off in running best by the vertical
    acceleration of the hallux; looked for before the foot off by speed, which comes late in running.

    Parameters
    ----------
    paths : FootPaths
    walk : Walk
    """
    reach = round(RUNNING_OFF_FRACTION * (walk.stride_s or WINDOW_S / 2) * paths.rate_hz)
    out = []
    for event in find_bonci_events(paths, walk):
        if event.kind == "foot_off":
            height = paths.forefoot[event.side][:, 2]
            last = round((event.time_s - paths.start_s) * paths.rate_hz)
            gain = np.gradient(np.gradient(height))[max(0, last - reach) : last + 1]
            frame = max(0, last - reach) + int(np.argmax(gain))
            out.append(replace(event, time_s=paths.start_s + frame / paths.rate_hz, source="leitch2011"))
    return tuple(out)


def _range(signal: FloatArray, walk: Walk) -> float:
    """Return the range of a signal while somebody walks steadily, 0 if there is none."""
    some = signal[walk.is_steady]
    return float(np.ptp(some)) if len(some) else 0.0


def _steady(paths: FootPaths, walk: Walk, kind: Kind, side: Side, frames: Iterable[float], source: str) -> list[Event]:
    last = len(walk.is_steady) - 1
    return [
        Event(kind, side, paths.start_s + frame / paths.rate_hz, source)
        for frame in (f + EARLY_S[source, kind] * paths.rate_hz for f in sorted(set(frames)))
        if frame <= last and walk.is_steady[round(frame)]
    ]


def _speed(path: FloatArray, rate_hz: float) -> FloatArray:
    speed = np.empty(len(path))
    speed[1:-1] = lengths(path[2:] - path[:-2]) / 2.0
    speed[0], speed[-1] = lengths(path[[1, -1]] - path[[0, -2]])
    return speed * rate_hz


def _crossing(signal: FloatArray, before: int) -> float:
    """Return the frame, to a fraction, at which a signal crosses zero between ``before`` and the next frame."""
    low, high = signal[before], signal[before + 1]
    return float(before + (low / (low - high) if low != high else 0.0))


def _peaks(signal: FloatArray, whole: float) -> FloatArray:
    """Return the frames, to a fraction, of maxima that stand out on both sides, or on one side and meet the edge.

    Parameters
    ----------
    signal : (time,) array
    whole : float
        Range of the signal, of which a maximum must stand out by ``PROMINENCE_FRACTION``.
    """
    least = PROMINENCE_FRACTION * whole
    tops = np.flatnonzero((signal[1:-1] > signal[:-2]) & (signal[1:-1] >= signal[2:])) + 1
    if not least > 0 or not len(tops):
        return np.array([])
    valleys = np.minimum.reduceat(signal, np.concatenate([[0], tops]))
    valleys[-1] = min(valleys[-1], signal[-1])
    heights = signal[tops]
    before, open_before = _drops(heights, valleys[:-1])
    after, open_after = _drops(heights[::-1], valleys[:0:-1])
    after, open_after = after[::-1], open_after[::-1]
    stands = (np.maximum(before, after) >= least) & ((before >= least) | open_before) & ((after >= least) | open_after)
    tops = tops[stands]
    left, here, right = signal[tops - 1], signal[tops], signal[tops + 1]
    # The bend of a maximum is negative.
    return np.asarray(tops + 0.5 * (left - right) / (left - 2 * here + right))


def _drops(heights: FloatArray, valleys: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return how deep it goes before each maximum until a higher one, and whether there is no higher one."""
    drops, is_open = np.zeros(len(heights)), np.zeros(len(heights), dtype=bool)
    higher: list[tuple[float, float]] = []
    for i, (height, low) in enumerate(zip(heights.tolist(), valleys.tolist(), strict=True)):
        while higher and higher[-1][0] <= height:
            low = min(low, higher.pop()[1])
        drops[i], is_open[i] = height - low, not higher
        higher.append((height, low))
    return drops, is_open
