"""Standing measures from points whose answer is known by hand."""

import math

import numpy as np
import pytest

from kinechain.care.person.person import Person
from kinechain.core.frames import about_axis
from kinechain.findings.landmarks import read_landmarks
from kinechain.findings.posture import (
    arch_height_ratio,
    find_posture,
    foot_progression_deg,
    frontal_knee_angle_deg,
    hindfoot_eversion_deg,
    pelvic_obliquity_deg,
    pelvic_tilt_deg,
    sagittal_knee_angle_deg,
)
from kinechain.recording.recording import Markers, Recording

X, Y, Z = np.eye(3)
ADULT = Person(sex="male", age_years=30.0)


def person_standing() -> dict[str, np.ndarray]:
    """Landmarks of somebody who stands straight, m; x forward, y left, z up."""
    points = {
        "asis_r": np.array([0.08, -0.12, 1.0]),
        "asis_l": np.array([0.08, 0.12, 1.0]),
        "psis_r": np.array([-0.08, -0.05, 1.02]),
        "psis_l": np.array([-0.08, 0.05, 1.02]),
    }
    for s, side in (("r", -1.0), ("l", 1.0)):
        hip = side * 0.09
        points |= {
            f"greater_trochanter_{s}": np.array([0.0, side * 0.17, 0.92]),
            f"lateral_femoral_epicondyle_{s}": np.array([0.0, hip + side * 0.05, 0.5]),
            f"medial_femoral_epicondyle_{s}": np.array([0.0, hip - side * 0.05, 0.5]),
            f"lateral_malleolus_{s}": np.array([0.0, hip + side * 0.04, 0.08]),
            f"medial_malleolus_{s}": np.array([0.0, hip - side * 0.04, 0.08]),
            f"heel_{s}": np.array([-0.05, hip, 0.03]),
            f"heel_proximal_{s}": np.array([-0.05, hip, 0.07]),
            f"metatarsal_1_head_{s}": np.array([0.13, hip - side * 0.02, 0.03]),
            f"metatarsal_2_head_{s}": np.array([0.14, hip, 0.05]),
            f"navicular_{s}": np.array([0.03, hip - side * 0.03, 0.06]),
        }
    return points


def recorded(points: dict[str, np.ndarray], frames: int = 1, noise: float = 0.0) -> Recording:
    generator = np.random.default_rng(1)
    names = tuple(points)
    one = np.array([points[n] for n in names])
    positions = one[None] + noise * generator.standard_normal((frames, len(names), 3))
    return Recording("s.c3d", "0" * 64, "C3D", Markers(names, positions, 100.0), landmarks=tuple((n, n) for n in names))


def measured(points: dict[str, np.ndarray], who: Person = ADULT, frames: int = 1, noise: float = 0.0) -> dict:
    findings, _ = find_posture(who, None, recorded(points, frames, noise), None)
    return {(f.id, f.side): f for f in findings}


# ---- geometry ----


@pytest.mark.parametrize("angle", [-8.0, 0.0, 12.0])
def test_pelvic_tilt_is_the_dip_of_the_spines(angle: float) -> None:
    rotation = about_axis(Y, math.radians(angle))  # about the left axis: forward end down is positive
    p = {
        "asis_r": rotation @ [0.08, -0.12, 0],
        "asis_l": rotation @ [0.08, 0.12, 0],
        "sacrum": rotation @ [-0.08, 0, 0],
    }
    assert pelvic_tilt_deg(p) == pytest.approx(angle)


def test_pelvic_obliquity_is_positive_with_the_right_side_up() -> None:
    p = {"asis_r": np.array([0, -0.12, 0.02]), "asis_l": np.array([0, 0.12, 0.0])}
    assert pelvic_obliquity_deg(p) == pytest.approx(math.degrees(math.atan(0.02 / 0.24)))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("outward", [-0.03, 0.0, 0.02])
