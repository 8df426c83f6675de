"""The danger-sign questions as data: what is asked, of whom, when, and what a yes stands for."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from kinechain.core.errors import EvidenceError

__all__ = [
    "Level",
    "URGENCIES",
    "RedFlag",
    "SubQuestion",
    "WellsItem",
    "asked_again",
    "questions",
    "read_red_flags",
    "read_sub_questions",
    "read_wells_items",
    "screen_ids",
    "sign_off_list",
]

Level = Literal["none", "routine", "soon", "next_working_day", "same_day", "emergency", "not_screened"]

#: From the most to the least urgent.
URGENCIES: tuple[Level, ...] = ("emergency", "same_day", "next_working_day", "soon", "routine")


@dataclass(frozen=True)
class RedFlag:
    """One danger-sign question.

    Attributes
    ----------
    id, region, question, action : str
    urgency : str
        One of :data:`URGENCIES`: of a yes, before it is read beside other answers.
    basis : 'source' or 'choice'
        Whether a cited text states the timing, or this project chose it with caution.
    logic : 'any' or 'combine'
        'any': one yes is enough; 'combine': read beside the other answers.
    sources : tuple of str
        Source keys.
    why : str
        Why it is asked.
    rule_id : str
        Decision rule it stands for; '' where only this project asks it.
    patient_action : str
        What the person does, in plain words; '' where the usual words for the urgency do.
    clinician_note : str
        For clinicians alone; '' if there is none.
    asked_unless_no : tuple of str
        Asked only while one of these answers is not 'no'; where all are 'no', so is this.
    condition : str
        A 'no' to this condition is a 'no' to the question; '' if there is none.
    replaced_by : tuple of str
        Asked no more, but understood in files; these are asked instead.
    is_added : bool
        Asked beyond the questions this project was given; while missing it holds back a plan only as an emergency.
    """

    id: str
    region: str
    question: str
    urgency: Level
    basis: str
    logic: str
    action: str
    sources: tuple[str, ...]
    why: str = ""
    rule_id: str = ""
    patient_action: str = ""
    clinician_note: str = ""
    asked_unless_no: tuple[str, ...] = ()
    condition: str = ""
    replaced_by: tuple[str, ...] = ()
    is_added: bool = False

    @property
    def is_asked_again(self) -> bool:
        """True where it is asked at every check-in (rule R0.5)."""
        return self.urgency == "emergency" and not self.replaced_by

    @property
    def is_required(self) -> bool:
        """True where a missing answer can hold back a plan."""
        return not self.replaced_by and (self.urgency == "emergency" or not self.is_added)


@dataclass(frozen=True)
class SubQuestion:
    """A question that belongs to a danger sign and is counted with others.

    Attributes
    ----------
    id, question, rule_id : str
    of : str
        Id of the danger sign; asked only while that is not answered with 'no'.
    sources : tuple of str
        Source keys.
    """

    id: str
    of: str
    question: str
    rule_id: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class WellsItem:
    """One item of the two-level Wells score, for clinicians alone.

    Attributes
    ----------
    id, question : str
    points : int
    sources : tuple of str
        Source keys.
    """

    id: str
    question: str
    points: int
    sources: tuple[str, ...]


@cache
def _tables() -> dict[str, Any]:
    text = (files("kinechain.evidence") / "data" / "clinical" / "red_flags.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def read_red_flags() -> tuple[RedFlag, ...]:
    """Return every danger-sign question, in the order of ``red_flags.toml``, those that are asked no more included.

    Raises
    ------
    EvidenceError
        If a question has no source, an urgency that is not known, or names a question there is not.
    """
    flags = tuple(
        RedFlag(
            id=row["id"],
            region=row["region"],
            question=row["question"],
            urgency=row["urgency"],
            basis=row["urgency_basis"],
            logic=row["logic"],
            action=row["action"],
            sources=tuple(row["sources"]),
            why=row["why"],
            rule_id=row.get("rule_id", ""),
            patient_action=row.get("patient_action", ""),
            clinician_note=row.get("clinician_note", ""),
            asked_unless_no=tuple(row.get("asked_unless_no", ())),
            condition=row.get("condition", ""),
            replaced_by=tuple(row.get("replaced_by", ())),
            is_added=row.get("added", False),
        )
        for row in _tables()["red_flag"]
    )
    known = {flag.id for flag in flags}
    for flag in flags:
        if flag.urgency not in URGENCIES or not flag.sources:
            raise EvidenceError(f"red_flags.toml: '{flag.id}' has no known urgency, or no source")
        if loose := sorted({*flag.asked_unless_no, *flag.replaced_by} - known):
            raise EvidenceError(f"red_flags.toml: '{flag.id}' names '{loose[0]}', which is no danger sign")
    return flags


@cache
def read_sub_questions() -> tuple[SubQuestion, ...]:
    """Return the questions that belong to a danger sign: the nine features of axial spondyloarthritis."""
    return tuple(
        SubQuestion(row["id"], row["of"], row["question"], row["rule_id"], tuple(row["sources"]))
        for row in _tables()["sub_question"]
    )


@cache
def read_wells_items() -> tuple[WellsItem, ...]:
    """Return the ten items of the two-level Wells score."""
    return tuple(
        WellsItem(row["id"], row["question"], row["points"], tuple(row["sources"])) for row in _tables()["wells_item"]
    )


@cache
def questions() -> tuple[RedFlag, ...]:
    """Return the danger signs that are asked of a person, the emergencies first (rule R0.2)."""
    asked = [flag for flag in read_red_flags() if not flag.replaced_by]
    return tuple(sorted(asked, key=lambda flag: URGENCIES.index(flag.urgency)))


def asked_again() -> tuple[str, ...]:
    """Return the ids of the questions that are asked again at every check-in: all emergencies (rule R0.5)."""
    return tuple(flag.id for flag in questions() if flag.is_asked_again)


def screen_ids() -> tuple[str, ...]:
    """Return every id that ``[screen]`` of a person file may hold."""
    return (*(flag.id for flag in read_red_flags()), *(sub.id for sub in read_sub_questions()))


def sign_off_list() -> tuple[RedFlag, ...]:
    """Return every question whose urgency is a choice of this project, for a responsible clinician to sign off."""
    return tuple(flag for flag in read_red_flags() if flag.basis == "choice")
