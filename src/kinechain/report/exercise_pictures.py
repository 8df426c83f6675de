"""A picture of every exercise: where to begin, where to go, on which side; drawn from joint angles, nothing fetched.

The picture of a left exercise is the mirror image of that of a right one.  Colours stand in classes
(``static/exercise.css`` gives them a light and a dark set) with presentation attributes as the fallback on paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, product

import numpy as np

from kinechain.core.arrays import FloatArray
from kinechain.core.errors import SettingError, suggest
from kinechain.evidence.clinical import exercise as exercise_text
from kinechain.evidence.wording import say
from kinechain.report.exercise_body import FIGURES
from kinechain.report.exercise_chain import Bead, Part, Pose, between, place_frames
from kinechain.report.exercise_poses import Arrow, Contact, Panel, Picture, Prop, picture_of, pictures_of
from kinechain.report.exercise_shapes import Camera, Disc, arrow_head, skin_path, smooth_line
from kinechain.report.palette import Palette
from kinechain.report.svg import Figure, circle, number, path, rect, svg, text

__all__ = ["SIDES", "Placed", "exercise_picture", "exercise_variants", "place_figure"]

SIDES = ("left", "right", "both", "")
#: The picture is so wide, in its own units; margins, greatest height of a row, room for the words below a panel.
WIDTH, GAP, TALLEST, ALONE, WORDS, TITLE = 640.0, 14.0, 370.0, 300.0, 56.0, 56.0
#: Room around the figure inside a panel, m.
MARGIN = {"person": 0.09, "foot": 0.03}
#: Colours on paper by class; the style sheet repeats them for screens.
FILLS = {
    "near-skin": "#e0b08f", "far-skin": "#eccdb6", "near-shirt": "#7fa3bf", "far-shirt": "#9dbad0",
    "near-shorts": "#4a6079", "far-shorts": "#667d96", "near-hair": "#6b5a50", "far-hair": "#6b5a50",
    "near-nail": "#f3d9c8", "far-nail": "#f3d9c8", "near-under": "#cf9c7b", "far-under": "#cf9c7b",
    "near-eye": "#4b3b32", "far-eye": "#4b3b32",
    "prop-wood": "#d8c3a2", "prop-wall": "#e6e9ed", "prop-soft": "#bcd3c4", "prop-ball": "#a9c5dd",
    "prop-band": "#7a4fa3", "prop-metal": "#98a2ad", "floor": "#e3e7eb", "accent": "#d9481f", "panel": "#f6f8fa",
}  # fmt: skip
#: Letters about half as wide as others.
NARROW = "fijlrt ,.'"
OUTLINE, ARROW, INK = "#4b3b32", "#12557f", "#22303c"


@dataclass(frozen=True)
class Placed:
    """A figure that stands where it should.

    Attributes
    ----------
    figure : str
    frames : mapping of str to (array, array)
        Rotation (3, 3) and origin (3,), m, of every frame in the world, z = 0 on the floor.
    """

    figure: str
    frames: dict[str, tuple[FloatArray, FloatArray]]

    def at(self, bead: Bead) -> FloatArray:
        """Return where a bead is, (3,), m."""
        turn, origin = self.frames[bead.frame]
        point: FloatArray = origin + turn @ np.array(bead.at)
        return point

    def lowest(self, part: str) -> float:
        """Return the lowest height of a part, m."""
        beads = next(p.beads for p in FIGURES[self.figure].parts if p.name == part)
        return min(float(self.at(bead)[2]) - bead.radius for bead in beads)


@dataclass(frozen=True)
class _Sheet:
    """How a panel lies on the paper: its camera, scale in units for each m, and where the screen's origin is."""

    camera: Camera
    scale: float
    x: float
    y: float

    def points(self, world: FloatArray) -> FloatArray:
        """Return units on paper and depth, (n, 3), of points (n, 3)."""
        units: FloatArray = self.camera.seen(world) * self.scale + np.array([self.x, self.y, 0.0])
        return units

    def shift(self, right: float, up: float) -> FloatArray:
        """Return a step on the screen, (2,), from m right and up."""
        return np.array([-right if self.camera.is_mirrored else right, -up]) * self.scale

    def discs(self, placed: Placed, beads: Sequence[Bead]) -> list[Disc]:
        """Return beads as they are seen."""
        seen = self.points(np.array([placed.at(bead) for bead in beads]))
        return [
            Disc(float(x), float(y), b.radius * self.scale, float(d)) for (x, y, d), b in zip(seen, beads, strict=True)
        ]


