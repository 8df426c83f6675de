"""People and drivers for the tests of plans."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from kinechain.care.drivers import Drivers, DriverSet, Floor, Player, TargetTable, Treatment
from kinechain.care.finding import Finding, Norm
from kinechain.care.person.person import ExamItem, History, Person
from kinechain.care.planning.plan import Plan
from kinechain.care.planning.planner import make_plan
from kinechain.care.screening.lock import unlock
from kinechain.care.screening.red_flags import questions
from kinechain.core.estimate import Estimate

TODAY = date(2026, 11, 22)
CALM = {flag.id: "no" for flag in questions()}


def adult(screen: dict[str, str] | None = None, **fields: Any) -> Person:
    """Return an adult of 40 who answered every danger sign with no, but for what is told."""
    fields = {"sex": "female", "age_years": 40.0, **fields}
    return Person(screen={**CALM, **(screen or {})}, **fields)  # type: ignore[arg-type]


def with_pain(*regions: str, **fields: Any) -> Person:
    """Return an adult whose named regions hurt; keys of the history go to the history."""
    keys = set(History.__dataclass_fields__)
    history = {key: value for key, value in fields.items() if key in keys}
    return adult(
        history=History(pain_regions=regions, **history),
        **{key: value for key, value in fields.items() if key not in keys},
    )


def item(key: str, side: str, value: float, unit: str, **fields: Any) -> ExamItem:
    """Return one examination item."""
    return ExamItem(key, side, value, unit, "as in the protocol", **fields)  # type: ignore[arg-type]


def plan_of(person: Person, **options: Any) -> Plan:
    """Return the plan of a person whose danger signs are clear."""
    return make_plan(person, unlock(person), today=TODAY, version="0.1.0", **options)


def finding(key: str, side: str, value: float, half: float, change: float | None, **fields: Any) -> Finding:
    """Return a finding against a norm of 100 (90 to 110)."""
    norm = Norm(100.0, 5.0, 90.0, 110.0, "adults of a test", "chisholm2012", "abstract")
    estimate = Estimate(value, value - half, value + half, "cm", "a test")
    made = Finding(key, key, side, estimate, "by hand", norm, "outside", change)  # type: ignore[arg-type]
    return replace(made, **fields)


def player(key: str, side: str, value: float = 8.0, deviation: float = -2.0) -> Player:
    """Return a player whose value lies below what is usual."""
    norm = Norm(13.0, 3.0, 7.1, 18.9, "adults of a test", "chisholm2012", "abstract")
    estimate = Estimate(value, value - 1.0, value + 1.0, "cm", "a test")
    words = key.replace("_", " ")
    return Player(
        key, side, words, f"{key} {side}", estimate, norm, deviation, 0.9, 1.9, "flat", "abstract", ("chisholm2012",)
    )  # type: ignore[arg-type]


def drivers(*players: Player, leading: tuple[str, ...] | None = None, **fields: Any) -> Drivers:
    """Return drivers whose leading set is of all players, or of those named."""
    keys = tuple(sorted(p.key for p in players)) if leading is None else leading
    estimate = Estimate(100.0, 90.0, 110.0, "N", "a test")
    table = TargetTable(
        "disc", "load on the lowest disc", "low_back", "middle", "N", estimate, estimate, estimate,
        Floor(5.0, 5.0, 1.0), (), tuple(0.8 for _ in players), (), 0.1, False,
    )  # fmt: skip
    made = Drivers(
        players=players, not_players=(), targets=(table,), candidates=(), sets=(DriverSet(keys, 0.7),), coverage=0.9,
        none_supported=0.1, undetermined=False, p_relevant=tuple(0.8 for _ in players), groups=(), priors=(),
        sensitivity=(), next_tests=(), treatments=(), direction="not identifiable", direction_reason="", verdict="",
        method="exact subsets", audit_error=None, draws=200, seed=0,
    )  # fmt: skip
    return replace(made, **fields)


def treatment(*players: str, low: float, high: float) -> Treatment:
    """Return what making players typical would take off the load on the lowest disc."""
    return Treatment(players, "disc", Estimate((low + high) / 2.0, low, high, "N", "a test"))
