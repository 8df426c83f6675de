"""A laboratory's own errors between sessions in place of the published ones.

An examiner's or laboratory's error is known best where it was repeated (`kinechain.care.person.repeatability`).  Of an
examination item it replaces the published error; of a measure of a recording it widens or narrows the interval, and an
interval that comes to touch an edge of the range takes a verdict back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from kinechain.care.finding import Finding
from kinechain.care.person.repeatability import LabError, LabErrors
from kinechain.core.estimate import Estimate
from kinechain.findings.accuracy import Z95
from kinechain.findings.verdict import judge

__all__ = ["own_error", "own_interval", "with_own_errors"]

#: One unit as a laboratory writes it, in the unit of the findings.
FACTORS = {("deg", "rad"): math.pi / 180.0, ("degrees", "rad"): math.pi / 180.0, ("mm", "m"): 1e-3, ("cm", "m"): 1e-2}


def own_error(lab: LabErrors | None, item: str, part: str, unit: str) -> LabError | None:
    """Return the laboratory's error of one measure; None if it has none, or too few repeats to say.

    Parameters
    ----------
    lab : LabErrors or None
    item, part, unit : str
        As in the examination, or id of a measure of a recording.
    """
    if lab is None:
        return None
    fitting = (e for e in lab.errors if (e.item, e.part, e.unit) == (item, part, unit) and e.is_enough)
    return next(fitting, None)


def own_interval(value: float, error: LabError, lab: LabErrors, factor: float = 1.0) -> Estimate:
    """Return a value with the interval of the laboratory's own error.

    Parameters
    ----------
    value : float
    error : LabError
    lab : LabErrors
    factor : float
        Of the unit of the error in the unit of the result.
    """
    half, unit = Z95 * error.sem.value * factor, error.unit
    return Estimate(value, value - half, value + half, unit, f"{lab.code}, {lab.on.isoformat()}: own repeats")


def with_own_errors(findings: Sequence[Finding], lab: LabErrors | None) -> tuple[Finding, ...]:
    """Return measures of recordings with the laboratory's own errors where it has them.

    Parameters
    ----------
    findings : sequence of Finding
    lab : LabErrors or None
    """
    return tuple(_with_own_error(finding, lab) for finding in findings)


def _with_own_error(finding: Finding, lab: LabErrors | None) -> Finding:
    unit = finding.estimate.unit
    for written, factor in ((unit, 1.0), *((w, f) for (w, inside), f in FACTORS.items() if inside == unit)):
        error = own_error(lab, finding.id, "", written)
        if lab is None or error is None:
            continue
        estimate = replace(own_interval(finding.estimate.value, error, lab, factor), unit=unit)
        change = error.change.value * factor
        # A norm that was not comparable stays so: no verdict is made where there was none.
        verdict = "unknown" if finding.verdict == "unknown" else judge(estimate, finding.norm, change)
        return replace(finding, estimate=estimate, minimal_detectable_change=change, verdict=verdict)
    return finding
