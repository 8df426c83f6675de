"""A patient's own data: the copy holds all of it and nothing that is not theirs; deleting leaves who looked."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select

from kinechain import __version__
from kinechain.care.follow_up.events import CheckIn, ConsentGiven, PlanMade, Session, StandingDay, VisitMade
from kinechain.care.planning.plan import Because, HeelLift, Orthosis
from kinechain.care.planning.planner import make_plan
from kinechain.care.records.plan_values import plan_plain
from kinechain.core.errors import InputError, SettingError
from kinechain.core.estimate import Estimate
from kinechain.evidence.wording import say
from kinechain.store.clock import now
from kinechain.store.jobs import Kept, add_job, finish, lease
from kinechain.store.sessions import find_session
from kinechain.store.tables import METADATA, audit, file, patient
from kinechain.workspace.case import change_person, read_case, write_events
from kinechain.workspace.links import ClosedLinkError, make_link, open_link
from kinechain.workspace.own_data import SCHEMA, delete_everything, export, who_read
from web_fixtures import Clinics

MATERIAL, LEGS = "cork of the seventh layer", "legs of the block test"
NAME = "Petra Muster"
#: Parts of a plan that speak to a patient; a new kind is theirs once it is written here.
THEIRS = {"goal", "exercise", "advice", "referral", "not offered"}


def plan_with_sheets(clinics: Clinics) -> dict[str, Any]:
    """Return a plan with an orthosis and a heel lift, which are the clinician's."""
    with clinics.place.database.reading() as connection:
        case = read_case(connection, clinics.patient)
    plan = make_plan(case.person, case.unlocked(), today=now().date(), version=__version__)
    told: dict[str, Any] = {
        "title": say("letters.clinician_orthosis"),
        "because": (Because("rule", "R5.1", say("letters.clinician_orthosis_note")),),
    }
    sheet = Orthosis(id="orthosis.left", side="left", rearfoot_posting_deg=3.7, material=MATERIAL, **told)
    difference = Estimate(7.0, 6.0, 8.0, "mm", LEGS)
    lift = HeelLift(id="lift", difference=difference, lift_mm=4.0, first_step_mm=2.0, basis="imaging", **told)
    parts: tuple[Any, ...] = (*plan.parts, sheet, lift)
    return dict(json.loads(json.dumps(plan_plain(replace(plan, parts=parts)))))


def live(clinics: Clinics) -> None:
    """Let the patient live through what the copy has to hold: a changed answer, a journal, a recording, an analysis."""
    place, who, of = clinics.place, clinics.actor(), clinics.patient
    at = now().astimezone() - timedelta(hours=2)
    made: dict[str, Any] = {"at": at, "by": "patient"}
    events = (
        ConsentGiven(id=str(uuid4()), scope=("care",), wording="0" * 64, **made),
        PlanMade(id=str(uuid4()), at=at, by="cleo", plan=plan_with_sheets(clinics)),
        Session(id=str(uuid4()), exercise="bridge", side="both", sets=3, repetitions=8, **made),
        StandingDay(id=str(uuid4()), prompts=6, noticed=4, **made),
        CheckIn(id=str(uuid4()), back_pain=3.0, **made),
    )
    digest, size = place.files.put(io.BytesIO(b"a recording"))
    output = place.files.put(io.BytesIO(b"what came of it"))
    with place.database.writing() as connection:
        change_person(connection, who, of, lambda p: replace(p, age_years=47.0), "write intake")
        write_events(connection, who, of, events, "write log")
        row = {"id": str(uuid4()), "patient_id": of, "digest": digest, "name": "walk.c3d", "kind": "C3D", "size": size}
        connection.execute(insert(file).values(**row, use="walking", uploaded_at=now(), uploaded_by=who.code))
        add_job(connection, clinic_id=clinics.own.id, patient_id=of, kind="assess", key="k", input={}, by=who.code)
    job = lease(place.database, "worker", ["assess"], 60)
    assert job is not None
    finish(place.database, job, [Kept("report.html", "text/html", *output)])


def copied(clinics: Clinics) -> tuple[dict[str, Any], str]:
    text = export(clinics.place, clinics.actor("patient"))
    return dict(json.loads(text)), text


