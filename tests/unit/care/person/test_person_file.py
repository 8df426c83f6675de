"""The person file is read as written, and a slip of the pen gets one clear sentence."""

import hashlib
import json
import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

import kinechain
from kinechain.care.person.contradictions import contradictions
from kinechain.care.person.exam import current_exam, read_exam_definitions
from kinechain.care.person.history_keys import read_keys
from kinechain.care.person.person import ExamItem, History, Person, Score, Symptom, Treatment
from kinechain.care.person.person_file import read_person
from kinechain.care.person.person_reference import reference_tables, renewed
from kinechain.care.person.questionnaires import read_questionnaires, startback_group
from kinechain.care.person.red_flag_text import questions
from kinechain.care.person.symptom_map import (
    base_region,
    in_group,
    read_regions,
    region_codes,
    region_name,
    side_of,
    views_of,
)
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
    page = (Path(__file__).parents[4] / "docs" / "person_file.md").read_text(encoding="utf-8")
    example = page.split("```toml\n", 1)[1].split("```", 1)[0]
    for name in ("static.c3d", "walk1.c3d", "walk2.c3d"):
        (tmp_path / name).write_bytes(b"")
    person = read_person(write(tmp_path, example))
    assert set(person.screen) == {flag.id for flag in questions()}
    assert person.exam and person.questionnaires and person.symptoms and person.history.treatments
    assert contradictions(person) == ()


def test_the_tables_of_the_reference_page_are_current() -> None:
    page = (Path(__file__).parents[4] / "docs" / "person_file.md").read_text(encoding="utf-8")
    assert renewed(page) == page, "make docs writes them anew"
    assert all(f"<!-- table: {name} -->" in page for name in reference_tables())


def test_the_tables_of_the_reference_page_hold_every_key() -> None:
    tables = reference_tables()
    for name in ("person", "history", "treatment", "conditions", "wells"):
        assert all(f"`{key}`" in tables[name] for key in read_keys(name))
    for key, definition in read_exam_definitions().items():
        assert f"`{key}`" in tables["exam"] and all(f'`"{part}"`' in tables["exam"] for part in definition.parts)
    assert all(f"`{key}`" in tables["questionnaires"] for key in read_questionnaires())
    assert all(f"`{key}`" in tables["regions"] for key in read_regions())


def test_a_page_with_old_tables_is_renewed() -> None:
    old = "before\n<!-- table: treatment -->\nold\n<!-- end -->\nafter\n"
    new = renewed(old)
    assert "old" not in new and "`response`" in new and new.startswith("before\n") and new.endswith("-->\nafter\n")


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


TODAY = date(2026, 11, 22)
MORE = """
[person]
sex = "skipped"
height_m = "unknown"

[history]
pain_regions = ["low_back", "heel_left"]
back_onset_weeks = 30
foot_onset_weeks = "unknown"
onset_order = "foot_first"
course = "comes_and_goes"
night_pain = "skipped"
aggravating = ["standing", "first_steps"]
treatments = [
    { kind = "insoles_prefabricated", region = "foot", weeks = 8, response = "better" },
    { kind = "none", region = "back" },
]

[conditions]
diabetes = "yes"
iwgdf_risk = 2
anticoagulants = "skipped"

[wells]
examiner = "dr_ono"
pitting_oedema = "unknown"

[questionnaires]
nprs = { total = 5, on = 2026-11-01, parts = { worst = 7 } }
rmdq24 = [{ ticks = [1, 4, 9], on = 2026-11-01 }, { total = 11, on = "2026-10-01" }]
psfs = { activities = [{ what = "climbing stairs", score = 4 }, { what = "shopping", score = 7 }] }
odi = "skipped"
startback = { total = 5, parts = { subscale = 4 } }

[[symptoms]]
kind = "tingling"
region = "toes_left"

[[symptoms]]
kind = "pain"
region = "low_back"
view = "back"
x = 0.5
y = 0.4

[exam]
leg_length_block = [
    { side = "left", value = 6, measured_on = 2026-11-01, examiner = "PT-1", reliability = "SD 2 mm in 10 people" },
    { side = "left", value = 8, measured_on = 2026-11-01, examiner = "PT-1", part = "repeat 2" },
    { side = "left", value = 5, measured_on = 2026-11-08, examiner = "PT-2" },
]
root_screen_l2_s2 = [
    { side = "left", part = "L4 strength", value = 4 },
    { side = "left", part = "L4 sensation", value = "reduced" },
    { side = "left", part = "ankle reflex", value = "unknown" },
]
single_leg_squat = { side = "right", value = "fair", method = "video" }
modified_thomas = [{ side = "left", part = "hip angle", value = 5 }, { side = "left", part = "knee angle", value = 70 }]
straight_leg_raise = [
    { side = "left", value = 60, unit = "degrees" },
    { side = "left", part = "crossed", value = "negative" },
]
symptom_map = { side = "both", value = "skipped" }
footwear_assessment_form = { side = "both", part = "tread", value = "smooth" }
y_balance = { side = "left", part = "anterior", value = 60, unit = "cm" }
gait_speed_symmetry = [{ side = "both", value = 1.1 }, { side = "both", part = "limp", value = "yes" }]
nprs_rest_move = { side = "both", part = "first step", value = 6 }
leg_length_imaging = { side = "left", value = 7, method = "slot scan" }
"""


