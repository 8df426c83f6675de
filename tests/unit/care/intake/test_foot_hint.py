"""Answers that point towards the feet shift prior odds a little, and nothing else."""

from dataclasses import replace

import pytest

from kinechain.care.intake.foot_hint import FootHint, foot_hint, foot_items
from kinechain.care.intake.intake import intake_questions
from kinechain.care.person.history_keys import read_keys
from kinechain.care.person.person import History, Person
from kinechain.care.person.symptom_map import region_codes
from kinechain.care.screening.red_flags import screen_person

TOWARDS = History(
    onset_order="foot_first",
    pain_regions=("low_back", "heel_left"),
    first_step_pain=6.0,
    pain_after_standing=5.0,
    aggravating=("standing",),
    easing=("insoles",),
)
AWAY = History(onset_order="back_first", aggravating=("sitting", "coughing"))


def test_every_item_is_asked_and_every_word_of_it_exists() -> None:
    asked = {q.path for q in intake_questions()}
    for item in foot_items():
        assert item.path in asked
        key = read_keys("history")[item.path.partition(".")[2]]
        known = region_codes() if key.kind == "regions" else key.words
        assert {*item.raises, *item.lowers} <= set(known), item.id


def test_answers_count_one_each_in_their_direction() -> None:
    towards, away = foot_hint(Person(history=TOWARDS)), foot_hint(Person(history=AWAY))
    assert towards.score == len(towards.raises) == 6
    assert away.lowers == ("order", "not_the_feet") and away.score == -2
    assert "towards the feet: 6" in towards.sentence.text


@pytest.mark.parametrize("score", range(-8, 9))
def test_odds_stay_within_a_half_and_two_and_rise_with_the_score(score: int) -> None:
    hint = FootHint(("a",) * max(score, 0), ("b",) * max(-score, 0), (), ())
    assert 0.5 <= hint.odds_factor <= 2.0
    assert (hint.odds_factor > 1.0) == (score > 0) and (hint.odds_factor < 1.0) == (score < 0)


def test_no_answer_and_i_do_not_know_change_nothing() -> None:
    keys = frozenset(item.path.partition(".")[2] for item in foot_items())
    for history in (History(), History(unknown=keys), History(skipped=keys)):
        hint = foot_hint(Person(history=history))
        assert hint.odds_factor == 1.0 and hint.score == 0 and len(hint.unanswered) == len(foot_items())
        assert hint.sentence.key == "intake.foot_not_asked"
    assert foot_hint(Person(history=History(onset_order="together"))).sentence.key == "intake.foot_none"


def test_the_hint_never_decides_whether_a_person_is_locked() -> None:
    asked = Person(age_years=40.0, screen={"ces_bladder": "no"})
    told = replace(asked, history=TOWARDS)
    assert screen_person(asked).plan_locked == screen_person(told).plan_locked
