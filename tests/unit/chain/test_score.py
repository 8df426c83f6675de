"""The score against hand-made examples, closed forms and forecasts whose calibration is known."""

import math

import numpy as np
import pytest

from kinechain.chain.score import (
    Forecast,
    brier,
    conditional_area,
    credible_sets,
    discrimination,
    log_score,
    reliability,
    score_forecasts,
    wilson,
)
from kinechain.core.errors import SettingError

A, B, BOTH, NONE = frozenset("a"), frozenset("b"), frozenset("ab"), frozenset[str]()


def forecast(sets, truth=NONE, sizes=None, unmeasured=NONE):
    """Return the forecast whose probabilities of players are those of its sets."""
    probability = {name: sum(p for s, p in sets if name in s) for name in "ab"}
    return Forecast("p", "exam", probability, tuple(sets), truth, unmeasured, sizes or {}, "none")


def known(count, seed, doubt=1.0):
    """Return forecasts of sets drawn from the very probabilities that are stated, to the power of ``doubt``."""
    random = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        true = random.dirichlet([1.2, 0.8, 0.8, 0.4])
        stated = true**doubt / (true**doubt).sum()
        truth = (NONE, A, B, BOTH)[random.choice(4, p=true)]
        out.append(forecast(list(zip((NONE, A, B, BOTH), stated, strict=True)), truth))
    return out


def test_wilson_agrees_with_the_closed_form_at_the_ends_and_with_the_worked_example():
    # No hit in n: the upper end is z^2 / (n + z^2).
    z2 = 1.959963984540054**2
    assert wilson(0, 10).low == 0.0
    assert wilson(0, 10).high == pytest.approx(z2 / (10 + z2))
    assert wilson(10, 10).low == pytest.approx(10 / (10 + z2))
    rate = wilson(50, 100)
    assert (rate.low + rate.high) / 2 == pytest.approx(0.5)
    # (1 + z^2 / n) half = z sqrt(1 / (4 n) + z^2 / (4 n^2)).
    assert rate.high - rate.low == pytest.approx(math.sqrt(z2 / 100 + z2**2 / 100**2) / (1 + z2 / 100))
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    assert math.isnan(wilson(0, 0).value)
    with pytest.raises(SettingError, match="11 of 10"):
        wilson(11, 10)


def test_brier_and_log_score_of_a_hand_made_example():
    said, true = np.array([0.8, 0.3, 0.5]), np.array([1.0, 0.0, 1.0])
    assert brier(said, true) == pytest.approx((0.04 + 0.09 + 0.25) / 3)
    assert log_score(said, true) == pytest.approx(-(math.log(0.8) + math.log(0.7) + math.log(0.5)) / 3)
    assert log_score(np.array([0.0]), np.array([1.0]), least=0.01) == pytest.approx(-math.log(0.01))


def test_area_counts_pairs_and_ties_half():
    area = discrimination(np.array([0.9, 0.5]), np.array([0.5, 0.1, 0.7]))
    # 0.9 beats three; 0.5 ties one, beats one.
    assert area.value == pytest.approx((3 + 1.5) / 6)
    assert (area.positives, area.negatives) == (2, 3)
    assert discrimination(np.ones(3), np.zeros(4)).value == 1.0
    assert math.isnan(discrimination(np.array([]), np.ones(2)).value)


def test_area_of_noise_is_one_half_within_its_own_error():
    random = np.random.default_rng(3)
    areas = [discrimination(random.random(80), random.random(160)) for _ in range(300)]
    values = np.array([a.value for a in areas])
    assert values.mean() == pytest.approx(0.5, abs=0.01)
    # DeLong's error is the spread that is seen.
    assert np.mean([a.error for a in areas]) == pytest.approx(values.std(), rel=0.12)


def test_area_of_two_normals_a_distance_apart():
    random = np.random.default_rng(4)
    area = discrimination(random.normal(1.0, 1.0, 20000), random.normal(0.0, 1.0, 20000))
    # Phi(1 / sqrt(2)).
    assert area.value == pytest.approx(0.5 * (1 + math.erf(0.5)), abs=4 * area.error)


