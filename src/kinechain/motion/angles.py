"""Clinical joint angles from the pose of every segment.

Every angle, its frames, its sequence and its sign stand in ``motion.signs``; this module
only builds the frames and decomposes the rotation between them.

Frames (x forward, y left, z up in the neutral upright posture):

- pelvis: y from right to left ASIS, x in the plane of the four iliac spines, so that
  pelvic tilt is the tilt of the ASIS-PSIS plane, as clinics measure it;
- femur, tibia: z along the line of joint centres, y nearest to the left-right axis of
  the segment (the knee axis of the body);
- foot: x from the heel to the second metatarsal head, seen in the plane of the sole;
- calcaneus, forefoot (medial ray), toes, thorax: the frames of the segments;
- walking: z vertical, x along the path of the pelvis over one stride.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinechain.body.body import Body, Marker
from kinechain.body.pose import marker_positions, segment_poses
from kinechain.core.arrays import FloatArray
from kinechain.core.errors import BodyError
from kinechain.core.frames import inverse, transform_points
from kinechain.motion.heading import walking_heading
from kinechain.motion.motion import Angles, Motion
from kinechain.motion.signs import ANGLES, FLEXION_SHARES, LUMBAR_LEVELS, REGIONS, SIDES, ClinicalAngle, labels

__all__ = [
    "angle_support",
    "angles_from_frames",
    "compute_angles",
    "decompose",
    "landmark_path",
    "walking_heading",
]

#: Marker error (m) for which an angle must stay within ``LARGEST_SPREAD`` to count as measured.  Assumption.
MARKER_ERROR_M = 0.004
#: About the minimal detectable change of joint angles between sessions (wilken2012: about 5 deg).
LARGEST_SPREAD = np.radians(5.0)
_SEGMENT_FRAMES = {"calcaneus": "calcaneus", "forefoot": "forefoot_medial", "toes": "toes"}


def compute_angles(body: Body, motion: Motion, stride_s: float | None = None) -> Angles:
    """Return every clinical angle of a motion, for both sides.

    Parameters
    ----------
    body : Body
        With landmarks.
    motion : Motion
    stride_s : float, optional
        Mean stride time; the direction of walking is then taken over one stride around each
        frame, so that the sway within a stride cancels.  Without it one straight line serves.

    Returns
    -------
    Angles
        Columns of ``motion.signs.labels()``, rad; NaN where a frame was not solved, where the body
        lacks the landmarks, and where the markers cannot tell the angle (see ``angle_support``).
    """
    poses = segment_poses(body, motion.values)
    frames = anatomical_frames(body, poses)
    path = poses[:, _segment_index(body, "pelvis"), :2, 3]
    frames["walking"] = _about_z(walking_heading(path, motion.rate_hz, stride_s))
    values = angles_from_frames(frames, _trunk_lines(body, poses))
    values[~np.isfinite(motion.values).all(axis=1)] = np.nan
    unsupported = angle_support(body, motion)
    columns = labels()
    values[:, [columns.index(label) for label in unsupported]] = np.nan
    return Angles(columns, values, motion.rate_hz, motion.start_s)


def angles_from_frames(frames: Mapping[str, FloatArray], trunk: FloatArray | None = None) -> FloatArray:
    """Return the angles between given frames.

    Parameters
    ----------
    frames : mapping of str to (time, 3, 3) array
        World from frame; keys 'walking', 'pelvis', 'thorax', 'lumbar' (pelvis against thorax segment, zero in the
        neutral posture, for the shares of the lumbar joints) and ``<frame>_<r|l>`` for the others.  Angles whose
        frames are missing are NaN.
    trunk : (time, 3) array, m, optional
        Vector from the sacrum to C7 in the world.

    Returns
    -------
    (time, angle) array, rad
        In the order of ``motion.signs.labels()``.
    """
    count = len(next(iter(frames.values())))
    done: dict[tuple[str, str, str], dict[str, FloatArray]] = {}
    columns = []
    for angle in ANGLES:
        for side in SIDES:
            rotation = np.full(count, np.nan)
            if angle.sequence == "line":
                rotation = _lean(trunk, frames["walking"]) if trunk is not None else rotation
            elif angle.sequence == "share":
                rotation = _lumbar_share(angle.id, frames, done) if "lumbar" in frames else rotation
            else:
                pair = (_frame_key(angle.proximal, side), _frame_key(angle.distal, side))
                if pair[0] in frames and pair[1] in frames:
                    rotation = _between(frames, (*pair, angle.sequence), done)[angle.axis]
            columns.append(angle.sign(side) * rotation)
    return np.stack(columns, axis=1)


def decompose(rotation: FloatArray, sequence: str) -> dict[str, FloatArray]:
    """Return the elementary rotations of a Cardan sequence, without jumps.

    Parameters
    ----------
    rotation : (time, 3, 3) array
        Proximal from distal.
    sequence : 'YXZ', 'ZXY' or 'ZYX'
        Axes in the order of rotation, each moving with the child.

    Returns
    -------
    dict of (time,) array, rad
        Keyed 'x', 'y', 'z'.  The first frame has its middle angle within +-90 deg; later frames continue it, also
        through the gimbal position.  NaN frames stay NaN.
    """
    first, middle, last = tuple(sequence.lower())
    i, j, k = ("xyz".index(axis) for axis in (first, middle, last))
    # R = Ri(a) Rj(b) Rk(c); for an odd permutation of the axes the off-diagonal signs change.
    parity = 1.0 if (j - i) % 3 == 1 else -1.0
    valid = np.isfinite(rotation).all(axis=(1, 2))
    r = rotation[valid]
    b = np.arcsin(np.clip(parity * r[:, i, k], -1.0, 1.0))
    a = np.arctan2(-parity * r[:, j, k], r[:, k, k])
    c = np.arctan2(-parity * r[:, i, j], r[:, i, i])
    a, b, c = _continue(a, b, c)
    out = {}
    for axis, values in ((first, a), (middle, b), (last, c)):
        out[axis] = np.full(len(rotation), np.nan)
        out[axis][valid] = values
    return out


def _continue(a: FloatArray, b: FloatArray, c: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Follow a Cardan triple through the gimbal position, where the principal values jump by half a turn."""
    if len(a) < 2:
        return a, b, c

    def jumps(x: FloatArray) -> NDArray[np.bool_]:
        step = np.abs(np.diff(x))
        return np.minimum(step, 2 * np.pi - step) > np.pi / 2

    other = np.concatenate([[False], np.cumsum(jumps(a) & jumps(c)) % 2 == 1])
    b = np.where(other, np.sign(b) * np.pi - b, b)
    a, c = (np.unwrap(np.where(other, x + np.pi, x)) for x in (a, c))
    return a, np.unwrap(b), c


