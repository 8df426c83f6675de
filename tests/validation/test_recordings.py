"""Recordings of other people's laboratories, read and prepared, against their manifest and reference output."""

import os
import time
import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from kinechain.core.errors import FileError, InputError
from kinechain.recording.join import join_recordings
from kinechain.recording.plates import PlateSettings
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import ReadSettings, read_recording
from kinechain.recording.recording import Recording
from kinechain.recording.still import keep_still_part

SHARED = Path(os.environ.get("KINECHAIN_SHARED", Path(__file__).resolve().parents[3] / "shared"))
AS_MEASURED = ReadSettings(plates=PlateSettings(remove_baseline=False))


@cache
def manifest():
    path = SHARED / "data" / "MANIFEST.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.exists() else {"file": [], "broken": []}


def entries(*datasets, kinds=(".c3d", ".trc")):
    found = [f for f in manifest()["file"] if f["dataset"] in datasets and f["path"].lower().endswith(kinds)]
    return [pytest.param(f, id=f["path"][4:]) for f in found] or [pytest.param(None, id="absent")]


@pytest.mark.parametrize(
    "entry",
    entries("schreiber_moissenet", "opencap_validation_s4", "lab_FMC", "lab_AUC", "lab_RBWH", "btk_pig_nantes"),
)
def test_a_recording_holds_what_the_manifest_says(shared: Path, entry):
    recording = read_recording(shared / "data" / entry["path"], AS_MEASURED)
    assert recording.sha256 == entry["sha256"]
    markers = recording.markers
    assert markers.rate_hz == pytest.approx(entry["rate_hz"], rel=1e-4)
    assert len(markers.positions) == entry["frames"]
    missing = set(entry["markers"]) - set(markers.labels)
    assert not missing
    if entry["path"].endswith(".trc") or not entry.get("model_outputs"):
        assert len(markers.labels) == entry["n_points"]
    if entry.get("model_outputs"):
        stored = {x.rsplit(".", 1)[0] for x in recording.outputs.labels}
        assert set(entry["model_outputs"]) <= stored | {"LGroundReactionMoment", "RGroundReactionMoment"}
    assert len(recording.plates) == entry.get("plates", 0)
    for plate, largest in zip(recording.plates, entry.get("plate_fz_max_n", []), strict=False):
        assert plate.force[:, 2].max() == pytest.approx(largest, abs=0.5)
        assert len(plate.force) / plate.rate_hz == pytest.approx(entry["frames"] / entry["rate_hz"])
    assert (recording.mass_kg is None) == (
        "mass_kg_file" not in entry and "schreiber" not in entry["path"]
    ) or "_ST" in entry["path"]


@pytest.mark.parametrize(
    "entry",
    entries("schreiber_moissenet", "opencap_validation_s4", "lab_FMC", "lab_AUC", "lab_RBWH", "btk_pig_nantes"),
)
def test_a_recording_is_prepared_unattended(shared: Path, entry):
    ready = prepare_recording(read_recording(shared / "data" / entry["path"]))
    name = Path(entry["path"]).stem
    wanted = {"opencap_validation_s4": "opencap", "schreiber_moissenet": "isb_full_body", "lab_AUC": "auckland"}
    assert ready.profile == wanted.get(entry["dataset"], "plug_in_gait")
    if name in ("STS1", "STSAsym1", "Cal_01"):
        assert ready.task == "other"
    else:
        standing = any(x in name for x in ("_ST", "static", "Static", "Calibration", "BP01", "BP08"))
        assert ready.task == ("standing" if standing else "walking")
    tracks = {landmark: ready.markers.position(label) for label, landmark in ready.landmarks}
    across = np.nanmedian(tracks["asis_l"] - tracks["asis_r"], axis=0)
    assert across[1] > 0.15
    assert abs(across[0]) < 0.1
    if ready.task == "walking":
        travel = np.diff(tracks["asis_r"][np.isfinite(tracks["asis_r"][:, 0])][[0, -1]], axis=0)[0]
        assert travel[0] > 0.5
        assert abs(travel[1]) < 0.1 * travel[0]
        assert entry.get("speed_mps", 1.2) == pytest.approx(
            travel[0] / (len(ready.markers.positions) - 1) * entry["rate_hz"], rel=0.1
        )
    for plate in ready.plates:
        assert plate.force[:, 2].min() > -30


