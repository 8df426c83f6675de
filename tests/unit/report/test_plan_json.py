"""A plan comes back from JSON as it was, and only to somebody whose lock is open."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from kinechain.care.planning.plan import Referral
from kinechain.care.screening.lock import unlock
from kinechain.care.screening.red_flags import screen_person
from kinechain.core.errors import FileError, InputError, LockedError
from kinechain.report.plan_json import plan_from_json, plan_json, read_care_schema, screen_json
from made_plan import healthy, made_plan, unlocked_person
from schema_check import faults

HOUSE = Path(__file__).parents[3]


def test_a_plan_comes_back_as_it_was() -> None:
    plan = made_plan()
    text = plan_json(plan)
    back = plan_from_json(text, plan.unlocked)
    assert back == plan and back.id == plan.id
    assert faults(json.loads(text), read_care_schema("plan")) == []


def test_a_plan_of_other_answers_is_a_record_only() -> None:
    plan = made_plan()
    now = unlock(healthy(age_years=47.0))
    with pytest.raises(LockedError, match="answers have changed"):
        plan_from_json(plan_json(plan), now)
    past = plan_from_json(plan_json(plan), now, is_past=True)
    assert past.id == plan.id and past.parts == plan.parts


def test_without_a_lock_there_is_no_plan() -> None:
    text = plan_json(made_plan())
    with pytest.raises(LockedError, match="no plan without unlocked"):
        plan_from_json(text, None)  # type: ignore[arg-type]


def _change(path: list[Any], value: object) -> str:
    document = json.loads(plan_json(made_plan()))
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (["weeks"], 9, "not as it was made"),
        (["parts", 1, "dose", "sets"], [9, 9], "not as it was made"),
        (["parts", 1, "stop_rules"], [], "no stop rule"),
        (["parts", 3, "audience"], "patient", "clinician alone"),
        (["parts", 0, "because"], [], "traces to no finding"),
        (["parts", 0, "kind"], "goul", "Did you mean 'goal'"),
        (["parts", 0, "aim"], 1, "no key 'aim'"),
        (["color"], 1, "no key 'color'"),
        (["weeks"], "8", "not a whole number"),
        (["schema"], "kinechain/plan/2", "kinechain/plan/2"),
    ],
)
def test_an_altered_plan_is_refused(path: list[Any], value: object, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        plan_from_json(_change(path, value), unlocked_person())


@pytest.mark.parametrize("text", ["", "[", "[" * 100_000, "5", '"x"', "null"])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises((FileError, InputError), match="this is no plan"):
        plan_from_json(text, unlocked_person())


def test_the_screen_fits_its_schema_locked_and_open() -> None:
    answers = {**healthy().screen, "ces_bladder": "yes"}
    referral = next(part for part in made_plan().parts if isinstance(part, Referral))
    for person, number in ((healthy(), ""), (healthy(screen=answers), "112"), (healthy(screen={}), "")):
        document = json.loads(screen_json(person, screen_person(person), number, referral=referral))
        assert faults(document, read_care_schema("screen")) == []
        assert document["emergency"]["number"] == (number or None)
        assert document["person"] == {"pseudonym": "P01"}
    document["person"]["age_years"] = 46
    assert faults(document, read_care_schema("screen"))


def test_a_locked_screen_says_to_act_now() -> None:
    emergency = next(f for f in screen_person(healthy(screen={})).flags if f.urgency == "emergency")
    person = healthy(screen={**healthy().screen, emergency.id: "yes"})
    document = json.loads(screen_json(person, screen_person(person)))
    assert document["emergency"]["act_now"] and document["screen"]["plan_locked"]
    assert not document["emergency"]["watched"]
    assert not json.loads(screen_json(healthy(), screen_person(healthy())))["emergency"]["act_now"]


@pytest.mark.parametrize("name", ["plan", "screen"])
def test_the_page_names_every_key_of_the_schema(name: str) -> None:
    named = set(re.findall(r"`(\w+)(?:\[\])?`", (HOUSE / "docs" / "plan_json.md").read_text(encoding="utf-8")))
    keys: set[str] = set()

    def collect(schema: Any) -> None:
        if isinstance(schema, dict):
            keys.update(schema.get("properties", {}))
            for part in schema.values():
                collect(part)
        elif isinstance(schema, list):
            for part in schema:
                collect(part)

    collect(read_care_schema(name))
    assert keys - named == set()


def test_a_new_plan_says_why_it_replaces_the_old() -> None:
    plan = made_plan()
    new = dataclasses.replace(plan, replaces=plan.id, reason="two weeks went well")
    assert plan_from_json(plan_json(new), plan.unlocked) == new != plan
