"""The machine output against its schema."""

import json
import math
from dataclasses import replace

import pytest

from kinechain.care.person.person import Person
from kinechain.care.screening.screen import Screen
from kinechain.report.json import assessment_json, read_schema
from schema_check import faults


def _refuse(name: str) -> float:
    raise AssertionError(f"{name} is no JSON")


def read(assessment):
    return json.loads(assessment_json(assessment), parse_constant=_refuse)


def test_it_follows_the_schema(make_assessment, emergency):
    for changes in (
        {},
        {"screen": emergency},
        {"screen": Screen("none", (), False)},
        {"body": None, "standing": None, "trials": ()},
    ):
        assert faults(read(make_assessment(**changes)), read_schema()) == []


def test_measures_carry_clinical_units_and_their_norm(make_assessment):
    measures = {(m["id"], m["side"]): m for m in read(make_assessment())["measures"]}
    thorax = measures["thorax.tilt_range", "both"]
    assert thorax["unit"] == "deg"
    assert thorax["value"] == pytest.approx(math.degrees(0.12), rel=1e-5)
    assert thorax["norm"]["high"] == pytest.approx(math.degrees(0.2), rel=1e-5)
    assert thorax["norm"]["is_adult"] is False
    assert measures["hindfoot.eversion_peak", "left"]["norm"] is None
    assert measures["knee.flexion_peak_swing", "left"]["verdict"] == "outside"


def test_an_open_range_becomes_null_and_never_infinity(make_assessment):
    base = make_assessment()
    first = base.findings[0]
    opened = replace(first, norm=replace(first.norm, low=-math.inf))
    measure = read(make_assessment(findings=(opened,)))["measures"][0]
    assert measure["norm"]["low"] is None
    assert faults(measure, read_schema()["properties"]["measures"]["items"]) == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"screen": Screen("none", (), False)},
        {"person": Person(age_years=15.0), "screen": Screen("none", (), False)},
    ],
)
def test_drivers_are_absent_and_the_plan_is_null(make_assessment, changes):
    document = read(make_assessment(**changes))
    assert "drivers" not in document
    assert document["plan"] is None


def test_the_schema_forbids_drivers_to_the_locked_the_unscreened_and_the_young(make_assessment, emergency):
    kinds = read_schema()["properties"]["drivers"]["properties"]
    empty = {"array": [], "boolean": False, "string": "", "number": 0, "object": {"answer": "", "reason": ""}}
    drivers = {k: None if "null" in v["type"] else empty[v["type"]] for k, v in kinds.items()}
    free = {"screen": Screen("none", (), False), "person": Person(age_years=40.0)}
    assert faults(read(make_assessment(**free)) | {"drivers": drivers}, read_schema()) == []
    for changes in ({}, {"screen": emergency}, {**free, "person": Person(age_years=15.0)}):
        assert faults(read(make_assessment(**changes)) | {"drivers": drivers}, read_schema())


def test_it_holds_no_identity(make_assessment):
    person = Person(
        pseudonym="P-1", history={"family": "secret"}, static="/home/jane/static.c3d", recordings=("/home/jane/a.c3d",)
    )
    text = assessment_json(make_assessment(person=person))
    assert "jane" not in text
    assert "secret" not in text
    assert set(json.loads(text)["person"]) == {"pseudonym", "sex", "age_years", "height_m", "mass_kg", "foot_length_m"}


def test_the_schema_refuses_what_is_wrong(make_assessment):
    document = read(make_assessment())
    document["measures"][0]["verdict"] = "bad"
    document["extra"] = 1
    del document["screen"]["level"]
    assert len(faults(document, read_schema())) >= 3
