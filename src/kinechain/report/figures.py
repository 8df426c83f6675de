"""The charts of a report: curves, bars and the pictures of posture, as SVG.

One drawing serves page and PDF: colours stand in the drawing itself, and classes let
the page recolour it for dark screens.  Left is a solid line, right a dashed one, so
nothing depends on colour alone.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.report.curves import Panel, Strides, mean_stride
from kinechain.report.palette import Palette
from kinechain.report.svg import Figure, line, number, path, polyline, rect, svg, text

__all__ = ["Bar", "Band", "Palette", "bar_figure", "curve_figure", "curve_range", "legend_figure"]

WIDTH, HEIGHT = 400.0, 192.0
LEFT, RIGHT, TOP, BOTTOM = 34.0, 20.0, 24.0, 52.0

#: Plot area of a curve, for the time cursor of the page: left, right, top, bottom.
_CURSOR = " ".join(number(v) for v in (LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM))

#: Letters that fit under an axis in the widest usual font.
CAPTION_LETTERS = 70

#: Dots of what was predicted, the right side with dashes between.
PREDICTED_DASH = {"left": "1.5 3", "right": "6 3 1.5 3"}

#: Ink of the drawings on paper; a page overrides these by class.
INK, MUTED, FAINT, SHADE = "#1c2430", "#5a6472", "#d5dae1", "#dfe3e8"


class Band(Protocol):
    """A norm band: what the figures need of it."""

    @property
    def mean(self) -> FloatArray:
        """(101,) array, in the unit of the panel."""

    @property
    def sd(self) -> FloatArray:
        """(101,) array, in the unit of the panel."""

    @property
    def cohort(self) -> str:
        """Who was measured, as printed."""

    @property
    def note(self) -> str:
        """What to know before comparing."""

    @property
    def can_judge(self) -> bool:
        """False if it is drawn for its shape only."""


def curve_range(panel: Panel, series: Iterable[FloatArray]) -> tuple[float, float]:
    """Return the limits of the value axis: the usual ones, widened in tens (or halves) until every value fits."""
    values = np.concatenate([np.asarray(s, dtype=float).ravel() for s in series] or [np.empty(0)])
    values = values[np.isfinite(values)]
    low, high = panel.low, panel.high
    wide = 0.5 if _is_fine(panel) else 10.0
    if len(values):
        low = min(low, wide * np.floor(values.min() / wide))
        high = max(high, wide * np.ceil(values.max() / wide))
    return float(low), float(high)


def _is_fine(panel: Panel) -> bool:
    """Tell whether a panel counts in small numbers: body weights, N m/kg, W/kg."""
    return panel.high - panel.low < 15.0


def _step(span: float) -> float:
    return next((s for s in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0) if span / s <= 6.0), 200.0)


def _ticks(low: float, high: float) -> FloatArray:
    step = _step(high - low)
    return np.arange(np.ceil(low / step) * step, high + 1e-9, step) + 0.0


@dataclass(frozen=True)
class _Axes:
    """From percent and value to user units of one panel."""

    low: float
    high: float

    def x(self, percent: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * percent / 100.0

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - self.low) / (self.high - self.low)

    def points(self, values: FloatArray) -> FloatArray:
        percent = np.linspace(0.0, 100.0, len(values))
        return np.stack(
            [
                LEFT + (WIDTH - LEFT - RIGHT) * percent / 100.0,
                HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (values - self.low) / (self.high - self.low),
            ],
            axis=1,
        )


def curve_figure(
    panel: Panel,
    strides: Strides,
    band: Band | None = None,
    *,
    every_stride: bool = False,
    percent_of: str = "gait cycle",
    palette: Palette | None = None,
    with_mean: bool = False,
    is_predicted: bool = False,
) -> Figure:
    """Draw one angle, force or load over the cycle.

    Parameters
    ----------
    panel : Panel
    strides : Strides
        In the unit of the panel.
    band : Band, optional
        Norm, drawn as mean ± 1 SD with its cohort named.
    every_stride : bool
        True draws each stride, False the mean of each side.
    percent_of : str
        What 100 % is.
    palette : Palette, optional
    with_mean : bool
        Draw the mean over the strides of ``every_stride``.
    is_predicted : bool
        Draw in dots: nothing of it was measured.

    Returns
    -------
    Figure
    """
    palette = palette or Palette()
    drawn = {side: _drawn(strides.of(side), every_stride) for side in ("left", "right")}
    edges = [] if band is None else [band.mean - band.sd, band.mean + band.sd]
    low, high = curve_range(panel, [*drawn.values(), *edges])
    axes = _Axes(low, high)
    parts = [*_frame(panel, axes)]
    if band is not None:
        parts[1:1] = _band(band, axes)
        parts += _cohort(band)
    parts += _foot_off(strides, axes, palette)
    for side, width in (("left", 1.0), ("right", 1.0)):
        for values in drawn[side]:
            thin = every_stride and not (with_mean and len(drawn[side]) == 1)
            parts.append(_curve(axes.points(values), side, palette, width if thin else 2.2, thin, is_predicted))
    for side in ("left", "right"):
        if with_mean and len(drawn[side]) > 1:
            mean = axes.points(mean_stride(drawn[side]))
            parts.append(_curve(mean, side, palette, 2.2, False, is_predicted))
    alt = _curve_alt(panel, strides, band, every_stride, percent_of)
    extra = {} if every_stride or percent_of != "gait cycle" else {"data_cursor": _CURSOR}
    return Figure(svg(WIDTH, HEIGHT, parts, alt, "figure curve", **extra), panel.title, alt)


def _drawn(strides: FloatArray, every_stride: bool) -> FloatArray:
    if every_stride or not len(strides):
        return strides
    return mean_stride(strides)[None, :]


def _curve(
    points: FloatArray, side: str, palette: Palette, width: float, is_thin: bool, is_predicted: bool = False
) -> str:
    dash = "5 3" if side == "right" else None
    if is_predicted:
        dash = PREDICTED_DASH["right" if side == "right" else "left"]
    return polyline(
        points,
        f"line {side}",
        stroke=palette.left if side == "left" else palette.right,
        stroke_width=width,
        stroke_dasharray=dash,
        stroke_linejoin="round",
        stroke_opacity=0.75 if is_thin else None,
    )


def _frame(panel: Panel, axes: _Axes) -> list[str]:
    """Axes, ticks and the words on them."""
    base = HEIGHT - BOTTOM
    small: dict[str, object] = {"fill": MUTED, "font_size": 10}
    parts = [text(LEFT, 15, f"{panel.title} ({panel.unit})", "ink", fill=INK, font_size=12, font_weight=600)]
    for value in _ticks(axes.low, axes.high):
        y = axes.y(float(value))
        is_zero = abs(value) < 1e-9
        parts.append(line(LEFT, y, WIDTH - RIGHT, y, "zero" if is_zero else "grid", stroke=MUTED if is_zero else FAINT))
        shown = number(float(value)).replace("-", "−")
        parts.append(text(LEFT - 4, y + 3.5, shown, "muted", text_anchor="end", **small))
    for percent in (0, 20, 40, 60, 80, 100):
        parts.append(line(axes.x(percent), base, axes.x(percent), base + 3, "zero", stroke=MUTED))
        shown = f"{percent}" if percent < 100 else "100 %"
        parts.append(text(axes.x(percent), base + 13, shown, "muted", text_anchor="middle", **small))
    for words, y, arrow in ((panel.up, TOP + 9, "↑"), (panel.down, base - 4, "↓")):
        if words:
            parts.append(text(LEFT + 4, y, f"{arrow} {words}", "muted halo", **small))
    return parts


def _band(band: Band, axes: _Axes) -> list[str]:
    upper, lower = axes.points(band.mean + band.sd), axes.points(band.mean - band.sd)[::-1]
    outline = np.concatenate([upper, lower])
    data = "M" + "L".join([f"{x:g} {y:g}" for x, y in np.round(outline, 1).tolist()]) + "Z"
    shape: dict[str, object] = {"fill": SHADE}
    if not band.can_judge:
        shape = {
            "fill": SHADE,
            "fill_opacity": 0.45,
            "stroke": "#9aa4b1",
            "stroke_dasharray": "2 3",
            "stroke_width": 0.8,
        }
    return [
        path(data, "band", **shape),
        polyline(axes.points(band.mean), "band-mean", stroke="#9aa4b1", stroke_width=1.0),
    ]


def _cohort(band: Band) -> list[str]:
    """Name the cohort under the axis, and what limits the comparison."""
    words = f"Grey: {band.cohort}" + (f". {band.note[0].upper()}{band.note[1:]}" if band.note else "")
    top = HEIGHT - BOTTOM + 25
    return [
        text(LEFT, top + 10.5 * row, part, "muted", fill=MUTED, font_size=8.5)
        for row, part in enumerate(textwrap.wrap(words, CAPTION_LETTERS)[:3])
    ]


def _foot_off(strides: Strides, axes: _Axes, palette: Palette) -> list[str]:
    parts = []
    for side in ("left", "right"):
        percent = strides.foot_off(side)
        if np.isfinite(percent):
            x = axes.x(percent)
            dash = "5 3" if side == "right" else None
            parts.append(
                line(
                    x,
                    TOP,
                    x,
                    HEIGHT - BOTTOM,
                    f"foot-off {side}",
                    stroke=palette.of(side),
                    stroke_width=1.0,
                    stroke_dasharray=dash,
                )
            )
    return parts


def _curve_alt(panel: Panel, strides: Strides, band: Band | None, every_stride: bool, percent_of: str) -> str:
    words = []
    for side in ("left", "right"):
        seen = strides.of(side)
        if not np.isfinite(seen).any():
            words.append(f"{side}: no stride")
            continue
        mean, places = mean_stride(seen), 2 if _is_fine(panel) else 0
        low, high = (round(float(v), places) + 0.0 for v in (np.nanmin(mean), np.nanmax(mean)))
        words.append(
            f"{side}: {len(seen)} {'stride' if len(seen) == 1 else 'strides'}, mean from {low:.{places}f} "
            f"to {high:.{places}f} {panel.unit}"
        )
    kind = "each stride" if every_stride else "mean"
    norm = f"; grey band: {band.cohort}, mean plus and minus one SD" if band is not None else "; no norm band"
    return f"{panel.title}, {kind} over the {percent_of}; {'; '.join(words)}{norm}."


def legend_figure(
    palette: Palette | None = None, has_band: bool = True, has_foot_off: bool = True, has_predicted: bool = False
) -> Figure:
    """Draw the key to all curves: left solid, right dashed, predicted dotted, norm grey, end of stance vertical."""
    palette = palette or Palette()
    parts: list[str] = []
    x = 2.0
    word: dict[str, object] = {"fill": INK, "font_size": 11}
    for is_predicted in (False, True) if has_predicted else (False,):
        for side in ("left", "right"):
            parts.append(_curve(np.array([[x, 10.0], [x + 30.0, 10.0]]), side, palette, 2.2, False, is_predicted))
            parts.append(text(x + 36, 14, f"{side.capitalize()}{', predicted' if is_predicted else ''}", "ink", **word))
            x += 136 if is_predicted else 78
    if has_foot_off:
        for k, side in enumerate(("left", "right")):
            dash = "5 3" if side == "right" else None
            colour = palette.of("left" if side == "left" else "right")
            parts.append(line(x + 5 * k, 1, x + 5 * k, 19, f"foot-off {side}", stroke=colour, stroke_dasharray=dash))
        parts.append(text(x + 12, 14, "Foot leaves the ground", "ink", **word))
        x += 160
    if has_band:
        parts.append(rect(x, 3, 26, 14, "band", fill=SHADE))
        parts.append(text(x + 32, 14, "Norm, mean ± 1 SD", "ink", **word))
        x += 152
    alt = (
        f"Key: left solid line, right dashed line{', predicted dotted' if has_predicted else ''}, vertical lines where "
        "the foot leaves the ground, grey band the norm."
    )
    return Figure(svg(x, 20, parts, alt, "figure legend"), "Key", alt)


@dataclass(frozen=True)
class Bar:
    """One variable of the movement analysis profile.

    Attributes
    ----------
    label : str
    values : mapping of 'left', 'right' or 'both' to value, deg
    norm : float or None
        Usual value, deg.
    """

    label: str
    values: Mapping[str, float]
    norm: float | None = None


def bar_figure(bars: tuple[Bar, ...], title: str, unit: str = "°", palette: Palette | None = None) -> Figure:
    """Draw the movement analysis profile: one group of bars per variable, pelvis once, the usual value as a line."""
    palette = palette or Palette()
    width, height, base, top = 690.0, 200.0, 160.0, 26.0
    highest = max([v for b in bars for v in b.values.values()] + [b.norm or 0.0 for b in bars] + [10.0])
    highest = float(5.0 * np.ceil(highest / 5.0))
    scale = (base - top) / highest
    parts = [text(4, 15, f"{title} ({unit})", "ink", fill=INK, font_size=12, font_weight=600)]
    for value in _ticks(0.0, highest):
        y = base - value * scale
        parts.append(line(34, y, width - 4, y, "grid", stroke=FAINT))
        parts.append(text(30, y + 3.5, number(float(value)), "muted", text_anchor="end", fill=MUTED, font_size=10))
    pitch = (width - 44) / max(len(bars), 1)
    for k, bar in enumerate(bars):
        parts += _bar_group(bar, 40 + pitch * k, pitch, base, scale, palette)
    words = "; ".join(
        f"{b.label}: " + ", ".join(f"{side} {value:.1f}" for side, value in b.values.items()) for b in bars
    )
    alt = f"{title} in degrees. {words}."
    return Figure(svg(width, height, parts, alt, "figure bars"), title, alt)


def _bar_group(bar: Bar, x: float, pitch: float, base: float, scale: float, palette: Palette) -> list[str]:
    parts = []
    count = len(bar.values)
    wide = min(20.0, pitch / max(count, 2) - 5)
    middle = x + pitch / 2
    offsets = {side: (k - count / 2) * (wide + 2.0) + 1.0 for k, side in enumerate(bar.values)}
    for side, value in bar.values.items():
        colour = {"left": palette.left, "right": palette.right}.get(side, MUTED)
        left = middle + offsets[side]
        style: dict[str, object] = {"fill": colour}
        if side == "right":
            style = {"fill": colour, "fill_opacity": 0.35, "stroke": colour, "stroke_width": 1.5}
        parts.append(rect(left, base - value * scale, wide, value * scale, f"bar {side}", **style))
        parts.append(
            text(
                left + wide / 2,
                base - value * scale - 3,
                f"{value:.1f}",
                "ink",
                text_anchor="middle",
                fill=INK,
                font_size=9,
            )
        )
    if bar.norm is not None:
        y = base - bar.norm * scale
        parts.append(line(middle - wide - 5, y, middle + wide + 5, y, "zero", stroke=INK, stroke_width=1.5))
    for row, words in enumerate(bar.label.split("\n")):
        parts.append(text(middle, base + 13 + 11 * row, words, "muted", text_anchor="middle", fill=MUTED, font_size=10))
    return parts
