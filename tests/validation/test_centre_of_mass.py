"""Where the mass of a fitted person stands, held against the centre of pressure of quiet standing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import ground_table
import numpy as np
import pytest

from kinechain.body.fit import BodySize, fit_body
from kinechain.body.pose import segment_poses
from kinechain.core.frames import transform_points
from kinechain.motion.inverse_kinematics import solve_motion
from kinechain.recording.join import join_recordings
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Recording

#: Trunk landmarks on which the thorax is carried.
TRUNK = ("c7", "t10", "suprasternal_notch", "xiphoid", "acromion_r", "acromion_l")


@pytest.fixture(scope="module")
def standing(shared: Path) -> Recording:
    folder = shared / "data/dev/opencap_validation_s4"
    files = (read_recording(folder / "static1.trc"), read_recording(folder / "static1_grf.mot"))
    return prepare_recording(join_recordings(files)[0])


def test_the_centre_of_mass_stands_over_the_centre_of_pressure(shared: Path, standing: Recording) -> None:
    body, _ = next(iter(ground_table.opencap(shared)))
    motion = solve_motion(body, standing)
    poses = segment_poses(body, motion.values)
    mass = np.array([s.mass_kg for s in body.segments])
    centres = np.stack([transform_points(poses[:, i], s.centre_of_mass) for i, s in enumerate(body.segments)], axis=1)
    centre = np.nanmean(np.einsum("s,tsi->ti", mass, centres) / mass.sum(), axis=0)
    loaded = [p for p in standing.plates if np.nanmean(p.force[:, 2]) > 50.0]
    up = np.array([np.nanmean(p.force[:, 2]) for p in loaded])
    pressure = sum(f * np.nanmean(p.centre_of_pressure, axis=0) for f, p in zip(up, loaded, strict=True)) / up.sum()
    # 46 mm before the thorax was carried onto its landmarks, 14 mm since.
    assert abs(centre[0] - pressure[0]) < 0.02
    assert abs(centre[1] - pressure[1]) < 0.02


def test_the_thorax_stands_on_its_landmarks(shared: Path) -> None:
    for body, _ in ground_table.schreiber(shared):
        own = {m.name: m for m in body.landmarks}
        assert {own[name].source for name in TRUNK if name in own} >= {"standing trial"}
        assert not any("left where the spine puts it" in note for note in body.notes)


def test_a_trunk_far_from_its_pelvis_is_told_and_not_followed(standing: Recording) -> None:
    markers = standing.require_markers()
    trunk = [i for i, x in enumerate(markers.labels) if dict(standing.landmarks).get(x, "").startswith(TRUNK)]
    assert len(trunk) >= 3
    moved = np.array(markers.positions)
    moved[:, trunk, 0] += 0.3
    odd = replace(standing, markers=replace(markers, positions=moved))
    body = fit_body(BodySize(mass_kg=60.0, height_m=1.7), static=odd)
    assert any("left where the spine puts it" in note for note in body.notes)