def test_the_copy_holds_everything_that_is_kept(each_clinic: Clinics) -> None:
    live(each_clinic)
    copy, text = copied(each_clinic)
    with each_clinic.place.database.reading() as connection:
        case = read_case(connection, each_clinic.patient)
    assert copy["schema"] == SCHEMA and case.version is not None
    assert copy["answers"] == case.version.text
    assert [row["number"] for row in copy["earlier_answers"]] == list(range(1, case.number))
    assert copy["earlier_answers"][0]["text"] != copy["answers"]
    assert [row["id"] for row in copy["journal"]] == [event.id for event in case.events]
    assert [row["name"] for row in copy["files"]] == ["walk.c3d"]
    assert [(row["kind"], row["state"], row["made"]) for row in copy["analyses"]] == [
        ("assess", "done", ["report.html"])
    ]
    assert len(copy["links"]) == 1 and {row["scope"]: row["state"] for row in copy["consents"]}["care"] == "given"
    session = next(row for row in copy["journal"] if row["event"] == "session")
    assert (session["sets"], session["repetitions"]) == (3, 8)
    # In UTF-8, as it is sent.
    assert json.loads(text.encode()) == copy


def test_the_copy_names_nobody_and_no_orthosis(each_clinic: Clinics) -> None:
    live(each_clinic)
    copy, text = copied(each_clinic)
    assert NAME not in text and "Petra" not in text
    assert each_clinic.actor("other_patient").patient_id not in text
    for told in (MATERIAL, LEGS, "posting", "p_relevant", '"because"', '"hypotheses"'):
        assert told not in text, told
    parts = next(row for row in copy["journal"] if row["event"] == "plan_made")["plan"]["parts"]
    assert parts and {part["kind"] for part in parts} <= THEIRS, {part["kind"] for part in parts}
    assert not any(sentence.get("audience") == "clinician" for part in parts for sentence in part["sentences"])


def test_of_a_visit_the_copy_says_that_it_was(each_clinic: Clinics) -> None:
    found = {"drivers": [{"player": "foot", "p_relevant": 0.8}]}
    visit = VisitMade(
        id=str(uuid4()), at=now().astimezone(), by="cleo", visit="baseline", version=__version__, assessment=found
    )
    with each_clinic.place.database.writing() as connection:
        write_events(connection, each_clinic.actor(), each_clinic.patient, (visit,), "assess")
    (row,) = copied(each_clinic)[0]["journal"]
    assert row == {"event": "VisitMade", "at": visit.at.isoformat(), "by": "cleo"}


def test_every_reading_is_in_the_copy_and_the_copying_is_one(each_clinic: Clinics) -> None:
    first, _ = copied(each_clinic)
    second, _ = copied(each_clinic)
    assert len(second["read_by"]) == len(first["read_by"]) + 1
    assert second["read_by"][0]["what"] == "export own data" and second["read_by"][0]["who"] == "you"
    with each_clinic.place.database.reading() as connection:
        assert len(who_read(connection, each_clinic.patient)) == len(second["read_by"]) + 1
        assert len(who_read(connection, each_clinic.patient, 2)) == 2


def test_a_slip_deletes_nothing(each_clinic: Clinics) -> None:
    for typed in ("", "delet", "delete everything", "yes"):
        with pytest.raises(SettingError, match="nothing was deleted"):
            delete_everything(each_clinic.place, each_clinic.actor("patient"), typed)
    with each_clinic.place.database.reading() as connection:
        assert read_case(connection, each_clinic.patient).number == 1


def rows_with(clinics: Clinics, table: Any) -> list[Any]:
    """Return the rows of a table that name the patient in any column."""
    with clinics.place.database.reading() as connection:
        return [row for row in connection.execute(select(table)) if clinics.patient in map(str, row)]


def test_deleting_leaves_that_somebody_was_there_and_who_looked(each_clinic: Clinics) -> None:
    live(each_clinic)
    place, actor = each_clinic.place, each_clinic.actor("patient")
    url, _ = make_link(place, each_clinic.actor(), each_clinic.patient, 30)
    token = url.rpartition("/")[2]
    opened = open_link(place, token)
    seen = [row.id for row in rows_with(each_clinic, audit)]
    digests = [row.digest for row in rows_with(each_clinic, file)]
    delete_everything(place, actor, " Delete ")

    left = {table.name for table in METADATA.sorted_tables if rows_with(each_clinic, table)}
    assert left == {"patient", "audit"}
    (row,) = rows_with(each_clinic, patient)
    assert row.name == row.search == "" and row.erased_at is not None and row.pseudonym != "p-1"
    stays = rows_with(each_clinic, audit)
    assert [line.id for line in stays][: len(seen)] == seen
    assert stays[-1].action == "erase patient" and NAME not in str(stays)
    assert digests and not any(place.files.has(digest) for digest in digests)
    with pytest.raises(ClosedLinkError):
        open_link(place, token)
    with place.database.reading() as connection:
        assert find_session(connection, opened.token) is None
        assert read_case(connection, each_clinic.other.patient).number == 1
    for again in (lambda: export(place, actor), lambda: read_all(each_clinic)):
        with pytest.raises(InputError, match="erased"):
            again()


def read_all(clinics: Clinics) -> None:
    with clinics.place.database.reading() as connection:
        read_case(connection, clinics.patient)
