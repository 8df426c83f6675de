"""From the tables in ``body/parts`` to the muscles and tissues of one body.

Every part of the body (leg, foot, trunk) brings tables of its own; ``body/parts/README.md`` says what stands in their
columns.  They hold the right side at the size of the template; here they are mirrored and scaled to a person.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal, TypeVar, cast

import numpy as np

from kinechain.body.body import GROUND, Body, BodyKey, Function
from kinechain.body.muscle import Muscle, Musculature, Path, PathPoint, Surface, Tissue, Wrap
from kinechain.body.osim_functions import simm_spline
from kinechain.body.paths import moving_parts, path_lengths
from kinechain.body.skeleton import SIDES, template_body
from kinechain.body.tables import Row, read_table
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import BodyError, EvidenceError
from kinechain.core.frames import about_axis, transform

__all__ = ["person_muscles", "template_muscles"]

_MIRROR = np.array([1.0, -1.0, 1.0])
_VELOCITY = 10.0

#: Maximal force goes with body mass to this power, as an area does with a volume (assumption).
_FORCE_POWER = 2.0 / 3.0

#: Coordinates of the midline that mean the same on either side; a path may follow no other one of the midline.
_SYMMETRIC = ("lumbar_flexion", "neck_flexion", "pelvis_tilt", "sacroiliac_nutation")

_PLANTAR_FASCIA = "plantar_fascia"
_BY_LENGTH = ("femur_", "tibia_")

_Item = TypeVar("_Item", Muscle, Tissue)


def person_muscles(body: Body, *, fascia_area_mm2: float | None = None, without: Iterable[str] = ()) -> Musculature:
    """Return the muscles and tissues of one person.

    Attachments go with the size of their segment, those of thigh and shank with its length, those of the pelvis
    sideways with the hips; optimal fibre length and slack length with the length of the whole path in the neutral
    posture, so that a muscle works at the same part of its range in a tall and in a short person; maximal force with
    body mass to the power 2/3 (assumption).

    Parameters
    ----------
    body : Body
        Of our tables, scaled or personal.
    fascia_area_mm2 : float or None
        Cross-section of the whole plantar fascia; None: as in the table.
    without : iterable of str
        Tissues to leave out, named without side, e.g. 'posterior_chain'.

    Returns
    -------
    Musculature

    Raises
    ------
    BodyError
        If the body lacks a segment or coordinate, has no mass, or there is no such tissue.
    """
    return _person_muscles(BodyKey(body), fascia_area_mm2, tuple(sorted(set(without))))


class _Shape:
    """Sizes and joints of a body as a key of a cache: bodies that differ in mass alone have the same paths."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.key = (moving_parts(body), *((s.name, s.scale.tobytes()) for s in body.segments))

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shape) and self.key == other.key


@lru_cache(maxsize=16)
def _at_shape(shape: _Shape) -> tuple[Musculature, FloatArray]:
    """Return the muscles of the template at the shape of a body, and how much longer each path is there."""
    template = _template()
    moved = _beside_hips(_moved(template.musculature, _sizes(shape.body)), shape.body)
    return moved, _neutral_lengths(shape.body, moved) / template.lengths


@lru_cache(maxsize=16)
def _person_muscles(key: BodyKey, fascia_area_mm2: float | None, without: tuple[str, ...]) -> Musculature:
    body, template = key.body, _template()
    if not body.mass_kg > 0:
        raise BodyError(f"body '{body.name}' has no mass, and muscles grow with it; size it first")
    template.musculature.check(body)
    moved, ratio = _at_shape(_Shape(body))
    mass = body.mass_kg
    force = [(mass / template.reference_mass[m.name]) ** _FORCE_POWER for m in moved.muscles]
    count = len(moved.muscles)
    muscles = tuple(
        replace(
            muscle,
            max_isometric_force_n=muscle.max_isometric_force_n * f,
            optimal_fibre_length_m=muscle.optimal_fibre_length_m * r,
            tendon_slack_length_m=muscle.tendon_slack_length_m * r,
        )
        for muscle, f, r in zip(moved.muscles, force, ratio[:count], strict=True)
    )
    tissues = tuple(
        replace(t, slack_length_m=t.slack_length_m * float(r))
        for t, r in zip(moved.tissues, ratio[count:], strict=True)
    )
    if fascia_area_mm2 is not None:
        tissues = _with_fascia_area(tissues, fascia_area_mm2 / template.fascia_area_mm2)
    return replace(moved, muscles=muscles, tissues=_left_over(tissues, without), notes=_notes(body))


