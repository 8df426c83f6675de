from dataclasses import replace

import numpy as np
import pytest

from kinechain.body.body import Coordinate, Joint, Marker
from kinechain.body.pose import marker_positions
from kinechain.body.solve import CoordinateTarget, SolveSettings
from kinechain.core.errors import RecordingError, SettingError
from kinechain.core.frames import OURS_FROM_OPENSIM
from kinechain.motion.inverse_kinematics import IkSettings, solve_motion
from kinechain.motion.motion_file import write_motion
from kinechain.motion.smooth import smooth
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Markers, Recording
from toy_bodies import at, leg, leg_values, segment, turn, turned

RATE = 100.0
# The locked toe joint stands between ankle and foot.
ANKLE_AXIS_ON_FOOT = tuple(turned((0, 1, 0), -0.3, (0, 0, 0))[:3, :3] @ (0.1, -1.0, 0.3))
NO_PULL = IkSettings(pull=0.0)


def walk(frames=60):
    t = np.arange(frames) / RATE
    return leg_values(
        frames,
        tx=1.2 * t,
        tz=0.9,
        yaw=0.3 * np.sin(3 * t),
        hip_flexion=0.5 * np.sin(6 * t),
        knee=0.6 + 0.4 * np.sin(6 * t + 1),
        ankle=0.3 * np.sin(5 * t),
    )


def recorded(positions, labels, **fields):
    return Recording("walk.trc", "0" * 64, "TRC", Markers(labels, positions, RATE, 2.5), is_world=True, **fields)


def seen(values=None, hide=()):
    body = leg()
    positions = marker_positions(body, body.markers, walk() if values is None else values)
    for frames, markers in hide:
        positions[frames, markers] = np.nan
    return recorded(positions, tuple(m.name for m in body.markers))


def text(motion):
    return " ".join(motion.notes)


def test_the_motion_behind_the_markers_is_found():
    motion = solve_motion(leg(), seen(), NO_PULL)
    assert motion.values == pytest.approx(walk(), abs=1e-6)
    assert motion.is_solved.all()
    assert motion.body_hash == leg().hash
    assert motion.times_s[0] == 2.5
    assert motion.marker_error.max() < 1e-6
    assert "60 of 60 frames solved" in text(motion)


def test_markers_are_matched_by_name_and_missing_ones_are_named():
    recording = seen()
    labels = recording.markers.labels
    shuffled = [*reversed(range(1, len(labels)))]
    other = recorded(
        np.concatenate([np.full((60, 1, 3), 7.0), recording.markers.positions[:, shuffled]], axis=1),
        ("unknown", *(labels[i] for i in shuffled)),
    )
    motion = solve_motion(leg(), other, NO_PULL)
    assert motion.values == pytest.approx(walk(), abs=1e-6)
    assert f"does not show: {labels[0]}" in text(motion)
    assert "unknown" not in motion.markers


def test_a_recording_without_the_body_s_markers_is_refused():
    recording = seen()
    renamed = recorded(recording.markers.positions, tuple(f"x{i}" for i in range(15)))
    with pytest.raises(RecordingError, match="0 of the 15 markers"):
        solve_motion(leg(), renamed)
    with pytest.raises(RecordingError, match="fit it to a static trial"):
        solve_motion(leg().with_markers(()), recording)
    empty = replace(recording, markers=None)
    with pytest.raises(RecordingError, match="holds no markers"):
        solve_motion(leg(), empty)


def test_a_recording_in_an_unknown_frame_is_refused():
    with pytest.raises(RecordingError, match="prepare the recording first"):
        solve_motion(leg(), replace(seen(), is_world=False))


def test_frames_with_too_few_markers_are_missing_and_said():
    motion = solve_motion(leg(), seen(hide=[(slice(20, 25), slice(0, 9))]), NO_PULL)
    assert np.flatnonzero(motion.is_solved == 0).tolist() == [20, 21, 22, 23, 24]
    assert np.isnan(motion.values[20:25]).all()
    assert motion.values[25:] == pytest.approx(walk()[25:], abs=1e-6)
    assert "2.70-2.74 s" in text(motion)


