"""The numbers of the clinical sentences as facts: what was measured, how much, in whom, where read, how certain.

`unsourced_numbers` compares both: a number that is printed and stands in no fact, a fact that is printed nowhere;
`unsourced_words` looks at the numbers of the wording.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import get_args

from kinechain.core.errors import EvidenceError
from kinechain.evidence.checked import known_sources, packaged
from kinechain.evidence.clinical import Dosage, claims, exercises
from kinechain.evidence.library import read_facts, tables
from kinechain.evidence.prose import Prose, numbers_in, prose
from kinechain.evidence.rules import rules
from kinechain.evidence.sources import all_sources
from kinechain.evidence.wording import Certainty, wording

__all__ = ["ClinicalFact", "clinical_facts", "facts_about", "parse_facts", "unsourced_numbers", "unsourced_words"]

#: A place for a value, and the ends of a scale that every reader knows.
_PLACE = re.compile(r"\{\w+\}")
_SCALE = re.compile(r"\b(of|in|every) 100?\b|\b0( \([^)]*\))? to 10\b")
_COLUMNS = ("id", "about", "quantity", "value", "low", "high", "unit", "n", "sources", "certainty")


@dataclass(frozen=True)
class ClinicalFact:
    """One number that was read.

    Attributes
    ----------
    id : str
    about : tuple of str
        Kind and id of the entries whose sentences print it, such as 'intervention:walking'.
    quantity : str
        What was measured, under which condition.
    value, low, high : float or None
        Low and high are the interval, or the range where there is no value.
    unit : str
        '1' for none.
    n : str
        People (or trials), as printed; '' where it was not read.
    sources : tuple of str
        More than one where it is not known which of them holds it.
    certainty : str
        A word of GRADE where a source used it, else 'not graded'.
    """

    id: str
    about: tuple[str, ...]
    quantity: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    n: str
    sources: tuple[str, ...]
    certainty: Certainty

    @property
    def text(self) -> str:
        """The fact in one line."""
        amount = "" if self.value is None else f"{self.value:g}"
        if self.low is not None or self.high is not None:
            ends = " to ".join(f"{end:g}" for end in (self.low, self.high) if end is not None)
            amount = f"{amount} ({ends})" if amount else ends
        people = f", n = {self.n}" if self.n else ""
        return f"{self.quantity}: {amount} {self.unit}{people}".replace(" 1,", ",").removesuffix(" 1")

    @property
    def printed(self) -> frozenset[str]:
        """Every number of it, without sign, as `numbers_in` gives them."""
        amounts = [f"{abs(v):g}" for v in (self.value, self.low, self.high) if v is not None]
        return frozenset((*amounts, *numbers_in(self.quantity), *numbers_in(self.unit), *numbers_in(self.n)))


@cache
def clinical_facts() -> tuple[ClinicalFact, ...]:
    """Return the facts behind the clinical sentences.

    Raises
    ------
    EvidenceError
        If a fact lacks something or a key dangles.
    """
    return parse_facts(packaged("clinical", "facts.csv"), "facts.csv", tuple(all_sources()))


@cache
def facts_about() -> Mapping[str, tuple[ClinicalFact, ...]]:
    """Return the facts of each entry, by kind and id."""
    found: dict[str, list[ClinicalFact]] = {}
    for fact in clinical_facts():
        for entry in fact.about:
            found.setdefault(entry, []).append(fact)
    return {entry: tuple(facts) for entry, facts in found.items()}


def parse_facts(text: str, name: str, known: tuple[str, ...]) -> tuple[ClinicalFact, ...]:
    """Return the facts of a CSV text.

    Parameters
    ----------
    text, name : str
        The name for messages.
    known : tuple of str
        Keys of sources.

    Raises
    ------
    EvidenceError
        If a column lacks, a fact has no source, no unit or no certainty, was not read, a key dangles or an id is there
        twice.
    """
    rows = csv.DictReader(io.StringIO(text))
    if tuple(rows.fieldnames or ()) != _COLUMNS:
        raise EvidenceError(f"{name} needs the columns {', '.join(_COLUMNS)}")
    facts: dict[str, ClinicalFact] = {}
    for line, row in enumerate(rows, start=2):
        where = f"{name}, line {line}"
        if None in row or None in row.values():
            raise EvidenceError(f"{where}: not as many columns as the header has")
        if row["id"] in facts:
            raise EvidenceError(f"{where}: '{row['id']}' is there twice; every id names one fact")
        facts[row["id"]] = _fact(row, where, known)
    return tuple(facts.values())


def unsourced_numbers() -> Iterator[str]:
    """Yield one sentence per number that is printed without a fact, and per fact whose number is printed nowhere."""
    said: dict[str, set[str]] = {}
    sourced: dict[str, set[str]] = {}
    for text in prose():
        entry = f"{text.kind}:{text.id}"
        said.setdefault(entry, set()).update(numbers_in(text.text))
        sourced.setdefault(entry, set()).update(text.sources)
        if lacking := _lacking(text, entry):
            yield f"{text.where}: {', '.join(lacking)} stands in no fact"
    for fact in clinical_facts():
        for entry in fact.about:
            if entry not in said:
                yield f"fact '{fact.id}' is about '{entry}', which is not there"
                continue
            amounts = {f"{abs(v):g}" for v in (fact.value, fact.low, fact.high) if v is not None}
            if unsaid := sorted(amounts - said[entry]):
                yield f"fact '{fact.id}': {entry} does not print {', '.join(unsaid)}"
            if not sourced[entry] & set(fact.sources):
                yield f"fact '{fact.id}' rests on '{fact.sources[0]}', which {entry} does not cite"


def unsourced_words() -> Iterator[str]:
    """Yield one sentence per ledger entry that prints a number which no fact of its sources, nor its rule, holds."""
    held: dict[str, set[str]] = {}
    for fact in clinical_facts():
        amounts = [abs(v) for v in (fact.value, fact.low, fact.high) if v is not None]
        for key in fact.sources:
            held.setdefault(key, set()).update(fact.printed, (f"{round(v)}" for v in amounts))
    for table in tables():
        for row in read_facts(table):
            held.setdefault(row.source.key, set()).update(numbers_in(" ".join(row.columns.values())))
    for key, entry in wording().items():
        known: set[str] = set().union(*(held.get(cited, set()) for cited in entry.sources))
        if entry.rule in rules():
            known |= set(numbers_in(rules()[entry.rule].text))
        printed = numbers_in(_SCALE.sub("", _PLACE.sub("", entry.text)))
        if lacking := [number for number in dict.fromkeys(printed) if number not in known]:
            yield f"sentence '{key}': {', '.join(lacking)} stands in no fact of its sources, and not in its rule"


def _lacking(text: Prose, entry: str) -> list[str]:
    if not text.states_facts:
        return []
    known: set[str] = set()
    for fact in facts_about().get(entry, ()):
        known |= fact.printed
    if text.kind == "exercise" and text.field == "dose":
        known |= _numbers_of(exercises()[text.id].dosage)
    elif text.kind == "rule":
        known |= {f"{n:g}" for n in rules()[text.id].own_numbers}
    elif text.kind == "claim":
        known |= {f"{n:g}" for n in claims()[text.id].own_numbers} | set(numbers_in(claims()[text.id].claim))
    return [number for number in dict.fromkeys(numbers_in(text.text)) if number not in known]


def _numbers_of(dosage: Dosage) -> set[str]:
    """Return the numbers of a dose, which is data with its own source."""
    pairs = (
        dosage.sets, dosage.repetitions, dosage.days_per_week, dosage.times_per_day,
        dosage.hold_s, dosage.hold_older_s, dosage.minutes,
    )  # fmt: skip
    numbers = {f"{n:g}" for pair in pairs if pair for n in pair}
    for stage in dosage.stages:
        numbers |= {str(stage.from_week), str(stage.sets), str(stage.repetitions)}
    if dosage.build_weeks:
        numbers.add(f"{round(dosage.build_weeks * 12 / 52):g}")
    return numbers


def _fact(row: dict[str, str], where: str, known: tuple[str, ...]) -> ClinicalFact:
    sources = known_sources(row["sources"].split(), known, where)
    if not sources:
        raise EvidenceError(f"{where}: a number without a source does not ship")
    certainty = row["certainty"]
    if certainty not in get_args(Certainty):
        raise EvidenceError(f"{where}: certainty is one of {', '.join(get_args(Certainty))}, not '{certainty}'")
    for field in ("id", "about", "quantity", "unit"):
        if not row[field].strip():
            raise EvidenceError(f"{where} has no {field} (unit: write 1 for none)")
    value, low, high = (_number(row[field], where) for field in ("value", "low", "high"))
    if low is not None and high is not None and low > high:
        raise EvidenceError(f"{where}: an interval has the low end first")
    unit, people = row["unit"], row["n"]
    about = tuple(row["about"].split())
    return ClinicalFact(row["id"], about, row["quantity"], value, low, high, unit, people, sources, certainty)  # type: ignore[arg-type]


def _number(text: str, where: str) -> float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise EvidenceError(f"{where}: '{text}' is no number; one that nobody read does not ship")
    return number
