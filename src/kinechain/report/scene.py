"""The fitted body as simple solids, for the replay and for still pictures.

Bones become capsules and ellipsoids fixed on segments; their sizes for display
(thickness, skull, rib cage) are drawing choices, not measures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinechain.body.body import GROUND, Body
from kinechain.core.arrays import FloatArray, Immutable, frozen
from kinechain.core.frames import OURS_FROM_OPENSIM, transform_points
from kinechain.report.figures import Palette
from kinechain.report.svg import Figure, line, number, path, svg, text

__all__ = ["Solid", "body_solids", "stick_figure"]

Tone = Literal["left", "right", "middle"]
Landmarks = dict[str, tuple[int, FloatArray]]

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


def _tone(name: str) -> Tone:
    if name.endswith("_l"):
        return "left"
    return "right" if name.endswith("_r") else "middle"


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
    marks: Landmarks = {m.name: (index[m.segment], np.asarray(m.position)) for m in body.landmarks if m.segment in index}
    solids: list[Solid] = []
    for k, segment in enumerate(body.segments):
        special = _SPECIAL.get(segment.name)
        drawn = special(k, marks) if special else _ends(body, k, marks)
        solids += drawn if drawn else _ends(body, k, marks)
    return tuple(solids)


def _ends(body: Body, k: int, marks: Landmarks) -> list[Solid]:
    """Return capsules from the joint that carries a segment to everything it carries."""
    name = body.segments[k].name
    start = body.joint_of(name).child_from_joint[:3, 3]
    points = [j.parent_from_joint[:3, 3] for j in body.joints if j.parent == name]
    side = name[-2:] if name[-2:] in ("_r", "_l") else ""
    for label in _TIPS.get(name.removesuffix(side), ()):
        if label + side in marks and marks[label + side][0] == k:
            points.append(marks[label + side][1])
    if not points and name != GROUND:
        points = [2.0 * body.segments[k].centre_of_mass - start]
    radius = _thickness(name)
    return [
        Solid(k, "capsule", start, end, radius, _tone(name)) for end in points if np.linalg.norm(end - start) > 0.004
    ]


_TIPS: dict[str, tuple[str, ...]] = {
    "calcaneus": ("heel",),
    "forefoot_medial": ("metatarsal_1_head",),
    "forefoot_lateral": ("metatarsal_5_head", "metatarsal_5_base"),
    "toes": ("hallux_tip", "toe_2_tip"),
    "hand": ("hand_2_head", "hand_5_head"),
}


def _pelvis(k: int, marks: Landmarks) -> list[Solid]:
    need = ("asis_r", "asis_l", "psis_r", "psis_l", "hip_centre_r", "hip_centre_l")
    if not all(name in marks and marks[name][0] == k for name in need):
        return []
    at = {name: marks[name][1] for name in need}
    solids = []
    for s, tone in (("r", "right"), ("l", "left")):
        crest = (at[f"asis_{s}"] + at[f"psis_{s}"]) / 2 + np.array([0.0, 0.008 if s == "l" else -0.008, 0.035])
        for a, b, radius in (
            (at[f"asis_{s}"], crest, 0.013),
            (crest, at[f"psis_{s}"], 0.014),
            (at[f"psis_{s}"], at[f"hip_centre_{s}"], 0.016),
            (at[f"hip_centre_{s}"], at[f"asis_{s}"], 0.015),
        ):
            solids.append(Solid(k, "capsule", a, b, radius, "left" if tone == "left" else "right"))
        pubis = np.array([at[f"asis_{s}"][0] - 0.01, 0.0, at[f"hip_centre_{s}"][2] - 0.015])
        solids.append(Solid(k, "capsule", at[f"hip_centre_{s}"], pubis, 0.012, "left" if tone == "left" else "right"))
    solids.append(Solid(k, "capsule", at["psis_r"], at["psis_l"], 0.02, "middle"))
    return solids


def _thorax(k: int, marks: Landmarks) -> list[Solid]:
    need = ("c7", "suprasternal_notch", "xiphoid")
    if not all(name in marks and marks[name][0] == k for name in need):
        return []
    c7, notch, xiphoid = (marks[name][1] for name in need)
    top, depth = (c7 + notch) / 2, max(0.07, 0.5 * (max(notch[0], xiphoid[0]) - min(c7[0], 0.0)))
    centre = np.array([(notch[0] + xiphoid[0]) / 2 - 0.75 * depth, 0.0, (top[2] + xiphoid[2]) / 2 - 0.02])
    radii = np.array([0.9 * depth, 1.28 * depth, 0.5 * (top[2] - xiphoid[2]) + 0.08])
    solids = [
        Solid(k, "ellipsoid", centre, radii, 0.0, "middle"),
        Solid(k, "capsule", np.array([0.0, 0.0, 0.0]), c7, 0.014, "middle"),
    ]
    for s, tone in (("r", "right"), ("l", "left")):
        if f"acromion_{s}" in marks and marks[f"acromion_{s}"][0] == k:
            shoulder = marks[f"acromion_{s}"][1]
            solids.append(Solid(k, "capsule", notch, shoulder, 0.01, "left" if tone == "left" else "right"))
    return solids


def _head(k: int, marks: Landmarks) -> list[Solid]:
    if "vertex" not in marks or marks["vertex"][0] != k:
        return []
    vertex = marks["vertex"][1]
    height = float(np.linalg.norm(vertex))
    centre = np.array([vertex[0], 0.0, vertex[2] - 0.115])
    return [
        Solid(k, "capsule", np.zeros(3), np.array([vertex[0], 0.0, max(0.02, vertex[2] - 0.17)]), 0.018, "middle"),
        Solid(k, "ellipsoid", centre, np.array([0.095, 0.076, min(0.115, 0.5 * height)]), 0.0, "middle"),
    ]


_SPECIAL = {"pelvis": _pelvis, "thorax": _thorax, "head": _head}


def world_points(body: Body, poses: FloatArray, solids: tuple[Solid, ...]) -> list[tuple[FloatArray, FloatArray]]:
    """Return start and end (or centre and radius vectors) of each solid in the world, z up, for one pose (segment, 4, 4)."""
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
