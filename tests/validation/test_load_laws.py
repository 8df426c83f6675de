"""The whole way to joint loads against laws and sums that the model does not contain."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from load_table import centre_of_mass, generic_man, one_legged, places, posed, standing_loads, still_loads, two_legged
from test_symmetry import SIZE, mirrored

from kinechain.body.body import Body
from kinechain.body.fit import fit_body
from kinechain.body.muscle import Muscle, Musculature, Tissue
from kinechain.body.musculature import person_muscles
from kinechain.body.paths import path_lengths
from kinechain.body.pose import segment_poses
from kinechain.core.frames import transform_points
from kinechain.loads.analyze_loads import LoadModel, analyze_loads, load_model
from kinechain.loads.loads import Loads, LoadSettings
from kinechain.loads.lumbar import lumbar_rows
from kinechain.loads.newton_euler import solve_forces
from kinechain.motion.trial import GaitTrial, analyze_gait
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Recording

G = 9.80665
LEG = ("femur", "tibia", "talus", "calcaneus", "midfoot", "forefoot_medial", "forefoot_lateral", "toes")
#: No arm of hip abduction is longer upright, m (rajagopal2016: gluteus medius 1 51 mm, tensor 53 mm).
LONGEST_ARM = 0.060


def is_leg(name: str, side: str) -> bool:
    return name.endswith(f"_{side}") and name[:-2] in LEG


@pytest.fixture(scope="module")
def man() -> tuple[Body, Musculature]:
    body = generic_man()
    return body, person_muscles(body)


@pytest.fixture(scope="module")
def model(man: tuple[Body, Musculature]) -> LoadModel:
    return load_model(*man)


@pytest.fixture(scope="module")
def alone(model: LoadModel) -> tuple[np.ndarray, Loads]:
    values = one_legged(model)
    return values, standing_loads(model, values, "r")


@pytest.fixture(scope="module")
def files(shared: Path) -> tuple[Recording, Recording]:
    folder = shared / "data/dev/schreiber_moissenet/2014001"
    return read_recording(folder / "2014001_ST.c3d"), read_recording(folder / "2014001_C4_05.c3d")


def fitted(static: Recording, walk: Recording) -> tuple[Body, GaitTrial]:
    standing, walking = prepare_recording(static), prepare_recording(walk)
    body = fit_body(SIZE, static=standing, recording=walking)
    return body, analyze_gait(body, walking, least_cycles=0)


@pytest.fixture(scope="module")
def walk(files: tuple[Recording, Recording]) -> tuple[Body, GaitTrial, Loads]:
    body, trial = fitted(*files)
    return body, trial, analyze_loads(body, person_muscles(body), trial)


# --- One-legged stance ----------------------------------------------------------------------------


def test_the_body_stands_over_its_one_foot(model: LoadModel, alone: tuple[np.ndarray, Loads]) -> None:
    values, _ = alone
    _, *centre = centre_of_mass(model, values)
    ankle = places(model, values)["talus_r"][:3, 3]
    assert centre[1] == pytest.approx(ankle[1], abs=1e-4)
    assert centre[0] == pytest.approx(ankle[0] + 0.05, abs=1e-4)


def test_the_hip_carries_the_body_less_the_leg_at_its_lever(model: LoadModel, alone: tuple[np.ndarray, Loads]) -> None:
    """The pelvis as a balance: what the hip abducts with is the weight above times its lever to the hip's centre."""
    values, loads = alone
    mass, *centre = centre_of_mass(model, values, lambda name: is_leg(name, "r"))
    hip = places(model, values)["femur_r"][:3, 3]
    lever = centre[1] - hip[1]
    assert 0.08 < lever < 0.12
    # The axis of adduction turns with flexion, by which weight has no moment about anything but the level.
    tilt = values[0, model.dynamics.inputs.index("hip_flexion_r")]
    by_hand = mass * G * lever * np.cos(tilt)
    assert loads.moments.column("hip_adduction_r")[0] == pytest.approx(-by_hand, abs=0.05)
    assert loads.moments.column("hip_flexion_r")[0] == pytest.approx(-mass * G * (centre[0] - hip[0]), abs=0.05)
    # No abductor has a longer arm than LONGEST_ARM: what the hip carries is at least this.
    least = mass * G + by_hand / LONGEST_ARM
    assert loads.reaction("hip_r").resultant_n[0] > least
    assert least > 2.0 * model.body.mass_kg * G


