"""Invented people whose urgency was written from the guideline notes before the code was run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kinechain.cli import app
from vignette_people import ORIGINAL, Single, Vignette, read_singles, read_vignettes, screened

VIGNETTES = read_vignettes()
SINGLES = read_singles()
RULES = [
    *(f"R0.{i}" for i in range(1, 7)),
    *(f"R1.{i}" for i in range(1, 9)),
    *(f"R2.{i}" for i in range(1, 9)),
    "R-DVT",
    *(f"R3.{i}" for i in range(1, 5)),
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINECHAIN_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize("vignette", VIGNETTES, ids=lambda v: v.id)
def test_a_vignette_has_the_urgency_the_sources_give_it(vignette: Vignette, tmp_path: Path) -> None:
    _, screen = screened(vignette, tmp_path)
    assert bool(screen.reason) == screen.plan_locked
    assert (screen.level, screen.plan_locked) == (vignette.expected_level, vignette.expected_locked), vignette.story
    raised = {flag.id for flag in screen.flags if not flag.is_open or flag.rule_id == "R2.4"}
    assert set(vignette.flags_expected) <= raised
    assert set(vignette.open_expected) <= {flag.id for flag in screen.flags if flag.is_open}
    if vignette.must_refer:
        assert screen.plan_locked


@pytest.mark.parametrize("vignette", [v for v in VIGNETTES if not v.clear], ids=lambda v: v.id)
def test_the_command_says_the_same_of_the_file(vignette: Vignette, tmp_path: Path) -> None:
    path = tmp_path / "person.toml"
    path.write_text(vignette.toml, encoding="utf-8")
    called = CliRunner().invoke(app, ["screen", str(path), "--json", "--no-ask"])
    said = json.loads(called.stdout)["screen"]
    locked = vignette.expected_locked
    assert (said["level"], said["plan_locked"], called.exit_code) == (vignette.expected_level, locked, int(locked))


@pytest.mark.parametrize("name", ["ces-01", "ben-01", "unk-01", "dia-04"])
def test_the_installed_command_says_the_same(name: str, tmp_path: Path) -> None:
    vignette = next(v for v in VIGNETTES if v.id == name)
    path = tmp_path / "person.toml"
    path.write_text(vignette.toml, encoding="utf-8")
    command = [str(Path(sys.executable).with_name("kinechain")), "screen", str(path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert json.loads(done.stdout)["screen"]["level"] == vignette.expected_level
    assert done.returncode == int(vignette.expected_locked)


@pytest.mark.parametrize("single", SINGLES, ids=lambda s: s.id)
def test_a_danger_sign_alone_has_the_urgency_the_sources_give_it(single: Single, tmp_path: Path) -> None:
    _, screen = screened(single, tmp_path)
    assert screen.level == single.expected_level
    assert screen.plan_locked == (single.expected_level not in ("none", "routine"))


def test_no_benign_person_is_sent_to_an_emergency_department(tmp_path: Path) -> None:
    benign = [v for v in VIGNETTES if v.expected_level in ("none", "routine")]
    assert len(benign) > 50
    assert [v.id for v in benign if screened(v, tmp_path)[1].level == "emergency"] == []


def test_the_vignettes_reach_every_rule_and_every_danger_sign() -> None:
    assert len(VIGNETTES) >= 180
    assert len({v.id for v in VIGNETTES}) == len(VIGNETTES)
    assert set(RULES) <= {rule for v in VIGNETTES for rule in v.rule}
    assert set(ORIGINAL) <= {flag for v in VIGNETTES for flag in v.flags_expected}
    assert {s.id.rsplit("-", 1)[0] for s in SINGLES} >= set(ORIGINAL)


def test_an_expectation_that_was_changed_says_why() -> None:
    page = (Path(__file__).parents[2] / "docs" / "validation_screen.md").read_text(encoding="utf-8")
    assert [v.id for v in VIGNETTES if v.first_expected and f"`{v.id}`" not in page] == []
    assert [v.id for v in VIGNETTES if bool(v.first_expected) != bool(v.changed)] == []
