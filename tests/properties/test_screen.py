"""Laws of the danger-sign lock."""

from hypothesis import given
from hypothesis import strategies as st

from kinechain.care.person import Person
from kinechain.care.red_flags import URGENCIES, read_red_flags, screen_person

FLAGS = read_red_flags()
EMERGENCIES = [
    flag.id for flag in FLAGS if flag.urgency == "emergency" and not (flag.replaced_by or flag.asked_unless_no)
]
ORDER = ("none", *reversed(URGENCIES))

answers = st.sampled_from(["yes", "no", "unknown", None])
screens = st.fixed_dictionaries({flag.id: answers for flag in FLAGS}).map(
    lambda given: {key: value for key, value in given.items() if value is not None}
)
mostly_no = st.dictionaries(st.sampled_from([f.id for f in FLAGS]), answers, max_size=4).map(
    lambda changed: {
        key: value for key, value in {**{f.id: "no" for f in FLAGS}, **changed}.items() if value is not None
    }
)
people = st.builds(
    Person,
    sex=st.sampled_from(["female", "male", None]),
    age_years=st.one_of(st.none(), st.floats(0, 120), st.just(float("nan"))),
    screen=st.one_of(screens, mostly_no),
)


@given(people)
def test_no_open_emergency_question_is_ever_unlocked(person: Person) -> None:
    screen = screen_person(person)
    if any(person.screen.get(key) not in ("yes", "no") for key in EMERGENCIES):
        assert screen.plan_locked
        assert screen.level != "none"


@given(people)
def test_unlocked_means_an_adult_without_any_urgent_yes(person: Person) -> None:
    screen = screen_person(person)
    if not screen.plan_locked:
        assert screen.level in ("none", "routine")
        assert all(person.screen[key] == "no" for key in EMERGENCIES)
        assert person.screen.get("under_18") != "yes"
        assert (person.age_years is None and person.screen["under_18"] == "no") or person.age_years >= 18  # type: ignore[operator]


@given(people, st.sampled_from([flag.id for flag in FLAGS]))
def test_one_more_yes_never_lowers_the_alarm_nor_opens_the_lock(person: Person, key: str) -> None:
    before = screen_person(person)
    after = screen_person(Person(sex=person.sex, age_years=person.age_years, screen={**person.screen, key: "yes"}))
    if before.plan_locked and person.screen.get(key) in ("yes", "no"):
        assert after.plan_locked
    if before.level != "not_screened" and after.level != "not_screened":
        assert ORDER.index(after.level) >= ORDER.index(before.level)


@given(people)
def test_every_yes_is_listed_once(person: Person) -> None:
    screen = screen_person(person)
    listed = [flag.id for flag in screen.flags]
    assert len(listed) == len(set(listed))
    assert {key for key, value in person.screen.items() if value == "yes"} <= set(listed)
