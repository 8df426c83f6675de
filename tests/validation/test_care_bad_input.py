"""Bad input to the verbs of care: one sentence and exit code 2, nothing lost, nobody's name repeated."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kinechain.care.follow_up.events import NextMorning
from kinechain.care.person.person_file import screen_keys
from kinechain.care.records.journal import append, merge_files, read_journal, repair, salvage
from kinechain.cli import LONGEST_REFUSAL, main
from kinechain.core.errors import FileError, InputError, JournalError
from kinechain.report.fhir_read import read_bundle

ANSWERS = "".join(f'{key} = "no"\n' for key in screen_keys() if key != "psych_distress")
PERSON = f'[person]\npseudonym = "P-017"\nage_years = 52\n[screen]\n{ANSWERS}'

#: A public key on a curve that nobody here reads.
SECP160R1 = """-----BEGIN PUBLIC KEY-----
MD4wEAYHKoZIzj0CAQYFK4EEAAgDKgAEnlKY9kb8sp7KeZPfpMy1rQ6pZiFTuhZn
4Ud+HJpFDWYY+CrBH2qbQw==
-----END PUBLIC KEY-----
"""

#: Appends entries for ever and prints the id of each after it was acknowledged.
WRITER = """
import sys
from datetime import UTC, datetime
from kinechain.care.follow_up.events import NextMorning
from kinechain.care.records.journal import append
number = 0
while True:
    entry = NextMorning(id=f"{sys.argv[2]}-{number:06}", at=datetime(2026, 3, 2, 7, tzinfo=UTC), by="patient", pain=2.0)
    append(sys.argv[1], entry, person="P-017")
    print(entry.id, flush=True)
    number += 1