def test_area_by_stratum_takes_only_the_relevant_players_of_that_size():
    people = [
        forecast([(A, 0.9), (NONE, 0.1)], A, {"a": "large"}),
        forecast([(B, 0.2), (NONE, 0.8)], B, {"b": "small"}),
        forecast([(A, 0.4), (NONE, 0.6)], NONE, {"a": "large"}),
    ]
    large, small = conditional_area(people, "large"), conditional_area(people, "small")
    # Not relevant: b of the first (0), a of the second (0), a and b of the third (0.4, 0).
    assert (large.value, large.positives, large.negatives) == (1.0, 1, 4)
    assert (small.value, small.positives) == (0.75, 1)
    assert conditional_area(people, "medium").positives == 0
    assert conditional_area(people).positives == 2


def test_sets_are_reported_up_to_the_stated_probability_and_the_last_counts_in_part():
    sets = [(A, 0.2), (NONE, 0.5), (BOTH, 0.3)]
    chosen = credible_sets(sets, 0.6)
    assert [players for players, _, _ in chosen] == [NONE, BOTH]
    assert [share for _, _, share in chosen] == [1.0, pytest.approx(1 / 3)]
    assert [players for players, _, _ in credible_sets(sets, 0.5)] == [NONE]
    assert len(credible_sets([(NONE, 1.0), (A, 0.0)], 0.8)) == 1


def test_calibrated_forecasts_cover_what_they_state():
    score = score_forecasts(known(6000, 1))
    assert score.exact_coverage == pytest.approx(0.8, abs=4 * score.exact_error)
    assert score.coverage.low <= score.stated_mass <= score.coverage.high
    assert score.stated_mass > 0.85
    assert score.none_stated == pytest.approx(score.truth_none / score.people, abs=0.02)
    # Reliability: what is said happens.  Bands of more than a few answers hold their mean.
    held = [b.observed.low <= b.stated <= b.observed.high for b in score.bands]
    assert np.mean(held) > 0.8


def test_overconfident_forecasts_are_told():
    score = score_forecasts(known(3000, 2, doubt=3.0))
    assert score.exact_coverage < 0.8 - 5 * score.exact_error
    assert score.coverage.high < score.stated_mass


def test_a_forecast_that_knows_is_better_than_the_shares_and_one_that_is_only_the_shares_is_not():
    knowing = score_forecasts(known(3000, 5))
    assert knowing.brier_prior - knowing.brier > 5 * knowing.brier_difference_error
    assert knowing.log < knowing.log_prior
    truths = [NONE] * 5 + [A] * 3 + [B] * 2
    sets = [(NONE, 0.5), (A, 0.3), (B, 0.2)]
    plain = score_forecasts([forecast(sets, truth) for truth in truths])
    assert plain.brier == pytest.approx(plain.brier_prior)
    assert plain.log == pytest.approx(plain.log_prior)
    assert plain.areas["all"].value == pytest.approx(0.5, abs=0.1)


def test_false_attribution_counts_only_people_of_whom_nothing_is_relevant():
    sure, unsure = [(A, 0.6), (NONE, 0.4)], [(A, 0.5), (NONE, 0.5)]
    people = [forecast(sure, A), forecast(sure, NONE), forecast(unsure, NONE), forecast(unsure, NONE)]
    score = score_forecasts(people)
    assert (score.false_attribution.hits, score.false_attribution.count) == (1, 3)
    assert score.truth_none == 3


def test_players_that_nothing_measured_are_counted_apart():
    people = [forecast([(NONE, 1.0)], NONE, unmeasured=frozenset("c")), forecast([(A, 1.0)], A)]
    score = score_forecasts(people)
    assert (score.unmeasured.hits, score.unmeasured.count) == (1, 2)
    assert score.coverage.hits == 2
    with pytest.raises(SettingError, match="c was not measured"):
        forecast([(NONE, 1.0)], frozenset("c"))


def test_reliability_puts_an_edge_into_the_band_above_and_one_into_the_last():
    bands = reliability(np.array([0.0, 0.5, 1.0]), np.array([0.0, 1.0, 1.0]), (0.0, 0.5, 1.0))
    assert [(b.observed.count, b.observed.hits) for b in bands] == [(1, 0), (2, 2)]
    assert bands[1].stated == 0.75


def test_nobody_cannot_be_scored():
    with pytest.raises(SettingError, match="kinechain virtual"):
        score_forecasts([])
