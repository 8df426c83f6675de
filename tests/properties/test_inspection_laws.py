"""Whatever a file holds, inspecting it ends in an inspection that can be shown."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import pytest

from kinechain.inspection.inspect_file import inspect_file
from kinechain.report.inspection_html import render_inspection_html
from kinechain.report.inspection_json import inspection_json, read_inspection_schema
from kinechain.report.inspection_text import render_folder, render_inspection
from schema_check import faults

UNIT = Path(__file__).resolve().parents[1] / "unit"
sys.path[:0] = [str(UNIT / "inspection"), str(UNIT / "motion")]
from visits import forces, trc, walking  # noqa: E402

TOKENS = ("nan", "0", "-1", "1e308", "inf", "", "abc", "1e-300", "999999", "\u202e", "<b>")


def damaged(text: str, seed: int) -> str:
    """Return a table with one to twenty cells replaced, half of them in the header."""
    chance = random.Random(seed)
    lines = text.split("\n")
    for _ in range(chance.choice((1, 3, 20))):
        line = chance.randrange(min(len(lines), 8)) if chance.random() < 0.5 else chance.randrange(len(lines))
        cells = lines[line].split("\t")
        cells[chance.randrange(len(cells))] = chance.choice(TOKENS)
        lines[line] = "\t".join(cells)
    return "\n".join(lines)


@pytest.mark.parametrize("kind", ["trc", "mot"])
def test_a_damaged_file_is_inspected_or_refused_in_one_sentence(tmp_path: Path, kind: str) -> None:
    walk = walking(lasts_s=2.5)
    whole = trc(tmp_path / "whole.trc", walk) if kind == "trc" else forces(tmp_path / "whole.mot", walk)
    text, schema = whole.read_text(), read_inspection_schema()
    read = 0
    for seed in range(60):
        path = tmp_path / f"walk.{kind}"
        path.write_text(damaged(text, seed), encoding="utf-8")
        found = inspect_file(path)
        read += not found.refused
        assert "\n" not in found.refused
        assert bool(found.refused) != bool(found.uses), seed
        assert faults(json.loads(inspection_json([found])), schema) == [], seed
        shown = render_inspection(found) + "\n" + render_folder([found, found])
        assert max(map(len, shown.splitlines())) <= 100, seed
        assert "<b>" not in render_inspection_html([found])
    assert 10 < read < 60, "the damage must be such that some files are read and some refused"
