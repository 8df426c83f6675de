"""Every odd file of the manifest does what is expected of a reader: repaired and said, or refused in one sentence."""

import json
import resource
import time
from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import pytest
from manifest_rows import DATA, Row, codes, manifest, measured, parameters, prepared, read, refusal, said

from kinechain.core.errors import FileError, KinechainError
from kinechain.inspection.inspect_file import inspect_file
from kinechain.recording.read import ReadSettings, read_recording
from kinechain.recording.recording import Recording

BROKEN = manifest()["broken"]


def path_of(row: Row) -> str:
    return str(row["path"])


def refused(*words: str) -> Callable[[Row], None]:
    """Expect one sentence that names the file, with all the words, when it is read or prepared."""

    def check(row: Row) -> None:
        sentence = refusal(path_of(row))
        assert path_of(row).rsplit("/", 1)[1] in sentence
        for word in words:
            assert word.lower() in sentence.lower(), sentence

    return check


def reads(row: Row) -> None:
    """Expect the markers, frames and rate that the manifest counted."""
    recording = read(path_of(row))
    assert recording.markers is not None
    assert len(recording.markers.positions) == row["frames"]
    assert recording.markers.rate_hz == pytest.approx(row["rate_hz"], rel=1e-4)
    stated = {label.rsplit(":", 1)[-1].strip() for label in row.get("markers", [])} - {""}
    assert len(stated - set(recording.markers.labels)) <= 0.1 * len(stated)


def reads_whole(row: Row) -> None:
    """Expect a file that parses: every marker it names, and no jump between columns."""
    reads(row)
    markers = read(path_of(row)).markers
    assert set(row["markers"]) == set(markers.labels)
    step = np.abs(np.diff(markers.positions, axis=0))
    assert np.nanmax(step) < 0.5


def same_walk(row: Row) -> None:
    """Expect the one walk that six machines wrote in six encodings.

    The three files of real numbers are equal to the bit.  Of the files of integers the Intel and the MIPS one hold the
    same integers under scale factors that differ in their last digit; the DEC one was rounded anew when it was made
    (59 of 9,612 coordinates are one step of 0.28 mm away), which no reader can undo.
    """
    kind = "int" if "int" in row["format"] else "real"
    first = measured(f"broken/encodings/pc_{kind}.c3d")
    ours = measured(path_of(row))
    assert ours.markers.labels == first.markers.labels
    step, newton = (0.0, 0.0) if kind == "real" else (2.9e-4, 0.5)
    np.testing.assert_allclose(ours.markers.positions, first.markers.positions, rtol=0, atol=step)
    if kind == "int":
        apart = np.abs(ours.markers.positions - first.markers.positions) > 1e-6
        assert apart.mean() < 0.01
    np.testing.assert_allclose(ours.series.values, first.series.values, rtol=1e-6, atol=newton)
    for plate, twin in zip(ours.plates, first.plates, strict=True):
        np.testing.assert_allclose(plate.force, twin.force, rtol=0, atol=newton)
        loaded = np.minimum(plate.force[:, 2], twin.force[:, 2]) > 50.0
        centres = plate.centre_of_pressure[loaded], twin.centre_of_pressure[loaded]
        np.testing.assert_allclose(*centres, rtol=0, atol=step)
    real, integer = measured("broken/encodings/pc_real.c3d"), measured("broken/encodings/pc_int.c3d")
    np.testing.assert_allclose(real.markers.positions, integer.markers.positions, rtol=0, atol=2.9e-4)
    assert [p.force[:, 2].max() for p in ours.plates] == pytest.approx([815.5, 829.8], abs=0.6)


def twins(one: str, other: str, newton: float, metre: float) -> Callable[[Row], None]:
    """Expect the same forces from two descriptions of the same plates.

    Type 2 knows only the main sensitivities of the matrix that type 4 applies whole; those of TYPE-2.C3D are those of
    another calibration (moments 0.81 of the matrix's).  test_force_plates.py shows that nothing else differs.
    """

    def check(row: Row) -> None:
        a, b = measured(f"broken/plates/{one}"), measured(f"broken/plates/{other}")
        assert path_of(row).endswith((one, other))
        for plate, twin in zip(a.plates, b.plates, strict=True):
            assert np.abs(plate.force - twin.force).max() < newton
            loaded = (plate.force[:, 2] > 50) & (twin.force[:, 2] > 50)
            apart = np.linalg.norm(plate.centre_of_pressure - twin.centre_of_pressure, axis=1)[loaded]
            assert np.median(apart) < metre

    return check


