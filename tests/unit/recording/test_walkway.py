"""What the person does, and which way is forward."""

import numpy as np
import pytest
from people import recording, standing
from test_vertical import stepping

from kinechain.recording.prepare import prepare_recording
from kinechain.recording.still import find_still_window, keep_still_part


def about_z(angle):
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def to_and_fro(passes, turn_frames=120):
    """Walks of 4.8 m with half turns between them."""
    parts = [stepping()]
    for k in range(1, passes):
        last = parts[-1][-1]
        pivot = last.mean(axis=0) * [1, 1, 0]
        angles = np.pi * np.arange(turn_frames) / turn_frames
        parts.append(np.stack([(last - pivot) @ about_z(angle).T + pivot for angle in angles]))
        back = stepping() @ about_z(np.pi * k).T
        parts.append(back - back[0].mean(axis=0) * [1, 1, 0] + pivot)
    return np.concatenate(parts)


@pytest.mark.parametrize("passes", [2, 3, 5])
@pytest.mark.parametrize("heading", [0.0, 2.0])
def test_walking_to_and_fro_is_walking_and_x_is_forward_in_the_first_pass(passes, heading):
    ready = prepare_recording(recording(to_and_fro(passes) @ about_z(heading).T))
    assert ready.task == "walking"
    assert any(f"{passes} straight passes" in n.text for n in ready.notes if n.code == "person.walks_turning")
    assert ready.world_from_lab[0] @ about_z(heading)[:, 0] > 0.999
    assert not [n for n in ready.notes if n.code in ("markers.sides", "markers.swapped")]


def test_a_long_walk_to_and_fro_is_seen_whole():
    ready = prepare_recording(recording(to_and_fro(12)))
    assert any("12 straight passes" in n.text for n in ready.notes)


def test_walking_in_a_tight_circle_is_no_straight_walk():
    figure = stepping(frames=600)
    angle = np.linspace(0, 4 * np.pi, len(figure))
    place = np.stack([np.sin(angle), 1 - np.cos(angle), 0 * angle], axis=1)
    body = figure - figure[:, :1] * [1, 1, 0]
    circle = np.einsum("tij,tmj->tmi", np.stack([about_z(a) for a in angle]), body) + 0.6 * place[:, None]
    assert prepare_recording(recording(circle)).task == "other"


def test_sitting_is_not_standing():
    seated = standing(100)
    high = seated[:, :, 2] > 0.6
    seated[:, :, 2] -= np.where(high, 0.42, 0.0)
    seated[:, :, 0] -= np.where(high, 0.38, 0.0)
    ready = prepare_recording(recording(seated))
    assert ready.task == "other"
    assert any(n.code == "person.sits" for n in ready.notes)
    assert find_still_window(ready) is None


@pytest.mark.parametrize("frames", [1, 2, 20, 6000])
def test_standing_of_any_length_is_standing(frames):
    kept = keep_still_part(prepare_recording(recording(standing(frames))))
    assert kept.task == "standing"
    assert len(kept.markers.positions) == frames


def test_the_longest_pause_of_a_walk_is_found():
    first, pause, last = stepping(200), standing(90), stepping(200)
    first[:, :, 0] -= first[-1].mean(axis=0)[0] - pause.mean(axis=(0, 1))[0]
    sway = 2e-4 * np.random.default_rng(0).normal(size=pause.shape)
    ready = prepare_recording(recording(np.concatenate([first, pause + sway, last])))
    start, end = find_still_window(ready)
    assert 195 <= start <= 225
    assert 265 <= end <= 300
