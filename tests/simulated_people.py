"""People who follow a plan for eight weeks: their true course is known because it is put in.

What is sourced: the expected course of back pain (costa2012, read through `course.toml`), the error of one pain rating
(haase2022_nrs: smallest detectable change 1.77 of 10) and of the disability score (stratford1996_rmdq: 4 of 24), the
error of the lunge (chisholm2012: a change only above 1.0 cm).  Flares of more than a day are read from the abstract of
Suri 2011 (BMC Musculoskelet Disord 12:220, 47 people with acute back pain): 3.5 flares in 6 weeks, about a quarter of
them longer than a day, 2.70 points above the rest.  Everything else is an assumption and named as one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from types import MappingProxyType, SimpleNamespace
from typing import Any, Literal, get_args

import numpy as np

from kinechain.care.follow_up.course import expected_pain
from kinechain.care.follow_up.events import (
    CheckIn,
    Event,
    NextMorning,
    NotDone,
    Reviewed,
    Session,
    StepsTaken,
    VisitMade,
)
from kinechain.care.follow_up.progression import dose_in_week
from kinechain.care.person.person import Person, Score
from kinechain.care.planning.plan import Because, Dose, Exercise, Goal, Hypothesis, Plan
from kinechain.care.screening.lock import unlock
from kinechain.core.estimate import Estimate
from kinechain.evidence.wording import Sentence
from vignette_people import EMERGENCIES, ORIGINAL

__all__ = ["KINDS", "ONSET_WEEKS", "START", "Kind", "Simulated", "new_drivers", "simulate"]

Kind = Literal["responder", "expected course", "non-responder", "worsening", "danger", "non-adherent"]
KINDS: tuple[Kind, ...] = get_args(Kind)

START = date(2026, 3, 2)
DAYS = 64
#: Standard error of one rating: smallest detectable change / (1.96 * sqrt 2).
RATING_SD = 1.77 / (1.96 * math.sqrt(2.0))
RMDQ_SD = 4.0 / (1.96 * math.sqrt(2.0))
LUNGE_ERROR_CM = 1.0
#: Assumptions: how much pain really swings from day to day, and how much of a swing is left the next day.
SWING_SD, SWING_KEPT = 0.6, 0.5
#: Flares of more than a day: chance on a day, and by how much; how long they last is an assumption.
FLARE_CHANCE, FLARE_POINTS, FLARE_DAYS = 3.5 * 0.25 / 42.0, 2.70, 2
#: Assumption: pain during exercise is the day's pain less one, morning pain is the day's pain.
SESSION_SHIFT, SESSION_SD = -1.0, 0.6
#: Assumption: points of the disability score per point of pain.
RMDQ_PER_PAIN = 2.0
#: Assumption: chance of an entry on a day, and of a planned session being done.
ENTRY, DONE, DONE_NON_ADHERENT = 0.85, 0.85, 0.2
ONSET_WEEKS = 20.0
HYPOTHESIS = "ankle.lunge left"
MEASURE = "lunge_test left"
P_BEFORE = 0.7


@dataclass(frozen=True)
class Simulated:
    """One person, their plan and log, and the truth.

    Attributes: `pain` is the true mean pain of each day, `rises_on` the first day on which it stands two points above
    the first day's, `danger_on` the day of the danger sign, `measure_moves` whether
    what the hypothesis names got better.
    """

    kind: Kind
    plan: Plan
    events: tuple[Event, ...]
    pain: np.ndarray
    measure_moves: bool
    rises_on: int | None = None
    danger_on: int | None = None
    before: dict[str, Estimate] = field(default_factory=dict)

    def day(self, number: int) -> date:
        """Return the date of a day of the plan."""
        return START + timedelta(days=number)


def simulate(
    kind: Kind,
    seed: int,
    *,
    measure_moves: bool = False,
    entry: float = ENTRY,
    swing_sd: float = SWING_SD,
    flares: bool = False,
    plan: Plan | None = None,
) -> Simulated:
    """Return one person of a kind; the same seed gives the same person.

    `entry` is the chance of a check-in on a day; 1 leaves no day untold. `swing_sd`: how much pain swings; `flares`:
    whether it flares as well, which is left out of `Simulated.pain`. `plan` is followed instead of a small one made
    here; it must begin on `START`.
    """
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    first = float(rng.uniform(3.0, 6.0) if kind in ("worsening", "danger") else rng.uniform(4.0, 7.0))
    pain = _true_pain(kind, first, rng)
    rises = np.flatnonzero(pain >= first + 2.0)
    danger_on = int(rng.integers(4, 50)) if kind == "danger" else None
    plan = plan or _plan()
    writer = _Writer(rng)
    swing = rng.normal(0.0, swing_sd)
    usual, flare = first, 0
    for day in range(-2, DAYS):
        swing = SWING_KEPT * swing + rng.normal(0.0, swing_sd * math.sqrt(1.0 - SWING_KEPT**2))
        flare = FLARE_DAYS if flares and rng.random() < FLARE_CHANCE else max(flare - 1, 0)
        today = float(pain[max(day, 0)]) + swing + FLARE_POINTS * (flare > 0)
        _check_in(writer, day, today, danger_on, entry)
        if day >= 0:
            _exercise(writer, plan, day, today, DONE_NON_ADHERENT if kind == "non-adherent" else DONE)
            _morning(writer, day, today, usual)
        usual = 0.9 * usual + 0.1 * today
    _visits(writer, pain, measure_moves)
    return Simulated(
        kind,
        plan,
        tuple(writer.events),
        pain,
        measure_moves,
        int(rises[0]) if len(rises) else None,
        danger_on,
        {MEASURE: _lunge(8.0)},
    )


def new_drivers(person: Simulated, rng: np.random.Generator) -> Any:
    """Return drivers as computed at a later visit: the chance falls where the measure has moved (stand-in)."""
    chance = 0.15 if person.measure_moves else P_BEFORE
    chance = float(np.clip(chance + rng.normal(0.0, 0.08), 0.0, 1.0))
    return SimpleNamespace(players=(SimpleNamespace(key=HYPOTHESIS),), p_relevant=(chance,), silent=())


class _Writer:
    """Writes events with ids in the order they are made, on a clock that crosses a border in the fifth week."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.events: list[Event] = []

    def write(self, kind: type[Event], when: int, hour: int, by: str = "patient", **fields: Any) -> None:
        zone = timezone(timedelta(hours=-5)) if 28 <= when < 35 else UTC
        at = datetime.combine(START + timedelta(days=when), datetime.min.time(), zone) + timedelta(hours=hour)
        self.events.append(kind(id=f"event-{len(self.events):05d}", at=at, by=by, **fields))

    def rating(self, true: float) -> float:
        """A rating in whole points, with the error of one rating."""
        return float(np.clip(round(true + self.rng.normal(0.0, RATING_SD)), 0, 10))


