"""The tables of leg muscles repeat the published models: attachments, strengths and surfaces read from them again."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kinechain.body.muscle import PathPoint
from kinechain.body.musculature import template_muscles
from kinechain.body.osim_functions import simm_spline
from kinechain.body.skeleton import template_body

#: OpenSim: x forward, y up, z right.  Ours: x forward, y left, z up.
TURN = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
OURS = template_muscles()
BODY = template_body()
FOOT = ("talus", "calcaneus", "midfoot", "forefoot_medial", "forefoot_lateral", "toes")
#: Where the tables add a point that the source has not.
ADDED = {"tibpost_r": 3, "fdl_r": 3, "fhl_r": 3}
FROM_DELP = {"pect_r": "pect_r", "quadfem_r": "quad_fem_r", "gem_r": "gem_r", "pertert_r": "per_tert_r"}

Place = Callable[[np.ndarray], np.ndarray]


def numbers(text: str | None) -> np.ndarray:
    return np.array([float(x) for x in (text or "").split()])


class Model:
    """What the tests ask of an .osim file, read without the code under test."""

    def __init__(self, path: Path) -> None:
        self.root = ET.parse(path).getroot()

    def muscle(self, name: str) -> ET.Element:
        return next(m for m in self.root.find("Model/ForceSet/objects") if m.get("name") == name)  # type: ignore[union-attr]

    def points(self, name: str) -> list[tuple[str, np.ndarray]]:
        found = self.muscle(name).find(".//PathPointSet/objects")
        assert found is not None
        frames = [(p.findtext("socket_parent_frame") or "").split("/")[-1] for p in found]
        return [(f, numbers(p.findtext("location"))) for f, p in zip(frames, found, strict=True)]

    def offset(self, joint: str, which: int) -> np.ndarray:
        found = next(j for j in self.root.findall("Model/JointSet/objects/*") if j.get("name") == joint)
        return numbers(found.findall("frames/PhysicalOffsetFrame")[which].findtext("translation"))

    def marker(self, *names: str) -> np.ndarray:
        places = [m.findtext("location") for m in self.root.iter("Marker") if m.get("name") in names]
        return np.mean([numbers(p) for p in places], axis=0)


@pytest.fixture(scope="module")
def rajagopal(shared: Path) -> Model:
    return Model(shared / "models/rajagopal/Rajagopal2016.osim")


@pytest.fixture(scope="module")
def gait2392(shared: Path) -> Model:
    return Model(shared / "models/gait2392/gait2392_thelen2003muscle.osim")


def shank_turn(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Return the turn that stands the shank upright and the knee centre, in the source's tibia."""
    tibia = model.offset("walker_knee_r", 0) - model.offset("walker_knee_r", 1)
    knee = model.marker("RLFC", "RMFC") - tibia
    line = TURN @ (model.marker("RLMAL", "RMMAL") - knee)
    line /= np.linalg.norm(line)
    # Rodrigues: the least turn that takes the line to straight down.
    axis = np.cross(line, [0.0, 0.0, -1.0])
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + cross + cross @ cross / (1.0 - line[2]), knee


def places(model: Model) -> dict[str, Place]:
    """Return, for every frame of the source, its points as ours: segment frames; the foot from the ankle centre."""
    hips = model.offset("hip_r", 0) * np.array([1.0, 1.0, 0.0])
    turn, knee = shank_turn(model)
    calcaneus = model.offset("ankle_r", 0) + model.offset("subtalar_r", 0) - model.marker("RLMAL", "RMMAL")
    toes = calcaneus + model.offset("mtp_r", 0)
    return {
        "pelvis": lambda p: np.asarray(TURN @ (p - hips)),
        "femur_r": lambda p: np.asarray(TURN @ p),
        "tibia_r": lambda p: np.asarray(turn @ TURN @ (p - knee)),
        "calcn_r": lambda p: np.asarray(TURN @ (p + calcaneus)),
        "toes_r": lambda p: np.asarray(TURN @ (p + toes)),
    }


def from_ankle(point: PathPoint) -> np.ndarray:
    """Return a point of the foot from the ankle centre, upright."""
    place, segment = point.position.copy(), point.segment
    while segment != "talus_r":
        joint = BODY.joint_of(segment)
        place += joint.parent_from_joint[:3, 3] - joint.child_from_joint[:3, 3]
        segment = joint.parent
    return np.asarray(place)


def knee_extensor(model: Model, place: np.ndarray, flexion: float) -> np.ndarray:
    """Return where a point of the patella stands in the femur."""
    joint = next(j for j in model.root.iter("CustomJoint") if j.get("name") == "patellofemoral_r")
    splines = {}
    for axis in joint.iter("TransformAxis"):
        spline = axis.find("SimmSpline")
        if spline is not None:
            splines[axis.get("name")] = simm_spline(numbers(spline.findtext("x")), numbers(spline.findtext("y")))
    angle, x, y = (float(splines[n].evaluate(flexion)[0]) for n in ("rotation1", "translation1", "translation2"))
    turned = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]) @ place
    return np.asarray(TURN @ (model.offset("patellofemoral_r", 0) + np.array([x, y, 0.00275]) + turned))


