"""The loads of one person: strength from the examination, drawn bodies, both rhythms, standing, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kinechain.analysis import Assessment, Settings, assess
from kinechain.body.muscle import Musculature
from kinechain.body.musculature import person_muscles
from kinechain.body.pose import segment_poses
from kinechain.body.skeleton import RHYTHMS, generic_body, with_rhythm
from kinechain.care.person.person import ExamItem, Person, Sex
from kinechain.core.errors import BodyError, SettingError
from kinechain.core.gravity import GRAVITY_M_S2
from kinechain.findings.balance import Stance
from kinechain.loads.analyze_loads import analyze_loads
from kinechain.loads.loads import LoadSettings
from kinechain.loads.samples import draw_samples
from kinechain.loads.strength import examined_strength, isometric_capacity, parse_strength, with_strength
from kinechain.report.json import assessment_json

SAMPLES = 4


@pytest.fixture(scope="module")
def muscles() -> Musculature:
    return person_muscles(generic_body("female"))


@pytest.fixture(scope="module")
def assessed(shared: Path) -> Assessment:
    folder = shared / "data/dev/schreiber_moissenet/2014001"
    settings = Settings(loads=LoadSettings(samples=SAMPLES, seed=3))
    return assess(
        Person(mass_kg=67.0, height_m=1.66), [folder / "2014001_C4_05.c3d"], folder / "2014001_ST.c3d", settings
    )


def weakened(muscles: Musculature, value: float, sex: Sex | None = "female") -> tuple[Musculature, tuple[str, ...]]:
    body = generic_body("female")
    exam = (ExamItem("hip_abduction_strength", "right", value, "Nm/kg", "dynamometer"),)
    fractions, notes = examined_strength(Person(sex=sex, exam=exam), body, muscles)
    return with_strength(muscles, fractions), notes


# Means of women and men in ramskov2014_hipabd, N m/kg.
@pytest.mark.parametrize(("sex", "usual"), [("female", 1.41), ("male", 1.62), (None, 1.515)])
def test_examined_hip_strength_is_taken_against_what_others_give_in_that_test(
    muscles: Musculature, sex: Sex | None, usual: float
) -> None:
    for value in (1.0, usual):
        weak, notes = weakened(muscles, value, sex)
        for name in ("glmed1", "glmin2", "tfl"):
            ratio = weak.muscle(f"{name}_r").max_isometric_force_n / muscles.muscle(f"{name}_r").max_isometric_force_n
            assert ratio == pytest.approx(value / usual, rel=1e-9)
        # Muscles that abduct too but are not tested for it keep their force, and so does the other side.
        for name in ("sart_r", "recfem_r", "piri_r", "glmed1_l"):
            same = muscles.muscle(name).max_isometric_force_n
            assert weak.muscle(name).max_isometric_force_n == pytest.approx(same, rel=1e-9)
        assert "right gluteus medius" in notes[0] and "ramskov2014_hipabd" in notes[0]


def test_the_strength_of_a_model_is_no_measure_of_a_person(muscles: Musculature) -> None:
    # All muscles at their optimal length give more than twice what healthy women reach in the test (1.41 N m/kg).
    body = generic_body("female")
    assert isometric_capacity(body, muscles, "hip_adduction_r", -1) / body.mass_kg > 2 * 1.41


def test_an_unbelievable_strength_is_told_and_not_used(muscles: Musculature) -> None:
    same, notes = weakened(muscles, 0.001)
    assert [m.max_isometric_force_n for m in same.muscles] == [m.max_isometric_force_n for m in muscles.muscles]
    assert "was not used" in notes[0]


@pytest.mark.parametrize("text", ["gluteus_medius_r", "gluteus_medius_r=nan", "gluteus_medius_r=-1", "glutes=0.5", "="])
def test_a_strength_that_cannot_be_is_refused(muscles: Musculature, text: str) -> None:
    with pytest.raises(SettingError):
        parse_strength([text], muscles)


def test_strength_of_a_group_means_both_sides_unless_one_is_named(muscles: Musculature) -> None:
    assert parse_strength(["soleus=0.5"], muscles) == {"soleus_r": 0.5, "soleus_l": 0.5}
    assert parse_strength(["soleus_l=0.5"], muscles) == {"soleus_l": 0.5}
    with pytest.raises(SettingError, match="no muscle or group"):
        with_strength(muscles, {"soles_r": 0.5})


def test_drawn_bodies_follow_from_the_seed_and_weigh_the_same() -> None:
    body = generic_body("female")
    first, again, other = (list(draw_samples(body, LoadSettings(samples=3, seed=seed))) for seed in (1, 1, 2))
    for one, two in zip(first, again, strict=True):
        assert one.body.hash == two.body.hash and one.unknowns == two.unknowns
        assert one.muscles.hash == two.muscles.hash
    assert first[0].body.hash != other[0].body.hash
    for drawn in first:
        assert drawn.body.mass_kg == pytest.approx(body.mass_kg, rel=1e-12)
        assert drawn.body.segment("femur_r").mass_kg == drawn.body.segment("femur_l").mass_kg
        forces = {m.name: m.max_isometric_force_n for m in drawn.muscles.muscles}
        assert forces["soleus_r"] == forces["soleus_l"]


def test_a_negative_number_of_draws_is_refused() -> None:
    with pytest.raises(SettingError, match="samples of the loads is -1"):
        LoadSettings(samples=-1)


def test_the_other_rhythm_shares_the_same_angle_otherwise() -> None:
    body = generic_body("male", RHYTHMS[0])
    other = with_rhythm(body, RHYTHMS[1])
    values = np.zeros((1, len(body.coordinates)))
    values[0, [c.name for c in body.coordinates].index("lumbar_flexion")] = 0.5
    names = [s.name for s in body.segments]
    one, two = (segment_poses(b, values)[0] for b in (body, other))
    thorax, middle = names.index("thorax"), names.index("lumbar3")
    assert np.allclose(one[thorax, :3, :3], two[thorax, :3, :3], atol=1e-12)
    assert np.abs(one[middle, :3, :3] - two[middle, :3, :3]).max() > 0.02
    assert with_rhythm(other, RHYTHMS[0]).hash == body.hash
    with pytest.raises(BodyError, match="rhythm"):
        with_rhythm(body, "samba")


def test_an_assessment_holds_the_loads_of_its_walk(assessed: Assessment) -> None:
    (walk,) = assessed.loads
    assert len(walk.times_s) == len(assessed.trials[0].motion.values)
    assert not assessed.no_loads
    assert len(assessed.other_rhythm_loads) == 1
    weight = assessed.body.mass_kg * GRAVITY_M_S2
    whole = np.isfinite(walk.reaction("hip_r").force).all(axis=1)
    assert whole.mean() > 0.9
    one, two = (x[0].reaction("l5_s1").compression_n for x in (assessed.loads, assessed.other_rhythm_loads))
    assert 0.01 * weight < np.nanmax(np.abs(one - two)) < 2.0 * weight
    assert assessed.provenance.settings["loads_samples"] == str(SAMPLES)
    assert any("The lag was taken off" in note for note in walk.notes)


def test_drawn_bodies_widen_every_interval(assessed: Assessment) -> None:
    rows = {(r.site, r.side, r.quantity): r.estimate for r in assessed.load_rows}
    for site in ("hip", "knee", "ankle"):
        estimate = rows[(site, "right", "resultant_peak")]
        assert estimate.low <= estimate.value <= estimate.high
        assert 0.05 < (estimate.high - estimate.low) / estimate.value < 1.5


def test_standing_loads_carry_the_body(assessed: Assessment) -> None:
    standing = assessed.standing_loads
    assert standing is not None and len(standing.times_s) == 1
    weight = assessed.body.mass_kg * GRAVITY_M_S2
    up = sum(foot.force[0, 2] for foot in standing.ground.feet)
    assert up == pytest.approx(weight, rel=1e-3)
    names = {s.name: s.mass_kg for s in assessed.body.segments}
    above = sum(names[n] for n in ("thorax", "head", "lumbar5", "lumbar4", "lumbar3", "lumbar2", "lumbar1"))
    above += 2 * sum(names[f"{n}_r"] for n in ("humerus", "forearm", "hand"))
    # In the plane of the disc the weight above presses with the cosine of the slope; muscles only add to it.
    assert standing.reaction("l5_s1").resultant_n[0] > above * GRAVITY_M_S2
    assert standing.reaction("knee_r").compression_n[0] > 0.3 * weight


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--ground", "guessed", "--ground is 'guessed'"),
        ("--samples", "-3", "--samples is -3"),
        ("--plate-delay", "nan", "--plate-delay is nan"),
        ("--plate-delay", "5000", "--plate-delay is 5000"),
        ("--strength", "soleus=weak", "a strength is written"),
        ("--seed", "-1", "--seed is -1"),
    ],
)
def test_options_that_cannot_be_end_in_one_sentence(tmp_path: Path, option: str, value: str, said: str) -> None:
    walk = tmp_path / "walk.trc"
    walk.write_text("")
    command = [sys.executable, "-m", "kinechain.cli", "assess", str(walk), option, value]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2


def test_a_person_without_a_walk_is_told_why_there_are_no_loads(assessed: Assessment) -> None:
    nothing = assess(Person(exam=(ExamItem("hip_abduction_strength", "right", 1.2, "Nm/kg", ""),)))
    assert nothing.loads == () and "walk" in nothing.no_loads
    unwanted = replace(Settings(), loads=None)
    assert assess(Person(exam=assessed.person.exam or nothing.person.exam), settings=unwanted).no_loads.endswith(
        "not asked for."
    )


def test_weak_muscle_is_not_cheap_muscle(assessed: Assessment) -> None:
    body, trial = assessed.body, assessed.trials[0]
    muscles = person_muscles(body)
    pulls = {}
    for share in (1.0, 0.5, 0.25):
        groups = ("gluteus_medius_r", "gluteus_minimus_r")
        settings = LoadSettings(strength=dict.fromkeys(groups, share))
        loads = analyze_loads(body, muscles, trial, settings)
        columns = [i for i, m in enumerate(muscles.muscles) if f"{m.group}_{m.name[-1]}" in groups]
        pulls[share] = float(np.nanmax(loads.muscle_forces.values[:, columns].sum(axis=1)))
    assert pulls[0.5] < 0.85 * pulls[1.0]
    assert pulls[0.25] < 0.7 * pulls[0.5]


def test_the_machine_output_gives_l5_s1_under_both_rhythms(assessed: Assessment) -> None:
    rows = json.loads(assessment_json(assessed))["loads"]
    found = {r["rhythm"]: r["value"] for r in rows if (r["site"], r["quantity"]) == ("l5_s1", "compression_peak")}
    assert set(found) == set(RHYTHMS)
    assert found[RHYTHMS[0]] != found[RHYTHMS[1]]
    assert {r["site"] for r in rows if r["rhythm"] == RHYTHMS[1]} == {"l5_s1"}


@pytest.mark.parametrize(("stance", "said"), [(None, "(assumed)"), (Stance("closed", "firm", True), "eyes closed")])
def test_how_a_person_stood_reaches_the_measures_of_sway(shared: Path, stance: Stance | None, said: str) -> None:
    folder = shared / "data/dev/opencap_validation_s4"
    files = [folder / "static1.trc", folder / "static1_grf.mot"]
    found = assess(None, files, settings=Settings(loads=None, stance=stance))
    methods = [f.method for f in found.findings if f.id == "balance.sway_velocity"]
    assert methods and all(said in method for method in methods)
    assert ("(assumed)" in methods[0]) is (stance is None)
    assert found.provenance.settings["stance"] == (stance.words if stance else "not stated")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--eyes", "shut"], "--eyes is 'shut'"),
        (["--surface", "ice", "--eyes", "open"], "--surface is 'ice'"),
        (["--surface", "foam"], "--surface foam needs --eyes"),
    ],
)
def test_a_stance_that_cannot_be_ends_in_one_sentence(tmp_path: Path, options: list[str], said: str) -> None:
    walk = tmp_path / "walk.trc"
    walk.write_text("")
    command = [sys.executable, "-m", "kinechain.cli", "assess", str(walk), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_the_frontal_moment_of_the_knee_is_that_of_walking_people(assessed: Assessment) -> None:
    # The ground pushes past the inner side of the knee in single support, in everybody with straight legs: on both
    # sides the knee must resist adduction, by some tenths of a N m per kg.
    for side in ("left", "right"):
        rows = [
            r.estimate
            for r in assessed.load_rows
            if (r.site, r.side, r.quantity) == ("knee", side, "abduction_moment_peak")
        ]
        assert len(rows) == 1
        assert 0.15 < rows[0].value / assessed.body.mass_kg < 0.9
