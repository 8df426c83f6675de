"""The tables of ``course.toml``: thresholds of change, courses of pain, bands and steps, each with its sources."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from kinechain.core.errors import EvidenceError, suggest

__all__ = ["course_table"]


@cache
def course_table(name: str) -> Mapping[str, Mapping[str, Any]]:
    """Return one table of ``course.toml``, its rows by id.

    Parameters
    ----------
    name : str
        E.g. 'threshold'.

    Raises
    ------
    EvidenceError
        If there is no such table, or a row has neither sources nor says that it is a choice.
    """
    tables = _tables()
    if name not in tables:
        raise EvidenceError(f"course.toml has no table '{name}'. {suggest(name, tables)}")
    for row in tables[name]:
        if not row.get("sources") and row.get("basis") != "choice":
            raise EvidenceError(f"course.toml: '{row['id']}' has no source and is not declared a choice")
    return MappingProxyType({row["id"]: MappingProxyType(row) for row in tables[name]})


@cache
def _tables() -> Mapping[str, list[dict[str, Any]]]:
    path = files("kinechain.evidence") / "data" / "clinical" / "course.toml"
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    return MappingProxyType({key: rows for key, rows in read.items() if isinstance(rows, list)})