def _true_pain(kind: Kind, first: float, rng: np.random.Generator) -> np.ndarray:
    days = np.arange(DAYS, dtype=float)
    if kind == "responder":
        left = rng.uniform(0.2, 0.45)
        return np.asarray(first * (left + (1.0 - left) * np.exp(-days / 12.0)))
    if kind == "expected course":
        mean = np.array([expected_pain("back_persistent", day / 7.0).value for day in days])
        return np.asarray(first * mean / mean[0])
    if kind == "worsening":
        onset = rng.integers(7, 29)
        return np.asarray(np.minimum(first + np.clip(days - onset, 0.0, None) / 7.0, min(first + 3.5, 9.5)))
    return np.full(DAYS, first)


def _check_in(writer: _Writer, day: int, today: float, danger_on: int | None, entry: float) -> None:
    if writer.rng.random() < 0.5 and day >= 0:
        writer.write(StepsTaken, day, 21, day=START + timedelta(days=day), steps=int(writer.rng.integers(2000, 11000)))
    if writer.rng.random() < entry or day == danger_on:
        answers = dict.fromkeys(EMERGENCIES, "no")
        if danger_on is not None and day >= danger_on:
            answers["ces_saddle"] = "yes"
        writer.write(CheckIn, day, 20, back_pain=writer.rating(today), screen=MappingProxyType(answers))


