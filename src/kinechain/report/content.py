"""What a report says, in order and in words, before it becomes a page or a PDF.

HTML and PDF are two layouts of this one value, so they cannot differ in content.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from kinechain.body.pose import segment_poses
from kinechain.care.finding import Finding
from kinechain.care.person import Person
from kinechain.evidence.library import source, source_keys
from kinechain.findings.gait import Pace, choose_pace
from kinechain.motion.motion import Motion
from kinechain.motion.trial import GaitTrial
from kinechain.recording.recording import Recording
from kinechain.report.curves import GRF_PANELS, KINEMATIC_PAGES, Page, Strides, collect_forces, collect_strides
from kinechain.report.figures import Palette, curve_figure, legend_figure
from kinechain.report.norms import NormBand, find_bands, profile_figure
from kinechain.report.scene import BEHIND, SIDE, stick_figure
from kinechain.report.svg import Figure
from kinechain.report.verdict import LINKS, Verdict, find_verdict, link_of
from kinechain.report.words import (
    STATE_SYMBOLS,
    clinical,
    clinical_norm,
    interval_words,
    norm_words,
    side_words,
    state_of,
    value_words,
)

if TYPE_CHECKING:
    from kinechain.analysis import Assessment

__all__ = ["Claim", "Content", "FigurePage", "FigureRow", "Row", "Source", "Table", "build_content"]


#: Measures that belong to no link.
OTHER_GROUPS = {"gait_profile": "Gait profile", "quality": "Quality of the recording"}

#: How the tables are read.
READING = (
    "In brackets the 95 % interval of the measurement. ▲ outside and ● within the usual range: the whole interval is; "
    "? the interval touches an edge, so it cannot be told; ○ no published range fits this person and method."
)

#: The signs and conventions of every curve and number.
SIGNS = (
    "Signs: flexion, adduction, internal rotation, dorsiflexion, eversion and anterior tilt are positive; obliquity: "
    "that side up; rotation: that side forward; the same motion has the same sign on both sides. Curves have 101 "
    "points per cycle, each side on its own cycle from foot strike to foot strike."
)

#: What the bars of the gait profile are.
PROFILE_NOTE = (
    "Root mean square distance of each curve from the norm's mean; a larger bar is further away, whatever the "
    "direction. It holds every constant offset between the model of this report and the model of the norm, so it "
    "compares walks of one model. The pelvis is drawn once, on the left cycle, as the overall score counts it."
)


@dataclass(frozen=True)
class Cell:
    """One value of one side as printed."""

    value: str
    interval: str
    state: str
    symbol: str


@dataclass(frozen=True)
class Row:
    """One measure as printed in a table: both sides and their difference beside one range.

    Attributes
    ----------
    name : str
    left, right, middle, difference : Cell or None
        ``middle`` is the value of a measure that has no side.
    norm, cohort, grade : str
        The usual range, whose it is, and how deep its source was read.
    method, source : str
    """

    name: str
    left: Cell | None
    right: Cell | None
    middle: Cell | None
    difference: Cell | None
    norm: str
    cohort: str
    grade: str
    method: str
    source: str


@dataclass(frozen=True)
class Item:
    """One measure as printed in a list of page one."""

    name: str
    side: str
    value: str
    norm: str
    state: str
    symbol: str


@dataclass(frozen=True)
class Table:
    """Measures under one heading.

    Attributes
    ----------
    name : str
    note : str
        What the methods of all rows share; each row then says only what is its own.
    rows : tuple of Row
    """

    name: str
    note: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class FigureRow:
    """One labelled row of up to three figures."""

    label: str
    figures: tuple[Figure | None, ...]
    missing: str = ""


@dataclass(frozen=True)
class FigurePage:
    """One page of figures.

    Attributes
    ----------
    id : str
        Anchor.
    title, note : str
    rows : tuple of FigureRow
    columns : tuple of str
    """

    id: str
    title: str
    note: str
    rows: tuple[FigureRow, ...]
    columns: tuple[str, ...] = ("Sagittal plane", "Frontal plane", "Transverse plane")


@dataclass(frozen=True)
class Claim:
    """A statement from research with what stands behind it."""

    text: str
    certainty: str
    n: str
    sources: str


@dataclass(frozen=True)
class Source:
    """One source as printed."""

    key: str
    citation: str
    doi: str
    level: str


@dataclass(frozen=True)
class Missing:
    """One thing that was not measured."""

    name: str
    side: str
    reason: str
    next_test: str


@dataclass(frozen=True)
class RecordingRow:
    """One recording as printed."""

    name: str
    task: str
    held: str
    markers: str
    strides: str
    fit: str
    sha256: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Content:
    """A whole report in words and figures; see the module.

    Attributes
    ----------
    title, who, purpose, demonstration : str
        ``demonstration`` is '' for a real person.
    verdict : Verdict
    outside, differences : tuple of Item
    within, edge, unjudged : tuple of str
        Names, the sides of one measure together.
    pages : tuple of FigurePage
        Every stride before the average, region by region; then forces.
    replay_still, posture_figure, profile_figure, legend : Figure or None
    """

    title: str
    who: str
    purpose: str
    demonstration: str
    verdict: Verdict
    outside: tuple[Item, ...]
    differences: tuple[Item, ...]
    within: tuple[str, ...]
    edge: tuple[str, ...]
    unjudged: tuple[str, ...]
    replay_still: Figure | None
    pages: tuple[FigurePage, ...]
    kinetics: str
    legend: Figure
    profile_figure: Figure | None
    profile_note: str
    posture_figure: Figure | None
    posture: Table
    posture_claims: tuple[Claim, ...]
    asymmetry_claims: tuple[Claim, ...]
    spatiotemporal: Table
    reading: str
    numbers: tuple[Table, ...]
    missing: tuple[Missing, ...]
    recordings: tuple[RecordingRow, ...]
    refused: tuple[str, ...]
    notes: tuple[str, ...]
    signs: str
    sources: tuple[Source, ...]
    provenance: tuple[tuple[str, str], ...]


def build_content(assessment: Assessment, palette: Palette | None = None) -> Content:
    """Put an assessment into words and figures.

    Parameters
    ----------
    assessment : Assessment
    palette : Palette, optional
        Colours of the sides.

    Returns
    -------
    Content
    """
    from kinechain.analysis import INTENDED_PURPOSE

    palette = palette or Palette()
    verdict = find_verdict(assessment)
    person = assessment.person
    statements = _statements()
    return Content(
        title=f"Foot to spine: {person.pseudonym}",
        who=_who(person),
        purpose=INTENDED_PURPOSE,
        demonstration=_demonstration(assessment.is_demonstration),
        verdict=verdict,
        outside=tuple(_item(f) for f in verdict.outside),
        differences=tuple(_item(f) for f in verdict.differences),
        within=_names(verdict.within),
        edge=_names(verdict.edge),
        unjudged=_names(verdict.unjudged),
        replay_still=_still(assessment, palette),
        pages=_pages(assessment, palette),
        kinetics="Joint moments and powers are not computed in this version.",
        legend=legend_figure(palette, has_band=True),
        profile_figure=profile_figure(assessment.findings, palette),
        profile_note=PROFILE_NOTE,
        posture_figure=_posture_figure(assessment, palette),
        posture=_table("Standing posture", (f for f in assessment.findings if is_posture(f))),
        posture_claims=tuple(claim for beside, claim in statements if beside == "posture"),
        asymmetry_claims=tuple(claim for beside, claim in statements if beside == "asymmetry"),
        spatiotemporal=_table("Speed, times and lengths", (f for f in assessment.findings if is_spatiotemporal(f))),
        reading=READING,
        numbers=_tables(assessment.findings),
        missing=tuple(
            Missing(u.name, side_words(u.side), u.answer.reason, u.answer.next_test) for u in assessment.unmeasured
        ),
        recordings=_recordings(assessment),
        refused=assessment.refused,
        notes=_notes(assessment),
        signs=SIGNS,
        sources=_sources(assessment.findings),
        provenance=_provenance(assessment),
    )


def is_posture(finding: Finding) -> bool:
    """True for measures of the standing trial."""
    return finding.id.endswith(("_standing", "_standing_difference")) or finding.id.startswith("leg.")


def is_spatiotemporal(finding: Finding) -> bool:
    """True for speed, cadence, times and lengths of steps."""
    return finding.id.startswith("gait.")


def _who(person: Person) -> str:
    parts = [person.sex or "", f"{person.age_years:g} years" if person.age_years is not None else ""]
    parts.append(f"{person.height_m:.2f} m" if person.height_m is not None else "")
    parts.append(f"{person.mass_kg:.1f} kg" if person.mass_kg is not None else "")
    return ", ".join(p for p in parts if p) or "nothing else is known of this person"


def _demonstration(is_demonstration: bool) -> str:
    if not is_demonstration:
        return ""
    return (
        "Demonstration: nobody. The project generated this recording itself, with a stated asymmetry, noise and gaps."
    )


def _names(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return the names of measures, those of both sides once."""
    sides: dict[str, list[str]] = {}
    for finding in findings:
        sides.setdefault(finding.name, []).append(finding.side)
    return tuple(name if found == ["both"] else f"{name} ({', '.join(found)})" for name, found in sides.items())


