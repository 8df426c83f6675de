"""Invented people: the urgency expected from the sources against the one given, as docs/validation_screen.md prints it.

::

    python benchmarks/vignettes.py

Prints a table by level, one by group, and every disagreement with both levels, so that nobody has to believe a total.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from vignette_people import Single, Vignette, read_singles, read_vignettes, screened

LEVELS = ("none", "routine", "soon", "next_working_day", "same_day", "emergency", "not_screened")
#: A case and what it got: level, locked, ids raised.
Row = tuple[Vignette | Single, str, bool, frozenset[str]]


def run(cases: Sequence[Vignette | Single]) -> list[Row]:
    """Return what each case got, read from its own person file.

    Parameters
    ----------
    cases : sequence of Vignette or Single
    """
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KINECHAIN_HOME"] = folder
        for case in cases:
            _, screen = screened(case, Path(folder))
            raised = frozenset(f.id for f in screen.flags if not f.is_open or f.rule_id == "R2.4")
            rows.append((case, screen.level, screen.plan_locked, raised))
    return rows


def confusion(rows: Sequence[Row], expected: Callable[[Vignette | Single], str]) -> str:
    """Return the table of expected level (rows) by level got (columns).

    Parameters
    ----------
    rows : sequence of Row
    expected : callable
        Of a case, the level it is counted under.
    """
    counts = Counter((expected(case), level) for case, level, _, _ in rows)
    lines = ["| expected \\ got | " + " | ".join(LEVELS) + " |", "|---|" + "---:|" * len(LEVELS)]
    for row in LEVELS:
        lines.append(f"| {row} | " + " | ".join(str(counts[row, column] or "·") for column in LEVELS) + " |")
    return "\n".join(lines)


def by_group(rows: Sequence[Row]) -> str:
    """Return the table of groups: cases, cases to refer, and how many got the level of the first expectation.

    Parameters
    ----------
    rows : sequence of Row
    """
    lines = [
        "| group | cases | must refer | as first expected | as expected now | basis 'source' |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for group in dict.fromkeys(case.group for case, *_ in rows if isinstance(case, Vignette)):
        own = [(case, got) for case, got, *_ in rows if isinstance(case, Vignette) and case.group == group]
        first = sum((case.first_expected or case.expected_level) == got for case, got in own)
        now = sum(case.expected_level == got for case, got in own)
        refer, sourced = sum(case.must_refer for case, _ in own), sum(case.basis == "source" for case, _ in own)
        lines.append(f"| {group.replace('_', ' ')} | {len(own)} | {refer} | {first} | {now} | {sourced} |")
    return "\n".join(lines)


def disagreements(rows: Sequence[Row]) -> list[str]:
    """Return every case that did not get what its first expectation said, in words.

    Parameters
    ----------
    rows : sequence of Row
    """
    lines = []
    for case, level, locked, raised in rows:
        first = (case.first_expected if isinstance(case, Vignette) else "") or case.expected_level
        if isinstance(case, Single):
            if level != first:
                lines.append(f"{case.id}: expected {first}, got {level}")
            continue
        lacking = set(case.flags_expected) - raised
        if level != first or locked != case.expected_locked or lacking:
            lack = f", not raised: {', '.join(sorted(lacking))}" if lacking else ""
            lines.append(f"{case.id}: expected {first}, got {level}, locked {locked}{lack} - {case.story}")
            if case.changed:
                lines.append(f"    expectation now {case.expected_level}: {case.changed}")
    return lines


def main() -> None:
    """Print every table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    vignettes, singles = run(read_vignettes()), run(read_singles())
    refer = [row for row in vignettes if isinstance(row[0], Vignette) and row[0].must_refer]
    benign = [row for row in vignettes if row[0].expected_level in ("none", "routine")]
    print(f"{len(vignettes)} vignettes, {len(singles)} single answers\n")
    print(confusion(vignettes, lambda case: getattr(case, "first_expected", "") or case.expected_level), "\n")
    print(by_group(vignettes), "\n")
    print(f"must refer and locked: {sum(locked for _, _, locked, _ in refer)} of {len(refer)}")
    print(f"benign at emergency: {sum(level == 'emergency' for _, level, _, _ in benign)} of {len(benign)}")
    print(f"single answers as expected: {sum(c.expected_level == got for c, got, *_ in singles)} of {len(singles)}\n")
    print("\n".join(disagreements(vignettes) + disagreements(singles)) or "no disagreement")


if __name__ == "__main__":
    main()
