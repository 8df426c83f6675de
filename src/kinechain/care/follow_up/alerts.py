"""What the clinician is told: once per reason and spell, with its urgency, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Literal

from kinechain.care.follow_up.change import is_beyond, read_thresholds
from kinechain.care.follow_up.course_tables import course_table
from kinechain.care.follow_up.days import own_day
from kinechain.care.follow_up.events import Acknowledged, AdverseEvent, CheckIn, Event, NextMorning, Paused
from kinechain.care.follow_up.pain_rule import usual_pain
from kinechain.care.follow_up.pain_series import DayPain, mean_pain
from kinechain.care.planning.maintenance import keeps_up
from kinechain.care.planning.plan import Plan
from kinechain.care.screening.clearance import Clearance
from kinechain.care.screening.red_flags import read_red_flags
from kinechain.evidence.wording import Sentence, say

__all__ = ["ADVERSE_EVENTS", "URGENCIES", "AdverseKind", "Alert", "Urgency", "find_alerts", "standing_dangers"]

Urgency = Literal["routine", "soon", "next_working_day", "same_day", "emergency"]

#: From the least to the most urgent.
URGENCIES: tuple[Urgency, ...] = ("routine", "soon", "next_working_day", "same_day", "emergency")

#: A spell ends after so many days without its reason (choice).
SPELL_DAYS = 7

#: So many days without an entry are told to the clinician (choice).
SILENT_DAYS = 7

#: While a plan keeps up what was reached pain is told once a month: so many days are silence then (choice).
SILENT_DAYS_KEPT_UP = 35

#: A week's mean needs so many values before it alerts (choice).
WEEK_VALUES = 4


@dataclass(frozen=True)
class AdverseKind:
    """What may go wrong, and how soon somebody must look at it.

    Attributes
    ----------
    urgency : str
        Whatever the severity; all of them are choices after the stop rules of the exercises.
    is_nerve : bool
        A new nerve sign.
    """

    urgency: Urgency
    is_nerve: bool = False


#: Everything an `AdverseEvent` may say.
ADVERSE_EVENTS: Mapping[str, AdverseKind] = MappingProxyType(
    {
        "chest_pain": AdverseKind("emergency"),
        "breathlessness": AdverseKind("emergency"),
        "fainting": AdverseKind("emergency"),
        "hot_swollen_joint": AdverseKind("emergency"),
        "hot_swollen_foot": AdverseKind("emergency"),
        "dizziness": AdverseKind("same_day"),
        "calf_swelling": AdverseKind("same_day"),
        "sudden_snap": AdverseKind("same_day"),
        "new_numbness": AdverseKind("same_day", is_nerve=True),
        "new_tingling": AdverseKind("same_day", is_nerve=True),
        "new_weakness": AdverseKind("same_day", is_nerve=True),
        "giving_way": AdverseKind("same_day", is_nerve=True),
        "pain_further_down_leg": AdverseKind("same_day", is_nerve=True),
        "fall": AdverseKind("soon"),
        "skin_damage": AdverseKind("soon"),
        "pain_flare": AdverseKind("routine"),
        "cramp": AdverseKind("routine"),
        "other": AdverseKind("routine"),
    }
)


@dataclass(frozen=True)
class Alert:
    """One thing the clinician is told.

    Attributes
    ----------
    id : str
        Of its rule, e.g. 'danger.ces_bladder'.
    urgency : str
    since, last : date
        First and last day of the spell.
    because : tuple of str
        Ids of the events it rests on.
    suspends : bool
        Whether the plan rests until a clinician has looked at it.
    acknowledged : bool
        Whether a clinician has seen it.
    sentence : Sentence
    """

    id: str
    urgency: Urgency
    since: date
    last: date
    because: tuple[str, ...]
    suspends: bool
    acknowledged: bool
    sentence: Sentence

    @property
    def key(self) -> str:
        """What an acknowledgement names: the rule and the first day of the spell."""
        return f"{self.id}:{self.since.isoformat()}"


@dataclass(frozen=True)
class _Sign:
    """One reason on one day."""

    id: str
    urgency: Urgency
    day: date
    event: str
    suspends: bool
    sentence: Sentence


def find_alerts(
    events: Sequence[Event],
    plan: Plan,
    today: date,
    series: Sequence[DayPain],
    baseline: float | None,
    clearances: Iterable[Clearance] = (),
) -> tuple[Alert, ...]:
    """Return every alert of a plan up to today, the most urgent first.

    Parameters
    ----------
    events : sequence of Event
        All of them, second versions too: a danger sign in either counts.
    plan : Plan
    today : date
    series : sequence of DayPain
    baseline : float or None
        Pain the plan began with.
    clearances : iterable of Clearance
        Verified ones; each ends the sign it clears, from its own time on.
    """
    told = [event for event in events if plan.made_on <= own_day(event) <= today]
    accepted = {flag.id for flag, _ in plan.unlocked.screen.cleared}
    days = [plan.made_on + timedelta(days=i) for i in range((today - plan.made_on).days + 1)]
    signs = [
        *_mornings(told, days, baseline),
        *_worsening(series, days, plan.made_on, baseline),
        *_silence(told, events, plan, today),
    ]
    alerts = [*standing_dangers(events, today, clearances, accepted), *_alerts(signs, events)]
    return tuple(sorted(alerts, key=lambda a: (-URGENCIES.index(a.urgency), a.since, a.id)))


def standing_dangers(
    events: Iterable[Event], today: date, clearances: Iterable[Clearance] = (), accepted: Iterable[str] = ()
) -> tuple[Alert, ...]:
    """Return what was told of danger signs and adverse events, whichever plan was in force then.

    A new plan does not wipe them out: before one is made, none of these may suspend.

    Parameters
    ----------
    events : iterable of Event
    today : date
    clearances : iterable of Clearance
        Verified ones.
    accepted : iterable of str
        Danger signs that had been cleared when the plan was made.
    """
    told = sorted((event for event in events if own_day(event) <= today), key=lambda event: event.at)
    verified = tuple(clearances)
    return tuple(_alerts([*_danger_signs(told, verified, set(accepted)), *_adverse_events(told, verified)], told))


def _danger_signs(told: Sequence[Event], clearances: Sequence[Clearance], accepted: set[str]) -> list[_Sign]:
    """Return danger signs that were told and not cleared; an emergency question left open holds back as well."""
    flags = {flag.id: flag for flag in read_red_flags()}
    signs: list[_Sign] = []
    checks = sorted((event for event in told if isinstance(event, CheckIn) and event.screen), key=lambda e: e.at)
    for i, check in enumerate(checks):
        for key, answer in check.screen.items():
            flag = flags.get(key)
            if flag is None or answer == "no" or _is_cleared(key, check.at, clearances):
                continue
            sign, day = key.replace("_", " "), own_day(check)
            if answer == "yes":
                if _is_still(key, checks[:i], check.at, clearances, accepted):
                    sentence = say("follow_up.alert_danger_still", sign=sign)
                    signs.append(_Sign(f"still.{key}", "routine", day, check.id, False, sentence))
                    continue
                urgency = _urgency(flag.urgency)
                sentence = say(f"follow_up.alert_danger_{urgency}", sign=sign)
                signs.append(_Sign(f"danger.{key}", urgency, day, check.id, urgency != "routine", sentence))
            elif flag.urgency == "emergency" and not any(e.screen.get(key) in ("yes", "no") for e in checks[i + 1 :]):
                sentence = say("follow_up.alert_danger_open", sign=sign)
                signs.append(_Sign(f"danger_open.{key}", "same_day", day, check.id, True, sentence))
    return signs


def _is_still(
    flag: str, before: Sequence[CheckIn], at: datetime, clearances: Sequence[Clearance], accepted: set[str]
) -> bool:
    """Return whether a "yes" is the one a clinician has cleared: without a "no" in between."""
    told = [e.at for e in before if e.screen.get(flag) == "yes"]
    times = [c.at for c in clearances if c.flag == flag and any(yes <= c.at < at for yes in told)]
    if not times and flag not in accepted:
        return False
    return not any(e.screen.get(flag) == "no" and (not times or e.at > max(times)) for e in before)


def _adverse_events(told: Sequence[Event], clearances: Sequence[Clearance]) -> list[_Sign]:
    """Return adverse events somebody must look at; a clinician's signed clearance lets a plan go on."""
    signs = []
    for event in told:
        if not isinstance(event, AdverseEvent):
            continue
        urgency = ADVERSE_EVENTS[event.what].urgency
        if event.severity == "severe":
            urgency = max(urgency, "same_day", key=URGENCIES.index)
        elif event.severity == "moderate":
            urgency = max(urgency, "soon", key=URGENCIES.index)
        elif urgency == "routine":
            continue
        key = f"adverse.{event.what}"
        if _is_cleared(key, event.at, clearances):
            continue
        suspends = URGENCIES.index(urgency) >= URGENCIES.index("same_day")
        stem = "follow_up.alert_nerve" if ADVERSE_EVENTS[event.what].is_nerve else "follow_up.alert_adverse"
        how_soon = "_emergency" if urgency == "emergency" else "_same_day" if suspends else ""
        sentence = say(f"{stem}{how_soon}", what=event.what.replace("_", " "))
        signs.append(_Sign(key, urgency, own_day(event), event.id, suspends, sentence))
    return signs