def anatomical_frames(body: Body, poses: FloatArray) -> dict[str, FloatArray]:
    """Return the anatomical frames of a body in the world.

    Parameters
    ----------
    body : Body
    poses : (time, segment, 4, 4) array
        World from segment.

    Returns
    -------
    dict of (time, 3, 3) array
        Keyed as ``angles_from_frames`` reads them; frames that the body cannot give are absent.
    """
    rotation = {s.name: poses[:, i, :3, :3] for i, s in enumerate(body.segments)}
    frames = {}
    if "pelvis" in rotation:
        frames["pelvis"] = rotation["pelvis"] @ pelvis_axes(body)
    if "thorax" in rotation:
        frames["thorax"] = rotation["thorax"]
    if "pelvis" in rotation and "thorax" in rotation:
        frames["lumbar"] = rotation["pelvis"]
    # Segment frames stand along the world at zero; the defaults of a fitted body are its standing posture.
    neutral = segment_poses(body, np.zeros((1, len(body.coordinates))))
    for s in ("r", "l"):
        for segment, ends in (("femur", ("knee", "hip")), ("tibia", ("ankle", "knee"))):
            key = f"{segment}_{s}"
            if key in rotation:
                frames[key] = rotation[key] @ _long_bone_axes(
                    body, neutral[0], key, f"{ends[0]}_centre_{s}", f"{ends[1]}_centre_{s}"
                )
        for frame, segment in _SEGMENT_FRAMES.items():
            if f"{segment}_{s}" in rotation:
                frames[f"{frame}_{s}"] = rotation[f"{segment}_{s}"]
        foot = _foot_frame(body, poses, neutral, s)
        if foot is not None:
            frames[f"foot_{s}"] = foot
    return frames


def pelvis_axes(body: Body) -> FloatArray:
    """Return the axes of the ASIS-PSIS frame in the pelvis segment, (3, 3) array, columns forward, left, up.

    Raises
    ------
    BodyError
        If the body lacks the iliac spines.
    """
    asis_r, asis_l, psis_r, psis_l = (body.landmark(name).position for name in ("asis_r", "asis_l", "psis_r", "psis_l"))
    left = _unit(asis_l - asis_r)
    forward = (asis_r + asis_l) / 2 - (psis_r + psis_l) / 2
    up = _unit(np.cross(forward, left))
    return np.stack([np.cross(left, up), left, up], axis=1)


