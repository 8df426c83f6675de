"""Moment arms and strength of leg and foot: against anatomy, the source over every range, OpenSim, measurements."""

import csv
from pathlib import Path

import numpy as np
import pytest

from kinechain.body.body import Body
from kinechain.body.fit import BodySize, fit_body
from kinechain.body.hill import passive_force, strength
from kinechain.body.muscle import Musculature
from kinechain.body.musculature import person_muscles, template_muscles
from kinechain.body.osim import read_osim
from kinechain.body.osim_muscles import read_osim_muscles
from kinechain.body.paths import moment_arms, path_lengths
from kinechain.body.skeleton import generic_body, template_body
from kinechain.body.tables import read_table
from kinechain.evidence.library import read_facts
from kinechain.loads.tissues import compute_tissue_tensions
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording

#: What each muscle does, from anatomy, upright; rotation of the shank with the knee bent by 60 deg.
ACTIONS = {
    "addbrev": "hip_adduction+ hip_flexion+",
    "addlong": "hip_adduction+ hip_flexion+",
    "addmagDist": "hip_adduction+ hip_flexion-",
    "addmagIsch": "hip_adduction+ hip_flexion-",
    "addmagMid": "hip_adduction+",
    "addmagProx": "hip_adduction+",
    "bflh": "hip_flexion- knee_flexion+ knee_rotation-",
    "bfsh": "knee_flexion+ knee_rotation-",
    "edl": "ankle_dorsiflexion+ subtalar_eversion+ mtp_dorsiflexion+",
    "ehl": "ankle_dorsiflexion+ mtp_dorsiflexion+",
    "fdl": "ankle_dorsiflexion- subtalar_eversion- mtp_dorsiflexion- midtarsal_dorsiflexion-",
    "fhl": "ankle_dorsiflexion- subtalar_eversion- mtp_dorsiflexion- midtarsal_dorsiflexion-",
    "gaslat": "ankle_dorsiflexion- knee_flexion+ subtalar_eversion-",
    "gasmed": "ankle_dorsiflexion- knee_flexion+ subtalar_eversion-",
    "soleus": "ankle_dorsiflexion- subtalar_eversion-",
    "glmax1": "hip_flexion- hip_rotation-",
    "glmax2": "hip_flexion- hip_rotation-",
    "glmax3": "hip_flexion- hip_rotation- hip_adduction+",
    "glmed1": "hip_adduction- hip_rotation+",
    "glmed2": "hip_adduction-",
    "glmed3": "hip_adduction- hip_rotation- hip_flexion-",
    "glmin1": "hip_adduction- hip_rotation+",
    "glmin2": "hip_adduction-",
    "glmin3": "hip_adduction-",
    "grac": "hip_adduction+ knee_flexion+ knee_rotation+",
    "iliacus": "hip_flexion+",
    "pect": "hip_flexion+ hip_adduction+",
    "perbrev": "ankle_dorsiflexion- subtalar_eversion+",
    "perlong": "ankle_dorsiflexion- subtalar_eversion+ midtarsal_dorsiflexion-",
    "pertert": "ankle_dorsiflexion+ subtalar_eversion+",
    "piri": "hip_rotation- hip_adduction-",
    "quadfem": "hip_rotation- hip_adduction+",
    "gem": "hip_rotation-",
    "obtint": "hip_rotation-",
    "obtext": "hip_rotation- hip_adduction+",
    "recfem": "hip_flexion+ knee_flexion-",
    "sart": "hip_flexion+ hip_adduction- knee_flexion+ knee_rotation+",
    "semimem": "hip_flexion- knee_flexion+ knee_rotation+",
    "semiten": "hip_flexion- knee_flexion+ knee_rotation+",
    "tfl": "hip_flexion+ hip_adduction-",
    "tibant": "ankle_dorsiflexion+ subtalar_eversion- midtarsal_dorsiflexion+",
    "tibpost": "ankle_dorsiflexion- subtalar_eversion- midtarsal_dorsiflexion-",
    "vasint": "knee_flexion-",
    "vaslat": "knee_flexion-",
    "vasmed": "knee_flexion-",
    "abdhal": "mtp_dorsiflexion- midtarsal_dorsiflexion-",
    "fdb": "mtp_dorsiflexion- midtarsal_dorsiflexion-",
    "abdmin": "mtp_dorsiflexion- midtarsal_dorsiflexion-",
    "quadplan": "mtp_dorsiflexion- midtarsal_dorsiflexion-",
    "fhb": "mtp_dorsiflexion-",
    "addhal": "mtp_dorsiflexion-",
    "inteross": "mtp_dorsiflexion-",
    "edb": "mtp_dorsiflexion+ midtarsal_dorsiflexion+",
    "ehb": "mtp_dorsiflexion+ midtarsal_dorsiflexion+",
}

