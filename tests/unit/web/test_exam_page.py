"""The examination sheet over HTTP: values kept one by one, refusals as JSON, conflicts that show both."""

import re
from datetime import date, timedelta

import pytest

from kinechain.store.audit import entries
from kinechain.workspace.case import read_case
from web_fixtures import csrf

TODAY = date.today()


@pytest.fixture
def client(client_for):
    return client_for("clinician")


@pytest.fixture
def send(client, clinic):
    """Return a function that writes one field of the new patient's sheet."""

    def write(patient=None, **other):
        body = {"item": "lunge_test", "part": "", "side": "left", "kind": "number", "answer": "9", "unit": "cm"}
        body |= {"method": "tape measure", "examiner": "AK", "before": "", "day": TODAY.isoformat()} | other
        where = f"/patients/{patient or clinic.own.new_patient}/exam/item"
        return client.post(where, data=body, headers=csrf(client))

    return write


def test_the_sheet_shows_every_test_with_its_protocol_and_range(client, clinic):
    shown = client.get(f"/patients/{clinic.patient}/exam")
    assert shown.status_code == 200
    assert len(re.findall(r'data-test="', shown.text)) == 39
    for words in ("How to measure", "Usual range", "Smallest clear change", "before: 3 points", "+ pronated"):
        assert words in shown.text
    assert shown.text.count("style=") == 0 and "onclick" not in shown.text
    ids = re.findall(r' id="([^"]+)"', shown.text)
    assert len(ids) == len(set(ids))


def test_a_value_is_kept_and_says_how_far_the_sheet_is(client, clinic, send):
    kept = send(answer="9,5")
    assert kept.status_code == 200
    told = kept.json()
    assert (told["text"], told["number"], told["unit"], told["done"], told["total"]) == ("9.5 cm", "9.5", "cm", 1, 39)
    assert send(side="right", answer="80", unit="mm").json()["text"] == "8 cm"
    with clinic.place.database.reading() as connection:
        case = read_case(connection, clinic.own.new_patient)
        trail = entries(connection, clinic_id=clinic.own.id, patient_id=clinic.own.new_patient)
    left = next(e for e in case.person.exam if e.side == "left")
    assert (left.value, left.method, left.examiner, left.measured_on) == (9.5, "tape measure", "AK", TODAY)
    assert case.version.by == clinic.actor().code
    written = [e for e in trail if e.action == "write exam" and e.detail]
    assert len(written) == 2 and not any("9.5" in e.detail or "80" in e.detail for e in written)
    shown = client.get(f"/patients/{clinic.own.new_patient}/exam").text
    assert 'value="9.5"' in shown and 'data-before="8 cm"' in shown


def test_a_conflict_shows_what_is_there(send):
    assert send(answer="9").status_code == 200
    refused = send(answer="11")
    assert refused.status_code == 409
    assert refused.json()["there"] == "9 cm" and "somebody else" in refused.json()["error"]
    assert send(answer="11", before="9 cm").json()["text"] == "11 cm"
    assert send(answer="", before="11 cm").json()["text"] == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"answer": "99"},
        {"answer": "nine"},
        {"answer": "nan"},
        {"unit": "parsec"},
        {"item": "../../etc"},
        {"side": "up"},
        {"part": "toe"},
        {"kind": "words"},
        {"examiner": "Ann Keller"},
        {"method": "a\x07b"},
        {"day": "yesterday"},
        {"day": (TODAY + timedelta(days=400)).isoformat()},
        {"day": "1700-01-01"},
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_changes_nothing(clinic, send, wrong):
    refused = send(**wrong)
    assert refused.status_code == 400
    with clinic.place.database.reading() as connection:
        assert read_case(connection, clinic.own.new_patient).version is None


def test_hostile_words_stay_words(client, clinic, send):
    odd = '"><script>alert(1)</script>'
    assert send(method=odd).status_code == 200
    shown = client.get(f"/patients/{clinic.own.new_patient}/exam").text
    assert odd not in shown and "&lt;script&gt;" in shown
    assert "<script>alert" not in client.get(f"/patients/{clinic.own.new_patient}/exam?day={odd}").text


def test_another_day_has_a_sheet_of_its_own(client, clinic, send):
    before = TODAY - timedelta(days=40)
    assert send(day=before.isoformat()).status_code == 200
    shown = client.get(f"/patients/{clinic.own.new_patient}/exam").text
    assert f"before: 9 cm ({before})" in shown and 'value="9"' not in shown
    assert 'value="9"' in client.get(f"/patients/{clinic.own.new_patient}/exam?day={before}").text


def test_nobody_else_writes_here(client_for, clinic):
    body = {"item": "lunge_test", "part": "", "side": "left", "kind": "number", "answer": "9"}
    address = f"/patients/{clinic.patient}/exam/item"
    other = client_for("other_clinician")
    assert other.post(address, data=body, headers=csrf(other)).status_code == 404
    assert client_for("nobody").post(address, data=body).status_code == 401
    assert client_for("clinician").post(address, data=body).status_code == 403  # Without the token of the form.


def test_the_body_map_is_marked_from_picture_or_list(client, clinic):
    address = f"/patients/{clinic.own.new_patient}/body-map"
    shown = client.get(address).text
    assert shown.count('name="mark"') > 150 and 'data-view="sole_left"' in shown
    marks = ["pain:heel_left", "numbness:forefoot_right:sole_right:0.250:0.400"]
    saved = client.post(address, data={"mark": marks, "before": "", "back": "exam"}, headers=csrf(client))
    assert saved.status_code in (302, 303) and saved.headers["location"].endswith("/exam#symptom_map")
    with clinic.place.database.reading() as connection:
        symptoms = read_case(connection, clinic.own.new_patient).person.symptoms
    assert [(s.kind, s.region, s.view) for s in symptoms] == [
        ("pain", "heel_left", ""),
        ("numbness", "forefoot_right", "sole_right"),
    ]
    assert "left heel" in client.get(f"/patients/{clinic.own.new_patient}/exam").text
    stale = client.post(address, data={"mark": "pain:knee_left", "before": ""}, headers=csrf(client))
    assert stale.status_code == 409 and "Somebody else" in stale.text
    for wrong in ("pain:tail", "joy:heel_left", "pain:heel_left:front:0.5:0.5", "pain:heel_left:sole_left:2:0"):
        now = re.search(r'name="before" value="([^"]*)"', client.get(address).text)[1]
        assert client.post(address, data={"mark": wrong, "before": now}, headers=csrf(client)).status_code == 400
