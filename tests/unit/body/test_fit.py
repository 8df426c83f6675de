"""A body fitted to a person who was made by hand: lengths, angles and markers come back."""

from collections.abc import Callable

import numpy as np
import pytest

from kinechain.body.body import Body
from kinechain.body.fit import BodySize, fit_body
from kinechain.body.joint_centres import beside, chord_centre, hip_centres
from kinechain.body.pose import marker_positions, segment_poses
from kinechain.body.scale import scale_body, stature
from kinechain.body.skeleton import generic_body
from kinechain.core.errors import BodyError, RecordingError
from kinechain.motion.inverse_kinematics import solve_motion
from kinechain.recording.recording import Markers, Recording

FULL = (
    *(
        f"{name}_{side}"
        for name in (
            *("asis", "psis", "greater_trochanter", "lateral_femoral_epicondyle", "medial_femoral_epicondyle"),
            *("fibula_head", "tibial_tuberosity", "lateral_malleolus", "medial_malleolus", "heel"),
            *("metatarsal_1_head", "metatarsal_2_head", "metatarsal_5_head", "acromion"),
            *("humeral_lateral_epicondyle", "humeral_medial_epicondyle", "radial_styloid", "ulnar_styloid"),
            *("hand_2_head", "hand_5_head"),
        )
        for side in "rl"
    ),
    *("c7", "t10", "suprasternal_notch", "xiphoid"),
)
SIZE = BodySize(mass_kg=70.0, height_m=1.70, sex="female")

Change = Callable[[dict[str, np.ndarray]], None]


def recording(tracks: dict[str, np.ndarray], name: str = "standing.c3d") -> Recording:
    """Return a prepared recording whose labels are the landmark names."""
    labels = tuple(tracks)
    positions = np.stack([np.atleast_2d(tracks[label]) for label in labels], axis=1)
    return Recording(
        name=name,
        sha256="",
        format="C3D",
        markers=Markers(labels, positions, 100.0),
        is_world=True,
        landmarks=tuple((label, label) for label in labels),
    )


def points(body: Body, names: tuple[str, ...] = FULL, **posture: float) -> dict[str, np.ndarray]:
    """Return where landmarks of a body stand in a posture (degrees, metres)."""
    values = np.zeros((1, len(body.coordinates)))
    for i, coordinate in enumerate(body.coordinates):
        if coordinate.name in posture:
            amount = posture[coordinate.name]
            values[0, i] = np.radians(amount) if coordinate.kind == "rotation" else amount
    marks = tuple(body.landmark(n) for n in names)
    return dict(zip(names, marker_positions(body, marks, values)[0], strict=True))


@pytest.fixture(scope="module")
def person() -> Body:
    """Return somebody whose left thigh is 20 mm longer than the right one."""
    body = generic_body("female")
    thigh = -body.landmark("knee_centre_l").position[2]
    return scale_body(body, {"femur_l": np.array([1.0, 1.0, 1.0 + 0.020 / thigh])})


def standing(person: Body, change: Change | None = None, **posture: float) -> Recording:
    tracks = points(person, pelvis_tz=0.87, **posture)
    if change is not None:
        change(tracks)
    return recording(tracks)


def fitted_pose(body: Body, static: Recording) -> dict[str, float]:
    motion = solve_motion(body, static)
    return {
        c.name: float(np.degrees(v)) if c.kind == "rotation" else float(v)
        for c, v in zip(body.coordinates, motion.values[0], strict=True)
    }


def test_every_marker_of_the_standing_trial_is_met_exactly(person: Body) -> None:
    static = standing(person, hip_flexion_r=8, knee_flexion_r=10, lumbar_flexion=5, shoulder_adduction_l=-15)
    motion = solve_motion(fit_body(SIZE, static=static), static)
    assert np.nanmax(motion.marker_error) < 2e-4


def test_lengths_below_the_hip_are_those_between_the_markers(person: Body) -> None:
    body = fit_body(SIZE, static=standing(person))
    at = points(person)
    for side in "rl":
        shank = np.linalg.norm(body.landmark(f"ankle_centre_{side}").position)
        knee = 0.5 * (at[f"lateral_femoral_epicondyle_{side}"] + at[f"medial_femoral_epicondyle_{side}"])
        ankle = 0.5 * (at[f"lateral_malleolus_{side}"] + at[f"medial_malleolus_{side}"])
        assert shank == pytest.approx(np.linalg.norm(knee - ankle), abs=1e-6)
    thighs = [np.linalg.norm(body.landmark(f"knee_centre_{s}").position) for s in "rl"]
    assert thighs[1] - thighs[0] == pytest.approx(0.020, abs=0.002)