#: Coordinate of the source model: ours, sign, range in degrees, and the RMS and largest miss (mm) of a muscle allowed.
#: The subtalar axis here is another one (16 against 9 deg from straight ahead).  Knee: what ends on the shank was
#: turned with it by 0.9 deg, so that it stands straight; MTP: our joint stands 0.4 mm higher.  Hip: ours are taut
#: around their cylinders, OpenSim's way around one is not the shortest.
RANGES = {
    "hip_flexion_r": ("hip_flexion_r", 1, -30, 120, 0.4, 1.0),
    "hip_adduction_r": ("hip_adduction_r", 1, -50, 30, 0.4, 1.0),
    "hip_rotation_r": ("hip_rotation_r", 1, -40, 40, 0.4, 1.0),
    "knee_angle_r": ("knee_flexion_r", 1, 0, 120, 0.6, 1.0),
    "ankle_angle_r": ("ankle_dorsiflexion_r", 1, -40, 30, 0.5, 0.6),
    "subtalar_angle_r": ("subtalar_eversion_r", -1, -20, 20, 8.0, 9.0),
    "mtp_angle_r": ("mtp_dorsiflexion_r", -1, -30, 30, 0.5, 0.6),
}

#: OpenSim 4.6 on Rajagopal2016.osim, GeometryPath.computeMomentArm (mm), all else at 0; locked joints freed.
OPENSIM_ANGLES = {
    "hip_flexion_r": [-30, 0, 60, 120],
    "hip_adduction_r": [-50, 0, 30],
    "hip_rotation_r": [-40, 0, 40],
    "knee_angle_r": [0, 30, 60, 120],
    "ankle_angle_r": [-40, 0, 30],
    "mtp_angle_r": [-30, 0, 30],
}
OPENSIM = {
    ("hip_flexion_r", "glmax2"): [-66.1, -62.6, -41.9, -15.2],
    ("hip_flexion_r", "semimem"): [-16.8, -43.1, -51.2, -12.4],
    ("hip_flexion_r", "recfem"): [13.6, 34.3, 50.4, 12.8],
    ("hip_flexion_r", "iliacus"): [34.7, 34.6, 42.9, 1.0],
    ("hip_flexion_r", "addmagIsch"): [-4.7, -38.8, -59.7, -23.7],
    ("hip_flexion_r", "tfl"): [0.5, 27.2, 73.2, 97.1],
    ("hip_adduction_r", "glmed2"): [-52.1, -43.6, -29.1],
    ("hip_adduction_r", "glmin1"): [-49.9, -47.2, -36.3],
    ("hip_adduction_r", "addlong"): [36.5, 58.0, 53.1],
    ("hip_adduction_r", "grac"): [71.7, 54.6, 17.2],
    ("hip_adduction_r", "tfl"): [-90.3, -53.2, -25.5],
    ("hip_rotation_r", "glmed1"): [18.4, 12.6, -0.8],
    ("hip_rotation_r", "glmed3"): [-29.2, -34.3, -24.7],
    ("hip_rotation_r", "piri"): [-26.5, -26.4, -16.9],
    ("hip_rotation_r", "glmax2"): [20.8, -20.9, -34.7],
    ("knee_angle_r", "recfem"): [-47.3, -45.9, -39.2, -29.7],
    ("knee_angle_r", "vaslat"): [-40.3, -42.9, -33.4, -28.3],
    ("knee_angle_r", "vasmed"): [-44.1, -40.1, -32.7, -27.0],
    ("knee_angle_r", "semimem"): [31.8, 42.5, 46.0, 17.7],
    ("knee_angle_r", "bfsh"): [21.3, 29.2, 38.9, 2.7],
    ("knee_angle_r", "gasmed"): [17.6, 21.8, 29.1, 21.9],
    ("knee_angle_r", "sart"): [11.1, 26.8, 36.4, 42.4],
    ("ankle_angle_r", "soleus"): [-41.7, -41.4, -29.4],
    ("ankle_angle_r", "gasmed"): [-37.5, -42.9, -34.1],
    ("ankle_angle_r", "tibant"): [31.5, 42.6, 42.5],
    ("ankle_angle_r", "tibpost"): [-13.7, -8.9, -4.0],
    ("ankle_angle_r", "perlong"): [-10.8, -9.0, -6.3],
    ("ankle_angle_r", "edl"): [28.6, 36.1, 35.4],
    ("ankle_angle_r", "fhl"): [-19.8, -13.7, -7.5],
    ("mtp_angle_r", "ehl"): [-8.6, -6.6, -3.5],
    ("mtp_angle_r", "fhl"): [6.0, 5.8, 3.6],
    ("mtp_angle_r", "edl"): [-7.0, -5.6, -3.6],
    ("mtp_angle_r", "fdl"): [5.0, 6.5, 7.0],
}

