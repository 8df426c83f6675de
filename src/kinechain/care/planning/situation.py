"""What a plan is made from: the person, the deviations beyond their own error, and the drivers that are supported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal

from kinechain.care.drivers import Drivers, Player
from kinechain.care.finding import Finding
from kinechain.care.person.person import Person
from kinechain.care.planning.contraindications import Known, what_is_known
from kinechain.care.planning.doses import week_reached
from kinechain.care.planning.plan import Plan, Predict
from kinechain.care.screening.screen import Screen

__all__ = ["Situation", "Support", "beyond_edge", "beyond_error", "look_at", "supported_players"]

Support = Literal["not computed", "supported", "nothing supported", "undetermined"]


@dataclass(frozen=True)
class Situation:
    """Everything the parts of a plan are chosen by.

    Attributes
    ----------
    person : Person
    screen : Screen
    findings : tuple of Finding
        Only those beyond their own error, by id and side.
    drivers : Drivers or None
        None: not computed.
    players : tuple of Player
        Of the leading set, the most probable first; empty unless it is supported.
    known : Known
        What can speak against something.
    today : date
    predict : callable or None
        Tells what an orthosis would change; None where no body was computed.
    weeks_before : float or None
        How long the plan that is replaced has run, weeks; None for a first plan.
    exercised_before : mapping of str to float
        Exercises of the plan that is replaced, each with the week of its programme at which that plan began it.
    """

    person: Person
    screen: Screen
    findings: tuple[Finding, ...]
    drivers: Drivers | None
    players: tuple[Player, ...]
    known: Known
    today: date
    predict: Predict | None = None
    weeks_before: float | None = None
    exercised_before: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def support(self) -> Support:
        """What the chain says of all players together."""
        if self.drivers is None:
            return "not computed"
        if self.drivers.undetermined:
            return "undetermined"
        return "supported" if self.players else "nothing supported"

    @property
    def stands_on_rules_alone(self) -> bool:
        """True if the chain was asked and supports nothing: then no deviation is a reason either."""
        return self.support in ("nothing supported", "undetermined")


def look_at(
    person: Person,
    screen: Screen,
    today: date,
    findings: Sequence[Finding] = (),
    drivers: Drivers | None = None,
    previous: Plan | None = None,
    predict: Predict | None = None,
) -> Situation:
    """Return what a plan is made from.

    Parameters
    ----------
    person : Person
    screen : Screen
        Of the same person.
    today : date
    findings : sequence of Finding
    drivers : Drivers, optional
    previous : Plan, optional
        The plan that is replaced.
    predict : callable, optional
        As in `Situation`.
    """
    before = () if previous is None else previous.exercises
    return Situation(
        person=person,
        screen=screen,
        findings=beyond_error(findings),
        drivers=drivers,
        players=supported_players(drivers),
        known=what_is_known(person),
        today=today,
        predict=predict,
        weeks_before=None if previous is None else (today - previous.made_on).days / 7.0,
        exercised_before=MappingProxyType({e.exercise: week_reached(e.exercise, e.dose) for e in before}),
    )


def supported_players(drivers: Drivers | None) -> tuple[Player, ...]:
    """Return the players of the leading set, the most probable first; none while it is undetermined.

    Parameters
    ----------
    drivers : Drivers or None
    """
    if drivers is None or drivers.undetermined or not drivers.sets:
        return ()
    leading = set(drivers.sets[0].drivers)
    ranked = sorted(
        ((p, share) for p, share in zip(drivers.players, drivers.p_relevant, strict=True) if p.key in leading),
        key=lambda pair: (-pair[1], pair[0].key),
    )
    return tuple(player for player, _ in ranked)


def beyond_error(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the findings that may be a reason: the whole interval lies beyond the norm, by more than the test errs.

    Parameters
    ----------
    findings : sequence of Finding
    """
    return tuple(sorted((f for f in findings if _is_beyond(f)), key=lambda f: (f.id, f.side)))


def _is_beyond(finding: Finding) -> bool:
    """Return whether a verdict 'outside' also holds against adults, with a known error, beyond that error."""
    norm, estimate = finding.norm, finding.estimate
    if finding.verdict != "outside" or norm is None or not norm.is_adult:
        return False
    if norm.low <= estimate.high and estimate.low <= norm.high:
        return False
    if finding.minimal_detectable_change is None:
        return estimate.low < estimate.high
    return beyond_edge(estimate.value, norm.low, norm.high) > finding.minimal_detectable_change


def beyond_edge(value: float, low: float, high: float) -> float:
    """Return how far a value lies beyond the nearer edge of a range, 0 inside it.

    Parameters
    ----------
    value, low, high : float
    """
    return max(low - value, value - high, 0.0)
