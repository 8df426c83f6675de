"""Plates that are wrong in a real walk are named with their frames and residual, and never silently used."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinechain import cli
from kinechain.analysis import assess
from kinechain.body.fit import BodySize, fit_body
from kinechain.body.musculature import person_muscles
from kinechain.body.osim import read_osim
from kinechain.body.osim_muscles import read_osim_muscles
from kinechain.care.person.person import Person
from kinechain.core.errors import FileError, SettingError
from kinechain.loads.analyze_loads import analyze_loads
from kinechain.loads.ground import ground_reaction
from kinechain.loads.loads import MEASURED, GroundReaction, LoadSettings
from kinechain.loads.strength import parse_strength
from kinechain.motion.trial import GaitTrial, analyze_gait
from kinechain.recording.prepare import prepare_recording
from kinechain.recording.read import read_recording
from kinechain.recording.recording import ForcePlate

MASS_KG = 67.0
ASIDE, ABOVE = np.array([0.0, 0.08, 0.0]), np.array([0.0, 0.0, 0.5])


@pytest.fixture(scope="module")
def walk(shared: Path):
    folder = shared / "data/dev/schreiber_moissenet/2014001"
    still = prepare_recording(read_recording(folder / "2014001_ST.c3d"))
    trial = prepare_recording(read_recording(folder / "2014001_C4_05.c3d"))
    body = fit_body(BodySize(mass_kg=MASS_KG, height_m=1.66, sex="male"), static=still, recording=trial)
    return body, analyze_gait(body, trial, 6.0, least_cycles=0)


def spoilt(walk, change: Callable[[ForcePlate], ForcePlate], copies: int = 1) -> GroundReaction:
    body, trial = walk
    plates = tuple(change(plate) for plate in trial.recording.plates) * copies
    wrong: GaitTrial = replace(trial, recording=replace(trial.recording, plates=plates))
    return ground_reaction(body, wrong, LoadSettings())


def is_measured(ground: GroundReaction) -> bool:
    return any((foot.origin == MEASURED).any() for foot in ground.feet)


def test_plates_as_recorded_are_used(walk) -> None:
    ground = spoilt(walk, lambda plate: plate)
    assert is_measured(ground)
    assert not [note for note in ground.notes if "runs against" in note or "free moment" in note]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: replace(p, force=p.force * 1.2), "more than 67.0 kg times its acceleration"),
        (lambda p: replace(p, force=p.force * [-1, -1, 1]), "horizontal force runs against the motion"),
        (lambda p: replace(p, force=p.force * [1, -1, 1]), "force to the side runs against the motion"),
        (lambda p: replace(p, free_moment=p.free_moment * 1e3), "free moment is"),
        (lambda p: replace(p, free_moment=p.free_moment + np.array([0, 0, 50])), "free moment is"),
        (lambda p: replace(p, centre_of_pressure=p.centre_of_pressure + ASIDE), "mm from where the foot"),
        (lambda p: replace(p, centre_of_pressure=p.centre_of_pressure - ABOVE), "mm from where the foot"),
        (lambda p: replace(p, start_s=p.start_s + 0.05), "Check the clocks"),
    ],
    ids=["gain", "half turn", "side", "newton millimetres", "twist", "place", "height", "late"],
)
def test_a_wrong_plate_is_named_with_frames_and_residual_and_not_used(walk, change, words) -> None:
    ground = spoilt(walk, change)
    named = [note for note in ground.notes if words in note]
    assert len(named) == 2
    assert all("in frames" in note and "Check" in note for note in named)
    assert not is_measured(ground)


@pytest.mark.parametrize("unit", [1e-3, 0.0], ids=["kilonewtons", "nothing"])
def test_plates_that_carry_nobody_are_named(walk, unit: float) -> None:
    ground = spoilt(walk, lambda plate: replace(plate, force=plate.force * unit))
    assert any("No foot stands on any of the 2 plates" in note and "newtons" in note for note in ground.notes)
    assert not is_measured(ground)


def test_plates_stored_twice_are_not_added_in_silence(walk) -> None:
    ground = spoilt(walk, lambda plate: plate, copies=2)
    named = [note for note in ground.notes if "more than 67.0 kg times its acceleration" in note]
    assert len(named) == 2 and " and plate " in named[0]
    assert not is_measured(ground)
    total = sum(foot.force[:, 2] for foot in ground.feet)
    assert np.nanmax(total) < 2.0 * MASS_KG * 9.81


def id_with_forces(shared: Path, folder: Path, change: Callable[[float], float]) -> int:
    """Run ``id`` with the places of a table's forces changed; return the exit code."""
    source = shared / "data/dev/opencap_validation_s4"
    lines = (source / "walkingTS2_grf.mot").read_text().splitlines()
    head = next(i for i, line in enumerate(lines) if line.strip() == "endheader") + 1
    places = [k for k, name in enumerate(lines[head].split()) if name[-2:] in ("px", "py", "pz")]
    rows = [line.split() for line in lines[head + 1 :]]
    changed = [[str(change(float(x))) if k in places else x for k, x in enumerate(row)] for row in rows]
    forces, person = folder / "other name.mot", folder / "person.toml"
    forces.write_text("\n".join([*lines[: head + 1], *("\t".join(row) for row in changed)]) + "\n")
    person.write_text('[person]\nsex = "male"\nheight_m = 1.8\nmass_kg = 72\n')
    trial = source / "walkingTS2.trc"
    with pytest.raises(SystemExit) as left:
        cli.main(["id", *map(str, [trial, "--body", person, "--grf", forces, "--out", folder / "m.sto"])])
    return int(left.value.code or 0)


