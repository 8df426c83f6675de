"""`kinechain ik`: an OpenSim model and a person's body, from the command line to a file."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from kinechain import cli
from kinechain.core.errors import RecordingError
from kinechain.motion.track import cut_recording
from kinechain.recording.read import read_recording


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


def read_table(path: Path) -> tuple[list[str], np.ndarray]:
    """Read a MOT file as plainly as its header says."""
    lines = path.read_text().splitlines()
    start = next(k for k, line in enumerate(lines) if line.strip() == "endheader")
    return lines[start + 1].split(), np.array(
        [line.split() for line in lines[start + 2 :] if line.strip()], dtype=float
    )


@pytest.fixture
def gait2392(shared: Path) -> tuple[str | Path, ...]:
    folder = shared / "models/gait2392"
    return ("ik", folder / "subject01_walk1.trc", "--body", folder / "subject01_scaled.osim")


def test_an_opensim_model_gives_the_angles_that_ship_with_it(
    gait2392: tuple[str | Path, ...], shared: Path, tmp_path: Path
) -> None:
    folder = shared / "models/gait2392"
    out = tmp_path / "walk.mot"
    assert run(*gait2392, "--setup", folder / "subject01_Setup_IK.xml", "--out", out) == 0
    names, ours = read_table(out)
    reference_names, reference = read_table(folder / "reference_ik.mot")
    assert len(ours) == 121
    assert (ours[0, 0], ours[-1, 0]) == pytest.approx((0.5, 2.5), abs=0.01)
    reference = reference[reference[:, 0] <= ours[-1, 0]]
    angles = [name for name in names if name in reference_names and name != "time" and not name.startswith("pelvis_t")]
    assert len(angles) >= 18
    for name in angles:
        there = reference[:, reference_names.index(name)]
        here = np.interp(reference[:, 0], ours[:, 0], ours[:, names.index(name)])
        assert np.sqrt(np.mean((here - there) ** 2)) < 0.1, name


def test_a_table_holds_radians_and_says_so(gait2392: tuple[str | Path, ...], tmp_path: Path) -> None:
    assert run(*gait2392, "--out", tmp_path / "walk.mot") == 0
    assert run(*gait2392, "--out", tmp_path / "walk.parquet") == 0
    names, degrees = read_table(tmp_path / "walk.mot")
    table = pq.read_table(tmp_path / "walk.parquet")
    assert table.schema.field("knee_angle_r").metadata[b"unit"] == b"rad"
    assert table.schema.field("pelvis_ty").metadata[b"unit"] == b"m"
    assert b"y up" in table.schema.metadata[b"kinechain"]
    radians = table.column("knee_angle_r").to_numpy()
    assert np.degrees(radians) == pytest.approx(degrees[:, names.index("knee_angle_r")], abs=1e-6)


def test_a_persons_body_follows_its_markers(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = shared / "data/dev/schreiber_moissenet/2014001"
    person = tmp_path / "person.toml"
    person.write_text('[person]\nsex = "male"\nheight_m = 1.66\nmass_kg = 67\n')
    out = tmp_path / "walk.sto"
    walk, standing = folder / "2014001_C4_05.c3d", folder / "2014001_ST.c3d"
    assert run("ik", walk, "--body", person, "--static", standing, "--out", out) == 0
    names, values = read_table(out)
    for side in "rl":
        knee = values[:, names.index(f"knee_flexion_{side}")]
        assert 45 < np.nanmax(knee) < 80
        assert -15 < np.nanmin(knee) < 25
    assert "Written: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--out", "walk.txt"), "must end in .mot, .sto, .parquet"),
        (("--out", "nowhere/walk.mot"), "there is no folder nowhere"),
        (("--out", "walk.mot", "--static", "{trc}"), "an OpenSim model must fit already"),
        (("--out", "walk.mot", "--setup", "gone.xml"), "there is no file gone.xml"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(
    gait2392: tuple[str | Path, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*gait2392, *(option.format(trc=gait2392[1]) for option in options)) == 2
    assert sentence in capsys.readouterr().err


def test_a_recording_is_cut_to_the_frames_asked_for(shared: Path) -> None:
    walk = read_recording(shared / "models/gait2392/subject01_walk1.trc")
    short = cut_recording(walk, 0.5, 1.0).require_markers()
    assert short.times_s[0] == pytest.approx(0.5, abs=0.5 / short.rate_hz)
    assert short.times_s[-1] == pytest.approx(1.0, abs=0.5 / short.rate_hz)
    with pytest.raises(RecordingError, match="was asked for"):
        cut_recording(walk, 50.0, 60.0)