def _item(finding: Finding) -> Item:
    estimate = clinical(finding.estimate)
    norm = clinical_norm(finding.norm, finding.estimate.unit) if finding.norm else None
    state = state_of(finding)
    return Item(
        finding.name,
        finding.side,
        value_words(estimate),
        norm_words(norm, estimate) if norm else "",
        state,
        STATE_SYMBOLS[state],
    )


def _table(name: str, findings: Iterable[Finding]) -> Table:
    """Return one row per measure, its sides and their difference together."""
    grouped: dict[str, list[Finding]] = {}
    for finding in findings:
        grouped.setdefault(finding.id.removesuffix("_difference"), []).append(finding)
    pieces = [_pieces(found) for found in grouped.values()]
    shared = [p for p in pieces[0] if all(p in other for other in pieces)] if len(pieces) > 1 else []
    rows = tuple(
        _row(found, [p for p in own if p not in shared]) for found, own in zip(grouped.values(), pieces, strict=True)
    )
    return Table(name, "; ".join(shared), rows)


def _pieces(findings: list[Finding]) -> list[str]:
    """Return what the methods of several sides say, once each."""
    return list(dict.fromkeys(piece.strip() for finding in findings for piece in finding.method.split(";")))


def _row(findings: list[Finding], method: list[str]) -> Row:
    cells: dict[str, Cell] = {}
    for finding in findings:
        place = "difference" if finding.id.endswith("_difference") else finding.side
        cells[place] = _cell(finding)
    first = findings[0]
    judged = next((f for f in findings if f.norm is not None), None)
    norm = clinical_norm(judged.norm, judged.estimate.unit) if judged is not None and judged.norm else None
    cohort = "" if norm is None else norm.cohort
    if norm is not None and not norm.is_adult and "child" not in cohort.lower():
        cohort = f"children: {cohort}"
    if judged is not None and judged.id.endswith("_difference"):
        cohort = f"of the difference; {cohort}"
    spoken = {re.sub(r"\d+ (stride|frame)", r"\1", f.estimate.source): f.estimate.source for f in findings}
    behind = [*([f"range: {norm.source}"] if norm else []), *(f"interval: {s}" for s in spoken.values())]
    return Row(
        name=first.name.removesuffix(", left minus right"),
        left=cells.get("left"),
        right=cells.get("right"),
        middle=cells.get("both"),
        difference=cells.get("difference"),
        norm="" if norm is None or judged is None else norm_words(norm, clinical(judged.estimate)),
        cohort=cohort,
        grade="" if norm is None else norm.grade,
        method="; ".join(method),
        source="; ".join(behind),
    )


