"""Danger signs before anything else (a minimal lock; the full screen grows here)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Flag", "Level", "Screen"]

Level = Literal["none", "routine", "soon", "next_working_day", "same_day", "emergency", "not_screened"]


@dataclass(frozen=True)
class Flag:
    """One danger sign that was answered 'yes', or an emergency question left unknown.

    Attributes
    ----------
    id, urgency, basis, answer, rule : str
        As in ``red_flags.toml``; ``basis`` is 'source' or 'choice'; ``answer`` is 'yes', 'no', 'unknown'
        or 'not asked'; ``rule`` is what to do.
    question : str
        As printed.
    """

    id: str
    urgency: Level
    basis: str
    answer: str
    rule: str
    question: str = ""


@dataclass(frozen=True)
class Screen:
    """The outcome of the danger-sign questions."""

    level: Level
    flags: tuple[Flag, ...]
    plan_locked: bool
    reason: str = ""
