"""Gait events stored in a file, whatever words the laboratory uses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.text import printable
from kinechain.recording.recording import Event, Note, Side

__all__ = ["StoredEvents", "find_file_events", "meaning_of"]

_RIGHT = frozenset("r right rt re rechts rechter droit droite dx destro destra derecho derecha dcho".split())
_LEFT = frozenset("l left lt li links linker gauche sx sin sinistro sinistra izquierdo izquierda izq".split())

#: Letters only, without side and accents.  Software manuals (Vicon, Qualisys, Visual3D, Cortex, BTS) and plain words.
_STRIKE = frozenset(
    (
        "footstrike heelstrike footcontact heelcontact footdown heeldown footon heelon strike contact touchdown "
        "landing initialcontact initialfootcontact heelinitialcontact hs fs ic fc on td hc ifc fd "
        "gaiton stancestart startstance footflatstart footplant plant "
        "fersenkontakt fersenaufsatz initialkontakt erstkontakt bodenkontakt fussaufsatz "
        "contactinitial contacttalon attaquetalon attaquedutalon posepied posedupied "
        "contattoiniziale contattotallone appoggiotallone contactoinicial contactotalon apoyotalon apoyoinicial"
    ).split()
)
_OFF = frozenset(
    (
        "footoff toeoff footlift toelift liftoff takeoff footup toeup to fo off lo endcontact endofcontact "
        "finalcontact lastcontact terminalcontact gaitoff stanceend endstance endofstance swingstart startswing "
        "zehenabstoss zehenabheben fussabheben abheben abstoss zehenablosung zehenabloesung "
        "decollementpied decollementorteils decollagepied leverdupied levepied fincontact findecontact "
        "distaccopiede staccopiede distaccopunta despegue despeguedededos despeguepie despeguedelpie"
    ).split()
)
#: One event stored twice lies no further apart (s): an assumption, below any step and above rounding to a frame.
TWICE_S = 0.012
#: An event this far outside the recording is still its own (s): an assumption, a frame of a slow camera.
SLACK_S = 0.1


@dataclass(frozen=True, eq=False)
class StoredEvents:
    """Events as a C3D stores them.

    Attributes
    ----------
    labels, contexts : tuple of str
        EVENT:LABELS ('Foot Strike', 'Foot Strike1', 'RHS', ...) and EVENT:CONTEXTS ('Right', 'Left', 'General', '').
    times : tuple of (1 or 2, event) array
        EVENT:TIMES and its continuations: minutes and seconds, or one row of seconds.
    used : int or None
        EVENT:USED, how many of them count.
    header : tuple of (str, float)
        Label and seconds of the events of the old header, used when the EVENT group holds none.
    is_mine : tuple of bool
        Whether each event belongs to the subject that was read; () if all do.
    """

    labels: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    times: tuple[FloatArray, ...] = ()
    used: int | None = None
    header: tuple[tuple[str, float], ...] = ()
    is_mine: tuple[bool, ...] = ()


def find_file_events(stored: StoredEvents, span: tuple[float, float], notes: list[Note]) -> tuple[Event, ...]:
    """Return the foot strikes and foot-offs a C3D stores, in order of time, none twice.

    Parameters
    ----------
    stored : StoredEvents
    span : (first, last) time of the recording, s
    notes : list of Note
        Appended to.

    Returns
    -------
    tuple of Event
    """
    rows = _rows(stored)
    events: list[Event] = []
    bare: list[float] = []
    strange: list[str] = []
    for label, context, minutes, seconds in rows:
        # Some systems put 'LHS' into the context and leave the label empty.
        kind, side = meaning_of(label, context) if label.strip() else meaning_of(context, "")
        if kind is None or side is None or not np.isfinite(minutes + seconds):
            strange.append(printable(label.strip()) or "(no label)")
        else:
            events.append(Event(kind, side, minutes * 60.0 + seconds, "file"))
            bare.append(seconds)
    if strange:
        names = ", ".join(sorted(set(strange))[:6])
        text = f"{len(strange)} stored events are not foot strikes or foot-offs of a named side ({names})."
        effect, cure = "They are not used.", "Name events 'Foot Strike' and 'Foot Off' with the context Left or Right."
        notes.append(Note("found", text, "events.other", names, effect, cure))
    ordered = sorted(_on_clock(events, bare, span, notes), key=lambda e: e.time_s)
    return tuple(_once(ordered, notes))


def _rows(stored: StoredEvents) -> list[tuple[str, str, float, float]]:
    """Return (label, context, minutes, seconds) of every event that counts."""
    count = max(len(stored.labels), len(stored.contexts))
    pieces = [_minutes_and_seconds(table, count) for table in stored.times if table.size]
    if not pieces or not count:
        return [(label, "", 0.0, seconds) for label, seconds in stored.header]
    times = np.concatenate(pieces, axis=1)
    count = min(count, times.shape[1], stored.used or count)
    labels = [*stored.labels, *[""] * count]
    contexts = [*stored.contexts, *[""] * count]
    mine = [*stored.is_mine, *[True] * count]
    return [(labels[i], contexts[i], float(times[0, i]), float(times[1, i])) for i in range(count) if mine[i]]


def _minutes_and_seconds(table: FloatArray, count: int) -> FloatArray:
    """Return a table of times as (2, event) array, whatever way round it was stored."""
    flat = table.reshape(-1, order="F")
    if table.ndim > 1 and table.shape[0] == 2:
        return table.reshape(2, -1, order="F")
    if table.ndim > 1 and table.shape[0] == count and table.shape[1] == 2:
        return np.asarray(table[:, :2].T)
    if table.ndim == 1 and flat.size == 2 * count:
        return np.asarray(flat.reshape(-1, 2).T)  # minutes and seconds in one row, pair after pair
    return np.stack([np.zeros(flat.size), flat])


def meaning_of(label: str, context: str) -> tuple[Literal["foot_strike", "foot_off"] | None, Side | None]:
    """Return what an event's label and context say: the kind and the side, None for what they do not say.

    Parameters
    ----------
    label : str
        'Foot Strike1', 'LHS', 'R_TO', 'Left Heel Strike', 'HS_R', ...
    context : str
        'Right', 'Left', 'General', 'R', ''.
    """
    words = _words(label)
    said = [w for w in words if w in _RIGHT or w in _LEFT]
    rest = "".join(w for w in words if w not in said)
    side = _side(_words(context)) or _side(said)
    kind = _kind(rest) or _kind("".join(words))
    if kind is None and len(rest) > 1:
        # 'LHS' and 'HSL': one letter of a side glued to a known word.
        for letter, short in ((rest[0], rest[1:]), (rest[-1], rest[:-1])):
            if letter in "rl" and _kind(short) is not None:
                return _kind(short), side or _side([letter])
    return kind, side


def _words(text: str) -> list[str]:
    """Return the words of a label in small letters without accents and numbers; 'HeelStrike' is two."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain)
    return re.findall(r"[a-z]+", apart.lower())


