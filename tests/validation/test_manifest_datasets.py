"""Every clause of every dataset's 'defects' and 'checks' in the manifest, held or named as a later step's.

A clause that is not listed here fails: whoever adds a recording says what is expected of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import leg_in_a_plane
import numpy as np
import pytest
from manifest_rows import DATA, SHARED, clauses, manifest, measured, prepared, read, refusal, said
from scipy.io import loadmat

from kinechain.body.osim import read_osim
from kinechain.core.errors import FileError
from kinechain.inspection.inspect_file import inspect_file
from kinechain.loads.inverse_dynamics import InverseDynamics
from kinechain.loads.model_dynamics import model_inverse_dynamics, read_coordinates, read_ground_forces
from kinechain.motion.contacts import Contact, find_contacts
from kinechain.motion.events import ChosenEvents, choose_events
from kinechain.motion.marker_paths import marker_paths
from kinechain.motion.weight import mass_from_plates
from kinechain.recording.collect import collect_recordings
from kinechain.recording.join import join_recordings
from kinechain.recording.prepare import PrepareSettings, prepare_recording
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Recording
from kinechain.recording.still import keep_still_part

Check = Callable[[], None]


def files(dataset: str, suffix: str) -> list[str]:
    return [
        f["path"] for f in manifest()["file"] if f["dataset"] == dataset and f["path"].lower().endswith(suffix.lower())
    ]


@cache
def contacts(path: str) -> tuple[Contact, ...]:
    recording = prepared(path)
    paths = marker_paths(recording)
    assert paths is not None
    return find_contacts(recording.plates, paths)


@cache
def events(path: str) -> ChosenEvents:
    recording = prepared(path)
    paths = marker_paths(recording)
    assert paths is not None
    return choose_events(recording, paths)


@cache
def joined(markers: str, table: str) -> Recording:
    """Join markers and a table of plates, as read."""
    (recording,) = join_recordings((read_recording(DATA / markers), read_recording(DATA / table)))
    return recording


def track(recording: Recording, landmark: str) -> np.ndarray:
    label = next(label for label, name in recording.landmarks if name == landmark)
    return recording.markers.position(label)


def every(paths: list[str], check: Callable[[str], None]) -> Check:
    def run() -> None:
        assert paths
        for path in paths:
            check(path)

    return run


def refuses_every_file(dataset: str, *suffixes: str) -> Check:
    """Hold that no number is taken from a kind of data that is not read yet."""

    def run() -> None:
        found = [f["path"] for f in manifest()["file"] if f["dataset"] == dataset]
        found = [p for p in found if p.lower().endswith(suffixes or ("",))]
        assert found
        for path in found:
            with pytest.raises(FileError) as caught:
                read_recording(DATA / path)
            assert Path(path).name in str(caught.value)

    return run


# -- lab by lab -------------------------------------------------------------------------------------------------------

UWA = "dev/uwa_fast_walk/fast_walking_{}.c3d"
ISB = "dev/ezc3d_qualisys_isb/Qualisys.c3d"
MOTION_ANALYSIS = "dev/c3dorg_motionanalysis/Walk1.c3d"
QUALISYS = "dev/c3dorg_qualisys/"
CORE = "dev/opensim_core_walking/"
NANTES = "dev/btk_pig_nantes/"
RBWH = "dev/lab_RBWH/"
FMC = "dev/lab_FMC/MH0222_"
AUC = "dev/lab_AUC/CB_"
BMC = "dev/bmc_gait_pressure/"
OPENCAP = "dev/opencap_validation_s4/"
RUNNING = "dev/rezaie_qtm_running/"


def noisy_plate_is_refused() -> None:
    for trial in "ab":
        recording = prepared(UWA.format(trial))
        assert [p.name for p in recording.plates] == ["plate 1"]
        assert any("plate 2" in n.place for n in recording.notes if n.kind == "defect")
        assert all(c.plate == 0 for c in contacts(UWA.format(trial)))


def offset_is_subtracted() -> None:
    for trial in "ab":
        assert any(n.code and "13." in n.text and "subtracted" in n.text for n in read(UWA.format(trial)).notes)


def ghosts_are_left_out() -> None:
    for trial in "ab":
        recording = read(UWA.format(trial))
        assert said(recording, "29 unlabelled")
        assert len(recording.markers.labels) == 51
        assert not any(label.startswith("*") for label in recording.markers.labels)


def generic_events_give_none() -> None:
    assert read(UWA.format("a")).events == ()
    assert said(read(UWA.format("a")), "Event")
    assert events(UWA.format("a")).events


def stated_feet_are_input() -> None:
    """What the laboratory states of the feet is never passed off as computed."""
    told = json.dumps([str(f) for f in inspect_file(DATA / UWA.format("a")).defects])
    assert "abduction" not in told.lower()


def sides_from_labels() -> None:
    assert {(e.side, e.kind) for e in read(ISB).events} == {
        (s, k) for s in ("left", "right") for k in ("foot_strike", "foot_off")
    }


def late_clock() -> None:
    recording = read(ISB)
    assert recording.markers.start_s == pytest.approx(704 / 200.0)
    end = recording.markers.times_s[-1]
    assert all(recording.markers.start_s <= e.time_s <= end for e in recording.events)
    away = [a.median_absolute_ms for a in events(ISB).agreements if a.first == "file"]
    assert away
    assert np.median(away) < 40.0


def treadmill_channels_are_no_plates() -> None:
    assert len(read(ISB).plates) == 2
    assert any("TAPIS" in label for label in read(ISB).series.labels)


def nothing_is_a_channel() -> None:
    assert any("Nothing" in label for label in read(ISB).series.labels)


def walks_at(path: str, speed: float) -> Check:
    def run() -> None:
        assert inspect_file(DATA / path).speed_m_s == pytest.approx(speed, rel=0.05)

    return run


def full_twin_is_kept() -> None:
    knee = read(MOTION_ANALYSIS).markers.position("RKNE")
    assert np.isfinite(knee).all()
    assert said(read(MOTION_ANALYSIS), "occur again", "RKNE")


def words_become_sides() -> None:
    found = {(e.kind, e.side) for e in read(MOTION_ANALYSIS).events}
    assert len(found) == 4
    assert len(read(MOTION_ANALYSIS).events) == 8


def plates_apart() -> None:
    a, b = read(MOTION_ANALYSIS).plates
    gap = max(
        max(a.corners[:, k].min() - b.corners[:, k].max(), b.corners[:, k].min() - a.corners[:, k].max())
        for k in (0, 1)
    )
    assert gap == pytest.approx(0.160, abs=0.01)
    sides = {c.side for c in contacts(MOTION_ANALYSIS) if c.is_clean}
    assert sides <= {"left", "right"}


def unnamed_channels() -> None:
    recording = read(QUALISYS + "Walking_Hybrid_1_1.c3d")
    assert all(label.startswith("A0") for label in recording.series.labels)
    assert len(recording.plates) == 2


def pressure_under_the_feet() -> None:
    for trial in ("Walking_Hybrid_1_1", "Walking_Hybrid_1_2", "Walking_Hybrid_1_3"):
        recording = prepared(f"{QUALISYS}{trial}.c3d")
        assert any("origin" in n.code or "origin" in n.text for n in recording.notes)
        feet = np.stack(
            [recording.markers.position(x) for x, n in recording.landmarks if n.startswith(("heel", "metatarsal"))], 1
        )
        for plate in recording.plates:
            frames = np.round((plate.times_s - recording.markers.start_s) * recording.markers.rate_hz).astype(int)
            use = (plate.force[:, 2] > 100) & (frames >= 0) & (frames < len(feet))
            gap = np.linalg.norm((feet[frames[use]] - plate.centre_of_pressure[use][:, None])[..., :2], axis=2)
            nearest = np.nanmin(gap[np.isfinite(gap).any(axis=1)], axis=1)
            assert np.median(nearest) < 0.12


def duplicates_are_merged() -> None:
    labels = read(QUALISYS + "Walking_Hybrid_2.c3d").markers.labels
    assert len(labels) == len(set(labels)) == 25
    assert said(read(QUALISYS + "Walking_Hybrid_2.c3d"), "more than once")


def beside_the_plates() -> None:
    recording = prepared(QUALISYS + "Standing_Hybrid_2.c3d")
    assert mass_from_plates(recording) is None


def plates_below_the_floor() -> None:
    heights = [p.corners[:, 2].mean() for p in read(QUALISYS + "Walking_Hybrid_1_1.c3d").plates]
    assert all(-0.03 < h < 0.0 for h in heights)


def no_mass_no_events() -> None:
    recording = read(QUALISYS + "Walking_Hybrid_1_1.c3d")
    assert recording.mass_kg is None
    assert recording.events == ()
    assert events(QUALISYS + "Walking_Hybrid_1_1.c3d").events


def type_three_sum() -> None:
    recording = measured(QUALISYS + "Walking_Hybrid_1_1.c3d")
    values = recording.series.values
    for k, plate in enumerate(recording.plates):
        # The plates lie 0.03 degrees off the level, hence the quarter of a newton.
        np.testing.assert_allclose(plate.force[:, 2], -values[:, 8 * k + 4 : 8 * k + 8].sum(axis=1), atol=0.3)


def child_weighs() -> None:
    assert mass_from_plates(prepared(QUALISYS + "Capture0008_Standing.c3d")) == pytest.approx(37.0, abs=3.5)


def hidden_at_both_ends() -> None:
    for trial in ("walking2", "walking5"):
        recording, markers = read(f"{CORE}{trial}.c3d"), prepared(f"{CORE}{trial}.c3d").markers
        assert np.isnan(recording.markers.positions).any(axis=(0, 2)).all()
        for label in markers.labels:
            before, after = (np.isfinite(m.position(label)[:, 0]) for m in (recording.markers, markers))
            first, last = np.flatnonzero(before)[[0, -1]]
            assert not after[:first].any(), "nothing is drawn before the subject enters"
            assert not after[last + 1 :].any(), "nothing is drawn after the subject left"


def baselines_are_subtracted() -> None:
    notes = [n.text for n in read(CORE + "walking2.c3d").notes if "subtracted" in n.text]
    assert notes
    for plate in read(CORE + "walking2.c3d").plates:
        assert np.median(plate.force[:200, 2]) == pytest.approx(0.0, abs=2.0)


def no_pressure_below_the_threshold() -> None:
    for plate in read(CORE + "walking2.c3d").plates:
        assert np.isnan(plate.centre_of_pressure[plate.force[:, 2] < 20.0]).all()


def large_plate() -> None:
    corners = read(CORE + "walking2.c3d").plates[1].corners
    assert sorted(np.linalg.norm(np.diff(corners, axis=0), axis=1))[-1] == pytest.approx(1.219, abs=0.005)


def no_events_no_mass() -> None:
    recording = read(CORE + "walking2.c3d")
    assert recording.events == ()
    assert recording.mass_kg is None


def as_opensim_computes() -> None:
    for trial in ("walking2", "walking5"):
        recording = measured(f"{CORE}{trial}.c3d")
        table = read(f"{CORE}std_cop_{trial}_grfs.sto").series
        for k, plate in enumerate(recording.plates, start=1):
            rows = np.round((table.times_s - plate.start_s) * plate.rate_hz).astype(int)
            force, point = (np.stack([table.column(f"{q}{k}_{i}") for i in (1, 2, 3)], axis=1) for q in "fp")
            np.testing.assert_allclose(plate.force[rows], force, atol=0.1)
            loaded = np.abs(force[:, 2]) > 20.0
            loaded &= np.isfinite(plate.centre_of_pressure[rows, 0])
            assert loaded.sum() >= 10
            np.testing.assert_allclose(plate.centre_of_pressure[rows][loaded], point[loaded] / 1e3, atol=1e-3)


def corners_and_signs_are_right() -> None:
    for trial in ("walking2", "walking5"):
        notes = prepared(f"{CORE}{trial}.c3d").notes
        assert not [n for n in notes if n.kind == "defect" and "plate" in n.place.lower()]


def mass_stays_unknown() -> None:
    assert mass_from_plates(prepared(CORE + "walking2.c3d")) is None
    uses = {u.name: u for u in inspect_file(DATA / f"{CORE}walking2.c3d").uses}
    assert uses["loads"].verdict != "yes"
    assert "mass" in uses["loads"].reason


def one_row_of_times() -> None:
    recording = read(NANTES + "PiG_Motion-FlatFoot-Full.c3d")
    assert all(0.0 <= e.time_s <= recording.markers.times_s[-1] + 0.1 for e in recording.events)
    assert recording.events or said(recording, "events")


def weighs_454_newton() -> None:
    assert mass_from_plates(prepared(NANTES + "PiG_Calibration-FlatFoot-Full.c3d")) == pytest.approx(
        454.1 / 9.81, abs=0.7
    )


def same_markers_same_angles() -> None:
    """The two files differ in the laboratory's own processing of the foot, not in what was recorded."""
    one, other = (read(f"{NANTES}PiG_Motion3_{x}.c3d") for x in ("FF", "noFF"))
    for label in ("LKNE", "RHEE", "LTOE"):
        np.testing.assert_allclose(one.markers.position(label), other.markers.position(label), atol=1e-6)

    def stored(recording: Recording, label: str) -> np.ndarray:
        return recording.outputs.column(f"{label}.x")

    for side in "LR":
        for joint in ("Hip", "Knee"):
            gap = stored(one, f"{side}{joint}AnglesV") - stored(other, f"{side}{joint}AnglesV")
            assert np.nanmax(np.abs(gap)) < 0.5
        gap = stored(one, f"{side}AnkleAnglesV") - stored(other, f"{side}AnkleAnglesV")
        assert np.nanstd(gap) < 0.5 * max(1.0, abs(np.nanmean(gap)))