def test_every_table_is_read_as_written(folder: Path) -> None:
    person = read_person(write(folder, MORE), TODAY)
    history = person.history
    assert (person.skipped, person.unknown) == ({"sex"}, {"height_m"})
    assert (history.back_onset_weeks, history.foot_onset_weeks, history.onset_order) == (30.0, None, "foot_first")
    assert (history.skipped, history.unknown) == ({"night_pain"}, {"foot_onset_weeks"})
    assert history.treatments[0] == Treatment("insoles_prefabricated", "foot", 8.0, "better")
    assert person.conditions == {"diabetes": "yes", "anticoagulants": "skipped"} and person.iwgdf_risk == 2
    assert (person.wells, person.wells_examiner) == ({"pitting_oedema": "unknown"}, "dr_ono")
    assert person.symptoms[1] == Symptom("pain", "low_back", "back", 0.5, 0.4)
    assert person.not_answered == {"odi": "skipped"}


def test_every_table_in_json_says_the_same(folder: Path) -> None:
    plain = json.dumps(tomllib.loads(MORE), default=lambda day: day.isoformat())
    assert read_person(write(folder, plain, "person.json"), TODAY) == read_person(write(folder, MORE), TODAY)


def test_scores_are_computed_from_ticks_and_activities(folder: Path) -> None:
    scores = read_person(write(folder, MORE), TODAY).questionnaires
    pain, roland, older, activities, risk = scores
    assert (pain.total, pain.parts, pain.answered_on) == (5.0, {"worst": 7.0}, date(2026, 11, 1))
    assert (roland.total, sorted(roland.parts)) == (3.0, ["1", "4", "9"])
    assert (older.total, older.answered_on) == (11.0, date(2026, 10, 1))
    assert (activities.total, activities.activities) == (5.5, ("climbing stairs", "shopping"))
    assert startback_group(risk) == "high"


def test_the_sheet_keeps_examiner_date_part_and_reliability(folder: Path) -> None:
    person = read_person(write(folder, MORE), TODAY)
    first, again, later = (item for item in person.exam if item.id == "leg_length_block")
    assert (first.examiner, first.measured_on, first.reliability) == ("PT-1", date(2026, 11, 1), "SD 2 mm in 10 people")
    assert again.part == "repeat 2" and later.examiner == "PT-2"
    values = {(item.id, item.part): (item.value, item.unit) for item in person.exam}
    assert values["root_screen_l2_s2", "L4 sensation"] == (1.0, "same / reduced / absent")
    assert values["single_leg_squat", ""] == (1.0, "poor / fair / good")
    assert values["straight_leg_raise", "crossed"] == (0.0, "negative / positive")
    assert values["y_balance", "anterior"] == (60.0, "cm")
    absent = {(item.id, item.part): item.state for item in person.not_examined}
    assert absent == {("root_screen_l2_s2", "ankle reflex"): "unknown", ("symptom_map", ""): "skipped"}


