"""A clearance is kept in the journal, still trusted when read back, and told in JSON, letter and plan."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kinechain.care.follow_up.events import Cleared
from kinechain.care.person.person import Person
from kinechain.care.planning.plan import Referral
from kinechain.care.records.journal import append, read_journal
from kinechain.care.screening.clearance import TrustedClearance
from kinechain.care.screening.keyring import new_clinician, sign_clearance, trusted
from kinechain.care.screening.lock import unlock
from kinechain.care.screening.red_flags import screen_person
from kinechain.care.screening.settings import Settings
from kinechain.report.fhir import fhir_bundle
from kinechain.report.fhir_read import read_bundle
from kinechain.report.letter_pdf import letter_text
from kinechain.report.plan_json import plan_from_json, plan_json, read_care_schema, screen_json
from kinechain.report.referral_letter import referral_letter
from made_plan import healthy, made_plan
from schema_check import faults

REASON = "weighed again, no loss over three months"


@pytest.fixture
def person() -> Person:
    return healthy(screen={**healthy().screen, "weight_loss": "yes"})


@pytest.fixture
def kept(person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[TrustedClearance, ...]:
    """Return what a journal that holds one clearance gives back, verified."""
    monkeypatch.setenv("KINECHAIN_HOME", str(tmp_path / "home"))
    new_clinician("dr_ono", "a long enough passphrase")
    at = datetime(2026, 3, 2, 9, 15, 30, 123456, tzinfo=UTC)
    clearance = sign_clearance(person, "weight_loss", REASON, "dr_ono", "a long enough passphrase", at)
    path = tmp_path / "p01.journal.jsonl"
    append(path, Cleared(id="cleared-01", at=at, by="dr_ono", clearance=clearance), person="P01")
    return trusted([event.clearance for event in read_journal(path).events if isinstance(event, Cleared)])


def test_a_clearance_is_still_trusted_after_the_journal(kept: tuple[TrustedClearance, ...], person: Person) -> None:
    assert len(kept) == 1
    assert screen_person(person).plan_locked and not screen_person(person, kept).plan_locked


def test_it_is_told_who_cleared_what_and_why(kept: tuple[TrustedClearance, ...], person: Person) -> None:
    screen = screen_person(person, kept)
    document = json.loads(screen_json(person, screen))
    assert faults(document, read_care_schema("screen")) == []
    (cleared,) = document["screen"]["cleared"]
    assert (cleared["id"], cleared["clinician"], cleared["why"]) == ("weight_loss", "dr_ono", REASON)
    referral = next(part for part in made_plan().parts if isinstance(part, Referral))
    letter = referral_letter(person, screen, referral, settings=Settings(), made_on=date(2026, 3, 3), version="0.1.0")
    assert f"dr_ono, 2026-03-02: {REASON}" in " ".join(letter_text(letter).split())


def test_another_clinic_learns_who_cleared_it(kept: tuple[TrustedClearance, ...], person: Person) -> None:
    at = datetime(2026, 3, 3, tzinfo=UTC)
    bundle = fhir_bundle(person, screen_person(person, kept), at=at, version="0.1.0")
    assert f"dr_ono, 2026-03-02: {REASON}" in json.dumps(bundle)
    assert read_bundle(bundle).person == person


def test_a_plan_made_under_a_clearance_comes_back(kept: tuple[TrustedClearance, ...], person: Person) -> None:
    unlocked = unlock(person, kept)
    plan = made_plan(unlocked)
    assert plan_from_json(plan_json(plan), unlocked) == plan
    assert plan_from_json(plan_json(plan), unlock(person, kept)).id == plan.id
