"""An example clinic, so that a newcomer sees every page filled: three people who are nobody, made by the real verbs."""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import MappingProxyType
from uuid import uuid4

from kinechain import __version__
from kinechain.analysis import Settings, assess
from kinechain.care.follow_up.events import (
    CheckIn,
    ConsentGiven,
    Event,
    NextMorning,
    PlanMade,
    Reviewed,
    Session,
    StandingDay,
)
from kinechain.care.person.person import Person
from kinechain.care.person.red_flag_text import asked_again
from kinechain.care.planning.plan import Exercise, Plan
from kinechain.care.planning.planner import make_plan
from kinechain.care.records.consent import consent_text, text_digest
from kinechain.care.records.plan_values import plan_plain
from kinechain.care.records.visits import made_visit
from kinechain.core.errors import SettingError
from kinechain.demonstration.demonstrate import example_person, write_recordings
from kinechain.demonstration.walk import Asymmetry
from kinechain.report.json import assessment_json
from kinechain.store.accounts import find_account
from kinechain.store.audit import Actor
from kinechain.store.clock import now
from kinechain.store.links import find_link
from kinechain.workspace.accounts import is_new, make_clinic
from kinechain.workspace.assessing import ask_assessment
from kinechain.workspace.case import change_person, read_case, write_events
from kinechain.workspace.following import progress_of
from kinechain.workspace.links import make_link
from kinechain.workspace.patients import register
from kinechain.workspace.place import Place
from kinechain.workspace.recordings import hand_in
from kinechain.workspace.tasks import keep_tasks

__all__ = ["ExampleClinic", "fill_example", "make_example_clinic"]

EMAIL = "example@clinic.example"
#: In the folder of data, so that the same example can be opened again.
KEPT = "example.json"
WEEKS = 8
DAYS = 7 * WEEKS
#: Days the link of the example patient holds.
LINK_DAYS = 30


@dataclass(frozen=True)
class ExampleClinic:
    """What a newcomer needs.

    Attributes
    ----------
    email, password : str
        Of the account.
    walked : str
        Id of the patient with an examination and recordings.
    stopped : str
        Of the one with a danger sign.
    followed : str
        Of the one who has had a plan for eight weeks.
    link : str
        What the last of them opens.
    """

    email: str
    password: str
    walked: str
    stopped: str
    followed: str
    link: str


def fill_example(place: Place) -> list[str]:
    """Make the example clinic where there is none, and return what to tell a newcomer.

    Parameters
    ----------
    place : Place

    Raises
    ------
    SettingError
        If the place is of a clinic that is no example.
    """
    found = _kept_example(place)
    return [
        "Three made-up patients are in it: with a recording, with a danger sign, and eight weeks into a plan.",
        f"Sign in as a clinician: e-mail {found.email}, password {found.password}",
        f"Open a patient's page:  {found.link}",
    ]


def _kept_example(place: Place) -> ExampleClinic:
    """Return the example that is there, or a new one."""
    kept = place.folder / KEPT
    if kept.is_file():
        content = kept.read_text(encoding="utf-8")
        if not content:
            raise SettingError(f"the example in {place.folder} was left half made; remove that folder and start again")
        found = _reachable(place, ExampleClinic(**json.loads(content)))
    elif is_new(place.database):
        kept.touch(mode=0o600)
        found = make_example_clinic(place)
    else:
        raise SettingError("--demo makes an example clinic, and there is a clinic here already; name another --data")
    kept.write_text(json.dumps(found.__dict__), encoding="utf-8")
    return found


def _reachable(place: Place, kept: ExampleClinic) -> ExampleClinic:
    """Return the example with a link that opens today, at the address of today."""
    token = kept.link.rpartition("/")[2]
    with place.database.reading() as connection:
        account, is_open = find_account(connection, kept.email), find_link(connection, token) is not None
    if is_open or account is None:
        return replace(kept, link=f"{place.address}/p/{token}")
    link, _ = make_link(place, Actor("admin", account.id, account.name, account.clinic_id), kept.followed, LINK_DAYS)
    return replace(kept, link=link)


def make_example_clinic(place: Place) -> ExampleClinic:
    """Make a clinic, its clinician and three patients.

    Parameters
    ----------
    place : Place
    """
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    account = make_clinic(place.database, "Example clinic", EMAIL, "Dr Example", password)
    actor = Actor("admin", account.id, account.name, account.clinic_id, request=str(uuid4()))
    example = example_person()
    walked = _registered(place, actor, "Ada Example", "example-1", example)
    _hand_in_walk(place, actor, walked, example)
    stopped = _registered(place, actor, "Ben Example", "example-2", _with_sign(example))
    followed = _registered(place, actor, "Cora Example", "example-3", _stiff(example))
    _live_through(place, actor, followed)
    link, _ = make_link(place, actor, followed, LINK_DAYS)
    return ExampleClinic(EMAIL, password, walked, stopped, followed, link)


