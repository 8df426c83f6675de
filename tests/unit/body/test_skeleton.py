"""The skeleton moves as anatomy says, whatever the model thinks of itself."""

from collections.abc import Callable

import numpy as np
import pytest

from kinechain.body.body import Body
from kinechain.body.pose import segment_poses
from kinechain.body.scale import mean_stature, neutral_landmarks, stature
from kinechain.body.skeleton import FOOT, RHYTHMS, SPINE_TILT_RAD, generic_body, template_body, with_subtalar_axis
from kinechain.body.tables import read_table
from kinechain.care.person.person import Sex
from kinechain.core.errors import BodyError
from kinechain.core.frames import transform_points
from kinechain.evidence.library import source_keys

SEGMENTS = {"pelvis", "sacrum", "lumbar5", "lumbar4", "lumbar3", "lumbar2", "lumbar1", "thorax", "head"}
SIDED = {"femur", "tibia", *FOOT, "humerus", "forearm", "hand"}
#: Toward the midline.
MEDIAL = {"r": 1.0, "l": -1.0}

Where = Callable[..., np.ndarray]


@pytest.fixture(scope="module")
def body() -> Body:
    return generic_body("female")


@pytest.fixture(scope="module")
def where(body: Body) -> Where:
    """Return a function that gives the place of a landmark in a posture (degrees)."""
    names = [c.name for c in body.coordinates]

    def _where(landmark: str, **posture: float) -> np.ndarray:
        values = np.zeros((1, len(names)))
        for name, degrees in posture.items():
            values[0, names.index(name)] = np.radians(degrees)
        poses = segment_poses(body, values)[0]
        mark = body.landmark(landmark)
        index = [s.name for s in body.segments].index(mark.segment)
        return np.asarray(transform_points(poses[index], mark.position))

    return _where


def moved(where: Where, landmark: str, **posture: float) -> np.ndarray:
    return np.asarray(where(landmark, **posture) - where(landmark))


def test_every_segment_of_the_design_is_there(body: Body) -> None:
    wanted = SEGMENTS | {f"{part}_{side}" for part in SIDED for side in "rl"}
    assert {s.name for s in body.segments} == wanted


@pytest.mark.parametrize("side", ["r", "l"])
def test_the_leg_moves_as_its_coordinates_are_named(where: Where, side: str) -> None:
    medial = MEDIAL[side]
    assert moved(where, f"knee_centre_{side}", **{f"hip_flexion_{side}": 20})[0] > 0.1
    assert medial * moved(where, f"knee_centre_{side}", **{f"hip_adduction_{side}": 20})[1] > 0.1
    assert medial * moved(where, f"metatarsal_2_head_{side}", **{f"hip_rotation_{side}": 20})[1] > 0.03
    assert moved(where, f"ankle_centre_{side}", **{f"knee_flexion_{side}": 20})[0] < -0.1
    assert medial * moved(where, f"metatarsal_2_head_{side}", **{f"knee_rotation_{side}": 10})[1] > 0.01
    assert moved(where, f"metatarsal_2_head_{side}", **{f"ankle_dorsiflexion_{side}": 10})[2] > 0.01
    assert moved(where, f"metatarsal_2_head_{side}", **{f"midtarsal_dorsiflexion_{side}": 10})[2] > 0.01
    assert moved(where, f"hallux_tip_{side}", **{f"mtp_dorsiflexion_{side}": 20})[2] > 0.01


@pytest.mark.parametrize("side", ["r", "l"])
def test_eversion_lifts_the_lateral_border_and_turns_the_toes_out(where: Where, side: str) -> None:
    posture = {f"subtalar_eversion_{side}": 10.0}
    lateral, medial = (moved(where, f"metatarsal_{n}_head_{side}", **posture) for n in (5, 1))
    assert lateral[2] - medial[2] > 0.005
    # The axis rises forward and leans inward, so the forefoot swings outward as the foot everts.
    assert MEDIAL[side] * moved(where, f"metatarsal_2_head_{side}", **posture)[1] < -0.005
    sole = [where(f"sole_{p}_{side}", **posture) for p in ("heel", "forefoot")]
    assert sole[1][2] > sole[0][2]


