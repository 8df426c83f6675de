"""A journal loses nothing, counts nothing twice, and says which line is not as it was written."""

import dataclasses
import json
import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinechain.care.follow_up.events import Event, NextMorning
from kinechain.care.records.journal import append, journal_path, merge_files, merged, read_journal, repair, salvage
from kinechain.care.records.journal_lines import chained, read_lines
from kinechain.care.records.plain_values import EVENT_KINDS, from_plain, to_plain
from kinechain.core.errors import FileError, InputError, JournalError
from made_events import MORNING, every_kind


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "p01.journal.jsonl"
    append(path, *every_kind(), person="P01")
    return path


def test_there_is_an_event_of_every_kind() -> None:
    assert {type(event) for event in every_kind()} == set(EVENT_KINDS.values())
    every = set(Event.__subclasses__())
    assert every == set(EVENT_KINDS.values())


@pytest.mark.parametrize("event", every_kind(), ids=lambda e: type(e).__name__)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    text = json.dumps(to_plain(event), allow_nan=False)
    back = from_plain(json.loads(text), Event)
    assert back == event and type(back) is type(event)
    assert back.at.utcoffset() == timedelta(hours=5, minutes=45)


def test_a_journal_comes_back_as_it_was(path: Path) -> None:
    journal = read_journal(path, "P01")
    assert journal.events == every_kind()
    assert journal.person == "P01"


def test_the_path_stands_beside_the_person_file() -> None:
    assert journal_path("a/b/anna7.toml") == Path("a/b/anna7.journal.jsonl")


def test_appending_never_touches_what_stands_there(path: Path) -> None:
    before = path.read_bytes()
    new = NextMorning(id="later-01", at=MORNING, by="patient", pain=1)
    assert append(path, new, person="P01") == (new,)
    assert path.read_bytes().startswith(before)
    assert read_journal(path).events == (*every_kind(), new)


def test_the_same_entry_is_not_written_twice(path: Path) -> None:
    before = path.read_bytes()
    assert append(path, *every_kind(), person="P01") == ()
    assert path.read_bytes() == before


def test_an_entry_is_never_changed(path: Path) -> None:
    before = path.read_bytes()
    other = dataclasses.replace(every_kind()[0], sets=99)
    with pytest.raises(JournalError, match="'entry-000' that says something else"):
        append(path, other, person="P01")
    assert path.read_bytes() == before


def test_the_journal_of_somebody_else_is_refused(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(JournalError, match="'P01', not of 'P02'"):
        append(path, every_kind()[0], person="P02")
    with pytest.raises(JournalError, match="'P01', not of 'P02'"):
        read_journal(path, "P02")
    assert path.read_bytes() == before


@pytest.mark.parametrize("number", range(1, len(every_kind()) + 1))
def test_an_altered_line_is_named(path: Path, number: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    lines[number - 1] = lines[number - 1].replace(b"0", b"1", 1) if number > 1 else lines[0].replace(b"P01", b"P02")
    path.write_bytes(b"".join(lines))
    with pytest.raises(JournalError, match=rf"line {number}:"):
        read_journal(path)
    found = salvage(path)
    assert [damage.line for damage in found.damage] == [number]
    altered = every_kind()[number - 2] if number > 1 else None
    assert found.events == tuple(event for event in every_kind() if event != altered)
    assert found.person == ("P01" if number > 1 else "")


def test_a_line_that_was_taken_out_is_noticed(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:5] + lines[6:]))
    found = salvage(path)
    assert [damage.line for damage in found.damage] == [5]
    assert set(map(lambda e: e.id, (*found.events, *found.doubtful))) == {e.id for e in every_kind()} - {"entry-004"}


@given(cut=st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_a_torn_end_costs_only_what_was_torn(cut: int) -> None:
    content = b"".join(chained("P01", every_kind()))
    torn = read_lines(content[:-cut])
    assert [event for event in every_kind()][: len(torn.events)] == list(torn.events)
    whole = content[:-cut].count(b"\n") - 1
    assert len(torn.events) == whole
    assert bool(torn.damage) == (not content[:-cut].endswith(b"\n"))


def test_a_repair_keeps_all_and_sets_the_damaged_file_aside(path: Path) -> None:
    torn = path.read_bytes()[:-7]
    path.write_bytes(torn)
    with pytest.raises(JournalError, match="line 19: it is torn"):
        append(path, every_kind()[-1], person="P01")
    found, aside = repair(path)
    assert aside.read_bytes() == torn
    assert read_journal(path, "P01").events == found.events == every_kind()[:-1]
    append(path, every_kind()[-1], person="P01")
    assert read_journal(path).events == every_kind()
    with pytest.raises(JournalError, match="nothing to repair"):
        repair(path)


def test_a_lost_first_line_needs_somebody_who_knows(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([b"{}\n", *lines[1:]]))
    with pytest.raises(JournalError, match="say whose it is"):
        repair(path)
    repair(path, "P01")
    assert read_journal(path, "P01").events == every_kind()


FAULTS = {
    '{"schema":"kinechain/journal/2","person":"P01"}': "kinechain/journal/2",
    '{"schema":"kinechain/journal/1","person":"Anna Muster"}': "pseudonym",
    '{"schema":"kinechain/journal/1","person":"P01","name":"x"}': "nothing else",
    "[1]": "no table",
    '{"a":1,"a":2}': "stands twice",
    '{"a":NaN}': "NaN is not a number",
    "{": "not JSON",
    "[" * 100_000: "",
    '{"a":' + "9" * 5000 + "}": "too many digits",
}


@pytest.mark.parametrize("text", FAULTS, ids=lambda t: t[:30])
def test_a_first_line_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.journal.jsonl"
    path.write_text(text + "\n")
    with pytest.raises(JournalError, match="line 1: .*" + FAULTS[text]):
        read_journal(path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"event": "sesion"}, "Did you mean 'session'"),
        ({"set": 3}, "no key 'set'"),
        ({"sets": "3"}, "sets: '3' is not a whole number"),
        ({"sets": 3.5}, "not a whole number"),
        ({"side": "links"}, "side: 'links' is none of"),
        ({"at": "2026-03-01T08:00:00"}, "lacks the offset"),
        ({"at": "yesterday"}, "is not a time"),
        ({"id": "short"}, "8 to 64"),
        ({"effort": True}, "not a number"),
    ],
)
def test_a_line_that_says_the_impossible_is_named(path: Path, change: dict[str, object], sentence: str) -> None:
    plain = {**to_plain(every_kind()[0]), **change, "previous": ""}
    with path.open("a") as file:
        file.write(json.dumps(plain) + "\n")
    with pytest.raises(JournalError, match="line 20: .*" + sentence):
        read_journal(path)
    assert salvage(path).events == every_kind()


