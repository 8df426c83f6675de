"""The tables the body is authored from, read once.

Every row holds a value, its unit, the key of its source and the grade of that source.
``assumption`` marks declared geometry and declared ranges: nobody measured them, and the
user is told so.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from kinechain.core.errors import EvidenceError

__all__ = ["Row", "lookup", "read_table"]

Row = dict[str, str]


@cache
def read_table(name: str) -> tuple[Row, ...]:
    """Return the rows of ``body/parts/<name>.csv``.

    Raises
    ------
    EvidenceError
        If a row has no source or no grade.
    """
    text = files("kinechain.body").joinpath("parts", f"{name}.csv").read_text(encoding="utf-8")
    rows = tuple(csv.DictReader(text.splitlines()))
    for number, row in enumerate(rows, start=2):
        if not row.get("source") or not row.get("grade"):
            raise EvidenceError(
                f"body/parts/{name}.csv, line {number}: a number without a source and a grade does not ship"
            )
    return rows


def lookup(name: str, value: str = "value", **where: str) -> float:
    """Return one number of a table.

    Parameters
    ----------
    name : str
        Table.
    value : str
        Column of the number.
    **where : str
        Column and content that single the row out.

    Raises
    ------
    EvidenceError
        If there is not exactly one such row.
    """
    found = [row for row in read_table(name) if all(row[k] == v for k, v in where.items())]
    if len(found) != 1:
        asked = ", ".join(f"{k} = {v}" for k, v in where.items())
        raise EvidenceError(f"body/parts/{name}.csv holds {len(found)} rows with {asked}; exactly one was expected")
    return float(found[0][value])
