"""An entry of a diary as it comes from a form, a phone or a table: its kind, its fields, the danger signs it names."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from kinechain.care.follow_up.events import (
    AdverseEvent,
    CheckIn,
    Event,
    FootwearWorn,
    NextMorning,
    NotDone,
    Paused,
    Session,
    StandingDay,
    StepsTaken,
)
from kinechain.care.person.red_flag_text import asked_again
from kinechain.care.records.plain_values import EVENT_KINDS
from kinechain.core.errors import SettingError, suggest
from kinechain.core.text import printable

__all__ = ["DIARY_KINDS", "check_fields", "danger_answers", "default_fields", "field_value"]

#: What a patient may write down, by its word; visits, plans, reviews and clearances are written by clinicians.
DIARY_KINDS: Mapping[str, type[Event]] = MappingProxyType(
    {
        word: kind
        for word, kind in EVENT_KINDS.items()
        if kind in (Session, NextMorning, CheckIn, StandingDay, FootwearWorn, StepsTaken, AdverseEvent, NotDone, Paused)
    }
)
#: Largest whole number that is looked at.
LARGEST = 1e9
TRUTHS = MappingProxyType({"yes": True, "true": True, "on": True, "no": False, "false": False})


def check_fields(word: str, values: Mapping[str, Any], filled: Collection[str]) -> None:
    """Refuse an entry of no kind, with a field it does not have, or without one it needs.

    Parameters
    ----------
    word : str
        Names the kind.
    values : mapping of field to value
    filled : collection of str
        Fields that are filled in later.

    Raises
    ------
    SettingError
        If it is so.
    """
    if word not in DIARY_KINDS:
        raise SettingError(f"there is no entry '{printable(word)[:40]}'. {suggest(word, DIARY_KINDS)}")
    fields = {field.name: field for field in dataclasses.fields(DIARY_KINDS[word])}
    if unknown := next((key for key in values if key not in fields), None):
        raise SettingError(f"an entry '{word}' has no '{printable(str(unknown))[:40]}'. {suggest(unknown, fields, 20)}")
    for name, field in fields.items():
        is_needed = field.default is field.default_factory is dataclasses.MISSING
        if is_needed and name not in values and name not in filled:
            has = printable(", ".join(sorted(values)))[:200] or "nothing"
            raise SettingError(f"an entry '{word}' needs '{name}'; it has {has}")


def default_fields(kind: type[Event]) -> dict[str, Any]:
    """Return the plain values of the fields that may be left out.

    Parameters
    ----------
    kind : type of Event
    """
    found: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        if field.default is not dataclasses.MISSING:
            found[field.name] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            found[field.name] = dict(field.default_factory())
    return found


def field_value(word: str, name: str, text: str) -> Any:
    """Return a field that came as text, as its kind of entry holds it.

    Parameters
    ----------
    word : str
        Names the kind.
    name : str
        Of the field; of one the kind does not have the text comes back.
    text : str

    Raises
    ------
    SettingError
        If it is no number, or neither yes nor no, where one is needed.
    """
    kinds = {field.name: str(field.type) for field in dataclasses.fields(DIARY_KINDS[word])}
    kind = kinds.get(name, "str").partition(" ")[0]
    if kind == "bool":
        if text.lower() not in TRUTHS:
            raise SettingError(f"{name} is '{printable(text)[:40]}'; write yes or no")
        return TRUTHS[text.lower()]
    if kind not in ("int", "float"):
        return text
    try:
        number = float(text.replace(",", "."))
    except ValueError as error:
        raise SettingError(f"{name} is '{printable(text)[:40]}'; write a number") from error
    if kind == "float":
        return number
    if not abs(number) < LARGEST or number != round(number):
        raise SettingError(f"{name} is '{printable(text)[:40]}'; write a whole number")
    return int(number)


def danger_answers(named: Sequence[str]) -> dict[str, str]:
    """Return what one question says of every danger sign that is asked again.

    Parameters
    ----------
    named : sequence of str
        Ids of signs that are there, or one of 'none', 'unknown' and 'skipped'.

    Raises
    ------
    SettingError
        If a sign is not known, or 'none' stands beside one.
    """
    asked = asked_again()
    if tuple(named) in (("unknown",), ("skipped",)):
        return dict.fromkeys(asked, named[0])
    there = [key for key in named if key != "none"]
    if not named or len(there) not in (0, len(named)):
        raise SettingError("choose the signs that are there, or none of them, not both")
    if unknown := next((key for key in there if key not in asked), None):
        raise SettingError(f"there is no danger sign '{printable(unknown)[:40]}'. {suggest(unknown, asked)}")
    return {key: "yes" if key in there else "no" for key in asked}
