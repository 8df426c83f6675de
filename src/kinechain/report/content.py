"""What a report says, in order and in words, before it becomes a page or a PDF.

HTML and PDF are two layouts of this one value, so they cannot differ in content.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from kinechain.care.finding import Finding
from kinechain.care.person.person import Person
from kinechain.core.purpose import INTENDED_PURPOSE
from kinechain.evidence.chain import study
from kinechain.evidence.library import source, source_keys
from kinechain.evidence.wording import say
from kinechain.motion.motion import Motion
from kinechain.recording.recording import Recording
from kinechain.report.chain import ChainSection, chain_section, chain_sources
from kinechain.report.figures import Palette
from kinechain.report.loads import LoadSection, load_section, load_sources_of
from kinechain.report.norms import profile_figure
from kinechain.report.pages import figure_pages, standing_figure, walking_figure
from kinechain.report.sheets import FigurePage
from kinechain.report.svg import Figure
from kinechain.report.tables import (
    Item,
    Table,
    is_posture,
    is_spatiotemporal,
    link_tables,
    list_items,
    measure_table,
    short_names,
)
from kinechain.report.verdict import Verdict, find_verdict
from kinechain.report.words import (
    side_words,
)

if TYPE_CHECKING:
    from kinechain.analysis import Assessment

__all__ = ["Claim", "Content", "Missing", "RecordingRow", "Source", "build_content"]


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
    title, who, purpose, demonstration, made : str
        ``demonstration`` and ``made`` (what was put into the recording on purpose) are '' for a real person.
    verdict : Verdict
    outside, differences : tuple of Item
    within, edge, unjudged : tuple of str
        Names, the sides of one measure together.
    pages : tuple of FigurePage
        Every stride before the average, region by region; then forces.
    replay_still, posture_figure, profile_figure : Figure or None
    """

    title: str
    who: str
    purpose: str
    demonstration: str
    made: str
    verdict: Verdict
    outside: tuple[Item, ...]
    differences: tuple[Item, ...]
    within: tuple[str, ...]
    edge: tuple[str, ...]
    unjudged: tuple[str, ...]
    replay_still: Figure | None
    pages: tuple[FigurePage, ...]
    loads: LoadSection
    chain: ChainSection
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
    palette = palette or Palette()
    verdict = find_verdict(assessment)
    person = assessment.person
    statements = _statements()
    recordings = _recordings(assessment)
    shared = _shared_notes(recordings)
    return Content(
        title=f"Foot to spine: {person.pseudonym}",
        who=_who(person),
        purpose=INTENDED_PURPOSE,
        demonstration=_demonstration(assessment.is_demonstration),
        made=_made(assessment),
        verdict=verdict,
        outside=list_items(verdict.outside),
        differences=list_items(verdict.differences),
        within=short_names(verdict.within),
        edge=short_names(verdict.edge),
        unjudged=short_names(verdict.unjudged),
        replay_still=walking_figure(assessment, palette),
        pages=figure_pages(assessment, palette),
        loads=load_section(assessment),
        chain=chain_section(assessment, palette),
        profile_figure=profile_figure(assessment.findings, palette),
        profile_note=say("report.profile_note").text,
        posture_figure=standing_figure(assessment, palette),
        posture=measure_table("Standing posture", filter(is_posture, assessment.findings)),
        posture_claims=tuple(claim for beside, claim in statements if beside == "posture"),
        asymmetry_claims=tuple(claim for beside, claim in statements if beside == "asymmetry"),
        spatiotemporal=measure_table(
            "Speed, times and lengths", (f for f in assessment.findings if is_spatiotemporal(f))
        ),
        reading=say("report.reading", width=95).text,
        numbers=link_tables(assessment.findings),
        missing=tuple(
            Missing(u.name, side_words(u.side), u.answer.reason, u.answer.next_test) for u in assessment.unmeasured
        ),
        recordings=tuple(replace(r, notes=tuple(n for n in r.notes if n not in shared)) for r in recordings),
        refused=assessment.refused,
        notes=tuple(dict.fromkeys([*assessment.notes, *(f"Every walk: {n}" for n in shared)])),
        signs=say("report.signs", points=101).text,
        sources=_sources(assessment),
        provenance=_provenance(assessment),
    )


def _who(person: Person) -> str:
    parts = [person.sex or "", f"{person.age_years:g} years" if person.age_years is not None else ""]
    parts.append(f"{person.height_m:.2f} m" if person.height_m is not None else "")
    parts.append(f"{person.mass_kg:.1f} kg" if person.mass_kg is not None else "")
    return ", ".join(p for p in parts if p) or "nothing else is known of this person"


def _demonstration(is_demonstration: bool) -> str:
    if not is_demonstration:
        return ""
    return say("report.demonstration").text


def _made(assessment: Assessment) -> str:
    """Return what a demonstration's recording was given on purpose, to hold the verdict against."""
    if not assessment.is_demonstration:
        return ""
    return " ".join(n for n in assessment.notes if n.startswith(("Made on purpose", "Also made")))


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


def _shared_notes(rows: tuple[RecordingRow, ...]) -> tuple[str, ...]:
    """Return what is noted of every walking recording alike, to be said once."""
    walks = [row.notes for row in rows if row.task == "walking"]
    return tuple(n for n in walks[0] if all(n in other for other in walks)) if len(walks) > 1 else ()


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


def _provenance(assessment: Assessment) -> tuple[tuple[str, str], ...]:
    provenance = assessment.provenance
    rows = [("kinechain", provenance.version), ("Kernels", provenance.kernels)]
    rows += [(name, version) for name, version in sorted(provenance.versions.items())]
    settings = {name: "automatic" if value == "None" else value for name, value in provenance.settings.items()}
    rows += [(f"Setting: {name.replace('_', ' ')}", value) for name, value in sorted(settings.items())]
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


def _source_keys(findings: Iterable[Finding], more: Iterable[str]) -> list[str]:
    """Return every key behind the findings, the statements and what stands beside the loads, once each."""
    texts = [t for f in findings for t in (f.norm.source if f.norm else "", f.estimate.source, f.method)]
    texts += [claim.sources for _, claim in _statements()]
    named = {key for text in texts for key in re.findall(r"\w+", text)}
    return sorted((named | set(more)) & set(source_keys()))


def _sources(assessment: Assessment) -> tuple[Source, ...]:
    """Return the sources behind the findings, the loads, the chain and the statements of the report."""
    of_chain = chain_sources(assessment)
    found = (source(key) for key in _source_keys(assessment.findings, (*load_sources_of(assessment), *of_chain)))
    studies = (study(key) for key in of_chain if key not in source_keys())
    rows = [Source(s.key, s.citation, s.doi, s.level) for s in found]
    rows += [Source(s.key, s.citation, s.doi, s.read_level) for s in studies]
    return tuple(sorted(rows, key=lambda row: row.key.lower()))
