"""Foot strike and foot off, from force plates, from the file, and from two kinematic methods.

Kinematic methods, on the heel, the second metatarsal head and the sacrum of the fitted body
(definitions as tabulated by Bonci et al. 2022, doi 10.3389/fbioe.2022.868928, table 1, methods
M1 and M7; the table was read, the papers as abstracts: source keys bonci2022, zeni2008):

bonci2022
    Strike: the speed of the heel falls below 0.5 of the walking speed; off: that of the forefoot
    rises above 0.8 of it (after Ghoussayni et al. 2004 and Bruening and Ridge 2014).
zeni2008
    Strike: the heel is farthest in front of the sacrum; off: the forefoot is farthest behind
    it (Zeni et al. 2008, doi 10.1016/j.gaitpost.2007.07.007).

The order of trust for each single event is plates (a clean hit), the file, then kinematics:
strikes by bonci2022 and offs by zeni2008, each the nearer to the plates in the trials of
``tests/validation/test_schreiber.py``, with the other in reserve.  Where plates or file give
events of a kind, kinematic events of that kind are moved by their median distance from them,
so that strides between events of two sources keep their length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from kinechain.body.body import Body
from kinechain.body.pose import segment_poses
from kinechain.core.arrays import FloatArray
from kinechain.motion.angles import landmark_path, walking_heading
from kinechain.motion.cycles import LONGEST_STRIDE_S, SHORTEST_STRIDE_S
from kinechain.motion.motion import Motion
from kinechain.recording.recording import Event, ForcePlate, Recording, Side

__all__ = [
    "Agreement",
    "ChosenEvents",
    "Contact",
    "FootPaths",
    "choose_events",
    "compare_events",
    "find_bonci_events",
    "find_contacts",
    "find_events",
    "find_plate_events",
    "find_zeni_events",
    "foot_paths",
]

Kind = Literal["foot_strike", "foot_off"]

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
#: Heel below, and forefoot above, this fraction of the walking speed (Bonci et al. 2022, table 1, M7).
STRIKE_SPEED_FRACTION, OFF_SPEED_FRACTION = 0.5, 0.8
#: A turning point counts if it stands out by this fraction of the whole range.  Assumption.
PROMINENCE_FRACTION = 0.3
#: Events of two methods within this fraction of a stride are the same event.  Assumption: half of what separates
#: an event from its neighbour of the other kind would be about 0.2.
SAME_EVENT_FRACTION = 0.2
#: Slowest walking that is still walking, m/s (the slowest trial known to us is 0.26 m/s).  Assumption.
SLOWEST_WALK_M_S = 0.12
#: First window over which direction and speed are judged, s; then it is the stride that was found.  Assumption.
WINDOW_S = 1.5
#: Steady walking: at least this fraction of the median speed, and a direction that turns less than this. Assumption.
STEADY_FRACTION, STEADY_TURN = 0.5, np.radians(30.0)
#: Treading on the spot: each heel moves to and fro under the pelvis by this much, m, the two against each other
#: (correlation below this).  Assumption.
TREADING_M, TREADING_CORRELATION = 0.25, -0.5
#: File events farther than this from the movement of the feet (median) have a wrong clock or label, ms.  Assumption.
FILE_LIMIT_MS = 100.0


@dataclass(frozen=True)
class FootPaths:
    """What the methods look at: five points of each foot, the sacrum, and where the walk goes.

    Attributes
    ----------
    heel, forefoot, hallux, inner, outer : dict of side to (time, 3) array, m, world
        Heel, second metatarsal head, tip of the hallux, first and fifth metatarsal head.
    pelvis : (time, 3) array, m, world
        Midpoint of the posterior iliac spines.
    is_seen : (time,) array of bool
    rate_hz, start_s : float
    belt_m_s : float
        Speed of the treadmill, 0 over ground.  The paths above stand on the belt: this speed has been added to them.
    """

    heel: dict[Side, FloatArray]
    forefoot: dict[Side, FloatArray]
    hallux: dict[Side, FloatArray]
    inner: dict[Side, FloatArray]
    outer: dict[Side, FloatArray]
    pelvis: FloatArray
    is_seen: NDArray[np.bool_]
    rate_hz: float
    start_s: float
    belt_m_s: float = 0.0

    @property
    def times_s(self) -> FloatArray:
        """Time of each frame, (time,) array, s."""
        return self.start_s + np.arange(len(self.pelvis)) / self.rate_hz


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


@dataclass(frozen=True)
class Agreement:
    """How far the events of one source lie from those of another, ms (second minus first)."""

    kind: Kind
    first: str
    second: str
    count: int
    median_ms: float
    median_absolute_ms: float


@dataclass(frozen=True)
class ChosenEvents:
    """The events used, how well the sources agree, and what was refused, in sentences."""

    events: tuple[Event, ...]
    agreements: tuple[Agreement, ...]
    notes: tuple[str, ...]


def foot_paths(body: Body, motion: Motion) -> FootPaths:
    """Return the paths of the foot landmarks and the sacrum of a moving body.

    Raises
    ------
    BodyError
        If the body lacks a landmark.
    """
    is_seen = np.asarray(np.isfinite(motion.values).all(axis=1), dtype=bool)
    poses = segment_poses(body, _bridged(motion.values, is_seen))

    def both(name: str) -> dict[Side, FloatArray]:
        return {"left": landmark_path(body, poses, f"{name}_l"), "right": landmark_path(body, poses, f"{name}_r")}

    paths = FootPaths(
        both("heel"),
        both("metatarsal_2_head"),
        both("hallux_tip"),
        both("metatarsal_1_head"),
        both("metatarsal_5_head"),
        (landmark_path(body, poses, "psis_r") + landmark_path(body, poses, "psis_l")) / 2,
        is_seen,
        motion.rate_hz,
        motion.start_s,
    )
    return on_the_belt(paths, _belt_speed(paths))


def on_the_belt(paths: FootPaths, belt_m_s: float) -> FootPaths:
    """Return paths as they would be over ground: carried forward at the speed of a treadmill.

    Parameters
    ----------
    paths : FootPaths
        In the laboratory, x forward.
    belt_m_s : float
    """
    if belt_m_s == 0.0:
        return paths
    carried = np.zeros((len(paths.pelvis), 3))
    carried[:, 0] = belt_m_s * np.arange(len(carried)) / paths.rate_hz

    def both(path: dict[Side, FloatArray]) -> dict[Side, FloatArray]:
        return {side: path[side] + carried for side in _SIDES}

    return replace(
        paths,
        heel=both(paths.heel),
        forefoot=both(paths.forefoot),
        hallux=both(paths.hallux),
        inner=both(paths.inner),
        outer=both(paths.outer),
        pelvis=paths.pelvis + carried,
        belt_m_s=paths.belt_m_s + belt_m_s,
    )


def _belt_speed(paths: FootPaths) -> float:
    """Return how fast the standing foot goes backwards under a pelvis that stays, m/s; 0 if nobody treads.

    The forefoot of somebody on a treadmill moves backwards at the speed of the belt for more than half of the stride,
    so the median of its backward speeds is that speed.
    """
    if len(paths.pelvis) < 3 or not paths.is_seen.any():
        return 0.0
    seen = paths.pelvis[paths.is_seen, :2]
    travel = float(np.linalg.norm(seen[-1] - seen[0])) * paths.rate_hz / max(1, len(seen) - 1)
    apart = [(paths.heel[side] - paths.pelvis)[:, 0] for side in _SIDES]
    if travel > SLOWEST_WALK_M_S or min(float(np.ptp(a)) for a in apart) < TREADING_M:
        return 0.0
    if np.corrcoef(apart[0], apart[1])[0, 1] > TREADING_CORRELATION:
        return 0.0
    speed = np.concatenate([np.gradient(paths.forefoot[side][:, 0]) * paths.rate_hz for side in _SIDES])
    backwards = -speed[speed < 0]
    return float(np.median(backwards)) if len(backwards) else 0.0


def _bridged(values: FloatArray, is_seen: NDArray[np.bool_]) -> FloatArray:
    """Bridge frames without a pose by straight lines; no event is taken from them."""
    if is_seen.all() or not is_seen.any():
        return values
    time = np.arange(len(values))
    seen = np.flatnonzero(is_seen)
    return np.stack([np.interp(time, seen, column[seen]) for column in values.T], axis=1)


def find_events(recording: Recording, body: Body, motion: Motion) -> tuple[Event, ...]:
    """Return the gait events of a recording, each from the most trusted source that has it.

    Parameters
    ----------
    recording : Recording
        In the world frame.
    body : Body
    motion : Motion
        Filtered.

    Returns
    -------
    tuple of Event
        By time; empty if nobody walks.
    """
    return choose_events(recording, foot_paths(body, motion)).events


def choose_events(recording: Recording, paths: FootPaths) -> ChosenEvents:
    """Return the events of a recording, and how well plates, file and the two kinematic methods agree.

    File events are refused as a whole if they lie more than 0.1 s (median) from the
    kinematic ones, because then their clock or their labels are wrong.
    """
    zeni, bonci = find_zeni_events(paths), find_bonci_events(paths)
    if not zeni and not bonci:
        return ChosenEvents((), (), ("nobody walks steadily in this recording, so it holds no gait events",))
    kinematic = _kinematic(bonci, zeni)
    contacts = find_contacts(recording.plates, paths)
    plates = _plate_events(contacts)
    within = (paths.times_s[0], paths.times_s[-1])
    filed = tuple(e for e in recording.events if within[0] <= e.time_s <= within[1])
    notes = [
        f"the contact of plate {c.plate + 1} at {c.start_s:.2f} s gives no events: {c.reason}"
        for c in contacts
        if not c.is_clean
    ]
    if paths.belt_m_s:
        notes.append(
            f"this looks like a treadmill: speed and lengths are those over its belt, {paths.belt_m_s:.2f} m/s, the "
            "speed at which the standing foot goes backwards"
        )
    if recording.events and not _is_believable(filed, kinematic):
        notes.append("the events stored in the file do not fit the movement of the feet and were not used")
        filed = ()
    pairs = (
        ((plates, "plates"), (filed, "file")),
        ((plates, "plates"), (zeni, "zeni2008")),
        ((plates, "plates"), (bonci, "bonci2022")),
        ((filed, "file"), (zeni, "zeni2008")),
        ((filed, "file"), (bonci, "bonci2022")),
        ((zeni, "zeni2008"), (bonci, "bonci2022")),
    )
    agreements = tuple(a for one, two in pairs for a in compare_events(one[0], two[0], one[1], two[1]))
    walk = _walk(paths)
    events = merge_events(plates, filed, _aligned(kinematic, merge_events(plates, filed)))
    events = tuple(e for e in events if walk and walk.is_steady[_frame(paths, e.time_s)])
    return ChosenEvents(events, agreements, tuple(notes))


def _kinematic(bonci: Sequence[Event], zeni: Sequence[Event]) -> tuple[Event, ...]:
    """Return strikes by foot speed and offs by coordinates, each filled in from the other method."""
    strikes, offs = _only("foot_strike", bonci), _only("foot_off", zeni)
    spare_strikes = _aligned(_only("foot_strike", zeni), strikes)
    spare_offs = _aligned(_only("foot_off", bonci), offs)
    return merge_events(strikes, offs, spare_strikes, spare_offs)


def _only(kind: Kind, events: Sequence[Event]) -> tuple[Event, ...]:
    return tuple(e for e in events if e.kind == kind)


def _aligned(kinematic: Sequence[Event], trusted: Sequence[Event]) -> tuple[Event, ...]:
    """Move events by their median distance from more trusted events of the same kind."""
    shift = {a.kind: a.median_ms / 1000 for a in compare_events(trusted, kinematic, "trusted", "kinematic")}
    return tuple(replace(e, time_s=e.time_s - shift.get(e.kind, 0.0)) for e in kinematic)


def _frame(paths: FootPaths, time_s: float) -> int:
    return int(np.clip(round((time_s - paths.start_s) * paths.rate_hz), 0, len(paths.pelvis) - 1))


def _is_believable(filed: Sequence[Event], kinematic: Sequence[Event]) -> bool:
    apart = compare_events(filed, kinematic, "file", "kinematics")
    return bool(apart) and max(a.median_absolute_ms for a in apart) <= FILE_LIMIT_MS


def merge_events(*sources: Sequence[Event]) -> tuple[Event, ...]:
    """Return every event once, from the first source that has it; later sources fill in what is missing."""
    tolerance = _tolerance_s(*sources)
    out: list[Event] = []
    for source in sources:
        known = list(out)
        out += [e for e in source if not any(_is_same(e, other, tolerance) for other in known)]
    return tuple(sorted(out, key=lambda e: e.time_s))


def compare_events(
    first: Sequence[Event], second: Sequence[Event], first_name: str, second_name: str
) -> tuple[Agreement, ...]:
    """Return the agreement of two sources, for strikes and for offs, over the events both have."""
    tolerance = _tolerance_s(first, second)
    out = []
    kinds: tuple[Kind, ...] = ("foot_strike", "foot_off")
    for kind in kinds:
        apart = []
        for event in first:
            near = [1000 * (o.time_s - event.time_s) for o in second if _is_same(event, o, tolerance)]
            if near and event.kind == kind:
                apart.append(min(near, key=abs))
        if apart:
            middle, size = float(np.median(apart)), float(np.median(np.abs(apart)))
            out.append(Agreement(kind, first_name, second_name, len(apart), middle, size))
    return tuple(out)


def _is_same(event: Event, other: Event, tolerance_s: float) -> bool:
    is_alike = event.kind == other.kind and event.side == other.side
    return is_alike and abs(event.time_s - other.time_s) <= tolerance_s


def _tolerance_s(*sources: Sequence[Event]) -> float:
    """Return ``SAME_EVENT_FRACTION`` of the shortest typical stride among the sources, 0.2 s without any."""
    strides = [stride for source in sources if (stride := stride_time_s(source)) is not None]
    return SAME_EVENT_FRACTION * (min(strides) if strides else 1.0)


def stride_time_s(events: Sequence[Event]) -> float | None:
    """Return the median time between like events of one foot, None if no event repeats."""
    gaps: list[float] = []
    for side in ("left", "right"):
        for kind in ("foot_strike", "foot_off"):
            times = sorted(e.time_s for e in events if e.side == side and e.kind == kind)
            gaps += list(np.diff(times))
    return float(np.median(gaps)) if gaps else None


@dataclass(frozen=True)
class _Walk:
    """Direction and speed of the pelvis at every frame, and where the walk is steady and straight."""

    heading: FloatArray
    speed: FloatArray
    is_steady: NDArray[np.bool_]

    def along(self, path: FloatArray) -> FloatArray:
        return np.asarray(path[:, 0] * np.cos(self.heading) + path[:, 1] * np.sin(self.heading))


def _walk(paths: FootPaths) -> _Walk | None:
    """Judge the walk of the pelvis over one stride around each frame; None if nobody walks."""
    first = _walk_over(paths, WINDOW_S)
    stride = stride_time_s(_zeni(paths, first)) if first else None
    if stride is None or not SHORTEST_STRIDE_S <= stride <= LONGEST_STRIDE_S:
        return first
    return _walk_over(paths, stride)


def _walk_over(paths: FootPaths, window_s: float) -> _Walk | None:
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
    size = 2 * half + 1
    turn = maximum_filter1d(heading, size, mode="nearest") - minimum_filter1d(heading, size, mode="nearest")
    return _Walk(heading, speed, walking & ~slow & (turn < STEADY_TURN) & paths.is_seen)


def find_zeni_events(paths: FootPaths) -> tuple[Event, ...]:
    """Return the events by the coordinate method of Zeni et al. 2008; none outside steady, straight walking."""
    walk = _walk(paths)
    return _zeni(paths, walk) if walk else ()


def _zeni(paths: FootPaths, walk: _Walk) -> tuple[Event, ...]:
    events = []
    for side in _SIDES:
        strikes = _peaks(walk.along(paths.heel[side] - paths.pelvis))
        offs = _peaks(-walk.along(paths.forefoot[side] - paths.pelvis))
        events += _steady(paths, walk, "foot_strike", side, strikes, "zeni2008")
        events += _steady(paths, walk, "foot_off", side, offs, "zeni2008")
    return tuple(sorted(events, key=lambda e: e.time_s))


def find_bonci_events(paths: FootPaths) -> tuple[Event, ...]:
    """Return the events by the speed of heel and forefoot, Bonci et al. 2022; none outside steady, straight walking."""
    walk = _walk(paths)
    if walk is None:
        return ()
    events = []
    for side in _SIDES:
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


_SIDES: tuple[Side, ...] = ("left", "right")


def _steady(paths: FootPaths, walk: _Walk, kind: Kind, side: Side, frames: FloatArray, source: str) -> list[Event]:
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


def find_plate_events(plates: Sequence[ForcePlate], paths: FootPaths) -> tuple[Event, ...]:
    """Return the strikes and offs of clean plate contacts."""
    return _plate_events(find_contacts(plates, paths))


def _plate_events(contacts: Sequence[Contact]) -> tuple[Event, ...]:
    events = []
    for contact in contacts:
        if contact.is_clean and contact.side is not None:
            if contact.has_start:
                events.append(Event("foot_strike", contact.side, contact.start_s, "plates"))
            if contact.has_end:
                events.append(Event("foot_off", contact.side, contact.end_s, "plates"))
    return tuple(sorted(events, key=lambda e: e.time_s))


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
    shares = {side: _inside_foot(plate, first, last, paths, side) for side in _SIDES}
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