def test_a_knee_lateral_of_the_hip_ankle_line_is_in_varus(side: str, outward: float) -> None:
    lateral = Y if side == "left" else -Y
    knee = np.array([0, 0, 0.5]) + outward * lateral
    p = {"hip": Z, "ankle": 0 * Z, "knee": knee, "lateral": knee + 0.05 * lateral, "medial": knee - 0.05 * lateral}
    expected = 2 * math.degrees(math.atan(outward / 0.5))
    assert frontal_knee_angle_deg(p, side) == pytest.approx(expected)  # type: ignore[arg-type]
    assert sagittal_knee_angle_deg(p, side) == pytest.approx(0.0, abs=1e-9)  # type: ignore[arg-type]


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_knee_ahead_of_the_hip_ankle_line_is_flexed_and_neither_varus_nor_valgus(side: str) -> None:
    lateral = Y if side == "left" else -Y
    knee = np.array([0.05, 0, 0.5])
    p = {"hip": Z, "ankle": 0 * Z, "knee": knee, "lateral": knee + 0.05 * lateral, "medial": knee - 0.05 * lateral}
    assert sagittal_knee_angle_deg(p, side) == pytest.approx(2 * math.degrees(math.atan(0.1)))  # type: ignore[arg-type]
    assert frontal_knee_angle_deg(p, side) == pytest.approx(0.0, abs=1e-9)  # type: ignore[arg-type]


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("turn", [0.0, 0.4])
def test_a_heel_whose_lower_end_stands_lateral_is_everted(side: str, turn: float) -> None:
    outward = 0.01 if side == "left" else -0.01
    heel, top, toe = np.array([0, outward, 0.03]), np.array([0, 0, 0.07]), np.array([0.2, outward, 0.05])
    rotation = about_axis(Z, turn)
    p = {"heel": rotation @ heel, "heel_proximal": rotation @ top, "toe": rotation @ toe}
    assert hindfoot_eversion_deg(p, side) == pytest.approx(math.degrees(math.atan(0.01 / 0.04)))  # type: ignore[arg-type]


@pytest.mark.parametrize(("side", "toe_y"), [("right", 0.05), ("left", -0.05)])
@pytest.mark.parametrize("turn", [0.0, 2.0, math.pi])
def test_toes_towards_the_midline_are_positive_whichever_way_the_person_faces(
    side: str, toe_y: float, turn: float
) -> None:
    rotation = about_axis(Z, turn)
    points = {"heel": [0, 0, 0], "toe": [0.2, toe_y, 0], "asis_r": [0, -0.1, 1], "asis_l": [0, 0.1, 1]}
    p = {k: rotation @ np.array(v, dtype=float) for k, v in points.items()}
    assert foot_progression_deg(p, side) == pytest.approx(math.degrees(math.atan(0.25)))  # type: ignore[arg-type]


def test_arch_height_is_the_navicular_over_the_truncated_foot() -> None:
    p = {"navicular": np.array([0.05, 0, 0.05]), "heel": np.array([0, 0, 0.01]), "first": np.array([0.16, 0, 0.01])}
    assert arch_height_ratio(p) == pytest.approx(0.25)


# ---- measures ----


def test_somebody_straight_is_straight() -> None:
    found = measured(person_standing())
    assert found["pelvis.obliquity_standing", "both"].estimate.value == pytest.approx(0.0, abs=1e-9)
    for side in ("left", "right"):
        assert found["knee.flexion_standing", side].estimate.value == pytest.approx(
            found["knee.flexion_standing", "left"].estimate.value
        )
        assert found["foot.progression_standing", side].estimate.value == pytest.approx(0.0, abs=1e-9)
        assert found["hindfoot.alignment_standing", side].estimate.value == pytest.approx(0.0, abs=1e-9)
    for kind in ("markers", "joint_centres", "asis"):
        assert found[f"leg.length_{kind}_difference", "both"].estimate.value == pytest.approx(0.0, abs=1e-6)


def test_a_longer_left_leg_is_found_with_its_sign_and_its_error() -> None:
    points = person_standing()
    for name in points:
        if name.endswith("_l") and not name.startswith(("asis", "psis", "greater", "lateral_f", "medial_f")):
            points[name] = points[name] - 0.03 * Z  # the left shank is 30 mm longer
    found = measured(points)
    markers = found["leg.length_markers_difference", "both"]
    assert markers.estimate.value == pytest.approx(30.0, abs=0.5)
    assert markers.estimate.high - markers.estimate.value == pytest.approx(1.96 * 11.5)
    centres = found["leg.length_joint_centres_difference", "both"]
    assert centres.estimate.value == pytest.approx(30.0, abs=0.5)
    assert centres.verdict == "outside", "30 mm less 12 mm of error is more than the usual 13 mm"
    assert markers.verdict == "unknown", "30 mm less 23 mm of error is not"
    assert found["leg.length_functional_difference", "both"].estimate.value == pytest.approx(0.0, abs=1e-6)


