"""How numbers and verdicts are put into words, in one place."""

from __future__ import annotations

import math

from kinechain.care.finding import Finding, Norm
from kinechain.core.estimate import Estimate

__all__ = [
    "STATE_SYMBOLS",
    "STATE_WORDS",
    "clinical",
    "interval_words",
    "norm_words",
    "side_words",
    "state_of",
    "unit_words",
    "value_words",
]

#: Inside to clinic: factor and unit as printed.
CLINICAL_UNITS = {"rad": (180.0 / math.pi, "deg"), "rad/s": (180.0 / math.pi, "deg/s"), "fraction": (100.0, "%")}
PRINTED_UNITS = {"deg": "°", "deg/s": "°/s", "1": "", "-": "", "ratio": "", "count": "", "1/min": "/min"}

#: State of a measure or a link: a mark that does not need colour, and words.
STATE_SYMBOLS = {"outside": "▲", "within": "●", "edge": "?", "unjudged": "○", "unknown": "?", "missing": "–"}
STATE_WORDS = {
    "outside": "outside the usual range",
    "within": "within the usual range",
    "edge": "at the edge of the range: cannot be told",
    "unjudged": "no range that fits: not judged",
    "unknown": "cannot be judged",
    "missing": "not measured",
}


def state_of(finding: Finding) -> str:
    """Return the verdict, the open ones told apart: 'edge' if only the interval is too wide, else 'unjudged'."""
    if finding.verdict != "unknown":
        return finding.verdict
    norm, estimate = finding.norm, finding.estimate
    touches = norm is not None and any(estimate.low <= edge <= estimate.high for edge in (norm.low, norm.high))
    return "edge" if touches else "unjudged"


def clinical(estimate: Estimate) -> Estimate:
    """Return the same estimate in the unit a clinic prints."""
    factor, unit = CLINICAL_UNITS.get(estimate.unit, (1.0, estimate.unit))
    if factor == 1.0:
        return estimate
    return Estimate(estimate.value * factor, estimate.low * factor, estimate.high * factor, unit, estimate.source)


def clinical_norm(norm: Norm, unit: str) -> Norm:
    """Return a norm in the clinical unit of a measure that is stored in ``unit``."""
    factor, _ = CLINICAL_UNITS.get(unit, (1.0, unit))
    if factor == 1.0:
        return norm
    return Norm(
        None if norm.mean is None else norm.mean * factor,
        None if norm.sd is None else norm.sd * factor,
        norm.low * factor,
        norm.high * factor,
        norm.cohort,
        norm.source,
        norm.grade,
        norm.is_adult,
    )


def unit_words(unit: str) -> str:
    """Return a unit as printed after a number."""
    return PRINTED_UNITS.get(unit, unit)


def decimals(estimate: Estimate) -> int:
    """Return how many decimals the interval deserves."""
    width = estimate.high - estimate.low
    if width <= 0.0:
        width = abs(estimate.value) / 10.0 or 1.0
    return min(3, max(0, math.ceil(math.log10(4.0 / width)) if width < 4.0 else 0))


def plain(value: float, places: int) -> str:
    """Return a number with a true minus sign and never a minus zero."""
    rounded = round(value, places) + 0.0
    return f"{rounded:.{places}f}".replace("-", "−")


def _joined(number: str, unit: str) -> str:
    shown = unit_words(unit)
    if not shown:
        return number
    return f"{number}{shown}" if shown.startswith(("°", "/")) else f"{number} {shown}"


def value_words(estimate: Estimate) -> str:
    """Return the value with its unit: ``12.3°``."""
    return _joined(plain(estimate.value, decimals(estimate)), estimate.unit)


def interval_words(estimate: Estimate) -> str:
    """Return the 95 % interval: ``10.1 to 14.5``; or that there is none."""
    if estimate.high == estimate.low:
        return "no interval"
    places = decimals(estimate)
    return f"{plain(estimate.low, places)} to {plain(estimate.high, places)}"


def norm_words(norm: Norm | None, estimate: Estimate) -> str:
    """Return the reference range with its unit, or that there is none."""
    if norm is None:
        return "no norm"
    places = decimals(estimate)
    if math.isinf(norm.low) and math.isinf(norm.high):
        return "no range"
    if math.isinf(norm.low):
        return _joined(f"up to {plain(norm.high, places)}", estimate.unit)
    if math.isinf(norm.high):
        return _joined(f"from {plain(norm.low, places)}", estimate.unit)
    return _joined(f"{plain(norm.low, places)} to {plain(norm.high, places)}", estimate.unit)


def side_words(side: str) -> str:
    """Return the side as printed."""
    return {"left": "left", "right": "right", "both": "midline"}.get(side, side)


def named(finding: Finding) -> str:
    """Return the name of a measure with its side."""
    return finding.name if finding.side == "both" else f"{finding.name}, {finding.side}"
