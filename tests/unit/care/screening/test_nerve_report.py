"""What a clinician reads of the nerve screen and of the Wells score."""

import pytest

from care_people import CALM
from kinechain.care.person.person import ExamItem, History, Person, Score, Symptom
from kinechain.care.screening.nerve_report import nerve_sentences, wells_sentences


def person(**fields: object) -> Person:
    return Person(age_years=50, screen=CALM, **fields)  # type: ignore[arg-type]


def told(someone: Person) -> str:
    return "\n".join(sentence.text for sentence in nerve_sentences(someone))


def root(part: str, value: float, side: str = "left") -> ExamItem:
    return ExamItem("root_screen_l2_s2", side, value, "", "t", part)  # type: ignore[arg-type]


def test_nothing_is_said_where_nothing_was_examined_or_is_due() -> None:
    assert nerve_sentences(person()) == ()
    assert wells_sentences(person()) == ()


def test_a_root_is_shown_with_its_ratio_under_every_prior() -> None:
    text = told(person(exam=(root("L5 strength", 4.0), root("L5 sensation", 1.0))))
    assert "L5, left: L5 strength altered, L5 sensation altered. Likelihood ratio" in text
    assert text.count("Probability of this root") == 3
    assert "assumption" in text
    assert "decide on none alone" in text
    assert "operated" not in text


def test_the_accuracy_stands_beside_a_straight_leg_raise() -> None:
    raised = ExamItem("straight_leg_raise", "left", 1.0, "negative / positive", "t")
    text = told(person(exam=(raised,)))
    assert "0.92" in text and "operated on" in text
    assert "No sign of a single root" in text


def test_a_danger_sign_comes_first_and_the_tests_due_are_named_in_order() -> None:
    weak = person(exam=(root("L4 strength", 2.0),), history=History(pain_regions=("low_back", "calf_left")))
    first = nerve_sentences(weak)[0]
    assert "foot_drop" in first.text
    due = next(s.text for s in nerve_sentences(weak) if s.key == "screen.nerve_due")
    assert due.index("ankle reflex") < due.index("straight leg raise") < due.index("slump")


def test_numb_heel_pain_asks_for_the_nerves_first() -> None:
    heel = person(symptoms=(Symptom("pain", "heel_left"), Symptom("tingling", "heel_left")))
    assert "before the plantar fascia" in told(heel)


@pytest.mark.parametrize(
    ("wells", "words"),
    [
        (dict.fromkeys(("calf_3cm_larger", "pitting_oedema"), "yes"), ("likely", "same day")),
        ({"previous_dvt": "unknown"}, ("previous dvt", "same day")),
    ],
)
def test_the_wells_score_says_its_level_or_what_decides(wells: dict[str, str], words: tuple[str, ...]) -> None:
    items = {
        **dict.fromkeys(
            ("active_cancer", "paralysis_or_plaster", "bedridden_or_surgery", "tenderness_deep_veins"), "no"
        ),
        **dict.fromkeys(("entire_leg_swollen", "collateral_veins", "alternative_diagnosis"), "no"),
        **({"calf_3cm_larger": "yes", "pitting_oedema": "no", "previous_dvt": "no"} | wells),
    }
    (sentence,) = wells_sentences(person(wells=items, wells_examiner="C7"))
    for word in (*words, "C7"):
        assert word in sentence.text


def test_an_entered_neuropathic_score_is_read_by_its_limits() -> None:
    assert "nerve pain is likely by this score" in told(person(questionnaires=(Score("dn4", 5.0),)))