def _morning(writer: _Writer, day: int, today: float, usual: float) -> None:
    if writer.rng.random() < ENTRY:
        sore = max(0.0, round(3.0 - day / 5.0)) if day < 14 else 0.0
        ordinary = float(np.clip(round(usual), 0, 10))
        writer.write(NextMorning, day, 7, pain=writer.rating(today), usual_pain=ordinary, soreness=sore)


def _exercise(writer: _Writer, plan: Plan, day: int, today: float, chance: float) -> None:
    if day % 7 not in (0, 2, 4) or day >= 7 * plan.weeks:
        return
    for part in plan.exercises:
        if writer.rng.random() < chance:
            dose = dose_in_week(part, day // 7 + 1)
            during = float(np.clip(round(today + SESSION_SHIFT + writer.rng.normal(0.0, SESSION_SD)), 0, 10))
            done = {"sets": dose.sets[0], "repetitions": dose.repetitions[0], "pain_during": during}
            writer.write(Session, day, 18, exercise=part.exercise, side=part.side or "both", **done)
        else:
            writer.write(NotDone, day, 18, exercise=part.exercise, side=part.side or "both")


def _visits(writer: _Writer, pain: np.ndarray, moves: bool) -> None:
    for day, checkpoint in ((0, "baseline"), (42, "week 6"), (56, "week 8")):
        true = RMDQ_PER_PAIN * float(pain[day])
        total = float(np.clip(round(true + writer.rng.normal(0.0, RMDQ_SD)), 0, 24))
        writer.write(VisitMade, day, 10, "clinician", visit=checkpoint, version="0", scores=(Score("rmdq24", total),))
        gain = 3.0 * day / 56.0 if moves else 0.0
        error = writer.rng.normal(0.0, LUNGE_ERROR_CM / (1.96 * math.sqrt(2.0)))
        if day:
            measures = MappingProxyType({MEASURE: _lunge(8.0 + gain + error)})
            writer.write(Reviewed, day, 11, "clinician", checkpoint=checkpoint, decision="continue", measures=measures)


def _lunge(value: float) -> Estimate:
    half = LUNGE_ERROR_CM / math.sqrt(2.0)
    return Estimate(value, value - half, value + half, "cm", "chisholm2012")


def _plan() -> Plan:
    words = Sentence("plan.simulated", "As simulated.", "advice", "both", ("nice_ng59",), "R5.1", "not graded")
    why = (Because("rule", "R5.1", words),)
    answers = dict.fromkeys((*ORIGINAL, "self_harm", "leg_swelling_breathless"), "no")
    person = Person(pseudonym="S", sex="male", age_years=46.0, screen=MappingProxyType(answers))
    doses = {
        "heel_raise_towel": Dose((3, 5), (8, 12), (3, 3), basis="trial", sources=("rathleff2015_dose",)),
        "ankle_dorsiflexion_stretch": Dose((2, 4), (1, 1), (3, 3), hold_s=(10.0, 30.0)),
    }
    common: dict[str, Any] = {"title": words, "because": why}
    exercises = [
        Exercise(id=f"exercise.{key}", exercise=key, dose=dose, side="left", stop_rules=(words,), **common)
        for key, dose in doses.items()
    ]
    goal = Goal(id="goal.pain", measure="nprs", baseline=None, target=None, unit="of 10", by_week=8, **common)
    return Plan(
        unlocked=unlock(person),
        mode="care",
        made_on=START,
        weeks=8,
        parts=(goal, *exercises),
        hypotheses=(Hypothesis(HYPOTHESIS, MEASURE, (exercises[0].id,), P_BEFORE),),
        reviews=(),
        version="0",
    )
