"""Trials of one visit help each other to tell axes and sides, and a pause stands in for a standing trial."""

from pathlib import Path

import numpy as np
import pytest
from people import exchanged, labels, recording, standing, walking, write_c3d
from test_vertical import about, stepping

from kinechain.recording.collect import collect_recordings
from kinechain.recording.visit import prepare_visit

EVERY_PAIR = tuple((f"R_{x[2:]}", x) for x in labels() if x.startswith("L_"))


def visit(*trials):
    refused: list[str] = []
    ready = prepare_visit({Path(r.name): r for r in trials}, None, None, refused)
    return {path.name: r for path, r in ready.items()}, refused


def test_a_sound_trial_in_the_same_axes_tells_that_labels_were_exchanged():
    turned = recording(stepping(), names=exchanged(*EVERY_PAIR), name="walk1.c3d")
    ready, refused = visit(turned, recording(stepping(), name="walk2.c3d"))
    assert refused == []
    assert list(ready) == ["walk1.c3d", "walk2.c3d"]
    np.testing.assert_allclose(
        ready["walk1.c3d"].markers.position("R_IAS"), ready["walk2.c3d"].markers.position("R_IAS"), atol=1e-6
    )
    notes = [n for n in ready["walk1.c3d"].notes if n.code == "markers.sides"]
    assert [n.kind for n in notes] == ["assumed"]
    assert "walk2.c3d" in notes[0].text


def test_a_trial_in_other_axes_or_of_another_set_tells_nothing():
    turned = recording(stepping(), names=exchanged(*EVERY_PAIR), name="walk1.c3d")
    y_up = recording(stepping() @ about((1, 0, 0), 90).T, name="walk2.c3d")
    ready, refused = visit(turned, y_up)
    assert list(ready) == ["walk2.c3d"]
    assert len(refused) == 1
    assert "walk1.c3d" in refused[0]


def test_a_tilted_standing_trial_takes_its_vertical_from_the_walk():
    turn = about((1, 0.5, 0.2), 40)
    ready, refused = visit(
        recording(standing() @ turn.T, name="static.c3d"), recording(stepping() @ turn.T, name="walk.c3d")
    )
    assert refused == []
    still = ready["static.c3d"]
    assert still.world_from_lab[2] @ turn[:, 2] > np.cos(np.radians(2.0))
    assert any(n.code == "axes.visit" and "walk.c3d" in n.text for n in still.notes)


@pytest.fixture
def pausing(tmp_path):
    """A calibration in which somebody walks to and fro, too little for a walk, and pauses."""
    sway = 2e-4 * np.random.default_rng(0).normal(size=standing(150).shape)
    steps = walking(60, speed=0.3)
    steps[:, :, 0] -= steps[-1, :, 0].mean() - standing(1)[0, :, 0].mean()
    figure = np.concatenate([steps, standing(150) + sway, steps[::-1]])
    return write_c3d(tmp_path / "calibration.c3d", labels(), figure)


def test_somebody_who_pauses_stands_in_for_the_standing_trial(pausing, tmp_path):
    walk = write_c3d(tmp_path / "walk.c3d", labels(), stepping())
    found = collect_recordings([pausing, walk])
    assert found.standing is not None
    assert found.standing.name == "calibration.c3d"
    assert found.standing.task == "standing"
    assert 1.0 < len(found.standing.markers.positions) / 100.0 < 2.0
    assert {r.name for r in found.walking} == {"calibration.c3d", "walk.c3d"}
    named = collect_recordings([walk], static=pausing)
    assert named.standing is not None
    assert {r.name for r in named.walking} == {"walk.c3d"}
