"""Muscle forces of small bodies against calculations by hand."""

from dataclasses import replace

import numpy as np
import pytest

from kinechain.body.body import Body, Coordinate, Function, Joint, Mobility, Segment
from kinechain.body.hill import active_force_length, force_velocity
from kinechain.body.muscle import Muscle, Musculature, Path, PathPoint, Tissue
from kinechain.core.errors import SettingError
from kinechain.loads import muscle_forces as module
from kinechain.loads.kinematics import Kinematics
from kinechain.loads.muscle_forces import (
    CHUNK,
    MuscleSettings,
    groups_of,
    measure_muscles,
    path_speeds,
    plan_muscles,
    share_forces,
    solve_muscles,
)

ARM, REACH = 0.03, 0.3
FRAMES = 30


def straight(*ends: tuple[str, tuple[float, float, float]]) -> Path:
    return Path(tuple(PathPoint(segment, np.array(place)) for segment, place in ends))


def muscle(name: str, ahead: float, group: str, **values) -> Muscle:
    """A muscle from above the knee to the shank, in front of the hinge or behind it."""
    path = straight(("thigh", (ahead, 0.0, REACH)), ("shank", (ahead, 0.0, 0.0)))
    given = {"max_isometric_force_n": 2000.0, "optimal_fibre_length_m": 0.1, "tendon_slack_length_m": 0.2}
    return Muscle(name, path, group=group, curves="thelen2003", **(given | values))


def knee() -> Body:
    segments = tuple(Segment(n, 3.0, np.zeros(3), np.eye(3) * 0.05) for n in ("thigh", "shank", "foot"))
    hinge = Mobility("rotation", np.array([0.0, 1.0, 0.0]), "knee_flexion_l", Function.linear(1.0))
    wag = Mobility("rotation", np.array([0.0, 0.0, 1.0]), "foot_rotation_l", Function.linear(1.0))
    still = np.eye(4)
    joints = (
        Joint("weld", "ground", "thigh", still, still, ()),
        Joint("knee_l", "thigh", "shank", still, still, (hinge,)),
        Joint("ankle_l", "shank", "foot", still, still, (wag,)),
    )
    names = ("knee_flexion_l", "foot_rotation_l")
    return Body("knee", segments, joints, tuple(Coordinate(n, "rotation") for n in names))


#: The shank lies at the hinge: at 0 both paths are REACH long and their arms ARM, whichever way the hinge turns.
FRONT, BACK = muscle("vasti_l", ARM, "quadriceps"), muscle("hamstrings_l", -ARM, "hamstrings")


def motion(frames: int = FRAMES, speed: float = 0.0) -> Kinematics:
    zeros = np.zeros((frames, 2))
    rates = np.tile([speed, 0.0], (frames, 1))
    return Kinematics(("knee_flexion_l", "foot_rotation_l"), zeros, rates, zeros, 100.0, 0.0)


def demand(moments) -> np.ndarray:
    """Forces at the two nodes: the knee asks for something, the foot for nothing."""
    return np.column_stack([moments, np.zeros(len(moments))])


def sign_of_front() -> float:
    """Which way the muscle in front turns the knee: its length falls with the angle, or grows."""
    turned = np.array([[0.1, 0.0]])
    both = Musculature((FRONT, BACK))
    plan = plan_muscles(knee(), both)
    part = share_forces(plan, turned, np.zeros((1, 2)), np.zeros((1, 2)))
    return 1.0 if part.lengths[0, 0] < REACH else -1.0


def test_one_muscle_gives_moment_over_arm():
    both = Musculature((replace(FRONT, has_passive_force=False), replace(BACK, has_passive_force=False)))
    wanted = sign_of_front() * np.linspace(5.0, 40.0, FRAMES)
    found = solve_muscles(knee(), both, motion(), demand(wanted), MuscleSettings(least_activation=0.0, reserve_nm=1e-3))
    np.testing.assert_allclose(found.forces.column("vasti_l"), np.abs(wanted) / ARM, rtol=1e-5)
    np.testing.assert_allclose(found.activations.column("vasti_l"), np.abs(wanted) / ARM / 2000.0, rtol=1e-5)
    assert np.abs(found.forces.column("hamstrings_l")).max() == 0.0
    assert np.abs(found.reserves.values).max() < 1e-3
    assert found.notes == ("No muscle turns foot_rotation_l: what these take is left to the joints themselves.",)


def test_least_activation_of_the_other_is_paid_for():
    both = Musculature((replace(FRONT, has_passive_force=False), replace(BACK, has_passive_force=False)))
    wanted = sign_of_front() * np.full(3, 12.0)
    found = solve_muscles(knee(), both, motion(3), demand(wanted), MuscleSettings(reserve_nm=1e-3))
    np.testing.assert_allclose(found.activations.column("hamstrings_l"), 0.01)
    np.testing.assert_allclose(found.forces.column("vasti_l"), 12.0 / ARM + 20.0, rtol=1e-5)


