"""``kinechain inspect`` as it is typed."""

import json
import os
import sys
from pathlib import Path

import pytest

from kinechain import cli
from kinechain.recording.profiles import find_profile
from kinechain.report.inspection_json import read_inspection_schema
from schema_check import faults

sys.path[:0] = [str(Path(__file__).parent / "inspection"), str(Path(__file__).parent / "motion")]
from visits import as_recording, standing, trc, walking  # noqa: E402


@pytest.fixture
def call(capsys, tmp_path, monkeypatch):
    """Return a function that runs the command and gives exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.excepthook", None)

    def _call(*arguments):
        with pytest.raises(SystemExit) as left:
            cli.main(["inspect", *map(str, arguments)])
        out, err = capsys.readouterr()
        return int(left.value.code or 0), out, err

    return _call


@pytest.fixture
def visit(tmp_path):
    (tmp_path / "visit").mkdir()
    trc(tmp_path / "visit" / "walk.trc")
    trc(tmp_path / "visit" / "standing.trc", standing())
    (tmp_path / "visit" / "notes.txt").write_text("hello")
    return tmp_path / "visit"


def test_one_file_is_told_in_sections(call, visit):
    code, out, err = call(visit / "walk.trc")
    assert (code, err) == (0, "")
    assert "Can be used for" in out and "● yes" in out
    assert "\x1b" not in out


def test_a_folder_is_one_table(call, visit):
    code, out, err = call(visit, "--jobs", 1)
    assert (code, err) == (0, "")
    assert "2 recordings: 1 walking, 1 standing" in out
    assert "1 file of another kind left out: 1 .txt." in out


def test_a_file_that_cannot_be_read_is_a_row_of_a_folder_and_a_refusal_alone(call, visit):
    (visit / "broken.c3d").write_bytes(b"")
    code, out, _ = call(visit)
    assert code == 0
    assert "1 not read" in out
    code, out, err = call(visit / "broken.c3d")
    assert (code, out) == (2, "")
    assert err == "kinechain: broken.c3d is empty (0 bytes); copy or export it again\n"


def test_json_is_printed_even_of_a_file_that_cannot_be_read(call, visit):
    (visit / "broken.c3d").write_bytes(b"")
    for arguments, expected in (((visit,), 0), ((visit / "broken.c3d",), 2), ((visit / "walk.trc",), 0)):
        code, out, err = call(*arguments, "--json")
        assert code == expected
        assert faults(json.loads(out), read_inspection_schema()) == []
        assert len(err.splitlines()) == (1 if code else 0)


def test_an_empty_folder_and_a_missing_file_are_refused(call, tmp_path):
    (tmp_path / "empty").mkdir()
    code, out, err = call("empty")
    assert (code, out) == (2, "")
    assert "holds no recording" in err
    code, out, err = call("empty", "--json")
    assert code == 2 and json.loads(out)["files"] == []
    code, _, err = call("gone.c3d")
    assert code == 2 and "there is no file gone.c3d" in err


def test_a_page_is_written_whole(call, visit, tmp_path):
    code, out, _ = call(visit, "--html", tmp_path / "page.html")
    assert code == 0
    assert out.rstrip().endswith("page.html")
    assert "<title>visit</title>" in (tmp_path / "page.html").read_text()
    assert not [p for p in tmp_path.iterdir() if p.name.endswith(".part")]


def test_a_page_that_cannot_be_written_is_refused_in_one_line(call, visit, tmp_path):
    code, _, err = call(visit, "--html", tmp_path / "no" / "page.html")
    assert code == 2 and "the page cannot be written" in err
    code, _, err = call(visit, "--html", tmp_path)
    assert code == 2 and "is a folder" in err


def test_with_json_nothing_else_is_on_stdout(call, visit, tmp_path):
    code, out, err = call(visit, "--json", "--html", tmp_path / "page.html")
    assert code == 0
    json.loads(out)
    assert "page.html" in err


def test_a_profile_is_begun_for_labels_of_no_known_set(call, tmp_path):
    recording = walking(plates=())
    labels = ("LASI", "RASI", *(f"q{k}" for k in range(14)))
    strange = dict(zip(labels, recording.markers.positions.transpose(1, 0, 2), strict=True))
    path = trc(tmp_path / "odd.trc", as_recording(strange))
    code, out, _ = call(path, "--starter", tmp_path / "mine.toml")
    assert code == 0
    assert "no marker set fits" in out.lower()
    assert find_profile(str(tmp_path / "mine.toml")).meanings
    assert "q13" in (tmp_path / "mine.toml").read_text()
    code, _, err = call(path, "--starter", tmp_path / "mine.toml")
    assert code == 2 and "is there already" in err


def test_a_profile_that_does_not_exist_is_refused_before_anything_is_read(call, visit):
    code, out, err = call(visit, "--profile", "plugin_gait")
    assert (code, out) == (2, "")
    assert "Did you mean 'plug_in_gait'" in err


def test_what_a_file_cannot_tell_can_be_said(call, visit):
    code, out, _ = call(visit / "walk.trc", "--rate", 200, "--up", "+z")
    assert code == 0
    assert "2.00 s at 200 Hz" in out
    code, _, err = call(visit / "walk.trc", "--up", "sky")
    assert code == 2 and "no axis" in err


def test_a_page_never_takes_the_place_of_a_recording_or_a_device(call, visit, tmp_path):
    walk = visit / "walk.trc"
    before = walk.read_bytes()
    for where in (walk, visit / ".." / visit.name / "walk.trc"):
        code, _, err = call(visit, "--html", where)
        assert code == 2 and "not overwritten" in err and len(err.splitlines()) == 1
    assert walk.read_bytes() == before
    os.mkfifo(tmp_path / "page.html")
    code, _, err = call(walk, "--html", tmp_path / "page.html")
    assert code == 2 and "a pipe or a device" in err
    assert (tmp_path / "page.html").is_fifo()


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "a = " + "9" * 5000])
def test_a_profile_that_breaks_the_parser_is_refused_in_one_line(call, visit, tmp_path, text):
    (tmp_path / "set.toml").write_text(text)
    code, _, err = call(visit / "walk.trc", "--profile", tmp_path / "set.toml")
    assert code == 2 and "not a valid marker-set profile" in err and len(err.splitlines()) == 1
