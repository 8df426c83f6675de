"""No accident makes the proof of an open lock."""

import copy
import pickle
from dataclasses import replace
from datetime import date

import pytest

from kinechain.care.person.person import Person
from kinechain.care.planning.plan import Plan
from kinechain.care.screening.lock import Unlocked, unlock
from kinechain.care.screening.proof import Proof
from kinechain.care.screening.red_flags import questions
from kinechain.core.errors import LockedError

CALM = Person(age_years=40, screen={flag.id: "no" for flag in questions()})


def plan(unlocked: object) -> Plan:
    return Plan(
        unlocked=unlocked,  # type: ignore[arg-type]
        mode="care",
        made_on=date(2026, 1, 2),
        weeks=8,
        parts=(),
        hypotheses=(),
        reviews=(),
        version="0",
    )


def test_a_calm_adult_is_unlocked_and_may_have_a_plan() -> None:
    unlocked = unlock(CALM)
    assert isinstance(unlocked, Unlocked)
    assert unlocked.belongs_to(CALM)
    assert not unlocked.belongs_to(replace(CALM, age_years=41))
    assert plan(unlocked).unlocked is unlocked


@pytest.mark.parametrize("person", [Person(), Person(age_years=40), replace(CALM, age_years=17)])
def test_nobody_else_is(person: Person) -> None:
    with pytest.raises(LockedError):
        unlock(person)


def test_it_cannot_be_made_by_hand() -> None:
    for kind in (Unlocked, Proof):
        with pytest.raises(LockedError):
            kind(answers="", screen=None)
        with pytest.raises(TypeError):
            object.__new__(kind)


def test_an_empty_instance_of_its_own_class_counts_for_nothing() -> None:
    empty = object.__new__(type(unlock(CALM)))
    assert not isinstance(empty, Unlocked)
    with pytest.raises(LockedError):
        plan(empty)


def test_a_subclass_counts_for_nothing() -> None:
    class Mine(Unlocked):
        def _is_concrete(self) -> bool:
            return True

    assert not isinstance(object.__new__(Mine), Unlocked)


def test_a_copy_is_the_proof_itself_and_no_file_revives_it() -> None:
    unlocked = unlock(CALM)
    assert copy.copy(unlocked) is unlocked
    assert copy.deepcopy(unlocked) is unlocked
    with pytest.raises(LockedError, match="not kept in a file"):
        pickle.dumps(unlocked)
    with pytest.raises(TypeError):
        replace(unlocked, answers="other")  # type: ignore[type-var]


def test_it_cannot_be_altered() -> None:
    unlocked = unlock(CALM)
    with pytest.raises(LockedError):
        unlocked.answers = "other"
    with pytest.raises(LockedError):
        del unlocked.answers