@pytest.mark.parametrize("side", ["r", "l"])
def test_the_shank_turns_inward_as_the_knee_bends(where: Where, side: str) -> None:
    # Seen along the shank, the line of the malleoli turns inward against that of the epicondyles.
    posture = {f"hip_flexion_{side}": 60.0, f"knee_flexion_{side}": 60.0}

    def line(name: str, angles: dict[str, float]) -> np.ndarray:
        ends = [where(f"{which}_{name}_{side}", **angles) for which in ("lateral", "medial")]
        across = (ends[1] - ends[0])[:2] * MEDIAL[side]
        return across / np.linalg.norm(across)

    turns = []
    for angles in ({}, posture):
        thigh, shank = line("femoral_epicondyle", angles), line("malleolus", angles)
        turns.append(np.degrees(np.arctan2(thigh[0] * shank[1] - thigh[1] * shank[0], thigh @ shank)))
    inward = MEDIAL[side] * (turns[1] - turns[0])
    assert 3.0 < inward < 25.0


def test_the_trunk_moves_as_its_coordinates_are_named(where: Where) -> None:
    assert moved(where, "c7", lumbar_flexion=20)[0] > 0.05
    assert moved(where, "c7", lumbar_bending=20)[1] < -0.05
    assert moved(where, "acromion_r", lumbar_rotation=20)[0] > 0.02
    assert moved(where, "vertex", neck_flexion=20)[0] > 0.02
    assert moved(where, "vertex", neck_bending=20)[1] < -0.02
    assert moved(where, "head_front_r", neck_rotation=20)[1] > 0.02


def test_the_pelvis_moves_as_its_coordinates_are_named(where: Where) -> None:
    assert moved(where, "asis_r", pelvis_rotation=10)[0] > 0.01
    assert moved(where, "asis_r", pelvis_obliquity=10)[2] > 0.01
    assert moved(where, "asis_l", pelvis_obliquity=10)[2] < -0.01
    assert moved(where, "asis_r", pelvis_tilt=10)[2] < -0.005
    assert moved(where, "psis_r", pelvis_tilt=10)[2] > 0.005


@pytest.mark.parametrize("side", ["r", "l"])
def test_the_arm_moves_as_its_coordinates_are_named(where: Where, side: str) -> None:
    medial = MEDIAL[side]
    assert moved(where, f"elbow_centre_{side}", **{f"shoulder_flexion_{side}": 20})[0] > 0.05
    assert medial * moved(where, f"elbow_centre_{side}", **{f"shoulder_adduction_{side}": 20})[1] > 0.05
    assert moved(where, f"wrist_centre_{side}", **{f"elbow_flexion_{side}": 20})[0] > 0.05
    bent = {f"elbow_flexion_{side}": 90.0}
    turned_in = where(f"wrist_centre_{side}", **bent, **{f"shoulder_rotation_{side}": 20.0})
    assert medial * (turned_in - where(f"wrist_centre_{side}", **bent))[1] > 0.05
    # Pronating takes the thumb side from outside to inside (palm forward to palm backward).
    assert medial * moved(where, f"radial_styloid_{side}", **{f"forearm_pronation_{side}": 90})[1] > 0.02
    assert moved(where, f"hand_2_head_{side}", **{f"wrist_flexion_{side}": 20})[0] > 0.02
    assert medial * moved(where, f"hand_2_head_{side}", **{f"wrist_deviation_{side}": 20})[1] > 0.02


def test_left_is_the_mirror_image_of_right_in_any_posture(body: Body) -> None:
    rng = np.random.default_rng(1)
    names = [c.name for c in body.coordinates]
    values = np.zeros((4, len(names)))
    for column, name in enumerate(names):
        if name.endswith("_r"):
            values[:, column] = values[:, names.index(f"{name[:-2]}_l")] = rng.uniform(-0.5, 0.5, 4)
    poses = segment_poses(body, values)
    index = {s.name: i for i, s in enumerate(body.segments)}
    mirror = np.diag([1.0, -1.0, 1.0])
    for name, i in index.items():
        if name.endswith("_r"):
            other = poses[:, index[f"{name[:-2]}_l"]]
            np.testing.assert_allclose(mirror @ poses[:, i, :3, :3] @ mirror, other[:, :3, :3], atol=1e-12)
            np.testing.assert_allclose(poses[:, i, :3, 3] @ mirror, other[:, :3, 3], atol=1e-12)


@pytest.mark.parametrize("sex", ["female", "male", None])
def test_stature_is_that_of_the_survey_and_parts_stand_at_surveyed_heights(sex: Sex | None) -> None:
    generic = generic_body(sex)
    assert stature(generic) == pytest.approx(mean_stature(sex), abs=1e-9)
    at = neutral_landmarks(generic)
    floor = at["sole_heel_r"][2]
    expected = {  # ANSUR II means, m, women and men
        "lateral_malleolus_r": (0.0627, 0.0729),
        "lateral_femoral_epicondyle_r": (0.4659, 0.4917),
        "greater_trochanter_r": (0.8454, 0.9009),
        "suprasternal_notch": (1.3297, 1.4386),
        "c7": (1.3957, 1.5173),
        "acromion_r": (1.3351, 1.4407),
    }
    for name, (woman, man) in expected.items():
        surveyed = {"female": woman, "male": man, None: 0.5 * (woman + man)}[sex]
        assert at[name][2] - floor == pytest.approx(surveyed, rel=0.05), name


