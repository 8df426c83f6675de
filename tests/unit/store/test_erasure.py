"""Erasing a patient: nothing of them is left but a row without a name, and everybody else's data stays."""

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Table, func, insert, select

from kinechain.core.errors import InputError
from kinechain.store.clock import now
from kinechain.store.erasure import erase_patient, sweep_files
from kinechain.store.files import Files
from kinechain.store.jobs import Kept, add_job, finish, lease
from kinechain.store.people import find_patient
from kinechain.store.sessions import add_session
from kinechain.store.tables import METADATA, audit, draft, file, patient, task
from kinechain.workspace.case import read_case, write_events

if TYPE_CHECKING:
    from web_fixtures import Clinics


def add_everything(clinics: "Clinics", of: str, content: bytes) -> str:
    """Give a patient a row in every table and a file, and return the file's digest."""
    from kinechain.care.follow_up.events import CheckIn

    place, moment = clinics.place, now()
    digest, size = place.files.put(content)
    made = place.files.put(b"made of " + content)
    who = clinics.actor()
    with place.database.writing() as connection:
        write_events(connection, who, of, [CheckIn(id=str(uuid4()), at=moment, by="patient", back_pain=3)], "log")
        connection.execute(
            insert(file).values(
                id=str(uuid4()),
                patient_id=of,
                digest=digest,
                name="walk.c3d",
                kind="C3D",
                size=size,
                use="walking",
                uploaded_at=now(),
                uploaded_by=who.code,
            )
        )
        connection.execute(
            insert(draft).values(patient_id=of, kind="plan", content="{}", number=1, at=moment, by=who.code)
        )
        connection.execute(
            insert(task).values(
                id=str(uuid4()),
                clinic_id=clinics.own.id,
                patient_id=of,
                kind="alert",
                urgency="today",
                text="t",
                source="s",
                created_at=moment,
            )
        )
        add_job(connection, clinic_id=clinics.own.id, patient_id=of, kind="assess", key="k", input={}, by=who.code)
    job = lease(place.database, "w", ["assess"], 60)
    assert job is not None
    finish(place.database, job, [Kept("report.html", "text/html", *made)])
    return digest


def rows_of(connection: Connection, patient_id: str) -> dict[str, int]:
    """Return how many rows of each table belong to a patient."""
    counts = {}
    for table in METADATA.sorted_tables:
        where = _belongs(table, patient_id)
        if where is not None:
            counts[table.name] = connection.execute(select(func.count()).select_from(table).where(where)).scalar_one()
    return counts


def _belongs(table: Table, patient_id: str):  # type: ignore[no-untyped-def]
    of = {"output": "job", "session": "link"}.get(table.name)
    if of:
        other = METADATA.tables[of]
        return table.c[f"{of}_id"].in_(select(other.c.id).where(other.c.patient_id == patient_id))
    return table.c.patient_id == patient_id if "patient_id" in table.c else None


def test_nothing_is_left_of_the_patient_and_all_of_the_others(each_clinic: "Clinics") -> None:
    place, gone, stays = each_clinic.place, each_clinic.patient, each_clinic.own.new_patient
    digest = add_everything(each_clinic, gone, b"of the one")
    others = add_everything(each_clinic, stays, b"of the other")
    with place.database.writing() as connection:
        add_session(connection, link_id=each_clinic.own.link)
    with place.database.reading() as connection:
        before, others_before = rows_of(connection, gone), rows_of(connection, stays)
    assert {name for name, count in before.items() if not count} == {"erasure"}
    assert erase_patient(place.database, place.files, each_clinic.actor(), gone)
    with place.database.reading() as connection:
        after = rows_of(connection, gone)
        assert rows_of(connection, stays) == others_before
        row = connection.execute(select(patient).where(patient.c.id == gone)).mappings().one()
        with pytest.raises(InputError, match="erased"):
            read_case(connection, gone)
        last = connection.execute(select(audit).where(audit.c.action == "erase patient")).one()
    assert after.pop("audit") == before["audit"] + 1
    assert not any(after.values()), after
    assert (row["name"], row["search"]) == ("", "")
    assert "p-1" not in row["pseudonym"] and row["erased_at"] is not None
    assert last.patient_id == gone and last.clinic_id == each_clinic.own.id
    assert not place.files.has(digest)
    assert place.files.read(others) == b"of the other"
    assert not erase_patient(place.database, place.files, each_clinic.actor(), gone)
    assert not erase_patient(place.database, place.files, each_clinic.actor(), str(uuid4()))


def test_a_file_that_another_patient_has_too_stays(each_clinic: "Clinics") -> None:
    place = each_clinic.place
    digest = add_everything(each_clinic, each_clinic.patient, b"the same recording")
    assert add_everything(each_clinic, each_clinic.own.new_patient, b"the same recording") == digest
    erase_patient(place.database, place.files, each_clinic.actor(), each_clinic.patient)
    assert place.files.read(digest) == b"the same recording"
    erase_patient(place.database, place.files, each_clinic.actor(), each_clinic.own.new_patient)
    assert not place.files.has(digest)


def test_what_a_crash_leaves_is_swept_later(each_clinic: "Clinics", monkeypatch: pytest.MonkeyPatch) -> None:
    place = each_clinic.place
    digest = add_everything(each_clinic, each_clinic.patient, b"left behind")

    def dies(*_: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Files, "remove", dies)
        with pytest.raises(KeyboardInterrupt):
            erase_patient(place.database, place.files, each_clinic.actor(), each_clinic.patient)
    with place.database.reading() as connection:
        found = find_patient(connection, each_clinic.patient)
    assert found is not None and found.erased_at is not None
    assert place.files.has(digest)
    assert sweep_files(place.database, place.files) == 0
    assert sweep_files(place.database, place.files, timedelta(seconds=-1)) == 2
    assert not place.files.has(digest)


def test_a_sweep_takes_nothing_that_a_row_names(each_clinic: "Clinics") -> None:
    place = each_clinic.place
    digest = add_everything(each_clinic, each_clinic.patient, b"needed")
    assert sweep_files(place.database, place.files, timedelta(seconds=-1)) == 0
    assert place.files.read(digest) == b"needed"
    with place.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(file)).scalar_one() == 1
