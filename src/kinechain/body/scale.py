"""Scaling: one factor per segment and direction, from stature or from measured lengths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from kinechain.body.body import Body, Joint, Mobility
from kinechain.body.inertia import with_inertia
from kinechain.body.pose import segment_poses
from kinechain.body.tables import lookup
from kinechain.care.person.person import Sex
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import BodyError
from kinechain.core.frames import transform_points

__all__ = [
    "BodySize",
    "height_from_shank",
    "mean_mass",
    "mean_stature",
    "neutral_landmarks",
    "scale_body",
    "size_body",
    "size_factors",
    "stature",
]

_LUMBAR = ("lumbar5", "lumbar4", "lumbar3", "lumbar2", "lumbar1")
_FOOT = ("talus", "calcaneus", "midfoot", "forefoot_medial", "forefoot_lateral", "toes")


@dataclass(frozen=True)
class BodySize:
    """What is known of a person's size.  ``None`` means not known.

    Attributes
    ----------
    mass_kg, height_m, sex, age_years, foot_length_m
        Age is carried for the notes; no published length depends on it in adults.
    """

    mass_kg: float | None = None
    height_m: float | None = None
    sex: Sex | None = None
    age_years: float | None = None
    foot_length_m: float | None = None


def ratio(measure: str, sex: Sex | None) -> float:
    """Return a length as a fraction of stature (ANSUR II); the mean of both sexes if ``sex`` is None."""
    return _by_sex(measure, "ratio_to_stature", sex)


def mean_stature(sex: Sex | None) -> float:
    """Return the mean stature, m (ANSUR II)."""
    return _by_sex("stature", "mean", sex)


def mean_mass(sex: Sex | None) -> float:
    """Return the mean body mass, kg (ANSUR II)."""
    return _by_sex("body_mass", "mean", sex)


def height_from_shank(shank_m: float, sex: Sex | None) -> float:
    """Return the stature of a person whose lateral epicondyle and malleolus lie ``shank_m`` apart (ANSUR II)."""
    return shank_m / (ratio("lateral_femoral_epicondyle_height", sex) - ratio("lateral_malleolus_height", sex))


def _by_sex(measure: str, statistic: str, sex: Sex | None) -> float:
    sexes = (sex,) if sex else ("female", "male")
    return float(np.mean([lookup("size_ratios", measure=measure, statistic=statistic, sex=s) for s in sexes]))


def neutral_landmarks(body: Body) -> dict[str, FloatArray]:
    """Return every landmark in the neutral upright posture, (3,) arrays, m, world."""
    poses = dict(
        zip((s.name for s in body.segments), segment_poses(body, np.zeros((1, len(body.coordinates))))[0], strict=True)
    )
    return {mark.name: transform_points(poses[mark.segment], mark.position) for mark in body.landmarks}


def stature(body: Body) -> float:
    """Return the height of the vertex above the sole of the neutral body, m."""
    at = neutral_landmarks(body)
    return float(at["vertex"][2] - min(at["sole_heel_r"][2], at["sole_heel_l"][2]))


def scale_body(body: Body, factors: Mapping[str, FloatArray | float]) -> Body:
    """Return this body with the geometry of some segments scaled; masses stay.

    Parameters
    ----------
    body : Body
    factors : mapping of segment name to factor or (3,) array
        Along the segment's x, y and z.  Segments that are not named keep their size.

    Returns
    -------
    Body

    Raises
    ------
    BodyError
        If a factor is not a positive number or a segment does not exist.
    """
    full = {s.name: np.ones(3) for s in body.segments} | {"ground": np.ones(3)}
    for name, factor in factors.items():
        body.segment(name)
        full[name] = np.broadcast_to(np.asarray(factor, dtype=float), (3,))
        if not (np.isfinite(full[name]).all() and (full[name] > 0).all()):
            raise BodyError(f"segment '{name}' cannot be scaled by {factor}; a factor is a positive number")
    return replace(
        body,
        segments=tuple(
            replace(s, centre_of_mass=s.centre_of_mass * full[s.name], scale=s.scale * full[s.name])
            for s in body.segments
        ),
        joints=tuple(_scale_joint(j, full[j.parent]) for j in body.joints),
        markers=tuple(replace(m, position=m.position * full[m.segment]) for m in body.markers),
        landmarks=tuple(replace(m, position=m.position * full[m.segment]) for m in body.landmarks),
    )


def _scale_joint(joint: Joint, factor: FloatArray) -> Joint:
    # The axis point is a place inside the joint, so both its sides scale with the parent: the
    # two joint centres stay together.
    parent, child = joint.parent_from_joint.copy(), joint.child_from_joint.copy()
    parent[:3, 3] *= factor
    child[:3, 3] *= factor
    mean = float(np.prod(factor) ** (1 / 3))

    def scaled(mobility: Mobility) -> Mobility:
        if mobility.kind == "rotation" or joint.parent == "ground":
            return mobility
        function = replace(mobility.function, coefficients=mobility.function.coefficients * mean)
        return replace(mobility, function=function)

    return replace(
        joint, parent_from_joint=parent, child_from_joint=child, mobilities=tuple(scaled(m) for m in joint.mobilities)
    )


def size_body(body: Body, size: BodySize) -> Body:
    """Scale a body to stature, sex and foot length, and give it its mass.

    Segment heights follow the ratios of ANSUR II to stature: malleolus, femoral epicondyle,
    trochanter, iliac crest and cervicale.  Breadths of pelvis and trunk, and the arms, follow the
    ratio of the sex to that of men, for whom the tables stand.

    Parameters
    ----------
    body : Body
        `kinechain.body.skeleton.template_body`.
    size : BodySize
        Missing stature, mass or sex are replaced by the ANSUR II mean.

    Returns
    -------
    Body
        Stature and total mass are exactly those asked for.
    """
    sex, height = size.sex, size.height_m or mean_stature(size.sex)
    scaled = scale_body(body, size_factors(body, size))
    at = neutral_landmarks(scaled)
    have = stature(scaled)
    # Rounding of the chain of ratios; the head closes the last millimetres.
    head = (at["vertex"][2] - _origin(scaled, "head")[2] + height - have) / (
        at["vertex"][2] - _origin(scaled, "head")[2]
    )
    scaled = scale_body(scaled, {"head": np.array([1.0, 1.0, head])})
    return with_inertia(scaled, size.mass_kg or mean_mass(sex), sex)


def _origin(body: Body, segment: str) -> FloatArray:
    poses = segment_poses(body, np.zeros((1, len(body.coordinates))))[0]
    index = [s.name for s in body.segments].index(segment)
    return np.asarray(poses[index][:3, 3])


def size_factors(body: Body, size: BodySize) -> dict[str, FloatArray]:
    """Return the factors of every segment by which `size_body` scales.

    Parameters
    ----------
    body : Body
        `kinechain.body.skeleton.template_body`.
    size : BodySize

    Returns
    -------
    dict of segment name to (3,) array
    """
    sex, height = size.sex, size.height_m or mean_stature(size.sex)
    foot = size.foot_length_m or ratio("foot_length", sex) * height
    at = neutral_landmarks(body)
    z = {name: float(position[2]) for name, position in at.items()}
    own = stature(body)
    overall = height / own

    def like(measure: str) -> float:
        return overall * ratio(measure, sex) / ratio(measure, "male")

    def rise(upper: str, lower: str) -> float:
        return height * (ratio(upper, sex) - ratio(lower, sex))

    thigh = rise("trochanterion_height", "lateral_femoral_epicondyle_height") / (
        z["greater_trochanter_r"] - z["lateral_femoral_epicondyle_r"]
    )
    shank = rise("lateral_femoral_epicondyle_height", "lateral_malleolus_height") / (
        z["lateral_femoral_epicondyle_r"] - z["lateral_malleolus_r"]
    )
    ankle = height * ratio("lateral_malleolus_height", sex) / (z["lateral_malleolus_r"] - z["sole_heel_r"])
    pelvis = rise("iliocristale_height", "trochanterion_height") / (z["iliac_crest_r"] - z["greater_trochanter_r"])
    hip_height = thigh * -z["knee_centre_r"] + shank * (z["knee_centre_r"] - z["ankle_centre_r"])
    hip_height += ankle * (z["ankle_centre_r"] - z["sole_heel_r"])
    sacrum_top = float(_origin(body, "lumbar5")[2]) * pelvis
    trunk = (height * ratio("cervicale_height", sex) - hip_height - sacrum_top) / (
        z["c7"] - float(_origin(body, "lumbar5")[2])
    )
    depth, breadth = like("chest_depth"), like("biacromial_breadth")
    pelvis_factors = np.array([pelvis, like("bicristal_breadth"), pelvis])
    factors = {"pelvis": pelvis_factors, "sacrum": pelvis_factors, "head": np.full(3, overall)}
    factors |= {name: np.array([trunk, trunk, trunk]) for name in _LUMBAR}
    factors["thorax"] = np.array([depth, breadth, trunk])
    length = foot / _foot_length(at)
    for side in ("r", "l"):
        factors[f"femur_{side}"] = np.array([overall, overall, thigh])
        factors[f"tibia_{side}"] = np.array([overall, overall, shank])
        factors |= {f"{part}_{side}": np.array([length, like("foot_breadth"), ankle]) for part in _FOOT}
        factors[f"humerus_{side}"] = np.full(3, like("acromion_radiale_length"))
        factors[f"forearm_{side}"] = np.full(3, like("radiale_stylion_length"))
        factors[f"hand_{side}"] = np.full(3, like("hand_length"))
    return factors


def _foot_length(at: Mapping[str, FloatArray]) -> float:
    # The heel landmark is a skin marker's centre, one radius (about 10 mm, declared) behind the skin.
    return float(at["hallux_tip_r"][0] - at["heel_r"][0]) - 0.010
