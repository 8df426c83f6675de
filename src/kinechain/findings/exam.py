"""What a clinician found by hand, held against the norms that were read for it.

The items are those of ``measures.toml``; ``exam_norms.toml`` says which error and which norm rows
belong to each.  An item without a known error or a norm is shown without a verdict.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from kinechain.care.finding import Finding, Norm, Unmeasured
from kinechain.care.person.exam import current_exam
from kinechain.care.person.person import ExamItem, NotExamined, Person
from kinechain.care.person.repeatability import LabErrors
from kinechain.core.errors import EvidenceError
from kinechain.core.estimate import Estimate, NotMeasured
from kinechain.evidence.library import Fact, read_facts
from kinechain.findings.accuracy import Z95
from kinechain.findings.norms import REFERENCE_SD, fact_norm
from kinechain.findings.own_errors import own_error, own_interval
from kinechain.findings.verdict import judge

__all__ = ["ExamMeasure", "ExamReference", "exam_reference", "find_exam", "read_exam_measures"]


@dataclass(frozen=True)
class ExamMeasure:
    """One measure of the examination and how it is judged.

    Attributes
    ----------
    key : str
        In ``measures.toml``.
    id, name : str
        Of the finding.
    unit : str
        In which error and norms stand; the item must be written in it to be judged.
    rules : mapping
        The entry of ``exam_norms.toml``.
    """

    key: str
    id: str
    name: str
    unit: str
    rules: Mapping[str, Any]


@dataclass(frozen=True)
class ExamReference:
    """What a value of one measure is held against.

    Attributes
    ----------
    unit : str
        Of the norm and the change.
    norm : Norm or None
    fits : bool
        Whether the norm is of people like this one.
    change : float or None
        Smallest change between two days that is larger than the error of the test.
    change_source : str
        Source key, or whose own repeats; '' without one.
    note : str
    """

    unit: str
    norm: Norm | None
    fits: bool
    change: float | None
    change_source: str
    note: str


def exam_reference(key: str, person: Person, lab: LabErrors | None = None) -> ExamReference | None:
    """Return what a value of an examination item is held against; None if nothing was read for it.

    Parameters
    ----------
    key : str
    person : Person
        Whom it would judge.
    lab : LabErrors, optional
        As in `find_exam`.
    """
    measure = read_exam_measures().get(key)
    if measure is None:
        return None
    item = ExamItem(key, "both", 0.0, measure.unit, "")
    error = _own_half_width(lab, item) or _half_width(measure.rules.get("error"))
    norm, fits, _ = _norm(measure.rules.get("norms", ()), person)
    note = measure.rules.get("note", "")
    if norm is None and error is None and not note:
        return None
    change, source = (None, "") if error is None else (math.sqrt(2.0) * error[0], error[1])
    return ExamReference(measure.unit, norm, fits, change, source, note)


@cache
def read_exam_measures() -> Mapping[str, ExamMeasure]:
    """Return every measure that has a place in the chain, by key.

    Raises
    ------
    EvidenceError
        If an entry names no measure of ``measures.toml``.
    """
    folder = files("kinechain.evidence") / "data" / "clinical"
    listed = tomllib.loads((folder / "measures.toml").read_text(encoding="utf-8"))["measure"]
    names = {entry["id"]: entry["name"] for entry in listed}
    rules = tomllib.loads((folder / "exam_norms.toml").read_text(encoding="utf-8"))
    rules.pop("schema_version", None)
    dangling = sorted(set(rules) - set(names))
    if dangling:
        raise EvidenceError(f"exam_norms.toml: not in measures.toml: {', '.join(dangling)}")
    return MappingProxyType(
        {key: ExamMeasure(key, r["id"], names[key], r["unit"], MappingProxyType(r)) for key, r in rules.items()}
    )


def find_exam(person: Person, lab: LabErrors | None = None) -> tuple[list[Finding], list[Unmeasured]]:
    """Return every examination item as a measure, left-right differences included, and what was skipped.

    Parameters
    ----------
    person : Person
    lab : LabErrors, optional
        Errors the laboratory found itself, in place of the published ones.

    Returns
    -------
    findings, unmeasured : list

    Notes
    -----
    Of several entries the latest day counts, its repeats averaged (`kinechain.care.person.exam.current_exam`).
    """
    measures = read_exam_measures()
    items, without_value = current_exam(person)
    findings = [_finding(person, item, measures.get(item.id), lab) for item in items]
    for key, measure in measures.items():
        if "difference" in measure.rules:
            mine = [i for i in items if i.id == key and i.unit == measure.unit and not i.part]
            pair = {i.side: i for i in mine if i.side != "both"}
            if len(pair) == 2:
                findings.append(_difference(person, measure, pair["left"].value - pair["right"].value, lab))
    return findings, [_unmeasured(absent, measures.get(absent.id)) for absent in without_value]


def _unmeasured(absent: NotExamined, measure: ExamMeasure | None) -> Unmeasured:
    """Return what has no value, and why."""
    name = measure.name if measure else absent.id.replace("_", " ")
    place = measure.id if measure else f"exam.{absent.id}"
    reason = "skipped in the examination" if absent.state == "skipped" else "examined, the result is not known"
    if absent.part:
        place, name = f"{place}.{_slug(absent.part)}", f"{name}, {absent.part}"
    return Unmeasured(place, name, absent.side, NotMeasured(reason, name))


def _slug(part: str) -> str:
    return part.lower().replace(" ", "_").replace("-", "_")


def _finding(person: Person, item: ExamItem, measure: ExamMeasure | None, lab: LabErrors | None) -> Finding:
    if measure is not None and item.part:
        estimate = Estimate(item.value, item.value, item.value, item.unit or "-", "as entered; error not known")
        place, name = f"{measure.id}.{_slug(item.part)}", f"{measure.name}, {item.part}"
        return Finding(place, name, item.side, estimate, f"examination: {item.method}")
    if measure is None:
        estimate = Estimate(item.value, item.value, item.value, item.unit or "-", "as entered; error not known")
        return Finding(f"exam.{item.id}", item.id.replace("_", " "), item.side, estimate, f"examination: {item.method}")
    method = f"examination: {item.method}" + (f"; {measure.rules['note']}" if "note" in measure.rules else "")
    if item.unit != measure.unit:
        estimate = Estimate(
            item.value, item.value, item.value, item.unit or "-", "as entered; error not read for this unit"
        )
        return Finding(measure.id, measure.name, item.side, estimate, method)
    error = _own_half_width(lab, item) or _half_width(measure.rules.get("error"))
    norm, fits, remark = _norm(measure.rules.get("norms", ()), person)
    estimate = _estimate(item.value, error, item.unit)
    has_error = error is not None or bool(measure.rules.get("is_count"))
    verdict = judge(estimate, norm, None if error is None else math.sqrt(2.0) * error[0], fits and has_error)
    return Finding(
        measure.id,
        measure.name,
        item.side,
        estimate,
        method + remark,
        norm,
        verdict,
        None if error is None else math.sqrt(2.0) * error[0],
    )


def _difference(person: Person, measure: ExamMeasure, value: float, lab: LabErrors | None) -> Finding:
    """Return left minus right of an item measured on both sides."""
    rule = measure.rules["difference"]
    fact, own = _row(rule), own_error(lab, measure.key, "", measure.unit)
    change = fact.number("sd") * Z95 if rule["kind"] == "difference_sd" else fact.number()
    source = fact.source.key
    if own is not None and lab is not None:
        change, source = own.change.value, f"{lab.code}: own repeats"
    norm, fits, remark = _norm(measure.rules.get("difference_norms", ()), person)
    estimate = Estimate(value, value - change, value + change, measure.unit, f"error of a difference ({source})")
    size = "smaller than the test can tell" if abs(value) < change else "larger than the test's own error"
    return Finding(
        f"{measure.id}_difference",
        f"{measure.name}, left minus right",
        "both",
        estimate,
        f"examination, both sides; {size} ({change:.1f} {measure.unit}){remark}",
        norm,
        judge(estimate, norm, change, fits),
        change,
    )


def _estimate(value: float, error: tuple[float, str] | None, unit: str) -> Estimate:
    if error is None:
        return Estimate(value, value, value, unit or "-", "as entered; error not known")
    half, source = error
    return Estimate(value, value - half, value + half, unit, source)


def _own_half_width(lab: LabErrors | None, item: ExamItem) -> tuple[float, str] | None:
    """Return half of the 95 % interval by the laboratory's own repeats, and where it is from."""
    error = own_error(lab, item.id, item.part, item.unit)
    if error is None or lab is None:
        return None
    interval = own_interval(item.value, error, lab)
    return interval.high - item.value, interval.source