def _registered(place: Place, actor: Actor, name: str, code: str, person: Person) -> str:
    made = register(place.database, actor, name, code)
    with place.database.writing() as connection:
        change_person(connection, actor, made.id, lambda _: person, "write intake")
        write_events(connection, actor, made.id, (_consent(),), "give consent")
    return made.id


def _consent() -> ConsentGiven:
    return ConsentGiven(
        id=str(uuid4()),
        at=_at(DAYS, time(9)),
        by="patient",
        scope=("care",),
        wording=text_digest(consent_text(("care",), None)),
    )


def _hand_in_walk(place: Place, actor: Actor, patient_id: str, example: Person) -> None:
    with tempfile.TemporaryDirectory(prefix="kinechain-") as folder:
        for path in write_recordings(Path(folder), example, Asymmetry()):
            with path.open("rb") as stream:
                hand_in(place, actor, patient_id, path.name, stream)
    ask_assessment(place, actor, patient_id)


def _with_sign(example: Person) -> Person:
    """Return somebody who feels less between the legs: an emergency."""
    return replace(
        example, sex="male", age_years=51.0, screen=MappingProxyType({**example.screen, "ces_saddle": "yes"})
    )


def _stiff(example: Person) -> Person:
    """Return somebody else, with other numbers about them."""
    return replace(example, age_years=46.0, height_m=1.71, mass_kg=70.0)


def _live_through(place: Place, actor: Actor, patient_id: str) -> None:
    """Write a first visit, its plan and eight weeks of a diary."""
    began = (now().astimezone() - timedelta(days=DAYS)).date()
    with place.database.reading() as connection:
        case = read_case(connection, patient_id)
    assessment = assess(case.person, (), None, Settings(chain=None))
    plan = make_plan(
        case.person, case.unlocked(), findings=assessment.findings, drivers=None, today=began, version=__version__
    )
    visit = made_visit(
        "baseline",
        json.loads(assessment_json(assessment)),
        id=str(uuid4()),
        at=_at(DAYS, time(10)),
        by=actor.code,
        why="first visit",
    )
    agreed = PlanMade(
        id=str(uuid4()), at=_at(DAYS, time(10, 30)), by=actor.code, plan=json.loads(json.dumps(plan_plain(plan)))
    )
    with place.database.writing() as connection:
        write_events(connection, actor, patient_id, (visit, agreed), "agree plan")
        write_events(connection, actor, patient_id, tuple(_diary(plan)), "write log")
        lived = write_events(connection, actor, patient_id, tuple(_reviews(actor)), "write review")
        keep_tasks(connection, lived, progress_of(lived, date.today()))


def _reviews(actor: Actor) -> Iterator[Reviewed]:
    """Yield the reviews that were done; the last one is due today."""
    for checkpoint, day in (("day 3-7", 5), ("week 2", 14), ("week 6", 42)):
        moment = _at(DAYS - day, time(11))
        yield Reviewed(id=str(uuid4()), at=moment, by=actor.code, checkpoint=checkpoint, decision="continue")


def _diary(plan: Plan) -> Iterator[Event]:
    """Yield what somebody logs who does most of the exercises and gets better slowly."""
    exercises = [part for part in plan.parts if isinstance(part, Exercise)]
    for day in range(1, DAYS):
        ago, week = DAYS - day, day // 7
        pain = float(max(5 - week // 2 - (day % 3 == 0), 1))
        yield CheckIn(
            id=str(uuid4()),
            at=_at(ago, time(20)),
            by="patient",
            screen=MappingProxyType(dict.fromkeys(asked_again(), "no")),
            back_pain=max(pain - 1.0, 0.0),
            foot_pain=pain,
            first_step_pain=min(pain + 1.0, 10.0),
            minutes_walked=20.0 + week * 2,
        )
        if day % 7 in (1, 3, 5) and day % 19:
            yield from _sessions(exercises, ago, pain)
        if day % 7 in (2, 4):
            yield NextMorning(
                id=str(uuid4()), at=_at(ago, time(7)), by="patient", pain=pain, usual_pain=pain, soreness=2.0
            )
        if week == 0:
            yield StandingDay(
                id=str(uuid4()), at=_at(ago, time(21)), by="patient", prompts=6, noticed=min(day, 5), weight_on="left"
            )


def _sessions(exercises: Sequence[Exercise], ago: int, pain: float) -> Iterator[Session]:
    for part in exercises:
        yield Session(
            id=str(uuid4()),
            at=_at(ago, time(19)),
            by="patient",
            exercise=part.exercise,
            side=part.side or "both",
            sets=part.dose.sets[0],
            repetitions=part.dose.repetitions[0],
            hold_s=part.dose.hold_s[0] if part.dose.hold_s else None,
            effort=6.0,
            pain_before=pain - 1.0,
            pain_during=pain - 1.0,
        )


def _at(days_ago: int, hour: time) -> datetime:
    """Return an hour of a day before today, by the clock of this machine."""
    return datetime.combine(now().astimezone().date() - timedelta(days=days_ago), hour).astimezone()
