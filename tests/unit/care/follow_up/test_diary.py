"""Diary, shoes and steps; the order in time of two pains."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from followed import START, at
from kinechain.care.follow_up.diary import summarise_diary
from kinechain.care.follow_up.events import FootwearWorn, StandingDay, StepsTaken
from kinechain.care.follow_up.lead_lag import MIN_DAYS, LeadLag, lead_lag
from kinechain.care.follow_up.pain_series import DayPain
from kinechain.core.estimate import NotMeasured


def base(kind: str, day: int, more: str = "") -> dict[str, Any]:
    return {"id": f"{kind}-{day:04d}{more}", "at": at(day), "by": "patient"}


def test_the_standing_week_is_the_last_one_and_a_day_is_counted_once() -> None:
    log = [StandingDay(**base("stand", d), prompts=5, noticed=3, weight_on="left", hours=4.0) for d in range(12)]
    log.append(StandingDay(**base("stand", 11, "b") | {"at": at(11, 20)}, prompts=5, noticed=5, weight_on="right"))
    diary = summarise_diary(log, START + timedelta(days=13))
    assert (diary.standing_days, diary.prompts, diary.noticed) == (7, 35, 23)
    assert dict(diary.weight_on) == {"left": 6, "right": 1} and diary.standing_hours == 4.0


def test_shoes_and_steps_of_the_last_seven_days() -> None:
    log: list[Any] = [FootwearWorn(**base("shoe", d), kind="trainer", hours=2.0, orthosis=d == 9) for d in range(10)]
    log += [StepsTaken(**base("steps", d), day=START + timedelta(days=d), steps=1000 * d) for d in range(10)]
    log.append(StepsTaken(**base("steps", 9, "b"), day=START + timedelta(days=9), steps=50))
    diary = summarise_diary(log, START + timedelta(days=9))
    assert dict(diary.footwear_hours) == {"trainer": 14.0} and diary.orthosis_hours == 2.0
    assert (diary.steps, diary.step_days) == (6000.0, 7)


def test_nothing_written_is_nothing_said() -> None:
    diary = summarise_diary([], START)
    assert (diary.standing_days, diary.steps, diary.sentences) == (0, None, ())


def series(foot: Any, back: Any) -> list[DayPain]:
    return [
        DayPain(START + timedelta(days=i), b, f, None, None) for i, (f, b) in enumerate(zip(foot, back, strict=True))
    ]


def walks(days: int, seed: int) -> Any:
    random = np.random.default_rng(seed)
    return 4.0 + random.normal(0.0, 1.0, days + 4)


@pytest.mark.parametrize(("lag", "order"), [(2, "foot first"), (0, "same day"), (-1, "back first")])
def test_a_pain_that_follows_the_other_is_seen_to(lag: int, order: str) -> None:
    days, common = 56, walks(56, 3)
    noise = np.random.default_rng(4).normal(0.0, 0.3, days)
    foot, back = common[2 : 2 + days], common[2 - lag : 2 - lag + days] + noise
    found = lead_lag(series(foot, back))
    assert isinstance(found, LeadLag)
    assert (found.order, found.lag_days) == (order, lag) and found.correlation > found.limit
    assert "not shown" in found.sentences[-1].text


def test_two_pains_that_have_nothing_to_do_with_each_other_rarely_look_ordered() -> None:
    named = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        foot, back = (np.clip(np.round(4 + np.cumsum(random.normal(0, 0.7, 56))), 0, 10) for _ in range(2))
        found = lead_lag(series(foot, back))
        named += isinstance(found, LeadLag) and found.order != "no clear order"
    assert named <= 24  # 12 %; 5 % is what is aimed at


def test_few_days_are_refused_and_counted() -> None:
    values = walks(MIN_DAYS, 1)
    found = lead_lag(series(values[: MIN_DAYS - 1], values[: MIN_DAYS - 1]))
    assert isinstance(found, NotMeasured)
    assert f"{MIN_DAYS - 1} days" in found.reason and str(MIN_DAYS) in found.reason
    assert isinstance(lead_lag(series(values[:MIN_DAYS], values[:MIN_DAYS])), LeadLag)


def test_pain_that_never_changes_has_no_order() -> None:
    assert isinstance(lead_lag(series([3.0] * 40, walks(36, 1))), NotMeasured)


def test_days_without_an_entry_are_left_out() -> None:
    common = walks(70, 5)
    told = [d for i, d in enumerate(series(common[2:72], common[1:71])) if i % 7 != 3]
    found = lead_lag(told)
    assert isinstance(found, LeadLag) and (found.order, found.lag_days) == ("foot first", 1)