BODY, OWN = template_body(), template_muscles()


def sweep(body: Body, coordinate: str, degrees: np.ndarray, **fixed: float) -> np.ndarray:
    """Return poses in which one coordinate takes these values and all but the fixed ones are zero."""
    names = [c.name for c in body.coordinates]
    values = np.zeros((len(degrees), len(names)))
    for name, angle in fixed.items():
        values[:, names.index(name)] = np.radians(angle)
    values[:, names.index(coordinate)] = np.radians(degrees)
    return values


def arms_of(body: Body, own: Musculature, coordinate: str, values: np.ndarray) -> np.ndarray:
    """Return moment arms about one coordinate, (time, path), mm."""
    column = [c.name for c in body.coordinates].index(coordinate)
    return np.asarray(1000.0 * moment_arms(body, own, values)[:, :, column])


def wrong_actions(body: Body, own: Musculature, least_mm: float = 0.0) -> list[str]:
    """Return every action of every muscle that the body contradicts, on both sides."""
    bent = sweep(body, "knee_flexion_r", np.array([0.0, 60.0]))
    bent[1, [c.name for c in body.coordinates].index("knee_flexion_l")] = np.radians(60.0)
    arms = 1000.0 * moment_arms(body, own, bent)
    columns = {c.name: i for i, c in enumerate(body.coordinates)}
    rows = {name: i for i, name in enumerate(own.names)}
    wrong = []
    for muscle, actions in ACTIONS.items():
        for side in "rl":
            for action in actions.split():
                coordinate, sign = action[:-1], 1.0 if action.endswith("+") else -1.0
                pose = 1 if coordinate == "knee_rotation" else 0
                arm = sign * arms[pose, rows[f"{muscle}_{side}"], columns[f"{coordinate}_{side}"]]
                if arm <= -least_mm if least_mm else arm <= 0.0:
                    wrong.append(f"{muscle}_{side} {action} {arm:.1f} mm")
    return wrong


def test_every_muscle_of_leg_and_foot_does_what_anatomy_says() -> None:
    listed = {row["muscle"] for part in ("leg", "foot") for row in read_table(f"muscles_{part}")}
    assert listed == set(ACTIONS)
    assert wrong_actions(BODY, OWN) == []


@pytest.fixture(scope="module")
def source(shared: Path) -> tuple[Body, Musculature]:
    path = shared / "models/rajagopal/Rajagopal2016.osim"
    body = read_osim(path)
    return body, read_osim_muscles(path, body)