def quick_and_small(then: Callable[[Row], None]) -> Callable[[Row], None]:
    """Expect an answer within seconds and within the memory of any trial, whatever the header asks for."""

    def check(row: Row) -> None:
        before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
        then(row)
        assert time.perf_counter() - began < 20.0
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000  # kB

    return check


def survives(row: Row) -> None:
    """Expect either a recording or one sentence; an inspection in any case."""
    inspection = inspect_file(DATA / path_of(row))
    assert inspection.refused or inspection.format


def metres(row: Row) -> None:
    positions = read(path_of(row)).markers.positions
    spread = np.nanmax(positions) - np.nanmin(positions)
    assert 0.2 < spread < 10.0


def mete(row: Row) -> None:
    """Expect the cut unit to be read as metres, and a plate without sensor distances to be refused for that reason."""
    metres(row)
    assert "plates.no_sensor_distances" in codes(read(path_of(row)))
    assert read(path_of(row)).plates == ()


def wrong_rates(row: Row) -> None:
    """Expect the user's rate to be taken; one leg alone is no gait from which the clock could be judged."""
    assert read(path_of(row)).markers.rate_hz == 60.0
    true = read_recording(DATA / path_of(row), ReadSettings(rate_hz=200.0))
    assert true.markers.rate_hz == 200.0
    assert true.series is not None
    assert np.diff(true.series.times_s).mean() == pytest.approx(1 / (17 * 200.0))
    assert "right leg only" in refusal(path_of(row))


def degrades(row: Row) -> None:
    recording = read(path_of(row))
    assert recording.markers is not None
    assert recording.notes


def no_channel_of_a_person(row: Row) -> None:
    refused()(row)
    assert read(path_of(row)).plates == () or all(
        not np.isfinite(p.force).all() or p.force[:, 2].max() < 20000 for p in read(path_of(row)).plates
    )


def unsigned(row: Row) -> None:
    largest = [float(p.force[:, 2].max()) for p in measured(path_of(row)).plates]
    np.testing.assert_allclose(largest, row["plate_fz_max_n"], atol=1.0)
    mean = [float(p.force[:, 2].mean()) for p in measured(path_of(row)).plates]
    assert 430 < max(mean) < 460


def private(row: Row) -> None:
    inspection = inspect_file(DATA / path_of(row))
    told = json.dumps(asdict(inspection), default=str) + repr(read(path_of(row)).notes) + refusal(path_of(row))
    for word in ("FOO", "Foo", "Address", "Pathology"):
        assert word not in told


def cyrillic(row: Row) -> None:
    assert read(path_of(row)).name == "кириллица имя.c3d"
    reads(row)


def first_plate_only(row: Row) -> None:
    recording = read(path_of(row))
    assert [p.name for p in recording.plates] == ["plate 1"]
    assert said(recording, "plates 2, 3, 4", "corners")
    metres(row)


def wheelchair(row: Row) -> None:
    assert read(path_of(row)).markers.rate_hz == pytest.approx(69.9926, abs=1e-3)
    refused()(row)


def too_short(row: Row) -> None:
    inspection = inspect_file(DATA / path_of(row))
    assert {use.name: use.verdict for use in inspection.uses}["events"] == "no"


def odd_units(row: Row) -> None:
    reads(row)
    metres(row)


def z_down(row: Row) -> None:
    recording = prepared(path_of(row))
    assert said(recording, "up is -z")
    heights = {n: np.nanmedian(recording.markers.position(x)[:, 2]) for x, n in recording.landmarks}
    assert heights["c7"] > heights["asis_r"] > heights["lateral_malleolus_r"]
    inspection = inspect_file(DATA / path_of(row))
    assert {use.name: use.verdict for use in inspection.uses}["events"] == "no"


def rotated_twin(row: Row) -> None:
    """Expect the same posture from the file and its rotated twin: the same heights and distances of all landmarks."""
    one, other = (prepared(f"broken/axes/biobuddy_static{x}.c3d") for x in ("", "_rotated"))
    assert dict(one.landmarks) == dict(other.landmarks)
    a, b = (
        {n: np.nanmean(r.markers.position(x), axis=0) for x, n in r.landmarks if not n.startswith("segment:")}
        for r in (one, other)
    )
    feet = min(v[2] for v in a.values()), min(v[2] for v in b.values())
    for name, place in a.items():
        assert place[2] - feet[0] == pytest.approx(b[name][2] - feet[1], abs=0.02), name