def test_the_hip_carries_weight_and_pull_by_virtual_work(model: LoadModel, alone: tuple[np.ndarray, Loads]) -> None:
    """Move the leg away from the pelvis by a little: what contact does then is what weight and paths do."""
    values, loads = alone
    full = np.zeros((1, len(model.body.coordinates)))
    full[:, model.dynamics.tree.inputs] = values
    pulls = np.concatenate([loads.muscle_forces.values[0], loads.tissue_forces.values[0]])
    mass = centre_of_mass(model, values, lambda name: is_leg(name, "r"))[0]
    at, step = places(model, values), 1e-5

    def lengths(shift: np.ndarray) -> np.ndarray:
        joints = []
        for joint in model.body.joints:
            if joint.name == "hip_r":
                frame = joint.parent_from_joint.copy()
                frame[:3, 3] += at["pelvis"][:3, :3].T @ shift
                joint = replace(joint, parent_from_joint=frame)
            joints.append(joint)
        return np.asarray(path_lengths(replace(model.body, joints=tuple(joints)), model.musculature, full)[0])

    longer = np.array([(lengths(step * e) - lengths(-step * e)) / (2 * step) for e in np.eye(3)])
    by_hand = longer @ pulls - np.array([0.0, 0.0, mass * G])
    reaction = at["femur_r"][:3, :3] @ loads.reaction("hip_r").force[0]
    np.testing.assert_allclose(reaction, by_hand, atol=1.0)


def test_standing_on_the_other_leg_is_the_mirror_image(model: LoadModel, alone: tuple[np.ndarray, Loads]) -> None:
    _, right = alone
    left = standing_loads(model, one_legged(model, "l"), "l")
    for joint in ("hip", "knee", "ankle"):
        flipped = left.reaction(f"{joint}_l").force[0] * np.array([1, -1, 1])
        np.testing.assert_allclose(flipped, right.reaction(f"{joint}_r").force[0], atol=0.5)


def test_two_legs_share_the_weight_evenly(model: LoadModel) -> None:
    loads = standing_loads(model, two_legged(model), "rl")
    for joint in ("hip", "knee", "ankle"):
        assert loads.reaction(f"{joint}_r").resultant_n == pytest.approx(
            loads.reaction(f"{joint}_l").resultant_n, abs=0.5
        )
    shank = sum(s.mass_kg for s in model.body.segments if is_leg(s.name, "r") and not s.name.startswith("femur"))
    assert loads.reaction("knee_r").compression_n[0] > (model.body.mass_kg / 2 - shank) * G


# --- A hanging leg --------------------------------------------------------------------------------


def test_a_hanging_leg_pulls_at_its_joints_by_what_hangs_on_them(man: tuple[Body, Musculature]) -> None:
    body, musculature = man
    silent = replace(musculature, muscles=tuple(map(without_force, musculature.muscles)), tissues=())
    model = load_model(body, silent)
    values = posed(model, {})
    nothing = np.zeros((1, len(body.segments), 6))
    for joint, below in (("hip", LEG), ("knee", LEG[1:]), ("ankle", LEG[2:])):
        mass = sum(body.segment(f"{name}_r").mass_kg for name in below)
        force = still_loads(model, values, nothing).reaction(f"{joint}_r").force[0]
        # At zero the axes of the segments stand upright; the ground holds nobody, so pelvis carries all as residual.
        assert np.linalg.norm(force) == pytest.approx(mass * G, rel=1e-3)
        assert force[2] == pytest.approx(mass * G, rel=5e-3)


