"""Pages of an analysis: asking, watching, the verdict, its downloads, replay, curves, what-ifs and visits."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from doing_work import do_work
from kinechain.store.jobs import jobs_of
from kinechain.workspace.case import change_person
from kinechain.workspace.recordings import choose_use, hand_in, recordings_of
from web_fixtures import csrf

if TYPE_CHECKING:
    from web_fixtures import Clinics

Clients = Callable[[str], Any]
FOLDER = "data/dev/schreiber_moissenet/2014015"
PARTS = (
    "What stands out",
    "What carries load",
    "Next best test",
    "The chain, foot to spine",
    "Loads, with what",
    "Not measured, and why",
    "Provenance",
    "chain-picture",
    "never the cause of pain",
)


@pytest.fixture
def walked(clinic: Clinics, shared: Path) -> Iterator[Clinics]:
    """Return a clinic whose patient has a done analysis of a walk, with drivers."""
    for name in ("2014015_ST.c3d", "2014015_C4_04.c3d"):
        hand_in(clinic.place, clinic.actor(), clinic.patient, name, io.BytesIO((shared / FOLDER / name).read_bytes()))
    do_work(clinic.place, ("inspect",))
    yield clinic


def lock(clinic: Clinics) -> None:
    with clinic.place.database.writing() as connection:
        change_person(connection, clinic.actor(), clinic.patient, lambda p: replace(p, screen={}), "write intake")


def test_from_asking_to_the_verdict_its_parts_and_its_downloads(walked: Clinics, client_for: Clients) -> None:
    client, base = client_for("clinician"), f"/patients/{walked.patient}"
    page = client.get(f"{base}/verdict")
    assert page.status_code == 200 and "No verdict yet" in page.text and "Analyse 1 walk" in page.text
    asked = client.post(f"{base}/analysis", data={"csrf": client.csrf})
    where = asked.headers["location"]
    waiting = client.get(where)
    assert waiting.status_code == 200 and "waits for a worker" in waiting.text and "Stop it" in waiting.text
    assert client.post(f"{base}/analysis", data={"csrf": client.csrf}).headers["location"] == where
    do_work(walked.place)
    assert client.get(where).headers["location"] == f"{base}/verdict"
    page = client.get(f"{base}/verdict").text
    for words in PARTS:
        assert words in page, words
    assert not re.search(r"<[^>]+ (style|on[a-z]+)=", page)
    curves = client.get(f"{base}/verdict/curves").json()["curves"]
    assert curves[0]["title"] == "Pelvis, hip, knee, ankle"
    replay = client.get(f"{base}/replay").json()
    assert replay["trials"][0]["frames"] > 50 and replay["solids"]
    report = client.get(f"{base}/verdict/report.html")
    policy = report.headers["content-security-policy"]
    assert report.status_code == 200 and "sandbox allow-scripts" in policy and "unsafe" not in policy
    assert "'sha256-" in policy.split("script-src")[1] and report.headers["content-disposition"].startswith("inline")
    saved = client.get(f"{base}/verdict/report.pdf?save=1")
    assert saved.content.startswith(b"%PDF") and saved.headers["content-type"] == "application/pdf"
    assert re.fullmatch(
        r'attachment; filename="kinechain-p-1-[-0-9]+-report.pdf"', saved.headers["content-disposition"]
    )
    numbers = client.get(f"{base}/verdict/assessment.json")
    assert numbers.json()["schema"] == "kinechain/assessment/1" and numbers.headers["cache-control"] == "no-store"
    assert client.get(f"{base}/verdict/verdict.json").status_code == 400
    # Locked from now on: measures alone, and nothing that names a driver or a plan.
    driver = json.loads(numbers.text)["drivers"]["verdict"].split(". ")[0]
    assert driver in page
    lock(walked)
    held = client.get(f"{base}/verdict").text
    assert "Measures alone." in held and driver not in held and "chain-picture" not in held and "/what-if" not in held
    assert "Range of motion" in held or "Speed, times and lengths" in held
    for name in ("report.html", "report.pdf", "assessment.json"):
        refused = client.get(f"{base}/verdict/{name}")
        assert refused.status_code == 400 and "danger signs" in refused.text
    assert "No what-if now." in client.get(f"{base}/what-if").text
    assert driver not in client.get(f"{base}/visits").text


def test_what_of_other_patients_cannot_be_reached_by_ids(walked: Clinics, client_for: Clients) -> None:
    client, base = client_for("clinician"), f"/patients/{walked.patient}"
    where = client.post(f"{base}/analysis", data={"csrf": client.csrf}).headers["location"]
    job = where.rsplit("/", 1)[1]
    mine = f"/patients/{walked.own.new_patient}/analysis/{job}"
    assert client.get(mine).status_code == 400
    assert client.post(f"{mine}/cancel", headers=csrf(client)).status_code == 400
    other = client_for("other_clinician")
    for path in (
        where,
        f"{base}/verdict",
        f"{base}/verdict/curves",
        f"{base}/verdict/report.pdf",
        f"{base}/replay",
        f"{base}/what-if",
        f"{base}/visits",
        f"{base}/visits/curves",
    ):
        assert other.get(path).status_code == 404, path
    with walked.place.database.reading() as connection:
        assert jobs_of(connection, walked.patient, "assess")[0].state == "queued"


def test_an_analysis_is_stopped_and_says_so(walked: Clinics, client_for: Clients) -> None:
    client, base = client_for("clinician"), f"/patients/{walked.patient}"
    where = client.post(f"{base}/analysis", data={"csrf": client.csrf}).headers["location"]
    client.post(f"{where}/cancel", data={"csrf": client.csrf})
    assert "This analysis was stopped" in client.get(where).text
    assert "was stopped" in client.get(f"{base}/verdict").text


def test_without_answers_there_is_nothing_to_analyse(clinic: Clinics, client_for: Clients) -> None:
    client, base = client_for("clinician"), f"/patients/{clinic.own.new_patient}"
    assert "nothing to analyse yet" in client.get(f"{base}/verdict").text
    assert client.post(f"{base}/analysis", data={"csrf": client.csrf}).status_code == 400
    for path in ("verdict/curves", "replay", "verdict/report.pdf"):
        assert client.get(f"{base}/{path}").status_code == 400
    assert "There is no visit yet" in client.get(f"{base}/visits").text


def test_a_what_if_is_asked_as_json(clinic: Clinics, client_for: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    from kinechain.web.pages import what_if
    from kinechain.workspace.what_if import SupersededError

    client, where = client_for("clinician"), f"/patients/{clinic.patient}/what-if"
    page = client.get(where).text
    assert page.count('type="range"') == sum(len(s.sides) for s in what_if.SLIDERS)
    for wrong in (
        {},
        [],
        {"changes": "lift", "draws": 60},
        {"changes": [], "draws": True},
        {"changes": [], "draws": 61},
        {"changes": [3], "draws": 60},
    ):
        assert client.post(where, json=wrong, headers=csrf(client)).status_code == 400
    refused = client.post(where, json={"changes": ["lift up 3"], "draws": 60}, headers=csrf(client))
    assert refused.status_code == 400 and "lift" in refused.text
    assert client.post(where, content=b"{", headers=csrf(client)).status_code == 400
    assert client.post(where, json={"changes": [], "draws": 60}).status_code == 403
    monkeypatch.setattr(what_if, "ask_what_if", lambda *a: {"asked": list(a[3])})
    good = client.post(where, json={"changes": ["lift left 3"], "draws": 60}, headers=csrf(client))
    assert good.json() == {"asked": ["lift left 3"]}

    def newer(*_: object) -> None:
        raise SupersededError("a newer question came")

    monkeypatch.setattr(what_if, "ask_what_if", newer)
    assert client.post(where, json={"changes": [], "draws": 60}, headers=csrf(client)).status_code == 409


def test_two_visits_on_one_page(
    walked: Clinics, client_for: Clients, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kinechain.analysis import Settings, assess
    from kinechain.workspace import assess_work

    settings = Settings(chain=None, loads=None)
    monkeypatch.setattr(assess_work, "assess", lambda *a, **k: assess(*a, settings=settings, **k))
    client, base = client_for("clinician"), f"/patients/{walked.patient}"
    client.post(f"{base}/analysis", data={"csrf": client.csrf})
    do_work(walked.place)
    content = io.BytesIO((shared / FOLDER / "2014015_C5_03.c3d").read_bytes())
    hand_in(walked.place, walked.actor(), walked.patient, "2014015_C5_03.c3d", content)
    do_work(walked.place, ("inspect",))
    with walked.place.database.reading() as connection:
        slow = next(row for row in recordings_of(connection, walked.patient) if "C4" in row.name)
    choose_use(walked.place, walked.actor(), walked.patient, slow.id, "aside")
    assert "changed after this verdict" in client.get(f"{base}/verdict").text
    client.post(f"{base}/analysis", data={"csrf": client.csrf})
    do_work(walked.place)
    page = client.get(f"{base}/visits").text
    assert "Changed by more than the error" in page and "Walking speed" in page
    address = re.search(r'data-pair="([^"]+)"', page)
    assert address is not None
    curves = client.get(address[1].replace("&amp;", "&")).json()
    assert curves["before"] and curves["after"] and curves["before"] != curves["after"]
    assert client.get(f"{base}/visits?before=x&after=y").status_code == 400
