"""Force plates of other people's laboratories, against reference output, against each other and against the feet."""

from pathlib import Path

import numpy as np
import pytest
from force_plate_tables import (
    AS_MEASURED,
    encodings,
    plates_against_opensim,
    plates_of_labs,
    standing_weights,
    twins,
    type_3_under_the_feet,
)

from kinechain.recording.join import join_recordings
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording


def test_plates_are_those_of_opensim(shared: Path) -> None:
    rows = plates_against_opensim(shared)
    assert len(rows) == 4
    for row in rows:
        assert row.loaded >= 10
        # Asked for: 1 N and 2 mm.  The tables hold eight decimals.
        assert row.force_n < 1e-6
        assert row.point_mm < 1e-5
        assert row.free_moment_nm < 1e-8


def test_types_2_and_4_differ_by_the_matrix_alone(shared: Path) -> None:
    vicon, *cortex = twins(shared)
    assert (vicon.peak_2_n, vicon.peak_4_n) == pytest.approx((397.9, 390.5), abs=0.1)
    # Type 2 holds the main sensitivities alone, and one of another sheet: 1.2 % in the vertical, and cross talk.
    assert vicon.force_n == pytest.approx(7.70, abs=0.05)
    assert (vicon.scale_n, vicon.cross_talk_n) == pytest.approx((4.77, 3.31), abs=0.05)
    assert vicon.force_n <= vicon.scale_n + vicon.cross_talk_n
    # Its moments are scaled by another sheet altogether, which puts the centre of pressure 23 mm apart.
    assert vicon.moment_ratios == pytest.approx((1.231, 1.220), abs=0.005)
    assert vicon.point_mm == pytest.approx(23.0, abs=0.5)
    for twin in (vicon, *cortex):
        assert twin.unexplained_n < 1e-3
        assert twin.unexplained_mm < 1e-2
    for twin in cortex:
        assert twin.force_n < 1.8
        assert twin.point_mm < 2.0
        assert twin.moment_ratios == pytest.approx((1.0, 1.0), abs=0.002)


def test_six_encodings_hold_one_walk(shared: Path) -> None:
    assert set(encodings(shared).values()) == {(0.0, 0.0)}


def test_a_type_3_whose_origin_stands_above_its_surface_acts_under_the_foot(shared: Path) -> None:
    for trial, (ours, theirs) in type_3_under_the_feet(shared).items():
        assert ours < 25.0, trial
        assert theirs > 70.0, trial


@pytest.mark.parametrize(
    ("trial", "force_n", "mass_kg"),
    [
        ("lab_FMC/MH0222_BP01.c3d", 684.0, 69.8),
        ("lab_AUC/CB_Static0001.c3d", 355.9, 36.3),
        ("c3dorg_qualisys/Capture0008_Standing.c3d", 370.5, 37.8),
        ("btk_pig_nantes/PiG_Calibration-FlatFoot-Full.c3d", 454.0, 46.3),
        ("opencap_validation_s4/static1", 588.8, 60.0),
    ],
)
def test_standing_people_are_weighed(shared: Path, trial: str, force_n: float, mass_kg: float) -> None:
    _, weight, _ = standing_weights(shared)[trial]
    assert weight is not None
    assert weight.is_whole
    assert weight.force_n == pytest.approx(force_n, abs=1.0)
    assert weight.mass_kg == pytest.approx(mass_kg, abs=0.1)


def test_a_mass_that_the_plates_contradict_names_both_reasons(shared: Path) -> None:
    weights = standing_weights(shared)
    stated, _, said = weights["lab_FMC/MH0222_BP01.c3d"]
    assert stated == 81.0
    assert "14 % less" in said
    assert "the stated mass is wrong" in said
    assert "the right foot overhangs the edge by 32 mm" in said
    assert weights["btk_pig_nantes/PiG_Calibration-FlatFoot-Full.c3d"][2] == ""
    assert weights["c3dorg_qualisys/Standing_Hybrid_2.c3d"][1] is None