def _mornings(told: Sequence[Event], days: Sequence[date], baseline: float | None) -> list[_Sign]:
    """Return mornings that were bad twice in a row: above the band, or above the usual by more than error.

    The exercise stops at once (rule R6.1); of the clinician they ask nothing before the next contact, for one in six
    simulated people whose pain never rose has them.  The mean of a week finds a worsening as surely.
    """
    band, error = course_table("pain_band")["pain"]["acceptable"], read_thresholds()["nprs"].error
    above: dict[date, str] = {}
    worse: dict[date, str] = {}
    mornings = [event for event in told if isinstance(event, NextMorning)]
    for event in mornings:
        if event.pain is None:
            continue
        usual = usual_pain(mornings, own_day(event), baseline)
        is_worse = usual is not None and is_beyond(event.pain - usual, error)
        if event.pain > band and (is_worse or usual is None):
            above[own_day(event)] = event.id
        if is_worse:
            worse[own_day(event)] = event.id
    signs = []
    for day in days:
        before = day - timedelta(days=1)
        for key, found in (("above", above), ("worse", worse)):
            if day in found and before in found and (key == "above" or day not in above):
                sentence = say(f"follow_up.alert_{key}_two_mornings")
                signs.append(_Sign(f"pain.{key}_two_mornings", "routine", day, found[day], False, sentence))
    return signs