def same_forces() -> None:
    one, other = (read(f"{NANTES}PiG_Motion3_{x}.c3d") for x in ("FF", "noFF"))
    for a, b in zip(one.plates, other.plates, strict=True):
        np.testing.assert_array_equal(a.force, b.force)


def overhang_is_no_evidence() -> None:
    found = contacts(RBWH + "bfnd_w1.c3d")
    assert any(not c.is_clean and c.reason for c in found if c.plate == 0)


def hit_before_the_start() -> None:
    first = [c for c in contacts(RBWH + "bfnd_w1.c3d") if c.plate == 0]
    assert first
    assert not first[0].has_start
    assert not first[0].is_whole


def still_part_is_found() -> None:
    recording = prepared(RBWH + "Cal_01.c3d")
    still = keep_still_part(recording)
    assert 0.3 <= len(still.markers.positions) / still.markers.rate_hz < 8.0
    travelled = np.ptp(track(still, "asis_r")[:, :2], axis=0)
    assert (travelled < 0.03).all()


def numbered_channels() -> None:
    assert {"2", "8", "9"} <= {label.split()[-1] for label in read(RBWH + "bfnd_w1.c3d").series.labels}


def no_name_is_told() -> None:
    recording = read(RBWH + "bfnd_w1.c3d")
    assert recording.name == "bfnd_w1.c3d"
    assert not [n for n in recording.notes if "subject" in n.text.lower() and ":" in n.text]


