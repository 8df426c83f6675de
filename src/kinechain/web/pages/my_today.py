"""Today: what happens next, or the exercises of the plan, each with its picture, its player and its one-tap log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from litestar import Request, Response, get
from litestar.response import Redirect

from kinechain.care.follow_up.course_tables import course_table
from kinechain.care.follow_up.days import own_day, plan_day
from kinechain.care.follow_up.events import CheckIn, NextMorning, NotDone, Session
from kinechain.care.follow_up.progression import Decision
from kinechain.care.person.red_flag_text import asked_again, questions
from kinechain.care.planning.contraindications import is_kept_away, what_is_known
from kinechain.care.planning.plan import Dose, Exercise, Plan
from kinechain.core.errors import KinechainError, SettingError
from kinechain.evidence.wording import say
from kinechain.report.exercise_pictures import exercise_picture
from kinechain.report.plan_letter import beside_exercises
from kinechain.report.plan_lines import dose_lines, pair_words, side_label
from kinechain.report.svg import Figure
from kinechain.web.access import rule
from kinechain.web.pages.my_common import gate, my_case, show, today_of
from kinechain.web.threads import in_thread
from kinechain.workspace.case import Case
from kinechain.workspace.following import progress_of
from kinechain.workspace.patient_intake import open_now
from kinechain.workspace.plans import current_plan, last_agreed

__all__ = ["ROUTES", "Row", "exercise_rows", "pain_thresholds"]

#: Done by both sides together, so that the player counts them once (choice, after the library's descriptions).
TOGETHER = frozenset(
    {"bridge", "curl_up", "cat_cow_mobility", "walking_programme", "general_aerobic", "lateral_band_walk"}
)
#: Seconds to get ready, and between sets (choices).
READY_S, REST_S = 5, 60


@dataclass(frozen=True)
class Row:
    """One exercise of today.

    Attributes
    ----------
    index : int
        Among the exercises of the plan.
    part : Exercise
    title, side, side_words : str
        ``side`` as an entry holds it.
    dose : Dose
        Of today; what the course of the log made of it.
    short : tuple of str
        Dose in words.
    state : 'done', 'not done', 'stopped', 'enough' or 'open'
    days_done, days_planned : int, str
        In this week of the plan.
    decision : Decision or None
    """

    index: int
    part: Exercise
    title: str
    side: str
    side_words: str
    dose: Dose
    short: tuple[str, ...]
    state: str
    days_done: int
    days_planned: str
    decision: Decision | None

    @property
    def hold_s(self) -> int:
        """Seconds of a hold; 0 for none."""
        return round(self.dose.hold_s[0]) if self.dose.hold_s else 0

    @property
    def sides(self) -> str:
        """The order of sides the player counts."""
        if self.part.side in ("left", "right"):
            return self.part.side
        return "both" if self.part.exercise in TOGETHER else "left right"


def exercise_rows(case: Case, plan: Plan, today: date) -> tuple[Row, ...]:
    """Return the exercises of a plan as they stand today.

    Parameters
    ----------
    case : Case
    plan : Plan
    today : date
        The patient's own.
    """
    progress = progress_of(case, today)
    decisions = {d.part: d for d in progress.decisions} if progress else {}
    known = what_is_known(case.person)
    return tuple(
        _row(case, plan, today, index, part, decisions.get(part.id), is_kept_away(part.exercise, known))
        for index, part in enumerate(plan.exercises)
    )


def _row(
    case: Case, plan: Plan, today: date, index: int, part: Exercise, decision: Decision | None, is_away: bool
) -> Row:
    side = part.side or "both"
    entries = [
        event
        for event in case.events
        if isinstance(event, Session | NotDone) and (event.exercise, event.side) == (part.exercise, side)
    ]
    first = plan.made_on + timedelta(days=plan_day(today, plan.made_on) // 7 * 7)
    days = {own_day(event) for event in entries if isinstance(event, Session) and first <= own_day(event) <= today}
    dose = decision.dose if decision and decision.dose else part.dose
    told = [type(event) for event in entries if own_day(event) == today]
    stopped = is_away or (decision is not None and decision.action == "stop")
    state = "stopped" if stopped else "done" if Session in told else "not done" if told else "open"
    if state == "open" and len(days) >= dose.days_per_week[1]:
        state = "enough"
    title = part.title.text.rstrip(".")
    shown = pair_words(dose.days_per_week)
    return Row(
        index, part, title, side, side_label(part.side), dose, _dose_words(dose), state, len(days), shown, decision
    )


def _dose_words(dose: Dose) -> tuple[str, ...]:
    """Return a dose in a few short words: '2 to 3 sets of 8 to 12', then hold, times a day and load."""
    said = {label.key: value for label, value in dose_lines(dose)}
    sets, repetitions = pair_words(dose.sets), pair_words(dose.repetitions)
    many = say("web.dose_sets", sets=sets, repetitions=repetitions)
    words = [(say("web.dose_set", repetitions=repetitions) if dose.sets == (1, 1) else many).text]
    if hold := said.get("letters.label_hold"):
        words.append(say("web.dose_hold", hold=hold).text)
    if times := said.get("letters.label_times_per_day"):
        words.append(say("web.dose_times", times=times).text)
    return (*words, *([dose.load] if dose.load else []))


def picture_for(part: Exercise) -> Figure | None:
    """Return the picture of an exercise; None where none is drawn yet.

    Parameters
    ----------
    part : Exercise
    """
    try:
        return exercise_picture(part.exercise, part.side)
    except KinechainError:
        return None


def pain_thresholds() -> dict[str, Any]:
    """Return what a phone without a connection may say about pain: bands of the rule, sentences of the ledger."""
    band = course_table("pain_band")["pain"]
    words = {key: say(f"web.offline_{key}").text for key in ("low", "middle", "above", "danger", "event")}
    return {"go_on": band["go_on"], "acceptable": band["acceptable"], "words": words}


@get("/my", name="my page", opt=rule("patient", "read own page"))
@in_thread
def today_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Show what happens next, or today's exercises."""
    case = my_case(request)
    if first := gate(request, case):
        return first
    today = today_of(request)
    plan = current_plan(case)
    if plan is None:
        return show(
            request, "my_next.html.j2", case, tab="today", title="What happens next", next=_next(case), open=_open(case)
        )
    told = [event for event in case.events if own_day(event) == today]
    yesterday = today - timedelta(days=1)
    return show(
        request,
        "my_today.html.j2",
        case,
        tab="today",
        title="Today",
        today=today,
        week=plan_day(today, plan.made_on) // 7 + 1,
        weeks=plan.weeks,
        rows=exercise_rows(case, plan, today),
        beside=beside_exercises(plan),
        pictures={part.id: picture_for(part) for part in plan.exercises},
        has_checked=any(isinstance(event, CheckIn) and event.screen for event in told),
        asks_morning=any(isinstance(e, Session) and own_day(e) == yesterday for e in case.events)
        and not any(isinstance(e, NextMorning) for e in told),
        has_morning=any(isinstance(event, NextMorning) for event in told),
        rules=pain_thresholds(),
    )


