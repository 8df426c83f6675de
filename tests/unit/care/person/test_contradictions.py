"""What cannot all be true is named; what re-opens a danger sign says which; an ordinary person has none."""

from dataclasses import replace
from datetime import date
from types import MappingProxyType

import pytest

from kinechain.care.person.contradictions import contradictions, find_contradictions
from kinechain.care.person.person import ExamItem, History, Person, Score, Symptom, Treatment
from kinechain.care.screening.red_flags import read_red_flags

TODAY = date(2026, 11, 22)


def weak(side: str, root: str) -> ExamItem:
    return ExamItem("root_screen_l2_s2", side, 2.0, "grade", "held", f"{root} strength")  # type: ignore[arg-type]


def block(item: str, side: str) -> ExamItem:
    return ExamItem(item, side, 8.0, "mm", "standing")  # type: ignore[arg-type]


def with_history(**told: object) -> Person:
    return Person(history=History(**told))  # type: ignore[arg-type]


ORDINARY = Person(
    sex="female",
    age_years=52.0,
    height_m=1.68,
    mass_kg=71.5,
    foot_length_m=0.245,
    history=History(
        pain_regions=("low_back", "heel_left"),
        pain_weeks=30.0,
        back_onset_weeks=30.0,
        foot_onset_weeks=40.0,
        onset_order="foot_first",
        onset="gradual",
        course="same",
        pain_average=4.0,
        pain_worst=7.0,
        first_step_pain=6.0,
        aggravating=("standing",),
        easing=("rest",),
        night_pain="none",
        standing_hours=6.0,
        sitting_hours=3.0,
        treatments=(Treatment("exercise", "back", 6.0, "same"),),
    ),
    conditions={"diabetes": "no", "osteoporosis": "no", "anticoagulants": "no", "cancer_now": "no"},
    screen={flag.id: "no" for flag in read_red_flags()},
    symptoms=(Symptom("pain", "low_back"), Symptom("pain", "heel_left")),
    questionnaires=(
        Score("rmdq24", 2.0, MappingProxyType({"1": 1.0, "9": 1.0})),
        Score("psfs", 4.5, MappingProxyType({"1": 4.0, "2": 5.0}), ("stairs", "shopping")),
        Score("startback", 5.0, MappingProxyType({"subscale": 3.0})),
    ),
    exam=(block("leg_length_block", "left"), block("leg_length_imaging", "left"), weak("left", "S1")),
)


def test_an_ordinary_person_contradicts_nothing() -> None:
    assert contradictions(ORDINARY) == ()
    assert contradictions(Person()) == ()


