"""Anatomical frames and joint centres of one standing person, from landmarks alone.

Nothing here uses a model: each frame stands on the landmarks of its own segment, so that the
angles of a fitted body mean what an examiner would measure.

====================  ==========================================================================
pelvis                plane of the iliac spines, turned by the fall of the spine line of the model
femur                 up from knee to hip centre, left along the knee axis
tibia                 up from ankle to knee centre, left along the knee axis
calcaneus (foot)      up vertical (the sole on the floor), forward from heel to second metatarsal
humerus, forearm      up to the proximal joint, left along epicondyles or styloids
thorax, head          best fit of the model's landmarks to the measured ones
====================  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kinechain.body.body import Body
from kinechain.body.joint_centres import beside, chord_centre, hip_centres, orthogonal, pelvis_axes, unit
from kinechain.body.scale import neutral_landmarks
from kinechain.body.skeleton import SIDES, SPINE_TILT_RAD
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import RecordingError
from kinechain.core.frames import about_axis, nearest_rotation, transform

__all__ = ["Points", "Standing", "measure_standing"]

_LEFT = np.array([0.0, 1.0, 0.0])
_UP = np.array([0.0, 0.0, 1.0])

#: A joint axis told by a wand may stand at most this far from the one expected, rad (assumption).
_WAND_LIMIT = np.radians(40.0)

#: A leg that leans further from the vertical does not stand, rad (assumption).
_LEAN_LIMIT = np.radians(35.0)

_TRUNK = ("c7", "t10", "suprasternal_notch", "xiphoid", "acromion_r", "acromion_l")
_HEAD = ("head_front_r", "head_front_l", "head_back_r", "head_back_l")


@dataclass(frozen=True)
class Points:
    """Where the markers stood.

    Attributes
    ----------
    landmarks : mapping of landmark name to (3,) array, m, world
    trackers : mapping of segment name to tuple of (3,) arrays, m, world
        Markers that only track.
    """

    landmarks: Mapping[str, FloatArray]
    trackers: Mapping[str, tuple[FloatArray, ...]] = field(default_factory=dict)

    def has(self, *names: str) -> bool:
        """Tell whether all these landmarks were seen."""
        return all(name in self.landmarks for name in names)

    def need(self, name: str, purpose: str) -> FloatArray:
        """Return a landmark, or say what it is missing for."""
        if name not in self.landmarks:
            raise RecordingError(
                f"the standing trial shows no marker for '{name}', which {purpose} needs; "
                "name it in the marker-set profile or record the trial again"
            )
        return self.landmarks[name]

    def middle(self, *names: str) -> FloatArray:
        """Return the mean of landmarks."""
        return np.asarray(np.mean([self.landmarks[name] for name in names], axis=0))


@dataclass(frozen=True)
class Standing:
    """The measured frames of a standing person.

    Attributes
    ----------
    frames : mapping of segment name to (4, 4) array, m
        World from segment.  A segment that could not be measured is absent.
    centres : mapping of joint centre name to (3,) array, m, world
    notes : tuple of str
        How each centre was found.
    """

    frames: Mapping[str, FloatArray]
    centres: Mapping[str, FloatArray]
    notes: tuple[str, ...]


def measure_standing(points: Points, model: Body, scale: float) -> Standing:
    """Return the anatomical frames of a standing person.

    Parameters
    ----------
    points : Points
    model : Body
        Template; gives half breadths of joints without medial markers and the landmarks of trunk and head.
    scale : float
        Person's stature over that of the template.

    Raises
    ------
    RecordingError
        If a landmark is missing without which pelvis or legs cannot be placed, or the person does not stand.
    """
    frames: dict[str, FloatArray] = {}
    centres: dict[str, FloatArray] = {}
    notes: list[str] = []
    _pelvis(points, frames, centres, notes)
    for side in SIDES:
        _leg(points, side, model, scale, frames, centres, notes)
    _thorax(points, model, frames, notes)
    for side in SIDES:
        _arm(points, side, model, scale, frames, centres)
    _head(points, model, frames)
    return Standing(frames, centres, tuple(dict.fromkeys(notes)))


def _pelvis(points: Points, frames: dict[str, FloatArray], centres: dict[str, FloatArray], notes: list[str]) -> None:
    right, left = (points.need(f"asis_{side}", "the pelvis") for side in SIDES)
    if points.has("psis_r", "psis_l"):
        behind = points.middle("psis_r", "psis_l")
    else:
        behind = points.need("sacrum", "the pelvis (or both posterior superior iliac spines)")
    axes = pelvis_axes(right, left, behind)
    hips = hip_centres(right, left, behind)
    centres["hip_centre_r"], centres["hip_centre_l"] = hips
    frames["pelvis"] = transform(axes @ about_axis(_LEFT, -SPINE_TILT_RAD), 0.5 * (hips[0] + hips[1]))
    notes.append(
        "Hip joint centres by regression on pelvic width and depth (Harrington 2007; "
        "12 mm mean error against CT in Mantovani 2016)."
    )


def _leg(
    points: Points,
    side: str,
    model: Body,
    scale: float,
    frames: dict[str, FloatArray],
    centres: dict[str, FloatArray],
    notes: list[str],
) -> None:
    hip, pelvis = centres[f"hip_centre_{side}"], frames["pelvis"][:3, :3]
    medial = pelvis[:, 1] if side == "r" else -pelvis[:, 1]
    lateral = points.need(f"lateral_femoral_epicondyle_{side}", "the knee")
    if points.has(f"medial_femoral_epicondyle_{side}"):
        knee = points.middle(f"lateral_femoral_epicondyle_{side}", f"medial_femoral_epicondyle_{side}")
        axis = points.landmarks[f"medial_femoral_epicondyle_{side}"] - lateral
        notes.append("Knee joint centres midway between the femoral epicondyles.")
    else:
        half = scale * _half_width(model, "{}_femoral_epicondyle_r")
        device = points.landmarks.get(f"knee_device_axis_{side}")
        wands = points.trackers.get(f"femur_{side}", ()) if device is None else (device,)
        knee, by_wand = _without_medial(wands, hip, lateral, medial, half)
        shown = "thigh wand" if device is None else "knee alignment device"
        how = f"in the plane of hip, knee marker and {shown}" if by_wand else "along the left-right axis of the pelvis"
        axis = knee - lateral
        notes.append(f"Knee joint centres {1000 * half:.0f} mm medial of the lateral marker ({how}; no medial marker).")
    axis = axis if side == "r" else -axis
    malleolus = points.need(f"lateral_malleolus_{side}", "the ankle")
    if points.has(f"medial_malleolus_{side}"):
        ankle = points.middle(f"lateral_malleolus_{side}", f"medial_malleolus_{side}")
        notes.append("Ankle joint centres midway between the malleoli.")
    else:
        half = scale * _half_width(model, "{}_malleolus_r")
        inward = axis if side == "r" else -axis
        ankle, by_wand = _without_medial(points.trackers.get(f"tibia_{side}", ()), knee, malleolus, inward, half)
        how = "in the plane of knee, malleolus and shank wand" if by_wand else "along the axis of the knee"
        notes.append(
            f"Ankle joint centres {1000 * half:.0f} mm medial of the lateral malleolus ({how}; no medial marker)."
        )
    centres[f"knee_centre_{side}"], centres[f"ankle_centre_{side}"] = knee, ankle
    _check_upright(hip, ankle, side)
    frames[f"femur_{side}"] = transform(orthogonal(hip - knee, axis), hip)
    frames[f"tibia_{side}"] = transform(orthogonal(knee - ankle, axis), knee)
    frames[f"calcaneus_{side}"] = transform(_foot_axes(points, side, model, ankle, notes))


def _half_width(model: Body, name: str) -> float:
    ends = [model.landmark(name.format(which)).position for which in ("lateral", "medial")]
    return 0.5 * float(np.linalg.norm(ends[0] - ends[1]))


def _without_medial(
    wands: Sequence[FloatArray], proximal: FloatArray, lateral: FloatArray, medial: FloatArray, half: float
) -> tuple[FloatArray, bool]:
    """Return the centre of a joint without a medial marker, and whether a wand showed its axis."""
    centre = _centre_by_wand(proximal, lateral, wands, medial, half)
    if centre is not None:
        return centre, True
    return beside(lateral, proximal, medial, half), False


def _centre_by_wand(
    proximal: FloatArray, lateral: FloatArray, wands: Sequence[FloatArray], medial: FloatArray, half: float
) -> FloatArray | None:
    """Return the centre by a single wand; None without one, or where it points far from the medial direction."""
    if len(wands) != 1:
        return None
    try:
        centre = chord_centre(proximal, lateral, wands[0], half)
    except RecordingError:
        return None
    axis = centre - lateral
    return centre if np.linalg.norm(axis) > 0 and unit(axis) @ unit(medial) > np.cos(_WAND_LIMIT) else None


def _foot_axes(points: Points, side: str, model: Body, ankle: FloatArray, notes: list[str]) -> FloatArray:
    word = "right" if side == "r" else "left"
    back, named = _hindfoot(points, side, ankle)
    if named != "heel":
        notes.append(f"No marker on the heel of the {word} foot: its direction is told from {named}.")
    forward = _forefoot(points, side) - back if _shows_ray(points, side) else _from_one_head(points, side, model, back)
    if not _shows_ray(points, side):
        notes.append(f"Only one edge of the {word} forefoot is marked: the foot points as that of an average skeleton.")
    if np.hypot(*forward[:2]) < 0.05:
        raise RecordingError(
            f"the heel and the forefoot markers of the {word} foot stand "
            f"{1000 * np.hypot(*forward[:2]):.0f} mm apart; a foot needs at least 50 mm: check their labels"
        )
    return orthogonal(_UP, np.cross(_UP, forward))


def _hindfoot(points: Points, side: str, ankle: FloatArray) -> tuple[FloatArray, str]:
    """Return a point on the middle line of the hindfoot, and what it is."""
    for name in (f"heel_{side}", f"heel_proximal_{side}"):
        if points.has(name):
            return points.landmarks[name], "heel"
    if points.has(f"sustentaculum_{side}", f"calcaneus_lateral_{side}"):
        return points.middle(f"sustentaculum_{side}", f"calcaneus_lateral_{side}"), "the two sides of the heel bone"
    return ankle, "the ankle centre"


def _shows_ray(points: Points, side: str) -> bool:
    """Tell whether the forefoot shows more than its inner or its outer edge."""
    heads = [points.has(f"metatarsal_{n}_head_{side}") for n in (1, 2, 5)]
    toes = points.has(f"toe_2_tip_{side}") or points.has(f"hallux_tip_{side}") or f"toes_{side}" in points.trackers
    return heads[1] or (heads[0] and heads[2]) or toes or not (heads[0] or heads[2])


def _from_one_head(points: Points, side: str, model: Body, back: FloatArray) -> FloatArray:
    """Turn the line from the hindfoot to one metatarsal head as the second stands beside it in the model."""
    head = next(f"metatarsal_{n}_head" for n in (1, 5) if points.has(f"metatarsal_{n}_head_{side}"))
    at = neutral_landmarks(model)
    edge, middle = (at[f"{n}_{side}"] - at[f"heel_{side}"] for n in (head, "metatarsal_2_head"))
    turn = np.arctan2(middle[1], middle[0]) - np.arctan2(edge[1], edge[0])
    return np.asarray(about_axis(_UP, float(turn)) @ (points.landmarks[f"{head}_{side}"] - back))


def _forefoot(points: Points, side: str) -> FloatArray:
    if points.has(f"metatarsal_2_head_{side}"):
        return points.landmarks[f"metatarsal_2_head_{side}"]
    if points.has(f"metatarsal_1_head_{side}", f"metatarsal_5_head_{side}"):
        # Where all three are marked, the line from the heel to the second crosses that from the first to the fifth half
        # way along (0.42 to 0.52 in the seven people of schreiber_moissenet_2019 and bmclab), for the outer two stick
        # to the sides of the foot.
        return points.middle(f"metatarsal_1_head_{side}", f"metatarsal_5_head_{side}")
    for name in (f"toe_2_tip_{side}", f"hallux_tip_{side}"):
        if points.has(name):
            return points.landmarks[name]
    for part in ("toes", "forefoot_medial", "midfoot"):
        if trackers := points.trackers.get(f"{part}_{side}", ()):
            return np.asarray(np.mean(trackers, axis=0))
    return points.need(f"metatarsal_2_head_{side}", "the direction of the foot")


def _thorax(points: Points, model: Body, frames: dict[str, FloatArray], notes: list[str]) -> None:
    names = [name for name in _TRUNK if points.has(name)]
    if {"c7", "t10", "suprasternal_notch", "xiphoid"} <= set(names):
        measured = _isb_thorax({n: points.landmarks[n] for n in names})
        rotation = measured @ _isb_thorax({n: model.landmark(n).position for n in names}).T
    elif _spread(np.array([model.landmark(n).position for n in names])) > 0.02:
        rotation = _best_rotation(names, points, model, frames["pelvis"][:3, :3])
        notes.append(f"Thorax placed by {', '.join(names)} only; its tilt is that of an average trunk.")
    elif points.has("acromion_r", "acromion_l"):
        left = points.landmarks["acromion_l"] - points.landmarks["acromion_r"]
        rotation = _trunk_line(points, model, frames["pelvis"], left)
        notes.append("Thorax placed by the acromia above the pelvis only; its tilt is that of an average trunk.")
    else:
        notes.append("Too few markers on the trunk: thorax, neck and lumbar spine stay in line with the pelvis.")
        return
    # Its place follows from the lumbar spine; only the direction is measured here.
    frames["thorax"] = transform(rotation)


def _trunk_line(points: Points, model: Body, world_from_pelvis: FloatArray, left: FloatArray) -> FloatArray:
    """Turn the trunk so that the line from the hips to the acromia runs as in the model."""
    line = points.middle("acromion_r", "acromion_l") - world_from_pelvis[:3, 3]
    at = neutral_landmarks(model)
    own = 0.5 * (at["acromion_r"] + at["acromion_l"])
    return np.asarray(orthogonal(line, left) @ orthogonal(own, _LEFT).T)


def _isb_thorax(at: Mapping[str, FloatArray]) -> FloatArray:
    up = 0.5 * (at["c7"] + at["suprasternal_notch"]) - 0.5 * (at["t10"] + at["xiphoid"])
    left = np.cross(up, at["suprasternal_notch"] - at["c7"])
    return orthogonal(up, left)


def _spread(points: FloatArray) -> float:
    """Distance of the points from their best line, m."""
    if len(points) < 3:
        return 0.0
    return float(np.linalg.svd(points - points.mean(axis=0), compute_uv=False)[1] / np.sqrt(len(points)))


def _best_rotation(names: list[str], points: Points, model: Body, nearby: FloatArray) -> FloatArray:
    measured = np.array([points.landmarks[n] for n in names])
    own = np.array([model.landmark(n).position for n in names])
    measured, own = measured - measured.mean(axis=0), own - own.mean(axis=0)
    # Points in a plane leave nothing open, but a weak pull to upright keeps near-line sets sensible.
    return nearest_rotation(measured.T @ own + 1e-3 * nearby)


def _arm(
    points: Points,
    side: str,
    model: Body,
    scale: float,
    frames: dict[str, FloatArray],
    centres: dict[str, FloatArray],
) -> None:
    outer, inner = f"humeral_lateral_epicondyle_{side}", f"humeral_medial_epicondyle_{side}"
    if "thorax" not in frames or not points.has(f"acromion_{side}", outer):
        return
    thorax = frames["thorax"][:3, :3]
    offset = model.landmark(f"shoulder_centre_{side}").position - model.landmark(f"acromion_{side}").position
    offset = offset * np.array([1.0, 0.0, 1.0])
    shoulder = points.landmarks[f"acromion_{side}"] + scale * thorax @ offset
    outward = -1.0 if side == "r" else 1.0
    if points.has(inner):
        elbow = points.middle(outer, inner)
        axis = outward * (points.landmarks[outer] - points.landmarks[inner])
    else:
        half = scale * _half_width(model, "humeral_{}_epicondyle_r")
        elbow = beside(points.landmarks[outer], shoulder, -outward * thorax[:, 1], half)
        axis = outward * (points.landmarks[outer] - elbow)
    centres[f"shoulder_centre_{side}"], centres[f"elbow_centre_{side}"] = shoulder, elbow
    frames[f"humerus_{side}"] = transform(orthogonal(shoulder - elbow, axis), shoulder)
    radial, ulnar = f"radial_styloid_{side}", f"ulnar_styloid_{side}"
    trackers = points.trackers.get(f"forearm_{side}", ())
    if points.has(radial, ulnar):
        wrist = points.middle(radial, ulnar)
        line = outward * (points.landmarks[radial] - points.landmarks[ulnar])
    elif points.has(radial) or trackers:
        # One point down the forearm shows how the elbow bends; the turn of the forearm stays open.
        ends = [points.landmarks[radial]] if points.has(radial) else list(trackers)
        far = max(ends, key=lambda end: float(np.linalg.norm(end - elbow)))
        frames[f"forearm_{side}"] = transform(orthogonal(elbow - far, axis), elbow)
        return
    else:
        return
    centres[f"wrist_centre_{side}"] = wrist
    frames[f"forearm_{side}"] = transform(orthogonal(elbow - wrist, line), elbow)
    _hand(points, side, outward, wrist, line, frames)


def _hand(
    points: Points, side: str, outward: float, wrist: FloatArray, line: FloatArray, frames: dict[str, FloatArray]
) -> None:
    second, fifth = f"hand_2_head_{side}", f"hand_5_head_{side}"
    if points.has(second, fifth):
        end = points.middle(second, fifth)
        line = outward * (points.landmarks[second] - points.landmarks[fifth])
        frames[f"hand_{side}"] = transform(orthogonal(wrist - end, line), wrist)


def _head(points: Points, model: Body, frames: dict[str, FloatArray]) -> None:
    names = [name for name in _HEAD if points.has(name)]
    if "thorax" not in frames or len(names) < 3:
        return
    # How a head band sits is arbitrary: the head counts as level in the standing trial, its heading is measured.
    rotation = _best_rotation(names, points, model, frames["pelvis"][:3, :3])
    frames["head"] = transform(orthogonal(_UP, rotation[:, 1]))


def _check_upright(hip: FloatArray, ankle: FloatArray, side: str) -> None:
    leg = unit(hip - ankle)
    if leg[2] < np.cos(_LEAN_LIMIT):
        raise RecordingError(
            f"the {'right' if side == 'r' else 'left'} leg of the standing trial leans "
            f"{np.degrees(np.arccos(np.clip(leg[2], -1, 1))):.0f} deg from the vertical, so the person does not stand; "
            "give a trial in quiet standing"
        )
