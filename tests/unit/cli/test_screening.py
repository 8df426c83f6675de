"""`kinechain screen`: what is asked, what is printed, what is saved, and how it ends."""

import json
from pathlib import Path
from random import Random

import pytest

from called import Call, MakePerson
from kinechain.care.intake.intake import intake_questions
from kinechain.care.person.person import Person
from kinechain.care.person.person_file import read_person
from kinechain.care.person.red_flag_text import questions
from kinechain.cli.screen_questions import _activities, open_intake
from kinechain.core.errors import SettingError
from kinechain.report.plan_json import read_care_schema
from schema_check import faults

SIGNED = ("--reason", "seen today, an old palsy", "--clinician", "dr_ono")


@pytest.fixture
def clinician(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a clinician a key, and scripts its passphrase."""
    monkeypatch.setenv("KINECHAIN_PASSPHRASE", "correct horse battery")
    assert call("clinician", "new", "dr_ono").code == 0


def test_a_person_without_a_sign_is_unlocked(call: Call, person: MakePerson) -> None:
    person()
    result = call("screen", "p.toml")
    assert result.code == 0, result.err
    assert "P-017: danger signs" in result.out and "The plan is not locked." in result.out
    assert "kinechain plan p.toml" in result.out
    assert "a clinician, who decides" in result.out


def test_every_sign_is_printed_with_what_it_rests_on(call: Call, person: MakePerson) -> None:
    person(foot_drop="yes", weight_loss="yes")
    result = call("screen", "p.toml")
    assert result.code == 1
    assert result.out.index("TODAY  Has your foot started to drop") < result.out.index(
        "WITHIN DAYS  Have you lost weight"
    )
    assert "Rule R1.7. Sources: " in result.out and "lothian_footdrop" in result.out
    assert result.out.count("Needs your sign-off") == 2
    assert "--clear foot_drop" in result.out


def test_an_emergency_names_the_number_of_this_place_and_that_nobody_watches(
    call: Call, person: MakePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    person(ces_bladder="yes")
    unset = call("screen", "p.toml")
    assert unset.code == 1 and "local emergency number" in unset.out
    monkeypatch.setenv("KINECHAIN_EMERGENCY_NUMBER", "0123 EMERGENCY")
    result = call("screen", "p.toml")
    assert "0123 EMERGENCY" in result.out
    assert result.out.index("0123 EMERGENCY") < result.out.index("What to do")
    assert any("watch" in line for line in result.out.splitlines())


def test_without_a_terminal_nothing_is_asked_and_what_is_missing_is_named(call: Call, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("[person]\nage_years = 45\n")
    result = call("screen", "p.toml", typed=["y"] * 99)
    assert result.code == 1 and result.err == ""
    assert "? Since the back or leg pain began" in result.out and "(not asked)" in result.out
    assert (tmp_path / "p.toml").read_text() == "[person]\nage_years = 45\n"


def test_json_holds_the_contract(call: Call, person: MakePerson) -> None:
    person(foot_drop="yes")
    result = call("screen", "p.toml", "--json")
    document = json.loads(result.out)
    assert result.code == 1 and result.err == ""
    assert document["schema"] == "kinechain/screen/1" and faults(document, read_care_schema("screen")) == []
    assert (document["screen"]["level"], document["screen"]["plan_locked"]) == ("same_day", True)
    (flag,) = document["screen"]["flags"]
    assert {"id", "urgency", "basis", "answer", "rule"} <= set(flag)
    assert document["emergency"]["act_now"] is False
    assert document["referral"]["urgency"] == "same_day"


def test_a_letter_is_written_to_whoever_should_see_the_person(call: Call, person: MakePerson, tmp_path: Path) -> None:
    person(foot_drop="yes")
    result = call("screen", "p.toml", "--letter", "letters")
    assert result.code == 1 and "referral_physician_same_day.pdf" in result.out
    assert "front of the foot" in (tmp_path / "letters" / "referral_physician_same_day.txt").read_text()
    (tmp_path / "taken").write_text("a file stands here")
    assert "nothing can be written to taken" in call("screen", "p.toml", "--letter", "taken").refusal


def test_an_interview_asks_everything_once_saves_each_answer_and_keeps_comments(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text('# mine\n[person]\npseudonym = "P-1" # a code\nage_years = 45\nsex = "male"\n')
    result = call("screen", "p.toml", "--ask", typed=["n"] * 42 + ["s"] * 80)
    assert result.code == 0, result.out
    count = result.err.count("Question ")
    assert 60 < count < 120 and f"Question {count} of {count}\n" in result.err
    assert "Besides the swollen" not in result.err  # A no to the swollen leg answers it.
    text = path.read_text()
    assert text.startswith('# mine\n[person]\npseudonym = "P-1" # a code\n')
    assert set(read_person(path).screen.values()) == {"no"}
    again = call("screen", "p.toml", "--ask", typed=["y"])
    assert "nothing is asked again" in again.err and again.code == 0


def test_after_the_danger_signs_it_goes_on_with_the_history(call: Call, person: MakePerson) -> None:
    path = person()
    places = next(question for question in intake_questions() if question.path == "history.pain_regions").choices
    back = 1 + [choice.value for choice in places].index("low_back")
    result = call("screen", "p.toml", "--ask", typed=["7", "5", str(back), "3 months", "q"])
    told = read_person(path).history
    assert (told.pain_worst, told.pain_average, told.pain_regions) == (7, 5, ("low_back",)), result.err
    assert told.pain_weeks == pytest.approx(13.04464286)
    assert "# told" in path.read_text()


def test_emergencies_come_first_each_behind_the_question_that_opens_it() -> None:
    asked = [question.id.removeprefix("screen.") for question in open_intake(Person())]
    urgent = {flag.id for flag in questions() if flag.urgency == "emergency"}
    assert set(asked[: len(urgent) + 1]) == urgent | {"dvt_wells"}
    assert asked.index("dvt_wells") < asked.index("leg_swelling_breathless")
    assert asked.index("stress_fracture") < asked.index("stress_fracture_high_risk_site")
    assert "under_18" not in asked and asked[len(urgent) + 1 :][:2] == ["person.age_years", "person.sex"]
    last = max(i for i, name in enumerate(asked) if name in {flag.id for flag in questions()})
    assert not any(name.startswith(("history.", "conditions.")) for name in asked[:last])


def test_what_has_a_key_of_its_own_is_not_listed_as_an_answer() -> None:
    for question in open_intake(Person()):
        assert not {"yes", "no", "unknown", "skipped"} & {choice.value for choice in question.choices}, question.id
        assert bool(question.choices) == (question.kind in ("choice", "several")), question.id


def test_activities_are_read_with_their_scores() -> None:
    assert _activities("climbing stairs 4; standing at work: 6,5") == [
        ("climbing stairs", 4.0),
        ("standing at work", 6.5),
    ]
    with pytest.raises(SettingError, match="names no score"):
        _activities("walking")


def test_it_stops_at_the_first_emergency(call: Call, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("[person]\nage_years = 45\n")
    result = call("screen", "p.toml", "--ask", typed=["n", "y", "n", "n"])
    assert result.code == 1
    assert result.err.count("Question ") == 2 and "The questions stop here" in result.err
    assert "EMERGENCY" in result.out
    assert dict(read_person(tmp_path / "p.toml").screen) == {"ces_bladder": "no", "ces_bowel": "yes"}


def test_back_takes_the_answer_out_of_the_file_again(call: Call, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("[person]\nage_years = 45\n")
    result = call("screen", "p.toml", "--ask", typed=["n", "n", "b", "q"])
    assert "Before: no" in result.err
    assert dict(read_person(tmp_path / "p.toml").screen) == {"ces_bladder": "no"}


def test_it_goes_on_where_it_was_left_and_asks_again_only_what_was_skipped(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text("[person]\nage_years = 45\n")
    left = call("screen", "p.toml", "--ask", typed=["n", "s", "u", "q"])
    assert left.code == 1 and "To go on later: kinechain screen p.toml" in " ".join(left.err.split())
    assert dict(read_person(path).screen) == {"ces_bladder": "no", "ces_bowel": "skipped", "ces_saddle": "unknown"}
    again = call("screen", "p.toml", "--ask", typed=["n", "q"])
    assert "lost control of your bowels" in again.err
    assert "passing water" not in again.err and "between your legs" not in again.err
    assert dict(read_person(path).screen) == {"ces_bladder": "no", "ces_bowel": "no", "ces_saddle": "unknown"}


def test_a_person_is_begun_from_nothing(call: Call, tmp_path: Path) -> None:
    result = call("screen", "--ask", "--out", "P-9.toml", typed=["n", "q"])
    assert result.code == 1
    person = read_person(tmp_path / "P-9.toml")
    assert person.pseudonym == "P-9" and dict(person.screen) == {"ces_bladder": "no"}


def test_a_file_that_is_not_there_yet_is_begun_where_somebody_can_answer(call: Call, tmp_path: Path) -> None:
    assert "there is no file P-9.toml" in call("screen", "P-9.toml").refusal
    result = call("screen", "P-9.toml", "--ask", typed=["n", "q"])
    assert read_person(tmp_path / "P-9.toml").pseudonym == "P-9"
    assert result.out.count("\n  ? ") == 3 and "more" in result.out


def test_answers_go_to_another_file_if_one_is_named(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text("# old\n[person]\nage_years = 45\n")
    call("screen", "p.toml", "--ask", "--out", "new.toml", typed=["n", "q"])
    assert path.read_text() == "# old\n[person]\nage_years = 45\n"
    assert (tmp_path / "new.toml").read_text().startswith("# old\n")
    assert "exists already" in call("screen", "p.toml", "--ask", "--out", "new.toml").refusal


def test_an_impossible_age_is_asked_again(call: Call, person: MakePerson) -> None:
    path = person()
    path.write_text(path.read_text().replace("age_years = 45  # told\n", ""))
    result = call("screen", "p.toml", "--ask", typed=["450", "forty", "45"])
    assert result.code == 0
    assert "450 is not possible here: it must lie between 0 and 125 years." in result.err
    assert "'forty' is no number" in result.err
    assert "age_years = 45\n" in path.read_text()


def test_under_18_is_locked_and_nothing_clears_it(call: Call, person: MakePerson, clinician: None) -> None:
    person(age=17)
    assert call("screen", "p.toml").code == 1
    assert "under 18" in call("screen", "p.toml", "--clear", "under_18", *SIGNED).refusal


def test_a_clinician_clears_a_sign_and_other_answers_end_it(call: Call, person: MakePerson, clinician: None) -> None:
    path = person(foot_drop="yes")
    result = call("screen", "p.toml", "--clear", "foot_drop", *SIGNED)
    assert result.code == 0, result.out
    assert "Cleared by dr_ono" in result.out and "seen today, an old palsy" in result.out
    assert "No danger sign" not in result.out and "The plan is not locked." in result.out
    assert (path.parent / "p.journal.jsonl").is_file()
    assert call("screen", "p.toml").code == 0
    path.write_text(path.read_text().replace('weight_loss = "no"', 'weight_loss = "yes"'))
    assert call("screen", "p.toml").code == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--clear", "foot_drop"], "--clear needs --reason TEXT and --clinician NAME"),
        (["--clear", "foot_dropp", *SIGNED], "Did you mean 'foot_drop'"),
        (["--clear", "charcot", *SIGNED], "is not raised"),
        (["--clear", "foot_drop", "--reason", "seen and well today", "--clinician", "nobody"], "no clinician 'nobody'"),
    ],
)
def test_a_wrong_clearance_is_refused_and_nothing_is_written(
    call: Call, person: MakePerson, clinician: None, arguments: list[str], sentence: str
) -> None:
    path = person(foot_drop="yes")
    assert sentence in call("screen", "p.toml", *arguments).refusal
    assert not (path.parent / "p.journal.jsonl").exists()


def test_a_wrong_passphrase_clears_nothing(
    call: Call, person: MakePerson, clinician: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    person(foot_drop="yes")
    monkeypatch.setenv("KINECHAIN_PASSPHRASE", "something else")
    assert "passphrase does not open the key" in call("screen", "p.toml", "--clear", "foot_drop", *SIGNED).refusal
    assert call("screen", "p.toml").code == 1


def test_a_clearance_of_a_key_that_is_not_trusted_here_unlocks_nothing(
    call: Call, person: MakePerson, clinician: None, tmp_path: Path
) -> None:
    person(foot_drop="yes")
    assert call("screen", "p.toml", "--clear", "foot_drop", *SIGNED).code == 0
    (tmp_path / "home" / "clinicians" / "dr_ono.pub").unlink()
    assert call("screen", "p.toml").code == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[person]\nheight_m = 17\n", "height_m is 17, which is not possible"),
        ('[screen]\nces_blader = "no"\n', "Did you mean 'ces_bladder'"),
        ('[screen]\nces_bladder = "maybe"\n', "ces_bladder is 'maybe'"),
        ("", "is empty"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(call: Call, tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "p.toml").write_text(content)
    assert sentence in call("screen", "p.toml").refusal


def test_answers_that_cannot_both_be_true_are_named_and_open_the_question_again(
    call: Call, person: MakePerson, tmp_path: Path
) -> None:
    path = person(more='\n[[symptoms]]\nkind = "numbness"\nregion = "saddle"\n')
    result = call("screen", "p.toml")
    assert result.code == 1 and "Answers that cannot both be true:" in result.out
    again = call("screen", "p.toml", "--ask", typed=["y"])
    assert "between your legs" in again.err and again.code == 1
    assert read_person(path).screen["ces_saddle"] == "yes"


def test_a_measurement_of_the_future_is_refused(call: Call, person: MakePerson) -> None:
    person(more='\n[exam]\nnavicular_drop = { side = "left", value = 9, method = "ruler", measured_on = 2126-01-01 }\n')
    assert "lies in the future" in call("screen", "p.toml").refusal


def test_in_an_emergency_nothing_else_is_looked_at(call: Call, person: MakePerson) -> None:
    person(ces_saddle="yes")
    assert "--clear" not in call("screen", "p.toml").out


def test_a_damaged_journal_and_one_of_somebody_else_are_named(call: Call, person: MakePerson, tmp_path: Path) -> None:
    person()
    journal = tmp_path / "p.journal.jsonl"
    journal.write_text('{"schema":"kinechain/journal/1","person":"somebody"}\n')
    assert "is the journal of 'somebody', not of 'P-017'" in call("screen", "p.toml").refusal
    journal.write_text('{"schema":"kinechain/journal/1","person":"P-017"}\nnonsense\n')
    assert "damaged in line 2" in call("screen", "p.toml").refusal
    assert journal.read_text().endswith("nonsense\n")


def test_nothing_damaged_holds_back_an_emergency(
    call: Call, person: MakePerson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person(ces_saddle="yes")
    journal = tmp_path / "p.journal.jsonl"
    journal.write_text("nonsense\n")
    result = call("screen", "p.toml")
    assert result.code == 2 and "Nobody watches this software." in result.out and "journal" in result.err
    journal.unlink()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "settings.toml").write_text("emergency_number = [")
    monkeypatch.setenv("KINECHAIN_HOME", str(tmp_path / "home"))
    machine = call("screen", "p.toml", "--json")
    document = json.loads(machine.out)
    assert machine.code == 1 and document["screen"]["level"] == "emergency" and document["emergency"]["act_now"]
    person()
    assert "settings.toml" in call("screen", "p.toml", "--json").refusal


def test_nothing_to_screen_is_said(call: Call) -> None:
    assert "nothing to screen" in call("screen").refusal
    assert "there is no file gone.toml" in call("screen", "gone.toml").refusal


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_typed_the_file_stays_whole_and_an_open_emergency_locks(
    call: Call, tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    keys = ["n", "n", "n", "n", "n", "u", "s", "b", "h", "?", "", "1", "2 3", "none", "abc", "172 cm", "-1", "1e9", "é"]
    (tmp_path / "p.toml").write_text("[person]\nage_years = 45\n")
    result = call("screen", "p.toml", "--ask", typed=[random.choice(keys) for _ in range(150)])
    told = read_person(tmp_path / "p.toml").screen
    urgent = [flag.id for flag in questions() if flag.urgency == "emergency" and not flag.asked_unless_no]
    is_open = any(told.get(key) in (None, "unknown", "skipped") for key in urgent)
    assert result.code in (0, 1)
    assert result.code == 1 or not is_open
