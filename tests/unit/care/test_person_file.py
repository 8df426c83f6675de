"""The person file is read as written, and a slip of the pen gets one clear sentence."""

import json
from pathlib import Path

import pytest

from kinechain.care.exam import read_exam_definitions
from kinechain.care.person_file import read_person
from kinechain.care.red_flags import read_red_flags
from kinechain.core.errors import FileError, PersonError

WHOLE = """
[person]
pseudonym = "P-017"
sex = "female"
age_years = 52
height_m = 1.68
mass_kg = 71.5
foot_length_m = 0.245

[history]
pain_regions = ["low_back", "heel_left"]
pain_weeks = 30
pain_average = 4
pain_worst = 7
dominant_leg = "right"

[screen]
ces_bladder = "no"
ces_sexual = "unknown"

[exam]
navicular_drop = [
    { side = "left", value = 9, method = "sitting to standing, ruler" },
    { side = "right", value = "skipped", method = "plaster cast" },
]
lunge_test = { side = "both", value = 38, unit = "degrees", method = "inclinometer" }
slump = { side = "left", value = "positive", method = "seated" }

[recordings]
static = "static.c3d"
trials = ["walk.c3d"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("static.c3d", "walk.c3d"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def write(folder: Path, text: str, name: str = "person.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_whole_file_is_read_as_written(folder: Path) -> None:
    person = read_person(write(folder, WHOLE))
    assert (person.pseudonym, person.sex, person.age_years) == ("P-017", "female", 52.0)
    assert (person.height_m, person.mass_kg, person.foot_length_m) == (1.68, 71.5, 0.245)
    assert person.history.pain_regions == ("low_back", "heel_left")
    assert person.static == str(folder / "static.c3d")
    assert person.recordings == (str(folder / "walk.c3d"),)
    drop, lunge, slump = person.exam
    assert (drop.side, drop.value, drop.unit) == ("left", 9.0, "mm")
    assert (lunge.side, lunge.value, lunge.unit) == ("both", 38.0, "degrees")
    assert (slump.value, slump.unit) == (1.0, "negative / positive")


def test_missing_skipped_and_unknown_stay_different(folder: Path) -> None:
    person = read_person(write(folder, WHOLE))
    assert person.screen == {"ces_bladder": "no", "ces_sexual": "unknown"}
    assert "ces_bowel" not in person.screen
    (skipped,) = person.not_examined
    assert (skipped.id, skipped.side, skipped.state) == ("navicular_drop", "right", "skipped")
    unknown = read_person(write(folder, '[exam]\nslump = { side = "left", value = "unknown" }\n'))
    assert unknown.not_examined[0].state == "unknown"
    assert unknown.exam == ()


def test_json_says_the_same_as_toml(folder: Path) -> None:
    import tomllib

    same = write(folder, json.dumps(tomllib.loads(WHOLE)), "person.json")
    assert read_person(same) == read_person(write(folder, WHOLE))


@pytest.mark.parametrize("key", ["age_years", "height_m", "mass_kg", "foot_length_m"])
@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "-100", "-1e-9", "1e6", '"1.7"', "true", "[1]"])
def test_an_impossible_number_is_refused_with_file_table_and_key(folder: Path, key: str, value: str) -> None:
    path = write(folder, f"[person]\n{key} = {value}\n")
    with pytest.raises(PersonError, match=rf"^person\.toml: \[person\] {key} is "):
        read_person(path)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("mass_kg = 700", "between 2 and 650 kilograms"),
        ("mass_kg = 0", "between 2 and 650 kilograms"),
        ("height_m = 17", "between 0.4 and 2.8 metres"),
        ("height_m = 168", "between 0.4 and 2.8 metres"),
        ("foot_length_m = 245", "between 0.05 and 0.5 metres"),
        ('sex = "F"', 'write "female" or "male"'),
        ('pseudonym = "Jane Doe"', "never a name"),
        ("height_cm = 168", r"has no key 'height_cm'. Did you mean 'height_m'\?"),
        ("wieght = 70", "has no key 'wieght'. There is: age_years, .*mass_kg"),
        ("mass = 70", "Did you mean 'mass_kg'"),
        ('name = "Jane"', "never kept; use a pseudonym"),
        ('last_name = "Doe"', "never kept; use a pseudonym"),
        ("date_of_birth = 1970-01-01", "never kept; use a pseudonym"),
        ('birthday = "x"', "never kept; use a pseudonym"),
        ('email = "x"', "never kept; use a pseudonym"),
    ],
)
def test_a_wrong_line_of_person_gets_its_own_sentence(folder: Path, line: str, sentence: str) -> None:
    with pytest.raises(PersonError, match=sentence):
        read_person(write(folder, f"[person]\n{line}\n"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[persons]\n", r"there is no table \[persons\]. Did you mean 'person'\?"),
        ("mass_kg = 70\n", "stands outside a table"),
        ("person = 3\n", "must be a table"),
        ('[screen]\nces_blader = "no"\n', "Did you mean 'ces_bladder'"),
        ("[screen]\nces_bladder = false\n", '"yes" or "no" or "unknown", in quotes'),
        ('[screen]\nces_bladder = "maybe"\n', '"yes" or "no" or "unknown"'),
        ("[history]\npain_worst = 11\n", "between 0 and 10 points"),
        ('[history]\npain_regions = "heel"\n', "write a list"),
        ('[history]\npain_regions = ["heal"]\n', "Did you mean 'heel'"),
        ("[exam]\nnavicular_drop = 9\n", "write { side"),
        ("[exam]\nnavicular_drop = { value = 9 }\n", "lacks 'side'"),
        ('[exam]\nnavicular_drop = { side = "left" }\n', "lacks 'value'"),
        ('[exam]\nnavicular_drop = { side = "l", value = 9 }\n', '"left" or "right" or "both"'),
        ('[exam]\nnavicular_drop = { side = "left", value = 900 }\n', "between -20 and 50 mm"),
        ('[exam]\nnavicular_drop = { side = "left", value = nan }\n', "write a number in mm"),
        ('[exam]\nnavicular_drop = { side = "left", value = 9, unit = "cm" }\n', 'write "mm"'),
        ('[exam]\nnavicular_drop = { side = "left", value = 9, sided = 1 }\n', "Did you mean 'side'"),
        ('[exam]\nnaviclar_drop = { side = "left", value = 9 }\n', "Did you mean 'navicular_drop'"),
        ('[exam]\nfpi6 = { side = "left", value = 13 }\n', "between -12 and 12 points"),
        ('[exam]\nslump = { side = "left", value = 1 }\n', '"negative" or "positive"'),
        (
            '[[exam.fpi6]]\nside = "left"\nvalue = 1\n[[exam.fpi6]]\nside = "both"\nvalue = 2\n',
            "stands twice for the left side",
        ),
        ('[recordings]\nstatic = "gone.c3d"\n', "static names 'gone.c3d', and there is no such file"),
        ('[recordings]\ntrials = "walk.c3d"\n', "write a list"),
        ("[recordings]\ntrials = [3]\n", "is no file name"),
        ('[recordings]\nwalks = ["walk.c3d"]\n', "has no key 'walks'"),
    ],
)
def test_every_other_slip_gets_its_own_sentence(folder: Path, text: str, sentence: str) -> None:
    with pytest.raises(PersonError, match=sentence) as caught:
        read_person(write(folder, text))
    assert str(caught.value).startswith("person.toml: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "p.toml", "is empty"),
        (b"  \n", "p.toml", "is empty"),
        (b"[person]\nmass_kg = \n", "p.toml", "not valid TOML: line 2"),
        (b"[person]\nmass_kg = 70\nmass_kg = 71\n", "p.toml", "not valid TOML: line 3"),
        (b"[person]\nsex = 'fem", "p.toml", "not valid TOML: line 2"),
        (b"[person]\nsex = '\xff\xfe'\n", "p.toml", "line 2 is not UTF-8"),
        (b"a = " + b"[\n" * 90_000, "p.toml", "nested too deep|not valid TOML"),
        (b'{\n"person": {"mass_kg": }}', "p.json", "not valid JSON: line 2"),
        (b"[1, 2]", "p.json", "is not a person file"),
    ],
)
def test_a_file_that_is_no_person_file_says_why(tmp_path: Path, content: bytes, name: str, sentence: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileError, match=sentence):
        read_person(path)


def test_a_file_that_is_not_there_and_a_folder_say_so(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there is no person file"):
        read_person(tmp_path / "none.toml")
    with pytest.raises(FileError, match="is a folder"):
        read_person(tmp_path)


def test_every_exam_item_is_a_measure_with_limits_or_words() -> None:
    definitions = read_exam_definitions()
    assert len(definitions) > 20
    for definition in definitions.values():
        scales = [definition, *definition.parts.values()] if definition.has_whole else [*definition.parts.values()]
        assert scales or definition.table, definition.id
        assert all(scale.units or len(set(scale.words)) >= 2 for scale in scales), definition.id
        assert definition.basis in ("definition", "assumption"), definition.id
        assert all(low < high for scale in scales for low, high in scale.units.values()), definition.id


def test_the_example_of_the_reference_page_is_valid(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "person_file.md").read_text(encoding="utf-8")
    example = page.split("```toml\n", 1)[1].split("```", 1)[0]
    for name in ("static.c3d", "walk1.c3d", "walk2.c3d"):
        (tmp_path / name).write_bytes(b"")
    person = read_person(write(tmp_path, example))
    assert set(person.screen) == {flag.id for flag in read_red_flags()} - {"psych_distress"}
    assert person.exam


@pytest.mark.parametrize(
    "content",
    ['{"screen": {"ces_bladder": "yes", "ces_bladder": "no"}}', '{"screen": {"ces_bladder": "yes"}, "screen": {}}'],
)
def test_an_answer_given_twice_is_refused_in_json_as_in_toml(tmp_path: Path, content: str) -> None:
    path = tmp_path / "person.json"
    path.write_text(content)
    with pytest.raises(FileError, match="stands twice"):
        read_person(path)


@pytest.mark.parametrize("digits", [400, 5000])
@pytest.mark.parametrize("name", ["person.json", "person.toml"])
def test_a_number_beyond_all_bounds_is_refused(tmp_path: Path, name: str, digits: int) -> None:
    number = "9" * digits
    path = tmp_path / name
    path.write_text(f'{{"person": {{"age_years": {number}}}}}' if "json" in name else f"[person]\nage_years = {number}")
    with pytest.raises((FileError, PersonError), match=r"digits|longer than"):
        read_person(path)


@pytest.mark.parametrize("method", ["\\u001b[31m", "\\u0000", "\\ud800", "\\u202e"])
def test_a_method_with_control_characters_is_refused(tmp_path: Path, method: str) -> None:
    path = tmp_path / "person.json"
    path.write_text(f'{{"exam": {{"navicular_drop": {{"side": "left", "value": 6, "method": "{method}"}}}}}}')
    with pytest.raises(PersonError, match="without control characters"):
        read_person(path)


def test_dotted_keys_cannot_eat_the_memory(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="longer than"):
        read_person(write(tmp_path, ".".join("a" * 20000) + " = 1"))
