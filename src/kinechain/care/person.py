"""One person: who they are, what they tell, what a clinician found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

__all__ = ["Answer", "ExamItem", "NotExamined", "Person", "Sex"]

Sex = Literal["female", "male"]
Answer = Literal["yes", "no", "unknown"]


@dataclass(frozen=True)
class ExamItem:
    """One item of the examination.

    Attributes
    ----------
    id : str
        Key of the measure, e.g. ``navicular_drop``.
    side : 'left', 'right' or 'both'
    value : float
    unit : str
    method : str
        How it was measured, as written in the person file.
    """

    id: str
    side: Literal["left", "right", "both"]
    value: float
    unit: str
    method: str


@dataclass(frozen=True)
class NotExamined:
    """One item of the examination that has no value; an item that was never named is simply absent.

    Attributes
    ----------
    id, side : str
        As in :class:`ExamItem`.
    state : 'skipped' or 'unknown'
        'skipped': asked for and not done; 'unknown': done, and the result is not known.
    method : str
    """

    id: str
    side: Literal["left", "right", "both"]
    state: Literal["skipped", "unknown"]
    method: str


@dataclass(frozen=True)
class Person:
    """One person, as far as they are known.  ``None`` means not known, never zero.

    Attributes
    ----------
    pseudonym : str
        A code, never a name.
    sex, age_years, height_m, mass_kg, foot_length_m
        Of the person, SI units.
    history : mapping of str to str, float, bool or list
        The ``[history]`` table, keys checked.
    screen : mapping of red flag id to 'yes', 'no' or 'unknown'
        Absent means unknown.
    exam : tuple of ExamItem
    not_examined : tuple of NotExamined
    static : str or None
        Path of the standing trial, as resolved from the person file.
    recordings : tuple of str
        Paths of the walking trials.
    """

    pseudonym: str = "person"
    sex: Sex | None = None
    age_years: float | None = None
    height_m: float | None = None
    mass_kg: float | None = None
    foot_length_m: float | None = None
    history: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    screen: Mapping[str, Answer] = field(default_factory=lambda: MappingProxyType({}))
    exam: tuple[ExamItem, ...] = ()
    not_examined: tuple[NotExamined, ...] = ()
    static: str | None = None
    recordings: tuple[str, ...] = ()
