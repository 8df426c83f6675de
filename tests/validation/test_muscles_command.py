"""`kinechain muscles`: a model's coordinates and markers, a person, and what cannot be used."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from kinechain import cli


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main([str(argument) for argument in arguments])
    return int(left.value.code or 0)


@pytest.fixture
def model(shared: Path) -> tuple[str | Path, ...]:
    folder = shared / "models/gait2392"
    setup, forces = folder / "subject01_Setup_IK.xml", folder / "subject01_walk1_grf.xml"
    trial, body = folder / "subject01_walk1.trc", folder / "subject01_scaled.osim"
    return ("muscles", trial, "--body", body, "--setup", setup, "--grf", forces)


def test_a_models_walk_gives_forces_activations_and_reactions(model, tmp_path: Path, capsys) -> None:
    out = tmp_path / "muscles.parquet"
    assert run(*model, "--out", out) == 0
    table = pq.read_table(out)
    assert table.schema.field("soleus_r_force").metadata[b"unit"] == b"N"
    assert table.schema.field("ankle_angle_r_reserve").metadata[b"unit"] == b"N m"
    activation = np.array([table.column(c).to_numpy() for c in table.column_names if c.endswith("_activation")])
    assert activation.shape == (92, 121)
    assert 0.01 <= activation.min() and activation.max() <= 1.0
    # A walker of 72.6 kg loads the knee with two to five body weights, and no muscle lacks anything.
    knee = np.linalg.norm([table.column(f"knee_r_f{axis}").to_numpy() for axis in "xyz"], axis=0)
    assert 2.0 < knee.max() / (72.6 * 9.81) < 5.0
    assert "cannot be held" not in capsys.readouterr().out


def test_weakness_is_named_with_its_frames(model, tmp_path: Path, capsys) -> None:
    weak = [f"--strength={muscle}=0.1" for muscle in ("soleus_r", "med_gas_r", "lat_gas_r")]
    assert run(*model, *weak, "--out", tmp_path / "m.sto") == 0
    said = capsys.readouterr().out
    assert "Right ankle angle in the negative direction cannot be held by these muscles in frames" in said
    assert "strength left: soleus_r 0.1" in said
    assert (tmp_path / "m.sto").read_text().count("\n") > 121


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--strength", "soleus=a"], "group_side=fraction"),
        (["--strength", "soleuss_r=0.5"], "Did you mean 'soleus_r'"),
        (["--exponent", "1"], "between 1.5 and 5"),
        (["--static", "walk.c3d"], "there is no file"),
        (["--out", "muscles.xlsx"], "must end in"),
        (["--cutoff", "40"], "cut-off"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(model, tmp_path: Path, capsys, more, sentence) -> None:
    out = [] if "--out" in more else ["--out", tmp_path / "m.sto"]
    assert run(*model, *out, *more) == 2
    said = capsys.readouterr().err
    assert sentence in said and "Traceback" not in said


def test_a_persons_walk_loads_hip_and_spine(shared: Path, tmp_path: Path) -> None:
    data = shared / "data/dev/schreiber_moissenet/2014001"
    person = tmp_path / "person.toml"
    person.write_text('[person]\nsex = "male"\nheight_m = 1.66\nmass_kg = 67\n')
    out = tmp_path / "muscles.parquet"
    walk, standing = data / "2014001_C4_05.c3d", data / "2014001_ST.c3d"
    assert run("muscles", walk, "--body", person, "--static", standing, "--out", out) == 0
    table = pq.read_table(out)
    weight = 67 * 9.81
    hip = np.linalg.norm([table.column(f"hip_r_f{axis}").to_numpy() for axis in "xyz"], axis=0)
    spine = -table.column("l5_s1_fz").to_numpy()
    assert np.nanmax(hip) > 2.0 * weight
    assert np.nanmax(spine) > 0.8 * weight
