"""Visits: each stays as it was; computed again under another version it stands beside the old one, value by value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal

from kinechain.care.follow_up.events import Event, VisitMade
from kinechain.care.person.person import Score
from kinechain.core.errors import JournalError
from kinechain.core.estimate import Estimate

__all__ = ["Moved", "Visit", "compared", "made_visit", "rerun", "visits"]


@dataclass(frozen=True)
class Visit:
    """One visit with every new computation of it.

    Attributes
    ----------
    made : VisitMade
        As it was.
    reruns : tuple of VisitMade
        Oldest first.
    """

    made: VisitMade
    reruns: tuple[VisitMade, ...] = ()


@dataclass(frozen=True)
class Moved:
    """One measure under two versions.

    Attributes
    ----------
    id, side : str
    before, after : Estimate or None
        None where that version did not give it.
    state : 'same', 'moved', 'gained', 'lost' or 'other unit'
        'moved': the new value lies outside the old interval.
    """

    id: str
    side: str
    before: Estimate | None
    after: Estimate | None
    state: Literal["same", "moved", "gained", "lost", "other unit"]


def made_visit(
    visit: str,
    assessment: Mapping[str, Any],
    *,
    id: str,
    at: datetime,
    by: str,
    why: str,
    scores: tuple[Score, ...] = (),
) -> VisitMade:
    """Return the event of a visit; version and inputs are those the assessment names.

    Parameters
    ----------
    visit : str
        E.g. 'baseline', 'week 6'.
    assessment : mapping
        Of the schema ``kinechain/assessment/1``.
    id, by, why : str
    at : datetime
        As of every event.
    scores : tuple of Score

    Raises
    ------
    JournalError
        If the assessment names no version, or nobody says who made the visit and why.
    """
    provenance = assessment.get("provenance")
    if not isinstance(provenance, Mapping) or not provenance.get("version"):
        raise JournalError(f"the assessment of the visit '{visit}' does not say which version made it")
    if not by or not why:
        raise JournalError(f"the visit '{visit}' needs who made it and why")
    return VisitMade(
        id=id,
        at=at,
        by=by,
        why=why,
        visit=visit,
        version=str(provenance["version"]),
        inputs=MappingProxyType(dict(provenance.get("inputs", {}))),
        assessment=MappingProxyType(dict(assessment)),
        scores=scores,
    )


def rerun(old: VisitMade, assessment: Mapping[str, Any], *, id: str, at: datetime, by: str, why: str) -> VisitMade:
    """Return an old visit, computed again: it stands beside the old one, which stays.

    Parameters
    ----------
    old : VisitMade
    assessment : mapping
        Of the same inputs.
    id, by, why : str
    at : datetime
        As of every event.

    Raises
    ------
    JournalError
        If the inputs are not those of the old visit, or as `made_visit`.
    """
    new = made_visit(old.visit, assessment, id=id, at=at, by=by, why=why, scores=old.scores)
    if dict(new.inputs) != dict(old.inputs):
        other = sorted(name for name in {*new.inputs, *old.inputs} if new.inputs.get(name) != old.inputs.get(name))
        raise JournalError(
            f"the visit '{old.visit}' cannot be computed again from other files ({', '.join(other[:3])}); "
            "make a new visit"
        )
    fields = {name: getattr(new, name) for name in new.__dataclass_fields__}
    return VisitMade(**{**fields, "rerun_of": old.rerun_of or old.id})


def visits(events: Iterable[Event]) -> tuple[Visit, ...]:
    """Return every visit, oldest first, with its reruns.

    Parameters
    ----------
    events : iterable of Event

    Raises
    ------
    JournalError
        If a rerun names a visit that is not there.
    """
    made = sorted((event for event in events if isinstance(event, VisitMade)), key=lambda event: (event.at, event.id))
    own = {event.id: event for event in made if not event.rerun_of}
    if lost := [event for event in made if event.rerun_of and event.rerun_of not in own]:
        raise JournalError(f"the visit '{lost[0].id}' is a rerun of '{lost[0].rerun_of}', which is not in the journal")
    return tuple(Visit(visit, tuple(event for event in made if event.rerun_of == visit.id)) for visit in own.values())


def compared(before: VisitMade, after: VisitMade) -> tuple[Moved, ...]:
    """Return every measure of two computations side by side.

    Parameters
    ----------
    before, after : VisitMade
    """
    old, new = _measures(before), _measures(after)
    return tuple(Moved(*key, old.get(key), new.get(key), _state(old.get(key), new.get(key))) for key in {**old, **new})


def _state(before: Estimate | None, after: Estimate | None) -> Literal["same", "moved", "gained", "lost", "other unit"]:
    if before is None or after is None:
        return "gained" if before is None else "lost"
    if before.unit != after.unit:
        return "other unit"
    return "same" if before.low <= after.value <= before.high else "moved"


def _measures(visit: VisitMade) -> dict[tuple[str, str], Estimate]:
    """Return the measures of an assessment by id and side."""
    measures: Any = visit.assessment.get("measures", ())
    return {
        (str(row["id"]), str(row["side"])): Estimate(
            row["value"],
            row["low"],
            row["high"],
            str(row["unit"]),
            str(row.get("source") or row.get("method") or "not stated"),
        )
        for row in measures
    }