def _worsening(series: Sequence[DayPain], days: Sequence[date], start: date, baseline: float | None) -> list[_Sign]:
    limit = read_thresholds()["nprs"]
    if baseline is None or limit.points is None:
        return []
    within = [day for day in series if day.day >= start]
    signs = []
    for day in days:
        mean = mean_pain(within, day, WEEK_VALUES)
        if mean is not None and is_beyond(mean - baseline, limit.points):
            sentence = say("follow_up.alert_worsening")
            signs.append(_Sign("pain.worsening", "soon", day, f"week to {day.isoformat()}", False, sentence))
    return signs


def _silence(told: Sequence[Event], events: Sequence[Event], plan: Plan, today: date) -> list[_Sign]:
    """Return that nothing was written for a week, pauses aside, while the plan ran."""
    pauses = [event for event in events if isinstance(event, Paused) and own_day(event) <= today]
    resting = {p.first + timedelta(days=i) for p in pauses for i in range((p.last - p.first).days + 1)}
    written = {own_day(event) for event in told if event.by == "patient"}
    end = min(today, plan.made_on + timedelta(days=7 * plan.weeks))
    limit = SILENT_DAYS_KEPT_UP if keeps_up(plan) else SILENT_DAYS
    signs, quiet = [], 0
    for i in range((end - plan.made_on).days):
        day = plan.made_on + timedelta(days=i)
        quiet = 0 if day in written or day in resting else quiet + 1
        if quiet >= limit:
            sentence = say("follow_up.alert_silence", days=limit)
            signs.append(_Sign("log.silent", "routine", day, f"nothing to {day.isoformat()}", False, sentence))
    return signs


def _alerts(signs: Sequence[_Sign], events: Iterable[Event]) -> list[Alert]:
    seen: dict[str, datetime] = {}
    for event in events:
        if isinstance(event, Acknowledged) and event.by != "patient":
            seen[event.alert] = max(event.at, seen.get(event.alert, event.at))
    keys = sorted({sign.id for sign in signs})
    return [alert for key in keys for alert in _spells([s for s in signs if s.id == key], seen)]


def _spells(signs: Sequence[_Sign], seen: Mapping[str, datetime]) -> list[Alert]:
    """Return one alert per spell of one reason."""
    spells: list[list[_Sign]] = []
    for sign in sorted(signs, key=lambda s: s.day):
        if spells and (sign.day - spells[-1][-1].day).days <= SPELL_DAYS:
            spells[-1].append(sign)
        else:
            spells.append([sign])
    found = []
    for spell in spells:
        worst = max(spell, key=lambda s: URGENCIES.index(s.urgency))
        at = seen.get(f"{worst.id}:{spell[0].day.isoformat()}")
        because = tuple(dict.fromkeys(s.event for s in spell))
        suspends = any(s.suspends for s in spell)
        found.append(
            Alert(
                worst.id, worst.urgency, spell[0].day, spell[-1].day, because, suspends, at is not None, worst.sentence
            )
        )
    return found


def _is_cleared(flag: str, told_at: datetime, clearances: Sequence[Clearance]) -> bool:
    return any(clearance.flag == flag and clearance.at >= told_at for clearance in clearances)


def _urgency(level: str) -> Urgency:
    return next((urgency for urgency in URGENCIES if urgency == level), "emergency")
