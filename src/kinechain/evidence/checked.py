"""One checker for every TOML file of evidence: which tables there are, which fields they have, of which kind."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

from kinechain.core.errors import EvidenceError, suggest

__all__ = ["Fields", "checked", "entries", "known_sources", "packaged", "parse_toml", "unique"]

#: Name of a field to its kind and whether it must be there.
Fields = Mapping[str, tuple[type, bool]]

_KINDS = {str: "text", list: "a list", int: "a whole number", bool: "true or false", dict: "a table"}


def packaged(folder: str, name: str) -> str:
    """Return the text of one packaged file of evidence.

    Parameters
    ----------
    folder : str
        'params', 'clinical' or 'chain'.
    name : str
    """
    return (files("kinechain.evidence") / "data" / folder / name).read_text(encoding="utf-8")


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """Return what a TOML text holds.

    Parameters
    ----------
    text : str
    name : str
        File name, for messages.

    Raises
    ------
    EvidenceError
        If the text is no TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EvidenceError(f"{name} is not valid TOML: {error}") from error


def entries(text: str, name: str, kind: str, beside: Iterable[str] = ("schema_version",)) -> list[Any]:
    """Return the tables of one kind; any other key of the file but those beside them is refused.

    Parameters
    ----------
    text : str
    name : str
        File name, for messages.
    kind : str
    beside : iterable of str

    Raises
    ------
    EvidenceError
        If the text is no TOML, or holds something else.
    """
    content = parse_toml(text, name)
    known = (kind, *beside)
    for key in content:
        if key not in known:
            raise EvidenceError(f"{name}: unknown entry '{key}'. {suggest(key, known)}")
    listed = content.get(kind, [])
    if not isinstance(listed, list):
        raise EvidenceError(f"{name}: write [[{kind}]], not [{kind}]")
    return listed


def checked(entry: Any, fields: Fields, where: str) -> dict[str, Any]:
    """Return the fields of one table after checking their names and kinds; numbers become floats.

    Parameters
    ----------
    entry : object
    fields : mapping of name to (kind, needed)
    where : str
        For messages.

    Raises
    ------
    EvidenceError
        If a field lacks, is unknown or of another kind.
    """
    if not isinstance(entry, dict):
        raise EvidenceError(f"{where} is no table")
    out: dict[str, Any] = {}
    for name, value in entry.items():
        if name not in fields:
            raise EvidenceError(f"{where}: unknown field '{name}'. {suggest(name, fields)}")
        out[name] = _of_kind(value, fields[name][0], f"{where}: '{name}'")
    lacking = [n for n, (kind, needed) in fields.items() if needed and (n not in out or (kind is str and not out[n]))]
    if lacking:
        raise EvidenceError(f"{where} has no {lacking[0]}")
    return out


def _of_kind(value: Any, kind: type, where: str) -> Any:
    if kind is float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise EvidenceError(f"{where} must be a number, got {value!r}")
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise EvidenceError(f"{where} must be {_KINDS[kind]}, got {value!r}")
    return value


def unique(listed: Iterable[tuple[str, Any]], name: str) -> dict[str, Any]:
    """Return entries by their id.

    Parameters
    ----------
    listed : iterable of (id, entry)
    name : str
        File name, for messages.

    Raises
    ------
    EvidenceError
        If an id is there twice.
    """
    found: dict[str, Any] = {}
    for key, entry in listed:
        if key in found:
            raise EvidenceError(f"{name}: '{key}' is there twice; every id names one entry")
        found[key] = entry
    return found


def known_sources(cited: Iterable[Any], known: Iterable[str], where: str) -> tuple[str, ...]:
    """Return cited keys after checking that each is a source.

    Parameters
    ----------
    cited : iterable of object
    known : iterable of str
    where : str
        For messages.

    Raises
    ------
    EvidenceError
        If a key dangles.
    """
    keys = tuple(cited)
    there = set(known)
    for key in keys:
        if key not in there:
            raise EvidenceError(f"{where} cites '{key}', which is not among the sources. {suggest(str(key), there)}")
    return keys