def template_muscles() -> Musculature:
    """Return the muscles and tissues of the tables, at the size of the template and the masses of their sources."""
    return _template().musculature


@dataclass(frozen=True, eq=False)
class _Template:
    """The tables as read: lengths in the neutral posture, mass by muscle, cross-section of the plantar fascia."""

    musculature: Musculature
    lengths: FloatArray
    reference_mass: Mapping[str, float]
    fascia_area_mm2: float


@cache
def _template() -> _Template:
    rows = _rows("muscles")
    muscles = tuple(_muscle(row, side) for side in SIDES for row in rows)
    tissue_rows = [(row, side) for row in _rows("tissues") for side in (SIDES if row["side"] == "both" else ("",))]
    surfaces = tuple(_surface(row, side) for side in SIDES for row in _rows("surfaces"))
    body = template_body()
    unslack = Musculature(muscles, tuple(_tissue(row, side, 1.0) for row, side in tissue_rows), surfaces)
    unslack.check(body)
    lengths = _neutral_lengths(body, unslack)
    own = lengths[len(muscles) :]
    tissues = tuple(_tissue(row, side, float(length)) for (row, side), length in zip(tissue_rows, own, strict=True))
    return _Template(
        replace(unslack, tissues=tissues),
        lengths,
        {f"{row['muscle']}_{side}": float(row["reference_mass"]) for row in rows for side in SIDES},
        sum(float(r["area_mm2"]) for r in _rows("tissues") if r["tissue"].startswith(_PLANTAR_FASCIA)),
    )


@cache
def _rows(kind: str) -> tuple[Row, ...]:
    """Return the rows of all tables of one kind, whatever part of the body brings them."""
    names = sorted(p.name for p in files("kinechain.body").joinpath("parts").iterdir())
    found = [n.removesuffix(".csv") for n in names if n.startswith(f"{kind}_") and n.endswith(".csv")]
    return tuple(row for name in found for row in read_table(name))


@cache
def _rows_by(kind: str, column: str) -> Mapping[str, tuple[Row, ...]]:
    grouped: dict[str, list[Row]] = {}
    for row in _rows(kind):
        grouped.setdefault(row[column], []).append(row)
    return {name: tuple(rows) for name, rows in grouped.items()}


@cache
def _sided_names() -> tuple[frozenset[str], frozenset[str]]:
    """Return the segments and the coordinates that there are once per side, named without it."""
    body = template_body()
    names = ({s.name for s in body.segments}, {c.name for c in body.coordinates})
    first, second = (frozenset(n[:-2] for n in of if n.endswith("_r") and f"{n[:-2]}_l" in of) for of in names)
    return first, second


def _segment(name: str, side: str) -> str:
    return f"{name}_{side}" if name in _sided_names()[0] else name


def _coordinate(name: str, side: str, where: str) -> str:
    if name in _sided_names()[1]:
        return f"{name}_{side}"
    if name not in _SYMMETRIC:
        raise EvidenceError(f"{where} follows '{name}'; of the midline a path may follow {', '.join(_SYMMETRIC)}")
    return name


def _vector(row: Row, *columns: str) -> FloatArray:
    return np.array([float(row[c]) for c in columns])


def _mirrored(position: FloatArray, side: str) -> FloatArray:
    return position * _MIRROR if side == "l" else position


