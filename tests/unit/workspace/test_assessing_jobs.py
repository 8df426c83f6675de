"""Analyses: one job for the same case, everything the pages show, one visit each, nothing of drivers while locked."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from doing_work import do_work
from kinechain.care.follow_up.events import VisitMade
from kinechain.care.person.person import Person
from kinechain.core.errors import InputError
from kinechain.store.jobs import Job, find_job, jobs_of
from kinechain.store.tables import task
from kinechain.workspace.assessing import (
    ask_assessment,
    assessments_of,
    cancel_job,
    is_current,
    job_of,
    newest_assessment,
    read_output,
    ready,
    visit_id,
    why_no_drivers,
)
from kinechain.workspace.case import Case, change_person, read_case
from kinechain.workspace.recordings import choose_use, hand_in, recordings_of
from kinechain.workspace.visits import pair_of, visit_curves, visits_of

if TYPE_CHECKING:
    from web_fixtures import Clinics

FOLDER = "data/dev/schreiber_moissenet/2014015"
#: What every analysis makes, and what it makes besides of a walk.
ALWAYS = {"assessment.json", "verdict.json", "report.html", "report.pdf", "plan.json"}


def ask(clinic: Clinics, patient: str = "") -> Job:
    return ask_assessment(clinic.place, clinic.actor(), patient or clinic.patient)


def case_of(clinic: Clinics, patient: str = "") -> Case:
    with clinic.place.database.reading() as connection:
        return read_case(connection, patient or clinic.patient)


def verdict_of(clinic: Clinics) -> tuple[dict[str, Any], set[str]]:
    with clinic.place.database.reading() as connection:
        found = newest_assessment(connection, clinic.patient)
    assert found is not None
    return json.loads(read_output(clinic.place, found[1], "verdict.json")), {o.name for o in found[1]}


def change(clinic: Clinics, **more: Any) -> None:
    def changed(person: Person) -> Person:
        return replace(person, **more)

    with clinic.place.database.writing() as connection:
        change_person(connection, clinic.actor(), clinic.patient, changed, "write exam")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the chain be left out: most of these tests ask for no drivers."""
    from kinechain.analysis import Settings, assess
    from kinechain.workspace import assess_work

    settings = Settings(chain=None, loads=None)
    monkeypatch.setattr(assess_work, "assess", lambda *a, **k: assess(*a, settings=settings, **k))
    yield


@pytest.fixture
def walks(clinic: Clinics, shared: Path) -> Clinics:
    for name in ("2014015_ST.c3d", "2014015_C4_04.c3d", "2014015_C5_03.c3d"):
        content = io.BytesIO((shared / FOLDER / name).read_bytes())
        hand_in(clinic.place, clinic.actor(), clinic.patient, name, content)
    do_work(clinic.place, ("inspect",))
    return clinic


def test_an_examination_alone_makes_a_verdict_with_drivers_and_a_visit(clinic: Clinics) -> None:
    job = ask(clinic)
    steps = do_work(clinic.place)
    assert "Asking which link carries load" in steps and steps[-1] == "Writing the report"
    verdict, names = verdict_of(clinic)
    assert names == ALWAYS
    assert verdict["schema"] == "kinechain/verdict/1" and verdict["gains"] and verdict["chain"]["sets"]
    assert verdict["curves"] == [] and verdict["drivers"]
    (visit,) = [e for e in case_of(clinic).events if isinstance(e, VisitMade)]
    assert (visit.id, visit.visit, visit.by) == (visit_id(job.id), "baseline", clinic.actor().code)
    assert visit.assessment["measures"] and visit.assessment["drivers"]
    with clinic.place.database.reading() as connection:
        assert connection.execute(select(task).where(task.c.patient_id == clinic.patient)).first() is None


def test_a_walk_makes_curves_of_both_sides_and_a_replay(walks: Clinics, quick: None) -> None:
    job = ask(walks)
    assert [row["use"] for row in job.input["files"]] == ["standing", "walking", "walking"]
    do_work(walks.place)
    verdict, names = verdict_of(walks)
    assert names == ALWAYS | {"replay.json"}
    knee = next(p for p in verdict["curves"][0]["panels"] if p["key"] == "knee_flexion")
    assert len(knee["left"]["mean"]) == len(knee["right"]["mean"]) == 101 and knee["counts"] == [1, 1]
    assert knee["band"]["cohort"] and 55 < knee["foot_off"][0] < 70
    assert {r["name"] for r in verdict["recordings"]} >= {"2014015_ST.c3d"}


def test_the_same_case_is_the_same_job_and_a_changed_one_is_another(walks: Clinics) -> None:
    first = ask(walks)
    assert ask(walks).id == first.id
    change(walks, mass_kg=70.0)
    second = ask(walks)
    assert second.id != first.id
    with walks.place.database.reading() as connection:
        row = recordings_of(connection, walks.patient)[-1]
    choose_use(walks.place, walks.actor(), walks.patient, row.id, "aside")
    third = ask(walks)
    assert third.key not in (first.key, second.key)
    with walks.place.database.reading() as connection:
        case, files = read_case(connection, walks.patient), recordings_of(connection, walks.patient)
        assert is_current(case, files, third) and not is_current(case, files, first)
        assert ready(case, files).aside == (replace(row, use="aside"),)


