"""Laws of the danger-sign lock."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kinechain.care.person.person import ExamItem, History, Person, Symptom
from kinechain.care.person.person_file import read_person
from kinechain.care.person.red_flag_text import read_sub_questions
from kinechain.care.screening.keyring import new_clinician, sign_clearance, trusted
from kinechain.care.screening.lock import unlock
from kinechain.care.screening.red_flags import LOCKING, URGENCIES, questions, read_red_flags, screen_person
from kinechain.core.errors import LockedError, PersonError

FLAGS = read_red_flags()
ASKED = questions()
EMERGENCIES = [flag.id for flag in ASKED if flag.urgency == "emergency" and not flag.asked_unless_no]
FEATURES = [sub.id for sub in read_sub_questions()]
ORDER = ("none", *reversed(URGENCIES))
SECRET = "correct horse battery"

some = st.sampled_from(["yes", "no", "unknown", "skipped", None])
calm = {flag.id: "no" for flag in ASKED}
screens = st.fixed_dictionaries({key: some for key in (*(f.id for f in FLAGS), *FEATURES)})
mostly_no = st.dictionaries(st.sampled_from([*(f.id for f in FLAGS), *FEATURES]), some, max_size=4).map(
    lambda changed: {**calm, **changed}
)
answers = st.one_of(screens, mostly_no, mostly_no).map(lambda d: {k: v for k, v in d.items() if v is not None})
regions = st.sampled_from(["low_back", "calf_left", "calf_right", "thigh_left", "heel_right", "ankle_left", "saddle"])
histories = st.builds(
    History,
    pain_regions=st.lists(regions, max_size=3).map(tuple),
    pain_weeks=st.sampled_from([None, 0.5, 3.0, 40.0]),
    onset=st.sampled_from([None, "sudden", "gradual", "injury"]),
    injury_days=st.sampled_from([None, 4.0, 30.0]),
    night_pain=st.sampled_from([None, "none", "wakes", "every_night"]),
    unknown=st.sampled_from([frozenset(), frozenset({"back_onset_weeks"}), frozenset({"onset"})]),
)
conditions = st.dictionaries(
    st.sampled_from(["diabetes", "neuropathy", "anticoagulants", "infection_now", "cancer_now"]),
    st.sampled_from(["yes", "no", "unknown", "skipped"]),
    max_size=3,
)
exams = st.lists(
    st.builds(
        ExamItem,
        id=st.just("root_screen_l2_s2"),
        side=st.sampled_from(["left", "right", "both"]),
        value=st.sampled_from([1.0, 3.0, 4.0, 5.0]),
        unit=st.just("grade"),
        method=st.just("t"),
        part=st.sampled_from(["L4 strength", "L5 strength", "S1 strength"]),
    ),
    max_size=2,
    unique_by=lambda item: item.part,
).map(tuple)
symptoms = st.lists(
    st.builds(Symptom, kind=st.sampled_from(["pain", "numbness", "tingling"]), region=regions), max_size=3
).map(tuple)
people = st.builds(
    Person,
    sex=st.sampled_from(["female", "male", None]),
    age_years=st.one_of(st.none(), st.floats(0, 120), st.just(float("nan")), st.just(45.0), st.just(45.0)),
    screen=answers,
    history=histories,
    conditions=conditions,
    exam=st.one_of(st.just(()), st.just(()), exams),
    symptoms=st.one_of(st.just(()), symptoms),
)
adults = people.map(lambda person: replace(person, age_years=45.0))


def rank(level: str) -> int:
    return ORDER.index(level)


@given(people)
def test_no_open_emergency_question_is_ever_unlocked(person: Person) -> None:
    screen = screen_person(person)
    if any(person.screen.get(key) not in ("yes", "no") for key in set(EMERGENCIES) - {"self_harm"}):
        assert screen.plan_locked
        assert screen.level not in ("none", "routine")
    if person.screen.get("self_harm") not in ("yes", "no") and person.screen.get("psych_distress") != "no":
        assert screen.plan_locked
    if person.screen.get("dvt_wells") != "no" and person.screen.get("leg_swelling_breathless") not in ("yes", "no"):
        assert screen.plan_locked


@given(people)
def test_the_level_says_whether_it_is_locked_and_the_reason_says_why(person: Person) -> None:
    screen = screen_person(person)
    assert screen.plan_locked == (screen.level in (*LOCKING, "not_screened"))
    assert bool(screen.reason) == screen.plan_locked


@given(people)
def test_unlocked_means_an_adult_without_any_urgent_yes(person: Person) -> None:
    screen = screen_person(person)
    if not screen.plan_locked:
        assert screen.level in ("none", "routine")
        assert all(person.screen.get(key, "no") == "no" for key in EMERGENCIES)
        assert person.screen.get("under_18") != "yes"
        assert (person.age_years is None and person.screen["under_18"] == "no") or person.age_years >= 18  # type: ignore[operator]
        assert unlock(person).belongs_to(person)
    else:
        with pytest.raises(LockedError):
            unlock(person)


@given(people, st.sampled_from([flag.id for flag in FLAGS] + FEATURES))
def test_one_more_yes_never_lowers_the_alarm_nor_opens_the_lock(person: Person, key: str) -> None:
    before = screen_person(person)
    after = screen_person(replace(person, screen={**person.screen, key: "yes"}))
    if before.plan_locked and person.screen.get(key) in ("yes", "no"):
        assert after.plan_locked
    if before.level != "not_screened" and after.level != "not_screened":
        assert rank(after.level) >= rank(before.level)


@given(people, st.sampled_from([flag.id for flag in FLAGS] + FEATURES), st.sampled_from(["unknown", "skipped"]))
def test_an_unknown_never_reads_as_a_no(person: Person, key: str, absent: str) -> None:
    as_no = screen_person(replace(person, screen={**person.screen, key: "no"}))
    as_unknown = screen_person(replace(person, screen={**person.screen, key: absent}))
    if as_no.plan_locked:
        assert as_unknown.plan_locked
    worst_no = max((rank(f.urgency) for f in as_no.flags if not f.is_open and f.id != key), default=0)
    worst_unknown = max((rank(f.urgency) for f in as_unknown.flags if not f.is_open and f.id != key), default=0)
    assert worst_unknown >= worst_no


@given(people)
def test_an_emergency_needs_a_yes_or_a_finding(person: Person) -> None:
    if "yes" not in person.screen.values() and not person.exam:
        assert screen_person(person).level != "emergency"


@given(people)
def test_every_yes_is_listed_once(person: Person) -> None:
    listed = [flag.id for flag in screen_person(person).flags]
    assert len(listed) == len(set(listed))
    told = {key for key, value in person.screen.items() if value == "yes"} - set(FEATURES) - {"axspa_gate"}
    assert told <= set(listed)


@given(people, st.randoms(use_true_random=False))
def test_the_order_of_answers_does_not_matter(person: Person, random: object) -> None:
    screen, conditions_, marks = list(person.screen.items()), list(person.conditions.items()), list(person.symptoms)
    for entries in (screen, conditions_, marks):
        random.shuffle(entries)  # type: ignore[attr-defined]
    shuffled = replace(person, screen=dict(screen), conditions=dict(conditions_), symptoms=tuple(marks))
    assert screen_person(shuffled) == screen_person(person)


def mirror(text: str) -> str:
    return text.replace("left", "#").replace("right", "left").replace("#", "right")


@given(people)
def test_left_and_right_are_treated_alike(person: Person) -> None:
    history = replace(person.history, pain_regions=tuple(map(mirror, person.history.pain_regions)))
    other = replace(
        person,
        history=history,
        exam=tuple(replace(item, side=mirror(item.side)) for item in person.exam),  # type: ignore[arg-type]
        symptoms=tuple(replace(s, region=mirror(s.region)) for s in person.symptoms),
    )
    ours, theirs = screen_person(person), screen_person(other)
    assert (ours.level, ours.plan_locked) == (theirs.level, theirs.plan_locked)
    assert [(f.id, f.urgency, f.answer) for f in ours.flags] == [(f.id, f.urgency, f.answer) for f in theirs.flags]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KINECHAIN_HOME", str(tmp_path_factory.mktemp("home")))
        new_clinician("C1", SECRET)
        yield


@pytest.mark.usefixtures("keys")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(adults, st.sampled_from([flag.id for flag in ASKED]), st.sampled_from(["yes", "unknown", "skipped"]))
def test_clearing_all_unlocks_and_any_other_answer_locks_again(person: Person, key: str, other: str) -> None:
    """Every answer given, every raised sign cleared; then any one answer is changed."""
    full = {flag.id: person.screen.get(flag.id, "no") for flag in ASKED}
    person = replace(person, screen={key: "no" if v in ("unknown", "skipped") else v for key, v in full.items()})
    screen = screen_person(person)
    assume(not any(flag.is_open for flag in screen.flags) and person.screen["under_18"] == "no")
    raised = [flag.id for flag in screen.flags if flag.urgency in LOCKING]
    assume(raised)
    clearances = trusted([sign_clearance(person, flag, "seen and examined today", "C1", SECRET) for flag in raised])
    assert len(clearances) == len(raised)
    assert unlock(person, clearances).screen.level in ("none", "routine")
    for left_out in range(len(clearances)):
        assert screen_person(person, clearances[:left_out] + clearances[left_out + 1 :]).plan_locked
    assume(person.screen[key] != other)
    changed = replace(person, screen={**person.screen, key: other})
    assert screen_person(changed, clearances) == screen_person(changed)
    with pytest.raises(LockedError):
        unlock(changed, clearances)


@pytest.mark.usefixtures("keys")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from(
        ["person", "screen", "history", "conditions", "exam", "wells", "cleared", "clearance", "screen.cleared"]
    ),
    st.sampled_from(["cleared", "cleared_by", "clinician", "foot_drop_cleared", "signature", "clearance", "examiner"]),
    st.sampled_from(['"yes"', '"C1"', "true", '{ flag = "foot_drop", clinician = "C1", reason = "seen" }']),
)
def test_nothing_written_into_a_person_file_unlocks(tmp_path: Path, table: str, key: str, value: str) -> None:
    lines = ["[person]", "age_years = 45"]
    answered = {**calm, "foot_drop": "yes"}
    parts = {"screen": [f'{flag} = "{answer}"' for flag, answer in answered.items()]}
    parts.setdefault(table, [])
    if table == "person":
        lines.append(f"{key} = {value}")
    else:
        parts[table].append(f"{key} = {value}")
    for name, content in parts.items():
        if name != "person":
            lines += [f"[{name}]", *content]
    path = tmp_path / "person.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    try:
        person = read_person(path)
    except PersonError:
        return
    assert screen_person(person).level == "same_day"
    with pytest.raises(LockedError):
        unlock(person)
