"""What somebody typed, made into an answer, or into a sentence that says why it is none."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from kinechain.care.intake.intake_list import Choice
from kinechain.core.errors import SettingError
from kinechain.evidence.wording import say

__all__ = ["SKIPPED", "UNKNOWN", "Question", "Value", "parse_answer", "spoken"]

Value = str | float | tuple[str, ...]

UNKNOWN = "unknown"
SKIPPED = "skipped"

#: Units somebody may type in place of the one that is asked for, as factors of it.
OTHER_UNITS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "m": {"cm": 0.01, "mm": 0.001},
        "cm": {"m": 100.0, "mm": 0.1},
        "mm": {"cm": 10.0, "m": 1000.0},
        "weeks": {"day": 1 / 7, "days": 1 / 7, "week": 1.0, "month": 365.25 / 84, "months": 365.25 / 84}
        | {"year": 365.25 / 7, "years": 365.25 / 7},
        "days": {"day": 1.0, "week": 7.0, "weeks": 7.0},
        "hours": {"h": 1.0, "hour": 1.0, "min": 1 / 60, "minutes": 1 / 60},
        "minutes": {"min": 1.0, "minute": 1.0, "h": 60.0, "hour": 60.0, "hours": 60.0},
        "months": {"month": 1.0, "year": 12.0, "years": 12.0},
    }
)

#: Units in words, as tables write them, and as people type them.
SAME_UNIT: Mapping[str, str] = MappingProxyType(
    {"metres": "m", "metre": "m", "meters": "m", "kilograms": "kg", "centimetres": "cm", "millimetres": "mm"}
)
YES = ("y", "yes")
NO = ("n", "no")


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes
    ----------
    id : str
    text : str
        As asked.
    kind : 'yes_no', 'number', 'choice', 'several' or 'text'
    why : str
        Why it is asked; '' if that is not written down.
    section : str
        Printed above the question where it changes; '' for none.
    unit : str
        Of a number, as printed.
    limits : tuple of float
        Lowest and highest possible number.
    choices : tuple of Choice
    usual : str, float, tuple of str or None
        Taken by an empty line; None: an empty line lists the keys.
    """

    id: str
    text: str
    kind: Literal["yes_no", "number", "choice", "several", "text"] = "yes_no"
    why: str = ""
    section: str = ""
    unit: str = ""
    limits: tuple[float, float] = (-math.inf, math.inf)
    choices: tuple[Choice, ...] = ()
    usual: Value | None = None


def parse_answer(question: Question, typed: str) -> Value:
    """Return the answer that was typed.

    Parameters
    ----------
    question : Question
    typed : str
        Not empty, and none of the keys.

    Raises
    ------
    SettingError
        If it is no answer; the sentence says what would be one.
    """
    if question.kind == "yes_no":
        return _yes_no(typed)
    if question.kind == "number":
        return _number(question, typed)
    if question.kind == "choice":
        return _choice(question.choices, typed)
    if question.kind == "several":
        return _several(question.choices, typed)
    return typed


def spoken(question: Question, value: Value) -> str:
    """Return an answer as it is printed.

    Parameters
    ----------
    question : Question
    value : str, float or tuple of str
    """
    frames = {"yes": "answer_yes", "no": "answer_no", UNKNOWN: "answer_unknown", SKIPPED: "answer_skipped"}
    if isinstance(value, tuple):
        return ", ".join(_label(question, v) for v in value) or say("terminal.none_of_these").text
    if isinstance(value, float | int):
        return f"{value:g} {question.unit}".strip()
    return say(f"terminal.{frames[value]}").text if value in frames else _label(question, value)


def _label(question: Question, value: str) -> str:
    return next((choice.label for choice in question.choices if choice.value == value), value)


def _yes_no(typed: str) -> str:
    word = typed.lower().rstrip(".!")
    if word not in (*YES, *NO):
        raise SettingError(say("terminal.not_yes_no", given=typed).text)
    return "yes" if word in YES else "no"


def _number(question: Question, typed: str) -> float:
    low, high = question.limits
    found = re.fullmatch(r"([-+]?\d{1,12}(?:[.,]\d{1,12})?)\s*([^\d\s]*)", typed)
    factor = _factor(question.unit, found[2]) if found else None
    if found is None or factor is None:
        example = f"{round((low + high) / 2, 1 if high < 10 else 0):g}" if math.isfinite(high - low) else "3"
        raise SettingError(say("terminal.not_a_number", given=typed, unit=question.unit, example=example).text)
    number = float(f"{float(found[1].replace(',', '.')) * factor:.10g}")
    if not low <= number <= high:
        limits = {"low": f"{low:g}", "high": f"{high:g}", "unit": question.unit}
        raise SettingError(say("terminal.out_of_limits", given=typed, **limits).text.replace(" .", "."))
    return number


def _factor(asked: str, typed: str) -> float | None:
    """Return by what a number is multiplied that carries a unit of its own, None for a unit that does not fit."""
    unit, given = SAME_UNIT.get(asked, asked), SAME_UNIT.get(typed.lower(), typed.lower())
    if given in ("", unit, asked.lower()):
        return 1.0
    return OTHER_UNITS.get(unit, {}).get(given)


def _choice(choices: Sequence[Choice], typed: str) -> str:
    word = typed.lower().rstrip(".")
    if word.isdecimal() and 1 <= int(word) <= len(choices):
        return choices[int(word) - 1].value
    for choice in choices:
        if word in (choice.value.lower(), choice.label.lower()):
            return choice.value
    raise SettingError(say("terminal.not_a_choice", given=typed, first=1, last=len(choices)).text)


def _several(choices: Sequence[Choice], typed: str) -> tuple[str, ...]:
    if typed.lower() in ("none", "0", "-"):
        return ()
    between = r"[,;]+" if re.search(r"[^\W\d_]", typed) else r"[\s,;]+"
    chosen = [_choice(choices, word.strip()) for word in re.split(between, typed.strip(" ,;"))]
    return tuple(choice.value for choice in choices if choice.value in chosen)
