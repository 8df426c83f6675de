"""Loads as files: what OpenSim and a table reader find in them."""

import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet
import pytest

from kinechain.core.errors import RecordingError
from kinechain.findings.loads import summarise_loads
from kinechain.loads.export import LOAD_FILES, loads_table, write_load_files, write_sto
from kinechain.loads.loads import UNKNOWN, FootReaction, LoadSettings, Table
from kinechain.report.write import write_outputs
from made_loads import made_loads


def read_sto(path):
    """Return header lines and columns by name."""
    header, _, body = path.read_text(encoding="utf-8").partition("endheader\n")
    names, *rows = body.splitlines()
    values = np.array([[float(x) for x in row.split("\t")] for row in rows])
    return header.splitlines(), dict(zip(names.split("\t"), values.T, strict=True))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loads")
    return {p.name: p for p in write_load_files(made_loads(), folder, "walk", ["recording: walk.c3d"], {"a": "b"})}


def test_every_file_is_there_once(written):
    assert sorted(written) == sorted(f"walk{ending}" for ending in LOAD_FILES)


def test_moments_carry_the_names_and_units_of_opensims_inverse_dynamics(written):
    header, columns = read_sto(written["walk_moments.sto"])
    loads = made_loads()
    assert header[0] == "walk_moments"
    assert {"version=1", "inDegrees=no", "nRows=500", f"nColumns={len(columns)}"} <= set(header)
    assert "recording: walk.c3d" in header
    assert "Estimates of a model, not measurements." in header
    assert "pelvis_tx_force" in columns
    np.testing.assert_allclose(columns["time"], loads.times_s)
    for name in ("hip_flexion_r", "ankle_dorsiflexion_l"):
        np.testing.assert_allclose(columns[f"{name}_moment"], loads.moments.column(name), rtol=1e-7, atol=1e-12)


def test_activations_forces_tissues_and_reactions_come_back(written):
    loads = made_loads()
    _, activations = read_sto(written["walk_activations.sto"])
    np.testing.assert_allclose(activations["soleus_r"], loads.activations.column("soleus_r"), rtol=1e-7)
    _, forces = read_sto(written["walk_muscle_forces.sto"])
    np.testing.assert_allclose(forces["soleus_r"], loads.muscle_forces.column("soleus_r"), rtol=1e-7)
    _, tissues = read_sto(written["walk_tissues.sto"])
    assert {"plantar_fascia_central_r_tension", "sciatic_r_length"} <= set(tissues)
    assert "sciatic_r_tension" not in tissues
    _, reactions = read_sto(written["walk_reactions.sto"])
    knee = loads.reaction("knee_r")
    np.testing.assert_allclose(-reactions["knee_r_on_lower_in_lower_fz"], knee.compression_n, rtol=1e-7, atol=1e-9)
    assert "l5_s1_on_lower_in_lower_my" in reactions


