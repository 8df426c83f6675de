"""What the tables of a person file may hold: each key with its meaning, its unit and its limits."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal, get_args

from kinechain.care.person.red_flag_text import read_wells_items
from kinechain.core.errors import EvidenceError, PersonError, suggest

__all__ = ["TREATMENTS", "Key", "KeyKind", "read_keys"]

KeyKind = Literal["number", "choice", "several", "regions", "treatments", "answer"]

#: Tables of ``history.toml``, and the Wells items of ``red_flags.toml``; 'treatment' holds the keys of one treatment.
KEY_TABLES = ("person", "history", "treatment", "conditions", "wells")


@dataclass(frozen=True)
class Key:
    """One key of a table.

    Attributes
    ----------
    id : str
    kind : 'number', 'choice', 'several', 'regions', 'treatments' or 'answer'
        'answer' is yes, no, unknown or skipped.
    meaning : str
        In plain words.
    unit : str
        Of a number; '' otherwise.
    low, high : float
        Limits of a number.
    is_whole : bool
        True for a number that can only be whole.
    basis : 'definition', 'assumption' or ''
        'definition' where the limits are the ends of a scale, 'assumption' where they only catch slips of the pen.
    words : tuple of str
        The codes a choice may take.
    """

    id: str
    kind: KeyKind
    meaning: str
    unit: str = ""
    low: float = 0.0
    high: float = 0.0
    is_whole: bool = False
    basis: str = ""
    words: tuple[str, ...] = ()

    @property
    def limits(self) -> tuple[float, float, str]:
        """Lowest, highest, unit in words."""
        return self.low, self.high, self.unit


@cache
def read_keys(table: str) -> Mapping[str, Key]:
    """Return the keys of one table, in order.

    Parameters
    ----------
    table : str
        'person', 'history', 'treatment', 'conditions' or 'wells'.

    Raises
    ------
    PersonError
        If there is no such table.
    EvidenceError
        If ``history.toml`` is not written as it must be.
    """
    if table not in KEY_TABLES:
        raise PersonError(f"no keys of a table '{table}'. {suggest(table, KEY_TABLES)}")
    if table == "wells":
        return MappingProxyType({item.id: Key(item.id, "answer", item.question) for item in read_wells_items()})
    content = _content()
    return MappingProxyType({key: _key(table, key, entry) for key, entry in content[table].items()})


@cache
def _content() -> Mapping[str, Any]:
    path = files("kinechain.evidence") / "data" / "clinical" / "history.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _key(table: str, key: str, entry: Mapping[str, Any]) -> Key:
    kind = entry.get("kind", "answer")
    found = Key(
        id=key,
        kind=kind,
        meaning=entry.get("meaning", ""),
        unit=entry.get("unit", ""),
        low=float(entry.get("low", 0.0)),
        high=float(entry.get("high", 0.0)),
        is_whole=entry.get("whole", False),
        basis=entry.get("basis", ""),
        words=tuple(entry.get("words", ())),
    )
    is_number = kind == "number"
    if kind not in get_args(KeyKind) or not found.meaning:
        raise EvidenceError(f"history.toml: [{table}.{key}] has no known kind, or no meaning")
    if is_number and not (found.unit and found.low < found.high and found.basis in ("definition", "assumption")):
        raise EvidenceError(f"history.toml: [{table}.{key}] is a number without unit, limits or basis")
    if kind in ("choice", "several", "treatments") and len(set(found.words)) < 2:
        raise EvidenceError(f"history.toml: [{table}.{key}] has nothing to choose from")
    return found


#: Kinds of earlier treatment.
TREATMENTS: tuple[str, ...] = read_keys("history")["treatments"].words
