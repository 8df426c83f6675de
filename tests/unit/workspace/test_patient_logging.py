"""What patients write down: once each, on the day of their own phone, and never as somebody else."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from kinechain.care.follow_up.days import own_day
from kinechain.care.follow_up.events import CheckIn, ConsentGiven, Session
from kinechain.care.person.red_flag_text import asked_again
from kinechain.core.errors import InputError
from kinechain.store.clock import now
from kinechain.store.tables import audit, event, task
from kinechain.workspace.case import Case, read_case, write_events
from kinechain.workspace.logging import MOST_ENTRIES, Logged, NoConsentError, log_plain
from web_fixtures import Clinics

SIGN = next(iter(asked_again()))
DONE: dict[str, Any] = {"exercise": "bridge", "side": "both", "sets": "3", "repetitions": "8", "pain_during": "2"}


def entry(kind: str, at: datetime | None = None, **fields: Any) -> dict[str, Any]:
    """Return an entry as a phone sends it."""
    moment = (at or now().astimezone()).replace(microsecond=0)
    return {"event": kind, "id": str(uuid4()), "at": moment.isoformat(), **fields}


def agree(clinics: Clinics, role: str = "patient") -> None:
    """Let a patient agree to care."""
    actor = clinics.actor(role)
    at = now().astimezone() - timedelta(hours=30)
    given = ConsentGiven(id=str(uuid4()), at=at, by="patient", scope=("care",), wording="0" * 64)
    with clinics.place.database.writing() as connection:
        write_events(connection, actor, actor.patient_id, (given,), "give consent")


def log(clinics: Clinics, *entries: Any, role: str = "patient") -> Logged:
    return log_plain(clinics.place, clinics.actor(role), entries)


def case_of(clinics: Clinics, role: str = "patient") -> Case:
    with clinics.place.database.reading() as connection:
        return read_case(connection, clinics.actor(role).patient_id)


def test_the_same_entries_again_are_one_and_get_the_same_answer(each_clinic: Clinics) -> None:
    agree(each_clinic)
    sent = [
        entry("session", **DONE),
        entry("check_in", danger="none"),
        entry("steps_taken", day="2026-01-05", steps="7"),
    ]
    sent[2]["day"] = now().date().isoformat()
    first = log(each_clinic, *sent)
    again = log(each_clinic, *sent, *sent)
    assert set(first.accepted) == set(again.accepted) == {one["id"] for one in sent}
    assert not first.refused and not again.refused
    assert first.told == again.told and [told.verdict for told in first.told] == ["carry on"]
    assert [e.id for e in case_of(each_clinic).events[1:]] == [one["id"] for one in sent]


def test_two_tabs_that_send_the_same_at_once_write_it_once(each_clinic: Clinics) -> None:
    agree(each_clinic)
    sent = [entry("session", **DONE), entry("check_in", danger=SIGN)]
    ready, answers = Barrier(3), []

    def send() -> None:
        ready.wait()
        answers.append(log(each_clinic, *sent).accepted)

    threads = [Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [tuple(one["id"] for one in sent)] * 3
    case = case_of(each_clinic)
    assert [e.id for e in case.events[1:]] == [one["id"] for one in sent]
    # The danger sign went into the answers once as well.
    assert case.number == 2


def test_an_id_that_says_something_else_is_refused_and_nothing_changes(each_clinic: Clinics) -> None:
    agree(each_clinic)
    mine = entry("session", **DONE)
    log(each_clinic, mine)
    before = case_of(each_clinic).events
    good = entry("check_in", danger="none")
    later = log(each_clinic, {**mine, "pain_during": "9"}, good, {**good, "danger": "skipped"})
    assert later.accepted == (good["id"],)
    assert [row.id for row in later.refused] == [mine["id"], good["id"]]
    assert all("write a new one" in row.why for row in later.refused)
    after = case_of(each_clinic).events
    assert after[: len(before)] == before and len(after) == len(before) + 1


def test_the_id_of_another_patients_entry_tells_nothing_of_it(each_clinic: Clinics) -> None:
    agree(each_clinic)
    agree(each_clinic, "other_patient")
    theirs = entry("session", **DONE)
    log(each_clinic, theirs, role="other_patient")
    mine = {**theirs, "pain_during": "5"}
    assert log(each_clinic, mine).accepted == (mine["id"],)
    pains = {role: case_of(each_clinic, role).events[-1] for role in ("patient", "other_patient")}
    assert {role: e.pain_during for role, e in pains.items() if isinstance(e, Session)} == {
        "patient": 5.0,
        "other_patient": 2.0,
    }


@pytest.mark.parametrize("hours", [-11, 13])
def test_an_entry_belongs_to_the_day_of_the_phone(each_clinic: Clinics, hours: int) -> None:
    agree(each_clinic)
    zone = timezone(timedelta(hours=hours))
    local = now().astimezone(zone)
    # The last hour of yesterday there, which is another day here.
    late = (local - timedelta(days=1)).replace(hour=23, minute=30, second=0, microsecond=0)
    late = min(late, local)
    log(each_clinic, entry("session", late, **DONE), entry("next_morning", local, pain="2", usual_pain="2"))
    session, morning = case_of(each_clinic).events[-2:]
    assert own_day(session) == late.date() and session.at.utcoffset() == timedelta(hours=hours)
    assert own_day(morning) == local.date()


def test_the_morning_after_is_judged_on_the_day_of_the_phone(each_clinic: Clinics) -> None:
    """Tell, where it is already tomorrow, that the pain of yesterday's exercise was still there this morning."""
    agree(each_clinic)
    local = now().astimezone(timezone(timedelta(hours=14)))
    yesterday = entry("session", local - timedelta(hours=24), **{**DONE, "pain_during": "3"})
    assert [told.verdict for told in log(each_clinic, yesterday).told] == ["carry on"]
    answer = log(each_clinic, entry("next_morning", local, pain="9", usual_pain="2", soreness="1"))
    assert [(told.verdict, told.exercise) for told in answer.told] == [("ease off", "")]
    assert answer.told[0].sentences


