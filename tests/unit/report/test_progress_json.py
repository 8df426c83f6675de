"""How a plan goes as JSON fits its schema, with and without a plan."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kinechain.care.follow_up.events import AdverseEvent, CheckIn, Event, NextMorning, Session, StandingDay
from kinechain.care.follow_up.follow_up import Progress, follow_up
from kinechain.care.person.person import Score
from kinechain.core.estimate import Estimate
from kinechain.report.plan_json import read_care_schema
from kinechain.report.progress_json import no_progress_json, progress_json
from made_plan import made_plan
from schema_check import faults

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


def a_log(days: int) -> list[Event]:
    """Return a log with something of everything in it."""
    found: list[Event] = []
    for k in range(days):
        at = START + timedelta(days=k)
        found.append(CheckIn(id=f"checkin-{k:03d}", at=at, by="patient", back_pain=6.0 - k / 10, foot_pain=4.0))
        found.append(NextMorning(id=f"morning-{k:03d}", at=at, by="patient", pain=2.0, soreness=3.0))
        found.append(
            Session(
                id=f"session-{k:03d}", at=at, by="patient", exercise="calf_raise", side="right", sets=3, repetitions=10
            )
        )
    found.append(StandingDay(id="standing-1", at=START, by="patient", prompts=4, noticed=3))
    found.append(AdverseEvent(id="adverse-01", at=START, by="patient", what="fall", severity="mild"))
    return found


def progress(days: int) -> Progress:
    today = START.date() + timedelta(days=max(days - 1, 0))
    measures = {"lunge_test right": Estimate(6.0, 5.0, 7.0, "cm", "chisholm2012")}
    return follow_up(a_log(days), made_plan(), today, baseline=(Score("nprs", 6.0),), measures=measures)


@pytest.mark.parametrize("days", [0, 1, 5, 20, 43, 60])
def test_progress_fits_its_schema(days: int) -> None:
    document = json.loads(progress_json("P01", progress(days)))
    assert faults(document, read_care_schema("progress")) == []
    assert document["person"] == "P01" and document["plan"] == made_plan().id


def test_without_a_plan_there_is_nothing_to_follow() -> None:
    document = json.loads(no_progress_json("P01", "Answered yes."))
    assert faults(document, read_care_schema("progress")) == []
    assert document["locked"] and document["plan"] is None


def test_the_schema_refuses_what_is_not_there() -> None:
    document = json.loads(progress_json("P01", progress(5)))
    assert faults({**document, "name": "x"}, read_care_schema("progress"))
    assert faults({**document, "today": "tomorrow"}, read_care_schema("progress"))


def test_the_page_names_every_key() -> None:
    page = (Path(__file__).parents[3] / "docs" / "plan_json.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)(?:\[\])?`", page))
    assert set(read_care_schema("progress")["properties"]) <= named