def test_foot_length_is_that_of_the_survey() -> None:
    at = neutral_landmarks(generic_body("male"))
    # Heel marker 10 mm behind the skin.
    assert at["hallux_tip_r"][0] - at["heel_r"][0] - 0.010 == pytest.approx(0.271, rel=0.03)


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_lumbar_rotations_add_up_to_the_whole(rhythm: str) -> None:
    generic = template_body(rhythm)
    joints = ["l5_s1", "l4_l5", "l3_l4", "l2_l3", "l1_l2", "t12_l1"]
    for coordinate in ("lumbar_flexion", "lumbar_bending", "lumbar_rotation"):
        shares = [
            m.function.coefficients[0, 1]
            for j in generic.joints
            if j.name in joints
            for m in j.mobilities
            if m.coordinate == coordinate
        ]
        assert len(shares) == 6
        assert sum(shares) == pytest.approx(1.0, abs=1e-12)
        assert min(shares) >= 0.0


def test_the_two_rhythms_put_least_flexion_at_opposite_ends() -> None:
    def share(rhythm: str, joint: str) -> float:
        found = next(j for j in template_body(rhythm).joints if j.name == joint)
        return float(next(m for m in found.mobilities if m.coordinate == "lumbar_flexion").function.coefficients[0, 1])

    assert share("christophy2012", "l1_l2") > share("christophy2012", "l4_l5")
    assert share("lifting_full_body", "l1_l2") < share("lifting_full_body", "l4_l5")


def test_an_unknown_rhythm_is_refused_with_a_suggestion() -> None:
    with pytest.raises(BodyError, match="christophy2012"):
        generic_body("male", rhythm="christophy")


def test_the_spine_line_falls_forward_by_the_stated_angle(where: Where) -> None:
    front, back = where("asis_r"), where("psis_r")
    fall = np.arctan2(back[2] - front[2], front[0] - back[0])
    assert np.degrees(SPINE_TILT_RAD) == pytest.approx(5.9, abs=0.1)
    assert fall == pytest.approx(SPINE_TILT_RAD, abs=np.radians(1.0))


def test_the_subtalar_axis_rises_and_leans_inward_by_the_stated_angles() -> None:
    for side in ("r", "l"):
        axis = -next(j for j in template_body().joints if j.name == f"subtalar_{side}").mobilities[0].axis
        axis = axis if side == "r" else axis * np.array([-1.0, 1.0, -1.0])
        # As an arrow on the right foot it points forward, inward (left) and up.
        assert np.degrees(np.arcsin(axis[2])) == pytest.approx(42.0, abs=0.01)
        assert np.degrees(np.arctan2(axis[1], axis[0])) == pytest.approx(16.0, abs=0.01)


def test_a_personal_subtalar_axis_replaces_the_mean_one(body: Body) -> None:
    steep = with_subtalar_axis(body, "l", np.radians(60), np.radians(10))
    assert steep.hash != body.hash
    axis = next(j for j in steep.joints if j.name == "subtalar_l").mobilities[0].axis
    assert abs(axis[2]) == pytest.approx(np.sin(np.radians(60)))
    other = [j.name for j, k in zip(steep.joints, body.joints, strict=True) if j is not k]
    assert other == ["subtalar_l"]


TABLES = (
    "joints",
    "landmarks",
    "mobilities",
    "coordinates",
    "lumbar_rhythm",
    "knee_coupling",
    "segment_inertia",
    "part_inertia",
    "size_ratios",
    "joint_centre_regressions",
)


@pytest.mark.parametrize("table", TABLES)
def test_every_row_of_the_body_names_a_source_that_exists(table: str) -> None:
    known = {*source_keys(), "assumption", "definition"}
    for row in read_table(table):
        assert row["source"] in known, row
        assert (row["source"] == "assumption") <= (row["grade"] in ("assumption", "definition")), row


def test_no_row_rests_on_a_source_that_may_not_ship() -> None:
    refused = {"dhondt2024", "kura1997", "kleinhorsman2007", "predsim_sigma"}
    for table in TABLES:
        assert not refused & {row["source"] for row in read_table(table)}
