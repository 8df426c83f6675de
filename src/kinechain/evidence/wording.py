"""The ledger of sentences: nothing is said to a patient or a clinician that does not stand here with what backs it.

The sentences lie in ``data/clinical/wording/*.toml``, one table each; the key is file name and table name, such as
``plan.stay_active``.  A *fact* names its sources and how certain they make it; an *advice* names its rule or sources; a
*frame* (a heading, a question, a label) states no fact and holds no number of its own.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, Literal, get_args

from kinechain.core.errors import EvidenceError, suggest

__all__ = [
    "ALLOWED",
    "FORBIDDEN",
    "Audience",
    "Certainty",
    "Entry",
    "Sentence",
    "SentenceKind",
    "claims_too_much",
    "parse_wording",
    "say",
    "wording",
]

SentenceKind = Literal["fact", "advice", "frame"]
Audience = Literal["patient", "clinician", "both"]
Certainty = Literal["high", "moderate", "low", "very low", "not graded"]

#: Words that claim more than was ever shown, and words that frighten (wording rules W1 and W2).
FORBIDDEN = (
    r"\bcaus(e|es|ed|ing|al)\b", r"misalign", r"out of balance", r"collaps", r"wear and tear", r"must have orthotics",
    r"\bdiagnos", r"\babnormal", r"\bpatholog", r"degenerat",
)  # fmt: skip

#: The one sentence that may use such a word: it says that nothing of the kind was shown (`kinechain.care.drivers`).
ALLOWED = "never the cause of pain"
KEYS = ("text", "kind", "audience", "sources", "rule", "certainty")


@dataclass(frozen=True)
class Entry:
    """One sentence of the ledger, with places for values in braces.

    Attributes
    ----------
    key, text : str
    kind : 'fact', 'advice' or 'frame'
    audience : 'patient', 'clinician' or 'both'
    sources : tuple of str
        Source keys.
    rule : str
        Id of the rule it follows, '' if none.
    certainty : str
        'high', 'moderate', 'low', 'very low' or 'not graded'; '' for a frame.
    """

    key: str
    text: str
    kind: SentenceKind
    audience: Audience
    sources: tuple[str, ...] = ()
    rule: str = ""
    certainty: Certainty | Literal[""] = ""


@dataclass(frozen=True)
class Sentence:
    """What is said, with what backs it.

    Attributes
    ----------
    key : str
        Of the ledger entry.
    text : str
        As printed, values filled in.
    kind, audience, sources, rule, certainty
        As in `Entry`.
    """

    key: str
    text: str
    kind: SentenceKind
    audience: Audience
    sources: tuple[str, ...] = ()
    rule: str = ""
    certainty: Certainty | Literal[""] = ""


@cache
def wording() -> Mapping[str, Entry]:
    """Return every entry of the ledger by key.

    Raises
    ------
    EvidenceError
        If an entry has no backing, claims too much, or is not written as it must be.
    """
    names = sorted(path.name for path in _folder().iterdir())
    stems = [name.removesuffix(".toml") for name in names if name.endswith(".toml")]
    return MappingProxyType({key: entry for stem in stems for key, entry in _entries_of(stem).items()})


@cache
def _entries_of(stem: str) -> Mapping[str, Entry]:
    """Return the entries of one file, none where there is no such file: one sentence does not read the whole ledger."""
    path = _folder() / f"{stem}.toml"
    return parse_wording(path.read_text(encoding="utf-8"), path.name) if stem.isidentifier() and path.is_file() else {}


def _folder() -> Traversable:
    return files("kinechain.evidence") / "data" / "clinical" / "wording"


def say(key: str, **values: str | int | float) -> Sentence:
    """Return one sentence of the ledger with its values filled in.

    Parameters
    ----------
    key : str
    **values : str, int or float
        Exactly the places the sentence has.

    Raises
    ------
    EvidenceError
        If there is no such sentence, or its places and the values differ.
    """
    entry = _entries_of(key.partition(".")[0]).get(key)
    if entry is None:
        raise EvidenceError(f"no sentence '{key}' in the ledger. {suggest(key, wording())}")
    places = {name for _, name, _, _ in string.Formatter().parse(entry.text) if name}
    if places != set(values):
        raise EvidenceError(f"sentence '{key}' has the places {sorted(places)}, and was given {sorted(values)}")
    text = entry.text.format(**values)
    return Sentence(key, text, entry.kind, entry.audience, entry.sources, entry.rule, entry.certainty)


def claims_too_much(text: str) -> str:
    """Return the first words of a text that claim more than was shown or that frighten, '' if there are none.

    Parameters
    ----------
    text : str
    """
    rest = text.replace(ALLOWED, "")
    found = next((f for pattern in FORBIDDEN if (f := re.search(pattern, rest, re.IGNORECASE))), None)
    return found[0] if found else ""


def parse_wording(text: str, name: str) -> dict[str, Entry]:
    """Return the entries of one file of the ledger.

    Parameters
    ----------
    text : str
    name : str
        File name; its stem begins every key.

    Raises
    ------
    EvidenceError
        As `wording`.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EvidenceError(f"wording/{name} is not valid TOML: {error}") from error
    stem = name.removesuffix(".toml")
    return {f"{stem}.{key}": _entry(f"{stem}.{key}", table) for key, table in tables.items()}


def _entry(key: str, table: Any) -> Entry:
    if not isinstance(table, dict) or not isinstance(table.get("text"), str):
        raise EvidenceError(f"sentence '{key}' has no text")
    if extra := sorted(set(table) - set(KEYS)):
        raise EvidenceError(f"sentence '{key}' has no field '{extra[0]}'. {suggest(extra[0], KEYS)}")
    entry = Entry(
        key,
        table["text"],
        table.get("kind", "frame"),
        table.get("audience", "both"),
        tuple(table.get("sources", ())),
        table.get("rule", ""),
        table.get("certainty", ""),
    )
    if fault := _fault(entry):
        raise EvidenceError(f"sentence '{key}' {fault}")
    return entry


def _fault(entry: Entry) -> str:
    """Return what is wrong with an entry, '' if nothing."""
    if entry.kind not in get_args(SentenceKind) or entry.audience not in get_args(Audience):
        return f"is of kind '{entry.kind}' for '{entry.audience}', which are not known"
    if found := claims_too_much(entry.text):
        return f"says '{found}', which claims too much or frightens (rules W1 and W2)"
    if entry.kind == "fact" and (not entry.sources or entry.certainty not in get_args(Certainty)):
        return "states a fact without a source and a certainty"
    if entry.kind == "advice" and not (entry.sources or entry.rule):
        return "gives advice without a rule or a source"
    bare = "".join(literal for literal, _, _, _ in string.Formatter().parse(entry.text))
    if entry.kind == "frame" and re.search(r"\d", bare):
        return "is a frame and holds a number; state it as a fact with its source, or give it a place"
    return ""
