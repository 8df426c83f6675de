"""Charts: known curves at known places, signs up, sides told apart without colour."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from kinechain.report.curves import KINEMATIC_PAGES, Panel, Strides
from kinechain.report.figures import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Bar, bar_figure, curve_figure, curve_range
from kinechain.report.norms import NormBand

PANEL = Panel("knee_flexion", "Knee flexion", "Flexion", "Extension", 0, 100)
NAMESPACE = "{http://www.w3.org/2000/svg}"


def elements(figure, tag, kind):
    root = ElementTree.fromstring(figure.svg)
    return [e for e in root.iter(f"{NAMESPACE}{tag}") if kind in (e.get("class") or "").split()]


def points(element):
    numbers = [float(v) for v in re.findall(r"-?\d+(?:\.\d+)?", element.get("d"))]
    return np.array(numbers).reshape(-1, 2)


def strides(left, right=None, **ends):
    empty = np.empty((0, 101))
    return Strides(np.atleast_2d(left), empty if right is None else np.atleast_2d(right), **ends)


def test_a_straight_line_from_low_to_high_runs_corner_to_corner():
    figure = curve_figure(PANEL, strides(np.linspace(0, 100, 101)))
    curve = points(elements(figure, "path", "line")[0])
    assert len(curve) == 101
    assert curve[0] == pytest.approx([LEFT, HEIGHT - BOTTOM], abs=0.06)
    assert curve[-1] == pytest.approx([WIDTH - RIGHT, TOP], abs=0.06)
    assert curve[50] == pytest.approx([(LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2], abs=0.06)


def test_positive_is_up_and_both_directions_are_named():
    figure = curve_figure(PANEL, strides(np.linspace(0, 100, 101)))
    up = next(e for e in elements(figure, "text", "muted") if e.text == "↑ Flexion")
    down = next(e for e in elements(figure, "text", "muted") if e.text == "↓ Extension")
    assert float(up.get("y")) < float(down.get("y"))


def test_the_average_is_the_mean_and_the_consistency_figure_draws_every_stride():
    rows = np.stack([np.full(101, 20.0), np.full(101, 40.0)])
    every = curve_figure(PANEL, strides(rows), every_stride=True)
    mean = curve_figure(PANEL, strides(rows))
    assert len(elements(every, "path", "line")) == 2
    (curve,) = elements(mean, "path", "line")
    assert points(curve)[:, 1] == pytest.approx(HEIGHT - BOTTOM - 0.3 * (HEIGHT - TOP - BOTTOM), abs=0.06)


def test_sides_differ_in_line_style_and_not_in_colour_alone():
    figure = curve_figure(PANEL, strides(np.full(101, 30.0), np.full(101, 60.0)))
    (left,), (right,) = elements(figure, "path", "left"), elements(figure, "path", "right")
    assert left.get("stroke") != right.get("stroke")
    assert left.get("stroke-dasharray") is None
    assert right.get("stroke-dasharray")


def test_foot_off_stands_at_its_percent_on_each_side():
    figure = curve_figure(
        PANEL, strides(np.full(101, 30.0), np.full(101, 60.0), left_foot_off=60.0, right_foot_off=50.0)
    )
    at = {e.get("class").split()[1]: float(e.get("x1")) for e in elements(figure, "line", "foot-off")}
    width = WIDTH - LEFT - RIGHT
    assert at == pytest.approx({"left": LEFT + 0.6 * width, "right": LEFT + 0.5 * width}, abs=0.06)


def test_the_band_is_mean_plus_minus_one_sd_and_names_its_cohort():
    band = NormBand(np.full(101, 50.0), np.full(101, 10.0), "children, free speed", "shown, not judged", False, False)
    figure = curve_figure(PANEL, strides(np.full(101, 30.0)), band)
    outline = points(elements(figure, "path", "band")[0])
    middle, height = (TOP + HEIGHT - BOTTOM) / 2, HEIGHT - TOP - BOTTOM
    assert outline[:101, 1] == pytest.approx(middle - 0.1 * height, abs=0.06)
    assert outline[101:, 1] == pytest.approx(middle + 0.1 * height, abs=0.06)
    words = [e.text for e in elements(figure, "text", "muted")]
    assert "Grey: children, free speed. Shown, not judged" in words
    assert elements(figure, "path", "band")[0].get("stroke-dasharray"), "a band that judges nobody is dashed"
    assert "children, free speed" in figure.alt


def test_a_gap_lifts_the_pen():
    values = np.full(101, 30.0)
    values[40:60] = np.nan
    (curve,) = elements(curve_figure(PANEL, strides(values), every_stride=True), "path", "line")
    assert curve.get("d").count("M") == 2
    assert "nan" not in curve.get("d")


def test_limits_widen_in_tens_and_never_shrink():
    assert curve_range(PANEL, [np.array([10.0, 20.0])]) == (0.0, 100.0)
    assert curve_range(PANEL, [np.array([-3.0, 104.0])]) == (-10.0, 110.0)
    assert curve_range(PANEL, [np.array([np.nan])]) == (0.0, 100.0)


def test_words_in_a_figure_are_escaped():
    figure = curve_figure(Panel("x", "<b>&", "<i>", "'\"", 0, 1), strides(np.zeros(101)))
    assert "<b>" not in figure.svg
    ElementTree.fromstring(figure.svg)


def test_bars_are_as_high_as_their_values():
    figure = bar_figure(
        (Bar("Knee\nflexion", {"left": 10.0, "right": 5.0}), Bar("Pelvis\ntilt", {"both": 2.5})), "Profile"
    )
    heights = {e.get("class").split()[1]: float(e.get("height")) for e in elements(figure, "rect", "bar")}
    assert heights["right"] == pytest.approx(heights["left"] / 2, abs=0.1)
    assert heights["both"] == pytest.approx(heights["left"] / 4, abs=0.1)
    assert "Knee\nflexion: left 10.0, right 5.0" in figure.alt


def test_the_first_page_has_the_rows_and_planes_clinics_expect():
    page = KINEMATIC_PAGES[0]
    assert [label for label, _ in page.rows] == ["Pelvis", "Hip", "Knee", "Ankle and foot"]
    assert [p.key for p in page.rows[1][1] if p] == ["hip_flexion", "hip_adduction", "hip_rotation"]
    assert page.rows[3][1][2].key == "foot_progression"
