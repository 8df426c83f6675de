"""An inspection as a person reads it on a terminal: at most 100 columns, aligned, in plain words."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence

from kinechain.inspection.folder import LeftOut
from kinechain.inspection.inspection import USES, Inspection, Verdict
from kinechain.report.inspection_words import (
    STATE_WORDS,
    USE_WORDS,
    VERDICT_SYMBOLS,
    agreement_rows,
    event_rows,
    held_rows,
    joined_words,
    landmark_words,
    plate_words,
    shortened,
    summary_words,
    task_words,
)

__all__ = ["render_folder", "render_inspection", "render_left_out"]

WIDTH = 100
#: A longer text of a defect is cut on a terminal.
LONGEST_TEXT = 700
_REST = " … (all of it: --html or --json)"
#: Colours by what they mean (ANSI).
_COLOURS = {
    "yes": "32",
    "partly": "33",
    "no": "2",
    "folder": "36",
    "defect": "31",
    "repaired": "33",
    "assumed": "36",
    "title": "1",
}
_SHORT: dict[Verdict, str] = {"yes": "yes", "partly": "part", "no": "no"}


def _paint(text: str, kind: str, is_coloured: bool) -> str:
    return f"\x1b[{_COLOURS[kind]}m{text}\x1b[0m" if is_coloured and kind in _COLOURS else text


def _wide(text: str) -> int:
    """Return how many columns a text takes: letters of East Asia take two, marks that stand on others none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _cell(text: str, width: int, right: bool = False) -> str:
    """Return a text cut or filled to a number of columns."""
    length = width
    while _wide(text) > width:
        text, length = shortened(text, length), length - 1
    pad = " " * (width - _wide(text))
    return pad + text if right else text + pad


def _block(first: str, words: str, indent: int, width: int = WIDTH) -> list[str]:
    """Return words wrapped under one another behind a heading of a row."""
    lines = textwrap.wrap(words, width - indent, break_on_hyphens=False) or [""]
    return [f"{_cell(first, indent)}{lines[0]}".rstrip(), *(" " * indent + line for line in lines[1:])]


def render_inspection(inspection: Inspection, is_coloured: bool = False) -> str:
    """Return one inspection in sections.

    Parameters
    ----------
    inspection : Inspection
    is_coloured : bool
        Put colours of a terminal into it.

    Returns
    -------
    str
        Lines of at most 100 columns.
    """
    i = inspection
    lines = [_paint(shortened(i.name, WIDTH), "title", is_coloured)]
    if i.refused:
        return "\n".join([*lines, *_block("", i.refused, 2)])
    lines += _section("Holds", is_coloured)
    for name, words in held_rows(i):
        lines += _block(f"  {name}", words, 18)
    lines += _section("Can be used for", is_coloured)
    for use in i.uses:
        same = next((u for u in i.uses if u.reason == use.reason and u.cure == use.cure), use)
        words = f"{use.reason}" + (f" -> {use.cure}" if use.cure else "")
        words = words if same is use else f"For the same reason as {USE_WORDS[same.name].partition(' (')[0].lower()}."
        head, *rest = _block(f"  {USE_WORDS[use.name]}", words, 29)
        verdict = _paint(f"{VERDICT_SYMBOLS[use.verdict]} {use.verdict:6}", use.verdict, is_coloured)
        lines += [f"{head[:20]}{verdict} {head[29:]}", *rest]
    lines += _defect_lines(i, is_coloured)
    lines += _event_lines(i, is_coloured)
    lines += _plate_lines(i, is_coloured)
    lines += _marker_lines(i, is_coloured)
    if i.findings:
        lines += _section("Also found", is_coloured)
        for finding in i.findings:
            lines += _block("  -", finding, 4)
    return "\n".join(lines)


def _section(title: str, is_coloured: bool) -> list[str]:
    return ["", _paint(title, "title", is_coloured)]


def _marker_lines(i: Inspection, is_coloured: bool) -> list[str]:
    """Return the markers that were not seen throughout, the worst first."""
    some = sorted((m for m in i.markers if 0.0 < m.seen_share < 1.0), key=lambda m: (m.seen_share, m.label))
    never = [shortened(m.label, 24) for m in i.markers if m.seen_share == 0.0]
    unseen = _block("  never seen", ", ".join(never[:12]) + (", ..." if len(never) > 12 else ""), 18) if never else []
    if not some:
        return [*_section("Markers with gaps", is_coloured), *unseen] if unseen else []
    lines = [*_section("Markers with gaps", is_coloured)]
    lines.append(f"  {'marker':16} {'stands for':30} {'seen':>6} {'filled':>7} {'gaps':>5} {'longest':>9}")
    for m in some[:12]:
        longest = f"{m.longest_gap_s:.2f} s" if m.gaps else "–"
        lines.append(
            f"  {_cell(m.label, 16)} {_cell(landmark_words(m.landmark), 30)} "
            f"{m.seen_share:6.0%} {m.filled_share:7.0%} {m.gaps:5d} {longest:>9}"
        )
    if len(some) > 12:
        lines.append(f"  and {len(some) - 12} more, seen for longer")
    return lines + unseen


def _defect_lines(i: Inspection, is_coloured: bool) -> list[str]:
    lines = _section("Defects, repairs and assumptions", is_coloured)
    if not i.defects:
        return [*lines, "  None was found."]
    for d in i.defects:
        is_said = d.place.split(",")[0].casefold() in d.text.casefold()
        place = "" if is_said else f"{d.place}: "
        head, *rest = _block("  " + d.kind, place + textwrap.shorten(d.text, LONGEST_TEXT, placeholder=_REST), 12)
        lines += [_paint(head[:12], d.kind, is_coloured) + head[12:], *rest]
        for sign, words in (("", d.effect), ("-> ", d.cure)):
            if words:
                lines += _block("", sign + words, 12)
    return lines