def test_id_says_how_it_took_a_table_of_plates(shared: Path, tmp_path: Path, capsys) -> None:
    assert id_with_forces(shared, tmp_path, lambda x: 1e3 * x) == 0
    assert "taken as millimetres" in capsys.readouterr().out


def test_id_says_why_a_table_of_plates_does_not_belong(shared: Path, tmp_path: Path, capsys) -> None:
    assert id_with_forces(shared, tmp_path, lambda x: x + 3.0) == 2
    assert "away from every marker of walkingTS2.trc" in capsys.readouterr().err
    assert not (tmp_path / "m.sto").exists()


def test_an_arch_that_is_asked_too_much_costs_its_frames_and_not_the_walk(walk) -> None:
    body, trial = walk
    plates = list(trial.recording.plates)
    # For a tenth of a second of one stance the foot is pressed down by some 13 body weights.
    loaded = np.flatnonzero(plates[0].force[:, 2] > 500.0)
    late = loaded[len(loaded) * 3 // 4]
    force = np.array(plates[0].force)
    force[late - 50 : late + 50] *= 20.0
    plates[0] = replace(plates[0], force=force)
    wrong = replace(trial, recording=replace(trial.recording, plates=tuple(plates)))
    loads = analyze_loads(body, person_muscles(body), wrong, LoadSettings(ground="measured"))
    named = [note for note in loads.notes if "flatten the arch" in note]
    assert len(named) == 1 and "N m" in named[0] and "in frames" in named[0] and "Check" in named[0]
    solved = np.isfinite(loads.muscle_forces.values).all(axis=1)
    assert 40 < np.count_nonzero(solved) < len(solved)
    assert np.isfinite(loads.moments.values[solved]).all()


def test_a_foot_without_markers_is_named_and_its_loads_are_not_told(shared: Path, monkeypatch) -> None:
    folder = shared / "data/dev/schreiber_moissenet/2014001"
    walk, hidden = folder / "2014001_C4_05.c3d", re.compile("R_(FCC|FM1|FM2|FM5|FAX)$")

    def without_a_foot(path, *arguments, **more):
        found = read_recording(path, *arguments, **more)
        if Path(path).name != walk.name:
            return found
        kept = [k for k, label in enumerate(found.markers.labels) if not hidden.match(label)]
        labels = tuple(found.markers.labels[k] for k in kept)
        return replace(found, markers=replace(found.markers, labels=labels, positions=found.markers.positions[:, kept]))

    monkeypatch.setattr("kinechain.recording.collect.read_recording", without_a_foot)
    person = Person(mass_kg=MASS_KG, height_m=1.66, sex="male")
    assessment = assess(person, [walk], folder / "2014001_ST.c3d")
    assert any("does not show how the right foot turns" in said for said in assessment.refused)
    walking = {(row.site, row.side) for row in assessment.load_rows if row.quantity == "resultant_peak"}
    assert ("ankle", "left") in walking and ("knee", "right") in walking
    assert ("ankle", "right") not in walking


def model_command(
    shared: Path, folder: Path, change: Callable[[list[list[str]]], list[list[str]]], command: str
) -> int:
    """Run ``id`` or ``muscles`` of a model on coordinates whose rows were changed; return the exit code."""
    models = shared / "models/gait2392"
    lines = (models / "reference_ik.mot").read_text().splitlines()
    head = next(i for i, line in enumerate(lines) if line.strip() == "endheader") + 1
    rows = [line.split("\t") for line in lines[head + 1 :] if line.strip()]
    changed = ["\t".join(row) for row in change(rows[:100])]
    (folder / "walk.mot").write_text("\n".join([*lines[: head + 1], *changed]) + "\n")
    forces, out = models / "subject01_walk1_grf.xml", folder / "out.sto"
    model = models / "subject01_scaled.osim"
    with pytest.raises(SystemExit) as left:
        cli.main([command, *map(str, [folder / "walk.mot", "--body", model, "--grf", forces, "--out", out])])
    return int(left.value.code or 0)


def test_muscles_of_a_model_name_when_the_motion_cannot_be_so(shared: Path, tmp_path: Path, capsys) -> None:
    def jump(rows: list[list[str]]) -> list[list[str]]:
        return [[x if k != 1 or n < 50 else str(float(x) + 1.0) for k, x in enumerate(r)] for n, r in enumerate(rows)]

    assert model_command(shared, tmp_path, jump, "muscles") == 0
    said = capsys.readouterr().out
    assert "Residuals on the root" in said and "Not to be trusted" in said


@pytest.mark.parametrize("command", ["id", "muscles"])
def test_a_hole_in_the_times_of_coordinates_is_refused(shared: Path, tmp_path: Path, capsys, command: str) -> None:
    assert model_command(shared, tmp_path, lambda rows: rows[:40] + rows[60:], command) == 2
    assert "walk.mot lacks rows between 1.15 and 1.50 s" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["1e308", "-1", "40.8"])
