"""Letters and files: what there is, under which name, and what stays in the clinic."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from followed_clinic import follow_plan
from kinechain.care.person.person_file import parse_person
from kinechain.care.records.journal import read_journal
from kinechain.workspace.case import change_person, read_case
from kinechain.workspace.documents import Download

if TYPE_CHECKING:
    from pathlib import Path

    from web_fixtures import Clinics

ClientFor = Callable[[str], Any]
NAME = "Petra Muster"


def url(clinic: Clinics, rest: str) -> str:
    return f"/patients/{clinic.patient}/{rest}"


def test_every_letter_is_a_page_and_a_tagged_pdf_without_the_name(client_for: ClientFor, clinic: Clinics) -> None:
    follow_plan(clinic, has_fallen=True)
    client = client_for("clinician")
    page = client.get(url(clinic, "documents")).text
    kinds = re.findall(r'/documents/([\w-]+)/pdf"', page)
    assert kinds == ["plan-patient", "plan-clinician", "progress-patient", "progress-clinician"]
    for kind in kinds:
        shown = client.get(url(clinic, f"documents/{kind}"))
        assert shown.status_code == 200
        sheet = shown.text.partition('class="sheet"')[2].partition("</main>")[0]
        assert NAME not in sheet
        assert "p-1" in sheet
        pdf = client.get(url(clinic, f"documents/{kind}/pdf"))
        assert pdf.content.startswith(b"%PDF-1.7")
        assert b"StructTreeRoot" in pdf.content
        assert re.fullmatch(
            rf'attachment; filename="p-1_{kind}_\d{{4}}-\d\d-\d\d\.pdf"; .*', pdf.headers["content-disposition"]
        )
        assert NAME not in pdf.headers["content-disposition"]


def test_a_locked_patient_has_the_urgent_letter_first_and_no_plan(client_for: ClientFor, clinic: Clinics) -> None:
    follow_plan(clinic, 14)
    with clinic.place.database.writing() as connection:
        change_person(
            connection,
            clinic.actor(),
            clinic.patient,
            lambda p: replace(p, screen=MappingProxyType({**p.screen, "ces_bladder": "yes"})),
            "write intake",
        )
    client = client_for("clinician")
    page = client.get(url(clinic, "documents")).text
    assert re.findall(r'/documents/([\w-]+)/pdf"', page)[0] == "referral-1"
    assert "Urgent" in page
    assert client.get(url(clinic, "documents/referral-1/pdf")).content.startswith(b"%PDF")
    for kind in ("plan-patient", "plan-clinician", "progress-clinician"):
        assert client.get(url(clinic, f"documents/{kind}")).status_code == 400
        assert client.get(url(clinic, f"documents/{kind}/pdf")).status_code == 400
    bundle = json.loads(client.get(url(clinic, "files/fhir")).content)
    assert not [e for e in bundle["entry"] if e["resource"]["resourceType"] == "CarePlan"]


def test_files_read_back_as_what_they_are(client_for: ClientFor, clinic: Clinics, tmp_path: Path) -> None:
    case = follow_plan(clinic, 14)
    client = client_for("clinician")
    bundle = json.loads(client.get(url(clinic, "files/fhir")).content)
    assert [e for e in bundle["entry"] if e["resource"]["resourceType"] == "CarePlan"]
    assert NAME not in json.dumps(bundle)
    text = client.get(url(clinic, "files/person")).content.decode()
    assert NAME not in text
    assert parse_person(text, "person.toml", tmp_path) == case.person
    path = tmp_path / "p-1.journal.jsonl"
    path.write_bytes(client.get(url(clinic, "files/journal")).content)
    assert read_journal(path, "p-1").events == case.events
    assert client.get(url(clinic, "files/assessment")).status_code == 400


def send(client: Any, clinic: Clinics, content: bytes, base: int = 1) -> Any:
    files = {"file": ("../../../etc/Petra Muster.toml", content)}
    return client.post(
        url(clinic, "files/person"), files=files, data={"base": str(base)}, headers={"X-CSRF-Token": client.csrf}
    )


def test_answers_are_taken_from_a_file_as_a_new_version(client_for: ClientFor, clinic: Clinics) -> None:
    client = client_for("clinician")
    text = client.get(url(clinic, "files/person")).text
    older = re.sub(r"age_years = [\d.]+", "age_years = 61", text)
    assert older != text
    assert send(client, clinic, older.encode()).status_code == 302
    with clinic.place.database.reading() as connection:
        case = read_case(connection, clinic.patient)
    assert (case.number, case.person.age_years) == (2, 61)
    stale = send(client, clinic, text.encode())
    assert stale.status_code == 409
    assert "Somebody else changed" in stale.text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"not = [toml", "person file"),
        (b"x" * 300_000, "at most 200 kB"),
        (b'[person]\npseudonym = "other"\n', "another person"),
        (b"[person]\nage_years = 400\n", "age"),
    ],
)
def test_what_is_no_person_file_of_this_patient_is_refused(
    client_for: ClientFor, clinic: Clinics, content: bytes, sentence: str
) -> None:
    client = client_for("clinician")
    answer = send(client, clinic, content)
    assert answer.status_code == 400
    assert sentence in answer.text.replace("&#39;", "'")
    with clinic.place.database.reading() as connection:
        assert read_case(connection, clinic.patient).number == 1


def test_a_file_without_the_token_of_the_session_is_refused(client_for: ClientFor, clinic: Clinics) -> None:
    client = client_for("clinician")
    answer = client.post(url(clinic, "files/person"), files={"file": ("a.toml", b"")}, data={"base": "1"})
    assert answer.status_code == 403


def test_measuring_sheets_are_made_for_what_was_chosen(client_for: ClientFor, clinic: Clinics) -> None:
    client = client_for("clinician")
    assert "Foot Posture Index" in client.get("/protocols").text
    assert client.get("/protocols/pdf?item=fpi6&item=lunge_test").content.startswith(b"%PDF")
    assert client.get("/protocols/pdf?item=../../x").status_code == 400


@pytest.mark.parametrize("code", ['p"; x="y', "p\r\nSet-Cookie: a", "Jürg", "..", "日本"])
def test_a_file_name_is_one_harmless_header(code: str) -> None:
    header = Download(f"{code}_plan.pdf", "application/pdf", b"").disposition
    assert header.isascii()
    assert header.isprintable()
    name = re.fullmatch(r"attachment; filename=\"([A-Za-z0-9_.-]+)\"; filename\*=UTF-8''[\w.%~-]+", header)
    assert name
    assert not name[1].startswith(".")
