"""What a person agrees to: written down, shown, and heeded before a visit is stored.  Nothing is ever deleted here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from kinechain.care.follow_up.events import ConsentGiven, ConsentWithdrawn, Event
from kinechain.care.records.consent import SCOPES, consent_state, consent_text, may, text_digest
from kinechain.care.records.retention import due
from kinechain.cli.person_files import Records, new_id
from kinechain.core.errors import SettingError, suggest
from kinechain.core.text import printable
from kinechain.evidence.wording import say

__all__ = ["check_care_consent", "consent_events", "consent_lines", "visit_consent"]

BY_PATIENT = "patient"


def consent_events(
    given: Sequence[str], keep_until: str | None, withdrawn: Sequence[str], at: datetime
) -> tuple[tuple[Event, ...], tuple[str, ...]]:
    """Return what is to be written down, and the text that was agreed to as it is to be shown.

    Parameters
    ----------
    given, withdrawn : sequence of str
        Of `SCOPES`.
    keep_until : str or None
        Last day the agreement holds, as typed.
    at : datetime

    Raises
    ------
    SettingError
        If a scope is not known or said both ways, or the day is none or has passed.
    """
    for scope in (*given, *withdrawn):
        if scope not in SCOPES:
            raise SettingError(f"there is no consent to '{printable(scope)[:40]}'. {suggest(scope, SCOPES)}")
    if both := sorted(set(given) & set(withdrawn)):
        raise SettingError(f"'{both[0]}' is agreed to and taken back in one command; say which of the two is meant")
    if keep_until is not None and not given:
        raise SettingError("--keep-until belongs to --consent: it says how long what is agreed to holds")
    last = _last_day(keep_until, at.date())
    events: list[Event] = []
    said: tuple[str, ...] = ()
    if given:
        agreed = tuple(name for name in SCOPES if name in given)
        text = consent_text(agreed, last)
        said = tuple(sentence.text for sentence in text)
        wording = text_digest(text)
        events.append(ConsentGiven(id=new_id(), at=at, by=BY_PATIENT, scope=agreed, keep_until=last, wording=wording))
    if withdrawn:
        taken_back = tuple(name for name in SCOPES if name in withdrawn)
        events.append(ConsentWithdrawn(id=new_id(), at=at, by=BY_PATIENT, scope=taken_back))
    return tuple(events), said


def _last_day(text: str | None, begins: date) -> date | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise SettingError(f"--keep-until is '{printable(text)[:40]}'; write a day such as 2030-12-31") from error
    if day < begins:
        raise SettingError(f"--keep-until is {day}, which lies before the day it begins, {begins}")
    return day


def consent_lines(records: Records, today: date) -> list[str]:
    """Return what is agreed to on a day, and what is due for deletion.

    Parameters
    ----------
    records : Records
    today : date
    """
    states = [consent_state(records.events, scope, today) for scope in SCOPES]
    command = f"kinechain log {records.path} --consent care"
    lines = ["", say("terminal.progress_consent").text]
    if all(state.state == "never asked" for state in states):
        return [*lines, f"  {say('terminal.consent_never', command=command).text}"]
    for state in states:
        key = f"terminal.consent_{state.state.replace(' ', '_')}"
        told = say(key).text if state.since is None else say(key, day=state.since.isoformat()).text
        until = f"; {say('terminal.consent_until', day=state.keep_until.isoformat()).text}" if state.keep_until else ""
        lines.append(f"  {state.scope}: {told}{until if state.state == 'given' else ''}")
    waiting = due(records.events, today)
    lines += [f"  ! {entry.what.text} ({say('terminal.since', day=entry.since.isoformat()).text})" for entry in waiting]
    return [*lines, f"  {say('terminal.nothing_deleted').text}"] if waiting else lines


def check_care_consent(records: Records, day: date) -> None:
    """Refuse to store a visit of somebody who took the consent to care back, or whose consent has ended.

    Parameters
    ----------
    records : Records
    day : date
        Of the visit.

    Raises
    ------
    SettingError
        If it was withdrawn, or its last day has passed.
    """
    care = consent_state(records.events, "care", day)
    if care.state in ("withdrawn", "ended"):
        ending = "was withdrawn" if care.state == "withdrawn" else "ended"
        raise SettingError(
            f"the consent to care {ending} on {care.since}, so nothing new is stored; if the person agrees "
            f"again: kinechain log {records.path} --consent care"
        )


def visit_consent(records: Records, day: date, has_recordings: bool) -> list[str]:
    """Return a sentence that says what a visit was stored without consent to, nothing if it was given.

    Parameters
    ----------
    records : Records
    day : date
    has_recordings : bool
        Whether the visit rests on recordings.
    """
    asked = ("care", "recordings") if has_recordings else ("care",)
    lacking = [scope for scope in asked if not may(records.events, scope, day)]
    if not lacking:
        return []
    command = f"kinechain log {records.path} {' '.join(f'--consent {scope}' for scope in lacking)}"
    return [say("terminal.stored_without_consent", scopes=", ".join(lacking), command=command).text]