def _half_width(rule: Mapping[str, Any] | None) -> tuple[float, str] | None:
    """Return half of the 95 % interval of one value, and its source."""
    if rule is None:
        return None
    fact = _row(rule)
    kinds = {
        "half_width": lambda: fact.number(),
        "sem": lambda: Z95 * fact.number(),
        "change": lambda: fact.number() / math.sqrt(2.0),
        "difference_sd": lambda: Z95 * fact.number("sd") / math.sqrt(2.0),
    }
    return kinds[rule["kind"]](), f"{fact.source.key} ({fact.grade})"


def _row(rule: Mapping[str, Any]) -> Fact:
    """Return the row of ``accuracy.csv`` a rule names."""
    wanted = {k: rule[k] for k in ("item", "subgroup") if k in rule}
    rows = [f for f in read_facts("accuracy") if f.source.key == rule["source"]]
    rows = [f for f in rows if all(f.columns[k] == v for k, v in wanted.items())]
    if len(rows) != 1:
        raise EvidenceError(f"exam_norms.toml: {len(rows)} rows of accuracy.csv fit {dict(rule)}; one was asked for")
    return rows[0]


def _norm(rules: Any, person: Person) -> tuple[Norm | None, bool, str]:
    """Return the norm to show, whether it may judge this person, and what to say about it."""
    fitting = [r for r in rules if r.get("sex") in (None, person.sex)] or list(rules)
    if not fitting:
        return None, False, ""
    found = [n for r in fitting if (n := _norm_of(r)) is not None]
    if not found:
        return None, False, ""
    norm = found[0]
    if len(found) > 1:
        norm = Norm(
            None,
            None,
            min(n.low for n in found),
            max(n.high for n in found),
            " or ".join(n.cohort for n in found),
            norm.source,
            norm.grade,
        )
    if person.age_years is None:
        return norm, False, "; age not known, not judged"
    low, high = fitting[0]["ages"]
    if not low <= math.floor(person.age_years) <= high:
        return norm, False, f"; the norm is of people of {low}-{high} y, not judged"
    return norm, True, ""


def _norm_of(rule: Mapping[str, Any]) -> Norm | None:
    wanted = {k: rule[k] for k in ("item", "subgroup", "quantity") if k in rule}
    rows = [f for f in read_facts("normative_posture_foot") if f.source.key == rule["source"]]
    rows = [f for f in rows if all(f.columns[k] == v for k, v in wanted.items())]
    if len(rows) != 1:
        raise EvidenceError(f"exam_norms.toml: {len(rows)} norm rows fit {dict(rule)}; one was asked for")
    norm = fact_norm(rows[0])
    if norm is not None and rule.get("is_magnitude"):
        limit = rows[0].number() + REFERENCE_SD * rows[0].number("sd")
        return replace(norm, mean=0.0, sd=None, low=-limit, high=limit)
    return norm
