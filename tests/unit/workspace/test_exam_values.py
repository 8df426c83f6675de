"""The examination sheet: every field can be written and read back, nothing is overwritten unseen."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from kinechain.care.person.exam import current_exam, read_exam_definitions
from kinechain.care.person.person import ExamItem, Person
from kinechain.care.person.person_file import parse_person
from kinechain.care.person.person_writer import updated_text
from kinechain.care.person.protocol import protocols
from kinechain.core.errors import PersonError, SettingError
from kinechain.workspace.exam import Change, ChangedValueError, parse_number, put_value
from kinechain.workspace.exam_sheet import GROUPS, exam_sheet, field_at, grouped_items, value_text

TODAY = date.today()
FIELDS = [field for test in exam_sheet(Person(), TODAY).tests for _, fields in test.columns for field in fields]


def change_of(field, answer, **other):
    return Change(field.item, field.part, field.side, field.kind, answer, TODAY, **other)


def again(person):
    """Return a person as the database would give them back."""
    return parse_person(updated_text(person, "", "test"), "test", Path())


def test_every_item_stands_once_on_the_sheet_and_every_position_has_its_place():
    listed = [key for _, keys in grouped_items() for key in keys]
    assert sorted(listed) == sorted(read_exam_definitions())
    assert {p.position for p in protocols().values()} <= {word for _, positions in GROUPS for word in positions}


def test_every_field_is_written_and_read_back_on_every_side():
    person = Person()
    assert {f.side for f in FIELDS} == {"left", "right", "both"}
    for field in FIELDS:
        answer = field.words[-1] if field.words else f"{field.units[0].high:g}"
        person = put_value(person, change_of(field, answer))
    person = again(person)
    sheet = exam_sheet(person, TODAY)
    for field in FIELDS:
        found = field_at(sheet, field.item, field.part, field.side, field.kind)
        assert found.text == (field.words[-1] if field.words else f"{field.units[0].high:.10g} {field.units[0].name}")
    assert sheet.done == sheet.done_today == len(sheet.tests) - 1  # All but the body map.
    assert len(person.exam) == len(FIELDS)


@pytest.mark.parametrize("state", ["skipped", "unknown"])
def test_every_field_can_stay_without_a_value_and_be_emptied(state):
    person = Person()
    for field in FIELDS:
        if field.can_be_absent:
            person = put_value(person, change_of(field, state))
        else:
            with pytest.raises(PersonError, match="beside the number"):
                put_value(person, change_of(field, state))
    assert not person.exam and {e.state for e in person.not_examined} == {state}
    person = again(person)
    for field in (f for f in FIELDS if f.can_be_absent):
        shown = field_at(exam_sheet(person, TODAY), field.item, field.part, field.side, field.kind)
        person = put_value(person, change_of(field, "", before=shown.text))
    assert not person.not_examined


def test_units_are_turned_into_the_one_that_is_kept_and_back():
    for field in FIELDS:
        for unit in field.units:
            middle = round((unit.low + unit.high) / 2, 3)
            person = put_value(Person(), change_of(field, str(middle), unit=unit.name))
            (item,) = person.exam
            assert item.unit == unit.kept
            assert item.value == pytest.approx(middle * unit.factor, abs=1e-5)
            low, high = field.units[[u.name for u in field.units].index(unit.kept)].low, unit.high
            assert low - 1e-9 <= item.value and middle <= high
            with pytest.raises(PersonError, match="not possible here"):
                put_value(Person(), change_of(field, f"{unit.high * 1.01 + 1:.3f}", unit=unit.name))


@pytest.mark.parametrize(
    ("typed", "number"), [("7", 7), ("7,5", 7.5), ("7.5", 7.5), (" 1 000 ", 1000), ("−3", -3), ("+2", 2), (",5", 0.5)]
)
def test_numbers_are_read_as_people_type_them(typed, number):
    assert parse_number(typed) == number


@pytest.mark.parametrize("typed", ["", "seven", "1,2,3", "1e3", "nan", "inf", "12 mm", "--1", "1'000"])
def test_what_is_no_number_is_refused(typed):
    with pytest.raises(PersonError, match="no number"):
        parse_number(typed)


def test_what_somebody_else_wrote_in_between_is_not_overwritten():
    fpi = next(f for f in FIELDS if f.item == "fpi6" and f.side == "left")
    person = put_value(Person(), change_of(fpi, "4"))
    with pytest.raises(ChangedValueError) as caught:
        put_value(person, change_of(fpi, "6", before=""))
    assert caught.value.there == "4 points"
    assert put_value(person, change_of(fpi, "4", before="")).exam == person.exam  # Both wrote the same.
    assert put_value(person, change_of(fpi, "6", before="4 points")).exam[0].value == 6


def test_one_side_of_an_entry_for_both_leaves_the_other_as_it_was():
    both = ExamItem("fpi6", "both", 3, "points", "by eye", measured_on=TODAY)
    person = put_value(
        Person(exam=(both,)),
        Change("fpi6", "", "left", "number", "5", TODAY, before="3 points", method="as in the protocol"),
    )
    assert {(e.side, e.value) for e in again(person).exam} == {("left", 5), ("right", 3)}


def test_repeats_of_one_day_are_kept_apart_and_averaged():
    person = put_value(Person(), Change("navicular_drop", "", "left", "number", "6", TODAY))
    person = put_value(person, Change("navicular_drop", "repeat 2", "left", "number", "9", TODAY))
    fields = dict(exam_sheet(person, TODAY).tests and [(t.id, t) for t in exam_sheet(person, TODAY).tests])
    left = next(found for side, found in fields["navicular_drop"].columns if side == "left")
    assert [f.text for f in left] == ["6 mm", "9 mm"]
    assert current_exam(again(person))[0][0].value == 7.5


def test_a_new_day_begins_empty_and_shows_what_was_before():
    before = TODAY - timedelta(days=30)
    person = put_value(Person(), Change("fpi6", "", "left", "number", "4", before, method="by eye", examiner="AK"))
    field = field_at(exam_sheet(person, TODAY), "fpi6", "", "left", "number")
    assert field.text == "" and value_text(field.earlier) == "4 points"
    assert exam_sheet(person, before).done_today == 1 and exam_sheet(person, TODAY).done_today == 0
    assert exam_sheet(person, TODAY).days == (TODAY, before)
    assert next(t for t in exam_sheet(person, TODAY).tests if t.id == "fpi6").method == "by eye"


def test_degrees_and_the_answer_in_words_of_one_test_stand_side_by_side():
    person = put_value(Person(), Change("straight_leg_raise", "", "left", "number", "70", TODAY))
    person = put_value(person, Change("straight_leg_raise", "", "left", "words", "negative", TODAY))
    assert len(again(person).exam) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Change("nothing", "", "left", "number", "1", TODAY), "no examination item"),
        (Change("fpi6", "", "middle", "number", "1", TODAY), "no side"),
        (Change("fpi6", "toe", "left", "number", "1", TODAY), "no part"),
        (Change("fpi6", "", "left", "words", "good", TODAY), "no field"),
        (Change("fpi6", "", "left", "number", "1", TODAY, unit="miles"), "not written in"),
        (Change("slump", "", "left", "words", "maybe", TODAY), "write"),
        (Change("fpi6", "", "left", "number", "1", TODAY, examiner="Dr. Ann Keller"), "no code"),
        (Change("fpi6", "", "left", "number", "1", TODAY, method="x" * 300), "short text"),
        (Change("fpi6", "", "left", "number", "1", TODAY + timedelta(days=9)), "future"),
    ],
)
def test_what_cannot_be_is_refused(change, message):
    with pytest.raises((PersonError, SettingError), match=message):
        put_value(Person(), change)