def test_an_analysis_is_of_the_answers_it_was_asked_for(clinic: Clinics, quick: None) -> None:
    ask(clinic)
    change(clinic, mass_kg=80.0)
    do_work(clinic.place)
    verdict, _ = verdict_of(clinic)
    assert "80" not in verdict["who"]


def test_nothing_to_analyse_is_said(clinic: Clinics) -> None:
    with pytest.raises(InputError, match="nothing to analyse yet"):
        ask(clinic, clinic.own.new_patient)


def test_a_visit_is_written_once_and_the_same_day_again_is_a_new_computation_of_it(
    clinic: Clinics, quick: None
) -> None:
    from kinechain.workspace.assessing import assessment_done

    job = ask(clinic)
    do_work(clinic.place)
    with clinic.place.database.writing() as connection:
        done = find_job(connection, job.id)
        assert done is not None
        assessment_done(clinic.place, connection, done)
    assert len(visits_of(case_of(clinic))) == 1
    change(clinic, mass_kg=70.0)
    ask(clinic)
    do_work(clinic.place)
    (visit,) = visits_of(case_of(clinic))
    assert len(visit.reruns) == 1


def test_a_locked_person_gets_measures_and_neither_drivers_nor_plan(walks: Clinics) -> None:
    change(walks, screen={})
    assert "danger signs" in why_no_drivers(case_of(walks))
    ask(walks)
    do_work(walks.place)
    verdict, names = verdict_of(walks)
    assert "plan.json" not in names
    assert verdict["gains"] == [] and verdict["chain"]["figures"] == [] and verdict["plan"] == ""
    assert verdict["curves"] and verdict["outside"] is not None
    (visit,) = visits_of(case_of(walks))
    assert "drivers" not in visit.made.assessment


def test_a_failed_analysis_says_why_and_leaves_one_task(clinic: Clinics, monkeypatch: pytest.MonkeyPatch) -> None:
    from kinechain.workspace import assess_work

    def refuse(*_: object, **__: object) -> None:
        raise InputError("none of the recordings can be used")

    monkeypatch.setattr(assess_work, "assess", refuse)
    job = ask(clinic)
    do_work(clinic.place)
    with clinic.place.database.reading() as connection:
        failed = job_of(connection, clinic.patient, job.id)
        (left,) = connection.execute(select(task).where(task.c.patient_id == clinic.patient)).all()
    assert (failed.state, failed.fault) == ("failed", "none of the recordings can be used")
    assert left.source == f"job:{job.id}" and left.kind == "analysis failed"
    again = ask(clinic)
    assert again.id != job.id and again.state == "queued"


def test_a_job_can_be_stopped_by_its_clinic_alone(clinic: Clinics) -> None:
    job = ask(clinic)
    with pytest.raises(InputError, match="no such analysis"):
        cancel_job(clinic.place, clinic.actor(), clinic.own.new_patient, job.id)
    assert cancel_job(clinic.place, clinic.actor(), clinic.patient, job.id).state == "cancelled"
    with clinic.place.database.reading() as connection:
        assert assessments_of(connection, clinic.patient)[0].state == "cancelled"
        assert newest_assessment(connection, clinic.patient) is None


def test_inputs_and_outputs_hold_no_name(walks: Clinics, quick: None) -> None:
    job = ask(walks)
    do_work(walks.place)
    with walks.place.database.reading() as connection:
        found = newest_assessment(connection, walks.patient)
        jobs = jobs_of(connection, walks.patient)
    assert found is not None
    said = json.dumps([dict(one.input) for one in jobs]).encode()
    for output in found[1]:
        said += walks.place.files.read(output.digest)
    assert b"Petra" not in said and b"Muster" not in said
    assert job.id == found[0].id


def test_two_visits_stand_side_by_side_with_the_smallest_real_change(walks: Clinics, quick: None) -> None:
    assert pair_of(case_of(walks)) is None
    ask(walks)
    do_work(walks.place)
    assert pair_of(case_of(walks)) is None
    with walks.place.database.reading() as connection:
        slow = next(row for row in recordings_of(connection, walks.patient) if "C4" in row.name)
    choose_use(walks.place, walks.actor(), walks.patient, slow.id, "aside")
    ask(walks)
    do_work(walks.place)
    pair = pair_of(case_of(walks))
    assert pair is not None and pair.is_same_version
    speed = next(row for row in pair.rows if row.name == "Walking speed")
    assert speed.kind == "more than error" and speed.change is not None and speed.change > 0.2
    assert speed.smallest is not None and 0.0 < speed.smallest < 0.2
    assert pair.rows[0].kind == "more than error"
    with walks.place.database.reading() as connection:
        case = read_case(connection, walks.patient)
        assert visit_curves(walks.place, connection, case, pair.before.id)
        with pytest.raises(InputError, match="no such visit"):
            visit_curves(walks.place, connection, case, "nobody's")
    with pytest.raises(InputError, match="no such visit"):
        pair_of(case, "x", pair.after.id)
