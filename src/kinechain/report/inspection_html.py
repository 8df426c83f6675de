"""Inspections as one HTML page that opens offline and asks the network for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kinechain.core.purpose import INTENDED_PURPOSE
from kinechain.inspection.folder import LeftOut
from kinechain.inspection.inspection import Inspection, PlateRow
from kinechain.report.inspection_words import (
    SHORT_USE_WORDS,
    STATE_WORDS,
    USE_WORDS,
    VERDICT_SYMBOLS,
    agreement_rows,
    event_rows,
    held_rows,
    joined_words,
    landmark_words,
    plate_words,
    size_words,
    summary_words,
    task_words,
)
from kinechain.report.page import page_policy, page_template, static_text
from kinechain.report.palette import Palette
from kinechain.report.svg import Figure
from kinechain.report.timeline import timeline_figure

__all__ = ["render_inspection_html"]

#: A page of more files than this carries no timelines: it would be too long to open.
MOST_TIMELINES = 60


@dataclass(frozen=True)
class _Use:
    """One use as printed."""

    name: str
    short: str
    verdict: str
    symbol: str
    reason: str
    cure: str


@dataclass(frozen=True)
class _Sheet:
    """One file as printed.

    Attributes
    ----------
    markers : tuple of (label, stands for, seen, filled, gaps, longest)
    plates : tuple of (PlateRow, words)
    """

    id: str
    inspection: Inspection
    task: str
    size: str
    folder: str
    short: str
    uses: tuple[_Use, ...]
    held: tuple[tuple[str, str], ...]
    events: tuple[tuple[str, str, str], ...]
    agreements: tuple[tuple[str, str, str], ...]
    markers: tuple[tuple[str, str, str, str, str, str], ...]
    plates: tuple[tuple[PlateRow, str], ...]
    timeline: Figure | None


def render_inspection_html(
    inspections: Sequence[Inspection],
    left_out: Sequence[LeftOut] = (),
    title: str = "",
    palette: Palette | None = None,
) -> str:
    """Render inspections as one self-contained page: a table of many files, and a sheet for each.

    Parameters
    ----------
    inspections : sequence of Inspection
    left_out : sequence of LeftOut
        Files that are no recordings.
    title : str
        Of a page of many files.
    palette : Palette, optional
        Colours of the two sides.

    Returns
    -------
    str
        HTML; the table can be sorted and searched where scripts run, and is whole where they do not.
    """
    palette = palette or Palette()
    style = palette.style() + static_text("report.css") + "\n" + static_text("inspection.css")
    is_folder = len(inspections) != 1
    scripts = (static_text("inspection.js"),) if is_folder else ()
    has_timelines = len(inspections) <= MOST_TIMELINES
    sheets = [_sheet(k, i, palette, has_timelines) for k, i in enumerate(inspections)]
    page: str = page_template("inspection.html.j2").render(
        title=(title or "Recordings") if is_folder else inspections[0].name,
        purpose=INTENDED_PURPOSE,
        summary=summary_words(inspections),
        joined=joined_words(inspections),
        is_folder=is_folder,
        has_timelines=has_timelines,
        sheets=sheets,
        left_out=left_out,
        state_words=STATE_WORDS,
        style=style,
        scripts=scripts,
        policy=page_policy(style, scripts),
    )
    return page


def _sheet(number: int, i: Inspection, palette: Palette, has_timeline: bool) -> _Sheet:
    folder, _, short = i.name.rpartition("/")
    return _Sheet(
        id=f"file-{number + 1}",
        inspection=i,
        task=task_words(i),
        size=size_words(i.bytes),
        folder=folder,
        short=short,
        uses=tuple(
            _Use(USE_WORDS[u.name], SHORT_USE_WORDS[u.name], u.verdict, VERDICT_SYMBOLS[u.verdict], u.reason, u.cure)
            for u in i.uses
        ),
        held=tuple((name.strip(), words) for name, words in held_rows(i)) if not i.refused else (),
        events=event_rows(i),
        agreements=agreement_rows(i),
        markers=tuple(
            (
                m.label,
                landmark_words(m.landmark),
                f"{m.seen_share:.0%}",
                f"{m.filled_share:.0%}",
                str(m.gaps),
                f"{m.longest_gap_s:.2f} s" if m.gaps else "–",
            )
            for m in i.markers
        ),
        plates=tuple((p, plate_words(p)) for p in i.plates),
        timeline=timeline_figure(i, palette) if has_timeline else None,
    )
