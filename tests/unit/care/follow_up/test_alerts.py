"""What the clinician is told, how often, and what a plan rests for."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from followed import START, at, check, morning, plan, session
from kinechain.care.follow_up.alerts import ADVERSE_EVENTS, Alert, find_alerts, standing_dangers
from kinechain.care.follow_up.events import Acknowledged, AdverseEvent, Event, Paused
from kinechain.care.follow_up.pain_series import pain_series
from kinechain.care.screening.clearance import Clearance
from kinechain.care.screening.red_flags import read_red_flags


def alerts(log: list[Any], day: int, baseline: float | None = 4.0, **more: Any) -> tuple[Alert, ...]:
    today = START + timedelta(days=day)
    every = [*log, *(quiet(d) for d in range(day))]
    return find_alerts(every, plan(), today, pain_series(every, today), baseline, **more)


def quiet(day: int) -> Event:
    """An entry that alerts nobody, so that the log is never silent."""
    return Event(id=f"quiet-{day:04d}", at=at(day, 12), by="patient")


def cleared(flag: str, day: int, hour: int = 23) -> Clearance:
    return Clearance(flag, "digest", "A clinician", "seen", at(day, hour), "key", "signature")


@pytest.mark.parametrize("flag", [f for f in read_red_flags() if f.urgency != "routine"], ids=lambda f: f.id)
def test_every_danger_sign_at_a_check_in_alerts_at_its_urgency_and_rests_the_plan(flag: Any) -> None:
    (alert,) = alerts([check(3, screen={flag.id: "yes"})], 3)
    assert (alert.id, alert.urgency, alert.suspends) == (f"danger.{flag.id}", flag.urgency, True)


def test_every_emergency_sentence_says_where_to_go() -> None:
    (alert,) = alerts([check(3, screen={"ces_bladder": "yes"})], 3)
    assert "emergency department now" in alert.sentence.text


@pytest.mark.parametrize("answer", ["unknown", "skipped"])
def test_an_emergency_question_left_open_rests_the_plan_until_it_is_answered(answer: str) -> None:
    log = [check(3, screen={"ces_bladder": answer})]
    (alert,) = alerts(log, 3)
    assert alert.id == "danger_open.ces_bladder" and alert.suspends
    assert alerts([*log, check(4, screen={"ces_bladder": "no"})], 4) == ()
    assert alerts([*log, check(4)], 4) != ()
    assert alerts([check(2, screen={"ces_bladder": "no"}), *log], 4) != ()


def test_a_yes_is_not_undone_by_a_later_no_but_by_a_clinician() -> None:
    log = [check(3, screen={"ces_bladder": "yes"}), check(4, screen={"ces_bladder": "no"})]
    assert alerts(log, 5)[0].suspends
    assert alerts(log, 5, clearances=[cleared("ces_bladder", 3)]) == ()
    assert alerts(log, 5, clearances=[cleared("ces_bladder", 2)])[0].suspends
    assert alerts(log, 5, clearances=[cleared("ces_bowel", 3)])[0].suspends


def test_the_yes_a_clinician_cleared_is_mentioned_and_a_new_one_after_a_no_rests_again() -> None:
    log = [check(3, screen={"ces_bladder": "yes"}), check(5, screen={"ces_bladder": "yes"})]
    (alert,) = alerts(log, 5, clearances=[cleared("ces_bladder", 4)])
    assert (alert.id, alert.urgency, alert.suspends) == ("still.ces_bladder", "routine", False)
    log = [*log, check(6, screen={"ces_bladder": "no"}), check(8, screen={"ces_bladder": "yes"})]
    assert alerts(log, 8, clearances=[cleared("ces_bladder", 4)])[0].suspends


def test_one_reason_is_told_once_per_spell() -> None:
    log = [check(day, screen={"ces_bladder": "yes"}) for day in (3, 4, 5, 6)]
    (alert,) = alerts(log, 6)
    assert (alert.since, alert.last) == (START + timedelta(days=3), START + timedelta(days=6))
    assert len(alert.because) == 4
    assert len(alerts([*log, check(20, screen={"ces_bladder": "yes"})], 20)) == 2


def test_an_alert_that_was_seen_says_so_and_a_new_spell_does_not() -> None:
    log: list[Any] = [morning(d, 8.0, 4.0) for d in (3, 4)]
    (alert,) = alerts(log, 4)
    seen = Acknowledged(id="seen-0001", at=at(5), by="clinician-1", alert=alert.key)
    assert alerts([*log, seen], 5)[0].acknowledged
    again = [morning(d, 8.0, 4.0) for d in (19, 20)]
    assert [a.acknowledged for a in alerts([*log, seen, *again], 20)] == [True, False]


@pytest.mark.parametrize(
    ("mornings", "expected"),
    [
        ([morning(3, 6.0, None), morning(4, 6.0, None)], ["pain.above_two_mornings"]),
        ([morning(3, 6.0, 4.0), morning(4, 6.0, 4.0)], ["pain.above_two_mornings"]),
        ([morning(3, 6.0, 4.0)], []),
        ([morning(3, 6.0, 4.0), morning(5, 6.0, 4.0)], []),
        ([morning(3, 6.5, 6.0), morning(4, 6.5, 6.0)], []),
        ([morning(3, 4.0, 2.0), morning(4, 4.0, 2.0)], ["pain.worse_two_mornings"]),
        ([morning(3, 3.7, 2.0), morning(4, 3.7, 2.0)], []),
        ([morning(3, 5.0, 4.9), morning(4, 5.0, 4.9)], []),
    ],
)
def test_two_bad_mornings_in_a_row(mornings: Any, expected: list[str]) -> None:
    baseline = None if mornings[0].usual_pain is None else 4.0
    assert [a.id for a in alerts(mornings, 6, baseline)] == expected


def test_a_week_two_points_above_its_first_value_alerts_and_one_bad_day_does_not() -> None:
    assert [a.id for a in alerts([check(d, 6.0) for d in range(7)], 7)] == ["pain.worsening"]
    assert alerts([check(d, 5.9) for d in range(7)], 7) == ()
    assert alerts([check(d, 4.0) for d in range(6)] + [check(6, 10.0)], 7) == ()
    assert alerts([check(d, 10.0) for d in range(3)], 3) == ()
    assert alerts([check(d, 10.0) for d in range(7)], 7, baseline=None) == ()


def adverse(what: str, severity: Any, day: int = 2) -> AdverseEvent:
    return AdverseEvent(id=f"adverse-{what}", at=at(day), by="patient", what=what, severity=severity)


@pytest.mark.parametrize(
    ("what", "severity", "urgency", "suspends"),
    [
        ("chest_pain", "mild", "emergency", True),
        ("calf_swelling", "mild", "same_day", True),
        ("new_weakness", "mild", "same_day", True),
        ("fall", "mild", "soon", False),
        ("cramp", "moderate", "soon", False),
        ("cramp", "severe", "same_day", True),
        ("other", "severe", "same_day", True),
    ],
)
def test_adverse_events_by_kind_and_severity(what: str, severity: str, urgency: str, suspends: bool) -> None:
    (alert,) = alerts([adverse(what, severity)], 2)
    assert (alert.id, alert.urgency, alert.suspends) == (f"adverse.{what}", urgency, suspends)


def test_a_mild_everyday_event_alerts_nobody() -> None:
    assert alerts([adverse("cramp", "mild")], 2) == ()


def test_only_a_signed_clearance_lets_a_plan_go_on_after_an_adverse_event() -> None:
    log: list[Any] = [adverse("chest_pain", "mild")]
    (alert,) = alerts(log, 3)
    seen = Acknowledged(id="seen-0001", at=at(3), by="clinician-1", alert=alert.key)
    assert [(a.suspends, a.acknowledged) for a in alerts([*log, seen], 3)] == [(True, True)]
    signed = cleared("adverse.chest_pain", 3)
    assert alerts(log, 3, clearances=[signed]) == ()
    again = dataclasses.replace(log[0], id="adverse-again", at=at(4))
    assert alerts([*log, again], 4, clearances=[signed])[0].suspends
    assert alerts(log, 3, clearances=[cleared("adverse.fainting", 3)])[0].suspends


def test_two_bad_mornings_wait_for_the_next_contact_and_a_bad_week_does_not() -> None:
    (mornings,) = alerts([morning(d, 6.0, 4.0) for d in (3, 4)], 4)
    assert (mornings.urgency, mornings.suspends) == ("routine", False) and "next contact" in mornings.sentence.text
    week = [a for a in alerts([check(d, 7.0) for d in range(1, 9)], 8) if a.id == "pain.worsening"]
    assert [a.urgency for a in week] == ["soon"]


def test_an_adverse_event_for_the_same_day_says_today_and_one_for_an_emergency_says_now() -> None:
    for what, kind in ADVERSE_EVENTS.items():
        (alert,) = alerts([adverse(what, "severe")], 2)
        word = {"emergency": "emergency department now", "same_day": "today"}[alert.urgency]
        assert word in alert.sentence.text and "Stop all exercises" in alert.sentence.text, kind


def test_a_new_plan_does_not_wipe_out_a_danger_sign_or_an_adverse_event() -> None:
    log = [check(-5, screen={"ces_bladder": "yes"}), adverse("new_weakness", "mild", -4)]
    assert [a.id for a in alerts(log, 0) if a.suspends] == ["danger.ces_bladder", "adverse.new_weakness"]
    assert [a.id for a in standing_dangers(log, START)] == ["adverse.new_weakness", "danger.ces_bladder"]
    assert standing_dangers(log[:1], START, [cleared("ces_bladder", -1)]) == ()


def test_an_acknowledgement_never_lifts_a_danger_sign() -> None:
    log: list[Any] = [check(3, screen={"ces_bladder": "yes"})]
    seen = Acknowledged(id="seen-0001", at=at(4), by="clinician-1", alert=alerts(log, 4)[0].key)
    assert [(a.suspends, a.acknowledged) for a in alerts([*log, seen], 4)] == [(True, True)]


def test_every_kind_of_adverse_event_has_its_sentence() -> None:
    for what in ADVERSE_EVENTS:
        (alert,) = alerts([adverse(what, "severe")], 2)
        assert what.replace("_", " ") in alert.sentence.text


def silent(log: list[Any], day: int) -> tuple[Alert, ...]:
    return find_alerts(log, plan(), START + timedelta(days=day), (), 4.0)


def test_a_week_of_silence_is_told_once_unless_it_is_a_pause() -> None:
    log: list[Any] = [session(0)]
    assert silent(log, 7) == ()
    (alert,) = silent(log, 8)
    assert (alert.id, alert.urgency, alert.suspends) == ("log.silent", "routine", False)
    assert len(silent(log, 40)) == 1
    first, last = START + timedelta(days=1), START + timedelta(days=12)
    away = Paused(id="away-0001", at=at(0), by="patient", first=first, last=last, reason="holiday")
    assert silent([*log, away], 15) == ()
    by_clinic = dataclasses.replace(session(4), by="clinician-1")
    assert len(silent([*log, by_clinic], 8)) == 1


def test_nobody_is_alerted_after_the_plan_has_ended_in_silence() -> None:
    log = [check(d) for d in range(56)]
    assert silent(log, 90) == ()


def test_the_most_urgent_of_a_spell_is_told() -> None:
    log: list[Any] = [adverse("cramp", "moderate"), dataclasses.replace(adverse("cramp", "severe", 4), id="worse-0001")]
    assert [(a.urgency, a.suspends) for a in alerts(log, 4)] == [("same_day", True)]
