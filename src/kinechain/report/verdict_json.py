"""What the page of a verdict shows, as JSON (schema ``kinechain/verdict/1``): words, figures and curves, no arrays."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kinechain.care.finding import Finding
from kinechain.core.arrays import FloatArray
from kinechain.core.estimate import Estimate
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.findings.gait import choose_pace
from kinechain.findings.loads import load_series
from kinechain.loads.loads import Loads
from kinechain.motion.trial import GaitTrial
from kinechain.recording.recording import Side
from kinechain.report.chain import STARTS, link_words
from kinechain.report.chain_json import link_json
from kinechain.report.content import Content, build_content
from kinechain.report.curves import GRF_PANELS, KINEMATIC_PAGES, Panel, Strides, collect_forces, collect_strides
from kinechain.report.kinetics import KINETIC_ROWS, LoadPanel, collect_loads
from kinechain.report.norms import NormBand, find_bands, kinetic_bands
from kinechain.report.verdict import find_verdict
from kinechain.report.words import clinical

if TYPE_CHECKING:
    from kinechain.analysis import Assessment

__all__ = ["VERDICT_SCHEMA", "verdict_json"]

VERDICT_SCHEMA = "kinechain/verdict/1"

#: Parts of a `Content` that are given as they are.
PARTS = (
    "who", "demonstration", "made", "outside", "differences", "within", "edge", "unjudged", "loads", "chain",
    "profile_figure", "profile_note", "posture_figure", "posture", "posture_claims", "asymmetry_claims",
    "spatiotemporal", "reading", "numbers", "missing", "recordings", "refused", "notes", "signs", "sources",
    "provenance",
)  # fmt: skip

#: More strides of a side than that make a drawing nobody can read; the mean is over all.
MOST_DRAWN = 12


def verdict_json(assessment: Assessment, content: Content | None = None) -> str:
    """Return everything the page of a verdict shows, so that nothing is computed where it is shown.

    Parameters
    ----------
    assessment : Assessment
    content : Content, optional
        Of the same assessment, where it was built already.

    Returns
    -------
    str
        JSON; ``held`` is what stands in place of drivers, chain, tests and plan for somebody who is locked later on.
    """
    content = content or build_content(assessment)
    verdict = content.verdict
    without = find_verdict(replace(assessment, chain=None, no_chain="", plan=None))
    document: dict[str, Any] = {
        "schema": VERDICT_SCHEMA,
        "version": assessment.provenance.version,
        "is_demonstration": assessment.is_demonstration,
        "screen": _plain(verdict.screen),
        "headline": verdict.headline,
        "links": _plain(verdict.links),
        "drivers": verdict.drivers,
        "plan": verdict.plan,
        "mind": list(verdict.mind),
        "next_tests": list(verdict.next_tests),
        "held": {"mind": list(without.mind), "next_tests": list(without.next_tests)},
        **{name: _plain(getattr(content, name)) for name in PARTS},
        "gains": _gains(assessment),
        "grade": assessment.chain.links[0].grade if assessment.chain and assessment.chain.links else "",
        "smallest_changes": _smallest_changes(assessment.findings),
        "curves": _curves(assessment),
        "no_chain": assessment.no_chain,
        "no_plan": assessment.no_plan,
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _gains(assessment: Assessment) -> list[dict[str, Any]]:
    """Return how much of a change at one link arrives at the others, with the names as printed."""
    if assessment.chain is None:
        return []
    return [
        {**link_json(link), "side": link.side, "name": link_words(link), "start": STARTS[link.start]}
        for link in assessment.chain.links
    ]


def _smallest_changes(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return by how much each measure must change to be more than error, in the unit a clinic prints."""
    rows = []
    for finding in findings:
        least = finding.minimal_detectable_change
        if least is not None and math.isfinite(least):
            shown = clinical(Estimate(least, least, least, finding.estimate.unit, "error between sessions"))
            rows.append({"id": finding.id, "side": finding.side, "value": float(f"{shown.value:.4g}")})
    return rows


