"""What an assessment says when the files contradict each other or the person."""

from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pytest

from kinechain.analysis import Assessment, assess
from kinechain.care.person.person import Person
from kinechain.care.person.person_file import read_person
from kinechain.demonstration.demonstrate import write_recordings
from kinechain.demonstration.walk import Asymmetry
from kinechain.recording.read import read_recording
from kinechain.recording.writers.trc import write_trc


@pytest.fixture(scope="module")
def person() -> Person:
    with as_file(files("kinechain.demonstration") / "person.toml") as path:
        return read_person(path)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory, person: Person) -> tuple[Path, Path]:
    return write_recordings(tmp_path_factory.mktemp("recordings"), person, Asymmetry())


def changed(path: Path, to: Path, change) -> Path:
    markers = read_recording(path).markers
    write_trc(replace(markers, positions=change(markers.positions)), to)
    return to


def said(assessment: Assessment) -> str:
    return " ".join(assessment.refused)


def test_a_good_pair_of_recordings_contradicts_nothing(person, recordings):
    standing, walk = recordings
    assessment = assess(person, [walk], standing)
    assert assessment.refused == ()
    assert len(assessment.trials) == 1


def test_a_copy_of_a_recording_counts_once(tmp_path, person, recordings):
    standing, walk = recordings
    copy = tmp_path / "copy.trc"
    copy.write_bytes(walk.read_bytes())
    assessment = assess(person, [walk, copy], standing)
    assert len(assessment.trials) == 1
    assert "copy.trc holds the same bytes as demo_walk.trc" in said(assessment)


def test_a_walk_backwards_is_refused(tmp_path, person, recordings):
    standing, walk = recordings
    backwards = changed(walk, tmp_path / "back.trc", lambda p: p[::-1])
    assessment = assess(person, [backwards], standing)
    assert assessment.trials == ()
    assert "walks backwards" in said(assessment)


def test_the_standing_trial_of_another_person_is_called_out(tmp_path, person, recordings):
    standing, walk = recordings
    child = changed(standing, tmp_path / "child.trc", lambda p: p * 0.8)
    text = said(assess(person, [walk], child))
    assert "misses the walking markers" in text
    assert "of the stated height of 1.68 m" in text


def test_a_stride_with_hidden_frames_is_left_out(tmp_path, person, recordings):
    standing, walk = recordings

    def hide(positions):
        out = np.array(positions)
        out[150:320] = np.nan
        return out

    whole = assess(person, [walk], standing).trials[0].cycles
    trial = assess(person, [changed(walk, tmp_path / "hidden.trc", hide)], standing).trials[0]
    assert 0 < len(trial.cycles) < len(whole)
    assert all(c.duration_s == pytest.approx(whole[0].duration_s, rel=0.1) for c in trial.cycles)
    assert any("strides were left out" in note for note in trial.notes)


def test_strides_with_one_hidden_foot_are_left_out(tmp_path, person, recordings):
    standing, walk = recordings
    labels = read_recording(walk).markers.labels
    foot = [
        labels.index(f"R_{name}") for name in ("FAL", "TAM", "FCC", "FM1", "FM2", "FM5", "FAX", "TTC", "FLE", "FME")
    ]

    def hide(positions):
        out = np.array(positions)
        out[150:270, foot] = np.nan
        return out

    whole = assess(person, [walk], standing).trials[0].cycles
    trial = assess(person, [changed(walk, tmp_path / "hidden.trc", hide)], standing).trials[0]
    assert 0 < len(trial.cycles) < len(whole)
    assert all(c.stance_fraction == pytest.approx(0.6, abs=0.05) for c in trial.cycles)


def test_a_thigh_without_markers_is_called_out(tmp_path, person, recordings):
    standing, walk = recordings
    labels = read_recording(walk).markers.labels
    leg = [labels.index(f"L_{name}") for name in ("FTC", "FLE", "FME", "FAX", "TTC")]

    def hide(positions):
        out = np.array(positions)
        out[:, leg] = np.nan
        return out

    text = said(assess(person, [changed(walk, tmp_path / "thigh.trc", hide)], standing))
    assert "no marker of the left thigh or knee" in text
    assert "right thigh" not in text


def test_knees_without_markers_and_without_a_standing_trial_are_called_out(tmp_path, person, recordings):
    """Thigh and shank are then as long as the height says, and every angle of the leg follows."""
    standing, walk = recordings
    labels = read_recording(walk).markers.labels
    knees = [labels.index(f"{side}_{name}") for side in "LR" for name in ("FLE", "FME", "FAX", "TTC")]

    def hide(positions):
        out = np.array(positions)
        out[:, knees] = np.nan
        return out

    bare = changed(walk, tmp_path / "knees.trc", hide)
    text = said(assess(person, [bare]))
    assert "no marker at the right knee" in text and "no marker at the left knee" in text
    assert "at the right knee" not in said(assess(person, [bare], standing))
    assert "at the right knee" not in said(assess(person, [walk]))


def test_a_mass_that_no_body_of_that_height_has_is_called_out(person, recordings):
    standing, _ = recordings
    assert "body mass index of 2" in said(assess(replace(person, mass_kg=5.0), [], standing))


def test_the_one_trial_of_several_that_the_body_misses_is_named(tmp_path, person, recordings):
    """Over all trials the misfit of one would drown, and a walk of less than a stride is in no mean at all."""
    standing, walk = recordings
    other = changed(walk, tmp_path / "other.trc", lambda positions: positions * 1.12)
    text = said(assess(person, [walk, other], standing))
    assert "other.trc: the body misses its markers by" in text
    assert f"{walk.name}: the body misses" not in text
