"""Two visits side by side: every measure with its change, and whether that is more than the error of measuring it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection

from kinechain.care.follow_up.events import VisitMade
from kinechain.care.records.visits import Visit, compared, visits
from kinechain.core.errors import InputError
from kinechain.core.estimate import Estimate
from kinechain.store.jobs import outputs_of
from kinechain.workspace.assessing import assessments_of, read_output, visit_id
from kinechain.workspace.case import Case
from kinechain.workspace.place import Place

__all__ = ["Beside", "Pair", "newest_of", "pair_of", "visit_curves", "visits_of"]

Kind = Literal["more than error", "within error", "not known", "gained", "lost"]

#: In which order rows stand.
ORDER: tuple[Kind, ...] = ("more than error", "within error", "not known", "gained", "lost")


@dataclass(frozen=True)
class Beside:
    """One measure at two visits.

    Attributes
    ----------
    name, side, unit : str
    before, after : Estimate or None
    change : float or None
    smallest : float or None
        Smallest change that is more than error between sessions; None where no source tells.
    kind : str
    """

    name: str
    side: str
    unit: str
    before: Estimate | None
    after: Estimate | None
    change: float | None
    smallest: float | None
    kind: Kind


@dataclass(frozen=True)
class Pair:
    """Two visits and every measure of both.

    Attributes
    ----------
    before, after : VisitMade
    rows : tuple of Beside
        Changes that are more than error first.
    is_same_version : bool
        False: a difference may come from the model.
    """

    before: VisitMade
    after: VisitMade
    rows: tuple[Beside, ...]
    is_same_version: bool


def visits_of(case: Case) -> tuple[Visit, ...]:
    """Return the visits of a case, oldest first, each with what was computed of it again.

    Parameters
    ----------
    case : Case
    """
    return visits(case.events)


def newest_of(visit: Visit) -> VisitMade:
    """Return the newest computation of a visit.

    Parameters
    ----------
    visit : Visit
    """
    return visit.reruns[-1] if visit.reruns else visit.made


def pair_of(case: Case, before: str = "", after: str = "") -> Pair | None:
    """Return two visits side by side: those that are named, else the first and the last; None if there is only one.

    Parameters
    ----------
    case : Case
    before, after : str
        Ids of visits.

    Raises
    ------
    InputError
        If this patient has no such visit.
    """
    found = visits_of(case)
    if len(found) < 2 and not (before and after):
        return None
    first, last = (_named(found, id) for id in (before or found[0].made.id, after or found[-1].made.id))
    names = {(r["id"], r["side"]): str(r["name"]) for v in (first, last) for r in _rows(v, "measures")}
    smallest = {(r["id"], r["side"]): float(r["value"]) for v in (first, last) for r in _rows(v, "smallest_changes")}
    rows = [
        _beside(names.get((m.id, m.side), m.id), m.side, m.before, m.after, smallest.get((m.id, m.side)))
        for m in compared(first, last)
    ]
    rows.sort(key=lambda row: (ORDER.index(row.kind), -_size(row), row.name, row.side))
    return Pair(first, last, tuple(rows), first.version == last.version)


def _rows(visit: VisitMade, name: str) -> Sequence[Mapping[str, Any]]:
    rows: Any = visit.assessment.get(name, ())
    return tuple(rows)


def _named(found: Sequence[Visit], id: str) -> VisitMade:
    visit = next((v for v in found if v.made.id == id or any(r.id == id for r in v.reruns)), None)
    if visit is None:
        raise InputError("this patient has no such visit; load the page again")
    return newest_of(visit)


def _beside(name: str, side: str, before: Estimate | None, after: Estimate | None, smallest: float | None) -> Beside:
    unit = (after or before).unit if (after or before) else ""  # type: ignore[union-attr]
    if before is None or after is None or before.unit != after.unit:
        return Beside(name, side, unit, before, after, None, smallest, "gained" if before is None else "lost")
    change = after.value - before.value
    kind: Kind = "not known"
    if smallest is not None:
        kind = "more than error" if abs(change) > smallest else "within error"
    return Beside(name, side, unit, before, after, change, smallest, kind)


def _size(row: Beside) -> float:
    return abs(row.change) / row.smallest if row.change is not None and row.smallest else 0.0


def visit_curves(place: Place, connection: Connection, case: Case, id: str) -> list[dict[str, Any]]:
    """Return the curves of a visit; empty where the analysis behind it is not kept or nobody walked.

    Parameters
    ----------
    place : Place
    connection : Connection
    case : Case
    id : str
        Of a visit of this case.

    Raises
    ------
    InputError
        If this patient has no such visit.
    """
    made = _named(visits_of(case), id)
    for job in assessments_of(connection, case.patient.id):
        if job.state == "done" and visit_id(job.id) == made.id:
            curves: list[dict[str, Any]] = json.loads(
                read_output(place, outputs_of(connection, job.id), "verdict.json")
            )["curves"]
            return curves
    return []
