"""What is written is what is read: for every person, in TOML and in JSON, anew and over another person."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinechain.care.person.person import Person
from kinechain.care.person.person_file import read_person
from kinechain.care.person.person_writer import update_person, write_person
from person_strategy import TODAY, people


@pytest.mark.parametrize("name", ["person.toml", "person.json"])
@given(person=people())
@settings(max_examples=40, deadline=None)
def test_a_written_person_is_read_as_they_are(name: str, person: Person) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write_person(person, path)
        assert read_person(path, TODAY) == person
        assert [p.name for p in Path(folder).iterdir()] == [name]


@pytest.mark.parametrize("name", ["person.toml", "person.json"])
@given(before=people(), after=people())
@settings(max_examples=25, deadline=None)
def test_a_person_written_over_another_is_read_as_they_are(name: str, before: Person, after: Person) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write_person(before, path)
        update_person(after, path)
        assert read_person(path, TODAY) == after


@given(people(), st.sampled_from(("# first", "# second, with ü")))
@settings(max_examples=15, deadline=None)
def test_comments_outlive_every_update(person: Person, comment: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "person.toml"
        path.write_text(f"{comment}\n[person]\nmass_kg = 70 {comment}\n", encoding="utf-8")
        update_person(person, path)
        is_told = person.mass_kg is not None or "mass_kg" in person.skipped | person.unknown
        assert path.read_text(encoding="utf-8").count(comment) == 1 + is_told