def test_of_repeats_the_latest_day_counts_and_repeats_of_one_day_are_averaged() -> None:
    def block(value: float, day: int | None, part: str = "") -> ExamItem:
        on = date(2026, 11, day) if day else None
        return ExamItem("leg_length_block", "left", value, "mm", "standing", part, measured_on=on)

    cases = [
        ((block(6.0, 1), block(8.0, 1, "repeat 2"), block(5.0, 8)), 5.0, "earlier ones"),
        ((block(6.0, 8), block(8.0, 8, "repeat 2"), block(5.0, 1)), 7.0, "mean of 2 repeats"),
        ((block(6.0, None), block(9.0, 1)), 9.0, "earlier ones"),
    ]
    for exam, value, words in cases:
        (item,), without = current_exam(Person(exam=exam))
        assert (item.value, item.part, without) == (value, "", ()) and words in item.method


def test_repeats_in_words_that_differ_are_unknown() -> None:
    def slump(value: float, part: str) -> ExamItem:
        return ExamItem("slump", "left", value, "negative / positive", "seated", part)

    items, (absent,) = current_exam(Person(exam=(slump(0.0, ""), slump(1.0, "repeat 2"))))
    assert items == () and absent.state == "unknown" and "differ" in absent.method
    (item,), without = current_exam(Person(exam=(slump(1.0, ""), slump(1.0, "repeat 2"))))
    assert item.value == 1.0 and without == ()


@pytest.mark.parametrize("key", [key.id for key in read_keys("history").values()])
def test_missing_skipped_and_unknown_stay_apart_for_every_key_of_the_history(folder: Path, key: str) -> None:
    histories = {}
    for state in ("skipped", "unknown"):
        histories[state] = read_person(write(folder, f'[history]\n{key} = "{state}"\n')).history
    assert histories["skipped"] == History(skipped=frozenset({key}))
    assert histories["unknown"] == History(unknown=frozenset({key}))