def test_knee_flexion_is_the_angle_between_the_measured_limbs(person: Body) -> None:
    static = standing(person, knee_flexion_r=12, hip_flexion_r=6)
    body = fit_body(SIZE, static=static)
    at = points(person, pelvis_tz=0.87, knee_flexion_r=12, hip_flexion_r=6)
    # Computed by hand in the sagittal plane of the laboratory.
    hip, _ = hip_centres(at["asis_r"], at["asis_l"], 0.5 * (at["psis_r"] + at["psis_l"]))
    knee = 0.5 * (at["lateral_femoral_epicondyle_r"] + at["medial_femoral_epicondyle_r"])
    ankle = 0.5 * (at["lateral_malleolus_r"] + at["medial_malleolus_r"])
    thigh, shank = hip - knee, knee - ankle
    by_hand = np.degrees(np.arctan2(shank[0], shank[2]) - np.arctan2(thigh[0], thigh[2]))
    assert fitted_pose(body, static)["knee_flexion_r"] == pytest.approx(by_hand, abs=1.0)


def test_the_rest_posture_is_the_standing_posture(person: Body) -> None:
    static = standing(person, knee_flexion_r=12, hip_flexion_r=6, lumbar_bending=4)
    body = fit_body(SIZE, static=static)
    pose = fitted_pose(body, static)
    for coordinate in body.coordinates:
        if coordinate.name.startswith(("knee_flexion", "hip", "lumbar", "ankle")):
            assert np.degrees(coordinate.default) == pytest.approx(pose[coordinate.name], abs=0.5), coordinate.name


def test_a_bowed_knee_is_kept_as_part_of_the_person(person: Body) -> None:
    def bow(tracks: dict[str, np.ndarray]) -> None:
        for name in tracks:
            if name.endswith("_r") and ("malleolus" in name or "metatarsal" in name or "heel" in name):
                tracks[name] = tracks[name] + np.array([0.0, 0.03, 0.0])

    straight, bowed = (fit_body(SIZE, static=standing(person, change)) for change in (None, bow))

    def varus(body: Body) -> float:
        values = np.array([[c.default for c in body.coordinates]])
        poses = dict(zip((s.name for s in body.segments), segment_poses(body, values)[0], strict=True))
        tibia = (poses["femur_r"][:3, :3].T @ poses["tibia_r"][:3, :3])[:, 2]
        return float(np.degrees(np.arctan2(-tibia[1], tibia[2])))

    # Moving the ankle inward by 30 mm under a shank of about 0.38 m.
    assert varus(bowed) - varus(straight) == pytest.approx(np.degrees(np.arctan2(0.03, 0.38)), abs=0.7)


def test_the_sole_is_flat_and_points_from_heel_to_second_metatarsal(person: Body) -> None:
    static = standing(person, hip_rotation_l=-12)
    body = fit_body(SIZE, static=static)
    motion = solve_motion(body, static)
    poses = dict(zip((s.name for s in body.segments), segment_poses(body, motion.values)[0], strict=True))
    at = points(person, pelvis_tz=0.87, hip_rotation_l=-12)
    line = at["metatarsal_2_head_l"] - at["heel_l"]
    forward = poses["calcaneus_l"][:3, 0]
    assert np.degrees(np.hypot(*poses["calcaneus_l"][:2, 2])) < 0.1
    assert np.arctan2(forward[1], forward[0]) == pytest.approx(np.arctan2(line[1], line[0]), abs=2e-3)


def test_one_frame_and_many_give_the_same_body(person: Body) -> None:
    tracks = points(person, pelvis_tz=0.87)
    one = fit_body(SIZE, static=recording(tracks))
    many = fit_body(SIZE, static=recording({n: np.repeat(p[None], 5, axis=0) for n, p in tracks.items()}))
    assert one.hash == many.hash


def test_without_medial_markers_the_centres_lie_half_a_breadth_inside(person: Body) -> None:
    def lateral_only(tracks: dict[str, np.ndarray]) -> None:
        for name in list(tracks):
            if name.startswith("medial"):
                del tracks[name]

    body = fit_body(SIZE, static=standing(person, lateral_only))
    full = fit_body(SIZE, static=standing(person))
    for name in ("knee_centre_r", "ankle_centre_l"):
        assert np.linalg.norm(body.landmark(name).position - full.landmark(name).position) < 0.012, name
    assert any("no medial marker" in note for note in body.notes)


def test_a_foot_with_two_markers_keeps_its_subtalar_joint_still(person: Body) -> None:
    def two(tracks: dict[str, np.ndarray]) -> None:
        for name in list(tracks):
            if name.startswith(("metatarsal_1", "metatarsal_5")):
                del tracks[name]

    body = fit_body(SIZE, static=standing(person, two))
    assert body.coordinate("subtalar_eversion_r").is_locked
    assert not fit_body(SIZE, static=standing(person)).coordinate("subtalar_eversion_r").is_locked
    assert any("subtalar joint is held still" in note for note in body.notes)


