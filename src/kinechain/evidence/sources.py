"""Where every number was read, and how deep: the sources of the parameters, the clinic and the chain, in one schema.

A study of the chain is a source, too (`all_sources`); its results stand in `kinechain.evidence.chain`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, get_args

from kinechain.core.errors import EvidenceError, suggest
from kinechain.evidence.chain import Study, read_studies
from kinechain.evidence.checked import Fields, checked, packaged, parse_toml

__all__ = [
    "Interest",
    "Source",
    "Sources",
    "all_sources",
    "grade_is_showable",
    "parse_sources",
    "read_withheld",
    "source",
    "source_keys",
]

Interest = Literal["none known", "commercial", "company-funded", "not stated"]

#: Words in a grade that make it too weak to be shown to a user as a norm.
_WEAK = ("web", "secondary", "news", "assumption", "not read", "unread", "blog")

_FIELDS: Fields = {
    "key": (str, False),
    "citation": (str, False),
    "read_from": (object, False),
    "level": (str, False),
    "year": (int, False),
    "design": (str, False),
    "n": (str, False),
    "doi": (str, False),
    "pmid": (str, False),
    "licence": (str, False),
    "interest": (str, False),
    "interest_reason": (str, False),
}


@dataclass(frozen=True)
class Source:
    """Where a number was read, and how deep.

    Attributes
    ----------
    key : str
        As cited.
    citation, read_from : str
    level : str
        How deep the source was read ('abstract', 'table', 'model file' ...).
    doi, pmid, licence : str
        '' if not seen.
    year : int
        0: not on the page that was read.
    design, n : str
        As printed; '' if not seen.
    interest : 'none known', 'commercial', 'company-funded' or 'not stated'
        Whether somebody gains by what it says; 'not stated': what was read does not say.
    interest_reason : str
    """

    key: str
    citation: str
    read_from: str
    level: str
    doi: str = ""
    pmid: str = ""
    licence: str = ""
    year: int = 0
    design: str = ""
    n: str = ""
    interest: Interest = "not stated"
    interest_reason: str = ""

    @property
    def is_showable(self) -> bool:
        """True if its level is deep enough to be shown as a norm."""
        return grade_is_showable(self.level)

    @property
    def has_commercial_tie(self) -> bool:
        """True if it cannot raise a grade alone."""
        return self.interest in ("commercial", "company-funded")


def grade_is_showable(level: str) -> bool:
    """Return False for levels too weak to be shown to a user as a norm (web page, secondary, news, assumption).

    Parameters
    ----------
    level : str
        A grade or a source's level; '' is never showable.
    """
    return bool(level) and not any(word in level.lower() for word in _WEAK)


def source(key: str) -> Source:
    """Return one source.

    Parameters
    ----------
    key : str

    Raises
    ------
    EvidenceError
        If there is no such source, or its rows are withheld.
    """
    for known in (_param_sources, _clinical_sources, _chain_sources):
        found = known().get(key)
        if found is not None:
            return found
    if key in read_withheld():
        raise EvidenceError(f"source '{key}' is withheld: {read_withheld()[key]}")
    raise EvidenceError(f"no source with the key '{key}'. {suggest(key, source_keys())}")


def source_keys() -> tuple[str, ...]:
    """Return the keys of all sources but the studies of the chain, sorted."""
    return tuple(sorted({*_param_sources(), *_clinical_sources(), *_chain_sources()}))


@cache
def all_sources() -> Mapping[str, Source]:
    """Return every source by key, the studies of the chain among them."""
    studies = {key: _of_study(made) for key, made in read_studies().items()}
    return MappingProxyType({**studies, **{key: source(key) for key in source_keys()}})


@cache
def read_withheld() -> Mapping[str, str]:
    """Return the sources whose rows do not ship: key to reason."""
    table = parse_toml(packaged("params", "withheld.toml"), "params/withheld.toml")
    return MappingProxyType({key: str(entry["reason"]) for key, entry in table.items()})


def parse_sources(text: str, name: str) -> dict[str, Source]:
    """Return the sources of a TOML text, keyed tables (params) or ``[[source]]`` (clinical).

    Parameters
    ----------
    text : str
    name : str
        File name, for messages.

    Raises
    ------
    EvidenceError
        If the text is no TOML, a key is there twice, a field is unknown, or a source lacks citation, place or level.
    """
    content = parse_toml(text, name)
    listed = content.get("source")
    if isinstance(listed, list):
        pairs = [(str(entry.get("key", "")), entry) for entry in listed]
    else:
        pairs = list((listed if isinstance(listed, dict) and "citation" not in listed else content).items())
    found: dict[str, Source] = {}
    for key, entry in pairs:
        if key in found:
            raise EvidenceError(f"{name}: source '{key}' is there twice; every key names one source")
        found[key] = _source(key, entry, name)
    return found


def _source(key: str, entry: Any, name: str) -> Source:
    if not key or not isinstance(entry, dict):
        raise EvidenceError(f"{name}: a source without a key")
    where = f"{name}: source '{key}'"
    row = checked(entry, _FIELDS, where)
    place = row.get("read_from", "")
    level = place.get("level", "") if isinstance(place, dict) else row.get("level", "")
    url = place.get("url", "") if isinstance(place, dict) else place
    for field, value in (("citation", row.get("citation")), ("read_from", url), ("level", level)):
        if not value:
            raise EvidenceError(f"{where} has no {field}; a source nobody read does not ship")
    if "not read" in str(level).lower():
        raise EvidenceError(f"{where} was not read")
    interest = row.get("interest", "not stated")
    if interest not in get_args(Interest):
        raise EvidenceError(f"{where}: interest is one of {', '.join(get_args(Interest))}, not '{interest}'")
    if interest != "not stated" and not row.get("interest_reason"):
        raise EvidenceError(f"{where}: '{interest}' without the reason")
    taken = ("doi", "pmid", "licence", "year", "design", "n", "interest", "interest_reason")
    return Source(key, row["citation"], str(url), str(level), **{k: row[k] for k in taken if k in row})


def _of_study(made: Study) -> Source:
    return Source(
        made.key,
        made.citation,
        made.place or "the place of its results",
        made.read_level,
        made.doi,
        made.pmid,
        year=made.year,
        design=made.design,
        n=made.n,
    )


class Sources(Mapping[str, Source]):
    """All sources; the clinical file is only opened for a key that the parameters lack."""

    def __getitem__(self, key: str) -> Source:
        found = _param_sources().get(key) or _clinical_sources().get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(source_keys())

    def __len__(self) -> int:
        return len(source_keys())


@cache
def _param_sources() -> Mapping[str, Source]:
    return MappingProxyType(parse_sources(packaged("params", "sources.toml"), "params/sources.toml"))


@cache
def _clinical_sources() -> Mapping[str, Source]:
    return MappingProxyType(parse_sources(packaged("clinical", "sources.toml"), "clinical/sources.toml"))


@cache
def _chain_sources() -> Mapping[str, Source]:
    """Return the sources that stand beside the numbers of the chain which cite them."""
    found: dict[str, Source] = {}
    for name in ("players.toml", "unknowns.toml"):
        found |= parse_sources(packaged("chain", name), f"chain/{name}")
    return MappingProxyType(found)
