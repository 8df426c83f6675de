"""The two-level Wells score of a swollen leg: clinicians score it, and both levels go the same day (rule R-DVT)."""

from __future__ import annotations

from dataclasses import dataclass

from kinechain.care.person.person import Person
from kinechain.care.person.red_flag_text import read_wells_items
from kinechain.core.errors import PersonError, suggest

__all__ = ["LIKELY_FROM", "WellsScore", "wells_score"]

#: Two points or more: likely (wells2003_nice).
LIKELY_FROM = 2


@dataclass(frozen=True)
class WellsScore:
    """What a clinician scored.

    Attributes
    ----------
    least, most : int
        Points, with every open item at its lowest and at its highest.
    level : 'likely', 'unlikely' or 'open'
        'open' while the items without an answer could decide.
    scored : tuple of str
        Items answered with yes.
    still_open : tuple of str
        Items without a yes or no.
    examiner : str
        Code of the clinician.
    urgency : str
        'same_day' by both levels (choice).
    """

    least: int
    most: int
    level: str
    scored: tuple[str, ...]
    still_open: tuple[str, ...]
    examiner: str
    urgency: str = "same_day"


def wells_score(person: Person) -> WellsScore | None:
    """Return the score of the examined items; None where no clinician scored any.

    Parameters
    ----------
    person : Person

    Raises
    ------
    PersonError
        If an item is not of the score, or items were scored without naming the clinician.

    References
    ----------
    wells2003_nice.  The score never lowers the urgency of a swollen leg, and never answers the question about it.
    """
    items = read_wells_items()
    known = {item.id for item in items}
    if unknown := sorted(set(person.wells) - known):
        raise PersonError(f"no item '{unknown[0]}' of the Wells score. {suggest(unknown[0], known)}")
    if not person.wells:
        return None
    if not person.wells_examiner:
        raise PersonError('the Wells score is for clinicians: [wells] names no examiner; write examiner = "code"')
    answers = {item.id: person.wells.get(item.id) for item in items}
    certain = sum(item.points for item in items if answers[item.id] == "yes")
    loose = [item for item in items if answers[item.id] not in ("yes", "no")]
    least = certain + sum(min(item.points, 0) for item in loose)
    most = certain + sum(max(item.points, 0) for item in loose)
    level = "likely" if least >= LIKELY_FROM else "unlikely" if most < LIKELY_FROM else "open"
    scored = tuple(key for key, answer in answers.items() if answer == "yes")
    return WellsScore(least, most, level, scored, tuple(item.id for item in loose), person.wells_examiner)
