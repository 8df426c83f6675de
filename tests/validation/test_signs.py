"""Every clinical sign, anchored in plain geometry.

A movement is written as a turn of bones from one anatomical direction towards another
("the shank turns from down towards back"), which needs no axis, no rotation sign and
nothing of the program.  Bones are point clouds; the rotation of a bone is what carries its
points from the upright to the turned posture (least squares).  Only then is the program asked
for the angle.
"""

from __future__ import annotations

import numpy as np
import pytest

from kinechain.body.pose import segment_poses
from kinechain.body.skeleton import generic_body
from kinechain.motion.angles import _trunk_lines, anatomical_frames, angles_from_frames
from kinechain.motion.signs import ANGLES, FLEXION_SHARES, LUMBAR_LEVELS, RHYTHMS, labels

FORWARD, UP, LEFT = np.eye(3)[[0, 2, 1]]
TURN = np.radians(20.0)
CLOUD = np.random.default_rng(1).normal(size=(12, 3))


def direction(word: str, side: str) -> np.ndarray:
    outward = LEFT if side == "left" else -LEFT
    return {
        "forward": FORWARD, "back": -FORWARD, "up": UP, "down": -UP, "outward": outward, "inward": -outward,
    }[word]  # fmt: skip


def turned(points: np.ndarray, pivot: np.ndarray, start: np.ndarray, towards: np.ndarray, angle: float) -> np.ndarray:
    """Carry points round a pivot in the plane of two directions, from the first towards the second."""
    a, b = (points - pivot) @ start, (points - pivot) @ towards
    rest = points - pivot - np.outer(a, start) - np.outer(b, towards)
    ahead = np.outer(a * np.cos(angle) - b * np.sin(angle), start)
    aside = np.outer(a * np.sin(angle) + b * np.cos(angle), towards)
    return pivot + rest + ahead + aside