def test_plates_agree_with_the_reference_output_of_opensim(shared: Path):
    folder = shared / "data" / "dev" / "opensim_core_walking"
    for walk in ("walking2", "walking5"):
        recording = read_recording(folder / f"{walk}.c3d", AS_MEASURED)
        table = read_recording(folder / f"std_cop_{walk}_grfs.sto").series
        for k, plate in enumerate(recording.plates, start=1):
            rows = np.round((table.times_s - plate.start_s) * plate.rate_hz).astype(int)
            force, point, torque = (np.stack([table.column(f"{q}{k}_{i}") for i in (1, 2, 3)], axis=1) for q in "fpm")
            loaded = np.isfinite(plate.centre_of_pressure[rows, 0])
            assert loaded.sum() >= 10
            np.testing.assert_allclose(plate.force[rows], force, atol=1e-6)
            np.testing.assert_allclose(plate.centre_of_pressure[rows][loaded], point[loaded] / 1e3, atol=1e-8)
            np.testing.assert_allclose(plate.free_moment[rows][loaded], torque[loaded] / 1e3, atol=1e-8)
        markers = read_recording(folder / f"std_{walk}_markers.trc").markers
        for label in markers.labels:
            ours, theirs = recording.markers.position(label)[::10], markers.position(label)
            n = min(len(ours), len(theirs)) - 1
            np.testing.assert_allclose(ours[:n], theirs[:n], atol=6e-5)  # written with five digits


def test_plates_agree_with_the_tables_beside_the_recording(shared: Path):
    folder = shared / "data" / "dev" / "schreiber_moissenet" / "2014004"
    plates = read_recording(folder / "2014004_C4_02.c3d").plates
    tables = read_recording(folder / "2014004_C4_02_grf.mot").plates
    # The table is filtered and given in OpenSim's axes, left and right foot instead of plate 1 and 2.
    ours = sorted(float(p.force[:, 2].max()) for p in plates)
    theirs = sorted(float(p.force[:, 1].max()) for p in tables)
    np.testing.assert_allclose(ours, theirs, rtol=0.05)


def test_one_walk_with_its_plates_described_as_type_2_and_4(shared: Path):
    folder = shared / "data" / "broken" / "plates"
    two, four = (read_recording(folder / f"type-{k}a.c3d", AS_MEASURED).plates for k in (2, 4))
    for a, b in zip(two, four, strict=True):
        assert np.sqrt(np.mean((a.force - b.force) ** 2)) < 0.5
        loaded = (
            np.isfinite(a.centre_of_pressure[:, 0]) & np.isfinite(b.centre_of_pressure[:, 0]) & (a.force[:, 2] > 100)
        )
        assert np.nanmax(np.abs(a.centre_of_pressure - b.centre_of_pressure)[loaded]) < 0.005


