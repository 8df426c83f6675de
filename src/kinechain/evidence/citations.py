"""Who cites what: every place of the package that names a source, a rule or a sentence's backing.

Tables name the file and line, entries of TOML files the file and the id, sentences their key, code the file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any

from kinechain.core.errors import EvidenceError
from kinechain.evidence.checked import packaged, parse_toml
from kinechain.evidence.library import cohorts, read_facts, tables
from kinechain.evidence.sources import all_sources

__all__ = [
    "NO_SOURCE",
    "Citation",
    "background",
    "citations",
    "cited_by",
    "cited_by_code",
    "declared_citations",
    "evidence_files",
    "named_by_code",
    "places_citing",
]

#: What stands in the place of a source where none is needed: the note beside it says what is assumed.
NO_SOURCE = ("assumption", "definition")

_CITING_FIELDS = ("source", "sources", "error_source", "study", "studies")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
#: Folders of files that cite sources, with what their short names start with.
_PREFIXES = {
    "clinical": "",
    "chain": "chain/",
    "chain/experiments": "chain/experiments/",
    "clinical/wording": "wording/",
}
_ENTRY_KEYS = ("id", "key", "name", "number")


@dataclass(frozen=True)
class Citation:
    """One place that names one source.

    Attributes
    ----------
    where : str
        'params/normative_sway:12', 'exercises: clamshell', 'plan.stay_active' ...
    key : str
        Of the source, as written there.
    """

    where: str
    key: str


@cache
def citations() -> tuple[Citation, ...]:
    """Return every citation of the package, in the order of the files, without repetition.

    Raises
    ------
    EvidenceError
        If a file cannot be read.
    """
    return tuple(dict.fromkeys((*declared_citations(), *cited_by_code())))


@cache
def declared_citations() -> tuple[Citation, ...]:
    """Return the citations that stand in data, whether or not the source is there; code is read for known keys only.

    Raises
    ------
    EvidenceError
        If a file cannot be read.
    """
    return tuple(dict.fromkeys((*_of_tables(), *_of_entries(), *_of_parts(), *_of_background())))


@cache
def cited_by() -> Mapping[str, tuple[str, ...]]:
    """Return the places that cite each source, by key."""
    found: dict[str, list[str]] = {}
    for citation in citations():
        found.setdefault(citation.key, []).append(citation.where)
    return MappingProxyType({key: tuple(places) for key, places in found.items()})


def places_citing(key: str) -> tuple[str, ...]:
    """Return the places that cite one source; only files that hold its key are read.

    Parameters
    ----------
    key : str
        Of a source.
    """
    found = (*_of_tables(), *_of_entries(key), *_of_parts(), *_of_background(), *_of_code(frozenset((key,)), key))
    return tuple(dict.fromkeys(citation.where for citation in found if citation.key == key))


@cache
def background() -> Mapping[str, str]:
    """Return the sources that were read and decide nothing: key to reason."""
    return _groups("background")


@cache
def named_by_code() -> Mapping[str, str]:
    """Return the sources that code follows and no data cites: key to reason."""
    return _groups("named_by_code")


def evidence_files(*folders: str, holding: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every TOML file that cites sources, as short name and content.

    Parameters
    ----------
    *folders : str
        'clinical', 'chain', 'chain/experiments', 'clinical/wording'; all of them if none is named.
    holding : str
        Only files with this text are read.

    Raises
    ------
    EvidenceError
        If one is not valid TOML.
    """
    root = files("kinechain.evidence") / "data"
    for folder in folders or tuple(_PREFIXES):
        for path in sorted((root / folder).iterdir(), key=lambda p: p.name):
            if path.name.endswith(".toml") and path.name not in ("sources.toml", "background.toml"):
                text = path.read_text(encoding="utf-8")
                if holding in text:
                    yield _PREFIXES[folder] + path.name.removesuffix(".toml"), parse_toml(text, path.name)


def _of_tables() -> Iterator[Citation]:
    for table in tables():
        for fact in read_facts(table):
            yield Citation(f"params/{table}:{fact.line}", fact.source.key)
    for key, group in cohorts():
        yield Citation(f"params/normative_gait_curves: {group}", key)


def _of_entries(holding: str = "") -> Iterator[Citation]:
    for name, content in evidence_files(holding=holding):
        for kind, value in content.items():
            listed = value if isinstance(value, list) else [value]
            for place, entry in enumerate((e for e in listed if isinstance(e, dict)), start=1):
                yield from _of_entry(name, kind, str(place) if isinstance(value, list) else "", entry)


def _of_entry(name: str, kind: str, place: str, entry: Mapping[str, Any]) -> Iterator[Citation]:
    """Yield what one entry cites; a table of tables (``[common.pain_rule]``) is taken apart."""
    if not place and entry and all(isinstance(v, dict) for v in entry.values()):
        for key, below in entry.items():
            yield from _of_entry(name, f"{kind}.{key}", "", below)
        return
    named = next((str(entry[k]) for k in _ENTRY_KEYS if k in entry), f"{kind} {place}".strip())
    stem, wording, rest = name.rpartition("wording/")
    where = f"{rest}.{kind}" if wording else f"{stem}{rest}: {named}"
    for key in _keys_in(entry):
        if key not in NO_SOURCE:
            yield Citation(where, key)


def _keys_in(entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield every source key an entry cites, nested tables included."""
    for field, value in entry.items():
        if field in _CITING_FIELDS and isinstance(value, str):
            yield value
        elif field in _CITING_FIELDS and isinstance(value, list) and all(isinstance(v, str) for v in value):
            yield from value
        elif isinstance(value, dict):
            yield from _keys_in(value)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    yield from _keys_in(item)


def _of_parts() -> Iterator[Citation]:
    """Yield what the tables beside the code cite in their column 'source', several keys with a space between."""
    for path, name in _package_files(files("kinechain"), "", ".csv"):
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
            for key in (row.get("source") or "").split():
                if key not in NO_SOURCE:
                    yield Citation(name, key)


@cache
def cited_by_code() -> tuple[Citation, ...]:
    """Return the places in code, and in settings beside it, that name a source that is there."""
    return tuple(_of_code(frozenset(all_sources())))


def _of_code(keys: frozenset[str], holding: str = "") -> Iterator[Citation]:
    for path, name in _package_files(files("kinechain"), "", ".py", ".toml"):
        text = path.read_text(encoding="utf-8")
        if holding in text:
            for key in sorted(keys & set(_WORD.findall(text))):
                yield Citation(name, key)


def _package_files(folder: Traversable, prefix: str, *endings: str) -> Iterator[tuple[Traversable, str]]:
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        name = prefix + path.name
        if path.is_dir() and name not in ("evidence", "report/static"):
            yield from _package_files(path, f"{name}/", *endings)
        elif path.name.endswith(endings):
            yield path, name


def _of_background() -> Iterator[Citation]:
    for key in background():
        yield Citation("background", key)
    for key in named_by_code():
        yield Citation("code", key)


def _groups(kind: str) -> Mapping[str, str]:
    listed = parse_toml(packaged("clinical", "background.toml"), "background.toml")[kind]
    return MappingProxyType({key: str(reason) for group in listed for key, reason in _group(group)})


def _group(group: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(group, dict) or set(group) != {"reason", "sources"} or not group["reason"]:
        raise EvidenceError("background.toml: a group has a reason and its sources, nothing else")
    for key in group["sources"]:
        yield key, group["reason"]