def test_a_trochanter_marker_that_sits_elsewhere_gives_no_leg_length_difference() -> None:
    points = person_standing()
    points["greater_trochanter_l"] = points["greater_trochanter_l"] + 0.06 * Z
    findings, unmeasured = find_posture(ADULT, None, recorded(points), None)
    found, missing = {f.id for f in findings}, {u.id: u.answer for u in unmeasured}
    assert "leg.length_joint_centres_difference" in found
    assert "leg.length_markers_difference" not in found
    assert "does not sit where its name says" in missing["leg.length_markers_difference"].reason
    assert "Palpate" in missing["leg.length_markers_difference"].next_test


def test_a_pelvis_that_drops_shows_as_functional_and_not_as_bone_length() -> None:
    points = person_standing()
    rotation = about_axis(X, math.radians(5.0))
    for name in ("asis_r", "asis_l", "psis_r", "psis_l"):
        points[name] = rotation @ points[name]
    found = measured(points)
    assert found["pelvis.obliquity_standing", "both"].estimate.value < -4.9
    assert found["leg.length_functional_difference", "both"].estimate.value > 5.0
    assert found["leg.length_markers_difference", "both"].estimate.value == pytest.approx(0.0, abs=1e-6)


def test_one_frame_is_less_certain_than_ten_seconds_of_standing() -> None:
    width = {}
    for frames in (1, 1001):
        estimate = measured(person_standing(), frames=frames)["pelvis.tilt_standing", "both"].estimate
        width[frames] = estimate.high - estimate.low
    assert width[1] > width[1001]


def test_a_person_who_moves_is_less_certain_than_one_who_stands_still() -> None:
    still = measured(person_standing(), frames=100)["pelvis.tilt_standing", "both"].estimate
    moving = measured(person_standing(), frames=100, noise=0.02)["pelvis.tilt_standing", "both"].estimate
    assert moving.high - moving.low > still.high - still.low


def test_the_norm_is_named_and_only_judges_adults() -> None:
    adult = measured(person_standing())["pelvis.tilt_standing", "both"]
    assert adult.norm is not None and adult.norm.source == "shultz2009" and adult.norm.mean == 8.9
    assert "standing" in adult.method
    for who in (Person(sex="male"), Person(sex="male", age_years=10.0)):
        judged = [f for f in measured(person_standing(), who).values() if f.verdict != "unknown"]
        assert judged == []


def test_every_interval_says_where_it_comes_from() -> None:
    for finding in measured(person_standing()).values():
        assert finding.estimate.source
        assert finding.estimate.low < finding.estimate.value < finding.estimate.high


# ---- what is missing ----


def test_without_landmarks_the_measure_is_missing_with_its_reason_and_a_test() -> None:
    points = {k: v for k, v in person_standing().items() if not k.startswith(("navicular", "heel_proximal", "medial"))}
    findings, unmeasured = find_posture(ADULT, None, recorded(points), None)
    missing = {u.id: u for u in unmeasured}
    assert (
        "left navicular" in missing["foot.arch_height_standing"].answer.reason
        or "right navicular" in missing["foot.arch_height_standing"].answer.reason
    )
    assert "Navicular drop" in missing["foot.arch_height_standing"].answer.next_test
    assert "heel proximal" in missing["hindfoot.alignment_standing"].answer.reason
    assert "medial femoral epicondyle" in missing["knee.alignment_standing"].answer.reason
    assert "leg.length_asis" in missing and "leg.length_joint_centres" in missing
    assert {"leg.length_markers"} == {f.id for f in findings if f.id.startswith("leg.") and f.side == "left"}


def test_lordosis_is_not_guessed_from_two_markers_on_the_back() -> None:
    points = person_standing() | {"c7": np.array([-0.1, 0, 1.45]), "t10": np.array([-0.12, 0, 1.2])}
    findings, unmeasured = find_posture(ADULT, None, recorded(points), None)
    assert not any("lordosis" in f.id for f in findings)
    assert any(u.id == "lumbar.lordosis_standing" and u.answer.next_test for u in unmeasured)


def test_a_marker_seen_in_no_frame_is_not_a_landmark() -> None:
    points = person_standing()
    points["asis_r"] = np.full(3, np.nan)
    marks = read_landmarks(recorded(points), None, None)
    assert not marks.has("asis_r") and not marks.has("hip_centre_r")
