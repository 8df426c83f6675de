"""One patient at a glance: what is known, what comes next, who changed which answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from kinechain.care.follow_up.events import CheckIn, Event, PlanMade, Session, VisitMade
from kinechain.care.person.person_file import parse_person
from kinechain.care.person.person_writer import person_tables
from kinechain.care.screening.screen import Screen
from kinechain.core.errors import InputError
from kinechain.store.links import Link, links_of
from kinechain.store.people import Version, list_versions, version
from kinechain.store.tables import account
from kinechain.workspace.assessing import is_current, newest_assessment, read_output
from kinechain.workspace.case import NAME, Case, read_case
from kinechain.workspace.exam_sheet import exam_sheet
from kinechain.workspace.place import Place
from kinechain.workspace.recordings import recordings_of
from kinechain.workspace.tasks import Task, tasks_of

__all__ = ["Difference", "Overview", "Step", "VersionLine", "people_names", "read_overview", "read_version"]

#: Lines of logs and versions that the page of a patient shows.
LOGS, VERSIONS = 6, 8

NO_FILES, NEW, OLD = "none; a verdict can do without", "up to date", "older than the newest answers"

#: Events that the last lines of a journal are named by.
EVENTS = {
    "CheckIn": "check-in",
    "Session": "exercise done",
    "NextMorning": "morning after",
    "StandingDay": "standing diary",
    "FootwearWorn": "shoes worn",
    "StepsTaken": "steps",
    "AdverseEvent": "something went wrong",
    "VisitMade": "visit",
    "PlanMade": "plan agreed",
    "Reviewed": "plan reviewed",
    "Cleared": "danger sign cleared",
    "ClearingWithdrawn": "clearance taken back",
    "Alerted": "alert",
    "Acknowledged": "alert seen",
    "NotDone": "not done",
    "Paused": "pause",
    "ConsentGiven": "consent given",
    "ConsentWithdrawn": "consent taken back",
}


@dataclass(frozen=True)
class Step:
    """One step on the way from registering to following; exactly one that is not done comes next."""

    title: str
    state: str
    where: str
    action: str
    is_done: bool = False
    is_next: bool = False


@dataclass(frozen=True)
class VersionLine:
    """One version of the answers: its number, when, and who wrote it in words."""

    number: int
    at: datetime
    by: str


@dataclass(frozen=True)
class LogLine:
    """One event of the journal in short."""

    at: datetime
    what: str
    told: str


@dataclass(frozen=True)
class Overview:
    """What the page of one patient shows."""

    case: Case
    screen: Screen
    steps: tuple[Step, ...]
    links: tuple[Link, ...]
    tasks: tuple[Task, ...]
    versions: tuple[VersionLine, ...]
    logs: tuple[LogLine, ...]
    verdict: str
    verdict_at: datetime | None
    is_verdict_current: bool


def read_overview(place: Place, patient_id: str) -> Overview:
    """Return one patient at a glance.

    Parameters
    ----------
    place : Place
    patient_id : str
    """
    with place.database.reading() as connection:
        case = read_case(connection, patient_id)
        versions = list_versions(connection, patient_id, VERSIONS)
        names = people_names(connection, case.patient.clinic_id, (by for _, _, by in versions))
        links, tasks = links_of(connection, patient_id), tasks_of(connection, patient_id)
        files = recordings_of(connection, patient_id)
        made = newest_assessment(connection, patient_id)
    screen = case.screened()
    current = made is not None and is_current(case, files, made[0])
    headline = ""
    if made and not screen.plan_locked:
        headline = _headline(place, made[1])
    return Overview(
        case=case,
        screen=screen,
        steps=_steps(case, screen, len(files), has_verdict=made is not None, is_current=current),
        links=links,
        tasks=tuple(task for task in tasks if task.done_at is None),
        versions=tuple(VersionLine(number, at, names[by]) for number, at, by in versions),
        logs=tuple(_log(event) for event in sorted(case.events, key=lambda e: e.at, reverse=True)[:LOGS]),
        verdict=headline,
        verdict_at=made[0].finished_at if made else None,
        is_verdict_current=current,
    )


def _headline(place: Place, outputs: Any) -> str:
    try:
        return str(json.loads(read_output(place, outputs, "verdict.json")).get("headline", ""))
    except (InputError, ValueError):
        return ""


def _log(event: Event) -> LogLine:
    told = ""
    if isinstance(event, CheckIn):
        pains = [pain for pain in (event.back_pain, event.foot_pain, event.worst_pain) if pain is not None]
        told = f"worst pain {max(pains):g} of 10" if pains else ""
    elif isinstance(event, Session):
        told = event.exercise.replace("_", " ") + (
            f", pain {event.pain_during:g} of 10" if event.pain_during is not None else ""
        )
    kind = type(event).__name__
    return LogLine(event.at, EVENTS.get(kind, kind), told)


def _steps(case: Case, screen: Screen, files: int, *, has_verdict: bool, is_current: bool) -> tuple[Step, ...]:
    """Return the way of a patient with the first open step marked."""
    person = case.person
    asked = [flag for flag in screen.flags if flag.is_open]
    raised = [flag for flag in screen.flags if not flag.is_open]
    sheet = exam_sheet(person, date.today())
    plans = sum(isinstance(event, PlanMade) for event in case.events)
    visit_words = _count(sum(isinstance(event, VisitMade) for event in case.events), "visit", "visits")
    logs = sum(isinstance(event, CheckIn | Session) for event in case.events)
    danger = ", ".join(f"{len(flags)} {word}" for flags, word in ((raised, "raised"), (asked, "open")) if flags)
    rows = (
        ("Danger signs", danger or "all answered", "intake", "Answer" if asked else "Review", not screen.plan_locked),
        ("Intake", _intake_state(case), "intake", "Review", bool(person.history.pain_regions or person.symptoms)),
        ("Examination", f"{sheet.done} of {len(sheet.tests)} tests", "exam", "Open the sheet", sheet.done > 0),
        ("Recordings", f"{files} handed in" if files else NO_FILES, "recordings", "Hand in", files > 0 or has_verdict),
        ("Verdict", NEW if is_current else OLD if has_verdict else "not yet", "verdict", "Open", is_current),
        ("Plan", _plan_state(screen, has_plan=plans > 0), "plan", "Open", plans > 0 and not screen.plan_locked),
        ("Follow", f"{_count(logs, 'entry', 'entries')}, {visit_words}", "progress", "Open", False),
    )
    first = next((n for n, row in enumerate(rows) if not row[-1]), len(rows) - 1)
    return tuple(Step(*row, is_next=n == first) for n, row in enumerate(rows))


def _plan_state(screen: Screen, *, has_plan: bool) -> str:
    if screen.plan_locked:
        return "agreed, and held back now" if has_plan else "locked"
    return "agreed" if has_plan else "not yet"


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _intake_state(case: Case) -> str:
    if case.version is None:
        return "nothing answered yet"
    return f"version {case.number} of {case.version.at.date().isoformat()}"


def people_names(connection: Connection, clinic_id: str, codes: Iterable[str]) -> Mapping[str, str]:
    """Return who an author is in words, for the clinic: a colleague's name, 'the patient', 'a worker'.

    Parameters
    ----------
    connection : Connection
    clinic_id : str
    codes : iterable of str
        `kinechain.store.audit.Actor.code`.
    """
    found = {}
    wanted = set(codes)
    ids = {code.removeprefix("account:") for code in wanted if code.startswith("account:")}
    rows = select(account.c.id, account.c.name).where(account.c.clinic_id == clinic_id, account.c.id.in_(ids))
    names = {row.id: row.name for row in connection.execute(rows)}
    for code in wanted:
        kind, _, rest = code.partition(":")
        words = {"link": "the patient, by their link", "account": names.get(rest, "a colleague who left")}
        found[code] = words.get(kind, f"a {kind}")
    return found


# ---- versions


@dataclass(frozen=True)
class Difference:
    """One line of a person file that two versions have differently; '' where a version has none."""

    table: str
    key: str
    before: str
    after: str


def read_version(
    place: Place, patient_id: str, number: int
) -> tuple[Case, Version, str, tuple[Difference, ...], tuple[Difference, ...]]:
    """Return an older version of the answers: its author, what it changed, and what changed since.

    Parameters
    ----------
    place : Place
    patient_id : str
    number : int

    Returns
    -------
    Case, Version, author in words, changes of this version, changes since
    """
    with place.database.reading() as connection:
        case = read_case(connection, patient_id)
        shown = version(connection, patient_id, number)
        before = version(connection, patient_id, number - 1) if number > 1 else None
        by = people_names(connection, case.patient.clinic_id, [shown.by])[shown.by]
    here, then = _flat(shown.text), _flat(before.text) if before else {}
    now_there = _flat(case.version.text) if case.version else {}
    return case, shown, by, _differences(then, here), _differences(here, now_there)


def _flat(text: str) -> dict[tuple[str, str], str]:
    """Return every value of a person file by its table and key."""
    found: dict[tuple[str, str], str] = {}
    for table, content in person_tables(parse_person(text, NAME, Path())).items():
        if table == "symptoms":
            found |= {(table, f"{m['kind']} {m['region']} {m.get('view', '')}".strip()): "marked" for m in content}
            continue
        for key, value in content.items():
            if key == "pseudonym":
                continue
            entries = value if table == "exam" and isinstance(value, list) else [value]
            for entry in entries:
                if isinstance(entry, dict) and "side" in entry:
                    told = " ".join(str(entry[k]) for k in ("part", "side", "measured_on") if k in entry)
                    found[(table, f"{key} {told}")] = f"{entry.get('value', '')} {entry.get('unit', '')}".strip()
                else:
                    found[(table, key)] = _told(entry)
    return found


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_told(entry)}" for key, entry in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(map(_told, value))
    return str(value).replace("_", " ")


def _differences(before: Mapping[tuple[str, str], str], after: Mapping[tuple[str, str], str]) -> tuple[Difference, ...]:
    keys = dict.fromkeys((*before, *after))
    return tuple(
        Difference(table, key.replace("_", " "), before.get((table, key), ""), after.get((table, key), ""))
        for table, key in keys
        if before.get((table, key)) != after.get((table, key))
    )
