"""What the combinations of danger signs read, in three values and 'missing', which is none of the three."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from kinechain.care.person.person import Person
from kinechain.care.person.symptom_map import in_group

__all__ = ["Facts", "Truth", "any_of", "back_pain", "back_pain_within", "injury", "night_pain"]

Truth = Literal["yes", "no", "unknown", "missing"]


@dataclass(frozen=True)
class Facts:
    """What the combinations read.

    Attributes
    ----------
    person : Person
        For history, conditions and age.
    truths : mapping of danger-sign id to 'yes', 'no', 'unknown' or 'missing'
        After what follows from other answers; a skipped answer is 'unknown'.
    insensate : bool
        An examination found a foot without protective sensation.
    """

    person: Person
    truths: Mapping[str, Truth]
    insensate: bool = False

    def of(self, *ids: str) -> dict[str, Truth]:
        """Return the answers to some danger signs."""
        return {key: self.truths.get(key, "missing") for key in ids}

    def condition(self, key: str) -> Truth:
        """Return the answer to a condition of the person file."""
        return _truth(self.person.conditions.get(key))


def any_of(truths: Iterable[Truth]) -> Truth:
    """Return 'yes' if any is yes, else 'unknown' if any is unknown, else 'missing' if any is missing, else 'no'.

    Parameters
    ----------
    truths : iterable of str
    """
    found = set(truths)
    for truth in ("yes", "unknown", "missing"):
        if truth in found:
            return truth
    return "no"


def _truth(answer: object) -> Truth:
    if answer in ("yes", "no"):
        return answer
    return "missing" if answer is None else "unknown"


def night_pain(person: Person) -> Truth:
    """Return whether pain wakes the person at night.

    Parameters
    ----------
    person : Person
    """
    if person.history.night_pain is not None:
        return "yes" if person.history.night_pain in ("wakes", "every_night") else "no"
    return _absent(person, "night_pain")


def back_pain(person: Person) -> Truth:
    """Return whether the history names pain of the back; regions without it are a no only if none of it is dated.

    Parameters
    ----------
    person : Person
    """
    regions = person.history.pain_regions
    if any(in_group(region, "back") for region in regions) or person.history.back_onset_weeks is not None:
        return "yes"
    return "no" if regions else _absent(person, "pain_regions")


def back_pain_within(person: Person, weeks: float) -> Truth:
    """Return whether the back pain began at most so long ago; 'missing' where nobody said when.

    Parameters
    ----------
    person : Person
    weeks : float
    """
    if back_pain(person) == "no":
        return "no"
    history = person.history
    began = history.back_onset_weeks if history.back_onset_weeks is not None else history.pain_weeks
    if began is not None:
        return "yes" if began <= weeks else "no"
    return any_of((_absent(person, "back_onset_weeks"), _absent(person, "pain_weeks")))


def _absent(person: Person, key: str) -> Truth:
    return "unknown" if key in person.history.unknown or key in person.history.skipped else "missing"


def injury(person: Person) -> Truth:
    """Return whether an injury is known.

    Parameters
    ----------
    person : Person
    """
    if person.history.injury_days is not None or person.history.onset == "injury":
        return "yes"
    if person.history.onset is not None:
        return "no"
    return any_of((_absent(person, "injury_days"), _absent(person, "onset")))
