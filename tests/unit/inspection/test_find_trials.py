"""Which files of a folder are recordings, and which belong together."""

import pytest

from kinechain.core.errors import FileError
from kinechain.inspection.folder import find_trials

TRC = "PathFileType\t4\t(X/Y/Z)\tx.trc\n"


def fill(folder, *names, text=TRC):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def names(found):
    return [trial.names for trial in found.trials]


def test_tables_stand_beside_the_trial_that_their_name_begins_with(tmp_path):
    fill(tmp_path, "walk1.trc", "walk1_grf.mot", "walk12.trc", "walk12_grf.mot", "other.mot")
    assert names(find_trials([tmp_path])) == [
        ("other.mot",),
        ("walk1.trc", "walk1_grf.mot"),
        ("walk12.trc", "walk12_grf.mot"),
    ]


def test_words_for_the_content_of_a_file_do_not_count(tmp_path):
    fill(tmp_path, "gait_1_marker.trc", "gait_1_force.mot", "gait_2_marker.trc")
    assert names(find_trials([tmp_path])) == [("gait_1_marker.trc", "gait_1_force.mot"), ("gait_2_marker.trc",)]


def test_a_table_never_joins_a_trial_of_another_folder(tmp_path):
    fill(tmp_path, "one/walk.trc", "two/walk_grf.mot")
    assert names(find_trials([tmp_path])) == [("one/walk.trc",), ("two/walk_grf.mot",)]


def test_files_stand_in_the_order_in_which_people_count(tmp_path):
    fill(tmp_path, "walk10.trc", "walk9.trc", "Walk1.trc")
    assert names(find_trials([tmp_path])) == [("Walk1.trc",), ("walk9.trc",), ("walk10.trc",)]


def test_other_files_are_left_out_and_counted_by_kind(tmp_path):
    fill(tmp_path, "walk.trc")
    fill(tmp_path, "notes.txt", "more.txt", "film.mp4", text="hello\n")
    fill(tmp_path, "visit.toml", text='# a visit\n[person]\npseudonym = "P1"\n')
    fill(tmp_path, ".hidden.trc", ".git/walk.trc")
    found = find_trials([tmp_path])
    assert names(found) == [("walk.trc",)]
    assert [(g.kind, g.names) for g in found.left_out] == [
        (".mp4", ("film.mp4",)),
        (".txt", ("more.txt", "notes.txt")),
        ("person file", ("visit.toml",)),
    ]


def test_a_recording_is_known_by_its_content_where_its_name_says_nothing(tmp_path):
    fill(tmp_path, "walk", "walk.txt")
    (tmp_path / "trial.dat").write_bytes(b"\x02\x50" + bytes(600))
    assert sorted(names(find_trials([tmp_path]))) == [("trial.dat",), ("walk",), ("walk.txt",)]


def test_a_table_of_inertial_sensors_is_no_recording_of_a_body(tmp_path):
    fill(tmp_path, "imu.csv", text="time,acc_x,acc_y,acc_z,gyr_x\n0.0,1,2,3,4\n0.01,1,2,3,4\n")
    found = find_trials([tmp_path])
    assert not found.trials
    assert found.left_out[0].kind == ".csv"


def test_a_file_that_was_named_counts_whatever_it_is(tmp_path):
    fill(tmp_path, "notes.txt", text="hello")
    found = find_trials([tmp_path / "notes.txt"])
    assert names(found) == [("notes.txt",)]
    assert not found.is_folder


def test_a_person_file_beside_recordings_is_named_and_no_recording(tmp_path):
    fill(tmp_path, "walk.trc")
    fill(tmp_path, "visit.toml", text="[person]\n")
    found = find_trials([tmp_path / "visit.toml", tmp_path / "walk.trc"])
    assert names(found) == [("walk.trc",)]
    assert [(g.kind, g.names) for g in found.left_out] == [("person file", ("visit.toml",))]


def test_files_handed_over_together_are_one_trial(tmp_path):
    fill(tmp_path, "a.trc", "b.mot")
    found = find_trials([tmp_path / "b.mot", tmp_path / "a.trc"])
    assert names(found) == [("a.trc", "b.mot")]
    assert not found.is_folder


def test_two_folders_keep_their_names(tmp_path):
    fill(tmp_path, "one/walk.trc", "two/walk.trc")
    assert names(find_trials([tmp_path / "one", tmp_path / "two"])) == [("one/walk.trc",), ("two/walk.trc",)]


def test_a_path_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FileError, match="there is no file"):
        find_trials([tmp_path / "gone"])


def test_a_folder_without_recordings_is_empty(tmp_path):
    assert find_trials([tmp_path]).trials == ()
