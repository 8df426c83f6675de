"""The tables of the body repeat the published coordinates: read again from the models they were taken from."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from kinechain.body.skeleton import template_body

#: OpenSim: x forward, y up, z right.  Ours: x forward, y left, z up.
TURN = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
BODY = template_body()


def numbers(text: str | None) -> np.ndarray:
    return np.array([float(x) for x in (text or "").split()])


@pytest.fixture(scope="module")
def rajagopal(shared: Path) -> ET.Element:
    return ET.parse(shared / "models/rajagopal/Rajagopal2016.osim").getroot()


@pytest.fixture(scope="module")
def lifting(shared: Path) -> ET.Element:
    return ET.parse(shared / "models/pose2sim/full_body_318_muscles.osim").getroot()


def marker(model: ET.Element, name: str) -> np.ndarray:
    found = next(m for m in model.iter("Marker") if m.get("name") == name)
    return numbers(found.findtext("location"))


def offsets(model: ET.Element, joint: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return translation and orientation of the parent and the child frame."""
    found = next(j for j in model.findall("Model/JointSet/objects/*") if j.get("name") == joint)
    return [
        (numbers(f.findtext("translation")), numbers(f.findtext("orientation")))
        for f in found.findall("frames/PhysicalOffsetFrame")
    ]


def body_fixed(angles: np.ndarray) -> np.ndarray:
    (ca, cb, cc), (sa, sb, sc) = np.cos(angles), np.sin(angles)
    x = np.array([[1, 0, 0], [0, ca, -sa], [0, sa, ca]])
    y = np.array([[cb, 0, sb], [0, 1, 0], [-sb, 0, cb]])
    z = np.array([[cc, -sc, 0], [sc, cc, 0], [0, 0, 1]])
    return np.asarray(x @ y @ z)


def ours(landmark: str) -> np.ndarray:
    return BODY.landmark(landmark).position


def test_the_pelvis_has_the_published_corners(rajagopal: ET.Element) -> None:
    hip = offsets(rajagopal, "hip_r")[0][0]
    middle = hip * np.array([1.0, 1.0, 0.0])
    for name, label in (("asis_r", "RASI"), ("psis_r", "RPSI")):
        np.testing.assert_allclose(ours(name), TURN @ (marker(rajagopal, label) - middle), atol=1e-5)
    np.testing.assert_allclose(ours("hip_centre_r"), TURN @ (hip - middle), atol=1e-5)


def test_thigh_and_shank_have_the_published_lengths(rajagopal: ET.Element) -> None:
    knee = 0.5 * (marker(rajagopal, "RLFC") + marker(rajagopal, "RMFC"))
    np.testing.assert_allclose(ours("knee_centre_r"), TURN @ knee, atol=1e-5)
    parent, child = offsets(rajagopal, "walker_knee_r")
    tibia_in_femur = parent[0] - child[0]  # equal orientations: at zero flexion the frames are parallel
    ankle = 0.5 * (marker(rajagopal, "RLMAL") + marker(rajagopal, "RMMAL"))
    assert np.linalg.norm(ours("ankle_centre_r")) == pytest.approx(
        np.linalg.norm(tibia_in_femur + ankle - knee), abs=2e-5
    )


def test_the_knee_bends_about_the_published_axis(rajagopal: ET.Element) -> None:
    axes = TURN @ body_fixed(offsets(rajagopal, "walker_knee_r")[0][1])
    joint = next(j for j in BODY.joints if j.name == "knee_r")
    own = {(m.kind, i): m.axis for i, m in enumerate(joint.mobilities)}
    np.testing.assert_allclose(own["rotation", 2], axes[:, 0], atol=1e-4)
    np.testing.assert_allclose(own["rotation", 3], axes[:, 2], atol=1e-4)
    np.testing.assert_allclose(own["rotation", 4], axes[:, 1], atol=1e-4)
    np.testing.assert_allclose(own["translation", 0], axes[:, 1], atol=1e-4)
    np.testing.assert_allclose(own["translation", 1], axes[:, 2], atol=1e-4)


def test_the_ankle_axis_is_the_published_one_within_the_turn_of_the_shank(rajagopal: ET.Element) -> None:
    axis = (TURN @ body_fixed(offsets(rajagopal, "ankle_r")[0][1]))[:, 2]
    own = next(j for j in BODY.joints if j.name == "ankle_r").mobilities[0].axis
    # The shank was turned by 0.9 deg to stand straight.
    assert np.degrees(np.arccos(own @ axis)) == pytest.approx(0.9, abs=0.1)


