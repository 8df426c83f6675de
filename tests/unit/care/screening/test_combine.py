"""Every danger sign that is read beside others, against truth tables written by hand (tests/truth_tables.toml)."""

import tomllib
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from kinechain.care.person.person import ExamItem, History, Person
from kinechain.care.screening.combine import COMBINATIONS, fracture_count
from kinechain.care.screening.facts import Facts, any_of
from kinechain.care.screening.red_flags import questions, read_red_flags, screen_person
from kinechain.evidence.wording import say

TABLES: Mapping[str, Any] = MappingProxyType(
    tomllib.loads((Path(__file__).parents[3] / "truth_tables.toml").read_text(encoding="utf-8"))
)
IDS = frozenset(flag.id for flag in read_red_flags())
CONDITIONS = frozenset({"diabetes", "neuropathy", "anticoagulants", "infection_now"})
#: Of history.onset for columns of injury without days.
DAYS = {"3 days": 3.0, "30 days": 30.0, "60 days": 60.0}
WEEKS = {"3 days": 0.4, "2 weeks": 2.0, "30 weeks": 30.0}


def made(cells: Mapping[str, str]) -> Person:
    """Return the person of one line of a table; whatever is no column is answered with no."""
    screen = {flag.id: "no" for flag in questions()} | {key: cells[key] for key in cells if key in IDS}
    age = cells.get("age", "40")
    history, unknown = _history(cells)
    conditions = {key: cells[key] for key in cells if key in CONDITIONS and cells[key] != "missing"}
    exam = {"one foot": (2.0, 3.0), "felt": (3.0, 3.0)}.get(cells.get("insensate", ""), ())
    wells = {"likely": "yes", "unlikely": "no"}.get(cells.get("wells", ""))
    return Person(
        sex=None if cells.get("sex") == "missing" else cells.get("sex", "male"),  # type: ignore[arg-type]
        age_years=None if age == "missing" else float(age),
        screen={key: value for key, value in screen.items() if value != "missing"},  # type: ignore[misc]
        conditions=conditions,  # type: ignore[arg-type]
        history=History(**history, unknown=frozenset(unknown)),
        exam=tuple(
            ExamItem("monofilament", side, value, "sites felt", "t")  # type: ignore[arg-type]
            for side, value in zip(("left", "right"), exam, strict=False)
        ),
        wells={} if wells is None else {"calf_3cm_larger": wells, "previous_dvt": wells},  # type: ignore[dict-item]
        wells_examiner="" if wells is None else "C1",
    )


def _history(cells: Mapping[str, str]) -> tuple[dict[str, Any], set[str]]:
    history: dict[str, Any] = {}
    unknown = set()
    began = cells.get("back_pain", cells.get("back_pain_days", "missing"))
    if began == "elsewhere":
        history |= {"pain_regions": ("knee_left",), "pain_weeks": 1.0}
    elif began in WEEKS:
        history |= {"pain_regions": ("low_back",), "pain_weeks": WEEKS[began]}
    elif began == "unknown":
        unknown.add("back_onset_weeks")
    night = cells.get("night_pain", "missing")
    if night == "unknown":
        unknown.add("night_pain")
    elif night != "missing":
        history["night_pain"] = night
    injury = cells.get("injury", "missing")
    if injury in DAYS:
        history |= {"injury_days": DAYS[injury], "onset": "injury"}
    elif injury == "none":
        history["onset"] = "gradual"
    elif injury == "unknown":
        unknown.add("onset")
    if cells.get("foot_pain", "") == "foot":
        history["pain_regions"] = ("ankle_left",)
    if cells.get("easing", "missing") != "missing":
        history["easing"] = (cells["easing"],)
    return history, unknown


def outcome(person: Person, flag: str) -> str:
    screen = screen_person(person)
    for found in screen.flags:
        if found.id == flag and found.answer == "unknown" and found.rule_id in ("R2.4",):
            return found.urgency
        if found.id == flag:
            return "open" if found.is_open else found.urgency
    return "not asked" if flag in screen.not_asked else "none"


