"""The few SVG elements the figures need, written as text.

Every element carries presentation attributes (a picture that stands alone, as in the
PDF) and a class (so that a page can recolour it for dark screens).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import numpy as np

from kinechain.core.arrays import FloatArray

__all__ = ["Figure", "circle", "line", "number", "path", "polyline", "rect", "svg", "text"]

#: Fonts of all figures: what a screen offers, then what the PDF embeds.
FONT = "system-ui, Segoe UI, Roboto, Helvetica, Arial, Libertinus Serif, sans-serif"


@dataclass(frozen=True)
class Figure:
    """One picture with the words that stand for it.

    Attributes
    ----------
    svg : str
        A complete ``<svg>`` element.
    title : str
        Short heading.
    alt : str
        What the picture shows, for a reader who cannot see it.
    """

    svg: str
    title: str
    alt: str


def number(value: float) -> str:
    """Return a coordinate with at most one decimal, as short as it gets."""
    text_ = f"{value:.1f}"
    return text_[:-2] if text_.endswith(".0") else text_


def _attributes(kind: str, pairs: dict[str, object]) -> str:
    parts = [f'class="{kind}"'] if kind else []
    for name, value in pairs.items():
        if value is None:
            continue
        shown = number(value) if isinstance(value, float) else str(value)
        parts.append(f'{name.rstrip("_").replace("_", "-")}="{escape(shown)}"')
    return " ".join(parts)


def line(x1: float, y1: float, x2: float, y2: float, kind: str = "", **style: object) -> str:
    """Return a straight line; ``kind`` is its class."""
    pairs: dict[str, object] = {"x1": float(x1), "y1": float(y1), "x2": float(x2), "y2": float(y2), **style}
    return f"<line {_attributes(kind, pairs)}/>"


def rect(x: float, y: float, width: float, height: float, kind: str = "", **style: object) -> str:
    """Return a rectangle."""
    pairs: dict[str, object] = {"x": float(x), "y": float(y), "width": float(width), "height": float(height), **style}
    return f"<rect {_attributes(kind, pairs)}/>"


def circle(x: float, y: float, radius: float, kind: str = "", **style: object) -> str:
    """Return a circle."""
    return f"<circle {_attributes(kind, {'cx': float(x), 'cy': float(y), 'r': float(radius), **style})}/>"


def text(x: float, y: float, words: str, kind: str = "", **style: object) -> str:
    """Return words at a point; they are escaped."""
    return f"<text {_attributes(kind, {'x': float(x), 'y': float(y), **style})}>{escape(words)}</text>"


def path(data: str, kind: str = "", **style: object) -> str:
    """Return a path from its data string."""
    return f"<path {_attributes(kind, {'d': data, **style})}/>"


def polyline(points: FloatArray, kind: str = "", **style: object) -> str:
    """Return one path through points (n, 2); a NaN lifts the pen."""
    table = np.asarray(points, dtype=float)
    seen = np.isfinite(table).all(axis=1)
    # Adding 0 turns a minus zero into zero; %g then writes one decimal at most.
    rounded = (np.round(table, 1) + 0.0).tolist()
    ends = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]]).astype(int))).tolist()
    pieces = [
        "M" + "L".join([f"{x:g} {y:g}" for x, y in rounded[first:last]])
        for first, last in zip(ends[::2], ends[1::2], strict=True)
    ]
    return path("".join(pieces), kind, fill="none", **style) if pieces else ""


def svg(width: float, height: float, parts: Iterable[str], alt: str, kind: str = "figure", **extra: object) -> str:
    """Return a complete picture of ``width`` x ``height`` user units that says ``alt`` to a screen reader."""
    pairs: dict[str, object] = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": f"0 0 {number(width)} {number(height)}",
        "role": "img",
        "aria-label": alt,
        "font-family": FONT,
        **extra,
    }
    return f"<svg {_attributes(kind, pairs)}>{''.join(parts)}</svg>"