#: What must be said of a file's plates, and how many stay.
VERDICTS = {
    "broken/malformed/parameterOverflow.c3d": (0, {"stuck"}),
    "broken/metadata/sample21_wrong_rates.c3d": (0, {"clipped"}),
    "broken/odd/ezc3d_FP_Type1.c3d": (1, {"corners"}),
    "broken/plates/FP1_type3_units_mete.c3d": (0, {"no_sensor_distances"}),
    "broken/plates/MotionMonitor_m.c3d": (1, {"sign"}),
    "broken/plates/nimble_JH01_negative_force.c3d": (0, {"negative_weight"}),
    "dev/uwa_fast_walk/fast_walking_a.c3d": (1, {"noise"}),
    "dev/uwa_fast_walk/fast_walking_b.c3d": (1, {"noise"}),
    "dev/lab_AUC/CB_Dynamic0003.c3d": (2, set()),
    "dev/lab_FMC/MH0222_BP06.c3d": (4, set()),
    "dev/c3dorg_qualisys/Walking_Hybrid_1_1.c3d": (2, set()),
}


def test_every_fault_of_a_plate_gets_its_name(shared: Path) -> None:
    found = {lab.name: lab for lab in plates_of_labs(shared)}
    for name, (plates, faults) in VERDICTS.items():
        lab = found[name]
        assert lab.plates == plates, name
        assert {code.rpartition(": ")[2] for code in lab.codes} == faults, name


def test_walks_over_plates_give_clean_contacts_in_every_laboratory(shared: Path) -> None:
    labs = plates_of_labs(shared)
    for folder, least in (
        ("schreiber_moissenet", 1.0),
        ("btk_pig_nantes", 0.8),
        ("c3dorg", 0.8),
        ("lab_FMC", 1.0),
        ("opensim_core_walking", 0.5),
        ("uwa_fast_walk", 1.0),
        ("ezc3d_qualisys_isb", 1.0),
    ):
        rows = [lab for lab in labs if lab.name.startswith(f"dev/{folder}")]
        assert rows, folder
        clean, contacts = sum(lab.clean for lab in rows), sum(lab.contacts for lab in rows)
        assert contacts > 0, folder
        assert clean / contacts >= least, folder


def test_an_unsigned_converter_is_read(shared: Path) -> None:
    plates = read_recording(shared / "data/broken/plates/res16bit_unsigned_6plates.c3d", AS_MEASURED).plates
    means = [float(p.force[:, 2].mean()) for p in plates]
    assert len(plates) == 6
    assert means[1] == pytest.approx(84.6, abs=1.0)
    assert means[2] == pytest.approx(442.3, abs=1.0)


def test_the_action_force_of_motionmonitor_is_turned_and_lies_on_its_plate(shared: Path) -> None:
    (plate,) = read_recording(shared / "data/broken/plates/MotionMonitor_m.c3d").plates
    stands = plate.times_s > plate.times_s[-1] - 1.5
    # This laboratory's y points up; the person lands and then stands still.
    assert plate.force[stands, 1].mean() == pytest.approx(735, abs=20)
    assert plate.force[:, 1].max() == pytest.approx(1872, abs=10)
    loaded = plate.force[:, 1] > 200
    away = plate.centre_of_pressure[loaded] - plate.corners.mean(axis=0)
    assert np.abs(away[:, [0, 2]]).max() < 0.5


def test_cortex_forces_join_their_markers(shared: Path) -> None:
    folder = shared / "data/dev/bmc_gait_pressure"
    (recording,) = join_recordings([read_recording(folder / f"walk2.{kind}") for kind in ("trc", "forces")])
    assert recording.markers is not None
    assert (recording.markers.rate_hz, {p.rate_hz for p in recording.plates}) == (150.0, {450.0})
    ready = prepare_recording(recording)
    peaks = [float(p.force[:, 2].max()) for p in ready.plates]
    assert len(peaks) == 7
    assert sum(peak > 700 for peak in peaks) == 3
