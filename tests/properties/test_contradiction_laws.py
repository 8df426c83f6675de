"""Contradictions of any person: never a crash, never a danger sign opened that was not a no; the intake asks on."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kinechain.care.intake.foot_hint import foot_hint
from kinechain.care.intake.intake import answer, next_question, open_questions
from kinechain.care.person.contradictions import find_contradictions
from kinechain.care.person.exam import current_exam
from kinechain.care.person.person import Person
from kinechain.care.person.red_flag_text import screen_ids
from person_strategy import TODAY, people


@given(people())
@settings(max_examples=60, deadline=None)
def test_every_contradiction_is_one_sentence_and_opens_danger_signs_alone(person: Person) -> None:
    for found in find_contradictions(person):
        assert found.sentence.text.endswith((".", "!")) and "\n" not in found.sentence.text
        assert "_" not in found.sentence.text and person.pseudonym not in found.sentence.text.split()
        assert set(found.reopens) <= set(screen_ids())


@given(people(), st.sampled_from(("patient", "clinician")))
@settings(max_examples=30, deadline=None)
def test_skipping_every_question_comes_to_an_end_and_loses_nothing(person: Person, who: str) -> None:
    asked: set[str] = set()
    before, most = person, len(open_questions(person, who)) + 60  # type: ignore[arg-type]
    while (question := next_question(person, asked, who)) is not None:  # type: ignore[arg-type]
        asked.add(question.path)
        if question.kind != "code":
            person = answer(person, question, "skipped", today=TODAY)
        assert len(asked) <= most
    assert person.exam == before.exam and person.questionnaires == before.questionnaires
    assert person.symptoms == before.symptoms


@given(people())
@settings(max_examples=60, deadline=None)
def test_the_examination_of_today_holds_one_value_for_each_place(person: Person) -> None:
    items, without = current_exam(person)
    places = [(i.id, i.part, i.side, i.unit) for i in items]
    assert len(set(places)) == len(places)
    told = {(i.id, i.side) for i in person.exam} | {(i.id, i.side) for i in person.not_examined}
    assert {(i.id, i.side) for i in (*items, *without)} == told
    for item in items:
        same = [e.value for e in person.exam if (e.id, e.side, e.unit) == (item.id, item.side, item.unit)]
        assert min(same) <= item.value <= max(same)


@given(people())
@settings(max_examples=60, deadline=None)
def test_the_foot_hint_stays_a_hint(person: Person) -> None:
    assert 0.5 <= foot_hint(person).odds_factor <= 2.0