def trunk_outputs() -> None:
    stored = {x.rsplit(".", 1)[0] for x in read(RBWH + "bfnd_w1.c3d").outputs.labels}
    assert {"LSpineAngles", "RThoraxAngles"} <= stored
    names = {name for _, name in prepared(RBWH + "bfnd_w1.c3d").landmarks}
    assert {"c7", "t10", "suprasternal_notch", "xiphoid"} <= names


def mass_mismatch() -> None:
    for trial in ("BP01", "BP08"):
        recording = prepared(f"{FMC}{trial}.c3d")
        assert recording.mass_kg == 81.0
        assert mass_from_plates(recording) == pytest.approx(69.8, abs=0.6)
        told = [d for d in inspect_file(DATA / f"{FMC}{trial}.c3d").defects if "mass" in d.code]
        assert told
        assert "81" in told[0].text


def knee_device() -> None:
    recording = prepared(f"{FMC}BP01.c3d")
    assert {"LKAX", "LKD1", "LKD2"} <= set(recording.markers.labels)
    kinds = {name for label, name in recording.landmarks if label.endswith(("KAX", "KD1", "KD2"))}
    assert not any(name.endswith("epicondyle_l") and "medial" in name for name in kinds)


def tasks_without_names() -> None:
    tasks = {trial: prepared(f"{FMC}{trial}.c3d").task for trial in ("BP01", "BP08", "BP06", "BP15")}
    assert tasks == {"BP01": "standing", "BP08": "standing", "BP06": "walking", "BP15": "walking"}


