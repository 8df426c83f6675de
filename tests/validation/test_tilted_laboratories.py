"""Recordings turned by any angle: the vertical is found again from floor, plates or the standing body, or refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinechain.recording.prepare import prepare_recording, turned_plate
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Recording
from kinechain.recording.visit import prepare_visit

WALKS = (
    "schreiber_moissenet/2014001/2014001_C1_01.c3d",
    "schreiber_moissenet/2014022/2014022_C5_02.c3d",
    "opencap_validation_s4/walkingTI2.trc",
    "lab_FMC/MH0222_BP06.c3d",
    "lab_AUC/CB_Dynamic0003.c3d",
    "btk_pig_nantes/PiG_Motion3_FF.c3d",
    "c3dorg_qualisys/Walking_Hybrid_1_1.c3d",
    "opensim_core_walking/walking5.c3d",
    "rezaie_qtm_running/gait_1_marker.trc",
)
STANDING = (
    "schreiber_moissenet/2014004/2014004_ST.c3d",
    "opencap_validation_s4/static1.trc",
    "btk_pig_nantes/PiG_Calibration-FlatFoot-Full.c3d",
    "rezaie_qtm_running/static_1_marker.trc",
    "lab_AUC/CB_Static0001.c3d",
)


def about(axis, degrees):
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


#: No axis of these laboratories is nearer to the vertical than 18 deg.
TURNS = [about((2, 1, 0), 22), about((1, 0, 0.5), 38), about((1, 2, 3), 75), about((1, -1, 0.4), 128)]


def turned(recording: Recording, turn: np.ndarray, with_plates: bool) -> Recording:
    markers = replace(recording.markers, positions=recording.markers.positions @ turn.T)
    plates = tuple(turned_plate(p, turn) for p in recording.plates) if with_plates else ()
    return replace(recording, markers=markers, plates=plates)


def off(ready: Recording, sound: Recording, turn: np.ndarray) -> float:
    """Angle between the vertical found and the true one, deg."""
    return float(np.degrees(np.arccos(np.clip(ready.world_from_lab[2] @ turn @ sound.world_from_lab[2], -1, 1))))


@pytest.mark.parametrize("path", WALKS)
@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_the_floor_of_a_walk_tells_the_vertical(shared: Path, path: str, turn: np.ndarray) -> None:
    recording = read_recording(shared / "data" / "dev" / path)
    sound = prepare_recording(recording)
    ready = prepare_recording(turned(recording, turn, with_plates=False))
    assert ready.task == sound.task == "walking"
    assert off(ready, sound, turn) < 2.0
    assert [n.kind for n in ready.notes if n.code == "axes.tilted"] == ["repaired"]


@pytest.mark.parametrize("path", STANDING)
@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_somebody_who_stands_tells_the_vertical_within_what_is_said(shared: Path, path: str, turn: np.ndarray) -> None:
    recording = read_recording(shared / "data" / "dev" / path)
    sound = prepare_recording(recording)
    ready = prepare_recording(turned(recording, turn, with_plates=False))
    assert off(ready, sound, turn) < 5.0
    assert any("within 5 deg" in n.text for n in ready.notes if n.code == "axes.tilted")


def test_a_walk_lends_its_vertical_to_the_standing_trial_of_the_visit(shared: Path) -> None:
    folder = shared / "data" / "dev" / "opencap_validation_s4"
    still, walk = (read_recording(folder / name) for name in ("static1.trc", "walking1.trc"))
    turn = TURNS[1]
    files = {Path(r.name): turned(r, turn, with_plates=False) for r in (still, walk)}
    refused: list[str] = []
    ready = prepare_visit(files, None, None, refused)
    assert not refused
    sound = prepare_recording(still)
    assert off(ready[Path("static1.trc")], sound, turn) < 2.0
    assert any(n.code == "axes.visit" and "walking1.trc" in n.text for n in ready[Path("static1.trc")].notes)


def test_twins_that_differ_by_their_axes_stand_alike(shared: Path) -> None:
    folder = shared / "data" / "broken" / "axes"
    one, other = (
        prepare_recording(read_recording(folder / name))
        for name in ("biobuddy_static.c3d", "biobuddy_static_rotated.c3d")
    )
    assert one.task == other.task == "standing"
    np.testing.assert_allclose(one.markers.positions, other.markers.positions, atol=1e-5)


def test_z_may_point_down(shared: Path) -> None:
    ready = prepare_recording(
        read_recording(shared / "data" / "broken" / "axes" / "biobuddy_z_down_12Hz_func_trunk.c3d")
    )
    np.testing.assert_allclose(ready.world_from_lab[2], [0, 0, -1])
    assert np.nanmedian(ready.markers.position("C7")[:, 2]) > np.nanmedian(ready.markers.position("RKNE")[:, 2])
    assert any(n.code == "file.slow_rate" for n in ready.notes)
