"""The diary as an interview: danger signs first, then the morning, today's exercises, and the day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, cast

from kinechain.care.follow_up.events import CheckIn, Event, NextMorning, NotDone, PlanMade, Session
from kinechain.care.intake.intake_list import Choice
from kinechain.care.person.person import Answer, Person
from kinechain.care.person.red_flag_text import asked_again, read_red_flags
from kinechain.cli.answers import SKIPPED, UNKNOWN, Question, Value
from kinechain.cli.questions import Script
from kinechain.core.errors import SettingError
from kinechain.evidence.wording import say

__all__ = ["Draft", "PlannedExercise", "diary_events", "diary_script", "open_diary", "planned_exercises"]

DANGER = "danger"
MORNING = {"morning_pain": "pain", "morning_usual": "usual_pain", "morning_soreness": "soreness"}
DAY = ("back_pain", "foot_pain", "first_step_pain", "minutes_walked")

#: Words of a region that mean the foot, and not the back.
FOOT = ("ankle", "heel", "arch", "forefoot", "toes", "foot", "calf", "shin")


@dataclass(frozen=True)
class PlannedExercise:
    """One exercise of the present plan.

    Attributes
    ----------
    exercise, title, side : str
    dose : str
        In words.
    sets, repetitions : int
        The least that is planned.
    """

    exercise: str
    title: str
    side: str
    dose: str
    sets: int
    repetitions: int

    @property
    def key(self) -> str:
        """Begins the ids of its questions."""
        return f"{self.exercise}.{self.side or 'both'}"


@dataclass(frozen=True)
class Draft:
    """A day's diary while it is asked for.

    Attributes
    ----------
    person : Person
    at : datetime
    exercises : tuple of PlannedExercise
        Those of the plan that are not written down for today yet.
    asks_danger, asks_morning, asks_day : bool
        What is not written down for today yet.
    usual_pain : float or None
        Of a usual morning, as last told.
    answers : mapping of question id to answer
    """

    person: Person
    at: datetime
    exercises: tuple[PlannedExercise, ...] = ()
    asks_danger: bool = True
    asks_morning: bool = True
    asks_day: bool = True
    usual_pain: float | None = None
    answers: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_emergency(self) -> bool:
        """True once a danger sign was named."""
        return isinstance(self.answers.get(DANGER), tuple) and bool(self.answers[DANGER])


def planned_exercises(events: Sequence[Event]) -> tuple[PlannedExercise, ...]:
    """Return the exercises of the last plan of a journal.

    Parameters
    ----------
    events : sequence of Event
    """
    from kinechain.care.planning.plan import Dose
    from kinechain.care.records.plain_values import from_plain
    from kinechain.cli.plan_text import dose_words

    plans = [event.plan for event in events if isinstance(event, PlanMade)]
    parts = cast(Sequence[Mapping[str, Any]], plans[-1].get("parts", ()) if plans else ())
    found = []
    for part in (part for part in parts if part.get("kind") == "exercise"):
        dose = from_plain(part["dose"], Dose)
        title = str(part["title"]["text"]).rstrip(".")
        found.append(
            PlannedExercise(part["exercise"], title, part["side"], dose_words(dose), dose.sets[0], dose.repetitions[0])
        )
    return tuple(found)


def open_diary(person: Person, events: Sequence[Event], at: datetime, *, may_exercise: bool = True) -> Draft:
    """Return what is still to be asked on a day.

    Parameters
    ----------
    person : Person
    events : sequence of Event
        What is written down already is not asked again.
    at : datetime
    may_exercise : bool
        False while the plan is locked: then no exercise of it is named, nor one the answers of today keep away.
    """
    from kinechain.care.planning.contraindications import is_kept_away, what_is_known

    today = [event for event in events if event.at.date() == at.date()]
    done = {(e.exercise, e.side) for e in today if isinstance(e, Session | NotDone)}
    sessions = [event for event in events if isinstance(event, Session) and event.at.date() < at.date()]
    mornings = [event for event in events if isinstance(event, NextMorning)]
    usual = [morning.usual_pain for morning in mornings if morning.usual_pain is not None]
    checks = [event for event in today if isinstance(event, CheckIn)]
    known = what_is_known(person)
    planned = [e for e in planned_exercises(events) if may_exercise and not is_kept_away(e.exercise, known)]
    return Draft(
        person,
        at,
        tuple(e for e in planned if (e.exercise, e.side or "both") not in done),
        asks_danger=not any(check.screen for check in checks),
        asks_morning=bool(sessions) and not any(morning.at.date() == at.date() for morning in mornings),
        asks_day=not any(getattr(check, key) is not None for check in checks for key in DAY),
        usual_pain=usual[-1] if usual else None,
    )


def diary_script(save: Callable[[Draft], None] = lambda _: None) -> Script[Draft]:
    """Return the interview of a day.

    Parameters
    ----------
    save : callable
        Called with the draft after each answer.
    """
    return Script(_open_questions, _put, save, stops=lambda draft: draft.is_emergency)


def diary_events(draft: Draft, new_id: Callable[[], str]) -> tuple[Event, ...]:
    """Return what a draft says, as events; an exercise that was not asked for to the end is left out.

    Parameters
    ----------
    draft : Draft
    new_id : callable
        Returns an id that no other event has.
    """
    found: list[Event] = []
    head = {"at": draft.at, "by": "patient"}
    answers = draft.answers
    mornings = {name: _number(answers.get(key)) for key, name in MORNING.items()}
    if mornings["pain"] is not None or mornings["soreness"] is not None:
        usual = mornings["usual_pain"] if mornings["usual_pain"] is not None else draft.usual_pain
        found.append(NextMorning(id=new_id(), **head, **{**mornings, "usual_pain": usual}))  # type: ignore[arg-type]
    for planned in draft.exercises:
        event = _session(planned, answers, {"id": new_id(), **head})
        found += [event] if event else []
    day = {key: _number(answers.get(key)) for key in DAY}
    if DANGER in answers or any(value is not None for value in day.values()):
        found.insert(0, CheckIn(id=new_id(), **head, screen=_danger(answers.get(DANGER)), **day))  # type: ignore[arg-type]
    return tuple(found)


def _put(draft: Draft, question: Question, value: Value) -> Draft:
    is_count = question.id.endswith((".sets", ".repetitions"))
    if is_count and not (isinstance(value, float) and value.is_integer()):
        raise SettingError(say("terminal.whole_number").text)
    return replace(draft, answers=MappingProxyType({**draft.answers, question.id: value}))


def _open_questions(draft: Draft) -> list[Question]:
    asked = [
        *([_danger_question()] if draft.asks_danger else []),
        *(_morning_questions(draft) if draft.asks_morning else []),
        *(question for planned in _shown(draft) for question in _exercise_questions(planned, draft.answers)),
        *(_day_questions(draft) if draft.asks_day else []),
    ]
    return [question for question in asked if question.id not in draft.answers]


def _shown(draft: Draft) -> tuple[PlannedExercise, ...]:
    """Return the exercises to ask for: none once the danger signs were passed over, which is not a no (rule R0.4)."""
    return () if isinstance(draft.answers.get(DANGER, ()), str) else draft.exercises


def _danger_question() -> Question:
    texts = {flag.id: flag.question for flag in read_red_flags()}
    choices = tuple(Choice(key, texts[key]) for key in asked_again())
    section, why = say("terminal.section_danger").text, say("terminal.why_danger").text
    return Question(DANGER, say("terminal.ask_danger").text, "several", why, section, choices=choices)


def _morning_questions(draft: Draft) -> list[Question]:
    asked = ["morning_pain", *(["morning_usual"] if draft.usual_pain is None else []), "morning_soreness"]
    texts = {"morning_pain": "ask_morning_pain", "morning_usual": "ask_usual_pain", "morning_soreness": "ask_soreness"}
    return [_out_of_ten(key, say(f"terminal.{texts[key]}").text, "why_morning", "section_morning") for key in asked]


def _exercise_questions(planned: PlannedExercise, answers: Mapping[str, Value]) -> list[Question]:
    section = say("terminal.section_exercises").text
    named = {"exercise": planned.title}
    side = say(f"terminal.side_{planned.side}").text if planned.side else ""
    asked = (
        say("terminal.ask_done", **named, side=side, dose=planned.dose)
        if side
        else say("terminal.ask_done_no_side", **named, dose=planned.dose)
    )
    done = Question(f"{planned.key}.done", asked.text, section=section)
    if answers.get(done.id) != "yes":
        return [done]
    counts = [
        Question(
            f"{planned.key}.{key}",
            say(f"terminal.ask_{key}", **named).text,
            "number",
            section=section,
            unit=say(f"terminal.unit_{key}").text,
            limits=limits,
            usual=float(usual),
        )
        for key, limits, usual in (
            ("sets", (1.0, 50.0), planned.sets),
            ("repetitions", (1.0, 500.0), planned.repetitions),
        )
    ]
    felt = [
        _out_of_ten(f"{planned.key}.{key}", say(f"terminal.ask_{key}", **named).text, why, "section_exercises")
        for key, why in (("pain_during", "why_pain"), ("effort", "why_effort"))
    ]
    return [done, *counts, *felt]


def _day_questions(draft: Draft) -> list[Question]:
    regions = " ".join(draft.person.history.pain_regions)
    is_foot = any(word in regions for word in FOOT)
    is_back = not is_foot or "back" in regions
    wanted = [*(["back_pain"] if is_back else []), *(["foot_pain", "first_step_pain"] if is_foot else [])]
    texts = {"back_pain": "ask_back_pain", "foot_pain": "ask_foot_pain", "first_step_pain": "ask_first_step"}
    pains = [_out_of_ten(key, say(f"terminal.{texts[key]}").text, "why_day", "section_day") for key in wanted]
    walked = Question(
        "minutes_walked",
        say("terminal.ask_walked").text,
        "number",
        say("terminal.why_day").text,
        say("terminal.section_day").text,
        say("terminal.unit_minutes").text,
        (0.0, 1440.0),
    )
    return [*pains, walked]


def _out_of_ten(key: str, text: str, why: str, section: str) -> Question:
    reason, heading = say(f"terminal.{why}").text, say(f"terminal.{section}").text
    return Question(key, text, "number", reason, heading, "0-10", (0.0, 10.0))


def _number(value: Value | None) -> float | None:
    return value if isinstance(value, float) else None


def _danger(value: Value | None) -> Mapping[str, Answer]:
    """Return what the one question says of every danger sign it lists."""
    if value is None:
        return MappingProxyType({})
    if value in (UNKNOWN, SKIPPED):
        return MappingProxyType(dict.fromkeys(asked_again(), cast(Answer, value)))
    named = cast(tuple[str, ...], value)
    return MappingProxyType({key: "yes" if key in named else "no" for key in asked_again()})


def _session(planned: PlannedExercise, answers: Mapping[str, Value], head: Mapping[str, Any]) -> Event | None:
    done = answers.get(f"{planned.key}.done")
    side = cast(Any, planned.side or "both")
    if done == "no":
        return NotDone(**head, exercise=planned.exercise, side=side)
    if done != "yes":
        return None
    told = {
        key: _number(answers.get(f"{planned.key}.{key}")) for key in ("sets", "repetitions", "pain_during", "effort")
    }
    if told["sets"] is None or told["repetitions"] is None:
        return None  # Left in the middle of it: it is asked again.
    return Session(
        **head,
        exercise=planned.exercise,
        side=side,
        sets=round(told["sets"]),
        repetitions=round(told["repetitions"]),
        pain_during=told["pain_during"],
        effort=told["effort"],
    )
