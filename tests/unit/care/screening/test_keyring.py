"""Only a named clinician's signed clearance of exactly these answers unlocks."""

import dataclasses
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from care_people import CALM
from kinechain.care.person.person import ExamItem, History, Person, Symptom
from kinechain.care.screening.clearance import Clearance, TrustedClearance
from kinechain.care.screening.keyring import clinicians, distrusted, new_clinician, sign_clearance, trusted
from kinechain.care.screening.lock import unlock
from kinechain.care.screening.red_flags import screen_person
from kinechain.core.errors import FileError, LockedError, SettingError

SECRET = "correct horse battery"
RAISED = Person(sex="male", age_years=50, screen={**CALM, "foot_drop": "yes"})  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KINECHAIN_HOME", str(tmp_path))
    new_clinician("dr_ono", SECRET)
    return tmp_path


def clear(person: Person = RAISED, flag: str = "foot_drop", reason: str = "examined today, old palsy") -> Clearance:
    return sign_clearance(person, flag, reason, "dr_ono", SECRET)


def test_a_signed_clearance_unlocks_and_is_shown() -> None:
    assert screen_person(RAISED).plan_locked
    clearances = trusted([clear()])
    screen = unlock(RAISED, clearances).screen
    assert (screen.level, screen.flags) == ("none", ())
    assert [(flag.id, by.clinician, by.reason) for flag, by in screen.cleared] == [
        ("foot_drop", "dr_ono", "examined today, old palsy")
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda p: replace(p, screen={**p.screen, "weight_loss": "yes"}),
        lambda p: replace(p, screen={**p.screen, "weight_loss": "unknown"}),
        lambda p: replace(p, screen={k: v for k, v in p.screen.items() if k != "visceral_pain"}),
        lambda p: replace(p, screen={**p.screen, "axspa_buttock": "no"}),
        lambda p: replace(p, age_years=51),
        lambda p: replace(p, sex=None),
        lambda p: replace(p, pseudonym="somebody_else"),
        lambda p: replace(p, iwgdf_risk=1),
        lambda p: replace(p, wells={"previous_dvt": "no"}, wells_examiner="C1"),
        lambda p: replace(p, history=History(pain_weeks=3)),
        lambda p: replace(p, history=History(unknown=frozenset({"pain_weeks"}))),
        lambda p: replace(p, conditions={"diabetes": "no"}),
        lambda p: replace(p, symptoms=(Symptom("pain", "low_back"),)),
        lambda p: replace(p, exam=(ExamItem("calf_squeeze", "left", 0.0, "", "prone"),)),
    ],
)
def test_any_other_answer_ends_a_clearance(change: Callable[[Person], Person]) -> None:
    clearances = trusted([clear()])
    assert screen_person(change(RAISED), clearances).plan_locked
    with pytest.raises(LockedError):
        unlock(change(RAISED), clearances)


def test_another_day_of_the_examination_ends_a_clearance() -> None:
    item = ExamItem("root_screen_l2_s2", "left", 2.0, "grade", "t", "L4 strength", "C1", date(2026, 1, 2))
    person = replace(RAISED, exam=(item,))
    clearances = trusted([clear(person)])
    assert not screen_person(person, clearances).plan_locked
    later = replace(person, exam=(replace(item, measured_on=date(2026, 2, 2)),))
    assert screen_person(later, clearances).plan_locked


def test_a_clearance_of_one_sign_clears_no_other() -> None:
    person = replace(RAISED, screen={**RAISED.screen, "ces_bladder": "yes"})
    screen = screen_person(person, trusted([clear(person)]))
    assert (screen.level, screen.plan_locked) == ("emergency", True)
    both = trusted([clear(person), clear(person, "ces_bladder")])
    assert not screen_person(person, both).plan_locked


@pytest.mark.parametrize(
    ("forge", "word"),
    [
        (lambda c: replace(c, flag="ces_bladder"), "signature"),
        (lambda c: replace(c, reason="because I say so"), "signature"),
        (lambda c: replace(c, answers="0" * 64), "signature"),
        (lambda c: replace(c, at=c.at - timedelta(days=1)), "signature"),
        (lambda c: replace(c, signature=""), "signature"),
        (lambda c: replace(c, signature="not base64!"), "signature"),
        (lambda c: replace(c, clinician="dr_nobody"), "a name alone clears nothing"),
        (lambda c: replace(c, key_id="ff" * 32), "another key"),
    ],
)
def test_a_forged_clearance_is_named_and_does_not_count(forge: Callable[[Clearance], Clearance], word: str) -> None:
    forged = forge(clear())
    assert trusted([forged]) == ()
    assert word in distrusted([forged])[0].reason
    assert distrusted([clear()]) == ()


def test_a_clearance_signed_by_a_key_of_elsewhere_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KINECHAIN_HOME", str(tmp_path / "elsewhere"))
    new_clinician("dr_ono", SECRET)
    foreign = clear()
    monkeypatch.setenv("KINECHAIN_HOME", str(tmp_path))
    assert trusted([foreign]) == ()
    assert "another key" in distrusted([foreign])[0].reason