def _muscle(row: Row, side: str) -> Muscle:
    points = _rows_by("muscle_points", "muscle").get(row["muscle"], ())
    return Muscle(
        name=f"{row['muscle']}_{side}",
        path=_path(points, row["wraps"], side, row["muscle"]),
        max_isometric_force_n=float(row["max_isometric_force"]),
        optimal_fibre_length_m=float(row["optimal_fibre_length"]),
        tendon_slack_length_m=float(row["tendon_slack_length"]),
        pennation_rad=float(row["pennation"]),
        max_contraction_velocity=float(row["max_contraction_velocity"] or _VELOCITY),
        curve_values=(("passive_strain", float(row["passive_strain"])),) if row.get("passive_strain") else (),
        group=row["group"],
        roots=tuple(row["roots"].split()),
        source=row["source"],
        grade=row["grade"],
    )


def _tissue(row: Row, side: str, neutral_length_m: float) -> Tissue:
    points = _rows_by("tissue_points", "tissue").get(row["tissue"], ())
    kind = cast("Literal['fascia', 'ligament', 'tendon', 'nerve']", row["kind"])
    slack = float(row["slack_length"]) if row["slack_length"] else neutral_length_m / (1 + float(row["neutral_strain"]))
    law = _law(row["law"], float(row["area_mm2"] or 1.0)) if row["law"] else None
    name = f"{row['tissue']}_{side}" if side else row["tissue"]
    path = _path(points, row["wraps"], side, row["tissue"])
    return Tissue(name, path, kind, slack, law, row["source"], row["grade"])


def _law(name: str, area_mm2: float) -> Function:
    """Return tension (N) against strain: straight between the rows of a law, its last slope beyond them."""
    rows = sorted(_rows_by("tissue_laws", "law").get(name, ()), key=lambda r: float(r["strain"]))
    strain = np.array([float(r["strain"]) for r in rows])
    force = np.array([float(r["stress"]) for r in rows]) * area_mm2
    if len(rows) < 2 or strain[0] != 0.0 or force[0] != 0.0:
        raise EvidenceError(f"the law '{name}' of a tissue needs two rows at least, the first with strain and stress 0")
    slopes = np.diff(force) / np.diff(strain)
    # A flat piece in front keeps a slack tissue without tension.
    knots = np.concatenate([[-1.0], strain])
    coefficients = np.zeros((len(strain), 4))
    coefficients[1:, 0], coefficients[1:, 1] = force[:-1], slopes
    return Function(knots, coefficients)


def _path(rows: Iterable[Row], wraps: str, side: str, name: str) -> Path:
    rows = sorted(rows, key=lambda r: int(r["order"]))
    orders = [int(r["order"]) for r in rows]
    if len(rows) < 2 or len(set(orders)) != len(orders):
        raise EvidenceError(f"'{name}' has points of order {orders}; a path needs two at least, each once")
    return Path(tuple(_point(row, side, name) for row in rows), tuple(_wraps(wraps, orders, side)))


def _wraps(text: str, orders: list[int], side: str) -> Iterator[Wrap]:
    for item in text.split():
        surface, first, last, method = [*item.split(":"), "", "", ""][:4]
        ends = [orders.index(int(end)) if end else None for end in (first, last)]
        yield Wrap(f"{surface}_{side}" if side else surface, ends[0], ends[1], method or "shortest")


def _point(row: Row, side: str, name: str) -> PathPoint:
    condition = None
    if row["condition"]:
        coordinate, low, high = row["condition"].split(":")
        condition = (_coordinate(coordinate, side, f"'{name}'"), math.radians(float(low)), math.radians(float(high)))
    motion = _motion(row["motion"], side) if row["motion"] else None
    return PathPoint(_segment(row["segment"], side), _mirrored(_vector(row, "x", "y", "z"), side), condition, motion)


