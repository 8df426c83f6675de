"""Plan, log and progress over the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from api_program import Program, answered, program_of, refusal, trail
from followed_clinic import follow_plan
from kinechain.store.clock import now
from kinechain.workspace.logging import MOST_ENTRIES
from kinechain.workspace.plans import change_draft

if TYPE_CHECKING:
    from web_fixtures import Clinics

PLAN, LOG = "/patients/{patient}/plan", "/patients/{patient}/log"


@pytest.fixture
def ask(client_for: Callable[[str], Any], clinic: Clinics) -> Program:
    """Return a program with the clinician's token."""
    return program_of(client_for("nobody"), clinic)


def agreement(state: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"plan": state["proposed"]["id"], "draft": state["draft"], "patient_agrees": True, **other}


def morning(**other: Any) -> dict[str, Any]:
    at = (now() - timedelta(hours=2)).isoformat()
    return {"event": "next_morning", "id": str(uuid4()), "at": at, "pain": 2, "soreness": 3, **other}


def test_a_plan_is_proposed_agreed_on_and_in_force(ask: Program, clinic: Clinics) -> None:
    state = ask.get("plan")
    assert state["agreed"] is None and state["proposed"]["schema"] == "kinechain/plan/1"
    assert "decides" in state["proposed"]["intended_purpose"]
    agreed = ask("POST", PLAN, agreement(state))
    assert agreed.status_code == 200
    assert agreed.json() == ask.get("plan")
    assert (agreed.json()["agreed"], agreed.json()["proposed"]) == (state["proposed"], None)
    refusal(ask("POST", PLAN, agreement(state)), 409, "has changed")
    assert (f"account:{clinic.own.clinician}", "agree plan", clinic.patient) in trail(clinic)


def test_nobody_agrees_on_another_plan_than_was_read(ask: Program, clinic: Clinics) -> None:
    state = ask.get("plan")
    refusal(ask("POST", PLAN, agreement(state, patient_agrees=False)), 400, "agreed by two")
    refusal(ask("POST", PLAN, agreement(state, plan="0" * 16)), 409, "has changed")
    refusal(ask("POST", PLAN, agreement(state, draft=7)), 409, "has changed")
    refusal(ask("POST", PLAN, agreement(state, draft="x")), 400, "look at draft")
    refusal(ask("POST", PLAN, {"plan": "x"}), 400, "does not fit the description")
    actor = clinic.actor("admin")
    change_draft(clinic.place, actor, clinic.patient, 0, lambda draft, view: draft)
    refusal(ask("POST", PLAN, agreement(state)), 409, "has changed")
    answered(clinic, age_years=46.0)
    refusal(ask("POST", PLAN, agreement(ask.get("plan"), draft=0)), 409, "has changed")
    assert ask.get("plan")["agreed"] is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"screen": {"ces_saddle": "yes"}}, "ces_saddle"),
        ({"screen": {"ces_saddle": "unknown"}}, "Emergency questions with no answer"),
        ({"age_years": 16.0}, "under_18"),
    ],
)
def test_who_is_held_back_has_no_plan(ask: Program, clinic: Clinics, fields: Any, words: str) -> None:
    state = ask.get("plan")
    assert ask("POST", PLAN, agreement(state)).status_code == 200
    answered(clinic, **fields)
    locked = ask.get("plan")
    assert words in locked["locked"]
    assert (locked["agreed"], locked["proposed"], locked["draft"], locked["fault"]) == (None, None, 0, "")
    refusal(ask("POST", PLAN, agreement(state)), 400, words)
    progress = ask.get("progress")
    assert progress["locked"] and progress["plan"] is None and words in progress["reason"]


def test_who_answered_nothing_has_no_plan_and_no_progress(ask: Program, clinic: Clinics) -> None:
    new = ask.of(clinic.own.new_patient)
    assert new.get("plan")["locked"] and new.get("plan")["proposed"] is None
    assert new.get("progress")["locked"]
    # Answered, and nothing agreed yet: not locked, and nothing to follow.
    assert ask.get("progress")["locked"] is False and ask.get("progress")["plan"] is None


def test_entries_are_kept_once_each_with_what_follows(ask: Program, clinic: Clinics) -> None:
    follow_plan(clinic, 3)
    one, two = morning(), morning(pain=9)
    first = ask("POST", LOG, {"entries": [one, two]})
    assert first.status_code == 200
    assert first.json()["accepted"] == [one["id"], two["id"]] and first.json()["refused"] == []
    assert first.json()["told"] and not first.json()["screen"]["plan_locked"]
    again = ask("POST", LOG, {"entries": [one, one]}).json()
    assert again["accepted"] == [one["id"]] and again["refused"] == []
    (other,) = ask("POST", LOG, {"entries": [{**one, "pain": 5}]}).json()["refused"]
    assert other["id"] == one["id"] and "said something else" in other["why"]
    assert (f"account:{clinic.own.clinician}", "write log", clinic.patient) in trail(clinic)


def test_an_impossible_entry_is_named_and_the_others_are_kept(ask: Program, clinic: Clinics) -> None:
    good = morning()
    wrong = [
        morning(pain=99),
        morning(at="2026-01-01T07:00"),
        morning(at="1999-01-01T07:00+00:00"),
        morning(event="visit_made"),
        morning(event="plan_made", plan={}),
        morning(colour="red"),
        {"event": "session", "id": str(uuid4()), "at": good["at"]},
    ]
    told = ask("POST", LOG, {"entries": [*wrong, good]}).json()
    assert told["accepted"] == [good["id"]]
    assert {entry["id"] for entry in told["refused"]} == {entry["id"] for entry in wrong}
    assert all(entry["why"] for entry in told["refused"])
    refusal(ask("POST", LOG, {"entries": [good] * (MOST_ENTRIES + 1)}), 400, f"at most {MOST_ENTRIES}")
    refusal(ask("POST", LOG, {"entries": "x"}), 400, "look at entries")
    refusal(ask("POST", LOG, {"entries": [1]}), 400, "does not fit")
    refusal(ask("POST", LOG, {"entries": [{"note": "x" * 3_000_000}]}), 413, "too large")


def test_a_danger_sign_that_is_logged_holds_the_plan_back_at_once(ask: Program, clinic: Clinics) -> None:
    follow_plan(clinic, 3)
    check = {"event": "check_in", "id": str(uuid4()), "at": morning()["at"], "danger": "ces_saddle"}
    told = ask("POST", LOG, {"entries": [check]}).json()
    assert told["screen"]["level"] == "emergency" and told["screen"]["plan_locked"]
    assert ask.get("plan")["locked"] and ask.get("plan")["agreed"] is None
    assert ask.get("progress")["locked"]


def test_progress_tells_of_the_plan_in_force(ask: Program, clinic: Clinics) -> None:
    case = follow_plan(clinic, 20)
    told = ask.get("progress")
    assert told["schema"] == "kinechain/progress/1" and told["person"] == "p-1" == case.patient.pseudonym
    assert told["plan"] == ask.get("plan")["agreed"]["id"]
    assert "Petra" not in str(told)