def test_the_ankle_turns_about_the_published_place(rajagopal: ET.Element) -> None:
    malleoli = 0.5 * (marker(rajagopal, "RLMAL") + marker(rajagopal, "RMMAL"))
    own = next(j for j in BODY.joints if j.name == "ankle_r")
    np.testing.assert_allclose(own.parent_from_joint[:3, 3] - ours("ankle_centre_r"), own.child_from_joint[:3, 3])
    # The shank was turned by 0.9 deg to stand straight.
    published = TURN @ (offsets(rajagopal, "ankle_r")[0][0] - malleoli)
    np.testing.assert_allclose(own.child_from_joint[:3, 3], published, atol=3e-4)


@pytest.mark.parametrize(
    ("joint", "name"),
    [("L4_L5_IVDjnt", "l4_l5"), ("L3_L4_IVDjnt", "l3_l4"), ("L2_L3_IVD_jnt", "l2_l3"), ("L1_L2_IVD_jnt", "l1_l2")],
)
def test_the_lumbar_levels_have_the_published_spacing(lifting: ET.Element, joint: str, name: str) -> None:
    parent, child = offsets(lifting, joint)
    own = next(j for j in BODY.joints if j.name == name).parent_from_joint[:3, 3]
    np.testing.assert_allclose(own, TURN @ (parent[0] - child[0]), atol=1e-5)


def test_l5_s1_stands_above_the_hips_as_published(lifting: ET.Element) -> None:
    hip = offsets(lifting, "hip_r")[0][0] * np.array([1.0, 1.0, 0.0])
    place = offsets(lifting, "sacrumjnt")[0][0] + offsets(lifting, "L5_S1_IVDjnt")[0][0] - hip
    joints = {j.name: j for j in BODY.joints}
    own = joints["sacroiliac"].parent_from_joint[:3, 3] + joints["l5_s1"].parent_from_joint[:3, 3]
    np.testing.assert_allclose(own, TURN @ place, atol=2e-5)


def test_the_thorax_has_the_published_landmarks(rajagopal: ET.Element, lifting: ET.Element) -> None:
    base = offsets(lifting, "L1_T12_IVD_jnt")[1][0]
    for name, label in (("c7", "C7"), ("acromion_r", "RACR"), ("suprasternal_notch", "CLAV")):
        place = TURN @ (marker(rajagopal, label) - base)
        if name != "acromion_r":
            place[1] = 0.0
        np.testing.assert_allclose(ours(name), place, atol=1e-5)
    shoulder = offsets(rajagopal, "acromial_r")[0][0]
    np.testing.assert_allclose(ours("shoulder_centre_r"), TURN @ (shoulder - base), atol=1e-5)


def test_the_foot_hangs_under_the_ankle_as_published(rajagopal: ET.Element) -> None:
    malleoli = 0.5 * (marker(rajagopal, "RLMAL") + marker(rajagopal, "RMMAL"))
    calcaneus = offsets(rajagopal, "ankle_r")[0][0] + offsets(rajagopal, "subtalar_r")[0][0] - malleoli
    joint = next(j for j in BODY.joints if j.name == "subtalar_r")
    subtalar = joint.parent_from_joint[:3, 3] - joint.child_from_joint[:3, 3]
    heel = TURN @ (calcaneus + marker(rajagopal, "RCAL"))
    np.testing.assert_allclose((subtalar + ours("heel_r"))[:2], heel[:2], atol=2e-5)


def test_the_subtalar_axis_passes_the_ankle_where_the_published_one_does(rajagopal: ET.Element) -> None:
    malleoli = 0.5 * (marker(rajagopal, "RLMAL") + marker(rajagopal, "RMMAL"))
    where = TURN @ (offsets(rajagopal, "ankle_r")[0][0] + offsets(rajagopal, "subtalar_r")[0][0] - malleoli)
    published = (TURN @ body_fixed(offsets(rajagopal, "subtalar_r")[0][1]))[:, 2]
    nearest = where - (where @ published) * published
    joint = next(j for j in BODY.joints if j.name == "subtalar_r")
    off_axis = np.cross(nearest - joint.parent_from_joint[:3, 3], joint.mobilities[0].axis)
    assert np.linalg.norm(off_axis) < 2e-5