def test_a_hidden_coordinate_is_drawn_straight_across_and_said():
    truth = walk()
    motion = solve_motion(leg(), seen(hide=[(slice(20, 25), slice(9, 12))]))
    straight = np.interp(np.arange(20, 25), [19, 25], motion.values[[19, 25], 12])
    assert motion.is_solved.all()
    assert motion.values[20:25, 12] == pytest.approx(straight, abs=1e-12)
    assert motion.values[20:25, 11] == pytest.approx(truth[20:25, 11], abs=5e-3)
    assert "ankle: all markers that show it were hidden in 5 frames; drawn straight across them." in text(motion)
    assert motion.is_shown is None
    assert motion.shown_values is motion.values


def test_a_coordinate_hidden_for_long_is_left_empty_where_it_is_written(tmp_path):
    body = leg()
    motion = smooth(solve_motion(body, seen(hide=[(slice(20, 40), slice(9, 12)), (slice(45, 48), slice(9, 12))])))
    assert motion.is_solved.all()
    assert np.isfinite(motion.values).all()
    assert np.flatnonzero(motion.is_shown[:, 12] == 0).tolist() == list(range(20, 40))
    assert motion.is_shown[:, :12].all()
    assert "hidden in 23 frames; drawn straight across them and left empty in motion files for 20" in text(motion)
    write_motion(body, motion, tmp_path / "a.mot")
    written = read_recording(tmp_path / "a.mot").series
    ankle = written.values[:, written.labels.index(motion.coordinates[12])]
    assert np.flatnonzero(np.isnan(ankle)).tolist() == list(range(20, 40))
    assert np.isfinite(np.delete(written.values, written.labels.index(motion.coordinates[12]), axis=1)).all()


def test_coordinates_no_marker_shows_are_held_and_named():
    body = leg()
    markers = tuple(m for m in body.markers if m.segment != "foot")
    motion = solve_motion(body.with_markers(markers), seen())
    assert np.all(motion.coordinate("ankle") == 0.0)
    assert "no tracked marker shows them: ankle" in text(motion)


def test_a_marker_on_its_axis_does_not_show_a_coordinate():
    body = leg()
    on_axis = [Marker(f"axis_{i}", "foot", i * np.array(ANKLE_AXIS_ON_FOOT)) for i in range(3)]
    others = tuple(m for m in body.markers if m.segment != "foot")
    body = body.with_markers((*others, *on_axis))
    recording = recorded(marker_positions(body, body.markers, walk()), tuple(m.name for m in body.markers))
    motion = solve_motion(body, recording)
    assert np.all(motion.coordinate("ankle") == 0.0)


def test_what_markers_leave_open_stays_at_the_default():
    """Two joints about one axis: only their sum is seen, and the pull shares it instead of letting it drift."""
    body = leg()
    twice = replace(
        body,
        segments=(*body.segments, segment("tip")),
        joints=(
            *body.joints,
            Joint("extra", "foot", "tip", at(0, 0, 0), at(0, 0, 0), (turn(ANKLE_AXIS_ON_FOOT, "extra"),)),
        ),
        coordinates=(*body.coordinates, Coordinate("extra", "rotation")),
        markers=tuple(replace(m, segment="tip") if m.segment == "foot" else m for m in body.markers),
    )
    values = np.column_stack([walk(), np.zeros(60)])
    recording = recorded(marker_positions(twice, twice.markers, values), tuple(m.name for m in twice.markers))
    motion = solve_motion(twice, recording)
    assert motion.is_solved.all()
    assert motion.coordinate("extra") == pytest.approx(values[:, 12] / 2, abs=5e-3)
    assert motion.coordinate("knee") == pytest.approx(values[:, 11], abs=5e-3)


