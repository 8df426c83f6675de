"""A small plan, and entries for it."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from care_people import adult
from kinechain.care.follow_up.events import CheckIn, NextMorning, Session
from kinechain.care.planning.plan import Because, Dose, Exercise, Goal, Hypothesis, Plan
from kinechain.care.screening.clearance import answers_digest
from kinechain.care.screening.lock import Unlocked, unlock
from kinechain.evidence.wording import Sentence

START = date(2026, 3, 2)


def sentence(key: str = "test.sentence") -> Sentence:
    return Sentence(key, "A sentence.", "frame", "both")


def unlocked() -> Unlocked:
    person = adult()
    opened = unlock(person)
    assert opened.answers == answers_digest(person)
    return opened


def exercise(
    name: str = "clamshell",
    side: Any = "left",
    sets: tuple[int, int] = (3, 3),
    repetitions: tuple[int, int] = (8, 12),
    days: tuple[int, int] = (3, 3),
    **more: Any,
) -> Exercise:
    dose = Dose(sets, repetitions, days, basis="ACSM", sources=("acsm2009",), **more)
    reason = Because("rule", "R5.1", sentence())
    return Exercise(
        id=f"exercise.{name}.{side}",
        title=sentence(),
        because=(reason,),
        exercise=name,
        side=side,
        dose=dose,
        stop_rules=(sentence(),),
        regressions=(sentence("test.regression"),),
    )


def plan(*exercises: Exercise, weeks: int = 8, baseline: float | None = 6.0, hypotheses: tuple[Any, ...] = ()) -> Plan:
    parts: tuple[Any, ...] = exercises or (exercise(),)
    if baseline is not None:
        goal = Goal(
            id="goal.pain",
            title=sentence(),
            because=(Because("rule", "R4.2", sentence()),),
            measure="nprs",
            baseline=baseline,
            target=baseline - 2.0,
            unit="of 10",
            by_week=6,
        )
        parts = (goal, *parts)
    named = tuple(Hypothesis(h.player, h.measure, (parts[-1].id,), h.p_relevant) for h in hypotheses)
    return Plan(unlocked(), "care", START, weeks, parts, named, (), "test")


def at(day: int, hour: int = 10, minute: int = 0, offset_h: float | None = None) -> datetime:
    zone = UTC if offset_h is None else timezone(timedelta(hours=offset_h))
    return datetime(START.year, START.month, START.day, hour, minute, tzinfo=zone) + timedelta(days=day)


def session(day: int, repetitions: int = 12, **more: Any) -> Session:
    fields = {"exercise": "clamshell", "side": "left", "sets": 3, "pain_during": 1.0, "by": "patient"} | more
    when = fields.pop("at", at(day))
    key = fields.pop("id", f"session-{fields['exercise']}-{fields['side']}-{day}")
    return Session(id=key, at=when, repetitions=repetitions, **fields)


def morning(day: int, pain: float | None = 1.0, usual: float | None = 1.0, **more: Any) -> NextMorning:
    return NextMorning(id=f"morning-{day:04d}", at=at(day, 7), by="patient", pain=pain, usual_pain=usual, **more)


def check(day: int, back: float | None = 4.0, **more: Any) -> CheckIn:
    fields = {"id": f"check-in-{day:04d}", "at": at(day, 20), "by": "patient"} | more
    return CheckIn(back_pain=back, **fields)