def without_force(muscle: Muscle) -> Muscle:
    return replace(muscle, max_isometric_force_n=1e-6, has_passive_force=False)


# --- Twice the mass -------------------------------------------------------------------------------


def test_twice_the_mass_of_the_same_shape_carries_twice_the_loads(
    man: tuple[Body, Musculature], model: LoadModel, alone: tuple[np.ndarray, Loads]
) -> None:
    body, musculature = man
    values, light = alone
    segments = tuple(replace(s, mass_kg=2 * s.mass_kg, inertia=2 * s.inertia) for s in body.segments)
    twice = replace(
        musculature,
        muscles=tuple(replace(m, max_isometric_force_n=2 * m.max_isometric_force_n) for m in musculature.muscles),
        tissues=tuple(map(stiffer, musculature.tissues)),
    )
    heavy_model = load_model(replace(body, segments=segments), twice)
    heavy = standing_loads(heavy_model, values, "r")
    assert heavy.mass_kg == pytest.approx(2 * light.mass_kg)
    for joint in ("hip_r", "knee_r", "ankle_r", "hip_l", "l5_s1", "l3_l4"):
        # A reserve costs the same in N m, so it weighs a little less against twice the moments.
        np.testing.assert_allclose(
            heavy.reaction(joint).force, 2 * light.reaction(joint).force, atol=0.02 * light.mass_kg * G
        )


def stiffer(tissue: Tissue) -> Tissue:
    law = tissue.tension
    return tissue if law is None else replace(tissue, tension=replace(law, coefficients=2 * law.coefficients))


# --- A load in the hands --------------------------------------------------------------------------


def test_a_load_in_the_hands_bends_the_spine_by_weight_times_lever(model: LoadModel) -> None:
    values = two_legged(model)
    for name in ("shoulder_flexion_r", "shoulder_flexion_l"):
        values[0, model.dynamics.inputs.index(name)] = np.radians(50.0)
    at, names = places(model, values), [s.name for s in model.body.segments]
    load, external = 5.0 * G, np.zeros((1, len(names), 6))
    points = {s: transform_points(at[f"hand_{s}"], model.body.segment(f"hand_{s}").centre_of_mass) for s in "rl"}
    for side, point in points.items():
        force = np.array([0.0, 0.0, -load])
        external[0, names.index(f"hand_{side}"), :3] = force
        external[0, names.index(f"hand_{side}"), 3:] = np.cross(point, force)
    row = next(r for r in lumbar_rows(model.body, model.dynamics.tree) if r.name == "l5_s1_flexion")
    still = np.zeros_like(values)
    free, loaded = (
        solve_forces(model.dynamics, values, still, still, e).nodes[0, row.node] for e in (0 * external, external)
    )
    lever = np.mean([p[0] for p in points.values()]) - at["lumbar5"][0, 3]
    assert lever > 0.3
    assert loaded - free == pytest.approx(-2 * load * lever, abs=0.5)
    # Where the disc is pressed: more than by the weight itself, as the back's arm is shorter than the load's.
    before, after = (still_loads(model, values, e).reaction("l5_s1").compression_n[0] for e in (0 * external, external))
    assert after - before > 2 * load * lever / 0.12


# --- Walking --------------------------------------------------------------------------------------


def test_all_forces_from_outside_make_mass_times_acceleration(walk: tuple[Body, GaitTrial, Loads]) -> None:
    """Ground, gravity and what is left on the pelvis against the path of the centre of mass, differenced twice."""
    body, trial, loads = walk
    poses = segment_poses(body, trial.motion.values)
    centre = (
        sum(
            s.mass_kg * (poses[:, i, :3, :3] @ s.centre_of_mass + poses[:, i, :3, 3])
            for i, s in enumerate(body.segments)
        )
        / body.mass_kg
    )
    step = 1.0 / trial.motion.rate_hz
    acceleration = (centre[2:] - 2 * centre[1:-1] + centre[:-2]) / step**2
    residual = np.stack([loads.moments.column(f"pelvis_t{axis}") for axis in "xyz"], axis=1)
    ground = sum(foot.force for foot in loads.ground.feet)
    total = (ground + residual)[1:-1] - np.array([0.0, 0.0, body.mass_kg * G])
    apart = (total - body.mass_kg * acceleration) / (body.mass_kg * G)
    known = np.isfinite(apart).all(axis=1)
    assert np.count_nonzero(known) > 60
    assert np.sqrt(np.mean(apart[known] ** 2)) < 0.005
    assert np.abs(apart[known]).max() < 0.03