def _event_lines(i: Inspection, is_coloured: bool) -> list[str]:
    rows = event_rows(i)
    if not rows:
        return []
    lines = [*_section("Events", is_coloured), f"  {'':42} {'foot strikes':20} foot offs"]
    lines += [f"  {_cell(source, 42)} {strikes:20} {offs}" for source, strikes, offs in rows]
    apart = agreement_rows(i)
    if apart:
        lines.append("  how much later the first of two sources is, median (how many)")
    lines += [f"    {_cell(pair, 40)} {strikes:20} {offs}" for pair, strikes, offs in apart]
    return lines


def _plate_lines(i: Inspection, is_coloured: bool) -> list[str]:
    if not i.plates:
        return []
    lines = _section("Plates", is_coloured)
    for plate in i.plates:
        lines += _block(f"  {shortened(plate.name, 16)}", plate_words(plate), 20)
        for c in plate.contacts:
            side = f"{c.side} foot" if c.side else "somebody"
            why = f": {c.reason}" if c.reason else ""
            lines += _block("", f"{c.start_s:.2f} to {c.end_s:.2f} s  {side}, {STATE_WORDS[c.state]}{why}", 20)
    return lines


#: Columns of the table: heading, width, whether it stands to the right.
_COLUMNS = (
    ("file", 26, False),
    ("what", 4, False),
    ("s", 5, True),
    ("Hz", 4, True),
    ("mark", 4, True),
    ("set", 12, False),
    ("task", 8, False),
    ("pl", 2, True),
    ("ev", 2, True),
    ("IK", 4, False),
    ("evts", 4, False),
    ("load", 4, False),
    ("post", 4, False),
    ("def", 3, True),
)


def render_folder(
    inspections: Sequence[Inspection], left_out: Sequence[LeftOut] = (), is_coloured: bool = False
) -> str:
    """Return many inspections as one table, then what was not read and why, then a line that sums up.

    Parameters
    ----------
    inspections : sequence of Inspection
    left_out : sequence of LeftOut
        Files that are no recordings.
    is_coloured : bool

    Returns
    -------
    str
        Lines of at most 100 columns.
    """
    heading = " ".join(_cell(name, width, right) for name, width, right in _COLUMNS)
    lines = [_paint(heading.rstrip(), "title", is_coloured)]
    folder = ""
    for i in inspections:
        above, _, _ = i.name.rpartition("/")
        if above != folder:
            lines.append(_paint(shortened(f"{above}/" if above else "./", WIDTH), "folder", is_coloured))
            folder = above
        lines.append(_row(i, is_coloured))
    lines += [
        "",
        "mark: markers; pl: plates used; ev: events; def: defects (kinechain inspect FILE names them).",
        "Can be used for - IK: joint angles; evts: gait events; load: joint loads; post: posture.",
    ]
    refused = [i for i in inspections if i.refused]
    if refused:
        lines += _section("Not read", is_coloured)
        for i in refused:
            above, is_there = i.name.removesuffix(_short(i)), i.refused.startswith(_short(i))
            lines += _block("  -", above + i.refused if is_there else i.refused, 4)
    summary = textwrap.wrap(summary_words(inspections), WIDTH)
    lines += ["", *(_paint(line, "title", is_coloured) for line in summary)]
    lines += [words] if (words := joined_words(inspections)) else []
    return "\n".join([*lines, *render_left_out(left_out)])


def _short(i: Inspection) -> str:
    return i.name.rpartition("/")[2]


def _row(i: Inspection, is_coloured: bool) -> str:
    width = _COLUMNS[0][1]
    if i.refused:
        why = i.refused.removeprefix(_short(i)).strip()
        rest = textwrap.shorten(f"not read: {why}", WIDTH - width - 1, placeholder=" …")
        return f"{_cell(_short(i), width)} {_paint(rest, 'defect', is_coloured)}"
    marker_set = i.marker_set
    used = sum(p.is_used for p in i.plates)
    values = [
        _short(i),
        i.format,
        f"{i.duration_s:.1f}" if i.duration_s < 1000 else f"{i.duration_s:.0f}",
        f"{i.rate_hz:.0f}",
        str(len(i.markers) or ""),
        "" if marker_set is None else marker_set.name if marker_set.is_usable else "none fits",
        task_words(i).removesuffix(" movement"),
        str(used or ""),
        str(len(i.events) or len(i.file_events) or ""),
        *(_SHORT[use.verdict] if (use := i.use(n)) else "" for n in USES),
        str(i.faults or ""),
    ]
    cells = [_cell(v, w, right) for v, (_, w, right) in zip(values, _COLUMNS, strict=True)]
    for k, n in enumerate(USES):
        use = i.use(n)
        cells[9 + k] = _paint(cells[9 + k], use.verdict if use else "", is_coloured)
    return " ".join(cells).rstrip()


def render_left_out(left_out: Sequence[LeftOut]) -> list[str]:
    """Return which files are no recordings, in a line or two."""
    people = [name for group in left_out if group.kind == "person file" for name in group.names]
    others = [group for group in left_out if group.kind != "person file"]
    lines = []
    if people:
        lines.append(
            f"Person files: {', '.join(people[:4])}{', ...' if len(people) > 4 else ''} (for kinechain assess)."
        )
    if others:
        count = sum(len(group.names) for group in others)
        kinds = ", ".join(f"{len(group.names)} {group.kind}" for group in others)
        files = "file of another kind" if count == 1 else "files of other kinds"
        lines += textwrap.wrap(f"{count} {files} left out: {kinds}.", WIDTH)
    return lines
