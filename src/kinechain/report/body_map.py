"""The outlines of a body on which places are marked: front, back and both soles, drawn by this project.

The feet are drawn larger than they are, so that a finger can point at a place of them.  A region is a coarse polygon
that the smooth outline cuts to its shape, so that neighbours share their borders exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from kinechain.care.person.symptom_map import Region, read_regions, region_name, views_of
from kinechain.report.svg import number

__all__ = ["BodyMap", "BodyView", "Place", "body_map", "body_views", "place_groups", "view_name"]

Point = tuple[float, float]

#: Size of the pictures of the whole body and of a sole, in their own units.
WIDTH, HEIGHT = 220.0, 524.0
SOLE_WIDTH, SOLE_HEIGHT = 140.0, 300.0


@dataclass(frozen=True)
class Place:
    """One region on one outline.

    Attributes
    ----------
    code : str
        With its side.
    name : str
        As printed, such as 'left heel'.
    path : str
        Data of an SVG path; the outline cuts it.
    x, y : float
        Its middle, in units of the picture.
    """

    code: str
    name: str
    path: str
    x: float
    y: float


@dataclass(frozen=True)
class BodyView:
    """One outline with its places.

    Attributes
    ----------
    id : str
        'front', 'back', 'sole_left' or 'sole_right', as marks name it.
    name : str
    width, height : float
    outline : tuple of str
        Data of SVG paths that together are the shape.
    places : tuple of Place
        From top to bottom.
    edges : tuple of str
        Which side of the body is at the left and at the right of the picture; '' for a sole.
    """

    id: str
    name: str
    width: float
    height: float
    outline: tuple[str, ...]
    places: tuple[Place, ...]
    edges: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class BodyMap:
    """Everything a page needs to show places: the pictures, and the list that stands for them.

    Attributes
    ----------
    views : tuple of BodyView
    groups : tuple of (heading, regions)
    """

    views: tuple[BodyView, ...]
    groups: tuple[tuple[str, tuple[Region, ...]], ...]


@cache
def body_map() -> BodyMap:
    """Return the pictures of the body and the list of its places."""
    return BodyMap(body_views(), place_groups())


def smooth(points: Sequence[Point]) -> str:
    """Return a closed smooth curve through points, as data of an SVG path.

    Parameters
    ----------
    points : sequence of (x, y)
    """
    count = len(points)
    parts = [f"M{number(points[0][0])} {number(points[0][1])}"]
    for i in range(count):
        before, here, there, after = (points[(i + k) % count] for k in (-1, 0, 1, 2))
        # Catmull-Rom: the tangent at a point is along the line between its neighbours.
        first = tuple(here[k] + (there[k] - before[k]) / 6 for k in (0, 1))
        second = tuple(there[k] - (after[k] - here[k]) / 6 for k in (0, 1))
        parts.append("C" + " ".join(number(value) for value in (*first, *second, *there)))
    return "".join(parts) + "Z"


def straight(polygons: Iterable[Sequence[Point]]) -> str:
    """Return polygons as data of one SVG path.

    Parameters
    ----------
    polygons : iterable of sequence of (x, y)
    """
    return "".join("M" + "L".join(f"{number(x)} {number(y)}" for x, y in points) + "Z" for points in polygons)


def view_name(view: str) -> str:
    """Return how an outline is called.

    Parameters
    ----------
    view : str
    """
    return {"front": "Front", "back": "Back", "sole_left": "Sole of the left foot"}.get(view, "Sole of the right foot")


# ---- the shapes: half a body, by the distance from its middle and from the top

HEAD: tuple[Point, ...] = ((0, 6), (16, 11), (23, 30), (19, 50), (8, 64), (-8, 64), (-19, 50), (-23, 30), (-16, 11))
TRUNK: tuple[Point, ...] = (
    *((-6, 58), (10, 58), (11, 73), (20, 81), (38, 87), (46, 100), (42, 114), (38, 128), (36, 152), (32, 182)),
    *((36, 206), (42, 234), (44, 260), (42, 300), (37, 340), (35, 360), (38, 392), (33, 428), (29, 450), (14, 450)),
    *((11, 402), (9, 360), (6, 312), (1, 268), (-6, 262), (-6, 160)),
)
ARM: tuple[Point, ...] = (
    *((28, 85), (44, 88), (53, 101), (57, 128), (62, 162), (67, 196), (72, 226), (77, 242), (78, 260), (73, 274)),
    *((65, 272), (60, 256), (60, 233), (56, 200), (49, 166), (43, 132), (34, 112)),
)
FOOT_FRONT: tuple[Point, ...] = (
    *((12, 440), (31, 440), (34, 462), (45, 482), (51, 500), (47, 511), (31, 517), (15, 520), (5, 514), (5, 496)),
    (10, 468),
)
FOOT_BACK: tuple[Point, ...] = (
    *((13, 436), (30, 436), (33, 460), (38, 478), (49, 492), (52, 505), (42, 513), (24, 514), (11, 510), (7, 494)),
    (10, 466),
)

FRONT: dict[str, tuple[tuple[Point, ...], ...]] = {
    "neck": (((0, 60), (20, 60), (20, 80), (0, 90)),),
    "shoulder": (((20, 80), (28, 70), (70, 80), (70, 122), (40, 128), (36, 112), (34, 84)),),
    "chest": (((0, 90), (20, 80), (34, 84), (36, 112), (40, 128), (42, 150), (0, 150)),),
    "arm": (((40, 128), (70, 122), (95, 228), (54, 232), (48, 200), (43, 165)),),
    "abdomen": (((0, 150), (42, 150), (42, 206), (32, 214), (0, 236)),),
    "hand": (((54, 232), (95, 228), (95, 285), (50, 285)),),
    "groin": (((0, 236), (32, 214), (31, 240), (12, 270), (8, 262), (8, 244), (0, 242)),),
    "hip": (((32, 214), (42, 206), (50, 232), (52, 266), (30, 262), (31, 240)),),
    "thigh": (((0, 276), (8, 262), (12, 270), (31, 240), (30, 262), (60, 266), (60, 332), (0, 332)),),
    "knee": (((0, 332), (60, 332), (60, 366), (0, 366)),),
    "shin": (((0, 366), (60, 366), (60, 436), (0, 436)),),
    "ankle": (((0, 436), (60, 436), (60, 462), (0, 462)),),
    "foot_top": (((0, 462), (33, 462), (37, 484), (0, 484)),),
    "foot_outer": (((33, 462), (60, 462), (60, 501), (44, 501), (37, 484)),),
    "forefoot": (((0, 484), (37, 484), (44, 501), (0, 501)),),
    "big_toe": (((0, 501), (22, 501), (22, 530), (0, 530)),),
    "toes": (((22, 501), (60, 501), (60, 530), (22, 530)),),
}
BACK: dict[str, tuple[tuple[Point, ...], ...]] = {
    "neck": (((0, 60), (20, 60), (20, 80), (0, 90)),),
    "shoulder": FRONT["shoulder"],
    "upper_back": (((0, 90), (20, 80), (34, 84), (36, 112), (40, 128), (42, 158), (0, 158)),),
    "arm": FRONT["arm"],
    "low_back": (((0, 158), (42, 158), (42, 208), (0, 208)),),
    "sacrum": (((0, 208), (18, 208), (7, 242), (0, 246)),),
    "hand": FRONT["hand"],
    "hip": (((34, 208), (42, 206), (50, 232), (52, 268), (33, 268)),),
    "buttock": (((18, 208), (34, 208), (33, 268), (8, 270), (8, 250), (0, 250), (0, 246), (7, 242)),),
    "thigh": (((0, 278), (8, 262), (8, 270), (60, 268), (60, 332), (0, 332)),),
    "knee": FRONT["knee"],
    "calf": (((0, 366), (60, 366), (60, 424), (0, 424)),),
    "ankle": (((0, 424), (15, 424), (14, 472), (0, 472)), ((28, 424), (60, 424), (60, 472), (30, 472))),
    "achilles": (((15, 424), (28, 424), (30, 472), (14, 472)),),
    "heel": (((0, 472), (34, 472), (36, 530), (0, 530)),),
    "foot_outer": (((34, 472), (60, 472), (60, 530), (36, 530)),),
}
#: Both halves together, because it has no side.
SADDLE: dict[str, tuple[Point, ...]] = {
    "front": ((-8, 244), (8, 244), (8, 262), (0, 276), (-8, 262)),
    "back": ((-8, 250), (8, 250), (8, 262), (0, 278), (-8, 262)),
}

#: The left sole as seen when its toes point up: the big toe is at the left.
SOLE: tuple[Point, ...] = (
    *((70, 290), (48, 280), (41, 252), (48, 215), (53, 180), (49, 148), (36, 118), (29, 92), (36, 72), (60, 63)),
    *((86, 65), (107, 80), (113, 108), (109, 150), (107, 190), (105, 225), (101, 262), (90, 282)),
)
TOES: tuple[tuple[float, float, float, float], ...] = (
    *((46, 40, 16, 24), (71, 36, 10, 17), (89, 44, 9, 15), (104, 56, 8.5, 13)),
    (116, 72, 8, 12),
)
SOLE_PLACES: dict[str, tuple[Point, ...]] = {
    "big_toe": ((0, 0), (60, 0), (60, 65), (30, 72), (0, 72)),
    "toes": ((60, 0), (140, 0), (140, 96), (112, 84), (88, 64), (60, 65)),
    "forefoot": ((0, 72), (30, 72), (60, 65), (88, 64), (112, 84), (140, 96), (140, 128), (0, 128)),
    "arch": ((0, 128), (84, 128), (84, 222), (0, 222)),
    "foot_outer": ((84, 128), (140, 128), (140, 222), (84, 222)),
    "heel": ((0, 222), (140, 222), (140, 300), (0, 300)),
}


@cache
def body_views() -> tuple[BodyView, ...]:
    """Return the four outlines: front, back, right sole, left sole (as the feet of somebody who faces the reader)."""
    return (
        _body("front", FOOT_FRONT, FRONT),
        _body("back", FOOT_BACK, BACK),
        _sole("sole_right"),
        _sole("sole_left"),
    )


def _body(view: str, foot: Sequence[Point], halves: dict[str, tuple[tuple[Point, ...], ...]]) -> BodyView:
    # Whoever faces the reader has their left at the right of the picture.
    sides = {1: "left", -1: "right"} if view == "front" else {1: "right", -1: "left"}
    outline = [smooth(_placed(HEAD, 1))]
    outline += [smooth(_placed(shape, sign)) for shape in (TRUNK, ARM, foot) for sign in (1, -1)]
    places = []
    for region, polygons in halves.items():
        for sign in (-1, 1):
            moved = [_placed(polygon, sign) for polygon in polygons]
            places.append(_place(f"{region}_{sides[sign]}", moved))
    places.append(_place("saddle", [_placed(SADDLE[view], 1)]))
    edges = (sides[-1], sides[1])
    return BodyView(view, view_name(view), WIDTH, HEIGHT, tuple(outline), tuple(places), edges)


def _sole(view: str) -> BodyView:
    side = view.removeprefix("sole_")

    def turned(points: Iterable[Point]) -> tuple[Point, ...]:
        return tuple((x if side == "left" else SOLE_WIDTH - x, y) for x, y in points)

    outline = tuple(smooth(turned(shape)) for shape in (SOLE, *(_oval(*toe) for toe in TOES)))
    places = tuple(_place(f"{region}_{side}", [turned(shape)]) for region, shape in SOLE_PLACES.items())
    return BodyView(view, view_name(view), SOLE_WIDTH, SOLE_HEIGHT, outline, places)


def _oval(x: float, y: float, wide: float, tall: float) -> tuple[Point, ...]:
    angles = [math.tau * k / 8 for k in range(8)]
    return tuple((x + wide * math.cos(angle), y + tall * math.sin(angle)) for angle in angles)


def _placed(points: Iterable[Point], sign: int) -> tuple[Point, ...]:
    return tuple((WIDTH / 2 + sign * x, y) for x, y in points)


def _place(code: str, polygons: Sequence[Sequence[Point]]) -> Place:
    points = [point for polygon in polygons for point in polygon]
    x, y = (sum(point[k] for point in points) / len(points) for k in (0, 1))
    return Place(code, region_name(code), straight(polygons), x, y)


@cache
def place_groups() -> tuple[tuple[str, tuple[Region, ...]], ...]:
    """Return the list that stands for the picture: headings with their regions, each region once."""
    kinds = {"Back": "back", "Front of the body": "trunk", "Between the legs": "saddle", "Foot and ankle": "foot"}
    left = dict(read_regions())
    found = []
    for heading, group in {**kinds, "Leg and hip": "leg", "Shoulder, arm and hand": "arm"}.items():
        taken = tuple(region for region in left.values() if group in region.groups)
        found.append((heading, taken))
        for region in taken:
            del left[region.id]
    return tuple(found)


def missing_places() -> tuple[str, ...]:
    """Return codes that an outline should show and does not; a test holds this empty."""
    drawn = {(view.id, place.code) for view in body_views() for place in view.places}
    sided = [f"{r.id}_{s}" if r.has_sides else r.id for r in read_regions().values() for s in ("left", "right")]
    return tuple(f"{view}: {code}" for code in sided for view in views_of(code) if (view, code) not in drawn)