"""


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("KINECHAIN_HOME", str(home))
    for name in ("KINECHAIN_EMERGENCY_NUMBER", "KINECHAIN_CRISIS_LINE", "KINECHAIN_CLINIC"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "p.toml"
    path.write_text(PERSON, encoding="utf-8")
    return path


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]):
    """Return a function that runs a verb which must be refused, and returns its one sentence."""

    def run(*arguments: object) -> str:
        with pytest.raises(SystemExit) as leaving:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        lines = printed.err.splitlines()
        assert leaving.value.code == 2, printed
        assert len(lines) == 1 and lines[0].startswith("kinechain: ") and lines[0].isprintable(), lines
        return lines[0]

    return run


def morning(key: str = "first-entry", pain: float = 2.0) -> NextMorning:
    return NextMorning(id=key, at=datetime(2026, 3, 2, 7, tzinfo=UTC), by="patient", pain=pain)


def start_writer(journal: Path, key: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(journal), key], stdout=subprocess.PIPE, text=True)


def test_killed_writers_lose_no_acknowledged_entry(tmp_path: Path) -> None:
    journal = tmp_path / "p.journal.jsonl"
    draw, acknowledged = random.Random(0), []
    for round_ in range(4):
        writers = [start_writer(journal, f"r{round_}w{number}") for number in (0, 1)]
        for writer in writers:
            assert writer.stdout is not None
            acknowledged.append(writer.stdout.readline().strip())
        time.sleep(draw.uniform(0.0, 0.1))
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            acknowledged += (writer.communicate()[0]).split()
    found = salvage(journal)
    # A line that was torn was not acknowledged; what was stands there, once.
    assert {key for key in acknowledged if len(key) == 11} <= {event.id for event in found.events}
    if found.damage:
        repair(journal, "P-017")
    assert len(read_journal(journal, "P-017").events) >= len(set(acknowledged)) - 1


def test_an_empty_journal_is_repaired_for_the_person_of_the_file(
    person: Path, refused, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = person.with_name("p.journal.jsonl")
    journal.write_bytes(b"")
    assert "--repair" in refused("log", person, "--morning", "--pain", "2")
    with pytest.raises(SystemExit) as leaving:
        main(["log", str(person), "--repair"])
    assert leaving.value.code == 0
    append(journal, morning(), person="P-017")
    assert [event.id for event in read_journal(journal, "P-017").events] == ["first-entry"]


def test_a_repair_keeps_the_file_and_sets_a_copy_aside(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "p.journal.jsonl"
    append(real, morning(), person="P-017")
    torn = real.read_bytes() + b'{"event":"next_mor'
    real.write_bytes(torn)
    link.symlink_to(real)
    found, aside = repair(link)
    assert link.is_symlink() and aside.read_bytes() == torn and len(found.damage) == 1
    assert [event.id for event in read_journal(real).events] == ["first-entry"]


@pytest.mark.parametrize(("make", "words"), [
    (Path.mkdir, "is a folder"),
    (os.mkfifo, "is a pipe"),
    (lambda path: path.symlink_to(path.with_name("gone")), "points to a file that is not there"),
])  # fmt: skip
@pytest.mark.parametrize("verb", [("screen",), ("plan",), ("progress",), ("log", "--morning", "--pain=2")])
def test_a_journal_that_is_no_file_is_not_taken_for_none(person: Path, refused, make, words: str, verb) -> None:
    make(person.with_name("p.journal.jsonl"))
    assert words in refused(verb[0], person, *verb[1:])


def test_a_journal_of_too_many_lines_is_refused_at_once(tmp_path: Path) -> None:
    journal = tmp_path / "p.journal.jsonl"
    append(journal, morning(), person="P-017")
    journal.write_bytes(journal.read_bytes() + b"{}\n" * 2_000_000)
    began = time.process_time()
    with pytest.raises(JournalError, match="lines, which no journal"):
        read_journal(journal)
    assert time.process_time() - began < 2.0


def test_a_full_disk_leaves_the_journal_as_it_was(person: Path) -> None:
    journal = person.with_name("p.journal.jsonl")
    append(journal, morning(), person="P-017")
    before = journal.read_bytes()
    limit = len(before) + 20
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
        "from kinechain.cli import main; main(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "log", str(person), "--morning", "--pain", "3"], capture_output=True, text=True
    )
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "cannot be written" in done.stderr
    assert journal.read_bytes() == before


def test_the_journal_of_somebody_else_is_not_merged(person: Path, refused, tmp_path: Path) -> None:
    append(person.with_name("p.journal.jsonl"), morning(), person="P-017")
    other = tmp_path / "other.jsonl"
    append(other, morning("other-entry"), person="P-018")
    assert "P-018" in refused("log", person, "--merge", other)
    with pytest.raises(FileError, match="is a folder"):
        merge_files(person.with_name("p.journal.jsonl"), tmp_path)


@pytest.mark.parametrize(
    "content", [b"emergency_number = ", b"\xff", b"x = " + b"[" * 5000, b"x = " + b"9" * 5000, b" " * 20_000]
)
def test_broken_settings_never_hold_back_the_emergency_page(
    person: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    (tmp_path / "home" / "settings.toml").write_bytes(content)
    person.write_text(PERSON.replace('ces_bladder = "no"', 'ces_bladder = "yes"'), encoding="utf-8")
    with pytest.raises(SystemExit) as leaving:
        main(["screen", str(person)])
    printed = capsys.readouterr().out
    assert leaving.value.code == 1
    assert "emergency number" in printed and "settings.toml" in printed


@pytest.mark.parametrize("moment", ["0001-01-01", "0001-01-01T00:00+14:00", "9999-12-31T23:59", "2026-06-30T23:59:60"])
def test_times_that_no_clock_tells_are_refused(person: Path, refused, tmp_path: Path, moment: str) -> None:
    assert moment[:10] in refused("log", person, "--morning", "--pain", "2", "--at", moment)
    diary = tmp_path / "diary.csv"
    diary.write_text(f"event,at,pain\nnext_morning,{moment},2\n", encoding="utf-8")
    assert moment[:10] in refused("log", person, "--file", diary)
    assert not person.with_name("p.journal.jsonl").exists()


def test_a_long_word_is_not_repeated_whole(person: Path, refused) -> None:
    sentence = refused("plan", person, "--for", "x" * 50_000)
    assert len(sentence) < LONGEST_REFUSAL + 50 and "patient" in sentence
    person.write_text(PERSON.replace("[screen]", "[screen]\nkey = 1"), encoding="utf-8")
    assert len(refused("screen", person)) < 500


def test_a_bundle_that_is_refused_repeats_no_name() -> None:
    patient = {"resourceType": "Patient", "birthDate": {"Zebulon": "Quagmire 1971-04-05"}, "name": "Zebulon Quagmire"}
    with pytest.raises(InputError) as refusal:
        read_bundle(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient}]}))
    sentence = str(refusal.value)
    assert "\n" not in sentence and not any(word in sentence for word in ("Zebulon", "Quagmire", "1971"))


def test_a_date_of_tomorrow_in_a_person_file_is_refused(person: Path, refused) -> None:
    later = date(9999, 12, 31)
    person.write_text(PERSON + f"[questionnaires]\nnprs = {{ total = 5, on = {later} }}\n", encoding="utf-8")
    assert "future" in refused("screen", person)


def test_what_is_no_key_is_named_and_never_waited_for(person: Path, refused, tmp_path: Path) -> None:
    keys = tmp_path / "home" / "clinicians"
    keys.mkdir()
    append(person.with_name("p.journal.jsonl"), morning(), person="P-017")
    os.mkfifo(keys / "pipe.pub")
    assert "pipe.pub is no file" in refused("screen", person)
    (keys / "pipe.pub").unlink()
    (keys / "curve.pub").write_text(SECP160R1, encoding="ascii")
    assert "curve.pub is no public key" in refused("screen", person)
    assert "no clinician's public key" in refused("clinician", "trust", keys / "curve.pub")


@pytest.mark.parametrize("secret", ["long enough \udcff", "x" * 3000, "with\x1ba control"])
def test_a_passphrase_that_cannot_be_typed_is_refused(
    refused, person: Path, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("KINECHAIN_PASSPHRASE", secret)
    assert "passphrase" in refused("clinician", "new", "dr_ono")


def test_a_reason_that_cannot_be_shown_clears_nothing(
    refused, person: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KINECHAIN_PASSPHRASE", "a long passphrase")
    with pytest.raises(SystemExit):
        main(["clinician", "new", "dr_ono"])
    capsys.readouterr()
    person.write_text(PERSON.replace('foot_drop = "no"', 'foot_drop = "yes"'), encoding="utf-8")
    said = refused("screen", person, "--clear", "foot_drop", "--reason", "seen \x1b[2J today", "--clinician", "dr_ono")
    assert "cannot be shown" in said
    assert not person.with_name("p.journal.jsonl").exists()


@pytest.mark.parametrize(
    "line", ['height_m = "Zebulon Quagmire"', 'sex = "Quagmire"', "name = 'Zebulon'", 'age_years = "5.4.1971"']
)
def test_a_name_or_birth_date_in_a_wrong_place_is_not_repeated(person: Path, refused, line: str) -> None:
    person.write_text(PERSON.replace("age_years = 52", line), encoding="utf-8")
    sentence = refused("screen", person)
    assert not any(word in sentence for word in ("Zebulon", "Quagmire", "1971"))


@pytest.mark.parametrize(("closed", "code"), [("<&-", 0), (">&-", 0), ("2>&-", 0), ("<&- >&- 2>&-", 0)])
def test_closed_streams_are_no_fault(person: Path, closed: str, code: int) -> None:
    journal = person.with_name("p.journal.jsonl")
    append(journal, morning(), person="P-017")
    before = journal.read_bytes()
    verb = f"'{sys.executable}' -m kinechain.cli log '{person}' --morning --pain 3 {closed}"
    done = subprocess.run(["sh", "-c", verb], capture_output=True, text=True)
    assert done.returncode == code and "fault" not in done.stderr
    assert journal.read_bytes().startswith(before) and len(read_journal(journal, "P-017").events) == 2


@pytest.mark.parametrize("verb", ["log", "screen"])
def test_a_verb_that_asks_is_left_where_nobody_can_answer(person: Path, verb: str) -> None:
    command = f"'{sys.executable}' -m kinechain.cli {verb} '{person}' <&-"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert done.returncode in (0, 2) and "fault" not in done.stderr