def _side(words: Sequence[str]) -> Side | None:
    for word in words:
        if word in _RIGHT:
            return "right"
        if word in _LEFT:
            return "left"
    return None


def _kind(word: str) -> Literal["foot_strike", "foot_off"] | None:
    return "foot_strike" if word in _STRIKE else "foot_off" if word in _OFF else None


def _on_clock(events: list[Event], bare: list[float], span: tuple[float, float], notes: list[Note]) -> list[Event]:
    """Bring events counted from the first stored frame onto the file's clock; drop those outside."""

    def inside(times: Sequence[float]) -> list[Event]:
        pairs = zip(events, times, strict=True)
        found = [Event(e.kind, e.side, t, e.source) for e, t in pairs if span[0] - SLACK_S <= t <= span[1] + SLACK_S]
        return found

    stated = [e.time_s for e in events]
    kept = inside(stated)
    if len(kept) == len(events):
        return events
    effect, cure = (
        "The times of steps rest on it.",
        "Check the events against the markers; place them anew if they differ.",
    )
    if not kept:
        moved = inside([t + span[0] for t in stated])
        if moved:
            text = (
                f"Stored events count from the first frame; they were moved by {span[0]:.2f} s onto the file's clock."
            )
            notes.append(Note("repaired", text, "events.clock", "EVENT:TIMES", effect, cure))
            return moved
        moved = inside(bare)
        if moved:
            text = "Stored events repeat whole minutes in their seconds; the seconds alone were taken."
            notes.append(Note("repaired", text, "events.clock", "EVENT:TIMES", effect, cure))
            return moved
    text = f"{len(events) - len(kept)} stored events lie outside the recording and were left out."
    cure = "None needed if the trial was cut after its events were placed."
    notes.append(Note("found", text, "events.outside", "EVENT:TIMES", "They are not used.", cure))
    return kept


def _once(events: list[Event], notes: list[Note]) -> list[Event]:
    """Leave out events that repeat the one before of their kind and side."""
    kept: list[Event] = []
    last: dict[tuple[str, str], float] = {}
    for event in events:
        key = (event.kind, event.side)
        if event.time_s - last.get(key, -np.inf) > TWICE_S:
            kept.append(event)
            last[key] = event.time_s
    if len(kept) < len(events):
        text = f"{len(events) - len(kept)} stored events occur twice; each was taken once."
        cure = "Delete the doubled events in the recording software."
        notes.append(Note("repaired", text, "events.duplicates", "EVENT", "None.", cure))
    return kept
