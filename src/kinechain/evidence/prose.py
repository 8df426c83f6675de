"""Every sentence of the clinical files that a person may read, with the sources of the entry it stands in.

The numbers in these sentences have to stand as facts (`kinechain.evidence.facts`) and their words have to keep to the
rules of wording (`kinechain.evidence.wording`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kinechain.evidence.citations import evidence_files

__all__ = ["NUMBER", "Prose", "numbers_in", "prose"]

#: A number as printed: not part of a name such as S1, L5, R5.1, NG59, HLA-B27 or FPI-6, nor of a range of such names.
NUMBER = re.compile(r"(?<![\w.,])(?<![A-Za-z]-)[-+−]?\d+(?:\.\d+)?(?![\w]*\d)")

#: Kind of entry to the fields a person may read.
# fmt: off
_FIELDS = {
    "measure": ("name", "how", "unit", "cutoffs", "norms", "reliability", "validity_note", "note", "stop"),
    "red_flag": ("question", "why", "action", "clinician_note"),
    "exercise": (
        "name", "setup", "cues", "dose", "dose_note", "progression", "regressions", "stop_rules",
        "evidence_note", "emg",
    ),
    "intervention": ("for", "effect", "certainty_note", "contraindications"),
    "questionnaire": ("name", "construct", "scoring", "mcid", "performance"),
    "claim": ("note",),
    "rule": ("text",),
}
# fmt: on

#: Fields whose numbers say how something is done, not what is known: no fact stands behind them.
INSTRUCTIONS = frozenset(
    {
        ("measure", "name"),
        ("measure", "how"),
        ("measure", "unit"),
        ("measure", "stop"),
        ("exercise", "name"),
        ("exercise", "setup"),
        ("exercise", "cues"),
        ("exercise", "progression"),
        ("exercise", "regressions"),
        ("exercise", "stop_rules"),
        ("questionnaire", "name"),
        ("questionnaire", "construct"),
    }
)


@dataclass(frozen=True)
class Prose:
    """One sentence, or some, of one entry.

    Attributes
    ----------
    kind : str
        'measure', 'red_flag', 'exercise', 'intervention', 'questionnaire', 'claim' or 'rule'.
    id, field, text : str
    sources : tuple of str
        Of the entry.
    """

    kind: str
    id: str
    field: str
    text: str
    sources: tuple[str, ...]

    @property
    def where(self) -> str:
        """Entry and field, for messages."""
        return f"{self.kind} '{self.id}', {self.field}"

    @property
    def states_facts(self) -> bool:
        """False for instructions, whose numbers say how something is done."""
        return (self.kind, self.field) not in INSTRUCTIONS


def prose() -> Iterator[Prose]:
    """Yield every sentence of the clinical files that a person may read."""
    for _, content in evidence_files("clinical"):
        for kind, fields in _FIELDS.items():
            for entry in content.get(kind, ()):
                sources = tuple(entry.get("sources", ()))
                for field in fields:
                    for text in _texts(entry.get(field)):
                        yield Prose(kind, str(entry["id"]), field, text, sources)


def numbers_in(text: str) -> tuple[str, ...]:
    """Return the numbers a text prints, without their sign, in order.

    Parameters
    ----------
    text : str
    """
    return tuple(f"{float(found[0].lstrip('+-−')):g}" for found in NUMBER.finditer(text))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, below in value.items():
            if key != "source":
                yield from _texts(below)
    elif isinstance(value, list):
        for below in value:
            yield from _texts(below)