def _plain(value: Any) -> Any:
    """Return words and figures as JSON takes them."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, str) or value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Iterable):
        return [_plain(v) for v in value]
    raise TypeError(f"a verdict holds a {type(value).__name__}")


def _curves(assessment: Assessment) -> list[dict[str, Any]]:
    """Return the curves of the walks of one speed, in groups as the report draws them."""
    if not assessment.trials or assessment.body is None:
        return []
    trials = choose_pace(assessment.body, assessment.trials, assessment.person).trials
    bands = find_bands(assessment.person, assessment.own_norms)
    groups = []
    for page in KINEMATIC_PAGES:
        strides = {panel.key: collect_strides(trials, panel.key) for panel in page.panels}
        groups.append(_group(page.title, page.panels, strides, bands, "gait cycle"))
    forces = collect_forces(trials, assessment.body.mass_kg)
    if forces:
        groups.append(_group("Ground reaction", GRF_PANELS, forces, {}, "stance"))
    loads = _loads(assessment, trials)
    if loads:
        panels = [shown.panel for _, row in KINETIC_ROWS for shown in row]
        groups.append(_group("Joint moments and powers", panels, loads, kinetic_bands(assessment.person), "gait cycle"))
    return [group for group in groups if group["panels"]]


def _loads(assessment: Assessment, trials: Sequence[GaitTrial]) -> dict[str, Strides]:
    """Return moments and powers of the walks that are drawn."""
    chosen = {id(trial) for trial in trials}
    pairs = [(t, x) for t, x in zip(assessment.trials, assessment.loads, strict=False) if id(t) in chosen]
    if not pairs:
        return {}
    return {shown.panel.key: collect_loads(pairs, _taken(shown)) for _, row in KINETIC_ROWS for shown in row}


def _taken(shown: LoadPanel) -> Any:
    def take(loads: Loads, side: Side) -> FloatArray | None:
        series = load_series(loads, shown.series, side)
        if series is None:
            return None
        per = {"weight": loads.mass_kg * GRAVITY_M_S2, "mass": loads.mass_kg, "one": 1.0}[shown.per]
        return np.asarray((-1.0 if side == shown.turned else 1.0) * series / per)

    return take


def _group(
    title: str, panels: Sequence[Panel], strides: Mapping[str, Strides], bands: Mapping[str, NormBand], percent_of: str
) -> dict[str, Any]:
    return {
        "title": title,
        "percent_of": percent_of,
        "panels": [_panel(p, strides[p.key], bands.get(p.key)) for p in panels if not strides[p.key].is_empty],
    }


def _panel(panel: Panel, strides: Strides, band: NormBand | None) -> dict[str, Any]:
    places = 1 if panel.high - panel.low >= 15.0 else 3
    return {
        "key": panel.key,
        "title": panel.title,
        "up": panel.up,
        "down": panel.down,
        "low": panel.low,
        "high": panel.high,
        "unit": panel.unit,
        "left": _rows(strides.left, places),
        "right": _rows(strides.right, places),
        "counts": [len(strides.left), len(strides.right)],
        "foot_off": [_number(strides.left_foot_off, 1), _number(strides.right_foot_off, 1)],
        "band": None
        if band is None
        else {
            "low": _row(band.mean - band.sd, places),
            "high": _row(band.mean + band.sd, places),
            "cohort": band.cohort,
            "note": band.note,
        },
    }


def _rows(strides: FloatArray, places: int) -> dict[str, Any]:
    """Return the mean stride, and the first strides one by one."""
    seen = np.isfinite(strides)
    total = np.where(seen, strides, 0.0).sum(axis=0)
    mean = np.where(seen.any(axis=0), total / np.maximum(seen.sum(axis=0), 1), np.nan)
    each = [_row(row, places) for row in strides[:MOST_DRAWN]]
    return {"mean": _row(mean, places) if len(strides) else [], "each": each}


def _row(values: Iterable[float], places: int) -> list[float | None]:
    return [_number(float(v), places) for v in values]


def _number(value: float, places: int) -> float | None:
    return round(value, places) + 0.0 if math.isfinite(value) else None