@cache
def _motion(name: str, side: str) -> tuple[tuple[str, Function], tuple[str, Function], tuple[str, Function]]:
    rows = _rows_by("moving_points", "motion").get(name, ())
    coordinates = {row["coordinate"] for row in rows}
    if len(coordinates) != 1:
        raise EvidenceError(
            f"the moving point '{name}' must follow one coordinate, its rows name {sorted(coordinates)}"
        )
    at = np.radians([float(row["value_deg"]) for row in rows])
    places = _mirrored(np.array([_vector(row, "x", "y", "z") for row in rows]), side)
    coordinate = _coordinate(coordinates.pop(), side, f"the moving point '{name}'")
    x, y, z = ((coordinate, simm_spline(at, places[:, i])) for i in range(3))
    return x, y, z


def _surface(row: Row, side: str) -> Surface:
    x, y, z = (about_axis(axis, float(row[f"rotation_{name}"])) for name, axis in zip("xyz", np.eye(3), strict=True))
    rotation = x @ y @ z
    if side == "l":
        # A mirror image is left-handed; turning one axis of the surface round makes it right-handed again.  Every
        # surface is symmetric in its axes, so this changes nothing but the half a quadrant along that axis names.
        turned = np.array([1.0, 1.0, -1.0]) if not row["quadrant"].endswith("z") else np.array([1.0, -1.0, 1.0])
        rotation = _MIRROR[:, None] * rotation * turned
    radii = [float(row[f"radius_{i}"] or row["radius_1"]) for i in (1, 2, 3)]
    return Surface(
        name=f"{row['surface']}_{side}",
        segment=_segment(row["segment"], side),
        kind=cast("Literal['cylinder', 'sphere', 'ellipsoid', 'torus']", row["kind"]),
        segment_from_surface=transform(rotation, _mirrored(_vector(row, "x", "y", "z"), side)),
        radii=np.array(radii),
        length_m=float(row["length"]) if row["length"] else math.inf,
        quadrant=row["quadrant"],
    )


def _sizes(body: Body) -> dict[str, FloatArray]:
    """Return the factor of every segment along its axes by which attachments and surfaces go.

    Thigh and shank go by their length alone: their breadth is measured over the skin, which makes it up to 1.4 times
    that of the bone and would put attachments inside the surfaces they are to bend around.
    """
    sizes = {s.name: s.scale for s in body.segments} | {GROUND: np.ones(3)}
    return {name: np.full(3, f[2]) if name.startswith(_BY_LENGTH) else f for name, f in sizes.items()}


def _moved(musculature: Musculature, size: Mapping[str, FloatArray]) -> Musculature:
    """Return the same paths and surfaces with every segment at its size."""
    return replace(
        musculature,
        muscles=tuple(_moved_path(m, size) for m in musculature.muscles),
        tissues=tuple(_moved_path(t, size) for t in musculature.tissues),
        surfaces=tuple(_moved_surface(s, size[s.segment]) for s in musculature.surfaces),
    )


def _moved_path(item: _Item, size: Mapping[str, FloatArray]) -> _Item:
    return _with_points(item, (_moved_point(p, size[p.segment]) for p in item.path.points))


def _with_points(item: _Item, points: Iterable[PathPoint]) -> _Item:
    return replace(item, path=replace(item.path, points=tuple(points)))


