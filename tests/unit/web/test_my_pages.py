"""The pages of patients: from the link to the log, what holds everything back, and what never stands there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import pytest

from kinechain import __version__
from kinechain.care.follow_up.events import PlanMade
from kinechain.care.intake.intake_list import intake_questions
from kinechain.care.planning.plan import Because, Orthosis
from kinechain.care.planning.planner import make_plan
from kinechain.care.records.plan_values import plan_plain
from kinechain.evidence.wording import say
from kinechain.store.clock import now
from kinechain.workspace.case import change_person, read_case, write_events
from kinechain.workspace.links import make_link, revoke_link
from web_fixtures import Clinics

ClientFor = Callable[[str], Any]
PAGES = ("/my", "/my/exercise/0", "/my/check", "/my/morning", "/my/event", "/my/more", "/my/progress", "/my/data")
MATERIAL = "cork of the seventh layer"


def agree_plan(clinic: Clinics, *, with_orthosis: bool = False) -> None:
    """Put a plan of ten days ago into the journal of the screened patient."""
    at = now().astimezone() - timedelta(days=10)
    with clinic.place.database.writing() as connection:
        case = read_case(connection, clinic.patient)
        plan = make_plan(case.person, case.unlocked(), today=at.date(), version=__version__)
        if with_orthosis:
            reason = Because("rule", "R5.1", say("letters.clinician_orthosis_note"))
            sheet = Orthosis(
                id="orthosis.left",
                title=say("letters.clinician_orthosis"),
                because=(reason,),
                side="left",
                rearfoot_posting_deg=3.7,
                arch_mm=6.3,
                material=MATERIAL,
            )
            plan = replace(plan, parts=(*plan.parts, sheet))
        plain = json.loads(json.dumps(plan_plain(plan)))
        made = PlanMade(id=str(uuid4()), at=at, by="cleo", plan=plain)
        write_events(connection, clinic.actor(), clinic.patient, (made,), "agree plan")


def agreed(client: Any) -> Any:
    """Let the patient of a client agree to care."""
    answer = client.post("/my/consent", data={"csrf": client.csrf, "scope": "care"})
    assert answer.headers["location"] == "/my"
    return client


def entry(kind: str, **fields: Any) -> dict[str, Any]:
    return {"event": kind, "id": str(uuid4()), "at": now().astimezone().isoformat(), **fields}


def send(client: Any, entries: list[Any]) -> Any:
    return client.post("/my/events", json=entries, headers={"X-CSRF-Token": client.csrf})


def test_a_link_opens_only_when_asked_and_never_again_once_revoked(clinic: Clinics, client_for: ClientFor) -> None:
    url, link = make_link(clinic.place, clinic.actor(), clinic.patient, 30)
    client, token = client_for("nobody"), url.rpartition("/")[2]
    looked = client.get(f"/p/{token}")
    assert looked.status_code == 200 and "set-cookie" not in looked.headers
    opened = client.post("/p/open", data={"token": token})
    assert opened.headers["location"] == "/my" and "HttpOnly" in opened.headers["set-cookie"]
    assert client.get("/my").headers["location"] == "/my/consent"
    revoke_link(clinic.place, clinic.actor(), clinic.patient, link.id)
    ended = client.get("/my")
    assert ended.status_code == 401
    closed = client.post("/p/open", data={"token": token})
    never = client.post("/p/open", data={"token": "x" * 43})
    assert closed.status_code == never.status_code == 401
    words = say("web.closed_link").text
    assert all(words in answer.text for answer in (ended, closed, never))


def test_nothing_is_stored_before_the_agreement(clinic: Clinics, client_for: ClientFor) -> None:
    client = client_for("patient")
    answered = client.post("/my/intake/0", data={"csrf": client.csrf, "answer": "yes"})
    assert answered.headers["location"] == "/my/consent"
    assert send(client, [entry("check_in", danger="none")]).status_code == 400
    with clinic.place.database.reading() as connection:
        case = read_case(connection, clinic.patient)
    assert case.number == 1 and not case.events


def test_a_danger_sign_stops_at_once_and_again_at_every_start(clinic: Clinics, client_for: ClientFor) -> None:
    agree_plan(clinic)
    client = agreed(client_for("patient"))
    index = next(n for n, q in enumerate(intake_questions()) if q.path == "screen.ces_saddle")
    answered = client.post(f"/my/intake/{index}", data={"csrf": client.csrf, "answer": "yes"})
    assert answered.headers["location"].startswith("/my/stop")
    assert client.get("/my").headers["location"] == "/my/stop"
    page = client.get("/my/stop").text
    assert say("screen.emergency_title").text in page and "stop-emergency" in page
    assert "tel:" not in page  # no number was set, and none is invented
    digest = page.partition('name="digest" value="')[2].partition('"')[0]
    client.post("/my/stop", data={"csrf": client.csrf, "digest": digest, "next": "//elsewhere.example"})
    shown = client.get("/my")
    assert shown.status_code == 200 and say("web.stop_stands").text in shown.text
    assert "/my/exercise/" not in shown.text
    assert client.get("/my/exercise/0").headers["location"] == "/my"
    client.cookies.delete("kinechain_read")
    assert client.get("/my").headers["location"] == "/my/stop"


def test_the_emergency_number_is_dialled_where_it_is_set(clinic: Clinics, client_for: ClientFor) -> None:
    from kinechain.web.pages.my_common import stop_of

    with clinic.place.database.writing() as connection:
        case = change_person(
            connection,
            clinic.actor(),
            clinic.patient,
            lambda p: replace(p, screen=MappingProxyType({**p.screen, "self_harm": "yes"})),
            "write intake",
        )
    settings = replace(clinic.place.settings, emergency_number="1-4-4", crisis_line="143")
    stop = stop_of(settings, case.screened())
    assert stop is not None
    assert (stop.level, stop.call, stop.crisis_number) == ("emergency", "144", "143")


def test_a_phone_sends_entries_once_however_often_it_tries(clinic: Clinics, client_for: ClientFor) -> None:
    agree_plan(clinic)
    client = agreed(client_for("patient"))
    good = entry("session", exercise="bridge", side="both", sets="3", repetitions="8", pain_during="2")
    early = {**entry("next_morning", pain="1"), "at": "2001-01-01T08:00:00+01:00"}
    entries = [good, {**good, "id": str(uuid4()), "exercise": "no_such"}, early, 7, entry("plan_made", plan={})]
    first, second = send(client, entries).json(), send(client, entries).json()
    assert first["accepted"] == second["accepted"] == [good["id"]]
    assert len(first["refused"]) == len(second["refused"]) == 4 and all(row["why"] for row in first["refused"])
    assert first["told"][0]["verdict"] == "carry on"
    changed = send(client, [{**good, "pain_during": "9"}]).json()
    assert not changed["accepted"] and changed["refused"][0]["id"] == good["id"]
    with clinic.place.database.reading() as connection:
        assert sum(event.id == good["id"] for event in read_case(connection, clinic.patient).events) == 1
    assert "Done today" in client.get("/my").text


@pytest.mark.parametrize("told", [{"danger": "ces_bladder"}, {"what": "chest_pain", "severity": "mild"}])
def test_a_danger_that_is_logged_says_stop(clinic: Clinics, client_for: ClientFor, told: dict[str, str]) -> None:
    agree_plan(clinic)
    client = agreed(client_for("patient"))
    kind = "check_in" if "danger" in told else "adverse_event"
    assert send(client, [entry(kind, **told)]).json()["stop"] == "emergency"
    assert client.get("/my").headers["location"] == "/my/stop"


def test_the_form_works_without_scripts_and_twice_is_once(
    clinic: Clinics, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([now(), now() + timedelta(seconds=5)])
    monkeypatch.setattr("kinechain.web.pages.my_log.local_now", lambda _: next(moments))
    agree_plan(clinic)
    client = agreed(client_for("patient"))
    fields = {"csrf": client.csrf, "event": "session", "id": str(uuid4()), "exercise": "bridge", "side": "both"}
    fields |= {"sets": "2", "repetitions": "8", "pain_during": "7"}
    answers = [client.post("/my/log", data=fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert say("web.say_ease_off").text in answers[0].text


def test_nothing_of_an_orthosis_reaches_the_patient(clinic: Clinics, client_for: ClientFor) -> None:
    agree_plan(clinic, with_orthosis=True)
    client = agreed(client_for("patient"))
    for address in (*PAGES, "/my/data/copy"):
        answer = client.get(address)
        assert answer.status_code == 200, address
        text = answer.text.lower()
        assert MATERIAL not in text and "posting" not in text and "arch_mm" not in text, address
        assert "p_relevant" not in text and '"drivers"' not in text, address


def test_the_sheet_to_print_is_a_pdf(clinic: Clinics, client_for: ClientFor) -> None:
    agree_plan(clinic)
    client = agreed(client_for("patient"))
    assert client.get("/my/plan.pdf").content.startswith(b"%PDF")


def test_own_data_are_copied_and_deleted_for_good(clinic: Clinics, client_for: ClientFor) -> None:
    agree_plan(clinic)
    client = agreed(client_for("patient"))
    copy = client.get("/my/data/copy").json()
    assert copy["schema"] == "kinechain/own_data/1" and copy["answers"] and copy["journal"] and copy["read_by"]
    assert "Petra" not in json.dumps(copy)
    kept = client.post("/my/data/delete", data={"csrf": client.csrf, "word": "no"})
    assert kept.status_code == 400 and client.get("/my/data").status_code == 200
    gone = client.post("/my/data/delete", data={"csrf": client.csrf, "word": "Delete"})
    assert gone.status_code == 200 and say("web.data_gone").text in gone.text
    assert client.get("/my").status_code == 401


def test_after_the_agreement_is_taken_back_nothing_new_is_stored(clinic: Clinics, client_for: ClientFor) -> None:
    client = agreed(client_for("patient"))
    client.post("/my/data/withdraw", data={"csrf": client.csrf, "scope": "care"})
    assert client.get("/my").headers["location"] == "/my/consent"
    assert send(client, [entry("check_in", danger="none")]).status_code == 400
    assert client.get("/my/data").status_code == 200


def test_what_a_phone_keeps_names_no_data(client_for: ClientFor) -> None:
    nobody = client_for("nobody")
    worker = nobody.get("/my/sw.js")
    assert worker.headers["service-worker-allowed"] == "/my" and "const SHELL" in worker.text
    assert nobody.get("/my/token").status_code == 401
    assert nobody.get("/my/offline").status_code == nobody.get("/my/manifest.webmanifest").status_code == 200
