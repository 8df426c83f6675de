"""A patient of a clinic database who has followed a plan for some weeks."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kinechain import __version__
from kinechain.care.follow_up.events import (
    AdverseEvent,
    CheckIn,
    Event,
    FootwearWorn,
    NextMorning,
    PlanMade,
    Session,
    StandingDay,
    StepsTaken,
)
from kinechain.care.person.red_flag_text import asked_again
from kinechain.care.planning.planner import make_plan
from kinechain.care.records.plan_values import plan_plain

if TYPE_CHECKING:
    from kinechain.workspace.case import Case
    from web_fixtures import Clinics

CALM = MappingProxyType(dict.fromkeys(asked_again(), "no"))


def follow_plan(
    clinic: Clinics, days: int = 56, *, seed: int = 1, is_worse: bool = False, has_fallen: bool = False
) -> Case:
    """Let the screened patient of a clinic follow a plan up to today, and return the case.

    ``is_worse``: pain rises in the last two weeks; ``has_fallen``: a fall is told on the tenth day.
    """
    from kinechain.care.planning.plan import Exercise
    from kinechain.store.clock import now
    from kinechain.workspace.case import read_case, write_events
    from kinechain.workspace.following import progress_of
    from kinechain.workspace.plans import examined
    from kinechain.workspace.tasks import keep_tasks

    chance, today = random.Random(seed), now().astimezone()
    start = (today - timedelta(days=days)).replace(hour=9, minute=0, second=0, microsecond=0)
    place, actor = clinic.place, clinic.actor("clinician")
    with place.database.writing() as connection:
        case = read_case(connection, clinic.patient)
        plan = make_plan(case.person, case.unlocked(), today=start.date(), version=__version__)
        plain: Any = json.loads(json.dumps(plan_plain(plan)))
        writer = _Writer(chance, start)
        visit = _visit(examined(case), start, actor.code)
        made = PlanMade(id=writer.id(), at=start, by=actor.code, plan=plain)
        for day in range(days + 1):
            pain = max(1.0, 6.0 - 4.0 * day / 56) + chance.uniform(-0.6, 0.6)
            if is_worse and day > days - 16:
                pain = 9.0
            told = round(min(10.0, pain), 1)
            if chance.random() < 0.9 or day >= days - 1:
                writer.add(CheckIn, day, 20, screen=CALM, back_pain=told, foot_pain=round(told / 2, 1))
            if chance.random() < 0.85:
                writer.add(NextMorning, day, 7, pain=round(told / 2, 1), usual_pain=3.0, soreness=float(day % 3))
            for part in plan.exercises if day % 2 == 0 else ():
                assert isinstance(part, Exercise)
                if chance.random() < 0.85:
                    dose = part.dose
                    count = {
                        "sets": dose.sets[0],
                        "repetitions": dose.repetitions[0],
                        "pain_during": round(told / 2, 1),
                    }
                    writer.add(Session, day, 10, exercise=part.exercise, side=part.side, **count)
            if day < 7:
                writer.add(StandingDay, day, 21, prompts=5, noticed=4, weight_on="right", hours=4.0)
            if day % 4 == 0:
                writer.add(FootwearWorn, day, 22, kind="trainer", hours=6.0)
                worn = (start + timedelta(days=day)).date()
                writer.add(StepsTaken, day, 23, day=worn, steps=6000 + 40 * day, source="phone")
        if has_fallen:
            writer.add(AdverseEvent, 10, 12, what="fall", severity="mild", note="on the stairs")
        events = sorted((e for e in writer.events if e.at <= today), key=lambda e: e.at)
        case = write_events(connection, actor, clinic.patient, (visit, made, *events), "write log")
        keep_tasks(connection, case, progress_of(case, today.date()))
    return case


def _visit(assessment: dict[str, object], at: datetime, by: str) -> Event:
    from kinechain.care.records.visits import made_visit

    made = made_visit("baseline", assessment, id="visit-baseline", at=at, by=by, why="a plan was made")
    return replace(made, scores=())


class _Writer:
    def __init__(self, chance: random.Random, start: datetime) -> None:
        self._chance, self._start = chance, start
        self.events: list[Event] = []

    def id(self) -> str:
        return str(UUID(int=self._chance.getrandbits(128), version=4))

    def add(self, made: Any, day: int, hour: int, /, **fields: Any) -> None:

        at = (self._start + timedelta(days=day)).replace(hour=hour)
        self.events.append(made(id=self.id(), at=at, by="patient", **fields))