@pytest.mark.parametrize("key", read_keys("person"))
def test_missing_skipped_and_unknown_stay_apart_for_every_key_of_the_person(folder: Path, key: str) -> None:
    skipped, unknown = (read_person(write(folder, f'[person]\n{key} = "{s}"\n')) for s in ("skipped", "unknown"))
    assert (skipped.skipped, skipped.unknown) == ({key}, set()) and (unknown.skipped, unknown.unknown) == (set(), {key})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[person]\nheight_m = 17", r"did you mean 1.7\?"),
        ("[person]\nheight_m = 170", "written in centimetres, it is 1.7"),
        ("[person]\nheight_m = 1682", "written in millimetres, it is 1.682"),
        ("[person]\nage_years = 380", r"did you mean 38\?"),
        ("[person]\nage_years = -38", r"did you mean 38\?"),
        ("[person]\nmass_kg = 70000", "written in grams, it is 70"),
        ("[history]\npain_worst = 65", "on a scale of 0 to 100 that is 6.5 of 10"),
        ("[history]\nstanding_hours = 480", "written in minutes, it is 8"),
        ('[exam]\nlunge_test = { side = "left", value = 95 }', "written in millimetres, it is 9.5"),
        ('[exam]\nlunge_test = { side = "left", value = 95, unit = "mm" }', "95 mm is 9.5 cm"),
        ('[exam]\nnavicular_drop = { side = "left", value = 0.9, unit = "cm" }', "0.9 cm is 9 mm"),
        (
            '[exam]\nfpi6 = { side = "left", value = 1, measured_on = 2026-11-23 }',
            "lies in the future; today is 2026-11-22",
        ),
        ('[exam]\nfpi6 = { side = "left", value = 1, measured_on = "1026-11-23" }', "lies before 1900"),
        ('[exam]\nfpi6 = { side = "left", value = 1, measured_on = "soon" }', "is no date"),
        ('[exam]\nfpi6 = { side = "left", value = 1, measured_on = 2026-11-01T10:00:00 }', "without a time"),
        ('[exam]\nfpi6 = { side = "left", value = "skipped", reliability = "x" }', "no value, and so no reliability"),
        ('[exam]\nsymptom_map = { side = "both", value = 1 }', r"entered as \[\[symptoms\]\]"),
        ('[exam]\nmodified_thomas = { side = "left", value = 1 }', "needs a part. There is: hip angle, knee angle"),
        ('[exam]\nmodified_thomas = { side = "left", value = 1, part = "hip" }', "has no part 'hip'"),
        (
            '[exam]\nfpi6 = [{ side = "left", value = 1, measured_on = 2026-11-01 }, '
            '{ side = "left", value = 2, measured_on = 2026-11-01 }]',
            'stands twice for the left side on 2026-11-01; .* part = "repeat 2"',
        ),
        ("[questionnaires]\nodi = { total = 101 }", "between 0 and 100 points"),
        ("[questionnaires]\nodi = { ticks = [1] }", "has no 'ticks'; write its total"),
        ("[questionnaires]\nodi = {}", "holds no score; write 'total'"),
        ("[questionnaires]\nodi = 40", "write { total = 1"),
        ("[questionnaires]\nowestry = { total = 4 }", "There is: .*odi"),
        ("[questionnaires]\nrmdq24 = { total = 4.5 }", "write a whole number"),
        ("[questionnaires]\nrmdq24 = { ticks = [25] }", "between 1 and 24"),
        ("[questionnaires]\nrmdq24 = { ticks = [3, 3] }", "number 3 stands twice"),
        ("[questionnaires]\npseq = { total = 1001 }", "between 0 and 1000"),
        ("[questionnaires]\nfhsq = { total = 10 }", "has no total"),
        ("[questionnaires]\nfhsq = { parts = { pian = 10 } }", "Did you mean 'pain'"),
        ("[questionnaires]\ncore_own_diary = { total = 10 }", "never summed"),
        ("[questionnaires]\nodi = [{ total = 10 }, { total = 12 }]", "stands twice for the same day"),
        ("[questionnaires]\npsfs = { activities = [] }", "a list of 1 to 5"),
        ('[questionnaires]\npsfs = { activities = [{ what = "x", score = 11 }] }', "between 0 and 10"),
        ('[questionnaires]\npsfs = { activities = [{ what = "", score = 1 }] }', "is empty or stands twice"),
        ('[history]\ncourse = "slow"', 'write "better"'),
        ('[history]\naggravating = ["standng"]', "Did you mean 'standing'"),
        ('[history]\naggravating = ["rest", "rest"]', "stands twice"),
        ('[history]\ntreatments = [{ kind = "exercise" }]', "needs a kind and a region"),
        ('[history]\ntreatments = [{ kind = "exercize", region = "back" }]', "Did you mean 'exercise'"),
        ("[history]\nonset_weeks = 3", "has no key 'onset_weeks'. Did you mean"),
        ('[conditions]\ndiabetis = "yes"', "Did you mean 'diabetes'"),
        ("[conditions]\ndiabetes = true", '"yes" or "no"'),
        ("[conditions]\niwgdf_risk = 4", "between 0 and 3"),
        ("[conditions]\niwgdf_risk = 1.5", "write a whole number"),
        ('[wells]\npitting_edema = "yes"', "Did you mean 'pitting_oedema'"),
        ('[[symptoms]]\nkind = "itch"\nregion = "heel"', 'write "pain"'),
        ('[[symptoms]]\nkind = "pain"\nregion = "heel"\nx = 0.1', "belong together"),
        (
            '[[symptoms]]\nkind = "pain"\nregion = "heel_left"\nview = "sole_right"\nx = 0.1\ny = 0.1',
            "cannot be marked",
        ),
        ('[[symptoms]]\nkind = "pain"\nregion = "heel"\nview = "back"\nx = 1.1\ny = 0.1', "between 0 and 1"),
        ('[[symptoms]]\nkind = "pain"\nregion = "heel"\n[[symptoms]]\nkind = "pain"\nregion = "heel"', "stands twice"),
        ("[symptoms]\nkind = 3", r"write \[\[symptoms\]\]"),
        ('[wells]\nexaminer = "Dr Jane"', "never a name"),
        ('[[symptoms]]\nkind = "pain"\nregion = "heel"\nname = "x"', "never kept"),
    ],
)
def test_every_slip_in_the_new_tables_gets_its_own_sentence(folder: Path, text: str, sentence: str) -> None:
    with pytest.raises(PersonError, match=sentence) as caught:
        read_person(write(folder, text), TODAY)
    assert str(caught.value).startswith("person.toml: ") and "\n" not in str(caught.value)


