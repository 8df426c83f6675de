"""What a server holds of patients in memory: never believed unseen, bounded, and gone with the patient."""

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import text, update

from kinechain.care.follow_up.events import CheckIn, Event
from kinechain.core.errors import InputError, JournalError
from kinechain.store.clock import now
from kinechain.store.erasure import erase_patient
from kinechain.store.memory import LONGEST_S, Memory
from kinechain.store.people import find_patient, read_events
from kinechain.store.tables import event
from kinechain.workspace.case import Case, change_person, read_case, write_events
from kinechain.workspace.patients import rename

if TYPE_CHECKING:
    from web_fixtures import Clinics


@pytest.fixture
def remembered(each_clinic: "Clinics") -> "Clinics":
    """Return two clinics on a database whose server remembers; the screened patient has a journal."""
    each_clinic.place.database.memory.most = 10_000_000
    for pain in (2, 3):
        log(each_clinic, pain)
    return each_clinic


def check_in(pain: float) -> Event:
    return CheckIn(id=str(uuid4()), at=now(), by="patient", back_pain=pain)


def log(clinics: "Clinics", pain: float) -> Case:
    with clinics.place.database.writing() as connection:
        return write_events(connection, clinics.actor("patient"), clinics.patient, [check_in(pain)], "write log")


def look(clinics: "Clinics") -> Case:
    with clinics.place.database.reading() as connection:
        return read_case(connection, clinics.patient)


def look_unaided(clinics: "Clinics") -> tuple[Event, ...]:
    """Read the journal as a process does that remembers nothing."""
    memory = clinics.place.database.memory
    before, memory.most = memory.most, 0
    memory.clear()
    try:
        return look(clinics).events
    finally:
        memory.most = before


def test_what_did_not_change_is_the_same_case(remembered: "Clinics") -> None:
    first = look(remembered)
    assert look(remembered) is first
    assert first.screened() is look(remembered).screened()


def test_a_new_entry_is_seen_and_the_old_ones_are_not_read_again(remembered: "Clinics") -> None:
    before = look(remembered)
    after = log(remembered, 7)
    assert after is not before and look(remembered) is after
    assert [id(item) for item in after.events[:-1]] == [id(item) for item in before.events]
    assert after.events == look_unaided(remembered)


def test_changed_answers_and_a_changed_name_are_seen(remembered: "Clinics") -> None:
    before, actor = look(remembered), remembered.actor()
    with remembered.place.database.writing() as connection:
        change_person(connection, actor, remembered.patient, lambda person: person, "write intake")
    rename(remembered.place.database, actor, remembered.patient, "Another Name")
    assert look(remembered).patient.name == "Another Name"
    assert look(remembered).events is before.events


def test_what_was_taken_back_is_not_seen(remembered: "Clinics") -> None:
    before = look(remembered)
    with pytest.raises(RuntimeError), remembered.place.database.writing() as connection:
        write_events(connection, remembered.actor("patient"), remembered.patient, [check_in(9)], "write log")
        raise RuntimeError("the power fails")
    assert look(remembered).events == before.events
    assert look(remembered).events == look_unaided(remembered)


@pytest.mark.parametrize("number", [1, 2])
def test_an_altered_line_is_found_although_it_was_read_before(remembered: "Clinics", number: int) -> None:
    look(remembered)
    allow_changes(remembered)
    of = (event.c.patient_id == remembered.patient, event.c.number == number)
    with remembered.place.database.writing() as connection:
        line = connection.execute(event.select().where(*of)).one().line
        altered = line.replace('"back_pain":', '"foot_pain":', 1).replace('"foot_pain":null', '"back_pain":null', 1)
        assert altered != line
        connection.execute(update(event).where(*of).values(line=altered))
    with pytest.raises(JournalError, match="damaged"):
        look(remembered)


def allow_changes(clinics: "Clinics") -> None:
    """Do what only somebody with the file in their hands can do."""
    database = clinics.place.database
    with database.writing() as connection:
        if database.is_sqlite:
            for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.execute(text(f'DROP TRIGGER "{name}"'))
        else:
            connection.execute(text("ALTER TABLE event DISABLE TRIGGER USER"))


def test_nothing_of_an_erased_patient_stays(remembered: "Clinics") -> None:
    place, memory, patient = remembered.place, remembered.place.database.memory, remembered.patient
    with place.database.reading() as connection:
        # A look that began before the erasure and ends after it.
        found = find_patient(connection, patient)
        assert found is not None
        events = read_events(connection, found)
    assert memory.find(patient, "journal") is not None and look(remembered) is memory.find(patient, "case")
    assert erase_patient(place.database, place.files, remembered.actor("patient"), patient)
    assert memory.find(patient, "journal") is None and memory.find(patient, "case") is None
    memory.keep(patient, "journal", events, 100)
    assert memory.find(patient, "journal") is None
    with pytest.raises(InputError, match="erased"):
        look(remembered)


def test_nothing_is_held_unless_a_server_asks(each_clinic: "Clinics") -> None:
    log(each_clinic, 2)
    assert each_clinic.place.database.memory.find(each_clinic.patient, "journal") is None
    assert look(each_clinic) is not look(each_clinic)


def test_the_longest_unused_goes_first() -> None:
    memory = Memory(most=100)
    for name in ("a", "b", "c"):
        memory.keep(name, "journal", name, 30)
    assert memory.find("a", "journal") == "a"
    memory.keep("d", "journal", "d", 30)
    assert [memory.find(name, "journal") for name in "abcd"] == ["a", None, "c", "d"]
    memory.keep("a", "journal", "longer", 60)
    assert [memory.find(name, "journal") for name in "acd"] == ["longer", None, "d"]
    memory.keep("e", "journal", "too long", 101)
    assert [memory.find(name, "journal") for name in "ade"] == ["longer", "d", None]


def test_what_nobody_asks_for_is_let_go() -> None:
    time = [0.0]
    memory = Memory(most=100, clock=lambda: time[0])
    memory.keep("a", "journal", "a", 1)
    time[0] = LONGEST_S / 2
    memory.keep("b", "journal", "b", 1)
    time[0] = LONGEST_S + 1
    assert memory.find("a", "journal") is None and memory.find("b", "journal") == "b"