def _cell(finding: Finding) -> Cell:
    estimate, state = clinical(finding.estimate), state_of(finding)
    return Cell(value_words(estimate), interval_words(estimate), state, STATE_SYMBOLS[state])


def _tables(findings: tuple[Finding, ...]) -> tuple[Table, ...]:
    """Return every measure that stands in no table of its own, link by link."""
    names: dict[str, list[Finding]] = {}
    for finding in findings:
        if not is_posture(finding) and not is_spatiotemporal(finding):
            region = finding.id.split(".", 1)[0]
            names.setdefault(link_of(finding.id) or OTHER_GROUPS.get(region, "Whole body"), []).append(finding)
    order = [name for name, _ in LINKS]
    ranked = sorted(names, key=lambda n: order.index(n) if n in order else len(order))
    return tuple(_table(name, names[name]) for name in ranked)


def _pages(assessment: Assessment, palette: Palette) -> tuple[FigurePage, ...]:
    if not assessment.trials or assessment.body is None:
        return ()
    pages: list[FigurePage] = []
    bands = find_bands(assessment.person)
    pace = choose_pace(assessment.body, assessment.trials, assessment.person)
    for number, page in enumerate(KINEMATIC_PAGES, 1):
        strides = {panel.key: collect_strides(pace.trials, panel.key) for panel in page.panels}
        for every_stride in (True, False):
            pages.append(_kinematic_page(page, number, strides, bands, every_stride, _stride_counts(pace), palette))
    forces = _force_page(assessment, pace.trials, palette)
    return (*pages, forces)


