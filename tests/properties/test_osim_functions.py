"""Laws of the functions that OpenSim models are made of."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kinechain.body.body import Function
from kinechain.body.osim_functions import compose, simm_spline

finite = st.floats(-5, 5, allow_nan=False, width=32)


@st.composite
def points(draw) -> tuple[np.ndarray, np.ndarray]:
    count = draw(st.integers(2, 12))
    steps = draw(arrays(float, count - 1, elements=st.floats(0.0625, 2.0, width=32)))
    x = draw(finite) + np.concatenate([[0.0], np.cumsum(steps)])
    return x, draw(arrays(float, count, elements=finite))


@given(points())
def test_a_spline_passes_its_points_and_bends_without_a_jump(given_points):
    x, y = given_points
    spline = simm_spline(x, y)
    np.testing.assert_allclose(spline.evaluate(x)[0], y, atol=1e-6)
    # Each piece, evaluated at its own end, must leave with the value, slope and curvature the next one starts with.
    c0, c1, c2, c3 = spline.coefficients.T
    step = np.diff(x)
    scale = 1.0 + np.abs(spline.coefficients).max() * max(1.0, step.max()) ** 3
    for end, start in (
        (c0 + step * (c1 + step * (c2 + step * c3)), c0),
        (c1 + step * (2 * c2 + 3 * step * c3), c1),
        (2 * c2 + 6 * step * c3, 2 * c2),
    ):
        assert np.abs(end[:-1] - start[1:]).max(initial=0.0) < 1e-9 * scale


@given(points())
def test_a_spline_goes_on_straight_outside(given_points):
    x, y = given_points
    spline = simm_spline(x, y)
    for edge, outward in ((x[0], -1.0), (x[-1], 1.0)):
        value, slope, _ = spline.evaluate(edge)
        there, slope_there, curvature = spline.evaluate(edge + outward)
        np.testing.assert_allclose(there, value + outward * slope, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(slope_there, slope, rtol=1e-9, atol=1e-9)
        assert curvature == 0.0


@given(points(), finite, finite, arrays(float, 20, elements=finite))
def test_composing_with_a_line_is_applying_one_after_the_other(given_points, slope, intercept, z):
    spline, line = simm_spline(*given_points), Function.linear(slope, intercept)
    # A coefficient loses digits where the line is steep, so compare against the size of what is summed.
    scale = 1.0 + np.abs(spline.coefficients).max() * 30.0**3
    for outer, inner in ((spline, line), (line, spline)):
        composed = compose(outer, inner)
        assert composed is not None
        expected = outer.evaluate(inner.evaluate(z)[0])[0]
        np.testing.assert_allclose(composed.evaluate(z)[0], expected, atol=1e-12 * scale)
