"""`kinechain log`: by options, by file, by interview, from another copy; nothing lost, nothing twice."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from called import Call, MakePerson
from kinechain.care.follow_up.events import CheckIn, Event, NextMorning, NotDone, PlanMade, Session
from kinechain.care.person.person_file import read_person
from kinechain.care.records.journal import append, read_journal

CALF = ("--exercise", "calf_raise", "--side", "right", "--sets", "3", "--repetitions", "12")
HEADER = "at,exercise,side,sets,repetitions,pain_during,effort\n"
ROW = "2024-03-01T18:30+01:00,calf_raise,right,3,12,2,6\n"


def events(folder: Path, name: str = "p") -> tuple[Event, ...]:
    """Return what stands in a journal."""
    return read_journal(folder / f"{name}.journal.jsonl").events


def plan_part(exercise: str, side: str = "both") -> dict[str, object]:
    """Return an exercise as it stands in a plan."""
    dose = {
        "sets": [3, 3],
        "repetitions": [8, 12],
        "days_per_week": [3, 3],
        "times_per_day": [1, 1],
        "hold_s": None,
        "load": "",
        "basis": "choice",
        "sources": [],
    }
    title = {"text": exercise.replace("_", " ").capitalize()}
    return {"kind": "exercise", "exercise": exercise, "side": side, "title": title, "dose": dose}


@pytest.fixture
def planned(person: MakePerson, tmp_path: Path) -> Path:
    """Write a person whose journal holds a plan of two exercises, and a session of yesterday."""
    path = person(more='\n[history]\npain_regions = ["low_back", "heel_left"]\n')
    made = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
    plan = {"schema": "kinechain/plan/1", "parts": [plan_part("calf_raise", "right"), plan_part("clamshell")]}
    session = Session(
        id="session-1",
        at=made + timedelta(days=2),
        by="patient",
        exercise="clamshell",
        side="both",
        sets=2,
        repetitions=8,
    )
    append(
        tmp_path / "p.journal.jsonl",
        PlanMade(id="plan-made-1", at=made, by="dr_ono", plan=plan),
        session,
        person="P-017",
    )
    return path


def test_an_exercise_is_written_down_by_options(call: Call, person: MakePerson, tmp_path: Path) -> None:
    person()
    result = call("log", "p.toml", *CALF, "--pain", "2", "--effort", "6", "--at", "2024-03-01T18:30")
    assert result.code == 0 and "Written to p.journal.jsonl. New entries: 1." in result.out
    (session,) = events(tmp_path)
    assert isinstance(session, Session)
    assert (session.side, session.sets, session.repetitions, session.pain_during, session.effort) == (
        "right",
        3,
        12,
        2,
        6,
    )
    assert session.at.isoformat().startswith("2024-03-01T18:30")


def test_the_morning_after_keeps_soreness_apart_from_pain(call: Call, person: MakePerson, tmp_path: Path) -> None:
    person()
    assert call("log", "p.toml", "--morning", "--pain", "1", "--soreness", "3", "--usual", "2").code == 0
    (morning,) = events(tmp_path)
    assert isinstance(morning, NextMorning)
    assert (morning.pain, morning.usual_pain, morning.soreness) == (1, 2, 3)


def test_the_same_entry_is_named_and_not_written_twice(call: Call, person: MakePerson, tmp_path: Path) -> None:
    person()
    for _ in range(2):
        result = call("log", "p.toml", *CALF, "--at", "2024-03-01T18:30")
    assert result.code == 0
    assert "Already there, not counted again: Session 2024-03-01 18:30 calf_raise right" in result.out
    assert len(events(tmp_path)) == 1


def test_a_file_of_entries_is_read_and_a_row_given_twice_counts_once(
    call: Call, person: MakePerson, tmp_path: Path
) -> None:
    person()
    (tmp_path / "log.csv").write_text(HEADER + ROW + ROW + ROW.replace("right", "left"))
    result = call("log", "p.toml", "--file", "log.csv", "--json")
    document = json.loads(result.out)
    assert document["schema"] == "kinechain/log/1"
    assert (len(document["written"]), len(document["already_there"])) == (2, 1)
    again = json.loads(call("log", "p.toml", "--file", "log.csv", "--json").out)
    assert (len(again["written"]), len(again["already_there"])) == (0, 3)
    assert len(events(tmp_path)) == 2


def test_lines_of_json_hold_entries_of_every_kind(call: Call, person: MakePerson, tmp_path: Path) -> None:
    person()
    rows: Sequence[dict[str, object]] = (
        {"event": "next_morning", "at": "2024-03-02T07:00", "soreness": 4},
        {"event": "adverse_event", "at": "2024-03-02T07:00", "what": "fall", "severity": "mild"},
        {"event": "paused", "at": "2024-03-03", "first": "2024-03-03", "last": "2024-03-05", "reason": "sick"},
        {"event": "steps_taken", "at": "2024-03-02T22:00", "day": "2024-03-02", "steps": 6400},
    )
    (tmp_path / "log.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    assert call("log", "p.toml", "--file", "log.jsonl").code == 0
    assert len(events(tmp_path)) == 4


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("2024-03-01,calf_rais,right,3,12,2,6", "Did you mean 'calf_raise'"),
        ("2024-03-01,calf_raise,rigth,3,12,2,6", "'rigth' is none of 'left', 'right', 'both'"),
        ("2024-03-01,calf_raise,right,3,12,20,6", "pain during of 20 cannot be: enter 0 to 10"),
        ("2024-03-01,calf_raise,right,three,12,2,6", "sets is 'three'; write a number"),
        ("2024-03-01,calf_raise,right,2.5,12,2,6", "write a whole number"),
        ("2024-03-01,calf_raise,right,,12,2,6", "an entry 'session' needs 'sets'"),
        ("yesterday,calf_raise,right,3,12,2,6", "at is 'yesterday'; write a day"),
        ("2126-03-01,calf_raise,right,3,12,2,6", "lies in the future"),
        ("2024-03-01,calf_raise,right,3,12,2,6,7", "more cells than the header"),
    ],
)
def test_an_impossible_row_is_named_and_nothing_of_the_file_is_used(
    call: Call, person: MakePerson, tmp_path: Path, row: str, sentence: str
) -> None:
    person()
    (tmp_path / "log.csv").write_text(HEADER + ROW + row + "\n")
    refusal = call("log", "p.toml", "--file", "log.csv").refusal
    assert sentence in refusal and "log.csv line 3" in refusal
    assert not (tmp_path / "p.journal.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "nothing to write"),
        (["--sets", "3"], "--sets belongs to an entry"),
        ([*CALF, "--morning"], "are two entries"),
        (["--morning"], "--morning needs --pain or --soreness"),
        ([*CALF, "--at", "2126-01-01"], "lies in the future"),
        ([*CALF, "--at", "soon"], "write a day such as"),
        (["--exercise", "calf_raise", "--side", "right", "--sets", "3"], "needs 'repetitions'"),
        ([*CALF, "--file", "x.csv"], "one of --exercise"),
        (["--file", "gone.csv"], "there is no file gone.csv"),
        (["--merge", "gone.jsonl"], "there is no journal gone.jsonl"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(
    call: Call, person: MakePerson, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    person()
    assert sentence in call("log", "p.toml", *arguments).refusal
    assert not (tmp_path / "p.journal.jsonl").exists()


def test_a_copy_kept_elsewhere_is_merged_without_loss_and_without_counting_twice(
    call: Call, person: MakePerson, tmp_path: Path
) -> None:
    person()
    person("phone.toml")
    for name, at in (("p", "2024-03-01T18:00"), ("phone", "2024-03-01T18:00"), ("phone", "2024-03-02T18:00")):
        assert call("log", f"{name}.toml", *CALF, "--at", at).code == 0
    first = call("log", "p.toml", "--merge", "phone.journal.jsonl")
    assert "From phone.journal.jsonl, not here before: 1." in first.out
    assert "Nothing new" in call("log", "p.toml", "--merge", "phone.journal.jsonl").out
    assert len(events(tmp_path)) == 2


def test_a_journal_of_somebody_else_is_refused(call: Call, person: MakePerson, tmp_path: Path) -> None:
    person()
    other = person("other.toml")
    other.write_text(other.read_text().replace("P-017", "P-018"))
    assert call("log", "p.toml", *CALF).code == 0
    assert call("log", "other.toml", *CALF).code == 0
    before = (tmp_path / "p.journal.jsonl").read_bytes()
    assert "'P-018', not of 'P-017'" in call("log", "p.toml", "--merge", "other.journal.jsonl").refusal
    assert (tmp_path / "p.journal.jsonl").read_bytes() == before


def test_a_damaged_journal_is_named_repaired_and_kept(call: Call, person: MakePerson, tmp_path: Path) -> None:
    person()
    for day in ("01", "02"):
        assert call("log", "p.toml", *CALF, "--at", f"2024-03-{day}T18:00").code == 0
    path = tmp_path / "p.journal.jsonl"
    damaged = path.read_text() + '{"event":"ses'
    path.write_text(damaged)
    refusal = call("log", "p.toml", *CALF).refusal
    assert "damaged in line 4" in refusal
    assert path.read_text() == damaged
    result = call("log", "p.toml", "--repair")
    assert result.code == 0 and "2 entries could be read" in result.err
    assert len(events(tmp_path)) == 2
    (aside,) = tmp_path.glob("p.journal.jsonl.damaged-*")
    assert aside.read_text() == damaged


def test_a_day_is_asked_for_one_exercise_at_a_time(call: Call, planned: Path, tmp_path: Path) -> None:
    typed = ["none", "2", "3", "1", "y", "", "10", "2", "6", "n", "3", "2", "5", "40 min"]
    result = call("log", "p.toml", "--ask", typed=typed)
    assert result.code == 0, result.err
    check, morning, calf, clamshell = events(tmp_path)[2:]
    assert isinstance(check, CheckIn) and set(check.screen.values()) == {"no"}
    assert (check.back_pain, check.foot_pain, check.first_step_pain, check.minutes_walked) == (3, 2, 5, 40)
    assert isinstance(morning, NextMorning) and (morning.pain, morning.usual_pain, morning.soreness) == (2, 3, 1)
    assert isinstance(calf, Session) and (calf.side, calf.sets, calf.repetitions, calf.effort) == ("right", 3, 10, 6)
    assert isinstance(clamshell, NotDone) and clamshell.exercise == "clamshell"
    assert "Calf raise (right): 3 sets of 8 to 12 repetitions, on 3 days a week" in " ".join(result.err.split())
    assert "Everything for today is written down already." in call("log", "p.toml", "--ask").err


def test_leaving_keeps_what_was_said_and_the_rest_is_asked_later(call: Call, planned: Path, tmp_path: Path) -> None:
    call("log", "p.toml", "--ask", typed=["none", "2", "3", "1", "y", "", "", "1", "5", "y", "q"])
    assert [type(event) for event in events(tmp_path)[2:]] == [CheckIn, NextMorning, Session]
    again = call("log", "p.toml", "--ask", typed=["n", "s", "s", "s", "s"])
    assert "Calf raise" not in again.err and "Is any of this new" not in again.err
    assert isinstance(events(tmp_path)[-1], NotDone)


def test_a_count_cannot_be_skipped_after_a_yes(call: Call, planned: Path, tmp_path: Path) -> None:
    result = call("log", "p.toml", "--ask", typed=["none", "s", "s", "s", "y", "s", "2.5", "3", "8", "s", "s", "q"])
    assert result.err.count("This needs a whole number.") == 2
    assert any(isinstance(event, Session) and event.sets == 3 for event in events(tmp_path)[2:])


def test_a_danger_sign_stops_the_diary_and_locks_the_plan(call: Call, planned: Path, tmp_path: Path) -> None:
    result = call("log", "p.toml", "--ask", typed=["1", "y", "y"])
    assert result.code == 1
    assert "local emergency number" in result.out
    assert "Calf raise" not in result.err
    (check,) = events(tmp_path)[2:]
    assert isinstance(check, CheckIn) and list(check.screen.values()).count("yes") == 1
    assert read_person(planned).screen["ces_bladder"] == "yes"
    assert call("screen", "p.toml").code == 1


def test_a_danger_sign_of_a_file_locks_the_plan_too(call: Call, person: MakePerson, tmp_path: Path) -> None:
    path = person()
    table = "event,at,back_pain,danger\ncheck_in,2024-03-02T20:00,3,none\ncheck_in,2024-03-03T20:00,4,ces_saddle\n"
    (tmp_path / "log.csv").write_text(table.replace("ces_saddle", "ces_sadle"))
    assert "Did you mean 'ces_saddle'" in call("log", "p.toml", "--file", "log.csv").refusal
    (tmp_path / "log.csv").write_text(table)
    result = call("log", "p.toml", "--file", "log.csv")
    assert result.code == 1 and "local emergency number" in result.out
    first, second = events(tmp_path)
    assert isinstance(first, CheckIn) and set(first.screen.values()) == {"no"}
    assert isinstance(second, CheckIn) and second.screen["ces_saddle"] == "yes"
    assert read_person(path).screen["ces_saddle"] == "yes"


def test_an_exercise_beside_the_plan_is_kept_and_named(call: Call, planned: Path) -> None:
    assert (
        "Not in the present plan"
        in call("log", "p.toml", "--exercise", "bridge", "--sets", "2", "--repetitions", "9").out
    )


def test_a_folder_that_cannot_be_written_is_named_and_nothing_is_lost(
    call: Call, person: MakePerson, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    person()
    (tmp_path / "p.journal.jsonl").mkdir()
    assert "p.journal.jsonl" in call("log", "p.toml", *CALF).refusal
