"""Danger signs that patients write down: heard whatever else is wrong with the entry, and weakened by nothing."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Literal
from uuid import uuid4

import pytest

from kinechain.care.follow_up.events import ConsentGiven
from kinechain.care.intake.intake_list import intake_questions
from kinechain.care.person.red_flag_text import asked_again
from kinechain.store.audit import Actor
from kinechain.store.clock import now
from kinechain.store.people import hold
from kinechain.workspace.case import Case, ConflictError, change_person, read_case, write_events
from kinechain.workspace.intake import mark_reviewed, note_answers
from kinechain.workspace.logging import log_plain
from kinechain.workspace.patient_intake import give_answer
from kinechain.workspace.tasks import Task, close_task, tasks_of
from web_fixtures import Clinics

SIGN = next(iter(asked_again()))


@pytest.fixture
def patient(clinic: Clinics) -> Actor:
    """Return the screened patient, who agreed to care."""
    actor = clinic.actor("patient")
    given = ConsentGiven(id=str(uuid4()), at=now().astimezone(), by="patient", scope=("care",), wording="0" * 64)
    with clinic.place.database.writing() as connection:
        write_events(connection, actor, clinic.patient, (given,), "give consent")
    return actor


def entry(kind: str, **fields: Any) -> dict[str, Any]:
    return {"event": kind, "id": str(uuid4()), "at": now().astimezone().isoformat(), **fields}


def case_of(clinic: Clinics) -> Case:
    with clinic.place.database.reading() as connection:
        return read_case(connection, clinic.patient)


def answer_sign(clinic: Clinics, given: Literal["yes", "no"]) -> None:
    with clinic.place.database.writing() as connection:
        change_person(
            connection,
            clinic.actor(),
            clinic.patient,
            lambda person: replace(person, screen=MappingProxyType({**person.screen, SIGN: given})),
            "write intake",
        )


@pytest.mark.parametrize("days", [3, -800])
@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("check_in", {"danger": SIGN}),
        ("check_in", {"danger": "unknown"}),
        ("adverse_event", {"what": "chest_pain", "severity": "severe"}),
    ],
)
def test_a_phone_with_a_wrong_clock_is_heard(
    clinic: Clinics, patient: Actor, days: int, kind: str, fields: dict[str, str]
) -> None:
    assert not case_of(clinic).screened().plan_locked
    told = entry(kind, at=(now() + timedelta(days=days)).astimezone().isoformat(), **fields)
    for _ in range(2):
        logged = log_plain(clinic.place, patient, [told])
        assert logged.accepted == (told["id"],)
        assert logged.case.screened().plan_locked
    written = [event for event in case_of(clinic).events if event.id == told["id"]]
    assert len(written) == 1
    assert abs(written[0].at - now()) < timedelta(minutes=5)
    other = told | ({"danger": "skipped"} if kind == "check_in" else {"what": "fall"})
    assert log_plain(clinic.place, patient, [other]).refused


def test_what_tells_of_no_danger_needs_a_time_that_can_be(clinic: Clinics, patient: Actor) -> None:
    later = (now() + timedelta(days=3)).astimezone().isoformat()
    logged = log_plain(clinic.place, patient, [entry("check_in", at=later, danger="none")])
    assert [refused.why for refused in logged.refused] and not logged.accepted


def test_not_knowing_takes_no_yes_back(clinic: Clinics, patient: Actor) -> None:
    answer_sign(clinic, "yes")
    before = case_of(clinic).screened().level
    logged = log_plain(clinic.place, patient, [entry("check_in", danger="unknown")])
    assert logged.case.person.screen[SIGN] == "yes"
    assert logged.case.screened().level == before


@pytest.mark.parametrize("order", [("unknown", SIGN), (SIGN, "unknown")])
def test_of_two_entries_sent_at_once_the_yes_stands(clinic: Clinics, patient: Actor, order: tuple[str, str]) -> None:
    logged = log_plain(clinic.place, patient, [entry("check_in", danger=danger) for danger in order])
    assert logged.case.person.screen[SIGN] == "yes"


def intake_task(clinic: Clinics) -> Task:
    with clinic.place.database.reading() as connection:
        (found,) = [task for task in tasks_of(connection, clinic.patient) if task.source == "intake"]
    return found


def test_a_sign_that_is_taken_back_before_anybody_looked_stays_urgent_until_they_do(
    clinic: Clinics, patient: Actor
) -> None:
    number = next(n for n, question in enumerate(intake_questions()) if question.path == f"screen.{SIGN}")
    give_answer(clinic.place, patient, number, {"answer": "yes"})
    told = intake_task(clinic)
    assert told.urgency in ("emergency", "same_day", "next_working_day") and "danger sign" in told.text
    case = give_answer(clinic.place, patient, number, {"answer": "no"})
    kept = intake_task(clinic)
    assert kept.urgency == told.urgency and "taken back" in kept.text and kept.done_at is None
    mark_reviewed(clinic.place.database, clinic.actor(), clinic.patient, case.number)
    assert intake_task(clinic).done_at is not None
    give_answer(clinic.place, patient, number, {"answer": "no"})
    assert intake_task(clinic).urgency == "soon"


def test_a_task_that_became_more_urgent_is_not_closed_by_what_was_seen_before(clinic: Clinics, patient: Actor) -> None:
    number = next(n for n, question in enumerate(intake_questions()) if question.path == f"screen.{SIGN}")
    give_answer(clinic.place, patient, number, {"answer": "no"})
    seen = intake_task(clinic)
    give_answer(clinic.place, patient, number, {"answer": "yes"})
    with pytest.raises(ConflictError, match="more urgent"):
        close_task(clinic.place.database, clinic.actor(), seen.id, seen.urgency)
    assert intake_task(clinic).done_at is None
    close_task(clinic.place.database, clinic.actor(), seen.id, intake_task(clinic).urgency)
    assert intake_task(clinic).done_at is not None


def test_answers_that_come_in_while_somebody_reviews_are_not_closed_with_the_others(each_clinic: Clinics) -> None:
    """The review waits for what is being written, and is refused then."""
    place, outcome = each_clinic.place, []

    def reviewing() -> None:
        try:
            mark_reviewed(place.database, each_clinic.actor(), each_clinic.patient, 1)
            outcome.append("reviewed")
        except ConflictError:
            outcome.append("refused")

    with place.database.writing() as connection:
        hold(connection, each_clinic.patient)
        other = threading.Thread(target=reviewing)
        other.start()
        other.join(0.5)
        changed = change_person(
            connection,
            each_clinic.actor(),
            each_clinic.patient,
            lambda person: replace(person, screen=MappingProxyType({**person.screen, SIGN: "yes"})),
            "write intake",
        )
        note_answers(connection, changed)
    other.join(60)
    assert outcome == ["refused"]
    assert intake_task(each_clinic).done_at is None