def landmark_path(body: Body, poses: FloatArray, name: str) -> FloatArray:
    """Return the path of a landmark in the world, (time, 3) array, m."""
    landmark = body.landmark(name)
    return transform_points(poses[:, _segment_index(body, landmark.segment)], landmark.position)


def angle_support(body: Body, motion: Motion) -> dict[str, str]:
    """Return the angles that this recording cannot tell, each with the reason in a sentence.

    An angle is not measured if the body has no free coordinate for it, if a region of the
    foot carries fewer tracked markers than the table of signs asks for, or if an error of
    4 mm in the tracked markers, propagated through the least-squares fit at the median
    pose, moves it by more than 5 deg (one standard deviation).

    Parameters
    ----------
    body : Body
        With the markers of the recording.
    motion : Motion
        Solved from it.

    Returns
    -------
    dict of str to str
        Label of the angle to the reason; angles that are measured are absent.
    """
    free = {c.name for c in body.coordinates if c.is_free}
    known = {c.name for c in body.coordinates}
    carried = [m.segment for m in _seen_markers(body, motion)]
    spread = _angle_spread(body, motion)
    reasons = {}
    for angle in ANGLES:
        for side in SIDES:
            label = f"{angle.id}_{side}"
            needs = [name.format(s=side[0]) for name in angle.coordinates]
            locked = next((name for name in needs if name not in free), None)
            lack = _lacking_markers(angle, side, carried)
            if lack is not None:
                reasons[label] = lack
            elif locked is not None and locked in known:
                reasons[label] = "no marker of this recording shows it, so the body holds it still"
            elif locked is not None:
                reasons[label] = "the joint of this body does not move freely in that direction"
            elif not np.isfinite(spread[label]):
                reasons[label] = "this body lacks the landmarks or segments that define it"
            elif spread[label] > LARGEST_SPREAD:
                reasons[label] = (
                    f"the markers of this recording cannot tell it: {1000 * MARKER_ERROR_M:.0f} mm of marker error "
                    f"moves it by {_degrees(spread[label])}"
                )
    return reasons


def _lacking_markers(angle: ClinicalAngle, side: Literal["left", "right"], carried: Sequence[str]) -> str | None:
    for region, least in angle.markers:
        count = sum(carried.count(f"{segment}_{side[0]}") for segment in REGIONS[region])
        if count < least:
            return f"it needs {_markers(least)} on the {side} {region}, this recording tracks {count or 'none'}"
    return None


def _markers(count: int) -> str:
    return "a marker" if count == 1 else f"{count} markers"


def _degrees(spread: float) -> str:
    return f"{np.degrees(spread):.0f} deg" if spread < 1.0 else "more than 50 deg"


def _angle_spread(body: Body, motion: Motion) -> dict[str, float]:
    """Standard deviation of every angle for ``MARKER_ERROR_M`` of marker error, at the median pose, rad."""
    solved = motion.values[np.isfinite(motion.values).all(axis=1)]
    if not len(solved):
        return dict.fromkeys(labels(), np.nan)
    base = np.median(solved, axis=0)
    columns = [i for i, c in enumerate(body.coordinates) if c.is_free]
    step = 1e-4
    values = np.repeat(base[None], 2 * len(columns), axis=0)
    for row, column in enumerate(columns):
        values[2 * row, column] += step
        values[2 * row + 1, column] -= step
    markers = _seen_markers(body, motion)
    points = marker_positions(body, markers, values).reshape(len(values), -1)
    jacobian = (points[0::2] - points[1::2]).T / (2 * step)
    poses = segment_poses(body, values)
    frames = anatomical_frames(body, poses)
    frames["walking"] = np.repeat(np.eye(3)[None], len(values), axis=0)
    angles = angles_from_frames(frames, _trunk_lines(body, poses))
    gradient = np.angle(np.exp(1j * (angles[0::2] - angles[1::2]))).T / (2 * step)
    # A loose prior of 1 rad or 1 m keeps what no marker sees finite, and so visible as a large spread.
    information = jacobian.T @ jacobian / MARKER_ERROR_M**2 + np.eye(len(columns))
    covariance = np.linalg.inv(information)
    variance = np.einsum("ai,ij,aj->a", gradient, covariance, gradient)
    return dict(zip(labels(), np.sqrt(variance), strict=True))


def _seen_markers(body: Body, motion: Motion) -> tuple[Marker, ...]:
    # A person who is in view for a third of the recording shows every marker, all that while.
    shown = np.isfinite(motion.marker_error)
    in_view = shown[shown.any(axis=1)]
    seen = {name for name, own in zip(motion.markers, in_view.T, strict=True) if len(own) and own.mean() > 0.5}
    return tuple(m for m in body.markers if m.name in seen and m.weight > 0)


