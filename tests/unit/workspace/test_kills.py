"""A few kills of the real server and its workers; ``benchmarks/faults.py`` does hundreds, on both databases."""

import importlib.util
import random
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for processes in /proc")
def test_nothing_is_lost_or_doubled_by_kills(tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(__file__).resolve().parents[3] / "benchmarks" / "faults.py"
    spec = importlib.util.spec_from_file_location("faults", path)
    assert spec is not None and spec.loader is not None
    faults = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "faults", faults)
    spec.loader.exec_module(faults)
    monkeypatch.setattr(faults, "LOGGING", 2)
    monkeypatch.setattr(faults, "BETWEEN", (0.5, 1.5))
    monkeypatch.setattr(faults, "SINGLE_KILLS", 2)
    monkeypatch.setenv("KINECHAIN_KEY", "37" * 32)
    random.seed(3)
    result = faults.run(tmp_path, "", 3, 1, lambda line: None)
    assert result.faults == ()
    assert result.kills.total() >= 3
    assert result.counts["entries acknowledged"] == result.counts["entries there"] > 0
    assert result.counts["jobs done"] > 0