def jump(row: Row) -> None:
    recording = read(path_of(row))
    assert recording.markers is not None
    inspection = inspect_file(DATA / path_of(row))
    assert inspection.task != "walking"
    assert {use.name: use.verdict for use in inspection.uses}["events"] == "no"


def negative(row: Row) -> None:
    assert said(read(path_of(row)), "negative") or codes(read(path_of(row))) & {"plate.negative", "plates.negative"}
    inspection = inspect_file(DATA / path_of(row))
    assert {use.name: use.verdict for use in inspection.uses}["loads"] == "no"


def forces_alone(row: Row) -> None:
    refused("no markers")(row)
    assert len(measured(path_of(row)).plates) == row["plates"]
    verdicts = {use.name: use.verdict for use in inspect_file(DATA / path_of(row)).uses}
    assert verdicts["ik"] == "no"


def table(row: Row) -> None:
    recording = read(path_of(row))
    assert recording.series is not None
    times = recording.series.times_s
    assert (np.diff(times) > 0).all()
    if "frames" in row:
        assert len(times) == row["frames"]
    largest = sorted(float(p.force[:, 1].max()) for p in recording.plates)
    if "vertical_force_max_n" in row:
        np.testing.assert_allclose(largest, sorted(row["vertical_force_max_n"]), atol=0.5)
    else:
        assert largest
        assert largest[-1] > 300.0


def millimetres(row: Row) -> None:
    recording = prepared(path_of(row))
    heights = [np.nanmedian(recording.markers.position(x)[:, 2]) for x, n in recording.landmarks if n == "c7"]
    assert 1.2 < heights[0] < 1.7
    assert "r_shank(antsup)" in recording.markers.labels


def flipped(row: Row) -> None:
    recording = prepared(path_of(row))
    assert said(recording, "L_toe", "L_5meta")
    assert not said(recording, "r_toe", "r_5meta")


def missing_not_shifted(row: Row) -> None:
    reads(row)
    ours = read(path_of(row)).markers
    assert np.isnan(ours.positions).any()
    twin = read("dev/opensim_core_walking/walking5.c3d").markers
    for label in set(ours.labels) & set(twin.labels):
        a, b = ours.position(label), twin.position(label)
        n = min(len(a), len(b))
        both = np.isfinite(a[:n, 0]) & np.isfinite(b[:n, 0])
        if both.sum() > 50:
            spread = np.ptp(a[:n][both], axis=0), np.ptp(b[:n][both], axis=0)
            np.testing.assert_allclose(sorted(spread[0]), sorted(spread[1]), rtol=0.3, atol=0.05)


def type_one(row: Row) -> None:
    recording = prepared(path_of(row))
    assert recording.task == "walking"
    (plate,) = recording.plates
    assert 300.0 < plate.force[:, 2].max() < 1500.0


def person_like(row: Row) -> None:
    """Expect forces that a person can press: the 24 kN of the manifest are what readers make of unsigned channels."""
    for plate in read(path_of(row)).plates:
        assert 100.0 < plate.force[:, 2].max() < 2000.0
        assert plate.force[:, 2].min() > -50.0


