"""Numbers as printed."""

import math

import pytest

from kinechain.care.finding import Norm
from kinechain.core.estimate import Estimate
from kinechain.report.words import clinical, interval_words, norm_words, value_words


def estimate(value, low, high, unit):
    return Estimate(value, low, high, unit, "a source")


@pytest.mark.parametrize(
    ("given", "value", "interval"),
    [
        (estimate(48.2, 46.1, 50.3, "deg"), "48°", "46 to 50"),
        (estimate(12.34, 11.9, 12.8, "deg"), "12.3°", "11.9 to 12.8"),
        (estimate(1.213, 1.18, 1.24, "m/s"), "1.21 m/s", "1.18 to 1.24"),
        (estimate(-9.0, -15.0, -3.0, "mm"), "−9 mm", "−15 to −3"),
        (estimate(-0.3, -4.0, 4.0, "deg"), "0°", "−4 to 4"),
        (estimate(4.0, 4.0, 4.0, "points"), "4.0 points", "no interval"),
    ],
)
def test_decimals_follow_the_interval(given, value, interval):
    assert value_words(given) == value
    assert interval_words(given) == interval


def test_radians_are_printed_as_degrees():
    shown = clinical(estimate(math.pi / 6, 0.0, math.pi / 2, "rad"))
    assert (shown.value, shown.low, shown.high) == pytest.approx((30.0, 0.0, 90.0))
    assert shown.unit == "deg"


def test_an_open_range_is_put_into_words():
    given = estimate(12.0, 10.0, 14.0, "mm")
    norm = Norm(None, None, -math.inf, 13.0, "adults", "x", "table")
    assert norm_words(norm, given) == "up to 13 mm"
    assert norm_words(None, given) == "no norm"
