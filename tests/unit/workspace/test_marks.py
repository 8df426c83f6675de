"""Marks of the body map between a form and a person."""

import pytest

from kinechain.care.person.person import Person, Symptom
from kinechain.core.errors import InputError
from kinechain.workspace.exam import marks_text
from kinechain.workspace.marks import MOST_MARKS, mark_text, read_marks

MARKS = (Symptom("pain", "heel_left"), Symptom("numbness", "forefoot_right", "sole_right", 0.25, 0.4))


def test_marks_come_back_as_they_were_sent():
    written = ",".join(map(mark_text, MARKS))
    assert written == "pain:heel_left,numbness:forefoot_right:sole_right:0.250:0.400"
    assert read_marks(written) == (
        {"kind": "pain", "region": "heel_left"},
        {"kind": "numbness", "region": "forefoot_right", "view": "sole_right", "x": 0.25, "y": 0.4},
    )
    assert read_marks("") == () and len(read_marks("pain:heel_left,pain:heel_left")) == 1
    assert marks_text(Person(symptoms=MARKS)) == marks_text(Person(symptoms=MARKS[::-1]))


@pytest.mark.parametrize("written", ["pain", "pain:heel_left:sole_left", "pain:heel:front:a:b", "a:b:c:d:e:f"])
def test_a_mark_that_is_none_is_refused(written):
    with pytest.raises(InputError):
        read_marks(written)


def test_more_marks_than_a_body_holds_are_refused():
    with pytest.raises(InputError, match="at most"):
        read_marks(",".join(f"pain:x{n}" for n in range(MOST_MARKS + 1)))