def test_a_questionnaire_says_what_was_read_of_it() -> None:
    known = read_questionnaires()
    assert len(known) == 21
    assert {q.id for q in known.values() if q.total_basis == "range not read"} >= {"tsk", "pseq", "mskhq", "mfpdi"}
    assert {q.id for q in known.values() if q.may_embed == "yes"} == {"nprs", "rmdq24", "psfs", "core_own_diary"}
    assert all(q.licence and q.sources for q in known.values())


#: First five words of items of RMDQ-24, ODI, STarT Back, LEFS, FAAM, TSK, PSEQ and painDETECT, as SHA-256: what must
#: not be shipped does not stand here either.
ITEMS = {
    "dfc1556a05a48dd8",
    "246efda39ce86804",
    "dec100240ec2a12d",
    "6a4a2bd7c0cc4c64",
    "3be75f372893f67a",
    "18f358ae1a88cde5",
    "84e43fb3274eeb6a",
    "4d6c6551140c2892",
    "459be806015b0428",
    "a2d6aeb1a5e85bba",
    "0189e54c2eff0070",
    "244527fe9c7e927d",
    "d8bfa0bededd2e04",
    "ca091427dcf6b00e",
    "b2eb3005f1e6f06d",
    "21dd3a9d4788ad68",
}


def openings(text: str) -> set[str]:
    """Return every five words of a text as the hashes above are made."""
    words = re.findall(r"[a-z']+", text.lower())
    return {hashlib.sha256(" ".join(words[i : i + 5]).encode()).hexdigest()[:16] for i in range(max(len(words) - 4, 0))}


def test_no_item_of_a_published_questionnaire_stands_in_the_package() -> None:
    package = Path(kinechain.__file__).parent / "care"
    data = Path(kinechain.__file__).parent / "evidence" / "data" / "clinical"
    reports = Path(kinechain.__file__).parent / "report"
    paths = [*package.rglob("*.py"), *data.rglob("*.toml"), *reports.rglob("*.*")]
    texts = [path for path in paths if path.suffix in (".py", ".toml", ".html", ".typ", ".json")]
    assert len(texts) > 80
    for path in texts:
        assert not openings(path.read_text(encoding="utf-8")) & ITEMS, path.name


def test_the_search_for_items_would_find_one() -> None:
    words = "one two three four five six"
    assert hashlib.sha256(b"two three four five six").hexdigest()[:16] in openings(words)


@pytest.mark.parametrize(
    ("total", "subscale", "group"),
    [(3.0, 3.0, "low"), (3.0, None, "low"), (4.0, 3.0, "medium"), (9.0, 4.0, "high"), (4.0, None, ""), (None, 4.0, "")],
)
def test_the_risk_group_follows_total_and_subscale(total: float | None, subscale: float | None, group: str) -> None:
    parts = {} if subscale is None else {"subscale": subscale}
    assert startback_group(Score("startback", total, parts)) == group
    assert startback_group(Score("odi", total, parts)) == ""


def test_regions_have_sides_groups_and_outlines() -> None:
    assert base_region("heel_left").name == "heel" and side_of("heel_left") == "left" and side_of("heel") == ""
    assert in_group("heel_left", "foot") and in_group("calf", "below_knee") and not in_group("knee", "below_knee")
    assert in_group("low_back_left", "back") and in_group("saddle", "saddle")
    assert views_of("heel_left") == ("back", "sole_left") and views_of("heel") == ("back", "sole_left", "sole_right")
    assert "saddle_left" not in region_codes() and region_name("heel_left") == "left heel"
    with pytest.raises(PersonError, match="Did you mean 'heel'"):
        base_region("heal")
    for region in read_regions().values():
        assert region.views and region.groups, region.id