def exercise_variants(exercise: str) -> dict[str, str]:
    """Return the easier and harder versions that have a picture of their own, with the line of the library each draws.

    Parameters
    ----------
    exercise : str
        Of ``exercises.toml``.
    """
    return {name: picture.line for name, picture in pictures_of(exercise).items() if name}


@lru_cache(maxsize=256)
def exercise_picture(exercise: str, side: str = "", palette: Palette | None = None, variant: str = "") -> Figure:
    """Return the picture of one exercise.

    Parameters
    ----------
    exercise : str
        Of ``exercises.toml``.
    side : 'left', 'right', 'both' or ''
        Which side works; 'left' is the mirror image of the others.  '' names no side.
    palette : Palette, optional
        Colours of the sides.
    variant : str
        An easier or harder version, of `exercise_variants`.

    Returns
    -------
    Figure
        Its text says what the library says: how to begin and what to mind.

    Raises
    ------
    SettingError
        If there is no such exercise, side or variant.
    """
    if side not in SIDES:
        raise SettingError(f"there is no side '{side}'. {suggest(side, SIDES)}")
    picture = picture_of(exercise, variant)
    title = _title(exercise, side, picture)
    alt = _alt(exercise, title)
    parts = [f"<title>{_escaped(title)}</title>"]
    if side:
        parts.append(_side_label(side, palette or Palette()))
    y = TITLE if side else GAP / 2
    mark = "-".join(filter(None, ("ex", exercise, variant, side or "any"))).replace("_", "-")
    for _, row in groupby(enumerate(picture.panels), key=lambda numbered: numbered[1].row):
        drawn, height = _row(list(row), picture, side == "left", y, mark)
        parts += drawn
        y += height + GAP
    return Figure(svg(WIDTH, y - GAP / 2, parts, alt, kind="exercise-picture"), title, alt)


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _title(exercise: str, side: str, picture: Picture) -> str:
    name = exercise_text(exercise).name
    line = f"{name}: {picture.line}" if picture.line else name
    return f"{line} ({say(f'letters.side_{side}').text})" if side else line


def _alt(exercise: str, title: str) -> str:
    row = exercise_text(exercise)
    return say("pictures.alt", title=title, setup=row.setup, cues=". ".join(row.cues)).text


def _side_label(side: str, palette: Palette) -> str:
    words = say(f"letters.side_{side}").text
    width = 16.5 * len(words) + 30
    x = {"left": GAP / 2, "right": WIDTH - GAP / 2 - width}.get(side, (WIDTH - width) / 2)
    ground = {"left": palette.left, "right": palette.right}.get(side, INK)
    return rect(x, 5, width, 44, f"ex-side-{side}", rx=22, fill=ground) + text(
        x + width / 2, 37, words, "ex-side-words", fill="#ffffff", font_size=28, font_weight=700, text_anchor="middle"
    )


def place_figure(figure: str, pose: Pose, contact: Contact, at: tuple[float, float] = (0.0, 0.0)) -> Placed:
    """Return a figure that stands on one of its parts.

    Parameters
    ----------
    figure : 'person' or 'foot'
    pose : Pose
    contact : Contact
        The part whose lowest point is at this height.
    at : (float, float)
        Where the first bead of that part is on the floor, m.
    """
    placed = Placed(figure, place_frames(FIGURES[figure], pose))
    first = next(part for part in FIGURES[figure].parts if part.name == contact.part).beads[0]
    step = np.array([*at, 0.0]) - placed.at(first) * np.array([1.0, 1.0, 0.0])
    step[2] = contact.height - placed.lowest(contact.part)
    return Placed(figure, {name: (turn, origin + step) for name, (turn, origin) in placed.frames.items()})


def _placed(panel: Panel, pose: Pose | None = None) -> Placed:
    return place_figure(panel.figure, pose or panel.pose, panel.contacts[0], panel.at)


def _row(
    numbered: list[tuple[int, Panel]], picture: Picture, is_mirrored: bool, y: float, mark: str
) -> tuple[list[str], float]:
    """Return the panels of one row side by side, and its height."""
    boxes = [_box(panel, picture, is_mirrored) for _, panel in numbered]
    sizes = [high - low for low, high in boxes]
    room = WIDTH - GAP * len(numbered)
    tall = min(
        room / sum(float(w / h) for w, h in sizes), TALLEST if len(numbered) > 1 or len(picture.panels) == 1 else ALONE
    )
    widths = [tall * float(w / h) for w, h in sizes]
    spare = (room - sum(widths)) / len(numbered)
    letters = min(
        30.0, *((w + spare - 16) / (_wide(p.label) + 2.0) for (_, p), w in zip(numbered, widths, strict=True))
    )
    x, parts = GAP / 2, []
    for (k, panel), (low, _), size, width in zip(numbered, boxes, sizes, widths, strict=True):
        scale = tall / float(size[1])
        origin = np.array([x + spare / 2, y]) - low * scale
        sheet = _Sheet(_camera(panel, is_mirrored), scale, float(origin[0]), float(origin[1]))
        parts.append(rect(x, y, width + spare, tall + WORDS, "ex-panel", rx=14, fill=FILLS["panel"]))
        parts += _panel(picture, k, sheet, f"{mark}-{k}")
        parts += _words(panel, k, len(picture.panels), x + (width + spare) / 2, y + tall + 28, letters)
        x += width + spare + GAP
    return parts, tall + WORDS