def stars_are_left_out() -> None:
    assert not any("*" in label for label in read(f"{FMC}BP06.c3d").markers.labels)
    assert said(read(f"{FMC}BP06.c3d"), "unlabelled")


def two_clean_hits() -> None:
    for trial in ("BP06", "BP15"):
        clean = [c for c in contacts(f"{FMC}{trial}.c3d") if c.is_clean and c.is_whole]
        assert sorted(c.side for c in clean) == ["left", "right"]


def light_child() -> None:
    assert mass_from_plates(prepared(f"{AUC}Static0001.c3d")) == pytest.approx(36.3, abs=1.5)


def auckland_labels() -> None:
    assert prepared(f"{AUC}Dynamic0003.c3d").profile == "auckland"
    names = {name for _, name in prepared(f"{AUC}Dynamic0003.c3d").landmarks}
    assert {"sacrum", "asis_r", "greater_trochanter_l", "heel_r", "lateral_malleolus_l"} <= names
    assert not {"psis_r", "psis_l"} & names


def small_baseline() -> None:
    notes = read(f"{AUC}Dynamic0003.c3d").notes
    assert any("subtracted" in n.text for n in notes)


def calibrated_plates() -> None:
    for plate in read(f"{AUC}Dynamic0003.c3d").plates:
        assert plate.corners[:, 2].mean() == pytest.approx(-0.023, abs=0.003)
        assert 300 < plate.force[:, 2].max() < 500


def events_are_detected() -> None:
    assert read(f"{AUC}Dynamic0003.c3d").events == ()
    assert events(f"{AUC}Dynamic0003.c3d").events


def short_static() -> None:
    still = keep_still_part(prepared(f"{AUC}Static0001.c3d"))
    assert len(still.markers.positions) / still.markers.rate_hz == pytest.approx(0.5, abs=0.05)


def bmc(trial: str) -> Recording:
    """Return a walk of BMClab with its plates; right and left of walk1 are exchanged, which its user has to say."""
    told = PrepareSettings(turned_over="exchanged" if trial == "walk1" else "")
    return prepare_recording(joined(f"{BMC}{trial}.trc", f"{BMC}{trial}.forces"), settings=told)


def y_up() -> None:
    assert "--exchange-sides" in refusal(f"{BMC}walk1.trc")
    for trial in ("walk1", "walk2"):
        assert said(bmc(trial), "up is +y")


def sides_told_by_the_other_walk() -> None:
    """Both walks of one visit stand in the same axes: walk2 tells which of the two faults walk1 has."""
    visit = collect_recordings([DATA / f"{BMC}{trial}.trc" for trial in ("walk1", "walk2")])
    assert len(visit.walking) == 2
    (first,) = [r for r in visit.walking if r.name == "walk1.trc"]
    assert said(first, "walk2.trc", "exchanged")


def forces_join_markers() -> None:
    for trial in ("walk1", "walk2"):
        recording = joined(f"{BMC}{trial}.trc", f"{BMC}{trial}.forces")
        assert recording.markers.rate_hz == pytest.approx(150.0)
        assert {p.rate_hz for p in recording.plates} == {450.0}
        assert max(p.force[:, 2].max() for p in bmc(trial).plates) > 400.0


def few_plates_are_hit() -> None:
    ready = bmc("walk1")
    hit = {c.plate for c in find_contacts(ready.plates, marker_paths(ready))}
    assert 2 <= len(hit) <= 6


