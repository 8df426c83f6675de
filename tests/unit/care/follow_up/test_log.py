"""An entry that cannot be true is refused with what to do."""

import dataclasses
from datetime import date, timedelta
from typing import Any

import pytest

from followed import START, at, check, morning, session
from kinechain.care.follow_up.events import (
    AdverseEvent,
    FootwearWorn,
    NotDone,
    Paused,
    Session,
    StandingDay,
    StepsTaken,
)
from kinechain.care.follow_up.log import CLOCK_SKEW, check_event, write_entry
from kinechain.core.errors import JournalError

NOW = at(5)
BASE: dict[str, Any] = {"id": "entry-0001", "at": at(1), "by": "patient"}


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (session(0, 4000), "repetitions of 4000"),
        (session(0, 0), "repetitions of 0"),
        (session(0, 12, sets=-1), "sets of -1"),
        (session(0, pain_during=11.0), "pain during of 11"),
        (session(0, load_kg=-2.0), "load kg"),
        (session(0, exercise="clamshel"), "Did you mean 'clamshell'"),
        (session(0, side="links"), "no side 'links'"),
        (session(0, at=at(0).replace(tzinfo=None)), "no time zone"),
        (session(0, id="short"), "8 to 64"),
        (session(6), "future"),
        (session(-1), "before the plan"),
        (morning(1, pain=float("nan")), "pain of nan"),
        (AdverseEvent(**BASE, what="new_numbnes", severity="mild"), "Did you mean 'new_numbness'"),
        (AdverseEvent(**BASE, what="fall", severity="awful"), "no severity"),
        (StandingDay(**BASE, prompts=3, noticed=4), "at most the prompts"),
        (StepsTaken(**BASE, day=START + timedelta(days=3), steps=100), "before that day"),
        (StepsTaken(**BASE, day=START, steps=500_000), "steps of 500000"),
        (Paused(**BASE, first=date(2026, 3, 9), last=date(2026, 3, 8), reason="sick"), "exchange"),
        (NotDone(**BASE, exercise="squat_jump_unknown"), "no exercise"),
        (FootwearWorn(**BASE, kind=" ", hours=3), "kind of shoe"),
        (FootwearWorn(**BASE, kind="boot", hours=25), "hours of 25"),
    ],
)
def test_what_cannot_be_is_refused_and_named(event: Any, said: str) -> None:
    with pytest.raises(JournalError, match=said):
        check_event(event, now=NOW, began=START)


@pytest.mark.parametrize(
    ("screen", "said"), [({"ces_bladdr": "yes"}, "Did you mean 'ces_bladder'"), ({"ces_bladder": "maybe"}, "'maybe'")]
)
def test_a_check_in_with_a_danger_sign_nobody_would_look_at_is_never_made(screen: Any, said: str) -> None:
    with pytest.raises(JournalError, match=said):
        check(1, screen=screen)


def test_a_clock_may_run_a_little_ahead() -> None:
    check_event(session(5, at=NOW + CLOCK_SKEW), now=NOW, began=START)
    with pytest.raises(JournalError, match="future"):
        check_event(session(5, at=NOW + CLOCK_SKEW + timedelta(seconds=1)), now=NOW, began=START)


def test_an_entry_of_yesterday_is_written_today_with_an_id_of_its_own() -> None:
    values: dict[str, Any] = {"exercise": "clamshell", "side": "left", "sets": 3, "repetitions": 10}
    first, second = (write_entry(Session, at=at(4), now=NOW, began=START, **values) for _ in range(2))
    assert first.id != second.id
    assert dataclasses.replace(first, id=second.id) == second
