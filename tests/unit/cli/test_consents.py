"""Consent in the terminal: written down with its text, shown, heeded, and nothing deleted."""

import json
from datetime import date
from pathlib import Path

import pytest

from called import Call, MakePerson
from kinechain.care.follow_up.events import ConsentGiven, ConsentWithdrawn
from kinechain.care.records.consent import consent_text, text_digest
from kinechain.care.records.journal import read_journal

BACK = '\n[history]\npain_regions = ["low_back"]\npain_weeks = 16\npain_average = 6\n'


def words(text: str) -> str:
    return " ".join(text.split())


def test_what_is_agreed_to_is_shown_and_kept_with_the_digest_of_its_text(
    call: Call, person: MakePerson, tmp_path: Path
) -> None:
    person(more=BACK)
    given = call(
        "log", "p.toml", "--consent", "research", "--consent", "care", "--keep-until", "2034-12-31",
        "--at", "2024-03-01T10:00",
    )  # fmt: skip
    assert given.code == 0, given.err
    text = consent_text(("care", "research"), date(2034, 12, 31))
    assert all(words(sentence.text) in words(given.out) for sentence in text)
    (event,) = read_journal(tmp_path / "p.journal.jsonl").events
    assert isinstance(event, ConsentGiven) and event.scope == ("care", "research")
    assert (event.keep_until, event.wording) == (date(2034, 12, 31), text_digest(text))


def test_progress_says_what_is_agreed_to_and_what_is_due(call: Call, person: MakePerson, tmp_path: Path) -> None:
    person(more=BACK)
    call("plan", "p.toml", "--on", "2024-03-02")
    assert "Nothing was agreed to yet." in call("progress", "p.toml", "--on", "2024-03-03").out
    call("log", "p.toml", "--consent", "care", "--consent", "research", "--at", "2024-03-04T10:00")
    call("log", "p.toml", "--withdraw", "research", "--at", "2024-03-06T10:00")
    assert isinstance(read_journal(tmp_path / "p.journal.jsonl").events[-1], ConsentWithdrawn)
    early = call("progress", "p.toml", "--on", "2024-03-05").out
    assert "  research: agreed on 2024-03-04" in early and "due to be deleted" not in early
    size = (tmp_path / "p.journal.jsonl").stat().st_size
    late = call("progress", "p.toml", "--on", "2024-03-07").out
    assert "  care: agreed on 2024-03-04" in late and "  recordings: never asked" in late
    assert "  research: taken back on 2024-03-06" in late
    assert "made for research are due to be deleted" in words(late) and "Nothing is deleted by itself" in words(late)
    assert (tmp_path / "p.journal.jsonl").stat().st_size == size


def test_a_visit_without_consent_is_named_and_after_a_withdrawal_not_stored(
    call: Call, person: MakePerson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KINECHAIN_PASSPHRASE", "correct horse battery")
    call("clinician", "new", "dr_ono")
    person(more=BACK)
    assert "Stored without a consent to care" in words(call("plan", "p.toml", "--on", "2024-03-02").out)
    review = ("progress", "p.toml", "--review", "week 2", "--decision", "continue", "--clinician", "dr_ono")
    call("log", "p.toml", "--consent", "care", "--keep-until", "2024-03-20", "--at", "2024-03-03T10:00")
    assert "Stored without" not in call(*review, "--on", "2024-03-16").err
    assert "the consent to care ended on 2024-03-20" in call(*review, "--on", "2024-03-21").refusal
    call("log", "p.toml", "--withdraw", "care", "--at", "2024-03-22T10:00")
    events = read_journal(tmp_path / "p.journal.jsonl").events
    again = ("plan", "p.toml", "--replace", "week 6", "--on", "2024-04-13")
    assert "the consent to care was withdrawn on 2024-03-22" in call(*again).refusal
    assert "the consent to care was withdrawn" in call("progress", "p.toml", "--rerun").refusal
    assert read_journal(tmp_path / "p.journal.jsonl").events == events
    call("log", "p.toml", "--consent", "care", "--at", "2024-03-23T10:00")
    told = call(*again, "--json")
    assert told.code == 0 and json.loads(told.out)["reason"] == "week 6" and told.err == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--consent", "cares"], "there is no consent to 'cares'. Did you mean 'care'"),
        (["--withdraw", "all"], "there is no consent to 'all'"),
        (["--consent", "care", "--withdraw", "care"], "'care' is agreed to and taken back"),
        (["--keep-until", "2034-01-01"], "--keep-until belongs to --consent"),
        (["--consent", "care", "--keep-until", "soon"], "--keep-until is 'soon'"),
        (["--consent", "care", "--keep-until", "2001-01-01"], "lies before the day it begins"),
        (["--consent", "care", "--morning", "--pain", "2"], "at a time"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(
    call: Call, person: MakePerson, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    person(more=BACK)
    assert sentence in call("log", "p.toml", *arguments).refusal
    assert not (tmp_path / "p.journal.jsonl").exists()
