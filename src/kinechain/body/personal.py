"""A body of one person from the measured frames of a standing trial.

Lengths between joint centres become the body's own.  What a joint of the model cannot do -
the varus of a knee, the torsion of a shank - is not forced into its coordinates: it becomes a fixed
rotation in that joint, so that every segment frame stays on its own landmarks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinechain.body.body import Body, Joint, Marker
from kinechain.body.pose import segment_poses
from kinechain.body.scale import scale_body
from kinechain.body.skeleton import FOOT, SIDES
from kinechain.body.standing import Points, Standing
from kinechain.core.arrays import FloatArray
from kinechain.core.frames import about_axis, inverse, transform, transform_points

__all__ = ["Personal", "compute_factors", "personalize", "spines_beside_sacrum"]

#: Rotation (rad) below which an attitude counts as reached.
_EXACT = 1e-10
#: At most this many steps toward it.
_STEPS = 50

_LUMBAR = ("lumbar5", "lumbar4", "lumbar3", "lumbar2", "lumbar1")
_LEVELS = ("l5_s1", "l4_l5", "l3_l4", "l2_l3", "l1_l2", "t12_l1")

#: Landmarks that tell where the thorax stands, and how far off the scaled one they may find it, m (assumption: farther
#: is a marker that is not where its name says).
_TRUNK = ("c7", "t10", "suprasternal_notch", "xiphoid", "acromion_r", "acromion_l")
_LARGEST_SHIFT = 0.12


@dataclass(frozen=True)
class Personal:
    """A body and its standing pose.

    Attributes
    ----------
    body : Body
        Its defaults are the standing posture.
    values : (coordinate,) array, rad or m
        The standing pose, root included.
    poses : mapping of segment name to (4, 4) array, m
        World from segment in the standing pose.
    notes : tuple of str
    """

    body: Body
    values: FloatArray
    poses: Mapping[str, FloatArray]
    notes: tuple[str, ...] = ()


def compute_factors(
    template: Body, points: Points, standing: Standing, default: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    """Return the scale factors of every segment, measured where joint centres and landmarks allow.

    Parameters
    ----------
    template : Body
    points : Points
    standing : Standing
    default : mapping of segment name to (3,) array
        Factors from stature, for what was not measured.

    Returns
    -------
    dict of segment name to (3,) array
    """
    factors = {name: np.array(value) for name, value in default.items()}
    factors["pelvis"] = factors["sacrum"] = _pelvis_factor(template, points, default["pelvis"])
    for side in SIDES:
        for segment, ends, width in (
            ("femur", ("hip_centre", "knee_centre"), "femoral_epicondyle"),
            ("tibia", ("knee_centre", "ankle_centre"), "malleolus"),
        ):
            length = _distance(standing.centres, *(f"{e}_{side}" for e in ends))
            own = float(np.linalg.norm(template.landmark(f"{ends[1]}_{side}").position))
            across = _pair_ratio(template, points, f"lateral_{width}_{side}", f"medial_{width}_{side}")
            across = across or length / own
            factors[f"{segment}_{side}"] = np.array([across, across, length / own])
        factors |= _foot_factors(template, points, standing, side, default)
        for segment, ends in (("humerus", ("shoulder", "elbow")), ("forearm", ("elbow", "wrist"))):
            names = [f"{e}_centre_{side}" for e in ends]
            if set(names) <= set(standing.centres):
                own = float(np.linalg.norm(template.landmark(names[1]).position))
                factors[f"{segment}_{side}"] = np.full(3, _distance(standing.centres, *names) / own)
    return factors


def spines_beside_sacrum(landmarks: tuple[Marker, ...], measured: Collection[str]) -> tuple[Marker, ...]:
    """Return the landmarks with the posterior spines on both sides of the sacrum, where it alone was measured.

    The plane of the iliac spines, from which pelvic tilt is told, then goes through the marker and not through
    the spines of the scaled skeleton.

    Parameters
    ----------
    landmarks : tuple of Marker
        Of the body, the sacrum where it was measured.
    measured : collection of str
        Names of the measured landmarks.
    """
    if "sacrum" not in measured or {"psis_r", "psis_l"} <= set(measured):
        return landmarks
    at = {m.name: m.position for m in landmarks}
    shift = at["sacrum"] - 0.5 * (at["psis_r"] + at["psis_l"])
    return tuple(replace(m, position=m.position + shift) if m.name in ("psis_r", "psis_l") else m for m in landmarks)


def _distance(at: Mapping[str, FloatArray], first: str, second: str) -> float:
    return float(np.linalg.norm(at[first] - at[second]))


def _pair_ratio(template: Body, points: Points, first: str, second: str) -> float | None:
    if not points.has(first, second):
        return None
    own = template.landmark(first).position - template.landmark(second).position
    return _distance(points.landmarks, first, second) / float(np.linalg.norm(own))


def _pelvis_factor(template: Body, points: Points, default: FloatArray) -> FloatArray:
    width = _pair_ratio(template, points, "asis_r", "asis_l")
    assert width is not None
    behind = points.middle("psis_r", "psis_l") if points.has("psis_r", "psis_l") else points.landmarks["sacrum"]
    depth = float(np.linalg.norm(points.middle("asis_r", "asis_l") - behind))
    own = template.landmark("asis_r").position - template.landmark("psis_r").position
    deep = depth / float(np.hypot(own[0], own[2]))
    # Skin over the spines is thick in some people; the height of the pelvis, which no marker shows, takes the mean.
    return np.array([deep, width, 0.5 * (deep + width)])


def _foot_factors(
    template: Body, points: Points, standing: Standing, side: str, default: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    factor = np.array(default[f"calcaneus_{side}"])
    flat = np.array([1.0, 1.0, 0.0])
    origins = _neutral_origins(template)
    calcaneus = origins[f"calcaneus_{side}"]

    def own(name: str) -> FloatArray:
        mark = template.landmark(name)
        return np.asarray(origins[mark.segment] + mark.position - calcaneus)

    heel, second = f"heel_{side}", f"metatarsal_2_head_{side}"
    if points.has(heel, second):
        measured = np.linalg.norm((points.landmarks[heel] - points.landmarks[second]) * flat)
        factor[0] = float(measured / np.linalg.norm((own(heel) - own(second)) * flat))
    first, fifth = f"metatarsal_1_head_{side}", f"metatarsal_5_head_{side}"
    if points.has(first, fifth):
        axes = standing.frames[f"calcaneus_{side}"][:3, :3]
        breadth = abs(axes[:, 1] @ (points.landmarks[first] - points.landmarks[fifth]))
        factor[1] = float(breadth / abs((own(first) - own(fifth))[1]))
    return {f"{part}_{side}": factor for part in FOOT}


def _neutral_origins(body: Body) -> dict[str, FloatArray]:
    poses = segment_poses(body, np.zeros((1, len(body.coordinates))))[0]
    return {s.name: poses[i, :3, 3] for i, s in enumerate(body.segments)}


def personalize(template: Body, points: Points, standing: Standing, factors: Mapping[str, FloatArray]) -> Personal:
    """Return the person's body and standing pose.

    Parameters
    ----------
    template : Body
        Unscaled.
    points : Points
    standing : Standing
    factors : mapping of segment name to (3,) array

    Returns
    -------
    Personal
        Markers are not attached yet.
    """
    factors = {**factors, **_trunk_factors(template, points, standing, factors)}
    work = _Work(scale_body(template, factors), standing)
    work.root()
    for side in SIDES:
        work.place_joint(f"hip_{side}", standing.centres[f"hip_centre_{side}"])
        work.solve_chain(
            [f"hip_{side}"], f"femur_{side}", [f"hip_{m}_{side}" for m in ("flexion", "adduction", "rotation")]
        )
        work.solve_offset(f"knee_{side}", f"tibia_{side}", [f"knee_flexion_{side}"])
        work.solve_ankle(side)
    if "thorax" in standing.frames:
        work.solve_chain(["sacroiliac", *_LEVELS], "thorax", ["lumbar_flexion", "lumbar_bending", "lumbar_rotation"])
        work.place_thorax(points)
    if "head" in standing.frames:
        work.solve_chain(["neck"], "head", ["neck_flexion", "neck_bending", "neck_rotation"])
    for side in SIDES:
        work.arm(side)
    return work.result()


def _trunk_factors(
    template: Body, points: Points, standing: Standing, factors: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    """Scale lumbar spine and thorax so that C7 (or the acromia) stand as far above L5/S1 as measured."""
    names = ["c7"] if points.has("c7") else ["acromion_r", "acromion_l"]
    if "thorax" not in standing.frames or not points.has(*names):
        return {}
    poses = _neutral_origins(template)
    pelvis = standing.frames["pelvis"]
    base = transform_points(pelvis, poses["lumbar5"] * factors["pelvis"])
    own = poses["thorax"] + np.mean([template.landmark(n).position for n in names], axis=0) - poses["lumbar5"]
    tall = float(np.linalg.norm(points.middle(*names) - base) / np.linalg.norm(own))
    across = _pair_ratio(template, points, "acromion_r", "acromion_l") or float(factors["thorax"][1])
    deep = _pair_ratio(template, points, "c7", "suprasternal_notch") or tall
    return {name: np.full(3, tall) for name in _LUMBAR} | {"thorax": np.array([deep, across, tall])}


class _Work:
    """The body while it is being made: joints are replaced one after the other, from the pelvis outwards."""

    def __init__(self, body: Body, standing: Standing) -> None:
        self.body = body
        self.standing = standing
        self.joints = {joint.name: joint for joint in body.joints}
        self.values = {c.name: 0.0 for c in body.coordinates}
        self.notes: tuple[str, ...] = ()

    def poses(self) -> dict[str, FloatArray]:
        """World from segment with what is known so far."""
        out = {"ground": np.eye(4)}
        for joint in self.joints.values():
            out[joint.child] = out[joint.parent] @ _joint_transform(joint, self.values)
        return out

    def root(self) -> None:
        frame = self.standing.frames["pelvis"]
        self.solve_chain(["ground_pelvis"], "pelvis", ["pelvis_rotation", "pelvis_obliquity", "pelvis_tilt"])
        for name, value in zip(("pelvis_tx", "pelvis_ty", "pelvis_tz"), frame[:3, 3], strict=True):
            self.values[name] = float(value)

    def place_joint(self, name: str, centre: FloatArray) -> None:
        """Put a joint centre where it was measured."""
        joint = self.joints[name]
        parent = self.poses()[joint.parent]
        moved = joint.parent_from_joint.copy()
        moved[:3, 3] = 0.0
        # Where the joint turns about a place beside its centre, its present angle shifts the centre.
        shift = _joint_transform(replace(joint, parent_from_joint=moved), self.values)[:3, 3]
        moved[:3, 3] = transform_points(inverse(parent), centre) - shift
        self.joints[name] = replace(joint, parent_from_joint=moved)

    def solve_chain(self, joints: Sequence[str], segment: str, coordinates: Sequence[str]) -> None:
        """Turn a segment as measured by the coordinates of the joints that carry it."""
        parent = self.poses()[self.joints[joints[0]].parent][:3, :3]
        wanted = parent.T @ self.standing.frames[segment][:3, :3]

        def turned(values: FloatArray) -> FloatArray:
            self.values.update(zip(coordinates, map(float, values), strict=True))
            rotation = np.eye(3)
            for name in joints:
                rotation = rotation @ _joint_transform(self.joints[name], self.values)[:3, :3]
            return rotation

        found = _solve_rotation(turned, wanted, len(coordinates))
        self.values.update(zip(coordinates, map(float, found), strict=True))

    def solve_offset(self, name: str, segment: str, coordinates: Sequence[str]) -> None:
        """Turn a segment as far as its coordinates can; the rest becomes a fixed rotation of the joint."""
        joint = self.joints[name]
        if name.startswith("knee"):
            self._bend_knee(joint, segment, coordinates[0])
        else:
            self.solve_chain([name], segment, coordinates)
        world = self.poses()
        wanted = world[joint.parent].copy()
        wanted[:3, :3] = self.standing.frames[segment][:3, :3]
        reached = world[joint.child]
        rest = reached[:3, :3].T @ wanted[:3, :3]
        # inverse(child_from_joint) stands last in the product, so a turn of the child's own frame goes on its right.
        joint_from_child = inverse(joint.child_from_joint)
        if name.startswith("knee"):
            origin = self.standing.centres[f"knee_centre_{name[-1]}"]
            shift = inverse(reached) @ np.append(origin, 1.0)
            joint_from_child = joint_from_child @ transform(translation=shift[:3])
        self.joints[name] = replace(joint, child_from_joint=inverse(joint_from_child @ transform(rest)))

    def _bend_knee(self, joint: Joint, segment: str, coordinate: str) -> None:
        """Bend the knee until thigh and shank enclose the measured angle in the sagittal plane of the thigh.

        A best fit of the whole attitude would trade flexion against the rotations that are coupled to it.
        """
        parent = self.poses()[joint.parent][:3, :3]
        wanted = parent.T @ self.standing.frames[segment][:3, 2]

        # The coupling changes slowly with flexion, so correcting by what is missing converges at once.
        flexion = 0.0
        for _ in range(_STEPS):
            line = _joint_transform(joint, {coordinate: flexion})[:3, 2]
            missing = np.arctan2(wanted[0], wanted[2]) - np.arctan2(line[0], line[2])
            flexion += float(missing)
            if abs(missing) < _EXACT:
                break
        self.values[coordinate] = flexion

    def solve_ankle(self, side: str) -> None:
        """Find dorsiflexion, eversion and the fixed outward turn of the foot under the shank."""
        ankle, subtalar = self.joints[f"ankle_{side}"], self.joints[f"subtalar_{side}"]
        names = (f"ankle_dorsiflexion_{side}", f"subtalar_eversion_{side}")
        tibia = self.standing.frames[f"tibia_{side}"][:3, :3]
        wanted = tibia.T @ self.standing.frames[f"calcaneus_{side}"][:3, :3]
        up = np.array([0.0, 0.0, 1.0])

        def turned(values: FloatArray) -> FloatArray:
            own = dict(zip(names, map(float, values[1:]), strict=True))
            hinge = _joint_transform(ankle, own)[:3, :3] @ _joint_transform(subtalar, own)[:3, :3]
            return np.asarray(about_axis(up, float(values[0])) @ hinge)

        turn, *found = _solve_rotation(turned, wanted, 3)
        self.values.update(zip(names, map(float, found), strict=True))
        parent = transform(about_axis(up, float(turn))) @ ankle.parent_from_joint
        parent[:3, 3] = ankle.parent_from_joint[:3, 3]
        self.joints[ankle.name] = replace(ankle, parent_from_joint=parent)
        self.place_joint(ankle.name, self.standing.centres[f"ankle_centre_{side}"])

    def place_thorax(self, points: Points) -> None:
        """Carry the thorax onto its own landmarks; every lumbar level takes its share, as the curve of a spine does."""
        names = [name for name in _TRUNK if points.has(name)]
        if not names:
            return
        thorax = self.poses()["thorax"]
        own = transform_points(thorax, np.array([self.body.landmark(name).position for name in names]))
        shift = np.mean([points.landmarks[name] for name in names] - own, axis=0)
        far = float(np.linalg.norm(shift))
        if far > _LARGEST_SHIFT:
            self.notes += (
                f"The markers of the trunk lie {far * 100:.0f} cm from where a spine of this height carries them; the "
                "thorax was left where the spine puts it. Check their names; loads of the spine depend on it.",
            )
            return
        poses = self.poses()
        for name in _LEVELS:
            joint = self.joints[name]
            moved = joint.parent_from_joint.copy()
            moved[:3, 3] += poses[joint.parent][:3, :3].T @ shift / len(_LEVELS)
            self.joints[name] = replace(joint, parent_from_joint=moved)

    def arm(self, side: str) -> None:
        """Place shoulder, elbow and wrist, as far as they were measured."""
        frames, centres = self.standing.frames, self.standing.centres
        if f"humerus_{side}" not in frames:
            return
        self.place_joint(f"shoulder_{side}", centres[f"shoulder_centre_{side}"])
        self.solve_chain(
            [f"shoulder_{side}"],
            f"humerus_{side}",
            [f"shoulder_{m}_{side}" for m in ("flexion", "adduction", "rotation")],
        )
        if f"forearm_{side}" in frames:
            self.solve_offset(
                f"elbow_{side}", f"forearm_{side}", [f"elbow_flexion_{side}", f"forearm_pronation_{side}"]
            )
        if f"hand_{side}" in frames:
            self.solve_offset(f"wrist_{side}", f"hand_{side}", [f"wrist_flexion_{side}", f"wrist_deviation_{side}"])

    def result(self) -> Personal:
        poses = self.poses()
        values = np.array([self.values[c.name] for c in self.body.coordinates])
        # The standing posture is the rest posture; where the person stood in the laboratory is not.
        coordinates = tuple(
            c if c.name in ("pelvis_tx", "pelvis_ty", "pelvis_tz", "pelvis_rotation") else replace(c, default=float(v))
            for c, v in zip(self.body.coordinates, values, strict=True)
        )
        body = replace(self.body, joints=tuple(self.joints.values()), coordinates=coordinates)
        poses.pop("ground")
        return Personal(body, values, poses, self.notes)


def _joint_transform(joint: Joint, values: Mapping[str, float]) -> FloatArray:
    """Parent from child."""
    out = joint.parent_from_joint
    for mobility in joint.mobilities:
        value = float(mobility.function.evaluate(values.get(mobility.coordinate or "", 0.0))[0])
        if mobility.kind == "rotation":
            step = transform(about_axis(mobility.axis, value))
        else:
            step = transform(translation=mobility.axis * value)
        out = out @ step
    return np.asarray(out @ inverse(joint.child_from_joint))


def _solve_rotation(turned: Callable[[FloatArray], FloatArray], wanted: FloatArray, count: int) -> FloatArray:
    """Return the values that turn nearest to a wanted rotation (Gauss-Newton on the rotation that is missing)."""

    def missing(values: FloatArray) -> FloatArray:
        return _rotation_vector(turned(values).T @ wanted)

    # A ball joint can reach every attitude, but from far away the first start may run into a standstill.
    quarter = np.pi / 2 * np.eye(count)
    starts = [np.zeros(count), *quarter, *-quarter, np.r_[np.pi, np.zeros(count - 1)]]
    best, least = starts[0], np.inf
    for start in starts if count == 3 else starts[:1]:
        values = _descend(missing, start)
        left = float(np.linalg.norm(missing(values)))
        if left < least:
            best, least = values, left
        if least < _EXACT:
            break
    return np.asarray((best + np.pi) % (2 * np.pi) - np.pi)


def _descend(missing: Callable[[FloatArray], FloatArray], start: FloatArray) -> FloatArray:
    values, step = start, 1e-6
    residual = missing(values)
    for _ in range(_STEPS):
        nearby = values + step * np.eye(len(values))
        jacobian = np.stack([(missing(v) - residual) / step for v in nearby], axis=1)
        change = -np.linalg.lstsq(jacobian, residual, rcond=1e-6)[0]
        # Half the way until it gets better: far off, the straight step overshoots.
        while np.linalg.norm(change) > _EXACT and np.linalg.norm(missing(values + change)) > np.linalg.norm(residual):
            change = 0.5 * change
        values = values + change
        residual = missing(values)
        if np.linalg.norm(change) < _EXACT:
            break
    return values


def _rotation_vector(rotation: FloatArray) -> FloatArray:
    """Return axis times angle of a rotation, (3,) array, rad."""
    doubled = np.array(
        [rotation[2, 1] - rotation[1, 2], rotation[0, 2] - rotation[2, 0], rotation[1, 0] - rotation[0, 1]]
    )
    sine, cosine = 0.5 * float(np.linalg.norm(doubled)), 0.5 * (float(np.trace(rotation)) - 1.0)
    angle = float(np.arctan2(sine, cosine))
    if sine > 1e-8:
        return np.asarray(doubled * angle / (2.0 * sine))
    if cosine > 0:
        return 0.5 * doubled
    # Half a turn: the axis is the column of (R + 1) / 2 that is longest.
    columns = 0.5 * (rotation + np.eye(3))
    longest = columns[:, int(np.argmax(np.diag(columns)))]
    return np.asarray(np.pi * longest / np.linalg.norm(longest))