def test_the_centre_of_pressure_of_a_type_3_plate_lies_under_a_foot(shared: Path):
    recording = read_recording(shared / "data" / "dev" / "c3dorg_qualisys" / "Walking_Hybrid_1_1.c3d")
    feet = np.stack([recording.markers.position(f"{s}_{x}") for s in "RL" for x in ("HEEL", "MT_1", "MT_5")], axis=1)
    for plate in recording.plates:
        rows = np.flatnonzero(plate.force[:, 2] > 300)
        frames = np.minimum(rows // round(plate.rate_hz / recording.markers.rate_hz), len(feet) - 1)
        away = np.linalg.norm(feet[frames] - plate.centre_of_pressure[rows][:, None], axis=2).min(axis=1)
        assert np.nanmedian(away) < 0.12


def test_one_walk_in_six_encodings(shared: Path):
    folder = shared / "data" / "broken" / "encodings"
    names = ("pc_real.c3d", "pc_int.c3d", "DEC_INT.C3D", "Dec_real.c3d", "sgi_int.c3d", "sgi_real.c3d")
    first, *others = (read_recording(folder / name) for name in names)
    for other in others:
        assert other.markers.labels == first.markers.labels
        # One step of the integer files is 0.28 mm.
        np.testing.assert_allclose(other.markers.positions, first.markers.positions, atol=3e-4)
        assert (other.mass_kg, other.height_m) == pytest.approx((70.62, 1.78))
        for a, b in zip(first.plates, other.plates, strict=True):
            np.testing.assert_allclose(a.force, b.force, atol=1.0)
    events = [(e.kind, e.side) for e in first.events]
    assert ("foot_strike", "right") in events


BROKEN = [pytest.param(b, id=b["path"][7:]) for b in manifest()["broken"]] or [pytest.param(None, id="absent")]


@pytest.mark.parametrize("entry", BROKEN)
def test_a_broken_file_is_read_or_refused_in_one_sentence(shared: Path, entry):
    started = time.process_time()
    try:
        recording = read_recording(shared / "data" / entry["path"])
    except FileError as error:
        text = str(error)
        assert Path(entry["path"]).name in text
        assert "\n" not in text
        assert len(text) < 250
    else:
        assert isinstance(recording, Recording)
        try:
            prepare_recording(recording)
        except InputError as error:
            assert "\n" not in str(error)
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    ("path", "frames", "labels"),
    [
        (b["path"], b["frames"], b["n_points"])
        for b in manifest()["broken"]
        if b["path"].lower().endswith(".trc") and b.get("n_points")
    ]
    or [("absent", 0, 0)],
)
def test_odd_trc_files_hold_every_marker(shared: Path, path, frames, labels):
    markers = read_recording(shared / "data" / path).markers
    assert len(markers.labels) == labels
    assert len(markers.positions) == frames


def test_blank_cells_shift_nothing(shared: Path):
    markers = read_recording(shared / "data" / "broken" / "odd" / "trc_blanks_for_missing.trc").markers
    reference = read_recording(shared / "data" / "dev" / "opensim_core_walking" / "walking5.c3d").markers
    ours, theirs = markers.position("C7"), reference.position("C7")
    seen = ours[np.isfinite(ours[:, 0])]
    # Some run of the C3D holds the same positions, so nothing slid into a neighbour's column.
    nearest = np.nanmin(np.linalg.norm(theirs[:, None] - seen[None, ::20], axis=2), axis=0)
    assert nearest.max() < 1e-3


def test_swapped_markers_of_one_foot_are_exchanged_back(shared: Path):
    ready = prepare_recording(read_recording(shared / "data" / "broken" / "labels" / "nimble_marker_flip_walking2.trc"))
    assert any("L_5meta" in n.text and "L_toe" in n.text and n.kind == "repaired" for n in ready.notes)
    label = {landmark: name for name, landmark in ready.landmarks}
    toe, fifth = (ready.markers.position(label[f"metatarsal_{k}_head_l"]) for k in (2, 5))
    assert np.nanmedian((fifth - toe)[:, 1]) > 0.03


def test_no_defect_is_claimed_in_sound_walks(shared: Path):
    for path in (
        "schreiber_moissenet/2014001/2014001_C4_05.c3d",
        "opencap_validation_s4/walkingTO1.trc",
        "lab_FMC/MH0222_BP06.c3d",
    ):
        ready = prepare_recording(read_recording(shared / "data" / "dev" / path))
        assert [n.text for n in ready.notes if n.kind == "defect"] == []


def test_example_walks_of_the_models_are_prepared(shared: Path):
    for path, profile in (
        ("gait2392/subject01_walk1.trc", "gait2392"),
        ("gait2392/subject01_static.trc", "gait2392"),
        ("rajagopal/motion_capture_walk.trc", "rajagopal"),
        ("rajagopal/static_walk_1.trc", "rajagopal"),
    ):
        assert prepare_recording(read_recording(shared / "models" / path)).profile == profile


def test_further_laboratories_are_prepared(shared: Path):
    for path, profile in (
        ("uwa_fast_walk/fast_walking_a.c3d", "uwa_clusters"),
        ("opensim_core_walking/walking5.c3d", "uwa_clusters"),
        ("rezaie_qtm_running/gait_1_marker.trc", "uwa_clusters"),
        ("ezc3d_qualisys_isb/Qualisys.c3d", "isb_full_body"),
        ("c3dorg_qualisys/Walking_Hybrid_1_1.c3d", "hybrid_clusters"),
        ("c3dorg_motionanalysis/Walk1.c3d", "helen_hayes"),
        ("c3dorg_qualisys/Capture0002.c3d", "qualisys_helen_hayes"),
        ("bmc_gait_pressure/walk2.trc", "bmclab"),
    ):
        ready = prepare_recording(read_recording(shared / "data" / "dev" / path))
        assert (ready.profile, ready.task) == (profile, "walking")