def _trunk_lines(body: Body, poses: FloatArray) -> FloatArray | None:
    names = {m.name for m in body.landmarks}
    if "c7" not in names or not {"psis_r", "psis_l"} <= names:
        return None
    sacrum = (landmark_path(body, poses, "psis_r") + landmark_path(body, poses, "psis_l")) / 2
    return landmark_path(body, poses, "c7") - sacrum


def _lean(trunk: FloatArray, walking: FloatArray) -> FloatArray:
    """Lean to the right of a line, seen along the walking direction."""
    local = np.einsum("tji,tj->ti", walking, trunk)
    lean = np.arctan2(-local[:, 1], local[:, 2])
    seen = np.isfinite(lean)
    lean[seen] = np.unwrap(lean[seen])
    return np.asarray(lean)


def _lumbar_share(
    name: str, frames: Mapping[str, FloatArray], done: dict[tuple[str, str, str], dict[str, FloatArray]]
) -> FloatArray:
    level, _, rhythm = name.partition("_flexion_")
    total = _between(frames, ("lumbar", "thorax", "YXZ"), done)["y"]
    return FLEXION_SHARES[rhythm][LUMBAR_LEVELS.index(level)] * total


def _between(
    frames: Mapping[str, FloatArray],
    key: tuple[str, str, str],
    done: dict[tuple[str, str, str], dict[str, FloatArray]],
) -> dict[str, FloatArray]:
    if key not in done:
        proximal_from_distal = np.swapaxes(frames[key[0]], 1, 2) @ frames[key[1]]
        done[key] = decompose(proximal_from_distal, key[2])
    return done[key]


def _frame_key(frame: str, side: Literal["left", "right"]) -> str:
    return frame if frame in ("walking", "pelvis", "thorax") else f"{frame}_{side[0]}"


def _long_bone_axes(body: Body, neutral: FloatArray, segment: str, low: str, high: str) -> FloatArray:
    """Axes of a long bone in its segment: z up the line of joint centres, y nearest to the segment's y."""
    names = {m.name for m in body.landmarks}
    if low not in names or high not in names:
        return np.eye(3)
    segment_from_world = inverse(neutral[_segment_index(body, segment)])
    ends = []
    for name in (low, high):
        landmark = body.landmark(name)
        world = transform_points(neutral[_segment_index(body, landmark.segment)], landmark.position)
        ends.append(transform_points(segment_from_world, world))
    up = _unit(ends[1] - ends[0])
    forward = _unit(np.cross([0.0, 1.0, 0.0], up))
    return np.stack([forward, np.cross(up, forward), up], axis=1)


def _foot_frame(body: Body, poses: FloatArray, neutral: FloatArray, s: str) -> FloatArray | None:
    """Whole-foot axes; the landmarks are dropped to the sole of the neutral foot, so their height does not matter."""
    names = [f"heel_{s}", f"metatarsal_1_head_{s}", f"metatarsal_2_head_{s}", f"metatarsal_5_head_{s}"]
    if not set(names) <= {m.name for m in body.landmarks}:
        return None
    segments = [_segment_index(body, body.landmark(name).segment) for name in names]
    worlds = np.array([landmark_path(body, neutral, name)[0] for name in names])
    worlds[:, 2] = worlds[:, 2].min()
    heel, first, second, fifth = (
        transform_points(poses[:, i], transform_points(inverse(neutral[0, i]), world))
        for i, world in zip(segments, worlds, strict=True)
    )
    up = np.cross(fifth - heel, first - heel) * (1.0 if s == "r" else -1.0)
    up = up / np.linalg.norm(up, axis=1, keepdims=True)
    left = np.cross(up, second - heel)
    left = left / np.linalg.norm(left, axis=1, keepdims=True)
    return np.stack([np.cross(left, up), left, up], axis=2)


def _segment_index(body: Body, name: str) -> int:
    for index, segment in enumerate(body.segments):
        if segment.name == name:
            return index
    raise BodyError(f"clinical angles need the segment '{name}', which body '{body.name}' does not have")


def _about_z(angle: FloatArray) -> FloatArray:
    out = np.zeros((len(angle), 3, 3))
    out[:, 0, 0] = out[:, 1, 1] = np.cos(angle)
    out[:, 1, 0] = np.sin(angle)
    out[:, 0, 1] = -out[:, 1, 0]
    out[:, 2, 2] = 1.0
    return out


def _unit(vector: FloatArray) -> FloatArray:
    return np.asarray(vector / np.linalg.norm(vector))
