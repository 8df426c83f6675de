"""The whole way from markers to angles on a real trial: walked the other way, and mirrored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinechain.body.fit import BodySize, fit_body
from kinechain.motion.trial import GaitTrial, analyze_gait
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording
from kinechain.recording.recording import ForcePlate, Recording

SIZE = BodySize(mass_kg=67.0, height_m=1.66, sex="male")
SWAP = {"left": "right", "right": "left"}


@pytest.fixture(scope="module")
def files(shared: Path) -> tuple[Recording, Recording]:
    folder = shared / "data/dev/schreiber_moissenet/2014001"
    return read_recording(folder / "2014001_ST.c3d"), read_recording(folder / "2014001_C4_05.c3d")


def analyzed(static: Recording, walk: Recording) -> GaitTrial:
    standing, walking = prepare_recording(static), prepare_recording(walk)
    return analyze_gait(fit_body(SIZE, static=standing, recording=walking), walking)


def moved(recording: Recording, matrix: np.ndarray) -> Recording:
    """The same recording in a laboratory whose axes are turned or mirrored; axial vectors mirror the other way."""
    axial = matrix * np.linalg.det(matrix)
    plates = tuple(
        ForcePlate(
            p.name,
            p.corners @ matrix.T,
            p.force @ matrix.T,
            p.centre_of_pressure @ matrix.T,
            p.free_moment @ axial.T,
            p.rate_hz,
            p.start_s,
        )
        for p in recording.plates
    )
    markers = replace(recording.markers, positions=recording.markers.positions @ matrix.T)
    return replace(recording, markers=markers, plates=plates)


def mirrored(recording: Recording) -> Recording:
    other = {"L": "R", "R": "L"}
    labels = tuple(other[x[0]] + x[1:] if x[:2] in ("L_", "R_") else x for x in recording.markers.labels)
    flipped = moved(recording, np.diag([1.0, -1.0, 1.0]))
    events = tuple(replace(e, side=SWAP[e.side]) for e in recording.events)
    return replace(flipped, markers=replace(flipped.markers, labels=labels), events=events)


@pytest.mark.parametrize("turn_deg", [90.0, 180.0])
def test_walking_another_way_through_the_laboratory_gives_the_same_angles(files, turn_deg: float) -> None:
    turn = np.radians(turn_deg)
    matrix = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1.0]])
    static, walk = files
    here, there = analyzed(static, walk), analyzed(static, moved(walk, matrix))
    np.testing.assert_allclose(there.angles.values, here.angles.values, atol=np.radians(0.02))
    assert [(e.kind, e.side, e.source) for e in here.events] == [(e.kind, e.side, e.source) for e in there.events]


def test_a_mirrored_person_swaps_the_sides(files) -> None:
    static, walk = files
    here, there = analyzed(static, walk), analyzed(mirrored(static), mirrored(walk))
    for label in here.angles.labels:
        stem, _, side = label.rpartition("_")
        np.testing.assert_allclose(
            there.angles.angle(f"{stem}_{SWAP[side]}"), here.angles.angle(label), atol=np.radians(0.1), err_msg=label
        )
    np.testing.assert_allclose([e.time_s for e in there.events], [e.time_s for e in here.events], atol=2e-3)
    assert [SWAP[e.side] for e in there.events] == [e.side for e in here.events]


def test_no_angle_jumps_between_frames(files) -> None:
    trial = analyzed(*files)
    steps = np.abs(np.diff(trial.angles.values, axis=0)) * trial.angles.rate_hz
    assert np.nanmax(steps) < np.radians(1000.0)
