"""The validation tests judge the figures that the benchmarks print."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kinechain import cli

Call = Callable[..., tuple[int, str, str]]

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Return a function that runs the command line and gives exit code, stdout and the refusal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.excepthook", None)

    def _call(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            cli.main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        said = [line for line in err.splitlines() if line.startswith("kinechain:") or not line.endswith(" ...")]
        return int(left.value.code or 0), out, "\n".join(said)

    return _call
