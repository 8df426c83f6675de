"""Laws of the verdict: an interval that touches an edge decides nothing, nor does a deviation below its error."""

import math

from hypothesis import given
from hypothesis import strategies as st

from kinechain.care.finding import Norm
from kinechain.core.estimate import Estimate
from kinechain.findings.verdict import judge

NUMBERS = st.floats(-100.0, 100.0)
WIDTHS = st.floats(0.0, 50.0)


def estimate(value: float, below: float, above: float) -> Estimate:
    return Estimate(value, value - below, value + above, "deg", "made")


def norm(low: float, width: float, has_mean: bool = True) -> Norm:
    return Norm(low + width / 2 if has_mean else None, None, low, low + width, "made", "made", "table")


@given(NUMBERS, WIDTHS, WIDTHS, NUMBERS, WIDTHS)
def test_within_and_outside_need_the_whole_interval(
    value: float, below: float, above: float, low: float, width: float
) -> None:
    e, n = estimate(value, below, above), norm(low, width)
    verdict = judge(e, n)
    assert (verdict == "within") == (e.low > n.low and e.high < n.high)
    assert (verdict == "outside") == (e.high < n.low or e.low > n.high)


@given(NUMBERS, WIDTHS, st.floats(0.1, 50.0), st.sampled_from(["low", "high"]), st.sampled_from(["below", "above"]))
def test_an_interval_that_touches_an_edge_is_unknown(
    low: float, half: float, width: float, edge: str, side: str
) -> None:
    n = norm(low, width)
    limit = n.low if edge == "low" else n.high
    e = Estimate(limit - half, limit - 2 * half, limit, "deg", "made")
    if side == "above":
        e = Estimate(limit + half, limit, limit + 2 * half, "deg", "made")
    assert judge(e, n) == "unknown"


@given(NUMBERS, WIDTHS, NUMBERS, WIDTHS, st.floats(0.0, 200.0), st.booleans())
def test_below_its_own_error_nothing_is_outside(
    value: float, half: float, low: float, width: float, change: float, has_mean: bool
) -> None:
    e, n = estimate(value, half, half), norm(low, width, has_mean)
    if abs(value - (n.low + n.high) / 2) < change:
        assert judge(e, n, change) != "outside"


@given(NUMBERS, WIDTHS, NUMBERS, WIDTHS)
def test_without_a_norm_that_compares_nothing_is_judged(value: float, half: float, low: float, width: float) -> None:
    e = estimate(value, half, half)
    assert judge(e, None) == "unknown"
    assert judge(e, norm(low, width), is_comparable=False) == "unknown"


@given(NUMBERS, WIDTHS, WIDTHS)
def test_a_one_sided_range_works_by_its_edge(edge: float, half: float, beyond: float) -> None:
    n = Norm(None, None, -math.inf, edge, "made", "made", "table")
    e = estimate(edge + half + beyond + 1.0, half, half)
    assert judge(e, n) == "outside"
    assert judge(e, n, minimal_detectable_change=half + beyond + 1.5) == "unknown"
    assert judge(estimate(edge - half - beyond - 1.0, half, half), n) == "within"


@given(NUMBERS, WIDTHS, NUMBERS, WIDTHS)
def test_the_mirror_image_has_the_same_verdict(value: float, half: float, low: float, width: float) -> None:
    e, n = estimate(value, half, half), norm(low, width)
    mirrored = Norm(-n.mean if n.mean is not None else None, None, -n.high, -n.low, "made", "made", "table")
    assert judge(e, n, 5.0) == judge(estimate(-value, half, half), mirrored, 5.0)