def _camera(panel: Panel, is_mirrored: bool) -> Camera:
    return Camera(panel.camera[0], panel.camera[1], is_mirrored)


def _box(panel: Panel, picture: Picture, is_mirrored: bool) -> tuple[FloatArray, FloatArray]:
    """Return the corners (2,), (2,) on the screen, m, that hold every panel of this kind: they share one scale."""
    corners = []
    for other in picture.panels:
        if (other.figure, tuple(other.camera)) != (panel.figure, tuple(panel.camera)):
            continue
        sheet = _Sheet(_camera(other, is_mirrored), 1.0, 0.0, 0.0)
        placed = _placed(other)
        discs = [d for part in FIGURES[other.figure].parts for d in sheet.discs(placed, part.beads)]
        corners += [(d.x - d.radius, d.y - d.radius) for d in discs] + [(d.x + d.radius, d.y + d.radius) for d in discs]
        world = [point for prop in other.props for point in _prop_corners(prop)]
        world += list(_floor_corners(other)) if other.has_floor else []
        corners += [(float(x), float(y)) for x, y, _ in sheet.points(np.array(world))] if world else []
        corners += [tuple(point) for arrow in other.arrows for point in _arrow_line(arrow, picture, other, sheet)]
    table = np.array(corners)
    margin = MARGIN[panel.figure]
    return table.min(axis=0) - margin, table.max(axis=0) + margin


def _wide(label: str) -> float:
    """Return about how wide the words of a panel are, in heights of a letter."""
    return sum(0.36 if letter in NARROW else 0.62 for letter in say(f"pictures.{label}").text)


def _words(panel: Panel, k: int, count: int, x: float, y: float, size: float) -> list[str]:
    words, is_numbered = say(f"pictures.{panel.label}").text, count > 1 and panel.is_step
    middle = x + (0.8 * size if is_numbered else 0.0)
    shown = [text(middle, y + 0.3 * size, words, "ex-words", fill=INK, font_size=size, text_anchor="middle")]
    if is_numbered:
        dot = middle - 0.5 * size * _wide(panel.label) - size
        shown.append(circle(dot, y - 0.05 * size, 0.66 * size, "ex-number", fill=INK))
        shown.append(text(dot, y + 0.25 * size, str(k + 1), "ex-number-words", fill="#ffffff", font_size=0.87 * size,
                          font_weight=700, text_anchor="middle"))  # fmt: skip
    return shown


def _panel(picture: Picture, k: int, sheet: _Sheet, mark: str) -> list[str]:
    panel = picture.panels[k]
    placed = _placed(panel)
    parts = [_floor(panel, sheet)] if panel.has_floor else []
    parts += [_prop(prop, placed, sheet) for prop in panel.props if prop.layer != "front"]
    if panel.ghost and k:
        parts += _ghost(picture.panels[k - 1], panel.ghost, sheet, mark)
    parts += _figure(panel, placed, sheet)
    parts += [_prop(prop, placed, sheet) for prop in panel.props if prop.layer == "front"]
    for arrow in panel.arrows:
        way = _arrow_line(arrow, picture, panel, sheet)
        parts.append(
            path(smooth_line(way), "ex-arrow", fill="none", stroke=ARROW, stroke_width=5.5, stroke_linecap="round")
        )
        parts.append(path(arrow_head(way[-3:][::2] if len(way) > 4 else way, 15.0), "ex-arrow-head", fill=ARROW))
    return parts


def _arrow_line(arrow: Arrow, picture: Picture, panel: Panel, sheet: _Sheet) -> FloatArray:
    """Return the points (n, 2) of an arrow on paper: drawn by hand, or the way the point really goes."""
    bead = FIGURES[panel.figure].points[arrow.point]
    if arrow.path:
        at = sheet.points(_placed(panel).at(bead)[None])[0, :2]
        return np.array([at + sheet.shift(*step) for step in arrow.path])
    before = picture.panels[picture.panels.index(panel) - 1]
    shares = np.linspace(arrow.share[0], arrow.share[1], 9)
    world = np.array([_placed(panel, between(before.pose, panel.pose, float(s))).at(bead) for s in shares])
    way: FloatArray = sheet.points(world)[:, :2] + sheet.shift(*arrow.shift)
    return way


