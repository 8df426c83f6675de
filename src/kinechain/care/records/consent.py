"""What a person agreed to, and what may be done today; an agreement ends by its day or by being withdrawn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kinechain.care.follow_up.events import ConsentGiven, ConsentWithdrawn, Event
from kinechain.core.errors import SettingError, suggest
from kinechain.evidence.wording import Sentence, say

__all__ = ["SCOPES", "ConsentState", "consent_state", "consent_text", "may", "text_digest"]

#: What can be agreed to, each for itself.
SCOPES = ("care", "recordings", "research", "sharing")


@dataclass(frozen=True)
class ConsentState:
    """One scope today.

    Attributes
    ----------
    scope : str
        Of `SCOPES`.
    state : 'given', 'withdrawn', 'ended' or 'never asked'
    since : date or None
        Day of the event that made it so; for 'ended' the last day it held.
    keep_until : date or None
        Last day of the agreement; None if none was named.
    wording : str
        SHA-256 of the text that was agreed to.
    event : str
        Id of the event that made it so.
    """

    scope: str
    state: Literal["given", "withdrawn", "ended", "never asked"]
    since: date | None = None
    keep_until: date | None = None
    wording: str = ""
    event: str = ""


def consent_text(scope: Iterable[str], keep_until: date | None) -> tuple[Sentence, ...]:
    """Return the text a person is asked to agree to.

    Parameters
    ----------
    scope : iterable of str
        Of `SCOPES`.
    keep_until : date or None
        Last day the data are kept.

    Raises
    ------
    SettingError
        If a scope is not known.
    """
    asked = [_known(name) for name in scope]
    kept = say("records.keep_until", day=keep_until.isoformat()) if keep_until else say("records.keep_as_clinic")
    return (say("records.consent"), *(say(f"records.consent_{name}") for name in asked), kept, say("records.withdraw"))


def text_digest(text: Iterable[Sentence]) -> str:
    """Return the SHA-256 of a text as it was shown, for `ConsentGiven`.

    Parameters
    ----------
    text : iterable of Sentence
    """
    return hashlib.sha256("\n".join(sentence.text for sentence in text).encode()).hexdigest()


def consent_state(events: Iterable[Event], scope: str, today: date) -> ConsentState:
    """Return how one scope stands today.

    Parameters
    ----------
    events : iterable of Event
        In any order; those dated after today do not count yet.
    scope : str
        Of `SCOPES`.
    today : date

    Raises
    ------
    SettingError
        If the scope is not known.
    """
    _known(scope)
    told = [
        event
        for event in events
        if isinstance(event, ConsentGiven | ConsentWithdrawn) and scope in event.scope and event.at.date() <= today
    ]
    if not told:
        return ConsentState(scope, "never asked")
    # Of two at the same moment the withdrawal counts.
    last = max(told, key=lambda event: (event.at, isinstance(event, ConsentWithdrawn), event.id))
    if isinstance(last, ConsentWithdrawn):
        return ConsentState(scope, "withdrawn", last.at.date(), event=last.id)
    if last.keep_until is not None and last.keep_until < today:
        return ConsentState(scope, "ended", last.keep_until, last.keep_until, last.wording, last.id)
    return ConsentState(scope, "given", last.at.date(), last.keep_until, last.wording, last.id)


def may(events: Iterable[Event], scope: str, today: date) -> bool:
    """Return whether something may be done with the data today.

    Parameters
    ----------
    events : iterable of Event
    scope : str
        Of `SCOPES`.
    today : date

    Raises
    ------
    SettingError
        If the scope is not known.
    """
    return consent_state(events, scope, today).state == "given"


def _known(scope: str) -> str:
    if scope not in SCOPES:
        raise SettingError(f"there is no consent to '{scope}'. {suggest(scope, SCOPES)}")
    return scope
