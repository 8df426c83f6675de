"""`kinechain progress`: what is printed of how a plan goes, reviews written down, and what stops it."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from called import Call, MakePerson
from kinechain import __version__
from kinechain.care.follow_up.events import Acknowledged, PlanMade, Reviewed, VisitMade
from kinechain.care.follow_up.follow_up import Progress, follow_up
from kinechain.care.follow_up.pain_series import DayPain
from kinechain.care.person.person_file import read_person
from kinechain.care.records import following
from kinechain.care.records.journal import append, read_journal
from kinechain.cli.person_files import read_records
from kinechain.cli.progress_text import pain_chart
from kinechain.report.plan_json import read_care_schema
from schema_check import faults

START = date(2024, 3, 2)
BACK = '\n[history]\npain_regions = ["low_back"]\npain_weeks = 16\npain_average = 6\n'


def diary(days: int, *, pain: float = 4.0, during: float = 2.0) -> str:
    """Return a diary of every second day's exercise and every day's pain."""
    rows = []
    for k in range(days):
        day = (START + timedelta(days=k)).isoformat()
        rows.append({"event": "check_in", "at": f"{day}T20:00", "back_pain": pain, "screen": {"ces_bladder": "no"}})
        if k % 2 == 0:
            done = {"exercise": "bridge", "side": "both", "sets": 3, "repetitions": 10, "pain_during": during}
            rows.append({**done, "at": f"{day}T19:00"})
    return "\n".join(json.dumps(row) for row in rows)


@pytest.fixture
def doctor(call: Call, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of a clinician who holds a key here, the passphrase given as scripts do."""
    monkeypatch.setenv("KINECHAIN_PASSPHRASE", "correct horse battery")
    assert call("clinician", "new", "dr_ono").code == 0
    return "dr_ono"


@pytest.fixture
def followed(call: Call, person: MakePerson, tmp_path: Path) -> Path:
    """Write a person with a plan of March 2026 and a diary of sixteen days."""
    path = person(more=BACK)
    assert call("plan", "p.toml", "--on", START.isoformat()).code == 0
    (tmp_path / "diary.jsonl").write_text(diary(16))
    assert call("log", "p.toml", "--file", "diary.jsonl").code == 0
    return path


def test_everything_is_shown_with_its_rule(call: Call, followed: Path) -> None:
    result = call("progress", "p.toml", "--on", "2024-03-18")
    assert result.code == 0, result.err
    assert "P-017: day 16 of 56, week 3 of the plan, on 2024-03-18" in result.out
    headings = ["NOW", "DONE AND PLANNED", "PAIN, MEAN", "EXERCISES FROM NOW ON", "REVIEWS", "BESIDE THE USUAL COURSE"]
    places = [result.out.index(heading) for heading in headings]
    assert places == sorted(places)
    assert "  week  1  ############..................  4.0  (7 days)" in result.out
    assert "repetitions done of" in result.out and "[R6.1" in result.out
    assert "The review 'week 2' is due." in result.out
    assert "does not prove" in result.out


def test_json_holds_decisions_reviews_and_alerts(call: Call, followed: Path) -> None:
    result = call("progress", "p.toml", "--on", "2024-03-18", "--json")
    document = json.loads(result.out)
    assert faults(document, read_care_schema("progress")) == []
    assert (document["schema"], document["day"], document["locked"]) == ("kinechain/progress/1", 16, False)
    assert {"alerts", "decisions", "adherence", "repetitions", "reviews", "retests", "course"} <= set(document)
    assert [review["checkpoint"] for review in document["reviews"]] == ["day 3-7", "week 2", "week 6", "week 8"]
    assert document["duplicates"] == [] and document["conflicts"] == []


def test_a_day_before_anything_was_written_shows_no_pain(call: Call, followed: Path) -> None:
    assert "No pain was written down yet." not in call("progress", "p.toml", "--on", "2024-03-02").out
    assert "the plan began on 2024-03-02" in call("progress", "p.toml", "--on", "2024-03-01").refusal