def _kinematic_page(
    page: Page,
    number: int,
    strides: dict[str, Strides],
    bands: dict[str, NormBand],
    every_stride: bool,
    counts: str,
    palette: Palette,
) -> FigurePage:
    rows = []
    for label, panels in page.rows:
        figures = tuple(
            None
            if panel is None or strides[panel.key].is_empty
            else curve_figure(
                panel,
                strides[panel.key],
                bands.get(panel.key),
                every_stride=every_stride,
                palette=palette,
            )
            for panel in panels
        )
        lacking = [p.title for p in panels if p is not None and strides[p.key].is_empty]
        rows.append(FigureRow(label, figures, f"Not measured: {', '.join(lacking).lower()}." if lacking else ""))
    kind = "every stride" if every_stride else "average"
    note = f"{counts}. " + (
        "Each line is one stride, so the spread shows how consistent the walking was."
        if every_stride
        else "Mean of all strides of each side, each on its own cycle."
    )
    return FigurePage(
        f"curves-{number}-{'strides' if every_stride else 'average'}", f"{page.title}: {kind}", note, tuple(rows)
    )


def _stride_counts(pace: Pace) -> str:
    count = {side: sum(c.side == side for t in pace.trials for c in t.cycles) for side in ("left", "right")}
    words = f"{count['left']} left and {count['right']} right strides from {_plural(len(pace.trials), 'recording')}"
    if pace.speed_m_s is not None:
        words += f" at {pace.speed_m_s:.2f} m/s"
    if pace.left_out:
        words += f"; {_plural(len(pace.left_out), 'recording')} at another speed left out"
    return words


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _force_page(assessment: Assessment, trials: tuple[GaitTrial, ...], palette: Palette) -> FigurePage:
    mass = assessment.body.mass_kg if assessment.body else assessment.person.mass_kg
    plates = any(t.recording.plates for t in trials)
    forces = collect_forces(trials, mass) if mass and plates else {}
    if not forces:
        reason = "No stance stands whole on one force plate." if plates else "No force plates were recorded."
        return FigurePage("forces", "Ground reaction forces", f"Not measured. {reason}", ())
    for_each = {
        kind: tuple(
            curve_figure(p, forces[p.key], None, every_stride=kind, percent_of="stance", palette=palette)
            for p in GRF_PANELS
        )
        for kind in (True, False)
    }
    left, right = (len(forces["vertical"].of(side)) for side in ("left", "right"))
    counts = f"{_plural(left, 'left stance')} and {_plural(right, 'right stance')}"
    return FigurePage(
        "forces",
        "Ground reaction forces",
        f"{counts} that stand whole on one plate, in % of body weight ({mass:.1f} kg).",
        (FigureRow("Every stance", for_each[True]), FigureRow("Average", for_each[False])),
        ("Vertical", "Fore-aft", "Side"),
    )


def _still(assessment: Assessment, palette: Palette) -> Figure | None:
    """Return five moments of the first stride, seen from the side."""
    if assessment.body is None or not assessment.trials or not assessment.trials[0].cycles:
        return None
    trial = assessment.trials[0]
    cycle = trial.cycles[0]
    motion = trial.motion
    percents = (0, 15, 35, 50, 65, 85)
    at = [cycle.start_s + p / 100.0 * cycle.duration_s for p in percents]
    frames = [int(np.argmin(np.abs(motion.times_s - t))) for t in at]
    poses = segment_poses(assessment.body, motion.values[frames])
    labels = tuple(f"{p} %" for p in percents)
    return stick_figure(
        assessment.body,
        poses,
        (SIDE,) * len(percents),
        labels,
        f"One {cycle.side} stride of {trial.recording.name}, seen from the right side",
        palette=palette,
        height=230.0,
    )