def _beside_hips(musculature: Musculature, body: Body) -> Musculature:
    """Return the same with what lies on the pelvis moved sideways as the hips lie: the midline stays, a hip goes from
    where the breadth of the pelvis puts it to where it is, and what lies beyond keeps its distance from it.

    Breadth is told by markers over the iliac spines, which stand 23 mm out of where sartorius begins in the source,
    hips by a regression of their own.  Sized by the former against joints placed by the latter, rectus femoris would
    lose all of its arm of abduction, and the hamstrings would double theirs of adduction.
    """
    joints = {j.name: j for j in body.joints}
    sides = {s: joints[f"hip_{s}"].parent_from_joint[1, 3] for s in SIDES}
    own = _template_hip() * body.segment("pelvis").scale[1]

    def across(place: FloatArray) -> FloatArray:
        hip = abs(sides["l" if place[1] > 0 else "r"])
        beside = float(np.interp(abs(place[1]), [0.0, own], [0.0, hip])) + max(abs(place[1]) - own, 0.0)
        return np.array([place[0], math.copysign(beside, place[1]), place[2]])

    def point(p: PathPoint) -> PathPoint:
        return replace(p, position=across(p.position)) if p.segment == "pelvis" else p

    def surface(s: Surface) -> Surface:
        if s.segment != "pelvis":
            return s
        pose = s.segment_from_surface.copy()
        pose[:3, 3] = across(pose[:3, 3])
        return replace(s, segment_from_surface=pose)

    return replace(
        musculature,
        muscles=tuple(_with_points(m, map(point, m.path.points)) for m in musculature.muscles),
        tissues=tuple(_with_points(t, map(point, t.path.points)) for t in musculature.tissues),
        surfaces=tuple(map(surface, musculature.surfaces)),
    )


@cache
def _template_hip() -> float:
    """Return how far beside the midline the hip of the template lies, m."""
    return abs(float(next(j for j in template_body().joints if j.name == "hip_r").parent_from_joint[1, 3]))


def _moved_point(point: PathPoint, size: FloatArray) -> PathPoint:
    motion = point.motion
    if motion is not None:
        x, y, z = (
            (name, replace(place, coefficients=place.coefficients * factor))
            for (name, place), factor in zip(motion, size, strict=True)
        )
        motion = (x, y, z)
    return replace(point, position=point.position * size, motion=motion)


def _moved_surface(surface: Surface, size: FloatArray) -> Surface:
    pose = surface.segment_from_surface.copy()
    along = np.linalg.norm(size[:, None] * pose[:3, :3], axis=0)
    pose[:3, 3] *= size
    volume = float(np.prod(size))
    if surface.kind == "ellipsoid":
        radii = surface.radii * along
    elif surface.kind == "sphere":
        radii = surface.radii * volume ** (1 / 3)
    else:
        radii = surface.radii * math.sqrt(volume / along[2])
    return replace(surface, segment_from_surface=pose, radii=radii, length_m=surface.length_m * float(along[2]))


def _neutral_lengths(body: Body, musculature: Musculature) -> FloatArray:
    """Return the length of every path in the neutral upright posture, (path,) array, m."""
    return np.asarray(path_lengths(body, musculature, np.zeros((1, len(body.coordinates))))[0])


def _with_fascia_area(tissues: tuple[Tissue, ...], factor: float) -> tuple[Tissue, ...]:
    def thickened(tissue: Tissue) -> Tissue:
        if tissue.tension is None or not tissue.name.startswith(_PLANTAR_FASCIA):
            return tissue
        return replace(tissue, tension=replace(tissue.tension, coefficients=tissue.tension.coefficients * factor))

    return tuple(thickened(t) for t in tissues)


def _left_over(tissues: tuple[Tissue, ...], without: Iterable[str]) -> tuple[Tissue, ...]:
    left_out = set(without)
    unknown = left_out - {t.name.removesuffix("_r").removesuffix("_l") for t in tissues}
    if unknown:
        raise BodyError(f"no tissue named {', '.join(sorted(unknown))} can be left out; there is none in the tables")
    return tuple(t for t in tissues if t.name.removesuffix("_r").removesuffix("_l") not in left_out)


def _notes(body: Body) -> tuple[str, ...]:
    return (
        f"Maximal muscle forces go with body mass to the power 2/3 (assumption); body mass is {body.mass_kg:.1f} kg.",
        "Muscle attachments go with the size of their segment, on thigh and shank with its length alone: breadth was "
        "measured over the skin (assumption).  On the pelvis they go sideways with the hips.",
        "Optimal fibre and slack lengths go with the length of the path in the neutral posture.",
        "Paths and strength of foot muscles, and plantar ligaments, are declared geometry (assumption).",
    )