def published(model: Model) -> list[str]:
    found = [m.get("name") or "" for m in model.root.iter("Millard2012EquilibriumMuscle")]
    return [n for n in found if n.endswith("_r") and n != "psoas_r"]


def own_points(name: str) -> list[PathPoint]:
    points = list(OURS.muscle(name).path.points)
    if name in ADDED:
        points.pop(ADDED[name])
    return points


def test_every_leg_muscle_of_the_source_is_there_with_its_numbers(rajagopal: Model) -> None:
    names = published(rajagopal)
    assert len(names) == 39
    for name in names:
        theirs, own = rajagopal.muscle(name), OURS.muscle(name)
        longer = {"tibpost_r": 0.00396, "fdl_r": 0.00499, "fhl_r": 0.00195}.get(name, 0.0)
        slack = float(theirs.findtext("tendon_slack_length") or "nan")
        assert own.max_isometric_force_n == pytest.approx(
            float(theirs.findtext("max_isometric_force") or "nan"), abs=0.01
        )
        assert own.optimal_fibre_length_m == pytest.approx(float(theirs.findtext("optimal_fiber_length") or "nan"))
        assert own.tendon_slack_length_m == pytest.approx(slack + longer, abs=2e-5), name
        assert own.pennation_rad == pytest.approx(
            float(theirs.findtext("pennation_angle_at_optimal") or "nan"), abs=1e-5
        )


def test_attachments_are_the_published_ones(rajagopal: Model) -> None:
    place = places(rajagopal)
    for name in published(rajagopal):
        theirs, own = rajagopal.points(name), own_points(name)
        assert len(theirs) == len(own), name
        for (frame, where), point in zip(theirs, own, strict=True):
            if frame == "patella_r":
                continue
            found = from_ankle(point) if frame in ("calcn_r", "toes_r") else point.position
            np.testing.assert_allclose(found, place[frame](where), atol=3e-5, err_msg=f"{name} on {frame}")


def test_points_on_the_patella_move_as_published(rajagopal: Model) -> None:
    count = 0
    for name in ("recfem_r", "vasint_r", "vaslat_r", "vasmed_r"):
        for (frame, where), point in zip(rajagopal.points(name), own_points(name), strict=True):
            if frame != "patella_r":
                assert point.motion is None
                continue
            assert point.motion is not None
            for flexion in np.radians(np.arange(0.0, 120.0, 3.0)):
                own = np.array([float(f.evaluate(flexion)[0]) for _, f in point.motion])
                np.testing.assert_allclose(own, knee_extensor(rajagopal, where, float(flexion)), atol=5e-5)
            count += 1
    assert count == 9


def test_surfaces_stand_as_published(rajagopal: Model) -> None:
    place = places(rajagopal)
    turn = shank_turn(rajagopal)[0]
    checked = 0
    own = {s.name: s for s in OURS.surfaces}
    for body in rajagopal.root.findall("Model/BodySet/objects/Body"):
        frame = body.get("name") or ""
        for theirs in body.findall(".//WrapObjectSet/objects/*"):
            surface = own.get(theirs.get("name") or "")
            if surface is None or not surface.name.endswith("_r"):
                continue
            a, b, c = numbers(theirs.findtext("xyz_body_rotation"))
            x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
            y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
            z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
            axes = (turn @ TURN if frame == "tibia_r" else TURN) @ x @ y @ z
            np.testing.assert_allclose(surface.segment_from_surface[:3, :3], axes, atol=3e-6)
            where = place[frame](numbers(theirs.findtext("translation")))
            np.testing.assert_allclose(surface.segment_from_surface[:3, 3], where, atol=1e-5)
            assert surface.radii[0] == pytest.approx(float(theirs.findtext("radius") or "nan"))
            assert surface.length_m == pytest.approx(float(theirs.findtext("length") or "nan"))
            checked += 1
    assert checked == 18


def test_muscles_the_first_source_lacks_come_from_gait2392(gait2392: Model, rajagopal: Model) -> None:
    centre = {"pelvis": np.array([0.0, -0.07726, 0.0]), "femur_r": np.zeros(3)}
    foot = places(rajagopal)["calcn_r"]
    for own, theirs in FROM_DELP.items():
        muscle, source = OURS.muscle(own), gait2392.muscle(theirs)
        for point, (frame, where) in zip(muscle.path.points, gait2392.points(theirs), strict=True):
            if frame in centre:
                hip = gait2392.offset("hip_r", 0) if frame == "pelvis" else np.zeros(3)
                np.testing.assert_allclose(point.position, centre[frame] + TURN @ (where - hip), atol=1e-5)
            elif frame == "calcn_r":
                np.testing.assert_allclose(from_ankle(point), foot(where), atol=3e-5)
        fibre = float(source.findtext("optimal_fiber_length") or "nan")
        slack = float(source.findtext("tendon_slack_length") or "nan")
        ratio = muscle.optimal_fibre_length_m / fibre
        assert ratio == pytest.approx(1.0 if own != "pertert_r" else 0.947, abs=5e-4)
        assert muscle.tendon_slack_length_m == pytest.approx(slack * ratio, abs=2e-5)
        assert muscle.max_isometric_force_n == pytest.approx(float(source.findtext("max_isometric_force") or "nan"))