def test_an_unverified_clearance_is_refused() -> None:
    with pytest.raises(LockedError, match="not verified"):
        unlock(RAISED, [clear()])  # type: ignore[list-item]
    with pytest.raises(LockedError):
        TrustedClearance(clear())
    with pytest.raises(TypeError):
        object.__new__(TrustedClearance)


@pytest.mark.parametrize(
    ("person", "flag", "word"),
    [
        (RAISED, "ces_bladder", "not raised"),
        (replace(RAISED, screen={**RAISED.screen, "ces_bladder": "unknown"}), "ces_bladder", "answered, not cleared"),
        (replace(RAISED, screen={**RAISED.screen, "pregnancy": "yes"}), "pregnancy", "holds back nothing"),
        (replace(RAISED, age_years=17), "foot_drop", "under 18"),
        (replace(RAISED, age_years=17), "under_18", "under 18"),
        (replace(RAISED, screen={**RAISED.screen, "under_18": "yes"}), "foot_drop", "under 18"),
        (replace(RAISED, age_years=float("nan")), "foot_drop", "age is not known"),
    ],
)
def test_what_cannot_be_cleared(person: Person, flag: str, word: str) -> None:
    with pytest.raises(LockedError, match=word):
        clear(person, flag)


def test_a_clearance_needs_a_known_sign_a_reason_and_a_time() -> None:
    with pytest.raises(SettingError, match="Did you mean 'foot_drop'"):
        clear(flag="foot_dorp")
    with pytest.raises(SettingError, match="reason"):
        clear(reason="looks fine")
    for at in (datetime.now(UTC) + timedelta(days=2), datetime(2020, 1, 1)):
        with pytest.raises(SettingError, match="time"):
            sign_clearance(RAISED, "foot_drop", "examined it today", "dr_ono", SECRET, at)


def test_a_wrong_passphrase_or_an_unknown_clinician_signs_nothing() -> None:
    with pytest.raises(LockedError, match="passphrase"):
        sign_clearance(RAISED, "foot_drop", "examined it today", "dr_ono", "wrong horse battery")
    with pytest.raises(SettingError, match="Did you mean 'dr_ono'"):
        sign_clearance(RAISED, "foot_drop", "examined it today", "dr_onu", SECRET)


@pytest.mark.skipif(os.name != "posix", reason="modes of files are of POSIX")
def test_the_private_key_is_encrypted_and_closed_to_others(home: Path) -> None:
    folder, key = home / "clinicians", home / "clinicians" / "dr_ono.pem"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert b"ENCRYPTED PRIVATE KEY" in key.read_bytes()
    key.chmod(0o644)
    with pytest.raises(LockedError, match="read by others"):
        clear()


def test_keys_are_listed_and_never_overwritten(home: Path) -> None:
    made = new_clinician("Dr. A. Example", SECRET)
    assert [c.name for c in clinicians()] == ["Dr. A. Example", "dr_ono"]
    assert made in clinicians()
    with pytest.raises(SettingError, match="never overwritten"):
        new_clinician("dr_ono", SECRET)
    for name in ("../up", "", ".hidden", "a/b", "x" * 61, "a\n"):
        with pytest.raises(SettingError, match="name"):
            new_clinician(name, SECRET)
    with pytest.raises(SettingError, match="too short"):
        new_clinician("dr_new", "short")
    (home / "clinicians" / "broken.pub").write_text("nothing", encoding="utf-8")
    with pytest.raises(FileError, match=r"broken\.pub"):
        clinicians()


def test_a_public_key_taken_away_ends_what_it_signed(home: Path) -> None:
    signed = clear()
    (home / "clinicians" / "dr_ono.pub").unlink()
    assert trusted([signed]) == ()


def test_the_fields_of_a_clearance_are_all_signed() -> None:
    signed = clear()
    for field in dataclasses.fields(signed):
        if field.name not in ("signature", "at"):
            other = replace(signed, **{field.name: "other"})
            assert other.signed_bytes != signed.signed_bytes, field.name


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX systems")
def test_a_key_that_others_can_write_or_that_is_a_link_clears_nothing(home: Path) -> None:
    clearance = clear()
    folder = home / "clinicians"
    key = folder / "dr_ono.pub"
    assert trusted([clearance])
    for path, usual in ((key, 0o644), (folder, 0o700)):
        path.chmod(usual | 0o020)
        with pytest.raises(LockedError, match=rf"{path.name} can be written by others"):
            trusted([clearance])
        path.chmod(usual)
    key.rename(home / "planted.pub")
    key.symlink_to(home / "planted.pub")
    with pytest.raises(LockedError, match="is a link"):
        trusted([clearance])


@pytest.mark.skipif(os.name != "posix", reason="owners of POSIX systems")
def test_a_key_of_another_user_clears_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clearance = clear()
    owner = (home / "clinicians").stat().st_uid
    if owner == 0:
        os.chown(home / "clinicians" / "dr_ono.pub", 12345, -1)
    else:
        monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(LockedError, match="another user"):
        trusted([clearance])