def test_a_danger_sign_locks_the_plan_and_calls_the_clinic(each_clinic: Clinics) -> None:
    agree(each_clinic)
    before = case_of(each_clinic)
    assert not before.screened().plan_locked
    told = entry("check_in", danger=SIGN)
    answers = [log(each_clinic, told) for _ in range(2)]
    for answer in answers:
        assert answer.is_held and answer.case.screened().plan_locked
    after = case_of(each_clinic)
    assert after.person.screen[SIGN] == "yes"
    # Asked again and said no to, it stays: only a clinician takes it back.
    log(each_clinic, entry("check_in", danger="none"))
    assert case_of(each_clinic).screened().plan_locked
    with each_clinic.place.database.reading() as connection:
        tasks = connection.execute(select(task.c.id).where(task.c.patient_id == each_clinic.patient)).all()
        mine = select(audit.c.action).where(audit.c.patient_id == each_clinic.patient)
        actions = [row.action for row in connection.execute(mine)]
    assert tasks and actions.count("write danger signs") == 1 and after.number == before.number + 1


def test_without_consent_nothing_is_kept(each_clinic: Clinics) -> None:
    with pytest.raises(NoConsentError, match="agree"):
        log(each_clinic, entry("check_in", danger="none"))
    with each_clinic.place.database.reading() as connection:
        assert not connection.execute(select(event.c.id)).all()


def test_more_entries_at_once_than_a_phone_ever_holds_are_refused(clinic: Clinics) -> None:
    agree(clinic)
    one = entry("check_in", danger="none")
    with pytest.raises(InputError, match=str(MOST_ENTRIES)):
        log(clinic, *[one] * (MOST_ENTRIES + 1))
    assert log(clinic, *[one] * MOST_ENTRIES).accepted == (one["id"],)
    assert sum(isinstance(e, CheckIn) for e in case_of(clinic).events) == 1


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"event": "plan_made"}, "no entry 'plan_made'"),
        ({"by": "clinician"}, ""),
        ({"exercise": "no_such"}, "no_such"),
        ({"pain_during": "eleven"}, "write a number"),
        ({"pain_during": "11"}, "11"),
        ({"sets": "2.5"}, "whole number"),
        ({"at": "2026-03-01T10:00:00"}, "offset"),
        ({"at": "2001-03-01T10:00:00+01:00"}, "2001"),
        ({"secret": "x"}, "has no 'secret'"),
        ({"exercise": ""}, "needs 'exercise'"),
    ],
)
def test_an_impossible_entry_is_named_and_the_others_are_kept(
    clinic: Clinics, changed: dict[str, str], why: str
) -> None:
    agree(clinic)
    bad, good = {**entry("session", **DONE), **changed}, entry("check_in", danger="none")
    found = log(clinic, bad, good)
    assert good["id"] in found.accepted
    if not why:
        # Whoever an entry claims to be from: a patient's own phone writes as the patient.
        assert next(e for e in case_of(clinic).events if e.id == bad["id"]).by == "patient"
        return
    assert [row.id for row in found.refused] == [bad["id"]] and why in found.refused[0].why
