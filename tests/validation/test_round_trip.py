"""Every shared recording of markers leaves as C3D and comes back as it was; what is none is called by its name."""

from pathlib import Path

import numpy as np
import pytest

from kinechain.analysis import assess
from kinechain.care.person.person import Person
from kinechain.core.errors import FileError, InputError
from kinechain.motion.export import ExportSettings, export_recordings
from kinechain.recording.plates import PlateSettings
from kinechain.recording.read import ReadSettings, read_recording
from kinechain.recording.recording import Recording
from kinechain.recording.writers.c3d import write_c3d

#: The zero of a plate was taken off once, when the file was first read.
AS_WRITTEN = ReadSettings(plates=PlateSettings(remove_baseline=False))


def read_markers(folder: Path) -> dict[str, Recording]:
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in (".c3d", ".trc"):
            try:
                recording = read_recording(path)
            except InputError:
                continue
            if recording.markers is not None and recording.markers.labels:
                found[str(path.relative_to(folder))] = recording
    return found


@pytest.mark.parametrize("part", ["data/dev", "data/broken", "models"])
def test_a_recording_comes_back_from_a_c3d_as_it_was(shared: Path, tmp_path: Path, part: str):
    recordings = read_markers(shared / part)
    assert recordings
    for name, made in recordings.items():
        write_c3d(made, tmp_path / "out.c3d")
        back = read_recording(tmp_path / "out.c3d", AS_WRITTEN)
        assert back.markers.labels == made.markers.labels, name
        size = max(np.abs(np.nan_to_num(made.markers.positions)).max(), 1.0)
        np.testing.assert_allclose(back.markers.positions, made.markers.positions, atol=2e-7 * size, err_msg=name)
        assert back.markers.rate_hz == pytest.approx(made.markers.rate_hz, rel=1e-5), name
        assert abs(back.markers.start_s - made.markers.start_s) <= 0.51 / made.markers.rate_hz, name
        assert [(e.kind, e.side) for e in back.events] == [(e.kind, e.side) for e in made.events], name
        np.testing.assert_allclose([e.time_s for e in back.events], [e.time_s for e in made.events], atol=1e-4)
        assert len(back.plates) == len(made.plates), name
        for got, want in zip(back.plates, made.plates, strict=True):
            np.testing.assert_allclose(got.force, want.force, atol=1e-2, err_msg=name)
            np.testing.assert_allclose(got.centre_of_pressure, want.centre_of_pressure, atol=1e-4, err_msg=name)
            np.testing.assert_allclose(got.free_moment, want.free_moment, atol=1e-2, err_msg=name)
        if made.outputs is not None:
            assert len(back.outputs.labels) == len(made.outputs.labels), name


@pytest.mark.parametrize("name", ["C1_01", "C5_01"])
def test_an_exported_visit_gives_the_same_measures(shared: Path, tmp_path: Path, name: str):
    folder = shared / "data" / "dev" / "schreiber_moissenet" / "2014001"
    walk, standing = folder / f"2014001_{name}.c3d", folder / "2014001_ST.c3d"
    exported = export_recordings([walk, standing], tmp_path, ExportSettings("c3d"))
    person = Person(mass_kg=67.0, height_m=1.66, sex="male", age_years=31.0)
    first, second = assess(person, [walk], standing), assess(person, [exported.paths[0]], exported.paths[1])
    values = [{(f.id, f.side): f.estimate.value for f in a.findings} for a in (first, second)]
    assert len(values[0]) > 100 and set(values[0]) == set(values[1])
    for key, value in values[0].items():
        assert values[1][key] == pytest.approx(value, abs=1e-5), key


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("dev/video_sports2d_demo/demo.mp4", "is a video"),
        ("broken/truncated/video_no_moov.mp4", "is a video"),
        ("dev/rezaie_qtm_running/Gait_1_qtm.mat", "is a MATLAB file"),
        ("broken/odd/mobgap_missing_sensor.mat", "is a MATLAB file"),
        ("dev/rezaie_qtm_running/scaled.osim", "is an OpenSim model"),
        ("dev/opensense_xsens_gait/myIMUIK_Setup.xml", "is an OpenSim setup"),
        ("dev/opensense_xsens_gait/MT_012005D6_009-001_00B421E6.txt", "inertial sensors"),
        ("dev/imu_foot_gaitmap/imu_sample.csv", "inertial sensors"),
        ("broken/axes/mobgap_lowback_C90.csv", "inertial sensors"),
        ("dev/imu_foot_gaitmap/mocap_sample.csv", "holds no times"),
        ("dev/imu_lowback_feet_ipol/1-1.json", "is a JSON file"),
        ("dev/moticon_opengo/slow_230927_102137.txt", "insoles"),
        ("dev/moticon_opengo/gait_report_230927_10_21_14.xlsx", "is an Excel workbook"),
        ("dev/mun104_template/MUN104.csv.zip", "is a packed file"),
        ("dev/bmc_gait_pressure/MDwalk2.apd", "pressure"),
        ("dev/csu_2d_inverse_dynamics/rawdata.txt", "points in a plane"),
        ("dev/phone_steps/user_c_backpocket_stepcounter.csv", "without names of columns"),
        ("dev/schreiber_moissenet/anthropometrics.csv", "without times and markers"),
        ("broken/truncated/Truncated.anc", "analog file of Cortex"),
        ("broken/truncated/forcepla_truncated.cal", "calibration of force plates"),
    ],
)
def test_what_is_no_recording_is_called_by_its_name(shared: Path, path: str, said: str):
    with pytest.raises(FileError, match=said) as caught:
        read_recording(shared / "data" / path)
    text = str(caught.value)
    assert text.isprintable() and Path(path).name in text and ";" in text
