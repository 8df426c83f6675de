"""What the pages show can be typed."""

import re
import shlex
from importlib.resources import files
from pathlib import Path

import pytest
import typer

from kinechain import cli
from kinechain.care.person.person_file import read_person
from kinechain.demonstration.demonstrate import write_recordings
from kinechain.demonstration.walk import Asymmetry

HOUSE = Path(__file__).parents[2]
PAGES = [HOUSE / "README.md", *sorted((HOUSE / "docs").glob("*.md"))]


@pytest.fixture
def visit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with the files that the pages speak of."""
    text = (files("kinechain.demonstration") / "person.toml").read_text(encoding="utf-8")
    (tmp_path / "person.toml").write_text(text, encoding="utf-8")
    _, walk = write_recordings(tmp_path, read_person(tmp_path / "person.toml"), Asymmetry())
    walk.rename(tmp_path / "walk1.trc")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_library_example_runs(visit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (HOUSE / "docs" / "quickstart.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(compile(example, "quickstart", "exec"), {})
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) > 50
    assert re.search(r"^Knee flexion.* (within|outside|unknown)$", printed, re.MULTILINE)


def test_every_command_shown_names_a_verb_and_options_that_exist() -> None:
    group = typer.main.get_command(cli.app)
    shown = [
        (page.name, line)
        for page in PAGES
        for line in re.findall(r"^\$ (kinechain .*?)(?:\s{2,}#.*)?$", page.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert len(shown) >= 3
    for page, line in shown:
        verb, *rest = shlex.split(line)[1:]
        assert verb in group.commands, f"{page}: {line}"
        known = {option for parameter in group.commands[verb].params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= known, f"{page}: {line}"


def test_every_make_target_shown_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (HOUSE / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    shown = {
        target
        for page in [*PAGES, HOUSE / "CONTRIBUTING.md"]
        for target in re.findall(r"(?:`|^\$ )make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {"demo", "test"} <= shown
    assert shown <= targets