def test_exchanged_sternum_markers_are_left_out(person: Body) -> None:
    def swap(tracks: dict[str, np.ndarray]) -> None:
        tracks["xiphoid"], tracks["suprasternal_notch"] = tracks["suprasternal_notch"], tracks["xiphoid"]

    body = fit_body(SIZE, static=standing(person, swap))
    assert abs(np.degrees(body.coordinate("lumbar_flexion").default)) < 15
    assert {m.name for m in body.markers if m.weight == 0} == {"xiphoid", "suprasternal_notch"}
    assert any("exchanged" in note for note in body.notes)


@pytest.mark.parametrize(
    ("gone", "named"),
    [
        ("asis_l", "asis_l"),
        ("lateral_femoral_epicondyle_r", "lateral_femoral_epicondyle_r"),
        ("lateral_malleolus_l", "lateral_malleolus_l"),
    ],
)
def test_a_missing_landmark_is_named(person: Body, gone: str, named: str) -> None:
    with pytest.raises(RecordingError, match=named):
        fit_body(SIZE, static=standing(person, lambda tracks: tracks.pop(gone)))  # type: ignore[arg-type, return-value]


def progression(body: Body, static: Recording, side: str) -> float:
    """Heading of the fitted foot in the standing trial, degrees."""
    pose = segment_poses(body, solve_motion(body, static).values)[0]
    forward = pose[[s.name for s in body.segments].index(f"calcaneus_{side}"), :3, 0]
    return float(np.degrees(np.arctan2(forward[1], forward[0])))


@pytest.mark.parametrize(
    ("gone", "limit_deg", "said"),
    [
        (("heel_r",), 3.0, "No marker on the heel of the right foot"),
        (("metatarsal_1_head_r", "metatarsal_2_head_r"), 1.0, "Only one edge of the right forefoot"),
        (("metatarsal_2_head_r", "metatarsal_5_head_r"), 1.0, "Only one edge of the right forefoot"),
    ],
)
def test_a_foot_without_heel_or_ray_points_where_it_points(
    person: Body, gone: tuple[str, ...], limit_deg: float, said: str
) -> None:
    def drop(tracks: dict[str, np.ndarray]) -> None:
        for name in gone:
            del tracks[name]

    whole = standing(person, hip_rotation_r=-12)
    fewer = standing(person, drop, hip_rotation_r=-12)
    body = fit_body(SIZE, static=fewer)
    assert progression(body, fewer, "r") == pytest.approx(
        progression(fit_body(SIZE, static=whole), whole, "r"), abs=limit_deg
    )
    assert any(said in note for note in body.notes)


def test_a_foot_without_any_forefoot_marker_is_refused(person: Body) -> None:
    def drop(tracks: dict[str, np.ndarray]) -> None:
        for n in (1, 2, 5):
            del tracks[f"metatarsal_{n}_head_r"]

    with pytest.raises(RecordingError, match="metatarsal_2_head_r"):
        fit_body(SIZE, static=standing(person, drop))


def with_device(person: Body, turned_deg: float = 0.0, bent: float = 0.0) -> Change:
    """Put a knee alignment device on the right knee in place of its markers, its axis turned about the thigh."""

    def change(tracks: dict[str, np.ndarray]) -> None:
        corner = tracks.pop("lateral_femoral_epicondyle_r")
        del tracks["medial_femoral_epicondyle_r"]
        angle = np.radians(turned_deg)
        axis = np.array([np.sin(angle), -np.cos(angle), 0.0])
        first = np.cross(axis, [0.0, 0.0, 1.0])
        arms = {"axis": axis, "1": (first + np.array([0, 0, 1.0])) / np.sqrt(2)}
        arms["2"] = (first - np.array([0, 0, 1.0])) / np.sqrt(2)
        for name, arm in arms.items():
            tracks[f"knee_device_{name}_r"] = corner + (0.1 + bent * (name == "2")) * arm

    return change


@pytest.mark.parametrize("turned_deg", [0.0, 15.0])
def test_a_knee_alignment_device_tells_knee_marker_and_axis(person: Body, turned_deg: float) -> None:
    static = standing(person, with_device(person, turned_deg))
    body = fit_body(SIZE, static=static)
    own = points(person, pelvis_tz=0.87)["lateral_femoral_epicondyle_r"]
    index = [s.name for s in body.segments].index("femur_r")
    pose = segment_poses(body, solve_motion(body, static).values)[0, index]
    mark = body.landmark("lateral_femoral_epicondyle_r").position
    np.testing.assert_allclose(pose[:3, :3] @ mark + pose[:3, 3], own, atol=1e-3)
    # The device's arm points outwards, to the right; the left axis of the thigh is its opposite.
    assert np.degrees(np.arctan2(-pose[0, 1], pose[1, 1])) == pytest.approx(turned_deg, abs=1.0)
    assert any("knee alignment device" in note for note in body.notes)


