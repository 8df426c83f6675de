"""The trail in the browser: who, when, what, in words; by filter, page and file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from kinechain.core.errors import InputError
from kinechain.store.audit import Actor, record
from kinechain.store.clock import now
from kinechain.store.tables import account
from kinechain.workspace.trail import Filters, read_trail, trail_csv

if TYPE_CHECKING:
    from web_fixtures import Clinics

ClientFor = Callable[[str], Any]


def write(clinic: Clinics, count: int, action: str = "read plan", who: str = "clinician") -> None:
    with clinic.place.database.writing() as connection:
        for place in range(count):
            record(connection, clinic.actor(who), action, clinic.patient, {"number": place})


def test_names_codes_and_words_stand_for_ids(client_for: ClientFor, clinic: Clinics) -> None:
    write(clinic, 1, "write log", "patient")
    page = client_for("clinician").get(f"/patients/{clinic.patient}/audit").text
    for words in ("Cleo Clinician", "register patient", "the patient p-1", "number 0", "read trail"):
        assert words in page
    table = page.partition("<tbody>")[2]
    assert "account:" not in table
    assert "link:" not in table


def test_the_trail_goes_back_page_by_page_and_misses_nothing(each_clinic: Clinics) -> None:
    clinic = each_clinic
    write(clinic, 25)
    database, actor = clinic.place.database, clinic.actor()
    filters = Filters(clinic.patient, what="read plan")
    seen, before = [], ""
    while True:
        found = read_trail(database, actor, filters, before, limit=7)
        seen += [line.id for line in found.lines]
        before = found.older
        if not before:
            break
    assert len(seen) == len(set(seen)) == 25
    assert [line.id for line in read_trail(database, actor, filters, limit=100).lines] == seen


def test_filters_choose_who_what_and_when(clinic: Clinics) -> None:
    write(clinic, 3)
    write(clinic, 2, "write log", "patient")
    database, actor, day = clinic.place.database, clinic.actor(), now().astimezone().date()

    def count(**chosen: Any) -> int:
        return len(read_trail(database, actor, Filters(clinic.patient, **chosen)).lines)

    assert count(what="plan read") == 3
    assert count(who=clinic.actor("patient").code) == 2
    assert count(what="%") == 0
    assert count(first=day, last=day, what="read plan") == 3
    assert count(first=day + timedelta(days=1)) == 0
    with pytest.raises(InputError, match="begin at the newest"):
        read_trail(database, actor, Filters(), "yesterday|x")


def test_another_clinic_sees_nothing_of_it(client_for: ClientFor, clinic: Clinics) -> None:
    write(clinic, 2)
    other = clinic.actor("other_clinician")
    assert read_trail(clinic.place.database, other, Filters(clinic.patient)).lines == ()
    assert client_for("other_clinician").get(f"/patients/{clinic.patient}/audit").status_code == 404
    assert client_for("other_clinician").get(f"/patients/{clinic.patient}/audit/csv").status_code == 404


def test_the_whole_clinic_is_for_whoever_manages_it(client_for: ClientFor, clinic: Clinics) -> None:
    write(clinic, 2)
    assert client_for("clinician").get("/audit").status_code == 403
    assert client_for("clinician").get("/audit/csv").status_code == 403
    page = client_for("admin").get("/audit?what=plan")
    assert page.status_code == 200
    assert page.text.count("read plan") == 2
    assert ">p-1</a>" in page.text
    assert "Petra Muster" not in page.text
    assert client_for("admin").get("/audit?first=soon").status_code == 400


def test_the_table_holds_no_formula_and_no_name(client_for: ClientFor, clinic: Clinics) -> None:
    with clinic.place.database.writing() as connection:
        connection.execute(update(account).where(account.c.id == clinic.own.clinician).values(name="=HYPERLINK(1)"))
    write(clinic, 2)
    answer = client_for("admin").get("/audit/csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == ["at", "who", "what", "patient", "detail"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows[1:] for cell in row)
    assert not any("Petra" in cell for row in rows for cell in row)
    assert re.match(r'attachment; filename="clinic_trail_[\d-]+\.csv"', answer.headers["content-disposition"])


def test_more_lines_than_a_file_takes_are_asked_for_day_by_day(
    clinic: Clinics, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(clinic, 6)
    monkeypatch.setattr("kinechain.workspace.trail.MOST_LINES", 5)
    with pytest.raises(InputError, match="choose fewer days"):
        trail_csv(clinic.place.database, clinic.actor(), Filters(clinic.patient))


def test_workers_and_commands_are_named(clinic: Clinics) -> None:
    with clinic.place.database.writing() as connection:
        for actor in (Actor("worker", "w-1", clinic_id=clinic.own.id), Actor("command", "serve")):
            record(connection, actor, "write visit", clinic.patient, clinic_id=clinic.own.id)
    lines = read_trail(clinic.place.database, clinic.actor(), Filters(clinic.patient, what="write visit")).lines
    assert {line.who for line in lines} == {"worker w-1", "command line serve"}
