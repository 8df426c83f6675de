"""The replay's data: what was packed can be unpacked to where the body was."""

import base64
import json
from dataclasses import replace

import numpy as np
import pytest

from kinechain.body.pose import segment_poses
from kinechain.core.frames import about_axis
from kinechain.report.figures import Palette
from kinechain.report.pages import walking_figure
from kinechain.report.replay import quaternions, replay_json
from kinechain.report.scene import BEHIND, SIDE, body_solids, stick_figure


def integers(text):
    return np.frombuffer(base64.b64decode(text), dtype="<i2")


@pytest.fixture(scope="module")
def packed(make_assessment):
    return json.loads(replay_json(make_assessment()))


def rotation_of(q):
    w, x, y, z = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def test_positions_and_rotations_survive_the_packing(packed, make_assessment):
    assessment = make_assessment()
    motion, trial = assessment.trials[0].motion, packed["trials"][0]
    frames, segments = trial["frames"], trial["segments"]
    assert trial["rate"] == 50.0
    poses = segment_poses(assessment.body, motion.values[::2])
    points = integers(trial["points"]).reshape(frames, segments, 3) * packed["step"]
    apart = points - poses[..., :3, 3]
    assert np.ptp(apart.reshape(-1, 3), axis=0).max() < 1.1 * packed["step"], (
        "all points moved by one and the same shift"
    )
    turns = integers(trial["turns"]).reshape(frames, segments, 4) / 32767
    for segment in range(0, segments, 5):
        assert rotation_of(turns[30, segment]) == pytest.approx(poses[30, segment, :3, :3], abs=3e-4)


def test_markers_share_the_frame_of_the_body(packed, make_assessment):
    trial, source = packed["trials"][0], make_assessment().trials[0]
    markers = integers(trial["markers"]).reshape(trial["frames"], trial["marker_count"], 3) * packed["step"]
    assert markers[..., 2].min() - trial["floor"] == pytest.approx(
        source.recording.markers.positions[..., 2].min(), abs=0.002
    )


def test_quaternions_of_random_rotations_give_them_back():
    random = np.random.default_rng(7)
    for _ in range(50):
        axis = random.normal(size=3)
        rotation = about_axis(axis / np.linalg.norm(axis), float(random.uniform(-np.pi, np.pi)))
        assert rotation_of(quaternions(rotation)) == pytest.approx(rotation, abs=1e-12)


def test_the_data_cannot_close_its_script_element(make_assessment):
    trial = make_assessment().trials[0]
    hostile = replace(trial, recording=replace(trial.recording, name="</script><script>alert(1)</script>"))
    text = replay_json(make_assessment(trials=(hostile,)))
    assert "<" not in text
    assert json.loads(text)["trials"][0]["name"] == "</script><script>alert(1)</script>"


def test_nothing_to_replay_gives_none(make_assessment):
    assert replay_json(make_assessment(body=None, standing=None, trials=())) is None


def test_many_recordings_stay_within_the_budget_and_say_what_is_left_out(make_assessment):
    trial = make_assessment().trials[0]
    text = replay_json(make_assessment(trials=(trial,) * 12))
    packed = json.loads(text)
    assert len(packed["trials"]) + packed["left_out"] == 12
    assert packed["left_out"] > 0
    assert len(text) < 1_700_000


def test_frames_that_were_not_solved_are_named_and_never_drawn(make_assessment):
    trial = make_assessment().trials[0]
    values = trial.motion.values.copy()
    values[100:110] = np.nan
    solved = np.ones(len(values))
    solved[100:110] = 0
    torn = replace(trial, motion=replace(trial.motion, values=values, is_solved=solved))
    assessment = make_assessment(trials=(torn,))
    packed = json.loads(replay_json(assessment))["trials"][0]
    assert packed["unsolved"] == [50, 51, 52, 53, 54]
    assert "nan" not in walking_figure(assessment, Palette()).svg


def test_every_segment_is_drawn_and_left_stands_left_from_behind(make_assessment):
    assessment = make_assessment()
    solids = body_solids(assessment.body)
    assert {s.segment for s in solids} == set(range(len(assessment.body.segments)))
    pose = segment_poses(assessment.body, assessment.standing.motion.values[:1])
    figure = stick_figure(assessment.body, np.concatenate([pose, pose]), (BEHIND, SIDE), ("behind", "side"), "Standing")
    xs = {"left": [], "right": []}
    for part in figure.svg.split("<line ")[1:]:
        for side in xs:
            if f'class="bone {side}"' in part:
                x1 = float(part.split('x1="')[1].split('"')[0])
                if x1 < 150:
                    xs[side].append(x1)
    assert np.mean(xs["left"]) < np.mean(xs["right"])