def test_equal_muscles_share_by_strength_or_by_volume():
    twin = replace(FRONT, name="rectus_l", max_isometric_force_n=1000.0)
    muscles = tuple(replace(m, has_passive_force=False) for m in (FRONT, twin))
    wanted = demand(sign_of_front() * np.full(2, 12.0))
    for weighting, ratio in (("activation", 0.5), ("volume", 1.0)):
        settings = MuscleSettings(least_activation=0.0, reserve_nm=1e-3, weighting=weighting)
        a = solve_muscles(knee(), Musculature(muscles), motion(2), wanted, settings).activations.values
        # The gradient of the cost is the moment: 2 w a over F is the same for both.
        np.testing.assert_allclose(a[:, 1] / a[:, 0], ratio, rtol=1e-5)


def test_passive_force_takes_its_share_unless_ignored():
    long = replace(BACK, tendon_slack_length_m=0.15)
    both = Musculature((replace(FRONT, has_passive_force=False), long))
    for is_passive in (True, False):
        settings = MuscleSettings(least_activation=0.0, reserve_nm=1e-3, is_passive=is_passive)
        found = solve_muscles(knee(), both, motion(2), demand(np.zeros(2)), settings)
        held = 2000.0 * np.expm1(5.0 * 0.5 / 0.6) / np.expm1(5.0) if is_passive else 0.0
        np.testing.assert_allclose(found.forces.column("hamstrings_l"), held, rtol=1e-5)
        np.testing.assert_allclose(found.forces.column("vasti_l"), held, rtol=1e-4)


def test_a_tissue_takes_its_share():
    behind = straight(("thigh", (-ARM, 0.0, REACH)), ("shank", (-ARM, 0.0, 0.0)))
    band = Tissue("capsule_l", behind, "ligament", 0.25, Function.linear(1500.0))
    held = replace(FRONT, has_passive_force=False)
    settings = MuscleSettings(least_activation=0.0, reserve_nm=1e-3)
    found = solve_muscles(knee(), Musculature((held,), (band,)), motion(2), demand(np.zeros(2)), settings)
    np.testing.assert_allclose(found.tissue_forces.column("capsule_l"), 1500.0 * (REACH / 0.25 - 1.0), rtol=1e-9)
    np.testing.assert_allclose(found.forces.column("vasti_l"), found.tissue_forces.column("capsule_l"), rtol=1e-4)
    np.testing.assert_allclose(found.tissue_lengths.column("capsule_l"), REACH)


def test_a_shortening_muscle_works_harder():
    both = Musculature((replace(FRONT, has_passive_force=False), replace(BACK, has_passive_force=False)))
    sign = sign_of_front()
    settings = MuscleSettings(least_activation=0.0, reserve_nm=1e-3)
    wanted = demand(sign * np.full(2, 12.0))
    found = solve_muscles(knee(), both, motion(2, speed=3.0 * sign), wanted, settings)
    factor = force_velocity(-3.0 * ARM / (10.0 * 0.1), "thelen2003") * active_force_length(1.0, "thelen2003")
    np.testing.assert_allclose(found.activations.column("vasti_l"), 12.0 / ARM / 2000.0 / factor, rtol=1e-5)
    still = solve_muscles(knee(), both, motion(2, 3.0 * sign), wanted, replace(settings, has_speed=False))
    np.testing.assert_allclose(still.activations.column("vasti_l"), 12.0 / ARM / 2000.0, rtol=1e-5)


def test_an_impossible_demand_is_named_with_its_frames_and_size():
    both = Musculature((replace(FRONT, has_passive_force=False), replace(BACK, has_passive_force=False)))
    wanted = sign_of_front() * np.full(FRAMES, 10.0)
    wanted[10:13], wanted[20] = sign_of_front() * 40.0, sign_of_front() * 50.0
    settings = MuscleSettings(strength={"quadriceps_l": 0.3})
    found = solve_muscles(knee(), both, motion(), demand(wanted), settings)
    most = 0.3 * 2000.0 * ARM
    word = "flexion" if sign_of_front() > 0 else "extension"
    (note,) = [n for n in found.notes if "cannot be held" in n]
    assert note.startswith(f"Left knee {word} cannot be held by these muscles in frames 11 to 13 and 21: up to ")
    assert "missing, of a motion that takes at most 50 N m; strength left: quadriceps_l 0.3." in note
    assert float(note.split("up to ")[1].split()[0]) == pytest.approx(50.0 - most, abs=0.7)
    assert np.abs(found.reserves.column("knee_flexion_l")[20]) == pytest.approx(50.0 - most, abs=0.7)
    assert found.activations.column("vasti_l").max() == pytest.approx(0.3)
    whole = solve_muscles(knee(), both, motion(), demand(wanted))
    assert not [n for n in whole.notes if "cannot be held" in n]


