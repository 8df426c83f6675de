"""What is due for deletion, and why.  Nothing here deletes: a person who is responsible does, and knows what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kinechain.care.follow_up.events import Event
from kinechain.care.records.consent import SCOPES, consent_state
from kinechain.evidence.wording import Sentence, say

__all__ = ["Due", "due"]


@dataclass(frozen=True)
class Due:
    """One thing that is due for deletion.

    Attributes
    ----------
    scope : str
        Of `kinechain.care.records.consent.SCOPES`; 'care' is everything.
    since : date
        Day it became due.
    because : str
        'withdrawn' or 'ended'.
    event : str
        Id of the event that says so.
    what : Sentence
        What to delete, in words.
    """

    scope: str
    since: date
    because: str
    event: str
    what: Sentence


def due(events: Iterable[Event], today: date) -> tuple[Due, ...]:
    """Return what is due for deletion today, the longest due first.

    Parameters
    ----------
    events : iterable of Event
    today : date
    """
    told = tuple(events)
    states = [consent_state(told, scope, today) for scope in SCOPES]
    found = [
        Due(state.scope, state.since, state.state, state.event, say(f"records.delete_{state.scope}"))
        for state in states
        if state.state in ("withdrawn", "ended") and state.since is not None
    ]
    return tuple(sorted(found, key=lambda entry: (entry.since, SCOPES.index(entry.scope))))
