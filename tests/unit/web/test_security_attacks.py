"""Attacks that were tried against a served workspace, and that a rule of access alone does not stop."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import pytest

from kinechain.care.follow_up.events import CheckIn
from kinechain.care.person.person import Person
from kinechain.care.person.red_flag_text import asked_again
from kinechain.core.errors import LockedError
from kinechain.store.clock import now
from kinechain.store.people import hold
from kinechain.workspace.case import ConflictError, change_person, read_case, write_events
from kinechain.workspace.plans import agree, current_plan, read_plan
from web_fixtures import Clinics, csrf

ClientFor = Callable[[str], Any]


def entry(kind: str, **fields: Any) -> dict[str, Any]:
    return {"event": kind, "id": str(uuid4()), "at": now().astimezone().isoformat(), **fields}


def agreed_patient(clinic: Clinics, client_for: ClientFor) -> Any:
    """Return a client of the screened patient, with consent and a plan."""
    patient = client_for("patient")
    patient.post("/my/consent", data={"csrf": patient.csrf, "scope": "care"})
    proposed = read_plan(clinic.place, clinic.actor(), clinic.patient).plan
    assert proposed is not None
    agree(clinic.place, clinic.actor(), clinic.patient, 0, proposed.id, True)
    return patient


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc/no-such-file", "../../..", r"\\\\evil.example\\share\\x"])
@pytest.mark.parametrize("key", ["static = {}", "trials = [{}]"])
def test_a_person_file_asks_nothing_about_the_files_of_this_machine(
    clinic: Clinics, client_for: ClientFor, path: str, key: str
) -> None:
    client, case = client_for("clinician"), f"/api/patients/{clinic.patient}/person"
    version = client.get(case).json()["version"]
    toml = f'[person]\npseudonym = "p-1"\n[recordings]\n{key.format(json.dumps(path))}\n'
    answer = client.put(case, json={"version": version, "toml": toml}, headers=csrf(client))
    assert answer.status_code == 400
    assert "leave it out" in answer.json()["error"]
    assert path not in answer.json()["error"]
    assert client.get(case).json()["version"] == version


@pytest.mark.parametrize(
    "fields",
    [{"note": "half \ud800"}, {"note": "\udfff"}, {"what": "fall\ud800"}, {"id": "half-\ud800-of-it"}],
)
def test_half_a_character_is_refused_and_every_page_goes_on(
    clinic: Clinics, client_for: ClientFor, fields: Mapping[str, str]
) -> None:
    patient = client_for("patient")
    patient.post("/my/consent", data={"csrf": patient.csrf, "scope": "care"})
    told = {**entry("adverse_event", what="fall", severity="mild"), **fields}
    answer = patient.post("/my/events", content=json.dumps([told]), headers=csrf(patient))
    assert answer.status_code == 200 and not answer.json()["accepted"] and answer.json()["refused"]
    assert patient.get("/my/data/copy").status_code == 200
    assert client_for("clinician").get(f"/patients/{clinic.patient}/progress").status_code == 200


@pytest.mark.parametrize("screen", [{"\ud800": "yes"}, {"no_such_sign": "yes"}, {"ces_saddle": "perhaps"}, ["yes"]])
def test_signs_that_are_none_are_refused(clinic: Clinics, client_for: ClientFor, screen: Any) -> None:
    patient = client_for("patient")
    patient.post("/my/consent", data={"csrf": patient.csrf, "scope": "care"})
    answer = patient.post("/my/events", content=json.dumps([entry("check_in", screen=screen)]), headers=csrf(patient))
    assert answer.status_code == 200 and not answer.json()["accepted"]


def test_no_plan_is_agreed_while_a_danger_sign_is_on_its_way(each_clinic: Clinics) -> None:
    """The lock is looked at in the transaction that writes the plan: what was seen before counts for nothing."""
    place, actor, patient_id = each_clinic.place, each_clinic.actor(), each_clinic.patient
    proposed = read_plan(place, actor, patient_id).plan
    assert proposed is not None
    told = CheckIn(id=str(uuid4()), at=now().astimezone(), by="patient", screen={next(iter(asked_again())): "yes"})
    outcome: list[Any] = []

    def agreeing() -> None:
        try:
            outcome.append(agree(place, actor, patient_id, 0, proposed.id, True))
        except LockedError as error:
            outcome.append(error)

    with place.database.writing() as connection:
        hold(connection, patient_id)
        other = threading.Thread(target=agreeing)
        other.start()
        other.join(1.0)
        assert other.is_alive(), "it did not wait for what is being written"
        write_events(connection, each_clinic.actor("patient"), patient_id, (told,), "write log")
    other.join(60.0)
    assert [type(found) for found in outcome] == [LockedError]
    with place.database.reading() as connection:
        assert current_plan(read_case(connection, patient_id)) is None


def test_of_two_tabs_that_agree_a_plan_one_is_told_that_it_changed(each_clinic: Clinics) -> None:
    place, actor, patient_id = each_clinic.place, each_clinic.actor(), each_clinic.patient
    proposed = read_plan(place, actor, patient_id).plan
    assert proposed is not None
    outcome: list[str] = []

    def agreeing() -> None:
        try:
            agree(place, actor, patient_id, 0, proposed.id, True)
            outcome.append("agreed")
        except ConflictError as error:
            outcome.append(type(error).__name__)

    tabs = [threading.Thread(target=agreeing) for _ in range(3)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join(60.0)
    assert sorted(outcome) == ["ConflictError", "ConflictError", "agreed"]


def answering(person: Person, **answers: Any) -> Person:
    return replace(person, screen=MappingProxyType({**person.screen, **answers}))


HELD: Mapping[str, Callable[[Person], Person]] = MappingProxyType(
    {
        "a danger sign": lambda person: answering(person, ces_saddle="yes"),
        "not asked": lambda person: replace(person, screen=MappingProxyType({})),
        "a child": lambda person: replace(person, age_years=17.0),
        "age not known": lambda person: replace(answering(person, under_18="unknown"), age_years=None),
    }
)


@pytest.mark.parametrize("why", list(HELD))
def test_while_it_is_held_back_no_address_gives_a_plan(clinic: Clinics, client_for: ClientFor, why: str) -> None:
    patient, staff = agreed_patient(clinic, client_for), client_for("clinician")
    with clinic.place.database.reading() as connection:
        plan = current_plan(read_case(connection, clinic.patient))
    assert plan is not None
    words = [plan.exercises[0].cues[0].text, plan.exercises[-1].cues[-1].text]
    own = ("/my", "/my/exercise/0", "/my/progress", "/my/plan.pdf", "/my/event", "/my/data", "/my/data/copy")
    assert any(words[0] in patient.get(path).text for path in own), "these words tell nothing"
    with clinic.place.database.writing() as connection:
        change_person(connection, clinic.actor(), clinic.patient, HELD[why], "write intake")
    # Whoever has read what to do is let through to the other pages, and finds no plan there either.
    stop = patient.get("/my/stop")
    if stop.status_code == 200:
        digest = stop.text.partition('name="digest" value="')[2].partition('"')[0]
        patient.post("/my/stop", data={"csrf": patient.csrf, "digest": digest, "next": "/my"})
    case = f"/patients/{clinic.patient}"
    theirs = (
        "", "/plan", "/orthosis", "/orthosis/pdf", "/progress", "/documents", "/documents/plan-patient",
        "/documents/plan-clinician", "/documents/plan-patient/pdf", "/documents/progress-patient", "/files/fhir",
        "/verdict", "/what-if",
    )  # fmt: skip
    api = ("/plan", "/progress", "/fhir", "/assessment", "/screen")
    asked = [(patient, path) for path in own]
    asked += [(staff, case + path) for path in theirs] + [(staff, f"/api{case}{path}") for path in api]
    faults = []
    for client, path in asked:
        answer = client.get(path)
        if answer.status_code >= 500:
            faults.append(f"{path}: {answer.status_code}")
        elif "pdf" in answer.headers.get("content-type", ""):
            faults.append(f"{path}: a PDF")
        elif any(word in answer.text for word in words):
            faults.append(f"{path}: tells how to do an exercise")
    assert not faults, "\n".join(faults)
