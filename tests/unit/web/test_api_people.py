"""Patients, answers and danger signs over the API, and who may ask for anything there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from api_program import Program, answered, program_of, refusal, trail
from kinechain.care.person.person import Treatment
from kinechain.workspace.case import change_person
from kinechain.workspace.patients import archive
from route_table import fill, routes, whole_text
from web_fixtures import csrf

if TYPE_CHECKING:
    from web_fixtures import Clinics

ClientFor = Callable[[str], Any]


@pytest.fixture
def ask(client_for: ClientFor, clinic: Clinics) -> Program:
    """Return a program with the clinician's token."""
    return program_of(client_for("nobody"), clinic)


def test_a_token_says_whose_it_is_with_the_role_of_the_account_now(ask: Program, clinic: Clinics) -> None:
    from kinechain.workspace.accounts import disable_account, set_role

    assert ask("GET", "/me").json() == {"name": "Cleo Clinician", "role": "clinician"}
    admin = clinic.actor("admin")
    set_role(clinic.place.database, admin, clinic.own.clinician, "admin")
    assert ask("GET", "/me").json()["role"] == "admin"
    disable_account(clinic.place.database, admin, clinic.own.clinician)
    refusal(ask("GET", "/me"), 401, "sign in")


def test_patients_are_listed_searched_and_registered(ask: Program, clinic: Clinics) -> None:
    page = ask("GET", "/patients").json()
    assert [row["code"] for row in page["patients"]] == ["p-1", "p-2"] and page["next"] == ""
    assert ask("GET", "/patients?search=muster").json()["patients"] == page["patients"][:1]
    made = ask("POST", "/patients", {"name": " Ann   Lee ", "code": "p-17"})
    assert made.status_code == 201 and made.json()["code"] == "p-17"
    row = ask.of(made.json()["id"])("GET", "/patients/{patient}").json()
    assert (row["name"], row["screen"], row["plan_locked"], row["visits"]) == ("Ann Lee", "not_screened", True, 0)
    assert ask("POST", "/patients", {"name": "Bea Lee"}).json()["code"].startswith("p-")
    archive(clinic.place.database, clinic.actor(), made.json()["id"], True)
    assert made.json()["id"] not in ask("GET", "/patients").text
    assert ask.of(made.json()["id"])("GET", "/patients/{patient}").json()["code"] == "p-17"
    done = trail(clinic)
    by = f"account:{clinic.own.clinician}"
    assert (by, "register patient", made.json()["id"]) in done and (by, "list patients", "") in done
    assert "Ann Lee" not in whole_text(clinic, "audit")


@pytest.mark.parametrize(
    ("document", "status", "words"),
    [
        ({"name": ""}, 400, "a patient needs a name"),
        ({"name": "x" * 121}, 400, "a patient needs a name"),
        ({"name": "Ann\0Lee"}, 400, "a patient needs a name"),
        ({"name": "Ann Lee", "code": "p-1"}, 400, "p-1"),
        ({"name": "Ann Lee", "code": "two words"}, 400, "a code of letters"),
        ({"code": "p-17"}, 400, "does not fit the description"),
        ({"name": 17}, 400, "look at name"),
        ([], 400, "does not fit the description"),
        ({"name": "x" * 3_000_000}, 413, "too large"),
    ],
)
def test_who_cannot_be_registered_is_not(ask: Program, document: Any, status: int, words: str) -> None:
    before = ask("GET", "/patients").json()
    refusal(ask("POST", "/patients", document), status, words)
    assert ask("GET", "/patients").json() == before


def test_a_body_that_is_no_json_is_refused(ask: Program) -> None:
    for content in (b"{", b"\xff\xfe", b"name=Ann", b"[" * 100_000):
        head = {"Content-Type": "application/json"}
        refusal(ask("POST", "/patients", content=content, headers=head), 400, "does not fit the description")
    refusal(ask("GET", "/patients?after=nonsense|x|" + "y" * 300), 400, "look at after")


def test_answers_are_replaced_only_in_the_place_of_what_was_read(ask: Program, clinic: Clinics) -> None:
    first = ask.get("person")
    assert first["version"] == 1 and "[screen]" in first["toml"]
    text = first["toml"].replace("height_m = ", "foot_length_m = 0.25\nheight_m = ")
    second = ask("PUT", "/patients/{patient}/person", {"version": 1, "toml": text}).json()
    assert second["version"] == 2 and "foot_length_m = 0.25" in second["toml"]
    assert ask.get("person") == second
    refusal(ask("PUT", "/patients/{patient}/person", {"version": 1, "toml": text}), 409, "in between")
    for toml, words in (
        ("[person]\nmass = 70\n", "Did you mean 'mass_kg'"),
        ('[person]\npseudonym = "p-2"\n', "another person than 'p-1'"),
        ("[person\n", "not valid TOML"),
        ("# " + "x" * 300_000, "200 kB"),
        ("[person]\nmass_kg = 7e9\n", "mass_kg"),
        ("\ud800", "UTF-8"),
    ):
        body = json.dumps({"version": 2, "toml": toml})
        head = {"Content-Type": "application/json"}
        refused = ask("PUT", "/patients/{patient}/person", content=body, headers=head)
        assert refused.status_code == 400, toml[:20]
        assert words in refused.text or "does not fit" in refused.text, refused.text
    refusal(ask("PUT", "/patients/{patient}/person", {"version": "two", "toml": text}), 400, "look at version")
    assert ask.get("person") == second
    nameless = {"version": 2, "toml": second["toml"].replace('pseudonym = "p-1"\n', "")}
    third = ask("PUT", "/patients/{patient}/person", nameless).json()
    assert 'pseudonym = "p-1"' in third["toml"]
    assert ask.of(clinic.own.new_patient).get("person") == {"version": 0, "toml": ""}
    assert (f"account:{clinic.own.clinician}", "replace answers", clinic.patient) in trail(clinic)


