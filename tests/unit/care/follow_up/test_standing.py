"""What the journal holds against a plan, whatever the person file says now."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from followed import at, check
from kinechain.care.follow_up.events import AdverseEvent, Cleared, Event, PlanMade
from kinechain.care.follow_up.standing import lasting, told_since
from kinechain.care.person.person import Person
from kinechain.care.screening.clearance import TrustedClearance, answers_digest
from kinechain.care.screening.keyring import new_clinician, sign_clearance, trusted
from kinechain.care.screening.lock import unlock
from kinechain.care.screening.red_flags import questions, screen_person
from kinechain.care.screening.screen import Flag
from kinechain.core.errors import LockedError, SettingError

ALL_NO: dict[str, Any] = {flag.id: "no" for flag in questions()}
WELL = Person(sex="male", age_years=50, screen=ALL_NO)
FOOT_DROP = replace(WELL, screen={**ALL_NO, "foot_drop": "yes"})
SECRET = "correct horse battery"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINECHAIN_HOME", str(tmp_path))
    new_clinician("dr_ono", SECRET)


def adverse(what: str, day: int = 1, severity: Any = "mild") -> AdverseEvent:
    return AdverseEvent(id=f"adverse-{what}-{day}", at=at(day), by="patient", what=what, severity=severity)


def signed(person: Person, flag: str, day: int, told: tuple[Flag, ...] = ()) -> tuple[TrustedClearance, ...]:
    return trusted([sign_clearance(person, flag, "seen today and examined", "dr_ono", SECRET, at(day), told)])


@pytest.mark.parametrize(
    ("event", "flag", "urgency"),
    [
        (adverse("chest_pain"), "adverse.chest_pain", "emergency"),
        (adverse("sudden_snap"), "adverse.sudden_snap", "same_day"),
        (adverse("cramp", severity="severe"), "adverse.cramp", "same_day"),
        (check(1, screen={"ces_bladder": "yes"}), "ces_bladder", "emergency"),
        (check(1, screen={"foot_drop": "yes"}), "foot_drop", "same_day"),
    ],
)
def test_what_was_told_locks_a_person_whose_answers_are_all_no(event: Event, flag: str, urgency: str) -> None:
    told = told_since([event], WELL)
    screen = screen_person(WELL, (), told)
    assert [(f.id, f.answer) for f in screen.flags] == [(flag, "told later")]
    assert screen.level == urgency and screen.plan_locked and flag in screen.reason
    with pytest.raises(LockedError, match=flag):
        unlock(WELL, (), told)


def test_a_clinician_clears_what_was_told_and_a_patient_cannot() -> None:
    events = [adverse("calf_swelling")]
    told = told_since(events, WELL)
    with pytest.raises(SettingError, match="no danger sign"):
        sign_clearance(WELL, "adverse.calf_swelling", "seen today and examined", "dr_ono", SECRET)
    proofs = signed(WELL, "adverse.calf_swelling", 2, told)
    assert told_since(events, WELL, proofs) == ()
    assert [f.id for f in told_since([*events, adverse("calf_swelling", 3)], WELL, proofs)] == ["adverse.calf_swelling"]


@pytest.mark.parametrize("event", [adverse("cramp"), adverse("fall"), check(1, screen=ALL_NO)])
def test_what_can_wait_locks_nobody(event: Event) -> None:
    assert told_since([event], WELL) == ()


def test_an_emergency_question_left_open_at_a_check_in_is_open_and_cannot_be_cleared() -> None:
    told = told_since([check(1, screen={**ALL_NO, "ces_saddle": "skipped"})], WELL)
    screen = screen_person(WELL, (), told)
    assert (screen.level, [f.id for f in screen.flags if f.is_open]) == ("not_screened", ["ces_saddle"])
    with pytest.raises(LockedError, match="answered, not cleared"):
        sign_clearance(WELL, "ces_saddle", "seen today and examined", "dr_ono", SECRET, None, told)


def test_a_sign_that_was_cleared_and_told_anew_after_a_no_stands_again() -> None:
    (proof,) = signed(FOOT_DROP, "foot_drop", 2)
    still = [check(4, screen={"foot_drop": "yes"})]
    assert lasting([proof], still) == (proof,)
    assert not screen_person(FOOT_DROP, [proof], told_since(still, FOOT_DROP, [proof])).plan_locked
    gone = [check(4, screen={"foot_drop": "no"})]
    assert lasting([proof], gone) == (proof,)
    again = [*gone, check(6, screen={"foot_drop": "yes"})]
    assert lasting([proof], again) == ()
    assert screen_person(FOOT_DROP, [proof], told_since(again, FOOT_DROP, [proof])).plan_locked


def plan_for(person: Person, day: int) -> PlanMade:
    plain = MappingProxyType({"answers": answers_digest(person)})
    return PlanMade(id=f"plan-made-{day}", at=at(day), by="patient", plan=plain)


def test_a_clearance_does_not_come_back_with_the_answers_it_was_for() -> None:
    (proof,) = signed(FOOT_DROP, "foot_drop", 2)
    assert lasting([proof], [plan_for(FOOT_DROP, 3)]) == (proof,)
    assert lasting([proof], [plan_for(WELL, 1)]) == (proof,)
    assert lasting([proof], [plan_for(WELL, 3)]) == ()
    (other,) = signed(replace(FOOT_DROP, age_years=51), "foot_drop", 4)
    event = Cleared(id="cleared-0001", at=at(4), by="dr_ono", clearance=other.clearance)
    assert lasting([proof, other], [event]) == (other,)


def test_bone_nobody_is_sure_of_is_raised_and_not_open() -> None:
    unsure = replace(WELL, screen={**ALL_NO, "ottawa_midfoot": "unknown"})
    (flag,) = screen_person(unsure).flags
    assert (flag.id, flag.urgency, flag.is_open) == ("ottawa_midfoot", "same_day", False)
    assert signed(unsure, "ottawa_midfoot", 1)[0].clearance.at < at(1) + timedelta(days=1)
    skipped = replace(WELL, screen={**ALL_NO, "ottawa_midfoot": "skipped"})
    assert all(flag.is_open for flag in screen_person(skipped).flags)
