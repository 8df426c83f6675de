"""The page of recordings: handing in, what is refused before it is read, choosing a use, taking away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from doing_work import do_work
from kinechain.store.tables import audit
from kinechain.workspace.recordings import FileRow, recordings_of
from web_fixtures import csrf

if TYPE_CHECKING:
    from web_fixtures import Clinics

TRC = b"PathFileType\t4\t(X/Y/Z)\twalk.trc\nDataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\n"
Clients = Callable[[str], Any]


def send(client: Any, patient: str, content: bytes, name: str = "walk.trc", **headers: str) -> Any:
    sent = {**csrf(client), "X-File-Name": name, "Content-Type": "application/octet-stream", **headers}
    return client.post(
        f"/patients/{patient}/recordings", content=content, headers={**sent, "Accept": "application/json"}
    )


def kept(clinic: Clinics) -> tuple[FileRow, ...]:
    with clinic.place.database.reading() as connection:
        return recordings_of(connection, clinic.patient)


def test_a_recording_is_handed_in_looked_at_and_shown_with_its_defects(
    clinic: Clinics, client_for: Clients, shared: Path
) -> None:
    client = client_for("clinician")
    page = client.get(f"/patients/{clinic.patient}/recordings")
    assert page.status_code == 200 and "No recordings yet" in page.text
    content = (shared / "data/dev/schreiber_moissenet/2014015/2014015_C4_04.c3d").read_bytes()
    answer = send(client, clinic.patient, content, "my%20walk%C3%A9.c3d")
    assert answer.status_code == 200 and answer.json()["name"] == "my walk\u00e9.c3d" and answer.json()["is_new"]
    page = client.get(f"/patients/{clinic.patient}/recordings")
    assert "A worker looks at it" in page.text and 'data-waiting="1"' in page.text
    do_work(clinic.place, ("inspect",))
    part = client.get(f"/patients/{clinic.patient}/recordings/list")
    assert part.status_code == 200 and "<html" not in part.text
    assert "Walking, 1.9 s at 100 Hz, 52 markers" in part.text and "Joint loads: yes" in part.text
    assert 'data-waiting="0"' in part.text and "Analyse 1 walk" in part.text


def test_a_name_of_a_file_is_shown_as_words_and_never_as_markup(clinic: Clinics, client_for: Clients) -> None:
    client = client_for("clinician")
    send(client, clinic.patient, TRC, "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%22%26.trc")
    page = client.get(f"/patients/{clinic.patient}/recordings").text
    assert "<img src=x" not in page and "&amp;.trc" in page


def test_what_is_too_large_is_refused_by_what_it_says_and_by_what_it_is(
    clinic: Clinics, client_for: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KINECHAIN_UPLOAD_MB", "1")
    client = client_for("clinician")
    said = send(client, clinic.patient, TRC + b"0" * 1_100_000)
    assert said.status_code == 413 and "up to 1 MB" in said.json()["error"]

    def parts() -> Any:
        yield TRC
        for _ in range(30):
            yield b"0\t" * 50_000

    client.headers.pop("content-length", None)
    streamed = client.post(
        f"/patients/{clinic.patient}/recordings",
        content=parts(),
        headers={**csrf(client), "X-File-Name": "a.trc", "Accept": "application/json"},
    )
    assert streamed.status_code == 413 and "up to 1 MB" in streamed.json()["error"]
    assert kept(clinic) == () and not list(clinic.place.files.digests())


def test_more_than_two_megabytes_are_taken_here_and_nowhere_else(clinic: Clinics, client_for: Clients) -> None:
    client = client_for("clinician")
    assert send(client, clinic.patient, TRC + b"0\t1\n" * 800_000).status_code == 200
    form = {"use": "x" * 2_500_000, "csrf": client.csrf}
    (row,) = kept(clinic)
    assert client.post(f"/patients/{clinic.patient}/recordings/{row.id}/use", data=form).status_code == 413


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04" + bytes(100), "ZIP"),
        (b"", "empty"),
        (b"<svg onload=alert(1)>", "no recording"),
        (bytes(9000), "no rec"),
    ],
)
def test_what_is_no_recording_is_refused_with_a_sentence(
    clinic: Clinics, client_for: Clients, content: bytes, words: str
) -> None:
    answer = send(client_for("clinician"), clinic.patient, content)
    assert answer.status_code == 400 and words in answer.json()["error"]


def test_a_form_with_a_file_is_refused(clinic: Clinics, client_for: Clients) -> None:
    client = client_for("clinician")
    answer = client.post(f"/patients/{clinic.patient}/recordings", files={"file": ("a.trc", TRC)}, headers=csrf(client))
    assert answer.status_code == 400 and "as it is" in answer.text


def test_handing_in_needs_the_token_and_a_patient_of_the_clinic(clinic: Clinics, client_for: Clients) -> None:
    client = client_for("clinician")
    assert client.post(f"/patients/{clinic.patient}/recordings", content=TRC).status_code == 403
    assert send(client, clinic.other.patient, TRC).status_code == 404
    assert send(client_for("other_clinician"), clinic.patient, TRC).status_code == 404
    assert send(client_for("patient"), clinic.patient, TRC).status_code in (401, 403)
    assert kept(clinic) == ()


def test_use_and_removal_by_form_and_by_htmx(clinic: Clinics, client_for: Clients) -> None:
    client = client_for("clinician")
    send(client, clinic.patient, TRC)
    (row,) = kept(clinic)
    where = f"/patients/{clinic.patient}/recordings/{row.id}"
    plain = client.post(f"{where}/use", data={"use": "standing", "csrf": client.csrf})
    assert plain.status_code in (302, 303) and kept(clinic)[0].use == "standing"
    part = client.post(f"{where}/use", data={"use": "aside"}, headers={**csrf(client), "HX-Request": "true"})
    assert part.status_code == 200 and "<html" not in part.text and kept(clinic)[0].use == "aside"
    assert client.post(f"{where}/use", data={"use": "x"}, headers=csrf(client)).status_code == 400
    other = f"/patients/{clinic.own.new_patient}/recordings/{row.id}"
    assert client.post(f"{other}/remove", headers=csrf(client)).status_code == 400
    assert client.post(f"{where}/remove", headers=csrf(client)).status_code in (302, 303)
    assert kept(clinic) == ()


def test_how_far_the_work_is_can_be_asked_often_and_leaves_no_entry(clinic: Clinics, client_for: Clients) -> None:
    client = client_for("clinician")
    send(client, clinic.patient, TRC, "Quirin.trc")

    def entries() -> int:
        with clinic.place.database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(audit)).scalar_one())

    before = entries()
    for _ in range(3):
        answer = client.get(f"/patients/{clinic.patient}/work")
    assert answer.json()["open"] == 1 and set(answer.json()["jobs"][0]) == {"id", "kind", "state", "step", "attempts"}
    assert entries() == before
    assert client_for("other_clinician").get(f"/patients/{clinic.patient}/work").status_code == 404
