"""The fitted body as simple solids, for the replay and for still pictures.

Bones become capsules and ellipsoids fixed on segments; their sizes for display
(thickness, skull, rib cage) are drawing choices, not measures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from kinechain.body.body import Body
from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.core.frames import OURS_FROM_OPENSIM, transform_points
from kinechain.report.figures import Palette
from kinechain.report.svg import Figure, line, number, path, svg, text

__all__ = ["Solid", "body_solids", "stick_figure"]

Tone = Literal["left", "right", "middle"]
Points = dict[str, FloatArray]

#: Thickness of a capsule by the start of a segment's name, m (a drawing choice).
THICKNESS = {
    "femur": 0.024,
    "tibia": 0.019,
    "talus": 0.015,
    "calcaneus": 0.02,
    "midfoot": 0.014,
    "forefoot": 0.011,
    "toes": 0.009,
    "humerus": 0.017,
    "forearm": 0.013,
    "hand": 0.011,
    "pelvis": 0.02,
    "sacrum": 0.018,
    "lumbar": 0.016,
}


@dataclass(frozen=True, eq=False)
class Solid(Immutable):
    """A capsule between two points, or an ellipsoid.

    Attributes
    ----------
    segment : int
        Index of the segment it is fixed on.
    kind : 'capsule' or 'ellipsoid'
    start, end : (3,) array, m, segment frame
        Axis of the capsule; centre and radii of the ellipsoid (axes along the segment frame).
    radius : float
        Of the capsule, m; 0 for an ellipsoid.
    tone : 'left', 'right' or 'middle'
    """

    segment: int
    kind: Literal["capsule", "ellipsoid"]
    start: FloatArray
    end: FloatArray
    radius: float
    tone: Tone

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", frozen(self.start, (3,), "start"))
        object.__setattr__(self, "end", frozen(self.end, (3,), "end"))


def _thickness(name: str) -> float:
    return next((size for start, size in THICKNESS.items() if name.startswith(start)), 0.015)


def body_solids(body: Body) -> tuple[Solid, ...]:
    """Return the solids that draw a body.

    Works for any body: a segment without landmarks of its own becomes capsules from its
    origin to the joints it carries.

    Parameters
    ----------
    body : Body

    Returns
    -------
    tuple of Solid
    """
    index = {segment.name: k for k, segment in enumerate(body.segments)}
    landmarks: dict[str, Points] = {}
    for mark in body.landmarks:
        landmarks.setdefault(mark.segment, {})[mark.name] = np.asarray(mark.position)
    solids: list[Solid] = []
    for name, k in index.items():
        marks = landmarks.get(name, {})
        side = name[-2:] if name[-2:] in ("_r", "_l") else ""
        part = _Part(body, k, name, side, {m.removesuffix(side): p for m, p in marks.items()})
        special = _SPECIAL.get(name.removesuffix(side))
        solids += (special(part) if special else []) or _ends(part)
    return tuple(solids)


@dataclass(frozen=True, eq=False)
class _Part:
    """A segment while it is drawn: its landmarks have lost their side."""

    body: Body
    index: int
    name: str
    side: str
    marks: Points

    @property
    def tone(self) -> Tone:
        return {"_l": "left", "_r": "right"}.get(self.side, "middle")  # type: ignore[return-value]

    @property
    def joints(self) -> list[FloatArray]:
        """Where the segments hang that this one carries."""
        return [j.parent_from_joint[:3, 3] for j in self.body.joints if j.parent == self.name]

    def has(self, *names: str) -> bool:
        return all(name in self.marks for name in names)

    def bone(self, start: FloatArray, end: FloatArray, radius: float, tone: Tone | None = None) -> Solid:
        return Solid(self.index, "capsule", start, end, radius, tone or self.tone)

    def ball(self, centre: FloatArray, radii: tuple[float, float, float]) -> Solid:
        return Solid(self.index, "ellipsoid", centre, np.array(radii), 0.0, self.tone)


def _ends(part: _Part) -> list[Solid]:
    """Return capsules from the joint that carries a segment to everything it carries."""
    start = part.body.joint_of(part.name).child_from_joint[:3, 3]
    stem = part.name.removesuffix(part.side)
    points = part.joints + [part.marks[tip] for tip in _TIPS.get(stem, ()) if tip in part.marks]
    points = points or [2.0 * part.body.segments[part.index].centre_of_mass - start]
    return [part.bone(start, end, _thickness(part.name)) for end in points if np.linalg.norm(end - start) > 0.004]


_TIPS: dict[str, tuple[str, ...]] = {
    "calcaneus": ("heel",),
    "forefoot_medial": ("metatarsal_1_head", "metatarsal_2_head"),
    "forefoot_lateral": ("metatarsal_5_head",),
    "toes": ("hallux_tip", "toe_2_tip"),
    "hand": ("hand_2_head", "hand_5_head"),
}


def _femur(part: _Part) -> list[Solid]:
    need = ("greater_trochanter", "lateral_femoral_epicondyle", "medial_femoral_epicondyle")
    if not part.has(*need) or not part.joints:
        return []
    trochanter, lateral, medial = (part.marks[n] for n in need)
    neck = 0.72 * trochanter
    knee = (lateral + medial) / 2
    return [
        part.bone(np.zeros(3), neck, 0.017),
        part.bone(neck, knee, 0.019),
        part.bone(0.68 * lateral + 0.32 * knee, 0.68 * medial + 0.32 * knee, 0.023),
    ]


def _tibia(part: _Part) -> list[Solid]:
    need = ("fibula_head", "lateral_malleolus", "medial_malleolus")
    if not part.has(*need) or not part.joints:
        return []
    head, lateral, medial = (part.marks[n] for n in need)
    ankle = part.joints[0]
    plateau = np.array([0.0, 0.026, -0.02])
    return [
        part.bone(plateau, -plateau * np.array([1.0, 1.0, -1.0]), 0.018),
        part.bone(np.array([0.0, 0.0, -0.02]), ankle + np.array([0.0, 0.0, 0.02]), 0.016),
        part.bone(0.8 * head, 0.75 * lateral + 0.25 * ankle, 0.007),
        part.bone(ankle + np.array([0.0, 0.0, 0.012]), 0.7 * medial + 0.3 * ankle, 0.011),
    ]


def _pelvis(part: _Part) -> list[Solid]:
    need = [f"{n}_{s}" for n in ("asis", "psis", "hip_centre") for s in "rl"]
    if not part.has(*need):
        return []
    at = part.marks
    solids = []
    sides: tuple[tuple[str, Tone], ...] = (("r", "right"), ("l", "left"))
    for s, tone in sides:
        asis, psis, hip = at[f"asis_{s}"], at[f"psis_{s}"], at[f"hip_centre_{s}"]
        crest = at.get(f"iliac_crest_{s}", (asis + psis) / 2 + np.array([0.0, 0.0, 0.04]))
        pubis = np.array([asis[0] - 0.005, 0.12 * hip[1], hip[2] - 0.008])
        seat = hip + np.array([-0.035, -0.25 * hip[1], -0.075])
        for a, b, radius in (
            (asis, crest, 0.012),
            (crest, psis, 0.013),
            (psis, hip, 0.017),
            (hip, asis, 0.014),
            (hip, pubis, 0.012),
            (hip, seat, 0.014),
            (seat, pubis, 0.009),
        ):
            solids.append(part.bone(a, b, radius, tone))
        solids.append(part.bone(hip, hip, 0.028, tone))
    return solids


def _sacrum(part: _Part) -> list[Solid]:
    if not part.joints:
        return []
    top = part.joints[0]
    return [
        part.bone(top, np.array([-0.025, 0.0, -0.075]), 0.02),
        part.bone(np.array([0.0, 0.03, -0.005]), np.array([0.0, -0.03, -0.005]), 0.018),
    ]


def _lumbar(part: _Part) -> list[Solid]:
    if not part.joints:
        return []
    top = part.joints[0]
    return [
        part.ball(top / 2, (0.019, 0.025, 0.36 * float(np.linalg.norm(top)))),
        part.bone(top / 2 + np.array([-0.02, 0.0, 0.0]), top / 2 + np.array([-0.048, 0.0, -0.012]), 0.006),
    ]


def _thorax(part: _Part) -> list[Solid]:
    need = ("c7", "suprasternal_notch", "xiphoid")
    if not part.has(*need):
        return []
    c7, notch, xiphoid = (part.marks[n] for n in need)
    inner = c7 + np.array([0.025, 0.0, 0.0])
    width = 0.12
    solids = []
    sides: tuple[tuple[str, Tone], ...] = (("r", "right"), ("l", "left"))
    for s, tone in sides:
        if part.has(f"acromion_{s}") and part.joints:
            shoulder = part.marks[f"acromion_{s}"]
            width = float(np.clip(abs(float(shoulder[1])), 0.11, 0.15))
            solids.append(part.bone(notch, shoulder, 0.009, tone))
            arm = min(part.joints, key=lambda p: float(np.linalg.norm(p - shoulder)))
            solids.append(part.bone(shoulder, arm, 0.016, tone))
            solids.append(part.bone(shoulder, c7 + np.array([0.0, 0.55 * shoulder[1], -0.11]), 0.01, tone))
    back = float(part.marks.get("t10", c7)[0]) + 0.02
    front = float(xiphoid[0])
    low, high = float(xiphoid[2]) - 0.12, float(notch[2]) + 0.025
    centre = np.array([(front + back) / 2, 0.0, (low + high) / 2])
    solids.append(part.ball(centre, ((front - back) / 2, width, (high - low) / 2)))
    spine = [np.zeros(3), part.marks.get("t10", c7 / 3) + np.array([0.03, 0.0, 0.0]), inner]
    spine += [max(part.joints, key=lambda p: float(p[2]))] if part.joints else []
    solids += [part.bone(a, b, 0.016) for a, b in pairwise(spine)]
    return solids


def _head(part: _Part) -> list[Solid]:
    if not part.has("vertex"):
        return []
    vertex = part.marks["vertex"]
    size = float(vertex[2]) / 0.125
    return [part.ball(np.array([vertex[0], 0.0, vertex[2] - 0.113 * size]), (0.094 * size, 0.074 * size, 0.113 * size))]


_SPECIAL: dict[str, Callable[[_Part], list[Solid]]] = {
    "femur": _femur,
    "tibia": _tibia,
    "pelvis": _pelvis,
    "sacrum": _sacrum,
    **{f"lumbar{level}": _lumbar for level in range(1, 6)},
    "thorax": _thorax,
    "head": _head,
}


def world_points(body: Body, poses: FloatArray, solids: tuple[Solid, ...]) -> list[tuple[FloatArray, FloatArray]]:
    """Return start and end (or centre and radius vectors) of each solid in the world, z up, for one pose."""
    turn = OURS_FROM_OPENSIM if body.up == "y" else np.eye(3)
    out = []
    for solid in solids:
        pose = poses[solid.segment]
        if solid.kind == "capsule":
            ends = transform_points(pose, np.stack([solid.start, solid.end])) @ turn.T
            out.append((ends[0], ends[1]))
        else:
            centre = turn @ transform_points(pose, solid.start)
            out.append((centre, turn @ pose[:3, :3] @ np.diag(solid.end)))
    return out


@dataclass(frozen=True)
class View:
    """Where the reader stands: the two world axes seen as right and as up, and the axis towards the reader."""

    name: str
    right: tuple[float, float, float]
    up: tuple[float, float, float]
    near: tuple[float, float, float]


#: Seen from behind, so that left is left; and from the person's right side, walking to the right.
BEHIND = View("from behind", (0.0, -1.0, 0.0), (0.0, 0.0, 1.0), (-1.0, 0.0, 0.0))
SIDE = View("from the right side", (1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0))


def stick_figure(
    body: Body,
    poses: FloatArray,
    views: tuple[View, ...],
    labels: tuple[str, ...],
    title: str,
    *,
    plumb: bool = False,
    palette: Palette | None = None,
    height: float = 300.0,
) -> Figure:
    """Draw one or more poses side by side as a still picture.

    Parameters
    ----------
    body : Body
    poses : (picture, segment, 4, 4) array
        World from segment.
    views : tuple of View
        One per picture.
    labels : tuple of str
        Words under each picture.
    title : str
    plumb : bool
        True draws the vertical through the midpoint of the heels.
    palette : Palette, optional
    height : float
        Of the drawing, user units.

    Returns
    -------
    Figure
    """
    palette = palette or Palette()
    solids = body_solids(body)
    drawn = [_flatten(body, p, solids, v) for p, v in zip(poses, views, strict=True)]
    tallest = max(np.ptp(points[:, 1]) for _, points in drawn)
    scale = (height - 30.0) / max(float(tallest), 0.1)
    x, parts = 8.0, []
    for (shapes, points), label in zip(drawn, labels, strict=True):
        wide = float(np.ptp(points[:, 0])) * scale + 14.0
        wide = max(wide, 5.2 * len(label))
        middle = x + wide / 2
        origin = np.array([middle - scale * (points[:, 0].max() + points[:, 0].min()) / 2, height - 20.0])
        floor = points[:, 1].min()
        if plumb:
            foot = scale * _heel_middle(shapes) + origin[0]
            parts.append(line(foot, 6, foot, height - 20, "zero", stroke="#5a6472", stroke_dasharray="2 3"))
        parts += [_shape(s, scale, origin, float(floor), palette) for s in shapes]
        parts.append(line(x, height - 19, x + wide, height - 19, "grid", stroke="#9aa4b1"))
        parts.append(text(middle, height - 6, label, "muted", text_anchor="middle", fill="#5a6472", font_size=11))
        x += wide + 6
    alt = f"{title}: the fitted body as a stick figure, {', '.join(labels)}."
    return Figure(svg(x + 2, height, parts, alt, "figure body"), title, alt)


@dataclass(frozen=True, eq=False)
class _Shape:
    """One flattened solid: a stroke or an ellipse, with its depth."""

    solid: Solid
    a: FloatArray
    b: FloatArray
    depth: float


def _flatten(body: Body, poses: FloatArray, solids: tuple[Solid, ...], view: View) -> tuple[list[_Shape], FloatArray]:
    plane = np.array([view.right, view.up])
    near = np.array(view.near)
    shapes, points = [], []
    for solid, (a, b) in zip(solids, world_points(body, poses, solids), strict=True):
        if solid.kind == "capsule":
            shapes.append(_Shape(solid, plane @ a, plane @ b, float(near @ (a + b)) / 2))
            points += [plane @ a, plane @ b]
        else:
            flat = plane @ b
            shapes.append(_Shape(solid, plane @ a, (flat @ flat.T).ravel(), float(near @ a) - 0.05))
            reach = np.sqrt(np.diag(flat @ flat.T))
            points += [plane @ a + reach, plane @ a - reach]
    return sorted(shapes, key=lambda s: s.depth), np.array(points)


def _heel_middle(shapes: list[_Shape]) -> float:
    low = sorted(shapes, key=lambda s: min(s.a[1], s.b[1]) if s.solid.kind == "capsule" else np.inf)[:12]
    sides = {tone: [s.a[0] for s in low if s.solid.tone == tone] for tone in ("left", "right")}
    means = [float(np.mean(v)) for v in sides.values() if v]
    return float(np.mean(means)) if means else 0.0


def _shape(shape: _Shape, scale: float, origin: FloatArray, floor: float, palette: Palette) -> str:
    colour = {"left": palette.left, "right": palette.right, "middle": "#6b7683"}[shape.solid.tone]
    flip = np.array([scale, -scale])
    base = origin + np.array([0.0, scale * floor])
    a = base + flip * shape.a
    if shape.solid.kind == "capsule":
        b = base + flip * shape.b
        return line(
            a[0],
            a[1],
            b[0],
            b[1],
            f"bone {shape.solid.tone}",
            stroke=colour,
            stroke_width=float(2.0 * shape.solid.radius * scale),
            stroke_linecap="round",
            stroke_opacity=0.85,
        )
    values, vectors = np.linalg.eigh(shape.b.reshape(2, 2))
    radii = scale * np.sqrt(np.maximum(values, 0.0))
    angle = -np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1]))
    data = (
        f"M{number(-radii[1])} 0A{number(radii[1])} {number(radii[0])} 0 1 0 {number(radii[1])} 0"
        f"A{number(radii[1])} {number(radii[0])} 0 1 0 {number(-radii[1])} 0Z"
    )
    turn = f"translate({number(a[0])} {number(a[1])}) rotate({number(float(angle))})"
    return path(data, "solid", fill="#c3cad3", fill_opacity=0.55, stroke="#6b7683", transform=turn)
