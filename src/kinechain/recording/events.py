"""Gait events stored in a file, whatever words the laboratory uses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.recording.recording import Event, Note, Side

__all__ = ["find_file_events"]

_SIDE = r"^(?P<side>r(?:ight)?|l(?:eft)?)[ _.-]*"
_STRIKE = re.compile(
    r"^(foot|heel)[ _-]*(strike|contact|down|on)\d*$|^initial[ _-]*contact\d*$|^(hs|fs|ic|fc|on)\d*$", re.IGNORECASE
)
_OFF = re.compile(r"^(foot|toe)[ _-]*off\d*$|^(to|fo|off)\d*$", re.IGNORECASE)


def find_file_events(
    labels: Sequence[str],
    contexts: Sequence[str],
    times: FloatArray | None,
    header_events: Sequence[Sequence[object]],
    span: tuple[float, float],
    notes: list[Note],
) -> tuple[Event, ...]:
    """Return the foot strikes and foot-offs a C3D stores, in order of time.

    Parameters
    ----------
    labels, contexts : sequence of str
        EVENT:LABELS ('Foot Strike', 'Foot Strike1', 'RHS', ...) and EVENT:CONTEXTS ('Right', 'Left', 'General', '').
    times : (1 or 2, event) array, optional
        EVENT:TIMES: minutes and seconds, or one row of seconds.
    header_events : sequence of (label, seconds)
        Events of the old header, used when the EVENT group holds none.
    span : (first, last) time of the recording, s
    notes : list of Note
        Appended to.

    Returns
    -------
    tuple of Event
    """
    raw: list[tuple[str, str, float]] = []
    if times is not None and labels:
        table = times.reshape(times.shape[0], -1) if times.ndim > 1 else times[None]
        if len(table) == 1 and times.size == 2 * len(labels):
            table = times.reshape(-1, 2).T  # minutes and seconds in one row, pair after pair
        seconds = table[0] * 60.0 + table[1] if len(table) >= 2 else table[0]
        padded = [*contexts, *[""] * len(labels)]
        raw = [(label, padded[i], float(seconds[i])) for i, label in enumerate(labels[: len(seconds)])]
    elif header_events:
        raw = [(str(label), "", float(str(seconds))) for label, seconds in header_events]
    events, strange = [], []
    for label, context, seconds in raw:
        # Some systems put 'LHS' into the context and leave the label empty.
        kind, side = _meaning(label.strip(), context.strip()) if label.strip() else _meaning(context.strip(), "")
        if kind is None or side is None or not np.isfinite(seconds):
            strange.append(label.strip() or "(no label)")
        else:
            events.append(Event(kind, side, seconds, "file"))
    if strange:
        names = ", ".join(sorted(set(strange))[:6])
        notes.append(
            Note("found", f"{len(strange)} stored events are not foot strikes or foot-offs of a named side ({names}).")
        )
    return tuple(sorted(_on_clock(events, span, notes), key=lambda e: e.time_s))


def _meaning(label: str, context: str) -> tuple[Literal["foot_strike", "foot_off"] | None, Side | None]:
    side: Side | None = {"r": "right", "l": "left"}.get(context[:1].lower())  # type: ignore[assignment]
    rest = label
    if side is None and (match := re.match(_SIDE, label, re.IGNORECASE)):
        tail = label[match.end() :]
        if _STRIKE.match(tail) or _OFF.match(tail):
            side = "right" if match["side"][0].lower() == "r" else "left"
            rest = tail
    if _STRIKE.match(rest):
        return "foot_strike", side
    if _OFF.match(rest):
        return "foot_off", side
    if side is not None and (match := re.match(_SIDE, label, re.IGNORECASE)):
        tail = label[match.end() :]
        if _STRIKE.match(tail):
            return "foot_strike", side
        if _OFF.match(tail):
            return "foot_off", side
    return None, side


def _on_clock(events: list[Event], span: tuple[float, float], notes: list[Note]) -> list[Event]:
    """Bring events counted from the first stored frame onto the file's clock; drop those outside."""
    slack = 0.1
    inside = [e for e in events if span[0] - slack <= e.time_s <= span[1] + slack]
    if len(inside) == len(events):
        return events
    moved = [Event(e.kind, e.side, e.time_s + span[0], e.source) for e in events]
    moved = [e for e in moved if span[0] - slack <= e.time_s <= span[1] + slack]
    if not inside and moved:
        text = f"Stored events count from the first frame; they were moved by {span[0]:.2f} s onto the file's clock."
        notes.append(Note("repaired", text))
        return moved
    notes.append(
        Note("found", f"{len(events) - len(inside)} stored events lie outside the recording and were left out.")
    )
    return inside
