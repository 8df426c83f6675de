"""Danger signs cleared with a clinician's key, and clearances taken back."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from kinechain.care.screening.keyring import clinicians
from kinechain.core.errors import InputError, LockedError, SettingError
from kinechain.store.tables import account, audit
from kinechain.workspace.case import Case, change_person, read_case
from kinechain.workspace.clearing import (
    clear_flag,
    clearable,
    make_key,
    signatures,
    signing_name,
    standing_key,
    withdraw_clearance,
)

if TYPE_CHECKING:
    from web_fixtures import Clinics

SECRET = "seven small stones"
FOUND = "a diet she chose herself"


def rename(clinic: Clinics, account_id: str, name: str) -> None:
    with clinic.place.database.writing() as connection:
        connection.execute(update(account).where(account.c.id == account_id).values(name=name))


def raise_flag(clinic: Clinics, **screen: str) -> Case:
    told = {"weight_loss": "yes", **screen}
    with clinic.place.database.writing() as connection:
        return change_person(
            connection,
            clinic.actor(),
            clinic.patient,
            lambda person: replace(person, screen=MappingProxyType({**person.screen, **told})),  # type: ignore[arg-type]
            "write intake",
        )


def case_of(clinic: Clinics) -> Case:
    with clinic.place.database.reading() as connection:
        return read_case(connection, clinic.patient)


@pytest.fixture
def signing(clinic: Clinics) -> Clinics:
    """Return a clinic whose clinician has a name of their own and a key, and whose patient lost weight."""
    rename(clinic, clinic.own.clinician, "Clara Ono")
    make_key(clinic.place.database, clinic.actor(), SECRET, SECRET)
    raise_flag(clinic)
    return clinic


def test_two_accounts_of_one_name_cannot_sign(clinic: Clinics) -> None:
    with pytest.raises(InputError, match="two accounts of this installation are called 'Cleo Clinician'"):
        make_key(clinic.place.database, clinic.actor(), SECRET, SECRET)
    rename(clinic, clinic.own.clinician, "cleo  CLINICIAN")
    with clinic.place.database.reading() as connection, pytest.raises(InputError, match="two accounts"):
        signing_name(connection, clinic.actor())
    assert not clinicians()


@pytest.mark.parametrize("name", ["patient", "Patient", "/etc/passwd", "../x", "a\nb:", "-"])
def test_a_name_that_could_be_read_as_another_cannot_sign(clinic: Clinics, name: str) -> None:
    rename(clinic, clinic.own.clinician, name)
    with pytest.raises(InputError, match="cannot stand under a signature"):
        make_key(clinic.place.database, clinic.actor(), SECRET, SECRET)


def test_a_key_is_made_once_under_a_passphrase_typed_twice(clinic: Clinics) -> None:
    rename(clinic, clinic.own.clinician, "Clara Ono")
    database, actor = clinic.place.database, clinic.actor()
    with pytest.raises(InputError, match="typed differently"):
        make_key(database, actor, SECRET, SECRET + "x")
    with pytest.raises(SettingError, match="too short"):
        make_key(database, actor, "short", "short")
    made = make_key(database, actor, SECRET, SECRET)
    assert standing_key(database, actor) == made
    with pytest.raises(SettingError, match="has keys already"):
        make_key(database, actor, SECRET, SECRET)


def test_a_cleared_sign_lets_a_plan_be_until_the_answers_change(signing: Clinics) -> None:
    assert case_of(signing).screened().plan_locked
    assert [flag.id for flag in clearable(case_of(signing))] == ["weight_loss"]
    case = clear_flag(signing.place.database, signing.actor(), signing.patient, "weight_loss", FOUND, SECRET)
    assert not case.screened().plan_locked
    (signed,) = signatures(case)
    assert (signed.clearance.clinician, signed.clearance.reason, signed.holds) == ("Clara Ono", FOUND, True)
    with signing.place.database.reading() as connection:
        assert "clear danger sign" in set(connection.execute(select(audit.c.action)).scalars())
    raise_flag(signing, cancer_history="unknown")
    (signed,) = signatures(case_of(signing))
    assert not signed.holds
    assert "answers have changed" in signed.why_not


@pytest.mark.parametrize(
    ("flag", "reason", "secret", "fault"),
    [
        ("weight_loss", FOUND, "wrong stones", "does not open the key"),
        ("weight_loss", "ok", SECRET, "3 words"),
        ("ces_bladder", FOUND, SECRET, "not raised"),
        ("no_such_sign", FOUND, SECRET, "no danger sign"),
    ],
)
def test_nothing_is_cleared_by_mistake(signing: Clinics, flag: str, reason: str, secret: str, fault: str) -> None:
    with pytest.raises(InputError, match=fault):
        clear_flag(signing.place.database, signing.actor(), signing.patient, flag, reason, secret)
    assert case_of(signing).screened().plan_locked
    assert not signatures(case_of(signing))


def test_somebody_without_a_key_of_their_own_clears_nothing(signing: Clinics) -> None:
    rename(signing, signing.own.admin, "Ada Alone")
    with pytest.raises(SettingError, match="no clinician 'Ada Alone'"):
        clear_flag(signing.place.database, signing.actor("admin"), signing.patient, "weight_loss", FOUND, SECRET)


def test_an_open_question_is_answered_not_cleared(signing: Clinics) -> None:
    raise_flag(signing, ces_bladder="unknown")
    with pytest.raises(LockedError, match="answered, not cleared"):
        clear_flag(signing.place.database, signing.actor(), signing.patient, "ces_bladder", FOUND, SECRET)


def test_a_clearance_taken_back_locks_again_for_good(signing: Clinics) -> None:
    database, actor = signing.place.database, signing.actor()
    case = clear_flag(database, actor, signing.patient, "weight_loss", FOUND, SECRET)
    signature = signatures(case)[0].clearance.signature
    with pytest.raises(InputError, match="three words"):
        withdraw_clearance(database, actor, signing.patient, signature, "no", SECRET)
    with pytest.raises(LockedError, match="does not open"):
        withdraw_clearance(database, actor, signing.patient, signature, "looked again, not sure", "wrong stones")
    with pytest.raises(InputError, match="no such clearance"):
        withdraw_clearance(database, actor, signing.patient, "made up", "looked again, not sure", SECRET)
    case = withdraw_clearance(database, actor, signing.patient, signature, "looked again, not sure", SECRET)
    assert case.screened().plan_locked
    (signed,) = signatures(case)
    assert not signed.holds
    assert "taken back: looked again" in signed.why_not
    with pytest.raises(InputError, match="no such clearance"):
        withdraw_clearance(database, actor, signing.patient, signature, "looked again, not sure", SECRET)
    assert case_of(signing).screened().plan_locked


def test_a_passphrase_is_not_guessed(signing: Clinics) -> None:
    database, actor = signing.place.database, signing.actor()
    for _ in range(10):
        with pytest.raises(LockedError, match="does not open"):
            clear_flag(database, actor, signing.patient, "weight_loss", FOUND, "wrong stones")
    with pytest.raises(InputError, match="too many tries"):
        clear_flag(database, actor, signing.patient, "weight_loss", FOUND, SECRET)
    assert case_of(signing).screened().plan_locked


def test_many_tries_at_once_are_no_more_than_one_after_the_other(
    signing: Clinics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every try that reaches the passphrase is counted, also where all of them begin before the first is refused."""
    opened: list[str] = []

    def wrong(*_: object) -> None:
        opened.append("")
        raise LockedError("the passphrase does not open the key")

    monkeypatch.setattr("kinechain.workspace.clearing.sign_clearance", wrong)
    database, actor = signing.place.database, signing.actor()
    start = threading.Barrier(25)
    said: list[str] = []

    def guess() -> None:
        start.wait(30)
        try:
            clear_flag(database, actor, signing.patient, "weight_loss", FOUND, "wrong stones")
        except (LockedError, InputError) as error:
            said.append(str(error))

    threads = [threading.Thread(target=guess) for _ in range(25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(opened) == 10
    assert sum("too many tries" in words for words in said) == 15 and len(said) == 25


def test_what_is_refused_for_another_reason_is_no_guess(signing: Clinics) -> None:
    database, actor = signing.place.database, signing.actor()
    for _ in range(12):
        with pytest.raises(InputError, match="no such clearance"):
            withdraw_clearance(database, actor, signing.patient, "made up", "looked again, not sure", SECRET)
    clear_flag(database, actor, signing.patient, "weight_loss", FOUND, SECRET)
