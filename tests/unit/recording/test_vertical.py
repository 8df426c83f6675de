"""Which way is up in any laboratory."""

import numpy as np
import pytest
from people import SWING, labels, recording, standing, walking

from kinechain.core.errors import RecordingError, SettingError
from kinechain.recording.prepare import PrepareSettings, prepare_recording, turned_plate
from kinechain.recording.recording import ForcePlate
from kinechain.recording.vertical import read_direction


def about(axis, degrees):
    """Rotation (3, 3) about an axis."""
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def stepping(frames=400, rate=100.0, speed=1.2):
    """A walk whose feet rest on the floor for six tenths of every stride."""
    out = standing(frames)
    time = np.arange(frames) / rate
    travel = speed * time
    out[:, :, 0] += travel[:, None]
    for i, label in enumerate(labels()):
        share = SWING.get(label[2:], 0.0)
        phase = time + (0.0 if label[0] == "R" else 0.5)
        stride, part = np.floor(phase), phase % 1.0
        swing = np.clip((part - 0.6) / 0.4, 0.0, 1.0)
        ahead = speed * (stride + 0.5 * (1 - np.cos(np.pi * swing)) - (0.0 if label[0] == "R" else 0.5)) + 0.3 * speed
        out[:, i, 0] += share * (ahead - travel)
        out[:, i, 2] += share * 0.08 * np.sin(np.pi * swing)
    return out


def up_error(ready, turn):
    """Angle between the vertical found and the true one, deg."""
    return np.degrees(np.arccos(np.clip(ready.world_from_lab[2] @ turn[:, 2], -1, 1)))


TILTS = [about((1, 0, 0), 25), about((0, 1, 0), 40), about((1, 1, 0), 55), about((1, 2, 3), 100)]


@pytest.mark.parametrize("turn", TILTS)
def test_the_floor_of_a_walk_tells_a_tilted_laboratory(turn):
    ready = prepare_recording(recording(stepping() @ turn.T))
    assert ready.task == "walking"
    assert up_error(ready, turn) < 2.0
    said = [n for n in ready.notes if n.code == "axes.tilted"]
    assert [n.kind for n in said] == ["repaired"]
    assert "floor" in said[0].text


@pytest.mark.parametrize("turn", TILTS)
def test_the_plates_tell_a_tilted_laboratory_while_standing(turn):
    corners = np.array([[0.6, 0.4, 0], [0.6, -0.1, 0], [0.0, -0.1, 0], [0.0, 0.4, 0]])
    plate = ForcePlate("plate 1", corners, np.zeros((50, 3)), np.zeros((50, 3)), np.zeros((50, 3)), 1000.0)
    ready = prepare_recording(recording(standing() @ turn.T, plates=(turned_plate(plate, turn),)))
    assert ready.task == "standing"
    assert up_error(ready, turn) < 0.1


def test_a_ramp_is_no_tilted_laboratory():
    rising = stepping()
    rising[:, :, 2] += np.tan(np.radians(8)) * rising[:, :, 0]
    ready = prepare_recording(recording(rising))
    np.testing.assert_allclose(ready.world_from_lab[2], [0, 0, 1], atol=1e-9)
    assert [n.kind for n in ready.notes if n.code == "axes.slope"] == ["defect"]


def test_a_level_laboratory_has_no_note_of_its_vertical():
    for figure in (stepping(), walking(), standing()):
        ready = prepare_recording(recording(figure))
        assert not [n for n in ready.notes if n.code in ("axes.tilted", "axes.slope", "axes.lean", "axes.up")]


@pytest.mark.parametrize(
    ("word", "axis"), [("+y", (0, 1, 0)), ("y", (0, 1, 0)), ("-Z", (0, 0, -1)), (" +x ", (1, 0, 0))]
)
def test_axes_by_word(word, axis):
    np.testing.assert_array_equal(read_direction(word), axis)


@pytest.mark.parametrize("word", ["up", "", "+-z", "w", "zz", "--z", "0,0,1"])
def test_what_is_no_axis_is_told(word):
    with pytest.raises(SettingError, match=r"\+x, -x, \+y, -y, \+z, -z"):
        read_direction(word)


def test_what_the_user_says_goes_and_is_doubted_when_the_body_hangs():
    ready = prepare_recording(recording(standing()), settings=PrepareSettings(up="+z"))
    np.testing.assert_allclose(ready.markers.positions, standing(), atol=1e-6)
    hanging = prepare_recording(recording(standing()), settings=PrepareSettings(up="-z", turned_over="exchanged"))
    assert [n.kind for n in hanging.notes if n.code == "axes.up"] == ["defect"]


def test_a_body_without_feet_is_refused():
    keep = [i for i, x in enumerate(labels()) if x[2:] not in ("FAL", "TAM", "FCC", "FM1", "FM2", "FM5", "FLE", "FME")]
    figure = standing()
    figure[:, [i for i in range(len(labels())) if i not in keep]] = np.nan
    with pytest.raises(RecordingError):
        prepare_recording(recording(figure))