def lines(table: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield every combination of the values of the columns."""
    values = TABLES["values"]
    choices = [
        values["own"] if column == table.get("own") else values.get(column, values["answer"])
        for column in table["columns"]
    ]
    for cells in product(*choices):
        yield dict(zip(table["columns"], cells, strict=True))


def expected(table: Mapping[str, Any], cells: Mapping[str, str]) -> str:
    for *row, result in table["rows"]:
        if all(cell == "*" or own in cell.split("|") for cell, own in zip(row, cells.values(), strict=True)):
            return str(result)
    raise AssertionError(f"no row for {cells}")


@pytest.mark.parametrize("table", TABLES["table"], ids=lambda t: f"{t['flag']}: {t['title']}")
def test_every_line_of_a_truth_table_comes_out_as_written(table: Mapping[str, Any]) -> None:
    wrong = []
    for cells in lines(table):
        want, got = expected(table, cells), outcome(made({**table["fixed"], **cells}), table["flag"])
        if want != got:
            wrong.append((cells, want, got))
    assert not wrong, f"{len(wrong)} lines, e.g. {wrong[0]}"


@pytest.mark.parametrize("table", TABLES["table"], ids=lambda t: f"{t['flag']}: {t['title']}")
def test_every_row_of_a_truth_table_is_reached(table: Mapping[str, Any]) -> None:
    """A row that no line reaches would be a slip of the pen."""
    reached = set()
    for cells in lines(table):
        for number, (*row, _) in enumerate(table["rows"]):
            if all(cell == "*" or own in cell.split("|") for cell, own in zip(row, cells.values(), strict=True)):
                reached.add(number)
                break
    assert reached == set(range(len(table["rows"])))


@pytest.mark.parametrize(
    ("flag", "answer", "want"),
    [
        (flag, answer, row[answer])
        for row in TABLES["alone"]
        for flag in row["flags"]
        for answer in ("no", "unknown", "skipped", "missing")
    ],
)
def test_a_question_alone_makes_of_each_kind_of_answer_what_is_written(flag: str, answer: str, want: str) -> None:
    assert outcome(made({flag: answer}), flag) == want


def test_the_features_of_axial_spondyloarthritis_are_counted() -> None:
    features = (
        *("axspa_before_35", "axspa_wakes_second_half", "axspa_buttock", "axspa_better_moving", "axspa_nsaid_48h"),
        *("axspa_relative", "axspa_arthritis", "axspa_enthesitis", "axspa_psoriasis"),
    )
    rows = TABLES["features"]["rows"]
    said = {
        say("screen.axspa_refer").text: "refer",
        say("screen.axspa_blood_test").text: "test",
        say("screen.axspa_ask").text: "ask",
    }
    assert [len(row) for row in rows] == list(range(10, 0, -1))
    for yes, row in enumerate(rows):
        for still_open, want in enumerate(row):
            for kind in ("unknown", "skipped", "missing"):
                answers = ["yes"] * yes + [kind] * still_open + ["no"] * (9 - yes - still_open)
                told = {key: a for key, a in zip(features, answers, strict=True) if a != "missing"}
                calm = {flag.id: "no" for flag in questions()}
                person = Person(age_years=40, screen={**calm, "axspa_gate": "yes", **told})  # type: ignore[arg-type]
                screen = screen_person(person)
                assert not screen.plan_locked
                found = [flag for flag in screen.flags if flag.id == "axspa_gate"]
                assert [said[flag.rule] for flag in found] == ([] if want == "none" else [want]), (yes, still_open)
                assert screen.level == ("none" if want == "none" else "routine")


def test_every_combination_has_a_table() -> None:
    written = {table["flag"] for table in TABLES["table"]} | {TABLES["features"]["flag"]}
    assert set(COMBINATIONS) <= written
    assert {flag.id for flag in read_red_flags() if flag.logic == "combine"} <= written


@pytest.mark.parametrize("count", range(5))
def test_the_fracture_count_counts(count: int) -> None:
    """Female, over 70, trauma and steroids, each alone and together (rule R1.2)."""
    for chosen in product((True, False), repeat=4):
        if sum(chosen) != count:
            continue
        female, old, trauma, steroids = chosen
        person = Person(sex="female" if female else "male", age_years=75 if old else 40)
        answers = {"spine_contusion": trauma, "spine_steroids": steroids}
        truths = {key: "yes" if is_yes else "no" for key, is_yes in answers.items()}
        facts = Facts(person, {**truths, "spine_major_trauma": "no", "spine_fragility_age": "no"})  # type: ignore[dict-item]
        assert fracture_count(facts) == (count, count)


def test_three_values_and_what_nobody_asked() -> None:
    assert any_of(["no", "yes", "unknown"]) == "yes"
    assert any_of(["no", "unknown", "missing"]) == "unknown"
    assert any_of(["no", "missing"]) == "missing"
    assert any_of(["no", "no"]) == "no"
