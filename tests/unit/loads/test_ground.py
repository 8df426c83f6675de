"""The ground reaction of a body obeys Newton, friction and symmetry; what plates cannot show stays unknown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinechain.body.body import Body
from kinechain.body.pose import segment_poses
from kinechain.body.skeleton import generic_body
from kinechain.core.errors import BodyError
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.demonstration.demonstrate import _curves
from kinechain.demonstration.walk import Asymmetry, synthesize_walk
from kinechain.loads.contact_phases import Stance, trailing_share
from kinechain.loads.external_loads import (
    ground_as_external_loads,
    read_external_loads,
    write_external_loads,
)
from kinechain.loads.foot_contact import region_loads, sole_of, sole_paths, spread
from kinechain.loads.ground import ground_reaction, segment_wrenches
from kinechain.loads.loads import MEASURED, NO_CONTACT, PREDICTED, UNKNOWN, LoadSettings
from kinechain.loads.predicted_ground import FRICTION, predict_ground
from kinechain.loads.whole_body import ground_demand
from kinechain.motion.motion import Motion
from kinechain.motion.trial import GaitTrial, analyze_gait
from kinechain.recording.recording import ForcePlate, Markers, Recording

RATE = 100.0
SIDES = ("right", "left")
OTHER = {"right": "left", "left": "right"}


@pytest.fixture(scope="module")
def body() -> Body:
    generic = generic_body("female")
    return generic.with_markers(generic.landmarks)


@pytest.fixture(scope="module")
def markers(body: Body) -> Markers:
    even = Asymmetry(0.0, 0.0, 0.0, marker_noise_mm=0.0, soft_tissue_mm=0.0, gaps=0)
    return synthesize_walk(body, body.landmarks, _curves(body), even, duration_s=3.5)


def walked(body: Body, markers: Markers, plates: tuple[ForcePlate, ...] = ()) -> GaitTrial:
    recording = Recording("walk.c3d", "0", "C3D", markers, plates, is_world=True, task="walking")
    return analyze_gait(body, recording, least_cycles=0)


@pytest.fixture(scope="module")
def trial(body: Body, markers: Markers) -> GaitTrial:
    return walked(body, markers)


def still(body: Body, frames: int = 60, **angles_deg: float) -> Motion:
    """A motionless motion with the soles on a floor at 0."""
    names = tuple(c.name for c in body.coordinates)
    values = np.zeros((frames, len(names)))
    for name, degrees in angles_deg.items():
        values[:, names.index(name)] = np.radians(degrees)
    poses = segment_poses(body, values[:1])
    low = min(sole_paths(sole_of(body, side), poses)[..., 2].min() for side in SIDES)
    values[:, names.index("pelvis_tz")] -= low
    nothing = np.zeros((frames, 0))
    return Motion(names, values, RATE, 0.0, (), nothing, np.ones(frames), body.hash)


def moved(motion: Motion, **paths: np.ndarray) -> Motion:
    values = motion.values.copy()
    for name, path in paths.items():
        values[:, motion.coordinates.index(name)] += path
    return replace(motion, values=values)


# --- Newton -------------------------------------------------------------------------------------


def test_forces_add_up_to_mass_times_acceleration_of_a_rigid_sway(body: Body) -> None:
    standing = still(body, 120)
    times = standing.times_s
    turn = 2 * np.pi
    swayed = moved(
        standing,
        pelvis_tx=0.002 * np.sin(turn * times),
        pelvis_ty=0.001 * np.cos(turn * times),
        pelvis_tz=0.001 * np.sin(2 * turn * times),
    )
    predicted = predict_ground(body, swayed, ())
    force = sum(foot.force for foot in predicted.feet.values())
    acceleration = np.column_stack(
        [
            -0.002 * turn**2 * np.sin(turn * times),
            -0.001 * turn**2 * np.cos(turn * times),
            GRAVITY_M_S2 - 0.001 * (2 * turn) ** 2 * np.sin(2 * turn * times),
        ]
    )
    inner = slice(10, -10)
    weight = body.mass_kg * GRAVITY_M_S2
    assert force[inner] == pytest.approx(body.mass_kg * acceleration[inner], abs=1e-6 * weight)


def test_forces_of_a_walk_add_up_to_what_differences_of_the_centre_of_mass_say(body: Body, trial: GaitTrial) -> None:
    predicted = predict_ground(body, trial.motion, trial.events)
    force = sum(foot.force for foot in predicted.feet.values())
    assert force == pytest.approx(predicted.demand.force, abs=1e-6 * body.mass_kg * GRAVITY_M_S2)
    poses = segment_poses(body, trial.motion.values)
    masses = np.array([s.mass_kg for s in body.segments])
    centres = np.array([poses[:, i] @ np.append(s.centre_of_mass, 1.0) for i, s in enumerate(body.segments)])
    path = np.einsum("s,sti->ti", masses / masses.sum(), centres[..., :3])
    second = (path[2:] - 2 * path[1:-1] + path[:-2]) * RATE**2 + [0.0, 0.0, GRAVITY_M_S2]
    apart = force[1:-1] - body.mass_kg * second
    assert np.abs(apart[10:-10]).max() < 0.01 * body.mass_kg * GRAVITY_M_S2


def test_the_vertical_impulse_of_a_stride_is_the_weight(body: Body, trial: GaitTrial) -> None:
    ground = ground_reaction(body, trial, LoadSettings(ground="predicted"))
    total = sum(foot.force[:, 2] for foot in ground.feet)
    cycle = trial.cycles[0]
    inside = (ground.times_s >= cycle.start_s) & (ground.times_s < cycle.end_s)
    assert total[inside].mean() == pytest.approx(body.mass_kg * GRAVITY_M_S2, rel=0.01)


def test_nothing_acts_on_a_body_in_flight(body: Body) -> None:
    standing = still(body, 100)
    air = np.clip(standing.times_s - 0.5, 0.0, None)
    flying = moved(standing, pelvis_tz=2.4 * air - 0.5 * GRAVITY_M_S2 * air**2)
    predicted = predict_ground(body, flying, ())
    aloft = slice(70, 95)
    assert np.abs(predicted.demand.force[aloft]).max() < 1e-3 * body.mass_kg * GRAVITY_M_S2
    for foot in predicted.feet.values():
        assert foot.is_down[:40].all()
        assert not foot.is_down[aloft].any()
        assert not foot.force[aloft].any()


def test_standing_still_splits_the_weight_by_the_centre_of_mass(body: Body) -> None:
    even = predict_ground(body, still(body), ())
    weight = body.mass_kg * GRAVITY_M_S2
    assert [even.feet[side].force[30, 2] for side in SIDES] == pytest.approx([weight / 2, weight / 2], rel=1e-3)
    leaning = predict_ground(body, still(body, shoulder_adduction_r=-90.0), ())
    assert leaning.feet["right"].force[30, 2] > 0.52 * weight
    load = sum(leaning.feet[side].force[30, 2] * leaning.feet[side].centre[30, :2] for side in SIDES) / weight
    assert load == pytest.approx(leaning.demand.centre_of_mass[30, :2], abs=1e-3)
    assert np.abs(leaning.residual[30]).max() < 0.002 * weight
    assert np.abs(leaning.feet["right"].force[30, :2]).max() < 1e-6 * weight


# --- Contact ------------------------------------------------------------------------------------


def test_no_foot_is_pulled_down_and_friction_holds(body: Body, trial: GaitTrial) -> None:
    ground = ground_reaction(body, trial, LoadSettings(ground="predicted"))
    for foot in ground.feet:
        assert (foot.region_force[..., 2] >= 0).all()
        shear = np.linalg.norm(foot.region_force[..., :2], axis=-1)
        assert (shear <= FRICTION * foot.region_force[..., 2] * (1 + 1e-9) + 1e-9).all()


def test_friction_caps_what_a_push_asks_for(body: Body) -> None:
    standing = still(body, 60)
    times = standing.times_s
    pushed = moved(standing, pelvis_tx=0.5 * 12.0 * (times - times.mean()) ** 2)
    predicted = predict_ground(body, pushed, ())
    on = np.any([foot.is_down for foot in predicted.feet.values()], axis=0)
    assert on.any()
    for foot in predicted.feet.values():
        assert (np.hypot(*foot.force[:, :2].T) <= FRICTION * foot.force[:, 2] + 1e-9).all()
    assert np.abs(predicted.residual[on, 0]).max() > 0.3 * body.mass_kg * GRAVITY_M_S2


def test_regions_make_up_the_foot(body: Body, trial: GaitTrial) -> None:
    ground = ground_reaction(body, trial, LoadSettings(ground="predicted"))
    wrench = segment_wrenches(body, trial.motion, ground).sum(axis=1)
    expected = np.zeros_like(wrench)
    for foot in ground.feet:
        assert foot.region_force.sum(axis=1) == pytest.approx(foot.force, abs=1e-9)
        down = foot.force[:, 2] > 1.0
        up = foot.region_force[down, :, 2:]
        centre = (up * foot.region_point[down]).sum(axis=1) / up.sum(axis=1)
        assert centre == pytest.approx(foot.centre_of_pressure[down], abs=1e-9)
        expected[:, :3] += foot.force
        expected[:, 3:] += np.cross(np.nan_to_num(foot.centre_of_pressure), foot.force) + foot.free_moment
    assert wrench == pytest.approx(expected, abs=1e-6)


def test_the_load_rolls_from_heel_to_toes(body: Body, trial: GaitTrial) -> None:
    ground = ground_reaction(body, trial, LoadSettings(ground="predicted"))
    cycle = next(c for c in trial.cycles if c.side == "right")
    up = ground.foot("right").region_force[..., 2]
    at = {part: int((cycle.start_s + part * (cycle.foot_off_s - cycle.start_s)) * RATE) for part in (0.08, 0.9)}
    assert up[at[0.08]].argmax() == 0
    assert up[at[0.9], 2:].sum() > 0.8 * up[at[0.9]].sum()


def test_the_mirror_image_of_a_walk_has_the_mirror_image_of_its_forces(
    body: Body, markers: Markers, trial: GaitTrial
) -> None:
    swapped = {"_r": "_l", "_l": "_r"}
    labels = [label[:-2] + swapped.get(label[-2:], label[-2:]) for label in markers.labels]
    order = [labels.index(label) for label in markers.labels]
    mirrored = replace(markers, positions=(markers.positions * [1.0, -1.0, 1.0])[:, order])
    one = ground_reaction(body, trial, LoadSettings(ground="predicted"))
    two = ground_reaction(body, walked(body, mirrored), LoadSettings(ground="predicted"))
    weight = body.mass_kg * GRAVITY_M_S2
    for side in SIDES:
        here, there = one.foot(side), two.foot(OTHER[side])
        assert here.force == pytest.approx(there.force * [1.0, -1.0, 1.0], abs=0.005 * weight)
        both = (here.force[:, 2] > 0.05 * weight) & (there.force[:, 2] > 0.05 * weight)
        centre = there.centre_of_pressure * [1.0, -1.0, 1.0]
        assert here.centre_of_pressure[both] == pytest.approx(centre[both], abs=0.003)


# --- The rule that spreads a force over the sole -------------------------------------------------


def test_shares_are_positive_and_have_the_wanted_centre(body: Body) -> None:
    sole = sole_of(body, "left")
    points = sole_paths(sole, segment_poses(body, still(body, 1).values))
    ready = np.zeros(points.shape[:2])
    middle = points[0, :, :2].mean(axis=0)
    for wanted in (middle, middle + np.array([0.05, 0.0]), middle - np.array([0.07, 0.005])):
        shares = spread(points[..., :2], ready, wanted[None])
        assert (shares > 0).all()
        assert shares.sum() == pytest.approx(1.0)
        assert shares[0] @ points[0, :, :2] == pytest.approx(wanted, abs=1e-4)


def test_a_centre_beyond_the_sole_is_kept_and_no_share_turns_negative(body: Body) -> None:
    sole = sole_of(body, "right")
    points = sole_paths(sole, segment_poses(body, still(body, 1).values))
    centre = points[0, 0] - [0.05, 0.0, 0.0]
    shares = spread(points[..., :2], np.zeros(points.shape[:2]), centre[None, :2])
    assert (shares >= 0).all()
    force, place = region_loads(sole, points, shares, np.array([[10.0, 5.0, 700.0]]), centre[None])
    assert force.sum(axis=1)[0] == pytest.approx([10.0, 5.0, 700.0])
    assert (force[0, :, 2] @ place[0]) / 700.0 == pytest.approx(centre)


def test_what_is_up_does_not_carry(body: Body) -> None:
    sole = sole_of(body, "right")
    points = sole_paths(sole, segment_poses(body, still(body, 1).values))
    ready = np.where(sole.regions == 0, -30.0, 0.0)[None]
    shares = spread(points[..., :2], ready, points[:, sole.regions >= 2, :2].mean(axis=1))
    assert shares[0, sole.regions == 0].sum() < 1e-6


def test_the_trailing_foot_hands_over_all_of_the_weight() -> None:
    times = np.arange(0.0, 1.4, 0.01)
    stances = (Stance("left", 0.0, 0.7, True, True), Stance("right", 0.55, 1.25, True, True))
    share = trailing_share(stances, times)
    assert share[times < 0.54].max() == 0.0
    assert (share[(times > 0.71) & (times < 1.24)] == 1.0).all()
    passing = share[(times >= 0.55) & (times < 0.7)]
    assert (np.diff(passing) >= 0).all()
    assert np.isnan(share[times > 1.26]).all()


# --- Plates -------------------------------------------------------------------------------------


def plates_under(body: Body, trial: GaitTrial, side: str) -> tuple[ForcePlate, ...]:
    """One plate under the first whole stance of one foot, which measures what is predicted there."""
    predicted = predict_ground(body, trial.motion, trial.events)
    stance = next(s for s in predicted.stances if s.side == side and s.has_start and s.has_end)
    foot = predicted.feet[side]
    times = np.arange(0.0, trial.motion.times_s[-1], 0.001)
    inside = (times >= stance.start_s) & (times <= stance.end_s)
    rows = (trial.motion.times_s >= stance.start_s) & (trial.motion.times_s < stance.end_s)
    at = trial.motion.times_s[rows]
    edge = np.interp(times, [stance.start_s, stance.start_s + 0.02, stance.end_s - 0.02, stance.end_s], [0, 1, 1, 0])
    force = np.column_stack([np.interp(times, at, foot.force[rows, k]) for k in range(3)])
    force *= (edge * inside)[:, None]
    centre = np.column_stack([np.interp(times, at, foot.centre[rows, k]) for k in range(3)])
    middle = np.nanmean(centre[inside], axis=0)
    corners = middle + np.array([[0.25, 0.15, 0], [-0.25, 0.15, 0], [-0.25, -0.15, 0], [0.25, -0.15, 0]])
    centre = np.where((force[:, 2] > 10.0)[:, None], centre, np.nan)
    return (ForcePlate("plate 1", corners, force, centre, np.zeros_like(force), 1000.0),)


def test_one_plate_measures_single_support_and_the_rest_is_predicted_or_unknown(
    body: Body, markers: Markers, trial: GaitTrial
) -> None:
    plated = walked(body, markers, plates_under(body, trial, "right"))
    found = ground_reaction(body, plated, LoadSettings(ground="automatic"))
    right, left = found.feet
    assert (right.origin == MEASURED).sum() > 20
    assert not ((right.origin == MEASURED) & (left.origin == PREDICTED)).any()
    assert ((left.origin == NO_CONTACT) | (right.origin != MEASURED)).all()
    assert (right.origin == PREDICTED).any()
    only = ground_reaction(body, plated, LoadSettings(ground="measured"))
    assert set(np.unique(only.feet[0].origin)) <= {UNKNOWN, NO_CONTACT, MEASURED}
    assert np.isnan(only.feet[0].force[only.feet[0].origin == UNKNOWN]).all()
    assert any("is unknown in frames" in note for note in only.notes)
    hidden = ground_reaction(body, plated, LoadSettings(ground="predicted"))
    assert all(set(np.unique(foot.origin)) <= {NO_CONTACT, PREDICTED} for foot in hidden.feet)


def halves(plate: ForcePlate) -> tuple[ForcePlate, ForcePlate]:
    """The same force on two plates that meet under the middle of the foot."""
    middle = plate.corners[:, 0].mean()
    seen = np.isfinite(plate.centre_of_pressure[:, 0])
    x = np.where(seen, plate.centre_of_pressure[:, 0], middle)
    ahead = np.clip(0.5 + (x - middle) / 0.3, 0.1, 0.9)
    parts = []
    for name, part, sign in (("rear", 1.0 - ahead, -1.0), ("front", ahead, 1.0)):
        other = 1.0 - part
        # Each centre lies on its own side, and both together have the old one.
        centre = plate.centre_of_pressure + np.outer(sign * other * 0.06, [1.0, 0.0, 0.0])
        corners = plate.corners + np.array([sign * 0.25, 0.0, 0.0])
        parts.append(ForcePlate(name, corners, plate.force * part[:, None], centre, plate.free_moment, 1000.0))
    return parts[0], parts[1]


def test_one_foot_across_two_plates_has_the_force_of_both(body: Body, markers: Markers, trial: GaitTrial) -> None:
    whole = plates_under(body, trial, "right")
    settings = LoadSettings(ground="measured")
    one = ground_reaction(body, walked(body, markers, whole), settings).foot("right")
    both = ground_reaction(body, walked(body, markers, halves(whole[0])), settings)
    two = both.foot("right")
    shared = (one.origin == MEASURED) & (two.origin == MEASURED) & (one.force[:, 2] > 100.0)
    assert shared.sum() > 20
    assert two.force[shared] == pytest.approx(one.force[shared], abs=0.01 * body.mass_kg * GRAVITY_M_S2)
    assert two.centre_of_pressure[shared] == pytest.approx(one.centre_of_pressure[shared], abs=0.005)
    assert any("their forces are added" in note for note in both.notes)


def test_a_predicted_reaction_survives_opensims_external_loads(body: Body, trial: GaitTrial, tmp_path: Path) -> None:
    ground = ground_reaction(body, trial, LoadSettings(ground="predicted"))
    write_external_loads(ground_as_external_loads(ground), tmp_path / "walk_grf.xml")
    back = read_external_loads(tmp_path / "walk_grf.xml")
    assert [force.segment for force in back.forces] == ["calcn_r", "calcn_l"]
    for foot, force in zip(ground.feet, back.forces, strict=True):
        assert force.force[:, [2, 0, 1]] == pytest.approx(foot.force[:, [1, 0, 2]] * [-1.0, 1.0, 1.0], abs=1e-4)


def test_prediction_looks_at_no_plate(body: Body, markers: Markers, trial: GaitTrial) -> None:
    plates = plates_under(body, trial, "right")
    wild = replace(plates[0], force=plates[0].force * 3.0, start_s=0.2)
    settings = LoadSettings(ground="predicted")
    bare = ground_reaction(body, trial, settings)
    plated = ground_reaction(body, replace(trial, recording=replace(trial.recording, plates=(wild,))), settings)
    for one, two in zip(bare.feet, plated.feet, strict=True):
        assert np.array_equal(one.force, two.force)
        assert np.array_equal(one.centre_of_pressure, two.centre_of_pressure, equal_nan=True)


def test_a_body_without_feet_or_mass_is_refused_in_one_sentence(body: Body) -> None:
    bare = tuple(replace(s, mass_kg=0.0) for s in body.segments)
    with pytest.raises(BodyError, match="needs a mass"):
        ground_demand(replace(body, segments=bare), still(body, 10))
    with pytest.raises(BodyError, match="no sole"):
        sole_of(replace(body, segments=(), joints=(), markers=(), landmarks=()), "right")
