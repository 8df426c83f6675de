"""`kinechain id`: a model's coordinates, a model's markers and a person, from the command line to a file."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from kinechain import cli


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


def read_table(path: Path) -> dict[str, np.ndarray]:
    lines = path.read_text().splitlines()
    start = next(k for k, line in enumerate(lines) if line.strip() == "endheader")
    values = np.array([line.split() for line in lines[start + 2 :] if line.strip()], dtype=float)
    return dict(zip(lines[start + 1].split(), values.T, strict=True))


@pytest.fixture
def folder(shared: Path) -> Path:
    return shared / "models/gait2392"


def test_the_shipped_coordinates_give_the_moments_that_ship_with_them(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "moments.sto"
    model, forces = folder / "subject01_scaled.osim", folder / "subject01_walk1_grf.xml"
    assert run("id", folder / "reference_ik.mot", "--body", model, "--grf", forces, "--out", out) == 0
    ours, theirs = read_table(out), read_table(folder / "reference_id.sto")
    assert set(ours) == set(theirs)
    # The shipped table was made with another version of the model and starts before the data; OpenSim 4.6 itself is off
    # it by 0.4 to 2.2 N m.
    within = (theirs["time"] > 0.55) & (theirs["time"] < ours["time"][-1] - 0.05)
    assert within.sum() > 60
    for label in ("hip_flexion_r_moment", "knee_angle_l_moment", "ankle_angle_r_moment", "lumbar_bending_moment"):
        here = np.interp(theirs["time"][within], ours["time"], ours[label])
        assert np.sqrt(np.mean((here - theirs[label][within]) ** 2)) < 2.5, label


@pytest.mark.parametrize("forces", ["subject01_walk1_grf.xml", "subject01_walk1_grf.mot"])
def test_markers_and_plates_give_moments_too(
    folder: Path, tmp_path: Path, forces: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "moments.mot"
    model, setup = folder / "subject01_scaled.osim", folder / "subject01_Setup_IK.xml"
    trial = folder / "subject01_walk1.trc"
    assert run("id", trial, "--body", model, "--setup", setup, "--grf", folder / forces, "--out", out) == 0
    moments = read_table(out)
    assert len(moments["time"]) == 121
    # A walker of 72.6 kg pushes off with about 1.5 N m/kg at the ankle; with a foot's plate on the other foot she would
    # not.
    for side in "rl":
        assert -140 < moments[f"ankle_angle_{side}_moment"].min() < -90
    assert np.sqrt(np.mean(moments["pelvis_ty_force"] ** 2)) < 80
    assert "filtered at 6 Hz" in capsys.readouterr().out


def test_a_persons_walk_gives_moments_per_mass_in_the_published_range(shared: Path, tmp_path: Path) -> None:
    data = shared / "data/dev/schreiber_moissenet/2014001"
    person = tmp_path / "person.toml"
    person.write_text('[person]\nsex = "male"\nheight_m = 1.66\nmass_kg = 67\n')
    out = tmp_path / "moments.parquet"
    walk, standing = data / "2014001_C4_05.c3d", data / "2014001_ST.c3d"
    assert run("id", walk, "--body", person, "--static", standing, "--out", out) == 0
    table = pq.read_table(out)
    assert table.schema.field("hip_flexion_r_moment").metadata[b"unit"] == b"N m"
    assert table.schema.field("pelvis_tz_force").metadata[b"unit"] == b"N"
    ankles = [table.column(f"ankle_dorsiflexion_{s}_moment").to_numpy() / 67 for s in "rl"]
    assert -2.0 < min(np.nanmin(a) for a in ankles) < -1.1


def test_without_forces_the_residuals_hold_the_weight(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "m.sto"
    model = folder / "subject01_scaled.osim"
    assert run("id", folder / "reference_ik.mot", "--body", model, "--out", out) == 0
    assert read_table(out)["pelvis_ty_force"].mean() == pytest.approx(72.6 * 9.81, rel=0.05)
    assert "No ground forces were given" in capsys.readouterr().out


def spoilt_coordinates(folder: Path, tmp_path: Path, old: str, new: str) -> Path:
    text = (folder / "reference_ik.mot").read_text()
    assert old in text
    path = tmp_path / "walk.mot"
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gone.mot"], "there is no file"),
        (["{m}/subject01_walk1_grf.mot"], "holds no coordinate of the model"),
        (["{m}/subject01_walk1_grf.xml"], "subject01_walk1_grf.xml"),
        (["{m}/reference_ik.mot", "--cutoff", "40"], "cut-off of 40 Hz"),
        (["{m}/reference_ik.mot", "--cutoff", "-6"], "cut-off of -6 Hz"),
        (["{m}/reference_ik.mot", "--cutoff", "nan"], "cut-off of nan Hz"),
        (["{m}/reference_ik.mot", "--grf", "{m}/subject01_scaled.osim"], "no <ExternalLoads>|no recording"),
        (["{m}/reference_ik.mot", "--grf", "{m}/reference_id.sto"], "holds no plates"),
        (["{m}/reference_ik.mot", "--grf", "{r}/grf_walk.xml", "--out", "x.txt"], "must end in"),
        (["{m}/reference_ik.mot", "--static", "{m}/subject01_static.trc"], "must fit already"),
        (["{m}/reference_ik.mot", "--setup", "{m}/subject01_Setup_IK.xml"], "--setup is for markers"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(
    folder: Path,
    shared: Path,
    tmp_path: Path,
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import re

    monkeypatch.chdir(tmp_path)
    filled = [a.format(m=folder, r=shared / "models/rajagopal") for a in arguments]
    if "--out" not in filled:
        filled += ["--out", "moments.sto"]
    assert run("id", *filled, "--body", folder / "subject01_scaled.osim") == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("kinechain: ")]
    assert len(lines) == 1
    assert re.search(said, lines[0]), lines[0]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("0.5170", "-100", "backwards"),
        ("\tpelvis_tx\t", "\tpelvis_ty\t", ""),
        ("datacolumns", "datacolumn", ""),
    ],
)
def test_spoilt_coordinates_are_refused_or_named(folder, tmp_path, old, new, said, capsys):
    path = spoilt_coordinates(folder, tmp_path, old, new)
    code = run("id", path, "--body", folder / "subject01_scaled.osim", "--out", tmp_path / "m.sto")
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    assert code == (2 if said else 0)
    assert said in printed.err
    if "pelvis_ty" in new:
        # Two columns of one name: the second is numbered, and the coordinate that is lacking is named.
        assert "pelvis_tx" in printed.out
