"""The timeline of one recording: plate loads, events and every marker on one time axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinechain.inspection.inspection import Inspection, MarkerRow, PlateRow
from kinechain.recording.recording import Event
from kinechain.report.inspection_words import SOURCE_WORDS, shortened
from kinechain.report.palette import Palette
from kinechain.report.svg import Figure, line, number, path, svg, text

__all__ = ["timeline_figure"]

WIDTH, LEFT, RIGHT = 1000.0, 150.0, 16.0
MARKER_HEIGHT, PLATE_HEIGHT, EVENT_HEIGHT = 13.0, 44.0, 24.0
#: More markers than this would make the picture longer than anybody reads; the fullest are left out and counted.
MOST_MARKERS = 80
INK, MUTED, SEEN, FILLED, REMOVED = "#1c2430", "#566070", "#8fb8c9", "#c98a1b", "#b3261e"


class _Clock:
    """From seconds to the picture."""

    def __init__(self, start_s: float, end_s: float) -> None:
        self.start_s, self.end_s = start_s, max(end_s, start_s + 1e-6)

    def x(self, time_s: float) -> float:
        share = (time_s - self.start_s) / (self.end_s - self.start_s)
        return LEFT + float(np.clip(share, 0.0, 1.0)) * (WIDTH - LEFT - RIGHT)

    def ticks(self) -> list[float]:
        """Return round times, at most twelve or thirteen of them."""
        least = (self.end_s - self.start_s) / 12
        power = 10.0 ** np.floor(np.log10(least))
        step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= least * (1 - 1e-9))
        first = np.ceil(self.start_s / step - 1e-9)
        times = step * (first + np.arange(14))
        return [round(float(t), 6) + 0.0 for t in times if t <= self.end_s + 1e-9]


def timeline_figure(inspection: Inspection, palette: Palette | None = None) -> Figure | None:
    """Draw when each plate was loaded, when events happened, and when each marker was seen.

    Parameters
    ----------
    inspection : Inspection
    palette : Palette, optional

    Returns
    -------
    Figure or None
        None where nothing goes on in time.
    """
    palette, i = palette or Palette(), inspection
    if i.refused or i.duration_s <= 0 or not (i.markers or i.plates):
        return None
    clock = _Clock(i.start_s, i.start_s + i.duration_s)
    parts: list[str] = []
    y = 10.0
    for plate in (p for p in i.plates if p.is_used):
        y = _plate(parts, plate, y, clock, palette)
    for name, events in _event_rows(i):
        y = _events(parts, name, events, y, clock, palette)
    rows, left_out = _rows(i.markers)
    if rows:
        y += 6.0
    bars: dict[str, list[str]] = {"seen": [], "filled": [], "removed": []}
    for row in rows:
        _marker(parts, bars, row, y, clock)
        y += MARKER_HEIGHT
    colours = {"seen": SEEN, "filled": FILLED, "removed": REMOVED}
    parts += [path("".join(d), f"t-{kind}", fill=colours[kind]) for kind, d in bars.items() if d]
    never = sum(row.seen_share == 0.0 for row in i.markers)
    rest = [f"and {left_out} markers more"] if left_out else []
    rest += [f"{never} {'marker' if never == 1 else 'markers'} never seen"] if never else []
    for words in rest:
        parts.append(text(LEFT, y + 10, words, "muted", font_size=10.0, fill=MUTED))
        y += MARKER_HEIGHT
    axis = [line(clock.x(t), 4, clock.x(t), y + 4, "grid", stroke="#d5dae1", stroke_width=0.7) for t in clock.ticks()]
    axis += [
        text(clock.x(t), y + 17, f"{t:.6g} s", "muted", font_size=10.5, fill=MUTED, text_anchor="middle")
        for t in clock.ticks()
    ]
    alt = (
        f"Timeline of {i.name}: {sum(p.is_used for p in i.plates)} plates, {len(i.events)} events, "
        f"{len(i.markers)} markers over {i.duration_s:.2f} s."
    )
    return Figure(svg(WIDTH, y + 26, [*axis, *parts], alt, "figure timeline"), "Timeline", alt)


def _label(y: float, words: str) -> str:
    return text(LEFT - 8, y, shortened(words, 24), "ink", font_size=10.5, fill=INK, text_anchor="end")


def _plate(parts: list[str], plate: PlateRow, y: float, clock: _Clock, palette: Palette) -> float:
    """Draw the vertical force of one plate and who stood on it; return where the next row begins."""
    bottom = y + PLATE_HEIGHT - 8
    parts.append(_label(y + PLATE_HEIGHT / 2, plate.name))
    parts.append(line(LEFT, bottom, WIDTH - RIGHT, bottom, "grid", stroke="#d5dae1"))
    force = np.asarray(plate.load_n)
    if len(force) and plate.peak_n > 0:
        times = np.linspace(plate.start_s, plate.end_s, len(force))
        height = (PLATE_HEIGHT - 14) * np.clip(force / plate.peak_n, 0.0, 1.0)
        points = [f"{number(clock.x(t))} {number(bottom - h)}" for t, h in zip(times, height, strict=True)]
        first, last = number(clock.x(times[0])), number(clock.x(times[-1]))
        area = f"M{first} {number(bottom)}L{'L'.join(points)}L{last} {number(bottom)}Z"
        parts.append(path(area, "t-load", fill="#b9c4cf", stroke="#566070", stroke_width=0.8))
    for c in plate.contacts:
        x0, x1 = clock.x(c.start_s), clock.x(c.end_s)
        colour = palette.of(c.side) if c.side else MUTED
        kind = c.side or "muted"
        dash = None if c.state == "clean" else "4 3"
        parts.append(
            line(x0, bottom, x1, bottom, f"t-side {kind}", stroke=colour, stroke_width=3, stroke_dasharray=dash)
        )
        letter = {"left": "L", "right": "R", None: "?"}[c.side]
        words = letter if c.state == "clean" else f"{letter} ({c.state})"
        parts.append(
            text(
                (x0 + x1) / 2,
                bottom - 4,
                words,
                "ink halo",
                font_size=10.5,
                fill=INK,
                text_anchor="middle",
                font_weight=600,
            )
        )
    return y + PLATE_HEIGHT


def _event_rows(i: Inspection) -> list[tuple[str, list[Event]]]:
    rows = [("events in the file", list(i.file_events))] if i.file_events else []
    for source in dict.fromkeys(e.source for e in i.events):
        if source != "file":
            name = SOURCE_WORDS.get(source, source)
            rows.append((f"by {name}", [e for e in i.events if e.source == source]))
    return rows


def _events(parts: list[str], name: str, events: Sequence[Event], y: float, clock: _Clock, palette: Palette) -> float:
    """Draw strikes as filled triangles that point down, offs as open ones that point up; left above right."""
    parts.append(_label(y + EVENT_HEIGHT / 2 + 3, name))
    for e in events:
        x, middle = clock.x(e.time_s), y + (6 if e.side == "left" else 16)
        colour = palette.of(e.side)
        if e.kind == "foot_strike":
            shape, style = f"M{number(x - 4)} {number(middle - 4)}h8l-4 7.5Z", {"fill": colour, "stroke": colour}
        else:
            shape, style = f"M{number(x - 4)} {number(middle + 4)}h8l-4 -7.5Z", {"fill": "none", "stroke": colour}
        parts.append(path(shape, f"t-{e.kind.removeprefix('foot_')} {e.side}", stroke_width=1.4, **style))
    return y + EVENT_HEIGHT


def _rows(markers: Sequence[MarkerRow]) -> tuple[list[MarkerRow], int]:
    """Return the markers to draw, in the order of the file, without those never seen; of too many those with gaps."""
    markers = [m for m in markers if m.seen_share > 0.0]
    if len(markers) <= MOST_MARKERS:
        return markers, 0
    worst = sorted(range(len(markers)), key=lambda k: (markers[k].seen_share, k))[:MOST_MARKERS]
    return [markers[k] for k in sorted(worst)], len(markers) - MOST_MARKERS


def _marker(parts: list[str], bars: dict[str, list[str]], row: MarkerRow, y: float, clock: _Clock) -> None:
    """Draw when one marker was seen (a full bar), filled (a thin one) and removed (a thin one low)."""
    weight = 600 if row.landmark else 400
    label = text(
        LEFT - 8, y + 9, shortened(row.label, 22), "ink" if row.landmark else "muted", font_size=10.0,
        fill=INK if row.landmark else MUTED, text_anchor="end", font_weight=weight,
    )  # fmt: skip
    parts.append(label)
    at = clock.start_s
    for span in row.spans:
        if span.start_s > at:
            bars["seen"].append(_bar(clock, at, span.start_s, y + 2, MARKER_HEIGHT - 4))
        if span.state != "missing":
            low = y + (5 if span.state == "filled" else 8)
            bars[span.state].append(_bar(clock, span.start_s, span.end_s, low, 3))
        at = max(at, span.end_s)
    if at < clock.end_s - 1e-4:
        bars["seen"].append(_bar(clock, at, clock.end_s, y + 2, MARKER_HEIGHT - 4))


def _bar(clock: _Clock, start_s: float, end_s: float, y: float, height: float) -> str:
    x0, x1 = clock.x(start_s), clock.x(end_s)
    return f"M{number(x0)} {number(y)}h{number(max(x1 - x0, 0.8))}v{number(height)}h-{number(max(x1 - x0, 0.8))}Z"