def test_a_point_of_a_muscle_far_off_is_refused(shared: Path, tmp_path: Path, number: str) -> None:
    content = (shared / "models/gait2392/subject01_scaled.osim").read_text()
    model = tmp_path / "model.osim"
    model.write_text(re.sub(r"(<PathPoint name=.*?<location>)\s*\S+", rf"\g<1>{number}", content, count=1, flags=re.S))
    with pytest.raises(FileError, match="no muscle reaches so far"):
        read_osim_muscles(model, read_osim(model))


def test_a_group_that_is_none_is_answered_with_groups(walk) -> None:
    with pytest.raises(SettingError, match=r"There is: .*gluteus"):
        parse_strength(["quadriceps=0.5"], person_muscles(walk[0]))


@pytest.mark.parametrize("damage", [{"px": 1e308}, {"vy": 1e300}, {"my": 1e9}])
def test_a_table_of_plates_with_a_damaged_number_is_refused(shared: Path, tmp_path: Path, capsys, damage) -> None:
    models = shared / "models/gait2392"
    lines = (models / "subject01_walk1_grf.mot").read_text().splitlines()
    head = next(i for i, line in enumerate(lines) if line.strip() == "endheader") + 1
    names = lines[head].split()
    ((ending, number),) = damage.items()
    what = "ground_torque_y" if ending == "my" else f"ground_force_{ending}"
    row = next(k for k in range(head + 1, len(lines)) if float(lines[k].split()[names.index("ground_force_vy")]) > 500)
    words = lines[row].split()
    words[names.index(what)] = str(number)
    lines[row] = "\t".join(words)
    forces = tmp_path / "forces.mot"
    forces.write_text("\n".join(lines) + "\n")
    motion, model = models / "reference_ik.mot", models / "subject01_scaled.osim"
    with pytest.raises(SystemExit) as left:
        cli.main(["id", *map(str, [motion, "--body", model, "--grf", forces, "--out", tmp_path / "m.sto"])])
    said = capsys.readouterr().err
    assert left.value.code == 2 and "which no plate measures" in said, said


def test_loads_of_running_say_that_they_are_of_running(shared: Path, tmp_path: Path, capsys) -> None:
    person = tmp_path / "person.toml"
    person.write_text('[person]\nsex = "male"\nheight_m = 1.8\nmass_kg = 72\n')
    trial = shared / "data/dev/rezaie_qtm_running/gait_1_marker.trc"
    for command in ("id", "muscles"):
        with pytest.raises(SystemExit) as left:
            cli.main([command, *map(str, [trial, "--body", person, "--out", tmp_path / "out.sto"])])
        assert not left.value.code
        assert "gait_1_marker.trc: this is running" in capsys.readouterr().out
