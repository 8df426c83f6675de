"""Labels exchanged on purpose in recordings of many laboratories: each is found, and none in sound ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinechain.core.errors import SidesError
from kinechain.recording.collect import collect_recordings
from kinechain.recording.prepare import PrepareSettings, prepare_recording
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Recording

#: One trial or two of every laboratory and marker set: adults, children, bare feet, toes in and out, a run, standing.
SOUND = (
    "data/dev/schreiber_moissenet/2014001/2014001_C4_05.c3d",
    "data/dev/schreiber_moissenet/2014001/2014001_C1_04.c3d",
    "data/dev/schreiber_moissenet/2014015/2014015_ST.c3d",
    "data/dev/schreiber_moissenet/2014022/2014022_C5_02.c3d",
    "data/dev/opencap_validation_s4/walking1.trc",
    "data/dev/opencap_validation_s4/walkingTI2.trc",
    "data/dev/opencap_validation_s4/walkingTO3.trc",
    "data/dev/opencap_validation_s4/walkingTS1.trc",
    "data/dev/opencap_validation_s4/STS1.trc",
    "data/dev/opencap_validation_s4/static1.trc",
    "data/dev/lab_FMC/MH0222_BP06.c3d",
    "data/dev/lab_FMC/MH0222_BP08.c3d",
    "data/dev/lab_AUC/CB_Dynamic0003.c3d",
    "data/dev/lab_AUC/CB_Static0001.c3d",
    "data/dev/lab_RBWH/bfnd_w1.c3d",
    "data/dev/lab_RBWH/Cal_01.c3d",
    "data/dev/btk_pig_nantes/PiG_Motion-FlatFoot-Full.c3d",
    "data/dev/btk_pig_nantes/PiG_Calibration3_FF.c3d",
    "data/dev/c3dorg_qualisys/Walking_Hybrid_1_1.c3d",
    "data/dev/c3dorg_qualisys/Standing_Hybrid_1.c3d",
    "data/dev/c3dorg_motionanalysis/Walk1.c3d",
    "data/dev/ezc3d_qualisys_isb/Qualisys.c3d",
    "data/dev/opensim_core_walking/walking2.c3d",
    "data/dev/uwa_fast_walk/fast_walking_a.c3d",
    "data/dev/rezaie_qtm_running/gait_1_marker.trc",
    "data/dev/rezaie_qtm_running/static_1_marker.trc",
    "models/gait2392/subject01_static.trc",
    "models/gait2392/subject01_walk1.trc",
    "models/rajagopal/motion_capture_walk.trc",
)
CODES = ("markers.sides", "markers.swapped", "axes.mirrored")
SIDES = ("asis", "psis", "greater_trochanter", "lateral_femoral_epicondyle", "heel", "metatarsal_2_head", "acromion")
WITHIN = (
    ("asis_r", "psis_r"),
    ("lateral_malleolus_l", "medial_malleolus_l"),
    ("lateral_femoral_epicondyle_r", "medial_femoral_epicondyle_r"),
    ("metatarsal_5_head_l", "metatarsal_2_head_l"),
    ("metatarsal_5_head_r", "metatarsal_1_head_r"),
    ("c7", "t10"),
    ("suprasternal_notch", "xiphoid"),
)


def exchanged(recording: Recording, pairs: list[tuple[str, str]]) -> Recording:
    """Return a recording in which the labels of each pair were exchanged."""
    markers = recording.markers
    order = list(range(len(markers.labels)))
    for a, b in pairs:
        i, j = markers.labels.index(a), markers.labels.index(b)
        order[i], order[j] = order[j], order[i]
    return replace(recording, markers=replace(markers, positions=markers.positions[:, order]))


def said(ready: Recording) -> list[str]:
    return [n.text for n in ready.notes if n.code in CODES]


@pytest.mark.parametrize("path", SOUND)
def test_no_exchange_is_claimed_in_a_sound_recording(shared: Path, path: str) -> None:
    assert said(prepare_recording(read_recording(shared / path))) == []


@pytest.mark.parametrize("path", SOUND)
def test_the_sides_of_one_pair_are_exchanged_back(shared: Path, path: str) -> None:
    recording = read_recording(shared / path)
    sound = prepare_recording(recording)
    label = {landmark: name for name, landmark in sound.landmarks}
    tried = 0
    for part in SIDES:
        pair = [label[f"{part}_{side}"] for side in "rl" if f"{part}_{side}" in label]
        if len(pair) < 2:
            continue
        tried += 1
        ready = prepare_recording(exchanged(recording, [(pair[0], pair[1])]))
        assert len(said(ready)) == 1, (part, said(ready))
        assert pair[0] in said(ready)[0]
        assert pair[1] in said(ready)[0]
        for name in pair:
            gap = np.abs(ready.markers.position(name) - sound.markers.position(name))
            # A jump of a marker may be judged anew; the marker itself is where it was.
            assert np.nanmedian(gap) < 1e-3, (part, name)
    assert tried


@pytest.mark.parametrize("path", [p for p in SOUND if "STS" not in p and "rezaie" not in p])
def test_two_labels_of_one_segment_are_exchanged_back_or_left_out(shared: Path, path: str) -> None:
    recording = read_recording(shared / path)
    sound = prepare_recording(recording)
    label = {landmark: name for name, landmark in sound.landmarks}
    for a, b in WITHIN:
        if a not in label or b not in label:
            continue
        if "uwa" in path and a == "asis_r":
            # The rules of place of that marker set refuse it before any exchange is looked for.
            continue
        pair = (label[a], label[b])
        ready = prepare_recording(exchanged(recording, [pair]))
        assert said(ready), pair
        if pair[0] in dict(ready.landmarks):
            gap = np.abs(ready.markers.position(pair[0]) - sound.markers.position(pair[0]))
            assert np.nanmedian(gap) < 1e-3, pair
        else:
            assert pair[1] not in dict(ready.landmarks)


@pytest.mark.parametrize("path", SOUND)
def test_a_body_turned_over_is_repaired_by_evidence_or_refused_with_both_cures(shared: Path, path: str) -> None:
    recording = read_recording(shared / path)
    sound = prepare_recording(recording)
    mirrored = replace(
        recording, markers=replace(recording.markers, positions=recording.markers.positions * [1, 1, -1]), plates=()
    )
    if sound.world_from_lab[2, 2] != 0:
        mirrored = replace(
            mirrored, markers=replace(recording.markers, positions=recording.markers.positions * [-1, 1, 1])
        )
    try:
        ready = prepare_recording(mirrored)
        assert any(n.code == "axes.mirrored" and n.kind == "repaired" for n in ready.notes)
    except SidesError as error:
        assert "--mirrored" in str(error)
        assert "--exchange-sides" in str(error)
    ready = prepare_recording(mirrored, settings=PrepareSettings(turned_over="mirrored"))
    for name, _ in sound.landmarks:
        gap = np.abs(ready.markers.position(name) - sound.markers.position(name))
        assert np.nanmax(gap, initial=0.0) < 2e-3, name


def test_two_real_exchanges_are_found(shared: Path) -> None:
    data = shared / "data"
    flipped = prepare_recording(read_recording(data / "broken" / "labels" / "nimble_marker_flip_walking2.trc"))
    assert [n.place for n in flipped.notes if n.code == "markers.swapped"] == ["L_5meta, L_toe"]
    sternum = prepare_recording(read_recording(data / "dev/schreiber_moissenet/2014007/2014007_ST.c3d"))
    assert [n.place for n in sternum.notes if n.code == "markers.swapped"] == ["SJN, SXS"]


def test_another_walk_of_the_visit_tells_that_labels_were_exchanged(shared: Path) -> None:
    folder = shared / "data" / "dev" / "bmc_gait_pressure"
    with pytest.raises(SidesError, match="--exchange-sides or --mirrored"):
        prepare_recording(read_recording(folder / "walk1.trc"))
    visit = collect_recordings([folder / "walk1.trc", folder / "walk2.trc"])
    assert [r.name for r in visit.walking] == ["walk1.trc", "walk2.trc"]
    assert visit.refused == ()
    notes = [n for n in visit.walking[0].notes if n.code == "markers.sides"]
    assert [n.kind for n in notes] == ["assumed"]
    assert "walk2.trc" in notes[0].text
