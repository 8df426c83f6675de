"""Whether the events stored in a file fit the feet: each is believed, repaired or refused for itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinechain.core.arrays import FloatArray, median
from kinechain.motion.foot_paths import FootPaths
from kinechain.motion.kinematic_events import Kind, Walk
from kinechain.recording.recording import Event, Note, Side

__all__ = ["believe_stored_events"]

#: A stored event farther than this from what plates and movement say, s or part of a stride, whichever is longer, is
#: wrong.  Assumption: 19 of 20 kinematic events lie within 0.05 s of the plates, in strides of 4 s within 0.12 s.
FILE_LIMIT_S, FILE_LIMIT_FRACTION = 0.1, 0.05
#: If this share of the events fits, the others are single mistakes; below it the file as a whole is in doubt.
#: Explained is a fault by which at least the second share fits.  Assumptions.
SOUND_SHARE, EXPLAINED_SHARE = 0.5, 0.8
#: Fewest events that can show a fault of a whole file.  Assumption.
LEAST_EVENTS = 3
#: All events of both kinds earlier or later than the movement by more than this: the clock is shifted, s.  Assumption:
#: beyond every median of a kinematic method against plates in a trial known to us (0.05 s in walking).
SHIFT_S = 0.06
#: A foot rests, before a strike or after a foot off, if heel or forefoot stays below this fraction of the walking speed
#: for this time, s.  Assumption: half of the fraction by which bonci2022 tells a strike.
REST_FRACTION, REST_S = 0.25, 0.1
#: Two events of a kind of one foot, closer than this part of a stride, are one that was stored twice.  Assumption.
TWICE_FRACTION = 0.2
OTHER: dict[Side, Side] = {"left": "right", "right": "left"}
OTHER_KIND: dict[Kind, Kind] = {"foot_strike": "foot_off", "foot_off": "foot_strike"}


def believe_stored_events(
    stored: Sequence[Event], sources: Sequence[Sequence[Event]], paths: FootPaths, walk: Walk
) -> tuple[tuple[Event, ...], tuple[Note, ...]]:
    """Return the stored events that may be believed, and what was repaired or refused.

    An event is judged where somebody walks steadily, by its distance from the like events of the other sources.

    Parameters
    ----------
    stored : sequence of Event
        As the file gives them.
    sources : sequence of sequence of Event
        Plates first, then the kinematic methods.
    paths : FootPaths
    walk : Walk

    Returns
    -------
    (tuple of Event, tuple of Note)
    """
    frame = 1.0 / paths.rate_hz
    first, last = float(paths.times_s[0]) - frame, float(paths.times_s[-1]) + frame
    known = _reference(sources, walk)
    stride = walk.stride_s or 1.0
    limit = max(FILE_LIMIT_S, FILE_LIMIT_FRACTION * stride)
    events, notes = _without_twins(stored, known, TWICE_FRACTION * stride)
    if not events or not known:
        return (), ()
    apart = _apart(events, known)
    fits = np.abs(apart) <= limit
    is_judged = np.array([_is_judged(e.time_s, paths, walk, limit) for e in events])
    is_judged |= np.array([not fit and _is_at_rest(e, paths, walk) for e, fit in zip(events, fits, strict=True)])
    if is_judged.sum() >= LEAST_EVENTS and fits[is_judged].mean() < SOUND_SHARE:
        events, more = _repaired(events, known, limit, paths, walk)
    elif is_judged.any() and not fits[is_judged].any():
        events, more = (), (_refused(len(stored)),)
    elif (shift := _small_shift(events, apart, limit)) is not None:
        events, more = _moved(events, known, shift, limit)
    else:
        events, more = _without_mistakes(events, is_judged & ~fits, apart)
    inside = tuple(e for e in events if first <= e.time_s <= last)
    return inside, (*notes, *more) if inside else more


def _reference(sources: Sequence[Sequence[Event]], walk: Walk) -> list[Event]:
    """Return what is known of each event: by the plates where they show it, else by every other source."""
    out: list[Event] = list(sources[0])
    near = 0.2 * (walk.stride_s or 1.0)
    for events in sources[1:]:
        out += [
            e
            for e in events
            if not any((p.kind, p.side) == (e.kind, e.side) and abs(p.time_s - e.time_s) < near for p in sources[0])
        ]
    return out


def _apart(events: Sequence[Event], known: Sequence[Event], shift_s: float = 0.0) -> FloatArray:
    """Return how much later than each event the nearest like event is known to be, s; infinite without one."""
    out = np.full(len(events), np.inf)
    for i, event in enumerate(events):
        later = [k.time_s - event.time_s - shift_s for k in known if (k.kind, k.side) == (event.kind, event.side)]
        out[i] = min(later, key=abs, default=np.inf)
    return out


def _is_judged(time_s: float, paths: FootPaths, walk: Walk, margin_s: float) -> bool:
    """Tell whether the movement shows every event around a time: steady walking on either side of it."""
    frame, margin = (time_s - paths.start_s) * paths.rate_hz, margin_s * paths.rate_hz
    first, last = round(frame - margin), round(frame + margin)
    if last < 0 or first > len(walk.is_steady) - 1:
        return True  # not in the recording at all
    return first >= 0 and last < len(walk.is_steady) and bool(walk.is_steady[first : last + 1].all())


def _is_at_rest(event: Event, paths: FootPaths, walk: Walk) -> bool:
    """Tell whether a foot that is said to land, or to leave, stands still before the one, or after the other.

    This is seen at the very ends of a recording too, where no method shows an event.
    """
    frame, reach = (event.time_s - paths.start_s) * paths.rate_hz, REST_S * paths.rate_hz
    around = (frame - reach, frame) if event.kind == "foot_strike" else (frame, frame + reach)
    first, last = max(0, round(around[0])), min(len(paths.pelvis), round(around[1]) + 2)
    if last - first < 3 or not paths.is_seen[first:last].all():
        return False
    way = [np.hypot(*np.diff(path[event.side][first:last, :2], axis=0).T) for path in (paths.heel, paths.forefoot)]
    # Before it leaves, a heel rises while its forefoot rests; in a swing both move.
    fastest = float(np.min(way, axis=0).max()) * paths.rate_hz
    return fastest < REST_FRACTION * median(walk.speed[first:last])


def _without_twins(
    stored: Sequence[Event], known: Sequence[Event], near_s: float
) -> tuple[tuple[Event, ...], tuple[Note, ...]]:
    """Keep of like events that follow each other too closely the one that fits best."""
    kept: list[Event] = []
    apart = dict(zip(stored, np.abs(_apart(stored, known)), strict=True))
    for event in sorted(stored, key=lambda e: (apart[e], e.time_s)):
        if not any(
            (k.kind, k.side) == (event.kind, event.side) and abs(k.time_s - event.time_s) < near_s for k in kept
        ):
            kept.append(event)
    left = len(stored) - len(kept)
    notes: tuple[Note, ...] = ()
    if left:
        text = f"{left} of {len(stored)} stored events repeat another of the same foot and kind; one of each was used."
        notes = (
            Note(
                "repaired",
                text,
                "events.stored_twice",
                "stored events",
                "Strides are bounded by the one that fits the movement best.",
                "Delete the repeated events in the laboratory's program.",
            ),
        )
    return tuple(sorted(kept, key=lambda e: e.time_s)), notes


def _without_mistakes(
    events: Sequence[Event], is_wrong: NDArray[np.bool_], apart: FloatArray
) -> tuple[tuple[Event, ...], tuple[Note, ...]]:
    wrong = [(e, a) for e, w, a in zip(events, is_wrong, apart, strict=True) if w]
    kept = tuple(e for e, w in zip(events, is_wrong, strict=True) if not w)
    if not wrong:
        return kept, ()
    text = (
        f"{len(wrong)} of {len(events)} stored events do not fit the feet and were not used: "
        + ", ".join(_said(e, a) for e, a in wrong[:4])
        + (", ..." if len(wrong) > 4 else "")
        + "."
    )
    note = Note(
        "defect",
        text,
        "events.stored_wrong",
        ", ".join(_named(e) for e, _ in wrong[:4]),
        "Their place is taken by events from the plates or the movement.",
        "Correct these events in the laboratory's program, or delete them.",
    )
    return kept, (note,)


def _named(event: Event) -> str:
    return f"{event.side} {event.kind.replace('_', ' ')} at {event.time_s:.2f} s"


def _said(event: Event, apart_s: float) -> str:
    if not np.isfinite(apart_s):
        return f"{_named(event)} (that foot shows no such event)"
    return f"{_named(event)} ({abs(apart_s):.2f} s too {'early' if apart_s > 0 else 'late'})"


def _refused(count: int) -> Note:
    return Note(
        "defect",
        f"The {count} events stored in the file do not fit the movement of the feet and were not used.",
        "events.stored_refused",
        "stored events",
        "Strides rest on the plates and the movement alone.",
        "Check the clock and the sides of the events in the laboratory's program.",
    )


def _repaired(
    events: Sequence[Event], known: Sequence[Event], limit: float, paths: FootPaths, walk: Walk
) -> tuple[tuple[Event, ...], tuple[Note, ...]]:
    """Explain events that do not fit by exchanged words or by one shift of the clock; refuse them otherwise."""

    def share(changed: Sequence[Event], shift_s: float = 0.0) -> float:
        """Part of the events that would fit, closely: the next event of the other foot is as near as that."""
        judged = np.array([_is_judged(e.time_s + shift_s, paths, walk, limit) for e in changed])
        apart = _apart(changed, known, shift_s)
        return float((np.abs(apart[judged]) <= limit / 2).mean()) if judged.sum() >= LEAST_EVENTS else 0.0

    sides = tuple(replace(e, side=OTHER[e.side]) for e in events)
    kinds = tuple(replace(e, kind=OTHER_KIND[e.kind]) for e in events)
    exchanged = max(((share(changed), changed) for changed in (sides, kinds)), key=lambda pair: pair[0])
    if exchanged[0] >= EXPLAINED_SHARE:
        return exchanged[1], (_exchanged_note(len(events), "side" if exchanged[1] is sides else "kind"),)
    # Programs count events from the first frame or from the start of the clock, so these two shifts come first;
    # of others that explain as much, the shortest.
    pairs = {round(k.time_s - e.time_s, 3) for e in events for k in known if (k.kind, k.side) == (e.kind, e.side)}
    shifts = [paths.start_s, -paths.start_s, *sorted(pairs, key=abs)]
    shares = [share(events, shift) for shift in shifts]
    best = int(np.argmax(shares))
    if shares[best] < EXPLAINED_SHARE:
        return (), (_refused(len(events)),)
    return _moved(events, known, shifts[best], limit)


def _moved(
    events: Sequence[Event], known: Sequence[Event], shift: float, limit: float
) -> tuple[tuple[Event, ...], tuple[Note, ...]]:
    """Move events by a shift, improved by the median of what is left, and leave out those that still do not fit."""
    apart = _apart(events, known, shift)
    shift += median(apart[np.abs(apart) <= limit])
    moved = [replace(e, time_s=e.time_s + shift) for e in events]
    fits = np.abs(_apart(moved, known)) <= limit
    text = (
        f"The stored events lie {abs(shift):.2f} s too {'early' if shift > 0 else 'late'} for the feet; "
        f"{fits.sum()} of {len(events)} were moved by that constant."
    )
    note = Note(
        "repaired",
        text,
        "events.stored_shifted",
        "stored events",
        "The moved events are as sure as the movement by which they were moved.",
        "Check the clock of the events: the first frame and the rates of cameras and analog channels.",
    )
    return tuple(e for e, fit in zip(moved, fits, strict=True) if fit), (note,)


def _small_shift(events: Sequence[Event], apart: FloatArray, limit: float) -> float | None:
    """Return by how much strikes and offs alike come early, s, or late; None if they do not."""
    near = np.abs(apart) <= 2 * limit
    is_strike = np.array([e.kind == "foot_strike" for e in events])
    kinds = [apart[near & kind] for kind in (is_strike, ~is_strike)]
    if min(len(kind) for kind in kinds) < 2:
        return None
    medians = [median(kind) for kind in kinds]
    is_shifted = min(map(abs, medians)) >= SHIFT_S and medians[0] * medians[1] > 0
    return median(apart[near]) if is_shifted else None


def _exchanged_note(count: int, word: Literal["side", "kind"]) -> Note:
    effect, where = "Each event now belongs to what moves so.", "stored events"
    cure = (
        f"Check the {word}s of the events, and the left and right labels of the markers, in the laboratory's program."
    )
    if word == "side":
        text = f"The {count} stored events carry the other foot's side; left and right were exchanged."
        return Note("repaired", text, "events.stored_sides", where, effect, cure)
    text = f"The {count} stored events call strikes foot offs and foot offs strikes; the two were exchanged."
    return Note("repaired", text, "events.stored_kinds", where, effect, cure)
