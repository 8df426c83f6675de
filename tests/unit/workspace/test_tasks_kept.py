"""Worsening becomes a task once; it is closed by whoever looked, or when its reason ends."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import insert, select

from followed_clinic import follow_plan
from kinechain.core.errors import InputError
from kinechain.store.audit import Actor
from kinechain.store.clock import now
from kinechain.store.tables import audit, summary
from kinechain.store.tables import task as task_table
from kinechain.workspace.case import read_case
from kinechain.workspace.following import followed, present_alerts, progress_of
from kinechain.workspace.reviewing import acknowledge, write_review
from kinechain.workspace.tasks import Task, close_task, keep_tasks, look_again, open_tasks, tasks_of

if TYPE_CHECKING:
    from web_fixtures import Clinics


def alerts_of(clinic: Clinics) -> tuple[Task, ...]:
    tasks = open_tasks(clinic.place.database, clinic.actor())
    return tuple(task for task in tasks if task.kind == "alert")


def test_worsening_makes_one_task_however_often_it_is_told(each_clinic: Clinics) -> None:
    clinic = each_clinic
    case = follow_plan(clinic, is_worse=True)
    day = now().astimezone().date()
    for _ in range(3):
        with clinic.place.database.writing() as connection:
            keep_tasks(connection, case, progress_of(case, day))
    tasks = alerts_of(clinic)
    assert [task.source.partition(":")[2].partition(":")[0] for task in tasks] == ["pain.worsening"]
    assert tasks[0].urgency == "soon"
    with clinic.place.database.reading() as connection:
        assert (
            connection.execute(select(summary.c.urgency).where(summary.c.patient_id == clinic.patient)).scalar()
            == "soon"
        )
    assert open_tasks(clinic.place.database, clinic.actor("other_clinician")) == ()


def test_of_many_tasks_the_most_urgent_are_shown_then_the_oldest(each_clinic: Clinics) -> None:
    clinic, moment = each_clinic, now()
    told = [("routine", 9), ("emergency", 1), ("soon", 2), ("soon", 5), ("another word", 20)]
    rows = [
        {
            "id": str(uuid4()),
            "clinic_id": clinic.own.id,
            "patient_id": clinic.patient,
            "kind": "note",
            "urgency": urgency,
            "text": f"{days} days old",
            "source": f"test:{days}",
            "created_at": moment - timedelta(days=days),
        }
        for urgency, days in told
    ]
    with clinic.place.database.writing() as connection:
        connection.execute(insert(task_table), rows)
    found = [task.text for task in open_tasks(clinic.place.database, clinic.actor(), limit=4)]
    assert found == ["1 days old", "5 days old", "2 days old", "9 days old"]


def test_a_task_is_closed_once_and_by_its_own_clinic(clinic: Clinics) -> None:
    case = follow_plan(clinic, has_fallen=True)
    (task,) = alerts_of(clinic)
    with pytest.raises(InputError, match="no such task"):
        close_task(clinic.place.database, clinic.actor("other_clinician"), task.id)
    close_task(clinic.place.database, clinic.actor(), task.id)
    close_task(clinic.place.database, clinic.actor("admin"), task.id)
    with clinic.place.database.writing() as connection:
        keep_tasks(connection, case, progress_of(case, now().astimezone().date()))
        (kept,) = (t for t in tasks_of(connection, clinic.patient) if t.kind == "alert")
        actions = list(connection.execute(select(audit.c.action)).scalars())
    assert kept.done_by == clinic.actor().code
    assert actions.count("close task") == 1
    assert alerts_of(clinic) == ()


def test_an_acknowledged_alert_settles_its_task_and_stays_in_the_journal(clinic: Clinics) -> None:
    case = follow_plan(clinic, has_fallen=True)
    (alert,) = (a for a in present_alerts(case, now().astimezone().date()) if a.id == "adverse.fall")
    with pytest.raises(InputError, match="what you found"):
        acknowledge(clinic.place.database, clinic.actor(), clinic.patient, alert.key, "  ")
    with pytest.raises(InputError, match="no such alert"):
        acknowledge(clinic.place.database, clinic.actor(), clinic.patient, "adverse.none:2026-01-01", "no harm")
    case = acknowledge(clinic.place.database, clinic.actor(), clinic.patient, alert.key, "no harm done")
    (seen,) = (a for a in present_alerts(case, now().astimezone().date()) if a.id == "adverse.fall")
    assert seen.acknowledged
    count = len(case.events)
    case = acknowledge(clinic.place.database, clinic.actor(), clinic.patient, alert.key, "no harm done")
    assert len(case.events) == count
    assert alerts_of(clinic) == ()
    with clinic.place.database.reading() as connection:
        (task,) = (t for t in tasks_of(connection, clinic.patient) if t.kind == "alert")
        urgency = connection.execute(select(summary.c.urgency).where(summary.c.patient_id == clinic.patient)).scalar()
    assert (task.done_by, urgency) == ("settled", "routine")


def test_a_review_keeps_decision_measures_and_reason(clinic: Clinics) -> None:
    follow_plan(clinic)
    with pytest.raises(InputError, match="no review 'week 99'"):
        write_review(clinic.place.database, clinic.actor(), clinic.patient, "week 99", "continue", "going well")
    with pytest.raises(InputError, match="ends with one of"):
        write_review(clinic.place.database, clinic.actor(), clinic.patient, "week 8", "maybe", "going well")
    case = write_review(clinic.place.database, clinic.actor(), clinic.patient, "week 8", "continue", "going well")
    progress = progress_of(case, now().astimezone().date())
    assert progress
    (review,) = (r for r in progress.reviews if r.checkpoint == "week 8")
    assert (review.state, review.recorded) == ("done", "continue")
    assert all(found.verdict for found in progress.retests)


def test_a_review_becomes_due_without_anybody_writing(each_clinic: Clinics, monkeypatch: pytest.MonkeyPatch) -> None:
    clinic = each_clinic
    follow_plan(clinic, 10)
    database, actor = clinic.place.database, clinic.actor()

    def waiting() -> list[str]:
        return [task.text for task in open_tasks(database, actor) if task.kind == "review"]

    assert waiting() == ["The review 'day 3-7' is overdue."]
    monkeypatch.setattr("kinechain.workspace.tasks.now", lambda: now() + timedelta(days=5))
    assert look_again(database) == clinic.patient
    assert look_again(database, clinic.patient) == ""
    assert waiting() == ["The review 'week 2' is due."]
    monkeypatch.undo()
    write_review(database, actor, clinic.patient, "day 3-7", "continue", "going well")
    assert waiting() == []


def test_eight_weeks_take_a_fifth_of_a_second_of_a_core_and_are_read_once(clinic: Clinics) -> None:
    follow_plan(clinic)
    day = now().astimezone().date()
    times = []
    for _ in range(5):
        began = time.process_time()
        with clinic.place.database.reading() as connection:
            case = read_case(connection, clinic.patient)
        found = followed(case, day)
        times.append(time.process_time() - began)
        assert found
    assert sorted(times)[2] < 0.2
    assert followed(case, day) is found


def test_nobody_without_a_plan_is_followed(clinic: Clinics) -> None:
    with clinic.place.database.reading() as connection:
        case = read_case(connection, clinic.own.new_patient)
    assert followed(case, now().astimezone().date()) is None
    assert present_alerts(case, now().astimezone().date()) == ()
    assert isinstance(clinic.actor(), Actor)
