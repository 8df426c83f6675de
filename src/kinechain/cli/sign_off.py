"""Everything that is a choice of this project and waits for the signature of a responsible clinician."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kinechain.care.follow_up.alerts import ADVERSE_EVENTS
from kinechain.care.follow_up.course_tables import course_table
from kinechain.care.person.choices import Choice, choices
from kinechain.care.person.red_flag_text import sign_off_list
from kinechain.care.planning.contraindications import contraindications
from kinechain.evidence.clinical import exercises
from kinechain.evidence.rules import rules
from kinechain.evidence.wording import say

__all__ = ["Signable", "sign_off_lines", "signable"]

#: Tables of ``course.toml`` whose rows may be choices.
COURSE = ("threshold", "course", "pain_band", "soreness", "patience", "load_step", "stage", "recovery", "direction")


@dataclass(frozen=True)
class Signable:
    """One choice.

    Attributes
    ----------
    key : str
        As ``kinechain evidence KEY`` finds it, or the id of its table.
    text : str
        What was chosen.
    """

    key: str
    text: str


def signable() -> Mapping[str, tuple[Signable, ...]]:
    """Return every choice of the package data, by group."""
    return {
        "danger_signs": tuple(
            Signable(flag.id, f"{_words(flag.urgency)}: {flag.question}") for flag in sign_off_list()
        ),
        "adverse_events": tuple(Signable(key, _words(kind.urgency)) for key, kind in ADVERSE_EVENTS.items()),
        "rules": tuple(Signable(key, f"{rule.text} {rule.choice}") for key, rule in rules().items() if rule.choice),
        "contraindications": tuple(
            Signable(row.id, f"{row.effect}: {', '.join(sorted(row.of))}")
            for row in contraindications()
            if row.basis == "choice"
        ),
        "doses": tuple(
            Signable(key, f"{exercise.dose} ({', '.join(_words(part) for part in exercise.dosage.choices) or 'all'})")
            for key, exercise in exercises().items()
            if exercise.dosage.choices or exercise.dosage.basis == "choice"
        ),
        "plan_choices": tuple(Signable(row.exercise, _reason(row)) for row in choices() if row.basis == "choice"),
        "course": tuple(
            Signable(f"{name}.{key}", ", ".join(chosen))
            for name in COURSE
            for key, row in course_table(name).items()
            if (chosen := _chosen(row))
        ),
    }


def _reason(choice: Choice) -> str:
    """Return what makes a plan take an exercise."""
    return ", ".join(filter(None, (_words(choice.complaint), *choice.players, *choice.findings, choice.rule)))


def _chosen(row: Mapping[str, Any]) -> list[str]:
    """Return the values of a row that are a choice."""
    parts = [key.removesuffix("_basis") for key, value in row.items() if key.endswith("_basis") and value == "choice"]
    if row.get("basis") == "choice":
        parts = [key for key in row if key not in ("id", "basis", "sources")]
    named = [next(key for key in row if key.startswith(part)) for part in parts]
    return [f"{_words(key)}: {_shown(row[key])}" for key in named]


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def sign_off_lines() -> list[str]:
    """Return the page a responsible clinician signs: the counts, then every choice with its key."""
    groups = signable()
    lines = [say("terminal.sign_off_title", count=sum(map(len, groups.values()))).text]
    for name, rows in groups.items():
        lines += ["", say(f"terminal.sign_off_{name}", count=len(rows)).text]
        lines += [f"  [ ] {row.key}: {' '.join(row.text.split())}" for row in rows]
    return [*lines, "", say("terminal.sign_off_beside").text, "", say("terminal.sign_off_signature").text]


def _words(key: str) -> str:
    return key.replace("_", " ")
