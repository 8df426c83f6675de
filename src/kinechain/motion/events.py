"""Foot strike and foot off: from force plates, from the file, and from the movement of the feet.

The order of trust for each single event is plates (a clean hit), the file, then kinematics: by
bonci2022, with zeni2008 in reserve; both lie within 0.02 s of the plates (median) in every set of
recordings that had no say in their making (benchmarks/event_tables.py).  Where plates or file give events
of a kind, kinematic events of that kind are moved by their median distance from them, so that
strides between events of two sources keep their length.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from kinechain.motion.contacts import Contact, find_contacts
from kinechain.motion.foot_paths import FootPaths
from kinechain.motion.kinematic_events import (
    Kind,
    Walk,
    find_bonci_events,
    find_running_offs,
    find_walk,
    find_zeni_events,
    steady_stretches,
    stride_time_s,
    walks_elsewhere,
)
from kinechain.motion.stored_events import SHIFT_S, believe_stored_events
from kinechain.recording.clock import too_slow_for_gait
from kinechain.recording.recording import Event, ForcePlate, Note, Recording, Side

__all__ = [
    "Agreement",
    "ChosenEvents",
    "choose_events",
    "compare_events",
    "find_plate_events",
    "merge_events",
]

#: Events of two methods within this fraction of a stride are the same event.  Assumption: half of what separates
#: an event from its neighbour of the other kind would be about 0.2.
SAME_EVENT_FRACTION = 0.2
#: A less trusted source fills in an event only this far (fraction of a stride) from the like events that are known.
#: Assumption: like events of one foot lie a stride apart, a foot off and a strike at most 0.65 of one, so that a
#: forefoot slapping down in slow walking is never a second foot off of the same stride.
MISSING_EVENT_FRACTION = 0.7
#: A kinematic event about which the two methods differ by more, s or part of a stride, whichever is longer, is in doubt
#: and bounds no stride.  Assumption: 2 % of a stride more than twice the spread of a method against plates.
DOUBT_S, DOUBT_FRACTION = 0.1, 0.05
#: Fewest events of plates by which their clock may be said to be shifted.  Assumption: more than one contact has.
LEAST_SHIFTED = 3


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
    """The events used, how well the sources agree, and what was refused.

    Attributes
    ----------
    events : tuple of Event
    agreements : tuple of Agreement
    notes : tuple of Note
    stretches : tuple of (first, last) time, s
        Of steady walking, in which alone events are looked for.
    walk : Walk or None
        How the person walks; None if nobody does.
    contacts : tuple of Contact
        Of the force plates.
    """

    events: tuple[Event, ...]
    agreements: tuple[Agreement, ...]
    notes: tuple[Note, ...]
    stretches: tuple[tuple[float, float], ...] = ()
    walk: Walk | None = None
    contacts: tuple[Contact, ...] = ()


def choose_events(recording: Recording, paths: FootPaths) -> ChosenEvents:
    """Return the events of a recording, and how well plates, file and the two kinematic methods agree.

    Each stored event is believed only if it fits plates and movement (``believe_stored_events``).

    Parameters
    ----------
    recording : Recording
        Prepared.
    paths : FootPaths
        Of its feet, by markers or by a body.
    """
    walk = find_walk(paths)
    contacts = find_contacts(recording.plates, paths)
    if walk is None:
        return ChosenEvents((), (), (_why_no_walk(recording, paths),), contacts=contacts)
    zeni, bonci = find_zeni_events(paths, walk), find_bonci_events(paths, walk)
    plates = _plate_events(contacts)
    late = None if walk.is_running else _plates_late_s(plates, (bonci, zeni))
    if late is not None:
        contacts, plates = _with_reason(contacts, f"its force comes {_late(late)} than the foot"), ()
    filed, stored_notes = believe_stored_events(recording.events, (plates, bonci, zeni), paths, walk)
    pairs = (
        ((plates, "plates"), (filed, "file")),
        ((plates, "plates"), (zeni, "zeni2008")),
        ((plates, "plates"), (bonci, "bonci2022")),
        ((filed, "file"), (zeni, "zeni2008")),
        ((filed, "file"), (bonci, "bonci2022")),
        ((zeni, "zeni2008"), (bonci, "bonci2022")),
    )
    agreements = tuple(a for one, two in pairs for a in compare_events(one[0], two[0], one[1], two[1]))
    trusted = merge_events(plates, filed)
    # The reserve is brought onto the first method before both are brought onto what is known better.
    first = _running(bonci, paths, walk) if walk.is_running else bonci
    kinematic = merge_events(first, _aligned(zeni, first))
    events = merge_events(trusted, _aligned(kinematic, trusted))
    events = tuple(e for e in events if walk.is_steady[_frame(paths, e.time_s)])
    doubtful = _in_doubt(events, bonci, zeni, walk)
    notes = (
        *_treadmill_note(paths),
        *_running_note(walk),
        *(() if late is None else (_clock_note(late),)),
        *stored_notes,
        *_doubt_note(doubtful),
        *_contact_notes(contacts, recording.plates),
    )
    sure = tuple(e for e in events if e not in doubtful)
    return ChosenEvents(sure, agreements, notes, steady_stretches(paths, walk), walk, contacts)


def _plates_late_s(plates: Sequence[Event], methods: Sequence[Sequence[Event]]) -> float | None:
    """Return by how much the forces come later than the feet, s, if strikes and offs say so by every method."""
    shifts: list[float] = []
    for method in methods:
        found = compare_events(plates, method, "plates", "movement")
        if len(found) < 2 or sum(a.count for a in found) < LEAST_SHIFTED:
            return None
        shifts += [-a.median_ms / 1000 for a in found]
    is_one_way = min(shifts) > 0 or max(shifts) < 0
    late = median(shifts)
    return late if is_one_way and abs(late) >= SHIFT_S and min(map(abs, shifts)) >= SHIFT_S / 2 else None


def _with_reason(contacts: Sequence[Contact], reason: str) -> tuple[Contact, ...]:
    return tuple(replace(c, is_clean=False, reason=reason) if c.is_clean else c for c in contacts)


def _late(seconds: float) -> str:
    return f"{abs(seconds):.2f} s {'later' if seconds > 0 else 'earlier'}"


def _clock_note(late_s: float) -> Note:
    text = f"The forces of the plates come {_late(late_s)} than the movement of the feet: their clocks are apart."
    effect = "Events and loads are not taken from the plates."
    cure = "Check the start and the rates of cameras and plates, and export both on one clock."
    return Note("defect", text, "plates.clock", "all plates", effect, cure)


def _running(bonci: Sequence[Event], paths: FootPaths, walk: Walk) -> tuple[Event, ...]:
    """Return the events of running: strikes by speed, offs by the rise of the forefoot."""
    return (*(e for e in bonci if e.kind == "foot_strike"), *find_running_offs(paths, walk))


def _running_note(walk: Walk) -> tuple[Note, ...]:
    if not walk.is_running:
        return ()
    text = "This is running: the pelvis is highest while the feet are farthest apart."
    effect = "Foot off is told by the rise of the forefoot; what is typical of walking does not hold."
    return (Note("assumed", text, "events.running", "pelvis", effect, "Record walking where walking is asked about."),)


def _why_no_walk(recording: Recording, paths: FootPaths) -> Note:
    unused = f"; the {len(recording.events)} events stored in it were not used" if recording.events else ""
    if text := too_slow_for_gait(paths.rate_hz):
        effect, cure = "Nothing is told per stride.", "Export every frame, or record at 100 frames per second."
        return Note("found", f"{text}{unused}.", "events.too_slow", "frame rate", effect, cure)
    if walks_elsewhere(paths):
        text = "The person walks backwards or sideways; events are those of walking forwards"
        effect, cure = "Nothing is told per stride.", "Give a walk forwards, or check the left and right labels."
        return Note("found", f"{text}{unused}.", "events.not_forwards", "", effect, cure)
    text = "Nobody walks steadily in this recording, so it holds no gait events"
    return Note("found", f"{text}{unused}.", "events.no_walk")


def _treadmill_note(paths: FootPaths) -> tuple[Note, ...]:
    if not paths.belt_m_s:
        return ()
    text = (
        f"This looks like a treadmill: speed and lengths are those over its belt, {paths.belt_m_s:.2f} m/s, the "
        "speed at which the standing foot goes backwards."
    )
    effect = "Speed and lengths depend on that speed; a belt that changes its speed is not followed."
    return (
        Note("assumed", text, "events.treadmill", "treadmill", effect, "Compare with the speed the treadmill showed."),
    )


def _contact_notes(contacts: Sequence[Contact], plates: Sequence[ForcePlate]) -> tuple[Note, ...]:
    return tuple(
        Note(
            "found",
            f"The contact of {plates[c.plate].name} at {c.start_s:.2f} s gives no events: {c.reason}.",
            "events.contact_not_clean",
            f"{plates[c.plate].name}, {c.start_s:.2f} to {c.end_s:.2f} s",
            "These events come from the file or the movement.",
            "Record hits of one foot alone, wholly on one plate.",
        )
        for c in contacts
        if not c.is_clean
    )


def _in_doubt(events: Sequence[Event], bonci: Sequence[Event], zeni: Sequence[Event], walk: Walk) -> tuple[Event, ...]:
    """Return the kinematic events about which the two methods, less their median distance, differ too much."""
    limit = max(DOUBT_S, DOUBT_FRACTION * (walk.stride_s or 1.0))
    near = SAME_EVENT_FRACTION * (walk.stride_s or 1.0)
    methods = (_by_foot(bonci), _by_foot(_aligned(zeni, bonci)))
    out = []
    for event in events:
        if event.source not in ("bonci2022", "zeni2008") or walk.is_running:
            continue
        # How far both lie from the event, which has been moved itself.
        apart = [_later_s(event, method) for method in methods]
        if max(map(abs, apart)) <= near and abs(apart[0] - apart[1]) > limit:
            out.append(event)
    return tuple(out)


def _doubt_note(doubtful: Sequence[Event]) -> tuple[Note, ...]:
    if not doubtful:
        return ()
    places = ", ".join(f"{e.side} {e.kind.replace('_', ' ')} at {e.time_s:.2f} s" for e in doubtful[:4])
    text = (
        f"The two ways of telling events from the movement disagree about {len(doubtful)} of them ({places}"
        f"{', ...' if len(doubtful) > 4 else ''}); their strides were left out."
    )
    return (
        Note(
            "defect",
            text,
            "events.methods_disagree",
            places,
            "Strides that these events would bound are not used.",
            "Mark these events in the laboratory's program, or look for a foot marker that moved.",
        ),
    )


def _aligned(kinematic: Sequence[Event], trusted: Sequence[Event]) -> tuple[Event, ...]:
    """Move events by their median distance from more trusted events of the same kind."""
    if not trusted:
        return tuple(kinematic)
    shift = {a.kind: a.median_ms / 1000 for a in compare_events(trusted, kinematic, "trusted", "kinematic")}
    return tuple(replace(e, time_s=e.time_s - shift.get(e.kind, 0.0)) for e in kinematic)


def _frame(paths: FootPaths, time_s: float) -> int:
    return min(max(round((time_s - paths.start_s) * paths.rate_hz), 0), len(paths.pelvis) - 1)


def merge_events(*sources: Sequence[Event]) -> tuple[Event, ...]:
    """Return every event once, from the first source that has it; later sources fill in what is missing."""
    strides = [stride for source in sources if (stride := stride_time_s(source)) is not None]
    tolerance = MISSING_EVENT_FRACTION * median(strides) if strides else _tolerance_s()
    out: list[Event] = []
    for source in sources:
        known = _by_foot(out)
        out += [e for e in source if not known or not _is_near(e, known, tolerance)]
    return tuple(sorted(out, key=lambda e: e.time_s))


def compare_events(
    first: Sequence[Event], second: Sequence[Event], first_name: str, second_name: str
) -> tuple[Agreement, ...]:
    """Return the agreement of two sources, for strikes and for offs, over the events both have."""
    if not first or not second:
        return ()
    tolerance, others = _tolerance_s(first, second), _by_foot(second)
    out = []
    kinds: tuple[Kind, ...] = ("foot_strike", "foot_off")
    for kind in kinds:
        later = (_later_s(e, others) for e in first if e.kind == kind)
        apart = [1000 * seconds for seconds in later if abs(seconds) <= tolerance]
        if apart:
            middle, size = median(apart), median(map(abs, apart))
            out.append(Agreement(kind, first_name, second_name, len(apart), middle, size))
    return tuple(out)


def _by_foot(events: Sequence[Event]) -> dict[tuple[Kind, Side], list[float]]:
    """Return the times of each kind of each foot, in order."""
    out: dict[tuple[Kind, Side], list[float]] = {}
    for event in sorted(events, key=lambda e: e.time_s):
        out.setdefault((event.kind, event.side), []).append(event.time_s)
    return out


def _later_s(event: Event, others: Mapping[tuple[Kind, Side], Sequence[float]]) -> float:
    """Return how much later than an event the nearest like event is, s; infinite without one."""
    times = others.get((event.kind, event.side), ())
    after = bisect_left(times, event.time_s)
    return min((t - event.time_s for t in times[max(0, after - 1) : after + 1]), key=abs, default=np.inf)


def _is_near(event: Event, others: Mapping[tuple[Kind, Side], Sequence[float]], tolerance_s: float) -> bool:
    return abs(_later_s(event, others)) <= tolerance_s


def _tolerance_s(*sources: Sequence[Event]) -> float:
    """Return ``SAME_EVENT_FRACTION`` of the shortest typical stride among the sources, 0.2 s without any."""
    strides = [stride for source in sources if (stride := stride_time_s(source)) is not None]
    return SAME_EVENT_FRACTION * (min(strides) if strides else 1.0)


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
