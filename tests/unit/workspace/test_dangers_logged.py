"""Danger signs that patients write down: heard whatever else is wrong with the entry, and weakened by nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Literal
from uuid import uuid4

import pytest

from kinechain.care.follow_up.events import ConsentGiven
from kinechain.care.person.red_flag_text import asked_again
from kinechain.store.audit import Actor
from kinechain.store.clock import now
from kinechain.workspace.case import Case, change_person, read_case, write_events
from kinechain.workspace.logging import log_plain
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