def test_a_review_is_written_with_the_scores_and_the_examination_of_that_day(
    call: Call, followed: Path, tmp_path: Path, doctor: str
) -> None:
    followed.write_text(
        followed.read_text()
        + '\n[questionnaires]\nrmdq24 = { total = 4, on = "2024-03-16" }\n'
        + '\n[exam]\nnavicular_drop = { side = "left", value = 9, method = "ruler" }\n'
    )
    options = ("--review", "week 2", "--decision", "continue", "--clinician", "dr_ono", "--on", "2024-03-16")
    result = call("progress", "p.toml", *options)
    assert "Review 'week 2' written to p.journal.jsonl: continue, by dr_ono." in " ".join(result.err.split())
    visit, review = read_journal(tmp_path / "p.journal.jsonl").events[-2:]
    assert isinstance(visit, VisitMade) and visit.visit == "week 2" and visit.scores[0].total == 4
    assert isinstance(review, Reviewed) and "navicular_drop left" in review.measures
    assert (review.decision, review.by, review.at.date()) == ("continue", "dr_ono", date(2024, 3, 16))
    assert "A clinician wrote down: continue." in result.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--on", "soon"], "--on is 'soon'; write a day"),
        (["--on", "2126-01-01"], "lies in the future"),
        (["--review", "week 2"], "a review needs --review CHECKPOINT, --decision and --clinician NAME"),
        (["--review", "week 3", "--decision", "continue", "--clinician", "x"], "there is no review 'week 3'"),
        (["--review", "week 2", "--decision", "go", "--clinician", "x"], "--decision is 'go'"),
        (["--review", "week 2", "--decision", "refer", "--clinician", "x"], "no clinician 'x' has a key here"),
        (["--acknowledge", "pain.worsening", "--clinician", "x"], "needs --clinician NAME and --why TEXT"),
        (["--acknowledge", "pain.gone", "--clinician", "x", "--why", "seen"], "there is no alert 'pain.gone'"),
        (["--why", "seen"], "--why belongs to --acknowledge"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(call: Call, followed: Path, arguments: list[str], sentence: str) -> None:
    assert sentence in call("progress", "p.toml", *arguments).refusal


def test_without_a_plan_it_says_how_to_make_one(call: Call, person: MakePerson) -> None:
    person(more=BACK)
    result = call("progress", "p.toml")
    assert result.code == 1 and "kinechain plan p.toml" in result.out
    document = json.loads(call("progress", "p.toml", "--json").out)
    assert document["plan"] is None and faults(document, read_care_schema("progress")) == []


def test_a_danger_sign_rests_the_plan_and_the_pain_is_still_shown(call: Call, followed: Path) -> None:
    followed.write_text(followed.read_text().replace('ces_saddle = "no"', 'ces_saddle = "yes"'))
    result = call("progress", "p.toml", "--on", "2024-03-18")
    assert result.code == 1
    assert result.out.index("local emergency number") < result.out.index("The plan rests:")
    assert "EXERCISES" not in result.out and "week  2" in result.out


def test_a_sign_of_the_diary_rests_the_plan_until_a_clinician_has_looked(
    call: Call, followed: Path, tmp_path: Path
) -> None:
    row = {"event": "adverse_event", "at": "2024-03-17T08:00", "what": "new_weakness", "severity": "moderate"}
    (tmp_path / "more.jsonl").write_text(json.dumps(row))
    call("log", "p.toml", "--file", "more.jsonl")
    result = call("progress", "p.toml", "--on", "2024-03-18")
    assert result.code == 1 and "The plan rests:" in result.out and "adverse.new_weakness" in result.out
    assert read_person(followed).screen["foot_drop"] == "no"


def test_a_clinician_with_a_key_sees_an_alert(
    call: Call, followed: Path, tmp_path: Path, doctor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"event": "adverse_event", "at": "2024-03-17T08:00", "what": "fall", "severity": "moderate"}
    (tmp_path / "more.jsonl").write_text(json.dumps(row))
    call("log", "p.toml", "--file", "more.jsonl")
    asked = ("progress", "p.toml", "--on", "2024-03-18")
    shown = call(*asked)
    assert shown.code == 0 and "--acknowledge adverse.fall" in shown.out
    before = (tmp_path / "p.journal.jsonl").read_bytes()
    given = (*asked, "--acknowledge", "adverse.fall", "--why", "no harm was done", "--clinician")
    assert "no clinician 'dr_who' has a key here" in call(*given, "dr_who").refusal
    monkeypatch.setenv("KINECHAIN_PASSPHRASE", "not the passphrase")
    assert "the passphrase does not open the key of 'dr_ono'" in call(*given, doctor).refusal
    review = ("--review", "week 2", "--decision", "refer", "--clinician", doctor)
    assert "the passphrase does not open" in call(*asked, *review).refusal
    assert (tmp_path / "p.journal.jsonl").read_bytes() == before
    monkeypatch.setenv("KINECHAIN_PASSPHRASE", "correct horse battery")
    seen = call(*given, doctor)
    assert seen.code == 0 and "adverse.fall:2024-03-17" in seen.err and "seen by a clinician" in seen.out
    last = read_journal(tmp_path / "p.journal.jsonl").events[-1]
    assert isinstance(last, Acknowledged) and (last.by, last.why) == ("dr_ono", "no harm was done")


def test_seeing_a_danger_sign_does_not_lift_it(call: Call, followed: Path, tmp_path: Path, doctor: str) -> None:
    row = {"event": "check_in", "at": "2024-03-17T08:00", "screen": {"ces_bladder": "yes"}}
    (tmp_path / "more.jsonl").write_text(json.dumps(row))
    call("log", "p.toml", "--file", "more.jsonl")
    given = ("--acknowledge", "danger.ces_bladder", "--why", "sent in", "--clinician", doctor, "--on", "2024-03-18")
    result = call("progress", "p.toml", *given)
    assert result.code == 1 and "only by a signed clearance" in " ".join(result.err.split())


def told(pains: dict[str, float]) -> str:
    """Return a diary of pain by day."""
    rows = [
        {"event": "check_in", "at": f"{day}T20:00", "back_pain": pain, "danger": "none"} for day, pain in pains.items()
    ]
    return "\n".join(json.dumps(row) for row in rows)


def days(first: date, count: int, pain: float) -> dict[str, float]:
    return {(first + timedelta(days=k)).isoformat(): pain for k in range(count)}


def test_after_week_8_a_plan_that_keeps_it_up_is_offered_and_made(call: Call, followed: Path, tmp_path: Path) -> None:
    (tmp_path / "late.jsonl").write_text(told(days(date(2024, 4, 21), 14, 1.0)))
    assert call("log", "p.toml", "--file", "late.jsonl").code == 0
    early = ("--replace", "too early", "--keep-up", "--on", "2024-03-20")
    assert "from day 56 on" in call("plan", "p.toml", *early).refusal
    assert "--keep-up" not in call("progress", "p.toml", "--on", "2024-04-26").out
    assert "--keep-up" in call("progress", "p.toml", "--on", "2024-05-04").out
    assert "--keep-up" in call("plan", "p.toml").out
    made = call("plan", "p.toml", "--replace", "week 8: better", "--keep-up", "--on", "2024-05-04")
    assert made.code == 0 and "plan for 26 weeks" in made.out and "Keeping it up" in made.out
    later = call("progress", "p.toml", "--on", "2024-05-20")
    assert later.code == 0 and "--keep-up" not in later.out and "log.silent" not in later.out
    assert "log.silent" in call("progress", "p.toml", "--on", "2024-06-20").out
    assert "--keep-up makes a new plan" in call("plan", "p.toml", "--keep-up").refusal


@pytest.mark.parametrize(("pain", "sentence"), [(3.0, "come back and stayed"), (2.5, "not come back to stay")])
def test_whether_pain_came_back_is_said_after_week_8(
    call: Call, followed: Path, tmp_path: Path, pain: float, sentence: str
) -> None:
    late = days(date(2024, 4, 14), 14, 1.0) | days(date(2024, 4, 28), 15, pain)
    (tmp_path / "late.jsonl").write_text(told(late))
    assert call("log", "p.toml", "--file", "late.jsonl").code == 0
    assert "HAS PAIN COME BACK" not in call("progress", "p.toml", "--on", "2024-04-20").out
    shown = call("progress", "p.toml", "--on", "2024-05-12")
    assert sentence in shown.out and ("Answer the danger signs first." in shown.out) == (pain == 3.0)


def visited(day: str, chance: float | None) -> VisitMade:
    """Return a visit at which drivers were computed, or not."""
    rows = [{"id": "calf_tightness", "side": "left", "p_relevant": chance}]
    silent = [{"id": "trunk_lean", "side": "middle", "p_relevant": 0.25}]
    held = {} if chance is None else {"drivers": {"players": rows, "silent": silent}}
    at = datetime.fromisoformat(f"{day}T12:00+00:00")
    return VisitMade(
        id=f"visit-{day}", at=at, by="dr_ono", why="a visit", visit="visit", version="0.0.1", assessment=held
    )


@pytest.mark.parametrize(
    ("visits", "passed"),
    [
        ((visited("2024-03-01", 0.75), visited("2024-03-10", 0.5)), {"calf_tightness left": 0.5, "trunk_lean": 0.25}),
        ((visited("2024-03-01", 0.75), visited("2024-03-10", None)), None),
        ((visited("2024-03-01", None), visited("2024-03-10", 0.5)), None),
        ((visited("2024-03-01", 0.75),), None),
        ((visited("2024-03-01", 0.75), visited("2024-03-19", 0.5)), None),
    ],
)
def test_drivers_of_the_last_visit_test_the_plan_again_if_an_older_visit_has_some_too(
    call: Call, person: MakePerson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visits: tuple[VisitMade, ...],
    passed: dict[str, float] | None,
) -> None:  # fmt: skip
    path = person(more=BACK)
    call("plan", "p.toml", "--on", "2024-03-02")
    plans = [event for event in read_journal(tmp_path / "p.journal.jsonl").events if isinstance(event, PlanMade)]
    (tmp_path / "p.journal.jsonl").unlink()
    append(tmp_path / "p.journal.jsonl", *plans, *visits, person="P-017")
    seen: list[object] = []

    def listening(*arguments: Any, **named: Any) -> Progress:
        seen.append(named["drivers"])
        return follow_up(*arguments, **named)

    monkeypatch.setattr(following, "follow_up", listening)
    following.follow(read_records(path), date(2024, 3, 18))
    assert seen == [passed]


def test_a_review_can_compute_drivers_anew(call: Call, person: MakePerson, tmp_path: Path, doctor: str) -> None:
    person(more=BACK + '\n[exam]\nlunge_test = { side = "left", value = 5, method = "tape" }\n')
    assert call("plan", "p.toml", "--no-drivers", "--on", "2024-03-02").code == 0
    review = ("--review", "week 2", "--decision", "continue", "--clinician", doctor, "--on", "2024-03-16")
    assert call("progress", "p.toml", *review, "--drivers").code == 0
    visit = read_journal(tmp_path / "p.journal.jsonl").events[-2]
    assert isinstance(visit, VisitMade)
    drivers: Any = visit.assessment["drivers"]
    assert drivers["draws"] > 0 and "silent" in drivers
    assert "a review needs --review" in call("progress", "p.toml", "--drivers").refusal


def aged(journal: Path, **fields: object) -> str:
    """Write the plan of a journal anew, as another version would have left it; return its id."""
    events = [
        replace(event, plan={**event.plan, **fields}) if isinstance(event, PlanMade) else event
        for event in read_journal(journal).events
    ]
    journal.unlink()
    append(journal, *events, person="P-017")
    return next(str(event.plan["id"]) for event in events if isinstance(event, PlanMade))


def test_a_plan_of_an_older_version_blocks_nothing_and_is_not_the_plan_of_today(
    call: Call, followed: Path, tmp_path: Path
) -> None:
    key = aged(tmp_path / "p.journal.jsonl", version="0.0.1", weeks=7, forgotten="field")
    shown = call("progress", "p.toml", "--on", "2024-03-18")
    assert shown.code == 0 and "Version 0.0.1 made this plan" in shown.out and "day 16 of 49" in shown.out
    assert json.loads(call("progress", "p.toml", "--on", "2024-03-18", "--json").out)["plan"] == key
    assert "version 0.0.1 made the present plan" in call("plan", "p.toml").refusal
    new = json.loads(call("plan", "p.toml", "--replace", "a new version", "--on", "2024-03-18", "--json").out)
    assert new["replaces"] == key
    assert "the present one" in call("plan", "p.toml").out


def test_a_part_that_nobody_can_read_any_more_is_left_out(call: Call, followed: Path, tmp_path: Path) -> None:
    journal = tmp_path / "p.journal.jsonl"
    plan: Any = next(event.plan for event in read_journal(journal).events if isinstance(event, PlanMade))
    aged(journal, version="0.0.1", parts=[*plan["parts"], {"part": "of another kind"}], hypotheses=["none"])
    shown = call("progress", "p.toml", "--on", "2024-03-18")
    assert shown.code == 0 and "Version 0.0.1 made this plan" in shown.out and "EXERCISES FROM NOW ON" in shown.out


def test_a_plan_of_this_version_that_was_altered_is_refused(call: Call, followed: Path, tmp_path: Path) -> None:
    aged(tmp_path / "p.journal.jsonl", weeks=7)
    for arguments in (("progress", "p.toml"), ("plan", "p.toml"), ("plan", "p.toml", "--replace", "why")):
        assert "its content does not fit its id" in call(*arguments).refusal


def test_old_visits_are_computed_again_beside_the_old_results(call: Call, person: MakePerson, tmp_path: Path) -> None:
    exam = '\n[exam]\nnavicular_drop = { side = "left", value = 9, method = "ruler", measured_on = 2024-03-02 }\n'
    person(more=exam)
    measure = {"id": "foot.navicular_drop", "side": "left", "value": 5.0, "low": 4.0, "high": 6.0, "unit": "mm"}
    at = datetime(2024, 3, 2, 12, tzinfo=UTC)

    def visit(key: str, **fields: object) -> VisitMade:
        held = {"assessment": {"measures": [measure]}, "inputs": {}, "visit": "baseline", "version": "0.0.1"} | fields
        return VisitMade(id=key, at=at, by="dr_ono", why="a visit", **held)  # type: ignore[arg-type]

    journal = tmp_path / "p.journal.jsonl"
    append(journal, visit("visit-0001"), visit("visit-0002", inputs={"gone.trc": "ab" * 32}), person="P-017")
    result = call("progress", "p.toml", "--rerun")
    assert result.code == 0, result.err
    assert "baseline: computed by 0.0.1, now again by" in result.out and "(moved)" in result.out
    assert "gone.trc is gone, or was altered since." in result.out
    old, lost, new = read_journal(journal).events
    assert isinstance(new, VisitMade) and new.rerun_of == "visit-0001" and new.version == __version__
    assert (old, lost) == (visit("visit-0001"), visit("visit-0002", inputs={"gone.trc": "ab" * 32}))
    assert "is gone" in call("progress", "p.toml", "--rerun").out and len(read_journal(journal).events) == 3


def test_a_chart_depends_on_no_colour_and_names_silent_weeks() -> None:
    series = [DayPain(START + timedelta(days=d), 10.0, None, None, None) for d in (0, 15)]
    lines = pain_chart(series, START, START + timedelta(days=20))
    assert lines == [
        "  week  1  ############################## 10.0  (1 day)",
        "  week  2  nothing written down",
        "  week  3  ############################## 10.0  (1 day)",
    ]
