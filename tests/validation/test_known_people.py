"""People of plain geometry (``tests/geometric_person.py``), from a file to the angles and measures.

Nothing of the body, the signs or the demonstration is used to make them, so that what
comes back is held to what was built, in every direction of a laboratory.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import geometric_person as geometry
from kinechain.analysis import Assessment, Settings, assess
from kinechain.body.body import Body
from kinechain.body.fit import BodySize, fit_body
from kinechain.body.pose import segment_poses
from kinechain.body.scale import size_body
from kinechain.body.skeleton import template_body
from kinechain.care.person.person import Person
from kinechain.motion.angles import compute_angles
from kinechain.motion.inverse_kinematics import solve_motion
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording

PERSON = Person(sex="male", age_years=40, mass_kg=70.0, height_m=1.72)
SIDES = ("right", "left")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("people")
    geometry.write_profile(made / "profile.toml")
    geometry.write(made / "standing.trc", geometry.held(geometry.stand()))
    return made


@pytest.fixture(scope="module")
def body(folder: Path) -> Body:
    static = prepare_recording(read_recording(folder / "standing.trc"), profile=str(folder / "profile.toml"))
    return fit_body(BodySize(mass_kg=70.0, height_m=1.72, sex="male", age_years=40), static=static)


def both(angle: str, right: float, left: float) -> dict[str, float]:
    return {f"{angle}_right": right, f"{angle}_left": left}


def legs(**right_and_left: tuple) -> dict[str, dict[str, dict]]:
    """Pair what each joint of the right and of the left leg does."""
    return {"legs": {s: {joint: pair[i] for joint, pair in right_and_left.items()} for i, s in enumerate("rl")}}


POSTURES = [
    ("pelvic tilt", {"pelvis": (25, 0, 0)}, both("pelvis_tilt", 25, 25) | both("hip_flexion", 10, 10), 1.0),
    ("right side up", {"pelvis": (10, 8, 0)}, both("pelvis_obliquity", 8, -8) | both("trunk_lean", -8, 8), 1.0),
    ("hips bent", legs(hip=((40, 0, 0), (-15, 0, 0))), both("hip_flexion", 40, -15), 1.0),
    ("thighs together", legs(hip=((10, 12, 0), (10, -9, 0))), both("hip_adduction", 12, -9), 1.0),
    ("thighs turned", legs(hip=((10, 0, 15), (10, 0, -10))), both("hip_rotation", 15, -10), 2.0),
    ("knees bent", legs(knee=((60, 0, 0), (20, 0, 0))), both("knee_flexion", 60, 20), 1.5),
    ("shanks turned", legs(knee=((20, 0, 10), (20, 0, -10))), both("foot_progression", 10, -10), 2.0),
    ("feet up and down", legs(foot=(15.0, -20.0)), both("ankle_dorsiflexion", 15, -20), 1.5),
    ("trunk turned", {"trunk": (-10, 0, 10)}, both("lumbar_rotation", 10, -10), 2.0),
    ("trunk bent to the right", {"trunk": (-10, 12, 0)}, both("lumbar_bending", 12, -12), 5.0),
    # Zero of thorax and spine is the neutral posture of the body, some degrees off this person's.
    ("trunk forward", {"trunk": (5, 0, 0)}, both("lumbar_flexion", 7, 7), 6.0),
]


@pytest.mark.parametrize(("name", "posture", "expected", "error_deg"), POSTURES, ids=[p[0] for p in POSTURES])
@pytest.mark.parametrize("laboratory", [{}, {"heading": 180.0, "up": "y", "unit": "m"}], ids=["z up", "y up, turned"])
def test_a_posture_built_by_geometry_comes_back(
    folder: Path, body: Body, name: str, posture: dict, expected: dict, error_deg: float, laboratory: dict
) -> None:
    path = geometry.write(folder / "posture.trc", geometry.held(geometry.stand(**posture), 20), **laboratory)
    recording = prepare_recording(read_recording(path), profile=str(folder / "profile.toml"))
    found = compute_angles(body, solve_motion(body, recording))
    for label, value in expected.items():
        assert np.degrees(found.angle(label)[10]) == pytest.approx(value, abs=error_deg), (name, label)


def test_a_heel_that_rolls_over_a_planted_forefoot_is_seen_where_markers_show_it(folder: Path, body: Body) -> None:
    rolled = geometry.stand(**legs(heel=(10.0, -8.0)))
    path = geometry.write(folder / "heel.trc", geometry.held(rolled, 20))
    recording = prepare_recording(read_recording(path), profile=str(folder / "profile.toml"))
    motion = solve_motion(body, recording)
    found = compute_angles(body, motion)
    # About this axis the heel everts 7.2 deg and inverts 5.6 deg; the model's axis lies elsewhere, so part is lost.
    assert 3.0 < np.degrees(found.angle("hindfoot_eversion_right")[10]) < 8.0
    assert -6.5 < np.degrees(found.angle("hindfoot_eversion_left")[10]) < -2.2
    # The forefoot stays on the floor, so against the heel it turns the other way.
    # The coordinate is read: the angle is withheld where its error comes to 5 deg, which it just does here.
    assert np.degrees(motion.coordinate("forefoot_eversion_r")[10]) < -2.0
    assert np.degrees(motion.coordinate("forefoot_eversion_l")[10]) > 2.0


STEP, CADENCE, TOE_OUT = {"r": 0.70, "l": 0.52}, 100.0, (3.0, 14.0)


def assessed(folder: Path, markers: dict, standing: dict, **laboratory: object) -> Assessment:
    walking = geometry.write(folder / "walk.trc", markers, **laboratory)
    static = geometry.write(folder / "static.trc", standing, **laboratory)
    return assess(PERSON, [walking], static, Settings(profile=str(folder / "profile.toml")))


@pytest.fixture(scope="module")
def walked(folder: Path) -> tuple[Assessment, dict, dict]:
    markers, truth = geometry.walk(STEP, CADENCE, toe_out=TOE_OUT)
    return assessed(folder, markers, geometry.held(geometry.stand())), markers, truth


def test_the_angles_of_a_known_walk_come_back(walked) -> None:
    assessment, _, truth = walked
    for label, expected in truth.items():
        error = np.degrees(assessment.trials[0].angles.angle(label)) - expected
        # The ends of the filter are no part of any stride.
        error = error[20:-20]
        assert abs(error.mean()) < 1.0, label
        assert error.std() < 1.5, label


@pytest.mark.parametrize(
    "laboratory",
    [{"heading": 180.0}, {"heading": 90.0, "unit": "m"}, {"heading": -37.0, "up": "y"}],
    ids=["back", "across, in metres", "slantwise, y up"],
)
def test_a_walk_means_the_same_in_every_direction_of_every_laboratory(folder: Path, walked, laboratory: dict) -> None:
    assessment, markers, _ = walked
    other = assessed(folder, markers, geometry.held(geometry.stand()), **laboratory)
    first, second = (np.degrees(a.trials[0].angles.values) for a in (assessment, other))
    np.testing.assert_allclose(first, second, atol=0.05)
    for one, two in zip(assessment.findings, other.findings, strict=True):
        assert (one.id, one.side) == (two.id, two.side)
        assert two.estimate.value == pytest.approx(one.estimate.value, rel=1e-2, abs=0.05), one.id


def test_no_stride_is_taken_from_a_leg_that_was_not_seen(folder: Path, walked) -> None:
    whole, markers, truth = walked
    hidden = {name: np.array(track) for name, track in markers.items()}
    for name, track in hidden.items():
        if name.endswith("_r"):
            track[300:360] = np.nan
    trial = assessed(folder, hidden, geometry.held(geometry.stand())).trials[0]
    assert 0 < len(trial.cycles) < len(whole.trials[0].cycles)
    times = trial.angles.start_s + np.arange(len(trial.angles.values)) / trial.angles.rate_hz
    for cycle in trial.cycles:
        assert cycle.end_s < times[300] or cycle.start_s > times[359]
        inside = (times >= cycle.start_s) & (times <= cycle.end_s)
        error = np.degrees(trial.angles.angle("hip_flexion_right")) - truth["hip_flexion_right"]
        assert np.abs(error[inside]).max() < 4.0


def test_knees_with_exchanged_labels_are_exchanged_back_and_said(folder: Path, walked) -> None:
    truth, markers, _ = walked
    wrong = dict(markers)
    for knee in ("lateral_femoral_epicondyle", "medial_femoral_epicondyle"):
        wrong[f"{knee}_r"], wrong[f"{knee}_l"] = markers[f"{knee}_l"], markers[f"{knee}_r"]
    found = assessed(folder, wrong, geometry.held(geometry.stand()))
    said = [note for note in found.trials[0].recording.notes if note.code.startswith("markers.")]
    assert any(note.kind == "repaired" and "exchanged" in note.text for note in said)
    fit = next(f for f in found.findings if f.id == "quality.marker_fit")
    assert fit.verdict == next(f for f in truth.findings if f.id == "quality.marker_fit").verdict
    steps = np.degrees(np.abs(np.diff(found.trials[0].angles.values, axis=0)))
    assert np.nanmax(steps) < 45.0
    angles = {(f.id, f.side): f.estimate.value for f in truth.findings if f.id.startswith(("hip.", "knee.", "ankle."))}
    for finding in found.findings:
        if (finding.id, finding.side) in angles:
            assert finding.estimate.value == pytest.approx(angles[finding.id, finding.side], abs=0.5), finding.id


def test_a_mirrored_person_has_the_sides_exchanged(folder: Path, walked) -> None:
    assessment, markers, _ = walked
    other = assessed(folder, geometry.mirrored(markers), geometry.mirrored(geometry.held(geometry.stand())))
    exchanged = {"left": "right", "right": "left", "both": "both"}
    found = {(f.id, f.side): f.estimate.value for f in other.findings}
    for finding in assessment.findings:
        value, mirror = finding.estimate.value, found[finding.id, exchanged[finding.side]]
        is_signed = finding.side == "both" and (
            finding.id.endswith(("_difference", "bending_standing", "lean_standing", "obliquity_standing"))
        )
        assert (-mirror if is_signed else mirror) == pytest.approx(value, rel=1e-2, abs=0.05), finding.id


def estimates(assessment: Assessment) -> dict[tuple[str, str], tuple[float, float, float]]:
    return {(f.id, f.side): (f.estimate.low, f.estimate.value, f.estimate.high) for f in assessment.findings}


def test_unequal_steps_and_turned_feet_come_back(walked) -> None:
    found = estimates(walked[0])
    assert found["gait.step_length", "right"][1] == pytest.approx(STEP["r"], abs=0.005)
    assert found["gait.step_length", "left"][1] == pytest.approx(STEP["l"], abs=0.005)
    assert found["gait.step_length_difference", "both"][1] == pytest.approx(STEP["l"] - STEP["r"], abs=0.005)
    # Heels stand closer than ankles, by how far the feet turn out.
    width = 0.12 - 0.055 * sum(np.sin(np.radians(TOE_OUT)))
    assert found["gait.step_width", "both"][1] == pytest.approx(width, abs=0.005)
    for side, angle in zip(SIDES, TOE_OUT, strict=True):
        assert found["foot.progression_mean_stance", side][1] == pytest.approx(-angle, abs=1.0)


@pytest.mark.parametrize(
    ("step", "cadence", "stance"), [(0.36, 50.0, 0.62), (0.655, 110.0, 0.62), (0.857, 140.0, 0.57)]
)
def test_the_intervals_of_a_walk_hold_the_truth_at_any_speed(
    folder: Path, step: float, cadence: float, stance: float
) -> None:
    markers, _ = geometry.walk({"r": step, "l": step}, cadence, stance=stance)
    found = estimates(assessed(folder, markers, geometry.held(geometry.stand())))
    truth = {
        ("gait.walking_speed", "both"): step * cadence / 60,
        ("gait.cadence", "both"): cadence,
        ("gait.stride_time", "both"): 120 / cadence,
        ("gait.step_length", "right"): step,
        ("gait.stance", "left"): 100 * stance,
        ("gait.stance_difference", "both"): 0.0,
        ("gait.single_support", "right"): 100 * (1 - stance),
        ("gait.double_support", "both"): 100 * (2 * stance - 1),
    }
    for key, value in truth.items():
        low, _, high = found[key]
        assert low <= value <= high, key


def one_sacrum(markers: dict) -> dict:
    """Return the markers with one on the sacrum, midway between the posterior spines, in place of the two."""
    rest = {name: track for name, track in markers.items() if not name.startswith("psis")}
    return rest | {"sacrum": 0.5 * (markers["psis_r"] + markers["psis_l"])}


@pytest.mark.parametrize("spines", ["psis", "sacrum"])
@pytest.mark.parametrize("has_standing", [True, False], ids=["standing trial", "no standing trial"])
def test_the_pelvis_tilts_as_its_markers_do_in_every_marker_set(
    folder: Path, walked, spines: str, has_standing: bool
) -> None:
    _, markers, truth = walked
    standing = geometry.held(geometry.stand())
    profile = folder / "profile.toml"
    if spines == "sacrum":
        markers, standing = one_sacrum(markers), one_sacrum(standing)
        text = profile.read_text().replace("[midline]", '[midline]\nsacrum = ["sacrum"]').replace('["psis"], ', "")
        profile = folder / "sacrum.toml"
        profile.write_text(text.replace('psis = ["psis_*"]\n', ""))
    walking = geometry.write(folder / "spines.trc", markers, heading=180.0)
    static = geometry.write(folder / "spines_static.trc", standing, heading=180.0) if has_standing else None
    found = assess(PERSON, [walking], static, Settings(profile=str(profile))).trials[0].angles
    for angle, largest in (("pelvis_tilt", 1.0), ("pelvis_obliquity", 0.5), ("hip_flexion", 2.5)):
        for side in SIDES:
            label = f"{angle}_{side}"
            error = (np.degrees(found.angle(label)) - truth[label])[20:-20]
            # Without a standing trial the skeleton, and not the person, says how the markers lie on the leg.
            assert abs(error.mean()) < largest + (0.0 if has_standing else 1.0), label


def test_a_short_shank_lowers_its_side(folder: Path) -> None:
    shorter = 0.012
    slope = np.degrees(np.arcsin(shorter / (2 * geometry.HIP[1])))
    markers = geometry.stand(
        pelvis=(10, slope, 0),
        shank={"r": geometry.SHANK, "l": geometry.SHANK - shorter},
        **legs(hip=((10, slope, 0), (10, -slope, 0))),
    )
    path = geometry.write(folder / "short.trc", geometry.held(markers), heading=180.0)
    found = estimates(assess(PERSON, [], path, Settings(profile=str(folder / "profile.toml"))))
    for measure in ("leg.length_joint_centres", "leg.length_markers", "leg.length_functional"):
        assert found[f"{measure}_difference", "both"][1] == pytest.approx(-12.0, abs=0.5), measure
    assert found["pelvis.obliquity_standing", "both"][1] == pytest.approx(slope, abs=0.1)


def test_bow_and_knock_knees_have_their_signs(folder: Path) -> None:
    markers = geometry.stand(**legs(hip=((10, -3, 0), (10, 2.5, 0)), knee=((0, 6, 0), (0, -5, 0))))
    path = geometry.write(folder / "knees.trc", geometry.held(markers))
    found = estimates(assess(PERSON, [], path, Settings(profile=str(folder / "profile.toml"))))
    assert found["knee.alignment_standing", "right"][1] == pytest.approx(6.0, abs=0.2)
    assert found["knee.alignment_standing", "left"][1] == pytest.approx(-5.0, abs=0.2)


@pytest.mark.parametrize(
    ("sex", "thigh", "shank", "foot"), [("male", 14.16, 4.33, 1.37), ("female", 14.78, 4.81, 1.29)]
)
def test_the_swinging_leg_weighs_what_de_leva_found(sex, thigh: float, shank: float, foot: float) -> None:
    """Masses in % of the body, de Leva 1996 table 4; the rest is mechanics."""
    body = size_body(template_body(), BodySize(mass_kg=70.0, height_m=1.70, sex=sex, age_years=40))
    poses = segment_poses(body, np.zeros((1, len(body.coordinates))))[0]
    names = [s.name for s in body.segments]
    assert sum(s.mass_kg for s in body.segments) == pytest.approx(70.0)
    feet = [
        n for n in names if n[:-2] in ("talus", "calcaneus", "midfoot", "forefoot_medial", "forefoot_lateral", "toes")
    ]
    mass = {s.name: 100 * s.mass_kg / 70.0 for s in body.segments}
    for side in "rl":
        assert mass[f"femur_{side}"] == pytest.approx(thigh, abs=0.01)
        assert mass[f"tibia_{side}"] == pytest.approx(shank, abs=0.01)
        assert sum(mass[n] for n in feet if n.endswith(f"_{side}")) == pytest.approx(foot, abs=0.01)
    hip = poses[names.index("femur_r"), :3, 3]
    moment = inertia = 0.0
    for segment in (
        s for s in body.segments if s.name in ("femur_r", "tibia_r", *(f for f in feet if f.endswith("_r")))
    ):
        pose = poses[names.index(segment.name)]
        arm = pose[:3, :3] @ segment.centre_of_mass + pose[:3, 3] - hip
        inertia += (pose[:3, :3] @ segment.inertia @ pose[:3, :3].T)[1, 1] + segment.mass_kg * (
            arm[0] ** 2 + arm[2] ** 2
        )
        moment -= segment.mass_kg * arm[2]
    # A physical pendulum; a uniform rod of the length of a leg, 0.88 m, would need 1.54 s.
    assert 2 * np.pi * np.sqrt(inertia / (9.81 * moment)) == pytest.approx(1.47, abs=0.06)