def forefoot_labels() -> None:
    names = {name for _, name in prepared(f"{BMC}walk2.trc").landmarks}
    assert {"metatarsal_1_head_r", "metatarsal_5_head_l"} <= names


def metres_and_mixed_labels() -> None:
    recording = prepared(f"{OPENCAP}walking1.trc")
    assert recording.profile == "opencap"
    assert 0.7 < np.nanmedian(track(recording, "asis_r")[:, 2]) < 1.1


def grf_in_opensim_axes() -> None:
    ready = prepare_recording(joined(f"{OPENCAP}walking1.trc", f"{OPENCAP}walking1_grf.mot"))
    assert ready.plates
    assert all(p.rate_hz == pytest.approx(100.0) for p in ready.plates)
    assert max(p.force[:, 2].max() for p in ready.plates) > 400.0


def zero_is_missing() -> None:
    for path in files("opencap_validation_s4", ".trc"):
        positions = read(path).markers.positions
        assert not (positions == 0.0).all(axis=2).any()


def standing_weight(path: str, table: str, mass: float) -> Check:
    def run() -> None:
        assert mass_from_plates(prepare_recording(joined(path, table))) == pytest.approx(mass, abs=0.7)

    return run


def right_leg_is_loaded() -> None:
    ready = prepare_recording(joined(f"{OPENCAP}STSAsym1.trc", f"{OPENCAP}STSAsym1_grf.mot"))
    means = sorted(float(np.nanmean(p.force[:, 2])) for p in ready.plates)
    assert means[-1] == pytest.approx(277.8, rel=0.05)
    assert means[-2] == pytest.approx(105.7, rel=0.05)


def toes_in_and_out() -> None:
    """test_opencap.py judges the fitted body; here the markers alone show it: heel to second toe against the walk."""

    def progression(trial: str) -> float:
        recording = prepared(f"{OPENCAP}{trial}.trc")
        out = []
        for side, sign in (("r", -1.0), ("l", 1.0)):
            paths = marker_paths(recording)
            word = {"r": "right", "l": "left"}[side]
            foot = paths.forefoot[word] - paths.heel[word]
            low = np.linalg.norm(np.gradient(paths.heel[word], axis=0), axis=1) * paths.rate_hz < 0.2
            out.append(sign * np.degrees(np.nanmedian(np.arctan2(foot[low, 1], foot[low, 0]))))
        return float(np.mean(out))

    inward, natural, outward = (
        np.mean([progression(f"walking{x}{i}") for i in n])
        for x, n in (("TI", (1, 2, 3)), ("", (1, 2, 4)), ("TO", (1, 2, 3)))
    )
    assert inward < natural - 5.0
    assert outward > natural + 5.0


def trunk_sways() -> None:
    def lean(trial: str) -> float:
        recording = prepared(f"{OPENCAP}{trial}.trc")
        hips = (track(recording, "asis_l") + track(recording, "asis_r")) / 2
        up = track(recording, "c7") - hips
        return float(np.degrees(np.nanmax(np.abs(np.arctan2(up[:, 1], up[:, 2])))))

    assert min(lean(f"walkingTS{i}") for i in (1, 2, 3)) > max(lean(f"walking{i}") for i in (1, 2, 4)) + 5.0


def runs() -> None:
    speed = inspect_file(DATA / f"{RUNNING}gait_1_marker.trc").speed_m_s
    # The manifest writes 3.7 m/s; sacrum, C7 and both iliac spines all go 3.8 m in 1.26 s.
    assert speed == pytest.approx(3.05, abs=0.1)


def second_plate_is_unused() -> None:
    ready = prepare_recording(joined(f"{RUNNING}gait_1_marker.trc", f"{RUNNING}gait_1_force.mot"))
    paths = marker_paths(ready)
    assert {c.plate for c in find_contacts(ready.plates, paths)} == {0}


def peak_force() -> None:
    plates = read(f"{RUNNING}gait_1_force.mot").plates
    peak = max(float(p.force[:, 1].max()) for p in plates)
    assert peak == pytest.approx(1415.0, abs=1.0)
    assert peak / (61.7 * 9.80665) == pytest.approx(2.34, abs=0.01)


def one_foot_on_a_plate() -> None:
    ready = prepare_recording(joined(f"{RUNNING}gait_1_marker.trc", f"{RUNNING}gait_1_force.mot"))
    found = find_contacts(ready.plates, marker_paths(ready))
    assert len(found) == 1


def one_frame() -> None:
    statics = [p for p in files("schreiber_moissenet", "_st.c3d")]
    assert statics
    for path in statics:
        assert len(read(path).markers.positions) == 1
        assert prepared(path).task == "standing"
        assert read(path).plates == ()


def numbered_events() -> None:
    recording = read("dev/schreiber_moissenet/2014001/2014001_C1_01.c3d")
    assert len(recording.events) == 7


WALKS = [p for p in files("schreiber_moissenet", ".c3d") if "_ST" not in p]


