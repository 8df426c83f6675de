"""OpenSim's functions of one coordinate, as piecewise cubics."""

from __future__ import annotations

from functools import lru_cache
from xml.etree.ElementTree import Element

import numpy as np

from kinechain.body.body import Function
from kinechain.body.osim_xml import describe, floats, number, numbers
from kinechain.core.arrays import FloatArray, frozen, handed_over
from kinechain.core.errors import FileError

__all__ = ["compose", "multiply", "read_function", "simm_spline"]

_SPLINES = ("SimmSpline", "NaturalCubicSpline", "natCubicSpline")
_FUNCTIONS = (
    "Constant",
    "LinearFunction",
    "MultiplierFunction",
    "PiecewiseLinearFunction",
    "PolynomialFunction",
    *_SPLINES,
)
#: Where a polynomial of a degree above three is replaced by pieces of degree three.
_PIECES = 512


def read_function(element: Element, reach: tuple[float, float]) -> tuple[Function, str]:
    """Return the function an OpenSim element describes, and what was approximated ('' if nothing).

    Parameters
    ----------
    element : Element
        ``<SimmSpline>``, ``<LinearFunction>`` ...; a ``<NaturalCubicSpline>`` is OpenSim's old name of ``SimmSpline``.
    reach : (float, float)
        Range of the coordinate; only used where a function is approximated.

    Raises
    ------
    FileError
        If the type is not supported or its numbers are unusable.
    """
    if element.tag in _SPLINES:
        return simm_spline(*_points(element)), ""
    if element.tag == "Constant":
        return Function.constant(number(element, "value", 0.0)), ""
    if element.tag == "LinearFunction":
        slope, intercept = map(np.float64, floats(element, "coefficients", 2, (1.0, 0.0)))
        return Function.linear(slope, intercept), ""
    if element.tag == "PiecewiseLinearFunction":
        return _piecewise_linear(*_points(element)), ""
    if element.tag == "PolynomialFunction":
        return _polynomial(element, reach)
    if element.tag == "MultiplierFunction":
        inner, note = read_function(find_function(element.find("function")), reach)
        return multiply(inner, number(element, "scale", 1.0)), note
    raise FileError(f"a function of type {element.tag} is not supported; supported are {', '.join(_FUNCTIONS[:-2])}")


def find_function(owner: Element | None) -> Element:
    """Return the one function element inside a property element."""
    found = [] if owner is None else [child for child in owner if child.tag not in ("coordinates", "axis", "scale")]
    if len(found) == 1 and found[0].tag == "function":
        return find_function(found[0])
    if len(found) != 1:
        raise FileError(f"{describe(owner) if owner is not None else 'a function'} must hold one function")
    return found[0]


def _points(element: Element) -> tuple[FloatArray, FloatArray]:
    x, y = numbers(element, "x"), numbers(element, "y")
    if len(x) != len(y) or len(x) < 2:
        raise FileError(f"{describe(element)} has {len(x)} x and {len(y)} y; it needs as many, and at least two")
    if not (x[1:] > x[:-1]).all():
        raise FileError(f"the x of {describe(element)} do not ascend")
    return x, y


def simm_spline(x: FloatArray, y: FloatArray) -> Function:
    """Return the cubic spline through points that OpenSim calls ``SimmSpline``.

    Parameters
    ----------
    x : (point,) array
        Ascending.
    y : (point,) array

    Notes
    -----
    Continuous second derivative; at each end the third derivative equals that of the cubic through
    the four points nearest to it (zero with three points, a straight line with two), not the zero second
    derivative of a "natural" spline.  Straight lines outside.

    References
    ----------
    Forsythe, Malcolm, Moler: Computer Methods for Mathematical Computations (1977), subroutine SPLINE.
    """
    # The left side of a model repeats the splines of the right.
    return Function(x, _spline_coefficients(np.asarray(x, float).tobytes(), np.asarray(y, float).tobytes()))


@lru_cache(maxsize=256)
def _spline_coefficients(of_x: bytes, of_y: bytes) -> FloatArray:
    x, y = np.frombuffer(of_x), np.frombuffer(of_y)
    step = x[1:] - x[:-1]
    slope = (y[1:] - y[:-1]) / step
    if len(x) == 2:
        return frozen([[y[0], slope[0], 0.0, 0.0]])
    # Unknown is a sixth of the second derivative at the points.
    right = np.zeros(len(x))
    right[1:-1] = slope[1:] - slope[:-1]
    if len(x) > 3:
        right[0] = _third_difference(x[:4].tolist(), slope[:3].tolist()) * step[0] ** 2
        right[-1] = -_third_difference(x[-4:].tolist(), slope[-3:].tolist()) * step[-1] ** 2
    matrix = np.zeros((len(x), len(x)))
    flat = matrix.reshape(-1)
    flat[:: len(x) + 1][1:-1] = 2.0 * (step[:-1] + step[1:])
    flat[0], flat[-1] = -step[0], -step[-1]
    flat[1 :: len(x) + 1] = flat[len(x) :: len(x) + 1] = step
    sixth = np.linalg.solve(matrix, right)
    coefficients = np.empty((len(step), 4))
    coefficients[:, 0] = y[:-1]
    coefficients[:, 1] = slope - step * (2.0 * sixth[:-1] + sixth[1:])
    coefficients[:, 2] = 3.0 * sixth[:-1]
    coefficients[:, 3] = (sixth[1:] - sixth[:-1]) / step
    return handed_over(coefficients)


