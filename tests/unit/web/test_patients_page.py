"""The list of patients and the page of one, as a browser asks for them."""

import re

import pytest

from kinechain.store.audit import entries
from kinechain.workspace.patients import list_patients
from web_fixtures import csrf

ODD = '<script>alert("x")</script> & "Müller"'


@pytest.fixture
def client(client_for):
    return client_for("clinician")


def rows_of(html):
    return re.findall(r'<th scope="row"><a href="/patients/([^"]+)">([^<]*)</a>', html)


def test_the_list_shows_danger_signs_in_words_and_searches(client, clinic):
    found = client.get("/patients")
    assert found.status_code == 200
    assert {name for _, name in rows_of(found.text)} == {"Petra Muster", "Quirin Neu"}
    assert "No danger sign" in found.text and "Not screened" in found.text and "Locked" in found.text
    assert [name for _, name in rows_of(client.get("/patients?search=must").text)] == ["Petra Muster"]
    assert "Show all" in client.get("/patients?search=nobody").text


def test_a_search_as_one_types_gets_the_list_alone(client):
    found = client.get("/patients?search=neu", headers={"HX-Request": "true"})
    assert found.status_code == 200 and "<html" not in found.text and 'id="list"' in found.text
    assert [name for _, name in rows_of(found.text)] == ["Quirin Neu"]


def test_a_newcomer_is_told_what_to_do(client, clinic):
    for row in list_patients(clinic.place.database, clinic.actor()):
        client.post(f"/patients/{row.id}/archive", data={"archived": "yes"}, headers=csrf(client))
    found = client.get("/patients").text
    assert "Register the first patient" in found and "Send a link" in found
    away = client.get("/patients?show=archived").text
    assert len(rows_of(away)) == 2 and "put away" in away


def test_registering_leads_to_the_patient_and_hostile_names_stay_text(client):
    made = client.post("/patients", data={"name": ODD, "code": "p-99"}, headers=csrf(client))
    assert made.status_code in (302, 303)
    for address in (made.headers["location"], "/patients", "/patients?search=script", "/patients?sort=new"):
        shown = client.get(address).text
        assert "<script>alert" not in shown and "&lt;script&gt;alert" in shown, address
    assert client.post("/patients", data={"name": ""}, headers=csrf(client)).status_code == 400
    assert client.post("/patients", data={"name": "A", "code": "p-99"}, headers=csrf(client)).status_code == 400
    assert client.post("/patients", data={"name": "A", "code": "<b>"}, headers=csrf(client)).status_code == 400


def test_pages_follow_each_other(client, clinic, monkeypatch):
    monkeypatch.setattr("kinechain.web.pages.patients.PAGE", 1)
    first = client.get("/patients?sort=new").text
    where = re.search(r'href="(/patients\?[^"]*after[^"]*)"', first)[1].replace("&amp;", "&")
    second = client.get(where).text
    assert rows_of(first) != rows_of(second) and len(rows_of(second)) == 1
    assert "Next patients" not in second and "First page" in second


@pytest.mark.parametrize("query", ["sort=secret", "show=secret", "sort=active&after=nonsense|1"])
def test_a_list_that_does_not_exist_is_refused_in_a_sentence(client, query):
    found = client.get(f"/patients?{query}")
    assert found.status_code == 400 and 'role="alert"' in found.text


def test_the_page_of_a_patient_says_what_comes_next(client, clinic):
    screened = client.get(f"/patients/{clinic.patient}").text
    assert "What is known, what comes next" in screened and "5 of 39 tests" in screened
    new = client.get(f"/patients/{clinic.own.new_patient}").text
    assert "nothing answered yet" in new and re.search(r"\d+ open", new) and "never read as a no" in new


def test_a_link_is_shown_once_and_closed(client, clinic):
    made = client.post(f"/patients/{clinic.own.new_patient}/links", data={"days": "14"}, headers=csrf(client))
    url = re.search(r'value="(http://[^"]+/p/[^"]+)"', made.text)[1]
    assert made.status_code == 200 and "<svg" in made.text and "shown this once" in made.text
    later = client.get(f"/patients/{clinic.own.new_patient}").text
    assert url not in later and "Opens until" in later
    close = re.search(r'action="(/patients/[^"]+/links/[^"]+/revoke)"', later)[1]
    client.post(close, headers=csrf(client))
    assert "Closed 2" in client.get(f"/patients/{clinic.own.new_patient}").text
    for days in ("0", "400", "many", ""):
        refused = client.post(f"/patients/{clinic.patient}/links", data={"days": days}, headers=csrf(client))
        assert refused.status_code == 400


def test_a_name_is_changed_and_never_written_into_the_trail(client, clinic):
    client.post(f"/patients/{clinic.patient}/name", data={"name": "Petra Sonderbar"}, headers=csrf(client))
    assert "Petra Sonderbar" in client.get(f"/patients/{clinic.patient}").text
    with clinic.place.database.reading() as connection:
        trail = entries(connection, clinic_id=clinic.own.id, patient_id=clinic.patient)
    assert any(entry.action == "rename patient" for entry in trail)
    assert not any("Sonderbar" in entry.detail for entry in trail)


def test_an_older_version_is_shown_with_its_differences(client, clinic):
    body = {"item": "fpi6", "part": "", "side": "left", "kind": "number", "answer": "9", "method": "x<y>"}
    assert client.post(f"/patients/{clinic.patient}/exam/item", data=body, headers=csrf(client)).status_code == 200
    newest = client.get(f"/patients/{clinic.patient}/versions/2").text
    assert "fpi6" in newest and "<ins>9 points" in newest and "Cleo Clinician" in newest and "x<y>" not in newest
    first = client.get(f"/patients/{clinic.patient}/versions/1").text
    assert "What changed since" in first
    assert client.get(f"/patients/{clinic.patient}/versions/99").status_code == 400


def test_tasks_of_the_clinic_stand_on_top(client, clinic):
    from kinechain.workspace.case import read_case
    from kinechain.workspace.intake import note_answers

    with clinic.place.database.writing() as connection:
        note_answers(connection, read_case(connection, clinic.patient))
    for address in ("/patients", f"/patients/{clinic.patient}"):
        shown = client.get(address).text
        assert "Answers came in" in shown and "/close" in shown
