"""Which exercise answers which reason: the complaint, a driver, a deviation beyond its error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from kinechain.care.person.exam import read_exam_definitions
from kinechain.core.errors import EvidenceError
from kinechain.evidence.checked import packaged, parse_toml
from kinechain.evidence.clinical import exercises
from kinechain.evidence.library import source_keys
from kinechain.evidence.rules import rules

__all__ = ["Choice", "ExamDifference", "choices", "parse_choices", "retests"]


@dataclass(frozen=True)
class ExamDifference:
    """A difference between the sides of one examination item that is a reason for the lower side.

    Attributes
    ----------
    item, unit : str
    above : float
        Only a larger difference counts.
    change : float
        Only a larger change on retest counts.
    rule : str
    """

    item: str
    unit: str
    above: float
    change: float
    rule: str


@dataclass(frozen=True)
class Choice:
    """Which exercise answers which reasons, as in ``plan_choices.toml``.

    Attributes
    ----------
    exercise : str
    complaint : 'back', 'heel', 'none' or ''
    first : bool
        It keeps a place in the plan whatever else is found.
    next_step : bool
        Only after the first exercises have been tried.
    players, findings : tuple of str
    low : bool
        Only a finding below its norm counts.
    exam_difference : ExamDifference or None
    instead : tuple of str
    measure : str
        What is measured again.
    rule, basis : str
    sources : tuple of str
    """

    exercise: str
    complaint: str = ""
    first: bool = False
    next_step: bool = False
    players: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    low: bool = False
    exam_difference: ExamDifference | None = None
    instead: tuple[str, ...] = ()
    measure: str = ""
    rule: str = ""
    basis: str = "choice"
    sources: tuple[str, ...] = ()


@cache
def choices() -> tuple[Choice, ...]:
    """Return every choice, in the order of preference."""
    return parse_choices(packaged("clinical", "plan_choices.toml"))


@cache
def retests() -> Mapping[str, str]:
    """Return which examination item is measured again for each player.

    Raises
    ------
    EvidenceError
        If one is no examination item.
    """
    found = parse_toml(packaged("clinical", "plan_choices.toml"), "plan_choices.toml")["retest"]
    if dangling := sorted(set(found.values()) - set(read_exam_definitions())):
        raise EvidenceError(f"plan_choices.toml: '{dangling[0]}' is no examination item")
    return MappingProxyType(found)


def parse_choices(text: str) -> tuple[Choice, ...]:
    """Return the choices of a TOML text.

    Parameters
    ----------
    text : str

    Raises
    ------
    EvidenceError
        If one names an exercise, a rule or a source that is not there.
    """
    found = []
    for row in parse_toml(text, "plan_choices.toml")["choice"]:
        difference = row.get("exam_difference")
        named = [row["exercise"], *row.get("instead", ())]
        if set(named) - set(exercises()):
            raise EvidenceError(f"plan_choices.toml: '{row['exercise']}' names an exercise that is not in the library")
        cited_rules = {row.get("rule", ""), (difference or {}).get("rule", "")} - {""}
        if cited_rules - set(rules()) or set(row["sources"]) - set(source_keys()):
            raise EvidenceError(f"plan_choices.toml: '{row['exercise']}' cites a rule or source that is not there")
        found.append(_choice(row, ExamDifference(**difference) if difference else None))
    return tuple(found)


def _choice(row: Mapping[str, Any], difference: ExamDifference | None) -> Choice:
    return Choice(
        exercise=row["exercise"],
        complaint=row.get("complaint", ""),
        first=row.get("first", False),
        next_step=row.get("next_step", False),
        players=tuple(row.get("players", ())),
        findings=tuple(row.get("findings", ())),
        low=row.get("low", False),
        exam_difference=difference,
        instead=tuple(row.get("instead", ())),
        measure=row.get("measure", ""),
        rule=row.get("rule", ""),
        basis=row["basis"],
        sources=tuple(row["sources"]),
    )
