"""Foot strike and foot off: from force plates, from the file, and from the movement of the feet.

The order of trust for each single event is plates (a clean hit), the file, then kinematics:
strikes by bonci2022 and offs by zeni2008, each the nearer to the plates in the trials of
``tests/validation/test_schreiber.py``, with the other in reserve.  Where plates or file give
events of a kind, kinematic events of that kind are moved by their median distance from them,
so that strides between events of two sources keep their length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinechain.motion.contacts import Contact, find_contacts
from kinechain.motion.foot_paths import FootPaths
from kinechain.motion.kinematic_events import Kind, find_bonci_events, find_walk, find_zeni_events, stride_time_s
from kinechain.recording.recording import Event, ForcePlate, Recording

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
#: File events farther than this from the movement of the feet (median) have a wrong clock or label, ms.  Assumption.
FILE_LIMIT_MS = 100.0


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
    walk = find_walk(paths)
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
    strides = [stride for source in sources if (stride := stride_time_s(source)) is not None]
    tolerance = MISSING_EVENT_FRACTION * float(np.median(strides)) if strides else _tolerance_s()
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
