"""What each danger-sign question is answered with, after what age, examination and the other answers say."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from kinechain.care.person.examined import insensate_sides, raised_by_examination
from kinechain.care.person.person import Person
from kinechain.care.person.red_flag_text import RedFlag, read_red_flags
from kinechain.care.screening.facts import Facts, Truth

__all__ = ["ADULT_YEARS", "Given", "effective_answers", "facts_of", "is_adult"]

ADULT_YEARS = 18.0


@dataclass(frozen=True)
class Given:
    """The answer to one question.

    Attributes
    ----------
    answer : str
        'yes', 'no', 'unknown', 'skipped', 'not asked', or 'examination' where a finding is a yes.
    because : tuple of str
        What it follows from where nobody answered it so.
    """

    answer: str
    because: tuple[str, ...] = ()

    @property
    def truth(self) -> Truth:
        """In three values, and 'missing'."""
        if self.answer in ("yes", "examination"):
            return "yes"
        if self.answer == "no":
            return "no"
        return "missing" if self.answer == "not asked" else "unknown"

    @property
    def is_open(self) -> bool:
        """True without a yes or no."""
        return self.truth in ("unknown", "missing")


def is_adult(person: Person) -> bool:
    """Return whether the person is known to be 18 or over.

    Parameters
    ----------
    person : Person
    """
    if person.age_years is None:
        return person.screen.get("under_18") == "no"
    return person.age_years >= ADULT_YEARS and person.screen.get("under_18") != "yes"


def effective_answers(person: Person, doubted: Collection[str] = ()) -> Mapping[str, Given]:
    """Return the answer to every danger-sign question, those that are asked no more included.

    Parameters
    ----------
    person : Person
    doubted : collection of str
        Questions whose 'no' something else contradicts (`kinechain.care.person.contradictions`): they are open again.

    Notes
    -----
    A finding or another answer can add a yes, never take one away; an implied no stands only where nobody said yes.
    """
    found = {flag.id: Given(person.screen.get(flag.id, "not asked")) for flag in read_red_flags()}
    examined = {key: Given("examination", because) for key, because in raised_by_examination(person).items()}
    yes = {**_by_age(person), **_by_other_answers(person), **examined}
    for key, given in yes.items():
        if found[key].answer != "yes":
            found[key] = given
    for flag in read_red_flags():
        if found[flag.id].is_open and (because := _implied_no(flag, person)):
            found[flag.id] = Given("no", because)
    for key in doubted:
        if found[key].answer == "no":
            found[key] = Given("unknown", ("contradiction",))
    return found


def facts_of(person: Person, answers: Mapping[str, Given]) -> Facts:
    """Return what the combinations read.

    Parameters
    ----------
    person : Person
    answers : mapping of str to Given
        Of `effective_answers`.
    """
    truths = {key: given.truth for key, given in answers.items()}
    return Facts(person, truths, insensate=bool(insensate_sides(person)))


def _by_age(person: Person) -> dict[str, Given]:
    """The stated age answers for itself."""
    age = math.nan if person.age_years is None else person.age_years
    if age < ADULT_YEARS:
        return {"under_18": Given("yes", ("age",))}
    return {}


def _by_other_answers(person: Person) -> dict[str, Given]:
    """A yes that follows: blood thinners, and a blow or a bruise over the spine."""
    blows = tuple(key for key in ("spine_major_trauma", "spine_contusion") if person.screen.get(key) == "yes")
    if blows and person.conditions.get("anticoagulants") == "yes":
        return {"anticoagulant_trauma": Given("yes", ("anticoagulants", *blows))}
    return {}


def _implied_no(flag: RedFlag, person: Person) -> tuple[str, ...]:
    """Return what makes a question a no without being asked; nothing if it must be asked."""
    if flag.id == "under_18" and person.age_years is not None and person.age_years >= ADULT_YEARS:
        return ("age",)
    if flag.condition and person.conditions.get(flag.condition) == "no":
        return (flag.condition,)
    injured = person.history.injury_days is not None or person.history.onset == "injury"
    if flag.asked_unless_no and not (flag.id == "anticoagulant_trauma" and injured):
        if all(person.screen.get(key) == "no" for key in flag.asked_unless_no):
            return flag.asked_unless_no
    for older in read_red_flags():
        if flag.id in older.replaced_by and person.screen.get(flag.id) is None and person.screen.get(older.id) == "no":
            return (older.id,)
    return ()