def test_the_table_holds_everything_with_units_settings_and_notes(written):
    table = pyarrow.parquet.read_table(written["walk_loads.parquet"])
    names, units, values = loads_table(made_loads())
    assert table.column_names == ["time", *names]
    for k in (0, len(names) // 2, len(names) - 1):
        np.testing.assert_array_equal(np.asarray(table.column(names[k])), values[:, k])
        assert table.schema.field(names[k]).metadata[b"unit"].decode() == units[k]
    found = dict(zip(names, units, strict=True))
    assert found["moment.pelvis_tx"] == "N"
    assert found["moment.hip_flexion_r"] == "N m"
    assert found["reaction.l5_s1.force_x"] == "N"
    assert found["ground.left.heel.force_z"] == "N"
    about = json.loads(table.schema.metadata[b"kinechain"])
    assert about["a"] == "b"
    assert json.loads(about["load_settings"])["cutoff_hz"] == 6.0
    notes = json.loads(about["notes"])
    assert notes.count("Every contact was predicted from the motion.") == 1
    assert len(set(notes)) == len(notes)
    assert about["what"] == "estimates of a model, not measurements"


def test_the_ground_reaction_stands_in_opensims_axes(written):
    _, columns = read_sto(written["walk_ground_reaction.mot"])
    force = made_loads().ground.foot("right").force
    np.testing.assert_allclose(columns["right_ground_force_vy"], force[:, 2], atol=1e-6)
    np.testing.assert_allclose(columns["right_ground_force_vz"], -force[:, 1], atol=1e-6)
    assert "<datafile>walk_ground_reaction.mot</datafile>" in written["walk_ground_reaction.xml"].read_text()


def test_a_ground_reaction_nobody_knows_and_empty_tables_write_no_file(tmp_path):
    loads = made_loads()
    right, left = loads.ground.feet
    parts = {n: getattr(right, n) for n in FootReaction.__dataclass_fields__}
    lost = FootReaction(**{**parts, "origin": np.full(500, UNKNOWN)})
    none = Table((), np.empty((500, 0)), "1")
    bare = replace(loads, ground=replace(loads.ground, feet=(lost, left)), activations=none, reactions=())
    names = {p.name for p in write_load_files(bare, tmp_path, "walk")}
    assert not names & {"walk_activations.sto", "walk_reactions.sto", "walk_ground_reaction.xml"}
    assert "walk_loads.parquet" in names


def test_weakness_is_written_with_the_table(tmp_path):
    settings = LoadSettings(strength={"gluteus_medius_r": 0.6})
    write_load_files(replace(made_loads(), settings=settings), tmp_path, "walk")
    about = json.loads(pyarrow.parquet.read_schema(tmp_path / "walk_loads.parquet").metadata[b"kinechain"])
    assert json.loads(about["load_settings"])["strength"] == {"gluteus_medius_r": 0.6}


def test_names_that_would_break_a_table_are_refused(tmp_path):
    for names in (["a", "a"], ["a", "b\tc"], ["a", "time"], ["a"]):
        with pytest.raises(RecordingError, match="cannot be written"):
            write_sto(names, np.zeros((3, 2)), np.arange(3.0), tmp_path / "x.sto")
    assert not list(tmp_path.iterdir())


def loaded(make_assessment, *names):
    base = make_assessment()
    trial = base.trials[0]
    trials = tuple(replace(trial, recording=replace(trial.recording, name=name)) for name in names)
    loads = tuple(made_loads() for _ in names)
    return replace(base, trials=trials, loads=loads, load_rows=summarise_loads(base.body, trials, loads))


def test_an_assessment_writes_the_loads_of_every_trial_into_their_folder(make_assessment, tmp_path):
    paths = write_outputs(loaded(make_assessment, "walk 1.c3d", "../walk 1.trc"), tmp_path)
    inside = {p.name for p in paths if p.parent.name == "loads"}
    assert inside == {f"{stem}{ending}" for stem in ("walk_1", "walk_1_2") for ending in LOAD_FILES}
    assert all(p.is_file() for p in paths)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".writing")]
    header, _ = read_sto(tmp_path / "loads" / "walk_1_moments.sto")
    assert "recording: walk 1.c3d" in header
    assert any(line.startswith("intended_purpose: Research and education") for line in header)


def test_loads_of_standing_are_written_with_their_making_with_or_without_a_walk(make_assessment, tmp_path):
    for base in (loaded(make_assessment, "a.c3d"), make_assessment(trials=(), loads=())):
        paths = write_outputs(replace(base, standing_loads=made_loads()), tmp_path)
        of_standing = {p.name for p in paths if p.parent.name == "loads" and p.name.startswith("standing_")}
        assert of_standing == {f"standing{ending}" for ending in LOAD_FILES}
        header, _ = read_sto(tmp_path / "loads" / "standing_moments.sto")
        assert "recording: static.c3d" in header
        assert "setting.rhythm: christophy2012" in header


def test_loads_of_an_earlier_assessment_do_not_stay_beside_a_new_one(make_assessment, tmp_path):
    write_outputs(loaded(make_assessment, "a.c3d", "b.c3d"), tmp_path)
    (tmp_path / "loads" / "mine.txt").write_text("mine")
    write_outputs(loaded(make_assessment, "a.c3d"), tmp_path)
    assert {p.name for p in (tmp_path / "loads").iterdir()} == {"mine.txt", *(f"a{e}" for e in LOAD_FILES)}
    write_outputs(make_assessment(), tmp_path)
    assert [p.name for p in (tmp_path / "loads").iterdir()] == ["mine.txt"]


def test_a_file_in_the_place_of_the_folder_is_refused_before_anything_is_moved(make_assessment, tmp_path):
    (tmp_path / "loads").write_text("mine")
    with pytest.raises(NotADirectoryError, match="a file stands where the folder of loads belongs"):
        write_outputs(loaded(make_assessment, "a.c3d"), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["loads"]


@pytest.mark.opensim
def test_opensim_reads_every_file(written):
    osim = pytest.importorskip("opensim")
    for name, path in written.items():
        if path.suffix in (".sto", ".mot"):
            table = osim.TimeSeriesTable(str(path))
            assert table.getNumRows() == 500, name
    external = osim.ExternalLoads(str(written["walk_ground_reaction.xml"]), True)
    assert external.getSize() == 2
