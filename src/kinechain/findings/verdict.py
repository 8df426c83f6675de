"""When a measure counts as within or outside its reference range, and when nobody can say."""

from __future__ import annotations

import math

from kinechain.care.finding import Norm, Verdict
from kinechain.core.estimate import Estimate

__all__ = ["ADULT_YEARS", "judge"]

#: From this age on a person is judged against adults.
ADULT_YEARS = 18.0


def judge(
    estimate: Estimate,
    norm: Norm | None,
    minimal_detectable_change: float | None = None,
    is_comparable: bool = True,
) -> Verdict:
    """Return the verdict on one measure.

    Parameters
    ----------
    estimate : Estimate
    norm : Norm or None
        In the unit of the estimate.
    minimal_detectable_change : float, optional
        In that unit; a deviation from the middle of the range (from its edge, if the other side is open) that is
        smaller is never called 'outside'.
    is_comparable : bool
        False if the norm was measured in other people, or by another definition: then the verdict is 'unknown'.

    Returns
    -------
    'within' if the whole interval lies inside the range, 'outside' if the whole interval lies beyond it, 'unknown'
    while the interval touches an edge, without a norm, or where the norm does not compare.
    """
    if norm is None or not is_comparable:
        return "unknown"
    if estimate.low > norm.low and estimate.high < norm.high:
        return "within"
    if not (estimate.high < norm.low or estimate.low > norm.high):
        return "unknown"
    if minimal_detectable_change is not None and _deviation(estimate.value, norm) < minimal_detectable_change:
        return "unknown"
    return "outside"


def _deviation(value: float, norm: Norm) -> float:
    if norm.mean is not None:
        return abs(value - norm.mean)
    if math.isinf(norm.low) or math.isinf(norm.high):
        return max(norm.low - value, value - norm.high)
    return abs(value - (norm.low + norm.high) / 2)
