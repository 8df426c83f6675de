"""A measure beside its norm: the words in which physics and clinic meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kinechain.core.estimate import Estimate, NotMeasured

__all__ = ["Finding", "Norm", "Unmeasured", "Verdict"]

Verdict = Literal["within", "outside", "unknown"]


@dataclass(frozen=True)
class Norm:
    """What is usual, in whom, and who says so.

    Attributes
    ----------
    mean, sd : float or None
        In the unit of the measure.
    low, high : float
        The reference range the verdict is judged against.
    cohort : str
        Who was measured, as printed ("409 children, free speed"; "one laboratory, adults").
    source : str
        Source key.
    grade : str
        How deep the source was read.
    is_adult : bool
        False for children's norms, which never judge an adult silently.
    """

    mean: float | None
    sd: float | None
    low: float
    high: float
    cohort: str
    source: str
    grade: str
    is_adult: bool = True


@dataclass(frozen=True)
class Finding:
    """One measure of one side (or the midline) with its interval, norm and verdict.

    Attributes
    ----------
    id : str
        ``region.quantity``, e.g. ``knee.flexion_range``.
    name : str
        As printed.
    side : 'left', 'right' or 'both'
    estimate : Estimate
    method : str
        How it was measured, as printed.
    norm : Norm or None
    verdict : 'within', 'outside' or 'unknown'
        'unknown' while the interval touches the edge of the range, or without a norm.
    minimal_detectable_change : float or None
    """

    id: str
    name: str
    side: Literal["left", "right", "both"]
    estimate: Estimate
    method: str
    norm: Norm | None = None
    verdict: Verdict = "unknown"
    minimal_detectable_change: float | None = None


@dataclass(frozen=True)
class Unmeasured:
    """A measure that is missing: the reason and the next best test."""

    id: str
    name: str
    side: Literal["left", "right", "both"]
    answer: NotMeasured