def both_directions() -> None:
    """Prepared, everybody walks along +x, whichever way they went in the laboratory."""
    laboratory = set()
    for path in WALKS:
        asis = read(path).markers.position("R_IAS")
        seen = asis[np.isfinite(asis[:, 0])]
        laboratory.add(bool(seen[-1, 0] > seen[0, 0]))
        ready = track(prepared(path), "asis_r")
        ready = ready[np.isfinite(ready[:, 0])]
        assert ready[-1, 0] - ready[0, 0] > 0.5
    assert laboratory == {True, False}


def corners_two_millimetres_low() -> None:
    for plate in read(WALKS[0]).plates:
        assert plate.corners[:, 2].mean() == pytest.approx(-0.002, abs=0.0015)


def no_units_of_channels() -> None:
    """Files of both kinds exist: without units forces are taken in N and moments in the file's own length."""
    unitless = [p for p in WALKS if not any(read(p).series.units)]
    stated = [p for p in WALKS if any(read(p).series.units)]
    assert unitless or stated
    for path in (*unitless[:2], *stated[:2]):
        assert max(plate.force[:, 2].max() for plate in read(path).plates) > 500.0
    assert 500 < read(WALKS[0]).plates[0].force[:, 2].max() < 900


def muscles_of_one_leg() -> None:
    names = [x for x in read(WALKS[0]).series.labels if "soleus" in x.lower()]
    assert names
    assert all(x.startswith("R") for x in names)


def no_origin() -> None:
    assert all(np.isfinite(p.force).all() for p in read(WALKS[0]).plates)


def pressure_inside() -> None:
    for path in WALKS:
        for plate in read(path).plates:
            point = plate.centre_of_pressure[plate.force[:, 2] > 50.0][:, :2]
            low, high = plate.corners.min(axis=0)[:2] - 0.002, plate.corners.max(axis=0)[:2] + 0.002
            assert ((point >= low) & (point <= high)).all()


def faster_is_harder() -> None:
    slow, fast = (
        "dev/schreiber_moissenet/2014001/2014001_C1_01.c3d",
        "dev/schreiber_moissenet/2014001/2014001_C5_01.c3d",
    )
    assert max(p.force[:, 2].max() for p in read(fast).plates) > 1.2 * max(
        p.force[:, 2].max() for p in read(slow).plates
    )


def elsewhere(file: str, test: str) -> Check:
    """Point to the test that judges a clause with the fitted body; it has to be there."""

    def run() -> None:
        assert f"def {test}(" in (Path(__file__).parent / file).read_text("utf-8")

    return run


def leg_in_a_plane_is_reproduced() -> None:
    folder = DATA / "dev/csu_2d_inverse_dynamics"
    times, _, _ = leg_in_a_plane.read(folder)
    assert times[0] == 7.0
    published = loadmat(folder / "refresults.mat")["refresults"]
    angles, moments, forces = leg_in_a_plane.moments_and_forces(folder, leg_in_a_plane.AS_PUBLISHED)
    for found, expected in ((angles, published[:, :3]), (moments, published[:, 6:9]), (forces, published[:, 9:])):
        error = np.sqrt(((found - expected)[5:-5] ** 2).mean(axis=0))
        assert (error < 0.04 * np.ptp(expected, axis=0)).all()


def _runner() -> tuple[InverseDynamics, dict[str, np.ndarray]]:
    body = read_osim(DATA / f"{RUNNING}scaled.osim")
    motion = read_coordinates(DATA / f"{RUNNING}gait_1_inverse_kinematics.mot", body)
    loads = read_ground_forces(DATA / f"{RUNNING}gait_1_force.mot", body, motion)
    result = model_inverse_dynamics(body, motion, loads, 20.0)
    found = result.forces.coordinates.T
    return result, dict(zip((c.name for c in body.coordinates), found, strict=True))


def runners_moments() -> None:
    published = read(f"{RUNNING}gait_1_inverse_dynamics.sto").series
    _, ours = _runner()
    # The first and last 15 frames are filter transients.
    inside = slice(15, -15)
    for name in ("lumbar_extension", "lumbar_bending"):
        expected = published.column(f"{name}_moment")[inside]
        error = np.sqrt(np.mean((ours[name][inside] - expected) ** 2))
        assert error < 0.01 * np.abs(expected).max(), name


def foot_beside_the_plate_is_named() -> None:
    one_foot_on_a_plate()
    result, _ = _runner()
    assert any("Not to be trusted" in note and "0.00 to 0.3" in note for note in result.notes)


class Later:
    """A clause whose kind of data or whose computation a later step of the project brings."""

    def __init__(self, step: str, meanwhile: Check) -> None:
        self.step = step
        self.meanwhile = meanwhile


