"""The assessment as JSON, schema ``kinechain/assessment/1``."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from kinechain.body.skeleton import RHYTHMS
from kinechain.care.finding import Finding
from kinechain.care.person.person import Person
from kinechain.care.records.plan_values import plan_plain
from kinechain.core.purpose import INTENDED_PURPOSE
from kinechain.findings.loads import summarise_loads
from kinechain.findings.published_loads import PublishedLoad, published_beside
from kinechain.loads.loads import Load
from kinechain.report.chain_json import drivers_json, link_json, rounded
from kinechain.report.loads import clinical_load, load_mass_kg, load_name, why_no_loads
from kinechain.report.plan_json import screen_plain
from kinechain.report.words import clinical, clinical_norm

if TYPE_CHECKING:
    from kinechain.analysis import Assessment

__all__ = ["SCHEMA", "assessment_json", "read_schema"]

#: Name of the schema; its text is ``schema/assessment-1.json``.
SCHEMA = "kinechain/assessment/1"


def read_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``assessment_json``."""
    text = files("kinechain.report").joinpath("schema", "assessment-1.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def assessment_json(assessment: Assessment) -> str:
    """Return an assessment as JSON.

    Clinical units, named in ``unit``; no identity, no NaN.  ``drivers`` is absent while locked, unscreened, under 18
    or of unknown age, and ``links`` is empty then.

    Parameters
    ----------
    assessment : Assessment

    Returns
    -------
    str
        Indented JSON that ends with a line break.
    """
    provenance = assessment.provenance
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "intended_purpose": INTENDED_PURPOSE,
        "is_demonstration": assessment.is_demonstration,
        "person": _person(assessment.person),
        "screen": screen_plain(assessment.screen),
        "measures": [_measure(f) for f in assessment.findings],
        "not_measured": [
            {"id": u.id, "side": u.side, "reason": u.answer.reason, "next_test": u.answer.next_test}
            for u in assessment.unmeasured
        ]
        + _no_loads(assessment)
        + _no_drivers(assessment),
        "links": [link_json(link) for link in assessment.chain.links] if assessment.chain else [],
        "loads": _loads(assessment),
        "plan": plan_plain(assessment.plan) if assessment.plan is not None else None,
        "no_plan": assessment.no_plan,
        "recordings": {
            "used": [
                *([assessment.standing.recording.name] if assessment.standing else []),
                *(t.recording.name for t in assessment.trials),
            ],
            "refused": list(assessment.refused),
        },
        "notes": _notes(assessment),
        "provenance": {
            "version": provenance.version,
            "kernels": provenance.kernels,
            "inputs": dict(provenance.inputs),
            "settings": dict(provenance.settings),
            "versions": dict(provenance.versions),
        },
    }
    if assessment.chain is not None:
        document["drivers"] = drivers_json(assessment.chain.drivers)
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _notes(assessment: Assessment) -> list[str]:
    """Return every note once: of the assessment, then of each recording with its name."""
    recordings = [
        *([assessment.standing.recording] if assessment.standing else []),
        *(trial.recording for trial in (*assessment.trials, *assessment.parts)),
    ]
    own = [f"{r.name}: {note.kind}: {note.text}" for r in recordings for note in r.notes]
    of_trials = [
        f"{t.recording.name}: {note}"
        for t in (*assessment.trials, *assessment.parts)
        for note in (*t.motion.notes, *t.notes)
    ]
    of_loads = [
        f"{trial.recording.name}: {note}"
        for trial, loads in zip(assessment.trials, assessment.loads, strict=False)
        for note in (*loads.ground.notes, *loads.notes)
    ]
    return list(dict.fromkeys([*assessment.notes, *own, *of_trials, *of_loads]))


def _no_loads(assessment: Assessment) -> list[dict[str, Any]]:
    """Return the line that says why a walk has no loads."""
    if assessment.load_rows or not assessment.trials:
        return []
    return [{"id": "loads", "side": "both", "reason": why_no_loads(assessment), "next_test": ""}]


def _no_drivers(assessment: Assessment) -> list[dict[str, Any]]:
    if assessment.chain is not None or not assessment.no_chain:
        return []
    return [{"id": "drivers", "side": "both", "reason": assessment.no_chain, "next_test": ""}]


def _loads(assessment: Assessment) -> list[dict[str, Any]]:
    if not assessment.load_rows:
        return []
    mass, rhythm = load_mass_kg(assessment), assessment.provenance.settings["rhythm"]
    rows = [_load(load, mass, rhythm) for load in assessment.load_rows]
    if assessment.body is not None and assessment.other_rhythm_loads:
        # Published lumbar rhythms nearly reverse each other, so what they decide most is given under both.
        other = next(name for name in RHYTHMS if name != rhythm)
        under = summarise_loads(assessment.body, assessment.trials, assessment.other_rhythm_loads, assessment.person)
        rows += [_load(load, mass, other) for load in under if load.site == "l5_s1"]
    return rows


def _load(load: Load, mass_kg: float, rhythm: str) -> dict[str, Any]:
    estimate = clinical_load(load.estimate, mass_kg)
    return {
        "site": load.site,
        "side": load.side,
        "quantity": load.quantity,
        "name": load_name(load),
        "value": _number(estimate.value),
        "low": _number(estimate.low),
        "high": _number(estimate.high),
        "unit": estimate.unit,
        "phase": load.phase,
        "origin": load.origin,
        "rhythm": rhythm,
        "source": estimate.source,
        "published": [_published(p) for p in published_beside(load, mass_kg)],
    }


def _published(beside: PublishedLoad) -> dict[str, Any]:
    return {
        "item": beside.item,
        "quantity": beside.quantity,
        "cohort": beside.cohort,
        "n": beside.n,
        "value": _number(beside.value),
        "low": _number(beside.low),
        "high": _number(beside.high),
        "unit": beside.unit,
        "note": beside.note,
        "source": beside.source,
        "grade": beside.grade,
        "computed": _number(beside.computed),
        "place": beside.place,
    }


def _person(person: Person) -> dict[str, Any]:
    """Return what is known of a person without who they are; the pseudonym is a code, never a name."""
    return {
        "pseudonym": person.pseudonym,
        "sex": person.sex,
        "age_years": person.age_years,
        "height_m": person.height_m,
        "mass_kg": person.mass_kg,
        "foot_length_m": person.foot_length_m,
    }


def _measure(finding: Finding) -> dict[str, Any]:
    estimate = clinical(finding.estimate)
    norm = clinical_norm(finding.norm, finding.estimate.unit) if finding.norm else None
    return {
        "id": finding.id,
        "name": finding.name,
        "side": finding.side,
        "value": _number(estimate.value),
        "low": _number(estimate.low),
        "high": _number(estimate.high),
        "unit": estimate.unit,
        "method": finding.method,
        "source": estimate.source,
        "norm": norm
        and {
            "mean": _number(norm.mean),
            "sd": _number(norm.sd),
            "low": _number(norm.low),
            "high": _number(norm.high),
            "cohort": norm.cohort,
            "is_adult": norm.is_adult,
            "source": norm.source,
            "grade": norm.grade,
        },
        "verdict": finding.verdict,
    }


def _number(value: float | None) -> float | None:
    """Return six significant digits; None for what is missing or unbounded."""
    return None if value is None else rounded(value)