@pytest.mark.parametrize(
    ("path", "profile"),
    [
        ("axes/biobuddy_static.c3d", "montreal"),
        ("axes/biobuddy_static_rotated.c3d", "montreal"),
        ("metadata/bts_dynamic_missing_params_duplicates.c3d", "davis_bars"),
        ("metadata/bts_standing_missing_params.c3d", "davis_bars"),
        ("plates/type1_corrected.c3d", "davis_bars"),
        ("plates/type-2a.c3d", "helen_hayes"),
        ("plates/res16bit_unsigned_6plates.c3d", "french_landmarks"),
        ("odd/Res16bits.trc", "french_landmarks"),
        ("odd/ezc3d_FP_Type1.c3d", "davis_bars"),
        ("odd/ezc3d_FP_Type3.c3d", "coda_pelvis"),
        ("odd/motek_T_filmbox.trc", "plug_in_gait"),
        ("odd/nimble_markers_weird.trc", "plug_in_gait"),
    ],
)
def test_the_marker_set_of_odd_files_is_told(shared: Path, path: str, profile: str):
    ready = prepare_recording(read_recording(shared / "data" / "broken" / path))
    assert ready.profile == profile
    assert ready.score > 0.9
    assert ready.runner_up[1] < ready.score
    assert not [n for n in ready.notes if n.code == "markers.place"]


def test_labels_kept_in_the_descriptions_are_read_as_words(shared: Path):
    ready = prepare_recording(read_recording(shared / "data/broken/plates/nimble_JH01_negative_force.c3d"))
    assert ready.profile == "label_words"
    assert {"heel_r", "heel_proximal_l", "metatarsal_5_head_r", "medial_malleolus_l", "toe_2_tip_r"} <= {
        landmark for _, landmark in ready.landmarks
    }
    assert not [n for n in ready.notes if n.code == "markers.place"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("metadata/sample21_wrong_rates.c3d", "marks the right leg only"),
        ("odd/кириллица имя.c3d", "marks no leg"),
        ("plates/MotionMonitor_m.c3d", "none of them names a place on the body"),
        ("plates/kyowa_scale_24kN.c3d", "read as words they lack"),
        ("encodings/MACsample_sgi_int.c3d", "lack asis_r"),
    ],
)
def test_a_set_that_cannot_carry_a_body_is_refused_for_its_reason(shared: Path, path: str, said: str):
    with pytest.raises(InputError, match=said):
        prepare_recording(read_recording(shared / "data" / "broken" / path))


def test_a_body_exported_mirrored_is_refused(shared: Path):
    with pytest.raises(InputError, match="exchanged, or an axis is mirrored"):
        prepare_recording(read_recording(shared / "data" / "dev" / "bmc_gait_pressure" / "walk1.trc"))


def test_the_standing_part_of_a_restless_calibration(shared: Path):
    ready = prepare_recording(read_recording(shared / "data" / "dev" / "lab_RBWH" / "Cal_01.c3d"))
    kept = keep_still_part(ready)
    assert kept.task == "standing"
    assert 0.5 < len(kept.markers.positions) / kept.markers.rate_hz < 3.0
    heels = np.stack([kept.markers.position(x) for x in ("LHEE", "RHEE")], axis=1)
    assert np.nanmax(np.ptp(heels, axis=0)) < 0.02


def test_markers_and_plates_in_two_files_are_joined(shared: Path):
    folder = shared / "data" / "dev" / "opencap_validation_s4"
    files = [
        read_recording(folder / name)
        for name in ("walking1.trc", "walkingTI1.trc", "walking1_grf.mot", "walkingTI1_grf.mot")
    ]
    joined = [prepare_recording(r) for r in join_recordings(files)]
    assert [len(r.plates) for r in joined] == [2, 2]
    for recording in joined:
        for plate in recording.plates:
            assert 400 < plate.force[:, 2].max() < 900