def test_frames_without_numbers_are_left_empty():
    both = Musculature((FRONT, BACK))
    wanted = demand(np.full(4, 5.0))
    wanted[2] = np.nan
    found = solve_muscles(knee(), both, motion(4), wanted)
    assert np.isnan(found.forces.values[2]).all() and np.isfinite(found.forces.values[[0, 1, 3]]).all()


def test_a_trial_in_chunks_is_the_trial():
    both = Musculature((FRONT, BACK))
    frames = 2 * CHUNK + 7
    wanted = demand(20.0 * np.sin(np.linspace(0.0, 9.0, frames)))
    found = solve_muscles(knee(), both, motion(frames), wanted)
    plan = plan_muscles(knee(), both)
    whole = share_forces(plan, motion(frames).values, motion(frames).velocities, wanted)
    np.testing.assert_allclose(found.activations.values, whole.shares.activations, atol=1e-9)


def test_single_nodes_are_rows_of_their_own():
    both = Musculature((FRONT, BACK))
    plan = plan_muscles(knee(), both, single={0: "knee_hinge", 1: "foot_wag"})
    assert plan.rows.labels == ("knee_hinge",)
    assert plan.rows.omitted == ("foot_wag",)
    wanted = demand(np.full(3, 7.0))
    one = solve_muscles(knee(), both, motion(3), wanted, single={0: "knee_hinge"})
    two = solve_muscles(knee(), both, motion(3), wanted)
    np.testing.assert_allclose(one.activations.values, two.activations.values, atol=1e-12)


def test_speeds_are_the_twins():
    both = Musculature((FRONT, BACK))
    plan = plan_muscles(knee(), both)
    rng = np.random.default_rng(0)
    entries, columns = len(plan.paths.entry_path), len(plan.paths.column_input)
    arms, slopes, rates = rng.normal(size=(5, entries)), rng.normal(size=(5, columns)), rng.normal(size=(5, 2))
    found, twin = path_speeds(plan.paths, arms, slopes, rates), module._path_speeds(plan.paths, arms, slopes, rates)
    np.testing.assert_allclose(found, twin, atol=1e-12)


def test_groups_and_names_that_are_not_there_are_refused():
    both = Musculature((FRONT, BACK))
    assert groups_of(both)["quadriceps_l"] == (0,)
    with pytest.raises(SettingError, match="Did you mean 'quadriceps_l'"):
        solve_muscles(knee(), both, motion(2), demand(np.zeros(2)), MuscleSettings(strength={"quadricep_l": 0.5}))
    with pytest.raises(SettingError, match="no row"):
        plan_muscles(knee(), both, MuscleSettings(reserves={"hip": 1.0}))
    with pytest.raises(SettingError, match="fraction"):
        MuscleSettings(strength={"quadriceps_l": 1.5})


def test_what_others_carry_is_not_asked_of_muscles():
    both = Musculature((FRONT, BACK))
    plan = plan_muscles(knee(), both, left_out=["knee_flexion_l"])
    assert plan.rows.labels == () and "knee_flexion_l" not in plan.rows.omitted
    part = share_forces(plan, motion(2).values, motion(2).velocities, demand(np.full(2, 50.0)))
    np.testing.assert_allclose(part.shares.activations, 0.01)
    with pytest.raises(SettingError, match="Did you mean 'knee_flexion_l'"):
        plan_muscles(knee(), both, left_out=["knee_flexion"])


def test_given_tensions_stand_for_computed_ones():
    behind = straight(("thigh", (-ARM, 0.0, REACH)), ("shank", (-ARM, 0.0, 0.0)))
    band = Tissue("capsule_l", behind, "ligament", 0.25, Function.linear(1500.0))
    plan = plan_muscles(knee(), Musculature((replace(FRONT, has_passive_force=False),), (band,)))
    still = motion(2)
    measured = measure_muscles(plan, still.values, still.velocities, with_loads=True)
    part = share_forces(
        plan,
        still.values,
        still.velocities,
        demand(np.zeros(2)),
        tissue_tensions=np.full((2, 1), 80.0),
        measured=measured,
    )
    np.testing.assert_allclose(part.forces[:, 1], 80.0)
    np.testing.assert_allclose(part.forces[:, 0], 80.0, rtol=1e-2)
    assert part.loads.shape == (2, 4, 6)
