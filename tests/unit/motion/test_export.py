"""Recordings leave as they came, with the events and angles that ``assess`` finds."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from kinechain import cli
from kinechain.analysis import assess
from kinechain.care.person.person_file import read_person
from kinechain.core.errors import InputError, SettingError
from kinechain.demonstration.demonstrate import write_recordings
from kinechain.demonstration.walk import Asymmetry
from kinechain.motion.export import FORMATS, ExportSettings, export_recordings
from kinechain.recording.read import read_recording
from kinechain.recording.recording import Recording
from kinechain.recording.writers.bids import BidsNames


@pytest.fixture(scope="module")
def visit(tmp_path_factory):
    """A person file, a standing trial and a walk, made by the project."""
    folder = tmp_path_factory.mktemp("visit")
    text = (files("kinechain.demonstration") / "person.toml").read_text(encoding="utf-8")
    (folder / "person.toml").write_text(text, encoding="utf-8")
    standing, walk = write_recordings(folder, read_person(folder / "person.toml"), Asymmetry())
    return folder / "person.toml", standing, walk


@pytest.fixture(scope="module")
def assessed(visit):
    person, standing, walk = visit
    return assess(read_person(person), [walk], standing)


def test_events_and_angles_of_a_c3d_are_those_of_an_assessment(visit, assessed, tmp_path):
    person, standing, walk = visit
    settings = ExportSettings("c3d", events=True, angles=True)
    exported = export_recordings([walk], tmp_path / "out.c3d", settings, read_person(person), standing)
    assert exported.paths == (tmp_path / "out.c3d",)
    back, trial = read_recording(tmp_path / "out.c3d"), assessed.trials[0]
    assert [(e.kind, e.side) for e in back.events] == [
        (e.kind, e.side) for e in sorted(trial.events, key=lambda e: e.time_s)
    ]
    np.testing.assert_allclose(sorted(e.time_s for e in back.events), sorted(e.time_s for e in trial.events), atol=1e-4)
    assert np.isnan(trial.angles.angle("knee_varus_right")).all(), "a plane that this walk does not measure"
    knee = back.outputs.column("RKneeFlexionAngles_kinechain.x")
    np.testing.assert_allclose(knee, np.degrees(trial.angles.angle("knee_flexion_right")), atol=1e-3)
    np.testing.assert_allclose(back.markers.positions, read_recording(walk).markers.positions, atol=2e-6)
    measured = [x for x in trial.angles.labels if np.isfinite(trial.angles.angle(x)).any()]
    hip = back.outputs.column("LHipAngles_kinechain.y")
    np.testing.assert_allclose(hip, np.degrees(trial.angles.angle("hip_adduction_left")), atol=1e-3)
    assert len(back.outputs.labels) >= len(measured)


@pytest.mark.parametrize("to", [to for to in FORMATS if to != "bids"])
def test_markers_leave_as_they_came(visit, tmp_path, to):
    _, _, walk = visit
    want = read_recording(walk).markers
    if to == "mot":
        with pytest.raises(InputError, match="no columns for a MOT"):
            export_recordings([walk], tmp_path / "out.mot", ExportSettings("mot"))
        return
    export_recordings([walk], tmp_path / f"out.{to}", ExportSettings(to))
    back = read_recording(tmp_path / f"out.{to}").markers
    assert back.labels == want.labels
    np.testing.assert_allclose(back.positions, want.positions, atol=2e-6)
    np.testing.assert_allclose([back.rate_hz, back.start_s], [want.rate_hz, want.start_s], atol=1e-3)


def test_axes_of_opensim_point_up_along_y(visit, tmp_path):
    _, _, walk = visit
    export_recordings([walk], tmp_path / "world.trc", ExportSettings("trc", axes="world"))
    export_recordings([walk], tmp_path / "opensim.trc", ExportSettings("trc", axes="opensim"))
    world, opensim = (read_recording(tmp_path / f"{n}.trc").markers.positions for n in ("world", "opensim"))
    np.testing.assert_allclose(opensim, np.stack([world[..., 0], world[..., 2], -world[..., 1]], axis=2), atol=1e-6)


def test_several_recordings_go_into_a_folder_and_into_runs_of_a_dataset(visit, tmp_path):
    _, standing, walk = visit
    exported = export_recordings([walk, standing], tmp_path / "out", ExportSettings("csv"))
    assert {p.name for p in exported.paths} == {f"{Path(p).stem}.csv" for p in (walk, standing)}
    export_recordings([walk, standing], tmp_path / "ds", ExportSettings("bids"), names=BidsNames("K01"))
    assert len(list((tmp_path / "ds").rglob("*_motion.tsv"))) == 2


def test_no_input_is_overwritten_and_what_lacks_is_said(visit, tmp_path):
    _, _, walk = visit
    before = walk.read_bytes()
    for out in (walk, walk.parent):
        with pytest.raises(SettingError, match="not overwritten"):
            export_recordings([walk], out, ExportSettings("trc"))
    assert walk.read_bytes() == before
    with pytest.raises(SettingError, match="--body"):
        export_recordings([walk], tmp_path / "a.c3d", ExportSettings("c3d", angles=True))
    with pytest.raises(SettingError, match="pseudonym"):
        export_recordings([walk], tmp_path / "a", ExportSettings("bids"))
    with pytest.raises(SettingError, match="choose one of"):
        ExportSettings("xlsx")
    with pytest.raises(SettingError, match="choose one of"):
        ExportSettings("c3d", axes="up")  # type: ignore[arg-type]


def test_the_command_writes_and_refuses_in_one_line(visit, tmp_path, capsys):
    person, standing, walk = visit
    options = ["--events", "--angles", "--body", str(person), "--static", str(standing)]
    with pytest.raises(SystemExit) as left:
        cli.main(["export", str(walk), "--out", str(tmp_path / "out.parquet"), *options])
    assert left.value.code == 0
    assert {p.name for p in tmp_path.iterdir()} == {"out.parquet", "out_angles.parquet", "out_events.csv"}
    angles = read_recording(tmp_path / "out_angles.parquet").series
    assert angles.units[0] == "deg" and isinstance(read_recording(tmp_path / "out.parquet"), Recording)
    capsys.readouterr()
    for arguments in (
        ["--out", str(walk)],
        ["--out", str(tmp_path / "x.zip")],
        ["--out", str(tmp_path), "--to", "bids"],
    ):
        with pytest.raises(SystemExit) as left:
            cli.main(["export", str(walk), *arguments])
        said = [line for line in capsys.readouterr().err.splitlines() if not line.endswith("...")]
        assert left.value.code == 2 and len(said) == 1 and said[0].startswith("kinechain: ")


def test_two_recordings_never_go_into_one_file(visit, tmp_path):
    _, _, walk = visit
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / walk.name
    twin.write_bytes(walk.read_bytes())
    with pytest.raises(SettingError, match="different folders"):
        export_recordings([walk, twin], tmp_path / "out", ExportSettings("csv"))
    assert not (tmp_path / "out").exists()


def test_a_c3d_that_could_not_be_written_whole_is_no_success(visit, tmp_path, monkeypatch):
    """The library that writes C3D says nothing of a full disk or of a folder that takes no file."""
    import ezc3d

    _, _, walk = visit
    out = tmp_path / "out.c3d"
    out.write_bytes(b"before")
    write = ezc3d.c3d.write

    def cut(file, path):
        write(file, path)
        Path(path).write_bytes(Path(path).read_bytes()[:4096])

    for fault in (cut, lambda file, path: None):
        monkeypatch.setattr(ezc3d.c3d, "write", fault)
        with pytest.raises(OSError):
            export_recordings([walk], out, ExportSettings("c3d"))
    assert out.read_bytes() == b"before" and [p.name for p in tmp_path.glob(".*")] == []