@pytest.mark.parametrize(
    ("person", "words", "reopens"),
    [
        (Person(symptoms=(Symptom("pain", "saddle"),), screen={"ces_saddle": "no"}), "between the legs", "ces_saddle"),
        (
            Person(
                symptoms=(Symptom("tingling", "calf_left"), Symptom("numbness", "thigh_right")),
                screen={"ces_bilateral_leg": "no"},
            ),
            "Both legs are marked",
            "ces_bilateral_leg",
        ),
        (
            Person(
                history=History(pain_regions=("low_back",)),
                symptoms=(Symptom("pain", "calf_left"), Symptom("pain", "calf_right")),
                screen={"ces_bilateral_leg": "no"},
            ),
            "Both legs are marked",
            "ces_bilateral_leg",
        ),
        (
            Person(
                symptoms=(Symptom("tingling", "toes_left"), Symptom("numbness", "arch_right")),
                screen={"both_feet_numb": "no"},
            ),
            "Both feet are marked",
            "both_feet_numb",
        ),
        (
            Person(exam=(weak("left", "S1"), weak("right", "L5")), screen={"ces_bilateral_leg": "no"}),
            "both legs weak",
            "ces_bilateral_leg",
        ),
        (
            Person(wells={"calf_3cm_larger": "yes"}, wells_examiner="dr_ono", screen={"dvt_wells": "no"}),
            "signs of a swollen leg",
            "dvt_wells",
        ),
        (
            Person(conditions={"blood_clot_now_or_suspected": "yes"}, screen={"dvt_wells": "no"}),
            "blood clot",
            "dvt_wells",
        ),
        (Person(screen={"dvt_wells": "no", "leg_swelling_breathless": "yes"}), "Breathlessness", "dvt_wells"),
        (Person(wells={"active_cancer": "no"}), "no examiner is named", ""),
        (
            Person(wells={"active_cancer": "yes"}, wells_examiner="x", conditions={"cancer_now": "no"}),
            "noted active cancer",
            "cancer_history",
        ),
        (
            Person(conditions={"diabetes": "no"}, screen={"diabetic_no_screen": "yes"}),
            "there is no diabetes, and a question",
            "",
        ),
        (Person(conditions={"diabetes": "no"}, iwgdf_risk=2), "risk group of 2", ""),
        (
            Person(
                conditions={"diabetes": "yes"}, screen={"infection_risk": "no"}, history=History(back_onset_weeks=2.0)
            ),
            "names diabetes",
            "infection_risk",
        ),
        (
            Person(conditions={"cancer_now": "yes"}, screen={"cancer_history": "no"}),
            "Cancer is named",
            "cancer_history",
        ),
        (Person(conditions={"osteoporosis": "yes"}, screen={"spine_steroids": "no"}), "Osteoporosis", "spine_steroids"),
        (
            Person(conditions={"anticoagulants": "no"}, screen={"anticoagulant_trauma": "yes"}),
            "no blood thinners",
            "",
        ),
        (Person(screen={"cancer_history": "no", "mscc_neuro": "yes"}), "people who had cancer", "cancer_history"),
        (
            Person(screen={"stress_fracture": "no", "stress_fracture_high_risk_site": "yes"}),
            "sore spot",
            "stress_fracture",
        ),
        (Person(screen={"psych_distress": "no", "self_harm": "yes"}), "The yes counts", ""),
        (Person(sex="male", screen={"pregnancy": "yes"}), "entered as male", "pregnancy"),
        (Person(history=History(back_onset_weeks=4.0), screen={"axspa_gate": "yes"}), "otherwise", "axspa_gate"),
        (
            Person(age_years=70.0, history=History(back_onset_weeks=60.0), screen={"axspa_gate": "yes"}),
            "answered yes, and age and start",
            "axspa_gate",
        ),
        (
            Person(age_years=30.0, history=History(back_onset_weeks=60.0), screen={"axspa_gate": "no"}),
            "answered no, and age and start",
            "axspa_gate",
        ),
        (
            Person(
                history=History(back_onset_weeks=60.0, night_pain="none"),
                screen={"axspa_gate": "yes", "axspa_wakes_second_half": "yes"},
            ),
            "second half of the night",
            "",
        ),
        (Person(age_years=40.0, screen={"under_18": "yes"}), "entered as 40", "under_18"),
        (Person(age_years=16.0, screen={"under_18": "no"}), "The age counts", ""),
        (Person(age_years=40.0, screen={"spine_fragility_age": "yes"}), "question for older people", ""),
        (Person(age_years=20.0, history=History(foot_onset_weeks=2000.0)), "before the person was born", ""),
        (Person(age_years=20.0, history=History(injury_days=20000.0)), "before the person was born", ""),
        (Person(age_years=40.0, height_m=1.9, mass_kg=20.0), "hardly go together", ""),
        (Person(height_m=1.9, foot_length_m=0.1), "hardly go together", ""),
        (with_history(injury_days=3.0, onset="gradual"), "begun otherwise", ""),
        (Person(screen={"spine_major_trauma": "yes"}, history=History(onset="gradual")), "begun gradually", ""),
        (
            Person(screen={"ottawa_weight_bearing": "yes"}, history=History(injury_days=30.0)),
            "30 days ago",
            "",
        ),
        (with_history(onset="injury", injury_days=3.0, pain_weeks=10.0), "older than the injury", ""),
        (
            with_history(onset_order="foot_first", back_onset_weeks=30.0, foot_onset_weeks=4.0),
            "order is entered as foot first",
            "",
        ),
        (
            with_history(onset_order="back_first", back_onset_weeks=3.0, foot_onset_weeks=40.0),
            "order is entered as back first",
            "",
        ),
        (with_history(back_onset_weeks=3.0, foot_onset_weeks=4.0, pain_weeks=50.0), "50 weeks old", ""),
        (with_history(standing_hours=14.0, sitting_hours=12.0), "26 hours", ""),
        (with_history(footwear="barefoot", footwear_heel_mm=30.0), "has a heel", ""),
        (with_history(pain_regions=("heel",), pain_average=6.0, pain_worst=3.0), "pain average is entered as 6", ""),
        (with_history(pain_regions=("heel",), first_step_pain=6.0, pain_worst=3.0), "first step pain", ""),
        (with_history(pain_regions=("heel",), pain_worst=0.0), "entered as none", ""),
        (with_history(course="worse", pain_worst=0.0), "entered as none", ""),
        (with_history(pain_average=6.0), "no place of pain is named", ""),
        (with_history(aggravating=("nothing", "standing")), "aggravating names nothing", ""),
        (with_history(treatments=(Treatment("none", "foot"), Treatment("taping", "foot"))), "of the foot", ""),
        (Person(questionnaires=(Score("rmdq24", 9.0, MappingProxyType({"1": 1.0})),)), "total of rmdq24", ""),
        (
            Person(questionnaires=(Score("psfs", 9.0, MappingProxyType({"1": 1.0}), ("stairs",)),)),
            "its own answers give 1",
            "",
        ),
        (
            Person(questionnaires=(Score("startback", 2.0, MappingProxyType({"subscale": 4.0})),)),
            "its own answers give 4",
            "",
        ),
        (Person(exam=(block("leg_length_block", "left"), block("leg_length_imaging", "right"))), "shorter leg", ""),
    ],
)
def test_what_does_not_fit_is_named_once(person: Person, words: str, reopens: str) -> None:
    (found,) = find_contradictions(person)
    assert words in found.sentence.text
    assert found.reopens[:1] == ((reopens,) if reopens else ())
    assert contradictions(person) == (found.sentence.text,)


def test_only_danger_signs_are_re_opened_and_they_come_first() -> None:
    person = replace(
        ORDINARY,
        symptoms=(Symptom("numbness", "saddle"),),
        conditions={"osteoporosis": "yes"},
        history=replace(ORDINARY.history, pain_average=9.0),
    )
    found = find_contradictions(person)
    assert [bool(c.reopens) for c in found] == [True, True, False]
    assert {key for c in found for key in c.reopens} <= {flag.id for flag in read_red_flags()}


@pytest.mark.parametrize("state", ["yes", "unknown", "skipped"])
def test_an_answer_that_is_open_or_yes_is_not_re_opened(state: str) -> None:
    person = Person(symptoms=(Symptom("numbness", "saddle"),), screen={"ces_saddle": state})  # type: ignore[dict-item]
    assert contradictions(person) == ()


def test_a_skipped_place_of_pain_is_no_contradiction() -> None:
    assert contradictions(with_history(pain_average=6.0, skipped=frozenset({"pain_regions"}))) == ()