def _figure(panel: Panel, placed: Placed, sheet: _Sheet) -> list[str]:
    """Return the groups from far to near, each with one outline around all its parts."""
    chain = FIGURES[panel.figure]
    groups = {part.group: [p for p in chain.parts if p.group == part.group] for part in chain.parts}
    depth = {name: _depth(parts, placed, sheet) for name, parts in groups.items()}
    order = sorted(groups, key=lambda name: -depth[name])
    order = [*(g for g in order if g not in panel.order), *panel.order] if panel.order else order
    patches = [patch for name in panel.muscles for patch in chain.muscles[name]]
    shown = []
    for name in order:
        twin = name.replace("right_", "left_") if name.startswith("right_") else name.replace("left_", "right_")
        far = depth[name] > depth[twin] + 0.06 * sheet.scale
        shown += _group(groups[name], placed, sheet, "far" if far else "near")
        shown += [
            path(skin_path(sheet.discs(placed, p.beads)), "ex-accent", fill=FILLS["accent"], fill_opacity=0.85)
            for p in patches
            if p.group == name
        ]
    return shown


def _depth(parts: Sequence[Part], placed: Placed, sheet: _Sheet) -> float:
    return float(np.mean([d.depth for part in parts for d in sheet.discs(placed, part.beads)]))


def _head(parts: Sequence[Part], placed: Placed, sheet: _Sheet) -> list[tuple[str, list[Disc]]]:
    """Return the parts of a head from far to near: hair around a face seen from aside, the near eye and ear."""
    discs = {part.name: sheet.discs(placed, part.beads) for part in parts}
    away = float(sheet.camera.axes()[2] @ placed.frames["head"][0][:, 0])
    middle = sheet.discs(placed, [FIGURES[placed.figure].points["head"]])[0].depth

    def rank(name: str) -> tuple[int, float]:
        if name.endswith(("_eye", "_ear")):
            return 4, 0.0
        if -0.5 < away < 0.35 and name.startswith("hair"):
            return {"hair_back": 0, "hair_nape": 2}.get(name, 3), 0.0
        return 1, -min(disc.depth - disc.radius for disc in discs[name])

    seen = [part for part in parts if rank(part.name)[0] < 4 or discs[part.name][1].depth < middle]
    return [(part.tone, discs[part.name]) for part in sorted(seen, key=lambda part: rank(part.name))]


def _group(parts: Sequence[Part], placed: Placed, sheet: _Sheet, place: str) -> list[str]:
    drawn = [(part.tone, sheet.discs(placed, part.beads)) for part in parts]
    if parts[0].group == "head":
        drawn = _head(parts, placed, sheet)
    skins = [(tone, skin_path(discs), discs) for tone, discs in drawn]
    shown = [
        path(data, "ex-outline", fill="none", stroke=OUTLINE, stroke_width=3.2, stroke_linejoin="round")
        for _, data, _ in skins
    ]
    for tone, data, discs in skins:
        shown.append(path(data, f"ex-{place} ex-{tone}", fill=FILLS[f"{place}-{tone}"]))
        if tone in ("skin", "shirt", "shorts") and max(d.radius for d in discs) > 4.0:
            # Light from above: the same skin, thinner and a little higher.
            lit = [Disc(d.x, d.y - 0.30 * d.radius, 0.55 * d.radius, d.depth) for d in discs]
            shown.append(path(skin_path(lit), "ex-light", fill="#ffffff", fill_opacity=0.14))
    return shown


def _ghost(before: Panel, groups: Sequence[str], sheet: _Sheet, mark: str) -> list[str]:
    """Return where the moving parts began, dashed; a mask leaves only the outline of all of them together."""
    placed = _placed(before)
    skins = [skin_path(sheet.discs(placed, p.beads)) for p in FIGURES[before.figure].parts if p.group in groups]
    inside = "".join(path(data, fill="#000000") for data in skins)
    everything = f'<mask id="{mark}" maskUnits="userSpaceOnUse" x="0" y="0" width="{number(WIDTH)}" height="2000">'
    everything += rect(0, 0, WIDTH, 2000, fill="#ffffff") + inside + "</mask>"
    dashes = "".join(
        path(data, "ex-ghost", fill="none", stroke=INK, stroke_opacity=0.6, stroke_width=5, stroke_dasharray="7 6")
        for data in skins
    )
    return [f'{everything}<g mask="url(#{mark})">{dashes}</g>']


