"""A driver hypothesis can stand, weaken and fall: the whole truth table."""

from itertools import product
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from kinechain.care.follow_up.change import judge_change
from kinechain.care.follow_up.retest import VERDICTS, DriverState, PainState, pain_state, retest
from kinechain.care.planning.plan import Hypothesis
from kinechain.core.estimate import Estimate

TABLE = {
    # driver:        pain gone          better             unchanged      worse              unknown
    "typical now": ("still supported", "still supported", "fallen", "fallen", "not tested"),
    "better": ("still supported", "still supported", "weakened", "weakened", "not tested"),
    "unchanged": ("not needed", "weakened", "not tested", "not tested", "not tested"),
    "worse": ("not needed", "fallen", "weakened", "still supported", "not tested"),
    "unknown": ("not tested",) * 5,
}
PAINS = ("gone", "better", "unchanged", "worse", "unknown")
LUNGE = Hypothesis("calf_tightness left", "lunge_test left", (), 0.8)


def cm(value: float, error: float = 1.0) -> Estimate:
    return Estimate(value, value - error, value + error, "cm", "test")


def drivers(chance: float, key: str = "calf_tightness left") -> Any:
    return SimpleNamespace(players=(SimpleNamespace(key=key),), p_relevant=(chance,), silent=())


def test_the_truth_table_is_the_written_one() -> None:
    assert set(TABLE) == set(get_args(DriverState)) and set(PAINS) == set(get_args(PainState))
    for driver, (i, pain) in product(TABLE, enumerate(PAINS)):
        assert VERDICTS.get((driver, pain), "not tested") == TABLE[driver][i]  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("before", "now", "driver"),
    [
        (cm(8), cm(11), "better"),
        (cm(8), cm(5), "worse"),
        (cm(8), cm(9.4), "unchanged"),
        (cm(8), cm(9.5), "better"),
        (cm(8), None, "unknown"),
        (None, cm(8), "unknown"),
        (cm(8), Estimate(80, 79, 81, "mm", "test"), "unknown"),
    ],
)
def test_a_measure_moves_only_beyond_the_errors_of_both_readings(before: Any, now: Any, driver: str) -> None:
    key = LUNGE.measure
    found = retest(LUNGE, {} if before is None else {key: before}, {} if now is None else {key: now}, "better")
    assert found.driver == driver


@pytest.mark.parametrize(
    ("p_before", "p_now", "driver"),
    [(0.8, 0.3, "typical now"), (0.8, 0.52, "better"), (0.8, 0.7, "unchanged"), (0.55, 0.45, "unchanged"),
     (0.3, 0.8, "worse"), (None, 0.1, "unknown")],
)  # fmt: skip
def test_new_drivers_move_a_hypothesis_by_clear_steps_only(p_before: Any, p_now: float, driver: str) -> None:
    hypothesis = Hypothesis("calf_tightness left", "lunge_test left", (), p_before)
    found = retest(hypothesis, {}, {}, "unchanged", drivers(p_now))
    assert (found.driver, found.p_relevant) == (driver, p_now)


def test_a_measure_within_its_error_holds_the_driver_whatever_the_new_drivers_say() -> None:
    found = retest(LUNGE, {"lunge_test left": cm(8)}, {"lunge_test left": cm(9)}, "unchanged", drivers(0.1))
    assert (found.driver, found.verdict) == ("unchanged", "not tested")


def test_a_driver_that_became_typical_while_pain_stayed_falls() -> None:
    found = retest(LUNGE, {"lunge_test left": cm(8)}, {"lunge_test left": cm(13)}, "unchanged", drivers(0.1))
    assert (found.driver, found.verdict) == ("typical now", "fallen")
    assert found.sentences[-1].key == "follow_up.retest_no_proof"


def test_a_measure_whose_better_way_nobody_stated_is_not_read() -> None:
    hypothesis = Hypothesis("x", "fpi6 left", (), None)
    assert retest(hypothesis, {"fpi6 left": cm(8)}, {"fpi6 left": cm(2)}, "better").driver == "unknown"


@pytest.mark.parametrize(
    ("baseline", "now", "pain"),
    [(6, 0, "gone"), (6, 3, "better"), (8, 6.2, "better"), (6, 5, "unchanged"), (4, 7, "worse"), (None, 3, "unknown")],
)
def test_pain_is_read_from_its_change(baseline: Any, now: Any, pain: str) -> None:
    assert pain_state(judge_change("nprs", baseline, now)) == pain
