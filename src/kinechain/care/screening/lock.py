"""The lock: the one thing a plan, drivers, a what-if and an orthosis sheet cannot be made without."""

from __future__ import annotations

from collections.abc import Sequence

from kinechain.care.person.person import Person
from kinechain.care.screening.clearance import TrustedClearance, answers_digest
from kinechain.care.screening.proof import Proof
from kinechain.care.screening.red_flags import screen_person
from kinechain.care.screening.screen import Flag, Screen
from kinechain.core.errors import LockedError

__all__ = ["Unlocked", "unlock"]


class Unlocked(Proof):
    """Proof that the danger signs of one person were asked, and none holds back a plan.

    Only `unlock` makes one.

    Attributes
    ----------
    answers : str
        `kinechain.care.screening.clearance.answers_digest` of the person it was made for.
    screen : Screen
        As it was then.
    """

    __slots__ = ("answers", "screen")
    answers: str
    screen: Screen

    def belongs_to(self, person: Person) -> bool:
        """Return whether it was made for exactly these answers."""
        return self.answers == answers_digest(person)


def unlock(person: Person, clearances: Sequence[TrustedClearance] = (), told: Sequence[Flag] = ()) -> Unlocked:
    """Return the proof that a person may be given a plan, drivers and what-ifs.

    Parameters
    ----------
    person : Person
    clearances : sequence of TrustedClearance
        Verified ones (`kinechain.care.screening.keyring.trusted`).
    told : sequence of Flag
        What the journal holds against a plan (`kinechain.care.follow_up.standing.told_since`).

    Raises
    ------
    LockedError
        If a danger sign is raised or open, the age is not known or under 18; it says which.
    """
    screen = screen_person(person, clearances, told)
    if screen.plan_locked:
        raise LockedError(screen.reason)
    return Unlocked._issue(answers=answers_digest(person), screen=screen)