def _third_difference(x: list[float], slope: list[float]) -> float:
    """Return the third divided difference of four points, from the slopes between them."""
    first, second = ((slope[i + 1] - slope[i]) / (x[i + 2] - x[i]) for i in (0, 1))
    return (second - first) / (x[3] - x[0])


def _piecewise_linear(x: FloatArray, y: FloatArray) -> Function:
    zero = np.zeros(len(x) - 1)
    return Function(x, np.column_stack([y[:-1], np.diff(y) / np.diff(x), zero, zero]))


def _polynomial(element: Element, reach: tuple[float, float]) -> tuple[Function, str]:
    falling = numbers(element, "coefficients")
    rising = np.trim_zeros(falling[::-1], "b")
    if len(rising) <= 4:
        padded = np.zeros(4)
        padded[: len(rising)] = rising
        return Function(np.array([0.0, 1.0]), padded[None, :], is_linear_outside=False), ""
    low, high = reach if 0.0 < reach[1] - reach[0] < 100.0 else (-2 * np.pi, 2 * np.pi)
    # Coordinates that are not clamped leave their range, so go on for half of it to both sides.
    low, high = low - (high - low) / 2, high + (high - low) / 2
    polynomial = np.polynomial.Polynomial(rising)
    pieces = _hermite(np.linspace(low, high, _PIECES + 1), polynomial)
    fine = np.linspace(low, high, 8 * _PIECES + 1)
    error = float(np.abs(pieces.evaluate(fine)[0] - polynomial(fine)).max())
    return pieces, (
        f"a polynomial of degree {len(rising) - 1} is replaced by {_PIECES} cubics from {low:.3g} to {high:.3g}, "
        f"off by at most {error:.1e} there"
    )


def _hermite(x: FloatArray, smooth: np.polynomial.Polynomial) -> Function:
    y, d, step = smooth(x), smooth.deriv()(x), np.diff(x)
    slope = np.diff(y) / step
    c2 = (3.0 * slope - 2.0 * d[:-1] - d[1:]) / step
    c3 = (d[:-1] + d[1:] - 2.0 * slope) / step**2
    return Function(x, np.column_stack([y[:-1], d[:-1], c2, c3]), is_linear_outside=False)


def multiply(function: Function, factor: float) -> Function:
    """Return ``factor`` times a function."""
    if factor == 1.0 and function.is_constant:
        return function
    return Function(function.knots, handed_over(function.coefficients * factor), function.is_linear_outside)


def compose(outer: Function, inner: Function) -> Function | None:
    """Return ``outer(inner(z))`` if it is again piecewise cubic, else None."""
    if inner.is_linear:
        return _after_line(outer, *_line(inner))
    if outer.is_linear:
        slope, intercept = _line(outer)
        coefficients = inner.coefficients * slope
        coefficients[:, 0] += intercept
        return Function(inner.knots, coefficients, inner.is_linear_outside)
    return None


def _line(function: Function) -> tuple[float, float]:
    intercept, slope = function.coefficients[0, :2]
    return float(slope), float(intercept - slope * function.knots[0])


def _after_line(outer: Function, slope: float, intercept: float) -> Function:
    # Below this slope the coordinate moves nothing that could be measured, and knots / slope would overflow.
    if abs(slope) < 1e-12:
        return Function.constant(float(outer.evaluate(intercept)[0]))
    knots = (outer.knots - intercept) / slope
    if slope > 0:
        return Function(knots, outer.coefficients * slope ** np.arange(4), outer.is_linear_outside)
    # A falling line turns the pieces round: re-expand each about its other end.
    step = np.diff(outer.knots)
    c0, c1, c2, c3 = outer.coefficients.T
    about_end = np.column_stack(
        [c0 + step * (c1 + step * (c2 + step * c3)), c1 + step * (2 * c2 + step * 3 * c3), c2 + 3 * c3 * step, c3]
    )
    return Function(knots[::-1], (about_end * slope ** np.arange(4))[::-1], outer.is_linear_outside)
