"""The one place where values become plain JSON values and come back: nothing guessed, nothing dropped, no key more.

A number stays a number, a text a text; a key that the value does not have is refused, and every refusal says where.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import date, datetime
from functools import cache
from types import MappingProxyType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from cattrs import BaseValidationError, Converter, transform_error
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from kinechain.care.follow_up.events import Event
from kinechain.care.planning.plan import (
    Advice,
    Exercise,
    Goal,
    HeelLift,
    NotOffered,
    Orthosis,
    Part,
    Referral,
)
from kinechain.core.errors import InputError, KinechainError, suggest

__all__ = ["EVENT_KINDS", "PART_KINDS", "from_plain", "to_plain"]

#: Every kind of event by the word that names it in a journal.
EVENT_KINDS: Mapping[str, type[Event]] = MappingProxyType(
    {re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in Event.__subclasses__()}
)
#: Every kind of part of a plan by the word that names it.
PART_KINDS: Mapping[str, type[Part]] = MappingProxyType(
    {kind.kind: kind for kind in (Goal, Exercise, Advice, Orthosis, HeelLift, Referral, NotOffered)}
)

Value = TypeVar("Value")

#: Years a time may lie in: every clock of the world can tell them, and nothing is written down in others (choice).
YEARS = range(1900, 9999)


def to_plain(value: object) -> Any:
    """Return a value as dictionaries, lists, texts and numbers.

    An event carries the word for its kind as ``event``, a part of a plan as ``kind``; a time keeps the offset of its
    clock.

    Parameters
    ----------
    value : object
        A frozen dataclass of `kinechain.care`, or a collection of them.
    """
    return _converter().unstructure(value)


def from_plain(plain: object, kind: type[Value]) -> Value:
    """Return the value that `to_plain` wrote.

    Parameters
    ----------
    plain : object
        As read from JSON.
    kind : type
        What it must be; `Event` and `Part` stand for any of their kinds.

    Raises
    ------
    InputError
        If a key is missing or not known, or a value is not of its kind; it says where.
    """
    try:
        return _converter().structure(plain, kind)
    except BaseValidationError as error:
        faults = transform_error(error, format_exception=_fault)
        raise InputError("; ".join(map(_placed, faults[:3]))) from error
    except (KinechainError, TypeError, ValueError) as error:
        raise InputError(_fault(error, None)) from error


@cache
def _converter() -> Converter:
    """Return the converter; its hooks are looked up in the order they are set here, the last one first."""
    converter = Converter(forbid_extra_keys=True, omit_if_default=False)
    for kind in (int, float, str, bool):
        converter.register_structure_hook(kind, _exact)
    for moment in (date, datetime):
        converter.register_structure_hook(moment, _moment)
        converter.register_unstructure_hook(moment, lambda value: value.isoformat())
    converter.register_structure_hook_func(lambda kind: kind in (object, Any), lambda value, _: value)
    converter.register_structure_hook_func(_is_mapping, lambda value, kind: _mapping(converter, value, kind))
    converter.register_structure_hook_func(_is_tuple, lambda value, kind: _items(converter, value, kind))
    converter.register_structure_hook_func(_is_words, _word)
    converter.register_unstructure_hook_func(_is_mapping, lambda value: _plain_mapping(converter, value))
    for tag, kinds, base in (("event", EVENT_KINDS, Event), ("kind", PART_KINDS, Part)):
        _register_kinds(converter, tag, kinds, base)
    return converter


def _register_kinds(converter: Converter, tag: str, kinds: Mapping[str, type[Any]], base: type[Any]) -> None:
    """Let every value of a family carry the word for its kind."""
    readers = {word: make_dict_structure_fn(kind, converter) for word, kind in kinds.items()}
    writers = {kind: (word, make_dict_unstructure_fn(kind, converter)) for word, kind in kinds.items()}

    def structure(plain: Any, _: object) -> Any:
        if not isinstance(plain, dict):
            raise InputError(f"{_shown(plain)} is no table with keys")
        word = plain.get(tag)
        if not isinstance(word, str) or word not in kinds:
            raise InputError(f"there is no {tag} {_shown(word)}. {suggest(str(word), kinds, limit=20)}")
        return readers[word]({key: value for key, value in plain.items() if key != tag}, kinds[word])

    def unstructure(value: Any) -> dict[str, Any]:
        word, write = writers[type(value)]
        return {tag: word, **write(value)}

    converter.register_structure_hook_func(lambda kind: kind is base, structure)
    converter.register_unstructure_hook_func(lambda kind: kind is base or kind in writers, unstructure)


def _exact(value: Any, kind: type[Any]) -> Any:
    """Return a number, text or truth value unchanged; an integer stands for a number, nothing else is turned."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = number if kind is float else isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    if not fits or (number and not math.isfinite(value)):
        names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
        raise InputError(f"{_shown(value)} is not {names[kind]}")
    return value


