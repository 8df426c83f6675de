"""Verify the whole library: parameters, clinic, chain, and every sentence that is said to a person."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from kinechain.core.errors import EvidenceError
from kinechain.evidence.chain import read_claims, read_floors, read_studies
from kinechain.evidence.checked import packaged
from kinechain.evidence.citations import (
    background,
    citations,
    cited_by,
    cited_by_code,
    declared_citations,
    evidence_files,
    named_by_code,
)
from kinechain.evidence.clinical import claims, common_rules, exercises, interventions
from kinechain.evidence.curves import read_curves
from kinechain.evidence.facts import clinical_facts, unsourced_numbers, unsourced_words
from kinechain.evidence.ledger import CHOICE, all_sentences
from kinechain.evidence.library import cohorts, read_facts, tables
from kinechain.evidence.prose import prose
from kinechain.evidence.rules import not_read, refuse_unread, rules
from kinechain.evidence.sources import Source, all_sources, parse_sources, read_withheld, source_keys
from kinechain.evidence.wording import Sentence, claims_too_much

__all__ = ["check", "citation_faults", "interest_fault", "sentence_fault", "unsourced_tables"]

#: Files whose numbers are the order of questions, or limits that only catch slips of the pen; they say so at their top.
OWN_NUMBERS = ("intake", "exam_items")
_PERCENT = re.compile(r"\d\s*(%|per ?cent\b)", re.IGNORECASE)


def check(known: Mapping[str, Source] | None = None) -> tuple[str, ...]:
    """Verify every file: sources complete and read, every number sourced, no key dangling, no sentence unbacked.

    Parameters
    ----------
    known : mapping of key to Source, optional
        The sources there are; those of the package if not given.

    Returns
    -------
    tuple of str
        One sentence per fault; empty if everything is in order.
    """
    return tuple(dict.fromkeys(_faults(all_sources() if known is None else known)))


def citation_faults(known: Mapping[str, Source]) -> Iterator[str]:
    """Yield one sentence per citation that dangles, and per source that nothing cites and nothing keeps.

    Parameters
    ----------
    known : mapping of key to Source
    """
    for citation in declared_citations():
        if citation.key not in known:
            yield f"{citation.where} cites '{citation.key}', which is not among the sources"
    cited, declared = cited_by(), {citation.key for citation in declared_citations()}
    in_code = {citation.key for citation in cited_by_code()}
    for key in known:
        if key not in declared:
            where = "in code alone" if key in in_code else "nowhere"
            yield f"source '{key}' is cited {where}; cite it, or name it in background.toml with the reason"
        elif key in background() and len(cited[key]) > 1:
            yield f"source '{key}' is cited and stands in background.toml, too"
    for key in named_by_code():
        if key not in in_code:
            yield f"source '{key}' is said to be named by code, and is not"


def unsourced_tables() -> Iterator[str]:
    """Yield one sentence per clinical file with a number that has neither a source nor a basis that says it is ours."""
    for name, content in evidence_files():
        if "/" in name or name in OWN_NUMBERS:
            continue
        for path, number in _bare_numbers(content, name):
            yield f"{path}: {number:g} has no source, and no basis that says whose it is"


def interest_fault(certainty: str, cited: tuple[str, ...], known: Mapping[str, Source]) -> str:
    """Return what is wrong with a grade that only sources with a commercial tie carry, '' if nothing.

    Parameters
    ----------
    certainty : str
    cited : tuple of str
        Keys of sources.
    known : mapping of key to Source
    """
    sources = [known[key] for key in cited if key in known]
    if certainty in ("high", "moderate", "low") and sources and all(s.has_commercial_tie for s in sources):
        return f"is graded '{certainty}' on sources with a commercial tie alone ({', '.join(s.key for s in sources)})"
    return ""


def sentence_fault(sentence: Sentence, known: Mapping[str, Source]) -> str:
    """Return what is wrong with one sentence of the ledger, '' if nothing (wording rules W1 to W5).

    Parameters
    ----------
    sentence : Sentence
    known : mapping of key to Source
    """
    if dangling := [key for key in sentence.sources if key not in known]:
        return f"cites '{dangling[0]}', which is not among the sources"
    if sentence.rule not in ("", CHOICE, *rules()):
        return f"follows rule '{sentence.rule}', which is not there"
    if found := claims_too_much(sentence.text):
        return f"says '{found}', which claims too much or frightens (rules W1 and W2)"
    if _PERCENT.search(sentence.text) and not sentence.sources:
        return "holds a percentage without the key of a source (rule W5)"
    if sentence.kind == "fact" and not (sentence.sources and sentence.certainty):
        return "states a fact without a source and a certainty (rule W4)"
    if sentence.kind == "advice" and not (sentence.sources or sentence.rule):
        return "gives advice without a rule or a source"
    try:
        refuse_unread(sentence.text, "it")
    except EvidenceError as error:
        return str(error)
    return interest_fault(sentence.certainty, sentence.sources, known)


def _faults(known: Mapping[str, Source]) -> Iterator[str]:
    unreadable = list(_unreadable())
    yield from unreadable
    if unreadable:
        return
    yield from _source_faults()
    yield from citation_faults(known)
    yield from _curve_faults()
    yield from unsourced_numbers()
    yield from unsourced_words()
    yield from unsourced_tables()
    for sentence in all_sentences().values():
        if fault := sentence_fault(sentence, known):
            yield f"sentence '{sentence.key}' {fault}"
    for text in prose():
        if found := claims_too_much(text.text):
            yield f"{text.where} says '{found}', which claims too much or frightens (rules W1 and W2)"
    for fact in clinical_facts():
        if fault := interest_fault(fact.certainty, fact.sources, known):
            yield f"fact '{fact.id}' {fault}"


def _bare_numbers(table: Any, path: str, backed: bool = False) -> Iterator[tuple[str, float]]:
    """Yield path and value of each number below a table that neither it nor a table above it backs."""
    if isinstance(table, dict):
        backed = backed or any(table.get(field) for field in ("sources", "source"))
        backed = backed or any(field.endswith("basis") for field in table)
        for field, below in table.items():
            yield from _bare_numbers(below, f"{path}.{field}", backed)
    elif isinstance(table, list):
        for place, below in enumerate(table, start=1):
            named = str(below.get("id", place)) if isinstance(below, dict) else str(place)
            yield from _bare_numbers(below, f"{path}.{named}", backed)
    elif isinstance(table, int | float) and not isinstance(table, bool) and not backed:
        yield path, table


def _unreadable() -> Iterator[str]:
    """Yield one sentence per file that the readers refuse."""
    readers: tuple[Callable[[], Any], ...] = (
        all_sources, read_withheld, read_studies, read_floors, read_claims, exercises, common_rules, interventions,
        claims, rules, not_read, clinical_facts, background, all_sentences, citations,
    )  # fmt: skip
    for read in readers:
        try:
            read()
        except EvidenceError as error:
            yield str(error)
    for table in tables():
        try:
            read_facts(table)
        except EvidenceError as error:
            yield str(error)


def _source_faults() -> Iterator[str]:
    """Yield the sources that are withheld and shipped, and the keys that two files name."""
    withheld = read_withheld()
    for key in source_keys():
        if key in withheld:
            yield f"source '{key}' is both shipped and withheld"
    named: dict[str, tuple[str, str]] = {key: ("chain/studies.toml", s.doi) for key, s in read_studies().items()}
    for folder, name in (("params", "sources"), ("clinical", "sources"), ("chain", "players"), ("chain", "unknowns")):
        place = f"{folder}/{name}.toml"
        for key, made in parse_sources(packaged(folder, f"{name}.toml"), place).items():
            if key in named and (not made.doi or made.doi != named[key][1]):
                yield f"source '{key}' stands in {named[key][0]} and in {place}, and may not be the same"
            named[key] = (place, made.doi)


def _curve_faults() -> Iterator[str]:
    for key, group in cohorts():
        try:
            curves = read_curves(key, group)
        except EvidenceError as error:
            yield str(error)
            continue
        for curve in curves.values():
            if not (np.isfinite(curve.mean).all() and (curve.sd[np.isfinite(curve.sd)] >= 0).all()):
                yield f"gait curve {key} {group} {curve.variable}: not finite, or a negative SD"