def test_the_pull_hardly_moves_what_markers_show():
    motion = solve_motion(leg(), seen())
    assert np.degrees(np.abs(motion.values - walk())).max() < 0.5
    assert "drawn to their default with weight 1e-05 against" in text(motion)
    assert "drawn" not in text(solve_motion(replace(leg(), up="y"), seen()))


def test_a_coordinate_target_replaces_the_pull():
    settings = IkSettings(coordinate_targets=(CoordinateTarget("ankle", np.array([0.4]), 1e6),))
    motion = solve_motion(leg(), seen(), settings)
    assert motion.coordinate("ankle") == pytest.approx(np.full(60, 0.4), abs=1e-4)


def test_a_body_with_y_up_gets_markers_in_its_own_axes():
    body = replace(leg(), up="y")
    own = marker_positions(body, body.markers, walk())
    labels = tuple(m.name for m in body.markers)
    world = recorded(own @ OURS_FROM_OPENSIM.T, labels)
    as_filed = replace(recorded(own, labels), is_world=False)
    for recording, words in ((world, "turned from the world frame"), (as_filed, "taken as they stand")):
        motion = solve_motion(body, recording)
        assert motion.values == pytest.approx(walk(), abs=1e-6)
        assert words in text(motion)


def test_a_marker_that_jumps_away_is_left_out_there_and_said():
    recording = seen()
    positions = np.array(recording.markers.positions)
    positions[30:34, [4, 10]] = positions[30:34, [10, 4]]  # thigh and foot exchanged
    motion = solve_motion(leg(), recorded(positions, recording.markers.labels), NO_PULL)
    assert motion.is_solved.all()
    assert motion.values == pytest.approx(walk(), abs=1e-5)
    assert np.isnan(motion.marker_error[30:34, [4, 10]]).all()
    assert "thigh_1 (4 frames)" in text(motion)
    assert "foot_1 (4 frames)" in text(motion)


def test_a_marker_that_is_always_off_is_kept():
    recording = seen()
    positions = np.array(recording.markers.positions)
    positions[:, 4] += 0.1
    motion = solve_motion(leg(), recorded(positions, recording.markers.labels), NO_PULL)
    assert np.isfinite(motion.marker_error).all()
    assert "Left out" not in text(motion)


def test_a_marker_that_drifts_away_slowly_is_kept_and_one_that_jumps_as_far_is_not():
    recording = seen()
    slow, sudden = np.array(recording.markers.positions), np.array(recording.markers.positions)
    slow[:, 4, 0] += np.linspace(0, 0.12, 60)
    sudden[30:32, 4, 0] += 0.12
    kept = solve_motion(leg(), recorded(slow, recording.markers.labels), NO_PULL)
    left_out = solve_motion(leg(), recorded(sudden, recording.markers.labels), NO_PULL)
    assert np.isfinite(kept.marker_error).all()
    assert np.flatnonzero(np.isnan(left_out.marker_error[:, 4])).tolist() == [30, 31]
    assert left_out.values == pytest.approx(walk(), abs=1e-5)


def test_imported_models_track_every_marker():
    body = replace(leg(), up="y")
    positions = marker_positions(body, body.markers, walk())
    positions[30, 4] += 0.8
    motion = solve_motion(body, recorded(positions @ OURS_FROM_OPENSIM.T, tuple(m.name for m in body.markers)))
    assert motion.marker_error[30, 4] > 0.1


def test_impossible_settings_are_refused():
    with pytest.raises(SettingError, match="fraction"):
        IkSettings(minimum_fraction=1.5)
    with pytest.raises(SettingError, match="pull"):
        IkSettings(pull=-1.0)


def test_nothing_solved_is_an_answer_not_an_error():
    motion = solve_motion(leg(), seen(), IkSettings(solver=SolveSettings(max_iterations=1, starts=1)))
    assert not motion.is_solved.any()
    assert np.isnan(motion.values).all()
    assert "0 of 60 frames solved" in text(motion)
