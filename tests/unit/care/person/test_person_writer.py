"""A person file is changed in place: comments stay, and the old file is never lost."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kinechain.care.person.person import ExamItem, Person
from kinechain.care.person.person_file import read_person
from kinechain.care.person.person_writer import person_tables, update_person, update_person_file, write_person
from kinechain.core.errors import FileError, PersonError

WRITTEN = """# Told on the telephone.
[person]
pseudonym = "P-017"
mass_kg = 71.5   # with shoes

# Asked twice.
[screen]
ces_bladder = "no"

[exam]
fpi6 = [
    { side = "left", value = 7, method = "standing" },   # the sore one
    { side = "right", value = 3, method = "standing" },
]
# The end.
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "person.toml"
    path.write_text(WRITTEN, encoding="utf-8")
    return path


def test_an_update_changes_one_line_and_nothing_else(path: Path) -> None:
    update_person(replace(read_person(path), mass_kg=70.0), path)
    assert path.read_text(encoding="utf-8") == WRITTEN.replace("71.5", "70")


def test_an_update_without_a_difference_leaves_every_byte(path: Path) -> None:
    path.write_bytes(WRITTEN.replace("\n", "\r\n").encode())
    before = path.read_bytes()
    update_person(read_person(path), path)
    assert path.read_bytes() == before


def test_line_ends_and_access_rights_stay(path: Path) -> None:
    path.write_bytes(WRITTEN.replace("\n", "\r\n").encode())
    path.chmod(0o600)
    update_person_file(path, {"person": {"mass_kg": 70.0}})
    assert path.read_bytes() == WRITTEN.replace("71.5", "70.0").replace("\n", "\r\n").encode()
    assert path.stat().st_mode & 0o777 == 0o600


def test_keys_and_tables_are_added_and_taken_out(path: Path) -> None:
    person = update_person_file(
        path,
        {"person": {"mass_kg": None, "sex": "female"}, "screen": None, "history": {"course": "worse"}},
    )
    assert (person.mass_kg, person.sex, person.screen, person.history.course) == (None, "female", {}, "worse")
    assert read_person(path) == person
    assert "# The end." in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"person": {"mass_kg": 7000.0}}, "must lie between 2 and 650 kilograms"),
        ({"person": {"weight": 70.0}}, "has no key 'weight'"),
        ({"persons": {}}, r"no table \[persons\]. Did you mean 'person'"),
        ({"symptoms": [{"kind": "pain"}]}, "needs a kind and a region"),
    ],
)
def test_an_impossible_change_is_refused_and_the_file_stays(
    path: Path, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(PersonError, match=sentence):
        update_person_file(path, changes)
    assert path.read_text(encoding="utf-8") == WRITTEN
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_failed_write_leaves_the_old_file_and_no_other(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(FileError, match="No space left on device; the old one is as it was"):
        write_person(Person(pseudonym="other"), path)
    assert path.read_text(encoding="utf-8") == WRITTEN
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_folder_that_is_not_there_is_named_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be written"):
        write_person(Person(), tmp_path / "none" / "person.toml")


def test_a_person_no_file_can_hold_is_not_written(tmp_path: Path) -> None:
    scattered = (
        ExamItem("fpi6", "left", 1.0, "points", ""),
        ExamItem("navicular_drop", "left", 5.0, "mm", ""),
        ExamItem("fpi6", "right", 1.0, "points", ""),
    )
    with pytest.raises(PersonError, match="could not be read back exactly"):
        write_person(Person(exam=scattered), tmp_path / "person.toml")
    assert not (tmp_path / "person.toml").exists()


def test_a_file_that_is_no_toml_is_left_as_it_is(path: Path) -> None:
    path.write_text("[person\n", encoding="utf-8")
    with pytest.raises(FileError, match="not valid TOML"):
        update_person(Person(), path)
    assert path.read_text(encoding="utf-8") == "[person\n"


def test_a_link_to_a_person_file_stays_a_link(path: Path) -> None:
    link = path.parent / "link.toml"
    link.symlink_to(path)
    update_person_file(link, {"person": {"mass_kg": 70.0}})
    assert link.is_symlink() and read_person(path).mass_kg == 70.0


def test_recordings_beside_the_file_are_named_from_its_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "visit", tmp_path / "elsewhere"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "walk.c3d").write_bytes(b"")
    person = Person(static=str(inside / "walk.c3d"), recordings=(str(outside / "walk.c3d"),))
    tables = person_tables(person, inside)
    assert tables["recordings"] == {"static": "walk.c3d", "trials": [str(outside / "walk.c3d")]}
    write_person(person, inside / "person.toml")
    assert read_person(inside / "person.toml") == person


def test_a_date_is_a_date_in_toml_and_a_text_in_json(tmp_path: Path) -> None:
    item = ExamItem("fpi6", "left", 7.0, "points", "standing", "", "dr_ono", date(2026, 3, 1), "SD 1 in 10 people")
    for name, written in (("person.toml", "measured_on = 2026-03-01"), ("person.json", '"measured_on": "2026-03-01"')):
        write_person(Person(exam=(item,)), tmp_path / name)
        assert written in (tmp_path / name).read_text(encoding="utf-8")
        assert read_person(tmp_path / name).exam == (item,)
