"""The error of a laboratory: figures against a distribution and a simulation; its file, one sentence a fault."""

import math
import random
from datetime import date
from pathlib import Path

import pytest
from scipy import stats

from kinechain.care.person.person import ExamItem, Person
from kinechain.care.person.repeatability import (
    LEAST_DEGREES,
    chi_square_quantile,
    collect_repeats,
    lab_error,
    read_lab_errors,
)
from kinechain.core.errors import InputError, SettingError

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize("degrees", [1, 2, 5, 10, 30, 200, 3000])
@pytest.mark.parametrize("probability", [0.001, 0.025, 0.5, 0.975, 0.999])
def test_the_quantiles_are_those_of_the_chi_square_distribution(probability: float, degrees: int) -> None:
    assert chi_square_quantile(probability, degrees) == pytest.approx(stats.chi2.ppf(probability, degrees), rel=1e-9)


def test_two_sessions_of_two_people_by_hand() -> None:
    error = lab_error("navicular_drop", "mm", [(8.0, 10.0), (5.0, 5.0), (7.0,)])
    assert error.sem.value == pytest.approx(1.0)
    assert error.change.value == pytest.approx(1.96 * math.sqrt(2.0))
    assert (error.people, error.repeats, error.shift) == (2, 2, 1.0)
    assert not error.is_enough and "too few" in error.sentence.text


def test_the_interval_holds_the_true_error_as_often_as_it_says() -> None:
    made = random.Random(3)
    held, tries = 0, 2000
    for _ in range(tries):
        people = [made.gauss(50.0, 20.0) for _ in range(12)]
        error = lab_error("lunge_test", "cm", [[made.gauss(p, 1.5) for _ in range(2)] for p in people])
        held += error.sem.low <= 1.5 <= error.sem.high
    assert held / tries == pytest.approx(0.95, abs=0.015)


def test_enough_repeats_say_what_a_clear_change_is() -> None:
    error = lab_error("lunge_test", "cm", [(10.0, 11.0)] * LEAST_DEGREES)
    assert error.is_enough and error.change.high < 2.0 * error.change.value
    assert "must differ by more than 2 cm" in error.sentence.text


@pytest.mark.parametrize(
    ("sessions", "sentence"),
    [
        ([], "nobody was measured twice"),
        ([(1.0,), (2.0,)], "nobody was measured twice"),
        ([(1.0, math.nan)], "is no number"),
        ([(1.0, 1.0), (2.0, 2.0)], "agree exactly"),
    ],
)
def test_repeats_that_tell_nothing_are_refused(sessions: list[tuple[float, ...]], sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence):
        lab_error("lunge_test", "cm", sessions)


def test_impossible_quantiles_are_refused() -> None:
    for probability, degrees in ((0.0, 3), (1.0, 3), (0.5, 0)):
        with pytest.raises(SettingError, match="needs a probability"):
            chi_square_quantile(probability, degrees)


def test_repeats_are_collected_from_the_sheets_of_people_in_order_of_date() -> None:
    def entry(side: str, value: float, day: int, part: str = "") -> ExamItem:
        on = date(2026, 1, day) if day else None
        return ExamItem("lunge_test", side, value, "cm", "", part, measured_on=on)  # type: ignore[arg-type]

    word = ExamItem("slump", "left", 1.0, "negative / positive", "")
    first = Person(
        exam=(entry("left", 9.0, 8), entry("left", 8.0, 1), entry("right", 7.0, 1), entry("left", 1.0, 0), word)
    )
    second = Person(exam=(entry("left", 5.0, 1), entry("left", 6.0, 1, "repeat 2")))
    assert collect_repeats([first, second]) == {("lunge_test", "", "cm"): ((8.0, 9.0), (5.0, 6.0))}


WHOLE = """
[lab]
code = "LAB-1"
on = 2026-03-01
[[error]]
item = "navicular_drop"
unit = "mm"
repeats = [[9.0, 8.0], [5.0, 6.0]]
[[error]]
item = "knee.flexion_range"
unit = "deg"
repeats = [[60.0, 62.0, 61.0]]
[[error]]
item = "modified_thomas"
part = "hip angle"
unit = "degrees"
repeats = [[-5.0, 2.0]]
"""


def test_a_whole_file_is_read_as_written(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_text(WHOLE, encoding="utf-8")
    read = read_lab_errors(path, TODAY)
    assert (read.code, read.on) == ("LAB-1", date(2026, 3, 1))
    drop, knee, hip = read.errors
    assert drop.sem.value == pytest.approx(math.sqrt(0.5)) and drop.sem.source.startswith("LAB-1")
    assert (knee.item, knee.repeats) == ("knee.flexion_range", 2)
    assert (hip.part, hip.shift) == ("hip angle", 7.0)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("2026-03-01", "2027-03-01", "lies in the future"),
        ('code = "LAB-1"', 'code = "Dr Jane"', "never a name"),
        ('code = "LAB-1"\n', "", "code is no code"),
        ("navicular_drop", "navicular_drp", "Did you mean 'navicular_drop'"),
        ('unit = "mm"', 'unit = "inch"', 'write "mm"'),
        ("[9.0, 8.0]", "[900.0, 8.0]", "between -20 and 50 mm"),
        ("[[9.0, 8.0], [5.0, 6.0]]", "[9.0, 8.0]", "must be lists"),
        ("[[9.0, 8.0], [5.0, 6.0]]", "[[9.0], [5.0]]", "nobody was measured twice"),
        ("hip angle", "hip angel", "Did you mean 'hip angle'"),
        ('item = "knee.flexion_range"\nunit = "deg"', 'item = "navicular_drop"\nunit = "mm"', "between|stands twice"),
        ('[[error]]\nitem = "navicular', '[error]\nitem = "navicular', "line|list"),
        ("[lab]", "[labs]", "Did you mean 'lab'"),
    ],
)
def test_every_slip_in_the_file_gets_its_own_sentence(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    path = tmp_path / "lab.toml"
    assert old in WHOLE
    path.write_text(WHOLE.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=sentence) as caught:
        read_lab_errors(path, TODAY)
    assert str(caught.value).startswith("lab.toml") and "\n" not in str(caught.value)
