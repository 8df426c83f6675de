"""Masses, centres of mass and inertia tensors that reproduce the published segments.

The published segments (de Leva 1996) are head, upper, middle and lower trunk, upper arm,
forearm, hand, thigh, shank and foot.  Limb segments are ours one to one.  The trunk is
divided: each lumbar vertebra takes the slice of a published trunk model; the pelvis and the
sacrum take the rest of the lower trunk (which holds L5), the thorax the rest of the middle trunk
(which holds L4 to L1) and the upper trunk, so that mass and height of the centre of mass of every
published part stay.  Their tensors are those of the published parts in proportion to mass.  The
foot is divided by declared shares into boxes; its mass and the centre of mass along its length stay.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kinechain.body.body import Body, Segment
from kinechain.body.pose import segment_poses
from kinechain.body.tables import lookup, read_table
from kinechain.care.person.person import Sex
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import BodyError
from kinechain.core.frames import inverse, transform_points

__all__ = ["published_fraction", "with_inertia"]

_LUMBAR = ("lumbar5", "lumbar4", "lumbar3", "lumbar2", "lumbar1")
_FOOT = ("talus", "calcaneus", "midfoot", "forefoot_medial", "forefoot_lateral", "toes")
_LIMBS = {
    "humerus": ("upper_arm", "elbow_centre"),
    "forearm": ("forearm", "wrist_centre"),
    "hand": ("hand", "hand_2_head"),
    "femur": ("thigh", "knee_centre"),
    "tibia": ("shank", "ankle_centre"),
}
_COPIES = {"head": 1, "upper_trunk": 1, "middle_trunk": 1, "lower_trunk": 1}


def _published(segment: str, quantity: str, sex: Sex | None) -> float:
    sexes = (sex,) if sex else ("female", "male")
    return float(
        np.mean([lookup("segment_inertia", published_segment=segment, quantity=quantity, sex=s) for s in sexes])
    )


def published_fraction(segment: str, sex: Sex | None) -> float:
    """Return the mass fraction of a published segment, so normalised that all of them add up to 1.

    Parameters
    ----------
    segment : str
        As in ``parts/segment_inertia.csv``; one side for limbs.
    sex : 'female', 'male' or None
        None takes the mean of both.
    """
    names = {row["published_segment"] for row in read_table("segment_inertia")}
    total = sum(_published(name, "mass_fraction", sex) * _COPIES.get(name, 2) for name in names)
    return _published(segment, "mass_fraction", sex) / total


def with_inertia(body: Body, mass_kg: float, sex: Sex | None) -> Body:
    """Return this body with the masses and inertia tensors of a person.

    Parameters
    ----------
    body : Body
        At its final size.
    mass_kg : float
        Total mass; reproduced exactly.
    sex : 'female', 'male' or None

    Returns
    -------
    Body

    Raises
    ------
    BodyError
        If the mass is not positive.
    """
    if not (np.isfinite(mass_kg) and mass_kg > 0):
        raise BodyError(f"a body needs a mass above 0 kg, not {mass_kg}")
    poses = dict(
        zip((s.name for s in body.segments), segment_poses(body, np.zeros((1, len(body.coordinates))))[0], strict=True)
    )
    at = {m.name: transform_points(poses[m.segment], m.position) for m in body.landmarks}
    made = _trunk(body, poses, at, mass_kg, sex)
    for side in ("r", "l"):
        for segment, (published, end) in _LIMBS.items():
            made[f"{segment}_{side}"] = _limb(body, f"{segment}_{side}", published, f"{end}_{side}", mass_kg, sex)
        made |= _foot(body, poses, side, mass_kg, sex)
    return replace(body, segments=tuple(replace(made[s.name], scale=s.scale) for s in body.segments))


def _radii(published: str, length: float, sex: Sex | None) -> FloatArray:
    """Squared radii of gyration about x, y, z of an upright segment, (3,) array, m^2."""
    names = ("rg_sagittal", "rg_transverse", "rg_longitudinal")
    return np.array([_published(published, name, sex) * length for name in names]) ** 2


def _limb(body: Body, name: str, published: str, end: str, mass_kg: float, sex: Sex | None) -> Segment:
    axis = body.landmark(end).position.copy()
    if name.startswith("hand"):
        axis[:2] = 0.0
    length = float(np.linalg.norm(axis))
    mass = mass_kg * published_fraction(published, sex)
    centre = axis * _published(published, "com_from_first_endpoint", sex)
    return Segment(name, mass, centre, np.diag(mass * _radii(published, length, sex)), "deleva1996")


def _trunk(
    body: Body, poses: dict[str, FloatArray], at: dict[str, FloatArray], mass_kg: float, sex: Sex | None
) -> dict[str, Segment]:
    height = float(at["vertex"][2] - at["sole_heel_r"][2])
    sole = float(at["sole_heel_r"][2])
    levels = {
        "suprasternale": float(at["suprasternal_notch"][2]),
        "xiphoid": float(at["xiphoid"][2]),
        "omphalion": sole + height * _size("waist_height", sex),
        "hips": 0.5 * float(at["hip_centre_r"][2] + at["hip_centre_l"][2]),
    }
    parts = {}
    for part, upper, lower in (
        ("upper_trunk", "suprasternale", "xiphoid"),
        ("middle_trunk", "xiphoid", "omphalion"),
        ("lower_trunk", "omphalion", "hips"),
    ):
        length = levels[upper] - levels[lower]
        mass = mass_kg * published_fraction(part, sex)
        centre = levels[upper] - _published(part, "com_from_first_endpoint", sex) * length
        parts[part] = (mass, centre, mass * _radii(part, length, sex))
    made = {name: _lumbar(body, name, height, mass_kg, sex) for name in _LUMBAR}
    return (
        made
        | _pelvis(poses, made, parts["lower_trunk"])
        | _thorax(poses, made, parts)
        | {"head": _head(at, poses, mass_kg, sex)}
    )


def _size(measure: str, sex: Sex | None) -> float:
    sexes = (sex,) if sex else ("female", "male")
    return float(np.mean([lookup("size_ratios", measure=measure, statistic="ratio_to_stature", sex=s) for s in sexes]))


def _lumbar(body: Body, name: str, height: float, mass_kg: float, sex: Sex | None) -> Segment:
    """An elliptic slice of the waist, as high as the vertebra."""
    above = next(j for j in body.joints if j.parent == name)
    rise = float(above.parent_from_joint[2, 3])
    mass = mass_kg * lookup("part_inertia", segment=name, quantity="mass_fraction")
    ahead = lookup("part_inertia", segment=name, quantity="com_anterior")
    x, y = (0.5 * height * _size(measure, sex) for measure in ("waist_depth", "waist_breadth"))
    inertia = mass * np.array([y**2 / 4 + rise**2 / 12, x**2 / 4 + rise**2 / 12, (x**2 + y**2) / 4])
    return Segment(name, mass, np.array([ahead, 0.0, rise / 2]), np.diag(inertia), "lfb_pose2sim, ansur2")


def _height_of(poses: dict[str, FloatArray], segment: Segment) -> float:
    return float(transform_points(poses[segment.name], segment.centre_of_mass)[2])


def _pelvis(
    poses: dict[str, FloatArray], lumbar: dict[str, Segment], lower: tuple[float, float, FloatArray]
) -> dict[str, Segment]:
    mass, centre, inertia = lower
    inside = [lumbar["lumbar5"]]
    rest = mass - sum(s.mass_kg for s in inside)
    z = (mass * centre - sum(s.mass_kg * _height_of(poses, s) for s in inside)) / rest
    share = lookup("part_inertia", segment="sacrum", quantity="share_of_pelvis")
    world = np.array([lookup("part_inertia", segment="pelvis", quantity="com_anterior"), 0.0, z])
    tensor = np.diag(inertia) * rest / mass
    source = "deleva1996, rajagopal2016"
    return {
        name: Segment(
            name,
            rest * part,
            transform_points(inverse(poses[name]), world),
            tensor * part,
            source if name == "pelvis" else f"{source}, assumption",
        )
        for name, part in (("pelvis", 1 - share), ("sacrum", share))
    }


def _thorax(
    poses: dict[str, FloatArray], lumbar: dict[str, Segment], parts: dict[str, tuple[float, float, FloatArray]]
) -> dict[str, Segment]:
    mass, centre, inertia = parts["middle_trunk"]
    inside = [lumbar[name] for name in _LUMBAR[1:]]
    rest = mass - sum(s.mass_kg for s in inside)
    z = (mass * centre - sum(s.mass_kg * _height_of(poses, s) for s in inside)) / rest
    upper_mass, upper_centre, upper_inertia = parts["upper_trunk"]
    total = rest + upper_mass
    both = (rest * z + upper_mass * upper_centre) / total
    tensor = inertia * rest / mass + upper_inertia
    apart = rest * (z - both) ** 2 + upper_mass * (upper_centre - both) ** 2
    tensor = np.diag(tensor + np.array([apart, apart, 0.0]))
    origin = poses["thorax"][:3, 3]
    ahead = lookup("part_inertia", segment="thorax", quantity="com_anterior")
    return {
        "thorax": Segment("thorax", total, np.array([ahead, 0.0, both - origin[2]]), tensor, "deleva1996, lfb_pose2sim")
    }


def _head(at: dict[str, FloatArray], poses: dict[str, FloatArray], mass_kg: float, sex: Sex | None) -> Segment:
    # The published head reaches from the vertex to the middle of the jaw angles, 0.1168 of stature in men.
    height = float(at["vertex"][2] - at["sole_heel_r"][2])
    length = height * _published("head", "length_over_stature", "male")
    mass = mass_kg * published_fraction("head", sex)
    z = float(at["vertex"][2] - poses["head"][2, 3]) - _published("head", "com_from_first_endpoint", sex) * length
    return Segment("head", mass, np.array([0.0, 0.0, z]), np.diag(mass * _radii("head", length, sex)), "deleva1996")


def _foot(body: Body, poses: dict[str, FloatArray], side: str, mass_kg: float, sex: Sex | None) -> dict[str, Segment]:
    """Divide the published foot; its mass and its centre along the foot stay."""
    names = [f"{part}_{side}" for part in _FOOT]
    calcaneus_from = {n: inverse(poses[f"calcaneus_{side}"]) @ poses[n] for n in names}
    at = {m.name: transform_points(calcaneus_from[m.segment], m.position) for m in body.landmarks if m.segment in names}
    heel, tip = at[f"heel_{side}"], at[f"hallux_tip_{side}"]
    length, sole = float(tip[0] - heel[0]), float(at[f"sole_heel_{side}"][2])
    shares = np.array([lookup("part_inertia", segment=part, quantity="share_of_foot") for part in _FOOT])
    shares /= shares.sum()
    mass = mass_kg * published_fraction("foot", sex)
    centres = _foot_centres(calcaneus_from, at, side, sole)
    wanted = heel[0] + _published("foot", "com_from_first_endpoint", sex) * length
    centres[:, 0] += wanted - shares @ centres[:, 0]
    boxes = _foot_boxes(calcaneus_from, at, side, centres, sole)
    return {
        n: Segment(
            n,
            mass * share,
            transform_points(inverse(calcaneus_from[n]), centre),
            np.diag(mass * share / 12 * ((box**2).sum() - box**2)),
            "deleva1996, assumption",
        )
        for n, share, centre, box in zip(names, shares, centres, boxes, strict=True)
    }


def _foot_centres(
    calcaneus_from: dict[str, FloatArray], at: dict[str, FloatArray], side: str, sole: float
) -> FloatArray:
    """Declared middles of the parts, (part, 3) array, m, calcaneus frame."""
    origin = {part: calcaneus_from[f"{part}_{side}"][:3, 3] for part in _FOOT}
    heel, tip = at[f"heel_{side}"], at[f"hallux_tip_{side}"]
    low = np.array([0.0, 0.0, sole])
    middle = {
        "talus": origin["talus"],
        "calcaneus": np.array([0.5 * (heel[0] + origin["midfoot"][0]), heel[1], 0.0]),
        "midfoot": 0.5 * (origin["midfoot"] + 0.5 * (origin["forefoot_medial"] + origin["forefoot_lateral"])),
        "forefoot_medial": 0.5 * (origin["forefoot_medial"] + at[f"metatarsal_1_head_{side}"]),
        "forefoot_lateral": 0.5 * (origin["forefoot_lateral"] + at[f"metatarsal_5_head_{side}"]),
        "toes": 0.5 * (origin["toes"] + tip),
    }
    half = {
        "talus": 1.0,
        "calcaneus": 0.5,
        "midfoot": 0.5,
        "forefoot_medial": 0.6,
        "forefoot_lateral": 0.6,
        "toes": 0.6,
    }
    out = np.array([middle[part] for part in _FOOT])
    for row, part in enumerate(_FOOT):
        top = origin[part][2] if part != "calcaneus" else 0.0
        out[row, 2] = top if part == "talus" else low[2] + half[part] * (top - low[2])
    return out


def _foot_boxes(
    calcaneus_from: dict[str, FloatArray], at: dict[str, FloatArray], side: str, centres: FloatArray, sole: float
) -> FloatArray:
    """Declared length, breadth and height of the parts, (part, 3) array, m."""
    x = {part: float(calcaneus_from[f"{part}_{side}"][0, 3]) for part in _FOOT}
    heel, tip = at[f"heel_{side}"], at[f"hallux_tip_{side}"]
    breadth = abs(float(at[f"metatarsal_1_head_{side}"][1] - at[f"metatarsal_5_head_{side}"][1]))
    rays = float(at[f"metatarsal_1_head_{side}"][0])
    length = {
        "talus": 0.2 * (tip[0] - heel[0]),
        "calcaneus": x["midfoot"] - heel[0],
        "midfoot": 0.5 * (x["forefoot_medial"] + x["forefoot_lateral"]) - x["midfoot"],
        "forefoot_medial": rays - x["forefoot_medial"],
        "forefoot_lateral": float(at[f"metatarsal_5_head_{side}"][0]) - x["forefoot_lateral"],
        "toes": tip[0] - x["toes"],
    }
    wide = {
        "talus": 0.4,
        "calcaneus": 0.5,
        "midfoot": 0.7,
        "forefoot_medial": 0.5,
        "forefoot_lateral": 0.4,
        "toes": 0.8,
    }
    height = 2 * np.maximum(centres[:, 2] - sole, 0.005)
    height[0] = length["talus"]
    return np.array([[length[part], wide[part] * breadth, h] for part, h in zip(_FOOT, height, strict=True)])
