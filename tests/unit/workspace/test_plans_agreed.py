"""A plan from its proposal over a draft to the agreement, on both databases."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from kinechain.care.follow_up.events import ConsentGiven, ConsentWithdrawn, PlanMade, VisitMade
from kinechain.care.planning.edit import Edits, Note
from kinechain.care.records.plan_values import plan_plain
from kinechain.core.errors import InputError, LockedError, SettingError
from kinechain.store import clock
from kinechain.store.clock import now
from kinechain.store.tables import audit, draft
from kinechain.workspace.case import ConflictError, change_person, read_case, write_events
from kinechain.workspace.plans import (
    Draft,
    PlanView,
    agree,
    change_draft,
    current_plan,
    discard_draft,
    read_plan,
)

if TYPE_CHECKING:
    from web_fixtures import Clinics

NOTE = Note("footwear", "the blue shoes on Mondays")


def noted(kept: Draft, view: PlanView) -> Draft:
    return replace(kept, edits=replace(kept.edits, notes=(*kept.edits.notes, NOTE)))


def view_of(clinic: Clinics) -> PlanView:
    return read_plan(clinic.place, clinic.actor(), clinic.patient)


def agreed_plan(clinic: Clinics) -> PlanView:
    view = view_of(clinic)
    assert view.plan
    number = view.draft.number if view.draft else 0
    agree(clinic.place, clinic.actor(), clinic.patient, number, view.plan.id, is_agreed=True)
    return view_of(clinic)


def answer(clinic: Clinics, **screen: Any) -> None:
    with clinic.place.database.writing() as connection:
        change_person(
            connection,
            clinic.actor(),
            clinic.patient,
            lambda person: replace(person, screen=MappingProxyType({**person.screen, **screen})),
            "write intake",
        )


def test_a_proposal_is_there_before_anybody_touched_it(clinic: Clinics) -> None:
    view = view_of(clinic)
    assert view.plan
    assert view.plan == (view.proposal and view.proposal.plan)
    assert view.proposal
    assert not view.proposal.is_analysed
    assert view.draft is None
    assert "no analysis" in view.proposal.notes[0]


def test_a_draft_becomes_the_agreed_plan_and_is_gone(each_clinic: Clinics) -> None:
    clinic = each_clinic
    before = view_of(clinic).plan
    view = change_draft(clinic.place, clinic.actor(), clinic.patient, 0, noted)
    assert view.draft
    assert view.plan
    assert before
    assert view.draft.number == 1
    assert view.draft.by == clinic.actor().code
    assert view.plan.id != before.id
    view = change_draft(clinic.place, clinic.actor("admin"), clinic.patient, 1, noted)
    assert view.draft
    assert (view.draft.number, view.draft.by) == (2, clinic.actor("admin").code)
    after = agreed_plan(clinic)
    assert after.draft is None
    assert after.is_in_force
    assert after.agreed
    assert after.made
    assert after.made.by == clinic.actor().code
    assert after.agreed.plan.id == (view.plan and view.plan.id)
    with clinic.place.database.reading() as connection:
        case = read_case(connection, clinic.patient)
        assert connection.execute(select(draft)).first() is None
        actions = set(connection.execute(select(audit.c.action)).scalars())
    assert {"write plan draft", "agree plan"} <= actions
    assert any(isinstance(event, VisitMade) and event.visit == "baseline" for event in case.events)
    kept = current_plan(case)
    assert kept
    assert kept.id == after.agreed.plan.id


def test_an_agreed_plan_is_only_ever_replaced_and_says_why(clinic: Clinics) -> None:
    first = agreed_plan(clinic).agreed
    assert first
    with pytest.raises(InputError, match="needs the reason"):
        change_draft(clinic.place, clinic.actor(), clinic.patient, 0, noted)
    view = change_draft(
        clinic.place, clinic.actor(), clinic.patient, 0, lambda kept, seen: replace(kept, reason="wants other shoes")
    )
    assert view.plan
    assert (view.plan.replaces, view.plan.reason) == (first.id, "wants other shoes")
    change_draft(clinic.place, clinic.actor(), clinic.patient, 1, noted)
    second = agreed_plan(clinic)
    assert second.agreed
    assert second.agreed.plan.replaces == first.id
    with clinic.place.database.reading() as connection:
        plans = [e for e in read_case(connection, clinic.patient).events if isinstance(e, PlanMade)]
    assert [plan.plan["id"] for plan in plans] == [first.id, second.agreed.id]
    assert plans[0].plan == json.loads(json.dumps(plan_plain(first.plan)))


def test_two_clinicians_do_not_overwrite_each_other(each_clinic: Clinics) -> None:
    clinic = each_clinic
    change_draft(clinic.place, clinic.actor(), clinic.patient, 0, noted)
    with pytest.raises(ConflictError, match="somebody else changed this draft"):
        change_draft(clinic.place, clinic.actor("admin"), clinic.patient, 0, noted)
    with pytest.raises(ConflictError, match="somebody else"):
        discard_draft(clinic.place, clinic.actor("admin"), clinic.patient, 3)
    discard_draft(clinic.place, clinic.actor("admin"), clinic.patient, 1)
    assert view_of(clinic).draft is None


def test_only_the_plan_that_was_seen_is_agreed(clinic: Clinics) -> None:
    seen = view_of(clinic).plan
    assert seen
    with pytest.raises(InputError, match="agreed by two"):
        agree(clinic.place, clinic.actor(), clinic.patient, 0, seen.id, is_agreed=False)
    change_draft(clinic.place, clinic.actor(), clinic.patient, 0, noted)
    for number, digest in ((0, seen.id), (1, seen.id)):
        with pytest.raises(ConflictError, match="has changed since"):
            agree(clinic.place, clinic.actor(), clinic.patient, number, digest, is_agreed=True)


def test_a_forbidden_change_is_refused_and_not_kept(clinic: Clinics) -> None:
    def without_safety(kept: Draft, view: PlanView) -> Draft:
        return replace(kept, edits=Edits(dropped=MappingProxyType({"safety.stop": "too long to read"})))

    with pytest.raises(SettingError, match="protects the patient"):
        change_draft(clinic.place, clinic.actor(), clinic.patient, 0, without_safety)
    assert view_of(clinic).draft is None


def test_while_locked_there_is_no_proposal_no_draft_and_no_agreement(clinic: Clinics) -> None:
    agreed_plan(clinic)
    answer(clinic, weight_loss="yes")
    view = view_of(clinic)
    assert (view.plan, view.proposal, view.agreed) == (None, None, None)
    with pytest.raises(LockedError):
        change_draft(clinic.place, clinic.actor(), clinic.patient, 0, noted)
    with pytest.raises(LockedError):
        agree(clinic.place, clinic.actor(), clinic.patient, 0, "0" * 16, is_agreed=True)
    with clinic.place.database.reading() as connection:
        assert current_plan(read_case(connection, clinic.patient)) is None


def test_other_answers_end_a_plan_and_propose_another(clinic: Clinics) -> None:
    first = agreed_plan(clinic)
    with clinic.place.database.writing() as connection:
        change_person(connection, clinic.actor(), clinic.patient, lambda p: replace(p, age_years=51.0), "write intake")
    view = view_of(clinic)
    assert not view.is_in_force
    assert view.plan
    assert first.agreed
    assert (view.plan.replaces, view.plan.reason) == (first.agreed.id, "the answers have changed")
    view = change_draft(clinic.place, clinic.actor(), clinic.patient, 0, noted)
    assert view.draft
    assert view.draft.reason == "the answers have changed"
    assert agreed_plan(clinic).is_in_force


def test_nothing_is_agreed_after_the_consent_was_taken_back(clinic: Clinics) -> None:
    at, by = now().astimezone(), "patient"
    events = (
        ConsentGiven(id="consent-1", at=at - timedelta(days=2), by=by, scope=("care",)),
        ConsentWithdrawn(id="consent-2", at=at - timedelta(days=1), by=by, scope=("care",)),
    )
    with clinic.place.database.writing() as connection:
        write_events(connection, clinic.actor(), clinic.patient, events, "write consent")
    with pytest.raises(InputError, match="consent to care was withdrawn"):
        agreed_plan(clinic)


def test_after_eight_weeks_a_plan_can_keep_up_what_was_reached(
    clinic: Clinics, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreed_plan(clinic)
    later = now() + timedelta(days=57)
    monkeypatch.setattr("kinechain.workspace.plans.now", lambda: later)
    assert clock.now() < later
    assert view_of(clinic).can_keep_up

    def kept_up(kept: Draft, view: PlanView) -> Draft:
        return replace(kept, reason="week 8: better", is_kept_up=True)

    view = change_draft(clinic.place, clinic.actor(), clinic.patient, 0, kept_up)
    assert view.plan
    assert view.plan.weeks > 8
    assert len(view.plan.exercises) <= 2
