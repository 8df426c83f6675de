"""A body when there is no standing trial: from size, and from rigid distances in the walking trial."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kinechain.body.attach import lock_unseen, marker_weight, median_position
from kinechain.body.body import Body, Marker
from kinechain.body.inertia import with_inertia
from kinechain.body.joint_centres import hip_centres, pelvis_axes
from kinechain.body.personal import spines_beside_sacrum
from kinechain.body.pose import segment_poses
from kinechain.body.scale import (
    BodySize,
    height_from_shank,
    mean_mass,
    mean_stature,
    neutral_landmarks,
    scale_body,
    size_factors,
)
from kinechain.body.skeleton import FOOT, SIDES, SPINE_TILT_RAD, template_body
from kinechain.body.solve import CoordinateTarget, solve_poses
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import RecordingError
from kinechain.core.frames import about_axis, inverse, transform, transform_points
from kinechain.recording.profiles import segment_of
from kinechain.recording.recording import Recording

__all__ = ["fit_without_standing"]

#: Frames of the walking trial on which tracking markers are placed.
_FRAMES = 40
#: Draws what no marker shows to the rest posture (assumption; as in inverse kinematics).
_PULL = 1e-5


#: Landmarks of the pelvis that are measured, not scaled.
_SPINES = ("asis_r", "asis_l", "psis_r", "psis_l", "sacrum")
#: How much more they count while the other markers are placed, so that these go on the pelvis as it was measured
#: (assumption).
_FIRM = 5.0


def fit_without_standing(size: BodySize, recording: Recording, rhythm: str) -> Body:
    """Return a body sized by stature and by rigid distances in a walking trial.

    Parameters
    ----------
    size : BodySize
    recording : Recording
        Walking trial, prepared.
    rhythm : str

    Raises
    ------
    RecordingError
        If the pelvis or a leg shows too few landmarks.
    """
    template = template_body(rhythm)
    tracks = _landmark_tracks(recording)
    behind = _behind(tracks, recording)
    factors, notes = _factors(template, tracks, behind, size)
    body = scale_body(template, factors)
    body = _with_pelvis(body, tracks, behind)
    body = with_inertia(body, size.mass_kg or mean_mass(size.sex), size.sex)
    own = {m.name: m for m in body.landmarks}
    landmarks = tuple(
        Marker(label, own[name].segment, own[name].position, marker_weight(recording, label), f"body, {name}")
        for label, name in recording.landmarks
        if name in own
    )
    body, locks = lock_unseen(body.with_markers(landmarks), recording)
    body = _place_markers(body, recording)
    notes = [
        "There is no standing trial: the walking trial was laid on the bony landmarks of the scaled skeleton, and "
        "every marker put where it was found on average; joint angles carry offsets of several degrees.",
        "Hip joint centres by regression on pelvic width and depth (Harrington 2007).",
        *notes,
    ]
    if size.mass_kg is None:
        notes.append(f"Body mass is not known: {mean_mass(size.sex):.0f} kg taken, the mean of ANSUR II.")
    return replace(body, name="person", notes=(*template.notes, *notes, *locks))


def _landmark_tracks(recording: Recording) -> dict[str, FloatArray]:
    markers = recording.require_markers()
    return {name: markers.position(label) for label, name in recording.landmarks if not name.startswith("segment:")}


def _behind(tracks: dict[str, FloatArray], recording: Recording) -> FloatArray:
    for name in ("asis_r", "asis_l"):
        if name not in tracks:
            raise RecordingError(f"{recording.name} shows no marker for '{name}', which the pelvis needs")
    if "psis_r" in tracks and "psis_l" in tracks:
        return 0.5 * (tracks["psis_r"] + tracks["psis_l"])
    if "sacrum" in tracks:
        return tracks["sacrum"]
    raise RecordingError(
        f"{recording.name} shows neither both posterior superior iliac spines nor the sacrum, which the pelvis needs"
    )


def _rigid(first: FloatArray, second: FloatArray) -> float | None:
    """Median distance of two tracks, m; None if they are never seen together."""
    distance = np.linalg.norm(first - second, axis=1)
    distance = distance[np.isfinite(distance)]
    return float(np.median(distance)) if len(distance) else None


def _factors(
    template: Body, tracks: dict[str, FloatArray], behind: FloatArray, size: BodySize
) -> tuple[dict[str, FloatArray], list[str]]:
    notes = []
    at = {m.name: m.position for m in template.landmarks}
    shanks = {s: _shank_ratio(tracks, at, s) for s in SIDES}
    known = [ratio for ratio in shanks.values() if ratio is not None]
    height = size.height_m
    if height is None:
        own = float(
            np.linalg.norm(at["lateral_malleolus_r"] - (at["lateral_femoral_epicondyle_r"] - at["knee_centre_r"]))
        )
        height = height_from_shank(own * float(np.mean(known)), size.sex) if known else mean_stature(size.sex)
        notes.append(f"Height is not known: {height:.2f} m estimated from {'the shank' if known else 'ANSUR II'}.")
    factors = size_factors(template, replace(size, height_m=height))
    width = _rigid(tracks["asis_r"], tracks["asis_l"])
    depth = _rigid(0.5 * (tracks["asis_r"] + tracks["asis_l"]), behind)
    if width is None or depth is None:
        raise RecordingError(
            "the four corners of the pelvis are never seen in the same frame, so the pelvis cannot be placed"
        )
    deep = depth / float(np.hypot(*(at["asis_r"] - at["psis_r"])[[0, 2]]))
    wide = width / float(2 * abs(at["asis_r"][1]))
    factors["pelvis"] = factors["sacrum"] = np.array([deep, wide, 0.5 * (deep + wide)])
    hips = dict(zip(SIDES, hip_centres(tracks["asis_r"], tracks["asis_l"], behind), strict=True))
    for side in SIDES:
        if (shank := shanks[side]) is not None:
            factors[f"tibia_{side}"] = np.array([*factors[f"tibia_{side}"][:2], shank])
        outer = f"lateral_femoral_epicondyle_{side}"
        thigh = _rigid(hips[side], tracks[outer]) if outer in tracks else None
        if thigh is not None:
            own = float(np.linalg.norm(at[f"lateral_femoral_epicondyle_{side}"]))
            factors[f"femur_{side}"] = np.array([*factors[f"femur_{side}"][:2], thigh / own])
        if size.foot_length_m is None and (foot := _foot_ratio(template, tracks, side)) is not None:
            factors |= {f"{part}_{side}": np.array([foot, *factors[f"{part}_{side}"][1:]]) for part in FOOT}
    return factors, notes


def _foot_ratio(template: Body, tracks: dict[str, FloatArray], side: str) -> float | None:
    ends = (f"heel_{side}", f"metatarsal_2_head_{side}")
    if not set(ends) <= set(tracks):
        return None
    length, at = _rigid(tracks[ends[0]], tracks[ends[1]]), neutral_landmarks(template)
    return None if length is None else length / float(np.linalg.norm(at[ends[0]] - at[ends[1]]))


def _shank_ratio(tracks: dict[str, FloatArray], at: dict[str, FloatArray], side: str) -> float | None:
    knee, ankle = f"lateral_femoral_epicondyle_{side}", f"lateral_malleolus_{side}"
    if knee not in tracks or ankle not in tracks:
        return None
    own = at[ankle] - (at[knee] - at[f"knee_centre_{side}"])
    length = _rigid(tracks[knee], tracks[ankle])
    return None if length is None else length / float(np.linalg.norm(own))


def _with_pelvis(body: Body, tracks: dict[str, FloatArray], behind: FloatArray) -> Body:
    """Put hip joints and iliac spines where this pelvis has them."""
    right, left = tracks["asis_r"], tracks["asis_l"]
    seen = np.isfinite(np.hstack([right, left, behind])).all(axis=1)
    axes = pelvis_axes(right[seen], left[seen], behind[seen])
    hips = hip_centres(right[seen], left[seen], behind[seen])
    turned = axes @ about_axis(np.array([0.0, 1.0, 0.0]), -SPINE_TILT_RAD)
    middle = 0.5 * (hips[0] + hips[1])

    def local(track: FloatArray) -> FloatArray:
        return np.asarray(np.nanmedian(np.einsum("tji,tj->ti", turned, track - middle), axis=0))

    place = {"hip_centre_r": local(hips[0]), "hip_centre_l": local(hips[1])}
    for name in _SPINES:
        if name in tracks and np.isfinite(tracks[name][seen]).all(axis=1).any():
            place[name] = local(tracks[name][seen])
    joints = tuple(
        replace(j, parent_from_joint=transform(translation=place[f"hip_centre_{j.name[-1]}"]))
        if j.name in ("hip_r", "hip_l")
        else j
        for j in body.joints
    )
    landmarks = tuple(replace(m, position=place[m.name]) if m.name in place else m for m in body.landmarks)
    return replace(body, joints=joints, landmarks=spines_beside_sacrum(landmarks, place))


def _place_markers(body: Body, recording: Recording) -> Body:
    """Solve the trial on its bony landmarks, then put every marker at its median place on its segment.

    The landmarks of the scaled skeleton say how the person stands in it on average; after that a
    marker that sits a little beside its landmark need not bend a joint.  The spines of the pelvis are
    this person's own already, and stay, so that the pelvis tilts as the plane through them does.
    """
    measured = recording.require_markers()
    frames = np.unique(np.linspace(0, len(measured.positions) - 1, _FRAMES).astype(int))
    columns = [measured.labels.index(m.name) for m in body.markers]
    pull = [
        CoordinateTarget(c.name, np.array([c.default]), _PULL)
        for c in body.coordinates
        if c.is_free and not c.name.startswith("pelvis_")
    ]
    names = dict(recording.landmarks)
    firm = tuple(replace(m, weight=_FIRM * m.weight) if names.get(m.name) in _SPINES else m for m in body.markers)
    solution = solve_poses(body, firm, measured.positions[frames][:, columns], coordinate_targets=pull)
    solved = solution.is_solved > 0
    poses = segment_poses(body, solution.values)
    index = {s.name: i for i, s in enumerate(body.segments)}
    own = {m.name: m for m in body.markers}
    placed = []
    for label, name in recording.landmarks:
        segment = segment_of(name)
        if segment not in index:
            continue
        if name in _SPINES:
            placed.append(own[label])
            continue
        track = transform_points(inverse(poses[:, index[segment]]), measured.position(label)[frames])
        position = median_position(track[solved])
        if position is not None:
            placed.append(Marker(label, segment, position, marker_weight(recording, label), f"walking trial, {name}"))
        elif label in own:
            placed.append(own[label])
    return body.with_markers(tuple(placed))
