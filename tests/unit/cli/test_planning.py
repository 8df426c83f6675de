"""`kinechain plan`: made once, printed again, replaced with a reason, and never while locked."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from called import Call, MakePerson
from kinechain.care.follow_up.events import PlanMade, VisitMade
from kinechain.care.person.person_file import read_person
from kinechain.care.planning.plan import Advice, Because, Dose, Exercise, Goal, NotOffered, Orthosis, Plan
from kinechain.care.records.journal import read_journal
from kinechain.care.screening.lock import Unlocked, unlock
from kinechain.cli.plan_text import Style, dose_words, measure_words, plan_lines
from kinechain.core.estimate import Estimate
from kinechain.evidence.wording import Sentence
from kinechain.report.plan_json import read_care_schema
from schema_check import faults

BACK = '\n[history]\npain_regions = ["low_back"]\npain_weeks = 16\npain_average = 5\n'
HEEL = '\n[history]\npain_regions = ["heel_left"]\npain_average = 4\n'
EXAM = '\n[exam]\nnavicular_drop = { side = "left", value = 9, method = "ruler" }\n'


def sentence(text: str, certainty: str = "", audience: str = "both") -> Sentence:
    """Return a sentence that rests on a rule and a source."""
    kind = "fact" if certainty else "frame"
    return Sentence("t.t", text, kind, audience, ("henschke2009",), "R5.1", certainty)  # type: ignore[arg-type]


def made_plan(unlocked: Unlocked) -> Plan:
    """Return a plan that holds a part of every kind that is printed apart."""
    why = (
        Because("rule", "R5.1", sentence("Because of this.", "low")),
        Because("history", "history.x", sentence("And.")),
    )
    dose = Dose((2, 3), (8, 12), (3, 3), times_per_day=(2, 2), hold_s=(3, 3), basis="ACSM", sources=("acsm2009",))
    stop = sentence("Stop if it hurts.")

    def head(key: str, title: str) -> dict[str, Any]:
        return {"id": key, "title": sentence(title), "because": why}

    parts = (
        Advice(**head("s", "When to stop"), topic="safety", sentences=(sentence("Stop."),)),
        Goal(**head("g", "Less pain"), measure="nprs", baseline=5, target=3, unit="points", by_week=6),
        Exercise(
            **head("e1", "Calf raise"),
            exercise="calf_raise",
            side="right",
            dose=dose,
            setup=(sentence("Stand."),),
            cues=(sentence("Slowly."),),
            stop_rules=(stop, sentence("Own rule.")),
        ),
        Exercise(**head("e2", "Clamshell"), exercise="clamshell", side="both", dose=dose, stop_rules=(stop,)),
        Advice(**head("w", "Walking"), topic="walking", sentences=(sentence("Walk.", "low"), sentence("And rest."))),
        Orthosis(
            **head("o", "Insole"),
            rearfoot_posting_deg=4.0,
            predicted=(("Pelvis", Estimate(1.0, 0.5, 1.5, "deg", "x")),),
        ),
        NotOffered(**head("n", "No belts"), intervention="belts", blocked_by=("conditions.epilepsy",)),
    )
    return Plan(unlocked, "care", date(2024, 3, 2), 8, parts, (), ("week 6",), "0.1.0")


@pytest.fixture
def printed(person: MakePerson) -> Plan:
    """Return a made plan, with a proof of its own."""
    return made_plan(unlock(read_person(person())))


def test_a_plan_is_made_kept_and_printed_again(call: Call, person: MakePerson, tmp_path: Path) -> None:
    person(more=BACK)
    first = call("plan", "p.toml")
    assert first.code == 0, first.err
    assert "P-017: plan for 8 weeks" in first.out and "EXERCISES" in first.out
    assert "No clinician has agreed to it yet" in first.out and "kinechain log p.toml" in first.out
    visit, made = read_journal(tmp_path / "p.journal.jsonl").events
    assert isinstance(visit, VisitMade) and visit.visit == "baseline"
    assert isinstance(made, PlanMade) and made.plan["schema"] == "kinechain/plan/1"
    again = call("plan", "p.toml")
    assert again.code == 0 and "the present one" in again.out
    assert len(read_journal(tmp_path / "p.journal.jsonl").events) == 2


def test_a_plan_is_replaced_with_the_reason_and_the_old_one_stays(
    call: Call, person: MakePerson, tmp_path: Path
) -> None:
    path = person(more=BACK)
    assert "no plan to replace yet" in call("plan", "p.toml", "--replace", "too early").refusal
    first = json.loads(call("plan", "p.toml", "--json").out)
    assert faults(first, read_care_schema("plan")) == []
    path.write_text(path.read_text().replace("pain_average = 5", "pain_average = 7"))
    assert "the answers have changed" in call("plan", "p.toml").refusal
    second = json.loads(call("plan", "p.toml", "--replace", "pain rose", "--json").out)
    assert (second["replaces"], second["reason"]) == (first["id"], "pain rose")
    events = read_journal(tmp_path / "p.journal.jsonl").events
    plans = [event.plan["id"] for event in events if isinstance(event, PlanMade)]
    assert plans == [first["id"], second["id"]]


def test_while_locked_there_is_no_plan_but_a_referral_with_a_letter(
    call: Call, person: MakePerson, tmp_path: Path
) -> None:
    person(foot_drop="yes", more=BACK)
    result = call("plan", "p.toml", "--letters", "--out", "letters")
    assert result.code == 1
    assert "No plan: Answered yes: foot_drop" in result.out and "EXERCISES" not in result.out
    assert "physician" in result.out
    letter = (tmp_path / "letters" / "referral_physician_same_day.txt").read_text()
    assert "front of the foot" in letter
    assert (tmp_path / "letters" / "referral_physician_same_day.pdf").read_bytes().startswith(b"%PDF")
    assert not (tmp_path / "p.journal.jsonl").exists()


def test_in_an_emergency_the_emergency_page_comes_first(call: Call, person: MakePerson) -> None:
    person(ces_saddle="yes", more=BACK)
    result = call("plan", "p.toml")
    assert result.code == 1
    assert result.out.index("local emergency number") < result.out.index("WHO ELSE")
    document = json.loads(call("plan", "p.toml", "--json").out)
    assert document["emergency"]["act_now"] is True and document["screen"]["plan_locked"] is True


def test_an_unscreened_person_gets_no_plan(call: Call, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('[person]\nage_years = 45\n[history]\npain_regions = ["low_back"]\n')
    result = call("plan", "p.toml")
    assert result.code == 1 and "EXERCISES" not in result.out


def test_an_examination_becomes_findings_and_letters_are_written(
    call: Call, person: MakePerson, tmp_path: Path
) -> None:
    person(more=HEEL + EXAM)
    result = call("plan", "p.toml", "--no-drivers", "--out", "plan", "--letters")
    assert result.code == 0, result.err
    assert {"plan.json", "plan_patient.txt", "plan_patient.pdf", "plan_clinician.txt", "plan_clinician.pdf"} <= {
        path.name for path in (tmp_path / "plan").iterdir()
    }
    visit, _ = read_journal(tmp_path / "p.journal.jsonl").events
    assert isinstance(visit, VisitMade) and "navicular" in json.dumps(visit.assessment["measures"])  # type: ignore[arg-type]


def test_a_bundle_is_written_with_the_plan_or_with_the_referral(call: Call, person: MakePerson, tmp_path: Path) -> None:
    person(more=BACK)
    assert "Written: p.fhir.json" in call("plan", "p.toml", "--fhir", "p.fhir.json").out
    kinds = {entry["resource"]["resourceType"] for entry in json.loads((tmp_path / "p.fhir.json").read_text())["entry"]}
    assert {"Patient", "QuestionnaireResponse", "CarePlan", "Goal"} <= kinds
    person("q.toml", foot_drop="yes", more=BACK)
    assert call("plan", "q.toml", "--fhir", "q.fhir.json").code == 1
    kinds = {entry["resource"]["resourceType"] for entry in json.loads((tmp_path / "q.fhir.json").read_text())["entry"]}
    assert "ServiceRequest" in kinds and "CarePlan" not in kinds
    assert "nothing can be written to gone" in call("plan", "p.toml", "--fhir", "gone/p.json").refusal


def test_a_clinician_with_a_key_agrees(
    call: Call, person: MakePerson, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    person(more=BACK)
    assert "no clinician 'dr_ono'" in call("plan", "p.toml", "--agree", "--clinician", "dr_ono").refusal
    monkeypatch.setenv("KINECHAIN_PASSPHRASE", "correct horse battery")
    call("clinician", "new", "dr_ono")
    call("plan", "p.toml")
    assert "Agreed by dr_ono." in call("plan", "p.toml", "--agree", "--clinician", "dr_ono").out
    assert "Agreed by dr_ono." in call("plan", "p.toml").out
    assert len(read_journal(tmp_path / "p.journal.jsonl").events) == 3
    monkeypatch.setenv("KINECHAIN_PASSPHRASE", "not the passphrase")
    assert "does not open the key" in call("plan", "p.toml", "--agree", "--clinician", "dr_ono").refusal
    monkeypatch.delenv("KINECHAIN_PASSPHRASE")
    assert "a passphrase is typed" in call("plan", "p.toml", "--agree", "--clinician", "dr_ono").refusal


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["p.toml", "--agree"], "--agree and --clinician NAME belong together"),
        (["p.toml", "--for", "doctor"], "write clinician or patient"),
        (["p.toml", "--letters"], "--letters needs --out DIR"),
        (["gone.toml"], "there is no file gone.toml"),
        (["walk.trc"], "a plan needs a person file"),
        (["p.toml", "--out", "taken"], "nothing can be written to taken"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(
    call: Call, person: MakePerson, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    person(more=BACK)
    (tmp_path / "walk.trc").write_text("PathFileType\t4\n")
    (tmp_path / "taken").write_text("a file stands here")
    assert sentence in call("plan", *arguments).refusal


def test_a_patient_sees_no_insole_sheet_and_no_sources(printed: Plan) -> None:
    lines = plan_lines(printed, "P-1", Style(is_patient=True))
    text = "\n".join(lines)
    assert "Insole" not in text and "henschke2009" not in text and "acsm2009" not in text
    assert "Walk. (how sure: low)" in text and "- Slowly." in text


def test_a_clinician_sees_what_everything_rests_on(printed: Plan) -> None:
    lines = plan_lines(printed, "P-1", Style())
    text = "\n".join(lines)
    assert "Insole - rearfoot +4°" in text and "Predicted: Pelvis: 1 deg (0.5 to 1.5)" in text
    assert "[R5.1, henschke2009; certainty low]" in text
    assert "Why: R5.1, history.x" in text
    assert "No belts - blocked, a yes or not known: epilepsy" in text
    assert "And rest." not in text and "And rest." in "\n".join(plan_lines(printed, "P-1", Style(is_full=True)))


def test_what_to_do_first_stands_first_and_shared_stop_rules_once(printed: Plan) -> None:
    lines = plan_lines(printed, "P-1", Style())
    order = [lines.index(word) for word in ("FIRST", "GOALS", "EXERCISES", "EVERY DAY", "FOR THE CLINICIAN ALONE")]
    assert order == sorted(order)
    assert sum("Stop if it hurts." in line for line in lines) == 1
    assert "  * Less pain - now 5; aim 3 points by week 6" in lines
    assert "     Stop: Own rule." in lines


def test_a_dose_is_said_in_words(printed: Plan) -> None:
    assert (
        dose_words(printed.exercises[0].dose)
        == "2 to 3 sets of 8 to 12 repetitions, hold 3 s, 2 times a day, on 3 days a week"
    )
    daily = Dose((1, 1), (10, 10), (7, 7))
    assert dose_words(daily) == "one set of 10 repetitions, every day"


def test_a_hypothesis_is_called_by_what_people_call_it() -> None:
    assert measure_words("navicular_drop left") == "Navicular drop (left)"
    assert measure_words("subtalar_axis right") == "subtalar axis (right)"