INERTIAL = "the inertial reader"
CLAUSES: dict[str, dict[str, Check | Later]] = {
    "uwa_fast_walk": {
        "plate 2 is noise": noisy_plate_is_refused,
        "plate 1 offset 13 N": offset_is_subtracted,
        "80 points all with gaps": ghosts_are_left_out,
        'events are generic "Event"': generic_events_give_none,
        "reject plate 2": noisy_plate_is_refused,
        "report foot eversion": stated_feet_are_input,
    },
    "ezc3d_qualisys_isb": {
        "event contexts empty": sides_from_labels,
        "times start 3.5 s": late_clock,
        "treadmill channels": treadmill_channels_are_no_plates,
        'analog "Nothing"': nothing_is_a_channel,
        "event time vs first frame": late_clock,
        "walking 1.47 m/s": walks_at(ISB, 1.47),
    },
    "c3dorg_motionanalysis": {
        "duplicate labels": full_twin_is_kept,
        'event labels "LHS"': words_become_sides,
        "two plates 160 mm apart": plates_apart,
        "prefer the non-empty duplicate": full_twin_is_kept,
        "map LHS/RTO": words_become_sides,
    },
    "c3dorg_qualisys": {
        "analog labels meaningless": unnamed_channels,
        "FORCE_PLATFORM:ORIGIN z positive": pressure_under_the_feet,
        "every marker is duplicated": duplicates_are_merged,
        "Standing_Hybrid_2 has people off": beside_the_plates,
        "plate corners at -12": plates_below_the_floor,
        "no mass, no events": no_mass_no_events,
        "detect ORIGIN sign error": pressure_under_the_feet,
        "merge duplicate labels": duplicates_are_merged,
        "type-3 channel sum": type_three_sum,
        "child mass from Capture0008": child_weighs,
    },
    "video_sports2d_demo": {
        clause: Later("the video reader", refuses_every_file("video_sports2d_demo", ".mp4"))
        for clause in ("two people", "select one person", "sagittal-only", "no foot pronation")
    },
    "phone_steps": {
        clause: Later(INERTIAL, refuses_every_file("phone_steps"))
        for clause in (
            "no header",
            "irregular sampling",
            "different column",
            "phone in pocket",
            "step count",
            "a pocket phone",
        )
    },
    "imu_foot_gaitmap": {
        clause: Later(INERTIAL, refuses_every_file("imu_foot_gaitmap"))
        for clause in ("multi-index", "index starts", "imu_sample_not", "rate only", "stride times", "rotated vs")
    },
    "imu_lowback_feet_ipol": {
        clause: Later(INERTIAL, refuses_every_file("imu_lowback_feet_ipol"))
        for clause in (
            "weight or height",
            "first line",
            "IMU frames",
            "README says",
            "step times",
            "U-turn",
            "stride symmetry",
            "lumbar acc",
        )
    },
    "mun104_template": {
        clause: Later("the pressure reader", refuses_every_file("mun104_template"))
        for clause in ("values are template", "use as shape prior")
    },
    "csu_2d_inverse_dynamics": {
        clause: leg_in_a_plane_is_reproduced
        for clause in ("starts at t=7", "subject mass", "6 Hz low-pass", "hip/knee/ankle angles")
    },
    "bmc_gait_pressure": {
        "Y-up lab frame": y_up,
        ".forces gives forces AND CoP": forces_join_markers,
        "7 plates of which few are hit": few_plates_are_hit,
        "markers and forces in separate files": forces_join_markers,
        "apd has [Customer] block": refuses_every_file("bmc_gait_pressure", ".apd"),
        "TRC+forces merged": forces_join_markers,
        "vertical axis = Y": sides_told_by_the_other_walk,
        "MT1, MT2, MT5": forefoot_labels,
        "apd footprints": Later("the pressure reader", refuses_every_file("bmc_gait_pressure", ".apd")),
    },
    "moticon_opengo": {
        clause: Later("the pressure reader", refuses_every_file("moticon_opengo"))
        for clause in (
            "one insole starts late",
            "first 9-10 lines",
            "header row itself",
            "sensor sizes",
            "ragged trailing",
            "heel strike/toe off",
            "step count exact",
            "empty cells",
        )
    },
    "opencap_validation_s4": {
        "TRC in metres": metres_and_mixed_labels,
        "GRF already in OpenSim frame": grf_in_opensim_axes,
        "DJ trials left out": every(files("opencap_validation_s4", ".trc"), lambda path: read(path) and None),
        "markers dropped to 0/NaN": zero_is_missing,
        "no C3D": lambda: None if not files("opencap_validation_s4", ".c3d") else pytest.fail("there is one now"),
        "WITHIN-SUBJECT": toes_in_and_out,
        "trunk sway (TS)": trunk_sways,
        "STSAsym loads right leg": right_leg_is_loaded,
        "static 588.8 N": standing_weight(f"{OPENCAP}static1.trc", f"{OPENCAP}static1_grf.mot", 60.0),
    },
    "rezaie_qtm_running": {
        "running, not walking": runs,
        "second plate unused": second_plate_is_unused,
        "ID first 15 frames": runners_moments,
        "height is stored in mm": runs,
        "only the stance of one foot": one_foot_on_a_plate,
        "lumbar extension": runners_moments,
        "peak vertical GRF": peak_force,
        "refuse ID where the foot": foot_beside_the_plate_is_named,
    },
    "opensense_xsens_gait": {
        clause: Later(INERTIAL, refuses_every_file("opensense_xsens_gait"))
        for clause in ("6 comment lines", "sensor identity", "fs from header", "8 sensors", "missing mapping")
    },
    "opensim_core_walking": {
        "EVERY marker has a gap": hidden_at_both_ends,
        "plate baselines": baselines_are_subtracted,
        "plate 2 below threshold": no_pressure_below_the_threshold,
        "second plate 1219x610": large_plate,
        "no events, no mass": no_events_no_mass,
        "reproduce std_": as_opensim_computes,
        "detect that plate corner order": corners_and_signs_are_right,
        "body mass not derivable": mass_stays_unknown,
    },
    "btk_pig_nantes": {
        "EVENT:TIMES has 1 row": one_row_of_times,
        "PiG_Motion-FlatFoot-Full weight": weighs_454_newton,
        "foot angles differ": same_markers_same_angles,
        "forces identical": same_forces,
    },
    "lab_RBWH": {
        "slow 0.83 m/s": walks_at(RBWH + "bfnd_w1.c3d", 0.83),
        "foot overhangs plate edge": overhang_is_no_evidence,
        "first plate is hit before": hit_before_the_start,
        "calibration trial is 11 s": still_part_is_found,
        "EMG channel names": numbered_channels,
        "original file name": no_name_is_told,
        "find the still part": still_part_is_found,
        "exclude the partial plate-1": hit_before_the_start,
        "Thorax/Spine angles": trunk_outputs,
    },
    "lab_FMC": {
        "PROCESSING:Bodymass 81 kg": mass_mismatch,
        "KAD static": knee_device,
        "file names do not say": tasks_without_names,
        "BP06, BP15 gait)": tasks_without_names,
        "unlabelled *52": stars_are_left_out,
        "flag mass mismatch": mass_mismatch,
        "KAD converted to KNE": knee_device,
        "PiG angles reproduced": elsewhere("test_plug_in_gait.py", "test_every_walk_shows_the_stored_sagittal_angles"),
        "two plates hit cleanly": two_clean_hits,
    },
    "lab_AUC": {
        "child (~36 kg": light_child,
        "no mass/height/events": events_are_detected,
        "unusual labels": auckland_labels,
        "only SACR": auckland_labels,
        "plates carry a 6-13 N": small_baseline,
        "type-4 plates with CAL_MATRIX": calibrated_plates,
        "static sum Fz": light_child,
        "ignore <20 N": small_baseline,
        "no event -> detect": events_are_detected,
        "marker map from labels": auckland_labels,
        "static 0.5 s only": short_static,
    },
    "schreiber_moissenet": {
        "static C3D is ONE frame": one_frame,
        "event labels are": numbered_events,
        "subjects walk in both": both_directions,
        "plate corners at z=-2": corners_two_millimetres_low,
        "no ANALOG units": no_units_of_channels,
        "EMG right leg only": muscles_of_one_leg,
        "FORCE_PLATFORM origin": no_origin,
        "mean(sum Fz) over one": elsewhere(
            "test_schreiber.py", "test_left_and_right_stance_impulse_over_the_stride_time_is_the_weight"
        ),
        "peak per-plate Fz rises": faster_is_harder,
        "CoP inside plate 100 %": pressure_inside,
        "sign of travel alternates": both_directions,
        "measured leg-length": elsewhere(
            "test_leg_length.py", "test_signed_error_is_under_seven_millimetres_and_the_longer_side_is_right"
        ),
        "IK within ~5 deg": elsewhere(
            "test_schreiber.py", "test_sagittal_angles_lie_within_five_degrees_of_the_supplied_inverse_kinematics"
        ),
    },
}