def rotation_between(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Least-squares rotation that carries one point cloud into another."""
    u, _, vt = np.linalg.svd((after - after.mean(0)).T @ (before - before.mean(0)))
    return u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt


#: Angle, the bone that turns (with everything beyond it), from where, towards where: each makes the angle grow.
MOVEMENTS = [
    ("pelvis_tilt", "pelvis", "up", "forward"),
    ("pelvis_obliquity", "pelvis", "outward", "up"),
    ("pelvis_rotation", "pelvis", "outward", "forward"),
    ("hip_flexion", "femur", "down", "forward"),
    ("hip_adduction", "femur", "down", "inward"),
    ("hip_rotation", "femur", "forward", "inward"),
    ("knee_flexion", "tibia", "down", "back"),
    ("knee_varus", "tibia", "down", "inward"),
    ("knee_rotation", "tibia", "forward", "inward"),
    ("ankle_dorsiflexion", "foot", "forward", "up"),
    ("foot_progression", "foot", "forward", "inward"),
    ("hindfoot_dorsiflexion", "calcaneus", "forward", "up"),
    ("hindfoot_eversion", "calcaneus", "down", "outward"),
    ("hindfoot_rotation", "calcaneus", "forward", "inward"),
    ("forefoot_dorsiflexion", "forefoot", "forward", "up"),
    ("forefoot_eversion", "forefoot", "down", "outward"),
    ("forefoot_adduction", "forefoot", "forward", "inward"),
    ("hallux_dorsiflexion", "toes", "forward", "up"),
    ("lumbar_flexion", "thorax", "up", "forward"),
    ("lumbar_bending", "thorax", "up", "outward"),
    ("lumbar_rotation", "thorax", "outward", "forward"),
    ("thorax_tilt", "thorax", "up", "forward"),
    ("thorax_obliquity", "thorax", "outward", "up"),
    ("thorax_rotation", "thorax", "outward", "forward"),
    ("trunk_lean", "thorax", "up", "outward"),
    *((f"{level}_flexion_{rhythm}", "thorax", "up", "forward") for rhythm in RHYTHMS for level in LUMBAR_LEVELS),
]
#: Bones beyond each bone, which turn with it.
BEYOND = {
    "pelvis": (),
    "femur": ("tibia", "foot", "calcaneus", "forefoot", "toes"),
    "tibia": ("foot", "calcaneus", "forefoot", "toes"),
    "foot": ("calcaneus", "forefoot", "toes"),
    "calcaneus": (),
    "forefoot": (),
    "toes": (),
    "thorax": (),
}
SHARED_BONES = ("pelvis", "thorax")


def share(name: str) -> float:
    level, _, rhythm = name.partition("_flexion_")
    return FLEXION_SHARES[rhythm][LUMBAR_LEVELS.index(level)] if rhythm in FLEXION_SHARES else 1.0


def key(bone: str, side: str) -> str:
    return bone if bone in SHARED_BONES else f"{bone}_{side[0]}"


def upright_frames() -> dict[str, np.ndarray]:
    bones = [key(bone, side) for bone in BEYOND for side in ("left", "right")]
    return {name: np.eye(3)[None] for name in (*bones, "walking", "lumbar")}


def test_every_angle_of_the_table_has_a_movement() -> None:
    assert [name for name, *_ in MOVEMENTS] == [angle.id for angle in ANGLES]


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(("name", "bone", "start", "towards"), MOVEMENTS)
def test_a_movement_described_in_words_makes_its_angle_grow(
    name: str, bone: str, start: str, towards: str, side: str
) -> None:
    frames = upright_frames()
    pair = direction(start, side), direction(towards, side)
    turn = rotation_between(CLOUD, turned(CLOUD, np.zeros(3), *pair, TURN))
    for moved in (bone, *BEYOND[bone]):
        frames[key(moved, side)] = turn[None]
    sacrum_to_c7 = turned(UP[None], np.zeros(3), *pair, TURN) if bone == "thorax" else UP[None]
    values = dict(zip(labels(), angles_from_frames(frames, sacrum_to_c7)[0], strict=True))
    assert values[f"{name}_{side}"] == pytest.approx(TURN * share(name), abs=1e-9)


SEGMENTS = {
    "pelvis": ("pelvis",),
    "femur": ("femur", "tibia", "talus", "calcaneus", "midfoot", "forefoot_medial", "forefoot_lateral", "toes"),
    "tibia": ("tibia", "talus", "calcaneus", "midfoot", "forefoot_medial", "forefoot_lateral", "toes"),
    "foot": ("talus", "calcaneus", "midfoot", "forefoot_medial", "forefoot_lateral", "toes"),
    "calcaneus": ("calcaneus",),
    "forefoot": ("forefoot_medial", "forefoot_lateral"),
    "toes": ("toes",),
    "thorax": ("thorax",),
}


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(("name", "bone", "start", "towards"), MOVEMENTS)
def test_the_frames_of_the_body_keep_the_sign(name: str, bone: str, start: str, towards: str, side: str) -> None:
    body = generic_body("female")
    upright = segment_poses(body, np.array([[c.default for c in body.coordinates]]))
    pair = direction(start, side), direction(towards, side)
    names = [s.name for s in body.segments]
    moved = [key(s, side) if s in SHARED_BONES else f"{s}_{side[0]}" for s in SEGMENTS[bone]]
    pivot = upright[0, names.index(moved[0]), :3, 3]
    poses = upright.copy()
    for segment in (names.index(s) for s in moved):
        corners = upright[0, segment, :3, 3] + np.vstack([np.zeros(3), upright[0, segment, :3, :3].T])
        after = turned(corners, pivot, *pair, TURN)
        poses[0, segment, :3, 3] = after[0]
        poses[0, segment, :3, :3] = (after[1:] - after[0]).T
    before, after = (
        angles_from_frames(
            {**anatomical_frames(body, p), "walking": np.eye(3)[None]}, _trunk_lines(body, p)
        )[0, labels().index(f"{name}_{side}")]
        for p in (upright, poses)
    )  # fmt: skip
    assert after - before == pytest.approx(TURN * share(name), rel=0.35, abs=1e-9)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(
    ("coordinate", "name"),
    [
        ("pelvis_tilt", "pelvis_tilt"),
        ("hip_flexion_{s}", "hip_flexion"),
        ("hip_adduction_{s}", "hip_adduction"),
        ("hip_rotation_{s}", "hip_rotation"),
        ("knee_flexion_{s}", "knee_flexion"),
        ("knee_rotation_{s}", "knee_rotation"),
        ("ankle_dorsiflexion_{s}", "ankle_dorsiflexion"),
        ("ankle_dorsiflexion_{s}", "hindfoot_dorsiflexion"),
        ("subtalar_eversion_{s}", "hindfoot_eversion"),
        ("midtarsal_dorsiflexion_{s}", "forefoot_dorsiflexion"),
        ("mtp_dorsiflexion_{s}", "hallux_dorsiflexion"),
        ("lumbar_flexion", "lumbar_flexion"),
        ("lumbar_flexion", "thorax_tilt"),
    ],
)
def test_a_coordinate_moves_the_clinical_angle_of_its_name(coordinate: str, name: str, side: str) -> None:
    body = generic_body("male")
    values = np.array([[c.default for c in body.coordinates]] * 2)
    values[1, [c.name for c in body.coordinates].index(coordinate.format(s=side[0]))] += TURN / 2
    poses = segment_poses(body, values)
    frames = {**anatomical_frames(body, poses), "walking": np.repeat(np.eye(3)[None], 2, axis=0)}
    angle = angles_from_frames(frames, _trunk_lines(body, poses))[:, labels().index(f"{name}_{side}")]
    assert angle[1] - angle[0] == pytest.approx(TURN / 2, rel=0.4)


@pytest.mark.parametrize("side", ["left", "right"])
def test_sided_pelvis_and_trunk_coordinates_move_the_side_they_name(side: str) -> None:
    body = generic_body("male")
    index = [c.name for c in body.coordinates].index
    default = np.array([c.default for c in body.coordinates])
    grows = 1.0 if side == "right" else -1.0
    for coordinate, name in (
        ("pelvis_obliquity", "pelvis_obliquity"),
        ("pelvis_rotation", "pelvis_rotation"),
        ("lumbar_bending", "lumbar_bending"),
        ("lumbar_bending", "trunk_lean"),
        ("lumbar_rotation", "lumbar_rotation"),
    ):
        values = np.stack([default, default])
        values[1, index(coordinate)] += TURN / 2
        poses = segment_poses(body, values)
        frames = {**anatomical_frames(body, poses), "walking": np.repeat(np.eye(3)[None], 2, axis=0)}
        angle = angles_from_frames(frames, _trunk_lines(body, poses))[:, labels().index(f"{name}_{side}")]
        assert (angle[1] - angle[0]) * grows > TURN / 8, (coordinate, name)


def test_a_mirrored_person_swaps_the_sides_exactly() -> None:
    generator = np.random.default_rng(7)
    mirror = np.diag([1.0, -1.0, 1.0])
    frames = {
        name: np.stack([rotation_between(CLOUD, CLOUD + 0.3 * generator.normal(size=CLOUD.shape)) for _ in range(5)])
        for name in upright_frames()
    }
    trunk = UP + 0.2 * generator.normal(size=(5, 3))
    swap = {"r": "l", "l": "r"}
    mirrored = {
        (name[:-1] + swap[name[-1]] if name[-2] == "_" else name): mirror @ value @ mirror
        for name, value in frames.items()
    }
    direct, swapped = angles_from_frames(frames, trunk), angles_from_frames(mirrored, trunk @ mirror)
    columns = labels()
    for label in columns:
        stem, _, side = label.rpartition("_")
        other = f"{stem}_{'left' if side == 'right' else 'right'}"
        np.testing.assert_allclose(direct[:, columns.index(label)], swapped[:, columns.index(other)], atol=1e-12)


def test_walking_the_other_way_gives_the_same_angles() -> None:
    generator = np.random.default_rng(3)
    frames = {
        name: np.stack([rotation_between(CLOUD, CLOUD + 0.3 * generator.normal(size=CLOUD.shape)) for _ in range(5)])
        for name in upright_frames()
    }
    about = rotation_between(CLOUD, turned(CLOUD, np.zeros(3), FORWARD, LEFT, np.pi))
    trunk = UP + 0.2 * generator.normal(size=(5, 3))
    there = angles_from_frames(frames, trunk)
    back = angles_from_frames({name: about @ value for name, value in frames.items()}, trunk @ about.T)
    np.testing.assert_allclose(there, back, atol=1e-9)
