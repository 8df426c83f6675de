"""The chain as a body seen from behind: where a change is made, and how much of it arrives at every link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kinechain.report.svg import Figure, circle, line, path, svg, text

__all__ = ["chain_pictures"]

WIDTH, TOP, ROW = 400.0, 20.0, 30.0
#: Where words begin.
WORDS = 158.0

#: Height of a link on the body, 0 at the soles and 1 at the head, and how far from the middle of it.
PLACES: Mapping[str, tuple[float, float]] = {
    "calcaneus_eversion": (0.0, 30.0),
    "subtalar_eversion": (0.055, 30.0),
    "shank_rotation": (0.17, 28.0),
    "thigh_rotation": (0.37, 25.0),
    "hip_rotation": (0.5, 22.0),
    "pelvis_tilt": (0.56, 0.0),
    "pelvis_obliquity": (0.56, 12.0),
    "lordosis": (0.65, 0.0),
    "thorax_tilt": (0.78, 0.0),
    "thorax_lean": (0.78, 12.0),
    "head_tilt": (0.95, 0.0),
}
#: At which link each change begins.
BEGINS = {"wedge_left": ("calcaneus_eversion", "left"), "wedge_right": ("calcaneus_eversion", "right"),
          "pelvic_tilt": ("pelvis_tilt", "middle")}  # fmt: skip
SHORT = {"wedge_left": "Left foot up", "wedge_right": "Right foot up", "pelvic_tilt": "Pelvis, both ways"}
MIDDLE = 74.0


def chain_pictures(gains: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str, Figure], ...]:
    """Return one picture for each place where a change is made: its id, a short name, the drawing.

    Parameters
    ----------
    gains : sequence of mapping
        As `kinechain.report.verdict_json` gives them.
    """
    starts = dict.fromkeys(str(gain["from"]) for gain in gains)
    return tuple((start, SHORT[start], _picture(start, [g for g in gains if g["from"] == start])) for start in starts)


def _stem(gain: Mapping[str, Any]) -> str:
    return str(gain["to"]).removesuffix("_left").removesuffix("_right")


def _spot(stem: str, side: str, height: float) -> tuple[float, float]:
    """Return where a link lies; from behind, left is on the left."""
    share, out = PLACES[stem]
    return MIDDLE + {"left": -out, "right": out}.get(side, 0.0), TOP + (1.0 - share) * (height - 2 * TOP)


def _picture(start: str, gains: Sequence[Mapping[str, Any]]) -> Figure:
    shown = sorted((g for g in gains if _stem(g) in PLACES), key=lambda g: (-PLACES[_stem(g)][0], g["side"]))
    height = max(420.0, 2 * TOP + ROW * len(shown))
    parts = [*_body(height), *_begin(start, height)]
    step = (height - 2 * TOP) / max(len(shown), 1)
    for place, gain in enumerate(shown):
        parts += _row(gain, TOP + step * (place + 0.5), height)
    where = str(shown[0]["start"]) if shown else ""
    said = "; ".join(f"{g['name']}: {_number(g['gain'])} ({_number(g['low'])} to {_number(g['high'])})" for g in shown)
    alt = f"What arrives of one degree at the {where}. {said}."
    return Figure(svg(WIDTH, height, parts, alt, "figure chain-picture"), f"From the {where}", alt)


def _body(height: float) -> list[str]:
    """Draw a body from behind, as simple strokes."""
    at = {name: _spot(name, "middle", height)[1] for name in PLACES}
    spine = f"M{MIDDLE} {at['pelvis_tilt']:.1f}V{at['head_tilt'] + 16:.1f}"
    shoulders, ribs = at["thorax_tilt"] - 26, at["thorax_tilt"] + 22
    trunk = (
        f"M{MIDDLE - 30} {shoulders:.1f}H{MIDDLE + 30}M{MIDDLE - 20} {shoulders + 14:.1f}H{MIDDLE + 20}"
        f"M{MIDDLE - 18} {ribs:.1f}H{MIDDLE + 18}"
    )
    parts = [path(spine + trunk, "bone"), circle(MIDDLE, at["head_tilt"], 15, "bone")]
    parts.append(path(f"M{MIDDLE - 24} {at['pelvis_tilt']:.1f}H{MIDDLE + 24}", "bone wide"))
    for side in ("left", "right"):
        hip, knee = _spot("hip_rotation", side, height), (at["shank_rotation"] + at["thigh_rotation"]) / 2
        foot = _spot("calcaneus_eversion", side, height)
        out = -1 if side == "left" else 1
        leg = f"M{hip[0]} {at['pelvis_tilt'] + 4:.1f}L{hip[0] + 4 * out} {knee:.1f}L{foot[0]} {foot[1] - 8:.1f}"
        parts.append(path(f"{leg}M{foot[0] - 5 * out} {foot[1] + 5:.1f}H{foot[0] + 13 * out}", "bone"))
    return parts


def _begin(start: str, height: float) -> list[str]:
    """Mark where the change is made, and which way it goes from there."""
    x, y = _spot(*BEGINS[start], height)
    ways = (-1,) if start != "pelvic_tilt" else (-1, 1)
    parts = [circle(x, y, 17, "begin")]
    for way in ways:
        tip = y + way * 44
        parts.append(path(f"M{x - 14} {y + way * 22:.1f}V{tip:.1f}m-4 {-way * 6}l4 {way * 6}l4 {-way * 6}", "way"))
    return parts


def _row(gain: Mapping[str, Any], y: float, height: float) -> list[str]:
    """Draw one link: a dot as large as what arrives, a line to its words, the number with its interval."""
    x, spot = _spot(_stem(gain), gain["side"], height)
    is_sure = gain["low"] is not None and gain["low"] * gain["high"] > 0
    side = gain["side"] if gain["side"] in ("left", "right") else "middle"
    size = 3.0 + 9.0 * min(abs(gain["gain"] or 0.0), 1.5) ** 0.5
    kind = f"dot {side}" + ("" if is_sure else " unsure")
    interval = f"{_number(gain['gain'])} ({_number(gain['low'])} to {_number(gain['high'])})"
    return [
        line(x, spot, WORDS - 6, y, "leader"),
        circle(x, spot, size, kind),
        text(WORDS, y - 2, gain["name"], "ink", font_size=12),
        text(WORDS, y + 12, interval + ("" if is_sure else ", either way"), "muted", font_size=11.5),
    ]


def _number(value: float | None) -> str:
    return "not known" if value is None else f"{value:.2f}".replace("-", "−")
