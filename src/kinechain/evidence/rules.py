"""The decision rules as data, and the numbers that are often quoted and that nobody here has read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from kinechain.core.errors import EvidenceError, suggest
from kinechain.evidence.checked import Fields, checked, entries, known_sources, packaged, unique
from kinechain.evidence.library import source_keys

__all__ = ["NotRead", "Rule", "not_read", "parse_not_read", "parse_rules", "refuse_unread", "rule", "rules"]

_RULE_FIELDS: Fields = {
    "id": (str, True),
    "text": (str, True),
    "choice": (str, False),
    "own_numbers": (list, False),
    "sources": (list, True),
}
_NOT_READ_FIELDS: Fields = {"id": (str, True), "what": (str, True), "patterns": (list, True)}


@dataclass(frozen=True)
class Rule:
    """One decision rule.

    Attributes
    ----------
    id : str
        'R1.2', 'R-EMS', 'W1', 'L4', 'G5' ...
    text : str
        Condition and action.
    sources : tuple of str
    choice : str
        What of it no source states, and why it stands there; '' if all of it was read. A clinician has to sign it.
    own_numbers : tuple of float
        Numbers of the text that are that choice.
    """

    id: str
    text: str
    sources: tuple[str, ...]
    choice: str = ""
    own_numbers: tuple[float, ...] = ()


@dataclass(frozen=True)
class NotRead:
    """A number that is often quoted and was seen in no text: it does not ship.

    Attributes
    ----------
    id, what : str
    patterns : tuple of str
        Regular expressions of a sentence that would state it.
    """

    id: str
    what: str
    patterns: tuple[str, ...]


@cache
def rules() -> Mapping[str, Rule]:
    """Return the rules by id, in their order."""
    return MappingProxyType(parse_rules(packaged("clinical", "rules.toml"), "rules.toml", source_keys()))


def rule(key: str) -> Rule:
    """Return one rule.

    Parameters
    ----------
    key : str

    Raises
    ------
    EvidenceError
        If there is no such rule.
    """
    if key not in rules():
        raise EvidenceError(f"no rule '{key}'. {suggest(key, rules())}")
    return rules()[key]


@cache
def not_read() -> tuple[NotRead, ...]:
    """Return the numbers that were not read."""
    return parse_not_read(packaged("clinical", "rules.toml"), "rules.toml")


def parse_rules(text: str, name: str, known: Iterable[str]) -> dict[str, Rule]:
    """Return the rules of a TOML text.

    Parameters
    ----------
    text, name : str
        The name for messages.
    known : iterable of str
        Keys of sources.

    Raises
    ------
    EvidenceError
        If a field lacks or is unknown, a key dangles, an id is there twice, or a rule has neither source nor reason.
    """
    keys = tuple(known)
    rows: list[Rule] = []
    for place, entry in enumerate(entries(text, name, "rule", ("schema_version", "not_read")), start=1):
        row = checked(entry, _RULE_FIELDS, f"{name}: rule {place}")
        where = f"{name}: rule '{row['id']}'"
        row["sources"] = known_sources(row["sources"], keys, where)
        if not row["sources"] and not row.get("choice"):
            raise EvidenceError(f"{where} has no source and does not say whose choice it is")
        row["own_numbers"] = tuple(row.get("own_numbers", ()))
        if row["own_numbers"] and not row.get("choice"):
            raise EvidenceError(f"{where} has numbers of its own and does not say why")
        rows.append(Rule(**row))
    return unique(((row.id, row) for row in rows), name)


def parse_not_read(text: str, name: str) -> tuple[NotRead, ...]:
    """Return the numbers of a TOML text that were not read.

    Parameters
    ----------
    text, name : str
        The name for messages.

    Raises
    ------
    EvidenceError
        If a field lacks or is unknown, an id is there twice, or a pattern is none.
    """
    rows: list[NotRead] = []
    for place, entry in enumerate(entries(text, name, "not_read", ("schema_version", "rule")), start=1):
        row = checked(entry, _NOT_READ_FIELDS, f"{name}: not_read {place}")
        for pattern in row["patterns"]:
            try:
                re.compile(pattern)
            except re.error as error:
                raise EvidenceError(f"{name}: not_read '{row['id']}': {pattern} is no pattern ({error})") from error
        rows.append(NotRead(row["id"], row["what"], tuple(row["patterns"])))
    return tuple(unique(((row.id, row) for row in rows), name).values())


def refuse_unread(text: str, where: str) -> None:
    """Refuse a text that states a number nobody here has read.

    Parameters
    ----------
    text : str
    where : str
        For messages.

    Raises
    ------
    EvidenceError
        If it does.
    """
    for number in not_read():
        for pattern in number.patterns:
            if found := re.search(pattern, text, re.IGNORECASE):
                raise EvidenceError(f"{where} says '{found[0]}': {number.what} was not read and does not ship")