def test_a_bent_knee_alignment_device_is_not_used(person: Body) -> None:
    with pytest.raises(RecordingError, match="lateral_femoral_epicondyle_r"):
        fit_body(SIZE, static=standing(person, with_device(person, bent=0.05)))


def test_a_person_lying_down_does_not_stand(person: Body) -> None:
    def lie(tracks: dict[str, np.ndarray]) -> None:
        for name, p in tracks.items():
            tracks[name] = np.array([p[2], p[1], -p[0]])

    with pytest.raises(RecordingError, match="does not stand"):
        fit_body(SIZE, static=standing(person, lie))


def test_impossible_thighs_are_refused(person: Body) -> None:
    def shrink(tracks: dict[str, np.ndarray]) -> None:
        for name in tracks:
            tracks[name] = 0.4 * tracks[name]

    with pytest.raises(BodyError, match="thighs"):
        fit_body(SIZE, static=standing(person, shrink))


def test_a_mislabelled_knee_is_refused(person: Body) -> None:
    def slip(tracks: dict[str, np.ndarray]) -> None:
        for name in ("lateral_femoral_epicondyle_r", "medial_femoral_epicondyle_r"):
            tracks[name] = tracks[name] - np.array([0.0, 0.0, 0.12])

    with pytest.raises(BodyError, match="apart"):
        fit_body(SIZE, static=standing(person, slip))


def test_nothing_to_fit_is_refused() -> None:
    with pytest.raises(RecordingError, match="standing trial, a walking trial"):
        fit_body(SIZE)


def test_without_a_standing_trial_the_walking_trial_sizes_the_legs(person: Body) -> None:
    steps = np.linspace(0, 2 * np.pi, 30)
    frames = [
        points(
            person,
            pelvis_tz=0.87,
            hip_flexion_r=20 * np.sin(a),
            hip_flexion_l=-20 * np.sin(a),
            knee_flexion_r=25 - 20 * np.cos(a),
            knee_flexion_l=25 + 20 * np.cos(a),
        )
        for a in steps
    ]
    walking = recording({name: np.array([f[name] for f in frames]) for name in FULL}, "walking.c3d")
    body = fit_body(BodySize(mass_kg=70.0, sex="female"), recording=walking)
    motion = solve_motion(body, walking)
    assert stature(body) == pytest.approx(stature(person), rel=0.02)
    thighs = [np.linalg.norm(body.landmark(f"knee_centre_{s}").position) for s in "rl"]
    assert thighs[1] - thighs[0] == pytest.approx(0.020, abs=0.004)
    wanted = 25 - 20 * np.cos(steps)
    found = np.degrees(motion.coordinate("knee_flexion_r"))
    assert np.corrcoef(found, wanted)[0, 1] > 0.995
    assert abs((found - wanted).mean()) < 6
    assert any("no standing trial" in note for note in body.notes)


def test_hip_centres_follow_the_published_regression() -> None:
    # Width 250 mm, depth 160 mm: 48.3 mm behind, 85.9 mm below, 89.8 mm beside (hand calculation).
    right, left = hip_centres(np.array([0.0, -0.125, 1.0]), np.array([0.0, 0.125, 1.0]), np.array([-0.16, 0.0, 1.0]))
    np.testing.assert_allclose(right, [-0.0483, -0.0898, 1.0 - 0.0859], atol=1e-12)
    np.testing.assert_allclose(left, [-0.0483, 0.0898, 1.0 - 0.0859], atol=1e-12)


def test_the_chord_meets_the_limb_at_a_right_angle() -> None:
    hip, knee, wand = np.array([0.0, 0.0, 0.4]), np.array([0.0, -0.06, 0.0]), np.array([0.01, -0.12, 0.2])
    centre = chord_centre(hip, knee, wand, 0.05)
    assert np.linalg.norm(centre - knee) == pytest.approx(0.05)
    assert (knee - centre) @ (hip - centre) == pytest.approx(0.0, abs=1e-12)
    assert centre[1] > knee[1]
    assert np.linalg.det(np.array([hip - knee, wand - knee, centre - knee])) == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(beside(knee, hip, wand - knee, 0.05)[1] < knee[1], True)


def test_a_wand_on_the_line_of_the_limb_shows_no_axis() -> None:
    with pytest.raises(RecordingError, match="line of the limb"):
        chord_centre(np.array([0.0, 0.0, 0.4]), np.zeros(3), np.array([0.0, 0.0, 0.2]), 0.05)
