"""Progress in the browser: eight weeks replayed, alerts looked at, reviews, entries for the patient."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from followed_clinic import follow_plan
from kinechain.care.follow_up.events import CheckIn, Reviewed, Session
from kinechain.workspace.case import change_person, read_case
from kinechain.workspace.tasks import open_tasks

if TYPE_CHECKING:
    from web_fixtures import Clinics

ClientFor = Callable[[str], Any]


def url(clinic: Clinics, rest: str = "") -> str:
    return f"/patients/{clinic.patient}/progress{rest}"


def post(client: Any, path: str, **fields: object) -> Any:
    return client.post(path, data={"csrf": client.csrf, **{k: str(v) for k, v in fields.items()}})


def test_eight_weeks_are_all_on_one_page_and_quick(client_for: ClientFor, clinic: Clinics) -> None:
    follow_plan(clinic, has_fallen=True)
    client = client_for("clinician")
    client.get(url(clinic))
    times = []
    for _ in range(5):
        began = time.process_time()
        text = client.get(url(clinic)).text
        times.append(time.process_time() - began)
    assert sorted(times)[2] < 0.2
    for words in ("Day 56", "mean of seven days", "Sessions, week by week", "Repetitions", "Reviews", "Diary"):
        assert words in text
    for words in ("apart from that pain", "Beside the usual course", "Does the idea still stand?", "on the stairs"):
        assert words in text
    assert text.count("<svg") >= 4
    assert "style=" not in text


def test_an_alert_is_looked_at_and_its_task_is_settled(client_for: ClientFor, clinic: Clinics) -> None:
    follow_plan(clinic, has_fallen=True)
    client = client_for("clinician")
    page = client.get(url(clinic)).text
    key = re.search(r'name="alert" value="(adverse\.fall:[\d-]+)"', page)
    assert key
    assert "Petra Muster" in client.get("/tasks").text
    assert post(client, url(clinic, "/acknowledge"), alert=key[1], why="no harm done").status_code == 302
    assert "looked at" in client.get(url(clinic)).text
    assert not [task for task in open_tasks(clinic.place.database, clinic.actor()) if task.kind == "alert"]
    assert post(client, url(clinic, "/acknowledge"), alert="nothing", why="no harm done").status_code == 400


def test_a_task_is_closed_from_the_list(client_for: ClientFor, clinic: Clinics) -> None:
    follow_plan(clinic, has_fallen=True)
    client = client_for("clinician")
    action = re.search(r'action="(/tasks/[\w-]+/close)"', client.get("/tasks").text)
    assert action
    assert post(client_for("other_clinician"), action[1]).status_code == 400
    assert post(client, action[1]).headers["location"] == "/tasks"
    assert action[1] not in client.get("/tasks").text


def test_a_review_is_written_with_its_reason(client_for: ClientFor, clinic: Clinics) -> None:
    follow_plan(clinic)
    client = client_for("clinician")
    told = {"checkpoint": "week 8", "decision": "continue", "why": "walks without pain"}
    assert post(client, url(clinic, "/review"), **told).status_code == 302
    with clinic.place.database.reading() as connection:
        (review,) = (e for e in read_case(connection, clinic.patient).events if isinstance(e, Reviewed))
    assert (review.decision, review.by) == ("continue", clinic.actor().code)
    assert "walks without pain" in review.why
    assert post(client, url(clinic, "/review"), **(told | {"decision": "maybe"})).status_code == 400


def test_what_the_patient_told_on_the_phone_is_entered(client_for: ClientFor, clinic: Clinics) -> None:
    follow_plan(clinic, 14)
    client = client_for("clinician")
    assert post(client, url(clinic, "/log"), kind="check-in", back_pain="3,5").status_code == 302
    done = {"exercise": "bridge both", "sets": 2, "repetitions": 9, "pain_during": 2}
    assert post(client, url(clinic, "/log"), kind="session", **done).status_code == 302
    with clinic.place.database.reading() as connection:
        events = read_case(connection, clinic.patient).events
    own = [event for event in events if event.by == clinic.actor().code]
    assert any(isinstance(e, CheckIn) and e.back_pain == 3.5 for e in own)
    assert any(isinstance(e, Session) and e.repetitions == 9 for e in own)
    for fields in ({"kind": "check-in"}, {"kind": "x"}, {"kind": "check-in", "back_pain": "11"}):
        assert post(client, url(clinic, "/log"), **fields).status_code == 400
    wrong = {"kind": "session", **done, "exercise": "handstand both"}
    assert post(client, url(clinic, "/log"), **wrong).status_code == 400


def test_a_danger_sign_told_on_the_phone_locks_and_makes_a_task(client_for: ClientFor, clinic: Clinics) -> None:
    follow_plan(clinic, 14)
    client = client_for("clinician")
    assert post(client, url(clinic, "/log"), kind="check-in", sign_ces_bladder="yes").status_code == 302
    page = client.get(url(clinic)).text
    assert "Each exercise" not in page
    assert "Pain that was told" in page
    assert "sign-off" in page
    urgencies = {task.urgency for task in open_tasks(clinic.place.database, clinic.actor())}
    assert "emergency" in urgencies


def test_while_locked_no_decision_and_no_dose_is_shown(client_for: ClientFor, clinic: Clinics) -> None:
    follow_plan(clinic, 14)
    with clinic.place.database.writing() as connection:
        change_person(
            connection,
            clinic.actor(),
            clinic.patient,
            lambda p: replace(p, screen=MappingProxyType({**p.screen, "weight_loss": "yes"})),
            "write intake",
        )
    page = client_for("clinician").get(url(clinic)).text
    for words in ("Plantar fascia stretch", "Each exercise", "Sessions, week by week", "Does the idea still stand?"):
        assert words not in page


def test_without_a_plan_the_page_says_so(client_for: ClientFor, clinic: Clinics) -> None:
    page = client_for("clinician").get(f"/patients/{clinic.own.new_patient}/progress")
    assert page.status_code == 200
    assert "no plan to follow yet" in client_for("clinician").get(url(clinic)).text