def test_an_event_without_an_offset_is_refused_before_it_is_written(tmp_path: Path) -> None:
    naive = NextMorning(id="naive-001", at=datetime(2026, 3, 1, 8), by="patient")
    with pytest.raises(JournalError, match="offset of its clock"):
        append(tmp_path / "x.journal.jsonl", naive, person="P01")
    assert not (tmp_path / "x.journal.jsonl").exists()


def test_two_copies_merge_without_loss_or_double_counting(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "phone.journal.jsonl"
    other.write_bytes(path.read_bytes())
    here = NextMorning(id="here-0001", at=MORNING + timedelta(days=1), by="patient", pain=1)
    there = NextMorning(id="there-001", at=MORNING + timedelta(days=2), by="patient", pain=2)
    append(path, here, person="P01")
    append(other, there, person="P01")
    assert merged(read_journal(path), read_journal(other)) == merged(read_journal(other), read_journal(path))
    assert merge_files(path, other) == (there,)
    assert merge_files(path, other) == ()
    assert merge_files(other, path) == (here,)
    assert merged(read_journal(path)) == merged(read_journal(other))


def test_journals_of_two_people_do_not_merge(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.journal.jsonl"
    append(other, person="P02")
    with pytest.raises(JournalError, match="P01, P02"):
        merge_files(path, other)


def test_of_one_id_with_two_meanings_both_are_kept(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.journal.jsonl"
    changed = dataclasses.replace(every_kind()[0], sets=9)
    append(other, changed, person="P01")
    here, there = read_journal(path), read_journal(other)
    assert merged(here, there) == merged(there, here)
    (kept,) = merge_files(path, other)
    assert kept.id.startswith("entry-000-") and dataclasses.replace(kept, id="entry-000") == changed
    assert merge_files(path, other) == ()
    merge_files(other, path)
    assert merged(read_journal(path)).events == merged(read_journal(other)).events
    assert merged(read_journal(path)).events == merged(here, there).events


def _write_fifty(path: Path, writer: int) -> None:
    for number in range(25):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
        append(path, NextMorning(id=f"w{writer}-entry-{number}", at=at, by="patient"), person="P01")


def test_two_writers_do_not_write_into_each_other(tmp_path: Path) -> None:
    path = tmp_path / "x.journal.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_fifty, args=(path, k)) for k in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(read_journal(path).events) == 50


def test_a_held_journal_is_waited_for_and_then_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinechain.care.records.journal.PATIENCE_S", 0.05)
    from kinechain.care.records import journal

    with path.open("rb") as file, journal._held(file, path.name):
        with pytest.raises(FileError, match="written by another program"):
            append(path, NextMorning(id="later-01", at=MORNING, by="patient"), person="P01")
    assert len(append(path, NextMorning(id="later-01", at=MORNING, by="patient"), person="P01")) == 1


def test_a_full_disk_leaves_the_journal_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(FileError, match="No space left"):
        append(path, NextMorning(id="later-01", at=MORNING, by="patient"), person="P01")
    assert path.read_bytes() == before


def test_limits_of_size_are_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinechain.care.records.journal_lines.MAX_LINE", 300)
    long = NextMorning(id="later-01", at=MORNING, by="patient", why="x" * 400)
    with pytest.raises(JournalError):
        append(path, long, person="P01")
    monkeypatch.setattr("kinechain.care.records.journal.MAX_BYTES", 100)
    with pytest.raises(JournalError, match="larger than"):
        read_journal(path)


def test_a_missing_journal_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no journal x"):
        read_journal(tmp_path / "x.journal.jsonl")


def test_a_value_of_no_kind_is_refused() -> None:
    with pytest.raises(InputError, match="no table"):
        from_plain([1], Event)


@given(place=st.integers(0, 10**6), byte=st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_no_altered_byte_goes_unnoticed(place: int, byte: int) -> None:
    """Whatever byte is altered before the last line: it is named, and only that line, and its neighbour, is doubted."""
    content = bytearray(b"".join(chained("P01", every_kind())))
    last = content.rstrip(b"\n").rindex(b"\n") + 1
    place %= last
    before, content[place] = content[place], byte
    found = read_lines(bytes(content))
    assert bool(found.damage) == (byte != before)
    assert all(event in every_kind() for event in found.events)
    assert len(found.events) >= len(every_kind()) - 2