def test_a_mirrored_walk_loads_the_other_side(
    files: tuple[Recording, Recording], walk: tuple[Body, GaitTrial, Loads]
) -> None:
    _, _, here = walk
    body, trial = fitted(*(mirrored(r) for r in files))
    there = analyze_loads(body, person_muscles(body), trial)
    weight = here.mass_kg * G
    for joint in ("hip", "knee", "ankle"):
        for side, other in ("rl", "lr"):
            ours, theirs = here.reaction(f"{joint}_{side}").resultant_n, there.reaction(f"{joint}_{other}").resultant_n
            known = np.isfinite(ours) & np.isfinite(theirs)
            assert np.count_nonzero(known) > 60
            assert np.sqrt(np.mean((ours[known] - theirs[known]) ** 2)) < 0.03 * weight
    ours, theirs = (loads.reaction("l5_s1").compression_n for loads in (here, there))
    known = np.isfinite(ours) & np.isfinite(theirs)
    assert np.sqrt(np.mean((ours[known] - theirs[known]) ** 2)) < 0.03 * weight


def weakened(walk: tuple[Body, GaitTrial, Loads], **strength: float) -> tuple[Loads, Loads]:
    """Return the same walk on its plates with all muscles strong, and with some weak."""
    body, trial, _ = walk
    muscles = person_muscles(body)
    strong, weak = (
        analyze_loads(body, muscles, trial, LoadSettings(ground="measured", strength=left)) for left in ({}, strength)
    )
    return strong, weak


def test_weak_abductors_make_others_work_more(walk: tuple[Body, GaitTrial, Loads]) -> None:
    strong, weak = weakened(walk, gluteus_medius_r=0.5, gluteus_minimus_r=0.5)

    def mean(loads: Loads, *names: str) -> float:
        return float(sum(np.nanmean(loads.muscle_forces.column(n)) for n in names))

    abductors = tuple(f"gl{name}{i}_r" for name in ("med", "min") for i in (1, 2, 3))
    others = ("tfl_r", "piri_r", "sart_r", "glmax1_r")
    assert mean(weak, *abductors) < 0.95 * mean(strong, *abductors)
    assert mean(weak, *others) > 1.1 * mean(strong, *others)
    activations = [np.nanmean(loads.activations.column("glmed1_r")) for loads in (weak, strong)]
    assert activations[0] > 1.1 * activations[1]
    assert mean(weak, "glmed1_l") == pytest.approx(mean(strong, "glmed1_l"), rel=0.02)


def test_a_knee_too_weak_to_walk_is_named_with_its_frames(walk: tuple[Body, GaitTrial, Loads]) -> None:
    quadriceps = ("vastus_lateralis", "vastus_medialis", "vastus_intermedius", "rectus_femoris")
    strong, weak = weakened(walk, **{f"{group}_l": 0.1 for group in quadriceps})
    missing = [float(np.nanmax(np.abs(loads.reserves.column("knee_flexion_l")))) for loads in (weak, strong)]
    demand = -float(np.nanmin(strong.moments.column("knee_flexion_l")))
    assert demand > 40.0
    assert missing[1] < 1.0
    assert 0.1 * demand < missing[0] < demand
    named = [note for note in weak.notes if "left knee extension" in note.lower()]
    assert named and "frames" in named[0] and "N m missing" in named[0]
    assert "strength left: vastus_" in named[0] and "_l 0.1" in named[0]
    assert not any("left knee extension" in note.lower() for note in strong.notes)
