"""Laws every motion obeys, on random ones."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kinechain.body.pose import marker_positions, segment_poses
from kinechain.body.solve import solve_poses
from kinechain.motion.inverse_kinematics import IkSettings, solve_motion
from kinechain.motion.smooth import smooth
from kinechain.recording.recording import Markers, Recording
from toy_bodies import leg, leg_values, random_leg_values

FRAMES, RATE = 120, 100.0
seeds = st.integers(0, 2**32 - 1)
LAWS = settings(max_examples=40, deadline=None)


def turned(points, angle, shift=(0.0, 0.0, 0.0)):
    cosine, sine = np.cos(angle), np.sin(angle)
    return points @ np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]]) + shift


def recording_of(values, noise=0.0, seed=0):
    body = leg()
    positions = marker_positions(body, body.markers, values)
    positions = positions + noise * np.random.default_rng(seed).normal(size=positions.shape)
    return Recording("x", "", "TRC", Markers(tuple(m.name for m in body.markers), positions, RATE), is_world=True)


def smooth_walk(seed, spin=0.0, heading=0.0):
    """Random smooth joint motion of a body that heads somewhere and may turn about on the way."""
    generator = np.random.default_rng(seed)
    t = np.arange(FRAMES) / RATE

    def wave(size):
        return sum(size / k * np.sin(2 * np.pi * k * t + generator.uniform(0, 6)) for k in (1, 2))

    return leg_values(
        FRAMES,
        tx=np.cos(heading) * 1.3 * t,
        ty=np.sin(heading) * 1.3 * t,
        tz=0.9 + wave(0.02),
        yaw=heading + spin * t + wave(0.1),
        obliquity=wave(0.08),
        tilt=wave(0.1),
        hip_flexion=wave(0.3),
        hip_adduction=wave(0.1),
        hip_rotation=wave(0.15),
        knee=0.7 + wave(0.4),
        ankle=wave(0.2),
    )


@LAWS
@given(seeds)
def test_markers_lead_back_to_the_pose_they_came_from(seed):
    values = random_leg_values(np.random.default_rng(seed), 1)
    solution = solve_poses(leg(), leg().markers, marker_positions(leg(), leg().markers, values))
    assert solution.is_solved.all()
    assert np.abs(solution.values - values).max() < 1e-5


@LAWS
@given(seeds, st.floats(-12.0, 12.0), st.floats(-np.pi, np.pi))
def test_no_coordinate_ever_flips(seed, spin, heading):
    values = smooth_walk(seed, spin, heading)
    motion = solve_motion(leg(), recording_of(values, noise=0.003, seed=seed), IkSettings(pull=0.0))
    assert motion.is_solved.all()
    # A flip is half a turn or a whole one; markers that are 3 mm off move the least certain coordinate by 0.16.
    allowed = np.abs(np.diff(values, axis=0)).max(axis=0) + 0.3
    assert (np.abs(np.diff(motion.values, axis=0)).max(axis=0) < allowed).all()
    turns = np.round((motion.values[0, 3] - values[0, 3]) / (2 * np.pi))
    assert np.abs(motion.values[:, 3] - 2 * np.pi * turns - values[:, 3]).max() < 0.15


@LAWS
@given(seeds, st.floats(-np.pi, np.pi))
def test_joint_angles_do_not_depend_on_the_way_one_walks(seed, heading):
    recording = recording_of(smooth_walk(seed), noise=0.005, seed=seed)
    positions = turned(recording.markers.positions, heading, (3.0, -2.0, 0.0))
    other = Recording("y", "", "TRC", Markers(recording.markers.labels, positions, RATE), is_world=True)
    here, there = solve_motion(leg(), recording), solve_motion(leg(), other)
    assert np.abs(here.values[:, 4:] - there.values[:, 4:]).max() < 1e-6


@LAWS
@given(seeds)
def test_segments_stay_rigid_and_joined(seed):
    values = random_leg_values(np.random.default_rng(seed), 3)
    poses = segment_poses(leg(), values)
    rotation = poses[..., :3, :3]
    assert np.abs(rotation @ np.swapaxes(rotation, -1, -2) - np.eye(3)).max() < 1e-12
    hip_on_pelvis = poses[:, 0] @ [0, -0.1, -0.05, 1]
    assert np.abs(hip_on_pelvis[:, :3] - poses[:, 1, :3, 3]).max() < 1e-12


@LAWS
@given(seeds)
def test_hiding_a_marker_of_an_exact_fit_changes_nothing(seed):
    generator = np.random.default_rng(seed)
    recording = recording_of(smooth_walk(seed))
    positions = np.array(recording.markers.positions)
    for frame in range(FRAMES):
        positions[frame, generator.integers(15)] = np.nan
    other = Recording("y", "", "TRC", Markers(recording.markers.labels, positions, RATE), is_world=True)
    exact = IkSettings(pull=0.0)
    here, there = solve_motion(leg(), recording, exact), solve_motion(leg(), other, exact)
    assert np.abs(here.values - there.values).max() < 1e-5


@LAWS
@given(seeds)
def test_smoothing_a_smooth_walk_keeps_it(seed):
    motion = solve_motion(leg(), recording_of(smooth_walk(seed)), IkSettings(pull=0.0))
    assert np.abs(smooth(motion).values - motion.values)[10:-10].max() < 0.02