def _moment(value: Any, kind: type[Any]) -> Any:
    is_time = kind is datetime
    try:
        moment = kind.fromisoformat(value)
    except (TypeError, ValueError) as error:
        wanted = "a time such as 2026-03-01T08:30:00+01:00" if is_time else "a day such as 2026-03-01"
        raise InputError(f"{_shown(value)} is not {wanted}") from error
    if is_time and moment.utcoffset() is None:
        raise InputError(f"{_shown(value)} lacks the offset of its clock, such as +01:00")
    if is_time and moment.year not in YEARS:
        raise InputError(f"{_shown(value)} cannot be: its year lies outside {YEARS.start} to {YEARS.stop - 1}")
    return moment


@cache
def _words(kind: Any) -> tuple[Any, ...]:
    """Return the words of a Literal, or of a union of nothing but them; empty for anything else."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    parts = [_words(part) for part in get_args(kind)] if get_origin(kind) in (Union, UnionType) else []
    return tuple(word for part in parts for word in part) if parts and all(parts) else ()


def _is_words(kind: Any) -> bool:
    return bool(_words(kind))


def _word(value: Any, kind: Any) -> Any:
    known = _words(kind)
    if not isinstance(value, str) or value not in known:
        raise InputError(f"{_shown(value)} is none of {', '.join(map(repr, known))}")
    return value


def _is_mapping(kind: Any) -> bool:
    return (get_origin(kind) or kind) in (Mapping, MappingProxyType)


def _mapping(converter: Converter, value: Any, kind: Any) -> Mapping[str, Any]:
    _, held = get_args(kind)
    if not isinstance(value, dict):
        raise InputError(f"{_shown(value)} is no table with keys")
    return MappingProxyType({key: converter.structure(entry, held) for key, entry in value.items()})


def _plain_mapping(converter: Converter, value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: converter.unstructure(entry) for key, entry in value.items()}


def _is_tuple(kind: Any) -> bool:
    return (get_origin(kind) or kind) is tuple


def _items(converter: Converter, value: Any, kind: Any) -> tuple[Any, ...]:
    """Return a tuple; a text is no list of letters, and a pair has two entries."""
    if not isinstance(value, list | tuple):
        raise InputError(f"{_shown(value)} is no list")
    held = get_args(kind)
    kinds = [held[0]] * len(value) if len(held) == 2 and held[1] is ... else list(held)
    if len(kinds) != len(value):
        raise InputError(f"a list of {len(value)} stands where {len(kinds)} entries belong")
    found, faults = [], []
    for position, (entry, wanted) in enumerate(zip(value, kinds, strict=True)):
        try:
            found.append(converter.structure(entry, wanted))
        except (BaseValidationError, KinechainError, TypeError, ValueError) as error:
            faults.append(f"entry {position + 1}: {_first_fault(error)}")
    if faults:
        raise InputError("; ".join(faults[:3]))
    return tuple(found)


def _first_fault(error: Exception) -> str:
    if isinstance(error, BaseValidationError):
        return _placed(transform_error(error, format_exception=_fault)[0])
    return _fault(error, None)


def _placed(fault: str) -> str:
    """Return a fault with its place first: 'scores: entry 1: ...'."""
    sentence, _, place = fault.rpartition(" @ $")
    name = place.removeprefix(".")
    return f"{name}: {sentence}" if name else sentence


def _fault(error: BaseException, _: type[Any] | None) -> str:
    """Return one fault in words."""
    if isinstance(error, KinechainError):
        return str(error)
    if isinstance(error, ForbiddenExtraKeysError):
        known = [field for field in getattr(error.cl, "__dataclass_fields__", ())]
        extra = sorted(map(str, error.extra_fields))[0]
        return f"there is no key {_shown(extra)}. {suggest(extra, known, limit=20)}"
    if isinstance(error, KeyError):
        return f"the key {_shown(error.args[0])} is missing"
    return str(error) or f"the value does not fit ({type(error).__name__})"


def _shown(value: object) -> str:
    """Return a value as it may stand in a message: short, and never a whole table."""
    if isinstance(value, dict | list | tuple) or is_dataclass(value):
        return "a table or a list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