def _floor_corners(panel: Panel) -> FloatArray:
    """Return the corners (4, 3) of the floor below a figure and its things."""
    placed = _placed(panel)
    beads = [(placed.at(bead), bead.radius) for part in FIGURES[panel.figure].parts for bead in part.beads]
    low = np.min([at[:2] - radius for at, radius in beads], axis=0)
    high = np.max([at[:2] + radius for at, radius in beads], axis=0)
    for point in (p for prop in panel.props if prop.tone != "wall" for p in _prop_corners(prop)):
        low, high = np.minimum(low, point[:2]), np.maximum(high, point[:2])
    margin = MARGIN[panel.figure] * 0.8
    (a, b), (c, d) = low - margin, high + margin
    return np.array([[a, b, 0.0], [c, b, 0.0], [c, d, 0.0], [a, d, 0.0]])


def _floor(panel: Panel, sheet: _Sheet) -> str:
    corners = [Disc(float(x), float(y), 3.0) for x, y, _ in sheet.points(_floor_corners(panel))]
    return path(skin_path(corners), "ex-floor", fill=FILLS["floor"], stroke="#aeb7c0", stroke_width=1.5)


def _prop_corners(prop: Prop) -> list[FloatArray]:
    if prop.kind == "box":
        return [np.array(corner) for corner in product(*zip(prop.low, prop.high, strict=True))]
    radius = prop.radius if prop.kind == "line" else None
    return [
        np.array(bead[:3]) + step * (bead[3] if radius is None else radius)
        for bead in prop.beads
        for step in np.vstack([np.eye(3), -np.eye(3)])
    ]


def _prop(prop: Prop, placed: Placed, sheet: _Sheet) -> str:
    style: dict[str, object] = {"stroke": "#7d8791", "stroke_width": 1.5, "stroke_linejoin": "round"}
    kind, fill = f"ex-prop ex-{prop.tone}", FILLS[f"prop-{prop.tone}"]
    match prop.kind:
        case "box":
            return _box_faces(prop, sheet, kind, fill, style)
        case "beads":
            seen = sheet.points(np.array([bead[:3] for bead in prop.beads]))
            discs = [
                Disc(float(x), float(y), b[3] * sheet.scale) for (x, y, _), b in zip(seen, prop.beads, strict=True)
            ]
            return path(skin_path(discs), kind, fill=fill, **style)
        case "line":
            way = sheet.points(np.array([bead[:3] for bead in prop.beads]))[:, :2]
            data = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in way.tolist())
            wide = 2.0 * prop.radius * sheet.scale
            return path(data, f"{kind} ex-line", fill="none", stroke=fill, stroke_width=wide, stroke_linecap="round",
                        stroke_linejoin="round")  # fmt: skip
        case _:
            return _band(prop, placed, sheet, kind, fill)


def _box_faces(prop: Prop, sheet: _Sheet, kind: str, fill: str, style: dict[str, object]) -> str:
    """Return the faces of a box that look at the eye, the top lighter."""
    away = sheet.camera.axes()[2]
    shown = []
    for axis in range(3):
        is_high = away[axis] < 0
        value = (prop.high if is_high else prop.low)[axis]
        others = [k for k in range(3) if k != axis]
        corners = []
        for first, second in ((0, 0), (1, 0), (1, 1), (0, 1)):
            corner = np.zeros(3)
            corner[axis] = value
            corner[others[0]] = (prop.low, prop.high)[first][others[0]]
            corner[others[1]] = (prop.low, prop.high)[second][others[1]]
            corners.append(corner)
        discs = [Disc(float(x), float(y), 1.5) for x, y, _ in sheet.points(np.array(corners))]
        shown.append(path(skin_path(discs), kind, fill=fill, **style))
        if axis == 2:
            shown.append(path(skin_path(discs), "ex-light", fill="#ffffff", fill_opacity=0.25))
    return "".join(shown)


def _band(prop: Prop, placed: Placed, sheet: _Sheet, kind: str, fill: str) -> str:
    points = FIGURES[placed.figure].points
    ends = sheet.points(np.array([placed.at(points[name]) for name in prop.points]))[:, :2]
    along = ends[-1] - ends[0]
    along = along / max(float(np.hypot(*along)), 1e-9) * prop.radius * sheet.scale
    (a, b), (c, d) = ends[0] - along, ends[-1] + along
    data = f"M{number(a)} {number(b)}L{number(c)} {number(d)}"
    return path(data, f"{kind} ex-line", fill="none", stroke=fill, stroke_width=8.0, stroke_linecap="round")
