"""A body that absorbs exchanged markers moves as no leg can, and that is said; sound walks are left alone."""

from dataclasses import replace
from pathlib import Path

import pytest
from manifest_rows import read

from kinechain.body.fit import BodySize, fit_body
from kinechain.motion.plausibility import impossible_joints
from kinechain.motion.trial import analyze_gait
from kinechain.recording.prepare import prepare_recording

SOUND = (
    "dev/c3dorg_motionanalysis/Walk1.c3d",
    "dev/lab_FMC/MH0222_BP06.c3d",
    "dev/lab_AUC/CB_Dynamic0003.c3d",
    "dev/schreiber_moissenet/2014001/2014001_C1_04.c3d",
    "dev/opensim_core_walking/walking5.c3d",
)


def said(path: str, exchanged: tuple[str, str] = ("", "")) -> tuple[str, ...]:
    recording = read(path)
    one, other = exchanged
    names = {one: other, other: one}
    labels = tuple(names.get(label, label) for label in recording.markers.labels)
    ready = prepare_recording(replace(recording, markers=replace(recording.markers, labels=labels)))
    body = fit_body(BodySize(mass_kg=70.0, height_m=1.75), recording=ready)
    return impossible_joints(body, analyze_gait(body, ready, least_cycles=0).motion, recording.name)


@pytest.mark.parametrize("path", SOUND)
def test_sound_markers_move_no_joint_beyond_its_range(shared: Path, path: str) -> None:
    assert said(path) == ()


@pytest.mark.parametrize("pair", [("RSHA", "RHEE"), ("RTHI", "R.TO"), ("RANK", "R.TO")])
def test_exchanged_markers_that_the_fit_absorbs_are_told(shared: Path, pair: tuple[str, str]) -> None:
    sentences = said("dev/c3dorg_motionanalysis/Walk1.c3d", pair)
    assert any("the right leg moves as no leg can" in sentence for sentence in sentences)