EXPECTED: dict[str, Callable[[Row], None]] = {
    "encodings/DEC_INT.C3D": same_walk,
    "encodings/Dec_real.c3d": same_walk,
    "encodings/pc_int.c3d": same_walk,
    "encodings/pc_real.c3d": same_walk,
    "encodings/sgi_int.c3d": same_walk,
    "encodings/sgi_real.c3d": same_walk,
    "encodings/MACsample_sgi_int.c3d": survives,
    "plates/TYPE-2.C3D": twins("TYPE-2.C3D", "TYPE-4.C3D", 12.0, 0.025),
    "plates/TYPE-4.C3D": twins("TYPE-2.C3D", "TYPE-4.C3D", 12.0, 0.025),
    "plates/type-2a.c3d": twins("type-2a.c3d", "type-4a.c3d", 2.0, 0.003),
    "plates/type-4a.c3d": twins("type-2a.c3d", "type-4a.c3d", 2.0, 0.003),
    "plates/FP1_type3_units_mete.c3d": mete,
    "plates/MotionMonitor_m.c3d": metres,
    "metadata/sample21_wrong_rates.c3d": wrong_rates,
    "metadata/bts_dynamic_missing_params_duplicates.c3d": degrades,
    "metadata/bts_standing_missing_params.c3d": degrades,
    "plates/type1_corrected.c3d": type_one,
    "malformed/phoenix_dance.c3d": refused(),
    "malformed/bad_parameter_section.c3d": quick_and_small(survives),
    "malformed/phasespace_no_parameters.c3d": refused("no markers"),
    "malformed/bkin_memory_bomb.c3d": quick_and_small(survives),
    "malformed/badParameterOffset.c3d": quick_and_small(survives),
    "malformed/optitrack_mocap36_missing_byte.c3d": quick_and_small(survives),
    "malformed/parameterOverflow.c3d": quick_and_small(refused()),
    "truncated/empty.c3d": refused("empty"),
    "odd/MyCube_not_a_person.c3d": refused(),
    "odd/analysis_normalised_101pts.c3d": refused(),
    "odd/emg_only_no_points.c3d": refused("no markers"),
    "plates/res16bit_unsigned_6plates.c3d": unsigned,
    "odd/elite_anonym_child_address_fields.c3d": private,
    "odd/кириллица имя.c3d": cyrillic,
    "truncated/Truncated.trc": refused("not a valid TRC"),
    "odd/Res16bits.trc": reads_whole,
    "odd/unnamed_markers.trc": refused("name"),
    "truncated/Truncated.anc": refused(),
    "truncated/forcepla_truncated.cal": refused(),
    "odd/motek_T_filmbox.trc": reads,
    "odd/optitrack_wheelchair_metres.c3d": wheelchair,
    "odd/ezc3d_FP_Type3.c3d": too_short,
    "odd/ezc3d_FP_Type1.c3d": first_plate_only,
    "odd/ezc3d_Kistler.c3d": refused("no markers"),
    "odd/ezc3d_Optotrak.c3d": odd_units,
    "odd/ezc3d_C3DRotationExample.c3d": refused("no markers"),
    "odd/ezc3d_read_NOTworking2.c3d": reads,
    "axes/biobuddy_z_down_12Hz_func_trunk.c3d": z_down,
    "axes/biobuddy_static_rotated.c3d": rotated_twin,
    "axes/biobuddy_static.c3d": rotated_twin,
    "axes/nimble_upside_down_trial1.c3d": jump,
    "axes/nimble_upside_down_trial2.c3d": too_short,
    "plates/nimble_JH01_negative_force.c3d": negative,
    "odd/nimble_P04_no_markers_10_plates.c3d": forces_alone,
    "odd/nimble_grf_weird_header.mot": table,
    "odd/nimble_grf_extra_line.mot": table,
    "odd/nimble_markers_weird.trc": reads_whole,
    "odd/nimble_weird_grf_labels.mot": table,
    "odd/nimble_high_bmi_units_460.trc": millimetres,
    "labels/nimble_marker_flip_walking2.trc": flipped,
    "labels/nimble_marker_flip_walking2_forces.mot": table,
    "odd/trc_blanks_for_missing.trc": missing_not_shifted,
    "odd/testNaNsParsing.trc": reads_whole,
    "odd/dataWithNaNsWithSpaces.trc": reads_whole,
    "odd/testEformatParsing.trc": reads_whole,
    "odd/trc_crlf.trc": reads_whole,
    "plates/kyowa_scale_24kN.c3d": person_like,
    "odd/mega_isokinetic_emg_angle_torque.c3d": refused("no markers"),
    "truncated/video_no_moov.mp4": refused(),
    "odd/mobgap_missing_sensor.mat": refused(),
    # Inertial recordings come with a later step; until then no number is taken from one, however it was worn.
    "axes/mobgap_lowback_Upsidedown.csv": refused(),
    "axes/mobgap_lowback_InsideOut.csv": refused(),
    "axes/mobgap_lowback_C90.csv": refused(),
}


@pytest.mark.parametrize("row", parameters(BROKEN, lambda row: path_of(row)[7:]))
def test_an_odd_file_does_what_is_expected(shared: object, row: Row) -> None:
    assert path_of(row)[7:] in EXPECTED, f"no expectation is written for: {row['what']} - {row['expect']}"
    EXPECTED[path_of(row)[7:]](row)


@pytest.mark.parametrize("row", parameters(BROKEN, lambda row: path_of(row)[7:]))
def test_no_odd_file_ends_in_a_traceback(shared: object, row: Row) -> None:
    """A reader returns a recording or raises one of our own errors, whose text is one sentence without a line break."""
    try:
        recording = read_recording(DATA / path_of(row))
    except KinechainError as error:
        assert isinstance(error, FileError)
        assert "\n" not in str(error)
        assert path_of(row).rsplit("/", 1)[1] in str(error)
    else:
        assert isinstance(recording, Recording)
        assert all("\n" not in note.text for note in recording.notes)
