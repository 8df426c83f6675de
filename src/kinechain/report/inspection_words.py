"""The words of an inspection that terminal, page and JSON share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from kinechain.core.text import listed
from kinechain.inspection.inspection import Inspection, PlateRow, UseName, Verdict

__all__ = [
    "SHORT_USE_WORDS",
    "STATE_WORDS",
    "USE_WORDS",
    "VERDICT_SYMBOLS",
    "axes_words",
    "event_rows",
    "held_rows",
    "joined_words",
    "landmark_words",
    "marker_words",
    "plate_words",
    "shortened",
    "size_words",
    "summary_words",
    "task_words",
]

USE_WORDS: dict[UseName, str] = {
    "ik": "Joint angles (IK)",
    "events": "Gait events",
    "loads": "Joint loads",
    "posture": "Posture",
}
SHORT_USE_WORDS: dict[UseName, str] = {"ik": "IK", "events": "events", "loads": "loads", "posture": "posture"}
VERDICT_SYMBOLS: dict[Verdict, str] = {"yes": "●", "partly": "◐", "no": "○"}
STATE_WORDS = {
    "clean": "clean and whole",
    "partial": "only partly recorded",
    "straddled": "not alone on this plate",
    "unclear": "not one foot",
}
TASK_WORDS = {"walking": "walking", "standing": "standing", "other": "other movement"}
_SUMMARY_WORDS = {
    "walking": "walking",
    "running": "running",
    "standing": "standing",
    "other movement": "other movement",
    "markers": "with markers that are not understood",
    "plates": "of plates alone",
    "table": "of other columns",
    "nothing": "without content",
}
SOURCE_WORDS = {
    "plates": "plates",
    "file": "file",
    "zeni2008": "feet (Zeni 2008)",
    "bonci2022": "feet (Bonci 2022)",
    "leitch2011": "feet (Leitch 2011)",
}


def shortened(text: str, length: int) -> str:
    """Return a text of at most ``length`` letters, its middle left out where it is longer."""
    if len(text) <= length:
        return text
    keep = max(length - 1, 1)
    tail = keep // 2
    return f"{text[: keep - tail]}…{text[len(text) - tail :] if tail else ''}"


def size_words(size: int) -> str:
    """Return a number of bytes as people say it."""
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1e3:.0f} kB" if size < 1e6 else f"{size / 1e6:.1f} MB"


def task_words(inspection: Inspection) -> str:
    """Return what goes on in a recording, in a word or two."""
    if inspection.refused:
        return "not read"
    if inspection.task in ("walking", "other") and any(d.code == "events.running" for d in inspection.defects):
        return "running"
    if inspection.task:
        return TASK_WORDS[inspection.task]
    if inspection.markers:
        return "markers"
    return "plates" if inspection.plates else "table" if inspection.analog else "nothing"


def _listed(names: Sequence[str], limit: int = 8, length: int = 24) -> str:
    return listed([shortened(name, length) for name in names], limit)


def marker_words(inspection: Inspection) -> str:
    """Return how many markers there are and how well they were seen."""
    rows = inspection.markers
    if not rows:
        return "none"
    never = sum(row.seen_share == 0.0 for row in rows)
    gaps = [row for row in rows if row.gaps]
    parts = [f"{len(rows)} labelled"]
    parts += [f"{inspection.unlabelled} unlabelled"] if inspection.unlabelled else []
    parts += [f"{never} never seen"] if never else []
    if gaps:
        worst = max(gaps, key=lambda row: row.longest_gap_s)
        parts.append(
            f"{sum(row.gaps for row in gaps)} gaps in {len(gaps)} markers, the longest {worst.longest_gap_s:.2f} s "
            f"({shortened(worst.label, 20)})"
        )
    removed = sum(any(span.state == "removed" for span in row.spans) for row in rows)
    if removed:
        parts.append(f"{removed} taken out for a time")
    if not gaps and not removed and all(row.seen_share == 1.0 for row in rows):
        parts.append("seen throughout")
    return ", ".join(parts)


def landmark_words(landmark: str) -> str:
    """Return what a marker stands for: 'heel r' or 'moves with femur r'."""
    return landmark.replace("segment:", "moves with ").replace("_", " ") or "–"


def set_words(inspection: Inspection) -> str:
    """Return which marker set was recognised, and what was not."""
    found = inspection.marker_set
    if found is None:
        return ""
    if not found.is_usable and found.score < 0.25:
        return "none fits"
    if not found.is_usable:
        return f"none fits; the nearest is {found.name} (score {found.score:.2f}), which lacks {_listed(found.missing)}"
    second = f"; next best {found.runner_up} ({found.runner_up_score:.2f})" if found.runner_up else ""
    words = "none of the known ones; its labels were read as words: " if found.name == "label_words" else ""
    return f"{words}{found.name} (score {found.score:.2f}){second}"


def axes_words(inspection: Inspection) -> str:
    """Return which axes of the laboratory point up and forward."""
    axes = inspection.axes
    if axes is None:
        return ""
    turned = f", turned by {axes.turned_deg:.1f}°" if axes.turned_deg >= 0.5 else ""
    parts = [f"up {axes.up}", f"forward {axes.forward}{turned}"]
    parts += ["mirrored, turned back"] if axes.is_mirrored else []
    parts += [f"lengths multiplied by {axes.scale:g}"] if axes.scale != 1.0 else []
    return ", ".join(parts)


def held_rows(inspection: Inspection) -> tuple[tuple[str, str], ...]:
    """Return what a recording holds, as pairs of a name and words; nothing that is not there."""
    i = inspection
    marker_set = i.marker_set
    rows = [
        (
            "File",
            f"{i.format}, {size_words(i.bytes)}" + (f", joined with {_listed(i.companions)}" if i.companions else ""),
        )
    ]
    if i.duration_s:
        frames = f", {i.frames} frames" if i.frames else ""
        start = f", from {i.start_s:.2f} s on" if i.start_s else ""
        rows.append(("Length", f"{i.duration_s:.2f} s at {i.rate_hz:g} Hz{frames}{start}"))
    if i.task:
        speed = f" at {i.speed_m_s:.2f} m/s" if i.speed_m_s and i.task != "standing" else ""
        strides = " and ".join(f"{n} {side}" for side, n in i.strides if n)
        whole = f", whole strides: {strides}" if strides else ""
        rows.append(("Task", task_words(i) + speed + whole))
    rows.append(("Markers", marker_words(i)))
    rows.append(("Marker set", set_words(i)))
    if marker_set is not None and marker_set.is_usable:
        rows.append(("  not found", _listed(marker_set.missing)))
        rows.append(("  not used", _listed(marker_set.unused)))
    rows.append(("Axes", axes_words(i)))
    used = sum(p.is_used for p in i.plates)
    if i.plates:
        rows.append(("Plates", f"{len(i.plates)}, {used if used != len(i.plates) else 'all'} used"))
    rows.append(("Columns" if i.format in ("MOT", "STO") else "Analog", _channel_words(i)))
    rows.append(("Stored results", f"{len(i.outputs)}: {_listed(i.outputs)}" if i.outputs else ""))
    rows.append(("Person", person_words(i)))
    return tuple((name, words) for name, words in rows if words)


def _channel_words(inspection: Inspection) -> str:
    return f"{len(inspection.analog)}: {_listed(inspection.analog)}" if inspection.analog else ""


def person_words(inspection: Inspection) -> str:
    """Return body mass and height as stated and as weighed."""
    parts = []
    if inspection.mass_kg is not None:
        parts.append(f"{inspection.mass_kg:.1f} kg stated")
    if inspection.plate_mass_kg is not None:
        parts.append(f"{inspection.plate_mass_kg:.1f} kg by the plates")
    if inspection.height_m is not None:
        parts.append(f"{inspection.height_m:.2f} m stated")
    return ", ".join(parts)


def plate_words(plate: PlateRow) -> str:
    """Return what one plate is and carries, in a line."""
    if not plate.is_used:
        return plate.reason.removeprefix(f"{plate.name.capitalize()}: ")
    parts = [f"{plate.rate_hz:g} Hz", f"up to {plate.peak_n:.0f} N"]
    parts += [f"an offset of {plate.offset_n:.1f} N was subtracted"] if plate.offset_n is not None else []
    if plate.size_m:
        parts.insert(0, f"{plate.size_m[0] * 1e3:.0f} x {plate.size_m[1] * 1e3:.0f} mm")
    if plate.middle_m:
        parts.insert(1, f"at {', '.join(f'{round(x, 2) or 0.0:.2f}' for x in plate.middle_m)} m")
    parts = [f"type {plate.type}", *parts] if plate.type else parts
    return ", ".join(parts)


def event_rows(inspection: Inspection) -> tuple[tuple[str, str, str], ...]:
    """Return (source, foot strikes, foot offs) as counts per side: of the file, and of those that were chosen."""
    rows = []
    if inspection.file_events:
        rows.append(("stored in the file", *_counts(inspection.file_events)))
    for source in dict.fromkeys(e.source for e in inspection.events):
        some = [e for e in inspection.events if e.source == source]
        rows.append((f"chosen from: {SOURCE_WORDS.get(source, source)}", *_counts(some)))
    return tuple(rows)


def _counts(events: Iterable[object]) -> tuple[str, str]:
    found = Counter((e.kind, e.side) for e in events)  # type: ignore[attr-defined]

    def words(kind: str) -> str:
        return f"{found[kind, 'left']} left, {found[kind, 'right']} right"

    return words("foot_strike"), words("foot_off")


def agreement_rows(inspection: Inspection) -> tuple[tuple[str, str, str], ...]:
    """Return (the two sources, how far apart their foot strikes are, and their foot offs)."""
    pairs = dict.fromkeys((a.first, a.second) for a in inspection.agreements)
    rows = []
    for first, second in pairs:
        apart = {a.kind: a for a in inspection.agreements if (a.first, a.second) == (first, second)}
        words = [
            f"{round(a.median_ms) or 0:+d} ms ({a.count})" if (a := apart.get(kind)) else "–"
            for kind in ("foot_strike", "foot_off")
        ]
        rows.append((f"{SOURCE_WORDS.get(second, second)} after {SOURCE_WORDS.get(first, first)}", words[0], words[1]))
    return tuple(rows)


def joined_words(inspections: Sequence[Inspection]) -> str:
    """Return how many tables of forces were joined, '' if none was."""
    count = sum(len(i.companions) for i in inspections)
    if count == 1:
        return "1 table of forces was joined to the markers of its trial."
    return f"{count} tables of forces were joined to the markers of their trials." if count else ""


def summary_words(inspections: Sequence[Inspection]) -> str:
    """Return one line about many recordings."""
    read = [i for i in inspections if not i.refused]
    tasks = Counter(task_words(i) for i in read)
    parts = [f"{tasks[name]} {words}" for name, words in _SUMMARY_WORDS.items() if tasks[name]]
    refused = len(inspections) - len(read)
    parts += [f"{refused} not read"] if refused else []
    count = len(inspections)
    return f"{count} {'recording' if count == 1 else 'recordings'}: " + ", ".join(parts)