def cases() -> list[object]:
    found = [(d["id"], k, c) for d in manifest()["dataset"] for k in ("defects", "checks") for c in clauses(d, k)]
    return [pytest.param(*case, id=f"{case[0]}-{case[1]}-{case[2][:40]}") for case in found] or [
        pytest.param("", "", "", id="absent")
    ]


@pytest.mark.parametrize(("dataset", "column", "clause"), cases())
def test_a_clause_of_the_manifest(shared: Path, dataset: str, column: str, clause: str) -> None:
    known = CLAUSES.get(dataset, {})
    check = next((check for beginning, check in known.items() if clause.startswith(beginning)), None)
    assert check is not None, f"nothing is written for {dataset}, {column}: {clause}"
    if isinstance(check, Later):
        check.meanwhile()
    else:
        check()


def test_no_clause_is_listed_in_vain(shared: Path) -> None:
    stated = {d["id"]: clauses(d, "defects") + clauses(d, "checks") for d in manifest()["dataset"]}
    for dataset, known in CLAUSES.items():
        for beginning in known:
            assert any(clause.startswith(beginning) for clause in stated[dataset]), (dataset, beginning)


@pytest.mark.parametrize(
    ("path", "profile"),
    [("gait2392/subject01_walk1.trc", "gait2392"), ("rajagopal/motion_capture_walk.trc", "rajagopal")],
)
def test_the_trials_of_the_models_are_prepared(shared: Path, path: str, profile: str) -> None:
    recording = prepare_recording(read_recording(SHARED / "models" / path))
    assert recording.profile == profile
    assert track(recording, "asis_r")[:, 2].mean() == pytest.approx(1.0, abs=0.15)
