"""Consent, retention and visits: what may be done today, what is due, and nothing overwritten."""

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinechain.care.follow_up.events import ConsentGiven, ConsentWithdrawn, Event, VisitMade
from kinechain.care.records.consent import SCOPES, consent_state, consent_text, may, text_digest
from kinechain.care.records.retention import due
from kinechain.care.records.visits import compared, made_visit, rerun, visits
from kinechain.core.errors import JournalError, SettingError

START = datetime(2026, 3, 1, 9, tzinfo=timezone(timedelta(hours=1)))


def gave(day: int, *scope: str, until: date | None = None) -> ConsentGiven:
    return ConsentGiven(
        id=f"given-{day:04d}", at=START + timedelta(days=day), by="patient", scope=scope, keep_until=until
    )


def took_back(day: int, *scope: str) -> ConsentWithdrawn:
    return ConsentWithdrawn(id=f"taken-{day:04d}", at=START + timedelta(days=day), by="patient", scope=scope)


def day(number: int) -> date:
    return START.date() + timedelta(days=number)


def test_nothing_is_allowed_that_was_never_asked() -> None:
    assert not any(may((), scope, day(0)) for scope in SCOPES)
    assert consent_state((), "care", day(0)).state == "never asked"
    assert due((), day(0)) == ()


def test_consent_holds_from_its_day_until_it_is_taken_back() -> None:
    events = (gave(2, "care", "research"), took_back(5, "research"))
    assert [may(events, "research", day(n)) for n in (1, 2, 4, 5, 9)] == [False, True, True, False, False]
    assert [may(events, "care", day(n)) for n in (1, 2, 9)] == [False, True, True]
    assert not may(events, "sharing", day(9))


def test_consent_ends_after_its_last_day() -> None:
    events = (gave(0, "care", until=day(10)),)
    assert may(events, "care", day(10)) and not may(events, "care", day(11))
    assert due(events, day(10)) == ()
    (entry,) = due(events, day(11))
    assert (entry.scope, entry.because, entry.since) == ("care", "ended", day(10))


def test_consent_can_be_given_again() -> None:
    events = (gave(0, "sharing"), took_back(1, "sharing"), gave(2, "sharing"))
    assert may(events, "sharing", day(2))
    assert [entry.scope for entry in due(events, day(1))] == ["sharing"] and due(events, day(2)) == ()


def test_of_two_at_one_moment_the_withdrawal_counts() -> None:
    assert not may((took_back(0, "care"), gave(0, "care")), "care", day(0))


@given(st.permutations([gave(0, "care"), took_back(1, "care"), gave(2, "care", "research"), took_back(3, "research")]))
def test_the_order_in_the_file_does_not_matter(events: list[Event]) -> None:
    assert may(events, "care", day(4)) and not may(events, "research", day(4))


def test_the_text_that_was_agreed_to_can_be_told() -> None:
    short, long = consent_text(("care",), None), consent_text(("care", "research"), day(9))
    assert text_digest(short) != text_digest(long) and len(text_digest(short)) == 64
    assert any(day(9).isoformat() in sentence.text for sentence in long)


def test_an_unknown_scope_is_refused() -> None:
    with pytest.raises(SettingError, match="Did you mean 'research'"):
        may((), "reserch", day(0))
    with pytest.raises(SettingError):
        consent_text(("everything",), None)


def assessment(version: str, value: float, **more: Any) -> dict[str, Any]:
    row = {
        "id": "ankle.lunge",
        "side": "left",
        "value": value,
        "low": value - 1,
        "high": value + 1,
        "unit": "cm",
        "method": "tape",
    }
    provenance = {"version": version, "inputs": {"walk1.c3d": "ab" * 32}}
    return {"measures": [row, *more.pop("rows", [])], "provenance": {**provenance, **more}}


def a_visit(version: str = "0.1.0", value: float = 9.0, **more: Any) -> VisitMade:
    content = assessment(version, value, **more)
    return made_visit("baseline", content, id="visit-001", at=START, by="drv", why="first visit")


def test_a_visit_names_the_version_that_made_it() -> None:
    assert a_visit("0.3.1").version == "0.3.1" and a_visit().inputs == {"walk1.c3d": "ab" * 32}
    with pytest.raises(JournalError, match="which version"):
        made_visit("baseline", {}, id="visit-001", at=START, by="drv", why="first visit")
    with pytest.raises(JournalError, match="who made it and why"):
        made_visit("baseline", assessment("1", 2), id="visit-001", at=START, by="drv", why="")


def test_a_rerun_stands_beside_the_old_visit() -> None:
    old = a_visit()
    again = rerun(
        old, assessment("0.2.0", 9.4), id="visit-002", at=START + timedelta(days=90), by="drv", why="new version"
    )
    twice = rerun(
        again, assessment("0.3.0", 11), id="visit-003", at=START + timedelta(days=99), by="drv", why="new version"
    )
    (visit,) = visits((twice, old, again))
    assert visit.made == old and visit.reruns == (again, twice)
    assert [row.state for row in compared(old, again)] == ["same"]
    assert [row.state for row in compared(old, twice)] == ["moved"]


def test_what_only_one_version_gives_is_named() -> None:
    row = {"id": "gps", "side": "both", "value": 5.0, "low": 4.0, "high": 6.0, "unit": "deg", "method": "x"}
    found = compared(a_visit(rows=[row]), a_visit())
    assert {(m.id, m.state) for m in found} == {("ankle.lunge", "same"), ("gps", "lost")}
    assert {m.state for m in compared(a_visit(), a_visit(rows=[row]))} == {"same", "gained"}


def test_other_files_are_no_rerun() -> None:
    other = assessment("0.2.0", 9, inputs={"walk2.c3d": "cd" * 32})
    with pytest.raises(JournalError, match="other files"):
        rerun(a_visit(), other, id="visit-002", at=START, by="drv", why="new version")


def test_a_rerun_of_nothing_is_named() -> None:
    lost = rerun(a_visit(), assessment("2", 9), id="visit-002", at=START, by="drv", why="new version")
    with pytest.raises(JournalError, match="'visit-001', which is not in the journal"):
        visits((lost,))
