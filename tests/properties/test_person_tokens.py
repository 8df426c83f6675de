"""A person file with one wrong token is refused in one sentence, or read as a possible person."""

import math
import re
import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinechain.care.person.contradictions import find_contradictions
from kinechain.care.person.history_keys import read_keys
from kinechain.care.person.person import Person
from kinechain.care.person.person_file import PERSON_NUMBERS, read_person
from kinechain.care.person.person_writer import write_person
from kinechain.care.screening.red_flags import screen_person
from kinechain.core.errors import InputError

TODAY = date(2026, 11, 22)

TEXT = """[person]
pseudonym = "P-017"
sex = "female"
age_years = 52
height_m = 1.68
mass_kg = 71.5
[history]
pain_regions = ["low_back", "heel_left"]
pain_worst = 7
pain_average = "unknown"
onset_order = "foot_first"
aggravating = ["standing", "stairs"]
treatments = [{ kind = "exercise", region = "back", weeks = 6, response = "same" }]
[conditions]
diabetes = "skipped"
iwgdf_risk = 1
[screen]
ces_bladder = "no"
under_18 = "no"
[exam]
fpi6 = [{ side = "left", value = 7, method = "standing" }, { side = "right", value = 3, method = "standing" }]
slump = { side = "left", value = "positive", method = "seated", examiner = "PT-1", measured_on = 2026-03-01 }
root_screen_l2_s2 = { side = "left", part = "L4 strength", value = 4, reliability = "SD 1" }
[wells]
examiner = "dr_ono"
pitting_oedema = "no"
[questionnaires]
rmdq24 = { total = 2, ticks = [1, 9], on = "2026-03-01" }
psfs = { activities = [{ what = "stairs", score = 4 }] }
odi = "skipped"
[[symptoms]]
kind = "pain"
region = "heel_left"
view = "sole_left"
x = 0.5
y = 0.9
[recordings]
trials = []
"""
TOKENS = re.findall(r'"[^"]*"|[\w.-]+|\s+|[^\w\s]', TEXT)
PLACES = [k for k, token in enumerate(TOKENS) if not token.isspace()]
WRONG = ["nan", "inf", "-inf", "0", "-100", "1e308", "true", '""', '"yes"', "[]", "{}", "=", "[person]", "1979-05-27"]
WRONG += ["1" * 400, "-1", "0.5", "2999-01-01", '"\\u001b[31m"', "[[1]]", '"left"', '"Jane Doe"', "1e-300"]
WRONG += ['"\\u0000"', '"skipped"', '"unknown"', "left", "999999999999999999999999", "\x00", "\n", "#"]


@given(
    st.sampled_from(PLACES),
    st.one_of(st.sampled_from(WRONG), st.sampled_from(sorted(set(TOKENS))), st.text(max_size=6)),
)
@settings(max_examples=400, deadline=None)
def test_one_wrong_token_is_refused_or_read_as_a_possible_person(place: int, token: str) -> None:
    text = "".join([*TOKENS[:place], token, *TOKENS[place + 1 :]])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "person.toml"
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        try:
            person = read_person(path, TODAY)
        except InputError as refusal:
            assert str(refusal).startswith(("person.toml", "there is no"))
            assert str(refusal).isprintable() and len(str(refusal)) < 1500
            return
    assert_possible(person)


def assert_possible(person: Person) -> None:
    for key, (low, high, _) in PERSON_NUMBERS.items():
        value = getattr(person, key)
        assert value is None or (type(value) is float and low <= value <= high)
    for table, holder in (("person", person), ("history", person.history)):
        for key in read_keys(table).values():
            value = getattr(holder, key.id)
            assert not (value and key.id in holder.skipped | holder.unknown)
            if key.kind == "number" and value is not None:
                assert type(value) is float and key.low <= value <= key.high
    assert all(math.isfinite(item.value) and item.side in ("left", "right", "both") for item in person.exam)
    assert all(item.measured_on is None or item.measured_on <= TODAY for item in person.exam)
    assert all(score.answered_on is None or score.answered_on <= TODAY for score in person.questionnaires)
    assert all(score.total is None or math.isfinite(score.total) for score in person.questionnaires)
    for answers in (person.screen, person.conditions, person.wells):
        assert set(answers.values()) <= {"yes", "no", "unknown", "skipped"}
    assert all(s.x is None or (s.y is not None and 0.0 <= s.x <= 1.0) for s in person.symptoms)
    assert screen_person(person).plan_locked
    find_contradictions(person)
    with tempfile.TemporaryDirectory() as folder:
        write_person(person, Path(folder) / "again.toml")
        assert read_person(Path(folder) / "again.toml", TODAY) == person


@pytest.mark.parametrize("token", WRONG)
def test_every_wrong_token_at_every_place_is_refused_or_possible(token: str, tmp_path: Path) -> None:
    refused = 0
    for place in PLACES:
        path = tmp_path / "person.toml"
        text = "".join([*TOKENS[:place], token, *TOKENS[place + 1 :]])
        path.write_text(text, encoding="utf-8")
        try:
            read_person(path, TODAY)
        except InputError as refusal:
            assert str(refusal).startswith("person.toml") and str(refusal).isprintable()
            refused += 1
    assert refused > len(PLACES) / 2


@pytest.mark.parametrize("line", ["pseudonym = {}", "age_years = {}", "birth_date = {}", "full_name = {}", "sex = {}"])
@pytest.mark.parametrize("secret", ["1979-05-27", '"born 1979-05-27"', '"27.05.1979"', "1979-05-27T10:00:00"])
def test_no_refusal_repeats_a_date_of_birth(line: str, secret: str, tmp_path: Path) -> None:
    path = tmp_path / "person.toml"
    path.write_text(f"[person]\n{line.format(secret)}\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_person(path, TODAY)
    assert "1979" not in str(caught.value)


@pytest.mark.parametrize(
    "table", ["[person]\npseudonym = {}", '[exam]\nfpi6 = {{ side = "left", value = 1, examiner = {} }}']
)
def test_no_refusal_repeats_what_stands_in_the_place_of_a_code(table: str, tmp_path: Path) -> None:
    path = tmp_path / "person.toml"
    path.write_text(table.format('"Jane Doe"'), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_person(path, TODAY)
    assert "Jane" not in str(caught.value)