def _next(case: Case) -> tuple[str, ...]:
    """Return what happens next where there is no plan to show, as keys of the ledger."""
    screen = case.screened()
    if case.person.age_years is not None and case.person.age_years < 18:
        return ("web.next_by_law",)
    if screen.level == "not_screened" or _open(case):
        return ("web.next_answers",)
    if screen.plan_locked:
        return ("web.next_held",)
    return ("web.next_changed",) if last_agreed(case) else ("web.next_clinic",)


def _open(case: Case) -> int:
    return len(open_now(case))


@get("/my/exercise/{index:int}", name="my exercise", opt=rule("patient", "read exercise"))
@in_thread
def exercise_page(request: Request[Any, Any, Any], index: int) -> Response[Any]:
    """Show one exercise: picture, how to do it, when to stop, its player and its log."""
    case = my_case(request)
    if first := gate(request, case):
        return first
    plan = current_plan(case)
    if plan is None:
        return Redirect("/my")
    rows = exercise_rows(case, plan, today_of(request))
    if not 0 <= index < len(rows):
        raise SettingError("your plan has no such exercise; go back to today's list")
    row = rows[index]
    if row.state == "stopped":
        return Redirect("/my")
    return show(
        request,
        "my_exercise.html.j2",
        case,
        tab="today",
        title=row.title,
        row=row,
        picture=picture_for(row.part),
        following=next((r for r in rows[index + 1 :] if r.state in ("open", "enough")), None),
        ready_s=READY_S,
        rest_s=REST_S,
        rules=pain_thresholds(),
    )


@get("/my/check", name="my check", opt=rule("patient", "read check-in"))
@in_thread
def check_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Ask the danger signs again, and how the day was."""
    case = my_case(request)
    if first := gate(request, case):
        return first
    again = asked_again()
    return show(
        request,
        "my_check.html.j2",
        case,
        tab="today",
        title="Check",
        signs=tuple(flag for flag in questions() if flag.id in again),
        places=_pains(case),
        rules=pain_thresholds(),
    )


def _pains(case: Case) -> tuple[tuple[str, str], ...]:
    """Return the pains that are asked of a day, by where it hurts."""
    places = " ".join(case.person.history.pain_regions)
    is_foot = any(word in places for word in ("ankle", "heel", "arch", "forefoot", "toe", "foot", "calf", "shin"))
    is_back = not is_foot or "back" in places
    back = (("back_pain", say("terminal.ask_back_pain").text),) if is_back else ()
    foot = (
        ("foot_pain", say("terminal.ask_foot_pain").text),
        ("first_step_pain", say("terminal.ask_first_step").text),
    )
    return (*back, *(foot if is_foot else ()))


@get("/my/morning", name="my morning", opt=rule("patient", "read morning"))
@in_thread
def morning_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Ask how it is the morning after."""
    case = my_case(request)
    if first := gate(request, case):
        return first
    mornings = [event for event in case.events if isinstance(event, NextMorning) and event.usual_pain is not None]
    usual = mornings[-1].usual_pain if mornings else None
    return show(
        request, "my_morning.html.j2", case, tab="today", title="This morning", usual=usual, rules=pain_thresholds()
    )


ROUTES = (today_page, exercise_page, check_page, morning_page)
