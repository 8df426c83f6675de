"""Old visits computed again by this version: the new result stands beside the old one, which stays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from kinechain import __version__
from kinechain.care.follow_up.events import VisitMade
from kinechain.care.person.person import Person
from kinechain.care.records.visits import Moved, Visit, compared, rerun, visits
from kinechain.cli.person_files import Records, new_id, now, write_events
from kinechain.core.estimate import Estimate
from kinechain.evidence.wording import say

__all__ = ["Rerun", "rerun_lines", "rerun_visits"]


@dataclass(frozen=True)
class Rerun:
    """One visit computed again.

    Attributes
    ----------
    visit : str
        Its name.
    before, after : str
        Versions.
    moved : tuple of Moved
        Every measure of both.
    refused : str
        Why it was not computed again, in a sentence; '' if it was.
    """

    visit: str
    before: str
    after: str = __version__
    moved: tuple[Moved, ...] = ()
    refused: str = ""


def rerun_visits(records: Records, tell: Callable[[str], None]) -> tuple[Rerun, ...]:
    """Compute every visit of an older version again, and write the results into the journal.

    Parameters
    ----------
    records : Records
    tell : callable
        Takes one short sentence per step.

    Notes
    -----
    The person is taken as they were then: without what was measured later.  A visit is computed from the very files it
    was made from; where one is gone or was altered since, it is named and left.
    """
    found, new = [], []
    for visit in visits(records.events):
        latest = visit.reruns[-1] if visit.reruns else visit.made
        if latest.version == __version__:
            continue
        outcome, event = _again(records, visit, tell)
        found.append(outcome)
        new += [event] if event else []
    if new:
        write_events(records, new)
    return tuple(found)


def rerun_lines(found: tuple[Rerun, ...]) -> list[str]:
    """Return what became of the visits, one paragraph a line: of the measures only those that are not the same.

    Parameters
    ----------
    found : tuple of Rerun
    """
    if not found:
        return [say("terminal.rerun_none", version=__version__).text]
    lines = []
    for one in found:
        versions = {"visit": one.visit, "before": one.before, "after": one.after}
        if one.refused:
            lines += [say("terminal.rerun_refused", visit=one.visit, reason=one.refused).text]
            continue
        differing = [moved for moved in one.moved if moved.state != "same"]
        lines += [say("terminal.rerun", **versions, count=len(one.moved), differing=len(differing)).text]
        lines += [
            f"  {_named(moved)}: {_value(moved.before)} -> {_value(moved.after)} ({moved.state})" for moved in differing
        ]
    return lines


def _again(records: Records, visit: Visit, tell: Callable[[str], None]) -> tuple[Rerun, VisitMade | None]:
    from kinechain.analysis import Settings, assess
    from kinechain.report.json import assessment_json

    made = visit.made
    person = _as_of(records.person, made.at.date())
    files = dict(_files(records.path.parent, made, person))
    if gone := sorted(set(made.inputs) - set(files)):
        return Rerun(made.visit, made.version, refused=say("terminal.rerun_gone", file=gone[0]).text), None
    if not (files or person.exam):
        return Rerun(made.visit, made.version, refused=say("terminal.rerun_nothing").text), None
    bare = replace(person, static=None, recordings=())
    held = (records.clearances, records.told)
    assessment = assess(bare, tuple(files.values()), None, Settings(chain=None), tell, None, *held)
    plain: dict[str, Any] = json.loads(assessment_json(assessment))
    why = f"computed again by {__version__}"
    event = rerun(made, plain, id=new_id(), at=now(), by=made.by, why=why)
    return Rerun(made.visit, made.version, moved=compared(made, event)), event


def _as_of(person: Person, day: date) -> Person:
    """Return a person without what was measured after a day."""

    def is_known(measured_on: date | None) -> bool:
        return measured_on is None or measured_on <= day

    return replace(
        person,
        exam=tuple(item for item in person.exam if is_known(item.measured_on)),
        not_examined=tuple(item for item in person.not_examined if is_known(item.measured_on)),
        questionnaires=tuple(score for score in person.questionnaires if is_known(score.answered_on)),
    )


def _files(folder: Path, made: VisitMade, person: Person) -> Iterator[tuple[str, Path]]:
    """Yield the files of a visit that still lie there unaltered."""
    named = [Path(path) for path in (*([person.static] if person.static else []), *person.recordings)]
    for name, digest in made.inputs.items():
        for path in (*(p for p in named if p.name == name), folder / name):
            if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest:
                yield name, path
                break


def _named(moved: Moved) -> str:
    return moved.id if moved.side in ("", "both") else f"{moved.id} {moved.side}"


def _value(estimate: Estimate | None) -> str:
    if estimate is None:
        return say("terminal.rerun_absent").text
    return f"{estimate.value:.4g} {estimate.unit} ({estimate.low:.4g} to {estimate.high:.4g})"
