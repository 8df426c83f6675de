"""Bodies fitted to real people: joint centres, leg lengths and markers against what was measured."""

import csv
from pathlib import Path

import numpy as np
import pytest

from kinechain.body.body import Body
from kinechain.body.fit import BodySize, fit_body
from kinechain.body.pose import segment_poses
from kinechain.care.person.person import Person
from kinechain.findings.posture import find_posture
from kinechain.motion.inverse_kinematics import solve_motion
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Recording

FOLDER = "data/dev/schreiber_moissenet"
People = dict[str, tuple[dict[str, str], Recording, Body]]


@pytest.fixture(scope="module")
def people(shared: Path) -> People:
    """Return measured sizes, standing trial and fitted body of the six people."""
    out = {}
    with (shared / FOLDER / "anthropometrics.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            name = row["subjectID"]
            static = prepare_recording(read_recording(shared / FOLDER / name / f"{name}_ST.c3d"))
            size = BodySize(
                mass_kg=float(row["mass"]),
                height_m=float(row["height"]),
                sex="male" if row["gender"] == "M" else "female",
                age_years=float(row["age"]),
            )
            out[name] = (row, static, fit_body(size, static=static))
    return out


def test_leg_length_differences_are_those_measured(people: People, capsys: pytest.CaptureFixture[str]) -> None:
    errors = []
    lines = ["leg-length difference, left minus right (mm): measured, found"]
    for name, (row, static, body) in people.items():
        found, _ = find_posture(Person(), body, static, solve_motion(body, static))
        value = next(f for f in found if f.id == "leg.length_markers_difference").estimate.value
        measured = 1000 * (float(row["leftLegLength"]) - float(row["rightLegLength"]))
        errors.append(value - measured)
        lines.append(f"  {name} {measured:+6.1f} {value:+6.1f}")
        if abs(measured) >= 8:
            assert np.sign(value) == np.sign(measured), name
    rms = float(np.sqrt(np.mean(np.square(errors))))
    with capsys.disabled():
        print("\n" + "\n".join([*lines, f"  signed error RMS {rms:.1f} mm"]))
    assert rms < 7.0


def test_joint_centres_stand_between_the_markers_that_bound_them(people: People) -> None:
    for name, (_, static, body) in people.items():
        motion = solve_motion(body, static)
        poses = dict(zip((s.name for s in body.segments), segment_poses(body, motion.values)[0], strict=True))
        markers = {landmark: static.require_markers().position(label)[0] for label, landmark in static.landmarks}
        for side in "rl":
            for segment, outer, inner in (
                ("tibia", "lateral_femoral_epicondyle", "medial_femoral_epicondyle"),
                ("talus", "lateral_malleolus", "medial_malleolus"),
                ("forearm", "humeral_lateral_epicondyle", "humeral_medial_epicondyle"),
            ):
                middle = 0.5 * (markers[f"{outer}_{side}"] + markers[f"{inner}_{side}"])
                assert np.linalg.norm(poses[f"{segment}_{side}"][:3, 3] - middle) < 1e-3, (name, segment, side)


def test_the_standing_trial_is_met_by_every_marker_in_use(people: People) -> None:
    for name, (_, static, body) in people.items():
        motion = solve_motion(body, static)
        assert np.nanmax(motion.marker_error) < 1e-3, name


def test_people_stand_as_people_do(people: People) -> None:
    for name, (_, _, body) in people.items():
        rest = {c.name: np.degrees(c.default) for c in body.coordinates}
        for side in "rl":
            assert -10 < rest[f"knee_flexion_{side}"] < 15, name
            assert -15 < rest[f"hip_adduction_{side}"] < 10, name
            assert -5 < rest[f"ankle_dorsiflexion_{side}"] < 15, name
        assert abs(rest["lumbar_flexion"]) < 15, name
        assert abs(rest["pelvis_obliquity"]) < 8, name


def test_mass_and_segments_are_the_persons(people: People) -> None:
    for row, _, body in people.values():
        assert body.mass_kg == pytest.approx(float(row["mass"]), abs=1e-9)
        for segment in body.segments:
            moments = np.linalg.eigvalsh(segment.inertia)
            assert moments[0] > 0
            assert moments[2] <= moments[0] + moments[1] + 1e-12


def test_walking_markers_stay_near_the_fitted_body(shared: Path, people: People) -> None:
    for name, (_, static, _) in people.items():
        trial = sorted((shared / FOLDER / name).glob(f"{name}_C4*.c3d"))[0]
        walking = prepare_recording(read_recording(trial))
        body = fit_body(BodySize(), static=static, recording=walking)
        motion = solve_motion(body, walking)
        assert motion.is_solved.all(), name
        legs = [i for i, m in enumerate(motion.markers) if body.markers[_index(body, m)].segment[-2:] in ("_r", "_l")]
        lower = [i for i in legs if motion.markers[i][2:] in ("FLE", "FME", "FAL", "TAM", "FCC", "FM1", "FM2", "FM5")]
        assert 1000 * np.nanmean(motion.marker_error[:, lower]) < 12, name


def _index(body: Body, marker: str) -> int:
    return [m.name for m in body.markers].index(marker)


SETS = {
    "opencap": ("data/dev/opencap_validation_s4/walking1.trc", "data/dev/opencap_validation_s4/static1.trc"),
    "plug_in_gait": ("data/dev/lab_FMC/MH0222_BP06.c3d", "data/dev/lab_FMC/MH0222_BP08.c3d"),
    "gait2392": ("models/gait2392/subject01_walk1.trc", "models/gait2392/subject01_static.trc"),
    "rajagopal": ("models/rajagopal/motion_capture_walk.trc", "models/rajagopal/static_walk_1.trc"),
}


@pytest.mark.parametrize("profile", SETS)
@pytest.mark.parametrize("has_standing", [True, False], ids=["standing trial", "no standing trial"])
def test_every_marker_set_fits_and_follows(shared: Path, profile: str, has_standing: bool) -> None:
    walk, stand = (prepare_recording(read_recording(shared / name)) for name in SETS[profile])
    assert walk.profile == profile
    body = fit_body(BodySize(), static=stand if has_standing else None, recording=walk)
    motion = solve_motion(body, walk)
    assert motion.is_solved.mean() == 1.0
    segment = {m.name: m.segment for m in body.markers}
    legs = [i for i, m in enumerate(motion.markers) if segment[m].startswith(("pelvis", "femur", "tibia", "calcaneus"))]
    assert 1000 * np.nanmedian(motion.marker_error[:, legs]) < 15
    for side in "rl":
        thigh = float(np.linalg.norm(body.landmark(f"knee_centre_{side}").position))
        shank = float(np.linalg.norm(body.landmark(f"ankle_centre_{side}").position))
        assert 0.33 < thigh < 0.48
        assert 0.85 < shank / thigh < 1.15
        knee = np.degrees(motion.coordinate(f"knee_flexion_{side}"))
        # Walking bends the knee by 50 to 75 deg in swing, from nearly straight.
        assert -15 < knee.min() < 20
        assert 45 < knee.max() < 80
