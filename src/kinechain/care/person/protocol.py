"""How each examination item is measured: a protocol a clinician can print, with what stands behind it.

Only values; `kinechain.report` sets them on paper.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

from kinechain.care.person.exam import ExamDefinition, read_exam_definitions
from kinechain.core.errors import EvidenceError, PersonError, suggest
from kinechain.evidence.library import Source, source
from kinechain.evidence.wording import Sentence, say

__all__ = ["Protocol", "ProtocolValue", "find_protocol", "general_rules", "protocols"]

SelfTest = Literal["yes", "with_helper", "no"]
Use = Literal["decide", "describe", "research"]

#: Rules that hold for every item, in order.
RULES = ("consent", "stop", "same", "order", "both_sides", "repeat", "write", "error")


@dataclass(frozen=True)
class ProtocolValue:
    """One value to write down.

    Attributes
    ----------
    part : str
        '' for the item as a whole.
    unit : str
        The usual one; '' for an answer in words.
    low, high : float or None
        Limits of what is accepted; None for words.
    other_units : tuple of str
    words : tuple of str
    """

    part: str
    unit: str
    low: float | None
    high: float | None
    other_units: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True)
class Protocol:
    """How one item is measured.

    Attributes
    ----------
    id, name : str
    position : str
        Of the person.
    how : str
        What to do, in order.
    values : tuple of ProtocolValue
        Empty where the answer is drawn on the symptom map.
    sides : tuple of str
        To measure.
    limits_basis : 'definition' or 'assumption'
        Whether the limits are the ends of the scale, or only catch slips of the pen.
    stop : Sentence
        When not to begin, or to stop: that of the item, or the general one.
    stop_note : str
        What its source says on it; '' if nothing was read.
    self_test : 'yes', 'with_helper' or 'no'
        Whether a person can do it alone.
    use : 'decide', 'describe' or 'research'
        Whether it may drive a rule, is only recorded and explained, or is kept out of routine use.
    reliability, norms : str
        As read; 'not read' where nothing was.
    cutoffs : mapping of str to str
    note, licence_note : str
        '' if there is none.
    sources : tuple of Source
        With design, n and how deep each was read.
    """

    id: str
    name: str
    position: str
    how: str
    values: tuple[ProtocolValue, ...]
    sides: tuple[str, ...]
    limits_basis: str
    stop: Sentence
    stop_note: str
    self_test: SelfTest
    use: Use
    reliability: str
    norms: str
    cutoffs: Mapping[str, str]
    note: str
    licence_note: str
    sources: tuple[Source, ...]

    @property
    def has_read_reliability(self) -> bool:
        """True if a figure of its reliability was read."""
        return "not read" not in self.reliability.lower() and any(c.isdigit() for c in self.reliability)


@cache
def protocols() -> Mapping[str, Protocol]:
    """Return the protocol of every examination item, by id, in the order of the sheet.

    Raises
    ------
    EvidenceError
        If a measure lacks what a protocol needs, or cites a source that is not there.
    """
    folder = files("kinechain.evidence") / "data" / "clinical"
    rows = tomllib.loads((folder / "measures.toml").read_text(encoding="utf-8"))["measure"]
    positions = tomllib.loads((folder / "exam_items.toml").read_text(encoding="utf-8"))["position"]
    definitions = read_exam_definitions()
    by_id = {row["id"]: row for row in rows}
    if loose := sorted(set(positions) ^ set(definitions)):
        raise EvidenceError(f"exam_items.toml: position and item do not both hold: {', '.join(loose)}")
    return MappingProxyType({k: _protocol(d, by_id[k], positions[k]) for k, d in definitions.items()})


def find_protocol(key: str) -> Protocol:
    """Return one protocol.

    Parameters
    ----------
    key : str

    Raises
    ------
    PersonError
        If there is no such item.
    """
    known = protocols()
    if key not in known:
        raise PersonError(f"no examination item '{key}'. {suggest(key, known, limit=45)}")
    return known[key]


def general_rules() -> tuple[Sentence, ...]:
    """Return what holds for every item: consent, stopping, the same way each time, repeats, errors."""
    return tuple(say(f"exam.protocol_{rule}") for rule in RULES)


def _protocol(definition: ExamDefinition, row: Mapping[str, Any], position: str) -> Protocol:
    try:
        return Protocol(
            id=definition.id,
            name=definition.name,
            position=position,
            how=row["how"],
            values=tuple(_values(definition)),
            sides=definition.sides,
            limits_basis=definition.basis,
            stop=say("exam.protocol_stop_item" if "stop" in row else "exam.protocol_stop"),
            stop_note=row.get("stop", ""),
            self_test=row["self_test"],
            use=row["use"],
            reliability=row["reliability"],
            norms=row["norms"],
            cutoffs=MappingProxyType(dict(row["cutoffs"])),
            note=row.get("note", "") or row.get("validity_note", ""),
            licence_note=row.get("licence_note", ""),
            sources=tuple(source(key) for key in row["sources"]),
        )
    except KeyError as error:
        raise EvidenceError(f"measures.toml: '{definition.id}' lacks {error}") from error


def _values(definition: ExamDefinition) -> Iterable[ProtocolValue]:
    for part in (*(("",) if definition.has_whole else ()), *definition.parts):
        scale = definition.scale(part)
        unit = next(iter(scale.units), "")
        low, high = scale.units[unit] if unit else (None, None)
        yield ProtocolValue(part, unit, low, high, tuple(u for u in scale.units if u != unit), scale.words)