def test_danger_signs_and_exchange(ask: Program, clinic: Clinics) -> None:
    assert not ask.get("screen")["screen"]["plan_locked"]
    assert ask.of(clinic.own.new_patient).get("screen")["screen"]["plan_locked"]
    answered(clinic, screen={"ces_saddle": "yes"})
    told = ask.get("screen")
    assert told["emergency"]["act_now"] and told["referral"] and told["person"] == {"pseudonym": "p-1"}
    bundle = json.dumps(ask.get("fhir"))
    assert "Petra" not in bundle and "Muster" not in bundle
    assert {"read screen", "download fhir"} <= {action for _, action, _ in trail(clinic)}


def test_every_route_about_a_patient_is_nobody_elses(client_for: ClientFor, clinic: Clinics) -> None:
    ask, own = program_of(client_for("nobody"), clinic), fill(clinic)[0]
    strange = program_of(ask.client, clinic, "other_clinician")
    from kinechain.store.sessions import add_session

    with clinic.place.database.writing() as connection:
        patients, _ = add_session(connection, link_id=clinic.own.link)
        browsers, _ = add_session(connection, account_id=clinic.own.clinician)
    api = [route for route in routes(ask.client.app) if route.path.startswith("/api/patients/{")]
    assert len(api) >= 17
    for route in api:
        path = route.at(**own.of(route)).removeprefix("/api")
        refusal(strange(route.method, path), 404, "no such patient in this clinic")
        for token in (patients, browsers, "", "x"):
            refusal(replace(ask, token=token)(route.method, path), 401, "sign in")
        client = client_for("patient")
        refused = client.request(route.method, f"/api{path}", headers=csrf(client))
        refusal(refused, 401, "sign in")


def test_a_browser_needs_its_own_proof_and_no_other_site_may_ask(client_for: ClientFor, clinic: Clinics) -> None:
    client = client_for("clinician")
    assert client.get("/api/me").json()["role"] == "clinician"
    refusal(client.post("/api/patients", json={"name": "Ann Lee"}), 403, "earlier session")
    assert client.post("/api/patients", json={"name": "Ann Lee"}, headers=csrf(client)).status_code == 201
    other = {**csrf(client), "Origin": "https://evil.example"}
    refusal(client.post("/api/patients", json={"name": "Ann Lee"}, headers=other), 403, "another site")


def test_a_token_manages_no_accounts(client_for: ClientFor, clinic: Clinics) -> None:
    ask = program_of(client_for("nobody"), clinic, "admin")
    head = {"Authorization": f"Bearer {ask.token}", "Accept": "application/json"}
    for method, path in (("GET", "/clinic"), ("GET", "/account"), ("POST", "/account/tokens")):
        refusal(ask.client.request(method, path, headers=head), 403, "in a browser")


def test_figures_of_an_orthosis_are_for_the_clinic_alone(client_for: ClientFor, clinic: Clinics) -> None:
    tried = (Treatment("stretching", "foot", 8.0, "same"), Treatment("insoles_prefabricated", "foot", 8.0, "same"))

    def with_orthosis(person: Any) -> Any:
        return replace(person, history=replace(person.history, treatments=tried))

    with clinic.place.database.writing() as connection:
        change_person(connection, clinic.actor(), clinic.patient, with_orthosis, "write intake")
    ask = program_of(client_for("nobody"), clinic)
    plan = ask.get("plan")["proposed"]
    sheets = [part for part in plan["parts"] if part.get("kind") == "orthosis" or "rearfoot_posting_deg" in part]
    assert sheets and sheets[0]["audience"] == "clinician"
    agreement = {"plan": plan["id"], "draft": 0, "patient_agrees": True}
    assert ask("POST", "/patients/{patient}/plan", agreement).status_code == 200
    patient = client_for("patient")
    for path in ("plan", "assessment", "fhir", "progress", "person"):
        answer = patient.get(f"/api/patients/{clinic.patient}/{path}")
        refusal(answer, 401, "sign in")
    answered(clinic, screen={"ces_saddle": "yes"})
    locked = ask.get("plan")
    assert locked["locked"] and locked["agreed"] is None and locked["proposed"] is None
    assert "rearfoot_posting_deg" not in json.dumps([locked, ask.get("fhir"), ask.get("progress")])
