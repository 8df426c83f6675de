"""What a journal tells holds back every verb that shows a plan, drivers or a what-if, whatever the person file says."""

import json
from pathlib import Path

import pytest

from called import Call, MakePerson
from kinechain.care.follow_up.events import Acknowledged, AdverseEvent
from kinechain.care.records.journal import append, read_journal

BACK = '\n[history]\npain_regions = ["low_back"]\npain_weeks = 20\n'
BODY = ("--change", "lift left 6")
SIGNED = ("--reason", "seen and examined today", "--clinician", "dr_ono")
SNAP = '{"event": "adverse_event", "at": "2024-03-01T10:00+01:00", "what": "sudden_snap", "severity": "mild"}\n'
CHEST = SNAP.replace("sudden_snap", "chest_pain")


@pytest.fixture
def clinician(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINECHAIN_PASSPHRASE", "correct horse battery")
    assert call("clinician", "new", "dr_ono").code == 0


def measured(person: MakePerson) -> Path:
    path = person(more=BACK)
    path.write_text(path.read_text().replace("[screen]", "mass_kg = 70.0\nheight_m = 1.75\n\n[screen]", 1))
    return path


def tell(call: Call, folder: Path, row: str) -> str:
    (folder / "told.jsonl").write_text(row)
    result = call("log", "p.toml", "--file", "told.jsonl")
    assert result.code == 1
    return result.out


def test_an_unwanted_event_for_the_same_day_is_answered_at_once_and_holds_back_a_plan(
    call: Call, person: MakePerson, tmp_path: Path
) -> None:
    measured(person)
    assert "see a clinician today" in tell(call, tmp_path, SNAP)
    result = call("plan", "p.toml")
    assert result.code == 1 and "EXERCISES" not in result.out and "adverse.sudden_snap" in result.out
    assert "doctor" in result.out
    told = json.loads(call("screen", "p.toml", "--json").out)["screen"]
    assert (told["level"], told["plan_locked"]) == ("same_day", True)


def test_chest_pain_in_the_diary_shows_the_emergency_page(call: Call, person: MakePerson, tmp_path: Path) -> None:
    person(more=BACK)
    assert "local emergency number" in tell(call, tmp_path, CHEST)
    assert "local emergency number" in call("plan", "p.toml").out


def test_there_is_no_new_plan_and_no_what_if_after_an_unwanted_event(
    call: Call, person: MakePerson, tmp_path: Path
) -> None:
    measured(person)
    first = call("plan", "p.toml", "--no-drivers")
    assert first.code == 0, first.err
    tell(call, tmp_path, SNAP)
    for verb in (("plan", "p.toml"), ("plan", "p.toml", "--replace", "to get on"), ("progress", "p.toml")):
        result = call(*verb)
        assert result.code == 1 and "EXERCISES" not in result.out, verb
    assert "danger sign" in call("whatif", "p.toml", *BODY).refusal


def test_a_name_in_a_journal_lifts_nothing_and_a_signed_clearance_does(
    call: Call, person: MakePerson, clinician: None, tmp_path: Path
) -> None:
    measured(person)
    tell(call, tmp_path, SNAP)
    journal = tmp_path / "p.journal.jsonl"
    (event,) = read_journal(journal).events
    assert isinstance(event, AdverseEvent)
    key = "adverse.sudden_snap:2024-03-01"
    append(journal, Acknowledged(id="seen-00001", at=event.at, by="dr_ono", alert=key), person="P-017")
    assert call("plan", "p.toml", "--no-drivers").code == 1
    assert call("screen", "p.toml", "--clear", "adverse.sudden_snap", *SIGNED).code == 0
    assert call("plan", "p.toml", "--no-drivers").code == 0


def test_a_journal_merged_from_another_device_brings_its_dangers(
    call: Call, person: MakePerson, tmp_path: Path
) -> None:
    measured(person)
    (event,) = [AdverseEvent(**_plain())]
    append(tmp_path / "phone.journal.jsonl", event, person="P-017")
    assert call("log", "p.toml", "--merge", "phone.journal.jsonl").code == 1
    assert call("plan", "p.toml", "--no-drivers").code == 1


def _plain() -> dict[str, object]:
    from datetime import UTC, datetime

    at = datetime(2024, 3, 1, tzinfo=UTC)
    return {"id": "adverse-0001", "at": at, "by": "patient", "what": "new_weakness", "severity": "mild"}


def test_an_age_given_beside_the_file_makes_nobody_an_adult(call: Call, person: MakePerson) -> None:
    person(age=12, more=BACK)
    assert "--age is 30" in call("assess", "p.toml", "--age", "30").refusal
    person(age=75, more=BACK)
    assert "--sex is female" in call("assess", "p.toml", "--sex", "female").refusal


def test_the_diary_names_no_exercise_to_somebody_whose_plan_is_locked(
    call: Call, person: MakePerson, tmp_path: Path
) -> None:
    measured(person)
    assert call("plan", "p.toml", "--no-drivers").code == 0
    names = ("Bird dog", "Bridge")
    passed_over = call("log", "p.toml", "--ask", typed=["s", "q"])
    assert not any(name in passed_over.err for name in names)
    (tmp_path / "p.journal.jsonl").unlink()
    measured(person)
    assert call("plan", "p.toml", "--no-drivers").code == 0
    assert any(name in call("log", "p.toml", "--ask", typed=["none", "q"]).err for name in names)
    tell(call, tmp_path, SNAP)
    locked = call("log", "p.toml", "--ask", typed=["none", "q"])
    assert not any(name in locked.err for name in names)


def test_progress_stops_an_exercise_that_the_answers_of_today_forbid(call: Call, person: MakePerson) -> None:
    path = measured(person)
    assert call("plan", "p.toml", "--no-drivers").code == 0
    path.write_text(path.read_text().replace('pregnancy = "no"', 'pregnancy = "yes"'))
    shown = call("progress", "p.toml")
    assert shown.code == 0, shown.err
    assert "have a new plan made" in shown.out and "bird dog" in shown.out
    assert "changed since the present plan" in call("plan", "p.toml").refusal
