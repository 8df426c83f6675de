"""The command line called in this process, as a person or a script calls it."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from called import Call, Called
from kinechain import cli
from kinechain.care.person.red_flag_text import questions


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    """Return a function that runs a command in an empty folder, with keys and settings of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KINECHAIN_HOME", str(tmp_path / "home"))
    for name in ("KINECHAIN_PASSPHRASE", "KINECHAIN_EMERGENCY_NUMBER", "KINECHAIN_CRISIS_LINE", "KINECHAIN_CLINIC"):
        monkeypatch.delenv(name, raising=False)

    def _call(*arguments: str, typed: list[str] | None = None) -> Called:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in typed or [])))
        hook = sys.excepthook
        try:
            cli.main(list(arguments))
        except SystemExit as leaving:
            code = leaving.code
        finally:
            sys.excepthook = hook
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Called(int(code or 0), captured.out, captured.err)

    return _call


@pytest.fixture
def person(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a person file: everything answered with no, but what is said otherwise."""

    def _person(name: str = "p.toml", *, age: int = 45, more: str = "", **answers: str) -> Path:
        told = {flag.id: "no" for flag in questions() if flag.id != "under_18"} | answers
        lines = [f'{key} = "{value}"' for key, value in told.items() if value]
        about = f'[person]\npseudonym = "P-017"\nsex = "male"\nage_years = {age}  # told\n'
        (tmp_path / name).write_text(about + "\n[screen]\n" + "\n".join(lines) + "\n" + more, encoding="utf-8")
        return tmp_path / name

    return _person