def _posture_figure(assessment: Assessment, palette: Palette) -> Figure | None:
    if assessment.body is None or assessment.standing is None:
        return None
    values = np.median(assessment.standing.motion.values, axis=0)
    pose = segment_poses(assessment.body, values[None, :])[0]
    return stick_figure(
        assessment.body,
        np.stack([pose, pose]),
        (BEHIND, SIDE),
        ("from behind", "from the right side"),
        "Standing posture",
        plumb=True,
        palette=palette,
        height=360.0,
    )


def _recordings(assessment: Assessment) -> tuple[RecordingRow, ...]:
    rows = []
    if assessment.standing is not None:
        standing = assessment.standing
        rows.append(_recording_row(standing.recording, "standing", standing.motion, "", ()))
    for trial in assessment.trials:
        strides = (
            f"{sum(c.side == 'left' for c in trial.cycles)} left, {sum(c.side == 'right' for c in trial.cycles)} right"
        )
        rows.append(_recording_row(trial.recording, "walking", trial.motion, strides, trial.notes))
    return tuple(rows)


def _recording_row(
    recording: Recording, task: str, motion: Motion, strides: str, more: tuple[str, ...]
) -> RecordingRow:
    markers = recording.markers
    held = (
        "no markers"
        if markers is None
        else f"{len(markers.positions) / markers.rate_hz:.1f} s at {markers.rate_hz:g} Hz"
    )
    error = motion.marker_error[np.isfinite(motion.marker_error)]
    fit = f"{1000.0 * float(np.sqrt(np.mean(error**2))):.1f} mm" if len(error) else "not known"
    notes = [f"{n.kind.capitalize()}: {n.text}" for n in recording.notes]
    return RecordingRow(
        name=recording.name,
        task=task,
        held=held,
        markers=f"{0 if markers is None else len(markers.labels)}"
        + (f" ({recording.profile})" if recording.profile else ""),
        strides=strides or "–",
        fit=fit,
        sha256=recording.sha256,
        notes=tuple(dict.fromkeys([*notes, *motion.notes, *more])),
    )


def _notes(assessment: Assessment) -> tuple[str, ...]:
    return tuple(dict.fromkeys(assessment.notes))


def _provenance(assessment: Assessment) -> tuple[tuple[str, str], ...]:
    provenance = assessment.provenance
    rows = [("kinechain", provenance.version), ("Kernels", provenance.kernels)]
    rows += [(name, version) for name, version in sorted(provenance.versions.items())]
    rows += [(f"Setting: {name.replace('_', ' ')}", value) for name, value in sorted(provenance.settings.items())]
    rows += [(f"Input: {name}", f"sha256 {digest}") for name, digest in sorted(provenance.inputs.items())]
    if assessment.body is not None:
        rows.append(("Body", f"sha256 {assessment.body.hash}"))
    return tuple(rows)


@lru_cache(maxsize=1)
def _context() -> dict[str, object]:
    return tomllib.loads(files("kinechain.report").joinpath("context.toml").read_text(encoding="utf-8"))


def _statements() -> list[tuple[str, Claim]]:
    rows = _context()["statement"]
    assert isinstance(rows, list)
    return [(r["beside"], Claim(r["text"], r["certainty"], r["n"], ", ".join(r["sources"]))) for r in rows]


def _source_keys(findings: Iterable[Finding]) -> list[str]:
    """Return every key behind the findings and the statements, once each."""
    texts = [t for f in findings for t in (f.norm.source if f.norm else "", f.estimate.source)]
    texts += [claim.sources for _, claim in _statements()]
    return sorted({key.strip() for text in texts for key in text.split(",")} & set(source_keys()))


def _sources(findings: tuple[Finding, ...]) -> tuple[Source, ...]:
    """Return the sources behind the findings and behind the statements of the report."""
    found = (source(key) for key in _source_keys(findings))
    return tuple(Source(s.key, s.citation, s.doi, s.level) for s in found)
