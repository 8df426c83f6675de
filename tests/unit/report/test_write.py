"""Files appear whole or not at all."""

from dataclasses import replace

import pyarrow.parquet
import pytest

from kinechain.core.errors import KinechainError
from kinechain.recording.read import read_recording
from kinechain.report import write
from kinechain.report.write import write_outputs

FILES = ["assessment.json", "motion.mot", "motion.parquet", "report.html", "report.pdf"]


def test_every_file_is_written_and_nothing_else_stays(make_assessment, tmp_path):
    paths = write_outputs(make_assessment(), tmp_path / "new" / "folder")
    assert sorted(p.name for p in paths) == FILES
    assert sorted(p.name for p in (tmp_path / "new" / "folder").iterdir()) == FILES
    assert all(p.stat().st_size > 0 for p in paths)


def test_motion_is_in_degrees_in_the_mot_and_in_si_in_the_table(make_assessment, tmp_path):
    assessment = make_assessment()
    write_outputs(assessment, tmp_path)
    motion = assessment.trials[0].motion
    lines = (tmp_path / "motion.mot").read_text().split("endheader\n")[1].splitlines()
    column = lines[0].split("\t").index("knee_flexion_l")
    frame = [float(v) for v in lines[101].split("\t")]
    assert frame[0] == pytest.approx(1.0)
    assert frame[column] == pytest.approx(57.29578 * motion.coordinate("knee_flexion_l")[100], abs=1e-4)
    table = pyarrow.parquet.read_table(tmp_path / "motion.parquet")
    assert table.column("knee_flexion_l")[100].as_py() == pytest.approx(motion.coordinate("knee_flexion_l")[100])
    assert "angle.knee_flexion_left" in table.column_names


def test_further_trials_carry_the_name_of_their_recording(make_assessment, tmp_path):
    trial = make_assessment().trials[0]
    odd = replace(trial, recording=replace(trial.recording, name="../evil name.c3d"))
    names = {p.name for p in write_outputs(make_assessment(trials=(trial, odd, odd)), tmp_path)}
    assert {"motion.mot", "motion_evil_name.mot", "motion_evil_name_3.mot"} <= names


def test_an_error_leaves_the_earlier_files_alone(make_assessment, tmp_path, monkeypatch):
    write_outputs(make_assessment(), tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}

    def fail(_):
        raise KinechainError("no")

    monkeypatch.setattr(write, "assessment_json", fail)
    with pytest.raises(KinechainError):
        write_outputs(make_assessment(is_demonstration=True), tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_folder_in_the_place_of_a_file_is_refused_before_anything_is_moved(make_assessment, tmp_path):
    (tmp_path / "report.pdf").mkdir()
    with pytest.raises(IsADirectoryError, match="a folder stands where a file belongs"):
        write_outputs(make_assessment(), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["report.pdf"]


def test_motion_of_an_earlier_assessment_does_not_stay_beside_a_new_one(make_assessment, tmp_path):
    trial = make_assessment().trials[0]
    other = replace(trial, recording=replace(trial.recording, name="second.c3d"))
    write_outputs(make_assessment(trials=(trial, other)), tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    assert (tmp_path / "motion_second.mot").exists()
    write_outputs(make_assessment(), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*FILES, "notes.txt"])


def test_motion_files_of_somebody_else_are_left_alone(make_assessment, tmp_path):
    (tmp_path / "motion_mine.mot").write_text("mine")
    write_outputs(make_assessment(), tmp_path)
    assert (tmp_path / "motion_mine.mot").read_text() == "mine"


def test_motion_files_say_what_they_are_for_and_what_made_them(make_assessment, tmp_path):
    write_outputs(make_assessment(), tmp_path)
    header = (tmp_path / "motion.mot").read_text().split("endheader")[0]
    metadata = pyarrow.parquet.read_schema(tmp_path / "motion.parquet").metadata
    for words in ("Not a medical device", "version: 0.1.0", "setting.rhythm: christophy2012"):
        assert words in header
    assert any(b"Not a medical device" in value for value in metadata.values())
    table = read_recording(tmp_path / "motion.mot").series
    assert table is not None and len(table.times_s) == len(make_assessment().trials[0].motion.values)
