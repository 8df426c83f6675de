"""Entries of a diary: what every way of writing one shares."""

from __future__ import annotations

from typing import Any

import pytest

from kinechain.care.follow_up.events import Session
from kinechain.care.person.red_flag_text import asked_again
from kinechain.care.records.diary_entry import (
    DIARY_KINDS,
    check_fields,
    danger_answers,
    default_fields,
    field_value,
)
from kinechain.core.errors import SettingError

DONE = {"exercise": "bridge", "side": "both", "sets": 3, "repetitions": 8}


def test_what_clinicians_write_is_no_entry_of_a_diary() -> None:
    assert {"session", "check_in", "paused"} <= set(DIARY_KINDS)
    assert not {"plan_made", "visit_made", "reviewed", "cleared", "consent_given"} & set(DIARY_KINDS)


@pytest.mark.parametrize(
    ("word", "values", "told"),
    [
        ("sesion", {}, "no entry 'sesion'"),
        ("session", {**DONE, "drivers": 1}, "has no 'drivers'"),
        (
            "session",
            {"exercise": "bridge", "side": "both", "sets": 3},
            "needs 'repetitions'; it has exercise, sets, side",
        ),
        ("steps_taken", {}, "it has nothing"),
    ],
)
def test_an_entry_has_the_fields_of_its_kind(word: str, values: dict[str, Any], told: str) -> None:
    check_fields("session", DONE, ("id", "at", "by"))
    with pytest.raises(SettingError, match=told):
        check_fields(word, values, ("id", "at", "by"))


def test_what_may_be_left_out_has_a_value() -> None:
    found = default_fields(Session)
    assert "exercise" not in found and found["pain_during"] is None
    assert default_fields(DIARY_KINDS["check_in"])["screen"] == {}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("pain_during", "2,5", 2.5), ("sets", "3.0", 3), ("exercise", "3", "3"), ("no_such", "x", "x")],
)
def test_text_becomes_what_the_field_holds(name: str, text: str, value: Any) -> None:
    found = field_value("session", name, text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("TRUE", True), ("on", True), ("no", False)])
def test_yes_and_no(text: str, value: bool) -> None:
    assert field_value("footwear_worn", "orthosis", text) is value


@pytest.mark.parametrize(
    ("word", "name", "text", "told"),
    [
        ("session", "sets", "2.5", "whole number"),
        ("session", "sets", "1e99", "whole number"),
        ("session", "sets", "nan", "whole number"),
        ("session", "pain_during", "much", "write a number"),
        ("footwear_worn", "orthosis", "maybe", "yes or no"),
    ],
)
def test_text_that_is_none_is_refused(word: str, name: str, text: str, told: str) -> None:
    with pytest.raises(SettingError, match=told):
        field_value(word, name, text)


def test_one_answer_speaks_for_every_danger_sign() -> None:
    asked = tuple(asked_again())
    assert danger_answers(["none"]) == dict.fromkeys(asked, "no")
    assert danger_answers(["unknown"]) == dict.fromkeys(asked, "unknown")
    assert danger_answers(["skipped"]) == dict.fromkeys(asked, "skipped")
    named = danger_answers([asked[1], asked[0]])
    assert {key for key, given in named.items() if given == "yes"} == set(asked[:2])
    assert set(named) == set(asked)


@pytest.mark.parametrize("named", [[], ["none", "ces_saddle"], ["no_such"], ["unknown", "ces_saddle"]])
def test_danger_signs_that_contradict_each_other_are_refused(named: list[str]) -> None:
    with pytest.raises(SettingError):
        danger_answers(named)