@pytest.mark.parametrize("theirs", RANGES)
def test_arms_are_those_of_the_source_over_the_whole_range(
    source: tuple[Body, Musculature], theirs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    body, muscles = source
    own, sign, low, high, rms_allowed, most_allowed = RANGES[theirs]
    degrees = np.arange(low, high + 1.0, 5.0)
    there = sign * arms_of(body, muscles, theirs, sweep(body, theirs, degrees))
    here = arms_of(BODY, OWN, own, sweep(BODY, own, sign * degrees))
    rows = []
    for i, name in enumerate(muscles.names):
        if not name.endswith("_r") or name == "psoas_r" or np.abs(there[:, i]).max() < 1.0:
            continue
        off = here[:, OWN.names.index(name)] - there[:, i]
        rows.append(
            (name, float(np.sqrt(np.mean(off**2))), float(np.abs(off).max()), float(np.abs(there[:, i]).mean()))
        )
    rows.sort(key=lambda row: -row[1])
    with capsys.disabled():
        print(f"\n{own}: moment arms against the source, {len(rows)} muscles; RMS / largest miss of mean arm, mm")
        print("  " + "; ".join(f"{n} {rms:.1f}/{most:.1f} of {mean:.0f}" for n, rms, most, mean in rows[:6]))
    assert len(rows) >= 4
    assert max(row[1] for row in rows) < rms_allowed
    assert max(row[2] for row in rows) < most_allowed


@pytest.mark.parametrize(("theirs", "muscle"), OPENSIM)
def test_arms_are_those_opensim_computes(theirs: str, muscle: str) -> None:
    own, sign = RANGES[theirs][:2]
    degrees = np.array(OPENSIM_ANGLES[theirs], dtype=float)
    here = sign * arms_of(BODY, OWN, own, sweep(BODY, own, sign * degrees))[:, OWN.names.index(f"{muscle}_r")]
    np.testing.assert_allclose(here, OPENSIM[theirs, muscle], atol=2.0)


def test_the_achilles_arm_lies_among_the_measured_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """Measured at rest: 36 to 57 mm by method (Manal 2013 and its table); the person is the average man."""
    body = generic_body("male")
    own = person_muscles(body)
    degrees = np.array([-15.0, -10.0, 0.0, 20.0])
    arm = -arms_of(body, own, "ankle_dorsiflexion_r", sweep(body, "ankle_dorsiflexion_r", degrees))
    soleus = arm[:, own.names.index("soleus_r")]
    facts = [f for f in read_facts("moment_arms") if f.text("item").startswith("Achilles") and f.has_number("value")]
    resting = [f.number() for f in facts if "MVC" not in f.text("subgroup")]
    with capsys.disabled():
        print(
            f"\nAchilles: measured {min(resting):.0f} to {max(resting):.0f} mm; soleus {soleus.round(1)} at {degrees}"
        )
    assert min(resting) - 2 < soleus[1] < max(resting)
    assert 35.0 < soleus[2] < 55.0
    assert soleus[3] == pytest.approx(34.6, abs=2 * 1.8 + 2), "20 deg of dorsiflexion, Manal 2013: 34.6 (1.8)"


def test_the_patellar_tendon_arm_is_that_of_magnetic_resonance(capsys: pytest.CaptureFixture[str]) -> None:
    body = generic_body("male")
    own = person_muscles(body)
    facts = [f for f in read_facts("moment_arms") if f.source.key == "ptma_iran"]
    degrees = np.array([float(f.text("subgroup").split()[2]) for f in facts])
    arm = -arms_of(body, own, "knee_flexion_r", sweep(body, "knee_flexion_r", degrees))
    vasti = arm[:, [own.names.index(f"{m}_r") for m in ("vasint", "vaslat", "vasmed")]].mean(axis=1)
    with capsys.disabled():
        for f, angle, found in zip(facts, degrees, vasti, strict=True):
            print(
                f"\npatellar tendon at {angle:.0f} deg: {f.number():.1f} ({f.number('sd'):.1f}) mm, vasti {found:.1f}",
                end="",
            )
    assert len(facts) == 4
    for f, found in zip(facts, vasti, strict=True):
        assert found == pytest.approx(f.number(), abs=2 * f.number("sd")), f.text("subgroup")


#: Coordinate, sign, range (deg), fixed, and the largest moment (N m) and where, as a wide band.  The source model in
#: OpenSim with its compliant tendons gives, for a man of 75 kg: knee extension 382 at 30 deg, flexion 274 at 60,
#: plantarflexion 438 at 10, dorsiflexion 77 at -10, hip extension 515 at 20, flexion 213 at 0, abduction 270 at
#: -10.  It is stronger than people on dynamometers (knee extension 200 to 300 at 60), and our tendons are rigid: peaks
#: stand higher and at less flexion.
STRENGTH = {
    "knee extension": ("knee_flexion_r", -1, 0, 120, {"hip_flexion_r": 80.0}, (200, 450), (10, 70)),
    "knee flexion": ("knee_flexion_r", 1, 0, 120, {"hip_flexion_r": 80.0}, (100, 350), (30, 90)),
    "plantarflexion": ("ankle_dorsiflexion_r", -1, -40, 30, {}, (200, 520), (-20, 20)),
    "dorsiflexion": ("ankle_dorsiflexion_r", 1, -40, 30, {}, (40, 120), (-20, 20)),
    "hip extension": ("hip_flexion_r", -1, -20, 120, {}, (200, 600), (0, 60)),
    "hip flexion": ("hip_flexion_r", 1, -20, 120, {}, (100, 500), (-20, 60)),
    "hip abduction": ("hip_adduction_r", -1, -40, 30, {}, (120, 400), (-30, 10)),
}


@pytest.mark.parametrize("action", STRENGTH)
def test_strength_over_the_range_is_plausible(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    coordinate, sign, low, high, fixed, moments, places = STRENGTH[action]
    degrees = np.arange(low, high + 1.0, 10.0)
    values = sweep(BODY, coordinate, degrees, **fixed)
    count = len(OWN.muscles)
    lengths = path_lengths(BODY, OWN, values)[:, :count]
    arms = sign * arms_of(BODY, OWN, coordinate, values)[:, :count] / 1000.0
    moment = (strength(OWN, lengths, np.zeros_like(lengths)) * np.maximum(arms, 0.0)).sum(axis=1)
    with capsys.disabled():
        print(f"\n{action}: " + " ".join(f"{d:.0f}:{m:.0f}" for d, m in zip(degrees, moment, strict=True)), end="")
    assert moments[0] < moment.max() < moments[1]
    assert places[0] <= degrees[np.argmax(moment)] <= places[1]


def test_arms_stay_plausible_in_people_fitted_to_their_markers(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Joint centres move by what was measured: signs hold, and arms keep to what size explains."""
    folder = shared / "data/dev/schreiber_moissenet"
    lines = []
    watched = (
        ("soleus", "ankle_dorsiflexion", 35.0, 50.0),
        ("tibant", "ankle_dorsiflexion", 28.0, 50.0),
        ("vaslat", "knee_flexion", 32.0, 50.0),
        ("semimem", "knee_flexion", 20.0, 40.0),
        ("gasmed", "knee_flexion", 10.0, 25.0),
        ("glmed2", "hip_adduction", 34.0, 52.0),
        ("glmax2", "hip_flexion", 50.0, 78.0),
    )
    with (folder / "anthropometrics.csv").open(encoding="utf-8") as file:
        people = list(csv.DictReader(file))
    for row in people:
        name = row["subjectID"]
        static = prepare_recording(read_recording(folder / name / f"{name}_ST.c3d"))
        body = fit_body(BodySize(mass_kg=float(row["mass"]), height_m=float(row["height"])), static=static)
        own = person_muscles(body)
        assert wrong_actions(body, own, least_mm=2.0) == [], name
        arms = 1000.0 * moment_arms(body, own, np.zeros((1, len(body.coordinates))))[0]
        columns = {c.name: i for i, c in enumerate(body.coordinates)}
        found = []
        for muscle, coordinate, low, high in watched:
            for side in "rl":
                arm = abs(arms[own.names.index(f"{muscle}_{side}"), columns[f"{coordinate}_{side}"]])
                found.append(arm)
                assert low < arm < high, (name, muscle, side, arm)
        lines.append(f"  {name} " + " ".join(f"{a:.0f}" for a in found))
    with capsys.disabled():
        print("\nfitted people, arms right and left (mm) of " + ", ".join(w[0] for w in watched))
        print("\n".join(lines))
    assert len(people) == 6


def passive_joint_moment(joint: str, ankle: float, knee: float, hip: float) -> float:
    """Return what joints at rest give, N m, positive as our coordinates; angles in degrees, dorsiflexion positive.

    Riener and Edrich 1999 as stored in ``passive_stiffness`` (riener1999), where plantarflexion is positive.
    """
    a, k, h = -ankle, knee, hip
    if joint == "ankle_dorsiflexion_r":
        return float(-(np.exp(2.1016 - 0.0843 * a - 0.0176 * k) - np.exp(-7.9763 + 0.1949 * a + 0.0008 * k) - 1.792))
    if joint == "knee_flexion_r":
        flexing = np.exp(1.8 - 0.046 * a - 0.0352 * k + 0.0217 * h) + np.exp(2.22 - 0.15 * k)
        return float(flexing - np.exp(-3.971 - 0.0004 * a + 0.0495 * k - 0.0128 * h) - 4.82)
    return float(np.exp(1.4655 - 0.0034 * k - 0.075 * h) - np.exp(1.3403 - 0.0226 * k + 0.0305 * h) + 8.072)


def test_muscles_at_rest_resist_no_more_than_joints_do(capsys: pytest.CaptureFixture[str]) -> None:
    """With the passive curves as published they resisted with 175 N m RMS too much over these poses."""
    poses = [("ankle_dorsiflexion_r", a, k, 0.0) for a in (-30, -20, -10, 0, 10) for k in (0, 40, 80)]
    poses += [("knee_flexion_r", 0.0, k, h) for k in (10, 20, 40, 60, 80, 100) for h in (0, 30, 60)]
    poses += [("hip_flexion_r", 0.0, k, h) for k in (0, 40, 80) for h in (-15, -5, 0, 10, 20, 40, 60)]
    off = []
    for joint, ankle, knee, hip in poses:
        fixed = {"ankle_dorsiflexion_r": ankle, "knee_flexion_r": knee, "hip_flexion_r": hip}
        values = sweep(BODY, joint, np.array([fixed[joint]]), **fixed)
        count = len(OWN.muscles)
        lengths, arms = path_lengths(BODY, OWN, values), arms_of(BODY, OWN, joint, values)[0] / 1000.0
        pulls = np.concatenate(
            [passive_force(OWN, lengths[:, :count])[0], compute_tissue_tensions(OWN, lengths[:, count:])[0]]
        )
        off.append(float(pulls @ arms) - passive_joint_moment(joint, ankle, knee, hip))
    rms, worst = float(np.sqrt(np.mean(np.square(off)))), int(np.argmax(np.abs(off)))
    with capsys.disabled():
        print(f"\npassive moments against Riener 1999: RMS {rms:.1f} N m, worst {off[worst]:+.1f} at {poses[worst]}")
    assert rms < 6.0
    assert abs(off[worst]) < 18.0


def test_a_hip_at_rest_resists_extension_as_measured() -> None:
    for hip in (-20.0, -10.0, 0.0, 10.0):
        values = sweep(BODY, "hip_flexion_r", np.array([hip]), knee_flexion_r=20.0)
        count = len(OWN.muscles)
        lengths, arms = path_lengths(BODY, OWN, values), arms_of(BODY, OWN, "hip_flexion_r", values)[0] / 1000.0
        moment = passive_force(OWN, lengths[:, :count])[0] @ arms[:count]
        moment += compute_tissue_tensions(OWN, lengths[:, count:])[0] @ arms[count:]
        assert moment == pytest.approx(passive_joint_moment("hip_flexion_r", 0.0, 20.0, hip), abs=2.0)
