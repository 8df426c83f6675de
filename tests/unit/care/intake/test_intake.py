"""The intake asks what is not known, emergencies first, and puts every answer where the person file has it."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kinechain.care.intake.intake import (
    Question,
    answer,
    find_question,
    intake_questions,
    next_question,
    open_questions,
    value_at,
)
from kinechain.care.person.contradictions import find_contradictions
from kinechain.care.person.history_keys import read_keys
from kinechain.care.person.person import History, Person, Symptom, Treatment
from kinechain.care.person.person_file import read_person
from kinechain.care.person.person_writer import write_person
from kinechain.care.person.red_flag_text import questions, screen_ids
from kinechain.care.screening.keyring import new_clinician, sign_clearance, trusted
from kinechain.core.errors import PersonError
from kinechain.evidence.wording import wording

TODAY = date(2026, 11, 22)
QUIET = Person(age_years=40.0, sex="male", screen={key: "no" for key in screen_ids()})


def paths(person: Person, who: str = "patient") -> list[str]:
    return [q.path for q in open_questions(person, who)]  # type: ignore[arg-type]


def given(question: Question) -> object:
    """Return some possible answer."""
    if question.kind == "yes_no":
        return "no"
    if question.kind in ("number", "exam") and not question.choices:
        return question.low + 1.0 if question.high - question.low > 1.0 else question.high
    if question.kind in ("choice", "exam"):
        return question.choices[0].value
    if question.kind in ("several", "regions"):
        return (question.choices[0].value,)
    if question.kind == "treatments":
        return (Treatment("exercise", "back", 6.0, "same"),)
    if question.kind == "symptoms":
        return (Symptom("pain", "low_back"),)
    if question.kind == "activities":
        return (("climbing stairs", 4.0),)
    return "dr_ono"


def test_every_question_has_a_place_and_every_place_a_question() -> None:
    asked = {q.path for q in intake_questions()}
    assert {f"screen.{flag.id}" for flag in questions()} <= asked
    for table in ("person", "history"):
        assert {f"{table}.{key}" for key in read_keys(table)} <= asked
    unasked = {f"conditions.{key}" for key in read_keys("conditions")} - asked
    assert unasked == {"conditions.iwgdf_risk"}
    assert all(q.text and q.section_title for q in intake_questions())
    assert all(q.why for q in intake_questions() if q.path.startswith(("person.", "history.", "conditions.")))


def test_emergencies_come_first_then_age_then_the_rest() -> None:
    asked = paths(Person(), "clinician")
    urgent = [q.path for q in intake_questions() if q.is_urgent]
    assert asked[: len(urgent)] == urgent
    assert asked[len(urgent) : len(urgent) + 2] == ["person.age_years", "person.sex"]
    assert next_question(Person()) == intake_questions()[0]


def test_a_question_that_depends_on_another_comes_after_it() -> None:
    order = [q.path for q in intake_questions()]
    for question in intake_questions():
        for gate in question.only_if:
            if not question.is_urgent and not gate.paths[0].startswith("conditions"):
                assert max(map(order.index, gate.paths)) < order.index(question.path), question.path


def test_a_patient_is_asked_nothing_that_is_a_clinicians() -> None:
    assert not [path for path in paths(Person()) if path.startswith(("exam.", "wells."))]
    swollen = replace(QUIET, screen={**QUIET.screen, "dvt_wells": "yes"})
    assert "wells.pitting_oedema" in paths(swollen, "clinician")
    assert "wells.pitting_oedema" not in paths(QUIET, "clinician")


def test_what_is_known_is_never_asked() -> None:
    assert "screen.under_18" not in paths(QUIET)
    assert not [path for path in paths(QUIET) if path.startswith("screen.") or path == "person.age_years"]
    partly = replace(QUIET, history=History(unknown=frozenset({"course"}), skipped=frozenset({"footwear"})))
    assert not {"history.course", "history.footwear"} & set(paths(partly))


def test_a_skipped_danger_sign_is_asked_again_and_an_unknown_one_is_not() -> None:
    person = replace(QUIET, screen={**QUIET.screen, "ces_bladder": "skipped", "ces_bowel": "unknown"})
    assert "screen.ces_bladder" in paths(person) and "screen.ces_bowel" not in paths(person)
    assert not open_questions(person, "patient", asked=paths(person))


def test_a_no_that_the_map_contradicts_is_asked_again() -> None:
    person = replace(QUIET, symptoms=(Symptom("numbness", "saddle"),))
    assert next_question(person) == find_question("screen.ces_saddle")


def test_after_an_emergency_a_patient_is_asked_nothing_more() -> None:
    person = replace(QUIET, screen={"ces_bladder": "yes"})
    assert next_question(person) is None
    assert next_question(person, who="clinician") is not None


def test_someone_without_pain_is_not_asked_about_it() -> None:
    asked = paths(replace(QUIET, history=History(pain_worst=0.0)))
    assert not {"history.pain_regions", "history.course", "history.treatments", "symptoms"} & set(asked)
    assert "history.footwear" in asked


@pytest.mark.parametrize(
    ("history", "path", "is_asked"),
    [
        (History(pain_worst=5.0, pain_regions=("low_back",)), "history.back_onset_weeks", True),
        (History(pain_worst=5.0, pain_regions=("low_back",)), "history.foot_onset_weeks", False),
        (History(pain_worst=5.0, pain_regions=("low_back",)), "history.onset_order", False),
        (History(pain_worst=5.0, pain_regions=("low_back", "heel_left")), "history.onset_order", True),
        (History(pain_worst=5.0, unknown=frozenset({"pain_regions"})), "history.onset_order", True),
        (History(onset="injury"), "history.injury_days", True),
        (History(onset="gradual"), "history.injury_days", False),
        (History(unknown=frozenset({"onset"})), "history.injury_days", True),
        (History(footwear="barefoot"), "history.footwear_age_months", False),
        (History(footwear="boots"), "history.footwear_heel_mm", True),
    ],
)
def test_gates_open_and_close(history: History, path: str, is_asked: bool) -> None:
    assert (path in paths(replace(QUIET, history=history))) == is_asked


def test_every_question_can_be_answered_and_the_answer_is_where_the_file_has_it(tmp_path: Path) -> None:
    person = Person()
    for question in intake_questions():
        person = answer(person, question, given(question), today=TODAY, examiner="dr_ono")
        assert value_at(person, question.path) is not None, question.path
    again = {f"screen.{key}" for found in find_contradictions(person) for key in found.reopens}
    assert set(paths(person, "clinician")) <= again
    write_person(person, tmp_path / "person.toml")
    assert read_person(tmp_path / "person.toml", TODAY) == person


@pytest.mark.parametrize("state", ["skipped", "unknown"])
def test_every_question_can_be_skipped_and_answered_with_i_do_not_know(state: str, tmp_path: Path) -> None:
    person = Person()
    for question in intake_questions():
        if question.kind != "code":
            person = answer(person, question, state, today=TODAY)
            assert value_at(person, question.path) == state, question.path
            assert value_at(answer(person, question, given(question), today=TODAY), question.path) not in (state, None)
    write_person(person, tmp_path / "person.toml")
    assert read_person(tmp_path / "person.toml", TODAY) == person


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("history.pain_worst", 11.0, "between 0 and 10 points"),
        ("history.course", "slow", 'write "better"'),
        ("person.height_m", 17.0, "did you mean 1.7"),
        ("screen.ces_bladder", True, '"yes" or "no"'),
        ("history.pain_regions", ("heal",), "Did you mean 'heel'"),
        ("wells.examiner", "Dr Jane", "never a name"),
        ("exam.fpi6.left", 13.0, "between -12 and 12"),
        ("questionnaires.psfs", (("stairs", 11.0),), "between 0 and 10"),
        ("symptoms", ({"kind": "itch", "region": "heel"},), 'write "pain"'),
    ],
)
def test_an_impossible_answer_is_refused_and_the_person_stays(path: str, value: object, sentence: str) -> None:
    with pytest.raises(PersonError, match=sentence):
        answer(QUIET, find_question(path), value, today=TODAY)


def test_a_later_examination_stands_beside_the_earlier_one() -> None:
    question = find_question("exam.fpi6.left")
    person = answer(Person(), question, 3.0, today=date(2026, 1, 1))
    person = answer(person, question, 5.0, today=TODAY)
    person = answer(person, question, 6.0, today=TODAY)
    assert [(e.value, e.measured_on) for e in person.exam] == [(3.0, date(2026, 1, 1)), (6.0, TODAY)]


def test_an_unknown_path_is_named() -> None:
    with pytest.raises(PersonError, match=r"nothing is asked for 'history\.pain'"):
        find_question("history.pain")


def test_every_sentence_of_the_intake_is_said_somewhere() -> None:
    written = {key.removeprefix("intake.") for key in wording() if key.startswith("intake.")}
    words = {
        word for table in ("person", "history", "treatment") for key in read_keys(table).values() for word in key.words
    }
    said = {f"word_{word}" for word in (*words, "yes", "no", "unknown", "skipped")}
    said |= {f"section_{q.section}" for q in intake_questions()}
    said |= {q.path.replace(".", "_") for q in intake_questions()}
    said |= {
        "side_left",
        "side_right",
        "side_both",
        "exam_item",
        "exam_part",
        "foot_hint",
        "foot_none",
        "foot_not_asked",
    }
    said |= {f"why_{section}" for section in ("about", "pain", "day", "health", "size")}
    assert written <= said
    assert {f"word_{word}" for word in words} <= written


def test_a_yes_or_no_offers_i_do_not_know_and_skipping() -> None:
    for question in intake_questions():
        if question.kind == "yes_no":
            assert [choice.value for choice in question.choices] == ["yes", "no", "unknown", "skipped"]


def test_an_emergency_a_clinician_cleared_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINECHAIN_HOME", str(tmp_path))
    new_clinician("dr_ono", "long enough words")
    person = replace(QUIET, screen={**QUIET.screen, "ces_bladder": "yes"})
    cleared = trusted([sign_clearance(person, "ces_bladder", "seen and scanned today", "dr_ono", "long enough words")])
    assert open_questions(person, "patient") == ()
    assert "history.pain_worst" in [q.path for q in open_questions(person, "patient", clearances=cleared)]
