"""What a journal holds against a plan: dangers told since the questions were answered, and clearances that lapsed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from kinechain.care.follow_up.alerts import Alert, standing_dangers
from kinechain.care.follow_up.events import CheckIn, Cleared, ClearingWithdrawn, Event, PlanMade
from kinechain.care.person.person import Person
from kinechain.care.person.red_flag_text import Level
from kinechain.care.screening.clearance import Clearance, TrustedClearance
from kinechain.care.screening.red_flags import ASK, read_red_flags, screen_person
from kinechain.care.screening.screen import TOLD_LATER, Flag
from kinechain.evidence.wording import say

__all__ = ["lasting", "told_since"]


def lasting(clearances: Iterable[TrustedClearance], events: Sequence[Event]) -> tuple[TrustedClearance, ...]:
    """Return the clearances that the journal has not outlived.

    Parameters
    ----------
    clearances : iterable of TrustedClearance
    events : sequence of Event

    Notes
    -----
    A clearance ends when the answers change (`Clearance.answers`), and it ends for good: that the same answers come
    back later may be a new illness.  The journal shows it by a later plan or clearance made for other answers, or by a
    later check-in that says no and one after it that says yes again; or a clinician took it back.
    """
    return tuple(proof for proof in clearances if not _has_lapsed(proof.clearance, events))


def _has_lapsed(clearance: Clearance, events: Sequence[Event]) -> bool:
    if any(isinstance(event, ClearingWithdrawn) and event.signature == clearance.signature for event in events):
        return True
    later = sorted((event for event in events if event.at > clearance.at), key=lambda event: event.at)
    others = {str(event.plan.get("answers", "")) for event in later if isinstance(event, PlanMade)}
    others |= {event.clearance.answers for event in later if isinstance(event, Cleared)}
    if others - {clearance.answers, ""}:
        return True
    answers = [event.screen.get(clearance.flag) for event in later if isinstance(event, CheckIn)]
    return "no" in answers and "yes" in answers[answers.index("no") :]


def told_since(
    events: Sequence[Event], person: Person, clearances: Sequence[TrustedClearance] = ()
) -> tuple[Flag, ...]:
    """Return what was written into a journal that holds back a plan, the most urgent first.

    Parameters
    ----------
    events : sequence of Event
    person : Person
        As they answer now.
    clearances : sequence of TrustedClearance
        Those that last.

    Notes
    -----
    A danger sign at a check-in and an unwanted event that somebody must look at the same day stand until a clinician
    signs their clearance; answers in the person file do not take them back.
    """
    if not events:
        return ()
    accepted = {flag.id for flag, _ in screen_person(person, clearances).cleared}
    verified = tuple(proof.clearance for proof in clearances)
    found: dict[str, Flag] = {}
    for alert in standing_dangers(events, date.max, verified, accepted):
        if alert.suspends:
            flag = _flag(alert)
            found.setdefault(flag.id, flag)
    return tuple(found.values())


def _flag(alert: Alert) -> Flag:
    """Return a danger sign under its own id, an unwanted event under that of its alert."""
    texts = {flag.id: flag for flag in read_red_flags()}
    kind, _, what = alert.id.partition(".")
    sign = texts.get(what) if kind != "adverse" else None
    urgency: Level = alert.urgency
    told = alert.sentence.text
    if sign is None:
        question = say("follow_up.held_adverse", what=what.replace("_", " ")).text
        return Flag(alert.id, urgency, "choice", TOLD_LATER, told, question, alert.sentence.rule, advice=told)
    question, rule, sources = sign.question, sign.rule_id, sign.sources
    if kind == "danger_open":
        return Flag(sign.id, sign.urgency, sign.basis, "unknown", ASK, question, rule, sources=sources)
    advice = sign.patient_action or told
    return Flag(sign.id, urgency, sign.basis, TOLD_LATER, sign.action, question, rule, sources=sources, advice=advice)
